"""Lists of references that a listing cuts off, each got whole by a request of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote, urlsplit

import msgspec

from socialconnect.reading.further import gathered
from socialconnect.reading.messages import Request
from socialconnect.reading.paths import Json, look
from socialconnect.reading.tree import every

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socialconnect.reading.further import Send
    from socialconnect.reading.paginate import Cursor

_Place = tuple[dict[str, Json], dict[str, Json]]


@dataclass(frozen=True, slots=True)
class References:
    """A record's fields that hold a list which was cut off at `most` elements.

    `{"id": "p1", "properties": {"Team": {"id": "a%3Ab", "type": "people", "people": […25…]}}}`:
    `References("/v1/pages/{record}/properties/{field}", Cursor(…), at="properties", lists={"people": ""})` asks for
    `/v1/pages/p1/properties/a%3Ab`, whose records hold one element each.

    `lists` names the types of fields that are lists, and for each the type of those elements that count ("": all do).
    Where the field says by `more` whether there is more, that is believed. A field's id goes into the path as it is,
    for it comes escaped already. `at_once` requests are under way.
    """

    path: str
    paging: Cursor
    at: str
    lists: Mapping[str, str]
    tag: str = "type"
    more: str = "has_more"
    most: int = 25
    records: str = "results"
    query: Mapping[str, str] = field(default_factory=dict)
    at_once: int = 4
    usual: float = 0.0

    kind: ClassVar[str] = "references"

    async def complete(self, request: Request, body: bytes, send: Send) -> bytes:
        """The page with its cut-off lists whole."""
        try:
            page: Json = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return body  # whoever cuts it will say what it is
        listed = look(page, self.records)
        records = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        cut_off = [place for record in records for place in self._cut_off(record)]
        if not cut_off:
            return body
        whole = await gathered(lambda place: self._whole(request, place, send), cut_off, self.at_once)
        for (_, each), elements in zip(cut_off, whole, strict=True):
            each[str(each[self.tag])] = elements
            each[self.more] = False
        return msgspec.json.encode(page)

    def _cut_off(self, record: dict[str, Json]) -> list[_Place]:
        fields = look(record, self.at)
        found = fields.values() if isinstance(fields, dict) else ()
        return [(record, each) for each in found if isinstance(each, dict) and self._is_cut_off(each)]

    def _is_cut_off(self, each: dict[str, Json]) -> bool:
        kind = each.get(self.tag)
        elements = each.get(kind) if isinstance(kind, str) and kind in self.lists else None
        if not isinstance(elements, list) or not isinstance(each.get("id"), str):
            return False
        if isinstance(each.get(self.more), bool):
            return each[self.more] is True
        counted = self.lists[str(kind)]
        return sum(not counted or look(one, self.tag) == counted for one in elements) >= self.most

    async def _whole(self, request: Request, place: _Place, send: Send) -> list[Json]:
        record, each = place
        holes = {"record": quote(str(record.get("id")), safe=""), "field": quote(str(each["id"]), safe="%")}
        url = urlsplit(request.url)._replace(path=self.path.format_map(holes), query="").geturl()
        headers = {name: value for name, value in request.headers.items() if name != "content-type"}
        first = Request("GET", url, headers, template=self.path).with_query(**self.query)
        found = await every(first, self.paging, self.records, send)
        kind = str(each[self.tag])
        return [one[kind] for one in found if one.get(kind) is not None]
