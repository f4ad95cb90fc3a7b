"""An embedded, seeded world: Clerk, three providers and whatever else a connector declares. No account, no network.

    sandbox = Sandbox(users=200, seed=0, faults=["github:throttled@0.1"])
    transport = httpx.ASGITransport(sandbox.app)              # in process: https://api.github.com/user as it stands
    with running(sandbox) as base:                            # on a loopback port
        sandbox.base_urls(base)["https://api.github.com"]     # http://127.0.0.1:49152/api.github.com

Every host is told by the Host header, where it is one of the sandbox's, or else by the first segment of the path.
The same seed gives the same world, whatever is asked and in whatever order; `world.py` says how a row names its owner
and which situations accounts are in, `faults.py` what can be made to go wrong. What people connect, renew and remove
stands in `linked.py`, what `change` makes of their records in `edits.py`; `browse` gives an address at which a browser
finds Clerk's pages and those that ask for consent.
Time is the event loop's, so that tests with virtual time do not wait.
"""

from __future__ import annotations

import socket
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from socialconnect.connectors import Connectors
from socialconnect.errors import MissingPackage, Unavailable, UsageError
from socialconnect.sandbox.changing import Changing
from socialconnect.sandbox.faults import Fault, Faults
from socialconnect.sandbox.generic import Generic
from socialconnect.sandbox.hosts import Hosts
from socialconnect.sandbox.instance import Instance
from socialconnect.sandbox.record import Clock, Record, Served
from socialconnect.sandbox.tokens import Tokens
from socialconnect.sandbox.visitor import Page, Visitor
from socialconnect.sandbox.world import CORE, EPOCH, Account, Offered, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import ModuleType

    import uvicorn
    from starlette.types import ASGIApp

    from socialconnect.reading.declare import Connector

__all__ = ["EPOCH", "Account", "Fault", "Page", "Record", "Sandbox", "Served", "Visitor", "World", "running", "serve"]


class Sandbox:
    """One sandbox: its world, its application and the record of what was asked of it.

    The built-in connectors and those in `connectors` are served from their declarations, but for what is written here
    by hand of Clerk, GitHub, Notion and Google. `limits=False` turns all rate limits off; those in `disabled` are
    connected as ever, but no longer offered by the Clerk instance.

    >>> Sandbox(users=3).base_urls("http://127.0.0.1:8000")["https://api.notion.com"]
    'http://127.0.0.1:8000/api.notion.com'
    """

    def __init__(
        self,
        *,
        users: int = 200,
        seed: int = 0,
        faults: Sequence[Fault | str] = (),
        connectors: Sequence[Connector] = (),
        limits: bool = True,
        disabled: Sequence[str] = (),
    ) -> None:
        served = Connectors(connectors)
        core = {one.name for one in CORE}
        further = [Offered(name, each.strategy, title=each.title) for name, each in served.items() if name not in core]
        offered = [replace(one, enabled=one.name not in disabled) for one in (*CORE, *further)]
        if unknown := {*disabled} - {one.name for one in offered}:
            raise UsageError(f"The sandbox has no provider {min(unknown)!r}.", cure="Name one of its connectors.")
        self.world = World(users, seed, offered)
        self.secret_key = f"sandbox-secret-key-{seed}"
        self.requests = Record()
        self.clock = Clock()
        scopes = {name: _scopes(connector) for name, connector in served.items()}
        fuller = {name: _further(connector, scopes[name]) for name, connector in served.items()}
        tokens = Tokens(self.world, Faults(faults, seed, self.world.providers), scopes, fuller)
        generics = [Generic(connector, tokens, limits=limits) for connector in served.values()]
        self._changing = Changing(tokens, served, generics)
        self.instance = Instance(tokens, self.secret_key)
        self.linked = self.instance.linked
        self.consents = self.instance.consents
        self._serving = ExitStack()
        self._lock = threading.Lock()
        self._base = ""
        self._hosts = Hosts(self.instance, generics, limits=limits)

    def __repr__(self) -> str:
        return f"Sandbox(users={self.world.users}, seed={self.world.seed})"

    @cached_property
    def app(self) -> ASGIApp:
        """The ASGI application; a MissingPackage without the sandbox extra."""
        _needed("starlette")
        app: ASGIApp = import_module("socialconnect.sandbox.app").build(self._hosts, self.requests, self.clock)
        return app

    def secrets(self) -> frozenset[str]:
        """Every secret value that this sandbox has handed out so far, and its key: so that tests can look for them."""
        return frozenset(self.instance.tokens.handed)

    def browse(self, url: str) -> str:
        """The address under which a browser on this machine finds a page of the sandbox; any other one as it is.

        At its first use it serves the sandbox on a loopback port, in a thread that ends with `close` or the process.
        Raises a MissingPackage without the sandbox extra.

        >>> Sandbox(users=3).browse("https://clerk.com/docs")
        'https://clerk.com/docs'
        """
        parts = urlsplit(url)
        if parts.scheme != "https" or parts.netloc not in self._hosts.names:
            return url
        with self._lock:
            if not self._base:
                self._base = self._serving.enter_context(running(self))
            return f"{self._base}/{parts.netloc}{parts._replace(scheme='', netloc='').geturl()}"

    def visitor(self) -> Visitor:
        """A played person with a browser of their own, who follows links, signs in and consents, in process.

        >>> Sandbox(users=3).visitor().open("https://accounts.sandbox.example/user").title
        'Sign in'
        """
        return Visitor(self.world, self._hosts, self.requests, self.clock)

    def close(self) -> None:
        """End what `browse` began to serve; `browse` can begin again."""
        with self._lock:
            self._base = ""
            self._serving.close()

    def change(
        self,
        user: str,
        resource: str,
        *,
        edit: Mapping[int, Mapping[str, object]] | None = None,
        delete: Sequence[int] = (),
        add: int = 0,
        parent: str = "",
    ) -> None:
        """Change what a user has at a provider, as between two readings; records are told by their places, from 0 on.

        What is edited or added was changed now, as its resource's `changed` column says; what is deleted vanishes, and
        providers that tell changes by a sync token tell of it. Of a user's several accounts it is the first one's.

        Parameters: `user`, an id; `resource` such as `github.repos`; `edit`, values of columns by place; `delete`,
        places; `add`, how many records more; `parent`, of which parent. A UsageError where there is no such thing.

        >>> world = Sandbox(users=20)
        >>> account = next(world.world.having("github", "healthy"))
        >>> world.change(world.world.user_id(account.user), "github.repos", add=1)
        """
        provider = resource.partition(".")[0]
        index = self.world.find_user(user)
        accounts = () if index is None else self.world.accounts(index)
        account = next((one for one in accounts if one.provider == provider), None)
        if account is None:
            raise UsageError(f"{user} has not connected {provider!r} in this sandbox.", cure="Name a user who has.")
        self._changing.change(
            account, resource, self.clock.now(), parent=parent, edit=edit or {}, delete=delete, add=add
        )

    def expire_sync_tokens(self) -> None:
        """Make every sync token that was given so far too old: whoever asks by it must read everything."""
        self.world.generation += 1

    def base_urls(self, base: str) -> dict[str, str]:
        """For every origin that the sandbox stands in for, its address under `base`."""
        return {f"https://{host}": f"{base.rstrip('/')}/{host}" for host in self._hosts.names}


def serve(
    sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0, *, ready: Callable[[str], None] | None = None
) -> None:
    """Serve until interrupted; `ready` is told the base address, since port 0 takes any that is free.

    Raises a MissingPackage without the sandbox extra, an Unavailable where the port cannot be had.
    """
    server, listener, base = _open(sandbox, host, port)
    with listener:
        if ready is not None:
            ready(base)
        server.run(sockets=[listener])


@contextmanager
def running(sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve in a thread and give the base address; it ends with the block. Raises what `serve` raises."""
    server, listener, base = _open(sandbox, host, port)
    thread = threading.Thread(target=server.run, args=([listener],), name="socialconnect-sandbox", daemon=True)
    thread.start()
    try:
        yield base  # who calls before the server is up waits in the socket's queue
    finally:
        server.should_exit = True
        thread.join(5)
        listener.close()


def _open(sandbox: Sandbox, host: str, port: int) -> tuple[uvicorn.Server, socket.socket, str]:
    module = _needed("uvicorn")
    # uvloop cannot be nested: where somebody nested asyncio, it would not start
    config = module.Config(sandbox.app, log_level="critical", access_log=False, lifespan="off", loop="asyncio")
    try:
        listener = socket.create_server((host, port))
    except OSError as error:
        raise Unavailable(f"Nothing can be served at {host}:{port}: {error}.", cure="Use another port.") from None
    server: uvicorn.Server = module.Server(config)
    return server, listener, f"http://{host}:{listener.getsockname()[1]}"


def _needed(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ImportError:
        raise MissingPackage(
            f"The sandbox needs {name}, which is not installed.", cure="pip install 'socialconnect[sandbox]'"
        ) from None


def _scopes(connector: Connector) -> tuple[str, ...]:
    return tuple(dict.fromkeys(resource.scopes[0] for resource in connector.resources if resource.scopes))


def _further(connector: Connector, base: tuple[str, ...]) -> tuple[str, ...]:
    """Scopes without which something is not shown."""
    fuller = (scope for resource in connector.resources for scope in resource.fuller)
    return tuple(scope for scope in dict.fromkeys(fuller) if scope not in base)
