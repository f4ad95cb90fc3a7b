"""Reading again what failed: whom that concerns, and the two runs made one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from socialconnect.errors import NotConnected
from socialconnect.frames import joined
from socialconnect.reading.declare import IDENTITY
from socialconnect.runs.select import Chosen
from socialconnect.tracing.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from socialconnect.runs.outcomes import Outcome
    from socialconnect.runs.run import Run

_Who = tuple[str | None, str | None]


def troubled(run: Run) -> list[Outcome]:
    """The outcomes of accounts to read again."""
    return [one for one in run.ended if one.status in ("failed", "partial") and one.user_id is not None]


def lacking(run: Run, users: Iterable[str]) -> list[Outcome]:
    """The outcomes of these users that are not whole, to read again: also those who had no connection then."""
    named = set(users)
    return [
        replace(one, external_account_id=None) if isinstance(one.error, NotConnected) else one
        for one in run.ended
        if one.user_id in named and one.status not in ("ok", "empty")
    ]


def broken_off(run: Run) -> bool:
    """Whether the listing of users ended early, so that some have no outcome at all."""
    return any(one.user_id is None and one.error is not None for one in run.ended)


def seen(run: Run) -> frozenset[str]:
    """The users that the run came to."""
    return frozenset(one.user_id for one in run.ended if one.user_id is not None)


def chosen(outcomes: Iterable[Outcome]) -> list[Chosen]:
    """Whom to read: single accounts where they are known, else all that the user has of the provider."""
    accounts: dict[str, set[str | None]] = {}
    for one in outcomes:
        if one.user_id is not None:
            accounts.setdefault(one.user_id, set()).add(one.external_account_id)
    return [
        Chosen(user) if None in named else Chosen(user, frozenset(map(str, named)), connected=True)
        for user, named in accounts.items()
    ]


def merged(before: Run, mine: Iterable[Outcome], later: Iterable[Run], *, listed: bool = True) -> Run:
    """One run: what stood before, with what was read of `mine` in its place, and who was not reached at the end.

    `listed` says that a listing of users which had broken off was gone on with.
    """
    again = {(one.user_id, one.external_account_id) for one in mine}
    whole = {user for user, account in again if account is None}
    gone = {who for who in map(_who, before.ended) if who in again or who[0] in whole}
    runs = list(later)
    ended = _ended(before, gone, [one for run in runs for one in run.ended], listed=listed)
    order = {who: place for place, who in enumerate(dict.fromkeys(map(_who, ended)))}
    frame = joined(
        [_without(before.frame, gone), *(run.frame for run in runs)],
        lambda frame: [order.get(who, len(order)) for who in _pairs(frame)],
    )
    trace = Trace()
    for run in (before, *runs):
        trace.extend(run.trace)
    found = replace(runs[-1] if runs else before, frame=frame, ended=tuple(ended), trace=trace, again=before.again)
    last = runs[-1].frame if runs else before.frame
    frame.attrs = {**last.attrs, "complete": found.complete}
    return found


def _who(outcome: Outcome) -> _Who:
    return outcome.user_id, outcome.external_account_id


def _ended(before: Run, gone: set[_Who], further: list[Outcome], *, listed: bool) -> list[Outcome]:
    """The outcomes in the order of the first run: each user's new ones where the first of the old ones stood."""
    waiting: dict[str | None, list[Outcome]] = {}
    for one in further:
        waiting.setdefault(one.user_id, []).append(one)
    ended: list[Outcome] = []
    for one in before.ended:
        if _who(one) in gone:
            ended += waiting.pop(one.user_id, [])
        elif one.user_id is not None or one.error is None or not listed:
            ended.append(one)
    return ended + [one for rest in waiting.values() for one in rest]


def _without(frame: pd.DataFrame, gone: set[_Who]) -> pd.DataFrame:
    return frame[[who not in gone for who in _pairs(frame)]]


def _pairs(frame: pd.DataFrame) -> list[_Who]:
    lead = frame[list(IDENTITY)].astype(object)
    return list(lead.where(lead.notna(), None).itertuples(index=False, name=None))
