"""Tables do what every sink does, in each kind of database."""

from __future__ import annotations

import pytest
from tests.export.contract import SinkContract

from socialconnect.export.tables.database import Database
from socialconnect.export.tables.sink import TableSink


class TestSQLite(SinkContract):
    """A file of SQLite."""

    @pytest.fixture
    def make(self, tmp_path):
        return lambda: TableSink(f"sqlite:///{tmp_path}/out.db")


class TestDuckDB(SinkContract):
    """A file of DuckDB."""

    @pytest.fixture
    def make(self, tmp_path):
        return lambda: TableSink(f"duckdb:///{tmp_path}/out.duckdb")


class TestPostgreSQL(SinkContract):
    """A database of a PostgreSQL server."""

    @pytest.fixture
    def make(self, postgresql):
        return lambda: TableSink(postgresql)


class TestAnyDatabase(SinkContract):
    """Any other database, by what SQLAlchemy alone can do: here SQLite, as if nothing were known of it."""

    @pytest.fixture
    def make(self, tmp_path):
        def make():
            sink = TableSink(f"sqlite:///{tmp_path}/out.db")
            sink._database = Database(sink._database.url)
            return sink

        return make
