"""What all commands share: help, errors, exit codes, secrets."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

import socialconnect
from socialconnect.cli import common, show
from socialconnect.errors import SocialConnectError
from socialconnect.sandbox import Sandbox, running
from socialconnect.secret import Secret

COMMANDS = ["demo", "check", "users", "accounts", "pull", "connectors", "providers", "scan", "sandbox"]
WORK = [
    ["demo", "--users", "20"],
    ["check", "--sandbox"],
    ["users", "--sandbox", "--users", "20"],
    ["accounts", "--sandbox", "--users", "20"],
    ["pull", "github.repos", "--sandbox", "--users", "20"],
    ["pull", "google.profile", "--sandbox", "--users", "20", "--fault", "google:echo_token"],
    ["pull", "github.repos", "--sandbox", "--users", "20", "--fault", "clerk:server_error"],
    ["connectors"],
]


def script(*arguments, **options):
    """The command as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "socialconnect", *arguments], capture_output=True, check=False, timeout=60, **options
    )


def codes(kind=SocialConnectError):
    """Every exit code that an error carries."""
    return {kind.exit_code}.union(*(codes(below) for below in kind.__subclasses__()))


def test_the_help_lists_every_exit_code(run):
    """`--help` names each code that an error carries, and those of the command itself."""
    told = {line.split()[0] for line in run("--help").stdout.splitlines() if line.strip()}
    assert {str(code) for code in codes()} | {"0", "130", "141"} <= told


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_tells_its_options(run, name):
    """Each command has a help of its own, with the options that all share."""
    result = run(name, "--help")
    assert result.exit_code == 0
    for option in ("--sandbox", "--users", "--seed", "--fault", "--json", "--quiet", "--debug"):
        assert option in result.stdout


def test_no_command_takes_a_key(run):
    """A key cannot be given where other programs read the command line."""
    assert all(
        "key" not in word for name in COMMANDS for word in run(name, "--help").stdout.split() if word[:2] == "--"
    )
    assert run("users", "--secret-key", "x").exit_code == 2


def test_the_version_is_the_packages(run):
    """`--version` prints the version of the package."""
    assert run("--version").stdout == f"socialconnect {socialconnect.__version__}\n"


def test_help_loads_nothing_heavy():
    """Asking for help imports neither pandas nor the HTTP library nor the client."""
    code = (
        "import sys\nfrom socialconnect.cli import main\ntry:\n main()\nexcept SystemExit:\n pass\n"
        "sys.exit(sorted({'pandas', 'httpx', 'pyarrow', 'socialconnect.client'} & set(sys.modules)) or 0)"
    )
    result = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, check=False, timeout=60)
    assert (result.returncode, result.stderr) == (0, b"")


def test_a_missing_key_is_a_matter_of_setup(run):
    """Without a key the command exits with 3, and says in one line where to put it."""
    result = run("users")
    assert result.exit_code == 3
    assert result.stdout == ""
    assert result.stderr.startswith("error: No Clerk secret key was found. Set CLERK_SECRET_KEY")
    assert result.stderr.count("\n") == 1


def test_a_key_in_the_env_file_is_found(run, tmp_path):
    """A key in the working directory's .env file serves; one that Clerk refuses exits with 3 and is not shown."""
    world = Sandbox(users=3)
    with running(world) as base:
        lines = [f"CLERK_SECRET_KEY={world.secret_key}", f"SOCIALCONNECT_BASE_URLS={json.dumps(world.base_urls(base))}"]
        (tmp_path / ".env").write_text("\n".join(lines))
        assert len(json.loads(run("users", "--json").stdout)["users"]) == 3
        (tmp_path / ".env").write_text("\n".join(["CLERK_SECRET_KEY=quite-another-key", lines[1]]))
        refused = run("users", "--debug")
    assert refused.exit_code == 3
    assert "quite-another-key" not in refused.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["pull", "github.repo", "--sandbox"], "Did you mean 'repos'?"),
        (["pull", "githb.repos", "--sandbox"], "Did you mean 'github'?"),
        (["pull", "github", "--sandbox"], "There is: github.repos"),
        (["pull", "github.repos", "--sandbox", "--columns", "nam"], "Did you mean 'name'?"),
        (["pull", "github.repos", "--sandbox", "--param", "srt=x"], "Did you mean 'sort'?"),
        (["pull", "github.repos", "--sandbox", "--param", "sort"], "--param sort=VALUE"),
        (["pull", "github.repos", "--sandbox", "@nowhere.txt"], "No such file"),
        (["pull", "github.repos", "--sandbox", "--output", "rows.xyz"], ".csv or .jsonl"),
        (["pull", "github.repos", "--sandbox", "--output", "away/rows.csv"], "does not exist"),
        (["pull", "github.repos", "--sandbox", "--json", "--output", "-"], "both write to stdout"),
        (["pull", "github.repos", "--sandbox", "--output", "a.csv", "--outcomes", "a.csv"], "same place"),
        (["pull", "github.repos", "--sandbox", "--output", "a.csv", "--format", "table"], "for the screen"),
        (["accounts", "--sandbox", "--columns", "providr"], "Did you mean 'provider'?"),
        (["connectors", "githb"], "Did you mean 'github'?"),
        (["users", "--sandbox", "--fault", "throtled"], "Did you mean 'throttled'?"),
        (["users", "--seed", "1"], "Add --sandbox"),
        (["sandbox", "--host", "0.0.0.0"], "127.0.0.1"),
        (["usrs"], "No such command"),
    ],
)
def test_what_cannot_be_meant_exits_with_two(run, arguments, said):
    """A name or a combination that does not exist exits with 2 and says what would do, without a traceback."""
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_an_error_is_also_a_json_document(run):
    """With `--json` an error is the one document on stdout, and the sentence on stderr."""
    result = run("pull", "github.repo", "--sandbox", "--json")
    error = json.loads(result.stdout)["error"]
    assert (error["code"], error["exit_code"], error["cure"]) == ("unknown_name", 2, "Did you mean 'repos'?")
    assert result.stderr.startswith("error: ")


def test_debug_shows_where_an_error_arose(run):
    """`--debug` adds the traceback, without the values of the frames."""
    result = run("pull", "github.repo", "--sandbox", "--debug")
    assert result.stderr.startswith("Traceback")
    assert "UnknownName" in result.stderr
    assert "locals" not in result.stderr


def test_a_bug_is_told_as_one(run, monkeypatch):
    """What nobody foresaw exits with 1 and one line, in which no secret stands."""
    secret = Secret("sesame-open-sesame")

    def broken(*_: object) -> None:
        raise RuntimeError(f"it was {secret.reveal()}")

    monkeypatch.setattr(show, "say", broken)
    result = run("connectors")
    assert result.exit_code == 1
    assert result.stderr == "error: RuntimeError: it was [secret] This is a bug: --debug shows where.\n"
    traced = run("connectors", "--debug").stderr
    assert "Traceback" in traced
    assert secret.reveal() not in traced


def test_an_interrupt_exits_with_130(run, monkeypatch):
    """Ctrl-C ends a command quietly with 130."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(show, "say", interrupted)
    result = run("connectors")
    assert (result.exit_code, result.stderr) == (common.INTERRUPTED, "Interrupted.\n")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such pipes")
def test_a_reader_that_leaves_is_no_error():
    """When the reader of a pipe goes away the command ends quietly with 141."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as closed:
        result = subprocess.run(
            [sys.executable, "-m", "socialconnect", "users", "--sandbox", "--users", "5"],
            stdout=closed,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
    assert (result.returncode, result.stderr) == (common.UNREAD, b"")


@pytest.mark.skipif(os.name == "nt", reason="Windows has other terminals")
def test_a_terminal_gets_a_table():
    """On a terminal `pull` shows a table in the terminal's width, and not all rows as CSV."""
    try:
        leader, follower = os.openpty()
    except OSError:
        pytest.skip("this machine has no terminals to give")
    command = [sys.executable, "-m", "socialconnect", "pull", "github.repos", "--sandbox", "--users", "9"]
    with os.fdopen(follower, "wb") as terminal:
        env = {**os.environ, "COLUMNS": "60", "TERM": "xterm"}
        subprocess.run(command, stdout=terminal, stderr=subprocess.PIPE, check=True, timeout=60, env=env)
    shown = os.read(leader, 1 << 16).decode()
    os.close(leader)
    assert "\x1b[1m" in shown  # a head in bold
    assert "20 of " in shown
    assert "user_id,external_account_id" not in shown


@pytest.mark.parametrize("arguments", WORK, ids=" ".join)
@pytest.mark.parametrize("option", ["--debug", "--json"])
def test_no_secret_is_ever_printed(run, arguments, option):
    """Neither the key nor a token is in anything that a command says, also when something fails."""
    result = run(*arguments, option)
    assert result.output
    assert Sandbox(users=1).secret_key not in result.output
    assert "sandbox." not in result.output.replace("sandbox.example", "").replace("sc.sandbox", "")


@pytest.mark.parametrize("arguments", [work for work in WORK if "--fault" not in work], ids=" ".join)
def test_json_is_all_that_is_on_stdout(run, arguments):
    """With `--json`, stdout is one JSON document and stderr is silent."""
    result = run(*arguments, "--json")
    assert isinstance(json.loads(result.stdout), dict)
    assert (result.exit_code, result.stderr) == (0, "")


def test_python_runs_the_package_as_the_command(tmp_path):
    """`python -m socialconnect` is the command; what a terminal cannot say is replaced, not an error."""
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    result = script("users", "--sandbox", "--users", "5", env=env, cwd=tmp_path)
    assert result.returncode == 0
    assert b"jose.fernandez" in result.stdout
    assert result.stdout.isascii()


def test_strangers_cannot_steer_the_terminal():
    """Escape sequences, reversed writing and line breaks in names are shown, not obeyed."""
    assert show.plain("a\x1b[2Jb\u202ec\nd") == "a\ufffd[2Jb\ufffdc d"
