"""Rows of one shape from every provider's own profile, and from Clerk's record where there is no other."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from socialconnect.frames import Table
from socialconnect.reading.declare import IDENTITY, Column, columns
from socialconnect.reading.profile import FIELDS
from socialconnect.reading.typed import Page

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from socialconnect.clerk.models import ExternalAccount
    from socialconnect.reading.declare import Profile
    from socialconnect.runs.outcomes import Outcome

COLUMNS = (
    *columns("string", " ".join(IDENTITY)),
    Column("provider", "category"),
    *columns("string", "handle name email", personal=True),
    Column("email_verified", "boolean"),
    *columns("string", "avatar_url profile_url", personal=True),
    Column("locale", "string"),
    Column("created_at", "datetime", form="s"),
    *columns("category", "source reason"),
)
_RAW = Column("raw", "json")
_TEXTS = [field for field in FIELDS if field not in ("email_verified", "created_at")]
_Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Linked:
    """One connected account as Clerk lists it; `provider` is the name of its connector, or Clerk's where none is."""

    user_id: str
    provider: str
    account: ExternalAccount


@dataclass(frozen=True, slots=True)
class Told:
    """What one provider said of its accounts: the frame of its profile resource, and how it ended for each."""

    profile: Profile
    frame: pd.DataFrame | None
    ended: Sequence[Outcome]


def profiles_frame(listed: Iterable[Linked], told: Mapping[str, Told], *, raw: bool) -> pd.DataFrame:
    """One row per account, in the order in which they are listed."""
    found = {provider: _rows(one, raw=raw) for provider, one in told.items()}
    why = {one.external_account_id: one.reason for each in told.values() for one in each.ended}
    declared = (*COLUMNS, _RAW) if raw else COLUMNS
    rows: list[_Row] = []
    for one in listed:
        own = found.get(one.provider, {}).get(one.account.id)
        row = _of_clerk(one.account, why.get(one.account.id), raw=raw) if own is None else own
        rows.append({**row, "user_id": one.user_id, "external_account_id": one.account.id, "provider": one.provider})
    table = Table(declared, lead=())
    table.append(Page(tuple([row.get(column.name) for row in rows] for column in declared), len(rows)))
    return table.frame()


def _rows(told: Told, *, raw: bool) -> dict[object, _Row]:
    """A provider's rows by the account."""
    if told.frame is None:
        return {}
    frame = told.frame
    values = {
        field: _joined([_plain(frame[name]) for name in told.profile.columns(field)], len(frame)) for field in FIELDS
    }
    for field in _TEXTS:  # a number may be a handle
        values[field] = [None if value is None else str(value) for value in values[field]]
    if raw:
        values["raw"] = _whole(frame)
    keys = _plain(frame[IDENTITY[1]])
    rows = (dict(zip(values, each, strict=True)) for each in zip(*values.values(), strict=True))
    found: dict[object, _Row] = {}
    for key, row in zip(keys, rows, strict=True):
        found.setdefault(key, {**row, "source": "provider"})
    return found


def _plain(column: pd.Series) -> list[object]:
    """Values as a table takes them: moments in microseconds since 1970, None for what is missing or says nothing."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.astype("datetime64[us, UTC]")
        return [None if pd.isna(value) else round(value.timestamp() * 1_000_000) for value in column]
    values = column.astype(object)
    return [None if value == "" else value for value in values.where(values.notna(), None)]


def _joined(parts: Sequence[list[object]], count: int) -> list[object]:
    """One value for each row, of several parts put together, as far as they are there."""
    if len(parts) == 1:
        return parts[0]
    rows: Iterable[tuple[object, ...]] = zip(*parts, strict=True) if parts else [()] * count
    return [" ".join(str(part) for part in row if part is not None) or None for row in rows]


def _whole(frame: pd.DataFrame) -> list[object]:
    """All that the provider told, declared or not, as one JSON text for each row."""
    rows = json.loads(frame.drop(columns=list(IDENTITY)).to_json(orient="records", date_format="iso", date_unit="us"))
    whole: list[object] = []
    for row in rows:
        beyond = json.loads(row.pop("raw", None) or "{}")
        known = {name: value for name, value in row.items() if value is not None}
        whole.append(json.dumps({**known, **beyond}, ensure_ascii=False, separators=(",", ":")))
    return whole


def _of_clerk(account: ExternalAccount, reason: str | None, *, raw: bool) -> _Row:
    """What Clerk noted when the account was connected."""
    names = [name for name in (account.first_name, account.last_name) if name]
    row: _Row = {
        "handle": account.username or None,
        "name": " ".join(names) or None,
        "email": account.email_address or None,
        "email_verified": account.email_address_verified,
        "avatar_url": account.image_url or None,
        "source": "clerk",
        "reason": reason,
    }
    if raw:
        known = {name: value for name, value in account.record.items() if value is not None}
        row["raw"] = json.dumps(known, ensure_ascii=False, separators=(",", ":"))
    return row
