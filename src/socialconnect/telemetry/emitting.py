"""The spans of a call: itself, its accounts, its exchanges.

An exchange is over when it is heard of, and an account when its outcome is there: their spans are made then, with the
moments at which they began. So who reads knows nothing of spans, and of a call that has had its share of them those of
the accounts in trouble can still be made, when it is known that they are.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from time import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from opentelemetry import trace
from opentelemetry.trace import SpanKind, Status, StatusCode, use_span

from socialconnect import __version__
from socialconnect.errors import SocialConnectError
from socialconnect.telemetry.counters import NO_ANSWER, count_ended, count_sent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from opentelemetry.context import Context
    from opentelemetry.trace import Span, Tracer, TracerProvider

    from socialconnect.http.send import Sent
    from socialconnect.runs.outcomes import Outcome

MOST = 5_000  # spans of one call: far more is no trace that anybody can open
OPEN = 1_000  # users for whom something was sent and who have not ended
EACH = 200  # exchanges of one account that are kept until it ends
_ID = re.compile(r"(?<=/)[a-z]+_[A-Za-z0-9]{16,}(?=/|$)")  # Clerk's, where the path names one
_TROUBLED = ("failed", "partial")

_log = logging.getLogger(__name__)
_under_way: ContextVar[_Carrying | None] = ContextVar("socialconnect_telemetry", default=None)


@contextmanager
def carrying_out(call: str, resource: str) -> Iterator[_Carrying]:
    """One span for the call in the block, whatever it ends with."""
    known = {"socialconnect.resource": resource} if resource else {}
    name = f"socialconnect.{call} {resource}".rstrip() if ", " not in resource else f"socialconnect.{call}"
    span = _tracer().start_span(name, attributes=known)
    carrying = _Carrying(span, resource)
    mark = _under_way.set(carrying)
    try:
        with use_span(span, end_on_exit=False, record_exception=False, set_status_on_exception=False):
            yield carrying
    except BaseException as error:
        # its message may hold what a service said: the code tells enough
        _fail(span, error.code if isinstance(error, SocialConnectError) else type(error).__name__)
        raise
    finally:
        _under_way.reset(mark)
        carrying.close()


def sent(one: Sent) -> None:
    """Count an exchange, and tell the call that is under way, or make its span where none is."""
    with _apart():
        _take(one)


def _take(one: Sent) -> None:
    host = _address(one.host)[0]
    count_sent(one, host)
    carrying = _under_way.get()
    if carrying is not None:
        carrying.sent(one)
    else:
        _exchange(one, None)


@contextmanager
def _apart() -> Iterator[None]:
    """Whatever a sampler or a processor of the application's raises, the call goes on without it."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - somebody else's code
        _lost(type(error).__name__)


@cache
def _lost(kind: str) -> None:
    """Say it once for each kind: of one failure for every request nobody would read the log."""
    _log.warning("OpenTelemetry was not told of everything: what is set up for it raised %s.", kind)


class _Carrying:
    """A call under way, with what was sent for accounts that have not ended."""

    def __init__(self, span: Span, resource: str) -> None:
        self._span = span
        self._here = trace.set_span_in_context(span)
        self._resource = resource
        self._resources = frozenset(resource.split(", "))
        self._recording = span.is_recording()
        self._open = self._recording
        self._sent: dict[str, list[Sent]] = {}
        self._spans = self._without = self._rows = self._requests = 0
        self._waited = 0.0
        self._statuses: Counter[str] = Counter()

    def sent(self, one: Sent) -> None:
        if not self._open:  # nobody takes it; or it is over, and what it began goes on
            return
        self._requests += 1
        self._waited += one.waited
        if not self._resource or not one.user_id:
            self._exchanges([one], self._here)
            return
        kept = self._sent.setdefault(one.user_id, [])
        if len(kept) < EACH:
            kept.append(one)
        if len(self._sent) > OPEN:
            self._exchanges(self._sent.pop(next(iter(self._sent))), self._here)

    def ended(self, outcome: Outcome) -> None:
        with _apart():
            self._ended(outcome)

    def _ended(self, outcome: Outcome) -> None:
        count_ended(outcome)
        if not self._open:
            return
        self._rows += outcome.rows
        self._statuses[outcome.status] += outcome.user_id is not None
        mine = self._taken(outcome)
        # trouble is worth as many spans again
        if self._spans < (2 * MOST if outcome.status in _TROUBLED else MOST):
            self._account(outcome, mine)
        else:
            self._without += 1

    def watching(self, watch: Callable[[Outcome], None] | None) -> Callable[[Outcome], None]:
        def ended(outcome: Outcome) -> None:
            self.ended(outcome)
            if watch is not None:
                watch(outcome)

        return ended

    def close(self) -> None:
        """End the span, with what is known of all accounts and what was sent for those that never ended."""
        for left in self._sent.values():
            self._exchanges(left, self._here)
        self._open = False
        if self._recording:
            self._span.set_attributes(self._totals())
        self._span.end()

    def _taken(self, outcome: Outcome) -> list[Sent]:
        """What was sent for an account: for its user since the last that ended, but for other resources of the call."""
        if outcome.status == "skipped" and outcome.external_account_id:
            return []  # an account that was never connected is passed over, and the user may have another
        other = self._resources - {outcome.resource}
        tokens = tuple(
            f"oauth_{name.partition('.')[0]}" for name in other if not name.startswith(f"{outcome.provider}.")
        )
        kept = self._sent.pop(outcome.user_id or "", [])
        mine: list[Sent] = []
        for one in kept:
            if one.resource in other or one.path.endswith(tokens):
                self._sent.setdefault(one.user_id, []).append(one)
            else:
                mine.append(one)
        return mine

    def _totals(self) -> dict[str, int | float]:
        told: dict[str, int | float] = {
            "socialconnect.requests": self._requests,
            "socialconnect.waited": round(self._waited, 3),
        }
        if self._resource:
            told["socialconnect.accounts"] = self._statuses.total()
            told["socialconnect.rows"] = self._rows
            told |= {f"socialconnect.accounts.{status}": count for status, count in self._statuses.items()}
        if self._without:
            told["socialconnect.accounts.without_span"] = self._without
        return told

    def _account(self, outcome: Outcome, mine: list[Sent]) -> None:
        began = min((one.at - one.waited for one in mine), default=time())
        span = _tracer().start_span(
            f"socialconnect.account {outcome.resource}",
            self._here,
            attributes=_of_outcome(outcome),
            start_time=_nanoseconds(began),
        )
        self._spans += 1
        if span.is_recording():  # who drops an account drops its requests
            self._exchanges(mine, trace.set_span_in_context(span))
            if outcome.status == "failed":
                _fail(span)
        span.end()

    def _exchanges(self, sent: list[Sent], parent: Context) -> None:
        for one in sent[: max(0, 2 * MOST - self._spans)]:
            _exchange(one, parent)
            self._spans += 1


def _of_outcome(outcome: Outcome) -> dict[str, str | int | float]:
    """What is told of an account: pseudonyms, codes and figures."""
    told = {
        "socialconnect.resource": outcome.resource,
        "socialconnect.user_id": outcome.user_id,
        "socialconnect.external_account_id": outcome.external_account_id,
        "socialconnect.status": outcome.status,
        "socialconnect.rows": outcome.rows,
        "socialconnect.pages": outcome.pages,
        "socialconnect.requests": outcome.requests,
        "socialconnect.retries": outcome.retries,
        "socialconnect.waited": round(outcome.waited, 3),
        "error.type": outcome.reason,
    }
    return {name: value for name, value in told.items() if value is not None}


def _exchange(one: Sent, parent: Context | None) -> None:
    """The span of one exchange that is over."""
    template = _template(one)
    span = _tracer().start_span(
        f"{one.method} {template}".rstrip(),
        parent,
        kind=SpanKind.CLIENT,
        attributes=_of_exchange(one, template),
        start_time=_nanoseconds(one.at),
    )
    if not 0 < one.status < 400:
        _fail(span)
    span.end(_nanoseconds(one.at + one.seconds))


def _of_exchange(one: Sent, template: str) -> dict[str, str | int | float]:
    host, port = _address(one.host)
    told: dict[str, str | int | float] = {"http.request.method": one.method, "server.address": host}
    if port:
        told["server.port"] = port
    if template:
        told["url.template"] = template
    if one.status:
        told["http.response.status_code"] = one.status
        told["http.response.body.size"] = one.size
    if not 0 < one.status < 400:
        told["error.type"] = str(one.status) if one.status else NO_ANSWER
    if one.attempt > 1:
        told["http.request.resend_count"] = one.attempt - 1
    if one.waited:
        told["socialconnect.waited"] = round(one.waited, 3)
    return told


def _template(one: Sent) -> str:
    """The path without values: as a resource declares it, or as Clerk does; nothing of what a caller wrote."""
    if one.resource and " " in one.resource:  # `client.get`: its path may hold anything
        return ""
    return _ID.sub("{id}", urlsplit(one.path).path)


@lru_cache(maxsize=256)
def _address(netloc: str) -> tuple[str, int | None]:
    parts = urlsplit(f"//{netloc}")
    return parts.hostname or netloc, parts.port


def _fail(span: Span, code: str = "") -> None:
    if code:
        span.set_attribute("error.type", code)
    span.set_status(Status(StatusCode.ERROR))


def _nanoseconds(moment: float) -> int:
    return int(moment * 1e9)


def _tracer() -> Tracer:
    return _made(trace.get_tracer_provider())


@lru_cache(maxsize=1)
def _made(provider: TracerProvider) -> Tracer:
    return provider.get_tracer("socialconnect", __version__)
