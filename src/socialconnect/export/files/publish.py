"""From staged rows to files that readers see: what is written anew, and what that takes the place of."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from socialconnect.export.files import kinds
from socialconnect.export.files.entries import Entry, File
from socialconnect.export.files.fates import GOES, MARKED, Fates
from socialconnect.export.files.output import Output
from socialconnect.export.files.trouble import whole
from socialconnect.export.schema import schema, staged

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from socialconnect.export.files.fates import Integers
    from socialconnect.export.files.folded import State
    from socialconnect.export.files.layout import Layout
    from socialconnect.export.files.store import Store
    from socialconnect.export.sink import Dataset, Mode

_MOMENT = pa.timestamp("us", "UTC")


@dataclass(frozen=True, slots=True)
class Publication:
    """What ended is to be seen: `write` makes new files aside and says in an entry what they take the place of."""

    store: Store
    layout: Layout
    state: State
    mode: Mode
    run: str
    at: float

    def write(self, listed: Collection[str]) -> Entry:
        """The entry that publishes, of all accounts that ended, and of those in `listed` that were not come to."""
        new: list[File] = []
        old: list[str] = []
        gone: list[tuple[str, str, str]] = []
        for resource in sorted(self.state.ended() | set(listed)):
            with tempfile.TemporaryDirectory(dir=self.state.folder) as folder:
                one = _Dataset(self, self.state.held[resource].everything, folder)
                if self.mode != "append":
                    gone += ((resource, user, account) for user, account in one.lost(listed=resource in listed))
                else:
                    self.state.end(resource)
                made, instead = one.rewritten(self.state.made + len(new))
            new += made
            old += instead
        return Entry(publish=True, new=tuple(new), old=tuple(old), gone=tuple(gone))


class _Dataset:
    """One dataset of a publication."""

    def __init__(self, to: Publication, dataset: Dataset, folder: str) -> None:
        self._to = to
        self._dataset = dataset
        self._folder = folder
        resource = dataset.resource
        self._parts = to.state.parts(resource)
        files = [file for file in to.state.files.values() if file.resource == resource]
        self._files = sorted(files, key=lambda file: file.path)

    def lost(self, *, listed: bool) -> Sequence[tuple[str, str]]:
        """Look at who ended; the accounts that are gone since they were not come to."""
        state = self._to.state
        some_came_in_part = state.end(self._dataset.resource)
        if not listed and not (some_came_in_part and self._to.mode == "replace"):
            return ()
        for file in self._files:
            for batch in self._there(file, ["user_id", "external_account_id"]):
                state.see(accounts(pa.Table.from_batches([batch])))
        return state.end_others(self._dataset.resource, self._to.at) if listed else ()

    def rewritten(self, number: int) -> tuple[list[File], list[str]]:
        """The new files, and the paths of those that they take the place of."""
        to = self._to
        rows = sum(count for _, _, count in self._parts) + sum(file.rows for file in self._files)
        fates = Fates(self._dataset, to.mode, self._folder, rows, to.state.ending)
        if to.mode != "append":
            names = fates.there_names
            fates.there((0, file.path, file.rows, self._there(file, names)) for file in self._files)
        names = fates.came_names
        fates.came((entry, path, count, self._came(path, names)) for entry, path, count in self._parts)
        fates.decide()
        if not fates.kept.any() and not fates.fates.any():
            return [], []
        with Output(to.store, to.layout, self._dataset, to.run, number) as output:
            old = self._carry(output, fates)
            self._add(output, fates)
        return output.files, old

    def _there(self, file: File, names: Sequence[str] = ()) -> Iterator[pa.RecordBatch]:
        with whole(file.path), self._to.store.reading(file.path) as source:
            yield from kinds.read(self._to.layout.kind, source, schema(self._dataset), names)

    def _came(self, path: str, names: Sequence[str] = ()) -> Iterator[pa.RecordBatch]:
        with whole(path), self._to.store.reading(path) as source:
            yield from kinds.read("parquet", source, staged(self._dataset), names)

    def _carry(self, output: Output, fates: Fates) -> list[str]:
        """What stays of files with rows that go or are marked; of an only file, all that stays."""
        parted = self._to.layout.parted
        if not parted:
            if not fates.fates.any() and self._goes_on():
                output.start(self._files[0])
                return []
            output.start()
        start, old = 0, []
        for file in self._files:
            mine = fates.fates.of(start, file.rows)
            if not parted or mine.any():
                old.append(file.path)
                if not len(mine) or not (mine == GOES).all():  # appending asks about none
                    self._carry_file(output, fates, file, start)
            start += file.rows
        return old if parted else []

    def _carry_file(self, output: Output, fates: Fates, file: File, start: int) -> None:
        for batch in self._there(file):
            some = fates.fates.of(start, batch.num_rows)
            output.write(_changed(batch, some, fates.moments.of(start, batch.num_rows) if some.any() else some))
            start += batch.num_rows

    def _goes_on(self) -> bool:
        """Whether rows can be added to the only file as it stands."""
        if not self._files:
            return False
        with self._to.store.reading(self._files[0].path) as file:
            return kinds.goes_on(self._to.layout.kind, file, schema(self._dataset))

    def _add(self, output: Output, fates: Fates) -> None:
        """The staged rows that came out."""
        start = 0
        names = schema(self._dataset).names
        for _, path, count in self._parts:
            if fates.kept.of(start, count).any():
                first = start
                for batch in self._came(path, names):
                    kept = fates.kept.of(first, batch.num_rows).astype(bool)
                    table = pa.Table.from_batches([batch])
                    output.write(table if kept.all() else table.filter(pa.array(kept)))
                    first += batch.num_rows
            start += count


def accounts(table: pa.Table) -> list[tuple[str, str]]:
    """Whose rows these are."""
    names = ["user_id", "external_account_id"]
    found = table.select(names).group_by(names).aggregate([]).to_pylist()
    return [(row["user_id"] or "", row["external_account_id"] or "") for row in found]


def _changed(batch: pa.RecordBatch, fates: Integers, moments: Integers) -> pa.Table:
    """A batch without the rows that go, with the moments of those that are marked."""
    table = pa.Table.from_batches([batch])
    if not fates.any():
        return table
    at = table.schema.get_field_index("_deleted_at")
    marks = pa.array(moments, mask=fates != MARKED).cast(_MOMENT)
    table = table.set_column(at, table.schema.field(at), pc.coalesce(marks, table.column(at)))
    return table.filter(pa.array(fates != GOES))
