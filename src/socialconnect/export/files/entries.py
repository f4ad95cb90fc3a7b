"""What a commit writes down: small files in a log, and once in a while all of them folded into one."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING, TypeVar, cast

import msgspec

from socialconnect.export.files.trouble import damaged
from socialconnect.export.sink import AccountState, Dataset, RunState, Verdict
from socialconnect.reading.column import Column, Dtype

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from socialconnect.export.files.store import Store

HIDDEN = ".socialconnect"
VERSION = 1

S = TypeVar("S", bound=msgspec.Struct)


class HeldColumn(msgspec.Struct, frozen=True, omit_defaults=True):
    """A column as it is kept with the data: what reading it back needs."""

    name: str
    dtype: Dtype
    personal: bool = False


class Held(msgspec.Struct, frozen=True, omit_defaults=True):
    """A dataset as it is kept with the data: `former` columns are in it, and are no longer declared."""

    resource: str
    columns: tuple[HeldColumn, ...]
    key: tuple[str, ...] = ()
    former: tuple[HeldColumn, ...] = ()

    @classmethod
    def of(cls, dataset: Dataset, before: Held | None) -> Held:
        """The dataset, as it is written down after what was there before."""
        columns = tuple(HeldColumn(one.name, one.dtype, one.personal) for one in dataset.columns)
        names = {one.name for one in columns}
        former = tuple(one for one in (*before.columns, *before.former) if one.name not in names) if before else ()
        return cls(dataset.resource, columns, dataset.key, former)

    @property
    def dataset(self) -> Dataset:
        """The dataset as it was declared."""
        return Dataset(self.resource, _columns(self.columns), self.key)

    @property
    def everything(self) -> Dataset:
        """The dataset as it is in its files: with what is no longer declared."""
        return Dataset(self.resource, _columns((*self.columns, *self.former)), self.key)


def _columns(kept: tuple[HeldColumn, ...]) -> tuple[Column, ...]:
    return tuple(Column(one.name, one.dtype, personal=one.personal) for one in kept)


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file of staged rows, and whose they are: (user, external account)."""

    path: str
    resource: str
    rows: int
    accounts: tuple[tuple[str, str], ...]


class File(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file that readers see; until it is published it stands under `hidden`."""

    path: str
    resource: str
    rows: int
    hidden: str = ""


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is kept of an account, by which entry, and up to which entry its staged rows are dealt with.

    `pending` says that it ended and that its rows are still staged.
    """

    state: AccountState
    verdict: Verdict = ""
    entry: int = 0
    taken: int = 0
    pending: bool = False


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step, all or nothing.

    A commit has `parts` and `told`. A begin forgets what is staged of its `fresh` resources. A publication brings `new`
    files in the place of the `old` ones; everything that ended is dealt with by it, and accounts that are `gone` are
    forgotten: (resource, user, external account). It is under way until an entry says `done`.
    """

    format: str = ""
    held: tuple[Held, ...] = ()
    run: RunState | None = None
    fresh: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    told: tuple[Told, ...] = ()
    publish: bool = False
    new: tuple[File, ...] = ()
    old: tuple[str, ...] = ()
    gone: tuple[tuple[str, str, str], ...] = ()
    done: bool = False


class Folded(msgspec.Struct, frozen=True, omit_defaults=True):
    """The first line of what all entries up to `number` came to; one line for each of its `accounts` follows."""

    version: int
    number: int
    accounts: int
    format: str = ""
    run: RunState | None = None
    fresh: tuple[tuple[str, int], ...] = ()
    made: int = 0
    held: tuple[Held, ...] = ()
    parts: tuple[tuple[int, Part], ...] = ()
    files: tuple[File, ...] = ()


class Log:
    """The log in a target's hidden folder: entries by number, and the newest fold of those before."""

    def __init__(self, store: Store, home: str, name: str) -> None:
        self._store = store
        self._home = home
        self._name = name

    def entry(self, number: int) -> str:
        """Where an entry stands."""
        return f"{self._home}/log/{number:012d}.json"

    def fold(self, number: int) -> str:
        """Where the fold of all entries up to a number stands."""
        return f"{self._home}/state-{number:012d}.jsonl.gz"

    def write(self, number: int, entry: Entry) -> None:
        """Write an entry: from here on it has happened. A TargetBusy where another export wrote this one."""
        self._store.put(self.entry(number), msgspec.json.encode(entry), new=True)

    def write_fold(self, first: Folded, accounts: Iterable[Told]) -> None:
        """Write what everything came to."""
        with self._store.writing(self.fold(first.number)) as path, gzip.open(path, "wb", compresslevel=3) as file:
            file.write(msgspec.json.encode(first) + b"\n")
            file.writelines(msgspec.json.encode(one) + b"\n" for one in accounts)

    def newest_fold(self) -> str:
        """The newest fold's path, "" where there is none."""
        folds = [name for name in self._store.names(self._home) if name.startswith(f"{self._home}/state-")]
        return max((name for name in folds if name.endswith(".jsonl.gz")), default="")

    def read_fold(self, path: str) -> tuple[Folded, Iterator[Told]]:
        """The first line of a fold, and the accounts, which are read as they are asked for."""
        lines = self._lines(path)
        first = self._decoded(path, next(lines, b""), Folded)
        if first.version != VERSION:
            raise damaged(self._name, f"{path} is of version {first.version}, and this is made for {VERSION}")
        return first, self._accounts(path, first.accounts, lines)

    def _accounts(self, path: str, count: int, lines: Iterator[bytes]) -> Iterator[Told]:
        found = 0
        for line in lines:
            found += 1
            yield self._decoded(path, line, Told)
        if found != count:
            raise damaged(self._name, f"{path} has {found:,} of {count:,} accounts")

    def _lines(self, path: str) -> Iterator[bytes]:
        try:
            with self._store.reading(path) as raw, gzip.open(raw) as file:
                yield from cast("Iterator[bytes]", file)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise damaged(self._name, f"{path} is cut off or no longer what was written ({error})") from None

    def entries(self, after: int) -> Iterator[tuple[int, Entry]]:
        """All entries after a number, in their order and without a gap."""
        names = [name for name in self._store.names(f"{self._home}/log") if name.endswith(".json")]
        wanted = after + 1
        later = [name for name in names if name >= self.entry(wanted)]
        for name, data in self._store.read_all(later):
            if name != self.entry(wanted):
                raise damaged(self._name, f"{self.entry(wanted)} is missing")
            yield wanted, self._decoded(name, data, Entry)
            wanted += 1

    def _decoded(self, path: str, data: bytes, kind: type[S]) -> S:
        try:
            return msgspec.json.decode(data, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise damaged(self._name, f"{path} is cut off or no longer what was written ({error})") from None
