"""An attempt to connect, from its link to its end, in virtual time; a played visitor does what the user would."""

import asyncio
import logging

import pytest
from tests.worlds import opened, user_of

import socialconnect as sc
from socialconnect.clerk import attempt as attempts
from socialconnect.clerk.models import ExternalAccount
from socialconnect.clerk.stand import Aim, Known
from socialconnect.clerk.ways import Link
from socialconnect.sandbox import Sandbox

pytestmark = pytest.mark.looptime
TASKS = "https://www.googleapis.com/auth/tasks.readonly"


def without(world, provider):
    """A user who has nothing of a provider."""
    return next(
        world.world.user_id(index)
        for index in range(world.world.users)
        if all(one.provider != provider for one in world.world.accounts(index))
    )


def asked(world, method, path):
    """How often the sandbox was asked that."""
    return sum(one.method == method and path in one.path for one in world.requests)


def tickets(world):
    """What became of each ticket, in the order in which they were made."""
    return [one.status for one in world.instance.tickets._all.values()]


def sessions(world):
    """How each session of the instance stands."""
    clients = {id(one): one for one in world.instance.sessions._clients.values()}
    return [session.status for client in clients.values() for session in client.sessions]


async def ended(attempt):
    """The error that it ends with."""
    with pytest.raises(sc.SocialConnectError) as caught:
        await attempt.finished()
    assert caught.value is attempt.error
    return caught.value


async def test_the_hosted_page_from_the_link_to_the_account():
    """The link is the plain page; once the user has connected there, the attempt says so, and the next read works."""
    async with opened(60) as (world, client):
        user = without(world, "notion")
        attempt = await client.connect(user, "notion")
        assert (attempt.state, attempt.flow, attempt.link.secret) == ("offered", "portal", False)
        assert attempt.link.reveal() == "https://accounts.sandbox.example/user"
        assert attempt.left == 600
        world.visitor().consent(attempt.link, user=user, provider="notion")
        assert await attempt.finished() is attempt
        assert (attempt.state, attempt.left, attempt.cure, attempt.error) == ("connected", 0, "", None)
        assert attempt.told.startswith(f"{user} is connected to Notion")
        assert attempt.account.id in set((await client.accounts([user]))["external_account_id"])
        assert len(await client.frame("notion.me", user)) == 1


async def test_while_the_user_is_at_the_consent_it_waits():
    """An unfinished attempt that Clerk lists moves it to waiting, whoever said that the link was opened before."""
    async with opened(60) as (world, client):
        user = without(world, "notion")
        attempt = await client.connect(user, "notion")
        seen = []
        attempt.watch(lambda one: seen.append(one.state))
        attempt.opened()
        attempt.opened()
        page = world.visitor().sign_in(user).press("Connect Notion")
        await asyncio.sleep(attempts.EVERY + 0.1)
        assert attempt.state == "waiting"
        attempt.opened()  # a screen that is late changes nothing
        page.press("Allow")
        await attempt.finished()
    assert seen == ["opened", "waiting", "connected"]


@pytest.mark.parametrize(("grant", "state"), [(True, "connected"), (False, "declined")])
async def test_a_ticket_signs_in_once_and_is_gone_afterwards(grant, state):
    """With a ticket the link is a secret, which leads its user to the page without signing in."""
    async with opened(60) as (world, client):
        user = without(world, "notion")
        attempt = await client.connect(user, "notion", ticket=True)
        secret = attempt.link.reveal().partition("__clerk_ticket=")[2].partition("&")[0]
        assert attempt.link.secret
        assert secret in world.secrets()
        assert secret not in f"{attempt!r} {attempt} {attempt.link!r} {attempt.link} {attempt.told} {attempt.note}"
        world.visitor().consent(attempt.link, grant=grant, provider="notion")
        if grant:
            await attempt.finished()
        else:
            error = await ended(attempt)
            assert isinstance(error, sc.NotConnected)
            assert "declined" in error.message
        assert attempt.state == state
        assert tickets(world) == ["accepted"]


async def test_more_scopes_take_the_program_and_leave_no_session():
    """What the hosted page cannot ask for, a program asks for; the account stays, its token can do more."""
    async with opened(60) as (world, client):
        user = user_of(world, "github", "narrow")
        before = await client.token(user, "github")
        attempt = await client.connect(user, "github", scopes="repo")
        assert (attempt.flow, attempt.link.secret) == ("native", True)
        assert "cannot ask for further scopes" in attempt.note
        assert sessions(world) == ["active"]
        world.visitor().consent(attempt.link)
        await attempt.finished()
        after = await client.token(user, "github")
        assert attempt.account.id == before.external_account_id == after.external_account_id
        assert "repo" in after.scopes
        assert sessions(world) == ["ended"]
        assert tickets(world) == ["accepted"]


async def test_scopes_that_were_not_allowed_are_a_missing_scope():
    """A user who consents without the scope that was asked for has declined it; the error names what is lacking."""
    async with opened(60) as (world, client):
        user = user_of(world, "google")
        attempt = await client.connect(user, "google", scopes=TASKS)
        world.visitor().consent(attempt.link, [])
        error = await ended(attempt)
        assert isinstance(error, sc.MissingScope)
        assert (attempt.state, error.required) == ("declined", (TASKS,))
        assert sessions(world) == ["ended"]


async def test_declining_more_leaves_the_account_connected():
    """Who declines further scopes keeps the account with what it had."""
    async with opened(60) as (world, client):
        user = user_of(world, "github", "narrow")
        had = (await client.token(user, "github")).scopes
        attempt = await client.connect(user, "github", scopes="repo")
        world.visitor().consent(attempt.link, grant=False)
        assert isinstance(await ended(attempt), sc.NotConnected)
        assert attempt.state == "declined"
        assert (await client.token(user, "github")).scopes == had


async def test_what_there_is_already_is_connected_at_once():
    """Where a token has all that is wanted, no link is made and nothing is asked of anybody."""
    async with opened(60) as (world, client):
        user = user_of(world, "github")
        attempt = await client.connect(user, "oauth_github", scopes=["read:user"])
        assert (attempt.state, attempt.link, attempt.flow) == ("connected", None, None)
        assert await attempt.finished() is attempt
        assert not asked(world, "POST", "/v1/sign_in_tokens")


async def test_again_wants_a_new_token_though_there_is_one():
    """A token that the provider refuses is no reason to be connected: the user connects anew, and the read works."""
    async with opened(200) as (world, client):
        user = user_of(world, "github", "revoked")
        with pytest.raises(sc.ReconnectNeeded) as caught:
            await client.frame("github.profile", user)
        attempt = await caught.value.connect(flow="native")
        await asyncio.sleep(20)
        assert attempt.state == "offered"
        world.visitor().consent(attempt.link)
        await attempt.finished()
        assert len(await client.frame("github.profile", user)) == 1


async def test_the_time_is_up():
    """Nobody came: it ends after its time as expired, and the ticket that nobody used is revoked."""
    async with opened(60) as (world, client):
        attempt = await client.connect(without(world, "notion"), "notion", ticket=True, within=90)
        began = asyncio.get_running_loop().time()
        error = await ended(attempt)
        assert (attempt.state, error.code) == ("expired", "not_connected")
        assert asyncio.get_running_loop().time() - began == pytest.approx(90, abs=0.5)
        assert tickets(world) == ["revoked"]
        page = world.visitor().open(attempt.link)
        assert "/sign-in" in page.url  # where the ticket signs nobody in any more


async def test_cancelling_revokes_the_ticket_and_ends_the_session():
    """Whoever gives up leaves nothing behind that could be used; a second time is nothing."""
    async with opened(60) as (world, client):
        user = without(world, "notion")
        hosted = await client.connect(user, "notion", ticket=True)
        native = await client.connect(user, "notion", flow="native")
        for attempt in (hosted, native):
            attempt.cancel()
            attempt.cancel()
            assert "cancelled" in (await ended(attempt)).message
        assert [hosted.state, native.state] == ["cancelled", "cancelled"]
        assert tickets(world) == ["revoked", "accepted"]
        assert sessions(world) == ["ended"]


async def test_a_task_that_is_cancelled_takes_the_ticket_along():
    """As when the loop is closed: the attempt is cancelled and the ticket revoked."""
    async with opened(60) as (world, client):
        attempt = await client.connect(without(world, "notion"), "notion", ticket=True)
        await asyncio.sleep(1)
        attempt._task.cancel()
        await asyncio.gather(attempt._task, return_exceptions=True)
        assert attempt.state == "cancelled"
        assert tickets(world) == ["revoked"]


async def test_waiting_may_end_before_the_attempt():
    """`within` bounds the waiting alone, and so does an interrupt: the attempt goes on and can still succeed."""
    async with opened(60) as (world, client):
        user = without(world, "notion")
        attempt = await client.connect(user, "notion")
        with pytest.raises(sc.TryAgainLater, match="waits to be opened"):
            await attempt.finished(10)
        waiting = asyncio.create_task(attempt.finished())
        await asyncio.sleep(1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert attempt.state == "offered"
        world.visitor().consent(attempt.link, user=user, provider="notion")
        assert (await attempt.finished()).state == "connected"


async def test_two_may_wait_for_one():
    """Everybody who waits is told, and a screen that fails hurts nobody."""
    async with opened(60) as (world, client):
        user = without(world, "notion")
        attempt = await client.connect(user, "notion")
        seen = []
        attempt.watch(lambda _: 1 / 0)
        attempt.watch(lambda one: seen.append(one.state))
        both = asyncio.gather(attempt.finished(), attempt.finished())
        world.visitor().consent(attempt.link, user=user, provider="notion")
        assert await both == [attempt, attempt]
        attempt.watch(lambda one: seen.append(f"{one.state} late"))
    assert seen == ["connected", "connected late"]


@pytest.mark.parametrize(
    ("fault", "state", "says", "cure"),
    [
        ("notion:declined", "declined", "declined", "Ask why"),
        ("notion:claimed", "failed", "already", "another account"),
        ("notion:consent_expired", "failed", "expired", "at once"),
    ],
)
async def test_what_goes_wrong_at_the_consent_is_told(fault, state, says, cure):
    """A consent that is declined, claimed by somebody else or too old ends the attempt with its reason and its cure."""
    async with opened(60, faults=[fault]) as (world, client):
        user = without(world, "notion")
        attempt = await client.connect(user, "notion", flow="native")
        world.visitor().consent(attempt.link)
        error = await ended(attempt)
        assert attempt.state == state
        assert says in error.message
        assert cure in error.cure == attempt.cure
        assert sessions(world) == ["ended"]


@pytest.mark.parametrize("kind", [sc.Unavailable, sc.MalformedResponse])
async def test_a_moment_of_trouble_is_sat_out(kind):
    """Where Clerk fails for a while, or an answer breaks off, the attempt goes on looking."""
    async with opened(60) as (world, client):
        user = without(world, "notion")
        attempt = await client.connect(user, "notion")
        whole, trouble = client._clerk.user, [2]

        async def user_of_clerk(*arguments):
            if trouble[0]:
                trouble[0] -= 1
                raise kind("Clerk fails.")
            return await whole(*arguments)

        client._clerk.user = user_of_clerk
        world.visitor().consent(attempt.link, user=user, provider="notion")
        assert (await attempt.finished()).state == "connected"
        assert trouble == [0]


async def test_a_clerk_that_cannot_say_is_told_at_the_end():
    """Where Clerk could not be asked at the last look, the error says that rather than that nobody came."""
    async with opened(60) as (world, client):
        attempt = await client.connect(without(world, "notion"), "notion", within=30)

        async def fails(*_):
            raise sc.Unavailable("Clerk fails.", cure="Try again.")

        client._clerk.user = fails
        error = await ended(attempt)
        assert (attempt.state, type(error)) == ("expired", sc.Unavailable)


async def test_trouble_that_passed_is_not_told():
    """Where Clerk could be asked again, nobody having come is what is told."""
    async with opened(60) as (world, client):
        attempt = await client.connect(without(world, "notion"), "notion", within=30)
        whole = client._clerk.user

        async def fails(*_):
            raise sc.Unavailable("Clerk fails.")

        client._clerk.user = fails
        await asyncio.sleep(10)
        client._clerk.user = whole
        assert "in time" in (await ended(attempt)).message


async def test_a_key_that_is_withdrawn_ends_it():
    """What no waiting mends fails the attempt at once."""
    async with opened(60) as (world, client):
        attempt = await client.connect(without(world, "notion"), "notion", ticket=True)

        async def fails(*_):
            raise sc.InvalidKey("Clerk does not accept the secret key.")

        client._clerk.user = fails
        assert isinstance(await ended(attempt), sc.InvalidKey)
        assert attempt.state == "failed"
        assert tickets(world) == ["revoked"]


class Slow:
    """A way whose clearing away never ends."""

    flow = "portal"

    async def offer(self, seconds):
        return Link(f"https://accounts.example/{seconds}")

    async def clear(self):
        await asyncio.Event().wait()


def bare_attempt(clerk, **how):
    aim = Aim("user_1", "notion", "oauth_notion", "Notion")
    how = {"seconds": 30.0, "observe": lambda _: None, "block": lambda _: None, **how}
    return attempts.Attempt(clerk, aim, **how)


async def test_clearing_away_has_its_time(caplog):
    """An attempt ends as it ended, also where what it leaves cannot be cleared away in time."""
    caplog.set_level(logging.DEBUG, "socialconnect")
    async with opened(5) as (_, client):
        attempt = bare_attempt(client._clerk)
        await attempt.begin(Slow(), Known({}, {}), lambda url: url)
        attempt.cancel()
        assert (await ended(attempt)).code == "not_connected"
        assert attempt.state == "cancelled"
    assert "took too long" in caplog.text


async def test_a_bug_does_not_leave_screens_waiting():
    """Whatever ends the looking ends the attempt, and is raised for whoever waits."""

    class Broken:
        async def user(self, *_):
            raise LookupError("a bug")

    attempt = bare_attempt(Broken())
    await attempt.begin(Slow(), Known({}, {}), lambda url: url)
    with pytest.raises(LookupError):
        await attempt.finished()
    assert (attempt.state, attempt.ended) == ("failed", True)
    assert "LookupError" in attempt.told


async def test_a_refresh_is_no_decision_of_the_user(monkeypatch):
    """Where asking for a token has Clerk note its refresh, the user has not declined anything by that."""
    async with opened(60) as (world, client):
        user = user_of(world, "github", "narrow")
        whole, moved = client._clerk.tokens, []

        async def tokens(*arguments):
            moved.append(True)
            return await whole(*arguments)

        accounts = Aim.accounts

        def moving(self, of):
            found = accounts(self, of)
            return {name: one.model_copy(update={"updated_at": float(len(moved))}) for name, one in found.items()}

        monkeypatch.setattr(client._clerk, "tokens", tokens)
        monkeypatch.setattr(Aim, "accounts", moving)
        attempt = await client.connect(user, "github", scopes="repo")
        await asyncio.sleep(2 * attempts.EVERY)
        assert attempt.state == "offered"
        attempt.cancel()
        await ended(attempt)


def test_told_names_who_was_connected():
    """The account's name at the provider is told, by the first name that Clerk knows."""

    async def told(**names):
        attempt = bare_attempt(None)
        account = ExternalAccount.model_validate({"id": "eac_1", "provider": "oauth_notion", **names})
        return attempt.connected(account).told

    assert asyncio.run(told(username="ada", email_address="a@example.com")).endswith("connected to Notion as ada.")
    assert asyncio.run(told(email_address="a@example.com")).endswith("as a@example.com.")
    assert asyncio.run(told()).endswith("connected to Notion.")


def test_a_notebook_waits_without_a_loop_of_its_own():
    """The blocking face connects, waits and cancels from a thread that has no loop."""
    world = Sandbox(users=60)
    settings = sc.Settings.make(secret_key=world.secret_key, base_urls={})
    with sc.Client(settings=settings, application=world.app) as client:
        user = without(world, "notion")
        attempt = client.connect(user, "notion", ticket=True)
        assert 0 < attempt.left <= 600
        attempt.cancel()
        with pytest.raises(sc.NotConnected, match="cancelled"):
            attempt.wait()
    assert tickets(world) == ["revoked"]


def test_another_loop_may_wait():
    """An attempt that was begun on the background loop can be awaited from another."""
    world = Sandbox(users=60)
    settings = sc.Settings.make(secret_key=world.secret_key, base_urls={})
    with sc.Client(settings=settings, application=world.app) as client:
        attempt = client.connect(without(world, "notion"), "notion")

        async def wait():
            attempt.cancel()
            await attempt.finished()

        with pytest.raises(sc.NotConnected):
            asyncio.run(wait())
