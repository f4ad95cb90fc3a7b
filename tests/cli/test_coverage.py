"""`coverage` and `plan`."""

from __future__ import annotations

import csv
import json
from io import BytesIO, TextIOWrapper

import pytest

import socialconnect as sc
from socialconnect.cli.overview import Row, _bar, _blocks

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


STATES = {
    "readable": "readable",
    "scope": "missing_scope",
    "dead": "token_dead",
    "unfinished": "not_verified",
    "none": "not_connected",
}
ALL = ["coverage", "--all", "--sandbox"]


def figures(lines):
    """The table's figures by provider, and the heads of its columns."""
    heads = lines[0].split()[1:]
    body = [line.replace(",", "").split() for line in lines[2 : lines.index("")]]
    return {row[0]: dict(zip(heads, row[-len(heads) :], strict=True)) for row in body}


def test_every_provider_is_told_on_one_screen(run):
    """500 users and all providers fit, and every figure is what `client.coverage` says."""
    lines = run(*ALL, "--users", "500").stdout.splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80
    frame = sc.sandbox(users=500).coverage()
    found = figures(lines)
    assert list(found) == [*frame["provider"].astype(str).unique(), "all"]
    for name, row in found.items():
        mine = frame if name == "all" else frame[frame["provider"] == name]
        counts = mine["state"].astype(str).value_counts()
        assert {head: row[head] for head in STATES if head != "dead"} == {
            head: str(counts.get(state, 0)) for head, state in STATES.items() if head != "dead"
        }, name
        assert row["dead"] == "?"
        assert int(row["connected"]) == counts["readable"] + counts.get("missing_scope", 0)
    assert "Of 500 users, " in "\n".join(lines)


def test_every_provider_in_json(run):
    """JSON has the figures of each provider, null for what nobody looked at, and the dead where tokens were asked."""
    blind = json.loads(run(*ALL, "--users", "10", "--json").stdout)
    looked = json.loads(run(*ALL, "--users", "10", "--json", "--tokens").stdout)
    frame = sc.sandbox(users=10).coverage(tokens=True)
    assert blind["users"] == looked["users"] == 10
    assert looked["count"] == sum(looked["states"].values()) == len(frame)
    assert {row["dead"] for row in blind["providers"]} == {None}
    assert {row["provider"]: row["dead"] for row in looked["providers"]} == {
        name: int((mine["state"] == "token_dead").sum()) for name, mine in frame.groupby("provider", observed=True)
    }
    assert sum(row["dead"] for row in looked["providers"]) > 0
    for row in looked["providers"]:
        assert row["connected"] == row["readable"] + row["scope"] + row["dead"]
        assert sum(row["states"].values()) == row["connected"] + row["unfinished"] + row["none"]


@pytest.mark.parametrize("columns", [30, 40, 60, 100])
def test_every_provider_in_little_room(run, monkeypatch, columns):
    """A narrow terminal leaves the bar out, then what matters least; no line is longer than it is wide."""
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = run(*ALL, "--users", "60").stdout.splitlines()
    assert max(map(len, lines[: lines.index("")])) <= columns
    heads = lines[0].split()
    assert heads[:1] == ["provider"]
    assert "readable" in heads
    assert ("█" in lines[2]) == (columns >= 80)
    assert ("connected" in heads) == (columns >= 80)


def test_whom_nobody_has_stands_in_a_sentence(run):
    """A provider that nobody connected takes no line, and one that was never opened is no failure."""
    result = run(*ALL, "--users", "1")
    found = figures(result.stdout.splitlines())
    frame = sc.sandbox(users=1).coverage()
    nobody = frame[frame["state"] == "not_connected"]["provider"].astype(str).tolist()
    assert nobody
    assert not {*nobody} & {*found}
    told = " ".join(result.stdout.split())
    assert f"Connected by nobody: {', '.join(nobody)}. " in told


def test_bars_are_letters_where_there_are_no_blocks(monkeypatch):
    """A terminal that knows ASCII alone gets bars of what it knows, and each part that is there has its place."""
    monkeypatch.setattr("sys.stdout", TextIOWrapper(BytesIO(), encoding="ascii"))
    states = {"readable": 1, "missing_scope": 1, "not_connected": 998}
    assert _bar(Row("a", "a.b", states, tokens=False), 10, _blocks()) == "#=........"
    assert _bar(Row("a", "a.b", {"readable": 1, "not_verified": 1}, tokens=False), 9, _blocks()) == "#####===="


def test_every_provider_goes_to_a_file(run, tmp_path):
    """`--output` writes a row for each account, and tells the sums."""
    result = run(*ALL, "--users", "20", "--output", "who.csv")
    with (tmp_path / "who.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == len(sc.sandbox(users=20).coverage())
    assert result.stdout == ""
    assert f"{len(rows):,} rows of " in result.stderr


@pytest.mark.parametrize("wrong", [[], ["github.repos", "--all"], ["--all", "--limit", "3"]])
def test_either_a_resource_or_all(run, wrong):
    """What cannot be meant is refused."""
    result = run("coverage", *wrong, "--sandbox")
    assert result.exit_code == 2
    assert "--all" in result.stderr


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
