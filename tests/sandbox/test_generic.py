import asyncio
import json

import httpx
import pytest

import socialconnect as sc
from socialconnect.reading.decide import ErrorRule, Fail, Manners, Refetch, Retry, decide
from socialconnect.reading.declare import Asks, Budget, Column, Connector, Parent, Resource, columns
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
)
from socialconnect.reading.paths import look
from socialconnect.sandbox import Fault

COLUMNS = (
    *columns("string", "id name"),
    *columns("Int64", "size", form="text"),
    *columns("boolean", "open"),
    *columns("Float64", "price"),
    *columns("datetime", "created_at"),
    Column("seen_at", "datetime", form="s"),
    Column("kind", "category"),
    Column("labels", "list", "labels[].name"),
    Column("tags", "list"),
    Column("extra", "json"),
    Column("owner_login", "string", "owner.login"),
    Column("first_email", "string", "emails[0].value"),
    Column("odd", "string", "'odata.count'"),
    Column("primary", "string", "addresses[key=primary_key].text"),
    Column("either", "string", "one.value|other"),
)
KINDS = {
    "none": (NoPages(), "", {}),
    "cursor": (Cursor("meta.next", "cursor", more="meta.more"), "data", {"query": {"limit": 20}}),
    "cursor_alone": (Cursor("paging.next.after", "after"), "results", {"query": {"limit": 20}}),
    "next_url": (NextUrl("'@odata.nextLink'"), "value", {"query": {"$top": 20}}),
    "link_header": (LinkHeader(), "", {"query": {"limit": 20}}),
    "link_pages": (LinkHeader(page="page"), "", {"query": {"per_page": 20}}),
    "body_cursor": (
        BodyCursor("cursor", "cursor", more="has_more"),
        "data.videos",
        {"method": "POST", "json": {"max_count": 20}},
    ),
    "body_cursor_elsewhere": (
        BodyCursor("cursor", "cursor", more="has_more", path="/v1/continue", alone=True),
        "entries",
        {"method": "POST", "json": {"limit": 20, "path": ""}},
    ),
    "graphql": (
        GraphQL("data.issues.pageInfo", "after"),
        "data.issues.nodes",
        {"method": "POST", "json": {"query": "query issues { }", "variables": {"first": 20}}},
    ),
    "page": (PageNumber("page", "Invoices", 20, pages="pagination.pageCount"), "Invoices", {}),
    "page_short": (PageNumber("page", "", 20), "", {}),
    "offset_flag": (Offset("startAt", "values", 20, last="isLast"), "values", {}),
    "offset_total": (Offset("offset", "items", 20, total="total"), "items", {}),
    "offset_short": (Offset("offset", "items", 20), "items", {}),
    "after_id": (AfterId("after", 20), "", {}),
}
MANNERS = Manners(
    message="error.message",
    rules=(
        ErrorRule("token", status=(200,), at="error.code", values=("invalid_auth",)),
        ErrorRule("scope", status=(401,), at="error.code", values=("missing_scope",), required="body:needed"),
        ErrorRule("throttled", status=(400,), at="error.code", values=("RATELIMITED",), wait=("epoch_ms:x-reset",)),
    ),
)


def connector(*, manners=None, budgets=()):
    """A provider with one resource for each way of paging."""
    listings = [
        Resource(kind, f"/v1/{kind}", COLUMNS, records=records, paging=paging, key=("id",), **more)
        for kind, (paging, records, more) in KINDS.items()
    ]
    return Connector(
        "acme",
        "https://api.acme.example",
        (
            *listings,
            Resource("me", "/v1/me", COLUMNS, records="data.user", single=True, key=("id",)),
            Resource("first", "/v1/first", COLUMNS, records="data[0]", single=True, key=("id",)),
            Resource("bare", "https://id.acme.example/bare", COLUMNS, single=True, key=("id",)),
            Resource("secrets", "/v1/secrets", COLUMNS, scopes=("secrets.read", "secrets.all"), key=("id",)),
            Resource(
                "teams", "/v1/graphql", COLUMNS, method="POST", json={"query": "query teams"}, records="data.teams"
            ),
            Resource(
                "boards", "/v1/graphql", COLUMNS, method="POST", json={"query": "query boards"}, records="data.boards"
            ),
        ),
        origins=("https://id.acme.example",),
        manners=manners or Manners(),
        budgets=budgets,
    )


@pytest.fixture
def acme(visit):
    """Makes a visitor of a sandbox that also has the provider above."""

    def make(*, manners=None, budgets=(), **settings):
        visitor = visit(connectors=[connector(manners=manners, budgets=budgets)], **settings)
        visitor.connector = connector(manners=manners, budgets=budgets)
        return visitor

    return make


async def send(visitor, token, request):
    """One request of ours, and its response."""
    headers = {**request.headers, "authorization": f"Bearer {token}"}
    answer = await visitor.http.request(request.method, request.url, headers=headers, content=request.body)
    return Response(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.content)


async def first_page(visitor, situation, name):
    """The first request of a resource, its response, and the token."""
    token = await visitor.token(visitor.first("acme", situation))
    resource = visitor.connector.resource(name)
    request = resource.request(visitor.connector.origin, {}, {})
    return resource, request, await send(visitor, token, request), token


async def walk(visitor, situation, name):
    """All records of a resource, page by page as the client's own paging leads."""
    resource, request, response, token = await first_page(visitor, situation, name)
    pages = []
    while request is not None:
        assert response.status == 200, response.text()
        pages.append(look(response.json(), resource.records))
        assert len(pages) < 20
        request = resource.paging.next_request(request, response)
        response = await send(visitor, token, request) if request else response
    return pages


@pytest.mark.parametrize("kind", KINDS)
async def test_every_way_of_paging_reads_each_record_once(acme, kind):
    """A large account comes in several pages without gap or repetition, all of it the account's own."""
    visitor = acme()
    pages = await walk(visitor, "large", kind)
    rows = [row for page in pages for row in page]
    assert (len(pages) > 2) == (kind != "none")
    assert len({row["id"] for row in rows}) == len(rows) > 40
    mark = visitor.first("acme", "large").mark
    assert all(row["id"].startswith(f"{mark}-") for row in rows)
    assert all(mark in row["name"] for row in rows if row.get("name"))


@pytest.mark.parametrize("kind", KINDS)
async def test_an_empty_account_has_one_empty_page(acme, kind):
    """No records are an empty list, and the end."""
    assert await walk(acme(), "empty", kind) == [[]]


async def test_pages_can_be_read_side_by_side(acme):
    """Where the last page is named ahead, the remaining requests give what the next links give."""
    visitor = acme()
    resource, request, response, token = await first_page(visitor, "large", "link_pages")
    rest = resource.paging.remaining(request, response)
    together = await asyncio.gather(*(send(visitor, token, one) for one in rest))
    pages = [response.json(), *(one.json() for one in together)]
    assert pages == await walk(visitor, "large", "link_pages")


@pytest.mark.parametrize("kind", ["next_url", "link_header", "link_pages"])
async def test_next_addresses_keep_what_was_asked(acme, kind):
    """A whole next address holds the parameters of the first request too."""
    visitor = acme()
    resource, request, response, _ = await first_page(visitor, "large", kind)
    assert set(request.query) <= set(resource.paging.next_request(request, response).query)


async def test_values_stand_where_they_are_declared(acme):
    """Each column's path leads to a value of its dtype, and sometimes to none."""
    pages = await walk(acme(), "large", "none")
    values = {column.name: [look(row, column.path) for row in pages[0]] for column in COLUMNS}
    kinds = {
        "id": str,
        "name": str,
        "size": str,
        "open": bool,
        "price": float,
        "created_at": str,
        "seen_at": int,
        "kind": str,
        "labels": list,
        "tags": list,
        "extra": dict,
        "owner_login": str,
        "first_email": str,
        "odd": str,
        "primary": str,
        "either": str,
    }
    for name, kind in kinds.items():
        found = [value for value in values[name] if value is not None]
        assert found, name
        assert all(isinstance(value, kind) for value in found), name
        assert name in ("id", "labels") or len(found) < len(values[name]), name
    assert all(value.isdecimal() for value in values["size"] if value)
    assert {(row.get("name"), "name" in row) for row in pages[0] if not row.get("name")} == {
        (None, True),
        (None, False),
    }


@pytest.mark.parametrize("name", ["me", "first", "bare"])
async def test_a_single_record_stands_alone(acme, name):
    """One record comes at its path, also from another host and for an empty account."""
    visitor = acme()
    for situation in ("healthy", "empty"):
        resource, _, response, _ = await first_page(visitor, situation, name)
        assert look(response.json(), resource.records)["id"] == f"{visitor.first('acme', situation).mark}-0"


async def test_queries_at_one_address_are_told_apart(acme):
    """Two GraphQL queries are answered each with its own records."""
    visitor = acme()
    for name in ("teams", "boards"):
        _, _, response, _ = await first_page(visitor, "healthy", name)
        assert set(response.json()["data"]) == {name}


async def test_a_cursor_belongs_to_its_owner(acme):
    """Another account's cursor is refused."""
    visitor = acme()
    resource, request, response, _ = await first_page(visitor, "large", "cursor")
    following = resource.paging.next_request(request, response)
    other = await visitor.token(visitor.first("acme", "healthy"))
    assert (await send(visitor, other, following)).status == 400


def judge(response, manners):
    """What our own decision makes of a response."""
    return decide(response, attempt=1, attempts=3, manners=manners, now=0.0, dice=lambda: 0.0)


@pytest.mark.parametrize("manners", [Manners(), MANNERS], ids=["plain", "odd"])
async def test_refusals_are_understood(acme, manners):
    """A dead token, a missing scope and a limit read so that the connector's own rules know them."""
    visitor = acme(manners=manners)
    _, request, _, _ = await first_page(visitor, "healthy", "secrets")
    assert isinstance(judge(await send(visitor, "nobody", request), manners), Refetch)
    _, _, refused, _ = await first_page(visitor, "underscoped", "secrets")
    verdict = judge(refused, manners)
    if manners is MANNERS:
        assert isinstance(verdict, Fail)
        assert (verdict.kind, verdict.required) == ("scope", ("secrets.read", "secrets.all"))
    else:
        assert refused.headers["www-authenticate"].endswith('scope="secrets.read secrets.all"')
    throttled = acme(manners=manners, faults=[Fault("throttled", "acme", seconds=9)])
    _, _, response, _ = await first_page(throttled, "healthy", "none")
    now = throttled.sandbox.clock.now()
    waiting = decide(response, attempt=1, attempts=3, manners=manners, now=now, dice=lambda: 0.0)
    assert isinstance(waiting, Retry)
    assert waiting.throttled
    assert waiting.after == pytest.approx(9, abs=1)


async def test_the_right_scope_opens(acme):
    """A healthy account's token has what the resources require."""
    _, _, response, _ = await first_page(acme(), "healthy", "secrets")
    assert response.status == 200


@pytest.mark.looptime
async def test_declared_budgets_are_kept(acme, pass_time):
    """More than a budget allows is refused until its time is over."""
    visitor = acme(budgets=(Budget(3, 60),))
    _, request, _, token = await first_page(visitor, "healthy", "none")
    statuses = [(await send(visitor, token, request)).status for _ in range(3)]
    assert statuses == [200, 200, 429]
    await pass_time(60)
    assert (await send(visitor, token, request)).status == 200


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind not in ("none", "after_id", "page_short", "offset_short")]
)
async def test_pages_can_run_in_a_circle(acme, kind):
    """With the fault the first page comes again and again, and says each time that there is more."""
    visitor = acme(faults=["acme:cursor_loop"])
    resource, request, response, token = await first_page(visitor, "healthy", kind)
    for _ in range(3):
        page = look(response.json(), resource.records)
        request = resource.paging.next_request(request, response)
        response = await send(visitor, token, request)
        assert look(response.json(), resource.records) == page


@pytest.mark.parametrize("kind", ["next_url", "link_header", "link_pages"])
async def test_next_addresses_can_be_foreign(acme, kind):
    """With the fault, whole addresses lead to a host that is not the provider's."""
    visitor = acme(faults=["acme:foreign_next"])
    resource, request, response, _ = await first_page(visitor, "large", kind)
    assert httpx.URL(resource.paging.next_request(request, response).url).host == "evil.example"


async def test_what_is_not_declared_is_not_there(acme):
    """An address without a resource is 404."""
    visitor = acme()
    token = await visitor.token(visitor.first("acme", "healthy"))
    answer = await send(visitor, token, Request("GET", "https://api.acme.example/v1/nothing"))
    assert answer.status == 404


async def test_clerk_knows_the_further_provider(acme):
    """Its accounts are listed at Clerk, its origins stand in the addresses, its strategy in the environment."""
    visitor = acme()
    rows = (await visitor.clerk("/users", limit=200)).json()
    providers = {account["provider"] for row in rows for account in row["external_accounts"]}
    assert providers >= {"oauth_acme", "oauth_github", "oauth_notion", "oauth_google"}
    assert {"https://api.acme.example", "https://id.acme.example"} <= set(visitor.sandbox.base_urls("http://x"))
    environment = (await visitor.http.get("https://clerk.sandbox.example/v1/environment")).text
    assert json.loads(environment)["user_settings"]["social"]["oauth_acme"]["name"] == "Acme"


TOLD = Connector(
    "told",
    "https://api.told.example",
    (
        Resource(
            "token",
            "https://id.told.example/validate",
            (*columns("string", "client_id own_id=user_id"), *columns("list", "scopes")),
            single=True,
            scheme="OAuth",
            key=("own_id",),
        ),
        Resource(
            "likes",
            "/{version}/likes",
            COLUMNS,
            query={"user_id": "{me}"},
            asks=Asks("fields", "id name", {"more": "size"}),
            scopes=("read",),
            key=("id",),
        ),
        Resource(
            "things",
            "/things",
            COLUMNS,
            parent=Parent("sites", "site", into="header", to="x-site", keep=True, usual=2),
            key=("id",),
        ),
        Resource("sites", "/sites", columns("string", "id"), key=("id",)),
        Resource("self", identity=True, key=("sub",), columns=(Column("sub", "string", "provider_user_id"),)),
    ),
    origins=("https://id.told.example",),
    headers={"client-id": "{client_id}"},
    binds={"client_id": "token.client_id", "me": "token.own_id"},
    api_version="v3",
    manners=Manners(rules=(ErrorRule("scope", status=(401,), at="code", values=("scope_missing",)),)),
)


@pytest.mark.filterwarnings("ignore::socialconnect.PartialWarning")
@pytest.mark.parametrize("name", ["token", "likes", "things", "sites", "self"])
def test_what_earlier_calls_tell_is_served(name):
    """Every way in which one call depends on another is served from the declaration alone, and ends in rows."""
    client = sc.sandbox(users=60, connectors=[TOLD])
    run = client.read(f"told.{name}", on_error="ignore")
    assert (run.outcomes["status"] == "ok").sum() > 5
    assert set(run.outcomes["status"]) <= {"ok", "empty", "failed", "skipped"}
    assert not run.drift
    if name == "likes":  # size has a scope of its own, which nobody was asked for
        assert run.frame["size"].isna().all()
        assert run.frame["name"].notna().any()
    client.close()


def test_callers_may_pass_something_else_than_what_an_earlier_call_told():
    """Where a parameter takes the place of a bound value, what callers pass there is served too."""
    client = sc.sandbox(users=60)
    run = client.read("huggingface.models", author="acme", on_error="ignore")
    assert (run.outcomes["status"] == "ok").sum() > 5
    client.close()


def test_an_amount_and_its_text_are_one_value():
    """What is read as a number and as its text is served as one number, so that neither is odd."""
    money = (
        Column("balance", "Float64", "money.amount", form="text"),
        Column("balance_text", "string", "money.amount"),
    )
    purse = Resource("purses", "/purses", columns=(*columns("string", "id"), *money))
    client = sc.sandbox(users=60, connectors=[Connector("purse", "https://purse.example", [purse])])
    run = client.read("purse.purses", on_error="ignore")
    assert not run.drift
    rows = run.frame.dropna()
    assert len(rows) > 5
    assert rows["balance"].tolist() == rows["balance_text"].astype(float).tolist()
    assert run.frame["balance"].isna().tolist() == run.frame["balance_text"].isna().tolist()
    client.close()


async def test_a_call_must_have_what_the_one_before_told(visit):
    """Without the bound header or query, or under another word for the token, a call is refused."""
    visitor = visit(connectors=[TOLD])
    account = next(one for one in visitor.world.having("told", "healthy") if one.ordinal == 0)
    token = await visitor.token(account)
    headers = {"authorization": f"OAuth {token}"}
    told = (await visitor.http.get("https://id.told.example/validate", headers=headers)).json()
    wrong = await visitor.http.get("https://id.told.example/validate", headers={"authorization": f"Bearer {token}"})
    assert wrong.status_code == 401
    url, sent = "https://api.told.example/v3/likes", {"authorization": f"Bearer {token}"}
    good = {**sent, "client-id": told["client_id"]}
    assert (await visitor.http.get(url, headers=good, params={"user_id": told["user_id"]})).status_code == 200
    assert (await visitor.http.get(url, headers=good, params={"user_id": "another"})).status_code == 400
    assert (await visitor.http.get(url, headers=sent, params={"user_id": told["user_id"]})).status_code == 400
    more = {"user_id": told["user_id"], "fields": "id,size"}
    refused = await visitor.http.get(url, headers=good, params=more)
    assert (refused.status_code, refused.json()["code"]) == (401, "scope_missing")


def test_what_most_people_granted():
    """Scopes that show more are granted to all but those who granted little, and columns come and go with them."""
    more = Resource(
        "likes",
        "/likes",
        COLUMNS,
        asks=Asks("fields", "id name", {"more": "size"}),
        fuller={"more": "the size"},
        scopes=("read",),
        key=("id",),
    )
    client = sc.sandbox(users=200, connectors=[Connector("told", "https://api.told.example", (more,))])
    run = client.read("told.likes", on_error="ignore")
    narrowed = run.outcomes[run.outcomes["narrowed"].fillna("") != ""]["external_account_id"]
    few = run.frame["external_account_id"].isin(narrowed)
    assert 0 < few.sum() < len(few)
    assert run.frame.loc[few, "size"].isna().all()
    assert run.frame.loc[~few, "size"].notna().any()
    client.close()
