"""Listings that are longer than one query gives: windows of time, and what is said where there are none."""

import json
from dataclasses import replace

import pytest

from socialconnect.reading.messages import Request, Response
from socialconnect.reading.paginate import BodyCursor, Windowed

ROWS = Windowed(BodyCursor("next_cursor", "start_cursor", more="has_more"), "request_status", by="created_time")
OLDEST = [{"timestamp": "created_time", "direction": "ascending"}]
DONE = {"property": "Done", "checkbox": {"equals": True}}
SHORT = {"type": "incomplete", "incomplete_reason": "query_result_limit_reached"}


def asked(**body):
    return Request("POST", "https://api.example/query", body=json.dumps(body).encode())


def window(last, *, more=None, status=None):
    rows = [{"id": "r1", "created_time": "2026-01-01T00:00:00.000Z"}, {"id": "r2", "created_time": last}]
    page = {"results": rows, "has_more": more is not None, "next_cursor": more, "request_status": status or SHORT}
    return Response(200, {}, json.dumps(page).encode())


def begin(moment):
    return {"timestamp": "created_time", "created_time": {"on_or_after": moment}}


def test_a_window_is_read_to_its_end_first():
    """While there is a cursor, the window goes on with it, and nothing is missing yet."""
    request, response = asked(sorts=OLDEST), window("2026-02-01", more="c2")
    following = ROWS.next_request(request, response)
    assert json.loads(following.body) == {"sorts": OLDEST, "start_cursor": "c2"}
    assert ROWS.cut(request, response) == ""


def test_a_whole_listing_ends():
    """A listing that is complete is neither continued nor cut."""
    request, response = asked(sorts=OLDEST), window("2026-02-01", status={"type": "complete"})
    assert ROWS.next_request(request, response) is None
    assert ROWS.cut(request, response) == ""


@pytest.mark.parametrize(
    ("given", "conditions"),
    [
        ({}, []),
        ({"filter": DONE}, [DONE]),
        ({"filter": {"and": [DONE, DONE]}}, [DONE, DONE]),
        ({"filter": {"or": [DONE, DONE]}}, [{"or": [DONE, DONE]}]),
        ({"filter": {"and": [DONE, begin("2026-01-01")]}}, [DONE]),
        ({"filter": begin("2025-01-01"), "start_cursor": "c9", "page_size": 100}, []),
    ],
    ids=["none", "one", "and", "or", "second window", "own beginning"],
)
def test_the_next_window_begins_with_the_last_row(given, conditions):
    """A listing that ended short goes on from its last row's time, beside the caller's own filter."""
    following = ROWS.next_request(asked(sorts=OLDEST, **given), window("2026-02-01"))
    body = json.loads(following.body)
    assert body.pop("filter") == {"and": [*conditions, begin("2026-02-01")]}
    assert body == {"sorts": OLDEST, **{key: value for key, value in given.items() if key == "page_size"}}


@pytest.mark.parametrize(
    ("paging", "given", "why"),
    [
        (ROWS, {"sorts": OLDEST, "filter": {"and": [begin("2026-02-01")]}}, "of one moment"),
        (ROWS, {"sorts": OLDEST, "filter": {"or": [{"and": [DONE, DONE]}]}}, "too deep"),
        (ROWS, {"sorts": [{"property": "Name", "direction": "ascending"}]}, "only without sorts"),
        (ROWS, {"sorts": [{"timestamp": "created_time", "direction": "descending"}]}, "only without sorts"),
        (ROWS, {}, "only without sorts"),
        (replace(ROWS, by=""), {"sorts": OLDEST}, "cannot be asked for"),
    ],
    ids=["does not move", "too deep", "by name", "newest first", "unsorted", "no windows"],
)
def test_what_cannot_go_on_says_so(paging, given, why):
    """Where no later window can be asked for, the listing ends and says what it leaves out and why."""
    request, response = asked(**given), window("2026-02-01")
    assert paging.next_request(request, response) is None
    assert "query_result_limit_reached" in paging.cut(request, response)
    assert why in paging.cut(request, response)


def test_windows_overlap():
    """Rows at the edge of two windows come twice by design; without windows none do."""
    assert ROWS.overlaps
    assert not replace(ROWS, by="").overlaps
