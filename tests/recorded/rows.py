"""What a frame must hold, worked out from the raw JSON alone: it knows nothing of the declarations' paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from socialconnect.reading.declare import Resource

DTYPES = {
    "string": "string",
    "Int64": "Int64",
    "Float64": "Float64",
    "boolean": "boolean",
    "category": "category",
    "datetime": "datetime64[us, UTC]",
    "list": "object",
    "json": "string",
}
IDENTITY = ["user_id", "external_account_id"]


def flat(record: Mapping[str, Any], under: str = "") -> dict[str, Any]:
    """A record as one level: the keys of what is nested are joined by `_`."""
    found: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, dict):
            found |= flat(value, f"{under}{key}_")
        else:
            found[f"{under}{key}"] = value
    return found


def check(frame: pd.DataFrame, records: Iterable[Any], *, renamed: Mapping[str, str] | None = None) -> None:
    """Every cell of `frame` holds what the records do: NA where there is nothing, times as moments, the rest as it is.

    `renamed` says which columns begin otherwise than what stands in the record.
    """
    wanted = [flat(record) for record in records]
    for old, new in (renamed or {}).items():
        wanted = [
            {name.replace(old, new, 1) if name.startswith(old) else name: value for name, value in row.items()}
            for row in wanted
        ]
    assert len(frame) == len(wanted)
    for name in frame.columns.drop(IDENTITY):
        for got, row in zip(frame[name], wanted, strict=True):
            assert_cell(got, row.get(name), moment=str(frame[name].dtype).startswith("datetime"), name=name)


def assert_cell(got: object, wanted: object, *, moment: bool, name: str) -> None:
    """One cell, by the type that its JSON value has."""
    if wanted is None:
        assert got is None or pd.isna(got), name  # type: ignore[call-overload]
    elif moment:
        assert got == pd.Timestamp(str(wanted)), name
    else:
        assert got == wanted, name
        assert pd.api.types.is_bool(got) == isinstance(wanted, bool), name


def check_shape(frame: pd.DataFrame, resource: Resource) -> None:
    """The columns of a frame are the account's two, then those declared, each with its dtype."""
    columns = resource.select(None)
    assert list(frame.columns) == [*IDENTITY, *(column.name for column in columns)]
    found = {name: str(dtype) for name, dtype in frame.dtypes.items()}
    assert found == dict.fromkeys(IDENTITY, "string") | {column.name: DTYPES[column.dtype] for column in columns}
