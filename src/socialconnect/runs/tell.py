"""How a caller learns of the accounts that were not read whole."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Literal, get_args

from socialconnect.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from socialconnect.runs.run import Run

OnError = Literal["warn", "raise", "ignore"]


class PartialWarning(UserWarning):
    """Some accounts were not read whole; `run.outcomes` says which, why and what to do."""


def check(on_error: str) -> None:
    """A UsageError where it is none of the ways."""
    if on_error not in get_args(OnError):
        raise UsageError(f"on_error={on_error!r} is not possible.", cure="Pass 'warn', 'raise' or 'ignore'.")


def tell(resource: str, run: Run, on_error: OnError) -> None:
    """Warn once, with counts and reasons; or raise the accounts' errors as a group; or leave it to `run.outcomes`."""
    if on_error == "raise" and run.errors:
        raise ExceptionGroup(run.problems, run.errors)
    if on_error == "warn" and run.problems:
        message = f"{resource}: {run.problems} client.read({resource!r}, …).outcomes has each with its cure."
        # on the background loop no line of the caller's is on the stack, and one of ours would only mislead
        warnings.warn_explicit(message, PartialWarning, "socialconnect", 0)


def tell_left_out(what: str, frame: pd.DataFrame) -> None:
    """Warn where Clerk sent records that could not be read, so that they are missing from a frame."""
    if count := frame.attrs.get("left_out", 0):
        message = f"{what}: {count} users or accounts are left out, because Clerk's records of them could not be read."
        warnings.warn_explicit(message, PartialWarning, "socialconnect", 0)
