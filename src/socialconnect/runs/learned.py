"""What finished runs teach about the next one: how much an account costs, and what comes of it.

`learn` is a pure function of a run, and what it gives is a plain value: sums, so that two of them add up. Nothing of it
says whose accounts they were.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from socialconnect.http.send import Sent
    from socialconnect.reading.declare import Value
    from socialconnect.runs.run import Run

CLERK = "clerk"
Sum = tuple[int, float]
"""How many there were, and what they came to all in all."""


@dataclass(frozen=True, slots=True)
class Learned:
    """Sums over accounts that were tried, of `users`: requests to Clerk for their tokens, and to each host of theirs.

    `most` is the most requests of one account, `most_rows` its rows; `widths` has how many values of each column came,
    and their bytes; `travel` how many answers of each provider, and their seconds.
    """

    accounts: int = 0
    users: int = 0
    clerk: int = 0
    requests: Mapping[str, int] = field(default_factory=dict)
    most: int = 0
    most_rows: int = 0
    rows: int = 0
    widths: Mapping[str, Sum] = field(default_factory=dict)
    travel: Mapping[str, Sum] = field(default_factory=dict)

    def __add__(self, other: Learned) -> Learned:
        return Learned(
            self.accounts + other.accounts,
            self.users + other.users,
            self.clerk + other.clerk,
            Counter(self.requests) + Counter(other.requests),
            max(self.most, other.most),
            max(self.most_rows, other.most_rows),
            self.rows + other.rows,
            _added(self.widths, other.widths),
            _added(self.travel, other.travel),
        )


def learn(run: Run) -> Learned:
    """What a run teaches: nothing of the accounts that were skipped, nor of Clerk's listing."""
    tried = [one for one in run.ended if one.status != "skipped" and one.user_id is not None]
    users = {one.user_id for one in tried}
    last = [sent for sent in run.trace.last if sent.user_id in users]
    scale = run.trace.requests / len(run.trace.last) if run.trace.last else 1.0  # a long trace keeps its end alone
    theirs = [sent for sent in last if sent.provider != CLERK]
    by_account = Counter((sent.user_id, sent.account) for sent in theirs)
    frame = run.frame
    sizes = frame.memory_usage(index=False, deep=True).items() if len(frame) else ()
    return Learned(
        len(tried),
        len(users),
        round(scale * (len(last) - len(theirs))),
        {host: round(scale * count) for host, count in Counter(sent.host for sent in theirs).items()},
        max(by_account.values(), default=0),
        max((one.rows for one in tried), default=0),
        sum(one.rows for one in tried),
        {str(name): (len(frame), float(size)) for name, size in sizes},
        _travel(last),
    )


class Lessons:
    """What one client has learned, by resource and parameters, of all accounts and of each; in memory alone."""

    def __init__(self) -> None:
        self._learned: dict[tuple[str, str], Learned] = {}
        self._each: dict[tuple[str, str], dict[str, _Each]] = {}

    def take(self, run: Run) -> None:
        """Learn from one more run, which must not have been taken before."""
        key = _key(run.resource, run.asked.arguments)
        self._learned[key] = self._learned.get(key, Learned()) + learn(run)
        each = self._each.setdefault(key, {})
        for one in run.ended:
            if one.status != "skipped" and one.external_account_id is not None:
                each[one.external_account_id] = _Each(one.requests, one.rows)

    def of(self, resource: str, arguments: Mapping[str, Value]) -> Learned | None:
        """What is known of a resource with these parameters: None where no account was tried yet."""
        found = self._learned.get(_key(resource, arguments))
        return found if found and found.accounts else None

    def share(self, resource: str, arguments: Mapping[str, Value], accounts: Sequence[str]) -> float:
        """How many times the average requests these accounts take: those that were read before as they did then."""
        each = self._each.get(_key(resource, arguments), {})
        mean = _mean(one.requests for one in each.values())
        return _mean(each[one].requests if one in each else mean for one in accounts) / mean if mean else 1.0

    def rows(self, resource: str, arguments: Mapping[str, Value], accounts: Sequence[str]) -> float | None:
        """How many rows one of these accounts has on average; None where nothing is known of the resource."""
        each = self._each.get(_key(resource, arguments), {})
        mean = _mean(one.rows for one in each.values())
        return _mean(each[one].rows if one in each else mean for one in accounts) if each else None

    def travel(self, provider: str) -> float | None:
        """The seconds that an answer of a provider took, on average over all that was read of it."""
        told = [one.travel[provider] for one in self._learned.values() if provider in one.travel]
        count = sum(each for each, _ in told)
        return sum(seconds for _, seconds in told) / count if count else None


@dataclass(frozen=True, slots=True)
class _Each:
    """What the last reading of one account came to."""

    requests: int
    rows: int


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else 0.0


def _key(resource: str, arguments: Mapping[str, Value]) -> tuple[str, str]:
    given = sorted((name, repr(value)) for name, value in arguments.items() if value is not None)
    return resource, repr(given)


def _travel(sent: Iterable[Sent]) -> dict[str, Sum]:
    found: dict[str, Sum] = {}
    for one in sent:
        count, seconds = found.get(one.provider, (0, 0.0))
        found[one.provider] = count + 1, seconds + one.seconds
    return found


def _added(one: Mapping[str, Sum], other: Mapping[str, Sum]) -> dict[str, Sum]:
    nothing = (0, 0.0)
    pairs = {name: (one.get(name, nothing), other.get(name, nothing)) for name in {**one, **other}}
    return {name: (first[0] + second[0], first[1] + second[1]) for name, (first, second) in pairs.items()}
