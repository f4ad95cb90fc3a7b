"""One account's token, for as long as the account is read. It is held in memory and nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import time
from typing import TYPE_CHECKING

from socialconnect.clerk.models import AccessToken, ExternalAccount
from socialconnect.clerk.stand import Held
from socialconnect.errors import AccountError, NotConnected, ProviderNotEnabled, ReconnectNeeded, UserNotFound
from socialconnect.reading import cures

if TYPE_CHECKING:
    from socialconnect.clerk.api import Clerk
    from socialconnect.clerk.stand import Aim
    from socialconnect.http.send import Observer
    from socialconnect.secret import Secret

_SOON = 60.0  # seconds: a token with less to live is asked for again before it is used

Fetch = Callable[[], Awaitable[list[AccessToken]]]


class AccountToken:
    """The token of one external account, asked for again when it is about to expire or was refused."""

    def __init__(self, token: AccessToken, fetch: Fetch, *, user_id: str, provider: str) -> None:
        self._token = token
        self._fetch = fetch
        self._user_id = user_id
        self._provider = provider
        self._lock = asyncio.Lock()
        self._asked = time()

    @property
    def scopes(self) -> tuple[str, ...] | None:
        """What Clerk knows that the token may do; None where it knows nothing."""
        return self._token.scopes or None

    async def get(self) -> Secret:
        """The token to use now."""
        if self._expiring():
            async with self._lock:
                if self._expiring():
                    self._token = await self._again()
        return self._token.token

    async def renew(self, refused: Secret) -> Secret:
        """Another token after `refused`: what a request beside this one has fetched already, or Clerk's answer now."""
        async with self._lock:
            if self._token.token.reveal() == refused.reveal():
                self._token = await self._again()
            return self._token.token

    def _expiring(self) -> bool:
        token, now = self._token, time()
        expires = token.expires_at if token.ends is None else token.ends
        # one that Clerk gave a moment ago is all there is, however soon it expires
        return expires is not None and expires - now < _SOON < now - self._asked

    async def _again(self) -> AccessToken:
        try:
            tokens = await self._fetch()
        finally:
            self._asked = time()  # not before: who comes meanwhile waits for the new one
        for token in tokens:
            if _same(token, self._token):
                return token
        raise ReconnectNeeded(
            f"Clerk has no token any more for the {self._provider} account of {self._user_id}.",
            cure=cures.reconnect(self._provider),
            user_id=self._user_id,
            provider=self._provider,
        )


def _same(one: AccessToken, other: AccessToken) -> bool:
    if one.external_account_id and other.external_account_id:
        return one.external_account_id == other.external_account_id
    return one.provider_user_id == other.provider_user_id


def matched(
    accounts: Sequence[ExternalAccount], tokens: Sequence[AccessToken]
) -> list[tuple[ExternalAccount, AccessToken | None]]:
    """Each account with its token: by the canonical id, else by the id at the provider, never by position."""
    by_id = {token.external_account_id: token for token in tokens if token.external_account_id}
    by_identity = {token.provider_user_id: token for token in tokens if token.provider_user_id}
    only = tokens[0] if len(accounts) == len(tokens) == 1 else None
    return [(one, by_id.get(one.id) or by_identity.get(one.provider_user_id or "") or only) for one in accounts]


def not_connected(user_id: str, title: str, why: str = "", *, provider: str = "") -> NotConnected:
    """The error for a user without that provider."""
    return NotConnected(
        f"{user_id} has {why or 'not connected'} {title}.",
        cure=cures.connect(title),
        user_id=user_id,
        provider=provider or title,
    )


def no_token(user_id: str, title: str, *, provider: str = "") -> ReconnectNeeded:
    """The error for an account that is connected, and of which Clerk gives no token all the same."""
    return ReconnectNeeded(
        f"Clerk has no {title} token for {user_id}, though it is connected.",
        cure=cures.reconnect(title),
        user_id=user_id,
        provider=provider or title,
    )


def not_enabled(provider: str, /, **facts: object) -> ProviderNotEnabled:
    """The error for a provider that the instance does not offer."""
    message = f"{provider} is not enabled in this Clerk instance."
    return ProviderNotEnabled(message, cure=cures.ENABLE, **{"provider": provider, **facts})


def not_found(user_id: str, /, **facts: object) -> UserNotFound:
    """The error for a user whom the instance does not have."""
    message = f"This Clerk instance has no user {user_id}."
    return UserNotFound(message, cure=cures.FIND, **{"user_id": user_id, **facts})


async def held(clerk: Clerk, aim: Aim, accounts: Mapping[str, ExternalAccount], observe: Observer) -> dict[str, Held]:
    """What Clerk holds for those of the accounts that are connected; nothing where it has no usable token."""
    if not any(account.connected for account in accounts.values()):
        return {}
    try:
        tokens = await clerk.tokens(aim.user_id, aim.strategy, observe)
    except AccountError:  # a dead token: that is what connecting again is for
        return {}
    pairs = matched([*accounts.values()], tokens)
    return {account.id: Held.of(token) for account, token in pairs if token is not None}
