"""The part of a client that asks anything of a provider's API with one account's token."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from socialconnect.anywhere.answer import Answer, clean
from socialconnect.anywhere.meant import Meant, meant, one_of, place_of
from socialconnect.clerk.api import check_user_id
from socialconnect.clerk.strategy import provider_of
from socialconnect.clerk.tokens import AccountToken, not_connected
from socialconnect.errors import AccountError, PagingLoop, UsageError
from socialconnect.http.send import Caller, Sender, unobserved
from socialconnect.progress.live import shown
from socialconnect.reading.declare import Column, Resource
from socialconnect.reading.extract import Extractor
from socialconnect.reading.fan import Reading
from socialconnect.reading.holes import filled
from socialconnect.reading.messages import Request, Response
from socialconnect.reading.paginate import Ending
from socialconnect.runs.target import Target
from socialconnect.runs.tell import PartialWarning
from socialconnect.tracing.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from socialconnect.anywhere.address import Given
    from socialconnect.clerk.api import Clerk
    from socialconnect.clerk.models import AccessToken
    from socialconnect.connectors import Connectors
    from socialconnect.http.send import Observer, Wire
    from socialconnect.reading.further import Send
    from socialconnect.reading.paginate import Paging
    from socialconnect.reading.paths import Json
    from socialconnect.runs.select import Users
    from socialconnect.settings import Settings


@dataclass(frozen=True, slots=True)
class _Way:
    """One request, for whom it is made, and what was sent for it."""

    ask: Meant
    caller: Caller
    trace: Trace


class Anywhere(ABC):
    """The part of a client for what no resource covers."""

    settings: Settings
    connectors: Connectors
    _clerk: Clerk
    _wire: Wire

    @abstractmethod
    def _title(self, strategy: str) -> str:
        """What people call a provider."""

    @abstractmethod
    def _mend(self, user: str, provider: str, **how: Any) -> Any:
        """What errors connect by."""

    @contextmanager
    def _mended(self, account: str | None) -> Iterator[None]:
        """Give an error of one account the way that mends it."""
        try:
            yield
        except AccountError as error:
            error.bind(self._mend, account)
            raise

    async def token(self, user: str, provider: str, *, account: str | None = None) -> AccessToken:
        """The access token that Clerk has for one user and provider, fresh as Clerk can make it.

        Parameters: `account` names the external account (`eac_…`) where the user has several. Returns an AccessToken:
        its `token` is a Secret (`reveal()` gives the value: hand it to nothing but the provider), `scopes`,
        `expires_at` (epoch seconds or None). Raises NotConnected, ReconnectNeeded, UserNotFound or ProviderNotEnabled.

        Source:
        https://clerk.com/docs/reference/backend-api/tag/users/get/users/{user_id}/oauth_access_tokens/{provider}

        >>> import socialconnect as sc
        >>> client = sc.sandbox(users=20)
        >>> accounts = client.accounts().query("provider == 'google' and connected")
        >>> client.token(accounts["user_id"].iloc[0], "google").token
        Secret([secret])
        """
        strategy = self.connectors[provider].strategy if provider in self.connectors else provider
        with self._mended(account):
            return await self._token(user, strategy, account, unobserved)

    async def _token(self, user: str, strategy: str, account: str | None, observe: Observer) -> AccessToken:
        tokens = await self._clerk.tokens(check_user_id(user), strategy, observe)
        found = [token for token in tokens if account in (None, token.external_account_id)]
        if not found:
            raise not_connected(user, self._title(strategy), provider=provider_of(strategy))
        if len(found) > 1:
            listed = ", ".join(str(token.external_account_id) for token in found)
            raise UsageError(
                f"{user} has {len(found)} {self._title(strategy)} accounts.",
                cure=f"Name one: account= one of {listed}.",
            )
        return found[0]

    async def get(
        self,
        provider: str,
        path: str,
        user: Users,
        /,
        *,
        records: str | None = None,
        paging: Paging | None = None,
        headers: Mapping[str, str] | None = None,
        account: str | None = None,
        **values: Given,
    ) -> Answer:
        """One account's GET of anything that the provider's API has, where no resource covers it.

        Parameters: `path` as `/v1/pages/{id}`, or a whole address of one of the provider's own origins; `values` fill
        what stands in braces, escaped, and are else sent as its query; the others as in `request`.

        Returns an Answer: `json()`, `records`, `to_frame()`, `status`, `headers`. Raises what `request` raises.

        >>> import socialconnect as sc
        >>> client = sc.sandbox(users=20)
        >>> user = client.github.repos(on_error="ignore")["user_id"].iloc[0]
        >>> frame = client.get("github", "/user/repos", user, paging=sc.LinkHeader(), per_page=100).to_frame()
        >>> list(frame.columns[:3]), str(frame["pushed_at"].dtype)
        (['user_id', 'external_account_id', 'id'], 'datetime64[us, UTC]')
        """
        return await self.request(
            *("GET", provider, path, user),
            params=values,
            records=records,
            paging=paging,
            headers=headers,
            account=account,
        )

    async def request(  # noqa: PLR0913 - all that a request can be, each said by its name
        self,
        method: str,
        provider: str,
        path: str,
        user: Users,
        /,
        *,
        params: Mapping[str, Given] | None = None,
        json: Json = None,
        headers: Mapping[str, str] | None = None,
        records: str | None = None,
        paging: Paging | None = None,
        account: str | None = None,
        allow_writes: bool = False,
    ) -> Answer:
        """One request to a provider's API with one account's token, under the rules of its connector.

        Its origins, its limits, its headers and version, its errors and the renewal of tokens hold as for any resource.

        Parameters: `method` GET, HEAD, POST, or with `allow_writes` PUT, PATCH and DELETE; `path` as in `get`; `user` a
        Clerk id (or anything that chooses one user), with `account` (`eac_…`) where the user has several; `params` fill
        `{name}` in the path and are else the query; `json` is the body; `headers` go beside the connector's own;
        `records` says where the list of records stands in the answer, as `data.items`; `paging` how it goes on, as
        `sc.Cursor("next_cursor", "start_cursor")`: then every page is read.

        A POST is taken to read; where it acts, say `allow_writes=True`. What acts is sent once: again only where the
        provider says that it did nothing (a limit, a refused token). So is a POST that neither pages nor reads what a
        resource reads, after an error that leaves open what was done.

        Returns an Answer. Raises a ForeignOrigin where the address is none of the provider's, a UsageError where the
        call cannot be meant, both before anything is sent; the errors of `token`; MissingScope, NotFound, AccessDenied,
        RateLimited, RequestRefused and the like as the provider answers.

        >>> import socialconnect as sc
        >>> client = sc.sandbox(users=20)
        >>> user = client.notion.me(on_error="ignore")["user_id"].iloc[0]
        >>> way = sc.BodyCursor("next_cursor", "start_cursor", more="has_more")
        >>> answer = client.request("POST", "notion", "/v1/search", user, json={"page_size": 50}, paging=way)
        >>> str(answer.to_frame()["last_edited_time"].dtype)
        'datetime64[us, UTC]'
        """
        connector = self.connectors[provider]
        chosen, eac = one_of(user, account)
        ask = meant(connector, method, path, params, json, headers, paging, allow_writes=allow_writes)
        at = place_of(records, ask.paging)
        ask.address({}, self.settings.base_urls)  # refused before anybody is asked for a token
        trace = Trace()
        with shown(f"{connector.name} {ask.name}", self.settings.progress), self._mended(eac):
            token = await self._token(chosen, connector.strategy, eac, trace.add)
            way = _Way(ask, self._caller(ask, token, chosen, trace), trace)
            request = await self._request(way, token)
            pages, cut = await self._pages(request, way)
        cuts = dict.fromkeys([*cut, *(one.cut for one in trace.last if one.cut)])
        answer = Answer(
            ask.name,
            connector.name,
            chosen,
            token.external_account_id,
            tuple(pages),
            at,
            " ".join(cuts),
            trace,
            connector.api_version,
            datetime.now(UTC),
        )
        _tell(answer)
        return answer

    def _caller(self, ask: Meant, token: AccessToken, user_id: str, trace: Trace) -> Caller:
        tokens = AccountToken(
            token,
            lambda: self._clerk.tokens(user_id, ask.connector.strategy, trace.add),
            user_id=user_id,
            provider=ask.connector.title,
        )
        # as runs name it, so that an account's limits are the same however it is read
        account = token.external_account_id or f"{user_id} {token.provider_user_id}"
        path = ask.name.partition(" ")[2]
        return Caller(tokens, user_id=user_id, account=account, resource=ask.name, path=path, once=ask.once)

    async def _request(self, way: _Way, token: AccessToken) -> Request:
        """The first request, with what earlier calls must tell for it: a client id, a site."""
        ask, caller = way.ask, way.caller
        bound: dict[str, str] = {}
        if ask.bound:
            wanted = "".join(f"{{{name}}}" for name in ask.bound)
            needs = Resource("request", f"/{wanted}", columns=(Column("record", "json"),))
            reading = Reading(ask.connector, needs, Extractor(needs, needs.columns), {})
            known = None if self._wire.transport.taped else self._wire.known
            whose = Target(0, caller.user_id).whose(token.external_account_id, token, known)
            bound = await reading.bound(lambda resource: self._sending(resource, way), whose)
        schemes = {one.scheme for one in ask.connector.resources}
        return Request(
            ask.verb,
            ask.address(bound, self.settings.base_urls),
            {**filled(ask.standing, bound), **ask.headers},
            ask.body,
            template=caller.path,
            scheme=schemes.pop() if len(schemes) == 1 else "Bearer",
        )

    def _sending(self, resource: Resource, way: _Way) -> Send:
        """What sends the earlier calls, under their own resource's rules."""
        sender = Sender(way.ask.connector, self._wire, resource.rules)
        name = f"{way.ask.connector.name}.{resource.name}"
        caller = replace(way.caller, resource=name, path=resource.path, once=False)

        async def send(request: Request) -> Response | None:
            return await sender.send(request, caller, way.trace.add)

        return send

    async def _pages(self, request: Request, way: _Way) -> tuple[list[Response], list[str]]:
        """Every page in order, without what must not be shown; and what the paging says was left out."""
        sender, paging = Sender(way.ask.connector, self._wire), way.ask.paging
        pages: list[Response] = []
        cut: list[str] = []
        asked = set()
        following: Request | None = request
        while following is not None:
            asked.add((following.url, following.body))
            response = await sender.send(following, way.caller, way.trace.add)
            if response is None:  # its status says that there is nothing
                return [*pages, Response(way.trace.last[-1].status)], cut
            pages.append(clean(response))
            cut += [paging.cut(following, response)] if isinstance(paging, Ending) else []
            following = paging.next_request(following, response)
            if following is not None and (following.url, following.body) in asked:
                raise PagingLoop(
                    f"Page {len(pages) + 1} of {way.ask.name} leads back to one that was read.",
                    cure="Check `paging`; if it is right, report it to the provider: its listing does not end.",
                )
        return pages, [one for one in cut if one]


def _tell(answer: Answer) -> None:
    if answer.cut:
        warnings.warn_explicit(f"{answer.request}: {answer.cut}", PartialWarning, "socialconnect", 0)
