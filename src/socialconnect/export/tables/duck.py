"""DuckDB: one file, held for the whole run; SQLAlchemy writes the statements, DuckDB's own connection takes them.

DuckDB lets nobody else look into a file that one process has open for writing, so that readers in other processes come
before a run or after it. Were the file let go of between commits, a dashboard that looks at it for a minute would end
an export that has been on its way for hours. Who reads while an export runs takes SQLite, PostgreSQL or Parquet.
https://duckdb.org/docs/stable/connect/concurrency
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.base import PGDialect

from socialconnect.errors import TargetError
from socialconnect.export.tables.database import BATCH, Database
from socialconnect.export.tables.filehold import FileHold
from socialconnect.export.tables.sqlite import path
from socialconnect.export.tables.trouble import AGAIN, told

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.engine import URL
    from sqlalchemy.sql.compiler import SQLCompiler

_ROWS = "_socialconnect_rows"


class _Dialect(PGDialect):
    """DuckDB's SQL, which is PostgreSQL's but for the name and the parameters' sign."""

    name = "duckdb"
    supports_statement_cache = True


_DIALECT: sa.Dialect = _Dialect(paramstyle="qmark")  # type: ignore[no-untyped-call]  # SQLAlchemy types it not


class DuckDB(Database):
    """A file of DuckDB."""

    errors = (duckdb.Error,)
    dialect = "duckdb"

    def __init__(self, url: URL) -> None:
        super().__init__(url)
        self._hold: FileHold | None = None
        self._open: duckdb.DuckDBPyConnection | None = None
        self._within = False

    @property
    def duck(self) -> duckdb.DuckDBPyConnection:
        """The connection: it writes where the file is held, else it only reads."""
        if self._open is None:
            with told(self.name, *self.errors):
                config: dict[str, str | bool | int | float | list[str]] = {**self._config}
                self._open = duckdb.connect(path(self.url), read_only=self._hold is None, config=config)
        return self._open

    @property
    def _config(self) -> dict[str, str]:
        return {name: str(value) for name, value in self.url.query.items()}

    def hold(self) -> None:
        """Take hold of the file for one run; a TargetBusy where another process has it."""
        hold = FileHold(path(self.url), self.name)
        with told(self.name):
            hold.take()
        self._hold = hold
        if self._open is not None:  # somebody looked at what is there before, which only reads
            self._open.close()
            self._open = None
        self.duck.execute("SELECT 1")

    def still_held(self) -> None:
        """The operating system keeps the lock for as long as this process lives."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is done in the block, or nothing."""
        with told(self.name, *self.errors):
            self.duck.execute("BEGIN")
            self._within = True
            try:
                yield
                self.duck.execute("COMMIT")
            except BaseException:
                self._undone()
                raise
            finally:
                self._within = False

    def _undone(self) -> None:
        try:
            self.duck.execute("ROLLBACK")
        except duckdb.Error:
            return  # DuckDB has done so itself

    def execute(self, statement: sa.Executable, rows: Sequence[dict[str, object]] | None = None) -> None:
        """Carry out a statement, or make or change a table; with `rows`, once for each."""
        if rows:
            table = statement.table  # type: ignore[attr-defined]  # rows come with an insertion
            self.load(table, pa.Table.from_pylist(list(rows)))
        elif rows is None:
            self.duck.execute(*_compiled(statement))

    def written(self, statement: str) -> None:
        """Carry out a statement that is written out."""
        self.duck.execute(statement)

    def few(self, statement: sa.Executable) -> list[tuple[object, ...]]:
        """The rows of a query that has few of them, as the connection sees them that writes."""
        with told(self.name, *self.errors):
            return self.duck.execute(*_compiled(statement)).fetchall()

    def fetch(self, statement: sa.Executable) -> Iterator[tuple[object, ...]]:
        """The rows of a query, a part of them at a time."""
        with told(self.name, *self.errors), self.duck.cursor() as cursor:
            cursor.execute(*_compiled(statement))
            while part := cursor.fetchmany(BATCH):
                yield from part

    def load(self, table: sa.Table, rows: pa.Table) -> None:
        """Add many rows to a table: DuckDB reads Arrow's memory itself."""
        names = ", ".join(_quoted(name) for name in rows.column_names)
        self.duck.register(_ROWS, rows)
        try:
            self.duck.execute(f"INSERT INTO {_quoted(table.name)} ({names}) SELECT {names} FROM {_ROWS}")  # noqa: S608 - quoted names alone
        finally:
            self.duck.unregister(_ROWS)

    def batches(self, statement: sa.Executable, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """The rows of a query as record batches of that schema, a part of them at a time."""
        with told(self.name, *self.errors), self.duck.cursor() as cursor:
            query = cursor.sql(str(statement.compile(dialect=_DIALECT)))  # type: ignore[attr-defined]  # every query has it
            reader = getattr(query, "to_arrow_reader", None) or query.fetch_arrow_reader  # before DuckDB 1.5
            for batch in reader(BATCH):
                yield batch.cast(schema)

    def columns(self, table: str) -> set[str] | None:
        """The names of a table's columns; None where there is no such table."""
        query = "SELECT column_name FROM duckdb_columns() WHERE table_name = ? AND schema_name = current_schema()"
        found = self.duck.execute(f"{query} AND database_name = current_database()", [table]).fetchall()
        return {str(row[0]) for row in found} or None

    def add_column(self, table: sa.Table, column: sa.Column[object]) -> None:
        """Add a column to a table that is there."""
        written = str(sa.schema.CreateColumn(column).compile(dialect=_DIALECT))
        self.duck.execute(f"ALTER TABLE {_quoted(table.name)} ADD COLUMN {written}")

    def close(self) -> None:
        """Let go of everything."""
        opened, self._open = self._open, None
        hold, self._hold = self._hold, None
        try:
            if opened is not None:
                opened.close()
        except duckdb.Error as error:
            raise TargetError(f"{self.name} could not be closed.", cure=AGAIN) from error
        finally:
            if hold is not None:
                hold.leave()


def _compiled(statement: sa.Executable) -> tuple[str, list[object]]:
    compiled: SQLCompiler = statement.compile(dialect=_DIALECT)  # type: ignore[attr-defined]  # every statement has it
    names = getattr(compiled, "positiontup", None) or []
    return str(compiled), [compiled.params[name] for name in names]


def _quoted(name: str) -> str:
    return str(_DIALECT.identifier_preparer.quote_identifier(name))
