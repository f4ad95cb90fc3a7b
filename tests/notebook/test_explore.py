"""`client.explore()`: choosing, planning, reading, stopping, and the code that gives the same."""

import asyncio
import json
import subprocess
import sys

import pandas as pd
import pytest

import socialconnect as sc
from socialconnect import portal
from socialconnect.notebook import explore as room
from socialconnect.notebook import results
from socialconnect.notebook.code import code
from socialconnect.notebook.resources import Choice

BOTH = ["github.repos", "google.profile"]


@pytest.fixture
def ids(small):
    """Some users who have connected GitHub and Google."""
    accounts = small.accounts().query("connected")
    have = accounts.groupby("user_id")["provider"].agg(set)
    return [user_id for user_id, providers in have.items() if {"github", "google"} <= providers][:12]


def _again(panel, client):
    """What the shown code gives, run as a cell."""
    space = {"client": client, "panel": panel}
    lines = panel.code.replace("client.", "frame = client.", 1)
    exec(lines, space)
    return space["frame"]


@pytest.mark.filterwarnings("ignore::socialconnect.PartialWarning")
@pytest.mark.parametrize("everybody", [True, False])
def test_the_code_gives_the_same_frame(small, press, ids, everybody):
    """Read two providers by clicks; the code that is shown gives each frame, for everybody and for some."""
    panel = small.explore()
    panel.open()
    if not everybody:
        panel.users.add(ids)
    panel.providers._boxes["github"].value = True
    panel.providers._boxes["google"].value = True
    panel.resources["github"].columns = ["name", "language", "pushed_at"]
    panel.resources["github"].arguments = {"visibility": "public", "sort": "pushed"}
    press(panel, "Plan")
    assert panel.wait(30)
    assert "github.repos" in panel._plan_view.value
    press(panel, "Read")
    assert panel.wait(30)
    assert [*panel.runs] == BOTH
    for name in BOTH:
        panel.results._which.value = name
        assert panel.run.resource == name
        assert len(panel.frame)
        pd.testing.assert_frame_equal(_again(panel, small), panel.frame)


def test_the_plan_says_requests_time_and_who_is_skipped(small, press):
    """The plan in the panel is `client.plan`: its figures, and the skipped with their cure."""
    panel = small.explore(resources="google.profile")
    press(panel, "Plan")
    assert panel.wait(30)
    plan = small.plan("google.profile")
    shown = panel._plan_view.value
    assert f'<td class="n">{plan.accounts:,}</td><td class="n">{plan.requests:,}</td>' in shown
    assert f'<td class="n">{len(plan.skipped):,}</td>' in shown
    for cure in plan.skipped["cure"].unique():
        assert cure.replace("'", "&#x27;") in shown
    assert plan.basis in shown


def test_a_changed_choice_needs_a_new_plan(small, press):
    """What was planned does not stay for another choice; reading plans anew where it must."""
    panel = small.explore(resources=["google.profile"])
    press(panel, "Plan")
    assert panel.wait(30)
    panel.users.add(small.users()["user_id"].tolist()[:3])
    assert "The choice has changed since: plan again." in panel._plan_view.value
    panel.read()
    assert panel.wait(30)
    assert len(panel.run.outcomes) == len(small.coverage("google.profile", panel.users))


def test_stop_ends_the_work_and_keeps_what_was(small, press, monkeypatch, ids):
    """*Stop* cancels the requests on the loop; the frame of an earlier read stays, and reading works again."""
    panel = small.explore(ids, ["google.profile"])
    panel.read()
    assert panel.wait(30)
    before = panel.frame
    begun, ended = asyncio.Event(), []

    async def endless(*_):
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")

    with monkeypatch.context() as patch:
        patch.setattr(small.aio, "_carried", endless)
        press(panel, "Read")
        assert panel._stop_button.disabled is False
        assert panel._read_button.disabled is True
        portal.run(begun.wait())
        press(panel, "Stop")
        assert panel.wait(30)
        portal.run(asyncio.sleep(0))
    assert ended == ["cancelled"]
    assert "Stopped after 0 of" in panel._progress.value
    assert panel._bar.layout.display == "none"
    assert panel.frame is before
    press(panel, "Read")
    assert panel.wait(30)
    pd.testing.assert_frame_equal(panel.frame, before)


def test_progress_is_counted_while_it_reads(small, monkeypatch):
    """The line and the bar follow accounts, rows and requests."""
    monkeypatch.setattr(room, "_EVERY", 0)
    panel = small.explore(resources=["github.repos"])
    lines, values = [], []
    panel._progress.observe(lambda change: lines.append(change["new"]), "value")
    panel._bar.observe(lambda change: values.append(change["new"]), "value")
    panel.read()
    assert panel.wait(30)
    of = len(panel.run.outcomes.query("status != 'skipped'"))
    assert any(f"of {of} accounts · " in line and " rows · " in line for line in lines)
    assert values == sorted(values)
    assert len(set(values)) > 3
    assert lines[-1].startswith('<div class="sc-line good" role="status">Read in ')


def test_nothing_chosen_is_said(small):
    """Without a provider there is nothing to plan or read: a UsageError by call, disabled buttons in the panel."""
    panel = small.explore()
    with pytest.raises(sc.UsageError, match="Choose a provider"):
        panel.plan()
    assert panel._plan_button.disabled
    assert panel._read_button.disabled
    assert panel._stop_button.disabled
    assert panel.run is None
    assert panel.frame.empty
    assert panel.code == ""


def test_failures_stand_in_the_panel(small, press, monkeypatch):
    """What goes wrong while planning, reading or in a click is one line with the cure, and buttons work again."""
    panel = small.explore(resources=["github.repos"])

    async def refuse(*_, **__):
        raise sc.InvalidKey("Clerk does not accept the secret key.", cure="Copy it again.")

    with monkeypatch.context() as patch:
        patch.setattr(small.aio, "plan", refuse)
        for label in ("Plan", "Read"):
            press(panel, label)
            assert panel.wait(30)
            assert "<b>Clerk does not accept the secret key.</b> Copy it again." in panel._progress.value
            assert not panel._read_button.disabled
    panel.resources["github"]._inputs["visibility"].widget.value = "public"
    panel.resources["github"]._inputs["type"].widget.value = "owner"
    press(panel, "Read")
    assert "exclude each other" in panel._progress.value


def test_outcomes_are_counted_with_their_cure(small):
    """The outcomes show each reason once, with how many accounts and what to do."""
    panel = small.explore(resources=["notion.users"])
    panel.read()
    assert panel.wait(30)
    panel.results._view.value = "Outcomes"
    counts = panel.run.outcomes.groupby(["status", "reason"], observed=True).size()
    assert len(counts) > 1
    for (status, reason), count in counts.items():
        assert (
            f'<td>{status}</td><td class="n">{count}</td><td>{reason.replace("_", " ")}</td>'
            in panel.results._shown.value
        )
    assert "Ask the user to connect" in panel.results._shown.value


def test_the_preview_is_escaped_and_short(small, ids):
    """Twenty rows at most, as text, whatever stands in them."""
    panel = small.explore(ids, ["github.repos"])
    panel.read()
    assert panel.wait(30)
    assert panel.results._shown.value.count("<tr>") == 1 + min(20, len(panel.frame))
    panel.frame["name"] = "<script>alert(1)</script>" * 20
    panel.results._view.value = "Code"
    panel.results._view.value = "Preview"
    assert "<script" not in panel.results._shown.value
    assert "&lt;script&gt;" in panel.results._shown.value
    assert len(panel.results._shown.value) < 200_000


def test_to_variable_needs_a_notebook_and_a_free_name(small, monkeypatch, ids):
    """The frame goes into the notebook's variables; what is no name, or taken by something else, is refused."""
    panel = small.explore(ids, ["google.profile"])
    with pytest.raises(sc.UsageError, match="Nothing was read yet"):
        panel.to_variable("found")
    panel.read()
    assert panel.wait(30)
    with pytest.raises(sc.UsageError, match="no notebook"):
        panel.to_variable("found")
    space = {"taken": 1, "mine": small}
    monkeypatch.setattr(results, "_namespace", lambda: space)
    panel.to_variable("found")
    assert space["found"] is panel.frame
    assert "found has" in panel.results._kept.value
    for name in ("taken", "not a name", "class"):
        with pytest.raises(sc.UsageError):
            panel.to_variable(name)
    assert panel.code.endswith("mine.google.profile(users)")


def test_selection_says_what_is_chosen(small, ids):
    """`selection` has the users, None for everybody, and each resource with columns and arguments."""
    panel = small.explore(resources=BOTH)
    assert panel.selection == results.Selection(None, (Choice("github.repos"), Choice("google.profile")))
    panel.users.add(ids)
    panel.resources["google"].columns = ["email"]
    assert panel.selection.users == tuple(ids)
    assert panel.selection.choices[1] == Choice("google.profile", ("email",))
    panel.providers.providers = ["google"]
    assert [one.resource for one in panel.selection.choices] == ["google.profile"]


@pytest.mark.filterwarnings("ignore::socialconnect.PartialWarning")
def test_one_user_who_cannot_be_read_has_code_too(small):
    """For one user a call raises; the code of the panel's empty frame says so and does not."""
    outcomes = small.read("google.profile", on_error="ignore").outcomes
    broken = outcomes.loc[outcomes["status"] == "failed", "user_id"].iloc[0]
    panel = small.explore(broken, ["google.profile"])
    panel.read()
    assert panel.wait(30)
    assert panel.code == f"users = {broken!r}\nclient.google.profile(users, on_error='warn')"
    pd.testing.assert_frame_equal(_again(panel, small), panel.frame)


def test_code_for_thousands_takes_them_from_the_run():
    """More ids than anybody reads are not listed: the code takes them from the panel's own outcomes."""
    users = [f"user_{at}" for at in range(1001)]
    text = code(Choice("github.repos"), users, client="c", panel="p")
    assert text == "users = p.runs['github.repos'].outcomes[['user_id']]\nc.github.repos(users)"
    listed = code(Choice("github.repos"), users[:1000], client="c", panel="p")
    assert listed.count("user_") == 1000
    assert max(map(len, listed.splitlines())) <= 120


def test_a_connector_named_like_a_method_is_called_by_key():
    """`client.users` is a method: a connector of that name is written as a key."""
    assert code(Choice("users.things"), None, client="client", panel="p") == "client['users'].things()"


def test_the_text_forms_have_counts_and_no_names(small, ids):
    """What a notebook keeps as text has no address; `print` tells plan, outcome and code."""
    panel = small.explore(ids, ["google.profile"])
    assert repr(panel) == f"<Explore: google.profile, {len(ids)} users>"
    panel.read()
    assert panel.wait(30)
    bundle = panel._repr_mimebundle_()
    assert panel.wait(30)
    assert "@" not in json.dumps([bundle["text/plain"], bundle["text/html"]])
    told = str(panel)
    assert "client.google.profile(users)" in told
    assert "requests" in told


def test_nothing_secret_is_sent(small, wire, ids):
    """Neither the key nor any token is in what the front end gets, from opening to a preview."""
    panel = small.explore(ids, BOTH)
    panel._repr_mimebundle_()
    panel.read()
    assert panel.wait(30)
    for view in ("Outcomes", "Code", "Preview"):
        panel.results._view.value = view
    tokens = [small.token(ids[0], provider).token.reveal() for provider in ("github", "google")]
    assert len(wire.text) > 10_000
    for secret in (small.sandbox.secret_key, *tokens):
        assert secret not in wire.text


@pytest.mark.parametrize("name", ["UserPicker", "ProviderPicker", "ResourcePicker"])
def test_without_ipywidgets_the_cure_is_said(name):
    """The panels are an extra: without it, the error names what to install."""
    lines = "import sys; sys.modules['ipywidgets'] = None; import socialconnect as sc"
    calls = {"name": f"sc.{name}", "explore": "sc.sandbox(users=1).explore()"}
    for call in calls.values():
        tried = f"{lines}\ntry: {call}\nexcept sc.MissingPackage as error: print(error)"
        done = subprocess.run([sys.executable, "-c", tried], capture_output=True, text=True, check=True)
        assert "pip install 'socialconnect[notebook]'" in done.stdout
