"""Attempts to connect an account: a person is sent to the provider, which asks for consent, and comes back to Clerk.

    consent = consents.begin(3, "github", ["repo"], now=now, redirect_url="https://accounts.sandbox.example/user")
    consent.link                                     # the provider's consent page, for ten minutes
    consents.grant(consent.state, ["repo"], now)     # or decline, or fail: gives where the browser goes next

The browser goes next to the Frontend API's `/v1/oauth_callback`, which sends it on to the redirect_url. While an
attempt is open Clerk lists its account as unverified; what became of it stands in that account's verification.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from socialconnect.sandbox import dice
from socialconnect.sandbox.people import DECLINED
from socialconnect.sandbox.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from socialconnect.sandbox.linked import Linked
    from socialconnect.sandbox.tokens import Tokens
    from socialconnect.sandbox.world import Account

HOST = "consent.sandbox.example"
CALLBACK = "https://clerk.sandbox.example/v1/oauth_callback"
LIFE = 600
CLAIMED = "oauth_identification_claimed"


@dataclass(frozen=True, slots=True)
class Consent:
    """One attempt. `outcome` is "" while it is open, then `granted`, `declined` or `failed` (`error` has the code)."""

    state: str
    user: int
    provider: str
    eac: str
    base: tuple[str, ...]
    """The scopes that the instance asks of everybody."""
    additional: tuple[str, ...]
    """The scopes that were asked for on top of those."""
    renewing: bool
    """Whether the account was there before: its owner is asked again."""
    prompt: str
    redirect_url: str
    began: float
    expires: float
    outcome: str = ""
    error: str = ""

    @property
    def asked(self) -> tuple[str, ...]:
        """All scopes that are asked for."""
        return (*self.base, *self.additional)

    @property
    def link(self) -> str:
        """The address of the provider's consent page; whoever has it can finish the attempt."""
        return f"https://{HOST}/{self.provider}/authorize?{urlencode({'state': self.state})}"

    def expired(self, now: float) -> bool:
        """Whether its time was up before anybody decided."""
        return not self.outcome and now >= self.expires


class Consents:
    """The attempts of one sandbox. Threads may share it."""

    def __init__(self, tokens: Tokens, linked: Linked) -> None:
        self._tokens = tokens
        self._world = tokens.world
        self._linked = linked
        self._lock = threading.RLock()
        self._all: dict[str, Consent] = {}

    def begin(
        self,
        user: int,
        provider: str,
        scopes: Iterable[str] = (),
        eac: str | None = None,
        redirect_url: str = "",
        *,
        now: float,
        prompt: str = "",
    ) -> Consent:
        """A new attempt of a user, by index, to connect a provider, or to renew the account `eac`.

        `scopes` are asked for beyond the instance's own. Raises a Refused with Clerk's code where the provider is not
        enabled, the user has an account there already, or `eac` is none of the user's accounts.
        """
        offered = self._world.providers.get(provider)
        if offered is None or not offered.enabled:
            raise Refused(400, "oauth_provider_not_enabled", f"The OAuth provider {provider} is not enabled.")
        base = self._tokens.asked(provider)
        additional = tuple(dict.fromkeys(scope for scope in scopes if scope not in base))
        with self._lock:
            lapsed = self._tokens.faults.strikes("consent_expired", provider)
            expires = now if lapsed else now + LIFE
            account = self._account(user, provider, eac, now, expires)
            state = f"sandbox-state-{dice.digest(self._world.seed, 'state', len(self._all), size=12).hex()}"
            consent = Consent(
                state,
                user,
                provider,
                account.eac,
                base,
                additional,
                eac is not None,
                prompt,
                redirect_url,
                now,
                expires,
            )
            self._all[state] = consent
        self._tokens.handed.add(state)
        return consent

    def find(self, state: str) -> Consent | None:
        """The attempt of that state, whatever became of it; None where there was none."""
        return self._all.get(state)

    def grant(self, state: str, scopes: Iterable[str] | None = None, *, now: float, situation: str = "") -> str:
        """The person allows the instance's own scopes and those of `scopes` that were asked for (None: all of them).

        `situation` says how the account fares from now on where a provider's consent is not one of scopes: `narrow`
        for one that was allowed less, `empty` for one that shows nothing. Returns where the browser goes next. Raises
        a Refused where the attempt is unknown, decided or expired. Under the faults `declined` and `claimed` it ends
        so instead.
        """
        with self._lock:
            consent = self._open(state, now)
            faults = self._tokens.faults
            if faults.strikes("declined", consent.provider):
                return self.decline(state, now=now)
            if faults.strikes("claimed", consent.provider):
                return self.fail(state, CLAIMED, now=now)
            chosen = consent.additional if scopes is None else tuple(scopes)
            granted = (*consent.base, *(scope for scope in consent.additional if scope in chosen))
            self._linked.connect(consent.eac, (*self._kept(consent), *granted), now, situation)
            return self._decide(consent, "granted")

    def decline(self, state: str, *, now: float) -> str:
        """The person declines; returns and raises as `grant` does."""
        return self._end(state, "declined", DECLINED, now)

    def fail(self, state: str, code: str, *, now: float) -> str:
        """The provider or Clerk ends it with an error of Clerk's; returns and raises as `grant` does."""
        return self._end(state, "failed", code, now)

    def _account(self, user: int, provider: str, eac: str | None, now: float, expires: float) -> Account:
        mine = self._world.accounts(user)
        if eac is not None:
            account = next((one for one in mine if one.eac == eac and one.provider == provider), None)
            if account is None:
                raise Refused(404, "external_account_not_found", f"No external account was found with id {eac}.")
            return account
        if any(one.provider == provider and one.situation != "unverified" for one in mine):
            raise Refused(
                400,
                "oauth_account_already_connected",
                "Another account is already connected for this provider.",
                message="Already connected",
            )
        return self._linked.begin(user, provider, now, expires)

    def _open(self, state: str, now: float) -> Consent:
        consent = self._all.get(state)
        if consent is None or consent.outcome or consent.expired(now) or self._world.find_account(consent.eac) is None:
            raise Refused(400, "authorization_invalid", "This attempt to connect is unknown, over or has expired.")
        return consent

    def _kept(self, consent: Consent) -> Sequence[str]:
        """The scopes that an account keeps when its owner is asked again: those of a grant that still stands."""
        account = self._world.find_account(consent.eac) if consent.renewing else None
        if account is None or self._tokens.situation(account) in ("unverified", "revoked"):
            return ()
        return self._tokens.scopes(account)

    def _end(self, state: str, outcome: str, code: str, now: float) -> str:
        with self._lock:
            consent = self._open(state, now)
            self._linked.refuse(consent.eac, code, now)
            return self._decide(consent, outcome, code)

    def _decide(self, consent: Consent, outcome: str, error: str = "") -> str:
        self._all[consent.state] = replace(consent, outcome=outcome, error=error)
        code = f"sandbox-code-{dice.digest(self._world.seed, 'code', consent.state, size=12).hex()}"
        if outcome == "declined":
            return f"{CALLBACK}?{urlencode({'error': 'access_denied', 'state': consent.state})}"
        self._tokens.handed.add(code)
        return f"{CALLBACK}?{urlencode({'code': code, 'state': consent.state})}"
