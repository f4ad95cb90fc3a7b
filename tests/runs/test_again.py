"""Reading again what failed: only that, each in its place, with everything that is known kept."""

from __future__ import annotations

import pickle

import pandas as pd
import pytest
from tests.worlds import opened

import socialconnect as sc
from socialconnect.runs.again import lacking
from socialconnect.sandbox import Sandbox

pytestmark = pytest.mark.looptime


def rows_of(run):
    return run.frame.groupby("user_id", sort=False).size().to_dict()


def asked_of(world, since):
    """(host, path) of what was asked after that many requests."""
    return [(one.host, one.path) for one in list(world.requests)[since:]]


@pytest.mark.parametrize("resource", ["github.repos", "notion.users", "google.profile"])
async def test_what_failed_is_read_again_and_stands_in_its_place(resource):
    """When the trouble is over, a retry gives the frame of a run that had none, and asks for nobody else."""
    provider = resource.partition(".")[0]
    async with opened(40) as (_, calm):
        whole = await calm.read(resource, on_error="ignore")
    async with opened(40, faults=[f"{provider}:server_error@0.6 x80"], settings={"attempts": 1}) as (world, client):
        run = await client.read(resource, on_error="ignore")
        assert len(run.errors) > len(whole.errors)
        runs = [run]
        while runs[-1].outcomes["reason"].eq("unavailable").any():
            runs.append(await client.retry(runs[-1], on_error="ignore"))
        assert len(runs) > 2
    last = runs[-1]
    pd.testing.assert_frame_equal(last.frame, whole.frame)
    ended = ["user_id", "external_account_id", "status", "reason", "rows"]
    assert last.outcomes[ended].astype(object).equals(whole.outcomes[ended].astype(object))
    assert len(last.trace) == len(world.requests)
    assert last.frame.attrs["complete"] is last.complete
    assert (last.resource, last.asked) == (run.resource, run.asked)


async def test_only_what_failed_is_asked_for():
    """Accounts that were read whole cost nothing at a retry, nor do those without a connection."""
    async with opened(40) as (world, client):
        run = await client.read("github.profile", on_error="ignore")
        before = len(world.requests)
        again = await client.retry(run, on_error="ignore")
        users = set(again.trace.frame()["user_id"].dropna().iloc[len(run.trace.frame().dropna(subset="user_id")) :])
    assert users == set(run.outcomes.query("status in ['failed', 'partial']")["user_id"])
    assert len(asked_of(world, before)) == len(again.trace) - len(run.trace)
    assert again.outcomes["status"].tolist() == run.outcomes["status"].tolist()


async def test_the_choices_of_the_run_hold_for_the_retry():
    """Columns, raw and parameters are those of the first reading."""
    async with opened(40, faults=["github:server_error@0.7 x60"], settings={"attempts": 1}) as (world, client):
        run = await client.read(
            "github.repos", columns=["full_name"], raw=True, on_error="ignore", visibility="public", sort="pushed"
        )
        before = len(world.requests)
        again = await client.retry(run, on_error="ignore")
    assert again.frame.columns.tolist() == ["user_id", "external_account_id", "full_name", "raw"]
    queries = [one.query for one in list(world.requests)[before:] if one.path == "/user/repos"]
    assert queries
    assert all("visibility=public" in query and "sort=pushed" in query for query in queries)


async def test_one_of_two_accounts_is_read_again_alone():
    """Where one of a user's accounts failed, the other one's rows stay, and it is not asked again."""
    async with opened(200) as (world, client):
        accounts = [one for one in world.world.having("github", "revoked") if one.ordinal]
        users = [world.world.user_id(accounts[0].user)]
        run = await client.read("github.profile", users, on_error="ignore")
        assert run.outcomes["status"].tolist() == ["ok", "failed"]
        again = await client.retry(run, on_error="ignore")
    assert again.outcomes["status"].tolist() == ["ok", "failed"]
    sent = again.trace.frame().iloc[len(run.trace) :].query("host == 'api.github.com'")
    assert set(sent["external_account_id"]) == {run.outcomes["external_account_id"][1]}
    pd.testing.assert_frame_equal(again.frame, run.frame)


async def test_a_listing_of_users_that_broke_off_is_gone_on_with():
    """Who was never reached is read by the retry, and nobody twice."""
    async with opened(1100) as (_, calm):
        whole = await calm.read("google.profile", on_error="ignore")
    world, failed = Sandbox(users=1100), []

    async def application(scope, receive, send):
        if b"starting_after" in scope["query_string"] and not failed:
            failed.append(scope["path"])
            await send({"type": "http.response.start", "status": 500, "headers": []})
            await send({"type": "http.response.body", "body": b"{}"})
        else:
            await world.app(scope, receive, send)

    async with opened(1100, application=application, settings={"attempts": 1}) as (_, client):
        run = await client.read("google.profile", on_error="ignore")
        assert run.outcomes["user_id"].isna().sum() == 1
        assert 0 < len(run.frame) < len(whole.frame)
        again = await client.retry(run, on_error="ignore")
    assert sorted(again.frame["user_id"]) == sorted(whole.frame["user_id"])
    assert again.outcomes["user_id"].notna().all()
    assert len(again.outcomes) == len(whole.outcomes)


async def test_nothing_to_retry_costs_nothing():
    """A run that was read whole is given back without a call."""
    async with opened(20) as (world, client):
        everybody = await client.read("google.profile", on_error="ignore")
        run = await client.read("google.profile", everybody.frame, on_error="ignore")
        assert run.complete
        before = len(world.requests)
        again = await client.retry(run)
        assert len(world.requests) == before
    pd.testing.assert_frame_equal(again.frame, run.frame)


def test_a_run_retries_itself_in_a_notebook():
    """`run.retry()` needs no await; its result can be retried as well."""
    client = sc.sandbox(users=30, faults=["google:malformed@0.8 x40"])
    run = client.read("google.profile", on_error="ignore")
    again = run.retry()  # as quietly as it was read
    with pytest.warns(sc.PartialWarning):
        again = client.retry(again, on_error="warn")
    assert len(again.frame) > len(run.frame)
    assert len(again.outcomes) == len(run.outcomes)


def test_runs_of_several_resources_are_retried_as_they_were_read():
    """What was read with a warning is retried with one, though several resources were read at once."""
    client = sc.sandbox(users=30, faults=["google:malformed@0.9"])
    with pytest.warns(sc.PartialWarning):
        runs = client.read_all(["google.profile"], on_error="warn")
    with pytest.warns(sc.PartialWarning):
        runs["google.profile"].retry()


def test_a_pickled_run_has_no_client():
    """A run can be kept; to be retried it is passed to a client."""
    client = sc.sandbox(users=10)
    run = client.read("google.profile", on_error="ignore")
    kept = pickle.loads(pickle.dumps(run))
    pd.testing.assert_frame_equal(kept.frame, run.frame)
    with pytest.raises(sc.UsageError, match=r"client\.retry\(run\)"):
        kept.retry()
    assert len(client.retry(kept, on_error="ignore").outcomes) == len(run.outcomes)


def test_categories_are_united():
    """A retry that brings new values of a category keeps the dtype."""
    client = sc.sandbox(users=60, faults=["notion:malformed@0.7 x30"], seed=3)
    run = client.read("notion.users", on_error="ignore")
    again = client.retry(run, on_error="ignore")
    assert len(again.frame) > len(run.frame)
    assert str(again.frame["type"].dtype) == "category"


async def test_those_named_alone_are_read_again_also_without_a_connection():
    """`users` limits a retry to whom it names; one who has connected since is read, everybody else stays as before."""
    async with opened(40) as (world, client):
        run = await (await client.plan("notion.users")).run(on_error="ignore")
        troubled = run.outcomes.query("status not in ['ok', 'empty']")
        who = troubled.query("reason == 'not_connected'")["user_id"].iloc[0]
        attempt = await client.connect(who, "notion")
        world.visitor().consent(attempt.link, user=who, provider="notion")
        await attempt.finished()
        before = len(world.requests)
        again = await client.retry(run, who, on_error="ignore")
        paths = {path for _, path in asked_of(world, before) if path.startswith("/v1/users/user_")}
        before = len(world.requests)
        same = await client.retry(run, run.outcomes.query("status == 'ok'").head(3), on_error="ignore")
        assert len(world.requests) == before
    assert {path.split("/")[3] for path in paths} == {who}
    changed = again.outcomes[again.outcomes["status"] != run.outcomes["status"]]
    assert changed[["user_id", "status"]].to_numpy().tolist() == [[who, "ok"]]
    assert set(again.frame["user_id"]) - set(run.frame["user_id"]) == {who}
    pd.testing.assert_frame_equal(same.frame, run.frame)


async def test_a_listing_that_broke_off_stays_so_for_those_named():
    """A retry of some users does not go on with the listing, and does not forget that it broke off."""
    async with opened(1200, faults=["clerk:malformed@0.5"]) as (_, client):
        run = await client.read("github.profile", on_error="ignore")
        broken = [one for one in run.ended if one.user_id is None]
        assert broken
        again = await client.retry(run, "user_2nobody", on_error="ignore")
    assert [one for one in again.ended if one.user_id is None] == broken


async def test_whoever_never_finished_connecting_is_read_by_whatever_they_have_then():
    """Connecting again may give another account: the user is read, and not the account that was never finished."""
    async with opened(60) as (_, client):
        run = await (await client.plan("google.profile")).run(on_error="ignore")
    unfinished = next(one for one in run.ended if one.error and "never finished" in one.error.message)
    assert unfinished.external_account_id
    mine = lacking(run, [str(unfinished.user_id)])
    assert {(one.user_id, one.external_account_id) for one in mine} == {(unfinished.user_id, None)}
