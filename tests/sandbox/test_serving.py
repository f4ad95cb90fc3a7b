import asyncio
import socket
import sys

import httpx
import pytest
import uvicorn

from socialconnect.connectors.github import connector as github
from socialconnect.errors import MissingPackage, Unavailable
from socialconnect.sandbox import EPOCH, Sandbox, running, serve


def test_a_real_socket_serves_the_same_world():
    """Over loopback, every origin is a first segment of the path."""
    sandbox = Sandbox(users=5, seed=4)
    with running(sandbox) as base, httpx.Client(base_url=base) as http:
        urls = sandbox.base_urls(base)
        key = {"authorization": f"Bearer {sandbox.secret_key}"}
        rows = http.get(f"{urls['https://api.clerk.com']}/v1/users", headers=key).json()
        assert [row["id"] for row in rows] == [sandbox.world.user_id(index) for index in range(5)]
        assert http.get(f"{urls['https://api.notion.com']}/v1/users").status_code == 401
        assert http.get(f"{base}/api.nowhere.example/").status_code == 404
    assert [served.host for served in sandbox.requests] == ["api.clerk.com", "api.notion.com", "api.nowhere.example"]


def test_a_dropped_connection_closes_the_socket():
    """On a socket the caller sees the connection break off in the middle."""
    sandbox = Sandbox(users=5, faults=["clerk:dropped x1"])
    with running(sandbox) as base, httpx.Client() as http:
        key = {"authorization": f"Bearer {sandbox.secret_key}"}
        url = f"{base}/api.clerk.com/v1/users"
        with pytest.raises(httpx.RemoteProtocolError):
            http.get(url, headers=key)
        assert http.get(url, headers=key).status_code == 200


def test_every_origin_of_the_built_in_connectors_has_an_address():
    """No host that a connector may call is left to the network."""
    urls = Sandbox(users=1).base_urls("http://127.0.0.1:9/")
    assert set(github.origins) <= set(urls)
    assert {"https://people.googleapis.com", "https://openidconnect.googleapis.com"} <= set(urls)
    assert urls["https://api.github.com"] == "http://127.0.0.1:9/api.github.com"


def test_a_taken_port_is_refused():
    """A port that somebody else listens on ends with an error that says so."""
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        pytest.raises(Unavailable, match="another port"),
        running(Sandbox(users=1), port=other.getsockname()[1]),
    ):
        pass


def test_serving_tells_its_address_first(monkeypatch):
    """`serve` says where it serves, then serves until it is stopped."""
    said = []
    monkeypatch.setattr(uvicorn.Server, "run", lambda _server, sockets: said.append(sockets[0].getsockname()[1]))
    serve(Sandbox(users=1), ready=said.append)
    assert said[0] == f"http://127.0.0.1:{said[1]}"


@pytest.mark.parametrize("package", ["starlette", "uvicorn"])
def test_a_missing_package_is_named(monkeypatch, package):
    """Without the extra, the error says what to install; the world itself needs nothing."""
    monkeypatch.setitem(sys.modules, package, None)
    sandbox = Sandbox(users=5)
    assert sandbox.world.user_id(0)
    with pytest.raises(MissingPackage, match=r"socialconnect\[sandbox\]"), running(sandbox):
        pass


async def test_what_was_served_is_on_record(visitor):
    """Each request is kept with host, method, path, query and status, and counted."""
    await visitor.clerk("/users", limit=2)
    await visitor.clerk("/users/nobody")
    record = visitor.sandbox.requests
    assert [(one.host, one.method, one.path, one.query, one.status) for one in record] == [
        ("api.clerk.com", "GET", "/v1/users", "limit=2", 200),
        ("api.clerk.com", "GET", "/v1/users/nobody", "", 404),
    ]
    assert (len(record), record.hosts["api.clerk.com"], record.statuses[404], record.peak) == (2, 2, 1, 1)
    record.clear()
    assert (len(record), list(record)) == (0, [])


@pytest.mark.looptime
async def test_time_is_the_loops_own(visitor, pass_time):
    """The sandbox's time begins at its epoch and passes as the event loop's does, also in the Date header."""
    first = await visitor.clerk("/users")
    await pass_time(90)
    second = await visitor.clerk("/users")
    assert first.headers["date"] == "Sat, 21 Nov 2026 21:00:00 GMT"
    assert second.headers["date"] == "Sat, 21 Nov 2026 21:01:30 GMT"
    assert visitor.sandbox.clock.now() == EPOCH + 90


def test_time_goes_on_in_another_loop():
    """A second event loop, whose time begins anew, does not turn the sandbox's time back."""
    sandbox = Sandbox(users=1)

    async def now(time):
        asyncio.get_running_loop().time = lambda: time
        return sandbox.clock.now()

    assert [asyncio.run(now(time)) - EPOCH for time in (500.0, 530.0, 0.0, 4.0)] == [0.0, 30.0, 30.0, 34.0]


def test_two_loops_that_take_turns_do_not_hurry_time():
    """A loop whose time lags a little behind another's, as two threads' may, does not push the sandbox's time on."""
    sandbox = Sandbox(users=1)

    async def now(time):
        asyncio.get_running_loop().time = lambda: time
        return sandbox.clock.now()

    asyncio.run(now(100.0))
    assert [asyncio.run(now(100.0 + lag)) - EPOCH for lag in (2.0, 1.5, 2.0, 1.5, 2.0)] == [2.0] * 5


async def test_requests_side_by_side_are_counted(visit):
    """The record's peak is how many requests were under way at one time."""
    visitor = visit(users=5)
    await asyncio.gather(*(visitor.clerk("/users") for _ in range(10)))
    assert (len(visitor.sandbox.requests), visitor.sandbox.requests.peak) == (10, 10)
