"""Asana: the user behind the token, their workspaces, and in each the projects and what is assigned to them.

An example of the guide in CONTRIBUTING.md: a provider that Clerk has not, which an instance has as a custom one.
"""

from __future__ import annotations

from datetime import datetime

from socialconnect.reading.decide import ErrorRule, Manners
from socialconnect.reading.declare import Budget, Column, Connector, Param, Parent, Profile, Resource, columns
from socialconnect.reading.paginate import Cursor

_DOCS = "https://developers.asana.com"
_API = "/api/1.0"
_PAGES = Cursor("next_page.offset", "offset")
_WORKSPACE = Parent("workspaces", "workspace", "gid", into="query", keep=True, usual=2, note="A gid of workspaces.")
_USER = "gid,name,email,photo.image_128x128,workspaces.name"
_PROJECT = (
    "gid,name,notes,archived,completed,completed_at,color,default_view,privacy_setting,start_on,due_on,created_at,"
    "modified_at,permalink_url,owner.name,team.name"
)
_TASK = (
    "gid,name,notes,resource_subtype,completed,completed_at,start_on,due_on,due_at,created_at,modified_at,"
    "permalink_url,num_subtasks,num_likes,parent.gid,projects.name,tags.name"
)

_RESOURCES = (
    Resource(
        "profile",
        f"{_API}/users/me",
        doc="The Asana user behind the token.",
        source=f"{_DOCS}/reference/getuser",
        query={"opt_fields": _USER},
        records="data",
        single=True,
        scopes=("users:read",),
        key=("gid",),
        columns=(
            *columns("string", "gid"),
            *columns("string", "name email", personal=True),
            Column("avatar_url", "string", "photo.image_128x128", personal=True),
            Column("workspaces", "list", "workspaces[].name"),
        ),
    ),
    Resource(
        "workspaces",
        f"{_API}/workspaces",
        doc="The workspaces and organizations that the user can see.",
        source=f"{_DOCS}/reference/getworkspaces",
        query={"limit": 100, "opt_fields": "gid,name,is_organization,email_domains"},
        records="data",
        paging=_PAGES,
        scopes=("workspaces:read",),
        key=("gid",),
        columns=(
            *columns("string", "gid name"),
            *columns("boolean", "is_organization"),
            *columns("list", "email_domains"),
        ),
    ),
    Resource(
        "projects",
        f"{_API}/projects",
        doc="The projects of each workspace that the user can see.",
        source=f"{_DOCS}/reference/getprojects",
        query={"limit": 100, "opt_fields": _PROJECT},
        records="data",
        paging=_PAGES,
        parent=_WORKSPACE,
        params=(Param("archived", bool, note="True gives archived ones alone, False the others."),),
        scopes=("projects:read",),
        key=("gid",),
        changed="modified_at",
        columns=(
            *columns("string", "gid name"),
            *columns("string", "notes", personal=True),
            *columns("boolean", "archived completed"),
            *columns("category", "color default_view privacy_setting"),
            Column("owner", "string", "owner.name", personal=True),
            Column("team", "string", "team.name"),
            *columns("datetime", "start_on due_on created_at modified_at completed_at"),
            *columns("string", "permalink_url"),
        ),
        notes=("start_on and due_on are days: midnight UTC here.",),
    ),
    Resource(
        "tasks",
        f"{_API}/tasks",
        doc="The tasks that are assigned to the user, done or not, in each workspace.",
        source=f"{_DOCS}/reference/gettasks",
        query={"assignee": "me", "limit": 100, "opt_fields": _TASK},
        records="data",
        paging=_PAGES,
        parent=_WORKSPACE,
        params=(
            Param("completed_since", datetime, note="Only those not done, or done at or after this time."),
            Param("modified_since", datetime, note="Only those changed at or after this time."),
        ),
        scopes=("tasks:read",),
        key=("gid",),
        changed="modified_at",
        since="modified_since",
        columns=(
            *columns("string", "gid"),
            *columns("string", "name notes", personal=True),
            *columns("category", "resource_subtype"),
            *columns("boolean", "completed"),
            *columns("datetime", "start_on due_on due_at created_at modified_at completed_at"),
            *columns("Int64", "num_subtasks num_likes"),
            Column("parent_gid", "string", "parent.gid"),
            Column("projects", "list", "projects[].name"),
            Column("tags", "list", "tags[].name"),
            *columns("string", "permalink_url"),
        ),
        notes=(
            "Asana counts a task as changed where its projects, comments or hearts change too.",
            "An offset ends after a while: a listing that pauses for long begins anew.",
        ),
    ),
)

connector = Connector(
    "asana",
    "https://app.asana.com",
    _RESOURCES,
    title="Asana",
    doc="Profiles, workspaces, projects and tasks of Asana.",
    source=_DOCS,
    strategy="oauth_custom_asana",
    manners=Manners(
        rules=(
            ErrorRule("throttled", status=(429,), wait=("retry-after", "30")),
            ErrorRule("denied", status=(402,), cure="It is part of Asana's paid plans: ask the user about theirs."),
        ),
        message="errors[0].message",
        trace="body:errors[0].phrase",  # which Asana's support looks up
    ),
    # 1,500 a minute where the workspace is paid for, which nothing tells; what is refused counts too.
    budgets=(Budget(150, 60),),
    profile=Profile(name="name", email="email", avatar_url="avatar_url"),
)
