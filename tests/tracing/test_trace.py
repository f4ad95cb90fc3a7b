"""A trace as records and as a frame, and the steps that are told of it."""

import pickle
from dataclasses import fields

import pytest
from tests.worlds import opened, sent, user_of

import socialconnect as sc
from socialconnect.http.send import Given, Sent
from socialconnect.tracing import trace as module
from socialconnect.tracing.trace import Trace


def asked(*tokens, at=0.0, ends=None, **changes):
    """A request for the token of user_a's Acme account."""
    path = "/v1/users/{user_id}/oauth_access_tokens/oauth_acme"
    given = tuple(Given(f"eac_{place}", token, ends, ("read",)) for place, token in enumerate(tokens, 1))
    return sent(provider="clerk", account="", path=path, at=at, given=given, **changes)


def trace_of(*sents):
    trace = Trace()
    for one in sents:
        trace.add(one)
    return trace


def test_the_trace_tells_each_request():
    """One row per request: when, for whom, where, and what came; never a query."""
    trace = trace_of(sent(), sent(status=0, user_id="", account="", resource="", then="retry", left=7))
    frame = trace.frame()
    assert frame["at"][0].isoformat() == "2027-01-15T08:00:00.250000+00:00"
    assert frame["status"].tolist() == [200, 0]
    assert frame["user_id"].isna().tolist() == [False, True]
    assert frame["path"].tolist() == ["/things"] * 2
    assert (trace.requests, len(trace), trace.waited) == (2, 2, 3.0)
    assert frame.dtypes.astype(str).tolist() == Trace().frame().dtypes.astype(str).tolist()


def test_a_row_tells_what_clerk_gave():
    """The marks, the first end, all scopes, and the account where there is one."""
    frame = trace_of(asked("aa", ends=1_800_000_000.0), asked("aa", "bb"), sent(rows=3, token="aa")).frame()
    assert frame["given"].tolist() == [["aa"], ["aa", "bb"], None]
    assert frame["scopes"].tolist() == [["read"], ["read"], None]
    assert frame["expires_at"][0].isoformat() == "2027-01-15T08:00:00+00:00"
    assert frame["expires_at"].isna().tolist() == [False, True, True]
    assert frame["external_account_id"].fillna("").tolist() == ["eac_1", "", "eac_1"]
    assert frame["rows"].fillna(-1).tolist() == [-1, -1, 3]
    assert frame["token"].fillna("").tolist() == ["", "", "aa"]


def test_a_long_trace_keeps_the_last(monkeypatch):
    """Of very many requests the last are kept one by one, and all are counted, in the numbers of the steps too."""
    monkeypatch.setattr(module, "KEPT", 3)
    trace = trace_of(*(sent(size=number) for number in range(10)))
    assert trace.requests == 10
    assert trace.frame()["size"].tolist() == [7, 8, 9]
    assert [step.number for step in trace.steps] == [8, 9, 10]


def test_a_refused_token_is_told_as_the_reason():
    """A token that is asked for again after the provider refused it is a renewal, and says what it is for."""
    steps = trace_of(asked("aa"), sent(token="aa", then="refetch", title="Acme"), asked("bb"), sent(token="bb")).steps
    assert [step.kind for step in steps] == ["token", "provider", "renewal", "provider"]
    assert steps[2].reason == "Acme refused [token aa]"
    assert steps[2].asked == "the token for acme, again: Acme refused [token aa]"
    assert "the same" not in steps[2].answered
    assert steps[3].asked == "GET /things with [token bb]"


def test_the_same_token_again_is_told():
    """Where Clerk gives what it gave before, the step says so."""
    steps = trace_of(asked("aa"), sent(token="aa", then="refetch"), asked("aa")).steps
    assert "the same [token aa] of eac_1, may read" in steps[2].answered


@pytest.mark.parametrize(
    ("later", "ends", "kind", "reason"),
    [
        (600.0, 630.0, "renewal", "the one before was about to expire"),
        (600.0, 3600.0, "token", ""),
        (30.0, 60.0, "token", ""),
        (600.0, None, "token", ""),
    ],
)
def test_an_expiring_token_is_told_as_the_reason(later, ends, kind, reason):
    """Only a token that had been there for a minute and had no minute to live is a reason of its own."""
    step = trace_of(asked("aa", ends=ends), asked("bb", at=later)).steps[1]
    assert (step.kind, step.reason) == (kind, reason)
    assert step.asked.endswith("again: the one before was about to expire" if reason else ", once more")


def test_an_answer_of_no_use_is_told_as_the_reason():
    """A second try at Clerk says that the first was of no use."""
    step = trace_of(asked(status=500, then="retry"), asked("aa")).steps[1]
    assert step.reason == "the answer before was of no use"


def test_pages_are_counted_by_account_and_resource():
    """Only what rows came of is a page; each account's begin at one."""
    one, other = sent(rows=100), sent(rows=3, account="eac_2")
    assert [step.page for step in trace_of(one, sent(), sent(rows=2), other).steps] == [1, None, 2, 1]


def test_a_trace_can_be_pickled_and_joined():
    """A trace goes through pickle whole; one that came later is added to its end."""
    trace = pickle.loads(pickle.dumps(trace_of(asked("aa"), sent(rows=1))))
    trace.extend(trace_of(sent(rows=2)))
    assert [step.rows for step in trace.steps] == [None, 1, 2]
    assert trace.requests == 3


@pytest.mark.looptime
async def test_a_run_tells_the_way_of_a_token():
    """Users, token, refusal, another token, rows: each is a step with the mark that leads from one to the next."""
    async with opened(60) as (world, client):
        run = await client.read("google.profile", user_of(world, "google", "stale"))
    ask, refusal, again, last = run.trace.steps
    assert [step.kind for step in (ask, refusal, again, last)] == ["token", "provider", "renewal", "provider"]
    assert refusal.token == ask.given[0].token
    assert last.token == again.given[0].token != refusal.token
    assert again.reason == f"Google refused [token {refusal.token}]"
    assert ask.given[0].account == last.account == run.outcomes["external_account_id"][0]
    assert ask.given[0].expires_at is not None
    assert any("userinfo.profile" in scope for scope in ask.given[0].scopes)
    assert (last.page, last.rows) == (1, 1)


@pytest.mark.looptime
async def test_rows_are_those_of_the_frame():
    """The rows of all steps are the rows of the frame, and the first listing tells how many users there are."""
    async with opened(80) as (_, client):
        run = await client.read("github.repos", on_error="ignore")
    pages = [step for step in run.trace.steps if step.kind == "provider"]
    assert sum(step.rows or 0 for step in pages) == len(run.frame) == run.outcomes["rows"].sum()
    assert max(step.page or 0 for step in pages) > 1
    first = run.trace.steps[0]
    assert (first.asked, first.rows) == ("which users there are", 80)
    assert "200, " in first.answered
    assert ": 80 users" in first.answered


@pytest.mark.looptime
async def test_a_run_keeps_no_exchange():
    """The trace of a run has no bodies, and says where they are to be had."""
    async with opened(10) as (_, client):
        run = await client.read("github.profile", on_error="ignore")
    with pytest.raises(sc.UsageError, match="only that of a block") as caught:
        run.trace.exchange(1)
    assert "with sc.trace() as trace" in caught.value.cure


def test_a_frame_has_all_that_is_known():
    """Every fact of a request is a column, under its own name or, of whose it is and what was given, another."""
    columns = set(Trace().frame().columns)
    other = {"account", "cut", "title"}
    assert {field.name for field in fields(Sent)} - columns == other
