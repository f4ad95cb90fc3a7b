"""Who listens to what is sent: each trace that is open in the context of a call.

A context variable, so that a trace hears the calls of its own block alone, on whatever loop they are carried out: the
portal takes the caller's context with it. Where nobody listens, looking costs a tenth of a microsecond.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from socialconnect.http.send import Sent
    from socialconnect.reading.messages import Request, Response
    from socialconnect.secret import Secret


@dataclass(frozen=True, slots=True)
class Heard:
    """One exchange as it was sent and came, secrets and all: whoever takes it keeps nothing of that."""

    request: Request = field(repr=False)
    url: str = field(repr=False)
    token: Secret | None
    response: Response | None
    failure: str = ""


class Listener(Protocol):
    """Somebody who wants to hear of every exchange."""

    def hear(self, sent: Sent, heard: Heard) -> None:
        """One exchange is over."""


listening: ContextVar[tuple[Listener, ...]] = ContextVar("socialconnect_trace", default=())
