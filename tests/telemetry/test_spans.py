"""A call in OpenTelemetry: one span for it, for each account and for each exchange, and nothing private in them."""

import asyncio
import json
import re

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, Decision, Sampler, SamplingResult
from opentelemetry.trace import SpanKind, StatusCode
from tests.worlds import opened, sent

import socialconnect as sc
from socialconnect.runs.outcomes import Outcome
from socialconnect.sandbox import Sandbox
from socialconnect.telemetry import emitting
from socialconnect.telemetry.told import carrying_out


def of(span, name):
    return span.attributes.get(f"socialconnect.{name}")


def ended(user_id, account=None, resource="acme.things", **facts):
    return Outcome(user_id, resource.partition(".")[0], resource, account, **facts)


def test_a_read_is_one_trace(collected):
    """A synchronous read is a child of the caller's span, though it runs on a loop of its own; its accounts are its."""
    client = sc.sandbox(users=20)
    with trace.get_tracer("app").start_as_current_span("nightly"):
        run = client.read("github.repos", on_error="ignore")
    [nightly], [read] = collected.named("nightly"), collected.named("socialconnect.read github.repos")
    accounts = collected.named("socialconnect.account github.repos")
    assert collected.below(nightly) == [read]
    assert len({span.context.trace_id for span in collected.spans}) == 1
    assert [span.parent.span_id for span in accounts] == [read.context.span_id] * len(run.ended)
    [listing] = [span for span in collected.below(read) if span.kind is SpanKind.CLIENT]
    assert listing.name == "GET /v1/users"
    assert sum(len(collected.below(span)) for span in accounts) + 1 == run.trace.requests
    assert of(read, "accounts") == len(run.ended)
    assert of(read, "rows") == len(run.frame)
    assert of(read, "requests") == run.trace.requests
    assert read.status.status_code is StatusCode.UNSET


def test_an_account_is_told_as_its_outcome(collected):
    """An account's span has whom it concerns, how it ended and the figures of the outcome, and its own exchanges."""
    run = sc.sandbox(users=30).read("github.repos", on_error="ignore")
    spans = {of(span, "external_account_id"): span for span in collected.named("socialconnect.account")}
    assert {outcome.status for outcome in run.ended} >= {"ok", "failed"}
    for outcome in run.ended:
        span = spans.pop(outcome.external_account_id)
        names = ("user_id", "resource", "status", "rows", "pages", "requests", "retries")
        assert [of(span, name) for name in names] == [getattr(outcome, name) for name in names]
        assert span.attributes.get("error.type") == outcome.reason
        assert (span.status.status_code is StatusCode.ERROR) == (outcome.status == "failed")
        assert not span.status.description
        exchanges = collected.below(span)
        assert len(exchanges) == outcome.requests
        assert all(span.start_time <= one.start_time <= one.end_time <= span.end_time for one in exchanges)
    assert not spans


def test_an_exchange_follows_the_conventions(collected):
    """An exchange is a client span with method, host, status and the path without values, and lasts as long as it."""
    run = sc.sandbox(users=20).read("github.repos", on_error="ignore")
    spans = sorted(collected.named("GET /user/repos"), key=lambda span: span.start_time)
    asked = sorted((one for one in run.trace.last if one.provider == "github"), key=lambda one: one.at)
    assert len(spans) == len(asked) > 3
    for span, one in zip(spans, asked, strict=True):
        assert span.kind is SpanKind.CLIENT
        assert span.attributes["http.request.method"] == "GET"
        assert span.attributes["server.address"] == "api.github.com"
        assert span.attributes["url.template"] == "/user/repos"
        assert span.attributes["http.response.status_code"] == one.status
        assert span.attributes["http.response.body.size"] == one.size
        assert span.attributes.get("error.type") == ("401" if one.status == 401 else None)
        assert (span.end_time - span.start_time) / 1e9 == pytest.approx(one.seconds, abs=1e-6)
    assert {one.status for one in asked} == {200, 401}


def test_nothing_private_is_told(collected):
    """No address with values, no token, no e-mail address, no message of an error is in any span."""
    client = sc.sandbox(users=12)
    people = client.users(columns=["email"])
    client.read("google.events", on_error="ignore", calendar="somebody@example.com")
    client.read("github.repos", on_error="ignore")
    readable = client.coverage("github.repos").query("state == 'readable'")
    with pytest.raises(sc.NotFound):
        client.get("github", "/repos/somebody/something/commits", readable["user_id"].iloc[0], per_page=5)
    with pytest.raises(sc.UserNotFound):
        client.github.repos("user_2nobodynobodynobodynobody")
    told = json.dumps([(span.name, dict(span.attributes), span.status.description) for span in collected.spans])
    assert not [one for one in people["email"].dropna() if one in told]
    assert not re.findall(r"://|\?|@|%40|somebody|something", told)
    assert not [span for span in collected.spans if span.events]
    world = client.sandbox
    assert world.secret_key not in told
    tokens = [client.token(user, "github").token.reveal() for user in readable["user_id"]]
    assert tokens
    assert not [one for one in tokens if one in told]
    templates = {span.attributes.get("url.template") for span in collected.spans} - {None}
    assert "/v1/users/{user_id}/oauth_access_tokens/oauth_github" in templates
    assert not [one for one in templates if re.search(r"user_\w{9}|eac_", one)]


def test_what_a_caller_wrote_has_no_template(collected):
    """The path of a request that no resource declares may hold anything: its span has only the method."""
    client = sc.sandbox(users=12)
    user = client.coverage("github.repos").query("state == 'readable'")["user_id"].iloc[0]
    collected.sample()
    client.get("github", "/user/repos", user)
    [span] = [span for span in collected.spans if span.attributes["server.address"] == "api.github.com"]
    assert span.name == "GET"
    assert "url.template" not in span.attributes


def test_an_id_that_clerk_gives_is_no_template(collected):
    """Where Clerk's path names an account, the template does not."""
    emitting.sent(
        sent(provider="clerk", resource="", path="/v1/users/{user_id}/external_accounts/eac_29abcDEF29abcDEF29")
    )
    assert collected.spans[0].name == "GET /v1/users/{user_id}/external_accounts/{id}"


def test_a_resource_of_another_host_has_a_path(collected):
    """Where a resource is declared with a whole address, the template is its path."""
    emitting.sent(sent(path="https://people.example.com/v1/people/{id}?fields=all"))
    assert collected.spans[0].attributes["url.template"] == "/v1/people/{id}"


def test_a_host_of_its_own_port(collected):
    """An address with a port is told as host and port, without an answer as no answer."""
    emitting.sent(sent(host="127.0.0.1:8081", status=0, attempt=3))
    [span] = collected.spans
    assert (span.attributes["server.address"], span.attributes["server.port"]) == ("127.0.0.1", 8081)
    assert span.attributes["error.type"] == "no_answer"
    assert span.attributes["http.request.resend_count"] == 2
    assert span.attributes["socialconnect.waited"] == 1.5
    assert "http.response.status_code" not in span.attributes
    assert span.status.status_code is StatusCode.ERROR


def test_several_resources_stand_below_one_call(collected):
    """`read_all` is one span, each of its resources one below it, with its own accounts."""
    names = ["github.profile", "google.profile"]
    runs = sc.sandbox(users=12).read_all(names, on_error="ignore")
    [whole] = collected.named("socialconnect.read_all")
    reads = collected.below(whole)
    assert sorted(span.name for span in reads) == [f"socialconnect.read {name}" for name in names]
    for span in reads:
        run = runs[of(span, "resource")]
        accounts = [one for one in collected.below(span) if one.name.startswith("socialconnect.account")]
        assert {of(one, "user_id") for one in accounts} == {outcome.user_id for outcome in run.ended}
        assert {of(one, "resource") for one in accounts} == {run.resource}


def test_other_calls_are_told_too(collected):
    """Listing users and accounts is a call with its exchanges; a single question is an exchange by itself."""
    client = sc.sandbox(users=5)
    client.users()
    client.accounts()
    client.instance()
    users, accounts = collected.named("socialconnect.users"), collected.named("socialconnect.accounts")
    assert [len(collected.below(span)) for span in (*users, *accounts)] == [1, 1]
    [instance] = collected.named("GET /v1/instance")
    assert instance.parent is None


def test_reading_again_is_told(collected):
    """`retry` is a call with the accounts that it read."""
    client = sc.sandbox(users=12, faults=["github:malformed x3"])
    run = client.read("github.profile", on_error="ignore")
    collected.sample()
    client.retry(run, on_error="ignore")
    [again] = collected.named("socialconnect.retry github.profile")
    assert of(again, "accounts") == sum(outcome.status == "failed" for outcome in run.ended) >= 3


def test_what_ends_a_call_is_a_code(collected):
    """A call that an error ends is told with its code, and what was sent for accounts that never ended is below it."""
    client = sc.AsyncClient("sk_test_of_another_instance", application=Sandbox(users=6).app)
    with pytest.raises(sc.InvalidKey):
        asyncio.run(client.read("github.repos"))
    [read] = collected.named("socialconnect.read")
    assert read.attributes["error.type"] == "invalid_key"
    assert read.status.status_code is StatusCode.ERROR
    assert not read.status.description
    assert not read.events


async def test_an_interrupted_call_is_told(collected):
    """A cancelled call ends its span, with what was sent for accounts that never ended below it."""

    async def call():
        with carrying_out("read", "acme.things"):
            emitting.sent(sent())
            await asyncio.Event().wait()

    task = asyncio.create_task(call())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    [read] = collected.named("socialconnect.read")
    assert read.attributes["error.type"] == "CancelledError"
    assert [span.name for span in collected.below(read)] == ["GET /things"]


def test_accounts_of_one_user_have_their_own_requests(collected):
    """Of a user with two accounts, what was sent since one ended belongs to the next that was read."""
    with carrying_out("export", "acme.things") as told:
        for path in ("/token", "/one", "/two"):
            emitting.sent(sent(path=path))
        told.ended(ended("user_a", "eac_0", status="skipped"))
        emitting.sent(sent(path="/other", user_id="user_b"))
        told.ended(ended("user_a", "eac_1"))
        emitting.sent(sent(path="/three", account="eac_2"))
        told.ended(ended("user_a", "eac_2"))
        told.ended(ended("user_b", "eac_3"))
    below = [[one.name for one in collected.below(span)] for span in collected.named("socialconnect.account")]
    assert below == [[], ["GET /token", "GET /one", "GET /two"], ["GET /three"], ["GET /other"]]


def test_several_resources_of_one_call_have_their_own_requests(collected):
    """Where one call reads several resources side by side, each takes its requests, its token's and its parents'."""
    names = "acme.things, acme.parts, other.records"
    with carrying_out("export", names) as told:
        clerk = {"provider": "clerk", "resource": ""}
        emitting.sent(sent(path="/v1/users/{user_id}/oauth_access_tokens/oauth_acme", **clerk))
        emitting.sent(sent(path="/v1/users/{user_id}/oauth_access_tokens/oauth_other", **clerk))
        emitting.sent(sent(path="/records", provider="other", resource="other.records"))
        emitting.sent(sent(path="/sites", resource="acme.sites"))
        emitting.sent(sent(path="/things"))
        emitting.sent(sent(path="/parts", resource="acme.parts"))
        told.ended(ended("user_a", "eac_1"))
        told.ended(ended("user_a", "eac_1", "acme.parts"))
        told.ended(ended("user_a", "eac_2", "other.records"))
    below = [
        [one.name.rpartition("/")[2] for one in collected.below(span)] for span in collected.named("socialconnect.a")
    ]
    assert below == [["oauth_acme", "sites", "things"], ["parts"], ["oauth_other", "records"]]
    [export] = collected.named("socialconnect.export")
    assert export.name == "socialconnect.export"
    assert of(export, "resource") == names


def test_an_export_is_one_trace(collected, tmp_path):
    """An export is one span with an account's span for each resource; all but the listing of users is below those."""
    client = sc.sandbox(users=12)
    names = ["github.profile", "github.orgs", "notion.users"]
    report = client.export(names, f"sqlite:///{tmp_path / 'rows.db'}")
    [export] = collected.named("socialconnect.export")
    below = collected.below(export)
    accounts = [span for span in below if span.name.startswith("socialconnect.account")]
    assert [span.name for span in below if span not in accounts] == ["GET /v1/users"]
    assert {of(span, "resource") for span in accounts} == set(names)
    assert of(export, "rows") == sum(one.rows for one in report.resources)
    for span in accounts:
        provider = of(span, "resource").partition(".")[0]
        hosts = {one.attributes["server.address"] for one in collected.below(span)}
        assert hosts <= {"api.clerk.com", f"api.{provider}.com"}
        assert f"api.{provider}.com" in hosts


def test_who_never_ends_is_not_kept(collected, monkeypatch):
    """What was sent for users who do not end is not kept for long: the oldest is told below the call."""
    monkeypatch.setattr(emitting, "OPEN", 2)
    with carrying_out("read", "acme.things") as told:
        for name in "abc":
            emitting.sent(sent(user_id=f"user_{name}", path=f"/{name}"))
        assert [span.name for span in collected.spans] == ["GET /a"]
        told.ended(ended("user_c"))
    [read] = collected.named("socialconnect.read")
    assert sorted(span.name for span in collected.below(read)) == [
        "GET /a",
        "GET /b",
        "socialconnect.account acme.things",
    ]


def test_a_large_call_tells_its_first_accounts_and_those_in_trouble(collected, monkeypatch):
    """Once a call has had its share, only accounts in trouble have spans, with their exchanges; the rest is counted."""
    monkeypatch.setattr(emitting, "MOST", 10)
    with carrying_out("read", "acme.things") as told:
        for number in range(30):
            emitting.sent(sent(user_id=f"user_{number}"))
            trouble = number in (20, 25)
            told.ended(ended(f"user_{number}", status="failed" if trouble else "ok"))
    accounts = collected.named("socialconnect.account")
    assert [of(span, "user_id") for span in accounts] == [f"user_{number}" for number in (0, 1, 2, 3, 4, 20, 25)]
    assert all(len(collected.below(span)) == 1 for span in accounts)
    [read] = collected.named("socialconnect.read")
    assert of(read, "accounts") == 30
    assert of(read, "accounts.without_span") == 23
    assert of(read, "requests") == 30
    assert sum(collected.metric("requests").values()) == 30
    assert sum(collected.metric("accounts").values()) == 30


def test_spans_of_a_call_have_an_end(collected, monkeypatch):
    """However much trouble there is, and however much is sent, a call makes at most twice its share of spans."""
    monkeypatch.setattr(emitting, "MOST", 10)
    monkeypatch.setattr(emitting, "EACH", 3)
    with carrying_out("read", "acme.things") as told:
        for number in range(20):
            for _ in range(5):
                emitting.sent(sent(user_id=f"user_{number}"))
            told.ended(ended(f"user_{number}", status="failed"))
    accounts = collected.named("socialconnect.account")
    assert [len(collected.below(span)) for span in accounts] == [3, 3, 3, 3, 3]
    with carrying_out("users"):
        for _ in range(30):
            emitting.sent(sent())
    [users] = collected.named("socialconnect.users")
    assert len(collected.below(users)) == 20
    assert of(users, "requests") == 30


class Dropping(Sampler):
    """Drops what has a name that begins so."""

    def __init__(self, begin):
        self._begin = begin

    def should_sample(self, _context, _trace_id, name, _kind=None, attributes=None, *_):
        if name.startswith(self._begin):
            return self.drop(name)
        return SamplingResult(Decision.RECORD_AND_SAMPLE, attributes)

    def drop(self, _name):
        return SamplingResult(Decision.DROP)

    def get_description(self):
        return "Dropping"


def test_a_sampler_may_drop_accounts(collected):
    """An account that a sampler drops takes its requests along; the call keeps its totals."""
    collected.sample(Dropping("socialconnect.account"))
    run = sc.sandbox(users=12).read("github.profile", on_error="ignore")
    assert [span.name for span in collected.spans] == ["GET /v1/users", "socialconnect.read github.profile"]
    assert of(collected.spans[1], "accounts") == len(run.ended)


@pytest.mark.parametrize(("sampler", "some"), [(ALWAYS_OFF, False), (ALWAYS_ON, True)])
def test_a_sampler_may_drop_the_call(collected, sampler, some):
    """Of a call that is not sampled there is no span at all; metrics count it all the same."""
    collected.sample(sampler)
    sc.sandbox(users=12).read("github.profile", on_error="ignore")
    assert bool(collected.spans) is some
    assert sum(collected.metric("requests").values()) > 12


class Broken(Dropping):
    """A sampler with a bug."""

    def drop(self, name):
        raise LookupError(name)


@pytest.mark.parametrize("begin", ["socialconnect.account", "GET"])
def test_a_bug_of_the_application_ends_no_read(collected, caplog, begin):
    """Whatever a sampler raises, everybody is read, and the log says it once."""
    emitting._lost.cache_clear()
    collected.sample(Broken(begin))
    client = sc.sandbox(users=12)
    run = client.read("github.profile", on_error="ignore")
    client.instance()
    assert {outcome.status for outcome in run.ended} >= {"ok"}
    assert [record.getMessage() for record in caplog.records if "OpenTelemetry" in record.getMessage()] == [
        "OpenTelemetry was not told of everything: what is set up for it raised LookupError."
    ]


def test_what_goes_on_after_the_call_has_no_span(collected):
    """What a call began and left under way adds nothing to a span that has ended."""
    with carrying_out("read", "acme.things") as told:
        carrying = emitting._under_way.get()
    carrying.sent(sent(user_id=""))
    told.ended(ended("user_a"))
    assert [span.name for span in collected.spans] == ["socialconnect.read acme.things"]


def test_what_is_asked_after_a_call_is_not_its(collected):
    """Once a call is over, the next request is none of it."""
    with carrying_out("read", "acme.things"):
        pass
    emitting.sent(sent())
    assert [(span.name, span.parent) for span in collected.named("GET")] == [("GET /things", None)]


@pytest.mark.looptime
async def test_a_second_try_says_so(collected):
    """A request that is sent again says how often it was, and the first says what went wrong."""
    async with opened(12, faults=["github:server_error x1"]) as (_, client):
        await client.read("github.profile", on_error="ignore")
    spans = collected.named("GET /user")
    failed = [span for span in spans if span.attributes["http.response.status_code"] >= 500]
    assert [span.attributes["error.type"] for span in failed] == [
        str(failed[0].attributes["http.response.status_code"])
    ]
    again = [
        span.attributes["http.request.resend_count"] for span in spans if "http.request.resend_count" in span.attributes
    ]
    assert again == [1]
