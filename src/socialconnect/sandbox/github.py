"""GitHub's REST API as far as `/user` and `/user/repos`: https://docs.github.com/rest.

An underscoped account is refused its repositories (the real service refuses `/user/orgs` that way); a narrow one sees
its public ones only, as there.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec

from socialconnect.sandbox import dice
from socialconnect.sandbox.answers import JSON, Answer, Call, answer, conditional, whole
from socialconnect.sandbox.faults import FOREIGN
from socialconnect.sandbox.github_records import count, repository, user
from socialconnect.sandbox.limits import Hourly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from socialconnect.sandbox.tokens import Tokens
    from socialconnect.sandbox.world import Account

HOST = "api.github.com"
ORIGIN = f"https://{HOST}"
VERSIONS = ("2022-11-28", "2026-03-10")
_DOCS = "https://docs.github.com/rest"
_SORTS = ("created", "updated", "pushed", "full_name")
_AFFILIATIONS = {"owner", "collaborator", "organization_member"}


class GitHub:
    """Answers for `api.github.com`."""

    def __init__(self, tokens: Tokens, *, limits: bool) -> None:
        self._world = tokens.world
        self._tokens = tokens
        self._hourly = Hourly() if limits else None
        self._page = lru_cache(maxsize=64)(self._listing)
        self._repository = lru_cache(maxsize=2048)(partial(repository, tokens.world))

    def __call__(self, call: Call) -> Answer:
        """The answer to one call, with GitHub's headers."""
        number = dice.digest(self._world.seed, call.path, call.query, call.bearer, call.now, size=10).hex().upper()
        headers = {"x-github-request-id": f"{number[:4]}:{number[4:10]}:{number[10:]}", "server": "github.com"}
        found = self._answer(call)
        return Answer(found.status, found.body, {**headers, **found.headers})

    def knows(self, call: Call) -> bool:
        """Whether the path is one of those written here."""
        parts = call.path.strip("/").split("/")
        return parts[0] == "user" and (len(parts) == 1 or parts[-1] == "repos")

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
            found = conditional(call, self._route(call, account))
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
            return failure(404, "Not Found")
        scopes = self._tokens.scopes(account)
        if call.path == "/user":
            private = "user" in scopes or "read:user" in scopes
            situation = self._tokens.situation(account)
            body = user(self._world, account, situation, private=private)
            return answer(200, body)
        if call.path in ("/user/repos", f"/user/{account.provider_user_id}/repos"):
            return self._repos(call, account, scopes)
        return failure(404, "Not Found")

    def _repos(self, call: Call, account: Account, scopes: Sequence[str]) -> Answer:
        if not {"repo", "public_repo", "read:user", "user"} & set(scopes):
            needed = {"x-accepted-oauth-scopes": "public_repo, repo"}
            return failure(403, "Resource not accessible by this token: it needs public_repo or repo.", needed)
        invalid = _invalid(call)
        if invalid:
            return failure(422, invalid)
        wishes = (*_wishes(call), ("scope", "repo" if "repo" in scopes else ""))
        size = max(1, min(100, whole(call.param("per_page"), 30)))
        page = max(1, whole(call.param("page"), 1))
        chosen = self._page(account, self._tokens.situation(account), wishes)
        bodies = [self._repository(account, position) for position in chosen[(page - 1) * size : page * size]]
        pages = -(-len(chosen) // size)
        link = _link(call, account, page, pages)
        found = Answer(200, b"[" + b",".join(bodies) + b"]", JSON)
        return found.with_headers(link=link) if link else found

    def _listing(self, account: Account, situation: str, wishes: tuple[tuple[str, str], ...]) -> tuple[int, ...]:
        """The positions of the repositories to show, in order."""
        wish = dict(wishes)
        visible = wish.get("visibility") or {"public": "public", "private": "private"}.get(wish.get("type", ""), "all")
        owned = "owner" in (wish.get("affiliation") or "owner").split(",") and wish.get("type") != "member"
        facts = []
        for position in range(count(self._world, account, situation) if owned else 0):
            fact = msgspec.json.decode(self._repository(account, position))
            shown = wish["scope"] == "repo" or not fact["private"]
            if shown and visible in ("all", fact["visibility"]) and _in_time(fact["updated_at"], wish):
                facts.append((position, fact))
        sort = wish.get("sort") or "full_name"
        key = "full_name" if sort == "full_name" else f"{sort}_at"
        ascending = wish.get("direction", "asc" if sort == "full_name" else "desc") == "asc"
        facts.sort(key=lambda pair: (pair[1][key] or "", pair[0]), reverse=not ascending)
        return tuple(position for position, _ in facts)


def failure(status: int, message: str, headers: dict[str, str] | None = None) -> Answer:
    """An error as GitHub writes it."""
    return answer(status, {"message": message, "documentation_url": _DOCS, "status": str(status)}, headers)


def throttled(wait: float | None, now: float) -> Answer:
    """The secondary limit: 429 with Retry-After, or 403 that says nothing of how long."""
    text = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    spare = {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "4990", "x-ratelimit-reset": str(int(now) + 3000)}
    if wait is None:
        return failure(403, text, spare)
    return failure(429, text, {**spare, "retry-after": str(int(wait))})


def _wishes(call: Call) -> tuple[tuple[str, str], ...]:
    names = ("visibility", "affiliation", "type", "sort", "direction", "since", "before")
    return tuple((name, call.param(name)) for name in names if call.param(name))


def _invalid(call: Call) -> str:
    wish = dict(_wishes(call))
    if "type" in wish and ("visibility" in wish or "affiliation" in wish):
        return "If you specify visibility or affiliation, you cannot specify type."
    allowed = {
        "visibility": {"all", "public", "private"},
        "type": {"all", "owner", "public", "private", "member"},
        "sort": set(_SORTS),
        "direction": {"asc", "desc"},
    }
    wrong = [name for name, values in allowed.items() if name in wish and wish[name] not in values]
    if wrong or not set(wish.get("affiliation", "owner").split(",")) <= _AFFILIATIONS:
        return f"Validation Failed: {', '.join(wrong or ['affiliation'])}"
    return ""


def _in_time(updated: str, wish: dict[str, str]) -> bool:
    return wish.get("since", "") <= updated and (not wish.get("before") or updated < wish["before"])


def _link(call: Call, account: Account, page: int, pages: int) -> str:
    """Links lead to the numeric form of the path, which differs from the one that was asked for."""
    kept = [(name, value) for name, value in call.params if name != "page"]
    origin = FOREIGN if "foreign_next" in call.faults else ORIGIN

    def url(number: int) -> str:
        return f"{origin}/user/{account.provider_user_id}/repos?{urlencode([*kept, ('page', str(number))])}"

    if "cursor_loop" in call.faults:
        return f'<{url(page)}>; rel="next"'
    targets: list[tuple[str, int]] = []
    if page > 1:
        targets += [("prev", min(page - 1, max(pages, 1)))]
    if page < pages or "foreign_next" in call.faults:
        targets += [("next", page + 1), ("last", max(pages, page + 1))]
    if page > 1:
        targets += [("first", 1)]
    return ", ".join(f'<{url(number)}>; rel="{relation}"' for relation, number in targets)
