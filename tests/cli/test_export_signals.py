"""An export as a process of its own, ended by a signal: what was read is kept, and --resume goes on."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from socialconnect.cli.stopping import stopping

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")


def rows(path):
    """The rows of a file of JSON lines, without what tells one run from another."""
    listed = (json.loads(line) for line in Path(path).read_text("utf-8").splitlines())
    told = [{name: value for name, value in row.items() if name not in ("_run_id", "_read_at")} for row in listed]
    return sorted(told, key=lambda row: (row["user_id"], row["id"]))


def ended(number, users):
    """What is left of an export that a signal met: its exit code, the last line of its log, its report."""
    options = ["--log-json", "--report", "r.json", "--concurrency", "1"]
    with subprocess.Popen(
        [sys.executable, "-m", "socialconnect", *export(users), *options], stderr=subprocess.PIPE, text=True
    ) as process:
        next(line for line in process.stderr if "export.exporter" in line)  # an account has failed: it is under way
        process.send_signal(number)
        rest = process.stderr.read().splitlines()
    return process.returncode, json.loads(rest[-1]), json.loads(Path("r.json").read_text())


def export(users):
    """The export of a world of so many users."""
    return ["export", "github.repos", "--to", "repos.jsonl", "--sandbox", "--world", str(users)]


@posix
def test_sigterm_ends_it_in_good_order(run):
    """SIGTERM ends it with 143; what was read is kept, and the next run reads the others: not a row too few or many."""
    code, last, report = ended(signal.SIGTERM, 150)
    assert (code, last["exit_code"], report["exit_code"], report["ending"]) == (143, 143, 143, "stopped")
    assert report["rows"] > 0
    run(*export(150), "--resume", "--report", "s.json")
    resumed = json.loads(Path("s.json").read_text())
    assert (resumed["resumed"], resumed["ending"]) == (True, "finished")
    assert sum(one["earlier"] for one in resumed["resources"]) > 0
    run(*export(150), "--to", "undisturbed.jsonl")
    assert rows("repos.jsonl") == rows("undisturbed.jsonl")


@posix
def test_an_interrupt_ends_it_as_well():
    """SIGINT ends it with 130, in the log and in the report too."""
    code, last, report = ended(signal.SIGINT, 300)
    assert (code, last["exit_code"], report["exit_code"]) == (130, 130, 130)
    assert report["error"]["message"] == "It was interrupted."


@pytest.fixture
def handlers():
    """What signals did before, and must do again."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    yield before
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_signal_cancels_what_is_under_way(handlers):
    """A signal cancels the work, which puts everything away; a second one would end the program at once."""
    put_away = []

    async def work():
        signal.raise_signal(signal.SIGTERM)
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            put_away.extend(signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM))

    with stopping() as signals, pytest.raises(asyncio.CancelledError):
        signals.carry_out(work())
    assert signals.code == 143
    assert put_away == handlers


@pytest.mark.usefixtures("handlers")
def test_a_signal_where_nothing_is_under_way_interrupts():
    """Before the export has begun a signal interrupts as Ctrl-C does, and its code is told all the same."""
    with stopping() as signals, pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)
    assert signals.code == 143


@pytest.mark.usefixtures("handlers")
def test_work_that_no_signal_met_gives_what_it_gives():
    """Without a signal the work's result and errors come as they are, and the code is none."""

    async def work():
        return 7

    async def fails():
        raise ZeroDivisionError

    with stopping() as signals:
        assert signals.carry_out(work()) == 7
        with pytest.raises(ZeroDivisionError):
            signals.carry_out(fails())
    assert signals.code == 0
