"""Fields whose names the user chose: what each type becomes, and what nobody declared."""

import json
from collections import Counter

import pytest

from socialconnect.connectors.notion import connector
from socialconnect.reading.variants import Variants

PROPERTIES = connector.resource("rows").variants
DAY = {"start": "2026-05-01", "end": None, "time_zone": None}
TIME = {"start": "2026-05-01T09:30:00.000+02:00", "end": "2026-05-02", "time_zone": None}
ZONED = {"start": "2026-05-01T09:30:00", "end": "2026-12-01T09:30:00", "time_zone": "America/New_York"}
TEXTS = [{"plain_text": "Ada "}, {"plain_text": "L"}]
USER = {"object": "user", "id": "u1", "name": "Ada"}
FILE = {"name": "a", "type": "file", "file": {"url": "https://s3/a", "expiry_time": "2026-01-01T00:00:00.000Z"}}
LINK = {"name": "b", "type": "external", "external": {"url": "https://b"}}
STATE = {"state": "verified", "date": {**DAY, "end": "2026-06-01"}, "verified_by": USER}
ON, OFF = True, False
PLACE = {"lat": 47.5, "lon": -3, "name": "Dock", "address": None, "aws_place_id": "x"}


def read(field):
    """A field's columns, their dtypes and its values."""
    drift = Counter()
    kind = PROPERTIES.kind(field)
    shape = PROPERTIES.shape(kind)
    values = PROPERTIES.values(field, kind, drift)
    assert len(values) == len(shape)
    assert not drift
    return {name: (dtype, value) for (name, dtype), value in zip(shape.items(), values, strict=True)}


def of(kind, value):
    return {"id": "x", "type": kind, kind: value}


def date(start, end, zone, day):
    return {
        "value": ("datetime", start),
        "end": ("datetime", end),
        "time_zone": ("string", zone),
        "is_date": ("boolean", day),
    }


CASES = [
    # every line of the table in the reference: the field, and the columns that it becomes
    (of("title", TEXTS), {"value": ("string", "Ada L")}),
    (of("title", []), {"value": ("string", None)}),
    (of("rich_text", TEXTS), {"value": ("string", "Ada L")}),
    (of("rich_text", []), {"value": ("string", None)}),
    (of("number", 7), {"value": ("Float64", 7.0)}),
    (of("number", None), {"value": ("Float64", None)}),
    (of("select", {"id": "1", "name": "Red", "color": "red"}), {"value": ("category", "Red")}),
    (of("select", None), {"value": ("category", None)}),
    (of("status", {"id": "1", "name": "Done"}), {"value": ("category", "Done")}),
    (of("multi_select", [{"name": "a"}, {"name": "b"}]), {"value": ("list", ["a", "b"])}),
    (of("multi_select", []), {"value": ("list", [])}),
    (of("date", DAY), date("2026-05-01", None, None, day=True)),
    (of("date", TIME), date("2026-05-01T09:30:00.000+02:00", "2026-05-02", None, day=False)),
    (
        of("date", ZONED),
        date("2026-05-01T09:30:00-04:00", "2026-12-01T09:30:00-05:00", "America/New_York", day=False),
    ),
    (of("date", {**ZONED, "time_zone": "No/Where"}), date(ZONED["start"], ZONED["end"], "No/Where", day=False)),
    (of("date", None), date(None, None, None, day=None)),
    (of("people", [USER, {"object": "group", "id": "g1"}]), {"value": ("list", ["u1", "g1"])}),
    (of("people", []), {"value": ("list", [])}),
    (of("files", [FILE, LINK]), {"value": ("list", ["https://s3/a", "https://b"])}),
    (of("checkbox", OFF), {"value": ("boolean", False)}),
    (of("url", "https://a"), {"value": ("string", "https://a")}),
    (of("email", "a@example.com"), {"value": ("string", "a@example.com")}),
    (of("phone_number", None), {"value": ("string", None)}),
    ({**of("relation", [{"id": "p1"}]), "has_more": False}, {"value": ("list", ["p1"])}),
    (of("created_time", "2026-05-01T09:00:00.000Z"), {"value": ("datetime", "2026-05-01T09:00:00.000Z")}),
    (of("last_edited_time", "2026-05-01T09:00:00.000Z"), {"value": ("datetime", "2026-05-01T09:00:00.000Z")}),
    (of("created_by", USER), {"value": ("string", "u1")}),
    (of("last_edited_by", {"object": "user", "id": "u2"}), {"value": ("string", "u2")}),
    (of("formula", {"type": "string", "string": "x"}), {"value": ("string", "x")}),
    (of("formula", {"type": "number", "number": 1.5}), {"value": ("Float64", 1.5)}),
    (of("formula", {"type": "boolean", "boolean": True}), {"value": ("boolean", True)}),
    (of("formula", {"type": "date", "date": DAY}), date("2026-05-01", None, None, day=True)),
    (of("formula", {"type": "number", "number": None}), {"value": ("Float64", None)}),
    (of("formula", {"type": "unsupported", "unsupported": {}}), {"value": ("string", None)}),
    (of("rollup", {"type": "number", "number": 3, "function": "sum"}), {"value": ("Float64", 3.0)}),
    (of("rollup", {"type": "date", "date": None, "function": "latest_date"}), date(None, None, None, day=None)),
    (
        of(
            "rollup",
            {
                "type": "array",
                "array": [
                    of("title", TEXTS),
                    of("number", 2),
                    of("relation", [{"id": "p1"}, {"id": "p2"}]),
                    of("date", DAY),
                    of("checkbox", ON),
                    of("formula", {"type": "number", "number": 4}),
                    of("number", None),
                ],
                "function": "show_original",
            },
        ),
        {"value": ("list", ["Ada L", "2.0", "p1", "p2", "2026-05-01", "true", "4.0"])},
    ),
    (of("rollup", {"type": "array", "array": [], "function": "show_original"}), {"value": ("list", [])}),
    (of("rollup", {"type": "unsupported", "unsupported": {}, "function": "sum"}), {"value": ("string", None)}),
    (of("rollup", {"type": "incomplete", "incomplete": {}, "function": "sum"}), {"value": ("string", None)}),
    (of("unique_id", {"prefix": "AB", "number": 7}), {"value": ("string", "AB-7")}),
    (of("unique_id", {"number": 7, "prefix": None}), {"value": ("string", "7")}),
    (of("unique_id", {"prefix": "AB", "number": None}), {"value": ("string", None)}),
    (
        of("verification", STATE),
        {
            "value": ("category", "verified"),
            "start": ("datetime", "2026-05-01"),
            "end": ("datetime", "2026-06-01"),
            "verified_by": ("string", "u1"),
        },
    ),
    (
        of("place", PLACE),
        {"value": ("string", "Dock"), "lat": ("Float64", 47.5), "lon": ("Float64", -3.0), "address": ("string", None)},
    ),
    (of("button", {}), {}),
    (of("sketch", {"a": [1]}), {"value": ("json", '{"a":[1]}')}),
    (of("sketch", None), {"value": ("json", None)}),
]


@pytest.mark.parametrize(("field", "columns"), CASES)
def test_each_type_becomes_its_columns(field, columns):
    """A property's type decides its columns, their dtypes and their values; an empty one has none."""
    assert read(field) == columns


def test_every_type_of_the_table_is_there():
    """No type of the specification is left to chance, and each has been looked at here."""
    looked_at = {PROPERTIES.kind(field) for field, _ in CASES}
    declared = {*PROPERTIES.columns, *PROPERTIES.lists, *PROPERTIES.unknown}
    assert looked_at == declared | {"sketch"}


def test_values_that_do_not_fit_are_counted():
    """A value that is not of its type becomes none, and drift is counted."""
    drift = Counter()
    assert PROPERTIES.values(of("number", {"odd": 1}), "number", drift) == (None,)
    assert drift.total() == 1


@pytest.mark.parametrize("text", [None, "", "null", "[]", '{"a": 7}'])
def test_what_holds_no_fields_has_none(text):
    """Only objects with objects in them hold fields."""
    assert PROPERTIES.fields(text) == {}


def test_fields_come_with_their_names():
    """Any name will do, also an empty one."""
    field = of("number", 1)
    assert PROPERTIES.fields(json.dumps({"": field, "a.b|c": field, "x": 1})) == {"": field, "a.b|c": field}


@pytest.mark.parametrize(
    "field", [{}, {"type": None}, {"type": 7}, {"type": "formula"}, {"type": "rollup", "rollup": None}]
)
def test_a_field_without_a_type_breaks_nothing(field):
    """A field that says nothing of itself has a column without a value."""
    assert set(read(field)) == {"value"}
    assert read(field)["value"][1] is None


def test_another_object_can_be_described():
    """What fields, tags and types are called is declared, not built in."""
    variants = Variants("custom", "kind", {}, id="key")
    assert variants.kind({"kind": "money"}) == "money"
    assert variants.values({"kind": "money", "money": 3}, "money", Counter()) == ("3",)
