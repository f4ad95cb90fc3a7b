"""What Clerk's Frontend API shows a user of themselves: their record, accounts, sessions and attempts to sign in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socialconnect.sandbox import dice, sessions
from socialconnect.sandbox.people import external, user

if TYPE_CHECKING:
    from socialconnect.sandbox.sessions import Client, Session
    from socialconnect.sandbox.tickets import Ticket
    from socialconnect.sandbox.tokens import Tokens
    from socialconnect.sandbox.world import Account

_HIDDEN = ("private_metadata", "create_organizations_limit", "scim", "bypass_client_trust")
_LEGACY = ("external_account_id", "google_id", "given_name", "family_name", "picture")
_DAYS_30 = 2_592_000


def own_user(tokens: Tokens, index: int, now: float) -> dict[str, object]:
    """A user as they see themselves: without what is the application's own."""
    shown = {name: value for name, value in user(tokens.world, tokens, index, now).items() if name not in _HIDDEN}
    return {**shown, "external_accounts": [own_account(tokens, one, now) for one in tokens.world.accounts(index)]}


def own_account(tokens: Tokens, account: Account, now: float, link: str = "") -> dict[str, object]:
    """An external account; unlike on the Backend API Google's is like any other. `link` leads to its consent."""
    person = tokens.world.person(account.user)
    shown = {name: value for name, value in external(account, person, tokens, now).items() if name not in _LEGACY}
    verification = shown["verification"]
    if link and isinstance(verification, dict):
        verification = {**verification, "external_verification_redirect_url": link}
    return {**shown, "object": "external_account", "id": account.eac, "verification": verification}


def client_body(tokens: Tokens, client: Client, now: float) -> dict[str, object]:
    """A client and who is signed in there."""
    active = [session for session in client.sessions if session.status == "active"]
    return {
        "object": "client",
        "id": client.id,
        "sessions": [session_body(tokens, session, now) for session in active],
        "sign_in": client.attempt,
        "sign_up": None,
        "last_active_session_id": active[-1].id if active else None,
        "last_authentication_strategy": "ticket" if client.sessions else None,
        "cookie_expires_at": None if client.native else _ms(client.created + sessions.LIFE),
        "captcha_bypass": False,
        "created_at": _ms(client.created),
        "updated_at": _ms(client.updated),
    }


def session_body(tokens: Tokens, session: Session, now: float) -> dict[str, object]:
    """One session."""
    person = tokens.world.person(session.user)
    return {
        "object": "session",
        "id": session.id,
        "status": session.status,
        "expire_at": _ms(session.created + sessions.LIFE),
        "abandon_at": _ms(session.created + _DAYS_30),
        "last_active_at": _ms(session.updated),
        "last_active_token": None,
        "last_active_organization_id": None,
        "actor": None,
        "tasks": [],
        "user": own_user(tokens, session.user, now),
        "public_user_data": {
            "first_name": person.first_name,
            "last_name": person.last_name,
            "image_url": f"https://img.sandbox.example/{person.user_id}",
            "has_image": person.index % 3 == 0,
            "identifier": person.email,
            "user_id": person.user_id,
        },
        "factor_verification_age": [int(now - session.created) // 60, -1],
        "created_at": _ms(session.created),
        "updated_at": _ms(session.updated),
    }


def sign_in_body(tokens: Tokens, ticket: Ticket, session: Session | None, now: float) -> dict[str, object]:
    """An attempt to sign in by a ticket; without a session it still needs a second factor."""
    person = tokens.world.person(ticket.user)
    return {
        "object": "sign_in_attempt",
        "id": dice.encode("sia", dice.number(ticket.token) % 2**32, tokens.world.seed, int(now)),
        "status": "complete" if session else "needs_second_factor",
        "supported_identifiers": ["email_address", "username"],
        "supported_first_factors": [{"strategy": "ticket"}],
        "supported_second_factors": None if session else [{"strategy": "totp", "default": True}],
        "first_factor_verification": {
            "object": "verification_ticket",
            "status": "verified",
            "strategy": "ticket",
            "attempts": None,
            "expire_at": _ms(ticket.expires),
        },
        "second_factor_verification": None,
        "identifier": person.email,
        "user_data": {
            "first_name": person.first_name,
            "last_name": person.last_name,
            "image_url": f"https://img.sandbox.example/{person.user_id}",
            "has_image": person.index % 3 == 0,
            "profile_image_url": None,
        },
        "created_session_id": session.id if session else None,
        "abandon_at": _ms(now + 86_400),
    }


def _ms(moment: float) -> int:
    return int(moment * 1000)
