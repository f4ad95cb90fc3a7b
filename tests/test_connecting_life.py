"""What becomes of an attempt to connect when its client, its loop, its process or its user goes away."""

import asyncio
import copy
import gc
import os
import pickle
import subprocess
import sys
import textwrap
import weakref

import pytest
from tests.worlds import opened, user_of

import socialconnect as sc
from socialconnect.clerk import attempt as attempts
from socialconnect.clerk.under_way import UnderWay, under_way
from socialconnect.sandbox import Sandbox


def without(world, provider):
    """A user who has nothing of a provider."""
    return next(
        world.world.user_id(index)
        for index in range(world.world.users)
        if all(one.provider != provider for one in world.world.accounts(index))
    )


def tickets(world):
    return [one.status for one in world.instance.tickets._all.values()]


def sessions(world):
    clients = {id(one): one for one in world.instance.sessions._clients.values()}
    return [session.status for client in clients.values() for session in client.sessions]


def blocking(world):
    settings = sc.Settings.make(secret_key=world.secret_key, base_urls={})
    return sc.Client(settings=settings, application=world.app)


async def test_closing_a_client_ends_what_goes_on():
    """An attempt is cancelled with its client, its ticket revoked and its session ended, and says why."""
    async with opened(60) as (world, client):
        hosted = await client.connect(without(world, "notion"), "notion", ticket=True)
        native = await client.connect(without(world, "notion"), "notion", flow="native")
    assert [hosted.state, native.state] == ["cancelled", "cancelled"]
    assert "ended with its client" in hosted.told
    assert tickets(world) == ["revoked", "accepted"]
    assert sessions(world) == ["ended"]


def test_closing_a_client_that_blocks_ends_what_goes_on():
    """The same for a Client, whose attempts go on in the background."""
    world = Sandbox(users=60)
    with blocking(world) as client:
        attempt = client.connect(without(world, "notion"), "notion", ticket=True)
    assert attempt.state == "cancelled"
    assert tickets(world) == ["revoked"]
    with pytest.raises(sc.NotConnected, match="ended with its client"):
        attempt.wait()


def test_an_attempt_that_nobody_holds_goes_on():
    """It is with a person: dropping the object does not end it, and it is let go once it is over."""
    world = Sandbox(users=60)
    with blocking(world) as client:
        attempt = client.connect(without(world, "notion"), "notion", ticket=True)
        held = weakref.ref(attempt)
        del attempt
        gc.collect()
        assert held() in under_way
        assert tickets(world) == ["pending"]
        client.close()
        assert tickets(world) == ["revoked"]
        assert held() not in under_way


def test_a_loop_that_ends_at_once_leaves_nothing():
    """asyncio.run that returns the attempt cancels it, though it has hardly begun: the ticket is revoked."""
    world = Sandbox(users=60)
    settings = sc.Settings.make(secret_key=world.secret_key, base_urls={})

    async def begun():
        client = sc.AsyncClient(settings=settings, application=world.app)
        return await client.connect(without(world, "notion"), "notion", ticket=True)

    attempt = asyncio.run(begun())
    assert attempt.state == "cancelled"
    assert tickets(world) == ["revoked"]
    with pytest.raises(sc.NotConnected):
        attempt.wait()


def test_a_loop_that_ends_while_it_waits_leaves_nothing():
    """asyncio.run that is interrupted while it awaits the end revokes the ticket and ends the session."""
    world = Sandbox(users=60)
    settings = sc.Settings.make(secret_key=world.secret_key, base_urls={})

    async def broken_off():
        client = sc.AsyncClient(settings=settings, application=world.app)
        native = await client.connect(without(world, "notion"), "notion", flow="native")
        hosted = await client.connect(without(world, "notion"), "notion", ticket=True)
        asyncio.get_running_loop().call_soon(asyncio.current_task().cancel)
        await asyncio.gather(native.finished(), hosted.finished())

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(broken_off())
    assert tickets(world) == ["accepted", "revoked"]
    assert sessions(world) == ["ended"]


def test_nobody_waits_for_a_loop_that_does_not_run():
    """An attempt whose loop stands still ends never: waiting for it is refused, not done for ever."""
    world = Sandbox(users=60)
    settings = sc.Settings.make(secret_key=world.secret_key, base_urls={})
    loop = asyncio.new_event_loop()
    client = sc.AsyncClient(settings=settings, application=world.app)
    attempt = loop.run_until_complete(client.connect(without(world, "notion"), "notion", ticket=True))
    with pytest.raises(sc.UsageError, match="does not run"):
        attempt.wait()
    loop.run_until_complete(client.aclose())
    loop.close()
    assert tickets(world) == ["revoked"]
    attempt.cancel()
    assert attempt.left == 0


async def test_blocking_its_own_loop_is_refused():
    """`wait` and `retry` where the attempt itself goes on would keep it from ending: the error says what to await."""
    async with opened(60) as (world, client):
        attempt = await client.connect(without(world, "notion"), "notion")
        with pytest.raises(sc.UsageError, match=r"await attempt\.finished"):
            attempt.wait()
        with pytest.raises(sc.UsageError, match=r"await attempt\.renewed"):
            attempt.retry()
        assert attempt.state == "offered"


async def test_an_attempt_is_neither_copied_nor_pickled():
    """It goes on in one place; a copy would end without the other."""
    async with opened(60) as (world, client):
        attempt = await client.connect(without(world, "notion"), "notion")
        for copied in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match="cannot be copied"):
                copied(attempt)


async def test_a_link_that_no_browser_finds_takes_its_ticket_along():
    """Where the page cannot be served, the ticket that was made for it is revoked."""
    async with opened(60) as (world, client):

        def refuses(url):
            raise sc.MissingPackage(f"Nothing serves {len(url)} signs.", cure="Install it.")

        client._browse = refuses
        with pytest.raises(sc.MissingPackage):
            await client.connect(without(world, "notion"), "notion", ticket=True)
        assert tickets(world) == ["revoked"]


@pytest.mark.looptime
async def test_a_user_who_is_deleted_meanwhile_ends_it():
    """Nobody is left who could connect: the attempt fails with a UserNotFound, and its ticket is revoked."""
    async with opened(60) as (world, client):
        attempt = await client.connect(without(world, "notion"), "notion", ticket=True)

        async def gone(*_):
            raise sc.UserNotFound("This Clerk instance has no such user.", user_id=attempt.user_id)

        client._clerk.user = gone
        with pytest.raises(sc.UserNotFound):
            await attempt.finished()
        assert attempt.state == "failed"
        assert tickets(world) == ["revoked"]


@pytest.mark.looptime
async def test_cancelling_does_not_wait_for_a_clerk_that_hangs():
    """Who gives up while Clerk is being asked is told at once, and so is the ticket's end."""
    async with opened(60) as (world, client):
        attempt = await client.connect(without(world, "notion"), "notion", ticket=True)

        async def hangs(*_):
            await asyncio.Event().wait()

        client._clerk.user = hangs
        await asyncio.sleep(2 * attempts.EVERY)
        before = asyncio.get_running_loop().time()
        attempt.cancel()
        with pytest.raises(sc.NotConnected):
            await attempt.finished()
        assert asyncio.get_running_loop().time() - before < 1
        assert tickets(world) == ["revoked"]


@pytest.mark.looptime
async def test_a_clerk_that_hangs_does_not_lengthen_its_time():
    """At the end of its time it ends, and says that Clerk did not, rather than that nobody came."""
    async with opened(60) as (world, client):
        attempt = await client.connect(without(world, "notion"), "notion", within=30)

        async def hangs(*_):
            await asyncio.Event().wait()

        client._clerk.user = hangs
        before = asyncio.get_running_loop().time()
        with pytest.raises(sc.Unavailable, match="does not answer"):
            await attempt.finished()
        assert asyncio.get_running_loop().time() - before < 40
        assert attempt.state == "expired"


@pytest.mark.looptime
async def test_two_attempts_for_one_user_end_together_or_alone():
    """Two people may look after one user: what one achieves both see, what one gives up is that one's alone."""
    async with opened(60) as (world, client):
        user = without(world, "notion")
        first, second, third = [await client.connect(user, "notion", ticket=True) for _ in range(3)]
        third.cancel()
        assert (first.state, second.state) == ("offered", "offered")
        world.visitor().consent(first.link, provider="notion")
        await asyncio.gather(first.finished(), second.finished())
        assert first.account.id == second.account.id
        with pytest.raises(sc.NotConnected):
            await third.finished()
        assert tickets(world) == ["accepted", "revoked", "revoked"]


@pytest.mark.looptime
async def test_a_hundred_at_once_keep_to_the_budget():
    """On a development instance (100 requests in 10 s) a hundred attempts are all seen through, without one 429."""
    settings = {"budgets": {"https://api.clerk.com": "100/10s"}}
    async with opened(200, settings=settings) as (world, client):
        users = [
            world.world.user_id(index)
            for index in range(world.world.users)
            if all(one.provider != "linear" for one in world.world.accounts(index))
        ][:100]
        going = [await client.connect(user, "linear", within=3600) for user in users]
        began = len(world.requests)
        await asyncio.sleep(60)
        assert len(world.requests) - began <= 700
        for attempt in going[:5]:
            world.visitor().consent(attempt.link, user=attempt.user_id, provider="linear")
        await asyncio.gather(*(attempt.finished() for attempt in going[:5]))
        assert len(await client.user(users[0])) == 1  # others are let through too
        assert {one.status for one in world.requests if one.status == 429} == set()
        for attempt in going[5:]:
            attempt.cancel()
        await asyncio.gather(*(attempt.finished() for attempt in going[5:]), return_exceptions=True)
        assert not any(attempt in under_way for attempt in going)


class Lasting:
    """Something that goes on, and takes so long to clear away."""

    def __init__(self):
        self.done = []

    def cancel(self):
        self.done.append("cancelled")

    def settled(self, within):
        self.done.append(within)
        return True


def test_the_end_of_the_interpreter_waits_for_what_is_cleared_away(monkeypatch):
    """What goes on is cancelled first, then given a bounded moment; what was begun before a fork is left alone."""
    going, one, other = UnderWay(), Lasting(), Lasting()
    monkeypatch.setattr("atexit.register", lambda leave: one.done.append(leave.__name__))
    going.begin(one)
    monkeypatch.setattr(os, "getpid", lambda: 1)
    going.begin(other)
    going.leave()
    assert other.done[0] == "cancelled"
    assert 0 < other.done[1] <= 3
    assert one.done == ["leave"]


AT_THE_END = """
    import atexit, sys
    import socialconnect as sc
    from socialconnect.clerk.under_way import under_way

    client = sc.sandbox(users=60)
    world = client.sandbox
    connected = set(client.accounts().query("provider == 'notion'")["user_id"])
    user = next(one for one in client.users()["user_id"] if one not in connected)

    def told():
        clients = {id(one): one for one in world.instance.sessions._clients.values()}
        sessions = [session.status for one in clients.values() for session in one.sessions]
        print([one.status for one in world.instance.tickets._all.values()], sessions)

    atexit.register(told)
    hosted = client.connect(user, "notion", ticket=True)
    native = client.connect(user, "notion", flow="native")
"""


@pytest.mark.parametrize("end", ["sys.exit(3)", "hosted.cancel(); native.cancel()", "raise LookupError"])
def test_a_script_that_ends_leaves_nothing_behind(end):
    """However a script ends, a ticket that nobody used is revoked and the session ended before its process is."""
    script = f"{textwrap.dedent(AT_THE_END)}\n{end}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.strip() == "['revoked', 'accepted'] ['ended']"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:This process")
def test_a_fork_does_not_wait_for_what_goes_on_elsewhere():
    """In a child process waiting is refused, and its end leaves the parent's ticket alone."""
    world = Sandbox(users=60)
    with blocking(world) as client:
        attempt = client.connect(without(world, "notion"), "notion", ticket=True)
        child = os.fork()
        if child == 0:  # pragma: no cover - in the child
            try:
                attempt.wait()
            except sc.UsageError as error:
                os._exit(7 if "process that began it" in str(error) else 1)
            os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        assert (attempt.state, tickets(world)) == ("offered", ["pending"])


async def test_errors_of_tokens_and_requests_connect_too():
    """NotConnected, ReconnectNeeded and MissingScope of token() and get() know their way, with what each lacks."""
    async with opened(200) as (world, client):
        cases = (
            (sc.NotConnected, client.token(without(world, "github"), "github"), ()),
            (sc.NotConnected, client.get("github", "/user", without(world, "github")), ()),
            (sc.ReconnectNeeded, client.get("github", "/user", user_of(world, "github", "revoked")), ()),
            (sc.MissingScope, client.get("github", "/user/orgs", user_of(world, "github", "narrow")), ("read:org",)),
        )
        for kind, call, scopes in cases:
            with pytest.raises(kind) as caught:
                await call
            attempt = await caught.value.connect()
            assert (attempt.provider, attempt.scopes, attempt.state) == ("github", scopes, "offered")


@pytest.mark.looptime
async def test_the_error_of_an_attempt_connects_as_it_did():
    """What an attempt ended with begins the same once more: its scopes, all of them, its way and its time."""
    async with opened(60) as (world, client):
        wanted = ("https://www.googleapis.com/auth/tasks.readonly", "https://www.googleapis.com/auth/youtube.readonly")
        attempt = await client.connect(user_of(world, "google"), "google", scopes=wanted, within=90)
        world.visitor().consent(attempt.link, [])
        with pytest.raises(sc.MissingScope) as caught:
            await attempt.finished()
        again = await caught.value.connect()
        assert (again.scopes, again.flow) == (wanted, "native")
        assert again.left <= 90
        again.cancel()
        with pytest.raises(sc.NotConnected, match="cancelled") as cancelled:
            await again.finished()
        third = await cancelled.value.connect(scopes=wanted[:1])
        assert third.scopes == wanted[:1]


def test_a_missing_scope_asks_for_no_more_than_it_must():
    """Of scopes that would each suffice the one that only reads is asked for, wherever the provider lists it."""
    asked = []

    def connect(user, provider, **how):
        asked.append((user, provider, how))

    for required, granted in ((("admin:org", "read:org", "repo"), ("gist",)), (("repo",), ())):
        error = sc.MissingScope("…", user_id="user_1", provider="github", required=required, granted=granted)
        error.bind(connect)
        error.connect()
    assert asked == [
        ("user_1", "github", {"scopes": ("read:org",)}),
        ("user_1", "github", {"scopes": ("repo",), "again": True}),  # Clerk names none: it would hold them all granted
    ]


NESTED = """
    import asyncio
    import urllib.request
    import socialconnect as sc
    from socialconnect.sandbox import Sandbox

    world = Sandbox(users=60)
    settings = sc.Settings.make(secret_key=world.secret_key, base_urls={}, engine="nested")
    client = sc.Client(settings=settings, application=world.app)
    lacking = client.coverage("notion.users").query("state == 'not_connected'")["user_id"]

    async def cell():
        attempt = client.connect(lacking.iloc[0], "notion", ticket=True)
        world.visitor().consent(attempt.link, provider="notion")
        print(attempt.wait(20).state)
        other = client.connect(lacking.iloc[1], "notion", ticket=True)
        client.close()
        print(other.state, [one.status for one in world.instance.tickets._all.values()])
        with urllib.request.urlopen(world.browse("https://accounts.sandbox.example/user")) as page:
            print(page.status)

    asyncio.run(cell())
    world.close()
"""


def test_on_the_callers_own_loop():
    """With the engine `nested` an attempt goes on in the cell's loop, ends with its client, and pages are served."""
    pytest.importorskip("nest_asyncio2")
    script = [sys.executable, "-c", textwrap.dedent(NESTED)]
    done = subprocess.run(script, capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout.split("\n"), done.stderr) == (["connected", "cancelled ['accepted', 'revoked']", "200", ""], "")
