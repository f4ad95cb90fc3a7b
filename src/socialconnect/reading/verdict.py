"""The error for a decision to fail: who is concerned, what happened, and what to do about it."""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING

from socialconnect.errors import (
    AccessDenied,
    MissingScope,
    NotFound,
    RateLimited,
    ReconnectNeeded,
    RequestRefused,
    SetupError,
    SocialConnectError,
    Unavailable,
)
from socialconnect.reading import cures
from socialconnect.secret import scrub

if TYPE_CHECKING:
    from socialconnect.reading.decide import Fail
    from socialconnect.reading.declare import Connector


def error_for(
    fail: Fail, connector: Connector, *, user_id: str = "", resource: str = "", status: int = 0, trace_id: str = ""
) -> SocialConnectError:
    """What to raise. The provider's own words are scrubbed of every secret that is alive."""
    title, who = connector.title, user_id or "this key"
    said = scrub(fail.why)
    facts: dict[str, object] = {
        "user_id": user_id,
        "provider": connector.name,
        "resource": resource,
        "status": status,
        "trace_id": scrub(trace_id),
        "codes": tuple(map(scrub, fail.codes)),
    }
    what = resource or title
    match fail.kind:
        case "throttled":
            after = fail.retry_after or 0.0
            return RateLimited(
                f"{title} goes on limiting {who} ({said}).",
                cure=scrub(fail.cure) or f"Come back in {after:.0f} s.",
                retry_after=after,
                until=time() + after,
                **facts,
            )
        case "unavailable":
            return Unavailable(f"{title} fails for {who} ({said}).", cure=fail.cure or "Try again.", **facts)
        case "token":
            cure = fail.cure or cures.reconnect(title)
            return ReconnectNeeded(f"{title} does not accept the token of {who} ({said}).", cure=cure, **facts)
        case "scope":
            required = _required(fail, connector, resource)
            needed = " or ".join(required) or "a further permission"
            has = ", ".join(fail.granted) or "none that is known"
            return MissingScope(
                f"{what} needs {needed}, which the token of {who} lacks (it has {has}; {said}).",
                cure=fail.cure or cures.allow(title),
                required=required,
                granted=fail.granted,
                **facts,
            )
        case "setup":
            return SetupError(f"{title} is not set up for {what} ({said}).", cure=fail.cure, **facts)
        case "not_found":
            cure = fail.cure or "Check the name; it may also be hidden from this account."
            return NotFound(f"{title} finds nothing for {who} ({said}).", cure=cure, **facts)
        case "denied":
            cure = fail.cure or f"Only {title} or who administers it there can change that."
            return AccessDenied(f"{title} denies {what} to {who} ({said}).", cure=cure, **facts)
        case _:
            cure = fail.cure or "Check the parameters and the API version."
            return RequestRefused(f"{title} refused the request for {what} ({said}).", cure=cure, **facts)


def _required(fail: Fail, connector: Connector, resource: str) -> tuple[str, ...]:
    """The scopes to ask for: the resource's own among those that the provider accepts, where it names any."""
    own = next((one.scopes for one in connector.resources if resource == f"{connector.name}.{one.name}"), ())
    accepted = {connector.canonical(scope) for scope in fail.required}
    return tuple(scope for scope in own if connector.canonical(scope) in accepted) or fail.required or own
