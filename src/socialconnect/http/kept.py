"""The answers that are kept: what may be, how to ask whether one still holds, and where they lie.

hishel has the rules (RFC 9111) and the storage (SQLite); what is here are the questions put to its rules and the
narrowing of them. Every answer is asked for again before it is used, by its ETag alone: GitHub answers
If-Modified-Since wrongly (https://github.com/hub4j/github-api/issues/669).
"""

from __future__ import annotations

import hmac
import logging
import os
import sqlite3
import threading
import weakref
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import hishel

from socialconnect.reading.messages import Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

MEMORY = ":memory:"
IDLE = 30 * 86_400.0  # seconds after which an answer that nobody asked for is dropped
LARGEST = 1024**3  # bytes of the whole file; then what was not used for longest goes
_FILE = "answers.db"
_TABLES = {"entries", "streams"}
_SEAL = "x-socialconnect-seal"
_PATIENCE = 2000  # milliseconds that another process may hold the file
# cookies let somebody in, and by a date it is not asked
_LEFT_OUT = {"set-cookie", "set-cookie2", "last-modified", _SEAL}
_OURS = hishel.CacheOptions(shared=False, supported_methods=["GET"], allow_stale=False)  # one user's at a time


@dataclass(frozen=True, slots=True)
class Found:
    """A request, the condition that what is kept puts to it, and what is kept."""

    request: Request
    key: str
    state: hishel.CacheMiss | hishel.NeedRevalidation
    ids: tuple[UUID, ...] = ()
    body: bytes = b""

    @property
    def conditional(self) -> bool:
        """Whether the request asks if what is kept still holds."""
        return isinstance(self.state, hishel.NeedRevalidation)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """An answer that still holds, and its entry with the headers that came now."""

    response: Response
    entry: hishel.Entry


def confirmed(found: Found, came: Response) -> Confirmed | None:
    """What a 304 confirms, as the answer that it stands for; None where it means nothing that is kept."""
    state = found.state.next(_theirs(came))
    if not isinstance(state, hishel.NeedToBeUpdated):
        return None
    entry = state.updating_entries[-1]
    # a date of then would put every limit's reset far into the future
    gone = {_SEAL} if "date" in came.headers else {_SEAL, "date"}
    headers = {name: text for name, text in entry.response.headers.items() if name not in gone}
    return Confirmed(Response(200, headers, found.body), entry)


class Kept:
    """The answers in one file, or in memory; for one thread at a time.

    `seal` is a secret of this client's own: an answer that somebody else put there, or moved, is not taken.
    """

    def __init__(self, place: str, seal: bytes) -> None:
        self._seal = seal
        connection = _connected(place)
        self._end = weakref.finalize(self, _close, connection, os.getpid())
        self._storage = hishel.SqliteStorage(connection=connection, default_tti=IDLE, max_size=LARGEST)
        self._storage.get_entries("")  # makes the tables, with a patience of its own
        connection.execute(f"PRAGMA busy_timeout={_PATIENCE}")

    def find(self, request: Request, key: str) -> Found:
        """What is kept for `key`, and the request that asks whether it still holds."""
        # the key stands in for address and headers, so that no value of either is stored
        asked = hishel.Request("GET", key, hishel.Headers({"cache-control": "no-cache"}))
        entries = self._storage.get_entries(key)
        body, newest = b"", entries[-1:]
        if newest:
            body = b"".join(_parts(newest[0]))
            if not hmac.compare_digest(newest[0].response.headers.get(_SEAL, ""), self._sealed(key, body)):
                newest = []
        state = hishel.IdleClient(_OURS).next(asked, newest)
        ids = tuple(entry.id for entry in entries)
        if not isinstance(state, hishel.NeedRevalidation):
            return Found(request, key, hishel.CacheMiss(_OURS, asked), ids)
        headers = {**request.headers, "if-none-match": state.request.headers["if-none-match"]}
        return Found(replace(request, headers=headers), key, state, ids, body)

    def confirm(self, confirmed: Confirmed) -> None:
        """Keep the headers that came with a 304."""
        self._storage.update_headers(confirmed.entry.id, confirmed.entry.response.headers)

    def put(self, found: Found, came: Response, *, keep: bool) -> None:
        """Keep an answer in the place of the older ones, where the rules let it be kept."""
        state: hishel.AnyState = found.state.next(_theirs(came))
        while isinstance(state, hishel.InvalidateEntries):
            state = state.next()
        self.drop(found)  # beside a second one, a weak ETag would confirm neither
        if keep and isinstance(state, hishel.StoreAndUse):
            headers = hishel.Headers({**state.response.headers, _SEAL: self._sealed(found.key, came.body)})
            answer = hishel.Response(200, headers, iter((came.body,)))
            entry = self._storage.create_entry(found.state.request, answer, found.key)
            for _ in _parts(entry):
                pass  # it is kept once it has been read to its end

    def drop(self, found: Found) -> None:
        """Forget what was found."""
        for entry in found.ids:
            self._storage.remove_entry(entry)

    def close(self) -> None:
        """Close the file; what lay in memory is gone."""
        self._end()

    def _sealed(self, key: str, body: bytes) -> str:
        return hmac.digest(self._seal, key.encode() + body, "sha256").hex()


@contextmanager
def listening() -> Iterator[list[str]]:
    """What hishel's storage writes to its log in place of raising: a traceback for each failure."""
    _log.addFilter(_take)  # the same filter again is not added twice
    _heard.troubles = troubles = list[str]()
    try:
        yield troubles
    finally:
        _heard.troubles = None


_log = logging.getLogger(hishel.SqliteStorage.__module__)
_heard = threading.local()


def _take(record: logging.LogRecord) -> bool:
    troubles: list[str] | None = getattr(_heard, "troubles", None)
    if troubles is None or record.levelno < logging.WARNING:
        return True
    error = record.exc_info[1] if record.exc_info else None
    troubles.append(str(error or record.getMessage()))
    return False


def _connected(place: str) -> sqlite3.Connection:
    """The database, made readable by its owner alone; a ValueError where something else is in the file."""
    if place != MEMORY:
        path = Path(place).expanduser()
        if path.is_dir() or not path.suffix:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            (path / ".gitignore").write_text("*\n", "utf-8")
            path /= _FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite gives its other files the same mode
        place = str(path)
    connection = sqlite3.connect(place, timeout=_PATIENCE / 1000, isolation_level=None, check_same_thread=False)
    try:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error:
        connection.close()
        raise
    if not tables <= _TABLES:
        connection.close()
        raise ValueError("it holds something else")
    return connection


def _close(connection: sqlite3.Connection, process: int) -> None:
    if process == os.getpid():  # a fork must leave its parent's database alone: https://sqlite.org/howtocorrupt.html
        connection.close()


def _theirs(came: Response) -> hishel.Response:
    return hishel.Response(
        came.status, hishel.Headers({name: text for name, text in came.headers.items() if name not in _LEFT_OUT})
    )


def _parts(entry: hishel.Entry) -> Iterator[bytes]:
    stream = entry.response.stream
    if stream is None or hasattr(stream, "__aiter__"):
        return
    yield from stream
