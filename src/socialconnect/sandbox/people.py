"""A user as Clerk's Backend API shows it, external accounts and private metadata included."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from socialconnect.sandbox import dice
from socialconnect.sandbox.selection import external_id

if TYPE_CHECKING:
    from socialconnect.sandbox.tokens import Tokens
    from socialconnect.sandbox.world import Account, Person, World

DECLINED = "oauth_access_denied"
_TROUBLES = {
    DECLINED: ("Access denied", "You did not grant access to your account."),
    "oauth_identification_claimed": (
        "Identification claimed by another user",
        "The account that you tried to connect is already connected to another user.",
    ),
    "oauth_token_exchange_error": (
        "Token exchange error",
        "The provider did not give an access token for the code that it had sent.",
    ),
}

_NEVER: dict[str, object] = {
    "object": "user",
    "locale": None,
    "primary_phone_number_id": None,
    "primary_web3_wallet_id": None,
    "phone_numbers": [],
    "web3_wallets": [],
    "passkeys": [],
    "saml_accounts": [],
    "enterprise_accounts": [],
    "organization_memberships": [],
    "two_factor_enabled": False,
    "totp_enabled": False,
    "backup_code_enabled": False,
    "mfa_enabled_at": None,
    "mfa_disabled_at": None,
    "banned": False,
    "locked": False,
    "deprovisioned": False,
    "lockout_expires_in_seconds": None,
    "verification_attempts_remaining": 100,
    "delete_self_enabled": True,
    "create_organization_enabled": True,
    "create_organizations_limit": None,
    "legal_accepted_at": None,
    "bypass_client_trust": False,
    "scim": None,
    "unsafe_metadata": {},
}


def user_body(world: World, tokens: Tokens, index: int, now: float) -> bytes:
    """One user, as JSON."""
    return msgspec.json.encode(user(world, tokens, index, now))


def user(world: World, tokens: Tokens, index: int, now: float) -> dict[str, object]:
    """One user, as the Backend API shows them."""
    person = world.person(index)
    accounts = world.accounts(index)
    emails = [_email(world, person, accounts)]
    if index % 9 == 4:
        second = {**emails[0], "id": _identification(world, person, 1), "linked_to": []}
        emails.insert(0, {**second, "email_address": f"{person.slug}.work@example.com"})
    image = f"https://img.sandbox.example/{person.user_id}"
    day = 86_400_000
    return {
        **_NEVER,
        "id": person.user_id,
        "external_id": external_id(person) if index % 5 else None,
        "username": person.username,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "image_url": image,
        "profile_image_url": image,
        "has_image": index % 3 == 0,
        "primary_email_address_id": emails[-1]["id"],
        "email_addresses": emails,
        "external_accounts": [external(account, person, tokens, now) for account in accounts],
        "public_metadata": {"plan": "free" if index % 4 else "team"},
        "private_metadata": {"note": f"not for frames: {person.slug}"},
        "password_enabled": index % 2 == 0,
        "password_last_updated_at": person.created_at if index % 2 == 0 else None,
        "last_sign_in_at": person.last_sign_in_at,
        "last_active_at": None if person.last_sign_in_at is None else person.last_sign_in_at // day * day,
        "created_at": person.created_at,
        "updated_at": person.updated_at,
    }


def _identification(world: World, person: Person, ordinal: int) -> str:
    # the accounts' numbers leave the provider code 65,535 free
    return dice.encode("idn", person.index << 20 | 0xFFFF0 | ordinal, world.seed, person.created_at // 1000)


def _email(world: World, person: Person, accounts: tuple[Account, ...]) -> dict[str, object]:
    return {
        "id": _identification(world, person, 0),
        "object": "email_address",
        "email_address": person.email,
        "reserved": False,
        "verification": {
            "object": "verification_otp",
            "status": "verified",
            "strategy": "email_code",
            "attempts": 1,
            "expire_at": person.created_at + 600_000,
        },
        "linked_to": [
            {"type": account.strategy, "id": account.identification} for account in accounts if account.ordinal == 0
        ],
        "matches_sso_connection": False,
        "created_at": person.created_at,
        "updated_at": person.created_at,
    }


def external(account: Account, person: Person, tokens: Tokens, now: float) -> dict[str, object]:
    """One external account of a user."""
    google = account.provider == "google"
    verified = account.situation != "unverified"
    found: dict[str, object] = {
        "object": "google_account" if google else "external_account",
        "id": account.identification if google else account.eac,
        "identification_id": account.identification,
        "provider": account.strategy,
        "provider_user_id": account.provider_user_id if verified else "",
        "approved_scopes": " ".join(tokens.scopes(account)) if verified else "",
        "email_address": account.email,
        "email_address_verified": verified if account.provider in ("github", "google") else None,
        "first_name": person.first_name or "",
        "last_name": person.last_name or "",
        "avatar_url": f"https://img.sandbox.example/{account.eac}",
        "image_url": f"https://img.sandbox.example/{account.eac}",
        "username": account.username if account.provider == "github" else None,
        "phone_number": None,
        "public_metadata": {},
        "label": None if account.ordinal == 0 else "second",
        "created_at": account.created_at,
        "updated_at": account.updated_at,
        "verification": verification(account, now),
    }
    if google:
        found |= {
            "external_account_id": account.eac,
            "google_id": account.provider_user_id,
            "given_name": person.first_name or "",
            "family_name": person.last_name or "",
            "picture": f"https://img.sandbox.example/{account.eac}",
        }
    return found


def trouble(code: str) -> dict[str, object]:
    """What Clerk says of an attempt to connect that came to nothing."""
    message, long_message = _TROUBLES.get(code, ("Connecting failed", "The account could not be connected."))
    return {"code": code, "message": message, "long_message": long_message}


def verification(account: Account, now: float) -> dict[str, object]:
    """How far the attempt to connect an account has come, as Clerk says it."""
    return {
        "object": "verification_oauth",
        "status": status(account, now),
        "strategy": account.strategy,
        "attempts": None,
        "expire_at": account.lapses_at or account.created_at + 600_000,
        "error": trouble(account.error) if account.error else None,
    }


def status(account: Account, now: float) -> str:
    """`verified`, or `unverified`, `failed` or `expired` for an attempt that is not finished."""
    if account.situation != "unverified":
        return "verified"
    if account.error:
        return "unverified" if account.error == DECLINED else "failed"
    return "expired" if now * 1000 >= account.lapses_at else "unverified"
