"""One call and one answer, as the sandbox's services see them: plain values, no web framework."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qsl, urlsplit

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `faults` are the kinds that the answer should show; `now` is the sandbox's epoch second."""

    host: str
    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    now: float = 0.0
    faults: frozenset[str] = frozenset()
    by_path: bool = False
    """Whether the host was told by the first segment of the path."""

    @property
    def params(self) -> tuple[tuple[str, str], ...]:
        """The query's parameters in order."""
        return _params(self.query)

    def param(self, name: str, default: str = "") -> str:
        """The last value of one parameter."""
        return dict(_params(self.query)).get(name, default)

    def every(self, name: str) -> list[str]:
        """All values of a repeated parameter, also written `name[]`."""
        return [value for key, value in _params(self.query) if key in (name, f"{name}[]")]

    def form(self) -> tuple[tuple[str, str], ...]:
        """The fields of a urlencoded body in order, repeated ones as often as they come."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/x-www-form-urlencoded":
            return ()
        try:
            return _params(self.body.decode())
        except (UnicodeDecodeError, ValueError):
            return ()

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies by name."""
        pairs = (pair.partition("=") for pair in self.headers.get("cookie", "").split(";"))
        return {name.strip(): value.strip() for name, _, value in pairs if name.strip()}

    def link(self, host: str, path: str) -> str:
        """The address of a path at one of the sandbox's hosts, as this call's sender reaches it.

        >>> Call("a.example", "GET", "/", by_path=True).link("b.example", "/user")
        '/b.example/user'
        """
        return f"/{host}{path}" if self.by_path else f"https://{host}{path}"

    def reach(self, url: str) -> str:
        """A whole address as this call's sender reaches it; one that is not the sandbox's own is left as it is."""
        parts = urlsplit(url)
        own = parts.scheme == "https" and (parts.hostname or "").endswith(".sandbox.example")
        return self.link(parts.netloc, parts._replace(scheme="", netloc="").geturl()) if own else url

    @property
    def bearer(self) -> str:
        """The token of the Authorization header; GitHub also takes the older word."""
        word, _, value = self.headers.get("authorization", "").partition(" ")
        return value.strip() if word.lower() in ("bearer", "token") else ""

    def json(self) -> dict[str, object]:
        """The body, where it is a JSON object."""
        try:
            found = msgspec.json.decode(self.body) if self.body else None
        except msgspec.DecodeError:
            return {}
        return found if isinstance(found, dict) else {}


@lru_cache(maxsize=1024)
def _params(query: str) -> tuple[tuple[str, str], ...]:
    return tuple(parse_qsl(query, keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Answer:
    """One response; header names are lower case."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def with_headers(self, **more: str) -> Answer:
        """The same answer with further headers, `_` for `-`."""
        added = {name.replace("_", "-"): value for name, value in more.items()}
        return Answer(self.status, self.body, {**self.headers, **added})


JSON = {"content-type": "application/json; charset=utf-8"}


def answer(status: int, content: object, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer with a JSON body."""
    return Answer(status, msgspec.json.encode(content), {**JSON, **(headers or {})})


def conditional(call: Call, found: Answer) -> Answer:
    """The answer to a GET with its ETag, or 304 where the caller has that answer already.

    As at GitHub the ETag is weak and depends on who asks and in which version, and 304 repeats neither body nor links.
    """
    if call.method != "GET" or found.status != 200:
        return found
    asked = "\n".join((call.bearer, *(call.headers.get(name, "") for name in ("accept", "x-github-api-version"))))
    etag = f'W/"{sha256(asked.encode() + found.body).hexdigest()}"'
    headers = {"etag": etag, "cache-control": "private, max-age=60, s-maxage=60"}
    if etag in map(str.strip, call.headers.get("if-none-match", "").split(",")):
        return Answer(304, b"", headers)
    return Answer(200, found.body, {**found.headers, **headers})


class Service(Protocol):
    """What answers for one or more hosts."""

    def __call__(self, call: Call) -> Answer:
        """The answer to one call."""


class Provider(Service, Protocol):
    """A provider that is written by hand, as far as it is; the rest is served from its connector's declaration."""

    def knows(self, call: Call) -> bool:
        """Whether the path is one of those written here."""


def iso(moment: float) -> str:
    """An epoch second as GitHub writes it.

    >>> iso(0)
    '1970-01-01T00:00:00Z'
    """
    return datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def whole(text: str, default: int) -> int:
    """A parameter as a number, or the default where it is none."""
    return int(text) if text.isascii() and text.lstrip("-").isdecimal() else default
