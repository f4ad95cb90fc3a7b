"""One account of a sandbox read once, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from socialconnect.reading.extract import Extractor
from socialconnect.reading.fan import Reading
from socialconnect.reading.place import ANEW, Start
from socialconnect.runs.account import AccountReader
from socialconnect.runs.target import Target


@dataclass
class Readings:
    """What one reading brought: its rows as dicts, its pages, its marks by parent, and the requests that it made."""

    outcome: object
    rows: list
    pages: list
    marks: dict
    sent: list

    @property
    def full(self):
        """Whether each listing that came to its end was read whole."""
        return [page.full for page in self.pages if page.last]

    @property
    def start(self):
        """How to read what has changed since."""
        return Start(marks=self.marks)

    def __len__(self):
        return len(self.sent)


async def reading(client, name, user, start=ANEW, *, columns=None, width=8, **arguments):
    """Read one resource for a user's first account."""
    connector, resource = client.connectors.resource(name)
    resource = connector.resource(resource)
    chosen = [resource.column(one) for one in columns] if columns else resource.columns
    sent = []

    def count(one, outcome):
        outcome.count(one)
        if one.provider == connector.name:
            sent.append(one)

    reader = AccountReader(
        client._clerk,
        client._wire,
        Reading(connector, resource, Extractor(resource, chosen), arguments),
        count,
    )
    outcome = reader.outcome(user, None)
    tokens = await reader.tokens(user, outcome)
    found = Readings(outcome, [], [], {}, sent)
    async for _, page in reader.pages(Target(0, user), outcome, tokens[0], width=width, start=start):
        found.pages.append(page)
        found.rows += [
            dict(zip([column.name for column in chosen], row, strict=True)) for row in zip(*page.columns, strict=True)
        ]
        if page.last and page.mark is not None:
            found.marks[page.parent] = page.mark
    return found
