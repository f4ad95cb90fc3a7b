"""How far a long reading is: on a terminal only, and only if it lasts."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

if TYPE_CHECKING:
    from socialconnect.runs.outcomes import Outcome
    from socialconnect.runs.run import Watch

_PATIENCE = 1.0  # seconds: what is over sooner needs no progress


class Count:
    """Accounts and rows so far; the client's loop counts, the terminal's thread reads."""

    def __init__(self, what: str, of: int | None) -> None:
        self._what = what
        self._of = of
        self.accounts = 0
        self.rows = 0
        self.troubled = 0

    def add(self, outcome: "Outcome") -> None:
        """One more account has ended."""
        self.accounts += 1
        self.rows += outcome.rows
        self.troubled += outcome.status not in ("ok", "empty")

    def __str__(self) -> str:
        of = f" of {self._of:,}" if self._of is not None else ""
        troubled = f", {self.troubled:,} not read whole" if self.troubled else ""
        return f"{self._what}: {self.accounts:,}{of} accounts, {self.rows:,} rows{troubled}"


@contextmanager
def progress(what: str, *, of: int | None = None, quiet: bool = False) -> Iterator["Watch | None"]:
    """Show how far the reading in the block is; gives the `watch` that it must be handed."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    count = Count(what, of)
    spinner = Spinner("dots")

    def draw() -> Spinner:
        spinner.update(text=Text(str(count)))
        return spinner

    live = Live(console=Console(file=sys.stderr), get_renderable=draw, transient=True, redirect_stdout=False)
    timer = threading.Timer(_PATIENCE, live.start)
    timer.daemon = True
    timer.start()
    try:
        yield count.add
    finally:
        timer.cancel()
        timer.join()  # it may be starting the display just now
        live.stop()
