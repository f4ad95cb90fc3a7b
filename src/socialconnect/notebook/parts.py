"""What panels are made of: ipywidgets with labels, shared layouts, and a form for where no widget can be shown.

This file alone imports ipywidgets, so that the cure for its absence is said in one place.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from html import escape
from typing import TYPE_CHECKING, Any, Literal

from socialconnect.errors import MissingPackage
from socialconnect.notebook.background import cause_and_cure, safely
from socialconnect.notebook.style import SHEET

try:
    import ipywidgets  # type: ignore[import-untyped]  # it ships none
except ImportError:
    raise MissingPackage(
        "The panels need ipywidgets, which is not installed.", cure="pip install 'socialconnect[notebook]'"
    ) from None

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Kind = Literal["", "good", "warn", "bad"]
Widget = Any  # ipywidgets ships no types
W: Any = ipywidgets

VIEW = "application/vnd.jupyter.widget-view+json"


class Kit:
    """Makes one panel's widgets: those of a kind share their layout and style, which is half of what is sent."""

    def __init__(self) -> None:
        self._shared: dict[type, dict[str, Widget]] = {}
        self._layout: dict[str, Widget] = {}

    def make(self, kind: Widget, *names: str, **traits: object) -> Widget:
        """One widget, with CSS classes: the style sheet lays it out."""
        made = kind(_dom_classes=names, **{**self._layout, **self._shared.get(kind, {}), **traits})
        self._layout.setdefault("layout", made.layout)
        self._shared.setdefault(kind, {"style": made.style} if hasattr(made, "style") else {})
        return made

    def field(self, kind: Widget, label: str, *names: str, **traits: object) -> Widget:
        """An input with its label above it."""
        return self.make(kind, "sc-field", *names, description=label, **traits)

    def html(self, text: str = "", *names: str) -> Widget:
        """A piece of HTML; what it is made of was escaped."""
        return self.make(W.HTML, *names, value=text)

    def button(
        self,
        label: str,
        press: Callable[[], None],
        failed: Callable[[Exception], None],
        *names: str,
        main: bool = False,
    ) -> Widget:
        """A button as wide as its words; what pressing it raises goes to `failed`."""
        made = self.make(W.Button, *names, description=label, button_style="primary" if main else "")
        made.on_click(safely(press, failed))
        return made

    def row(self, *children: Widget, names: tuple[str, ...] = ()) -> Widget:
        """Side by side, and under each other where there is no room."""
        return self.make(W.Box, "sc-row", *names, children=children)

    def column(self, children: Iterable[Widget], *names: str) -> Widget:
        """Under each other."""
        return self.make(W.Box, "sc-column", *names, children=[*children])

    def card(self, title: str, *children: Widget) -> Widget:
        """A step of a larger panel."""
        return self.column([self.html(f'<div class="sc-title">{escape(title)}</div>'), *children], "sc-card")

    def panel(self, body: Widget) -> Widget:
        """The whole of a panel, with its style sheet."""
        return self.column([body, self.html(SHEET, "sc-sheet")], "sc-panel")


class Panel(ABC):
    """Something to look at and to click, and in words where nothing can be clicked.

    It is shown by ending a cell with it; `widget` is the ipywidget to put into other containers, `print(…)` tells it
    in words. `body` is the widget without the style sheet.
    """

    widget: Widget
    body: Widget

    def __init__(self) -> None:
        self._watching: list[Callable[[], None]] = []
        self._opened = False

    def watch(self, callback: Callable[[], None]) -> None:
        """Call it without arguments whenever the choice changes: in a callback's thread, or in the background's."""
        self._watching.append(callback)

    def open(self) -> None:
        """Fetch what is shown first; showing the panel does it."""
        if not self._opened:
            self._opened = True
            self._open()

    @abstractmethod
    def _open(self) -> None:
        """Fetch what is shown first."""

    def _changed(self) -> None:
        for callback in self._watching:
            callback()

    @property
    def view(self) -> dict[str, object]:
        """What a front end with widgets shows."""
        return {VIEW: {"version_major": 2, "version_minor": 0, "model_id": self.widget.model_id}}

    @abstractmethod
    def __repr__(self) -> str: ...

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        """The widget; and for files and front ends without it, counts alone: nobody's name goes along unseen."""
        del include, exclude
        self.open()
        words = f"{escape(repr(self))} Run the cell again to see and use it."
        return {
            "text/plain": repr(self),
            "text/html": f'<p style="color:var(--jp-ui-font-color2,inherit)">{words}</p>',
            **self.view,
        }


def line(text: str, kind: Kind = "") -> str:
    """One line that screen readers announce when it changes."""
    return f'<div class="sc-line {kind}" role="status">{escape(text)}</div>' if text else ""


def trouble(error: BaseException) -> str:
    """What went wrong, in one line with its cure."""
    cause, cure = cause_and_cure(error)
    return f'<div class="sc-line bad" role="alert"><b>{escape(cause)}</b> {escape(cure)}</div>'


def dim(text: str) -> str:
    """A remark."""
    return f'<span class="sc-dim">{escape(text)}</span>'


def plural(count: int, word: str) -> str:
    """A count with its word.

    >>> plural(1, "user"), plural(2500, "user")
    ('1 user', '2,500 users')
    """
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def span(seconds: float) -> str:
    """A stretch of time as people say it.

    >>> span(0.4), span(90), span(3600)
    ('under a second', '90 s', '60 min')
    """
    if seconds < 120:
        return f"{seconds:.0f} s" if seconds >= 1 else "under a second"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
