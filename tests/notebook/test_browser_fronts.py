"""The panels in the other front ends: Jupyter Notebook 7, and Voila, which shows no code and takes none.

They need Chromium, playwright and these front ends (the group `browser`), and are skipped where one is missing. Where
SOCIALCONNECT_SCREENSHOTS names a folder, what is seen on the way is kept there.
"""

import re

import pytest
from tests.notebook import hands, lab

pytestmark = hands.NEEDED
expect = hands.expect

FRONTS = {"notebook": lab.Notebook, "voila": lab.Voila}
WORLD = "import socialconnect as sc\nclient = sc.sandbox(users={users}, seed=1)"
EXPLORE = "panel = client.explore()\npanel"
WAITING = """
import socialconnect as sc
client = sc.sandbox(users=20)
who = client.coverage("notion.users").query("state == 'not_connected'")["user_id"].iloc[0]
print(who)
""".strip()
CONNECT = "attempt = client.connect(who, 'notion')\nattempt"
READ = "panel = client.explore(who, ['notion.users'])\npanel.read()\nassert panel.wait(30)\npanel"


@pytest.fixture(scope="module", params=FRONTS)
def server(request, tmp_path_factory):
    pytest.importorskip(request.param, reason=f"no {request.param} here: pip install --group browser")
    with FRONTS[request.param](tmp_path_factory.mktemp(request.param)).running() as running:
        yield running


@pytest.fixture(scope="module")
def browser():
    with hands.chromium() as running:
        yield running


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 2400})
    yield context.new_page()
    context.close()


@pytest.fixture
def shot(page, server, tmp_path, request):
    """`shot("read")`: keep what is seen now."""
    name = f"{server.module}-{request.node.originalname.removeprefix('test_')}"
    return lambda what, seen=page: hands.picture(seen, hands.kept(tmp_path) / f"{name}-{what}.png")


def _explore(page, server, users, theme="Light"):
    server.write("explore.ipynb", WORLD.format(users=users), EXPLORE)
    server.show(page, "explore.ipynb", theme)
    expect(page.locator(".sc-user-status")).to_contain_text(f"{users:,} users found")
    expect(page.locator(".sc-provider-status")).to_contain_text(f"Of {users:,} users")


def _who(page):
    """The user that the first cell names."""
    named = page.locator("pre", has_text=re.compile(r"^user_\w+\s*$")).first
    expect(named).to_be_visible()
    return named.inner_text().strip()


def test_explore(page, server, shot):
    """Read everybody and stop, pick among ten thousand by typing, plan, read, preview; a cell runs the code shown."""
    _explore(page, server, 10_000)
    hands.aligned(page)
    page.get_by_label("GitHub").check()
    hands.stop(page)
    shot("stopped")
    hands.search(page, "ada", "443 users found; the newest 50 are listed")
    hands.choose(page, 9)
    hands.read(page)
    shot("read")
    hands.press(page, "Outcomes")
    expect(page.locator(".sc-shown")).to_contain_text("ok")
    code = hands.copied(page)
    assert code.endswith("client.github.repos(users)")
    if server.module != "voila":
        hands.same(page, code)


def test_dark(page, server, shot):
    """In its dark theme text stands out from what is behind it; in a narrow window nothing is cut off at the side."""
    _explore(page, server, 1000, "Dark")
    hands.search(page, "ada", "users found")
    hands.choose(page, 5)
    hands.read(page)
    assert hands.lightness(page) < 0.1
    hands.readable(page)
    shot("wide")
    hands.fits(page)
    shot("narrow")


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_connect(page, server, shot, theme):
    """A cell's attempt shows a link that opens beside it, and follows to the end."""
    server.write("connect.ipynb", WAITING, CONNECT)
    server.show(page, "connect.ipynb", theme)
    expect(page.locator(".sc-connect-stand")).to_contain_text(f"Waiting for {_who(page)} to connect Notion")
    shot(f"{theme}-offered")
    tab = hands.follow(page, _who(page))
    assert tab.evaluate("window.opener") is None
    tab.get_by_role("button", name="Allow").click()
    expect(page.locator(".sc-connect .sc-end")).to_contain_text("Connected as ")
    expect(page.locator("a.sc-connect-link")).to_have_count(0)
    shot(f"{theme}-connected")


def test_outcomes(page, server, shot):
    """An account that needs its owner has *Connect* beside it, and *Read again* once they did it."""
    server.write("outcomes.ipynb", WAITING, READ)
    server.show(page, "outcomes.ipynb")
    page.locator(".sc-view button", has_text="Outcomes").click()
    expect(page.locator(".sc-mending-stand")).to_contain_text("1 account needs its owner (1 not connected)")
    hands.press(page, "Connect")
    hands.follow(page, _who(page)).get_by_role("button", name="Allow").click()
    expect(page.locator(".sc-connect .sc-end")).to_contain_text("Connected as ")
    shot("connected")
    hands.press(page, "Read again")
    expect(page.locator(".sc-mending-stand")).to_contain_text("No account waits for its owner")
    expect(page.locator(".sc-ended")).to_contain_text("1 ok")
    shot("read")
