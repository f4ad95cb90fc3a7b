"""`diagnose`: what holds on the way from the key to an answer, and each fact where it bites."""

from dataclasses import replace

import pytest
from tests.clerk.test_api import Clerk, refusing
from tests.worlds import accounts_of, client_of, opened, user_of

import socialconnect as sc
from socialconnect.sandbox import Sandbox
from socialconnect.standing.diagnosis import CHECKS
from socialconnect.standing.facts import FACTS, told

pytestmark = pytest.mark.looptime
USER = "user_2abc"


def states(found):
    """The state of each check, by name."""
    return {step.check: step.state for step in found.steps}


def notes(found):
    return " ".join(fact.text for fact in found.first.facts)


@pytest.mark.parametrize("provider", ["github", "google", "notion"])
async def test_a_sound_connection_holds_from_the_key_to_the_call(provider):
    """Every check holds, and the provider was asked once."""
    async with opened(60) as (world, client):
        found = await client.diagnose(user_of(world, provider), provider)
        assert found.ok, str(found)
        assert tuple(states(found)) == CHECKS
        assert "ended already" not in str(found)
        assert {"failed", "skipped"}.isdisjoint(states(found).values())
        assert (found.first, found.cure) == (None, "")
        assert sum(one.host not in ("api.clerk.com", "clerk.sandbox.example") for one in world.requests) == 1
        with pytest.raises(sc.UsageError, match="nothing to mend"):
            found.connect()


FINDINGS = [
    # provider, situation, the first that fails, a fact that is told, the error behind it
    ("github", "unverified", "account", "never finished", sc.NotConnected),
    ("github", "unrefreshable", "token", "gives nobody the refresh token", sc.ReconnectNeeded),
    ("google", "unrefreshable", "token", "give each instance a client of its own", sc.ReconnectNeeded),
    ("google", "unconsented", "token", "flow='native'", sc.ReconnectNeeded),
    ("google", "refused", "token", "Testing", sc.ReconnectNeeded),
    ("github", "refused", "token", "does not heal", sc.ReconnectNeeded),
    ("github", "untokened", "token", "empty list", sc.ReconnectNeeded),
    ("google", "underscoped", "scopes", "added in the Dashboard later", sc.MissingScope),
    ("github", "revoked", "call", "Clerk is not told", sc.ReconnectNeeded),
]


@pytest.mark.parametrize(("provider", "situation", "check", "fact", "error"), FINDINGS)
async def test_the_first_that_fails_is_found_with_its_facts(provider, situation, check, fact, error):
    """Each trouble is found where it lies, with what is known of it; what comes after it is not tried."""
    async with opened(200) as (world, client):
        user = user_of(world, provider, situation)
        found = await client.diagnose(user, provider)
        assert not found.ok
        assert (found.first.check, type(found.first.error)) == (check, error)
        assert fact in notes(found)
        assert found.cure
        after = CHECKS[CHECKS.index(check) + 1 :]
        assert [states(found)[name] for name in after] == ["skipped"] * len(after)
        attempt = await found.connect()
        assert (attempt.user_id, attempt.provider, attempt.ended) == (user, provider, False)
        attempt.cancel()


async def test_googles_facts_are_googles():
    """What is known of Google's tokens is not told of others'."""
    async with opened(200) as (world, client):
        found = await client.diagnose(user_of(world, "github", "unrefreshable"), "github")
        assert "Google" not in notes(found)


async def test_who_is_not_there_and_who_has_nothing():
    """An unknown user and one without the provider fail at their own check."""
    async with opened(60) as (world, client):
        nobody = await client.diagnose(USER, "github")
        assert (nobody.first.check, type(nobody.first.error)) == ("user", sc.UserNotFound)
        assert "share no users" in notes(nobody)
        with pytest.raises(sc.UsageError, match="does not mend"):
            nobody.connect()
        index = next(i for i in range(60) if all(one.provider != "notion" for one in world.world.accounts(i)))
        nothing = await client.diagnose(world.world.user_id(index), "notion")
        assert (nothing.first.check, type(nothing.first.error)) == ("account", sc.NotConnected)


async def test_a_provider_that_is_off_or_misspelt():
    """What the instance does not offer fails there, with the nearest name; nobody asks for a token."""
    async with opened(60, disabled=["notion"]) as (world, client):
        off = await client.diagnose(user_of(world, "notion"), "notion")
        assert (off.first.check, states(off)["account"], states(off)["token"]) == ("provider", "ok", "skipped")
        assert "SSO connections" in off.cure
        misspelt = await client.diagnose(user_of(world, "github"), "gitub")
        assert misspelt.first.check == "provider"
        assert "github" in misspelt.cure
        assert not [one for one in world.requests if "oauth_access_tokens" in one.path]


async def test_a_resource_may_be_what_is_asked_about():
    """Named as provider.resource, that resource must be readable, and is what is called."""
    async with opened(60) as (world, client):
        narrow = user_of(world, "github", "narrow")
        whole = await client.diagnose(narrow, "github")
        assert (whole.ok, states(whole)["scopes"], states(whole)["call"]) == (True, "partial", "ok")
        assert "orgs (read:org)" in whole.steps[5].detail
        assert "For more: client.connect(" in str(whole)
        one = await client.diagnose(narrow, "github.orgs")
        assert (one.first.check, one.first.error.required) == ("scopes", ("read:org", "user"))
        assert states(one)["call"] == "ok"  # of another resource: the token itself works
        attempt = await one.connect()
        assert attempt.scopes == ("read:org",)
        attempt.cancel()
        fine = await client.diagnose(narrow, "github.repos")
        assert fine.ok
        assert "github.repos answers" in fine.steps[-1].detail
        with pytest.raises(sc.UnknownName):
            await client.diagnose(narrow, "github.nothing")
        with pytest.raises(sc.UsageError, match="No connector"):
            await client.diagnose(narrow, "slakk.users")


async def test_the_call_is_one_page():
    """However much there is to read, one page of it shows that the connection works."""
    async with opened(200) as (world, client):
        found = await client.diagnose(user_of(world, "github", "large"), "github.repos")
        assert found.ok
        assert sum(one.host == "api.github.com" for one in world.requests) == 1


async def test_each_of_several_accounts_is_looked_at():
    """Two accounts have their own checks; one that is unfinished beside a good one is told, and harms nothing."""
    async with opened(200) as (world, client):
        mixed = {"healthy", "unverified"}
        index = next(
            i
            for i in range(200)
            if {one.situation for one in world.world.accounts(i) if one.provider == "github"} == mixed
        )
        user = world.world.user_id(index)
        found = await client.diagnose(user, "github")
        assert found.ok
        assert [step.state for step in found.steps if step.check == "account"] == ["ok", "skipped"]
        unfinished = next(one.eac for one in world.world.accounts(index) if one.situation == "unverified")
        alone = await client.diagnose(user, "github", account=unfinished)
        assert (alone.first.check, alone.first.account) == ("account", unfinished)
        both = next(one for one in accounts_of(world, "github") if one.ordinal)
        two = await client.diagnose(world.world.user_id(both.user), "github")
        assert [step.check for step in two.steps].count("call") == 2
        assert len({step.account for step in two.steps if step.account}) == 2


async def test_an_account_that_is_not_the_users_is_explained():
    """An idn_ id, or somebody else's, fails at the account, with those that there are."""
    async with opened(60) as (world, client):
        found = await client.diagnose(user_of(world, "google"), "google", account="idn_1")
        assert found.first.check == "account"
        assert "identification" in found.first.detail
        assert "eac_" in found.first.detail


@pytest.mark.parametrize(
    ("application", "state", "error"),
    [
        (refusing(401, "clerk_key_invalid"), "failed", sc.InvalidKey),
        (refusing(500, "internal_clerk_error"), "unknown", sc.Unavailable),
        (Clerk(200, b"<html>"), "failed", sc.MalformedResponse),
    ],
)
async def test_a_key_or_clerk_in_trouble_is_the_first_step(application, state, error):
    """What is wrong with the key or with Clerk is told as the first step, and nothing else is tried."""
    async with client_of(Sandbox(users=1), application=application, attempts=1) as client:
        found = await client.diagnose(USER, "github")
        assert (found.first.check, found.first.state, type(found.first.error)) == ("instance", state, error)
        assert [step.state for step in found.steps[1:]] == ["skipped"] * 6
        assert not found.ok


async def test_a_frontend_that_does_not_answer_hinders_nothing(monkeypatch):
    """Where nobody says what is enabled, the rest is looked at all the same."""
    async with opened(60) as (world, client):

        async def fails(_):
            raise sc.Unavailable("It could not be reached.")

        monkeypatch.setattr(client._clerk, "frontend", fails)
        found = await client.diagnose(user_of(world, "github"), "github")
        assert found.ok
        assert states(found)["provider"] == "unknown"


async def test_a_provider_in_trouble_is_not_the_connections_fault():
    """A call that fails for the provider's own reasons leaves it open, and no fact is told for it."""
    async with opened(60, faults=["github:malformed"]) as (world, client):
        broken = await client.diagnose(user_of(world, "github"), "github")
        assert (broken.first.check, type(broken.first.error)) == ("call", sc.MalformedResponse)
    async with opened(60, faults=["github:server_error"]) as (world, client):
        down = await client.diagnose(user_of(world, "github"), "github")
        assert (down.first.check, down.first.state, down.first.facts) == ("call", "unknown", ())
        assert down.told.startswith("Nobody can say")


async def test_what_no_connector_reads_ends_at_its_scopes():
    """A provider that is connected, and that nothing here reads, is looked at up to its token."""
    connector = sc.Connector(
        "work", "https://api.work.example", [sc.Resource("me", "/me", columns=sc.columns("string", "id"))]
    )
    async with opened(60, connectors=[connector]) as (world, client):
        client.connectors._found.pop("work")
        found = await client.diagnose(user_of(world, "work"), "work")
        assert found.ok, str(found)
        assert (states(found)["token"], states(found)["call"]) == ("ok", "skipped")
        assert "no connector reads it" in found.steps[1].detail


@pytest.mark.parametrize("provider", ["", "  ", None, 3])
async def test_nonsense_is_refused(provider):
    """What can be no provider, and what can be no user, is a UsageError."""
    async with opened(5) as (_, client):
        with pytest.raises(sc.UsageError):
            await client.diagnose(USER, provider)
        with pytest.raises(sc.UsageError):
            await client.diagnose("ada@example.com", "github")
        with pytest.raises(sc.UsageError):
            await client.disconnect(USER, provider)


async def test_the_finding_as_frame_text_and_html():
    """The frame has a row per step; text and HTML mark the first that fails, and say what mends it and why."""
    async with opened(200) as (world, client):
        found = await client.diagnose(user_of(world, "google", "unrefreshable"), "google")
        frame = found.frame
        assert list(frame.columns) == ["check", "state", "detail", "cure", "external_account_id", "notes"]
        assert frame["check"].tolist() == list(CHECKS)
        assert frame.loc[4, "notes"] == [fact.text for fact in found.first.facts]
        lines = str(found).splitlines()
        assert [line for line in lines if line.startswith(">")] == [next(x for x in lines if "> token" in x)]
        assert any(line.startswith("To mend it: ") for line in lines)
        assert max(map(len, found.lines(80))) <= 80
        assert len({line.index(found.steps[0].state) for line in lines[2:4]}) == 1
        bundle = found._repr_mimebundle_()
        assert bundle["text/plain"] == str(found)
        assert bundle["text/html"].count("▶") == 1
        assert "✗ failed" in bundle["text/html"]
        assert "<script" not in bundle["text/html"]
        assert repr(found).startswith("<Diagnosis: Google of ")
        known = world.secrets()
        assert not [secret for secret in known if secret in str(bundle)]


async def test_what_others_wrote_is_escaped():
    """A name that is markup is text in the HTML of a diagnosis and of a disconnection."""
    async with opened(60) as (world, client):
        user = user_of(world, "github")
        account = next(one for one in accounts_of(world, "github") if world.world.user_id(one.user) == user)
        rest = [one for one in world.world.accounts(account.user) if one.eac != account.eac]
        world.world.changed[account.user] = (replace(account, username="<img src=x>"), *rest)
        html = (await client.diagnose(user, "github"))._repr_mimebundle_()["text/html"]
        assert "<img" not in html
        assert "&lt;img" in html
        gone = await client.disconnect(user, "github", confirm=True)
        assert "<img" not in gone._repr_html_()


def test_a_diagnosis_of_a_client_connects_without_being_awaited():
    """The diagnosis of a Client gives the attempt itself."""
    with sc.sandbox(users=60) as client:
        user = client.coverage("notion.users").query("state == 'not_connected'")["user_id"].iloc[0]
        attempt = client.diagnose(user, "notion").connect()
        assert attempt.state == "offered"
        attempt.cancel()
        with pytest.raises(sc.NotConnected):
            attempt.wait()


# facts ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: f"{fact.check}-{fact.text[:20]}")
def test_each_fact_bites_somewhere_and_names_its_source(fact):
    """No fact is idle: told where its conditions hold, and not for another check."""
    provider = next(iter(fact.providers), "github")
    codes = fact.codes or {"any"}
    assert fact in told(fact.check, provider, codes, fact.kind or "production")
    assert fact.source.startswith("https://")
    assert fact.text.endswith(".")
    other = next(check for check in CHECKS if check != fact.check)
    assert fact not in told(other, provider, codes, fact.kind)


def test_facts_of_one_provider_or_kind_stay_there():
    """What concerns TikTok, LinkedIn, X or development instances is told for them alone."""
    texts = " ".join(fact.text for fact in told("token", "tiktok", {"oauth_token_retrieval_error"}, "production"))
    assert "24 hours" in texts
    assert "LinkedIn" not in texts
    assert "approved partners" in " ".join(fact.text for fact in told("token", "linkedin_oidc", (), "production"))
    assert "offline.access" in " ".join(fact.text for fact in told("token", "x", (), "production"))
    assert "shared credentials" in " ".join(fact.text for fact in told("scopes", "github", (), "development"))
    assert "shared credentials" not in " ".join(fact.text for fact in told("scopes", "github", (), "production"))
