"""A cache that asks every time: what the provider confirms (304) is not sent again, and nothing is taken on trust.

It is for providers' GET requests made with an account's token; Clerk's answers, which hold tokens, never pass here.
Whatever happens to its file, a read goes on without it.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import os
import re
import sqlite3
import threading
from hashlib import sha256
from typing import TYPE_CHECKING, TypeVar

from socialconnect.http.kept import Found, Kept, confirmed, listening
from socialconnect.http.tape import tape
from socialconnect.secret import scrub

if TYPE_CHECKING:
    from collections.abc import Callable

    from socialconnect.reading.messages import Request, Response
    from socialconnect.secret import Secret
    from socialconnect.settings import Settings

_log = logging.getLogger(__name__)
# whatever a provider hands out by such a name, as GitHub does temp_clone_token, but for its cursors: nextPageToken
_HANDED_OUT = re.compile(r'oken"\s*:\s*"[^"]|ecret"\s*:\s*"[^"]')
_CURSOR = re.compile(r"(?:page|sync|next|continuation)_?t$", re.IGNORECASE)
_parked: list[Kept] = []  # a parent's: neither used nor closed after a fork

T = TypeVar("T")


class Cache:
    """The answers of one client, kept where its settings say."""

    def __init__(self, settings: Settings) -> None:
        self._place = str(settings.cache)
        key = settings.secret_key.get_secret_value() if settings.secret_key else ""
        self._salt = sha256(f"socialconnect cache {key}".encode()).digest()  # another instance finds nothing of this
        self._off = False
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._kept: Kept | None = None

    async def find(self, request: Request, url: str, token: Secret | None, account: str) -> Found | None:
        """What is kept for this request, with the request that asks whether it holds; None where it is not for us."""
        if token is None or not account or request.method != "GET" or request.body is not None:
            return None
        if self._off or tape() is not None:  # a cassette holds whole answers
            return None
        self._after_fork()
        key = self._key(request, url, token, account)
        return await asyncio.to_thread(self._do, lambda kept: kept.find(request, key))

    async def settle(self, found: Found, came: Response) -> Response | None:
        """The answer that `came` stands for, kept for the next time; None for a 304 to something else than is kept."""
        if came.status == 304 and found.conditional:
            holds = confirmed(found, came)
            if holds is None:
                await asyncio.to_thread(self._do, lambda kept: kept.drop(found))
                return None
            await asyncio.to_thread(self._do, lambda kept: kept.confirm(holds))
            return holds.response
        if came.status == 200:
            await asyncio.to_thread(self._put, found, came)
        return came

    async def aclose(self) -> None:
        """Close the file; the next request opens it again."""
        self._after_fork()
        await asyncio.to_thread(self._close)

    def _put(self, found: Found, came: Response) -> None:
        keep = may_be_kept(found.request, came)  # not while the others wait: it reads the whole answer
        self._do(lambda kept: kept.put(found, came, keep=keep))

    def _do(self, work: Callable[[Kept], T]) -> T | None:
        """Work on what is kept, in a thread; the first trouble ends it for good, in one sentence."""
        with self._lock:
            if self._off:
                return None
            try:
                with listening() as troubles:
                    self._kept = self._kept or Kept(self._place, self._salt)
                    done = work(self._kept)
            except (OSError, RuntimeError, ValueError, sqlite3.Error) as error:
                self._fail(str(error))
                return None
            if troubles:
                self._fail(troubles[0])
            return done

    def _fail(self, why: str) -> None:
        self._off = True
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()
        _log.warning("The cache %s cannot be used: %s. Reading goes on without it.", self._place, scrub(why))

    def _close(self) -> None:
        with self._lock:
            kept, self._kept = self._kept, None
            if kept is not None:
                kept.close()

    def _after_fork(self) -> None:
        if self._process != os.getpid():
            if self._kept is not None:
                _parked.append(self._kept)
            self._process, self._lock, self._kept = os.getpid(), threading.Lock(), None

    def _key(self, request: Request, url: str, token: Secret, account: str) -> str:
        """A name for the question that tells nothing of it, and that only who has the token can ask again."""
        headers = sorted((name.lower(), text) for name, text in request.headers.items())
        question = hmac.new(self._salt, json.dumps([url, headers, account]).encode(), "sha256")
        question.update(token.reveal().encode())
        return question.hexdigest()


def may_be_kept(request: Request, came: Response) -> bool:
    """Whether an answer can be asked for again by its ETag, and holds no token."""
    text = came.body.decode("utf-8", "replace")
    told = f"{text}\n{came.headers}"
    if "etag" not in came.headers or _may_go_on(request, came) or _hands_out(text):
        return False
    return scrub(told) == told


def _hands_out(text: str) -> bool:
    return any(not _CURSOR.search(text, max(0, at.start() - 20), at.start()) for at in _HANDED_OUT.finditer(text))


def _may_go_on(request: Request, came: Response) -> bool:
    """Whether a page without a next one may get one later: the ETag speaks of the page's rows alone.

    Then 304 would hide the rows that were added (https://github.com/app-sre/github-mirror/pull/57).
    """
    rows = came.json()
    if not isinstance(rows, list) or not rows or 'rel="next"' in came.headers.get("link", ""):
        return False
    sizes = {text for _, text in request.query if text.isdecimal()}
    return not sizes or str(len(rows)) in sizes
