"""What is an account's own at the sandbox's GitHub: addresses, organisations, gists, events and stars.

The repositories that somebody starred are mostly other people's, and carry their owners' marks.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from socialconnect.sandbox import dice, words
from socialconnect.sandbox.answers import iso
from socialconnect.sandbox.github_records import count, gist_counts, has_issues, is_private, repository, simple_user
from socialconnect.sandbox.github_work import Repo
from socialconnect.sandbox.world import EPOCH

if TYPE_CHECKING:
    from socialconnect.sandbox.world import Account, World

_API = "https://api.github.com"
_KINDS = (("py", "Python"), ("md", "Markdown"), ("json", "JSON"), ("R", "R"))
_SINGLE_SIGN_ON = "sso_partial"
"""The situation in which organisations with single sign-on hide what is theirs."""


def emails(world: World, account: Account) -> list[dict[str, object]]:
    """The account's addresses, GitHub's own for it among them."""
    chance = dice.number(world.seed, "emails", account.number)
    own = f"{account.provider_user_id}+{account.username}@users.noreply.github.com"
    found = [
        {
            "email": account.email,
            "primary": True,
            "verified": True,
            "visibility": ("private", "public", None)[chance % 3],
        },
        {"email": own, "primary": False, "verified": True, "visibility": None},
    ]
    second = {"email": f"work.{account.email}", "primary": False, "verified": chance % 4 != 0, "visibility": None}
    return [*found, second] if chance % 2 else found


def organisations(world: World, account: Account, situation: str) -> list[dict[str, object]]:
    """The organisations that the account belongs to; two at least where single sign-on hides one."""
    chance = dice.number(world.seed, "orgs", account.number)
    least = 2 if situation == _SINGLE_SIGN_ON else 0
    many = {"empty": 0, "large": 104}.get(situation, max(least, chance % 4))
    return [_organisation(account, place) for place in range(many)]


def hiding(world: World, account: Account, situation: str) -> list[dict[str, object]]:
    """The organisations whose things are not shown until the user authorises the app for their single sign-on."""
    return organisations(world, account, situation)[1:] if situation == _SINGLE_SIGN_ON else []


def hides(situation: str, chance: int) -> bool:
    """Whether a repository belongs to one of those."""
    return situation == _SINGLE_SIGN_ON and (chance >> 3) % 3 == 0


def _organisation(account: Account, place: int) -> dict[str, object]:
    login = f"{words.THINGS[(account.user + place) % len(words.THINGS)]}-{account.compact}-{place}"
    url, number = f"{_API}/orgs/{login}", 70_000_000 + account.compact * 128 + place
    return {
        "login": login,
        "id": number,
        "node_id": f"O_{number:010d}",
        "url": url,
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events",
        "hooks_url": f"{url}/hooks",
        "issues_url": f"{url}/issues",
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": f"https://avatars.sandbox.example/u/{number}?v=4",
        "description": None if place % 3 else f"Where {account.username} works",
    }


def gists(world: World, account: Account, situation: str, *, secret: bool) -> list[dict[str, object]]:
    """The account's gists, the last changed first; secret ones too where the token may see them."""
    public, closed = gist_counts(world, account, situation)
    return [_gist(world, account, place, public=place < public) for place in range(public + closed * secret)]


def _gist(world: World, account: Account, place: int, *, public: bool) -> dict[str, object]:
    chance = dice.number(world.seed, "gist", account.number, place)
    number = dice.digest(world.seed, account.number, "gist", place, size=16).hex()
    api, page = f"{_API}/gists/{number}", f"https://gist.github.com/{account.username}/{number}"
    suffix, language = _KINDS[chance % len(_KINDS)]
    names = [f"{words.THINGS[(chance >> shift) % 20]}-{shift}.{suffix}" for shift in range(chance % 3 + 1)]
    moment = iso(EPOCH - 7_200 - place * 400_000 - chance % 90_000)
    return {
        "id": number,
        "node_id": f"G_{number}",
        "url": api,
        "forks_url": f"{api}/forks",
        "commits_url": f"{api}/commits",
        "comments_url": f"{api}/comments",
        "git_pull_url": f"https://gist.github.com/{number}.git",
        "git_push_url": f"https://gist.github.com/{number}.git",
        "html_url": page,
        "files": {
            name: {
                "filename": name,
                "type": "text/plain",
                "language": language,
                "raw_url": f"{page}/raw/{name}",
                "size": 9,
            }
            for name in names
        },
        "public": public,
        "created_at": moment,
        "updated_at": moment,
        "description": words.SENTENCES[(chance >> 20) % len(words.SENTENCES)],
        "comments": (chance >> 24) % 4,
        "comments_enabled": True,
        "user": None,
        "owner": simple_user(account),
        "truncated": False,
        "forks": [],
        "history": [],
    }


def events(world: World, account: Account, situation: str, *, private: bool) -> list[dict[str, object]]:
    """What the account did in the last thirty days, newest first, as far as GitHub keeps it: 300 at most."""
    chance = dice.number(world.seed, "events", account.number)
    repositories = count(world, account, situation)
    many = {"empty": 0, "large": 340}.get(situation, 3 + chance % 40) if repositories else 0
    found = [_event(Repo(world, account, (place * 7 + chance) % repositories), place) for place in range(many)]
    return [event for event in found if private or event["public"]][:300]


def _event(repo: Repo, place: int) -> dict[str, object]:
    chance = repo.dice("event", place)
    account = repo.account
    actor = simple_user(account)
    keys = ("id", "login", "gravatar_id", "url", "avatar_url")
    kind, payload = _happened(repo, place, chance)
    return {
        "id": str(40_000_000_000 + (account.compact << 12) + place),
        "type": kind,
        "actor": {"display_login": account.username, **{key: actor[key] for key in keys}},
        "repo": {"id": repo.number, "name": repo.full_name, "url": f"{_API}/repos/{repo.full_name}"},
        "payload": payload,
        "public": not is_private(repo.chance),
        "created_at": iso(EPOCH - 1_800 - place * 7_200 - chance % 7_000),
    }


def _happened(repo: Repo, place: int, chance: int) -> tuple[str, dict[str, object]]:
    match chance % 4:
        case 0:
            return "WatchEvent", {"action": "started"}
        case 1:
            refs = {"ref": f"branch-{place}", "full_ref": f"refs/heads/branch-{place}", "ref_type": "branch"}
            return "CreateEvent", {**refs, "master_branch": "main", "description": None, "pusher_type": "user"}
        case 2 if has_issues(repo.chance) and len(repo.numbers()):
            return "IssuesEvent", {"action": "opened", "issue": repo.issue(1 + chance % len(repo.numbers()))}
    push = {"repository_id": repo.number, "push_id": 50_000_000 + place, "ref": "refs/heads/main"}
    return "PushEvent", {**push, "head": repo.sha(place), "before": repo.sha(place + 1)}


@lru_cache(maxsize=1024)
def stars(world: World, account: Account, situation: str) -> tuple[tuple[str, Repo], ...]:
    """When the account starred what, each repository once: mostly others' public ones, some of its own."""
    chance = dice.number(world.seed, "stars", account.number)
    wanted = {"empty": 0, "large": 130}.get(situation, 2 + chance % 20)
    found: dict[int, tuple[str, Repo]] = {}
    for place in range(wanted * 3):
        repo = _starred(world, account, situation, place)
        if repo is not None and len(found) < wanted:
            found.setdefault(repo.number, (iso(EPOCH - 9_000 - (wanted * 3 - place) * 200_000), repo))
    return tuple(found.values())


def _starred(world: World, account: Account, situation: str, place: int) -> Repo | None:
    chance = dice.number(world.seed, "star", account.number, place)
    own = chance % 6 == 0
    others = [one for one in world.accounts((chance >> 8) % world.users) if one.provider == "github"]
    owner = account if own else next(iter(others), None)
    repositories = 0 if owner is None else count(world, owner, situation if owner == account else owner.situation)
    repo = Repo(world, owner, (chance >> 32) % repositories) if owner is not None and repositories else None
    return None if repo is None or (owner != account and is_private(repo.chance)) else repo


def star(starred_at: str, repo: Repo, account: Account, *, dated: bool) -> bytes:
    """A starred repository, as JSON; with the time where the caller asked for it."""
    body = repository(repo.world, repo.account, repo.position, own=repo.account == account)
    return b'{"starred_at":"%s","repo":%s}' % (starred_at.encode(), body) if dated else body
