"""What goes to Clerk's Frontend API, and what is made of its answers."""

import json
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl

import pytest
from tests.worlds import client_of

import socialconnect as sc
from socialconnect.clerk.frontend import Frontend, Session
from socialconnect.sandbox import Sandbox
from socialconnect.secret import Secret

pytestmark = pytest.mark.looptime
CONSENT = {
    "response": {
        "id": "eac_1",
        "verification": {"external_verification_redirect_url": "https://github.com/login/oauth/authorize?state=some"},
    }
}


def quiet(_):
    """Who observes nothing."""


class Application:
    """Answers everything with one answer, each time with a newer client token, and keeps what was asked."""

    def __init__(self, answer, status=200):
        self.answer, self.status, self.asked = answer, status, []

    async def __call__(self, scope, receive, send):
        body = (await receive()).get("body", b"")
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        query = dict(parse_qsl(scope["query_string"].decode()))
        self.asked.append((scope["method"], scope["path"], query, parse_qsl(body.decode()), headers))
        newer = f"client-token-{len(self.asked)}".encode()
        await send({"type": "http.response.start", "status": self.status, "headers": [(b"authorization", newer)]})
        await send({"type": "http.response.body", "body": json.dumps(self.answer).encode()})


@asynccontextmanager
async def frontend_of(application):
    async with client_of(Sandbox(users=1), application=application, attempts=1) as client:
        yield Frontend("https://clerk.example.com", "https://accounts.example.com", client._wire)


async def test_a_consent_is_asked_for_as_clerks_libraries_do():
    """A form with one field for each scope, by a program that names its session."""
    application = Application(CONSENT)
    async with frontend_of(application) as frontend:
        session = Session("user_1")
        session.id = "sess_1"
        found = await frontend.create(session, "oauth_github", ["repo", "gist"], "https://r.example", "consent", quiet)
    ((method, path, query, form, headers),) = application.asked
    assert (method, path) == ("POST", "/v1/me/external_accounts")
    assert query == {"_is_native": "1", "_clerk_session_id": "sess_1"}
    assert form == [
        ("strategy", "oauth_github"),
        ("redirect_url", "https://r.example"),
        ("additional_scope", "repo"),
        ("additional_scope", "gist"),
        ("oidc_prompt", "consent"),
    ]
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert "origin" not in headers
    assert (found.account, found.url.reveal()[:19]) == ("eac_1", "https://github.com/")
    assert "state=some" not in repr(found)


async def test_the_newest_client_token_goes_with_each_call():
    """Each answer's token replaces the one before; the first call has none."""
    signed_in = {"response": {"status": "complete", "created_session_id": "sess_1"}}
    application = Application({**signed_in, "response": {**CONSENT["response"], **signed_in["response"]}})
    async with frontend_of(application) as frontend:
        session = await frontend.sign_in("user_1", Secret("some-ticket"), quiet)
        await frontend.reauthorize(session, "eac_1", (), "https://r.example", "", quiet)
        await frontend.end(session, quiet)
    sent = [headers.get("authorization", "").removeprefix("Bearer ") for *_, headers in application.asked]
    assert sent == ["", "client-token-1", "client-token-2"]
    assert [(method, path) for method, path, *_ in application.asked] == [
        ("POST", "/v1/client/sign_ins"),
        ("PATCH", "/v1/me/external_accounts/eac_1/reauthorize"),
        ("POST", "/v1/client/sessions/sess_1/end"),
    ]
    assert application.asked[0][3] == [("strategy", "ticket"), ("ticket", "some-ticket")]


@pytest.mark.parametrize(
    ("answer", "status", "usable"),
    [
        ({"allowed": True, "enabled": True}, 200, True),
        ({"allowed": True, "enabled": False}, 200, False),
        ({"allowed": False, "enabled": True}, 200, False),
        ({}, 200, True),
        ({"errors": [{"code": "authorization_invalid"}]}, 401, True),
        ({"errors": []}, 404, True),
    ],
)
async def test_the_hosted_pages_are_there_unless_clerk_denies_it(answer, status, usable):
    """Only a plain no counts: where Clerk does not say, the pages are taken to be there."""
    async with frontend_of(Application(answer, status)) as frontend:
        assert await frontend.hosted(quiet) is usable


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ("needs_second_factor", "a second factor"),
        ("needs_client_trust", "this new device"),
        ("needs_protect_check", "a check against bots"),
        ("needs_new_password", "a new password"),
        ("needs_something_new", "needs_something_new"),
    ],
)
async def test_what_clerk_wants_beside_the_ticket_is_said(status, says):
    """A sign-in that is not complete names what is missing, and the hosted page as the way out."""
    async with frontend_of(Application({"response": {"status": status}})) as frontend:
        with pytest.raises(sc.AccessDenied, match=says) as caught:
            await frontend.sign_in("user_1", Secret("some-ticket"), quiet)
    assert "flow='portal'" in caught.value.cure


@pytest.mark.parametrize("url", ["", None, "javascript:alert(1)", "ftp://provider.example"])
async def test_an_address_that_no_browser_should_open_is_none(url):
    """Where the answer has no web address to consent at, nobody is sent anywhere."""
    answer = {"response": {"id": "eac_1", "verification": {"external_verification_redirect_url": url}}}
    async with frontend_of(Application(answer)) as frontend:
        with pytest.raises(sc.MalformedResponse):
            await frontend.create(Session("user_1"), "oauth_github", (), "https://r.example", "", quiet)


CODES = [
    ("native_api_disabled", sc.SetupError, "Native applications"),
    ("resource_missmatch", sc.SetupError, "allowlist for redirects"),
    ("redirect_url_domain_mismatch", sc.SetupError, "allowlist for redirects"),
    ("session_reverification_required", sc.AccessDenied, "flow='portal'"),
    ("oauth_account_already_connected", sc.UsageError, "client.disconnect"),
    ("oauth_identification_claimed", sc.NotConnected, "other user"),
    ("oauth_shared_credentials_not_supported", sc.SetupError, "SSO connections"),
    ("oauth_config_missing", sc.SetupError, "SSO connections"),
    ("misconfigured_oauth_provider", sc.SetupError, "SSO connections"),
    ("redirect_uri_mismatch", sc.SetupError, "SSO connections"),
    ("sign_in_token_already_used_code", sc.NotConnected, "connect again"),
    ("sign_in_token_revoked_code", sc.NotConnected, "connect again"),
    ("sign_in_token_cannot_be_used_code", sc.NotConnected, "connect again"),
    ("ticket_expired_code", sc.NotConnected, "connect again"),
    ("ticket_invalid_code", sc.NotConnected, "connect again"),
]


@pytest.mark.parametrize(("code", "error", "cure"), CODES)
async def test_each_code_names_its_switch(code, error, cure):
    """Every refusal that connecting can meet is an error of its own kind, with its code and its cure."""
    refusal = {"errors": [{"code": code, "message": "short", "long_message": "what Clerk says"}]}
    async with frontend_of(Application(refusal, 400)) as frontend:
        with pytest.raises(error, match=code) as caught:
            await frontend.create(Session("user_1"), "oauth_github", (), "https://r.example", "", quiet)
    assert type(caught.value) is error
    assert cure in caught.value.cure
    assert caught.value.status == 400
