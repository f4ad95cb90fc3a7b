"""From one column of JSON objects to one typed column for each of their fields, whose names the user chose."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from socialconnect.frames import Table
from socialconnect.reading.column import Column
from socialconnect.reading.declare import IDENTITY, unknown
from socialconnect.reading.typed import Page
from socialconnect.reading.variants import VALUE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from socialconnect.reading.column import Dtype
    from socialconnect.reading.resource import Resource
    from socialconnect.reading.variants import Variants


@dataclass(slots=True)
class _Slot:
    """The values of one column that a field's type gives: by row, as few as there are."""

    of: str
    kind: str
    part: str
    dtype: Dtype
    rows: list[int] = field(default_factory=list)
    values: list[object] = field(default_factory=list)
    full: bool = False

    def place(self, row: int, value: object) -> None:
        if value is not None:
            self.rows.append(row)
            self.values.append(value)
            self.full = self.full or value != []

    @property
    def plain(self) -> str:
        """The name that it would have alone."""
        own = self.of or f"({self.kind})"
        return own if self.part == VALUE else f"{own}_{self.part}"

    @property
    def typed(self) -> str:
        """The name that tells it from others of its name."""
        own = f"{self.of} ({self.kind})".strip()
        return own if self.part == VALUE else f"{own}_{self.part}"


def expand(
    frame: pd.DataFrame, resource: Resource, names: Sequence[str] | None = None
) -> tuple[pd.DataFrame, Counter[str]]:
    """The frame with one or several columns for each field in place of the JSON that held them, and the drift in them.

    Fields of one name and one dtype share a column, whatever their types; where dtypes differ, or a column of that name
    is there already, the type is put behind the name: `Due (date)`. `names` is what the caller asked for: a field's
    name that is no column's stands for all of its columns. `frame.attrs` says under the JSON's name for each
    column which field it is, of which type, with which ids. An UnknownName where a name is no column's and no field's.
    """
    variants = resource.variants
    if variants is None or variants.at not in frame.columns:
        return frame, Counter()
    drift: Counter[str] = Counter()
    slots, ids = _slots(frame[variants.at], variants, drift)
    own = {*IDENTITY, "raw", *(column.name for column in resource.columns)}
    called = _called(_shared(slots), own)
    placed = _placed(called, own, resource, names, empty=not slots)
    wanted = list(dict.fromkeys(column for columns in placed.values() for column in columns))
    built = _frame([(name, called[name]) for name in wanted if name in called], frame.index)
    for name in wanted:
        if name not in built:  # no row tells of it, and none gainsays it
            built[name] = pd.Series(pd.NA, frame.index, pd.StringDtype("pyarrow"))
    found = pd.concat([frame, built], axis=1)[_order(frame, wanted, placed, variants.at, names)]
    found.attrs |= frame.attrs
    found.attrs[variants.at] = {
        name: {
            "name": group[0].of,
            "type": " or ".join(dict.fromkeys(slot.kind for slot in group)),
            "ids": sorted({one for slot in group for one in ids[slot.of, slot.kind]}),
        }
        for name, group in called.items()
        if name in built.columns
    }
    return found, drift


def _slots(
    texts: Iterable[object], variants: Variants, drift: Counter[str]
) -> tuple[list[_Slot], Mapping[tuple[str, str], set[str]]]:
    """Each column that any field's type gives, in the order of their first coming, and the ids of the fields."""
    slots: dict[tuple[str, str], list[_Slot]] = {}
    ids: dict[tuple[str, str], set[str]] = {}
    for row, text in enumerate(texts):
        for name, one in variants.fields(text if isinstance(text, str) else None).items():
            kind = variants.kind(one)
            place = (name, kind)
            if place not in slots:
                slots[place] = [_Slot(name, kind, part, dtype) for part, dtype in variants.shape(kind).items()]
                ids[place] = set()
            odd: Counter[str] = Counter()
            for slot, value in zip(slots[place], variants.values(one, kind, odd), strict=True):
                slot.place(row, value)
            if odd:
                drift[name] += odd.total()
            own = one.get(variants.id)
            if isinstance(own, str):
                ids[place].add(own)
    return [slot for group in slots.values() for slot in group], ids


def _shared(slots: Sequence[_Slot]) -> list[list[_Slot]]:
    """Slots that make one column: of one field's name, part and dtype. A type that never has a value gives way."""
    fields: dict[str, list[_Slot]] = {}
    for slot in slots:
        fields.setdefault(slot.of, []).append(slot)
    groups: dict[tuple[str, str, Dtype], list[_Slot]] = {}
    for of_field in fields.values():
        full = {slot.kind for slot in of_field if slot.full} or {of_field[0].kind}
        for slot in of_field:
            if slot.kind in full:
                groups.setdefault((slot.of, slot.part, slot.dtype), []).append(slot)
    return list(groups.values())


def _called(groups: Sequence[list[_Slot]], taken: set[str]) -> dict[str, list[_Slot]]:
    """The groups by the names of their columns, each its own."""
    counts = Counter(group[0].plain for group in groups)
    called: dict[str, list[_Slot]] = {}
    for group in groups:
        first = group[0]
        name = first.plain if counts[first.plain] == 1 and first.plain not in taken else first.typed
        number = 2
        while name in called or name in taken:
            name = f"{first.typed} {number}"
            number += 1
        called[name] = group
    return called


def _placed(
    called: Mapping[str, list[_Slot]], own: set[str], resource: Resource, names: Sequence[str] | None, *, empty: bool
) -> dict[str, list[str]]:
    """The new columns, by the name that asks for them: a column's, or a field's that is none for all of its columns."""
    if names is None:
        return {name: [name] for name in called}
    placed: dict[str, list[str]] = {}
    for name in names:
        if name in own:
            continue
        columns = [name] if name in called else [one for one, group in called.items() if group[0].of == name]
        if not columns and not empty:
            known = {
                *(column.name for column in resource.columns),
                *called,
                *(group[0].of for group in called.values()),
            }
            raise unknown("column", name, known, f"of {resource.name}")
        placed[name] = columns or [name]
    return placed


def _order(
    frame: pd.DataFrame, wanted: list[str], placed: Mapping[str, list[str]], at: str, names: Sequence[str] | None
) -> list[str]:
    """The columns as the caller named them, or with the new ones where the JSON stood."""
    before = list(frame.columns)
    if names is None:
        place = before.index(at)
        return [*before[:place], *wanted, *before[place + 1 :]]
    lead = [name for name in before if name in IDENTITY]
    named = [column for name in names for column in placed.get(name, [name])]
    return list(dict.fromkeys([*lead, *named, *(name for name in before if name != at)]))


def _frame(columns: Sequence[tuple[str, list[_Slot]]], index: pd.Index[int]) -> pd.DataFrame:
    """The columns with their dtypes, as a table makes them of pages."""
    if not columns:
        return pd.DataFrame(index=index)
    table = Table([Column(name, group[0].dtype, ".") for name, group in columns], lead=())
    table.append(Page(tuple(_spread(group, len(index)) for _, group in columns), len(index)))
    return table.frame().set_index(index)


def _spread(group: Sequence[_Slot], rows: int) -> list[object]:
    values: list[object] = [None] * rows
    for slot in group:
        for row, value in zip(slot.rows, slot.values, strict=True):
            values[row] = value
        slot.rows, slot.values = [], []
    return values
