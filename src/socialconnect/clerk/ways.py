"""The two ways in which Clerk lets a user connect an account: its hosted page, and a program that acts as the user.

https://clerk.com/docs/guides/account-portal/overview and
https://clerk.com/docs/guides/development/custom-flows/account-updates/manage-sso-connections
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Literal, Protocol
from urllib.parse import quote

from socialconnect.errors import SetupError, SocialConnectError
from socialconnect.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from socialconnect.clerk.api import Clerk
    from socialconnect.clerk.frontend import Environment, Frontend, Session
    from socialconnect.clerk.stand import Aim
    from socialconnect.http.send import Observer

Flow = Literal["portal", "native"]
_AT_ONCE = 120  # seconds that a ticket lives which is used at once
_log = logging.getLogger(__name__)


class Link:
    """Where the user has to go. One that is `secret` acts for whoever opens it: show it once, to that user alone.

    >>> Link("https://accounts.example.com/user")
    Link('https://accounts.example.com/user')
    >>> Link("https://accounts.example.com/sign-in?__clerk_ticket=abcdef", secret=True)
    Link([secret])
    """

    def __init__(self, url: str, *, secret: bool = False) -> None:
        self.secret = secret
        self._url = Secret(url) if secret else None
        self._plain = "" if secret else url

    def reveal(self) -> str:
        """The address."""
        return self._url.reveal() if self._url else self._plain

    def __repr__(self) -> str:
        return "Link([secret])" if self.secret else f"Link({self._plain!r})"

    def __str__(self) -> str:
        return "[a secret link]" if self.secret else self._plain


class Way(Protocol):
    """How one attempt is offered, and what has to be cleared away after it."""

    flow: Flow

    async def offer(self, seconds: float) -> Link:
        """The address to open, which is good for so many seconds."""

    async def clear(self) -> None:
        """Leave nothing behind that could be used."""


class Portal:
    """The hosted page of the instance, where a signed-in user connects accounts; a `ticket` signs them in."""

    flow: Flow = "portal"

    def __init__(
        self, clerk: Clerk, aim: Aim, frontend: Frontend, environment: Environment, observe: Observer, *, ticket: bool
    ) -> None:
        self._clerk = clerk
        self._aim = aim
        self._frontend = frontend
        self._page = environment.user_page or (f"{frontend.portal}/user" if frontend.portal else "")
        self._sign_in = environment.sign_in_page or f"{frontend.portal}/sign-in"
        self._observe = observe
        self._wants_ticket = ticket
        self._ticket = ""

    async def offer(self, seconds: float) -> Link:
        """The user's page, or the sign-in page with a ticket that leads there."""
        if not self._page or not await self._frontend.hosted(self._observe):
            raise SetupError(
                "This Clerk instance has no Account Portal, or it is switched off.",
                cure="Switch it on in the Dashboard under Account Portal, or let a program do it: flow='native'.",
            )
        if not self._wants_ticket:
            return Link(self._page)
        ticket = await self._clerk.ticket(self._aim.user_id, max(1, round(seconds)), self._observe)
        self._ticket = ticket.id
        url = ticket.url.reveal() if ticket.url else f"{self._sign_in}?__clerk_ticket={quote(ticket.token.reveal())}"
        joint = "&" if "?" in url else "?"
        return Link(f"{url}{joint}redirect_url={quote(self._page, safe='')}", secret=True)

    async def clear(self) -> None:
        """Revoke the ticket; one that was used is none any more."""
        if self._ticket:
            await _quietly(lambda: self._clerk.revoke(self._ticket, self._observe), "revoking a ticket")


class Native:
    """A program acts as the user for a moment, and asks for the account or for more scopes; the user only consents."""

    flow: Flow = "native"

    def __init__(
        self,
        clerk: Clerk,
        aim: Aim,
        frontend: Frontend,
        redirect_url: str,
        account: str,
        observe: Observer,
    ) -> None:
        self._clerk = clerk
        self._aim = aim
        self._frontend = frontend
        self._redirect_url = redirect_url
        self._account = account
        self._observe = observe
        self._ticket = ""
        self._session: Session | None = None

    async def offer(self, seconds: float) -> Link:
        """The provider's consent page; it lives for minutes, whatever was asked."""
        del seconds
        try:
            return await self._offer()
        except BaseException:
            await self.clear()
            raise

    async def _offer(self) -> Link:
        aim, observe = self._aim, self._observe
        ticket = await self._clerk.ticket(aim.user_id, _AT_ONCE, observe)
        self._ticket = ticket.id
        session = self._session = await self._frontend.sign_in(aim.user_id, ticket.token, observe)
        self._ticket = ""  # it is used
        # without its consent page Google gives no refresh token: https://github.com/clerk/javascript/issues/9177
        prompt = "consent" if aim.provider == "google" or aim.again else ""
        if self._account:
            consent = await self._frontend.reauthorize(
                session, self._account, aim.scopes, self._redirect_url, prompt, observe
            )
        else:
            consent = await self._frontend.create(
                session, aim.strategy, aim.scopes, self._redirect_url, prompt, observe
            )
        return Link(consent.url.reveal(), secret=True)

    async def clear(self) -> None:
        """Revoke the ticket and end the session, whichever there is."""
        if self._ticket:
            await _quietly(lambda: self._clerk.revoke(self._ticket, self._observe), "revoking a ticket")
            self._ticket = ""
        if (session := self._session) is not None:
            await _quietly(lambda: self._frontend.end(session, self._observe), "ending a session")
            self._session = None


async def _quietly(work: Callable[[], Awaitable[None]], what: str) -> None:
    """Clear away what may be gone already; an attempt that has ended well must not end with an error for it."""
    try:
        await work()
    except SocialConnectError as error:
        _log.debug("%s failed: %s", what, error)
