"""The one file that imports the HTTP library.

httpx's transport interface is the seam: an application in this process (the sandbox), httpx itself, or pyreqwest,
which carries the same requests at a fraction of the processor time (tests/benchmarks). Nothing of any of them leaves
this file: not a type, not an exception, not a redirect followed.
"""

from __future__ import annotations

import asyncio
import os
import platform
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx

from socialconnect import __version__
from socialconnect.errors import ProtocolError, SocialConnectError, Unavailable
from socialconnect.reading.messages import Request, Response
from socialconnect.secret import Secret, scrub

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyreqwest.client import Client as RustClient
    from pyreqwest.exceptions import DetailedPyreqwestError

    from socialconnect.settings import Settings


USER_AGENT = f"socialconnect/{__version__} python/{platform.python_version()}"
_CERTIFICATE = "Where a proxy has its own certificate authority, name its file in SSL_CERT_FILE."
_PLAIN_CONNECTIONS = 16  # httpx's own pool re-checks each connection at each request: past 20 it is slower, not faster


Application = Callable[..., Awaitable[None]]
"""An ASGI application to call in place of the network."""


class Transport:
    """Sends one request and gives the whole response; makes its connections in the loop that first uses it."""

    def __init__(self, settings: Settings, application: Application | None = None) -> None:
        self._settings = settings
        self._application = application
        self._carrier: _Carrier | None = None
        self._home: tuple[int, asyncio.AbstractEventLoop] | None = None

    @property
    def kind(self) -> str:
        """What carries the requests: `application`, `pyreqwest` or `httpx`."""
        if self._application is not None:
            return "application"
        if self._settings.transport == "httpx" or not _has_pyreqwest():
            return "httpx"
        return "pyreqwest"

    @property
    def width(self) -> int:
        """How many requests it bears at once."""
        return min(self._settings.concurrency, _PLAIN_CONNECTIONS if self.kind == "httpx" else 100)

    async def send(self, request: Request, url: str, token: Secret | None) -> Response:
        """Send `request` to `url`, with the token if there is one; an Unavailable where no response comes."""
        failure: SocialConnectError
        try:
            return await self._ready().send(request, url, token)
        except httpx.TimeoutException:
            failure = Unavailable(f"No answer within {self._settings.timeout:g} s.", cure="Try again.")
        except (httpx.TransportError, OSError) as error:
            why = scrub(str(error)) or type(error).__name__
            cure = _CERTIFICATE if "certificate" in why.lower() else "Check the network, then try again."
            failure = Unavailable(f"The connection failed: {why.rstrip('.')}.", cure=cure)
        except (httpx.InvalidURL, httpx.DecodingError, ValueError) as error:
            failure = ProtocolError(f"The exchange is not HTTP as it should be: {scrub(str(error))}.")
        raise failure  # outside the handler: the library's own error, with the header in its frames, is let go

    async def aclose(self) -> None:
        """Close the connections; the next request opens new ones."""
        carrier, self._carrier = self._carrier, None
        if carrier is not None and self._home == _here():
            await carrier.close()

    def _ready(self) -> _Carrier:
        # connections belong to one loop of one process: another loop, or a fork, needs its own
        if self._carrier is None or self._home != _here():
            self._home = _here()
            self._carrier = self._open()
        return self._carrier

    def _open(self) -> _Carrier:
        timeout = self._settings.timeout
        if self._application is not None:
            inside = httpx.ASGITransport(self._application)
            return _Carrier(inside.handle_async_request, inside.aclose)
        if self.kind == "httpx":
            limits = httpx.Limits(max_connections=self.width, max_keepalive_connections=self.width)
            client = httpx.AsyncClient(timeout=httpx.Timeout(timeout), limits=limits, follow_redirects=False)
            return _Carrier(client.send, client.aclose)
        rust = _Rust.open(timeout, self._settings.concurrency)
        return _Carrier(rust.handle_async_request, rust.aclose)


def _here() -> tuple[int, asyncio.AbstractEventLoop]:
    return os.getpid(), asyncio.get_running_loop()


def _has_pyreqwest() -> bool:
    try:
        import pyreqwest  # noqa: F401, PLC0415 - without it there is httpx
    except ImportError:
        return False
    return True


class _Carrier:
    """One way to carry a request, and how to close it."""

    def __init__(
        self, carry: Callable[[httpx.Request], Awaitable[httpx.Response]], close: Callable[[], Awaitable[None]]
    ) -> None:
        self._carry = carry
        self.close = close

    async def send(self, request: Request, url: str, token: Secret | None) -> Response:
        answer = await self._carry(
            httpx.Request(
                request.method,
                url,
                headers={
                    "accept": "application/json",
                    "accept-encoding": "gzip, deflate",
                    "user-agent": USER_AGENT,
                    **_lower(request.headers),
                    **({} if token is None else {"authorization": f"Bearer {token.reveal()}"}),
                },
                content=request.body,
            )
        )
        body = await answer.aread()
        await answer.aclose()
        return Response(answer.status_code, _lower(answer.headers), body)


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


class _Rust(httpx.AsyncBaseTransport):
    """pyreqwest behind httpx's transport interface, with the body read whole.

    pyreqwest ships such a bridge too; it streams each body in chunks, which costs half as much again a request.
    """

    def __init__(self, client: RustClient) -> None:
        self._client = client

    @classmethod
    def open(cls, timeout: float, connections: int) -> _Rust:
        from pyreqwest.client import ClientBuilder  # noqa: PLC0415 - not on every platform

        return cls(
            ClientBuilder()
            .follow_redirects(False)  # noqa: FBT003 - its interface; a redirect is ours to judge
            .referer(False)  # noqa: FBT003
            .pool_max_idle_per_host(connections)
            .connect_timeout(timedelta(seconds=min(timeout, 15)))
            .read_timeout(timedelta(seconds=timeout))
            .build()
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        from pyreqwest import exceptions  # noqa: PLC0415 - not on every platform

        building = self._client.request(request.method, str(request.url)).headers(request.headers.multi_items())
        if request.content:
            building = building.body_bytes(request.content)
        failure: httpx.TransportError
        try:
            answer = await building.build().send()
            body = (await answer.bytes()).to_bytes()
        except exceptions.RequestTimeoutError as error:
            failure = httpx.ReadTimeout(_cause(error))
        except (exceptions.RequestError, exceptions.BuilderError) as error:
            failure = httpx.NetworkError(_cause(error))
        else:
            return httpx.Response(answer.status, headers=list(answer.headers.items()), content=body)
        raise failure

    async def aclose(self) -> None:
        await self._client.close()


def _cause(error: DetailedPyreqwestError) -> str:
    """What lies deepest: the outer messages only say that something went wrong."""
    causes = error.details["causes"] or []
    return causes[-1]["message"] if causes else error.message
