"""Rows that only their keys can decide about, dealt out so that each heap fits in memory; equal keys are together."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from socialconnect.export.schema import schema
from socialconnect.export.sink import SEQUENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from socialconnect.export.sink import Dataset

Numbers: TypeAlias = NDArray[np.int64]
Booleans: TypeAlias = NDArray[np.bool_]

MOST_ROWS = 250_000  # of a heap, on both sides together
_DEALT = 100_000  # rows that are dealt out at once
_MEMORY = "256MB"


@dataclass(frozen=True, slots=True)
class Decided:
    """Row numbers: of what came, those `kept`; of what is there, those that go and those that are marked.

    `told` are marked with the `moments` that came, `missed` with their account's.
    """

    kept: Numbers
    goes: Numbers
    told: Numbers
    moments: Numbers
    missed: Numbers


class Heaps:
    """Rows by their key: `deal` them out, and then `decide` about each heap."""

    def __init__(self, dataset: Dataset, folder: str, rows: int) -> None:
        self._key = dataset.key
        self._count = 1 + rows // MOST_ROWS
        types = schema(dataset)
        keys = [pa.field(f"k{at}", types.field(name).type) for at, name in enumerate(dataset.key)]
        lead = [pa.field("spot", pa.int64()), pa.field("whose", pa.int64()), *keys, pa.field("dead", pa.int64())]
        self._came = _Side(Path(folder) / "came", pa.schema([*lead, pa.field("seq", pa.int64())]), self._count)
        self._there = _Side(Path(folder) / "there", pa.schema([*lead, pa.field("whole", pa.bool_())]), self._count)

    def came(self, batch: pa.RecordBatch, chosen: Numbers, start: int, whose: Numbers) -> None:
        """Add these rows of a batch of staged rows, whose first is number `start`, of the accounts `whose`."""
        self._deal(self._came, batch, chosen, start, whose, batch[SEQUENCE])

    def there(self, batch: pa.RecordBatch, chosen: Numbers, start: int, whose: Numbers, whole: Booleans) -> None:
        """Likewise of rows that readers see; `whole` are of accounts of which everything came."""
        self._deal(self._there, batch, chosen, start, whose, pa.array(whole))

    def _deal(
        self, side: _Side, batch: pa.RecordBatch, chosen: Numbers, start: int, whose: Numbers, last: pa.Array
    ) -> None:
        if not len(chosen):
            return
        take = pa.array(chosen)
        keys = [batch[name].take(take) for name in self._key]
        owners = whose[chosen]
        dead = batch["_deleted_at"].take(take).cast(pa.int64())
        rows = [pa.array(chosen + start), pa.array(owners), *keys, dead, last.take(take)]
        side.add(pa.RecordBatch.from_arrays(rows, schema=side.schema), self._heap(owners, keys))

    def _heap(self, owners: Numbers, keys: list[pa.Array]) -> Numbers:
        """Which heap each row belongs to."""
        if self._count == 1:
            return np.zeros(len(owners), np.int64)
        mixed = pd.util.hash_array(owners)
        for key in keys:
            values = key.cast(pa.int64()) if pa.types.is_timestamp(key.type) else key
            mixed = mixed * np.uint64(31) + pd.util.hash_array(values.to_numpy(zero_copy_only=False), categorize=False)
        return (mixed % np.uint64(self._count)).astype(np.int64)

    def decide(self, *, merging: bool) -> Iterator[Decided]:
        """Of each heap what becomes of its rows."""
        keys = ["whose", *(f"k{at}" for at in range(len(self._key)))]
        for heap in range(self._count):
            came, there = self._came.heap(heap), self._there.heap(heap)
            if came.num_rows or there.num_rows:
                yield _decided(came, there, keys, merging=merging)


class _Side:
    """Rows on disk, by heap; a few wait in memory until they are worth dealing out."""

    def __init__(self, folder: Path, kind: pa.Schema, count: int) -> None:
        self.schema = kind
        self._folder = folder
        self._count = count
        self._waiting: list[pa.RecordBatch] = []
        self._heaps: list[Numbers] = []
        self._rows = 0
        self._deals = 0
        folder.mkdir()

    def add(self, rows: pa.RecordBatch, heaps: Numbers) -> None:
        self._waiting.append(rows)
        self._heaps.append(heaps)
        self._rows += rows.num_rows
        if self._rows >= _DEALT:
            self._deal()

    def _deal(self) -> None:
        if not self._rows:
            return
        heaps = np.concatenate(self._heaps)
        order = np.argsort(heaps, kind="stable")
        table = pa.Table.from_batches(self._waiting).take(pa.array(order)).combine_chunks()
        ends = np.searchsorted(heaps[order], np.arange(self._count + 1))
        with (
            pa.OSFile(str(self._folder / f"{self._deals}"), "wb") as file,
            pa.ipc.new_file(file, self.schema) as writer,
        ):
            for first, last in pairwise(ends):
                # one batch for each heap, so that it can be found by its number
                writer.write_batch(_one(table.slice(first, last - first), self.schema))
        self._waiting, self._heaps, self._rows = [], [], 0
        self._deals += 1

    def heap(self, number: int) -> pa.Table:
        """All rows of a heap."""
        self._deal()
        batches = []
        for deal in range(self._deals):
            with pa.OSFile(str(self._folder / f"{deal}")) as file:
                batches.append(pa.ipc.open_file(file).get_batch(number))
        return pa.Table.from_batches(batches, self.schema)


def _one(table: pa.Table, kind: pa.Schema) -> pa.RecordBatch:
    batches = table.to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=kind)


def _decided(came: pa.Table, there: pa.Table, keys: list[str], *, merging: bool) -> Decided:
    """Of rows with one key the last that came counts: it is in the place of the one that is there, or marks it."""
    by = ", ".join(keys)
    base = duckdb.connect(":memory:", config={"memory_limit": _MEMORY, "threads": 1})
    try:
        base.register("incoming", came)
        base.register("standing", there)
        base.execute(
            f"CREATE TABLE best AS SELECT * FROM incoming QUALIFY "  # noqa: S608 - names of this file
            f"row_number() OVER (PARTITION BY {by} ORDER BY seq DESC, spot DESC) = 1"
        )
        alive = "WHERE dead IS NULL" if merging else ""
        kept = _numbers(base, f"SELECT spot FROM best {alive}")  # noqa: S608 - as above
        if not there.num_rows:
            nothing = np.empty(0, np.int64)
            return Decided(kept, nothing, nothing, nothing, nothing)
        met = f"FROM standing AS old JOIN best USING ({by})"
        told = f"{met} WHERE best.dead IS NOT NULL AND old.dead IS NULL"
        missed = f"FROM standing AS old ANTI JOIN best USING ({by}) WHERE whole AND dead IS NULL"
        return Decided(
            kept,
            _numbers(base, f"SELECT old.spot {met} WHERE best.dead IS NULL"),
            _numbers(base, f"SELECT old.spot {told} ORDER BY old.spot"),
            _numbers(base, f"SELECT best.dead {told} ORDER BY old.spot"),
            _numbers(base, f"SELECT old.spot {missed}"),
        )
    finally:
        base.close()


def _numbers(base: duckdb.DuckDBPyConnection, query: str) -> Numbers:
    (found,) = base.execute(query).fetchnumpy().values()
    return np.asarray(found, np.int64)
