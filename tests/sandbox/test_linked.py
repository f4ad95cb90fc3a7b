import sys
import threading

import pytest

from socialconnect.reading.declare import Connector, Resource, columns
from socialconnect.sandbox import EPOCH, Sandbox

NOW = float(EPOCH)


def lacking(world, provider):
    """The first user who has nothing at a provider."""
    return next(index for index in range(world.users) if provider not in world.situation(index))


def test_only_who_changed_something_is_changed():
    """Connecting an account leaves every other user, and the user's other accounts, as the seed made them."""
    sandbox, pure = Sandbox(users=60), Sandbox(users=60)
    user = lacking(sandbox.world, "notion")
    sandbox.linked.begin(user, "notion", NOW, NOW + 600)
    for index in range(60):
        now = [one for one in sandbox.world.accounts(index) if (index, one.provider) != (user, "notion")]
        assert now == list(pure.world.accounts(index))


def test_an_attempt_is_an_unverified_account():
    """What was begun is found by its id, is not verified, and gives way to the user's next attempt."""
    sandbox = Sandbox(users=60)
    user = lacking(sandbox.world, "google")
    first = sandbox.linked.begin(user, "google", NOW, NOW + 600)
    assert sandbox.world.find_account(first.eac) == first
    assert sandbox.world.situation(user)["google"] == ("unverified",)
    second = sandbox.linked.begin(user, "google", NOW, NOW + 600)
    assert second.eac != first.eac
    assert sandbox.world.find_account(first.eac) is None
    assert sandbox.world.situation(user)["google"] == ("unverified",)


def test_a_second_account_takes_the_next_number():
    """An attempt beside a connected account is another person at the provider."""
    sandbox = Sandbox(users=60)
    account = next(sandbox.world.having("github", "healthy"))
    other = sandbox.linked.begin(account.user, "github", NOW, NOW + 600)
    assert other.ordinal == max(
        one.ordinal + 1 for one in sandbox.world.accounts(account.user) if one.provider == "github" and one != other
    )
    assert other.provider_user_id != account.provider_user_id


def test_who_comes_back_is_the_same_person():
    """An account that is removed and connected anew has another id at Clerk and the same one at the provider."""
    sandbox = Sandbox(users=60)
    account = next(sandbox.world.having("github", "revoked"))
    assert sandbox.linked.remove(account.eac) == account
    assert sandbox.linked.remove(account.eac) is None
    assert sandbox.world.find_account(account.eac) is None
    anew = sandbox.linked.begin(account.user, "github", NOW, NOW + 600)
    connected = sandbox.linked.connect(anew.eac, ("repo",), NOW)
    assert connected.eac != account.eac
    assert (connected.provider_user_id, connected.situation) == (account.provider_user_id, "healthy")


def test_who_connects_is_found_by_how_it_fares():
    """An account that came to be is among those of its situation."""
    sandbox = Sandbox(users=60)
    user = lacking(sandbox.world, "notion")
    begun = sandbox.linked.begin(user, "notion", NOW, NOW + 600)
    assert begun in list(sandbox.world.having("notion", "unverified"))
    connected = sandbox.linked.connect(begun.eac, (), NOW)
    assert connected in list(sandbox.world.having("notion", "healthy"))


@pytest.mark.parametrize(
    ("before", "after"), [("revoked", "healthy"), ("large", "large"), ("empty", "empty"), ("narrow", "healthy")]
)
def test_connecting_again_mends_and_takes_nothing_away(before, after):
    """A dead account becomes healthy; one with many rows, or none, still has them."""
    sandbox = Sandbox(users=200)
    account = next(sandbox.world.having("notion", before))
    again = sandbox.linked.connect(account.eac, (), NOW)
    assert (again.eac, again.situation, again.grants) == (account.eac, after, 1)
    assert list(sandbox.world.having("notion", before)).count(again) == (before == after)


def test_what_is_gone_cannot_be_changed():
    """An account that was removed is neither connected nor refused."""
    sandbox = Sandbox(users=60)
    account = next(sandbox.world.having("notion", "healthy"))
    sandbox.linked.remove(account.eac)
    assert sandbox.linked.connect(account.eac, (), NOW) is None
    assert sandbox.linked.refuse(account.eac, "oauth_access_denied", NOW) is None


@pytest.fixture
def restless():
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("restless")
def test_threads_lose_no_change():
    """Accounts of one user that two threads connect at once are all there in the end."""
    sandbox = Sandbox(users=200)
    user = lacking(sandbox.world, "notion")
    eacs = {one.eac for one in sandbox.world.accounts(user)}
    eacs.add(sandbox.linked.begin(user, "notion", NOW, NOW + 600).eac)
    gate = threading.Barrier(len(eacs))

    def work(eac):
        gate.wait()
        for _ in range(300):
            sandbox.linked.connect(eac, ("repo",), NOW)

    threads = [threading.Thread(target=work, args=(eac,)) for eac in eacs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.eac: one.grants for one in sandbox.world.accounts(user)} == dict.fromkeys(eacs, 300)


async def test_a_connected_account_reads_at_once(visitor):
    """Right after connecting, Clerk has a token and the provider takes it: at GitHub, Google, Notion."""
    addresses = {
        "github": "https://api.github.com/user",
        "google": "https://www.googleapis.com/oauth2/v2/userinfo",
        "notion": "https://api.notion.com/v1/users",
    }
    for provider, url in addresses.items():
        user = lacking(visitor.world, provider)
        consent = visitor.sandbox.consents.begin(user, provider, now=NOW)
        visitor.sandbox.consents.grant(consent.state, now=NOW)
        account = visitor.world.find_account(consent.eac)
        answer = await visitor.read(account, url)
        assert (answer.status_code, account.mark in answer.text or provider == "notion") == (200, True)


async def test_an_account_of_ones_own_connector_reads_at_once(visit):
    """The instance asks for what a declared connector's resources need, so that all of them can be read."""
    things, notes = (
        Resource(name, f"/v1/{name}", columns("string", "id name"), scopes=(f"{name}:read",))
        for name in ("things", "notes")
    )
    visitor = visit(connectors=[Connector("acme", "https://api.acme.example", (things, notes), title="Acme")])
    user = lacking(visitor.world, "acme")
    consent = visitor.sandbox.consents.begin(user, "acme", now=NOW)
    visitor.sandbox.consents.grant(consent.state, now=NOW)
    account = visitor.world.find_account(consent.eac)
    for resource in (things, notes):
        answer = await visitor.read(account, f"https://api.acme.example{resource.path}")
        assert (answer.status_code, account.eac in answer.text) == (200, True)


async def test_new_consent_kills_the_former_token(visitor):
    """An account that is connected again has another token, and the provider refuses the one before."""
    for provider, url in (("github", "https://api.github.com/user"), ("notion", "https://api.notion.com/v1/users")):
        account = visitor.first(provider, "healthy")
        before = await visitor.token(account)
        visitor.sandbox.linked.connect(account.eac, ("read:user",), visitor.sandbox.clock.now())
        after = await visitor.token(account)
        assert {before, after} <= visitor.sandbox.secrets()
        assert (await visitor.get(url, before)).status_code == 401
        assert (await visitor.get(url, after)).status_code == 200


@pytest.mark.parametrize("situation", ["unrefreshable", "untokened", "unconsented", "refused", "revoked"])
async def test_a_dead_account_lives_again(visitor, situation):
    """Whatever kept an account from being read is over once its owner consents again."""
    account = visitor.first("google", situation)
    consent = visitor.sandbox.consents.begin(account.user, "google", eac=account.eac, now=NOW)
    visitor.sandbox.consents.grant(consent.state, now=NOW)
    answer = await visitor.read(account, "https://www.googleapis.com/oauth2/v2/userinfo")
    assert (answer.status_code, answer.json()["id"]) == (200, account.provider_user_id)


async def test_consent_cures_the_faults_of_accounts(visit):
    """An account that a fault had made unreadable reads well after its owner has consented again."""
    visitor = visit(users=60, faults=["github:revoked"])
    account = visitor.first("github", "healthy")
    assert (await visitor.read(account, "https://api.github.com/user")).status_code == 401
    visitor.sandbox.linked.connect(account.eac, ("repo",), NOW)
    answer = await visitor.read(account, "https://api.github.com/user")
    assert (answer.status_code, answer.headers["x-oauth-scopes"]) == (200, "repo")


@pytest.mark.looptime
async def test_a_connected_account_is_renewed_by_the_hour(visitor, pass_time):
    """The tokens of an account that was connected again end within the hour, and Clerk renews them."""
    account = visitor.first("google", "healthy")
    visitor.sandbox.linked.connect(account.eac, ("openid",), NOW)
    url = "https://www.googleapis.com/oauth2/v2/userinfo"
    first = (await visitor.tokens(account)).json()[0]
    ends = first["expires_at"] // (1000 if first["expires_at"] > 1e11 else 1)
    assert 0 < ends - visitor.sandbox.clock.now() <= 3600
    assert (await visitor.get(url, first["token"])).status_code == 200
    await pass_time(3601)
    assert (await visitor.get(url, first["token"])).status_code == 401
    assert (await visitor.read(account, url)).status_code == 200
