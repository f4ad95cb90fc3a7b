"""`sc.trace()`: it hears what its block sends, and nothing else."""

import asyncio
import contextvars
import threading

import pytest
from tests.worlds import opened, user_of

import socialconnect as sc
from socialconnect.http.listening import listening
from socialconnect.tracing import block
from socialconnect.tracing.exchange import Exchange


@pytest.fixture(scope="module")
def client():
    return sc.sandbox(users=30)


def test_a_call_is_heard(client):
    """What a call asks for is there, with the exchange itself; what is asked outside of the block is not."""
    client.instance()
    with sc.trace() as trace:
        client.users()
        client.instance()
    client.count()
    assert [one.path for one in trace.last] == ["/v1/users", "/v1/instance"]
    assert [trace.exchange(number).number for number in (1, 2, -1)] == [1, 2, 2]
    assert trace.exchange(2).status == 200
    assert "production" in trace.exchange(2).came
    assert trace.exchange(1).records == 30


def test_every_request_has_its_exchange(client):
    """Numbers lead from a step to the exchange of the same request, also where many are under way."""
    with sc.trace() as trace:
        run = client.read("github.repos", on_error="ignore")
    assert trace.requests == run.trace.requests == len(trace.steps)
    for step in trace.steps:
        exchange = trace.exchange(step.number)
        assert (exchange.method, exchange.status) == (step.method, step.status)
        assert step.host in exchange.url
        if step.token and step.kind == "provider":
            assert ("authorization", f"Bearer [token {step.token}]") in exchange.asked
    assert sum(step.rows or 0 for step in trace.steps if step.kind == "provider") == len(run.frame)


def test_a_token_is_followed_from_clerk_to_the_provider(client):
    """The mark in Clerk's answer is the mark in the provider's Authorization."""
    row = client.coverage("google.profile").query("state == 'readable'").iloc[0]
    with sc.trace() as trace:
        client.read("google.profile", row["user_id"], on_error="ignore")
    ask, read = trace.exchange(1), trace.exchange(2)
    mark = trace.steps[0].given[0].token
    assert f'"token": "[token {mark}]"' in ask.came
    assert ("authorization", f"Bearer [token {mark}]") in read.asked
    assert any(value.startswith("Bearer [secret key ") for _, value in ask.asked)


@pytest.mark.looptime
async def test_awaited_calls_are_heard_each_by_their_own_block():
    """Two blocks at the same time in two tasks hear their own calls alone."""
    async with opened(20) as (world, client):
        users = [world.world.user_id(number) for number in range(6)]

        async def one(chosen):
            with sc.trace() as trace:
                await asyncio.gather(*(client.user(user) for user in chosen))
            return {sent.user_id for sent in trace.last}

        first, second = await asyncio.gather(one(users[:3]), one(users[3:]))
    assert (first, second) == ({*users[:3]}, {*users[3:]})


def test_blocks_stand_inside_each_other(client):
    """The outer block hears what the inner one does, the inner one not what comes after it."""
    with sc.trace() as outer:
        client.instance()
        with sc.trace() as inner:
            client.count()
        client.instance()
    assert (outer.requests, inner.requests) == (3, 1)
    assert listening.get() == ()


def test_a_block_that_fails_ends_too(client):
    """After an error nobody listens any more, and what was sent until then is there."""
    with pytest.raises(sc.UserNotFound), sc.trace() as trace:
        client.user("user_2nobody")
    client.instance()
    assert [one.status for one in trace.last] == [404]
    assert listening.get() == ()


@pytest.mark.looptime
async def test_what_goes_on_after_the_block_is_not_heard():
    """A task that was begun in a block and lives on is heard until the block ends."""
    async with opened(10) as (_, client):
        with sc.trace() as trace:
            go = asyncio.Event()

            async def later():
                await go.wait()
                await client.instance()

            task = asyncio.create_task(later())
            await client.count()
        go.set()
        await task
    assert trace.requests == 1


def test_a_thread_is_heard_where_it_takes_the_context_along(client):
    """A thread of one's own has a context of its own; one that runs in the block's is heard."""
    with sc.trace() as trace:
        taken = contextvars.copy_context()
        for target in (client.instance, lambda: taken.run(client.count)):
            thread = threading.Thread(target=target)
            thread.start()
            thread.join()
    assert [one.path for one in trace.last] == ["/v1/users/count"]


@pytest.mark.looptime
async def test_each_try_is_an_exchange():
    """A refusal, the question for another token and the second try are all there, with what each said."""
    async with opened(60) as (world, client):
        with sc.trace() as trace:
            await client.read("google.profile", user_of(world, "google", "stale"))
    assert [trace.exchange(number).status for number in range(1, 5)] == [200, 401, 200, 200]
    assert "401 Unauthorized" in trace.exchange(2).response
    assert trace.exchange(2).asked != trace.exchange(4).asked


@pytest.mark.looptime
async def test_no_answer_is_an_exchange_too():
    """A connection that breaks off is shown as that."""
    async with opened(20, faults=["clerk:dropped x1"]) as (_, client):
        with sc.trace() as trace:
            await client.instance()
    assert (trace.exchange(1).status, trace.exchange(1).shape) == (0, "no answer")
    assert "no answer" in str(trace.exchange(1))
    assert trace.exchange(1).note
    assert trace.exchange(2).status == 200


def test_looking_never_breaks_a_call(client, monkeypatch):
    """Where an exchange cannot be shown, the call goes on and the trace says so."""

    def broken(*_):
        raise RuntimeError("open sesame")

    monkeypatch.setattr(Exchange, "of", broken)
    with sc.trace() as trace:
        assert client.instance().environment_type == "production"
    assert trace.exchange(1).note == "It could not be shown: RuntimeError."


def test_only_the_first_exchanges_are_kept(client, monkeypatch):
    """Of a long block the first exchanges are kept, and every request as a row."""
    monkeypatch.setattr(block, "SHOWN", 2)
    with sc.trace() as trace:
        for _ in range(4):
            client.instance()
    assert len(trace.frame()) == 4
    assert trace.exchange(2).status == 200
    with pytest.raises(sc.UsageError, match="no exchange 3"):
        trace.exchange(3)
    with pytest.raises(sc.UsageError, match="no exchange 0"):
        trace.exchange(0)
