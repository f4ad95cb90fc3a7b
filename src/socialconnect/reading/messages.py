"""Requests and responses as plain values, so that everything that thinks about them is pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socialconnect.reading.paths import Json

Query = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, still without its token: the transport adds that last.

    `template` is its path without values, for traces; `weight` how many requests it counts as; `scheme` the word that
    goes before the token.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    template: str = field(default="", compare=False)
    weight: int = 1
    scheme: str = "Bearer"

    @property
    def query(self) -> Query:
        """The query parameters in order."""
        return tuple(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    def with_query(self, **changes: str | int | None) -> Request:
        """The same request with query parameters set (or, with None, removed); the others keep their place."""
        parts = urlsplit(self.url)
        kept = [(name, value) for name, value in self.query if name not in changes]
        added = [(name, str(value)) for name, value in changes.items() if value is not None]
        return replace(self, url=parts._replace(query=urlencode(kept + added)).geturl())

    def with_json(self, body: Mapping[str, Json]) -> Request:
        """The same request with another JSON body."""
        return replace(self, body=msgspec.json.encode(body))


class Tally(Protocol):
    """Whatever keeps how many rows came of a response."""

    rows: int | None


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response, read whole and decompressed; header names are lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)  # a traceback may show locals, and
    body: bytes = field(default=b"", repr=False)  # some services send a token back
    tally: Tally | None = field(default=None, repr=False, compare=False)

    def json(self) -> Json:
        """The body as JSON, or None where it is not."""
        try:
            decoded: Json = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        return decoded

    def text(self, limit: int = 2000) -> str:
        """The beginning of the body, as text."""
        return self.body[:limit].decode("utf-8", "replace")
