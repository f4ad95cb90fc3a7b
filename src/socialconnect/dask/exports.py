"""One export over many workers: the caller lists, hands out, takes in and publishes; the workers read and write."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from time import time
from typing import TYPE_CHECKING

import msgspec
from distributed import KilledWorker

from socialconnect import portal
from socialconnect.client import Client
from socialconnect.dask import cluster
from socialconnect.dask.budget import FromScheduler
from socialconnect.dask.handing import Taking
from socialconnect.dask.station import Station
from socialconnect.dask.tally import Total
from socialconnect.dask.tasks import Handed, Order, carry
from socialconnect.dask.terms import Terms, check, further, shares, tell_left_out, told
from socialconnect.errors import SocialConnectError, Unavailable, UsageError
from socialconnect.export.exports import goes_on
from socialconnect.export.files import FileSink
from socialconnect.export.files.entries import HIDDEN
from socialconnect.export.job import Job, Wanted
from socialconnect.export.report import ExportReport, Traffic, attach
from socialconnect.export.telling import shown
from socialconnect.export.where import open_sink
from socialconnect.runs.select import choose
from socialconnect.secret import bare

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import timedelta

    import distributed
    from distributed import Future

    from socialconnect.dask.terms import Share
    from socialconnect.export.job import Format, Personal
    from socialconnect.export.report import Ending
    from socialconnect.export.sink import AccountState, Mode, RunState
    from socialconnect.runs.select import Chosen, Users

SIZE = 100  # users in a share: as many as Clerk lists by one request
_RETRIES = 2  # of a share that ended with an error of the moment


def export(  # noqa: PLR0913 - what a job can say
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
    size: int = SIZE,
    via: str = "",
    client: Client | None = None,
    dask: distributed.Client | None = None,
) -> ExportReport:
    """Export resources for many accounts by all workers of a Dask cluster.

    The workers read, and write what they read as Parquet beside the target; this process takes it into the target, step
    by step, and publishes it. So every target, mode and option of `client.export` is the same here, also what is kept
    of progress: what one of the two began the other goes on with. A worker that is killed costs nothing: another one
    goes on behind its last step, some two seconds of work, and nothing is written twice.

    Parameters: those of `client.export`; `concurrency` is that of each thread of a worker, by default its part of the
    setting; `size` users make a share; `via` is where workers write, a folder or any URL of fsspec's: it lies in the
    target by default, where that is a folder, and must be named for a database or a single file. All workers and this
    process must reach it, with credentials of their own. `client` lists the users, `sc.Client()` by default: it must
    have its key from the environment, as workers have theirs; `dask` is the cluster's client, by default the current
    one. There is no `watch` and no `progress`: Dask's own dashboard shows the shares.

    Returns the ExportReport of `client.export`. Raises what that raises, and a UsageError for a client that cannot be
    sent; an InvalidKey or MissingKey where a worker has no key, or one of another instance.
    """
    chosen = choose(users)
    if isinstance(resources, Job):
        if to or users is not None:
            raise UsageError("A Job says where to and of whom.", cure="Pass it alone, or make another one.")
        job, chosen = resources, choose(resources.users)
    else:
        spans = {"look_back": look_back, "full_every": full_every, "deadline": deadline, "max_errors": max_errors}
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
            **{name: value for name, value in spans.items() if value is not None},
        )
    job.check()
    client = client or Client()
    check(client)
    return _Export(job, client, cluster.ready(dask), _spool(job, via)).run(chosen, size)


def _spool(job: Job, via: str) -> str:
    """Where workers write: a folder that everybody reaches, by an address that may travel."""
    folder = job.to.endswith("/") or "." not in job.to.rpartition("/")[2]
    if not via and not (folder and isinstance(open_sink(job.to, format=job.format), FileSink)):
        raise UsageError(
            f"No worker can write to {shown(job.to)} by itself.",
            cure="Name a folder for what they read by via=…, as s3://bucket/via/: it is empty again afterwards.",
        )
    spool = via or f"{job.to.rstrip('/')}/{HIDDEN}"
    if shown(spool) != spool:
        raise UsageError(
            "The address holds a password, which would travel to the workers.",
            cure="Leave it out, and give each worker its credentials in its own environment.",
        )
    return spool


class _Export:
    """One export, seen by the caller."""

    def __init__(self, job: Job, client: Client, dask: distributed.Client, spool: str) -> None:
        self._job = job
        self._client = client
        self._dask = dask
        self._spool = spool
        self._station = Station.like(client)
        self._engine = client.settings.engine
        self._traffic = Traffic()
        self._parts = self._station.parts(job, self._traffic)
        self._total = Total((part.name for part in self._parts), self._traffic)
        self._sink = open_sink(job.to, format=job.format)
        self._stopped: SocialConnectError | None = None
        self._error = ""

    def run(self, chosen: Sequence[Chosen] | None, size: int) -> ExportReport:
        """List, hand out, take in, publish."""
        until = None if self._job.deadline is None else time() + self._job.deadline.total_seconds()
        self._station.lent(FromScheduler(self._dask))
        instance = portal.run(self._station.instance(), self._engine).id
        try:
            last = self._sink.open([part.dataset for part in self._parts], self._job.mode)
            run, resumed = goes_on(last, self._job)
            self._sink.begin(run, resume=resumed)
            users, whole = self._users(chosen)
            order = self._order(instance, run, until)
            try:
                self._all(order, shares(users, size, listed=chosen is None), until)
            except BaseException as broken:
                attach(broken, self._report(run, "stopped", str(broken), resumed=resumed))
                raise
            ending = self._ending(until)
            ended = msgspec.structs.replace(run, status=ending, ended_at=round(time(), 3))
            come_to = whole and chosen is None and ending in ("finished", "troubled")
            listed = [part.name for part in self._parts if part.name not in self._total.off] if come_to else []
            self._sink.finish(ended, listed)
            return self._report(ended, ending, self._error or str(self._stopped or ""), resumed=resumed)
        finally:
            self._sink.close()
            portal.run(self._station.aclose(), self._engine)

    def _users(self, chosen: Sequence[Chosen] | None) -> tuple[Sequence[Chosen], bool]:
        """Who is read, and whether they are all who could be."""
        if chosen is not None:
            return chosen, False
        providers = {part.reader.provider for part in self._parts}
        users, left_out = portal.run(self._station.having(providers, self._traffic), self._engine)
        tell_left_out(left_out)
        return users, not left_out

    def _order(self, instance: str, run: RunState, until: float | None) -> Order:
        names = [part.name for part in self._parts]
        terms = Terms(instance, told(self._client.settings, cluster.threads(self._dask)), further(self._client, names))
        # where to is no business of the workers: an address may hold a password
        job = self._job.model_copy(update={"to": "-", "users": None, "resume": True})
        shapes = tuple(part.shape for part in self._parts)
        return Order(terms, job, run, self._spool, f"handed-{secrets.token_hex(6)}", shapes, until)

    def _all(self, order: Order, waiting: Iterator[Share], until: float | None) -> None:
        """Hand out a few shares at a time, and take in what comes; what is under way when it stops is taken in too."""
        taking = Taking(order.spool, order.folder, [part.dataset for part in self._parts], self._sink)
        flow = cluster.Flow(self._dask)

        def hand_out() -> None:
            while flow.room and not self._over(until) and (share := next(waiting, None)) is not None:
                flow.add(self._submit(order, share), share)

        try:
            hand_out()
            for share, handed in flow:
                self._take(taking, share, handed)
                hand_out()
        finally:
            flow.cancel()
            taking.clear()
        if self._stopped is not None and not isinstance(self._stopped, Unavailable):
            raise self._stopped

    def _over(self, until: float | None) -> bool:
        return self._stopped is not None or bool(self._error) or (until is not None and time() >= until)

    def _submit(self, order: Order, share: Share) -> Future[Handed]:
        return self._dask.submit(
            carry,
            order,
            share,
            msgspec.json.encode(self._known(share)),
            key=f"socialconnect-export-{order.folder}-{share.number:06d}",
            pure=False,
            retries=_RETRIES,
        )

    def _known(self, share: Share) -> list[AccountState]:
        """What the target keeps of a share's accounts: how far they were read, and what has changed since."""
        return [state for part in self._parts for user in share.ids for state in self._sink.states(part.name, user)]

    def _take(self, taking: Taking, share: Share, handed: Handed | BaseException) -> None:
        if isinstance(handed, BaseException):
            self._stopped = self._stopped or _trouble(handed, share)
            return
        self._stopped = self._stopped or handed.error
        taking.take(handed.chain)
        taking.clear(f"{share.number:06d}")
        self._total.add(handed)
        if self._total.too_many(self._job):
            self._error = self._error or f"{self._total.failed:,} accounts failed, more than max_errors allows."

    def _ending(self, until: float | None) -> Ending:
        if self._error or self._stopped:
            return "stopped"
        if self._total.late or (until is not None and time() >= until):
            return "deadline"
        return "troubled" if self._total.failed else "finished"

    def _report(self, run: RunState, ending: Ending, error: str, *, resumed: bool) -> ExportReport:
        began, ended = (datetime.fromtimestamp(at, UTC) for at in (run.started_at, run.ended_at or time()))
        return ExportReport(
            run.id,
            self._job.to,
            self._job.mode,
            began,
            ended,
            ending,
            tuple(self._total.tallies.values()),
            self._traffic,
            resumed=resumed,
            error=error,
            cause=self._stopped,
        )


def _trouble(error: BaseException, share: Share) -> SocialConnectError:
    if isinstance(error, SocialConnectError):
        return bare(error)
    count = f"{len(share.users):,} users"
    if isinstance(error, KilledWorker):
        return Unavailable(
            f"Workers died one after another while they read the same {count}.",
            cure="Give them more memory, or shares fewer users (size=…), and run it again with resume=True.",
        )
    return Unavailable(
        f"The cluster lost the share of {count} ({type(error).__name__}: {error}).",
        cure="Run it again with resume=True.",
    )
