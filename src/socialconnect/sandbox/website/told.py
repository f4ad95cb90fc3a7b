"""What has become of what a visitor did, in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socialconnect.sandbox.consents import CLAIMED
from socialconnect.sandbox.website.frame import APPLICATION, Tone

if TYPE_CHECKING:
    from socialconnect.sandbox.consents import Consent

Told = tuple["Tone", str]

_REFUSED: dict[str, str] = {
    "oauth_account_already_connected": "You have connected a {title} account already. Remove it first.",
    "oauth_provider_not_enabled": "{title} is not offered here any more.",
    "external_account_not_found": "That account is not there any more.",
    "last_required_identification_deletion_failed": (
        "You sign in with this {title} account: without it nobody could. Connect another way to sign in first."
    ),
}
_TICKETS: dict[str, tuple[str, str]] = {
    "sign_in_token_already_used_code": ("This link was used already", "It works once. Ask for a new one."),
    "sign_in_token_revoked_code": ("This link was taken back", "Whoever made it has ended it. Ask for a new one."),
    "ticket_expired_code": ("This link has expired", "It was good for a short time only. Ask for a new one."),
}


def outcome(consent: Consent, title: str, now: float) -> Told | None:
    """What became of an attempt to connect; None while it may still become something."""
    match consent.outcome:
        case "granted" if consent.renewing:
            return "good", f"{title} is connected again."
        case "granted":
            return "good", f"{title} is connected: {APPLICATION} may read what you allowed."
        case "declined":
            return "warn", f"You declined: {APPLICATION} got no access to {title}."
        case "failed" if consent.error == CLAIMED:
            return "bad", f"This {title} account is already connected to another user."
        case "failed":
            return "bad", f"{title} could not be connected ({consent.error})."
    return ("warn", f"The time to allow {title} is up. Nothing was connected.") if consent.expired(now) else None


def said(code: str, title: str) -> Told | None:
    """What a form of the profile page did: `removed`, or the code with which Clerk refused it."""
    if code == "removed":
        return "good", f"{title} is removed."
    if code not in _REFUSED:
        return None
    return "bad", _REFUSED[code].format(title=title)


def ticket(code: str) -> tuple[str, str]:
    """Why a ticket signs nobody in: a title and what to do."""
    return _TICKETS.get(code, ("This link cannot be used", "It may have been cut short. Ask for a new one."))
