"""Columns whose names the user chose: fields in one object, each with a type that says how to read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socialconnect.reading.column import Column


@dataclass(frozen=True, slots=True)
class Variants:
    """The column `at` holds an object of named fields; `tag` in each names its type, and `columns` what comes of it.

    A field becomes one column for each that its type has: the field's name and the column's.
    """

    at: str
    tag: str
    columns: Mapping[str, tuple[Column, ...]]
