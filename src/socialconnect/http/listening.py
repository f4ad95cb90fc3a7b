"""Who hears of what is sent: the log, OpenTelemetry, and each trace that is open in the context of a call.

Those stand in a context variable, so that a trace hears the calls of its own block alone, on whatever loop they are
carried out: the portal takes the caller's context with it. Where nobody listens, looking costs next to nothing.
"""

from __future__ import annotations

import logging
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Protocol

from socialconnect.telemetry import told

if TYPE_CHECKING:
    from socialconnect.errors import Unavailable
    from socialconnect.http.send import Sent
    from socialconnect.reading.messages import Request, Response
    from socialconnect.secret import Secret

_log = logging.getLogger(__name__)


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


def tell(
    sent: Sent, request: Request, url: str, token: Secret | None, response: Response | None, failure: Unavailable | None
) -> None:
    """Tell all of them that an exchange is over; the log and OpenTelemetry only what it was, not what was in it."""
    if _log.isEnabledFor(logging.DEBUG):
        _write(sent)
    told.sent(sent)
    for listener in listening.get():
        listener.hear(sent, Heard(request, url, token, response, failure.message if failure else ""))


def _write(sent: Sent) -> None:
    """Log one request: where to without values, for whom, what came; nothing of header, query or body."""
    _log.debug(
        "%s %s%s for %s: %s in %.3f s, waited %.1f s, try %d, %s",
        *(sent.method, sent.host, sent.path, sent.user_id or "-", sent.status or "no answer", sent.seconds),
        *(sent.waited, sent.attempt, sent.then + (f" ({sent.why})" if sent.why else "")),
        extra=asdict(sent),
    )
