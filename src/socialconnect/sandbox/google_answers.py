"""Google's errors in both of their shapes, and its pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socialconnect.sandbox.answers import Answer, Call, answer, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from socialconnect.sandbox.world import Account, World

AUTH = "https://www.googleapis.com/auth/"
MOST = 100  # rows of a page, however many are asked for: Google may always send fewer
_STATES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    410: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}
_REALM = 'Bearer realm="https://accounts.google.com/"'
_HELP = (
    "Expected OAuth 2 access token, login cookie or other valid authentication credential. "
    "See https://developers.google.com/identity/sign-in/web/devconsole-project."
)


class Wrong(Exception):
    """What Google answers instead of what was asked."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def failure(status: int, reason: str, message: str, headers: dict[str, str] | None = None, info: str = "") -> Answer:
    """An error as Google writes it, in both of its shapes at once."""
    error: dict[str, object] = {
        "code": status,
        "message": message,
        "errors": [{"message": message, "domain": "global", "reason": reason}],
        "status": _STATES[status],
    }
    if info:
        kind = "type.googleapis.com/google.rpc.ErrorInfo"
        error["details"] = [{"@type": kind, "reason": info, "domain": "googleapis.com", "metadata": {}}]
    return answer(status, {"error": error}, headers)


def invalid(message: str, reason: str = "badRequest") -> Wrong:
    """The refusal of a request that is not as documented."""
    return Wrong(failure(400, reason, message))


def unauthenticated(*, sent: bool, oidc: bool) -> Answer:
    """The refusal of a token, or of a request without one."""
    challenge = {"www-authenticate": f'{_REALM}, error="invalid_token"' if sent else _REALM}
    if oidc:
        return answer(401, {"error": "invalid_request", "error_description": "Invalid Credentials"}, challenge)
    if not sent:
        message = f"Request is missing required authentication credential. {_HELP}"
        return failure(401, "required", message, challenge, "CREDENTIALS_MISSING")
    message = f"Request had invalid authentication credentials. {_HELP}"
    return failure(401, "authError", message, challenge)


def insufficient(accepted: Sequence[str]) -> Answer:
    """The refusal of a token that lacks the scope; the challenge names those that would do."""
    challenge = {"www-authenticate": f'{_REALM}, error="insufficient_scope", scope="{" ".join(accepted)}"'}
    message = "Request had insufficient authentication scopes."
    reason = "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
    return failure(403, "insufficientPermissions", message, challenge, reason)


def throttled(wait: float | None) -> Answer:
    """Google's two ways of saying that it is too much: 429 with Retry-After here, 403 without."""
    if wait is None:
        return failure(403, "userRateLimitExceeded", "User Rate Limit Exceeded")
    message = "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user'."
    headers = {"retry-after": str(int(wait))}
    return failure(429, "rateLimitExceeded", message, headers, "RATE_LIMIT_EXCEEDED")


def throttled_page() -> Answer:
    """A third way: the page that Google's front end shows to people."""
    page = "<!DOCTYPE html><title>Error 429 (Too Many Requests)!!1</title><p>That's all we know."
    return Answer(429, page.encode(), {"content-type": "text/html; charset=UTF-8"})


def size_of(call: Call, name: str, most: int) -> int:
    """How many rows a page has; refused beyond what the method takes."""
    asked = whole(call.param(name), MOST)
    if not 1 <= asked <= most:
        raise invalid(f"Invalid value at '{name}'.", "invalid")
    return min(asked, MOST)


def flag(call: Call, name: str) -> bool:
    """A parameter that is true or false."""
    text = call.param(name).lower()
    if text not in ("", "true", "false"):
        raise invalid(f"Invalid value at '{name}'.", "invalid")
    return text == "true"


def changed_since(call: Call, world: World, owner: str, excludes: Sequence[str] = ()) -> int | None:
    """The number of the change that a sync token was given after; None where the call has none.

    One that is too old is refused: by 410 at Calendar, which asks for a full synchronisation, by 400 at People.
    """
    token = call.param("syncToken")
    if not token:
        return None
    for name in excludes:
        if call.param(name):
            raise invalid(f"{name} cannot be specified together with a sync token.")
    head, _, number = token.rpartition(".")
    generation = head.removeprefix(f"sync-{owner}-")
    if not head.startswith(f"sync-{owner}-") or not number.isdecimal():
        raise invalid("Sync token is invalid.", "invalidParameterValue")
    if generation != str(world.generation):
        message = "Sync token is no longer valid, a full sync is required."
        if call.host.startswith("people."):
            raise Wrong(failure(400, "failedPrecondition", message, info="EXPIRED_SYNC_TOKEN"))
        raise Wrong(failure(410, "fullSyncRequired", message))
    return int(number)


def sync_token(world: World, owner: str, number: int) -> str:
    """The token that asks for what has changed after the change of that number."""
    return f"sync-{owner}-{world.generation}.{number}"


def listing(
    call: Call,
    account: Account,
    rows: Sequence[int],
    make: Callable[[int], dict[str, object]],
    name: str,
    size: int,
    sync: str = "",
) -> dict[str, object]:
    """One page of the rows at these positions; after the first of several comes an empty one that goes on all the same.

    Every other parameter must stay what it was: a token is of one listing of one account. The last one has `sync`.
    """
    owner = f"{call.path.rpartition('/')[2]}.{account.compact:x}."
    token = call.param("pageToken")
    start, empty = 0, False
    if token:
        position, _, again = token.removeprefix(owner).partition("-")
        if not token.startswith(owner) or not position.isdecimal():
            raise invalid("Invalid pageToken.", "invalidPageToken")
        start, empty = int(position), again == "pause"
    if "cursor_loop" in call.faults:
        start, empty = 0, False
    chosen = [] if empty else rows[start : start + size]
    found: dict[str, object] = {name: [make(position) for position in chosen]} if chosen else {}
    end = start + len(chosen)
    if end < len(rows) or "cursor_loop" in call.faults:
        found["nextPageToken"] = f"{owner}{end}{'-pause' if not token else ''}"
    elif sync:
        found["nextSyncToken"] = sync
    return found
