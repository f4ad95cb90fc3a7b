"""Reads one resource for one account after another, each to an outcome of its own."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from socialconnect.clerk.models import User, counted
from socialconnect.clerk.strategy import provider_of
from socialconnect.clerk.tokens import AccountToken, no_token, not_connected
from socialconnect.errors import SetupError, SocialConnectError, UsageError
from socialconnect.http.send import Caller, Sender
from socialconnect.reading.decide import Fail, granted
from socialconnect.reading.place import UNMARKED
from socialconnect.reading.verdict import error_for
from socialconnect.runs.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from socialconnect.clerk.api import Clerk
    from socialconnect.clerk.models import AccessToken
    from socialconnect.errors import NotConnected
    from socialconnect.http.send import Observer, Sent, Wire
    from socialconnect.reading.declare import Resource
    from socialconnect.reading.fan import Reading, SendFor
    from socialconnect.reading.further import Send
    from socialconnect.reading.messages import Request, Response
    from socialconnect.reading.place import Start
    from socialconnect.reading.typed import Page
    from socialconnect.runs.target import Target


class AccountReader:
    """Reads what a Reading says, for whichever account; `count` hears of each request, with the outcome it is for."""

    def __init__(self, clerk: Clerk, wire: Wire, reading: Reading, count: Callable[[Sent, Outcome], None]) -> None:
        self._clerk = clerk
        self._wire = wire
        self._reading = reading
        self._count = count
        self._senders: dict[str, Sender] = {}
        self.connector, self.resource = reading.connector, reading.resource
        self.name = f"{self.connector.name}.{self.resource.name}"
        self.provider = provider_of(self.connector.strategy)

    def outcome(self, user_id: str, account: str | None) -> Outcome:
        """How it will have ended for an account."""
        return Outcome(user_id, self.connector.name, self.name, account)

    async def tokens(self, user_id: str, outcome: Outcome) -> list[AccessToken]:
        """The tokens of a user's accounts at the provider; nothing where none is needed."""
        if self.resource.identity:
            return []
        return await self._clerk.tokens(user_id, self.connector.strategy, lambda sent: self._count(sent, outcome))

    async def told(self, target: Target, observe: Observer) -> Target:
        """The target with Clerk's whole record of each account that is wanted."""
        users, _ = counted(b"[" + await self._clerk.user(target.user_id, observe) + b"]", User)
        told = target.told(users, self.provider)
        if not told.accounts:
            raise self.not_connected(target.user_id)
        return told

    def not_connected(self, user_id: str, why: str = "") -> NotConnected:
        """The error for a user without that provider."""
        return not_connected(user_id, self.connector.title, why, provider=self.connector.name)

    async def pages(
        self, target: Target, outcome: Outcome, token: AccessToken | None, *, width: int, start: Start = UNMARKED
    ) -> AsyncGenerator[tuple[int, Page]]:
        """Every page of one account with its number; the outcome says in the end how it went.

        A SetupError ends it, since it would meet every account; any other error is the outcome's.
        """
        if token is None and not self.resource.identity:
            outcome.fail(no_token(target.user_id, self.connector.title, provider=self.connector.name))
            return
        send_for = _unsent if token is None else self._sending(target, outcome, token)
        taped = self._wire.transport.taped  # a cassette holds every answer that its own calls need
        whose = target.whose(outcome.external_account_id, token, None if taped else self._wire.known)
        try:
            async with aclosing(self._reading.pages(send_for, width=width, whose=whose, start=start)) as pages:
                async for number, page in pages:
                    outcome.take(page)
                    yield number, page
        except SetupError:
            raise
        except SocialConnectError as error:
            outcome.fail(about(error, outcome))
        else:
            self._close(outcome)
        outcome.narrowed = self.connector.narrowed(self.resource, outcome.granted)

    def _close(self, outcome: Outcome) -> None:
        """End what no error ended; where no sites are listed to whoever lacks the scope, that is no empty account."""
        outcome.close()
        had = tuple(outcome.granted or ())
        lacking = self.connector.missing(self.resource, had) if self.resource.parent and had else ()
        if outcome.status == "empty" and lacking:
            fail = Fail("scope", "nothing is listed to it", required=lacking, granted=had)
            error = error_for(fail, self.connector, user_id=outcome.user_id or "", resource=self.name)
            outcome.fail(about(error, outcome))

    def _sending(self, target: Target, outcome: Outcome, token: AccessToken) -> SendFor:
        """What sends the requests of one account, each resource's under its own rules."""
        account = outcome.external_account_id or f"{target.user_id} {token.provider_user_id}"
        outcome.granted = token.scopes
        tokens = AccountToken(
            token,
            lambda: self.tokens(target.user_id, outcome),
            user_id=target.user_id,
            provider=self.connector.title,
        )

        def send_for(resource: Resource) -> Send:
            sender = self._sender(resource)
            name = f"{self.connector.name}.{resource.name}"
            caller = Caller(tokens, user_id=target.user_id, account=account, resource=name, path=resource.path)

            async def send(request: Request) -> Response | None:
                response = await sender.send(request, caller, lambda sent: self._count(sent, outcome))
                said = granted(response, self.connector.manners) if response else None
                outcome.granted = outcome.granted if said is None else said
                return response

            return send

        return send_for

    def _sender(self, resource: Resource) -> Sender:
        if resource.name not in self._senders:
            self._senders[resource.name] = Sender(self.connector, self._wire, resource.rules)
        return self._senders[resource.name]


def _unsent(resource: Resource) -> Send:
    """Where there is no token, because none is needed, there is nothing to send either."""
    raise UsageError(f"{resource.name} is read from Clerk's record, and asks for nothing.")


def about(error: SocialConnectError, outcome: Outcome) -> SocialConnectError:
    """The error with whom and what it concerns, where it did not know."""
    for name in ("user_id", "provider", "resource"):
        error.context.setdefault(name, getattr(outcome, name))
    return error
