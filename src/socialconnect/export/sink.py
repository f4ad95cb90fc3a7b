"""What a place for rows must be able to do, and what is kept there of how far an export is.

An export goes on in steps. Each `commit` hands over rows and what is known by then of their accounts, and is safe as a
whole or not at all. Rows of an account that is not yet read to its end are *staged*: kept, and seen by no reader. When
it ends, a verdict says what becomes of them. So no reader sees half an account, and whoever is killed loses nothing
that was committed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

from socialconnect.reading.declare import IDENTITY, Column
from socialconnect.reading.place import Mark, Place

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    import pyarrow as pa

Mode = Literal["replace", "append", "merge"]

Verdict = Literal["", "whole", "changes", "part", "unchanged", "kept", "gone"]
"""What becomes of an account's staged rows when it ends; "" while it is being read.

`whole`: all that the account has came. `replace` puts them in the place of its rows; `merge` puts each in the place of
the row with its key, adds the new ones and marks (`_deleted_at`) those that did not come; `append` adds them.
`changes`: what has changed came. `merge` and `append` as above, but nothing is proved to be gone; a staged row that
itself has a `_deleted_at` only marks the row with its key.
`part`: some came, and no more can be had. `merge` and `append` as with `changes`; `replace` takes them only where
the account has no rows yet.
`unchanged`: what came is what is there; the staged rows go.
`kept`: it failed in a way that another try may mend; the staged rows stay, for `--resume`.
`gone`: the account is no longer there: `replace` takes its rows away, `merge` marks them, `append` leaves them.

A row is marked with the moment of the state that proves it, or of the run's end; the first mark stays. Rows that
nothing identifies (no key, or one that is NA) are of their account alone: `merge` puts those of a `whole` in the place
of the account's, and adds those of `changes` and `part`.
"""

BOOKKEEPING = (
    Column("_run_id", "string"),
    Column("_read_at", "datetime"),
    Column("_deleted_at", "datetime"),
)
"""The columns at the end of every exported row: which export read it and when (UTC), and since when it is gone."""

SEQUENCE = "_seq"
"""The last column of rows in a commit: it grows; of staged rows with one key, the highest counts."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """One resource's rows in a target: `columns` are those of the resource, `key` those that identify a row.

    Without a key, rows are told apart by their account alone. A key that is NA in a row identifies nothing.
    """

    resource: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """A name without a dot, for tables: `github_repos`."""
        return self.resource.replace(".", "_")

    @property
    def fields(self) -> tuple[Column, ...]:
        """All columns of its rows, in order: the two of the identity, the resource's, the bookkeeping."""
        return (*(Column(name, "string") for name in IDENTITY), *self.columns, *BOOKKEEPING)


class AccountState(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is kept of one account in one resource, under (resource, user_id, account).

    `account` is the external account's id, "" where it is not known. `status` is `reading` until it ends, then the
    outcome's, with its `reason` and the exit `code` of its error; `again` says that `--resume` reads it again. `place`
    is where to go on; `marks` (by parent), `digest` and `full_at` (seconds since 1970) are of the last reading that was
    whole, and `shape` tells what it asked for; `at` is when this was written.
    """

    resource: str
    user_id: str
    account: str
    run_id: str
    status: str = "reading"
    reason: str = ""
    code: int = 0
    again: bool = False
    rows: int = 0
    place: Place | None = None
    marks: dict[str, Mark] = msgspec.field(default_factory=dict)
    digest: str = ""
    shape: str = ""
    full_at: float = 0.0
    at: float = 0.0


class RunState(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is kept of the last export into a target: `job` tells what was asked, to be compared on `--resume`.

    `status` is `running` until it ends: then `finished`, `troubled` (some accounts may be mended by another try),
    `deadline` or `stopped`.
    """

    id: str
    job: str
    mode: Mode
    started_at: float
    status: str = "running"
    ended_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Change:
    """What a commit says of one account: its state from now on and, where it ended, what becomes of its rows."""

    state: AccountState
    verdict: Verdict = ""


class Sink(Protocol):
    """A place for rows. Its methods block, and are called one after another by one thread.

    Whatever goes wrong is a TargetError that says what to do, with what was committed before untouched. `datasets` and
    `rows` may be called without `open`, also while an export has hold of the target.
    """

    def open(self, datasets: Sequence[Dataset], mode: Mode) -> RunState | None:
        """Take hold of the target and make what it lacks; the last run that was written into it, None for none.

        Raises a TargetBusy where another run has hold of it, a SchemaChanged where a column there has another type, a
        UsageError for what the target cannot do, a DamagedState where what is kept of progress cannot be read. A column
        that is new is added; one that is no longer declared stays, without values in new rows.
        """

    def begin(self, run: RunState, *, resume: bool) -> None:
        """Begin a run, or go on with it. Without `resume` what an earlier run left staged goes."""

    def states(self, resource: str, user_id: str) -> Sequence[AccountState]:
        """What is kept of a user's accounts in one resource, of any run."""

    def commit(self, rows: Mapping[str, pa.Table], changes: Sequence[Change]) -> None:
        """Stage rows (by resource: `Dataset.fields` and `_seq`) and keep what is known of accounts, all or nothing."""

    def finish(self, run: RunState, listed: Collection[str]) -> None:
        """The run ended as it says: what is staged of ended accounts is there for readers from now on, if it was not.

        `listed` are the resources of which every account there is was come to: those that have rows and were not are
        `gone`, and in `replace` and `merge` their states too, so that an account that comes back is read whole.
        """

    def datasets(self) -> Sequence[Dataset]:
        """What the target holds, as it was declared."""

    def rows(self, resource: str) -> Iterator[pa.RecordBatch]:
        """All rows of a dataset that readers see, with the types of its `fields`."""

    def close(self) -> None:
        """Let go of the target."""
