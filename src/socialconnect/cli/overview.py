"""`coverage --all`: how many can be read of every provider, on one screen."""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from socialconnect.cli import show

if TYPE_CHECKING:
    import pandas as pd

_CONNECTED = ("readable", "missing_scope", "token_dead", "unchecked")
_BEGUN = (*_CONNECTED, "not_verified")
_WIDEST = 24  # cells of a bar
_LEAST = 8  # below that, it says nothing
_GAP = 2
_BLOCKS = "█▒·"
_LETTERS = "#=."  # for a terminal whose encoding has no blocks


@dataclass(frozen=True)
class Row:
    """One provider: its resource that was asked about, and how many accounts, or users without one, are in each state.

    `tokens` says whether Clerk was asked for the tokens: only then is it known which are dead.
    """

    provider: str
    resource: str
    states: Mapping[str, int]
    tokens: bool

    @property
    def connected(self) -> int:
        """The accounts that stand at Clerk, whether or not they can be read."""
        return self.of(*_CONNECTED)

    @property
    def begun(self) -> int:
        """Those, and the ones that nobody ended connecting."""
        return self.of(*_BEGUN)

    @property
    def dead(self) -> int | None:
        """The accounts whose token is dead; None where nobody asked."""
        return self.of("token_dead") if self.tokens else None

    def of(self, *states: str) -> int:
        """How many are in one of these states."""
        return sum(self.states.get(state, 0) for state in states)


_COLUMNS: Mapping[str, Callable[[Row], int | None]] = {
    # in the order of their worth in little room
    "readable": lambda row: row.of("readable"),
    "none": lambda row: row.of("not_connected"),
    "scope": lambda row: row.of("missing_scope"),
    "dead": lambda row: row.dead,
    "unfinished": lambda row: row.of("not_verified"),
    "connected": lambda row: row.connected,
}
_SHOWN = ("connected", "readable", "scope", "dead", "unfinished", "none")
_RARE = {"unchecked": "unchecked", "off": "provider_not_enabled", "unknown": "user_not_found"}  # shown where any are


def rows(frame: "pd.DataFrame", resources: Iterable[str]) -> list[Row]:
    """The rows of coverage by provider, in the order of the resources, also of those that no row is about."""
    counts = Counter(frame[["resource", "state"]].astype(str).itertuples(index=False, name=None))
    found: dict[str, dict[str, int]] = {name: {} for name in resources}
    for (resource, state), count in counts.items():
        found[resource][state] = count
    tokens = bool(frame.attrs["tokens"])
    return [Row(name.partition(".")[0], name, states, tokens) for name, states in found.items()]


def document(frame: "pd.DataFrame", listed: Sequence[Row]) -> dict[str, object]:
    """What programs see: null where nobody looked."""
    return {
        "users": int(frame["user_id"].nunique()),
        "count": len(frame),
        "states": _sum(listed).states,
        "providers": [
            {
                "provider": row.provider,
                "resource": row.resource,
                **{name: _COLUMNS[name](row) for name in _SHOWN},
                "states": row.states,
            }
            for row in listed
        ],
    }


def tell(frame: "pd.DataFrame", listed: Sequence[Row]) -> None:
    """What people see: a line for each provider that anybody has, then the sums, and the others in a sentence."""
    there = [row for row in listed if row.begun]
    if there:
        _table(there)
        show.say()
    users, readers = (one["user_id"].nunique() for one in (frame, frame[frame["state"] == "readable"]))
    show.wrapped(f"Of {users:,} users, {readers:,} can be read at one provider or more.")
    off = [row.provider for row in listed if not row.begun and row.of("provider_not_enabled")]
    nobody = [row.provider for row in listed if not row.begun and row.provider not in off]
    if nobody:
        show.wrapped(f"Connected by nobody: {', '.join(nobody)}.")
    if off:
        show.wrapped(f"Not enabled in this Clerk instance: {', '.join(off)}.")
    if there:
        readable, mend, none = [*_blocks()]
        told = "" if there[0].tokens else " dead: told with --tokens, which asks Clerk for every token."
        show.wrapped(
            f"{readable} readable; {mend} for its owner to mend (scope: without one that is needed; unfinished: began "
            f"to connect); {none} none: never did.{told}"
        )
        show.wrapped(f"Who, and what mends it: socialconnect coverage {there[0].resource}")


def _table(listed: Sequence[Row]) -> None:
    rare = {name: state for name, state in _RARE.items() if any(row.of(state) for row in listed)}
    sums = _sum(listed)
    cells = {name: [_figure(of(row)) for row in (*listed, sums)] for name, of in _COLUMNS.items()}
    cells |= {name: [_figure(row.of(state)) for row in (*listed, sums)] for name, state in rare.items()}
    names = ["provider", *(row.provider for row in listed)]
    room = show.console().width - max(map(len, names))
    fitting: list[str] = []
    for name, figures in cells.items():
        width = _GAP + max(len(name), *map(len, figures))
        if width > room:
            break
        room -= width
        fitting.append(name)
    order = [name for name in (*_SHOWN, *rare) if name in fitting]
    bar = min(room - _GAP, _WIDEST)
    blocks = _blocks()
    lines = [
        [name, *([_bar(row, bar, blocks)] if bar >= _LEAST else []), *(cells[column][place] for column in order)]
        for place, (name, row) in enumerate(zip((*names[1:], "all"), (*listed, sums), strict=True))
    ]
    show.table(["provider", *([""] if bar >= _LEAST else []), *order], lines, right=order)


def _bar(row: Row, cells: int, blocks: str) -> str:
    """Three parts of a whole: what can be read, what its owner must mend, and the rest; none that is there is lost."""
    whole, readable = sum(row.states.values()) or 1, row.of("readable")
    parts = (readable, row.begun - readable, whole - row.begun)
    widths = [max(round(part / whole * cells), 1 if part else 0) for part in parts]
    widths[widths.index(max(widths))] += cells - sum(widths)
    return "".join(block * width for block, width in zip(blocks, widths, strict=True))


def _blocks() -> str:
    try:
        _BLOCKS.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return _LETTERS
    return _BLOCKS


def _figure(value: int | None) -> str:
    return "?" if value is None else f"{value:,}"


def _sum(listed: Sequence[Row]) -> Row:
    names = dict.fromkeys(state for row in listed for state in row.states)
    return Row(
        "all", "", {state: sum(row.of(state) for row in listed) for state in names}, any(row.tokens for row in listed)
    )
