"""How a provider tells what has changed since a listing was read: a token, and records that say they are gone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from socialconnect.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Gone:
    """How a record says that it is no longer there: its column `column` has the value `value`.

    Which one it was is told by the resource's key or, where such a record lacks that, by the columns in `by`. With
    `inside`, everything goes whose `by` begins with its own and a slash: what was in a folder.

    >>> Gone("status", "cancelled")
    Gone(column='status', value='cancelled', by=(), inside=False)
    """

    column: str
    value: str | bool = True
    by: tuple[str, ...] = ()
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Sync:
    """A token that a listing's last page gives, and that asks later for what has changed since.

    It stands at `token` of the body and goes into the query parameter `param` of the same request or, with `path`,
    alone into the body of a POST to that path. `asks` are query parameters without which there is none. Beside the
    callers' parameters in `excludes` it cannot be used. Where it is too old the provider refuses the request, and
    everything is read again; `lasts` says after how many days that is, where it is known.

    >>> Sync("nextSyncToken", "syncToken", excludes=("q",)).usable({"page_size": 10}), Sync("c", "c").usable({})
    (True, True)
    """

    token: str
    param: str
    path: str = ""
    asks: Mapping[str, str] = field(default_factory=dict)
    excludes: tuple[str, ...] = ()
    gone: Gone | None = None
    lasts: int = 0

    def __post_init__(self) -> None:
        if not self.token or not self.param:
            raise UsageError("A sync token needs its place and its parameter.", cure="Give `token` and `param`.")
        if self.path and self.asks:
            raise UsageError("A sync token that goes alone has nothing beside it.", cure="Leave out `asks` or `path`.")

    def usable(self, arguments: Mapping[str, object]) -> bool:
        """Whether a token can be asked with, and be had, beside these arguments."""
        return not any(arguments.get(name) is not None for name in self.excludes)
