"""Secrets that cannot leave by accident, and the register that scrubs their values from text.

A `Secret` shows nothing in `repr`, `str`, formatting or pickles; only `reveal()` gives its value. Each one
alive is known to the register, so `scrub` can remove it from any text a service sends back.
"""

from __future__ import annotations

import hmac
import re
import secrets
import threading
import weakref
from typing import TYPE_CHECKING, NoReturn, TypeVar
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Callable

_MASK = "[secret]"
SHORTEST = 6  # a shorter value would mask ordinary words
_PLAIN = r"[A-Za-z0-9._~-]+"  # what nobody escapes

_KEY = secrets.token_bytes(32)  # new in each process, so that a mark can be looked up nowhere

E = TypeVar("E", bound=BaseException)


class Secret:
    """A value that is handed only to the request it belongs to.

    >>> Secret("open sesame")
    Secret([secret])
    """

    __slots__ = ("__weakref__", "_mark", "_plain", "_value")

    def __init__(self, value: str) -> None:
        self._value = value
        self._mark = ""
        self._plain = max(re.findall(_PLAIN, value), key=len, default="")
        with _lock:
            _alive.add(self)

    def reveal(self) -> str:
        """The value itself. Give it to nothing that prints, stores or logs."""
        return self._value

    @property
    def mark(self) -> str:
        """The sign by which it can be followed in this process, and by nothing else."""
        self._mark = self._mark or mark(self._value)
        return self._mark

    def __repr__(self) -> str:
        return f"Secret({_MASK})"

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return f"<code>{self!r}</code>"

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled or copied out of its process")


_lock = threading.RLock()  # a finaliser that logs may run while it is held
_alive: weakref.WeakSet[Secret] = weakref.WeakSet()


def scrub(text: str) -> str:
    """`text` without any secret that is alive, also where it stands URL-encoded or escaped in JSON.

    The longest value goes first, so that no part of one remains when another is its beginning.
    """
    return _covered(text, lambda _: _MASK)


def marked(text: str) -> str:
    """`text` as `scrub` leaves it, but with a mark for each secret, by which it can be followed."""
    return _covered(text, lambda value: f"[secret {mark(value)}]")


def mark(value: str) -> str:
    """Six signs that are the same for the same value, in this process alone: they tell nothing of it."""
    return hmac.digest(_KEY, value.encode("utf-8", "surrogatepass"), "sha256").hex()[:6]


def _covered(text: str, cover: Callable[[str], str]) -> str:
    with _lock:
        # most secrets are not there at all: what nobody escapes tells it at once
        near = {secret._value for secret in _alive if secret._plain in text}  # noqa: SLF001 - the register is theirs
    for value in sorted((value for value in near if len(value) >= SHORTEST), key=len, reverse=True):
        shown = cover(value)
        text = re.sub(written(value), lambda _, shown=shown: shown, text)  # type: ignore[misc]  # bound
    return text


def known() -> set[str]:
    """The values of all secrets that are alive, for what must look for every one of them at once."""
    with _lock:
        alive = {secret._value for secret in _alive}  # noqa: SLF001 - the register is theirs
    return {value for value in alive if len(value) >= SHORTEST}


def written(value: str) -> str:
    """The pattern of a value however a service wrote it: plain, URL-encoded or escaped in JSON."""
    return "".join(map(_escaped, value))


def bare(error: E) -> E:
    """`error` without the frames and errors that led to it: their locals hold tokens and what services sent."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def _escaped(character: str) -> str:
    """The pattern of one character however a service wrote it: each encodes other characters."""
    if re.fullmatch(_PLAIN, character):
        return re.escape(character)
    coded = quote(character, safe="", errors="replace")
    blank = r"|\+" if character == " " else ""
    return rf"(?:(?i:{coded}|\\u{ord(character):04x})|\\?{re.escape(character)}{blank})"
