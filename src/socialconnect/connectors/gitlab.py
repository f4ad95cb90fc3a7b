"""GitLab: the account behind the token, its projects, merge requests and issues, and what it did lately.

On gitlab.com, or on a server of one's own by the setting `base_urls={"gitlab": "https://gitlab.example.com"}`.
"""

from __future__ import annotations

from datetime import datetime

from socialconnect.connectors._gitlab_columns import EVENTS, ISSUES, MERGE_REQUESTS, PROFILE, PROJECTS
from socialconnect.reading.decide import ErrorRule, Manners
from socialconnect.reading.declare import Budget, Connector, Param, Profile, Resource
from socialconnect.reading.paginate import LinkHeader

_DOCS = "https://docs.gitlab.com/api"
_API = "/api/v4"
_PAGES = LinkHeader(page="page")
_OLDEST_FIRST: dict[str, str | int] = {"per_page": 100, "state": "all", "order_by": "created_at", "sort": "asc"}
_SORT = Param("sort", choices=("asc", "desc"), note="Oldest first by default.")
_MANY = "With scope='all' gitlab.com lists every public one too, and may end in an error: narrow it down."
_TIMES = "What time was spent and estimated is in seconds."
_STABLE = "Oldest first, so that what is added meanwhile does not move the pages."
_WORK = (
    Param("labels", many=True, note="Those that have all of these; 'None' or 'Any'."),
    Param("milestone", note="A milestone's title, 'None' or 'Any'."),
    Param("search", note="Words in the title or the description."),
    Param("author_username", note="A username."),
    Param("created_after", datetime, note="Only those created at or after this time."),
    Param("created_before", datetime, note="Only those created at or before this time."),
    Param("updated_after", datetime, note="Only those changed at or after this time."),
    Param("updated_before", datetime, note="Only those changed at or before this time."),
)

_RESOURCES = (
    Resource(
        "profile",
        f"{_API}/user",
        doc="The GitLab account behind the token.",
        source=f"{_DOCS}/users/",
        single=True,
        scopes=("read_user",),
        key=("id",),
        columns=PROFILE,
        notes=("is_admin is told to administrators alone.",),
    ),
    Resource(
        "projects",
        f"{_API}/projects",
        doc="The projects that the user is a member of.",
        source=f"{_DOCS}/projects/#list-all-projects",
        query={"membership": "true", "pagination": "keyset", "order_by": "id", "sort": "asc", "per_page": 100},
        paging=LinkHeader(),
        params=(
            Param("owned", bool, note="True gives those that the user owns."),
            Param("archived", bool, note="True gives archived ones alone, False the others."),
            Param("visibility", choices=("public", "internal", "private")),
            Param("search", note="Words in the project's name or path."),
            Param("with_programming_language", note="Those that use this language."),
            Param(
                "min_access_level", int, least=5, most=50, note="30 for developers, 40 for maintainers, 50 for owners."
            ),
            Param("last_activity_after", datetime, note="Only those with activity after this time."),
            Param("last_activity_before", datetime, note="Only those with activity before this time."),
        ),
        scopes=("read_api",),
        key=("id",),
        changed="last_activity_at",
        since="last_activity_after",
        drop=("runners_token",),
        columns=PROJECTS,
        notes=(
            "Those of groups are included: owned=True gives the user's own alone.",
            "last_activity_at tells of pushes and work, not of a name or a setting that was changed.",
        ),
    ),
    Resource(
        "merge_requests",
        f"{_API}/merge_requests",
        doc="The merge requests that the user created, open and closed, in all projects.",
        source=f"{_DOCS}/merge_requests/#list-merge-requests",
        query=_OLDEST_FIRST,
        paging=_PAGES,
        params=(
            Param("scope", choices=("created_by_me", "assigned_to_me", "all"), default="created_by_me"),
            Param("state", choices=("opened", "closed", "locked", "merged", "all"), note="All by default."),
            *_WORK,
            Param("source_branch"),
            Param("target_branch"),
            Param("order_by", choices=("created_at", "updated_at")),
            _SORT,
        ),
        scopes=("read_api",),
        key=("id",),
        changed="updated_at",
        since="updated_after",
        columns=MERGE_REQUESTS,
        notes=(
            _STABLE,
            _MANY,
            _TIMES,
            "id is unique everywhere, iid (the number that people see) in its project only.",
        ),
    ),
    Resource(
        "issues",
        f"{_API}/issues",
        doc="The issues that are assigned to the user, open and closed, in all projects.",
        source=f"{_DOCS}/issues/#list-issues",
        query=_OLDEST_FIRST,
        paging=_PAGES,
        params=(
            Param("scope", choices=("created_by_me", "assigned_to_me", "all"), default="assigned_to_me"),
            Param("state", choices=("opened", "closed", "all"), note="All by default."),
            *_WORK,
            Param("confidential", bool),
            Param("order_by", choices=("created_at", "updated_at", "priority", "due_date", "popularity")),
            _SORT,
        ),
        scopes=("read_api",),
        key=("id",),
        changed="updated_at",
        since="updated_after",
        columns=ISSUES,
        notes=(
            _STABLE,
            _MANY,
            _TIMES,
            "due_date is a day: midnight UTC here.",
            "Those of archived projects are left out.",
        ),
    ),
    Resource(
        "events",
        f"{_API}/events",
        doc="What the user did in the last three years: pushes, comments, what they opened, closed, joined and left.",
        source=f"{_DOCS}/events/",
        query={"per_page": 100, "sort": "asc"},
        paging=_PAGES,
        params=(
            Param("action", note="Such as 'created', 'pushed', 'commented' or 'merged'."),
            Param("target_type", choices=("issue", "milestone", "merge_request", "note", "project", "snippet", "user")),
            Param("after", pattern=r"\d{4}-\d\d-\d\d", note="A day such as '2026-05-01': only those of later days."),
            Param("before", pattern=r"\d{4}-\d\d-\d\d", note="A day such as '2026-05-01': only those of earlier days."),
            Param("scope", choices=("all",), note="'all' adds what others did in the user's projects."),
            _SORT,
        ),
        scopes=("read_user",),
        key=("id",),
        changed="created_at",
        newest={"sort": "desc"},
        additions=True,
        columns=EVENTS,
        notes=("GitLab keeps three years of them.", "Events of epics are not among them.", _STABLE),
    ),
)

connector = Connector(
    "gitlab",
    "https://gitlab.com",
    _RESOURCES,
    title="GitLab",
    doc="Profiles, projects, merge requests, issues and events of GitLab users.",
    source=f"{_DOCS}/rest/",
    manners=Manners(
        rules=(
            ErrorRule("scope", status=(403,), at="error", values=("insufficient_scope",), required="body:scope"),
            # Limits inside the application come without headers, and the body is plain text.
            ErrorRule("throttled", status=(429,), wait=("retry-after", "epoch:ratelimit-reset", "60")),
            ErrorRule(
                "denied",
                status=(403,),
                text=r"must accept the Terms of Service",
                cure="The user must sign in to GitLab in a browser and accept its terms.",
            ),
            ErrorRule(
                "denied", status=(403,), text=r"account has been blocked", cure="GitLab has blocked this account."
            ),
        ),
        message="message|error_description|error",
        trace="x-request-id",
        implies={"api": ("read_api",), "read_api": ("read_user",)},
        remaining="ratelimit-remaining",
        reset="ratelimit-reset",
    ),
    # Of gitlab.com; another server has its own, and says in each answer what is left.
    budgets=(
        Budget(2000, 60),
        Budget(2000, 60, "host"),
        Budget(2000, 600, at=f"https://gitlab.com{_API}/projects"),
    ),
    profile=Profile(
        handle="username",
        name="name",
        email="email",
        avatar_url="avatar_url",
        profile_url="web_url",
        created_at="created_at",
    ),
)
