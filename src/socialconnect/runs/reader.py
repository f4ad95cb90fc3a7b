"""Reads one resource for many accounts, several at a time, and ends with a Run."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import Counter
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from socialconnect.clerk.models import User, counted
from socialconnect.clerk.strategy import provider_of
from socialconnect.clerk.tokens import AccountToken, no_token, not_connected
from socialconnect.errors import (
    NotConnected,
    SetupError,
    SocialConnectError,
    UsageError,
    UserNotFound,
)
from socialconnect.expand import expand
from socialconnect.frames import Table, describe
from socialconnect.http.send import Caller, Observer, Sender, Sent, Wire
from socialconnect.progress.count import Count, current
from socialconnect.reading.decide import Fail, granted
from socialconnect.reading.declare import IDENTITY, Connector, Resource, Value
from socialconnect.reading.extract import Extractor
from socialconnect.reading.fan import Reading, SendFor
from socialconnect.reading.verdict import error_for
from socialconnect.runs.order import InOrder
from socialconnect.runs.outcomes import Outcome
from socialconnect.runs.run import Run, Watch
from socialconnect.runs.target import Target
from socialconnect.tracing.trace import Trace

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    import pandas as pd

    from socialconnect.clerk.api import Clerk
    from socialconnect.clerk.models import AccessToken
    from socialconnect.reading.further import Send
    from socialconnect.reading.messages import Request, Response
    from socialconnect.reading.typed import Page
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
        self._reading = Reading(connector, resource, self._extractor, dict(arguments or {}))
        self._senders: dict[str, Sender] = {}
        self._without: frozenset[str] = frozenset()
        self._left_out = 0
        self._trace = Trace()
        self._watch = watch
        self._progress: Count | None = None
        self._ended: dict[tuple[int, int], Outcome] = {}
        self._name = f"{connector.name}.{resource.name}"
        self._provider = provider_of(connector.strategy)
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
            error = _first(errors)
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
            outcome.fail(_about(error, outcome))
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
        pages: list[Sent] = []

        def listed(sent: Sent) -> None:
            self._trace.add(sent)
            pages[:] = [sent]

        async with aclosing(self._clerk.listing({}, listed)) as listing:
            async for page in listing:
                users, odd = counted(page.body, User)
                pages[0].rows = len(users)
                self._left_out += odd
                for user in users:
                    accounts = tuple(acc for acc in user.external_accounts if acc.provider == self._provider)
                    if accounts and user.id not in seen:
                        seen.add(user.id)
                        yield Target(place, user.id, accounts, whole=True)
                        place += 1

    async def _read_user(self, target: Target) -> None:
        before: list[Sent] = []
        if self._extractor.of_account and not target.whole:
            try:
                target = await self._told(target, before.append)
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
            outcome.fail(self._not_connected(target.user_id, "never finished connecting"), "skipped")
            self._end(outcome)
            number += 1
        if target.accounts is not None and not accounts:
            return
        first = self._outcome(target, number, accounts[0].id if len(accounts) == 1 else None)
        try:
            tokens = [] if self._resource.identity else await self._tokens(target.user_id, first)
            pairs = target.matched(accounts, tokens)
            if not pairs:
                raise self._not_connected(target.user_id)
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

    async def _told(self, target: Target, observe: Observer) -> Target:
        """The target with Clerk's whole record of each account that is wanted."""
        users, _ = counted(b"[" + await self._clerk.user(target.user_id, observe) + b"]", User)
        told = target.told(users, self._provider)
        if not told.accounts:
            raise self._not_connected(target.user_id)
        return told

    def _not_connected(self, user_id: str, why: str = "") -> NotConnected:
        return not_connected(user_id, self._connector.title, why, provider=self._connector.name)

    async def _read_account(self, target: Target, outcome: Outcome, token: AccessToken | None, offset: int) -> int:
        """Read every page of one account; returns the number that the next account's pages begin with."""
        if token is None and not self._resource.identity:
            outcome.fail(no_token(target.user_id, self._connector.title, provider=self._connector.name))
            return offset
        send_for = _unsent if token is None else self._sending(target, outcome, token)
        taped = self._wire.transport.taped  # a cassette holds every answer that its own calls need
        whose = target.whose(outcome.external_account_id, token, None if taped else self._wire.known)
        last = offset
        try:
            async with aclosing(self._reading.pages(send_for, width=self._width, whose=whose)) as pages:
                async for number, page in pages:
                    self._take(target, outcome, offset + number, page)
                    last = max(last, offset + number + 1)
        except SetupError:
            raise
        except SocialConnectError as error:
            outcome.fail(_about(error, outcome))
        else:
            self._close(outcome)
        outcome.narrowed = self._connector.narrowed(self._resource, outcome.granted)
        return last

    def _close(self, outcome: Outcome) -> None:
        """End what no error ended; where no sites are listed to whoever lacks the scope, that is no empty account."""
        outcome.close()
        had = tuple(outcome.granted or ())
        lacking = self._connector.missing(self._resource, had) if self._resource.parent and had else ()
        if outcome.status == "empty" and lacking:
            fail = Fail("scope", "nothing is listed to it", required=lacking, granted=had)
            error = error_for(fail, self._connector, user_id=outcome.user_id or "", resource=self._name)
            outcome.fail(_about(error, outcome))

    def _sending(self, target: Target, outcome: Outcome, token: AccessToken) -> SendFor:
        """What sends the requests of one account, each resource's under its own rules."""
        account = outcome.external_account_id or f"{target.user_id} {token.provider_user_id}"
        outcome.granted = token.scopes
        tokens = AccountToken(
            token,
            lambda: self._tokens(target.user_id, outcome),
            user_id=target.user_id,
            provider=self._connector.title,
        )

        def send_for(resource: Resource) -> Send:
            sender = self._sender(resource)
            name = f"{self._connector.name}.{resource.name}"
            caller = Caller(tokens, user_id=target.user_id, account=account, resource=name, path=resource.path)

            async def send(request: Request) -> Response | None:
                response = await sender.send(request, caller, lambda sent: self._count(sent, outcome))
                said = granted(response, self._connector.manners) if response else None
                outcome.granted = outcome.granted if said is None else said
                return response

            return send

        return send_for

    def _sender(self, resource: Resource) -> Sender:
        if resource.name not in self._senders:
            self._senders[resource.name] = Sender(self._connector, self._wire, resource.rules)
        return self._senders[resource.name]

    def _take(self, target: Target, outcome: Outcome, number: int, page: Page) -> None:
        outcome.take(page)
        if self._progress is not None:
            self._progress.read(page.rows)
        self._order.page(target.place, number, page, (target.user_id, outcome.external_account_id))

    async def _tokens(self, user_id: str, outcome: Outcome) -> list[AccessToken]:
        return await self._clerk.tokens(user_id, self._connector.strategy, lambda sent: self._count(sent, outcome))

    def _outcome(self, target: Target, number: int, account_id: str | None) -> Outcome:
        outcome = Outcome(target.user_id, self._connector.name, self._name, account_id)
        self._ended[target.place, number] = outcome
        return outcome

    def _end(self, outcome: Outcome) -> None:
        if outcome.status in ("partial", "failed"):
            _log.info("%s of %s: %s", self._name, outcome.user_id or "the listing of users", outcome.told)
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
        _log.info("%r", run)
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


def _unsent(resource: Resource) -> Send:
    """Where there is no token, because none is needed, there is nothing to send either."""
    raise UsageError(f"{resource.name} is read from Clerk's record, and asks for nothing.")


def _about(error: SocialConnectError, outcome: Outcome) -> SocialConnectError:
    """The error with whom and what it concerns, where it did not know."""
    for name in ("user_id", "provider", "resource"):
        error.context.setdefault(name, getattr(outcome, name))
    return error


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
