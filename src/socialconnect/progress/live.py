"""Shows the count of a call that lasts: in the cell, on the terminal, or to whoever asked to be told."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from socialconnect.progress.count import Count, current

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATIENCE = 1.0  # seconds: what is over sooner needs no progress

Progress = bool | Callable[[Count], None] | None
"""False for none, True also where nobody looks (as lines in a log), None where somebody does; or what is to be told."""


class Surface(Protocol):
    """Where progress is shown; `every` so many seconds."""

    every: float

    def draw(self, count: Count) -> None:
        """Show how far it is."""

    def close(self, count: Count, *, broken: bool) -> None:
        """It is over."""


@contextmanager
def shown(what: str, progress: Progress = None) -> Iterator[None]:
    """Show how far the call in the block is, once it has lasted a second; inside another such block, add to its count.

    It is drawn on the running loop, between two steps of the work, so that no thread is needed.
    """
    surface = None if progress is False or current.get() is not None else _surface(progress)
    if surface is None:
        yield
        return
    count = Count(what)
    mark = current.set(count)
    ticking = _Ticking(surface, count)
    broken = True
    try:
        yield
        broken = False
    finally:
        current.reset(mark)
        ticking.end(broken=broken)


class _Ticking:
    """Draws again and again, from the loop."""

    def __init__(self, surface: Surface, count: Count) -> None:
        self._loop = asyncio.get_running_loop()
        self._surface = surface
        self._count = count
        self._drawn = False
        self._timer = self._loop.call_later(_PATIENCE, self._tick)

    def _tick(self) -> None:
        self._timer = self._loop.call_later(self._surface.every, self._tick)
        self._drawn = True
        self._surface.draw(self._count)

    def end(self, *, broken: bool) -> None:
        self._timer.cancel()
        if self._drawn:
            self._surface.close(self._count, broken=broken)


class _Told:
    """A caller that wants to be told."""

    every = 0.25

    def __init__(self, tell: Callable[[Count], None]) -> None:
        self._tell = tell

    def draw(self, count: Count) -> None:
        self._tell(count)

    def close(self, count: Count, *, broken: bool) -> None:
        del broken
        self._tell(count)


def _surface(progress: Progress) -> Surface | None:
    if callable(progress):
        return _Told(progress)
    if "IPython" in sys.modules:  # without it there is no kernel
        from socialconnect.notebook.line import cell  # noqa: PLC0415 - only where a notebook is

        if (line := cell()) is not None:
            return line
    from socialconnect.progress.terminal import terminal  # noqa: PLC0415 - rich takes 20 ms

    return terminal(forced=bool(progress))
