"""One input for each parameter that a resource declares, typed as the declaration says."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import TYPE_CHECKING

from socialconnect.errors import UsageError
from socialconnect.notebook.parts import Kit, W, Widget

if TYPE_CHECKING:
    from socialconnect.reading.declare import Param, Value

_UNSET = "(not set)"
_MOST = 6  # choices that are all visible


class Input:
    """One parameter's input, and the value that it stands for."""

    def __init__(self, param: Param, kit: Kit) -> None:
        self.param = param
        self.widget = self._made(kit)

    @property
    def value(self) -> Value:
        """What was entered, None for nothing. Raises a UsageError where it cannot be what the parameter takes."""
        entered = self.widget.value
        if entered in ("", (), None):
            return None
        value = self._read(entered)
        self.param.values(value)
        return value

    @value.setter
    def value(self, value: Value) -> None:
        self.widget.value = self._written(value)

    def _made(self, kit: Kit) -> Widget:
        param, name, css = self.param, self.param.name, f"sc-param-{self.param.name}"
        if param.choices and param.many:
            rows = min(_MOST, len(param.choices))
            return kit.field(W.SelectMultiple, name, css, options=param.choices, rows=rows)
        if param.choices or param.kind is bool:
            choices: list[tuple[str, object]] = [(_UNSET, ""), *((one, one) for one in param.choices)]
            choices += [] if param.choices else [("True", True), ("False", False)]
            return kit.field(W.Dropdown, name, css, options=choices, value="")
        if param.kind is datetime and not param.many:
            return kit.field(W.DatePicker, name, css)
        kind = W.Textarea if param.kind is dict else W.Text
        return kit.field(kind, name, css, placeholder=self._hint())

    def _hint(self) -> str:
        several = "; several with commas between them" if self.param.many else ""
        kinds = {int: "a whole number", datetime: "2026-05-01", dict: '{"key": "value"}', str: "text"}
        bounds = [f"from {self.param.least}"] if self.param.least is not None else []
        bounds += [f"to {self.param.most}"] if self.param.most is not None else []
        return " ".join([self.param.note.rstrip(".") or kinds.get(self.param.kind, "text"), *bounds]) + several

    def _read(self, entered: object) -> Value:
        if isinstance(entered, bool):
            return entered
        if isinstance(entered, tuple):
            return [str(one) for one in entered]
        if isinstance(entered, date):
            return entered.isoformat()
        text = str(entered).strip()
        if self.param.kind is dict:
            return self._object(text)
        if self.param.many:
            return [self._one(part.strip()) for part in text.split(",") if part.strip()]  # type: ignore[return-value]  # of one kind
        return self._one(text)

    def _one(self, text: str) -> str | int:
        if self.param.kind is not int:
            return text
        try:
            return int(text)
        except ValueError:
            raise UsageError(f"{self.param.name}={text!r} is not possible.", cure="Enter a whole number.") from None

    def _object(self, text: str) -> Value:
        try:
            value = json.loads(text)
        except ValueError as error:
            raise UsageError(f"{self.param.name} is not JSON: {error}.", cure='Write {"key": "value"}.') from None
        return value if isinstance(value, dict | list) else str(value)

    def _written(self, value: Value) -> object:
        """What the widget holds for a value."""
        if value is None:
            return {W.SelectMultiple: (), W.DatePicker: None}.get(type(self.widget), "")
        if isinstance(self.widget, W.SelectMultiple):
            return (value,) if isinstance(value, str) else value
        if isinstance(self.widget, W.DatePicker):
            return value if isinstance(value, date) else datetime.fromisoformat(str(value)).date()
        if isinstance(self.widget, W.Dropdown):
            return value
        if self.param.kind is dict:
            return json.dumps(value)
        return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
