"""One listing: from its first page on, from where its reading stood, or what has changed since it was read."""

from __future__ import annotations

import logging
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from socialconnect.errors import SocialConnectError
from socialconnect.reading.increment import Asking, Marking, asking, expired, scopes_mark, wanting
from socialconnect.reading.read import read

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Collection, Mapping

    from socialconnect.reading.declare import Value
    from socialconnect.reading.extract import Extractor
    from socialconnect.reading.further import Send
    from socialconnect.reading.messages import Request
    from socialconnect.reading.paths import Json
    from socialconnect.reading.place import Mark, Start
    from socialconnect.reading.typed import Page

    Ask = Callable[[Mapping[str, Value]], Request]
    """Makes a listing's first request of arguments."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Listing:
    """How the listings of a resource are read for one account: with which columns and arguments, and from where on."""

    extractor: Extractor
    arguments: Mapping[str, Value]
    granted: Collection[str]
    start: Start
    width: int
    account: Mapping[str, Json]

    async def pages(
        self, ask: Ask, send: Send, mark: str, parent: Mapping[str, object]
    ) -> AsyncGenerator[tuple[int, Page]]:
        """Each page with its number; `mark` is that of the parent whose listing it is.

        Where it was read before, what has changed since; everything, where the provider does not tell that any more.
        """
        before = self.start.marks.get(mark)
        resource, look_back = self.extractor.resource, self.start.look_back
        asked = before and asking(ask, resource, self.arguments, before, look_back, self.granted)
        if asked:
            came = False
            try:
                async with aclosing(self._read(asked.request, send, parent, self._marking(before, asked))) as pages:
                    async for numbered in pages:
                        came = True
                        yield numbered
            except SocialConnectError as error:
                if came or not expired(error):
                    raise
                _log.info("%s: what has changed is not told any more, so all is read: %s", resource.name, error)
            else:
                return
        request, rows, place = ask(self.arguments), 0, self.start.place
        begun = place if place is not None and place.url and place.parent == mark else None
        if begun is not None:
            request, rows = begun.asking(request), begun.rows
        elif self.start.marking:
            request = wanting(request, resource, self.arguments)
        marking = self._marking(resumed=begun is not None)
        async with aclosing(self._read(request, send, parent, marking, rows)) as pages:
            async for numbered in pages:
                yield numbered

    def _read(
        self, request: Request, send: Send, parent: Mapping[str, object], marking: Marking | None, rows: int = 0
    ) -> AsyncGenerator[tuple[int, Page]]:
        return read(
            request,
            self.extractor,
            send,
            width=self.width,
            parent=parent,
            account=self.account,
            rows=rows,
            marking=marking,
        )

    def _marking(
        self, before: Mark | None = None, asked: Asking | None = None, *, resumed: bool = False
    ) -> Marking | None:
        if not self.start.marking:
            return None
        names = [column.name for column in self.extractor.columns]
        return Marking(
            self.extractor.resource,
            names,
            before,
            asked,
            look_back=self.start.look_back,
            granted=scopes_mark(self.granted),
            resumed=resumed,
        )
