"""The loop that reads one resource for one account: request, page, next request, until the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

from socialconnect.errors import PagingLoop
from socialconnect.reading.paginate import LinkHeader

if TYPE_CHECKING:
    from socialconnect.reading.extract import Extractor, Page
    from socialconnect.reading.messages import Request, Response

Send = Callable[["Request"], Awaitable["Response | None"]]


async def read(
    request: Request, extractor: Extractor, send: Send, *, width: int = 1
) -> AsyncGenerator[tuple[int, Page]]:
    """Each page with its number, from 0. Pages that are known beforehand come side by side, so out of order.

    `send` gives a response, or None where there is nothing; `width` is how many requests may be under way.
    A PagingLoop where a page leads back to one that was read.
    """
    paging = extractor.resource.paging
    response = await send(request)
    if response is None:
        return
    yield 0, extractor.page(response.body)
    number = 0
    known = paging.remaining(request, response) if isinstance(paging, LinkHeader) and width > 1 else None
    if known:
        number = len(known)
        last: tuple[Request, Response] | None = None
        async for position, answer in _side_by_side(known, send, width):
            if answer is not None:
                yield position + 1, extractor.page(answer.body)
                last = (known[position], answer) if position == number - 1 else last
        if last is None:
            return
        request, response = last  # rows may have been added since: the last page's own `next` is followed too
    asked = {_identity(request), *map(_identity, known or ())}
    while (following := paging.next_request(request, response)) is not None:
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
        response = answer
        number += 1
        yield number, extractor.page(response.body)


def _identity(request: Request) -> tuple[str, bytes | None]:
    return request.url, request.body


async def _side_by_side(
    requests: tuple[Request, ...], send: Send, width: int
) -> AsyncGenerator[tuple[int, Response | None]]:
    """Every answer as it comes; at most `width` under way or waiting to be taken."""
    waiting = iter(enumerate(requests))
    under_way: dict[asyncio.Task[Response | None], int] = {}

    def start(more: Iterable[tuple[int, Request]]) -> None:
        for position, request in more:
            under_way[asyncio.ensure_future(send(request))] = position

    try:
        start(pair for _, pair in zip(range(width), waiting, strict=False))
        while under_way:
            done, _ = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                position = under_way.pop(task)
                start([pair] if (pair := next(waiting, None)) else ())
                yield position, task.result()
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
