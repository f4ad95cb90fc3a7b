"""What is accepted wherever `users` is taken, as one list of who to read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import pandas as pd

from socialconnect.clerk.api import check_user_id
from socialconnect.errors import EmptySelection, UsageError


@runtime_checkable
class Picker(Protocol):
    """Anything that knows which users were chosen."""

    @property
    def user_ids(self) -> Iterable[str]:
        """Their Clerk ids."""


Users = str | Iterable[str] | pd.DataFrame | Picker | None
"""One Clerk id, several, a frame with a `user_id` column, a picker; None is everybody who has the connection."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """One user to read: all their accounts of the provider, or those named, which may be known to be `connected`."""

    user_id: str
    accounts: frozenset[str] = frozenset()
    connected: bool = False


def kept(users: Users) -> Users:
    """The same choice, which can be gone through more than once."""
    return list(users) if isinstance(users, Iterator) else users


def choose(users: Users) -> list[Chosen] | None:
    """Who is meant, in order and each once; None for everybody.

    Rows of a frame that also has `external_account_id` (as accounts() gives) name single accounts. A UsageError where
    it is none of these, an EmptySelection where nobody is left.
    """
    if users is None:
        return None
    accounts: dict[str, set[str]] = {}
    for user_id, account in _pairs(users):
        named = accounts.setdefault(check_user_id(user_id), set())
        if isinstance(account, str):
            named.add(account)
    if not accounts:
        raise EmptySelection(
            "The selection is empty: no user was chosen.",
            cure="Pass at least one id, or leave users out for everybody.",
        )
    return [Chosen(user_id, frozenset(named)) for user_id, named in accounts.items()]


def _pairs(users: object) -> Iterable[tuple[object, object]]:
    if isinstance(users, str):
        return [(users, None)]
    if isinstance(users, pd.DataFrame):
        return _rows(users)
    if isinstance(users, Picker):
        return [(user_id, None) for user_id in users.user_ids]
    if isinstance(users, Iterable) and not isinstance(users, dict | bytes):
        return [(user_id, None) for user_id in users]
    raise UsageError(
        f"users={type(users).__name__} is not a choice of users.",
        cure="Pass an id such as 'user_2abc', a list of them, or a users() frame.",
    )


def _rows(frame: pd.DataFrame) -> list[tuple[object, object]]:
    if "user_id" not in frame.columns:
        raise UsageError("The frame has no user_id column.", cure="Pass a frame that users() or accounts() gave.")
    ids = frame["user_id"].tolist()
    named = frame["external_account_id"].tolist() if "external_account_id" in frame.columns else [None] * len(ids)
    return list(zip(ids, named, strict=True))
