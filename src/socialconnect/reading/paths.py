"""Where a value stands in a JSON record.

    owner.login                    a key inside a key
    labels[].name                  that of every element: a list
    names[0].displayName           that of one element (negative from the end)
    emails[id=primary_id].address  that of the element whose `id` equals the record's own `primary_id`
    names[?metadata.primary,*]     the first element of which one of the conditions holds; `*` is the first of all
    headers[?name=Subject].value   a condition may name the text that stands there, whatever its case; `&` asks for both
    properties[?type=title].title  of an object, its values are the elements
    <type>.rich_text               the key that stands at `type` of the same object
    a.b|c                          the first that is not null
    'odata.count'                  a key that has a dot, a bracket or a bar in it

Steps are joined by one dot, or by none before a bracket; `.` alone is the record itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Key:
    """The value of one key of an object."""

    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """One element of a list, counted from 0, or from the end below 0."""

    position: int


@dataclass(frozen=True, slots=True)
class Each:
    """Every element of a list."""


@dataclass(frozen=True, slots=True)
class Where:
    """The element whose `key` equals the value at `sibling`, a key of the whole record."""

    key: str
    sibling: str


@dataclass(frozen=True, slots=True)
class Match:
    """The first element that meets the first of the conditions that any element meets.

    A condition is a tuple of (keys, text) that must all hold: the value there is true, or is that text.
    """

    conditions: tuple[tuple[tuple[tuple[str, ...], str], ...], ...]


@dataclass(frozen=True, slots=True)
class Named:
    """The key that is the text at `keys` of the same object."""

    keys: tuple[str, ...]


Step = Key | Index | Each | Where | Match | Named
Path = tuple[Step, ...]

_KEY = re.compile(r"'(?P<quoted>[^']+)'|<(?P<named>[\w.]+)>|(?P<name>[^.'\[\]|<>]+)")
_BRACKET = re.compile(r"\[(?:(?P<index>-?\d+)|(?P<key>\w+)=(?P<sibling>\w+)|\?(?P<match>[^\[\]|']+))?\]")


@lru_cache(maxsize=4096)
def parse(text: str) -> tuple[Path, ...]:
    """The alternatives of a path, each as its steps; a ValueError where it is not well formed."""
    return tuple(_parse_one(part) for part in re.split(r"\|(?=(?:[^']*'[^']*')*[^']*$)", text))


def _parse_one(text: str) -> Path:
    if text == ".":
        return ()
    steps: list[Step] = []
    at = 0
    while at < len(text) or not steps:
        dot = bool(steps) and text.startswith(".", at)
        match = _KEY.match(text, at + dot) if dot or not steps else None
        if match is None and not dot:
            match = _BRACKET.match(text, at)
        if match is None:
            raise ValueError(f"the path {text!r} is not well formed at character {at + 1}")
        steps.append(_step(match.groupdict()))
        at = match.end()
    return tuple(steps)


def _step(found: dict[str, str | None]) -> Step:
    if name := found.get("quoted") or found.get("name"):
        return Key(name)
    if named := found.get("named"):
        return Named(tuple(named.split(".")))
    if index := found.get("index"):
        return Index(int(index))
    if match := found.get("match"):
        return Match(tuple(_condition(text) for text in match.split(",")))
    key, sibling = found.get("key"), found.get("sibling")
    return Where(key, sibling) if key and sibling else Each()


def _condition(text: str) -> tuple[tuple[tuple[str, ...], str], ...]:
    pairs = (part.partition("=") for part in ([] if text == "*" else text.split("&")))
    return tuple((tuple(keys.strip().split(".")), value) for keys, _, value in pairs)


def keys_only(path: Path) -> tuple[str, ...] | None:
    """The key names of a path that has nothing but keys, else None."""
    names = tuple(step.name for step in path if isinstance(step, Key))
    return names if len(names) == len(path) else None


def _get(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None


def _inside(value: object, keys: tuple[str, ...]) -> object:
    for key in keys:
        value = _get(value, key)
    return value


def _meets(element: object, condition: tuple[tuple[tuple[str, ...], str], ...]) -> bool:
    for keys, text in condition:
        value = _inside(element, keys)
        if (str(value).lower() != text.lower()) if text else (value is None or value is False):
            return False
    return True


def walk(record: object, path: Path) -> object:
    """The value at `path` of decoded JSON, None where there is none."""
    return _walk(record, path, record)


def _walk(value: object, path: Path, record: object) -> object:
    for number, step in enumerate(path):
        if value is None:
            return None
        match step:
            case Key(name):
                value = _get(value, name)
            case Index(position):
                inside = isinstance(value, list) and -len(value) <= position < len(value)
                value = value[position] if inside and isinstance(value, list) else None
            case Where(key, sibling):
                wanted = _get(record, sibling)
                elements = value if isinstance(value, list) and wanted is not None else []
                value = next((element for element in elements if _get(element, key) == wanted), None)
            case Match(conditions):
                elements = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
                value = next((one for test in conditions for one in elements if _meets(one, test)), None)
            case Named(keys):
                named = _inside(value, keys)
                value = _get(value, named) if isinstance(named, str) else None
            case Each():
                elements = value if isinstance(value, list) else []
                rest = path[number + 1 :]  # a text stands for itself where others are objects with a name
                found = [one if isinstance(one, str) else _walk(one, rest, record) for one in elements]
                return [element for element in found if element is not None]
    return value


def first(record: object, alternatives: tuple[Path, ...]) -> object:
    """The first of several paths that leads to something."""
    for path in alternatives:
        value = walk(record, path)
        if value is not None:
            return value
    return None


def look(record: object, text: str) -> object:
    """The value at a written path of decoded JSON; `""` and `"."` are the record itself.

    >>> look({"page": {"next": "c2"}}, "page.next")
    'c2'
    """
    return record if text in ("", ".") else first(record, parse(text))
