"""What a table sink leaves behind when something goes wrong: what was there before, and a word on what to do."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.export import tables
from tests.export.contract_words import TASKS, ended, ids, opened, state, tasks
from tests.export.tables import one

from socialconnect.errors import MissingPackage, TargetBusy, TargetError, UsageError
from socialconnect.export.sink import Change
from socialconnect.export.tables import lease
from socialconnect.export.tables import sink as table_sink
from socialconnect.export.tables.database import Database
from socialconnect.export.tables.sink import TableSink
from socialconnect.secret import known

url, file, query, query_postgresql = tables.url, tables.file, tables.query, tables.query_postgresql  # fixtures

HOLDER = """
import sys
from socialconnect.export.sink import Dataset, RunState
from socialconnect.export.tables.sink import TableSink
from socialconnect.reading.declare import Column
sink = TableSink(sys.argv[1])
sink.open([Dataset("acme.tasks", (Column("id", "Int64"), Column("title", "string")), ("id",))], "replace")
print("held", flush=True)
sys.stdin.readline()
"""


# -- readers


def test_a_reader_sees_whole_accounts(url, query):
    """Whoever looks between two commits sees all of an account or nothing of what is new."""
    sink = opened(lambda: TableSink(url))
    look = "SELECT id FROM acme_tasks ORDER BY id"
    sink.commit(tasks(1, 2), [Change(state())])
    assert query(look) == []
    sink.commit(tasks(3), [ended()])
    assert [row[0] for row in query(look)] == [1, 2, 3]
    sink.commit(tasks(4), [Change(state())])
    assert [row[0] for row in query(look)] == [1, 2, 3]
    sink.commit({}, [ended()])
    assert [row[0] for row in query(look)] == [4]
    sink.close()


def test_reading_without_hold(url):
    """What a target holds can be read by who does not open it, and it stays free for others."""
    one(url, 1)
    reader = TableSink(url)
    assert list(reader.datasets()) == [TASKS]
    assert ids(reader) == [("ada", "a1", 1)]
    with pytest.raises(UsageError, match=r"holds no acme\.notes"):
        reader.rows("acme.notes")
    reader.close()
    one(url, 2)


def test_a_reader_does_not_stop_a_commit(postgresql, tmp_path):
    """In SQLite and PostgreSQL a reader that is in the middle neither waits nor is waited for."""
    for place in (postgresql, f"sqlite:///{tmp_path}/out.db"):
        sink = opened(lambda place=place: TableSink(place))
        sink.commit(tasks(*range(50_000)), [ended()])
        rows = sink.rows("acme.tasks")
        first = next(rows).num_rows
        sink.commit(tasks(1), [ended()])
        assert first + sum(batch.num_rows for batch in rows) == 50_000
        assert len(ids(sink)) == 1
        sink.close()


# -- hold


def test_a_process_that_is_killed_lets_go(url):
    """Another process has hold of the target, and is named; when it is killed, the target is free at once."""
    command = [sys.executable, "-c", HOLDER, url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        sink = TableSink(url)
        with pytest.raises(TargetBusy, match=rf"\b{process.pid}\b"):
            sink.open([TASKS], "replace")
        process.kill()
        process.wait()
    one(url, 1)


def test_a_duckdb_that_somebody_reads(tmp_path):
    """A DuckDB file that another process has open cannot be written: the process is named."""
    url = f"duckdb:///{tmp_path}/out.db"
    one(url, 1)
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print(1, flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, f"{tmp_path}/out.db"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        with pytest.raises(TargetBusy, match=rf"\b{process.pid}\b"):
            TableSink(url).open([TASKS], "replace")
        process.stdin.close()
    one(url, 2)


def test_two_schemas_are_two_targets(postgresql, query_postgresql):
    """Two exports into two schemas of one database do not keep each other out."""
    query_postgresql("CREATE SCHEMA other")
    first = opened(lambda: TableSink(postgresql))
    second = opened(lambda: TableSink(f"{postgresql}?options=-csearch_path%3Dother"))
    second.commit(tasks(2), [ended()])
    assert ids(first) == []
    first.close()
    second.close()


def test_a_lease(tmp_path, monkeypatch):
    """Where a database cannot tell who died, a hold ends some time after the last commit; its owner commits no more."""
    now = [1_000_000.0]
    monkeypatch.setattr(lease.time, "time", lambda: now[0])

    def make():
        sink = TableSink(f"sqlite:///{tmp_path}/out.db")
        sink._database = Database(sink._database.url)
        return sink

    first = opened(make)
    now[0] += lease.SECONDS - 1
    first.commit(tasks(1), [ended()])
    now[0] += lease.SECONDS - 1
    with pytest.raises(TargetBusy, match=rf"process {os.getpid()} on .*15 minutes"):
        make().open([TASKS], "replace")
    now[0] += 2
    second = opened(make)
    with pytest.raises(TargetBusy):
        first.commit(tasks(2), [ended()])
    first.close()
    assert ids(second) == [("ada", "a1", 1)]
    second.commit(tasks(3), [ended()])
    second.close()
    opened(make).close()


# -- what cannot be written


def test_a_full_disk(tmp_path):
    """When the disk is full a commit fails as a whole, says so, and what was there is there."""
    url = f"sqlite:///{tmp_path}/out.db"
    one(url, 1)
    sink = opened(lambda: TableSink(url))
    driver = sink._database.connection.connection.driver_connection
    pages = driver.execute("PRAGMA page_count").fetchone()[0]
    driver.execute(f"PRAGMA max_page_count={pages + 5}")
    with pytest.raises(TargetError, match=r"disk is full.*Make room.*--resume"):
        sink.commit(tasks(*range(5000)), [ended(rows=5000)])
    assert ids(sink) == [("ada", "a1", 1)]
    sink.close()
    one(url, 2)


@contextlib.contextmanager
def powerless(folder):
    """A time in which this process may write nothing in a folder: root gives up being root."""
    for entry in folder.iterdir():
        entry.chmod(0o444)
    folder.chmod(0o555)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o755)


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
@pytest.mark.parametrize("there", [True, False])
def test_a_folder_that_is_read_only(kind, there):
    """Where nothing may be written it is told of before anything is read; a file there stays as it is."""
    with tempfile.TemporaryDirectory() as name:
        url = f"{kind}:///{name}/out.db"
        if there:
            one(url, 1)
        with powerless(Path(name)), pytest.raises(TargetError, match="in which this user may write"):
            opened(lambda: TableSink(url))
        if there:
            reader = TableSink(url)
            assert ids(reader) == [("ada", "a1", 1)]
            reader.close()


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_a_folder_that_is_not_there(kind, tmp_path):
    """A file in a folder that is not there, or is itself a file, is told of."""
    (tmp_path / "file").touch()
    for folder in ("nowhere", "file"):
        with pytest.raises(TargetError, match="in a folder that is there"):
            TableSink(f"{kind}:///{tmp_path}/{folder}/out.db").open([TASKS], "replace")


def test_a_file_that_is_something_else(file, tmp_path):
    """A file that is no database is not touched."""
    Path(tmp_path / "out.db").write_bytes(b"Dear diary, " * 1000)
    with pytest.raises(TargetError, match="Choose another file"):
        TableSink(file).open([TASKS], "replace")
    assert Path(tmp_path / "out.db").read_bytes() == b"Dear diary, " * 1000


def test_a_file_that_is_read_only(tmp_path):
    """A SQLite file that may not be written is told of when the run begins, not after it has read."""
    url = f"sqlite:///{tmp_path}/out.db"
    one(url, 1)
    sink = TableSink(url)
    sa.event.listen(sink._database.engine, "connect", lambda connection, _: connection.execute("PRAGMA query_only=1"))
    with pytest.raises(TargetError, match=r"readonly database.*in which this user may write"):
        opened(lambda: sink)
    sink.close()


@pytest.mark.parametrize("allowed", ["USAGE", "nothing"])
def test_a_schema_without_permission(postgresql, query_postgresql, allowed):
    """A user who may not make tables is told what to allow, and the password is nowhere."""
    query_postgresql("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    if allowed == "USAGE":
        query_postgresql("GRANT USAGE ON SCHEMA public TO PUBLIC")
    query_postgresql("DROP ROLE IF EXISTS guest")
    query_postgresql("CREATE ROLE guest LOGIN PASSWORD 'correct horse'")
    url = sa.make_url(postgresql).set(username="guest", password="correct horse")
    try:
        with pytest.raises(
            TargetError, match=r"(permission denied|no schema).*GRANT USAGE, CREATE ON SCHEMA"
        ) as caught:
            TableSink(url.render_as_string(hide_password=False)).open([TASKS], "replace")
        assert "correct horse" not in repr(caught.value)
    finally:
        query_postgresql("DROP ROLE guest")


# -- a server


def test_a_wrong_password(postgresql):
    """A wrong password is told of, and shown nowhere; anything else in this process hides it too."""
    url = sa.make_url(postgresql).set(password="let me in, please")
    sink = TableSink(url.render_as_string(hide_password=False))
    assert "let me in, please" in known()
    with pytest.raises(TargetError, match=r"password authentication failed.*user and password in the URL") as caught:
        sink.open([TASKS], "replace")
    assert "let me in" not in str(caught.value)
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_a_server_that_is_not_there():
    """A server that does not answer is told of, with where to look."""
    with pytest.raises(TargetError, match="host and port in the URL"):
        TableSink("postgresql://ada:secret word@127.0.0.1:1/nothing").open([TASKS], "replace")


def test_a_database_that_is_not_there(postgresql):
    """A database that the server does not have is told of."""
    url = sa.make_url(postgresql).set(database="nowhere").render_as_string(hide_password=False)
    with pytest.raises(TargetError, match="Make the database first"):
        TableSink(url).open([TASKS], "replace")


def test_a_connection_that_is_lost(postgresql, query_postgresql):
    """After a connection is lost nothing more is written, half or whole: another may have hold of the target."""
    sink = opened(lambda: TableSink(postgresql))
    sink.commit(tasks(1), [ended()])
    everybody = "FROM pg_stat_activity WHERE application_name LIKE 'socialconnect%'"
    query_postgresql(f"SELECT pg_terminate_backend(pid) {everybody}")
    for _ in range(2):
        with pytest.raises(TargetError, match=r"connection.*--resume"):
            sink.commit(tasks(2), [ended(rows=2)])
    sink.close()
    sink = opened(lambda: TableSink(postgresql), resume=True)
    assert ids(sink) == [("ada", "a1", 1)]
    assert [kept.rows for kept in sink.states("acme.tasks", "ada")] == [0]
    sink.close()


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        ("postgresql+nothing://host/name", "Install it"),
        ("nothing://host/name", "Install it"),
        ("mssql+pyodbc://host/name", "Install it"),
    ],
)
def test_a_driver_that_is_missing(target, hint):
    """A database whose driver is not installed is told of."""
    with pytest.raises(MissingPackage, match=hint):
        TableSink(target).open([TASKS], "replace")


@pytest.mark.parametrize(
    ("module", "target", "extra"),
    [("duckdb", "duckdb:///x.db", "export"), ("psycopg", "postgresql://host/x", "postgresql")],
)
def test_an_extra_that_is_missing(module, target, extra, monkeypatch):
    """An extra that is not installed is named."""
    monkeypatch.setitem(sys.modules, module, None)
    for name in ("duck", "postgresql"):
        monkeypatch.delitem(sys.modules, f"socialconnect.export.tables.{name}", raising=False)
    with pytest.raises(MissingPackage, match=rf"pip install 'socialconnect\[{extra}\]'"):
        table_sink.TableSink(target)


@pytest.mark.parametrize("target", ["nonsense", "sqlite://", "sqlite:///:memory:", "duckdb:///:memory:", "duckdb://"])
def test_no_target(target):
    """What is no URL of a database, or of one in memory, is refused."""
    with pytest.raises(UsageError):
        TableSink(target).open([TASKS], "replace")
