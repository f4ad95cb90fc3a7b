"""Google's answers and permissions: what its errors mean, which scopes there are and which contain which."""

from __future__ import annotations

from socialconnect.reading.decide import ErrorRule, Manners

AUTH = "https://www.googleapis.com/auth/"
EMAIL, PROFILE = f"{AUTH}userinfo.email", f"{AUTH}userinfo.profile"
MAIL, READ_MAIL = "https://mail.google.com/", f"{AUTH}gmail.readonly"
ALIASES = {"email": EMAIL, "profile": PROFILE}

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
    ErrorRule("scope", status=(403,), text=r"Metadata scope does not support", required=f"={READ_MAIL}"),
    # An account may be without the service, by its own choice or by its administrator's.
    ErrorRule(
        "denied",
        status=(400, 403),
        text=r"Mail service not enabled",
        cure="This Google account has no Gmail mailbox: leave it out.",
    ),
    ErrorRule(
        "denied",
        status=(403,),
        at=_REASON,
        values=("notACalendarUser",),
        cure="This Google account has no Google Calendar: leave it out.",
    ),
    ErrorRule(
        "denied",
        status=(403,),
        at=_REASON,
        values=("domainPolicy",),
        cure="The administrator of the user's Google Workspace switched this service or this app off.",
    ),
    ErrorRule(
        "refused",
        status=(400, 410),
        at=_REASON,
        values=("fullSyncRequired", "updatedMinTooLongAgo", "EXPIRED_SYNC_TOKEN"),
        cure="What is asked for lies too far back: read everything again, without saying since when.",
    ),
    # Token endpoints answer 400 where others say 401.
    ErrorRule("token", status=(400,), at="error_description", values=("Invalid Value", "Invalid Credentials")),
    ErrorRule("token", status=(400,), at="error", values=("invalid_token",)),
)


def _full(text: str) -> tuple[str, ...]:
    return tuple(f"{AUTH}{name}" for name in text.split())


_IMPLIES = {
    MAIL: _full("gmail.modify gmail.labels gmail.compose"),
    **{
        f"{AUTH}{scope}": _full(contained)
        for scope, contained in {
            "gmail.modify": "gmail.readonly",
            "gmail.readonly": "gmail.metadata",
            "contacts": "contacts.readonly",
            "calendar": "calendar.readonly calendar.events calendar.calendarlist calendar.settings",
            "calendar.readonly": "calendar.events.readonly calendar.calendarlist.readonly calendar.settings.readonly",
            "calendar.calendarlist": "calendar.calendarlist.readonly",
            "calendar.settings": "calendar.settings.readonly",
            "calendar.events": "calendar.events.readonly calendar.events.owned",
            "calendar.events.owned": "calendar.events.owned.readonly",
            "calendar.events.readonly": "calendar.events.owned.readonly calendar.events.public.readonly",
            "drive": "drive.readonly drive.metadata drive.file",
            "drive.readonly": "drive.metadata.readonly",
            "drive.metadata": "drive.metadata.readonly",
        }.items()
    },
}

MANNERS = Manners(rules=_RULES, implies=_IMPLIES)
SEARCHED_IN_PART = ErrorRule(
    "partial",
    status=(200,),
    at="incompleteSearch",
    values=("True",),
    cure="Google Drive did not search everything: narrow q, or choose corpora='user' or one shared drive.",
)


def scopes(text: str) -> tuple[str, ...]:
    """Scopes by their last parts, apart by blanks."""
    return _full(text)
