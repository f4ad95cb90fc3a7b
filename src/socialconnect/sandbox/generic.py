"""Any connector, served from its declaration alone.

A resource's columns say what a record looks like, its paging where the position stands, its scopes whom to refuse, the
connector's error rules how a refusal reads, its budgets when it is too much.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from socialconnect.reading.holes import filled, holes
from socialconnect.reading.paginate import BodyCursor
from socialconnect.reading.paths import first, look, parse
from socialconnect.sandbox import dice
from socialconnect.sandbox.answers import Answer, Call, answer
from socialconnect.sandbox.declared import plant, record
from socialconnect.sandbox.likeness import likeness
from socialconnect.sandbox.limits import Window
from socialconnect.sandbox.listed import Listing
from socialconnect.sandbox.pages import WrongCursor, envelope, page_of, size_of, whole_of
from socialconnect.sandbox.rules import compose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from socialconnect.reading.decide import Kind
    from socialconnect.reading.declare import Asks, Connector, Resource
    from socialconnect.sandbox.tokens import Tokens
    from socialconnect.sandbox.world import Account

_Place = tuple[str, str, re.Pattern[str]]


class Generic:
    """Answers for one connector's declared resources."""

    def __init__(self, connector: Connector, tokens: Tokens, *, limits: bool) -> None:
        self.name = connector.name
        self.hosts: Sequence[str] = tuple(urlsplit(origin).netloc for origin in connector.origins)
        self._connector = connector
        self._world = tokens.world
        self._tokens = tokens
        self._windows = [(Window(budget.requests, budget.seconds), budget) for budget in connector.budgets if limits]
        self._places = [(place, resource) for resource in connector.resources for place in _places(connector, resource)]
        self._sure = _needed(connector)
        self._record = lru_cache(maxsize=2048)(self._encoded)

    def knows(self, call: Call) -> bool:
        """Whether a resource is declared there."""
        return bool(self._at(call))

    def _at(self, call: Call) -> list[Resource]:
        return [
            resource
            for (method, host, path), resource in self._places
            if (call.method, call.host) == (method, host) and path.fullmatch(call.path)
        ]

    def __call__(self, call: Call) -> Answer:
        """The answer to one call."""
        if not self.knows(call):
            return self._refusal("not_found")
        resource = _nearest(call, self._at(call))
        account = self._tokens.holder(_token(call, resource.scheme), self.name, call.now)
        if account is None:
            return self._refusal("token")
        for window, budget in self._windows:
            if not f"https://{call.host}{call.path}".startswith(budget.at):
                continue
            wait = window.wait(account.eac if budget.per == "token" else call.host, call.now)
            if wait:
                return self.throttled(wait, call.now)
        granted = self._tokens.scopes(account)
        required = self._required(resource, call, granted)
        if required:
            return compose(self._connector.manners, "scope", scopes=(required, granted))
        if not self._bound(resource, call, account):
            return self._refusal("refused")
        return self._serve(call, resource, account)

    def unavailable(self) -> Answer:
        """The provider's failure."""
        return compose(self._connector.manners, "unavailable")

    def throttled(self, wait: float | None, now: float) -> Answer:
        """The provider's limit, with the delay that its rule looks for unless `wait` is None."""
        return compose(self._connector.manners, "throttled", wait=wait, now=now)

    def _refusal(self, kind: Kind) -> Answer:
        return compose(self._connector.manners, kind)

    def _required(self, resource: Resource, call: Call, granted: Sequence[str]) -> tuple[str, ...]:
        """The scopes that a call lacks: the resource's own, or that of a field which it may not ask for."""
        missing = self._connector.missing(resource, granted)
        if missing or resource.asks is None:
            return missing
        asks, widened = resource.asks, self._connector.widened(granted)
        asked = _asked(asks, call)
        return tuple(
            scope for scope, names in asks.further.items() if scope not in widened and asked & {*names.split()}
        )

    def _bound(self, resource: Resource, call: Call, account: Account) -> bool:
        """Whether a call has what an earlier one told, wherever the declaration puts it."""
        names = self._connector.bound(resource)
        values = {name: self._value(name, account) for name in names}
        headers = self._connector.headers_for(resource)
        free = {param.to or param.name for param in resource.params}  # where callers may pass something else
        return all(
            call.headers.get(name.lower()) == filled(text, values)
            for name, text in headers.items()
            if holes(text) & {*names}
        ) and all(
            call.param(name) == filled(text, values) or (name in free and call.param(name))
            for name, text in resource.query.items()
            if holes(text) & {*names}
        )

    def _value(self, name: str, account: Account) -> str:
        """A bound value, as the call that tells it does."""
        source, column = self._connector.bind(name)
        body = msgspec.json.decode(self._record(source.name, account, 0))
        return str(first(body, parse(column.path)))

    def _serve(self, call: Call, resource: Resource, account: Account) -> Answer:
        size = size_of(resource, call)
        parent = _parent_of(resource, call)
        owner = f"{resource.name}|{account.eac}{f'|{parent}' if parent else ''}"
        listing = Listing(
            resource,
            self._world,
            (account.eac, f"{self.name}.{resource.name}", parent),
            self.count(resource, account, parent),
            lambda place: self._record(resource.name, account, place + _first(parent)),
        )
        try:
            places = listing.places(call, owner)
            page = page_of(resource, call, size, len(places), owner) if listing.after is None else whole_of(places)
        except WrongCursor:
            return self._refusal("refused")
        rows = [listing.row(place) for place in places[max(0, page.start) : page.start + page.size]]
        if resource.asks is not None:
            rows = [_narrowed(row, resource.asks, _asked(resource.asks, call)) for row in rows]
        body, headers = envelope(resource, call, page, rows, owner)
        if resource.sync is not None and page.following is None and isinstance(body, dict):
            plant(body, resource.sync.token, listing.token(owner))
        return answer(200, body, headers)

    def count(self, resource: Resource, account: Account, parent: str = "") -> int:
        """How many records an account has of a resource, or one parent of it has."""
        if resource.single:
            return 1
        children = [one for one in self._connector.resources if one.parent and one.parent.resource == resource.name]
        if children and not resource.scopes:  # sites are listed to whoever may do something there
            granted = self._tokens.scopes(account)
            if all(self._connector.missing(one, granted) for one in children):
                return 0
        if parent:
            return dice.number(self._world.seed, "count", account.number, resource.name, parent) % 6
        size = size_of(resource)
        chance = dice.number(self._world.seed, "count", account.number, resource.name)
        few = [max(1, 2 * one.parent.usual) for one in children if one.parent]
        usual = 1 + chance % min(40, size, *few)
        large = 2 * min(few) + 1 if few else size * 2 + 1 + chance % size  # of each parent there is a listing
        return {"empty": 0, "large": large}.get(self._tokens.situation(account), usual)

    def _encoded(self, name: str, account: Account, position: int) -> bytes:
        resource = self._connector.resource(name)
        known = likeness(self._connector, name, account, self._world)
        return msgspec.json.encode(record(resource, account, position, self._world.seed, self._sure[name], known))


def _needed(connector: Connector) -> dict[str, frozenset[str]]:
    """The columns of each resource out of which other requests are made."""
    found: dict[str, set[str]] = {resource.name: set() for resource in connector.resources}
    for resource in connector.resources:
        if resource.parent is not None:
            found[resource.parent.resource].add(resource.parent.column)
    for name in connector.binds:
        source, column = connector.bind(name)
        found[source.name].add(column.name)
    return {name: frozenset(names) for name, names in found.items()}


def _asked(asks: Asks, call: Call) -> set[str]:
    """The fields that a call asks for; what any token may see where it names none."""
    sent = call.param(asks.param) if asks.into == "query" else call.json().get(asks.param)
    return {*str(sent).split(",")} if sent else {*asks.always.split()}


def _narrowed(row: bytes, asks: Asks, asked: set[str]) -> bytes:
    """A record without the fields that could have been asked for, and were not."""
    left = {*" ".join([asks.always, *asks.further.values()]).split()} - asked
    return msgspec.json.encode({name: value for name, value in msgspec.json.decode(row).items() if name not in left})


def _token(call: Call, scheme: str) -> str:
    """The token behind the word that a resource wants before it; any word will do for the usual one."""
    word, _, value = call.headers.get("authorization", "").partition(" ")
    return value.strip() if scheme == "Bearer" or word.lower() == scheme.lower() else ""


def _places(connector: Connector, resource: Resource) -> list[_Place]:
    """The method, host and path of a resource, and those of its further pages where they differ."""
    if resource.identity:
        return []
    url = resource.path if "://" in resource.path else connector.origin.rstrip("/") + resource.path
    parts = urlsplit(url)
    found: list[_Place] = [(resource.method, parts.netloc, _pattern(resource, parts.path))]
    further = resource.paging.path if isinstance(resource.paging, BodyCursor) else ""
    paths = {further, resource.sync.path if resource.sync else ""} - {""}
    found += [(resource.method, parts.netloc, _pattern(resource, path)) for path in paths]
    return found


def _pattern(resource: Resource, path: str) -> re.Pattern[str]:
    """The paths that a template stands for; a value that may hold slashes reaches over several parts."""
    wide = {param.name for param in resource.arguments if "/" in param.safe}
    parts = re.split(r"(\{\w+\})", path)
    found = (
        f"(?P<{part[1:-1]}>{'.+' if part[1:-1] in wide else '[^/]+'})" if part.startswith("{") else re.escape(part)
        for part in parts
    )
    return re.compile("".join(found))


def _parent_of(resource: Resource, call: Call) -> str:
    """The parent that a call names."""
    parent = resource.parent
    if parent is None:
        return ""
    match parent.into:
        case "query":
            return call.param(parent.to or parent.param)
        case "header":
            return call.headers.get((parent.to or parent.param).lower(), "")
        case "body":
            return str(look(call.json(), parent.to or parent.param) or "")
    found = _pattern(resource, urlsplit(resource.path).path).fullmatch(call.path)
    return found[parent.param] if found else ""


def _first(parent: str) -> int:
    """The position of a parent's first record, so that no two parents share one."""
    return (1 + dice.number(0, "parent", parent) % 99_000) * 10 if parent else 0


def _nearest(call: Call, resources: Sequence[Resource]) -> Resource:
    """Of several resources at one address, the one whose fixed query and body the call has most of."""
    if len(resources) == 1:
        return resources[0]
    sent, body = dict(call.params), call.json()

    def likeness(resource: Resource) -> int:
        query = sum(sent.get(name) == str(value) for name, value in resource.query.items())
        return query + sum(body.get(name) == value for name, value in (resource.json or {}).items())

    return max(resources, key=likeness)
