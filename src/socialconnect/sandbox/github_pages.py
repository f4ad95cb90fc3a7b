"""How GitHub cuts listings into pages, by number or by cursor, and how it says no."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

from socialconnect.sandbox.answers import JSON, Answer, answer, whole
from socialconnect.sandbox.faults import FOREIGN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from socialconnect.sandbox.answers import Call
    from socialconnect.sandbox.world import Account, World

ORIGIN = "https://api.github.com"
_DOCS = "https://docs.github.com/rest"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks: the account of the token, how it fares, and what the token may do."""

    world: World
    account: Account
    situation: str
    scopes: tuple[str, ...]

    @property
    def private(self) -> bool:
        """Whether private repositories are shown."""
        return "repo" in self.scopes


def failure(status: int, message: str, headers: dict[str, str] | None = None) -> Answer:
    """An error as GitHub writes it."""
    return answer(status, {"message": message, "documentation_url": _DOCS, "status": str(status)}, headers)


def hidden(accepted: str = "") -> Answer:
    """What GitHub says of what is not there, and of what the token may not see: `accepted` scopes would show it."""
    return failure(404, "Not Found", {"x-accepted-oauth-scopes": accepted})


def throttled(wait: float | None, now: float) -> Answer:
    """The secondary limit: 429 with Retry-After, or 403 that says nothing of how long."""
    text = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    spare = {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "4990", "x-ratelimit-reset": str(int(now) + 3000)}
    if wait is None:
        return failure(403, text, spare)
    return failure(429, text, {**spare, "retry-after": str(int(wait))})


def wrong(call: Call, allowed: dict[str, set[str]]) -> Answer | None:
    """The refusal of the first parameter that has another value than those allowed."""
    found = [name for name, values in allowed.items() if call.param(name) and call.param(name) not in values]
    return failure(422, f"Validation Failed: {', '.join(found)}") if found else None


def size_of(call: Call) -> int:
    """How many rows a page has."""
    return max(1, min(100, whole(call.param("per_page"), 30)))


def numbered(call: Call, items: Sequence[T], body: Callable[[T], bytes], path: str) -> Answer:
    """One page by its number; its links lead to `path`, which mostly differs from the one that was asked for."""
    size, page = size_of(call), max(1, whole(call.param("page"), 1))
    pages = -(-len(items) // size)
    found = _rows(items[(page - 1) * size : page * size], body)
    link = _links(call, path, page, pages)
    return found.with_headers(link=link) if link else found


def cursored(call: Call, items: Sequence[T], body: Callable[[T], bytes], path: str) -> Answer:
    """One page by its cursor: the first one's link names neither the last page nor how many there are."""
    size, page = size_of(call), max(1, whole(call.param("page"), 1))
    after = call.param("after")
    start = _position(after) if after else (page - 1) * size
    if start is None:
        return failure(422, "Validation Failed: after")
    found = _rows(items[start : start + size], body)
    kept = [(name, value) for name, value in call.params if name not in ("after", "page")]
    origin, following = _origin(call), start + size
    if "cursor_loop" in call.faults:
        following = start
    elif following >= len(items) and origin == ORIGIN:
        return found
    cursor = urlsafe_b64encode(f"cursor:v2:{following}".encode()).decode()
    query = urlencode([*kept, ("after", cursor), ("page", str(page + 1))])
    return found.with_headers(link=f'<{origin}{path}?{query}>; rel="next"')


def _rows(items: Sequence[T], body: Callable[[T], bytes]) -> Answer:
    return Answer(200, b"[" + b",".join(map(body, items)) + b"]", JSON)


def _origin(call: Call) -> str:
    return FOREIGN if "foreign_next" in call.faults else ORIGIN


def _position(cursor: str) -> int | None:
    try:
        text = urlsafe_b64decode(cursor).decode()
    except (Error, UnicodeDecodeError):
        return None
    return whole(text.removeprefix("cursor:v2:"), -1) if text.startswith("cursor:v2:") else None


def _links(call: Call, path: str, page: int, pages: int) -> str:
    kept = [(name, value) for name, value in call.params if name != "page"]

    def url(number: int) -> str:
        return f"{_origin(call)}{path}?{urlencode([*kept, ('page', str(number))])}"

    if "cursor_loop" in call.faults:
        return f'<{url(page)}>; rel="next"'
    targets: list[tuple[str, int]] = []
    if page > 1:
        targets += [("prev", min(page - 1, max(pages, 1)))]
    if page < pages or "foreign_next" in call.faults:
        targets += [("next", page + 1), ("last", max(pages, page + 1))]
    if page > 1:
        targets += [("first", 1)]
    return ", ".join(f'<{url(number)}>; rel="{relation}"' for relation, number in targets)
