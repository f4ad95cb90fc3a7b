"""What runs on workers. Whatever goes wrong there travels back without a frame, a token or what a provider sent."""

from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass
from datetime import timedelta
from time import time
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import msgspec

from socialconnect import portal
from socialconnect.dask.handing import Handing
from socialconnect.dask.station import here
from socialconnect.errors import SetupError, SocialConnectError, UsageError
from socialconnect.export.report import Tally, Traffic
from socialconnect.export.sink import AccountState
from socialconnect.secret import bare, scrub

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from socialconnect.dask.station import Asked
    from socialconnect.dask.terms import Share, Terms
    from socialconnect.export.job import Job
    from socialconnect.export.report import Ending
    from socialconnect.export.sink import RunState
    from socialconnect.runs.run import Run

P = ParamSpec("P")
T = TypeVar("T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Order:
    """What all shares of one export have in common; `shapes` says of each resource what its rows must look like."""

    terms: Terms
    job: Job
    run: RunState
    spool: str
    folder: str
    shapes: tuple[str, ...]
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Handed:
    """What came of one share: its `chain` of slips, how it went, and what would meet every other share too."""

    chain: tuple[str, ...] = ()
    tallies: tuple[Tally, ...] = ()
    traffic: Traffic | None = None
    ending: Ending = "finished"
    off: tuple[str, ...] = ()
    error: SetupError | UsageError | None = None


def carry(order: Order, share: Share, states: bytes) -> Handed:
    """Export one share; `states` is what the target keeps of its accounts."""
    try:
        return safely(_carried, order, share, states)
    except (SetupError, UsageError) as error:  # to be run again as it stands would be no use
        return Handed(error=bare(error))


def _carried(order: Order, share: Share, states: bytes) -> Handed:
    station = here(order.terms)
    known = msgspec.json.decode(states, type=list[AccountState])
    if tuple(part.shape for part in station.parts(order.job, Traffic())) != order.shapes:
        raise UsageError(
            "A worker would write these rows otherwise than the caller says.",
            cure="Install one version of socialconnect on all of them, and give all the same SOCIALCONNECT_HASH_KEY.",
        )
    left = None if order.until is None else timedelta(seconds=max(0.0, order.until - time()))
    job = order.job.model_copy(update={"deadline": left, "max_errors": None})
    handing = Handing(order.spool, f"{order.folder}/{share.number:06d}", known)
    try:
        report, off = portal.run(station.exported(job, order.run, share, handing), "thread")
    except SetupError as error:  # what was read until then was made safe
        return Handed(handing.chain, error=bare(error))
    return Handed(handing.chain, report.resources, report.traffic, report.ending, tuple(off))


def read_share(terms: Terms, asked: Asked, share: Share) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read one share: its rows, and the outcomes of its accounts."""
    run = safely(_read, terms, asked, share)
    return run.frame, run.outcomes


def _read(terms: Terms, asked: Asked, share: Share) -> Run:
    return portal.run(here(terms).read_share(asked, share), "thread")


def safely(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `work` gives. Errors leave bare; those that are not ours as one of ours, with all secrets scrubbed.

    A pickled error takes along what it was raised from and while: so nothing may be being handled when it is raised.
    """
    found: SocialConnectError
    try:
        return work(*args, **kwargs)
    except SocialConnectError as error:
        found = error
    except Exception as error:  # noqa: BLE001 - whatever it is, its frames and its words are not to travel
        _log.error("%s", scrub("".join(traceback.format_exception(error))))
        found = SocialConnectError(
            f"A worker failed: {type(error).__name__}: {scrub(str(error))}.",
            cure="Its log has more. Run it again; report it if that does not help.",
        )
    raise bare(found)
