"""The sandbox's GitHub endpoints: who may see what, which rows the parameters choose, and in which order."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from socialconnect.sandbox import dice, edits, github_own
from socialconnect.sandbox.answers import Answer, answer
from socialconnect.sandbox.github_pages import Viewer, cursored, failure, hidden, numbered, wrong
from socialconnect.sandbox.github_records import (
    chance_of,
    count,
    has_issues,
    has_pulls,
    is_empty,
    is_private,
    name_of,
    place_of,
    repository,
)
from socialconnect.sandbox.github_work import Repo
from socialconnect.sandbox.world import compact_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from socialconnect.sandbox.answers import Call
    from socialconnect.sandbox.world import Account, World

_DIRECTIONS = {"asc", "desc"}
_STATES = {"open", "closed", "all"}
_AFFILIATIONS = {"owner", "collaborator", "organization_member"}
_WISHES = ("visibility", "affiliation", "type", "sort", "direction", "since", "before")
_Row = dict[str, object]

_repository = lru_cache(maxsize=2048)(repository)
_encode: Callable[[object], bytes] = msgspec.json.encode


def repos(viewer: Viewer, call: Call) -> Answer:
    """`/user/repos`."""
    wishes = tuple((name, call.param(name)) for name in _WISHES if call.param(name))
    refusal = _refused(call, dict(wishes))
    if refusal is not None:
        return refusal
    positions = _chosen(viewer, wishes, edits.last(viewer.world, viewer.account, "github.repos"))
    found = numbered(
        call, positions, lambda position: _own(viewer, position), f"/user/{viewer.account.provider_user_id}/repos"
    )
    return _cut_by_sign_on(viewer, found)


def _own(viewer: Viewer, position: int) -> bytes:
    """One of the viewer's repositories, as it is by now."""
    body = _repository(viewer.world, viewer.account, position)
    if not edits.last(viewer.world, viewer.account, "github.repos"):
        return body
    return _encode(edits.patched(viewer.world, viewer.account, "github.repos", position, msgspec.json.decode(body)))


def _refused(call: Call, wish: dict[str, str]) -> Answer | None:
    if "type" in wish and ("visibility" in wish or "affiliation" in wish):
        return failure(422, "If you specify visibility or affiliation, you cannot specify type.")
    if not set(wish.get("affiliation", "owner").split(",")) <= _AFFILIATIONS:
        return failure(422, "Validation Failed: affiliation")
    return wrong(
        call,
        {
            "visibility": {"all", "public", "private"},
            "type": {"all", "owner", "public", "private", "member"},
            "sort": {"created", "updated", "pushed", "full_name"},
            "direction": _DIRECTIONS,
        },
    )


@lru_cache(maxsize=64)
def _chosen(viewer: Viewer, wishes: tuple[tuple[str, str], ...], change: int) -> tuple[int, ...]:
    """The positions of the repositories to show, in order, as they are after the change of that number."""
    del change
    wish = dict(wishes)
    visible = wish.get("visibility") or {"public": "public", "private": "private"}.get(wish.get("type", ""), "all")
    owned = "owner" in (wish.get("affiliation") or "owner").split(",") and wish.get("type") != "member"
    facts = []
    total = count(viewer.world, viewer.account, viewer.situation) if owned else 0
    for position in edits.places(viewer.world, viewer.account, "github.repos", total) if owned else ():
        if github_own.hides(viewer.situation, chance_of(viewer.world, viewer.account, position)):
            continue
        fact = msgspec.json.decode(_own(viewer, position))
        shown = viewer.private or not fact["private"]
        if shown and visible in ("all", fact["visibility"]) and _in_time(fact["updated_at"], wish):
            facts.append((position, fact))
    sort = wish.get("sort") or "full_name"
    key = "full_name" if sort == "full_name" else f"{sort}_at"
    ascending = wish.get("direction", "asc" if sort == "full_name" else "desc") == "asc"
    facts.sort(key=lambda pair: (pair[1][key] or "", pair[0]), reverse=not ascending)
    return tuple(position for position, _ in facts)


def _in_time(updated: str, wish: dict[str, str]) -> bool:
    return wish.get("since", "") <= updated and (not wish.get("before") or updated < wish["before"])


def _cut_by_sign_on(viewer: Viewer, found: Answer) -> Answer:
    hiding = github_own.hiding(viewer.world, viewer.account, viewer.situation)
    if not hiding:
        return found
    return found.with_headers(
        x_github_sso=f"partial-results; organizations={','.join(str(one['id']) for one in hiding)}"
    )


def emails(viewer: Viewer, call: Call) -> Answer:
    """`/user/emails`, which is not there for a token without the scope."""
    if not {"user", "user:email"} & set(viewer.scopes):
        return hidden("user, user:email")
    return numbered(call, github_own.emails(viewer.world, viewer.account), _encode, "/user/emails")


def orgs(viewer: Viewer, call: Call) -> Answer:
    """`/user/orgs`."""
    accepted = "admin:org, read:org, repo, user, write:org"
    if not {"user", "read:org", "write:org", "admin:org"} & set(viewer.scopes):
        text = "You need at least read:org scope or user scope to list your organizations."
        return failure(403, text, {"x-accepted-oauth-scopes": accepted})
    hiding = github_own.hiding(viewer.world, viewer.account, viewer.situation)
    rows = [
        one for one in github_own.organisations(viewer.world, viewer.account, viewer.situation) if one not in hiding
    ]
    return _cut_by_sign_on(viewer, numbered(call, rows, _encode, f"/user/{viewer.account.provider_user_id}/orgs"))


def starred(viewer: Viewer, call: Call) -> Answer:
    """`/user/starred`, with the times where the caller takes star+json."""
    refusal = wrong(call, {"sort": {"created", "updated"}, "direction": _DIRECTIONS})
    if refusal is not None:
        return refusal
    rows = [
        (when, repo)
        for when, repo in github_own.stars(viewer.world, viewer.account, viewer.situation)
        if viewer.private or not is_private(repo.chance)
    ]
    if call.param("sort") == "updated":
        rows.sort(key=lambda row: str(row[1].fact()["pushed_at"] or ""))
    if call.param("direction", "desc") == "desc":
        rows.reverse()
    dated = "star+json" in call.headers.get("accept", "")
    path = f"/user/{viewer.account.provider_user_id}/starred"
    return numbered(call, rows, lambda row: github_own.star(*row, viewer.account, dated=dated), path)


def gists(viewer: Viewer, call: Call) -> Answer:
    """`/gists`."""
    rows = github_own.gists(viewer.world, viewer.account, viewer.situation, secret="gist" in viewer.scopes)
    since = call.param("since")
    return numbered(call, [row for row in rows if str(row["updated_at"]) >= since], _encode, "/gists")


def events(viewer: Viewer, call: Call, login: str) -> Answer:
    """`/users/{login}/events`: of others only what is public."""
    account = account_of(viewer.world, login)
    if account is None:
        return hidden()
    own = account == viewer.account
    situation = viewer.situation if own else account.situation
    rows = github_own.events(viewer.world, account, situation, private=own and viewer.private)
    found = numbered(call, rows, _encode, f"/user/{account.provider_user_id}/events")
    return found.with_headers(x_poll_interval="60")


def account_of(world: World, login: str) -> Account | None:
    """Whose login, or whose id, this is."""
    compact = compact_of("github", login)
    tails = [part for part in login.split("-")[-2:] if part.isascii() and part.isdecimal()]
    indexes = [int(tail) for tail in tails] + ([compact >> 4] if compact is not None else [])
    accounts = (account for index in indexes if 0 <= index < world.users for account in world.accounts(index))
    return next(
        (one for one in accounts if one.provider == "github" and login in (one.username, one.provider_user_id)), None
    )


def repo_named(world: World, owner: str, name: str) -> Repo | None:
    """The repository of that name, whoever asks."""
    account, place = account_of(world, owner), name.rpartition("-")[2]
    if account is None or not (place.isascii() and place.isdecimal()):
        return None
    return _real(world, account, int(place), name)


def repo_numbered(world: World, number: str) -> Repo | None:
    """The repository of that id."""
    place = place_of(int(number)) if number.isascii() and number.isdecimal() else None
    if place is None or place[0] >> 4 >= world.users:
        return None
    account = next(
        (one for one in world.accounts(place[0] >> 4) if one.provider == "github" and one.compact == place[0]), None
    )
    return _real(world, account, place[1]) if account is not None else None


def _real(world: World, account: Account, position: int, name: str = "") -> Repo | None:
    there = position < max(count(world, account, account.situation), count(world, account, ""))
    return Repo(world, account, position) if there and name in ("", name_of(world, account, position)) else None


def of_repo(viewer: Viewer, call: Call, repo: Repo, what: str) -> Answer:
    """What is asked of one repository, if the viewer may see it."""
    own = repo.account == viewer.account
    if is_private(repo.chance) and not (own and viewer.private):
        return hidden("repo")
    if own and github_own.hides(viewer.situation, repo.chance):
        return _signed_out(viewer)
    match what:
        case "issues":
            return _issues(call, repo)
        case "pulls":
            return _pulls(call, repo)
        case "commits":
            return _commits(call, repo)
        case "languages":
            return answer(200, repo.languages())
        case "traffic/views" | "traffic/clones":
            return _traffic(viewer, call, repo, what.removeprefix("traffic/"), own=own)
    return hidden()


def _signed_out(viewer: Viewer) -> Answer:
    org = github_own.hiding(viewer.world, viewer.account, viewer.situation)[0]["login"]
    ticket = dice.digest(viewer.world.seed, viewer.account.number, "sso").hex()
    text = (
        "Resource protected by organization SAML enforcement. You must grant your OAuth token access to this "
        "organization."
    )
    url = f"https://github.com/orgs/{org}/sso?authorization_request={ticket}"
    return failure(403, text, {"x-github-sso": f"required; url={url}"})


def _traffic(viewer: Viewer, call: Call, repo: Repo, kind: str, *, own: bool) -> Answer:
    if not viewer.private:
        return hidden("repo")
    if not own:
        return failure(403, "Must have push access to repository", {"x-accepted-oauth-scopes": "repo"})
    refusal = wrong(call, {"per": {"day", "week"}})
    return refusal if refusal is not None else answer(200, repo.traffic(kind, call.param("per") or "day"))


def _issues(call: Call, repo: Repo) -> Answer:
    if not has_issues(repo.chance):
        return failure(410, "Issues are disabled for this repo")
    refusal = wrong(call, {"state": _STATES, "sort": {"created", "updated", "comments"}, "direction": _DIRECTIONS})
    if refusal is not None:
        return refusal
    rows = [row for row in map(repo.issue, repo.numbers()) if _is_wanted(row, call)]
    key = {"updated": "updated_at", "comments": "comments"}.get(call.param("sort"), "created_at")
    return cursored(call, _in_order(rows, key, call.param("direction")), _encode, f"/repositories/{repo.number}/issues")


def _is_wanted(row: _Row, call: Call) -> bool:
    return (
        call.param("state", "open") in ("all", row["state"])
        and set(filter(None, call.param("labels").split(","))) <= {one["name"] for one in _objects(row["labels"])}
        and str(row["updated_at"]) >= call.param("since")
        and _is_one_of(call.param("assignee"), [str(one["login"]) for one in _objects(row["assignees"])])
        and _is_one_of(call.param("creator"), [str(one["login"]) for one in _objects([row["user"]])])
        and _is_one_of(call.param("milestone"), [str(one["number"]) for one in _objects([row["milestone"]])])
        and _is_one_of(call.param("type"), [str(one["name"]) for one in _objects([row["type"]])])
        and not call.param("mentioned")
    )


def _objects(value: object) -> list[_Row]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _is_one_of(wish: str, found: Sequence[str]) -> bool:
    return {"": True, "*": bool(found), "none": not found}.get(wish, wish in found)


def _in_order(rows: list[_Row], key: str, direction: str) -> list[_Row]:
    return sorted(rows, key=lambda row: (row[key], row["number"]), reverse=direction != "asc")


def _pulls(call: Call, repo: Repo) -> Answer:
    if not has_pulls(repo.chance):
        return hidden("repo")
    sorts = {"created", "updated", "popularity", "long-running"}
    refusal = wrong(call, {"state": _STATES, "sort": sorts, "direction": _DIRECTIONS})
    if refusal is not None:
        return refusal
    state, head, base = call.param("state", "open"), call.param("head"), call.param("base")
    rows = [repo.pull(number) for number in repo.numbers() if repo.is_pull(number)]
    rows = [
        row
        for row in rows
        if state in ("all", row["state"])
        and (not head or head == _inner(row, "head", "label"))
        and (not base or base == _inner(row, "base", "ref"))
    ]
    key = "updated_at" if call.param("sort") == "updated" else "created_at"
    path = f"/repositories/{repo.number}/pulls"
    return numbered(call, _in_order(rows, key, call.param("direction") or "desc"), _encode, path)


def _inner(row: _Row, name: str, key: str) -> object:
    inner = row[name]
    return inner.get(key) if isinstance(inner, dict) else None


def _commits(call: Call, repo: Repo) -> Answer:
    if is_empty(repo.chance):
        return failure(409, "Git Repository is empty.")
    places = list(range(repo.commits()))
    begin = call.param("sha")
    if begin and begin not in ("main", "master"):
        places = next((places[place:] for place in places if repo.sha(place) == begin), [])
        if not places:
            return failure(404, f"No commit found for SHA: {begin}")
    since, until = call.param("since"), call.param("until")
    rows = [
        place
        for place in places
        if since <= (when := repo.committed_at(place))
        and (not until or when < until)
        and (not call.param("path") or repo.dice("path", call.param("path"), place) % 3 == 0)
        and all(_signed(repo, place, role, call.param(role)) for role in ("author", "committer"))
    ]
    return numbered(call, rows, lambda place: _encode(repo.commit(place)), f"/repositories/{repo.number}/commits")


def _signed(repo: Repo, place: int, role: str, wish: str) -> bool:
    if not wish:
        return True
    row = repo.commit(place)
    inner = row["commit"]
    address = _inner(inner, role, "email") if isinstance(inner, dict) else None
    return wish in (_inner(row, role, "login"), address)
