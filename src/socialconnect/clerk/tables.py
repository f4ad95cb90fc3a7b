"""Users and their external accounts as frames."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from socialconnect.clerk.declare import PAGE, users
from socialconnect.clerk.models import ExternalAccount, User, counted
from socialconnect.frames import Table, describe
from socialconnect.progress.count import came
from socialconnect.reading.declare import Column, Value, columns
from socialconnect.reading.extract import Extractor
from socialconnect.reading.typed import Page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from socialconnect.clerk.api import Clerk
    from socialconnect.http.send import Observer

_ACCOUNTS = (
    *columns("string", "user_id external_account_id"),
    *columns("category", "provider status"),
    Column("connected", "boolean"),
    *columns("string", "provider_user_id username email_address label", personal=True),
    Column("scopes", "list"),
    *columns("datetime", "created_at updated_at", form="s"),
)


async def users_frame(
    clerk: Clerk,
    filters: Mapping[str, Value],
    observe: Observer,
    *,
    names: Sequence[str] | None = None,
    raw: bool = False,
) -> pd.DataFrame:
    """One row per user, the Clerk id as `user_id`."""
    extractor = _extractor(names, raw=raw)
    seen: set[object] = set()
    windows: dict[int, Table] = {}  # each is walked in order, all at once
    async with aclosing(clerk.listing(filters, observe, side_by_side=True)) as listing:
        async for page in listing:
            if page.window not in windows:  # many at once: each holds no more than a page that is not Arrow yet
                windows[page.window] = Table(extractor.columns, lead=(), raw=raw, flush=PAGE)
            part = _unseen(extractor.page(page.body), seen)
            windows[page.window].append(part)
            came(part.rows)
    whole = Table(extractor.columns, lead=(), raw=raw)
    for window in sorted(windows):
        whole.extend(windows[window])
    return _described(whole.frame(), "clerk.users", clerk)


async def user_frame(
    clerk: Clerk, user_id: str, observe: Observer, *, names: Sequence[str] | None = None, raw: bool = False
) -> pd.DataFrame:
    """One user, as a row of `users_frame`."""
    extractor = _extractor(names, raw=raw)
    table = Table(extractor.columns, lead=(), raw=raw)
    table.append(extractor.page(b"[%s]" % await clerk.user(user_id, observe)))
    return _described(table.frame(), "clerk.users", clerk)


def _extractor(names: Sequence[str] | None, *, raw: bool) -> Extractor:
    """The user's id first, as `user_id`, then what was chosen."""
    wanted = names if names is None or isinstance(names, str) else ["id", *(one for one in names if one != "user_id")]
    columns = [replace(one, name="user_id") if one.name == "id" else one for one in users.select(wanted)]
    return Extractor(users, columns, raw=raw)


def _unseen(page: Page, seen: set[object]) -> Page:
    """The page without the users that have come: one at the edge of two windows comes twice. Ids stand first.

    A row without an id is nobody's twin, and stays.
    """
    ids = page.columns[0]
    new = [place for place, user_id in enumerate(ids) if user_id is None or user_id not in seen]
    seen.update(ids)
    if len(new) == len(ids):
        return page
    return Page(tuple([values[place] for place in new] for values in page.columns), len(new), page.drift)


async def accounts_frame(clerk: Clerk, chosen: Sequence[str] | None, observe: Observer) -> pd.DataFrame:
    """One row per user and external account, connected or not, with its scopes and state."""
    filters: Mapping[str, Value] = {} if chosen is None else {"user_id": list(chosen)}
    found: dict[str, tuple[tuple[int, int], User]] = {}
    left_out = 0
    async with aclosing(clerk.listing(filters, observe, side_by_side=True)) as listing:
        async for page in listing:
            listed, odd = counted(page.body, User)
            left_out += odd
            came(sum(len(user.external_accounts) for user in listed))
            for user in listed:
                found.setdefault(user.id, ((page.window, page.number), user))
    table = Table(_ACCOUNTS, lead=())
    for _, user in sorted(found.values(), key=lambda entry: entry[0]):
        table.append(_page(user))
    return _described(table.frame(), "clerk.accounts", clerk, left_out)


def _page(user: User) -> Page:
    rows_of = [_row(user.id, account) for account in user.external_accounts]
    return Page(tuple([row[column.name] for row in rows_of] for column in _ACCOUNTS), len(rows_of))


def _row(user_id: str, account: ExternalAccount) -> dict[str, object]:
    """The values of one row; moments as microseconds since 1970."""
    return {
        "user_id": user_id,
        "external_account_id": account.id,
        "provider": account.provider or None,
        "status": account.verification.status if account.verification else None,
        "connected": account.connected,
        "provider_user_id": account.provider_user_id,
        "username": account.username,
        "email_address": account.email_address,
        "label": account.label,
        "scopes": list(account.approved_scopes),
        "created_at": _micro(account.created_at),
        "updated_at": _micro(account.updated_at),
    }


def _micro(moment: float | None) -> int | None:
    return None if moment is None else round(moment * 1_000_000)


def _described(frame: pd.DataFrame, resource: str, clerk: Clerk, left_out: int = 0) -> pd.DataFrame:
    return describe(
        frame,
        {
            "resource": resource,
            "read_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "api_version": clerk.connector.api_version,
            "complete": not left_out,
            **({"left_out": left_out} if left_out else {}),
        },
    )
