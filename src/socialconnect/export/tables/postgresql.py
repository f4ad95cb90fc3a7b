"""PostgreSQL: rows come by COPY, and the server itself knows when who holds the database is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from psycopg import sql
from pyarrow import csv

from socialconnect.export.tables.database import Database
from socialconnect.export.tables.holder import busy, here

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg import Copy
    from sqlalchemy.engine import URL, Engine

_LOCK = 0x5C0C1A1
"""The advisory lock's number is this, and the schema's: two exports may write into two schemas at once."""

_PART = 20_000
_NUL = "\ufffd"  # what Unicode has for what cannot be shown
_OPTIONS = csv.WriteOptions(include_header=False)


class PostgreSQL(Database):
    """A PostgreSQL server, by psycopg. Its texts hold no NUL character: one becomes U+FFFD.

    https://www.postgresql.org/docs/current/sql-copy.html
    """

    errors = (psycopg.Error,)

    def __init__(self, url: URL) -> None:
        if url.drivername in ("postgresql", "postgres"):
            url = url.set(drivername="postgresql+psycopg")
        super().__init__(url)

    def made(self) -> Engine:
        """An engine whose connections live in UTC and say who they are."""
        engine = super().made()
        sa.event.listen(engine, "connect", _prepared)
        return engine

    def hold(self) -> None:
        """Take hold of the database's schema for one run: an advisory lock of the connection that writes.

        It ends with the connection, and nothing can be committed without that.
        https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
        """
        with self.transaction():
            number = sa.func.hashtext(sa.func.coalesce(sa.func.current_schema(), ""))
            taken = self.connection.scalar(sa.select(sa.func.pg_try_advisory_lock(_LOCK, number)))
            if not taken:
                raise busy(self.name, self._who())
            name = sa.text("SELECT set_config('application_name', :name, false)")
            self.connection.execute(name, {"name": f"socialconnect: {here().line}"})

    def let_go(self) -> None:
        """The lock ends with its connection."""

    def still_held(self) -> None:
        """The lock is the connection's own."""

    def load(self, table: sa.Table, rows: pa.Table) -> None:
        """Add many rows to a table, by COPY of CSV that Arrow writes."""
        names = sql.SQL(", ").join(map(sql.Identifier, rows.column_names))
        statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(sql.Identifier(table.name), names)
        driver = self.connection.connection.driver_connection
        if not isinstance(driver, psycopg.Connection):
            super().load(table, rows)
            return
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for batch in rows.to_batches(max_chunksize=_PART):
                told = pa.record_batch([_told(column) for column in batch.columns], batch.schema.names)
                csv.write_csv(told, _Copied(copy), _OPTIONS)

    def look_over(self, tables: Sequence[sa.Table]) -> None:
        """Have the tables sampled: by what it knew when they were empty, the server compares each row with each."""
        for table in tables:
            self.written(f"ANALYZE {self.engine.dialect.identifier_preparer.format_table(table)}")

    def _who(self) -> str:
        """How the connection calls itself that has the lock."""
        number = "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = "
        query = sa.text(f"{number}'advisory' AND l.granted AND l.classid = :lock AND l.database = a.datid")
        found = self.connection.execute(query, {"lock": _LOCK}).scalars().first()
        return str(found or "").removeprefix("socialconnect: ")


class _Copied:
    """A file that Arrow writes into, and the server reads."""

    closed = False

    def __init__(self, copy: Copy) -> None:
        self._copy = copy

    def write(self, data: bytes) -> int:
        self._copy.write(bytes(data))
        return len(data)

    def flush(self) -> None:
        """All that was written is on its way."""


def _prepared(connection: psycopg.Connection[object], _: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
    connection.commit()


def _told(column: pa.Array) -> pa.Array:
    """A column as COPY takes it: texts without NUL, lists as the text of an array."""
    if pa.types.is_large_string(column.type) or pa.types.is_string(column.type):
        return _without_nul(column)
    if pa.types.is_list(column.type):
        return _arrays(column)
    return column


def _without_nul(column: pa.Array) -> pa.Array:
    if not pc.any(pc.match_substring(column, "\0")).as_py():
        return column
    return pc.replace_substring(column, "\0", _NUL)


def _arrays(column: pa.Array) -> pa.Array:
    """`{"a","b"}` for each list.

    https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
    """
    texts = pc.cast(_without_nul(pc.list_flatten(column)), pa.string())
    for sign in ("\\", '"'):
        texts = pc.replace_substring(texts, sign, f"\\{sign}")
    quoted = pc.fill_null(pc.binary_join_element_wise('"', texts, '"', ""), "NULL")
    ends = pc.cumulative_sum(pc.fill_null(pc.list_value_length(column), 0))
    offsets = pa.concat_arrays([pa.array([0], ends.type), ends])
    joined = pc.binary_join(pa.ListArray.from_arrays(offsets, quoted), ",")
    written = pc.binary_join_element_wise("{", joined, "}", "")
    return pc.if_else(column.is_valid(), written, pa.scalar(None, pa.string()))
