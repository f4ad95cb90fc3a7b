"""What a person at the keyboard is asked and told, in a cell as in a terminal.

In a kernel, getpass and input go to the front end. Where nobody can answer (nbconvert, papermill, a job), both fail in
half a dozen ways, or wait for ever, or show what is typed: here there is one error for all of them.
"""

from __future__ import annotations

import getpass
import sys
import warnings

from pydantic import SecretStr

from socialconnect.errors import MissingKey

_NOBODY = (EOFError, NotImplementedError, OSError, getpass.GetPassWarning)  # a kernel without input: the second


def secret(prompt: str) -> SecretStr:
    """What somebody types unseen; a MissingKey where nobody can, or not unseen."""
    if _can_type():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", getpass.GetPassWarning)  # it would go on, and show the key
                return SecretStr(getpass.getpass(prompt))
        except _NOBODY:
            pass
    raise MissingKey(
        "Nobody can be asked for the secret key here: there is no keyboard, or it would show what is typed.",
        cure="Set CLERK_SECRET_KEY in the environment before this starts, as in: export CLERK_SECRET_KEY=…",
    )


def agreed(question: str) -> bool:
    """Whether somebody says yes; no answer is none."""
    try:
        return input(question).strip().lower() in {"y", "yes"}
    except _NOBODY:
        return False


def say(sentence: str) -> None:
    """A sentence for whoever was asked."""
    print(sentence)  # noqa: T201 - to the person at the keyboard, who waits for it


def attended() -> bool:
    """Whether somebody is likely to look: not where a kernel was told that nobody answers (nbconvert, papermill)."""
    ipython = sys.modules.get("IPython")
    kernel = getattr(ipython.get_ipython(), "kernel", None) if ipython is not None else None
    return kernel is None or bool(getattr(kernel, "_allow_stdin", True))


def _can_type() -> bool:
    """Whether it is a terminal, or getpass is not Python's own: a kernel puts the front end's in its place."""
    return getpass.getpass.__module__ != "getpass" or (sys.stdin is not None and sys.stdin.isatty())
