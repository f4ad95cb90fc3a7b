"""Google's hosts: userinfo in its two dialects, people, calendars, files and mail, one by one or in bundles.

A healthy account granted the scopes to read all of it, some also those of its birthday, phones and work. A narrow
account granted `openid`, now and then the e-mail scope, and the headers of its mail; an underscoped one something else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from email import message_from_bytes
from typing import TYPE_CHECKING

from socialconnect.sandbox import dice
from socialconnect.sandbox import google_mail as mail
from socialconnect.sandbox import google_office as office
from socialconnect.sandbox import google_people as people
from socialconnect.sandbox.answers import Answer, Call, answer
from socialconnect.sandbox.google_answers import (
    AUTH,
    Wrong,
    failure,
    insufficient,
    invalid,
    throttled,
    throttled_page,
    unauthenticated,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from socialconnect.sandbox.tokens import Tokens
    from socialconnect.sandbox.world import Account, World

HOST = "www.googleapis.com"
OPENID = "openidconnect.googleapis.com"
PEOPLE = "people.googleapis.com"
GMAIL = "gmail.googleapis.com"
HOSTS = (HOST, OPENID, PEOPLE, GMAIL)
_V2 = r"/oauth2/v[12]/userinfo|/userinfo/v2/me"
_OIDC = r"/oauth2/v3/userinfo|/v1/userinfo"
_BATCH = ("/batch", "/batch/gmail/v1")
_MOST_PARTS = 100
_NEEDED = ("openid", f"{AUTH}userinfo.email", f"{AUTH}userinfo.profile", "email", "profile")

__all__ = ["HOSTS", "Google", "failure", "throttled"]


@dataclass(frozen=True, slots=True)
class Asked:
    """One call, whose token and scopes are known."""

    world: World
    account: Account
    call: Call
    situation: str
    granted: set[str]

    @property
    def last(self) -> str:
        """The last part of the path."""
        return self.call.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Route:
    """One address, the scopes of which any is enough, and who answers."""

    host: str
    path: str
    scopes: Sequence[str]
    serve: Callable[[Asked], Answer | dict[str, object]]


_ROUTES = (
    Route(HOST, _V2, _NEEDED, lambda one: profile(one.world, one.account, one.granted)),
    *(
        Route(host, _OIDC, _NEEDED, lambda one: _as_claims(profile(one.world, one.account, one.granted)))
        for host in (HOST, OPENID)
    ),
    Route(
        PEOPLE,
        r"/v1/people/me",
        (*people.PERSON_SCOPES, "email", "profile"),
        lambda one: people.me(one.world, one.account, one.call, one.granted),
    ),
    Route(
        PEOPLE,
        r"/v1/people/me/connections",
        people.CONTACT_SCOPES,
        lambda one: people.connections(one.world, one.account, one.call, one.situation),
    ),
    Route(
        HOST,
        r"/calendar/v3/users/me/calendarList",
        office.CALENDAR_SCOPES,
        lambda one: office.calendars(one.world, one.account, one.call, one.situation),
    ),
    Route(
        HOST,
        r"/calendar/v3/calendars/[^/]+/events",
        office.EVENT_SCOPES,
        lambda one: office.events(one.world, one.account, one.call, one.situation),
    ),
    Route(
        HOST,
        r"/drive/v3/files",
        office.DRIVE_SCOPES,
        lambda one: office.files(one.world, one.account, one.call, one.situation),
    ),
    Route(
        GMAIL,
        r"/gmail/v1/users/me/labels",
        mail.LABEL_SCOPES,
        lambda one: mail.labels(one.world, one.account, one.situation),
    ),
    Route(
        GMAIL,
        r"/gmail/v1/users/me/labels/[^/]+",
        mail.LABEL_SCOPES,
        lambda one: mail.label(one.world, one.account, one.situation, one.last),
    ),
    Route(
        GMAIL,
        r"/gmail/v1/users/me/messages",
        mail.MAIL_SCOPES,
        lambda one: mail.messages(one.world, one.account, one.call, one.situation, one.granted),
    ),
    Route(
        GMAIL,
        r"/gmail/v1/users/me/messages/[^/]+",
        mail.MAIL_SCOPES,
        lambda one: mail.message(one.world, one.account, one.call, one.situation, one.last),
    ),
)


class Google:
    """Answers for Google's hosts."""

    def __init__(self, tokens: Tokens) -> None:
        self._world = tokens.world
        self._tokens = tokens

    def __call__(self, call: Call) -> Answer:
        """What the token's account is shown."""
        if _bundles(call):
            return self._bundle(call)
        route = _route(call)
        if route is None or call.method != "GET":
            return failure(404, "notFound", "Requested entity was not found.")
        account = self._tokens.holder(call.bearer, "google", call.now)
        if account is None:
            return unauthenticated(sent=bool(call.bearer), oidc=route.path == _OIDC)
        granted = set(self._tokens.scopes(account))
        if not granted & set(route.scopes):
            return insufficient([scope for scope in route.scopes if scope not in ("email", "profile")])
        try:
            found = route.serve(Asked(self._world, account, call, self._tokens.situation(account), granted))
        except Wrong as wrong:
            return wrong.answer
        return found if isinstance(found, Answer) else answer(200, found)

    def knows(self, call: Call) -> bool:
        """Whether the path is one of those written here."""
        return _bundles(call) or _route(call) is not None

    def _bundle(self, call: Call) -> Answer:
        """Each part's own answer: the outer call's headers hold for all, and faults befall them one by one."""
        kind = call.headers.get("content-type", "")
        message = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + call.body)
        parts = [part for part in message.walk() if part is not message] if kind.startswith("multipart/mixed") else []
        if not 0 < len(parts) <= _MOST_PARTS:
            return invalid("Failed to parse batch request.", "parseError").answer
        boundary = f"batch_{dice.digest(call.body, call.bearer).hex()}"
        written = []
        for part in parts:
            content = part.get_payload(decode=True)
            name = str(part.get("Content-ID", "<>")).replace("<", "<response-", 1)
            inner = self._part(call, content if isinstance(content, bytes) else b"")
            written.append(
                f"--{boundary}\r\nContent-Type: application/http\r\nContent-ID: {name}\r\n\r\n".encode() + _wire(inner)
            )
        body = b"".join(written) + f"--{boundary}--\r\n".encode()
        return Answer(200, body, {"content-type": f"multipart/mixed; boundary={boundary}"})

    def _part(self, call: Call, content: bytes) -> Answer:
        match = re.match(r"\s*([A-Z]+) (/[^\s?]*)\??(\S*)", content.decode("latin-1"))
        if match is None:
            return invalid("Failed to parse batch request part.", "parseError").answer
        struck = self._tokens.faults.on_request("google")
        if "throttled" in struck:
            return throttled_page() if len(content) % 2 else throttled(1)
        if "throttled_silently" in struck:
            return throttled(None)
        if "server_error" in struck:
            return failure(503, "backendError", "The service is currently unavailable.")
        return self(replace(call, method=match[1], path=match[2], query=match[3], body=b"", faults=frozenset()))


def _bundles(call: Call) -> bool:
    return call.host == GMAIL and call.method == "POST" and call.path in _BATCH


def _route(call: Call) -> Route | None:
    return next((one for one in _ROUTES if one.host == call.host and re.fullmatch(one.path, call.path)), None)


def _wire(found: Answer) -> bytes:
    headers = "".join(f"{name.title()}: {value}\r\n" for name, value in found.headers.items())
    return f"HTTP/1.1 {found.status} -\r\n{headers}\r\n".encode() + found.body + b"\r\n"


def profile(world: World, account: Account, scopes: set[str]) -> dict[str, object]:
    """What the second version of userinfo says, as far as the scopes allow."""
    person = world.person(account.user)
    chance = dice.number(world.seed, "google", account.number)
    found: dict[str, object] = {"id": account.provider_user_id}
    if scopes & {"email", f"{AUTH}userinfo.email"}:
        found |= {"email": account.email, "verified_email": chance % 20 != 3}
    if scopes & {"profile", f"{AUTH}userinfo.profile"}:
        found["name"] = person.name
        found |= {
            key: value
            for key, value in (("given_name", person.first_name), ("family_name", person.last_name))
            if value is not None
        }
        if chance % 11 == 0:
            found["locale"] = "de"
    found["picture"] = f"https://img.sandbox.example/{account.provider_user_id}"
    if chance % 4 == 0:
        found["hd"] = "example.com"
    return found


def _as_claims(found: dict[str, object]) -> dict[str, object]:
    names = {"id": "sub", "verified_email": "email_verified", "link": "profile"}
    return {names.get(key, key): value for key, value in found.items()}
