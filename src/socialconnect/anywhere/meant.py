"""What a caller's request may be: checked here, before anybody is asked for a token."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from socialconnect.anywhere.address import Given, address, check
from socialconnect.errors import UsageError
from socialconnect.reading.column import check_path
from socialconnect.reading.holes import VERSION, holes
from socialconnect.reading.paginate import GraphQL, NoPages, Paging
from socialconnect.runs.select import Users, choose
from socialconnect.secret import bare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socialconnect.reading.declare import Connector
    from socialconnect.reading.paths import Json

READS = ("GET", "HEAD", "POST")
ACTS = ("PUT", "PATCH", "DELETE")
_SAID = re.compile(r'"""[\s\S]*?"""|"(?:\\.|[^"\\])*"|#[^\n]*')  # texts and comments of a GraphQL document
_INNER = re.compile(r"\{[^{}]*\}")
_OURS = re.compile(
    r"authorization|proxy-.*|host|cookie2?|connection|content-length|transfer-encoding|te|upgrade|trailer"
)


@dataclass(frozen=True, slots=True)
class Meant:
    """One request as a caller wrote it, which can be meant so; `once` says that it may act."""

    connector: Connector
    verb: str
    path: str
    values: Mapping[str, Given] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)
    paging: Paging
    once: bool

    @property
    def name(self) -> str:
        """The request without its values."""
        return f"{self.verb} {urlsplit(self.path).path}"

    @property
    def bound(self) -> tuple[str, ...]:
        """The names of the values in it that an earlier call tells."""
        used = holes(self.path) | holes(self.standing)
        return tuple(name for name in self.connector.binds if name in used and name not in self.values)

    @property
    def standing(self) -> dict[str, str]:
        """The connector's headers, as far as the caller sends no others."""
        pinned = {self.connector.version_header: self.connector.api_version}
        each = {**self.connector.headers, **{name: value for name, value in pinned.items() if name and value}}
        return {name.lower(): value for name, value in each.items() if name.lower() not in self.headers}

    def address(self, bound: Mapping[str, str], base_urls: Mapping[str, str]) -> str:
        """Where it goes, once what is bound is known; before, with anything in its place, to see that it may go."""
        named = holes(self.path) - set(self.values)
        version = {VERSION: self.connector.api_version} if self.connector.api_version else {}
        own = {
            name: value
            for name, value in {**dict.fromkeys(self.bound, "0"), **version, **bound}.items()
            if name in named
        }
        return address(self.connector, self.path, {**self.values, **own}, base_urls)


def meant(
    connector: Connector,
    method: str,
    path: str,
    params: Mapping[str, Given] | None,
    json: Json,
    headers: Mapping[str, str] | None,
    paging: Paging | None,
    *,
    allow_writes: bool,
) -> Meant:
    """The request, checked but for its address."""
    if connector.resources and all(one.identity for one in connector.resources):
        raise UsageError(
            f"{connector.title} has no API: nothing can be asked of it.",
            cure=f"client.{connector.name}.{connector.resources[0].name}(users) gives what Clerk knows.",
        )
    verb, way = verb_of(method), paging_of(paging)
    acts = verb in ACTS or mutates(json)
    if acts and not allow_writes:
        raise UsageError(
            f"{'A mutation' if verb == 'POST' else verb} changes something at {connector.title}.",
            cure="Pass allow_writes=True where that is meant.",
        )
    check(path)
    reads = not isinstance(way, NoPages) or reads_so(connector, path)
    once = acts or (verb == "POST" and (allow_writes or not reads))
    return Meant(connector, verb, path, dict(params or {}), headers_of(headers or {}, json), body_of(json), way, once)


def verb_of(method: str) -> str:
    """The method in capitals, if it is one."""
    verb = method.upper() if isinstance(method, str) else ""
    if verb not in (*READS, *ACTS):
        raise UsageError(f"{method!r} is not a method.", cure=f"Use {', '.join(READS)}, or to write {', '.join(ACTS)}.")
    return verb


def one_of(user: Users, account: str | None) -> tuple[str, str | None]:
    """The one user who is meant, and the account where one is named."""
    chosen = choose(user)
    if chosen is None or len(chosen) != 1 or len(chosen[0].accounts) > 1:
        count = "everybody's" if chosen is None else f"that of {len(chosen)} users" if len(chosen) > 1 else "several"
        raise UsageError(
            f"A request is one account's, not {count}.",
            cure="Pass one id, with account= where there are several. For many, declare a resource: "
            "`socialconnect new-connector` writes the file.",
        )
    return chosen[0].user_id, account or next(iter(chosen[0].accounts), None)


def headers_of(given: Mapping[str, str], json: Json) -> dict[str, str]:
    """The caller's headers, by lower-case name; none of them may be the transport's or the token's."""
    for name, value in given.items():
        if _OURS.fullmatch(name.lower()) or not re.fullmatch(r"[\w-]+", name, re.ASCII):
            raise UsageError(f"The header {name!r} is not yours to set.", cure="Leave it out: the token is added last.")
        if not isinstance(value, str) or not re.fullmatch(r"[\t\x20-\x7e]*", value):
            raise UsageError(f"The value of the header {name!r} is no plain text.", cure="Pass one line of ASCII.")
    written = {} if json is None else {"content-type": "application/json"}
    return {**written, **{name.lower(): value for name, value in given.items()}}


def body_of(json: Json) -> bytes | None:
    """The body as it is sent."""
    if json is None:
        return None
    try:
        return msgspec.json.encode(json)
    except (TypeError, ValueError, RecursionError) as error:
        failure = bare(error)
    raise UsageError(f"The body cannot be written as JSON: {failure}.", cure="Pass dicts, lists, texts and numbers.")


def mutates(json: Json) -> bool:
    """Whether a body is a GraphQL document, or several, of which an operation changes something."""
    if isinstance(json, list):
        return any(map(mutates, json))
    query = json.get("query") if isinstance(json, dict) else None
    text = _SAID.sub(" ", query) if isinstance(query, str) else ""
    while (outer := _INNER.sub(" ", text)) != text:
        text = outer
    return re.search(r"\bmutation\b", text) is not None


def reads_so(connector: Connector, path: str) -> bool:
    """Whether some resource reads by a POST to this path."""
    path = urlsplit(path).path
    posts = (urlsplit(one.path).path for one in connector.resources if one.method == "POST")
    patterns = (re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(post)) for post in posts)
    return any(re.fullmatch(pattern, path) for pattern in patterns)


def paging_of(paging: Paging | None) -> Paging:
    """How the pages go on; with nothing, not at all."""
    if paging is not None and not callable(getattr(paging, "next_request", None)):
        raise UsageError(
            f"paging={paging!r} is no kind of paging.",
            cure="Pass a value, as sc.Cursor('next_cursor', 'start_cursor').",
        )
    return paging or NoPages()


def place_of(records: str | None, paging: Paging) -> str | None:
    """Where the records stand, as far as the caller or the paging says."""
    told = records
    if told is None and isinstance(paging, GraphQL):
        told = f"{paging.page_info.rpartition('.')[0]}.nodes"
    if told is None:
        told = getattr(paging, "records", None)
    if told:
        check_path(told, "records")
    return told
