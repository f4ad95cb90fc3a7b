"""Clerk's Frontend API: what the instance offers, and what a user who is signed in does about their own accounts.

https://clerk.com/docs/reference/frontend-api. A browser is told by its cookie `__client`; a program by
`_is_native=1` and the client token in Authorization, of which each answer brings a newer one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from socialconnect.sandbox import dice
from socialconnect.sandbox.answers import Answer, Call, answer
from socialconnect.sandbox.clerk_desk import ALLOWED, deleted, missing
from socialconnect.sandbox.frontend_bodies import client_body, own_account, own_user, session_body, sign_in_body
from socialconnect.sandbox.frontend_environment import HOST, PORTAL, account_portal, environment
from socialconnect.sandbox.limits import Window
from socialconnect.sandbox.refusals import Refused, failure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from socialconnect.sandbox.instance import Instance
    from socialconnect.sandbox.sessions import Client, Session

__all__ = ["HOST", "PORTAL", "Frontend"]

_USER = f"https://{PORTAL}/user"


@dataclass(slots=True)
class _Visit:
    """One call by a program or a browser, and the client that it shows itself as."""

    call: Call
    native: bool
    client: Client | None

    def fields(self, name: str) -> list[str]:
        """All values of a field of the form."""
        return [value for key, value in self.call.form() if key in (name, f"{name}[]")]

    def field(self, name: str) -> str:
        """The last value of a field, which must be there."""
        values = self.fields(name)
        if not values or not values[-1]:
            raise missing(name)
        return values[-1]


class Frontend:
    """Answers for the Frontend API's host."""

    def __init__(self, instance: Instance, *, limits: bool) -> None:
        self._instance = instance
        self._tokens = instance.tokens
        self._window = Window(5, 10.0) if limits else None
        self._count = 0

    def __call__(self, call: Call) -> Answer:
        """The answer to one call."""
        self._count += 1
        trace = dice.digest(self._instance.world.seed, "frontend", self._count, size=16).hex()
        override = call.param("_method").upper()
        if call.method == "POST" and override:
            call = replace(call, method=override)
        visit = _Visit(call, call.param("_is_native").lower() in ("1", "true"), None)
        try:
            self._enter(visit)
            found = self._public(visit)
        except Refused as refusal:
            found = failure(refusal, trace)
        if visit.native and visit.client is not None:
            found = found.with_headers(authorization=self._instance.sessions.renew(visit.client))
        return found.with_headers(x_clerk_trace_id=trace, cf_ray=f"{trace[:16]}-AMS", server="cloudflare")

    def _enter(self, visit: _Visit) -> None:
        """Find out who calls; a Refused where nobody may call like that."""
        call = visit.call
        sent = call.headers.get("authorization", "")
        if sent and call.headers.get("origin"):
            raise Refused(
                400,
                "origin_authorization_headers_conflict",
                "For security purposes, only one of the 'Origin' and 'Authorization' headers should be provided, "
                "but not both.",
                message="Setting both the 'Origin' and 'Authorization' headers is forbidden",
            )
        if visit.native and self._instance.faults.strikes("native_disabled"):
            raise Refused(
                400,
                "native_api_disabled",
                "The Native API is disabled for this instance. Go to the Native applications page in the Clerk "
                "Dashboard to enable it.",
                message="The Native API is disabled for this instance.",
            )
        token = (call.bearer or sent.strip()) if visit.native else call.cookies.get("__client", "")
        visit.client = self._instance.sessions.find(token) if token else None

    def _public(self, visit: _Visit) -> Answer:
        """What anybody may ask."""
        faults = self._instance.faults
        match visit.call.method, visit.call.path:
            case "GET", "/v1/environment":
                native, second = not faults.stands("native_disabled"), faults.stands("second_factor")
                return answer(200, environment(self._instance.world, native=native, second_factor=second))
            case "GET", "/v1/account_portal":
                return answer(200, account_portal(enabled=not faults.stands("portal_disabled")))
            case "POST", "/v1/dev_browser":
                return answer(200, {"id": self._browser(), "home_origin": None})
            case "GET", "/v1/oauth_callback":
                return self._callback(visit.call)
            case "POST", "/v1/client/sign_ins":
                return self._sign_in(visit)
            case "GET", "/v1/client":
                client = visit.client
                shown = None if client is None else client_body(self._tokens, client, visit.call.now)
                return answer(200, {"response": shown, "client": None})
        return self._own(visit, visit.call.path.strip("/").split("/"))

    def _own(self, visit: _Visit, parts: Sequence[str]) -> Answer:
        """What is for who is signed in."""
        call, tokens = visit.call, self._tokens
        match call.method, parts:
            case "GET", ["v1", "me"]:
                return self._wrapped(visit, own_user(tokens, self._session(visit).user, call.now))
            case "POST", ["v1", "me", "external_accounts"]:
                return self._create(visit)
            case "PATCH", ["v1", "me", "external_accounts", eac, "reauthorize"]:
                return self._reauthorize(visit, eac)
            case "DELETE", ["v1", "me", "external_accounts", eac]:
                session = self._fresh(visit)
                self._instance.linked.disconnect(session.user, eac)
                return self._wrapped(visit, deleted(eac))
            case "POST", ["v1", "client", "sessions", session_id, "end"]:
                if visit.client is None:
                    raise _signed_out()
                ended = self._instance.sessions.end(visit.client, session_id, call.now)
                return self._wrapped(visit, session_body(tokens, ended, call.now))
        raise Refused(404, "resource_not_found", "The URL was not found.")

    def _sign_in(self, visit: _Visit) -> Answer:
        call, instance = visit.call, self._instance
        wait = self._window.wait("address", call.now) if self._window else 0
        if wait:
            refusal = Refused(429, "too_many_requests", "Too many requests. Please try again in a bit.")
            return failure(refusal).with_headers(retry_after=str(wait))
        strategy = visit.field("strategy")
        if strategy != "ticket":
            raise _wrong("strategy", strategy)
        token = visit.field("ticket")
        if visit.client is not None and visit.client.active is not None:
            raise Refused(400, "session_exists", "You're already signed in.", message="Session already exists")
        ticket = instance.tickets.redeem(token, call.now)
        if visit.client is None:
            visit.client = instance.sessions.open(call.now, native=visit.native)
        waiting = instance.faults.strikes("second_factor")
        session = None if waiting else instance.sessions.sign_in(visit.client, ticket.user, call.now)
        told = sign_in_body(self._tokens, ticket, session, call.now)
        visit.client.attempt = told if waiting else None
        found = self._wrapped(visit, told)
        if visit.native:
            return found
        return found.with_headers(set_cookie=f"__client={visit.client.token}; Path=/; HttpOnly; SameSite=Lax")

    def _create(self, visit: _Visit) -> Answer:
        session = self._fresh(visit)
        strategy = visit.field("strategy")
        offered = next((one for one in self._instance.world.providers.values() if one.wire == strategy), None)
        if offered is None:
            raise Refused(400, "oauth_provider_not_enabled", f"The OAuth provider {strategy} is not enabled.")
        return self._consent(visit, session, offered.name, None)

    def _reauthorize(self, visit: _Visit, eac: str) -> Answer:
        session = self._fresh(visit)
        account = next((one for one in self._instance.world.accounts(session.user) if one.eac == eac), None)
        if account is None:
            raise Refused(404, "external_account_not_found", f"No external account was found with id {eac}.")
        return self._consent(visit, session, account.provider, eac)

    def _consent(self, visit: _Visit, session: Session, provider: str, eac: str | None) -> Answer:
        """Begin an attempt to connect, and say where its owner consents."""
        now = visit.call.now
        address = self._address(visit, visit.field("redirect_url"))
        scopes = [scope for value in visit.fields("additional_scope") for scope in value.split()]
        prompt = (visit.fields("oidc_prompt") or [""])[-1]
        consent = self._instance.consents.begin(session.user, provider, scopes, eac, address, now=now, prompt=prompt)
        account = self._instance.world.find_account(consent.eac)
        if account is None:
            raise Refused(404, "external_account_not_found", "The external account was removed meanwhile.")
        return self._wrapped(visit, own_account(self._tokens, account, now, consent.link))

    def _address(self, visit: _Visit, url: str) -> str:
        """Where a browser goes after consent: for programs one that the instance allows, however it is reached."""
        parts = urlsplit(url)
        if parts.hostname in ("127.0.0.1", "localhost"):  # the sandbox's own pages, as a server of it is reached
            host, _, rest = parts.path.lstrip("/").partition("/")
            whole = f"https://{host}/{rest}"
        else:
            whole = url
        refused = self._instance.faults.strikes("redirect_refused")
        if visit.native and (refused or whole.partition("?")[0] not in ALLOWED):
            raise Refused(
                400,
                "resource_missmatch",
                f"The current redirect url passed in the sign in or sign up request does not match an authorized "
                f"redirect URI for this instance. Review authorized redirect urls for your instance. {url}",
                message="Redirect url mismatch",
            )
        return url

    def _callback(self, call: Call) -> Answer:
        """Where a browser comes back to from a provider: what was decided there, and on to where it all began."""
        consents = self._instance.consents
        state = call.param("state")
        consent = consents.find(state)
        if consent is None or (not consent.outcome and not call.param("error")):
            raise Refused(400, "authorization_invalid", "The state of this callback is unknown, or nobody has decided.")
        if not consent.outcome:
            if call.param("error") == "access_denied":
                consents.decline(state, now=call.now)
            else:
                consents.fail(state, "oauth_token_exchange_error", now=call.now)
        return Answer(303, b"", {"location": call.reach(consent.redirect_url or _USER), "cache-control": "no-store"})

    def _session(self, visit: _Visit) -> Session:
        """The session that a call is made in."""
        wanted = visit.call.param("_clerk_session_id")
        session = visit.client.active if visit.client else None
        if session is None or wanted not in ("", session.id):
            raise _signed_out()
        return session

    def _fresh(self, visit: _Visit) -> Session:
        session = self._session(visit)
        if self._instance.faults.strikes("reverification") or session.stale(visit.call.now):
            raise Refused(
                403,
                "session_reverification_required",
                "You need to provide additional verification to perform this operation",
                message="Reverification required",
            )
        return session

    def _wrapped(self, visit: _Visit, response: dict[str, object]) -> Answer:
        client = visit.client
        shown = None if client is None else client_body(self._tokens, client, visit.call.now)
        return answer(200, {"response": response, "client": shown})

    def _browser(self) -> str:
        token = f"sandbox-browser-{dice.digest(self._instance.world.seed, 'browser', self._count, size=16).hex()}"
        self._tokens.handed.add(token)
        return token


def _signed_out() -> Refused:
    return Refused(401, "authentication_invalid", "Unable to authenticate the request, you need to sign in first.")


def _wrong(name: str, value: str) -> Refused:
    return Refused(
        422,
        "form_param_value_invalid",
        f"{value} does not match one of the allowed values for parameter {name}",
        message="is invalid",
        meta={"param_name": name},
    )
