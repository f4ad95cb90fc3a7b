"""From bytes to columns: the fast way and the patient way give the same."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socialconnect import Column, Resource, columns
from socialconnect.errors import MalformedResponse
from socialconnect.reading.declare import Parent
from socialconnect.reading.extract import Extractor
from socialconnect.reading.typed import attribute

EVERY = (
    *columns("string", "name"),
    *columns("Int64", "id size"),
    *columns("Float64", "score"),
    *columns("boolean", "flag"),
    *columns("category", "kind"),
    *columns("datetime", "made"),
    Column("made_s", "datetime", form="s"),
    Column("made_ms", "datetime", form="ms"),
    Column("count", "Int64", form="text"),
    *columns("list", "tags"),
    *columns("json", "extra"),
    *columns("string", "login", under="owner"),
    *columns("Int64", "id", under="owner.team"),
    Column("labels", "list", "labels[].name"),
    Column("first", "string", "names[0].text"),
    Column("last", "string", "names[-1].text"),
    Column("email", "string", "emails[id=primary].address"),
    Column("either", "string", "nick|name"),
    Column("dotted", "string", "'odata.type'"),
)
NAMES = [column.name for column in EVERY]


def resource(*cols, path="/things", **more):
    return Resource("things", path, columns=cols or EVERY, **more)


def both(body, *cols, **more):
    """The page of the fast way, and of the patient one."""
    one = resource(*cols, **more)
    extractor = Extractor(one, one.select(None))
    assert extractor._typed
    return extractor.page(body), extractor._lenient(body)


def row(page, number=0, names=NAMES):
    return {name: values[number] for name, values in zip(names, page.columns, strict=True)}


FULL = {
    "name": "a",
    "id": 2**62 + 1,
    "size": -3,
    "score": 1,
    "flag": False,
    "kind": "k",
    "made": "2026-01-02T03:04:05Z",
    "made_s": 1.5,
    "made_ms": 1500,
    "count": "12",
    "tags": ["x", "y"],
    "extra": {"b": [1, None]},
    "owner": {"login": "o", "team": {"id": 9}},
    "labels": [{"name": "l"}, {"name": None}, {}],
    "names": [{"text": "n0"}, {"text": "n1"}],
    "emails": [{"id": "e1", "address": "no"}, {"id": "e2", "address": "yes"}],
    "primary": "e2",
    "odata.type": "t",
    "ignored": {"deep": [{}]},
}


def test_every_kind_of_path_and_dtype_is_read():
    """One record with everything gives every column's value, both ways."""
    fast, patient = both(json.dumps([FULL]).encode())
    assert (
        row(fast)
        == row(patient)
        == {
            "name": "a",
            "id": 2**62 + 1,
            "size": -3,
            "score": 1.0,
            "flag": False,
            "kind": "k",
            "made": "2026-01-02T03:04:05Z",
            "made_s": 1_500_000,
            "made_ms": 1_500_000,
            "count": 12,
            "tags": ["x", "y"],
            "extra": '{"b":[1,null]}',
            "owner_login": "o",
            "owner_team_id": 9,
            "labels": ["l"],
            "first": "n0",
            "last": "n1",
            "email": "yes",
            "either": "a",
            "dotted": "t",
        }
        or row(fast)["extra"].replace(" ", "") == '{"b":[1,null]}'
    )
    assert not fast.drift
    assert not patient.drift


@pytest.mark.parametrize("record", [{}, dict.fromkeys(FULL), {"owner": None}, {"owner": {"team": None}}, {"names": []}])
def test_what_is_missing_is_nothing(record):
    """Missing and null fields, wherever they are missing, are None and no drift."""
    fast, patient = both(json.dumps([record]).encode())
    assert (fast.rows, fast.drift, patient.drift) == (1, {}, {})
    for page in (fast, patient):
        assert all(value in (None, []) for value in row(page).values())


_WORD = st.text(max_size=5)
_RECORD = st.fixed_dictionaries(
    {},
    optional={
        "name": st.none() | _WORD,
        "id": st.none() | st.integers(-(2**63), 2**63 - 1),
        "size": st.none() | st.integers(-5, 5),
        "score": st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-9, 9),
        "flag": st.none() | st.booleans(),
        "kind": st.none() | _WORD,
        "made_s": st.none() | st.integers(-(10**9), 10**10) | st.floats(-1e9, 1e10),
        "made_ms": st.none() | st.integers(0, 10**13),
        "count": st.none() | st.integers(0, 99) | st.integers(0, 99).map(str),
        "tags": st.none() | st.lists(_WORD, max_size=3),
        "extra": st.recursive(st.none() | st.booleans() | st.integers(-9, 9) | _WORD, st.lists, max_leaves=4),
        "owner": st.none()
        | st.fixed_dictionaries({}, optional={"login": st.none() | _WORD, "team": st.none() | st.just({"id": 4})}),
        "labels": st.none() | st.lists(st.fixed_dictionaries({}, optional={"name": st.none() | _WORD}), max_size=3),
        "names": st.none() | st.lists(st.fixed_dictionaries({}, optional={"text": st.none() | _WORD}), max_size=3),
        "emails": st.none()
        | st.lists(
            st.fixed_dictionaries({"id": st.sampled_from(["e1", "e2"])}, optional={"address": _WORD}), max_size=3
        ),
        "primary": st.none() | st.sampled_from(["e1", "e2"]),
        "nick": st.none() | _WORD,
        "new": st.none() | st.lists(st.integers(), max_size=2),
    },
)


def _spaceless(found):
    return {**found, "extra": None if found["extra"] is None else msgspec.json.decode(found["extra"])}


@settings(deadline=None, max_examples=150)
@given(st.lists(_RECORD, max_size=4))
def test_both_ways_agree(records):
    """Whatever records are as declared, the fast way gives what the patient one does."""
    fast, patient = both(msgspec.json.encode(records))
    assert fast.rows == patient.rows == len(records)
    for number in range(len(records)):
        assert _spaceless(row(fast, number)) == _spaceless(row(patient, number))


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _WORD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(FULL)), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=150)
@given(_ANYTHING, st.sampled_from(sorted(FULL)))
def test_an_odd_record_never_costs_a_page(odd, key):
    """Whatever one record holds, the records beside it are read as they are."""
    body = msgspec.json.encode([FULL, {**FULL, key: odd}, odd, FULL])
    page = Extractor(resource(), resource().select(None)).page(body)
    assert page.rows in (3, 4)
    assert _spaceless(row(page, 0)) == _spaceless(row(page, page.rows - 1))
    assert row(page, 0)["id"] == 2**62 + 1


@pytest.mark.parametrize(
    ("key", "value", "column"),
    [
        ("id", "many", "id"),
        ("id", 2**63, "id"),
        ("id", 1.5, "id"),
        ("flag", "maybe", "flag"),
        ("made", {"at": 1}, "made"),
        ("made_s", "soon", "made_s"),
        ("made_ms", 1e300, "made_ms"),
        ("made_ms", 1.7e306, "made_ms"),
        ("made_ms", 10**16, "made_ms"),
        ("made_s", 10**13, "made_s"),
        ("made_s", -1e13, "made_s"),
        ("count", "1.5.2", "count"),
        ("tags", "x", "tags"),
        ("name", ["x"], "name"),
        ("score", True, "score"),
    ],
)
def test_what_is_not_as_declared_is_counted(key, value, column):
    """A value of another kind becomes None and is counted by its column, in that row alone."""
    body = json.dumps([{**FULL, key: value}, FULL]).encode()
    page = Extractor(resource(), resource().select(None)).page(body)
    assert page.drift[column] == 1
    assert row(page)[column] is None
    assert row(page, 1)[column] is not None


@pytest.mark.parametrize(
    ("key", "value", "column", "read"),
    [
        ("id", "12", "id", 12),
        ("id", 12.0, "id", 12),
        ("name", 7, "name", "7"),
        ("flag", "true", "flag", True),
        ("score", "1.5", "score", 1.5),
        ("tags", ["x", 3, None], "tags", ["x", "3"]),
    ],
)
def test_what_can_be_read_is_no_drift(key, value, column, read):
    """A number that comes as a text, or the other way round, is still that value."""
    page = Extractor(resource(), resource().select(None)).page(json.dumps([{**FULL, key: value}]).encode())
    assert row(page)[column] == read
    assert not page.drift


def test_rows_that_are_none_are_counted():
    """Elements of the list that are no objects are left out and told."""
    page = Extractor(resource(), resource().select(None)).page(b'[{"name": "a"}, null, 3, "x", {"name": "b"}]')
    assert page.rows == 2
    assert sum(page.drift.values()) == 3


def test_columns_that_clash_are_decoded_apart():
    """Two columns that want one field as different things each have it, with the others still fast."""
    cols = (
        Column("owner", "json"),
        Column("owner_login", "string", "owner.login"),
        Column("id", "Int64"),
        Column("id_text", "string", "id"),
        Column("names", "json"),
        Column("first", "string", "names[0].text"),
    )
    one = resource(*cols)
    extractor = Extractor(one, cols)
    assert len(extractor._typed) > 1
    body = b'[{"id": 5, "owner": {"login": "o"}, "names": [{"text": "t"}]}, {"id": null, "owner": null}]'
    page = extractor.page(body)
    found = row(page, 0, [column.name for column in cols])
    assert (found["owner_login"], found["id"], found["id_text"], found["first"]) == ("o", 5, "5", "t")
    assert json.loads(found["owner"]) == {"login": "o"}
    assert json.loads(found["names"]) == [{"text": "t"}]
    assert set(row(page, 1, [column.name for column in cols]).values()) == {None}


@pytest.mark.parametrize(
    ("records", "body"),
    [("items", {"items": [FULL]}), ("data.items", {"data": {"items": [FULL]}}), ("'a.b'", {"a.b": [FULL]})],
)
def test_records_stand_where_they_are_declared(records, body):
    """The list may be deep in the body."""
    one = resource(records=records)
    assert Extractor(one, one.select(None)).page(json.dumps(body).encode()).rows == 1


@pytest.mark.parametrize("body", [b"{}", b'{"items": null}', b'{"items": []}', b"null"])
def test_no_records_are_no_rows(body):
    """A list that is empty, null or missing is a page without rows."""
    one = resource(records="items")
    page = Extractor(one, one.select(None)).page(body)
    assert (page.rows, page.drift, len(page.columns)) == (0, {}, len(EVERY))


@pytest.mark.parametrize("body", [b"", b"<html>no</html>", b"[1", b"\xff\xfe", b'{"items": 3}', b'"text"', b"3"])
def test_what_holds_no_records_is_malformed(body):
    """A body that is not JSON, or holds something else than a list, is an error that shows how it begins."""
    one = resource(records="items" if body.startswith(b"{") else "")
    for raw in (False, True):
        with pytest.raises(MalformedResponse, match="The body") as caught:
            Extractor(one, one.select(None), raw=raw).page(body)
        assert caught.value.__context__ is None
        assert "_lenient" not in str(caught.tb)


def test_a_single_record_is_one_row():
    """Where the body is the record, it is one row; null is none."""
    one = resource(single=True)
    extractor = Extractor(one, one.select(None))
    assert row(extractor.page(json.dumps(FULL).encode()))["email"] == "yes"
    assert extractor.page(b"null").rows == 0


ENTRIES = (Column("word", "string", "key"), Column("times", "Int64", "value"), Column("deep", "string", "value.a"))


@pytest.mark.parametrize(
    ("records", "body"),
    [("", {"b": 2, "a": 1, "": {"a": "x"}}), ("in.here", {"in": {"here": {"b": 2, "a": 1, "": {"a": "x"}}}})],
)
def test_an_object_s_entries_can_be_the_records(records, body):
    """Each entry of an object is a row, in the object's order; a value of another kind costs no other row."""
    one = resource(*ENTRIES, records=records, entries=True)
    page = Extractor(one, one.select(None)).page(json.dumps(body).encode())
    assert page.columns == (["b", "a", ""], [2, 1, None], [None, None, "x"])
    assert page.drift == {"times": 1}


@pytest.mark.parametrize("body", [b"{}", b"[]", b"null"])
def test_no_entries_are_no_rows(body):
    """An empty object has no rows, nor has the empty list that some providers write in its place."""
    one = resource(*ENTRIES, entries=True)
    assert Extractor(one, one.select(None)).page(body).rows == 0


def test_entries_carry_their_parent():
    """Rows that are entries have their parent's column in front, and `raw` holds nothing that is declared."""
    one = resource(*ENTRIES[:2], path="/w/{shelf}", entries=True, parent=Parent("shelves", "shelf"))
    page = Extractor(one, one.select(None), raw=True).page(b'{"a": 1}', {"id": "s1"})
    assert page.columns == (["s1"], ["a"], [1], ["{}"])


def test_raw_keeps_what_no_column_declares():
    """The raw column holds unknown fields, inner ones too, without what is dropped or declared."""
    one = resource(*columns("string", "login", under="owner"), *columns("Int64", "id"), drop=("secret", "owner.key"))
    body = b'[{"id": 1, "secret": "s", "new": [1], "owner": {"login": "o", "key": "k", "age": 3}}, {"id": 2}]'
    page = Extractor(one, one.select(["id"]), raw=True).page(body)
    assert [json.loads(text) for text in page.columns[-1]] == [{"new": [1], "owner": {"age": 3}}, {}]


@given(st.text(max_size=10), st.text(max_size=10))
def test_attributes_are_names_and_tell_keys_apart(one, other):
    """Any JSON key has an attribute of its own that Python takes."""
    assert attribute(one).isidentifier()
    assert (attribute(one) == attribute(other)) == (one == other) or "_" in one + other
