"""The budgets of a worker's client: those of single tokens are its own, those of whole hosts are lent by the scheduler.

A token is used by one worker at a time, as its account is in one share.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from socialconnect.dask.lease import CLOSED, PLACES, lasting
from socialconnect.errors import SocialConnectError, Unavailable
from socialconnect.http.budget import Budgets, Lane
from socialconnect.secret import bare, scrub

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable
    from concurrent.futures import Future

    from distributed import Client, Worker

    from socialconnect.reading.declare import Budget

_MANY = 200  # places asked for at once
_SOON = 0.01  # seconds: nobody asks more often where nothing is free

Answer = tuple[Sequence[float], float]


class Lending(Protocol):
    """Who lends places."""

    async def places(self, lane: str, limits: Sequence[tuple[int, float]], wanted: Sequence[int]) -> Answer:
        """As `Ledger.places`."""

    def closed(self, lane: str, seconds: float) -> None:
        """As `Lender.closed`; nobody waits for it."""


class FromScheduler:
    """The scheduler of a worker or of the caller, asked on Dask's own loop: ours runs in another thread."""

    def __init__(self, dask: Worker | Client) -> None:
        self._dask = dask
        self._under_way: set[object] = set()

    async def places(self, lane: str, limits: Sequence[tuple[int, float]], wanted: Sequence[int]) -> Answer:
        """Ask for places."""
        call = getattr(self._dask.scheduler, PLACES)(lane=lane, limits=list(limits), wanted=list(wanted))
        answer: Answer | None = await asyncio.wrap_future(self._there(call))
        if answer is None:  # it does not know the word
            raise Unavailable("The scheduler was started anew, and lends no budget.", cure="Call read or export again.")
        return answer

    def closed(self, lane: str, seconds: float) -> None:
        """Tell that a lane is closed."""
        future = self._there(getattr(self._dask.scheduler, CLOSED)(lane=lane, seconds=seconds))
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)

    def _there(self, call: Coroutine[object, object, Answer | None]) -> Future[Answer | None]:
        loop: asyncio.AbstractEventLoop = self._dask.loop.asyncio_loop  # type: ignore[union-attr]  # tornado's own
        return asyncio.run_coroutine_threadsafe(call, loop)


class SharedLane(Lane):
    """What all who call one host may spend together."""

    def __init__(self, name: str, budgets: Sequence[Budget], lending: Lending, most: float) -> None:
        super().__init__(())
        self._name = name
        self._limits = [(budget.requests, budget.seconds) for budget in budgets]
        self._lasting = min(lasting(budget.seconds) for budget in budgets)
        self._lending = lending
        self._most = most
        self._waiting: deque[tuple[int, asyncio.Future[tuple[float, float]]]] = deque()
        self._asking: asyncio.Task[None] | None = None

    def close(self, until: float) -> None:
        """Nobody in this lane sends before `until`, here or anywhere else."""
        super().close(until)
        self._lending.closed(self._name, max(0.0, until - asyncio.get_running_loop().time()))

    async def lend(self, weight: int, allow: Callable[[float], None]) -> float:
        """Wait for a place that may be used just now; the seconds waited. `allow` raises where that is too long."""
        clock = asyncio.get_running_loop().time
        began = clock()
        while True:
            start, end = await self._place(weight)
            allow(start - clock())
            await asyncio.sleep(max(0.0, start - clock()))
            if clock() <= end:
                return clock() - began

    def _place(self, weight: int) -> Awaitable[tuple[float, float]]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[tuple[float, float]] = loop.create_future()
        self._waiting.append((weight, future))
        if self._asking is None or self._asking.done():
            self._asking = loop.create_task(self._ask())
        return future

    async def _ask(self) -> None:
        """Ask for all who wait, at once and again until nobody does."""
        clock = asyncio.get_running_loop().time
        while wanted := self._wanted():
            asked = clock()
            try:
                waits, again = await self._lending.places(self._name, self._limits, wanted)
            except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to who waits
                self._fail(error)
                return
            came = clock()
            for wait in waits:
                self._give(came + wait, asked + wait + self._lasting)
            if len(waits) < len(wanted):
                if again > self._most:  # they are told so, and raise
                    while self._waiting:
                        self._give(came + again, came + again)
                await asyncio.sleep(max(_SOON, again))

    def _wanted(self) -> list[int]:
        self._waiting = deque(one for one in self._waiting if not one[1].done())
        return [weight for weight, _ in list(self._waiting)[:_MANY]]

    def _give(self, start: float, end: float) -> None:
        _, future = self._waiting.popleft()
        if not future.done():  # who was cancelled while the scheduler answered has a place that nobody uses
            future.set_result((start, end))

    def _fail(self, error: Exception) -> None:
        while self._waiting:
            _, future = self._waiting.popleft()
            if not future.done():
                future.set_exception(_told(error))


class SharedBudgets(Budgets):
    """All lanes of one client; those of hosts are lent, to all instances of a cluster together: a key has no name."""

    def __init__(self, *, max_wait: float, lending: Lending) -> None:
        super().__init__(max_wait=max_wait)
        self._lending = lending

    def lane(self, name: str, budgets: Iterable[Budget]) -> Lane:
        """The lane of that name: one that is shared where its budgets are for everybody who calls the host."""
        budgets = tuple(budgets)
        if name not in self._lanes and budgets and all(budget.per == "host" for budget in budgets):
            self._lanes[name] = SharedLane(name, budgets, self._lending, self.max_wait)
        return super().lane(name, budgets)

    async def spend(self, lanes: Iterable[Lane], who: str, weight: int = 1) -> float:
        """Wait for a place in every lane and take it; the seconds waited."""
        lanes = tuple(lanes)
        waited = await super().spend(lanes, who, weight)
        for lane in lanes:
            if isinstance(lane, SharedLane):
                waited += await lane.lend(weight, lambda seconds: self.allow(seconds, who))
        return waited


def _told(error: Exception) -> SocialConnectError:
    if isinstance(error, SocialConnectError):
        return type(error)(error.message, cure=error.cure)
    return bare(
        Unavailable(
            f"The scheduler did not lend a place: {type(error).__name__}: {scrub(str(error))}.", cure="Run it again."
        )
    )
