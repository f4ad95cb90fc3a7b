"""Rows of GitHub's records, worked out from the raw JSON by hand: they know nothing of the declarations."""

from __future__ import annotations

import json
from typing import Any


def inside(record: Any, *keys: str) -> Any:
    """What stands inside what may be missing."""
    for key in keys:
        record = record.get(key) if isinstance(record, dict) else None
    return record


def issue(record: dict[str, Any], **own: object) -> dict[str, Any]:
    """An issue's row, worked out from the JSON by hand."""
    return {
        **{key: value for key, value in record.items() if not isinstance(value, dict)},
        "is_pull_request": "pull_request" in record,
        "user_login": inside(record, "user", "login"),
        "closed_by_login": inside(record, "closed_by", "login"),
        "labels": [label["name"] for label in record["labels"]],
        "assignees": [one["login"] for one in record["assignees"]],
        "milestone_title": inside(record, "milestone", "title"),
        "type_name": inside(record, "type", "name"),
        "sub_issues_total": inside(record, "sub_issues_summary", "total"),
        "reactions_total": record["reactions"]["total_count"] if "reactions" in record else None,
        "repository_full_name": record["repository_url"].partition("/repos/")[2],
        **own,
    }


def pull(record: dict[str, Any], **own: object) -> dict[str, Any]:
    """A pull request's row."""
    return {
        **{key: value for key, value in record.items() if not isinstance(value, dict)},
        "user_login": inside(record, "user", "login"),
        "labels": [label["name"] for label in record["labels"]],
        "assignees": [one["login"] for one in record["assignees"]],
        "requested_reviewers": [one["login"] for one in record["requested_reviewers"]],
        "requested_teams": [one["slug"] for one in record["requested_teams"]],
        "milestone_title": inside(record, "milestone", "title"),
        "head_repo_full_name": inside(record, "head", "repo", "full_name"),
        **{f"{side}_{key}": record[side][key] for side in ("head", "base") for key in ("ref", "sha")},
        "auto_merge": None if record["auto_merge"] is None else text(record["auto_merge"]),
        **own,
    }


def event(record: dict[str, Any], **own: object) -> dict[str, Any]:
    """An event's row."""
    return {
        **{key: record[key] for key in ("id", "type", "public", "created_at")},
        "actor_login": record["actor"]["login"],
        "repo_name": record["repo"]["name"],
        "org_login": inside(record, "org", "login"),
        "payload": text(record["payload"]),
        **own,
    }


def text(value: object) -> str:
    """JSON as it is sent."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def starred(record: dict[str, Any]) -> dict[str, Any]:
    """A starred repository's row: the repository's own, and when."""
    return {**record["repo"], "starred_at": record["starred_at"]}


def gist(record: dict[str, Any]) -> dict[str, Any]:
    """A gist's row."""
    return {**record, "files": list(record["files"]), "owner_login": inside(record, "owner", "login"), "owner": None}


def commit(record: dict[str, Any], **own: object) -> dict[str, Any]:
    """A commit's row."""
    inner = record["commit"]
    roles = ("author", "committer")
    return {
        **{key: record[key] for key in ("sha", "node_id", "html_url") if key in record},
        **{f"{role}_{key}": inner[role][key] for role in roles for key in ("name", "email", "date")},
        **{f"{role}_login": inside(record, role, "login") for role in roles},
        "message": inner["message"],
        "comment_count": inner["comment_count"],
        "verified": inner["verification"]["verified"],
        "verify_reason": inner["verification"]["reason"],
        "parents": [parent["sha"] for parent in record["parents"]],
        **own,
    }
