"""Which records one listing of a declared resource has: as they are by now, since when, and in which order."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from socialconnect.reading.coerce import coerce
from socialconnect.reading.increment import microseconds
from socialconnect.reading.paths import first, look, parse
from socialconnect.sandbox.declared import plant
from socialconnect.sandbox.pages import WrongCursor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from socialconnect.reading.declare import Param, Resource
    from socialconnect.sandbox.answers import Call
    from socialconnect.sandbox.edits import Where
    from socialconnect.sandbox.world import World

_TOKEN = "sync"  # noqa: S105 - how a sync token begins, which opens nothing


class Listing:
    """One listing of one account: `total` records at first, each of which `make` gives."""

    def __init__(
        self, resource: Resource, world: World, where: Where, total: int, make: Callable[[int], bytes]
    ) -> None:
        self._resource = resource
        self._generation = world.generation
        self._edits = world.edits.get(where)
        self._total = total
        self._make = make
        self.after: int | None = None
        """The number of the change after which a sync token asks."""

    def places(self, call: Call, owner: str) -> Sequence[int]:
        """The places to list; a WrongCursor for a sync token that is too old, or another's."""
        self.after = self._asked_after(call, owner)
        if self.after is not None:
            return self._edits.since(self.after) if self._edits else []
        found: Sequence[int] = range(self._total) if self._edits is None else self._edits.places(self._total)
        since = _since(self._resource, call)
        if since is not None:
            found = [place for place in found if (moment := self._moment(place)) is not None and moment >= since]
        if _newest_first(self._resource, call):
            found = sorted(found, key=lambda place: (-(self._moment(place) or 0), place))
        return found

    def row(self, place: int) -> bytes:
        """A record as it is by now; of one that is gone, what a sync token's answer says of it."""
        made = self._make(place)
        if self._edits is None or place not in self._edits.at:
            return made
        found = msgspec.json.decode(made)
        if place not in self._edits.deleted:
            return msgspec.json.encode(self._edits.record(place, found))
        gone = self._resource.sync.gone if self._resource.sync else None
        told: dict[str, object] = {}
        if gone is not None:
            for name in gone.by or self._resource.key:
                path = self._resource.column(name).path
                plant(told, path, first(found, parse(path)))
            plant(told, self._resource.column(gone.column).path, gone.value)
        return msgspec.json.encode(told)

    def token(self, owner: str) -> str:
        """The sync token that asks for what changes from now on."""
        return f"{_TOKEN}|{self._generation}|{self._edits.last if self._edits else 0}|{owner}"

    def _asked_after(self, call: Call, owner: str) -> int | None:
        sync = self._resource.sync
        sent = (call.json().get(sync.param) if sync.path else call.param(sync.param)) if sync else None
        if not isinstance(sent, str) or not sent.startswith(f"{_TOKEN}|"):
            return None
        _, generation, number, whose = sent.split("|", 3)
        if generation != str(self._generation) or whose != owner:
            raise WrongCursor(sent)
        return int(number)

    def _moment(self, place: int) -> int | None:
        column = self._resource.column(self._resource.changed)
        value = first(msgspec.json.decode(self.row(place)), parse(column.path))
        return microseconds(coerce(value, column, Counter()))


def _since(resource: Resource, call: Call) -> int | None:
    """The moment since when a call asks, in microseconds; None where it does not."""
    param = next((one for one in resource.params if resource.since and one.name == resource.since), None)
    sent = None if param is None else _sent(param, call)
    if param is None or sent in (None, ""):
        return None
    if param.form:
        return int(str(sent)) * (1_000 if param.form == "ms" else 1_000_000)
    moment = datetime.fromisoformat(str(sent))
    return microseconds((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat())


def _sent(param: Param, call: Call) -> object:
    """What a call has of a parameter, out of the text in which it stands."""
    name = param.to or param.name
    match param.into:
        case "body":
            return look(call.json(), name)
        case "header":
            return call.headers.get(name.lower())
    text = call.param(name)
    if not param.wrap:
        return text
    before, after = map(re.escape, param.wrap.split("{}"))
    found = re.fullmatch(f"{before}(.+){after}", text)
    return found[1] if found else None


def _newest_first(resource: Resource, call: Call) -> bool:
    if resource.newest is None:
        return False
    params = {one.name: one for one in resource.params}
    return all(_sent(params[name], call) == value for name, value in resource.newest.items())
