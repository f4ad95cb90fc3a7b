"""What each dtype is in a database: the type of its columns, and its values on the way there and back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeDecorator, TypeEngine

if TYPE_CHECKING:
    from socialconnect.reading.declare import Dtype

Kind: TypeAlias = TypeEngine[Any]
"""A type in a database. SQLAlchemy's are invariant, so that none but `Any` holds them all."""

ARRAYS = ("postgresql", "duckdb")
"""The dialects that have arrays of texts; elsewhere a list is the text of a JSON array."""


class Moment(TypeDecorator[datetime]):
    """A time in UTC to the microsecond. SQLite has none: there it is a text that sorts, `2026-05-01 12:00:00.000000Z`.

    https://docs.sqlalchemy.org/en/20/core/custom_types.html#augmenting-existing-types
    """

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> Kind:
        """The type in that database."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.Text())
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(sa.DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | str | None:
        """The value as the database takes it."""
        if value is None:
            return None
        there = value.astimezone(UTC)
        if dialect.name == "sqlite":
            return f"{there.replace(tzinfo=None).isoformat(' ', 'microseconds')}Z"
        return there.replace(tzinfo=None) if dialect.name in ("mysql", "mariadb") else there

    def process_result_value(self, value: datetime | str | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """The value as it was given: with its time zone, which is UTC."""
        if value is None:
            return None
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


class Texts(TypeDecorator[list[str | None]]):
    """A list of texts: an array where the database has them, else the text of a JSON array."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> Kind:
        """The type in that database."""
        own: Kind = sa.ARRAY(sa.Text()) if dialect.name in ARRAYS else TEXT
        return dialect.type_descriptor(own)

    def process_bind_param(self, value: list[str | None] | None, dialect: sa.Dialect) -> list[str | None] | str | None:
        """The value as the database takes it."""
        return value if value is None or dialect.name in ARRAYS else msgspec.json.encode(value).decode()

    def process_result_value(
        self,
        value: list[str | None] | str | None,
        dialect: sa.Dialect,  # noqa: ARG002 - as above
    ) -> list[str | None] | None:
        """The value as it was given."""
        return msgspec.json.decode(value, type=list[str | None]) if isinstance(value, str) else value


TEXT = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")  # MySQL's own TEXT ends after 64 KiB
MOMENT = Moment()
_TYPES: dict[Dtype, Kind] = {
    "string": TEXT,
    "category": TEXT,
    "json": TEXT,
    "Int64": sa.BigInteger(),
    "Float64": sa.Double(),
    "boolean": sa.Boolean(),
    "datetime": MOMENT,
    "list": Texts(),
}


def kind(dtype: Dtype) -> Kind:
    """The type of a column of that dtype, in any database.

    >>> kind("Int64")
    BigInteger()
    """
    return _TYPES[dtype]
