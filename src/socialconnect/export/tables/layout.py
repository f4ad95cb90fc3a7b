"""The tables of an export: one for each dataset, one beside it for what is staged, and three for what is kept."""

from __future__ import annotations

from dataclasses import dataclass
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.sql import quoted_name

from socialconnect.export.sink import BOOKKEEPING, SEQUENCE
from socialconnect.export.tables.kinds import MOMENT, TEXT, Kind, kind
from socialconnect.reading.declare import IDENTITY

if TYPE_CHECKING:
    from sqlalchemy.sql.elements import ColumnElement

    from socialconnect.export.sink import Dataset
    from socialconnect.reading.declare import Dtype

OURS = "_socialconnect_"
"""How the names of all tables begin that hold no rows for readers."""

_INDEXED = ("sqlite", "postgresql", "mysql", "mariadb")  # DuckDB finds an account's rows without one; it skips groups
_EXACT: dict[str, Any] = {
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}  # else MySQL takes `a` and `A` for one key
_HELD = sa.MetaData()

DATASETS = sa.Table(
    f"{OURS}datasets",
    _HELD,
    sa.Column("resource", TEXT),
    sa.Column("dataset", TEXT),  # as it was declared last
    sa.Column("dtypes", TEXT),  # of all columns that its table has
    **_EXACT,
)
ACCOUNTS = sa.Table(
    f"{OURS}accounts",
    _HELD,
    sa.Column("resource", TEXT),
    sa.Column("user_id", TEXT),
    sa.Column("account", TEXT),
    sa.Column("run_id", TEXT),
    sa.Column("state", TEXT),
    **_EXACT,
)
RUNS = sa.Table(
    f"{OURS}runs",
    _HELD,
    sa.Column("id", TEXT),
    sa.Column("number", sa.BigInteger()),  # the highest is the last
    sa.Column("run", TEXT),
    **_EXACT,
)
ENDED = sa.Table(
    f"{OURS}ended",  # the accounts that end in a commit: empty before and after it
    _HELD,
    sa.Column("user_id", TEXT),
    sa.Column("account", TEXT),
    sa.Column("verdict", TEXT),
    sa.Column(quoted_name("at", quote=True), MOMENT),
    **_EXACT,
)
KEPT = (DATASETS, ACCOUNTS, RUNS, ENDED)
MARKS = frozenset((*IDENTITY, *(column.name for column in BOOKKEEPING)))
"""The columns by which a table of ours is known."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The two tables of a dataset, in one dialect: what readers see, and what is staged."""

    dataset: Dataset
    dialect: str
    data: sa.Table
    staged: sa.Table

    @property
    def names(self) -> list[str]:
        """All its columns, in order."""
        return [column.name for column in self.dataset.fields]

    def account(self, table: sa.FromClause) -> ColumnElement[str]:
        """The external account of a row as states have it: "" where it is not known."""
        return sa.func.coalesce(table.c.external_account_id, "")

    def same(self, one: sa.FromClause, other: sa.FromClause) -> ColumnElement[bool]:
        """Whether two rows are of one account and have the same key; never where the key is NA."""
        pairs = [(one.c[name], other.c[name]) for name in self.dataset.key]
        keys = [mine == theirs for mine, theirs in pairs]
        keys += [
            found(mine, self.dialect) == found(theirs, self.dialect)
            for mine, theirs in pairs
            if _long(mine, self.dialect)
        ]
        return sa.and_(one.c.user_id == other.c.user_id, self.account(one) == self.account(other), *keys)

    def identified(self, table: sa.FromClause) -> ColumnElement[bool]:
        """Whether the key of a row identifies it: no part of it is NA."""
        if not self.dataset.key:
            return sa.false()
        return sa.and_(*(table.c[name].is_not(None) for name in self.dataset.key))


def layout(dataset: Dataset, dialect: str) -> Layout:
    """The tables of a dataset. Any value may be NA there: what is missing is the provider's affair."""
    held = sa.MetaData()
    # quoted wherever they stand: what is a word of its own differs from database to database
    columns: list[tuple[str, Kind]] = [
        (quoted_name(column.name, quote=True), kind(column.dtype)) for column in dataset.fields
    ]
    data = sa.Table(dataset.name, held, *(sa.Column(*column) for column in columns), **_EXACT)
    columns.append((quoted_name(SEQUENCE, quote=True), sa.BigInteger()))
    staged = sa.Table(staging(dataset), held, *(sa.Column(*column) for column in columns), **_EXACT)
    return Layout(dataset, dialect, data, staged)


def staging(dataset: Dataset) -> str:
    """The name of the table of what is staged."""
    return f"{OURS}staged_{dataset.name}"


def dtypes(dataset: Dataset) -> dict[str, Dtype]:
    """The dtypes of all columns of a dataset."""
    return {column.name: column.dtype for column in dataset.fields}


def index(table: sa.Table, names: tuple[str, ...], dialect: str) -> sa.Index | None:
    """An index over these columns of a table; None where the dialect does without."""
    if dialect not in _INDEXED:
        return None
    columns = [table.c[names[0]], *(found(table.c[name], dialect) for name in names[1:])]
    # a name of its own: those of a schema share one room, and a table that is renamed keeps its index
    lengths = {name: 64 for name in names if isinstance(table.c[name].type, sa.Text)}
    return sa.Index(f"{OURS}{token_hex(6)}", *columns, mysql_length=lengths, mariadb_length=lengths)


def found(column: ColumnElement[object], dialect: str) -> ColumnElement[object]:
    """A column as its index has it: PostgreSQL's take no long texts, so that these stand there by their digest.

    https://www.postgresql.org/docs/current/btree.html#BTREE-LIMITS
    """
    return sa.func.md5(column) if _long(column, dialect) else column


def _long(column: ColumnElement[object], dialect: str) -> bool:
    return dialect == "postgresql" and isinstance(column.type, sa.Text)
