"""Sign-in tickets: whoever opens one is signed in as its user, once.

https://clerk.com/docs/reference/backend-api/tag/sign-in-tokens
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from socialconnect.sandbox import dice
from socialconnect.sandbox.refusals import Refused

if TYPE_CHECKING:
    from socialconnect.sandbox.tokens import Tokens

LIFE = 2_592_000
"""How many seconds a ticket is good for unless somebody says otherwise: 30 days."""

SIGN_IN = "https://accounts.sandbox.example/sign-in"


@dataclass(frozen=True, slots=True)
class Ticket:
    """One ticket of a user, by index; times are epoch seconds. `status` is `pending`, `accepted` or `revoked`."""

    id: str
    token: str
    user: int
    created: float
    updated: float
    expires: float
    status: str = "pending"

    @property
    def link(self) -> str:
        """The address that signs its user in; whoever has it is that user."""
        return f"{SIGN_IN}?{urlencode({'__clerk_ticket': self.token})}"


class Tickets:
    """The tickets of one sandbox. Threads may share it."""

    def __init__(self, tokens: Tokens) -> None:
        self._seed = tokens.world.seed
        self._faults = tokens.faults
        self._handed = tokens.handed
        self._lock = threading.Lock()
        self._all: dict[str, Ticket] = {}

    def create(self, user: int, seconds: int, now: float) -> Ticket:
        """A new ticket for so many seconds."""
        with self._lock:
            number = len(self._all)
            token = f"sandbox-ticket-{dice.digest(self._seed, 'ticket', number, size=16).hex()}"
            identity = dice.encode("sit", number, self._seed, int(now))
            ticket = Ticket(identity, token, user, now, now, now + seconds)
            self._all[token] = ticket
        self._handed.add(token)
        return ticket

    def revoke(self, identity: str, now: float) -> Ticket:
        """Make a ticket useless; a Refused where there is none or it was used or revoked already."""
        with self._lock:
            ticket = next((one for one in self._all.values() if one.id == identity), None)
            if ticket is None:
                raise Refused(404, "resource_not_found", f"No sign in token was found with id {identity}.")
            if ticket.status != "pending":
                raise Refused(
                    400,
                    "sign_in_token_cannot_be_revoked_code",
                    f"Sign in token cannot be revoked because its status is {ticket.status}. "
                    "Only pending tokens can be revoked.",
                    message="cannot revoke",
                )
            return self._put(ticket, "revoked", now)

    def look(self, token: str, now: float) -> Ticket:
        """The ticket as it stands, unused, so that a page can say whom it signs in; raises what `redeem` raises."""
        if self._faults.stands("ticket_refused"):
            raise _unknown()
        return self._usable(token, now)

    def redeem(self, token: str, now: float) -> Ticket:
        """Use a ticket; a Refused with Clerk's code where it is unknown, used, revoked or has expired."""
        with self._lock:
            if self._faults.strikes("ticket_refused"):
                raise _unknown()
            return self._put(self._usable(token, now), "accepted", now)

    def _usable(self, token: str, now: float) -> Ticket:
        ticket = self._all.get(token)
        if ticket is None:
            raise _unknown()
        if ticket.status == "accepted":
            raise Refused(
                400,
                "sign_in_token_already_used_code",
                "This sign in token has already been used. Each token can only be used once.",
                message="sign in token has already been used",
            )
        if ticket.status == "revoked":
            raise Refused(
                400,
                "sign_in_token_revoked_code",
                "This sign in token has been revoked and cannot be used anymore.",
                message="sign in token has been revoked",
            )
        if now >= ticket.expires:
            raise Refused(400, "ticket_expired_code", "The ticket has expired.", message="ticket is expired")
        return ticket

    def _put(self, ticket: Ticket, status: str, now: float) -> Ticket:
        changed = self._all[ticket.token] = replace(ticket, status=status, updated=now)
        return changed


def _unknown() -> Refused:
    return Refused(400, "ticket_invalid_code", "The ticket is invalid.", message="ticket is invalid")
