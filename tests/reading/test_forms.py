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
