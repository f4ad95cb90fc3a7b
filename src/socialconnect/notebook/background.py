"""Work behind a panel: on the background loop, so that no callback ever holds up the kernel."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import threading
from typing import TYPE_CHECKING, Generic, TypeVar

from socialconnect import portal
from socialconnect.errors import SocialConnectError
from socialconnect.progress.count import Count, current
from socialconnect.secret import scrub

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Background(Generic[T]):
    """One kind of work, of which only the newest counts.

    `done` is told what came of it and `failed` what went wrong, on the loop's thread: never of work that was stopped
    or that newer work has replaced.
    """

    def __init__(self, done: Callable[[T], None], failed: Callable[[Exception], None]) -> None:
        self._done = done
        self._failed = failed
        self._newest = 0
        self._future: concurrent.futures.Future[None] | None = None
        self._lock = threading.Lock()

    def start(self, work: Callable[[], Coroutine[object, object, T]], *, after: float = 0.0) -> None:
        """Begin, `after` so many seconds in which nothing newer is started."""
        loop = portal.loop()
        with self._lock:
            self._end()
            self._future = asyncio.run_coroutine_threadsafe(self._carry(self._newest, work, after), loop)

    def stop(self) -> bool:
        """End what is under way, and say whether anything was."""
        with self._lock:
            return self._end()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until nothing is under way, `seconds` at most, and say whether that came about."""
        while (future := self._future) is not None and not future.done():
            _, running = concurrent.futures.wait([future], seconds)
            if running:
                return False
        return True

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return self._future is not None and not self._future.done()

    def _end(self) -> bool:
        self._newest += 1
        return self._future is not None and self._future.cancel()

    async def _carry(self, number: int, work: Callable[[], Coroutine[object, object, T]], after: float) -> None:
        current.set(Count("panel"))  # a call that finds one draws no line of its own into whichever cell runs
        try:
            await asyncio.sleep(after)
            value = await work()
            if number == self._newest:
                self._done(value)
        except Exception as error:  # noqa: BLE001 - whatever it is, the panel shows it: nobody else would
            if number == self._newest:
                _log.debug("work behind a panel failed", exc_info=error)
                self._failed(error)


def safely(callback: Callable[[], None], failed: Callable[[Exception], None]) -> Callable[[object], None]:
    """The callback for a widget's event: front ends drop what it raises, so the panel is told instead."""

    def call(event: object) -> None:
        del event
        try:
            callback()
        except Exception as error:  # noqa: BLE001 - as above
            _log.debug("a callback of a panel failed", exc_info=error)
            failed(error)

    return call


def cause_and_cure(error: BaseException) -> tuple[str, str]:
    """What happened and what to do, without anything secret."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    if isinstance(error, SocialConnectError):
        return scrub(error.message), scrub(error.cure)
    return scrub(f"{type(error).__name__}: {error}"), "This should not happen; logging.DEBUG has the traceback."
