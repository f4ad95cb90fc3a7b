"""What is known of why connections fail: each fact once, with where it bites and where it is written down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from socialconnect.standing.diagnosis import Check

_ISSUES = "https://github.com/clerk/javascript/issues"
_SOCIAL = "https://clerk.com/docs/guides/configure/auth-strategies/social-connections"
_NO_REFRESH = frozenset({"oauth_missing_refresh_token", "external_account_missing_refresh_token"})
_REFUSED = frozenset({"oauth_token_retrieval_error"})
_LINKEDIN = ("linkedin", "linkedin_oidc")


@dataclass(frozen=True, slots=True)
class Fact:
    """A sentence for one check that does not hold, where the provider, Clerk's code and the instance's kind are these.

    `providers`, `codes` and `kind` say nothing where they are empty.
    """

    check: Check
    text: str
    source: str
    providers: tuple[str, ...] = ()
    codes: frozenset[str] = frozenset()
    kind: str = ""

    def bites(self, check: Check, provider: str, codes: Collection[str], kind: str) -> bool:
        """Whether it is about this."""
        return (
            check == self.check
            and (not self.providers or provider in self.providers)
            and (not self.codes or not self.codes.isdisjoint(codes))
            and self.kind in ("", kind)
        )


FACTS = (
    Fact(
        "provider",
        "Clerk names providers in small letters, one of your own as custom_KEY: github, linkedin_oidc, custom_acme. "
        "With the prefix oauth_ it is the same.",
        f"{_ISSUES}/527",
    ),
    Fact(
        "user",
        "A development instance and a production instance share no users, and each has its own secret key.",
        "https://clerk.com/docs/guides/development/managing-environments",
    ),
    Fact(
        "account",
        "Clerk lists attempts that were never finished beside accounts: only a verified one has a token.",
        "https://clerk.com/docs/reference/backend-api",
    ),
    Fact(
        "account",
        "At the provider the user has chosen Cancel, or its page was closed.",
        "https://clerk.com/docs/guides/development/errors/frontend-api",
        codes=frozenset({"oauth_access_denied"}),
    ),
    Fact(
        "account",
        "An account at a provider belongs to one user of the application alone: somebody has connected it before.",
        "https://clerk.com/docs/guides/development/errors/frontend-api",
        codes=frozenset({"oauth_identification_claimed"}),
    ),
    Fact(
        "token",
        "Google gives a refresh token with its consent page only, at the first consent; and a Google client that two "
        "Clerk instances share (development and production) loses it: give each instance a client of its own.",
        f"{_ISSUES}/1827",
        providers=("google",),
        codes=_NO_REFRESH,
    ),
    Fact(
        "token",
        "connect(…, flow='native') asks for Google's consent page; the hosted page may not, whatever is set there. "
        "Else the user removes the application at https://myaccount.google.com/permissions and connects again.",
        f"{_ISSUES}/9177",
        providers=("google",),
        codes=_NO_REFRESH | _REFUSED,
    ),
    Fact(
        "token",
        "While the Google app's publishing status is Testing, its refresh tokens live for seven days, and 100 test "
        "users may connect.",
        "https://developers.google.com/identity/protocols/oauth2#expiration",
        providers=("google",),
        codes=_NO_REFRESH | _REFUSED,
    ),
    Fact(
        "token",
        "TikTok's access tokens live for 24 hours, and Clerk is known to fail to refresh them.",
        f"{_ISSUES}/6302",
        providers=("tiktok",),
    ),
    Fact(
        "token",
        "LinkedIn gives refresh tokens to approved partners of its Marketing Developer Platform only: without that, "
        "the user has to connect again whenever the token has ended.",
        f"{_SOCIAL}/linkedin-oidc",
        providers=_LINKEDIN,
    ),
    Fact(
        "token",
        "X gives a refresh token for the scope offline.access only: without it the token is dead after two hours.",
        "https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code",
        providers=("x",),
    ),
    Fact(
        "token",
        "A refresh that the provider has refused does not heal by itself: the user has to connect again.",
        f"{_ISSUES}/6302",
        codes=_REFUSED,
    ),
    Fact(
        "token",
        "Clerk calls an account verified also where its token is dead. It refreshes a token when it is asked for one, "
        "and gives nobody the refresh token: no program can do it in its place.",
        "https://github.com/clerk/clerk-sdk-python/issues/187",
        codes=_NO_REFRESH | _REFUSED,
    ),
    Fact(
        "token",
        "Where Clerk has stored no token it answers an empty list, not an error.",
        f"{_ISSUES}/447",
        codes=frozenset({"oauth_missing_access_token", "no_token"}),
    ),
    Fact(
        "scopes",
        "Scopes that were added in the Dashboard later do not apply to what was granted before: every user has to "
        "consent again.",
        f"{_ISSUES}/1459",
    ),
    Fact(
        "scopes",
        "This is a development instance: with Clerk's shared credentials a provider grants its base scopes only. "
        "Further ones need credentials of your own (Dashboard, SSO connections, Use custom credentials).",
        f"{_SOCIAL}/all",
        kind="development",
    ),
    Fact(
        "call",
        "A user can take access back at the provider, and Clerk is not told: its record stays as it was.",
        "https://clerk.com/docs/reference/backend-api",
        codes=frozenset({"reconnect_needed"}),
    ),
    Fact(
        "call",
        "Scopes that were added in the Dashboard later do not apply to what was granted before: every user has to "
        "consent again.",
        f"{_ISSUES}/1459",
        codes=frozenset({"missing_scope"}),
    ),
)
"""Facts in the order in which they are told."""


def told(check: Check, provider: str, codes: Collection[str], kind: str) -> tuple[Fact, ...]:
    """The facts about one check that does not hold."""
    return tuple(fact for fact in FACTS if fact.bites(check, provider, codes, kind))
