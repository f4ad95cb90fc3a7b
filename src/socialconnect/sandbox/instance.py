"""One Clerk instance of the sandbox: what its services hold in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socialconnect.sandbox.consents import Consents
from socialconnect.sandbox.linked import Linked
from socialconnect.sandbox.sessions import Sessions
from socialconnect.sandbox.tickets import Tickets

if TYPE_CHECKING:
    from socialconnect.sandbox.tokens import Tokens


class Instance:
    """The users and what changes about them: `linked` accounts, `consents`, `tickets` to sign in, `sessions`."""

    def __init__(self, tokens: Tokens, secret_key: str) -> None:
        self.world = tokens.world
        self.tokens = tokens
        self.faults = tokens.faults
        self.secret_key = secret_key
        self.linked = Linked(tokens.world)
        self.consents = Consents(tokens, self.linked)
        self.tickets = Tickets(tokens)
        self.sessions = Sessions(tokens)
        tokens.handed.add(secret_key)
