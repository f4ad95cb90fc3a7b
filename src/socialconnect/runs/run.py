"""What came of one carrying out: one frame, one outcome for each account, and every request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Literal

from socialconnect.errors import UsageError
from socialconnect.runs.outcomes import Outcome, outcomes_frame, summary
from socialconnect.runs.picture import run_html
from socialconnect.runs.report import report

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

    from socialconnect.errors import SocialConnectError
    from socialconnect.notebook.mending import Mending
    from socialconnect.reading.declare import Value
    from socialconnect.runs.select import Users
    from socialconnect.tracing.trace import Trace

Watch = Callable[[Outcome], None]


@dataclass(frozen=True)
class Asked:
    """How a resource was read and trouble was told, so that it can be read again in the same way."""

    columns: tuple[str, ...] | None = None
    raw: bool = False
    arguments: Mapping[str, Value] = field(default_factory=dict)
    on_error: Literal["warn", "raise", "ignore"] = "warn"


@dataclass(frozen=True)
class Run:
    """What came of reading one resource for many accounts.

    `frame` has the rows, `outcomes` one row per account, `trace` every request (`trace.frame()` one row for each, a
    cell a diagram), `errors` what was raised on the way; `complete` says whether every account was read whole.
    `print(run)` tells it in words, `retry()` reads again what failed.

    >>> import socialconnect as sc
    >>> run = sc.sandbox(users=20).read("github.repos", on_error="ignore")
    >>> run.outcomes["status"].isin(["ok", "empty", "partial", "skipped", "failed"]).all()
    np.True_
    """

    id: str
    resource: str
    read_at: datetime
    frame: pd.DataFrame
    ended: tuple[Outcome, ...] = field(repr=False)
    trace: Trace = field(repr=False)
    drift: Mapping[str, int] = field(default_factory=dict, repr=False)
    asked: Asked = field(default_factory=Asked, repr=False)
    again: Callable[[Run, Users], Run] | None = field(default=None, repr=False, compare=False)

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """One row per account: user_id, provider, resource, external_account_id, how it ended, why, and what to do.

        `status` is ok, empty, partial, skipped or failed, with `reason`, `message` and `cure`; `rows`, `pages`,
        `requests` and `retries` are counts, `waited` is in seconds; `complete` says whether everything came, `cut` what
        was left out (hidden organisations, the most that a provider gives, rows that moved), `narrowed` what the
        token's scopes do not show, `first_error` what first went wrong, even where a later try mended it.
        """
        return outcomes_frame(self.ended)

    @property
    def errors(self) -> list[SocialConnectError]:
        """The errors of the accounts that were not read whole."""
        return [outcome.error for outcome in self.ended if outcome.error is not None]

    @property
    def complete(self) -> bool:
        """Whether every account was read whole: as far as its token shows, see `narrowed` in the outcomes."""
        return not self.drift and all(outcome.status in ("ok", "empty") for outcome in self.ended)

    @property
    def problems(self) -> str:
        """One sentence on the accounts that were not read whole, or nothing."""
        troubled = sum(outcome.status not in ("ok", "empty") for outcome in self.ended)
        if not troubled:
            listed = ", ".join(f"{name} ({count})" for name, count in sorted(self.drift.items()))
            return f"Values that are not as declared became NA: {listed}." if listed else ""
        return f"{troubled} of {len(self.ended)} accounts were not read whole: {summary(self.ended)}."

    def retry(self, users: Users = None) -> Run:
        """Read again what failed or was read in part, and return a new run with everything in its place.

        Accounts that were read whole are not asked again; neither are those without a connection, unless `users` names
        them: then nobody else is. It blocks like any method of Client: in asynchronous code, `await client.retry(run)`.
        """
        if self.again is None:
            raise UsageError("This run has no client any more.", cure="Pass it to one: client.retry(run).")
        return self.again(self, users)

    def connect(self) -> Mending:
        """A panel of the accounts that only their owners can mend, with a button that connects each.

        A cell that ends with it shows them: who, why, *Connect*, how that stands, and *Read again* for those who have
        connected since; its `run` is what was read then. Where nobody can click, `error.connect()` for one of
        `run.errors` does the same for one account. Raises a MissingPackage without the extra `notebook`.

        >>> import socialconnect as sc
        >>> sc.sandbox(users=20).plan("notion.users").run(on_error="ignore").connect()
        <Mending notion.users: 10 accounts need their owners>
        """
        panel: Mending = import_module("socialconnect.notebook.mending").Mending(self)
        return panel

    def report(self, *, requests: bool = False) -> str:
        """The run in words: what came, what went wrong and what to do, what was sent; `requests` lists each of them."""
        return report(self.__repr__(), self.ended, self.trace, self.problems, requests=requests)

    def __str__(self) -> str:
        return self.report()

    def _repr_html_(self) -> str:
        """What a cell shows that ends with it."""
        told = f"{len(self.frame):,} rows from {len(self.ended):,} accounts, read at {self.read_at:%Y-%m-%d %H:%M} UTC"
        return run_html(self.resource, told, self.ended, self.trace)

    def __getstate__(self) -> dict[str, object]:
        # a client holds a key and open connections
        return {name: value for name, value in self.__dict__.items() if name != "again"} | {"again": None}

    def __repr__(self) -> str:
        counts = Counter(outcome.status for outcome in self.ended)
        listed = ", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "none"
        return (
            f"<Run {self.resource}: {len(self.frame):,} rows; accounts: {listed}; "
            f"{self.trace.requests:,} requests, waited {self.trace.waited:.1f} s>"
        )
