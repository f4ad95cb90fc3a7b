"""What changed in the world since it began: records of one listing that were edited, deleted or added.

The world itself stays a pure function of positions; the listings that were changed are kept in `World.edits`. Each
change has a number and a time, by which providers tell what is new since a sync token or a moment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from socialconnect.sandbox.declared import moment, plant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socialconnect.reading.declare import Resource
    from socialconnect.sandbox.world import Account, World

Fields = dict[str, object]
Where = tuple[str, str, str]
"""A listing: the account's `eac_…` id, the resource as `github.repos`, and its parent or an empty text."""


@dataclass(frozen=True)
class Edits:
    """The changes to one listing; `last` is the number of the newest one, `number` and `at` those of each place."""

    resource: Resource
    last: int = 0
    added: int = 0
    edited: Mapping[int, Mapping[str, object]] = field(default_factory=dict)
    deleted: frozenset[int] = frozenset()
    number: Mapping[int, int] = field(default_factory=dict)
    at: Mapping[int, float] = field(default_factory=dict)

    def places(self, total: int) -> list[int]:
        """The places of the records that there are, of which there were `total` at first."""
        return [place for place in range(total + self.added) if place not in self.deleted]

    def since(self, number: int) -> list[int]:
        """The places of what was changed after the change of that number, what was deleted among them."""
        return [place for place in sorted(self.number) if self.number[place] > number]

    def record(self, place: int, found: Fields) -> Fields:
        """A record as it is by now, with the time of its last change."""
        if place not in self.at:
            return found
        copied: Fields = msgspec.json.decode(msgspec.json.encode(found))
        if self.resource.changed:
            column = self.resource.column(self.resource.changed)
            plant(copied, column.path.partition("|")[0], moment(column, int(self.at[place])))
        for name, value in self.edited.get(place, {}).items():
            plant(copied, self.resource.column(name).path.partition("|")[0], value)
        return copied

    def with_change(
        self, now: float, total: int, edit: Mapping[int, Mapping[str, object]], delete: frozenset[int], add: int
    ) -> Edits:
        """These and one change more."""
        last, first = self.last + 1, total + self.added
        touched = [*edit, *delete, *range(first, first + add)]
        return Edits(
            self.resource,
            last,
            self.added + add,
            {**self.edited, **{place: {**self.edited.get(place, {}), **edit[place]} for place in edit}},
            self.deleted | delete,
            {**self.number, **dict.fromkeys(touched, last)},
            {**self.at, **dict.fromkeys(touched, now)},
        )


def places(world: World, account: Account, resource: str, total: int, parent: str = "") -> range | list[int]:
    """The places of a listing's records, as they are by now."""
    edits = world.edits.get((account.eac, resource, parent))
    return range(total) if edits is None else edits.places(total)


def patched(world: World, account: Account, resource: str, place: int, found: Fields, parent: str = "") -> Fields:
    """One record of a listing, as it is by now."""
    edits = world.edits.get((account.eac, resource, parent))
    return found if edits is None else edits.record(place, found)


def since(world: World, account: Account, resource: str, number: int | None, parent: str = "") -> list[int]:
    """The places of a listing that were changed after the change of that number."""
    edits = world.edits.get((account.eac, resource, parent))
    return [] if edits is None or number is None else edits.since(number)


def last(world: World, account: Account, resource: str, parent: str = "") -> int:
    """The number of a listing's newest change; 0 where nothing has changed."""
    edits = world.edits.get((account.eac, resource, parent))
    return 0 if edits is None else edits.last
