"""Clerk's names for providers, there and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialconnect.clerk.strategy import provider_of, strategy_of


@pytest.mark.parametrize(
    ("written", "bare"),
    [
        ("github", "github"),
        ("oauth_github", "github"),
        (" OAuth_GitHub ", "github"),
        ("oauth_token_dropbox", "dropbox"),
        ("oauth_linkedin_oidc", "linkedin_oidc"),
        ("oauth_custom_acme", "custom_acme"),
        ("hugging-face", "huggingface"),
        ("oauth_hugging_face", "huggingface"),
        ("twitter_v2", "x"),
    ],
)
def test_every_spelling_has_one_name(written, bare):
    """A provider has one bare name however Clerk or a person writes it."""
    assert provider_of(written) == bare
    assert strategy_of(written) == f"oauth_{bare}"


@given(st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True))
def test_the_way_back_is_the_way(name):
    """A strategy's provider has that strategy."""
    assert provider_of(strategy_of(name)) == provider_of(name) or name.startswith(("oauth_", "token_"))
    assert strategy_of(provider_of(f"oauth_custom_{name}")) == f"oauth_custom_{name}"
