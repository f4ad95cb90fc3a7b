"""The metrics say what the run says."""

from collections import Counter

import pytest
from tests.worlds import opened, sent

import socialconnect as sc
from socialconnect.telemetry import emitting


def test_a_read_is_counted(collected):
    """Requests by host and status, tokens that were fetched, accounts by how they ended, and rows."""
    run = sc.sandbox(users=30).read("github.repos", on_error="ignore")
    asked = Counter((one.host, one.method, one.status) for one in run.trace.last)
    assert collected.metric("requests") == asked
    assert {("api.github.com", "GET", 401), ("api.clerk.com", "GET", 200)} <= set(asked)
    ended = Counter(("github.repos", *filter(None, (one.status, one.reason))) for one in run.ended)
    assert collected.metric("accounts") == ended
    assert len(ended) > 1
    assert collected.metric("rows") == {("github.repos",): len(run.frame)}
    fetched = [one for one in run.trace.last if "oauth_access_tokens" in one.path]
    assert sum(collected.metric("token.fetches").values()) == len(fetched) > 20
    assert collected.metric("throttled") == {}


@pytest.mark.looptime
async def test_limits_are_counted(collected):
    """An answer that asks for fewer requests is counted by its host, and so is the wait that follows."""
    async with opened(12, faults=["github:throttled x3"]) as (_, client):
        run = await client.read("github.profile", on_error="ignore")
    assert collected.metric("throttled") == {("api.github.com",): 3}
    waited = collected.metric("waited")
    assert waited["api.github.com",] == pytest.approx(
        sum(one.waited for one in run.trace.last if one.host != "api.clerk.com")
    )
    assert waited["api.github.com",] > 1


@pytest.mark.parametrize(
    ("status", "then", "counted"),
    [(429, "fail", 1), (403, "retry", 1), (403, "fail", 0), (503, "retry", 0)],
)
def test_what_asks_for_fewer_requests(collected, status, then, counted):
    """429 does, and 403 where it was followed by a wait."""
    emitting.sent(sent(status=status, then=then))
    assert sum(collected.metric("throttled").values()) == counted


def test_no_answer_is_counted(collected):
    """A request without an answer is counted as such."""
    emitting.sent(sent(status=0))
    assert collected.metric("requests") == {("api.acme.example", "GET", "no_answer"): 1}
    assert collected.metric("waited") == {("api.acme.example",): 1.5}


def test_a_listing_that_broke_off_is_no_account(collected):
    """The outcome of nobody, where Clerk's listing ended early, is not counted as an account."""
    run = sc.sandbox(users=6, faults=["clerk:malformed"]).read("github.profile", on_error="ignore")
    assert [outcome.user_id for outcome in run.ended] == [None]
    assert collected.named("socialconnect.read")[0].attributes["socialconnect.accounts"] == 0
    assert collected.metric("accounts") == {}
