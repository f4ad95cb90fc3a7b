"""An export that is killed at any moment, and gone on with: what an undisturbed one gives, row for row."""

from __future__ import annotations

import os
import random
from contextlib import contextmanager
from dataclasses import replace

import pytest
from tests.export import lab
from tests.export.remembering import Remembering

import socialconnect as sc
from socialconnect.errors import TargetError
from socialconnect.export import batch, exporter, exports
from socialconnect.export.job import Job
from socialconnect.export.keeper import Keeper
from socialconnect.export.report import Traffic
from socialconnect.export.where import open_sink
from socialconnect.reading.typed import Page

LOCAL = ("sqlite", "duckdb", "parquet", "csv", "jsonl")
WORLD = lab.Asked("", users=12)


@pytest.fixture(scope="module")
def laboratory():
    """The process that forks one for each export."""
    opened = lab.Lab()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def undisturbed(laboratory, tmp_path_factory):
    """What every export should come to."""
    to = lab.places(tmp_path_factory.mktemp("whole"))["sqlite"]
    assert laboratory.run(replace(WORLD, to=to))["ending"] == "finished"
    return {name: lab.held(to, name) for name in WORLD.resources}


def survive(laboratory, undisturbed, asked, fresh):
    """Kill one export at steps that are chosen by lot: at any one, once more, and at last while it ends."""
    found = laboratory.run(replace(asked, to=fresh("whole")))
    for name, rows in undisturbed.items():
        assert lab.held(fresh("whole"), name).equals(rows)
    dice = random.Random(found["steps"])
    begun = found["steps"] - found["end"] - 1
    first = dice.randrange(begun // 4, begun * 3 // 4)
    moments = [{"kill": first}, {"kill": dice.randrange((begun - first) // 2)}]
    moments.append({"kill_end": dice.randrange(found["end"])})
    struck, verdict = lab.trial(laboratory, undisturbed, replace(asked, to=fresh("killed")), moments)
    assert not verdict, f"{verdict}: {moments}"
    assert struck == len(moments)


@pytest.mark.parametrize("kind", LOCAL)
def test_killed(laboratory, undisturbed, tmp_path, kind):
    """Killed anywhere, twice in a row, and while it ends: nothing is lost, nothing is doubled."""
    survive(laboratory, undisturbed, WORLD, lambda name: lab.places(tmp_path / name)[kind])


def test_killed_at_postgresql(laboratory, undisturbed, postgresql_server):
    """Likewise where the rows are a server's."""
    databases = {}

    def fresh(name):
        if name not in databases:
            opened = postgresql_server.database()
            databases[name] = opened.__enter__(), opened
        return databases[name][0]

    try:
        survive(laboratory, undisturbed, WORLD, fresh)
    finally:
        for _, opened in databases.values():
            opened.__exit__(None, None, None)


def test_killed_on_s3(laboratory, undisturbed, s3, monkeypatch):
    """Likewise where the files are objects of a store that renames none."""
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    asked = replace(WORLD, environment=s3.environment)
    survive(laboratory, undisturbed, asked, lambda name: f"{s3.url}{name}/")


@pytest.mark.parametrize("kind", [*LOCAL, "postgresql", "s3"])
def test_two_at_once(laboratory, tmp_path, kind, request, monkeypatch):
    """While one process exports to a target another is refused, is told which one that is, and harms nothing."""
    environment = {}
    if kind == "postgresql":
        to = request.getfixturevalue("postgresql")
    elif kind == "s3":
        bucket = request.getfixturevalue("s3")
        to, environment = f"{bucket.url}out/", bucket.environment
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
    else:
        to = lab.places(tmp_path)[kind]
    asked = replace(WORLD, to=to, users=6, resources=("github.emails",), environment=environment)
    laboratory.run(asked)
    before = lab.held(to, "github.emails")
    holding = open_sink(to, format=lab.form(to))
    holding.open(holding.datasets(), "merge")
    with pytest.raises(AssertionError, match=rf"TargetBusy: .*{os.getpid()}"):
        laboratory.run(asked)
    holding.close()
    assert lab.held(to, "github.emails").equals(before)
    assert laboratory.run(asked)["ending"] == "finished"


# -- what the engine keeps of an export that was broken off


@pytest.fixture
def sink(monkeypatch):
    """A sink that every export of the test goes to, which commits as often as it can."""
    sink = Remembering()

    @contextmanager
    def opened(job):
        del job
        yield sink, Keeper()

    monkeypatch.setattr(exports, "_open", opened)
    monkeypatch.setattr(exporter, "_EVERY", 0)
    return sink


@pytest.mark.parametrize("broken", range(2, 7))
def test_no_account_of_those_chosen_is_forgotten(sink, broken):
    """Who has two accounts and was broken off between them has both after going on, also where only ids were given."""
    client = sc.sandbox(users=200, seed=3)
    world = client.sandbox.world
    owners = [account.user for account in world.having("github", "healthy")]
    user = world.user_id(next(one for one in owners if owners.count(one) == 2))
    sink.breaks_at = broken
    with pytest.raises(TargetError):
        client.export(["github.profile", "github.emails"], "x", user, concurrency=1)
    sink.breaks_at = None
    report = client.export(["github.profile", "github.emails"], "x", user, concurrency=1, resume=True)
    assert [sum(tally.accounts.values()) for tally in report.resources] == [2, 2]
    assert len({row["external_account_id"] for row in sink.seen["github.profile"]}) == 2
    assert len({row["external_account_id"] for row in sink.seen["github.emails"]}) == 2


def test_what_is_read_later_counts():
    """Rows of a run that is gone on with come after those that an earlier process staged."""
    client = sc.sandbox(users=20)
    [part] = client.aio._parts(Job.make("github.profile", "x"), Traffic())
    sequences = []
    for _ in range(2):
        rows = batch.Batch([part], "r1")
        rows.take(part, ("ada", "a1"), Page(tuple([None, None] for _ in part.dataset.columns), 2), [])
        [table] = rows.swap()[0].values()
        sequences += table["_seq"].to_pylist()
    assert sequences == sorted(set(sequences))
    assert len(sequences) == 4
