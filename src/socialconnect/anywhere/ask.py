"""The part of a client that asks anything of a provider's API with one account's token."""

from __future__ import annotations

import re
import warnings
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from socialconnect.anywhere.address import Given, address
from socialconnect.anywhere.answer import Answer, clean
from socialconnect.clerk.api import check_user_id
from socialconnect.clerk.strategy import provider_of
from socialconnect.clerk.tokens import AccountToken, not_connected
from socialconnect.errors import PagingLoop, UsageError
from socialconnect.http.send import Caller, Sender
from socialconnect.progress.live import shown
from socialconnect.reading.column import check_path
from socialconnect.reading.messages import Request, Response
from socialconnect.reading.paginate import Ending, GraphQL, NoPages, Paging
from socialconnect.runs.select import Users, choose
from socialconnect.runs.tell import PartialWarning
from socialconnect.secret import bare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socialconnect.clerk.api import Clerk
    from socialconnect.clerk.models import AccessToken
    from socialconnect.connectors import Connectors
    from socialconnect.http.send import Observer, Sent, Wire
    from socialconnect.reading.declare import Connector
    from socialconnect.reading.paths import Json
    from socialconnect.settings import Settings

_READS = ("GET", "HEAD", "POST")
_ACTS = ("PUT", "PATCH", "DELETE")
_MUTATION = re.compile(r"(\s|,|#[^\n]*\n)*mutation\b")
_OURS = re.compile(
    r"authorization|proxy-.*|host|cookie.?|connection|content-length|transfer-encoding|te|upgrade|trailer"
)


@dataclass(frozen=True, slots=True)
class _Way:
    """How one request is asked: whose, with which rules, and how its pages go on."""

    connector: Connector
    caller: Caller
    paging: Paging
    sent: list[Sent]


class Anywhere(ABC):
    """The part of a client for what no resource covers."""

    settings: Settings
    connectors: Connectors
    _clerk: Clerk
    _wire: Wire

    @abstractmethod
    def _title(self, strategy: str) -> str:
        """What people call a provider."""

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
        return await self._token(user, strategy, account, _ignore)

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
        verb, own = _verb(method), dict(headers or {})
        chosen, eac = _one(user, account)
        url, template = address(connector, path, params or {}, self.settings.base_urls)
        acts = verb in _ACTS or _mutates(json)
        if acts and not allow_writes:
            raise UsageError(
                f"{'A mutation' if verb == 'POST' else verb} changes something at {connector.title}.",
                cure="Pass allow_writes=True where that is meant.",
            )
        paging = _paging(paging)
        at = _at(records, paging)
        request = Request(verb, url, _headers(connector, own, json), _body(json), template=template)
        once = acts or (verb == "POST" and (allow_writes or not (_paged(paging) or _declared(connector, url))))
        sent: list[Sent] = []
        with shown(f"{connector.name} {verb} {template}", self.settings.progress):
            found = await self._token(chosen, connector.strategy, eac, sent.append)
            way = _Way(connector, self._caller(found, connector, chosen, request, sent, once=once), paging, sent)
            pages, cut = await self._pages(request, way)
        return _told(
            Answer(
                f"{verb} {template}",
                connector.name,
                chosen,
                found.external_account_id,
                tuple(pages),
                at,
                " ".join(dict.fromkeys([*cut, *(one.cut for one in sent if one.cut)])),
                tuple(sent),
                connector.api_version,
                datetime.now(UTC),
            )
        )

    def _caller(
        self, token: AccessToken, connector: Connector, user_id: str, request: Request, sent: list[Sent], *, once: bool
    ) -> Caller:
        tokens = AccountToken(
            token,
            lambda: self._clerk.tokens(user_id, connector.strategy, sent.append),
            user_id=user_id,
            provider=connector.title,
        )
        # as runs name it, so that an account's limits are the same however it is read
        account = token.external_account_id or f"{user_id} {token.provider_user_id}"
        what = f"{request.method} {request.template}"
        return Caller(tokens, user_id=user_id, account=account, resource=what, path=request.template, once=once)

    async def _pages(self, request: Request, way: _Way) -> tuple[list[Response], list[str]]:
        """Every page in order, without what must not be shown; and what the paging says was left out."""
        sender = Sender(way.connector, self._wire)
        pages: list[Response] = []
        cut: list[str] = []
        asked = set()
        following: Request | None = request
        while following is not None:
            asked.add((following.url, following.body))
            response = await sender.send(following, way.caller, way.sent.append)
            if response is None:  # its status says that there is nothing
                return [*pages, Response(way.sent[-1].status)], cut
            pages.append(clean(response))
            cut += [way.paging.cut(following, response)] if isinstance(way.paging, Ending) else []
            following = way.paging.next_request(following, response)
            if following is not None and (following.url, following.body) in asked:
                raise PagingLoop(
                    f"Page {len(pages) + 1} of {way.caller.resource} leads back to one that was read.",
                    cure="Check `paging`; if it is right, report it to the provider: its listing does not end.",
                )
        return pages, [one for one in cut if one]


def _verb(method: str) -> str:
    verb = method.upper() if isinstance(method, str) else ""
    if verb not in (*_READS, *_ACTS):
        raise UsageError(
            f"{method!r} is not a method.", cure=f"Use {', '.join(_READS)}, or to write {', '.join(_ACTS)}."
        )
    return verb


def _one(user: Users, account: str | None) -> tuple[str, str | None]:
    """The one user who is meant, and the account where one is named."""
    chosen = choose(user)
    if chosen is None or len(chosen) != 1 or len(chosen[0].accounts) > 1:
        count = "everybody's" if chosen is None else f"that of {len(chosen)} users" if len(chosen) > 1 else "several"
        raise UsageError(
            f"A request is one account's, not {count}.",
            cure="Pass one id, with account= where there are several. For many, declare a resource: "
            "`socialconnect new-connector` writes the file.",
        )
    return chosen[0].user_id, account or next(iter(chosen[0].accounts), None)


def _headers(connector: Connector, given: Mapping[str, str], json: Json) -> dict[str, str]:
    """The connector's headers and the caller's, none of which may be the transport's or the token's."""
    for name, value in given.items():
        if _OURS.fullmatch(name.lower()) or not re.fullmatch(r"[\w-]+", name, re.ASCII):
            raise UsageError(f"The header {name!r} is not yours to set.", cure="Leave it out: the token is added last.")
        if not isinstance(value, str) or not re.fullmatch(r"[\t\x20-\x7e]*", value):
            raise UsageError(f"The value of the header {name!r} is no plain text.", cure="Pass one line of ASCII.")
    pinned = {connector.version_header: connector.api_version} if connector.version_header else {}
    sent = {} if json is None else {"content-type": "application/json"}
    each = {**connector.headers, **{name: value for name, value in pinned.items() if value}, **sent, **given}
    return {name.lower(): value for name, value in each.items()}


def _body(json: Json) -> bytes | None:
    if json is None:
        return None
    try:
        return msgspec.json.encode(json)
    except (TypeError, ValueError, RecursionError) as error:
        failure = bare(error)
    raise UsageError(f"The body cannot be written as JSON: {failure}.", cure="Pass dicts, lists, texts and numbers.")


def _mutates(json: Json) -> bool:
    """Whether a body is a GraphQL operation that changes something."""
    query = json.get("query") if isinstance(json, dict) else None
    return isinstance(query, str) and _MUTATION.match(query) is not None


def _declared(connector: Connector, url: str) -> bool:
    """Whether some resource reads by a POST to this path."""
    path = urlsplit(url).path
    posts = (urlsplit(one.path).path for one in connector.resources if one.method == "POST")
    return any(re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(post)), path) for post in posts)


def _paging(paging: Paging | None) -> Paging:
    if paging is not None and not callable(getattr(paging, "next_request", None)):
        raise UsageError(
            f"paging={paging!r} is no kind of paging.",
            cure="Pass a value, as sc.Cursor('next_cursor', 'start_cursor').",
        )
    return paging or NoPages()


def _paged(paging: Paging) -> bool:
    return not isinstance(paging, NoPages)


def _at(records: str | None, paging: Paging) -> str | None:
    """Where the records stand, as far as the caller or the paging says."""
    told = records
    if told is None and isinstance(paging, GraphQL):
        told = f"{paging.page_info.rpartition('.')[0]}.nodes"
    if told is None:
        told = getattr(paging, "records", None)
    if told:
        check_path(told, "records")
    return told


def _told(answer: Answer) -> Answer:
    if answer.cut:
        warnings.warn_explicit(f"{answer.request}: {answer.cut}", PartialWarning, "socialconnect", 0)
    return answer


def _ignore(sent: Sent) -> None:
    del sent
