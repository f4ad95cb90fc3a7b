"""Clerk's list of users, page by page, as records."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from socialconnect.clerk.models import User, counted

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from socialconnect.clerk.api import Clerk
    from socialconnect.http.send import Sent


async def everybody(clerk: Clerk, observe: Callable[[Sent], None]) -> AsyncGenerator[tuple[list[User], int]]:
    """The users of each page, newest first, and how many of it could not be read."""
    pages: list[Sent] = []

    def listed(sent: Sent) -> None:
        observe(sent)
        pages[:] = [sent]

    async with aclosing(clerk.listing({}, listed)) as listing:
        async for page in listing:
            users, odd = counted(page.body, User)
            pages[0].rows = len(users)
            yield users, odd
