"""Where `connect` shows an attempt: on a terminal, as lines, or as one JSON document a line."""

import io
import json
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import typer
from rich.text import Text

from socialconnect.cli import show
from socialconnect.cli.common import Common
from socialconnect.errors import SocialConnectError
from socialconnect.secret import scrub

if TYPE_CHECKING:
    from rich.live import Live

    from socialconnect.clerk.attempt import Attempt

ENDED = ("connected", "declined", "failed", "expired", "cancelled")
_HERE = ("127.0.0.1", "localhost", "::1")
_HIDDEN = "The link is a secret, and is not written where no terminal is: --show-secret-link would."


class Screen:
    """What all of them do; this one tells each state in a line."""

    def __init__(self, *, secret: bool = False, quiet: bool = False) -> None:
        self._secret = secret
        self._quiet = quiet
        self._state = ""

    @property
    def private(self) -> bool:
        """Whether a secret link may be shown."""
        return self._secret or sys.stdout.isatty() or sys.stderr.isatty()

    def offered(self, attempt: "Attempt") -> None:
        """Show the link and what to do with it."""
        if attempt.link is None or attempt.ended:
            return
        self.remark(attempt.cure)
        if attempt.note:
            self.remark(attempt.note)
        self._link(attempt.link.reveal(), secret=attempt.link.secret)

    def changed(self, attempt: "Attempt") -> None:
        """Show how it stands: once for each state."""
        if attempt.state == self._state:
            return
        self._state = attempt.state
        if attempt.state == "connected":
            show.say(attempt.told)
        elif not attempt.ended:
            self.remark(attempt.told)

    def failed(self, error: SocialConnectError) -> bool:
        """Whether the error is told here; else it goes the way of every error."""
        del error
        return False

    def remark(self, text: str) -> None:
        """A sentence for whoever looks."""
        if not self._quiet:
            show.note(text)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """There is nothing to put away."""

    def _link(self, url: str, *, secret: bool) -> None:
        """On stdout, or for a secret that goes to a pipe, on the terminal that stderr is."""
        if not secret or sys.stdout.isatty() or self._secret:
            typer.echo(url)
        elif sys.stderr.isatty():
            typer.echo(url, err=True)
        else:
            show.note(_HIDDEN)


class Terminal(Screen):
    """The link with a QR code, and a line beneath with the time that is left."""

    def __init__(self, *, qr: bool, secret: bool = False) -> None:
        super().__init__(secret=secret)
        self._qr = qr
        self._live: Live | None = None

    def __enter__(self) -> Self:
        from rich.console import Console  # noqa: PLC0415 - too slow for --help
        from rich.live import Live  # noqa: PLC0415 - as above

        self._live = Live(console=Console(file=sys.stderr), transient=True, auto_refresh=False, redirect_stdout=False)
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def changed(self, attempt: "Attempt") -> None:
        """Draw the line anew; the end stays on the screen."""
        if self._live is None or attempt.ended:
            super().changed(attempt)
            return
        minutes, seconds = divmod(round(attempt.left), 60)
        line = f"{attempt.state:<8} {minutes}:{seconds:02}  {scrub(attempt.told)}"
        self._live.update(Text(show.plain(line), no_wrap=True, overflow="ellipsis"), refresh=True)

    def _link(self, url: str, *, secret: bool) -> None:
        super()._link(url, secret=secret)
        lines = qr_code(url) if self._qr else []
        console = show.console()
        if lines and len(lines[0]) <= console.width:
            console.print(Text("\n".join(lines), style="#ffffff on #000000", no_wrap=True))


class Events(Screen):
    """One JSON document a line, for programs."""

    def offered(self, attempt: "Attempt") -> None:
        """The first event, before anybody can have acted on the link."""
        self.changed(attempt)

    def changed(self, attempt: "Attempt") -> None:
        """One event for each state."""
        if attempt.state != self._state:
            self._state = attempt.state
            _event(self._facts(attempt))

    @property
    def private(self) -> bool:
        """A terminal alone is no reason: what reads events may keep them."""
        return self._secret

    def failed(self, error: SocialConnectError) -> bool:
        """An error is the last event, unless that has told it."""
        if self._state not in ENDED:
            _event({"state": "failed", "error": _told(error)})
        return True

    def remark(self, text: str) -> None:
        """Programs are told nothing but events."""

    def _facts(self, attempt: "Attempt") -> dict[str, object]:
        link = attempt.link
        shown = link is not None and (not link.secret or self._secret)
        account = attempt.account
        return {
            "state": attempt.state,
            "left": round(attempt.left),
            "told": scrub(attempt.told),
            "cure": attempt.cure,
            "note": attempt.note,
            "flow": attempt.flow,
            "secret": link.secret if link is not None else None,
            "link": link.reveal() if link is not None and shown and not attempt.ended else None,
            "external_account_id": account.id if account is not None else None,
            "error": _told(attempt.error) if attempt.error is not None else None,
        }


def screen(common: Common, *, qr: bool, secret: bool) -> Screen:
    """Where an attempt is shown, by the options and by what stdout and stderr are."""
    if common.json:
        return Events(secret=secret)
    if sys.stdout.isatty() and sys.stderr.isatty() and not common.quiet:
        return Terminal(qr=qr, secret=secret)
    return Screen(secret=secret, quiet=common.quiet)


def qr_code(url: str) -> list[str]:
    """The link as lines of half blocks, light on dark; none where segno is missing or only this machine finds it."""
    if urlsplit(url).hostname in _HERE:
        return []
    try:
        segno = import_module("segno")
    except ImportError:
        return []
    drawn = io.StringIO()
    segno.make(url, error="l", micro=False).terminal(out=drawn, border=2, compact=True)
    return drawn.getvalue().splitlines()


def _told(error: SocialConnectError) -> dict[str, object]:
    return {
        "code": error.code,
        "message": scrub(error.message),
        "cure": scrub(error.cure),
        "exit_code": error.exit_code,
    }


def _event(document: dict[str, object]) -> None:
    show.octets(f"{json.dumps(document, ensure_ascii=False)}\n".encode("utf-8", "replace"))
