"""How rows stand in files: Parquet, CSV and JSON lines, each written and read in batches."""

from __future__ import annotations

import csv as plain
import io
from typing import TYPE_CHECKING, BinaryIO, Literal, Protocol

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as lines
import pyarrow.parquet as pq
from pyarrow import csv

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Format = Literal["parquet", "csv", "jsonl"]

GROUP_ROWS = 65_536  # of a row group: what a reader of one column takes in at once
_GROUP_BYTES = 12 << 20
_READ_ROWS = 16_384
_BATCH_ROWS = 4_096  # of Parquet: what is decoded at once
_BLOCK = 1 << 20  # of text read at once, of which Arrow has a few dozen in memory
_MOST_BLOCK = 1 << 30
_LIST = pa.list_(pa.large_string())


class Writer(Protocol):
    """A file that is being written."""

    def write(self, table: pa.Table) -> None:
        """Add rows of its schema."""

    def close(self) -> None:
        """Write what is left, and end the file."""


class _Parquet:
    """A Parquet file: rows are gathered until they make a good row group."""

    def __init__(self, path: str, schema: pa.Schema, level: int = 3) -> None:
        self._file = pq.ParquetWriter(
            path, schema, compression="zstd", compression_level=level, write_page_checksum=True
        )
        self._waiting: list[pa.Table] = []
        self._rows = self._bytes = 0

    def write(self, table: pa.Table) -> None:
        self._waiting.append(table)
        self._rows += table.num_rows
        self._bytes += table.nbytes
        if self._rows >= GROUP_ROWS or self._bytes >= _GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._file.write_table(pa.concat_tables(self._waiting), row_group_size=GROUP_ROWS)
        self._waiting, self._rows, self._bytes = [], 0, 0
        pa.default_memory_pool().release_unused()  # it would keep 40 MB for the next group

    def close(self) -> None:
        self._flush()
        self._file.close()


class _CSV:
    """A CSV file: NA is an empty field and the empty text is quoted, times are ISO 8601, lists JSON."""

    def __init__(self, path: str, schema: pa.Schema) -> None:
        self._raw = open(path, "ab")  # noqa: SIM115, PTH123 - closed by `close`
        begun = csv.WriteOptions(include_header=not self._raw.tell())
        self._file = csv.CSVWriter(self._raw, _texts(schema), write_options=begun)

    def write(self, table: pa.Table) -> None:
        self._file.write_table(_as_text(table))

    def close(self) -> None:
        self._file.close()
        self._raw.close()


class _Lines:
    """JSON lines: NA is null, times are ISO 8601, JSON is a text."""

    def __init__(self, path: str, schema: pa.Schema) -> None:
        self._file = open(path, "ab")  # noqa: SIM115, PTH123 - closed by `close`
        self._encoder = msgspec.json.Encoder()
        self._moments = [at for at, one in enumerate(schema) if pa.types.is_timestamp(one.type)]

    def write(self, table: pa.Table) -> None:
        for at in self._moments:
            table = table.set_column(at, table.schema.names[at], _moments(table.column(at)))
        for start in range(0, table.num_rows, 1_000):
            self._file.write(self._encoder.encode_lines(table.slice(start, 1_000).to_pylist()))

    def close(self) -> None:
        self._file.close()


def writer(kind: Format, path: str, schema: pa.Schema) -> Writer:
    """A new file on this machine; text is added to what is there."""
    if kind == "parquet":
        return _Parquet(path, schema)
    return _CSV(path, schema) if kind == "csv" else _Lines(path, schema)


def goes_on(kind: Format, file: BinaryIO, schema: pa.Schema) -> bool:
    """Whether rows of that schema can be added to a file as it stands."""
    if kind == "csv":
        with io.TextIOWrapper(file, "utf-8", newline="") as text:
            return bool(next(plain.reader(text), []) == schema.names)
    return kind == "jsonl"


def write_part(path: str, table: pa.Table) -> None:
    """Staged rows: read once, so that speed counts more than size."""
    how = {"compression": "zstd", "compression_level": 1, "write_statistics": False}
    pq.write_table(table, path, **how, write_page_checksum=True)  # what is staged stands nowhere else


def read(kind: Format, file: BinaryIO, schema: pa.Schema, names: Sequence[str] = ()) -> Iterator[pa.RecordBatch]:
    """The rows of a file in batches of that schema, of these columns alone; what the file lacks is NA."""
    wanted = pa.schema([schema.field(name) for name in names]) if names else schema
    batches = _read_parquet(file, wanted) if kind == "parquet" else _read_text(kind, file, wanted)
    for batch in batches:
        aligned = align(batch, wanted)
        for start in range(0, aligned.num_rows, _READ_ROWS):
            yield aligned.slice(start, _READ_ROWS)


def align(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """A batch with exactly these columns: those it lacks are NA."""
    return pa.RecordBatch.from_arrays([_column(batch, field) for field in schema], schema=schema)


def _column(batch: pa.RecordBatch, field: pa.Field) -> pa.Array:
    at = batch.schema.get_field_index(field.name)
    if at < 0:
        return pa.nulls(batch.num_rows, field.type)
    column = batch.column(at)
    if column.type == field.type:
        return column
    return _from_json(column) if field.type == _LIST else column.cast(field.type)


def _read_parquet(file: BinaryIO, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    source = pq.ParquetFile(file, page_checksum_verification=True)
    there = set(source.schema_arrow.names)
    names = [name for name in schema.names if name in there]
    # the rows of a batch count where it has no column at all; each thread would keep memory of its own
    columns = names or source.schema_arrow.names[:1]
    yield from source.iter_batches(batch_size=_BATCH_ROWS, columns=columns, use_threads=False)


def _read_text(kind: Format, file: BinaryIO, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Rows of text, which must each fit in a block: where one does not, what follows is read in larger ones."""
    done, block = 0, _BLOCK
    while True:
        file.seek(0)
        skip = done
        try:
            for batch in _OPEN[kind](file, schema, block):
                rows = batch.slice(skip)
                skip -= batch.num_rows - rows.num_rows
                done += rows.num_rows
                yield rows
        except pa.ArrowInvalid as error:
            if "straddling" not in str(error) or block >= _MOST_BLOCK:
                raise
            block *= 8
        else:
            return


def _open_csv(file: BinaryIO, schema: pa.Schema, block: int) -> Iterator[pa.RecordBatch]:
    yield from csv.open_csv(
        file,
        read_options=csv.ReadOptions(block_size=block, use_threads=False),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types=_texts(schema),
            include_columns=schema.names,
            include_missing_columns=True,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def _open_lines(file: BinaryIO, schema: pa.Schema, block: int) -> Iterator[pa.RecordBatch]:
    if not file.read(1):  # a dataset whose rows have all gone, which Arrow takes for damage
        return
    file.seek(0)
    yield from lines.open_json(
        file,
        read_options=lines.ReadOptions(block_size=block, use_threads=False),
        parse_options=lines.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
    )


_OPEN = {"csv": _open_csv, "jsonl": _open_lines}


def _texts(schema: pa.Schema) -> pa.Schema:
    """The schema as CSV has it: lists are texts."""
    return pa.schema([field.with_type(pa.large_string()) if field.type == _LIST else field for field in schema])


def _as_text(table: pa.Table) -> pa.Table:
    for at, field in enumerate(table.schema):
        if field.type == _LIST:
            table = table.set_column(at, field.name, _to_json(table.column(at)))
        elif pa.types.is_timestamp(field.type):
            table = table.set_column(at, field.name, _moments(table.column(at)))
    return table


def _moments(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Times as 2026-05-01T12:00:00.000000Z."""
    return pc.binary_replace_slice(column.cast(pa.large_string()), 10, 11, "T")


def _to_json(column: pa.ChunkedArray) -> pa.Array:
    values = (None if value is None else msgspec.json.encode(value).decode() for value in column.to_pylist())
    return pa.array(values, pa.large_string())


def _from_json(column: pa.Array) -> pa.Array:
    values = (None if value is None else msgspec.json.decode(value) for value in column.to_pylist())
    return pa.array(values, _LIST)
