"""Clerk's Frontend API, as far as the environment: which providers the instance offers.

https://clerk.com/docs/reference/frontend-api
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from socialconnect.sandbox.answers import Answer, Call
from socialconnect.sandbox.refusals import Refused, failure

if TYPE_CHECKING:
    from socialconnect.sandbox.world import World

HOST = "clerk.sandbox.example"
PORTAL = "accounts.sandbox.example"


class Frontend:
    """Answers for the Frontend API's host: which providers the instance offers."""

    def __init__(self, world: World) -> None:
        self._body = msgspec.json.encode(_environment(world))

    def __call__(self, call: Call) -> Answer:
        """The environment; nothing else is asked of this host."""
        if call.path != "/v1/environment":
            return failure(Refused(404, "resource_not_found", "The URL was not found."))
        if call.method != "GET":
            return failure(Refused(405, "method_not_allowed", "The environment can only be read."))
        return Answer(200, self._body, {"content-type": "application/json"})


def _environment(world: World) -> dict[str, object]:
    social = {
        one.wire: {
            "enabled": one.enabled,
            "required": False,
            "authenticatable": True,
            "block_email_subaddresses": False,
            "strategy": one.wire,
            "not_selectable": False,
            "deprecated": False,
            "name": one.title or one.name.title(),
            "logo_url": None,
        }
        for one in world.providers.values()
    }
    off = {
        "enabled": False,
        "strategy": "oauth_expressen",
        "not_selectable": True,
        "deprecated": True,
        "name": "Expressen",
    }
    return {
        "auth_config": {
            "object": "auth_config",
            "single_session_mode": True,
            "test_mode": False,
            "reverification": True,
            "native_settings": {"api_enabled": True},
        },
        "display_config": {
            "object": "display_config",
            "instance_environment_type": "production",
            "application_name": "Sandbox",
            "home_url": "https://sandbox.example",
            "sign_in_url": f"https://{PORTAL}/sign-in",
            "user_profile_url": f"https://{PORTAL}/user",
        },
        "user_settings": {"social": {**social, "oauth_expressen": off}},
        "maintenance_mode": False,
    }
