"""Progress in a cell: one output that is replaced as it goes on, and ends as one line.

Not tqdm nor rich: both need ipywidgets to replace a line in a notebook (and its absence makes them warn, or print a
line each time), and neither can say for whom it waits. A display that has a name is part of Jupyter itself: Lab,
Notebook, VS Code, Colab, nbclient and papermill know it, and nothing is left in the notebook's widget state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython import get_ipython
from IPython.display import DisplayHandle

from socialconnect.markup import Html, block, element
from socialconnect.secret import scrub

if TYPE_CHECKING:
    from socialconnect.progress.count import Count


_Handle: Any = DisplayHandle  # it has no types


def cell() -> Line | None:
    """The cell that runs, where there is a kernel."""
    shell = get_ipython()
    return Line() if getattr(shell, "kernel", None) is not None else None


class Line:
    """One output of the cell that began the call: whose it is travels with the call's context, not with the thread."""

    every = 0.5

    def __init__(self) -> None:
        self._output: Any = _Handle()
        self._begun = False
        self._last = ""

    def draw(self, count: Count) -> None:
        """Show how far it is."""
        part = count.part
        given = {} if part is None else {"max": "1", "value": f"{part:.3f}"}
        self._show(scrub(str(count)), element("progress", style="vertical-align: middle", **given))

    def close(self, count: Count, *, broken: bool) -> None:
        """Leave one line."""
        self._show(scrub(count.told(broken=broken)), Html())

    def _show(self, line: str, bar: Html) -> None:
        if line == self._last:
            return
        self._last = line
        bundle = {"text/plain": line, "text/html": str(block(bar, " ", line))}
        show = self._output.update if self._begun else self._output.display
        self._begun = True  # before it is: an interrupt within must not make a second output
        show(bundle, raw=True)
