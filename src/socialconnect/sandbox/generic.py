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

from socialconnect.reading.paginate import BodyCursor
from socialconnect.reading.paths import look
from socialconnect.sandbox import dice
from socialconnect.sandbox.answers import Answer, Call, answer
from socialconnect.sandbox.declared import record
from socialconnect.sandbox.limits import Window
from socialconnect.sandbox.pages import WrongCursor, envelope, page_of, size_of
from socialconnect.sandbox.rules import compose

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from socialconnect.reading.decide import Kind
    from socialconnect.reading.declare import Connector, Resource
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
        self._windows = [
            (Window(budget.requests, budget.seconds), budget.per) for budget in connector.budgets if limits
        ]
        self._places = [(place, resource) for resource in connector.resources for place in _places(connector, resource)]
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
        account = self._tokens.holder(call.bearer, self.name, call.now)
        if account is None:
            return self._refusal("token")
        for window, per in self._windows:
            wait = window.wait(account.eac if per == "token" else call.host, call.now)
            if wait:
                return self.throttled(wait, call.now)
        resource = _nearest(call, self._at(call))
        granted = self._tokens.scopes(account)
        if not self._allowed(resource, granted):
            return compose(self._connector.manners, "scope", scopes=(resource.scopes, granted))
        return self._serve(call, resource, account)

    def unavailable(self) -> Answer:
        """The provider's failure."""
        return compose(self._connector.manners, "unavailable")

    def throttled(self, wait: float | None, now: float) -> Answer:
        """The provider's limit, with the delay that its rule looks for unless `wait` is None."""
        return compose(self._connector.manners, "throttled", wait=wait, now=now)

    def _refusal(self, kind: Kind) -> Answer:
        return compose(self._connector.manners, kind)

    def _allowed(self, resource: Resource, granted: Sequence[str]) -> bool:
        aliases: Mapping[str, str] = self._connector.scope_aliases
        widened = self._connector.manners.widen([aliases.get(scope, scope) for scope in granted])
        return not resource.scopes or any(aliases.get(scope, scope) in widened for scope in resource.scopes)

    def _serve(self, call: Call, resource: Resource, account: Account) -> Answer:
        size = size_of(resource, call)
        parent = _parent_of(resource, call)
        owner = f"{resource.name}|{account.eac}{f'|{parent}' if parent else ''}"
        try:
            page = page_of(resource, call, size, self.count(resource, account, parent), owner)
        except WrongCursor:
            return self._refusal("refused")
        places = range(max(0, page.start), min(page.start + page.size, page.total))
        rows = [self._record(resource.name, account, place + _first(parent)) for place in places]
        body, headers = envelope(resource, call, page, rows, owner)
        return answer(200, body, headers)

    def count(self, resource: Resource, account: Account, parent: str = "") -> int:
        """How many records an account has of a resource, or one parent of it has."""
        if resource.single:
            return 1
        if parent:
            return dice.number(self._world.seed, "count", account.number, resource.name, parent) % 6
        size = size_of(resource)
        chance = dice.number(self._world.seed, "count", account.number, resource.name)
        usual = 1 + chance % min(40, size)
        return {"empty": 0, "large": size * 2 + 1 + chance % size}.get(self._tokens.situation(account), usual)

    def _encoded(self, name: str, account: Account, position: int) -> bytes:
        return msgspec.json.encode(record(self._connector.resource(name), account, position, self._world.seed))


def _places(connector: Connector, resource: Resource) -> list[_Place]:
    """The method, host and path of a resource, and those of its further pages where they differ."""
    url = resource.path if "://" in resource.path else connector.origin.rstrip("/") + resource.path
    parts = urlsplit(url)
    found: list[_Place] = [(resource.method, parts.netloc, _pattern(resource, parts.path))]
    if isinstance(resource.paging, BodyCursor) and resource.paging.path:
        found.append((resource.method, parts.netloc, _pattern(resource, resource.paging.path)))
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
