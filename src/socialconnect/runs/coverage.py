"""Who can be read and who cannot, before anybody is: from Clerk's user list alone, or with a look at each token.

Nothing here calls a provider.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from socialconnect.clerk.models import ExternalAccount, User, counted
from socialconnect.clerk.tokens import matched
from socialconnect.errors import ProviderNotEnabled, SetupError, SocialConnectError
from socialconnect.frames import Table, describe
from socialconnect.progress.count import came
from socialconnect.reading.typed import Page
from socialconnect.runs.judge import COLUMNS, Found, Judge, Judges, Question, Row
from socialconnect.secret import bare

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence

    import pandas as pd

    from socialconnect.clerk.api import Clerk
    from socialconnect.http.send import Observer
    from socialconnect.runs.select import Chosen

_TOGETHER = 500  # users whose tokens are looked at side by side


class Batch(NamedTuple):
    """Some users, in their order, and how many records beside them could not be read.

    Each is their record, or the id alone of one whom Clerk does not have, with the accounts that were named.
    """

    window: int
    users: list[tuple[User | str, frozenset[str]]]
    odd: int = 0


async def coverage_frame(
    clerk: Clerk,
    asked: Iterable[Question],
    chosen: Sequence[Chosen] | None,
    observe: Observer,
    *,
    tokens: bool = False,
) -> pd.DataFrame:
    """One row per resource, user and external account, in that order; `tokens` asks Clerk for each token too."""
    judges = Judges(asked, await clerk.enabled(observe) if tokens else None)
    windows: dict[tuple[int, int], Table] = {}  # by resource, then by window: each is walked in order, all at once
    odd = 0
    batches = _everybody(clerk, observe) if chosen is None else _named(clerk, chosen, observe)
    async with aclosing(batches) as listed:
        async for batch in listed:
            odd += batch.odd
            came(len(batch.users))
            found = await _looked(clerk, judges, batch, observe) if tokens else {}
            for place, judge in enumerate(judges.each):
                key = place, batch.window
                if key not in windows:
                    windows[key] = Table(COLUMNS, lead=())
                windows[key].append(_page(_rows(judge, batch, found)))
    whole = Table(COLUMNS, lead=())
    for key in sorted(windows):
        whole.extend(windows[key])
    return _described(whole.frame(), [judge.name for judge in judges.each], clerk, odd=odd, tokens=tokens)


async def _everybody(clerk: Clerk, observe: Observer) -> AsyncGenerator[Batch]:
    seen: set[str] = set()
    async with aclosing(clerk.listing({}, observe, side_by_side=True)) as listing:
        async for page in listing:
            users, odd = counted(page.body, User)
            new = [user for user in users if user.id not in seen]  # one at the edge of two windows comes twice
            seen.update(user.id for user in new)
            yield Batch(page.window, [(user, frozenset()) for user in new], odd)


async def _named(clerk: Clerk, chosen: Sequence[Chosen], observe: Observer) -> AsyncGenerator[Batch]:
    """Those chosen, in their order, also where the instance does not have them."""
    there: dict[str, User] = {}
    odd = 0
    async with aclosing(
        clerk.listing({"user_id": [one.user_id for one in chosen]}, observe, side_by_side=True)
    ) as listing:
        async for page in listing:
            users, left_out = counted(page.body, User)
            odd += left_out
            there |= {user.id: user for user in users}
    for start in range(0, len(chosen), _TOGETHER):
        part = chosen[start : start + _TOGETHER]
        yield Batch(0, [(there.get(one.user_id, one.user_id), one.accounts) for one in part], 0 if start else odd)


async def _looked(clerk: Clerk, judges: Judges, batch: Batch, observe: Observer) -> dict[str, dict[str, Found]]:
    """What Clerk says of the tokens of a batch's users: by user, then by strategy."""
    asked = [
        (user.id, strategy, accounts)
        for user, named in batch.users
        if isinstance(user, User)
        for strategy, accounts in judges.connected(user, named).items()
    ]
    answers = await asyncio.gather(*(_look(clerk, *one, observe) for one in asked), return_exceptions=True)
    found: dict[str, dict[str, Found]] = {}
    for (user_id, strategy, _), answer in zip(asked, answers, strict=True):
        if isinstance(answer, BaseException):
            raise answer
        found.setdefault(user_id, {})[strategy] = answer
    return found


async def _look(
    clerk: Clerk, user_id: str, strategy: str, accounts: Sequence[ExternalAccount], observe: Observer
) -> Found:
    try:
        tokens = await clerk.tokens(user_id, strategy, observe)
    except SocialConnectError as error:
        if isinstance(error, SetupError) and not isinstance(error, ProviderNotEnabled):
            raise
        return dict.fromkeys((account.id for account in accounts), bare(error))
    # the tokens themselves are let go here: what stays is what they may do
    return {account.id: None if token is None else (token.scopes or ()) for account, token in matched(accounts, tokens)}


def _rows(judge: Judge, batch: Batch, found: Mapping[str, Mapping[str, Found]]) -> list[Row]:
    rows: list[Row] = []
    for user, named in batch.users:
        if isinstance(user, User):
            rows.extend(judge.rows(user, named, found.get(user.id, {})))
        else:
            rows.append(judge.nobody(user))
    return rows


def _page(rows: Sequence[Row]) -> Page:
    return Page(
        tuple([*values] for values in zip(*rows, strict=True)) if rows else tuple([] for _ in COLUMNS), len(rows)
    )


def summary(frame: pd.DataFrame) -> str:
    """How many rows are in which state, the readable ones first: `112 readable, 31 not_connected, 4 missing_scope`."""
    counts = frame["state"].value_counts()
    listed = sorted(((count, str(state)) for state, count in counts.items() if count), key=_worth)
    return ", ".join(f"{count:,} {state}" for count, state in listed) or "nobody"


def _worth(entry: tuple[int, str]) -> tuple[bool, int, str]:
    count, state = entry
    return state != "readable", -count, state


def _described(frame: pd.DataFrame, names: Sequence[str], clerk: Clerk, *, odd: int, tokens: bool) -> pd.DataFrame:
    return describe(
        frame,
        {
            "resource": ", ".join(names),
            "read_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "api_version": clerk.connector.api_version,
            "complete": not odd,
            "left_out": odd,
            "tokens": tokens,
            "summary": summary(frame),
        },
    )
