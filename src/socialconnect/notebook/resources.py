"""`ResourcePicker`: what to read, with which columns and parameters, all from the declaration."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pandas as pd

from socialconnect.errors import UsageError
from socialconnect.notebook.background import safely
from socialconnect.notebook.inputs import Input
from socialconnect.notebook.parts import Kit, Panel, W, Widget, dim, trouble
from socialconnect.reading.declare import unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from socialconnect.client import Client
    from socialconnect.reading.declare import Column, Connector, Resource, Value

_ROWS = 9


@dataclass(frozen=True)
class Choice:
    """What is to be read: a resource, its columns (None for those that come by default) and its arguments."""

    resource: str
    columns: tuple[str, ...] | None = None
    arguments: Mapping[str, Value] = field(default_factory=dict)


class ResourcePicker(Panel):
    """Choose a resource of a provider, its columns, and its parameters in inputs made from the declaration.

    Parameters: `provider`, whose resources are offered; nothing offers those of all. `resource`, as `github.repos`,
    which is chosen from the beginning; `columns` and `arguments` likewise.

    `resource`, `columns` (None for those that come by default) and `arguments` are what is chosen, and can be set;
    `choice` is the three together, and raises a UsageError for what the parameters do not allow. `frame` has a row for
    each column that is offered. In a script, `client.read(resource, users, columns=…, …)` takes the same words. Raises
    an UnknownName for what there is not.

    >>> import socialconnect as sc
    >>> picker = sc.ResourcePicker(sc.sandbox(users=1), resource="github.repos", columns=["name", "language"])
    >>> picker
    <ResourcePicker: github.repos, 2 columns>
    >>> picker.arguments = {"visibility": "public"}
    >>> picker.choice.arguments
    {'visibility': 'public'}
    """

    def __init__(
        self,
        client: Client,
        provider: str = "",
        *,
        resource: str = "",
        columns: Sequence[str] | None = None,
        arguments: Mapping[str, Value] | None = None,
    ) -> None:
        super().__init__()
        offered = {provider: client.connectors[provider]} if provider else dict(client.connectors.items())
        self._offered: dict[str, tuple[Connector, Resource]] = {
            f"{name}.{one.name}": (connector, one) for name, connector in offered.items() for one in connector.resources
        }
        self._inputs: dict[str, Input] = {}
        self._setting = False
        self._make()
        self.resource = resource or next(iter(self._offered))
        self.columns = columns
        self.arguments = arguments or {}

    @property
    def resource(self) -> str:
        """The chosen resource, as `github.repos`."""
        return str(self._menu.value)

    @resource.setter
    def resource(self, name: str) -> None:
        if name not in self._offered:
            raise unknown("resource", name, self._offered)
        if self._menu.value == name:
            self._turn()
        self._menu.value = name

    @property
    def columns(self) -> list[str] | None:
        """The chosen columns; None for those that come by default."""
        chosen = list(self._columns.value)
        return None if chosen == self._default() else chosen

    @columns.setter
    def columns(self, names: Sequence[str] | None) -> None:
        declared = self._declared()
        wanted = self._default() if names is None else [column.name for column in declared.select(names)]
        self._columns.value = tuple(column.name for column in declared.columns if column.name in wanted)

    @property
    def arguments(self) -> dict[str, Value]:
        """What was entered for the parameters. Raises a UsageError for what they do not allow."""
        entered = {name: one.value for name, one in self._inputs.items()}
        return self._declared().given(entered) if entered else {}

    @arguments.setter
    def arguments(self, values: Mapping[str, Value]) -> None:
        self._declared().given(values)
        self._setting = True  # each input would tell of a change
        try:
            for name, one in self._inputs.items():
                one.value = values.get(name)
        finally:
            self._setting = False
        self._altered()

    @property
    def choice(self) -> Choice:
        """All of it. Raises a UsageError for what the parameters do not allow, and where no column is chosen."""
        columns = self.columns
        if columns == []:
            raise UsageError("No column is chosen.", cure="Choose some: Ctrl or Shift selects several.")
        return Choice(self.resource, None if columns is None else tuple(columns), self.arguments)

    @property
    def frame(self) -> pd.DataFrame:
        """The columns of the resource: name, dtype, chosen, on_request (left out unless chosen) and note."""
        chosen = set(self._columns.value)
        rows = [
            (one.name, one.dtype, one.name in chosen, one.on_request, one.note or None)
            for one in self._declared().columns
        ]
        frame = pd.DataFrame(rows, columns=["column", "dtype", "chosen", "on_request", "note"])
        return frame.astype(
            {"column": "string", "dtype": "string", "chosen": "boolean", "on_request": "boolean", "note": "string"}
        )

    def __repr__(self) -> str:
        return f"<ResourcePicker: {self.resource}, {len(self._columns.value)} columns>"

    def __str__(self) -> str:
        """The choice in words: the resource with what it says of itself, columns and parameters."""
        declared = self._declared()
        entered = {name: one.value for name, one in self._inputs.items()}
        return "\n".join(
            [
                f"{self.resource}: {declared.doc}",
                f"columns: {', '.join(self._columns.value)}",
                *(f"{name} = {value!r}" for name, value in entered.items() if value is not None),
            ]
        )

    def _declared(self) -> Resource:
        return self._offered[self.resource][1]

    def _default(self) -> list[str]:
        return [column.name for column in self._declared().select(None)]

    def _make(self) -> None:
        kit = self._kit = Kit()
        titles = {name: f"{connector.title}: {one.name}" for name, (connector, one) in self._offered.items()}
        self._menu = kit.field(
            W.Dropdown, "Resource", "sc-resource", options=[(title, name) for name, title in titles.items()]
        )
        self._about = kit.html()
        self._columns = kit.field(W.SelectMultiple, "Columns", "sc-columns", rows=_ROWS)
        self._count = kit.html()
        self._parameters = kit.make(W.Box, "sc-inputs")
        self._status = kit.html("", "sc-resource-status")
        self._menu.observe(safely(self._turn, self._failed), "value")
        self._columns.observe(safely(self._altered, self._failed), "value")
        every = kit.button("All", lambda: self._select(every=True), self._failed)
        usual = kit.button("Default", lambda: self._select(every=False), self._failed)
        left = kit.column([self._columns, kit.row(every, usual, self._count)])
        self.body = kit.column(
            [self._menu, self._about, kit.row(left, self._parameters), self._status], "sc-resource-picker"
        )
        self.widget = kit.panel(self.body)

    def _open(self) -> None:
        """Nothing is fetched: all is in the declaration."""

    def _turn(self) -> None:
        """Another resource: its own columns and inputs."""
        connector, declared = self._offered[self.resource]
        self._setting = True
        try:
            self._columns.options = [(_label(column), column.name) for column in declared.columns]
            self._columns.value = tuple(self._default())
            self._inputs = {param.name: Input(param, self._kit) for param in declared.arguments}
        finally:
            self._setting = False
        for one in self._inputs.values():
            one.widget.observe(safely(self._altered, self._failed), "value")
        inputs: list[Widget] = [one.widget for one in self._inputs.values()]
        self._parameters.children = inputs or [self._kit.html(dim("It has no parameters."))]
        self._about.value = _about(connector, declared)
        self._altered()

    def _select(self, *, every: bool) -> None:
        self._columns.value = tuple(name for _, name in self._columns.options) if every else tuple(self._default())

    def _altered(self) -> None:
        if self._setting:
            return
        self._status.value = ""
        self._count.value = dim(f"{len(self._columns.value)} of {len(self._columns.options)}")
        self._changed()
        _ = self.choice  # what cannot be meant is told at once, under the inputs

    def _failed(self, error: Exception) -> None:
        self._status.value = trouble(error)


def _label(column: Column) -> str:
    return f"{column.name}  ({column.dtype}{', on request' if column.on_request else ''})"


def _about(connector: Connector, resource: Resource) -> str:
    groups = [" or ".join(group) for group in connector.needs(resource)]
    needs = f" Needs the scope {' and '.join(groups)}." if groups else " Needs no scope."
    link = ""
    if urlsplit(resource.source).scheme == "https":
        link = f' <a href="{escape(resource.source)}" target="_blank" rel="noopener noreferrer">Source</a>'
    return f"<div>{escape(resource.doc)} {dim(needs)}{link}</div>"
