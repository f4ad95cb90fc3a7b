"""What is told to OpenTelemetry, if anybody uses it: a call that begins, a request that was answered.

Whoever made a provider has imported OpenTelemetry's context; until somebody has, telling costs one look.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from socialconnect.http.send import Sent
    from socialconnect.runs.outcomes import Outcome

_USED = "opentelemetry.context"  # what tracing and metrics both import


class Told(Protocol):
    """Who is told how a call goes."""

    def ended(self, outcome: Outcome) -> None:
        """One account of it has ended; what was sent for its user since the one before belongs to it."""

    def watching(self, watch: Callable[[Outcome], None] | None) -> Callable[[Outcome], None] | None:
        """What to call with each outcome, so that it is told and `watch` is called too."""


class _Nobody:
    def ended(self, outcome: Outcome) -> None:
        del outcome

    def watching(self, watch: Callable[[Outcome], None] | None) -> Callable[[Outcome], None] | None:
        return watch


class _Emitting(Protocol):
    """What `emitting.py` has."""

    def carrying_out(self, call: str, resource: str) -> AbstractContextManager[Told]: ...

    def sent(self, one: Sent) -> None: ...


_NOBODY = _Nobody()


@contextmanager
def carrying_out(call: str, resource: str = "") -> Iterator[Told]:
    """One span around the block, whose accounts and exchanges become its children.

    Parameters: `call` is what the caller asked for (`read`, `export`), `resource` what is read by account
    (`github.repos`, or several as `github.repos, notion.users`); without one, requests stand below the call itself.
    Gives who is to be told of each outcome.
    """
    emitting = _emitting()
    if emitting is None:
        yield _NOBODY
    else:
        with emitting.carrying_out(call, resource) as told:
            yield told


def sent(one: Sent) -> None:
    """One request was answered, or no answer came."""
    emitting = _emitting()
    if emitting is not None:
        emitting.sent(one)


def _emitting() -> _Emitting | None:
    return _loaded() if _USED in sys.modules else None


@cache
def _loaded() -> _Emitting | None:
    try:
        from socialconnect.telemetry import emitting  # noqa: PLC0415 - an extra, loaded where it is used
    except ImportError:  # an older one, or half of it
        return None
    return emitting
