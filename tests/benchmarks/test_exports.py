"""What an export costs: memory that does not grow with the users, and requests and commits that are counted."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

import socialconnect as sc
from socialconnect.export import batch, exports
from socialconnect.export.keeper import Keeper
from socialconnect.sandbox import github_listings, github_records

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from socialconnect.export.job import Job
    from socialconnect.export.sink import AccountState, Change, Dataset, Mode, RunState

_PUBLISHED = """
import resource, sys
from datetime import UTC, datetime
import pyarrow as pa
from socialconnect.export.files import FileSink
from socialconnect.export.schema import staged
from socialconnect.export.sink import AccountState, Change, Dataset, RunState
from socialconnect.reading.declare import Column

commits, to, mode = int(sys.argv[1]), sys.argv[2], sys.argv[3]
rows = 10_000
dataset = Dataset("acme.tasks", (Column("id", "Int64"), *(Column(f"text{n}", "string") for n in range(4))), ("id",))
now = datetime.now(UTC)
for run in ("r1", "r2"):
    sink = FileSink(to)
    sink.open([dataset], mode)
    sink.begin(RunState(run, "job", mode, 1.0), resume=False)
    for number in range(commits):
        user, first = f"user_{number}", number * rows
        values = {
            "user_id": [user] * rows, "external_account_id": ["eac"] * rows, "id": range(rows),
            **{f"text{n}": [f"{n} {place} of {run} {'x' * 80}" for place in range(rows)] for n in range(4)},
            "_run_id": [run] * rows, "_read_at": [now] * rows, "_deleted_at": [None] * rows,
            "_seq": range(first, first + rows),
        }
        table = pa.table({name: pa.array(values[name], staged(dataset).field(name).type) for name in values})
        state = AccountState("acme.tasks", user, "eac", run, "ok", at=1.0)
        sink.commit({"acme.tasks": table}, [Change(state, "whole")])
    sink.finish(RunState(run, "job", mode, 1.0, "finished", 2.0), ["acme.tasks"])
    sink.close()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


class Counting:
    """A sink that forgets what it is given, and counts how often it was given something."""

    def __init__(self) -> None:
        self.commits = 0
        self.values = 0

    def open(self, datasets: Sequence[Dataset], mode: Mode) -> RunState | None:
        """Nothing was there."""
        del datasets, mode
        return None

    def begin(self, run: RunState, *, resume: bool) -> None:
        """Nothing is to be done."""
        del run, resume

    def states(self, resource: str, user_id: str) -> Sequence[AccountState]:
        """Nothing is known."""
        del resource, user_id
        return []

    def commit(self, rows: Mapping[str, pa.Table], changes: Sequence[Change]) -> None:
        """One more."""
        del changes
        self.commits += 1
        self.values += sum(table.num_rows * table.num_columns for table in rows.values())

    def finish(self, run: RunState, listed: Collection[str]) -> None:
        """Nothing is to be done."""
        del run, listed

    def datasets(self) -> Sequence[Dataset]:
        """Nothing is there."""
        return []

    def rows(self, resource: str) -> Iterator[pa.RecordBatch]:
        """Nothing is there."""
        del resource
        yield from ()

    def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Counting:
    """What every export of the test goes to."""
    sink = Counting()

    @contextmanager
    def opened(job: Job) -> Iterator[tuple[Counting, Keeper]]:
        del job
        yield sink, Keeper()

    monkeypatch.setattr(exports, "_open", opened)
    return sink


def traced(work: Callable[[], object]) -> int:
    """The most memory that Python held for it at one time."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.usefixtures("sink")
def test_memory_does_not_grow_with_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading four times the users takes no more than a fifth more memory."""
    monkeypatch.setattr(batch, "_MOST", 10_000)
    monkeypatch.setattr(github_listings, "_repository", github_records.repository)  # the world's memory is its own
    client = sc.sandbox(users=2_000, seed=3, limits=False)
    assert client.sandbox is not None
    world = client.sandbox.world
    users = [world.user_id(one.user) for one in world.having("github", "healthy")]  # each has a page of them
    client.export("github.repos", "x", users[:50])  # what is loaded and built once
    some = traced(lambda: client.export("github.repos", "x", users[50:130]))
    many = traced(lambda: client.export("github.repos", "x", users[130:450]))
    # how many pages are under way at one time differs by a megabyte or two; the rows themselves would be twenty
    assert many < 1.2 * some + 2_000_000


@pytest.mark.parametrize("mode", ["replace", "merge"])
def test_publishing_does_not_hold_the_rows(tmp_path: Path, mode: str) -> None:
    """Putting four times the rows in the place of others takes no more than a fifth more memory."""

    def peak(commits: int) -> int:
        command = [sys.executable, "-c", _PUBLISHED, str(commits), f"{tmp_path}/{commits}", mode]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert peak(40) < 1.2 * peak(10)


def test_commits_do_not_grow_with_the_accounts(sink: Counting) -> None:
    """A commit comes for a million values, and every two seconds: not for each page, nor for each account."""
    report = sc.sandbox(users=300, seed=3).export(["github.repos", "google.profile"], "x")
    accounts = report.accounts.total()
    took = (report.ended_at - report.started_at).total_seconds()
    assert accounts > 400
    assert sink.commits <= sink.values / 1_000_000 + took / 2 + 2


@pytest.mark.usefixtures("sink")
def test_requests_are_no_more_than_needed() -> None:
    """Of each account a token, whatever is read of it, and a request for each page of each resource."""
    report = sc.sandbox(users=200, seed=3).export(["google.profile", "google.contacts"], "x")
    hosts, accounts = report.traffic.hosts, report.resources[0].accounts.total()
    assert hosts["api.clerk.com"] <= 1.2 * accounts + 200 / 100 + 1  # some first tokens are dead; pages of users
    assert hosts["www.googleapis.com"] <= 1.2 * accounts
    assert hosts["people.googleapis.com"] <= 1.2 * accounts
