"""No key and no token is in anything that travels: tasks, results, errors, logs, the scheduler's state, the disk."""

import logging
import os
import pickle

import cloudpickle
import pytest
from tests.dask.conftest import KEY

import dask
import socialconnect as sc
import socialconnect.dask as scd
from socialconnect.dask.station import Asked
from socialconnect.dask.tasks import read_share, safely
from socialconnect.dask.terms import Share, Terms, told


def everything(dask_scheduler):
    """What the scheduler holds, as it would be sent or shown."""
    tasks = [
        (key, str(task), task.run_spec, task.exception, task.traceback) for key, task in dask_scheduler.tasks.items()
    ]
    found = [cloudpickle.dumps(tasks), repr(dask_scheduler.get_events()).encode()]
    found.append(repr(list(dask_scheduler.get_logs())).encode())
    found.append(repr(dask_scheduler.identity()).encode())
    found.append(repr({name: vars(plugin) for name, plugin in dask_scheduler.plugins.items()}).encode())
    return b"".join(found)


def by_value(function):
    """A function of the tests, which workers do not find by its name."""
    function.__module__ = "__main__"
    return function


def held(needles, hay):
    return [needle for needle in needles if needle.encode() in hay]


def test_nothing_secret_travels(cluster, serve, tmp_path):
    """Key and tokens are in no graph, no scheduler's state, no worker's log, no slip and no result."""
    with serve(users=40, faults=["github:malformed@0.2"]) as world:
        reading = scd.read("github.repos", size=10)
        graph = cloudpickle.dumps([reading.frame.__dask_graph__(), reading.outcomes.__dask_graph__()])
        kept = dask.persist(*reading)
        parts = dask.compute(*kept)
        report = scd.export(["github.repos", "notion.users"], f"{tmp_path}/x/", size=10, via=f"{tmp_path}/via")
        secrets = world.secrets()
        assert len(secrets) > 40  # tokens were given
        assert KEY in secrets
        held_by_all = cluster.run_on_scheduler(everything)
        assert b"socialconnect-read" in held_by_all  # it looked where the tasks are
        logs = repr(cluster.get_worker_logs()).encode() + repr(cluster.get_scheduler_logs()).encode()
        for hay in (graph, held_by_all, logs, pickle.dumps([*parts, report])):
            assert held(secrets, hay) == []


@pytest.mark.usefixtures("cluster")
def test_what_is_handed_over_holds_no_secret(serve, tmp_path, monkeypatch):
    """Neither files nor slips on their way to the target hold a key or a token."""
    monkeypatch.setattr("socialconnect.dask.handing.Taking.clear", lambda *_: None)
    with serve(users=40) as world:
        scd.export(["github.repos", "google.profile"], f"{tmp_path}/x/", size=10, via=f"{tmp_path}/via")
        files = [path.read_bytes() for path in (tmp_path / "via").rglob("*") if path.is_file()]
        assert len(files) > 8
        assert held(world.secrets(), b"".join(files)) == []


def break_with_key():
    """A task that fails while it holds the key."""
    from socialconnect import Settings  # noqa: PLC0415 - it is a worker that needs it

    plain = Settings.make().key().reveal()
    raise ValueError(f"it broke at {plain}", plain)


def test_an_error_comes_back_bare(cluster):
    """An error on a worker tells no secret: not by its words, its causes, its frames or what the future holds."""
    error = cluster.submit(safely, by_value(break_with_key), pure=False).exception(timeout=20)
    assert type(error) is sc.SocialConnectError
    assert "it broke at [secret]" in str(error)
    assert error.__cause__ is error.__context__ is None
    hay = pickle.dumps(error) + cluster.run_on_scheduler(everything) + repr(cluster.get_worker_logs()).encode()
    assert b"it broke at" in hay
    assert held([KEY], hay) == []


def have_key(key):
    """Put a key into the environment of a worker."""
    os.environ["CLERK_SECRET_KEY"] = key


@pytest.mark.parametrize("key", ["", "a-key-that-clerk-does-not-know"])
def test_a_worker_without_a_good_key_says_so(cluster, serve, tmp_path, key):
    """A missing or a wrong key on workers ends it at once, with the worker's name and where to put the key."""
    with serve(users=20) as world:
        cluster.run(by_value(have_key), key)
        try:
            kind = sc.InvalidKey if key else sc.MissingKey
            with pytest.raises(kind, match=r"worker tcp://") as of_export:
                scd.export("github.repos", f"{tmp_path}/x/", size=5)
            with pytest.raises(kind, match=r"worker tcp://") as of_read:
                scd.read("github.repos", size=5).frame.compute()
        finally:
            cluster.run(by_value(have_key), KEY)
        for told_of in (of_export, of_read):
            assert "environment of each worker" in told_of.value.cure
            assert key not in str(told_of.value) or not key
        assert not any(host != "api.clerk.com" for host in world.requests.hosts)
        assert sc.Client().export("github.repos", f"{tmp_path}/x/", resume=True, progress=False).ending == "finished"


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("make", [sc.Client, lambda: sc.Client().settings, lambda: sc.Client().aio])
def test_what_holds_a_key_cannot_be_sent(make):
    """A client, its settings or its asynchronous side in a task would take the key along: nothing pickles them."""
    with pytest.raises(TypeError, match=r"pickle|key"):
        cloudpickle.dumps(make())


def test_the_log_of_a_worker_is_scrubbed(caplog):
    """What is not ours is logged where it happened, with its frames and without secrets."""
    secret = sc.Secret("open-sesame-1234")

    def work():
        raise RuntimeError(secret.reveal())

    with caplog.at_level(logging.ERROR), pytest.raises(sc.SocialConnectError, match="A worker failed"):
        safely(work)
    assert "RuntimeError" in caplog.text
    assert "open-sesame-1234" not in caplog.text


@pytest.mark.usefixtures("world")
def test_terms_hold_no_secret(monkeypatch):
    """Of settings, what is told to workers leaves out keys and what each machine has to itself."""
    monkeypatch.setenv("SOCIALCONNECT_HASH_KEY", "h" * 64)
    monkeypatch.setenv("SOCIALCONNECT_CACHE", "/somewhere")
    names = dict(told(sc.Settings.make(secret_key=KEY, max_wait=12)))
    assert names.keys() == {"base_urls", "budgets", "concurrency", "max_wait"}
    share = Share(0, (), listed=True)
    assert read_share.__module__ in cloudpickle.dumps(
        (read_share, Terms("i", told(sc.Settings.make())), Asked("x"), share)
    ).decode("latin-1")
