"""Where reading an account begins: anew, at the page where it stood, or with what has changed since the last time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import blake2b
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socialconnect.reading.messages import Request

LOOK_BACK = timedelta(minutes=10)
"""How far behind the latest change an incremental reading begins: providers' indexes run late."""


class Mark(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far one listing has been read, so that a later reading can ask for what has changed alone.

    `time` is the latest moment in its `changed` column (ISO 8601, UTC), `token` the provider's own sync token, `etag`
    that of its only page. Whatever the provider cannot do is empty. `seen` are digests of the rows that changed so
    lately that the next reading, which looks back, will see them again. `granted` is a digest of the scopes by which it
    was read: with other ones there may be more to see, however old.
    """

    time: str = ""
    token: str = ""
    etag: str = ""
    seen: tuple[str, ...] = ()
    granted: str = ""


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """The page to go on with in one account's listing, as its own request tells it: nothing of it is secret.

    `url` and `body` are those of the request, `rows` what came of the listing before it. With parents, `done` are marks
    (`parent_mark`) of those that are read, and `parent` that of the one in whose listing it stands. `shape` tells what
    was asked for: in another one its page cannot be gone on with.
    """

    url: str = ""
    body: str = ""
    rows: int = 0
    parent: str = ""
    done: tuple[str, ...] = ()
    shape: str = ""

    def asking(self, request: Request) -> Request:
        """The request for that page, made of the one for the first."""
        return replace(request, url=self.url, body=self.body.encode() or None) if self.url else request


@dataclass(frozen=True, slots=True)
class Start:
    """How to read one account: from `place` on where it was begun, and only what has changed since the `marks`.

    `marks` are kept by parent (`parent_mark`), under "" where there are no parents; none of them reads everything.
    Without `marking` nobody wants to know how far it was read.
    """

    place: Place | None = None
    marks: Mapping[str, Mark] = field(default_factory=lambda: MappingProxyType({}))
    look_back: timedelta = LOOK_BACK
    marking: bool = True


ANEW = Start()
"""Everything, from the first page on."""

UNMARKED = Start(marking=False)
"""The same, once and for all."""


def parent_mark(value: object) -> str:
    """A short mark of one parent, to be kept between runs; who guesses the parent can tell that it is this one.

    >>> parent_mark("ada/engine") == parent_mark("ada/engine"), len(parent_mark("ada/engine"))
    (True, 16)
    """
    return "" if value is None else blake2b(str(value).encode(), digest_size=8).hexdigest()
