"""Who is signed in where: clients, which are browsers or programs, and their sessions.

A client shows itself by its token: a browser keeps it as the cookie `__client`, a program sends it as Authorization
and gets a newer one with each answer. A program's last token but one is still taken, since an answer may get lost.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from socialconnect.sandbox import dice
from socialconnect.sandbox.refusals import Refused

if TYPE_CHECKING:
    from socialconnect.sandbox.tokens import Tokens

LIFE = 604_800
FRESH = 600
"""For how many seconds after signing in a session may connect accounts."""


@dataclass(slots=True)
class Session:
    """One sign-in of a user, by index; times are epoch seconds."""

    id: str
    user: int
    created: float
    updated: float
    status: str = "active"

    def stale(self, now: float) -> bool:
        """Whether its user has to prove anew who they are before an account is connected."""
        return now - self.created >= FRESH


@dataclass(slots=True)
class Client:
    """One browser or program, and who is signed in there."""

    id: str
    token: str
    native: bool
    created: float
    updated: float
    sessions: list[Session] = field(default_factory=list)
    attempt: dict[str, object] | None = None
    """An attempt to sign in that is not finished, as it is shown."""

    @property
    def active(self) -> Session | None:
        """The session of whoever is signed in, None where nobody is."""
        return next((one for one in self.sessions if one.status == "active"), None)


class Sessions:
    """The clients of one sandbox. Threads may share it."""

    def __init__(self, tokens: Tokens) -> None:
        self._seed = tokens.world.seed
        self._handed = tokens.handed
        self._lock = threading.Lock()
        self._clients: dict[str, Client] = {}
        self._count = 0

    def open(self, now: float, *, native: bool = False) -> Client:
        """A new client that nobody is signed in at."""
        with self._lock:
            token = self._token()
            client = Client(dice.encode("client", self._count, self._seed, int(now)), token, native, now, now)
            self._clients[token] = client
        return client

    def find(self, token: str) -> Client | None:
        """The client of a token, None where it is no one's or too old."""
        return self._clients.get(token)

    def renew(self, client: Client) -> str:
        """A newer token for a program; the one before the last is forgotten."""
        with self._lock:
            for former in [token for token, one in self._clients.items() if one is client and token != client.token]:
                del self._clients[former]
            client.token = self._token()
            self._clients[client.token] = client
        return client.token

    def sign_in(self, client: Client, user: int, now: float) -> Session:
        """A session for a user; a Refused where somebody is signed in there already: the instance has one at a time."""
        with self._lock:
            if client.active is not None:
                raise Refused(400, "session_exists", "You're already signed in.", message="Session already exists")
            self._count += 1
            session = Session(dice.encode("sess", self._count, self._seed, int(now)), user, now, now)
            client.sessions.append(session)
            client.updated = now
        return session

    def end(self, client: Client, session_id: str, now: float) -> Session:
        """End a session of a client's; a Refused where there is none of that id."""
        with self._lock:
            session = next((one for one in client.sessions if one.id == session_id), None)
            if session is None:
                raise Refused(
                    404,
                    "resource_not_found",
                    f"No session was found with id {session_id}.",
                    message="Session not found",
                )
            session.status, session.updated, client.updated = "ended", now, now
        return session

    def _token(self) -> str:
        self._count += 1
        token = f"sandbox-client-{dice.digest(self._seed, 'client', self._count, size=16).hex()}"
        self._handed.add(token)
        return token
