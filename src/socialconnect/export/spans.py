"""Stretches of time as people write them, and a moment of the day as the time that is left until then."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta

from socialconnect.errors import UsageError

_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_PART = r"(\d+(?:\.\d+)?)\s*([dhms])"
_CLOCK = r"([01]?\d|2[0-3]):([0-5]\d)"
_AS = "Write it as 30m, 4h, 1h30m or 7d"


def span(given: object) -> object:
    """A stretch of time from its text; what is no text stays what it is.

    >>> span("1h30m"), span("7d")
    (datetime.timedelta(seconds=5400), datetime.timedelta(days=7))
    """
    if isinstance(given, int | float):
        raise UsageError(f"{given} has no unit.", cure=f"{_AS}.")
    if not isinstance(given, str):
        return given
    text = given.strip().lower()
    if not re.fullmatch(rf"(?:{_PART}\s*)+", text):
        raise UsageError(f"{given!r} is no stretch of time.", cure=f"{_AS}.")
    parts = re.findall(_PART, text)
    if len({unit for _, unit in parts}) < len(parts):
        raise UsageError(f"{given!r} names a unit twice.", cure=f"{_AS}.")
    return timedelta(**{_UNITS[unit]: float(number) for number, unit in parts})


def until(given: object, now: datetime | None = None) -> object:
    """The time that is left until a moment, a time of the day by the clock on the wall, or a stretch as `span` has it.

    >>> until("06:30", datetime(2026, 11, 22, 5, 0).astimezone())
    datetime.timedelta(seconds=5400)
    """
    clock = re.fullmatch(_CLOCK, given.strip()) if isinstance(given, str) else None
    moment = time(int(clock[1]), int(clock[2])) if clock else given
    here = now or datetime.now(UTC).astimezone()
    if isinstance(moment, datetime):
        return max(timedelta(0), moment.astimezone() - here)
    if isinstance(moment, time):
        return _left(moment, here)
    try:
        return span(given)
    except UsageError as error:
        raise UsageError(error.message, cure=f"{_AS}, or as a time of the day: 06:30.") from None


def _left(moment: time, now: datetime) -> timedelta:
    """Until that time comes next: today or tomorrow, whatever the clocks do in between."""
    for day in (0, 1):
        there = datetime.combine(now.date() + timedelta(days=day), moment).astimezone(now.tzinfo)
        if there > now:
            return there - now
    raise UsageError(f"{moment:%H:%M} does not come within a day.", cure=f"{_AS}.")


def told(left: timedelta) -> str:
    """A stretch of time as `span` reads it.

    >>> told(timedelta(minutes=90))
    '1h30m'
    """
    seconds = round(left.total_seconds())
    found = ""
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        found += f"{count}{unit}" if count else ""
    return found or "0s"
