"""One attempt to connect, as a panel: whom it concerns, the link, where it stands with the time left, and the ways out.

*Connect* is a plain link: it opens beside the notebook in every front end, on the reader's machine wherever the kernel
is, and no blocker of pop-ups minds. Nobody learns of that click, so that the words never say that a link is unopened. A
secret link is in no widget before somebody asks for it by *Show link*, which counts as opening it, and in none once
the attempt has ended.
"""

from __future__ import annotations

import asyncio
import threading
from html import escape
from typing import TYPE_CHECKING

from socialconnect.notebook import offered
from socialconnect.notebook.background import Background
from socialconnect.notebook.parts import Kind, Kit, Panel, dim, line, trouble

if TYPE_CHECKING:
    from collections.abc import Callable

    from socialconnect.clerk.attempt import Attempt

_EVERY = 5.0  # seconds between two looks at the time that is left
_NEAR = 90.0  # seconds before the end that are told as seconds
_KINDS: dict[str, Kind] = {"connected": "good", "expired": "warn", "cancelled": "warn", "declined": "bad"}


class Connecting(Panel):
    """An attempt to connect an account, to click and to watch; `again` is told of one that takes its place.

    A cell that ends with an attempt shows it. `attempt` is the one that is shown: *Try again* begins another.
    """

    def __init__(self, attempt: Attempt, again: Callable[[Attempt], None] | None = None) -> None:
        super().__init__()
        self.attempt = attempt
        self._again = again
        self._shown = False
        self._drawing = threading.RLock()
        self._renewing: Background[Attempt] = Background(self._take, self._failed)
        self._ticking: Background[None] = Background(lambda _: None, self._failed)
        self._make()
        self._take(attempt)

    def reveal(self) -> None:
        """Show a secret link, or take it away again."""
        self._shown = not self._shown
        if self._shown:
            self.attempt.opened()
        self._draw()

    def retry(self) -> None:
        """Begin the same once more, in the place of this one."""
        self._retry.disabled = True
        self._stand.value = line("Beginning again …")
        self._renewing.start(self.attempt.renewed)

    def cancel(self) -> None:
        """Give up the attempt that is shown."""
        self.attempt.cancel()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for a link that is being made, so many seconds at most, and say whether it came."""
        return self._renewing.wait(seconds)

    def __repr__(self) -> str:
        return repr(self.attempt)

    def __str__(self) -> str:
        return str(self.attempt)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        del include, exclude
        return {"text/plain": str(self), "text/html": str(offered.html(self.attempt)), **self.view}

    def _open(self) -> None:
        """There is nothing to fetch."""

    def _make(self) -> None:
        kit = Kit()
        self._head = kit.html("", "sc-connect-head")
        self._link = kit.html("", "sc-connect-open")
        self._copy = kit.html("", "sc-connect-address")
        self._stand = kit.html("", "sc-connect-stand")
        self._left = kit.html("", "sc-connect-left")
        self._reveal = kit.button("Show link", self.reveal, self._failed)
        self._cancel = kit.button("Cancel", self.cancel, self._failed)
        self._retry = kit.button("Try again", self.retry, self._failed)
        self._tools = kit.row(names=("sc-connect-tools", "sc-middle"))
        self.body = kit.column([self._head, self._tools, self._copy, self._stand, self._left], "sc-card", "sc-connect")
        self.widget = kit.panel(self.body)

    def _take(self, attempt: Attempt) -> None:
        self.attempt, self._shown = attempt, False
        attempt.screen = self
        self._retry.disabled = False
        self._head.value = _head(attempt)
        self._draw()
        attempt.watch(self._moved)
        if not attempt.ended:
            self._ticking.start(lambda: self._tick(attempt))
        if self._again is not None:
            self._again(attempt)

    def _moved(self, attempt: Attempt) -> None:
        if attempt is self.attempt:
            self._draw()

    async def _tick(self, attempt: Attempt) -> None:
        while not attempt.ended and attempt is self.attempt:
            await asyncio.sleep(_EVERY)
            with self._drawing:
                self._left.value = _left(attempt)

    def _draw(self) -> None:
        """Bring everything up to date; what has not changed is not sent."""
        with self._drawing:
            attempt = self.attempt
            link = None if attempt.ended else attempt.link
            secret = link is not None and link.secret
            url = link.reveal() if link is not None and (self._shown or not link.secret) else ""
            self._link.value = _anchor(attempt, url)
            self._copy.value = _address(attempt, url)
            self._reveal.description = "Hide link" if self._shown else "Show link"
            failed = attempt.ended and attempt.state != "connected"
            tools = [
                (self._link, bool(url)),
                (self._reveal, secret),
                (self._cancel, not attempt.ended),
                (self._retry, failed),
            ]
            self._tools.children = tuple(one for one, there in tools if there)
            self._stand.value = _stand(attempt)
            self._left.value = _left(attempt)

    def _failed(self, error: Exception) -> None:
        self._retry.disabled = False
        self._stand.value = trouble(error)


def panel_of(attempt: Attempt) -> Connecting:
    """Its panel: one, however often it is shown."""
    screen = attempt.screen
    return screen if isinstance(screen, Connecting) else Connecting(attempt)


def _head(attempt: Attempt) -> str:
    asked = (
        ", ".join(f"<code>{escape(scope)}</code>" for scope in attempt.scopes) or "what the instance asks by default"
    )
    facts = [("User", f"<code>{escape(attempt.user_id)}</code>"), ("Asks for", asked)]
    rows = "".join(f"{dim(name)}<span>{value}</span>" for name, value in facts)
    note = f"<p>{dim(attempt.note)}</p>" if attempt.note else ""
    title = f'<div class="sc-title">Connect {escape(attempt.title)}</div>'
    return f'{title}<div class="sc-facts">{rows}</div>{note}'


def _anchor(attempt: Attempt, url: str) -> str:
    """What is clicked: it opens beside the notebook."""
    if not url or not offered.opens(url):
        return ""
    words = escape(f"Connect {attempt.title}")
    return f'<a class="sc-connect-link" href="{escape(url)}" target="_blank" rel="noopener noreferrer">{words} ↗</a>'


def _address(attempt: Attempt, url: str) -> str:
    """The same to copy to another browser, and what to know of it; nothing once it is of no use."""
    if not url:
        secret = not attempt.ended and attempt.link is not None
        return f"<p>{dim(f'The link is a secret: show it to {attempt.user_id} alone, and once.')}</p>" if secret else ""
    copied = f'<code class="sc-copy" tabindex="0" aria-label="Address of the link">{escape(url)}</code>'
    note = offered.remark(attempt)
    return f"<p>{dim('or open')} {copied}</p>{f'<p>{dim(note)}</p>' if note else ''}"


def _stand(attempt: Attempt) -> str:
    told = offered.stands(attempt)
    if not attempt.ended:
        return line(told)
    kind = _KINDS.get(attempt.state, "bad")
    role = "alert" if kind == "bad" else "status"
    more = "" if attempt.state == "connected" else f" {escape(told)} {escape(attempt.cure)}"
    words = f"<b>{escape(offered.ended(attempt))}</b>{more}"
    return f'<div class="sc-line sc-end {kind}" role="{role}">{words}</div>'


def _left(attempt: Attempt) -> str:
    """The time that is left, seldom enough that few messages go out."""
    if attempt.ended:
        return ""
    left = attempt.left
    told = f"{round(left / 60)} min" if left > _NEAR else f"{_EVERY * round(left / _EVERY):.0f} s"
    return dim(f"{told} left")
