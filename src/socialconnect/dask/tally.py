"""What came of all shares, added up to what one export would tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socialconnect.export.report import KEPT, Tally, Traffic

if TYPE_CHECKING:
    from collections.abc import Iterable

    from socialconnect.dask.tasks import Handed
    from socialconnect.export.job import Job

_ENOUGH = 50  # accounts before a share of them tells anything, as in an export of one process
_AGAIN = (5, 6)  # exit codes of what is not the owner's to mend


class Total:
    """The tallies and the traffic of all shares so far."""

    def __init__(self, names: Iterable[str], traffic: Traffic) -> None:
        self.tallies = {name: Tally(name) for name in names}
        self.traffic = traffic
        self.off: set[str] = set()
        self.late = False

    def add(self, handed: Handed) -> None:
        """One more share."""
        for tally in handed.tallies:
            _add(self.tallies[tally.resource], tally, off=tally.resource in self.off)
        if handed.traffic is not None:
            _carry(self.traffic, handed.traffic)
        self.off.update(handed.off)
        self.late = self.late or handed.ending == "deadline"

    @property
    def failed(self) -> int:
        """How many accounts failed other than by their owners."""
        return sum(tally.codes[code] for tally in self.tallies.values() for code in _AGAIN)

    def too_many(self, job: Job) -> bool:
        """Whether more accounts failed than the job allows."""
        if isinstance(job.max_errors, str):
            ended = sum(sum(tally.accounts.values()) for tally in self.tallies.values())
            return ended >= _ENOUGH and self.failed > float(job.max_errors.rstrip("%")) / 100 * ended
        return job.max_errors is not None and self.failed > job.max_errors


def _add(total: Tally, tally: Tally, *, off: bool) -> None:
    total.accounts.update(tally.accounts)
    total.reasons.update(tally.reasons)
    total.drift.update(tally.drift)
    if not off:  # each share finds out for itself that a provider is not offered
        total.codes.update(tally.codes)
    total.rows += tally.rows
    total.earlier += tally.earlier
    total.troubled += tally.troubled[: KEPT - len(total.troubled)]
    total.first_error = total.first_error or tally.first_error
    total.last_error = tally.last_error or total.last_error


def _carry(total: Traffic, traffic: Traffic) -> None:
    total.requests += traffic.requests
    total.bytes += traffic.bytes
    total.waited += traffic.waited
    total.throttled += traffic.throttled
    total.hosts.update(traffic.hosts)
    total.statuses.update(traffic.statuses)
