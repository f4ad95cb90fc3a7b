"""Clerk's Frontend API: what the instance offers, and a user's own session, as a native application has it.

https://clerk.com/docs/reference/frontend-api. It is made for Clerk's own libraries: every answer that it can give a
program is met here by an error that names the switch in the Dashboard.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from socialconnect.clerk.models import Social
from socialconnect.clerk.strategy import provider_of
from socialconnect.errors import (
    AccessDenied,
    MalformedResponse,
    NotConnected,
    SetupError,
    SocialConnectError,
    UsageError,
)
from socialconnect.http.send import Caller, Observer, Sender, Wire
from socialconnect.reading.decide import Manners
from socialconnect.reading.declare import Connector
from socialconnect.reading.messages import Request, Response
from socialconnect.reading.paths import Json, look
from socialconnect.secret import Secret, bare

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MANNERS = Manners(
    message="errors[0].long_message|errors[0].message", codes="errors[].code", trace="body:clerk_trace_id|cf-ray"
)
_FORM = {"content-type": "application/x-www-form-urlencoded"}
_NATIVE = "Switch it on in the Dashboard under Native applications, or use the hosted page: flow='portal'."
_PAGE = "Use the hosted page instead, where the user does it: flow='portal'."
_SIGNED_IN = "The user has to sign in in person: use the hosted page, flow='portal'."
_REDIRECT = (
    "Allow it in the Dashboard (Native applications, allowlist for redirects), or set redirect_url to one that is."
)
_APP = "Check the provider's client id, secret and redirect address in the Dashboard under SSO connections."

_Wrong = type[SetupError] | type[AccessDenied] | type[NotConnected] | type[UsageError]
_MET: dict[str, tuple[_Wrong, str, str]] = {
    # https://clerk.com/docs/guides/development/errors/frontend-api
    "native_api_disabled": (SetupError, "The Native API of this Clerk instance is off", _NATIVE),
    "resource_missmatch": (SetupError, "This Clerk instance does not allow the redirect address", _REDIRECT),
    "redirect_url_domain_mismatch": (SetupError, "This Clerk instance does not allow the redirect address", _REDIRECT),
    "session_reverification_required": (AccessDenied, "Clerk wants the user to prove again who they are", _SIGNED_IN),
    "oauth_account_already_connected": (
        UsageError,
        "The user has another account of this provider already",
        "Name it, account='eac_…', or have it removed first: client.disconnect(…).",
    ),
    "oauth_identification_claimed": (
        NotConnected,
        "That account belongs to another user of the application",
        "Sign in at the provider with another account, or disconnect it from the other user first.",
    ),
    "oauth_shared_credentials_not_supported": (
        SetupError,
        "This provider has no shared credentials for development",
        "Enter your own in the Dashboard under SSO connections.",
    ),
    "oauth_config_missing": (SetupError, "The provider is enabled without credentials", _APP),
    "misconfigured_oauth_provider": (SetupError, "The provider's app is not configured as Clerk needs it", _APP),
    "redirect_uri_mismatch": (SetupError, "The provider's app does not allow Clerk's redirect address", _APP),
    "sign_in_token_already_used_code": (NotConnected, "The ticket was used already", "Call connect again."),
    "sign_in_token_revoked_code": (NotConnected, "The ticket was revoked", "Call connect again."),
    "sign_in_token_cannot_be_used_code": (NotConnected, "The ticket cannot be used", "Call connect again."),
    "ticket_expired_code": (NotConnected, "The ticket has expired", "Call connect again."),
    "ticket_invalid_code": (NotConnected, "Clerk does not know the ticket", "Call connect again."),
}
_EXPIRED = "The provider's consent page lives for minutes: connect again, and open the link at once."
_STEPS = {
    "needs_second_factor": "a second factor",
    "needs_client_trust": "to confirm this new device",
    "needs_protect_check": "a check against bots",
    "needs_new_password": "a new password",
}


@dataclass(frozen=True)
class Environment:
    """What an instance offers. `native` says whether programs may act as a user, `kind` is its environment type."""

    application: str = ""
    kind: str = ""
    native: bool = False
    user_page: str = ""
    sign_in_page: str = ""
    providers: Mapping[str, Social] = field(default_factory=dict)

    @property
    def enabled(self) -> dict[str, str]:
        """The providers that are offered, by bare name, with their titles."""
        return {name: one.name or name for name, one in self.providers.items() if one.enabled}


class Session:
    """A user's session with one client token, which every answer may replace."""

    scopes: tuple[str, ...] | None = None

    def __init__(self, user_id: str) -> None:
        self.user_id = user_id
        self.id = ""
        self._token: Secret | None = None

    async def get(self) -> Secret | None:
        """The client token; None before the session has begun."""
        return self._token

    async def renew(self, refused: Secret) -> Secret:
        """There is no other: the session is over."""
        del refused
        raise NotConnected("Clerk has ended the user's session.", cure="Call connect again.", user_id=self.user_id)

    def take(self, answer: Response) -> None:
        """Keep the newest client token."""
        newest = answer.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if newest:
            self._token = Secret(newest)


@dataclass(frozen=True)
class Consent:
    """An account that waits for its owner's consent, at an address that is for its owner alone."""

    account: str
    url: Secret


class Frontend:
    """The Frontend API of one instance; `portal` is where its hosted pages are."""

    def __init__(self, url: str, portal: str, wire: Wire) -> None:
        self.portal = portal.rstrip("/")
        self._connector = Connector(
            "clerk_frontend", url.rstrip("/"), (), title="Clerk's Frontend API", manners=_MANNERS
        )
        self._sender = Sender(self._connector, wire)

    async def environment(self, observe: Observer) -> Environment:
        """What the instance offers, which anybody may ask.

        https://clerk.com/docs/reference/frontend-api/tag/environment/get/v1/environment
        """
        answer = await self._send("GET", "/v1/environment", Session(""), observe, native=False)
        told = answer.json()
        social = look(told, "user_settings.social")
        listed = social if isinstance(social, dict) else {}
        return Environment(
            application=_text(told, "display_config.application_name"),
            kind=_text(told, "display_config.instance_environment_type"),
            native=look(told, "auth_config.native_settings.api_enabled") is True,
            user_page=_text(told, "display_config.user_profile_url"),
            sign_in_page=_text(told, "display_config.sign_in_url"),
            providers={
                provider_of(strategy): Social.model_validate(entry)
                for strategy, entry in listed.items()
                if isinstance(entry, dict)
            },
        )

    async def hosted(self, observe: Observer) -> bool:
        """Whether the hosted pages can be used; where Clerk does not say, they are taken to be.

        https://clerk.com/docs/reference/frontend-api/tag/account-portal/get/v1/account_portal
        """
        try:
            told = (await self._send("GET", "/v1/account_portal", Session(""), observe, native=False)).json()
        except SocialConnectError:
            return True
        return False not in (look(told, "enabled"), look(told, "allowed"))

    async def sign_in(self, user_id: str, ticket: Secret, observe: Observer) -> Session:
        """A session of the user's, for a ticket; an AccessDenied where Clerk wants more than that of them.

        https://clerk.com/docs/reference/frontend-api/tag/sign-ins/post/v1/client/sign_ins
        """
        session = Session(user_id)
        form: list[tuple[str, str | Secret]] = [("strategy", "ticket"), ("ticket", ticket)]
        told = (await self._send("POST", "/v1/client/sign_ins", session, observe, form)).json()
        status = _text(told, "response.status")
        session.id = _text(told, "response.created_session_id")
        if status != "complete" or not session.id:
            wanted = _STEPS.get(status, f"something that the ticket does not give ({status or 'no status'})")
            raise AccessDenied(f"Clerk wants {wanted} of {user_id} before it signs them in.", cure=_SIGNED_IN)
        return session

    async def create(
        self, session: Session, strategy: str, scopes: Sequence[str], redirect_url: str, prompt: str, observe: Observer
    ) -> Consent:
        """A new external account, once its owner has consented.

        https://clerk.com/docs/reference/frontend-api/tag/external-accounts/post/v1/me/external_accounts
        """
        form = [("strategy", strategy), *_wishes(scopes, redirect_url, prompt)]
        return _consent(await self._send("POST", "/v1/me/external_accounts", session, observe, form))

    async def reauthorize(
        self, session: Session, account: str, scopes: Sequence[str], redirect_url: str, prompt: str, observe: Observer
    ) -> Consent:
        """Consent anew for an account that is there, to more scopes or for a token that is dead.

        https://clerk.com/docs/reference/frontend-api/tag/external-accounts/patch/v1/me/external_accounts/{external_account_id}/reauthorize
        """
        path = f"/v1/me/external_accounts/{quote(account, safe='')}/reauthorize"
        return _consent(await self._send("PATCH", path, session, observe, _wishes(scopes, redirect_url, prompt)))

    async def end(self, session: Session, observe: Observer) -> None:
        """End the session, so that none is left in the list of the user's devices.

        https://clerk.com/docs/reference/frontend-api/tag/sessions/post/v1/client/sessions/{session_id}/end
        """
        if session.id:
            await self._send("POST", f"/v1/client/sessions/{quote(session.id, safe='')}/end", session, observe)

    async def _send(
        self,
        method: str,
        path: str,
        session: Session,
        observe: Observer,
        form: Sequence[tuple[str, str | Secret]] = (),
        *,
        native: bool = True,
    ) -> Response:
        query = {"_is_native": "1"} if native else {}
        if native and path.startswith("/v1/me"):
            query["_clerk_session_id"] = session.id
        url = f"{self._connector.origin}{path}{f'?{urlencode(query)}' if query else ''}"
        caller = Caller(session, user_id=session.user_id, path=_template(path))
        try:
            answer = await self._sender.send(
                Request(method, url, _FORM if form else {}, _encoded(form)), caller, observe
            )
        except SocialConnectError as error:
            raise _met(bare(error)) from None  # its frames hold the body, and that a ticket
        response = answer if answer is not None else Response(204)
        session.take(response)
        return response


def _wishes(scopes: Sequence[str], redirect_url: str, prompt: str) -> list[tuple[str, str]]:
    """What goes with a consent; each scope in a field of its own, as Clerk's libraries send them."""
    prompted = [("oidc_prompt", prompt)] if prompt else []
    return [("redirect_url", redirect_url), *(("additional_scope", scope) for scope in scopes), *prompted]


def _encoded(form: Sequence[tuple[str, str | Secret]]) -> bytes | None:
    """The body as it is sent; the frames of an error must not hold it."""
    told = [(name, value.reveal() if isinstance(value, Secret) else value) for name, value in form]
    return urlencode(told).encode() if form else None


def mends(code: str) -> str:
    """What mends an attempt that Clerk lists as failed with that code; "" where that is not known."""
    return _EXPIRED if code == "expired" else _MET[code][2] if code in _MET else ""


def _consent(answer: Response) -> Consent:
    told = answer.json()
    account, url = _text(told, "response.id"), _text(told, "response.verification.external_verification_redirect_url")
    if not account or not url.startswith(("https://", "http://")):
        raise MalformedResponse("Clerk gave no address where the user could consent.", cure="Try again.")
    return Consent(account, Secret(url))


def _text(told: Json, path: str) -> str:
    found = look(told, path)
    return found if isinstance(found, str) else ""


def _template(path: str) -> str:
    """The path without ids, for the trace."""
    return "/".join("{id}" if part.startswith(("eac_", "sess_")) else part for part in path.split("/"))


def _met(error: SocialConnectError) -> SocialConnectError:
    """Clerk's codes as errors that name the switch; what is not known stays as it is."""
    listed = error.context.get("codes")
    code = next((one for one in map(str, listed) if one in _MET), "") if isinstance(listed, list | tuple) else ""
    if not code:
        return error
    kind, message, cure = _MET[code]
    return kind(f"{message} ({code}).", cure=cure, status=error.status, trace_id=error.trace_id, code=code)
