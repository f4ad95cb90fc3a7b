"""One request, until it is answered: budget, send, decide, wait or fetch the token again.

Retry libraries (stamina, tenacity) repeat a function until it stops raising; here each answer says something of its
own (wait so long, ask Clerk again, follow, stop), which `reading/decide.py` gives as a value. What is left is this
loop.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from time import time
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urljoin, urlsplit

from socialconnect.errors import MissingPackage, ProtocolError, SocialConnectError, Unavailable
from socialconnect.http.budget import Budgets, Lane
from socialconnect.http.listening import tell
from socialconnect.http.origins import Origins
from socialconnect.progress.count import current, waiting
from socialconnect.reading.account import Known
from socialconnect.reading.decide import (
    Decision,
    ErrorRule,
    Fail,
    Follow,
    GoOn,
    Refetch,
    Retry,
    backoff,
    budget_left,
    decide,
    trace_id,
)
from socialconnect.reading.declare import Budget, Connector
from socialconnect.reading.messages import Response
from socialconnect.reading.verdict import error_for
from socialconnect.secret import scrub

if TYPE_CHECKING:
    from socialconnect.http.cache import Cache
    from socialconnect.http.transport import Transport
    from socialconnect.reading.messages import Request
    from socialconnect.secret import Secret
    from socialconnect.settings import Settings

_HOPS = 5
_UNACTED = (307, 308)  # redirects that ask for the same request at another address
_NOTHING_NEW = 304
_CONDITIONS = frozenset({"if-none-match", "if-modified-since"})
_PERHAPS = "It may have been carried out all the same: look before you send it again."
_log = logging.getLogger(__name__)


class Tokens(Protocol):
    """Where a request's token comes from."""

    @property
    def scopes(self) -> tuple[str, ...] | None:
        """What the token may do, as far as is known."""

    async def get(self) -> Secret | None:
        """The token to use now; None where none is needed."""

    async def renew(self, refused: Secret) -> Secret:
        """Another token, after the provider refused this one; an AccountError where there is none."""


@dataclass(frozen=True, slots=True)
class Caller:
    """For whom a request is made: it names the lane that pays and the error that is raised.

    `once` says that it acts: then it is sent again only where the service says that it did nothing.
    """

    tokens: Tokens
    user_id: str = ""
    account: str = ""
    resource: str = ""
    path: str = ""
    once: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """A token that Clerk gave: of which external account, its mark, until when (seconds since 1970), what it may do."""

    account: str
    token: str
    expires_at: float | None = None
    scopes: tuple[str, ...] | None = None


@dataclass(slots=True)
class Sent:
    """One request that was made, with nothing secret in it. Times in seconds; `status` 0: no answer came.

    `cached` says that the provider confirmed (304) what the cache holds, and sent nothing. `token` is the mark of the
    token that went with it. What came of the answer is told later: its `rows`, the tokens that it gave.
    """

    user_id: str
    account: str
    resource: str
    path: str
    provider: str
    host: str
    method: str
    status: int
    at: float
    seconds: float
    waited: float
    attempt: int
    size: int
    left: int | None
    then: str
    cut: str = ""
    why: str = ""
    cached: bool = False
    title: str = ""
    token: str = ""
    rows: int | None = None
    given: tuple[Given, ...] = ()


Observer = Callable[[Sent], None]


def unobserved(sent: Sent) -> None:
    """The observer of requests that belong to no run."""
    del sent


class Wire:
    """What all senders of one client share."""

    def __init__(self, settings: Settings, transport: Transport) -> None:
        self.settings = settings
        self.transport = transport
        self.budgets = Budgets(max_wait=settings.max_wait)
        self.cache = _cache(settings)
        self.known = Known()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._places: dict[str, asyncio.Semaphore] = {}

    def places(self, host: str) -> asyncio.Semaphore:
        """The places on the wire to one host, so that a host that waits holds up no other; a loop has its own."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._places = loop, {}
        return self._places.setdefault(host, asyncio.Semaphore(self.transport.width))

    async def aclose(self) -> None:
        """Close the connections and the cache; the next request opens them again."""
        await self.transport.aclose()
        if self.cache is not None:
            await self.cache.aclose()


class Sender:
    """Sends one connector's requests, for whichever caller; `rules` come before the connector's own."""

    def __init__(self, connector: Connector, wire: Wire, rules: tuple[ErrorRule, ...] = ()) -> None:
        self.connector = connector
        self._manners = replace(connector.manners, rules=(*rules, *connector.manners.rules))
        self._wire = wire
        self._origins = Origins(connector.origins, wire.settings.base_urls)

    async def send(self, request: Request, caller: Caller, observe: Observer) -> Response | None:
        """The response that holds what was asked for, None where there is nothing; else the error to act on."""
        token = await caller.tokens.get()
        fresh, attempt, hops = False, 0, 0
        paused = 0.0  # before this try, since the one before asked for it
        while True:
            attempt += 1
            url = self._origins.resolve(request.url)
            lanes = self._lanes(request, url, caller)
            exchange = await self._exchange(request, url, token, lanes, caller)
            asked = not _CONDITIONS.isdisjoint(map(str.lower, request.headers))
            decision = self._decide(exchange, attempt, caller, fresh=fresh, asked=asked)
            decision = _once(decision, exchange.response) if caller.once else decision
            sent = self._sent(exchange, url, request, caller, attempt=attempt, decision=decision)
            sent.token = token.mark if token else ""
            sent.waited += paused
            paused = 0.0
            observe(sent)
            tell(sent, request, url, token, exchange.response, exchange.failure)
            if (count := current.get()) is not None:
                count.sent()
            self._heed(exchange, lanes[-1])
            match decision:
                case GoOn(empty=empty):
                    came = None if empty else exchange.response
                    return came and Response(came.status, came.headers, came.body, sent)
                case Follow(to):
                    hops += 1
                    attempt -= 1
                    if hops > _HOPS:
                        raise ProtocolError(f"{self.connector.title} redirects without end.", **self._facts(caller))
                    request = replace(request, url=urljoin(request.url, to))
                case Refetch(why):
                    token, fresh, attempt = await self._renewed(token, caller, why), True, attempt - 1
                case Retry(after, why, throttled):
                    status = exchange.response.status if exchange.response else 0
                    facts = {**self._facts(caller), "status": status}
                    self._wire.budgets.allow(after, self._who(caller), why, **facts)
                    _log.info(
                        "%s: waiting %.1f s (%s)", self._who(caller), after, scrub(why), extra={**facts, "wait": after}
                    )
                    paused = await self._wait(after, lanes[-1] if throttled else None, caller)
                case Fail():
                    raise self._error(decision, exchange, caller)

    async def _exchange(
        self, request: Request, url: str, token: Secret | None, lanes: tuple[Lane, ...], caller: Caller
    ) -> _Exchange:
        clock = asyncio.get_running_loop().time
        who, (shared, *own) = self._who(caller), lanes
        waited = await self._wire.budgets.spend(own, who, request.weight) if own else 0.0
        cache, send = self._wire.cache, self._wire.transport.send
        known = await cache.find(request, url, token, caller.account) if cache else None
        async with self._wire.places(urlsplit(url).netloc):
            # a host's budget is booked last of all: what is booked must be sent then, or the host counts otherwise
            waited += await self._wire.budgets.spend((shared,), who, request.weight)
            at, began = time(), clock()
            try:
                response = await send(known.request if known else request, url, token, caller.account)
            except Unavailable as failure:
                return _Exchange(None, failure, at, clock() - began, waited)
            took = clock() - began
        if cache is None or known is None:
            return _Exchange(response, None, at, took, waited)
        answer = await cache.settle(known, response)
        if answer is None:  # what was confirmed is not what is kept, and now is gone
            return await self._exchange(request, url, token, lanes, caller)
        return _Exchange(answer, None, at, took, waited, cached=answer is not response)

    def _decide(self, exchange: _Exchange, attempt: int, caller: Caller, *, fresh: bool, asked: bool) -> Decision:
        attempts = self._wire.settings.attempts
        if exchange.response is None:
            failure = exchange.failure or Unavailable("No answer came.")
            if attempt >= attempts:
                return Fail("unavailable", failure.message.rstrip("."), failure.cure)
            return Retry(backoff(attempt, random.random), failure.message)
        if asked and exchange.response.status == _NOTHING_NEW:
            return GoOn()
        return decide(
            exchange.response,
            attempt=attempt,
            attempts=attempts,
            manners=self._manners,
            now=said_at(exchange.response),
            dice=random.random,
            fresh_token=fresh,
            scopes=caller.tokens.scopes,
        )

    async def _wait(self, after: float, lane: Lane | None, caller: Caller) -> float:
        """Wait so many seconds; those that passed here, since a lane's are counted by whoever waits for it."""
        if self._wire.transport.played:
            return 0.0  # whoever recorded it has waited
        if lane is not None:  # all who share the budget wait with it, at the next `spend`
            lane.close(asyncio.get_running_loop().time() + after)
            return 0.0
        with waiting(self._who(caller), after):
            await asyncio.sleep(after)
        return after

    async def _renewed(self, token: Secret | None, caller: Caller, why: str) -> Secret:
        if token is None:
            raise ProtocolError(f"{self.connector.title} asks for a token where none is needed ({why}).")
        return await caller.tokens.renew(token)

    def _heed(self, exchange: _Exchange, lane: Lane) -> None:
        """Close the lane until the reset where the provider's headers say that nothing is left."""
        left = budget_left(exchange.response, self._manners) if exchange.response else None
        if exchange.response is not None and left is not None and left[0] == 0:
            lane.close(asyncio.get_running_loop().time() + max(0.0, left[1] - said_at(exchange.response)))

    def _lanes(self, request: Request, url: str, caller: Caller) -> tuple[Lane, ...]:
        """The host's lane, then the token's where there is one: the last is what a throttled answer closes."""
        if self._wire.transport.played:
            return (Lane(()),)
        parts = urlsplit(url)
        host = f"{parts.scheme}://{parts.netloc}"
        budgets = [budget for budget in self._budgets() if request.url.startswith(budget.at)]
        shared = [budget for budget in budgets if budget.per == "host"]
        lanes = self._wire.budgets
        hosts = lanes.lane(f"{host} {shared}", shared)
        if not caller.account:
            return (hosts,)
        own = [budget for budget in budgets if budget.per == "token"]
        where = "".join(budget.at for budget in own)  # what has a limit of its own waits by itself
        return hosts, lanes.lane(f"{self.connector.name} {caller.account} {where}", own)

    def _budgets(self) -> tuple[Budget, ...]:
        override = self._wire.settings.budgets.get(self.connector.origin)
        return (Budget.parse(override),) if override else self.connector.budgets

    def _sent(
        self,
        exchange: _Exchange,
        url: str,
        request: Request,
        caller: Caller,
        *,
        attempt: int,
        decision: Decision,
    ) -> Sent:
        response = exchange.response
        left = budget_left(response, self._manners) if response else None
        return Sent(
            caller.user_id,
            caller.account,
            caller.resource,
            request.template or caller.path,
            self.connector.name,
            urlsplit(url).netloc,
            request.method,
            304 if exchange.cached else response.status if response else 0,
            exchange.at,
            exchange.seconds,
            exchange.waited,
            attempt,
            len(response.body) if response and not exchange.cached else 0,
            left[0] if left else None,
            type(decision).__name__.lower(),
            decision.cut if isinstance(decision, GoOn) else "",
            "" if isinstance(decision, GoOn | Follow) else scrub(decision.why),
            exchange.cached,
            self.connector.title,
        )

    def _error(self, fail: Fail, exchange: _Exchange, caller: Caller) -> SocialConnectError:
        response = exchange.response
        return error_for(
            fail,
            self.connector,
            user_id=caller.user_id,
            resource=caller.resource,
            status=response.status if response else 0,
            trace_id=trace_id(response, self._manners) if response else "",
        )

    def _who(self, caller: Caller) -> str:
        return f"{self.connector.title}{f' for {caller.user_id}' if caller.user_id else ''}"

    def _facts(self, caller: Caller) -> dict[str, str]:
        return {"user_id": caller.user_id, "provider": self.connector.name, "resource": caller.resource}


def _once(decision: Decision, response: Response | None) -> Decision:
    """The decision about a request that acts: what may have been carried out is not carried out twice."""
    match decision:
        case Retry(_, why, throttled=False):
            return Fail("unavailable", why, _PERHAPS)
        case Follow() if response is not None and response.status not in _UNACTED:
            return Fail("refused", f"{response.status}: it leads elsewhere", _PERHAPS)
    return decision


@dataclass(frozen=True, slots=True)
class _Exchange:
    response: Response | None
    failure: Unavailable | None
    at: float
    seconds: float
    waited: float
    cached: bool = False


def _cache(settings: Settings) -> Cache | None:
    if not settings.cache:
        return None
    try:
        from socialconnect.http.cache import Cache  # noqa: PLC0415 - an extra, loaded where it is wanted
    except ImportError:
        raise MissingPackage(
            "The cache needs hishel, which is not installed.", cure="pip install 'socialconnect[cache]'"
        ) from None
    return Cache(settings)


def said_at(response: Response) -> float:
    """The epoch second by the answering service's own clock, so that a wrong clock here cannot mislead."""
    try:
        return parsedate_to_datetime(response.headers["date"]).timestamp()
    except (KeyError, ValueError):
        return time()
