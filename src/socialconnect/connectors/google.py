"""Google: the profile of the Google account that a user connected."""

from __future__ import annotations

from socialconnect.reading.decide import ErrorRule, Manners
from socialconnect.reading.declare import Connector, Resource, columns

_AUTH = "https://www.googleapis.com/auth/"
_EMAIL, _PROFILE = f"{_AUTH}userinfo.email", f"{_AUTH}userinfo.profile"
_REASON = "error.details[].reason|error.errors[].reason"
_ENABLE = (
    "Enable the API in the Google Cloud project of the OAuth client that Clerk uses for Google "
    "(console.cloud.google.com/apis/library); with Clerk's shared credentials, set up your own client first."
)

_RULES = (
    ErrorRule(
        "throttled",
        status=(403, 429),
        at=_REASON,
        values=("dailyLimitExceeded", "quotaExceeded"),
        give_up=True,
        cure="The project's quota for today is used up: come back tomorrow, or ask Google for more.",
    ),
    ErrorRule(
        "throttled",
        status=(403, 429),
        at=_REASON,
        values=("rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"),
        wait=("retry-after", "1"),
    ),
    ErrorRule("setup", status=(403,), at=_REASON, values=("SERVICE_DISABLED", "accessNotConfigured"), cure=_ENABLE),
    # Three signs of one thing, none of which is always there.
    ErrorRule(
        "scope",
        status=(403,),
        at=_REASON,
        values=("ACCESS_TOKEN_SCOPE_INSUFFICIENT", "insufficientPermissions"),
        required="challenge",
    ),
    ErrorRule("scope", status=(403,), header="www-authenticate=insufficient_scope", required="challenge"),
    ErrorRule("scope", status=(403,), text=r"insufficient authentication scopes", required="challenge"),
    ErrorRule("scope", status=(403,), text=r"Metadata scope does not support", required=f"={_AUTH}gmail.readonly"),
    # Token endpoints answer 400 where others say 401.
    ErrorRule("token", status=(400,), at="error_description", values=("Invalid Value", "Invalid Credentials")),
    ErrorRule("token", status=(400,), at="error", values=("invalid_token",)),
)

connector = Connector(
    "google",
    "https://www.googleapis.com",
    (
        Resource(
            "profile",
            "/oauth2/v2/userinfo",
            doc="The Google account behind the token: who it is, its address and its picture.",
            source="https://developers.google.com/identity/protocols/oauth2/scopes#oauth2",
            single=True,
            scopes=("openid", _EMAIL, _PROFILE),
            key=("id",),
            columns=(
                *columns("string", "id email", personal=True),
                *columns("boolean", "verified_email", personal=True),
                *columns("string", "name given_name family_name picture", personal=True),
                *columns("string", "hd locale"),
                *columns("string", "link gender", personal=True),
            ),
            notes=(
                "The names need the scope profile, the address needs email; what was not granted is empty.",
                "hd is there for Google Workspace accounts alone; locale, link and gender seldom come any more.",
                "id has 21 digits: a text, never a number.",
            ),
        ),
    ),
    title="Google",
    doc="Profiles of Google accounts.",
    source="https://developers.google.com/identity/protocols/oauth2",
    origins=(
        "https://people.googleapis.com",
        "https://gmail.googleapis.com",
        "https://openidconnect.googleapis.com",
    ),
    manners=Manners(rules=_RULES),
    scope_aliases={"email": _EMAIL, "profile": _PROFILE},
)
