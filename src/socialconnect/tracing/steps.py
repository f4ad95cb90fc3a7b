"""The way of a token, step by step: each request with what it was for, and which token was fetched anew, and why."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from socialconnect.http.send import Given, Sent

Kind = Literal["clerk", "token", "renewal", "provider"]
"""Clerk itself, a token that it is asked for, one that it is asked for again, or the provider."""

_LONG = 90  # signs of what a service says of itself
_SOON = 60.0  # seconds that a token must have to live
_TOKENS = re.compile(r"/oauth_access_tokens/oauth_(?:token_)?(\w+)")
_LEAD = "https://www.googleapis.com/auth/"  # of every scope of Google's; what comes after it tells them apart
_FOR: tuple[tuple[str, str], ...] = (
    (r"/v1/users", "which users there are"),
    (r"/v1/users/count", "how many users there are"),
    (r"/v1/users/[^/]+", "who the user is, and what is connected"),
    (r"/v1/instance", "which instance the key belongs to"),
    (r"/v1/domains", "where the instance has its pages"),
    (r"/v1/environment", "which providers are enabled"),
    (r"/v1/sign_in_tokens", "a ticket that signs the user in, once"),
    (r"/v1/sign_in_tokens/[^/]+/revoke", "that the ticket is worth nothing any more"),
    (r"/v1/client/sign_ins", "a session, for the ticket"),
    (r"/v1/me/external_accounts", "an address where the user consents"),
    (r"/v1/me/external_accounts/[^/]+/reauthorize", "an address where the user consents to more"),
    (r"/v1/client/sessions/[^/]+/end", "that the session ends"),
    (r"/v1/users/[^/]+/external_accounts/[^/]+", "that the account is disconnected"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One request on the way: `kind` says whom it asks, `number` which of the trace it is.

    `given` are the tokens that Clerk gave; `token` is the mark of the one that was sent. `page` counts an account's
    pages, `rows` what came of this one; `reason` says why a token was fetched anew, `before` has the marks of those
    that were given before.
    """

    number: int
    kind: Kind
    user_id: str
    account: str
    service: str
    resource: str
    method: str
    host: str
    path: str
    status: int
    seconds: float
    waited: float
    token: str
    given: tuple[Given, ...] = ()
    page: int | None = None
    rows: int | None = None
    then: str = ""
    why: str = ""
    reason: str = ""
    before: tuple[str, ...] = ()

    @property
    def asked(self) -> str:
        """What was asked, in words."""
        if self.kind in ("token", "renewal"):
            found = _TOKENS.search(self.path)
            what = f"the token for {found[1] if found else 'a provider'}"
            again = f", again: {self.reason}" if self.reason else ", once more" if self.before else ""
            return f"{what}{again}"
        if self.kind == "clerk":
            return next((told for path, told in _FOR if re.fullmatch(path, self.path)), f"{self.method} {self.path}")
        return f"{self.method} {self.path}{f' with [token {self.token}]' if self.token else ''}"

    @property
    def answered(self) -> str:
        """What came, in words."""
        head = f"{self.status or 'no answer'}, {self.seconds * 1000:.0f} ms"
        told = [_given(one, same=one.token in self.before) for one in self.given[:2]]
        if len(self.given) > 2:
            told.append(f"and {len(self.given) - 2} more")
        if self.rows is not None:
            what = "user" if self.kind == "clerk" else "row"
            told.append(f"{f'page {self.page}, ' if self.page else ''}{_many(self.rows, what)}")
        if self.then in ("retry", "refetch", "fail", "follow"):
            told.append(_THEN[self.then] + (f" ({_short(self.why)})" if self.why else ""))
        return f"{head}: {'; '.join(told)}" if told else head


_THEN = {
    "retry": "to be tried again",
    "refetch": "another token is needed",
    "fail": "that was the end",
    "follow": "it leads elsewhere",
}


def steps_of(sent: Iterable[Sent], first: int = 1) -> Iterator[Step]:
    """The steps of these requests; `first` is the number of the first."""
    last: dict[tuple[str, str], Sent] = {}  # the last request for a token of a user and provider
    refused: dict[str, Sent] = {}  # the requests whose token was refused, by its mark
    pages: dict[tuple[str, str, str], int] = {}
    for number, one in enumerate(sent, first):
        asks = _TOKENS.search(one.path) if one.provider == "clerk" else None
        kind: Kind = "provider"
        reason, page, before = "", None, None
        if asks:
            whose = (one.user_id, asks[1])
            before = last.get(whose)
            reason = _reason(one, before, refused)
            kind = "renewal" if reason else "token"
            last[whose] = one
        elif one.provider in ("clerk", "clerk_frontend"):
            kind = "clerk"
        else:
            if one.then == "refetch":
                refused[one.token] = one
            if one.rows is not None:
                key = (one.user_id, one.account, one.resource)
                pages[key] = page = pages.get(key, 0) + 1
        yield Step(
            number=number,
            kind=kind,
            user_id=one.user_id,
            account=one.account,
            service="Clerk" if kind != "provider" else one.title or one.provider,
            resource=one.resource,
            method=one.method,
            host=one.host,
            path=one.path,
            status=one.status,
            seconds=one.seconds,
            waited=one.waited,
            token=one.token,
            given=one.given,
            page=page,
            rows=one.rows,
            then=one.then,
            why=one.why,
            reason=reason,
            before=tuple(each.token for each in before.given) if before else (),
        )


def _reason(now: Sent, before: Sent | None, refused: Mapping[str, Sent]) -> str:
    """Why a token had to be fetched anew; nothing where it was not there yet, or somebody just asked once more."""
    if before is None:
        return ""
    if before.then != "goon":
        return "the answer before was of no use"
    for one in before.given:
        if one.token in refused:
            by = refused[one.token]
            return f"{by.title or by.provider} refused [token {one.token}]"
    ends = [one.expires_at for one in before.given if one.expires_at is not None]
    expiring = bool(ends) and min(ends) - now.at < _SOON < now.at - before.at  # as clerk/tokens.py has it
    return "the one before was about to expire" if expiring else ""


def _given(one: Given, *, same: bool) -> str:
    told = [f"{'the same ' if same else ''}[token {one.token}]{f' of {one.account}' if one.account else ''}"]
    if one.expires_at is not None:
        told.append(f"until {datetime.fromtimestamp(one.expires_at, UTC):%Y-%m-%d %H:%M} UTC")
    if one.scopes:
        short = [scope.removeprefix(_LEAD) for scope in one.scopes]
        told.append(f"may {', '.join(short[:3])}{f' and {len(short) - 3} more' if len(short) > 3 else ''}")
    return ", ".join(told)


def _short(why: str) -> str:
    return why if len(why) <= _LONG else f"{why[: _LONG - 1]}…"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
