"""What callers may pass to a resource: checked here, before the provider could refuse it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Literal

import msgspec

from socialconnect.errors import UsageError

if TYPE_CHECKING:
    from socialconnect.reading.paths import Json

Value = str | int | bool | date | Sequence[str] | Mapping[str, object] | Sequence[Mapping[str, object]] | None
"""What an argument may be; a `date` is also a `datetime`."""

Kind = type[str | int | bool | datetime | dict[str, object]]

_WORDS: dict[type, str] = {
    str: "a text",
    int: "a whole number",
    bool: "True or False",
    datetime: "a datetime, or an ISO 8601 text such as '2026-05-01T00:00:00Z'",
    dict: "a dict as the provider documents it",
}


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter that callers may pass: it goes into the query under its own name, or under `to`.

    `into="body"` puts it into the JSON body, where `to` may be a dotted path; `into="path"` into `{name}` of the path,
    escaped but for the characters in `safe`; `into="header"` into a header. `default` is sent where nothing is passed,
    for a datetime also `-30d` or `+30d`: midnight in UTC so many days before or after today.

    `many` takes a list too, joined by commas, or with `repeat` sent as one `name=value` each. Refused here: what is not
    of `kind` or among `choices`, below `least` or above `most`, does not fit `pattern`, stands beside one of
    `excludes`, or without one of `needs`. A `datetime` is sent as ISO 8601 in UTC, with `form="s"` or `"ms"` as seconds
    or milliseconds since 1970. `wrap` is the text in which it stands there in place of `{}`, in a body as JSON; `scope`
    the one without which the provider refuses it.

    >>> Param("changed_after", datetime, to="q", wrap="modifiedTime > '{}'").texts("2026-05-01")
    ["modifiedTime > '2026-05-01T00:00:00Z'"]
    """

    name: str
    kind: Kind = str
    choices: tuple[str, ...] = ()
    many: bool = False
    repeat: bool = False
    excludes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    pattern: str = ""
    into: Literal["query", "body", "path", "header"] = "query"
    to: str = ""
    safe: str = ""
    form: Literal["", "s", "ms"] = ""
    wrap: str = ""
    scope: str = ""
    default: Value = None
    note: str = ""

    def texts(self, value: Value) -> list[str]:
        """The value as the provider takes it, once or several times; a UsageError where it cannot be so."""
        texts = [self._wrapped(_text(item)) for item in self.values(value)]
        return texts if self.repeat or not self.many else [",".join(texts)]

    def values(self, value: Value) -> list[Json]:
        """The checked values, one by one: more than one only with `many`."""
        if not self.many:
            return [self._checked(value)]
        items = value.split(",") if isinstance(value, str) else value
        given = items if isinstance(items, Sequence) else [items]
        return [self._checked(item.strip() if isinstance(item, str) else item) for item in given]

    def body(self, value: Value) -> Json:
        """The value for a JSON body."""
        if self.wrap:
            wrapped: Json = msgspec.json.decode(self._wrapped(_text(self.values(value)[0])))
            return wrapped
        return self.values(value) if self.many else self.values(value)[0]

    def _wrapped(self, text: str) -> str:
        return self.wrap.replace("{}", text) if self.wrap else text

    def __post_init__(self) -> None:
        if self.form and self.kind is not datetime:
            raise UsageError(f"The parameter {self.name!r} is no time.", cure="Leave out its form.")
        if self.wrap and (self.many or self.wrap.count("{}") != 1):
            raise UsageError(f"{{}} stands not once in what {self.name!r} is wrapped in.", cure="Mend its wrap.")
        if self.standing is not None:
            self.values(self.standing)

    @property
    def standing(self) -> Value:
        """The value where nothing is passed."""
        days = re.fullmatch(r"([+-]\d+)d", self.default) if isinstance(self.default, str) else None
        if days is None or self.kind is not datetime:
            return self.default
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return today + timedelta(days=int(days[1]))

    @property
    def allowed(self) -> str:
        """What may be passed, in words."""
        if self.choices:
            return " or ".join(map(repr, self.choices))
        words = _WORDS[self.kind]
        bounds = [
            f"at least {self.least}" if self.least is not None else "",
            f"at most {self.most}" if self.most else "",
        ]
        return ", ".join([words, *filter(None, bounds)])

    def _checked(self, value: object) -> Json:
        wrong = not isinstance(value, self.kind) or (isinstance(value, bool) and self.kind is not bool)
        if self.kind is datetime:
            return self._moment(value)
        if wrong or (self.choices and value not in self.choices) or not self._within(value):
            raise self._refusal(value)
        if isinstance(value, str) and self.pattern and not re.fullmatch(self.pattern, value):
            raise self._refusal(value)
        if isinstance(value, dict):
            return value
        return value if isinstance(value, str | int) else None

    def _within(self, value: object) -> bool:
        if not isinstance(value, int) or isinstance(value, bool):
            return True
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)

    def _moment(self, value: object) -> str | int:
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        except ValueError:
            raise self._refusal(value) from None
        if isinstance(moment, date) and not isinstance(moment, datetime):
            moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
        if not isinstance(moment, datetime):
            raise self._refusal(value)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if self.form:
            return int(aware.timestamp() * (1000 if self.form == "ms" else 1))
        return (
            aware.astimezone(UTC)
            .isoformat(timespec="milliseconds" if aware.microsecond else "seconds")
            .replace("+00:00", "Z")
        )

    def _refusal(self, value: object) -> UsageError:
        return UsageError(f"{self.name}={value!r} is not possible.", cure=f"Pass {self.allowed}{self._example()}.")

    def _example(self) -> str:
        return f" ({self.note.rstrip('.')})" if self.pattern and self.note else ""


def _text(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
