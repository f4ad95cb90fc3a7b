"""The attempts that go on in this process: held until they are over, and ended before the interpreter is.

An attempt that nobody holds goes on: its link is with a person. What it leaves at the end of the interpreter, a ticket
or a session, is cleared away first: that takes a call to Clerk, for which the end of the background loop has no time.
"""

from __future__ import annotations

import atexit
import os
import time
from typing import Protocol

_PATIENCE = 3.0  # seconds that the end of the interpreter is held up, however many there are


class Lasting(Protocol):
    """What goes on in a loop until it is told to end."""

    def cancel(self) -> None:
        """Tell it to end."""

    def settled(self, within: float) -> bool:
        """Whether it is over with all that it has to clear away, after so many seconds at most."""


class UnderWay:
    """Those that go on, each with the process that it was begun in: a fork has none of them."""

    def __init__(self) -> None:
        self._all: dict[Lasting, int] = {}
        self._leaves = False

    def __contains__(self, one: object) -> bool:
        return one in self._all

    def begin(self, one: Lasting) -> None:
        """Hold it until it is over."""
        if not self._leaves:  # now, so that it comes before the end of the loop that was made before
            atexit.register(self.leave)
            self._leaves = True
        self._all[one] = os.getpid()

    def over(self, one: Lasting) -> None:
        """Let it go."""
        self._all.pop(one, None)

    def leave(self) -> None:
        """End all of them, and give them a moment to clear away."""
        mine = [one for one, process in tuple(self._all.items()) if process == os.getpid()]
        until = time.monotonic() + _PATIENCE
        for one in mine:
            one.cancel()
        for one in mine:
            one.settled(max(0.0, until - time.monotonic()))


under_way = UnderWay()
