"""How many users can be read at each provider, from the frame of their accounts alone."""

from __future__ import annotations

from collections import defaultdict
from enum import IntEnum
from typing import TYPE_CHECKING

import pandas as pd

from socialconnect.clerk.strategy import provider_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from socialconnect.reading.declare import Connector, Resource


class State(IntEnum):
    """What a user's best account at a provider is good for; the higher, the better."""

    NOT_CONNECTED = 0
    EXPIRED = 1
    NEEDS_SCOPE = 2
    CONNECTED = 3


def states(
    accounts: pd.DataFrame,
    connectors: Mapping[str, Connector],
    users: int,
    dead: Collection[tuple[str, str]] | None = None,
    resources: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """One row per provider: users, and how many of them are connected, need a scope, are expired or not connected.

    `accounts` is what `client.accounts()` gives, of so many `users`; `dead` are (provider, external account) whose
    tokens are known to be useless: without it `expired` is NA. Who cannot read the provider's one of `resources`, or
    where none is named any resource at all, needs a scope.
    """
    best: dict[str, dict[str, State]] = defaultdict(dict)
    by_provider = {provider_of(connector.strategy): connector for connector in connectors.values()}
    judged: dict[tuple[str, tuple[str, ...]], State] = {}
    columns = [
        accounts[name].tolist() for name in ("provider", "user_id", "external_account_id", "connected", "scopes")
    ]
    for provider, user_id, account, connected, scopes in zip(*columns, strict=True):
        connector = by_provider.get(provider)
        if connector is None or connected is not True:
            continue
        key = (connector.name, tuple(scopes))
        if key not in judged:
            judged[key] = _judge(connector, _meant(connector, resources or {}), key[1])
        state = State.EXPIRED if dead and (connector.name, account) in dead else judged[key]
        found = best[connector.name]
        found[user_id] = max(state, found.get(user_id, State.NOT_CONNECTED))
    return _frame({name: [*best[name].values()] for name in connectors}, users, checked=dead is not None)


def _meant(connector: Connector, resources: Mapping[str, str]) -> Sequence[Resource]:
    named = resources.get(connector.name)
    return [connector.resource(named)] if named else connector.resources


def _judge(connector: Connector, resources: Sequence[Resource], scopes: tuple[str, ...]) -> State:
    """Clerk names no scopes for some providers: then only a read tells."""
    has = connector.widened(scopes)
    readable = not scopes or any(
        all(any(connector.canonical(scope) in has for scope in group) for group in connector.needs(resource))
        for resource in resources
    )
    return State.CONNECTED if readable else State.NEEDS_SCOPE


def _frame(best: Mapping[str, list[State]], users: int, *, checked: bool) -> pd.DataFrame:
    rows = [
        (
            name,
            users,
            found.count(State.CONNECTED),
            found.count(State.NEEDS_SCOPE),
            found.count(State.EXPIRED) if checked else None,
            max(0, users - len(found)),
        )
        for name, found in best.items()
    ]
    names = ["provider", "users", "connected", "needs_scope", "expired", "not_connected"]
    return pd.DataFrame(rows, columns=names).astype({"provider": "string", **dict.fromkeys(names[1:], "Int64")})
