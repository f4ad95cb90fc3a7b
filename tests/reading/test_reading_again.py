"""A listing that was read before: what it takes to know that nothing is new, and what comes when something is."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from tests.reading.readings import reading
from tests.worlds import accounts_of, opened, user_of

from socialconnect.connectors import Connectors
from socialconnect.reading.place import UNMARKED, Place, Start, parent_mark

ABLE = [
    f"{name}.{one.name}"
    for name, connector in Connectors(()).items()
    for one in connector.resources
    if one.etag or one.sync or one.since or one.newest is not None
]
# of these, users have nothing in this world, so that there is nothing to go on from
NOTHING = {"xero.users"}


@pytest.mark.parametrize("name", ABLE)
async def test_nothing_new_takes_one_request_for_a_listing_and_brings_no_row(name):
    """Read again, unchanged: each listing that has a mark is asked for its changes once, and there are none."""
    async with opened(400, limits=False) as (world, client):
        user = user_of(world, name.partition(".")[0])
        first = await reading(client, name, user)
        assert first.outcome.status == ("empty" if name in NOTHING else "ok")
        again = await reading(client, name, user, first.start)
        if name in NOTHING:
            return
        assert first.marks
        parents = [page.parent for page in again.pages if page.last]
        assert {parent for parent in parents if parent in first.marks} == {*first.marks}
        assert all(page.rows == 0 and not page.full for page in again.pages if page.parent in first.marks)
        assert {parent: mark for parent, mark in again.marks.items() if parent in first.marks} == first.marks
        assert again.outcome.status in ("ok", "empty")
        assert again.outcome.cut == ""
        if len(parents) == len(first.marks) == 1:
            further = name == "google.messages"  # the last one is listed again, and asked for, before it is known
            assert len([one for one in again.sent if one.resource == name]) == 1 + further


@pytest.mark.parametrize("name", ["github.repos", "google.contacts", "google.events", "google.files", "dropbox.files"])
async def test_a_user_of_many_rows_is_asked_once_too(name):
    """Hundreds of rows on several pages: what has changed since is one request, and nothing."""
    async with opened(400, limits=False) as (world, client):
        user = user_of(world, name.partition(".")[0], "large")
        first = await reading(client, name, user)
        assert len(first.rows) > 100
        again = await reading(client, name, user, first.start)
        assert len([one for one in again.sent if one.resource == name]) == len(first.marks)
        assert (again.rows, again.outcome.cut) == ([], "")


CHANGED = {
    "github.repos": ({3: {"description": "mended"}}, "description"),
    "google.files": ({3: {"name": "mended"}}, "name"),
    "gitlab.issues": ({3: {"title": "mended"}}, "title"),
    "linear.issues": ({3: {"title": "mended"}}, "title"),
    "xero.invoices": ({0: {"reference": "mended"}}, "reference"),
    "microsoft.messages": ({3: {"subject": "mended"}}, "subject"),
    "huggingface.models": ({3: {"sha": "mended"}}, "sha"),
    "bitbucket.repositories": ({0: {"description": "mended"}}, "description"),
    "google.contacts": ({3: {"etag": "mended"}}, "etag"),
    "google.events": ({1: {"summary": "mended"}}, "summary"),
    "dropbox.files": ({3: {"rev": "mended"}}, "rev"),
}


@pytest.mark.parametrize("name", CHANGED)
async def test_what_was_changed_comes_alone(name):
    """One record of many is edited, and it is what the next reading brings; the one after that brings nothing."""
    provider = name.partition(".")[0]
    situation = "large" if name == "github.repos" else "healthy"  # a page that holds all is confirmed, or comes whole
    edit, column = CHANGED[name]
    async with opened(400, limits=False) as (world, client):
        user = user_of(world, provider, situation)
        first = await reading(client, name, user)
        parents = (
            {row[client.connectors[provider].resource(name.partition(".")[2]).parent.name] for row in first.rows}
            if provider in ("xero", "bitbucket")
            else {""}
        )
        world.change(user, name, edit=edit, parent=str(min(parents)))
        again = await reading(client, name, user, first.start)
        assert [row[column] for row in again.rows] == ["mended"]
        assert False in again.full
        third = await reading(client, name, user, Start(marks={**first.marks, **again.marks}))
        assert third.rows == []


@pytest.mark.parametrize("name", ["github.repos", "gitlab.issues", "tiktok.videos", "google.events"])
async def test_what_was_added_comes_alone(name):
    """A new record is the one that the next reading brings."""
    provider = name.partition(".")[0]
    situation = "large" if name == "github.repos" else "healthy"
    async with opened(400, limits=False) as (world, client):
        user = user_of(world, provider, situation)
        first = await reading(client, name, user)
        world.change(user, name, add=1)
        again = await reading(client, name, user, first.start)
        known = {row["id"] for row in first.rows}
        assert len(again.rows) == 1
        assert again.rows[0]["id"] not in known


async def test_what_changed_on_a_page_that_holds_all_comes_with_the_others():
    """Its ETag is another one, so the whole listing is here, and says that it is: what is missing is gone."""
    async with opened(60, limits=False) as (world, client):
        user = user_of(world, "github")
        first = await reading(client, "github.repos", user)
        assert first.marks[""].etag
        world.change(user, "github.repos", delete=[2])
        again = await reading(client, "github.repos", user, first.start)
        assert (len(again.sent), len(again.rows), again.full) == (1, len(first.rows) - 1, [True])
        assert again.marks[""].etag not in ("", first.marks[""].etag)


async def test_a_304_costs_nothing_of_the_limit():
    """GitHub does not count it: as many requests are left after it as before."""
    async with opened(60) as (world, client):
        user = user_of(world, "github")
        first = await reading(client, "github.repos", user)
        again = await reading(client, "github.repos", user, first.start)
        [before], [after] = first.sent, again.sent
        assert (after.status, after.left) == (304, before.left)
        assert again.outcome.status == "empty"


@pytest.mark.parametrize(
    ("name", "gone"),
    [
        ("google.contacts", ("deleted", True)),
        ("google.events", ("status", "cancelled")),
        ("dropbox.files", ("tag", "deleted")),
    ],
)
async def test_a_token_tells_what_is_gone(name, gone):
    """A deleted record comes once more, as the declaration says."""
    async with opened(400, limits=False) as (world, client):
        provider, _, resource = name.partition(".")
        user = user_of(world, provider)
        first = await reading(client, name, user)
        world.change(user, name, delete=[1])
        again = await reading(client, name, user, first.start)
        sync = client.connectors[provider].resource(resource).sync.gone
        assert [row[sync.column] for row in again.rows] == [gone[1]]
        assert (sync.column, sync.value) == gone
        by = sync.by or ("resource_name",) if name != "google.events" else ("id",)
        assert all(again.rows[0][one] in {row[one] for row in first.rows} for one in by)


@pytest.mark.parametrize("name", ["google.contacts", "google.calendars", "google.events", "dropbox.files"])
async def test_a_token_that_is_too_old_makes_it_read_everything(name):
    """The refusal costs one request of each listing; then all comes, with a token that holds."""
    async with opened(400, limits=False) as (world, client):
        user = user_of(world, name.partition(".")[0])
        first = await reading(client, name, user)
        world.expire_sync_tokens()
        again = await reading(client, name, user, first.start)
        assert again.rows == first.rows
        assert all(again.full)
        assert again.outcome.status == "ok"
        of_listing = [one for one in again.sent if one.resource == name]
        assert len(of_listing) == 2 * len(first.marks)
        assert (await reading(client, name, user, again.start)).rows == []


async def test_what_lies_within_the_look_back_is_asked_for_again():
    """A record that is seen late, with a time before the mark, comes as long as the look-back reaches there."""
    async with opened(400, limits=False) as (world, client):
        user = user_of(world, "gitlab")
        first = await reading(client, "gitlab.issues", user)
        times = [row["updated_at"] for row in first.rows if row["updated_at"]]
        mark = msgspec.structs.replace(first.marks[""], seen=())  # as if none of them had been seen
        near = Start(marks={"": mark}, look_back=timedelta(0))
        far = Start(marks={"": mark}, look_back=timedelta(days=3650))
        assert len((await reading(client, "gitlab.issues", user, near)).rows) == 1
        assert len((await reading(client, "gitlab.issues", user, far)).rows) == len(times) > 1


async def test_a_parent_that_is_new_is_read_whole():
    """Marks are kept by parent: one that has none was not there, and its listing is asked for as at first."""
    async with opened(400, limits=False) as (world, client):
        user = user_of(world, "github")
        first = await reading(client, "github.languages", user, columns=["repo", "language"])
        some = next(row["repo"] for row in first.rows)
        known = {parent: mark for parent, mark in first.marks.items() if parent != parent_mark(some)}
        again = await reading(client, "github.languages", user, Start(marks=known), columns=["repo", "language"])
        assert {row["repo"] for row in again.rows} == {some}
        assert [page.full for page in again.pages if page.parent == parent_mark(some)] == [True]


async def test_pages_side_by_side_end_with_the_mark_of_all_of_them():
    """The last page comes last, however fast it is, and has the latest time of every page."""
    async with opened(400, limits=False) as (world, client):
        user = user_of(world, "github", "large")
        side = await reading(client, "github.repos", user, width=8)
        turn = await reading(client, "github.repos", user, width=1)
        assert len(side.pages) > 2
        assert [page.last for page in side.pages] == [False] * (len(side.pages) - 1) + [True]
        assert side.marks == turn.marks
        assert side.marks[""].time == max(row["updated_at"] for row in side.rows)
        assert side.full == [True]


async def test_newest_first_stops_where_it_was():
    """Of several pages the first is enough, though the provider has more."""
    async with opened(400, limits=False) as (world, client):
        account = accounts_of(world, "tiktok", "large")[0]
        user = world.world.user_id(account.user)
        first = await reading(client, "tiktok.videos", user)
        assert len(first.sent) > 2
        again = await reading(client, "tiktok.videos", user, first.start)
        assert (len(again.sent), again.rows) == (1, [])
        assert again.pages[-1].after is None


async def test_a_listing_that_was_gone_on_with_says_that_it_does_not_know_its_beginning():
    """From a page in the middle no time is told, and it is not called full."""
    async with opened(400, limits=False) as (world, client):
        user = user_of(world, "gitlab", "large")
        first = await reading(client, "gitlab.issues", user, width=1)
        place = Place(first.pages[0].after.url, rows=first.pages[0].rows)
        rest = await reading(client, "gitlab.issues", user, Start(place))
        assert rest.rows == first.rows[first.pages[0].rows :]
        assert (rest.full, rest.marks) == ([False], {})


async def test_a_plain_reading_asks_for_no_token():
    """Where nobody wants to go on from it, Google is not made to prepare for it: that has a quota of its own."""
    async with opened(60, limits=False) as (world, client):
        user = user_of(world, "google")
        await client.google.contacts(user)
        plain = [one.query for one in world.requests if one.path.endswith("/connections")]
        assert len(plain) == 1
        assert "requestSyncToken" not in plain[0]
        await reading(client, "google.contacts", user)
        assert "requestSyncToken=true" in [one.query for one in world.requests][-1]


async def test_what_the_caller_narrows_is_not_widened_by_a_token():
    """A token brings every event: with a time of the caller's own, changes are asked for by a time."""
    async with opened(400, limits=False) as (world, client):
        user = user_of(world, "google")
        first = await reading(client, "google.events", user, calendar="primary", time_min="2026-06-01")
        world.change(user, "google.events", edit={0: {"summary": "mended"}})
        again = await reading(client, "google.events", user, first.start, calendar="primary", time_min="2026-06-01")
        [asked] = [one.query for one in world.requests if one.path.endswith("/events")][-1:]
        assert "updatedMin=" in asked
        assert "syncToken" not in asked
        assert len([row for row in again.rows if row["status"] != "cancelled"]) <= 1


async def test_a_cache_does_not_answer_who_asks_for_what_is_new():
    """It would give the rows again that are known: a reading that has the ETag itself asks past it."""
    async with opened(60, limits=False, settings={"cache": ":memory:"}) as (world, client):
        user = user_of(world, "github")
        first = await reading(client, "github.repos", user)
        again = await reading(client, "github.repos", user, first.start)
        assert (again.rows, [one.status for one in again.sent]) == ([], [304])
        plain = await reading(client, "github.repos", user)
        assert len(plain.rows) == len(first.rows)


async def test_a_reading_that_nobody_goes_on_from_has_no_marks():
    """A run's pages tell none, which takes work: only an export asks for them."""
    async with opened(60, limits=False) as (world, client):
        user = user_of(world, "github")
        found = await reading(client, "github.repos", user, UNMARKED)
        assert (found.marks, found.full) == ({}, [False])


async def test_columns_that_leave_out_the_time_still_have_a_token_or_an_etag():
    """Without the column that tells when a row changed no time is known, and the rest of the mark is."""
    async with opened(60, limits=False) as (world, client):
        user = user_of(world, "github")
        found = await reading(client, "github.repos", user, columns=["id"])
        assert found.marks[""].etag
        assert (found.marks[""].time, found.marks[""].seen) == ("", ())
