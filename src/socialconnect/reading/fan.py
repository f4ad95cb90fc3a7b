"""One listing for each parent: which parents there are, and their records in order, several listings at once."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

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
from socialconnect.reading.extract import Extractor
from socialconnect.reading.read import read
from socialconnect.reading.typed import Page

if TYPE_CHECKING:
    from socialconnect.reading.declare import Connector, Parent, Resource, Value
    from socialconnect.reading.further import Send
    from socialconnect.reading.messages import Request

T = TypeVar("T")
SendFor = Callable[["Resource"], "Send"]
"""Gives what sends the requests of a resource, each under its own error rules."""

_OF_ONE = (AccessDenied, MalformedResponse, MissingScope, NotFound, PagingLoop, RequestRefused, Unavailable)
"""Errors that concern one parent; any other would meet all of them."""

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

    async def pages(self, send_for: SendFor, *, width: int) -> AsyncGenerator[tuple[int, Page]]:
        """Every page with its number; at most `width` requests are under way."""
        if self.resource.parent is None:
            request = self._request(self.resource, self.arguments)
            async with aclosing(read(request, self.extractor, send_for(self.resource), width=width)) as pages:
                async for numbered in pages:
                    yield numbered
            return
        number = 0
        async with aclosing(self._of_parents(self.resource.parent, send_for, width)) as found:
            async for page in found:
                yield number, page
                number += 1

    async def _of_parents(self, parent: Parent, send_for: SendFor, width: int) -> AsyncGenerator[Page]:
        listed = await self._parents(parent, send_for, width)
        if listed.cut or listed.drift:
            yield self._empty(listed.cut, listed.drift)
        rows = listed.rows
        failed: list[tuple[str, SocialConnectError]] = []
        read_one = False
        at_once = max(1, min(width, len(rows)))

        def start(row: _Row) -> AsyncGenerator[Page]:
            return self._of_parent(parent, row, send_for, max(1, width // at_once), otherwise=bool(listed.named))

        async with aclosing(in_turn(rows, start, at_once)) as pages:
            async for row, came in pages:
                if isinstance(came, Page):
                    read_one = True
                    yield came
                elif isinstance(came, _OF_ONE):
                    failed.append((str(row[parent.column]), came))
                    if not read_one and len(failed) == _ENOUGH and isinstance(came, MissingScope):
                        raise failed[0][1]  # it is the token's, not theirs
                else:
                    raise came
        if listed.broken or (failed and len(failed) == len(rows)):
            raise listed.broken or failed[0][1]
        if failed:
            yield self._empty(_told(failed, len(rows), parent.resource))

    async def _parents(self, parent: Parent, send_for: SendFor, width: int) -> _Listed:
        """The parents that the caller names, or all that the account has."""
        value = self.arguments.get(parent.param)
        if value is not None:
            return _Listed(parent, list(map(str, parent.argument.values(value))))
        listed = _Listed(parent)
        resource = self.connector.resource(parent.resource)
        extractor = Extractor(resource, [resource.column(name) for name in _wanted(parent)])
        request = self._request(resource, parent.arguments)
        try:
            async with aclosing(read(request, extractor, send_for(resource), width=width)) as pages:
                async for number, page in pages:
                    listed.take(number, page)
        except _OF_ONE as error:  # the parents that came before it are read all the same
            listed.broken = error
        return listed

    async def _of_parent(
        self, parent: Parent, row: _Row, send_for: SendFor, width: int, *, otherwise: bool
    ) -> AsyncGenerator[Page]:
        request = self._request(self.resource, self.arguments, str(row[parent.column]))
        try:
            async with aclosing(
                read(request, self.extractor, send_for(self.resource), width=width, parent=row)
            ) as pages:
                async for _, page in _ordered(pages):
                    yield page
        except (NotFound, RequestRefused) as error:
            others = await self._others(parent, row, send_for) if otherwise and parent.otherwise else []
            if not others:
                raise
            del error
        else:
            return
        for other in others:
            async with aclosing(self._of_parent(parent, other, send_for, width, otherwise=False)) as further:
                async for page in further:
                    yield page

    async def _others(self, parent: Parent, row: _Row, send_for: SendFor) -> list[_Row]:
        """The parents that are meant where the caller named something that holds them."""
        resource = self.connector.resource(parent.otherwise)
        extractor = Extractor(resource, [resource.column(parent.column)])
        [param] = [one for one in resource.arguments if one.into == "path"]
        request = self._request(resource, {param.name: str(row[parent.column])}, str(row[parent.column]))
        try:
            response = await send_for(resource)(request)
        except (NotFound, RequestRefused):
            return []
        page = extractor.page(response.body) if response else None
        return [{parent.column: value} for value in page.columns[0] if value is not None] if page else []

    def _request(self, resource: Resource, arguments: Mapping[str, Value], parent: str = "") -> Request:
        return resource.request(self.connector.origin, self.connector.headers_for(resource), arguments, parent)

    def _empty(self, cut: str, drift: Mapping[str, int] | None = None) -> Page:
        columns = len(self.extractor.columns) + self.extractor.raw
        return Page(tuple([] for _ in range(columns)), 0, drift or {}, cut)


def _wanted(parent: Parent) -> list[str]:
    return list(dict.fromkeys([parent.column, *parent.carry.values(), *([parent.where] if parent.where else [])]))


class _Listed:
    """The parents of one account, each once, in the order of their listing."""

    def __init__(self, parent: Parent, named: Sequence[str] = ()) -> None:
        self._parent = parent
        self.named = named
        self._names = _wanted(parent)
        self._pages: dict[int, Page] = {}
        self.broken: SocialConnectError | None = None
        self.drift: Counter[str] = Counter()
        self.cut = ""

    def take(self, number: int, page: Page) -> None:
        self._pages[number] = page
        self.drift.update(page.drift)
        self.cut = page.cut or self.cut

    @property
    def rows(self) -> list[_Row]:
        found: dict[object, _Row] = {name: {self._parent.column: name} for name in self.named}
        for number in sorted(self._pages):
            for values in zip(*self._pages[number].columns, strict=True):
                row = dict(zip(self._names, values, strict=True))
                wanted = not self._parent.where or row[self._parent.where] is not False
                if wanted and row[self._parent.column] is not None:
                    found.setdefault(row[self._parent.column], row)
        return list(found.values())


def _told(failed: list[tuple[str, SocialConnectError]], of: int, what: str) -> str:
    """What was not read, counted by its reason, with the first of each."""
    codes = Counter(error.code for _, error in failed)
    firsts = {error.code: f"{name}: {error.message}" for name, error in reversed(failed)}
    listed = "; ".join(f"{count} {code}, such as {firsts[code].rstrip('.')}" for code, count in codes.most_common())
    return f"{len(failed)} of {of} {what} could not be read ({listed})."


async def _ordered(pages: AsyncGenerator[tuple[int, Page]]) -> AsyncGenerator[tuple[int, Page]]:
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
