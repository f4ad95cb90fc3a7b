"""Rows on their way to a target, until the next commit takes them."""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING

import pyarrow as pa

from socialconnect.export.schema import staged
from socialconnect.frames import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from socialconnect.export.part import Part
    from socialconnect.export.sink import Change, Dataset
    from socialconnect.reading.typed import Page

_MOST = 500_000  # values that wait for a commit: some 15 MB, and as much again while they are written
_MOMENT = pa.timestamp("us", "UTC")


def give_back() -> None:
    """Give memory that is free here back to the system: what follows has other uses for it."""
    pa.default_memory_pool().release_unused()
    pa.system_memory_pool().release_unused()  # also what Python itself had of it


class Batch:
    """The rows of all resources since the last commit, and what became of accounts that ended since."""

    def __init__(self, parts: Iterable[Part], run_id: str) -> None:
        self._rows = {part.name: _Rows(part.dataset, run_id) for part in parts}
        self._changes: list[Change] = []
        # what an earlier process staged came before: of two rows with one key the later one counts
        self._sequence = int(time() * 1_000_000)
        self._values = 0

    @property
    def full(self) -> bool:
        """Whether it should be committed before more is taken."""
        return self._values >= _MOST

    def take(self, part: Part, lead: Sequence[str | None], page: Page, gone: Sequence[int]) -> None:
        """Add a page's rows."""
        self._rows[part.name].add(lead, page, gone)
        self._values += page.rows * len(page.columns)

    def ended(self, change: Change) -> None:
        """Add what became of an account."""
        self._changes.append(change)

    def swap(self) -> tuple[dict[str, pa.Table], list[Change]]:
        """What is to be committed; the batch is empty then."""
        tables: dict[str, pa.Table] = {}
        for name, rows in self._rows.items():
            if rows.count:
                tables[name] = rows.table(self._sequence)
                self._sequence += tables[name].num_rows
        changes, self._changes, self._values = self._changes, [], 0
        return tables, changes

    def drift(self) -> Mapping[str, Mapping[str, int]]:
        """By resource, the values that became NA because they were not as declared and only the end could tell."""
        return {name: rows.drift for name, rows in self._rows.items() if rows.drift}


class _Rows:
    """The rows of one resource."""

    def __init__(self, dataset: Dataset, run_id: str) -> None:
        self._dataset = dataset
        self._schema = staged(dataset)
        self._run_id = run_id
        self.drift: dict[str, int] = {}
        self._clear()

    def _clear(self) -> None:
        self._values = Table(self._dataset.columns)
        self._read_at: list[int] = []
        self._deleted_at: list[int | None] = []

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self._values.rows

    def add(self, lead: Sequence[str | None], page: Page, gone: Sequence[int]) -> None:
        """Add a page's rows, read now; those at the places in `gone` are deleted."""
        now = int(time() * 1_000_000)
        self._values.append(page, lead)
        self._read_at += [now] * page.rows
        deleted: list[int | None] = [None] * page.rows
        for place in gone:
            deleted[place] = now
        self._deleted_at += deleted

    def table(self, sequence: int) -> pa.Table:
        """All rows as one Arrow table, with the bookkeeping; `sequence` is the first row's. None are left here."""
        values = self._values.arrow()
        for name, count in self._values.drift.items():
            self.drift[name] = self.drift.get(name, 0) + count
        count = values.num_rows
        bookkeeping = [
            pa.array([self._run_id] * count, pa.large_string()),
            pa.array(self._read_at, pa.int64()).cast(_MOMENT),
            pa.array(self._deleted_at, pa.int64()).cast(_MOMENT),
            pa.array(range(sequence, sequence + count), pa.int64()),
        ]
        self._clear()
        return pa.Table.from_arrays([*values.columns, *bookkeeping], schema=self._schema)
