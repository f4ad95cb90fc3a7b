"""Whom a job is about: what may be written, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from socialconnect.cli.selection import selected
from socialconnect.embedded import sandbox
from socialconnect.errors import EmptySelection, UnknownName, UsageError

ADA, BOB = "user_2ada", "user_2bob"


@pytest.fixture(scope="module")
def client():
    """A small world."""
    with sandbox(users=12) as client:
        yield client


@pytest.mark.parametrize("given", [["everybody"], []])
def test_everybody_is_everybody_who_is_connected(client, given):
    """Everybody is nobody in particular: who has the connection is found when it is read."""
    assert selected(given).find(client) is None
    assert selected(given).told == "everybody"


@pytest.mark.parametrize("given", [[f"{ADA},{BOB}"], [ADA, BOB], [f" {ADA} , {BOB},", ADA]])
def test_ids_are_taken_once_each(client, given):
    """Ids come with commas or one by one, each once and in order."""
    assert selected(given).find(client) == [ADA, BOB]
    assert selected(given).told == "2 users by id"


def test_ids_come_from_a_file(tmp_path):
    """`@FILE` has one id a line; remarks and empty lines are left out."""
    (tmp_path / "ids.txt").write_text(f"# pilots\n{ADA}\n\n{BOB}\n")
    assert selected([f"@{tmp_path}/ids.txt"]).ids == (ADA, BOB)


def test_ids_come_from_stdin(run):
    """`-` reads ids from stdin."""
    with sandbox(users=12) as client:
        ids = client.users(columns=["user_id"])["user_id"].tolist()[:3]
    command = ["export", "github.repos", "--to", "x.jsonl", "--users", "-", "--sandbox", "--world", "12"]
    told = run(*command, "--dry-run", "--json", stdin="\n".join(ids))
    assert json.loads(told.stdout)["users"] == "3 users by id"


def test_filters_are_clerks(client):
    """A filter finds whom `client.users()` does with it; several narrow each other, one with many values widens."""
    frame = client.users()
    one, two = frame.iloc[0], frame.iloc[1]
    assert selected([f"email_address={one['email']}"]).find(client) == [one["user_id"]]
    both = selected([f"email_address={one['email']}", f"email_address={two['email']}"]).find(client)
    assert sorted(both) == sorted([one["user_id"], two["user_id"]])
    assert selected([f"email_address={one['email']},{two['email']}"]).find(client) == both
    assert selected([f"email_address={one['email']}", f"query={one['first_name']}"]).find(client) == [one["user_id"]]


def test_filters_have_kinds(client):
    """Numbers and truths of filters are what Clerk takes them for."""
    assert len(selected(["created_at_after=1"]).find(client)) == 12
    with pytest.raises(EmptySelection):
        selected(["created_at_after=99999999999999"]).find(client)
    assert len(selected(["banned=false"]).find(client)) == len(client.users(banned=False))


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        (["all"], UsageError, "write everybody"),
        (["ada@example.com"], UsageError, "is not a Clerk user id"),
        (["quer=ada"], UnknownName, "Did you mean 'query'?"),
        (["query="], EmptySelection, "The filter query has no value"),
        (["query=ada", "query=bob"], UsageError, "The filter query is given twice"),
        (["banned=maybe"], UsageError, "banned='maybe' is not possible. Pass True or False."),
        (["created_at_after=soon"], UsageError, "a whole number"),
        (["everybody", ADA], UsageError, "in two ways"),
        ([ADA, "query=ada"], UsageError, "in two ways"),
        ([","], EmptySelection, "no user was chosen"),
        ([""], EmptySelection, "no user was chosen"),
        (["@nowhere.txt"], UsageError, "nowhere.txt cannot be read"),
    ],
)
def test_what_chooses_nobody_is_refused(given, kind, said):
    """What names nobody, or names them in two ways, is refused before anything is read."""
    with pytest.raises(kind) as caught:
        selected(given)
    assert said in str(caught.value)


def test_a_file_with_something_else_is_told_by_name(tmp_path):
    """A file that holds no ids, or something else, is named."""
    path = tmp_path / "ids.txt"
    path.write_text("# nobody yet\n")
    with pytest.raises(EmptySelection, match=r"ids\.txt"):
        selected([f"@{path}"])
    path.write_text(f"{ADA}\nada@example.com\n")
    with pytest.raises(UsageError, match=r"ids\.txt: 'ada@example\.com' is not a Clerk user id"):
        selected([f"@{path}"])


def test_a_filter_that_finds_nobody_ends_the_export(run):
    """Where a filter leaves nobody, the command exits with 2 and nothing is written."""
    command = ["export", "github.repos", "--to", "x.jsonl", "--users", "query=NobodyIsCalledSo", "--report", "r.json"]
    result = run(*command, "--sandbox", "--world", "12")
    assert result.exit_code == 2
    assert "No user matches query=NobodyIsCalledSo." in result.stderr
    assert json.loads(Path("r.json").read_text())["error"]["code"] == "empty_selection"
    assert not Path("x.jsonl").exists()


def test_whom_a_filter_finds_may_change_until_it_goes_on(run):
    """A run of a filter's users goes on with --resume although somebody has joined whom the filter finds too."""
    command = ["export", "github.repos", "--to", "x.jsonl", "--users", "created_at_after=1", "--report", "r.json"]
    assert run(*command, "--sandbox", "--world", "12", "--deadline", "0s").exit_code == 8
    assert run(*command, "--sandbox", "--world", "13", "--resume").exit_code in (0, 4)
    assert json.loads(Path("r.json").read_text())["resumed"] is True
