"""What a verdict does to rows, as statements: each moves all accounts of a commit that ended that way at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from socialconnect.export.sink import SEQUENCE
from socialconnect.export.tables.layout import ACCOUNTS, ENDED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from sqlalchemy.sql.elements import ColumnElement

    from socialconnect.export.sink import Mode
    from socialconnect.export.tables.layout import Layout

SETTLED = ("whole", "changes", "part", "unchanged", "gone")
"""The verdicts after which nothing of an account is staged any more."""

_ADDING = ("whole", "changes", "part")


def moves(layout: Layout, mode: Mode, verdicts: Collection[str]) -> Iterator[sa.Executable]:
    """The statements, in order, for the accounts in `ENDED`, whose verdicts are these."""
    come = [one for one in _ADDING if one in verdicts]
    if mode == "append":
        if come:
            yield _added(layout, come)
    elif mode == "merge":
        if come:
            yield from _merged(layout, come)
        if "gone" in verdicts:
            yield _marked(layout, "gone")
    else:
        yield from _replaced(layout, verdicts)
    if settled := [one for one in SETTLED if one in verdicts]:
        yield sa.delete(layout.staged).where(_ended(layout, layout.staged, settled))


def known(resource: str) -> sa.Executable:
    """The statement that forgets what was kept of the accounts in `ENDED`, before it is kept anew."""
    same = sa.exists().where(ENDED.c.user_id == ACCOUNTS.c.user_id, ENDED.c.account == ACCOUNTS.c.account)
    users = ACCOUNTS.c.user_id.in_(sa.select(ENDED.c.user_id))
    return sa.delete(ACCOUNTS).where(ACCOUNTS.c.resource == resource, users, same)


def missing(layout: Layout, mode: Mode, run_id: str, at: datetime) -> Iterator[sa.Executable]:
    """The statements for accounts that the run did not come to: they are gone, and so is what is kept of them."""
    yield sa.delete(layout.staged).where(_not_in(layout, layout.staged, run_id))
    if mode == "append":
        return  # their rows stay, so they are gone on with where they stand
    if mode == "replace":
        yield sa.delete(layout.data).where(_not_in(layout, layout.data, run_id))
    else:
        unmarked = layout.data.c["_deleted_at"].is_(None)
        statement = sa.update(layout.data).where(unmarked, _not_in(layout, layout.data, run_id))
        yield statement.values({"_deleted_at": at})
    yield sa.delete(ACCOUNTS).where(ACCOUNTS.c.resource == layout.dataset.resource, ACCOUNTS.c.run_id != run_id)


def _replaced(layout: Layout, verdicts: Collection[str]) -> Iterator[sa.Executable]:
    if leaving := [one for one in ("whole", "gone") if one in verdicts]:
        yield sa.delete(layout.data).where(_ended(layout, layout.data, leaving))
    if "whole" in verdicts:
        yield _added(layout, ["whole"])
    if "part" in verdicts:
        there = sa.exists().where(
            layout.data.c.user_id == layout.staged.c.user_id,
            layout.account(layout.data) == layout.account(layout.staged),
        )
        yield _added(layout, ["part"], ~there)
    if "changes" in verdicts:
        yield from _merged(layout, ["changes"])


def _merged(layout: Layout, verdicts: list[str]) -> Iterator[sa.Executable]:
    data, staged = layout.data, layout.staged
    here = _ended(layout, data, verdicts)
    if not layout.dataset.key:
        if "whole" in verdicts:
            yield sa.delete(data).where(_ended(layout, data, ["whole"]))
        yield _added(layout, verdicts)
        return
    later = staged.alias("later")
    yield sa.delete(staged).where(  # so that below each key stands there once
        _ended(layout, staged, verdicts),
        sa.exists().where(layout.same(later, staged), later.c[SEQUENCE] > staged.c[SEQUENCE]),
    )
    came = sa.exists().where(layout.same(staged, data))
    if "whole" in verdicts:
        yield sa.delete(data).where(_ended(layout, data, ["whole"]), ~layout.identified(data))
        yield _marked(layout, "whole", ~came)
    says = sa.select(sa.func.max(staged.c["_deleted_at"])).where(layout.same(staged, data)).correlate(data)
    yield (
        sa.update(data)
        .where(here, data.c["_deleted_at"].is_(None), came.where(staged.c["_deleted_at"].is_not(None)))
        .values({"_deleted_at": says.scalar_subquery()})
    )
    alive = staged.c["_deleted_at"].is_(None)
    yield sa.delete(data).where(here, came.where(alive))
    yield _added(layout, verdicts, alive)


def _added(layout: Layout, verdicts: list[str], *where: ColumnElement[bool]) -> sa.Executable:
    """Staged rows become rows in the order in which they came; of those with one key, the last."""
    staged = layout.staged
    columns: list[ColumnElement[object]] = list(staged.c)
    key = [staged.c[name] for name in layout.dataset.key]
    if key:
        whose = [staged.c.user_id, layout.account(staged), *key]
        nth = sa.func.row_number().over(partition_by=whose, order_by=staged.c[SEQUENCE].desc())
        columns.append(nth.label("_nth"))
    rows = sa.select(*columns).where(_ended(layout, staged, verdicts), *where).subquery("come")
    counting = [sa.or_(rows.c["_nth"] == 1, ~layout.identified(rows))] if key else []
    chosen = sa.select(*(rows.c[name] for name in layout.names)).where(*counting).order_by(rows.c[SEQUENCE])
    return sa.insert(layout.data).from_select(layout.names, chosen)


def _marked(layout: Layout, verdict: str, *where: ColumnElement[bool]) -> sa.Executable:
    at = sa.select(ENDED.c.at).where(
        ENDED.c.user_id == layout.data.c.user_id, ENDED.c.account == layout.account(layout.data)
    )
    return (
        sa.update(layout.data)
        .where(layout.data.c["_deleted_at"].is_(None), _ended(layout, layout.data, [verdict]), *where)
        .values({"_deleted_at": at.correlate(layout.data).scalar_subquery()})
    )


def _ended(layout: Layout, table: sa.Table, verdicts: list[str]) -> ColumnElement[bool]:
    """Whether a row's account ended with one of these verdicts; its user first, by whom databases find the row."""
    chosen = sa.or_(*(ENDED.c.verdict == one for one in verdicts))
    account = sa.exists().where(ENDED.c.user_id == table.c.user_id, ENDED.c.account == layout.account(table), chosen)
    return sa.and_(table.c.user_id.in_(sa.select(ENDED.c.user_id).where(chosen)), account)


def _not_in(layout: Layout, table: sa.Table, run_id: str) -> ColumnElement[bool]:
    return ~sa.exists().where(
        ACCOUNTS.c.resource == layout.dataset.resource,
        ACCOUNTS.c.user_id == table.c.user_id,
        ACCOUNTS.c.account == layout.account(table),
        ACCOUNTS.c.run_id == run_id,
    )
