"""The sandbox as an ASGI application: a host by its name, or by the first segment of the path."""

from __future__ import annotations

import asyncio
from email.utils import formatdate
from typing import TYPE_CHECKING, NoReturn

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount

from socialconnect.sandbox.answers import Call
from socialconnect.sandbox.record import Clock, Record, Served

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from socialconnect.sandbox.hosts import Hosts


class Door:
    """Turns ASGI messages into a Call and an Answer into ASGI messages."""

    def __init__(self, hosts: Hosts, record: Record, clock: Clock) -> None:
        self._hosts = hosts
        self._record = record
        self._clock = clock
        self._names = frozenset(hosts.names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        with self._record.under_way():
            request = Request(scope, receive)
            call = self._call(request, await request.body())
            outcome = self._hosts.handle(call)
            await asyncio.sleep(outcome.delay)  # also without delay: in process, others get their turn as on a network
            if outcome.dropped:
                self._record.add(Served(call.host, call.method, call.path, 0, call.query, call.now))
                await _drop(send)
            found = outcome.answer
            self._record.add(Served(call.host, call.method, call.path, found.status, call.query, call.now))
            response = Response(found.body, found.status, {**found.headers, "date": formatdate(call.now, usegmt=True)})
            await response(scope, receive, send)

    def _call(self, request: Request, body: bytes) -> Call:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.scope["headers"]}
        host, path = headers.get("host", "").partition(":")[0], request.scope["path"]
        by_path = host not in self._names
        if by_path:
            host, _, rest = path.lstrip("/").partition("/")
            path = f"/{rest}"
        query = request.scope["query_string"].decode("latin-1")
        return Call(host, request.method, path, query, headers, body, self._clock.now(), by_path=by_path)


async def _drop(send: Send) -> NoReturn:
    """Promise a body and break off: in process the error reaches the caller, on a socket the connection closes."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"4096")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"', "more_body": True})
    raise ConnectionResetError("the sandbox dropped the connection")


def build(hosts: Hosts, record: Record, clock: Clock) -> ASGIApp:
    """The application."""
    return Starlette(routes=[Mount("/", app=Door(hosts, record, clock))])
