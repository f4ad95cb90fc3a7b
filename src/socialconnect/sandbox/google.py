"""Google's userinfo, in its two dialects: https://www.googleapis.com/oauth2/v2/userinfo and OpenID Connect's.

A narrow account granted `openid` alone, or with the e-mail scope; an underscoped one granted something else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from socialconnect.sandbox import dice
from socialconnect.sandbox.answers import Answer, Call, answer

if TYPE_CHECKING:
    from socialconnect.sandbox.tokens import Tokens
    from socialconnect.sandbox.world import Account, World

HOST = "www.googleapis.com"
OPENID = "openidconnect.googleapis.com"
HOSTS = (HOST, OPENID)
_V2 = ("/oauth2/v2/userinfo", "/userinfo/v2/me", "/oauth2/v1/userinfo")
_OIDC = {HOST: ("/oauth2/v3/userinfo",), OPENID: ("/v1/userinfo",)}
_AUTH = "https://www.googleapis.com/auth/"
_NEEDED = ("openid", f"{_AUTH}userinfo.email", f"{_AUTH}userinfo.profile", "email", "profile")
_STATES = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}
_REALM = 'Bearer realm="https://accounts.google.com/"'
_HELP = (
    "Expected OAuth 2 access token, login cookie or other valid authentication credential. "
    "See https://developers.google.com/identity/sign-in/web/devconsole-project."
)


class Google:
    """Answers for Google's hosts."""

    def __init__(self, tokens: Tokens) -> None:
        self._world = tokens.world
        self._tokens = tokens

    def __call__(self, call: Call) -> Answer:
        """The profile of the token's account."""
        oidc = call.path in _OIDC.get(call.host, ())
        if not self.knows(call):
            return failure(404, "notFound", "Requested entity was not found.")
        account = self._tokens.holder(call.bearer, "google", call.now)
        if account is None:
            return unauthenticated(sent=bool(call.bearer), oidc=oidc)
        scopes = set(self._tokens.scopes(account))
        if not scopes & set(_NEEDED):
            return insufficient(_NEEDED[:3])
        found = profile(self._world, account, scopes)
        return answer(200, _as_claims(found) if oidc else found)

    def knows(self, call: Call) -> bool:
        """Whether the path is one of those written here."""
        return call.path in _OIDC.get(call.host, ()) or (call.host == HOST and call.path in _V2)


def profile(world: World, account: Account, scopes: set[str]) -> dict[str, object]:
    """What the second version of userinfo says, as far as the scopes allow."""
    person = world.person(account.user)
    chance = dice.number(world.seed, "google", account.number)
    found: dict[str, object] = {"id": account.provider_user_id}
    if scopes & {"email", f"{_AUTH}userinfo.email"}:
        found |= {"email": account.email, "verified_email": chance % 20 != 3}
    if scopes & {"profile", f"{_AUTH}userinfo.profile"}:
        found["name"] = person.name
        found |= {
            key: value
            for key, value in (("given_name", person.first_name), ("family_name", person.last_name))
            if value is not None
        }
        if chance % 11 == 0:
            found["locale"] = "de"
    found["picture"] = f"https://img.sandbox.example/{account.provider_user_id}"
    if chance % 4 == 0:
        found["hd"] = "example.com"
    return found


def _as_claims(found: dict[str, object]) -> dict[str, object]:
    names = {"id": "sub", "verified_email": "email_verified", "link": "profile"}
    return {names.get(key, key): value for key, value in found.items()}


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


def insufficient(accepted: tuple[str, ...]) -> Answer:
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
