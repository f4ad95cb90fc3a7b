"""Clerk's Backend API: users, their external accounts, their OAuth tokens, and what `clerk_desk.py` has.

https://clerk.com/docs/reference/backend-api
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from socialconnect.sandbox import clerk_desk as desk
from socialconnect.sandbox import dice, frontend
from socialconnect.sandbox.answers import Answer, Call, answer, whole
from socialconnect.sandbox.limits import Window
from socialconnect.sandbox.people import user_body
from socialconnect.sandbox.refusals import Refused, failure
from socialconnect.sandbox.selection import newest_first, select

if TYPE_CHECKING:
    from collections.abc import Sequence

    from socialconnect.sandbox.instance import Instance
    from socialconnect.sandbox.world import Account

HOST = "api.clerk.com"
VERSIONS = ("2021-02-05", "2024-10-01", "2025-04-10", "2025-11-10", "2026-05-12")
DEFAULT_LIMIT = 10
MAX_LIMIT = 500

_TROUBLE: dict[str, tuple[int, str, str, str]] = {
    "unrefreshable": (
        422,
        "oauth_missing_refresh_token",
        "Missing refresh token",
        "The OAuth access token has expired and there is no refresh token to renew it with.",
    ),
    "untokened": (
        422,
        "oauth_missing_access_token",
        "Missing access token",
        "There is no OAuth access token stored for this external account.",
    ),
    "unconsented": (
        400,
        "external_account_missing_refresh_token",
        "Missing refresh token",
        "The external account has no refresh token: it must be connected again, with consent.",
    ),
    "refused": (
        400,
        "oauth_token_retrieval_error",
        "Token retrieval failed",
        "Failed to retrieve a new access token from the OAuth provider.",
    ),
}


class Clerk:
    """Answers for `api.clerk.com`."""

    def __init__(self, instance: Instance, *, limits: bool) -> None:
        self._instance = instance
        self._world = instance.world
        self._tokens = instance.tokens
        self._window = Window(1000, 10.0) if limits else None
        self._count = 0

    def __call__(self, call: Call) -> Answer:
        """The answer to one call, with Clerk's headers."""
        self._count += 1
        trace = dice.digest(self._world.seed, "trace", self._count, size=16).hex()
        try:
            found = self._gate(call) or self._route(call)
        except Refused as refusal:
            found = failure(refusal, trace)
        version = call.headers.get("clerk-api-version") or call.param("__clerk_api_version") or VERSIONS[0]
        return found.with_headers(
            clerk_api_version=version, x_clerk_trace_id=trace, cf_ray=f"{trace[:16]}-AMS", server="cloudflare"
        )

    def _gate(self, call: Call) -> Answer | None:
        """What stops a call before anybody looks what it is for."""
        agent = call.headers.get("user-agent", "")
        if not agent or agent.lower().startswith("python-urllib"):
            return Answer(403, b"error code: 1010", {"content-type": "text/plain; charset=UTF-8"})
        self._check(call)
        wait = self._window.wait(HOST, call.now) if self._window else 0
        return throttled(wait) if wait else None

    def _route(self, call: Call) -> Answer:
        parts = call.path.strip("/").split("/")
        match call.method, parts:
            case "GET", ["v1", "users"]:
                return self._users(call)
            case "GET", ["v1", "users", "count"]:
                return answer(200, {"object": "total_count", "total_count": len(select(self._world, call))})
            case "GET", ["v1", "users", user_id]:
                return Answer(200, user_body(self._world, self._tokens, self._index(user_id), call.now), _PLAIN)
            case "GET", ["v1", "users", user_id, "oauth_access_tokens", provider]:
                return self._access_tokens(call, self._index(user_id), provider)
        return self._settings(call, parts)

    def _settings(self, call: Call, parts: Sequence[str]) -> Answer:
        match call.method, parts:
            case "DELETE", ["v1", "users", user_id, "external_accounts", eac]:
                self._instance.linked.disconnect(self._index(user_id), eac)
                return answer(200, desk.deleted(eac))
            case "POST", ["v1", "sign_in_tokens"]:
                return answer(200, desk.create_ticket(self._instance, call))
            case "POST", ["v1", "sign_in_tokens", identity, "revoke"]:
                return answer(200, desk.ticket_body(self._world, self._instance.tickets.revoke(identity, call.now)))
            case "GET", ["v1", "redirect_urls"]:
                return answer(200, desk.redirect_urls(self._world))
            case "GET", ["v1", "jwks"]:
                return answer(200, desk.jwks(self._world))
            case "GET", ["v1", "domains"]:
                return answer(200, desk.domains(self._world, frontend.HOST, frontend.PORTAL))
            case "GET", ["v1", "instance"]:
                return answer(200, desk.instance_body(self._world))
        raise Refused(404, "resource_not_found", "The URL was not found.")

    def _check(self, call: Call) -> None:
        versions = [text for text in (call.headers.get("clerk-api-version"), call.param("__clerk_api_version")) if text]
        if not call.headers.get("authorization"):
            raise Refused(401, "authentication_invalid", "Unable to authenticate the request: no secret key was sent.")
        if not call.bearer:
            raise Refused(401, "authorization_header_format_invalid", "Invalid Authorization header format.")
        if call.bearer != self._instance.secret_key:
            raise Refused(401, "clerk_key_invalid", "The provided Clerk Secret Key is invalid.")
        if len(versions) > 1 or (versions and versions[0] not in VERSIONS):
            raise Refused(400, "api_version_invalid", f"The API version {' and '.join(versions)!r} is not valid.")

    def _index(self, user_id: str) -> int:
        index = self._world.find_user(user_id)
        if index is None:
            raise Refused(404, "resource_not_found", f"No user was found with id {user_id}.")
        return index

    def _users(self, call: Call) -> Answer:
        chosen = select(self._world, call)
        start, size = self._cut(call, chosen)
        bodies = [user_body(self._world, self._tokens, index, call.now) for index in chosen[start : start + size]]
        return Answer(200, b"[" + b",".join(bodies) + b"]", _PLAIN)

    def _cut(self, call: Call, chosen: Sequence[int]) -> tuple[int, int]:
        limit = whole(call.param("limit"), DEFAULT_LIMIT)
        if limit < 1:
            raise Refused(422, "form_param_format_invalid", "limit must be a number from 1 to 500.")
        size = limit if limit <= MAX_LIMIT else DEFAULT_LIMIT  # too large a limit is not refused: it gives ten rows
        offset = whole(call.param("offset"), 0)
        after = call.param("starting_after")
        if not after:
            return max(0, offset), size
        if offset or call.param("order_by").lstrip("+- ") not in ("", "created_at"):
            raise Refused(
                422,
                "form_param_value_invalid",
                "starting_after goes with the order by created_at alone, without offset.",
            )
        index = self._index(after)
        if "cursor_loop" in call.faults:
            return 0, size
        return sum_before(chosen, index, falling=newest_first(call)), size

    def _access_tokens(self, call: Call, index: int, provider: str) -> Answer:
        name = provider.removeprefix("oauth_")
        offered = next((one for one in self._world.providers.values() if one.wire == f"oauth_{name}"), None)
        if offered is None or not offered.enabled:
            raise Refused(
                404,
                "oauth_token_provider_not_enabled",
                f"The OAuth provider {provider} is not enabled on this instance.",
            )
        accounts = [
            account
            for account in self._world.accounts(index)
            if account.provider == offered.name and account.situation != "unverified"
        ]
        for account in accounts:
            self._refuse(account)
        items = [self._token(account, call.now) for account in accounts]
        offset, limit = whole(call.param("offset"), 0), whole(call.param("limit"), DEFAULT_LIMIT)
        page = items[offset : offset + limit]
        if call.param("paginated").lower() in ("true", "1"):
            return answer(200, {"data": page, "total_count": len(items)})
        return answer(200, page)

    def _refuse(self, account: Account) -> None:
        trouble = _TROUBLE.get(self._tokens.situation(account))
        if trouble is None:
            return
        status, code, message, long_message = trouble
        meta: dict[str, object] = {}
        if code == "oauth_token_retrieval_error":
            meta = {"provider_error": 'oauth2: "invalid_grant" "Token has been expired or revoked."'}
        raise Refused(status, code, long_message, message=message, meta=meta)

    def _token(self, account: Account, now: float) -> dict[str, object]:
        issued = self._tokens.issue(account, now)
        expires = issued.expires_at
        return {
            "object": "oauth_access_token",
            "external_account_id": account.eac,
            "provider_user_id": account.provider_user_id,
            "token": issued.text,
            "expires_at": expires * 1000 if expires is not None and account.expiry == "ms" else expires,
            "provider": account.strategy,
            "public_metadata": {},
            "label": None if account.ordinal == 0 else "second",
            "scopes": list(self._tokens.scopes(account)),
        }


_PLAIN = {"content-type": "application/json"}


def sum_before(chosen: Sequence[int], index: int, *, falling: bool) -> int:
    """How many of the chosen stand at or before the user of the cursor, who need not be among them."""
    if isinstance(chosen, range):
        low, high = min(chosen, default=0), max(chosen, default=-1)
        passed = index - low + 1 if falling else high - index + 1
        return max(0, min(len(chosen), passed))
    return sum(1 for one in chosen if (one <= index if falling else one >= index))


def throttled(wait: float | None) -> Answer:
    """Clerk's 429, with Retry-After unless `wait` is None."""
    found = failure(Refused(429, "too_many_requests", "Too many requests. Please try again in a bit."))
    return found if wait is None else found.with_headers(retry_after=str(int(wait)))
