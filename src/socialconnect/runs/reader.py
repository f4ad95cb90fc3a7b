"""Reads one resource for many accounts, several at a time, and ends with a Run."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import Counter
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from socialconnect.errors import (
    NotConnected,
    SetupError,
    SocialConnectError,
    UserNotFound,
    first_of,
)
from socialconnect.expand import expand
from socialconnect.frames import Table, describe
from socialconnect.progress.count import Count, current
from socialconnect.reading.declare import IDENTITY, Connector, Resource, Value
from socialconnect.reading.extract import Extractor
from socialconnect.reading.fan import Reading
from socialconnect.runs.account import AccountReader, about
from socialconnect.runs.everybody import everybody
from socialconnect.runs.order import InOrder
from socialconnect.runs.run import Run, Watch
from socialconnect.runs.target import Target
from socialconnect.tracing.trace import Trace

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    import pandas as pd

    from socialconnect.clerk.api import Clerk
    from socialconnect.clerk.models import AccessToken
    from socialconnect.http.send import Sent, Wire
    from socialconnect.reading.typed import Page
    from socialconnect.runs.outcomes import Outcome
    from socialconnect.runs.select import Chosen

_log = logging.getLogger(__name__)


class Reader:
    """Reads one resource of one connector with one choice of columns and parameters."""

    def __init__(
        self,
        clerk: Clerk,
        wire: Wire,
        connector: Connector,
        resource: Resource,
        *,
        columns: Sequence[str] | None = None,
        raw: bool = False,
        arguments: Mapping[str, Value] | None = None,
        watch: Watch | None = None,
    ) -> None:
        self._clerk = clerk
        self._wire = wire
        self._connector = connector
        self._resource = resource
        self._columns = columns
        chosen = resource.select(columns)
        missing = set(resource.key) - {column.name for column in chosen}
        # rows that two windows share are told by their key, which goes again where nobody asked for it
        self._lent = sorted(missing) if getattr(resource.paging, "overlaps", False) else []
        self._extractor = Extractor(resource, (*chosen, *map(resource.column, self._lent)), raw=raw)
        self._table = Table(self._extractor.columns, raw=raw)
        self._order = InOrder(self._table)
        reading = Reading(connector, resource, self._extractor, dict(arguments or {}))
        self._account = AccountReader(clerk, wire, reading, self._count)
        self._without: frozenset[str] = frozenset()
        self._left_out = 0
        self._trace = Trace()
        self._watch = watch
        self._progress: Count | None = None
        self._ended: dict[tuple[int, int], Outcome] = {}
        self._name = self._account.name
        self._width = 1

    async def run(self, chosen: Sequence[Chosen] | None, *, without: frozenset[str] = frozenset()) -> Run:
        """Read everybody chosen, or with None everybody who has the connection but `without`, several at a time.

        A SetupError ends the run at once, since it would meet every account; any other error is its account's outcome.
        """
        read_at = datetime.now(UTC)
        self._without = without
        most = self._wire.settings.concurrency
        known = len(chosen) if chosen is not None else most
        self._progress = current.get()
        if self._progress is not None and chosen is not None:
            self._progress.expect(len(chosen))
        # one account may have the wire for itself; many share it, so that none waits behind a long one
        self._width = max(2, min(self._connector.concurrency, most // max(1, known)))
        targets = self._everybody() if chosen is None else self._named(chosen)
        queue: asyncio.Queue[Target | None] = asyncio.Queue(maxsize=most)
        try:
            async with asyncio.TaskGroup() as group:
                workers = min(most, known)
                group.create_task(self._feed(targets, queue, workers))
                for _ in range(workers):
                    group.create_task(self._work(queue))
        except BaseExceptionGroup as errors:
            error = first_of(errors)
        else:
            return self._finish(read_at)
        raise error

    async def _feed(self, targets: AsyncGenerator[Target], queue: asyncio.Queue[Target | None], workers: int) -> None:
        place = -1
        try:
            async for target in targets:
                place = target.place
                await queue.put(target)
        except SetupError:
            raise
        except SocialConnectError as error:  # what was read until here is kept, and the gap is told
            outcome = self._outcome(Target(place + 1, ""), 0, None)
            outcome.user_id = None
            outcome.fail(about(error, outcome))
            self._end(outcome)
        if self._left_out:
            outcome = self._outcome(Target(place + 2, ""), 0, None)
            outcome.user_id = None
            outcome.partial(
                "left_out", f"{self._left_out} users or accounts that Clerk listed could not be read and were left out."
            )
            self._end(outcome)
        for _ in range(workers):
            await queue.put(None)

    async def _work(self, queue: asyncio.Queue[Target | None]) -> None:
        while (target := await queue.get()) is not None:
            await self._read_user(target)
            self._order.done(target.place)

    async def _named(self, chosen: Sequence[Chosen]) -> AsyncGenerator[Target]:
        for place, one in enumerate(chosen):
            yield Target.of(place, one)

    async def _everybody(self) -> AsyncGenerator[Target]:
        place = 0
        seen = set(self._without)
        async with aclosing(everybody(self._clerk, self._trace.add)) as pages:
            async for users, odd in pages:
                self._left_out += odd
                for user in users:
                    accounts = tuple(acc for acc in user.external_accounts if acc.provider == self._account.provider)
                    if accounts and user.id not in seen:
                        seen.add(user.id)
                        yield Target(place, user.id, accounts, whole=True)
                        place += 1

    async def _read_user(self, target: Target) -> None:
        before: list[Sent] = []
        if self._extractor.of_account and not target.whole:
            try:
                target = await self._account.told(target, before.append)
            except SetupError:
                raise
            except SocialConnectError as error:
                self._unread(self._outcome(target, 0, None), error, before)
                return
        await self._read_accounts(target, before)

    async def _read_accounts(self, target: Target, before: Sequence[Sent]) -> None:
        unfinished = [account for account in target.accounts or () if not account.connected]
        accounts = [account for account in target.accounts or () if account.connected]
        number = 0
        for account in unfinished:
            outcome = self._outcome(target, number, account.id)
            outcome.fail(self._account.not_connected(target.user_id, "never finished connecting"), "skipped")
            self._end(outcome)
            number += 1
        if target.accounts is not None and not accounts:
            return
        first = self._outcome(target, number, accounts[0].id if len(accounts) == 1 else None)
        try:
            tokens = await self._account.tokens(target.user_id, first)
            pairs = target.matched(accounts, tokens)
            if not pairs:
                raise self._account.not_connected(target.user_id)
        except SetupError:
            raise
        except SocialConnectError as error:
            self._unread(first, error, before)
            return
        for sent in before:
            self._count(sent, first)
        offset = 0
        for position, (account_id, token) in enumerate(pairs):
            outcome = first if position == 0 else self._outcome(target, number + position, account_id)
            outcome.external_account_id = account_id
            offset = await self._read_account(target, outcome, token, offset)
            self._end(outcome)

    def _unread(self, outcome: Outcome, error: SocialConnectError, before: Sequence[Sent]) -> None:
        """End a user of whom no account could be read, with the requests that told so."""
        for sent in before:
            self._count(sent, outcome)
        outcome.fail(error, "skipped" if isinstance(error, NotConnected | UserNotFound) else "failed")
        self._end(outcome)

    async def _read_account(self, target: Target, outcome: Outcome, token: AccessToken | None, offset: int) -> int:
        """Read every page of one account; returns the number that the next account's pages begin with."""
        last = offset
        async with aclosing(self._account.pages(target, outcome, token, width=self._width)) as pages:
            async for number, page in pages:
                self._take(target, outcome, offset + number, page)
                last = max(last, offset + number + 1)
        return last

    def _take(self, target: Target, outcome: Outcome, number: int, page: Page) -> None:
        if self._progress is not None:
            self._progress.read(page.rows)
        self._order.page(target.place, number, page, (target.user_id, outcome.external_account_id))

    def _outcome(self, target: Target, number: int, account_id: str | None) -> Outcome:
        outcome = self._account.outcome(target.user_id, account_id)
        self._ended[target.place, number] = outcome
        return outcome

    def _end(self, outcome: Outcome) -> None:
        if outcome.status in ("partial", "failed"):
            who = outcome.user_id or "the listing of users"
            _log.info("%s of %s: %s", self._name, who, outcome.told, extra=outcome.facts)
        if self._progress is not None:
            self._progress.ended(whole=outcome.status in ("ok", "empty"))
        if self._watch is not None:
            self._watch(outcome)

    def _count(self, sent: Sent, outcome: Outcome) -> None:
        outcome.count(sent)
        self._trace.add(sent)

    def _finish(self, read_at: datetime) -> Run:
        ended = [self._ended[key] for key in sorted(self._ended)]
        frame = self._unrepeated(self._table.frame(), ended)
        frame = frame.drop(columns=self._lent) if self._lent else frame
        late = {name: count for name, count in self._table.drift.items() if not any(name in one.drift for one in ended)}
        if self._resource.variants is not None:
            frame, odd = expand(frame, self._resource, self._columns)
            late |= odd
        run = Run(secrets.token_hex(8), self._name, read_at, frame, tuple(ended), self._trace, drift=late)
        describe(
            frame,
            {
                "resource": run.resource,
                "run_id": run.id,
                "read_at": read_at.isoformat(timespec="seconds"),
                "api_version": self._resource.api_version or self._connector.api_version,
                "complete": run.complete,
            },
        )
        counts = {"accounts": len(ended), "rows": len(frame), "requests": self._trace.requests}
        facts = {"resource": run.resource, "run_id": run.id, **counts, "waited": self._trace.waited}
        _log.info("%r", run, extra=facts)
        return run

    def _unrepeated(self, frame: pd.DataFrame, ended: Sequence[Outcome]) -> pd.DataFrame:
        """Without the rows that came twice because a listing changed while its pages were read."""
        key, lead = list(self._resource.key), list(IDENTITY)
        overlapping = getattr(self._resource.paging, "overlaps", False)
        if not key or not set(key) <= set(frame.columns) or all(outcome.pages < 2 for outcome in ended):
            return frame
        # a row without its key is nobody's twin, and two users may reach the same one
        repeated = frame.duplicated([*lead, *key]) & frame[key].notna().all(axis=1)
        rows = frame.loc[repeated, lead].astype(object)
        counts = Counter(rows.where(rows.notna(), None).itertuples(index=False, name=None))
        for outcome in ended:
            count = counts[outcome.user_id, outcome.external_account_id]
            outcome.rows -= count
            if count and not overlapping:
                outcome.partial(
                    "moved", f"The listing changed while it was read: {count} rows came twice, others may be missing."
                )
        return frame[~repeated].reset_index(drop=True)
