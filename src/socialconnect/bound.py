"""Connectors bound to a client: `client.github.repos(…)`, with completion and documentation from the declaration."""

from __future__ import annotations

import inspect
from textwrap import shorten
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from socialconnect import reference
from socialconnect.markup import Html, block, element, faint, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from socialconnect.progress.live import Progress
    from socialconnect.reading.declare import Connector, Resource, Value
    from socialconnect.runs.run import Watch
    from socialconnect.runs.select import Users
    from socialconnect.runs.tell import OnError

F_co = TypeVar("F_co", covariant=True)
F = TypeVar("F")

INSTANCE = "the Clerk instance of the secret key"
_SHOWN = 120  # characters of a signature in a repr
_NAMED = 8  # providers named in a client's


class Read(Protocol[F_co]):
    """What a client does for a bound resource."""

    def __call__(
        self,
        name: str,
        users: Users = None,
        *,
        columns: Sequence[str] | None = None,
        raw: bool = False,
        on_error: OnError | None = None,
        watch: Watch | None = None,
        progress: Progress = None,
        **arguments: Value,
    ) -> F_co:
        """Read it."""


class BoundConnector(Generic[F]):
    """One provider of one client; its resources are attributes to call."""

    def __init__(self, connector: Connector, read: Read[F]) -> None:
        self._connector = connector
        self._read = read
        self._names = [resource.name for resource in connector.resources]
        self._bound: dict[str, BoundResource[F]] = {}
        self.__doc__ = reference.connector_text(connector)

    def __getattr__(self, name: str) -> BoundResource[F]:
        if name.startswith("_"):  # IPython probes for names that nothing should answer
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> BoundResource[F]:
        if name not in self._bound:  # made when it is asked for: its documentation is long
            resource = self._connector.resource(name)
            self._bound[name] = BoundResource(self._connector, resource, self._read)
        return self._bound[name]

    def __dir__(self) -> list[str]:
        return list(self._names)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self._names)

    def __repr__(self) -> str:
        return f"<{self._connector.title}: {', '.join(self._names)}>"

    def _repr_markdown_(self) -> str:
        """What a cell shows that ends with it: the connector's reference page."""
        return reference.page(self._connector)


class BoundResource(Generic[F]):
    """One resource of one client: call it for a frame."""

    def __init__(self, connector: Connector, resource: Resource, read: Read[F]) -> None:
        self.name = f"{connector.name}.{resource.name}"
        self._read = read
        self._connector = connector
        self._resource = resource
        self.__doc__ = reference.resource_text(connector, resource)
        self.__signature__ = _signature(resource)

    def __call__(
        self,
        users: Users = None,
        *,
        columns: Sequence[str] | None = None,
        raw: bool = False,
        on_error: OnError | None = None,
        watch: Watch | None = None,
        progress: Progress = None,
        **arguments: Value,
    ) -> F:
        """Read it: the frame of one user, of several, or of everybody who has the connection."""
        __tracebackhide__ = True
        return self._read(
            self.name,
            users,
            columns=columns,
            raw=raw,
            on_error=on_error,
            watch=watch,
            progress=progress,
            **arguments,
        )

    def __repr__(self) -> str:
        return f"<{shorten(f'{self.name}{self.__signature__}', _SHOWN, placeholder=' …)')}>"

    def _repr_markdown_(self) -> str:
        """What a cell shows that ends with it: its part of the connector's reference page."""
        return reference.section(self._connector, self._resource)


def client_html(name: str, where: str, connectors: Mapping[str, Connector]) -> Html:
    """A client in a cell: the providers and their resources."""
    rows = [
        (element("b", one.title), element("code", f"client.{one.name}"), ", ".join(each.name for each in one.resources))
        for one in connectors.values()
    ]
    return block(
        element("div", element("b", name), f" on {where}"),
        table(("provider", "", "resources"), rows),
        faint("users(), accounts(), coverage(…), plan(…), read(…): each says more with ? behind it."),
    )


def client_text(name: str, connectors: Iterable[str]) -> str:
    """A client in one line: its first providers, and how many more there are.

    >>> client_text("Client", ["github", "google", "notion"])
    '<Client: github, google, notion>'
    """
    names = [*connectors]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"<{name}: {', '.join(names[:_NAMED])}{more}>"


def _signature(resource: Resource) -> inspect.Signature:
    one = inspect.Parameter
    keywords = {"columns": None, "raw": False, "on_error": None, "watch": None, "progress": None} | {
        param.name: None for param in resource.arguments
    }
    return inspect.Signature(
        [
            one("users", one.POSITIONAL_OR_KEYWORD, default=None),
            *(one(name, one.KEYWORD_ONLY, default=default) for name, default in keywords.items()),
        ]
    )
