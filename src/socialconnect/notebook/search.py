"""The first users that a search finds, and how many there are: one page of Clerk's listing, and never all of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from textwrap import shorten
from typing import TYPE_CHECKING

from socialconnect.clerk.declare import users
from socialconnect.reading.extract import Extractor

if TYPE_CHECKING:
    from socialconnect.async_client import AsyncClient
    from socialconnect.http.send import Sent

SHOWN = 50
"""Users that a picker lists."""
_WIDE = 44  # bytes of an entry: fifty of them, ticked and told about, stay within 3 KB
_NAMES = ("id", "first_name", "last_name", "username", "email")


@dataclass(frozen=True, slots=True)
class Person:
    """One user as a list shows them."""

    user_id: str
    name: str = ""
    email: str = ""

    @property
    def label(self) -> str:
        """A name and an e-mail address, or whatever there is.

        >>> Person("user_1", "Ada", "ada@example.com").label, Person("user_2").label
        ('Ada · ada@example.com', 'user_2')
        """
        text = " · ".join(part for part in (self.name, self.email) if part) or self.user_id
        encoded = text.encode()
        return text if len(encoded) <= _WIDE else f"{encoded[: _WIDE - 3].decode(errors='ignore')}…"


@dataclass(frozen=True, slots=True)
class Matches:
    """What a search found: `total` users, of whom these are listed."""

    query: str
    total: int
    people: tuple[Person, ...]


async def search(client: AsyncClient, query: str) -> Matches:
    """The newest users whose name, address or id holds `query`; of all, where it is empty."""
    filters = {"query": query} if query else {}
    clerk = client._clerk  # noqa: SLF001 - users() reads every page, and this wants one
    origin, headers = clerk.connector.origin, clerk.connector.headers
    request = users.request(origin, headers, filters).with_query(limit=SHOWN)
    response, total = await asyncio.gather(
        clerk._send(request, _ignore),  # noqa: SLF001 - as above
        clerk.count(filters, _ignore),
    )
    page = Extractor(users, users.select(_NAMES)).page(response.body)
    return Matches(query, total, tuple(_person(*map(str, values)) for values in _rows(page.columns)))


def _rows(columns: tuple[list[object], ...]) -> list[list[object]]:
    return [["" if value is None else value for value in row] for row in zip(*columns, strict=True)]


def _person(user_id: str, first: str, last: str, username: str, email: str) -> Person:
    return Person(user_id, shorten(f"{first} {last}", 200) or username, email)


def _ignore(sent: Sent) -> None:
    del sent
