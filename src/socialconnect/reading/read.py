"""The loop that reads one resource for one account: request, page, next request, until the end."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from math import ceil
from time import perf_counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

from socialconnect.errors import PagingLoop, SocialConnectError
from socialconnect.reading.increment import unconditional
from socialconnect.reading.paginate import Ending, LinkHeader

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping

    from socialconnect.reading.extract import Extractor
    from socialconnect.reading.further import Send
    from socialconnect.reading.increment import Marking
    from socialconnect.reading.messages import Request, Response
    from socialconnect.reading.paths import Json
    from socialconnect.reading.typed import Page

_NOTHING_NEW = 304
_LEAST = 4  # requests under way, however near the provider is

T = TypeVar("T")


async def read(
    request: Request,
    extractor: Extractor,
    send: Send,
    *,
    width: int = 1,
    parent: Mapping[str, object] = MappingProxyType({}),
    account: Mapping[str, Json] = MappingProxyType({}),
    rows: int = 0,
    marking: Marking | None = None,
) -> AsyncGenerator[tuple[int, Page]]:
    """Each page with its number, from 0. Pages that are known beforehand come side by side, so out of order.

    `send` gives a response, or None where there is nothing; `width` is how many requests may be under way at most;
    `parent` has the values that each row carries of its parent, `account` is Clerk's record of the account; `rows` is
    how many came of the listing before `request`. Each page tells where it stands, the last one by `marking` how far
    the listing was read; a provider that has nothing new gives one page without rows. A PagingLoop where a page leads
    back to one that was read.
    """
    paging = extractor.resource.paging
    cut = _Cut(extractor, send, parent, account, rows, marking)
    clock = asyncio.get_running_loop().time
    asked_at = clock()
    response = await send(request)
    if response is None:
        return
    if response.status == _NOTHING_NEW:
        yield 0, replace(standing(extractor.nothing, None), mark=marking.unchanged if marking else None)
        return
    travel = clock() - asked_at
    request = unconditional(request)
    page = await cut(request, response)
    width = 1 if marking and marking.stops else useful_width(travel, cut.seconds, width)
    number = 0
    asked = {_identity(request)}
    known = paging.remaining(request, response) if isinstance(paging, LinkHeader) and width > 1 else None
    following = known[0] if known else cut.following(request, response)
    yield 0, cut.standing(page, following, response)
    if known:
        asked.update(map(_identity, known))
        number, following = len(known), None
        async with aclosing(_known(known, cut, width)) as pages:
            async for position, page in pages:
                following = page.after if position == number - 1 else None
                yield position + 1, page
    while following is not None:
        if _identity(following) in asked:
            raise PagingLoop(
                f"Page {number + 2} of {extractor.resource.name} leads back to one that was read.",
                cure="Report it to the provider: its listing does not end.",
            )
        asked.add(_identity(following))
        request = following
        answer = await send(request)
        if answer is None:
            return
        number += 1
        page = await cut(request, answer)
        following = cut.following(request, answer)
        yield number, cut.standing(page, following, answer)


async def _known(known: tuple[Request, ...], cut: _Cut, width: int) -> AsyncGenerator[tuple[int, Page]]:
    """The pages of requests that are known beforehand, with their positions; the last one last.

    It tells how far all of them were read, and has its own `next`: rows may have been added since.
    """
    end: tuple[Page, Response] | None = None
    try:
        async with aclosing(_side_by_side(known, cut.fetch, width)) as pages:
            async for position, came in pages:
                if came is not None and position == len(known) - 1:
                    end = came
                elif came is not None:
                    yield position, standing(came[0], known[position + 1])
    except SocialConnectError:
        if end is not None:
            yield len(known) - 1, standing(end[0], cut.following(known[-1], end[1]))
        raise
    if end is not None:
        yield len(known) - 1, cut.standing(end[0], cut.following(known[-1], end[1]), end[1])


def standing(page: Page, after: Request | None) -> Page:
    """The page with the request for the one behind it, or as the last one."""
    return replace(page, after=after, last=after is None)


@runtime_checkable
class Telling(Protocol):
    """A further step that can tell what it could not complete."""

    def cut(self, body: bytes) -> str:
        """What is missing from a completed body; nothing where it is whole."""


class _Cut:
    """Makes pages of one listing's responses, completed by further requests where the resource asks for them."""

    def __init__(
        self,
        extractor: Extractor,
        send: Send,
        parent: Mapping[str, object],
        account: Mapping[str, Json],
        rows: int,
        marking: Marking | None,
    ) -> None:
        self._extractor = extractor
        self._further = None if extractor.listed else extractor.resource.further
        self._send = send
        self._parent = parent
        self._account = account
        self._rows = rows
        self._marking = marking
        self.seconds = 0.0
        """What cutting the last page took."""

    async def __call__(self, request: Request, response: Response) -> Page:
        resource = self._extractor.resource
        body, short = response.body, ""
        if self._further is not None:
            body = await self._further.complete(request, body, self._send)
            short = self._further.cut(body) if isinstance(self._further, Telling) else ""
        began = perf_counter()
        page = self._extractor.page(body, self._parent, self._account, start=self._rows)
        self.seconds = perf_counter() - began
        self._rows += page.rows
        if response.tally is not None:
            response.tally.rows = page.rows
        cut = resource.paging.cut(request, response) if isinstance(resource.paging, Ending) else ""
        cut = f"{cut} {short}".strip()
        if resource.cap and self._rows >= resource.cap > self._rows - page.rows:
            cut = f"No more than {resource.cap:,} rows can be had of {resource.name}, and that many came."
        page = self._marking.take(request, response, page) if self._marking else page
        return replace(page, cut=cut) if cut else page

    def following(self, request: Request, response: Response) -> Request | None:
        """The request for the page behind a response; None too where that is known from an earlier reading."""
        done = self._marking is not None and self._marking.enough
        return None if done else self._extractor.resource.paging.next_request(request, response)

    def standing(self, page: Page, after: Request | None, response: Response) -> Page:
        """The page with the request for the one behind it, or as the last one, with how far the listing was read."""
        if after is not None or self._marking is None:
            return standing(page, after)
        return replace(standing(page, None), mark=self._marking.mark(response), full=self._marking.full)

    async def fetch(self, request: Request) -> tuple[Page, Response] | None:
        """Send and cut at once, and keep the headers alone: bodies that wait side by side would fill the memory."""
        answer = await self._send(request)
        return None if answer is None else (await self(request, answer), replace(answer, body=b""))


def useful_width(travel: float, cut: float, most: int) -> int:
    """How many requests to have under way: as many pages as are cut while one travels, in seconds.

    More would only wait here and fill the memory.

    >>> useful_width(travel=0.3, cut=0.002, most=50), useful_width(travel=0.02, cut=0.002, most=50)
    (50, 10)
    """
    return min(most, max(_LEAST, ceil(travel / max(cut, 1e-9))))


def _identity(request: Request) -> tuple[str, bytes | None]:
    return request.url, request.body


async def _side_by_side(
    requests: tuple[Request, ...], fetch: Callable[[Request], Awaitable[T]], width: int
) -> AsyncGenerator[tuple[int, T]]:
    """What `fetch` gives for each request, as it comes, with its position; at most `width` are under way.

    Where one fails no further one is begun; what those under way bring is given before the error is raised.
    """
    waiting = iter(enumerate(requests))
    under_way: dict[asyncio.Task[T], int] = {}
    failure: BaseException | None = None

    def start(more: Iterable[tuple[int, Request]]) -> None:
        for position, request in more:
            under_way[asyncio.ensure_future(fetch(request))] = position

    try:
        start(pair for _, pair in zip(range(width), waiting, strict=False))
        while under_way:
            done, _ = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                position = under_way.pop(task)
                failure = failure or task.exception()
                start([pair] if failure is None and (pair := next(waiting, None)) else ())
                if task.exception() is None:
                    yield position, task.result()
        if failure is not None:
            raise failure
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
