"""The command in process, with nothing of this machine's: no key, no .env file, no keyring, no real waits."""

from __future__ import annotations

import os

import pytest
from typer.testing import CliRunner

from socialconnect.cli import app


@pytest.fixture(autouse=True)
def _nowhere(tmp_path, monkeypatch):
    """An empty folder, an environment without settings, and one attempt a request, so that no fault is waited for."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith(("SOCIALCONNECT_", "CLERK_")) or name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SOCIALCONNECT_ATTEMPTS", "1")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def run():
    """Run the command: `run("users", "--sandbox")`."""

    def run(*arguments, stdin=None):
        return CliRunner().invoke(app, list(arguments), input=stdin)

    return run
