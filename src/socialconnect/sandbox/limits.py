"""How many requests in how long: a sliding window per key, in the sandbox's own time."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import ceil

_MANY = 10_000


class Window:
    """At most `requests` in any `seconds` for each key.

    >>> window = Window(1, 10.0)
    >>> window.wait("a", now=0.0), window.wait("a", now=4.0), window.wait("a", now=10.0)
    (0, 6, 0)
    """

    def __init__(self, requests: int, seconds: float) -> None:
        self.requests = requests
        self.seconds = seconds
        self._times: dict[str, deque[float]] = {}

    def wait(self, key: str, now: float) -> int:
        """Take a place and give 0, or give the whole seconds after which there will be one."""
        times = self._times.get(key)
        if times is None:
            if len(self._times) >= _MANY:
                self._forget(now)
            times = self._times[key] = deque()
        while times and times[0] <= now - self.seconds:
            times.popleft()
        if len(times) >= self.requests:
            return max(1, ceil(times[0] + self.seconds - now))
        times.append(now)
        return 0

    def _forget(self, now: float) -> None:
        self._times = {key: times for key, times in self._times.items() if times and times[-1] > now - self.seconds}


@dataclass(slots=True)
class Count:
    """What one key has used since its window began."""

    since: float
    used: int = 0


class Hourly:
    """A fixed window per key that counts down, as GitHub tells it in its headers."""

    def __init__(self, requests: int = 5000, seconds: float = 3600.0) -> None:
        self.requests = requests
        self.seconds = seconds
        self._counts: dict[str, Count] = {}

    def take(self, key: str, now: float) -> tuple[int, int]:
        """(requests left after this one, epoch second of the reset); -1 left says that it was one too many."""
        count = self.read(key, now)
        if count.used >= self.requests:
            return -1, ceil(count.since + self.seconds)
        count.used += 1
        return self.requests - count.used, ceil(count.since + self.seconds)

    def give_back(self, key: str) -> None:
        """Uncount the last request: it was free."""
        if key in self._counts:
            self._counts[key].used -= 1

    def read(self, key: str, now: float) -> Count:
        """The key's count, begun anew where its window is over."""
        count = self._counts.get(key)
        if count is None or count.since + self.seconds <= now:
            if len(self._counts) >= _MANY:
                self._counts = {name: old for name, old in self._counts.items() if old.since + self.seconds > now}
            count = self._counts[key] = Count(now)
        return count
