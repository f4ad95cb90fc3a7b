"""What would be called, how long it would take and who would be skipped; and carrying that out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Generic, TypeVar

from socialconnect.errors import UsageError
from socialconnect.frames import Table
from socialconnect.http.origins import Origins
from socialconnect.markup import Html, block, element, table
from socialconnect.reading.declare import Budget, columns
from socialconnect.reading.typed import Page
from socialconnect.runs.coverage import summary
from socialconnect.runs.estimate import budgets_of, host_of, least
from socialconnect.runs.judge import READ, Row, refusal
from socialconnect.runs.learned import CLERK
from socialconnect.runs.outcomes import Outcome
from socialconnect.runs.picture import picture
from socialconnect.runs.select import Chosen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pandas as pd

    from socialconnect.reading.declare import Connector
    from socialconnect.runs.estimate import Estimate
    from socialconnect.runs.run import Run, Watch
    from socialconnect.runs.tell import OnError
    from socialconnect.settings import Settings

F = TypeVar("F")
G = TypeVar("G")

_CALLS = (
    *columns("category", "provider"),
    *columns("string", "host"),
    *columns("Int64", "requests spent"),
    *columns("string", "limit"),
    *columns("Float64", "rate seconds"),
)


@dataclass(frozen=True, slots=True)
class Call:
    """What one host will be asked: `requests` by the run, `spent` by the planning; `seconds` is the least it takes."""

    provider: str
    host: str
    requests: int
    spent: int
    limit: str
    seconds: float

    @property
    def rate(self) -> float | None:
        """Requests a second, where anything makes it wait."""
        return self.requests / self.seconds if self.seconds else None


@dataclass(frozen=True, repr=False, eq=False)
class Plan(Generic[F]):
    """What reading would cost, before any provider is called; `run()` carries it out.

    `coverage` is what is known of each account, `skipped` those of it that will not be read, `calls` one row for each
    host: requests of the run, `spent` by planning, its limit, the rate that will be, and the least seconds it takes.
    `accounts`, `requests`, `rows`, `memory` (bytes of the frames) and `seconds` are what is expected; `basis` says what
    that rests on: what earlier runs of this client taught, or what the declarations assume.

    >>> import socialconnect as sc
    >>> plan = sc.sandbox(users=20).plan("github.profile")
    >>> plan.accounts, plan.requests
    (15, 31)
    >>> len(plan.run(on_error="ignore").outcomes) == len(plan.coverage)
    True
    """

    coverage: pd.DataFrame
    estimates: tuple[Estimate, ...]
    hosts: tuple[Call, ...]
    seconds: float
    carry: Callable[[OnError, Watch | None], F] | None = field(default=None, compare=False)

    @property
    def skipped(self) -> pd.DataFrame:
        """The accounts, and users without any, that will not be read: rows of `coverage`, each with its cure."""
        return self.coverage[~self.coverage["state"].isin(READ)].reset_index(drop=True)

    @property
    def calls(self) -> pd.DataFrame:
        """One row for each host that will be called."""
        table = Table(_CALLS, lead=())
        values = ([getattr(call, column.name) for call in self.hosts] for column in _CALLS)
        table.append(Page(tuple(values), len(self.hosts)))
        return table.frame()

    @property
    def accounts(self) -> int:
        """How many accounts will be read."""
        return sum(one.accounts for one in self.estimates)

    @property
    def requests(self) -> int:
        """How many requests that will take, all hosts together."""
        return sum(call.requests for call in self.hosts)

    @property
    def rows(self) -> int:
        """How many rows are expected."""
        return round(sum(one.rows for one in self.estimates))

    @property
    def memory(self) -> int:
        """How many bytes the frames are expected to take."""
        return round(sum(one.memory for one in self.estimates))

    @property
    def basis(self) -> str:
        """What the figures rest on."""
        return "; ".join(f"{one.resource}: {one.basis}" for one in self.estimates)

    def run(self, *, on_error: OnError = "warn", watch: Watch | None = None) -> F:
        """Read the readable accounts: a Run, or for several resources a Run of each by its name.

        The skipped ones stand in its outcomes, with their reason and cure. `on_error` and `watch` are as in `read`,
        and concern those who are read: of the others the plan has told. Raises what `read` raises.
        """
        if self.carry is None:
            raise UsageError("This plan has no client any more.", cure="Make it again: client.plan(…).")
        return self.carry(on_error, watch)

    def by(self, carry: Callable[[OnError, Watch | None], G]) -> Plan[G]:
        """The same plan, carried out in another way."""
        return Plan(self.coverage, self.estimates, self.hosts, self.seconds, carry)

    def __getstate__(self) -> dict[str, object]:
        # a client holds a key and open connections
        return {**self.__dict__, "carry": None}

    def __repr__(self) -> str:
        return (
            f"<Plan {self._names}: {self.accounts:,} accounts, about {self.requests:,} requests, {self.rows:,} rows, "
            f"{_span(self.seconds)}>"
        )

    def __str__(self) -> str:
        return "\n".join([self._first, *_grid(self._cells), *self._last])

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        del include, exclude
        return {"text/plain": str(self), "text/html": str(self._html)}

    @property
    def _html(self) -> Html:
        head, *rows = self._cells
        lines = (element("div", line) for line in self._last)
        return block(element("div", self._first), picture(self._states), table(head, rows, figures=(1, 2)), *lines)

    @property
    def _states(self) -> dict[str, list[tuple[str, str]]]:
        """The state of each user, by resource."""
        names = ["resource", "user_id", "state"]
        found: dict[str, list[tuple[str, str]]] = {one.resource: [] for one in self.estimates}
        for resource, user_id, state in self.coverage[names].astype(object).itertuples(index=False, name=None):
            found[resource].append((user_id, state))
        return found

    @property
    def _names(self) -> str:
        return ", ".join(one.resource for one in self.estimates)

    @property
    def _first(self) -> str:
        return f"Plan for {self._names}: {self.accounts:,} accounts will be read ({summary(self.coverage)})."

    @property
    def _cells(self) -> list[tuple[str, ...]]:
        return [("host", "requests", "spent", "limit", "at least"), *map(_cells, self.hosts)]

    @property
    def _last(self) -> list[str]:
        cures = Counter(self.skipped[["state", "cure"]].astype(object).itertuples(index=False, name=None))
        return [
            f"About {self.rows:,} rows, {self.memory / 1e6:,.1f} MB, {_span(self.seconds)}.",
            *(["Skipped:"] if cures else []),
            *(f"  {count:,} {state}: {cure}" for (state, cure), count in cures.most_common()),
            *(f"{one.resource}: {one.basis}." for one in self.estimates),
        ]


def calls(
    estimates: Iterable[Estimate],
    connectors: Mapping[str, Connector],
    spent: Mapping[tuple[str, str], int],
    settings: Settings,
    width: int,
) -> tuple[Call, ...]:
    """What each host will be asked, Clerk's first, and the least that takes, with `width` places on the wire."""
    clerk = connectors[CLERK]
    wanted = dict.fromkeys([(CLERK, host_of(clerk.origin, Origins(clerk.origins, settings.base_urls))), *spent], 0.0)
    most: dict[str, float] = {}  # resources of one provider share the limit of a token
    load: dict[tuple[str, str], float] = {}  # what counts against limits
    travel: dict[str, float] = {}
    for one in estimates:
        home = next(iter(wanted))
        for at, count in {home: one.clerk, **_at(one)}.items():
            wanted[at] = wanted.get(at, 0.0) + count
            load[at] = load.get(at, 0.0) + count * (1.0 if at == home else one.weight)
        most[one.provider] = most.get(one.provider, 0.0) + one.most
        travel[one.provider] = one.travel
    return tuple(
        _call(
            *at,
            count,
            spent.get(at, 0),
            _limits(connectors[at[0]], at[1], settings) if at[0] in connectors else (),
            load=load.get(at, 0.0),
            most=most.get(at[0], 0.0),
            alone=count * travel.get(at[0], 0.0) / width,
        )
        for at, count in wanted.items()
    )


def _at(one: Estimate) -> dict[tuple[str, str], float]:
    return {(one.provider, host): count for host, count in one.requests.items()}


def _call(
    provider: str,
    host: str,
    count: float,
    spent: int,
    limits: Sequence[Budget],
    *,
    load: float,
    most: float,
    alone: float,
) -> Call:
    requests = round(count)
    needed = [least(spent + load if one.per == "host" else min(most, load), one) for one in limits]
    seconds = max([alone, *needed]) if requests else 0.0
    return Call(provider, host, requests, spent, _limit(limits), seconds)


def _limits(connector: Connector, host: str, settings: Settings) -> list[Budget]:
    origins = Origins(connector.origins, settings.base_urls)
    return [one for one in budgets_of(connector, settings) if not one.at or host_of(one.at, origins) == host]


def chosen_of(coverage: pd.DataFrame, resource: str) -> list[Chosen]:
    """Whom to read, in the order of the frame."""
    readable = coverage[(coverage["resource"] == resource) & coverage["state"].isin(READ)]
    accounts: dict[str, set[str]] = {}
    for user_id, account in readable[["user_id", "external_account_id"]].itertuples(index=False, name=None):
        accounts.setdefault(user_id, set()).add(account)
    return [Chosen(user_id, frozenset(named), connected=True) for user_id, named in accounts.items()]


def with_skipped(run: Run, coverage: pd.DataFrame) -> Run:
    """The run, and in the order of the coverage an outcome of each account that was not worth a try."""
    read: dict[str | None, list[Outcome]] = {}
    for one in run.ended:
        read.setdefault(one.user_id, []).append(one)
    ended: list[Outcome] = []
    mine = coverage[coverage["resource"] == run.resource].astype(object)
    for values in mine.where(mine.notna(), None).itertuples(index=False, name=None):
        row = Row(*values)
        if row.state in READ:
            ended += read.pop(row.user_id, [])
        else:
            outcome = Outcome(row.user_id, row.provider, row.resource, row.external_account_id)
            outcome.fail(refusal(row), "skipped")
            ended.append(outcome)
    whole = replace(run, ended=(*ended, *(one for rest in read.values() for one in rest)))
    whole.frame.attrs["complete"] = whole.complete
    return whole


def _cells(call: Call) -> tuple[str, ...]:
    return call.host, f"{call.requests:,}", f"{call.spent:,}", call.limit or "none known", _span(call.seconds)


def _grid(rows: Sequence[Sequence[str]]) -> list[str]:
    """Cells under each other, figures to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  " + "  ".join(f"{cell:{'>' if place in (1, 2) else '<'}{width}}" for place, (cell, width) in pairs).rstrip()
        for pairs in ([*enumerate(zip(row, widths, strict=True))] for row in rows)
    ]


def _limit(budgets: Sequence[Budget]) -> str:
    """Limits as people write them.

    >>> _limit([Budget(5000, 3600), Budget(900, 60), Budget(1000, 10, "host")])
    '1,000/10s, 5,000/h and 900/min a token'
    """
    units: dict[float, str] = {1: "s", 60: "min", 3600: "h"}
    told = {
        per: " and ".join(
            f"{one.requests:,}/{units.get(one.seconds, f'{one.seconds:g}s')}" for one in budgets if one.per == per
        )
        for per in ("host", "token")
    }
    return ", ".join(part for part in (told["host"], told["token"] and f"{told['token']} a token") if part)


def _span(seconds: float) -> str:
    """A stretch of time as people say it.

    >>> _span(0.4), _span(10), _span(90), _span(3600)
    ('0 s', '10 s', '90 s', '60 min')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
