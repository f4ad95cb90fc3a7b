"""Which users a listing speaks of: the filters and orders of Clerk's `GET /users`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socialconnect.sandbox.answers import Call, whole
from socialconnect.sandbox.refusals import Refused
from socialconnect.sandbox.world import Account, Person, World, compact_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

MAX_VALUES = 100
_DEFAULT_ORDER = "-created_at"

_ORDERS: dict[str, Callable[[Person], tuple[object, ...]]] = {
    "updated_at": lambda person: (person.updated_at,),
    "last_sign_in_at": lambda person: (person.last_sign_in_at or 0,),
    "last_active_at": lambda person: (person.last_sign_in_at or 0,),
    "email_address": lambda person: (person.email,),
    "first_name": lambda person: (person.first_name or "",),
    "last_name": lambda person: (person.last_name or "",),
    "username": lambda person: (person.username or "",),
    "phone_number": lambda _person: (0,),
    "web3wallet": lambda _person: (0,),
}
_TEXTS: dict[str, Callable[[Person], Iterable[str | None]]] = {
    "query": lambda person: (person.email, person.username, person.user_id, person.name),
    "email_address_query": lambda person: (person.email,),
    "username_query": lambda person: (person.username,),
    "name_query": lambda person: (person.name,),
    "phone_number_query": lambda _person: (),
}


def select(world: World, call: Call) -> Sequence[int]:
    """The indexes of the users that a listing speaks of, in its order."""
    chosen: Sequence[int] = _narrow(world, call)
    order = call.param("order_by") or _DEFAULT_ORDER
    field = order.lstrip("+- ")  # an unencoded + arrives as a blank
    if field == "created_at":
        return chosen if newest_first(call) else chosen[::-1]
    if field not in _ORDERS:
        raise Refused(422, "form_param_value_invalid", f"{order} is not a valid value for order_by.")
    return sorted(chosen, key=lambda index: _ORDERS[field](world.person(index)), reverse=order.startswith("-"))


def newest_first(call: Call) -> bool:
    """Whether a listing by time of registration falls; without a sign it rises."""
    return (call.param("order_by") or _DEFAULT_ORDER).startswith("-")


def _narrow(world: World, call: Call) -> Sequence[int]:
    chosen: Sequence[int] = world.created_between(_moment(call, "created_at_after"), _moment(call, "created_at_before"))
    for name, find in (
        ("user_id", world.find_user),
        ("external_id", lambda text: _tail(world, text, "-", external_id)),
        ("email_address", lambda text: _tail(world, text.partition("@")[0], ".", lambda person: person.email, text)),
        ("username", lambda text: _tail(world, text, "_", lambda person: person.username or "")),
        ("phone_number", lambda _text: None),
        ("web3_wallet", lambda _text: None),
        ("organization_id", lambda _text: None),
    ):
        values = call.every(name)
        if values:
            chosen = _among(chosen, values, find, name)
    if call.every("provider_user_id") or call.param("provider"):
        chosen = [index for index in _linked(world, call) if index in chosen]
    for name, texts in _TEXTS.items():
        wanted = call.param(name).casefold()
        if wanted:
            chosen = [index for index in chosen if _says(texts(world.person(index)), wanted)]
    return _by_moment(world, call, chosen)


def _by_moment(world: World, call: Call, chosen: Sequence[int]) -> Sequence[int]:
    for field in ("last_active_at", "last_sign_in_at"):
        after, before = _moment(call, f"{field}_after"), _moment(call, f"{field}_before")
        if after is not None or before is not None:
            low, high = after or 0, before if before is not None else 2**63
            chosen = [index for index in chosen if low <= (world.person(index).last_sign_in_at or -1) <= high]
    if call.param("banned").lower() in ("true", "1"):
        return []
    return chosen


def external_id(person: Person) -> str:
    """The application's own id of a user."""
    return f"crm-{person.index}"


def _moment(call: Call, name: str) -> int | None:
    text = call.param(name)
    if not text:
        return None
    if not text.lstrip("-").isdecimal():
        raise Refused(422, "form_param_format_invalid", f"{name} must be a Unix timestamp in milliseconds.")
    return whole(text, 0)


def _among(chosen: Sequence[int], values: Sequence[str], find: Callable[[str], int | None], name: str) -> Sequence[int]:
    if len(values) > MAX_VALUES:
        raise Refused(422, "form_param_value_invalid", f"{name} takes at most {MAX_VALUES} values.")
    included = {find(value.lstrip("+ ")) for value in values if not value.startswith("-")}
    excluded = {find(value[1:]) for value in values if value.startswith("-")}
    if included:
        return sorted(index for index in included - excluded if index is not None and index in chosen)
    return [index for index in chosen if index not in excluded]


def _tail(world: World, text: str, mark: str, read: Callable[[Person], str], wanted: str = "") -> int | None:
    """The index that stands at the end of a name, if that user's name is this one."""
    digits = text.rpartition(mark)[2]
    if not (digits.isascii() and digits.isdecimal()) or int(digits) >= world.users:
        return None
    return int(digits) if read(world.person(int(digits))) == (wanted or text) else None


def _linked(world: World, call: Call) -> list[int]:
    provider = call.param("provider").removeprefix("oauth_")
    wanted = set(call.every("provider_user_id"))
    if not provider or not wanted:
        raise Refused(422, "form_param_missing", "provider and provider_user_id go together.")
    name = next((one.name for one in world.providers.values() if one.wire == f"oauth_{provider}"), "")
    users = {compact // 16 for text in wanted if (compact := compact_of(name, text)) is not None}

    def linked(account: Account) -> bool:
        return account.provider == name and account.provider_user_id in wanted

    return sorted(user for user in users if 0 <= user < world.users and any(map(linked, world.accounts(user))))


def _says(texts: Iterable[str | None], wanted: str) -> bool:
    return any(text is not None and wanted in text.casefold() for text in texts)
