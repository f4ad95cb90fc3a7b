"""`AsyncClient`: it wires the rooms together and decides nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self
from weakref import WeakSet

from socialconnect import portal
from socialconnect.anywhere.ask import Anywhere
from socialconnect.anywhere.custom import Custom
from socialconnect.bound import INSTANCE, BoundConnector, client_html, client_text
from socialconnect.clerk import tables
from socialconnect.clerk.api import Clerk, check_user_id
from socialconnect.clerk.strategy import provider_of
from socialconnect.connectors import Connectors
from socialconnect.errors import UsageError
from socialconnect.export.exports import Exports
from socialconnect.http.send import Wire, unobserved
from socialconnect.http.tape import key
from socialconnect.http.transport import Transport
from socialconnect.plan import Ahead, asked_for
from socialconnect.profiles.read import Profiles
from socialconnect.progress.live import Progress, shown
from socialconnect.runs.again import broken_off, chosen, lacking, merged, seen, troubled
from socialconnect.runs.learned import Lessons
from socialconnect.runs.reader import Reader
from socialconnect.runs.run import Asked, Run, Watch
from socialconnect.runs.select import Chosen, Users, choose, kept
from socialconnect.runs.tell import OnError, check, tell, tell_left_out
from socialconnect.settings import Settings, hide
from socialconnect.standing.part import Standing
from socialconnect.telemetry.told import carrying_out

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Mapping, Sequence

    import pandas as pd
    from pydantic import SecretStr

    from socialconnect.clerk.models import Instance
    from socialconnect.http.transport import Application
    from socialconnect.reading.declare import Connector, Value


class AsyncClient(Standing, Ahead, Anywhere, Custom, Exports, Profiles):
    """The users of one Clerk instance and what they connected, as DataFrames; every method is to be awaited.

    Parameters: `secret_key`, the instance's Clerk secret key, else found as `Settings` says; `connectors`, further
    ones beside the built-in; `base_urls`, other addresses for origins; `settings`, everything else. Raises a MissingKey
    where there is no key and an InvalidKey where it cannot be one. `application` is an ASGI application to call in
    place of the network.

    >>> import asyncio, socialconnect as sc
    >>> len(asyncio.run(sc.sandbox(users=3).aio.users()))
    3
    """

    def __init__(
        self,
        secret_key: str | SecretStr | None = None,
        *,
        connectors: Iterable[Connector] = (),
        base_urls: Mapping[str, str] | None = None,
        settings: Settings | None = None,
        application: Application | None = None,
    ) -> None:
        hidden, secret_key = hide(secret_key), None  # a traceback may show locals
        given = settings.model_dump(exclude_unset=True) if settings else {}
        changes = {"secret_key": hidden, "base_urls": dict(base_urls) if base_urls else None}
        self.settings = Settings.make(**{**given, **{name: value for name, value in changes.items() if value}})
        self.connectors = Connectors(connectors, self.settings.api_versions)
        self._wire = Wire(self.settings, Transport(self.settings, application))
        self._clerk = Clerk(key(self.settings), self._wire, production=self.settings.production, title=self._title)
        self._bound: dict[str, BoundConnector[Awaitable[pd.DataFrame]]] = {}
        self._lessons = Lessons()
        self._attempts = WeakSet()

    async def users(
        self, /, *, columns: Sequence[str] | None = None, raw: bool = False, **filters: Value
    ) -> pd.DataFrame:
        """The instance's users: one row each, newest first.

        Parameters: `columns` selects; `raw` adds what no column declares as JSON text; `filters` go to Clerk: `query`
        (name, e-mail address, id: partial), `user_id`, `email_address`, `username`, `external_id`, `organization_id`
        (one or a list), `banned`, `created_at_after` and the like (milliseconds since 1970).

        Returns a frame with `user_id` first: names and addresses as string, states as boolean, times as
        datetime64[us, UTC], `providers` a list, metadata as JSON text. `private_metadata` and the lists of addresses
        come only where `columns` names them. Raises an InvalidKey where Clerk refuses the key.

        Source: https://clerk.com/docs/reference/backend-api/tag/users/get/users

        >>> import socialconnect as sc
        >>> list(sc.sandbox(users=2).users(columns=["email"]).columns)
        ['user_id', 'email']
        """
        with shown("users", self.settings.progress), carrying_out("users"):
            return await tables.users_frame(self._clerk, filters, unobserved, names=columns, raw=raw)

    async def user(self, user: str, *, columns: Sequence[str] | None = None, raw: bool = False) -> pd.DataFrame:
        """One user, as the one row that `users()` would have. Raises a UserNotFound where this instance has none.

        Source: https://clerk.com/docs/reference/backend-api/tag/users/get/users/{user_id}

        >>> import socialconnect as sc
        >>> client = sc.sandbox(users=3)
        >>> len(client.user(client.users()["user_id"].iloc[0]))
        1
        """
        return await tables.user_frame(self._clerk, check_user_id(user), unobserved, names=columns, raw=raw)

    async def accounts(self, users: Users = None) -> pd.DataFrame:
        """The external accounts of everybody, or of those chosen: one row for each user and account.

        Returns a frame: user_id, external_account_id (the canonical `eac_` id), provider, status of its verification,
        connected (whether that was finished), provider_user_id, username, email_address, label, scopes (a list: what
        was approved), created_at, updated_at (UTC). Connected does not mean that the token still works: only a read
        tells.

        >>> import socialconnect as sc
        >>> sc.sandbox(users=20).accounts()["connected"].dtype
        BooleanDtype
        """
        chosen = choose(users)
        with shown("accounts", self.settings.progress), carrying_out("accounts"):
            frame = await tables.accounts_frame(
                self._clerk, None if chosen is None else [one.user_id for one in chosen], unobserved
            )
        tell_left_out("accounts", frame)
        return frame

    async def read(
        self,
        /,
        resource: str,
        users: Users = None,
        *,
        columns: Sequence[str] | None = None,
        raw: bool = False,
        on_error: OnError = "warn",
        watch: Watch | None = None,
        progress: Progress = None,
        **arguments: Value,
    ) -> Run:
        """Read one resource for many accounts, and tell everything that is known about it.

        Parameters: `resource` as `github.repos`; `users` an id, several, a frame with `user_id`, a picker, or nothing
        for everybody who has the connection; `columns` selects, `raw` adds what no column declares as JSON text;
        `on_error` is `warn` (one warning that counts and names the reasons), `raise` (an ExceptionGroup of the
        accounts' errors) or `ignore`; `watch` is called with each account's outcome; `progress` shows how far it is
        once it takes longer than a second, unless it is False (by default, what the setting says), or is itself called
        with the count; `arguments` are the resource's own parameters.

        Returns a Run: `frame` with user_id, external_account_id and the declared columns, in the order of the users;
        `outcomes`, one row per account; `trace`, one row per request. Raises a UsageError for what cannot be meant, an
        InvalidKey or another SetupError for what would meet every account.

        >>> import socialconnect as sc
        >>> run = sc.sandbox(users=20, seed=1).read("google.profile", on_error="ignore")
        >>> bool(len(run.frame) <= len(run.outcomes))
        True
        """
        check(on_error)
        asked = replace(asked_for(columns, raw=raw, arguments=arguments), on_error=on_error)
        with shown(resource, self._showing(progress)), carrying_out("read", resource) as told:
            run = await self._carried(resource, asked, choose(users), told.watching(watch))
        tell(resource, run, on_error)
        return run

    async def _carried(self, resource: str, asked: Asked, chosen: list[Chosen] | None, watch: Watch | None) -> Run:
        run = replace(await self._reader(resource, asked, watch).run(chosen), asked=asked, again=self._again)
        self._lessons.take(run)
        self._bind(run)
        return run

    async def retry(
        self,
        run: Run,
        users: Users = None,
        *,
        on_error: OnError | None = None,
        watch: Watch | None = None,
        progress: Progress = None,
    ) -> Run:
        """Read again the accounts of a run that failed or were read in part; `run.retry()` does the same.

        Parameters: `run`, what `read` gave; `users`, to read none but those of them who were not read whole, and also
        where they had no connection then; the others as in `read`, `on_error` by default as it was read. Returns a new
        Run with everything in its place: what was read whole is kept, a listing of users that broke off is gone on
        with, and the trace has all requests. Raises what `read` raises.

        >>> import socialconnect as sc
        >>> client = sc.sandbox(users=20, faults=["github:malformed x5"])
        >>> run = client.read("github.profile", on_error="ignore")
        >>> len(client.retry(run, on_error="ignore").outcomes) == len(run.outcomes)
        True
        """
        later: list[Run] = []
        named = choose(users)
        mine = troubled(run) if named is None else lacking(run, (one.user_id for one in named))
        listed = named is None and broken_off(run)
        with shown(run.resource, self._showing(progress)), carrying_out("retry", run.resource) as told:
            watch = told.watching(watch)
            if again := chosen(mine):
                later.append(await self._reader(run.resource, run.asked, watch).run(again))
            if listed:
                later.append(await self._reader(run.resource, run.asked, watch).run(None, without=seen(run)))
        found = replace(merged(run, mine, later, listed=listed), asked=run.asked, again=self._again)
        self._bind(found)
        tell(run.resource, found, on_error or run.asked.on_error)
        return found

    def _title(self, strategy: str) -> str:
        """What people call a provider, where one of the connectors says it."""
        name = provider_of(strategy)
        return self.connectors[name].title if name in self.connectors else name

    def _again(self, run: Run, users: Users = None) -> Run:
        return portal.run(self.retry(run, users), self.settings.engine)

    def _showing(self, progress: Progress) -> Progress:
        return self.settings.progress if progress is None else progress

    def _reader(self, resource: str, asked: Asked, watch: Watch | None) -> Reader:
        connector, name = self.connectors.resource(resource)
        return Reader(
            self._clerk,
            self._wire,
            connector,
            connector.resource(name),
            columns=asked.columns,
            raw=asked.raw,
            arguments=asked.arguments,
            watch=watch,
        )

    async def read_all(
        self,
        resources: Sequence[str],
        users: Users = None,
        *,
        on_error: OnError = "warn",
        watch: Watch | None = None,
        progress: Progress = None,
    ) -> dict[str, Run]:
        """Read several resources for many accounts, side by side within the same limits.

        Parameters: `resources` as `["github.repos", "notion.users"]`; the others as in `read`. Returns a Run for each
        resource, by its name, in the order given. Raises what `read` raises.

        >>> import socialconnect as sc
        >>> runs = sc.sandbox(users=20).read_all(["github.profile", "google.profile"], on_error="ignore")
        >>> list(runs)
        ['github.profile', 'google.profile']
        """
        if isinstance(resources, str):
            raise UsageError(f"resources={resources!r} is one text.", cure=f"Pass a list: [{resources!r}].")
        names, users = list(dict.fromkeys(resources)), kept(users)
        for name in names:
            self.connectors.resource(name)
        with shown(", ".join(names), self._showing(progress)), carrying_out("read_all"):
            # each adds to the count of all of them
            how: dict[str, Any] = {"on_error": "ignore", "watch": watch, "progress": progress}
            runs = await asyncio.gather(*(self.read(name, users, **how) for name in names), return_exceptions=True)
        for run in runs:
            if isinstance(run, BaseException):
                raise run
        done = {
            name: replace(run, asked=replace(run.asked, on_error=on_error))  # a retry tells trouble as this call does
            for name, run in zip(names, runs, strict=True)
            if isinstance(run, Run)
        }
        for name, run in done.items():
            tell(name, run, on_error)
        return done

    async def instance(self) -> Instance:
        """The Clerk instance behind the key (`id`, `environment_type`): the cheapest check of the key.

        Source: https://clerk.com/docs/reference/backend-api/tag/instance-settings/get/instance

        >>> import socialconnect as sc
        >>> sc.sandbox(users=1).instance().environment_type
        'production'
        """
        return await self._clerk.instance(unobserved)

    async def count(self, /, **filters: Value) -> int:
        """How many users the filters of `users()` leave.

        >>> import socialconnect as sc
        >>> sc.sandbox(users=7).count()
        7
        """
        return await self._clerk.count(filters, unobserved)

    async def aclose(self) -> None:
        """End attempts to connect that go on, and close the connections and what a sandbox serves for a browser.

        A later call opens new ones.
        """
        await self._ended()
        await self._wire.aclose()

    async def frame(
        self,
        /,
        name: str,
        users: Users = None,
        *,
        columns: Sequence[str] | None = None,
        raw: bool = False,
        on_error: OnError | None = None,
        watch: Watch | None = None,
        progress: Progress = None,
        **arguments: Value,
    ) -> pd.DataFrame:
        """What `client.github.repos(…)` does: `read`, but for one user the error itself, and the frame alone.

        >>> import socialconnect as sc
        >>> sc.sandbox(users=5).frame("google.profile", on_error="ignore").columns[0]
        'user_id'
        """
        users = kept(users)
        chosen = choose(users)
        alone = chosen is not None and len(chosen) == 1 and on_error in (None, "raise")
        how: OnError = "ignore" if alone else (on_error or "warn")
        run = await self.read(
            name, users, columns=columns, raw=raw, on_error=how, watch=watch, progress=progress, **arguments
        )
        if alone and run.errors:
            raise run.errors[0]
        if alone and run.problems:
            tell(name, run, "warn")
        return run.frame

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __getattr__(self, name: str) -> BoundConnector[Awaitable[pd.DataFrame]]:
        # IPython probes for names that nothing should answer; and a client that could not be made has no providers
        if name.startswith("_") or "connectors" not in self.__dict__:
            raise AttributeError(name)
        if name not in self._bound:
            self._bound[name] = BoundConnector(self.connectors[name], self.frame)
        return self._bound[name]

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.connectors]

    def _repr_html_(self) -> str | None:
        """What a cell shows that ends with it: the providers and their resources."""
        if "connectors" not in self.__dict__:
            return None
        return client_html(type(self).__name__, INSTANCE, self.connectors)

    def __repr__(self) -> str:
        return client_text("AsyncClient", self.connectors if "connectors" in self.__dict__ else ["not made"])
