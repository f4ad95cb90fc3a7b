"""Exports to files, on any filesystem that fsspec reaches: Parquet datasets, CSV, JSON lines.

Rows are staged in files of a hidden folder. A commit is one small file more in a log there, which names them and says
what is known of accounts: what no entry names does not exist, and is swept when the next run begins. The state is what
the log comes to; at the end of a run it is folded into one file.

What a reader sees while rows are published, which takes moments: of CSV, JSON lines and single files, all old or all
new rows, since the file is put in its place by one step. Of a Parquet dataset first the new files appear, each by one
step, and then those go that they stand for, so that a row may be there twice, and none is missing; a killed publication
stays so until the next export or `resume` completes it, when it opens the target. Appending only adds files.

Types come back as they went there. In CSV, NA is an empty field and the empty text is `""`, lists are JSON. In JSON
lines NA is null. In both, times are ISO 8601 in UTC with microseconds, and JSON is a text.

One export writes to a target at a time. On a disk its hold is a lock of the system's, which ends with its process; on
an object store it is an object, renewed every 30 s: what a killed process of this host left is taken over at once, that
of another host 120 s after it was last renewed.
"""

from __future__ import annotations

import time
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from socialconnect.errors import DamagedState, SchemaChanged, UsageError
from socialconnect.export.files import kinds
from socialconnect.export.files.entries import Entry, Held, Log, Part
from socialconnect.export.files.folded import State
from socialconnect.export.files.hold import hold
from socialconnect.export.files.layout import Layout, partition
from socialconnect.export.files.publish import Publication, accounts
from socialconnect.export.files.store import TEMPORARY, Store
from socialconnect.export.files.trouble import busy, damaged, target, whole
from socialconnect.export.schema import schema, staged
from socialconnect.frames import arrow_type

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from socialconnect.export.files.hold import Hold
    from socialconnect.export.files.kinds import Format
    from socialconnect.export.sink import AccountState, Change, Dataset, Mode, RunState
    from socialconnect.secret import Secret


_TRIES = 3  # before a log that cannot be read is taken for damaged, and not for folded meanwhile


class FileSink:
    """Rows in files below `url`: a folder of datasets, or with `single` the one file of one resource in it.

    Rows of accounts that ended are published by `finish`, and by whatever needs them before: reading them, beginning
    another run, or another commit of the same account.
    """

    def __init__(
        self, url: str, kind: Format = "parquet", *, single: str = "", name: str = "", secret: Secret | None = None
    ) -> None:
        self._url = url
        self._name = name or url
        self._secret = secret  # the URL's password, which is scrubbed from every message as long as this lives
        self._layout = Layout(kind, single)
        self._mode: Mode = "merge"
        self._given: dict[str, Dataset] = {}
        self._hold: Hold | None = None
        self._state: State | None = None

    def __repr__(self) -> str:
        return f"FileSink({self._name!r}, {self._layout.kind!r})"

    def open(self, datasets: Sequence[Dataset], mode: Mode) -> RunState | None:
        """Take hold of the target and complete what a killed export left half published; the last run there."""
        self._check_single(datasets)
        try:
            with target(self._name):
                self._take_hold()
                self._state = State()
                self._read_log(self._state)
                if self._state.under_way:
                    self._complete(self._state.under_way)
                self._declare(datasets, mode)
        except BaseException:
            self.close()
            raise
        self._mode = mode
        self._given = {one.resource: one for one in datasets}
        return self._there.run

    def _check_single(self, datasets: Sequence[Dataset]) -> None:
        if self._layout.single and len(datasets) > 1:
            raise UsageError(
                f"{self._name} is one file, for one resource: these are {len(datasets)}.",
                cure="Export to a folder, or each to a file of its own.",
            )

    @property
    def _there(self) -> State:
        if self._state is None:
            raise UsageError(f"{self!r} is not open.", cure="Call open() first.")
        return self._state

    def _take_hold(self) -> None:
        self._store = Store(self._url)
        self._store.make(self._layout.home)
        self._hold = hold(self._store, self._layout.home, self._name)
        self._log = Log(self._store, self._layout.home, self._name)

    def _read_log(self, state: State) -> None:
        if newest := self._log.newest_fold():
            state.start(*self._log.read_fold(newest))
        for number, entry in self._log.entries(state.number):
            state.add(number, entry)

    def _declare(self, datasets: Sequence[Dataset], mode: Mode) -> None:
        state = self._there
        if state.format not in ("", self._layout.kind):
            raise UsageError(
                f"{self._name} holds {state.format} files, not {self._layout.kind}.",
                cure=f"Export as {state.format}, or to another place.",
            )
        if self._layout.single and (others := set(state.held) - {one.resource for one in datasets}):
            raise UsageError(f"{self._name} holds {min(others)}.", cure="Export to another file.")
        for dataset in datasets:
            if before := state.held.get(dataset.resource):
                _check(self._name, before, dataset, mode)
            self._check_files(dataset.resource)
        held = tuple(Held.of(one, state.held.get(one.resource)) for one in datasets)
        if changed := tuple(one for one in held if state.held.get(one.resource) != one):
            self._add(Entry(format=self._layout.kind, held=changed))

    def _check_files(self, resource: str) -> None:
        """Refuse files that are not ours, and forget those that somebody has taken away."""
        place = self._layout.place(resource)
        if self._layout.parted:
            found = {name for name in self._store.names(place) if not name.rpartition("/")[2].startswith((".", "_"))}
        else:
            found = {place} if self._store.exists(place) else set()
        ours = {file.path for file in self._there.files.values() if file.resource == resource}
        if strange := sorted(found - ours):
            raise UsageError(
                f"{self._name} has files that no export wrote, as {strange[0]}.",
                cure="Move them away, or export to another place.",
            )
        for path in ours - found:
            del self._there.files[path]

    def begin(self, run: RunState, *, resume: bool) -> None:
        """Publish what an earlier run left of accounts that ended, then begin anew or go on."""
        with target(self._name):
            self._publish()
            self._add(Entry(run=run, fresh=() if resume else tuple(self._given)))
            self._sweep()

    def states(self, resource: str, user_id: str) -> Sequence[AccountState]:
        """What is kept of a user's accounts in one resource, of any run."""
        return self._there.states(resource, user_id)

    def commit(self, rows: Mapping[str, pa.Table], changes: Sequence[Change]) -> None:
        """Stage rows in files, then write the entry that names them: from there on they are safe."""
        tables = {name: table.select(staged(self._given[name]).names) for name, table in rows.items() if table.num_rows}
        if not tables and not changes:
            return
        with target(self._name):
            whose = {(name, *one) for name, table in tables.items() for one in accounts(table)}
            whose |= {(one.state.resource, one.state.user_id, one.state.account) for one in changes}
            if any(self._there.is_pending(*one) for one in whose):
                self._publish()  # what came of an account before has its verdict, and this is another reading
            number = self._there.number + 1
            parts = tuple(self._stage(number, name, table) for name, table in tables.items())
            told = tuple(self._there.told(number, one) for one in changes)
            self._add(Entry(parts=parts, told=told))

    def _stage(self, number: int, resource: str, table: pa.Table) -> Part:
        name = self._layout.part(number, resource)
        with self._store.writing(name) as path:
            kinds.write_part(path, table.cast(staged(self._given[resource])))
        return Part(name, resource, table.num_rows, tuple(accounts(table)))

    def finish(self, run: RunState, listed: Collection[str]) -> None:
        """Publish what ended, keep how the run ended, and fold the log."""
        with target(self._name):
            self._publish(listed, run.ended_at)
            self._add(Entry(run=run))
            self._fold()
            self._sweep()

    def datasets(self) -> Sequence[Dataset]:
        """What the target holds, as it was declared."""
        with target(self._name), self._reading() as state:
            return [one.dataset for one in state.held.values()]

    def rows(self, resource: str) -> Iterator[pa.RecordBatch]:
        """All rows that readers see, in batches; what has ended among them, where this has hold of the target."""
        with target(self._name), self._reading() as state:
            if resource not in state.held:
                raise UsageError(f"{self._name} holds no {resource}.", cure=_offered(state.held))
            if self._state is not None:
                self._publish()
            columns = schema(state.held[resource].dataset)
            files = sorted(file.path for file in state.files.values() if file.resource == resource)
            for path in files:
                with whole(path), self._store.reading(self._found(path, state)) as file:
                    yield from kinds.read(self._layout.kind, file, columns)

    @contextmanager
    def _reading(self) -> Iterator[State]:
        """What the log came to: of this export, or of anybody's where this is not open."""
        if self._state is not None:
            yield self._state
            return
        self._store = Store(self._url)
        self._log = Log(self._store, self._layout.home, self._name)
        with closing(self._folded()) as state:
            yield state

    def _folded(self) -> State:
        """What the log came to, which whoever has hold of the target may fold while it is read."""
        for _ in range(_TRIES):
            state = State()
            with suppress(DamagedState, FileNotFoundError):
                self._read_log(state)
                return state
            state.close()
        state = State()
        self._read_log(state)
        return state

    def _found(self, path: str, state: State) -> str:
        """Where a file stands that is perhaps just being published."""
        hidden = {file.path: file.hidden for file in state.under_way.new} if state.under_way else {}
        if path in hidden and not self._store.exists(path):
            return hidden[path]
        if not self._store.exists(path):
            raise busy(f"An export has just put other files in the place of {path}.")
        return path

    def close(self) -> None:
        """Let go of the target."""
        if self._state is not None:
            self._state.close()
            self._state = None
        if self._hold is not None:
            self._hold.release()
            self._hold = None

    def _add(self, entry: Entry) -> None:
        number = self._there.number + 1
        self._log.write(number, entry)
        self._there.add(number, entry)

    def _publish(self, listed: Collection[str] = (), at: float = 0.0) -> None:
        """Show readers what has ended: an entry says first what is to be done, so that anybody can complete it."""
        state = self._there
        if not state.ended() and not listed:
            return
        run = state.run
        mode, name = (run.mode, run.id) if run else (self._mode, "run")
        entry = Publication(self._store, self._layout, state, mode, name, at or time.time()).write(listed)
        self._add(entry)
        self._complete(entry)

    def _complete(self, entry: Entry) -> None:
        """New files first, then those that they stand for: a reader in between sees rows twice, and misses none."""
        try:
            for file in entry.new:
                self._store.move(file.hidden, file.path)
        except FileNotFoundError as error:
            raise damaged(self._name, f"{error} is missing, which was about to be published") from None
        self._store.remove(entry.old)
        self._add(Entry(done=True))

    def _fold(self) -> None:
        self._log.write_fold(*self._there.folded())

    def _sweep(self) -> None:
        """Remove what no entry names: staged rows that went, files of a killed run, entries that are folded."""
        state = self._there
        newest = self._log.newest_fold()
        home = self._layout.home
        named = {newest, *state.staged(), *(file.path for file in state.files.values())}
        folded = int(newest.removeprefix(f"{home}/state-").partition(".")[0]) if newest else 0
        idle = []
        for name in self._store.names(home):
            room = name.removeprefix(f"{home}/").partition("/")[0]
            if name in named or room.startswith(("lock", "holder")):
                continue
            if room == "log" and not name.endswith(TEMPORARY) and name > self._log.entry(folded):
                continue
            idle.append(name)
        self._store.remove(idle)


def _offered(names: Iterable[str]) -> str:
    return f"It holds {', '.join(sorted(names)) or 'nothing yet'}."


def _check(name: str, held: Held, dataset: Dataset, mode: Mode) -> None:
    """A SchemaChanged where a column is of another type by now, a UsageError where rows have another key."""
    before = {one.name: one.dtype for one in (*held.columns, *held.former)}
    for column in dataset.columns:
        was = before.get(column.name, column.dtype)
        if arrow_type(was) != arrow_type(column.dtype):
            raise SchemaChanged(
                f"Column {column.name!r} of {dataset.resource} is {was} in {name}, and {column.dtype} by now.",
                cure="Export to another place, or move away what is there.",
            )
    if mode == "append" and held.key != dataset.key:
        raise UsageError(
            f"The rows of {dataset.resource} in {name} have the key {', '.join(held.key) or 'none'}, "
            f"and {', '.join(dataset.key) or 'none'} by now.",
            cure="Use the mode replace, or export to another place.",
        )
    if partition(held.everything) != partition(dataset):
        raise SchemaChanged(
            f"{dataset.resource} has a column 'date' by now, for which its folders in {name} are named.",
            cure="Export to another place.",
        )
