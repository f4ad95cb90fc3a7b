"""GitHub's REST API as far as `connectors/github.py` reads it: https://docs.github.com/rest.

An underscoped account is refused its organisations and addresses, and like a narrow one sees its public repositories
only; of one in the situation `sso_partial` organisations hide a part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from socialconnect.sandbox import dice, github_listings
from socialconnect.sandbox.answers import Answer, Call, answer, conditional
from socialconnect.sandbox.github_pages import Viewer, failure, hidden, throttled
from socialconnect.sandbox.github_records import user
from socialconnect.sandbox.limits import Hourly

if TYPE_CHECKING:
    from socialconnect.sandbox.tokens import Tokens
    from socialconnect.sandbox.world import Account

__all__ = ["HOST", "ORIGIN", "VERSIONS", "GitHub", "failure", "throttled"]

HOST = "api.github.com"
ORIGIN = f"https://{HOST}"
VERSIONS = ("2022-11-28", "2026-03-10")
_GONE = {"has_downloads", "use_squash_pr_title_as_default", "master_branch", "assignee", "merge_commit_sha"}
_GONE_OF_GISTS = {"history", "forks", "user"}
_OWN = {
    "repos": github_listings.repos,
    "emails": github_listings.emails,
    "orgs": github_listings.orgs,
    "starred": github_listings.starred,
}
_OF_REPOS = {"issues", "pulls", "commits", "languages", "traffic/views", "traffic/clones"}


class GitHub:
    """Answers for `api.github.com`."""

    def __init__(self, tokens: Tokens, *, limits: bool) -> None:
        self._world = tokens.world
        self._tokens = tokens
        self._hourly = Hourly() if limits else None

    def __call__(self, call: Call) -> Answer:
        """The answer to one call, with GitHub's headers."""
        number = dice.digest(self._world.seed, call.path, call.query, call.bearer, call.now, size=10).hex().upper()
        headers = {"x-github-request-id": f"{number[:4]}:{number[4:10]}:{number[10:]}", "server": "github.com"}
        found = self._answer(call)
        return Answer(found.status, found.body, {**headers, **found.headers})

    def knows(self, call: Call) -> bool:
        """Whether the path is one of those written here."""
        match call.path.strip("/").split("/"):
            case ["user"] | ["gists"] | ["users", _, "events"] | ["user", _, "events"]:
                return True
            case ["user", what] | ["user", _, what]:
                return what in _OWN
            case ["repos", _, _, *what] | ["repositories", _, *what]:
                return "/".join(what) in _OF_REPOS
        return False

    def _answer(self, call: Call) -> Answer:
        refusal = self.gate(call)
        if refusal is not None:
            return refusal
        account = self._tokens.holder(call.bearer, "github", call.now)
        if account is None:
            return failure(401, "Bad credentials")
        limit = self._limit(account, call.now)
        if limit["x-ratelimit-remaining"] == "-1":
            found = failure(403, f"API rate limit exceeded for user ID {account.provider_user_id}.")
            limit["x-ratelimit-remaining"] = "0"
        else:
            found = conditional(call, _as_of(call, self._route(call, account)))
        if found.status == 304 and self._hourly:
            self._hourly.give_back(account.eac)
            left = int(limit["x-ratelimit-remaining"]) + 1
            limit |= {"x-ratelimit-remaining": str(left), "x-ratelimit-used": str(5000 - left)}
        scopes = {
            "x-oauth-scopes": ", ".join(self._tokens.scopes(account)),
            "x-accepted-oauth-scopes": "",
            "x-github-media-type": "github.v3; format=json",
            "x-github-api-version-selected": call.headers.get("x-github-api-version", VERSIONS[0]),
            "vary": "Accept, Authorization, Cookie, X-GitHub-OTP, Accept-Encoding",
        }
        return Answer(found.status, found.body, {**scopes, **limit, **found.headers})

    def gate(self, call: Call) -> Answer | None:
        """What is refused before anybody looks whose token it is."""
        if not call.headers.get("user-agent"):
            text = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header"
            return Answer(403, text.encode(), {"content-type": "text/html"})
        version = call.headers.get("x-github-api-version", VERSIONS[0])
        if version not in VERSIONS:
            return failure(400, f"{version} is not a supported API version.")
        if not call.bearer:
            return failure(401, "Requires authentication")
        return None

    def _limit(self, account: Account, now: float) -> dict[str, str]:
        left, reset = self._hourly.take(account.eac, now) if self._hourly else (4999, int(now) + 3600)
        return {
            "x-ratelimit-limit": "5000",
            "x-ratelimit-remaining": str(left),
            "x-ratelimit-used": str(5000 - max(left, 0)),
            "x-ratelimit-reset": str(reset),
            "x-ratelimit-resource": "core",
        }

    def _route(self, call: Call, account: Account) -> Answer:
        if call.method != "GET":
            return hidden()
        viewer = Viewer(self._world, account, self._tokens.situation(account), self._tokens.scopes(account))
        own = account.provider_user_id
        match call.path.strip("/").split("/"):
            case ["user"]:
                private = "user" in viewer.scopes or "read:user" in viewer.scopes
                return answer(200, user(self._world, account, viewer.situation, private=private))
            case ["gists"]:
                return github_listings.gists(viewer, call)
            case ["users", login, "events"] | ["user", login, "events"]:
                return github_listings.events(viewer, call, login)
            case ["user", what] if what in _OWN:
                return _OWN[what](viewer, call)
            case ["user", number, what] if what in _OWN and number == own:
                return _OWN[what](viewer, call)
            case ["repos", owner, name, *what]:
                repo = github_listings.repo_named(self._world, owner, name)
            case ["repositories", number, *what]:
                repo = github_listings.repo_numbered(self._world, number)
            case _:
                return hidden()
        return hidden("repo") if repo is None else github_listings.of_repo(viewer, call, repo, "/".join(what))


def _as_of(call: Call, found: Answer) -> Answer:
    """The answer without what the newer version took away, where the caller asks for that version."""
    if found.status != 200 or call.headers.get("x-github-api-version", VERSIONS[0]) == VERSIONS[0]:
        return found
    gone = _GONE | (_GONE_OF_GISTS if call.path == "/gists" else set())
    return Answer(200, msgspec.json.encode(_without(msgspec.json.decode(found.body), gone)), found.headers)


def _without(value: object, gone: set[str]) -> object:
    if isinstance(value, list):
        return [_without(one, gone) for one in value]
    if isinstance(value, dict):
        return {key: _without(one, gone) for key, one in value.items() if key not in gone}
    return value
