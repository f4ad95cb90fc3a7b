"""Who can be read and who cannot, before anybody is: from Clerk's user list alone, or with a look at each token.

Nothing here calls a provider. What a row says is what the error of a read would say, in the same words.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

from socialconnect.clerk.models import ExternalAccount, User, counted
from socialconnect.clerk.strategy import provider_of
from socialconnect.clerk.tokens import matched, no_token, not_connected, not_enabled, not_found
from socialconnect.errors import (
    MissingScope,
    NotConnected,
    ProviderNotEnabled,
    ReconnectNeeded,
    SetupError,
    SocialConnectError,
    UserNotFound,
)
from socialconnect.frames import Table, describe
from socialconnect.reading.decide import Fail
from socialconnect.reading.declare import columns
from socialconnect.reading.typed import Page
from socialconnect.reading.verdict import error_for
from socialconnect.secret import bare

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection, Iterable, Iterator, Mapping, Sequence

    import pandas as pd

    from socialconnect.clerk.api import Clerk
    from socialconnect.http.send import Observer
    from socialconnect.reading.declare import Connector, Resource
    from socialconnect.runs.select import Chosen

State = Literal[
    "readable",
    "not_connected",
    "not_verified",  # an attempt to connect that was never finished
    "missing_scope",
    "token_dead",
    "provider_not_enabled",
    "user_not_found",
    "unchecked",  # Clerk was asked for the token and failed: a read may well succeed
]
_STATES: tuple[tuple[type[SocialConnectError], State], ...] = (
    (NotConnected, "not_connected"),
    (MissingScope, "missing_scope"),
    (ReconnectNeeded, "token_dead"),
    (ProviderNotEnabled, "provider_not_enabled"),
    (UserNotFound, "user_not_found"),
)
READ = frozenset({"readable", "unchecked"})
"""The states whose accounts are worth a try."""

COLUMNS = (
    *columns("string", "user_id external_account_id"),
    *columns("category", "provider resource state"),
    *columns("list", "required granted"),
    *columns("string", "missing narrowed capability message cure"),
)
_TOGETHER = 500  # users whose tokens are looked at side by side


class Row(NamedTuple):
    """One row of the frame."""

    user_id: str
    external_account_id: str | None
    provider: str
    resource: str
    state: State
    required: list[str]
    granted: list[str] | None = None
    missing: str | None = None
    narrowed: str | None = None
    capability: str | None = None
    message: str | None = None
    cure: str | None = None


Found = dict[str, "tuple[str, ...] | SocialConnectError | None"]
"""What Clerk's token endpoint says of each external account: the token's scopes, why it was refused, None for none."""


class Resources:
    """What is asked about: the resources of one or several connectors, and which of those Clerk has enabled."""

    def __init__(self, asked: Sequence[tuple[Connector, Resource]], enabled: Collection[str] | None = None) -> None:
        self.judges = [Judge(connector, resource, enabled) for connector, resource in asked]

    def connected(self, user: User, named: frozenset[str]) -> dict[str, list[ExternalAccount]]:
        """The finished accounts of a user whose tokens can be asked for, by their providers' strategies."""
        return {
            judge.connector.strategy: accounts
            for judge in self.judges
            if judge.enabled
            and (accounts := [one for one in judge.accounts(user.external_accounts, named) if one.connected])
        }


class Judge:
    """Says of an account what is known before one resource of it is read."""

    def __init__(self, connector: Connector, resource: Resource, enabled: Collection[str] | None = None) -> None:
        self.connector = connector
        self.provider = provider_of(connector.strategy)
        self.enabled = enabled is None or self.provider in enabled
        self._resource = resource
        self.name = f"{connector.name}.{resource.name}"
        self._known: dict[tuple[str, ...], tuple[tuple[str, ...], str | None]] = {}

    def accounts(self, accounts: Iterable[ExternalAccount], named: frozenset[str]) -> list[ExternalAccount]:
        """Those of the provider, or of those the ones that were named."""
        return [one for one in accounts if one.provider == self.provider and (not named or one.id in named)]

    def rows(self, user: User, named: frozenset[str], tokens: Mapping[str, Found]) -> Iterator[Row]:
        """One for each of the user's accounts, or one that says that there is none."""
        accounts = self.accounts(user.external_accounts, named)
        found = tokens.get(self.connector.strategy, {})
        for account in accounts:
            yield self._row(user.id, account, found.get(account.id, ()))
        if not accounts:
            error = not_connected(user.id, self.connector.title) if self.enabled else self._not_enabled(user.id)
            yield self._refused(user.id, None, error)

    def nobody(self, user_id: str) -> Row:
        """The row of a user whom the instance does not have."""
        return self._refused(user_id, None, not_found(user_id))

    def _row(self, user_id: str, account: ExternalAccount, found: tuple[str, ...] | SocialConnectError | None) -> Row:
        title = self.connector.title
        if not self.enabled:
            return self._refused(user_id, account, self._not_enabled(user_id))
        if not account.connected:
            error = not_connected(user_id, title, "never finished connecting")
            return self._refused(user_id, account, error, "not_verified")
        if isinstance(found, NotConnected):
            return self._refused(user_id, account, found, "not_verified")
        if found is None:
            return self._refused(user_id, account, no_token(user_id, title))
        if isinstance(found, SocialConnectError):
            return self._refused(user_id, account, found)
        return self._judged(user_id, account, found or account.approved_scopes)

    def _judged(self, user_id: str, account: ExternalAccount, granted: tuple[str, ...]) -> Row:
        missing, narrowed = self._scopes(granted)
        if missing:
            fail = Fail("scope", "so Clerk says", required=missing, granted=granted)
            error = error_for(fail, self.connector, user_id=user_id, resource=self.name)
            return self._refused(user_id, account, error, granted=granted)
        return Row(
            user_id,
            account.id,
            self.connector.name,
            self.name,
            "readable",
            [*self._resource.scopes],
            [*granted] or None,
            narrowed=narrowed,
            capability=self._resource.capability or None,
        )

    def _scopes(self, granted: tuple[str, ...]) -> tuple[tuple[str, ...], str | None]:
        """(what is missing, what a narrow token will not show); most accounts were granted the same."""
        if granted not in self._known:
            self._known[granted] = self._compared(granted)
        return self._known[granted]

    def _compared(self, granted: tuple[str, ...]) -> tuple[tuple[str, ...], str | None]:
        if not granted:  # Clerk names none for some providers: then only a read tells
            return (), None
        has = self.connector.widened(granted)
        lacking = [
            f"{more}: needs {scope}"
            for scope, more in self._resource.fuller.items()
            if self.connector.canonical(scope) not in has
        ]
        return self.connector.missing(self._resource, granted), "; ".join(lacking) or None

    def _not_enabled(self, user_id: str) -> ProviderNotEnabled:
        return not_enabled(self.connector.title, user_id=user_id, provider=self.connector.name)

    def _refused(
        self,
        user_id: str,
        account: ExternalAccount | None,
        error: SocialConnectError,
        state: State | None = None,
        granted: tuple[str, ...] = (),
    ) -> Row:
        has = granted or (account.approved_scopes if account else ())
        return Row(
            user_id,
            account.id if account else None,
            self.connector.name,
            self.name,
            state or _state(error),
            [*self._resource.scopes],
            [*has] or None,
            missing=" or ".join(error.required) if isinstance(error, MissingScope) else None,
            message=error.message,
            cure=error.cure or None,
        )


def _state(error: SocialConnectError) -> State:
    return next((state for kind, state in _STATES if isinstance(error, kind)), "unchecked")


def refusal(row: Row) -> SocialConnectError:
    """The error that a read would have met, for a row that is not readable."""
    kind = next((kind for kind, state in _STATES if state == row.state), NotConnected)
    facts: dict[str, object] = {"user_id": row.user_id, "provider": row.provider, "resource": row.resource}
    if kind is MissingScope:
        facts |= {"required": tuple(row.required), "granted": tuple(row.granted or ())}
    return kind(row.message or "", cure=row.cure or "", **facts)


class Batch(NamedTuple):
    """Some users, in their order, and how many records beside them could not be read.

    Each is their record, or the id alone of one whom Clerk does not have, with the accounts that were named.
    """

    window: int
    users: list[tuple[User | str, frozenset[str]]]
    odd: int = 0


async def coverage_frame(
    clerk: Clerk,
    asked: Sequence[tuple[Connector, Resource]],
    chosen: Sequence[Chosen] | None,
    observe: Observer,
    *,
    tokens: bool = False,
) -> pd.DataFrame:
    """One row per resource, user and external account, in that order; `tokens` asks Clerk for each token too."""
    resources = Resources(asked, await clerk.enabled(observe) if tokens else None)
    windows: dict[tuple[int, int], Table] = {}  # by resource, then by window: each is walked in order, all at once
    odd = 0
    batches = _everybody(clerk, observe) if chosen is None else _named(clerk, chosen, observe)
    async with aclosing(batches) as listed:
        async for batch in listed:
            odd += batch.odd
            found = await _looked(clerk, resources, batch, observe) if tokens else {}
            for place, judge in enumerate(resources.judges):
                key = place, batch.window
                if key not in windows:
                    windows[key] = Table(COLUMNS, lead=())
                windows[key].append(_page(_rows(judge, batch, found)))
    whole = Table(COLUMNS, lead=())
    for key in sorted(windows):
        whole.extend(windows[key])
    return _described(whole.frame(), [judge.name for judge in resources.judges], clerk, odd=odd, tokens=tokens)


async def _everybody(clerk: Clerk, observe: Observer) -> AsyncGenerator[Batch]:
    seen: set[str] = set()
    async with aclosing(clerk.listing({}, observe, side_by_side=True)) as listing:
        async for page in listing:
            users, odd = counted(page.body, User)
            new = [user for user in users if user.id not in seen]  # one at the edge of two windows comes twice
            seen.update(user.id for user in new)
            yield Batch(page.window, [(user, frozenset()) for user in new], odd)


async def _named(clerk: Clerk, chosen: Sequence[Chosen], observe: Observer) -> AsyncGenerator[Batch]:
    """Those chosen, in their order, also where the instance does not have them."""
    there: dict[str, User] = {}
    odd = 0
    async with aclosing(
        clerk.listing({"user_id": [one.user_id for one in chosen]}, observe, side_by_side=True)
    ) as listing:
        async for page in listing:
            users, left_out = counted(page.body, User)
            odd += left_out
            there |= {user.id: user for user in users}
    for start in range(0, len(chosen), _TOGETHER):
        part = chosen[start : start + _TOGETHER]
        yield Batch(0, [(there.get(one.user_id, one.user_id), one.accounts) for one in part], 0 if start else odd)


async def _looked(clerk: Clerk, resources: Resources, batch: Batch, observe: Observer) -> dict[str, dict[str, Found]]:
    """What Clerk says of the tokens of a batch's users: by user, then by strategy."""
    asked = [
        (user.id, strategy, accounts)
        for user, named in batch.users
        if isinstance(user, User)
        for strategy, accounts in resources.connected(user, named).items()
    ]
    answers = await asyncio.gather(*(_look(clerk, *one, observe) for one in asked), return_exceptions=True)
    found: dict[str, dict[str, Found]] = {}
    for (user_id, strategy, _), answer in zip(asked, answers, strict=True):
        if isinstance(answer, BaseException):
            raise answer
        found.setdefault(user_id, {})[strategy] = answer
    return found


async def _look(
    clerk: Clerk, user_id: str, strategy: str, accounts: Sequence[ExternalAccount], observe: Observer
) -> Found:
    try:
        tokens = await clerk.tokens(user_id, strategy, observe)
    except SocialConnectError as error:
        if isinstance(error, SetupError) and not isinstance(error, ProviderNotEnabled):
            raise
        return dict.fromkeys((account.id for account in accounts), bare(error))
    # the tokens themselves are let go here: what stays is what they may do
    return {account.id: None if token is None else (token.scopes or ()) for account, token in matched(accounts, tokens)}


def _rows(judge: Judge, batch: Batch, found: Mapping[str, Mapping[str, Found]]) -> list[Row]:
    rows: list[Row] = []
    for user, named in batch.users:
        if isinstance(user, User):
            rows.extend(judge.rows(user, named, found.get(user.id, {})))
        else:
            rows.append(judge.nobody(user))
    return rows


def _page(rows: Sequence[Row]) -> Page:
    return Page(
        tuple([*values] for values in zip(*rows, strict=True)) if rows else tuple([] for _ in COLUMNS), len(rows)
    )


def summary(frame: pd.DataFrame) -> str:
    """How many rows are in which state, the readable ones first: `112 readable, 31 not_connected, 4 missing_scope`."""
    counts = frame["state"].value_counts()
    listed = sorted(((count, str(state)) for state, count in counts.items() if count), key=_worth)
    return ", ".join(f"{count:,} {state}" for count, state in listed) or "nobody"


def _worth(entry: tuple[int, str]) -> tuple[bool, int, str]:
    count, state = entry
    return state != "readable", -count, state


def _described(frame: pd.DataFrame, names: Sequence[str], clerk: Clerk, *, odd: int, tokens: bool) -> pd.DataFrame:
    return describe(
        frame,
        {
            "resource": ", ".join(names),
            "read_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "api_version": clerk.connector.api_version,
            "complete": not odd,
            "left_out": odd,
            "tokens": tokens,
            "summary": summary(frame),
        },
    )
