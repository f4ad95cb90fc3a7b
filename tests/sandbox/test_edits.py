"""A world that changes between two readings: what people edit, delete and add at their providers."""

from __future__ import annotations

import pytest
from tests.worlds import opened, user_of

from socialconnect.errors import UnknownName, UsageError
from socialconnect.sandbox import Sandbox


async def rows(client, name, user, **arguments):
    """What one user has of a resource."""
    run = await client.read(name, user, **arguments)
    return run.frame.to_dict("records")


@pytest.mark.parametrize("name", ["github.repos", "google.files", "google.contacts", "linear.issues", "tiktok.videos"])
async def test_what_is_deleted_vanishes_and_what_is_added_is_there(name):
    """The others stay as they were, in whichever order they are listed."""
    async with opened(60, limits=False) as (world, client):
        user = user_of(world, name.partition(".")[0])
        key = client.connectors.resource(name)[0].resource(name.partition(".")[2]).key[0]
        before = {row[key]: row for row in await rows(client, name, user)}
        world.change(user, name, delete=[0], add=2)
        after = {row[key]: row for row in await rows(client, name, user)}
        assert len(after) == len(before) + 1
        assert len({*before} - {*after}) == 1
        kept = {*before} & {*after}
        assert {one: str(after[one]) for one in kept} == {one: str(before[one]) for one in kept}


async def test_what_is_edited_says_when():
    """The columns that were given have their values, `changed` the world's time, and the rest stays."""
    async with opened(60, limits=False) as (world, client):
        user = user_of(world, "github")
        before = {row["id"]: row for row in await rows(client, "github.repos", user)}
        world.change(user, "github.repos", edit={1: {"description": "mended", "owner_login": "somebody"}})
        changed = [row for row in await rows(client, "github.repos", user) if row["description"] == "mended"]
        [row] = changed
        old = before[row["id"]]
        assert row["owner_login"] == "somebody"
        assert row["updated_at"] > old["updated_at"]
        assert row["full_name"] == old["full_name"]


async def test_changes_add_up():
    """A second change leaves the first one's as it was."""
    async with opened(60, limits=False) as (world, client):
        user = user_of(world, "gitlab")
        count = len(await rows(client, "gitlab.issues", user))
        world.change(user, "gitlab.issues", edit={1: {"title": "first"}}, add=1)
        world.change(user, "gitlab.issues", edit={1: {"description": "second"}}, delete=[0], add=1)
        found = await rows(client, "gitlab.issues", user)
        assert len(found) == count + 1
        assert [row["title"] for row in found if row["description"] == "second"] == ["first"]


async def test_a_change_is_of_one_account_and_one_parent():
    """Nobody else sees it, and no other listing of the same account."""
    async with opened(60, limits=False) as (world, client):
        user = user_of(world, "xero")
        before = await rows(client, "xero.invoices", user)
        tenant = before[0]["tenant_id"]
        world.change(user, "xero.invoices", delete=[0], parent=tenant)
        after = await rows(client, "xero.invoices", user)
        assert [row["tenant_id"] for row in before if row not in after] == [tenant]
        everybody = [one.eac for one in world.world.having("xero", "healthy")]
        assert {where[0] for where in world.world.edits} <= {*everybody}
        assert len(world.world.edits) == 1


@pytest.mark.parametrize(
    ("resource", "change", "error", "match"),
    [
        ("github.repos", {"delete": [9_999]}, UsageError, "no record at the place 9999"),
        ("github.repos", {"edit": {0: {"colour": "blue"}}}, UnknownName, "no column 'colour'"),
        ("github.gifts", {"add": 1}, UnknownName, "no resource 'gifts'"),
        ("github.emails", {"add": 1}, UsageError, "cannot change github.emails"),
        ("box.folder_items", {"add": 1}, UsageError, "has not connected 'box'"),
    ],
)
def test_what_cannot_be_changed_is_refused(resource, change, error, match):
    """A place, a column or a resource that is not there, one that is not kept in parts, or nobody's account."""
    world = Sandbox(users=60)
    github = next(
        one for one in world.world.having("github", "healthy") if "box" not in world.world.situation(one.user)
    )
    with pytest.raises(error, match=match):
        world.change(world.world.user_id(github.user), resource, **change)
    assert world.world.edits == {}


EVENTS = "https://www.googleapis.com/calendar/v3/calendars/primary/events"


async def test_google_takes_its_own_tokens_alone(visit):
    """Refused: one that it never gave, another listing's, one beside a time; too old ones by 410, at People by 400."""
    visitor = visit(users=60)
    account = visitor.first("google", "healthy")
    listed = (await visitor.read(account, "https://www.googleapis.com/calendar/v3/users/me/calendarList")).json()
    own = (await visitor.read(account, f"{EVENTS}?maxResults=100")).json()
    while "nextPageToken" in own:
        own = (await visitor.read(account, f"{EVENTS}?maxResults=100&pageToken={own['nextPageToken']}")).json()
    token = own["nextSyncToken"]
    assert (await visitor.read(account, f"{EVENTS}?syncToken={token}")).json()["items"] == []
    for query in ("syncToken=x", f"syncToken={listed['nextSyncToken']}", f"syncToken={token}&q=blue"):
        assert (await visitor.read(account, f"{EVENTS}?{query}")).status_code == 400
    visitor.sandbox.expire_sync_tokens()
    expired = await visitor.read(account, f"{EVENTS}?syncToken={token}")
    assert (expired.status_code, expired.json()["error"]["errors"][0]["reason"]) == (410, "fullSyncRequired")
    people = "https://people.googleapis.com/v1/people/me/connections?personFields=names"
    old = await visitor.read(account, f"{people}&syncToken=sync-contacts-{account.compact:x}-0.0")
    assert (old.status_code, old.json()["error"]["details"][0]["reason"]) == (400, "EXPIRED_SYNC_TOKEN")
    assert "nextSyncToken" not in (await visitor.read(account, people)).json()
