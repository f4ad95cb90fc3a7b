"""An attempt to connect, as a cell shows it: in words and a link wherever no widget can be shown, and which of the two.

Of a link that acts for whoever opens it nothing stands in what a notebook keeps: only a click brings it.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from IPython import get_ipython
from IPython.display import display

from socialconnect.errors import MissingPackage
from socialconnect.markup import GOOD, Html, block, element, faint
from socialconnect.settings import is_loopback

if TYPE_CHECKING:
    from socialconnect.clerk.attempt import Attempt

_REMOTE = ("JUPYTERHUB_USER", "COLAB_RELEASE_TAG", "COLAB_GPU", "KAGGLE_KERNEL_RUN_TYPE", "BINDER_SERVICE_HOST")
_NAMES = {
    "connected": "✓ Connected",
    "declined": "✗ Declined",
    "failed": "✗ Not connected",
    "expired": "◷ Out of time",
    "cancelled": "⊘ Cancelled",
}


def bundle(attempt: Attempt) -> dict[str, object]:
    """What is shown of it: its panel where a kernel has widgets, and text and HTML that need none."""
    kept: dict[str, object] = {"text/plain": str(attempt), "text/html": str(html(attempt))}
    if not _clickable():
        return kept
    try:
        panel: Any = import_module("socialconnect.notebook.connecting").panel_of(attempt)
    except MissingPackage:
        attempt.screen = attempt.screen or kept
        return kept
    return {**kept, **panel.view}


def show(attempt: Attempt) -> None:
    """Show it in the cell that runs, where there is one."""
    if getattr(get_ipython(), "kernel", None) is not None:
        render: Any = display
        render(attempt)


def html(attempt: Attempt) -> Html:
    """How it stands, who has to open what, and why this way: without anything that can be clicked but the link."""
    rows = [heading(attempt), element("div", *_stand(attempt))]
    if attempt.link is not None and not attempt.ended:
        rows.append(element("div", *_address(attempt)))
    told = [attempt.cure, attempt.note, remark(attempt)]
    rows += [element("div", faint(text)) for text in told if text]
    if not attempt.ended:
        rows.append(element("div", faint("This is how it stood when the cell ran.")))
    return block(*rows)


def heading(attempt: Attempt) -> Html:
    """Who is to connect what."""
    return element("div", element("b", f"Connect {attempt.title}"), f" for {attempt.user_id}")


def stands(attempt: Attempt) -> str:
    """Where it stands, in a sentence. A link cannot tell that it was clicked, so that none is said to be unopened."""
    match attempt.state:
        case "offered":
            return f"Waiting for {attempt.user_id} to connect {attempt.title}."
        case "opened":
            return f"The link was shown. Waiting for {attempt.user_id} to connect {attempt.title}."
        case "waiting":
            return f"{attempt.user_id} is at {attempt.title}'s consent."
        case _:
            return attempt.told


def ended(attempt: Attempt) -> str:
    """How it ended, in a few words."""
    account = attempt.account
    name = (account.username or account.email_address or account.label) if account else ""
    return f"{_NAMES[attempt.state]}{f' as {name}' if name else ''}."


def remark(attempt: Attempt) -> str:
    """What to know of a link to this machine, where the browser is likely on another."""
    if attempt.ended or attempt.link is None or not is_loopback(urlsplit(attempt.link.reveal()).hostname or ""):
        return ""
    here = "The page is served by the machine that this notebook's kernel runs on"
    if "google.colab" in sys.modules or any(name in os.environ for name in _REMOTE):
        return f"{here}, and this one seems to be far from your browser: forward its port, or run the notebook here."
    return f"{here}: open it there."


def opens(url: str) -> bool:
    """Whether it may be a link: https, or a page of this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))


def _stand(attempt: Attempt) -> tuple[object, ...]:
    if attempt.ended:
        colour = f"color: {GOOD}" if attempt.state == "connected" else None
        more = "" if attempt.state == "connected" else f" {stands(attempt)}"
        return (element("b", ended(attempt), style=colour), more)
    return (stands(attempt), " ", faint(f"{max(1, round(attempt.left / 60))} min left."))


def _address(attempt: Attempt) -> tuple[object, ...]:
    if attempt.link is None or attempt.link.secret:
        return (
            "The link is a secret, and is not written here: ",
            element("code", "attempt.link.reveal()"),
            " gives it.",
        )
    url = attempt.link.reveal()
    if not opens(url):
        return (element("code", url),)
    words = f"Connect {attempt.title}"
    return (element("a", words, href=url, target="_blank", rel="noopener noreferrer"), " · ", element("code", url))


def _clickable() -> bool:
    """IPython in a terminal asks for the same and shows text: no widget is made for it."""
    shell = get_ipython()
    return shell is None or getattr(shell, "kernel", None) is not None
