"""cron, systemd and GitHub Actions: their lines are carried out as they stand, on the embedded world."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
import subprocess

import pytest
import yaml

from socialconnect.export.jobfile import JobFile

BOTH = {"github.repos", "google.profile"}


def shell(place, line, **more):
    """What a shell does with a line, in the place and its environment alone."""
    env = {**place.env, **more}
    return subprocess.run(
        ["/bin/sh", "-ec", line], env=env, cwd=place.folder, capture_output=True, text=True, check=False
    )


def unit(path):
    """A unit file of systemd's, which may say a thing twice."""
    found = configparser.ConfigParser(strict=False, interpolation=None)
    found.optionxform = str
    found.read_string(path.read_text())
    return found


def complaints(place, units):
    """What systemd says of our units, and not of others that they lead to."""
    said = shell(place, f"systemd-analyze verify {units}").stderr
    return [line for line in said.splitlines() if "socialconnect-export" in line]


def crontab(place):
    """The variables of the crontab, and its only command."""
    lines = [line for line in (place.folder / "crontab").read_text().splitlines() if line and line[0] != "#"]
    variables = dict(line.split("=", 1) for line in lines if re.match(r"[A-Z_]+=", line))
    (entry,) = [line for line in lines if not re.match(r"[A-Z_]+=", line)]
    return variables, entry.split(None, 5)[5]


def steps(place):
    """The steps of the workflow, by name."""
    workflow = yaml.safe_load((place.folder / "github-actions.yml").read_text())
    return {step["name"]: step for step in workflow["jobs"]["export"]["steps"] if "name" in step}


@pytest.fixture
def slept(place):
    """How long the scripts slept, without sleeping."""
    log = place.folder / "slept"
    place.put("sleep", f"#!/bin/sh\necho \"$1\" >> '{log}'\n")
    return lambda: log.read_text().split() if log.exists() else []


def test_the_job_is_one(place):
    """The job file that all recipes run names no secret, goes on by itself, and ends."""
    sheet = JobFile(place.folder / "job.toml").sheet()
    assert {one.name for one in sheet.wanted} == BOTH
    assert (sheet.resume, sheet.incremental, sheet.to) == (True, True, place.env["EXPORT_TO"])
    assert sheet.deadline is not None


def test_cron_exports_and_says_nothing(place):
    """The line of the crontab, as it stands, exports; where nobody has to do anything it prints nothing."""
    place.world()
    variables, command = crontab(place)
    assert variables["MAILTO"]
    done = shell(place, command.replace("/srv/exports", str(place.folder)))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert place.exported == BOTH
    assert json.loads((place.folder / "report.json").read_text())["exit_code"] in (0, 4)


@pytest.mark.parametrize(
    ("codes", "ends", "pauses"),
    [
        ([0], 0, []),
        ([4], 0, []),
        ([5, 0], 0, ["600"]),
        ([6, 5, 4], 0, ["600", "1800"]),
        ([5, 5, 6], 6, ["600", "1800"]),
        ([8], 8, []),
        ([3], 3, []),
        ([5, 2], 2, ["600"]),
    ],
)
def test_cron_tries_again_what_may_mend_itself(place, slept, codes, ends, pauses):
    """Trouble is tried again; the mail tells the last try alone, and only where somebody has to do something."""
    place.play(*codes)
    done = shell(place, "./nightly.sh --quiet")
    assert (done.returncode, slept()) == (ends, pauses)
    assert place.calls == ["run job.toml --report report.json --quiet"] * len(codes)
    assert (done.stdout, done.stderr) == ("", f"said with {ends}\n" if ends else "")


def test_systemd_runs_the_job(place):
    """What ExecStart says, as it stands, exports, with what Environment says."""
    command = place.world()
    service = unit(place.folder / "socialconnect-export.service")["Service"]
    words = shlex.split(service["ExecStart"])
    assert words[0] == "/srv/exports/.venv/bin/socialconnect"
    variables = dict([service["Environment"].replace("/srv/exports", str(place.folder)).split("=", 1)])
    assert variables["EXPORT_TO"] == place.env["EXPORT_TO"]
    done = shell(place, shlex.join([str(command), *words[1:]]), **variables)
    assert str(done.returncode) in ["0", *service["SuccessExitStatus"].split()]
    assert place.exported == BOTH
    assert all(json.loads(line)["level"] for line in done.stderr.splitlines())


def test_systemd_tries_again_what_may_mend_itself(place):
    """5, 6 and a kill are tried again; 4, and being told to end, are no failures; no other try mends 1, 2, 3 and 8."""
    found = unit(place.folder / "socialconnect-export.service")
    service = found["Service"]
    good = {int(code) for code in service["SuccessExitStatus"].split()}
    final = {int(code) for code in service["RestartPreventExitStatus"].split()}
    assert (good, final, service["Restart"]) == ({4, 143}, {1, 2, 3, 8}, "on-failure")
    assert int(found["Unit"]["StartLimitBurst"]) > 1
    assert "CLERK_SECRET_KEY" not in {line.split("=")[0] for line in service.values()}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_takes_the_units(place):
    """Its own check finds nothing wrong with the service and the timer."""
    command = place.world()
    for name in ("socialconnect-export.service", "socialconnect-export.timer"):
        path = place.folder / name
        path.write_text(path.read_text().replace("/srv/exports/.venv/bin/socialconnect", str(command)))
    assert complaints(place, "./socialconnect-export.service ./socialconnect-export.timer") == []


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_may_keep_the_secret_itself(place):
    """What the page shows instead of an environment file is taken by systemd, and hands the secret to the command."""
    place.put("socialconnect", '#!/bin/sh\necho "$* $CLERK_SECRET_KEY"\n')
    (instead,) = re.findall(r"```ini\n(.*?) *```", (place.folder / "README.md").read_text(), re.DOTALL)
    lines = instead.replace("/srv/exports/.venv/bin/", f"{place.folder}/bin/").strip().splitlines()
    path = place.folder / "socialconnect-export.service"
    kept = [line for line in path.read_text().splitlines() if not line.startswith(("EnvironmentFile=", "ExecStart="))]
    path.write_text("\n".join([line.strip() for line in [*kept, "[Service]", *lines]]))
    assert complaints(place, "./socialconnect-export.service") == []
    (place.folder / "clerk").write_text("a key\n")
    words = shlex.split(unit(path)["Service"]["ExecStart"].replace("$$", "$").replace("%d", str(place.folder)))
    assert shell(place, shlex.join(words)).stdout == "run job.toml --log-json a key\n"


def test_github_actions_exports(place):
    """The workflow's own lines export, with the secrets of that step alone."""
    place.world()
    export = steps(place)["Export"]
    assert export["env"]["CLERK_SECRET_KEY"] == "${{ secrets.CLERK_SECRET_KEY }}"
    done = shell(place, export["run"])
    assert done.returncode == 0
    assert place.exported == BOTH
    assert (place.folder / steps(place)["Keep the report"]["with"]["path"]).is_file()


@pytest.mark.parametrize(
    ("code", "ends", "warns"), [(0, 0, ""), (4, 0, "owners"), (8, 0, "deadline"), (5, 5, ""), (3, 3, "")]
)
def test_github_actions_fails_where_somebody_is_needed(place, code, ends, warns):
    """Accounts that need their owners, and a deadline, are warnings on the run's page; the rest fails it."""
    place.play(code)
    done = shell(place, steps(place)["Export"]["run"])
    assert done.returncode == ends
    assert warns in done.stdout
    assert done.stdout.startswith("::warning::") == bool(warns)


def test_the_workflow_is_one(place):
    """It is YAML with a schedule, the least permissions, one run at a time, and more time than the job's deadline."""
    workflow = yaml.load((place.folder / "github-actions.yml").read_text(), yaml.BaseLoader)
    assert workflow["on"]["schedule"] == [{"cron": "15 3 * * *"}]
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["concurrency"]["cancel-in-progress"] == "false"
    deadline = JobFile(place.folder / "job.toml").sheet().deadline
    assert int(workflow["jobs"]["export"]["timeout-minutes"]) * 60 > deadline.total_seconds()
    used = [step["uses"] for step in workflow["jobs"]["export"]["steps"] if "uses" in step]
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", one) for one in used)
