"""Limits spent before the provider has to say no.

A documented limit is "N requests in any T seconds", so what is kept is the times of the last N: a leaky bucket with
the same figures (aiolimiter) lets almost 2 N through in the first T, and libraries that count windows (limits,
pyrate-limiter) read the wall clock, which virtual-time tests cannot move.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from time import time
from typing import TYPE_CHECKING

from socialconnect.errors import RateLimited
from socialconnect.progress.count import waiting

if TYPE_CHECKING:
    from collections.abc import Iterable

    from socialconnect.reading.declare import Budget

_MARGIN = 1.01  # requests sent T apart may arrive a little closer together
_TICK = 1e-6  # seconds: a clock with coarser steps would never reach a moment that is nearer
_KEPT = 20_000  # tokens whose spending is remembered


class Window:
    """At most `requests` in any `seconds`; times are given, so nothing here waits.

    >>> window = Window(2, 10)
    >>> [round(window.book(now=0.0), 1) for _ in range(3)]
    [0.0, 0.0, 10.1]
    """

    def __init__(self, requests: int, seconds: float) -> None:
        self._seconds = seconds * _MARGIN
        self._times: deque[float] = deque(maxlen=requests)

    def earliest(self, now: float, weight: int = 1) -> float:
        """The moment from which one more request, or one that counts as `weight`, is within the limit."""
        over = len(self._times) + weight - (self._times.maxlen or 0)
        if over <= 0 or not self._times:
            return now
        return max(now, self._times[min(over, len(self._times)) - 1] + self._seconds)

    def book(self, now: float) -> float:
        """Take the next place; returns its moment."""
        at = self.earliest(now)
        self._times.append(at)
        return at


class Lane:
    """What one token, or all who call one host, have spent, and until when they were told to wait."""

    def __init__(self, budgets: Iterable[Budget]) -> None:
        self.windows = [Window(budget.requests, budget.seconds) for budget in budgets]
        self.closed_until = 0.0

    def close(self, until: float) -> None:
        """Nobody in this lane sends before `until`."""
        self.closed_until = max(self.closed_until, until)

    def earliest(self, now: float, weight: int = 1) -> float:
        """When the next request of this lane may go."""
        return max([now, self.closed_until, *(window.earliest(now, weight) for window in self.windows)])


class Budgets:
    """All lanes of one client, by name; the least recently used token's lane is forgotten first."""

    def __init__(self, *, max_wait: float) -> None:
        self.max_wait = max_wait
        self._lanes: OrderedDict[str, Lane] = OrderedDict()

    def lane(self, name: str, budgets: Iterable[Budget]) -> Lane:
        """The lane of that name, made with these budgets on first use."""
        if name not in self._lanes:
            self._lanes[name] = Lane(budgets)
            if len(self._lanes) > _KEPT:
                self._lanes.popitem(last=False)
        self._lanes.move_to_end(name)
        return self._lanes[name]

    async def spend(self, lanes: Iterable[Lane], who: str, weight: int = 1) -> float:
        """Wait for a place in every lane and take it, or `weight` of them; the seconds waited.

        A RateLimited where the wait would be longer than `max_wait`: it says when to come back.
        """
        lanes = tuple(lanes)
        clock = asyncio.get_running_loop().time
        began = now = clock()
        at = max(lane.earliest(began, weight) for lane in lanes)
        self.allow(at - began, who)
        for lane in lanes:
            for window in lane.windows:
                for _ in range(weight):
                    window.book(at)
        while now + _TICK < (at := max([at, *(lane.closed_until for lane in lanes)])):
            self.allow(at - now, who)
            with waiting(who, at - now):
                await asyncio.sleep(at - now)
            now = clock()
        return now - began

    def allow(self, seconds: float, who: str, why: str = "", **facts: object) -> None:
        """Raise a RateLimited if a wait of `seconds` is longer than `max_wait`."""
        if seconds > self.max_wait:
            until = time() + seconds
            raise RateLimited(
                f"{who} asks for a wait of {_span(seconds)}{f' ({why})' if why else ''}.",
                cure=f"Come back then, or allow it with the setting max_wait={int(seconds) + 1}.",
                retry_after=seconds,
                until=until,
                **facts,
            )


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
