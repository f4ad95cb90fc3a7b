"""What came of an export: counts by outcome, what was sent, the first and the last error, and what to do next."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from socialconnect.export import telling

if TYPE_CHECKING:
    from datetime import datetime

    from socialconnect.errors import SocialConnectError
    from socialconnect.export.sink import AccountState, Mode
    from socialconnect.http.send import Sent
    from socialconnect.runs.outcomes import Outcome

Ending = Literal["finished", "troubled", "deadline", "stopped"]
"""`troubled`: everybody was come to, and some accounts may be mended by another try; `stopped`: before that."""

RESUME = 8
"""The exit code of an export that its deadline ended."""
_AGAIN = 5
_FIRST = (2, 3, 1, _AGAIN, 6, 4)  # exit codes, what counts most first
KEPT = 1_000  # outcomes of troubled accounts that are kept one by one


@dataclass(slots=True)
class Traffic:
    """What was sent: requests by host and status, bytes that came, seconds waited, answers that said too much (429)."""

    requests: int = 0
    bytes: int = 0
    waited: float = 0.0
    throttled: int = 0
    hosts: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)

    def add(self, sent: Sent) -> None:
        """One more request."""
        self.requests += 1
        self.bytes += sent.size
        self.waited += sent.waited
        self.throttled += sent.status == 429
        self.hosts[sent.host] += 1
        self.statuses[sent.status] += 1


@dataclass(slots=True)
class Tally:
    """How it ended for the accounts of one resource: counts by status and by reason, and the rows that were read.

    `earlier` counts those of them that the run had read before it was broken off; `codes` the exit codes of errors.
    """

    resource: str
    accounts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    codes: Counter[int] = field(default_factory=Counter)
    rows: int = 0
    earlier: int = 0
    drift: Counter[str] = field(default_factory=Counter)
    troubled: list[Outcome] = field(default_factory=list)
    first_error: str = ""
    last_error: str = ""

    def count_earlier(self, state: AccountState) -> None:
        """One account that the run was through with before it was broken off."""
        self.earlier += 1
        self.accounts[state.status] += 1
        self.rows += state.rows
        if state.status not in ("ok", "empty"):
            self.reasons[state.reason or state.status] += 1
            self.codes.update([state.code] if state.code else [])

    def add(self, outcome: Outcome, rows: int) -> None:
        """One more account that ended, with so many rows in all."""
        self.accounts[outcome.status] += 1
        self.rows += rows
        self.drift.update(outcome.drift)
        if outcome.status in ("ok", "empty"):
            return
        self.reasons[outcome.reason or outcome.status] += 1
        if error := outcome.error or outcome.missed:
            self.codes[error.exit_code] += 1
        self.last_error = outcome.told
        self.first_error = self.first_error or outcome.told
        if len(self.troubled) < KEPT:
            self.troubled.append(outcome)


@dataclass(frozen=True, repr=False)
class ExportReport:
    """What came of one export. `resources` has a Tally for each, `traffic` what was sent.

    `ending` is `finished`, `troubled` (another try may mend accounts), `deadline` or `stopped`; `error` what ended it
    before its end, if anything did, and `cause` the same as the error itself. `print(report)` tells it in words, a cell
    shows it, `document()` has it for programs.

    >>> import socialconnect as sc
    >>> report = sc.sandbox(users=20).export("google.profile", "memory://report")
    >>> report.ending, report.rows == len(sc.read_export("memory://report", "google.profile"))
    ('finished', True)
    """

    id: str
    to: str
    mode: Mode
    started_at: datetime
    ended_at: datetime
    ending: Ending
    resources: tuple[Tally, ...]
    traffic: Traffic
    resumed: bool = False
    error: str = ""
    cause: SocialConnectError | None = None

    @property
    def exit_code(self) -> int:
        """What a command exits with that ends so: what is to be done next, and first what a program can do by itself.

        8 a deadline ended it: resume, for nothing else is final yet. 3 (or 2) misconfigured: no other try mends that.
        5 Clerk, a provider or the target is in trouble, 6 one answered what it should not: run it again. 4 accounts
        need their owners. 0 all is well, also where a provider gives no more than a part.
        """
        if self.ending == "deadline":
            return RESUME
        codes = {code for tally in self.resources for code in tally.codes}
        if self.cause is not None:
            codes.add(self.cause.exit_code)
        elif self.ending == "stopped":
            codes.add(_AGAIN)
        return next((code for code in _FIRST if code in codes), 0)

    @property
    def rows(self) -> int:
        """How many rows were read, all resources together."""
        return sum(tally.rows for tally in self.resources)

    @property
    def accounts(self) -> Counter[str]:
        """How many accounts ended how, all resources together."""
        return sum((tally.accounts for tally in self.resources), Counter[str]())

    @property
    def reasons(self) -> Counter[str]:
        """Why accounts were not read whole, all resources together."""
        return sum((tally.reasons for tally in self.resources), Counter[str]())

    @property
    def complete(self) -> bool:
        """Whether everybody was come to, and every account was read whole."""
        return self.ending == "finished" and not any(tally.reasons or tally.codes for tally in self.resources)

    def document(self) -> dict[str, object]:
        """The report for programs, with nothing secret in it: see `socialconnect.export.telling`."""
        return telling.document(self)

    def __str__(self) -> str:
        return telling.text(self)

    def __repr__(self) -> str:
        return f"<ExportReport {telling.headline(self)}>"

    def _repr_html_(self) -> str:
        return telling.html(self)


def attach(error: BaseException, report: ExportReport) -> None:
    """Give what ends an export the report of how far it came, for whoever catches it."""
    error.__dict__["report"] = report


def report_of(error: BaseException) -> ExportReport | None:
    """How far the export had come that an error, an interrupt or a cancellation ended; None where it had not begun."""
    found = error.__dict__.get("report")
    return found if isinstance(found, ExportReport) else None
