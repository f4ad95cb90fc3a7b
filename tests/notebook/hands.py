"""What people do with a panel in a browser, whatever front end shows it."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from tests.notebook import lab

try:
    from playwright import sync_api
except ImportError:  # then every test that needs it is skipped, and says so
    sync_api = None

expect = sync_api and sync_api.expect
if expect:
    expect.set_options(timeout=lab.LONG)

NEEDED = [
    pytest.mark.kernel,
    pytest.mark.skipif(sync_api is None, reason="no playwright here: pip install --group browser"),
    pytest.mark.skipif(lab.chromium() is None, reason="no Chromium here: apt-get install chromium"),
]
OFFERED = re.compile("Connect Notion|Try again")  # the buttons of the portal that lead to the consent
LIGHT = """
    const light = colour => {
        const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map(part => {
            const c = part / 255
            return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
        })
        return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    const behind = element => {
        const colour = getComputedStyle(element).backgroundColor
        return /rgba\\(.*, 0\\)|transparent/.test(colour) ? behind(element.parentElement) : light(colour)
    }
"""
CONTRAST = f"""element => {{{LIGHT}
    const pair = [light(getComputedStyle(element).color), behind(element)]
    return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05)
}}"""
CELL = """async source => {
    const app = window.jupyterapp
    await app.commands.execute('notebook:insert-cell-below')
    app.shell.currentWidget.content.activeCell.model.sharedModel.setSource(source)
    app.commands.execute('notebook:run-cell')
}"""


@contextmanager
def chromium():
    """A browser while the block lasts."""
    with sync_api.sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=lab.chromium(), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        try:
            yield browser
        finally:
            browser.close()


def picture(page, path):
    """A picture to look at; a busy browser that cannot take one fails no test, which looks at the page itself."""
    for _ in range(2):
        with suppress(sync_api.Error):
            page.screenshot(path=path)
            return


def kept(tmp_path):
    """Where screenshots go: to the folder that SOCIALCONNECT_SCREENSHOTS names, or away with the test's own."""
    folder = Path(os.environ.get("SOCIALCONNECT_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def cell(page, source):
    """Write a new cell below and run it."""
    page.evaluate(CELL, source)


def press(page, name):
    """Click the button with these words."""
    page.get_by_role("button", name=name, exact=True).click()


def search(page, text, found):
    """Type into the search, and see so many found."""
    page.locator(".sc-user-search input").fill("")
    page.locator(".sc-user-search input").press_sequentially(text, delay=20)
    expect(page.locator(".sc-user-status")).to_contain_text(found)


def choose(page, count):
    """The first so many of the list, and GitHub and Google."""
    listed = page.locator(".sc-user-list select")
    listed.select_option(index=[*range(count)])
    press(page, "Add selected")
    expect(page.locator(".sc-user-count")).to_contain_text(f"{count} users chosen")
    expect(page.locator(".sc-provider-status")).to_contain_text(f"Of {count} users")
    page.get_by_label("GitHub").check()
    page.get_by_label("Google").check()
    expect(page.locator(".sc-resource select")).to_have_count(2)


def read(page):
    """Plan and read, and see the rows."""
    press(page, "Plan")
    expect(page.locator(".sc-plan")).to_contain_text("github.repos")
    expect(page.locator(".sc-plan")).to_contain_text("google.profile")
    press(page, "Read")
    expect(page.locator(".sc-progress")).to_contain_text("Read in")
    expect(page.locator(".sc-shown tbody tr").first).to_be_visible()


def copied(page):
    """The code that the panel shows, as one click selects it."""
    press(page, "Code")
    page.locator(".sc-code").click()
    return page.evaluate("() => window.getSelection().toString()").strip()


def follow(page, user_id, *, signed_in=False, seen=lambda *_: None):
    """Click *Connect*: in the second tab sign in as that user, if need be, choose Notion, and stop at its consent."""
    with page.context.expect_page() as opened:
        page.locator("a.sc-connect-link").click()
    tab = opened.value
    if not signed_in:
        tab.get_by_role("searchbox").fill(user_id)
        tab.get_by_role("button", name="Search", exact=True).click()
        expect(tab.locator("main li button")).to_have_count(1)
        tab.locator("main li button").click()
    seen("portal", tab)
    tab.get_by_role("button", name=OFFERED).click()
    expect(tab.get_by_role("button", name="Allow")).to_be_visible()
    seen("consent", tab)
    return tab


def same(page, code):
    """Run that code in a cell: its frame is the panel's."""
    compared = "pd.testing.assert_frame_equal(frame, panel.frame)\nprint('the same', len(frame), 'rows')"
    cell(page, f"import pandas as pd\n{code.replace('client.', 'frame = client.')}\n{compared}")
    expect(page.locator(".jp-OutputArea-output", has_text="the same")).to_contain_text(re.compile(r"the same \d+ rows"))


def stop(page):
    """Begin to read everybody, stop on the way, and be told how far it was."""
    press(page, "Read")
    expect(page.locator(".sc-progress")).to_contain_text(re.compile(r"[1-9][\d,]* of 7,\d+ accounts · "))
    press(page, "Stop")
    expect(page.locator(".sc-progress")).to_contain_text(re.compile(r"Stopped after [1-9][\d,]* of 7,\d+ accounts"))


def readable(page):
    """Every text stands out from what is behind it."""
    texts = page.locator(".sc-panel :is(.sc-title, .sc-line, .sc-dim, .widget-label, select, td, button:enabled)")
    assert texts.count() > 30
    assert min(texts.evaluate_all(f"all => all.map({CONTRAST})")) > 3


def lightness(page):
    """How light it is behind the panel: 0 is black, 1 is white."""
    return page.locator(".sc-panel").first.evaluate(f"element => {{{LIGHT} return behind(element)}}")


def aligned(page):
    """Every card is as wide as the panel, whatever is in it."""
    gaps = page.locator(".sc-panel").first.evaluate(
        "panel => [...panel.querySelectorAll('.sc-explore > .sc-card')].map(one => panel.clientWidth - one.offsetWidth)"
    )
    assert len(gaps) == 5
    assert max(gaps) <= 1


def fits(page):
    """In a narrow window nothing is cut off at the side."""
    page.set_viewport_size({"width": 720, "height": 2400})
    cards = page.locator(".sc-card")
    assert cards.count() == 5
    assert max(cards.evaluate_all("all => all.map(one => one.scrollWidth - one.clientWidth)")) <= 1
