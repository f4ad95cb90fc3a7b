"""`trace`: a block whose exchanges are kept, to be looked at afterwards."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from socialconnect.http.listening import listening
from socialconnect.tracing.exchange import Exchange
from socialconnect.tracing.trace import SHOWN, Trace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from socialconnect.http.listening import Heard
    from socialconnect.http.send import Sent


@contextmanager
def trace() -> Iterator[Trace]:
    """Keep what a block sends, to Clerk and to providers, and show it: the way of each token, exchange by exchange.

    It hears every call of any client in the block, awaited ones and several at once among them, and what a call goes
    on with while the block lasts; a thread of your own is heard where it takes the context along
    (`contextvars.copy_context().run`). Blocks may stand inside each other. Nothing secret is kept: tokens, tickets,
    cookies, codes and whatever looks like one are marks before they are stored. Bodies are excerpts, of the first
    1,000 exchanges.

    Returns a context manager that gives a Trace.

    >>> import socialconnect as sc
    >>> client = sc.sandbox(users=20)
    >>> with sc.trace() as trace:
    ...     repos = client.read("github.repos", on_error="ignore").frame
    >>> trace.frame()["host"].unique().tolist()
    ['api.clerk.com', 'api.github.com']
    >>> trace.exchange(1).status
    200
    """
    taking = _Taking()
    outer = listening.get()
    listening.set((*outer, taking))
    try:
        yield taking.trace
    finally:
        taking.over = True
        listening.set(outer)


class _Taking:
    """Takes what is heard into a trace, until the block is over: what was begun in it may go on."""

    def __init__(self) -> None:
        self.trace = Trace()
        self.over = False
        self._lock = threading.Lock()  # two loops may be at work in one block

    def hear(self, sent: Sent, heard: Heard) -> None:
        if self.over:
            return
        with self._lock:
            number = self.trace.requests + 1
            self.trace.add(sent, _taken(number, sent, heard) if number <= SHOWN else None)


def _taken(number: int, sent: Sent, heard: Heard) -> Exchange:
    try:
        return Exchange.of(number, sent, heard)
    except Exception as error:  # noqa: BLE001 - whatever a service sends, looking at it must not break the call
        note = f"It could not be shown: {type(error).__name__}."
        address = f"{sent.host}{sent.path}"
        return Exchange(number, sent.method, address, (), "", sent.status, (), "", "unknown", None, note)
