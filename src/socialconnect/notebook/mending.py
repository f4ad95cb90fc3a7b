"""The accounts of a run that only their owners can mend: each with *Connect*, and *Read again* for those who did."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections import Counter
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

from socialconnect.errors import AccountError, MissingScope, UsageError
from socialconnect.notebook.background import Background
from socialconnect.notebook.connecting import Connecting
from socialconnect.notebook.parts import Kit, Panel, Widget, dim, line, plural, trouble

if TYPE_CHECKING:
    from collections.abc import Callable

    from socialconnect.clerk.attempt import Attempt
    from socialconnect.runs.outcomes import Outcome
    from socialconnect.runs.run import Run

_STEP = 10  # accounts that get a button at first, and with each *More*
_TOLD = 50  # accounts that are told in words
_Key = tuple[str | None, str | None]


class Mending(Panel):
    """Connect the accounts of a run that need their owners, and read them again.

    Made by `run.connect()`. `run` is the run with what was read again in its place; `connect(user_id)` and `again()`
    do what the buttons do, `wait()` waits for it.
    """

    def __init__(self, run: Run, changed: Callable[[Run], None] | None = None) -> None:
        super().__init__()
        self.run = run
        self._tell = changed
        self._most = _STEP
        self._rows: dict[_Key, _Row] = {}
        self._drawing = threading.RLock()
        self._reading: Background[Run] = Background(self._came, self._failed)
        kit = self._kit = Kit()
        self._stand = kit.html("", "sc-mending-stand")
        self._read = kit.button("Read again", self.again, self._failed, main=True)
        self._more = kit.button("More", self._show_more, self._failed)
        self._told = kit.html("", "sc-mending-told")
        self._list = kit.column([], "sc-mending-list")
        self.body = kit.column([self._stand, self._told, self._list], "sc-mending")
        self.widget = kit.panel(self.body)
        self._draw()

    @property
    def needing(self) -> list[Outcome]:
        """The outcomes of those accounts."""
        return needing(self.run)

    def connect(self, user_id: str) -> None:
        """Begin to connect the accounts of one user. Raises a UsageError where none of theirs needs it."""
        mine = [one for one in self.needing if one.user_id == user_id]
        if not mine:
            raise UsageError(f"No account of {user_id} needs its owner.", cure="print(panel) lists those that do.")
        for one in mine:
            self._row(one).press()
        self._draw()

    def again(self) -> None:
        """Read the accounts again whose owners have connected them since."""
        users = [str(key[0]) for key, row in self._rows.items() if row.connected]
        if not users:
            raise UsageError("Nobody has connected yet.", cure="Press Connect, and have the user follow the link.")
        self._read.disabled = True
        self._told.value = line(f"Reading {plural(len(users), 'account')} again …")
        self._reading.start(lambda: _retried(self.run, users))

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for links that are being made and for what is read again, and say whether that came about."""
        return all(row.wait(seconds) for row in self._rows.values()) and self._reading.wait(seconds)

    def __repr__(self) -> str:
        found = self.needing
        verb = "needs its owner" if len(found) == 1 else "need their owners"
        return f"<Mending {self.run.resource}: {plural(len(found), 'account')} {verb}>"

    def __str__(self) -> str:
        """Who they are, why, and what to do."""
        found = self.needing
        listed = [f"{one.user_id}: {one.message} {one.cure or ''}".rstrip() for one in found[:_TOLD]]
        rest = [f"and {len(found) - _TOLD:,} more"] if len(found) > _TOLD else []
        return "\n".join([repr(self), *listed, *rest])

    def _open(self) -> None:
        """There is nothing to fetch."""

    def _show_more(self) -> None:
        self._most += _STEP
        self._draw()

    def _row(self, outcome: Outcome) -> _Row:
        key = _key(outcome)
        if key not in self._rows:
            self._rows[key] = _Row(self._kit, outcome, self._draw)
        return self._rows[key]

    def _draw(self) -> None:
        with self._drawing:
            found = self.needing
            shown = [self._row(one) for one in found[: self._most]]
            begun = [row for key, row in self._rows.items() if row.begun and row not in shown]
            done = sum(row.connected for row in self._rows.values())
            self._stand.value = _stand(found, done)
            left = len(found) - len(shown)
            self._more.description = f"Show {min(left, _STEP)} more of {left:,}"
            tools = [*([self._read] if done else []), *([self._more] if left else [])]
            self._list.children = (*(row.body for row in (*shown, *begun)), *([self._kit.row(*tools)] if tools else []))

    def _came(self, run: Run) -> None:
        rows = len(run.frame) - len(self.run.frame)
        self.run = run
        self._rows = {key: row for key, row in self._rows.items() if row.begun and not row.connected}
        self._read.disabled = False
        self._told.value = line(f"Read again: {plural(rows, 'row')} more.", "good")
        self._draw()
        if self._tell is not None:
            self._tell(run)

    def _failed(self, error: Exception) -> None:
        self._read.disabled = False
        self._told.value = trouble(error)


class _Row:
    """One account, and the attempt to connect it."""

    def __init__(self, kit: Kit, outcome: Outcome, changed: Callable[[], None]) -> None:
        self._error = outcome.error
        self._changed = changed
        self._panel: Connecting | None = None
        self._beginning: Background[Attempt] = Background(self._came, self._failed)
        self._button = kit.button("Connect", self.press, self._failed, "sc-mending-connect")
        self._button.tooltip = f"Connect {outcome.provider} for {outcome.user_id}"
        self._kit = kit
        self._line: Widget | None = None  # made when there is something to say: most rows stay as they are
        self._who = kit.html(f"<code>{escape(outcome.user_id or '')}</code> {dim(_why(outcome))}", "sc-mending-who")
        self._head = kit.row(self._button, self._who, names=("sc-middle",))
        self.body = kit.column([self._head], "sc-mending-row")

    @property
    def begun(self) -> bool:
        """Whether it was pressed."""
        return self._panel is not None

    @property
    def connected(self) -> bool:
        """Whether the owner has done it."""
        return self._panel is not None and self._panel.attempt.state == "connected"

    def press(self) -> None:
        """Make the link, unless there is one."""
        if self._button.disabled:
            return
        self._button.disabled = True
        self._say(line("Making the link …"))
        self._beginning.start(lambda: _begun(self._error))

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the link."""
        return self._beginning.wait(seconds) and (self._panel is None or self._panel.wait(seconds))

    def _came(self, attempt: Attempt) -> None:
        self._panel = Connecting(attempt, again=self._follow)
        self._head.children = [self._who]
        self.body.children = [self._head, self._panel.body]

    def _follow(self, attempt: Attempt) -> None:
        attempt.watch(lambda _: self._changed())

    def _failed(self, error: Exception) -> None:
        self._button.disabled = False
        self._say(trouble(error))

    def _say(self, text: str) -> None:
        if self._line is None:
            self._line = self._kit.html()
            self.body.children = [self._head, self._line]
        self._line.value = text


def needing(run: Run) -> list[Outcome]:
    """The outcomes of the accounts that connecting would mend."""
    return [
        one
        for one in run.ended
        if one.user_id and isinstance(one.error, AccountError) and one.error.mended_by_connecting
    ]


async def _begun(error: Exception | None) -> Attempt:
    """The attempt that an error leads to: its client's `connect` blocks, or is to be awaited."""
    if not isinstance(error, AccountError):
        raise UsageError("There is nothing here to connect.")
    found: object = await asyncio.to_thread(error.connect)
    attempt: Attempt = await found if inspect.isawaitable(found) else found  # type: ignore[assignment]  # one or the other
    return attempt


async def _retried(run: Run, users: list[str]) -> Run:
    """Those users' accounts again; the panel tells trouble, so that no warning does."""
    quiet = replace(run, asked=replace(run.asked, on_error="ignore"))
    return replace(await asyncio.to_thread(quiet.retry, users), asked=run.asked)


def _key(outcome: Outcome) -> _Key:
    return outcome.user_id, outcome.external_account_id


def _why(outcome: Outcome) -> str:
    reason = (outcome.reason or "").replace("_", " ")
    if isinstance(outcome.error, MissingScope) and outcome.error.required:
        return f"{reason}: {' or '.join(outcome.error.required)}"
    return reason


def _stand(found: list[Outcome], done: int) -> str:
    if not found:
        return line("No account waits for its owner.", "good")
    reasons = Counter((one.reason or "").replace("_", " ") for one in found)
    told = ", ".join(f"{count:,} {reason}" for reason, count in reasons.most_common())
    since = f"; {done:,} connected since" if done else ""
    verb = "needs its owner" if len(found) == 1 else "need their owners"
    return line(f"{plural(len(found), 'account')} {verb} ({told}){since}.", "good" if done else "")
