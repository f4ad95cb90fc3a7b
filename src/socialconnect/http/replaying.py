"""`replay`: what was recorded is played, without network and without key."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qsl, urlsplit

import msgspec

from socialconnect.errors import NotRecorded, ProtocolError, SocialConnectError, Unavailable
from socialconnect.http import cassette
from socialconnect.http.tape import FAILURE, TOLD, close_tape, open_tape, path_of
from socialconnect.secret import scrub

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from socialconnect.http.tape import Asked, Send
    from socialconnect.reading.messages import Request, Response

_FAILURES: dict[str, type[SocialConnectError]] = {one.code: one for one in (Unavailable, ProtocolError)}


def replay(path: str | os.PathLike[str]) -> Replay:
    """Play what was recorded: in the block nothing goes to a network, and `Client()` needs no key.

    Parameters: `path` is a cassette that `record` has written. Returns a context manager for `with`, around
    synchronous calls and awaited ones; its `unplayed` counts what nobody has asked for yet. It holds for every client
    and thread of this process. Nothing waits: neither for budgets nor between retries, which are played as they were.

    A request is known again by its method, address, body, external account and version of the API. Asked several times,
    the answers come in the order in which they came, then the last again. So a time that depends on the clock
    (`since=` a week ago) is asked for in vain: give it as a fixed value.

    Raises a UsageError where the cassette is missing or damaged, a MissingPackage where the extra `record` is not
    installed; in the block, a NotRecorded names the request that is not on the cassette and ends the run.

    >>> import socialconnect as sc
    >>> with sc.replay("nowhere.yaml"):
    ...     sc.Client().users()
    Traceback (most recent call last):
    socialconnect.errors.UsageError: There is no cassette at nowhere.yaml. Record it: ...
    """
    return Replay(path_of(path))


class Replay:
    """A cassette that is being played; made by `replay`."""

    plays = True

    def __init__(self, path: Path) -> None:
        self.path = path
        self._recorded: dict[_Key, list[Response]] = {}
        self._played: defaultdict[_Key, int] = defaultdict(int)
        self._complete = True
        self._lock = threading.Lock()

    @property
    def unplayed(self) -> int:
        """How many of the recorded exchanges nobody has asked for yet."""
        return sum(max(0, len(answers) - self._played[key]) for key, answers in self._recorded.items())

    def __len__(self) -> int:
        return sum(map(len, self._recorded.values()))

    def __repr__(self) -> str:
        return f"<Replay {self.path}: {len(self)} exchanges, {self.unplayed} not asked for>"

    def __enter__(self) -> Self:
        cassette.check()
        exchanges, about = cassette.load(self.path)
        self._recorded.clear()
        self._played.clear()
        for one in exchanges:
            self._recorded.setdefault(_key(one.request, one.account), []).append(one.response)
        self._complete = about.get("complete") is not False
        open_tape(self)
        return self

    def __exit__(self, *_: object) -> None:
        close_tape(self)

    async def carry(self, asked: Asked, send: Send) -> Response:
        """What was answered; a NotRecorded where it was never asked."""
        del send
        await asyncio.sleep(0)  # others get their turn as on a network
        key = _key(asked.request, asked.account)
        with self._lock:
            answers = self._recorded.get(key)
            if answers is None:
                raise self._missing(key)
            response = answers[min(self._played[key], len(answers) - 1)]
            self._played[key] += 1
        if FAILURE in response.headers:
            raise _failure(response)
        return response

    def _missing(self, key: _Key) -> NotRecorded:
        broke = "" if self._complete else " The recording broke off before its end."
        whose = f" for {key.account}" if key.account else ""
        return NotRecorded(
            scrub(
                f"{key.method} {key.url[:300]}{whose} is not in the cassette {self.path}{self._nearest(key)}.{broke}"
            ),
            cure=f"Record the analysis again as it is now: with socialconnect.record({self.path.name!r}): …",
        )

    def _nearest(self, key: _Key) -> str:
        """How the request differs from the one that is most like it."""
        path = key.url.partition("?")[0]
        like = [one for one in self._recorded if (one.method, one.url.partition("?")[0]) == (key.method, path)]
        found = min((one.unlike(key) for one in like), key=len, default=[])
        return f"; what was recorded has {', '.join(found)}" if found else ""


@dataclass(frozen=True, slots=True)
class _Key:
    """What a request is known again by."""

    method: str
    url: str
    account: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def unlike(self, other: _Key) -> list[str]:
        """What this one has that the other has not, in words."""
        odd = _odd(_query(self.url), _query(other.url), "=") + _odd(dict(self.headers), dict(other.headers), ": ")
        odd += ["another body"] if self.body != other.body else []
        odd += [f"the account {self.account or 'of nobody'}"] if self.account != other.account else []
        return odd


def _key(request: Request, account: str) -> _Key:
    headers = {name.lower(): value for name, value in request.headers.items()}
    told = tuple(sorted((name, value) for name, value in headers.items() if TOLD.fullmatch(name)))
    return _Key(request.method, request.url, account, told, request.body or b"")


def _odd(mine: dict[str, str], theirs: dict[str, str], sign: str) -> list[str]:
    return [
        f"{name}{sign}{mine[name]}" if name in mine else f"no {name}"
        for name in {**mine, **theirs}
        if mine.get(name) != theirs.get(name)
    ]


def _query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def _failure(response: Response) -> SocialConnectError:
    message, cure = msgspec.json.decode(response.body, type=tuple[str, str])
    return _FAILURES.get(response.headers[FAILURE], Unavailable)(message, cure=cure)
