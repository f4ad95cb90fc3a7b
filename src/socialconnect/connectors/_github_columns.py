"""The columns of GitHub's larger records."""

from __future__ import annotations

from socialconnect.reading.declare import Column, columns

_SETTINGS = """is_template has_discussions has_pull_requests allow_forking web_commit_signoff_required
    allow_rebase_merge allow_squash_merge allow_merge_commit allow_auto_merge allow_update_branch
    delete_branch_on_merge use_squash_pr_title_as_default anonymous_access_enabled"""
_CHOSEN = """pull_request_creation_policy squash_merge_commit_title squash_merge_commit_message merge_commit_title
    merge_commit_message"""
_LINKS = """archive_url assignees_url blobs_url branches_url collaborators_url comments_url commits_url compare_url
    contents_url contributors_url deployments_url downloads_url events_url forks_url git_commits_url git_refs_url
    git_tags_url hooks_url issue_comment_url issue_events_url issues_url keys_url labels_url languages_url merges_url
    milestones_url notifications_url pulls_url releases_url stargazers_url statuses_url subscribers_url
    subscription_url tags_url teams_url trees_url"""
_USER_LINKS = """followers_url following_url gists_url starred_url subscriptions_url organizations_url repos_url
    events_url received_events_url"""


def _owner(under: str) -> tuple[Column, ...]:
    place = f"{under}.owner" if under else "owner"
    return (
        *columns("string", "login", under=place, prefix="owner_", personal=True),
        *columns("Int64", "id", under=place, prefix="owner_", personal=True),
        *columns("category", "type user_view_type", under=place, prefix="owner_"),
        *columns("boolean", "site_admin", under=place, prefix="owner_"),
        *columns(
            "string",
            "node_id name email avatar_url gravatar_id html_url url",
            under=place,
            prefix="owner_",
            personal=True,
        ),
        *columns("datetime", "starred_at", under=place, prefix="owner_", on_request=True),
        *columns("string", _USER_LINKS, under=place, prefix="owner_", on_request=True, personal=True),
    )


def repository(under: str = "") -> tuple[Column, ...]:
    """A repository's columns, where the record is one or holds one at `under`."""
    inner = f"{under}." if under else ""
    return (
        *columns("Int64", "id", under=under, prefix=""),
        *columns("string", "name", under=under, prefix=""),
        *columns("string", "full_name description html_url", under=under, prefix="", personal=True),
        *columns("string", "language", under=under, prefix=""),
        *columns("boolean", "private fork archived disabled", under=under, prefix=""),
        *columns("category", "visibility", under=under, prefix=""),
        *_owner(under),
        *columns("Int64", "stargazers_count watchers_count forks_count open_issues_count size", under=under, prefix=""),
        *columns("datetime", "created_at updated_at pushed_at", under=under, prefix=""),
        *columns("list", "topics", under=under, prefix=""),
        *columns("string", "default_branch", under=under, prefix=""),
        *columns("string", "homepage", under=under, prefix="", personal=True),
        *columns("string", "key name spdx_id url node_id html_url", under=f"{inner}license", prefix="license_"),
        *columns("boolean", "admin maintain push triage pull", under=f"{inner}permissions", prefix="perm_"),
        *columns(
            "boolean", f"has_issues has_projects has_wiki has_pages has_downloads {_SETTINGS}", under=under, prefix=""
        ),
        *columns("category", _CHOSEN, under=under, prefix=""),
        *columns("Int64", "forks watchers open_issues", under=under, prefix=""),
        *columns("string", "node_id master_branch", under=under, prefix=""),
        *columns("string", "mirror_url clone_url git_url ssh_url svn_url url", under=under, prefix="", personal=True),
        *columns("json", "code_search_index_status", under=under, prefix=""),
        *columns("string", _LINKS, under=under, prefix="", on_request=True, personal=True),
    )


PROFILE = (
    *columns("string", "login", personal=True),
    *columns("Int64", "id", personal=True),
    *columns("string", "name email company location bio blog twitter_username", personal=True),
    *columns("category", "type user_view_type"),
    *columns("boolean", "site_admin"),
    *columns("boolean", "hireable", personal=True),
    *columns("Int64", "followers following public_repos public_gists"),
    *columns("datetime", "created_at updated_at"),
    *columns("string", "avatar_url html_url node_id notification_email gravatar_id url", personal=True),
    *columns("Int64", "private_gists total_private_repos owned_private_repos disk_usage collaborators"),
    *columns("boolean", "two_factor_authentication business_plus"),
    *columns("string", "ldap_dn", personal=True),
    Column("plan", "json", note="The GitHub plan: name, space, private_repos, collaborators."),
    *columns("string", _USER_LINKS, on_request=True, personal=True),
)

ISSUES = (
    *columns("Int64", "id number"),
    *columns("string", "title", personal=True),
    *columns("category", "state state_reason"),
    Column("is_pull_request", "boolean", "pull_request", form="present"),
    Column("user_login", "string", "user.login", personal=True, note="NA where the user is gone."),
    Column("labels", "list", "labels[].name"),
    Column("assignees", "list", "assignees[].login", personal=True),
    *columns("string", "title", under="milestone"),
    *columns("Int64", "comments"),
    *columns("boolean", "locked draft"),
    *columns("category", "active_lock_reason author_association"),
    *columns("datetime", "created_at updated_at closed_at"),
    *columns("string", "login", under="closed_by", personal=True),
    Column("type_name", "string", "type.name", note="Issue types are an organisation's."),
    Column("sub_issues_total", "Int64", "sub_issues_summary.total"),
    Column("reactions_total", "Int64", "reactions.total_count"),
    Column("repository_full_name", "string", "repository_url", take=r"/repos/([^/]+/[^/]+)$", personal=True),
    *columns("string", "html_url", personal=True),
    *columns("string", "node_id"),
    *columns("string", "body", personal=True),
)

PULLS = (
    *columns("Int64", "id number"),
    *columns("string", "title", personal=True),
    *columns("category", "state"),
    *columns("boolean", "draft locked"),
    Column("user_login", "string", "user.login", personal=True, note="NA where the user is gone."),
    Column("labels", "list", "labels[].name"),
    Column("assignees", "list", "assignees[].login", personal=True),
    Column("requested_reviewers", "list", "requested_reviewers[].login", personal=True),
    Column("requested_teams", "list", "requested_teams[].slug"),
    *columns("string", "title", under="milestone"),
    *columns("string", "ref sha", under="head"),
    Column("head_repo_full_name", "string", "head.repo.full_name", personal=True, note="NA where the fork is gone."),
    *columns("string", "ref sha", under="base"),
    *columns("json", "auto_merge", personal=True),
    *columns("category", "author_association"),
    *columns("datetime", "created_at updated_at closed_at merged_at"),
    Column("merge_commit_sha", "string", note="Up to version 2022-11-28."),
    *columns("string", "html_url", personal=True),
    *columns("string", "node_id"),
    *columns("string", "body", personal=True),
)

COMMITS = (
    *columns("string", "sha"),
    *columns("string", "message", under="commit", prefix="", personal=True),
    *columns("string", "name email", under="commit.author", prefix="author_", personal=True),
    *columns("datetime", "date", under="commit.author", prefix="author_"),
    Column("author_login", "string", "author.login", personal=True, note="NA where the address is nobody's."),
    *columns("string", "name email", under="commit.committer", prefix="committer_", personal=True),
    *columns("datetime", "date", under="commit.committer", prefix="committer_"),
    Column("committer_login", "string", "committer.login", personal=True, note="NA where the address is nobody's."),
    Column("parents", "list", "parents[].sha"),
    *columns("Int64", "comment_count", under="commit", prefix=""),
    *columns("boolean", "verified", under="commit.verification", prefix=""),
    Column("verify_reason", "category", "commit.verification.reason"),
    *columns("string", "html_url", personal=True),
    *columns("string", "node_id"),
)

ORGS = (
    *columns("string", "login", personal=True),
    *columns("Int64", "id"),
    *columns("string", "description", personal=True),
    *columns("string", "node_id"),
    *columns("string", "avatar_url", personal=True),
    *columns("string", "url repos_url events_url hooks_url issues_url members_url public_members_url", personal=True),
)

GISTS = (
    *columns("string", "id"),
    *columns("string", "description", personal=True),
    *columns("boolean", "public"),
    Column("files", "list", form="keys", personal=True, note="The names of its files."),
    *columns("Int64", "comments"),
    *columns("boolean", "comments_enabled truncated"),
    *columns("string", "login", under="owner", personal=True),
    *columns("datetime", "created_at updated_at"),
    *columns("string", "html_url git_pull_url", personal=True),
    *columns("string", "node_id"),
)

EVENTS = (
    *columns("string", "id"),
    *columns("category", "type"),
    *columns("string", "login", under="actor", personal=True),
    *columns("string", "name", under="repo", personal=True),
    *columns("string", "login", under="org", personal=True),
    *columns("boolean", "public"),
    *columns("datetime", "created_at"),
    Column("payload", "json", personal=True, note="Its shape depends on the type."),
)
