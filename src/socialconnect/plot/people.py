"""Users by resources: one state for each, and users who are alike in all of them taken together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from socialconnect.plot.signs import BEST, NOT_ASKED, WORST, in_order
from socialconnect.plot.sources import Source, need, outcomes_of

ALONE = 24  # users who are shown one by one; more are grouped
GROUPS = 16
NOBODY = "the listing of users"  # the outcome of no user: their list broke off
_CURE = 'Pass client.coverage(["github.repos", "notion.users"]), or a run, or run.outcomes.'


class Row(NamedTuple):
    """One user, or all who have the same state in every resource."""

    label: str
    users: int
    states: tuple[str, ...]


@dataclass(frozen=True)
class People:
    """Users x resources: `cells` has a state for each, "" where a user was not asked."""

    cells: pd.DataFrame
    outcomes: bool
    differing: int
    read_at: str

    @property
    def title(self) -> str:
        """What it tells."""
        return "How reading ended, by user" if self.outcomes else "Who can be read"

    @property
    def told(self) -> str:
        """How much it shows, and as of when."""
        users, resources = self.cells.shape
        size = f"{many(users, 'user')}, {many(resources, 'resource')}"
        return f"{size}, {self.read_at}" if self.read_at else size

    @property
    def resources(self) -> list[str]:
        """The columns."""
        return [str(name) for name in self.cells.columns]

    @property
    def states(self) -> list[str]:
        """The states that occur, as a legend lists them."""
        return in_order(state for counts in self.counts for state in counts)

    @property
    def counts(self) -> list[Counter[str]]:
        """How many users are in which state, by resource."""
        return [Counter(state for state in self.cells[name] if state != NOT_ASKED) for name in self.cells]

    @property
    def heads(self) -> list[str]:
        """Of how many users each resource can be, or was, read: `44 of 60`."""
        well = ("ok", "empty") if self.outcomes else ("readable",)
        return [f"{sum(counts[one] for one in well):,} of {counts.total():,}" for counts in self.counts]

    @property
    def grouped(self) -> bool:
        """Whether users are too many to be shown one by one."""
        return len(self.cells) > ALONE

    def rows(self) -> list[Row]:
        """Each user, or each group of users alike, the largest first; never more than fit a picture."""
        if not self.grouped:
            return [Row(str(user), 1, tuple(row)) for user, *row in self.cells.itertuples()]
        return self._alike()[:GROUPS]

    def notes(self) -> list[str]:
        """What a reader must know: what was taken together, and what is not drawn."""
        notes = []
        if self.grouped:
            notes.append(f"Each row has all users who are alike; users are shown one by one up to {ALONE}.")
            left = self._alike()[GROUPS:]
            if left:
                count = many(sum(row.users for row in left), "user")
                notes.append(f"{count} in {len(left)} rarer combinations have no row; the counts above include them.")
        if (self.cells == NOT_ASKED).to_numpy().any():
            notes.append("An empty place: not asked.")
        if self.differing:
            which = "worst" if self.outcomes else "best"
            notes.append(f"For {many(self.differing, 'user')} with several accounts that differ, the {which} counts.")
        return notes

    def _alike(self) -> list[Row]:
        groups = Counter(tuple(row) for row in self.cells.itertuples(index=False, name=None))
        return [Row(many(users, "user"), users, states) for states, users in groups.most_common()]


def people(source: Source) -> People:
    """Users by resources, out of a frame of coverage, a run or several, or a frame of outcomes."""
    frame = outcomes_of(source)
    outcomes = isinstance(frame, pd.DataFrame) and "status" in frame and "state" not in frame
    column = "status" if outcomes else "state"
    frame = need(frame, ("user_id", "resource", column), _CURE)
    table = pd.DataFrame(
        {
            "user": frame["user_id"].astype("object").where(frame["user_id"].notna(), NOBODY),
            "resource": frame["resource"].astype("str"),
            "state": frame[column].astype("str"),
        }
    )
    users, resources = table["user"].unique(), table["resource"].unique()
    order = {state: place for place, state in enumerate(WORST if outcomes else BEST)}
    table["rank"] = table["state"].map(order).fillna(len(order))
    table = table.drop_duplicates()
    accounts = table.groupby(["user", "resource"], sort=False).size()
    first = table.sort_values("rank", kind="stable").drop_duplicates(["user", "resource"])
    cells = first.set_index(["user", "resource"])["state"].unstack()  # noqa: PD010 - nothing is left to aggregate
    cells = cells.reindex(index=users, columns=resources).astype("object")
    return People(
        cells.where(cells.notna(), NOT_ASKED),
        outcomes,
        int(accounts[accounts > 1].index.get_level_values("user").nunique()),
        _when(frame, source),
    )


def _when(frame: pd.DataFrame, source: Source) -> str:
    stamp = frame.attrs.get("read_at") or getattr(source, "read_at", None)
    moment = pd.to_datetime(str(stamp), utc=True, errors="coerce") if stamp else pd.NaT
    return "" if pd.isna(moment) else f"as of {moment:%Y-%m-%d %H:%M} UTC"


def many(count: int, noun: str) -> str:
    """A count with its noun: `1 user`, `2,000 users`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
