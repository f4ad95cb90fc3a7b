"""Clerk's names for providers, converted in this one place.

On the wire a provider is a strategy: `oauth_github`, `oauth_linkedin_oidc`, `oauth_custom_acme`. Some answers leave the
prefix out. https://clerk.com/docs/guides/configure/auth-strategies/social-connections/all
"""

from __future__ import annotations

_ALIASES = {"hugging_face": "huggingface", "twitter_v2": "x"}


def provider_of(name: str) -> str:
    """A provider's bare name, however it is written.

    >>> [provider_of(name) for name in ("oauth_github", "GitHub", "oauth_custom_acme", "hugging-face")]
    ['github', 'github', 'custom_acme', 'huggingface']
    """
    bare = name.strip().lower().replace("-", "_")
    for prefix in ("oauth_token_", "oauth_"):
        if bare.startswith(prefix):
            bare = bare.removeprefix(prefix)
            break
    return _ALIASES.get(bare, bare)


def strategy_of(name: str) -> str:
    """The strategy that Clerk's paths take.

    >>> strategy_of("github"), strategy_of("oauth_custom_acme")
    ('oauth_github', 'oauth_custom_acme')
    """
    return f"oauth_{provider_of(name)}"
