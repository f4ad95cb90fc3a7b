"""`record`: what an analysis asks for is kept, without its secrets, so that it runs again next year."""

from __future__ import annotations

import os
import re
import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import msgspec

from socialconnect import __version__
from socialconnect.errors import ProtocolError, SocialConnectError, Unavailable, UsageError
from socialconnect.http import cassette
from socialconnect.http.cassette import Exchange
from socialconnect.http.scrubbing import Scrubber, secrets_in, shape_in
from socialconnect.http.tape import FAILURE, TOLD, at_home, close_tape, open_tape, path_of
from socialconnect.reading.messages import Request, Response
from socialconnect.secret import SHORTEST, Secret, known, scrub

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from types import TracebackType

    from socialconnect.http.tape import Asked, Send

_DROPPED = re.compile(
    r"cookie|session|csrf|secret|(^|-)token(-|$)|^(proxy-)?authorization$"
    r"|^content-(encoding|length)$|^transfer-encoding$|^connection$|^keep-alive$"  # bodies are kept plain and whole
)
_ABOUT_TOKENS = re.compile(r"token|ticket|session|sign_in|client")


def record(path: str | os.PathLike[str], *, hide: Iterable[str | Secret] = ()) -> Recording:
    """Record what a block asks for and is answered, for `replay` to play again.

    Parameters: `path` is the cassette, a YAML file in VCR's format, written when the block ends; a cassette that is
    there is replaced. `hide` names values that must not be written, beside those that are known to be secrets: Clerk's
    key, every token, and what stands in fields such as `access_token`. All become placeholders before the first byte
    is written. Data about people is data, and is written. What the analysis itself passes on cannot be hidden: the
    replay would not find it.

    Returns a context manager for `with`, around synchronous calls and awaited ones. While it is open, it takes in all
    that any client of this process sends, in any thread; only one recording or replay is open at a time.

    Raises a UsageError where the path cannot be written to, where nothing was asked for, and where what would be
    written still holds a secret or looks like one: then nothing is written, and the recording is kept in memory for
    `save()`. A block that fails leaves the cassette that was there as it was; where there was none, what was asked
    until then is saved and marked as incomplete. Raises a MissingPackage where the extra `record` is not installed.

    >>> import socialconnect as sc, tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp(), "analysis.yaml")
    >>> with sc.record(path):
    ...     recorded = sc.sandbox(users=3).users()
    >>> with sc.replay(path):
    ...     played = sc.Client().users()
    >>> played.equals(recorded)
    True
    """
    return Recording(path_of(path), hide)


class Recording:
    """What is being recorded; made by `record`."""

    plays = False

    def __init__(self, path: Path, hide: Iterable[str | Secret]) -> None:
        self.path = path
        self._hidden = set(_values(hide))
        self._secrets: set[str] = set()
        self._taken: list[Exchange | None] = []  # in the order of sending; None while it is under way
        self._sources: set[str] = set()
        self._complete = True
        self._saved = 0
        self._lock = threading.Lock()
        self._process = os.getpid()

    def __len__(self) -> int:
        return self._saved or sum(one is not None for one in self._taken)

    def __repr__(self) -> str:
        return f"<Recording {self.path}: {len(self)} exchanges>"

    def __enter__(self) -> Self:
        cassette.check()
        cassette.check_place(self.path)
        open_tape(self)
        self._taken, self._sources, self._complete, self._saved = [], set(), True, 0
        self._process = os.getpid()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        close_tape(self)
        self._complete = error is None
        if error is None:
            self.save()
        elif not self._done():
            return
        elif self.path.exists():
            error.add_note(f"The block failed, so {self.path} was left as it was: recording.save() replaces it.")
        else:
            try:
                self.save()
            except SocialConnectError as problem:
                error.add_note(f"The recording is not saved: {problem}")

    def save(self, path: str | os.PathLike[str] | None = None, *, hide: Iterable[str | Secret] = ()) -> None:
        """Write the cassette; needed only after the block's own end could not. Raises what `record` raises.

        Parameters: `path` for another place, `hide` for further values to put placeholders for.
        """
        if self._saved:
            raise UsageError("This recording is saved already.", cure="Copy the file.")
        place = self.path if path is None else path_of(path)
        cassette.check_place(place)
        self._hidden.update(_values(hide))
        clean = self._clean(Scrubber({*self._hidden, *self._secrets, *known(), *self._named()}))
        problem = next((problem for _, problem in clean if problem is not None), None)
        if problem is not None:
            raise problem
        if not clean:
            raise UsageError("Nothing was asked for, so there is nothing to record.", cure="Ask for it in the block.")
        about = {
            "recorded_by": f"socialconnect {__version__}",
            "recorded_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "recorded_from": ", ".join(sorted(self._sources)),
            "complete": self._complete,
        }
        cassette.save(place, [one for one, _ in clean], about)
        # in the clear they are needed no more
        self._saved, self._taken, self._secrets = len(clean), [], set()

    async def carry(self, asked: Asked, send: Send) -> Response:
        """Send it, and keep the answer."""
        if os.getpid() != self._process:
            raise UsageError(
                f"The recording of {self.path} was begun in another process.", cure="Record in each process by itself."
            )
        with self._lock:
            self._secrets |= known()  # the token among them, which may be forgotten before the end
            self._sources.add(asked.source)
            taken, place = self._taken, len(self._taken)
            taken.append(None)
        try:
            response = await send()
        except (Unavailable, ProtocolError) as error:
            taken[place] = Exchange(asked.request, asked.account, _failed(error))
            raise
        headers = {
            name: at_home(value, asked.homes) if name in ("link", "location") else value
            for name, value in response.headers.items()
        }
        taken[place] = Exchange(asked.request, asked.account, replace(response, headers=headers))
        return response

    def _named(self) -> Iterator[str]:
        """The secrets that are told by the name of their field."""
        for one in self._done():
            for text in _texts(one):
                yield from secrets_in(text, about_tokens=_about_tokens(one))

    def _clean(self, scrubber: Scrubber) -> list[tuple[Exchange, UsageError | None]]:
        """Each exchange as it may be written, and why it may not."""
        scrubbed = [_scrubbed(one, scrubber) for one in self._done()]
        return [(one, _problem(one, scrubber)) for one in scrubbed]

    def _done(self) -> list[Exchange]:
        return [one for one in self._taken if one is not None]


def _values(hide: Iterable[str | Secret]) -> list[str]:
    found = [one.reveal() if isinstance(one, Secret) else one for one in ([hide] if isinstance(hide, str) else hide)]
    if not all(isinstance(one, str) and len(one) >= SHORTEST for one in found):
        raise UsageError(
            f"What is to be hidden must be text of {SHORTEST} characters or more.",
            cure="A shorter value would blank out ordinary words.",
        )
    return found


def _about_tokens(one: Exchange) -> bool:
    """Whether it is Clerk's own answer, and about tokens: there, a field named `token` is one."""
    return not one.account and _ABOUT_TOKENS.search(urlsplit(one.request.url).path) is not None


def _texts(one: Exchange) -> list[str]:
    """All that would be written of an exchange."""
    request, response = one.request, one.response
    headers = [f"{name}: {value}" for name, value in [*request.headers.items(), *response.headers.items()]]
    return [request.url, one.account, *headers, _decoded(request.body or b"")[0], _decoded(response.body)[0]]


def _scrubbed(one: Exchange, scrubber: Scrubber) -> Exchange:
    about = _about_tokens(one)

    def text(text: str) -> str:
        return scrubber.text(text, about_tokens=about)

    def data(body: bytes) -> bytes:
        clear, coding = _decoded(body)
        return text(clear).encode(coding)

    request, response = one.request, one.response
    asked = {name.lower(): text(value) for name, value in request.headers.items() if TOLD.fullmatch(name.lower())}
    answered = {name: text(value) for name, value in response.headers.items() if not _DROPPED.search(name)}
    return Exchange(
        Request(request.method, text(request.url), asked, None if request.body is None else data(request.body)),
        one.account,
        Response(response.status, answered, data(response.body)),
    )


def _problem(one: Exchange, scrubber: Scrubber) -> UsageError | None:
    """Why an exchange may not be written, though it was scrubbed; returned, so that no frame of it holds the text."""
    text = "\n".join(_texts(one))
    shape = shape_in(text)
    if shape is not None:
        kind, begins = shape
        return UsageError(
            f"Nothing was written: {_named(one.request)} and its answer hold what looks like {kind} ({begins}…).",
            cure="If it is one, name it: recording.save(hide=[…]), or sc.record(path, hide=[…]) the next time.",
        )
    if scrubber.left(text):
        return UsageError(
            f"Nothing was written: {_named(one.request)} and its answer still hold a secret, encoded.",
            cure="Leave that call out of the block, and report it.",
        )
    return None


def _named(request: Request) -> str:
    return scrub(f"{request.method} {request.url.partition('?')[0]}")


def _decoded(body: bytes) -> tuple[str, str]:
    try:
        return body.decode(), "utf-8"
    except UnicodeDecodeError:
        return body.decode("latin-1"), "latin-1"


def _failed(error: SocialConnectError) -> Response:
    """That no answer came, as one: VCR's format has no other place for it."""
    return Response(0, {FAILURE: error.code}, msgspec.json.encode([scrub(error.message), scrub(error.cure)]))
