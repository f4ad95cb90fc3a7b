"""`pull`: rows, files, and what it exits with."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
from pathlib import Path

import pandas as pd
import pytest

from socialconnect.cli import files
from socialconnect.embedded import sandbox

WORLD = ["--sandbox", "--users", "30"]


@pytest.fixture
def read():
    """What the client reads of the same world."""

    def read(resource, users=None, **options):
        with sandbox(users=30) as client:
            return client.read(resource, users, on_error="ignore", **options)

    return read


def rows_of(text):
    """The rows of a CSV text."""
    return list(csv.DictReader(io.StringIO(text)))


def test_a_pipe_gets_all_rows_as_csv(run, read):
    """Where stdout is no terminal, the rows are CSV, all of them, and the summary is on stderr."""
    result = run("pull", "github.repos", *WORLD)
    frame = read("github.repos").frame
    rows = rows_of(result.stdout)
    assert result.exit_code == 0
    assert [row["full_name"] for row in rows] == frame["full_name"].tolist()
    assert list(rows[0]) == list(frame.columns)
    assert f"github.repos: {len(frame):,} rows; accounts: " in result.stderr


def test_values_survive_both_formats(run, read, tmp_path):
    """Lists, moments, truth values and what is missing come back from CSV and from JSON lines."""
    wanted = "full_name,topics,pushed_at,private,description,stargazers_count"
    run("pull", "github.repos", *WORLD, "--columns", wanted, "--output", "rows.csv")
    run("pull", "github.repos", *WORLD, "--columns", wanted, "--output", "rows.jsonl")
    frame = read("github.repos", columns=wanted.split(",")).frame
    lines = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text("utf-8").splitlines()]
    rows = rows_of((tmp_path / "rows.csv").read_text("utf-8"))
    assert len(lines) == len(rows) == len(frame)
    assert [line["topics"] for line in lines] == frame["topics"].tolist() == [json.loads(row["topics"]) for row in rows]
    assert (
        [line["private"] for line in lines] == frame["private"].tolist() == [row["private"] == "True" for row in rows]
    )
    assert [line["stargazers_count"] for line in lines] == frame["stargazers_count"].tolist()
    moments = [
        None if missing else at.isoformat()
        for at, missing in zip(frame["pushed_at"], frame["pushed_at"].isna(), strict=True)
    ]
    assert [line["pushed_at"] and line["pushed_at"].replace(".000000Z", "+00:00") for line in lines] == moments
    assert [row["pushed_at"].replace(".000000Z", "+00:00") or None for row in rows] == moments
    assert None in [line["description"] for line in lines]


def test_slashes_and_backslashes_survive_json_lines():
    """A slash stands as itself in JSON lines, and a backslash before it is kept."""
    frame = pd.DataFrame({"text": ["a/b", "a\\/b", "a\\\\/b"]})
    lines = files.encoded(frame, "jsonl").decode().splitlines()
    assert lines[0] == '{"text":"a/b"}'
    assert [json.loads(line)["text"] for line in lines] == frame["text"].tolist()


def test_json_has_the_rows_and_every_outcome(run, read):
    """The JSON document has the records, one outcome per account, and the counts that go with them."""
    document = json.loads(run("pull", "github.repos", *WORLD, "--json").stdout)
    expected = read("github.repos")
    assert document["rows"] == len(document["records"]) == len(expected.frame)
    assert [one["status"] for one in document["outcomes"]] == expected.outcomes["status"].tolist()
    assert sum(document["accounts"].values()) == len(expected.ended)
    assert document["requests"] == expected.trace.requests
    assert document["complete"] is False


def test_json_beside_a_file_leaves_the_rows_to_it(run, tmp_path):
    """With `--json --output FILE` the rows are in the file and the document names it."""
    document = json.loads(run("pull", "google.profile", *WORLD, "--json", "--output", "rows.csv").stdout)
    assert "records" not in document
    assert document["output"] == "rows.csv"
    assert len(rows_of((tmp_path / "rows.csv").read_text("utf-8"))) == document["rows"]


def test_a_table_says_how_much_of_all_it_shows(run, read):
    """A table fits in 80 columns and says how many rows and columns there are in all."""
    result = run("pull", "github.repos", *WORLD, "--format", "table")
    frame = read("github.repos").frame
    assert f"20 of {len(frame):,} rows" in result.stdout
    assert f"of {len(frame.columns)} columns" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_users_are_named_by_arguments_files_and_stdin(run, read, tmp_path):
    """Ids come from arguments, from @FILE and from stdin alike; blank lines and comments are none."""
    users = read("google.profile").frame["user_id"].tolist()[:3]
    (tmp_path / "ids.txt").write_text(f"# mine\n{users[1]}\n\n")
    result = run("pull", "google.profile", *WORLD, users[0], "@ids.txt", "-", "--json", stdin=f"{users[2]}\n")
    assert [row["user_id"] for row in json.loads(result.stdout)["records"]] == users


def test_an_empty_file_of_ids_is_not_everybody(run, tmp_path):
    """A file without ids is refused: it does not mean everybody."""
    (tmp_path / "ids.txt").write_text("\n")
    result = run("pull", "google.profile", *WORLD, "@ids.txt")
    assert result.exit_code == 2
    assert "The selection is empty" in result.stderr


def test_parameters_reach_the_provider(run):
    """`--param` changes what is asked for."""
    public = json.loads(run("pull", "github.repos", *WORLD, "--param", "visibility=public", "--json").stdout)
    assert {row["private"] for row in public["records"]} == {False}


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], 0),
        (["--strict"], 4),
        (["--fault", "github:revoked"], 4),
        (["--fault", "github:server_error"], 5),
        (["--fault", "clerk:server_error"], 5),
        (["--fault", "github:malformed"], 6),
        (["--strict", "--fault", "github:malformed"], 6),
        (["--strict", "--fault", "github:server_error x1"], 5),
    ],
)
def test_the_exit_code_is_that_of_the_gravest(run, options, code):
    """Owners' trouble counts where nobody could be read or with --strict; a service's trouble counts always."""
    result = run("pull", "github.repos", *WORLD, *options)
    assert result.exit_code == code
    assert "Traceback" not in result.stderr


def test_one_user_who_cannot_be_read_fails_the_command(run, read):
    """Reading one user alone whose token is dead exits with 4: nothing was read."""
    outcomes = read("github.repos").outcomes
    dead = outcomes.loc[outcomes["reason"] == "reconnect_needed", "user_id"].iloc[0]
    result = run("pull", "github.repos", *WORLD, dead)
    assert result.exit_code == 4
    assert f"reconnect_needed: {dead}" in result.stderr
    assert "connect" in result.stderr.splitlines()[-1]


def test_what_was_read_is_written_though_some_fail(run, read, tmp_path):
    """The rows of the others are written when one account meets a failing provider."""
    result = run("pull", "github.repos", *WORLD, "--fault", "github:server_error x1", "--output", "rows.csv")
    assert result.exit_code == 5
    assert 0 < len(rows_of((tmp_path / "rows.csv").read_text("utf-8"))) <= len(read("github.repos").frame)


@pytest.mark.parametrize("fault", ["github:server_error", "clerk:server_error", "github:malformed"])
def test_a_failing_run_leaves_the_old_file(run, tmp_path, fault):
    """Where no account could be read, a file from before is untouched, and nothing lies beside it."""
    old = tmp_path / "rows.csv"
    old.write_text("old")
    assert run("pull", "github.repos", *WORLD, "--fault", fault, "--output", "rows.csv").exit_code >= 5
    assert old.read_text() == "old"
    assert list(tmp_path.iterdir()) == [old]


def test_a_write_that_fails_leaves_the_old_file(run, tmp_path, monkeypatch):
    """When the disk gives up half-way, the old file is untouched, the half is gone, and the command exits with 3."""
    old = tmp_path / "rows.csv"
    old.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    result = run("pull", "google.profile", *WORLD, "--output", "rows.csv")
    assert result.exit_code == 3
    assert "No space left on device" in result.stderr
    assert old.read_text() == "old"
    assert list(tmp_path.iterdir()) == [old]


def test_a_reader_sees_the_old_file_until_the_new_is_whole(run, tmp_path, monkeypatch):
    """The new file appears at once and whole: until it is on the disk, its name holds the old one."""
    old = tmp_path / "rows.csv"
    old.write_text("old")
    seen = []
    before = old.stat().st_ino
    sync = os.fsync

    def watch(number: int) -> None:
        seen.append(old.read_text())
        sync(number)

    monkeypatch.setattr(os, "fsync", watch)
    assert run("pull", "google.profile", *WORLD, "--output", "rows.csv").exit_code == 0
    assert seen == ["old"]
    assert old.stat().st_ino != before
    assert list(tmp_path.iterdir()) == [old]
    assert old.read_text("utf-8").startswith("user_id,")


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_a_replaced_file_keeps_its_permissions_and_its_link(run, tmp_path):
    """Who could read the old file can read the new one, and a link still leads to it."""
    real = tmp_path / "real.csv"
    real.write_text("old")
    real.chmod(0o640)
    (tmp_path / "link.csv").symlink_to(real)
    assert run("pull", "google.profile", *WORLD, "--output", "link.csv").exit_code == 0
    assert (tmp_path / "link.csv").is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert real.read_text("utf-8").startswith("user_id,")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such device")
def test_a_device_is_written_to_not_replaced(run):
    """/dev/null stays the device that it is."""
    assert run("pull", "google.profile", *WORLD, "--format", "csv", "--output", os.devnull).exit_code == 0
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def test_outcomes_go_to_their_own_file(run, read, tmp_path):
    """`--outcomes` writes a row for each account, with reason and cure."""
    run("pull", "github.repos", *WORLD, "--output", "rows.csv", "--outcomes", "outcomes.csv")
    rows = rows_of((tmp_path / "outcomes.csv").read_text("utf-8"))
    expected = read("github.repos").outcomes
    assert [row["status"] for row in rows] == expected["status"].tolist()
    assert all(row["cure"] for row in rows if row["status"] == "failed")


def test_quiet_says_nothing(run):
    """`--quiet` leaves stderr empty where nothing failed."""
    assert run("pull", "github.repos", *WORLD, "--quiet").stderr == ""


def test_nobody_connected_is_one_sentence(run):
    """Where nobody has connected the provider, that is said, and the file has its columns and no rows."""
    result = run("pull", "notion.users", "--sandbox", "--users", "1", "--output", "rows.csv")
    assert result.exit_code == 0
    assert result.stderr.splitlines()[0] == "Nobody has connected Notion."
    assert (
        run("pull", "notion.users", "--sandbox", "--users", "1", "--format", "table").stdout
        == "There is nobody to read.\n"
    )
