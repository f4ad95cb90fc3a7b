"""How it ended for each account: as records, as a frame and in words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from socialconnect.frames import Table
from socialconnect.reading.declare import columns
from socialconnect.reading.typed import Page
from socialconnect.secret import bare

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from socialconnect.errors import SocialConnectError
    from socialconnect.http.send import Sent

Status = Literal["ok", "empty", "partial", "skipped", "failed"]
_LOGGED = ("user_id", "external_account_id", "provider", "resource", "reason", "rows", "requests", "waited")


@dataclass(slots=True, repr=False)
class Outcome:
    """How one account's reading ended. `reason` is the error's code, or what was cut.

    `cut` says what the provider left out, `narrowed` what it does not show to a token with these scopes (`granted`),
    `first_error` what first went wrong on the way, even if a later try mended it, `missed` the error for which
    something was left out that another try may bring. Without a `user_id` it is the listing
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
    missed: SocialConnectError | None = None

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
        self.missed = self.missed or (bare(page.missed) if page.missed else None)

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

    @property
    def facts(self) -> dict[str, object]:
        """What a line of the log says of it, by name: no message, which may quote what a service said."""
        return {name: getattr(self, name) for name in _LOGGED} | {"outcome": self.status}

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


def outcomes_frame(outcomes: Iterable[Outcome]) -> pd.DataFrame:
    """One row per account, in the order they were chosen."""
    listed = list(outcomes)
    values = {column.name: [getattr(row, column.name) for row in listed] for column in _OUTCOMES}
    table = Table(_OUTCOMES, lead=())
    table.append(Page(tuple([None if one == "" else one for one in row] for row in values.values()), len(listed)))
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
