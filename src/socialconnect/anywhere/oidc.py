"""What OpenID Connect says of every provider: how it describes itself, and what its userinfo tells of a person."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from socialconnect.errors import SetupError, UsageError
from socialconnect.reading.decide import ErrorRule, Manners
from socialconnect.reading.declare import Column, Connector, Profile, Resource, columns
from socialconnect.settings import check_address, is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from socialconnect.reading.paths import Json

WELL_KNOWN = "/.well-known/openid-configuration"
_CORE = "https://openid.net/specs/openid-connect-core-1_0.html"

# https://openid.net/specs/openid-connect-core-1_0.html#StandardClaims, as strictly as providers keep to it
_CLAIMS = (
    *columns("string", "sub", form="text"),
    *columns(
        "string",
        "preferred_username name given_name middle_name family_name nickname email",
        personal=True,
    ),
    *columns("boolean", "email_verified", form="text"),
    *columns("string", "picture profile website gender birthdate", personal=True),
    *columns("string", "zoneinfo locale"),
    *columns("string", "phone_number", personal=True),
    *columns("boolean", "phone_number_verified", form="text"),
    Column("address", "json", personal=True),
    *columns("datetime", "updated_at", form="s"),
)

_RULES = (
    ErrorRule("scope", status=(401, 403), header="www-authenticate=insufficient_scope", required="challenge"),
    ErrorRule("token", status=(400, 403), header="www-authenticate=invalid_token"),
    ErrorRule(
        "setup",
        status=(200,),
        header="content-type=application/jwt",
        cure="It signs its userinfo: let it answer this client in plain JSON (userinfo_signed_response_alg: none).",
    ),
)


def origin_of(address: object, what: str) -> str:
    """Scheme and host of an address to which a token may be sent; else a UsageError."""
    if not isinstance(address, str):
        raise UsageError(f"{what} is no address.", cure="Use https://…")
    check_address(address, what)
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def issuer_of(discovery: str) -> str:
    """Who speaks at a discovery address; a UsageError where it is none."""
    origin_of(discovery, "The discovery address")
    if not discovery.endswith(WELL_KNOWN):
        raise UsageError(
            f"{discovery!r} is no discovery address.", cure=f"It is the issuer's, and ends in {WELL_KNOWN}."
        )
    return discovery.removesuffix(WELL_KNOWN)


def described(
    name: str, document: Mapping[str, Json], *, issuer: str = "", title: str = "", origins: Iterable[str] = ()
) -> Connector:
    """The connector of a provider that describes itself so; a SetupError where the document cannot be trusted.

    https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationValidation

    >>> acme = {"issuer": "https://acme.example", "userinfo_endpoint": "https://acme.example/me"}
    >>> described("custom_acme", acme).title
    'Acme'
    """
    said, userinfo = document.get("issuer"), document.get("userinfo_endpoint")
    if not isinstance(said, str) or (issuer and said.rstrip("/") != issuer.rstrip("/")):
        raise SetupError(
            f"The discovery document of {name} is another's: it names the issuer {said!r}.",
            cure=f"It must name {issuer}." if issuer else "It must name one.",
        )
    if not isinstance(userinfo, str):
        raise SetupError(f"{name} has no userinfo: its discovery document names no userinfo_endpoint.", cure=_INSTEAD)
    try:
        home = origin_of(userinfo, "The userinfo_endpoint")
        near = is_loopback(urlsplit(said).hostname or "")
    except (UsageError, ValueError) as error:
        refused = str(error)
    else:
        refused = "" if near or userinfo.startswith("https://") else "It is on this machine, and its issuer is not."
    if refused or set("{}#") & set(userinfo):
        raise SetupError(f"{name} names a userinfo_endpoint that no token may be sent to. {refused}", cure=_INSTEAD)
    return Connector(
        name,
        home,
        (_profile(userinfo),),
        title=title or name.removeprefix("custom_").replace("_", " ").title(),
        doc="An OpenID Connect provider, as its discovery document describes it.",
        source="https://openid.net/specs/openid-connect-discovery-1_0.html",
        origins=tuple(origin_of(one, "origins") for one in origins),
        manners=Manners(rules=_RULES),
        profile=Profile(
            handle="preferred_username",
            name="name",
            email="email",
            email_verified="email_verified",
            avatar_url="picture",
            profile_url="profile",
            locale="locale",
        ),
    )


_INSTEAD = "Declare a Connector for it instead: `socialconnect new-connector` writes the file."


def _profile(userinfo: str) -> Resource:
    return Resource(
        "profile",
        userinfo,
        doc="The person behind the token, by the standard claims of OpenID Connect.",
        source=f"{_CORE}#StandardClaims",
        single=True,
        fuller={"profile": "names, pictures, pages and locale", "email": "email and email_verified"},
        key=("sub",),
        columns=_CLAIMS,
        notes=(
            "Which claims come is the provider's choice, and the scopes': address and phone have scopes of their own.",
            "raw=True adds what the provider tells beyond the standard.",
            "updated_at is when the provider last changed any of it.",
        ),
    )
