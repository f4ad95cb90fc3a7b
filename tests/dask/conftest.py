"""A cluster of real processes, and worlds that they reach over loopback."""

from __future__ import annotations

import json
from contextlib import contextmanager

import distributed
import pytest

from socialconnect.sandbox import Sandbox, running

KEY = "sandbox-secret-key-0"  # it opens nothing but the worlds of these tests
LIMIT = json.dumps({"https://api.clerk.com": "1000/10s"})


def local_cluster(workers, **environment):
    """Processes on this machine, with the key in their environment and nowhere else."""
    return distributed.LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        dashboard_address=":0",  # any port: with None it would want 8787, which others may have
        env={"CLERK_SECRET_KEY": KEY, **environment},
    )


@pytest.fixture(scope="package")
def cluster():
    """Three workers, for all tests here; it is their current one."""
    with local_cluster(3) as cluster, distributed.Client(cluster) as dask:
        yield dask


@pytest.fixture
def serve(monkeypatch, no_key):  # noqa: ARG001 - a machine without any other key
    """`with serve(users=60) as world:` everything made inside works on that world, workers too."""

    @contextmanager
    def serve(**how):
        world = Sandbox(**how)
        with running(world) as base:
            monkeypatch.setenv("CLERK_SECRET_KEY", world.secret_key)
            monkeypatch.setenv("SOCIALCONNECT_BASE_URLS", json.dumps(world.base_urls(base)))
            monkeypatch.setenv("SOCIALCONNECT_BUDGETS", LIMIT)
            yield world

    return serve


@pytest.fixture
def world(serve):
    """Sixty users."""
    with serve(users=60) as world:
        yield world
