"""A connector's reference, made from its declaration alone.

One text for a page of `notebooks/reference`, for `client.github` in a cell and for `socialconnect connectors github`;
and the same facts as plain text for `client.github?`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from socialconnect.reference.example import START, example
from socialconnect.reference.fields import field_list, fields
from socialconnect.reference.pen import Markdown, Plain
from socialconnect.reference.provider import needs, provider_facts
from socialconnect.reference.words import Fact, facts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from socialconnect.reading.declare import Connector, Resource

__all__ = ["connector_text", "index", "overview", "page", "resource_text", "section"]

_MARKDOWN, _PLAIN = Markdown(), Plain()
_EVERYWHERE = (
    "Each resource takes `users` (one Clerk id, several, a frame of them, or nothing for everybody who has the "
    "connection), `columns`, `raw`, `on_error`, `watch` and `progress`, beside its own parameters. Any value may be NA."
)


def page(connector: Connector) -> str:
    """A connector's reference page: the provider, then each resource with its columns."""
    pen = _MARKDOWN
    lines = [f"# {pen.text(connector.title)}", ""]
    lines += [*pen.paragraph(pen.text(connector.doc)), ""] if connector.doc else []
    lines += [*_listed(provider_facts(connector, pen), pen), "", *pen.paragraph(_EVERYWHERE), ""]
    lines += ["```python", *START.splitlines(), "```", ""]
    lines += [line for one in connector.resources for line in _entry(connector, one, pen)]
    sections = [section(connector, one) for one in connector.resources]
    return "\n\n".join(["\n".join(lines), *sections])


def section(connector: Connector, resource: Resource) -> str:
    """What the page says of one resource."""
    pen = _MARKDOWN
    lines = [f"## {connector.name}.{resource.name}", ""]
    lines += [*pen.paragraph(pen.text(resource.doc or f"{resource.name} of {connector.title}.")), ""]
    lines += [f"Source: {resource.source}", ""] if resource.source else []
    lines += ["```python", *example(connector, resource), "```", ""]
    return "\n".join([*lines, *_listed(facts(connector, resource, pen), pen), "", *fields(connector, resource, pen)])


def index(connectors: Iterable[Connector]) -> str:
    """The page that leads to the others."""
    lines = ["# Reference", "", "One page for each connector, made from its declaration.", ""]
    return "\n".join([*lines, overview(connectors)])


def overview(connectors: Iterable[Connector]) -> str:
    """A table of all connectors: each with its resources, linked to their pages, and what they need."""
    pen = _MARKDOWN
    rows = []
    for one in connectors:
        to = f"{one.name}.md"
        links = (f"[{pen.code(each.name)}]({to}#{one.name}{each.name})" for each in one.resources)
        told = [f"{need}: {', '.join(names)}" for need, names in needs(one, pen).items()]
        rows.append((f"[{pen.text(one.title)}]({to})", ", ".join(links), "; ".join(told)))
    head = ("provider", "resources", "what they need")
    return "\n".join([f"| {' | '.join(head)} |", "|:---|:---|:---|", *(f"| {' | '.join(row)} |" for row in rows)])


def brief(connectors: Iterable[Connector], folder: str) -> str:
    """A table of all connectors that fits on a screen: each, linked to its page in `folder`, with its resources."""
    pen = _MARKDOWN
    rows = []
    for one in connectors:
        listed = ", ".join(pen.code(each.name) for each in one.resources)
        rows.append(f"| [{pen.text(one.title)}]({folder}{one.name}.md) | {listed} |")
    return "\n".join(["| provider | resources |", "|:---|:---|", *rows])


def connector_text(connector: Connector) -> str:
    """A connector's documentation as plain text."""
    pen = _PLAIN
    lines = pen.paragraph(f"{connector.title}: {connector.doc}" if connector.doc else connector.title)
    lines += ["", *(line for one in connector.resources for line in _entry(connector, one, pen))]
    return "\n".join([*lines, "", *_listed(provider_facts(connector, pen), pen)])


def resource_text(connector: Connector, resource: Resource) -> str:
    """A resource's documentation as plain text: what may be passed, what is needed, what comes, what is odd."""
    pen = _PLAIN
    lines = pen.paragraph(resource.doc or f"{resource.name} of {connector.title}.")
    lines += ["", *(f"    {line}" for line in example(connector, resource)), ""]
    lines += [*_listed(facts(connector, resource, pen), pen), "", *field_list(connector, resource, pen)]
    return "\n".join([*lines, *(["", f"Source: {resource.source}"] if resource.source else [])])


def _entry(connector: Connector, resource: Resource, pen: Plain) -> list[str]:
    return pen.paragraph(
        f"{pen.code(f'{connector.name}.{resource.name}')}: {pen.text(resource.doc)}", first="- ", then="  "
    )


def _listed(told: Iterable[Fact], pen: Plain) -> list[str]:
    return [line for fact in told for line in fact.lines(pen)]
