"""Seeded chance: the same words always give the same number, whatever was asked before."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


def digest(*parts: object, size: int = 8) -> bytes:
    """Bytes that depend on nothing but `parts`."""
    return blake2b("\x1f".join(map(str, parts)).encode(), digest_size=size).digest()


def number(*parts: object) -> int:
    """A number of 64 bits."""
    return int.from_bytes(digest(*parts))


def share(*parts: object) -> float:
    """A number in [0, 1)."""
    return number(*parts) / 2**64


def pick(choices: Sequence[T], *parts: object) -> T:
    """One of `choices`."""
    return choices[number(*parts) % len(choices)]


_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_LENGTH = 27


@lru_cache(maxsize=1 << 16)
def encode(kind: str, index: int, seed: int, moment: int) -> str:
    """An id as Clerk's look, `user_2Nq…`, out of which `decode` reads the index again.

    Like the real ones it is 20 bytes in base 62 and begins with the time, so later ids sort later.
    """
    filler = digest(seed, kind, index, size=11)
    masked = index ^ int.from_bytes(digest(seed, kind, filler.hex(), size=5))
    value = int.from_bytes((moment - 1_400_000_000).to_bytes(4) + filler + masked.to_bytes(5))
    text = ""
    while value:
        value, pair = divmod(value, 3844)
        text = _PAIRS[pair] + text
    return f"{kind}_{text.rjust(_LENGTH, '0')[-_LENGTH:]}"


def decode(kind: str, text: str, seed: int) -> int | None:
    """The index in an id, None where it is not one of this kind and seed; the caller compares the rest."""
    body = text.removeprefix(f"{kind}_")
    if body == text or len(body) != _LENGTH or not (body.isascii() and body.isalnum()):
        return None
    value = 0
    for letter in body:
        value = value * 62 + _ALPHABET.index(letter)
    if value >= 2**160:
        return None
    raw = value.to_bytes(20)
    return int.from_bytes(raw[15:]) ^ int.from_bytes(digest(seed, kind, raw[4:15].hex(), size=5))
