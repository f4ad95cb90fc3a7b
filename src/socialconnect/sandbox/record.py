"""The sandbox's own time, and what it has served."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter, deque
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from socialconnect.sandbox.world import EPOCH

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT = 10_000
_LAG = 1.0
"""By how many seconds the loops of two threads may disagree: one that lags so little has the same clock."""


@dataclass(frozen=True, slots=True)
class Served:
    """One request that was served; status 0 is a connection that was dropped, `at` the sandbox's epoch second."""

    host: str
    method: str
    path: str
    status: int
    query: str = ""
    at: float = 0.0


class Record:
    """The last requests, and how many there were: `hosts` and `throttled` count by host, `peak` those at one time."""

    def __init__(self) -> None:
        self.last: deque[Served] = deque(maxlen=KEPT)
        self.hosts: Counter[str] = Counter()
        self.throttled: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.peak = 0
        self._now = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return self.hosts.total()

    def __iter__(self) -> Iterator[Served]:
        return iter(self.last)

    def __repr__(self) -> str:
        return f"Record({len(self)} requests, {self.throttled.total()} throttled)"

    def add(self, served: Served) -> None:
        """Keep one request."""
        with self._lock:
            self.last.append(served)
            self.hosts[served.host] += 1
            self.statuses[served.status] += 1
            if served.status == 429:
                self.throttled[served.host] += 1

    def clear(self) -> None:
        """Forget all of it."""
        self.last.clear()
        self.peak = self._now
        for counter in (self.hosts, self.throttled):
            counter.clear()
        self.statuses.clear()

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Count a request while it is answered."""
        with self._lock:
            self._now += 1
            self.peak = max(self.peak, self._now)
        try:
            yield
        finally:
            with self._lock:
                self._now -= 1


class Clock:
    """Epoch seconds that begin at EPOCH with the first request and go on as the event loop's time does.

    A loop with virtual time makes the hours of the sandbox pass at once; another loop, whose time may begin anywhere,
    goes on from where the last one stood. Where no loop runs it is the machine's, by which loops go.
    """

    def __init__(self) -> None:
        self._offset: float | None = None
        self._last = float(EPOCH)
        self._lock = threading.Lock()

    def now(self) -> float:
        """The time now: it never goes back."""
        try:
            moment = asyncio.get_running_loop().time()
        except RuntimeError:
            moment = time.monotonic()
        with self._lock:
            if self._offset is None or moment + self._offset < self._last - _LAG:
                self._offset = self._last - moment
            self._last = max(self._last, moment + self._offset)
            return self._last
