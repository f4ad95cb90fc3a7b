"""Progress on a terminal, or as lines in a log."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

from socialconnect.secret import scrub

if TYPE_CHECKING:
    from rich.live import Live
    from rich.spinner import Spinner

    from socialconnect.progress.count import Count
    from socialconnect.progress.live import Surface

_busy = threading.Lock()  # two that draw at once would draw over each other


def terminal(*, forced: bool) -> Surface | None:
    """Where progress goes outside a notebook; None where nobody looks, unless it is `forced`."""
    if sys.stderr is not None and sys.stderr.isatty():
        return _Line()
    return _Log() if forced else None


class _Line:
    """One line at the bottom of the terminal, gone when it is over."""

    every = 0.1

    def __init__(self) -> None:
        self._live: Live | None = None
        self._spinner: Spinner | None = None

    def draw(self, count: Count) -> None:
        from rich.text import Text  # noqa: PLC0415 - not for what is over sooner

        if self._live is None and not self._start():
            return
        if self._spinner is not None and self._live is not None:
            self._spinner.update(text=Text(scrub(str(count))))
            self._live.refresh()

    def close(self, count: Count, *, broken: bool) -> None:
        del count, broken
        if self._live is not None:
            self._live.stop()
            _busy.release()

    def _start(self) -> bool:
        from rich.console import Console  # noqa: PLC0415 - not for what is over sooner
        from rich.live import Live  # noqa: PLC0415
        from rich.spinner import Spinner  # noqa: PLC0415

        if not _busy.acquire(blocking=False):
            return False
        self._spinner = Spinner("dots")
        self._live = Live(
            self._spinner,
            console=Console(file=sys.stderr),
            transient=True,
            auto_refresh=False,  # the loop draws: no thread
            redirect_stdout=False,  # it may be a pipe
        )
        self._live.start()
        return True


class _Log:
    """A line now and then, for the log of a scheduled job."""

    every = 10.0

    def draw(self, count: Count) -> None:
        self._write(str(count))

    def close(self, count: Count, *, broken: bool) -> None:
        self._write(count.told(broken=broken))

    def _write(self, line: str) -> None:
        sys.stderr.write(f"{scrub(line)}\n")
        sys.stderr.flush()
