"""Which rows stay, go or are marked when accounts have ended: decided by DuckDB, from their keys alone.

Of each row DuckDB sees where it stands (source, spot), whose it is, its key and little else, so that millions fit in
little memory, or spill to disk. What comes out are row numbers, in order; the rows themselves are streamed by others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from socialconnect.export.schema import schema
from socialconnect.export.sink import SEQUENCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from socialconnect.export.sink import Dataset, Mode

Numbers: TypeAlias = NDArray[np.int64]

MEMORY = "96MB"
UNMARKED = int(np.iinfo(np.int64).min)
_WHOSE = ("user_id", "external_account_id")
_MOMENT = pa.timestamp("us", "UTC")
_ENDED = pa.schema(
    [
        ("u", pa.large_string()),
        ("a", pa.large_string()),
        ("verdict", pa.string()),
        ("moment", pa.int64()),
        ("taken", pa.int64()),
    ]
)


class Fates:
    """What becomes of the rows of one dataset's accounts that ended."""

    def __init__(self, dataset: Dataset, mode: Mode, folder: str) -> None:
        self._mode = mode
        self._keys = [f"k{at}" for at in range(len(dataset.key))]
        self.key = dataset.key
        self._types = [schema(dataset).field(name).type for name in dataset.key]
        self._base = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": MEMORY,
                "temp_directory": f"{folder}/spilled",
                "threads": 2,
                "preserve_insertion_order": False,
                "autoinstall_known_extensions": False,  # nothing is fetched from anywhere
            },
        )
        self._base.execute("CREATE TABLE ended (u VARCHAR, a VARCHAR, verdict VARCHAR, moment BIGINT, taken BIGINT)")

    def close(self) -> None:
        """Let go of the database."""
        self._base.close()

    @property
    def staged_names(self) -> list[str]:
        """The columns that `came` needs of staged rows."""
        return [*dict.fromkeys((*_WHOSE, *self.key, SEQUENCE, "_deleted_at"))]

    @property
    def names(self) -> list[str]:
        """The columns that `there` needs of rows that readers see."""
        return [*dict.fromkeys((*_WHOSE, *self.key, "_deleted_at"))]

    def end(self, accounts: Iterable[Sequence[tuple[str, str, str, float, int]]]) -> None:
        """Accounts that ended: user, account, verdict, when, up to which entry their staged rows are dealt with."""
        for some in accounts:
            users, ids, verdicts, ats, taken = zip(*some, strict=True)
            moments = [round(at * 1_000_000) for at in ats]
            self._insert("ended", pa.table([users, ids, verdicts, moments, taken], schema=_ENDED))

    def end_others(self, come_to: Iterable[Sequence[tuple[str, str]]], at: float) -> list[tuple[str, str]]:
        """Every account that has rows and was not come to is gone: which these are."""
        self._base.execute("CREATE TABLE come (u VARCHAR, a VARCHAR)")
        for some in come_to:
            users, ids = zip(*some, strict=True)
            self._insert("come", pa.table({"u": users, "a": ids}))
        self._base.execute("CREATE TABLE others AS SELECT DISTINCT u, a FROM seen ANTI JOIN come USING (u, a)")
        self._base.execute("INSERT INTO ended SELECT u, a, 'gone', ?, 0 FROM others", [round(at * 1_000_000)])
        return self._base.execute("SELECT u, a FROM others").fetchall()

    def came(self, sources: Iterable[tuple[int, Iterator[pa.RecordBatch]]]) -> None:
        """Staged rows: of each source its number and batches of `staged_names`. Afterwards `kept` tells which stay."""
        keys = "".join(f", {key}" for key in self._keys)
        columns = [pa.field(f"k{at}", kind) for at, kind in enumerate(self._types)]
        kind = pa.schema([*_PLACE, *columns, ("seq", pa.int64()), ("dead", pa.int64())])
        reader = pa.RecordBatchReader.from_batches(kind, self._placed(sources, kind))
        self._base.register("incoming", reader)
        self._base.execute(
            f"CREATE TABLE came AS SELECT source, spot, u, a{keys}, seq, dead FROM incoming "  # noqa: S608 - k0, k1 …
            "JOIN ended USING (u, a) WHERE source > taken AND verdict IN ('whole', 'changes', 'part')"
        )
        self._base.unregister("incoming")
        self._drop_twins()

    def _drop_twins(self) -> None:
        if not self._keys:
            return
        by = ", ".join(("u", "a", *self._keys))
        self._base.execute(
            f"CREATE TABLE twins AS SELECT {by}, max(row(seq, source, spot)) AS best FROM came "  # noqa: S608 - k0, k1 …
            f"WHERE {self._identified('came')} GROUP BY {by} HAVING count(*) > 1"
        )
        self._base.execute(
            f"DELETE FROM came USING twins WHERE {self._same('came', 'twins')} "  # noqa: S608 - k0, k1 …
            "AND row(came.seq, came.source, came.spot) <> twins.best"
        )

    def there(self, sources: Iterable[tuple[int, Iterator[pa.RecordBatch]]]) -> None:
        """Rows that readers see: of each source its number and batches of `names`."""
        columns = [pa.field(f"k{at}", kind) for at, kind in enumerate(self._types)]
        kind = pa.schema([*_PLACE, *columns, ("dead", pa.int64())])
        self._base.register("standing", pa.RecordBatchReader.from_batches(kind, self._placed(sources, kind)))
        self._base.execute("CREATE TABLE seen AS SELECT * FROM standing")
        self._base.unregister("standing")

    def _placed(
        self, sources: Iterable[tuple[int, Iterator[pa.RecordBatch]]], kind: pa.Schema
    ) -> Iterator[pa.RecordBatch]:
        for source, batches in sources:
            row = 0
            for batch in batches:
                count = batch.num_rows
                arrays = [
                    pa.array(np.full(count, source)),
                    pa.array(np.arange(row, row + count)),
                    pc.fill_null(batch["user_id"], ""),
                    pc.fill_null(batch["external_account_id"], ""),
                    *(batch[name] for name in self.key),
                ]
                if "seq" in kind.names:
                    arrays.append(batch[SEQUENCE])
                arrays.append(batch["_deleted_at"].cast(pa.int64()))
                yield pa.RecordBatch.from_arrays(arrays, schema=kind)
                row += count

    def decide(self) -> None:
        """Compare what came with what is there: `kept` and `changed` tell what follows."""
        if self._mode == "replace":
            self._replace()
        elif self._mode == "merge":
            self._merge()
        else:
            self._base.execute("CREATE TABLE changed (source BIGINT, spot BIGINT, mark BIGINT)")

    def _replace(self) -> None:
        self._base.execute(
            "CREATE TABLE changed AS SELECT source, spot, CAST(NULL AS BIGINT) AS mark FROM seen "
            "SEMI JOIN (SELECT u, a FROM ended WHERE verdict IN ('whole', 'gone')) USING (u, a)"
        )
        self._base.execute(
            "DELETE FROM came USING (SELECT DISTINCT u, a FROM seen JOIN ended USING (u, a) "
            "WHERE verdict IN ('changes', 'part')) AS has WHERE came.u = has.u AND came.a = has.a"
        )

    def _merge(self) -> None:
        """A row that came puts the one with its key away, or marks it; what proves to be gone is marked.

        Rows that nothing identifies can only be put away, by all that an account has.
        """
        names = ", ".join(("source", "spot", "u", "a", *self._keys, "dead"))
        best = f"(SELECT {names} FROM came WHERE {self._identified('came')}) AS best"  # noqa: S608 - k0, k1 …
        known = self._identified("seen")
        self._base.execute(
            f"""CREATE TABLE changed AS
            SELECT seen.source, seen.spot,
                CASE WHEN best.spot IS NOT NULL THEN best.dead
                     WHEN {known} OR verdict = 'gone' THEN moment END AS mark
            FROM seen JOIN ended ON seen.u = ended.u AND seen.a = ended.a
                LEFT JOIN {best} ON {self._same("seen", "best")}
            WHERE CASE WHEN best.spot IS NOT NULL THEN best.dead IS NULL OR seen.dead IS NULL
                       WHEN verdict = 'whole' THEN NOT ({known}) OR seen.dead IS NULL
                       ELSE verdict = 'gone' AND seen.dead IS NULL END"""  # noqa: S608 - names of this file
        )
        self._base.execute("DELETE FROM came WHERE dead IS NOT NULL")

    def _same(self, one: str, other: str) -> str:
        names = ("u", "a", *self._keys)
        return " AND ".join(f"{one}.{name} = {other}.{name}" for name in names) if self._keys else "false"

    def _identified(self, table: str) -> str:
        return " AND ".join(f"{table}.{key} IS NOT NULL" for key in self._keys) or "false"

    def kept(self) -> Rows:
        """The staged rows that readers shall see."""
        return Rows(self._base.cursor().sql("SELECT source, spot, NULL::BIGINT FROM came ORDER BY source, spot"))

    def changed(self) -> Rows:
        """The rows that readers see and that go or, with a moment, are marked."""
        return Rows(self._base.cursor().sql("SELECT source, spot, mark FROM changed ORDER BY source, spot"))

    def sources_changed(self) -> dict[int, int]:
        """Of each source that readers see and that changes, how many rows do."""
        return dict(self._base.execute("SELECT source, count(*) FROM changed GROUP BY source").fetchall())

    def any_kept(self) -> bool:
        """Whether readers shall see anything of what came."""
        return self._base.execute("SELECT 1 FROM came LIMIT 1").fetchone() is not None

    def _insert(self, table: str, rows: pa.Table) -> None:
        self._base.register("arrived", rows)
        self._base.execute(f"INSERT INTO {table} SELECT * FROM arrived")  # noqa: S608 - a name of this file
        self._base.unregister("arrived")


_PLACE = (
    pa.field("source", pa.int64()),
    pa.field("spot", pa.int64()),
    pa.field("u", pa.large_string()),
    pa.field("a", pa.large_string()),
)


class Rows:
    """Row numbers by source, taken in the order of sources, each with a moment or `UNMARKED`."""

    def __init__(self, result: duckdb.DuckDBPyRelation) -> None:
        self._batches = pa.RecordBatchReader.from_stream(result)
        self._left = np.empty((3, 0), np.int64)

    def of(self, source: int) -> tuple[Numbers, Numbers]:
        """The rows of one source, and their moments. Sources must be asked for in order."""
        found = []
        while True:
            first, last = np.searchsorted(self._left[0], [source, source + 1])
            found.append(self._left[1:, first:last])
            self._left = self._left[:, last:]
            if self._left.shape[1] or not self._more():
                rows, marks = np.concatenate(found, axis=1)
                return rows, marks

    def _more(self) -> bool:
        batch = next(self._batches, None)
        if batch is None:
            return False
        source, spot, mark = (batch.column(at) for at in range(3))
        self._left = np.stack([source.to_numpy(), spot.to_numpy(), mark.fill_null(UNMARKED).to_numpy()])
        return True
