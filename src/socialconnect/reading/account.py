"""Whose records are read: what Clerk knows of the account, what its token may do, what earlier calls have told."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from time import monotonic
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from socialconnect.reading.paths import Json

RECORD = (
    "provider_user_id",
    "email_address",
    "email_address_verified",
    "first_name",
    "last_name",
    "username",
    "image_url",
    "phone_number",
    "label",
    "approved_scopes",
    "created_at",
    "updated_at",
)
"""What Clerk's record of an external account may hold, times as seconds since 1970."""

Rows = tuple["Mapping[str, object]", ...]

_KEPT = 2_000  # listings of a few ids each
_LIFE = 600.0  # seconds: whoever connects another site sees it after so many


class Known:
    """What earlier calls told of each token, for a while: ids that nearly never change, and that many requests need."""

    def __init__(self) -> None:
        self._found: OrderedDict[tuple[str, ...], tuple[float, Rows]] = OrderedDict()

    def find(self, key: tuple[str, ...]) -> Rows | None:
        """What is known under a key, unless it is too old."""
        at, rows = self._found.get(key, (0.0, ()))
        return rows if key in self._found and monotonic() - at < _LIFE else None

    def keep(self, key: tuple[str, ...], rows: Sequence[Mapping[str, object]]) -> None:
        """Know this from now on; what was kept longest ago goes where there is too much."""
        self._found[key] = (monotonic(), tuple(rows))
        self._found.move_to_end(key)
        if len(self._found) > _KEPT:
            self._found.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Whose:
    """One account: the scopes of its token (None where they are not known), Clerk's record of it, what is known of it.

    `key` tells its token from any other, without being it; nothing is kept under "".
    """

    scopes: tuple[str, ...] | None = None
    record: Mapping[str, Json] = field(default_factory=lambda: MappingProxyType({}))
    known: Known = field(default_factory=Known)
    key: str = ""


NOBODY = Whose()
"""Where nothing is known of an account."""
