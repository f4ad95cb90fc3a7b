"""From staged rows to files that readers see: what is written anew, and what that takes the place of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from socialconnect.export.files import kinds
from socialconnect.export.files.entries import Entry, File
from socialconnect.export.files.fates import UNMARKED, Fates
from socialconnect.export.files.output import Output
from socialconnect.export.schema import schema, staged

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from socialconnect.export.files.fates import Numbers
    from socialconnect.export.files.folded import State
    from socialconnect.export.files.layout import Layout
    from socialconnect.export.files.store import Store
    from socialconnect.export.sink import Mode

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
            fates = Fates(self.state.held[resource].everything, self.mode, self.state.folder)
            try:
                lost = self._decide(fates, resource, listed=resource in listed)
                gone += ((resource, user, account) for user, account in lost)
                made, instead = self._rewrite(fates, resource, self.state.made + len(new))
            finally:
                fates.close()
            new += made
            old += instead
        return Entry(publish=True, new=tuple(new), old=tuple(old), gone=tuple(gone))

    def _decide(self, fates: Fates, resource: str, *, listed: bool) -> Sequence[tuple[str, str]]:
        fates.end(self.state.pending(resource))
        fates.came(
            (number, self._batches("parquet", path, resource, fates.staged_names))
            for number, path in self.state.parts(resource)
        )
        if self.mode == "append":
            fates.there(())
            fates.decide()
            return ()
        fates.there(
            (source, self._batches(self.layout.kind, file.path, resource, fates.names))
            for source, file in enumerate(self._files(resource))
        )
        lost = fates.end_others(self.state.come_to(resource), self.at) if listed else ()
        fates.decide()
        return lost

    def _files(self, resource: str) -> list[File]:
        return sorted(
            (file for file in self.state.files.values() if file.resource == resource), key=lambda file: file.path
        )

    def _batches(
        self, kind: kinds.Format, path: str, resource: str, names: Sequence[str] = ()
    ) -> Iterator[pa.RecordBatch]:
        everything = self.state.held[resource].everything
        columns = staged(everything) if path.startswith(f"{self.layout.home}/") else schema(everything)
        with self.store.reading(path) as file:
            yield from kinds.read(kind, file, columns, names)

    def _rewrite(self, fates: Fates, resource: str, number: int) -> tuple[list[File], list[str]]:
        """The new files of a dataset, and the paths of those that they take the place of."""
        files = self._files(resource)
        counts = fates.sources_changed()
        kept = fates.any_kept()
        if not counts and not kept:
            return [], []
        with Output(self.store, self.layout, self.state.held[resource].everything, self.run, number) as output:
            if not self.layout.parted and not counts and self._goes_on(files):
                output.start(files[0])
            else:
                if not self.layout.parted:
                    output.start()
                self._carry(output, fates, files if counts or not self.layout.parted else [], counts)
            if kept:
                self._add(output, fates, resource)
        return output.files, [files[source].path for source in sorted(counts)] if self.layout.parted else []

    def _goes_on(self, files: Sequence[File]) -> bool:
        if not files:
            return False
        columns = schema(self.state.held[files[0].resource].everything)
        with self.store.reading(files[0].path) as file:
            return kinds.goes_on(self.layout.kind, file, columns)

    def _carry(self, output: Output, fates: Fates, files: Sequence[File], counts: Mapping[int, int]) -> None:
        """What stays of files with rows that go or are marked; of an only file, all that stays."""
        changed = fates.changed()
        for source, file in enumerate(files):
            if (source not in counts and self.layout.parted) or (
                self.mode == "replace" and counts.get(source) == file.rows
            ):
                continue
            rows, moments = changed.of(source)
            start = 0
            for batch in self._batches(self.layout.kind, file.path, file.resource):
                first, last = np.searchsorted(rows, [start, start + batch.num_rows])
                output.write(_changed(batch, rows[first:last] - start, moments[first:last]))
                start += batch.num_rows

    def _add(self, output: Output, fates: Fates, resource: str) -> None:
        """The staged rows that came out."""
        columns = schema(self.state.held[resource].everything)
        kept = fates.kept()
        for number, path in self.state.parts(resource):
            rows, _ = kept.of(number)
            start = 0
            if not len(rows):
                continue
            for batch in self._batches("parquet", path, resource):
                first, last = np.searchsorted(rows, [start, start + batch.num_rows])
                chosen = pa.Table.from_batches([batch]).select(columns.names)
                output.write(chosen if last - first == batch.num_rows else chosen.take(rows[first:last] - start))
                start += batch.num_rows


def _changed(batch: pa.RecordBatch, rows: Numbers, moments: Numbers) -> pa.Table:
    """A batch without the rows that go, with the moments of those that are marked."""
    table = pa.Table.from_batches([batch])
    if not len(rows):
        return table
    marks = np.full(batch.num_rows, UNMARKED)
    marks[rows] = moments
    at = table.schema.get_field_index("_deleted_at")
    moment = pa.array(marks, mask=marks == UNMARKED).cast(_MOMENT)
    table = table.set_column(at, table.schema.field(at), pc.coalesce(moment, table.column(at)))
    keep = np.ones(batch.num_rows, bool)
    keep[rows[moments == UNMARKED]] = False
    return table.filter(pa.array(keep))
