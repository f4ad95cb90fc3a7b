"""What a page lacks, got by further requests before it is cut into rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from socialconnect.reading.messages import Request, Response

Send = Callable[["Request"], Awaitable["Response | None"]]


class Further(Protocol):
    """A declared way of completing a page, whatever its resource."""

    kind: ClassVar[str]
    usual: float
    """How many further requests a page needs, for plans that know no better."""

    async def complete(self, request: Request, body: bytes, send: Send) -> bytes:
        """The body to cut in place of `body`, the answer to `request`; `send` gives None where there is nothing."""
