"""What a value becomes by its column's form, whichever way the page is read."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from socialconnect import Column, Resource, UsageError
from socialconnect.reading.coerce import coerce
from socialconnect.reading.extract import Extractor


def cut(column, *values, key="v"):
    """The column's values and drift of one record for each value, read the fast way where there is one, and checked."""
    one = Resource("things", "/things", [Column("id", "Int64"), column])
    body = json.dumps([{"id": place, key: value} for place, value in enumerate(values)]).encode()
    extractor = Extractor(one, one.columns)
    page, slow = extractor.page(body), extractor._lenient(body)
    assert page.columns == slow.columns
    return page.columns[1], dict(page.drift)


@pytest.mark.parametrize(
    ("column", "values", "found"),
    [
        (Column("v", "string", "v[].t", form="join"), [[{"t": "a"}, {"t": "b"}], [], None], ["ab", "", None]),
        (Column("v", "boolean", form="present"), [{}, {"a": 1}, None, 0, "x"], [True, True, False, True, True]),
        (Column("v", "Int64", form="count"), [[1, {}], [], None], [2, 0, None]),
        (Column("v", "list", form="keys"), [{"a": 1, "b": {}}, {}, None], [["a", "b"], [], None]),
        (
            Column("v", "string", form="date"),
            [
                {"year": 2026, "month": 5, "day": 1},
                {"year": 2026, "month": 5},
                {"year": 2026},
                {"month": 5, "day": 1, "year": 0},
            ],
            ["2026-05-01", "2026-05", "2026", "--05-01"],
        ),
        (Column("v", "string", take=r"/repos/(.+)$"), ["https://a/repos/b/c", "https://a", None], ["b/c", None, None]),
        (Column("v", "boolean", default=False), [True, None, False], [True, False, False]),
        (Column("v", "category", default="opaque"), ["transparent", None], ["transparent", "opaque"]),
        (Column("v", "Int64", form="text", default=0), ["7", None], [7, 0]),
        (Column("v", "list", "v[].name"), [["a", {"name": "b"}], [{}], None], [["a", "b"], [], None]),
        (Column("v", "string", na=("", "none")), ["a", "", "none", None], ["a", None, None, None]),
        (Column("v", "Int64", na=("0",), default=1), [7, 0, None], [7, 1, 1]),
        (Column("v", "datetime", na=("0001-01-01T00:00:00Z",)), ["0001-01-01T00:00:00Z", "2026"], [None, "2026"]),
        (Column("v", "string", form="text"), [True, 5, "auto", None], ["true", "5", "auto", None]),
        (Column("v", "boolean", form="text"), ["true", 1, "False", 0, True], [True, True, False, False, True]),
        (Column("v", "boolean", form="has", take="@private[.]"), ["a@private.b", "a@b", None], [True, False, None]),
        (Column("v", "Int64", form="duration"), ["3m8s", "1h", "PT1H2M3S", 12, None], [188, 3600, 3723, 12, None]),
        (Column("v", "Float64", form="duration"), ["P1DT0.5S", 1.5], [86400.5, 1.5]),
        (
            Column("v", "datetime", form="msdate"),
            ["/Date(1518685950940+0000)/", "/Date(-1000)/", "1970-01-01T00:00:01"],
            [1_518_685_950_940_000, -1_000_000, 1_000_000],
        ),
        (
            Column("v", "datetime", form="zoned"),
            [
                {"dateTime": "1970-01-01T01:00:00.0000000", "timeZone": "UTC"},
                {"dateTime": "1970-01-01T01:00:00", "timeZone": "Europe/Oslo"},
                {"dateTime": "1970-01-01T01:00:00"},
                None,
            ],
            [3_600_000_000, 0, 3_600_000_000, None],
        ),
        (Column("v", "datetime", form="snowflake"), ["175928847299117063", None], [1_462_015_105_796_000, None]),
        (
            Column("v", "datetime", form="s"),
            [1, 1.5, "2", "1970-01-01T00:00:03Z"],
            [10**6, 1_500_000, 2 * 10**6, 3 * 10**6],
        ),
        (Column("v", "string", fill="u/{id}/{v}|u/{id}"), ["a", None, ""], ["u/0/a", "u/1", "u/2"]),
        (
            Column("w", "string", fill="{v.a}-{v.b}|{v}"),
            [{"a": "x", "b": "y"}, "z", {"a": "x"}, None],
            ["x-y", "z", None, None],
        ),
    ],
)
def test_what_a_form_makes(column, values, found):
    """Both ways of reading a page agree on what each form makes of what providers send."""
    assert cut(column, *values) == (found, {})


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (Column("v", "Int64", form="count"), "two"),
        (Column("v", "list", form="keys"), ["a"]),
        (Column("v", "string", form="date"), {"year": "x"}),
        (Column("v", "string", form="date"), {}),
        (Column("v", "boolean", form="text"), "perhaps"),
        (Column("v", "boolean", form="has", take="a"), 7),
        (Column("v", "Int64", form="duration"), "soon"),
        (Column("v", "Int64", form="duration"), ""),
        (Column("v", "Int64", form="duration"), True),
        (Column("v", "datetime", form="msdate"), "/Date()/"),
        (Column("v", "datetime", form="zoned"), {"dateTime": "2026-01-01T00:00:00", "timeZone": "Nowhere/At all"}),
        (Column("v", "datetime", form="zoned"), "2026-01-01"),
        (Column("v", "datetime", form="snowflake"), "17x"),
        (Column("v", "datetime", form="s"), "soon"),
        (Column("v", "string", "v", form="join"), "text"),
        (Column("v", "boolean", default=False), "perhaps"),
    ],
)
def test_what_is_none_of_it_is_told(column, value):
    """A value that a form can make nothing of is NA, not the default, and counts as drift."""
    drift = Counter()
    assert coerce(value, column, drift) is None
    assert drift == {"v": 1}


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: Column("v", "string", form="count"), "cannot be string in the form 'count'. That form is for Int64"),
        (lambda: Column("v", "string", form="counts"), "in the form 'counts'. Use one of"),
        (lambda: Column("v", "string", take="a.*"), "needs one group"),
    ],
)
def test_a_form_that_cannot_be_is_refused(make, match):
    """A form belongs to some dtypes, and a pattern takes one thing."""
    with pytest.raises(UsageError, match=match):
        make()


@pytest.mark.parametrize(
    ("facts", "match"),
    [
        ({"dtype": "boolean", "form": "has"}, "says not what to look for"),
        ({"dtype": "Int64", "fill": "{a}"}, "is filled, so it is a string"),
        ({"dtype": "string", "fill": "{a}", "path": "b"}, "is filled, so it is a string"),
        ({"dtype": "string", "fill": "nothing"}, "has no {path} in it"),
        ({"dtype": "string", "fill": "{a..b}"}, "not well formed"),
        ({"dtype": "json", "na": ("x",)}, "is no single value"),
        ({"dtype": "string", "form": "place"}, "cannot be string in the form 'place'"),
        ({"dtype": "datetime", "form": "text"}, "cannot be datetime in the form 'text'"),
    ],
)
def test_a_column_that_contradicts_itself_is_refused(facts, match):
    """What contradicts itself is found as the column is declared."""
    with pytest.raises(UsageError, match=match):
        Column("v", **facts)


def test_what_stands_beside_the_record():
    """Places go on over pages, Clerk's record of the account is on each row, and neither is looked for in the body."""
    made = (
        Column("rank", "Int64", form="place"),
        Column("id", "string"),
        Column("mail", "string", of_account="email_address"),
        Column("since", "datetime", of_account="created_at", form="s"),
    )
    extractor = Extractor(Resource("things", "/things", made), made, raw=True)
    body = json.dumps([{"id": "a", "email_address": "not theirs", "rank": 9}, {"id": "b"}]).encode()
    page = extractor.page(body, account={"email_address": "a@b.example", "created_at": 2}, start=100)
    assert page.columns[:4] == ([101, 102], ["a", "b"], ["a@b.example"] * 2, [2_000_000] * 2)
    assert json.loads(page.columns[4][0]) == {"email_address": "not theirs", "rank": 9}
    assert extractor.of_account
    assert not extractor.listed
    assert not Extractor(extractor.resource, made[:2]).of_account
