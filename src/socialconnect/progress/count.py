"""What is counted while a call is under way, and the line that tells it.

Whoever does the work adds to the count of its context, if there is one: a wait inside a request belongs to whichever
call it holds up, and handing a counter through every layer between would say no more.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic, time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONG = 1.0  # seconds: a shorter wait is over before it is read
current: ContextVar[Count | None] = ContextVar("socialconnect_progress", default=None)


@dataclass(frozen=True, slots=True)
class Wait:
    """For whom something waits, and until when (seconds since 1970)."""

    who: str
    until: float

    @property
    def clock(self) -> str:
        """The moment by the clock on the wall."""
        return datetime.fromtimestamp(self.until, UTC).astimezone().strftime("%H:%M:%S")


class Count:
    """How far one call is. The loop that does the work counts; any thread may read.

    >>> count = Count("github.repos")
    >>> count.expect(3)
    >>> count.ended(whole=True)
    >>> count.read(12)
    >>> str(count)
    'github.repos: 1 of 3 accounts, 12 rows'
    """

    def __init__(self, what: str) -> None:
        self.what = what
        self.of = 0
        self.accounts = 0
        self.rows = 0
        self.requests = 0
        self.troubled = 0
        self._began = monotonic()
        self._waits: dict[object, Wait] = {}

    def expect(self, accounts: int) -> None:
        """So many more are to be read, as far as is known."""
        self.of += accounts

    def ended(self, *, whole: bool) -> None:
        """One more account has ended."""
        self.accounts += 1
        self.troubled += not whole

    def read(self, rows: int) -> None:
        """So many more rows have come."""
        self.rows += rows

    def sent(self) -> None:
        """One more request was answered."""
        self.requests += 1

    @contextmanager
    def waiting(self, who: str, seconds: float) -> Iterator[None]:
        """Within the block, `who` waits so long."""
        key = object()
        if seconds >= _LONG:
            self._waits[key] = Wait(who, time() + seconds)
        try:
            yield
        finally:
            self._waits.pop(key, None)

    @property
    def waits(self) -> list[Wait]:
        """Who waits just now; whose wait ends first comes first."""
        return sorted(self._waits.copy().values(), key=lambda wait: wait.until)

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return monotonic() - self._began

    @property
    def part(self) -> float | None:
        """Which part of the accounts has ended; None where nobody knows how many there are."""
        return min(1.0, self.accounts / self.of) if self.of else None

    def __str__(self) -> str:
        of = f" of {self.of:,}" if self.of > self.accounts else ""
        told = [
            f"{self.accounts:,}{of} accounts" if of else _counted(self.accounts, "account"),
            _counted(self.rows, "row") or ("0 rows" if self.accounts else ""),
            _counted(self.requests, "request"),
            f"{self.troubled:,} not read whole" if self.troubled else "",
            self._waited(),
        ]
        return f"{self.what}: {', '.join(filter(None, told)) or 'begun'}"

    def told(self, *, broken: bool) -> str:
        """The line that may stay when it is over: how far it came and how long it took."""
        self._waits.clear()
        return f"{self}; {'broken off after' if broken else 'took'} {self.seconds:.1f} s"

    def _waited(self) -> str:
        waits = self.waits
        if not waits:
            return ""
        more = f" and {len(waits) - 1:,} more" if len(waits) > 1 else ""
        return f"waiting until {waits[0].clock} ({waits[0].who}{more})"


def came(rows: int) -> None:
    """So many rows have come to the call under way."""
    count = current.get()
    if count is not None:
        count.read(rows)


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}" if number else ""


@contextmanager
def waiting(who: str, seconds: float) -> Iterator[None]:
    """Within the block, the call under way waits for `who`."""
    count = current.get()
    if count is None:
        yield
    else:
        with count.waiting(who, seconds):
            yield
