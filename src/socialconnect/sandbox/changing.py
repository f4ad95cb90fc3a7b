"""Changes the world between two readings: records are edited, deleted and added, as people do it at the provider."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from socialconnect.errors import UsageError
from socialconnect.sandbox import github_records, google_office, google_people
from socialconnect.sandbox.edits import Edits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from socialconnect.connectors import Connectors
    from socialconnect.sandbox.generic import Generic
    from socialconnect.sandbox.tokens import Tokens
    from socialconnect.sandbox.world import Account, World

_BY_HAND = ("github", "google", "notion")
_COUNTED: dict[str, Callable[[World, Account, str, str], int]] = {
    "github.repos": lambda world, account, situation, _: github_records.count(world, account, situation),
    "google.contacts": lambda world, account, situation, _: google_people.count_contacts(world, account, situation),
    "google.events": google_office.count_events,
    "google.files": lambda world, account, situation, _: google_office.count_files(world, account, situation),
}
"""What of the providers that are written by hand can be changed, and how many of it there are at first."""


class Changing:
    """Makes changes to one world's records. Threads may share it: each is made whole."""

    def __init__(self, tokens: Tokens, connectors: Connectors, generics: Sequence[Generic]) -> None:
        self._tokens = tokens
        self._world = tokens.world
        self._connectors = connectors
        self._generics = {one.name: one for one in generics}
        self._lock = threading.Lock()

    def change(
        self,
        account: Account,
        name: str,
        now: float,
        *,
        parent: str,
        edit: Mapping[int, Mapping[str, object]],
        delete: Sequence[int],
        add: int,
    ) -> None:
        """Change one listing of an account; a UsageError where there is no such place, column or listing."""
        provider, _, resource_name = name.partition(".")
        resource = self._connectors[provider].resource(resource_name)
        if name == "google.events":
            parent = parent or account.email
        where = (account.eac, name, parent)
        for column in {column for fields in edit.values() for column in fields}:
            resource.column(column)
        with self._lock:
            total = self._count(account, name, parent)
            held = self._world.edits.get(where) or Edits(resource)
            there = held.places(total)
            for place in (*edit, *delete):
                if place not in there:
                    raise UsageError(
                        f"{name} has no record at the place {place}.", cure=f"There are {len(there)}, from 0 on."
                    )
            self._world.edits[where] = held.with_change(now, total, edit, frozenset(delete), add)

    def _count(self, account: Account, name: str, parent: str) -> int:
        provider, _, resource = name.partition(".")
        if provider not in _BY_HAND:
            generic = self._generics[provider]
            return generic.count(self._connectors[provider].resource(resource), account, parent)
        if name not in _COUNTED:
            known = [one for one in _COUNTED if one.startswith(provider)]
            raise UsageError(
                f"The sandbox cannot change {name}.", cure=f"It can change: {', '.join(known or _COUNTED)}."
            )
        return _COUNTED[name](self._world, account, self._tokens.situation(account), parent)
