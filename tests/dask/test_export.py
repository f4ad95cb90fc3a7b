"""An export over the workers of a real cluster, also when one of them is killed."""

import json
import os
import signal
import threading
from bisect import bisect_right
from collections import Counter
from dataclasses import replace

import pandas as pd
import pytest

import socialconnect as sc
import socialconnect.dask as scd
from socialconnect.dask.cluster import ready
from socialconnect.dask.handing import Taking
from socialconnect.dask.tasks import Order, carry
from socialconnect.dask.terms import Share, Terms, told
from socialconnect.export.exports import new_run
from socialconnect.export.job import Job

RESOURCES = ["github.repos", "google.profile", "notion.users"]
ROWS = ["user_id", "external_account_id"]


def rows(to, resource):
    """What was exported, in an order of its own and without what differs between runs."""
    frame = sc.read_export(to, resource).drop(columns=["_run_id", "_read_at"])
    frame["_deleted_at"] = frame["_deleted_at"].notna()
    order = frame.astype(str).sort_values(list(frame.columns)).index
    return frame.loc[order].reset_index(drop=True)


def same(one, other, resources=RESOURCES):
    for resource in resources:
        pd.testing.assert_frame_equal(rows(one, resource), rows(other, resource), check_categorical=False)


def left(folder):
    """What is left behind of what workers handed over."""
    return sorted(folder.rglob("handed-*"))


@pytest.fixture
def alone(world, tmp_path):  # noqa: ARG001 - it is what the client reads
    """The same export by one process: its report and where it went."""
    to = f"{tmp_path}/alone/"
    return sc.Client().export(RESOURCES, to, progress=False), to


@pytest.mark.usefixtures("cluster")
def test_it_is_the_export_of_one_process(world, alone, tmp_path):
    """Rows, outcomes and exit code are those of `client.export`, and nothing is left behind."""
    report, to = scd.export(RESOURCES, f"{tmp_path}/many/", size=13), f"{tmp_path}/many/"
    same(to, alone[1])
    for tally, his in zip(report.resources, alone[0].resources, strict=True):
        assert (tally.resource, tally.rows, tally.accounts, tally.reasons) == (
            his.resource,
            his.rows,
            his.accounts,
            his.reasons,
        )
    assert (report.ending, report.exit_code) == (alone[0].ending, alone[0].exit_code)
    assert report.traffic.throttled == world.requests.throttled.total() == 0
    assert left(tmp_path) == []


@pytest.mark.usefixtures("cluster")
def test_a_second_run_goes_on_from_the_first(world, alone):
    """It takes the target as another run left it: nothing is there twice, and what is unchanged is not written."""
    before = Counter(world.requests.hosts)
    report = scd.export(["google.contacts"], alone[1], size=13, incremental=True)
    first = world.requests.hosts["people.googleapis.com"] - before["people.googleapis.com"]
    kept = rows(alone[1], "google.contacts")
    again = scd.export(["google.contacts"], alone[1], size=17, incremental=True)
    assert report.rows > 0 == again.rows
    pd.testing.assert_frame_equal(rows(alone[1], "google.contacts"), kept)
    assert world.requests.hosts["people.googleapis.com"] - before["people.googleapis.com"] - first <= first
    assert again.accounts == report.accounts + Counter(empty=report.accounts["ok"], ok=-report.accounts["ok"])


@pytest.mark.usefixtures("cluster", "world")
def test_it_goes_to_a_database_by_way_of_a_folder(alone, tmp_path):
    """Where workers cannot write themselves they write to a folder that is named, and leave it empty."""
    to = f"sqlite:///{tmp_path}/exports.db"
    with pytest.raises(sc.UsageError, match="No worker can write"):
        scd.export(RESOURCES, to)
    (tmp_path / "via").mkdir()
    scd.export(RESOURCES, to, size=13, via=f"{tmp_path}/via")
    same(to, alone[1])
    assert list((tmp_path / "via").iterdir()) == []


@pytest.mark.usefixtures("cluster", "world")
def test_a_password_does_not_travel(tmp_path):
    """An address with a password is refused where workers would need it."""
    with pytest.raises(sc.UsageError, match="password") as told:
        scd.export(RESOURCES, f"{tmp_path}/x/", via="sftp://ada:open-sesame@host/via")
    assert "open-sesame" not in str(told.value)


@pytest.mark.usefixtures("cluster", "world")
def test_what_is_not_there_for_the_caller_is_told():
    """A target that each process has to itself is found out, and what to do instead is said."""
    with pytest.raises(sc.TargetError, match="not there for this process"):
        scd.export("github.repos", "memory://nobody/else/", size=30)


@pytest.mark.usefixtures("cluster")
def test_too_many_failures_stop_it(serve, tmp_path):
    """Once more accounts failed than max_errors allows, no more shares are handed out; what came is kept."""
    with serve(users=60, faults=["github:malformed"]):
        report = scd.export("github.repos", f"{tmp_path}/x/", size=2, max_errors=3)
        assert report.ending == "stopped"
        assert "max_errors" in report.error
        assert 3 < report.accounts["failed"] < 40


@pytest.mark.usefixtures("cluster")
def test_a_deadline_ends_it_and_resume_finishes_it(world, alone, tmp_path):
    """After the deadline nobody is read; `resume` reads the others, and the two together are one export."""
    to = f"{tmp_path}/many/"
    report = scd.export(RESOURCES, to, size=5, deadline="0s")
    assert (report.ending, report.exit_code, report.rows) == ("deadline", 8, 0)
    before = len(world.requests)
    report = scd.export(RESOURCES, to, size=5, resume=True)
    assert (report.ending, report.resumed) == ("finished", True)
    assert len(world.requests) > before
    same(to, alone[1])


@pytest.mark.usefixtures("cluster", "world")
def test_a_broken_off_run_is_gone_on_with_by_account(alone, tmp_path, monkeypatch):
    """What was taken in before the caller was stopped is not read again when it goes on."""
    to, taken = f"{tmp_path}/many/", []
    real = Taking.take

    def take(self, chain):
        real(self, chain)
        taken.append(chain)
        if len(taken) == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(Taking, "take", take)
    with pytest.raises(KeyboardInterrupt):
        scd.export(RESOURCES, to, size=5)
    monkeypatch.setattr(Taking, "take", real)
    report = scd.export(RESOURCES, to, size=7, resume=True)
    assert report.ending == "finished"
    assert sum(tally.earlier for tally in report.resources) >= 20
    assert report.accounts == alone[0].accounts
    same(to, alone[1])


@pytest.mark.usefixtures("cluster")
def test_a_provider_that_is_not_offered_is_told_once(serve, tmp_path):
    """Where the instance does not offer a provider, its resource is told so, and the others are exported."""
    with serve(users=40, disabled=["notion"]):
        report = scd.export(["github.repos", "notion.users"], f"{tmp_path}/x/", size=10)
        github, notion = report.resources
        assert github.rows > 0 == notion.rows
        assert report.exit_code == 3
        assert "Notion" in notion.first_error
        assert notion.codes == {3: 1}


@pytest.mark.usefixtures("world")
def test_a_worker_that_would_write_otherwise_is_refused(cluster):
    """A worker of another version, or with another key to hash with, is found out before it writes anything."""
    terms = Terms("ins", told(sc.Settings.make()))
    order = Order(
        replace(terms, instance=sc.Client().instance().id),
        Job.make("github.repos", "-"),
        new_run(Job.make("github.repos", "-")),
        "memory://via",
        "handed",
        ("another shape",),
    )
    handed = ready(cluster).submit(carry, order, Share(0, (), listed=True), b"[]", pure=False).result(timeout=20)
    assert isinstance(handed.error, sc.UsageError)
    assert "SOCIALCONNECT_HASH_KEY" in handed.error.cure


@pytest.mark.usefixtures("cluster")
def test_one_budget_holds_for_all_processes(world, tmp_path, monkeypatch):
    """Clerk counts no more requests in any stretch than its limit, of the caller and all workers together."""
    monkeypatch.setenv("SOCIALCONNECT_BUDGETS", json.dumps({"https://api.clerk.com": "30/2s"}))
    report = scd.export("github.repos", f"{tmp_path}/x/", size=10)
    times = sorted(one.at for one in world.requests if one.host == "api.clerk.com")
    assert len(times) > 50
    assert report.ending == "finished"
    assert max(bisect_right(times, start + 2.0) - place for place, start in enumerate(times)) <= 30


def test_a_killed_worker_costs_nothing(cluster, serve, tmp_path):
    """One of three workers is killed with SIGKILL in the middle: everything comes, once, and little is read again."""
    with serve(users=150) as world:
        sc.Client().export(RESOURCES, f"{tmp_path}/alone/", progress=False)
        alone = len(world.requests)
        victims = [pid for pid in cluster.run(os.getpid).values() if pid != os.getpid()]
        over = threading.Event()

        def kill():
            while not over.wait(0.01):
                if len(world.requests) > alone + alone // 3:
                    os.kill(victims[0], signal.SIGKILL)
                    return

        thread = threading.Thread(target=kill)
        thread.start()
        try:
            report = scd.export(RESOURCES, f"{tmp_path}/many/", size=25)
        finally:
            over.set()
            thread.join()
        assert report.ending == "finished"
        same(f"{tmp_path}/many/", f"{tmp_path}/alone/")
        assert left(tmp_path) == []
        assert victims[0] not in cluster.run(os.getpid).values()  # it was killed
        assert len(world.requests) - alone < 1.5 * alone
