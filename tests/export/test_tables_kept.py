"""Tables that are not as an export left them, and what is special to one kind of database."""

from __future__ import annotations

import contextlib
import sqlite3

import duckdb
import psycopg
import pytest
from tests.export import tables
from tests.export.contract_words import NOTES, TASKS, ended, ids, opened, running, table, tasks, titles
from tests.export.tables import one

from socialconnect.errors import DamagedState, TargetError
from socialconnect.export.sink import Dataset
from socialconnect.export.tables.sink import TableSink
from socialconnect.reading.declare import Column

url, file, query = tables.url, tables.file, tables.query  # fixtures

# -- tables that are not as they were left


def test_a_table_of_somebody_else(url, query):
    """A table with a dataset's name that no export made is not touched."""
    query("CREATE TABLE acme_tasks (id INTEGER, note TEXT)")
    query("INSERT INTO acme_tasks VALUES (1, 'mine')")
    with pytest.raises(TargetError, match=r"acme_tasks that no export made.*Rename it"):
        TableSink(url).open([TASKS], "replace")
    assert [tuple(row) for row in query("SELECT * FROM acme_tasks")] == [(1, "mine")]


def test_a_state_that_cannot_be_read(url, query):
    """Progress that cannot be read is told of before anything is fetched; the cure cures, and rows stay."""
    one(url, 1)
    query("UPDATE _socialconnect_accounts SET state = '{\"resource\": 7'")
    with pytest.raises(DamagedState, match=r"of acme.tasks for ada in _socialconnect_accounts.*without --resume"):
        TableSink(url).open([TASKS], "replace")
    reader = TableSink(url)
    with pytest.raises(DamagedState):
        reader.states("acme.tasks", "ada")
    reader.close()
    query("DELETE FROM _socialconnect_accounts WHERE resource = 'acme.tasks'")
    sink = opened(lambda: TableSink(url))
    assert ids(sink) == [("ada", "a1", 1)]
    sink.close()


@pytest.mark.parametrize(("kept", "column"), [("runs", "run"), ("datasets", "dataset"), ("datasets", "dtypes")])
def test_what_is_kept_cannot_be_read(url, query, kept, column):
    """A run or a dataset that cannot be read is told of."""
    one(url, 1)
    query(f"UPDATE _socialconnect_{kept} SET {column} = 'x'")
    with pytest.raises(DamagedState, match=f"_socialconnect_{kept}.*backup"):
        TableSink(url).open([TASKS], "replace")


@pytest.mark.parametrize("name", ["_socialconnect_accounts", "_socialconnect_staged_acme_tasks", "acme_tasks"])
def test_a_table_that_is_missing(url, query, name):
    """A table that is gone from beside the others is told of; what is left is not touched."""
    one(url, 1)
    query(f"DROP TABLE {name}")
    with pytest.raises(DamagedState, match=name):
        TableSink(url).open([TASKS], "replace")
    if name != "acme_tasks":
        assert [row[0] for row in query("SELECT id FROM acme_tasks")] == [1]


def test_all_that_was_kept_is_missing(url, query):
    """Rows whose progress is gone are not written over; when they are moved away, an export begins anew."""
    one(url, 1)
    for name in ("accounts", "datasets", "ended", "runs"):
        query(f"DROP TABLE _socialconnect_{name}")
    with pytest.raises(DamagedState, match="rename acme_tasks"):
        TableSink(url).open([TASKS], "replace")
    query("ALTER TABLE acme_tasks RENAME TO before")
    one(url, 2)
    assert [row[0] for row in query("SELECT id FROM before")] == [1]
    assert [row[0] for row in query("SELECT id FROM acme_tasks")] == [2]


def test_a_column_of_another_type_is_renamed(url, query):
    """A column that was renamed, as a SchemaChanged says, is made anew with its new type."""
    one(url, 1)
    for name in ("acme_tasks", "_socialconnect_staged_acme_tasks"):
        query(f"ALTER TABLE {name} RENAME COLUMN title TO before")
    other = Dataset("acme.tasks", (Column("id", "Int64"), Column("title", "list")), ("id",))
    sink = opened(lambda: TableSink(url), other)
    sink.commit({"acme.tasks": table(other, {"id": 2, "title": ["x"]}, user="bob")}, [ended(user="bob")])
    rows = [row for batch in sink.rows("acme.tasks") for row in batch.to_pylist()]
    assert [(row["id"], row["title"]) for row in rows] == [(1, None), (2, ["x"])]
    sink.close()


# -- what is special to one kind


def test_nul_in_postgresql(postgresql):
    """PostgreSQL's texts have no NUL character: one becomes U+FFFD, in a list and in a key too."""
    kinds = Dataset("acme.kinds", (Column("id", "string"), Column("tags", "list")), ("id",))
    sink = opened(lambda: TableSink(postgresql), kinds, mode="merge")
    for _ in range(2):
        row = table(kinds, {"id": "a\0b", "tags": ["\0", None, "x"]})
        sink.commit({"acme.kinds": row}, [ended(resource="acme.kinds")])
    rows = [row for batch in sink.rows("acme.kinds") for row in batch.to_pylist()]
    assert [(row["id"], row["tags"]) for row in rows] == [("a\ufffdb", ["\ufffd", None, "x"])]
    sink.close()


def test_nul_in_files(file):
    """SQLite and DuckDB keep a NUL character."""
    sink = opened(lambda: TableSink(file), NOTES)
    sink.commit({"acme.notes": table(NOTES, {"text": "a\0b"})}, [ended(resource="acme.notes")])
    assert [row["text"] for batch in sink.rows("acme.notes") for row in batch.to_pylist()] == ["a\0b"]
    sink.close()


def test_a_long_key(url):
    """A key may be longer than what an index of the database takes."""
    keyed = Dataset("acme.keyed", (Column("id", "string"), Column("n", "Int64")), ("id",))
    text = "".join(f"{number:x}" for number in range(20_000))
    sink = opened(lambda: TableSink(url), keyed, mode="merge")
    for count in range(2):
        rows = table(keyed, {"id": text, "n": count}, {"id": f"{text}x", "n": count})
        sink.commit({"acme.keyed": rows}, [ended(resource="acme.keyed")])
    assert [row["n"] for batch in sink.rows("acme.keyed") for row in batch.to_pylist()] == [1, 1]
    sink.close()


def test_changes_in_replaced_rows(url):
    """Where only changes came, `replace` puts them in their place and leaves the other rows."""
    sink = opened(lambda: TableSink(url))
    sink.commit(tasks(1, 2), [ended()])
    sink.commit(tasks(2, 3, title="new"), [ended("changes")])
    assert titles(sink) == {1: "task 1", 2: "new", 3: "new"}
    assert len(ids(sink)) == 3
    sink.close()


def test_native_types(postgresql, tmp_path):
    """Where a database has times with a zone and arrays of texts, they are that; SQLite's times sort as texts."""
    look = "SELECT data_type FROM information_schema.columns WHERE table_name = 'acme_kinds' AND column_name = '{}'"
    kinds = Dataset("acme.kinds", (Column("at", "datetime"), Column("tags", "list"), Column("n", "Int64")))
    duck = f"duckdb:///{tmp_path}/out.db"
    for place in (postgresql, duck):
        opened(lambda place=place: TableSink(place), kinds).close()
    with psycopg.connect(postgresql.replace("+psycopg", "")) as connection:
        found = [connection.execute(look.format(name)).fetchone()[0] for name in ("at", "tags", "n")]
    assert found == ["timestamp with time zone", "ARRAY", "bigint"]
    with duckdb.connect(str(tmp_path / "out.db")) as connection:
        found = [connection.execute(look.format(name)).fetchone()[0] for name in ("at", "tags", "n")]
    assert found == ["TIMESTAMP WITH TIME ZONE", "VARCHAR[]", "BIGINT"]
    one(f"sqlite:///{tmp_path}/lite.db", 1)
    with contextlib.closing(sqlite3.connect(tmp_path / "lite.db")) as connection:
        assert connection.execute("SELECT _read_at FROM acme_tasks").fetchall() == [("2026-05-01 12:00:00.000000Z",)]


def test_nothing_stays_beside_the_file(file, tmp_path):
    """When a run has ended its file is whole by itself: a log is written back, nobody is named as its holder."""
    one(file, 1)
    assert {entry.name for entry in tmp_path.iterdir()} <= {"out.db", "out.db.lock"}
    sink = opened(lambda: TableSink(file))
    sink.finish(running(status="finished"), [])
    assert titles(sink) == {1: "task 1"}
    sink.close()
