"""The one cassette that is open: whether it takes in what is sent or plays what was, it stands in the transport's way.

One is open at a time, for the whole process: were it a matter of the context, a thread started inside a replay would
call the network.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from socialconnect.errors import MissingKey, UsageError
from socialconnect.http.scrubbing import PLACEHOLDER
from socialconnect.reading.messages import Request, Response
from socialconnect.secret import Secret

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

    from socialconnect.settings import Settings

Send = Callable[[], Awaitable[Response]]

FAILURE = "x-socialconnect-failure"
TOLD = re.compile(r"accept|content-type|[a-z-]+-version")  # request headers on which the answer depends
_CONDITIONS = {"if-none-match", "if-modified-since"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the transport hands it over, its address as the service itself writes it.

    `source` says what answers: `sandbox` (an application in this process), `this machine` or `live`.
    """

    request: Request
    account: str
    source: str
    homes: Mapping[str, str] = field(default_factory=dict)


class Tape(Protocol):
    """A cassette that is open."""

    path: Path
    plays: bool

    async def carry(self, asked: Asked, send: Send) -> Response:
        """The answer to a request; `send` gets it from where it comes from."""


_lock = threading.Lock()
_tape: Tape | None = None
_apart: ContextVar[bool] = ContextVar("apart", default=False)


def tape() -> Tape | None:
    """The cassette that is open in this process, if one is; none for what goes on apart from it."""
    return None if _apart.get() else _tape


@contextmanager
def apart() -> Iterator[None]:
    """What is asked in here, and by the tasks that are begun in here, is neither recorded nor played."""
    before = _apart.set(True)
    try:
        yield
    finally:
        _apart.reset(before)


def open_tape(one: Tape) -> None:
    """Put it in the transport's way; a UsageError where another is there."""
    global _tape  # noqa: PLW0603 - there is one at a time, for all threads
    with _lock:
        if _tape is not None:
            doing = "played" if _tape.plays else "recorded"
            raise UsageError(
                f"The cassette {_tape.path} is being {doing}; only one is open at a time.", cure="End that block first."
            )
        _tape = one


def close_tape(one: Tape) -> None:
    """Take it away."""
    global _tape  # noqa: PLW0603 - as above
    with _lock:
        if _tape is one:
            _tape = None


def key(settings: Settings) -> Secret:
    """Clerk's secret key; in a replay that has none, what stands in its place. Raises what `Settings.key` raises."""
    try:
        return settings.key()
    except MissingKey:
        current = tape()
        if current is None or not current.plays:
            raise
    return Secret(f"{PLACEHOLDER}key")


def check_token(token: Secret | None) -> None:
    """Raise a UsageError where a token is what a cassette has in its place: it must not be sent."""
    if token is not None and token.reveal().startswith(PLACEHOLDER):
        raise UsageError(
            "This client was made inside a replay, which has ended: it has no key.",
            cure="Make another client, or put the call into the block of the replay.",
        )


def plain(request: Request) -> Request:
    """The request without conditions: what is on the cassette must stand without what somebody had before."""
    kept = {name: value for name, value in request.headers.items() if name.lower() not in _CONDITIONS}
    return replace(request, headers=kept)


def at_home(text: str, homes: Mapping[str, str]) -> str:
    """`text` with the services' own addresses where `base_urls` has put others: they may be gone next year."""
    for origin, base in sorted(homes.items(), key=lambda pair: len(pair[1]), reverse=True):
        text = re.sub(rf"{re.escape(base)}(?=[/?#>;,\s]|$)", lambda _, origin=origin: origin, text)  # type: ignore[misc]  # bound
    return text


def path_of(path: str | os.PathLike[str]) -> Path:
    """The path of a cassette as people give it."""
    try:
        return Path(path).expanduser()
    except (TypeError, RuntimeError):
        raise UsageError(
            f"{path!r} is not the path of a cassette.", cure="Pass one, such as 'analysis.yaml'."
        ) from None
