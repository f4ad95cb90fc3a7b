"""What is true of tokens: which one Clerk hands out, whose it is, whether the provider still takes it, what it may do.

A token is `sandbox.PROVIDER.EAC.GENERATION`. One that expires belongs to a generation of an hour, which begins at a
moment of the account's own; asking Clerk later gives the next one. A stale account's first token is one generation old.
An account that is connected again goes on to the next generation, and no fault of accounts befalls it any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from socialconnect.sandbox import dice
from socialconnect.sandbox.world import EPOCH, Account, World

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socialconnect.sandbox.faults import Faults

LIFE = 3600
_GITHUB = ("read:user", "user:email")
_AUTH = "https://www.googleapis.com/auth/"
_GOOGLE = (f"{_AUTH}userinfo.email", f"{_AUTH}userinfo.profile")
_ASKED = {"github": _GITHUB, "google": ("email", "openid", "profile", *_GOOGLE), "notion": ()}
"""What the instance asks of everybody who connects an account, as Clerk does of its own accord."""
_READS = tuple(
    f"{_AUTH}{name}"
    for name in ("contacts.readonly", "calendar.readonly", "drive.metadata.readonly", "gmail.readonly", "gmail.labels")
)
_OWN = tuple(f"{_AUTH}user.{name}.read" for name in ("birthday", "phonenumbers", "addresses", "gender", "organization"))


@dataclass(frozen=True, slots=True)
class Issued:
    """A token as Clerk hands it out; `expires_at` is an epoch second, None where it does not say."""

    text: str
    expires_at: int | None


_OPENS_NOTHING = "offline_access"
"""What those may do who lack what a resource needs: without any scope, it would not be known what they lack."""


class Tokens:
    """The tokens of a world under its faults.

    `scopes` are those that each further provider's connections ask for, `further` what most people granted beside them.
    """

    def __init__(
        self,
        world: World,
        faults: Faults,
        scopes: Mapping[str, tuple[str, ...]] | None = None,
        further: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self.world = world
        self.faults = faults
        self._scopes = dict(scopes or {})
        self._further = dict(further or {})
        self._asked: set[int] = set()
        self.handed: set[str] = set()
        """Every token that was ever handed out, and every other secret of the sandbox's Clerk."""

    def situation(self, account: Account) -> str:
        """How the account fares, faults included."""
        if account.situation == "unverified":
            return account.situation
        fault = self.faults.on_account(account.provider, account.number)
        cured = account.grants and fault != "sso_partial"  # only an administrator's approval mends that
        return account.situation if cured else fault or account.situation

    def issue(self, account: Account, now: float) -> Issued:
        """The token that Clerk hands out; a stale account's first one is dead."""
        first = account.number not in self._asked
        generation = self._generation(account, now)
        if self.situation(account) == "stale" and first:
            self._asked.add(account.number)
            generation -= 1
        hours = self._generation(account, now) - account.grants
        ends = None if not account.expiry else self._begin(account) + (hours + 1) * LIFE
        text = f"sandbox.{account.provider}.{account.eac}.{generation}"
        self.handed.add(text)
        return Issued(text, ends)

    def holder(self, text: str, provider: str, now: float) -> Account | None:
        """The account whose token this is, None where the provider does not take it."""
        word, _, rest = text.partition(".")
        parts = rest.split(".")
        if word != "sandbox" or len(parts) != 3 or parts[0] != provider or not parts[2].isdecimal():
            return None
        account = self.world.find_account(parts[1])
        if account is None or account.provider != provider or account.situation == "unverified":
            return None
        if self.situation(account) == "revoked" or int(parts[2]) != self._generation(account, now):
            return None
        return account

    def asked(self, provider: str) -> tuple[str, ...]:
        """The scopes that the instance asks for whenever an account of a provider is connected."""
        return _ASKED[provider] if provider in _ASKED else self._scopes.get(provider, ())

    def scopes(self, account: Account) -> tuple[str, ...]:
        """What the account's token may do."""
        if account.granted is not None:
            return account.granted
        situation = self.situation(account)
        spread = dice.number(self.world.seed, "scopes", account.number)
        if account.provider == "github":
            return _github(situation, spread)
        if account.provider == "google":
            return _google(situation, spread)
        if situation == "underscoped":
            return (_OPENS_NOTHING,) if self._scopes.get(account.provider) else ()
        further = () if situation == "narrow" else self._further.get(account.provider, ())
        return (*self._scopes.get(account.provider, ()), *further)

    def _begin(self, account: Account) -> int:
        return EPOCH - LIFE - dice.number(self.world.seed, "phase", account.number) % 3000

    def _generation(self, account: Account, now: float) -> int:
        hours = int(now - self._begin(account)) // LIFE if account.expiry else 1
        return hours + account.grants


def _github(situation: str, spread: int) -> tuple[str, ...]:
    if situation == "underscoped":
        return ("user:email",)
    if situation == "narrow":
        return _GITHUB
    return (*_GITHUB, "repo", *(("read:org",) if spread % 2 else ()))


def _google(situation: str, spread: int) -> tuple[str, ...]:
    """What was ticked when Google asked for consent: each scope can be refused on its own."""
    if situation == "underscoped":
        return (f"{_AUTH}tasks.readonly",)
    if situation == "narrow":
        return ("openid", *_GOOGLE[: spread % 2], f"{_AUTH}gmail.metadata")
    named = ("email", "openid", "profile", *_GOOGLE) if spread % 2 else ("openid", *_GOOGLE)
    return (*named, *_READS, *(_OWN if spread % 3 == 0 else ()))
