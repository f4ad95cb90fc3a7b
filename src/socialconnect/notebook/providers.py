"""`ProviderPicker`: which providers to read, and for how many of the chosen users that can work."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from socialconnect.clerk.strategy import provider_of
from socialconnect.errors import SocialConnectError
from socialconnect.notebook.background import Background, safely
from socialconnect.notebook.parts import Kit, Panel, W, Widget, dim, line, plural, trouble
from socialconnect.notebook.states import states
from socialconnect.notebook.users import UserPicker
from socialconnect.reading.declare import unknown
from socialconnect.runs.select import Picker, choose, kept

if TYPE_CHECKING:
    from collections.abc import Iterable

    from socialconnect.client import Client
    from socialconnect.runs.select import Users

_UNASKED = 10_000  # users whose accounts are counted without being asked to: twenty requests
_PAUSE = 0.3  # seconds in which a choice of users settles
_KINDS = {"connected": "good", "needs_scope": "warn", "expired": "bad", "not_connected": ""}


@dataclass(frozen=True)
class Counted:
    """What Clerk's list says: the accounts, or only of how many users they would be."""

    users: int
    accounts: pd.DataFrame | None
    enabled: frozenset[str]
    dead: frozenset[tuple[str, str]] | None = None


class ProviderPicker(Panel):
    """Choose providers, each with how many users are connected, need a scope, have expired or are not connected.

    Parameters: `users`, over whom to count: ids, a frame, a UserPicker (the counts follow its choice), or nothing for
    everybody; `providers`, which are chosen from the beginning.

    `providers` are the chosen names, `frame` has the counts: one row per provider. Whether tokens still work is only
    known after *Check tokens*, which asks Clerk for each (`check()` does the same); until then `expired` is NA. A scope
    is needed by those who could not read any resource of the provider, or the one that `judge(…)` names. Above 10,000
    users nothing is counted unasked. In a script, `client.coverage("github.repos", users)` tells it user by
    user. Raises an UnknownName for a provider that the client does not have.

    Source: https://clerk.com/docs/reference/backend-api/tag/users/get/users

    >>> import socialconnect as sc
    >>> picker = sc.ProviderPicker(sc.sandbox(users=20), providers=["github"])
    >>> picker
    <ProviderPicker: github>
    >>> picker.frame.set_index("provider").loc["github", ["connected", "not_connected"]].tolist()
    [15, 5]
    """

    def __init__(self, client: Client, users: Users = None, *, providers: Iterable[str] = ()) -> None:
        super().__init__()
        self._client = client
        self._users = kept(users)
        self._boxes: dict[str, Widget] = {}
        self._told: dict[str, Widget] = {}
        self._counted: Counted | None = None
        self._frame = _NONE
        self._resources: dict[str, str] = {}
        self._counting: Background[Counted] = Background(self._came, self._failed)
        self._make()
        self.providers = tuple(providers)
        if isinstance(users, UserPicker):
            users.watch(lambda: self._count(after=_PAUSE) if self._opened else None)

    @property
    def providers(self) -> tuple[str, ...]:
        """The names of the chosen providers."""
        return tuple(name for name, box in self._boxes.items() if box.value)

    @providers.setter
    def providers(self, names: Iterable[str]) -> None:
        chosen = [names] if isinstance(names, str) else [*names]
        for name in chosen:
            if name not in self._boxes:
                raise unknown("provider", name, self._boxes)
        for name, box in self._boxes.items():
            box.value = name in chosen

    @property
    def frame(self) -> pd.DataFrame:
        """One row per provider: users, connected, needs_scope, expired, not_connected; it waits for the counting.

        Empty where there are too many users to count unasked: `count()` does.
        """
        self.open()
        self._counting.wait()
        return self._frame

    def judge(self, resources: Iterable[str]) -> None:
        """Say who needs a scope for these, named as `github.repos`: one for each provider."""
        named = dict(name.split(".", 1) for name in resources)
        if named != self._resources:
            self._resources = named
            if self._counted is not None:
                self._came(self._counted)

    def count(self) -> None:
        """Count, however many users there are."""
        self._opened = True
        self._count(every=True)

    def check(self) -> None:
        """Ask Clerk for every token of those users, once each, so that the expired are known."""
        self._opened = True
        self._count(every=True, tokens=True)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the counting, so many seconds at most, and say whether it ended."""
        return self._counting.wait(seconds)

    def __repr__(self) -> str:
        return f"<ProviderPicker: {', '.join(self.providers) or 'none chosen'}>"

    def __str__(self) -> str:
        """The counts in words."""
        rows = self.frame.set_index("provider")
        titles = {name: self._client.connectors[name].title for name in rows.index}
        return "\n".join([repr(self), *(f"{titles[name]}: {_words(rows.loc[name])}" for name in rows.index)])

    def _make(self) -> None:
        kit = self._kit = Kit()
        for name, connector in self._client.connectors.items():
            box = kit.make(W.Checkbox, "sc-provider", f"sc-provider-{name}", description=connector.title, indent=False)
            box.observe(safely(self._changed, self._failed), "value")
            self._boxes[name] = box
            self._told[name] = kit.html()
        self._list = kit.make(W.Box, "sc-grid")
        self._rest = kit.html()
        self._status = kit.html("", "sc-provider-status")
        self._ask = kit.button("Count connections", self.count, self._failed)
        self._check = kit.button("Check tokens", self._check_or_stop, self._failed)
        self._buttons = kit.row(self._check)
        self.body = kit.column([self._status, self._list, self._rest, self._buttons], "sc-provider-picker")
        self.widget = kit.panel(self.body)

    def _open(self) -> None:
        self._count()

    def _check_or_stop(self) -> None:
        if self._counting.stop():
            self._check.description = "Check tokens"
            self._status.value = line("Stopped.")
        else:
            self.check()

    def _count(self, *, after: float = 0.0, every: bool = False, tokens: bool = False) -> None:
        chosen = self._chosen()
        whom = plural(len(chosen), "user") if chosen else "all users"
        self._status.value = line(f"{'Asking for the tokens' if tokens else 'Counting the connections'} of {whom} …")
        self._check.description = "Stop checking" if tokens else "Check tokens"
        self._counting.start(lambda: self._look(chosen, every=every, tokens=tokens), after=after)

    def _chosen(self) -> list[str] | None:
        """Their ids; None for everybody, who is meant too while nobody was picked."""
        if isinstance(self._users, Picker) and not isinstance(self._users, pd.DataFrame):
            return [*self._users.user_ids] or None
        chosen = choose(self._users)
        return None if chosen is None else [one.user_id for one in chosen]

    async def _look(self, chosen: list[str] | None, *, every: bool, tokens: bool) -> Counted:
        aio = self._client.aio
        users = await aio.count() if chosen is None else len(chosen)
        enabled = await self._enabled()
        if users > _UNASKED and not every:
            return Counted(users, None, enabled)
        accounts = await aio.accounts(chosen)
        dead = await self._dead(chosen, enabled) if tokens else None
        return Counted(users, accounts, enabled, dead)

    async def _enabled(self) -> frozenset[str]:
        """By Clerk's own names; all that can be read where the Frontend API, which tells it, cannot be asked."""
        try:
            return frozenset((await self._client.aio.providers())["provider"].tolist())
        except SocialConnectError:
            return frozenset(provider_of(one.strategy) for one in self._client.connectors.values())

    async def _dead(self, chosen: list[str] | None, enabled: frozenset[str]) -> frozenset[tuple[str, str]]:
        """One resource tells of a provider's tokens; which of its scopes are missing was told before."""
        asked = [
            f"{name}.{connector.resources[0].name}"
            for name, connector in self._client.connectors.items()
            if provider_of(connector.strategy) in enabled
        ]
        coverage = await self._client.aio.coverage(asked, chosen, tokens=True)
        found = coverage[coverage["state"] == "token_dead"]
        return frozenset(zip(found["provider"].tolist(), found["external_account_id"].tolist(), strict=True))

    def _came(self, counted: Counted) -> None:
        self._counted = counted
        self._check.description = "Check tokens"
        if counted.accounts is not None:
            connectors = self._client.connectors
            self._frame = states(counted.accounts, connectors, counted.users, counted.dead, self._resources)
        rows: dict[str, pd.Series] = {str(row["provider"]): row for _, row in self._frame.iterrows()}
        shown: list[str] = []
        for name, box in self._boxes.items():
            reachable = not rows or rows[name]["not_connected"] < counted.users
            box.disabled = not (reachable and self._offered(name))
            if not box.disabled or box.value:
                shown.append(name)
                self._told[name].value = _row(rows[name]) if rows else dim("not counted yet")
        self._list.children = [one for name in shown for one in (self._boxes[name], self._told[name])]
        self._rest.value = self._others([name for name in self._boxes if name not in shown])
        self._status.value = _status(counted)
        self._buttons.children = [self._ask] if counted.accounts is None else [self._check]

    def _offered(self, name: str) -> bool:
        counted = self._counted
        return counted is None or provider_of(self._client.connectors[name].strategy) in counted.enabled

    def _others(self, names: list[str]) -> str:
        titles = {name: self._client.connectors[name].title for name in names}
        off = [title for name, title in titles.items() if not self._offered(name)]
        nobody = [title for name, title in titles.items() if self._offered(name)]
        lines = [f"Connected by nobody: {', '.join(nobody)}."] if nobody else []
        lines += [f"Not enabled in this Clerk instance: {', '.join(off)}."] if off else []
        return dim(" ".join(lines)) if lines else ""

    def _failed(self, error: Exception) -> None:
        self._check.description = "Check tokens"
        self._buttons.children = [self._ask]
        self._status.value = trouble(error)


_NONE = states(
    pd.DataFrame({name: [] for name in ("provider", "user_id", "external_account_id", "connected", "scopes")}), {}, 0
)


def _status(counted: Counted) -> str:
    if counted.accounts is None:
        return line(f"{plural(counted.users, 'user')}: to count their connections takes a while, so it waits for you.")
    if not counted.users:
        return line("The instance has no users yet.", "warn")
    checked = "" if counted.dead is None else " Tokens were checked just now."
    return line(f"Of {plural(counted.users, 'user')}:{checked}")


def _words(row: pd.Series) -> str:
    named = {"connected": "connected", "needs_scope": "need a scope", "expired": "expired"}
    named["not_connected"] = "not connected"
    parts = [f"{row[key]:,} {words}" for key, words in named.items() if pd.notna(row[key]) and row[key]]
    return " · ".join(parts) or "nobody to count"


def _row(row: pd.Series) -> str:
    """The counts in words, and as a bar for the eye, side by side where there is room: providers are many."""
    words = _words(row)
    whole = row["users"] or 1
    parts = [(kind, row[key] / whole) for key, kind in _KINDS.items() if kind and pd.notna(row[key]) and row[key]]
    bar = "".join(f'<i class="{kind}" style="width:{share:.1%}"></i>' for kind, share in parts)
    return (
        f'<div class="sc-counted"><div class="sc-bar" aria-hidden="true">{bar}</div><span>{escape(words)}</span></div>'
    )
