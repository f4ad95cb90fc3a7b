"""Exports one after another into one target: what has changed is written, and nothing else."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import pytest
from tests.export import lab

import socialconnect as sc

CHANGES = {
    "github.repos": "asked for since a moment",
    "google.contacts": "by a sync token",
    "google.files": "by a list of changes",
    "github.emails": "by an ETag",
    "notion.users": "by comparing alone",
    "gitlab.projects": "of a generic provider",
}
KINDS = ("sqlite", "duckdb", "parquet", "csv", "jsonl")


def asked(sandbox, before):
    """How many requests the providers had since, without Clerk's."""
    since = Counter(sandbox.requests.hosts) - before
    return sum(count for host, count in since.items() if host != "api.clerk.com")


@pytest.mark.parametrize("resource", CHANGES)
def test_nothing_new(tmp_path, resource):
    """What has not changed costs one request for each account, and writes no row."""
    client, to = sc.sandbox(users=60, seed=3), f"sqlite:///{tmp_path}/x.db"
    first = client.export(resource, to, incremental=True)
    accounts = sum(first.accounts.values())
    whole = sc.read_export(to, resource)
    assert len(whole) > accounts / 2
    for _ in range(2):
        before = Counter(client.sandbox.requests.hosts)
        report = client.export(resource, to, incremental=True)
        assert asked(client.sandbox, before) <= 1.1 * accounts
        assert report.accounts.total() == accounts
        pd.testing.assert_frame_equal(sc.read_export(to, resource), whole)


def test_nothing_new_of_any_parent(tmp_path):
    """With parents it is one request for each of them, and one for their list."""
    client, to = sc.sandbox(users=40, seed=3), f"sqlite:///{tmp_path}/x.db"
    accounts = sum(client.export("google.events", to, incremental=True).accounts.values())
    calendars = len(client.google.calendars(on_error="ignore"))
    before, whole = Counter(client.sandbox.requests.hosts), sc.read_export(to, "google.events")
    client.export("google.events", to, incremental=True)
    assert asked(client.sandbox, before) <= 1.1 * (accounts + calendars)
    pd.testing.assert_frame_equal(sc.read_export(to, "google.events"), whole)


def test_what_only_a_full_listing_proves(tmp_path):
    """Where nobody tells of deletions, rows stay as they are until everything is read again, and are marked then."""
    client, to, resource = sc.sandbox(users=200, seed=3), f"sqlite:///{tmp_path}/x.db", "github.repos"
    account = next(client.sandbox.world.having("github", "large"))
    user = client.sandbox.world.user_id(account.user)
    client.export(resource, to, user, incremental=True)
    client.sandbox.change(user, resource, delete=[150])
    client.export(resource, to, user, incremental=True)
    assert not sc.read_export(to, resource)["_deleted_at"].notna().any()
    report = client.export(resource, to, user, incremental=True, full_every="0s")
    found = sc.read_export(to, resource)
    marked = found.loc[found["_deleted_at"].notna()]
    assert len(marked) == 1
    assert marked["_run_id"].iloc[0] != report.id
    assert len(found) > 150


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_new_is_written_and_nothing_else(tmp_path, kind):
    """Rows that were edited and added are written, those that were deleted are marked, all others stay as they are."""
    client, to, resource = sc.sandbox(users=20, seed=3), lab.places(tmp_path / kind)[kind], "google.contacts"
    client.export(resource, to, incremental=True, format=lab.form(to))
    before = by_name(to)
    account = next(client.sandbox.world.having("google", "healthy"))
    user = client.sandbox.world.user_id(account.user)
    client.sandbox.change(user, resource, edit={0: {"display_name": "Somebody Else"}}, delete=[1], add=2)
    report = client.export(resource, to, incremental=True, format=lab.form(to))
    after = by_name(to)
    changed = after.loc[after["_run_id"] == report.id]
    assert len(changed) == 3
    assert set(changed["external_account_id"]) == {account.eac}
    assert sorted(changed["display_name"] == "Somebody Else") == [False, False, True]
    marked = after.loc[after["_deleted_at"].notna()]
    assert len(marked) == 1
    assert len(after) == len(before) + 2
    untouched = after.index.difference([*changed.index, *marked.index])
    pd.testing.assert_frame_equal(after.loc[untouched], before.loc[untouched])


def by_name(to):
    return (
        sc.read_export(to, "google.contacts", format=lab.form(to)).set_index("resource_name", drop=False).sort_index()
    )
