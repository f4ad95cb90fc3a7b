"""LinkedIn: who signed in with OpenID Connect, which is all that apps without a partnership may read."""

from __future__ import annotations

from socialconnect.reading.decide import ErrorRule, Manners
from socialconnect.reading.declare import Column, Connector, Profile, Resource, columns

_DOCS = "https://learn.microsoft.com/en-us/linkedin"

connector = Connector(
    "linkedin_oidc",
    "https://api.linkedin.com",
    (
        Resource(
            "profile",
            "/v2/userinfo",
            doc="The LinkedIn member behind the token.",
            source=f"{_DOCS}/consumer/integrations/self-serve/sign-in-with-linkedin-v2",
            single=True,
            scopes=("openid",),
            fuller={"profile": "names, picture and locale", "email": "the address"},
            key=("sub",),
            columns=(
                *columns("string", "sub name given_name family_name picture", personal=True),
                Column(
                    "locale",
                    "string",
                    fill="{locale.language}-{locale.country}|{locale.language}|{locale}",
                    personal=True,
                ),
                *columns("string", "email", personal=True),
                *columns("boolean", "email_verified", form="text"),
            ),
            notes=(
                "sub is the member's id for your app alone: another app sees another one.",
                "locale is documented as a text (en-US) but also comes as an object: it is that text here either way.",
                "email_verified is a boolean or a text; it and email may be missing.",
                "Tokens end after 60 days, and Clerk can renew none: the member then connects again.",
                "LinkedIn does not verify who its members are.",
            ),
        ),
    ),
    title="LinkedIn",
    doc="Profiles of LinkedIn members.",
    source=f"{_DOCS}/consumer/integrations/self-serve/sign-in-with-linkedin-v2",
    manners=Manners(
        rules=(
            ErrorRule("scope", status=(403,), text=r"Not enough permissions"),
            # Rarely a guard of its servers, which is over soon; else the limit of the day, and no header tells which.
            ErrorRule(
                "throttled",
                status=(429,),
                wait=("retry-after", "15"),
                most=600,
                tries=3,
                cure="LinkedIn counts by the day, for your app and for each member: come back after midnight UTC.",
            ),
        ),
        message="message|error_description|error",
        trace="x-li-uuid|x-li-request-id",
    ),
    profile=Profile(name="name", email="email", email_verified="email_verified", avatar_url="picture", locale="locale"),
)
