"""The chart of users by resources: a sign and a tint in each cell, users alike in one row with a bar for how many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socialconnect.plot.canvas import BOLD, INK, LINE, MARGIN, SMALL, TEXT, TONES, Chart, Rectangle, width
from socialconnect.plot.signs import NOT_ASKED, sign

if TYPE_CHECKING:
    from socialconnect.plot.canvas import Axes
    from socialconnect.plot.people import People, Row

_HIGH = 0.27  # inches of a row
_WIDEST = 8.6  # inches of all columns, beyond which their names are turned
_ROOMY = 1.4  # inches that a column takes where there is room
_BARS = 1.1
_LEAST = 7.2


def draw_map(people: People) -> Chart:
    """The chart; one row for each user or group, one column for each resource."""
    if people.cells.empty:
        chart = Chart(people.title, people.told, (_LEAST, 0.5), [])
        chart.write("No user is in this frame.", (MARGIN, chart.below(0.3)), size=TEXT)
        return chart
    rows = people.rows()
    each = max(0.85, 0.2 + max(width(part, TEXT, BOLD) for name in people.resources for part in name.split(".", 1)))
    turned = each * len(people.resources) > _WIDEST
    head = 0.5 + max(width(name) for name in people.resources) * 0.64 if turned else 0.66
    names = 0.25 + max(width(row.label) for row in rows)
    left = MARGIN + names + (_BARS if people.grouped else 0.0)
    each = 0.7 if turned else max(each, min(_ROOMY, (_LEAST - MARGIN - left) / len(people.resources)))
    wide = max(_LEAST, left + each * len(people.resources) + (head if turned else MARGIN))
    high = _HIGH * len(rows)
    chart = Chart(people.title, people.told, (wide, head + high + 0.42), people.notes())
    _heads(chart, people, left, each, head, turned=turned)
    _labels(chart, rows, head)
    if people.grouped:
        _bars(chart.place(MARGIN + names, head, _BARS - 0.12, high), rows)
    _cells(chart.place(left, head, each * len(people.resources), high), rows)
    _legend(chart, people, chart.below(head + high + 0.3))
    return chart


def _heads(chart: Chart, people: People, left: float, each: float, head: float, *, turned: bool) -> None:
    for place, (name, count) in enumerate(zip(people.resources, people.heads, strict=True)):
        middle = left + each * (place + 0.5)
        if turned:
            chart.write(name, (middle - 0.05, chart.below(head - 0.3)), turned=40)
        else:
            provider, _, rest = name.partition(".")
            chart.write(provider, (middle, chart.below(head - 0.46)), size=TEXT, weight=BOLD, align="center")
            chart.write(rest, (middle, chart.below(head - 0.29)), size=TEXT, align="center")
        chart.write(count, (middle, chart.below(head - 0.1)), align="center", size=SMALL - 0.5)
    chart.write("read whole" if people.outcomes else "readable", (MARGIN, chart.below(head - 0.1)), size=SMALL - 0.5)


def _labels(chart: Chart, rows: list[Row], head: float) -> None:
    for place, row in enumerate(rows):
        chart.write(row.label, (MARGIN, chart.below(head + _HIGH * (place + 0.65))))


def _bars(axes: Axes, rows: list[Row]) -> None:
    axes.barh(range(len(rows)), [row.users for row in rows], height=0.42, color=LINE, edgecolor=INK, linewidth=0.5)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(0, max(row.users for row in rows))
    axes.set_xticks([])
    axes.set_yticks([])


def _cells(axes: Axes, rows: list[Row]) -> None:
    axes.set_xlim(0, len(rows[0].states))
    axes.set_ylim(len(rows), 0)
    axes.set_xticks([])
    axes.set_yticks([])
    for down, row in enumerate(rows):
        for across, state in enumerate(row.states):
            if state != NOT_ASKED:
                _cell(axes, across, down, state)


def _cell(axes: Axes, across: int, down: int, state: str) -> None:
    found = sign(state)
    colour = TONES[found.tone]
    quiet = found.tone == "idle"
    axes.add_patch(
        Rectangle(
            (across + 0.03, down + 0.08),
            0.94,
            0.84,
            facecolor="none" if quiet else f"{colour}2e",
            edgecolor=LINE if quiet else colour,
            linewidth=0.6,
            gid=f"cell-{down}-{across}-{state}",
        )
    )
    axes.text(
        across + 0.5,
        down + 0.53,
        found.mark,
        color=colour,
        fontsize=TEXT,
        fontweight=BOLD,
        ha="center",
        va="center",
    )


def _legend(chart: Chart, people: People, top: float) -> None:
    at = MARGIN
    for state in people.states:
        chart.write(sign(state).mark, (at, top), size=TEXT, weight=BOLD, colour=TONES[sign(state).tone])
        chart.write(state, (at + 0.2, top))
        at += 0.4 + width(state)
