"""How workers hand over what they read: as files beside each other, in steps that are whole or not there at all.

A worker writes what it would commit to a target into a place that the caller reaches too: the rows as files, then a
slip that names them and says what became of the accounts. Every slip names those before it, so that a chain of slips is
the history of one share, whoever wrote them. A task that is run again, after its worker was killed, goes on where the
longest chain ends: accounts that are in it are not read again. Whatever else was written, by a worker that was taken
for dead and was not, is named by nobody and goes unused: nothing is there twice.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec
import pyarrow as pa

from socialconnect.errors import TargetError
from socialconnect.export.files import kinds
from socialconnect.export.files.store import Store
from socialconnect.export.files.trouble import target
from socialconnect.export.schema import staged
from socialconnect.export.sink import AccountState, Change
from socialconnect.secret import bare

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from socialconnect.export.sink import Dataset, Mode, RunState, Sink

_ENDING = ".slip"
_REACH = (
    "Export to a place that all workers and this process share: an object store, or a folder that all have mounted."
)


class Slip(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step: the slips `before` it, the files of its rows by resource, what it says of accounts."""

    before: tuple[str, ...]
    rows: dict[str, str]
    changes: tuple[Change, ...]


class Handing:
    """The sink of one share on its worker; `known` is what the target keeps of its accounts."""

    def __init__(self, url: str, share: str, known: Iterable[AccountState]) -> None:
        self._name = url
        self._url = url
        self._share = share
        self._attempt = secrets.token_hex(6)
        self._known: dict[tuple[str, str], dict[str, AccountState]] = defaultdict(dict)
        self._given: dict[str, Dataset] = {}
        self.chain: tuple[str, ...] = ()
        for state in known:
            self._keep(state)

    def open(self, datasets: Sequence[Dataset], mode: Mode) -> RunState | None:
        """Find how far an earlier try came."""
        del mode
        self._given = {one.resource: one for one in datasets}
        with target(self._name):
            self._store = Store(self._url)
            self._store.make(self._share)
            slips = {name: _read(self._store, name) for name in self._slips()}
        last = max(slips, key=lambda name: (len(slips[name].before), name), default="")
        self.chain = (*slips[last].before, last) if last else ()
        for name in self.chain:
            for change in slips[name].changes:
                self._keep(change.state)
        return None

    def _slips(self) -> list[str]:
        return [name for name in self._store.names(self._share) if name.endswith(_ENDING)]

    def begin(self, run: RunState, *, resume: bool) -> None:
        """Nothing: the target has begun."""

    def states(self, resource: str, user_id: str) -> Sequence[AccountState]:
        """What is known of a user's accounts."""
        return list(self._known.get((resource, user_id), {}).values())

    def commit(self, rows: Mapping[str, pa.Table], changes: Sequence[Change]) -> None:
        """Write the rows, then the slip: from there on they are not read again."""
        name = f"{self._share}/{len(self.chain):06d}-{self._attempt}"
        with target(self._name):
            files = {resource: self._write(f"{name}-{resource}.rows", table) for resource, table in rows.items()}
            slip = Slip(self.chain, files, tuple(changes))
            self._store.put(name + _ENDING, msgspec.json.encode(slip))
        self.chain = (*self.chain, name + _ENDING)

    def _write(self, name: str, table: pa.Table) -> str:
        with self._store.writing(name) as path:
            kinds.write_part(path, table)
        return name

    def _keep(self, state: AccountState) -> None:
        self._known[state.resource, state.user_id][state.account] = state

    def finish(self, run: RunState, listed: Collection[str]) -> None:
        """Nothing: the target finishes when all have."""

    def datasets(self) -> Sequence[Dataset]:
        """What is handed over."""
        return list(self._given.values())

    def rows(self, resource: str) -> Iterator[pa.RecordBatch]:
        """None that readers see."""
        del resource
        return iter(())

    def close(self) -> None:
        """Nothing is held."""


class Taking:
    """The caller's end: takes what was handed over into the target."""

    def __init__(self, url: str, folder: str, datasets: Sequence[Dataset], sink: Sink) -> None:
        self._name = url
        self._folder = folder
        self._given = {one.resource: one for one in datasets}
        self._sink = sink
        with target(url):
            self._store = Store(url)

    def take(self, chain: Sequence[str]) -> None:
        """Commit every step of a chain, in order."""
        for name in chain:
            slip, tables = self._step(name)
            self._sink.commit(tables, slip.changes)

    def _step(self, name: str) -> tuple[Slip, dict[str, pa.Table]]:
        with target(self._name):
            try:
                slip = _read(self._store, name)
                return slip, {resource: self._table(resource, path) for resource, path in slip.rows.items()}
            except FileNotFoundError:
                lost = TargetError(f"What a worker wrote to {self._name} is not there for this process.", cure=_REACH)
        raise bare(lost)

    def _table(self, resource: str, path: str) -> pa.Table:
        columns = staged(self._given[resource])
        with self._store.reading(path) as file:
            return pa.Table.from_batches(kinds.read("parquet", file, columns), schema=columns)

    def clear(self, share: str = "") -> None:
        """Remove what was handed over, of one share or of all.

        What a worker writes meanwhile that does not yet know that it is over stays, and goes with the next export.
        """
        folder = self._store.path(f"{self._folder}/{share}".rstrip("/"))
        with suppress(TargetError), target(self._name), suppress(FileNotFoundError):
            self._store.files.rm(folder, recursive=True)


def _read(store: Store, name: str) -> Slip:
    return msgspec.json.decode(store.read(name), type=Slip)
