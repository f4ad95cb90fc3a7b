"""`run` and `preflight`: a job file carried out, options over it, and what is told ahead."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from socialconnect.cli import preflight
from socialconnect.embedded import sandbox
from socialconnect.errors import TargetError, Unavailable
from socialconnect.export.preflight import Standing
from socialconnect.export.sink import RunState

WORLD = ["--sandbox", "--world", "12"]
LEAST = 'to = "repos.jsonl"\nresources = ["github.repos"]\nreport = "r.json"\n'


@pytest.fixture
def job(tmp_path):
    """`job(text)`: a job file in a folder of its own, as the command is given it."""

    def job(text=LEAST):
        (tmp_path / "jobs").mkdir(exist_ok=True)
        (tmp_path / "jobs" / "job.toml").write_text(text, "utf-8")
        return "jobs/job.toml"

    return job


@pytest.fixture(scope="module")
def healthy():
    """A user of that world whose GitHub account is well."""
    with sandbox(users=12) as client:
        return next(one.user_id for one in client.read("github.repos", on_error="ignore").ended if one.status == "ok")


def test_a_job_file_is_carried_out(run, job):
    """Rows and report go beside the file, and the exit code is the export's."""
    result = run("run", job(), *WORLD)
    assert result.exit_code == 4
    assert json.loads(Path("jobs/r.json").read_text())["rows"] == len(Path("jobs/repos.jsonl").read_text().splitlines())
    assert [path.name for path in Path().iterdir()] == ["jobs"]


def test_the_example_works_as_it_is(run):
    """`run --example` prints a job that can be carried out on the embedded world as it stands."""
    example = run("run", "--example")
    assert (example.exit_code, example.stderr) == (0, "")
    Path("job.toml").write_text(example.stdout, "utf-8")
    result = run("run", "job.toml", "--sandbox", "--world", "3")
    assert result.exit_code in (0, 4)
    assert json.loads(Path("last-export.json").read_text())["ending"] == "finished"
    assert Path("exports").is_dir()


def test_options_count_instead_of_the_file(run, job, healthy):
    """Users, target, deadline and resume of the command line count, and its paths are from where it is called."""
    first = run("run", job(LEAST + 'users = "@nowhere.txt"\n'), "--users", healthy, "--to", "a.jsonl", *WORLD)
    assert (first.exit_code, first.output) == (0, "")
    assert Path("a.jsonl").exists()
    assert run("run", job(), "--deadline", "0s", *WORLD).exit_code == 8
    again = run("run", job(), "--resume", "--json", *WORLD)
    assert json.loads(again.stdout)["resumed"] is True


def test_the_command_that_goes_on_is_told_whole(run, job):
    """After a deadline the command to go on with can be copied as it is."""
    result = run("run", job(), "--deadline", "0s", *WORLD)
    assert "Go on with: socialconnect run jobs/job.toml --resume" in result.stderr


def test_ids_come_from_a_file_beside_the_job(run, job, healthy):
    """`@ids.txt` is beside the job file."""
    path = job(LEAST + 'users = "@ids.txt"\n')
    Path("jobs/ids.txt").write_text(f"# who pays\n{healthy}\n")
    assert run("run", path, *WORLD).exit_code == 0
    assert healthy in Path("jobs/repos.jsonl").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run"], "Either a job file or --example."),
        (["run", "jobs/job.toml", "--example"], "Either a job file or --example."),
        (["run", "nowhere.toml"], "nowhere.toml cannot be read: No such file"),
        (["run", "jobs/job.toml", "--max-errors", "x"], "--max-errors cannot be 'x'"),
        (["preflight", "nowhere.toml"], "nowhere.toml cannot be read"),
    ],
)
def test_what_cannot_be_meant_exits_with_two(run, job, arguments, said):
    """A file that is not there, or an option that cannot be, exits with 2."""
    job()
    result = run(*arguments, *WORLD)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_wrong_job_file_is_told_with_its_line(run, job):
    """What is wrong in the file is told with its line, and nothing is begun."""
    result = run("run", job(LEAST + 'modee = "merge"'), *WORLD)
    assert result.exit_code == 2
    assert "jobs/job.toml, line 4: modee" in result.stderr
    assert "Did you mean 'mode'?" in result.stderr


def test_a_preflight_looks_at_all_of_it(run, job):
    """The target, what waits, the providers, the accounts and the time are each told in a line."""
    result = run("preflight", job(), "--sandbox", "--world", "60")
    assert result.exit_code == 4
    lines = {line.split()[0]: line for line in result.stdout.splitlines() if line[:1].isalpha()}
    assert "nothing was exported there yet" in " ".join(result.stdout.split())
    assert [lines[name].split()[1] for name in ("target", "resume", "providers", "accounts", "time")] == [
        *("ok", "ok", "ok", "mind", "ok")
    ]
    assert not Path("jobs/repos.jsonl").exists()


def test_a_preflight_is_also_a_document(run, job):
    """--json has the same as figures, for a script that decides; --check-tokens finds tokens that are dead."""
    path = job()
    told = json.loads(run("preflight", path, "--sandbox", "--world", "60", "--json", "--check-tokens").stdout)
    assert (told["format"], told["tokens_checked"], told["exit_code"]) == (1, True, 4)
    assert (told["target"]["writable"], told["target"]["unfinished"], told["not_enabled"]) == (True, False, [])
    assert told["states"]["token_dead"] == sum(
        one["accounts"] for one in told["skipped"] if one["state"] == "token_dead"
    )
    unlooked = json.loads(run("preflight", path, "--sandbox", "--world", "60", "--json").stdout)
    assert "token_dead" not in unlooked["states"]
    assert unlooked["accounts"] > told["accounts"]


def test_an_unfinished_run_is_told_with_its_command(run, job):
    """After a deadline the preflight tells what waits, and the command that goes on with it."""
    run("run", job(), "--deadline", "0s", *WORLD)
    told = " ".join(run("preflight", job(), *WORLD).stdout.split())
    assert "was ended by its deadline. To go on with it: socialconnect run jobs/job.toml --resume." in told
    assert "will be gone on with" in run("preflight", job(), "--resume", *WORLD).stdout
    other = run("preflight", job(LEAST + 'mode = "append"\n'), "--resume", *WORLD)
    assert other.exit_code in (2, 3)


def test_a_deadline_that_is_too_short_is_told(run, job):
    """Where the deadline is shorter than what it takes, the preflight exits with 8 and says how many runs it takes."""
    result = run("preflight", job(LEAST + "concurrency = 1\n"), "--deadline", "1s", *WORLD)
    assert result.exit_code == 8
    assert "each with --resume" in " ".join(result.stdout.split())


def test_a_target_that_cannot_be_had_comes_first(run, job, monkeypatch):
    """A target that cannot be written to is what the preflight exits with, whatever else it found."""
    error = TargetError("The folder is read-only.", cure="Choose another.")
    monkeypatch.setattr(preflight, "_standing", lambda *_: Standing(error=error))
    result = run("preflight", job(), *WORLD)
    assert result.exit_code == 3
    assert "target     FAILED  The folder is read-only. Choose another." in result.stdout


def test_another_job_that_waits_refuses_resume(run, job, monkeypatch):
    """With resume, a run that was another job ends the export with 2, and so the preflight; without, it is told."""
    waits = Standing(RunState("run_1", "other", "merge", 1.0, "stopped", 2.0), differs=True)
    monkeypatch.setattr(preflight, "_standing", lambda *_: waits)
    assert run("preflight", job(), "--resume", *WORLD).exit_code == 2
    told = run("preflight", job(), *WORLD)
    assert "it was another job: --resume is refused." in " ".join(told.stdout.split())


def test_a_provider_that_is_not_enabled_exits_with_three(run, job, monkeypatch):
    """A provider that the instance does not offer is set-up: 3; where nobody can say, that is told and no more."""
    client = "socialconnect.client.Client.providers"
    with sandbox(users=1) as world:
        offered = world.providers()
    monkeypatch.setattr(client, lambda _: offered[offered["provider"] != "github"])
    result = run("preflight", job(), *WORLD)
    assert result.exit_code == 3
    assert "GitHub is not enabled" in result.stdout

    def unsaid(_):
        raise Unavailable("The Frontend API does not answer.")

    monkeypatch.setattr(client, unsaid)
    told = run("preflight", job(), *WORLD)
    assert told.exit_code != 3
    assert "Nobody can say which are enabled: The Frontend API does not answer." in " ".join(told.stdout.split())


def test_a_dry_run_of_resources_with_arguments_of_their_own(run, job):
    """Resources with columns or arguments are planned as they are read, beside those that are only named."""
    text = LEAST.replace("repos.jsonl", "out/") + '[[resource]]\nname = "google.profile"\ncolumns = ["id"]\n'
    told = json.loads(run("run", job(text), "--dry-run", "--json", *WORLD).stdout)
    assert told["resources"] == ["github.repos", "google.profile"]
    assert {"api.github.com", "www.googleapis.com"} <= {one["host"] for one in told["hosts"]}
    assert not Path("jobs/out").exists()
