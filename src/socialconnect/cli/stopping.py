"""Ends an export in good order when it is interrupted, or told to end by whoever runs it (systemd, Kubernetes)."""

import asyncio
import signal
import threading
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, TypeVar

from socialconnect import portal

if TYPE_CHECKING:
    from collections.abc import Callable

    Handler = Callable[[int, FrameType | None], object] | int | None

T = TypeVar("T")

_SHELL = 128  # what a shell adds to the signal that ended a program


class Stopping:
    """Whether a signal came; the first one cancels what `carry_out` waits for, a second one ends the program at once.

    A KeyboardInterrupt is raised where nothing is under way that could be cancelled.
    """

    def __init__(self) -> None:
        self._came = 0
        self._before: dict[int, Handler] = {}
        self._under_way: tuple[asyncio.AbstractEventLoop, asyncio.Task[object]] | None = None

    @property
    def code(self) -> int:
        """The exit code that tells the signal: 130 or 143; 0 where none came."""
        return _SHELL + self._came if self._came else 0

    def carry_out(self, work: Awaitable[T]) -> T:
        """What `work` gives; a CancelledError where a signal cancelled it, after it had put everything away."""

        async def stoppable() -> T:
            task = asyncio.current_task()
            if task is not None:
                self._under_way = asyncio.get_running_loop(), task
            try:
                return await work
            finally:
                self._under_way = None

        return portal.run(stoppable())

    def _heed(self, number: int, frame: FrameType | None) -> None:
        del frame
        self._came = self._came or number
        self._let_go()
        if self._under_way is None:
            raise KeyboardInterrupt
        loop, task = self._under_way
        loop.call_soon_threadsafe(task.cancel)

    def _listen(self) -> None:
        if threading.current_thread() is threading.main_thread():  # no other hears of signals
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._heed)

    def _let_go(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}


@contextmanager
def stopping() -> Iterator[Stopping]:
    """Within the block, signals to end are heeded."""
    found = Stopping()
    found._listen()  # noqa: SLF001 - it is ours
    try:
        yield found
    finally:
        found._let_go()  # noqa: SLF001 - as above
