"""The map of users by resources as text and as HTML: for terminals, logs and cells, without a chart library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socialconnect.markup import BAD, EDGE, FAINT, GOOD, WARN, Html, block, element, faint, joined
from socialconnect.plot.signs import NOT_ASKED, sign

if TYPE_CHECKING:
    import pandas as pd

    from socialconnect.plot.people import People

_TONES = {"good": GOOD, "warn": WARN, "bad": BAD, "idle": FAINT}


class CoverageMap:
    """Users x resources with a sign for each: `print()` shows it as text, a cell as a table, `frame` has every state.

    Users who are alike are taken together where they are more than 24; `frame` always has each of them.
    """

    def __init__(self, people: People) -> None:
        self._people = people

    @property
    def frame(self) -> pd.DataFrame:
        """One row per user, one column per resource, the state in each; "" where a user was not asked."""
        return self._people.cells.copy()

    def __repr__(self) -> str:
        return f"<CoverageMap: {self._people.told}>"

    def __str__(self) -> str:
        people = self._people
        lines = [f"{people.title}: {people.told}"]
        if not people.cells.empty:
            head = ("", *people.resources)
            body = [(row.label, *(sign(one).mark if one else "" for one in row.states)) for row in people.rows()]
            lines += ["", *_aligned([head, *body, ("well" if people.outcomes else "readable", *people.heads)]), ""]
            lines += ["  ".join(f"{sign(state).mark} {state}" for state in people.states)]
        return "\n".join([*lines, *people.notes()])

    def _repr_html_(self) -> str:
        people = self._people
        title = element("div", element("b", people.title), " ", faint(people.told))
        if people.cells.empty:
            return block(title)
        marks = joined((_word(state) for state in people.states), "  ")
        notes = [element("div", faint(note)) for note in people.notes()]
        return block(title, _table(people), element("div", marks), *notes)


def _table(people: People) -> Html:
    edge = f"border-bottom: 1px solid {EDGE}; padding: 2px 10px; text-align: center"
    left = f"border-bottom: 1px solid {EDGE}; padding: 2px 10px; text-align: left; white-space: nowrap"
    head = [element("th", style=left), *(element("th", name, style=edge) for name in people.resources)]
    counts = [
        element("th", faint("well" if people.outcomes else "readable"), style=left),
        *(element("td", faint(count), style=edge) for count in people.heads),
    ]
    body = [
        element("tr", element("td", row.label, style=left), *(_cell(state, edge) for state in row.states))
        for row in people.rows()
    ]
    return element(
        "table",
        element("thead", element("tr", *head)),
        element("tbody", *body, element("tr", *counts)),
        style="border-collapse: collapse; margin: 4px 0; color: inherit",
    )


def _cell(state: str, style: str) -> Html:
    return element("td", _mark(state), style=style, title=state or "not asked")


def _mark(state: str) -> Html:
    if state == NOT_ASKED:
        return Html()
    return element("span", sign(state).mark, style=f"color: {_TONES[sign(state).tone]}; font-weight: bold")


def _word(state: str) -> Html:
    return element("span", _mark(state), f" {state}", style="margin-right: 12px; white-space: nowrap")


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.center(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
