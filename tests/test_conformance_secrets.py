"""Whose token goes where, for every resource of every connector: fetched once more, waited with, never shown."""

import logging
import re
from dataclasses import replace
from itertools import islice

import pytest
from tests.every import BY_HAND, EVERY, pytest_generate_tests
from tests.test_conformance_wire import body_of
from tests.test_hostile import Guard, texts
from tests.worlds import client_of, opened

from socialconnect import Fault
from socialconnect.reading.extract import Extractor
from socialconnect.sandbox import Sandbox

__all__ = ["EVERY", "pytest_generate_tests"]  # pytest reads them off the module

SHOWS = re.compile(r"sandbox\.\w+\.eac_|sandbox-secret-key")
SECRET = re.compile(r"(access|refresh|id|oauth|auth)_?token|secret|password|private_?key|api_?key", re.IGNORECASE)
TOLD = {"github.repos.secret_scanning"}  # a setting, not what it looks for


def some(world, connector, **situations):
    """So many users of each situation, whose only account of a provider fares so."""
    people = world.world
    return [
        people.user_id(user)
        for situation, most in situations.items()
        for user in islice(
            (
                one.user
                for one in people.having(connector.name, situation)
                if people.situation(one.user)[connector.name] == (situation,)
            ),
            most,
        )
    ]


def asked_clerk(world, user):
    """How often Clerk was asked for a user's tokens."""
    return sum(f"/{user}/oauth_access_tokens/" in one.path for one in world.requests)


@pytest.mark.looptime
async def test_a_dead_token_is_fetched_once_more(connector, resource):
    """Where a token is dead, however the provider says so, Clerk is asked once more: the next one works, or none."""
    if resource.identity:
        pytest.skip("no provider is asked")
    async with opened(200, limits=False) as (world, client):
        for situation, reason in (("stale", None), ("revoked", "reconnect_needed")):
            (user,) = some(world, connector, **{situation: 1})
            before = asked_clerk(world, user)
            run = await client.read(f"{connector.name}.{resource.name}", user, on_error="ignore")
            told = run.outcomes["reason"].astype("object")
            assert (told.iloc[0] if told.notna().any() else None) == reason, run.outcomes["message"].tolist()
            assert asked_clerk(world, user) - before == 2


@pytest.mark.looptime
async def test_no_token_is_shown(connector, resource, caplog):
    """Neither rows with all that came, nor outcomes, trace, errors and logs have a token, though the provider does."""
    caplog.set_level(logging.DEBUG)
    world = Sandbox(users=200, faults=[Fault("echo_token", connector.name, share=0.3)], limits=False)
    guard = Guard(world)
    async with client_of(world, application=guard) as client:
        users = some(world, connector, healthy=4, large=1, revoked=1, underscoped=1)
        run = await client.read(f"{connector.name}.{resource.name}", users, raw=True, on_error="ignore")
        for text in (*texts(run), repr(client), caplog.text):
            assert SHOWS.search(text) is None
    assert guard.foreign == []


@pytest.mark.looptime
async def test_no_token_follows_a_redirect(connector, resource):
    """A redirect to another host is refused, and nothing is sent there."""
    if resource.identity:
        pytest.skip("no provider is asked")
    world = Sandbox(users=200, faults=[Fault("foreign_redirect", connector.name)], limits=False)
    guard = Guard(world)
    async with client_of(world, application=guard) as client:
        users = some(world, connector, healthy=2)
        run = await client.read(f"{connector.name}.{resource.name}", users, on_error="ignore")
    assert guard.foreign == []
    assert set(run.outcomes["reason"].dropna()) == {"foreign_origin"}


@pytest.mark.looptime
async def test_a_limit_is_waited_for(connector):
    """What a provider says of the time to come back is waited, and no more; then the rows are all there."""
    resource = next(one for one in connector.resources if not one.identity or one is connector.resources[-1])
    if resource.identity:
        pytest.skip("no provider is asked")
    name = f"{connector.name}.{resource.name}"
    async with opened(200, limits=False) as (world, client):
        users = some(world, connector, healthy=1)
        calm = await client.read(name, users)
        fault = Fault("throttled", connector.name, times=1, seconds=40)
    async with opened(200, limits=False, faults=[fault]) as (world, client):
        began = world.clock.now()
        run = await client.read(name, users)
        took = world.clock.now() - began
    assert run.frame.equals(calm.frame)
    assert 38 <= took <= 50


@pytest.mark.looptime
async def test_a_missing_scope_is_named(connector, resource):
    """Whoever lacks the scope that a resource declares is told which one, and is not asked for again and again."""
    if not resource.scopes:
        pytest.skip("any token will do")
    async with opened(200, limits=False) as (world, client):
        (user,) = some(world, connector, underscoped=1)
        if connector.name not in BY_HAND:  # a scope that opens nothing, so that it is known what was granted
            people, index = world.world, world.world.find_user(user)
            people.changed[index] = tuple(replace(one, granted=("offline_access",)) for one in people.accounts(index))
        run = await client.read(f"{connector.name}.{resource.name}", user, on_error="ignore")
    reasons = set(run.outcomes["reason"].dropna())
    if connector.name in BY_HAND and not reasons:
        pytest.skip("its tokens lack nothing here")
    assert reasons <= {"missing_scope", "access_denied"}
    assert reasons, run.outcomes[["status", "message"]].to_dict()
    sources = [connector.resource(resource.parent.resource)] if resource.parent else []
    sources += [connector.bind(name)[0] for name in connector.bound(resource)]
    wanted = {scope for one in (resource, *sources) for scope in one.scopes}
    for error in run.errors:
        assert set(getattr(error, "required", wanted)) & wanted


def test_no_secret_has_a_column(connector, resource):
    """No column is a secret by its name, and what is one does not come with `raw` either, wherever it stands."""
    columns = [one.name for one in resource.columns if SECRET.search(one.name)]
    assert [one for one in columns if not f"{connector.name}.{resource.name}.{one}".startswith(tuple(TOLD))] == []
    hidden = {"access_token": "never shown", "further": [{"Refresh_Token": "never shown", "kept": 1}]}
    page = Extractor(resource, resource.select(None), raw=True).page(body_of(resource, {"plain": 1, **hidden}))
    assert "never shown" not in str(page.columns)
    assert resource.entries or '"kept":1' in page.columns[-1][0]
