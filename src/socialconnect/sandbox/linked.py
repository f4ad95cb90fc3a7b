"""What people changed since the world began: accounts connected, connected again, given more scopes, removed.

The world itself stays a pure function of seed and index; here only the accounts of those who changed something are
kept, whole, in `World.changed`. An account that is connected again keeps its id and gets new tokens; one that was
removed and connected anew is the same person at the provider under another `eac_…` id, as at Clerk.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from socialconnect.sandbox.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from socialconnect.sandbox.world import Account, World

MOST = 16
"""How many accounts of one provider a user's ids have room for."""

_PASSWORDLESS = 7
_LASTING = ("healthy", "large", "empty")
"""How an account fares that connecting it again does not change."""


class Linked:
    """The changes to one world's accounts. Threads may share it: each change is made whole."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = threading.Lock()
        self._ids: set[str] = set()

    def begin(self, user: int, provider: str, now: float, until: float) -> Account:
        """An attempt to connect an account, which Clerk lists as unverified; the user's last attempt gives way to it.

        Parameters: `user`, the index of one; `now` and `until`, when it begins and lapses, as epoch seconds.
        """
        with self._lock:
            others = [one for one in self._world.accounts(user) if not _attempt(one, provider)]
            taken = {one.ordinal for one in others if one.provider == provider}
            ordinal = next(number for number in range(MOST) if number not in taken)
            moment = int(now * 1000)
            # an id holds the second in which the account came to be, and no id may come twice
            while (opened := self._world.opened(user, provider, ordinal, moment)).eac in self._ids:
                moment += 1000
            account = replace(opened, error="", lapses_at=int(until * 1000))
            self._ids.add(account.eac)
            self._world.changed[user] = (*others, account)
        return account

    def connect(self, eac: str, scopes: Iterable[str], now: float, situation: str = "") -> Account | None:
        """Verify an account with exactly these scopes: it reads well from now on, and its former tokens are dead.

        `situation` says how it fares instead (`narrow`, `empty` …). None where the account is gone.
        """
        return self._change(
            eac,
            lambda one: replace(
                one,
                situation=situation or (one.situation if one.situation in _LASTING else "healthy"),
                granted=tuple(dict.fromkeys(scopes)),
                grants=one.grants + 1,
                error="",
                updated_at=int(now * 1000),
            ),
        )

    def refuse(self, eac: str, error: str, now: float) -> Account | None:
        """Note why an attempt came to nothing; an account that was connected before stays so."""
        return self._change(eac, lambda one: replace(one, error=error, updated_at=int(now * 1000)))

    def remove(self, eac: str) -> Account | None:
        """Take an account away, and with it its tokens; None where there is none."""
        with self._lock:
            account = self._world.find_account(eac)
            if account is not None:
                self._world.changed[account.user] = tuple(one for one in self._of(account) if one.eac != eac)
        return account

    def disconnect(self, user: int, eac: str) -> Account:
        """Take a user's account away as Clerk does when asked to; only its canonical id, `eac_…`, will do.

        Raises a Refused where the user has no such account, or could no longer sign in without it: every tenth user
        signed up with a provider and has no password, and keeps the last account.
        """
        mine = self._world.accounts(user)
        account = next((one for one in mine if one.eac == eac), None)
        if account is None:
            raise Refused(
                404, "external_account_not_found", f"No external account was found with id {eac}.", message="not found"
            )
        verified = [one for one in mine if one.situation != "unverified"]
        if user % 10 == _PASSWORDLESS and verified == [account]:
            raise Refused(
                400,
                "last_required_identification_deletion_failed",
                "You cannot delete your last identification.",
                message="Deletion failed",
            )
        return self.remove(eac) or account

    def _of(self, account: Account) -> tuple[Account, ...]:
        return self._world.accounts(account.user)

    def _change(self, eac: str, edit: Callable[[Account], Account]) -> Account | None:
        with self._lock:
            account = self._world.find_account(eac)
            if account is None:
                return None
            changed = edit(account)
            self._world.changed[account.user] = tuple(changed if one.eac == eac else one for one in self._of(account))
        return changed


def _attempt(account: Account, provider: str) -> bool:
    return account.provider == provider and account.situation == "unverified"
