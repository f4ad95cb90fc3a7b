"""Who has hold of a target: a word for those who find it busy."""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime
from secrets import token_hex

import msgspec

from socialconnect.errors import TargetBusy


class Holder(msgspec.Struct, frozen=True):
    """The process that has hold of a target."""

    pid: int
    host: str
    since: str
    mark: str = ""  # one process may try twice

    @property
    def line(self) -> str:
        """`process 4711 on etl-1 since 2026-05-01T03:00:00Z`."""
        return f"process {self.pid} on {self.host} since {self.since}"


def here() -> Holder:
    """This process, from now on."""
    return Holder(
        os.getpid(), socket.gethostname(), datetime.now(UTC).isoformat(timespec="seconds")[:19] + "Z", token_hex(4)
    )


def busy(target: str, who: str, cure: str = "") -> TargetBusy:
    """The error that says who has hold of a target, as far as that is known."""
    by = f": {who}" if who else ""
    return TargetBusy(f"Another export is writing to {target}{by}.", cure=cure or "Wait for its end, then run again.")
