"""One carrying out, beyond what tests/test_many_users.py shows."""

import json

import pytest
from tests.worlds import client_of, opened, user_of

import socialconnect as sc
from socialconnect.clerk.models import AccessToken, ExternalAccount
from socialconnect.runs.target import Target
from socialconnect.sandbox import Sandbox

pytestmark = pytest.mark.looptime


def token(text, account=None, person=None):
    return AccessToken.model_validate({"token": text, "external_account_id": account, "provider_user_id": person})


def account(eac, person=None):
    return ExternalAccount.model_validate({"id": eac, "provider_user_id": person})


@pytest.mark.parametrize(
    ("accounts", "tokens", "pairs"),
    [
        ([], [("t1", "e1", "1")], [("e1", "t1")]),
        ([("e1", "1")], [("t1", "e1", "1")], [("e1", "t1")]),
        ([("e1", "1"), ("e2", "2")], [("t2", "e2", "2"), ("t1", "e1", "1")], [("e1", "t1"), ("e2", "t2")]),
        ([("e1", "1"), ("e2", "2")], [("t2", None, "2"), ("t1", None, "1")], [("e1", "t1"), ("e2", "t2")]),
        ([("e1", "1"), ("e2", "2")], [("t2", None, "2")], [("e1", None), ("e2", "t2")]),
        ([("e1", None)], [("t1", None, None)], [("e1", "t1")]),
        ([("e1", None), ("e2", None)], [("t1", None, None), ("t2", None, None)], [("e1", None), ("e2", None)]),
    ],
)
def test_accounts_and_tokens_meet_by_id_never_by_place(accounts, tokens, pairs):
    """A token goes to the account that it names, or whose person it names; a guess is made only between one and one."""
    tokens = [token(f"token-{text}", eac, person) for text, eac, person in tokens]
    found = Target(0, "u").matched([account(*one) for one in accounts], tokens)
    assert [(eac, one and one.token.reveal().removeprefix("token-")) for eac, one in found] == pairs


def test_only_named_accounts_are_read():
    """Where accounts are named, other tokens of the user are left alone."""
    tokens = [token("token-1", "e1"), token("token-2", "e2")]
    assert [eac for eac, _ in Target(0, "u", named=frozenset({"e2"})).matched([], tokens)] == ["e2"]


async def test_an_account_that_is_gone_is_told():
    """A named account that Clerk has no token for is an outcome of its own, not a silence."""
    async with opened(100) as (world, client):
        accounts = await client.accounts([user_of(world, "google")])
        row = accounts[accounts["provider"] == "google"].assign(external_account_id="eac_gone")
        run = await client.read("google.profile", row, on_error="ignore")
    assert (run.outcomes["status"].tolist(), run.outcomes["reason"].tolist()) == (["skipped"], ["not_connected"])


class Repeating:
    """GitHub's second page repeats the last row of the first, as a listing does that changed meanwhile."""

    def __init__(self, world):
        self.world = world

    async def __call__(self, scope, receive, send):
        if scope["path"] != "/user/repos":
            await self.world.app(scope, receive, send)
            return
        second = b"page=2" in scope["query_string"]
        rows = [{"id": number} for number in (range(99, 150) if second else range(100))]
        link = b"" if second else b'<https://api.github.com/user/repos?page=2>; rel="next"'
        await send({"type": "http.response.start", "status": 200, "headers": [(b"link", link)]})
        await send({"type": "http.response.body", "body": json.dumps(rows).encode()})


async def test_rows_that_came_twice_are_given_once_and_told():
    """A row at the edge of two pages is there once, and the outcome says that others may be missing."""
    world = Sandbox(users=60)
    async with client_of(world, application=Repeating(world)) as client:
        users = [user_of(world, "github"), user_of(world, "github", "large")]
        run = await client.read("github.repos", users, on_error="ignore")
    assert run.frame.groupby("user_id")["id"].apply(list).tolist() == [list(range(150))] * 2
    assert run.outcomes["status"].tolist() == ["partial"] * 2
    assert run.outcomes["reason"].tolist() == ["moved"] * 2
    assert run.outcomes["rows"].tolist() == [150, 150]
    assert "1 rows came twice" in run.outcomes["message"].iloc[0]
    assert not run.complete


async def test_a_frame_names_its_run():
    """What a frame says of itself leads back to its run."""
    async with opened(60) as (world, client):
        run = await client.read("google.profile", user_of(world, "google"))
    assert run.frame.attrs == {
        "resource": "google.profile",
        "run_id": run.id,
        "read_at": run.read_at.isoformat(timespec="seconds"),
        "api_version": "",
        "complete": True,
    }


async def test_the_trace_has_every_request():
    """What the sandbox was asked and what the trace tells are the same requests."""
    async with opened(120, faults=["google:server_error@0.2"]) as (world, client):
        run = await client.read("google.profile", on_error="ignore")
    served = [(one.host, one.status) for one in world.requests]
    trace = run.trace.frame()
    told = list(zip(trace["host"], trace["status"], strict=True))
    assert sorted(told) == sorted(served)
    assert run.outcomes["requests"].sum() == len(trace) - trace["user_id"].isna().sum()
    assert trace["path"].str.contains("user_3").sum() == 0


async def test_a_wrong_setup_ends_the_run_with_its_own_error():
    """An error that would meet every account comes out alone, not inside a group."""
    connector = sc.Connector(
        "absent", "https://api.absent.example", [sc.Resource("things", "/things", sc.columns("string", "id"))]
    )
    world = Sandbox(users=30)
    async with client_of(world, connectors=[connector]) as client:
        with pytest.raises(sc.ProviderNotEnabled, match="Absent"):
            await client.read("absent.things", [world.world.user_id(index) for index in range(30)])
