"""How it ended for each account, and which requests were sent: as records, as frames and in words."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from socialconnect.frames import Table
from socialconnect.reading.declare import Column, columns
from socialconnect.reading.typed import Page
from socialconnect.secret import bare

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from socialconnect.errors import SocialConnectError
    from socialconnect.http.send import Sent

Status = Literal["ok", "empty", "partial", "skipped", "failed"]
_TRACED = 100_000  # requests kept one by one; older ones are only counted


@dataclass(slots=True, repr=False)
class Outcome:
    """How one account's reading ended. `reason` is the error's code, or what was cut.

    `cut` says what the provider left out, `narrowed` what it does not show to a token with these scopes (`granted`),
    `first_error` what first went wrong on the way, even if a later try mended it. Without a `user_id` it is the listing
    of users that broke off.
    """

    user_id: str | None
    provider: str
    resource: str
    external_account_id: str | None = None
    status: Status = "ok"
    reason: str | None = None
    message: str | None = None
    cure: str | None = None
    rows: int = 0
    pages: int = 0
    requests: int = 0
    retries: int = 0
    waited: float = 0.0
    first_error: str = ""
    narrowed: str = ""
    granted: tuple[str, ...] | None = None
    error: SocialConnectError | None = None
    drift: Counter[str] = field(default_factory=Counter)
    cut: str = ""

    def count(self, sent: Sent) -> None:
        """Add one request."""
        self.requests += 1
        self.retries += sent.attempt > 1
        self.waited += sent.waited
        self.first_error = self.first_error or sent.why
        self._leave_out(sent.cut)

    def take(self, page: Page) -> None:
        """Add one page."""
        self.rows += page.rows
        self.pages += 1
        self.drift.update(page.drift)
        self._leave_out(page.cut)

    def fail(self, error: SocialConnectError, status: Status = "failed") -> None:
        """It ended with an error; what was read before it is a part."""
        self.error = bare(error)  # its frames hold the token and the page that was read
        self.status = "partial" if self.rows else status
        self.reason, self.message, self.cure = error.code, error.message, error.cure or None

    def close(self) -> None:
        """It ended well, unless something was left out or could not be read as declared."""
        self.status = "ok" if self.rows else "empty"
        cut = self.cut
        if self.drift:
            listed = ", ".join(f"{name} ({count})" for name, count in sorted(self.drift.items()))
            self.partial("drift", f"Values that are not as declared became NA: {listed}.")
        if cut:
            self.partial("cut", cut)

    @property
    def complete(self) -> bool:
        """Whether everything came that the account has."""
        return self.status in ("ok", "empty") and not self.narrowed

    @property
    def told(self) -> str:
        """Status, reason and message in one line."""
        return " ".join(part for part in (f"{self.status}:", self.reason, self.message and f"({self.message})") if part)

    def __repr__(self) -> str:
        whose = f" of {self.user_id}" if self.user_id else ""
        return f"<Outcome {self.resource}{whose}: {self.told} {self.rows:,} rows>"

    def _repr_html_(self) -> str:
        from socialconnect.runs.picture import outcome_html  # noqa: PLC0415 - only a notebook asks

        return outcome_html(self)

    def _leave_out(self, cut: str) -> None:
        if cut and cut not in self.cut:
            self.cut = f"{self.cut} {cut}".strip()

    def partial(self, reason: str, message: str) -> None:
        """Something is missing from what was read; an error that ended it stays its reason."""
        self._leave_out(message)
        if self.error is None:
            self.status, self.reason, self.message = "partial", reason, message


_OUTCOMES = (
    *columns("string", "user_id"),
    *columns("category", "provider resource"),
    *columns("string", "external_account_id"),
    *columns("category", "status reason"),
    *columns("string", "message cure"),
    *columns("Int64", "rows pages requests retries"),
    *columns("Float64", "waited"),
    *columns("boolean", "complete"),
    *columns("string", "cut narrowed first_error"),
)
_TRACE = (
    Column("at", "datetime", form="s"),
    *columns("string", "user_id external_account_id"),
    *columns("category", "provider resource host method path"),
    *columns("Int64", "status attempt size left"),
    *columns("Float64", "seconds waited"),
    *columns("category", "then"),
    *columns("boolean", "cached"),
    *columns("string", "why"),
)


def outcomes_frame(outcomes: Iterable[Outcome]) -> pd.DataFrame:
    """One row per account, in the order they were chosen."""
    listed = list(outcomes)
    values = {column.name: [getattr(row, column.name) for row in listed] for column in _OUTCOMES}
    return _frame(_OUTCOMES, {name: [None if one == "" else one for one in row] for name, row in values.items()})


class Trace:
    """The requests of one run; `frame()` has the last 100,000 of them one by one."""

    def __init__(self) -> None:
        self.requests = 0
        self.waited = 0.0
        self._sent: deque[Sent] = deque(maxlen=_TRACED)

    def add(self, sent: Sent) -> None:
        """One more request."""
        self.requests += 1
        self.waited += sent.waited
        self._sent.append(sent)

    def extend(self, later: Trace) -> None:
        """Add what was sent later."""
        self.requests += later.requests
        self.waited += later.waited
        self._sent.extend(later._sent)

    @property
    def last(self) -> tuple[Sent, ...]:
        """The requests that are kept one by one."""
        return tuple(self._sent)

    def frame(self) -> pd.DataFrame:
        """One row per request: when, for whom, where to (a path without values), what came and what followed."""
        sent = list(self._sent)
        values: dict[str, list[object]] = {
            "at": [round(row.at * 1_000_000) for row in sent],
            "user_id": [row.user_id or None for row in sent],
            "external_account_id": [row.account or None for row in sent],
            "resource": [row.resource or None for row in sent],
            "why": [row.why or None for row in sent],
        }
        rest = [column.name for column in _TRACE if column.name not in values]
        return _frame(_TRACE, {**values, **{name: [getattr(row, name) for row in sent] for name in rest}})


def _frame(declared: tuple[Column, ...], values: Mapping[str, list[object]]) -> pd.DataFrame:
    table = Table(declared, lead=())
    table.append(Page(tuple(values[column.name] for column in declared), len(values[declared[0].name])))
    return table.frame()


def summary(outcomes: Iterable[Outcome]) -> str:
    """What went wrong, counted: `2 reconnect_needed (user_a, user_b), 1 drift (user_c)`."""
    reasons: dict[str, list[str]] = {}
    for outcome in outcomes:
        if outcome.status not in ("ok", "empty"):
            reasons.setdefault(outcome.reason or outcome.status, []).append(outcome.user_id or "the listing of users")
    parts = [
        f"{len(users)} {reason} ({', '.join(users[:2])}{', …' if len(users) > 2 else ''})"
        for reason, users in sorted(reasons.items(), key=lambda item: -len(item[1]))
    ]
    return ", ".join(parts)
