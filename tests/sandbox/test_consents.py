import pytest

from socialconnect.sandbox import EPOCH, Sandbox
from socialconnect.sandbox.refusals import Refused

NOW = float(EPOCH)
BASE = ("read:user", "user:email")
CALENDAR = "https://www.googleapis.com/auth/calendar.readonly"


def lacking(sandbox, provider):
    """The first user who has nothing at a provider."""
    world = sandbox.world
    return next(index for index in range(world.users) if provider not in world.situation(index))


async def listed(visitor, consent):
    """The account of an attempt, as Clerk lists it."""
    row = (await visitor.clerk(f"/users/{visitor.world.user_id(consent.user)}")).json()
    return next(one for one in row["external_accounts"] if consent.eac in (one["id"], one.get("external_account_id")))


async def test_whatever_became_of_it_is_as_specified(visitor, validator):
    """A user whose attempts are open, granted, declined, failed and expired validates against the specification."""
    consents, world = visitor.sandbox.consents, visitor.world
    user = 3
    for account in world.accounts(user):
        visitor.sandbox.linked.remove(account.eac)
    endings = {
        "github": ("unverified", lambda _state: None),
        "google": ("verified", lambda state: consents.grant(state, now=NOW)),
        "notion": ("unverified", lambda state: consents.decline(state, now=NOW)),
    }
    check = validator("clerk-bapi-subset.yml", "User")
    for provider, (status, end) in endings.items():
        consent = consents.begin(user, provider, now=NOW)
        end(consent.state)
        row = (await visitor.clerk(f"/users/{world.user_id(user)}")).json()
        check.validate(row)
        assert (await listed(visitor, consent))["verification"]["status"] == status
    failing = consents.begin(user, "notion", now=NOW)
    consents.fail(failing.state, "oauth_token_exchange_error", now=NOW)
    consents.begin(user, "github", now=NOW - 600)
    row = (await visitor.clerk(f"/users/{world.user_id(user)}")).json()
    check.validate(row)
    found = {one["provider"]: one["verification"]["status"] for one in row["external_accounts"]}
    assert [found[f"oauth_{name}"] for name in sorted(endings)] == ["expired", "verified", "failed"]


async def test_an_open_attempt_is_listed_as_unverified(visitor):
    """Between the start and the decision Clerk lists the account without scopes and without an error."""
    consent = visitor.sandbox.consents.begin(lacking(visitor.sandbox, "github"), "github", ["repo"], now=NOW)
    account = await listed(visitor, consent)
    assert (account["verification"]["status"], account["verification"]["error"]) == ("unverified", None)
    assert (account["approved_scopes"], account["provider_user_id"]) == ("", "")
    assert consent.link == f"https://consent.sandbox.example/github/authorize?state={consent.state}"
    assert visitor.sandbox.consents.find(consent.state) == consent
    assert consent.asked == (*BASE, "repo")


@pytest.mark.parametrize(
    ("chosen", "scopes"), [(None, (*BASE, "repo", "gist")), (["gist"], (*BASE, "gist")), (["admin"], BASE), ([], BASE)]
)
async def test_what_is_granted_is_what_the_token_may_do(visitor, chosen, scopes):
    """Clerk and the token name the instance's scopes and those that were allowed, of those that were asked for."""
    consents = visitor.sandbox.consents
    asked = ["repo", "user:email", "gist", "repo"]
    consent = consents.begin(lacking(visitor.sandbox, "github"), "github", asked, now=NOW)
    assert consent.asked == (*BASE, "repo", "gist")
    onwards = consents.grant(consent.state, chosen, now=NOW)
    assert onwards.startswith("https://clerk.sandbox.example/v1/oauth_callback?code=sandbox-code-")
    account = await listed(visitor, consent)
    assert (account["verification"]["status"], account["verification"]["error"]) == ("verified", None)
    assert account["approved_scopes"].split() == list(scopes)
    item = (await visitor.tokens(visitor.world.find_account(consent.eac))).json()[0]
    assert item["scopes"] == list(scopes)
    assert consents.find(consent.state).outcome == "granted"


async def test_declining_leaves_its_mark(visitor):
    """An attempt that was declined stays unverified with Clerk's error, and has no token."""
    consents = visitor.sandbox.consents
    consent = consents.begin(lacking(visitor.sandbox, "notion"), "notion", now=NOW)
    assert "error=access_denied" in consents.decline(consent.state, now=NOW)
    verification = (await listed(visitor, consent))["verification"]
    assert (verification["status"], verification["error"]["code"]) == ("unverified", "oauth_access_denied")
    assert (await visitor.tokens(visitor.world.find_account(consent.eac))).json() == []


async def test_failing_leaves_its_mark(visitor):
    """An attempt that Clerk ended has failed, with the code why."""
    consents = visitor.sandbox.consents
    consent = consents.begin(lacking(visitor.sandbox, "notion"), "notion", now=NOW)
    consents.fail(consent.state, "oauth_token_exchange_error", now=NOW)
    verification = (await listed(visitor, consent))["verification"]
    assert (verification["status"], verification["error"]["code"]) == ("failed", "oauth_token_exchange_error")


@pytest.mark.looptime
async def test_an_attempt_ends_of_itself(visitor, pass_time):
    """After ten minutes an attempt has expired: Clerk says so and the person can no longer consent."""
    consents, clock = visitor.sandbox.consents, visitor.sandbox.clock
    consent = consents.begin(lacking(visitor.sandbox, "google"), "google", now=clock.now())
    await pass_time(599)
    assert (await listed(visitor, consent))["verification"]["status"] == "unverified"
    await pass_time(1)
    assert (await listed(visitor, consent))["verification"]["status"] == "expired"
    assert consents.find(consent.state).expired(clock.now())
    with pytest.raises(Refused):
        consents.grant(consent.state, now=clock.now())


@pytest.mark.parametrize("decided", ["grant", "decline"])
def test_an_attempt_is_decided_once(decided):
    """A state that was used takes no second decision, and neither does one that never was."""
    sandbox = Sandbox(users=60)
    consent = sandbox.consents.begin(lacking(sandbox, "notion"), "notion", now=NOW)
    getattr(sandbox.consents, decided)(consent.state, now=NOW)
    for state in (consent.state, "sandbox-state-of-nobody"):
        with pytest.raises(Refused):
            sandbox.consents.grant(state, now=NOW)


def test_the_former_attempt_is_over():
    """Who begins again cannot finish what was begun before."""
    sandbox = Sandbox(users=60)
    user = lacking(sandbox, "notion")
    former, latter = (sandbox.consents.begin(user, "notion", now=NOW) for _ in range(2))
    with pytest.raises(Refused):
        sandbox.consents.grant(former.state, now=NOW)
    sandbox.consents.grant(latter.state, now=NOW)
    assert sandbox.world.situation(user)["notion"] == ("healthy",)


async def test_asking_for_more_adds(visitor):
    """Renewing a connected account keeps what it had and adds what was allowed; its status stays verified."""
    account = visitor.first("google", "narrow")
    consents = visitor.sandbox.consents
    before = (await visitor.tokens(account)).json()[0]["scopes"]
    consent = consents.begin(account.user, "google", [CALENDAR], account.eac, now=NOW)
    assert (await listed(visitor, consent))["verification"]["status"] == "verified"
    consents.grant(consent.state, now=NOW)
    after = (await visitor.tokens(account)).json()[0]["scopes"]
    assert {*before, CALENDAR} <= set(after)
    assert CALENDAR not in before


async def test_declining_more_takes_nothing_away(visitor):
    """Who declines further scopes keeps the token and the scopes there were; Clerk notes the refusal."""
    account = visitor.first("github", "healthy")
    before = (await visitor.tokens(account)).json()
    consents = visitor.sandbox.consents
    consent = consents.begin(account.user, "github", ["gist"], account.eac, now=NOW)
    consents.decline(consent.state, now=NOW)
    assert (await visitor.tokens(account)).json() == before
    verification = (await listed(visitor, consent))["verification"]
    assert (verification["status"], verification["error"]["code"]) == ("verified", "oauth_access_denied")


def test_a_revoked_grant_is_not_kept():
    """What the provider had revoked comes back with what is granted now alone."""
    sandbox = Sandbox()
    account = next(sandbox.world.having("github", "revoked"))
    consent = sandbox.consents.begin(account.user, "github", eac=account.eac, now=NOW)
    sandbox.consents.grant(consent.state, now=NOW)
    assert sandbox.world.find_account(account.eac).granted == BASE


def test_less_can_be_allowed_where_there_are_no_scopes():
    """A consent that is not one of scopes says how the account fares afterwards."""
    sandbox = Sandbox(users=60)
    user = lacking(sandbox, "notion")
    consent = sandbox.consents.begin(user, "notion", now=NOW)
    sandbox.consents.grant(consent.state, now=NOW, situation="narrow")
    assert sandbox.world.situation(user)["notion"] == ("narrow",)


def test_what_cannot_begin():
    """A provider that is off, a second account, somebody else's account: each is refused with Clerk's code."""
    sandbox = Sandbox(disabled=("notion",))
    account = next(sandbox.world.having("github", "healthy"))
    other = next(one for one in sandbox.world.having("github", "healthy") if one.user != account.user)
    for arguments, code in (
        ((account.user, "notion"), "oauth_provider_not_enabled"),
        ((account.user, "gitub"), "oauth_provider_not_enabled"),
        ((account.user, "github"), "oauth_account_already_connected"),
        ((account.user, "github", (), other.eac), "external_account_not_found"),
    ):
        with pytest.raises(Refused) as refused:
            sandbox.consents.begin(*arguments, now=NOW)
        assert refused.value.code == code


@pytest.mark.parametrize(
    ("fault", "outcome", "error"),
    [("declined", "declined", "oauth_access_denied"), ("claimed", "failed", "oauth_identification_claimed")],
)
def test_consent_fails_on_demand(fault, outcome, error):
    """Under a fault, Allow ends as the fault says, as often as it says, at its provider alone."""
    sandbox = Sandbox(faults=[f"notion:{fault} x1"])
    outcomes = []
    for provider in ("github", "notion", "notion"):
        consent = sandbox.consents.begin(lacking(sandbox, provider), provider, now=NOW)
        sandbox.consents.grant(consent.state, now=NOW)
        found = sandbox.consents.find(consent.state)
        outcomes.append((found.outcome, found.error))
    assert outcomes == [("granted", ""), (outcome, error), ("granted", "")]


def test_consent_expires_on_demand():
    """Under its fault an attempt is over as soon as it has begun."""
    sandbox = Sandbox(faults=["github:consent_expired"])
    consent = sandbox.consents.begin(lacking(sandbox, "github"), "github", now=NOW)
    assert consent.expired(NOW)
    with pytest.raises(Refused):
        sandbox.consents.grant(consent.state, now=NOW)


def test_states_are_secrets():
    """Every state and code is among the values that the sandbox owns up to."""
    sandbox = Sandbox()
    consent = sandbox.consents.begin(lacking(sandbox, "github"), "github", now=NOW)
    code = sandbox.consents.grant(consent.state, now=NOW).partition("code=")[2].partition("&")[0]
    assert {consent.state, code, sandbox.secret_key} <= sandbox.secrets()
