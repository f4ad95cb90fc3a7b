"""New files of a dataset, written aside until they are published: one, or one for each day and so many rows."""

from __future__ import annotations

import shutil
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from socialconnect.export.files import kinds
from socialconnect.export.files.entries import File
from socialconnect.export.schema import schema

if TYPE_CHECKING:
    from types import TracebackType

    from socialconnect.export.files.layout import Layout
    from socialconnect.export.files.store import Store
    from socialconnect.export.sink import Dataset

MOST_ROWS = 2_000_000  # of a file of many
MOST_BYTES = 256 << 20
_CHUNK = 1 << 20
_MOST_DAYS = 4  # whose files are open at once


class Output:
    """A context: files that are complete when it ends well, and gone when it does not."""

    def __init__(self, store: Store, layout: Layout, dataset: Dataset, run: str, number: int) -> None:
        self._store, self._layout, self._dataset, self._run, self._number = store, layout, dataset, run, number
        self._open: dict[str, _Growing] = {}
        self.files: list[File] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._open:
            _, file = self._open.popitem()
            if error is not None:
                file.abandon(error)
            else:
                self.files.append(file.end())

    def start(self, onto: File | None = None) -> None:
        """Begin the only file, with all that another holds as it stands there, or without a row."""
        self._open[""] = self._begin("", onto)

    def write(self, table: pa.Table) -> None:
        """Add rows, each to the file of its day."""
        if not table.num_rows:
            return
        if not self._layout.parted:
            self._write("", table)
            return
        days = table["_read_at"].cast(pa.date32())
        distinct = days.unique()
        for day in distinct:
            self._write(str(day), table.filter(pc.equal(days, day)) if len(distinct) > 1 else table)

    def _write(self, day: str, table: pa.Table) -> None:
        if day not in self._open:
            if len(self._open) == _MOST_DAYS:
                self.files.append(self._open.pop(next(iter(self._open))).end())
            self._open[day] = self._begin(day)
        file = self._open[day]
        file.write(table)
        if self._layout.parted and file.large:
            self.files.append(self._open.pop(day).end())

    def _begin(self, day: str, onto: File | None = None) -> _Growing:
        hidden = self._layout.hidden(self._number)
        path = self._layout.path(self._dataset, day, self._run, self._number)
        self._number += 1
        file = File(path, self._dataset.resource, onto.rows if onto else 0, hidden)
        return _Growing(self._store, file, self._layout.kind, schema(self._dataset), onto)


class _Growing:
    """One file while it is written."""

    def __init__(self, store: Store, file: File, kind: kinds.Format, columns: pa.Schema, onto: File | None) -> None:
        self._file = file
        self._rows = file.rows
        self._stack = ExitStack()
        self._path = Path(self._stack.enter_context(store.writing(file.hidden)))
        if onto:
            with store.reading(onto.path) as source, self._path.open("wb") as begun:
                shutil.copyfileobj(source, begun, _CHUNK)
        self._writer = kinds.writer(kind, str(self._path), columns)

    def write(self, table: pa.Table) -> None:
        self._writer.write(table)
        self._rows += table.num_rows

    @property
    def large(self) -> bool:
        return self._rows >= MOST_ROWS or self._path.stat().st_size >= MOST_BYTES

    def end(self) -> File:
        try:
            self._writer.close()
        except BaseException as error:
            self.abandon(error)
            raise
        self._stack.close()
        return msgspec.structs.replace(self._file, rows=self._rows)

    def abandon(self, error: BaseException) -> None:
        with suppress(OSError, pa.ArrowException):  # it fails for what it failed for
            self._writer.close()
        self._stack.__exit__(type(error), error, error.__traceback__)
