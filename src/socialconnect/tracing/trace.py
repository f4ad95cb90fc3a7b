"""`Trace`: what was sent, as records, as a frame, as a diagram and in words."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from socialconnect.errors import UsageError
from socialconnect.frames import Table
from socialconnect.reading.declare import Column, columns
from socialconnect.reading.typed import Page
from socialconnect.tracing.picture import trace_html
from socialconnect.tracing.steps import Step, steps_of
from socialconnect.tracing.stories import many
from socialconnect.tracing.told import trace_text

if TYPE_CHECKING:
    import pandas as pd

    from socialconnect.http.send import Sent
    from socialconnect.tracing.exchange import Exchange

KEPT = 100_000  # requests kept one by one; older ones are only counted
SHOWN = 1_000  # of which the exchange itself is kept

_COLUMNS = (
    Column("at", "datetime", form="s"),
    *columns("string", "user_id external_account_id"),
    *columns("category", "provider resource host method path"),
    *columns("Int64", "status attempt size left"),
    *columns("Float64", "seconds waited"),
    *columns("category", "then"),
    *columns("boolean", "cached"),
    *columns("string", "why"),
    *columns("Int64", "rows"),
    *columns("string", "token"),
    *columns("list", "given"),
    Column("expires_at", "datetime", form="s"),
    *columns("list", "scopes"),
)


class Trace:
    """Everything that was sent, in the order in which it was answered, with nothing secret in it.

    `run.trace` is that of a run, `sc.trace()` gives that of a block. `steps` has the way of each token, `frame()` one
    row per request, `print(trace)` tells it; a cell that ends with it shows a diagram. Of a block `exchange(3)` is the
    third exchange as it went over the wire. Of very many requests the last 100,000 are kept one by one.

    A token is never shown, but its mark is, `[token 1f2a3b]`: six signs, the same wherever that token stands, other
    ones in the next process.

    >>> import socialconnect as sc
    >>> run = sc.sandbox(users=20).read("google.profile", on_error="ignore")
    >>> run.trace.requests == len(run.trace.frame())
    True
    """

    def __init__(self) -> None:
        self.requests = 0
        self.waited = 0.0
        self._sent: deque[Sent] = deque(maxlen=KEPT)
        self._exchanges: dict[int, Exchange] = {}

    def add(self, sent: Sent, exchange: Exchange | None = None) -> None:
        """One more request, with the exchange where that is kept too."""
        self.requests += 1
        self.waited += sent.waited
        self._sent.append(sent)
        if exchange is not None:
            self._exchanges[self.requests] = exchange

    def extend(self, later: Trace) -> None:
        """Add what was sent later."""
        self.requests += later.requests
        self.waited += later.waited
        self._sent.extend(later._sent)

    def __len__(self) -> int:
        return self.requests

    @property
    def last(self) -> tuple[Sent, ...]:
        """The requests that are kept one by one."""
        return tuple(self._sent)

    @property
    def steps(self) -> list[Step]:
        """The way of the tokens: for each request what it was for, which token went with it, and what came.

        >>> import socialconnect as sc
        >>> with sc.trace() as trace:
        ...     _ = sc.sandbox(users=3).users()
        >>> [(step.number, step.kind, step.asked) for step in trace.steps]
        [(1, 'clerk', 'which users there are')]
        """
        return list(steps_of(self._sent, self._first))

    def frame(self) -> pd.DataFrame:
        """One row per request: at (UTC), for whom, host, path without values, status, size, time, what followed.

        `seconds` it took, `waited` before it was sent, `attempt` counts tries, `left` is what the provider says is left
        of the limit, `cached` whether it confirmed (304) what is kept here; `then` is what followed, and `why`. `rows`
        is how many came of it; `token` the mark of the token that was sent; `given` has the marks of those that Clerk
        gave, with `expires_at` (of the one that ends first) and `scopes` (of all of them).
        """
        sent = list(self._sent)
        values: dict[str, list[object]] = {
            "at": [round(row.at * 1_000_000) for row in sent],
            "user_id": [row.user_id or None for row in sent],
            "external_account_id": [row.account or _account(row) for row in sent],
            "resource": [row.resource or None for row in sent],
            "why": [row.why or None for row in sent],
            "token": [row.token or None for row in sent],
            "given": [[one.token for one in row.given] or None for row in sent],
            "expires_at": [_ends(row) for row in sent],
            "scopes": [_scopes(row) for row in sent],
        }
        rest = [column.name for column in _COLUMNS if column.name not in values]
        values |= {name: [getattr(row, name) for row in sent] for name in rest}
        table = Table(_COLUMNS, lead=())
        table.append(Page(tuple(values[column.name] for column in _COLUMNS), len(sent)))
        return table.frame()

    def exchange(self, number: int) -> Exchange:
        """The exchange of that number as it went over the wire, short, with marks in the place of secrets.

        Parameters: `number` counts from 1, as the diagram and `steps` do; -1 is the last. Returns an Exchange: printed,
        or at the end of a cell, the request and the answer with their headers and an excerpt of their bodies. Raises a
        UsageError where there is none of that number, and for the trace of a run, which keeps no bodies.

        >>> import socialconnect as sc
        >>> with sc.trace() as trace:
        ...     _ = sc.sandbox(users=3).instance()
        >>> trace.exchange(1).request.splitlines()[0]
        'GET https://api.clerk.com/v1/instance'
        """
        found = self._exchanges.get(number + self.requests + 1 if number < 0 else number)
        if found is not None:
            return found
        if not self._exchanges:
            raise UsageError(
                "This trace has no exchanges: only that of a block keeps them.",
                cure="Put the call into a block: with sc.trace() as trace: …",
            )
        raise UsageError(
            f"There is no exchange {number} in this trace.",
            cure=f"Pass a number from 1 to {max(self._exchanges)}"
            + (f"; of {self.requests:,} requests the first are kept." if self.requests > SHOWN else "."),
        )

    @property
    def _first(self) -> int:
        """The number of the first request that is kept."""
        return self.requests - len(self._sent) + 1

    def __repr__(self) -> str:
        rows = sum(one.rows or 0 for one in self._sent if one.provider != "clerk")
        return f"<Trace: {many(self.requests, 'request')}, {many(rows, 'row')}, waited {self.waited:.1f} s>"

    def __str__(self) -> str:
        return trace_text(repr(self), self.steps)

    def _repr_html_(self) -> str:
        """What a cell shows that ends with it."""
        return trace_html(repr(self), self.steps, kept=bool(self._exchanges))


def _account(sent: Sent) -> str | None:
    """The account whose token Clerk gave, where it gave one."""
    return (sent.given[0].account or None) if len(sent.given) == 1 else None


def _ends(sent: Sent) -> int | None:
    ends = [one.expires_at for one in sent.given if one.expires_at is not None]
    return round(min(ends) * 1_000_000) if ends else None


def _scopes(sent: Sent) -> list[str] | None:
    found = list(dict.fromkeys(scope for one in sent.given for scope in one.scopes or ()))
    return found or None
