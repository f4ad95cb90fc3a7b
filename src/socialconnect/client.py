"""`Client`: the same methods as `AsyncClient`, to call instead of to await."""

from __future__ import annotations

import functools
from importlib import import_module
from typing import TYPE_CHECKING, Any, Self, overload

from socialconnect import portal
from socialconnect.async_client import AsyncClient
from socialconnect.bound import INSTANCE, BoundConnector, client_html, client_text
from socialconnect.clerk.strategy import provider_of
from socialconnect.settings import Settings, hide

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd
    from pydantic import SecretStr

    from socialconnect.connectors import Connectors
    from socialconnect.http.transport import Application
    from socialconnect.notebook.explore import Explore
    from socialconnect.reading.declare import Connector, Value
    from socialconnect.reading.paths import Json
    from socialconnect.runs.plan import Plan
    from socialconnect.runs.run import Run
    from socialconnect.runs.select import Users
    from socialconnect.sandbox import Sandbox


class Client:
    """The users of one Clerk instance and what they connected, as DataFrames.

    Parameters: `secret_key`, the instance's Clerk secret key, else taken from the environment (CLERK_SECRET_KEY), a
    `.env` file, the keyring or a Colab secret; `connectors`, further ones beside the built-in; `base_urls`, other
    addresses for origins; `settings`, everything else. Raises a MissingKey where there is no key, an InvalidKey where
    it cannot be one. `aio` is the same client to await; `sandbox` is the embedded world, where there is one. It works
    in scripts and notebooks alike: the work is done on one background loop.

    >>> import socialconnect as sc
    >>> client = sc.sandbox(users=3)
    >>> len(client.users())
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
        self.aio = AsyncClient(
            hidden, connectors=connectors, base_urls=base_urls, settings=settings, application=application
        )
        self.aio._blocks = True  # noqa: SLF001 - the two are one client
        self.sandbox: Sandbox | None = None
        self._bound: dict[str, BoundConnector[pd.DataFrame]] = {}

    users = portal.blocking(AsyncClient.users)
    user = portal.blocking(AsyncClient.user)
    accounts = portal.blocking(AsyncClient.accounts)
    profiles = portal.blocking(AsyncClient.profiles)
    coverage = portal.blocking(AsyncClient.coverage)
    read = portal.blocking(AsyncClient.read)
    retry = portal.blocking(AsyncClient.retry)
    read_all = portal.blocking(AsyncClient.read_all)
    export = portal.blocking(AsyncClient.export)
    frame = portal.blocking(AsyncClient.frame)
    token = portal.blocking(AsyncClient.token)
    get = portal.blocking(AsyncClient.get)
    request = portal.blocking(AsyncClient.request)
    connect = portal.blocking(AsyncClient.connect)
    disconnect = portal.blocking(AsyncClient.disconnect)
    diagnose = portal.blocking(AsyncClient.diagnose)
    instance = portal.blocking(AsyncClient.instance)
    providers = portal.blocking(AsyncClient.providers)
    count = portal.blocking(AsyncClient.count)

    def close(self) -> None:
        """End attempts to connect that go on, and close the connections and what a sandbox serves for a browser.

        A later call opens new ones.
        """
        __tracebackhide__ = True
        portal.run(self.aio.aclose(), self.engine)
        if self.sandbox is not None:
            self.sandbox.close()

    @overload
    def plan(
        self,
        /,
        resource: str,
        users: Users = None,
        *,
        columns: Sequence[str] | None = None,
        raw: bool = False,
        tokens: bool = False,
        **arguments: Value,
    ) -> Plan[Run]: ...

    @overload
    def plan(
        self, /, resource: list[str] | tuple[str, ...], users: Users = None, *, tokens: bool = False
    ) -> Plan[dict[str, Run]]: ...

    @functools.wraps(AsyncClient.plan)
    def plan(  # noqa: D102 - wraps brings the words
        self,
        /,
        resource: str | list[str] | tuple[str, ...],
        users: Users = None,
        **how: Any,
    ) -> Plan[Run] | Plan[dict[str, Run]]:
        __tracebackhide__ = True
        if isinstance(resource, str):
            one = portal.run(self.aio.plan(resource, users, **how), self.engine)
            return one.by(lambda on_error, watch: portal.run(one.run(on_error=on_error, watch=watch), self.engine))
        each = portal.run(self.aio.plan(resource, users, **how), self.engine)
        return each.by(lambda on_error, watch: portal.run(each.run(on_error=on_error, watch=watch), self.engine))

    @functools.wraps(AsyncClient.custom)
    def custom(  # noqa: D102 - wraps brings the words
        self, name: str, /, *, discovery: str | Mapping[str, Json], title: str = "", origins: Iterable[str] = ()
    ) -> BoundConnector[pd.DataFrame]:
        __tracebackhide__ = True
        portal.run(self.aio.custom(name, discovery=discovery, title=title, origins=origins), self.engine)
        self._bound.pop(provider_of(name), None)
        return self[provider_of(name)]

    def explore(self, users: Users = None, resources: Iterable[str] = ()) -> Explore:
        """A panel to choose users, providers and resources, see what reading takes, read, look, and take the code.

        Parameters: `users` and `resources` (as `["github.repos"]`, one for each provider) are chosen from the
        beginning; without users everybody is read. Returns an Explore, which a cell that ends with it shows: its
        `selection`, `frame`, `run` and `code` follow what is chosen and read in it, and `plan()`, `read()`, `stop()`
        and `wait()` are its buttons for where nobody can click. Raises a MissingPackage without the extra `notebook`.

        >>> import socialconnect as sc
        >>> panel = sc.sandbox(users=20).explore(resources=["google.profile"])
        >>> panel.read()
        >>> panel.wait()
        True
        >>> print(panel.code)
        client.google.profile()
        """
        panel: Explore = import_module("socialconnect.notebook.explore").Explore(self, users, resources)
        return panel

    @property
    def settings(self) -> Settings:
        """The settings that this client was made with."""
        return self.aio.settings

    @property
    def engine(self) -> portal.Engine:
        """Where the calls run: `thread` or `nested`, as the settings say."""
        return self.settings.engine

    @property
    def connectors(self) -> Connectors:
        """Every connector by name."""
        return self.aio.connectors

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getattr__(self, name: str) -> BoundConnector[pd.DataFrame]:
        # IPython probes for names that nothing should answer; and a client that could not be made has no providers
        if name.startswith("_") or "aio" not in self.__dict__:
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> BoundConnector[pd.DataFrame]:
        if name not in self._bound:
            self._bound[name] = BoundConnector(self.connectors[name], self.frame)
        return self._bound[name]

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.connectors]

    def _ipython_key_completions_(self) -> list[str]:
        return list(self.connectors)

    def _repr_html_(self) -> str | None:
        """What a cell shows that ends with it: the providers and their resources; nothing is asked for that."""
        if "aio" not in self.__dict__:
            return None
        where = repr(self.sandbox) if self.sandbox is not None else INSTANCE
        return client_html(type(self).__name__, where, self.connectors)

    def __repr__(self) -> str:
        return client_text("Client", self.connectors if "aio" in self.__dict__ else ["not made"])
