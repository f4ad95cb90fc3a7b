"""The loop that exports: many accounts at once, page by page into a sink, in steps that are safe."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from time import time
from typing import TYPE_CHECKING

import msgspec

from socialconnect.errors import (
    NotConnected,
    ProviderNotEnabled,
    SetupError,
    SocialConnectError,
    UserNotFound,
    first_of,
)
from socialconnect.export.batch import Batch, give_back
from socialconnect.export.report import ExportReport, Traffic, attach
from socialconnect.export.whom import Whom
from socialconnect.export.work import Work, begun, over
from socialconnect.progress.count import current
from socialconnect.reading.fan import ordered
from socialconnect.runs.account import about
from socialconnect.runs.target import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from socialconnect.clerk.api import Clerk
    from socialconnect.clerk.models import AccessToken
    from socialconnect.export.job import Job
    from socialconnect.export.keeper import Keeper
    from socialconnect.export.part import Part
    from socialconnect.export.report import Ending, Tally
    from socialconnect.export.sink import AccountState, RunState, Sink
    from socialconnect.runs.outcomes import Outcome
    from socialconnect.runs.select import Chosen

_log = logging.getLogger(__name__)
_EVERY = 2.0  # seconds after which what waits is committed, however little it is
_ENOUGH = 50  # accounts before a share of them tells anything
_Known = dict[str, dict[str, "AccountState"]]


class _Enough(Exception):
    """More accounts failed than the job allows."""


class Exporter:
    """Carries out one job: reads its parts for everybody or for those chosen, and hands the rows to a sink."""

    def __init__(
        self,
        clerk: Clerk,
        job: Job,
        parts: Sequence[Part],
        sink: Sink,
        keeper: Keeper,
        traffic: Traffic,
        *,
        most: int,
        watch: Callable[[Outcome], None] | None = None,
    ) -> None:
        self._clerk = clerk
        self._job = job
        self._parts = parts
        self._sink = sink
        self._keeper = keeper
        self._traffic = traffic
        self._most = most
        self._watch = watch
        self._providers: dict[str, list[Part]] = {}
        for part in parts:
            self._providers.setdefault(part.reader.provider, []).append(part)
        self._under_way: set[Work] = set()
        self._committing = asyncio.Lock()
        self._failed = 0
        self._ended = 0
        self._count = current.get()
        self._width = 1

    async def run(self, run: RunState, *, resume: bool, chosen: Sequence[Chosen] | None) -> ExportReport:
        """Export until everybody was come to, the deadline, or too many errors; the report says which.

        Whatever else ends it is raised, after what was read until then was made safe.
        """
        self._run, self._resuming = run, resume
        self._whom = Whom(self._clerk, self._providers, chosen, self._traffic.add)
        self._batch = Batch(self._parts, run.id)
        self._committed_at = asyncio.get_running_loop().time()
        known = len(chosen) if chosen is not None else self._most
        workers = max(1, min(self._most, known))
        # one account may have the wire for itself; many share it, so that none waits behind a long one
        self._width = max(1, self._most // workers)
        if self._count is not None and chosen is not None:
            self._count.expect(len(chosen) * len(self._parts))
        limit = self._job.deadline.total_seconds() if self._job.deadline is not None else None
        error = ""
        ending: Ending = "finished"
        try:
            async with asyncio.timeout(limit) as timeout:
                await self._all(workers)
        except TimeoutError:
            if not timeout.expired():  # somebody else's
                await self._rescue()
                raise
            ending = "deadline"
        except _Enough:
            ending, error = "stopped", f"{self._failed:,} accounts failed, more than max_errors allows."
        except BaseException as broken:
            await self._rescue()
            stopped = msgspec.structs.replace(run, ended_at=round(time(), 3))
            attach(broken, self._report(stopped, "stopped", str(broken)))
            raise
        if ending == "finished" and any(tally.codes.keys() & {5, 6} for tally in self._tallies):
            ending = "troubled"
        await self._commit(force=True)
        ended = msgspec.structs.replace(run, status=ending, ended_at=round(time(), 3))
        listed = [part.name for part in self._parts if part.off is None] if self._everyone(ending) else []
        await self._keeper.call(self._sink.finish, ended, listed)
        return self._report(ended, ending, error)

    @property
    def _tallies(self) -> list[Tally]:
        return [part.tally for part in self._parts]

    def _everyone(self, ending: Ending) -> bool:
        """Whether each account that there is was come to, so that those which were not are gone."""
        return self._whom.complete and ending in ("finished", "troubled")

    def _report(self, run: RunState, ending: Ending, error: str) -> ExportReport:
        for name, drift in self._batch.drift().items():
            next(part for part in self._parts if part.name == name).tally.drift.update(drift)
        for part in self._parts:
            if part.off is not None:
                part.tally.first_error = part.tally.first_error or str(part.off)
                part.tally.last_error = str(part.off)
                part.tally.codes[part.off.exit_code] += 1
        began, ended = (datetime.fromtimestamp(at, UTC) for at in (run.started_at, run.ended_at))
        return ExportReport(
            run.id,
            self._job.to,
            self._job.mode,
            began,
            ended,
            ending,
            tuple(self._tallies),
            self._traffic,
            resumed=self._resuming,
            error=error,
        )

    async def _all(self, workers: int) -> None:
        queue: asyncio.Queue[Target | None] = asyncio.Queue(maxsize=workers)
        try:
            async with asyncio.TaskGroup() as group:
                ticking = group.create_task(self._tick())
                reading = [group.create_task(self._work(queue)) for _ in range(workers)]
                await self._feed(queue, workers)
                await asyncio.wait(reading)
                ticking.cancel()
        except BaseExceptionGroup as errors:
            error = first_of(errors)
        else:
            return
        raise error

    async def _tick(self) -> None:
        """Commit now and then, however slowly pages come."""
        while True:
            await asyncio.sleep(_EVERY)
            await self._commit()

    async def _feed(self, queue: asyncio.Queue[Target | None], workers: int) -> None:
        try:
            async with aclosing(self._whom.each()) as targets:
                async for target in targets:
                    await queue.put(target)
        except SetupError:
            raise
        except SocialConnectError as error:  # Clerk's list broke off, and that is nobody's outcome
            for part in self._parts:
                outcome = part.reader.outcome("", None)
                outcome.user_id = None
                outcome.fail(about(error, outcome))
                self._tell(part, outcome)
        for _ in range(workers):
            await queue.put(None)

    async def _work(self, queue: asyncio.Queue[Target | None]) -> None:
        while (target := await queue.get()) is not None:
            accounts = target.accounts
            for provider, parts in self._providers.items():
                mine = None if accounts is None else tuple(one for one in accounts if one.provider == provider)
                if mine is None or mine:
                    on = [part for part in parts if part.off is None]
                    one = Target(target.place, target.user_id, mine, target.named, whole=mine is not None)
                    await self._user(one, on)

    async def _user(self, target: Target, parts: Sequence[Part]) -> None:
        """Read all parts of one provider for one user, with its tokens asked for once."""
        known = await self._known(target.user_id, parts)
        parts = [part for part in parts if not self._through(part, target, known[part.name])]
        if not parts:
            return
        if unfinished := [one.id for one in target.accounts or () if not one.connected]:
            error = parts[0].reader.not_connected(target.user_id, "never finished connecting")
            self._unread(parts, target, unfinished, error, known)
        connected = [one.id for one in target.accounts or () if one.connected]
        if target.accounts is not None and not connected:
            return
        try:
            target, pairs = await self._pairs(target, parts)
        except SocialConnectError as error:
            await self._refused(parts, target, connected, error, known)
        else:
            if len(pairs) > 1:
                self._tell_of_all(parts, target, pairs, known)
            for part in parts:
                await self._part(part, target, pairs, known[part.name])

    def _tell_of_all(
        self,
        parts: Sequence[Part],
        target: Target,
        pairs: Sequence[tuple[str | None, AccessToken | None]],
        known: _Known,
    ) -> None:
        """Keep that there are several accounts, so that nobody who goes on takes the first that ended for all."""
        for part in parts:
            for account, _ in pairs:
                before = known[part.name].get(account or "")
                if before is None or not begun(before, self._run):
                    outcome = part.reader.outcome(target.user_id, account)
                    self._batch.ended(Work(part, outcome, self._job, self._run, before).change())

    async def _refused(
        self, parts: Sequence[Part], target: Target, connected: Sequence[str], error: SocialConnectError, known: _Known
    ) -> None:
        """End a user's accounts without a token: for this provider, or for all where every account would meet that."""
        if isinstance(error, ProviderNotEnabled):
            for part in parts:
                part.off = part.off or error
            return
        if isinstance(error, SetupError):
            raise error
        if not connected and isinstance(error, NotConnected | UserNotFound):
            known = await self._kept(target.user_id, parts)  # whose accounts are gone
        for part in parts:
            self._unread([part], target, connected or [*known[part.name]] or [None], error, known)

    async def _part(
        self,
        part: Part,
        target: Target,
        pairs: Sequence[tuple[str | None, AccessToken | None]],
        known: Mapping[str, AccountState],
    ) -> None:
        for account_id, token in pairs:
            before = known.get(account_id or "")
            if before is not None and over(before, self._run):
                part.tally.count_earlier(before)
            else:
                await self._account(part, target, account_id, token, before)

    async def _known(self, user_id: str, parts: Sequence[Part]) -> _Known:
        """What is kept of a user's accounts, by resource and account, where anybody may want it."""
        if not self._resuming and not self._job.incremental:
            return {part.name: {} for part in parts}
        return await self._kept(user_id, parts)

    async def _kept(self, user_id: str, parts: Sequence[Part]) -> _Known:
        def look() -> _Known:
            found = {part.name: self._sink.states(part.name, user_id) for part in parts}
            return {name: {state.account: state for state in states} for name, states in found.items()}

        return await self._keeper.call(look)

    def _through(self, part: Part, target: Target, known: Mapping[str, AccountState]) -> bool:
        """Whether this run was through with the user before it was broken off; then its outcomes count as they were."""
        mine = [state for state in known.values() if begun(state, self._run)]
        done = {state.account for state in mine if over(state, self._run)}
        wanted = {one.id for one in target.accounts} if target.accounts is not None else None
        if not mine or len(done) < len(mine) or (wanted is not None and not wanted <= done):
            return False
        for state in mine:
            part.tally.count_earlier(state)
        if self._count is not None:
            self._count.ended(whole=True)
        return True

    async def _pairs(
        self, target: Target, parts: Sequence[Part]
    ) -> tuple[Target, list[tuple[str | None, AccessToken | None]]]:
        """The user's accounts at the provider, each with its token."""
        first = next((part for part in parts if not part.reader.resource.identity), parts[0])
        if any(part.of_account for part in parts) and not target.whole:
            target = await first.reader.told(target, self._traffic.add)
        tokens = await first.reader.tokens(target.user_id, first.reader.outcome(target.user_id, None))
        pairs = target.matched([one for one in target.accounts or () if one.connected], tokens)
        if not pairs:
            raise first.reader.not_connected(target.user_id)
        return target, pairs

    def _unread(
        self,
        parts: Sequence[Part],
        target: Target,
        accounts: Sequence[str | None],
        error: SocialConnectError,
        known: _Known,
    ) -> None:
        """End accounts that could not be begun."""
        for part in parts:
            for account in accounts:
                outcome = part.reader.outcome(target.user_id, account)
                skipped = isinstance(error, NotConnected | UserNotFound)
                outcome.fail(about(error, outcome), "skipped" if skipped else "failed")
                self._end(Work(part, outcome, self._job, self._run, known[part.name].get(account or "")))

    async def _account(
        self, part: Part, target: Target, account_id: str | None, token: AccessToken | None, before: AccountState | None
    ) -> None:
        outcome = part.reader.outcome(target.user_id, account_id)
        work = Work(part, outcome, self._job, self._run, before)
        if work.stale:
            await self._keeper.call(self._sink.commit, {}, [work.dropped()])
        self._under_way.add(work)
        lead = (target.user_id, account_id)
        width = min(part.reader.connector.concurrency, self._width)
        pages = part.reader.pages(target, outcome, token, width=width, start=work.start)
        async with aclosing(pages), aclosing(ordered(pages)) as in_order:
            async for _, came in in_order:
                page, gone = part.gone(came, all_of_it=not work.start.marks)
                self._batch.take(part, lead, part.page(page), gone)
                work.take(page, gone=len(gone))
                if self._count is not None:
                    self._count.read(page.rows)
                await self._commit()
        self._end(work)

    def _end(self, work: Work) -> None:
        self._under_way.discard(work)
        self._batch.ended(work.ended())
        self._tell(work.part, work.outcome, rows=work.rows)

    def _tell(self, part: Part, outcome: Outcome, rows: int = 0) -> None:
        part.tally.add(outcome, rows)
        if outcome.status in ("partial", "failed"):
            who = outcome.user_id or "the listing of users"
            _log.info("%s of %s: %s", part.name, who, outcome.told, extra=outcome.facts)
        if self._count is not None:
            self._count.ended(whole=outcome.status in ("ok", "empty"))
        if self._watch is not None:
            self._watch(outcome)
        self._ended += 1
        if outcome.error is not None and outcome.error.exit_code in (5, 6):
            self._failed += 1
            if self._too_many():
                raise _Enough

    def _too_many(self) -> bool:
        most = self._job.max_errors
        if isinstance(most, str):  # a share of those that ended, once there are enough to tell
            return self._ended >= _ENOUGH and self._failed > float(most.rstrip("%")) / 100 * self._ended
        return most is not None and self._failed > most

    async def _commit(self, *, force: bool = False) -> None:
        """Make safe what waits, if it is time."""
        now = asyncio.get_running_loop().time
        if not (force or self._batch.full or now() - self._committed_at >= _EVERY):
            return
        async with self._committing:
            if not (force or self._batch.full or now() - self._committed_at >= _EVERY):
                return  # it was done while this one waited
            rows, changes = self._batch.swap()
            for work in self._under_way:
                if work.dirty:
                    changes.append(work.change())
                    work.dirty = False
            if rows or changes:
                await self._keeper.call(self._sink.commit, rows, changes)
                del rows
                give_back()
            self._committed_at = now()

    async def _rescue(self) -> None:
        """Make safe what was read, whatever ended the run; what goes wrong then does not hide why."""
        with suppress(SocialConnectError):
            await self._commit(force=True)
