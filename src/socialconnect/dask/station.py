"""The client of one process: a worker's, which finds its own key, or the caller's, which lists the users."""

from __future__ import annotations

import threading
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from socialconnect import portal
from socialconnect.async_client import AsyncClient
from socialconnect.clerk.api import Clerk
from socialconnect.clerk.models import User, counted
from socialconnect.dask.budget import FromScheduler, SharedBudgets
from socialconnect.dask.terms import GIVE
from socialconnect.errors import InvalidKey, MissingKey, UsageError
from socialconnect.export.exporter import Exporter
from socialconnect.export.keeper import Keeper
from socialconnect.export.report import Traffic
from socialconnect.runs.reader import Reader
from socialconnect.runs.select import Chosen
from socialconnect.secret import bare
from socialconnect.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection, Mapping, Sequence

    from distributed import Worker

    from socialconnect.clerk.api import Listing
    from socialconnect.client import Client
    from socialconnect.dask.budget import Lending
    from socialconnect.dask.terms import Share, Terms
    from socialconnect.export.job import Job
    from socialconnect.export.part import Part
    from socialconnect.export.report import ExportReport
    from socialconnect.export.sink import RunState, Sink
    from socialconnect.http.send import Observer
    from socialconnect.reading.declare import Value
    from socialconnect.runs.run import Run


class Few(Clerk):
    """A Clerk instance that has only some users, so that whoever reads everybody reads these."""

    ids: Sequence[str] = ()

    async def listing(
        self, filters: Mapping[str, Value], observe: Observer, *, side_by_side: bool = False
    ) -> AsyncGenerator[Listing]:
        """Those users, a hundred by one request: their accounts come with them, and travel nowhere."""
        if not self.ids:
            return
        mine = super().listing({**filters, "user_id": list(self.ids)}, observe, side_by_side=side_by_side)
        async with aclosing(mine) as pages:
            async for page in pages:
                yield page


@dataclass(frozen=True, slots=True)
class Asked:
    """What is read: one resource, with which columns and arguments."""

    resource: str
    columns: tuple[str, ...] | None = None
    raw: bool = False
    arguments: tuple[tuple[str, Value], ...] = ()


class Station(AsyncClient):
    """An AsyncClient that reads what is handed to it."""

    @classmethod
    def like(cls, client: Client) -> Station:
        """A station of the caller's own process, with its client's key, settings and connectors."""
        return cls(settings=client.settings, connectors=client.connectors.values())

    def lent(self, lending: Lending) -> None:
        """Have what the limits of whole hosts allow lent by the scheduler."""
        wire = self._wire
        wire.budgets = SharedBudgets(max_wait=self.settings.max_wait, lending=lending)

    async def having(self, providers: Collection[str], traffic: Traffic) -> tuple[list[Chosen], int]:
        """Everybody who has connected any of the providers, newest first; and how many records could not be read."""
        found: dict[tuple[int, int], list[str]] = {}
        left_out = 0
        async with aclosing(self._clerk.listing({}, traffic.add, side_by_side=True)) as pages:
            async for page in pages:
                users, odd = counted(page.body, User)
                left_out += odd
                found[page.window, page.number] = [
                    user.id for user in users if any(one.provider in providers for one in user.external_accounts)
                ]
        ids = dict.fromkeys(user for place in sorted(found) for user in found[place])
        return [Chosen(one) for one in ids], left_out

    def parts(self, job: Job, traffic: Traffic) -> list[Part]:
        """The resources of a job, each ready to be read."""
        return self._parts(job, traffic)

    async def exported(self, job: Job, run: RunState, share: Share, sink: Sink) -> tuple[ExportReport, list[str]]:
        """Export a share of the users; also the resources whose provider the instance does not offer."""
        traffic = Traffic()
        parts = self._parts(job, traffic)
        most = job.concurrency or self.settings.concurrency
        keeper = Keeper()
        try:
            await keeper.call(sink.open, [part.dataset for part in parts], job.mode)
            exporter = Exporter(self._few(share), job, parts, sink, keeper, traffic, most=most)
            report = await exporter.run(run, resume=True, chosen=None if share.listed else share.users)
        finally:
            await keeper.close(sink.close)
        return report, [part.name for part in parts if part.off is not None]

    async def read_share(self, asked: Asked, share: Share) -> Run:
        """Read one resource for a share of the users."""
        return await self.reader(asked, share).run(None if share.listed else share.users)

    def reader(self, asked: Asked, share: Share) -> Reader:
        """What reads a share; a UsageError where that cannot be."""
        connector, name = self.connectors.resource(asked.resource)
        resource = replace(connector.resource(name), variants=None)  # columns that only the rows tell are no contract
        return Reader(
            self._few(share),
            self._wire,
            connector,
            resource,
            columns=asked.columns,
            raw=asked.raw,
            arguments=dict(asked.arguments),
        )

    def _few(self, share: Share) -> Clerk:
        few = Few(self.settings.key(), self._wire, production=self.settings.production, title=self._title)
        few.ids = share.ids
        return few


_lock = threading.Lock()
_stations: dict[tuple[str, str], tuple[Terms, Station]] = {}


def here(terms: Terms) -> Station:
    """The station of this worker: made once, and held to the terms.

    Raises a MissingKey where this process finds no key, an InvalidKey where Clerk refuses it or it is another
    instance's, a UsageError anywhere but on a worker.
    """
    from distributed import get_worker  # noqa: PLC0415 - what a task asks for, and nobody else

    try:
        worker = get_worker()
    except ValueError:
        raise UsageError(
            "This is computed outside of a cluster, where nothing lends the budget.",
            cure="Make a distributed.Client, and compute it there.",
        ) from None
    with _lock:
        terms_held, station = _stations.get((worker.address, terms.instance), (None, None))
        if station is None or terms_held != terms:
            station = _made(terms, worker)
            _stations[worker.address, terms.instance] = terms, station
    return station


def _made(terms: Terms, worker: Worker) -> Station:
    try:
        settings = Settings.make(**dict(terms.settings))
        settings.key()
    except MissingKey:
        raise bare(MissingKey(f"The worker {worker.address} finds no Clerk secret key.", cure=GIVE)) from None
    station = Station(settings=settings, connectors=terms.connectors)
    station.lent(FromScheduler(worker))
    try:
        found = portal.run(station.instance(), "thread")
    except InvalidKey as error:
        raise bare(InvalidKey(f"On the worker {worker.address}: {error.message}", cure=GIVE)) from None
    if found.id != terms.instance:
        raise InvalidKey(f"The secret key of the worker {worker.address} is another Clerk instance's.", cure=GIVE)
    return station
