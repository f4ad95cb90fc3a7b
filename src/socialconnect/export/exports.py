"""The part of a client that exports, and the reading back of what was exported."""

from __future__ import annotations

import secrets
from abc import ABC
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from time import time
from typing import TYPE_CHECKING

import msgspec

from socialconnect.errors import EmptySelection, UnknownName, UsageError
from socialconnect.export.exporter import Exporter
from socialconnect.export.job import Job, Wanted
from socialconnect.export.keeper import Keeper
from socialconnect.export.part import Part
from socialconnect.export.privacy import Privacy
from socialconnect.export.report import Traffic
from socialconnect.export.sink import RunState
from socialconnect.frames import Table
from socialconnect.progress.live import Progress, shown
from socialconnect.runs.select import choose
from socialconnect.telemetry.told import carrying_out

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    import pandas as pd

    from socialconnect.clerk.api import Clerk
    from socialconnect.connectors import Connectors
    from socialconnect.export.job import Format, Personal
    from socialconnect.export.report import ExportReport
    from socialconnect.export.sink import Mode, Sink
    from socialconnect.http.send import Sent, Wire
    from socialconnect.runs.outcomes import Outcome
    from socialconnect.runs.run import Watch
    from socialconnect.runs.select import Users
    from socialconnect.settings import Settings

_AT_ONCE = 32  # accounts: each that is read holds a page or two, and memory is to stay small
RETRY_WITHIN = timedelta(hours=6)
"""How long `resume` goes on with a run that came to everybody, to try again whom another try may mend."""


class Exports(ABC):
    """The part of a client that exports."""

    settings: Settings
    connectors: Connectors
    _clerk: Clerk
    _wire: Wire

    async def export(  # noqa: PLR0913 - what a job can say
        self,
        resources: str | Sequence[str | Wanted] | Job,
        to: str = "",
        users: Users = None,
        *,
        mode: Mode = "merge",
        format: Format = "",  # noqa: A002 - what people call it
        incremental: bool = False,
        resume: bool = False,
        look_back: timedelta | str | None = None,
        full_every: timedelta | str | None = None,
        deadline: timedelta | datetime | str | None = None,
        max_errors: int | str | None = None,
        concurrency: int | None = None,
        personal: Personal = "keep",
        watch: Watch | None = None,
        progress: Progress = None,
    ) -> ExportReport:
        """Read resources for many accounts into files or tables that stay, however many rows that makes.

        Parameters: `resources` as `github.repos`, several, or a whole Job; `to` is a directory or file (local, or of
        any store that fsspec reaches: `s3://bucket/place`), or a database by its SQLAlchemy URL (`sqlite:///x.db`,
        `duckdb:///x.duckdb`, `postgresql://…`); `users` as everywhere.

        `mode`: `merge` puts each row in the place of the one with its key and marks (`_deleted_at`) what a full listing
        no longer has; `replace` makes each account's rows what was read of it; `append` adds. `format` is that of
        files: `parquet` (by default), `csv` or `jsonl`. With `incremental` only what has changed is asked for, where
        the provider can say so, from `look_back` before the last change on (10 minutes), and everything once the last
        full reading is older than `full_every`. With `resume` a run that was broken off goes on at the page where it
        stood; for six hours after its end also one whose failed accounts another try may mend. `deadline` (`"4h"`) ends
        it in good order; so do more failed accounts than `max_errors`, a count or a share (`"5%"`), not counting those
        that only their owners can mend. `concurrency` accounts are read at once, 32 by default. `personal` columns are
        kept, left out (`drop`) or hashed with the setting `hash_key` (`hash`) before anything is written. `watch` and
        `progress` as in `read`.

        Every row begins with user_id and external_account_id and ends with `_run_id`, `_read_at` (UTC) and
        `_deleted_at`. Rows of an account are there for readers when all of it was read, or as much as can be had; what
        is known of progress is kept beside the data. An account that failed loses nothing: its rows stay as they were.

        Returns an ExportReport: counts by outcome, what was sent, and an `exit_code`. Raises a UsageError for what
        cannot be meant; a TargetError where the target cannot be written to, a TargetBusy where another export holds
        it, a SchemaChanged or DamagedState where it does not fit; an InvalidKey or another SetupError for what would
        meet every account. What was read until then is safe.

        >>> import socialconnect as sc
        >>> report = sc.sandbox(users=20).export("github.repos", "memory://quickstart")
        >>> report.ending, len(sc.read_export("memory://quickstart", "github.repos")) == report.resources[0].rows
        ('finished', True)
        """
        chosen = choose(users)
        if isinstance(resources, Job):
            if to or users is not None:
                raise UsageError("A Job says where to and of whom.", cure="Pass it alone, or make another one.")
            job, chosen = resources, choose(resources.users)
        else:
            how = {"look_back": look_back, "full_every": full_every, "deadline": deadline, "max_errors": max_errors}
            job = Job.make(
                resources,
                to,
                None if chosen is None else [one.user_id for one in chosen],
                mode=mode,
                format=format,
                incremental=incremental,
                resume=resume,
                personal=personal,
                concurrency=concurrency,
                **{name: value for name, value in how.items() if value is not None},
            )
        job.check()
        traffic = Traffic()
        parts = self._parts(job, traffic)
        named = ", ".join(part.name for part in parts)
        showing = self.settings.progress if progress is None else progress
        with shown(named, showing), carrying_out("export", named) as told, _open(job) as (sink, keeper):
            try:
                last = await keeper.call(sink.open, [part.dataset for part in parts], job.mode)
                run, resumed = goes_on(last, job)
                await keeper.call(sink.begin, run, resume=resumed)
                most = job.concurrency or min(_AT_ONCE, self.settings.concurrency)
                watched = told.watching(watch)
                exporter = Exporter(self._clerk, job, parts, sink, keeper, traffic, most=most, watch=watched)
                return await exporter.run(run, resume=resumed, chosen=chosen)
            finally:
                await keeper.close(sink.close)

    def _parts(self, job: Job, traffic: Traffic) -> list[Part]:
        """The resources of a job, each ready to be read."""
        how = {"drop": job.personal == "drop", "hashed": job.personal == "hash"}
        raw = any(one.raw for one in job.resources)
        privacy = Privacy.make(**how, key=self.settings.hash_key, raw=raw)
        if privacy.sign and self._wire.cache is not None:
            raise UsageError(
                "The cache keeps whole answers on disk, and personal data with them.",
                cure="Leave the setting `cache` out for this export, or keep personal columns.",
            )

        def count(sent: Sent, outcome: Outcome) -> None:
            outcome.count(sent)
            traffic.add(sent)

        return [Part(self._clerk, self._wire, self.connectors, one, privacy, job.mode, count) for one in job.resources]


@contextmanager
def _open(job: Job) -> Iterator[tuple[Sink, Keeper]]:
    # its libraries are an extra, and too slow for every import
    where = import_module("socialconnect.export.where")
    yield where.open_sink(job.to, format=job.format), Keeper()


def new_run(job: Job) -> RunState:
    """A run that begins now."""
    return RunState(secrets.token_hex(8), job.asked, job.mode, round(time(), 3))


def goes_on(last: RunState | None, job: Job) -> tuple[RunState, bool]:
    """The run to carry out, and whether it is the last one, to be gone on with.

    Raises a UsageError where that one was asked for something else.
    """
    if last is None or not job.resume or last.status == "finished":
        return new_run(job), False
    if last.status == "troubled" and time() - last.ended_at > RETRY_WITHIN.total_seconds():
        return new_run(job), False
    if last.job != job.asked:
        raise UsageError(
            "The export that did not finish there was another job: its resources, users, mode or columns differ.",
            cure="Ask for the same to go on with it, or leave out resume to begin anew.",
        )
    return msgspec.structs.replace(last, status="running", ended_at=0.0), True


def read_export(to: str, resource: str, *, format: Format = "") -> pd.DataFrame:  # noqa: A002 - as in export
    """What was exported, as a DataFrame: the same columns and dtypes, whatever kind of file or database it is.

    Parameters: `to` and `format` as in `client.export`, `resource` as `github.repos`.

    Returns a frame: user_id and external_account_id, the resource's columns with their declared dtypes (times in UTC to
    the microsecond), then `_run_id`, `_read_at` and `_deleted_at`, in no particular order. Rows that are gone are in
    it: those where `_deleted_at` is NA are there. Raises an UnknownName for a resource that was not exported there, a
    TargetError where the target cannot be reached.

    >>> import socialconnect as sc
    >>> _ = sc.sandbox(users=20).export("google.profile", "memory://profiles")
    >>> list(sc.read_export("memory://profiles", "google.profile").columns[:2])
    ['user_id', 'external_account_id']
    """
    where = import_module("socialconnect.export.where")
    sink: Sink = where.open_sink(to, format=format)
    try:
        found = {dataset.resource: dataset for dataset in sink.datasets()}
        if not found:
            raise EmptySelection(f"Nothing was exported to {to}.", cure="Run the export, or mend the name.")
        if resource not in found:
            raise UnknownName(f"{resource} was not exported there.", cure=f"There is: {', '.join(sorted(found))}.")
        table = Table(found[resource].fields, lead=())
        for batch in sink.rows(resource):
            table.add(batch)
    finally:
        sink.close()
    return table.frame()
