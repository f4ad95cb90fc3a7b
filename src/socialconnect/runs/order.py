"""Rows in the order of the users and their pages, though answers come in any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from socialconnect.reading.typed import Page

if TYPE_CHECKING:
    from socialconnect.frames import Table

_Waiting = tuple[Page, Sequence[str | None]]


class InOrder:
    """Puts pages into a table as soon as all that belong before them are there.

    Pages are numbered inside their place, places from 0. What comes early waits: with a bounded number under way that
    is little, and everything is there in the end once each place is `done`.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._place = 0
        self._number = 0
        self._waiting: dict[int, dict[int, _Waiting]] = {}
        self._done: set[int] = set()

    def page(self, place: int, number: int, page: Page, lead: Sequence[str | None] = ()) -> None:
        """One page of a place."""
        self._waiting.setdefault(place, {})[number] = page, lead
        if place == self._place:
            self._drain()

    def done(self, place: int) -> None:
        """No further page of that place will come; numbers may be missing where reading failed."""
        self._done.add(place)
        while self._place in self._done:
            self._done.remove(self._place)
            left = self._waiting.pop(self._place, {})
            for number in sorted(left):
                self._table.append(*left[number])
            self._place += 1
            self._number = 0
            self._drain()

    def _drain(self) -> None:
        waiting = self._waiting.get(self._place, {})
        while self._number in waiting:
            self._table.append(*waiting.pop(self._number))
            self._number += 1
