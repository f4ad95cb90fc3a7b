"""What Microsoft Graph's scopes contain and what its answers mean: https://learn.microsoft.com/en-us/graph/errors."""

from __future__ import annotations

from socialconnect.reading.decide import ErrorRule, Manners

GRAPH = "https://graph.microsoft.com"
USER = ("User.Read", "User.ReadWrite")
MAIL = ("Mail.ReadBasic", "Mail.Read", "Mail.ReadWrite")
CALENDARS = ("Calendars.ReadBasic", "Calendars.Read", "Calendars.ReadWrite")
FILES = ("Files.Read", "Files.ReadWrite", "Files.Read.All", "Files.ReadWrite.All")
_WIDER = {wider: (least,) for least, *others in (USER, CALENDARS, FILES) for wider in others} | {
    "Mail.ReadWrite": ("Mail.Read",),
    "Mail.Read": ("Mail.ReadBasic",),
}
_POLICY = "A policy of the user's organisation wants more of them: they must sign in again, as it says."
_NO_MAILBOX = "The account has no mailbox at Microsoft: it may have no licence for one, or keep its mail elsewhere."


def lacking(scope: str) -> tuple[ErrorRule, ...]:
    """A 403 is a missing permission where the token has none that would do; nothing in the body tells it apart."""
    return (ErrorRule("scope", status=(403,), required=f"={scope}", disjoint=True),)


MANNERS = Manners(
    rules=(
        ErrorRule("throttled", status=(429, 509), wait=("retry-after", "10")),
        ErrorRule("denied", status=(401, 403), text=r"insufficient_claims", cure=_POLICY),
        ErrorRule("denied", status=(401, 403), header="www-authenticate=insufficient_claims", cure=_POLICY),
        ErrorRule(
            "denied",
            status=(403, 404),
            at="error.code|error.innerError.code",
            values=("MailboxNotEnabledForRESTAPI", "MailboxNotSupportedForRESTAPI", "ErrorNonExistentMailbox"),
            cure=_NO_MAILBOX,
        ),
    ),
    message="error.message|error_description|error",
    codes="error.code",
    trace="request-id|body:error.innerError.request-id",
    # Scopes come under their short names or, from some of Microsoft's endpoints, as addresses.
    implies=_WIDER | {f"{GRAPH}/{scope}": (scope,) for scope in (*USER, *MAIL, *CALENDARS, *FILES)},
)
