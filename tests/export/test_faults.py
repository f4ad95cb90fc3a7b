"""An export from services in trouble: who is healthy is complete, everyone else has the outcome that is theirs."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.export.lab import held

import socialconnect as sc

RESOURCES = ["github.repos", "github.emails", "google.events"]
TROUBLE = [f"{kind}@0.004" for kind in ("throttled", "server_error", "dropped", "slow", "malformed")]  # 2 % together
REVOKED = "revoked@0.01"
OWNERS = {"reconnect_needed", "missing_scope", "not_connected"}
PASSING = {"malformed_response", "unavailable", "rate_limited"}


def ends(outcomes):
    """How it ended for each account of each resource."""

    def watch(outcome):
        outcomes[outcome.resource, outcome.user_id, outcome.external_account_id] = outcome

    return watch


async def exported(folder, faults, *, users=300, **how):
    client = sc.sandbox(users=users, seed=3, faults=faults)
    outcomes = {}
    to = f"sqlite:///{folder}/x.db"
    report = await client.aio.export(RESOURCES, to, watch=ends(outcomes), progress=False, **how)
    return report, outcomes


def told(outcome):
    return outcome.status, outcome.reason, outcome.rows


@pytest.mark.looptime
async def test_each_has_the_outcome_that_is_theirs(tmp_path):
    """With 2 % of answers failing and 1 % of tokens revoked, trouble that passes is waited out or tried again."""
    calm, trouble = tmp_path / "calm", tmp_path / "trouble"
    calm.mkdir()
    trouble.mkdir()
    whole, expected = await exported(calm, [REVOKED])
    assert (whole.ending, whole.exit_code) == ("finished", 4)
    report, found = await exported(trouble, [REVOKED, *TROUBLE])
    assert found.keys() == expected.keys()
    struck = {who for who, outcome in found.items() if told(outcome) != told(expected[who])}
    assert len(struck) > 3
    for who in struck:
        error = found[who].error or found[who].missed
        assert error.code in PASSING
    assert (report.ending, report.exit_code) == ("troubled", 6)
    kinds = report.traffic.statuses
    assert min(kinds[429], kinds[500] + kinds[503], kinds[0]) > 0
    resumed, again = await exported(trouble, [REVOKED], resume=True)
    assert again.keys() == struck
    assert {who: told(outcome)[:2] for who, outcome in again.items()} == {
        who: told(expected[who])[:2] for who in struck
    }
    assert (resumed.ending, resumed.exit_code) == ("finished", 4)
    assert [tally.accounts for tally in resumed.resources] == [tally.accounts for tally in whole.resources]
    for name in RESOURCES:
        assert held(f"sqlite:///{trouble}/x.db", name).equals(held(f"sqlite:///{calm}/x.db", name))


@pytest.mark.looptime
async def test_nobody_healthy_is_left_out(tmp_path):
    """Rows of all accounts that the world has in good health are there, and only their owners can mend the others."""
    report, outcomes = await exported(tmp_path, [REVOKED])
    client = sc.sandbox(users=300, seed=3, faults=[REVOKED])
    world, tokens = client.sandbox.world, client.sandbox.instance.tokens
    situations = {
        account.eac: tokens.situation(account)
        for index in range(300)
        for account in world.accounts(index)
        if account.provider in ("github", "google")
    }
    assert sum(one == "revoked" for one in situations.values()) > 3
    healthy = {"healthy", "large", "empty", "stale"}
    for (resource, _, account), outcome in outcomes.items():
        situation = situations[account]
        if situation in healthy and outcome.error is not None:
            assert outcome.error.code == "missing_scope", (resource, situation, outcome)
        assert (outcome.error is None) or outcome.error.code in OWNERS
        assert situation != "revoked" or outcome.reason == "reconnect_needed"
    come = Counter(account for _, _, account in outcomes)
    assert set(come) == set(situations)
    assert report.exit_code == 4


@pytest.mark.looptime
@pytest.mark.parametrize(("kind", "reason"), [("cursor_loop", "paging_loop"), ("foreign_next", "foreign_origin")])
async def test_pages_that_lead_nowhere(tmp_path, kind, reason):
    """Listings that never end, or lead elsewhere, cost one provider's accounts their rest, and keep what came."""
    calm, trouble = tmp_path / "calm", tmp_path / "trouble"
    calm.mkdir()
    trouble.mkdir()
    expected = (await exported(calm, [], users=80))[1]
    report, found = await exported(trouble, [f"github:{kind}"], users=80)
    struck = {who for who, outcome in found.items() if told(outcome) != told(expected[who])}
    read = {who for who, one in expected.items() if one.error is None and who[0] != "google.events"}
    assert struck == read
    assert {found[who].reason for who in struck} == {reason}
    assert {found[who].status for who in struck if expected[who].rows} == {"partial"}
    assert (report.ending, report.exit_code) == ("troubled", 6)
    kept = held(f"sqlite:///{trouble}/x.db", "github.repos")
    whole = held(f"sqlite:///{calm}/x.db", "github.repos")
    assert not kept["id"].duplicated().any()
    assert set(kept["external_account_id"]) == set(whole["external_account_id"])


@pytest.mark.looptime
async def test_a_loop_that_was_left_again(tmp_path):
    """A page that came twice is there once."""
    calm, trouble = tmp_path / "calm", tmp_path / "trouble"
    calm.mkdir()
    trouble.mkdir()
    await exported(calm, [], users=80)
    report, _ = await exported(trouble, ["github:cursor_loop x2"], users=80)
    assert report.ending == "finished"
    name = "github.repos"
    assert held(f"sqlite:///{trouble}/x.db", name).equals(held(f"sqlite:///{calm}/x.db", name))
