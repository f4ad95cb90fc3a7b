"""Requests that need what an earlier call told, what was granted, or what stands in no page."""

import asyncio
import json
from datetime import datetime

import pytest

from socialconnect.errors import MalformedResponse, NotFound, UnknownName, UsageError
from socialconnect.reading.account import Known, Whose
from socialconnect.reading.declare import Asks, Column, Connector, Param, Parent, Resource, columns
from socialconnect.reading.extract import Extractor
from socialconnect.reading.fan import Reading
from socialconnect.reading.further import Mended
from socialconnect.reading.messages import Request, Response
from socialconnect.reading.paginate import Cursor, LinkHeader, NextUrl

pytestmark = pytest.mark.looptime

TOKEN = Resource(
    "token",
    "https://id.acme.example/validate",
    columns("string", "client_id own_id=user_id"),
    single=True,
    scheme="OAuth",
    scopes=("known",),
)
LIKES = Resource("likes", "/{version}/likes", columns("Int64", "id"), query={"user": "{me}", "first": 20})
POSTED = Resource(
    "posted", "/q", columns("Int64", "id"), method="POST", json={"query": "{ me { id } }", "of": ["{me}"]}
)
SITES = Resource("sites", "/sites", columns("string", "id name"))
PAGES = Resource(
    "pages",
    "/pages",
    columns("Int64", "id"),
    parent=Parent("sites", "site", into="header", to="x-site", carry={"site_name": "name"}, keep=True),
)
ACME = Connector(
    "acme",
    "https://api.acme.example",
    (TOKEN, LIKES, POSTED, SITES, PAGES),
    origins=("https://id.acme.example",),
    headers={"client-id": "{client_id}", "accept": "application/json"},
    binds={"client_id": "token.client_id", "me": "token.own_id"},
    api_version="v7",
)
ME = {"client_id": "c1", "user_id": "u 1"}


class Service:
    """Answers each resource with its body, and keeps what was asked."""

    def __init__(self, **bodies):
        self.bodies = {"token": ME, "likes": [{"id": 1}], "posted": [{"id": 2}]} | bodies
        self.asked = []

    def __call__(self, resource):
        async def send(request):
            self.asked.append(request)
            await asyncio.sleep(0)
            body = self.bodies[resource.name]
            if isinstance(body, Exception):
                raise body
            return Response(200, {}, json.dumps(body).encode())

        return send


async def rows(service, name, whose=None, connector=ACME, **arguments):
    resource = connector.resource(name)
    extractor = Extractor(resource, resource.columns)
    reading = Reading(connector, resource, extractor, arguments)
    pages = reading.pages(service, width=4, whose=whose or Whose())
    return [row async for _, page in pages for row in zip(*page.columns, strict=True)]


async def test_values_of_an_earlier_call_are_put_into_a_request():
    """The call that tells them is made first, without the headers that it fills, under its own word for the token."""
    service = Service()
    assert await rows(service, "likes") == [(1,)]
    first, *_, last = service.asked
    assert (first.url, first.scheme, first.headers) == (TOKEN.path, "OAuth", {"accept": "application/json"})
    assert last.url == "https://api.acme.example/v7/likes?user=u+1&first=20"
    assert last.headers == {"client-id": "c1", "accept": "application/json"}
    assert last.scheme == "Bearer"
    assert last.template == "/{version}/likes"


async def test_braces_that_are_no_names_stay():
    """A query language has braces of its own."""
    service = Service()
    await rows(service, "posted")
    assert json.loads(service.asked[-1].body) == {"query": "{ me { id } }", "of": ["u 1"]}


async def test_what_was_told_is_asked_for_once_for_each_token():
    """Another resource of the same token uses what is known; another token, or none that can be told, asks again."""
    service, known = Service(sites=[{"id": "s1", "name": "S"}], pages=[{"id": 5}]), Known()
    one, other = Whose(known=known, key="t1"), Whose(known=known, key="t2")
    for whose, more in ((one, 1), (one, 0), (other, 1), (Whose(known=known), 1)):
        before = len(service.asked)
        await rows(service, "likes", whose)
        assert len(service.asked) - before == more + 1
    before = len(service.asked)
    assert await rows(service, "pages", one) == [("s1", "S", 5)]
    assert await rows(service, "pages", one) == [("s1", "S", 5)]
    assert len(service.asked) - before == 3
    assert service.asked[-1].headers["x-site"] == "s1"


async def test_what_belongs_to_no_parent_comes_first():
    """With `also` one listing more is read, without a parent; who names parents gets theirs alone."""
    own = Resource("own", "/own", columns("Int64", "id"), parent=Parent("sites", "site", into="query", also=True))
    connector = Connector("acme", "https://api.acme.example", (own, SITES))
    service = Service(sites=[{"id": "s1"}], own=[{"id": 5}])
    assert await rows(service, "own", connector=connector) == [(None, 5), ("s1", 5)]
    assert [request.query for request in service.asked] == [(), (), (("site", "s1"),)]
    assert await rows(service, "own", connector=connector, site="s2") == [("s2", 5)]
    service.bodies["sites"] = []
    assert await rows(service, "own", connector=connector) == [(None, 5)]


async def test_places_go_on_over_pages():
    """A row's position counts from the first page on."""
    made = (Column("rank", "Int64", form="place"), *columns("string", "id"))
    top = Resource("top", "/top", made, records="items", paging=Cursor("next", "cursor"))
    pages = [{"items": [{"id": "a"}, {"id": "b"}], "next": "2"}, {"items": [{"id": "c"}]}]

    def service(resource):
        assert resource is top

        async def send(request):
            return Response(200, {}, json.dumps(pages[bool(request.query)]).encode())

        return send

    found = await rows(service, "top", connector=Connector("acme", "https://api.acme.example", (top,)))
    assert found == [(1, "a"), (2, "b"), (3, "c")]


async def test_what_is_known_gets_old(monkeypatch):
    """After ten minutes it is asked for again."""
    clock = [100.0]
    monkeypatch.setattr("socialconnect.reading.account.monotonic", lambda: clock[0])
    known = Known()
    known.keep(("a",), [{"id": 1}])
    clock[0] += 599
    assert known.find(("a",)) == ({"id": 1},)
    assert known.find(("b",)) is None
    clock[0] += 2
    assert known.find(("a",)) is None


async def test_a_call_that_does_not_tell_is_an_error():
    """Without the value no request is made with a hole in it; what the call itself met is the account's error."""
    with pytest.raises(MalformedResponse, match=r"acme\.token tells no client_id, which likes needs"):
        await rows(Service(token={"user_id": "u1"}), "likes")
    with pytest.raises(NotFound):
        await rows(Service(token=NotFound("gone")), "likes")


def test_scopes_of_an_earlier_call_are_needed_too():
    """Whoever asks what a resource needs hears of the calls before it."""
    assert ACME.needs(LIKES) == (("known",),)
    assert ACME.bound(SITES) == ("client_id",)
    assert ACME.bound(TOKEN) == ()


@pytest.mark.parametrize(
    ("binds", "error", "match"),
    [
        ({"me": "tokn.own_id"}, UnknownName, "no resource 'tokn'"),
        ({"me": "token.id"}, UnknownName, "no column 'id'"),
        ({"me": "likes.id"}, UsageError, "which needs more itself"),
        ({"me": "pages.id"}, UsageError, "which needs more itself"),
    ],
)
def test_a_bound_value_that_cannot_be_had_is_refused(binds, error, match):
    """It must be a column of a resource that needs nothing first."""
    with pytest.raises(error, match=match):
        Connector("acme", "https://api.acme.example", ACME.resources, binds=binds)


def test_a_hole_that_nothing_fills_is_refused():
    """In a path, every name in braces must be a parameter, a bound value or the version."""
    with pytest.raises(UsageError, match=r"Nothing fills \{who\} in the path of 'a'"):
        Connector("acme", "https://a.example", (Resource("a", "/{who}", columns("Int64", "id")),))


def ask(resource, granted=(), **arguments):
    return resource.request("https://api.acme.example", {}, arguments, granted=granted)


def test_what_is_asked_for_depends_on_what_was_granted():
    """Fields with a scope of their own are asked for only where it is there; a caller's own choice goes before."""
    asks = Asks("fields", "id name", {"stats": "likes views", "more": "bio"})
    listing = Resource("videos", "/videos", columns("string", "id"), asks=asks, params=(Param("fields"),))
    assert ask(listing).query == (("fields", "id,name"),)
    assert ask(listing, {"stats", "other"}).query == (("fields", "id,name,likes,views"),)
    assert ask(listing, {"stats"}, fields="id").query == (("fields", "id"),)


async def test_granted_scopes_reach_the_request():
    """What the token may do decides what is asked for; where nothing is known of it, that is the least."""
    asks = Asks("fields", "id", {"stats": "likes"})
    listing = Resource("likes", "/likes", columns("Int64", "id"), asks=asks)
    connector = Connector("acme", "https://api.acme.example", (listing,), scope_aliases={"s": "stats"})
    service = Service()
    for scopes in (None, ("s",)):
        await rows(service, "likes", Whose(scopes), connector)
    assert [request.query[0][1] for request in service.asked] == ["id", "id,likes"]


def test_a_parameter_may_have_a_default():
    """It stands in the path, the query or a header until the caller says otherwise."""
    params = (
        Param("folder", into="path", default="0"),
        Param("range", choices=("short", "long"), default="long"),
        Param("modified", into="header", to="if-modified-since"),
    )
    listing = Resource("items", "/folders/{folder}/items", columns("Int64", "id"), params=params)
    assert ask(listing).url == "https://api.acme.example/folders/0/items?range=long"
    given = ask(listing, folder="a/b", range="short", modified="then")
    assert given.url == "https://api.acme.example/folders/a%2Fb/items?range=short"
    assert given.headers["if-modified-since"] == "then"
    with pytest.raises(UsageError, match="range='wide' is not possible"):
        Param("range", choices=("short", "long"), default="wide")


def test_a_body_that_no_path_can_read_is_mended():
    """A function of the connector's own makes rows of it; pages are turned by what really came."""

    async def complete(body):
        mended = Mended(lambda page: [{"id": name} for name in page["ids"]])
        return await mended.complete(Request("GET", "https://a.example"), body, None)

    assert json.loads(asyncio.run(complete(b'{"ids": ["a"]}'))) == [{"id": "a"}]
    assert asyncio.run(complete(b"<html>")) == b"<html>"


@pytest.mark.parametrize(
    ("paging", "response"),
    [
        (NextUrl("next"), Response(200, {}, b'{"next": "https://a.example/p?access_token=EAAB&after=2"}')),
        (LinkHeader(), Response(200, {"link": '<https://a.example/p?access_token=EAAB&after=2>; rel="next"'})),
        (NextUrl("next", drop=("key",)), Response(200, {}, b'{"next": "/p?key=EAAB&after=2"}')),
    ],
)
def test_a_token_in_the_next_address_is_dropped(paging, response):
    """What a provider writes into its own addresses is gone before anything is done with them."""
    assert paging.next_request(Request("GET", "https://a.example/p"), response).url == "https://a.example/p?after=2"


IDENTITY = Resource(
    "profile",
    identity=True,
    columns=(
        Column("sub", "string", "provider_user_id"),
        Column("mail", "string", "email_address"),
        Column("created", "datetime", "created_at", form="s"),
        Column("private", "boolean", "email_address", form="has", take="@private[.]"),
    ),
)


async def test_an_identity_is_read_without_a_request():
    """The one row is Clerk's own record of the account."""
    service = Service()
    connector = Connector("acme", "https://api.acme.example", (IDENTITY,))
    record = {"provider_user_id": "7", "email_address": "x@private.example", "created_at": 1.0}
    assert await rows(service, "profile", Whose(record=record), connector) == [
        ("7", "x@private.example", 1_000_000, True)
    ]
    assert service.asked == []


@pytest.mark.parametrize(
    ("facts", "error", "match"),
    [
        ({"path": "/me"}, UsageError, "nothing is asked for"),
        ({"scopes": ("a",)}, UsageError, "nothing is asked for"),
        ({"columns": columns("string", "emil")}, UnknownName, "no field 'emil' of Clerk's record"),
        ({"identity": False}, UsageError, "has no path"),
    ],
)
def test_an_identity_that_asks_for_something_is_refused(facts, error, match):
    """What is read from Clerk's record has no path, and no columns that the record lacks."""
    with pytest.raises(error, match=match):
        Resource("profile", **{"identity": True, "columns": IDENTITY.columns} | facts)


@pytest.mark.parametrize(
    ("facts", "error", "match"),
    [
        ({"changed": "id"}, UsageError, "'id' of 'a' is no time"),
        ({"changed": "at", "since": "frm"}, UnknownName, "no parameter 'frm'"),
        ({"changed": "then"}, UnknownName, "no column 'then'"),
    ],
)
def test_what_is_said_of_changes_is_checked(facts, error, match):
    """The column that grows is a time, the parameter for later rows is there."""
    made = (*columns("string", "id"), *columns("datetime", "at"))
    assert Resource("a", "/a", made, changed="at", since="from", params=(Param("from", datetime),)).since == "from"
    with pytest.raises(error, match=match):
        Resource("a", "/a", made, **facts)
