"""The part of a client that tells who the accounts are, whatever the provider."""

from __future__ import annotations

import asyncio
import warnings
from abc import ABC, abstractmethod
from collections import Counter
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from socialconnect.clerk.models import User, counted
from socialconnect.clerk.strategy import provider_of
from socialconnect.clerk.tokens import not_found
from socialconnect.errors import SetupError, UsageError
from socialconnect.frames import describe
from socialconnect.http.send import unobserved
from socialconnect.profiles.rows import Linked, Told, profiles_frame
from socialconnect.progress.count import came
from socialconnect.progress.live import Progress, shown
from socialconnect.reading.declare import unknown
from socialconnect.runs.outcomes import Outcome, summary
from socialconnect.runs.run import Asked
from socialconnect.runs.select import Chosen, Users, choose
from socialconnect.runs.tell import OnError, PartialWarning, check, tell_left_out
from socialconnect.telemetry.told import carrying_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from socialconnect.clerk.api import Clerk
    from socialconnect.connectors import Connectors
    from socialconnect.reading.declare import Connector, Value
    from socialconnect.runs.run import Run, Watch
    from socialconnect.settings import Settings

_NAME = "profiles"


class Profiles(ABC):
    """The part of a client that tells who the accounts are."""

    settings: Settings
    connectors: Connectors
    _clerk: Clerk

    @abstractmethod
    async def _carried(self, resource: str, asked: Asked, chosen: list[Chosen] | None, watch: Watch | None) -> Run:
        """Read, learn from it, and tell nobody."""

    async def profiles(
        self,
        users: Users = None,
        *,
        providers: str | Iterable[str] | None = None,
        raw: bool = False,
        on_error: OnError = "warn",
        watch: Watch | None = None,
        progress: Progress = None,
    ) -> pd.DataFrame:
        """Who the connected accounts are: one row for each, whatever the provider.

        Parameters: `users` as everywhere; `providers` names some, as `["github", "google"]`; `raw` adds, as JSON text,
        all that the provider tells of the account in its own words; `on_error` and `progress` as in `read`; `watch` is
        called with the outcome of each account that was asked for.

        Returns a frame: user_id, external_account_id, provider, handle, name, email, email_verified, avatar_url,
        profile_url, locale, created_at, and `source`: `provider` where the provider itself was asked just now, `clerk`
        where the row is what Clerk noted when the account was connected. That is so for providers that cannot be asked,
        and for accounts that could not be read: `reason` then says why (missing_scope, reconnect_needed, …). Accounts
        whose connection was never finished are left out. Raises an UnknownName for a provider that there is not, an
        InvalidKey where Clerk refuses the key.

        >>> import socialconnect as sc
        >>> people = sc.sandbox(users=20).profiles(providers="github", on_error="ignore")
        >>> list(people.columns[2:6]), sorted(people["source"].unique())
        (['provider', 'handle', 'name', 'email'], ['clerk', 'provider'])
        """
        check(on_error)
        offered = self._offered(providers)
        with shown(_NAME, self.settings.progress if progress is None else progress), carrying_out(_NAME):
            listed, left_out, ended = await self._listed(choose(users), offered, whole=providers is None)
            told = await self._asked(listed, offered, watch, raw=raw)
        ended += [outcome for one in told.values() for outcome in one.ended]
        frame = profiles_frame(listed, told, raw=raw)
        _described(frame, left_out, whole=not left_out and all(one.status in ("ok", "empty") for one in ended))
        tell_left_out(_NAME, frame)
        _tell(ended, on_error)
        return frame

    def _offered(self, providers: str | Iterable[str] | None) -> dict[str, Connector]:
        """The connectors that are meant, by Clerk's name for their provider."""
        if providers is None:
            names = list(self.connectors)
        else:
            names = [str(name) for name in ([providers] if isinstance(providers, str) else providers)]
            if not names:
                raise UsageError("No provider was named.", cure="Name one, or leave providers out for all of them.")
        for name in names:
            if name not in self.connectors:
                raise unknown("provider", name, self.connectors)
        return {provider_of(self.connectors[name].strategy): self.connectors[name] for name in names}

    async def _listed(
        self, chosen: Sequence[Chosen] | None, offered: Mapping[str, Connector], *, whole: bool
    ) -> tuple[list[Linked], int, list[Outcome]]:
        """The connected accounts in order, how many records could not be read, and who was named but is not there."""
        found: dict[str, tuple[tuple[int, int], User]] = {}
        left_out = 0
        filters: dict[str, Value] = {} if chosen is None else {"user_id": [one.user_id for one in chosen]}
        async with aclosing(self._clerk.listing(filters, unobserved, side_by_side=True)) as listing:
            async for page in listing:
                users, odd = counted(page.body, User)
                left_out += odd
                came(len(users))
                for user in users:
                    found.setdefault(user.id, ((page.window, page.number), user))
        named = {one.user_id: one.accounts for one in chosen or ()}
        order = sorted(found, key=lambda user_id: found[user_id][0]) if chosen is None else list(named)
        listed = [
            Linked(
                user_id, offered[account.provider].name if account.provider in offered else account.provider, account
            )
            for user_id in order
            if user_id in found
            for account in found[user_id][1].external_accounts
            if account.connected
            and (whole or account.provider in offered)
            and (not named.get(user_id) or account.id in named[user_id])
        ]
        return listed, left_out, [_absent(user_id) for user_id in order if user_id not in found]

    async def _asked(
        self, listed: Sequence[Linked], offered: Mapping[str, Connector], watch: Watch | None, *, raw: bool
    ) -> dict[str, Told]:
        """What each provider that can be asked said, by its connector's name."""
        known = {connector.name: connector for connector in offered.values() if _can_be_asked(connector)}
        accounts: dict[str, dict[str, set[str]]] = {}
        for one in listed:
            if one.provider in known:
                accounts.setdefault(one.provider, {}).setdefault(one.user_id, set()).add(one.account.id)
        work = [self._told(known[name], of, watch, raw=raw) for name, of in accounts.items()]
        return dict(zip(accounts, await asyncio.gather(*work), strict=True))

    async def _told(
        self, connector: Connector, accounts: Mapping[str, set[str]], watch: Watch | None, *, raw: bool
    ) -> Told:
        profile = connector.profile
        if profile is None:
            raise UsageError(f"{connector.title} declares no profile.")
        name = f"{connector.name}.{profile.resource}"
        chosen = [Chosen(user_id, frozenset(eacs), connected=True) for user_id, eacs in accounts.items()]
        asked = Asked(None if raw else profile.wanted, raw=raw, on_error="ignore")
        try:
            run = await self._carried(name, asked, chosen, watch)
        except SetupError as error:
            if error.provider != connector.name:
                raise  # it would meet every provider
            return Told(
                profile, None, [_refused(name, connector, *pair, error) for one in chosen for pair in _each(one)]
            )
        return Told(profile, run.frame, run.ended)


def _can_be_asked(connector: Connector) -> bool:
    """Whether the provider itself tells a profile; where only Clerk does, its record is there already."""
    return connector.profile is not None and not connector.resource(connector.profile.resource).identity


def _each(chosen: Chosen) -> Iterable[tuple[str, str]]:
    return [(chosen.user_id, account) for account in sorted(chosen.accounts)]


def _refused(name: str, connector: Connector, user_id: str, account: str, error: SetupError) -> Outcome:
    outcome = Outcome(user_id, connector.name, name, account)
    outcome.fail(error)
    return outcome


def _absent(user_id: str) -> Outcome:
    outcome = Outcome(user_id, "clerk", _NAME)
    outcome.fail(not_found(user_id), "skipped")
    return outcome


def _described(frame: pd.DataFrame, left_out: int, *, whole: bool) -> None:
    counts = Counter(frame["source"].tolist())
    told = ", ".join(f"{count:,} {source}" for source, count in counts.most_common()) or "nobody"
    read_at = datetime.now(UTC).isoformat(timespec="seconds")
    describe(frame, {"resource": _NAME, "read_at": read_at, "complete": whole, "summary": told, "left_out": left_out})


def _tell(ended: Sequence[Outcome], on_error: OnError) -> None:
    """Warn once of those who could not be read whole, or raise their errors, or leave it to the column `reason`."""
    errors = [one.error for one in ended if one.error is not None]
    troubled = sum(one.status not in ("ok", "empty") for one in ended)
    if not troubled or on_error == "ignore":
        return
    message = f"{troubled} of {len(ended)} accounts were not read whole: {summary(ended)}."
    if on_error == "raise" and errors:
        raise ExceptionGroup(f"{_NAME}: {message}", errors)
    if on_error == "warn":
        told = f"{_NAME}: {message} Their rows are what Clerk noted; `reason` and `watch=` say more."
        warnings.warn_explicit(told, PartialWarning, "socialconnect", 0)
