"""What reading will cost, worked out from declarations, from what earlier runs taught, and from the limits.

Pure: nothing here sends or waits. Where nothing is known, a figure is assumed that has its name below.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from socialconnect.http.origins import Origins
from socialconnect.reading.declare import IDENTITY, Budget, Column, Dtype
from socialconnect.reading.further import Detail
from socialconnect.reading.paginate import LinkHeader
from socialconnect.runs.learned import CLERK, Learned, Lessons

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from socialconnect.reading.declare import Connector, Resource, Value
    from socialconnect.runs.judge import Question
    from socialconnect.settings import Settings

TOKEN_REQUESTS = 1.05
"""Requests to Clerk for one user's token: of twenty, one has died at the provider and is asked for again."""
LAST_PAGE = 20
"""Rows on the last page of a listing;"""
FULL_PAGE = 100
"""those before it are full."""
TRAVEL = 0.3
"""Seconds that a provider takes for an answer,"""
CLERK_TRAVEL = 0.1
"""and Clerk."""
WIDTHS: dict[Dtype, int] = {
    "string": 32,
    "json": 60,
    "list": 120,
    "category": 1,
    "Int64": 9,
    "Float64": 9,
    "boolean": 2,
    "datetime": 8,
}
"""Bytes of one value in a frame."""
_ID = 44  # bytes of a Clerk id
_MARGIN = 1.01  # as in http/budget.py: what is planned is what will be waited


@dataclass(frozen=True, slots=True)
class Cost:
    """What one account costs on average: requests by host, the rows that come of them, and what says so."""

    requests: Mapping[str, float]
    rows: float
    basis: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is expected of one resource for so many accounts, which belong to so many users.

    `clerk` requests are for tokens, `requests` go to the provider's hosts. Each counts as `weight` of its limit, for
    bundles count as what is in them; `most` is what one account's come to at most. `memory` is bytes of the frame,
    `seconds` how long it takes where no limit does, `basis` says what the figures rest on.
    """

    resource: str
    provider: str
    accounts: int
    users: int
    clerk: float
    requests: Mapping[str, float]
    weight: float
    most: float
    rows: float
    memory: float
    seconds: float
    travel: float
    basis: str


def estimate(
    question: Question,
    chosen: Sequence[str],
    users: int,
    arguments: Mapping[str, Value],
    columns: Sequence[Column],
    settings: Settings,
    lessons: Lessons,
) -> Estimate:
    """What it takes to read one resource for the chosen accounts of so many users."""
    connector, resource = question.connector, question.resource
    accounts = len(chosen)
    learned = lessons.of(question.name, arguments)
    if learned:
        cost = _learned(learned, lessons.share(question.name, arguments, chosen))
    else:
        cost = _assumed(connector, resource, arguments, chosen, settings, lessons)
    each = sum(cost.requests.values())
    most = max(learned.most if learned else 0, each)
    bundled = isinstance(resource.further, Detail) and resource.further.batch is not None
    clerk = users * (learned.clerk / learned.users if learned else TOKEN_REQUESTS)
    travel = _known(lessons.travel(connector.name), TRAVEL)
    at_once = _at_once(connector, resource, users, settings)
    mean, longest = travel * _steps(each, at_once), travel * _steps(most, at_once)
    work = clerk * _known(lessons.travel(CLERK), CLERK_TRAVEL) + accounts * mean
    return Estimate(
        question.name,
        connector.name,
        accounts,
        users,
        clerk,
        {host: count * accounts for host, count in cost.requests.items()},
        max(1.0, cost.rows / each) if bundled and each else 1.0,
        max(most, (learned.most_rows if learned else cost.rows) if bundled else 0),
        cost.rows * accounts,
        cost.rows * accounts * _width(columns, learned, own=resource.variants is not None),
        # several at a time, and then the last and longest one alone
        work / min(settings.concurrency, users) + longest - mean if accounts else 0.0,
        travel,
        cost.basis,
    )


def _steps(requests: float, at_once: int) -> float:
    """How many requests come one after another: the first tells what the others are."""
    return min(requests, 1.0) + max(0.0, requests - 1) / at_once


def host_of(url: str, origins: Origins) -> str:
    """The host that will be called for an address."""
    parts = urlsplit(url)
    return urlsplit(origins.resolve(f"{parts.scheme}://{parts.netloc}")).netloc


def budgets_of(connector: Connector, settings: Settings) -> tuple[Budget, ...]:
    """The limits that hold for a connector, or the one that is set in their place."""
    override = settings.budgets.get(connector.origin)
    return (Budget.parse(override),) if override else connector.budgets


def least(requests: float, budget: Budget) -> float:
    """The seconds that so many requests take within a limit, however fast the answers are.

    >>> round(least(201, Budget(100, 10)), 1)
    20.2
    """
    return max(0, (round(requests) - 1) // budget.requests) * budget.seconds * _MARGIN


def _learned(learned: Learned, share: float) -> Cost:
    requests = {host: share * count / learned.accounts for host, count in learned.requests.items()}
    basis = f"learned from {learned.accounts:,} accounts read before"
    return Cost(requests, share * learned.rows / learned.accounts, basis)


def _assumed(
    connector: Connector,
    resource: Resource,
    arguments: Mapping[str, Value],
    chosen: Sequence[str],
    settings: Settings,
    lessons: Lessons,
) -> Cost:
    """What the declaration says: its usual pages, for each of its usual parents."""
    if resource.identity:
        return Cost({}, 1.0, "nobody but Clerk is asked")
    origins = Origins(connector.origins, settings.base_urls)
    listings, requests, of = 1.0, dict[str, float](), ""
    if (parent := resource.parent) is not None and (named := arguments.get(parent.param)) is not None:
        listings = float(len(parent.argument.values(named)))
        of = f" for each of {listings:,.0f} named"
    elif parent is not None:
        listing = connector.resource(parent.resource)
        name = f"{connector.name}.{parent.resource}"
        known = lessons.of(name, parent.arguments)
        if known:
            before = _learned(known, lessons.share(name, parent.arguments, chosen))
        else:
            before = _assumed(connector, listing, parent.arguments, chosen, settings, lessons)
        listings = _known(lessons.rows(name, parent.arguments, chosen), float(parent.usual))
        requests = dict(before.requests)
        of = f" for each of {listings:,.1f} {parent.resource} ({'learned' if known else 'assumed'})"
    host = host_of(resource.path if "://" in resource.path else connector.origin, origins)
    further = resource.further.usual if resource.further else 0.0
    requests[host] = requests.get(host, 0.0) + listings * resource.usual * (1 + further)
    rows = listings * (1.0 if resource.single else FULL_PAGE * (resource.usual - 1) + LAST_PAGE)
    pages = f"assumed: {resource.usual:g} pages a listing{of}"
    return Cost(requests, rows, f"{pages}, {further:g} further requests a page" if further else pages)


def _known(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def _at_once(connector: Connector, resource: Resource, users: int, settings: Settings) -> int:
    """How many requests of one account are under way at once, as `Reader` has it."""
    alone = resource.parent is None and not isinstance(resource.paging, LinkHeader) and resource.further is None
    return 1 if alone else max(2, min(connector.concurrency, settings.concurrency // max(1, users)))


def _width(columns: Iterable[Column], learned: Learned | None, *, own: bool) -> float:
    """The bytes of one row: of columns that came before as they were, of others by dtype; of users' `own` what came."""
    known = learned.widths if learned else {}
    declared = dict.fromkeys(IDENTITY, _ID) | {column.name: WIDTHS[column.dtype] for column in columns}
    names = known if own and known else declared
    return sum(known[name][1] / known[name][0] if name in known else declared[name] for name in names)
