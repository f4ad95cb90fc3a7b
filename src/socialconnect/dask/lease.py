"""One budget for all workers: the scheduler keeps the times that are spent, and lends places out.

A place is lent for a moment. Whoever asked may use it until `lasting` after it asked, by its own clock: as it asked
before the place was given, and has it after that, no two clocks need to agree. The window is longer by as much, so that
however late places are used there are never more requests in any stretch than the limit says; and by as much again, for
what a request takes to its host, which counts it only then. What a worker does not use, because it was killed or was
too slow, is back when the window has passed over it.

Dask's own Semaphore bounds how many go on at a time, and knows no rates.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from distributed import SchedulerPlugin

from socialconnect.http.budget import Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from distributed import Scheduler

NAME = "socialconnect-budgets"
PLACES = "socialconnect_places"
CLOSED = "socialconnect_closed"
_PARTS, _MANY = 5, 50  # a limit of so many is spent in so many parts
AHEAD = 1.0  # seconds: places further ahead are not given yet, since who gets them may be killed


def lasting(seconds: float) -> float:
    """How long a place in a window of so many seconds may be used after it was asked for.

    >>> lasting(10.0), lasting(1.0), lasting(3600.0)
    (0.5, 0.2, 1.0)
    """
    return min(1.0, max(0.2, seconds / 20))


class Ledger:
    """What all workers have spent in one lane; times are given, so nothing here waits.

    >>> ledger = Ledger([(2, 10.0)])
    >>> waits, again = ledger.places([1, 1, 1], now=0.0)
    >>> waits, round(again)
    ([0.0, 0.0], 10)
    """

    def __init__(self, limits: Sequence[tuple[int, float]]) -> None:
        late = min(map(lasting, (seconds for _, seconds in limits)))
        whole = [(requests, seconds + 2 * late) for requests, seconds in limits]
        # evenly: a thousand at once queue up at the host, and are counted when the next thousand comes
        even = [(requests // _PARTS, seconds / _PARTS) for requests, seconds in whole if requests >= _MANY]
        self._windows = [Window(requests, seconds) for requests, seconds in whole + even]
        self._closed_until = 0.0
        self.given = 0

    def places(self, wanted: Sequence[int], now: float) -> tuple[list[float], float]:
        """For each that is wanted, by its weight, in how many seconds it may go, as far as can be said by now.

        Also when to ask again for the others.
        """
        waits: list[float] = []
        at = now
        for weight in wanted:
            at = max([now, self._closed_until, *(window.earliest(now, weight) for window in self._windows)])
            if at - now > AHEAD:
                break
            for window in self._windows:
                for _ in range(weight):
                    window.book(at)
            waits.append(at - now)
            self.given += weight
        return waits, max(0.0, at - now - AHEAD)

    def close(self, until: float) -> None:
        """Give nobody a place before `until`: the service said so."""
        self._closed_until = max(self._closed_until, until)


class Lender(SchedulerPlugin):
    """Lends places out, for as long as the scheduler lives; workers ask by its handlers."""

    name = NAME
    idempotent = True  # a second call must not forget what the first has spent

    def __init__(self) -> None:
        self._ledgers: dict[str, Ledger] = {}

    async def start(self, scheduler: Scheduler) -> None:
        """Answer workers from now on."""
        scheduler.handlers[PLACES] = self.places
        scheduler.handlers[CLOSED] = self.closed

    async def places(
        self, lane: str, limits: Sequence[tuple[int, float]], wanted: Sequence[int]
    ) -> tuple[list[float], float]:
        """Places in a lane, as `Ledger.places`; its limits are those of who asks first."""
        if lane not in self._ledgers:
            self._ledgers[lane] = Ledger(limits)
        return self._ledgers[lane].places(wanted, monotonic())

    async def closed(self, lane: str, seconds: float) -> None:
        """The service told one worker to wait: all do."""
        if lane in self._ledgers:
            self._ledgers[lane].close(monotonic() + seconds)
