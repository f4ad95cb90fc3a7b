"""A local server that answers as Clerk and the providers did, from recorded exchanges."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, urlsplit

from tests.recorded.cassettes import answer

from socialconnect.connectors import Connectors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.recorded.cassettes import Exchange

ORIGINS = {"clerk": "https://api.clerk.com"} | {
    # a connector's own origin goes by its name, further ones by their hosts
    connector.name if origin == connector.origin else urlsplit(origin).netloc: origin
    for connector in Connectors().values()
    for origin in connector.origins
}
KEY = "sk_test_recorded"
_HOPS = {"transfer-encoding", "content-length", "connection", "date", "server"}


@dataclass(frozen=True)
class Seen:
    """One request that came in."""

    origin: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]

    @property
    def token(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")


@dataclass
class Route:
    """Answers to requests for a path with at least this query; the last one stays."""

    origin: str
    path: str
    query: dict[str, str]
    token: str | None
    answers: list[Exchange]

    def fits(self, seen: Seen) -> bool:
        same = (self.origin, self.path) == (seen.origin, seen.path) and self.token in (None, seen.token)
        return same and self.query.items() <= seen.query.items()

    @property
    def weight(self) -> tuple[bool, int]:
        return self.token is not None, len(self.query)

    def answer(self) -> Exchange:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@dataclass
class Account:
    """A connection as Clerk holds it; `tokens` are handed out one after another, the last one for good.

    `named` is whether the tokens say which account they belong to, which Clerk's did not do before 2024.
    """

    user: str
    provider: str
    tokens: list[str]
    scopes: list[str] = field(default_factory=list)
    named: bool = True

    @property
    def id(self) -> str:
        return f"eac_{self.user}_{self.provider}"

    def record(self) -> dict[str, object]:
        return {
            "object": "external_account",
            "id": self.id,
            "provider": f"oauth_{self.provider}",
            "provider_user_id": "1",
            "approved_scopes": " ".join(self.scopes),
            "verification": {"status": "verified", "strategy": f"oauth_{self.provider}"},
        }

    def token(self) -> dict[str, object]:
        return {
            "object": "oauth_access_token",
            **({"external_account_id": self.id} if self.named else {}),
            "provider_user_id": "1",
            "provider": f"oauth_{self.provider}",
            "token": self.tokens.pop(0) if len(self.tokens) > 1 else self.tokens[0],
            "expires_at": None,
            "label": None,
            "scopes": self.scopes,
            "public_metadata": {},
        }


class Stage:
    """What the server plays, and all that was asked of it.

    `wrapped` makes Clerk answer with `{"data": […], "total_count": n}`, as it does when `paginated` is sent.
    """

    def __init__(self) -> None:
        self.wrapped = False
        self.accounts: list[Account] = []
        self.routes: list[Route] = []
        self.seen: list[Seen] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        stage = self

        class Handler(_Handler):
            def reply(self, seen: Seen) -> Exchange:
                return stage.reply(seen)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def base_urls(self) -> dict[str, str]:
        """What makes a client come here instead of going to the services."""
        host, port = self._server.server_address[:2]
        return {origin: f"http://{host!s}:{port}/{name}" for name, origin in ORIGINS.items()}

    def connect(self, user: str, provider: str, *tokens: str, scopes: Iterable[str] = ()) -> Account:
        """A user who has connected a provider."""
        account = Account(user, provider, list(tokens) or [f"token-of-{user}-{provider}"], list(scopes))
        self.accounts.append(account)
        return account

    def serve(self, *answers: Exchange, url: str = "", token: str | None = None) -> None:
        """Answer requests for `url` (else the first exchange's own) with these, one after another."""
        parts = urlsplit(url or answers[0].url)
        origin = f"{parts.scheme}://{parts.netloc}"
        self.routes.append(Route(origin, parts.path, dict(parse_qsl(parts.query)), token, list(answers)))

    def asked(self, provider: str) -> list[Seen]:
        """The requests that a service has had."""
        return [seen for seen in self.seen if seen.origin == ORIGINS[provider]]

    def reply(self, seen: Seen) -> Exchange:
        with self._lock:
            self.seen.append(seen)
            if seen.origin == ORIGINS["clerk"]:
                return self._clerk(seen)
            fitting = sorted((route for route in self.routes if route.fits(seen)), key=lambda route: route.weight)
            return fitting[-1].answer() if fitting else answer(404, {"message": "no such recording"})

    def _clerk(self, seen: Seen) -> Exchange:
        if seen.token != KEY:
            return _clerk_error(401, "clerk_key_invalid")
        users = dict.fromkeys(account.user for account in self.accounts)
        match seen.path.strip("/").split("/"):
            case ["v1", "users"]:
                return answer(200, [self._user(user) for user in users])
            case ["v1", "users", "count"]:
                return answer(200, {"object": "total_count", "total_count": len(users)})
            case ["v1", "users", user] if user in users:
                return answer(200, self._user(user))
            case ["v1", "users", user, "oauth_access_tokens", strategy] if user in users:
                found = [each for each in self.accounts if (each.user, f"oauth_{each.provider}") == (user, strategy)]
                tokens = [account.token() for account in found]
                return answer(200, {"data": tokens, "total_count": len(tokens)} if self.wrapped else tokens)
        return _clerk_error(404, "resource_not_found")

    def _user(self, user: str) -> dict[str, object]:
        accounts = [account.record() for account in self.accounts if account.user == user]
        return {"object": "user", "id": user, "external_accounts": accounts, "created_at": 1718000000000}


def _clerk_error(status: int, code: str) -> Exchange:
    return answer(status, {"errors": [{"code": code, "message": code, "long_message": code}], "clerk_trace_id": "t1"})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 5
    wbufsize = -1  # head and body in one packet: apart, the second waits 40 ms for the first to be acknowledged

    def reply(self, seen: Seen) -> Exchange:
        raise NotImplementedError

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.do_GET()

    def do_GET(self) -> None:
        _, name, *rest = urlsplit(self.path).path.split("/")
        seen = Seen(
            ORIGINS.get(name, name),
            "/" + "/".join(rest),
            dict(parse_qsl(urlsplit(self.path).query)),
            {header.lower(): value for header, value in self.headers.items()},
        )
        found = self.reply(seen)
        self.send_response(found.status)
        for header, value in {"content-type": "application/json", **found.headers}.items():
            if header not in _HOPS:
                self.send_header(header, value)
        if found.status != 304:
            self.send_header("content-length", str(len(found.wire)))
        self.end_headers()
        self.wfile.write(found.wire)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
        del format, args


def page(exchange: Exchange) -> list[Any]:
    """The records of a recorded page."""
    found = json.loads(exchange.body)
    return list(found["results"] if isinstance(found, dict) else found)
