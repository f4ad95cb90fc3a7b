"""The ten ways in which providers cut a listing into pages.

Each is a value with one pure function, `next_request(request, response) -> Request | None`: it has no memory,
so any page can be resumed from its own request.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable
from urllib.parse import urljoin, urlsplit

import msgspec

from socialconnect.errors import MalformedResponse
from socialconnect.reading.paths import look

if TYPE_CHECKING:
    from socialconnect.reading.messages import Request, Response
    from socialconnect.reading.paths import Json


class Paging(Protocol):
    """What every kind of paging can do."""

    kind: ClassVar[str]

    def next_request(self, request: Request, response: Response) -> Request | None:
        """The request for the page after `response`, or None at the end."""


@runtime_checkable
class Ending(Protocol):
    """A kind of paging that can tell when a listing ended short."""

    def cut(self, request: Request, response: Response) -> str:
        """What the listing that ends with `response` left out; nothing where it goes on or is whole."""


@dataclass(frozen=True, slots=True)
class NoPages:
    """One response holds everything."""

    kind: ClassVar[str] = "none"

    def next_request(self, request: Request, response: Response) -> Request | None:
        """There is never a further page."""
        del request, response
        return None


@dataclass(frozen=True, slots=True)
class Cursor:
    """A value in the body goes into a query parameter.

    `{"results": […], "next_cursor": "f2a9", "has_more": true}`:
    `Cursor("next_cursor", "start_cursor", more="has_more")`

    `more` may also name what stands there only while there is more, as the address in `paging.next`.
    """

    cursor: str
    param: str
    more: str = ""

    kind: ClassVar[str] = "cursor"

    def next_request(self, request: Request, response: Response) -> Request | None:
        """Go on while there is a cursor and, where the provider says so, more to come."""
        body = response.json()
        cursor = _cursor(body, self.cursor, self.more)
        return None if cursor is None else request.with_query(**{self.param: cursor})


@dataclass(frozen=True, slots=True)
class NextUrl:
    """The body holds the next page's address, absolute or relative.

    `{"value": […], "@odata.nextLink": "https://…"}`: `NextUrl("'@odata.nextLink'")`

    The parameters in `drop` are taken out of it before anything else: some providers write the token there.
    """

    url: str
    drop: tuple[str, ...] = ("access_token",)

    kind: ClassVar[str] = "next_url"

    def next_request(self, request: Request, response: Response) -> Request | None:
        """Follow the address, which the transport holds against the provider's origins."""
        url = look(response.json(), self.url)
        return _at(request, url, self.drop) if isinstance(url, str) and url else None


_ATTRIBUTE = r""";\s*([^\s=;,"<>]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^\s",;]*))?\s*"""
_LINK = re.compile(rf"<([^<>]*)>\s*((?:{_ATTRIBUTE})*)")
_EACH_ATTRIBUTE = re.compile(_ATTRIBUTE)


_LAST = 100_000  # a higher last page is read one by one: a hostile number must not fill the memory


@dataclass(frozen=True, slots=True)
class LinkHeader:
    """The `Link` header names the next page, as RFC 8288 has it; some name the last one too.

    `Link: <https://…?page=2>; rel="next", <https://…?page=9>; rel="last"`: `LinkHeader(page="page")`, which lets
    pages 2 to 9 be read side by side. Without `page` they are read one after another. The parameters in `drop` are
    taken out of the address.
    """

    page: str = ""
    drop: tuple[str, ...] = ("access_token",)

    kind: ClassVar[str] = "link_header"

    def next_request(self, request: Request, response: Response) -> Request | None:
        """Follow `rel="next"` to the letter: its path may differ from the first page's."""
        url = _links(response).get("next")
        return _at(request, url, self.drop) if url else None

    def remaining(self, request: Request, response: Response) -> tuple[Request, ...] | None:
        """Every page after the first, where the header tells the last one's number; else None."""
        links = _links(response)
        if not self.page or "last" not in links or "next" not in links:
            return None
        follow = _at(request, links["next"], self.drop)
        last = dict(_at(request, links["last"], self.drop).query).get(self.page, "")
        first = dict(follow.query).get(self.page, "")
        if not (last.isdecimal() and first.isdecimal() and int(first) <= int(last) <= _LAST):
            return None
        return tuple(follow.with_query(**{self.page: number}) for number in range(int(first), int(last) + 1))


@dataclass(frozen=True, slots=True)
class BodyCursor:
    """A value in the body goes into the next POST's body, sometimes to another path and alone.

    `{"entries": […], "cursor": "AAF", "has_more": true}`:
    `BodyCursor("cursor", "cursor", more="has_more", path="/2/files/list_folder/continue", alone=True)`
    """

    cursor: str
    param: str
    more: str = ""
    path: str = ""
    alone: bool = False

    kind: ClassVar[str] = "body_cursor"

    def next_request(self, request: Request, response: Response) -> Request | None:
        """Go on with the cursor in the body."""
        cursor = _cursor(response.json(), self.cursor, self.more)
        if cursor is None:
            return None
        body = {} if self.alone else _object(request.body)
        following = request.with_json({**body, self.param: cursor})
        if not self.path:
            return following
        return replace(following, url=urlsplit(request.url)._replace(path=self.path, query="").geturl())


@dataclass(frozen=True, slots=True)
class Windowed:
    """One query gives no more than so many rows and says so at its end: the next one begins with the last row's time.

    `{"results": [{"created_time": "2026-05-01T…"}], "has_more": false, "request_status": {"type": "incomplete"}}`:
    `Windowed(BodyCursor("next_cursor", "start_cursor", more="has_more"), "request_status", by="created_time")`

    A POST whose `sorts` put the oldest first goes on with a `filter` for rows that are not older than the last, beside
    the caller's own. Rows at a window's edge come twice. Without `by`, or where the caller sorts otherwise, the listing
    ends there, and `cut` says so.
    """

    within: BodyCursor
    status: str
    by: str = ""
    records: str = "results"

    kind: ClassVar[str] = "windowed"

    @property
    def overlaps(self) -> bool:
        """Whether rows come twice without anything having moved."""
        return bool(self.by)

    def next_request(self, request: Request, response: Response) -> Request | None:
        """The next page, or the first one of the next window."""
        following = self.within.next_request(request, response)
        return following if following is not None or not self._short(response) else self._later(request, response)

    def cut(self, request: Request, response: Response) -> str:
        """Why the rest of a listing that ended short cannot be had."""
        if not self._short(response) or self.next_request(request, response) is not None:
            return ""
        reason = look(response.json(), f"{self.status}.incomplete_reason") or "incomplete"
        if not self.by:
            why = "further rows cannot be asked for"
        elif self._sorted(request):
            why = "the rest is of one moment, or the filter is too deep to go on with"
        else:
            why = "it can go on only without sorts"
        return f"The provider ended the listing before its end ({reason}): {why}."

    def _short(self, response: Response) -> bool:
        return b'"incomplete"' in response.body and look(response.json(), f"{self.status}.type") == "incomplete"

    def _sorted(self, request: Request) -> bool:
        return _object(request.body).get("sorts") == [{"timestamp": self.by, "direction": "ascending"}]

    def _later(self, request: Request, response: Response) -> Request | None:
        rows = look(response.json(), self.records)
        last = look(rows[-1], self.by) if self.by and isinstance(rows, list) and rows else None
        if not isinstance(last, str) or not self._sorted(request):
            return None
        body = {name: value for name, value in _object(request.body).items() if name != self.within.param}
        given = body.get("filter")
        listed = given.get("and") if isinstance(given, dict) else []
        conditions = listed if isinstance(listed, list) else [given]
        begin: Json = {"timestamp": self.by, self.by: {"on_or_after": last}}
        if begin in conditions or any(map(_deep, conditions)):
            return None
        earlier = [one for one in conditions if not self._begins(one)]  # which the later beginning contains
        return request.with_json({**body, "filter": {"and": [*earlier, begin]}})

    def _begins(self, condition: Json) -> bool:
        bounds = condition.get(self.by) if isinstance(condition, dict) else None
        return isinstance(bounds, dict) and [*bounds] == ["on_or_after"]


def _deep(condition: Json) -> bool:
    """Whether a filter, put into another, would be nested deeper than two levels."""
    inner = _compound(condition)
    return any(_compound(one) for one in inner)


def _compound(condition: Json) -> list[Json]:
    found = (condition.get("and") or condition.get("or")) if isinstance(condition, dict) else None
    return found if isinstance(found, list) else []


@dataclass(frozen=True, slots=True)
class GraphQL:
    """Relay's `pageInfo` goes into a variable of the same query.

    `{"data": {"issues": {"nodes": […], "pageInfo": {"hasNextPage": true, "endCursor": "9f"}}}}`:
    `GraphQL("data.issues.pageInfo", "after")`
    """

    page_info: str
    variable: str

    kind: ClassVar[str] = "graphql"

    def next_request(self, request: Request, response: Response) -> Request | None:
        """Go on while `hasNextPage` holds."""
        cursor = _cursor(response.json(), f"{self.page_info}.endCursor", f"{self.page_info}.hasNextPage")
        if cursor is None:
            return None
        body = _object(request.body)
        variables = body.get("variables")
        kept = variables if isinstance(variables, dict) else {}
        return request.with_json({**body, "variables": {**kept, self.variable: cursor}})


@dataclass(frozen=True, slots=True)
class PageNumber:
    """Pages are numbered; the body says how many there are, or a short page is the last.

    `{"pagination": {"page": 1, "pageCount": 3}, "Invoices": […]}`:
    `PageNumber("page", records="Invoices", size=100, pages="pagination.pageCount")`
    """

    param: str
    records: str
    size: int
    pages: str = ""
    start: int = 1

    kind: ClassVar[str] = "page"

    def next_request(self, request: Request, response: Response) -> Request | None:
        """The page after this one, until the count or a short page says stop."""
        number = int(dict(request.query).get(self.param, self.start))
        body = response.json()
        pages = look(body, self.pages) if self.pages else None
        more = number - self.start + 1 < pages if isinstance(pages, int) else _count(body, self.records) >= self.size
        return request.with_query(**{self.param: number + 1}) if more else None


@dataclass(frozen=True, slots=True)
class Offset:
    """The position of the first row goes into a parameter, until a flag, a total or a short page.

    `{"startAt": 0, "isLast": false, "values": […]}`: `Offset("startAt", records="values", size=50, last="isLast")`
    """

    param: str
    records: str
    size: int
    last: str = ""
    total: str = ""

    kind: ClassVar[str] = "offset"

    def next_request(self, request: Request, response: Response) -> Request | None:
        """Go on behind the rows that came: a page may hold fewer than were asked for."""
        body = response.json()
        came = _count(body, self.records)
        position = int(dict(request.query).get(self.param, 0)) + came
        flag = look(body, self.last) if self.last else None
        total = look(body, self.total) if self.total else None
        if isinstance(flag, bool):
            more = not flag and came > 0
        elif isinstance(total, int):
            more = position < total and came > 0
        else:
            more = came >= self.size
        return request.with_query(**{self.param: position}) if more else None


class _Identified(msgspec.Struct):
    id: str | int


_identified = msgspec.json.Decoder(list[_Identified])


@dataclass(frozen=True, slots=True)
class AfterId:
    """The last row's `id` goes into a parameter; a short page is the last. The body is the list.

    `[{"id": "a1"}, {"id": "a2"}]`: `AfterId("starting_after", size=500)`
    """

    param: str
    size: int

    kind: ClassVar[str] = "after_id"

    def next_request(self, request: Request, response: Response) -> Request | None:
        """Go on behind the last row while pages come full."""
        try:
            ids: list[object] = [row.id for row in _identified.decode(response.body)]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # one odd row must not end the listing
            body = response.json()
            ids = [look(row, "id") for row in body] if isinstance(body, list) else []
        if len(ids) < self.size:
            return None
        if not isinstance(ids[-1], str | int):
            raise MalformedResponse("A full page ends with a row that has no id, so the next page cannot be asked for.")
        return request.with_query(**{self.param: ids[-1]})


def _links(response: Response) -> dict[str, str]:
    links: dict[str, str] = {}
    for link in _LINK.finditer(response.headers.get("link", "")):
        attributes = _EACH_ATTRIBUTE.findall(link[2])
        relations = next((value for name, value in attributes if name.lower() == "rel"), "")
        for relation in relations.strip("\"'").split():
            links.setdefault(relation.lower(), link[1])
    return links


def _at(request: Request, url: str, drop: tuple[str, ...]) -> Request:
    try:
        following = replace(request, url=urljoin(request.url, url))
        return following.with_query(**dict.fromkeys(drop)) if any(name in url for name in drop) else following
    except ValueError:
        raise MalformedResponse("The address of the next page is not one.") from None  # unshown: some hold a token


def _cursor(body: Json, cursor: str, more: str) -> str | int | None:
    if more and not look(body, more):
        return None
    value = look(body, cursor)
    if isinstance(value, str | int) and not isinstance(value, bool) and (value or (more and value != "")):
        return value  # in a body its type matters
    if more:
        raise MalformedResponse(f"The page says that there is more ({more}), but {cursor} holds no cursor.")
    return None


def _count(body: Json, records: str) -> int:
    rows = look(body, records)
    return len(rows) if isinstance(rows, list) else 0


def _object(body: bytes | None) -> dict[str, Json]:
    decoded: Json = msgspec.json.decode(body) if body else None
    return decoded if isinstance(decoded, dict) else {}
