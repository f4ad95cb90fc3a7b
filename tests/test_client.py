"""The client wires the rooms: the same calls in scripts, in loops and over sockets."""

import asyncio
import inspect
import threading
import warnings

import pandas as pd
import pytest
from tests.worlds import LIMIT

import socialconnect as sc
from socialconnect.sandbox import Sandbox, running


def test_a_synchronous_call_works_inside_a_running_loop():
    """A notebook's loop is busy with the cell; the client works there all the same."""

    async def cell():
        return sc.sandbox(users=5).users()

    assert len(asyncio.run(cell())) == 5


def test_the_same_client_serves_threads():
    """Calls of several threads at once give what they give one by one."""
    client = sc.sandbox(users=40)
    expected = client.google.profile(on_error="ignore")
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(client.google.profile(on_error="ignore"))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    for frame in found:
        pd.testing.assert_frame_equal(frame, expected, check_flags=False)


async def test_the_awaited_client_gives_the_same():
    """`client.aio` has the same world, the same connectors and the same rows."""
    client = sc.sandbox(users=30)
    awaited = await client.aio.google.profile(on_error="ignore")
    pd.testing.assert_frame_equal(awaited, client.google.profile(on_error="ignore"), check_flags=False)
    assert await client.aio.count() == client.count() == 30


def test_a_closed_client_opens_again():
    """Closing is no end: a later call makes new connections; with a block it closes by itself."""
    world = Sandbox(users=5)
    with running(world) as base:
        settings = sc.Settings.make(secret_key=world.secret_key, base_urls=world.base_urls(base), budgets=LIMIT)
        with sc.Client(settings=settings) as client:
            assert len(client.users()) == 5
        assert not client.aio._wire.transport._carriers
        assert len(client.users()) == 5
        client.close()
        client.close()


@pytest.mark.parametrize("transport", ["httpx", "pyreqwest"])
def test_sockets_give_what_the_process_gives(transport):
    """Over a loopback socket the same world gives the same frame."""
    world = Sandbox(users=40, seed=5)
    with running(world) as base:
        settings = sc.Settings.make(
            secret_key=world.secret_key, base_urls=world.base_urls(base), transport=transport, budgets=LIMIT
        )
        with sc.Client(settings=settings) as client:
            over_sockets = client.github.repos(on_error="ignore")
    inside = sc.sandbox(users=40, seed=5).github.repos(on_error="ignore")
    pd.testing.assert_frame_equal(over_sockets, inside, check_flags=False)


def test_arguments_win_over_settings(monkeypatch):
    """A key given to the client comes before the one in its settings, and other settings stay."""
    monkeypatch.setenv("CLERK_SECRET_KEY", "from-the-environment")
    settings = sc.Settings.make(secret_key="from-the-settings", max_wait=7)
    assert sc.Client(settings=settings).settings.key().reveal() == "from-the-settings"
    assert sc.Client("from-the-argument", settings=settings).settings.key().reveal() == "from-the-argument"
    assert sc.Client("from-the-argument", settings=settings).settings.max_wait == 7
    assert sc.Client().settings.key().reveal() == "from-the-environment"


def test_addresses_can_be_replaced():
    """`base_urls` sends an origin's requests elsewhere."""
    client = sc.Client("a-key", base_urls={"https://api.github.com": "https://github.example/api/v3"})
    assert client.settings.base_urls == {"https://api.github.com": "https://github.example/api/v3"}


def test_one_users_frame_is_the_rows_alone():
    """`client.github.repos(user)` gives the frame that `read` has, for that user."""
    client = sc.sandbox(users=60)
    user = client.google.profile(on_error="ignore")["user_id"].iloc[0]
    frame = client.google.profile(user)
    assert frame["user_id"].tolist() == [user]
    pd.testing.assert_frame_equal(frame, client.read("google.profile", user).frame, check_flags=False)


def test_one_user_can_be_read_without_an_error():
    """on_error="ignore" gives one user's empty frame, "warn" a warning."""
    client = sc.sandbox(users=60)
    outcomes = client.read("google.profile", on_error="ignore").outcomes
    user = outcomes[outcomes["status"] == "failed"]["user_id"].iloc[0]
    with pytest.raises(sc.AccountError):
        client.google.profile(user)
    with pytest.raises(sc.AccountError):
        client.google.profile(user, on_error="raise")
    with pytest.warns(sc.PartialWarning):
        frame = client.google.profile(user, on_error="warn")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        same = client.google.profile(user, on_error="ignore")
    assert len(frame) == len(same) == 0
    assert frame.columns.tolist() == client.google.profile(on_error="ignore").columns.tolist()


def test_parameters_reach_the_provider():
    """A resource's own parameters go into its requests."""
    client = sc.sandbox(users=60)
    client.github.repos(affiliation=["owner", "collaborator"], sort="pushed", on_error="ignore")
    queries = {one.query for one in client.sandbox.requests if one.host == "api.github.com"}
    assert all("affiliation=owner%2Ccollaborator" in query and "sort=pushed" in query for query in queries)


def test_several_resources_in_one_call():
    """`read_all` gives a run for each name, once, in order, and refuses a wrong one before any request."""
    client = sc.sandbox(users=40)
    runs = client.read_all(["notion.users", "google.profile", "notion.users"], on_error="ignore")
    assert [*runs] == ["notion.users", "google.profile"]
    pd.testing.assert_frame_equal(
        runs["google.profile"].frame, client.google.profile(on_error="ignore"), check_flags=False
    )
    client.sandbox.requests.clear()
    for wrong in ("google.profile", ["google.profile", "google.profil"]):
        with pytest.raises(sc.UsageError):
            client.read_all(wrong)
    assert len(client.sandbox.requests) == 0


@pytest.mark.parametrize("name", ["users", "accounts", "read", "token", "instance", "providers", "count", "frame"])
def test_a_method_tells_what_it_does(name):
    """Each method's documentation is the same on both clients, and its signature can be read."""
    one = getattr(sc.Client, name)
    assert one.__doc__ == getattr(sc.AsyncClient, name).__doc__
    assert "self" in inspect.signature(one).parameters


def test_errors_come_out_as_they_are():
    """A synchronous call raises the error itself, without the machinery's groups around it."""
    client = sc.sandbox(users=3)
    with pytest.raises(sc.UserNotFound) as caught:
        client.google.profile("user_2nobody")
    assert type(caught.value) is sc.UserNotFound
    assert len(caught.traceback) < 12
