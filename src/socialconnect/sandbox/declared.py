"""Records made out of nothing but a resource's declared columns: a value of the right kind at each path."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from socialconnect.reading.fill import ways
from socialconnect.reading.paths import Each, Index, Key, Match, Path, Where, parse, walk
from socialconnect.sandbox import dice, words

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from socialconnect.reading.declare import Column, Resource
    from socialconnect.sandbox.world import Account

_SPREAD = 1_000_000  # records that one account's numbers leave room for
_BEGIN = 1_600_000_000
_NUMBERS = ("Int64", "Float64")
_NOBODY: Mapping[str, str] = MappingProxyType({})


def record(
    resource: Resource,
    account: Account,
    position: int,
    seed: int,
    sure: Collection[str] = (),
    known: Mapping[str, str] = _NOBODY,
) -> dict[str, object]:
    """One record: each of its texts has the account's mark, its key is its own, and now and then a value is missing.

    What other requests are made with, the columns in `sure`, is always there, and of each record its own. `known` has
    the texts of columns that tell of the person whose account it is.
    """
    found: dict[str, object] = {}
    dated = {column.path for column in resource.columns if column.form == "snowflake"}
    counted = {column.path for column in resource.columns if column.form == "text" and column.dtype in _NUMBERS}
    for column in resource.columns:
        if not column.cut or (column.path in counted and not column.form):  # the same number, as the text that it is
            continue
        if column.path in dated:  # two columns of one value: the id, and the moment in it
            plant(found, column.path, _snowflake(account, position))
            continue
        chance = dice.number(seed, account.number, resource.name, position, column.name)
        identifies = column.name in resource.key or column.name in sure or column.name == "id"
        if not identifies and chance % 13 == 0:
            continue
        empty = not identifies and chance % 13 == 1
        value = None if empty else _value(column, account, position, chance, identifies=identifies)
        if value is not None and column.name in known and not column.form:
            value = known[column.name]
        if column.na and value is not None and chance % 11 == 0 and not identifies:
            value = column.na[0]
        if column.fill:
            _fill(found, column, f"{account.mark}-{position}", known.get(column.name, ""))
        else:
            plant(found, column.path, value)
    found.setdefault("id", f"{account.mark}-{position}")
    return found


def _fill(found: dict[str, object], column: Column, text: str, known: str = "") -> None:
    """Put a text wherever a filled column looks and nothing stands yet; a locale that is known, in its two parts."""
    parts = known.split("-") if re.fullmatch(r"[a-z]{2}-[A-Z]{2}", known) else []
    for path in ways(column.fill)[0][1]:
        if walk(found, path) is None and path and isinstance(path[0], Key):
            _plant(found, path, parts.pop(0) if parts else text, found)


def position_of(identity: object) -> int | None:
    """The position that a record's id or key tells."""
    digits = str(identity).rpartition("-")[2]
    return int(digits) % _SPREAD if digits.isascii() and digits.isdecimal() else None


def plant(root: dict[str, object], path: str, value: object) -> None:
    """Put a value where a column or a paging kind will look for it; nothing where the path begins with an element."""
    steps = parse(path)[0]
    if steps and isinstance(steps[0], Key):
        _plant(root, steps, value, root)


def _plant(holder: dict[str, object], steps: Path, value: object, root: dict[str, object]) -> None:
    step, rest = steps[0], steps[1:]
    if not isinstance(step, Key):
        return
    if not rest:
        if not isinstance(holder.get(step.name), dict | list) or value is not None:
            holder[step.name] = value
        return
    following = rest[0]
    if isinstance(following, Key):
        inner = _object(holder.get(step.name))
        holder[step.name] = inner
        _plant(inner, rest, value, root)
        return
    elements = _elements(holder, step.name, following, root)
    for place, element in elements:
        if rest[1:] and isinstance(rest[1], Key):
            inner = _object(element[place])
            element[place] = inner
            _plant(inner, rest[1:], value, root)
        else:
            element[place] = value


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _elements(
    holder: dict[str, object], name: str, step: object, root: dict[str, object]
) -> list[tuple[int, list[object]]]:
    """The places in a list that a step speaks of, made where they are not there yet."""
    found = holder.get(name)
    listed: list[object] = found if isinstance(found, list) else []
    holder[name] = listed
    match step:
        case Index(position):
            wanted = position + 1 if position >= 0 else -position
            listed.extend({} for _ in range(wanted - len(listed)))
            return [(position if position >= 0 else len(listed) + position, listed)]
        case Each():
            listed.extend({} for _ in range(2 - len(listed)))
            return [(place, listed) for place in range(len(listed))]
        case Match(conditions):
            listed.extend({} for _ in range(1 - len(listed)))
            if isinstance(listed[0], dict):
                for keys, text in conditions[0]:
                    _plant(listed[0], tuple(map(Key, keys)), text or True, root)
            return [(0, listed)]
        case Where(key, sibling):
            identity = root.setdefault(sibling, f"{name}-1")
            for place, element in enumerate(listed):
                if isinstance(element, dict) and element.get(key) == identity:
                    return [(place, listed)]
            listed.append({key: identity})
            return [(len(listed) - 1, listed)]
    return []


def _formed(column: Column, text: str, chance: int) -> object:
    """A value in a form that the provider would send."""
    forms: dict[str, object] = {
        "join": text,
        "present": {"of": text},
        "has": re.sub(r"[\^$()\\\[\]]", "", column.take) if chance % 4 else text,
        "duration": f"{chance % 9}h{chance % 60}m{chance % 50}s",
        "count": [{}] * (chance % 4),
        "keys": {text: {}, f"{text} 2": {}},
        "date": {"year": 1950 + chance % 60, "month": 1 + chance % 12, "day": 1 + chance % 28},
    }
    return forms.get(column.form)


def _value(column: Column, account: Account, position: int, chance: int, *, identifies: bool) -> object:
    text = f"{words.THINGS[chance % len(words.THINGS)]} {account.mark}"
    if (formed := _formed(column, text, chance)) is not None:
        return formed
    found: object = {"of": account.mark, "place": position, "parts": [None, True, 1.5]}
    match column.dtype:
        case "string":
            found = f"{account.mark}-{position}" if identifies else text
        case "Int64":
            found = account.compact * _SPREAD + position if identifies else chance % 2**40
        case "Float64":
            found = chance % 10_000_000 / 100
        case "boolean":
            found = chance % 2 == 0
        case "datetime":
            return _moment(column, chance)
        case "category":
            found = f"{column.name}_{'abc'[chance % 3]}"
        case "list":
            found = text if "[" in column.path else [text] * (chance % 3)
    if column.form == "text" and isinstance(found, bool):
        return found if chance % 3 else str(found).lower()
    return str(found) if column.form == "text" and isinstance(found, int | float) else found


def _snowflake(account: Account, position: int) -> str:
    """An id that has its moment above the lowest 22 bits, and its position in its last digits."""
    return str(((_BEGIN * 1000 - 1_420_070_400_000 << 22) // _SPREAD + account.compact) * _SPREAD + position)


def _moment(column: Column, chance: int) -> object:
    return moment(column, _BEGIN + chance % 190_000_000, chance % 1000, ending="+00:00" if chance % 2 else ".123Z")


def moment(column: Column, seconds: int, thousandths: int = 0, *, ending: str = "Z") -> object:
    """An epoch second as the provider writes it into the column; texts have that ending."""
    if column.form == "s":
        return seconds
    if column.form == "ms":
        return seconds * 1000 + thousandths
    if column.form == "msdate":
        return f"/Date({seconds * 1000 + thousandths}+0000)/"
    found = datetime.fromtimestamp(seconds, UTC)
    if column.form == "zoned":
        return {"dateTime": found.strftime("%Y-%m-%dT%H:%M:%S.0000000"), "timeZone": "UTC"}
    return found.strftime("%Y-%m-%dT%H:%M:%S") + ending
