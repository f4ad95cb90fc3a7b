"""How an attempt to connect stands, by what Clerk lists before and now. Pure: nothing here asks or waits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from socialconnect.clerk.models import AccessToken, ExternalAccount, Mishap, User

State = Literal["offered", "opened", "waiting", "connected", "declined", "failed", "expired", "cancelled"]


@dataclass(frozen=True, slots=True)
class Aim:
    """What an attempt is for: one account of a user's where it is named, else any of the provider's.

    `lacking` says which of the wanted scopes are not among those granted; `again` that a token which Clerk has already
    does not do, since the provider refuses it.
    """

    user_id: str
    provider: str
    strategy: str
    title: str
    scopes: tuple[str, ...] = ()
    account: str = ""
    again: bool = False
    lacking: Callable[[Iterable[str]], tuple[str, ...]] = field(default=lambda _: (), compare=False)

    def accounts(self, user: User) -> dict[str, ExternalAccount]:
        """The user's accounts that count."""
        return {
            one.id: one
            for one in user.external_accounts
            if one.provider == self.provider and self.account in ("", one.id)
        }

    def unmet(self, token: Held) -> tuple[str, ...]:
        """The wanted scopes that a token lacks; nothing where Clerk names none, and only a read can tell."""
        return self.lacking(token.scopes) if token.scopes else ()


@dataclass(frozen=True, slots=True)
class Held:
    """What has to be known of a token while an attempt lasts: not the token itself, which nobody uses here."""

    scopes: tuple[str, ...] | None
    mark: str

    @classmethod
    def of(cls, token: AccessToken) -> Held:
        """What is known of it."""
        return cls(token.scopes, token.token.mark)


@dataclass(frozen=True, slots=True)
class Known:
    """What Clerk lists: the accounts that count, and the tokens that it has for them."""

    accounts: Mapping[str, ExternalAccount]
    tokens: Mapping[str, Held]


@dataclass(frozen=True, slots=True)
class Stand:
    """Where it stands, None for where it stood, with the account concerned, why, and which scopes were not granted.

    `code` is Clerk's own word for why.
    """

    state: State | None = None
    account: ExternalAccount | None = None
    why: str = ""
    code: str = ""
    lacking: tuple[str, ...] = ()


def changed(before: Mapping[str, ExternalAccount], now: Mapping[str, ExternalAccount]) -> dict[str, ExternalAccount]:
    """The accounts that are new, or of which Clerk says something else than before."""
    return {name: one for name, one in now.items() if before.get(name) != one}


def good(aim: Aim, known: Known) -> ExternalAccount | None:
    """The account that has all that is wanted."""
    for name, account in known.accounts.items():
        token = known.tokens.get(name)
        if account.connected and token is not None and not aim.unmet(token):
            return account
    return None


def stand(aim: Aim, before: Known, now: Known) -> Stand:
    """Connected, declined, failed, waiting for the consent, or as before."""
    news = changed(before.accounts, now.accounts)
    if (found := good(aim, now)) is not None and (
        not aim.again or found.id in news or _mark(before, found.id) != _mark(now, found.id)
    ):
        return Stand("connected", found)
    for name, one in news.items():
        mishap = _mishap(one)
        if mishap is not None and mishap != _mishap(before.accounts.get(name)):
            why = (mishap.long_message or mishap.message or mishap.code).rstrip(".")
            return Stand("declined" if mishap.code == "oauth_access_denied" else "failed", one, why, mishap.code)
        if one.verification is not None and one.verification.status in ("failed", "expired"):
            return Stand("failed", one, f"Clerk calls the attempt {one.verification.status}", one.verification.status)
        token = now.tokens.get(name)
        if one.connected and token is not None and (lacking := aim.unmet(token)):
            return Stand("declined", one, lacking=lacking)
    return Stand("waiting") if any(not one.connected for one in news.values()) else Stand()


def _mishap(account: ExternalAccount | None) -> Mishap | None:
    return account.verification.error if account and account.verification else None


def _mark(known: Known, name: str) -> str:
    token = known.tokens.get(name)
    return token.mark if token else ""
