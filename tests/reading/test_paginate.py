"""The ten kinds of paging, each on what its providers send."""

import dataclasses
import json

import pytest

from socialconnect.errors import MalformedResponse
from socialconnect.reading import paginate
from socialconnect.reading.messages import Request, Response
from socialconnect.reading.paginate import (
    AfterId,
    BodyCursor,
    Cursor,
    GraphQL,
    LinkHeader,
    NextUrl,
    NoPages,
    Offset,
    PageNumber,
    Windowed,
)

GET = Request("GET", "https://api.example/v1/items?limit=100&archived=false", {"accept": "application/json"})


def answer(body, **headers):
    return Response(200, headers, json.dumps(body).encode())


def query(request):
    return dict(request.query)


def test_there_are_ten_kinds():
    """Each kind of paging has its own short name."""
    kinds = {each.kind for each in vars(paginate).values() if isinstance(getattr(each, "kind", None), str)}
    assert kinds == {
        "none", "cursor", "next_url", "link_header", "body_cursor", "graphql", "page", "offset", "after_id",
        "windowed",
    }  # fmt: skip


def test_no_pages_never_go_on():
    """One response holds everything, whatever else it says."""
    assert NoPages().next_request(GET, answer({"next": "https://api.example/more", "has_more": True})) is None


# Cursor

SLACK = Cursor("response_metadata.next_cursor", "cursor")
NOTION = Cursor("next_cursor", "start_cursor", more="has_more")
FACEBOOK = Cursor("paging.cursors.after", "after", more="paging.next")
VERCEL = Cursor("pagination.next", "until")


@pytest.mark.parametrize(
    ("paging", "body", "parameter", "value"),
    [
        (SLACK, {"response_metadata": {"next_cursor": "dXNlcg=="}}, "cursor", "dXNlcg=="),
        (SLACK, {"members": [], "response_metadata": {"next_cursor": "x"}}, "cursor", "x"),
        (NOTION, {"results": [1], "next_cursor": "s:1:2", "has_more": True}, "start_cursor", "s:1:2"),
        (FACEBOOK, {"paging": {"cursors": {"after": "MTAx"}, "next": "https://x.example"}}, "after", "MTAx"),
        (VERCEL, {"pagination": {"next": 1555413045188}}, "until", "1555413045188"),
        (VERCEL, {"pagination": {"next": "page-2"}}, "until", "page-2"),
    ],
)
def test_a_cursor_goes_into_its_parameter(paging, body, parameter, value):
    """The cursor out of the body becomes a query parameter; everything else stays."""
    following = paging.next_request(GET, answer(body))
    assert query(following) == {"limit": "100", "archived": "false", parameter: value}
    assert (following.method, following.headers) == (GET.method, GET.headers)


def test_a_new_cursor_takes_the_old_ones_place():
    """The third page is asked for with its own cursor alone."""
    second = SLACK.next_request(GET, answer({"response_metadata": {"next_cursor": "two"}}))
    third = SLACK.next_request(second, answer({"response_metadata": {"next_cursor": "three"}}))
    assert [value for name, value in third.query if name == "cursor"] == ["three"]


@pytest.mark.parametrize(
    ("paging", "body"),
    [
        (SLACK, {"response_metadata": {"next_cursor": ""}}),
        (SLACK, {"response_metadata": {}}),
        (SLACK, {"members": []}),
        (Cursor("paging.next.after", "after"), {"results": []}),
        (Cursor("pagination.cursor", "after"), {"data": [], "pagination": {}}),
        (Cursor("next_marker", "marker"), {"entries": [], "next_marker": None}),
        (VERCEL, {"pagination": {"next": None}}),
        (VERCEL, {"pagination": {"next": 0}}),
        (VERCEL, {"pagination": {"next": False}}),
        (NOTION, {"results": [], "next_cursor": None, "has_more": False}),
        (NOTION, {"results": [], "next_cursor": "left over", "has_more": False}),
        (NOTION, {"results": [], "next_cursor": "no flag"}),
        (FACEBOOK, {"data": [], "paging": {"cursors": {"after": "MTAx"}}}),
        (SLACK, []),
        (SLACK, None),
    ],
)
def test_a_cursor_ends(paging, body):
    """Absent, null, empty, zero, or a flag that says no more: each provider's way to end a listing ends it."""
    assert paging.next_request(GET, answer(body)) is None


@pytest.mark.parametrize("cursor", [{}, {"next_cursor": None}, {"next_cursor": ""}, {"next_cursor": {"a": 1}}])
def test_more_without_a_cursor_is_an_error(cursor):
    """A page that promises more and gives no way there is not taken for the end."""
    with pytest.raises(MalformedResponse, match="says that there is more"):
        NOTION.next_request(GET, answer({"results": [1], "has_more": True} | cursor))


def test_a_page_can_be_resumed_from_its_own_request():
    """The same request and response always give the same next request: there is no memory."""
    page = answer({"response_metadata": {"next_cursor": "x"}})
    assert SLACK.next_request(GET, page) == SLACK.next_request(GET, page)


# NextUrl


@pytest.mark.parametrize(
    ("paging", "body", "url"),
    [
        (
            NextUrl("'@odata.nextLink'"),
            {"value": [], "@odata.nextLink": "https://graph.example/v1.0/me/messages?$top=100&$skip=100"},
            "https://graph.example/v1.0/me/messages?$top=100&$skip=100",
        ),
        (
            NextUrl("next"),
            {"values": [], "next": "https://api.example/2.0/items?page=2"},
            "https://api.example/2.0/items?page=2",
        ),
        (
            NextUrl("pagination.next_uri"),
            {"pagination": {"next_uri": "/v2/accounts?limit=100&starting_after=5d5a"}},
            "https://api.example/v2/accounts?limit=100&starting_after=5d5a",
        ),
        (NextUrl("next"), {"next": "?page=2"}, "https://api.example/v1/items?page=2"),
        (NextUrl("next"), {"next": "//other.example/x"}, "https://other.example/x"),
    ],
)
def test_a_next_url_is_followed_to_the_letter(paging, body, url):
    """An absolute address is taken as it is, a relative one from where the page stood."""
    following = paging.next_request(GET, answer(body))
    assert following.url == url
    assert (following.method, following.headers) == (GET.method, GET.headers)


@pytest.mark.parametrize("body", [{"next": None}, {"next": ""}, {}, {"next": 7}, []])
def test_no_next_url_is_the_end(body):
    """Without an address there is no further page."""
    assert NextUrl("next").next_request(GET, answer(body)) is None


def test_a_next_url_that_is_none_is_an_error_that_does_not_show_it():
    """An address that cannot be read is a MalformedResponse; a token inside it stays out of the message."""
    with pytest.raises(MalformedResponse, match="address of the next page") as caught:
        NextUrl("next").next_request(GET, answer({"next": "https://[api.example/?access_token=s3cr3t"}))
    assert "s3cr3t" not in str(caught.value)
    with pytest.raises(MalformedResponse):
        LinkHeader().next_request(GET, answer([], link='<https://[x>; rel="next"'))


# LinkHeader


@pytest.mark.parametrize(
    ("header", "url"),
    [
        ('<https://api.example/user/7/repos?page=2>; rel="next"', "https://api.example/user/7/repos?page=2"),
        ('<https://a.example/?p=1>; rel="prev", <https://a.example/?p=3>; rel="next"', "https://a.example/?p=3"),
        ("<https://a.example/?p=3>; rel=next", "https://a.example/?p=3"),
        ("<https://a.example/?p=3>;rel=next,<https://a.example/?p=9>;rel=last", "https://a.example/?p=3"),
        ("<https://a.example/?p=3>; rel='next'", "https://a.example/?p=3"),
        ('<https://a.example/?p=3>; REL="Next"', "https://a.example/?p=3"),
        ('<https://a.example/?p=3>; rel="last next"', "https://a.example/?p=3"),
        ('<https://a.example/?f=a,b;c&p=3>; rel="next"', "https://a.example/?f=a,b;c&p=3"),
        ('<https://a.example/?p=3>; title="two, three; and"; rel="next"', "https://a.example/?p=3"),
        ('<https://a.example/?p=3>; title="say \\"rel=prev\\""; rel="next"', "https://a.example/?p=3"),
        ('<https://a.example/?p=3>; crossorigin; rel="next"', "https://a.example/?p=3"),
        ("<https://a.example/?p=3>; x-y*=UTF-8'en'n; rel = \"next\" ;", "https://a.example/?p=3"),
        ('<?p=3>; rel="next"', "https://api.example/v1/items?p=3"),
    ],
)
def test_a_link_header_names_the_next_page(header, url):
    """However the header is quoted, ordered and adorned, its next page is found and followed to the letter."""
    assert LinkHeader().next_request(GET, answer([], link=header)).url == url


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"link": ""},
        {"link": '<https://a.example/?p=1>; rel="prev"'},
        {"link": '<https://a.example/?p=1>; title="; rel=next"; rel="prev"'},
        {"link": '<https://a.example/?p=1>; rel="prev"; rel="next"'},
        {"link": '<https://a.example/style.css>; rel="nextcloud"'},
        {"link": '<>; rel="next"'},
        {"link": "https://a.example/?p=2; rel=next"},
    ],
)
def test_no_next_link_is_the_end(headers):
    """Without a link that is `next` there is no further page, whatever else the header holds."""
    assert LinkHeader().next_request(GET, answer([], **headers)) is None


GITHUB = (
    '<https://api.example/user/7/repos?per_page=100&page=2>; rel="next", '
    '<https://api.example/user/7/repos?per_page=100&page=5>; rel="last"'
)


def test_all_remaining_pages_are_known_where_the_last_one_is():
    """Pages 2 to the last are built from the next link, so that they can be read side by side."""
    rest = LinkHeader(page="page").remaining(GET, answer([], link=GITHUB))
    assert [each.url for each in rest] == [
        f"https://api.example/user/7/repos?per_page=100&page={number}" for number in (2, 3, 4, 5)
    ]
    assert rest[0] == LinkHeader(page="page").next_request(GET, answer([], link=GITHUB))


@pytest.mark.parametrize(
    ("paging", "header"),
    [
        (LinkHeader(), GITHUB),
        (LinkHeader(page="page"), '<https://api.example/?after=Y3Vy&page=2>; rel="next"'),
        (
            LinkHeader(page="page"),
            '<https://api.example/?page=1>; rel="first", <https://api.example/?page=4>; rel="last"',
        ),
        (
            LinkHeader(page="page"),
            '<https://api.example/?after=x>; rel="next", <https://api.example/?page=9>; rel="last"',
        ),
        (
            LinkHeader(page="page"),
            '<https://api.example/?page=2>; rel="next", <https://api.example/?page=z>; rel="last"',
        ),
        (
            LinkHeader(page="page"),
            '<https://api.example/?page=4>; rel="next", <https://api.example/?page=3>; rel="last"',
        ),
        (LinkHeader(page="page"), ""),
    ],
)
def test_remaining_pages_that_are_not_known_are_read_one_by_one(paging, header):
    """Without both numbers, or where they do not fit, nothing is guessed."""
    assert paging.remaining(GET, answer([], link=header)) is None


# BodyCursor

TIKTOK = BodyCursor("data.cursor", "cursor", more="data.has_more")
DROPBOX = BodyCursor("cursor", "cursor", more="has_more", path="/2/files/list_folder/continue", alone=True)


def post(url, body):
    return Request("POST", url, {"content-type": "application/json"}, json.dumps(body).encode())


def test_a_body_cursor_joins_the_body():
    """The cursor goes into the same body, as the number or text that it was, and the query stays."""
    first = post("https://open.example/v2/video/list/?fields=id,title", {"max_count": 20})
    page = answer({"data": {"videos": [], "cursor": 1643332803000, "has_more": True}})
    following = TIKTOK.next_request(first, page)
    assert json.loads(following.body) == {"max_count": 20, "cursor": 1643332803000}
    assert (following.url, following.headers) == (first.url, first.headers)


def test_a_body_cursor_may_go_alone_to_another_path():
    """Where page two has its own path, the first body and query are dropped and the host is kept."""
    first = post("https://api.dropbox.example/2/files/list_folder?x=1", {"path": "", "limit": 2000})
    second = DROPBOX.next_request(first, answer({"entries": [], "cursor": "AAF", "has_more": True}))
    assert second.url == "https://api.dropbox.example/2/files/list_folder/continue"
    assert json.loads(second.body) == {"cursor": "AAF"}
    third = DROPBOX.next_request(second, answer({"entries": [], "cursor": "BBG", "has_more": True}))
    assert (third.url, json.loads(third.body)) == (second.url, {"cursor": "BBG"})


def test_a_body_cursor_makes_a_body_where_there_was_none():
    """A first POST without a body goes on with the cursor alone."""
    following = BodyCursor("next", "start").next_request(Request("POST", GET.url), answer({"next": "n"}))
    assert json.loads(following.body) == {"start": "n"}


def test_a_body_cursor_ends_when_there_is_no_more():
    """A cursor that comes with has_more=false is for a later sync, not a next page."""
    assert DROPBOX.next_request(post(GET.url, {}), answer({"cursor": "AAF", "has_more": False})) is None


def test_a_body_cursor_that_promises_more_must_keep_it():
    """has_more without a cursor is a MalformedResponse; the cursor 0 is one."""
    with pytest.raises(MalformedResponse):
        TIKTOK.next_request(post(GET.url, {}), answer({"data": {"has_more": True}}))
    following = TIKTOK.next_request(post(GET.url, {}), answer({"data": {"has_more": True, "cursor": 0}}))
    assert json.loads(following.body) == {"cursor": 0}


# GraphQL

LINEAR = GraphQL("data.issues.pageInfo", "after")


def issues(**page_info):
    return answer({"data": {"issues": {"nodes": [], "pageInfo": page_info}}})


def test_graphql_sets_one_variable():
    """The end cursor goes into its variable; the query and the other variables stay."""
    first = post(
        "https://api.linear.example/graphql", {"query": "query($after:String){…}", "variables": {"first": 100}}
    )
    following = LINEAR.next_request(first, issues(hasNextPage=True, endCursor="9f"))
    assert json.loads(following.body) == {
        "query": "query($after:String){…}",
        "variables": {"first": 100, "after": "9f"},
    }


def test_graphql_without_variables_gets_some():
    """A query that was sent without variables goes on with the one it needs."""
    following = LINEAR.next_request(post(GET.url, {"query": "q"}), issues(hasNextPage=True, endCursor="9f"))
    assert json.loads(following.body)["variables"] == {"after": "9f"}


def test_graphql_ends_with_has_next_page():
    """`hasNextPage: false` ends the listing although there is an end cursor, and so does a body of errors."""
    assert LINEAR.next_request(post(GET.url, {}), issues(hasNextPage=False, endCursor="9f")) is None
    assert LINEAR.next_request(post(GET.url, {}), answer({"data": None, "errors": [{}]})) is None


def test_graphql_that_promises_more_must_keep_it():
    """`hasNextPage: true` with a null cursor is a MalformedResponse."""
    with pytest.raises(MalformedResponse):
        LINEAR.next_request(post(GET.url, {}), issues(hasNextPage=True, endCursor=None))


# PageNumber

XERO = PageNumber("page", records="Invoices", size=3, pages="pagination.pageCount")


def test_pages_are_counted_up_to_the_page_count():
    """The body's page count decides, even where a page is short."""
    page = answer({"pagination": {"pageCount": 3}, "Invoices": [1]})
    second = XERO.next_request(GET, page)
    third = XERO.next_request(second, page)
    assert (query(second)["page"], query(third)["page"]) == ("2", "3")
    assert XERO.next_request(third, page) is None


@pytest.mark.parametrize(("rows", "goes_on"), [(3, True), (2, False), (0, False)])
def test_without_a_page_count_a_short_page_is_the_last(rows, goes_on):
    """Older answers have no count: then a page that is not full ends the listing."""
    following = XERO.next_request(GET, answer({"Invoices": [0] * rows}))
    assert (following is not None) is goes_on


def test_pages_may_be_counted_from_zero():
    """With `start=0` three pages are the numbers 0, 1 and 2."""
    paging = PageNumber("page", records="rows", size=2, pages="pages", start=0)
    page = answer({"pages": 3, "rows": [1, 2]})
    second = paging.next_request(GET, page)
    assert query(second)["page"] == "1"
    third = paging.next_request(second, page)
    assert paging.next_request(third, page) is None


def test_a_missing_list_ends_the_numbers():
    """A body without the list has no rows, so it is the last page."""
    assert PageNumber("page", records="rows", size=2).next_request(GET, answer({"rows": None})) is None


# Offset

JIRA = Offset("startAt", records="values", size=50, last="isLast")
TOTAL = Offset("offset", records="items", size=50, total="total")
PLAIN = Offset("offset", records="items", size=3)


def test_an_offset_goes_on_behind_the_rows_that_came():
    """A page that the service cut shorter than asked for leaves no gap."""
    second = JIRA.next_request(GET, answer({"isLast": False, "values": [0] * 30}))
    assert query(second)["startAt"] == "30"
    third = JIRA.next_request(second, answer({"isLast": False, "values": [0] * 50}))
    assert query(third)["startAt"] == "80"


@pytest.mark.parametrize(
    ("paging", "body", "goes_on"),
    [
        (JIRA, {"isLast": True, "values": [0] * 50}, False),
        (JIRA, {"isLast": False, "values": []}, False),
        (JIRA, {"values": [0] * 50}, True),
        (JIRA, {"values": [0] * 49}, False),
        (TOTAL, {"total": 120, "items": [0] * 10}, True),
        (TOTAL, {"total": 50, "items": [0] * 50}, False),
        (TOTAL, {"total": 120, "items": []}, False),
        (TOTAL, {"items": [0] * 50}, True),
        (PLAIN, {"items": [0] * 3}, True),
        (PLAIN, {"items": [0] * 2}, False),
        (PLAIN, {}, False),
    ],
)
def test_an_offset_ends(paging, body, goes_on):
    """A flag decides, else a total, else a short page; a page without rows always ends it."""
    assert (paging.next_request(GET, answer(body)) is not None) is goes_on


def test_the_total_counts_from_the_listings_start():
    """The position is held against the total, not the rows of one page."""
    request = GET.with_query(offset=100)
    assert TOTAL.next_request(request, answer({"total": 120, "items": [0] * 20})) is None


# AfterId

DISCORD = AfterId("after", size=2)


@pytest.mark.parametrize("last", ["1152921504606846977", 1152921504606846977])
def test_after_the_last_id(last):
    """The last row's id goes into the parameter to the last digit, number or text."""
    following = DISCORD.next_request(GET, answer([{"id": "1"}, {"id": last, "name": "x"}]))
    assert query(following) == {"limit": "100", "archived": "false", "after": "1152921504606846977"}


@pytest.mark.parametrize("body", [[], [{"id": "1"}], None, {"message": "no list"}])
def test_a_page_that_is_not_full_ends_the_ids(body):
    """A short page, or none, is the last."""
    assert DISCORD.next_request(GET, answer(body)) is None


@pytest.mark.parametrize("odd", [{"id": None}, {"name": "no id"}, 7, None, {"id": ["x"]}])
def test_an_odd_row_does_not_end_the_ids(odd):
    """A row without an id among the others still counts as a row of a full page."""
    assert query(DISCORD.next_request(GET, answer([odd, {"id": "b"}])))["after"] == "b"


def test_a_full_page_that_ends_oddly_is_an_error():
    """Without the last row's id the rest cannot be asked for, which is not taken for the end."""
    with pytest.raises(MalformedResponse, match="no id"):
        DISCORD.next_request(GET, answer([{"id": "a"}, {"name": "no id"}]))


@pytest.mark.parametrize(
    "paging",
    [NoPages(), SLACK, NextUrl("a"), LinkHeader(), DROPBOX, LINEAR, XERO, JIRA, DISCORD, Windowed(DROPBOX, "s")],
)
def test_a_kind_of_paging_is_a_value(paging):
    """A kind of paging can be compared and shared by any number of readings, as it never changes."""
    assert paging == dataclasses.replace(paging)
    assert hash(paging) == hash(dataclasses.replace(paging))
    assert not hasattr(paging, "__dict__")
    for field in dataclasses.fields(paging):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(paging, field.name, "x")


DEEP = b'[{"id":1,"x":' + b"[" * 200_000 + b"]" * 200_000 + b"},{}]"
ALL = [
    NoPages(), SLACK, NextUrl("next"), LinkHeader("page"), DROPBOX, LINEAR, XERO, JIRA, DISCORD, Windowed(DROPBOX, "s"),
]  # fmt: skip


@pytest.mark.parametrize("paging", ALL, ids=lambda paging: paging.kind)
@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'"\xff"', b"[" * 5000, b"null", b"7", b'"text"', b"[[]]", b'{"next":{}}', DEEP]
)
def test_no_body_breaks_a_kind(paging, body):
    """Whatever comes with a 200, asking for the next page says that there is none."""
    assert paging.next_request(GET, Response(200, {}, body)) is None
