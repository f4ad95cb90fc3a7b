"""The one file that imports the HTTP library.

Three carriers take the same requests: httpx into an application in this process (the sandbox), httpx over the network,
and pyreqwest, which does the same for a fraction of the processor time (tests/benchmarks). Nothing of any of them
leaves this file: not a type, not an exception, not a redirect followed.
"""

from __future__ import annotations

import asyncio
import logging
import os
import platform
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Literal, Protocol
from urllib.parse import urlsplit

import httpx

from socialconnect import __version__
from socialconnect.errors import ProtocolError, SocialConnectError, Unavailable
from socialconnect.http.tape import Asked, at_home, check_token, plain, tape
from socialconnect.reading.messages import Request, Response
from socialconnect.secret import Secret, scrub
from socialconnect.settings import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterable

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
        self._carriers: dict[bool, _Carrier] = {}
        self._home: tuple[int, asyncio.AbstractEventLoop, str] | None = None

    @property
    def kind(self) -> str:
        """What carries the requests: `application`, `pyreqwest` or `httpx`."""
        if self._application is not None:
            return "application"
        wanted = self._settings.transport
        if wanted == "httpx" or not _has_pyreqwest() or (wanted == "auto" and _watched()):
            return "httpx"
        return "pyreqwest"

    @property
    def taped(self) -> bool:
        """Whether a cassette is open: then a kept answer must not stand in for a whole one."""
        return tape() is not None

    @property
    def played(self) -> bool:
        """Whether a cassette answers: then there is nothing to wait for."""
        current = tape()
        return current is not None and current.plays

    @property
    def width(self) -> int:
        """How many requests it bears at once."""
        return min(self._settings.concurrency, _PLAIN_CONNECTIONS if self.kind == "httpx" else 100)

    async def send(self, request: Request, url: str, token: Secret | None, account: str = "") -> Response:
        """Send `request` to `url`, with the token if there is one; an Unavailable where no response comes.

        `account` says for whom: the token itself may be written nowhere. Where a cassette is open, it takes the answer
        in or gives it.
        """
        current = tape()
        if current is None or not current.plays:
            check_token(token)
        if current is None:
            return await self._send(request, url, token)
        homes = self._settings.base_urls
        asked = Asked(replace(request, url=at_home(request.url, homes)), account, self._source(url), homes)
        return await current.carry(asked, lambda: self._send(plain(request), url, token))

    async def _send(self, request: Request, url: str, token: Secret | None) -> Response:
        try:
            return await self._ready(near=url.startswith("http://")).carry(request, url, token)
        except _NoAnswer as error:
            failure = self._failure(error)
        raise failure  # outside the handler: the library's own error, with the header in its frames, is let go

    def _source(self, url: str) -> str:
        if self._application is not None:
            return "sandbox"
        return "this machine" if is_loopback(urlsplit(url).hostname or "") else "live"

    def _failure(self, error: _NoAnswer) -> SocialConnectError:
        why = scrub(error.why).rstrip(".")
        if error.kind == "late":
            return Unavailable(f"No answer within {self._settings.timeout:g} s.", cure="Try again.")
        if error.kind == "odd":
            return ProtocolError(f"The exchange is not HTTP as it should be: {why}.")
        cure = _CERTIFICATE if "certificate" in why.lower() else "Check the network, then try again."
        return Unavailable(f"The connection failed: {why}.", cure=cure)

    async def aclose(self) -> None:
        """Close the connections; the next request opens new ones."""
        carriers, self._carriers = self._carriers, {}
        if self._home == self._here():
            for carrier in carriers.values():
                await carrier.close()

    def _ready(self, *, near: bool) -> _Carrier:
        """What carries to an address; `near` is this machine, in the clear, where no proxy may see the token."""
        # connections belong to one loop of one process: another loop, or a fork, needs its own
        if self._home != self._here():
            self._home, self._carriers = self._here(), {}
        if near not in self._carriers:
            self._carriers[near] = self._open(near=near)
        return self._carriers[near]

    def _here(self) -> tuple[int, asyncio.AbstractEventLoop, str]:
        return os.getpid(), asyncio.get_running_loop(), self.kind

    def _open(self, *, near: bool) -> _Carrier:
        timeout = self._settings.timeout
        if self._application is not None:
            inside = httpx.ASGITransport(self._application)
            return _Httpx(inside.handle_async_request, inside.aclose)
        if self.kind == "httpx":
            _quieten()
            limits = httpx.Limits(max_connections=self.width, max_keepalive_connections=self.width)
            client = httpx.AsyncClient(timeout=timeout, limits=limits, follow_redirects=False, trust_env=not near)
            return _Httpx(client.send, client.aclose)
        return _Rust(timeout, self._settings.concurrency, near=near)


def _quieten() -> None:
    """Scrub what httpx and its connections log: addresses at INFO, and every header that came at DEBUG."""
    for name in ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy"):
        logging.getLogger(name).addFilter(_scrubbed)  # the same filter again is not added twice


def _scrubbed(record: logging.LogRecord) -> bool:
    record.msg, record.args = scrub(record.getMessage()), ()
    return True


def _watched() -> bool:
    """Whether somebody records or replaces what httpx carries, as vcrpy does: then it is httpx that must carry."""
    # the module of the function itself: a wrapper may borrow its name, but brings its own
    names = getattr(httpx.AsyncHTTPTransport.handle_async_request, "__globals__", {})
    return not names.get("__name__", "").startswith("httpx.")


@cache
def _has_pyreqwest() -> bool:
    try:
        import pyreqwest  # noqa: F401, PLC0415 - without it there is httpx
    except ImportError:
        return False
    return True


class _NoAnswer(Exception):
    """Why no response came: too `late`, `broken` off, or something that is no HTTP (`odd`)."""

    def __init__(self, kind: Literal["late", "broken", "odd"], error: Exception, why: str = "") -> None:
        super().__init__(kind)
        self.kind = kind
        self.why = why or str(error) or type(error).__name__


class _Carrier(Protocol):
    """One way to carry a request."""

    async def carry(self, request: Request, url: str, token: Secret | None) -> Response:
        """The whole response; a _NoAnswer where there is none."""

    async def close(self) -> None:
        """Close its connections."""


def _headers(request: Request, token: Secret | None) -> dict[str, str]:
    return {
        "accept": "application/json",
        "accept-encoding": "gzip, deflate",
        "user-agent": USER_AGENT,
        **{name.lower(): value for name, value in request.headers.items()},
        **({} if token is None else {"authorization": f"{request.scheme} {token.reveal()}"}),
    }


class _Httpx:
    """httpx: over the network, or into an application."""

    def __init__(
        self, send: Callable[[httpx.Request], Awaitable[httpx.Response]], close: Callable[[], Awaitable[None]]
    ) -> None:
        self._send = send
        self._close = close

    async def carry(self, request: Request, url: str, token: Secret | None) -> Response:
        try:
            answer = await self._send(
                httpx.Request(request.method, url, headers=_headers(request, token), content=request.body)
            )
            body = await answer.aread()
            await answer.aclose()
        except httpx.TimeoutException as error:
            raise _NoAnswer("late", error) from None
        except (httpx.TransportError, OSError) as error:
            raise _NoAnswer("broken", error) from None
        except (httpx.InvalidURL, httpx.DecodingError, ValueError) as error:
            raise _NoAnswer("odd", error) from None
        headers = ((name.decode("ascii", "replace"), text.decode("latin-1")) for name, text in answer.headers.raw)
        return Response(answer.status_code, _joined(headers), body)

    async def close(self) -> None:
        await self._close()


class _Rust:
    """pyreqwest, asked directly: behind httpx's interface the two sets of objects cost a fifth more."""

    def __init__(self, timeout: float, connections: int, *, near: bool) -> None:
        from pyreqwest.client import ClientBuilder  # noqa: PLC0415 - not on every platform

        building = ClientBuilder().no_proxy() if near else ClientBuilder()
        self._client = (
            building.follow_redirects(False)  # noqa: FBT003 - its interface; a redirect is ours to judge
            .referer(False)  # noqa: FBT003
            .pool_max_idle_per_host(connections)
            .connect_timeout(timedelta(seconds=min(timeout, 15)))
            .read_timeout(timedelta(seconds=timeout))
            .build()
        )

    async def carry(self, request: Request, url: str, token: Secret | None) -> Response:
        from pyreqwest import exceptions  # noqa: PLC0415 - not on every platform

        try:
            building = self._client.request(request.method, url).headers(_headers(request, token))
            if request.body is not None:
                building = building.body_bytes(request.body)
            answer = await building.build().send()
            body = (await answer.bytes()).to_bytes()
        except exceptions.RequestTimeoutError as error:
            raise _NoAnswer("late", error) from None
        except (exceptions.BuilderError, ValueError) as error:
            raise _NoAnswer("odd", error) from None
        except exceptions.RequestError as error:
            causes = error.details["causes"] or []  # the outer messages only say that something went wrong
            raise _NoAnswer("broken", error, causes[-1]["message"] if causes else error.message) from None
        return Response(answer.status, _joined(answer.headers.items()), body)

    async def close(self) -> None:
        await self._client.close()


def _joined(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Names in lower case; one that came several times has its values joined, as RFC 9110 has it."""
    found: dict[str, str] = {}
    for key, text in headers:
        name = key.lower()
        found[name] = f"{found[name]}, {text}" if name in found else text
    return found
