"""An OpenID Connect provider of one's own: what is believed of its description, and what is read of it then."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager

import pytest
from tests.test_hostile import held, shown
from tests.worlds import client_of, user_of

import socialconnect as sc
from socialconnect.anywhere.oidc import described
from socialconnect.reading.extract import Extractor
from socialconnect.sandbox import Sandbox

ISSUER = "https://login.acme.example"
AT = f"{ISSUER}/.well-known/openid-configuration"
DOCUMENT = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "userinfo_endpoint": "https://api.acme.example/oidc/userinfo",
}


class Acme:
    """An application in front of a world: it has the discovery document, and counts who asks for it."""

    def __init__(self, world, reply):
        self.world = world
        self.reply = reply
        self.asked = []

    async def __call__(self, scope, receive, send):
        headers = dict(scope["headers"])
        if headers[b"host"].decode() != ISSUER.removeprefix("https://"):
            await self.world.app(scope, receive, send)
            return
        self.asked.append((scope["path"], headers.get(b"authorization")))
        status, more, body = self.reply
        await send({"type": "http.response.start", "status": status, "headers": more})
        await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def acme(document=DOCUMENT, *, status=200, headers=(), users=40, **world):
    """A client, and what stands before its world, in which people have connected Acme."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    world = Sandbox(users=users, connectors=[described("custom_acme", DOCUMENT)], **world)
    application = Acme(world, (status, list(headers), body))
    async with client_of(world, application=application) as client:
        yield client, application


@pytest.mark.looptime
async def test_it_is_read_as_any_other():
    """One fetch without a token, and the provider has a profile, a plan, a coverage and an address to ask."""
    async with acme() as (client, application):
        bound = await client.custom("custom_acme", discovery=AT)
        assert repr(bound) == "<Acme: profile>"
        assert client.custom_acme is bound
        assert await client.custom("custom_acme", discovery=DOCUMENT) is client.custom_acme is not bound
        run = await client.read("custom_acme.profile", on_error="ignore")
        assert len(run.frame) >= 10
        assert {"ok", "failed"} <= set(run.outcomes["status"])
        coverage = await client.coverage("custom_acme.profile")
        assert (coverage["state"] == "readable").sum() >= 10
        assert (await client.plan("custom_acme.profile")).accounts >= 10
        user = run.frame["user_id"].iloc[0]
        frame = await client.custom_acme.profile(user, columns=["sub", "email"])
        assert frame["sub"].tolist() == run.frame.query("user_id == @user")["sub"].tolist()
        answer = await client.get("custom_acme", "/oidc/userinfo", frame)
        assert answer.json()["sub"] == frame["sub"].iloc[0]
        assert application.asked == [("/.well-known/openid-configuration", None)]


def test_a_synchronous_client_has_it_too():
    """`client.custom` gives what `client.custom_acme` is, and may be called again with a better description."""
    client = sc.sandbox(users=10)
    first = client.custom("oauth_custom_acme", discovery=DOCUMENT, title="Acme Login")
    assert first is client.custom_acme
    assert repr(first) == "<Acme Login: profile>"
    assert "custom_acme" in dir(client)
    again = client.custom("custom_acme", discovery={**DOCUMENT, "userinfo_endpoint": "https://x.acme.example/me"})
    assert again is client.custom_acme is not first
    assert client.connectors["custom_acme"].origin == "https://x.acme.example"


def test_it_is_offered_where_resources_are_chosen():
    """The picker of resources has it from then on."""
    client = sc.sandbox(users=10)
    client.custom("custom_acme", discovery=DOCUMENT)
    assert sc.ResourcePicker(client, resource="custom_acme.profile").resource == "custom_acme.profile"


@pytest.mark.parametrize("name", ["acme", "custom_", "github", "", "custom_Ac me", None, 3])
def test_a_name_that_clerk_would_not_have_is_refused(name):
    """Custom providers are called custom_ and a key."""
    with pytest.raises(sc.UsageError):
        sc.sandbox(users=1).custom(name, discovery=DOCUMENT)


def test_a_connector_of_the_callers_stays():
    """What was declared by hand is not replaced by a description."""
    own = sc.Connector("custom_acme", "https://a.example", [sc.Resource("x", "/x", columns=sc.columns("string", "id"))])
    client = sc.sandbox(users=1, connectors=[own])
    with pytest.raises(sc.UsageError, match="already"):
        client.custom("custom_acme", discovery=DOCUMENT)
    assert [one.name for one in client.connectors["custom_acme"].resources] == ["x"]


@pytest.mark.parametrize(
    "address",
    [
        "http://login.acme.example/.well-known/openid-configuration",
        "https://user@login.acme.example/.well-known/openid-configuration",
        "https://login.acme.example",
        "https://login.acme.example/.well-known/openid-configuration?x=1",
        "file:///.well-known/openid-configuration",
        "",
        None,
        7,
    ],
)
def test_an_address_that_is_none_is_refused(address):
    """Only https (or this machine), and only where OpenID Connect puts the document."""
    with pytest.raises(sc.UsageError):
        sc.sandbox(users=1).custom("custom_acme", discovery=address)


OTHER = "https://evil.example"
DISTRUSTED = {
    "another's": {**DOCUMENT, "issuer": OTHER},
    "longer": {**DOCUMENT, "issuer": f"{ISSUER}/x"},
    "none": {**DOCUMENT, "issuer": None},
    "no userinfo": {**DOCUMENT, "userinfo_endpoint": None},
    "in the clear": {**DOCUMENT, "userinfo_endpoint": "http://login.acme.example/me"},
    "this machine": {**DOCUMENT, "userinfo_endpoint": "http://127.0.0.1/me"},
    "this machine, encrypted": {**DOCUMENT, "userinfo_endpoint": "https://user@acme.example/me"},
    "holes": {**DOCUMENT, "userinfo_endpoint": f"{ISSUER}/{{me}}"},
    "no address": {**DOCUMENT, "userinfo_endpoint": "/me"},
    "a list": [DOCUMENT],
    "no JSON": b"<html>",
}


@pytest.mark.parametrize("document", DISTRUSTED.values(), ids=DISTRUSTED)
@pytest.mark.looptime
async def test_a_document_that_cannot_be_trusted_is_refused(document):
    """Another issuer's, one without userinfo, or one that would send tokens where none may go."""
    async with acme(document) as (client, application):
        with pytest.raises(sc.SetupError):
            await client.custom("custom_acme", discovery=AT)
        assert "custom_acme" not in client.connectors
        assert len(application.asked) == 1


@pytest.mark.looptime
async def test_an_issuer_may_end_in_a_slash():
    """The document's address has lost the slash at the end of its issuer, as the standard says."""
    async with acme({**DOCUMENT, "issuer": f"{ISSUER}/"}) as (client, _):
        assert repr(await client.custom("custom_acme", discovery=AT)) == "<Acme: profile>"


@pytest.mark.parametrize(("status", "headers"), [(404, []), (403, []), (401, []), (400, [])])
@pytest.mark.looptime
async def test_a_document_that_is_not_there_is_told(status, headers):
    """Without a document there is no provider, and the error names the address."""
    async with acme(status=status, headers=headers) as (client, _):
        with pytest.raises(sc.SetupError, match="openid-configuration"):
            await client.custom("custom_acme", discovery=AT)


@pytest.mark.looptime
async def test_no_other_host_is_asked_for_it():
    """A redirect to another host is refused; one on its own host is followed."""
    async with acme(status=302, headers=[(b"location", f"{OTHER}/x".encode())]) as (client, application):
        with pytest.raises(sc.ForeignOrigin) as caught:
            await client.custom("custom_acme", discovery=AT)
        held(*shown(caught.value))
        assert len(application.asked) == 1


@pytest.mark.looptime
async def test_its_tokens_go_to_its_userinfo_and_what_was_named():
    """Neither the issuer's host nor any other gets a token, but for those that the caller names."""
    async with acme() as (client, _):
        await client.custom("custom_acme", discovery=AT)
        user = (await client.custom_acme.profile(on_error="ignore"))["user_id"].iloc[0]
        with pytest.raises(sc.ForeignOrigin):
            await client.get("custom_acme", f"{ISSUER}/me", user)
        await client.custom("custom_acme", discovery=AT, origins=["https://data.acme.example"])
        assert client.connectors["custom_acme"].origins == ("https://api.acme.example", "https://data.acme.example")
        with pytest.raises(sc.UsageError):
            await client.custom("custom_acme", discovery=AT, origins=["http://data.acme.example"])


@pytest.mark.looptime
@pytest.mark.parametrize("kind", ["echo_token", "foreign_redirect", "malformed", "revoked"])
async def test_nothing_of_it_shows(caplog, kind):
    """A userinfo that misbehaves gets no token into any text."""
    caplog.set_level("DEBUG")
    async with acme(faults=[f"custom_acme:{kind}"]) as (client, _):
        await client.custom("custom_acme", discovery=AT)
        run = await client.read("custom_acme.profile", on_error="ignore")
        held(run.frame.to_csv(), run.outcomes.to_csv(), repr(run), caplog.text)
        for error in run.errors:
            held(*shown(error))


def _page(claims):
    resource = described("custom_acme", DOCUMENT).resource("profile")
    page = Extractor(resource, resource.columns, raw=True).page(json.dumps(claims).encode())
    names = [column.name for column in resource.columns]
    return dict(zip([*names, "raw"], (values[0] for values in page.columns), strict=True)), page.drift


def test_claims_are_read_as_providers_write_them():
    """Numbers for texts, texts for truths, either way of a time; what is beyond the standard is in raw."""
    row, drift = _page(
        {
            "sub": 17,
            "email_verified": "true",
            "phone_number_verified": False,
            "address": {"country": "NO"},
            "updated_at": 1601285210,
            "https://acme.example/roles": ["admin"],
        }
    )
    assert (row["sub"], row["email_verified"], row["phone_number_verified"]) == ("17", True, False)
    assert row["address"] == '{"country":"NO"}'
    assert row["updated_at"] == 1601285210_000_000
    assert json.loads(row["raw"]) == {"https://acme.example/roles": ["admin"]}
    assert not drift
    row, drift = _page({"updated_at": "2020-09-28T09:26:50Z", "email_verified": 1, "name": None})
    assert row["updated_at"] in (1601285210_000_000, "2020-09-28T09:26:50Z")
    assert (row["sub"], row["name"]) == (None, None)


@pytest.mark.looptime
@pytest.mark.parametrize(
    ("status", "headers", "body", "error"),
    [
        (
            403,
            [(b"www-authenticate", b'Bearer error="insufficient_scope", scope="openid email"')],
            b"",
            "missing_scope",
        ),
        (403, [(b"www-authenticate", b'Bearer error="invalid_token"')], b"", "reconnect_needed"),
        (401, [], b"", "reconnect_needed"),
        (200, [(b"content-type", b"application/jwt")], b"eyJ.eyJ.x", "setup"),
    ],
)
async def test_errors_are_understood_as_the_standard_has_them(status, headers, body, error):
    """RFC 6750 says what is wrong with a token in a header; userinfo that is signed is told as such."""

    class Refusing(Acme):
        async def __call__(self, scope, receive, send):
            if dict(scope["headers"])[b"host"] == b"api.acme.example":
                await send({"type": "http.response.start", "status": status, "headers": headers})
                await send({"type": "http.response.body", "body": body})
            else:
                await super().__call__(scope, receive, send)

    world = Sandbox(users=40, connectors=[described("custom_acme", DOCUMENT)])
    application = Refusing(world, (200, [], json.dumps(DOCUMENT).encode()))
    async with client_of(world, application=application) as client:
        await client.custom("custom_acme", discovery=AT)
        with pytest.raises(sc.SocialConnectError) as caught:
            await client.custom_acme.profile(user_of(world, "custom_acme"))
    assert caught.value.code == error
    if error == "missing_scope":
        assert caught.value.required == ("openid", "email")
