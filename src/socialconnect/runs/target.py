"""One user to be read: which accounts, with which tokens, and what is known of each."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING

from socialconnect.clerk.models import ExternalAccount
from socialconnect.clerk.tokens import matched
from socialconnect.reading.account import Known, Whose

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from socialconnect.clerk.models import AccessToken, User
    from socialconnect.runs.select import Chosen

_OWN = secrets.token_bytes(32)  # marks of tokens made with it mean nothing to any other process


@dataclass(frozen=True, slots=True)
class Target:
    """One user to read; `accounts` where the listing has told them already, `whole` with all that Clerk knows."""

    place: int
    user_id: str
    accounts: tuple[ExternalAccount, ...] | None = None
    named: frozenset[str] = frozenset()
    whole: bool = False

    @classmethod
    def of(cls, place: int, one: Chosen) -> Target:
        """Who was chosen; accounts that are known to be connected are as a listing would tell them."""
        if not one.connected:
            return cls(place, one.user_id, named=one.accounts)
        return cls(
            place, one.user_id, tuple(ExternalAccount.model_validate({"id": eac}) for eac in sorted(one.accounts))
        )

    def told(self, users: Iterable[User], provider: str) -> Target:
        """The target with Clerk's whole record of each account that is wanted."""
        wanted = self.named or {account.id for account in self.accounts or ()}
        accounts = tuple(
            account
            for user in users
            for account in user.external_accounts
            if account.provider == provider and (not wanted or account.id in wanted)
        )
        return replace(self, accounts=accounts, whole=True)

    def matched(
        self, accounts: Sequence[ExternalAccount], tokens: Sequence[AccessToken]
    ) -> list[tuple[str | None, AccessToken | None]]:
        """Each account with its token: by the canonical id, else by the id at the provider, never by position."""
        if not accounts:
            named = self.named
            return [
                (token.external_account_id, token)
                for token in tokens
                if not named or token.external_account_id in named
            ]
        return [(account.id, token) for account, token in matched(accounts, tokens)]

    def whose(self, account: str | None, token: AccessToken | None, known: Known | None) -> Whose:
        """What requests may use of one account; `known` is what earlier calls told, None where that may not be used."""
        record = next((one.record for one in self.accounts or () if one.id == account), {})
        if token is None:
            return Whose(record=record)
        if known is None:
            return Whose(token.scopes, record)
        mark = blake2b(token.token.reveal().encode(), key=_OWN).hexdigest()
        return Whose(token.scopes, record, known, f"{self.user_id} {account} {mark}")
