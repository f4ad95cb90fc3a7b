"""What a client does about connections themselves: how a user connects an account, or allows more."""

from __future__ import annotations

import asyncio
from abc import ABC
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from socialconnect import portal
from socialconnect.clerk.api import check_user_id
from socialconnect.clerk.attempt import Attempt
from socialconnect.clerk.models import User, one
from socialconnect.clerk.stand import Aim, Known, good
from socialconnect.clerk.strategy import provider_of, strategy_of
from socialconnect.clerk.tokens import held, not_enabled
from socialconnect.clerk.ways import Native, Portal
from socialconnect.errors import AccountError, SetupError, UsageError
from socialconnect.http.send import unobserved
from socialconnect.http.tape import apart, tape

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable
    from contextlib import AbstractContextManager
    from weakref import WeakSet

    from socialconnect.clerk.api import Clerk
    from socialconnect.clerk.frontend import Environment, Frontend
    from socialconnect.clerk.ways import Flow, Way
    from socialconnect.connectors import Connectors
    from socialconnect.reading.declare import Connector
    from socialconnect.runs.run import Run
    from socialconnect.settings import Settings

_LONGEST = 3600.0  # seconds: a link that lives longer is a link that leaks
_PROGRAM = (
    "A program signs in as the user for a moment, through Clerk's Native API, and asks the provider: have their "
    "agreement. The link is for them alone, and short-lived: open it at once."
)
_WHY = f"The hosted page cannot ask for further scopes. {_PROGRAM}"
_SHARED = (
    "This is a development instance: with Clerk's shared credentials a provider grants its base scopes only; further "
    "ones need your own credentials (Dashboard, SSO connections)."
)
_TICKET = "The link signs in whoever opens it, once: give it to that user alone."
_BASE = "The hosted page asks for the base scopes and those of the Dashboard, not for others."
_GOOGLE = (
    "Google gives a refresh token with its consent page only: where the token dies again after an hour, connect with "
    "flow='native', which asks for it, and give each Clerk instance a Google client of its own."
)


@dataclass(frozen=True)
class _Wish:
    """How the caller wants it."""

    flow: Flow | None
    ticket: bool
    account: str
    again: bool
    within: float


class Linking(ABC):
    """The part of a client that connects accounts."""

    settings: Settings
    connectors: Connectors
    _clerk: Clerk
    _attempts: WeakSet[Attempt]
    _browse: Callable[[str], str] | None = None
    _blocks = False  # whether it is the inside of a Client, whose errors connect without being awaited

    async def connect(
        self,
        user: str,
        provider: str,
        *,
        scopes: str | Iterable[str] = (),
        account: str | None = None,
        again: bool = False,
        ticket: bool = False,
        flow: Flow | None = None,
        within: float = 600.0,
    ) -> Attempt:
        """Help one user to connect an account, or to allow more with one that is connected.

        It makes the link that the user has to open and returns at once; from then on Clerk is asked every three
        seconds whether it was done, for `within` seconds. End a cell with it to see the link and how it stands.

        Parameters: `scopes`, those that are needed beyond the base; `account` (`eac_…`), which one where there are
        several; `again`, connect anew though Clerk has a token, since the provider refuses it. `flow="portal"` leads
        to the hosted page of the instance, where the user connects accounts: plain, or with `ticket=True` signed in by
        a link that is a secret. `flow="native"` asks the provider directly, as a program that signs in as the user for
        a moment: it takes Clerk's Native API. By default it is the hosted page, and the program only for scopes which
        the page cannot ask for. It ends at the hosted page, or where the setting
        `redirect_url` says.

        Returns an Attempt: its `link`, `state` and `left`; `wait()` blocks until it has ended. One whose account has
        all of it already is connected from the beginning. It ends with its client, and nothing of it goes to a
        cassette. Raises a UserNotFound, a ProviderNotEnabled, another SetupError that names the switch in Clerk's
        Dashboard, a UsageError for what cannot be meant.

        Source: https://clerk.com/docs/guides/account-portal/overview

        >>> import socialconnect as sc
        >>> client = sc.sandbox(users=20)
        >>> somebody = client.coverage("notion.users").query("state == 'not_connected'")["user_id"].iloc[0]
        >>> attempt = client.connect(somebody, "notion")
        >>> attempt.state, attempt.link.secret
        ('offered', False)
        >>> attempt.cancel()
        """
        wish = _Wish(_flow(flow), ticket, account or "", again, _seconds(within))
        wanted = (scopes,) if isinstance(scopes, str) else tuple(scopes)
        self._meant(provider, wanted)
        try:
            with _live():
                return await self._begun(user, provider, wanted, wish)
        except AccountError as error:
            error.bind(self._mend)
            raise

    async def _begun(self, user: str, provider: str, wanted: tuple[str, ...], wish: _Wish) -> Attempt:
        aim = self._aim(check_user_id(user), provider, wanted, wish.account, again=wish.again)
        accounts = aim.accounts(one(await self._clerk.user(aim.user_id, unobserved), User))
        if wish.account and wish.account not in accounts:
            raise UsageError(f"{user} has no {aim.title} account {wish.account}.", cure="accounts() lists them.")
        tokens = await held(self._clerk, aim, accounts, unobserved)
        if tokens:  # asking may have refreshed one, and Clerk may have noted that: it is no news of the user's
            accounts = aim.accounts(one(await self._clerk.user(aim.user_id, unobserved), User))
        before = Known(accounts, tokens)
        have = None if wish.again else good(aim, before)
        frontend = await self._clerk.frontend(unobserved)
        environment = await frontend.environment(unobserved)
        offered = environment.providers.get(aim.provider)
        if offered is None or not offered.enabled:
            raise not_enabled(aim.title, user_id=user, provider=provider_of(provider))
        way, note = (None, "") if have else self._way(aim, before, frontend, environment, wish)
        how: dict[str, Any] = {"scopes": wanted, **vars(wish)}
        attempt = Attempt(
            self._clerk,
            aim,
            seconds=wish.within,
            observe=unobserved,
            block=self._blocked,
            note=note,
            renew=lambda: self.connect(user, provider, **how),
            mend=lambda user_id, name, **more: self._mend(user_id, name, **{**how, **more}),
        )
        if way is None:
            return attempt.connected(have) if have else attempt
        self._attempts.add(attempt)
        return await attempt.begin(way, before, self._browse or self._addressed)

    async def _ended(self) -> None:
        """End what goes on, since nobody looks at it any more, and leave nothing behind that could be used."""
        await asyncio.gather(*(attempt.closed() for attempt in tuple(self._attempts) if not attempt.ended))

    def _bind(self, run: Run) -> None:
        """Give the errors of a run the way that mends them."""
        for outcome in run.ended:
            if isinstance(outcome.error, AccountError):
                outcome.error.bind(self._mend, outcome.external_account_id)

    def _mend(self, user: str, provider: str, **how: Any) -> Any:
        """What errors and rows of coverage connect by: to be awaited for an AsyncClient."""
        return self._connected(user, provider, **how) if self._blocks else self.connect(user, provider, **how)

    def _connected(self, user: str, provider: str, **how: Any) -> Attempt:
        return portal.run(self.connect(user, provider, **how), self.settings.engine)

    def _aim(self, user: str, provider: str, wanted: tuple[str, ...], account: str, *, again: bool) -> Aim:
        connector = self._reads(provider)
        strategy = strategy_of(connector.strategy if connector else provider)
        if connector is None:
            return Aim(
                user,
                provider_of(strategy),
                strategy,
                provider_of(provider),
                wanted,
                account,
                again=again,
                lacking=lambda granted: tuple(scope for scope in wanted if scope not in set(granted)),
            )

        def lacking(granted: Iterable[str]) -> tuple[str, ...]:
            has = connector.widened(granted)
            return tuple(scope for scope in wanted if connector.canonical(scope) not in has)

        return Aim(
            user, provider_of(strategy), strategy, connector.title, wanted, account, again=again, lacking=lacking
        )

    def _meant(self, provider: str, scopes: tuple[str, ...]) -> None:
        if not isinstance(provider, str) or not provider.strip():
            raise UsageError(f"{provider!r} is no provider.", cure="Name one, as 'github'; providers() lists them.")
        name, _, resource = provider.partition(".")
        if resource and self._reads(name):
            raise UsageError(f"{provider} is a resource.", cure=f"Connect its provider: {name!r}.")
        for scope in scopes:
            if not isinstance(scope, str) or not scope.strip():
                raise UsageError(f"{scope!r} is no scope.", cure="Name them as the provider does, each as text.")

    def _reads(self, provider: str) -> Connector | None:
        """The connector for a provider, by its own name or by Clerk's, however that is written."""
        if provider in self.connectors:
            return self.connectors[provider]
        name = provider_of(provider)
        return next((one for one in self.connectors.values() if provider_of(one.strategy) == name), None)

    def _way(
        self, aim: Aim, before: Known, frontend: Frontend, environment: Environment, wish: _Wish
    ) -> tuple[Way, str]:
        """How it goes, and why: the hosted page wherever it can."""
        shared = _SHARED if aim.scopes and environment.kind == "development" else ""
        if wish.flow == "native" or (wish.flow is None and aim.scopes):
            if not environment.native:
                raise SetupError(
                    f"The Native API of this Clerk instance is off, and without it nothing can ask for "
                    f"{', '.join(aim.scopes) or 'consent'}.",
                    cure="Switch it on in the Dashboard under Native applications; or add the scopes to the provider "
                    "there (SSO connections), and have the user connect again: flow='portal'.",
                )
            redirect_url = self.settings.redirect_url or environment.user_page or f"{frontend.portal}/user"
            native = Native(self._clerk, aim, frontend, redirect_url, self._anew(aim, before), unobserved)
            return native, _joined(_WHY if wish.flow is None else _PROGRAM, shared)
        hosted = Portal(self._clerk, aim, frontend, environment, unobserved, ticket=wish.ticket)
        dead = aim.provider == "google" and any(one.connected for one in before.accounts.values())
        return hosted, _joined(
            _TICKET if wish.ticket else "", _BASE if aim.scopes else "", shared, _GOOGLE if dead else ""
        )

    def _anew(self, aim: Aim, before: Known) -> str:
        """The account that is to be authorised again, "" where there is none yet."""
        connected = [one.id for one in before.accounts.values() if one.connected]
        if len(connected) > 1:
            raise UsageError(
                f"{aim.user_id} has {len(connected)} {aim.title} accounts.",
                cure=f"Name one: account= one of {', '.join(connected)}.",
            )
        return connected[0] if connected else ""

    def _blocked(self, coroutine: Coroutine[object, object, Attempt], home: asyncio.AbstractEventLoop) -> Attempt:
        if portal.blocks(home, self.settings.engine):
            coroutine.close()  # or Python reports it as never awaited
            raise UsageError(
                "Blocking here would keep the attempt itself from going on.",
                cure="Write: await attempt.finished(), or await attempt.renewed() to repeat it.",
            )
        return portal.run(coroutine, self.settings.engine)

    def _addressed(self, url: str) -> str:
        """Where a browser finds an address: at what the settings put in the place of its origin."""
        for origin, base in self.settings.base_urls.items():
            if url == origin or url.startswith((f"{origin}/", f"{origin}?")):
                return f"{base}{url.removeprefix(origin)}"
        return url


def _live() -> AbstractContextManager[None]:
    """Apart from a cassette, which must not hold what acts as somebody; a UsageError where one is played."""
    if (current := tape()) is not None and current.plays:
        raise UsageError("Nobody can connect in a replay.", cure="Connect outside of the block that replays.")
    return apart()


def _flow(flow: str | None) -> Flow | None:
    if flow in ("portal", "native", None):
        return flow  # type: ignore[return-value]  # one of its words
    raise UsageError(f"There is no flow {flow!r}.", cure="It is 'portal' or 'native'.")


def _seconds(within: float) -> float:
    if not isinstance(within, int | float) or not 0 < within <= _LONGEST:
        raise UsageError(f"An attempt cannot last {within} s.", cure=f"Give it up to {_LONGEST:.0f} s.")
    return within


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))
