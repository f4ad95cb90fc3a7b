"""Whom a job is about: everybody, ids, those in a file or on stdin, or whom Clerk's filters leave."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from socialconnect.cli.choice import chosen_users
from socialconnect.errors import EmptySelection, UsageError
from socialconnect.reading.declare import unknown

if TYPE_CHECKING:
    from socialconnect.client import Client
    from socialconnect.reading.declare import Param, Value

EVERYBODY = "everybody"
_FILTER = re.compile(r"([a-z_]+)=(.*)", re.DOTALL)
_YES = {"true": True, "false": False}
_HOW = "Give everybody, ids such as user_2abc, @FILE, - or a filter such as query=ada."


@dataclass(frozen=True)
class Selection:
    """Everybody, or `ids`, or whom the `filters` leave; `text` is as it was written."""

    text: str
    ids: tuple[str, ...] | None = None
    filters: "dict[str, Value]" = field(default_factory=dict)

    def find(self, client: "Client") -> list[str] | None:
        """The ids of those chosen, None for everybody; an EmptySelection where the filters leave nobody."""
        if not self.filters:
            return None if self.ids is None else list(self.ids)
        how: dict[str, Any] = {**self.filters}
        found = client.users(columns=["user_id"], **how)["user_id"].dropna().tolist()
        if not found:
            raise EmptySelection(f"No user matches {self.text}.", cure="`socialconnect users` lists who there is.")
        return list(map(str, found))

    @property
    def told(self) -> str:
        """Whom it is about, in words."""
        return self.text if self.ids is None else f"{len(self.ids):,} user{'' if len(self.ids) == 1 else 's'} by id"


def selected(given: Sequence[str]) -> Selection:
    """What the texts mean together; a UsageError where they cannot be meant, an EmptySelection where nobody is left."""
    texts = [text.strip() for text in given]
    text = " ".join(texts)
    filters = [found for one in texts if (found := _filter(one))]
    if texts in ([EVERYBODY], []):
        return Selection(EVERYBODY)
    if filters and len(filters) == len(texts):
        return Selection(text, filters=_filters(filters))
    if filters or EVERYBODY in texts:
        raise UsageError(f"{text} names users in two ways.", cure="Choose one: everybody, ids, or filters.")
    ids = tuple(dict.fromkeys(user for one in texts for user in _ids(one)))
    if not ids:
        raise EmptySelection(f"The selection {text!r} is empty: no user was chosen.", cure=_HOW)
    return Selection(text, ids=ids)


def _filter(text: str) -> "re.Match[str] | None":
    return None if text.startswith(("@", "-")) else _FILTER.fullmatch(text)


def _filters(found: "Sequence[re.Match[str]]") -> "dict[str, Value]":
    from socialconnect.clerk.declare import users  # noqa: PLC0415 - too slow for --help

    known = {param.name: param for param in users.params}
    values: dict[str, list[str]] = {}
    for match in found:
        name, value = match.groups()
        if name not in known:
            raise unknown("filter", name, known, "of users")
        values.setdefault(name, []).append(value)
    return {name: _value(known[name], texts) for name, texts in values.items()}


def _value(param: "Param", texts: list[str]) -> "Value":
    joined: Value
    if len(texts) > 1 and not param.many:
        raise UsageError(f"The filter {param.name} is given twice.", cure="It takes one value.")
    joined = ",".join(texts)
    if not joined.strip():
        raise EmptySelection(f"The filter {param.name} has no value, so it chooses nobody.", cure=_HOW)
    if param.kind is bool:
        joined = _YES.get(joined.lower(), joined)
    if param.kind is int and isinstance(joined, str) and joined.isdecimal():
        joined = int(joined)
    param.texts(joined)  # which refuses what it cannot be
    return joined


def _ids(text: str) -> list[str]:
    """The ids of one text: of a file or stdin one a line, else with commas between."""
    if text == "-" or text.startswith("@"):
        listed = chosen_users([text]) or []
        where = "stdin" if text == "-" else text[1:]
        for user in listed:
            _check(user, where)
        if not listed:
            raise EmptySelection(f"There is no id in {where}: no user was chosen.", cure="Write one id a line.")
        return listed
    listed = [user.strip() for user in text.split(",") if user.strip()]
    for user in listed:
        if user.casefold() in ("all", "everyone", "*"):
            raise UsageError(f"{user!r} is not a Clerk user id.", cure=f"For all of them, write {EVERYBODY}.")
        _check(user)
    return listed


def _check(user: str, where: str = "") -> None:
    from socialconnect.clerk.api import check_user_id  # noqa: PLC0415 - too slow for --help

    try:
        check_user_id(user)
    except UsageError as error:
        raise UsageError(f"{where}: {error.message}" if where else error.message, cure=error.cure) from None
