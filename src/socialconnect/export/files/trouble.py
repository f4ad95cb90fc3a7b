"""What can go wrong with a target, and what to do about it."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa

from socialconnect.errors import DamagedState, SocialConnectError, TargetBusy, TargetError
from socialconnect.secret import bare, scrub

if TYPE_CHECKING:
    from collections.abc import Iterator

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_TROUBLE = ("ArrowInvalid", "IOException", "OutOfMemoryException")  # of DuckDB and Arrow; their others are bugs
_OURS = ("builtins", "socialconnect")  # errors of these are bugs, not trouble with a target


@contextmanager
def target(name: str) -> Iterator[None]:
    """Whatever a filesystem or what writes to it raises becomes a TargetError that names the target and a cure."""
    try:
        yield
    except SocialConnectError:
        raise
    except Exception as error:  # each filesystem has exceptions of its own
        if not _is_trouble(error):
            raise
        found = TargetError(f"{name} cannot be used: {_told(error)}.", cure=_cure(error))
        raise bare(found) from None


def damaged(name: str, what: str) -> DamagedState:
    """What is kept of progress in a target cannot be read."""
    return DamagedState(
        f"What is kept of the exports to {name} is damaged: {what}.",
        cure="The data are whole. Bring its folder .socialconnect back from a backup, or export to another place.",
    )


@contextmanager
def whole(path: str) -> Iterator[None]:
    """Whoever reads a file there that is missing, or no longer what was written, is told which one it is."""
    try:
        yield
    except (OSError, UnicodeDecodeError, pa.ArrowInvalid) as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.ENOENT):
            raise
        said = "it is missing" if isinstance(error, FileNotFoundError) else _told(error)
        damage = TargetError(
            f"{path} cannot be read as it was written: {said}.",
            cure="Bring the file back from a backup, or export to another place. All others are as they were.",
        )
        raise bare(damage) from None


def busy(message: str) -> TargetBusy:
    """Somebody else writes there."""
    return TargetBusy(message, cure="Wait until it has ended, or export to another place.")


def _is_trouble(error: Exception) -> bool:
    kind = type(error)
    if isinstance(error, OSError):
        return True
    if kind.__module__.partition(".")[0] in ("pyarrow", "duckdb", "_duckdb"):
        return kind.__name__ in _TROUBLE
    return kind.__module__.partition(".")[0] not in _OURS


def _told(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return scrub(error.strerror).rstrip(".")
    return scrub(f"{type(error).__name__}: {error}").rstrip(". \n")


def _cure(error: Exception) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if number in _FULL or "No space left" in str(error) or "disk is full" in str(error):
        return "Make room there, then run it again with --resume: what was committed is safe."
    if number == errno.EROFS:
        return "It can only be read: export to another place, or mount it for writing."
    if isinstance(error, PermissionError) or "Credentials" in type(error).__name__:
        return "Give this user or these credentials the right to list, read, write and delete there."
    if isinstance(error, FileNotFoundError):
        return "Make the bucket or folder first, and look at the name again."
    return "Look at the address and at what it says, then run it again with --resume: what was committed is safe."
