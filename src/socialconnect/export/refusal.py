"""What is wrong with a job as it was written, in a sentence that names the key and says what is possible."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socialconnect.errors import UsageError
from socialconnect.reading.names import unknown
from socialconnect.secret import scrub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pydantic import ValidationError

POSSIBLE = {
    "mode": "merge, replace or append",
    "format": "parquet, csv or jsonl",
    "max_errors": "a count such as 10, or a share such as 2%",
    "concurrency": "a whole number from 1 on",
    "incremental": "true or false",
    "resume": "true or false",
    "drop_personal": "true or false",
    "hash_personal": "true or false",
    "raw": "true or false",
    "personal": "keep, drop or hash",
    "columns": "a list of names",
    "resources": 'a list of names such as ["github.repos"]',
    "resource": "a table such as [[resource]] with a name",
    "arguments": "a table of the resource's own parameters",
    "to": "a folder, a file or an address such as sqlite:///exports.db",
    "users": "everybody, ids, @FILE or filters such as query=ada",
    "report": "the name of a file",
    "name": "a resource such as github.repos",
}
_MOST = 60  # characters of a wrong value that are shown

Place = tuple[int | str, ...]


def refusal(
    error: ValidationError, known: Callable[[Place], Iterable[str]], named: Callable[[Place], str] | None = None
) -> UsageError:
    """The first thing that is wrong, where `named` says how the key at a place is called and `known` what may stand."""
    first = error.errors(include_url=False)[0]
    strange = first["type"] == "extra_forbidden"
    place: Place = first["loc"]
    while not strange and len(place) > 1 and place[-1] not in POSSIBLE:
        place = place[:-1]  # the place in a list, or which type of several was tried
    key = str(place[-1]) if place else ""
    where = (named or _dotted)(place)
    if strange:
        return unknown("key", key, known(place[:-1]), f"({where})" if where != key else "")
    if first["type"] == "missing":
        return UsageError(f"{where} is missing.", cure=_cure(key))
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, UsageError):
        return UsageError(f"{where}: {cause.message}", cure=cause.cure)
    return UsageError(f"{where} cannot be {_shown(first['input'])}.", cure=_cure(key))


def _cure(key: str) -> str:
    return f"Give {POSSIBLE[key]}." if key in POSSIBLE else ""


def _dotted(place: Place) -> str:
    return ".".join(map(str, place))


def _shown(value: object) -> str:
    text = scrub(repr(value))
    return text if len(text) <= _MOST else f"{text[:_MOST]}…"
