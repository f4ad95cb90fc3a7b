"""`users`, `accounts`, `connectors`."""

from __future__ import annotations

import csv
import json
import re

import pytest

from socialconnect import reference
from socialconnect.connectors import Connectors

WORLD = ["--sandbox", "--users", "30"]


def test_users_come_with_their_ids(run):
    """The table has the users' ids in full, fits in 80 columns, and says how much it shows."""
    result = run("users", *WORLD)
    lines = result.stdout.splitlines()
    assert lines[2].startswith("user_")
    assert len(lines[2].split()[0]) > 30
    assert "20 of 30 users" in lines[-1]
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("what", ["users", "accounts"])
def test_json_is_complete(run, what):
    """JSON has all of them with all columns, though the table shows some."""
    document = json.loads(run(what, *WORLD, "--json").stdout)
    assert document["count"] == len(document[what]) >= 30
    assert all(row["user_id"].startswith("user_") for row in document[what])


def test_a_limit_holds_everywhere(run, tmp_path):
    """`--limit` cuts tables, JSON and files alike, and JSON still says how many there are."""
    document = json.loads(run("users", *WORLD, "--limit", "3", "--json").stdout)
    assert (document["count"], len(document["users"])) == (30, 3)
    assert "3 of 30 users" in run("users", *WORLD, "--limit", "3").stdout
    run("users", *WORLD, "--limit", "3", "--output", "users.csv")
    assert len((tmp_path / "users.csv").read_text("utf-8").splitlines()) == 4


def test_columns_choose(run):
    """`--columns` names what is shown, in that order, behind the id."""
    rows = json.loads(run("users", *WORLD, "--columns", "last_name,email", "--json").stdout)["users"]
    assert list(rows[0]) == ["user_id", "last_name", "email"]
    rows = json.loads(run("accounts", *WORLD, "--columns", "provider,user_id", "--json").stdout)["accounts"]
    assert list(rows[0]) == ["provider", "user_id"]


def test_a_query_finds(run):
    """`--query` leaves those who match; where nobody does, one sentence says so."""
    rows = json.loads(run("users", *WORLD, "--query", "pappas", "--json").stdout)["users"]
    assert rows
    assert all("pappas" in row["email"] for row in rows)
    assert run("users", *WORLD, "--query", "nobody-at-all").stdout == "No user matches.\n"


def test_accounts_of_the_users_named(run):
    """Named users' accounts only, scopes as a list."""
    everybody = json.loads(run("accounts", *WORLD, "--json").stdout)["accounts"]
    user = everybody[0]["user_id"]
    rows = json.loads(run("accounts", *WORLD, user, "--json").stdout)["accounts"]
    assert {row["user_id"] for row in rows} == {user}
    assert isinstance(rows[0]["scopes"], list)


def test_files_have_every_row(run, tmp_path):
    """`--output` writes all rows, and says so on stderr."""
    result = run("users", *WORLD, "--output", "users.csv")
    with (tmp_path / "users.csv").open(encoding="utf-8", newline="") as handle:
        assert len(list(csv.DictReader(handle))) == 30
    assert (result.stdout, result.stderr) == ("", "30 users written to users.csv.\n")


def test_connectors_are_listed_with_their_resources(run):
    """Every connector and every resource is in the list, in text and in JSON."""
    text = run("connectors").stdout
    listed = {one["name"]: one for one in json.loads(run("connectors", "--json").stdout)["connectors"]}
    known = Connectors()
    assert list(listed) == list(known)
    lines = text.splitlines()
    assert len(lines) <= 40  # one screen
    assert max(map(len, lines)) <= 80
    assert {line.split()[0] for line in lines if line[:1] != " "} == {*known, "All"}  # each name apart from the rest
    for name in known:
        assert [one["name"] for one in listed[name]["resources"]] == [one.name for one in known[name].resources]


def test_one_resource_is_told_whole(run):
    """NAME.RESOURCE tells its part of the reference page; in JSON its columns, parameters and scopes."""
    connector = Connectors()["github"]
    shown = run("connectors", "github.repos").stdout
    document = json.loads(run("connectors", "github.repos", "--json").stdout)
    assert shown == f"{reference.section(connector, connector.resource('repos'))}\n"
    assert "`visibility`: one of `all`, `public`, `private`" in shown
    pushed = next(one for one in document["columns"] if one["name"] == "pushed_at")
    assert (pushed["dtype"], pushed["path"], pushed["on_request"]) == ("datetime", "pushed_at", False)
    assert document["params"][0]["choices"] == ["all", "public", "private"]
    assert document["key"] == ["id"]


@pytest.mark.parametrize("name", list(Connectors()))
def test_a_provider_is_told_by_its_page(run, name):
    """NAME prints the provider's reference page, letter by letter."""
    assert run("connectors", name).stdout == f"{reference.page(Connectors()[name])}\n"


def test_pages_are_written(run, tmp_path):
    """`--write` makes the folder, and in it a page for each provider and one that leads to them."""
    result = run("connectors", "--write", "to/pages")
    written = {path.name: path.read_text("utf-8") for path in (tmp_path / "to/pages").iterdir()}
    assert set(written) == {"README.md", *(f"{name}.md" for name in Connectors())}
    assert written["github.md"] == f"{reference.page(Connectors()['github'])}\n"
    assert (result.stdout, result.stderr) == ("", f"{len(written)} pages written to to/pages.\n")


def test_pages_that_cannot_be_written_are_told(run, tmp_path):
    """A file in the folder's place, or a name beside the option, is an error that says so."""
    (tmp_path / "taken").write_text("", encoding="utf-8")
    assert "taken cannot be written" in run("connectors", "--write", "taken").stderr
    assert "Leave out github" in run("connectors", "github", "--write", "pages").stderr
    assert not (tmp_path / "pages").exists()


def _names(result):
    """The resources that a search shows, in order."""
    return [
        word for line in result.stdout.splitlines() if re.fullmatch(r"[a-z_]+\.[a-z_]+", word := line.split(" ")[0])
    ]


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("calendar", r"\.calendars?$"),
        ("google Calendars", "google.calendars"),
        ("e-mail addresses", r"\.emails$"),
        ("repo", "github.repos"),
        ("page title", "notion.pages"),
        ("the comments on a page", "notion.comments"),
        ("stargazers_count", "github.repos"),
        ("github gists", "github.gists"),
    ],
)
def test_the_right_resource_is_found(run, words, first):
    """What fits best stands first: names before descriptions, descriptions before columns, and every word counts."""
    shown = _names(run("connectors", "--search", words))
    assert re.search(first, shown[0])
    assert Connectors().search(words)[: len(shown)] == shown


def test_a_search_says_what_made_it_fit(run):
    """A column that fits is named, and JSON has all that were found with their pages."""
    text = run("connectors", "--search", "stargazers_count").stdout
    assert "stargazers_count" in text
    assert max(map(len, text.splitlines())) <= 80
    document = json.loads(run("connectors", "--search", "stargazers count", "--json").stdout)
    assert document["count"] == len(document["resources"]) >= 2
    first = document["resources"][0]
    assert (first["name"], first["columns"][0]) == ("github.repos", "stargazers_count")
    assert first["source"].startswith("https://docs.github.com")


def test_a_search_without_success_suggests(run):
    """A word that is nearly one of theirs is mended, another leads to the list; neither is an error."""
    result = run("connectors", "--search", "calender")
    assert (result.exit_code, "Did you mean 'calendar'" in result.stdout) == (0, True)
    assert "socialconnect connectors." in run("connectors", "--search", "xyzzyq").stdout
    document = json.loads(run("connectors", "--search", "repositry", "--json").stdout)
    assert document["count"] == 0
    assert document["near"][0] == "repository"
    assert run("connectors", "--search", "!?").exit_code == 0
    assert Connectors().search("") == []


def test_many_that_fit_are_cut_and_counted(run):
    """A broad word shows the best dozen and how many there are."""
    result = run("connectors", "--search", "id")
    assert len(_names(result)) == 12
    assert re.search(r"12 of \d+ resources", result.stdout)


def test_a_search_stands_alone(run):
    """Beside a name or --write it is a mistake."""
    assert run("connectors", "github", "--search", "x").exit_code == 2
    assert run("connectors", "--write", "pages", "--search", "x").exit_code == 2
