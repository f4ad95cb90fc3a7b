"""Names that people type: which are possible, and which was probably meant."""

from __future__ import annotations

import difflib
import keyword
import re
from typing import TYPE_CHECKING

from socialconnect.errors import UnknownName, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable


def unknown(kind: str, name: str, known: Iterable[str], where: str = "") -> UnknownName:
    """The error for a name that nothing has, with the nearest that something has."""
    names = sorted(known)
    near = difflib.get_close_matches(str(name), names, n=1, cutoff=0.5)
    listed = ", ".join(names[:30]) + (", …" if len(names) > 30 else "")
    cure = f"Did you mean {near[0]!r}?" if near else (f"There is: {listed}." if names else "There is none.")
    return UnknownName(f"There is no {kind} {name!r}{f' {where}' if where else ''}.", cure=cure, near=near)


def check_name(name: str, kind: str) -> None:
    """A UsageError where a name cannot become an attribute."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise UsageError(f"{name!r} cannot name a {kind}.", cure="Use lower case letters, digits and _.")
