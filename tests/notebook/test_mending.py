"""The owners of what could not be read: a button for each, and reading again once they have connected."""

import json

import pytest

import socialconnect as sc
from socialconnect.clerk import attempt as protocol
from socialconnect.notebook.mending import Mending

ipywidgets = pytest.importorskip("ipywidgets")


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    """Clerk is asked at once, not every three seconds."""
    monkeypatch.setattr(protocol, "EVERY", 0.01)


@pytest.fixture
def client():
    found = sc.sandbox(users=60)
    yield found
    found.close()


@pytest.fixture
def run(client):
    """A run with accounts that were skipped for want of a connection, and others that failed."""
    return client.plan("notion.users").run(on_error="ignore")


def buttons(panel, label):
    """Those that can be seen and say that."""

    def found(widget):
        for child in getattr(widget, "children", ()):
            yield from found(child)
        if isinstance(widget, ipywidgets.Button) and widget.description == label:
            yield widget

    return [*found(panel.widget)]


def connected(client, panel, user_id):
    """Their owner follows the link that *Connect* made."""
    panel.connect(user_id)
    assert panel.wait(20)
    row = next(row for key, row in panel._rows.items() if key[0] == user_id)
    attempt = row._panel.attempt
    client.sandbox.visitor().consent(attempt.link, user=user_id, provider="notion")
    attempt.wait(20)


def test_the_first_have_buttons_and_the_rest_are_counted(run):
    """Ten buttons at first, with who and why; the others by tens."""
    panel = run.connect()
    assert isinstance(panel, Mending)
    needing = panel.needing
    assert len(needing) > 20
    assert {one.reason for one in needing} == {"not_connected", "reconnect_needed", "missing_scope"}
    assert len(buttons(panel, "Connect")) == 10
    assert f"{len(needing)} accounts need their owners" in panel._stand.value
    more = buttons(panel, f"Show 10 more of {len(needing) - 10}")
    more[0].click()
    assert len(buttons(panel, "Connect")) == 20
    assert buttons(panel, "Connect")[0].tooltip == f"Connect notion for {needing[0].user_id}"
    assert buttons(panel, "Read again") == []


def test_connect_and_read_again(client, run):
    """*Connect* opens the attempt in place; once it is connected, *Read again* reads that account and no other."""
    panel = run.connect()
    before = panel.needing
    user_id = before[0].user_id
    buttons(panel, "Connect")[0].click()
    assert panel.wait(20)
    assert buttons(panel, "Cancel")
    connected(client, panel, user_id)
    assert "1 connected since" in panel._stand.value
    asked = len(client.sandbox.requests)
    buttons(panel, "Read again")[0].click()
    assert panel.wait(20)
    paths = [one.path for one in list(client.sandbox.requests)[asked:]]
    assert {path.split("/")[3] for path in paths if path.startswith("/v1/users/user_")} == {user_id}
    assert len(panel.run.frame) > len(run.frame)
    assert len(panel.needing) == len(before) - 1
    assert buttons(panel, "Read again") == []
    assert "Read again: " in panel._told.value
    assert next(one for one in panel.run.ended if one.user_id == user_id).status == "ok"
    assert [one.user_id for one in panel.run.ended] == [one.user_id for one in run.ended]
    assert panel.run.asked == run.asked


def test_an_attempt_that_goes_on_outlives_reading_again(client, run):
    """Who is still on the way keeps the panel when others were read again."""
    panel = run.connect()
    first, second = (one.user_id for one in panel.needing[:2])
    panel.connect(second)
    connected(client, panel, first)
    panel.again()
    assert panel.wait(20)
    row = next(row for key, row in panel._rows.items() if key[0] == second)
    assert row._panel.attempt.state == "offered"
    assert row.body in panel._list.children
    row._panel.cancel()


def test_a_link_that_cannot_be_made_is_told(run, monkeypatch):
    """The cause stands in the row, and the button works again."""
    panel = run.connect()
    outcome = panel.needing[0]

    def refuse(*_, **__):
        raise sc.InvalidKey("Clerk does not accept the secret key.", cure="Copy it again.")

    monkeypatch.setattr(outcome.error, "_way", refuse)
    buttons(panel, "Connect")[0].click()
    assert panel.wait(20)
    row = panel._rows[outcome.user_id, outcome.external_account_id]
    assert "<b>Clerk does not accept the secret key.</b> Copy it again." in row._line.value
    assert not row._button.disabled


async def test_a_run_of_an_async_client_connects_too():
    """What its errors give is awaited."""
    aio = sc.sandbox(users=20).aio
    aio._blocks = False
    plan = await aio.plan("notion.users")
    panel = (await plan.run(on_error="ignore")).connect()
    panel.connect(panel.needing[0].user_id)
    assert panel.wait(20)
    row = next(iter(panel._rows.values()))
    assert row._panel.attempt.state == "offered"
    row._panel.cancel()


def test_what_cannot_be_meant_is_refused(run):
    """Somebody whom connecting does not help, and reading again before anybody has connected."""
    panel = run.connect()
    with pytest.raises(sc.UsageError, match="needs its owner"):
        panel.connect("user_2nobody")
    with pytest.raises(sc.UsageError, match="Nobody has connected yet"):
        panel.again()


def test_nothing_to_mend_is_said(client):
    """A run in which everybody was read has no buttons."""
    accounts = client.coverage("google.profile").query("state == 'readable'")
    panel = client.read("google.profile", accounts.head(2), on_error="ignore").connect()
    assert "No account waits for its owner." in panel._stand.value
    assert buttons(panel, "Connect") == []
    assert repr(panel) == "<Mending google.profile: 0 accounts need their owners>"


def test_its_text_has_counts_and_print_has_names(run):
    """What a notebook keeps as text is a count; `print` says who, why and what to do, the first fifty."""
    panel = run.connect()
    bundle = panel._repr_mimebundle_()
    assert "user_" not in json.dumps([bundle["text/plain"], bundle["text/html"]])
    lines = str(panel).splitlines()
    assert lines[1].startswith(f"{panel.needing[0].user_id}: ")
    assert len(lines) == 1 + len(panel.needing)


def test_explore_shows_them_under_its_outcomes(client):
    """The buttons stand in the outcomes alone; what was read again is the panel's run, frame and line."""
    user_id = client.coverage("notion.users").query("state == 'not_connected'")["user_id"].iloc[0]
    panel = client.explore(user_id, ["notion.users"])
    panel.read()
    assert panel.wait(30)
    assert panel.results._owners.children == ()
    panel.results._view.value = "Outcomes"
    mending = panel.results._mending["notion.users"]
    assert panel.results._owners.children == (mending.body,)
    connected(client, mending, user_id)
    mending.again()
    assert mending.wait(20)
    assert panel.run is mending.run
    assert len(panel.frame)
    assert "1 ok" in panel.results._ended.value
    assert "<td>ok</td>" in panel.results._shown.value
    panel.results._view.value = "Preview"
    assert panel.results._owners.children == ()


def test_messages_are_small(client, wire):
    """Ten buttons take less than 40 KB, whoever else needs one."""
    run = client.plan("notion.users").run(on_error="ignore")
    run.connect()._repr_mimebundle_()
    assert wire.size < 40_000
