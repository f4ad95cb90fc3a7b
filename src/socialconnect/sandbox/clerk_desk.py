"""What Clerk's Backend API does for an application beyond showing its users: tickets, removed accounts, settings.

https://clerk.com/docs/reference/backend-api
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING

from socialconnect.sandbox import dice
from socialconnect.sandbox.refusals import Refused
from socialconnect.sandbox.tickets import LIFE

if TYPE_CHECKING:
    from socialconnect.sandbox.answers import Call
    from socialconnect.sandbox.instance import Instance
    from socialconnect.sandbox.tickets import Ticket
    from socialconnect.sandbox.world import World

ALLOWED = ("https://accounts.sandbox.example/user", "https://sandbox.example/connected")
"""Where the instance lets programs send a user after consent."""

_FOUNDED = 1_500_000_000


def create_ticket(instance: Instance, call: Call) -> dict[str, object]:
    """A new sign-in token."""
    told = call.json()
    user_id, seconds = told.get("user_id"), told.get("expires_in_seconds", LIFE)
    if not isinstance(user_id, str) or not user_id:
        raise missing("user_id")
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        raise Refused(
            422,
            "form_param_type_invalid",
            "`expires_in_seconds` must be a `integer`.",
            message="is invalid",
            meta={"param_name": "expires_in_seconds"},
        )
    if seconds < 1:
        raise Refused(
            422,
            "form_param_value_invalid",
            "expires_in_seconds must be at least 1.",
            message="is invalid",
            meta={"param_name": "expires_in_seconds"},
        )
    index = instance.world.find_user(user_id)
    if index is None:
        raise Refused(404, "resource_not_found", f"No user was found with id {user_id}.", message="not found")
    ticket = instance.tickets.create(index, seconds, call.now)
    return {**ticket_body(instance.world, ticket), "token": ticket.token, "url": ticket.link}


def ticket_body(world: World, ticket: Ticket) -> dict[str, object]:
    """A sign-in token as it is shown after it was made: without the token itself."""
    return {
        "object": "sign_in_token",
        "id": ticket.id,
        "status": ticket.status,
        "user_id": world.user_id(ticket.user),
        "created_at": int(ticket.created * 1000),
        "updated_at": int(ticket.updated * 1000),
    }


def deleted(identity: str) -> dict[str, object]:
    """What is said of an external account that is gone."""
    return {"object": "external_account", "id": identity, "deleted": True}


def missing(name: str) -> Refused:
    """What is said where a parameter that must be there is not."""
    return Refused(
        422, "form_param_missing", f"{name} must be included.", message="is missing", meta={"param_name": name}
    )


def redirect_urls(world: World) -> list[dict[str, object]]:
    """The addresses that programs may send a user to."""
    return [
        {
            "object": "redirect_url",
            "id": dice.encode("ru", number, world.seed, _FOUNDED),
            "url": url,
            "created_at": _FOUNDED * 1000,
            "updated_at": _FOUNDED * 1000,
        }
        for number, url in enumerate(ALLOWED)
    ]


def jwks(world: World) -> dict[str, object]:
    """A public key such as session tokens are verified with; nothing in the sandbox is signed."""
    modulus = b"\xc1" + dice.digest(world.seed, "jwks", size=64) * 3 + dice.digest(world.seed, "jwk", size=63)
    key = {
        "use": "sig",
        "kty": "RSA",
        "kid": dice.encode("ins", 0, world.seed, _FOUNDED),
        "alg": "RS256",
        "n": urlsafe_b64encode(modulus).rstrip(b"=").decode(),
        "e": "AQAB",
    }
    return {"keys": [key]}


def domains(world: World, frontend: str, portal: str) -> dict[str, object]:
    """The instance's one domain: it names the hosts of the Frontend API and of the Account Portal."""
    domain = {
        "object": "domain",
        "id": dice.encode("dmn", 0, world.seed, _FOUNDED),
        "name": frontend.removeprefix("clerk."),
        "is_satellite": False,
        "frontend_api_url": f"https://{frontend}",
        "accounts_portal_url": f"https://{portal}",
        "proxy_url": None,
        "development_origin": "",
        "cname_targets": [],
    }
    return {"data": [domain], "total_count": 1}


def instance_body(world: World) -> dict[str, object]:
    """The instance itself."""
    return {
        "object": "instance",
        "id": dice.encode("ins", 0, world.seed, _FOUNDED),
        "environment_type": "production",
        "allowed_origins": None,
        "workspace_id": None,
    }
