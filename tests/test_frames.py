"""Columns of rows become a frame with the declared dtypes, whatever came."""

import pickle
from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socialconnect import Column, columns
from socialconnect.frames import Table, describe
from socialconnect.reading.typed import Page

EVERY = (
    *columns("string", "text"),
    *columns("Int64", "whole"),
    *columns("Float64", "part"),
    *columns("boolean", "flag"),
    *columns("category", "kind"),
    *columns("datetime", "made"),
    Column("made_ms", "datetime", form="ms"),
    *columns("list", "tags"),
    *columns("json", "extra"),
)
EXPECTED = {
    "text": "string",
    "whole": "Int64",
    "part": "Float64",
    "flag": "boolean",
    "kind": "category",
    "made": "datetime64[us, UTC]",
    "made_ms": "datetime64[us, UTC]",
    "tags": "object",
    "extra": "string",
}


def frame_of(*rows, declared=EVERY):
    table = Table(declared, lead=())
    for row in rows:
        table.append(Page(tuple([value] for value in row), 1))
    return table.frame()


def moments(*values):
    table = Table((Column("made", "datetime"),), lead=())
    table.append(Page((list(values),), len(values)))
    return table.frame()["made"], table.drift


def kinds(frame):
    return {name: str(dtype) for name, dtype in frame.dtypes.items()}


def test_dtypes_hold_at_every_number_of_rows():
    """No rows, rows of nothing and full rows have the same dtypes."""
    full = ("a", 2**63 - 1, 0.5, True, "k", "2026-01-02T03:04:05Z", 1_767_323_045_000_000, ["x"], '{"a":1}')
    for rows in ([], [(None,) * 9], [full], [full, (None,) * 9] * 3):
        frame = frame_of(*rows)
        assert kinds(frame) == EXPECTED
        assert len(frame) == len(rows)
        assert frame.isna().all(axis=1).tolist() == [row[0] is None for row in rows]


@pytest.mark.parametrize("value", [2**63 - 1, -(2**63), 2**53 + 1, 0])
def test_whole_numbers_are_exact(value):
    """Ids that no float could hold stay what they are, also beside nothing."""
    table = Table(columns("Int64", "id"), lead=())
    table.append(Page(([value, None],), 2))
    frame = table.frame()
    assert int(frame["id"][0]) == value
    assert frame["id"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-02T03:04:05Z", (2026, 1, 2, 3, 4, 5, 0)),
        ("2026-01-02T03:04:05.678901Z", (2026, 1, 2, 3, 4, 5, 678901)),
        ("2026-01-02T03:04:05.6789012Z", (2026, 1, 2, 3, 4, 5, 678901)),
        ("2026-01-02T03:04:05+02:00", (2026, 1, 2, 1, 4, 5, 0)),
        ("2026-01-02T03:04:05", (2026, 1, 2, 3, 4, 5, 0)),
        ("2026-01-02", (2026, 1, 2, 0, 0, 0, 0)),
        ("0001-01-01T00:00:00Z", (1, 1, 1, 0, 0, 0, 0)),
        ("9999-12-31T23:59:59Z", (9999, 12, 31, 23, 59, 59, 0)),
    ],
)
def test_times_are_read_however_they_are_written(text, moment):
    """Zones, fractions, plain dates and times without a zone are all moments in UTC."""
    for beside in ((), ("2026-05-06T07:08:09Z",), ("2026-05-06",)):
        found, drift = moments(text, *beside)
        assert found[0].to_pydatetime(warn=False) == datetime(*moment, tzinfo=UTC)
        assert not drift


@pytest.mark.parametrize("text", ["soon", "", "2026-13-01T00:00:00Z", "12:00"])
def test_a_time_that_is_none_is_counted(text):
    """What is no time becomes NA, is counted, and takes no other value with it."""
    found, drift = moments("2026-01-02T03:04:05Z", text, None)
    assert found.isna().tolist() == [False, True, True]
    assert drift == {"made": 1}


def test_lists_stay_lists():
    """A list column holds Python lists, empty ones too, and None where there is none."""
    table = Table(columns("list", "tags"), lead=())
    table.append(Page(([["a", "b"], [], None],), 3))
    assert table.frame()["tags"].tolist() == [["a", "b"], [], None]


def test_leading_values_stand_before_every_row():
    """The user and the account are told on each row of a page."""
    table = Table(columns("Int64", "id"))
    table.append(Page(([1, 2],), 2), ("user_a", "eac_1"))
    table.append(Page(([],), 0), ("user_b", None))
    table.append(Page(([3],), 1), ("user_c", None))
    frame = table.frame()
    assert frame["user_id"].tolist() == ["user_a", "user_a", "user_c"]
    assert frame["external_account_id"].isna().tolist() == [False, False, True]
    assert kinds(Table(columns("Int64", "id")).frame()) == kinds(frame)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 900), max_size=8))
def test_batches_lose_nothing(sizes):
    """However rows come in pages, all are there, in their order."""
    table, expected = Table(columns("Int64", "id"), lead=()), []
    for size in sizes:
        rows = list(range(len(expected), len(expected) + size))
        expected += rows
        table.append(Page((rows,), size))
    assert table.rows == len(expected)
    frame = table.frame()
    assert frame["id"].tolist() == expected
    assert frame.index.equals(pd.RangeIndex(len(expected)))
    assert len(table.frame()) == 0


def test_a_category_without_values_is_one():
    """A category that nobody has a value for is still a category after Parquet."""
    frame = frame_of((None,) * 9)
    assert str(frame["kind"].dtype) == "category"
    assert len(frame["kind"].cat.categories) == 0
    full = frame_of(("a", 1, 1.0, True, "k", None, None, [], None))
    assert type(full["kind"].cat.categories) is type(frame["kind"].cat.categories)


def test_what_a_frame_says_of_itself_is_kept(tmp_path):
    """Facts on a frame survive pickle and Parquet."""
    frame = describe(frame_of(("a", 1, 1.0, True, "k", None, None, ["x"], None)), {"resource": "a.b", "complete": True})
    frame.to_parquet(tmp_path / "frame.parquet")
    again = pd.read_parquet(tmp_path / "frame.parquet")
    assert again.attrs == pickle.loads(pickle.dumps(frame)).attrs == {"resource": "a.b", "complete": True}


@pytest.mark.parametrize(("column", "text"), [("text", "\ud800"), ("kind", "\x00")])
def test_odd_texts_do_not_end_a_frame(column, text):
    """A text with a zero in it is a text; half a character cannot come out of JSON and is refused by name."""
    table = Table(columns("string", column), lead=())
    table.append(Page(([text],), 1))
    if text == "\x00":
        assert table.frame()[column].tolist() == [text]
    else:
        with pytest.raises(UnicodeEncodeError):
            table.frame()
