"""How long an answer says to wait, wherever the provider writes it.

retry-after                    the header of that name, in seconds or as a date
seconds:NAME, ms:NAME          another header, in seconds or milliseconds
epoch:NAME                     a header with the moment itself, in seconds or milliseconds since 1970
iso:NAME                       a header with the moment as ISO 8601
item:NAME;KEY                  a structured header, as `"api";r=0;t=37`: the seconds at KEY
json:NAME:KEY:SECONDS          a header with JSON in it, as `{"17": [{"regain": 4}]}`: KEY, in units of so many
body:PATH                      seconds in the body
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import msgspec

from socialconnect.reading.paths import Json, look

if TYPE_CHECKING:
    from collections.abc import Callable

    from socialconnect.reading.messages import Response

_NUMBER = re.compile(r"\d{1,16}(\.\d+)?")
_MILLISECONDS = 1e11  # as seconds that would be the year 5138


def retry_after(text: str, now: float) -> float | None:
    """Seconds of a Retry-After header, which holds seconds or a date.

    >>> retry_after("120", now=0)
    120.0
    >>> retry_after("Thu, 01 Jan 1970 00:01:00 GMT", now=0)
    60.0
    """
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - now
        except ValueError:
            return None
    return max(0.0, seconds) if seconds < float("inf") else None


def moment(text: str) -> float | None:
    """The epoch second that a header names, in seconds or, where the number is too large for that, milliseconds.

    >>> moment("1700000000.5"), moment("1700000000500"), moment("soon")
    (1700000000.5, 1700000000.5, None)
    """
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number / 1000 if number > _MILLISECONDS else number


def delay_of(source: str, response: Response, body: Json, now: float) -> float | None:
    """The seconds that one source names; None where it names none. Never less than 0."""
    form, _, name = source.partition(":")
    if form == "retry-after":
        return retry_after(response.headers.get("retry-after", ""), now)
    if form == "body":
        return retry_after(str(look(body, name)), now)
    if form not in _FORMS:
        return None
    header, _, rest = name.partition(";" if form == "item" else ":")
    found = _FORMS[form](response.headers.get(header, ""), rest, now)
    return None if found is None else max(0.0, found)


def _scaled(text: str, scale: float) -> float | None:
    return float(text) * scale if _NUMBER.fullmatch(text) else None


def _until(text: str, now: float) -> float | None:
    then = moment(text)
    return None if then is None else then - now


def _iso(text: str, now: float) -> float | None:
    try:
        then = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (then if then.tzinfo else then.replace(tzinfo=UTC)).timestamp() - now


def _item(text: str, key: str) -> float | None:
    match = re.search(rf"(?:^|[;,\s]){re.escape(key)}=({_NUMBER.pattern})", text)
    return float(match[1]) if match else None


def _json(text: str, rest: str) -> float | None:
    key, _, unit = rest.partition(":")
    try:
        found = max(_at(msgspec.json.decode(text.encode()), key), default=0.0)
    except msgspec.DecodeError:
        return None
    return found * float(unit or 1) or None  # 0: nobody has to wait


def _at(value: Json, key: str) -> list[float]:
    """The numbers at a key, however deep it stands."""
    inside = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    own = value.get(key) if isinstance(value, dict) else None
    numbers = [float(own)] if isinstance(own, int | float) and not isinstance(own, bool) else []
    return [*numbers, *(number for one in inside for number in _at(one, key))]


_FORMS: dict[str, Callable[[str, str, float], float | None]] = {
    "seconds": lambda text, _, __: _scaled(text, 1),
    "ms": lambda text, _, __: _scaled(text, 0.001),
    "epoch": lambda text, _, now: _until(text, now),
    "epoch_ms": lambda text, _, now: _until(text, now),
    "iso": lambda text, _, now: _iso(text, now),
    "item": lambda text, key, _: _item(text, key),
    "json": lambda text, rest, _: _json(text, rest),
}
