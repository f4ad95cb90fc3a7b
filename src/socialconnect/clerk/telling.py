"""An attempt to connect in words: where it stands, what to do next, and both with its link."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from socialconnect.clerk.attempt import Attempt

_LAST = 90  # seconds from which on the seconds are told


def told(attempt: Attempt) -> str:
    """One sentence on where it stands."""
    if attempt.error is not None:
        return attempt.error.message
    user, title, left = attempt.user_id, attempt.title, attempt.left
    time = f"{left / 60:.0f} min left" if left >= _LAST else f"{left:.0f} s left"
    match attempt.state:
        case "connected":
            return f"{user} is connected to {title}{_name(attempt)}."
        case "waiting":
            return f"{user} is at {title}'s consent ({time})."
        case "opened":
            return f"The link for {user} and {title} was opened ({time})."
        case _:
            return f"The link for {user} and {title} waits to be opened ({time})."


def cure(attempt: Attempt) -> str:
    """What to do next; nothing once it is connected."""
    if attempt.error is not None:
        return attempt.error.cure
    if attempt.state == "connected":
        return ""
    if attempt.state == "offered":
        return f"Have {attempt.user_id} open the link and connect {attempt.title}."
    return f"Have {attempt.user_id} finish in the browser."


def text(attempt: Attempt) -> str:
    """All of it, for where there is nothing but text."""
    lines = [attempt.told, attempt.cure, attempt.note]
    if attempt.link is not None and not attempt.ended:
        lines.insert(1, "The link is secret: link.reveal() gives it." if attempt.link.secret else str(attempt.link))
    return "\n".join(line for line in lines if line)


def _name(attempt: Attempt) -> str:
    account = attempt.account
    name = (account.username or account.email_address or account.label) if account else ""
    return f" as {name}" if name else ""
