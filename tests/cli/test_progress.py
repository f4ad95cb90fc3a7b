"""How far a long reading is."""

from __future__ import annotations

import io
import sys

import pytest

from socialconnect.cli import progress
from socialconnect.runs.outcomes import Outcome


class Terminal(io.StringIO):
    """A stderr that is one."""

    def isatty(self):
        """It is."""
        return True


def on_terminal(monkeypatch):
    """A terminal as stderr, from here on: pytest puts its own in place for each phase of a test."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", Terminal())
    return sys.stderr


def outcome(status="ok", rows=3):
    """How one account ended."""
    return Outcome("user_1", "github", "github.repos", status=status, rows=rows)


def test_it_counts_accounts_and_rows():
    """The line has what is read, accounts of how many, rows, and those not read whole."""
    count = progress.Count("github.repos", 1200)
    count.add(outcome())
    count.add(outcome("failed", 0))
    assert str(count) == "github.repos: 2 of 1,200 accounts, 3 rows, 1 not read whole"


def test_a_short_reading_shows_nothing(monkeypatch):
    """What is over within the second leaves the terminal as it was."""
    terminal = on_terminal(monkeypatch)
    with progress.progress("github.repos") as watch:
        watch(outcome())
    assert terminal.getvalue() == ""


def test_a_long_reading_shows_the_count_and_removes_it(monkeypatch):
    """What lasts shows its count, and clears the line in the end."""
    terminal = on_terminal(monkeypatch)
    monkeypatch.setattr(progress, "_PATIENCE", 0)
    with progress.progress("github.repos", of=9) as watch:
        watch(outcome())
        for thread in progress.threading.enumerate():
            if isinstance(thread, progress.threading.Timer):
                thread.join(10)
    assert "github.repos: 1 of 9 accounts, 3 rows" in terminal.getvalue()
    assert terminal.getvalue().endswith("\x1b[2K")


@pytest.mark.parametrize("quiet", [True, False])
def test_no_terminal_or_quiet_needs_no_watch(monkeypatch, quiet):
    """Off a terminal, or where quiet was asked for, nothing is watched."""
    monkeypatch.setattr(sys, "stderr", Terminal() if quiet else io.StringIO())
    with progress.progress("github.repos", quiet=quiet) as watch:
        assert watch is None
