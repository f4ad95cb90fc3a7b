"""Clerk's Backend API: users page by page, one user's tokens, the instance and what it has enabled.

Facts: https://clerk.com/docs/reference/backend-api. Every error of Clerk's becomes one of ours that says what to do.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import pairwise
from time import time
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import msgspec

from socialconnect.clerk.declare import clerk, users
from socialconnect.clerk.frontend import Frontend
from socialconnect.clerk.models import AccessToken, Domain, Instance, SignInToken, one, rows
from socialconnect.clerk.strategy import provider_of, strategy_of
from socialconnect.clerk.tokens import not_enabled, not_found
from socialconnect.errors import (
    InvalidKey,
    NotConnected,
    NotFound,
    PagingLoop,
    ReconnectNeeded,
    SetupError,
    SocialConnectError,
    UsageError,
)
from socialconnect.http.send import Caller, Given, Observer, Sender, Sent, Wire, said_at
from socialconnect.reading import cures
from socialconnect.reading.messages import Request, Response
from socialconnect.reading.paths import look

if TYPE_CHECKING:
    from socialconnect.reading.declare import Connector, Value
    from socialconnect.secret import Secret

_TICKET = re.compile(r"\bsit_[^/]+")
_WINDOWS = 12  # stretches of time walked side by side in a long listing
_CHOSEN = 100  # ids that one request takes
_NEVER = 32_503_680_000  # seconds since 1970: in the year 3000, and past what a calendar takes


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of users: `window` counts from the newest stretch of time, `number` the pages inside it."""

    window: int
    number: int
    body: bytes = field(repr=False)


class SecretKey:
    """The Backend API's own token, which nobody renews."""

    scopes: tuple[str, ...] | None = None

    def __init__(self, key: Secret) -> None:
        self._key = key

    async def get(self) -> Secret:
        """The secret key."""
        return self._key

    async def renew(self, refused: Secret) -> Secret:
        """Never: the key is what it is."""
        del refused
        raise InvalidKey(
            "Clerk does not accept the secret key.",
            cure="Copy it again from the Clerk Dashboard (API keys), and mind which instance it belongs to.",
        )


class Clerk:
    """The instance that one secret key belongs to."""

    def __init__(self, key: Secret, wire: Wire, *, production: bool, title: Callable[[str], str] = provider_of) -> None:
        self._wire = wire
        self._title = title
        self.connector: Connector = clerk(production=production, api_version=wire.settings.clerk_api_version)
        self._sender = Sender(self.connector, wire)
        self._key = SecretKey(key)
        self._frontend: Frontend | None = None

    async def listing(
        self, filters: Mapping[str, Value], observe: Observer, *, side_by_side: bool = False
    ) -> AsyncGenerator[Listing]:
        """All users that the filters leave, newest first, in pages of 500.

        By cursor, as Clerk advises. `side_by_side` walks stretches of creation time at once where there is more than a
        page, or the hundreds where ids are given, so pages come out of order; a user at the edge of two may come twice.
        """
        requests = self._first_pages(filters)
        if not side_by_side:
            for position, request in enumerate(requests):
                async for page in self._walk(request, observe, position):
                    yield page
            return
        for start in range(0, len(requests), _WINDOWS):
            several = requests[start : start + _WINDOWS]
            if len(requests) == 1:
                walk = self._windows(requests[0], observe)
            else:
                walk = _merged([self._walk(one, observe, start + place) for place, one in enumerate(several)])
            async with aclosing(walk) as pages:
                async for page in pages:
                    yield page

    async def tokens(self, user_id: str, provider: str, observe: Observer) -> list[AccessToken]:
        """The tokens that Clerk has for one user and provider, one per external account; it refreshes expired ones.

        https://clerk.com/docs/reference/backend-api/tag/users/get/users/{user_id}/oauth_access_tokens/{provider}
        """
        path = f"/v1/users/{quote(user_id, safe='')}/oauth_access_tokens/{quote(strategy_of(provider), safe='')}"
        try:
            response = await self._get(path, observe, user_id, paginated="true", limit="100")
        except SocialConnectError as error:
            raise _translated(error, user_id, provider_of(provider), self._title(provider)) from None
        found = [_by_our_clock(token, response) for token in rows(response.body, AccessToken)]
        if isinstance(response.tally, Sent):
            response.tally.given = tuple(map(_given, found))
        return found

    async def user(self, user_id: str, observe: Observer) -> bytes:
        """One user's record; a UserNotFound where this instance has none."""
        try:
            return (await self._get(f"/v1/users/{quote(user_id, safe='')}", observe, user_id)).body
        except SocialConnectError as error:
            raise _translated(error, user_id, "", "") from None

    async def count(self, filters: Mapping[str, Value], observe: Observer) -> int:
        """How many users the filters leave."""
        request = users.request(self.connector.origin, self.connector.headers, filters)
        query = [(name, value) for name, value in request.query if name != "limit"]
        response = await self._send(self._request("/v1/users/count", query), observe)
        total = look(response.json(), "total_count")
        return total if isinstance(total, int) else 0

    async def instance(self, observe: Observer) -> Instance:
        """The instance behind the key: the cheapest way to learn whether the key is good."""
        return one((await self._get("/v1/instance", observe)).body, Instance)

    async def frontend(self, observe: Observer) -> Frontend:
        """The instance's Frontend API, which the secret key alone leads to.

        https://clerk.com/docs/reference/backend-api/tag/domains/get/domains
        """
        if self._frontend is None:
            domains = rows((await self._get("/v1/domains", observe)).body, Domain)
            own = next((one for one in domains if one.frontend_api_url and not one.is_satellite), None)
            if own is None or own.frontend_api_url is None:
                raise SetupError(
                    "The Clerk instance has no domain with a Frontend API.", cure="Add one in the Dashboard."
                )
            self._frontend = Frontend(own.frontend_api_url, own.accounts_portal_url or "", self._wire)
        return self._frontend

    async def enabled(self, observe: Observer) -> dict[str, str]:
        """The providers that the instance offers, by bare name, with their titles.

        The Backend API has no list of them; the Frontend API's environment has, and needs no key.
        """
        return (await (await self.frontend(observe)).environment(observe)).enabled

    async def ticket(self, user_id: str, seconds: int, observe: Observer) -> SignInToken:
        """A ticket that signs the user in once, within so many seconds: whoever holds it is that user.

        https://clerk.com/docs/reference/backend-api/tag/sign-in-tokens/post/sign_in_tokens
        """
        body = msgspec.json.encode({"user_id": user_id, "expires_in_seconds": seconds})
        try:
            response = await self._write("POST", "/v1/sign_in_tokens", observe, user_id, body)
        except SocialConnectError as error:
            raise _translated(error, user_id, "", "") from None
        return one(response.body, SignInToken)

    async def revoke(self, ticket_id: str, observe: Observer) -> None:
        """Make a ticket useless; one that was used or revoked already is a RequestRefused.

        https://clerk.com/docs/reference/backend-api/tag/sign-in-tokens/post/sign_in_tokens/{sign_in_token_id}/revoke
        """
        await self._write("POST", f"/v1/sign_in_tokens/{quote(ticket_id, safe='')}/revoke", observe)

    async def remove(self, user_id: str, account: str, observe: Observer) -> None:
        """Take an external account from a user, by its canonical `eac_` id: no other id is known here.

        https://clerk.com/docs/reference/backend-api/tag/users/delete/users/{user_id}/external_accounts/{external_account_id}
        """
        path = f"/v1/users/{quote(user_id, safe='')}/external_accounts/{quote(account, safe='')}"
        await self._write("DELETE", path, observe, user_id)

    def _first_pages(self, filters: Mapping[str, Value]) -> list[Request]:
        """One request, or one for each hundred where more ids are given than a request takes."""
        ids = filters.get("user_id")
        chosen = [ids] if isinstance(ids, str) else list(map(str, ids)) if isinstance(ids, Sequence) else []
        make = users.request
        if len(chosen) <= _CHOSEN:
            return [make(self.connector.origin, self.connector.headers, filters)]
        return [
            make(self.connector.origin, self.connector.headers, {**filters, "user_id": chosen[at : at + _CHOSEN]})
            for at in range(0, len(chosen), _CHOSEN)
        ]

    async def _walk(self, request: Request, observe: Observer, window: int = 0) -> AsyncGenerator[Listing]:
        following: Request | None = request
        number = 0
        asked: set[str] = set()
        while following is not None:
            if following.url in asked:
                raise PagingLoop(
                    f"Page {number + 1} of Clerk's users leads back to one that was read.",
                    cure="Report it to Clerk: the listing does not end.",
                )
            asked.add(following.url)
            response = await self._send(following, observe)
            yield Listing(window, number, response.body)
            following = users.paging.next_request(following, response)
            number += 1

    async def _windows(self, request: Request, observe: Observer) -> AsyncGenerator[Listing]:
        first = await self._send(request, observe)
        yield Listing(0, 0, first.body)
        following = users.paging.next_request(request, first)
        if following is None:
            return
        oldest = await self._send(request.with_query(order_by="+created_at", limit=1), observe)
        edges = _edges(_moments(first.body), _moments(oldest.body))
        if not edges:
            async for page in self._walk(following, observe, 1):
                yield page
            return
        walks = [
            self._walk(request.with_query(created_at_after=after, created_at_before=before), observe, position)
            for position, (after, before) in enumerate(edges, start=1)
        ]
        async with aclosing(_merged(walks)) as pages:
            async for page in pages:
                yield page

    async def _get(self, path: str, observe: Observer, user_id: str = "", **query: str) -> Response:
        return await self._send(self._request(path, list(query.items())), observe, user_id)

    async def _write(
        self, method: str, path: str, observe: Observer, user_id: str = "", body: bytes | None = None
    ) -> Response:
        headers = {**self.connector.headers, **({"content-type": "application/json"} if body else {})}
        return await self._send(Request(method, f"{self.connector.origin}{path}", headers, body), observe, user_id)

    def _request(self, path: str, query: Sequence[tuple[str, str]]) -> Request:
        url = f"{self.connector.origin}{path}"
        return Request("GET", f"{url}?{urlencode(query)}" if query else url, self.connector.headers)

    async def _send(self, request: Request, observe: Observer, user_id: str = "") -> Response:
        template = _TICKET.sub("{sign_in_token_id}", request.url.removeprefix(self.connector.origin).partition("?")[0])
        caller = Caller(
            self._key, user_id=user_id, path=template.replace(user_id, "{user_id}") if user_id else template
        )
        response = await self._sender.send(request, caller, observe)
        return response if response is not None else Response(204, body=b"[]")


def _given(token: AccessToken) -> Given:
    """What a trace tells of a token: nothing that could be used."""
    ends = token.expires_at if 0 < (token.expires_at or 0) < _NEVER else None
    return Given(token.external_account_id or "", token.token.mark, ends, token.scopes)


def _by_our_clock(token: AccessToken, response: Response) -> AccessToken:
    """The token with the moment of its end by this machine's clock, from how long it lives by Clerk's."""
    if token.expires_at is None:
        return token
    return token.model_copy(update={"ends": token.expires_at - said_at(response) + time()})


async def _merged(walks: Sequence[AsyncGenerator[Listing]]) -> AsyncGenerator[Listing]:
    """The pages of several walks as they come."""
    pages: asyncio.Queue[Listing | Exception | None] = asyncio.Queue(len(walks))

    async def walk(one: AsyncGenerator[Listing]) -> None:
        try:
            async for page in one:
                await pages.put(page)
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to who takes the pages
            await pages.put(error)
        else:
            await pages.put(None)

    tasks = [asyncio.create_task(walk(one)) for one in walks]
    try:
        for _ in tasks:
            while (came := await pages.get()) is not None:
                if isinstance(came, Exception):
                    raise came
                yield came
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Created(msgspec.Struct):
    created_at: int | None = None


_created = msgspec.json.Decoder(list[_Created])


def _moments(body: bytes) -> list[int]:
    try:
        return [row.created_at for row in _created.decode(body) if row.created_at is not None]
    except msgspec.MsgspecError:
        return []


def _edges(newest_page: list[int], oldest_page: list[int]) -> list[tuple[int, int]]:
    """Stretches of creation time (after, before) that cover all that is older than the first page, newest first.

    Whether Clerk's bounds include the moment itself is not documented: each stretch reaches a millisecond further.
    """
    if not newest_page or not oldest_page:
        return []
    newest, oldest = min(newest_page), oldest_page[0]
    if newest <= oldest:
        return []
    count = min(_WINDOWS, newest - oldest)
    marks = [newest - (newest - oldest) * part // count for part in range(count + 1)]
    return [(low - 1, high + 1) for high, low in pairwise(marks)]


_DEAD = {
    "oauth_token_retrieval_error": "the provider refused to refresh the token",
    "external_account_missing_refresh_token": "the token has expired and there is nothing to refresh it with",
    "oauth_missing_refresh_token": "the token has expired and there is nothing to refresh it with",
    "oauth_missing_access_token": "no token is stored for the account",
}
_CONSENT = " Google gives a refresh token only with its consent screen, and to one Google client an instance."


def _translated(error: SocialConnectError, user_id: str, provider: str, name: str) -> SocialConnectError:
    """Clerk's codes for one user and provider, which people know by `name`, as an error that says what to do."""
    listed = error.context.get("codes")
    codes = set(map(str, listed)) if isinstance(listed, list | tuple) else set()
    facts: dict[str, object] = {
        "user_id": user_id,
        "provider": provider,
        "status": error.status,
        "trace_id": error.trace_id,
        "codes": tuple(sorted(codes)),
    }
    dead = codes & set(_DEAD)
    if codes & {"oauth_token_provider_not_enabled", "oauth_unsupported_provider", "oauth_provider_not_enabled"}:
        return not_enabled(name, **facts)
    if dead:
        cure = f"{cures.reconnect(name)}{_CONSENT if provider == 'google' else ''}"
        return ReconnectNeeded(
            f"Clerk has no usable {name} token for {user_id}: {_DEAD[min(dead)]}.", cure=cure, **facts
        )
    if "external_account_email_address_verification_required" in codes:
        return NotConnected(
            f"{user_id} has not finished connecting {name}.", cure="The user must verify the e-mail address.", **facts
        )
    if isinstance(error, NotFound):
        return not_found(user_id, **facts)
    if "authorization_invalid" in codes:
        return InvalidKey("The secret key may not see this.", cure="Use a key with access to users.", **facts)
    return error


def check_user_id(user_id: object) -> str:
    """A Clerk user id, or a UsageError that says where ids come from."""
    if not isinstance(user_id, str):
        raise UsageError(
            f"A user is given as a Clerk id, not as {type(user_id).__name__}.",
            cure="Pass an id such as 'user_2abc', a list of them, or a users() frame.",
        )
    if not user_id.startswith("user_") or not user_id.isascii() or not user_id.removeprefix("user_").isalnum():
        raise UsageError(
            f"{user_id!r} is not a Clerk user id.",
            cure="Ids begin with user_; client.users(query=…) finds them by name or e-mail address.",
        )
    return user_id
