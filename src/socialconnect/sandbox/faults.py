"""What can go wrong on demand, as values or as text: `github:throttled`, `clerk:slow@0.2`, `server_error x3`."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from socialconnect.errors import UsageError
from socialconnect.sandbox import dice

if TYPE_CHECKING:
    from collections.abc import Iterable

Kind = Literal[
    "throttled",  # 429 with Retry-After
    "throttled_silently",  # the provider's limit without a word on how long
    "server_error",  # 500 or 503
    "slow",  # the answer takes its time
    "dropped",  # the connection breaks off
    "revoked",  # the provider refuses the account's token for good
    "underscoped",  # the token lacks what is needed
    "expired",  # the account's first token is dead at the provider, the next one works
    "unrefreshable",  # Clerk cannot refresh the token
    "sso_partial",  # organisations with single sign-on hide what is theirs
    "cursor_loop",  # the next page is always the same
    "foreign_next",  # the next page is said to be at another host
    "foreign_redirect",  # 302 to another host
    "echo_token",  # an error's body repeats the token that was sent
    "malformed",  # JSON that breaks off
    "html_error",  # an error page where JSON is documented
    "native_disabled",  # the instance does not take native applications
    "second_factor",  # signing in asks for a second factor
    "reverification",  # the session is too old to connect an account with
    "redirect_refused",  # the instance does not know the address to come back to
    "ticket_refused",  # a sign-in ticket is not taken
    "portal_disabled",  # the instance has no Account Portal
    "claimed",  # the account at the provider is another user's already
    "declined",  # the person declines, whatever is clicked
    "consent_expired",  # the provider's consent page has expired before anybody decides
]
OF_ACCOUNTS = {
    "revoked": "revoked",
    "underscoped": "underscoped",
    "expired": "stale",
    "unrefreshable": "unrefreshable",
    "sso_partial": "sso_partial",
}
"""The kinds that befall accounts rather than requests, and the situation each one makes."""

OF_SIGN_IN = (
    "native_disabled",
    "second_factor",
    "reverification",
    "redirect_refused",
    "ticket_refused",
    "portal_disabled",
)
"""The kinds that befall whoever signs in at Clerk to connect an account."""

OF_CONSENT = ("claimed", "declined", "consent_expired")
"""The kinds that befall attempts to connect an account at a provider."""

_OF_REQUESTS = frozenset(get_args(Kind)) - {*OF_ACCOUNTS, *OF_SIGN_IN, *OF_CONSENT}

FOREIGN = "https://evil.example"
"""Where the foreign links lead: nothing of a provider's may be sent there."""

_IDLE: dict[str, set[str]] = {
    "notion": {"foreign_next"},  # its pages hold no addresses
    "google": {"foreign_next"},  # nor do Google's
    "clerk": {"foreign_next", *OF_ACCOUNTS, *OF_CONSENT},  # tokens, scopes and consent are the providers'
}
"""Faults that could not show themselves there."""

_ONLY = {"sso_partial": "github", **dict.fromkeys(OF_SIGN_IN, "clerk")}
"""Faults that nobody else knows."""

_TEXT = re.compile(r"(?:([a-z][a-z0-9_]*):)?\s*([a-z_]+)\s*(?:@\s*(\d*\.?\d+))?\s*(?:x\s*(\d+))?")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong, at one provider or, with `provider` empty, everywhere.

    It befalls a `share` of the requests to the provider (a connector's name, or `clerk`), or of its accounts where the
    kind is one of accounts, at most `times` times in all. `seconds` is how long a slow answer takes (2 by
    default) or what Retry-After says (3 by default).

    >>> Fault.parse("github:throttled@0.5 x2")
    Fault(kind='throttled', provider='github', share=0.5, times=2, seconds=0.0)
    """

    kind: Kind
    provider: str = ""
    share: float = 1.0
    times: int | None = None
    seconds: float = 0.0

    def __post_init__(self) -> None:
        kinds = get_args(Kind)
        if self.kind not in kinds:
            near = difflib.get_close_matches(self.kind, kinds, n=1)
            cure = f"Did you mean {near[0]!r}?" if near else f"There is: {', '.join(kinds)}."
            raise UsageError(f"There is no fault {self.kind!r}.", cure=cure)
        if not 0 <= self.share <= 1:
            raise UsageError(f"A fault cannot befall a share of {self.share}.", cure="Give a number from 0 to 1.")
        if (self.times is not None and self.times < 1) or self.seconds < 0:
            raise UsageError("A fault's times and seconds are positive.", cure="Leave them out, or mend them.")

    @classmethod
    def parse(cls, text: str) -> Fault:
        """A fault as people write it: `[provider:]kind[@share][ xTIMES]`; a UsageError where it is not."""
        match = _TEXT.fullmatch(text.strip())
        if match is None:
            raise UsageError(
                f"The fault {text!r} cannot be read.",
                cure="Write it as github:throttled, clerk:slow@0.2 or malformed x3.",
            )
        provider, kind, part, times = match.groups()
        # __post_init__ refuses a kind that there is not
        return cls(kind, provider or "", float(part or 1), int(times) if times else None)  # type: ignore[arg-type]


class Faults:
    """Which faults befall which request and which account: the same ones for the same seed and order of requests."""

    def __init__(self, faults: Iterable[Fault | str], seed: int, providers: Iterable[str]) -> None:
        self._faults = tuple(Fault.parse(fault) if isinstance(fault, str) else fault for fault in faults)
        self._seed = seed
        self._seen = [0] * len(self._faults)
        self._done = [0] * len(self._faults)
        self._struck: list[set[int]] = [set() for _ in self._faults]
        known = {"", "clerk", *providers}
        for fault in self._faults:
            if fault.provider not in known:
                names = ", ".join(sorted(known - {""}))
                raise UsageError(f"The sandbox has no provider {fault.provider!r}.", cure=f"There is: {names}.")
            if fault.provider and not _shows(fault.kind, fault.provider):
                raise UsageError(
                    f"{fault.kind} could not show itself at {fault.provider}.", cure="Choose another fault or provider."
                )

    def on_request(self, provider: str) -> dict[str, Fault]:
        """The faults that befall the next request to a provider, by kind."""
        struck: dict[str, Fault] = {}
        for place, fault in enumerate(self._faults):
            if fault.kind in _OF_REQUESTS and fault.provider in ("", provider) and self._falls(place):
                struck[fault.kind] = fault
        return struck

    def strikes(self, kind: Kind, provider: str = "clerk") -> bool:
        """Whether a fault of signing in or of consent befalls the next occasion for it."""
        befallen = [
            self._falls(place)
            for place, fault in enumerate(self._faults)
            if fault.kind == kind and fault.provider in ("", provider)
        ]
        return any(befallen)

    def stands(self, kind: Kind, provider: str = "clerk") -> bool:
        """Whether a fault can befall the next occasion for it, which is not taken by asking."""
        return any(
            fault.kind == kind and fault.provider in ("", provider) and fault.share and not self._spent(place)
            for place, fault in enumerate(self._faults)
        )

    def _falls(self, place: int) -> bool:
        fault = self._faults[place]
        self._seen[place] += 1
        if self._spent(place) or dice.share(self._seed, "fault", place, self._seen[place]) >= fault.share:
            return False
        self._done[place] += 1
        return True

    def _spent(self, place: int) -> bool:
        times = self._faults[place].times
        return times is not None and self._done[place] >= times

    def on_account(self, provider: str, number: int) -> str:
        """The situation that a fault puts an account in, "" where none does."""
        for place, fault in enumerate(self._faults):
            if (
                fault.kind not in OF_ACCOUNTS
                or fault.provider not in ("", provider)
                or not _shows(fault.kind, provider)
            ):
                continue
            if dice.share(self._seed, "fault", place, "account", number) >= fault.share:
                continue
            if fault.times is not None:
                if number not in self._struck[place] and len(self._struck[place]) >= fault.times:
                    continue
                self._struck[place].add(number)
            return OF_ACCOUNTS[fault.kind]
        return ""


def _shows(kind: str, provider: str) -> bool:
    return kind not in _IDLE.get(provider, ()) and _ONLY.get(kind, provider) == provider
