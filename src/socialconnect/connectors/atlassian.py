"""Atlassian: the account behind the token, the sites it reaches, and the projects and issues of Jira on each."""

from __future__ import annotations

from socialconnect.reading.decide import ErrorRule, Manners
from socialconnect.reading.declare import Column, Connector, Param, Parent, Profile, Resource, columns
from socialconnect.reading.paginate import Cursor, Offset

_DOCS = "https://developer.atlassian.com/cloud"
_JIRA = "/ex/jira/{site}/rest/api/3"
_JIRA_SCOPES = ("read:jira-work",)
_FIELDS = "summary,status,issuetype,priority,project,assignee,reporter,created,updated,resolutiondate,duedate,labels"
_SITE = Parent(
    "sites",
    "site",
    "cloud_id",
    name="cloud_id",
    carry={"site": "name"},
    keep=True,
    usual=1,
    note="A cloud_id of sites.",
)
_WAIT = ("retry-after", "iso:x-ratelimit-reset", "5")

connector = Connector(
    "atlassian",
    "https://api.atlassian.com",
    (
        Resource(
            "profile",
            "/me",
            doc="The Atlassian account behind the token.",
            source=f"{_DOCS}/oauth/getting-started/making-calls-to-api/",
            single=True,
            scopes=("read:me",),
            key=("account_id",),
            columns=(
                *columns("string", "account_id name nickname email", personal=True),
                *columns("boolean", "email_verified"),
                *columns("category", "account_type account_status"),
                *columns("string", "picture", personal=True),
                *columns("string", "zoneinfo locale", personal=True),
                *columns(
                    "string",
                    "job_title organization department location",
                    under="extended_profile",
                    prefix="",
                    personal=True,
                ),
            ),
            notes=("What the account keeps to itself (Atlassian's profile visibility) is empty.",),
        ),
        Resource(
            "sites",
            "/oauth/token/accessible-resources",
            doc="The Atlassian sites that the token reaches.",
            source=f"{_DOCS}/oauth/getting-started/making-calls-to-api/",
            key=("cloud_id",),
            columns=(
                *columns("string", "cloud_id=id"),
                *columns("string", "name url", personal=True),
                *columns("list", "scopes"),
                *columns("string", "avatar_url=avatarUrl"),
            ),
            notes=(
                "A site comes once for each of its products, with the scopes that were granted there.",
                "With the scope read:me alone there is none; the user chooses one site as they connect.",
            ),
        ),
        Resource(
            "projects",
            f"{_JIRA}/project/search",
            doc="The Jira projects that the user can see, on each site.",
            source=f"{_DOCS}/jira/platform/rest/v3/api-group-projects/#api-rest-api-3-project-search-get",
            query={"maxResults": 100, "expand": "lead,insight"},
            records="values",
            paging=Offset("startAt", records="values", size=100, last="isLast"),
            parent=_SITE,
            params=(
                Param("query", note="Words in the project's key or name."),
                Param("type", choices=("business", "service_desk", "software"), many=True, to="typeKey"),
            ),
            scopes=_JIRA_SCOPES,
            key=("cloud_id", "id"),
            changed="last_issue_update",
            columns=(
                *columns("string", "id key name"),
                *columns("category", "project_type=projectTypeKey style"),
                *columns("boolean", "simplified is_private=isPrivate"),
                Column("category", "string", "projectCategory.name"),
                Column("lead", "string", "lead.displayName", personal=True),
                Column("total_issues", "Int64", "insight.totalIssueCount"),
                Column("last_issue_update", "datetime", "insight.lastIssueUpdateTime"),
            ),
            notes=(
                "Pages are cut by position: a listing that changes while it is read may repeat or miss a project.",
                "The addresses in Jira's answers name the site's own host, where this token is not sent.",
            ),
        ),
        Resource(
            "issues",
            f"{_JIRA}/search/jql",
            doc="The Jira issues that a search in JQL finds on each site: by default those changed in the last year.",
            source=f"{_DOCS}/jira/platform/rest/v3/api-group-issue-search/#api-rest-api-3-search-jql-get",
            query={"fields": _FIELDS, "maxResults": 100},
            records="issues",
            paging=Cursor("nextPageToken", "nextPageToken"),
            parent=_SITE,
            params=(
                Param(
                    "jql", default="updated >= -365d ORDER BY updated ASC", note="It must narrow: Jira wants a bound."
                ),
                Param("page_size", int, least=1, most=5000, to="maxResults", note="100 by default."),
            ),
            scopes=_JIRA_SCOPES,
            key=("cloud_id", "id"),
            changed="updated",
            newest={"jql": "updated >= -365d ORDER BY updated DESC"},
            columns=(
                *columns("string", "id key"),
                Column("summary", "string", "fields.summary", personal=True),
                Column("status", "category", "fields.status.name"),
                Column("status_category", "category", "fields.status.statusCategory.key"),
                Column("type", "category", "fields.issuetype.name"),
                Column("priority", "category", "fields.priority.name"),
                Column("project", "string", "fields.project.key"),
                Column("assignee", "string", "fields.assignee.displayName", personal=True),
                Column("reporter", "string", "fields.reporter.displayName", personal=True),
                *columns("datetime", "created updated resolved=resolutiondate due=duedate", under="fields", prefix=""),
                Column("labels", "list", "fields.labels"),
            ),
            usual=2.0,
            notes=(
                "Jira refuses a search without a bound, and more than seven fields to order by.",
                "due is a day: midnight UTC here.",
                "Other fields come with raw=True only if Jira was asked for them: it is asked for the columns' alone.",
                "Jira may give fewer than page_size of a page; of large ones it gives fewer fields.",
            ),
        ),
    ),
    title="Atlassian",
    doc="Atlassian accounts, the sites they reach, and Jira's projects and issues there.",
    source=f"{_DOCS}/jira/platform/rest/v3/intro/",
    manners=Manners(
        rules=(
            ErrorRule("throttled", status=(429,), wait=_WAIT, most=600),
            # The gateway answers 401 for a scope that is missing, where another token would not help.
            ErrorRule("scope", status=(401, 403), text=r"scope does not match"),
        ),
        message="errorMessages[0]|message|error_description|error",
        trace="atl-traceid|x-arequestid",
    ),
    profile=Profile(
        handle="nickname",
        name="name",
        email="email",
        email_verified="email_verified",
        avatar_url="picture",
        locale="locale",
    ),
)
