"""A text put together from what stands in a record: `https://cdn.example/{id}/{avatar}.png`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from socialconnect.reading.paths import Path, parse

if TYPE_CHECKING:
    from collections.abc import Callable

_HOLE = re.compile(r"\{([^{}]+)\}")
Way = tuple[str, tuple[Path, ...]]


@lru_cache(maxsize=1024)
def ways(text: str) -> tuple[Way, ...]:
    """The alternatives of a text, each with the paths that fill it; a ValueError where one is not well formed."""
    return tuple(_way(part) for part in text.split("|"))


def _way(text: str) -> Way:
    paths = tuple(parse(hole) for hole in _HOLE.findall(text))
    if not paths or any(len(alternatives) > 1 for alternatives in paths):
        raise ValueError(f"{text!r} has no {{path}} in it")
    return _HOLE.sub("{}", text), tuple(alternatives[0] for alternatives in paths)


def filled(text: str, get: Callable[[Path], object]) -> str | None:
    """The first alternative of which nothing is missing, with a text or a number in each place; else None."""
    for pattern, paths in ways(text):
        values = [get(path) for path in paths]
        if all(isinstance(value, str | int | float) and value != "" for value in values):
            return pattern.format(*values)
    return None
