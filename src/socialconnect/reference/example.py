"""Calls that can be pasted, made from the declarations: a test carries out every one of them in the sandbox."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socialconnect.reading.declare import Connector, Param, Parent, Resource

START = """import socialconnect as sc

client = sc.sandbox(users=20)  # or sc.Client(), with CLERK_SECRET_KEY in the environment or .env
users = client.users()"""
"""What stands before the examples of a page: a client, and some users."""


def example(connector: Connector, resource: Resource) -> list[str]:
    """How to read a resource for several users; where it has parents, for one of them alone, which costs least."""
    asked = _asked(resource)
    parent = resource.parent
    if parent is None:
        return [f"frame = {_call(connector, resource.name, 'users', asked)}"]
    of = {parent.param: f'one["{parent.column}"]'} | asked
    return [
        f"one = {_call(connector, parent.resource, 'users', _listing(connector, parent))}.iloc[0]",
        f"""frame = {_call(connector, resource.name, 'one["user_id"]', of)}""",
    ]


def _call(connector: Connector, resource: str, users: str, arguments: Mapping[str, str]) -> str:
    given = ", ".join([users, *(f"{name}={value}" for name, value in arguments.items())])
    return f"client.{connector.name}.{resource}({given})"


def _asked(resource: Resource) -> dict[str, str]:
    """The parameters that must be passed, or else one that may be, each with a value that is possible."""
    own = {one.name: one for one in resource.params}
    must = [one for one in resource.params if one.into == "path" and one.default is None]
    may = sorted(
        (one for one in resource.params if _value(one) and one.kind not in (bool, int)),
        key=lambda one: (one.many or bool(one.needs), not one.choices),
    )
    chosen = must or may[:1]
    return {name: _value(own[name]) for one in chosen for name in (one.name, *one.needs) if name in own}


def _value(param: Param) -> str:
    """A value that a parameter takes, as Python writes it; nothing where only its meaning could tell one."""
    if param.choices:
        telling = [choice for choice in param.choices if choice != "all"]
        return f'"{(telling or param.choices)[0]}"'
    if param.kind is bool:
        return "True"
    if param.kind is int:
        return str(param.least if param.least is not None else param.most or 1)
    return '"2026-01-01T00:00:00Z"' if param.kind is datetime else ""


def _listing(connector: Connector, parent: Parent) -> dict[str, str]:
    """The arguments with which the parents are listed, and their column where it comes only on request."""
    given = {name: repr(value) for name, value in parent.arguments.items()}
    hidden = connector.resource(parent.resource).column(parent.column).on_request
    return given | ({"columns": f'["{parent.column}"]'} if hidden else {})
