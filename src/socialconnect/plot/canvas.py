"""The sheet that charts are drawn on: the one file that imports matplotlib.

Without pyplot: nothing is shown twice at a cell's end, nothing waits to be closed. Ink and tones have middle values,
each readable on white and on the dark themes' black, since a saved SVG cannot know where it will be looked at.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.textpath import TextPath
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.container import BarContainer

__all__ = ["BOLD", "INK", "LINE", "SMALL", "TONES", "Axes", "Chart", "Rectangle", "hatched", "whole_numbers", "width"]

INK = "#7a7a7a"  # 4.3 : 1 on white, 4.4 : 1 on #111
LINE = "#8a8a8a66"
# of Okabe and Ito's, which colour-blind readers tell apart
TONES = {"good": "#009e73", "warn": "#cc8400", "bad": "#d55e00", "idle": "#8a8a8a", "plain": "#2f86c6"}
SMALL, TEXT, TITLE = 8.5, 9.5, 12.5  # points
BOLD = "bold"
MARGIN = 0.14  # inches
_HEAD = 0.62
_FOOT = 0.17


class Chart(Figure):
    """A matplotlib figure that a cell shows by itself, once, as SVG; `savefig("chart.png", dpi=200)` writes it."""

    def __init__(self, title: str, told: str, size: tuple[float, float], notes: list[str]) -> None:
        self.heading, self.told, self.notes = title, told, notes
        lines = [line for note in notes for line in _wrapped(note, size[0] - 2 * MARGIN)]
        height = _HEAD + size[1] + (_FOOT * len(lines) + 0.12 if lines else 0) + 0.08
        super().__init__(figsize=(size[0], height), dpi=100, facecolor="none", edgecolor="none")
        FigureCanvasAgg(self)
        self._tall, self._wide = height, size[0]
        self.write(title, (MARGIN, 0.24), size=TITLE, weight=BOLD)
        self.write(told, (MARGIN, 0.46), size=TEXT)
        for place, line in enumerate(reversed(lines)):
            self.write(line, (MARGIN, height - 0.12 - _FOOT * place), size=SMALL)

    def write(
        self,
        words: str,
        at: tuple[float, float],
        *,
        size: float = SMALL,
        weight: str = "normal",
        colour: str = INK,
        align: str = "left",
        turned: float = 0,
    ) -> None:
        """Words with their base line's start (or middle, or end) at a place: inches from the left and from the top."""
        self.text(
            at[0] / self._wide,
            1 - at[1] / self._tall,
            words.replace("$", r"\$"),  # it would begin a formula
            fontsize=size,
            fontweight=weight,
            color=colour,
            ha=align,
            va="baseline",
            rotation=turned,
            rotation_mode="anchor",
        )

    def place(self, left: float, top: float, width: float, height: float) -> Axes:
        """Axes at a place below the heading, in inches from the left and from the heading."""
        bottom = self._tall - _HEAD - top - height
        axes = self.add_axes((left / self._wide, bottom / self._tall, width / self._wide, height / self._tall))
        axes.set_facecolor("none")
        axes.tick_params(colors=INK, labelsize=SMALL, length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        return axes

    def below(self, top: float) -> float:
        """Inches from the top for inches from the heading."""
        return _HEAD + top

    def svg(self) -> str:
        """The chart as SVG: transparent, letters as shapes (no font is needed), the same for the same data."""
        out = BytesIO()
        with plain_style():
            self.savefig(out, format="svg", metadata={"Date": None, "Title": self.heading})
        text = out.getvalue().decode()
        return re.sub(r"\n *", "\n", re.sub(r"<!--.*?-->", "", text[text.index("<svg") :], flags=re.DOTALL))

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"image/svg+xml": self.svg(), "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"<Chart: {self.heading}, {self.told}>"

    __str__ = __repr__


@contextmanager
def plain_style() -> Iterator[None]:
    """Matplotlib as it comes, whatever styles the reader has chosen for other pictures."""
    with mpl.rc_context(), style.context("default"):
        mpl.rcParams.update({"svg.fonttype": "path", "svg.hashsalt": "socialconnect", "hatch.linewidth": 0.8})
        yield


def hatched(axes: Axes, bars: BarContainer, colour: str, hatch: str) -> None:
    """Lay a hatching over bars: of one patch with its fill, the SVG would show none (the fill loses its alpha)."""
    for bar in bars.patches if hatch else ():
        size = bar.get_width(), bar.get_height()
        axes.add_patch(Rectangle(bar.get_xy(), *size, fill=False, edgecolor=colour, linewidth=0, hatch=hatch))


def width(words: str, size: float = SMALL, weight: str = "normal") -> float:
    """How many inches words take."""
    if not words.strip():
        return 0.0
    font = FontProperties(family="DejaVu Sans", weight=weight)
    return float(TextPath((0, 0), words.replace("$", r"\$"), size=size, prop=font).get_extents().x1) / 72


def whole_numbers(axes: Axes, *, across: bool = False, most: int = 5) -> None:
    """Ticks at whole numbers only, thousands apart."""
    axis = axes.xaxis if across else axes.yaxis
    axis.set_major_locator(MaxNLocator(most, integer=True))
    axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def _wrapped(words: str, most: float) -> list[str]:
    lines = [""]
    for word in words.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if width(longer) > most and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
