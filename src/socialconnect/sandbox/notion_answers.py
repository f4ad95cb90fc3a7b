"""What Notion's answers look like: errors, single objects and pages of a list, each with the id of its request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from socialconnect.sandbox.answers import JSON, Answer, Call, answer, whole
from socialconnect.sandbox.world import uuid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MOST = 100


def request_id(call: Call) -> str:
    """The request's id, the same for the same call at the same moment."""
    return uuid(0, f"{call.path}?{call.query} {call.bearer}", int(call.now * 1000) % 2**48)


def success(call: Call, content: Mapping[str, object]) -> Answer:
    """An object, or a list, as Notion answers it."""
    number = request_id(call)
    body = msgspec.json.encode({**content, "request_id": number})
    return Answer(200, body, {**JSON, "x-notion-request-id": number})


def failure(call: Call, status: int, code: str, message: str, extra: Mapping[str, str] | None = None) -> Answer:
    """An error as Notion writes it."""
    number = request_id(call)
    body: dict[str, object] = {"object": "error", "status": status, "code": code, "message": message}
    return answer(
        status,
        {**body, "request_id": number, **({"additional_data": extra} if extra else {})},
        {"x-notion-request-id": number},
    )


def invalid(call: Call, message: str) -> Answer:
    """A request that does not fit."""
    return failure(call, 400, "validation_error", message)


def not_found(call: Call, what: str, identity: str) -> Answer:
    """An id that leads nowhere, or to what was not shared."""
    message = f"Could not find {what} with ID: {identity}. Make sure the relevant pages and databases are shared with"
    return failure(call, 404, "object_not_found", f'{message} your integration "socialconnect".')


def restricted(call: Call) -> Answer:
    """A capability that the connection lacks."""
    return failure(call, 403, "restricted_resource", "Insufficient permissions for this endpoint.")


def throttled(call: Call, wait: float | None) -> Answer:
    """Notion's 429, with Retry-After unless `wait` is None."""
    message = "You have been rate limited. Please try again in a few minutes."
    extra = {"rate_limit_reason": "public_api_request_rate_limit"}
    if wait is None:
        return failure(call, 429, "rate_limited", message, extra)
    found = failure(call, 429, "rate_limited", message, {**extra, "retry_after": str(int(wait))})
    return found.with_headers(retry_after=str(int(wait)))


def listed(
    call: Call,
    kind: str,
    ids: Sequence[str],
    body: Callable[[int], object],
    *,
    sent: Mapping[str, object],
    most: int = MOST,
    beside: Mapping[str, object] | None = None,
) -> Answer:
    """One page of a list: `ids` are the cursors, `body` gives each element, `sent` has page_size and start_cursor.

    A page may hold fewer than was asked for, never more than `most`.
    """
    size, cursor = sent.get("page_size", MOST), sent.get("start_cursor")
    number = whole(size, 0) if isinstance(size, str) else size
    if not isinstance(number, int) or not 1 <= number <= MOST:
        return invalid(call, f"page_size failed validation: it should be from 1 to {MOST}, instead was `{size}`.")
    try:
        start = ids.index(cursor) if isinstance(cursor, str) else 0
    except ValueError:
        return invalid(call, f"The start_cursor provided is invalid: {cursor}")
    following = start + min(number, most)
    if "cursor_loop" in call.faults:
        start = following = 0
    more = following < len(ids)
    places = range(start, min(start + min(number, most), len(ids)))
    envelope: dict[str, object] = {
        "object": "list",
        "results": [body(place) for place in places],
        "next_cursor": ids[following] if more else None,
        "has_more": more,
        "type": kind,
        kind: {},
    }
    ends = {name: value for name, value in (beside or {}).items() if not (name == "request_status" and more)}
    return success(call, envelope | ends)
