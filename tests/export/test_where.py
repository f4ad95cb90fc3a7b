"""Where an export goes is told by a path or a URL, and nothing is touched before it begins."""

from __future__ import annotations

import subprocess
import sys

import pytest

from socialconnect.errors import MissingPackage, TargetError, UsageError
from socialconnect.export.files import FileSink
from socialconnect.export.sink import Dataset
from socialconnect.export.tables.sink import TableSink
from socialconnect.export.where import open_sink
from socialconnect.reading.declare import Column
from socialconnect.secret import scrub

TASKS = Dataset("acme.tasks", (Column("id", "Int64"),), ("id",))


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("to", "kind", "expected"),
    [
        ("out", "", ("parquet", "out", "")),
        ("out/", "csv", ("csv", "out/", "")),
        ("some/where.v2/out", "jsonl", ("jsonl", "some/where.v2/out", "")),
        ("x.csv", "", ("csv", ".", "x.csv")),
        ("some/x.JSONL", "", ("jsonl", "some/", "x.JSONL")),
        ("some/x.parquet", "parquet", ("parquet", "some/", "x.parquet")),
        ("memory://some/x.csv", "", ("csv", "memory://some/", "x.csv")),
        ("s3://bucket/some", "", ("parquet", "s3://bucket/some", "")),
        ("file:///some/where", "", ("parquet", "file:///some/where", "")),
    ],
)
def test_files(here, to, kind, expected):
    """A path or a URL of fsspec's is a folder in a format, or one file that its ending tells of."""
    sink = open_sink(to, format=kind)
    assert isinstance(sink, FileSink)
    assert (sink._layout.kind, sink._url, sink._layout.single) == expected
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("to", ["sqlite:///x.db", "duckdb:///x.duckdb", "postgresql+psycopg://h/d", "x.db", "x.sqlite"])
def test_databases(here, to):
    """A URL of SQLAlchemy's and a database file's ending are a database."""
    assert isinstance(open_sink(to), TableSink)
    assert list(here.iterdir()) == []


def test_a_database_file_is_where_it_is_said(here):
    """A file's name is taken as a path from here, or from the root."""
    for to in ("x.db", f"{here}/y.duckdb"):
        sink = open_sink(to)
        sink.open([TASKS], "merge")
        sink.close()
    assert {"x.db", "y.duckdb"} <= {path.name for path in here.iterdir()}


@pytest.mark.parametrize(
    ("to", "kind", "match"),
    [
        ("", "", "somewhere"),
        ("out/", "xlsx", "parquet, csv, jsonl"),
        ("x.xlsx", "", r"\.parquet, \.csv, \.jsonl, \.db"),
        ("gopher://x/y", "", r"gopher://.*s3://.*postgresql"),
        ("x.csv", "parquet", r"\*\.parquet"),
        ("x.db", "csv", "database"),
        ("sqlite:///x.db", "csv", "database"),
    ],
)
def test_what_is_none_of_these(to, kind, match):
    """What cannot be told is refused with what there is."""
    with pytest.raises(UsageError, match=match):
        open_sink(to, format=kind)


def test_a_missing_package(monkeypatch):
    """A store whose package is not installed says which to install."""
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(sys.modules["fsspec.registry"]._registry, "s3", raising=False)
    with pytest.raises(MissingPackage, match=r"pip install 'socialconnect\[s3\]'"):
        open_sink("s3://bucket/x")


@pytest.mark.parametrize("missing", ["fsspec", "duckdb", "filelock"])
def test_the_extra_is_missing(missing):
    """Without the extra, the error says what to install."""
    code = f"""
import sys
sys.modules[{missing!r}] = None
from socialconnect.errors import MissingPackage
from socialconnect.export.where import open_sink
try:
    open_sink("out/")
except MissingPackage as error:
    sys.exit({missing!r} not in str(error) or "socialconnect[export]" not in str(error))
sys.exit("nothing was missed")
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_passwords_are_not_shown():
    """A password in a URL stands in no message and no repr, as it is or escaped."""
    sink = open_sink("ftp://ada:open%20sesame!@127.0.0.1:1/out")
    assert repr(sink) == "FileSink('ftp://ada:***@127.0.0.1:1/out', 'parquet')"
    assert "sesame" not in scrub("login with open sesame! failed, or open%20sesame!")
    with pytest.raises(TargetError) as caught:
        sink.open([TASKS], "merge")
    assert "sesame" not in str(caught.value)
    with pytest.raises(UsageError) as refused:
        open_sink("gopher://ada:open-sesame@host/x")
    assert "sesame" not in str(refused.value)


def test_nothing_heavy_is_loaded_for_a_name():
    """Naming a target loads neither SQLAlchemy nor a database's driver before it is one."""
    code = "import sys, socialconnect.export.where; sys.exit('fsspec' in sys.modules or 'sqlalchemy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
