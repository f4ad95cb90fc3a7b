"""Many users in one call: each row its owner's, each user an outcome, within every limit."""

import asyncio
import warnings
from collections import Counter

import pandas as pd
import pytest
from tests.worlds import RESOURCES, accounts_of, client_of, opened, user_of

import socialconnect as sc
from socialconnect.sandbox import Sandbox

pytestmark = pytest.mark.looptime
CLERK = "api.clerk.com"


def owners(frame, name):
    """Whose each row says it is: the mark that the sandbox puts into every record."""
    match name:
        case "github.repos":
            return frame["owner_login"]
        case "google.profile":
            return frame["id"]
    return frame["person_email"].fillna(frame["name"]).str.extract(r"(eac_\w+)", expand=False)


def marks(world):
    return {account.eac: account.mark for index in range(world.world.users) for account in world.world.accounts(index)}


@pytest.mark.parametrize("name", RESOURCES)
async def test_every_row_belongs_to_the_account_that_read_it(name):
    """A thousand users read at once: no row is under another's name, none is lost, no limit is touched."""
    async with opened(1000) as (world, client):
        run = await client.read(name, on_error="ignore")
    found = owners(run.frame, name)
    told = found.notna()  # at Notion, bots name nobody
    assert told.sum() > 600
    expected = run.frame["external_account_id"].map(marks(world))
    assert (found[told] == expected[told]).all()
    users = run.frame["external_account_id"].map(lambda eac: world.world.user_id(world.world.find_account(eac).user))
    assert (users == run.frame["user_id"]).all()
    assert world.requests.throttled.total() == 0
    assert world.requests.peak <= 2 * client.settings.concurrency  # two hosts: Clerk and the provider
    assert run.outcomes["rows"].sum() == len(run.frame)
    counted = run.frame.groupby("external_account_id").size()
    told_rows = run.outcomes[run.outcomes["rows"] > 0].set_index("external_account_id")["rows"]
    assert counted.sort_index().tolist() == told_rows.sort_index().tolist()


async def test_three_resources_at_once_stay_within_clerks_budget():
    """One call reads three resources of a thousand users: each row is its owner's, within Clerk's limit."""
    world = Sandbox(users=1000)
    async with client_of(world) as client:
        runs = await client.read_all(RESOURCES, on_error="ignore")
    assert list(runs) == list(RESOURCES)
    assert sum(len(run.outcomes) for run in runs.values()) > 2000
    for name, run in runs.items():
        found, expected = owners(run.frame, name), run.frame["external_account_id"].map(marks(world))
        assert (found.dropna() == expected[found.notna()]).all()
    times = sorted(served.at for served in world.requests if served.host == CLERK)
    assert len(times) > 2000
    assert all(later - earlier > 10 for earlier, later in zip(times, times[1000:], strict=False))
    assert world.requests.throttled.total() == 0


async def test_rows_come_in_the_order_of_the_users():
    """However answers arrive, rows stand newest user first, as users() lists them."""
    async with opened(300, faults=["github:slow@0.3"]) as (world, client):
        run = await client.read("github.repos", on_error="ignore")
    place = run.frame["user_id"].map(world.world.find_user)
    assert place.is_monotonic_increasing
    assert run.outcomes["user_id"].map(world.world.find_user).is_monotonic_increasing
    for _, rows in run.frame.groupby("external_account_id"):
        assert rows["full_name"].is_monotonic_increasing or len(rows) == 1


async def test_the_same_world_gives_the_same_frame():
    """Two reads differ in nothing, though their requests went in another order."""
    async with opened(120) as (_, client):
        frames = [(await client.read("github.repos", on_error="ignore")).frame for _ in range(2)]
    pd.testing.assert_frame_equal(*frames, check_flags=False)


async def test_a_list_of_ids_is_read_in_its_order():
    """Users come in the order given, each once though named twice."""
    async with opened(60) as (world, client):
        ids = [world.world.user_id(account.user) for account in accounts_of(world, "google")[:6]][::-1]
        run = await client.read("google.profile", [*ids, *ids[:2]])
    assert run.frame["user_id"].tolist() == ids
    assert run.outcomes["user_id"].tolist() == ids
    assert run.complete


async def test_part_of_a_users_frame_is_read():
    """A filtered users() frame chooses, in its order."""
    async with opened(60) as (_, client):
        users = await client.users()
        chosen = users[users["providers"].map(lambda names: "oauth_google" in names)].sort_values("created_at").head(9)
        run = await client.read("google.profile", chosen, on_error="ignore")
    assert run.outcomes["user_id"].drop_duplicates().tolist() == chosen["user_id"].tolist()


async def test_rows_of_accounts_name_single_accounts():
    """An accounts() row reads that account alone, though its user has two of the provider."""
    async with opened(400) as (world, client):
        two = next(
            world.world.user_id(index)
            for index in range(400)
            if world.world.situation(index).get("github") == ("healthy", "healthy")
        )
        accounts = await client.accounts([two])
        github = accounts[accounts["provider"] == "github"]
        assert len(github) == 2
        both = await client.read("github.repos", two)
        second = await client.read("github.repos", github.iloc[[1]])
    assert both.outcomes["external_account_id"].tolist() == github["external_account_id"].tolist()
    assert (both.outcomes["rows"] > 0).all()
    name = github["external_account_id"].iloc[1]
    assert second.outcomes["external_account_id"].tolist() == [name]
    pd.testing.assert_frame_equal(
        second.frame,
        both.frame[both.frame["external_account_id"] == name].reset_index(drop=True),
        check_categorical=False,
    )


async def test_one_user_raises_the_error_itself():
    """For one user there is no warning and no group: the error that says what to do is raised."""
    async with opened(200) as (world, client):
        for situation, error in (
            ("revoked", sc.ReconnectNeeded),
            ("unrefreshable", sc.ReconnectNeeded),
            ("unconsented", sc.ReconnectNeeded),
            ("refused", sc.ReconnectNeeded),
            ("untokened", sc.ReconnectNeeded),
            ("underscoped", sc.MissingScope),
            ("unverified", sc.NotConnected),
        ):
            user = user_of(world, "google", situation)
            with pytest.raises(error) as caught:
                await client.frame("google.profile", user)
            assert caught.value.user_id == user
            assert caught.value.cure
        with pytest.raises(sc.UserNotFound, match="production share no users"):
            await client.frame("google.profile", "user_2nobody")


async def test_many_users_give_one_warning_that_counts():
    """What went wrong for some is one warning: how many of how many, and why."""
    async with opened(200) as (_, client):
        with pytest.warns(sc.PartialWarning) as caught:
            run = await client.read("google.profile")
    assert len(caught) == 1
    text = str(caught[0].message)
    bad = run.outcomes[~run.outcomes["status"].isin(["ok", "empty"])]
    assert f"{len(bad)} of {len(run.outcomes)} accounts" in text
    for reason, count in Counter(bad["reason"]).items():
        assert f"{count} {reason}" in text


async def test_nothing_is_warned_of_where_all_went_well():
    """A run without trouble is silent and complete."""
    async with opened(60) as (world, client):
        ids = [user_of(world, "google"), user_of(world, "google", "narrow")]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            run = await client.read("google.profile", ids)
    assert run.complete
    assert run.frame.attrs["complete"] is True
    assert run.problems == ""


async def test_raise_gives_a_group_of_all_errors():
    """With on_error="raise", every account's error is in one group."""
    async with opened(200) as (_, client):
        expected = (await client.read("google.profile", on_error="ignore")).errors
        with pytest.raises(ExceptionGroup) as caught:
            await client.read("google.profile", on_error="raise")
    assert Counter(map(type, caught.value.exceptions)) == Counter(map(type, expected))


async def test_a_frame_says_that_it_is_not_whole():
    """`attrs["complete"]` tells a frame that lacks somebody from one that does not."""
    async with opened(200) as (_, client):
        run = await client.read("google.profile", on_error="ignore")
    assert run.frame.attrs["complete"] is run.complete is False


async def test_each_situation_ends_as_it_should():
    """Every way in which an account can fare is told in its own outcome."""
    expected = {
        "healthy": ("ok", None),
        "large": ("ok", None),
        "narrow": ("ok", None),
        "stale": ("ok", None),
        "empty": ("empty", None),
        "underscoped": ("ok", None),  # GitHub lists what is public with any scope; see test_situations.py
        "revoked": ("failed", "reconnect_needed"),
        "unrefreshable": ("failed", "reconnect_needed"),
        "unconsented": ("failed", "reconnect_needed"),
        "refused": ("failed", "reconnect_needed"),
        "untokened": ("failed", "reconnect_needed"),
        "unverified": ("skipped", "not_connected"),
    }
    async with opened(400) as (world, client):
        run = await client.read("github.repos", on_error="ignore")
    seen = set()
    for row in run.outcomes.itertuples():
        account = (
            world.world.find_account(row.external_account_id) if isinstance(row.external_account_id, str) else None
        )
        situation = account.situation if account else None
        if account is None:  # Clerk had no token: the listing alone knows the account
            situation = world.world.situation(world.world.find_user(row.user_id))["github"][0]
        seen.add(situation)
        reason = None if pd.isna(row.reason) else row.reason
        assert (row.status, reason) == expected[situation], situation
        assert row.status in ("ok", "empty") or (row.cure and row.message)
    assert seen == set(expected)


async def test_a_dead_token_is_fetched_again_once():
    """A token that the provider refuses is asked for once more: one more call of Clerk, one more of the provider."""
    async with opened(200) as (world, client):
        user = user_of(world, "github", "stale")
        run = await client.read("github.profile", user)
        assert run.complete
        asked = Counter((served.host, served.status) for served in world.requests)
        assert asked == {(CLERK, 200): 2, ("api.github.com", 401): 1, ("api.github.com", 200): 1}
        assert run.trace.frame()["then"].tolist() == ["goon", "refetch", "goon", "goon"]


async def test_a_revoked_token_is_not_asked_for_for_ever():
    """A provider that refuses the second token too ends the account: it must be connected again."""
    async with opened(200) as (world, client):
        user = user_of(world, "github", "revoked")
        with pytest.raises(sc.ReconnectNeeded):
            await client.frame("github.profile", user)
        assert Counter(served.host for served in world.requests) == {CLERK: 2, "api.github.com": 2}


async def test_an_unfinished_connection_is_skipped_without_a_call():
    """Where the listing tells that a user never finished connecting, nobody is asked for a token."""
    async with opened(200) as (world, client):
        run = await client.read("google.profile", on_error="ignore")
        unfinished = {world.world.user_id(account.user) for account in accounts_of(world, "google", "unverified")}
        skipped = run.outcomes[run.outcomes["status"] == "skipped"]
        assert set(skipped["user_id"]) == unfinished
        assert skipped["requests"].sum() == 0


class Failing:
    """A world whose GitHub fails for good from the second page on."""

    def __init__(self, world):
        self.world = world

    async def __call__(self, scope, receive, send):
        if b"page=2" in scope["query_string"] or b"page=3" in scope["query_string"]:
            body = b'{"message": "You may not see this"}'
            await send({"type": "http.response.start", "status": 403, "headers": []})
            await send({"type": "http.response.body", "body": body})
            return
        await self.world.app(scope, receive, send)


async def test_rows_read_before_an_error_are_kept():
    """An account that fails midway through its pages keeps what was read, as a partial outcome that names the error."""
    world = Sandbox(users=200)
    async with client_of(world, application=Failing(world)) as client:
        user = user_of(world, "github", "large")
        with pytest.raises(sc.AccessDenied):
            await client.frame("github.repos", user)
        run = await client.read("github.repos", user, on_error="ignore")
    assert len(run.frame) == 100
    outcome = run.outcomes.iloc[0]
    assert (outcome["status"], outcome["reason"], outcome["rows"], outcome["pages"]) == (
        "partial",
        "access_denied",
        100,
        1,
    )


class Broken:
    """A world whose Clerk fails for good from the second page of users on."""

    def __init__(self, world):
        self.world = world

    async def __call__(self, scope, receive, send):
        if b"starting_after" in scope["query_string"]:
            await send({"type": "http.response.start", "status": 500, "headers": []})
            await send({"type": "http.response.body", "body": b"{}"})
            return
        await self.world.app(scope, receive, send)


async def test_a_listing_that_breaks_off_keeps_what_was_read():
    """When Clerk fails on the second page of users, the first page's are read and the gap is told."""
    world = Sandbox(users=700)
    async with client_of(world, application=Broken(world)) as client:
        with pytest.warns(sc.PartialWarning, match="the listing of users"):
            run = await client.read("google.profile")
    assert not run.complete
    last = run.outcomes.iloc[-1]
    assert (pd.isna(last["user_id"]), last["status"], last["reason"]) == (True, "failed", "unavailable")
    first_page = {world.world.user_id(index) for index in range(500)}
    assert set(run.outcomes["user_id"].dropna()) <= first_page
    assert len(run.frame) > 250


class Odd:
    """A world whose Clerk lists two records that are no users among the others."""

    def __init__(self, world):
        self.world = world

    async def __call__(self, scope, receive, send):
        async def changed(message):
            if scope["path"] == "/v1/users" and message["type"] == "http.response.body":
                message = {**message, "body": b'[{"first_name": "nobody"}, 7, ' + message["body"][1:]}
            elif scope["path"] == "/v1/users":
                kept = [pair for pair in message["headers"] if pair[0] != b"content-length"]
                message = {**message, "headers": kept}
            await send(message)

        await self.world.app(scope, receive, changed)


async def test_records_of_clerks_that_cannot_be_read_are_told():
    """Records that are no users cost nobody else, are counted, and are not asked for again by a retry."""
    world = Sandbox(users=30)
    async with client_of(Sandbox(users=30)) as calm:
        whole = await calm.read("google.profile", on_error="ignore")
    async with client_of(world, application=Odd(world)) as client:
        with pytest.warns(sc.PartialWarning, match="1 left_out"):
            run = await client.read("google.profile")
        before = len(world.requests)
        again = await client.retry(run, on_error="ignore")
        assert not [one for one in list(world.requests)[before:] if one.path == "/v1/users"]
    pd.testing.assert_frame_equal(run.frame, whole.frame)
    for found in (run, again):
        last = found.outcomes.iloc[-1]
        assert (pd.isna(last["user_id"]), last["status"], last["reason"]) == (True, "partial", "left_out")
        assert "2 users or accounts that Clerk listed could not be read" in last["message"]
        assert len(found.outcomes) == len(whole.outcomes) + 1


async def test_a_failing_clerk_is_tried_again():
    """Errors of Clerk's that pass do not cost a user."""
    async with opened(150, faults=["clerk:server_error@0.2"]) as (_, client):
        run = await client.read("google.profile", on_error="ignore")
    async with opened(150) as (_, client):
        calm = await client.read("google.profile", on_error="ignore")
    pd.testing.assert_frame_equal(run.frame, calm.frame, check_flags=False)
    assert run.outcomes["retries"].sum() > 0


async def test_a_wrong_key_ends_the_run_at_once():
    """What would meet every account is raised, not counted a thousand times."""
    world = Sandbox(users=50)
    async with client_of(world, secret_key="sandbox-another-key") as client:
        with pytest.raises(sc.InvalidKey, match="Dashboard"):
            await client.read("github.repos")
        with pytest.raises(sc.InvalidKey):
            await client.read("github.repos", [world.world.user_id(index) for index in range(50)])


async def test_every_outcome_is_watched_once():
    """`watch` is called for each account as it ends."""
    watched = []
    async with opened(100) as (_, client):
        run = await client.read("github.repos", on_error="ignore", watch=watched.append)
    assert len(watched) == len(run.outcomes)
    assert {id(one) for one in watched} == {id(one) for one in run.ended}


async def test_nothing_runs_on_after_a_cancelled_read():
    """A read that is cancelled leaves no task and no request behind, and the client goes on working."""
    async with opened(300, faults=["slow"]) as (world, client):
        task = asyncio.create_task(client.read("github.repos", on_error="ignore"))
        await asyncio.sleep(9)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert world.requests._now == 0
        assert len(await client.users()) == 300
