"""Places in a request that an earlier answer, or the connector's version, fills: `{client_id}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")

HOLE = re.compile(r"\{(\w+)\}")
VERSION = "version"
"""The hole that the connector's `api_version` fills."""


def holes(value: object) -> frozenset[str]:
    """The names of all holes in a text, or in the texts of an object or a list.

    >>> sorted(holes({"q": "from:{me}", "ids": ["{a}", 7]}))
    ['a', 'me']
    """
    if isinstance(value, str):
        return frozenset(HOLE.findall(value))
    inside = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return frozenset().union(*map(holes, inside))


def filled(value: T, values: Mapping[str, str]) -> T:
    """The same with those holes filled of which the value is known; others stay, for braces may be no holes.

    >>> filled({"q": "from:{me} {or}"}, {"me": "u1"})
    {'q': 'from:u1 {or}'}
    """
    return _filled(value, values) if values else value  # type: ignore[return-value]  # of the shape that came


def _filled(value: object, values: Mapping[str, str]) -> object:
    if isinstance(value, str):
        return HOLE.sub(lambda hole: values.get(hole[1], hole[0]), value)
    if isinstance(value, Mapping):
        return {key: _filled(inner, values) for key, inner in value.items()}
    return [_filled(inner, values) for inner in value] if isinstance(value, list | tuple) else value
