"""A Dask DataFrame of one resource for many accounts, read when it is computed, with the outcomes beside it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, NamedTuple

import dask.dataframe as dd
from dask.dataframe.utils import clear_known_categories
from dask.delayed import Delayed, delayed

import dask
from socialconnect import portal
from socialconnect.clerk.strategy import provider_of
from socialconnect.client import Client
from socialconnect.dask import cluster
from socialconnect.dask.budget import FromScheduler
from socialconnect.dask.exports import SIZE
from socialconnect.dask.station import Asked, Station
from socialconnect.dask.tasks import read_share
from socialconnect.dask.terms import Share, Terms, check, further, shares, tell_left_out, told
from socialconnect.export.report import Traffic
from socialconnect.frames import Table
from socialconnect.runs.outcomes import outcomes_frame
from socialconnect.runs.select import choose

if TYPE_CHECKING:
    from collections.abc import Sequence

    import distributed
    import pandas as pd

    from socialconnect.reading.declare import Value
    from socialconnect.runs.select import Users


class Reading(NamedTuple):
    """What `read` gives: the rows, and one row for each account that tells how it went."""

    frame: dd.DataFrame
    outcomes: dd.DataFrame


def read(
    resource: str,
    users: Users = None,
    *,
    columns: Sequence[str] | None = None,
    raw: bool = False,
    size: int = SIZE,
    client: Client | None = None,
    dask: distributed.Client | None = None,
    **arguments: Value,
) -> Reading:
    """A Dask DataFrame of one resource for many accounts, of which each worker reads its own partitions.

    The users are listed here and now; their accounts are read when something is computed, and again whenever it is:
    `frame, outcomes = dask.persist(*scd.read("github.repos"))` reads once, keeps both on the workers and goes on
    with them; so does computing both at once. A partition whose worker dies is read again.

    Parameters: `resource`, `users`, `columns`, `raw` and `arguments` as in `client.read`; `size` users make a
    partition; `client` lists the users, `sc.Client()` by default: it must have its key from the environment, as workers
    have theirs; `dask` is the cluster's client, by default the current one.

    Returns a Reading of two Dask DataFrames: `frame`, with user_id, external_account_id and the columns with exactly
    their declared dtypes, also where there are no rows; a column that holds fields of its own as JSON stays JSON.
    `outcomes` has a row for each account, as `run.outcomes`: an account that cannot be read is told there, and ends
    nothing. Raises a UsageError for what cannot be meant and for a client that cannot be sent; computing raises a
    MissingKey or InvalidKey where a worker has no key, or one of another instance.
    """
    chosen = choose(users)
    client = client or Client()
    check(client)
    there = cluster.ready(dask)
    asked = Asked(resource, None if columns is None else tuple(columns), raw, tuple(arguments.items()))
    station, engine = Station.like(client), client.settings.engine
    try:
        station.reader(asked, Share(0, (), listed=True))  # what cannot be meant is told before anything is asked
        connector, name = client.connectors.resource(resource)
        station.lent(FromScheduler(there))
        instance = portal.run(station.instance(), engine).id
        listed = chosen is None
        if chosen is None:
            everybody = station.having([provider_of(connector.strategy)], Traffic())
            chosen, left_out = portal.run(everybody, engine)
            tell_left_out(left_out)
        terms = Terms(
            instance,
            told(client.settings, cluster.threads(there)),
            further(client, [resource]),
        )
    finally:
        portal.run(station.aclose(), engine)
    meta = Table(connector.resource(name).select(asked.columns), raw=raw).frame()
    mark = secrets.token_hex(6)
    read_by = [
        delayed(read_share, nout=2, pure=False)(
            terms, asked, share, dask_key_name=f"socialconnect-read-{mark}-{share.number:06d}"
        )
        for share in shares(chosen, size, listed=listed)
    ]
    rows, outcomes = ([parts[place] for parts in read_by] for place in (0, 1))
    return Reading(_together(rows, meta), _together(outcomes, outcomes_frame([])))


def _together(parts: list[Delayed], meta: pd.DataFrame) -> dd.DataFrame:
    with dask.config.set({"dataframe.convert-string": False}):  # it would make texts of lists
        empty = clear_known_categories(meta)  # type: ignore[no-untyped-call]  # it has no types
        together: dd.DataFrame = dd.from_delayed(parts, meta=empty, verify_meta=False)
        return together
