"""Which rows stay, go or are marked when accounts have ended: decided from their keys alone.

Most of it follows from a row's account. Rows with a key are dealt out into as many heaps as memory asks for, equal keys
into the same one, and DuckDB compares what came with what is there, heap by heap. What comes out is one byte for each
row, on disk; the rows themselves are streamed by others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from socialconnect.errors import TargetError
from socialconnect.export.files.heaps import Heaps
from socialconnect.export.sink import SEQUENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from socialconnect.export.files.folded import Ending
    from socialconnect.export.sink import Dataset, Mode

Numbers: TypeAlias = NDArray[np.int64]
Booleans: TypeAlias = NDArray[np.bool_]
Integers: TypeAlias = NDArray[np.integer[Any]]
Source: TypeAlias = "tuple[int, str, int, Iterator[pa.RecordBatch]]"
"""The entry that brought a file, its name, how many rows it has, and their batches."""

STAYS, GOES, MARKED = range(3)
_WHOSE = ("user_id", "external_account_id")
_BETWEEN = pa.scalar("\0", pa.large_string())
_TAKEN = ("whole", "changes", "part")


class Fates:
    """What becomes of the rows of one dataset's accounts that ended, which `ending` tells by user and account."""

    def __init__(
        self, dataset: Dataset, mode: Mode, folder: str, rows: int, ending: Callable[[str, str], Ending | None]
    ) -> None:
        self._mode = mode
        self._key = dataset.key
        self._ending = ending
        self._heaps = Heaps(dataset, folder, rows)
        self.kept = _Column(f"{folder}/kept", np.uint8)
        self.fates = _Column(f"{folder}/fates", np.uint8)
        self.moments = _Column(f"{folder}/moments", np.int64)

    @property
    def came_names(self) -> list[str]:
        """The columns that `came` needs of staged rows."""
        return [*dict.fromkeys((*_WHOSE, *self._key, SEQUENCE, "_deleted_at"))]

    @property
    def there_names(self) -> list[str]:
        """The columns that `there` needs of rows that readers see."""
        return [*dict.fromkeys((*_WHOSE, *self._key, "_deleted_at"))]

    def there(self, sources: Iterable[Source]) -> None:
        """Take the rows that readers see: what is clear of them is decided, and the others dealt out."""
        for _, batch, start in self._batches(sources, self.fates, self.moments):
            endings, which = self._endings(batch)
            whole = _those(endings, which, lambda one: one.verdict == "whole")
            gone = _those(endings, which, lambda one: one.verdict == "gone")
            fates = self.fates.of(start, batch.num_rows)
            if self._mode == "replace":
                fates[whole | gone] = GOES
                continue
            known, alive = self._identified(batch), _nulls(batch["_deleted_at"])
            fates[whole & ~known] = GOES
            fates[gone & alive] = MARKED
            self.moments.of(start, batch.num_rows)[:] = _each(endings, which, lambda one: one.at)
            compared = known & _those(endings, which, lambda one: one.verdict in _TAKEN)
            numbers = _each(endings, which, lambda one: one.number)
            self._heaps.there(batch, np.flatnonzero(compared), start, numbers, whole)

    def came(self, sources: Iterable[Source]) -> None:
        """Take staged rows: likewise."""
        for entry, batch, start in self._batches(sources, self.kept):
            endings, which = self._endings(batch)
            taken = _those(endings, which, lambda one: self._takes(one, entry))  # noqa: B023 - called at once
            known = self._identified(batch)
            self.kept.of(start, batch.num_rows)[taken & ~known & self._told(batch)] = True
            numbers = _each(endings, which, lambda one: one.number)
            self._heaps.came(batch, np.flatnonzero(taken & known), start, numbers)

    def _takes(self, ending: Ending, entry: int) -> bool:
        if entry <= ending.taken or ending.verdict not in _TAKEN:
            return False
        return self._mode != "replace" or ending.verdict == "whole" or not ending.has_rows

    def _told(self, batch: pa.RecordBatch) -> Booleans:
        """Rows that say more than that one is gone."""
        return _nulls(batch["_deleted_at"]) if self._mode == "merge" else np.ones(batch.num_rows, bool)

    def decide(self) -> None:
        """Compare, heap by heap: `kept`, `fates` and `moments` tell what follows."""
        for found in self._heaps.decide(merging=self._mode == "merge"):
            self.kept.put(found.kept, 1)
            self.fates.put(found.goes, GOES)
            self.fates.put(found.told, MARKED)
            self.fates.put(found.missed, MARKED)
            self.moments.put(found.told, found.moments)

    def _identified(self, batch: pa.RecordBatch) -> Booleans:
        known = np.full(batch.num_rows, bool(self._key))
        for name in self._key:
            known &= ~_nulls(batch[name])
        return known

    def _endings(self, batch: pa.RecordBatch) -> tuple[list[Ending | None], Numbers]:
        """How the accounts in a batch ended, and for each row which of them it is of."""
        users, accounts = (pc.fill_null(batch[name], "") for name in _WHOSE)
        joined = pc.binary_join_element_wise(users, accounts, _BETWEEN).dictionary_encode()
        whose = (one.split("\0", 1) for one in joined.dictionary.to_pylist())
        return [self._ending(user, account) for user, account in whose], joined.indices.to_numpy()

    def _batches(self, sources: Iterable[Source], *columns: _Column) -> Iterator[tuple[int, pa.RecordBatch, int]]:
        """Every batch, with the entry of its file and the number of its first row among all."""
        for entry, name, rows, batches in sources:
            start = columns[0].rows
            for column in columns:
                column.grow(rows)
            for batch in batches:
                if start + batch.num_rows > columns[0].rows:
                    raise _altered(name)
                yield entry, batch, start
                start += batch.num_rows
            if start != columns[0].rows:
                raise _altered(name)


class _Column:
    """One number for each row of all sources, in a file."""

    def __init__(self, path: str, kind: type[np.integer[Any]]) -> None:
        self._path = path
        self._kind = np.dtype(kind)
        self._values: Integers = np.empty(0, kind)
        self.rows = 0

    def grow(self, rows: int) -> None:
        """Make room for the rows of another source, of which nothing is said."""
        if not rows:
            return
        self.rows += rows
        with open(self._path, "ab") as file:  # noqa: PTH123 - a name in a folder of ours
            file.truncate(self.rows * self._kind.itemsize)
        self._values = np.memmap(self._path, self._kind, "r+", shape=(self.rows,))

    def of(self, start: int, count: int) -> Integers:
        """What is said of these rows; it can be written to."""
        return self._values[start : start + count]

    def any(self) -> bool:
        """Whether anything is said of any row."""
        return bool(self._values.any())

    def put(self, rows: Numbers, values: Integers | Booleans | int) -> None:
        """Say something of these rows."""
        self._values[rows] = values


def _those(endings: Sequence[Ending | None], which: Numbers, fits: Callable[[Ending], bool]) -> Booleans:
    """The rows of the accounts that fit."""
    return np.fromiter((one is not None and fits(one) for one in endings), bool, len(endings))[which]


def _each(endings: Sequence[Ending | None], which: Numbers, says: Callable[[Ending], int]) -> Numbers:
    """What is said of each row's account, 0 where it has not ended."""
    return np.fromiter((says(one) if one else 0 for one in endings), np.int64, len(endings))[which]


def _nulls(column: pa.Array) -> Booleans:
    nulls: Booleans = column.is_null().to_numpy(zero_copy_only=False)
    return nulls


def _altered(name: str) -> TargetError:
    return TargetError(
        f"{name} has been changed by others than exports: it has another number of rows.",
        cure="Bring back the file as it was, or move it away and export to another place.",
    )
