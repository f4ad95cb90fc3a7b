"""What the log came to, in a database of this machine that goes with the process: memory does not grow with it."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from socialconnect.export.files.entries import VERSION, Entry, File, Folded, Held, Part, Told
from socialconnect.export.sink import AccountState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from socialconnect.export.sink import Change, RunState, Verdict

_TABLES = """
PRAGMA journal_mode = off;
PRAGMA synchronous = off;
PRAGMA cache_size = -4000;
PRAGMA temp_store = file;
CREATE TABLE accounts (
    resource TEXT, user TEXT, account TEXT, state BLOB, verdict TEXT, at REAL, entry INTEGER, taken INTEGER,
    pending INTEGER, PRIMARY KEY (resource, user, account)
) WITHOUT ROWID;
CREATE INDEX ended ON accounts (resource) WHERE pending;
CREATE TABLE parts (entry INTEGER, resource TEXT, path TEXT, rows INTEGER, PRIMARY KEY (entry, resource)) WITHOUT ROWID;
CREATE TABLE held (
    entry INTEGER, resource TEXT, user TEXT, account TEXT, PRIMARY KEY (entry, resource, user, account)
) WITHOUT ROWID;
"""
_ENDING = """
DROP TABLE IF EXISTS ending;
DROP TABLE IF EXISTS seen;
CREATE TABLE ending (
    number INTEGER PRIMARY KEY, user TEXT, account TEXT, verdict TEXT, at REAL, taken INTEGER, UNIQUE (user, account)
);
CREATE TABLE seen (user TEXT, account TEXT, PRIMARY KEY (user, account)) WITHOUT ROWID;
"""
_LIVE = """
FROM held LEFT JOIN accounts USING (resource, user, account)
WHERE held.entry = parts.entry AND held.resource = parts.resource AND coalesce(taken, 0) < held.entry
"""
_BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Ending:
    """How an account ended: its number among those, when (microseconds since 1970), and what of it is dealt with.

    Its staged rows are, up to the entry `taken`; `has_rows` says whether readers see any, where that was asked.
    """

    number: int
    verdict: Verdict
    at: int
    taken: int
    has_rows: bool


class State:
    """The fold of a log: runs, datasets, files and parts, and what is kept of each account."""

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="socialconnect-")  # of this machine: for what is too large for memory
        self._gone = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self._base = sqlite3.connect(Path(self.folder) / "state.db", isolation_level=None, check_same_thread=False)
        self._base.executescript(_TABLES)
        self.number = 0
        self.made = 0
        self.format = ""
        self.run: RunState | None = None
        self.held: dict[str, Held] = {}
        self.fresh: dict[str, int] = {}
        self.files: dict[str, File] = {}
        self.under_way: Entry | None = None

    def close(self) -> None:
        """Let go of the database and the folder."""
        self._base.close()
        self._gone()

    def start(self, first: Folded, accounts: Iterable[Told]) -> None:
        """Begin with what was folded before."""
        self.number, self.made, self.format, self.run = first.number, first.made, first.format, first.run
        self.held = {one.resource: one for one in first.held}
        self.fresh = dict(first.fresh)
        self.files = {one.path: one for one in first.files}
        with self._base:
            self._base.execute("BEGIN")
            self._tell(accounts)
            for number, part in first.parts:
                self._stage(number, part)

    def add(self, number: int, entry: Entry) -> None:
        """One more step."""
        with self._base:
            self._base.execute("BEGIN")
            for part in entry.parts:
                self._stage(number, part)
            self._tell(entry.told)
            if entry.fresh:
                self._forget_staged(number, entry.fresh)
            if entry.publish:
                self._publish(number, entry)
        self.format = entry.format or self.format
        self.held |= {one.resource: one for one in entry.held}
        self.run = entry.run or self.run
        self.under_way = entry if entry.publish else None if entry.done else self.under_way
        self.number = number

    def _stage(self, number: int, part: Part) -> None:
        self._base.execute("INSERT INTO parts VALUES (?, ?, ?, ?)", (number, part.resource, part.path, part.rows))
        of = ((number, part.resource, user, account) for user, account in part.accounts)
        self._base.executemany("INSERT OR IGNORE INTO held VALUES (?, ?, ?, ?)", of)

    def _tell(self, told: Iterable[Told]) -> None:
        self._base.executemany(
            "INSERT INTO accounts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "state = excluded.state, verdict = excluded.verdict, at = excluded.at, entry = excluded.entry, "
            "taken = max(taken, excluded.taken), pending = excluded.pending",
            (
                (
                    one.state.resource,
                    one.state.user_id,
                    one.state.account,
                    msgspec.json.encode(one.state),
                    one.verdict,
                    one.state.at,
                    one.entry,
                    one.taken,
                    one.pending,
                )
                for one in told
            ),
        )

    def _forget_staged(self, number: int, resources: Iterable[str]) -> None:
        for resource in resources:
            self.fresh[resource] = number
            self._base.execute("DELETE FROM parts WHERE resource = ?", (resource,))
            self._base.execute("DELETE FROM held WHERE resource = ?", (resource,))

    def _publish(self, number: int, entry: Entry) -> None:
        self.files |= {one.path: one for one in entry.new}
        for path in entry.old:
            self.files.pop(path, None)
        self.made += len(entry.new)
        self._base.execute("UPDATE accounts SET taken = ?, pending = 0 WHERE pending", (number,))
        self._base.executemany("DELETE FROM accounts WHERE resource = ? AND user = ? AND account = ?", entry.gone)
        self._base.execute(f"DELETE FROM parts WHERE NOT EXISTS (SELECT 1 {_LIVE})")  # noqa: S608 - a constant
        self._base.execute("DELETE FROM held WHERE (entry, resource) NOT IN (SELECT entry, resource FROM parts)")

    def told(self, number: int, change: Change) -> Told:
        """What an entry says of an account."""
        return Told(change.state, change.verdict, number, 0, change.verdict not in ("", "kept"))

    def states(self, resource: str, user: str) -> list[AccountState]:
        """What is kept of a user's accounts in one resource."""
        found = self._base.execute(
            "SELECT state, entry FROM accounts WHERE resource = ? AND user = ?", (resource, user)
        ).fetchall()
        states = [(msgspec.json.decode(state, type=AccountState), entry) for state, entry in found]
        # where the rows before its place were forgotten, nobody may go on there
        fresh = self.fresh.get(resource, 0)
        return [msgspec.structs.replace(one, place=None) if entry <= fresh else one for one, entry in states]

    def end(self, resource: str) -> bool:
        """Look at a resource's accounts that ended; whether of any only a part came."""
        self._base.executescript(_ENDING)
        self._base.execute(
            "INSERT INTO ending (user, account, verdict, at, taken) "
            "SELECT user, account, verdict, at, taken FROM accounts WHERE pending AND resource = ?",
            (resource,),
        )
        parts = "SELECT 1 FROM ending WHERE verdict IN ('changes', 'part')"
        return self._base.execute(parts).fetchone() is not None

    def see(self, accounts: Iterable[tuple[str, str]]) -> None:
        """Say which accounts have rows that readers see."""
        self._base.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?)", accounts)

    def end_others(self, resource: str, at: float) -> list[tuple[str, str]]:
        """Accounts that have rows and of which this run has said nothing are gone: which these are."""
        query = (
            "SELECT user, account FROM seen WHERE NOT EXISTS (SELECT 1 FROM accounts WHERE resource = ? "
            "AND accounts.user = seen.user AND accounts.account = seen.account AND entry > ?)"
        )
        others = self._base.execute(query, (resource, self.fresh.get(resource, 0))).fetchall()
        told = ((user, account, "gone", at) for user, account in others)
        self._base.executemany("INSERT INTO ending (user, account, verdict, at, taken) VALUES (?, ?, ?, ?, 0)", told)
        return others

    def ending(self, user: str, account: str) -> Ending | None:
        """How an account ended, None where it did not."""
        query = (
            "SELECT number, verdict, at, taken, EXISTS (SELECT 1 FROM seen WHERE seen.user = ending.user "
            "AND seen.account = ending.account) FROM ending WHERE user = ? AND account = ?"
        )
        found = self._base.execute(query, (user, account)).fetchone()
        if found is None:
            return None
        number, verdict, at, taken, has_rows = found
        return Ending(number, verdict, round(at * 1_000_000), taken, bool(has_rows))

    def is_pending(self, resource: str, user: str, account: str) -> bool:
        """Whether an account ended whose rows are still staged."""
        query = "SELECT 1 FROM accounts WHERE pending AND resource = ? AND user = ? AND account = ?"
        return self._base.execute(query, (resource, user, account)).fetchone() is not None

    def ended(self) -> set[str]:
        """The resources with accounts that ended and are still staged."""
        return {one for (one,) in self._base.execute("SELECT DISTINCT resource FROM accounts WHERE pending")}

    def parts(self, resource: str) -> list[tuple[int, str, int]]:
        """The parts that hold rows of accounts that ended: the entry that brought each, its path, how many rows."""
        query = (
            "SELECT entry, path, rows FROM parts WHERE resource = ? AND EXISTS (SELECT 1 FROM held "
            "JOIN accounts USING (resource, user, account) WHERE pending AND taken < held.entry "
            "AND held.entry = parts.entry AND held.resource = parts.resource) ORDER BY entry"
        )
        return self._base.execute(query, (resource,)).fetchall()

    def staged(self) -> set[str]:
        """The paths of all parts."""
        return {path for (path,) in self._base.execute("SELECT path FROM parts")}

    def _some(self, query: str, *values: object) -> Iterator[list[tuple[Any, ...]]]:
        found = self._base.execute(query, values)
        while rows := found.fetchmany(_BATCH):
            yield rows

    def folded(self) -> tuple[Folded, Iterator[Told]]:
        """All of this, to be written down."""
        parts = []
        for number, resource, path, rows in self._base.execute("SELECT entry, resource, path, rows FROM parts"):
            query = "SELECT user, account FROM held WHERE entry = ? AND resource = ?"
            accounts = tuple(self._base.execute(query, (number, resource)).fetchall())
            parts.append((number, Part(path, resource, rows, accounts)))
        count: int = self._base.execute("SELECT count(*) FROM accounts").fetchone()[0]
        first = Folded(
            VERSION,
            self.number,
            count,
            self.format,
            self.run,
            tuple(self.fresh.items()),
            self.made,
            tuple(self.held.values()),
            tuple(parts),
            tuple(self.files.values()),
        )
        return first, self._accounts()

    def _accounts(self) -> Iterator[Told]:
        for some in self._some("SELECT state, verdict, entry, taken, pending FROM accounts"):
            for state, verdict, entry, taken, pending in some:
                decoded = msgspec.json.decode(state, type=AccountState)
                yield Told(decoded, verdict, entry, taken, bool(pending))
