"""What happens in a sandbox repository: issues, pull requests, commits, languages and traffic, made from positions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from socialconnect.sandbox import dice, words
from socialconnect.sandbox.answers import iso
from socialconnect.sandbox.github_records import (
    chance_of,
    has_issues,
    has_pulls,
    is_empty,
    name_of,
    number_of,
    repository,
    simple_user,
    work,
)
from socialconnect.sandbox.world import EPOCH

if TYPE_CHECKING:
    from socialconnect.sandbox.world import Account, World

_API = "https://api.github.com"
_DAY = 86_400
_LABELS = ("bug", "documentation", "good first issue", "idée", "question", "wontfix")
_REASONS = ("completed", "not_planned", "completed", "duplicate")
_SPREAD = 1_000  # issues that one repository's numbers leave room for
_MANY = 24


@dataclass(frozen=True)
class Repo:
    """One repository of one account, and all that is in it."""

    world: World
    account: Account
    position: int

    @cached_property
    def chance(self) -> int:
        """The number from which all of it follows."""
        return chance_of(self.world, self.account, self.position)

    @cached_property
    def full_name(self) -> str:
        """Owner and name."""
        return f"{self.account.username}/{name_of(self.world, self.account, self.position)}"

    @property
    def number(self) -> int:
        """Its id."""
        return number_of(self.world, self.account, self.position)

    def dice(self, *parts: object) -> int:
        """Chance of its own for one of its things."""
        return dice.number(self.world.seed, "repo", self.account.number, self.position, *parts)

    def fact(self) -> dict[str, object]:
        """The repository's own record."""
        found: dict[str, object] = msgspec.json.decode(repository(self.world, self.account, self.position))
        return found

    def somebody(self, chance: int) -> dict[str, object]:
        """Its owner, or another user of the world."""
        others = self.world.accounts(chance // 3 % self.world.users) if chance % 3 else ()
        return simple_user(next((one for one in others if one.provider == "github"), self.account))

    def is_pull(self, number: int) -> bool:
        """Whether issue `number` is a pull request."""
        if not has_pulls(self.chance):
            return False
        return not has_issues(self.chance) or self.dice("work", number) % 4 == 0

    def issue(self, number: int) -> dict[str, object]:
        """One issue, which may be a pull request, as its listing shows it."""
        chance, url = self.dice("work", number), f"{_API}/repos/{self.full_name}"
        api, pull = f"{url}/issues/{number}", self.is_pull(number)
        page = f"https://github.com/{self.full_name}/{'pull' if pull else 'issues'}/{number}"
        found = {
            "url": api,
            "repository_url": url,
            "labels_url": f"{api}/labels{{/name}}",
            "comments_url": f"{api}/comments",
            "events_url": f"{api}/events",
            "timeline_url": f"{api}/timeline",
            "html_url": page,
            "id": 2_000_000_000 + self._thing(number),
            "node_id": f"{'PR' if pull else 'I'}_{self._thing(number):014d}",
            "comments": (chance >> 44) % 12,
            "state_reason": self._reason(number) if not pull else None,
            "type": None,
            "sub_issues_summary": {"total": (chance >> 40) % 3, "completed": 0, "percent_completed": 0},
            "issue_dependencies_summary": dict.fromkeys(
                ("blocked_by", "blocking", "total_blocked_by", "total_blocking"), 0
            ),
            "reactions": _reactions(f"{api}/reactions", (chance >> 48) % 9),
            "performed_via_github_app": None,
            "closed_by": self.somebody(chance >> 8) if self._closed(number) else None,
            **self._common(number, chance),
        }
        if not pull:
            return found
        addresses = {"html_url": page, "diff_url": f"{page}.diff", "patch_url": f"{page}.patch"}
        merged = {"url": f"{url}/pulls/{number}", "merged_at": self._merged(number), **addresses}
        return {**found, "draft": chance % 5 == 0, "pull_request": merged}

    def pull(self, number: int) -> dict[str, object]:
        """One pull request, as the listing of pull requests shows it: its id is not the issue's."""
        chance, url = self.dice("work", number), f"{_API}/repos/{self.full_name}"
        api, page = f"{url}/pulls/{number}", f"https://github.com/{self.full_name}/pull/{number}"
        addresses = {
            "comments": f"{url}/issues/{number}/comments",
            "commits": f"{api}/commits",
            "statuses": f"{url}/statuses/{self._sha('head', number)}",
            "html": page,
            "issue": f"{url}/issues/{number}",
            "review_comments": f"{api}/comments",
            "review_comment": f"{url}/pulls/comments{{/number}}",
            "self": api,
        }
        reviewer = self.somebody(chance >> 20)
        return {
            "url": api,
            **{f"{name}_url": address for name, address in addresses.items() if name != "self"},
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "id": 700_000_000 + self._thing(number),
            "node_id": f"PR_{self._thing(number):014d}",
            "merged_at": self._merged(number),
            "merge_commit_sha": self._sha("merge", number) if self._merged(number) else None,
            "requested_reviewers": [reviewer] if (chance >> 7) % 4 == 0 and not self._closed(number) else [],
            "requested_teams": [],
            "head": self._branch("head", number, ("patch-1", "dev", "größe")[chance % 3], gone=(chance >> 3) % 6 == 1),
            "base": self._branch("base", number, "main"),
            "_links": {name: {"href": address} for name, address in addresses.items()},
            "auto_merge": _auto_merge(self.somebody(chance)) if chance % 7 == 3 else None,
            "draft": chance % 5 == 0,
            **self._common(number, chance),
        }

    def numbers(self) -> range:
        """The numbers of its issues and pull requests."""
        return range(1, work(self.chance).total + 1)

    def commits(self) -> int:
        """How many commits its default branch has."""
        if is_empty(self.chance):
            return 0
        spread = (self.chance >> 16) % _MANY
        return 130 + spread if self.chance % 67 == 5 else 1 + spread

    def sha(self, place: int) -> str:
        """The id of its commit at a place, the newest first."""
        return self._sha("commit", place)

    def commit(self, place: int) -> dict[str, object]:
        """One commit; its author may be nobody that GitHub knows."""
        chance, sha = self.dice("commit", place), self.sha(place)
        url = f"{_API}/repos/{self.full_name}"
        person = self.world.person(self.account.user)
        signature = {"name": person.name, "email": self.account.email, "date": self.committed_at(place)}
        parents = [self.sha(place + 1)] if place + 1 < self.commits() else []
        parents += [self._sha("side", place)] if chance % 9 == 4 else []
        verified = chance % 3 == 0
        return {
            "sha": sha,
            "node_id": f"C_{sha[:20]}",
            "url": f"{url}/commits/{sha}",
            "html_url": f"https://github.com/{self.full_name}/commit/{sha}",
            "comments_url": f"{url}/commits/{sha}/comments",
            "commit": {
                "url": f"{url}/git/commits/{sha}",
                "message": _message(chance),
                "author": signature,
                "committer": {**signature, "name": "GitHub", "email": "noreply@github.com"} if verified else signature,
                "tree": {"sha": self._sha("tree", place), "url": f"{url}/git/trees/{self._sha('tree', place)}"},
                "comment_count": (chance >> 20) % 3,
                "verification": {
                    "verified": verified,
                    "reason": "valid" if verified else "unsigned",
                    "signature": "-----BEGIN PGP SIGNATURE-----" if verified else None,
                    "payload": f"tree {sha}" if verified else None,
                    "verified_at": self.committed_at(place) if verified else None,
                },
            },
            "author": (None, {}, simple_user(self.account))[min(2, chance % 8)],
            "committer": simple_user(self.account) if chance % 8 else None,
            "parents": [
                {
                    "sha": one,
                    "url": f"{url}/commits/{one}",
                    "html_url": f"https://github.com/{self.full_name}/commit/{one}",
                }
                for one in parents
            ],
        }

    def committed_at(self, place: int) -> str:
        """When the commit at a place was made: each before the one above it."""
        return iso(EPOCH - 3600 - (place * 40 + self.chance % 40) * 7_200 - self.dice("commit", place) % 7_000)

    def languages(self) -> dict[str, int]:
        """Bytes by language, the most first; nothing in an empty repository."""
        main = words.LANGUAGES[(self.chance >> 44) % len(words.LANGUAGES)]
        if main is None or is_empty(self.chance):
            return {}
        others = [one for one in words.LANGUAGES if one not in (None, main)][self.chance % 3 : self.chance % 7]
        size = 2_000 + (self.chance >> 8) % 900_000
        return {str(name): max(1, size >> 2 * place) for place, name in enumerate((main, *others))}

    def traffic(self, kind: str, per: str) -> dict[str, object]:
        """Views or clones of the last fourteen days, without those that had none, as GitHub sums them up."""
        today = EPOCH // _DAY * _DAY
        days = [
            (today - back * _DAY, count, 1 + chance % count)
            for back in range(14, 0, -1)
            if (chance := self.dice(kind, back)) % 3 and (count := 1 + (chance >> 8) % 80)
        ]
        if per == "week":
            days = _weeks(days)
        rows = [{"timestamp": iso(when), "count": count, "uniques": unique} for when, count, unique in days]
        count, uniques = (sum(day[place] for day in days) for place in (1, 2))
        return {"count": count, "uniques": uniques, kind: rows}

    def created_at(self, number: int) -> str:
        """When issue `number` was opened: each after the one before it."""
        return iso(self._opened(number))

    def updated_at(self, number: int) -> str:
        """When issue `number` was last changed."""
        return iso(min(EPOCH - 60, self._opened(number) + self.dice("work", number) % 3_000_000))

    def _opened(self, number: int) -> int:
        return EPOCH - 4_000_000 - (work(self.chance).total - number) * 90_000 + self.dice("opened", number) % 80_000

    def _closed(self, number: int) -> bool:
        found = work(self.chance)
        return (number * 7919 + self.chance) % found.total >= found.open  # 7919 is prime: just so many stay open

    def _reason(self, number: int) -> str | None:
        return _REASONS[self.dice("work", number) % len(_REASONS)] if self._closed(number) else None

    def _merged(self, number: int) -> str | None:
        return self.updated_at(number) if self._closed(number) and self.dice("merged", number) % 3 else None

    def _thing(self, number: int) -> int:
        return (self.account.compact * 512 + self.position) * _SPREAD + number

    def _sha(self, kind: str, place: int) -> str:
        return dice.digest(self.world.seed, self.account.number, self.position, kind, place, size=20).hex()

    def _common(self, number: int, chance: int) -> dict[str, object]:
        closed = self._closed(number)
        assignees = [self.somebody(chance >> 12)] if (chance >> 5) % 4 == 1 else []
        return {
            "number": number,
            "state": "closed" if closed else "open",
            "locked": chance % 17 == 0,
            "active_lock_reason": "resolved" if chance % 34 == 0 else None,
            "title": f"{words.THINGS[chance % len(words.THINGS)].title()} {number}",
            "body": words.SENTENCES[(chance >> 24) % len(words.SENTENCES)],
            "user": self.somebody(chance >> 16) if chance % 11 else None,
            "labels": [_label(self.full_name, place) for place in range(len(_LABELS)) if chance >> 30 + place & 3 == 0],
            "milestone": self._milestone() if chance % 5 == 0 else None,
            "assignee": assignees[0] if assignees else None,
            "assignees": assignees,
            "author_association": "OWNER" if (chance >> 9) % 2 else "CONTRIBUTOR",
            "created_at": self.created_at(number),
            "updated_at": self.updated_at(number),
            "closed_at": self.updated_at(number) if closed else None,
        }

    def _branch(self, kind: str, number: int, name: str, *, gone: bool = False) -> dict[str, object]:
        return {
            "label": f"{self.account.username}:{name}",
            "ref": name,
            "sha": self._sha(kind, number),
            "user": simple_user(self.account),
            "repo": None if gone else msgspec.Raw(repository(self.world, self.account, self.position)),
        }

    def _milestone(self) -> dict[str, object]:
        url = f"{_API}/repos/{self.full_name}/milestones/1"
        moment = self.created_at(1)
        return {
            "url": url,
            "html_url": f"https://github.com/{self.full_name}/milestone/1",
            "labels_url": f"{url}/labels",
            "id": 30_000_000 + self._thing(0),
            "node_id": f"MI_{self._thing(0):014d}",
            "number": 1,
            "state": "open",
            "title": "v1",
            "description": None,
            "creator": simple_user(self.account),
            "open_issues": 1,
            "closed_issues": 0,
            "created_at": moment,
            "updated_at": moment,
            "closed_at": None,
            "due_on": None,
        }


def _weeks(days: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """The days by weeks, which begin on Monday."""
    found: dict[int, tuple[int, int, int]] = {}
    for when, count, unique in days:
        monday = when - (when // _DAY + 3) % 7 * _DAY  # 1970-01-01 was a Thursday
        before = found.get(monday, (monday, 0, 0))
        found[monday] = (monday, before[1] + count, before[2] + unique)
    return list(found.values())


def _label(full_name: str, place: int) -> dict[str, object]:
    name = _LABELS[place]
    return {
        "id": 900_000 + place,
        "node_id": f"LA_{place}",
        "url": f"{_API}/repos/{full_name}/labels/{name.replace(' ', '%20')}",
        "name": name,
        "description": f"About {name}",
        "color": "d73a4a",
        "default": place < 3,
    }


def _message(chance: int) -> str:
    subject = f"Mend {words.THINGS[chance % len(words.THINGS)]}"
    return f"{subject}\n\n{words.SENTENCES[4]}" if chance % 5 == 0 else subject


def _reactions(url: str, total: int) -> dict[str, object]:
    kinds = ("+1", "-1", "laugh", "confused", "heart", "hooray", "eyes", "rocket")
    return {"url": url, "total_count": total, **dict.fromkeys(kinds, 0), "heart": total}


def _auto_merge(user: dict[str, object]) -> dict[str, object]:
    return {"enabled_by": user, "merge_method": "squash", "commit_title": "Merge it", "commit_message": ""}
