"""From columns of rows to one typed DataFrame: Arrow batches on the way, pandas once, at the end."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from socialconnect.reading.declare import IDENTITY, Column, Dtype
from socialconnect.reading.extract import RAW

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from socialconnect.reading.typed import Page, Values

_FLUSH = 2000  # rows a batch: the memory of small batches at the speed of one table (tests/benchmarks)
_MOMENT = pa.timestamp("us", "UTC")
_ARROW: dict[Dtype, pa.DataType] = {
    "string": pa.large_string(),
    "category": pa.large_string(),
    "json": pa.large_string(),
    "Int64": pa.int64(),
    "Float64": pa.float64(),
    "boolean": pa.bool_(),
    "datetime": _MOMENT,
    "list": pa.list_(pa.large_string()),
}
_PANDAS: dict[pa.DataType, Callable[[], pd.api.extensions.ExtensionDtype]] = {
    pa.large_string(): lambda: pd.StringDtype("pyarrow"),
    pa.int64(): pd.Int64Dtype,
    pa.float64(): pd.Float64Dtype,
    pa.bool_(): pd.BooleanDtype,
}


def arrow_type(dtype: Dtype) -> pa.DataType:
    """The Arrow type of a column: categories and JSON are texts, times are in UTC to the microsecond."""
    return _ARROW[dtype]


class Table:
    """Rows of one resource on their way to a frame: `lead` columns first, then the declared ones.

    `drift` counts, by column, the values that could not be read as declared and became NA.
    """

    def __init__(
        self, columns: Sequence[Column], *, lead: Sequence[str] = IDENTITY, raw: bool = False, flush: int = _FLUSH
    ) -> None:
        self.lead = tuple(lead)
        self.columns = (*columns, *((Column(RAW, "json"),) if raw else ()))
        self.rows = 0
        self._most = flush
        self.drift: Counter[str] = Counter()
        self._waiting: list[Values] = [[] for _ in (*self.lead, *self.columns)]
        self._batches: list[pa.RecordBatch] = []
        self._schema = pa.schema(
            [pa.field(name, pa.large_string()) for name in self.lead]
            + [pa.field(column.name, _ARROW[column.dtype]) for column in self.columns]
        )

    def append(self, page: Page, lead: Sequence[str | None] = ()) -> None:
        """Add a page's rows, each behind the same leading values."""
        for waiting, value in zip(self._waiting, lead, strict=False):
            waiting.extend([value] * page.rows)
        for waiting, values in zip(self._waiting[len(self.lead) :], page.columns, strict=True):
            waiting.extend(values)
        self.rows += page.rows
        self.drift.update(page.drift)
        if len(self._waiting[-1]) >= self._most:
            self._flush()

    def add(self, batch: pa.RecordBatch) -> None:
        """Add rows that have this table's types already."""
        self._flush()
        self._batches.append(batch.cast(self._schema))
        self.rows += batch.num_rows

    def extend(self, other: Table) -> None:
        """Add all rows of another table with the same columns, which is empty then."""
        self._flush()
        other._flush()
        self._batches += other._batches
        self.rows += other.rows
        self.drift.update(other.drift)
        other._batches, other.rows = [], 0

    def arrow(self) -> pa.Table:
        """All rows so far as one Arrow table."""
        self._flush()
        return pa.Table.from_batches(self._batches, schema=self._schema)

    def frame(self) -> pd.DataFrame:
        """All rows as a DataFrame with the declared dtypes, also when there are none. Empties the table."""
        table = self.arrow()
        self._batches.clear()
        names = [column.name for column in self.columns if column.dtype == "category"]
        for name in names:
            at = table.schema.get_field_index(name)
            table = table.set_column(at, name, table.column(at).dictionary_encode())
        lists = [column.name for column in self.columns if column.dtype == "list"]
        taken = [(table.schema.get_field_index(name), name, table.column(name).to_pylist()) for name in lists]
        table = table.drop_columns(lists)
        frame: pd.DataFrame = table.to_pandas(split_blocks=True, self_destruct=True, types_mapper=_pandas_dtype)
        for position, name, values in taken:  # as Arrow would make arrays of them
            frame.insert(position, name, pd.Series(values, index=frame.index, dtype=object))
        for name in names:
            if frame[name].cat.categories.empty:  # of no type at all, which Parquet would not give back as a category
                frame[name] = frame[name].cat.set_categories(pd.Index([], dtype="str"))
        return frame

    def _flush(self) -> None:
        if not self._waiting[-1]:
            return
        arrays = [pa.array(values, pa.large_string()) for values in self._waiting[: len(self.lead)]]
        for column, values in zip(self.columns, self._waiting[len(self.lead) :], strict=True):
            arrays.append(self._moments(column, values) if column.dtype == "datetime" else _array(column, values))
        self._batches.append(pa.record_batch(arrays, schema=self._schema))
        self._waiting = [[] for _ in self._waiting]

    def _moments(self, column: Column, values: Values) -> pa.Array:
        if column.form:
            return pa.array(values, pa.int64()).cast(_MOMENT)
        texts = pa.array(values, pa.large_string())
        try:
            return texts.cast(_MOMENT)
        except pa.ArrowInvalid:  # a time that is naive, has seven decimals or is none: each on its own
            moments = pd.to_datetime(pd.Series(values, dtype=object), utc=True, errors="coerce", format="ISO8601")
            array = pa.Array.from_pandas(moments.astype("datetime64[us, UTC]"), type=_MOMENT)
            lost = array.null_count - texts.null_count
            if lost:
                self.drift[column.name] += lost
            return array


def _array(column: Column, values: Values) -> pa.Array:
    return pa.array(values, _ARROW[column.dtype])


def _pandas_dtype(kind: pa.DataType) -> pd.api.extensions.ExtensionDtype | None:
    make = _PANDAS.get(kind)
    return make() if make else None


def joined(frames: Sequence[pd.DataFrame], place: Callable[[pd.DataFrame], Sequence[int]]) -> pd.DataFrame:
    """The rows of several frames of one resource with its dtypes, in the order of their places."""
    dtypes: dict[Hashable, Any] = {}  # pandas has no common type for dtypes
    for frame in reversed(frames):
        dtypes |= frame.dtypes.to_dict()
    names = [name for name, dtype in dtypes.items() if isinstance(dtype, pd.CategoricalDtype)]
    dtypes |= dict.fromkeys(names, "str")  # categories that differ would be lost
    whole = pd.concat([_widened(frame, dtypes) for frame in frames], ignore_index=True)
    places = pd.Series(place(whole), dtype="int64")
    whole = whole.iloc[places.argsort(kind="stable")].reset_index(drop=True)
    for name in names:
        values = pd.Index(whole[name].dropna().unique(), dtype="str")  # in the order of their rows, as in any frame
        whole[name] = whole[name].astype(pd.CategoricalDtype(values))
    return whole


def _widened(frame: pd.DataFrame, dtypes: Mapping[Hashable, Any]) -> pd.DataFrame:
    """The frame with all of these columns, those that it lacks without values."""
    found = {name: frame[name] if name in frame else pd.Series([None] * len(frame)) for name in dtypes}
    return pd.DataFrame({name: column.astype(dtypes[name]) for name, column in found.items()}, index=frame.index)


def describe(frame: pd.DataFrame, facts: Mapping[str, str | int | bool]) -> pd.DataFrame:
    """Write on a frame what it is, in values so plain that Parquet and pickle keep them."""
    frame.attrs.update(facts)
    return frame
