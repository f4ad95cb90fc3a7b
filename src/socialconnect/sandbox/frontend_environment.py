"""What Clerk's Frontend API tells anybody of the instance: `/v1/environment` and `/v1/account_portal`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socialconnect.sandbox import dice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socialconnect.sandbox.world import Offered, World

HOST = "clerk.sandbox.example"
PORTAL = "accounts.sandbox.example"
_HOME = "https://sandbox.example"
_FOUNDED = 1_500_000_000


def environment(world: World, *, native: bool, second_factor: bool) -> dict[str, object]:
    """The whole of it; `native` says whether programs may act as a user, `second_factor` whether one is asked for."""
    return {
        "auth_config": _auth(world, native=native),
        "display_config": _display(world),
        "user_settings": _user_settings(world.providers, second_factor=second_factor),
        "organization_settings": {
            "enabled": False,
            "max_allowed_memberships": 5,
            "actions": {"admin_delete": True},
            "domains": {"enabled": False, "enrollment_modes": [], "default_role": ""},
            "slug": {"disabled": False},
            "creator_role": "org:admin",
        },
        "fraud_settings": {"object": "fraud_settings", "native": {"device_attestation_mode": "disabled"}},
        "api_keys_settings": {"enabled": False, "user_api_keys_enabled": False, "orgs_api_keys_enabled": False},
        "client_debug_mode": False,
        "partitioned_cookies": False,
        "maintenance_mode": False,
    }


def account_portal(*, enabled: bool) -> dict[str, object]:
    """Whether the instance's hosted pages can be used."""
    addresses = (
        "after_sign_in_url",
        "after_sign_up_url",
        "after_join_waitlist_url",
        "after_create_organization_url",
        "after_leave_organization_url",
        "logo_link_url",
    )
    colours = ("background_color_dark", "background_color_light", "primary_color_dark", "primary_color_light")
    return {
        "object": "account_portal",
        "allowed": True,
        "enabled": enabled,
        "internal_linking": True,
        **dict.fromkeys(addresses, _HOME),
        "customization": {"appearance": "auto", **dict.fromkeys(colours)},
    }


def _auth(world: World, *, native: bool) -> dict[str, object]:
    return {
        "object": "auth_config",
        "id": dice.encode("aac", 0, world.seed, _FOUNDED),
        "first_name": "on",
        "last_name": "on",
        "email_address": "required",
        "phone_number": "off",
        "username": "on",
        "password": "on",
        "identification_requirements": [["email_address"]],
        "identification_strategies": ["email_address", *(one.wire for one in world.providers.values() if one.enabled)],
        "first_factors": ["password", "ticket", *(one.wire for one in world.providers.values() if one.enabled)],
        "second_factors": ["totp"],
        "email_address_verification_strategies": ["email_code"],
        "single_session_mode": True,
        "enhanced_email_deliverability": False,
        "test_mode": False,
        "cookieless_dev": False,
        "url_based_session_syncing": True,
        "claimed_at": None,
        "reverification": True,
        "native_settings": {
            "object": "native_settings",
            "api_enabled": native,
            "trusted_device_sign_in_enabled": False,
            "trusted_device_enrollment_prompt_after_sign_in_enabled": False,
            "trusted_device_enrollment_prompt_after_sign_up_enabled": False,
        },
    }


def _display(world: World) -> dict[str, object]:
    home = (
        "after_sign_in_url",
        "after_sign_up_url",
        "after_switch_session_url",
        "after_join_waitlist_url",
        "after_leave_organization_url",
        "after_create_organization_url",
        "logo_link_url",
        "home_url",
    )
    pages = {
        "sign_in_url": "sign-in",
        "sign_up_url": "sign-up",
        "user_profile_url": "user",
        "waitlist_url": "waitlist",
        "oauth_consent_url": "oauth-consent",
        "after_sign_out_one_url": "sign-in",
        "after_sign_out_all_url": "sign-in",
        "organization_profile_url": "organization",
        "create_organization_url": "create-organization",
    }
    nothing = (
        "logo_image_url",
        "favicon_image_url",
        "support_email",
        "clerk_js_version",
        "google_one_tap_client_id",
        "help_url",
        "privacy_policy_url",
        "terms_url",
        "logo_url",
        "favicon_url",
        "logo_image",
        "favicon_image",
        "captcha_public_key",
        "captcha_widget_type",
        "captcha_public_key_invisible",
        "captcha_provider",
    )
    return {
        "object": "display_config",
        "id": dice.encode("display_config", 0, world.seed, _FOUNDED),
        "instance_environment_type": "production",
        "application_name": "Sandbox",
        "theme": {},
        "preferred_sign_in_strategy": "password",
        **dict.fromkeys(home, _HOME),
        **{name: f"https://{PORTAL}/{page}" for name, page in pages.items()},
        "branded": True,
        "experimental_force_oauth_first": False,
        "show_devmode_warning": False,
        **dict.fromkeys(nothing),
        "captcha_oauth_bypass": [],
    }


def _user_settings(providers: Mapping[str, Offered], *, second_factor: bool) -> dict[str, object]:
    off = {"enabled": False}
    return {
        "attributes": _attributes(second_factor=second_factor),
        "social": {one.wire: _social(one) for one in providers.values()}
        | {
            "oauth_expressen": {
                **off,
                "required": False,
                "authenticatable": False,
                "block_email_subaddresses": False,
                "strategy": "oauth_expressen",
                "not_selectable": True,
                "deprecated": True,
                "name": "Expressen",
                "logo_url": None,
            }
        },
        "saml": off,
        "enterprise_sso": off,
        "sign_in": {"second_factor": {"required": second_factor}},
        "sign_up": {
            "captcha_enabled": False,
            "captcha_widget_type": "smart",
            "custom_action_required": False,
            "progressive": True,
            "mode": "public",
            "legal_consent_enabled": False,
        },
        "restrictions": dict.fromkeys(
            (
                "allowlist",
                "blocklist",
                "allowlist_blocklist_disabled_on_sign_in",
                "block_email_subaddresses",
                "block_disposable_email_domains",
            ),
            off,
        ),
        **_strictness(),
    }


def _social(one: Offered) -> dict[str, object]:
    return {
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


def _attributes(*, second_factor: bool) -> dict[str, object]:
    used: dict[str, tuple[list[str], list[str]] | None] = {
        "email_address": (["email_code"], []),
        "username": ([], []),
        "first_name": ([], []),
        "last_name": ([], []),
        "password": (["password"], []),
        "ticket": (["ticket"], []),
        "authenticator_app": ([], ["totp"] if second_factor else []),
        "phone_number": None,
        "web3_wallet": None,
        "backup_code": None,
        "passkey": None,
    }
    return {
        name: {
            "enabled": factors is not None,
            "required": name == "email_address",
            "used_for_first_factor": bool(factors and factors[0]),
            "first_factors": factors[0] if factors else [],
            "used_for_second_factor": bool(factors and factors[1]),
            "second_factors": factors[1] if factors else [],
            "verifications": ["email_code"] if name == "email_address" else [],
            "verify_at_sign_up": name == "email_address",
            "immutable": False,
        }
        for name, factors in used.items()
    }


def _strictness() -> dict[str, object]:
    """How passwords, names and attackers are dealt with, of which nothing is played."""
    return {
        "password_settings": {
            "disable_hibp": False,
            "disable_password_reverification": False,
            "min_length": 8,
            "max_length": 72,
            **dict.fromkeys(
                ("require_special_char", "require_numbers", "require_uppercase", "require_lowercase", "show_zxcvbn"),
                False,
            ),
            "min_zxcvbn_strength": 0,
            "enforce_hibp_on_sign_in": True,
            "allowed_special_characters": "!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~",
        },
        "username_settings": {
            "min_length": 4,
            "max_length": 64,
            "allow_extended_special_characters": False,
            "allow_numeric_usernames": False,
        },
        "actions": {"delete_self": True, "create_organization": False, "create_organizations_limit": None},
        "attack_protection": {
            "user_lockout": {"enabled": True, "max_attempts": 100, "duration_in_minutes": 60},
            "pii": {"enabled": True},
            "email_link": {"require_same_client": False},
            "enumeration_protection": {"enabled": False},
        },
        "passkey_settings": {
            "allow_autofill": True,
            "show_sign_in_button": True,
            "satisfies_second_factor": False,
        },
    }
