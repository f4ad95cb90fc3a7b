"""What is told before an export: how much it takes, what it is likely to exit with, and how its target is found."""

from __future__ import annotations

from datetime import timedelta

import pytest

import socialconnect as sc
from socialconnect.errors import TargetBusy, TargetError
from socialconnect.export import preflight
from socialconnect.export.job import Job
from socialconnect.export.preflight import Outlook, Skipped, outlook, standing
from socialconnect.export.sink import RunState


@pytest.fixture(scope="module")
def client():
    """A small world."""
    with sc.sandbox(users=30) as client:
        yield client


def job(**how):
    """A job that takes so long and no longer."""
    return Job.make(["github.repos"], "memory://preflight", **how)


class Target:
    """A target that remembers what was done to it."""

    def __init__(self, last=None, error=None):
        self.done = []
        self._last = last
        self._error = error

    def open(self, *_):
        self.done.append("open")
        if self._error is not None:
            raise self._error
        return self._last

    def begin(self, *_, **__):
        self.done.append("begin")

    def close(self):
        self.done.append("close")


@pytest.fixture
def target(monkeypatch):
    """`target(last, error)`: what is found where the export goes."""

    def target(last=None, error=None):
        found = Target(last, error)
        where = type("Where", (), {"open_sink": staticmethod(lambda _to, **_: found)})
        monkeypatch.setattr(preflight, "import_module", lambda _name: where)
        return found

    return target


def seen(**how):
    """An outlook of nothing but what is given."""
    given = {"plans": (), "hosts": (), "seconds": 0.0, "skipped": (), "states": {}}
    return Outlook(**{**given, **how})


def skipped(state):
    """One account in that state."""
    return Skipped("github.repos", state, 1, ("user_1",), "")


def test_one_plan_of_several_is_told_as_it_is(client):
    """The accounts and rows are the plan's, and the users that have no connection are no trouble of an export."""
    plan = client.plan(["github.repos", "google.profile"])
    found = outlook([plan], named=False)
    assert (found.accounts, found.rows, found.size) == (plan.accounts, plan.rows, plan.memory)
    assert found.states["not_connected"] == (plan.coverage["state"] == "not_connected").sum()
    assert "not_connected" not in {one.state for one in found.skipped}
    assert "not_connected" in {one.state for one in outlook([plan], named=True).skipped}


def test_several_plans_add_up(client):
    """Two plans of two resources come to what one plan of both does, at every host."""
    both = outlook([client.plan(["github.repos", "google.profile"])], named=False)
    each = outlook([client.plan("github.repos"), client.plan("google.profile")], named=False)
    assert {call.host: call.requests for call in each.hosts} == pytest.approx(
        {call.host: call.requests for call in both.hosts}, abs=1
    )
    assert (each.accounts, each.rows) == (both.accounts, both.rows)
    assert each.seconds >= max(call.seconds for call in both.hosts)


def test_tokens_are_asked_for_once_a_provider(client):
    """Two resources of one provider ask Clerk no more often than one; the provider is asked for both."""
    one = outlook([client.plan("github.repos")], named=False)
    two = outlook([client.plan(["github.repos", "github.orgs"])], named=False)
    clerk, github = ({call.host: call.requests for call in found.hosts} for found in (one, two))
    assert clerk["api.clerk.com"] == github["api.clerk.com"]
    assert github["api.github.com"] > clerk["api.github.com"]


def test_fewer_at_once_take_longer(client):
    """A tenth of the usual concurrency takes ten times as long where no limit does."""
    plan = client.plan("github.repos")
    work = sum(one.seconds for one in plan.estimates)
    assert outlook([plan], named=False, width=0.001).seconds == pytest.approx(work * 1000)


@pytest.mark.parametrize(
    ("seconds", "deadline", "runs"),
    [(100, None, 1), (100, 100, 1), (101, 100, 2), (1000, 100, 10), (0, 100, 1), (100, 0, 1)],
)
def test_a_deadline_may_take_several_runs(seconds, deadline, runs):
    """What takes longer than the deadline takes so many runs, and is to be resumed."""
    limit = None if deadline is None else timedelta(seconds=deadline)
    found = seen(seconds=float(seconds))
    assert found.runs(limit) == runs
    assert found.exit_code(limit) == (8 if runs > 1 else 0)


@pytest.mark.parametrize(
    ("states", "code"),
    [
        ([], 0),
        (["token_dead"], 4),
        (["not_verified", "missing_scope"], 4),
        (["token_dead", "provider_not_enabled"], 3),
    ],
)
def test_the_code_is_the_one_to_be_expected(states, code):
    """What is known of accounts gives the code that the export would end with, in its order."""
    assert seen(skipped=tuple(map(skipped, states))).exit_code(None) == code
    unsaid = seen(skipped=tuple(map(skipped, states)), states={"unchecked": 1})  # Clerk failed to say of a token
    assert unsaid.exit_code(None) == (code if code == 3 else 5)


def test_a_free_target_is_opened_and_closed_and_nothing_more(target):
    """A preflight takes hold of the target and lets go of it: no run is begun."""
    found = target()
    assert standing(job(), []).error is None
    assert found.done == ["open", "close"]


@pytest.mark.parametrize("error", [TargetBusy("Another export writes there."), TargetError("It is read-only.")])
def test_a_target_that_cannot_be_had_is_told(target, error):
    """What keeps from writing is in the standing, and the target is let go of all the same."""
    found = target(error=error)
    told = standing(job(), [])
    assert told.error is error
    assert found.done == ["open", "close"]
    assert told.document()["error"]["code"] == error.code


def test_an_unfinished_run_waits(target):
    """A run that did not finish can be gone on with by the same job, and by no other."""
    target(RunState("run_1", job().asked, "merge", 1.0, "deadline", 2.0))
    told = standing(job(), [])
    assert (told.goes_on, told.differs, told.document()["unfinished"]) == (True, False, True)
    other = standing(job(mode="append"), [])
    assert (other.goes_on, other.differs) == (False, True)


def test_a_finished_run_does_not_wait(target):
    """After a run that finished there is nothing to go on with."""
    target(RunState("run_1", job().asked, "merge", 1.0, "finished", 2.0))
    told = standing(job(), [])
    assert (told.goes_on, told.differs, told.document()["unfinished"]) == (False, False, False)
    assert told.document()["last_run"]["id"] == "run_1"
