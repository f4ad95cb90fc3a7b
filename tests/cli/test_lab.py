"""`lab`: what is copied, what is started, and what it is told; a stand-in takes JupyterLab's place."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from socialconnect.cli import lab

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
WITNESS = """
import json, os, pathlib, sys
import socialconnect as sc

told = {
    "arguments": sys.argv[1:],
    "command": pathlib.Path("/proc/self/cmdline").read_text() if os.path.exists("/proc/self/cmdline") else "",
    "folder": os.getcwd(),
    "key": os.environ["CLERK_SECRET_KEY"],
    "users": sc.Client().count(),
    "repos": len(sc.Client().github.repos(on_error="ignore")),
}
pathlib.Path(os.environ["WITNESS"]).write_text(json.dumps(told))
"""
STUBBORN = """
import os, signal, sys, time

asked = []

def ask(*_):
    asked.append(1)
    os.write(1, b"sure?\\n")  # a print that a signal interrupts refuses another one
    if len(asked) > 1:
        sys.exit(0)

signal.signal(signal.SIGINT, ask)
os.write(1, b"up\\n")
while True:
    signal.pause()
"""


@pytest.fixture
def jupyterlab(tmp_path, monkeypatch):
    """`jupyterlab(code)`: a JupyterLab that does this."""

    def stand_in(code):
        package = tmp_path / "packages" / "jupyterlab"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        (package / "__main__.py").write_text(code, "utf-8")
        monkeypatch.syspath_prepend(str(package.parent))
        monkeypatch.setenv("PYTHONPATH", str(package.parent))
        monkeypatch.setenv("WITNESS", str(tmp_path / "witness.json"))

    return stand_in


def test_it_starts_on_the_notebooks_with_the_sandbox_on(run, jupyterlab, tmp_path):
    """JupyterLab gets the folder, its own options and a world that `sc.Client()` works on; no key is an argument."""
    jupyterlab(WITNESS)
    result = run("lab", "--users", "4", "--folder", "mine", "--", "--no-browser", "--port=1234")
    assert result.exit_code == 0, result.output
    told = json.loads((tmp_path / "witness.json").read_text("utf-8"))
    assert told["users"] == 4
    assert told["repos"] > 0
    assert told["arguments"][-2:] == ["--no-browser", "--port=1234"]
    assert "01_quickstart.ipynb" in "".join(told["arguments"])
    assert Path(told["folder"]) == (tmp_path / "mine").resolve()
    assert told["key"]
    assert told["key"] not in told["command"] + result.output


def test_all_notebooks_and_what_they_link_to_are_copied(run, jupyterlab, tmp_path):
    """The folder has what the repository has, and is named in the document of `--json`."""
    jupyterlab("")
    result = run("lab", "--users", "4", "--json")
    home = tmp_path / "socialconnect-notebooks"
    copied = sorted(path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file())
    there = ROOT / "notebooks"
    pages = [
        *there.glob("*.md"),
        *there.glob("reference/*.md"),
        *(one for one in there.glob("recipes/*") if one.is_file()),
    ]
    assert copied == sorted([*NOTEBOOKS, *(path.relative_to(there).as_posix() for path in pages)])
    told = json.loads(result.stdout)
    assert (told["folder"], sorted(told["copied"])) == (str(home), copied)


def test_nothing_is_ever_replaced(run, jupyterlab, tmp_path):
    """A notebook that is there stays as its owner left it; what is missing is added."""
    jupyterlab("")
    home = tmp_path / "socialconnect-notebooks"
    home.mkdir()
    (home / NOTEBOOKS[0]).write_text("mine", "utf-8")
    told = json.loads(run("lab", "--users", "4", "--json").stdout)
    assert (home / NOTEBOOKS[0]).read_text("utf-8") == "mine"
    assert NOTEBOOKS[0] not in told["copied"]
    assert {*NOTEBOOKS[1:]} <= {*told["copied"]}
    again = run("lab", "--users", "4")
    assert "Nothing was copied" in again.stderr


def test_without_jupyterlab_it_says_how_to_get_it(run, monkeypatch, tmp_path):
    """Where JupyterLab is not installed it exits with 3, names the extra, and leaves nothing behind."""
    monkeypatch.setattr(lab, "find_spec", lambda _: None)
    result = run("lab")
    assert result.exit_code == 3
    assert "pip install 'socialconnect[lab]'" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_not_taken_for_an_option(run):
    """A word that is no option is refused, with the way to say it."""
    result = run("lab", "here")
    assert result.exit_code == 2
    assert "--folder here" in result.stderr


def test_a_folder_that_cannot_be_is_refused(run, jupyterlab, tmp_path):
    """Where a file stands in the way it exits with 2 and starts nothing."""
    jupyterlab(WITNESS)
    (tmp_path / "taken").write_text("", "utf-8")
    result = run("lab", "--users", "4", "--folder", "taken")
    assert result.exit_code == 2
    assert "Name another --folder" in result.stderr
    assert not (tmp_path / "witness.json").exists()


def test_a_jupyterlab_that_fails_fails_the_command(run, jupyterlab):
    """JupyterLab's own failure is told, with 3."""
    jupyterlab("raise SystemExit(9)")
    result = run("lab", "--users", "4")
    assert result.exit_code == 3
    assert "JupyterLab ended with 9" in result.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signal to one group")
def test_ctrl_c_is_jupyterlabs_to_understand(jupyterlab, tmp_path):
    """The first Ctrl-C leaves JupyterLab running, which asks; the second ends both, with 0."""
    jupyterlab(STUBBORN)
    with subprocess.Popen(
        [sys.executable, "-m", "socialconnect", "lab", "--users", "4"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        for line in ("up", "sure?"):
            assert process.stdout.readline().strip() == line
            os.killpg(process.pid, signal.SIGINT)
        assert process.stdout.readline().strip() == "sure?"
        _, stderr = process.communicate(timeout=20)
    assert process.returncode == 0, stderr
    assert "have ended" in stderr


def test_a_wheel_brings_all_of_them():
    """The wheel takes the notebooks in, to where the command looks for them, and JupyterLab is an extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert "notebooks" in wheel["only-include"]
    assert lab._PLACES[0].parts[-2:] == tuple(wheel["sources"]["notebooks"].split("/"))
    assert any(one.startswith("jupyterlab") for one in project["project"]["optional-dependencies"]["lab"])
