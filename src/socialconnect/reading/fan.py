"""One listing for each parent: which parents there are, and their records in order, several listings at once."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import msgspec

from socialconnect.errors import (
    AccessDenied,
    MalformedResponse,
    MissingScope,
    NotFound,
    PagingLoop,
    RequestRefused,
    SocialConnectError,
    Unavailable,
)
from socialconnect.reading.account import NOBODY
from socialconnect.reading.extract import Extractor
from socialconnect.reading.holes import VERSION
from socialconnect.reading.listing import Listing
from socialconnect.reading.place import UNMARKED, Start, parent_mark
from socialconnect.reading.read import read, standing
from socialconnect.reading.typed import Page

if TYPE_CHECKING:
    from socialconnect.reading.account import Rows, Whose
    from socialconnect.reading.declare import Column, Connector, Parent, Resource, Value
    from socialconnect.reading.further import Send
    from socialconnect.reading.messages import Request

T = TypeVar("T")
SendFor = Callable[["Resource"], "Send"]
"""Gives what sends the requests of a resource, each under its own error rules."""

_OF_ONE = (AccessDenied, MalformedResponse, MissingScope, NotFound, PagingLoop, RequestRefused, Unavailable)
"""Errors that concern one parent; any other would meet all of them."""

_PASSING = (MalformedResponse, Unavailable)
"""Those of them that another try may mend."""

_ENOUGH = 3  # parents that want a scope before any was read: then all will
_Row = Mapping[str, object]


@dataclass(frozen=True)
class Reading:
    """One resource to be read in one way, whoever's it is: which columns, and with which arguments."""

    connector: Connector
    resource: Resource
    extractor: Extractor
    arguments: Mapping[str, Value]

    def __post_init__(self) -> None:
        self._request(self.resource, self.arguments)  # refused before anything is sent

    async def pages(
        self, send_for: SendFor, *, width: int, whose: Whose = NOBODY, start: Start = UNMARKED
    ) -> AsyncGenerator[tuple[int, Page]]:
        """Every page of the account that `whose` describes, with its number; at most `width` requests are under way.

        With a `start` those alone that it asks for; numbers begin at 0 all the same.
        """
        if self.resource.identity:
            yield 0, standing(self.extractor.page(msgspec.json.encode(dict(whose.record)), account=whose.record), None)
            return
        one = _Reading(self, send_for, whose, start)
        bound = await one.bound(self.resource)
        if self.resource.parent is None:
            async with aclosing(one.read(width, bound)) as pages:
                async for numbered in pages:
                    yield numbered
            return
        number = 0
        async with aclosing(one.of_parents(self.resource.parent, width, bound)) as found:
            async for page in found:
                yield number, page
                number += 1

    async def bound(self, send_for: SendFor, whose: Whose) -> dict[str, str]:
        """The values of earlier calls that the resource's requests need."""
        return await _Reading(self, send_for, whose).bound(self.resource)

    def _request(self, resource: Resource, arguments: Mapping[str, Value]) -> Request:
        return resource.request(self.connector.origin, self.connector.headers_for(resource), arguments)


class _Reading:
    """One resource read for one account: with its scopes, and with what earlier calls have told of it."""

    def __init__(self, plan: Reading, send_for: SendFor, whose: Whose, start: Start = UNMARKED) -> None:
        self.connector, self.resource, self.extractor = plan.connector, plan.resource, plan.extractor
        self.arguments = plan.arguments
        self._send_for = send_for
        self._whose = whose
        self._start = start
        self._granted = self.connector.widened(whose.scopes or ())

    def read(
        self, width: int, bound: Mapping[str, str], parent: _Row | None = None, value: object = None
    ) -> AsyncGenerator[tuple[int, Page]]:
        """The pages of one listing, that of the parent of this value: all of them, or those that `start` asks for."""

        def ask(arguments: Mapping[str, Value]) -> Request:
            return self.request(self.resource, arguments, "" if value is None else str(value), bound=bound)

        send, record = self._send_for(self.resource), self._whose.record
        listing = Listing(self.extractor, self.arguments, self._granted, self._start, width, record)
        return listing.pages(ask, send, parent_mark(value), parent or {})

    def request(
        self, resource: Resource, arguments: Mapping[str, Value], parent: str = "", *, bound: Mapping[str, str]
    ) -> Request:
        """The first request of a listing."""
        return resource.request(
            self.connector.origin,
            self.connector.headers_for(resource),
            arguments,
            parent,
            bound=bound,
            granted=self._granted,
        )

    async def bound(self, resource: Resource) -> dict[str, str]:
        """The values that a resource's requests need of earlier calls."""
        version = resource.api_version or self.connector.api_version
        found = {VERSION: version} if version else {}
        told: dict[str, Rows] = {}
        for name in self.connector.bound(resource):
            source, column = self.connector.bind(name)
            if source.name not in told:
                told[source.name] = await self._rows(source, {}, self.connector.bound_of(source))
            value = next((row[column.name] for row in told[source.name] if row[column.name] is not None), None)
            if value is None:
                raise MalformedResponse(
                    f"{self.connector.name}.{source.name} tells no {column.name}, which {resource.name} needs.",
                    cure="Try again; if it stays, the provider changed.",
                )
            found[name] = str(value)
        return found

    async def _rows(self, source: Resource, arguments: Mapping[str, Value], columns: Sequence[Column]) -> Rows:
        """All rows of a short listing: from this token's earlier calls where it was asked for already."""
        names = [column.name for column in columns]
        key = (self.connector.name, source.name, repr(sorted(arguments.items())), *names, self._whose.key)
        known = self._whose.known.find(key) if self._whose.key else None
        if known is not None:
            return known
        listed = _Listed(names)
        await self._list(source, arguments, columns, 1, listed)
        if listed.broken is not None:
            raise listed.broken
        if self._whose.key:
            self._whose.known.keep(key, listed.rows)
        return tuple(listed.rows)

    async def _list(
        self, source: Resource, arguments: Mapping[str, Value], columns: Sequence[Column], width: int, listed: _Listed
    ) -> None:
        extractor = Extractor(source, columns)
        request = self.request(source, arguments, bound=await self.bound(source))
        send = self._send_for(source)
        try:
            async with aclosing(read(request, extractor, send, width=width, account=self._whose.record)) as pages:
                async for number, page in pages:
                    listed.take(number, page)
        except _OF_ONE as error:  # what came before it is read all the same
            listed.broken = error

    async def of_parents(self, parent: Parent, width: int, bound: Mapping[str, str]) -> AsyncGenerator[Page]:
        """The pages of each parent's listing, in the order of the parents."""
        listed = await self._parents(parent, width)
        if listed.cut or listed.drift:
            yield self._empty(listed.cut, listed.drift)
        done = self._start.place.done if self._start.place else ()
        rows = [row for row in listed.rows if parent_mark(row[parent.column]) not in done]
        failed: list[tuple[str, SocialConnectError]] = []
        read_one = False
        at_once = max(1, min(width, len(rows)))

        def start(row: _Row) -> AsyncGenerator[Page]:
            return self._of_parent(parent, row, max(1, width // at_once), bound, otherwise=bool(listed.named))

        async with aclosing(in_turn(rows, start, at_once)) as pages:
            async for row, came in pages:
                if isinstance(came, Page):
                    read_one = True
                    yield came
                elif isinstance(came, _OF_ONE):
                    failed.append((str(row[parent.column] or "none"), came))
                    if not read_one and len(failed) == _ENOUGH and isinstance(came, MissingScope):
                        raise failed[0][1]  # it is the token's, not theirs
                else:
                    raise came
        if listed.broken or (failed and len(failed) == len(rows)):
            raise listed.broken or failed[0][1]
        if failed:
            missed = next((error for _, error in failed if isinstance(error, _PASSING)), None)
            yield replace(self._empty(_told(failed, len(rows), parent.resource)), missed=missed)

    async def _parents(self, parent: Parent, width: int) -> _Listed:
        """The parents that the caller names, or all that the account has."""
        names = _wanted(parent)
        value = self.arguments.get(parent.param)
        if value is not None:
            return _Listed(names, parent, list(map(str, parent.argument.values(value))))
        source = self.connector.resource(parent.resource)
        columns = [source.column(name) for name in names]
        listed = _Listed(names, parent)
        if parent.keep:
            listed.know(await self._rows(source, parent.arguments, columns))
        else:
            await self._list(source, parent.arguments, columns, width, listed)
        return listed

    async def _of_parent(
        self, parent: Parent, row: _Row, width: int, bound: Mapping[str, str], *, otherwise: bool
    ) -> AsyncGenerator[Page]:
        own = row[parent.column]
        mark = parent_mark(own)
        try:
            async with aclosing(self.read(width, bound, row, own)) as pages:
                async for _, page in ordered(pages):
                    yield replace(page, parent=mark)
        except (NotFound, RequestRefused) as error:
            others = await self._others(parent, row) if otherwise and parent.otherwise else []
            if not others:
                raise
            del error
        else:
            return
        for other in others:
            async with aclosing(self._of_parent(parent, other, width, bound, otherwise=False)) as further:
                async for page in further:
                    yield replace(page, after=None, last=False)  # what was named is read when all of it is
        yield replace(self._empty(""), parent=mark, last=True)

    async def _others(self, parent: Parent, row: _Row) -> list[_Row]:
        """The parents that are meant where the caller named something that holds them."""
        resource = self.connector.resource(parent.otherwise)
        extractor = Extractor(resource, [resource.column(parent.column)])
        [param] = [one for one in resource.arguments if one.into == "path"]
        named = str(row[parent.column])
        request = self.request(resource, {param.name: named}, named, bound=await self.bound(resource))
        try:
            response = await self._send_for(resource)(request)
        except (NotFound, RequestRefused):
            return []
        page = extractor.page(response.body) if response else None
        return [{parent.column: value} for value in page.columns[0] if value is not None] if page else []

    def _empty(self, cut: str, drift: Mapping[str, int] | None = None) -> Page:
        return replace(self.extractor.nothing, drift=drift or {}, cut=cut)


def _wanted(parent: Parent) -> list[str]:
    return list(dict.fromkeys([parent.column, *parent.carry.values(), *([parent.where] if parent.where else [])]))


class _Listed:
    """The rows of a short listing in its order; where they are parents, each once, and those that are wanted alone."""

    def __init__(self, names: Sequence[str], parent: Parent | None = None, named: Sequence[str] = ()) -> None:
        self._parent = parent
        self.named = named
        self._names = names
        self._pages: dict[int, Page] = {}
        self._known: Rows = ()
        self.broken: SocialConnectError | None = None
        self.drift: Counter[str] = Counter()
        self.cut = ""

    def take(self, number: int, page: Page) -> None:
        """Add a page."""
        self._pages[number] = page
        self.drift.update(page.drift)
        self.cut = page.cut or self.cut

    def know(self, rows: Rows) -> None:
        """Take the rows that an earlier call told."""
        self._known = rows

    @property
    def rows(self) -> list[_Row]:
        """What was listed."""
        listed = [
            *self._known,
            *(
                dict(zip(self._names, values, strict=True))
                for number in sorted(self._pages)
                for values in zip(*self._pages[number].columns, strict=True)
            ),
        ]
        if self._parent is None:
            return list(listed)
        column, where = self._parent.column, self._parent.where
        found: dict[object, _Row] = {name: {column: name} for name in self.named}
        if self._parent.also and not self.named:
            found[None] = dict.fromkeys(self._names)
        for row in listed:
            if row[column] is not None and (not where or row[where] is not False):
                found.setdefault(row[column], row)
        return list(found.values())


def _told(failed: list[tuple[str, SocialConnectError]], of: int, what: str) -> str:
    """What was not read, counted by its reason, with the first of each."""
    codes = Counter(error.code for _, error in failed)
    firsts = {error.code: f"{name}: {error.message}" for name, error in reversed(failed)}
    listed = "; ".join(f"{count} {code}, such as {firsts[code].rstrip('.')}" for code, count in codes.most_common())
    return f"{len(failed)} of {of} {what} could not be read ({listed})."


async def ordered(pages: AsyncGenerator[tuple[int, Page]]) -> AsyncGenerator[tuple[int, Page]]:
    """Pages in the order of their numbers, each as soon as those before it are there."""
    waiting: dict[int, Page] = {}
    following = 0
    async for number, page in pages:
        waiting[number] = page
        while following in waiting:
            yield following, waiting.pop(following)
            following += 1
    for number in sorted(waiting):
        yield number, waiting[number]


async def in_turn(
    items: Iterable[T], start: Callable[[T], AsyncGenerator[Page]], width: int
) -> AsyncGenerator[tuple[T, Page | SocialConnectError]]:
    """What `start` gives for each item, in the order of the items, though `width` of them are under way.

    An error of ours stands in its place, and ends that item alone; any other ends all.
    """
    waiting = iter(items)
    under_way: deque[tuple[T, asyncio.Queue[Page | Exception | None], asyncio.Task[None]]] = deque()

    def begin() -> None:
        for item in waiting:
            queue: asyncio.Queue[Page | Exception | None] = asyncio.Queue()
            under_way.append((item, queue, asyncio.create_task(_drain(start(item), queue))))
            return

    try:
        for _ in range(width):
            begin()
        while under_way:
            item, queue, _ = under_way[0]
            while (came := await queue.get()) is not None:
                if isinstance(came, Exception) and not isinstance(came, SocialConnectError):
                    raise came
                yield item, came
            under_way.popleft()
            begin()
    finally:
        for _, _, task in under_way:
            task.cancel()
        await asyncio.gather(*(task for _, _, task in under_way), return_exceptions=True)


async def _drain(pages: AsyncGenerator[Page], queue: asyncio.Queue[Page | Exception | None]) -> None:
    try:
        async with aclosing(pages):
            async for page in pages:
                queue.put_nowait(page)
    except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to who takes the pages
        queue.put_nowait(error)
    queue.put_nowait(None)
