"""The servers that exports are tried on are there and keep what they are given."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime

import fsspec
import pytest
import sqlalchemy as sa

SEEN = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
ROWS = [(1, "Zoë", SEEN), (2, None, None)]


@pytest.fixture
def engine(postgresql):
    engine = sa.create_engine(postgresql)
    yield engine
    engine.dispose()


def test_postgresql_keeps_a_table(engine):
    """A row comes back from PostgreSQL as it went there, its moment and its missing values too."""
    table = sa.Table(
        "people",
        sa.MetaData(),
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("name", sa.Text),
        sa.Column("seen", sa.DateTime(timezone=True)),
    )
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(table.insert(), [dict(zip(table.columns.keys(), row, strict=True)) for row in ROWS])
    with engine.connect() as connection:
        assert connection.execute(table.select().order_by(table.c.id)).all() == ROWS


def test_a_database_is_empty(engine):
    """What another test left in its database is not in this one."""
    assert sa.inspect(engine).get_table_names() == []


def test_postgresql_does_not_live_in_utc(engine):
    """A moment without a time zone is another one on the server, so that nobody can forget the zone unseen."""
    with engine.connect() as connection:
        there = connection.scalar(sa.text("select '2026-01-31 23:30'::timestamp::timestamptz"))
    assert there != SEEN


def test_s3_keeps_a_file(s3):
    """A file comes back from the bucket as it went there, and the bucket had none before."""
    files, root = fsspec.url_to_fs(s3.url, **s3.options)
    assert files.ls(root) == []
    with files.open(f"{root}/rows.csv", "wb") as file:
        file.write(b"id\n1\n")
    assert files.cat(f"{root}/rows.csv") == b"id\n1\n"
    assert [entry["size"] for entry in files.ls(root, detail=True, refresh=True)] == [5]


def test_s3_can_be_reached_by_the_environment(s3):
    """Another process finds the bucket by its environment alone, as a scheduled script does."""
    code = "import sys, fsspec\nwith fsspec.open(sys.argv[1], 'wb') as file: file.write(b'1')"
    subprocess.run([sys.executable, "-c", code, f"{s3.url}there"], env={**os.environ, **s3.environment}, check=True)
    files, root = fsspec.url_to_fs(s3.url, **s3.options)
    assert files.cat(f"{root}/there") == b"1"
