"""Clients of a sandbox that live in the test's own loop, so that virtual time is theirs too."""

from __future__ import annotations

from contextlib import asynccontextmanager

from socialconnect import AsyncClient, Settings
from socialconnect.http.send import Sent
from socialconnect.sandbox import Sandbox

RESOURCES = ("github.repos", "notion.users", "google.profile")
LIMIT = {"https://api.clerk.com": "1000/10s"}


def client_of(world, *, application=None, connectors=(), **settings):
    """A client of that world, in process."""
    chosen = Settings.make(**{"secret_key": world.secret_key, "budgets": LIMIT, "base_urls": {}, **settings})
    return AsyncClient(settings=chosen, connectors=connectors, application=application or world.app)


@asynccontextmanager
async def opened(users=200, *, connectors=(), settings=None, application=None, **world):
    """A new world and its client: `async with opened(50, faults=[…]) as (world, client)`."""
    world = Sandbox(users=users, connectors=connectors, **world)
    client = client_of(world, application=application, connectors=connectors, **(settings or {}))
    async with client:
        yield world, client


def accounts_of(world, provider, situation="healthy"):
    """The external accounts of a world that fare so, newest user first."""
    return list(world.world.having(provider, situation))


def user_of(world, provider, situation="healthy"):
    """The first user whose only accounts of a provider fare so."""
    for account in world.world.having(provider, situation):
        if world.world.situation(account.user)[provider] == (situation,):
            return world.world.user_id(account.user)
    raise LookupError(situation)


def sent(**changes):
    """One request as a run tells it, but for the changes."""
    facts = {
        "user_id": "user_a",
        "account": "eac_1",
        "resource": "acme.things",
        "path": "/things",
        "provider": "acme",
        "host": "api.acme.example",
        "method": "GET",
        "status": 200,
        "at": 1_800_000_000.25,
        "seconds": 0.5,
        "waited": 1.5,
        "attempt": 1,
        "size": 100,
        "left": None,
        "then": "goon",
        **changes,
    }
    return Sent(**facts)
