"""Bitbucket Cloud: the account behind the token, its workspaces, and the repositories and pull requests in each.

Bitbucket took away in April 2026 what listed across workspaces: everything is read workspace by workspace.
"""

from __future__ import annotations

from datetime import datetime

from socialconnect.reading.decide import ErrorRule, Manners
from socialconnect.reading.declare import Budget, Column, Connector, Param, Parent, Profile, Resource, columns
from socialconnect.reading.paginate import NextUrl

_DOCS = "https://developer.atlassian.com/cloud/bitbucket/rest"
_API = "/2.0"
_STATES = ("OPEN", "MERGED", "DECLINED", "SUPERSEDED")
_SINCE = Param(
    "updated_after",
    datetime,
    excludes=("q",),
    to="q",
    wrap="updated_on > {}",
    note="Only those changed after this time.",
)
_QUERY = Param("q", note="A condition as Bitbucket writes it: 'updated_on > 2026-05-01'.")
_WORKSPACE = Parent("workspaces", "workspace", "slug", keep=True, usual=2, personal=True, note="A slug of workspaces.")

_RULES = (
    ErrorRule(
        "scope",
        status=(403,),
        text=r"lack one or more required privilege scopes",
        required="body:error.detail.required",
        granted="body:error.detail.granted",
    ),
    # No header is promised; a limit is of the last hour, so that waiting helps bit by bit.
    ErrorRule("throttled", status=(429,), wait=("retry-after", "60")),
    ErrorRule(
        "refused",
        status=(410,),
        text=r"CHANGE-\d+|deprecated",
        cure="Bitbucket has taken this part of its API away: its changelog says what takes the place.",
    ),
    ErrorRule(
        "denied", status=(410,), cure="Bitbucket has closed this account or workspace: its support can tell why."
    ),
)

_RESOURCES = (
    Resource(
        "profile",
        f"{_API}/user",
        doc="The Bitbucket account behind the token.",
        source=f"{_DOCS}/api-group-users/#api-user-get",
        single=True,
        scopes=("account",),
        key=("uuid",),
        columns=(
            *columns("string", "uuid account_id username nickname display_name", personal=True),
            *columns("datetime", "created_on"),
            *columns("string", "location website", personal=True),
            Column("avatar", "string", "links.avatar.href", personal=True),
            Column("url", "string", "links.html.href", personal=True),
        ),
        notes=("Join by uuid (in braces) or account_id, never by username, which is going away.",),
    ),
    Resource(
        "emails",
        f"{_API}/user/emails",
        doc="The user's e-mail addresses, with which of them is the primary one and which are confirmed.",
        source=f"{_DOCS}/api-group-users/#api-user-emails-get",
        query={"pagelen": 100},
        records="values",
        paging=NextUrl("next"),
        scopes=("email",),
        key=("email",),
        columns=(*columns("string", "email", personal=True), *columns("boolean", "is_primary is_confirmed")),
    ),
    Resource(
        "workspaces",
        f"{_API}/user/workspaces",
        doc="The workspaces that the user belongs to, and where they administer.",
        source=f"{_DOCS}/api-group-workspaces/#api-user-workspaces-get",
        query={"pagelen": 100},
        records="values",
        paging=NextUrl("next"),
        scopes=("account",),
        key=("slug",),
        columns=(
            *columns("string", "slug", under="workspace", prefix="", personal=True),
            *columns("string", "uuid", under="workspace", prefix=""),
            Column("is_admin", "boolean", "administrator"),
        ),
        notes=(
            "Names of workspaces are not listed there.",
            "That the scope account suffices is taken from the listing that this one replaced.",
        ),
    ),
    Resource(
        "repositories",
        f"{_API}/repositories/{{workspace}}",
        doc="The repositories that the user is a member of, in each of their workspaces.",
        source=f"{_DOCS}/api-group-repositories/#api-repositories-workspace-get",
        query={"role": "member", "pagelen": 100},
        records="values",
        paging=NextUrl("next"),
        parent=_WORKSPACE,
        params=(
            Param("role", choices=("member", "contributor", "admin", "owner"), note="'member' by default."),
            _QUERY,
            _SINCE,
            Param("sort", note="A field, such as 'created_on', or with '-' before it the other way round."),
        ),
        scopes=("repository",),
        key=("uuid",),
        changed="updated_on",
        since="updated_after",
        columns=(
            *columns("string", "uuid"),
            *columns("string", "full_name", personal=True),
            *columns("string", "name slug"),
            *columns("boolean", "is_private"),
            Column("description", "string", na=("",), personal=True),
            Column("language", "category", na=("",)),
            *columns("Int64", "size"),
            *columns("datetime", "created_on updated_on"),
            Column("main_branch", "string", "mainbranch.name"),
            Column("project_key", "string", "project.key"),
            *columns("category", "fork_policy"),
            *columns("boolean", "has_wiki"),
            Column("url", "string", "links.html.href", personal=True),
            Column("parent", "string", "parent.full_name", personal=True),
        ),
        notes=(
            "1,000 requests for repositories in an hour: of each user, or, as its support says, of the whole app.",
            "Issue trackers and wikis were taken away in August 2026: has_wiki may be empty.",
        ),
    ),
    Resource(
        "pull_requests",
        f"{_API}/workspaces/{{workspace}}/pullrequests/{{me}}",
        doc="The pull requests that the user wrote, open and closed, in each of their workspaces.",
        source=f"{_DOCS}/api-group-pullrequests/#api-workspaces-workspace-pullrequests-selected-user-get",
        query={"state": _STATES, "pagelen": 50},
        records="values",
        paging=NextUrl("next"),
        parent=_WORKSPACE,
        params=(Param("state", choices=_STATES, many=True, repeat=True, note="All by default."), _QUERY, _SINCE),
        scopes=("pullrequest",),
        key=("repository", "id"),
        changed="updated_on",
        since="updated_after",
        columns=(
            Column("repository", "string", "destination.repository.full_name", personal=True),
            *columns("string", "id"),
            Column("title", "string", personal=True),
            Column("description", "string", "description|summary.raw", na=("",), personal=True),
            *columns("category", "state"),
            *columns("boolean", "draft close_source_branch"),
            Column("author", "string", "author.display_name", personal=True),
            Column("source_repository", "string", "source.repository.full_name", personal=True),
            Column("source_branch", "string", "source.branch.name"),
            Column("destination_branch", "string", "destination.branch.name"),
            Column("merge_commit", "string", "merge_commit.hash"),
            Column("closed_by", "string", "closed_by.display_name", personal=True),
            *columns("Int64", "comment_count task_count"),
            *columns("datetime", "created_on updated_on"),
            Column("url", "string", "links.html.href", personal=True),
        ),
        notes=(
            "id is the number in its repository.",
            "What a fork's source repository is called is empty where that was deleted.",
            "Pages hold 50: Bitbucket gives no more of pull requests.",
        ),
    ),
)

connector = Connector(
    "bitbucket",
    "https://api.bitbucket.org",
    _RESOURCES,
    title="Bitbucket",
    doc="Profiles of Bitbucket Cloud users, their workspaces, repositories and pull requests.",
    source=f"{_DOCS}/intro/",
    manners=Manners(
        rules=_RULES,
        message="error.message|message|error_description|error",
        granted="x-oauth-scopes",
        implies={
            "repository:write": ("repository",),
            "project": ("repository",),
            "pullrequest": ("repository",),
            "pullrequest:write": ("pullrequest", "repository:write"),
        },
    ),
    budgets=(Budget(1000, 3600, at=f"https://api.bitbucket.org{_API}/repositories/"),),
    binds={"me": "profile.uuid"},
    profile=Profile(
        handle="nickname",
        name="display_name",
        avatar_url="avatar",
        profile_url="url",
        created_at="created_on",
    ),
)
