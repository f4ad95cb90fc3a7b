"""An attempt to connect in a cell: the link, where it stands, the ways out, and words where no widget is."""

import json
import re
import subprocess
import sys
import threading
from contextlib import suppress
from itertools import count
from types import SimpleNamespace

import pytest

import socialconnect as sc
from socialconnect.clerk import attempt as protocol
from socialconnect.notebook import connecting, offered
from socialconnect.notebook.connecting import Connecting

ipywidgets = pytest.importorskip("ipywidgets")
VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    """Clerk is asked at once, not every three seconds."""
    monkeypatch.setattr(protocol, "EVERY", 0.01)


@pytest.fixture
def client():
    found = sc.sandbox(users=20)
    yield found
    found.close()


@pytest.fixture
def who(client):
    """Somebody without Notion."""
    return client.coverage("notion.users").query("state == 'not_connected'")["user_id"].iloc[0]


@pytest.fixture
def attempt(client, who):
    """An attempt that is under way."""
    made = client.connect(who, "notion")
    yield made
    made.cancel()


def consent(client, attempt, *, grant=True):
    """What its user does at the provider."""
    client.sandbox.visitor().consent(attempt.link, grant, user=attempt.user_id, provider="notion")


def ended(attempt):
    """Wait until it has."""
    with suppress(sc.NotConnected):
        attempt.wait(20)
    assert attempt.ended


def labels(panel):
    """The buttons that can be seen."""
    return [one.description for one in panel._tools.children if isinstance(one, ipywidgets.Button)]


def values(panel):
    """All HTML that stands in it."""

    def found(widget):
        for child in getattr(widget, "children", ()):
            yield from found(child)
        if isinstance(widget, ipywidgets.HTML):
            yield widget.value

    return "\n".join(found(panel.body))


def panel_of(attempt):
    attempt._repr_mimebundle_()
    assert isinstance(attempt.screen, Connecting)
    return attempt.screen


def test_a_plain_link_is_a_link(attempt, who):
    """It opens in another tab without a way back, and stands there to copy; nothing says that it is unopened."""
    panel = panel_of(attempt)
    url = attempt.link.reveal()
    assert f'href="{url}" target="_blank" rel="noopener noreferrer"' in panel._link.value
    assert f">{url}</code>" in panel._copy.value
    assert panel._stand.value == f'<div class="sc-line " role="status">Waiting for {who} to connect Notion.</div>'
    assert "10 min left" in panel._left.value
    assert labels(panel) == ["Cancel"]


def test_it_turns_to_connected_by_itself(client, attempt):
    """After consent the panel says as whom, in green words; the link and the buttons are gone."""
    panel = panel_of(attempt)
    consent(client, attempt)
    ended(attempt)
    name = attempt.account.email_address
    assert panel._stand.value == f'<div class="sc-line sc-end good" role="status"><b>✓ Connected as {name}.</b></div>'
    assert labels(panel) == []
    assert "href" not in values(panel)
    assert panel._left.value == ""


def test_waiting_at_the_consent_is_told(client, attempt, who):
    """Who has come to the provider's consent is seen there."""
    panel = panel_of(attempt)
    there = threading.Event()
    attempt.watch(lambda one: there.set() if one.state == "waiting" else None)
    client.sandbox.visitor().sign_in(who, attempt.link).press("Connect Notion")
    assert there.wait(20)
    assert f"{who} is at Notion&#x27;s consent." in panel._stand.value
    assert labels(panel) == ["Cancel"]


def test_declined_has_cause_and_cure_and_another_try(client, attempt, press):
    """A refusal is told with what to do; *Try again* begins another attempt in the same panel, which can succeed."""
    panel = panel_of(attempt)
    consent(client, attempt, grant=False)
    ended(attempt)
    assert "<b>✗ Declined.</b>" in panel._stand.value
    assert "Ask why, then connect again." in panel._stand.value
    assert 'role="alert"' in panel._stand.value
    assert labels(panel) == ["Try again"]
    press(panel, "Try again")
    assert panel.wait(20)
    assert panel.attempt is not attempt
    assert panel.attempt.screen is panel
    assert labels(panel) == ["Cancel"]
    consent(client, panel.attempt)
    ended(panel.attempt)
    assert "Connected as" in panel._stand.value


def test_time_running_out_and_cancelling_are_told(client, who, press):
    """Both say what they are, in words of their own, and offer another try."""
    late = client.connect(who, "notion", within=0.05)
    panel = panel_of(late)
    ended(late)
    assert "<b>◷ Out of time.</b>" in panel._stand.value
    assert labels(panel) == ["Try again"]
    panel = panel_of(client.connect(who, "notion"))
    press(panel, "Cancel")
    assert panel.attempt.state == "cancelled"
    assert "<b>⊘ Cancelled.</b>" in panel._stand.value
    assert labels(panel) == ["Try again"]
    assert "href" not in values(panel)


def test_a_try_that_fails_is_told(client, attempt, press, monkeypatch):
    """Where no other link can be made the panel says why, and the button works again."""
    panel = panel_of(attempt)
    attempt.cancel()

    async def refuse(*_, **__):
        raise sc.InvalidKey("Clerk does not accept the secret key.", cure="Copy it again.")

    monkeypatch.setattr(client.aio, "connect", refuse)
    press(panel, "Try again")
    assert panel.wait(20)
    assert "<b>Clerk does not accept the secret key.</b> Copy it again." in panel._stand.value
    assert not panel._retry.disabled


@pytest.mark.parametrize("how", [{"ticket": True}, {"flow": "native"}], ids=["ticket", "consent"])
def test_a_secret_link_is_shown_after_a_click_only(client, who, how, wire, press):
    """It is in no message before *Show link*, in the panel then, away with *Hide link*, and gone at the end."""
    attempt = client.connect(who, "notion", **how)
    url = attempt.link.reveal()
    secret = re.search(r"(__clerk_ticket|state)=([\w-]+)", url)[2]
    bundle = attempt._repr_mimebundle_()
    panel = attempt.screen
    assert labels(panel) == ["Show link", "Cancel"]
    assert secret not in wire.text + json.dumps(bundle) + repr(attempt) + str(attempt)
    press(panel, "Show link")
    assert attempt.state == "opened"
    assert secret in panel._link.value
    assert secret in panel._copy.value
    press(panel, "Hide link")
    assert secret not in values(panel)
    press(panel, "Show link")
    assert labels(panel) == ["Hide link", "Cancel"]
    consent(client, attempt)
    ended(attempt)
    assert "Connected as" in panel._stand.value
    kept = json.dumps(ipywidgets.Widget.get_manager_state())
    assert [one for one in client.sandbox.secrets() if one in kept or one in values(panel)] == []


def test_a_new_attempt_hides_its_secret_again(client, who, press):
    """What was shown of the attempt before says nothing of the next one's link."""
    panel = panel_of(client.connect(who, "notion", ticket=True))
    press(panel, "Show link")
    press(panel, "Cancel")
    press(panel, "Try again")
    assert panel.wait(20)
    assert labels(panel) == ["Show link", "Cancel"]
    assert "__clerk_ticket" not in values(panel)
    panel.cancel()


def test_one_panel_however_often_it_is_shown(attempt):
    """A second cell that ends with it shows the same widget, and so follows too."""
    first, second = attempt._repr_mimebundle_(), attempt._repr_mimebundle_()
    assert first[VIEW] == second[VIEW]


def test_what_is_asked_and_why_is_told(client):
    """Scopes, and why a program asks for them, stand in the panel."""
    row = client.coverage("google.contacts").query("state == 'missing_scope'").iloc[0]
    attempt = row.connect()
    panel = panel_of(attempt)
    assert f"<code>{row['required'][0]}</code>" in panel._head.value
    assert "The hosted page cannot ask for further scopes." in panel._head.value
    attempt.cancel()


def test_who_has_it_already_sees_no_link(client):
    """Somebody who is connected is told at once."""
    accounts = client.accounts().query("connected and provider == 'github'")
    panel = panel_of(client.connect(accounts["user_id"].iloc[0], "github"))
    assert "✓ Connected as" in panel._stand.value
    assert labels(panel) == []


def test_messages_are_small_and_ticks_few(client, who, wire, monkeypatch):
    """Under 20 KB to open, most of it the style sheet; a look at the clock that shows nothing new sends nothing."""
    attempt = client.connect(who, "notion")
    panel = panel_of(attempt)
    assert wire.size < 20_000
    wire.clear()
    panel._left.value = connecting._left(attempt)
    panel._draw()
    assert wire.messages == []
    monkeypatch.setattr(protocol.Attempt, "left", 61.0)
    panel._left.value = connecting._left(attempt)
    assert 0 < wire.size < 300
    wire.clear()
    monkeypatch.undo()
    attempt.cancel()
    assert wire.size < 3_000


@pytest.mark.parametrize(("left", "told"), [(600, "10 min"), (91, "2 min"), (89, "90 s"), (44, "45 s"), (2, "0 s")])
def test_the_time_left_in_steps(attempt, monkeypatch, left, told):
    """Minutes while there are several, then steps of five seconds."""
    monkeypatch.setattr(protocol.Attempt, "left", left)
    assert connecting._left(attempt) == f'<span class="sc-dim">{told} left</span>'


def test_the_clock_ticks_behind_the_cell(attempt, monkeypatch):
    """The time that is left is brought up to date by the background loop, and that ends with the attempt."""
    ticks, thrice = count(), threading.Event()

    def left(one):
        if next(ticks) > 3:
            thrice.set()
        return "" if one.ended else f"{next(ticks)}"

    monkeypatch.setattr(connecting, "_EVERY", 0.01)
    monkeypatch.setattr(connecting, "_left", left)
    panel = panel_of(attempt)
    assert thrice.wait(20)
    attempt.cancel()
    assert panel._ticking.wait(20)
    assert panel._left.value == ""


def test_everything_is_escaped(attempt):
    """A title or a note is text, whatever it holds."""
    attempt.title = "<script>alert(1)</script>"
    attempt.note = "<img src=x>"
    bundle = attempt._repr_mimebundle_()
    for text in (values(attempt.screen), bundle["text/html"]):
        assert "<script" not in text
        assert "<img" not in text
        assert "&lt;img" in text


def test_only_https_and_this_machine_become_links(attempt):
    """Another kind of address is shown as text alone."""
    attempt.link = protocol.Link("javascript:alert(1)")
    bundle = attempt._repr_mimebundle_()
    assert "href" not in bundle["text/html"] + values(attempt.screen)
    assert "javascript:alert(1)" in bundle["text/html"]


def test_the_text_form_has_the_link(attempt, who):
    """What a plain terminal, a file and a front end without widgets get: words, an absolute link, and no script."""
    bundle = attempt._repr_mimebundle_()
    url = attempt.link.reveal()
    assert bundle["text/plain"] == str(attempt)
    assert url in str(attempt)
    assert url in repr(attempt)
    assert f'<a href="{url}" target="_blank" rel="noopener noreferrer">Connect Notion</a>' in bundle["text/html"]
    assert who in bundle["text/html"]
    assert "script" not in bundle["text/html"]
    assert "Box(" not in bundle["text/plain"]


def test_the_text_form_tells_the_end(client, attempt):
    """Once it has ended, words and no link."""
    consent(client, attempt)
    ended(attempt)
    html = attempt._repr_mimebundle_()["text/html"]
    assert "✓ Connected as" in html
    assert "href" not in html


def test_a_terminal_gets_no_widget(attempt, monkeypatch):
    """IPython without a kernel shows text, and no widget is made for it."""
    monkeypatch.setattr(offered, "get_ipython", SimpleNamespace)
    assert set(attempt._repr_mimebundle_()) == {"text/plain", "text/html"}
    assert attempt.screen is None


def test_without_ipywidgets_there_is_a_link():
    """Where the panels cannot be had, a cell shows words and the link, and no error."""
    lines = """
import sys; sys.modules["ipywidgets"] = None
import socialconnect as sc
client = sc.sandbox(users=20)
who = client.coverage("notion.users").query("state == 'not_connected'")["user_id"].iloc[0]
for how in ({}, {"ticket": True}):
    attempt = client.connect(who, "notion", **how)
    bundle = attempt._repr_mimebundle_()
    secret = attempt.link.reveal() in str(bundle)
    print(sorted(bundle), "href" in bundle["text/html"], secret, "attempt.link.reveal()" in bundle["text/html"])
    attempt.cancel()
"""
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=True)
    kinds = "['text/html', 'text/plain']"
    assert done.stdout.splitlines() == [f"{kinds} True True False", f"{kinds} False False True"]


@pytest.mark.parametrize("name", ["JUPYTERHUB_USER", "COLAB_RELEASE_TAG"])
def test_a_link_to_a_far_machine_is_told(attempt, monkeypatch, name):
    """In Colab or on a hub a page of the kernel's own machine cannot be opened just so: the panel says what to do."""
    assert "open it there" in panel_of(attempt)._copy.value
    monkeypatch.setenv(name, "x")
    assert "forward its port" in attempt._repr_mimebundle_()["text/html"]
    attempt.link = protocol.Link("https://accounts.example.com/user")
    assert offered.remark(attempt) == ""


def test_a_cell_that_waits_shows_the_link(client, attempt, monkeypatch):
    """`wait()` shows the attempt first where nothing has, so that nobody waits for a link that is not in sight."""
    shown = []

    def display(one):
        shown.append(one)
        consent(client, one)
        one._repr_mimebundle_()

    monkeypatch.setattr(offered, "get_ipython", lambda: SimpleNamespace(kernel=object()))
    monkeypatch.setattr(offered, "display", display)
    assert attempt.wait(20) is attempt
    assert attempt.wait(20) is attempt
    assert shown == [attempt]


def test_retry_is_the_button_by_call(client, attempt):
    """`attempt.retry()` gives another attempt at the same, and cancels one that goes on."""
    again = attempt.retry()
    assert attempt.state == "cancelled"
    assert (again.user_id, again.provider, again.state) == (attempt.user_id, "notion", "offered")
    again.cancel()
    alone = protocol.Attempt.__new__(protocol.Attempt)
    alone._renew, alone._block = None, client.aio._blocked
    with pytest.raises(sc.UsageError, match="cannot be repeated"):
        alone.retry()
