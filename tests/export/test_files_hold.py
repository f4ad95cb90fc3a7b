"""Who has hold of a target on an object store, and what becomes of a hold whose process is gone."""

from __future__ import annotations

import socket
import subprocess
import sys
import time

import msgspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from tests.export.contract_words import TASKS, ended, ids, opened, running, tasks

from socialconnect.errors import TargetBusy
from socialconnect.export.files import FileSink
from socialconnect.export.files.hold import LEASE, Holder, RemoteHold
from socialconnect.export.files.store import Store


@pytest.fixture
def url(tmp_path):
    return f"memory:/{tmp_path}/out"


@pytest.fixture
def held(url):
    """Somebody's hold of the target: `held(host=…, pid=…, age=…)`."""

    def put(*, host="elsewhere", pid=1, age=0.0):
        now = time.time()
        holder = Holder(host, pid, now - 1000, now - age, "theirs")
        Store(url).put(".socialconnect/lock.json", msgspec.json.encode(holder))

    return put


@pytest.fixture
def ended_process():
    """The id of a process that is no more."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    return process.pid


def test_anothers_hold(url, held):
    """Another host's hold is respected, and told with what it takes to lapse."""
    held(host="box-7", pid=4711, age=LEASE - 50)
    with pytest.raises(TargetBusy, match=r"process 4711 on box-7, since .* lapses in (49|50) s"):
        opened(lambda: FileSink(url), mode="merge").close()


def test_a_hold_that_lapsed(url, held):
    """A hold that nobody has renewed for its lease is taken over."""
    held(age=LEASE + 1)
    opened(lambda: FileSink(url), mode="merge").close()


def test_a_hold_of_a_killed_process(url, held, ended_process):
    """What a process of this host left that is no more is taken over at once."""
    held(host=socket.gethostname(), pid=ended_process)
    opened(lambda: FileSink(url), mode="merge").close()


def test_a_hold_of_a_process_that_lives(url, held):
    """A process of this host that lives keeps its hold, however long it has not renewed it."""
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as process:
        held(host=socket.gethostname(), pid=process.pid, age=LEASE * 9)
        with pytest.raises(TargetBusy, match=str(process.pid)):
            FileSink(url).open([TASKS], "merge")
        process.stdin.close()


def test_renewing(url):
    """A hold is renewed by whom it belongs to; what another has taken over is left to them, also at the end."""
    store = Store(url)
    hold = RemoteHold(store, ".socialconnect", "x")
    mine = msgspec.json.decode(store.read(".socialconnect/lock.json"), type=Holder)
    hold.renew()
    renewed = msgspec.json.decode(store.read(".socialconnect/lock.json"), type=Holder)
    assert renewed.at > mine.at
    theirs = msgspec.json.encode(msgspec.structs.replace(mine, sign="theirs"))
    store.put(".socialconnect/lock.json", theirs)
    hold.renew()
    hold.release()
    assert store.read(".socialconnect/lock.json") == theirs


def test_a_damaged_hold(url):
    """A hold that cannot be read is nobody's."""
    Store(url).put(".socialconnect/lock.json", b"{")
    opened(lambda: FileSink(url), mode="merge").close()


def test_two_that_both_think_they_have_it(url):
    """Where a hold was taken from a process that only slept, the first to write goes on, and the other is refused."""
    sleeper = opened(lambda: FileSink(url), mode="merge")
    sleeper._store.remove([".socialconnect/lock.json"])
    other = opened(lambda: FileSink(url), mode="merge", run="r2")
    other.commit(tasks(1), [ended()])
    with pytest.raises(TargetBusy):
        sleeper.commit(tasks(2), [ended()])
    sleeper.close()
    assert ids(other) == [("ada", "a1", 1)]
    other.finish(running("r2", "merge", status="finished", ended_at=1.0), [])
    other.close()
    assert ids(FileSink(url)) == [("ada", "a1", 1)]


@pytest.mark.parametrize("folder", ["memory:/{}/out", "{}/out"])
def test_a_filesystem_that_cannot_make_only_what_is_not_there(tmp_path, monkeypatch, folder):
    """There it is looked first, so that an entry of the log that is there is never written over."""
    real = MemoryFileSystem.pipe_file

    def pipe_file(self, path, value, **how):
        if how:
            raise TypeError("mode")
        real(self, path, value)

    monkeypatch.setattr(MemoryFileSystem, "pipe_file", pipe_file)
    store = Store(folder.format(tmp_path))
    store.put("log/1.json", b"first", new=True)
    with pytest.raises(TargetBusy):
        store.put("log/1.json", b"second", new=True)
    assert store.read("log/1.json") == b"first"
    store.put("log/1.json", b"second")
    assert store.read("log/1.json") == b"second"
