"""What a plan foretells, held against what the sandbox then counts; and what carrying it out gives."""

from __future__ import annotations

import asyncio
import pickle

import pytest
from tests.worlds import LIMIT, opened, user_of

import socialconnect as sc
from socialconnect.runs.tell import PartialWarning

pytestmark = pytest.mark.looptime
CORE = ("github.repos", "notion.users", "google.profile")
SLOW_CLERK = {"budgets": {"https://api.clerk.com": "100/10s"}}


def foretold(plan):
    """Requests by host: of the planning, and of the run."""
    return {call.host: call.requests + call.spent for call in plan.hosts}


def near(planned, counted, within=0.1):
    assert set(planned) == set(counted)
    for host, count in counted.items():
        assert abs(planned[host] - count) <= within * count, (host, planned[host], count)


@pytest.mark.parametrize(("users", "seed"), [(300, 0), (300, 1), (300, 2), (1000, 3)])
@pytest.mark.parametrize("name", CORE)
async def test_with_nothing_learned_the_declarations_are_near(name, users, seed):
    """The requests to each host, Clerk's listing among them, are right within a tenth before anything was read."""
    async with opened(users, seed=seed) as (world, client):
        plan = await client.plan(name)
        await plan.run(on_error="ignore")
        near(foretold(plan), world.requests.hosts)


@pytest.mark.parametrize("name", [*CORE, "github.issues", "google.events", "google.messages", "notion.rows"])
async def test_after_one_run_the_next_of_the_same_users_is_near(name):
    """What a run has taught holds for the next one of the same users, whatever a resource needs."""
    async with opened(100, seed=5, limits=False) as (world, client):
        await client.read(name, on_error="ignore")
        world.requests.clear()
        plan = await client.plan(name)
        assert "learned from" in plan.basis
        await plan.run(on_error="ignore")
        near(foretold(plan), world.requests.hosts)


@pytest.mark.parametrize("name", ["github.languages", "github.commits"])
async def test_what_is_known_of_each_accounts_parents_is_used(name):
    """Once the repositories were read, each account's own number of them foretells what its children take."""
    async with opened(100, seed=0, limits=False) as (world, client):
        await client.read("github.repos", on_error="ignore")
        ids = [world.world.user_id(index) for index in range(50)]
        plan = await client.plan(name, ids)  # a half, with fewer large accounts than the whole has
        world.requests.clear()
        await plan.run(on_error="ignore")
        planned = {call.host: call.requests for call in plan.hosts}
        near(planned, world.requests.hosts, within=0.1 if name == "github.languages" else 0.25)


async def test_an_account_that_was_read_before_takes_what_it_took():
    """Of accounts that differ much, the large ones alone are foretold as large."""
    async with opened(200, seed=0, limits=False) as (world, client):
        await client.read("github.languages", on_error="ignore")
        large = user_of(world, "github", "large")
        plan = await client.plan("github.languages", large)
        world.requests.clear()
        await plan.run(on_error="ignore")
        near({call.host: call.requests for call in plan.hosts}, world.requests.hosts)


@pytest.mark.parametrize("name", CORE)
async def test_what_some_users_taught_holds_for_others(name):
    """The figures of 300 users foretell those of the next 300."""
    async with opened(600) as (world, client):
        ids = [world.world.user_id(index) for index in range(600)]
        await client.read(name, ids[:300], on_error="ignore")
        world.requests.clear()
        plan = await client.plan(name, ids[300:])
        await plan.run(on_error="ignore")
        near(foretold(plan), world.requests.hosts)


async def test_fifty_users_are_within_a_few_requests():
    """Of few users chance decides: the figures are within a fifth, or six requests."""
    for seed in range(4):
        async with opened(50, seed=seed) as (world, client):
            for name in CORE:
                world.requests.clear()
                plan = await client.plan(name)
                await plan.run(on_error="ignore")
                for host, count in world.requests.hosts.items():
                    assert abs(foretold(plan)[host] - count) <= max(6, count / 5), (seed, name, host)


async def test_planning_costs_what_coverage_costs():
    """Everybody's plan asks Clerk for its users alone, and no provider for anything, however many resources."""
    async with opened(1300) as (world, client):
        await client.coverage("github.repos")
        cost = dict(world.requests.hosts)
        world.requests.clear()
        plan = await client.plan([*CORE])
        assert dict(world.requests.hosts) == cost
        assert plan.calls["spent"].sum() == sum(cost.values())


async def test_the_run_asks_for_no_listing():
    """Carrying it out asks for tokens and rows alone: who is to be read is known."""
    async with opened(60) as (world, client):
        plan = await client.plan("google.profile")
        world.requests.clear()
        await plan.run(on_error="ignore")
        assert not [one for one in world.requests if one.path == "/v1/users"]


@pytest.mark.parametrize(("users", "settings"), [(300, SLOW_CLERK), (2000, {})])
async def test_clerks_limit_decides_how_long_it_takes(users, settings):
    """The expected time of a run that Clerk's limit holds up is right within a tenth."""
    async with opened(users, settings=settings) as (_, client):
        plan = await client.plan("google.profile")
        loop = asyncio.get_running_loop()
        began = loop.time()
        await plan.run(on_error="ignore")
        took = loop.time() - began
    assert took > 5
    assert plan.seconds == pytest.approx(took, rel=0.1)


async def test_a_providers_limit_decides_how_long_it_takes():
    """A limit for everybody who calls a host counts, as 180 a minute."""
    budgets = {**LIMIT, "https://api.notion.com": "180/min"}
    async with opened(600, settings={"budgets": budgets}) as (_, client):
        plan = await client.plan("notion.users")
        [call] = [call for call in plan.hosts if call.host == "api.notion.com"]
        loop = asyncio.get_running_loop()
        began = loop.time()
        await plan.run(on_error="ignore")
        took = loop.time() - began
    assert call.limit == "180/min"
    assert call.rate == pytest.approx(3, rel=0.1)
    assert plan.seconds == pytest.approx(took, rel=0.1)


async def test_slow_answers_are_learned():
    """How long a provider takes to answer is taken from what was read, and the places on the wire are counted."""
    async with opened(300, faults=["github:slow"]) as (_, client):
        assert (await client.plan("github.repos")).seconds < 3
        await client.read("github.repos", on_error="ignore")
        plan = await client.plan("github.repos")
        loop = asyncio.get_running_loop()
        began = loop.time()
        await plan.run(on_error="ignore")
        took = loop.time() - began
    assert plan.seconds == pytest.approx(took, rel=0.2)


@pytest.mark.parametrize("name", ["github.repos", "notion.rows"])
async def test_rows_and_memory_are_learned(name):
    """After a run its rows and the bytes of its frame are what is expected of the next, users' own columns too."""
    async with opened(60, limits=False) as (_, client):
        run = await client.read(name, on_error="ignore")
        plan = await client.plan(name)
    assert plan.rows == len(run.frame)
    assert plan.memory == pytest.approx(run.frame.memory_usage(index=False, deep=True).sum(), rel=0.01)


async def test_fewer_columns_take_less_memory():
    """Only what is asked for is counted, as it was when it came before."""
    async with opened(60) as (_, client):
        await client.read("github.repos", on_error="ignore")
        plan = await client.plan("github.repos")
        few = await client.plan("github.repos", columns=["id", "name"])
    assert few.memory < plan.memory / 3


async def test_parameters_are_learned_apart():
    """What one choice of parameters cost says nothing of another."""
    async with opened(60) as (_, client):
        await client.read("github.repos", on_error="ignore", visibility="public")
        assert "assumed" in (await client.plan("github.repos")).basis
        assert "learned" in (await client.plan("github.repos", visibility="public")).basis


async def test_parents_are_taken_from_what_was_learned_of_them():
    """The parents of a resource that was never read are as many as their own listing had rows."""
    async with opened(60) as (_, client):
        before = await client.plan("github.languages")
        run = await client.read("github.repos", on_error="ignore")
        after = await client.plan("github.languages")
        named = await client.plan("github.languages", repo=["a/b", "c/d"])
    assert "assumed" in before.basis
    assert "(learned)" in after.basis
    assert after.requests == pytest.approx(len(run.frame), rel=0.3)
    assert [call.requests for call in named.hosts if call.host == "api.github.com"] == [2 * named.accounts]


async def test_the_skipped_stand_in_the_outcomes():
    """Who was not worth a try has an outcome in its place, with reason and cure; nothing was asked for them."""
    async with opened(60) as (world, client):
        plan = await client.plan("google.profile")
        world.requests.clear()
        run = await plan.run(on_error="ignore")
    outcomes = run.outcomes
    assert list(dict.fromkeys(outcomes["user_id"])) == list(dict.fromkeys(plan.coverage["user_id"]))
    skipped = outcomes[outcomes["status"] == "skipped"]
    assert skipped["cure"].tolist() == plan.skipped["cure"].tolist()
    assert set(skipped["reason"]) == {"not_connected", "missing_scope"}
    assert (skipped["requests"] == 0).all()
    assert not run.complete
    assert run.frame.attrs["complete"] is False
    errors = {type(one) for one in run.errors}
    assert {sc.NotConnected, sc.MissingScope} <= errors


async def test_only_who_was_read_is_warned_about():
    """The plan has told who is skipped; the warning is of what it did not foresee."""
    async with opened(200) as (world, client):
        sound = [world.world.user_id(index) for index in range(60) if _healthy(world, index)]
        nobody = next(i for i in range(60) if "google" not in world.world.situation(i))
        plan = await client.plan("google.profile", [*sound, world.world.user_id(nobody)])
        run = await plan.run(on_error="raise")
        assert run.outcomes["status"].tolist()[-1] == "skipped"
        dead = await client.plan("github.repos", [user_of(world, "github", "unrefreshable")])
        with pytest.warns(PartialWarning, match="reconnect_needed"):
            await dead.run()
        with pytest.raises(ExceptionGroup):
            await dead.run(on_error="raise")
        with pytest.raises(sc.UsageError, match="on_error"):
            await dead.run(on_error="shout")


def _healthy(world, index):
    return world.world.situation(index).get("google") == ("healthy",)


async def test_looking_at_tokens_leaves_out_the_dead():
    """With tokens=True the dead are known, and the run meets none of those that Clerk cannot renew."""
    async with opened(200) as (_, client):
        blind = await client.plan("github.repos")
        plan = await client.plan("github.repos", tokens=True)
        run = await plan.run(on_error="ignore")
    dead = plan.coverage["state"].eq("token_dead").sum()
    assert dead == 7
    assert plan.accounts == blind.accounts - dead
    tried = run.outcomes[run.outcomes["status"] != "skipped"]
    assert not tried["message"].str.contains("Clerk has no usable").any()


async def test_nobody_readable_is_an_empty_run():
    """Where nobody can be read nothing is sent, and the frame has its types."""
    async with opened(30, disabled=("notion",)) as (world, client):
        plan = await client.plan("notion.users", tokens=True)
        world.requests.clear()
        run = await plan.run(on_error="ignore")
        assert (plan.accounts, plan.requests, plan.seconds, len(world.requests)) == (0, 0, 0.0, 0)
    assert len(run.frame) == 0
    assert set(run.outcomes["reason"]) == {"provider_not_enabled"}
    assert "user_id" in run.frame.columns


async def test_several_resources_share_limits_and_run_side_by_side():
    """A plan of several adds up what they cost, and gives a Run of each."""
    async with opened(60) as (_, client):
        plan = await client.plan([*CORE])
        each = [await client.plan(name) for name in CORE]
        runs = await plan.run(on_error="ignore")
    assert plan.accounts == sum(one.accounts for one in each)
    assert plan.requests == pytest.approx(sum(one.requests for one in each), abs=3)
    assert list(runs) == list(CORE)
    assert all(isinstance(run, sc.Run) for run in runs.values())


@pytest.mark.parametrize(
    ("resource", "how"),
    [
        ("github.repos", {"visibility": "loud"}),
        ("github.repos", {"columns": ["nmae"]}),
        ("github.repos", {"columns": "name"}),
        ("github.repos", {"type": "owner", "affiliation": "owner"}),
        (["github.repos"], {"raw": True}),
        ("github.rpos", {}),
    ],
)
async def test_what_cannot_be_meant_is_refused_before_anything_is_sent(resource, how):
    """A plan is checked as a read is, and costs nothing where it cannot be meant."""
    async with opened(3) as (world, client):
        with pytest.raises(sc.UsageError):
            await client.plan(resource, **how)
        assert len(world.requests) == 0


def test_a_synchronous_plan_is_carried_out_at_once():
    """What Client gives runs where it is called, and says itself in one line, in a table and as HTML."""
    client = sc.sandbox(users=30)
    plan = client.plan("google.profile")
    run = plan.run(on_error="ignore")
    assert isinstance(run, sc.Run)
    assert repr(plan).startswith("<Plan google.profile: 22 accounts, about 4")
    assert "\n" not in repr(plan)
    text = str(plan)
    assert text.splitlines()[0].startswith("Plan for google.profile: 22 accounts will be read (22 readable, ")
    assert "api.clerk.com" in text
    assert "Ask the user to connect Google" in text
    bundle = plan._repr_mimebundle_()
    assert bundle["text/plain"] == text
    assert "<table>" in bundle["text/html"]
    assert list(client.plan([*CORE]).run(on_error="ignore")) == list(CORE)
    assert client.plan.__doc__ == client.aio.plan.__doc__


def test_a_plan_can_be_kept_without_its_client():
    """A pickled plan keeps its figures, holds no client, and says so when it is to be carried out."""
    plan = pickle.loads(pickle.dumps(sc.sandbox(users=5).plan("google.profile")))
    assert "google.profile" in repr(plan)
    with pytest.raises(sc.UsageError, match="no client"):
        plan.run()


def test_strangers_words_are_no_markup():
    """What a declaration says is escaped in HTML."""
    resource = sc.Resource("things", "/things", columns=sc.columns("string", "id"))
    connector = sc.Connector("acme", "https://api.acme.example", (resource,), title="<b>Acme</b>")
    plan = sc.sandbox(users=5, connectors=(connector,)).plan("acme.things")
    assert "<b>Acme" not in plan._repr_mimebundle_()["text/html"]
