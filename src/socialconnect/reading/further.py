"""What a page lacks, got by further requests before it is cut into rows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from socialconnect.errors import AccessDenied, MalformedResponse, NotFound, RequestRefused, Unavailable
from socialconnect.reading.batch import bundle, unbundle
from socialconnect.reading.messages import Request, Response
from socialconnect.reading.paths import Json, look

Send = Callable[[Request], Awaitable[Response | None]]
T = TypeVar("T")
R = TypeVar("R")


class Further(Protocol):
    """A declared way of completing a page, whatever its resource."""

    kind: ClassVar[str]

    @property
    def usual(self) -> float:
        """How many further requests a page needs, for plans that know no better."""

    async def complete(self, request: Request, body: bytes, send: Send) -> bytes:
        """The body to cut in place of `body`, the answer to `request`; `send` gives None where there is nothing."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Where a provider takes several requests in one (`reading/batch.py`), and how many of them."""

    url: str
    size: int = 50


@dataclass(frozen=True, slots=True)
class Detail:
    """One further request for each record, whose answer is laid over it: a listing of ids becomes one of records.

    `{"messages": [{"id": "18c2"}]}`: `Detail("/messages/{id}", records="messages")` asks for `/messages/18c2`.

    `path` has `{key}` for keys of the record, `query` goes with each request, `at_once` of which are under way. With
    `batch` they travel bundled, one bundle after another, for a provider counts each of them all the same; what a
    bundle did not answer well is asked for again on its own, with all the waiting and renewing that takes. Where the
    provider takes no bundles, everything is.

    A record whose detail is not found (deleted since the listing) stays as the listing has it, its other columns NA.
    `listed` are the keys that the listing has already: where no other is wanted, nothing further is asked for.
    """

    path: str
    records: str
    query: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    batch: Batch | None = None
    at_once: int = 10
    usual: float = 1.0
    listed: tuple[str, ...] = ()

    kind: ClassVar[str] = "detail"

    async def complete(self, request: Request, body: bytes, send: Send) -> bytes:
        """The listing with each record's detail in it."""
        try:
            page: Json = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return body  # whoever cuts it will say what it is
        listed = look(page, self.records)
        records = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        asking = [(record, asked) for record in records if (asked := self._request(request, record)) is not None]
        details = await self._details([asked for _, asked in asking], send)
        for (record, _), detail in zip(asking, details, strict=True):
            record.update(detail)
        return msgspec.json.encode(page) if asking else body

    def _request(self, listing: Request, record: Mapping[str, Json]) -> Request | None:
        """The request for one record's detail; None where it has not what that needs."""
        holes = {key: quote(str(value), safe="") for key, value in record.items() if isinstance(value, str | int)}
        try:
            path = self.path.format_map(holes)
        except KeyError:
            return None
        parts = urlsplit(listing.url)
        query = f"?{urlencode(self.query, doseq=True)}" if self.query else ""
        return Request("GET", f"{parts.scheme}://{parts.netloc}{path}{query}", listing.headers, template=self.path)

    async def _details(self, requests: list[Request], send: Send) -> list[dict[str, Json]]:
        """The details in the order of the requests; an empty one for what is not found."""
        found: list[dict[str, Json] | None] = [None] * len(requests)
        if self.batch is not None and len(requests) > 1:
            for start in range(0, len(requests), self.batch.size):
                answered = await self._bundled(self.batch, requests[start : start + self.batch.size], send)
                if answered is None:
                    break  # it takes none: there is no use in the others
                found[start : start + self.batch.size] = answered
        left = [place for place, detail in enumerate(found) if detail is None]
        singles = await gathered(lambda place: _single(requests[place], send), left, self.at_once)
        for place, detail in zip(left, singles, strict=True):
            found[place] = detail
        return [detail or {} for detail in found]

    async def _bundled(self, batch: Batch, requests: list[Request], send: Send) -> list[dict[str, Json] | None] | None:
        """The details that one bundle brings, None for those that it does not; None where there are no bundles."""
        try:
            response = await send(bundle(batch.url, requests))
        except (RequestRefused, NotFound, AccessDenied, Unavailable):
            return None
        if response is None:
            return None
        answers = unbundle(response, len(requests))
        return [_detail(one) for one in answers] if any(answers) else None


@dataclass(frozen=True, slots=True)
class Mended:
    """A body that no path can read, made into one by a function of the connector's own: the last resort.

    `mend` takes the decoded body and gives another; it is asked before rows are cut, and pages are turned without it.
    """

    mend: Callable[[Json], Json]
    usual: float = 0.0

    kind: ClassVar[str] = "mended"

    async def complete(self, request: Request, body: bytes, send: Send) -> bytes:
        """The body as the function makes it; one that is not JSON stays as it is."""
        del request, send
        try:
            page: Json = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return body  # whoever cuts it will say what it is
        return msgspec.json.encode(self.mend(page))


async def _single(request: Request, send: Send) -> dict[str, Json]:
    try:
        response = await send(request)
    except NotFound:
        return {}
    detail = _detail(response)
    if detail is None and response is not None:
        raise MalformedResponse(
            f"{request.template} gave no JSON object.", cure="Try again; if it stays, the provider changed."
        )
    return detail or {}


def _detail(response: Response | None) -> dict[str, Json] | None:
    decoded = response.json() if response is not None and response.status == 200 else None
    return decoded if isinstance(decoded, dict) else None


async def gathered(fetch: Callable[[T], Awaitable[R]], items: Sequence[T], at_once: int) -> list[R]:
    """What `fetch` gives for each item, in order, `at_once` under way; the first error ends all and is raised."""
    places = asyncio.Semaphore(at_once)

    async def one(item: T) -> R:
        async with places:
            return await fetch(item)

    tasks = [asyncio.create_task(one(item)) for item in items]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
