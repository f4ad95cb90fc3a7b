"""Which values must not be written, what stands in their place, and what looks too much like one to be let through.

Secrets are found by value, however they are written, and by the name of the field that holds them. A text is cut into
its words first, so that the time taken depends on the text and not on how many secrets are known.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode, urlsafe_b64encode
from itertools import product
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from socialconnect.secret import SHORTEST, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PLACEHOLDER = "scrubbed-"
_SIGN = r"[A-Za-z0-9._~-]"  # what nobody escapes
_LONG = 12  # a shorter value is too like other text once it is in base64

# what OAuth calls its secrets, wherever they stand; in answers that are all about tokens, also shorter names
_NAMES = (
    "access_token|refresh_token|id_token|oauth_token|auth_token|session_token|temp_clone_token|token_secret"
    "|oauth_token_secret|client_secret|secret_key|accessToken|refreshToken|idToken|clientSecret"
)
_NAMES_OF_TOKENS = f"{_NAMES}|token|jwt|secret|ticket"
_FIELD = r'("(?:{})"\s*:\s*")((?:[^"\\]|\\.)++)(\\?\Z|")'  # also where the answer breaks off inside
_PARAMETER = rf"((?:^|[?&#\s])(?:{_NAMES}|__clerk_ticket)=)([^&#\s\"'<>]++)()"

# written so that no such value stands in this file
_SHAPES: Mapping[str, str] = {
    "a GitHub token": r"gh[opusr]_\w{16,}|github[_]pat_\w{20,}",
    "a Notion token": r"nt[n]_[A-Za-z0-9]{16,}|secret[_][A-Za-z0-9]{24,}",
    "a Google token": r"ya29[.][\w-]{10,}|GOCSPX[-][\w-]{16,}",
    "a secret key": r"[sr]k_(?:live|test)_\w{10,}",
    "a GitLab token": r"gl(?:pat|oas)-[\w-]{16,}",
    "a Slack token": r"xo[xe][a-z]?-[\w-]{16,}",
    "a JSON web token": r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*",
    "a bearer token": rf"(?i:bearer)[\s+]+(?!{PLACEHOLDER})(?=[^\s\"]*\d)[\w.~+/-]{{20,}}+(?!=[\"'])",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
}
_SHAPED = re.compile(f"(?<![A-Za-z0-9])(?:{'|'.join(f'(?P<s{at}>{one})' for at, one in enumerate(_SHAPES.values()))})")


class Scrubber:
    """Puts a placeholder of its own in the place of each known secret.

    >>> Scrubber(["open sesame"]).text("they said: open%20sesame, open sesame")
    'they said: scrubbed-000001, scrubbed-000001'
    """

    def __init__(self, values: Iterable[str]) -> None:
        self._names: dict[str, str] = {}
        self._short: list[tuple[str, str]] = []  # forms that no word tells
        told: list[tuple[str, str, str]] = []  # a word, the form that it tells, and whose form that is
        # what a replay has in a token's place is no secret
        for value in {value for value in values if len(value) >= SHORTEST and not value.startswith(PLACEHOLDER)}:
            for form in _forms(value):
                word = max(re.findall(f"{_SIGN}+", form), key=len, default="")
                if len(word) < SHORTEST:
                    self._short.append((form, value))
                else:
                    told.append((word, form, value))
        self._width = min((len(word) for word, _, _ in told), default=SHORTEST)
        self._told: dict[str, list[tuple[str, str]]] = {}
        for word, form, value in told:
            self._told.setdefault(word[: self._width], []).append((form, value))
        self._words = re.compile(f"{_SIGN}{{{self._width},}}")

    def text(self, text: str, *, about_tokens: bool = False) -> str:
        """`text` with placeholders; `about_tokens` says that a field named `token` is one."""
        for pattern in _fields(about_tokens=about_tokens):
            text = pattern.sub(lambda match: f"{match[1]}{self._name(_plain(match[2]))}{match[3]}", text)
        # the longest first, so that no part of one remains when another is its beginning
        for form, value in sorted(self._near(text), key=lambda near: len(near[0]), reverse=True):
            text = re.sub(written(form), lambda _, value=value: self._name(value), text)  # type: ignore[misc]  # bound
        return text

    def left(self, text: str) -> bool:
        """Whether a known secret can still be read out of `text`, however often it was encoded."""
        return any(form in clear for clear in _decoded(text) for form, _ in self._near(clear))

    def _name(self, value: str) -> str:
        """The placeholder of a value; a placeholder keeps its own."""
        if value.startswith(PLACEHOLDER):
            return value
        return self._names.setdefault(value, f"{PLACEHOLDER}{len(self._names) + 1:06}")

    def _near(self, text: str) -> set[tuple[str, str]]:
        """The forms that may be in a text, each with its value."""
        found = set(self._short)
        for word in set(self._words.findall(text)):
            for at in range(len(word) - self._width + 1):
                found.update(self._told.get(word[at : at + self._width], ()))
        return found


def secrets_in(text: str, *, about_tokens: bool = False) -> Iterator[str]:
    """The values of fields and parameters that are secrets by their name."""
    for pattern in _fields(about_tokens=about_tokens):
        for match in pattern.finditer(text):
            whole = match[3] == '"' or pattern is _PARAMETERS  # else it breaks off: no value to look for elsewhere
            value = _plain(match[2])
            if whole and len(value) >= (SHORTEST if about_tokens else _LONG):
                yield value


def shape_in(text: str) -> tuple[str, str] | None:
    """What a text holds that looks like a secret: the kind and how it begins; None where there is nothing."""
    for clear in _decoded(text):
        match = _SHAPED.search(clear)
        if match is not None:
            at = int(str(match.lastgroup)[1:])
            return list(_SHAPES)[at], match[0][:6]
    return None


_PARAMETERS = re.compile(_PARAMETER)
_FIELDS = re.compile(_FIELD.format(_NAMES))
_FIELDS_OF_TOKENS = re.compile(_FIELD.format(_NAMES_OF_TOKENS))


def _fields(*, about_tokens: bool) -> tuple[re.Pattern[str], ...]:
    return (_FIELDS_OF_TOKENS if about_tokens else _FIELDS), _PARAMETERS


def _forms(value: str) -> Iterator[str]:
    """The value itself, and what is sure of it in base64, wherever it begins there."""
    yield value
    if len(value) < _LONG:
        return
    data = value.encode()
    for before, encode in product(range(3), (b64encode, urlsafe_b64encode)):
        coded = encode(b"\0" * before + data).decode()
        # the first and the last sign also hold bits of what stands around the value
        yield coded[(before * 8 + 5) // 6 : (before + len(data)) * 8 // 6]


def _decoded(text: str) -> Iterator[str]:
    """The text, and what is read when its escapes are undone, once and again."""
    yield text
    for _ in range(3):
        clear = _unescaped(unquote_plus(text))
        if clear == text:
            return
        yield clear
        text = clear


def _unescaped(text: str) -> str:
    return re.sub(r"\\(?:u([0-9a-fA-F]{4})|(.))", lambda match: chr(int(match[1], 16)) if match[1] else match[2], text)


def _plain(quoted: str) -> str:
    """What stands between two quotation marks of JSON, or in an address."""
    try:
        decoded: object = json.loads(f'"{quoted}"', strict=False)
    except ValueError:
        return unquote_plus(quoted)
    return unquote_plus(quoted) if decoded == quoted and "%" in quoted else str(decoded)
