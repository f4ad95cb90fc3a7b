"""`connect`: help a user to connect an account, with the link on the screen and how it stands beneath it."""

import re
import threading
import webbrowser
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from socialconnect.cli import watching
from socialconnect.cli.choice import names
from socialconnect.cli.common import INTERRUPTED, Common
from socialconnect.errors import SocialConnectError, UsageError

if TYPE_CHECKING:
    from socialconnect.clerk.attempt import Attempt
    from socialconnect.cli.watching import Screen

TICK = 0.25  # seconds between two drawings of the time left
_UNITS = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600}


def connect(  # noqa: PLR0913 - a command's options
    common: Common,
    user: Annotated[str, typer.Argument(metavar="USER", help="A Clerk id.")],
    provider: Annotated[str, typer.Argument(metavar="PROVIDER", help="github, for example.")],
    *,
    scopes: Annotated[
        str | None, typer.Option("--scopes", metavar="A,B", help="Scopes that are needed beyond the base.")
    ] = None,
    account: Annotated[str | None, typer.Option("--account", metavar="eac_…", help="Which one of several.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Also where Clerk has a token: the provider refuses it.")] = (
        False
    ),
    ticket: Annotated[bool, typer.Option("--ticket", help="Sign the user in by the link, which is a secret then.")] = (
        False
    ),
    flow: Annotated[
        Literal["portal", "native"] | None,
        typer.Option("--flow", help="The instance's hosted page, or the provider's consent at once."),
    ] = None,
    within: Annotated[str, typer.Option("--within", metavar="TIME", help="How long to wait, as 90s, 10m or 1h.")] = (
        "10m"
    ),
    browser: Annotated[bool, typer.Option("--open", help="Open the link in a browser of this machine.")] = False,
    no_qr: Annotated[bool, typer.Option("--no-qr", help="No QR code beneath the link.")] = False,
    show_secret_link: Annotated[
        bool, typer.Option("--show-secret-link", help="Write a secret link also where no terminal is.")
    ] = False,
) -> int:
    """Help a user to connect an account, or to allow more: show the link, wait, and say how it ended.

    A link that signs in or consents for whoever opens it is shown on a terminal only. With --json each change is one
    line: state, left, told, the link unless it is a secret, the error with its exit code. Ctrl-C gives up: a ticket
    that was not used is revoked.

    Example: socialconnect connect user_2abc notion

    Example: socialconnect connect user_2abc github --scopes repo --within 5m
    """
    seconds = duration(within)
    wanted = names(scopes) or []
    screen = watching.screen(common, qr=not no_qr, secret=show_secret_link)
    if not (screen.private or browser) and (ticket or flow == "native" or (wanted and flow is None)):
        raise UsageError(
            "The link is a secret, and there is no terminal to show it on.",
            cure="Add --open for a browser of this machine, or --show-secret-link to write it here.",
        )
    with common.client() as client:
        try:
            attempt = client.connect(
                user,
                provider,
                scopes=wanted,
                account=account,
                again=again,
                ticket=ticket,
                flow=flow,
                within=seconds,
            )
            return _watched(attempt, screen, browser=browser)
        except SocialConnectError as error:
            if not screen.failed(error):
                raise
            return error.exit_code


def _offer(attempt: "Attempt", screen: "Screen", *, browser: bool) -> None:
    screen.offered(attempt)
    if browser and attempt.link is not None and not attempt.ended:
        if webbrowser.open(attempt.link.reveal()):
            attempt.opened()
        else:
            screen.remark("No browser could be opened here.")


def _watched(attempt: "Attempt", screen: "Screen", *, browser: bool) -> int:
    """Show each change until it has ended; an interrupt gives up, and leaves nothing behind that could be used."""
    news = threading.Event()
    attempt.watch(lambda _: news.set())
    try:
        _offer(attempt, screen, browser=browser)
        with screen:
            while not attempt.ended:
                news.clear()
                screen.changed(attempt)
                news.wait(TICK)
        screen.changed(attempt)
        attempt.wait()  # until what could still be used is cleared away
    except KeyboardInterrupt:
        _given_up(attempt, screen)
        return INTERRUPTED
    return 0


def _given_up(attempt: "Attempt", screen: "Screen") -> None:
    attempt.cancel()
    try:
        attempt.wait()
    except SocialConnectError:
        screen.changed(attempt)
        screen.remark(attempt.told)


def duration(text: str) -> float:
    """Seconds of a time as people write it.

    >>> duration("90"), duration("10m"), duration("1.5h")
    (90.0, 600.0, 5400.0)
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(s|m|min|h)?\s*", text)
    if match is None:
        raise UsageError(f"{text!r} is no time.", cure="Write it as 90s, 10m or 1h.")
    return float(match[1]) * _UNITS[match[2] or ""]
