"""Before rows come: whether the tables that are there are ours and fit, and making those that are not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import sqlalchemy as sa
from sqlalchemy.sql import quoted_name

from socialconnect.errors import DamagedState, SchemaChanged, TargetError, UsageError
from socialconnect.export.sink import AccountState, Dataset, RunState
from socialconnect.export.tables.kinds import kind
from socialconnect.export.tables.layout import ACCOUNTS, DATASETS, KEPT, MARKS, RUNS, dtypes, layout, staging
from socialconnect.frames import arrow_type
from socialconnect.reading.declare import Column, Dtype

if TYPE_CHECKING:
    from collections.abc import Iterable

    from socialconnect.export.sink import Mode
    from socialconnect.export.tables.database import Database
    from socialconnect.export.tables.layout import Layout

_RESTORE = "Restore the tables that begin with _socialconnect_ from a backup"


class Record(msgspec.Struct, frozen=True):
    """What is kept of a dataset: as it was declared last, and the dtypes of all columns that its table has."""

    dataset: Dataset
    dtypes: dict[str, Dtype]


def records(database: Database) -> dict[str, Record]:
    """What is kept of each dataset, by its resource; a DamagedState where it cannot be read."""
    found = {}
    for resource, dataset, held in database.few(sa.select(*DATASETS.c).order_by(DATASETS.c.resource)):
        try:
            declared = msgspec.json.decode(str(dataset), type=Dataset)
            found[declared.resource] = Record(declared, msgspec.json.decode(str(held), type=dict[str, Dtype]))
        except msgspec.DecodeError as error:
            raise damaged(database, DATASETS, f"of {resource}", error) from None
    return found


def last_run(database: Database) -> RunState | None:
    """The last run that was written; a DamagedState where what is kept of it cannot be read."""
    for row in database.few(sa.select(RUNS.c.id, RUNS.c.run).order_by(RUNS.c.number.desc()).limit(1)):
        try:
            return msgspec.json.decode(str(row[1]), type=RunState)
        except msgspec.DecodeError as error:
            raise damaged(database, RUNS, f"of the run {row[0]}", error) from None
    return None


def states(database: Database, rows: Iterable[tuple[object, ...]]) -> Iterable[AccountState]:
    """What is kept of accounts, from rows of (resource, user_id, state); a DamagedState where it cannot be read."""
    for resource, user_id, state in rows:
        try:
            yield msgspec.json.decode(str(state), type=AccountState)
        except msgspec.DecodeError as error:
            raise damaged(database, ACCOUNTS, f"of {resource} for {user_id}", error, str(resource)) from None


def damaged(database: Database, table: sa.Table, whose: str, error: Exception, resource: str = "") -> DamagedState:
    """The error that says where what is kept cannot be read."""
    anew = f"; or delete all rows of {resource} in {ACCOUNTS.name}, and export without --resume: it is read anew then"
    return DamagedState(
        f"The row {whose} in {table.name} of {database.name} cannot be read: {error}.",
        cure=f"{_RESTORE}{anew if resource else ''}.",
    )


def kept(database: Database) -> None:
    """Make the tables of what is kept; a DamagedState where some of them are there and others are not."""
    there = [table for table in KEPT if database.columns(table.name) is not None]
    if there and len(there) < len(KEPT):
        lost = ", ".join(table.name for table in KEPT if table not in there)
        raise DamagedState(
            f"{database.name} lacks {lost}, which stood beside the exported tables.",
            cure=f"{_RESTORE}; or drop them all, move the exported tables away, and export again.",
        )
    for table in KEPT if not there else ():
        database.execute(sa.schema.CreateTable(table))
        database.index(table, ("resource", "user_id")) if table is ACCOUNTS else None


def prepared(database: Database, dataset: Dataset, record: Record | None, mode: Mode) -> Layout:
    """The tables of a dataset, made or widened where they are not as it is declared."""
    tables = layout(dataset, database.dialect)
    if record is None:
        _room(database, tables)
        for table in (tables.data, tables.staged):
            database.execute(sa.schema.CreateTable(table))
            database.index(table, ("user_id", *dataset.key))
        held: dict[str, Dtype] = {}
    else:
        _fits(database, dataset, record, mode)
        held = record.dtypes
        _widened(database, tables)
        if record.dataset.key != dataset.key:
            for table in (tables.data, tables.staged):
                database.index(table, ("user_id", *dataset.key))
    _recorded(database, Record(_written(dataset), {**held, **dtypes(dataset)}))
    return tables


def _written(dataset: Dataset) -> Dataset:
    """What reading it back needs of a dataset; how its columns are cut from answers is none of that."""
    columns = tuple(Column(one.name, one.dtype, personal=one.personal) for one in dataset.columns)
    return Dataset(dataset.resource, columns, dataset.key)


def _room(database: Database, tables: Layout) -> None:
    """Make sure that no other table has the names; one of ours that is empty was left by a run that was killed."""
    for table in (tables.data, tables.staged):
        columns = database.columns(table.name)
        if columns is None:
            continue
        if not columns >= MARKS:
            raise TargetError(
                f"{database.name} has a table {table.name} that no export made.",
                cure="Rename it, or export into another database or schema.",
            )
        if table is tables.data and database.few(sa.select(sa.literal(1)).select_from(table).limit(1)):
            raise DamagedState(
                f"{database.name} has rows in {table.name}, and nothing is kept of the export that wrote them.",
                cure=f"{_RESTORE}, or rename {table.name} and export again.",
            )
        database.execute(sa.schema.DropTable(table))


def _fits(database: Database, dataset: Dataset, record: Record, mode: Mode) -> None:
    there: set[str] = set()
    for name in (dataset.name, staging(dataset)):
        columns = database.columns(name)
        there |= columns or set()
        if columns is None:
            raise DamagedState(
                f"{database.name} lacks the table {name} of {dataset.resource}, of which it keeps the progress.",
                cure=f"Restore it from a backup; or, to read all anew, delete the rows of {dataset.resource} in"
                f" {DATASETS.name} and {ACCOUNTS.name}, and rename the table {dataset.name} if it is there.",
            )
    for name, dtype in dtypes(dataset).items():
        before = record.dtypes.get(name)
        if before and name in there and arrow_type(before) != arrow_type(dtype):
            raise SchemaChanged(
                f"The column {name} of {dataset.name} in {database.name} is {before}, and {dataset.resource} declares"
                f" {dtype} by now.",
                cure=f"Rename it in {dataset.name} and in {staging(dataset)}, or export into another database.",
            )
    if mode == "append" and record.dataset.key != dataset.key:
        was, now = (", ".join(key) or "none" for key in (record.dataset.key, dataset.key))
        raise UsageError(
            f"Rows of {dataset.name} in {database.name} have the key {was}; that of {dataset.resource} is {now} now.",
            cure="Append to another target, or use the mode replace.",
        )


def _widened(database: Database, tables: Layout) -> None:
    for table in (tables.data, tables.staged):
        there = {name.lower() for name in database.columns(table.name) or ()}
        for column in tables.dataset.fields:
            if column.name.lower() not in there:
                database.add_column(table, sa.Column(quoted_name(column.name, quote=True), kind(column.dtype)))


def _recorded(database: Database, record: Record) -> None:
    resource = record.dataset.resource
    database.execute(sa.delete(DATASETS).where(DATASETS.c.resource == resource))
    texts = [msgspec.json.encode(value).decode() for value in (record.dataset, record.dtypes)]
    database.execute(sa.insert(DATASETS), [dict(zip(DATASETS.c.keys(), (resource, *texts), strict=True))])
