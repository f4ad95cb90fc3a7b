"""The panel as people meet it: in JupyterLab, with mouse and keyboard, in both themes.

They need Chromium, JupyterLab and playwright (the group `browser`), and are skipped where one is missing.
"""

import re

import pytest
from tests.notebook import lab

pytest.importorskip("jupyterlab", reason="no JupyterLab here: pip install --group browser")
playwright = pytest.importorskip("playwright.sync_api", reason="no playwright here: pip install --group browser")
pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(lab.chromium() is None, reason="no Chromium here: apt-get install chromium"),
]

expect = playwright.expect
expect.set_options(timeout=lab.LONG)

WORLD = "import pandas as pd\nimport socialconnect as sc\nclient = sc.sandbox(users=10_000, seed=1)"
EXPLORE = "panel = client.explore()\npanel"
SAME = "\npd.testing.assert_frame_equal(frame, panel.frame)\nprint('the same', len(frame), 'rows')"
CONTRAST = """element => {
    const light = colour => {
        const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map(part => {
            const c = part / 255
            return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
        })
        return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    let behind = element
    while (/rgba\\(.*, 0\\)|transparent/.test(getComputedStyle(behind).backgroundColor)) behind = behind.parentElement
    const pair = [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor].map(light)
    return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05)
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with lab.Lab(tmp_path_factory.mktemp("lab")).running() as running:
        yield running


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(
            executable_path=lab.chromium(), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def page(server, browser):
    """A notebook with an open panel over ten thousand users."""
    context = browser.new_context(viewport={"width": 1280, "height": 2400})
    page = context.new_page()
    server.write("explore.ipynb", WORLD, EXPLORE)
    server.open(page, "explore.ipynb")
    server.run(page)
    expect(page.locator(".sc-user-status")).to_contain_text("10,000 users found")
    expect(page.locator(".sc-provider-status")).to_contain_text("Of 10,000 users")
    yield page
    context.close()


def _press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def _search(page, text, found):
    page.locator(".sc-user-search input").fill("")
    page.locator(".sc-user-search input").press_sequentially(text, delay=20)
    expect(page.locator(".sc-user-status")).to_contain_text(found)


def _choose(page, count):
    """The first so many of the list, and GitHub and Google."""
    listed = page.locator(".sc-user-list select")
    listed.select_option(index=[*range(count)])
    _press(page, "Add selected")
    expect(page.locator(".sc-user-count")).to_contain_text(f"{count} users chosen")
    expect(page.locator(".sc-provider-status")).to_contain_text(f"Of {count} users")
    page.get_by_label("GitHub").check()
    page.get_by_label("Google").check()
    expect(page.locator(".sc-resource select")).to_have_count(2)


def test_from_typing_to_the_same_frame_by_its_code(page):
    """Pick among ten thousand by typing, choose two providers, plan, read, preview, and run the code that is shown."""
    _search(page, "ada", "443 users found; the newest 50 are listed")
    _choose(page, 9)
    _press(page, "Plan")
    expect(page.locator(".sc-plan")).to_contain_text("github.repos")
    expect(page.locator(".sc-plan")).to_contain_text("google.profile")
    _press(page, "Read")
    expect(page.locator(".sc-progress")).to_contain_text("Read in")
    expect(page.locator(".sc-shown tbody tr").first).to_be_visible()
    _press(page, "Code")
    page.locator(".sc-code").click()
    code = page.evaluate("() => window.getSelection().toString()")
    assert code.strip().endswith("client.github.repos(users)")
    _cell(page, code.replace("client.", "frame = client.") + SAME)
    expect(page.locator(".jp-OutputArea-output", has_text="the same")).to_contain_text(re.compile(r"the same \d+ rows"))


def _cell(page, source):
    """Write a new cell below and run it."""
    page.evaluate(
        """async source => {
            const app = window.jupyterapp
            await app.commands.execute('notebook:insert-cell-below')
            app.shell.currentWidget.content.activeCell.model.sharedModel.setSource(source)
            app.commands.execute('notebook:run-cell')
        }""",
        source,
    )


def test_stop_and_read_again(page):
    """A read of everybody is stopped on its way, says so, and another read works."""
    page.get_by_label("GitHub").check()
    _press(page, "Read")
    expect(page.locator(".sc-progress")).to_contain_text(re.compile(r"[1-9][\d,]* of 7,\d+ accounts · "))
    _press(page, "Stop")
    expect(page.locator(".sc-progress")).to_contain_text(re.compile(r"Stopped after [1-9][\d,]* of 7,\d+ accounts"))
    _search(page, "ada", "443 users found")
    _choose(page, 5)
    _press(page, "Read")
    expect(page.locator(".sc-progress")).to_contain_text("Read in")
    expect(page.locator(".sc-ended")).to_contain_text("github.repos")
    expect(page.locator(".sc-ended")).to_contain_text("google.profile")


def test_by_keyboard_alone(page):
    """Search, choose, tick and read without a mouse; every input has a name that a screen reader can say."""
    page.get_by_label("Search users").focus()
    page.keyboard.type("lovelace", delay=20)
    page.keyboard.press("Enter")
    expect(page.locator(".sc-user-count")).to_contain_text("1 user chosen")
    page.keyboard.press("Enter")
    expect(page.locator(".sc-user-count")).to_contain_text("2 users chosen")
    for _ in range(3):
        page.keyboard.press("Tab")  # the list, and the two buttons below it
    page.keyboard.press("Enter")
    expect(page.locator(".sc-user-count")).to_contain_text(re.compile(r"[1-9]\d\d users chosen"))
    page.get_by_label("Google").focus()
    page.keyboard.press("Space")
    expect(page.locator(".sc-resource select")).to_have_count(1)
    page.get_by_role("button", name="Read", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".sc-ended")).to_contain_text("google.profile")
    unnamed = page.locator(".sc-panel").evaluate(
        """panel => [...panel.querySelectorAll('input, select, textarea, button')].filter(one =>
            !(one.labels?.length && one.labels[0].textContent.trim()) && !one.textContent.trim()).length"""
    )
    assert unnamed == 0


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_it_is_readable_and_fits(page, server, theme):
    """In both themes text stands out from what is behind it; in a narrow window nothing is cut off at the side."""
    _search(page, "ada", "443 users found")
    _choose(page, 5)
    _press(page, "Read")
    expect(page.locator(".sc-shown tbody tr").first).to_be_visible()
    server.theme(page, theme)
    texts = page.locator(".sc-panel :is(.sc-title, .sc-line, .sc-dim, .widget-label, select, td, button:enabled)")
    assert texts.count() > 30
    contrasts = texts.evaluate_all(f"all => all.map({CONTRAST})")
    assert min(contrasts) > 3
    page.set_viewport_size({"width": 720, "height": 2400})
    cards = page.locator(".sc-card")
    assert cards.count() == 5
    wide = cards.evaluate_all("all => all.map(one => one.scrollWidth - one.clientWidth)")
    assert max(wide) <= 1
