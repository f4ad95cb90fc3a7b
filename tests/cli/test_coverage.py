"""`coverage` and `plan`."""

from __future__ import annotations

import csv
import json

import pytest

WORLD = ["--sandbox", "--users", "60"]


def test_coverage_is_a_table_with_what_to_do(run):
    """The table fits, and behind it stand the counts and each cure."""
    result = run("coverage", "google.profile", *WORLD)
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert lines[0].split()[:2] == ["user_id", "state"]
    assert max(map(len, lines[:22])) <= 80
    assert "google.profile: 4" in result.stdout
    assert "not_connected: Ask the user to connect Google: client.connect(…) gives them the link." in result.stdout


def test_json_has_every_row(run):
    """JSON counts the states and has all rows, of several resources one after the other."""
    document = json.loads(run("coverage", "github.repos,notion.users", *WORLD, "--json").stdout)
    assert document["count"] == len(document["coverage"]) == sum(document["states"].values()) >= 120
    assert {row["resource"] for row in document["coverage"]} == {"github.repos", "notion.users"}


def test_a_file_has_every_row(run, tmp_path):
    """`--output` writes all rows with their lists, and tells the counts on stderr."""
    result = run("coverage", "google.profile", *WORLD, "--output", "who.csv")
    with (tmp_path / "who.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) >= 60
    assert any("openid" in row["granted"] for row in rows)
    assert result.stdout == ""
    assert "readable" in result.stderr


def test_dead_tokens_are_told_on_request(run):
    """`--tokens` finds the dead ones."""
    blind = json.loads(run("coverage", "github.repos", "--sandbox", "--json").stdout)["states"]
    looked = json.loads(run("coverage", "github.repos", "--sandbox", "--json", "--tokens").stdout)["states"]
    assert "token_dead" not in blind
    assert looked["token_dead"] == 7


def test_the_exit_code_says_whether_owners_must_act(run):
    """0 where somebody can be read; 4 where nobody can, and with --strict where anybody cannot."""
    rows = json.loads(run("coverage", "google.profile", *WORLD, "--json").stdout)["coverage"]
    of = {
        state: next(row["user_id"] for row in rows if row["state"] == state) for state in ("readable", "not_connected")
    }
    assert run("coverage", "google.profile", *WORLD, of["readable"]).exit_code == 0
    assert run("coverage", "google.profile", *WORLD, of["not_connected"]).exit_code == 4
    assert run("coverage", "google.profile", *WORLD, *of.values()).exit_code == 0
    assert run("coverage", "google.profile", *WORLD, *of.values(), "--strict").exit_code == 4
    assert run("coverage", "google.profile", *WORLD, of["readable"], "--strict").exit_code == 0
    assert run("coverage", "google.profile", *WORLD, "--strict").exit_code == 4  # some have lost what they connected


def test_who_never_connected_is_no_failure_of_everybody(run):
    """With --strict, users without the connection count only where they are named."""
    rows = json.loads(run("coverage", "notion.users", "--sandbox", "--users", "3", "--json").stdout)["coverage"]
    assert {row["state"] for row in rows} == {"readable", "not_connected"}
    assert run("coverage", "notion.users", "--sandbox", "--users", "3", "--strict").exit_code == 0


def test_a_plan_is_told_in_words(run):
    """Requests per host, time and rows, and who is skipped; every line of figures fits."""
    result = run("plan", "github.repos", *WORLD)
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert lines[0].startswith("Plan for github.repos: ")
    assert [line.split()[0] for line in lines[1:4]] == ["host", "api.clerk.com", "api.github.com"]
    assert max(map(len, lines[1:4])) <= 80
    assert "Skipped:" in lines


def test_a_plan_is_one_document(run):
    """JSON has the figures, the calls and who is skipped."""
    document = json.loads(run("plan", "github.repos,google.profile", *WORLD, "--json").stdout)
    assert document["resources"] == ["github.repos", "google.profile"]
    assert document["requests"] == sum(call["requests"] for call in document["calls"])
    assert {"user_id", "state", "cure"} <= set(document["skipped"][0])


def test_a_plan_takes_what_pull_takes(run):
    """Parameters and columns are checked as a pull checks them, before anything is asked."""
    assert run("plan", "github.repos", *WORLD, "-p", "visibility=public", "--columns", "id,name").exit_code == 0
    assert run("plan", "github.repos", *WORLD, "-p", "visibility=loud").exit_code == 2
    assert run("plan", "github.repos", *WORLD, "--columns", "nmae").exit_code == 2
    assert run("plan", "github.repos,notion.users", *WORLD, "--raw").exit_code == 2


@pytest.mark.parametrize("what", ["coverage", "plan"])
def test_what_there_is_not_is_said(run, what):
    """A resource that there is not ends with 2 and the nearest that there is."""
    result = run(what, "github.repo", *WORLD)
    assert result.exit_code == 2
    assert "repos" in result.stderr
