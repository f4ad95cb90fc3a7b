"""`export`: where rows go, what is told, what it exits with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import socialconnect as sc
from socialconnect.cli import carrying, export, files
from socialconnect.embedded import sandbox
from socialconnect.errors import TargetBusy, TargetError
from socialconnect.export import exports
from socialconnect.export.exporter import Exporter

WORLD = ["--sandbox", "--world", "12"]
REPOS = ["export", "github.repos", "--to", "repos.jsonl", *WORLD]


@pytest.fixture(scope="module")
def healthy():
    """A user of that world whose GitHub account is well, and one whose is not."""
    with sandbox(users=12) as client:
        ended = client.read("github.repos", on_error="ignore").ended
    well = next(one.user_id for one in ended if one.status == "ok")
    return well, next((one.user_id for one in ended if one.status == "failed"), None)


def report(path="r.json"):
    """The report that was written."""
    return json.loads(Path(path).read_text("utf-8"))


def rows(path="repos.jsonl"):
    """The rows of a file of JSON lines."""
    return [json.loads(line) for line in Path(path).read_text("utf-8").splitlines()]


def test_the_rows_go_where_they_are_to(run, healthy):
    """All rows of the users chosen are in the file, and the command ends with 0 and, unwatched, without a word."""
    result = run(*REPOS, "--users", healthy[0])
    with sandbox(users=12) as client:
        wanted = client.read("github.repos", healthy[0]).frame
    assert (result.exit_code, result.output) == (0, "")
    assert sorted(row["full_name"] for row in rows()) == sorted(wanted["full_name"])
    assert {row["user_id"] for row in rows()} == {healthy[0]}


def test_several_resources_go_side_by_side(run):
    """Several resources, also with commas between, become a folder that reads back, and trouble is told on stderr."""
    result = run("export", "github.repos,google.profile", "notion.users", "--to", "out/", *WORLD)
    assert result.exit_code == 4
    assert result.stdout == ""
    assert "Export of github.repos, google.profile, notion.users to out/: finished" in result.stderr
    assert "socialconnect coverage " in result.stderr
    for name in ("github.repos", "google.profile", "notion.users"):
        assert len(sc.read_export("out/", name))


def test_a_terminal_is_told_also_when_all_is_well(run, healthy, monkeypatch):
    """Where somebody looks, or progress is set to be told, a good end is told too; --quiet keeps it silent."""
    monkeypatch.setenv("SOCIALCONNECT_PROGRESS", "true")
    assert "finished" in run(*REPOS, "--users", healthy[0]).stderr
    assert run(*REPOS, "--users", healthy[0], "--quiet").output == ""


def test_quiet_is_quiet_in_trouble_too(run):
    """--quiet tells nothing of accounts: the exit code and the report file do."""
    result = run(*REPOS, "--quiet", "--report", "r.json", "--users", "everybody")
    assert (result.exit_code, result.output) == (4, "")
    assert report()["exit_code"] == 4


def test_the_report_is_for_programs(run):
    """--report and --json give the same document, which adds up with the rows."""
    result = run(*REPOS, "--report", "r.json", "--json")
    assert json.loads(result.stdout) == report()
    assert result.stderr == ""
    assert report()["rows"] == len(rows())
    assert sum(report()["accounts"].values()) == sum(report()["resources"][0]["accounts"].values())
    assert (report()["exit_code"], report()["ending"]) == (result.exit_code, "finished")


def test_trouble_that_passes_can_be_tried_again(run):
    """A provider in trouble ends it with 5 or 6 and a hint at --resume, which reads those accounts again."""
    first = run(*REPOS, "--fault", "github:malformed x2", "--report", "r.json")
    assert first.exit_code == 6
    assert "Another try may mend the rest: the same command with --resume" in first.stderr
    assert report()["ending"] == "troubled"
    second = run(*REPOS, "--resume", "--report", "r.json")
    assert second.exit_code == 4
    assert (report()["resumed"], report()["reasons"].get("malformed_response")) == (True, None)


def test_too_many_errors_stop_it(run):
    """Beyond --max-errors it stops, says why, and exits with what stopped it."""
    result = run(*REPOS, "--fault", "github:malformed", "--max-errors", "1", "--report", "r.json")
    assert result.exit_code in (5, 6)
    assert "more than max_errors allows" in result.stderr
    assert report()["ending"] == "stopped"


def test_a_deadline_ends_it_with_eight(run):
    """A deadline that has passed ends it with 8, and the next run goes on with it."""
    first = run(*REPOS, "--deadline", "0s", "--report", "r.json")
    assert first.exit_code == 8
    assert "Go on with: the same command with --resume" in first.stderr
    assert report()["ending"] == "deadline"
    assert run(*REPOS, "--resume", "--report", "r.json").exit_code == 4
    assert report()["resumed"] is True


def test_unchanged_data_is_told_so(run, healthy, monkeypatch):
    """A second incremental run of the same data writes no rows, and says that nothing has changed."""
    monkeypatch.setenv("SOCIALCONNECT_PROGRESS", "true")
    command = [*REPOS, "--incremental", "--users", healthy[0]]
    assert run(*command).exit_code == 0
    again = run(*command)
    assert again.exit_code == 0
    assert "Nothing has changed" in again.stderr


def test_nobody_there_is_no_trouble(run, monkeypatch):
    """Where nobody has connected the provider, the export says so and ends with 0."""
    monkeypatch.setenv("SOCIALCONNECT_PROGRESS", "true")
    result = run("export", "xero.connections", "--to", "x.jsonl", "--sandbox", "--world", "1")
    assert result.exit_code == 0
    assert "Nobody has connected xero" in result.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--to", "x.jsonl", "--mode", "replace", "--incremental"], "Use mode merge, or append."),
        ([], "--to is missing."),
        (["--to", "x.jsonl", "--max-errors", "x"], "--max-errors cannot be 'x'. Give a count such as 10"),
        (["--to", "x.jsonl", "--deadline", "soon"], "--deadline: 'soon' is no stretch of time."),
        (["--to", "x.jsonl", "--param", "srt=x"], "Did you mean 'sort'?"),
        (["--to", "x.jsonl", "--columns", "nam"], "Did you mean 'name'?"),
        (["--to", "x.jsonl", "--drop-personal", "--hash-personal"], "Choose one."),
        (["--to", "x.jsonl", "--report", "away/r.json"], "in a folder that does not exist"),
        (["--to", "x.jsonl", "--report", "."], "is a folder"),
        (["--to", "x.xyz"], ".csv"),
        (["google.profile", "--to", "x/", "--columns", "id"], "one resource's"),
        (["--to", "x.jsonl", "--users", "ada"], "is not a Clerk user id"),
    ],
)
def test_what_cannot_be_meant_exits_with_two(run, options, said):
    """A command that cannot be meant exits with 2, says what would do, and writes nothing."""
    result = run("export", "github.repos", *options, *WORLD)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())
    assert not list(Path().glob("x*"))


def test_one_resource_has_columns_and_parameters(run, healthy):
    """--columns and --param are the resource's, with the key beside the columns named."""
    result = run(*REPOS, "--users", healthy[0], "--columns", "full_name", "--param", "sort=pushed")
    assert result.exit_code == 0
    assert {"id", "full_name"} <= set(rows()[0])
    assert "description" not in rows()[0]


def test_personal_columns_stay_out(run, healthy):
    """--drop-personal leaves personal columns out before anything is written."""
    run("export", "google.profile", "--to", "p.jsonl", "--drop-personal", "--users", healthy[0], *WORLD)
    run("export", "google.profile", "--to", "q.jsonl", "--users", healthy[0], *WORLD)
    assert "email" not in Path("p.jsonl").read_text("utf-8")
    assert "email" in rows("q.jsonl")[0]


def test_a_key_on_the_command_line_is_refused(run):
    """What looks like a Clerk secret key is refused wherever it stands, and not shown again."""
    shape = "sk_live_ThisIsNoKeyOfAnybodys"
    result = run("export", "github.repos", "--to", f"s3://{shape}/x", *WORLD)
    assert result.exit_code == 2
    assert "--to holds a Clerk secret key" in result.stderr
    assert shape not in result.output


def test_a_target_that_is_taken_is_told(run, monkeypatch):
    """Where another export holds the target, the command exits with 5, and the report says why."""
    monkeypatch.setattr(exports, "_open", taken)
    result = run(*REPOS, "--report", "r.json")
    assert result.exit_code == 5
    assert result.stderr.startswith("error: Another export writes there.")
    assert report()["error"]["code"] == "target_busy"
    assert (report()["exit_code"], report()["rows"], report()["ending"]) == (5, 0, "stopped")
    assert "error" in json.loads(run(*REPOS, "--json").stdout)


def taken(_job):
    """A target that another export holds."""
    raise TargetBusy("Another export writes there.", cure="Wait for it.")


def test_what_breaks_it_off_leaves_a_report_of_how_far_it_came(run, monkeypatch):
    """A target that fails half-way ends it with 3; the report has what was read until then, and its error."""

    def full(*_, **__):
        raise TargetError("The disk is full.", cure="Make room.")

    monkeypatch.setattr(Exporter, "_commit", full)
    result = run(*REPOS, "--report", "r.json", "--fault", "clerk:slow@0")
    assert result.exit_code == 3
    assert "error: The disk is full. Make room." in result.stderr
    assert report()["error"] == {"code": "target", "message": "The disk is full.", "cure": "Make room."}
    assert report()["id"]


def test_a_bug_leaves_a_report_too(run, monkeypatch):
    """A bug exits with 1 as in every command, and the report file says that the export broke off."""

    def broken(*_, **__):
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(Exporter, "_user", broken)
    result = run(*REPOS, "--report", "r.json")
    assert result.exit_code == 1
    assert "This is a bug" in result.stderr
    assert (report()["exit_code"], report()["error"]["message"]) == (1, "ZeroDivisionError: by nothing")


def test_an_interrupt_is_told_and_reported(run, monkeypatch):
    """Ctrl-C exits with 130; the report says so, and the command says how to go on."""

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(carrying, "_exported", interrupted)
    result = run(*REPOS, "--report", "r.json")
    assert result.exit_code == 130
    assert "It was interrupted. Nothing had been read." in result.stderr
    assert (report()["exit_code"], report()["error"]["message"]) == (130, "It was interrupted.")


def test_a_report_that_cannot_be_written_is_trouble_with_the_set_up(run, healthy, monkeypatch):
    """Where the rows are there but the report cannot be written, it exits with 3 and says so."""

    def refused(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(carrying, "replaced", refused)
    result = run(*REPOS, "--users", healthy[0], "--report", "r.json")
    assert result.exit_code == 3
    assert "r.json cannot be written: Permission denied." in result.stderr
    assert rows()


def test_a_report_is_replaced_whole(run, healthy, monkeypatch, tmp_path):
    """A reader of the report never sees half of one: the old file stays until the new one is whole."""
    Path("r.json").write_text("{}")
    monkeypatch.setattr(files.os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    result = run(
        "export", "github.repos", "--to", "memory://whole", *WORLD, "--users", healthy[0], "--report", "r.json"
    )
    assert result.exit_code == 3
    assert Path("r.json").read_text() == "{}"
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


def test_a_log_is_json_lines_and_nothing_else(run):
    """With --log-json every line on stderr is one JSON object; the last tells how it ended, in figures."""
    result = run(*REPOS, "--log-json")
    lines = [json.loads(line) for line in result.stderr.splitlines()]
    assert result.stdout == ""
    assert (lines[-1]["level"], lines[-1]["exit_code"], lines[-1]["rows"]) == ("warning", 4, len(rows()))
    assert "github.repos to repos.jsonl: finished" in lines[-1]["message"]


def test_a_log_tells_errors_too(run, monkeypatch):
    """With --log-json an error is a line of the log, not a sentence beside it."""
    monkeypatch.setattr(exports, "_open", taken)
    result = run(*REPOS, "--log-json")
    lines = [json.loads(line) for line in result.stderr.splitlines()]
    assert result.exit_code == 5
    assert (lines[-1]["level"], "Another export writes there." in lines[-1]["message"]) == ("error", True)


def test_a_dry_run_touches_nothing(run, monkeypatch):
    """--dry-run tells requests, time and who is left out; the target is not even looked at."""
    monkeypatch.setattr(exports, "_open", taken)
    result = run("export", "github.repos", "--to", "repos.jsonl", "--sandbox", "--world", "60", "--dry-run")
    assert result.exit_code == 4
    assert "Dry run of the export of github.repos of everybody to repos.jsonl (merge)." in result.stdout
    assert "api.github.com" in result.stdout
    assert "not_verified in github.repos" in result.stdout
    assert not list(Path().iterdir())


def test_a_dry_run_is_also_a_document(run):
    """--dry-run --json is one document with the plan's figures and the code that is to be expected."""
    result = run(*REPOS, "--dry-run", "--json", "--deadline", "1s", "--concurrency", "1")
    told = json.loads(result.stdout)
    with sandbox(users=12) as client:
        plan = client.plan("github.repos")
    assert (told["accounts"], told["rows"], told["bytes"]) == (plan.accounts, plan.rows, plan.memory)
    assert (result.exit_code, told["exit_code"]) == (8, 8)
    assert told["runs"] > 1


def test_the_world_has_an_option_of_its_own(run):
    """--users chooses users here; the size of the embedded world is --world, which every command knows."""
    assert "--world N" in run("export", "--help").stdout
    assert "--users WHOM" in run("export", "--help").stdout
    assert "--users, --world N" in run("pull", "--help").stdout
    assert len(json.loads(run("users", "--sandbox", "--world", "3", "--json").stdout)["users"]) == 3
    result = run("export", "github.repos", "--to", "x.jsonl", "--world", "3")
    assert (result.exit_code, "Add --sandbox" in result.stderr) == (2, True)


def test_resources_complete_in_the_shell():
    """The shell completes a resource from its beginning, and loads only what it needs for that."""
    assert "github.repos" in export.known_resources("github.re")
    assert export.known_resources("github.re") == [
        name for name in export.known_resources("github.") if name.startswith("github.re")
    ]
    assert {name.partition(".")[0] for name in export.known_resources("goo")} == {"google"}
    assert export.known_resources("zzz") == []


def test_the_help_has_examples_and_every_code(run):
    """`export --help` shows examples and what each exit code asks for."""
    told = run("export", "--help").stdout
    assert "socialconnect export github.repos --to exports/" in told
    assert all(f" {code} " in f" {' '.join(told.split())} " for code in ("0", "4", "8", "130"))
