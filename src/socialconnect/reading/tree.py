"""Records that have children of their kind, each read by a request of its own."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote, urlsplit

import msgspec

from socialconnect.errors import AccessDenied, MalformedResponse, NotFound, PagingLoop, RequestRefused
from socialconnect.reading.further import gathered
from socialconnect.reading.messages import Request
from socialconnect.reading.paths import Json, look

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socialconnect.reading.further import Send
    from socialconnect.reading.messages import Response
    from socialconnect.reading.paginate import Cursor

_LEFT_OUT = "records_without_their_children"


@dataclass(frozen=True, slots=True)
class Tree:
    """The children of each record that has some, theirs too, in the order in which one reads them.

    `{"results": [{"id": "b1", "has_children": true}]}`:
    `Tree("/v1/blocks/{id}/children", "has_children", Cursor("next_cursor", "start_cursor", more="has_more"))`

    Each record gets its `level`, 0 for those of the page itself. What has one of the texts in `leaves` stays closed:
    its children belong elsewhere. A record whose children are refused stays without them, and `cut` tells. No record
    comes twice, so a tree that leads back to itself ends. `at_once` requests are under way.
    """

    path: str
    more: str
    paging: Cursor
    records: str = "results"
    level: str = "depth"
    leaves: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    at_once: int = 4
    usual: float = 2.0

    kind: ClassVar[str] = "tree"

    async def complete(self, request: Request, body: bytes, send: Send) -> bytes:
        """The page with all that is below its records among them."""
        page = _decoded(body)
        records = _records(page, self.records)
        if not records:
            return body
        walk = _Walk(self, request, send)
        found = await walk.below(records, 0)
        left = {_LEFT_OUT: walk.refused} if walk.refused else {}
        rows: Json = [*found]
        return msgspec.json.encode({self.records: rows, **left})

    def cut(self, body: bytes) -> str:
        """What a completed page lacks all the same."""
        count = _decoded(body).get(_LEFT_OUT) if _LEFT_OUT.encode() in body else None
        what = "one record" if count == 1 else f"{count} records"
        return f"The children of {what} were refused or not found." if count else ""


class _Walk:
    """One page's records and what is below them."""

    def __init__(self, tree: Tree, request: Request, send: Send) -> None:
        self._tree = tree
        self._request = request
        self._send = send
        self._places = asyncio.Semaphore(tree.at_once)
        self._seen: set[Json] = set()
        self.refused = 0

    async def below(self, records: list[dict[str, Json]], level: int) -> list[dict[str, Json]]:
        """The records, each with all that is below it behind it."""
        new = [record for record in records if self._is_new(record)]
        open_ = [record for record in new if self._has_children(record)]
        children = await gathered(lambda record: self._children(record, level), open_, max(1, len(open_)))
        behind = {str(record["id"]): rows for record, rows in zip(open_, children, strict=True)}
        found: list[dict[str, Json]] = []
        for record in new:
            found += [{**record, self._tree.level: level}, *behind.get(str(record.get("id")), [])]
        return found

    def _is_new(self, record: dict[str, Json]) -> bool:
        identity = record.get("id")
        if not isinstance(identity, str) or identity not in self._seen:
            self._seen.add(identity if isinstance(identity, str) else None)
            return True
        return False

    def _has_children(self, record: dict[str, Json]) -> bool:
        closed = any(record.get(key) in texts for key, texts in self._tree.leaves.items())
        return record.get(self._tree.more) is True and isinstance(record.get("id"), str) and not closed

    async def _children(self, record: dict[str, Json], level: int) -> list[dict[str, Json]]:
        try:
            listed = await self._listed(str(record["id"]))
        except (NotFound, AccessDenied, RequestRefused):  # a copy of what is not shared, a kind that has no API
            self.refused += 1
            return []
        return await self.below(listed, level + 1)

    async def _listed(self, identity: str) -> list[dict[str, Json]]:
        tree = self._tree
        parts = urlsplit(self._request.url)
        path = tree.path.format(id=quote(identity, safe=""))
        url = parts._replace(path=path).geturl()
        first = Request("GET", url, self._request.headers, template=tree.path).with_query(**{tree.paging.param: None})
        return await every(first, tree.paging, tree.records, self._limited)

    async def _limited(self, request: Request) -> Response | None:
        async with self._places:
            return await self._send(request)


async def every(request: Request, paging: Cursor, records: str, send: Send) -> list[dict[str, Json]]:
    """The records of a listing, all pages of it; a MalformedResponse where one is not JSON."""
    found: list[dict[str, Json]] = []
    asked: set[str] = set()
    following: Request | None = request
    while following is not None and following.url not in asked:
        asked.add(following.url)
        response = await send(following)
        if response is None:
            return found
        page = _decoded(response.body)
        if not isinstance(look(page, records), list):
            raise MalformedResponse(f"{following.template} gave no list of {records}.", cure="Try again.")
        found += _records(page, records)
        following = paging.next_request(following, response)
    if following is not None:
        raise PagingLoop(f"A page of {request.template} leads back to one that was read.", cure="Report it.")
    return found


def _decoded(body: bytes) -> dict[str, Json]:
    try:
        found: Json = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}  # whoever cuts it will say what it is
    return found if isinstance(found, dict) else {}


def _records(page: dict[str, Json], at: str) -> list[dict[str, Json]]:
    listed = look(page, at)
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
