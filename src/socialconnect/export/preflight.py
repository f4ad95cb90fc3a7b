"""What an export will meet, before it begins: how much it reads, who cannot be read, and whether its target is free."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from socialconnect.errors import SocialConnectError
from socialconnect.export.exports import goes_on
from socialconnect.export.report import RESUME
from socialconnect.runs.learned import CLERK

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import timedelta

    from socialconnect.export.job import Job
    from socialconnect.export.sink import Dataset, RunState, Sink
    from socialconnect.runs.plan import Call, Plan

_NAMED = 3  # users named for each trouble
_CODES = {
    # what the export would end such an account with
    "not_connected": 4,
    "not_verified": 4,
    "missing_scope": 4,
    "token_dead": 4,
    "user_not_found": 4,
    "provider_not_enabled": 3,
}
_UNSAID = 5  # Clerk failed to say of a token: it may well fail again


class Skipped(NamedTuple):
    """Accounts of one resource in one state, which need the same."""

    resource: str
    state: str
    accounts: int
    users: tuple[str, ...]
    cure: str


@dataclass(frozen=True)
class Outlook:
    """What an export will take, made of a plan of each of its resources, or of one plan of all of them.

    `hosts` is what each host will be asked, `seconds` the least that takes, `skipped` whom it will not read; everybody
    without the connection is counted only where they were `named`.
    """

    plans: tuple[Plan[Any], ...]
    hosts: tuple[Call, ...]
    seconds: float
    skipped: tuple[Skipped, ...]
    states: Mapping[str, int]

    @property
    def accounts(self) -> int:
        """How many accounts will be read."""
        return sum(plan.accounts for plan in self.plans)

    @property
    def requests(self) -> int:
        """How many requests that takes, all hosts together."""
        return sum(call.requests for call in self.hosts)

    @property
    def rows(self) -> int:
        """How many rows are expected."""
        return sum(plan.rows for plan in self.plans)

    @property
    def size(self) -> int:
        """How many bytes the rows are expected to have, before they are compressed."""
        return sum(plan.memory for plan in self.plans)

    @property
    def basis(self) -> str:
        """What the figures rest on."""
        return "; ".join(plan.basis for plan in self.plans)

    def runs(self, deadline: timedelta | None) -> int:
        """How many times it must be carried out, each until its deadline."""
        limit = deadline.total_seconds() if deadline is not None else 0.0
        return max(1, -int(-self.seconds // limit)) if limit else 1

    def exit_code(self, deadline: timedelta | None) -> int:
        """What the export is likely to exit with, as far as can be known."""
        if self.runs(deadline) > 1:
            return RESUME
        codes = {_CODES.get(one.state, 0) for one in self.skipped}
        codes |= {_UNSAID} if self.states.get("unchecked") else set()
        return next((code for code in (3, 5, 4) if code in codes), 0)


def outlook(plans: Sequence[Plan[Any]], *, named: bool, width: float = 1.0) -> Outlook:
    """What the plans come to together. `width` is which part of the usual concurrency the job takes."""
    hosts = _hosts(plans)
    # one user's resources are read one after another, users side by side
    work = sum(one.seconds for plan in plans for one in plan.estimates) / width
    skipped = tuple(one for plan in plans for one in _skipped(plan) if named or one.state != "not_connected")
    states = sum((Counter(plan.coverage["state"].astype(str)) for plan in plans), Counter[str]())
    return Outlook(tuple(plans), hosts, max([work, *(call.seconds for call in hosts)]), skipped, states)


def _hosts(plans: Iterable[Plan[Any]]) -> tuple[Call, ...]:
    """What each host is asked; a user's tokens are asked for once for all resources of a provider."""
    plans = list(plans)
    found: dict[tuple[str, str], Call] = {}
    for plan in plans:
        for call in plan.hosts:
            before = found.get((call.provider, call.host))
            found[call.provider, call.host] = call if before is None else _both(before, call)
    most: dict[str, float] = {}
    each = [one for plan in plans for one in plan.estimates]
    for one in each:
        most[one.provider] = max(most.get(one.provider, 0.0), one.clerk)
    asked = sum(one.clerk for one in each)
    return tuple(
        _part(call, sum(most.values()) / asked) if call.provider == CLERK and asked else call for call in found.values()
    )


def _both(one: Call, other: Call) -> Call:
    """What two plans ask of one host."""
    return replace(
        one,
        requests=one.requests + other.requests,
        spent=one.spent + other.spent,
        seconds=one.seconds + other.seconds,
    )


def _part(call: Call, part: float) -> Call:
    """A part of a host's requests, in that part of the time."""
    before, after = call.spent + call.requests, call.spent + call.requests * part
    return replace(
        call, requests=round(call.requests * part), seconds=call.seconds * after / before if before else call.seconds
    )


def _skipped(plan: Plan[Any]) -> list[Skipped]:
    found: dict[tuple[str, str, str], list[str]] = {}
    names = ["resource", "state", "cure", "user_id"]
    rows = plan.skipped[names].astype(object)
    for resource, state, cure, user in rows.where(rows.notna(), "").itertuples(index=False, name=None):
        found.setdefault((resource, state, cure), []).append(user)
    listed = [
        Skipped(resource, state, len(users), tuple(users[:_NAMED]), cure)
        for (resource, state, cure), users in found.items()
    ]
    return sorted(listed, key=lambda one: (-one.accounts, one.resource, one.state))


@dataclass(frozen=True)
class Standing:
    """How a target is found: `last` is the run that was written into it last, `error` why it cannot be written to.

    `goes_on` says that `--resume` goes on with that run, `differs` that it was asked for something else.
    """

    last: RunState | None = None
    goes_on: bool = False
    differs: bool = False
    error: SocialConnectError | None = None

    def document(self) -> dict[str, object]:
        """The same for programs."""
        error = self.error
        return {
            "writable": error is None,
            "last_run": msgspec.to_builtins(self.last) if self.last else None,
            "unfinished": self.last is not None and self.last.status != "finished",
            "resume": self.goes_on,
            "error": {"code": error.code, "message": error.message, "cure": error.cure} if error else None,
        }


def standing(job: Job, datasets: Sequence[Dataset]) -> Standing:
    """Take hold of the job's target and let go of it again, without beginning a run.

    What it lacks to be written to (a folder, tables) is made, as the export would.
    """
    where = import_module("socialconnect.export.where")  # its libraries are an extra
    try:
        sink: Sink = where.open_sink(job.to, format=job.format)
        try:
            last = sink.open(datasets, job.mode)
        finally:
            sink.close()
    except SocialConnectError as error:
        return Standing(error=error)
    if last is None or last.status == "finished":
        return Standing(last)
    try:
        _, resumed = goes_on(last, job.model_copy(update={"resume": True}))
    except SocialConnectError:
        return Standing(last, differs=True)
    return Standing(last, goes_on=resumed)
