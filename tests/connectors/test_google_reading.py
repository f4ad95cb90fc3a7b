"""Google's resources through the whole client, on the sandbox."""

from dataclasses import replace

import pandas as pd
import pytest
from tests.worlds import accounts_of, opened, user_of

from socialconnect.connectors.google import connector
from socialconnect.errors import MissingScope, RateLimited
from socialconnect.sandbox import google_mail

pytestmark = pytest.mark.looptime

GMAIL = "gmail.googleapis.com"


def singly():
    """Google's connector without bundles."""
    return replace(
        connector,
        resources=tuple(
            replace(one, further=replace(one.further, batch=None)) if one.further else one
            for one in connector.resources
        ),
    )


@pytest.fixture
def many(monkeypatch):
    """Every mailbox has a thousand messages."""
    monkeypatch.setattr(google_mail, "_count", lambda *_: 1000)


needs_many = pytest.mark.usefixtures("many")


@needs_many
async def test_a_thousand_messages_bundled():
    """A thousand messages take twenty bundles beside their pages, and no more than 300 go out in a minute."""
    async with opened(20) as (world, client):
        run = await client.read("google.messages", user_of(world, "google"), include_spam_trash=True)
    asked = [one for one in world.requests.last if one.host == GMAIL]
    bundles = [one for one in asked if one.method == "POST"]
    pages = [one for one in asked if one.path.endswith("/messages")]
    singles = [one for one in asked if one.path.rpartition("/")[0].endswith("/messages")]
    assert (len(run.frame), len(pages), len(bundles), len(singles)) == (1000, 11, 20, 1)
    assert [one.status for one in singles] == [404]  # the message that was deleted meanwhile
    assert run.outcomes["status"].tolist() == ["ok"]
    minutes = (asked[-1].at - asked[0].at) / 60
    assert 3 <= minutes < 4
    for end in bundles:
        assert sum(50 for one in bundles if end.at - 60 < one.at <= end.at) <= 300


@needs_many
async def test_a_thousand_messages_singly():
    """Without bundles the same thousand rows take a request each, in the same time."""
    async with opened(20) as (world, client):
        bundled = await client.read("google.messages", user_of(world, "google"), include_spam_trash=True)
    async with opened(20, connectors=[singly()]) as (world, client):
        run = await client.read("google.messages", user_of(world, "google"), include_spam_trash=True)
    asked = [one for one in world.requests.last if one.host == GMAIL]
    assert {one.method for one in asked} == {"GET"}
    assert len(asked) == 1000 + 11
    assert world.requests.peak <= 11
    pd.testing.assert_frame_equal(run.frame, bundled.frame, check_flags=False)


@needs_many
async def test_what_the_list_has_is_not_asked_for_again():
    """Who wants ids alone spends the pages of the list and nothing more; raw, or any other column, takes details."""
    async with opened(20) as (world, client):
        user = user_of(world, "google")
        whole = await client.frame("google.messages", user, columns=["id", "snippet"], include_spam_trash=True)
        before = len(world.requests)
        ids = await client.frame("google.messages", user, columns=["id", "thread_id"], include_spam_trash=True)
        asked = [one for one in list(world.requests)[before:] if one.host == GMAIL]
        assert {one.method for one in asked} == {"GET"}
        assert len(asked) == 11
        before = len(world.requests)
        await client.frame("google.messages", user, columns=["id"], raw=True, include_spam_trash=True)
        assert "POST" in {one.method for one in list(world.requests)[before:] if one.host == GMAIL}
    assert ids["id"].tolist() == whole["id"].tolist()


@needs_many
async def test_a_message_that_is_gone_keeps_its_row():
    """A message that was deleted between the list and its turn is there with its ids, and nothing else."""
    async with opened(20) as (world, client):
        frame = await client.frame("google.messages", user_of(world, "google"), include_spam_trash=True)
    gone = frame[frame["internal_date"].isna()]
    assert len(gone) == 1
    kept = gone.drop(columns=["user_id", "external_account_id"]).iloc[0].dropna()
    assert kept.index.tolist() == ["id", "thread_id"]


@pytest.mark.parametrize("fault", ["throttled", "throttled_silently", "server_error", "dropped", "malformed"])
@pytest.mark.parametrize("name", ["labels", "messages"])
async def test_troubled_bundles_lose_nothing(fault, name):
    """Whatever befalls bundles, their parts or single requests: the rows are those of a calm day."""
    async with opened(40) as (world, client):
        calm = await client.read(f"google.{name}", on_error="ignore")
    async with opened(40, faults=[f"google:{fault}@0.15"], settings={"attempts": 12}) as (world, client):
        shaken = await client.read(f"google.{name}", on_error="ignore")
    ended = shaken.outcomes.set_index("external_account_id")["status"]
    broken = set(ended[ended == "failed"].index) - set(calm.outcomes.query("status == 'failed'")["external_account_id"])
    assert not broken or fault == "malformed"  # a broken listing is its account's error, never fewer rows
    kept = calm.frame[~calm.frame["external_account_id"].isin(broken)].reset_index(drop=True)
    rows = shaken.frame[~shaken.frame["external_account_id"].isin(broken)].reset_index(drop=True)
    pd.testing.assert_frame_equal(rows, kept, check_flags=False, check_categorical=False)
    assert world.requests.hosts[GMAIL] > 40


async def test_a_dead_token_in_the_middle_is_renewed():
    """A token that is dead at first is fetched again, and the mail is read."""
    async with opened(200) as (world, client):
        run = await client.read("google.messages", user_of(world, "google", "stale"))
    assert run.complete
    assert len(run.frame) > 0


async def test_events_are_read_of_every_calendar():
    """All calendars of an account, hidden ones too, each event with its calendar and the calendar's zone."""
    async with opened(60) as (world, client):
        user = user_of(world, "google", "large")
        calendars = await client.frame("google.calendars", user)
        run = await client.read("google.events", user)
        named = await client.frame("google.events", user, calendar="primary")
    events = run.frame
    assert set(events["calendar"]) == set(calendars["id"])
    assert not events.duplicated(["calendar", "id"]).any()
    zones = calendars.set_index("id")["time_zone"].to_dict()
    assert (events["calendar_time_zone"] == events["calendar"].map(zones)).all()
    own = calendars.loc[calendars["primary"], "id"].iloc[0]
    assert set(named["id"]) == set(events.loc[events["calendar"] == own, "id"])
    assert set(named["calendar"]) == {"primary"}
    days = events[events["all_day"]]
    assert len(days) > 10
    assert days["start"].isna().all()
    assert days["start_date"].str.fullmatch(r"\d{4}-\d\d-\d\d").all()
    assert events.loc[~events["all_day"] & (events["status"] != "cancelled"), "start"].notna().all()
    assert str(events["start"].dtype) == "datetime64[us, UTC]"


async def test_a_calendar_that_is_gone_concerns_itself_alone():
    """A calendar that was deleted since it was shared makes the account partial; its other events are there."""
    async with opened(200) as (_, client):
        everything = await client.frame("google.calendars", on_error="ignore")
        user = everything.loc[everything["id"] == "gone@group.calendar.google.com", "user_id"].iloc[0]
        run = await client.read("google.events", user, on_error="ignore")
    assert run.outcomes["status"].tolist() == ["partial"]
    assert "gone@group.calendar.google.com" in run.outcomes["cut"].iloc[0]
    assert len(run.frame) > 0


async def test_an_incomplete_search_is_told():
    """Where Google Drive did not search everything, the account is partial, and only where it says so."""
    async with opened(60) as (_, client):
        run = await client.read("google.files", corpora="allDrives", on_error="ignore")
        usual = await client.read("google.files", on_error="ignore")
    told = run.outcomes.loc[run.outcomes["status"] == "partial", "cut"]
    assert 0 < len(told) < len(run.outcomes) / 2
    assert told.str.contains("did not search everything").all()
    assert "partial" not in set(usual.outcomes["status"])


async def test_a_search_of_mail_needs_its_scope():
    """A narrow account lists its mail, but to search it another scope is asked for."""
    async with opened(200) as (world, client):
        user = user_of(world, "google", "narrow")
        assert (await client.read("google.messages", user)).complete
        with pytest.raises(MissingScope) as caught:
            await client.frame("google.messages", user, q="from:ada")
    assert caught.value.context["required"] == (f"{google_mail.AUTH}gmail.readonly",)
    assert f"{google_mail.AUTH}gmail.metadata" in caught.value.context["granted"]


async def test_what_scopes_do_not_show_is_told():
    """A person without the scopes for birthdays and phones is read, and the outcome says what is not shown."""
    async with opened(60) as (world, client):
        run = await client.read("google.person", user_of(world, "google"), on_error="ignore")
    assert run.outcomes["status"].tolist() == ["ok"]
    assert "further e-mail addresses" in run.outcomes["narrowed"].iloc[0]
    assert "names and photos" not in run.outcomes["narrowed"].iloc[0]


@pytest.mark.parametrize("name", ["person", "contacts", "calendars", "events", "files", "labels", "messages"])
async def test_each_row_is_its_account_s(name):
    """Read side by side, every account's rows are those that it has alone."""
    async with opened(60) as (world, client):
        together = await client.read(f"google.{name}", on_error="ignore")
        for account in accounts_of(world, "google")[:4]:
            user = world.world.user_id(account.user)
            alone = await client.frame(f"google.{name}", user, on_error="ignore")
            mine = together.frame[together.frame["user_id"] == user].reset_index(drop=True)
            pd.testing.assert_frame_equal(mine, alone, check_flags=False, check_categorical=False)
    assert together.frame["user_id"].nunique() > 25


@needs_many
async def test_waiting_longer_than_allowed_says_when():
    """Where the limit on messages asks for more patience than is allowed, the error says when to come back."""
    async with opened(20, settings={"max_wait": 20}) as (world, client):
        with pytest.raises(RateLimited) as caught:
            await client.frame("google.messages", user_of(world, "google"))
    assert 20 < caught.value.context["retry_after"] <= 61
