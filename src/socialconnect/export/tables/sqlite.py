"""SQLite: one file, held by a lock beside it; readers are never in the way, nor kept out."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from socialconnect.errors import UsageError
from socialconnect.export.tables.database import Database
from socialconnect.export.tables.filehold import FileHold
from socialconnect.export.tables.trouble import told

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from sqlalchemy.engine import URL, Connection, Engine

_WAIT = 60_000  # milliseconds for a program that writes into the same file
_PART = 10_000


class SQLite(Database):
    """A file of SQLite. It is kept with a write-ahead log, so that readers see what is committed at any time.

    https://www.sqlite.org/wal.html
    """

    def __init__(self, url: URL) -> None:
        super().__init__(url)
        self._hold: FileHold | None = None

    def made(self) -> Engine:
        """An engine that begins transactions when it is told to, tables being made inside of them too.

        https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#serializable-isolation-savepoints-transactional-ddl
        """
        path(self.url)
        engine = super().made()
        sa.event.listen(engine, "connect", _prepared)
        sa.event.listen(engine, "begin", _begun)
        return engine

    def hold(self) -> None:
        """Take hold of the file for one run; a TargetBusy where another process has it."""
        hold = FileHold(path(self.url), self.name)
        with told(self.name):
            hold.take()
        self._hold = hold
        with told(self.name):
            driver = cast("sqlite3.Connection", self.connection.connection.driver_connection)
            driver.execute(
                "PRAGMA journal_mode=WAL"
            )  # outside of a transaction; where a file system has none, as it is

    def let_go(self) -> None:
        """Let go of it."""
        hold, self._hold = self._hold, None
        if hold:
            hold.leave()

    def still_held(self) -> None:
        """The operating system keeps the lock for as long as this process lives."""

    def load(self, table: sa.Table, rows: pa.Table) -> None:
        """Add many rows to a table, by the driver itself."""
        statement = str(sa.insert(table).compile(dialect=self.engine.dialect, column_keys=rows.column_names))
        for batch in rows.to_batches(max_chunksize=_PART):
            values = [_told(column) for column in batch.columns]
            self.connection.exec_driver_sql(statement, list(zip(*values, strict=True)))

    def batches(self, statement: sa.Executable, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """The rows of a query as record batches of that schema, a part of them at a time, from the driver itself."""
        query = str(statement.compile(dialect=self.engine.dialect))  # type: ignore[attr-defined]  # every query has it
        with told(self.name), self.reading() as connection:
            answer = connection.exec_driver_sql(query)
            for part in answer.partitions(_PART):
                arrays = [
                    _read(values, field.type) for values, field in zip(zip(*part, strict=True), schema, strict=True)
                ]
                yield pa.record_batch(arrays, schema)


def path(url: URL) -> str:
    """The file of a URL; a UsageError where it names none."""
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise UsageError(
            f"{url.render_as_string()} names no file, so nothing would stay.",
            cure=f"As in {url.get_backend_name()}:///folder/export.db.",
        )
    return url.database


def _prepared(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout={_WAIT}")
    connection.execute("PRAGMA synchronous=NORMAL")  # with the log, a power cut takes whole commits at the worst


def _begun(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _told(column: pa.Array) -> list[object]:
    """The values of a column as SQLite keeps them: times and lists are texts."""
    if pa.types.is_timestamp(column.type):
        return list(pc.cast(column, pa.string()).to_pylist())
    if pa.types.is_list(column.type):
        return [None if value is None else msgspec.json.encode(value).decode() for value in column.to_pylist()]
    return list(column.to_pylist())


def _read(values: Sequence[object], of: pa.DataType) -> pa.Array:
    if pa.types.is_timestamp(of):
        return pc.cast(pa.array(values, pa.string()), of)
    if pa.types.is_list(of):
        texts = [None if value is None else msgspec.json.decode(str(value)) for value in values]
        return pa.array(texts, of)
    if pa.types.is_boolean(of):
        return pc.cast(pa.array(values, pa.int8()), of)
    return pa.array(values, of)
