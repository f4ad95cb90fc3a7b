"""What a Notion query asks of rows: their order, a filter of two levels, and no more than 10,000 at a time."""

from __future__ import annotations

from collections.abc import Callable
from operator import eq, ge, gt, le, lt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


MOST = 10_000
_TIMES: dict[str, Callable[[str, str], bool]] = {
    "on_or_after": ge,
    "on_or_before": le,
    "after": gt,
    "before": lt,
    "equals": eq,
}
Test = Callable[[int], bool]


class WrongFilter(Exception):
    """The filter is not one."""


def ordered(sent: Mapping[str, object], rows: int) -> list[int]:
    """The places of rows in the order that is asked for: the newest first, unless the oldest is."""
    places = list(range(rows))
    sorts = sent.get("sorts")
    first = sorts[0] if isinstance(sorts, list) and sorts else {"direction": "descending"}
    return places if first.get("direction") == "ascending" else places[::-1]


def filtered(
    given: object, time: Callable[[str, int], str], row: Callable[[int, str], Mapping[str, object]], depth: int = 0
) -> Test:
    """Whether a row meets the filter: `time` gives its times by name, `row` one of its properties."""
    if given is None:
        return lambda _: True
    if not isinstance(given, dict) or depth > 2:
        raise WrongFilter
    for word, meets in (("and", all), ("or", any)):
        if isinstance(listed := given.get(word), list):
            tests = [filtered(one, time, row, depth + 1) for one in listed]
            return lambda place: meets(test(place) for test in tests)
    stamp = given.get("timestamp")
    if stamp in ("created_time", "last_edited_time"):
        return _of_time(stamp, given.get(stamp), time)
    return _of_property(given, row)


def _of_time(stamp: str, condition: object, time: Callable[[str, int], str]) -> Test:
    if not isinstance(condition, dict) or len(condition) != 1:
        raise WrongFilter
    [(word, bound)] = condition.items()
    if word not in _TIMES or not isinstance(bound, str):
        raise WrongFilter
    return lambda place: _TIMES[word](time(stamp, place), bound)


def _of_property(given: Mapping[str, object], row: Callable[[int, str], Mapping[str, object]]) -> Test:
    name = given.get("property")
    kind = next((key for key in given if key not in ("property", "type")), "")
    condition = given.get(kind)
    if not isinstance(name, str) or not isinstance(condition, dict) or len(condition) != 1:
        raise WrongFilter
    [(word, wanted)] = condition.items()

    def test(place: int) -> bool:
        held = row(place, name).get(kind)
        own = held.get("name") if isinstance(held, dict) else held
        match word:
            case "equals":
                return bool(own == wanted)
            case "does_not_equal":
                return bool(own != wanted)
            case "is_empty":
                return own in (None, [], "")
            case "greater_than":
                return isinstance(own, int | float) and isinstance(wanted, int | float) and own > wanted
        raise WrongFilter

    return test
