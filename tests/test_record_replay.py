"""An analysis that was recorded runs again, with the same frames, without network and without key."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from pathlib import Path
from urllib.parse import quote

import pandas as pd
import pytest
import yaml
from tests.worlds import RESOURCES, client_of, opened, user_of

import socialconnect as sc
from socialconnect.sandbox import Sandbox, running
from socialconnect.sandbox.tokens import Tokens

pytestmark = pytest.mark.usefixtures("no_key")


@pytest.fixture
def handed_out(monkeypatch):
    """Every token that a sandbox gives away while the test runs."""
    found = set()
    issue = Tokens.issue

    def told(self, *args):
        issued = issue(self, *args)
        found.add(issued.text)
        return issued

    monkeypatch.setattr(Tokens, "issue", told)
    return found


@pytest.fixture
def path(tmp_path):
    return tmp_path / "analysis.yaml"


def analysis(client):
    """Who there is, what they connected, and three resources of everybody."""
    runs = client.read_all(RESOURCES, on_error="ignore")
    return {
        "users": client.users(),
        "accounts": client.accounts(),
        **{name: run.frame for name, run in runs.items()},
        **{f"{name} outcomes": run.outcomes.drop(columns="waited") for name, run in runs.items()},
    }


def assert_equal(played, recorded):
    assert played.keys() == recorded.keys()
    for name, frame in recorded.items():
        pd.testing.assert_frame_equal(played[name], frame, check_exact=True, obj=name)


def forms(secret):
    """How a secret might stand in a file."""
    yield secret
    yield quote(secret, safe="")
    yield json.dumps(secret)[1:-1]
    for before in range(3):
        yield base64.b64encode(b"\0" * before + secret.encode()).decode()[4:-4]


def assert_none_in(path, secrets):
    """No secret stands in the file, as it is or as it is read: the lines of YAML may be folded."""
    text = path.read_text("utf-8")
    read = json.dumps(yaml.load(text, yaml.CSafeLoader), default=lambda value: value.decode("latin-1"))
    assert secrets
    for secret in secrets:
        for form in {*forms(secret)}:
            assert form not in text
            assert form not in read


def test_a_recorded_analysis_runs_again(path, handed_out, no_network):
    """A hundred users in all situations: equal frames and outcomes, no secret in the file, nothing sent."""
    client = sc.sandbox(users=100, seed=3)
    with sc.record(path) as recording:
        recorded = analysis(client)
    asked = len(client.sandbox.requests)
    assert len(recording) == asked
    assert min(len(recorded["github.repos"]), len(recorded["notion.users"])) > 500
    assert len(handed_out) > 100
    assert_none_in(path, {*handed_out, client.sandbox.secret_key})
    no_network()
    with sc.replay(path) as playing:
        played = analysis(sc.Client())
        assert playing.unplayed == 0
    assert_equal(played, recorded)
    assert len(client.sandbox.requests) == asked


async def test_it_runs_again_when_awaited(path, no_network):
    """The client to await is recorded and played too, and each face plays what the other has recorded."""

    async def awaited(client):
        runs = await client.read_all(RESOURCES, on_error="ignore")
        return {name: run.frame for name, run in runs.items()}

    world = Sandbox(users=30, seed=1)
    with sc.record(path):
        recorded = await awaited(client_of(world))
    no_network()
    with sc.replay(path):
        assert_equal(await awaited(sc.AsyncClient()), recorded)
    with sc.replay(path):
        runs = sc.Client().read_all(RESOURCES, on_error="ignore")
        assert_equal({name: run.frame for name, run in runs.items()}, recorded)


@pytest.mark.parametrize("kind", ["httpx", "pyreqwest"])
def test_it_runs_again_after_a_network(path, kind, handed_out, no_network):
    """Recorded over the network by either carrier, it needs neither the address nor the carrier again."""
    world = Sandbox(users=25, seed=1, limits=False)
    with running(world) as base:
        settings = sc.Settings.make(secret_key=world.secret_key, base_urls=world.base_urls(base), transport=kind)
        with sc.Client(settings=settings) as client, sc.record(path):
            recorded = analysis(client)
    assert "recorded_from: this machine" in path.read_text().splitlines()[0]
    assert base not in path.read_text()
    assert_none_in(path, {*handed_out, world.secret_key})
    no_network()
    with sc.replay(path):
        assert_equal(analysis(sc.Client()), recorded)


def test_a_sandbox_client_is_played_too(path):
    """A client that has its own world asks the cassette inside the block, and its world after it."""
    client = sc.sandbox(users=10)
    with sc.record(path):
        recorded = client.users()
    other = sc.sandbox(users=3)
    with sc.replay(path):
        assert other.users().equals(recorded)
    assert len(other.sandbox.requests) == 0
    assert len(other.users()) == 3


def test_a_client_of_a_replay_is_of_no_use_after_it(path):
    """A client that was made without a key says so where it is used after the block, and sends nothing."""
    with sc.record(path):
        sc.sandbox(users=3).users()
    with sc.replay(path):
        client = sc.Client()
        assert len(client.users()) == 3
    with pytest.raises(sc.UsageError, match="inside a replay, which has ended"):
        client.users()
    with pytest.raises(sc.MissingKey):
        sc.Client()


def test_a_recording_needs_a_key(path):
    """Only a replay does without: a client that is to be recorded says where its key belongs."""
    with pytest.raises(sc.MissingKey), sc.record(path):
        sc.Client()


def test_a_key_that_is_there_does_no_harm(path, monkeypatch):
    """With a key in the environment a replay is the same, and the client is of use afterwards."""
    client = sc.sandbox(users=3)
    with sc.record(path):
        recorded = client.users()
    monkeypatch.setenv("CLERK_SECRET_KEY", "the-key-of-another-instance")
    with sc.replay(path):
        assert sc.Client().users().equals(recorded)


def test_what_was_not_recorded_ends_the_run(path):
    """A run that needs one page more than is recorded ends with an error: it does not give fewer rows."""
    client = sc.sandbox(users=30, seed=1)
    users = client.accounts().query("provider == 'github' and connected")["user_id"].unique()
    with sc.record(path):
        client.github.profile(users[:3], on_error="ignore")
    with sc.replay(path) as playing:
        with pytest.raises(sc.NotRecorded, match="oauth_access_tokens") as caught:
            sc.Client().github.profile(users[:5], on_error="ignore")
        with pytest.raises(sc.NotRecorded, match=r"GET https://api\.github\.com/user/repos"):
            sc.Client().github.repos(users[:1])
        assert playing.unplayed <= len(playing)
    assert "record" in caught.value.cure


def test_a_time_that_moves_is_named(path):
    """Where a parameter was another when it was recorded, the error says which, and what it was."""
    client = sc.sandbox(users=30, seed=1)
    user = user_of(client.sandbox, "github")
    with sc.record(path):
        client.github.repos(user, since="2026-01-01T00:00:00Z")
    with sc.replay(path), pytest.raises(sc.NotRecorded, match="since=2026-01-01T00:00:00Z"):
        sc.Client().github.repos(user, since="2027-01-01T00:00:00Z")


@pytest.mark.parametrize("fault", ["echo_token", "echo_token@0.5"])
def test_an_echoed_token_is_not_written(path, handed_out, fault):
    """A service that repeats the token in its errors does not get it into the file, nor do our own messages."""
    client = sc.sandbox(users=60, seed=2, faults=[fault])
    with sc.record(path):
        try:
            recorded = client.read("github.repos", on_error="ignore").outcomes
        except sc.SocialConnectError as error:
            recorded = str(error)
    assert_none_in(path, {*handed_out, client.sandbox.secret_key})
    assert recorded is not None


def test_refreshed_tokens_are_told_apart(path, handed_out):
    """A first token that is dead and the one after it have placeholders of their own: the second is used."""
    client = sc.sandbox(users=40, seed=5, faults=["google:expired"])
    with sc.record(path):
        recorded = client.read("google.profile", on_error="ignore")
    assert recorded.trace.frame()["status"].eq(401).sum() > 5
    with sc.replay(path) as playing:
        played = sc.Client().read("google.profile", on_error="ignore")
        assert playing.unplayed == 0
    assert_equal({"frame": played.frame}, {"frame": recorded.frame})
    assert played.trace.frame()["status"].value_counts().equals(recorded.trace.frame()["status"].value_counts())
    assert_none_in(path, handed_out)


@pytest.mark.looptime
async def test_retries_are_played_without_waiting(path):
    """Throttled and failing answers are played as they were, in no time, and the rows are the same."""
    faults = ["github:throttled@0.2", "github:server_error@0.1", "github:dropped@0.1", "clerk:slow@0.2"]
    loop = asyncio.get_running_loop()
    async with opened(20, seed=1, faults=faults) as (_, client):
        with sc.record(path):
            began = loop.time()
            recorded = await client.read("github.repos", on_error="ignore")
            took = loop.time() - began
    assert took > 3
    statuses = recorded.trace.frame()["status"].value_counts()
    assert {429, 0} <= set(statuses.index)
    with sc.replay(path) as playing:
        began = loop.time()
        played = await sc.AsyncClient().read("github.repos", on_error="ignore")
        assert loop.time() - began < 0.01
        assert playing.unplayed == 0
    assert_equal({"frame": played.frame}, {"frame": recorded.frame})
    assert played.trace.frame()["status"].value_counts().equals(statuses)
    assert played.trace.frame()["waited"].sum() == 0


@pytest.mark.looptime
async def test_a_replay_leaves_no_wait_behind(path):
    """What was throttled in a replay throttles nobody afterwards: the budgets of a client are its own."""
    async with opened(20, seed=1, faults=["github:throttled x3"]) as (_, client):
        with sc.record(path):
            await client.read("github.repos", on_error="ignore")
    async with opened(20, seed=1) as (_, client):
        with sc.replay(path):
            await client.read("github.repos", on_error="ignore")
        began = asyncio.get_running_loop().time()
        await client.read("github.repos", on_error="ignore")
        assert asyncio.get_running_loop().time() - began < 1


def test_threads_started_inside_are_played(path, no_network):
    """Several threads ask one client at once, in the recording and in the replay."""

    def everybody(client):
        found = {}

        def work(name):
            found[name] = client.read(name, on_error="ignore").frame

        threads = [threading.Thread(target=work, args=(name,)) for name in RESOURCES]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return found

    with sc.record(path):
        recorded = everybody(sc.sandbox(users=20, seed=1))
    no_network()
    with sc.replay(path):
        assert_equal(everybody(sc.Client()), recorded)


def test_a_redirect_that_leads_away_is_refused_again(path):
    """What ended with an error ends with the same one in the replay."""
    client = sc.sandbox(users=20, seed=1, faults=["github:foreign_redirect x2"])
    with sc.record(path):
        recorded = client.read("github.profile", on_error="ignore")
    assert recorded.outcomes["message"].str.contains("refused").sum() == 2
    with sc.replay(path):
        played = sc.Client().read("github.profile", on_error="ignore")
    assert played.outcomes.drop(columns="waited").equals(recorded.outcomes.drop(columns="waited"))


async def test_a_redirect_at_home_is_followed_again(path):
    """A page that has moved is found in the replay as it was in the recording."""
    world = Sandbox(users=20, seed=1)

    async def moved(scope, receive, send):
        query = scope["query_string"]
        if scope["path"] != "/user" or b"moved" in query:
            await world.app(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 301, "headers": [(b"location", b"/user?moved=1")]})
        await send({"type": "http.response.body", "body": b""})

    with sc.record(path):
        recorded = await client_of(world, application=moved).read("github.profile", on_error="ignore")
    assert 301 in set(recorded.trace.frame()["status"])
    with sc.replay(path) as playing:
        played = await sc.AsyncClient().read("github.profile", on_error="ignore")
        assert playing.unplayed == 0
    assert len(played.frame) > 3
    assert_equal({"frame": played.frame}, {"frame": recorded.frame})


async def test_what_a_cache_holds_is_recorded_whole(path):
    """A cache that knows the answers already does not leave them out: the cassette stands without it."""
    world = Sandbox(users=10, seed=1)
    async with client_of(world, cache=":memory:") as client:
        first = await client.read("github.repos", on_error="ignore")
        again = await client.read("github.repos", on_error="ignore")
        assert 304 in set(again.trace.frame()["status"])
        with sc.record(path):
            recorded = await client.read("github.repos", on_error="ignore")
    assert 304 not in set(recorded.trace.frame()["status"])
    with sc.replay(path):
        played = await sc.AsyncClient().read("github.repos", on_error="ignore")
    assert_equal({"frame": played.frame}, {"frame": first.frame})


@pytest.mark.looptime
async def test_every_resource_runs_again(path):
    """Whatever pages, parents, batches and further requests a resource of the core providers needs, it is played."""

    async def everything(client):
        found = {}
        for provider in ("github", "google", "notion"):
            for resource in client.connectors[provider].resources:
                run = await client.read(f"{provider}.{resource.name}", on_error="ignore")
                found[run.resource] = run.frame
        return found

    async with opened(4, seed=2) as (_, client):
        with sc.record(path):
            recorded = await everything(client)
    assert sum(map(len, recorded.values())) > 500
    with sc.replay(path) as playing:
        assert_equal(await everything(sc.AsyncClient()), recorded)
        assert playing.unplayed == 0


@pytest.mark.parametrize("concurrency", [1, 7])
def test_the_order_does_not_matter(path, concurrency):
    """Recorded many at a time and played few at a time, the frames are the same: also where there are many pages."""
    client = sc.sandbox(users=40, seed=1)
    with sc.record(path):
        recorded = analysis(client)
    with sc.replay(path):
        played = analysis(sc.Client(settings=sc.Settings.make(concurrency=concurrency)))
    assert_equal(played, recorded)


def test_parameters_of_the_caller_are_part_of_it(path):
    """Two calls with other parameters in one block are two recordings."""
    client = sc.sandbox(users=20)

    def both(client):
        return {"some": client.users(banned=True), "all": client.users(banned=False), "count": client.users().head(1)}

    with sc.record(path):
        recorded = both(client)
    with sc.replay(path):
        assert_equal(both(sc.Client()), recorded)


def test_a_cell_may_be_one_block(path):
    """In a running loop, as in a notebook, the plain `with` around synchronous calls works."""

    async def cell():
        with sc.record(path):
            recorded = sc.sandbox(users=3).users()
        with sc.replay(path):
            return recorded.equals(sc.Client().users())

    assert asyncio.run(cell())


def test_a_cassette_is_small_enough_to_keep(path):
    """A hundred exchanges' file is not much more than their bodies: nothing is written twice."""
    client = sc.sandbox(users=40, seed=1)
    with sc.record(path):
        client.read("notion.users", on_error="ignore")
    bodies = sum(
        len(one["response"]["body"]["string"]) for one in yaml.load(path.read_text(), yaml.CSafeLoader)["interactions"]
    )
    assert path.stat().st_size < 1.6 * bodies
    assert Path(path).suffix == ".yaml"
