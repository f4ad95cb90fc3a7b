"""The loop that exports: what it commits, what it goes on with, and how it ends."""

import asyncio
import itertools
from contextlib import contextmanager
from datetime import timedelta

import pytest
from tests.export.remembering import Remembering

import socialconnect as sc
from socialconnect.errors import ProviderNotEnabled, TargetError, UsageError
from socialconnect.export import batch, exporter, exports
from socialconnect.export.keeper import Keeper
from socialconnect.export.report import report_of
from socialconnect.runs.account import AccountReader

RESOURCES = ["github.repos", "github.emails", "google.profile"]
WHEN = {"_run_id", "_read_at", "_deleted_at", "_seq"}


@pytest.fixture
def sink(monkeypatch):
    """A sink that every export of the test goes to."""
    sink = Remembering()

    @contextmanager
    def opened(job):
        del job
        yield sink, Keeper()

    monkeypatch.setattr(exports, "_open", opened)
    return sink


@pytest.fixture
def often(monkeypatch):
    """Commits after every few pages, as a long export has many."""
    monkeypatch.setattr(batch, "_MOST", 1)


def rows(sink):
    """What readers see, in an order of its own and without when it was read."""
    return {
        name: sorted(repr([value for column, value in row.items() if column not in WHEN]) for row in found)
        for name, found in sink.seen.items()
    }


def test_every_row_of_a_run_is_there(sink):
    """An export holds what reading the resource gives, for every account, and the report counts it."""
    client = sc.sandbox(users=60)
    report = client.export(RESOURCES, "x")
    for tally in report.resources:
        run = client.read(tally.resource, on_error="ignore")
        assert sorted(row["external_account_id"] for row in sink.seen[tally.resource]) == sorted(
            run.frame["external_account_id"]
        )
        assert dict(tally.accounts) == run.outcomes["status"].value_counts().loc[lambda counts: counts > 0].to_dict()
        assert tally.rows == len(run.frame)


@pytest.mark.usefixtures("sink")
def test_tokens_are_asked_for_once():
    """Two resources of one provider share the token that Clerk gives for each user."""
    client = sc.sandbox(users=40)
    one = client.export("github.emails", "x").traffic.hosts["api.clerk.com"]
    two = client.export(["github.emails", "github.profile"], "x").traffic.hosts["api.clerk.com"]
    # a token that GitHub refuses is asked for again by each
    assert one <= two <= one + 10


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize("broken", [1, 2, 3, 5, 8, 13, 21])
def test_a_broken_run_is_gone_on_with(sink, broken):
    """Whatever commit an export breaks at, going on with it gives what an undisturbed one gives, row for row."""
    whole = sc.sandbox(users=40, seed=3)
    whole.export(RESOURCES, "x", concurrency=4)
    expected, commits = rows(sink), sink.commits
    assert commits > 21
    sink.__init__(breaks_at=broken)
    client = sc.sandbox(users=40, seed=3)
    with pytest.raises(TargetError, match="The disk is full") as failed:
        client.export(RESOURCES, "x", concurrency=4)
    report = report_of(failed.value)
    assert report is not None
    assert report.ending == "stopped"
    assert report.traffic.requests > 0
    sink.breaks_at = None
    report = client.export(RESOURCES, "x", resume=True)
    assert report.resumed
    assert rows(sink) == expected
    assert sum(sum(tally.accounts.values()) for tally in report.resources) == len(sink.kept)


@pytest.mark.usefixtures("often")
def test_going_on_begins_at_the_page(sink):
    """An account that was broken off in its pages goes on behind the last one that was kept."""
    client = sc.sandbox(users=200, seed=3)
    client.export("github.repos", "x")
    large = max(
        {row["user_id"] for row in sink.seen["github.repos"]},
        key=lambda user: sum(row["user_id"] == user for row in sink.seen["github.repos"]),
    )
    whole = [row for row in sink.seen["github.repos"] if row["user_id"] == large]
    assert len(whole) > 100
    sink.__init__(breaks_at=2)
    with pytest.raises(TargetError):
        client.export("github.repos", "x", large)
    [kept] = sink.kept.values()
    assert kept.status == "reading"
    assert kept.place is not None
    assert kept.rows == kept.place.rows == 100
    sink.breaks_at = None
    with sc.trace() as trace:
        client.export("github.repos", "x", large, resume=True)
    pages = -(-len(whole) // 100)
    assert sum(sent.provider == "github" for sent in trace.last) == pages - 1
    assert len(sink.seen["github.repos"]) == len(whole)


@pytest.mark.usefixtures("often")
def test_a_run_that_is_not_gone_on_with_begins_anew(sink):
    """Without resume nothing of a broken run is left: what was staged goes, and every account is read again."""
    client = sc.sandbox(users=40, seed=3)
    sink.breaks_at = 5
    with pytest.raises(TargetError):
        client.export("github.repos", "x")
    sink.breaks_at = None
    report = client.export("github.repos", "x")
    assert not report.resumed
    assert not any(sink.staged.values())
    assert all(row["_run_id"] == report.id for row in sink.seen["github.repos"])


@pytest.mark.usefixtures("often")
def test_another_job_is_not_gone_on_with(sink):
    """What was asked for must be the same on going on; else a sentence says so and nothing is touched."""
    client = sc.sandbox(users=40, seed=3)
    sink.breaks_at = 5
    with pytest.raises(TargetError):
        client.export("github.repos", "x")
    before = sink.commits
    with pytest.raises(UsageError, match="another job"):
        client.export(RESOURCES, "x", resume=True)
    assert sink.commits == before


def test_trouble_is_tried_again(sink):
    """Accounts that another try may mend are read again on going on, they alone, and the report counts all."""
    client = sc.sandbox(users=40, seed=3)
    client.export("github.profile", "x")
    expected = rows(sink)
    sink.__init__()
    report = sc.sandbox(users=40, seed=3, faults=["github:malformed x3"]).export("github.profile", "x")
    assert report.ending == "troubled"
    assert report.exit_code == 6
    assert report.resources[0].reasons["malformed_response"] == 3
    with sc.trace() as trace:
        again = client.export("github.profile", "x", resume=True)
    assert again.ending == "finished"
    assert again.id == report.id
    assert sum(sent.provider == "github" for sent in trace.last) == 3
    assert rows(sink) == expected
    assert sum(again.resources[0].accounts.values()) == sum(report.resources[0].accounts.values())


@pytest.mark.usefixtures("sink")
def test_trouble_of_long_ago_is_no_reason_not_to_begin_anew(monkeypatch):
    """A run that came to everybody is gone on with for some hours; the next night begins a new one."""
    client = sc.sandbox(users=40, seed=3, faults=["github:malformed x3"])
    report = client.export("github.profile", "x")
    monkeypatch.setattr(exports, "RETRY_WITHIN", timedelta(0))
    assert client.export("github.profile", "x", resume=True).id != report.id


@pytest.mark.looptime
def test_a_deadline_ends_it_in_good_order(sink, monkeypatch):
    """At its deadline an export keeps what was read and says so; going on brings the rest."""
    client = sc.sandbox(users=40, seed=3, faults=["github:slow x40"])
    monkeypatch.setattr(exporter, "_EVERY", 0.01)
    report = client.export(RESOURCES, "x", deadline=timedelta(milliseconds=1), concurrency=2)
    assert (report.ending, report.exit_code) == ("deadline", 8)
    assert sink.run.status == "deadline"
    assert sink.finished[-1][1] == []
    again = client.export(RESOURCES, "x", resume=True)
    assert again.ending == "finished"
    assert again.id == report.id


@pytest.mark.usefixtures("sink")
def test_too_many_errors_stop_it():
    """Once more accounts failed than the job allows it stops; accounts that their owners must mend do not count."""
    client = sc.sandbox(users=60, seed=3, faults=["github:malformed x20"])
    report = client.export("github.profile", "x", max_errors=5)
    assert report.ending == "stopped"
    assert report.exit_code == 5
    assert "more than max_errors" in report.error
    owners = sc.sandbox(users=60, seed=3).export("github.profile", "x", max_errors=0)
    assert owners.exit_code == 4
    assert owners.ending == "finished"


def test_who_is_gone_is_told_only_when_everybody_was_listed(sink):
    """Accounts that were not come to are gone where all were asked for, and left alone where some were."""
    client = sc.sandbox(users=10)
    users = client.users()["user_id"].tolist()
    client.export("github.profile", "x", users[:3])
    client.export("github.profile", "x")
    assert [listed for _, listed in sink.finished] == [[], ["github.profile"]]


def test_a_disconnected_account_goes(sink):
    """Rows of an account that its user has disconnected are taken away with it."""
    client = sc.sandbox(users=20)
    client.export("github.profile", "x", mode="replace")
    user = sink.seen["github.profile"][0]["user_id"]
    client.disconnect(user, "github", confirm=True)
    client.export("github.profile", "x", [user], mode="replace")
    assert user not in {row["user_id"] for row in sink.seen["github.profile"]}


def test_unchanged_data_write_no_rows(sink):
    """A second incremental export of what has not changed hands over no row to be written."""
    client = sc.sandbox(users=40, seed=3)
    client.export(RESOURCES, "x", incremental=True)
    before = rows(sink)
    ids = {row["_run_id"] for found in sink.seen.values() for row in found}
    client.export(RESOURCES, "x", incremental=True)
    assert {row["_run_id"] for found in sink.seen.values() for row in found} == ids
    assert rows(sink) == before


def test_one_provider_that_is_off_does_not_stop_the_others(sink, monkeypatch):
    """A provider that the instance does not offer is told, with the code for it, and the others are exported."""
    client = sc.sandbox(users=20)

    async def off(self, user_id, outcome):
        if self.provider == "google":
            raise ProviderNotEnabled("google is not enabled.", cure="Enable it.")
        return await tokens(self, user_id, outcome)

    tokens = AccountReader.tokens
    monkeypatch.setattr(AccountReader, "tokens", off)
    report = client.export(RESOURCES, "x")
    assert report.exit_code == 3
    assert sink.seen["github.repos"]
    assert not sink.seen["google.profile"]


def test_an_interrupt_loses_nothing(sink, monkeypatch):
    """A run that is cancelled makes safe what was read, lets go of the target, and can be gone on with."""
    monkeypatch.setattr(batch, "_MOST", 10**9)

    async def main():
        client = sc.sandbox(users=40, seed=3).aio
        came = asyncio.Event()
        counter = itertools.count()
        task = asyncio.create_task(
            client.export("github.repos", "x", watch=lambda _: came.set() if next(counter) == 10 else None)
        )
        await came.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert not sink.opened
    assert sum(state.status != "reading" for state in sink.kept.values()) >= 10
    report = sc.sandbox(users=40, seed=3).export("github.repos", "x", resume=True)
    assert report.resources[0].earlier >= 10


def test_personal_data_reach_no_sink(sink, monkeypatch):
    """With `personal="drop"` no personal column is handed over; hashed, no value of one is."""
    client = sc.sandbox(users=30)
    client.export("google.profile", "x", personal="drop")
    assert "email" not in sink.seen["google.profile"][0]
    assert "locale" not in sink.seen["google.profile"][0]
    sink.__init__()
    emails = set(client.google.profile(on_error="ignore")["email"].dropna())
    monkeypatch.setenv("SOCIALCONNECT_HASH_KEY", "x" * 40)
    sc.sandbox(users=30).export("google.profile", "x", personal="hash")
    told = repr(sink.seen) + repr(sink.kept)
    assert emails
    assert not [email for email in emails if email in told]


@pytest.mark.usefixtures("sink")
def test_a_cache_would_keep_personal_data():
    """Personal data that are not to be written are not exported past a cache that keeps whole answers."""
    client = sc.sandbox(users=3)
    client.aio._wire.cache = object()
    with pytest.raises(UsageError, match="cache"):
        client.export("google.profile", "x", personal="drop")


@pytest.mark.parametrize(("personal", "kept"), [("keep", True), ("drop", False)])
def test_no_mark_is_kept_of_a_personal_parent(sink, personal, kept):
    """Of calendars, whose ids are addresses, nothing is kept from which one could be guessed, if that is asked for."""
    client = sc.sandbox(users=20)
    client.export("google.events", "x", personal=personal, mode="append")
    assert any(state.marks for state in sink.kept.values()) is kept


@pytest.mark.usefixtures("often")
def test_a_page_is_not_gone_on_with_under_another_key(sink, monkeypatch):
    """Where the key for hashing has changed meanwhile, an account is read from its beginning, all of it by the new."""
    monkeypatch.setenv("SOCIALCONNECT_HASH_KEY", "a" * 40)
    whole = sc.sandbox(users=200, seed=3).read("github.repos", on_error="ignore").frame
    large = whole["user_id"].value_counts().index[0]
    sink.breaks_at = 2
    with pytest.raises(TargetError):
        sc.sandbox(users=200, seed=3).export("github.repos", "x", large, personal="hash")
    [kept] = sink.kept.values()
    assert kept.place is not None
    sink.breaks_at = None
    monkeypatch.setenv("SOCIALCONNECT_HASH_KEY", "b" * 40)
    sc.sandbox(users=200, seed=3).export("github.repos", "x", large, personal="hash", resume=True)
    found = sink.seen["github.repos"]
    assert len(found) == (whole["user_id"] == large).sum()
    assert len({row["owner_login"] for row in found}) == whole.loc[whole["user_id"] == large, "owner_login"].nunique()
