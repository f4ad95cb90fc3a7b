"""A Dask DataFrame of many accounts, read by the workers of a real cluster."""

import distributed
import pandas as pd
import pytest

import dask
import socialconnect as sc
import socialconnect.dask as scd
from socialconnect.dask.cluster import ready
from socialconnect.dask.station import Asked
from socialconnect.dask.tasks import read_share
from socialconnect.dask.terms import Share, Terms, told

ORDER = ["user_id", "id"]


def providers(world):
    return {host: count for host, count in world.requests.hosts.items() if host != "api.clerk.com"}


def dtypes(frame):
    return {name: str(dtype) for name, dtype in frame.dtypes.items()}


@pytest.mark.usefixtures("cluster")
def test_the_frame_is_the_clients_own(world):
    """Rows, columns, dtypes and outcomes are those of `client.read`, and the workers read each account once."""
    frame, outcomes = dask.compute(*scd.read("github.repos", size=13))
    read = providers(world)
    run = sc.Client().read("github.repos", on_error="ignore")
    assert dtypes(frame) == dtypes(run.frame)
    own, his = (one.sort_values(ORDER, ignore_index=True) for one in (frame, run.frame))
    pd.testing.assert_frame_equal(own, his, check_categorical=False)
    told = ["user_id", "external_account_id", "status", "reason", "rows", "pages"]
    assert outcomes[told].astype(str).sort_values(told).to_numpy().tolist() == (
        run.outcomes[told].astype(str).sort_values(told).to_numpy().tolist()
    )
    both = providers(world)["api.github.com"]
    assert read["api.github.com"] == pytest.approx(both / 2, rel=0.05)  # pages that are asked for side by side differ


@pytest.mark.usefixtures("cluster")
@pytest.mark.parametrize("resource", ["github.repos", "google.events", "notion.rows"])
def test_the_meta_says_the_declared_dtypes(world, resource):
    """Before anything is read the frame knows its columns, with exactly the dtypes that a partition has."""
    frame, outcomes = scd.read(resource, size=30)
    assert providers(world) == {}
    part, ended = dask.compute(frame.get_partition(0), outcomes.get_partition(0))
    assert dtypes(frame) == dtypes(part)
    assert dtypes(outcomes) == dtypes(ended)
    assert frame.npartitions == outcomes.npartitions > 1


@pytest.mark.usefixtures("cluster")
def test_persisting_reads_once(world):
    """What is persisted is worked with as often as one likes, and read once."""
    frame, outcomes = dask.persist(*scd.read("github.repos", size=20))
    assert len(outcomes) > 0
    before = providers(world)
    stars = frame.groupby("user_id")["stargazers_count"].sum().compute()
    assert stars.sum() == frame["stargazers_count"].sum().compute()
    assert providers(world) == before


@pytest.mark.usefixtures("cluster", "world")
def test_some_users_and_columns():
    """Users may be named, single accounts by a frame, and columns chosen."""
    accounts = sc.Client().accounts()
    mine = accounts[(accounts["provider"] == "github") & accounts["connected"]].iloc[[0, 3]]
    frame, outcomes = dask.compute(*scd.read("github.repos", mine, columns=["name"], size=1))
    assert list(frame.columns) == ["user_id", "external_account_id", "name"]
    assert set(outcomes["external_account_id"]) == set(mine["external_account_id"])


@pytest.mark.usefixtures("cluster")
def test_nobody_is_an_empty_frame(serve):
    """Where nobody has connected the provider, there is one partition without rows, and nobody is asked about."""
    with serve(users=1) as world:
        frame, outcomes = scd.read("vercel.projects")
        assert frame.npartitions == 1
        assert dask.compute(len(frame), len(outcomes)) == (0, 0)
        assert dtypes(frame.compute()) == dtypes(frame)
        assert providers(world) == {}


@pytest.mark.usefixtures("cluster")
def test_the_identity_needs_no_further_request(world):
    """What Clerk's record of an account tells comes by the hundred, as in a read of one process."""
    before = len(world.requests)
    frame, _ = dask.compute(*scd.read("apple.profile", size=100))
    assert len(frame) > 0
    assert len(world.requests) - before <= 3 + 3 + 2  # the instance asked for, a page of users, one for each share


@pytest.mark.usefixtures("cluster")
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: scd.read("github.repos", client=sc.sandbox(users=2)), "in this process alone"),
        (lambda: scd.read("github.repos", client=sc.Client("a-key-of-its-own")), "never sent|ever sent"),
        (lambda: scd.read("github.nothing"), "nothing"),
        (lambda: scd.read("github.repos", columns=["nothing"]), "nothing"),
        (lambda: scd.read("github.repos", nothing=1), "nothing"),
        (lambda: scd.read("github.repos", []), "nobody|no user"),
    ],
)
def test_what_cannot_be_meant_is_told_at_once(world, make, said):
    """A client that cannot be sent, and names that nothing has, are told before Clerk is asked."""
    with pytest.raises(sc.UsageError, match=f"(?i){said}"):
        make()
    assert len(world.requests) == 0


@pytest.mark.usefixtures("world")
def test_no_cluster_is_told(monkeypatch):
    """Without a cluster there is nothing to read on."""

    def none():
        raise ValueError("No clients found")

    monkeypatch.setattr(distributed, "get_client", none)
    with pytest.raises(sc.UsageError, match="no Dask cluster"):
        scd.read("github.repos")


@pytest.mark.usefixtures("cluster", "world")
def test_a_frame_is_computed_on_a_cluster_only():
    """Another scheduler than the cluster's shares no budget, and is refused."""
    frame, _ = scd.read("github.repos", size=60)
    with pytest.raises(sc.UsageError, match="outside of a cluster"):
        frame.compute(scheduler="synchronous")


@pytest.mark.usefixtures("world")
def test_a_worker_of_another_instance_is_refused(cluster):
    """A worker whose key is another instance's says so, and asks no provider."""
    terms = Terms("ins_of_somebody_else", told(sc.Settings.make()))
    future = ready(cluster).submit(read_share, terms, Asked("github.repos"), Share(0, (), listed=True), pure=False)
    error = future.exception()
    assert isinstance(error, sc.InvalidKey)
    assert "another Clerk instance" in str(error)
    assert "CLERK_SECRET_KEY" in error.cure
