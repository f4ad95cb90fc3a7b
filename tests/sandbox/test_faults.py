import json

import httpx
import pytest

from socialconnect.errors import UsageError
from socialconnect.sandbox import Fault, Sandbox

REPOS = "https://api.github.com/user/repos"
MEMBERS = "https://api.notion.com/v1/users"
PROFILE = "https://www.googleapis.com/oauth2/v2/userinfo"
ADDRESSES = {"github": REPOS, "notion": MEMBERS, "google": PROFILE}
PROVIDERS = tuple(ADDRESSES)


async def ask(visitor, provider, situation="healthy"):
    """One answer of a provider."""
    return await visitor.read(visitor.first(provider, situation), ADDRESSES[provider])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("throttled", Fault("throttled")),
        ("github:throttled", Fault("throttled", "github")),
        ("clerk:slow@0.2", Fault("slow", "clerk", 0.2)),
        (" notion:server_error@.5 x3 ", Fault("server_error", "notion", 0.5, 3)),
        ("google:malformedx2", Fault("malformed", "google", times=2)),
    ],
)
def test_faults_are_read_from_text(text, fault):
    """Provider, share and number of times are told apart."""
    assert Fault.parse(text) == fault


@pytest.mark.parametrize(
    ("wrong", "cure"),
    [
        ("github:trottled", "Did you mean 'throttled'"),
        ("github:throttled:0.2", "Write it as"),
        ("throttled@2", "from 0 to 1"),
        ("throttled x0", "positive"),
        ("", "Write it as"),
        ("bananas", "There is: throttled"),
    ],
)
def test_a_wrong_fault_says_what_would_be_right(wrong, cure):
    """A fault that cannot be read ends with what to write instead."""
    with pytest.raises(UsageError, match=cure):
        Fault.parse(wrong)


def test_a_fault_of_no_provider_is_refused():
    """A provider that the sandbox does not have is named with those that it has."""
    with pytest.raises(UsageError, match=r"clerk, .*github, .*google, .*notion"):
        Sandbox(faults=["gitbuh:throttled"])


@pytest.mark.parametrize("fault", ["clerk:revoked", "notion:foreign_next", "google:foreign_next"])
def test_a_fault_that_could_not_show_is_refused(fault):
    """A fault that would never be seen at its provider is not taken in silence."""
    with pytest.raises(UsageError, match="could not show itself"):
        Sandbox(faults=[fault])


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_throttled_says_how_long(visit, provider):
    """A limit answers 429 with Retry-After and is counted."""
    visitor = visit(faults=[Fault("throttled", provider, seconds=7)])
    answer = await ask(visitor, provider)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert visitor.sandbox.requests.throttled.total() == 1


@pytest.mark.parametrize(("provider", "status"), [("github", 403), ("notion", 429), ("google", 403)])
async def test_throttled_silently_says_nothing(visit, provider, status):
    """Each provider has a limit that it does not explain in headers."""
    answer = await ask(visit(faults=[f"{provider}:throttled_silently"]), provider)
    assert (answer.status_code, "retry-after" in answer.headers) == (status, False)
    words = {"github": "secondary rate limit", "notion": "rate_limited", "google": "userRateLimitExceeded"}
    assert words[provider] in answer.text


@pytest.mark.parametrize("kind", ["throttled", "throttled_silently"])
async def test_clerk_can_be_throttled(visit, kind):
    """Clerk's own limit reads as Clerk's."""
    answer = await visit(faults=[f"clerk:{kind}"]).clerk("/users")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (429, "too_many_requests")
    assert ("retry-after" in answer.headers) == (kind == "throttled")


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_server_error_heals(visit, provider):
    """A server error comes as often as it should and then no more."""
    visitor = visit(faults=[f"{provider}:server_error x2"])
    token = await visitor.token(visitor.first(provider, "healthy"))
    statuses = [(await visitor.get(ADDRESSES[provider], token)).status_code for _ in range(4)]
    assert statuses == [503, 503, 200, 200]


async def test_clerk_can_fail(visit):
    """Clerk's failure is a 500 of its own."""
    visitor = visit(faults=["clerk:server_error x1"])
    assert (await visitor.clerk("/users")).json()["errors"][0]["code"] == "internal_clerk_error"
    assert (await visitor.clerk("/users")).status_code == 200


@pytest.mark.looptime
async def test_slow_takes_its_time(visit, looptime):
    """A slow answer is right, and late."""
    visitor = visit(faults=[Fault("slow", "github", seconds=30)])
    assert (await ask(visitor, "github")).status_code == 200
    assert looptime >= 30


async def test_a_dropped_connection_has_no_answer(visit):
    """In process the break reaches the caller as the operating system's error, and is on record without a status."""
    visitor = visit(faults=["github:dropped x1"])
    token = await visitor.token(visitor.first("github", "healthy"))
    with pytest.raises(ConnectionResetError):
        await visitor.get(REPOS, token)
    assert [served.status for served in visitor.sandbox.requests][-1] == 0
    assert (await visitor.get(REPOS, token)).status_code == 200


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_revoked_is_for_good(visit, provider):
    """A revoked account's tokens are refused, also fresh ones."""
    visitor = visit(faults=[f"{provider}:revoked"])
    assert {(await ask(visitor, provider)).status_code for _ in range(3)} == {401}


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_expired_is_mended_by_a_fresh_token(visit, provider):
    """The first token is refused, the second is taken."""
    visitor = visit(faults=[f"{provider}:expired"])
    assert (await ask(visitor, provider)).status_code == 401
    assert (await ask(visitor, provider)).status_code == 200


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_unrefreshable_ends_at_clerk(visit, provider):
    """Clerk has no token to give."""
    visitor = visit(faults=[f"{provider}:unrefreshable"])
    answer = await visitor.tokens(visitor.first(provider, "healthy"))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "oauth_missing_refresh_token")


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_underscoped_is_refused_by_the_provider(visit, provider):
    """A token that lacks the scope is refused, and Clerk lists what was granted."""
    visitor = visit(faults=[f"{provider}:underscoped"])
    address = "https://api.github.com/user/orgs" if provider == "github" else ADDRESSES[provider]
    assert (await visitor.read(visitor.first(provider, "healthy"), address)).status_code == 403


async def test_a_share_of_accounts_is_befallen(visit):
    """A fault of accounts befalls about its share of them, the same ones at each asking."""
    visitor = visit(faults=["github:revoked@0.3"], limits=False)
    accounts = list(visitor.world.having("github", "healthy"))
    first = [(await visitor.read(account, REPOS)).status_code for account in accounts]
    second = [(await visitor.read(account, REPOS)).status_code for account in reversed(accounts)]
    assert first == second[::-1]
    assert 0.15 < first.count(401) / len(first) < 0.45


async def test_a_fault_of_accounts_may_befall_a_few(visit):
    """times bounds the number of accounts."""
    visitor = visit(faults=["github:revoked x2"])
    accounts = list(visitor.world.having("github", "healthy"))
    for _ in range(2):
        statuses = [(await visitor.read(account, REPOS)).status_code for account in accounts]
        assert statuses.count(401) == 2


async def test_the_next_page_can_be_the_same_for_ever(visit):
    """Link, cursor and listing can run in a circle."""
    visitor = visit(faults=["cursor_loop"])
    url = f"{REPOS}?per_page=100"
    account = visitor.first("github", "large")
    first = await visitor.read(account, url)
    following = first.links["next"]["url"]
    again = await visitor.read(account, following)
    assert again.links["next"]["url"] == following
    workspace = visitor.first("notion", "large")
    cursors = {(await visitor.read(workspace, MEMBERS)).json()["next_cursor"]}
    cursors |= {(await visitor.read(workspace, f"{MEMBERS}?start_cursor={next(iter(cursors))}")).json()["next_cursor"]}
    assert len(cursors) == 1
    rows = (await visitor.clerk("/users", limit=50)).json()
    assert (await visitor.clerk("/users", limit=50, starting_after=rows[-1]["id"])).json() == rows


async def test_the_next_page_can_be_elsewhere(visit):
    """A next link may lead to a foreign host, even from the last page."""
    answer = await ask(visit(faults=["github:foreign_next"]), "github")
    assert httpx.URL(answer.links["next"]["url"]).host == "evil.example"


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_redirect_can_lead_elsewhere(visit, provider):
    """A 302 names a foreign host."""
    answer = await ask(visit(faults=[f"{provider}:foreign_redirect"]), provider)
    assert (answer.status_code, httpx.URL(answer.headers["location"]).host) == (302, "evil.example")


async def test_an_error_can_repeat_the_token(visit):
    """The body of an error holds the token that was sent, as careless services do."""
    visitor = visit(faults=["github:echo_token"])
    token = await visitor.token(visitor.first("github", "healthy"))
    answer = await visitor.get(REPOS, token)
    assert answer.status_code == 400
    assert token in answer.text


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_body_can_break_off(visit, provider):
    """A malformed answer has the status of success and no JSON."""
    answer = await ask(visit(faults=[f"{provider}:malformed"]), provider)
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


async def test_an_error_can_be_a_web_page(visit):
    """A gateway's error page is HTML where JSON is documented."""
    answer = await ask(visit(faults=["notion:html_error"]), "notion")
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html; charset=utf-8")


async def test_faults_are_the_same_for_the_same_seed(visit):
    """The same requests meet the same faults; about the share of them, and others with another seed."""

    async def statuses(seed):
        visitor = visit(seed=seed, users=20, faults=["clerk:server_error@0.3"])
        return [(await visitor.clerk("/users/count")).status_code for _ in range(100)]

    first = await statuses(1)
    assert first == await statuses(1)
    assert first != await statuses(2)
    assert 15 < first.count(500) < 45


async def test_others_are_spared(visit):
    """A fault of one provider leaves the others as they are."""
    visitor = visit(faults=["github:html_error"])
    assert (await ask(visitor, "notion")).status_code == 200
    assert (await ask(visitor, "google")).status_code == 200
    assert (await ask(visitor, "github")).status_code == 502
