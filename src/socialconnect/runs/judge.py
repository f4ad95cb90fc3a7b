"""What is known of an account before it is read: that it can be, or the error that a read would meet, in its words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from socialconnect.clerk.strategy import provider_of
from socialconnect.clerk.tokens import no_token, not_connected, not_enabled, not_found
from socialconnect.errors import (
    MissingScope,
    NotConnected,
    ProviderNotEnabled,
    ReconnectNeeded,
    SocialConnectError,
    UserNotFound,
)
from socialconnect.reading.decide import Fail
from socialconnect.reading.declare import columns
from socialconnect.reading.verdict import error_for

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from socialconnect.clerk.models import ExternalAccount, User
    from socialconnect.reading.declare import Connector, Resource

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


@dataclass(frozen=True, slots=True)
class Question:
    """One resource that is asked about; whoever names its parents needs no permission to list them."""

    connector: Connector
    resource: Resource
    parents_named: bool = False

    @property
    def name(self) -> str:
        """As in `github.repos`."""
        return f"{self.connector.name}.{self.resource.name}"

    @property
    def needs(self) -> tuple[tuple[str, ...], ...]:
        """Groups of scopes, of each of which any one is required."""
        own = (self.resource.scopes,) if self.resource.scopes else ()
        return own if self.parents_named else self.connector.needs(self.resource)


class Judges:
    """What is asked about: resources of one or several connectors, and which of those Clerk has enabled."""

    def __init__(self, asked: Iterable[Question], enabled: Collection[str] | None = None) -> None:
        self.each = [Judge(question, enabled) for question in asked]

    def connected(self, user: User, named: frozenset[str]) -> dict[str, list[ExternalAccount]]:
        """The finished accounts of a user whose tokens can be asked for, by their providers' strategies."""
        return {
            judge.connector.strategy: accounts
            for judge in self.each
            if judge.enabled
            and judge.wants_tokens
            and (accounts := [one for one in judge.accounts(user.external_accounts, named) if one.connected])
        }


class Judge:
    """Says of an account what is known before one resource of it is read."""

    def __init__(self, question: Question, enabled: Collection[str] | None = None) -> None:
        self.connector = question.connector
        self.provider = provider_of(question.connector.strategy)
        self.enabled = enabled is None or self.provider in enabled
        self.name = question.name
        self.wants_tokens = not question.resource.identity
        self._resource = question.resource
        self._needs = question.needs
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
            error = self._not_connected(user.id) if self.enabled else self._not_enabled(user.id)
            yield self._refused(user.id, None, error)

    def nobody(self, user_id: str) -> Row:
        """The row of a user whom the instance does not have."""
        return self._refused(user_id, None, not_found(user_id))

    def _row(self, user_id: str, account: ExternalAccount, found: tuple[str, ...] | SocialConnectError | None) -> Row:
        if not self.enabled:
            return self._refused(user_id, account, self._not_enabled(user_id))
        if not account.connected:
            error = self._not_connected(user_id, "never finished connecting")
            return self._refused(user_id, account, error, "not_verified")
        if not self.wants_tokens:  # whatever became of the token, Clerk's own record is there
            return self._judged(user_id, account, ())
        if isinstance(found, NotConnected):
            return self._refused(user_id, account, found, "not_verified")
        if found is None:
            return self._refused(
                user_id, account, no_token(user_id, self.connector.title, provider=self.connector.name)
            )
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
        """(scopes of which one is missing, what a narrow token does not show); most were granted the same."""
        if granted not in self._known:
            # Clerk names no scopes for some providers: then only a read tells
            has = self.connector.widened(granted)
            lacking = [
                group
                for group in self._needs
                if granted and not any(self.connector.canonical(one) in has for one in group)
            ]
            narrowed = self.connector.narrowed(self._resource, granted or None)
            self._known[granted] = (lacking[0] if lacking else ()), narrowed or None
        return self._known[granted]

    def _not_connected(self, user_id: str, why: str = "") -> NotConnected:
        return not_connected(user_id, self.connector.title, why, provider=self.connector.name)

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
            [*(error.required if isinstance(error, MissingScope) else self._resource.scopes)],
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
