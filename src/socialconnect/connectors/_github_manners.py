"""How GitHub says no, and which of its scopes contain which."""

from __future__ import annotations

from socialconnect.reading.decide import ErrorRule

_NOT_A_SCOPE = "This is not a matter of scopes: whoever administers the repository or organisation must give access."
_SIGN_ON = "The user must authorise the app for the organisation's single sign-on (github.com/settings/applications)."

RULES = (
    # Limits come first: GitHub answers 403 for them too, and they may reach any endpoint.
    ErrorRule(
        "throttled",
        status=(403, 429),
        header="x-ratelimit-remaining=0",
        wait=("retry-after", "epoch:x-ratelimit-reset", "60"),
    ),
    # A secondary limit comes with requests left, and often without Retry-After: then only its words tell.
    ErrorRule("throttled", status=(403, 429), text=r"secondary rate limit|abuse detection", wait=("retry-after", "60")),
    ErrorRule("throttled", status=(403, 429), header="retry-after", wait=("retry-after",)),
    ErrorRule("throttled", status=(403, 429), text=r"rate limit exceeded|login attempts exceeded", wait=("60",)),
    # The address that mends it stands in the header alone; whatever else stands there is not shown.
    ErrorRule(
        "denied",
        status=(403,),
        header="x-github-sso=required",
        cure=_SIGN_ON,
        quoted=r"url=(https://github\.com/[^\s;,<>\"']+)",
    ),
    ErrorRule("denied", status=(403,), text=r"SAML enforcement", cure=_SIGN_ON),
    ErrorRule(
        "denied",
        status=(403,),
        text=r"OAuth App access restrictions",
        cure="An owner of the organisation must approve the app under its settings, Third-party access.",
    ),
    ErrorRule(
        "denied",
        status=(403,),
        text=r"not accessible by (integration|personal access token)",
        cure="The token is one of a GitHub App, which has permissions and no scopes: add the permission to the app.",
    ),
    ErrorRule("refused", status=(403,), text=r"administrative rules|User Agent string"),
    ErrorRule("denied", status=(403,), text=r"must have (push|admin) (access|rights)", cure=_NOT_A_SCOPE),
    # Here the words say it: of the scopes that the header accepts, GitHub does not take repo for /user/orgs.
    ErrorRule(
        "scope",
        status=(403,),
        text=r"you need at least [\w:]+ scope",
        required="header:x-accepted-oauth-scopes",
        granted="header:x-oauth-scopes",
    ),
    # GitHub hides what a token may not see: 404 is a missing scope when none of the accepted ones was granted.
    ErrorRule(
        "scope",
        status=(403, 404),
        required="header:x-accepted-oauth-scopes",
        granted="header:x-oauth-scopes",
        disjoint=True,
    ),
    ErrorRule(
        "partial",
        status=(200,),
        header="x-github-sso=partial-results",
        cure="What belongs to organisations with single sign-on is missing: the user must authorise the app for them.",
        quoted=r"organizations=(\d+(?:\s*,\s*\d+)*)",
    ),
    ErrorRule("empty", status=(409,), text=r"repository is empty"),
    ErrorRule("not_found", status=(410,), text=r"issues", cure="Issues are switched off there: leave it out."),
    ErrorRule(
        "setup",
        status=(400, 410),
        text=r"\bAPI version",
        cure="GitHub does not take this version of its API any more: choose one with the setting api_versions.",
    ),
    ErrorRule("denied", status=(451,), cure="GitHub blocks this repository for legal reasons: leave it out."),
)

IMPLIES = {
    "repo": ("repo:status", "repo_deployment", "public_repo", "repo:invite", "security_events"),
    "user": ("read:user", "user:email", "user:follow"),
    "admin:org": ("write:org", "manage_runners:org"),
    "write:org": ("read:org",),
    "admin:repo_hook": ("write:repo_hook",),
    "write:repo_hook": ("read:repo_hook",),
    "admin:public_key": ("write:public_key",),
    "write:public_key": ("read:public_key",),
    "admin:gpg_key": ("write:gpg_key",),
    "write:gpg_key": ("read:gpg_key",),
    "write:discussion": ("read:discussion",),
    "write:packages": ("read:packages",),
    "project": ("read:project",),
}
