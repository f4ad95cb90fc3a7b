"""What the arguments of a command mean: users, columns, parameters, and where the rows go."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from socialconnect.cli.common import Common
from socialconnect.cli.files import STDOUT, Destination, Format
from socialconnect.errors import UsageError
from socialconnect.reading.declare import Resource, Value, unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

_YES = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def names(text: str | None) -> list[str] | None:
    """The names in `a,b`, or None where none were asked for."""
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def existing(wanted: "Sequence[str]", there: Iterable[str], where: str) -> list[str]:
    """The wanted columns; an UnknownName with the nearest for one that there is not."""
    known = list(there)
    for name in wanted:
        if name not in known:
            raise unknown("column", name, known, where)
    return list(wanted)


def chosen_users(given: "Sequence[str] | None") -> list[str] | None:
    """The ids given, with those of `@FILE` and of stdin (`-`) in their places; None for everybody."""
    if not given:
        return None
    return [user for text in given for user in _ids(text)]


def arguments(resource: Resource, given: "Sequence[str] | None") -> dict[str, Value]:
    """The parameters in `name=value` texts, as the kinds that the resource declares."""
    params = {param.name: param for param in resource.params}
    found: dict[str, Value] = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--param {text} has no value.", cure=f"Write it as --param {text}=VALUE.")
        if name not in params:
            raise unknown("parameter", name, params, f"of {resource.name}")
        if name in found:
            raise UsageError(f"--param {name} is given twice.", cure="Give it once; several values go with commas.")
        found[name] = _value(name, params[name].kind, value)
    return found


def to(output: str | None, common: Common, form: Format | None = None) -> Destination | None:
    """Where the rows go, if not to the screen; a UsageError where two documents would share stdout."""
    if output == STDOUT and common.json:
        raise UsageError("--json and --output - would both write to stdout.", cure="Leave out one of them.")
    return Destination(output, form) if output is not None else None


def _value(name: str, kind: type, text: str) -> Value:
    if kind is bool and text.lower() in _YES:
        return _YES[text.lower()]
    if kind is int and text.strip().lstrip("-").isdecimal():
        return int(text)
    if kind is not str:
        allowed = "true or false" if kind is bool else "a whole number"
        raise UsageError(f"--param {name}={text} is not possible.", cure=f"Pass {allowed}.")
    return text


def _ids(text: str) -> list[str]:
    if text == STDOUT:
        return _lines(sys.stdin.read())
    if not text.startswith("@"):
        return [text]
    try:
        return _lines(Path(text[1:]).expanduser().read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(f"{text[1:]} cannot be read: {why}.", cure="Name a file with one id a line.") from None


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
