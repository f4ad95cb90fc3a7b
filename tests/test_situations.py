"""300 users in every situation: what coverage, plan and outcomes say of each, one by one."""

from __future__ import annotations

from collections import defaultdict
from types import SimpleNamespace

import looptime
import pandas as pd
import pytest
from tests.worlds import opened

import socialconnect as sc
from socialconnect.sandbox.faults import Faults

USERS = 300
FAULTS = ["github:sso_partial@0.04", "github:throttled@0.04"]
RESOURCES = ("github.repos", "github.orgs", "google.profile", "notion.users")
DISABLED = "acme.things"
DEAD = {
    "unrefreshable": "expired and there is nothing to refresh it with",
    "unconsented": "expired and there is nothing to refresh it with",
    "refused": "refused to refresh the token",
    "untokened": "no token is stored",
}
READ_WELL = ("healthy", "stale", "large", "narrow")


def _acme():
    resource = sc.Resource("things", "/things", columns=sc.columns("string", "id"))
    return sc.Connector("acme", "https://api.acme.example", (resource,))


async def _all():
    """Coverage, plan and run of each resource, from Clerk's list alone and with a look at the tokens."""
    acme = _acme()
    async with opened(USERS, faults=FAULTS, connectors=(acme,), disabled=("acme",)) as (world, client):
        found = SimpleNamespace(world=world.world, told={}, looked={}, plans={}, looked_plans={}, runs={}, counted={})
        for name in (*RESOURCES, DISABLED):
            found.told[name] = await client.coverage(name)
            found.looked[name] = await client.coverage(name, tokens=True)
            found.looked_plans[name] = await client.plan(name, tokens=True)
            found.plans[name] = await client.plan(name)
            world.requests.clear()
            if name != DISABLED:
                found.runs[name] = await found.plans[name].run(on_error="ignore")
                found.counted[name] = dict(world.requests.hosts)
        with pytest.raises(sc.ProviderNotEnabled) as caught:
            await found.plans[DISABLED].run()
        found.refused = caught.value
        found.runs[DISABLED] = await found.looked_plans[DISABLED].run(on_error="ignore")
        found.looked_run = await found.looked_plans["google.profile"].run(on_error="ignore")
        return found


@pytest.fixture(scope="module")
def world():
    """All of it once, in virtual time."""
    loop = looptime.new_event_loop()
    loop.setup_looptime()
    try:
        found = loop.run_until_complete(_all())
    finally:
        loop.close()
    faults = Faults(FAULTS, 0, found.world.providers)
    found.fares = defaultdict(list)
    for index in range(USERS):
        for account in found.world.accounts(index):
            situation = account.situation
            if situation != "unverified":
                situation = faults.on_account(account.provider, account.number) or situation
            found.fares[account.provider, situation].append(account)
    return found


def rows_of(frame, accounts):
    """The rows of these accounts, each of which must have exactly one."""
    wanted = [account.eac for account in accounts]
    assert wanted, "nobody is in this situation"
    rows = frame[frame["external_account_id"].isin(wanted)]
    assert sorted(rows["external_account_id"]) == sorted(wanted)
    return rows


def all_are(frame, accounts, **values):
    """Every account's row has these values."""
    rows = rows_of(frame, accounts)
    for column, value in values.items():
        assert set(rows[column].astype(object).where(rows[column].notna(), None)) == {value}, column
    return rows


def provider_of(name):
    return name.partition(".")[0]


@pytest.mark.parametrize("name", RESOURCES)
def test_every_situation_is_there(world, name):
    """The world has somebody in each of the situations, at each of the three providers."""
    for situation in (*DEAD, *READ_WELL, "empty", "revoked", "unverified", "underscoped"):
        assert world.fares[provider_of(name), situation], situation
    assert world.fares["github", "sso_partial"]


@pytest.mark.parametrize("name", RESOURCES)
def test_everybody_is_spoken_of(world, name):
    """Each user has a row in coverage and an outcome, each account exactly one, all in the order of the users."""
    everybody = [world.world.user_id(index) for index in range(USERS)]
    for frame in (world.told[name], world.looked[name], world.runs[name].outcomes):
        assert list(dict.fromkeys(frame["user_id"])) == everybody
        assert not frame[frame["external_account_id"].notna()].duplicated("external_account_id").any()


@pytest.mark.parametrize("name", RESOURCES)
def test_no_connection(world, name):
    """Who has not connected the provider is skipped, and told how to connect it."""
    provider = provider_of(name)
    users = {world.world.user_id(i) for i in range(USERS) if provider not in world.world.situation(i)}
    for frame in (world.told[name], world.looked[name]):
        rows = frame[frame["user_id"].isin(users)]
        assert len(rows) == len(users) == (frame["state"] == "not_connected").sum()
        assert rows["external_account_id"].isna().all()
        assert rows["cure"].str.startswith("Ask the user to connect ").all()
    assert users <= set(world.plans[name].skipped["user_id"])
    outcomes = world.runs[name].outcomes
    mine = outcomes[outcomes["user_id"].isin(users)]
    assert set(mine["status"]) == {"skipped"}
    assert set(mine["reason"]) == {"not_connected"}
    assert mine["cure"].notna().all()
    assert mine["requests"].sum() == 0


@pytest.mark.parametrize("name", RESOURCES)
def test_unverified(world, name):
    """An attempt that was never finished is told apart from none, and skipped."""
    accounts = world.fares[provider_of(name), "unverified"]
    for frame in (world.told[name], world.looked[name]):
        rows = all_are(frame, accounts, state="not_verified")
        assert rows["message"].str.contains("never finished connecting").all()
    all_are(world.plans[name].skipped, accounts, state="not_verified")
    all_are(world.runs[name].outcomes, accounts, status="skipped", reason="not_connected", requests=0)


def test_a_scope_missing_at_google(world):
    """Google's scopes are known to Clerk: who lacks one is skipped, with what is required and granted."""
    accounts = world.fares["google", "underscoped"]
    for frame in (world.told["google.profile"], world.looked["google.profile"]):
        rows = all_are(frame, accounts, state="missing_scope")
        assert rows["missing"].str.startswith("openid or https://").all()
        [granted] = {tuple(granted) for granted in rows["granted"]}
        assert not {"openid", "email", "profile"} & {*granted}
        assert rows["cure"].str.contains("allow").all()
    rows = all_are(world.runs["google.profile"].outcomes, accounts, status="skipped", reason="missing_scope")
    assert (rows["requests"] == 0).all()
    missing = [one for one in world.runs["google.profile"].errors if isinstance(one, sc.MissingScope)]
    assert {one.required[0] for one in missing} == {"openid"}


def test_a_scope_missing_at_github(world):
    """Organisations need read:org, which is known beforehand; of repositories the private ones are not shown."""
    told = world.told["github.orgs"]
    lacking = told[told["state"] == "missing_scope"]
    verified = [a for (p, s), accounts in world.fares.items() if p == "github" and s != "unverified" for a in accounts]
    has = {
        row["external_account_id"]: {"read:org", "user"} & set(row["granted"])
        for row in rows_of(told, verified).to_dict("records")
    }
    assert set(lacking["external_account_id"]) == {account for account, scopes in has.items() if not scopes}
    assert lacking["missing"].str.contains("read:org").all()
    accounts = world.fares["github", "underscoped"]
    all_are(world.told["github.orgs"], accounts, state="missing_scope")
    all_are(world.runs["github.orgs"].outcomes, accounts, status="skipped", reason="missing_scope", requests=0)
    errors = {one.user_id: one for one in world.runs["github.orgs"].errors if isinstance(one, sc.MissingScope)}
    for account in accounts:
        error = errors[world.world.user_id(account.user)]
        assert "read:org" in error.required
        assert error.granted == ("user:email",)
    all_are(world.told["github.repos"], accounts, state="readable")
    all_are(world.runs["github.repos"].outcomes, accounts, status="ok", complete=False)


def test_a_capability_missing_at_notion(world):
    """Notion has no scopes: coverage says what cannot be known, and the outcome what was missing."""
    accounts = world.fares["notion", "underscoped"]
    for frame in (world.told["notion.users"], world.looked["notion.users"]):
        rows = all_are(frame, accounts, state="readable", capability="Read user information")
        assert rows["granted"].isna().all()
    outcomes = all_are(world.runs["notion.users"].outcomes, accounts, status="failed", reason="missing_scope")
    assert outcomes["cure"].str.contains("capabilities, not scopes").all()


@pytest.mark.parametrize("name", ["github.repos", "google.profile", "notion.users"])
def test_revoked(world, name):
    """What was revoked at the provider looks sound to Clerk; the outcome says to reconnect, after one more try."""
    accounts = world.fares[provider_of(name), "revoked"]
    for frame in (world.told[name], world.looked[name]):
        all_are(frame, accounts, state="readable")
    outcomes = all_are(world.runs[name].outcomes, accounts, status="failed", reason="reconnect_needed", rows=0)
    assert outcomes["cure"].str.contains("again: client.connect").all()
    assert outcomes["first_error"].str.startswith("401").all()


@pytest.mark.parametrize("name", ["github.repos", "google.profile", "notion.users"])
def test_expired_with_refresh(world, name):
    """A token that died and could be renewed is a matter of one more request: the rows are all there."""
    accounts = world.fares[provider_of(name), "stale"]
    for frame in (world.told[name], world.looked[name]):
        all_are(frame, accounts, state="readable")
    outcomes = all_are(world.runs[name].outcomes, accounts, status="ok")
    assert (outcomes["rows"] > 0).all()


@pytest.mark.parametrize("situation", DEAD)
@pytest.mark.parametrize("name", ["github.repos", "google.profile", "notion.users"])
def test_expired_without_refresh(world, name, situation):
    """The list does not tell; a look at the token does, in the words that the outcome has after a read."""
    accounts = world.fares[provider_of(name), situation]
    all_are(world.told[name], accounts, state="readable")
    looked = all_are(world.looked[name], accounts, state="token_dead")
    assert looked["message"].str.contains(DEAD[situation]).all()
    all_are(world.looked_plans[name].skipped, accounts, state="token_dead")
    outcomes = world.runs[name].outcomes
    users = [world.world.user_id(account.user) for account in accounts]
    failed = outcomes[outcomes["user_id"].isin(users)]
    assert set(failed["status"]) == {"failed"}
    assert set(failed["reason"]) == {"reconnect_needed"}
    assert sorted(failed["message"]) == sorted(looked["message"])
    assert sorted(failed["cure"]) == sorted(looked["cure"])


def test_the_dead_are_not_asked_for_again(world):
    """After a look at the tokens, the run leaves the dead out: they stand in its outcomes as skipped."""
    accounts = [account for situation in DEAD for account in world.fares["google", situation]]
    all_are(world.looked_run.outcomes, accounts, status="skipped", reason="reconnect_needed", requests=0)


@pytest.mark.parametrize(
    ("situations", "states", "statuses"),
    [
        (("healthy", "healthy"), ["readable", "readable"], ["ok", "ok"]),
        (("healthy", "unverified"), ["readable", "not_verified"], ["ok", "skipped"]),
        (("healthy", "revoked"), ["readable", "readable"], ["ok", "failed"]),
    ],
)
@pytest.mark.parametrize("name", ["google.profile", "notion.users"])
def test_two_accounts_of_one_provider(world, name, situations, states, statuses):
    """Each account has a row and an outcome of its own, and rows under its own id."""
    provider = provider_of(name)
    users = [i for i in range(USERS) if world.world.situation(i).get(provider) == situations]
    assert users
    for index in users:
        ids = [account.eac for account in world.world.accounts(index) if account.provider == provider]
        for frame in (world.told[name], world.looked[name]):
            assert _values(frame, ids, "state") == states
        assert _values(world.runs[name].outcomes, ids, "status") == statuses
        frame = world.runs[name].frame
        there = set(frame[frame["user_id"] == world.world.user_id(index)]["external_account_id"])
        assert there == {account for account, status in zip(ids, statuses, strict=True) if status == "ok"}


def _values(frame, ids, column):
    found = frame.set_index("external_account_id")[column]
    return [found[account] for account in ids]


@pytest.mark.parametrize("name", ["github.repos", "notion.users"])
def test_empty(world, name):
    """An account without anything is read well, and has no rows."""
    accounts = world.fares[provider_of(name), "empty"]
    all_are(world.told[name], accounts, state="readable")
    all_are(world.runs[name].outcomes, accounts, status="empty", rows=0)


@pytest.mark.parametrize(("name", "least"), [("github.repos", 250), ("notion.users", 130)])
def test_large(world, name, least):
    """An account of several pages has all of its rows, and is complete."""
    accounts = world.fares[provider_of(name), "large"]
    all_are(world.told[name], accounts, state="readable")
    outcomes = all_are(world.runs[name].outcomes, accounts, status="ok")
    assert (outcomes["rows"] >= least).all()
    assert (outcomes["pages"] > 1).all()


def test_private_hidden(world):
    """Who did not grant repo is readable; coverage and outcome say in one sentence what is not shown."""
    accounts = world.fares["github", "narrow"]
    rows = all_are(world.told["github.repos"], accounts, state="readable")
    [said] = set(rows["narrowed"])
    assert said == "Not shown without a further scope: private repositories (scope repo)."
    outcomes = all_are(world.runs["github.repos"].outcomes, accounts, narrowed=said, complete=False)
    assert set(outcomes["status"]) <= {"ok", "empty"}
    assert pd.isna(rows_of(world.told["github.repos"], world.fares["github", "healthy"])["narrowed"]).all()


def test_hidden_by_single_sign_on(world):
    """What organisations hide behind single sign-on nobody knows beforehand; the outcome says partial and why."""
    accounts = world.fares["github", "sso_partial"]
    all_are(world.told["github.repos"], accounts, state="readable")
    outcomes = all_are(world.runs["github.repos"].outcomes, accounts, status="partial", complete=False)
    assert outcomes["cut"].str.contains("single sign-on").all()


def test_provider_disabled(world):
    """A provider that the instance no longer offers: told after a look, skipped by that plan, else an error for all."""
    told, looked = world.told[DISABLED], world.looked[DISABLED]
    assert "readable" in set(told["state"])
    assert set(looked["state"]) == {"provider_not_enabled"}
    assert looked["cure"].str.contains("Dashboard under SSO connections").all()
    plan = world.looked_plans[DISABLED]
    assert (plan.accounts, plan.requests) == (0, 0)
    assert len(plan.skipped) == len(looked)
    assert set(world.runs[DISABLED].outcomes["reason"]) == {"provider_not_enabled"}
    assert "SSO connections" in world.refused.cure


def test_throttled(world):
    """A limit that was met is waited out: the outcome is as without it, and tells the retry and what it was."""
    run = world.runs["github.repos"]
    trace = run.trace.frame()
    met = trace[trace["status"].isin([403, 429]) & (trace["then"] == "retry")]
    assert len(met) > 3
    outcomes = run.outcomes.set_index("external_account_id").loc[met["external_account_id"].unique()]
    assert (outcomes["retries"] > 0).all()
    assert outcomes["first_error"].notna().all()
    assert "rate_limited" not in set(run.outcomes["reason"].dropna())


@pytest.mark.parametrize("name", RESOURCES)
def test_all_others_are_read(world, name):
    """Of those in no trouble each is readable before, and ok or empty afterwards."""
    accounts = world.fares[provider_of(name), "healthy"]
    rows = rows_of(world.told[name], accounts)
    assert set(rows["state"]) <= ({"readable", "missing_scope"} if name == "github.orgs" else {"readable"})
    ids = set(rows[rows["state"] == "readable"]["external_account_id"])
    outcomes = world.runs[name].outcomes
    assert set(outcomes[outcomes["external_account_id"].isin(ids)]["status"]) <= {"ok", "empty"}


@pytest.mark.parametrize("name", RESOURCES)
def test_the_plan_is_what_coverage_says(world, name):
    """The plan reads whom coverage calls readable and skips the others, and its calls are those that are made."""
    told, plan = world.told[name], world.plans[name]
    assert plan.accounts == (told["state"] == "readable").sum()
    assert len(plan.skipped) == len(told) - plan.accounts
    for call in plan.hosts if name != "github.orgs" else ():  # whom that leaves are few, and chance decides
        count = world.counted[name][call.host]
        assert abs(call.requests - count) <= 0.1 * count, call
