"""The other side of `reading/paginate.py`: where each kind of paging puts its position, and where it looks for it."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec

from socialconnect.reading.paginate import (
    AfterId,
    BodyCursor,
    Cursor,
    GraphQL,
    LinkHeader,
    NextUrl,
    Offset,
    PageNumber,
)
from socialconnect.sandbox.answers import whole
from socialconnect.sandbox.declared import plant, position_of
from socialconnect.sandbox.faults import FOREIGN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from socialconnect.reading.declare import Resource
    from socialconnect.sandbox.answers import Call

MOST = 100
_SIZES = (
    "per_page",
    "page_size",
    "pageSize",
    "limit",
    "first",
    "$top",
    "maxResults",
    "max_results",
    "max_count",
    "pagelen",
)
_NEXT = "position"  # the query parameter of whole next addresses


class WrongCursor(Exception):
    """The position that was sent is none of this listing's."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing: rows `start` to `start + size` of `total`; `following` is where the next one begins."""

    start: int
    size: int
    total: int
    following: int | None


def size_of(resource: Resource, call: Call | None = None) -> int:
    """How many rows a page has: as the call asks or, where it does not say, as the resource is declared."""
    paging = resource.paging
    if isinstance(paging, PageNumber | Offset | AfterId):
        return paging.size
    sent = {**_flat(resource.json or {}), **resource.query}
    if call is not None:
        sent |= {**_flat(call.json()), **dict(call.params)}
    asked = next((whole(str(sent[name]), MOST) for name in _SIZES if name in sent), MOST)
    return max(1, min(MOST, asked))


def _flat(body: Mapping[str, object]) -> dict[str, object]:
    """A body with its GraphQL variables beside its other fields."""
    variables = body.get("variables")
    return {**body, **(variables if isinstance(variables, dict) else {})}


def page_of(resource: Resource, call: Call, size: int, total: int, owner: str) -> Page:
    """The page that a call asks for; a WrongCursor where its position is not one of this owner's listing."""
    loop = "cursor_loop" in call.faults
    start = 0 if loop else _start(resource, call, size, owner)
    more = loop or start + size < total
    return Page(start, size, total, start + size if more else None)


def whole_of(places: Sequence[int]) -> Page:
    """The one page that has all of them."""
    return Page(0, len(places), len(places), None)


def _start(resource: Resource, call: Call, size: int, owner: str) -> int:
    paging = resource.paging
    found = 0
    match paging:
        case Cursor():
            found = _read(call.param(paging.param), owner)
        case LinkHeader(page=name) if name:
            found = (whole(call.param(name), 1) - 1) * size
        case NextUrl() | LinkHeader():
            found = _read(call.param(_NEXT), owner)
        case BodyCursor():
            found = _read(call.json().get(paging.param), owner)
        case GraphQL():
            variables = call.json().get("variables")
            found = _read(variables.get(paging.variable) if isinstance(variables, dict) else None, owner)
        case PageNumber():
            found = (whole(call.param(paging.param), paging.start) - paging.start) * size
        case Offset():
            found = whole(call.param(paging.param), 0)
        case AfterId():
            found = _after(call.param(paging.param))
    return found


def envelope(
    resource: Resource, call: Call, page: Page, rows: Sequence[bytes], owner: str
) -> tuple[object, dict[str, str]]:
    """The body around the rows, and the headers beside it."""
    listed: object = _entries(rows) if resource.entries else [msgspec.Raw(row) for row in rows]
    headers: dict[str, str] = {}
    paging = resource.paging
    if isinstance(paging, LinkHeader):
        headers = _links(paging, call, page, owner)
    if resource.single:
        listed = msgspec.Raw(rows[0]) if rows else None
    if resource.records in ("", "."):
        return listed, headers
    body: dict[str, object] = {}
    plant(body, resource.records, listed)
    if not isinstance(paging, LinkHeader):
        for path, value in _signs(resource, call, page, owner).items():
            plant(body, path, value)
    return body, headers


def _entries(rows: Sequence[bytes]) -> dict[str, object]:
    """Records that are an object's entries."""
    decoded = [msgspec.json.decode(row) for row in rows]
    return {str(record.get("key", record["id"])): record.get("value") for record in decoded}


def _signs(resource: Resource, call: Call, page: Page, owner: str) -> dict[str, object]:
    """What the body says of further pages, by path."""
    paging = resource.paging
    more = page.following is not None
    cursor = None if page.following is None else write(page.following, owner)
    match paging:
        case Cursor() | BodyCursor():
            return {paging.cursor: cursor, **({paging.more: more} if paging.more else {})}
        case NextUrl():
            return {paging.url: _address(call, {_NEXT: cursor}) if cursor else None}
        case GraphQL():
            return {f"{paging.page_info}.endCursor": cursor, f"{paging.page_info}.hasNextPage": more}
        case PageNumber():
            pages = 10**6 if "cursor_loop" in call.faults else max(1, -(-page.total // page.size))
            return {paging.pages: pages} if paging.pages else {}
        case Offset():
            total = 10**6 if "cursor_loop" in call.faults else page.total
            signs: dict[str, object] = {paging.last: not more} if paging.last else {}
            return signs | ({paging.total: total} if paging.total else {})
    return {}


def _links(paging: LinkHeader, call: Call, page: Page, owner: str) -> dict[str, str]:
    if page.following is None:
        return {}
    if not paging.page:
        return {"link": f'<{_address(call, {_NEXT: write(page.following, owner)})}>; rel="next"'}
    number, last = page.following // page.size + 1, -(-page.total // page.size)
    targets = {"next": number} if "cursor_loop" in call.faults else {"next": number, "last": max(last, number)}
    return {
        "link": ", ".join(
            f'<{_address(call, {paging.page: str(target)})}>; rel="{relation}"' for relation, target in targets.items()
        )
    }


def _address(call: Call, changes: dict[str, str | None]) -> str:
    kept = [(name, value) for name, value in call.params if name not in changes]
    added = [(name, value) for name, value in changes.items() if value is not None]
    origin = FOREIGN if "foreign_next" in call.faults else f"https://{call.host}"
    return f"{origin}{call.path}?{urlencode(kept + added)}"


def write(position: int, owner: str) -> str:
    """A cursor: opaque to whoever reads it, of one owner's listing alone."""
    return urlsafe_b64encode(f"{position}|{owner}".encode()).decode().rstrip("=")


def _read(cursor: object, owner: str) -> int:
    if cursor in (None, ""):
        return 0
    text = str(cursor)
    try:
        position, _, whose = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition("|")
    except (NotBase64, UnicodeDecodeError, ValueError):
        raise WrongCursor(text) from None
    if whose != owner or not position.isdecimal():
        raise WrongCursor(text)
    return int(position)


def _after(identity: str) -> int:
    if not identity:
        return 0
    position = position_of(identity)
    if position is None:
        raise WrongCursor(identity)
    return position + 1
