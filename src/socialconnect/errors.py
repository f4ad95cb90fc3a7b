"""Every error of this package, cut by what the caller should do next.

    SocialConnectError
    ├── UsageError            call it differently            (a ValueError; exit 2)
    │   ├── UnknownName       a provider, resource, column or parameter that does not exist
    │   └── EmptySelection    no user was chosen
    ├── SetupError            mend the configuration         (exit 3)
    │   ├── MissingKey        no Clerk secret key was found
    │   ├── InvalidKey        Clerk refused the key
    │   ├── ProviderNotEnabled  the instance does not offer this provider
    │   ├── MissingPackage    an extra is not installed
    │   ├── NotRecorded       the cassette that is played does not hold the request
    │   ├── TargetError       where an export goes cannot be written to
    │   ├── SchemaChanged     a column there is of another type by now
    │   └── DamagedState      what an export keeps of its progress cannot be read
    ├── AccountError          the account's owner must act   (exit 4)
    │   ├── UserNotFound      this instance has no such user
    │   ├── NotConnected      the user has not connected this provider
    │   ├── ReconnectNeeded   the token is dead and cannot be refreshed
    │   ├── MissingScope      the token may not do this
    │   ├── AccessDenied      the provider refuses this account
    │   └── NotFound          the provider has no such thing, or hides it
    ├── TryAgainLater         nothing is wrong but the moment (exit 5)
    │   ├── RateLimited       a limit asks for a longer wait than allowed
    │   ├── Unavailable       the service failed or could not be reached
    │   └── TargetBusy        another export is writing to the same place
    └── ProtocolError         the service answered what it should not (exit 6)
        ├── ForeignOrigin     a request would have left the provider's own hosts
        ├── MalformedResponse the body is not what the provider documents
        ├── PagingLoop        the pages do not end
        └── RequestRefused    the provider did not accept the request as it was sent

`code` and `exit_code` are stable: programs and scripts may rely on them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from socialconnect.clerk.attempt import Attempt

_KEYS = "https://dashboard.clerk.com/last-active?path=api-keys"
_CONNECTIONS = "https://clerk.com/docs/guides/configure/auth-strategies/social-connections/all"


class SocialConnectError(Exception):
    """The root: `message` says what happened, `cure` what to do, `link` where to read on; `code` is for programs."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1
    link: ClassVar[str] = ""

    def __init__(self, message: str, *, cure: str = "", **context: object) -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure
        self.context = {name: value for name, value in context.items() if value not in (None, "", ())}

    def __str__(self) -> str:
        return f"{self.message} {self.cure}".strip()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def _render_traceback_(self) -> list[str]:
        """What IPython asks for, and prints: the user's own lines, what happened and what to do."""
        from socialconnect.notebook import failure  # noqa: PLC0415 - only IPython asks

        return failure.lines(self)

    def _repr_html_(self) -> str:
        """What a cell shows that ends with it."""
        from socialconnect.notebook import failure  # noqa: PLC0415 - only a notebook asks

        return failure.html(self)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.message, self.cure, self.context)

    @property
    def user_id(self) -> str | None:
        """The Clerk user concerned, where there is one."""
        return self._text("user_id")

    @property
    def provider(self) -> str | None:
        """The provider concerned, where there is one."""
        return self._text("provider")

    @property
    def resource(self) -> str | None:
        """The resource that was read, as `provider.resource`."""
        return self._text("resource")

    @property
    def status(self) -> int | None:
        """The HTTP status of the answer that led here."""
        value = self.context.get("status")
        return value if isinstance(value, int) else None

    @property
    def trace_id(self) -> str | None:
        """The service's own id of the request: quote it to its support."""
        return self._text("trace_id")

    def _text(self, name: str) -> str | None:
        value = self.context.get(name)
        return value if isinstance(value, str) else None


def _rebuild(kind: type[SocialConnectError], message: str, cure: str, context: dict[str, object]) -> SocialConnectError:
    error = kind.__new__(kind)
    SocialConnectError.__init__(error, message, cure=cure, **context)
    return error


class UsageError(SocialConnectError, ValueError):
    """The call cannot be carried out as it is written."""

    code = "usage"
    exit_code = 2


class UnknownName(UsageError, AttributeError, KeyError):
    """A name that nothing has; the message suggests the nearest."""

    code = "unknown_name"


class EmptySelection(UsageError):
    """No user was chosen, so nothing would be read."""

    code = "empty_selection"


class SetupError(SocialConnectError):
    """The configuration of this machine, of Clerk or of the provider's app must change."""

    code = "setup"
    exit_code = 3


class MissingKey(SetupError):
    """No Clerk secret key was found anywhere it is looked for."""

    code = "missing_key"
    link = _KEYS


class InvalidKey(SetupError):
    """Clerk does not accept the secret key."""

    code = "invalid_key"
    link = _KEYS


class ProviderNotEnabled(SetupError):
    """The Clerk instance does not offer this provider."""

    code = "provider_not_enabled"
    link = _CONNECTIONS


class MissingPackage(SetupError, ImportError):
    """Something this call needs is an extra that is not installed."""

    code = "missing_package"


class NotRecorded(SetupError):
    """The cassette that is played does not hold this request."""

    code = "not_recorded"


class TargetError(SetupError):
    """Where an export goes cannot be reached or written to: what was there before is untouched."""

    code = "target"


class SchemaChanged(SetupError):
    """A column of the target has another type than the resource declares by now: nothing was written."""

    code = "schema_changed"


class DamagedState(SetupError):
    """What an export keeps of its own progress, beside the data, cannot be read: the data are untouched."""

    code = "damaged_state"


class AccountError(SocialConnectError):
    """One account cannot be read until its owner, or who looks after it, does something."""

    code = "account"
    exit_code = 4
    mended_by_connecting: ClassVar[bool] = False
    _way: Callable[..., object] | None = None

    def bind(self, connect: Callable[..., object], account: str | None = None) -> None:
        """Say which client's `connect` mends it, and for which external account; a client does that."""
        self._way = connect
        if account:
            self.context.setdefault("external_account_id", account)

    def connect(self, **how: object) -> Attempt:
        """Help the user to mend it: `client.connect` for this user and provider, with what this error lacks.

        Parameters: `how`, those of `client.connect`, in the place of what this error says. Returns an Attempt, which an
        AsyncClient's error gives to await. Raises a UsageError where no connection mends this, or where the error comes
        out of a pickle and has no client any more.

        >>> import socialconnect as sc
        >>> client = sc.sandbox(users=20)
        >>> run = client.read("google.contacts", on_error="ignore")
        >>> attempt = next(one for one in run.errors if isinstance(one, sc.NotConnected)).connect()
        >>> attempt.state
        'offered'
        >>> attempt.cancel()
        """
        if not self.mended_by_connecting:
            raise UsageError(f"Connecting does not mend this: {self.message}", cure=self.cure)
        if self._way is None or not self.user_id or not self.provider:
            raise UsageError("This error has no client any more.", cure="Call client.connect(user, provider).")
        # an AsyncClient's gives what is to be awaited for it
        return cast("Attempt", self._way(self.user_id, self.provider, **{**self._wanted(), **how}))

    def _wanted(self) -> dict[str, object]:
        account = self._text("external_account_id")
        return {"account": account} if account else {}


class UserNotFound(AccountError):
    """This Clerk instance has no such user."""

    code = "user_not_found"


class NotConnected(AccountError):
    """The user has not connected this provider, or never finished doing so."""

    code = "not_connected"
    link = _CONNECTIONS
    mended_by_connecting = True

    def _wanted(self) -> dict[str, object]:
        return {}  # whichever account the user has: there is none yet


class ReconnectNeeded(AccountError):
    """The stored token is dead and Clerk cannot refresh it."""

    code = "reconnect_needed"
    link = _CONNECTIONS
    mended_by_connecting = True

    def _wanted(self) -> dict[str, object]:
        return {**super()._wanted(), "again": True}


class MissingScope(AccountError):
    """The token lacks a permission: `required` (any one suffices) and `granted` say which."""

    code = "missing_scope"
    link = _CONNECTIONS
    mended_by_connecting = True

    def _wanted(self) -> dict[str, object]:
        scopes = _strings(self.context.get("wanted")) or _narrowest(self.required)
        # where Clerk names no scopes, it would say of the token that is there that it may do everything
        return {**super()._wanted(), "scopes": scopes, **({} if self.granted else {"again": True})}

    @property
    def required(self) -> tuple[str, ...]:
        """Scopes of which any one would suffice."""
        return _strings(self.context.get("required"))

    @property
    def granted(self) -> tuple[str, ...]:
        """Scopes that the token has, as far as is known."""
        return _strings(self.context.get("granted"))


class AccessDenied(AccountError):
    """The provider refuses this account or this object, whatever the scopes."""

    code = "access_denied"


class NotFound(AccountError):
    """The provider has no such thing, or does not show it to this account."""

    code = "not_found"


class TryAgainLater(SocialConnectError):
    """The same call may succeed later."""

    code = "try_again"
    exit_code = 5


class RateLimited(TryAgainLater):
    """A limit asks for a longer wait than `max_wait` allows: `until` says when to come back."""

    code = "rate_limited"

    @property
    def retry_after(self) -> float:
        """Seconds to wait, as they were when the error was raised."""
        value = self.context.get("retry_after")
        return float(value) if isinstance(value, int | float) else 0.0

    @property
    def until(self) -> datetime | None:
        """The moment (UTC) from which the call is worth repeating."""
        value = self.context.get("until")
        return datetime.fromtimestamp(value, UTC) if isinstance(value, int | float) else None


class Unavailable(TryAgainLater):
    """The service failed, was cut off or could not be reached, also after retries."""

    code = "unavailable"


class TargetBusy(TryAgainLater):
    """Another export is writing to the same target."""

    code = "target_busy"


class ProtocolError(SocialConnectError):
    """A service answered in a way that its documentation does not foresee."""

    code = "protocol"
    exit_code = 6


class ForeignOrigin(ProtocolError):
    """A link, redirect or setting would have taken a token to a host that is not its provider's."""

    code = "foreign_origin"


class MalformedResponse(ProtocolError):
    """The body cannot be read as what the provider documents."""

    code = "malformed_response"


class PagingLoop(ProtocolError):
    """The pages of a listing repeat, so that reading them would never end."""

    code = "paging_loop"


class RequestRefused(ProtocolError):
    """The provider did not accept the request as it was sent: a parameter, a path or a version."""

    code = "request_refused"


def first_of(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error of a group, and of the groups in it: where one ended all, the others only followed."""
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _narrowest(scopes: tuple[str, ...]) -> tuple[str, ...]:
    """One of those that would each suffice: the first that only reads, where providers list them by the alphabet."""
    reading = tuple(scope for scope in scopes if "read" in scope.lower())
    return (reading or scopes)[:1]


def _strings(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list | tuple) else ()
