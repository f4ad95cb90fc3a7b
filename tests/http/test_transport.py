"""What carries a request carries nothing else, and its troubles are ours to name."""

import asyncio
import gzip
import socket
import zlib

import pytest
from tests.loopback import serving

from socialconnect import Settings, Unavailable
from socialconnect.errors import ProtocolError
from socialconnect.http.transport import Transport
from socialconnect.reading.messages import Request
from socialconnect.secret import Secret

BOTH = pytest.mark.parametrize("kind", ["httpx", "pyreqwest"])


def make(kind, **settings):
    return Transport(Settings.make(transport=kind, **settings))


@BOTH
async def test_a_request_arrives_as_it_was_meant(kind):
    """Method, path, query, headers, body and token arrive; the answer's status, headers and body come back."""
    with serving(lambda *_: (201, {"X-Some": "Thing"}, "é".encode())) as (base, asked):
        transport = make(kind)
        assert transport.kind == kind
        request = Request("POST", f"{base}/a?b=%20c", {"X-Own": "1", "content-type": "application/json"}, b'{"a": 1}')
        response = await transport.send(request, request.url, Secret("the-token-itself"))
        await transport.aclose()
    assert (response.status, response.headers["x-some"], response.body.decode()) == (201, "Thing", "é")
    method, path, headers, body = asked[0]
    assert (method, path, body) == ("POST", "/a?b=%20c", b'{"a": 1}')
    assert headers["authorization"] == "Bearer the-token-itself"
    assert (headers["x-own"], headers["accept"]) == ("1", "application/json")
    assert headers["user-agent"].startswith("socialconnect/")
    assert len(asked) == 1


@BOTH
async def test_no_token_sends_no_header(kind):
    """A request that needs no token has no Authorization header."""
    with serving(lambda *_: (200, {}, b"")) as (base, asked):
        transport = make(kind)
        await transport.send(Request("GET", base), base, None)
        await transport.aclose()
    assert "authorization" not in asked[0][2]
    assert "cookie" not in asked[0][2]


@BOTH
@pytest.mark.parametrize(("name", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_a_packed_body_is_unpacked(kind, name, pack):
    """Compressed answers are asked for and read."""
    body = b'[{"id": 1}]' * 500
    with serving(lambda *_: (200, {"content-encoding": name}, pack(body))) as (base, asked):
        transport = make(kind)
        assert (await transport.send(Request("GET", base), base, None)).body == body
        await transport.aclose()
    assert name in asked[0][2]["accept-encoding"]


@BOTH
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(kind, status):
    """A redirect comes back as it is: where it leads is judged elsewhere."""
    with serving(lambda *_: (status, {"location": "/other"}, b"")) as (base, asked):
        transport = make(kind)
        response = await transport.send(Request("GET", base), base, Secret("the-token-itself"))
        await transport.aclose()
    assert (response.status, response.headers["location"], len(asked)) == (status, "/other", 1)


@BOTH
async def test_a_refused_connection_is_unavailable(kind):
    """A port where nobody listens is an Unavailable of ours, without the library's own error behind it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unavailable, match="connection failed") as caught:
        await make(kind).send(Request("GET", f"http://127.0.0.1:{port}"), f"http://127.0.0.1:{port}", None)
    assert caught.value.__context__ is None


@BOTH
async def test_an_answer_that_breaks_off_is_unavailable(kind):
    """A connection that closes before the answer is whole is an Unavailable."""
    with serving(lambda path, _: None if path == "/none" else (200, {"content-length": "400"}, b"{")) as (base, _):
        transport = make(kind, timeout=5)
        with pytest.raises(Unavailable):
            await transport.send(Request("GET", f"{base}/none"), f"{base}/none", None)
        with pytest.raises(Unavailable):
            await asyncio.wait_for(make(kind, timeout=0.2).send(Request("GET", f"{base}/cut"), f"{base}/cut", None), 5)
        await transport.aclose()


@BOTH
async def test_no_answer_in_time_is_unavailable(kind):
    """A server that says nothing is given up after the timeout."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(Unavailable, match=r"0\.2 s"):
            await make(kind, timeout=0.2).send(Request("GET", url), url, None)


@BOTH
async def test_a_cancelled_request_leaves_the_transport_usable(kind):
    """Cancelling a request that is under way harms no later one."""
    with socket.create_server(("127.0.0.1", 0)) as silent, serving(lambda *_: (200, {}, b"[]")) as (base, _):
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        transport = make(kind)
        task = asyncio.create_task(transport.send(Request("GET", url), url, None))
        for _ in range(20):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await transport.send(Request("GET", base), base, None)).body == b"[]"
        await transport.aclose()


@BOTH
def test_one_transport_serves_two_loops(kind):
    """A transport that was used in one loop works in the next, also once it was closed."""
    with serving(lambda *_: (200, {}, b"[]")) as (base, asked):
        transport = make(kind)

        async def use(*, close):
            response = await transport.send(Request("GET", base), base, None)
            if close:
                await transport.aclose()
                response = await transport.send(Request("GET", base), base, None)
                await transport.aclose()
            return response.status

        assert [asyncio.run(use(close=True)), asyncio.run(use(close=True))] == [200, 200]
    assert len(asked) == 4


async def test_an_application_takes_the_networks_place():
    """With an application nothing goes to a socket, and what it raises is an Unavailable."""

    async def application(scope, receive, send):
        del receive
        if scope["path"] == "/broken":
            raise ConnectionResetError("gone")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["path"].encode()})

    transport = Transport(Settings.make(), application)
    assert transport.kind == "application"
    url = "https://api.example.com/x"
    assert (await transport.send(Request("GET", url), url, None)).body == b"/x"
    with pytest.raises(Unavailable):
        await transport.send(Request("GET", url), "https://api.example.com/broken", None)
    await transport.aclose()


@BOTH
async def test_what_is_no_http_is_said_so(kind):
    """A server that does not speak HTTP is an error of ours."""
    server = await asyncio.start_server(_nonsense, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    transport = make(kind, timeout=5)
    with pytest.raises((Unavailable, ProtocolError)):
        await transport.send(Request("GET", url), url, None)
    await transport.aclose()
    server.close()


async def _nonsense(reader, writer):
    await reader.readline()
    writer.write(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
    await writer.drain()
    writer.close()


@BOTH
async def test_no_proxy_sees_what_goes_to_this_machine(kind, monkeypatch):
    """A request in the clear to this machine goes there straight, whatever proxy the environment names."""
    with (
        serving(lambda *_: (200, {}, b"proxy")) as (proxy, overheard),
        serving(lambda *_: (200, {}, b"home")) as (base, _),
    ):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        transport = make(kind)
        response = await transport.send(Request("GET", base), base, Secret("the-token-itself"))
        await transport.aclose()
    assert response.body == b"home"
    assert overheard == []
