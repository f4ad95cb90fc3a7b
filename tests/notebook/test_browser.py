"""The panel as people meet it: in JupyterLab, with mouse and keyboard, in both themes.

They need Chromium, JupyterLab and playwright (the group `browser`), and are skipped where one is missing.
"""

import re

import pytest
from tests.notebook import hands, lab

pytest.importorskip("jupyterlab", reason="no JupyterLab here: pip install --group browser")
pytestmark = hands.NEEDED
expect = hands.expect

WORLD = "import socialconnect as sc\nclient = sc.sandbox(users=10_000, seed=1)"
EXPLORE = "panel = client.explore()\npanel"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with lab.Lab(tmp_path_factory.mktemp("lab")).running() as running:
        yield running


@pytest.fixture(scope="module")
def browser():
    with hands.chromium() as running:
        yield running


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


def test_from_typing_to_the_same_frame_by_its_code(page):
    """Pick among ten thousand by typing, choose two providers, plan, read, preview, and run the code that is shown."""
    hands.aligned(page)
    hands.search(page, "ada", "443 users found; the newest 50 are listed")
    hands.choose(page, 9)
    hands.read(page)
    code = hands.copied(page)
    assert code.endswith("client.github.repos(users)")
    hands.same(page, code)


def test_stop_and_read_again(page):
    """A read of everybody is stopped on its way, says so, and another read works."""
    page.get_by_label("GitHub").check()
    hands.stop(page)
    hands.search(page, "ada", "443 users found")
    hands.choose(page, 5)
    hands.press(page, "Read")
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
    hands.search(page, "ada", "443 users found")
    hands.choose(page, 5)
    hands.press(page, "Read")
    expect(page.locator(".sc-shown tbody tr").first).to_be_visible()
    server.theme(page, theme)
    hands.readable(page)
    hands.fits(page)
