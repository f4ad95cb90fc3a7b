"""Columns for records that nobody declared: their dtypes are told by the values that came."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from socialconnect.reading.coerce import LEAST, MOST, json_text
from socialconnect.reading.declare import IDENTITY, Column
from socialconnect.reading.typed import Page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from socialconnect.reading.column import Dtype
    from socialconnect.reading.paths import Json

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)")


def guessed(records: Sequence[Mapping[str, Json]], provider: str) -> tuple[tuple[Column, ...], Page]:
    """The columns that records have, in the order in which they first appear, and the values of each.

    Of one kind throughout: `boolean`, `Int64`, `Float64`, a moment with its zone `datetime`, a list of texts `list`,
    else `string`; objects, other lists and what differs from row to row become JSON text. A field called as one of the
    two identity columns gets the provider's name before it.
    """
    keys = list(dict.fromkeys(key for record in records for key in record))
    taken = {*IDENTITY}
    columns, values = [], []
    for key in keys:
        came = [record.get(key) for record in records]
        dtype = _dtype([one for one in came if one is not None])
        name = key or "_"
        while name in taken:
            name = f"{provider}_{name}"
        taken.add(name)
        columns.append(Column(name, dtype, path="."))
        values.append([None if one is None else _value(one, dtype) for one in came])
    return tuple(columns), Page(tuple(values), len(records))


def _dtype(values: Sequence[Json]) -> Dtype:
    kinds = {type(value) for value in values}
    if kinds <= {bool} and kinds:
        return "boolean"
    if kinds == {int}:
        return "Int64" if all(LEAST <= value <= MOST for value in values if isinstance(value, int)) else "string"
    if kinds and kinds <= {int, float}:
        return "Float64"
    if kinds == {str}:
        return "datetime" if _moments(values) else "string"
    if kinds == {list} and all(isinstance(one, str) for value in values if isinstance(value, list) for one in value):
        return "list"
    return "string" if kinds <= {str, int, float} else "json"


def _moments(values: Sequence[Json]) -> bool:
    """Whether all are moments that a frame can hold; one without its zone is nobody's moment, and stays a text."""
    texts = [value for value in values if isinstance(value, str)]
    if not all(_MOMENT.fullmatch(text) for text in texts):
        return False
    read = pd.to_datetime(pd.Series(texts, dtype=object), utc=True, errors="coerce", format="ISO8601")
    return bool(read.notna().all())


def _value(value: Json, dtype: Dtype) -> object:
    if dtype == "json":
        return json_text(value)
    if dtype == "string":
        return str(value)
    return float(value) if dtype == "Float64" and isinstance(value, int) else value
