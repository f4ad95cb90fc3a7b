"""One resource of a job, ready to be read for any account and written to any target."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import msgspec

from socialconnect.errors import UsageError
from socialconnect.export.privacy import tells_person
from socialconnect.export.report import Tally
from socialconnect.export.sink import Dataset
from socialconnect.reading.declare import Column
from socialconnect.reading.extract import RAW, Extractor
from socialconnect.reading.fan import Reading
from socialconnect.reading.increment import kept
from socialconnect.runs.account import AccountReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from socialconnect.clerk.api import Clerk
    from socialconnect.connectors import Connectors
    from socialconnect.errors import SetupError
    from socialconnect.export.job import Wanted
    from socialconnect.export.privacy import Privacy
    from socialconnect.export.sink import Mode
    from socialconnect.http.send import Sent, Wire
    from socialconnect.reading.declare import Connector, Resource
    from socialconnect.reading.typed import Page
    from socialconnect.runs.outcomes import Outcome


class Part:
    """One resource of a job: how it is read, what its rows look like, and how it went so far.

    `shape` tells what is asked for: what was read in another one cannot be added to. `off` is why it is not read any
    more. Raises a UsageError for a resource, column or argument that cannot be.
    """

    def __init__(
        self,
        clerk: Clerk,
        wire: Wire,
        connectors: Connectors,
        wanted: Wanted,
        privacy: Privacy,
        mode: Mode,
        count: Callable[[Sent, Outcome], None],
    ) -> None:
        connector, name = connectors.resource(wanted.name)
        resource = connector.resource(name)
        chosen = _chosen(resource, wanted)
        extractor = Extractor(resource, chosen, raw=wanted.raw)
        reading = Reading(connector, resource, extractor, wanted.given)
        self.reader = AccountReader(clerk, wire, reading, count)
        self.name = self.reader.name
        self.of_account = extractor.of_account
        self.tally = Tally(self.name)
        self.off: SetupError | None = None
        asked_later = resource.sync or resource.since or resource.newest is not None or resource.etag
        self.compares = not asked_later
        """Whether what has changed cannot be asked for, so that only comparing tells."""
        self._privacy = privacy
        self._columns = (*chosen, *((Column(RAW, "json"),) if wanted.raw else ()))
        if mode == "merge" and not resource.single:
            privacy.allow(self.name, resource.key, self._columns)
        left = privacy.columns(self._columns)
        key = resource.key if {*resource.key} <= {column.name for column in left} else ()
        self.dataset = Dataset(self.name, left, key)
        self.keeps_places = not privacy.sign or not tells_person(resource, wanted.arguments)
        # marks are kept under those of the parents, from which an address can be guessed
        self.keeps_marks = self.keeps_places or resource.parent is None
        self.shape = _mark(
            [
                [(column.name, column.dtype) for column in self.dataset.columns],
                sorted((name, repr(value)) for name, value in wanted.arguments.items()),
                privacy.sign,
                _version(connector, resource),
            ]
        )
        gone = resource.sync.gone if resource.sync else None
        names = [column.name for column in self._columns]
        self._gone = None if gone is None or gone.column not in names else (names.index(gone.column), gone.value)
        self.names_gone = gone is None or not (gone.by or gone.inside)
        """Whether a record that says it is gone says by its key which one it was."""

    def page(self, page: Page) -> Page:
        """The page as it is written: without what is personal, or with it hashed."""
        return self._privacy.page(page, self._columns)

    def gone(self, page: Page, *, all_of_it: bool) -> tuple[Page, list[int]]:
        """Which rows of a page, before anything is left out, say that they are gone.

        Of `all_of_it` they are not there: in a listing of everything some providers go on to show them.
        """
        if self._gone is None:
            return page, []
        place, value = self._gone
        there = [found != value for found in page.columns[place]]
        if all_of_it:
            return (page if all(there) else kept(page, there)), []
        return page, [number for number, is_there in enumerate(there) if not is_there]


def _chosen(resource: Resource, wanted: Wanted) -> tuple[Column, ...]:
    """The columns to read: what was asked for, and those without which rows cannot be told apart or followed."""
    chosen = resource.select(wanted.columns)
    needed = [*resource.key, *([resource.changed] if resource.changed else [])]
    needed += [resource.sync.gone.column] if resource.sync and resource.sync.gone else []
    names = {column.name for column in chosen}
    found = (*chosen, *(resource.column(name) for name in dict.fromkeys(needed) if name not in names))
    if not found:
        raise UsageError(f"No column of {resource.name} was named.", cure="Leave columns out for all of them.")
    return found


def _version(connector: Connector, resource: Resource) -> str:
    return resource.api_version or connector.api_version


def _mark(said: Iterable[object]) -> str:
    return blake2b(msgspec.json.encode(list(said)), digest_size=8).hexdigest()
