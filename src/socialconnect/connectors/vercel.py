"""Vercel: the user behind the token, their teams, and the projects and deployments of each."""

from __future__ import annotations

from datetime import datetime

from socialconnect.reading.decide import ErrorRule, Manners
from socialconnect.reading.declare import Column, Connector, Param, Parent, Profile, Resource, columns
from socialconnect.reading.paginate import Cursor

_DOCS = "https://vercel.com/docs"
_REST = f"{_DOCS}/rest-api"
_TEAM = Parent(
    "teams",
    "team",
    name="team_id",
    carry={"team": "slug"},
    into="query",
    to="teamId",
    also=True,
    usual=1,
    note="A team's id, from teams.",
)
_PERMISSION = (
    "Vercel decides by the app's permissions, not by scopes: add what is missing to the app "
    "(its Permissions page at Vercel), then the user must connect again."
)
_UNSEEN = "What the token may see is set by the permissions of the app at Vercel: 403 means that one is missing."
_SCOPES = (
    "First comes what Vercel lists without naming a team, with no team_id, then what each team has. Where Vercel takes "
    "the user's default team for the first, its rows come twice: with and without team_id."
)

_RULES = (
    # as the standard for such tokens has it (RFC 6750), which the claims of a user follow
    ErrorRule("scope", status=(403,), header="www-authenticate=insufficient_scope", required="challenge"),
    ErrorRule("token", status=(401, 403), at="error.invalidToken", values=("True",)),
    ErrorRule("throttled", status=(429,), wait=("retry-after", "epoch:x-ratelimit-reset", "10")),
    ErrorRule("denied", status=(403,), at="error.code", values=("forbidden",), cure=_PERMISSION),
)

connector = Connector(
    "vercel",
    "https://api.vercel.com",
    (
        Resource(
            "profile",
            "/login/oauth/userinfo",
            doc="The Vercel user behind the token.",
            source=f"{_DOCS}/sign-in-with-vercel/scopes-and-permissions",
            single=True,
            scopes=("openid",),
            fuller={"email": "the address", "profile": "the names and the picture"},
            key=("sub",),
            columns=(
                *columns("string", "sub preferred_username name email", personal=True),
                *columns("boolean", "email_verified"),
                *columns("string", "picture", personal=True),
            ),
            notes=("A token lives for an hour; Clerk renews it where the scope offline_access was granted.",),
        ),
        Resource(
            "user",
            "/v2/user",
            doc="The Vercel account of the user behind the token.",
            source=f"{_REST}/user/get-the-user",
            records="user",
            single=True,
            key=("id",),
            columns=(
                *columns("string", "id username name email avatar", personal=True),
                *columns("string", "default_team_id=defaultTeamId"),
                *columns("boolean", "limited"),
                *columns("datetime", "created_at=createdAt", form="ms"),
            ),
            notes=("Where limited is true, Vercel tells less of the account: the rest is NA.", _UNSEEN),
        ),
        Resource(
            "projects",
            "/v10/projects",
            doc="The user's projects: those of their own, and those of each of their teams.",
            source=f"{_REST}/projects/retrieve-a-list-of-projects",
            query={"limit": 100},
            records="projects",
            paging=Cursor("pagination.next", "from"),
            parent=_TEAM,
            params=(
                Param("search", note="Words in the project's name."),
                Param("repo", note="Only projects of this repository."),
            ),
            key=("team_id", "id"),
            changed="updated_at",
            drop=("env", "protectionBypass"),
            columns=(
                *columns("string", "id name"),
                *columns("string", "account_id=accountId", personal=True),
                *columns("category", "framework node_version=nodeVersion"),
                *columns("datetime", "created_at=createdAt updated_at=updatedAt", form="ms"),
                *columns("boolean", "live"),
                Column("repo", "string", "link.repo"),
                Column("repo_type", "category", "link.type"),
                Column("production_branch", "string", "link.productionBranch"),
            ),
            notes=(
                _SCOPES,
                _UNSEEN,
                "Environment variables and the secrets that bypass protection are never read.",
            ),
        ),
        Resource(
            "deployments",
            "/v6/deployments",
            doc="The user's deployments: their own and those of each of their teams, the newest of each first.",
            source=f"{_REST}/deployments/list-deployments",
            query={"limit": 100},
            records="deployments",
            paging=Cursor("pagination.next", "until"),
            parent=_TEAM,
            params=(
                Param("since", datetime, form="ms", note="Only those created after this time."),
                Param("before", datetime, to="until", form="ms", note="Only those created before this time."),
                Param("project", to="projectId", note="A project's id or name."),
                Param("target", note="An environment: 'production' or 'preview'."),
                Param("state", choices=("BUILDING", "ERROR", "INITIALIZING", "QUEUED", "READY", "CANCELED"), many=True),
                Param("branch"),
            ),
            key=("team_id", "uid"),
            changed="created_at",
            since="since",
            additions=True,
            columns=(
                *columns("string", "uid name project_id=projectId"),
                *columns("string", "url", personal=True),
                *columns("category", "state=state|readyState target source"),
                *columns("datetime", "created_at=createdAt|created building_at=buildingAt", form="ms"),
                *columns("datetime", "ready_at=readyAt|ready", form="ms"),
                Column("creator", "string", "creator.username", personal=True),
                Column("branch", "string", "meta.githubCommitRef"),
                Column("commit", "string", "meta.githubCommitSha"),
                *columns("category", "error_code=errorCode"),
                *columns("string", "inspector_url=inspectorUrl", personal=True),
            ),
            usual=2.0,
            notes=(
                _SCOPES,
                _UNSEEN,
                "url is empty until a deployment's upload is complete. branch and commit are those of GitHub's alone.",
                "Vercel's own SDK calls /v7/deployments by now, with the same answer; v6 is the documented one.",
            ),
        ),
        Resource(
            "teams",
            "/v2/teams",
            doc="The teams that the user belongs to.",
            source=f"{_REST}/teams/list-all-teams",
            query={"limit": 100},
            records="teams",
            paging=Cursor("pagination.next", "until"),
            key=("id",),
            drop=("inviteCode",),
            columns=(
                *columns("string", "id"),
                *columns("string", "slug name description avatar creator_id=creatorId", personal=True),
                Column("role", "category", "membership.role"),
                *columns("boolean", "limited"),
                *columns("datetime", "created_at=createdAt updated_at=updatedAt", form="ms"),
            ),
            notes=("Where limited is true, the token may not see more of that team: the rest is NA.", _UNSEEN),
        ),
    ),
    title="Vercel",
    doc="Profiles, teams, projects and deployments of Vercel users.",
    source=_REST,
    manners=Manners(
        rules=_RULES,
        message="error.message|error_description|error",
        codes="error.code",
        trace="x-vercel-id",
        remaining="x-ratelimit-remaining",
        reset="x-ratelimit-reset",
    ),
    profile=Profile(
        handle="preferred_username",
        name="name",
        email="email",
        email_verified="email_verified",
        avatar_url="picture",
    ),
)
