"""Hold of a database that is a file: a lock of the operating system beside it, which dies with its process."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import filelock
import msgspec

from socialconnect.export.tables.holder import Holder, busy, here


class FileHold:
    """One run's hold of a file: `<file>.lock` is locked, `<file>.holder` says by whom while it is.

    https://py-filelock.readthedocs.io/
    """

    def __init__(self, file: str, target: str) -> None:
        self.target = target
        self._lock = filelock.FileLock(f"{file}.lock", thread_local=False)
        self._holder = Path(f"{file}.holder")

    def take(self) -> None:
        """Take hold; a TargetBusy where another process has it."""
        if not self._holder.parent.is_dir():
            raise FileNotFoundError(f"no such file or directory: {self._holder.parent}")  # else the lock makes it
        try:
            self._lock.acquire(timeout=0)
        except filelock.Timeout:
            raise busy(self.target, self._who()) from None
        self._holder.write_bytes(msgspec.json.encode(here()))

    def leave(self) -> None:
        """Let go."""
        if self._lock.is_locked:
            with suppress(OSError):  # the folder may be read-only by now; the word alone holds nothing
                self._holder.unlink(missing_ok=True)
            self._lock.release()

    def _who(self) -> str:
        try:
            return msgspec.json.decode(self._holder.read_bytes(), type=Holder).line
        except (OSError, msgspec.DecodeError):
            return ""
