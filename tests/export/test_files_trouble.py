"""What can go wrong with a target of files: it is said in a sentence with a cure, and what was there stays."""

from __future__ import annotations

import errno
import gzip
import os
import subprocess

import msgspec
import pytest
from tests.export.contract_words import TASKS, ended, ids, opened, running, tasks

from socialconnect.errors import DamagedState, TargetError
from socialconnect.export.files import FileSink
from socialconnect.export.files.store import Store

HOME = ".socialconnect"


@pytest.fixture
def to(tmp_path):
    """A target with a finished export in it: one row."""
    sink = opened(lambda: FileSink(f"{tmp_path}/out"), mode="merge")
    sink.commit(tasks(1), [ended()])
    sink.finish(running(mode="merge", status="finished", ended_at=1.0), [])
    sink.close()
    return tmp_path / "out"


def newest(to):
    return max((to / HOME).glob("state-*"))


def running_on(to):
    """A second export into it, which has committed and not finished, and its log's last entry."""
    sink = opened(lambda: FileSink(str(to)), mode="merge", run="r2")
    sink.commit(tasks(2, user="bob"), [ended(user="bob")])
    sink.close()
    return max((to / HOME / "log").iterdir())


def damaged(to, match):
    data = {path: path.read_bytes() for path in (to / "acme.tasks").rglob("*.parquet")}
    with pytest.raises(DamagedState, match=match) as caught:
        FileSink(str(to)).open([TASKS], "merge")
    assert "backup" in caught.value.cure
    assert {path: path.read_bytes() for path in data} == data


@pytest.mark.parametrize("left", [0, 5, -5])
def test_a_fold_that_is_cut_off(to, left):
    """State that ends too early is told apart from less state."""
    path = newest(to)
    path.write_bytes(path.read_bytes()[:left])
    damaged(to, path.name)


def test_a_fold_that_is_garbage(to):
    """State that is not what was written is refused by name."""
    newest(to).write_bytes(os.urandom(200))
    damaged(to, "state-")


def test_a_fold_with_an_account_less(to):
    """State that lacks a line is refused, whole as it may look."""
    lines = gzip.decompress(newest(to).read_bytes()).splitlines(keepends=True)
    newest(to).write_bytes(gzip.compress(b"".join(lines[:-1])))
    damaged(to, "0 of 1 accounts")


def test_a_fold_of_a_later_version(to):
    """State of another version is not guessed at."""
    lines = gzip.decompress(newest(to).read_bytes()).splitlines(keepends=True)
    first = {**msgspec.json.decode(lines[0]), "version": 99}
    newest(to).write_bytes(gzip.compress(msgspec.json.encode(first) + b"\n" + b"".join(lines[1:])))
    damaged(to, "version 99")


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b'{"told": [1]}'])
def test_an_entry_that_is_garbage(to, data):
    """An entry of the log that cannot be read is refused by name."""
    path = running_on(to)
    path.write_bytes(data)
    damaged(to, path.name)


def test_an_entry_that_is_missing(to):
    """A gap in the log is refused: what stood there may have been all that is known of an account."""
    last = running_on(to)
    before = last.with_name(f"{int(last.stem) - 1:012d}.json")
    before.unlink()
    damaged(to, f"{before.name} is missing")


def test_a_staged_file_that_is_missing(to):
    """Staged rows that somebody has taken away are missed, and nothing is published without them."""
    running_on(to)
    for path in (to / HOME / "parts").iterdir():
        path.unlink()
    sink = FileSink(str(to))
    sink.open([TASKS], "merge")
    with pytest.raises(TargetError):
        sink.begin(running("r3", "merge"), resume=False)
    sink.close()
    assert ids(FileSink(str(to))) == [("ada", "a1", 1)]


def test_data_that_others_have_changed(to):
    """A file with another number of rows than were written is not taken for ours."""
    csv = to.parent / "csv"
    for expected in (1, None):
        sink = opened(lambda: FileSink(str(csv), "csv"), mode="merge")
        sink.commit(tasks(1), [ended()])
        if expected is None:
            with pytest.raises(TargetError, match="another number of rows"):
                sink.finish(running(mode="merge"), [])
        else:
            sink.finish(running(mode="merge"), [])
            lines = (csv / "acme.tasks.csv").read_text().splitlines(keepends=True)
            (csv / "acme.tasks.csv").write_text("".join([*lines, lines[-1]]))
        sink.close()


@pytest.fixture
def small(tmp_path):
    """A disk of one megabyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    if (
        os.geteuid()
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("only root can mount a disk")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk(small):
    """Where the disk is full nothing is half done; with room again the same export goes on."""
    sink = opened(lambda: FileSink(f"{small}/out", "csv"), mode="merge")
    sink.commit(tasks(1), [ended()])
    sink.finish(running(mode="merge"), [])
    sink.commit(tasks(*range(2, 4000), title="x" * 150), [ended("changes")])  # staged it is small, as CSV it is not
    filler = small / "filler"
    filler.write_bytes(b"0" * 300_000)
    with pytest.raises(TargetError, match="No space left") as caught:
        sink.finish(running(mode="merge", status="finished"), [])
    assert "--resume" in caught.value.cure
    assert not list((small / "out" / HOME).rglob("*.tmp"))
    sink.close()
    assert len(ids(FileSink(f"{small}/out", "csv"))) == 1
    filler.unlink()
    sink = opened(lambda: FileSink(f"{small}/out", "csv"), mode="merge", resume=True)
    sink.finish(running(mode="merge", status="finished"), [])
    assert len(ids(sink)) == 3999
    sink.close()


def test_a_disk_that_can_only_be_read(small):
    """A target that can only be read is said to be that."""
    subprocess.run(["mount", "-o", "remount,ro", small], check=True)
    with pytest.raises(TargetError, match=r"[Rr]ead-only") as caught:
        FileSink(f"{small}/out").open([TASKS], "merge")
    assert "another place" in caught.value.cure


@pytest.mark.parametrize(
    ("error", "cure"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "room"),
        (PermissionError(errno.EACCES, "Permission denied"), "right"),
        (ConnectionError("reset"), "--resume"),
    ],
)
def test_a_filesystem_that_refuses(to, monkeypatch, error, cure):
    """Whatever a filesystem raises becomes an error with a cure, and the commit has not happened."""
    sink = opened(lambda: FileSink(str(to)), mode="merge", run="r2")

    def refuse(*_, **__):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(Store, "put", refuse)
        with pytest.raises(TargetError, match=str(to)) as caught:
            sink.commit(tasks(2, user="bob"), [ended(user="bob")])
    assert cure in caught.value.cure
    sink.commit(tasks(3, user="bob"), [ended(user="bob")])
    assert [row[2] for row in ids(sink)] == [1, 3]
    sink.close()


def test_no_such_bucket(s3, monkeypatch):
    """A bucket that is not there is not made, and said to be missing."""
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(TargetError, match="bucket") as caught:
        FileSink("s3://there-is-no-such-bucket/x").open([TASKS], "merge")
    assert "bucket" in caught.value.cure
