"""What to ask of a listing that was read before, and how far a reading of it comes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from socialconnect.errors import AccessDenied, NotFound, RequestRefused, UnknownName, UsageError
from socialconnect.reading.declare import Gone, Param, Resource, Sync, columns
from socialconnect.reading.extract import Extractor
from socialconnect.reading.increment import (
    Asking,
    Marking,
    asking,
    expired,
    microseconds,
    scopes_mark,
    unconditional,
    wanting,
)
from socialconnect.reading.messages import Request, Response
from socialconnect.reading.paginate import LinkHeader
from socialconnect.reading.place import Mark
from socialconnect.reading.read import read as read_all
from socialconnect.reading.typed import Page

COLUMNS = (*columns("string", "id"), *columns("datetime", "at"), *columns("boolean", "deleted"))
NAMES = ["id", "at", "deleted"]
MARK = Mark(time="2026-05-01T12:00:00.500000Z")
TEN = timedelta(minutes=10)
DATED = {"date": "Sat, 02 May 2026 00:00:00 GMT"}
SINCE = Param("since", datetime)
SYNC = Sync("next_sync", "sync", asks={"want": "true"}, excludes=("q",), gone=Gone("deleted"))


def made(**facts):
    """A resource with these facts beside a few columns."""
    return Resource("things", "/things", COLUMNS, **{"query": {"per_page": 3}, **facts})


def asked(resource, mark=MARK, *, look_back=TEN, granted=(), **arguments):
    """How that resource is asked for changes."""
    return asking(
        lambda given: resource.request("https://api.example", {}, given), resource, arguments, mark, look_back, granted
    )


def page(*rows):
    """A page of (id, at) rows."""
    return Page(tuple(map(list, zip(*[(*row, None) for row in rows], strict=True))) or ([], [], []), len(rows))


def answer(body=None, **headers):
    """A response of the provider, dated."""
    return Response(200, {**DATED, **headers}, json.dumps(body).encode())


FIRST = Request("GET", "https://api.example/things?per_page=3")


def read(marking, *pages, request=FIRST, last=None, **headers):
    """What is left of the pages that a marking takes, and the mark behind them."""
    taken = [marking.take(request, answer(**headers), one) for one in pages]
    return taken, marking.mark(last or answer(**headers))


# --- how to ask


@pytest.mark.parametrize(
    ("param", "found"),
    [
        (Param("since", datetime), {"since": "2026-05-01T11:50:00Z"}),
        (Param("since", datetime, to="from", form="s"), {"from": "1777636200"}),
        (Param("since", datetime, form="ms"), {"since": "1777636200000"}),
        (Param("since", datetime, to="q", wrap="updated > '{}'"), {"q": "updated > '2026-05-01T11:50:00Z'"}),
    ],
)
def test_a_time_goes_into_the_query_as_its_parameter_has_it(param, found):
    """The latest change minus the look-back, in whole seconds, in the parameter's own form."""
    got = asked(made(changed="at", since="since", params=(param,)))
    assert (got.way, got.bound, got.full) == ("since", None, False)
    assert dict(got.request.query) == {"per_page": "3", **found}


def test_a_time_goes_into_a_header_or_a_body_too():
    """Where the parameter stands there."""
    header = Param("since", datetime, into="header", to="if-modified-since")
    assert asked(made(changed="at", since="since", params=(header,))).request.headers == {
        "if-modified-since": "2026-05-01T11:50:00Z"
    }
    wrapped = Param("since", datetime, into="body", to="filter", wrap='{"at": {"on_or_after": "{}"}}')
    body = asked(made(changed="at", since="since", params=(wrapped,), method="POST", json={"size": 9})).request.body
    assert json.loads(body) == {"size": 9, "filter": {"at": {"on_or_after": "2026-05-01T11:50:00Z"}}}


@pytest.mark.parametrize(
    ("own", "found"), [("2026-05-01T11:55:00Z", "2026-05-01T11:55:00Z"), ("2020-01-01", "2026-05-01T11:50:00Z")]
)
def test_the_callers_own_time_stays_where_it_is_later(own, found):
    """Who asks since May is not given April, and who asked since 2020 has had that."""
    got = asked(made(changed="at", since="since", params=(SINCE,)), since=own)
    assert dict(got.request.query)["since"] == found


def test_nothing_is_asked_beside_what_excludes_it():
    """The caller's own search stays, and everything it finds is read."""
    searched = made(changed="at", since="since", params=(Param("q"), Param("since", datetime, to="q", excludes=("q",))))
    assert asked(searched, q="blue") is None
    assert asked(searched) is not None


def test_a_parameter_with_a_scope_of_its_own_waits_for_it():
    """Who may not search is not made to fail by it."""
    scoped = made(changed="at", since="since", params=(Param("since", datetime, scope="mail.read"),))
    assert asked(scoped) is None
    mark = Mark(time=MARK.time, granted=scopes_mark({"mail.read"}))
    assert asked(scoped, mark, granted={"mail.read"}).way == "since"


def test_other_scopes_than_then_show_other_things():
    """What a token sees that may do more can be of any age, so everything is read."""
    able = made(etag=True, changed="at", since="since", params=(SINCE,), paging=LinkHeader())
    mark = Mark(time=MARK.time, etag='"1"', granted=scopes_mark({"read"}))
    assert asked(able, mark, granted={"read"}).way == "etag"
    assert asked(able, mark, granted={"read", "repo"}) is None
    assert asked(able, mark) is None
    _, after = read(Marking(able, NAMES, granted="beef"), page(("a", "2026-05-01T12:00:00Z")))
    assert after.granted == "beef"


def test_the_newest_come_first_unless_the_caller_sorts():
    """The arguments that sort so are the request's, and what changed before the bound is known."""
    sorted_ = made(changed="at", newest={"sort": "updated"}, params=(Param("sort"), Param("q")))
    got = asked(sorted_, q="blue")
    assert (got.way, got.bound) == ("newest", 1_777_636_200_000_000)
    assert dict(got.request.query) == {"per_page": "3", "q": "blue", "sort": "updated"}
    assert asked(sorted_, sort="name") is None


def test_a_token_goes_beside_what_it_was_had_with():
    """The same request with the token, and with what asks for the next one; not beside what excludes it."""
    synced = made(sync=SYNC, params=(Param("q"), Param("size")))
    mark = Mark(token="t9")
    got = asked(synced, mark, size="5")
    assert (got.way, got.full) == ("token", False)
    assert dict(got.request.query) == {"per_page": "3", "size": "5", "want": "true", "sync": "t9"}
    assert asked(synced, mark, q="blue") is None


def test_a_token_goes_alone_to_a_path_of_its_own():
    """A POST has nothing but the token in its body."""
    synced = made(sync=Sync("cursor", "cursor", path="/things/more"), method="POST", json={"path": ""})
    request = asked(synced, Mark(token="t9")).request
    assert (request.method, urlsplit(request.url).path, json.loads(request.body)) == (
        "POST",
        "/things/more",
        {"cursor": "t9"},
    )
    assert not urlsplit(request.url).query


def test_what_a_token_needs_is_asked_for_from_the_first_reading_on():
    """But not where the caller's arguments rule a token out."""
    synced = made(sync=SYNC, params=(Param("q"),))
    assert dict(wanting(FIRST, synced, {}).query) == {"per_page": "3", "want": "true"}
    assert wanting(FIRST, synced, {"q": "blue"}) == FIRST


def test_the_surest_way_is_gone_first():
    """An ETag speaks for everything, a token knows what is gone; a time is the next best."""
    able = made(
        etag=True, sync=SYNC, changed="at", since="since", newest={}, params=(Param("q"), SINCE), paging=LinkHeader()
    )
    whole = Mark(time=MARK.time, token="t9", etag='W/"1"')
    assert asked(able, whole).way == "etag"
    assert asked(able, whole).full
    assert asked(able, whole).request.headers == {"if-none-match": 'W/"1"'}
    assert asked(able, Mark(time=MARK.time, token="t9")).way == "token"
    assert asked(able, MARK).way == "since"
    assert asked(able, Mark()) is None
    assert asked(made(), whole) is None, "nothing is declared, so all is read"


def test_a_condition_is_the_first_pages_alone():
    """The ETag goes with one request; the others are asked as ever."""
    request = asked(made(etag=True), Mark(etag='"1"')).request
    assert unconditional(request).headers == {}
    assert unconditional(FIRST) is FIRST


@pytest.mark.parametrize(("error", "found"), [(RequestRefused, True), (NotFound, True), (AccessDenied, False)])
def test_a_refusal_means_that_all_is_to_be_read(error, found):
    """410, 400, 404 or 409 say that it is too long ago; a closed door says nothing of it."""
    assert expired(error("no")) is found


# --- how far it came


@pytest.mark.parametrize(
    "values",
    [
        ["2026-05-01T10:00:00Z", "2026-05-01T12:00:00Z", None],
        ["2026-05-01T14:00:00+02:00", "2026-05-01T11:59:59Z"],
        ["2026-05-01T12:00:00"],
        [1_777_636_800_000_000, 5],
        ["2026-05-01T12:00:00.000Z", "not a time"],
    ],
)
def test_the_latest_moment_is_the_mark_whatever_its_form(values):
    """Texts with any offset and microseconds are moments all the same; what is none does not count."""
    marking = Marking(made(changed="at", since="since", params=(SINCE,)), NAMES)
    _, mark = read(marking, page(*[(str(number), value) for number, value in enumerate(values)]))
    assert mark.time == "2026-05-01T12:00:00Z"


def test_the_mark_is_the_latest_of_all_pages():
    """In whatever order they come."""
    marking = Marking(made(changed="at", newest={}), NAMES)
    _, mark = read(marking, page(("a", "2026-05-01T12:00:00Z")), page(("b", "2026-05-01T09:00:00Z")))
    assert mark.time == "2026-05-01T12:00:00Z"


def test_no_mark_lies_behind_the_beginning_of_the_reading():
    """What changes while pages are read may be on one that was read, so the provider's own clock bounds it."""
    marking = Marking(made(changed="at", newest={}), NAMES)
    _, mark = read(marking, page(("a", "2026-05-02T00:00:07Z"), ("b", "2099-01-01T00:00:00Z")))
    assert mark.time == "2026-05-02T00:00:00Z"


def test_a_mark_does_not_go_back():
    """A reading of changes that brought older ones, or none, keeps the time that was reached."""
    resource = made(changed="at", since="since", params=(SINCE,))
    way = Asking(FIRST, "since")
    _, mark = read(Marking(resource, NAMES, MARK, way), page(("a", "2026-05-01T11:55:00Z")))
    assert mark.time == "2026-05-01T12:00:00.500000Z"
    _, mark = read(Marking(resource, NAMES, MARK, way), page())
    assert mark.time == "2026-05-01T12:00:00.500000Z"


def test_a_reading_of_everything_starts_its_mark_anew():
    """What the former one said is of no use, should the listing have become another."""
    _, mark = read(Marking(made(changed="at", newest={}), NAMES, MARK), page(("a", "2020-01-01T00:00:00Z")))
    assert mark.time == "2020-01-01T00:00:00Z"


def test_nothing_to_go_by_is_no_mark():
    """Where the provider can do nothing, or nothing came, the next reading is like the first."""
    assert read(Marking(made(changed="at"), NAMES), page(("a", "2026-05-01T12:00:00Z")))[1] is None
    assert read(Marking(made(changed="at", newest={}), NAMES), page())[1] is None
    assert Marking(made(), NAMES).unchanged is None


def test_the_last_page_has_the_token():
    """One that tells none keeps the former one where changes alone were asked for, and none where everything was."""
    synced = made(sync=SYNC, params=(Param("q"),))
    assert read(Marking(synced, NAMES), page(), last=answer({"next_sync": "t1"}))[1] == Mark(token="t1")
    way = Asking(FIRST, "token")
    assert read(Marking(synced, NAMES, Mark(token="t0"), way), page(), last=answer({}))[1] == Mark(token="t0")
    assert read(Marking(synced, NAMES, Mark(token="t0")), page(), last=answer({}))[1] is None


@pytest.mark.parametrize(
    ("rows", "pages", "found"),
    [
        ([("a", None), ("b", None)], 1, '"1"'),
        ([], 1, '"1"'),
        ([("a", None), ("b", None), ("c", None)], 1, ""),
        ([("a", None), ("b", None)], 2, ""),
    ],
    ids=["not full", "empty", "full", "several"],
)
def test_an_etag_is_kept_of_a_page_that_holds_everything(rows, pages, found):
    """A full page without a next one may get one and keep its ETag; of several pages it speaks for its own alone."""
    marking = Marking(made(etag=True, paging=LinkHeader()), NAMES)
    _, mark = read(marking, *[page(*rows)] * pages, etag='"1"')
    assert (mark.etag if mark else "") == found


def test_an_only_answer_is_spoken_for_however_many_rows_it_has():
    """Where there are no pages, none can come behind it."""
    _, mark = read(Marking(made(etag=True), NAMES), page(("a", None), ("b", None), ("c", None)), etag='"1"')
    assert mark.etag == '"1"'


def test_a_reading_in_the_middle_knows_the_token_alone():
    """What the pages before it held is not known, so no time is kept, and it says that it is not all."""
    resource = made(changed="at", newest={}, sync=SYNC, params=(Param("q"),))
    marking = Marking(resource, NAMES, resumed=True)
    _, mark = read(marking, page(("a", "2026-05-01T12:00:00Z")), last=answer({"next_sync": "t1"}))
    assert mark == Mark(token="t1")
    assert not marking.full


def test_newest_first_ends_with_the_first_page_that_ends_in_what_is_known():
    """Rows behind the bound are left out, and a page whose last one lies there is enough."""
    bound = microseconds("2026-05-01T11:50:00Z")
    marking = Marking(made(changed="at", newest={}), NAMES, MARK, Asking(FIRST, "newest", bound))
    assert marking.stops
    [first], _ = read(marking, page(("d", "2026-05-01T13:00:00Z"), ("c", "2026-05-01T11:51:00Z")))
    assert (first.columns[0], marking.enough) == (["d", "c"], False)
    [second], mark = read(marking, page(("b", "2026-05-01T11:50:00Z"), ("a", "2026-05-01T11:49:59Z"), ("n", None)))
    assert (second.columns[0], marking.enough) == (["b", "n"], True)
    assert mark.time == "2026-05-01T13:00:00Z"


def test_rows_that_the_look_back_brings_again_are_left_out_where_they_are_the_same():
    """A row that came late or was changed since is told apart from one that is known."""
    resource = made(changed="at", since="since", params=(SINCE,))
    rows = [("a", "2026-05-01T09:00:00Z"), ("b", "2026-05-01T11:55:00Z"), ("c", "2026-05-01T12:00:00Z")]
    _, mark = read(Marking(resource, NAMES), page(*rows))
    assert len(mark.seen) == 2
    way = Asking(FIRST, "since")
    [again], same = read(Marking(resource, NAMES, mark, way), page(*rows[1:]))
    assert (again.rows, same) == (0, mark)
    late, edited = ("late", "2026-05-01T11:52:00Z"), ("renamed", "2026-05-01T12:00:00Z")
    [again], _ = read(Marking(resource, NAMES, mark, way), page(late, rows[1], edited))
    assert again.columns[0] == ["late", "renamed"]


def test_more_rows_of_one_moment_than_can_be_remembered_come_again():
    """A mark stays small: of a bulk load it remembers nothing rather than a part."""
    resource = made(changed="at", since="since", params=(SINCE,))
    _, mark = read(Marking(resource, NAMES), page(*[(str(number), "2026-05-01T12:00:00Z") for number in range(501)]))
    assert (mark.time, mark.seen) == ("2026-05-01T12:00:00Z", ())


# --- the loop that reads


async def pages(resource, answers, asked, *, width=8):
    """The pages that reading so gives, and the requests that it makes."""
    sent = []

    async def send(request):
        sent.append(request)
        return answers[request.url]

    extractor = Extractor(resource, COLUMNS)
    marking = Marking(resource, NAMES, MARK, asked)
    found = [page async for _, page in read_all(asked.request, extractor, send, width=width, marking=marking)]
    return found, sent


def linked(*moments, following=2):
    """An answer with rows of these moments, whose links tell the next page and the third as the last one."""
    rows = [{"id": moment, "at": moment} for moment in moments]
    url = FIRST.url
    links = f'<{url}&page={following}>; rel="next", <{url}&page=3>; rel="last"' if following else ""
    return answer(rows, link=links)


async def test_newest_first_is_read_page_by_page():
    """Though the links tell the last page, none is asked for before it is known to have something new."""
    resource = made(changed="at", newest={}, paging=LinkHeader(page="page"))
    asked = Asking(FIRST, "newest", microseconds("2026-05-01T11:50:00Z"))
    found, sent = await pages(resource, {FIRST.url: linked("2026-05-01T13:00:00Z", "2026-05-01T10:00:00Z")}, asked)
    assert [request.url for request in sent] == [FIRST.url]
    assert [(page.rows, page.last, page.full) for page in found] == [(1, True, False)]


async def test_further_pages_are_asked_for_without_the_condition():
    """An ETag of the first page says nothing of the second one."""
    resource = made(etag=True, paging=LinkHeader(page="page"))
    asked = asking(lambda _: FIRST, resource, {}, Mark(etag='"1"'), TEN)
    second, third = f"{FIRST.url}&page=2", f"{FIRST.url}&page=3"
    answers = {FIRST.url: linked("a"), second: linked("b", following=3), third: linked("c", following=0)}
    for width in (1, 8):
        found, sent = await pages(resource, answers, asked, width=width)
        assert [request.url for request in sent] == [FIRST.url, second, third]
        assert [request.headers for request in sent] == [{"if-none-match": '"1"'}, {}, {}]
        assert found[-1].full


# --- what is declared


@pytest.mark.parametrize(
    ("facts", "error", "match"),
    [
        ({"since": "since", "params": (SINCE,)}, UsageError, "does not say when a row changed"),
        ({"newest": {}}, UsageError, "does not say when a row changed"),
        ({"changed": "at", "since": "q", "params": (Param("q"),)}, UsageError, "takes no time"),
        ({"changed": "at", "newest": {"sort": "at"}}, UnknownName, "no parameter 'sort'"),
        ({"sync": Sync("a", "b", excludes=("q",))}, UnknownName, "no parameter 'q'"),
        ({"sync": Sync("a", "b", gone=Gone("dead"))}, UnknownName, "no column 'dead'"),
        ({"sync": Sync("a", "b", gone=Gone("deleted", by=("path",)))}, UnknownName, "no column 'path'"),
        ({"sync": Sync("a", "b"), "method": "POST"}, UsageError, "no place to go"),
        ({"sync": Sync("a", "b", path="/c")}, UsageError, "no place to go"),
        ({"etag": True, "method": "POST"}, UsageError, "no GET"),
    ],
)
def test_what_is_said_of_changes_must_fit_the_resource(facts, error, match):
    """Columns and parameters are there, times are times, and a token has a place to go."""
    with pytest.raises(error, match=match):
        made(**facts)


@pytest.mark.parametrize(
    "facts", [{"token": "", "param": "a"}, {"token": "a", "param": "b", "path": "/c", "asks": {"d": "1"}}]
)
def test_a_token_has_a_place_and_a_way(facts):
    """It stands somewhere and goes somewhere; one that goes alone has nothing beside it."""
    with pytest.raises(UsageError):
        Sync(**facts)


@pytest.mark.parametrize("wrap", ["since {", "{} and {}"])
def test_a_parameter_stands_once_in_what_wraps_it(wrap):
    """Else nobody would know where."""
    with pytest.raises(UsageError, match="stands not once"):
        Param("since", datetime, wrap=wrap)


def test_moments_are_microseconds():
    """Of texts in UTC unless they say otherwise; None where it is none."""
    assert microseconds("1970-01-01T00:00:01") == microseconds("1970-01-01T01:00:01+01:00") == 1_000_000
    assert microseconds(datetime(1970, 1, 1, tzinfo=UTC).isoformat()) == 0
    assert (microseconds(None), microseconds("soon"), microseconds(7)) == (None, None, 7)
