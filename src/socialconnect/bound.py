"""Connectors bound to a client: `client.github.repos(…)`, with completion and documentation from the declaration."""

from __future__ import annotations

import inspect
from textwrap import fill
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from socialconnect.reading.declare import Connector, Resource, Value, unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from socialconnect.runs.run import Watch
    from socialconnect.runs.select import Users
    from socialconnect.runs.tell import OnError

F_co = TypeVar("F_co", covariant=True)
F = TypeVar("F")


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
        **arguments: Value,
    ) -> F_co:
        """Read it."""


class BoundConnector(Generic[F]):
    """One provider of one client; its resources are attributes to call."""

    def __init__(self, connector: Connector, read: Read[F]) -> None:
        self._connector = connector
        self._resources = {resource.name: BoundResource(connector, resource, read) for resource in connector.resources}
        self.__doc__ = connector_text(connector)

    def __getattr__(self, name: str) -> BoundResource[F]:
        if name.startswith("_"):  # IPython probes for names that nothing should answer
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> BoundResource[F]:
        if name not in self._resources:
            raise unknown("resource", name, self._resources, f"of {self._connector.name}")
        return self._resources[name]

    def __dir__(self) -> list[str]:
        return [*self._resources]

    def _ipython_key_completions_(self) -> list[str]:
        return [*self._resources]

    def __repr__(self) -> str:
        return f"<{self._connector.title}: {', '.join(self._resources)}>"


class BoundResource(Generic[F]):
    """One resource of one client: call it for a frame."""

    def __init__(self, connector: Connector, resource: Resource, read: Read[F]) -> None:
        self.name = f"{connector.name}.{resource.name}"
        self._read = read
        self.__doc__ = resource_text(connector, resource)
        self.__signature__ = _signature(resource)

    def __call__(
        self,
        users: Users = None,
        *,
        columns: Sequence[str] | None = None,
        raw: bool = False,
        on_error: OnError | None = None,
        watch: Watch | None = None,
        **arguments: Value,
    ) -> F:
        """Read it: the frame of one user, of several, or of everybody who has the connection."""
        __tracebackhide__ = True
        return self._read(self.name, users, columns=columns, raw=raw, on_error=on_error, watch=watch, **arguments)

    def __repr__(self) -> str:
        return f"<{self.name}{self.__signature__}>"


def _signature(resource: Resource) -> inspect.Signature:
    one = inspect.Parameter
    keywords = {"columns": None, "raw": False, "on_error": None, "watch": None} | {
        param.name: None for param in resource.params
    }
    return inspect.Signature(
        [
            one("users", one.POSITIONAL_OR_KEYWORD, default=None),
            *(one(name, one.KEYWORD_ONLY, default=default) for name, default in keywords.items()),
        ]
    )


def connector_text(connector: Connector) -> str:
    """A connector's documentation, from its declaration."""
    lines = [f"{connector.title}: {connector.doc}" if connector.doc else connector.title, ""]
    lines += [f"  {resource.name:<12} {resource.doc}" for resource in connector.resources]
    return "\n".join([*lines, "", *([connector.source] if connector.source else [])]).rstrip()


def resource_text(connector: Connector, resource: Resource) -> str:
    """A resource's documentation: parameters, columns with their dtypes, scopes, oddities and the vendor's page."""
    lines = [resource.doc or f"{resource.name} of {connector.title}.", ""]
    lines += ["Parameters: users, columns, raw, on_error, watch as in Client.read."]
    for param in resource.params:
        allowed = f" one of {', '.join(param.choices)}" if param.choices else f" {param.kind.__name__}"
        excluded = f" (not with {', '.join(param.excludes)})" if param.excludes else ""
        lines.append(f"  {param.name}:{allowed}{excluded}{f'. {param.note}' if param.note else ''}")
    scopes = " or ".join(resource.scopes) or "none"
    lines += ["", f"Scopes: {scopes}", "", "Columns (each may be NA):", "  user_id, external_account_id: string"]
    by_dtype: dict[str, list[str]] = {}
    for column in resource.columns:
        dtype = {"datetime": "datetime64[us, UTC]"}.get(column.dtype, str(column.dtype))
        by_dtype.setdefault(f"{dtype}{', on request' if column.on_request else ''}", []).append(column.name)
    for dtype, names in by_dtype.items():
        lines.append(fill(f"{dtype}: {', '.join(names)}", 96, initial_indent="  ", subsequent_indent="    "))
    if resource.notes:
        lines += ["", *(fill(f"Note: {note}", 96, subsequent_indent="  ") for note in resource.notes)]
    return "\n".join([*lines, "", *([f"Source: {resource.source}"] if resource.source else [])]).rstrip()
