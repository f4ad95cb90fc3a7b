"""What Clerk answers, lenient to what is new: an unknown field never breaks a read, a missing one is None.

https://clerk.com/docs/reference/backend-api
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeVar

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import from_json

from socialconnect.clerk.strategy import provider_of
from socialconnect.errors import MalformedResponse
from socialconnect.reading.account import RECORD
from socialconnect.secret import Secret, bare

if TYPE_CHECKING:
    from socialconnect.reading.paths import Json

Model = TypeVar("Model", bound=BaseModel)


def _scopes(value: object) -> object:
    return tuple(value.split()) if isinstance(value, str) else (value or ())


def _moment(value: object) -> object:
    """Epoch seconds from either unit: Clerk's schema names none, and both are seen."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value / 1000 if value > 1e11 else float(value)
    return None


Hidden = Annotated[Secret, BeforeValidator(lambda value: Secret(value) if isinstance(value, str) else value)]
Scopes = Annotated[tuple[str, ...], BeforeValidator(_scopes)]
Moment = Annotated[float | None, BeforeValidator(_moment)]
Text = Annotated[str | None, BeforeValidator(lambda value: value if isinstance(value, str) else None)]
Truth = Annotated[bool | None, BeforeValidator(lambda value: value if isinstance(value, bool) else None)]
Name = Annotated[str, BeforeValidator(lambda value: provider_of(value) if isinstance(value, str) else value)]


class Record(BaseModel):
    """The base: what is not declared is ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True)


class Mishap(Record):
    """Why a connection was not finished."""

    code: str = ""
    message: str = ""
    long_message: str = ""


class Verification(Record):
    """Whether a connection was finished; unfinished attempts are listed too, with what went wrong."""

    status: str | None = None
    error: Mishap | None = None


class ExternalAccount(Record):
    """Clerk's record that a user linked an identity at a provider."""

    id: str = Field(validation_alias=AliasChoices("external_account_id", "id"))
    """The canonical `eac_` id, also where Clerk calls a Google account `idn_…`."""
    provider: Name = ""
    provider_user_id: str | None = None
    approved_scopes: Scopes = ()
    email_address: str | None = None
    email_address_verified: Truth = None
    first_name: Text = None
    last_name: Text = None
    image_url: Text = Field(default=None, validation_alias=AliasChoices("image_url", "avatar_url"))
    phone_number: Text = None
    username: str | None = None
    label: str | None = None
    created_at: Moment = None
    updated_at: Moment = None
    verification: Verification | None = None

    @property
    def connected(self) -> bool:
        """Whether the connection was finished."""
        return self.verification is None or self.verification.status in (None, "verified")

    @property
    def record(self) -> dict[str, Json]:
        """What a resource may show of it, under the names of `reading/account.py`; an empty text is none."""
        found: dict[str, Json] = {name: getattr(self, name) or None for name in RECORD}
        return found | {
            "approved_scopes": " ".join(self.approved_scopes) or None,
            "email_address_verified": self.email_address_verified,
        }


class User(Record):
    """A user with what they connected; everything else is read by `users()` as a frame."""

    id: str
    external_accounts: tuple[ExternalAccount, ...] = ()


class AccessToken(Record):
    """A provider's token, as Clerk holds it."""

    token: Hidden
    external_account_id: str | None = None
    provider_user_id: str | None = None
    expires_at: Moment = None
    ends: float | None = Field(None, exclude=True, repr=False)
    """When it expires by this machine's clock, which may differ from Clerk's."""
    scopes: Annotated[
        tuple[str, ...] | None, BeforeValidator(lambda value: None if value is None else _scopes(value))
    ] = None
    label: str | None = None


class Instance(Record):
    """The Clerk instance that a key belongs to."""

    id: str = ""
    environment_type: str = ""


class Domain(Record):
    """One of the instance's domains, with its Frontend API."""

    is_satellite: bool = False
    frontend_api_url: str | None = None
    accounts_portal_url: str | None = None


class SignInToken(Record):
    """A ticket that signs one user in, once; `url` leads to the sign-in page with it."""

    id: str
    token: Hidden
    url: Hidden | None = None


class Social(Record):
    """One provider as the Frontend API's environment lists it; without `authenticatable` it is for connecting only."""

    enabled: bool = False
    authenticatable: bool = False
    strategy: str = ""
    name: str = ""
    not_selectable: bool = False
    deprecated: bool = False


def rows(body: bytes, model: type[Model]) -> list[Model]:
    """The records of a body, a bare list or `{"data": […]}`; one that cannot be read is left out alone."""
    found = _tried(body, model)
    del body  # a traceback may show locals, and this may hold tokens
    if isinstance(found, MalformedResponse):
        raise found
    return found[0]


def counted(body: bytes, model: type[Model]) -> tuple[list[Model], int]:
    """The records of a body, and how many could not be read and were left out, accounts of a user among them."""
    found = _tried(body, model)
    del body  # as above
    if isinstance(found, MalformedResponse):
        raise found
    return found


def _tried(body: bytes, model: type[Model]) -> tuple[list[Model], int] | MalformedResponse:
    try:
        listed = _listed(body)
    except MalformedResponse as error:
        return bare(error)
    return _read(listed, model)


def _read(listed: list[object], model: type[Model]) -> tuple[list[Model], int]:
    try:
        return _many(model).validate_python(listed), 0
    except ValidationError:
        found, odd = [], 0
        for record in listed:
            mended, left_out = _mended(record) if model is User else (record, 0)
            odd += left_out
            try:
                found.append(model.model_validate(mended))
            except ValidationError:
                odd += 1
        return found, odd


def _mended(record: object) -> tuple[object, int]:
    """A user's record with those of its accounts that can be read, and how many cannot."""
    accounts = record.get("external_accounts") if isinstance(record, dict) else None
    if not isinstance(record, dict) or accounts is None:
        return record, 0
    if not isinstance(accounts, list):
        return {**record, "external_accounts": ()}, 1
    kept = [one for account in accounts if (one := _account(account)) is not None]
    return {**record, "external_accounts": kept}, len(accounts) - len(kept)


def _account(record: object) -> ExternalAccount | None:
    """An account without those of its fields that cannot be read; None where it is not told which or whether it is."""
    try:
        return ExternalAccount.model_validate(record)
    except ValidationError as error:
        odd = {str(item["loc"][0]) if item["loc"] else "" for item in error.errors()}
    if not isinstance(record, dict) or odd & {"", "id", "external_account_id", "verification"}:
        return None
    return ExternalAccount.model_validate({name: value for name, value in record.items() if name not in odd})


def one(body: bytes, model: type[Model]) -> Model:
    """The one record of a body; a MalformedResponse where it is none."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        what = "; ".join(
            ": ".join(filter(None, (".".join(map(str, item["loc"])), item["msg"]))) for item in error.errors()
        )
    raise MalformedResponse(f"Clerk answered something that is no {model.__name__}: {what}.", cure="Try again.")


def _listed(body: bytes) -> list[object]:
    try:
        decoded = from_json(body)
    except ValueError:
        raise MalformedResponse("Clerk answered something that is not JSON.", cure="Try again.") from None
    listed = decoded.get("data") if isinstance(decoded, dict) else decoded
    if not isinstance(listed, list):
        raise MalformedResponse("Clerk answered something that is no list.", cure="Try again.")
    return listed


_adapters: dict[type[BaseModel], TypeAdapter[list[BaseModel]]] = {}


def _many(model: type[Model]) -> TypeAdapter[list[Model]]:
    adapter = _adapters.get(model)
    if adapter is None:
        adapter = _adapters[model] = TypeAdapter(list[model])  # type: ignore[valid-type]
    return adapter  # type: ignore[return-value]  # kept under its own model
