"""A folder on any filesystem that fsspec reaches, in which a file is there as a whole or not at all.

On a local disk a file is written beside its place and renamed. Object stores show a PUT when it is complete, and not
before. On any other filesystem (SFTP, SMB …) it is renamed there.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import fsspec
from fsspec.implementations.local import LocalFileSystem

from socialconnect.export.files.trouble import busy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WHOLE = frozenset({"abfs", "abfss", "adl", "az", "gcs", "gs", "memory", "oci", "oss", "r2", "s3", "s3a"})
"""Filesystems on which a file appears when it is complete."""

TEMPORARY = ".tmp"
_MEANWHILE = "Another export has written to the same place meanwhile."


class Store:
    """Files below one folder, named by their paths from there."""

    def __init__(self, url: str) -> None:
        self.files, root = fsspec.core.url_to_fs(url)
        self.root = str(root).rstrip("/") or "/"
        self.local = isinstance(self.files, LocalFileSystem)
        protocol = self.files.protocol
        names = {protocol} if isinstance(protocol, str) else set(protocol)
        self._whole = bool(names & WHOLE)

    def path(self, name: str) -> str:
        """The full path of a file, as the filesystem has it."""
        return f"{self.root.rstrip('/')}/{name}" if name else self.root

    def make(self, folder: str) -> None:
        """Make a folder, where the filesystem has folders; s3fs would make a bucket."""
        if not self._whole:
            self.files.makedirs(self.path(folder), exist_ok=True)

    def names(self, folder: str) -> list[str]:
        """The files in a folder and below, sorted; none where there is no such folder."""
        self.files.invalidate_cache()
        found = self.files.find(self.path(folder))
        start = len(self.path("x")) - 1
        return sorted(str(path)[start:] for path in found)

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""
        self.files.invalidate_cache()
        return bool(self.files.isfile(self.path(name)))

    def read(self, name: str) -> bytes:
        """All of a file."""
        return cast("bytes", self.files.cat_file(self.path(name)))

    def read_all(self, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Many small files in their order, fetched at once by the hundred."""
        for first in range(0, len(names), 100):
            some = names[first : first + 100]
            found = self.files.cat([self.path(name) for name in some], on_error="raise")
            for name in some:
                yield name, found[self.path(name)] if isinstance(found, dict) else found

    @contextmanager
    def reading(self, name: str) -> Iterator[BinaryIO]:
        """A file, to be read from anywhere in it."""
        with self.files.open(self.path(name), "rb") as file:
            yield file

    def put(self, name: str, data: bytes, *, new: bool = False) -> None:
        """Write a file. With `new`, a TargetBusy where it is there already: of two at one moment S3 lets one."""
        if self._whole and new and self._created(self.path(name), data):
            return
        if new and self.exists(name):
            raise busy(_MEANWHILE)
        if self.local:
            self._put_local(Path(self.path(name)), data)
        elif self._whole:
            self.files.pipe_file(self.path(name), data)
        else:
            self.files.pipe_file(self.path(name + TEMPORARY), data)
            self._rename(name + TEMPORARY, name)

    def _put_local(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(path.name + TEMPORARY)
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        _settle(path.parent)

    def _created(self, path: str, data: bytes) -> bool:
        """Whether a file was made that was not there, by one step; false where the store knows no such step."""
        try:
            self.files.pipe_file(path, data, mode="create")
        except FileExistsError:
            raise busy(_MEANWHILE) from None
        except (NotImplementedError, TypeError, ValueError):
            return False
        return True

    @contextmanager
    def writing(self, name: str) -> Iterator[str]:
        """A path on this machine to write a large file to: it is there under its name when the block ends well."""
        if self.local:
            path = Path(self.path(name))
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_name(path.name + TEMPORARY)
            beside.unlink(missing_ok=True)
            try:
                yield str(beside)
                with beside.open("rb") as file:
                    os.fsync(file.fileno())
                beside.replace(path)
            finally:
                beside.unlink(missing_ok=True)  # what failed for want of room must not take it
            return
        with tempfile.TemporaryDirectory() as folder:
            yield f"{folder}/file"
            self.files.put_file(f"{folder}/file", self.path(name if self._whole else name + TEMPORARY))
        if not self._whole:
            self._rename(name + TEMPORARY, name)

    def move(self, name: str, to: str) -> None:
        """Put a file in another's place by one step; nothing where that has been done before."""
        if not self.exists(name):
            if not self.exists(to):
                raise FileNotFoundError(to)
            return
        if self.local:
            target = Path(self.path(to))
            target.parent.mkdir(parents=True, exist_ok=True)
            Path(self.path(name)).replace(target)
            _settle(target.parent)
        elif self._whole:
            self.files.cp_file(self.path(name), self.path(to))
            self.remove([name])
        else:
            self._rename(name, to)

    def _rename(self, name: str, to: str) -> None:
        self.make(to.rpartition("/")[0])
        self.files.mv(self.path(name), self.path(to))

    def remove(self, names: Sequence[str]) -> None:
        """Remove files; those that are gone already do not matter."""
        if self.local or not self._whole:
            for name in names:
                if self.exists(name):
                    self.files.rm_file(self.path(name))
        elif names:
            present = {name for folder in {name.rpartition("/")[0] for name in names} for name in self.names(folder)}
            if gone := [self.path(name) for name in names if name in present]:
                self.files.rm(gone)


def _settle(folder: Path) -> None:
    """Have the names in a folder survive a power cut, where the system can."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
