"""`login`, `logout`, `whoami`: the key is typed or piped, never written on the command line, never shown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from types import ModuleType

import pytest
from keyring import errors

from socialconnect import vault
from socialconnect.sandbox import Sandbox, running

SEED = 43
KEY = Sandbox(users=1, seed=SEED).secret_key
OTHER = "hush-hush-of-another"
ENTRY = ("socialconnect", "CLERK_SECRET_KEY")


@pytest.fixture(scope="module")
def served():
    """A world on a port of this machine."""
    world = Sandbox(users=3, seed=SEED)
    with running(world) as base:
        yield json.dumps(world.base_urls(base))


@pytest.fixture(autouse=True)
def kept(monkeypatch, served):
    """What the keyring of this machine has: one in memory stands in its place."""
    passwords = {}
    keyring = ModuleType("keyring")
    backend = type("Memory", (), {"priority": 5})()
    backend.get_password = lambda *name: passwords.get(name)
    backend.set_password = lambda service, username, password: passwords.update({(service, username): password})
    backend.delete_password = lambda *name: passwords.pop(name)
    keyring.get_keyring, keyring.get_password, keyring.errors = lambda: backend, backend.get_password, errors
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    monkeypatch.setattr(vault, "_process", None)
    monkeypatch.setattr(vault, "_colab", None)
    monkeypatch.setenv("SOCIALCONNECT_BASE_URLS", served)
    return passwords


@pytest.fixture
def types(monkeypatch):
    """Somebody at the keyboard, who types this."""

    def put(key):
        monkeypatch.setattr("getpass.getpass", lambda _: key)

    return put


def test_a_typed_key_is_checked_and_kept(run, types, kept, monkeypatch):
    """`login` tells the instance and where the key is; the commands after it find it, until `logout`."""
    types(KEY)
    result = run("login")
    assert result.exit_code == 0
    assert kept == {ENTRY: KEY}
    told = dict(line.split(maxsplit=1) for line in result.stdout.splitlines())
    assert (told["application"], told["kind"], told["key"]) == ("Sandbox", "production", "from the system keyring")
    assert told["instance"].startswith("ins_")
    assert "The key is kept in the system keyring." in result.stderr
    assert KEY not in result.output
    monkeypatch.setattr(vault, "_process", None)  # another process
    assert len(json.loads(run("users", "--json").stdout)["users"]) == 3
    assert run("logout").stdout == "The key was taken out of the system keyring.\n"
    assert kept == {}
    assert run("users").exit_code == 3


@pytest.mark.parametrize("piped", [KEY, f"{KEY}\n", f" {KEY}\r\n"])
def test_a_key_can_be_piped(run, kept, piped):
    """`--stdin` takes the key from another program, with its line's end or without."""
    result = run("login", "--stdin", "--json", stdin=piped)
    document = json.loads(result.stdout)
    assert (document["key"], document["application"], document["kind"]) == ("keyring", "Sandbox", "production")
    assert kept[ENTRY].strip() == KEY
    assert KEY not in result.output


def test_no_store_only_checks(run, types, kept):
    """`--no-store` says whose key it is, and keeps it nowhere; it needs no keyring."""
    types(KEY)
    result = run("login", "--no-store")
    assert result.exit_code == 0
    assert "checked, and kept nowhere" in result.stdout
    assert result.stderr == ""
    assert kept == {}
    assert json.loads(run("login", "--no-store", "--json").stdout)["key"] is None


@pytest.mark.parametrize("arguments", [[KEY], ["--stdin", KEY], ["--no-store", KEY, "x"]])
def test_a_key_on_the_command_line_is_refused(run, kept, arguments):
    """Other programs see the command line and the shell keeps it: the reason is said, the key is not."""
    result = run("login", *arguments, stdin=KEY)
    assert result.exit_code == 2
    assert "seen by other programs" in result.stderr
    assert KEY not in result.output
    assert kept == {}


@pytest.mark.parametrize("option", [f"--key={KEY}", f"--secret-key={KEY}"])
def test_an_option_for_the_key_does_not_exist(run, option):
    """Whoever guesses such an option sees that there is none, and not the key again."""
    result = run("login", option)
    assert result.exit_code == 2
    assert KEY not in result.output


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (OTHER, "Clerk does not accept the secret key"),
        ("pk_test_Y2xlcms", "publishable key"),
        ("hush hush", "a blank"),
        ("", "No secret key was given"),
        (f"{OTHER}\n{KEY}", "a blank"),
    ],
)
def test_a_wrong_key_is_not_kept(run, kept, key, said):
    """It is a matter of set-up, and what was there before stays."""
    kept[ENTRY] = "the-one-before"
    result = run("login", "--stdin", "--debug", stdin=key)
    assert result.exit_code == 3
    assert said in result.stderr
    assert kept == {ENTRY: "the-one-before"}
    assert not key or key not in result.output


def test_without_a_keyring_nobody_types_in_vain(run, monkeypatch, types):
    """Where the key could not be kept, that is said before it is asked for."""
    monkeypatch.setitem(sys.modules, "keyring", None)

    def never(_):
        raise AssertionError("nobody was to be asked")

    monkeypatch.setattr("getpass.getpass", never)
    result = run("login")
    assert result.exit_code == 3
    assert "Set CLERK_SECRET_KEY" in result.stderr
    types(KEY)
    assert run("login", "--no-store").exit_code == 0


def test_a_job_is_told_of_the_pipe(run):
    """Where nobody can type, the error names --stdin and the environment."""
    result = run("login", stdin=KEY)
    assert result.exit_code == 3
    assert "--stdin" in result.stderr
    assert "CLERK_SECRET_KEY" in result.stderr


def test_what_is_no_text_is_no_key(run, kept):
    """A pipe that brings something else ends with a sentence."""
    result = run("login", "--stdin", stdin=b"\xff\xfe")
    assert result.exit_code == 2
    assert "no text" in result.stderr
    assert kept == {}


@pytest.mark.parametrize("name", ["login", "logout"])
def test_the_embedded_world_needs_no_key(run, name):
    """There is nothing to log in to."""
    assert run(name, "--sandbox").exit_code == 2


def test_an_interrupt_at_the_prompt_is_one(run, monkeypatch, kept):
    """Ctrl-C while typing exits with 130, and keeps nothing."""

    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("getpass.getpass", interrupted)
    result = run("login")
    assert (result.exit_code, result.stderr) == (130, "Interrupted.\n")
    assert kept == {}


def test_another_key_in_the_environment_is_said(run, monkeypatch, kept):
    """What comes before the keyring is named, at login and at logout; it is not this command's to take away."""
    monkeypatch.setenv("CLERK_SECRET_KEY", OTHER)
    result = run("login", "--stdin", stdin=KEY)
    assert "CLERK_SECRET_KEY in the environment holds another key" in result.stderr
    assert run("login", "--stdin", "--quiet", stdin=KEY).stderr == ""
    assert run("logout").stderr == "There is still CLERK_SECRET_KEY in the environment.\n"
    assert kept == {}
    assert json.loads(run("logout", "--json").stdout) == {"forgotten": [], "left": ["environment"]}


def test_logout_without_a_key_is_no_error(run):
    """There may be nothing to forget."""
    result = run("logout")
    assert (result.exit_code, result.stdout) == (0, "There was no key in the system keyring.\n")


@pytest.mark.parametrize("place", ["environment", "dotenv", "keyring"])
def test_whoami_tells_where_the_key_is_from(run, monkeypatch, tmp_path, kept, place):
    """The instance, its kind and the place of the key; the key itself is not shown."""
    if place == "environment":
        monkeypatch.setenv("CLERK_SECRET_KEY", KEY)
    elif place == "dotenv":
        (tmp_path / ".env").write_text(f"CLERK_SECRET_KEY={KEY}\n")
    else:
        kept[ENTRY] = KEY
    result = run("whoami", "--json")
    document = json.loads(result.stdout)
    assert (document["key"], document["kind"], document["application"]) == (place, "production", "Sandbox")
    assert KEY not in f"{result.output}{run('whoami').output}"
    assert "key          from " in run("whoami").stdout


def test_whoami_without_a_key_is_a_matter_of_setup(run):
    """It exits with 3, and with 3 for a key that Clerk refuses."""
    assert run("whoami").exit_code == 3
    assert run("whoami", "--sandbox").exit_code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="it takes a pseudo-terminal")
def test_a_real_terminal_shows_nothing_of_what_is_typed(served, tmp_path):
    """In a terminal of its own, with the echo on, the command turns it off before it asks."""
    import pty  # noqa: PLC0415 - not on Windows

    ours, theirs = pty.openpty()
    environment = {**os.environ, "SOCIALCONNECT_BASE_URLS": served, "SOCIALCONNECT_ATTEMPTS": "1"}
    command = [sys.executable, "-m", "socialconnect", "login", "--no-store"]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=tmp_path, env=environment, start_new_session=True
    ) as process:
        os.close(theirs)
        seen = b""
        while b"not shown" not in seen:
            seen += os.read(ours, 1024)
        os.write(ours, f"{KEY}\n".encode())
        while process.poll() is None or b"kept nowhere" not in seen:
            try:
                seen += os.read(ours, 1024)
            except OSError:  # the other end is closed
                break
    os.close(ours)
    assert process.returncode == 0
    assert b"checked, and kept nowhere" in seen
    assert KEY.encode() not in seen
