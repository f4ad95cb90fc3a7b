"""Which resources have to do with some words: told by their names, what is said of them, and their columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from socialconnect.reading.declare import Connector, Resource

_WORD = re.compile(r"[a-z0-9]+")
_WORTH = {"resource": 100, "provider": 60, "doc": 30, "columns": 20, "parameters": 12, "scopes": 12, "notes": 6}
_SHOWN = 4  # columns or parameters that are named as the reason
_PART = 0.6  # what a word that is a part of a name is worth
_STOP = frozenset(
    _WORD.findall("a an and are as at by for from in is it of on or that the their to what which who with")
)

_Field = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Found:
    """A resource that fits, as `google.events`, and the columns and parameters that made it fit."""

    name: str
    connector: Connector
    resource: Resource
    score: float
    columns: tuple[str, ...] = ()

    @property
    def doc(self) -> str:
        """What it is, in a sentence."""
        return self.resource.doc or f"{self.resource.name} of {self.connector.title}."


def search(connectors: Iterable[Connector], text: str) -> list[Found]:
    """The resources that have to do with every word of `text`, what fits best first.

    >>> from socialconnect.connectors import Connectors
    >>> search(Connectors().values(), "google calendar")[0].name
    'google.calendars'
    """
    words = _words(text)
    found = []
    for connector in connectors:
        for resource in connector.resources:
            fields = _fields(connector, resource)
            scores = [_score(word, fields) for word in words]
            if words and all(scores):
                named = _named(words, resource)
                found.append(Found(f"{connector.name}.{resource.name}", connector, resource, sum(scores), named))
    # of several that fit alike, the one that is about little else comes first
    return sorted(found, key=lambda one: (-one.score, len(one.resource.columns), one.name))


def near(connectors: Iterable[Connector], text: str) -> list[str]:
    """Words that resources have and that are written like those of `text` which none has."""
    known = {
        word
        for connector in connectors
        for resource in connector.resources
        for field in _fields(connector, resource).values()
        for word in field
        if len(word) > 2 and word not in _STOP
    }
    unknown = [word for word in _words(text) if not any(_likeness(word, other) for other in known)]
    return list(dict.fromkeys(like for word in unknown for like in get_close_matches(word, known, n=2, cutoff=0.7)))


def _words(text: str) -> list[str]:
    found = _cut(text)
    return [word for word in found if word not in _STOP] or found


def _cut(text: str) -> list[str]:
    return _WORD.findall(text.lower().replace("e-mail", "email").replace("_", " "))


def _fields(connector: Connector, resource: Resource) -> Mapping[str, _Field]:
    """What is said of a resource, by where: each word, with what it is worth there."""
    return {
        "resource": _of_names([resource.name]),
        "provider": _of_names([connector.name, connector.title]),
        "doc": _of_text([resource.doc]),
        "columns": _of_text(one.note for one in resource.columns) | _of_names(one.name for one in resource.columns),
        "parameters": _of_text(one.note for one in resource.arguments)
        | _of_names(one.name for one in resource.arguments),
        "scopes": _of_text([*resource.scopes, resource.capability]),
        "notes": _of_text(resource.notes),
    }


def _of_text(texts: Iterable[str]) -> dict[str, float]:
    return dict.fromkeys(_cut(" ".join(texts)), _PART)


def _of_names(names: Iterable[str]) -> dict[str, float]:
    """The names themselves, and the words that they are made of."""
    each = [_cut(name) for name in names]
    return {word: _PART for words in each for word in words} | {words[0]: 1.0 for words in each if len(words) == 1}


def _score(word: str, fields: Mapping[str, _Field]) -> float:
    return max(
        _WORTH[name] * max((_likeness(word, other) * worth for other, worth in field.items()), default=0.0)
        for name, field in fields.items()
    )


def _likeness(word: str, other: str) -> float:
    """How well a word that was typed fits one that is there: itself, its singular or plural, its beginning, a part."""
    if word == other:
        return 1.0
    if word.rstrip("s") == other.rstrip("s"):
        return 0.9
    if len(word) > 2:
        return 0.6 if other.startswith(word) else 0.3 if len(word) > 3 and word in other else 0.0
    return 0.0


def _named(words: Iterable[str], resource: Resource) -> tuple[str, ...]:
    """The columns and parameters whose names have one of the words, those that it fits best first."""
    scores = {name: max(_best(word, name) for word in words) for name in _names(resource)}
    return tuple(sorted((name for name, score in scores.items() if score), key=lambda name: -scores[name])[:_SHOWN])


def _names(resource: Resource) -> Iterator[str]:
    yield from (column.name for column in resource.columns)
    yield from (param.name for param in resource.arguments)


def _best(word: str, name: str) -> float:
    return max((_likeness(word, other) for other in _cut(name)), default=0.0)
