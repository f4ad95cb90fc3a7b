"""The columns of GitLab's resources."""

from __future__ import annotations

from socialconnect.reading.declare import Column, columns

PROFILE = (
    *columns("string", "id username name email", personal=True),
    *columns("category", "state"),
    *columns("string", "avatar_url web_url", personal=True),
    *columns("datetime", "created_at"),
    *columns("string", "bio location organization job_title", na=("",), personal=True),
    *columns("datetime", "confirmed_at last_sign_in_at current_sign_in_at last_activity_on"),
    *columns("boolean", "two_factor_enabled external"),
    *columns("Int64", "projects_limit"),
    *columns("boolean", "is_admin"),
)

PROJECTS = (
    *columns("string", "id name"),
    *columns("string", "path_with_namespace description", personal=True),
    *columns("category", "visibility"),
    *columns("string", "default_branch"),
    *columns("string", "web_url", personal=True),
    *columns("datetime", "created_at last_activity_at"),
    *columns("Int64", "star_count forks_count open_issues_count"),
    *columns("boolean", "archived"),
    Column("namespace", "string", "namespace.full_path", personal=True),
    Column("namespace_kind", "category", "namespace.kind"),
    Column("topics", "list", "topics|tag_list"),
    *columns("boolean", "empty_repo"),
    *columns("string", "creator_id", personal=True),
)


def _work() -> tuple[Column, ...]:
    """What merge requests and issues have in common."""
    return (
        *columns("string", "id"),
        *columns("Int64", "iid"),
        *columns("string", "project_id"),
        *columns("string", "title description", personal=True),
        *columns("category", "state"),
        Column("author", "string", "author.username", personal=True),
        Column("assignees", "list", "assignees[].username", personal=True),
        *columns("list", "labels"),
        Column("milestone", "string", "milestone.title"),
        *columns("datetime", "created_at updated_at closed_at"),
        Column("closed_by", "string", "closed_by.username", personal=True),
        *columns("Int64", "upvotes downvotes user_notes_count"),
        *columns("Int64", "time_estimate total_time_spent", under="time_stats", prefix=""),
        *columns("Int64", "tasks=count tasks_completed=completed_count", under="task_completion_status", prefix=""),
        Column("reference", "string", "references.full", personal=True),
        *columns("string", "web_url", personal=True),
    )


MERGE_REQUESTS = (
    *_work(),
    Column("draft", "boolean", "draft|work_in_progress"),
    *columns("string", "source_branch target_branch source_project_id target_project_id"),
    Column("reviewers", "list", "reviewers[].username", personal=True),
    *columns("datetime", "merged_at"),
    Column("merged_by", "string", "merge_user.username|merged_by.username", personal=True),
    Column("merge_status", "category", "detailed_merge_status|merge_status"),
    *columns("boolean", "has_conflicts squash"),
    *columns("string", "sha merge_commit_sha squash_commit_sha"),
)

ISSUES = (
    *_work(),
    *columns("category", "issue_type"),
    *columns("datetime", "due_date"),
    *columns("boolean", "confidential"),
    *columns("Int64", "merge_requests_count weight"),
)

EVENTS = (
    *columns("string", "id project_id"),
    *columns("category", "action_name target_type"),
    *columns("string", "target_id target_iid"),
    Column("target_title", "string", personal=True),
    *columns("datetime", "created_at"),
    *columns("string", "author_username", personal=True),
    *columns("Int64", "commit_count", under="push_data", prefix="push_"),
    *columns("category", "action ref_type", under="push_data", prefix="push_"),
    *columns("string", "ref commit_from commit_to", under="push_data", prefix="push_"),
    Column("push_commit_title", "string", "push_data.commit_title", personal=True),
    Column("note", "string", "note.body", personal=True),
    Column("note_on", "category", "note.noteable_type"),
)
