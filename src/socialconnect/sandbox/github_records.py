"""GitHub's users and repositories, each a pure function of the account and a position."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from socialconnect.sandbox import dice, words
from socialconnect.sandbox.answers import iso
from socialconnect.sandbox.world import EPOCH, Account, World

_API = "https://api.github.com"
_LICENSES = (
    None,
    {"key": "mit", "name": "MIT License", "spdx_id": "MIT"},
    {"key": "apache-2.0", "name": "Apache License 2.0", "spdx_id": "Apache-2.0"},
    {"key": "other", "name": "Other", "spdx_id": "NOASSERTION"},
)
_AT_ONCE = 100  # of the first so many, some changed at the very last moment; not more than a page of them
_MOST = 512  # repositories that one account's ids leave room for
_TAILS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}


def count(world: World, account: Account, situation: str) -> int:
    """How many repositories an account has."""
    chance = dice.number(world.seed, "repos", account.number)
    return {"empty": 0, "large": 250 + chance % 60}.get(situation, 1 + chance % 14)


def simple_user(account: Account) -> dict[str, object]:
    """The short form of a user, as a repository's owner."""
    login = account.username
    url = f"{_API}/users/{login}"
    return {
        "login": login,
        "id": int(account.provider_user_id),
        "node_id": f"U_{account.compact:010d}",
        "avatar_url": f"https://avatars.sandbox.example/u/{account.provider_user_id}?v=4",
        "gravatar_id": "",
        "url": url,
        "html_url": f"https://github.com/{login}",
        "followers_url": f"{url}/followers",
        "following_url": f"{url}/following{{/other_user}}",
        "gists_url": f"{url}/gists{{/gist_id}}",
        "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{url}/subscriptions",
        "organizations_url": f"{url}/orgs",
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events{{/privacy}}",
        "received_events_url": f"{url}/received_events",
        "type": "User",
        "user_view_type": "public",
        "site_admin": False,
    }


def user(world: World, account: Account, situation: str, *, private: bool) -> dict[str, object]:
    """The account's own user, with the private fields where the token may see them."""
    person = world.person(account.user)
    chance = dice.number(world.seed, "github", account.number)
    repositories = count(world, account, situation)
    closed = sum(is_private(chance_of(world, account, position)) for position in range(repositories))
    gists = gist_counts(world, account, situation)
    body = {
        **simple_user(account),
        "name": person.name if chance % 9 else None,
        "company": None if chance % 3 else "Sandbox Works",
        "blog": "",
        "location": None if chance % 4 else "Zürich",
        "email": account.email if chance % 2 else None,
        "notification_email": account.email if chance % 2 else None,
        "hireable": None if chance % 5 else True,
        "bio": words.SENTENCES[chance % len(words.SENTENCES)],
        "twitter_username": None,
        "public_repos": repositories - closed,
        "public_gists": gists[0],
        "followers": chance % 991,
        "following": chance % 97,
        "created_at": iso(account.created_at // 1000 - 86_400 * (chance % 2000)),
        "updated_at": iso(account.created_at // 1000),
    }
    if not private:
        return body
    return {
        **body,
        "user_view_type": "private",
        "private_gists": gists[1],
        "total_private_repos": closed,
        "owned_private_repos": closed,
        "disk_usage": chance % 500_000,
        "collaborators": chance % 3,
        "two_factor_authentication": chance % 2 == 0,
        "plan": {"name": "free", "space": 976_562_499, "collaborators": 0, "private_repos": 10_000},
    }


def repository(world: World, account: Account, position: int, *, own: bool = True) -> bytes:
    """One repository, as JSON: the fields that a real `/user/repos` listing has; `own` where its owner asks."""
    chance = chance_of(world, account, position)
    thing = words.THINGS[chance % len(words.THINGS)]
    name = name_of(world, account, position)
    full_name = f"{account.username}/{name}"
    url, html = f"{_API}/repos/{full_name}", f"https://github.com/{full_name}"
    private = is_private(chance)
    created = account.created_at // 1000 - (chance >> 8) % 80_000_000
    spread = 60_000_000 if position < _AT_ONCE else max(1, min(60_000_000, EPOCH - created))
    updated = min(EPOCH, created + (chance >> 12) % spread)
    stars, forks, issues = (chance >> 20) % 5000, (chance >> 24) % 40, work(chance).open
    return msgspec.json.encode(
        {
            "id": number_of(world, account, position),
            "node_id": f"R_{account.compact:08d}{position:04d}",
            "name": name,
            "full_name": full_name,
            "private": private,
            "owner": simple_user(account),
            "html_url": html,
            "description": words.SENTENCES[(chance >> 32) % len(words.SENTENCES)],
            "fork": chance % 10 == 7,
            "url": url,
            **{key: url + tail for key, tail in _TAILS.items()},
            "git_url": f"git://github.com/{full_name}.git",
            "ssh_url": f"git@github.com:{full_name}.git",
            "clone_url": f"{html}.git",
            "svn_url": html,
            "homepage": (None, "", "https://example.com/über")[(chance >> 36) % 3],
            "size": (chance >> 40) % 300_000,
            "stargazers_count": stars,
            "watchers_count": stars,
            "watchers": stars,
            "language": words.LANGUAGES[(chance >> 44) % len(words.LANGUAGES)],
            "has_issues": has_issues(chance),
            "has_projects": True,
            "has_downloads": True,
            "has_wiki": chance % 3 != 0,
            "has_pages": chance % 8 == 0,
            "has_discussions": chance % 16 == 0,
            "forks_count": forks,
            "forks": forks,
            "mirror_url": None,
            "archived": chance % 19 == 3,
            "disabled": False,
            "open_issues_count": issues,
            "open_issues": issues,
            "license": _license(chance),
            "allow_forking": True,
            "is_template": chance % 31 == 1,
            "web_commit_signoff_required": False,
            "has_pull_requests": has_pulls(chance),
            "pull_request_creation_policy": "all",
            "topics": [thing, "sandbox"][: (chance >> 48) % 3],
            "visibility": "private" if private else "public",
            "default_branch": "main" if chance % 6 else "master",
            "created_at": iso(created),
            "updated_at": iso(updated),
            "pushed_at": None if is_empty(chance) else iso(updated),
            "permissions": dict.fromkeys(("admin", "maintain", "push", "triage"), own) | {"pull": True},
        }
    )


def chance_of(world: World, account: Account, position: int) -> int:
    """The number from which all of a repository follows."""
    return dice.number(world.seed, "repo", account.number, position)


def name_of(world: World, account: Account, position: int) -> str:
    """A repository's name, which holds its position."""
    return f"{words.THINGS[chance_of(world, account, position) % len(words.THINGS)]}-{position}"


def number_of(world: World, account: Account, position: int) -> int:
    """A repository's id, of which `place_of` is the reverse."""
    begin = 5_000_000_000 if chance_of(world, account, position) % 2 else 10_000_000
    return begin + account.compact * _MOST + position


def place_of(number: int) -> tuple[int, int] | None:
    """The account's compact number and the position that a repository's id tells."""
    value = number - (5_000_000_000 if number >= 5_000_000_000 else 10_000_000)
    return divmod(value, _MOST) if value >= 0 else None


def is_private(chance: int) -> bool:
    """Whether only its owner sees a repository."""
    return chance % 4 == 0


def is_empty(chance: int) -> bool:
    """Whether nothing was ever pushed to it."""
    return chance % 23 == 0


def has_issues(chance: int) -> bool:
    """Whether its issues are switched on."""
    return chance % 13 != 5


def has_pulls(chance: int) -> bool:
    """Whether its pull requests are."""
    return chance % 29 != 11


@dataclass(frozen=True, slots=True)
class Work:
    """How many issues and pull requests a repository has, and how many of them are open."""

    open: int
    total: int


def work(chance: int) -> Work:
    """Some thirty at most, in few repositories some hundreds."""
    if not has_issues(chance) and not has_pulls(chance):
        return Work(0, 0)
    if chance % 61 == 9:
        still = 60 + (chance >> 28) % 50
        return Work(still, still + 100 + (chance >> 34) % 120)
    still = (chance >> 28) % 10
    return Work(still, still + (chance >> 34) % 14)


def gist_counts(world: World, account: Account, situation: str) -> tuple[int, int]:
    """How many public and how many secret gists an account has."""
    chance = dice.number(world.seed, "github", account.number)
    if situation == "empty":
        return 0, 0
    return (110 + chance % 30 if situation == "large" else chance % 7), chance % 5


def _license(chance: int) -> dict[str, str | None] | None:
    found = _LICENSES[(chance >> 52) % len(_LICENSES)]
    if found is None:
        return None
    url = None if found["key"] == "other" else f"{_API}/licenses/{found['key']}"
    return {**found, "url": url, "node_id": f"L_{found['key']}"}
