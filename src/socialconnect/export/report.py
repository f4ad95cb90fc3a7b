"""What came of an export: counts by outcome, what was sent, the first and the last error, and what to do next."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from socialconnect.export.sink import Mode
    from socialconnect.http.send import Sent
    from socialconnect.runs.outcomes import Outcome

Ending = Literal["finished", "troubled", "deadline", "stopped"]
"""`troubled`: everybody was come to, and some accounts may be mended by another try; `stopped`: before that."""

RESUME = 8
"""The exit code of an export that its deadline ended."""
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

    def add(self, outcome: Outcome) -> None:
        """One more account that ended."""
        self.accounts[outcome.status] += 1
        self.rows += outcome.rows
        self.drift.update(outcome.drift)
        if outcome.status in ("ok", "empty"):
            return
        self.reasons[outcome.reason or outcome.status] += 1
        if outcome.error is not None:
            self.codes[outcome.error.exit_code] += 1
        self.last_error = outcome.told
        self.first_error = self.first_error or outcome.told
        if len(self.troubled) < KEPT:
            self.troubled.append(outcome)


@dataclass(frozen=True)
class ExportReport:
    """What came of one export. `resources` has a Tally for each, `traffic` what was sent.

    `ending` is `finished`, `troubled` (another try may mend accounts), `deadline` or `stopped`; `error` what ended it
    before its end, if anything did.
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

    @property
    def exit_code(self) -> int:
        """0 all well; 8 a deadline, resume; 5 or 6 run again; 3 misconfigured; 4 accounts need their owners."""
        if self.ending == "deadline":
            return RESUME
        codes = {code for tally in self.resources for code in tally.codes}
        for code in (3, 5, 6, 4):
            if code in codes:
                return code
        return 5 if self.ending != "finished" else 0
