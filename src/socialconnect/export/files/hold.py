"""Who may write to a target: one export at a time."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import filelock
import msgspec

from socialconnect.export.files.trouble import busy

if TYPE_CHECKING:
    from socialconnect.export.files.store import Store

LEASE = 120.0
"""Seconds after which a lock on an object store lapses that nobody has renewed."""
_RENEW = LEASE / 4


class Holder(msgspec.Struct, frozen=True):
    """Who has hold of a target: `at` is when they last said so, in seconds since 1970."""

    host: str
    pid: int
    since: float
    at: float
    sign: str

    def __str__(self) -> str:
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(self.since))
        return f"process {self.pid} on {self.host}, since {since} UTC"


class Hold(Protocol):
    """Hold of a target, until it is let go."""

    def release(self) -> None:
        """Let go; nothing where that was done."""


def hold(store: Store, home: str, name: str) -> Hold:
    """Take hold of a target. A TargetBusy that says who has it, where somebody does."""
    return LocalHold(store, home, name) if store.local else RemoteHold(store, home, name)


def _myself() -> Holder:
    now = time.time()
    return Holder(socket.gethostname(), os.getpid(), now, now, secrets.token_hex(8))


def _refused(name: str, holder: Holder | None, more: str = "") -> Exception:
    who = str(holder) if holder else "another process"
    return busy(f"Another export is writing to {name}: {who}.{more}")


class LocalHold:
    """The system's lock of a file, which goes with the process that has it."""

    def __init__(self, store: Store, home: str, name: str) -> None:
        self._told = Path(store.path(f"{home}/holder.json"))
        self._told.parent.mkdir(parents=True, exist_ok=True)
        self._lock = filelock.FileLock(store.path(f"{home}/lock"), timeout=0, thread_local=False)
        try:
            self._lock.acquire()
        except filelock.Timeout:
            raise _refused(name, self._holder()) from None
        self._told.write_bytes(msgspec.json.encode(_myself()))

    def _holder(self) -> Holder | None:
        try:
            return msgspec.json.decode(self._told.read_bytes(), type=Holder)
        except (OSError, msgspec.MsgspecError):  # it is about to be written
            return None

    def release(self) -> None:
        """Let go; nothing where that was done."""
        if self._lock.is_locked:
            with contextlib.suppress(OSError):
                self._told.unlink()
            self._lock.release()


class RemoteHold:
    """An object that is made only where there is none, and renewed as long as its process lives.

    What a killed process left on this host is taken over at once, what is another host's after its lease. Where a
    store cannot make an object only if there is none, two that come at the same moment may both have it: then the first
    to write the next entry of the log goes on, and the other is refused.
    """

    def __init__(self, store: Store, home: str, name: str) -> None:
        self._store = store
        self._path = f"{home}/lock.json"
        self._me = _myself()
        self._left = threading.Event()
        holder = self._holder()
        if holder is not None:
            if not _lapsed(holder):
                wait = max(0, holder.at + LEASE - time.time())
                raise _refused(name, holder, f" If that was killed, its hold lapses in {wait:.0f} s.")
            store.remove([self._path])
        store.put(self._path, msgspec.json.encode(self._me), new=True)
        self._renewing = threading.Thread(target=self._renew, name="socialconnect-hold", daemon=True)
        self._renewing.start()

    def _holder(self) -> Holder | None:
        try:
            return msgspec.json.decode(self._store.read(self._path), type=Holder)
        except FileNotFoundError:
            return None
        except msgspec.MsgspecError:  # nobody's that could be asked
            return Holder("an unknown host", 0, 0.0, 0.0, "")

    def _renew(self) -> None:
        while not self._left.wait(_RENEW):
            self.renew()

    def renew(self) -> None:
        """Say that this process lives; where another has taken over, leave it to them."""
        with contextlib.suppress(Exception):  # a store that does not answer now may do so in time
            holder = self._holder()
            if holder is not None and holder.sign == self._me.sign:
                self._store.put(self._path, msgspec.json.encode(msgspec.structs.replace(self._me, at=time.time())))

    def release(self) -> None:
        """Let go; nothing where that was done."""
        if self._left.is_set():
            return
        self._left.set()
        self._renewing.join()
        holder = self._holder()
        if holder is not None and holder.sign == self._me.sign:
            self._store.remove([self._path])


def _lapsed(holder: Holder) -> bool:
    if holder.host == socket.gethostname() and holder.pid != os.getpid():
        return not _alive(holder.pid)
    return time.time() > holder.at + LEASE


def _alive(pid: int) -> bool:
    if os.name != "posix":  # where asking would end it
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True
