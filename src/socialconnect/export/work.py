"""One account while it is exported: where it stands, how far its listings were read, and what comes of it."""

from __future__ import annotations

from hashlib import blake2b
from time import time
from typing import TYPE_CHECKING

import msgspec

from socialconnect.errors import MalformedResponse, NotConnected, TryAgainLater, UserNotFound
from socialconnect.export.sink import AccountState, Change
from socialconnect.reading.place import ANEW, Mark, Place, Start

if TYPE_CHECKING:
    from socialconnect.export.job import Job
    from socialconnect.export.part import Part
    from socialconnect.export.sink import RunState, Verdict
    from socialconnect.reading.typed import Page
    from socialconnect.runs.outcomes import Outcome

_encode = msgspec.json.Encoder().encode


def begun(state: AccountState, run: RunState) -> bool:
    """Whether this run has come to the account."""
    return state.run_id == run.id


def over(state: AccountState, run: RunState) -> bool:
    """Whether this run is through with the account."""
    return begun(state, run) and state.status != "reading" and not state.again


class Work:
    """One account of one resource under way; `before` is what was kept of it."""

    def __init__(self, part: Part, outcome: Outcome, job: Job, run: RunState, before: AccountState | None) -> None:
        self.part = part
        self.outcome = outcome
        self._run = run
        self._mode = job.mode
        self.before = before
        self.start = _start(part, job, run, before)
        self.stale = before is not None and begun(before, run) and before.rows > 0 and self.start.place is None
        """Whether rows are staged of an earlier try that cannot be gone on with."""
        self.dirty = False
        place = self.start.place
        self._listing = place if place is not None and place.url else Place()
        self._done = list(place.done) if place is not None else []
        self._whole = not self.start.marks
        self._marks: dict[str, Mark] = {}
        self._lost = False
        self._earlier = before.rows if place is not None and before is not None else 0
        # what is gone on with cannot be compared: its beginning is not here any more
        compared = part.compares and job.mode == "merge" and place is None
        self._digest = blake2b(part.shape.encode(), digest_size=12) if compared else None

    @property
    def account(self) -> str:
        """The external account's id, "" where it is not known."""
        return self.outcome.external_account_id or ""

    @property
    def rows(self) -> int:
        """How many rows came, with those of an earlier try that is gone on with."""
        return self._earlier + self.outcome.rows

    def take(self, page: Page, *, gone: int) -> None:
        """Note a page: where the listing stands behind it, and what is known at its end. `gone` rows said they are."""
        self.dirty = True
        self._lost = self._lost or (gone > 0 and not self.part.names_gone)
        if self._digest is not None:
            self._digest.update(_encode(page.columns))
        if page.last:
            self._listing = Place()
            self._done += [page.parent] if self.part.reader.resource.parent else []
            self._whole = self._whole or (page.full and not self.part.reader.resource.parent)
            if page.mark is not None and page.mark != Mark() and self.part.keeps_marks:
                self._marks[page.parent] = page.mark
        elif page.after is not None:
            rows = page.rows + (self._listing.rows if self._listing.parent == page.parent else 0)
            body = (page.after.body or b"").decode()
            self._listing = Place(page.after.url, body, rows, page.parent)

    def change(self) -> Change:
        """What to keep of it now, while it is being read."""
        return Change(self._state("reading", place=self._place()))

    def dropped(self) -> Change:
        """What to say before it is read from its beginning, where rows of an earlier try are staged."""
        return Change(self._state("reading"), "unchanged")

    def ended(self) -> Change:
        """What to keep of it in the end, and what becomes of its rows."""
        outcome, before = self.outcome, self.before
        error = outcome.error or outcome.missed
        verdict = self._verdict()
        # what could be had of several parents is there meanwhile; to append it twice would double it
        again = verdict == "kept" or (verdict == "part" and outcome.missed is not None and self._mode != "append")
        state = self._state(
            outcome.status,
            reason=outcome.reason or "",
            code=error.exit_code if error else 0,
            again=again,
            place=self._place() if verdict == "kept" else None,
        )
        if verdict == "gone" or (verdict == "changes" and self._lost):
            return Change(_without_marks(state), verdict)
        if verdict in ("whole", "unchanged"):
            digest = self._digest.hexdigest() if self._digest else ""
            found = {"marks": self._marks, "digest": digest, "full_at": state.at, "shape": self.part.shape}
            return Change(_changed(state, **found), verdict)
        if verdict == "changes":
            known = before.marks if before else {}
            same = before.digest if before and not outcome.rows else ""
            found = {"marks": {**known, **self._marks}, "digest": same, "shape": self.part.shape}
            return Change(_changed(state, **found), verdict)
        return Change(state if verdict == "kept" else _changed(state, digest=""), verdict)

    def _verdict(self) -> Verdict:
        error, outcome = self.outcome.error, self.outcome
        match error:
            case TryAgainLater() | MalformedResponse():
                return "kept"
            case NotConnected() | UserNotFound():
                return "gone"
        if error is not None or outcome.reason == "cut":
            return "part"
        if not self._whole:
            return "changes"
        same = self._digest is not None and self.before is not None and self._digest.hexdigest() == self.before.digest
        return "unchanged" if same else "whole"

    def _place(self) -> Place | None:
        if self.start.marks or not self.part.keeps_places or (not self._listing.url and not self._done):
            return None  # what has changed is soon read again
        return msgspec.structs.replace(self._listing, done=tuple(self._done), shape=self.part.shape)

    def _state(
        self, status: str, *, reason: str = "", code: int = 0, again: bool = False, place: Place | None = None
    ) -> AccountState:
        known = self.before
        return AccountState(
            self.part.name,
            self.outcome.user_id or "",
            self.account,
            self._run.id,
            status,
            reason,
            code,
            again,
            self.rows,
            place,
            known.marks if known else {},
            known.digest if known else "",
            known.shape if known else "",
            known.full_at if known else 0.0,
            round(time(), 3),
        )


def _start(part: Part, job: Job, run: RunState, before: AccountState | None) -> Start:
    """How to begin: where this run stood, else with what has changed since the last one, else anew."""
    if before is None:
        return ANEW
    if begun(before, run) and before.place is not None and before.place.shape == part.shape:
        return Start(before.place)
    aged = job.full_every is not None and time() - before.full_at > job.full_every.total_seconds()
    if not job.incremental or aged or before.shape != part.shape:
        return ANEW
    return Start(marks=before.marks, look_back=job.look_back)


def _changed(state: AccountState, **changes: object) -> AccountState:
    found: AccountState = msgspec.structs.replace(state, **changes)
    return found


def _without_marks(state: AccountState) -> AccountState:
    return _changed(state, marks={}, digest="", shape="", full_at=0.0)
