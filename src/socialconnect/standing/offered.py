"""The providers of a Clerk instance as a frame: what it offers, what can be read, what one user has of it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from socialconnect.clerk.strategy import provider_of, strategy_of
from socialconnect.frames import Table, describe
from socialconnect.reading.declare import Column, columns
from socialconnect.reading.typed import Page

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from socialconnect.clerk.frontend import Environment
    from socialconnect.clerk.models import Social, User
    from socialconnect.reading.declare import Connector

_COLUMNS = (
    *columns("string", "provider title strategy"),
    *columns("boolean", "enabled sign_in connector"),
    Column("resources", "Int64"),
)
_OF_USER = (*columns("Int64", "connected unfinished"), Column("can_connect", "boolean"))


def offered(environment: Environment, connectors: Mapping[str, Connector], user: User | None = None) -> pd.DataFrame:
    """One row per provider that is enabled, those that can be read first; with a user those too that they connected."""
    ours = by_provider(connectors)
    accounts = user.external_accounts if user is not None else ()
    connected = Counter(one.provider for one in accounts if one.connected)
    unfinished = Counter(one.provider for one in accounts if not one.connected)
    listed = environment.providers
    names = [name for name, social in listed.items() if _shown(social) or connected[name]]
    names += sorted(name for name in connected if name not in listed)
    rows = sorted((_row(name, listed.get(name), ours.get(name)) for name in names), key=_worth)
    if user is None:
        return _frame(_COLUMNS, rows)
    for row in rows:
        name = str(row["provider"])
        row |= {"connected": connected[name], "unfinished": unfinished[name]}
        row["can_connect"] = bool(row["enabled"]) and not connected[name]
    return _frame((*_COLUMNS, *_OF_USER), rows)


def by_provider(connectors: Mapping[str, Connector]) -> dict[str, Connector]:
    """The connectors by Clerk's names for their providers."""
    return {provider_of(one.strategy): one for one in connectors.values()}


def title_of(name: str, social: Social | None, connector: Connector | None) -> str:
    """What people call a provider: as the connector says, else Clerk."""
    if connector is not None:
        return connector.title
    return (social.name if social else "") or name


def _shown(social: Social) -> bool:
    """Clerk has some for pickers to leave out: https://clerk.com/docs/reference/frontend-api."""
    return social.enabled and not social.not_selectable and not social.deprecated


def _row(name: str, social: Social | None, connector: Connector | None) -> dict[str, str | int | bool]:
    return {
        "provider": name,
        "title": title_of(name, social, connector),
        "strategy": (social.strategy if social else "") or strategy_of(name),
        "enabled": social.enabled if social else False,
        "sign_in": social.authenticatable if social else False,
        "connector": connector is not None,
        "resources": len(connector.resources) if connector else 0,
    }


def _worth(row: Mapping[str, str | int | bool]) -> tuple[bool, bool, str]:
    return not row["enabled"], not row["connector"], str(row["title"]).lower()


def _frame(shape: tuple[Column, ...], rows: Iterable[Mapping[str, str | int | bool]]) -> pd.DataFrame:
    listed = list(rows)
    table = Table(shape, lead=())
    table.append(Page(tuple([row[column.name] for row in listed] for column in shape), len(listed)))
    read_at = datetime.now(UTC).isoformat(timespec="seconds")
    return describe(table.frame(), {"resource": "clerk.providers", "read_at": read_at, "complete": True})
