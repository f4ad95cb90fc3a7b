"""One value, made what its column declares; None where it cannot be."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from socialconnect.reading.fill import filled
from socialconnect.reading.paths import walk

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable

    from socialconnect.reading.declare import Column

LEAST, MOST = -(2**63), 2**63 - 1
MICROSECONDS = {"s": 1_000_000, "ms": 1_000}


def coerce(value: object, column: Column, drift: Counter[str]) -> object:
    """The value as the column's dtype is held before Arrow; None, and one more in `drift`, where it is none of it."""
    if column.fill:
        return filled(column.fill, lambda path: walk(value, path))
    if column.form == "present":
        return value is not None
    if value is None or (column.na and str(value) in column.na):
        return column.default
    if column.form == "has":
        found: object = re.search(column.take, value) is not None if isinstance(value, str) else None
    else:
        found = _FORMS[column.form](value) if column.form in _FORMS else _COERCIONS[column.dtype](value, column)
    if found is None:
        drift[column.name] += 1
        return None
    return taken(found, column)


def taken(value: object, column: Column) -> object:
    """The part of a text that the column takes, where it takes a part; its default where there is nothing."""
    if column.take and isinstance(value, str):
        match = re.search(column.take, value)
        value = match[1] if match else None
    return column.default if value is None else value


def _joined(value: object) -> str | None:
    return "".join(text for text in value if isinstance(text, str)) if isinstance(value, list) else None


def _count(value: object) -> int | None:
    return len(value) if isinstance(value, list | dict) else None


def _keys(value: object) -> list[str] | None:
    return list(map(str, value)) if isinstance(value, dict) else None


def _date(value: object) -> str | None:
    """`2026-05-01`; without a day `2026-05`, without a year `--05-01`, as ISO 8601 writes them."""
    parts = value if isinstance(value, dict) else {}
    year, month, day = (parts.get(name) or 0 for name in ("year", "month", "day"))
    if not all(isinstance(part, int) and 0 <= part <= 9999 for part in (year, month, day)) or not (year or month):
        return None
    text = f"{year:04}" if year else "-"
    return text + (f"-{month:02}" if month else "") + (f"-{day:02}" if month and day else "")


def _dashed(value: object) -> str | None:
    """The texts in an object, then its numbers, with dashes between."""
    found = list(value.values()) if isinstance(value, dict) else []
    texts = [each for each in found if isinstance(each, str) and each]
    numbers = [str(each) for each in found if isinstance(each, int | float) and not isinstance(each, bool)]
    if not isinstance(value, dict):
        return None
    return "-".join(texts + numbers) if numbers else ""


_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def _day(value: object) -> bool | None:
    return _DATE.fullmatch(value) is not None if isinstance(value, str) else None


_SPANS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_SPAN = re.compile(r"P?(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?", re.IGNORECASE)


def _duration(value: object) -> int | float | None:
    """Seconds of `3m8s` or `PT3M8S`; a number is seconds already."""
    if isinstance(value, int | float):
        return None if isinstance(value, bool) else value
    match = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if match is None or not any(match.groups()):
        return None
    parts = zip(match.groups(), _SPANS.values(), strict=True)
    seconds = sum((float(part) * unit for part, unit in parts if part), 0.0)
    return int(seconds) if seconds.is_integer() else seconds


_FORMS: dict[str, Callable[[object], object]] = {
    "duration": _duration,
    "join": _joined,
    "count": _count,
    "keys": _keys,
    "date": _date,
    "dash": _dashed,
    "day": _day,
}


def _as_text(value: object, column: Column) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) and column.form == "text":
        return str(value).lower()
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _as_integer(value: object, column: Column) -> int | None:
    del column
    try:
        number = int(value) if isinstance(value, str | int) and not isinstance(value, bool) else None
    except ValueError:
        return None
    if isinstance(value, float) and value.is_integer():
        number = int(value)
    return number if number is not None and LEAST <= number <= MOST else None


def _as_float(value: object, column: Column) -> float | None:
    del column
    try:
        return float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    except (ValueError, OverflowError):
        return None


_TRUTHS = {"true": True, "false": False, "1": True, "0": False}


def _as_boolean(value: object, column: Column) -> bool | None:
    if column.form == "text":
        return _TRUTHS.get(str(value).lower())
    return value if isinstance(value, bool) else {"true": True, "false": False}.get(str(value))


def _as_moment(value: object, column: Column) -> str | int | None:
    """ISO text as it is, or microseconds since 1970."""
    if not column.form:
        return value if isinstance(value, str) else None
    moment = _MOMENTS[column.form](value)
    return moment if moment is not None and LEAST <= moment <= MOST else None


def _counted(value: object, scale: int) -> int | None:
    """Microseconds of so many seconds or milliseconds, or of an ISO 8601 text."""
    try:
        number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        return _written(value)
    return round(number * scale) if math.isfinite(number * scale) else None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _written(value: object, zone: str = "UTC") -> int | None:
    """Microseconds of an ISO 8601 text, which is in `zone` where it does not say itself."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is not None and moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC if zone == "UTC" else ZoneInfo(zone))
    except (ValueError, LookupError, OSError):
        return None
    return None if moment is None else (moment - _EPOCH) // timedelta(microseconds=1)


def _msdate(value: object) -> int | None:
    match = re.match(r"/Date\((-?\d{1,15})", value) if isinstance(value, str) else None
    return int(match[1]) * 1_000 if match else _written(value)  # the offset behind it changes nothing


def _zoned(value: object) -> int | None:
    parts = value if isinstance(value, dict) else {}
    return _written(parts.get("dateTime"), str(parts.get("timeZone") or "UTC"))


_DISCORD = 1_420_070_400_000  # when its ids begin, in milliseconds


def _snowflake(value: object) -> int | None:
    number = int(value) if isinstance(value, str | int) and str(value).isdecimal() and str(value).isascii() else None
    return None if number is None else ((number >> 22) + _DISCORD) * 1_000


_MOMENTS: dict[str, Callable[[object], int | None]] = {
    "s": lambda value: _counted(value, MICROSECONDS["s"]),
    "ms": lambda value: _counted(value, MICROSECONDS["ms"]),
    "msdate": _msdate,
    "zoned": _zoned,
    "snowflake": _snowflake,
}


def _as_list(value: object, column: Column) -> list[str] | None:
    if not isinstance(value, list):
        return None
    texts = [_as_text(item, column) for item in value if item is not None]
    return [text for text in texts if text is not None]


def _as_json(value: object, column: Column) -> str:
    del column
    return json_text(value)


_COERCIONS: dict[str, Callable[[object, Column], object]] = {
    "string": _as_text,
    "category": _as_text,
    "Int64": _as_integer,
    "Float64": _as_float,
    "boolean": _as_boolean,
    "datetime": _as_moment,
    "list": _as_list,
    "json": _as_json,
}


def json_text(value: object) -> str:
    """A value as JSON text."""
    return msgspec.json.encode(value).decode()
