"""Pages completed by further requests."""

import asyncio
import json
from collections import Counter
from email import message_from_bytes

import pytest

from socialconnect.errors import (
    AccessDenied,
    MalformedResponse,
    MissingScope,
    NotFound,
    RateLimited,
    RequestRefused,
    Unavailable,
)
from socialconnect.reading.further import Batch, Detail, gathered
from socialconnect.reading.messages import Request, Response

URL = "https://mail.example/v1/messages?pageToken=2"
LISTING = Request("GET", URL, {"x-version": "1"})
DETAIL = Detail("/v1/messages/{id}", records="messages", query={"format": "metadata", "only": ("From", "To")})
BUNDLED = Detail("/v1/messages/{id}", records="messages", batch=Batch("https://mail.example/batch", size=4))


def page(*ids):
    records = [{"id": one, "threadId": f"t{one}"} for one in ids]
    return json.dumps({"messages": records, "nextPageToken": "3"}).encode()


class Service:
    """Answers single requests and bundles; what `odd` holds for an id is answered or raised instead, once."""

    def __init__(self, odd=None, *, bundles=None, gone=()):
        self.odd = dict(odd or {})
        self.bundles = bundles
        self.gone = gone
        self.asked = []
        self.sizes = []
        self.posts = 0
        self.under_way = self.most = 0

    async def __call__(self, request):
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0)
        self.under_way -= 1
        if request.method == "POST":
            self.posts += 1
            return self._bundle(request)
        self.asked.append(request)
        identity = request.url.partition("?")[0].rpartition("/")[2]
        if identity in self.gone:
            raise NotFound("gone")
        odd = self.odd.pop(identity, None)
        if isinstance(odd, Exception):
            raise odd
        return self._one(identity) if odd is None else odd

    def _one(self, identity):
        return Response(200, {}, json.dumps({"id": identity, "size": len(identity), "labels": ["A"]}).encode())

    def _bundle(self, request):
        if self.bundles is not None:
            if isinstance(self.bundles, Exception):
                raise self.bundles
            return self.bundles
        head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
        parts = message_from_bytes(head + request.body).get_payload()
        self.sizes.append((len(parts), request.weight))
        body = b""
        for number, part in enumerate(parts):
            identity = part.get_payload().split()[1].partition("?")[0].rpartition("/")[2]
            odd = self.odd.pop(identity, None)
            found = Response(404, {}, b"{}") if identity in self.gone else odd or self._one(identity)
            body += f"--x\r\nContent-Type: application/http\r\nContent-ID: <response-{number}>\r\n\r\n".encode()
            body += f"HTTP/1.1 {found.status} \r\nA: b\r\n\r\n".encode() + found.body + b"\r\n"
        return Response(200, {"content-type": "multipart/mixed; boundary=x"}, body + b"--x--")


async def complete(detail, service, *ids):
    return json.loads(await detail.complete(LISTING, page(*ids), service))


async def test_details_are_laid_over_the_records():
    """Each record keeps what the listing had of it and gets its detail; the rest of the body stays."""
    service = Service()
    body = await complete(DETAIL, service, "a", "bb")
    assert body["nextPageToken"] == "3"
    assert body["messages"] == [
        {"id": "a", "threadId": "ta", "size": 1, "labels": ["A"]},
        {"id": "bb", "threadId": "tbb", "size": 2, "labels": ["A"]},
    ]
    (first, _) = service.asked
    assert first.url == "https://mail.example/v1/messages/a?format=metadata&only=From&only=To"
    assert (first.method, first.headers, first.template) == ("GET", LISTING.headers, DETAIL.path)


async def test_ids_are_escaped():
    """Whatever an id holds, it stays one part of the path."""
    service = Service()
    await complete(DETAIL, service, "../x?y#z")
    assert service.asked[0].url.startswith("https://mail.example/v1/messages/..%2Fx%3Fy%23z?")


async def test_bundles_have_their_size_and_weight():
    """Requests travel in bundles of the declared size, one after another, and count as what they hold."""
    service = Service()
    body = await complete(BUNDLED, service, *"abcdefghi")
    assert [one["size"] for one in body["messages"]] == [1] * 9
    assert service.sizes == [(4, 4), (4, 4), (1, 1)]
    assert (service.asked, service.most) == ([], 1)


async def test_parts_that_failed_are_asked_for_alone():
    """What a bundle did not answer well goes through `send` by itself, whatever was wrong with it."""
    odd = {
        "b": Response(429, {}, b"<html>"),
        "c": Response(503, {}, b"{}"),
        "f": Response(401, {}, b"{}"),
        "g": Response(200, {}, b"[]"),
    }
    service = Service(odd)
    body = await complete(BUNDLED, service, *"abcdefg")
    assert [one["size"] for one in body["messages"]] == [1] * 7
    assert Counter(one.url[-1] for one in service.asked) == Counter("bcfg")


@pytest.mark.parametrize("detail", [DETAIL, BUNDLED], ids=["single", "bundled"])
async def test_a_record_that_is_gone_stays_as_listed(detail):
    """A detail that is not found costs neither the row nor the others."""
    service = Service(gone=("b",))
    body = await complete(detail, service, *"abc")
    assert [one.get("size") for one in body["messages"]] == [1, None, 1]
    assert body["messages"][1] == {"id": "b", "threadId": "tb"}


@pytest.mark.parametrize(
    "trouble",
    [
        RequestRefused("no bundles"),
        NotFound("no bundles"),
        AccessDenied("no bundles"),
        Unavailable("no bundles"),
        None,
        Response(200, {"content-type": "application/json"}, b"{}"),
    ],
    ids=lambda trouble: type(trouble).__name__,
)
async def test_without_bundles_all_are_asked_for_singly(trouble):
    """Where the batch address gives no bundle, it is asked once, and then each record alone."""
    service = Service(bundles=trouble or Response(200, {}, b""))
    body = await complete(BUNDLED, service, *"abcdef")
    assert [one["size"] for one in body["messages"]] == [1] * 6
    assert (service.posts, len(service.asked)) == (1, 6)


@pytest.mark.parametrize("error", [RateLimited("later", retry_after=9), MissingScope("no")], ids=["limit", "scope"])
async def test_limits_and_scopes_are_no_reason_to_go_on(error):
    """An error that every single request would meet too is raised as it is."""
    service = Service(bundles=error)
    with pytest.raises(type(error)):
        await complete(BUNDLED, service, *"ab")
    assert service.asked == []


async def test_one_record_needs_no_bundle():
    """A single record is asked for directly."""
    service = Service()
    await complete(BUNDLED, service, "a")
    assert (len(service.asked), service.sizes) == (1, [])


async def test_singles_go_side_by_side():
    """No more than `at_once` are under way, and no fewer where there are enough."""
    service = Service()
    await complete(Detail("/v1/messages/{id}", records="messages", at_once=3), service, *"abcdefgh")
    assert service.most == 3


async def test_an_error_of_one_detail_is_raised():
    """What is neither answered nor gone fails the page, and nothing goes on behind its back."""
    service = Service({"a": Unavailable("down")})
    with pytest.raises(Unavailable):
        await complete(DETAIL, service, *"abcdefghijklmnopqrstuvwxyz")
    asked = len(service.asked)
    await asyncio.sleep(0)
    assert len(service.asked) == asked <= 11
    with pytest.raises(MalformedResponse, match="/v1/messages"):
        await complete(DETAIL, Service({"a": Response(200, {}, b'{"broken')}), "a")


@pytest.mark.parametrize(
    "body",
    [b'{"resultSizeEstimate": 0}', b'{"messages": []}', b'{"messages": null}', b"not JSON", b"", b'{"messages": [7]}'],
)
async def test_nothing_to_ask_for_leaves_the_body(body):
    """A page without records, or one that is none, is cut as it came."""
    service = Service()
    assert await BUNDLED.complete(LISTING, body, service) == body
    assert service.asked == []


async def test_a_record_without_the_key_stays():
    """A record that has not what the path needs is left as it is."""
    service = Service()
    body = b'{"messages": [{"threadId": "t"}, {"id": null}, {"id": 7}]}'
    found = json.loads(await DETAIL.complete(LISTING, body, service))["messages"]
    assert found[:2] == [{"threadId": "t"}, {"id": None}]
    assert [one.url.partition("?")[0][-2:] for one in service.asked] == ["/7"]


async def test_nothing_there_is_no_detail():
    """An answer that means that there is nothing (`None`) leaves the record as listed."""

    async def send(request):
        del request

    assert json.loads(await DETAIL.complete(LISTING, page("a"), send))["messages"][0] == {"id": "a", "threadId": "ta"}


async def test_gathered_keeps_the_order():
    """Results stand in the order of the items, however long each took."""

    async def fetch(number):
        for _ in range(number):
            await asyncio.sleep(0)
        return number

    assert await gathered(fetch, [5, 1, 3], 2) == [5, 1, 3]
