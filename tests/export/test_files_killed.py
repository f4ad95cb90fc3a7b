"""An export to files that is killed at any step: nothing is lost, nothing doubled, and readers miss no row."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pandas as pd
import pytest
from tests.export.contract_words import TASKS, ended, running, seen, state, tasks

from socialconnect.errors import TargetBusy
from socialconnect.export.files import FileSink, heaps
from socialconnect.export.files.store import Store
from socialconnect.export.sink import Change
from socialconnect.reading.place import Place

STEPS = ("put", "writing", "move", "remove")


class Killed(BaseException):
    """As `kill -9`: nothing catches it, and nothing is tidied up."""


@pytest.fixture
def kill(monkeypatch):
    """Kill an export before its so-and-so-manieth step: `kill(7)`; `kill(None)` lets it live, and counts them."""
    real = {name: getattr(Store, name) for name in STEPS}

    def at(step):
        taken = []

        def counted(name):
            def take(self, *args, **how):
                if len(taken) == step:
                    raise Killed
                taken.append(name)
                return real[name](self, *args, **how)

            return take

        for name in STEPS:
            monkeypatch.setattr(Store, name, counted(name))
        return taken

    return at


def first(sink, mode):
    """An export that ended well."""
    sink.open([TASKS], mode)
    sink.begin(running("r1", mode), resume=False)
    for user in ("ada", "bob", "cyd"):
        sink.commit(tasks(1, 2, 3, user=user, title="old"), [ended(user=user)])
    sink.finish(running("r1", mode, status="finished", ended_at=1.0), ["acme.tasks"])
    sink.close()


def second(sink, mode, *, resume):
    """The next one, in which `cyd` is gone: as the engine does it, what ended is not read again."""
    last = sink.open([TASKS], mode)
    resume = resume and last.id == "r2"
    sink.begin(running("r2", mode), resume=resume)
    for user in ("ada", "bob"):
        known = [one for one in sink.states("acme.tasks", user) if one.run_id == "r2"]
        if not known:
            sink.commit(tasks(2, 3, user=user, title="new", run="r2"), [Change(state(user=user, run="r2"))])
        if not known or known[0].status == "reading":
            sink.commit(tasks(4, user=user, title="new", run="r2"), [ended(user=user, run="r2")])
    sink.finish(running("r2", mode, status="finished", ended_at=2.0), ["acme.tasks"])


def rows(sink):
    return sorted((r["user_id"], r["id"], r["title"], r["_run_id"], r["_deleted_at"]) for r in seen(sink))


def die(sink):
    """What is left of a process that was killed: its lock is the system's."""
    if sink._hold:
        sink._hold.release()


def everybodys(folder, kind):
    """(user, id) of what anybody sees who knows nothing of exports."""
    csv, parquet = folder / "acme.tasks.csv", folder / "acme.tasks"
    frame = pd.read_csv(csv) if kind == "csv" else pd.read_parquet(parquet)
    return set(zip(frame["user_id"], frame["id"], strict=True))


@pytest.mark.parametrize(
    ("kind", "mode"), [("parquet", "merge"), ("parquet", "replace"), ("parquet", "append"), ("csv", "merge")]
)
def test_killed_at_any_step(tmp_path, kill, monkeypatch, mode, kind):
    """Wherever it is killed, going on comes to what an undisturbed run comes to, and readers missed nothing."""
    monkeypatch.setattr("os.fsync", lambda _: None)
    first(FileSink(f"{tmp_path}/before", kind), mode)
    shutil.copytree(tmp_path / "before", tmp_path / "whole")
    steps = kill(None)
    sink = FileSink(f"{tmp_path}/whole", kind)
    second(sink, mode, resume=False)
    count, expected = len(steps), rows(sink)
    stay = everybodys(tmp_path / "before", kind) & everybodys(tmp_path / "whole", kind)
    sink.close()
    assert count > 12
    for step in range(count):
        shutil.copytree(tmp_path / "before", tmp_path / f"{step}")
        kill(step)
        sink = FileSink(f"{tmp_path}/{step}", kind)
        with pytest.raises(Killed):
            second(sink, mode, resume=False)
        die(sink)
        kill(None)
        assert stay <= everybodys(tmp_path / f"{step}", kind)
        assert {row[:2] for row in rows(FileSink(f"{tmp_path}/{step}", kind))} >= stay
        again = FileSink(f"{tmp_path}/{step}", kind)
        second(again, mode, resume=True)
        assert rows(again) == expected, step
        again.close()


def test_killed_and_begun_anew(tmp_path):
    """What an account's end committed is published by whoever comes next; what was being read goes."""
    sink = FileSink(f"{tmp_path}/out")
    sink.open([TASKS], "merge")
    sink.begin(running("r1", "merge"), resume=False)
    sink.commit(tasks(1), [ended()])
    sink.commit(tasks(2, user="bob"), [Change(state(user="bob", place=Place("https://acme.test/2")))])
    die(sink)
    sink = FileSink(f"{tmp_path}/out")
    sink.open([TASKS], "replace")
    sink.begin(running("r2", "replace"), resume=False)
    assert [one.place for one in sink.states("acme.tasks", "bob")] == [None]  # what came before that page is gone
    assert [row[:2] for row in rows(sink)] == [("ada", 1)]
    assert not list((tmp_path / "out/.socialconnect/parts").glob("*"))
    sink.close()


def test_a_process_that_is_killed(tmp_path):
    """The hold of a process that is killed ends with it."""
    code = """
import sys
from socialconnect.errors import TargetBusy
from socialconnect.export.files import FileSink
sink = FileSink(sys.argv[1])
sink.open([], "merge")
print("open", flush=True)
sys.stdin.read()
"""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", code, f"{tmp_path}/out"], **pipes) as process:
        assert process.stdout.readline() == "open\n"
        sink = FileSink(f"{tmp_path}/out")
        with pytest.raises(TargetBusy, match=f"process {process.pid} on "):
            sink.open([], "merge")
        process.kill()
        process.wait()
        sink.open([], "merge")
        sink.close()


@pytest.mark.parametrize("mode", ["replace", "append", "merge"])
def test_many_heaps(tmp_path, monkeypatch, mode):
    """Rows that are compared heap by heap come to what they come to at once."""
    found = []
    for most in (heaps.MOST_ROWS, 2):
        monkeypatch.setattr(heaps, "MOST_ROWS", most)
        monkeypatch.setattr(heaps, "_DEALT", most)
        sink = FileSink(f"{tmp_path}/{most}")
        first(FileSink(f"{tmp_path}/{most}"), mode)
        second(sink, mode, resume=False)
        found.append(rows(sink))
        sink.close()
    assert found[0] == found[1]
