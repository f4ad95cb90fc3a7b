"""Goes the whole way of one connection and notes each step: from the key to one answer of the provider.

What fails is noted rather than raised, and what needs it is skipped.
"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from time import time
from typing import TYPE_CHECKING, Final, Literal

from socialconnect.clerk.models import User, one
from socialconnect.clerk.tokens import AccountToken, matched, no_token, not_connected, not_enabled
from socialconnect.errors import NotConnected, SocialConnectError, TryAgainLater
from socialconnect.http.send import Caller, Sender
from socialconnect.reading import cures
from socialconnect.reading.decide import Fail
from socialconnect.reading.extract import Extractor
from socialconnect.reading.fan import Reading
from socialconnect.reading.names import unknown
from socialconnect.reading.verdict import error_for
from socialconnect.secret import bare
from socialconnect.standing import facts
from socialconnect.standing.diagnosis import CHECKS, Check, State, Step
from socialconnect.standing.removed import named

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from socialconnect.clerk.api import Clerk
    from socialconnect.clerk.frontend import Environment
    from socialconnect.clerk.models import AccessToken, ExternalAccount
    from socialconnect.clerk.stand import Aim
    from socialconnect.http.send import Observer, Wire
    from socialconnect.reading.declare import Connector, Resource
    from socialconnect.reading.further import Send
    from socialconnect.reading.messages import Request, Response

_SHOWN: Final = 8  # scopes that are named one by one
_NEVER: Final = 32_503_680_000  # seconds since 1970, in the year 3000: Clerk's figure, where it is past that, is none


@dataclass(frozen=True)
class Subject:
    """Whose connection it is: what `aim` names, which `connector` reads, and the `resource` that is meant, if any."""

    aim: Aim
    connector: Connector | None
    resource: Resource | None
    bind: Callable[[SocialConnectError, str], None]
    """Gives an error the client whose `connect` mends it."""

    @property
    def facts(self) -> dict[str, object]:
        """What an error tells of it."""
        name = self.connector.name if self.connector else self.aim.provider
        return {"user_id": self.aim.user_id, "provider": name}


class Examination:
    """One connection on its way through the checks."""

    def __init__(self, clerk: Clerk, wire: Wire, subject: Subject, observe: Observer) -> None:
        self._clerk = clerk
        self._wire = wire
        self._subject = subject
        self._aim = subject.aim
        self._observe = observe
        self._kind = ""
        self._steps: list[Step] = []

    async def steps(self) -> tuple[Step, ...]:
        """Every check, in order; those of the account once for each that counts."""
        if not await self._instance():
            return self._rest()
        enabled = await self._enabled()
        user = await self._user()
        accounts = self._accounts(user) if user is not None else []
        if not accounts or not enabled:
            for account in accounts:
                self._account(account)
            return self._rest()
        found = await self._tokens(accounts)
        for account in accounts:
            self._account(account)
            if account.connected:
                await self._reading(account, found)
        return self._rest()

    async def _instance(self) -> bool:
        try:
            found = await self._clerk.instance(self._observe)
        except SocialConnectError as error:
            self._fail("instance", error)
            return False
        self._kind = found.environment_type
        self._note(
            "instance", "ok", f"{found.id or 'It has no id'}, {self._kind or 'of no known kind'}; the key is good."
        )
        return True

    async def _enabled(self) -> bool:
        """Whether the instance offers the provider; where nobody can say, whatever comes next will."""
        try:
            environment = await (await self._clerk.frontend(self._observe)).environment(self._observe)
        except SocialConnectError as error:
            self._note("provider", "unknown", f"The Frontend API did not say what is enabled: {error.message}")
            return True
        social = environment.providers.get(self._aim.provider)
        if social is not None and social.enabled:
            native = "on" if environment.native else "off"
            signs_in = "" if social.authenticatable else ", for connecting, not for signing in"
            reads = "" if self._subject.connector else "; no connector reads it, client.request(…) does"
            self._note("provider", "ok", f"{self._aim.title} is enabled{signs_in}{reads}. The Native API is {native}.")
            return True
        self._fail("provider", self._off(environment))
        return False

    def _off(self, environment: Environment) -> SocialConnectError:
        error = not_enabled(self._aim.title, **self._subject.facts)
        if self._aim.provider not in environment.providers and self._subject.connector is None:
            near = unknown("provider", self._aim.provider, sorted(environment.enabled), "in this Clerk instance")
            error = type(error)(near.message, cure=f"{near.cure} {cures.ENABLE}".strip(), **self._subject.facts)
        return error

    async def _user(self) -> User | None:
        try:
            user = one(await self._clerk.user(self._aim.user_id, self._observe), User)
        except SocialConnectError as error:
            self._fail("user", error)
            return None
        count = len(user.external_accounts)
        self._note("user", "ok", f"{user.id} is there, with {count} external account{'' if count == 1 else 's'}.")
        return user

    def _accounts(self, user: User) -> list[ExternalAccount]:
        """Those that count, or none where that was noted as a failure."""
        mine = [each for each in user.external_accounts if each.provider == self._aim.provider]
        chosen = [each for each in mine if self._aim.account in ("", each.id)]
        if not chosen:
            error = not_connected(self._aim.user_id, self._aim.title, provider=str(self._subject.facts["provider"]))
            if mine:
                told = named(self._aim.account, mine, self._aim)
                error = NotConnected(told, cure="Name one of them, or none.", **self._subject.facts)
            self._fail("account", error)
        # an attempt that was never finished counts for nothing beside an account
        return sorted(chosen, key=lambda each: not each.connected)

    def _account(self, account: ExternalAccount) -> None:
        name = account.username or account.email_address or account.label or ""
        who = f"{name} ({account.id})" if name else account.id
        if account.connected:
            self._note("account", "ok", f"{who} is verified.", account=account.id)
            return
        verification = account.verification
        mishap = verification.error if verification else None
        why = (mishap.long_message or mishap.message or mishap.code).rstrip(".") if mishap else "nobody finished it"
        state = verification.status if verification else None
        told = f"{who} is {state or 'not verified'}: {why}."
        if any(step.check == "account" and step.state == "ok" for step in self._steps):
            self._note("account", "skipped", f"{told} It counts for nothing beside one that is verified.", account.id)
            return
        error = NotConnected(told, cure=cures.connect(self._aim.title), **self._subject.facts)
        self._fail("account", error, account.id, {mishap.code} if mishap else set())

    async def _tokens(self, accounts: Sequence[ExternalAccount]) -> dict[str, AccessToken | None] | SocialConnectError:
        connected = [each for each in accounts if each.connected]
        if not connected:
            return {}
        try:
            tokens = await self._fetch()
        except SocialConnectError as error:
            return bare(error)
        return {account.id: token for account, token in matched(connected, tokens)}

    async def _fetch(self) -> list[AccessToken]:
        return await self._clerk.tokens(self._aim.user_id, self._aim.strategy, self._observe)

    async def _reading(
        self, account: ExternalAccount, found: dict[str, AccessToken | None] | SocialConnectError
    ) -> None:
        """The checks that need a token of the account."""
        if isinstance(found, SocialConnectError):
            self._fail("token", found, account.id, _codes(found))
            return
        token = found.get(account.id)
        if token is None:
            error = no_token(self._aim.user_id, self._aim.title, provider=str(self._subject.facts["provider"]))
            self._fail("token", error, account.id, {"no_token"})
            return
        self._note("token", "ok", f"Clerk gives one; {_life(token)}.", account=account.id)
        granted = token.scopes or account.approved_scopes
        readable = self._scopes(account, granted)
        await self._call(account, token, readable)

    def _scopes(self, account: ExternalAccount, granted: tuple[str, ...]) -> list[Resource]:
        """Note what the scopes suffice for; gives the resources that can be read, as far as is known."""
        connector = self._subject.connector
        listed = _listed(granted)
        if connector is None:
            self._note("scopes", "ok", f"{listed or 'Clerk names none'}.", account=account.id)
            return []
        if not granted:
            told = "Clerk names none for this account: only a read can tell."
            self._note("scopes", "unknown", told, account=account.id)
            return [*connector.resources]
        lacking = {each.name: scopes for each in connector.resources if (scopes := _lacking(connector, each, granted))}
        readable = [each for each in connector.resources if each.name not in lacking]
        asked = self._subject.resource
        if asked is not None and asked.name not in lacking:
            self._note("scopes", "ok", f"They suffice for {connector.name}.{asked.name}: {listed}.", account=account.id)
        elif asked is not None or not readable:
            name, wanted = asked.name if asked else "", lacking[asked.name if asked else next(iter(lacking))]
            fail = Fail("scope", "so Clerk says", required=wanted, granted=granted)
            resource = f"{connector.name}.{name}" if name else ""
            error = error_for(fail, connector, user_id=self._aim.user_id, resource=resource)
            self._fail("scopes", error, account.id)
        elif lacking:
            self._partial(account, connector, lacking, len(readable))
        else:
            self._note("scopes", "ok", f"They suffice for all {len(readable)} resources: {listed}.", account=account.id)
        return readable

    def _partial(
        self, account: ExternalAccount, connector: Connector, lacking: dict[str, tuple[str, ...]], readable: int
    ) -> None:
        wants = ", ".join(f"{name} ({_short(scopes[0])})" for name, scopes in lacking.items())
        told = f"{readable} of {len(connector.resources)} resources can be read. Not without a further scope: {wants}."
        first = next(iter(lacking.values()))[0]
        cure = (
            f"client.connect({self._aim.user_id!r}, {connector.name!r}, scopes=[{first!r}]) asks the user for one; "
            "all users get those that the Dashboard names (SSO connections)."
        )
        self._note("scopes", "partial", told, account.id, cure)

    async def _call(self, account: ExternalAccount, token: AccessToken, readable: Sequence[Resource]) -> None:
        connector = self._subject.connector
        resource = _cheapest(connector, self._subject.resource, readable) if connector else None
        if connector is None or resource is None:
            why = "no resource can be read" if connector else "no connector reads this provider"
            self._note("call", "skipped", f"Not tried: {why}.", account=account.id)
            return
        name = f"{connector.name}.{resource.name}"
        began = time()
        try:
            rows = await self._page(connector, resource, account, token)
        except SocialConnectError as error:
            for fact, value in {**self._subject.facts, "resource": name}.items():
                error.context.setdefault(fact, value)
            self._fail("call", bare(error), account.id, {error.code})
            return
        came = f"{rows} row{'' if rows == 1 else 's'} in {(time() - began) * 1000:.0f} ms"
        self._note("call", "ok", f"{name} answers with {came}.", account.id)

    async def _page(
        self, connector: Connector, resource: Resource, account: ExternalAccount, token: AccessToken
    ) -> int:
        """How many rows the first page has."""
        tokens = AccountToken(token, self._fetch, user_id=self._aim.user_id, provider=connector.title)

        def send_for(each: Resource) -> Send:
            sender = Sender(connector, self._wire, each.rules)
            caller = Caller(
                tokens,
                user_id=self._aim.user_id,
                account=account.id,
                resource=f"{connector.name}.{each.name}",
                path=each.path,
            )

            async def send(request: Request) -> Response | None:
                return await sender.send(request, caller, self._observe)

            return send

        reading = Reading(connector, resource, Extractor(resource, resource.select(None)), {})
        async with aclosing(reading.pages(send_for, width=1)) as pages:
            async for _, page in pages:
                return page.rows
        return 0

    def _note(self, check: Check, state: State, detail: str, account: str = "", cure: str = "") -> None:
        known = facts.told(check, self._aim.provider, (), self._kind) if state == "partial" else ()
        self._steps.append(Step(check, state, detail, cure, account, known))

    def _fail(self, check: Check, error: SocialConnectError, account: str = "", codes: Collection[str] = ()) -> None:
        error = bare(error)
        state: Literal["failed", "unknown"] = "unknown" if isinstance(error, TryAgainLater) else "failed"
        why = facts.told(check, self._aim.provider, codes, self._kind) if state == "failed" else ()
        self._subject.bind(error, account)
        self._steps.append(Step(check, state, error.message, error.cure, account, why, error))

    def _rest(self) -> tuple[Step, ...]:
        """What was noted, and what was not tried for it."""
        return tuple(self._completed())

    def _completed(self) -> Iterator[Step]:
        noted = {step.check for step in self._steps}
        first = next((step.check for step in self._steps if not step.holds), None)
        yield from self._steps
        for check in CHECKS:
            if check not in noted:
                yield Step(check, "skipped", f"Not tried: {first or 'the account'} comes first.")


def _lacking(connector: Connector, resource: Resource, granted: Sequence[str]) -> tuple[str, ...]:
    """The scopes of which one would be needed too."""
    has = connector.widened(granted)
    for group in connector.needs(resource):
        if not any(connector.canonical(scope) in has for scope in group):
            return group
    return ()


def _listed(scopes: Sequence[str]) -> str:
    more = len(scopes) - _SHOWN
    return ", ".join([*map(_short, scopes[:_SHOWN]), *([f"and {more} more"] if more > 0 else [])])


def _short(scope: str) -> str:
    """A scope as people know it: Google's and Microsoft's are addresses."""
    return scope.rpartition("/")[2] if scope.startswith("https://") else scope


def _cheapest(connector: Connector, asked: Resource | None, readable: Sequence[Resource]) -> Resource | None:
    """What to call: what was asked about, else the profile, else the first that is no listing for each of many."""
    if asked is not None and asked in readable:
        return asked
    asks = [each for each in readable if not each.identity]
    profile = connector.profile.resource if connector.profile else "profile"
    simple = [each for each in asks if each.name == profile] + [each for each in asks if each.parent is None]
    return next(iter([*simple, *asks]), None)


def _codes(error: SocialConnectError) -> set[str]:
    listed = error.context.get("codes")
    return set(map(str, listed)) if isinstance(listed, list | tuple) else set()


def _life(token: AccessToken) -> str:
    """How long it lives, as far as Clerk says."""
    if token.expires_at is None or not 0 < token.expires_at < _NEVER:
        return "it does not end, or Clerk does not know when"
    left = (token.expires_at if token.ends is None else token.ends) - time()
    if left <= 0:
        return "it has ended already, by the time that Clerk names"
    return f"it ends in {left / 60:.0f} min" if left < 7_200 else f"it ends in {left / 3600:.0f} h"
