"""Who is exported: those who were chosen, or everybody who has connected any of the providers."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from socialconnect.runs.everybody import everybody
from socialconnect.runs.target import Target

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Container, Sequence

    from socialconnect.clerk.api import Clerk
    from socialconnect.http.send import Sent
    from socialconnect.runs.select import Chosen


class Whom:
    """The users of an export, each once; `complete` once all that there are have been listed, each of them readable."""

    def __init__(
        self,
        clerk: Clerk,
        providers: Container[str],
        chosen: Sequence[Chosen] | None,
        observe: Callable[[Sent], None],
    ) -> None:
        self._clerk = clerk
        self._providers = providers
        self._chosen = chosen
        self._observe = observe
        self.complete = False

    async def each(self) -> AsyncGenerator[Target]:
        """Everybody, with their accounts where Clerk's list told them."""
        if self._chosen is not None:
            for place, one in enumerate(self._chosen):
                yield Target.of(place, one)
            return
        seen: set[str] = set()
        whole = True
        async with aclosing(everybody(self._clerk, self._observe)) as pages:
            async for users, odd in pages:
                whole = whole and not odd
                for user in users:
                    mine = tuple(one for one in user.external_accounts if one.provider in self._providers)
                    if mine and user.id not in seen:
                        seen.add(user.id)
                        yield Target(len(seen), user.id, mine, whole=True)
        self.complete = whole
