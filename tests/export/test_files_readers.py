"""What stands where an export to files went: as pandas, Arrow, DuckDB and people read it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import duckdb
import pandas as pd
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from tests.export.contract_words import NOON, TASKS, ended, ids, opened, running, seen, state, table, tasks

from socialconnect.errors import SchemaChanged, UsageError
from socialconnect.export.files import FileSink, output
from socialconnect.export.sink import Change, Dataset
from socialconnect.reading.declare import Column

NEXT = NOON + timedelta(days=1)


@pytest.fixture
def to(tmp_path):
    return tmp_path / "out"


def export(to, *commits, mode="merge", run="r1", kind="parquet", datasets=(TASKS,), listed=()):
    sink = FileSink(str(to), kind)
    sink.open(datasets, mode)
    sink.begin(running(run, mode), resume=False)
    for rows, changes in commits:
        sink.commit(rows, changes)
    sink.finish(running(run, mode, status="finished", ended_at=1.0), listed)
    sink.close()


def on(day, *numbers, user="ada", run="r1", dataset=TASKS, **values):
    rows = ({"id": one, "title": f"task {one}", "_read_at": day, **values} for one in numbers)
    return {dataset.resource: table(dataset, *rows, user=user, run=run)}


def files(to):
    """Every file that readers see, by its path, with what tells whether it was written again."""
    found = (path for path in to.rglob("*") if path.is_file() and ".socialconnect" not in path.parts)
    return {path.relative_to(to).as_posix(): path.stat().st_ino for path in found}


def test_a_dataset_by_day(to):
    """Rows stand in the folder of the day on which they were read, and everybody's readers find them."""
    export(to, (on(NOON, 1, 2), []), (on(NEXT, 3), [ended()]))
    days = {"acme.tasks/date=2026-05-01/part-r1-0.parquet", "acme.tasks/date=2026-05-02/part-r1-1.parquet"}
    assert set(files(to)) == days
    frame = pd.read_parquet(to / "acme.tasks")
    assert sorted(zip(frame["id"], frame["date"].astype(str), strict=True)) == [
        (1, "2026-05-01"),
        (2, "2026-05-01"),
        (3, "2026-05-02"),
    ]
    assert ds.dataset(to / "acme.tasks", partitioning="hive").count_rows() == 3
    query = f"SELECT count(*), min(date)::VARCHAR FROM read_parquet('{to}/**/*.parquet', hive_partitioning=true)"
    assert duckdb.sql(query).fetchall() == [(3, "2026-05-01")]
    assert pq.ParquetFile(next(to.rglob("*.parquet"))).metadata.row_group(0).column(0).compression == "ZSTD"


def test_staged_rows_are_in_nobodys_way(to):
    """What is staged is not found by who reads every Parquet file below a folder."""
    sink = opened(lambda: FileSink(str(to)), mode="merge")
    sink.commit(tasks(1), [ended()])
    sink.finish(running(mode="merge"), [])
    sink.commit(tasks(2, user="bob"), [Change(state(user="bob"))])
    assert duckdb.sql(f"SELECT count(*) FROM read_parquet('{to}/**/*.parquet')").fetchall() == [(1,)]
    sink.close()


def test_a_resource_with_a_date(to):
    """Where a resource has a column `date`, its folders are named otherwise, so that it can be read."""
    dated = Dataset("acme.bills", (Column("id", "Int64"), Column("date", "string")), ("id",))
    rows = {"acme.bills": table(dated, {"id": 1, "date": "2020-01-01"})}
    export(to, (rows, [ended(resource="acme.bills")]), datasets=[dated])
    frame = pd.read_parquet(to / "acme.bills")
    assert frame[["date", "read_date"]].astype(str).to_numpy().tolist() == [["2020-01-01", "2026-05-01"]]
    wider = Dataset(TASKS.resource, (*TASKS.columns, Column("date", "string")), TASKS.key)
    export(to)
    with pytest.raises(SchemaChanged, match="date"):
        FileSink(str(to)).open([wider], "merge")


def test_appending_rewrites_nothing(to):
    """An export that appends adds files; those that are there stay as they are."""
    export(to, (on(NOON, 1), [ended()]), mode="append")
    before = files(to)
    export(to, (on(NOON, 1, run="r2"), [ended()]), mode="append", run="r2")
    assert before.items() < files(to).items()


@pytest.mark.parametrize("mode", ["merge", "replace"])
def test_only_files_concerned_are_rewritten(to, mode):
    """Files without a row of those that change stay as they are; the others go when their rows are elsewhere."""
    export(to, (on(NOON, 1), [ended()]), (on(NEXT, 1, 2, user="bob"), [ended(user="bob")]), mode=mode)
    before = files(to)
    later = NEXT + timedelta(days=1)
    export(to, (on(later, 1, 2, user="bob", run="r2"), [ended(user="bob")]), mode=mode, run="r2")
    assert set(before) - set(files(to)) == {"acme.tasks/date=2026-05-02/part-r1-1.parquet"}
    assert set(files(to)) - set(before) == {"acme.tasks/date=2026-05-03/part-r2-2.parquet"}


def test_an_unchanged_run_writes_nothing(to):
    """Where nothing came there is no file, and none is written again."""
    export(to, ({}, [ended()]))
    assert files(to) == {}
    export(to, (on(NOON, 1), [ended()]))
    before = files(to)
    export(to, ({}, [ended("unchanged", run="r2")]), run="r2", listed=["acme.tasks"])
    assert files(to) == before


def test_large_datasets_are_several_files(to, monkeypatch):
    """A file that has grown large is ended and another begun, each with a name of its own."""
    monkeypatch.setattr(output, "MOST_ROWS", 2)
    export(to, (on(NOON, 1, 2), []), (on(NOON, 3, 4), []), (on(NOON, 5), [ended()]))
    assert [name.rpartition("/")[2] for name in sorted(files(to))] == [f"part-r1-{n}.parquet" for n in range(3)]
    assert len(pd.read_parquet(to / "acme.tasks")) == 5


def test_csv_as_people_read_it(to):
    """In CSV, NA is an empty field, the empty text is quoted, lists are JSON, and times are ISO 8601."""
    kinds = Dataset("acme.kinds", (Column("id", "Int64"), Column("text", "string"), Column("tags", "list")), ("id",))
    rows = table(kinds, {"id": 1, "text": ""}, {"id": 2, "tags": ["a", 'b"c']})
    export(to, ({"acme.kinds": rows}, [ended(resource="acme.kinds")]), kind="csv", datasets=[kinds])
    assert (to / "acme.kinds.csv").read_text("utf-8").splitlines() == [
        '"user_id","external_account_id","id","text","tags","_run_id","_read_at","_deleted_at"',
        '"ada","a1",1,"",,"r1",2026-05-01T12:00:00.000000Z,',
        '"ada","a1",2,,"[""a"",""b\\""c""]","r1",2026-05-01T12:00:00.000000Z,',
    ]


def test_json_lines_as_people_read_it(to):
    """In JSON lines, NA is null and times are ISO 8601."""
    export(to, (on(NOON, 1, title=None), [ended()]), kind="jsonl")
    assert (to / "acme.tasks.jsonl").read_text("utf-8") == (
        '{"user_id":"ada","external_account_id":"a1","id":1,"title":null,"_run_id":"r1",'
        '"_read_at":"2026-05-01T12:00:00.000000Z","_deleted_at":null}\n'
    )


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_rows_longer_than_what_is_read_at_once(to, kind):
    """A text of megabytes comes back, and so do the rows before and behind it, each once."""
    long = "line\n" * 700_000
    for run in ("r1", "r2"):
        rows = {"acme.tasks": table(TASKS, *({"id": one, "title": long if one == 3 else "x"} for one in range(6)))}
        export(to, (rows, [ended("changes")]), kind=kind, run=run, mode="append" if run == "r1" else "merge")
    found = seen(FileSink(str(to), kind))
    assert [(row["id"], len(row["title"])) for row in found] == [
        (one, len(long) if one == 3 else 1) for one in range(6)
    ]


@pytest.mark.parametrize("mode", ["append", "merge"])
def test_a_new_column_of_a_csv(to, mode):
    """A file with a header is written again with the new one, and the rows below it stand where they belong."""
    export(to, (on(NOON, 1), [ended()]), kind="csv", mode=mode)
    wider = Dataset(TASKS.resource, (Column("new", "string"), *TASKS.columns), TASKS.key)
    rows = on(NOON, 2, dataset=wider, new="x")
    export(to, (rows, [ended("changes")]), kind="csv", mode=mode, datasets=[wider])
    frame = pd.read_csv(to / "acme.tasks.csv").sort_values("id")
    assert frame[["new", "id", "title"]].fillna("NA").to_numpy().tolist() == [["NA", 1, "task 1"], ["x", 2, "task 2"]]


@pytest.mark.parametrize("mode", ["append", "merge"])
@pytest.mark.parametrize("kind", ["parquet", "csv", "jsonl"])
def test_one_file(tmp_path, kind, mode):
    """One file holds one resource, and what belongs to it stands hidden beside it."""
    make = lambda: FileSink(str(tmp_path), kind, single=f"x.{kind}")  # noqa: E731 - as the contract has it
    for user in ("ada", "bob"):
        sink = opened(make, mode=mode)
        sink.commit(tasks(1, user=user), [ended(user=user)])
        sink.finish(running(mode=mode, status="finished", ended_at=1.0), [])
        sink.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == [f".x.{kind}.socialconnect", f"x.{kind}"]
    assert ids(make()) == [("ada", "a1", 1), ("bob", "a1", 1)]
    with pytest.raises(UsageError, match="one resource"):
        make().open([TASKS, Dataset("acme.x", TASKS.columns)], "merge")
    with pytest.raises(UsageError, match=r"holds acme\.tasks"):
        make().open([Dataset("acme.x", TASKS.columns)], "merge")


@pytest.mark.parametrize(("kind", "name"), [("parquet", "acme.tasks/old.parquet"), ("csv", "acme.tasks.csv")])
def test_files_of_others(to, kind, name):
    """What no export wrote is not touched, and said by name; hidden files and other folders do not matter."""
    (to / name).parent.mkdir(parents=True)
    (to / name).write_bytes(b"mine")
    with pytest.raises(UsageError, match=name):
        FileSink(str(to), kind).open([TASKS], "merge")
    assert (to / name).read_bytes() == b"mine"
    (to / name).rename((to / name).with_name(".hidden"))
    export(to, (on(NOON, 1), [ended()]), kind=kind)


def test_another_format(to):
    """A folder of one format is not gone on with in another."""
    export(to, (on(NOON, 1), [ended()]), kind="csv")
    with pytest.raises(UsageError, match="csv"):
        FileSink(str(to)).open([TASKS], "merge")


def test_files_that_were_taken_away(to):
    """Whoever removes a day's file has removed its rows; the next export goes on with the others."""
    export(to, (on(NOON, 1), [ended()]), (on(NEXT, 2, user="bob"), [ended(user="bob")]))
    next(to.rglob("date=2026-05-01/*")).unlink()
    export(to, (on(NEXT, 3, user="cyd"), [ended(user="cyd")]), run="r2")
    assert [row[2] for row in ids(FileSink(str(to)))] == [2, 3]


def test_reading_while_another_writes(to):
    """Reading takes no hold, and sees what was published; who asks for what is not there is told what is."""
    sink = opened(lambda: FileSink(str(to)), mode="merge")
    sink.commit(tasks(1), [ended()])
    sink.finish(running(mode="merge"), [])
    sink.commit(tasks(2), [ended("changes")])
    reader = FileSink(str(to))
    assert [row[2] for row in ids(reader)] == [1]
    assert list(reader.datasets()) == [TASKS]
    with pytest.raises(UsageError, match=r"acme\.tasks"):
        list(reader.rows("acme.nothing"))
    assert [row[2] for row in ids(sink)] == [1, 2]
    sink.close()


def test_the_log_is_folded(to):
    """At the end of a run one file is left of the log, and no staged row of what was published."""
    export(to, (on(NOON, 1), [ended()]), (on(NEXT, 2), [ended("changes")]))
    left = sorted(path.name for path in (to / ".socialconnect").rglob("*") if path.is_file())
    assert [name for name in left if name != "lock"] == ["state-000000000009.jsonl.gz"]
    assert len(seen(FileSink(str(to)))) == 2


def test_old_moments_keep_their_day(to):
    """A row that is marked stays in the folder of the day on which it was read."""
    export(to, (on(NOON, 1), [ended()]))
    export(to, ({}, [ended(at=datetime(2027, 1, 1, tzinfo=UTC))]), run="r2")
    assert set(files(to)) == {"acme.tasks/date=2026-05-01/part-r2-1.parquet"}
