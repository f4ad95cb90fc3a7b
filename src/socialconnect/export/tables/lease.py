"""Hold of a database that cannot tell when a process dies: a row that is good for a while, renewed by each commit."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec
import sqlalchemy as sa

from socialconnect.export.tables.holder import Holder, busy, here
from socialconnect.export.tables.kinds import TEXT
from socialconnect.export.tables.layout import OURS

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

SECONDS = 900.0
"""How long a lease is good without a commit. Who was killed keeps others out for that long, and no longer."""

LEASE = sa.Table(
    f"{OURS}lease", sa.MetaData(), sa.Column("holder", TEXT), sa.Column("until", sa.Double(), nullable=False)
)


class Lease:
    """One run's hold of a database, by a row there.

    Each commit renews it in its own transaction: who has lost it to another cannot commit any more, whatever the clocks
    of the two machines say.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self._mine = msgspec.json.encode(here()).decode()

    def take(self, connection: Connection) -> None:
        """Take the lease; a TargetBusy where another has it."""
        LEASE.create(connection, checkfirst=True)
        if connection.execute(sa.select(sa.func.count()).select_from(LEASE)).scalar_one() == 0:
            connection.execute(sa.insert(LEASE), {"holder": "", "until": 0.0})
        free = sa.or_(LEASE.c.until < time.time(), LEASE.c.holder == "")
        taken = sa.update(LEASE).where(free).values(holder=self._mine, until=time.time() + SECONDS)
        if connection.execute(taken).rowcount != 1:
            raise self._busy(connection)

    def renew(self, connection: Connection) -> None:
        """Keep it for as long again; a TargetBusy where another has it by now."""
        mine = sa.update(LEASE).where(LEASE.c.holder == self._mine).values(until=time.time() + SECONDS)
        if connection.execute(mine).rowcount != 1:
            raise self._busy(connection)

    def leave(self, connection: Connection) -> None:
        """Give it back."""
        connection.execute(sa.update(LEASE).where(LEASE.c.holder == self._mine).values(holder="", until=0.0))

    def _busy(self, connection: Connection) -> Exception:
        holder = connection.execute(sa.select(LEASE.c.holder)).scalars().first() or ""
        try:
            who = msgspec.json.decode(holder, type=Holder).line
        except msgspec.DecodeError:
            who = ""
        return busy(self.target, who, f"Wait for its end; if it was killed, {SECONDS / 60:.0f} minutes.")
