"""The call that gives what a panel shows, as one would write it."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

from socialconnect.client import Client

if TYPE_CHECKING:
    from collections.abc import Sequence

    from socialconnect.notebook.resources import Choice

_LISTED = 1000  # ids that stand in the code; more are taken from the outcomes of the panel's run
_WIDE = 88


def code(choice: Choice, users: Sequence[str] | None, *, client: str, panel: str, on_error: str = "") -> str:
    """`users` are the chosen ids, None for everybody; `client` and `panel` the names of variables.

    >>> from socialconnect.notebook.resources import Choice
    >>> code(Choice("github.repos", ("name",), {"visibility": "public"}), None, client="client", panel="panel")
    "client.github.repos(columns=['name'], visibility='public')"
    """
    provider, _, resource = choice.resource.partition(".")
    arguments = [] if users is None else ["users"]
    arguments += [] if choice.columns is None else [f"columns={[*choice.columns]!r}"]
    arguments += [f"{name}={value!r}" for name, value in choice.arguments.items()]
    arguments += [f"on_error={on_error!r}"] if on_error else []
    at = f"{client}[{provider!r}]" if hasattr(Client, provider) else f"{client}.{provider}"
    call = _call(f"{at}.{resource}", arguments)
    return call if users is None else f"{_users(users, choice, panel)}\n{call}"


def _users(users: Sequence[str], choice: Choice, panel: str) -> str:
    if len(users) > _LISTED:
        return f"users = {panel}.runs[{choice.resource!r}].outcomes[['user_id']]"
    if len(users) == 1:
        return f"users = {users[0]!r}"
    listed = fill(", ".join(map(repr, users)), _WIDE, initial_indent="    ", subsequent_indent="    ")
    return f"users = [\n{listed},\n]"


def _call(what: str, arguments: Sequence[str]) -> str:
    """On one line, or on one for each argument where that is too long."""
    short = f"{what}({', '.join(arguments)})"
    if len(short) <= _WIDE:
        return short
    lines = [fill(one, _WIDE, initial_indent="    ", subsequent_indent="        ") for one in arguments]
    return "\n".join([f"{what}(", *(f"{one}," for one in lines), ")"])
