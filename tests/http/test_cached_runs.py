"""The cache in whole runs, on the embedded world."""

import os
import subprocess
import sys

import pandas as pd
import pytest
from tests.worlds import accounts_of, client_of, opened

import socialconnect as sc
from socialconnect.reading.messages import Request
from socialconnect.sandbox import Sandbox, running
from socialconnect.sandbox.answers import Answer, Call, conditional
from socialconnect.secret import Secret

GITHUB, CLERK = "api.github.com", "api.clerk.com"
RESOURCES = ("github.repos", "github.profile", "notion.users", "google.profile")


def asked(run, host=GITHUB):
    trace = run.trace.frame()
    return trace[trace["host"] == host]


@pytest.fixture
def place(tmp_path):
    return tmp_path / "answers.db"


async def test_the_second_run_is_confirmed(place):
    """Read again, the frame is the same, every page was asked for, and none was sent or counted as a request."""
    world = Sandbox(users=100)
    frames, left = [], []
    for number in range(2):
        async with client_of(world, cache=place) as client:
            run = await client.read("github.repos", on_error="ignore")
        good = asked(run)[asked(run)["status"].isin([200, 304])]
        frames.append(run.frame)
        left.append(good.groupby("external_account_id")["left"].min())
        assert good["cached"].eq(bool(number)).all()
        assert (good["size"] == 0).eq(bool(number)).all()
        assert good["status"].eq(304 if number else 200).all()
        assert len(good) > 40
    pd.testing.assert_frame_equal(*frames)
    healthy = [account.eac for account in accounts_of(world, "github")]
    assert (left[1][healthy] == left[0][healthy]).all()


async def test_pages_side_by_side_keep_their_order(place):
    """A large account's pages, asked for at once, stand in the frame as they did when they were sent."""
    async with opened(200, settings={"cache": place}) as (world, client):
        user = world.world.user_id(accounts_of(world, "github", "large")[0].user)
        runs = [await client.read("github.repos", user) for _ in range(2)]
    assert len(asked(runs[1])) > 2
    assert asked(runs[1])["cached"].all()
    pd.testing.assert_frame_equal(runs[0].frame, runs[1].frame)


async def test_clerk_is_never_kept(place):
    """Whatever is read, Clerk is asked without conditions and answers in full."""
    async with opened(30, settings={"cache": place}) as (world, client):
        for _ in range(2):
            run = await client.read("github.repos", on_error="ignore")
            await client.users()
        clerks = asked(run, CLERK)
        assert len(clerks) > 10
        assert not clerks["cached"].any()
    held = b"".join(path.read_bytes() for path in place.parent.iterdir())
    assert not [number for number in range(30) if world.world.user_id(number).encode() in held]


async def test_no_token_is_in_the_file(place):
    """After everything was read twice, none of the world's secrets stands in any byte of the cache's files."""
    seen = set()
    made = Secret.__init__

    def remember(self, value):
        seen.add(value)
        made(self, value)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Secret, "__init__", remember)
        async with opened(100, settings={"cache": place}) as (world, client):
            for _ in range(2):
                for name in RESOURCES:
                    await client.read(name, on_error="ignore")
    held = b"".join(path.read_bytes() for path in place.parent.iterdir())
    assert len(held) > 1_000_000
    assert len(seen) > 100
    assert world.secret_key in seen
    assert not [value for value in seen if value.encode() in held]
    assert b"sandbox.github." not in held


async def test_a_service_that_gives_the_token_back_is_not_kept(place):
    """An answer in which the token stands is used and forgotten, beside others that are kept."""
    world = Sandbox(users=20)
    echoed = []

    async def application(scope, receive, send):
        headers = dict(scope["headers"])

        async def more(message):
            if message["type"] == "http.response.start" and headers[b"host"] == GITHUB.encode():
                echoed.append(headers[b"authorization"])
                message["headers"].append((b"x-asked-with", headers[b"authorization"]))
            await send(message)

        await world.app(scope, receive, more)

    async with client_of(world, application=application, cache=place) as client:
        for _ in range(2):
            run = await client.read("github.profile", on_error="ignore")
        assert echoed
        assert not asked(run)["cached"].any()
    held = b"".join(path.read_bytes() for path in place.parent.iterdir())
    assert b"sandbox.github" not in held


async def test_a_cassette_holds_whole_answers(tmp_path, place):
    """While a cassette is open the cache stands aside, so that it plays without one."""
    world = Sandbox(users=20)
    async with client_of(world, cache=place) as client:
        first = await client.read("github.repos", on_error="ignore")
        with sc.record(tmp_path / "analysis.yaml"):
            taken = await client.read("github.repos", on_error="ignore")
        assert not taken.trace.frame()["cached"].any()
        with sc.replay(tmp_path / "analysis.yaml"):
            played = await client.read("github.repos", on_error="ignore")
            async with client_of(world, cache=tmp_path / "unused.db") as other:
                await other.read("github.repos", on_error="ignore")
        again = await client.read("github.repos", on_error="ignore")
    assert not (tmp_path / "unused.db").exists()
    pd.testing.assert_frame_equal(first.frame, played.frame)
    assert again.trace.frame()["cached"].any()


def test_it_works_over_a_socket_in_the_background(place):
    """The synchronous client on a real connection: no body comes the second time."""
    world = Sandbox(users=20)
    with running(world) as base:
        settings = sc.Settings.make(secret_key=world.secret_key, base_urls=world.base_urls(base), cache=place)
        with sc.Client(settings=settings) as client:
            runs = [client.read("github.profile", on_error="ignore") for _ in range(2)]
    pd.testing.assert_frame_equal(runs[0].frame, runs[1].frame)
    sent = runs[1].trace.frame().query("status == 304")
    assert len(sent) > 5
    assert sent["size"].sum() == 0


FORKED = """
import os, sys
import socialconnect as sc
from socialconnect.sandbox import Sandbox
world = Sandbox(users=20)
settings = sc.Settings.make(secret_key=world.secret_key, base_urls={}, cache=sys.argv[1])
client = sc.Client(settings=settings, application=world.app)
first = client.read("github.profile", on_error="ignore")
if (child := os.fork()) == 0:
    run = client.read("github.profile", on_error="ignore")
    os._exit(0 if run.trace.frame()["cached"].any() and run.frame.equals(first.frame) else 1)
_, status = os.waitpid(child, 0)
run = client.read("github.profile", on_error="ignore")
print(os.waitstatus_to_exitcode(status), run.trace.frame()["cached"].any(), run.frame.equals(first.frame))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_a_fork_reads_on(place):
    """After a fork, parent and child both read on with what is kept."""
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKED, str(place)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert (done.stdout.split(), done.stderr) == (["0", "True", "True"], "")


def test_githubs_etag_is_the_tokens_own():
    """As at GitHub, the same answer to another token, or to another method, has no ETag in common."""
    found = Answer(200, b"{}")
    first, second = (
        conditional(Call(GITHUB, "GET", "/", headers={"authorization": f"Bearer {t}"}), found) for t in "ab"
    )
    assert first.headers["etag"] != second.headers["etag"]
    assert conditional(Call(GITHUB, "POST", "/"), found) is found


async def test_github_counts_no_confirmed_request():
    """The sandbox's 304 costs nothing of the hour's limit, and is given for the same form and version only."""
    async with opened(20) as (world, client):
        account = accounts_of(world, "github")[0]
        token = (await client.token(world.world.user_id(account.user), "github", account=account.eac)).token
        headers = {"accept": "application/json", "x-github-api-version": "2022-11-28"}
        url = f"https://{GITHUB}/user"

        async def get(**more):
            named = {name.replace("_", "-"): text for name, text in more.items()}
            return await client._wire.transport.send(Request("GET", url, {**headers, **named}), url, token)

        first = await get()
        etag = first.headers["etag"]
        again = await get(if_none_match=f'"other", {etag}')
        other = await get(if_none_match=etag, x_github_api_version="2026-03-10")
        html = await get(if_none_match=etag, accept="application/vnd.github+json")
    assert [answer.status for answer in (first, again, other, html)] == [200, 304, 200, 200]
    left = [int(answer.headers["x-ratelimit-remaining"]) for answer in (first, again, other, html)]
    assert left == [4999, 4999, 4998, 4997]
    assert again.body == b""
