"""Columns whose names the user chose: fields in one object, each with a type that says how to read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from socialconnect.reading.coerce import coerce, json_text
from socialconnect.reading.paths import first, look, parse

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping

    from socialconnect.reading.column import Column, Dtype

VALUE = "value"
"""The column of a field that bears the field's own name; the others' names come behind it."""


@dataclass(frozen=True, slots=True)
class Variants:
    """The column `at` holds an object of named fields; `tag` in each names its type, and `columns` what comes of it.

    A field becomes one column for each that its type has: `value` under the field's own name, `end` as `NAME_end`. No
    columns drop the field; a type that is not declared becomes JSON text. `finer` says for a type where, in the field,
    a second tag stands: the field is then of the type `formula.number`. `lists` names the types that hold a list of
    fields, and where: each is read as what it is, and the column is the list of their texts. `unknown` are types that
    tell nothing. `zones` says where a type names the time zone of its times that have none. `id` is the key of a
    field's own id, which lasts longer than its name.
    """

    at: str
    tag: str
    columns: Mapping[str, tuple[Column, ...]]
    finer: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    zones: Mapping[str, str] = field(default_factory=dict)
    id: str = ""

    def fields(self, text: str | None) -> Mapping[str, Mapping[str, object]]:
        """The fields of one record by name, out of the JSON text of the column."""
        decoded = msgspec.json.decode(text) if text else None
        found = decoded if isinstance(decoded, dict) else {}
        return {name: one for name, one in found.items() if isinstance(one, dict)}

    def kind(self, one: Mapping[str, object]) -> str:
        """What a field's type is: `date`, or with a finer one in it `formula.number`."""
        kind = one.get(self.tag)
        if not isinstance(kind, str):
            return ""
        finer = look(one, self.finer[kind]) if kind in self.finer else None
        return f"{kind}.{finer}" if isinstance(finer, str) else kind

    def shape(self, kind: str) -> Mapping[str, Dtype]:
        """The columns of a type, by name: their dtypes."""
        if kind in self.lists:
            return {VALUE: "list"}
        if kind in self.unknown:
            return {VALUE: "string"}
        return {column.name: column.dtype for column in self.columns[kind]} if kind in self.columns else {VALUE: "json"}

    def values(self, one: Mapping[str, object], kind: str, drift: Counter[str]) -> tuple[object, ...]:
        """What a field of that type holds, one value for each of the type's columns."""
        if kind in self.lists:
            return (self._texts(one, kind, drift),)
        if kind in self.unknown:
            return (None,)
        if kind not in self.columns:
            bare = one.get(kind)
            return (None if bare is None else json_text(bare),)
        columns = self.columns[kind]
        found = tuple(_value(one, column, drift) for column in columns)
        zone = look(one, self.zones[kind]) if kind in self.zones else None
        if not isinstance(zone, str):
            return found
        moments = (column.dtype == "datetime" for column in columns)
        return tuple(_there(value, zone) if moment else value for value, moment in zip(found, moments, strict=True))

    def _texts(self, one: Mapping[str, object], kind: str, drift: Counter[str]) -> list[str]:
        listed = look(one, self.lists[kind])
        values: list[object] = []
        for element in listed if isinstance(listed, list) else []:
            inner = element if isinstance(element, dict) else {}
            for value in self.values(inner, self.kind(inner), drift)[:1]:
                values.extend(value if isinstance(value, list) else [value])
        return [value if isinstance(value, str) else json_text(value) for value in values if value is not None]


def _value(one: Mapping[str, object], column: Column, drift: Counter[str]) -> object:
    value = coerce(first(one, parse(column.path)), column, drift)
    return None if value == "" else value


def _there(value: object, zone: str) -> object:
    """A time without an offset as it is in a time zone; what has one, or has no time, stays."""
    try:
        moment = datetime.fromisoformat(str(value)) if value and "T" in str(value) else None
        local = moment.replace(tzinfo=ZoneInfo(zone)) if moment and moment.tzinfo is None else None
    except (ValueError, LookupError, OSError):
        return value
    return local.isoformat() if local else value
