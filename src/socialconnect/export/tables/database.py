"""What the table sink asks of a database, and how any that SQLAlchemy reaches does it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa
import sqlalchemy as sa

from socialconnect.errors import TargetError
from socialconnect.export.tables.layout import index
from socialconnect.export.tables.lease import Lease
from socialconnect.export.tables.trouble import AGAIN, told
from socialconnect.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.engine import URL, Connection, Engine

BATCH = 5_000
"""How many rows are read at a time."""

_SECRET = ("password", "passwd", "pwd", "token", "secret")
_PARAMETERS = 5_000  # rows that one statement takes along


class Database:
    """Any database that SQLAlchemy reaches: one connection that writes, and one for each reading of rows.

    https://docs.sqlalchemy.org/en/20/core/connections.html
    """

    errors: tuple[type[Exception], ...] = ()

    def __init__(self, url: URL) -> None:
        self.url = url
        self.name = url.render_as_string(hide_password=True).partition("?")[0]
        query = [str(value) for name, value in url.query.items() if any(word in name.lower() for word in _SECRET)]
        self._secrets = [Secret(value) for value in (str(url.password or ""), *query) if value]
        self._engine: Engine | None = None
        self._writing: Connection | None = None
        self._lease: Lease | None = None

    @property
    def dialect(self) -> str:
        """The name of its dialect, as SQLAlchemy says it."""
        return self.engine.dialect.name

    @property
    def engine(self) -> Engine:
        """SQLAlchemy's engine, which hides what statements carry from its own messages."""
        if self._engine is None:
            with told(self.name, *self.errors):
                self._engine = self.made()
        return self._engine

    def made(self) -> Engine:
        """Make the engine."""
        return sa.create_engine(self.url, hide_parameters=True, poolclass=sa.NullPool)

    def hold(self) -> None:
        """Take hold of the database for one run; a TargetBusy where another has it."""
        lease = Lease(self.name)
        with self.transaction():
            lease.take(self.connection)
        self._lease = lease

    def let_go(self) -> None:
        """Let go of it."""
        lease, self._lease = self._lease, None
        if lease and self.reached:
            with self.transaction():
                lease.leave(self.connection)

    def still_held(self) -> None:
        """At the beginning of a commit: make sure that no other run has taken hold since."""
        if self._lease:
            self._lease.renew(self.connection)

    @property
    def connection(self) -> Connection:
        """The connection that writes. Where it was lost it is not made again: what it held is lost with it."""
        if self._writing is None:
            self._writing = self.engine.connect()
        elif self._writing.invalidated or self._writing.closed:
            raise TargetError(f"The connection to {self.name} was lost.", cure=AGAIN)
        return self._writing

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is done in the block, or nothing."""
        with told(self.name, *self.errors), self.connection.begin():
            yield

    def execute(self, statement: sa.Executable, rows: Sequence[dict[str, object]] | None = None) -> None:
        """Carry out a statement, or make or change a table; with `rows`, once for each."""
        if rows is None:
            self.connection.execute(statement)
            return
        for start in range(0, len(rows), _PARAMETERS):
            self.connection.execute(statement, rows[start : start + _PARAMETERS])

    def few(self, statement: sa.Executable) -> list[tuple[object, ...]]:
        """The rows of a query that has few of them, as the connection sees them that writes."""
        if self.connection.in_transaction():
            return [tuple(row) for row in self.connection.execute(statement)]
        with self.transaction():
            return [tuple(row) for row in self.connection.execute(statement)]

    def fetch(self, statement: sa.Executable) -> Iterator[tuple[object, ...]]:
        """The rows of a query, a part of them at a time."""
        with told(self.name, *self.errors), self.reading() as connection:
            answer = connection.execution_options(stream_results=True, max_row_buffer=BATCH).execute(statement)
            for part in answer.partitions(BATCH):
                yield from map(tuple, part)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees what is committed."""
        with self.engine.connect() as connection:
            yield connection

    def load(self, table: sa.Table, rows: pa.Table) -> None:
        """Add many rows to a table."""
        for batch in rows.to_batches(max_chunksize=_PARAMETERS):
            self.connection.execute(sa.insert(table), batch.to_pylist())

    def batches(self, statement: sa.Executable, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """The rows of a query as record batches of that schema, a part of them at a time."""
        with told(self.name, *self.errors), self.reading() as connection:
            answer = connection.execution_options(stream_results=True, max_row_buffer=BATCH).execute(statement)
            for part in answer.partitions(BATCH):
                columns = zip(*part, strict=True)
                arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
                yield pa.record_batch(arrays, schema)

    def look_over(self, tables: Sequence[sa.Table]) -> None:
        """Before statements over whole tables: let a database that plans by what it knows of them learn it."""

    def columns(self, table: str) -> set[str] | None:
        """The names of a table's columns; None where there is no such table. Inside of a transaction."""
        there = sa.inspect(self.connection)
        return {column["name"] for column in there.get_columns(table)} if there.has_table(table) else None

    def index(self, table: sa.Table, names: tuple[str, ...]) -> None:
        """Make what finds rows by these columns; nothing where the database does without."""
        if (made := index(table, names, self.dialect)) is not None:
            self.execute(sa.schema.CreateIndex(made))

    def add_column(self, table: sa.Table, column: sa.Column[object]) -> None:
        """Add a column to a table that is there."""
        written = str(sa.schema.CreateColumn(column).compile(dialect=self.engine.dialect))
        name = self.engine.dialect.identifier_preparer.format_table(table)
        self.written(f"ALTER TABLE {name} ADD {written}")

    def written(self, statement: str) -> None:
        """Carry out a statement that is written out."""
        self.connection.exec_driver_sql(statement.replace("%", "%%") if self.percent else statement)

    @property
    def percent(self) -> bool:
        """Whether the driver takes a `%` for the beginning of a parameter."""
        return self.engine.dialect.paramstyle in ("format", "pyformat")

    @property
    def reached(self) -> bool:
        """Whether there is a connection, which is not lost."""
        return self._writing is not None and not self._writing.invalidated and not self._writing.closed

    def close(self) -> None:
        """Let go of everything."""
        try:
            self.let_go()
        except TargetError:
            pass  # the connection is lost, and what it held with it
        finally:
            if self._writing is not None:
                self._writing.close()
            if self._engine is not None:
                self._engine.dispose()
            self._writing = self._engine = None
