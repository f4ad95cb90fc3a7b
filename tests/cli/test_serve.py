"""`sandbox`: served for other programs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest


@pytest.fixture
def served():
    """The served world as a process, and what it printed to be ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "socialconnect", "sandbox", "--port", "0", "--users", "4", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    lines = []
    while not lines or lines[-1] != "}\n":
        lines.append(process.stdout.readline())
        assert lines[-1], process.communicate()[1]
    yield process, json.loads("".join(lines))
    process.kill()
    process.communicate()


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signal to one process")
def test_the_printed_environment_is_all_that_a_client_needs(served, run, monkeypatch):
    """With the variables that it prints the command works on that world; Ctrl-C ends it with 0."""
    process, told = served
    for name, value in told["environment"].items():
        monkeypatch.setenv(name, value)
    assert json.loads(run("users", "--json").stdout)["count"] == 4
    assert run("pull", "google.profile", "--quiet").exit_code == 0
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=20)
    assert (process.returncode, stderr) == (0, "The sandbox has ended.\n")


def test_a_port_that_is_taken_is_told(served, run):
    """A port in use exits with 5 and says to use another."""
    port = served[1]["base"].rpartition(":")[2]
    result = run("sandbox", "--port", port)
    assert result.exit_code == 5
    assert "Use another port" in result.stderr
