"""`new-connector`: the file that it writes works as it is, and passes what a built-in connector must."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests import test_conformance

import socialconnect as sc
from socialconnect import connectors, reference

ROOT = Path(__file__).parents[2]
ARGUMENTS = ("new-connector", "acme", "--base-url", "https://api.acme.example/v2/", "--profile", "/users/me")


@pytest.fixture
def built_in(run, tmp_path, monkeypatch):
    """The connector of a file that stands among the built-in ones for as long as a test lasts."""
    folder = tmp_path / "connectors"
    folder.mkdir()
    result = run(*ARGUMENTS, "--built-in", "--out", str(folder / "acme.py"))
    assert result.exit_code == 0, result.stderr
    monkeypatch.setattr(connectors, "__path__", [*connectors.__path__, str(folder)])
    monkeypatch.delenv("SOCIALCONNECT_ATTEMPTS")  # these checks have virtual time, and want retries
    importlib.invalidate_caches()
    yield connectors.Connectors()["acme"]
    del sys.modules["socialconnect.connectors.acme"]
    del connectors.acme


@pytest.fixture
def alone(run, tmp_path, monkeypatch):
    """The module of a file that stands by itself."""
    run(*ARGUMENTS, "--out", "acme.py")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("acme")
    del sys.modules["acme"]


def test_it_is_a_connector_as_any(alone):
    """What the options say is in it, and the sandbox serves it at once."""
    connector = alone.connector
    assert (connector.origin, connector.title) == ("https://api.acme.example", "Acme")
    assert connector.strategy == "oauth_custom_acme"
    assert connector.resource("profile").path == "/v2/users/me"
    client = sc.sandbox(users=60, connectors=[connector])
    frame = client.acme.profile(on_error="ignore")
    assert len(frame) > 10
    assert frame["id"].notna().all()
    people = client.profiles(providers="acme", on_error="ignore")
    assert people.query("source == 'provider'")["handle"].tolist() == frame["username"].tolist()


CHECKS = [
    test_conformance.test_no_rows_have_all_columns,
    test_conformance.test_columns_select_and_keep_their_order,
    test_conformance.test_raw_has_what_is_not_declared,
    test_conformance.test_a_resource_is_described,
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("test_"))
@pytest.mark.looptime
async def test_it_conforms_among_the_built_in(built_in, check):
    """What every resource of every connector must do, it does."""
    done = check(built_in, built_in.resource("profile"))
    if done is not None:
        await done


@pytest.mark.looptime
async def test_it_survives_faults(built_in):
    """Errors that pass cost nothing, and others end its accounts alone."""
    await test_conformance.test_faults_of_its_provider_end_well(built_in, built_in.resource("profile"))


def test_its_reference_can_be_made(built_in):
    """Its page says what the file says."""
    page = reference.page(built_in)
    assert "`email_verified`" in page
    assert "oauth_custom_acme" in page


@pytest.mark.parametrize("options", [(), ("--built-in", "--title", "Acme & Sons")])
def test_its_file_is_in_order(run, tmp_path, options):
    """It is formatted, has nothing that the linter of this project minds."""
    run(*ARGUMENTS, *options, "--out", "acme.py")
    text = (tmp_path / "acme.py").read_text("utf-8")
    config = ("--config", str(ROOT / "pyproject.toml"))
    name = str(ROOT / "src/socialconnect/connectors/acme.py")
    for command in (["check", "-q", *config], ["format", "--check", "-q", *config]):
        ruff = [sys.executable, "-m", "ruff", *command, "--stdin-filename", name, "-"]
        done = subprocess.run(ruff, input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_its_types_are_right(run, tmp_path, pytestconfig):
    """A strict type checker has nothing to say about it."""
    mypy = pytest.importorskip("mypy.api")
    run(*ARGUMENTS, "--built-in", "--out", "acme.py")
    kept = pytestconfig.cache.mkdir("mypy")  # what it has made of this package takes it many seconds
    told, wrong, code = mypy.run(
        ["--strict", f"--cache-dir={kept}", "--follow-imports=silent", str(tmp_path / "acme.py")]
    )
    assert code == 0, told + wrong


def test_without_a_file_it_goes_to_stdout(run):
    """The text alone is on stdout, and what to do next on stderr."""
    result = run(*ARGUMENTS)
    compile(result.stdout, "acme.py", "exec")
    assert result.stdout.startswith('"""Acme:')
    assert "socialconnect.connectors" in result.stderr
    assert "share" in result.stderr
    document = json.loads(run(*ARGUMENTS, "--json").stdout)
    assert document == {"name": "acme", "text": result.stdout}
    assert json.loads(run(*ARGUMENTS, "--json", "--out", "a.py").stdout) == {"name": "acme", "output": "a.py"}
    assert run(*ARGUMENTS, "--quiet").stderr == ""


def test_the_options_are_in_the_file(run):
    """Title, strategy and documentation are what was said."""
    said = ("--title", "Acme Works", "--strategy", "oauth_acme", "--docs", "https://docs.acme.example/api")
    text = run(*ARGUMENTS, *said).stdout
    for word in ('title="Acme Works"', 'strategy="oauth_acme"', 'source="https://docs.acme.example/api"'):
        assert word in text
    custom = run("new-connector", "custom_acme", "--base-url", "https://acme.example").stdout
    assert 'strategy="oauth_custom_acme"' in custom
    assert '"/me"' in custom


def test_a_file_that_is_there_stays(run, tmp_path):
    """Nothing is written over, and a folder that is missing is told."""
    (tmp_path / "acme.py").write_text("mine", encoding="utf-8")
    result = run(*ARGUMENTS, "--out", "acme.py")
    assert (result.exit_code, (tmp_path / "acme.py").read_text("utf-8")) == (2, "mine")
    assert "already" in result.stderr
    assert run(*ARGUMENTS, "--out", "none/acme.py").exit_code == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ("Acme", "--base-url", "https://x.example"),
        ("github", "--base-url", "https://x.example"),
        ("users", "--base-url", "https://x.example"),
        ("class", "--base-url", "https://x.example"),
        ("acme", "--base-url", "http://x.example"),
        ("acme", "--base-url", "x.example"),
        ("acme", "--base-url", "https://u@x.example"),
        ("acme", "--base-url", "https://x.example?a=b"),
        ("acme", "--base-url", "https://x.example", "--profile", "me"),
        ("acme", "--base-url", "https://x.example", "--profile", "/{me}"),
        ("acme", "--base-url", "https://x.example", "--title", 'A"B'),
        ("acme", "--base-url", "https://x.example", "--docs", "https://x\n.example"),
    ],
)
def test_what_cannot_be_meant_is_refused(run, tmp_path, arguments):
    """A name, an address or a text that would not make a file that works."""
    result = run("new-connector", *arguments, "--out", "acme.py")
    assert result.exit_code == 2
    assert not (tmp_path / "acme.py").exists()


def test_its_answers_can_be_recorded_and_played(alone, tmp_path):
    """A test of it needs neither account nor key: what was recorded once gives the same frame."""
    client = sc.sandbox(users=60, connectors=[alone.connector])
    user = client.acme.profile(on_error="ignore")["user_id"].iloc[0]
    with sc.record(tmp_path / "acme.yaml"):
        recorded = client.acme.profile(user)
    with sc.replay(tmp_path / "acme.yaml"):
        played = sc.Client(connectors=[alone.connector]).acme.profile(user)
    assert played["email"].tolist() == recorded["email"].tolist()
    assert len(played) == len(recorded) > 0
