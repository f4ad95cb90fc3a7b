"""Connecting as people do it: a cell in JupyterLab, the portal in a second tab, and the first tab that follows.

They need Chromium, JupyterLab and playwright (the group `browser`), and are skipped where one is missing. Where
SOCIALCONNECT_SCREENSHOTS names a folder, what is seen on the way is kept there.
"""

import json
import re

import pytest
from tests.notebook import hands, lab

pytest.importorskip("jupyterlab", reason="no JupyterLab here: pip install --group browser")
pytestmark = hands.NEEDED
expect = hands.expect

WORLD = """
import logging, pathlib
import socialconnect as sc
logging.basicConfig(level=logging.DEBUG, filename="{name}.log", force=True)
client = sc.sandbox(users=20)
waiting = client.coverage("notion.users").query("state == 'not_connected'")
who = waiting["user_id"].iloc[0]
print(who)
""".strip()
CONNECT = "attempt = client.connect(who, 'notion')\nattempt"
READ = "pages = client.notion.users(who)\nprint('read', len(pages), 'rows')"
KEEP = "pathlib.Path('{name}.secrets').write_text('\\n'.join(client.sandbox.secrets()))\nprint('kept')"
SAVE_STATE = '{"saveState": true}'  # Lab leaves widgets out of a saved notebook unless it is told otherwise


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = lab.Lab(tmp_path_factory.mktemp("lab"))
    manager = made.themes.parents[2] / "@jupyter-widgets" / "jupyterlab-manager"
    manager.mkdir(parents=True)
    (manager / "plugin.jupyterlab-settings").write_text(SAVE_STATE, "utf-8")
    with made.running() as running:
        yield running


@pytest.fixture(scope="module")
def browser():
    with hands.chromium() as running:
        yield running


class Desk:
    """One notebook in a tab of its own, and whoever signs in beside it."""

    def __init__(self, server, browser, shots, name):
        self.server, self.shots, self.name = server, shots, name
        self.context = browser.new_context(viewport={"width": 1280, "height": 1500})
        self.page = self.context.new_page()

    def run(self, *cells):
        self.server.write(f"{self.name}.ipynb", WORLD.format(name=self.name), *cells)
        self.server.open(self.page, f"{self.name}.ipynb")
        self.server.run(self.page)
        self.who = self.said(re.compile(r"user_\w+"))

    def said(self, what):
        """The output of a cell that has this text."""
        found = self.page.locator(".jp-OutputArea-output pre", has_text=what).first
        expect(found).to_be_visible()
        return found.inner_text().strip()

    def cell(self, source):
        hands.cell(self.page, source)

    def press(self, name):
        hands.press(self.page, name)

    def follow(self, *, signed_in=False):
        """Click *Connect*, and give the second tab once its person is signed in and chose Notion."""
        return hands.follow(self.page, self.who, signed_in=signed_in, seen=self.shot)

    @property
    def end(self):
        """What the panel says at the end."""
        return self.page.locator(".sc-connect .sc-end")

    def shot(self, what, page=None):
        hands.picture(page or self.page, self.shots / f"{self.name}-{what}.png")

    def themes(self, what):
        """The notebook in both themes."""
        for theme in ("Dark", "Light"):
            self.server.theme(self.page, f"JupyterLab {theme}")
            expect(self.page.locator("#jupyterlab-splash")).to_have_count(0)
            self.shot(f"{what}-{theme.lower()}")

    def kept(self):
        """Everything that stays on disk: the notebook as Lab saves it, widgets and all, and the kernel's log."""
        self.cell(KEEP.format(name=self.name))
        self.said("kept")
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        files = [self.server.root / f"{self.name}{kind}" for kind in (".ipynb", ".log")]
        return (self.server.root / f"{self.name}.secrets").read_text("utf-8").splitlines(), [
            file.read_text("utf-8") for file in files
        ]


@pytest.fixture
def desk(server, browser, tmp_path, request):
    made = Desk(server, browser, hands.kept(tmp_path), request.node.name.removeprefix("test_"))
    yield made
    made.context.close()


def _clean(desk):
    """No secret of the world is in what was kept, though it handed out some."""
    secrets, texts = desk.kept()
    assert len(secrets) > 2
    assert [len(text) > 100 for text in texts] == [True, True]
    assert [secret for secret in secrets for text in texts if secret in text] == []
    state = json.loads(texts[0])["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    assert len(state) > 5


def test_consent(desk):
    """*Connect* opens the portal in a second tab; after consent there the first tab says so, and a cell reads."""
    desk.run(CONNECT)
    expect(desk.page.locator(".sc-connect-stand")).to_contain_text(f"Waiting for {desk.who} to connect Notion")
    expect(desk.page.locator(".sc-connect-left")).to_contain_text("10 min left")
    desk.themes("offered")
    tab = desk.follow()
    assert tab.evaluate("window.opener") is None
    tab.get_by_role("button", name="Allow").click()
    expect(desk.end).to_contain_text("Connected as ")
    expect(desk.page.locator("a.sc-connect-link")).to_have_count(0)
    desk.themes("connected")
    desk.cell(READ)
    assert re.search(r"read [1-9]\d* rows", desk.said(re.compile(r"read \d+ rows")))
    _clean(desk)


def test_decline(desk):
    """Whoever declines is told of in the first tab with what to do, and *Try again* leads to consent after all."""
    desk.run(CONNECT)
    desk.follow().get_by_role("button", name="Decline").click()
    expect(desk.end).to_contain_text("Declined")
    expect(desk.end).to_contain_text("Ask why, then connect again.")
    desk.themes("declined")
    desk.press("Try again")
    desk.shot("again")
    desk.follow(signed_in=True).get_by_role("button", name="Allow").click()
    expect(desk.end).to_contain_text("Connected as ")


def test_timeout(desk):
    """Where nobody comes in time the panel says so by itself, takes the link away and offers another."""
    desk.run("attempt = client.connect(who, 'notion', within=3)\nattempt")
    expect(desk.end).to_contain_text("Out of time")
    expect(desk.page.locator("a.sc-connect-link")).to_have_count(0)
    expect(desk.page.get_by_role("button", name="Try again", exact=True)).to_be_enabled()
    desk.themes("expired")


def test_interrupt(desk):
    """A cell that waits shows the link itself; an interrupt ends the cell alone, and the panel goes on to the end."""
    desk.run("attempt = client.connect(who, 'notion')\nattempt.wait()")
    expect(desk.page.locator("a.sc-connect-link")).to_be_visible()
    desk.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:interrupt-kernel') }")
    desk.said("KeyboardInterrupt")
    expect(desk.page.locator(".sc-connect-stand")).to_contain_text("Waiting for")
    desk.shot("interrupted")
    desk.cell("print(attempt.state, attempt.ended)")
    desk.said("offered False")
    desk.follow().get_by_role("button", name="Allow").click()
    expect(desk.end).to_contain_text("Connected as ")
    desk.cell("print('as', attempt.wait().state)")
    desk.said("as connected")


def test_ticket(desk):
    """A ticket's link is nowhere before *Show link* and nowhere after the end: neither in the page nor on disk."""
    desk.run("attempt = client.connect(who, 'notion', ticket=True)\nattempt")
    expect(desk.page.get_by_role("button", name="Show link")).to_be_visible()
    assert "__clerk_ticket" not in desk.page.content()
    desk.themes("hidden")
    desk.press("Show link")
    expect(desk.page.locator("a.sc-connect-link")).to_have_attribute("href", re.compile("__clerk_ticket="))
    desk.shot("shown")
    with desk.context.expect_page() as opened:
        desk.page.locator("a.sc-connect-link").click()
    tab = opened.value
    tab.get_by_role("button", name="Connect Notion").click()
    tab.get_by_role("button", name="Allow").click()
    expect(desk.end).to_contain_text("Connected as ")
    assert "__clerk_ticket" not in desk.page.content()
    _clean(desk)


def test_outcomes(desk):
    """In `explore()` an account that needs its owner has *Connect* beside it, and *Read again* once they did it."""
    desk.run("panel = client.explore(who, ['notion.users'])\npanel.read()\npanel.wait(30)\npanel")
    desk.page.locator(".sc-view button", has_text="Outcomes").click()
    expect(desk.page.locator(".sc-mending-stand")).to_contain_text("1 account needs its owner (1 not connected)")
    desk.shot("needing")
    desk.press("Connect")
    desk.follow().get_by_role("button", name="Allow").click()
    expect(desk.end).to_contain_text("Connected as ")
    desk.shot("connected")
    desk.press("Read again")
    expect(desk.page.locator(".sc-mending-stand")).to_contain_text("No account waits for its owner")
    expect(desk.page.locator(".sc-ended")).to_contain_text("1 ok")
    desk.themes("read")
    _clean(desk)
