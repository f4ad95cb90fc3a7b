"""Clerk's Backend API: every user once and in order, every code an error that says what to do."""

import json

import pytest
from tests.worlds import client_of, opened

import socialconnect as sc
from socialconnect.clerk.models import ExternalAccount, User, rows
from socialconnect.sandbox import Sandbox

pytestmark = pytest.mark.looptime
USER = "user_2abc"


class Clerk:
    """An application that answers every call of Clerk's with one answer, and keeps what was asked."""

    def __init__(self, status, body):
        self.status, self.body, self.asked = status, body, []

    async def __call__(self, scope, receive, send):
        del receive
        self.asked.append((scope["path"], scope["query_string"].decode()))
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        await send({"type": "http.response.start", "status": self.status, "headers": [(b"x-clerk-trace-id", b"t-1")]})
        await send({"type": "http.response.body", "body": body})


def refusing(status, code):
    return Clerk(status, {"errors": [{"code": code, "message": "short", "long_message": "what Clerk says"}]})


def asking(application, **settings):
    return client_of(Sandbox(users=1), application=application, **settings)


CODES = [
    (401, "clerk_key_invalid", sc.InvalidKey, "Dashboard"),
    (401, "authentication_invalid", sc.InvalidKey, "Dashboard"),
    (401, "authorization_header_format_invalid", sc.InvalidKey, "Dashboard"),
    (403, "authorization_invalid", sc.InvalidKey, "access to users"),
    (404, "resource_not_found", sc.UserNotFound, "development and production"),
    (404, "oauth_token_provider_not_enabled", sc.ProviderNotEnabled, "SSO connections"),
    (400, "oauth_token_provider_not_enabled", sc.ProviderNotEnabled, "SSO connections"),
    (422, "oauth_unsupported_provider", sc.ProviderNotEnabled, "SSO connections"),
    (422, "oauth_missing_refresh_token", sc.ReconnectNeeded, "connect GitHub again"),
    (422, "oauth_missing_access_token", sc.ReconnectNeeded, "connect GitHub again"),
    (400, "external_account_missing_refresh_token", sc.ReconnectNeeded, "connect GitHub again"),
    (400, "oauth_token_retrieval_error", sc.ReconnectNeeded, "connect GitHub again"),
    (422, "external_account_email_address_verification_required", sc.NotConnected, "verify the e-mail address"),
    (429, "too_many_requests", sc.RateLimited, "Come back"),
    (500, "internal_clerk_error", sc.Unavailable, "again"),
    (400, "api_version_invalid", sc.RequestRefused, "API version"),
    (422, "form_param_format_invalid", sc.RequestRefused, "parameters"),
]


@pytest.mark.parametrize(("status", "code", "error", "cure"), CODES, ids=[f"{case[0]}-{case[1]}" for case in CODES])
async def test_each_code_says_what_to_do(status, code, error, cure):
    """Each of Clerk's codes for one user's tokens is one of our errors, with its own cure and Clerk's trace id."""
    application = refusing(status, code)
    async with asking(application, max_wait=900) as client:
        with pytest.raises(error) as caught:
            await client.token(USER, "github")
    assert cure in caught.value.cure
    assert type(caught.value) is error
    if error is not sc.InvalidKey:
        assert (caught.value.trace_id, caught.value.status) == ("t-1", status)
    tries = {"oauth_token_retrieval_error": 2, "too_many_requests": 5, "internal_clerk_error": 5}
    assert len(application.asked) == tries.get(code, 1)


async def test_the_edge_that_blocks_is_told_apart():
    """Cloudflare's refusal of the client's name is a matter of the machine, not of the key."""
    async with asking(Clerk(403, b"error code: 1010")) as client:
        with pytest.raises(sc.SetupError, match="edge"):
            await client.users()


TOKEN = {"token": "some-token", "external_account_id": "eac_1", "provider_user_id": "1"}


@pytest.mark.parametrize("body", [[TOKEN], {"data": [TOKEN], "total_count": 1}, [{**TOKEN, "object": "new", "x": {}}]])
async def test_both_shapes_of_the_token_list_are_read(body):
    """Tokens come as a bare list or as a page with a count."""
    application = Clerk(200, body)
    async with asking(application) as client:
        found = await client.token(USER, "github")
    assert (found.token.reveal(), found.external_account_id) == ("some-token", "eac_1")
    assert application.asked == [(f"/v1/users/{USER}/oauth_access_tokens/oauth_github", "paginated=true&limit=100")]


@pytest.mark.parametrize("name", ["google", "oauth_google", "Google"])
async def test_a_provider_may_be_written_as_a_strategy(name):
    """The bare name and Clerk's strategy ask for the same thing."""
    application = Clerk(200, [TOKEN])
    async with asking(application) as client:
        await client.token(USER, name)
    assert application.asked[0][0].endswith("/oauth_google")


async def test_several_accounts_must_be_told_apart():
    """Of several accounts, the one named is given; none is chosen in silence."""
    application = Clerk(200, [TOKEN, {**TOKEN, "token": "other-token", "external_account_id": "eac_2"}])
    async with asking(application) as client:
        with pytest.raises(sc.UsageError, match="eac_1, eac_2"):
            await client.token(USER, "github")
        assert (await client.token(USER, "github", account="eac_2")).token.reveal() == "other-token"
        with pytest.raises(sc.NotConnected):
            await client.token(USER, "github", account="eac_3")


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"3", b'"text"', b'{"data": 3}'])
async def test_what_is_no_list_is_said_so(body):
    """An answer that holds no list of tokens is an error, not an empty list."""
    async with asking(Clerk(200, body)) as client:
        with pytest.raises(sc.MalformedResponse):
            await client.token(USER, "github")


def test_an_odd_user_does_not_fail_the_page():
    """One record that is no user is left out; odd fields of others are borne."""
    body = json.dumps(
        [
            {"id": "user_a", "external_accounts": [{"id": "idn_1", "external_account_id": "eac_1"}], "new": {}},
            {"id": None},
            "user",
            {"id": "user_b", "external_accounts": [], "created_at": "yesterday"},
        ]
    ).encode()
    assert [user.id for user in rows(body, User)] == ["user_a", "user_b"]


@pytest.mark.parametrize(
    ("record", "known"),
    [
        ({"id": "eac_1", "provider": "oauth_github"}, ("eac_1", "github")),
        ({"id": "eac_1", "provider": "github"}, ("eac_1", "github")),
        ({"id": "idn_1", "external_account_id": "eac_1", "provider": "oauth_google"}, ("eac_1", "google")),
        ({"id": "eac_1", "provider": "oauth_token_dropbox"}, ("eac_1", "dropbox")),
        ({"id": "eac_1", "provider": "oauth_custom_acme"}, ("eac_1", "custom_acme")),
        ({"id": "eac_1", "provider": "hugging_face"}, ("eac_1", "huggingface")),
    ],
)
def test_an_account_is_known_by_its_canonical_id(record, known):
    """Prefixes of providers go, and the `eac_` id is taken where Clerk gives another first."""
    account = ExternalAccount.model_validate(record)
    assert (account.id, account.provider) == known


@pytest.mark.parametrize(
    ("verification", "connected"),
    [
        (None, True),
        ({}, True),
        ({"status": "verified"}, True),
        ({"status": "unverified"}, False),
        ({"status": "transferable"}, False),
        ({"status": "expired"}, False),
    ],
)
def test_connected_is_finished(verification, connected):
    """Only an attempt that was finished counts as connected."""
    assert ExternalAccount.model_validate({"id": "eac_1", "verification": verification}).connected is connected


async def test_windows_side_by_side_give_everybody_once_and_in_order():
    """7,000 users walked in stretches of time are all there, once, newest first."""
    async with opened(7000) as (world, client):
        frame = await client.users(columns=["created_at"])
    assert frame["user_id"].tolist() == [world.world.user_id(index) for index in range(7000)]
    assert frame["created_at"].is_monotonic_decreasing
    assert world.requests.throttled.total() == 0


@pytest.mark.parametrize("users", [1, 2, 499, 500, 501, 502, 1000, 1001])
async def test_no_size_of_instance_loses_anybody(users):
    """Where a page is just full, or one user more, nobody is lost or doubled."""
    async with opened(users) as (world, client):
        frame = await client.users(columns=["email"])
        accounts = await client.accounts()
    assert frame["user_id"].tolist() == [world.world.user_id(index) for index in range(users)]
    assert accounts["user_id"].map(world.world.find_user).is_monotonic_increasing


async def test_many_ids_go_in_hundreds():
    """More ids than one request takes are asked for in several, and all are found."""
    async with opened(400) as (world, client):
        ids = [world.world.user_id(index) for index in range(0, 400, 1)][:250]
        frame = await client.users(user_id=ids, columns=["email"])
        asked = [served.query.count("user_id=") for served in world.requests]
        accounts = await client.accounts(ids)
    assert set(frame["user_id"]) == set(ids)
    assert len(frame) == 250
    assert max(asked) <= 100
    assert set(accounts["user_id"]) <= set(ids)


async def test_the_limit_is_one_that_clerk_keeps():
    """No request asks for more than 500, which Clerk would answer with ten."""
    async with opened(1200) as (world, client):
        await client.users()
        await client.read("google.profile", on_error="ignore")
    limits = {part for served in world.requests for part in served.query.split("&") if part.startswith("limit=")}
    assert limits <= {"limit=500", "limit=1", "limit=100"}


async def test_filters_go_to_clerk():
    """Filters narrow the listing at Clerk, and count() counts the same."""
    async with opened(300) as (world, client):
        email = world.world.person(7).email
        frame = await client.users(email_address=email)
        assert frame["user_id"].tolist() == [world.world.user_id(7)]
        assert await client.count(email_address=[email]) == 1
        assert await client.count() == 300


async def test_the_instance_and_its_providers():
    """The key's instance is told, and the enabled providers by bare name with their titles."""
    async with opened(1) as (_, client):
        assert (await client.instance()).id.startswith("ins_")
        assert "notion" in (await client.providers())["provider"].tolist()


@pytest.mark.parametrize(("key", "limit"), [("sk_" + "live_x", 1000), ("sk_" + "test_x", 100), ("other", 100)])
def test_the_budget_follows_the_kind_of_key(key, limit):
    """A production key has Clerk's higher limit, any other the lower one."""
    client = sc.AsyncClient(key)
    assert [budget.requests for budget in client._clerk.connector.budgets] == [limit]


async def test_a_listing_that_leads_back_ends():
    """Pages of users that repeat end the listing with an error instead of going on for ever."""
    async with opened(7000, faults=["clerk:cursor_loop"]) as (_, client):
        with pytest.raises(sc.PagingLoop, match="Clerk's users"):
            await client.users()
        run = await client.read("google.profile", on_error="ignore")
    assert run.outcomes["reason"].iloc[-1] == "paging_loop"
