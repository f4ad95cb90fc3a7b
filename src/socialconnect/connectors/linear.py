"""Linear: the user behind the token, and the issues, teams and projects that they see. GraphQL throughout."""

from __future__ import annotations

from datetime import datetime

from socialconnect.reading.decide import ErrorRule, Manners
from socialconnect.reading.declare import Column, Connector, Param, Profile, Resource, columns
from socialconnect.reading.paginate import GraphQL

_DOCS = "https://linear.app/developers"
_SCOPES = ("read",)

# Pages of 100 with one short list each stay far below the 10,000 points that one query may cost.
_ISSUES = (
    "query issues($first: Int, $after: String, $filter: IssueFilter) "
    "{ issues(first: $first, after: $after, filter: $filter, orderBy: updatedAt) "
    "{ nodes { id identifier number title description priority priorityLabel estimate dueDate url "
    "createdAt updatedAt startedAt completedAt canceledAt archivedAt state { name type } team { key } "
    "project { name } cycle { number } assignee { displayName } creator { displayName } parent { id } "
    "labels(first: 10) { nodes { name } } } pageInfo { hasNextPage endCursor } } }"
)
_TEAMS = (
    "query teams($first: Int, $after: String, $filter: TeamFilter) "
    "{ teams(first: $first, after: $after, filter: $filter) "
    "{ nodes { id key name description timezone visibility createdAt updatedAt archivedAt } "
    "pageInfo { hasNextPage endCursor } } }"
)
_PROJECTS = (
    "query projects($first: Int, $after: String, $filter: ProjectFilter) "
    "{ projects(first: $first, after: $after, filter: $filter, orderBy: updatedAt) "
    "{ nodes { id name description slugId url progress priority health startDate targetDate createdAt updatedAt "
    "completedAt status { name type } lead { displayName } } pageInfo { hasNextPage endCursor } } }"
)
_VIEWER = (
    "query viewer { viewer { id name displayName email avatarUrl active admin guest timezone url createdAt updatedAt "
    "lastSeen organization { id name urlKey } } }"
)

_SINCE = Param(
    "updated_since",
    datetime,
    into="body",
    to="variables.filter.updatedAt.gte",
    note="Only those changed at or after this time.",
)

_CODE, _TYPE = "errors[].extensions.code", "errors[].extensions.type"
_WAIT = ("retry-after", "epoch_ms:x-ratelimit-requests-reset", "epoch_ms:x-ratelimit-complexity-reset", "30")
_RULES = (
    # Each error may come with 400 or 200, and names its kind by a code, a type, or both.
    ErrorRule("throttled", status=(200, 400, 429), at=_CODE, values=("RATELIMITED",), wait=_WAIT),
    ErrorRule("throttled", status=(200, 400, 429), at=_TYPE, values=("ratelimited",), wait=_WAIT),
    ErrorRule("token", status=(200, 400, 401), at=_CODE, values=("AUTHENTICATION_ERROR",)),
    ErrorRule("token", status=(200, 400, 401), at=_TYPE, values=("authentication error",)),
    ErrorRule("scope", status=(200, 400, 403), at=_CODE, values=("FORBIDDEN",)),
    ErrorRule("scope", status=(200, 400, 403), at=_TYPE, values=("forbidden",)),
    ErrorRule(
        "refused",
        status=(200,),
        at="errors",
        without="data.viewer|data.issues.nodes|data.teams.nodes|data.projects.nodes",
    ),
    ErrorRule("partial", status=(200,), at="errors"),
)


connector = Connector(
    "linear",
    "https://api.linear.app",
    (
        Resource(
            "profile",
            "/graphql",
            doc="The Linear user behind the token, with the workspace that they connected.",
            source=f"{_DOCS}/graphql",
            method="POST",
            json={"query": _VIEWER},
            records="data.viewer",
            single=True,
            scopes=_SCOPES,
            key=("id",),
            columns=(
                *columns("string", "id name display_name=displayName email avatar_url=avatarUrl", personal=True),
                *columns("boolean", "active admin guest"),
                *columns("string", "timezone", personal=True),
                *columns("datetime", "created_at=createdAt updated_at=updatedAt last_seen=lastSeen"),
                *columns("string", "url", personal=True),
                Column("organization_id", "string", "organization.id"),
                Column("organization", "string", "organization.name"),
                Column("organization_key", "string", "organization.urlKey"),
            ),
            notes=("A token belongs to one workspace: who works in several connects Linear once for each.",),
        ),
        Resource(
            "issues",
            "/graphql",
            doc="The issues that the user can see, in all teams.",
            source=f"{_DOCS}/pagination",
            method="POST",
            json={"query": _ISSUES, "variables": {"first": 100}},
            records="data.issues.nodes",
            paging=GraphQL("data.issues.pageInfo", "after"),
            params=(
                Param("filter", dict, into="body", to="variables.filter", note="An IssueFilter, as Linear has it."),
                _SINCE,
                Param("team", into="body", to="variables.filter.team.key.eq", note="A team's key, such as 'ENG'."),
                Param("page_size", int, least=1, most=250, into="body", to="variables.first", note="100 by default."),
            ),
            scopes=_SCOPES,
            key=("id",),
            changed="updated_at",
            since="updated_since",
            columns=(
                *columns("string", "id identifier"),
                *columns("Int64", "number"),
                *columns("string", "title description", personal=True),
                *columns("Int64", "priority"),
                *columns("category", "priority_label=priorityLabel"),
                *columns("Float64", "estimate"),
                Column("state", "category", "state.name"),
                Column("state_type", "category", "state.type"),
                Column("team", "category", "team.key"),
                Column("project", "string", "project.name"),
                Column("cycle", "Int64", "cycle.number"),
                Column("assignee", "string", "assignee.displayName", personal=True),
                Column("creator", "string", "creator.displayName", personal=True),
                Column("parent_id", "string", "parent.id"),
                Column("labels", "list", "labels.nodes[].name"),
                *columns("datetime", "due_date=dueDate created_at=createdAt updated_at=updatedAt"),
                *columns("datetime", "started_at=startedAt completed_at=completedAt canceled_at=canceledAt"),
                *columns("datetime", "archived_at=archivedAt"),
                *columns("string", "url", personal=True),
            ),
            usual=2.0,
            notes=(
                "The last changed come first: a listing that changes while it is read may repeat or miss an issue.",
                "Archived issues are left out. Of each issue's labels there are the first 10.",
                "A due date is a day: midnight UTC here.",
                "Linear writes number and priority with a fraction of 0; they are whole.",
                "Pages of more than 250 are not promised anywhere, and 100 keep a query cheap.",
            ),
        ),
        Resource(
            "teams",
            "/graphql",
            doc="The teams that the user can see.",
            source=f"{_DOCS}/graphql",
            method="POST",
            json={"query": _TEAMS, "variables": {"first": 100}},
            records="data.teams.nodes",
            paging=GraphQL("data.teams.pageInfo", "after"),
            params=(_SINCE,),
            scopes=_SCOPES,
            key=("id",),
            changed="updated_at",
            since="updated_since",
            columns=(
                *columns("string", "id key name"),
                *columns("string", "description", personal=True),
                *columns("string", "timezone"),
                *columns("category", "visibility"),
                *columns("datetime", "created_at=createdAt updated_at=updatedAt archived_at=archivedAt"),
            ),
            notes=("visibility takes the place of private, which is deprecated.",),
        ),
        Resource(
            "projects",
            "/graphql",
            doc="The projects that the user can see.",
            source=f"{_DOCS}/graphql",
            method="POST",
            json={"query": _PROJECTS, "variables": {"first": 50}},
            records="data.projects.nodes",
            paging=GraphQL("data.projects.pageInfo", "after"),
            params=(_SINCE,),
            scopes=_SCOPES,
            key=("id",),
            changed="updated_at",
            since="updated_since",
            columns=(
                *columns("string", "id name"),
                *columns("string", "description", personal=True),
                *columns("string", "slug_id=slugId"),
                Column("status", "category", "status.name"),
                Column("status_type", "category", "status.type"),
                *columns("Float64", "progress"),
                *columns("Int64", "priority"),
                *columns("category", "health"),
                *columns("datetime", "start_date=startDate target_date=targetDate"),
                Column("lead", "string", "lead.displayName", personal=True),
                *columns("datetime", "created_at=createdAt updated_at=updatedAt completed_at=completedAt"),
                *columns("string", "url", personal=True),
            ),
            notes=("progress is between 0 and 1.", "status takes the place of state, which is deprecated."),
        ),
    ),
    title="Linear",
    doc="Profiles, issues, teams and projects of Linear workspaces.",
    source=_DOCS,
    manners=Manners(
        rules=_RULES,
        message="errors[0].extensions.userPresentableMessage|errors[0].message|error_description|error",
        codes=_CODE,
        implies={"admin": ("write",), "write": ("read",)},
        remaining="x-ratelimit-requests-remaining",
        reset="x-ratelimit-requests-reset",  # milliseconds, as far as is known; seconds are understood too
    ),
    profile=Profile(
        handle="display_name",
        name="name",
        email="email",
        avatar_url="avatar_url",
        profile_url="url",
        created_at="created_at",
    ),
)
