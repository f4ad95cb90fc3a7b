"""What the Account Portal remembers of a browser beside its session: what it waits for, and what to say next."""

from __future__ import annotations

import threading
from dataclasses import dataclass

_MANY = 10_000


@dataclass(frozen=True, slots=True)
class Visit:
    """One browser's.

    `waiting` is the user, by index, who has yet to give a second factor; `attempt` the state of the last consent that
    was asked for here; `said` what the last form did, and to which provider.
    """

    waiting: int | None = None
    attempt: str = ""
    said: tuple[str, str] = ("", "")


_NEW = Visit()


class Visits:
    """The browsers, by the value of their cookie; the oldest are forgotten when there are very many."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: dict[str, Visit] = {}

    def of(self, browser: str) -> Visit:
        """What is known of a browser."""
        return self._all.get(browser, _NEW)

    def keep(self, browser: str, visit: Visit) -> None:
        """Remember a browser."""
        with self._lock:
            self._all.pop(browser, None)
            self._all[browser] = visit
            while len(self._all) > _MANY:
                del self._all[next(iter(self._all))]

    def forget(self, browser: str) -> None:
        """Forget a browser."""
        with self._lock:
            self._all.pop(browser, None)
