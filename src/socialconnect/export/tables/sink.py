"""The sink whose rows are tables: SQLite, DuckDB, PostgreSQL, and any other database that SQLAlchemy reaches."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import sqlalchemy as sa

from socialconnect.errors import UsageError
from socialconnect.export.schema import schema
from socialconnect.export.tables import preparing
from socialconnect.export.tables.database import Database
from socialconnect.export.tables.layout import ACCOUNTS, DATASETS, ENDED, RUNS, layout
from socialconnect.export.tables.moves import known, missing, moves
from socialconnect.export.tables.trouble import absent, alone, told

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    import pyarrow as pa

    from socialconnect.export.sink import AccountState, Change, Dataset, Mode, RunState
    from socialconnect.export.tables.layout import Layout


class TableSink:
    """Rows go to tables of a database, one for each dataset; what is kept of progress stands beside them.

    `url` is SQLAlchemy's: `sqlite:///export.db`, `duckdb:///export.duckdb`, `postgresql://user:password@host/name`.
    A dataset's table has its name (`github_repos`); all others begin with `_socialconnect_`. Each commit is one
    transaction. Before `open`, what the target holds can be read without taking hold of it.

    A run has hold of SQLite and DuckDB by a lock beside the file (`<file>.lock`), of a schema in PostgreSQL by an
    advisory lock: both end with the process. In other databases it is a row that each commit renews, good for 15
    minutes. With `replace`, an account of which only changes came is merged.

    Raises a UsageError for what is no URL of a database, a MissingPackage where its driver is not installed.
    """

    def __init__(self, url: str) -> None:
        self._database = reached(url)
        self._mode: Mode = "replace"
        self._tables: dict[str, Layout] = {}

    @alone
    def open(self, datasets: Sequence[Dataset], mode: Mode) -> RunState | None:
        """Take hold of the database and make the tables it lacks; the last run that was written into it."""
        database = self._database
        try:
            database.hold()
            with database.transaction():
                preparing.kept(database)
            records = preparing.records(database)
            last = preparing.last_run(database)
            for dataset in datasets:
                self._check(dataset.resource)
            with database.transaction():
                for dataset in datasets:
                    record = records.get(dataset.resource)
                    self._tables[dataset.resource] = preparing.prepared(database, dataset, record, mode)
        except BaseException:
            self.close()
            raise
        self._mode = mode
        return last

    @alone
    def begin(self, run: RunState, *, resume: bool) -> None:
        """Begin a run, or go on with it. Without `resume` what an earlier run left staged in its datasets goes."""
        with self._database.transaction():
            self._keep(run)
            for tables in self._tables.values() if not resume else ():
                self._database.execute(sa.delete(tables.staged))
            self._database.look_over([tables.data for tables in self._tables.values()])

    @alone
    def states(self, resource: str, user_id: str) -> Sequence[AccountState]:
        """What is kept of a user's accounts in one resource; a DamagedState where it cannot be read."""
        held = ACCOUNTS.c
        query = sa.select(held.resource, held.user_id, held.state).where(
            held.resource == resource, held.user_id == user_id
        )
        return list(preparing.states(self._database, self._database.few(query)))

    @alone
    def commit(self, rows: Mapping[str, pa.Table], changes: Sequence[Change]) -> None:
        """Stage rows, keep what is known of accounts, and carry out their verdicts: one transaction."""
        with self._database.transaction():
            self._database.still_held()
            for resource, table in rows.items():
                staged = self._of(resource).staged
                if table.num_rows:
                    self._database.load(staged, table.select(staged.c.keys()))
            for resource in dict.fromkeys(change.state.resource for change in changes):
                self._settle(resource, [change for change in changes if change.state.resource == resource])

    @alone
    def finish(self, run: RunState, listed: Collection[str]) -> None:
        """Keep how the run ended; accounts in `listed` resources that it did not come to are gone."""
        at = _moment(run.ended_at)
        with self._database.transaction():
            self._database.still_held()
            self._keep(run)
            self._database.look_over([ACCOUNTS, *(self._of(resource).data for resource in listed)])
            for resource in listed:
                for statement in missing(self._of(resource), self._mode, run.id, at):
                    self._database.execute(statement)

    @alone
    def datasets(self) -> Sequence[Dataset]:
        """What the database holds, as it was declared."""
        with self._database.transaction():
            if self._database.columns(DATASETS.name) is None:
                return []
        return [record.dataset for record in preparing.records(self._database).values()]

    @alone
    def rows(self, resource: str) -> Iterator[pa.RecordBatch]:
        """All rows of a dataset that readers see, a part of them at a time."""
        dataset = next((one for one in self.datasets() if one.resource == resource), None)
        if dataset is None:
            raise UsageError(f"{self._database.name} holds no {resource}.", cure="Export it first.")
        tables = layout(dataset, self._database.dialect)
        query = sa.select(*(tables.data.c[name] for name in tables.names))
        return self._database.batches(query, schema(dataset))

    @alone
    def close(self) -> None:
        """Let go of the database."""
        self._tables.clear()
        self._database.close()

    def _of(self, resource: str) -> Layout:
        if resource not in self._tables:
            raise UsageError(f"The export was not opened for {resource}.", cure="Name it among the datasets of open().")
        return self._tables[resource]

    def _check(self, resource: str) -> None:
        """Make sure that what is kept of a resource's accounts can be read, before anything is fetched for it."""
        query = sa.select(ACCOUNTS.c.resource, ACCOUNTS.c.user_id, ACCOUNTS.c.state)
        for _ in preparing.states(self._database, self._database.fetch(query.where(ACCOUNTS.c.resource == resource))):
            pass

    def _keep(self, run: RunState) -> None:
        """Keep what is known of a run, as the last."""
        number = self._database.few(sa.select(sa.func.coalesce(sa.func.max(RUNS.c.number), 0) + 1))[0][0]
        self._database.execute(sa.delete(RUNS).where(RUNS.c.id == run.id))
        self._database.execute(sa.insert(RUNS), [{"id": run.id, "number": number, "run": _json(run)}])

    def _settle(self, resource: str, changes: Sequence[Change]) -> None:
        """Keep what is known of accounts in one dataset, and carry out the verdicts of those that ended."""
        latest = {(change.state.user_id, change.state.account): change for change in changes}
        accounts = [{"user_id": user_id, "account": account} for user_id, account in latest]
        ended = [
            {**account, "verdict": change.verdict, "at": _moment(change.state.at)}
            for account, change in zip(accounts, latest.values(), strict=True)
        ]
        kept: list[dict[str, object]] = [
            {"resource": resource, **account, "run_id": change.state.run_id, "state": _json(change.state)}
            for account, change in zip(accounts, latest.values(), strict=True)
        ]
        self._database.execute(sa.insert(ENDED), ended)
        self._database.execute(known(resource))
        self._database.execute(sa.insert(ACCOUNTS), kept)
        if verdicts := {change.verdict for change in latest.values() if change.verdict}:
            for statement in moves(self._of(resource), self._mode, verdicts):
                self._database.execute(statement)
        self._database.execute(sa.delete(ENDED))


def reached(url: str) -> Database:
    """The database of a URL."""
    with told("The target"):
        there = sa.make_url(url)
    backend, name = there.get_backend_name(), there.render_as_string(hide_password=True)
    try:
        if backend == "sqlite":
            from socialconnect.export.tables.sqlite import SQLite  # noqa: PLC0415 - as the others: one driver at a time

            return SQLite(there)
        if backend == "duckdb":
            from socialconnect.export.tables.duck import DuckDB  # noqa: PLC0415 - it may not be installed

            return DuckDB(there)
        if backend in ("postgresql", "postgres") and there.drivername in (backend, "postgresql+psycopg"):
            from socialconnect.export.tables.postgresql import PostgreSQL  # noqa: PLC0415 - it may not be installed

            return PostgreSQL(there)
    except ModuleNotFoundError as error:
        raise absent(error.name or "", name) from None
    return Database(there)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds or time.time(), UTC)
