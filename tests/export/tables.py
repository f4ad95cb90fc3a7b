"""Databases to try tables on, and a second look into each, beside what the sink itself says."""

from __future__ import annotations

import duckdb
import psycopg
import pytest
import sqlalchemy as sa
from tests.export.contract_words import ended, opened, tasks

from socialconnect.export.tables.sink import TableSink


@pytest.fixture(params=["sqlite", "duckdb", "postgresql"])
def url(request, tmp_path):
    if request.param == "postgresql":
        return request.getfixturevalue("postgresql")
    return f"{request.param}:///{tmp_path}/out.db"


@pytest.fixture(params=["sqlite", "duckdb"])
def file(request, tmp_path):
    return f"{request.param}:///{tmp_path}/out.db"


@pytest.fixture
def query(url):
    """Another connection, of whoever looks at the database or works on it."""

    def query(statement, **values):
        if url.startswith("duckdb"):
            with duckdb.connect(url.removeprefix("duckdb:///")) as connection:
                return connection.execute(statement).fetchall()
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        with engine.begin() as connection:
            answer = connection.execute(sa.text(statement), values)
            return answer.all() if answer.returns_rows else []

    return query


def one(url, *rows, **how):
    """The account `ada` has these rows, and the sink is closed again."""
    sink = opened(lambda: TableSink(url), **how)
    sink.commit(tasks(*rows), [ended()])
    sink.close()


@pytest.fixture
def query_postgresql(postgresql):
    def query(statement):
        with psycopg.connect(postgresql.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(statement)

    return query
