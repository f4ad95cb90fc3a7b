"""The loop: pages one after another or side by side, each once, until the end."""

import asyncio
import json

import pytest

from socialconnect import Cursor, LinkHeader, NextUrl, Resource, columns
from socialconnect.errors import MalformedResponse, PagingLoop, Unavailable
from socialconnect.reading.extract import Extractor
from socialconnect.reading.messages import Request, Response
from socialconnect.reading.read import read

pytestmark = pytest.mark.looptime
BASE = "https://api.acme.example/things"
START = Request("GET", f"{BASE}?page=1")


def extractor(paging, records=""):
    one = Resource("things", "/things", columns=columns("Int64", "id"), records=records, paging=paging)
    return Extractor(one, one.select(None))


class Pages:
    """A listing of `last` pages with two rows each, told by Link headers; what it answers takes `delays` by page."""

    def __init__(self, last, *, delays=None, named=True, grows=0):
        self.last, self.named, self.grows = last, named, grows
        self.delays = delays or {}
        self.asked, self.under_way, self.most = [], 0, 0

    async def __call__(self, request):
        page = int(dict(request.query)["page"])
        self.asked.append(page)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await asyncio.sleep(self.delays.get(page, 1))
        finally:
            self.under_way -= 1
        return self.answer(page)

    def answer(self, page):
        links = [f'<{BASE}?page={page + 1}>; rel="next"'] if page < self.last + self.grows else []
        links += [f'<{BASE}?page={self.last}>; rel="last"'] if self.named and page < self.last else []
        return Response(
            200, {"link": ", ".join(links)}, json.dumps([{"id": page * 10}, {"id": page * 10 + 1}]).encode()
        )


async def collect(*args, **options):
    return [(number, page.columns[0]) async for number, page in read(*args, **options)]


@pytest.mark.parametrize("width", [1, 2, 8])
@pytest.mark.parametrize("last", [1, 2, 3, 20])
async def test_all_pages_come_once_under_their_numbers(width, last):
    """However many are under way, each page comes once, with the number of its place."""
    pages = Pages(last, delays={number: 1 + number * 7 % 5 for number in range(40)})
    found = await collect(START, extractor(LinkHeader(page="page")), pages, width=width)
    assert sorted(number for number, _ in found) == list(range(last))
    assert dict(found) == {number: [number * 10 + 10, number * 10 + 11] for number in range(last)}
    assert sorted(pages.asked) == list(range(1, last + 1))
    assert pages.most <= width
    assert pages.most > 1 or width == 1 or last < 3


async def test_a_listing_that_grows_is_read_to_its_end():
    """Pages that were added while the known ones were read are followed too."""
    pages = Pages(5, grows=2)
    found = await collect(START, extractor(LinkHeader(page="page")), pages, width=4)
    assert sorted(number for number, _ in found) == list(range(7))


async def test_without_a_last_page_they_come_one_after_another():
    """Where nothing tells how many pages there are, none is asked for at a guess."""
    pages = Pages(6, named=False)
    assert len(await collect(START, extractor(LinkHeader(page="page")), pages, width=8)) == 6
    assert pages.most == 1


async def test_a_page_that_leads_back_ends_with_an_error():
    """A cursor that was there before is not followed again; what was read until then is given."""
    cursors = iter(["b", "c", "b", "c", "b"])

    async def send(request):
        del request
        return Response(200, {}, json.dumps({"rows": [{"id": 1}], "next": next(cursors)}).encode())

    found = []

    async def walk():
        async for number, _ in read(START, extractor(Cursor("next", "cursor"), "rows"), send):
            found.append(number)

    with pytest.raises(PagingLoop, match="Page 4 of things leads back"):
        await walk()
    assert found == [0, 1, 2]


async def test_a_page_that_leads_to_itself_ends_with_an_error():
    """The first page's own address as the next one is a loop too."""

    async def send(request):
        return Response(200, {}, json.dumps({"rows": [], "next": request.url}).encode())

    with pytest.raises(PagingLoop):
        await collect(START, extractor(NextUrl("next"), "rows"), send)


async def test_nothing_at_all_gives_no_page():
    """A first answer that says that there is nothing ends the reading at once."""

    async def send(request):
        del request

    assert await collect(START, extractor(NextUrl("next")), send) == []


@pytest.mark.parametrize("error", [Unavailable("gone"), ValueError("odd")])
async def test_an_error_side_by_side_leaves_no_task(error):
    """When one of several pages fails, its error comes out, and the others are ended."""
    pages = Pages(12, delays={5: 0.5})

    async def send(request):
        response = await pages(request)
        if "page=5" in request.url:
            raise error
        return response

    with pytest.raises(type(error)):
        await collect(START, extractor(LinkHeader(page="page")), send, width=4)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert pages.under_way == 0


async def test_a_broken_page_side_by_side_leaves_no_task():
    """A page that cannot be read ends the reading as well."""
    pages = Pages(12)

    async def send(request):
        response = await pages(request)
        return Response(200, {}, b"<html>") if "page=5" in request.url else response

    with pytest.raises(MalformedResponse):
        await collect(START, extractor(LinkHeader(page="page")), send, width=4)
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("width", [1, 5])
async def test_a_cancelled_reading_leaves_no_task(width):
    """Cancelling ends every request that is under way."""
    pages = Pages(40)
    began = asyncio.get_running_loop().time()
    task = asyncio.create_task(collect(START, extractor(LinkHeader(page="page")), pages, width=width))
    await asyncio.sleep(3.5)
    assert pages.under_way == width
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.get_running_loop().time() == pytest.approx(began + 3.5)  # none was waited for
    assert (pages.under_way, asyncio.all_tasks()) == (0, {asyncio.current_task()})


async def test_who_stops_early_stops_the_requests():
    """Closing the reading after some pages leaves nothing under way."""
    pages = Pages(40)
    reading = read(START, extractor(LinkHeader(page="page")), pages, width=5)
    async for number, _ in reading:
        if number > 2:
            break
    await reading.aclose()
    assert (pages.under_way, asyncio.all_tasks()) == (0, {asyncio.current_task()})
    assert len(pages.asked) < 20
