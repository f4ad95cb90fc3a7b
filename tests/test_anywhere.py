"""Any API with an account's token: what may be asked, what comes of it, and what never leaves."""

from __future__ import annotations

import json
import logging
import pickle
import re
from datetime import UTC, datetime

import pytest
from tests.loopback import serving
from tests.test_hostile import Guard, held, shown
from tests.worlds import LIMIT, accounts_of, client_of, opened, user_of

import socialconnect as sc
from socialconnect import Fault
from socialconnect.anywhere.address import address
from socialconnect.anywhere.meant import mutates
from socialconnect.connectors import Connectors
from socialconnect.sandbox import Sandbox, running

GITHUB = Connectors()["github"]


@pytest.fixture(scope="module")
def client():
    return sc.sandbox(users=40)


@pytest.fixture(scope="module")
def user(client):
    return user_of(client.sandbox, "github")


def test_one_request_has_the_connectors_rules(client, user):
    """Headers, version, account and trace are those of any resource's request."""
    answer = client.get("github", "/user", user)
    assert answer.status == 200
    assert answer.json()["login"]
    assert client.sandbox.requests.last[-1].path == "/user"
    assert answer.external_account_id in set(client.accounts(user)["external_account_id"])
    assert [(one.provider, one.path, one.status) for one in answer.trace.last[1:]] == [("github", "/user", 200)]
    assert answer.trace.last[0].provider == "clerk"


def test_values_fill_the_path_and_else_the_query(client, user):
    """What stands in braces is filled, escaped; the rest is the query."""
    name = client.get("github", "/user/repos", user, per_page=1).records[0]["full_name"]
    owner, _, repo = name.partition("/")
    answer = client.get("github", "/repos/{owner}/{repo}/issues", user, owner=owner, repo=repo, per_page=3, state="all")
    assert answer.request == "GET /repos/{owner}/{repo}/issues"
    assert len(answer.records) <= 3
    assert answer.trace.last[-1].path == "/repos/{owner}/{repo}/issues"


@pytest.mark.parametrize(
    ("path", "values", "url"),
    [
        ("/a/{id}", {"id": "x/y z?"}, "https://api.github.com/a/x%2Fy%20z%3F"),
        ("/a?b=1", {"c": [1, 2], "d": None, "e": True}, "https://api.github.com/a?b=1&c=1&c=2&e=true"),
        ("/a", {"since": datetime(2026, 5, 1, tzinfo=UTC)}, "https://api.github.com/a?since=2026-05-01T00%3A00%3A00Z"),
        ("https://api.github.com/user?page=2", {}, "https://api.github.com/user?page=2"),
        ("//api.github.com/user", {}, "https://api.github.com/user"),
        ("/a/é", {}, "https://api.github.com/a/%C3%A9"),
        ("/a", {"to": "https://evil.example/../x"}, "https://api.github.com/a?to=https%3A%2F%2Fevil.example%2F..%2Fx"),
    ],
)
def test_an_address_is_written_so(path, values, url):
    """A path and its values make one address of the provider's."""
    assert address(GITHUB, path, values, {}) == url


FOREIGN = [
    "https://evil.example/user",
    "//evil.example/user",
    "http://api.github.com/user",
    "https://api.github.com:8443/user",
    "https://api.github.com.evil.example/user",
    "https://api.github.com@evil.example/user",
    "https://evil.example%2f@api.github.com/user",
    "https://[::1]/user",
    "http://127.0.0.1/user",
    "ftp://api.github.com/user",
    "javascript:alert(1)",
    "https://{host}/user",
    "https://api.github.com{host}/user",
]
CLIMBING = ["/a/../b", "/a/%2e%2e/b", "/a/%252e%252E/b", "/a/%25252e./b", "/a/..%2fb", "/a/%5c..%5cb", "/./a"]
NO_PATH = ["user", "", "/a\\b", "/a b", "/a\nHost: x", "/a#b", "/a\x00", None]


@pytest.mark.parametrize("path", FOREIGN)
def test_a_foreign_address_is_refused_before_anything_is_sent(path):
    """A token never goes to another host, however it is written; not even Clerk is asked for it."""
    client = sc.sandbox(users=4)
    with pytest.raises(sc.ForeignOrigin, match="nowhere else"):
        client.get("github", path, client.sandbox.world.user_id(0), host="@evil.example")
    assert len(client.sandbox.requests) == 0


@pytest.mark.parametrize("path", [*CLIMBING, *NO_PATH])
def test_a_path_that_is_none_is_refused(path):
    """A path that climbs, or that holds what no path has, is the caller's mistake."""
    with pytest.raises(sc.UsageError):
        address(GITHUB, path, {}, {})


@pytest.mark.parametrize("value", ["..", ".", "../x", "%2e%2e", "", None, ["a"], {"a": 1}])
def test_a_value_cannot_lead_elsewhere(value):
    """A value in the path stays one part of it."""
    with pytest.raises(sc.UsageError):
        address(GITHUB, "/repos/{name}", {"name": value}, {})


def test_many_users_are_refused_with_the_way_to_read_them(client, user):
    """One request is one account's; for many, the error names resources."""
    for users in (None, [user, client.sandbox.world.user_id(7)]):
        with pytest.raises(sc.UsageError, match="new-connector"):
            client.get("github", "/user", users)


def test_one_row_of_accounts_names_the_account(client, user):
    """A row of accounts() stands for its user and account; a user with several must name one."""
    accounts = client.accounts().query("provider == 'github' and connected")
    row = accounts[accounts["user_id"] == user].head(1)
    assert client.get("github", "/user", row).external_account_id == row["external_account_id"].iloc[0]
    counts = accounts["user_id"].value_counts()
    several = counts[counts > 1].index[0]
    with pytest.raises(sc.UsageError, match="account="):
        client.get("github", "/user", several)
    both = [
        client.get("github", "/user", several, account=one)
        for one in accounts.query("user_id == @several")["external_account_id"]
    ]
    assert len({answer.json()["id"] for answer in both}) == len(both)


@pytest.mark.parametrize(
    ("name", "path", "paging", "values"),
    [
        ("github.repos", "/user/repos", sc.LinkHeader(), {"per_page": 3, "sort": "full_name"}),
        ("notion.users", "/v1/users", sc.Cursor("next_cursor", "start_cursor", more="has_more"), {"page_size": 5}),
        (
            "google.calendars",
            "/calendar/v3/users/me/calendarList",
            sc.Cursor("nextPageToken", "pageToken"),
            {"maxResults": 2},
        ),
    ],
)
def test_every_page_is_read(client, name, path, paging, values):
    """With a kind of paging all pages come, with the rows that the resource has."""
    provider = name.partition(".")[0]
    reader = client.read(name, on_error="ignore").outcomes.query("status == 'ok' and pages > 0").sort_values("rows")
    row = reader.tail(1)
    origin = "https://www.googleapis.com" if provider == "google" else ""
    answer = client.get(provider, f"{origin}{path}", row, paging=paging, **values)
    assert len(answer.pages) > 1
    assert len(answer.records) == row["rows"].iloc[0]


def test_a_post_reads_its_pages_by_its_body(client):
    """The cursor goes into the body of the next POST, and the frame has what the resource has."""
    user = user_of(client.sandbox, "notion")
    way = sc.BodyCursor("next_cursor", "start_cursor", more="has_more")
    answer = client.request("POST", "notion", "/v1/search", user, json={"page_size": 5}, paging=way)
    frame = answer.to_frame()
    assert len(answer.pages) > 1
    assert sorted(frame["id"]) == sorted(client.notion.search(user)["id"])
    assert frame.columns[:2].tolist() == ["user_id", "external_account_id"]


def test_a_token_that_is_refused_is_fetched_again():
    """An expired token is renewed once, as for any resource."""
    client = sc.sandbox(users=40, faults=["github:expired x1"])
    answer = client.get("github", "/user", user_of(client.sandbox, "github"))
    assert [(one.provider, one.status) for one in answer.trace.last[1:]] == [
        ("github", 401),
        ("clerk", 200),
        ("github", 200),
    ]


@pytest.mark.looptime
async def test_errors_are_the_providers():
    """The connector's rules say what an answer means: a scope that lacks, a limit, an account that is not there."""
    async with opened(60) as (world, client):
        with pytest.raises(sc.NotFound):
            await client.get("github", "/nothing/here", user_of(world, "github"))
        with pytest.raises(sc.NotConnected):
            await client.get("github", "/user", next(iter(_without(world, "github"))))
        with pytest.raises(sc.UserNotFound):
            await client.get("github", "/user", "user_nobody")
        with pytest.raises(sc.UnknownName, match="github"):
            await client.get("githb", "/user", user_of(world, "github"))
    async with opened(60, faults=["github:throttled"], settings={"max_wait": 1}) as (world, client):
        with pytest.raises(sc.RateLimited):
            await client.get("github", "/user", user_of(world, "github"))


def _without(world, provider):
    having = {account.user for account in accounts_of(world, provider)}
    numbers = (one for one in range(60) if not world.world.situation(one).get(provider) and one not in having)
    return map(world.world.user_id, numbers)


WRITES = [("DELETE", None), ("put", {"a": 1}), ("PATCH", {"a": 1}), ("POST", {"query": " # all\n mutation { a }"})]


@pytest.mark.parametrize(("method", "body"), WRITES)
def test_what_acts_must_be_allowed(client, user, method, body):
    """A method or a GraphQL mutation that changes something needs `allow_writes`."""
    with pytest.raises(sc.UsageError, match="allow_writes"):
        client.request(method, "github", "/graphql", user, json=body)


class Failing:
    """An application whose GitHub answers as told, one after another; the rest is the world's."""

    def __init__(self, world, *answers):
        self.world = world
        self.answers = list(answers)
        self.asked = []

    async def __call__(self, scope, receive, send):
        if dict(scope["headers"])[b"host"] != b"api.github.com":
            await self.world.app(scope, receive, send)
            return
        self.asked.append((scope["method"], dict(scope["headers"]), (await receive()).get("body", b"")))
        status, headers, body = self.answers.pop(0)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def asked(*answers, method="DELETE", path="/user/starred/a/b", **how):
    """What comes of one request to a GitHub that answers so: (answer or error, what it was asked)."""
    world = Sandbox(users=40)
    application = Failing(world, *answers)
    async with client_of(world, application=application) as client:
        try:
            found = await client.request(method, "github", path, user_of(world, "github"), **how)
        except sc.SocialConnectError as error:
            found = error
    return found, application.asked


BAD, DONE = (502, [], b""), (204, [], b"")
LIMITED = (429, [(b"retry-after", b"3")], b"{}")


@pytest.mark.looptime
async def test_what_acts_is_sent_once():
    """After an error that leaves open what was done nothing is sent again; after a limit, or a refused token, it is."""
    found, sent = await asked(BAD, DONE, allow_writes=True)
    assert isinstance(found, sc.Unavailable)
    assert "may have been carried out" in found.cure
    assert len(sent) == 1
    found, sent = await asked(LIMITED, DONE, allow_writes=True)
    assert (found.status, found.records, len(sent)) == (204, [], 2)
    found, sent = await asked((401, [], b"{}"), DONE, allow_writes=True)
    assert (found.status, len(sent)) == (204, 2)


@pytest.mark.looptime
async def test_what_reads_is_sent_again():
    """A GET is repeated after a failure, and a POST by which pages or a resource are read; another POST is not."""
    ok = (200, [], b'{"items": []}')
    assert len((await asked(BAD, ok, method="GET"))[1]) == 2
    paged = {"paging": sc.BodyCursor("next", "cursor"), "records": "items"}
    assert len((await asked(BAD, ok, method="POST", json={}, **paged))[1]) == 2
    assert len((await asked(BAD, ok, method="POST", json={}))[1]) == 1
    assert len((await asked(BAD, ok, method="POST", json={}, allow_writes=True, **paged))[1]) == 1


@pytest.mark.looptime
@pytest.mark.parametrize(("status", "times"), [(302, 1), (303, 1), (307, 2), (308, 2)])
async def test_what_acts_follows_only_what_asks_for_the_same(status, times):
    """A redirect that may mean "done" is not answered by doing it again."""
    _, sent = await asked((status, [(b"location", b"/elsewhere")], b""), DONE, allow_writes=True)
    assert len(sent) == times


@pytest.mark.looptime
async def test_a_body_and_headers_go_out_as_given():
    """JSON is sent as JSON with the connector's version, and the caller's headers beside it."""
    _, sent = await asked((200, [], b"{}"), method="POST", json={"a": ["é"]}, headers={"X-Mine": "1"})
    method, headers, body = sent[0]
    assert (method, body) == ("POST", '{"a":["é"]}'.encode())
    assert headers[b"content-type"] == b"application/json"
    assert headers[b"x-github-api-version"] == b"2022-11-28"
    assert headers[b"x-mine"] == b"1"
    assert headers[b"authorization"].startswith(b"Bearer sandbox.github.")


@pytest.mark.parametrize(
    "headers", [{"Authorization": "x"}, {"HOST": "x"}, {"Cookie": "x"}, {"a b": "x"}, {"x": "a\r\nhost: b"}, {"x": 1}]
)
def test_a_header_that_is_not_the_callers_is_refused(client, user, headers):
    """Neither the token's header nor the transport's can be set, and none can hold a second line."""
    with pytest.raises(sc.UsageError):
        client.get("github", "/user", user, headers=headers)


def test_other_mistakes_are_told_before_anything_is_sent(client, user):
    """A method, a kind of paging, a path of records or a body that cannot be meant."""
    for method, how in [
        ("FETCH", {}),
        (None, {}),
        ("GET", {"paging": "next"}),
        ("GET", {"records": "a..b"}),
        ("POST", {"json": {"a": object()}}),
    ]:
        with pytest.raises(sc.UsageError):
            client.request(method, "github", "/user", user, **how)


@pytest.mark.looptime
async def test_pages_that_repeat_end_with_an_error():
    """A page that leads back to one that was read is a PagingLoop."""
    page = (200, [], b'{"items": [{"id": 1}], "next": "a"}')
    found, sent = await asked(page, page, page, method="GET", paging=sc.Cursor("next", "cursor"))
    assert isinstance(found, sc.PagingLoop)
    assert len(sent) == 2


def test_the_paging_may_say_where_records_stand(client):
    """A kind of paging that knows where the records are need not be told twice."""
    user = user_of(client.sandbox, "notion")
    answer = client.get("notion", "/v1/users", user, paging=sc.PageNumber("page", records="results", size=1000))
    assert answer.at == "results"
    assert (
        client.get("notion", "/v1/users", user, paging=sc.GraphQL("data.issues.pageInfo", "after")).at
        == "data.issues.nodes"
    )


# What never leaves


@pytest.mark.looptime
async def test_tokens_that_an_answer_holds_are_not_shown():
    """What is sent back, set as a cookie or handed out by a token's name is in no part of the answer."""
    world = Sandbox(users=40)

    class Echo(Failing):
        async def __call__(self, scope, receive, send):
            sent = dict(scope["headers"]).get(b"authorization", b"").removeprefix(b"Bearer ")
            body = json.dumps([{"echo": sent.decode(), "access_token": "EAAB-page-token", "name": "x"}]).encode()
            link = b'<https://api.github.com/x?access_token=EAAB-page-token>; rel="more"'
            cookies = [(b"set-cookie", b"sid=EAAB-page-token"), (b"x-session", b"EAAB-page-token"), (b"link", link)]
            self.answers = [(200, cookies, body)]
            await super().__call__(scope, receive, send)

    async with client_of(world, application=Echo(world)) as client:
        answer = await client.get("github", "/user", user_of(world, "github"))
    assert answer.records[0]["name"] == "x"
    texts = [repr(answer), answer.text, str(answer.headers), answer.to_frame().to_csv(), repr(vars_of(answer))]
    held(*texts, pickle.dumps(answer).decode("latin-1"))
    assert not [text for text in texts if "EAAB" in text]
    assert set(answer.headers) == {"link"}


def vars_of(answer):
    return [(page.headers, page.body) for page in answer.pages]


async def _records(client, user):
    return (await client.get("github", "/user/repos", user, per_page=1, paging=sc.LinkHeader())).records


@pytest.mark.looptime
@pytest.mark.parametrize(
    "kind", ["foreign_redirect", "foreign_next", "echo_token", "malformed", "html_error", "dropped"]
)
async def test_a_provider_that_misbehaves_gets_no_secret_out(caplog, kind):
    """Whatever it answers, no token is in any text and none goes to another host."""
    caplog.set_level(logging.DEBUG)
    world = Sandbox(users=40, faults=[Fault(kind, "github")])
    guard = Guard(world)
    async with client_of(world, application=guard) as client:
        with pytest.raises(sc.SocialConnectError) as caught:
            await _records(client, user_of(world, "github"))
    held(*shown(caught.value), caplog.text)
    assert guard.foreign == []
    if kind.startswith("foreign"):
        assert isinstance(caught.value, sc.ForeignOrigin)


@pytest.mark.parametrize("transport", ["httpx", "pyreqwest"])
@pytest.mark.parametrize("way", ["redirect", "link", "body"])
async def test_no_socket_opens_to_another_host(transport, way):
    """Over real connections, neither a redirect nor a next page leads a token to another port of this machine."""
    world = Sandbox(users=20)

    def reply(path, headers):
        del path, headers
        if way == "redirect":
            return 302, {"location": f"{foreign}/x"}, b""
        if way == "link":
            return 200, {"link": f'<{foreign}/x>; rel="next"'}, b"[]"
        return 200, {}, json.dumps({"items": [], "next": f"{foreign}/x"}).encode()

    with running(world) as base, serving(lambda *_: (200, {}, b"[]")) as (foreign, taken), serving(reply) as (evil, _):
        urls = {**world.base_urls(base), "https://api.github.com": evil}
        settings = sc.Settings.make(secret_key=world.secret_key, base_urls=urls, transport=transport, budgets=LIMIT)
        async with sc.AsyncClient(settings=settings) as client:
            paging = sc.NextUrl("next") if way == "body" else sc.LinkHeader()
            with pytest.raises(sc.ForeignOrigin):
                await client.get("github", "/user", user_of(world, "github"), paging=paging)
    assert taken == []


def test_an_answer_says_what_it_is(client, user):
    """Its repr has request, user and size, and nothing that the provider sent."""
    answer = client.get("github", "/user", user)
    assert re.fullmatch(r"<Answer 200 to github GET /user for user_\w+: [\d,]+ bytes>", repr(answer))
    assert answer.json()["login"] not in repr(answer)


def test_a_recorded_request_plays(tmp_path, user, client):
    """A cassette holds such requests as any."""
    with sc.record(tmp_path / "any.yaml"):
        recorded = client.get("github", "/user", user).json()
    with sc.replay(tmp_path / "any.yaml"):
        assert sc.Client().get("github", "/user", user).json() == recorded


# What the connector knows to add

STREAM = sc.Connector(
    "stream",
    "https://api.stream.example",
    [
        sc.Resource("token", "/validate", columns=sc.columns("string", "client_id me"), single=True, key=("me",)),
        sc.Resource("things", "/{version}/users/{me}/things", columns=sc.columns("string", "id"), records="data"),
    ],
    headers={"Client-Id": "{client_id}"},
    api_version="v5",
    binds={"client_id": "token.client_id", "me": "token.me"},
)


class Listening:
    """A world's application that keeps the headers of each call to one host."""

    def __init__(self, world, host):
        self.world = world
        self.host = host
        self.calls = []

    async def __call__(self, scope, receive, send):
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        if headers["host"] == self.host:
            self.calls.append((scope["path"], headers.get("client-id")))
        await self.world.app(scope, receive, send)


@pytest.mark.looptime
async def test_values_of_earlier_calls_are_put_in():
    """What the connector binds stands in path and headers, asked for once, unless the caller says it."""
    world = Sandbox(users=40, connectors=[STREAM])
    application = Listening(world, "api.stream.example")
    async with client_of(world, application=application, connectors=[STREAM]) as client:
        user = user_of(world, "stream")
        told = await client.stream.token(user)
        mine, own = told["me"].iloc[0], told["client_id"].iloc[0]
        application.calls.clear()
        answer = await client.get("stream", "/{version}/users/{me}/things", user)
        with pytest.raises(sc.RequestRefused):  # the sandbox knows its own
            await client.get("stream", "/v5/users/{me}/things", user, me="somebody", headers={"client-id": "mine"})
    assert answer.request == "GET /{version}/users/{me}/things"
    assert application.calls == [
        ("/validate", None),
        (f"/v5/users/{mine}/things", own),
        ("/v5/users/somebody/things", "mine"),
    ]


def test_a_provider_without_an_api_is_told():
    """Where Clerk alone knows anything, nothing can be asked of the provider."""
    identity = sc.Resource("profile", identity=True, columns=sc.columns("string", "email_address"))
    client = sc.sandbox(users=5, connectors=[sc.Connector("fruit", "https://fruit.example", [identity])])
    with pytest.raises(sc.UsageError, match="no API"):
        client.get("fruit", "/me", client.sandbox.world.user_id(0))


@pytest.mark.parametrize(
    ("document", "acts"),
    [
        ("query { mutation }", False),
        ('query a { b(text: "mutation {") { c } } # mutation', False),
        ('{ b(text: """ " mutation """) }', False),
        ("query a { b } mutation c { d }", True),
        ("fragment f on T { x }\n,mutation { y }", True),
        ("mutation($x: In = {a: {b: 1}}) { y }", True),
    ],
)
def test_a_mutation_is_told_wherever_it_stands(document, acts):
    """An operation that changes something is one behind others too, and not where the word is a field or a text."""
    assert mutates({"query": document}) is acts
    assert mutates([{"query": "{ a }"}, {"query": document}]) is acts
    assert not mutates({"query": 7})
