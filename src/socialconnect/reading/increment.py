"""What to ask of a listing that was read before, and how far this reading of it has come. Pure.

Four ways, the surest first: by the ETag of the one page that held everything, by the provider's own sync token, by a
time since when, and newest first until what is known. Where none can be gone, everything is read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import msgspec

from socialconnect.errors import NotFound, RequestRefused, UsageError
from socialconnect.reading.paginate import NoPages
from socialconnect.reading.param import Param
from socialconnect.reading.paths import look
from socialconnect.reading.place import LOOK_BACK, Mark

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from socialconnect.errors import SocialConnectError
    from socialconnect.reading.declare import Resource, Value
    from socialconnect.reading.messages import Request, Response
    from socialconnect.reading.sync import Sync
    from socialconnect.reading.typed import Page

Way = Literal["etag", "token", "since", "newest"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SECOND = 1_000_000  # by so much the time that is asked for may be rounded down
_NEVER = 2**63
_MOST = 500  # rows of one moment that are remembered; of more, none is


@dataclass(frozen=True, slots=True)
class Asking:
    """The first request of a reading that brings what has changed alone, and in which way it asks.

    Rows that changed before `bound`, in microseconds since 1970, are known; None where the provider leaves them out.
    """

    request: Request
    way: Way
    bound: int | None = None

    @property
    def full(self) -> bool:
        """Whether an answer with rows holds all of them."""
        return self.way == "etag"


def asking(
    ask: Callable[[Mapping[str, Value]], Request],
    resource: Resource,
    arguments: Mapping[str, Value],
    mark: Mark,
    look_back: timedelta,
    granted: Collection[str] = (),
) -> Asking | None:
    """How to ask for what has changed since `mark`; None where everything must be read.

    `ask` makes the listing's first request of arguments, `arguments` are the caller's own, `granted` the token's
    scopes.
    """
    if mark.granted != scopes_mark(granted):
        return None
    if resource.etag and mark.etag:
        request = ask(arguments)
        return Asking(replace(request, headers={**request.headers, "if-none-match": mark.etag}), "etag")
    if resource.sync is not None and mark.token and resource.sync.usable(arguments):
        return Asking(_with_token(wanting(ask(arguments), resource, arguments), resource.sync, mark.token), "token")
    since = _since(mark, look_back)
    if since is None:
        return None
    if resource.since and (given := _later(resource, arguments, since, granted)) is not None:
        return Asking(ask(given), "since")
    if resource.newest is not None and (given := _beside(resource, arguments, resource.newest)) is not None:
        return Asking(ask(given), "newest", (since - _EPOCH) // _MICROSECOND)
    return None


def wanting(request: Request, resource: Resource, arguments: Mapping[str, Value]) -> Request:
    """The request, with what must be asked for to get a sync token."""
    sync = resource.sync
    return request.with_query(**sync.asks) if sync and sync.asks and sync.usable(arguments) else request


def expired(error: SocialConnectError) -> bool:
    """Whether a request for changes alone was refused, so that everything is to be read.

    Providers say so by 410, 400, 404 or 409, each with words of its own; whether it was for another reason, the
    request for everything will tell.
    """
    return isinstance(error, RequestRefused | NotFound)


def scopes_mark(granted: Collection[str]) -> str:
    """A short mark of the scopes that a token has; nothing where none are known."""
    return blake2b(" ".join(sorted(granted)).encode(), digest_size=4).hexdigest() if granted else ""


def unconditional(request: Request) -> Request:
    """The request without a condition: that was the first page's alone."""
    if "if-none-match" not in request.headers:
        return request
    return replace(request, headers={name: text for name, text in request.headers.items() if name != "if-none-match"})


class Marking:
    """How far one reading of a listing comes: takes its pages as they come, and tells the mark after the last.

    `names` are the columns of the pages in order, `before` is the mark that this reading began with; with `resumed` it
    began in the middle, and what came before is not known.
    """

    def __init__(
        self,
        resource: Resource,
        names: Sequence[str],
        before: Mark | None = None,
        asking: Asking | None = None,
        *,
        look_back: timedelta = LOOK_BACK,
        granted: str = "",
        resumed: bool = False,
    ) -> None:
        self._resource = resource
        dated = resource.changed in names and (resource.since or resource.newest is not None)
        self._place = names.index(resource.changed) if dated else None
        self._before = before or Mark()
        self._asking = asking
        self._look_back = look_back // _MICROSECOND
        self._granted = granted
        self._resumed = resumed
        self._seen = frozenset(self._before.seen if asking and asking.way in ("since", "newest") else ())
        self._recent: list[tuple[int, str]] = []
        self._latest: int | None = None
        self._until: int | None = None
        self._etag = ""
        self._pages = 0
        self.enough = False
        """Whether the last page ended with what is known, so that all that follows is."""

    @property
    def full(self) -> bool:
        """Whether the rows are all that there are."""
        return not self._resumed and (self._asking is None or self._asking.full)

    @property
    def stops(self) -> bool:
        """Whether the reading may end before the listing does."""
        return self._asking is not None and self._asking.bound is not None

    @property
    def unchanged(self) -> Mark | None:
        """The mark where nothing is new."""
        return None if self._before == Mark() else self._before

    def take(self, request: Request, response: Response, page: Page) -> Page:
        """Note a page, and give it back without the rows that are known."""
        if self._until is None:  # what changes while pages are read may be on one that was read already
            self._until = _said_at(response)
        self._pages += 1
        self._etag = _etag(self._resource, request, response, page)
        if self._place is None or not page.rows:
            return page
        moments = [microseconds(value) for value in page.columns[self._place]]
        self._latest = max((one for one in (self._latest, *moments) if one is not None), default=None)
        bound = self._asking.bound if self._asking else None
        fresh = [moment is None or bound is None or moment >= bound for moment in moments]
        dated = [moment for moment in moments if moment is not None]
        self.enough = bound is not None and bool(dated) and dated[-1] < bound
        for place, digest in self._lately(page, moments):
            fresh[place] = fresh[place] and digest not in self._seen
        return page if all(fresh) else kept(page, fresh)

    def mark(self, last: Response) -> Mark | None:
        """The mark of the listing that ends with the response `last`; None where there is nothing to go by."""
        sync = self._resource.sync
        found = look(last.json(), sync.token) if sync else None
        token = found if isinstance(found, str) else "" if self._asking is None or self.full else self._before.token
        if self._resumed:
            return self._told(token=token)
        known = None if self.full else microseconds(self._before.time)
        times = [] if known is None else [known]
        if self._latest is not None and self._until is not None:
            times.append(min(self._latest, self._until))
        if not times:
            return self._told(token=token, etag=self._only)
        edge = max(times) - self._look_back - _SECOND
        seen = {digest for moment, digest in self._recent if moment >= edge}
        if self._asking is not None and self._asking.way == "token" and max(times) == known:
            seen = {*self._before.seen}
        kept = tuple(sorted(seen)) if len(seen) <= _MOST else ()
        return self._told(_text(max(times)), token, self._only, kept)

    def _told(self, time: str = "", token: str = "", etag: str = "", seen: tuple[str, ...] = ()) -> Mark | None:
        return Mark(time, token, etag, seen, self._granted) if time or token or etag else None

    @property
    def _only(self) -> str:
        return self._etag if self.full and self._pages == 1 else ""

    def _lately(self, page: Page, moments: Sequence[int | None]) -> list[tuple[int, str]]:
        """The rows that may be known, and those that the next reading will see again: by place, with their digests."""
        if self._latest is None:
            return []
        edge = min(self._latest, self._until or self._latest) - self._look_back - _SECOND
        found: list[tuple[int, str]] = []
        timeless = self._asking is not None or not self._resource.since  # where rows without a time may come again
        for place, moment in enumerate(moments):
            late = timeless if moment is None else moment >= edge
            if late or self._seen:
                row = msgspec.json.encode([values[place] for values in page.columns])
                found.append((place, blake2b(row, digest_size=8).hexdigest()))
            if late:
                self._recent.append((_NEVER if moment is None else moment, found[-1][1]))
        if len(self._recent) > 2 * _MOST:
            self._recent = [one for one in self._recent if one[0] >= edge][: 2 * _MOST]
        return found


def microseconds(value: object) -> int | None:
    """One moment of a column, an ISO 8601 text or microseconds, in microseconds since 1970; None where it is none.

    >>> microseconds("2026-05-01T02:00:00+02:00") == microseconds("2026-05-01T00:00:00Z") == 1777593600000000
    True
    """
    if isinstance(value, int):
        return value
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if moment is None:
        return None
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND


def _text(moment: int) -> str:
    """A moment as marks keep it."""
    return (_EPOCH + timedelta(microseconds=moment)).isoformat().replace("+00:00", "Z")


def _since(mark: Mark, look_back: timedelta) -> datetime | None:
    """When to begin: a whole second, which every provider takes."""
    moment = microseconds(mark.time)
    return None if moment is None else (_EPOCH + timedelta(microseconds=moment) - look_back).replace(microsecond=0)


def _with_token(request: Request, sync: Sync, token: str) -> Request:
    if not sync.path:
        return request.with_query(**{sync.param: token})
    return replace(
        request.with_json({sync.param: token}),
        url=urlsplit(request.url)._replace(path=sync.path, query="").geturl(),
    )


def _later(
    resource: Resource, arguments: Mapping[str, Value], since: datetime, granted: Collection[str]
) -> dict[str, Value] | None:
    """The arguments with the time since when, or the caller's own where that is later; None where it cannot be."""
    param = next(one for one in resource.arguments if one.name == resource.since)
    if param.scope and param.scope not in granted:
        return None
    given = arguments.get(param.name)
    if given is not None:
        own = datetime.fromisoformat(str(Param(param.name, datetime).values(given)[0]))
        return {**arguments, param.name: max(own, since)}
    return _beside(resource, arguments, {param.name: since})


def _beside(
    resource: Resource, arguments: Mapping[str, Value], further: Mapping[str, Value]
) -> dict[str, Value] | None:
    """The arguments with further ones; None where the caller's own stand against them."""
    if any(arguments.get(name) is not None for name in further):
        return None
    try:
        return resource.given({**arguments, **further})
    except UsageError:
        return None


def _etag(resource: Resource, request: Request, response: Response, page: Page) -> str:
    """The ETag of a page that speaks for the whole listing: of one that is not full, or the only one there can be.

    Of a full page without a next one it says nothing: rows that are added come on another page, and this one stays
    (https://github.com/app-sre/github-mirror/pull/57).
    """
    if not resource.etag:
        return ""
    if not isinstance(resource.paging, NoPages):
        sizes = {int(text) for _, text in request.query if text.isdecimal()}
        if page.rows in sizes or not sizes:
            return ""
    return response.headers.get("etag", "")


def kept(page: Page, fresh: Sequence[bool]) -> Page:
    """The page with those of its rows alone."""
    columns = tuple([value for value, keep in zip(values, fresh, strict=True) if keep] for values in page.columns)
    return replace(page, columns=columns, rows=sum(fresh))


def _said_at(response: Response) -> int:
    """When an answer came by the provider's own clock, or by ours where it does not tell, in microseconds."""
    try:
        moment = parsedate_to_datetime(response.headers["date"])
    except (KeyError, ValueError):
        moment = datetime.now(UTC)
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND
