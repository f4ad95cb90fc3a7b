"""`demo`: what an audience sees."""

from __future__ import annotations

import json

import pytest
from rich.cells import cell_len

from socialconnect.cli import demo
from socialconnect.embedded import sandbox


@pytest.fixture
def shown(run):
    """The demonstration of thirty users."""
    return run("demo", "--users", "30")


def test_it_ends_well_although_some_accounts_have_trouble(shown):
    """It exits with 0, shows accounts that failed, and says that this is on purpose."""
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert "on purpose" in shown.stdout
    assert "reconnect_needed" in shown.stdout


@pytest.mark.parametrize("width", [80, 120])
def test_it_fits(run, monkeypatch, width):
    """No line is longer than the terminal, also with names in wide characters, and there are no colour codes."""
    monkeypatch.setenv("COLUMNS", str(width))
    result = run("demo", "--users", "30")
    assert max(map(cell_len, result.stdout.splitlines())) <= width
    assert "\x1b" not in result.stdout


def test_it_shows_one_users_way(shown):
    """One user's account, the token that is held and not shown, the two requests and a row."""
    assert "Secret([secret])" in shown.stdout
    assert "/v1/users/{user_id}/oauth_access_tokens/oauth_github: 200" in shown.stdout
    assert "GET api.github.com /user/repos: 200" in shown.stdout
    assert "full_name = " in shown.stdout


def test_its_figures_are_those_of_the_runs(run):
    """The JSON document has the rows, dtypes, statuses and reasons that the client itself gives."""
    document = json.loads(run("demo", "--users", "30", "--seed", "1", "--json").stdout)
    with sandbox(users=30, seed=1) as client:
        for told in document["resources"]:
            mine = client.read(told["resource"], on_error="ignore")
            assert told["rows"] == len(mine.frame)
            assert told["dtypes"] == {name: str(dtype) for name, dtype in mine.frame.dtypes.items()}
            assert sum(told["accounts"].values()) == len(mine.ended)
            troubled = sum(outcome.status not in ("ok", "empty") for outcome in mine.ended)
            assert sum(reason["accounts"] for reason in told["reasons"]) == troubled
    assert document["one_user"]["token"] == "Secret([secret])"
    assert document["users"] == 30


def test_its_table_adds_up(shown):
    """For each provider, the accounts that did not end ok or empty are those with a reason."""
    rows = {}
    for line in shown.stdout.splitlines():
        words = line.split()
        if len(words) == 4 and all(word.isdecimal() for word in words[1:]):
            rows[words[0]] = [int(word) for word in words[1:]]
    troubled = [sum(values) for values in zip(rows["partial"], rows["skipped"], rows["failed"], strict=True)]
    reasons = [values for name, values in rows.items() if name not in ("ok", "empty", "partial", "skipped", "failed")]
    assert [sum(values) for values in zip(*reasons, strict=True)] == troubled
    assert sum(troubled) > 0


def test_a_world_without_anybody_to_read(run):
    """Where every account fails, the demonstration says so in place of a row, and still ends well."""
    result = run("demo", "--users", "10", "--fault", "github:server_error")
    assert result.exit_code == 0
    assert "Nobody's GitHub account could be read" in result.stdout
    assert "No rows." in result.stdout


def test_what_it_recommends_exists(run, shown):
    """The commands that it ends with work as they stand."""
    commands = [
        line.split()[1:]
        for line in shown.stdout.splitlines()
        if line.strip().startswith("socialconnect ") and "--" in line
    ]
    assert commands
    for command in commands:
        assert run(*command, "--users", "5").exit_code == 0
    assert demo.dtypes(sandbox(users=3).users(columns=["email"])) == "2 string"
