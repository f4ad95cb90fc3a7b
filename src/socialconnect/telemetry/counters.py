"""The metrics: what is counted of each exchange and of each account."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from opentelemetry import metrics

from socialconnect import __version__

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider

    from socialconnect.http.send import Sent
    from socialconnect.runs.outcomes import Outcome

_TOKENS = "/oauth_access_tokens/"


class _Counters:
    """The instruments of one meter provider."""

    def __init__(self, provider: MeterProvider) -> None:
        counter = provider.get_meter("socialconnect", __version__).create_counter
        self.requests = counter("socialconnect.requests", "{request}", "Requests that were sent.")
        self.throttled = counter("socialconnect.throttled", "{response}", "Answers that asked for fewer requests.")
        self.waited = counter("socialconnect.waited", "s", "How long requests waited for their limits.")
        self.tokens = counter("socialconnect.token.fetches", "{request}", "Tokens that Clerk was asked for.")
        self.accounts = counter("socialconnect.accounts", "{account}", "Accounts by how they ended.")
        self.rows = counter("socialconnect.rows", "{row}", "Rows that were read.")


_counters = lru_cache(maxsize=1)(_Counters)


def count_sent(one: Sent, host: str) -> None:
    """Count one exchange with that host."""
    counters = _counters(metrics.get_meter_provider())
    ended: dict[str, str | int] = {"http.response.status_code": one.status} if one.status else {"error.type": NO_ANSWER}
    counters.requests.add(1, {"server.address": host, "http.request.method": one.method, **ended})
    if one.waited:
        counters.waited.add(one.waited, {"server.address": host})
    if throttled(one):
        counters.throttled.add(1, {"server.address": host})
    if one.provider == "clerk" and _TOKENS in one.path:
        counters.tokens.add(1, ended)


def count_ended(outcome: Outcome) -> None:
    """Count one account, and its rows."""
    counters = _counters(metrics.get_meter_provider())
    resource = {"socialconnect.resource": outcome.resource}
    why = {"error.type": outcome.reason} if outcome.reason else {}
    if outcome.user_id is not None:  # else it is the listing of users that broke off
        counters.accounts.add(1, {**resource, "socialconnect.status": outcome.status, **why})
    if outcome.rows:
        counters.rows.add(outcome.rows, resource)


def throttled(one: Sent) -> bool:
    """Whether the answer asked for fewer requests; GitHub and Google say it with 403 too, after which it is retried."""
    return one.status == 429 or (one.status == 403 and one.then == "retry")


NO_ANSWER = "no_answer"
