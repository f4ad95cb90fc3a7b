"""The words of the contract: datasets, rows, states and runs as a test says them, and what readers see."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from socialconnect.export.schema import schema, staged
from socialconnect.export.sink import AccountState, Change, Dataset, RunState
from socialconnect.reading.declare import Column

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
TASKS = Dataset("acme.tasks", (Column("id", "Int64"), Column("title", "string")), key=("id",))
NOTES = Dataset("acme.notes", (Column("text", "string"),))
STEPS = Dataset("acme.steps", (Column("list", "string"), Column("id", "string"), Column("n", "Int64")), ("list", "id"))
KINDS = Dataset(
    "acme.kinds",
    (
        Column("id", "string"),
        Column("text", "string"),
        Column("state", "category"),
        Column("count", "Int64"),
        Column("share", "Float64"),
        Column("open", "boolean"),
        Column("at", "datetime"),
        Column("tags", "list"),
        Column("raw", "json"),
        Column("select", "string"),  # names that databases have a use for themselves
        Column("Größe in %", "Int64"),
        Column('a"b', "string"),
    ),
    key=("id",),
)
_numbers = itertools.count(1)


def table(dataset, *rows, user="ada", account="a1", run="r1"):
    """Rows for a commit: dicts, with what they lack as NA; each has a higher sequence than the one before."""
    lead = {"user_id": user, "external_account_id": account, "_run_id": run, "_read_at": NOON}
    names = staged(dataset).names
    dicts = [{**lead, "_seq": next(_numbers), **row} for row in rows]
    return pa.Table.from_pylist([{name: row.get(name) for name in names} for row in dicts], schema=staged(dataset))


def tasks(*ids, title="", **lead):
    return {"acme.tasks": table(TASKS, *({"id": one, "title": title or f"task {one}"} for one in ids), **lead)}


def state(*, user="ada", account="a1", resource="acme.tasks", run="r1", at=NOON, **more):
    return AccountState(resource, user, account, run, at=at.timestamp(), **more)


def ended(verdict="whole", **of):
    return Change(state(status="ok", **of), verdict)


def running(name="r1", mode="replace", **more):
    return RunState(name, "job", mode, 1777636800.0, **more)


def opened(make, *datasets, mode="replace", run="r1", resume=False):
    sink = make()
    sink.open(datasets or (TASKS,), mode)
    sink.begin(running(run, mode), resume=resume)
    return sink


def seen(sink, dataset=TASKS):
    """Every row that readers see, as dicts; their types are those of the dataset."""
    batches = list(sink.rows(dataset.resource))
    assert all(batch.schema.equals(schema(dataset)) for batch in batches)
    rows = pa.Table.from_batches(batches, schema(dataset)).to_pylist()
    return sorted(rows, key=lambda row: tuple((value is not None, str(value)) for value in row.values()))


def ids(sink, dataset=TASKS):
    return [(row["user_id"], row["external_account_id"], row["id"]) for row in seen(sink, dataset)]


def titles(sink):
    return {row["id"]: row["title"] for row in seen(sink)}


def gone(sink):
    return {row["id"]: row["_deleted_at"] for row in seen(sink) if row["_deleted_at"]}
