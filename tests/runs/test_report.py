"""A run explains itself: in words, in frames and in the log, and never with a secret."""

from __future__ import annotations

import logging

import pytest
from tests.worlds import opened, user_of

import socialconnect as sc

pytestmark = pytest.mark.looptime


async def test_the_report_tells_what_went_wrong_and_what_to_do():
    """Each reason stands once with its count, some accounts with their cure, and where requests went."""
    async with opened(60) as (_, client):
        run = await client.read("github.repos", on_error="ignore")
    text = str(run)
    assert text == run.report()
    assert text.startswith(repr(run).strip("<>"))
    assert run.problems in text
    for outcome in run.ended:
        if outcome.status not in ("ok", "empty"):
            assert f"{outcome.status}, {outcome.reason}: " in text
    assert f"{len(run.trace)} requests" in text
    assert "api.github.com: " in text
    assert "Ask the user to connect" in text
    assert max(map(len, text.splitlines())) < 700


async def test_a_long_list_of_trouble_is_cut_and_says_so():
    """Of very many accounts with one reason a few are told, and how many more there are."""
    async with opened(60, faults=["github:revoked"]) as (_, client):
        run = await client.read("github.profile", on_error="ignore")
    count = len(run.outcomes.query("reason == 'reconnect_needed'"))
    assert f"failed, reconnect_needed: {count}" in run.report()
    assert f"and {count - 3} more: see outcomes" in run.report()


async def test_a_whole_run_has_a_short_report():
    """Where nothing is wrong there is nothing to tell but what was sent."""
    async with opened(20) as (world, client):
        run = await client.read("google.profile", user_of(world, "google"))
    assert run.report().splitlines()[2].endswith("requests, waited 0.0 s in all")


async def test_each_request_can_be_listed():
    """`requests=True` adds a line for each request: where to without values, what came, and what followed."""
    async with opened(20, faults=["github:throttled x1"]) as (world, client):
        user = user_of(world, "github")
        run = await client.read("github.repos", user)
    lines = run.report(requests=True).splitlines()[-len(run.trace) :]
    assert f"GET api.clerk.com/v1/users/{{user_id}}/oauth_access_tokens/oauth_github for {user}: 200 in" in lines[0]
    assert "GET api.github.com/user/repos" in lines[1]
    assert ": 429 in" in lines[1]
    assert ", retry (429: " in lines[1]
    assert lines[-1].endswith("left, goon")


async def test_the_outcome_keeps_what_first_went_wrong():
    """An error that a later try mended is told, with how many tries and how long it waited."""
    async with opened(20, faults=["github:throttled x1"]) as (world, client):
        run = await client.read("github.repos", user_of(world, "github"))
    row = run.outcomes.iloc[0]
    assert (row["status"], row["retries"], row["complete"]) == ("ok", 1, True)
    assert row["first_error"].startswith("429: ")
    assert row["waited"] >= 3
    assert run.trace.frame()["why"].notna().sum() == 1


async def test_what_scopes_do_not_show_is_told():
    """A token without repo shows no private repositories: the account is read well, and not complete."""
    async with opened(200) as (world, client):
        narrow, healthy = user_of(world, "github", "narrow"), user_of(world, "github")
        run = await client.read("github.repos", [narrow, healthy])
    told = run.outcomes.set_index("user_id")
    assert "scope repo" in told.loc[narrow, "narrowed"]
    assert told.loc[narrow, ["status", "complete"]].tolist() == ["ok", False]
    assert told["narrowed"].isna()[healthy]
    assert "1 accounts: Not shown without a further scope: " in run.report()
    assert run.complete


async def test_a_hidden_organisation_is_told():
    """What the provider says that it left out is the outcome's `cut`, and the account is read in part."""
    async with opened(20, faults=["github:sso_partial"]) as (world, client):
        run = await client.read("github.repos", user_of(world, "github"), on_error="ignore")
    row = run.outcomes.iloc[0]
    assert (row["status"], row["reason"], row["complete"]) == ("partial", "cut", False)
    assert "single sign-on" in row["cut"]
    assert "single sign-on" in run.report()


async def test_logging_tells_requests_runs_and_waits(caplog):
    """One tree: requests at DEBUG, waits and runs at INFO, each account in trouble too."""
    caplog.set_level(logging.DEBUG, "socialconnect")
    async with opened(30, faults=["github:throttled x1"]) as (_, client):
        run = await client.read("github.repos", on_error="ignore")
    texts = [record.getMessage() for record in caplog.records]
    assert all(record.name.startswith("socialconnect.") for record in caplog.records)
    debug = [record for record in caplog.records if record.levelno == logging.DEBUG]
    assert len(debug) == len(run.trace)
    assert sum("waiting 3" in text for text in texts) == 1
    assert repr(run) in texts
    failed = run.outcomes.query("status == 'failed'")
    assert all(any(user in text and "failed: " in text for text in texts) for user in failed["user_id"])


async def test_no_secret_is_told_anywhere(caplog):
    """Report, trace, outcomes and log hold neither the key nor any token, even where a service echoes one."""
    caplog.set_level(logging.DEBUG)
    async with opened(40, faults=["github:echo_token@0.3"]) as (world, client):
        run = await client.read("github.repos", on_error="ignore")
        accounts = (await client.accounts()).query("connected and provider == 'github'")
        users = accounts["user_id"].unique()
        secrets = {world.secret_key}
        for user in users:
            try:
                secrets.add((await client.token(user, "github")).token.reveal())
            except sc.SocialConnectError:
                continue
    told = "".join(
        [
            run.report(requests=True),
            run.trace.frame().to_csv(),
            run.outcomes.to_csv(),
            *(one.getMessage() for one in caplog.records),
        ]
    )
    assert len(secrets) > 10
    assert "was not understood" in told
    assert not [one for one in secrets if one in told]


def test_nothing_is_logged_unless_asked_for(capfd):
    """Importing and reading add no handler, and by default nothing is printed."""
    sc.sandbox(users=5).read("github.repos", on_error="ignore")
    assert not logging.getLogger("socialconnect").handlers
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")
