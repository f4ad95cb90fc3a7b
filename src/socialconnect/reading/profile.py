"""What the profiles of all providers have in common, and which columns of one provider's profile say it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from socialconnect.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from socialconnect.reading.column import Column, Dtype
    from socialconnect.reading.resource import Resource

_DTYPES: Mapping[str, tuple[Dtype, ...]] = {"email_verified": ("boolean",), "created_at": ("datetime",)}
_TEXTS: tuple[Dtype, ...] = ("string", "category", "Int64")
_JOINED = ("name",)  # what providers write in parts


@dataclass(frozen=True, slots=True)
class Profile:
    """Which columns of a connector's profile say what every provider's profile can say; "" where none does.

    `resource` is the one whose single row describes the account itself. `name` may be several columns, apart by blanks,
    whose texts are joined by a blank. `handle` is the name by which people at that provider call each other.

    >>> Profile(handle="login", name="given_name family_name").columns("name")
    ('given_name', 'family_name')
    """

    resource: str = "profile"
    handle: str = ""
    name: str = ""
    email: str = ""
    email_verified: str = ""
    avatar_url: str = ""
    profile_url: str = ""
    locale: str = ""
    created_at: str = ""

    def columns(self, field: str) -> tuple[str, ...]:
        """The columns behind one of the common fields, none where the provider says nothing of it."""
        return tuple(str(getattr(self, field)).split())

    @property
    def wanted(self) -> tuple[str, ...]:
        """All columns that are needed, each once."""
        return tuple(dict.fromkeys(name for field in FIELDS for name in self.columns(field)))

    def check(self, resource: Resource) -> None:
        """An error where the resource lacks such a column, or has one that cannot be what it is said to be."""
        for field, name in self._pairs():
            found: Column = resource.column(name)
            allowed = _DTYPES.get(field, _TEXTS)
            if found.dtype not in allowed:
                raise UsageError(
                    f"The column {name!r} of {resource.name!r} is {found.dtype}, which {field} of a profile is not.",
                    cure=f"Name one that is {' or '.join(allowed)}.",
                )
        several = [field for field in FIELDS if len(self.columns(field)) > 1 and field not in _JOINED]
        if several:
            raise UsageError(
                f"{several[0]} of a profile has several columns.", cure=f"Name one; only {_JOINED[0]} is put together."
            )
        if not self.wanted:
            raise UsageError(f"The profile on {resource.name!r} says nothing.", cure="Name at least one column.")

    def _pairs(self) -> Iterator[tuple[str, str]]:
        for field in FIELDS:
            for name in self.columns(field):
                yield field, name


FIELDS = tuple(one.name for one in fields(Profile) if one.name != "resource")
"""What every provider's profile can say, in the order in which it is shown."""
