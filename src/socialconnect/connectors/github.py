"""GitHub: the repositories a user can reach, what happens in them, and what is the user's own.

Version 2022-11-28 goes out by default: it is GitHub's own default, self-hosted servers know it too, and the newer one
only takes columns away. The setting `api_versions={"github": "2026-03-10"}` chooses that one; what it lacks is NA.
"""

from __future__ import annotations

from datetime import datetime

from socialconnect.connectors._github_columns import COMMITS, EVENTS, GISTS, ISSUES, ORGS, PROFILE, PULLS, repository
from socialconnect.connectors._github_manners import IMPLIES, RULES
from socialconnect.reading.decide import Manners
from socialconnect.reading.declare import Budget, Column, Connector, Param, Parent, Profile, Resource, columns
from socialconnect.reading.paginate import LinkHeader

_DOCS = "https://docs.github.com/rest"
_PAGES = LinkHeader(page="page")
_PRIVATE = {"repo": "private repositories"}
_DIRECTION = Param("direction", choices=("asc", "desc"))
_MOVES = "Pages are cut by position: a listing that changes while it is read may repeat or miss a row."
_UNSEEN = "Without the scope repo, private repositories are missing and no error says so."


def _of_repos(where: str = "") -> Parent:
    """Of each repository that the user reaches, or of those that the caller names."""
    return Parent(
        "repos",
        "repo",
        "full_name",
        safe="/",
        pattern=r"[^/\s]+/[^/\s]+",
        where=where,
        personal=True,
        note="'owner/name', or a list of them.",
    )


_REPOS = Resource(
    "repos",
    "/user/repos",
    doc="The repositories a user owns, collaborates on or reaches through an organisation.",
    source=f"{_DOCS}/repos/repos#list-repositories-for-the-authenticated-user",
    query={"per_page": 100, "sort": "full_name"},
    paging=_PAGES,
    params=(
        Param("visibility", choices=("all", "public", "private")),
        Param("affiliation", choices=("owner", "collaborator", "organization_member"), many=True),
        Param("type", choices=("all", "owner", "public", "private", "member"), excludes=("visibility", "affiliation")),
        Param("sort", choices=("created", "updated", "pushed", "full_name")),
        _DIRECTION,
        Param("since", datetime, note="Only those updated after this time."),
        Param("before", datetime, note="Only those updated before this time."),
    ),
    fuller=_PRIVATE,
    key=("id",),
    changed="updated_at",
    since="since",
    etag=True,
    drop=("temp_clone_token",),
    notes=(
        _UNSEEN,
        "Repositories of organisations that restrict OAuth apps or enforce single sign-on may be missing as well.",
        "Those of organisations are included: affiliation='owner' gives the user's own alone.",
        _MOVES,
        "GitHub counts no answer that says that nothing is new (304).",
        "A push may move pushed_at and leave updated_at, by which GitHub tells what changed since.",
        "watchers and watchers_count count stars; homepage may be an empty text.",
        "GitHub's lists leave the settings for merging empty; only single repositories hold them.",
        "Version 2026-03-10 has no has_downloads, master_branch and use_squash_pr_title_as_default.",
    ),
    columns=(*repository(), *columns("datetime", "starred_at")),
    usual=1.1,
)

_PROFILE = Resource(
    "profile",
    "/user",
    doc="The GitHub account behind the token, with its private part where the scope user was granted.",
    source=f"{_DOCS}/users/users#get-the-authenticated-user",
    single=True,
    fuller={"read:user": "the private columns, from private_gists on"},
    key=("id",),
    etag=True,
    notes=(
        "Without the scope user, the private columns (from private_gists on) are empty and no error says so.",
        "email is the public address, which many users leave empty.",
    ),
    columns=PROFILE,
)

_EMAILS = Resource(
    "emails",
    "/user/emails",
    doc="The user's e-mail addresses, with which of them is the primary one and which are verified.",
    source=f"{_DOCS}/users/emails#list-email-addresses-for-the-authenticated-user",
    query={"per_page": 100},
    paging=_PAGES,
    scopes=("user:email",),
    key=("email",),
    etag=True,
    notes=("Without the scope user:email GitHub answers 404; the address users.noreply.github.com is GitHub's own.",),
    columns=(
        *columns("string", "email", personal=True),
        *columns("boolean", "primary verified"),
        *columns("category", "visibility"),
    ),
)

_ORGS = Resource(
    "orgs",
    "/user/orgs",
    doc="The organisations that the user belongs to.",
    source=f"{_DOCS}/orgs/orgs#list-organizations-for-the-authenticated-user",
    query={"per_page": 100},
    paging=_PAGES,
    scopes=("read:org", "user"),
    key=("id",),
    etag=True,
    notes=(
        "The scope read:user is not enough: GitHub answers 403 without read:org or user.",
        "Organisations that enforce single sign-on may be missing; a fine-grained token gets an empty list.",
    ),
    columns=ORGS,
)

_ISSUES = Resource(
    "issues",
    "/repos/{repo}/issues",
    doc="The issues and pull requests of repositories, open and closed.",
    source=f"{_DOCS}/issues/issues#list-repository-issues",
    query={"per_page": 100, "state": "all", "sort": "created", "direction": "asc"},
    paging=_PAGES,
    parent=_of_repos("has_issues"),
    params=(
        Param("state", choices=("open", "closed", "all"), note="All by default."),
        Param("labels", many=True, note="Those that have all of these."),
        Param("since", datetime, note="Only those updated at or after this time."),
        Param("assignee", note="A login, 'none', or '*' for anybody."),
        Param("creator", note="A login."),
        Param("mentioned", note="A login."),
        Param("milestone", pattern=r"\d+|\*|none", note="A milestone's number, 'none', or '*' for any."),
        Param("type", note="An issue type's name, 'none', or '*' for any."),
        Param(
            "issue_field_values",
            many=True,
            pattern=r"[^:,\s]+:[^,]*",
            note="'field:value', in organisations that have issue fields.",
        ),
        Param("sort", choices=("created", "updated", "comments")),
        _DIRECTION,
    ),
    fuller=_PRIVATE,
    key=("id",),
    changed="updated_at",
    since="since",
    etag=True,
    notes=(
        "Pull requests are among them (is_pull_request); their id here is not their id in pulls, their number is.",
        "Oldest first, so that what is opened meanwhile does not move the pages.",
        "Where issues are switched off GitHub answers 410; such repositories are left out unless they are named.",
        "Long listings have no page numbers and are read one page after another.",
    ),
    columns=ISSUES,
)

_PULLS = Resource(
    "pulls",
    "/repos/{repo}/pulls",
    doc="The pull requests of repositories, open and closed.",
    source=f"{_DOCS}/pulls/pulls#list-pull-requests",
    query={"per_page": 100, "state": "all", "sort": "created", "direction": "asc"},
    paging=_PAGES,
    parent=_of_repos("has_pull_requests"),
    params=(
        Param("state", choices=("open", "closed", "all"), note="All by default."),
        Param("head", pattern=r"[^:\s]+:\S+", note="'user:branch', where it comes from."),
        Param("base", note="The branch it goes to."),
        Param("sort", choices=("created", "updated", "popularity", "long-running")),
        _DIRECTION,
    ),
    fuller=_PRIVATE,
    key=("id",),
    changed="updated_at",
    newest={"sort": "updated", "direction": "desc"},
    etag=True,
    notes=(
        "A merged one is closed and has merged_at.",
        "Version 2026-03-10 has no merge_commit_sha.",
        "Oldest first, so that what is opened meanwhile does not move the pages.",
    ),
    columns=PULLS,
)

_COMMITS = Resource(
    "commits",
    "/repos/{repo}/commits",
    doc="The commits of repositories, newest first, on the default branch unless another is named.",
    source=f"{_DOCS}/commits/commits#list-commits",
    query={"per_page": 100},
    paging=_PAGES,
    parent=_of_repos(),
    params=(
        Param("sha", note="A branch, tag or commit to begin with."),
        Param("path", note="Only those that touch this file or folder."),
        Param("author", note="A login or an e-mail address."),
        Param("committer", note="A login or an e-mail address."),
        Param("since", datetime, note="Only those at or after this time."),
        Param("until", datetime, note="Only those before this time."),
    ),
    fuller=_PRIVATE,
    key=("repo", "sha"),
    changed="committer_date",
    since="since",
    additions=True,
    etag=True,
    notes=(
        "What is pushed later than it was committed, or to another branch, is not told by since.",
        "A repository without commits (409) has no rows; forks repeat the commits of what they come from.",
        "author_ and committer_ name, email and date are what Git holds; the logins are GitHub's guess by the address.",
    ),
    columns=COMMITS,
    usual=1.2,
)

_LANGUAGES = Resource(
    "languages",
    "/repos/{repo}/languages",
    doc="How many bytes of which language repositories hold, one row for each language.",
    source=f"{_DOCS}/repos/repos#list-repository-languages",
    entries=True,
    parent=_of_repos(),
    fuller=_PRIVATE,
    key=("repo", "language"),
    etag=True,
    notes=("Files that only document, and generated or vendored ones, are not counted.",),
    columns=(Column("language", "string", "key"), Column("bytes", "Int64", "value")),
)

_PER = Param("per", choices=("day", "week"), note="By day unless told; weeks begin on Monday.")
_TRAFFIC_NOTES = (
    "Only of repositories to which the user may push; the others are left out unless they are named (403).",
    "GitHub keeps 14 days, in UTC, and leaves out days without any.",
    "uniques of several days cannot be added up: who comes again is counted again.",
)

_TRAFFIC = Resource(
    "traffic",
    "/repos/{repo}/traffic/views",
    doc="How often the pages of repositories were viewed in the last 14 days, and by how many visitors.",
    source=f"{_DOCS}/metrics/traffic#get-page-views",
    records="views",
    parent=_of_repos("perm_push"),
    params=(_PER,),
    scopes=("repo",),
    key=("repo", "timestamp"),
    etag=True,
    notes=(*_TRAFFIC_NOTES, "How often they were cloned is the resource clones."),
    columns=(*columns("datetime", "timestamp"), *columns("Int64", "count uniques")),
)

_CLONES = Resource(
    "clones",
    "/repos/{repo}/traffic/clones",
    doc="How often repositories were cloned in the last 14 days, and by how many.",
    source=f"{_DOCS}/metrics/traffic#get-repository-clones",
    records="clones",
    parent=_of_repos("perm_push"),
    params=(_PER,),
    scopes=("repo",),
    key=("repo", "timestamp"),
    etag=True,
    notes=_TRAFFIC_NOTES,
    columns=(*columns("datetime", "timestamp"), *columns("Int64", "count uniques")),
)

_STARRED = Resource(
    "starred",
    "/user/starred",
    doc="The repositories that the user has starred, and when.",
    source=f"{_DOCS}/activity/starring#list-repositories-starred-by-the-authenticated-user",
    query={"per_page": 100, "sort": "created", "direction": "asc"},
    headers={"accept": "application/vnd.github.star+json"},  # without it there is no starred_at
    paging=_PAGES,
    params=(
        Param("sort", choices=("created", "updated"), note="By when it was starred, or by the last push."),
        _DIRECTION,
    ),
    fuller=_PRIVATE,
    key=("id",),
    changed="starred_at",
    newest={"sort": "created", "direction": "desc"},
    additions=True,
    etag=True,
    drop=("repo.temp_clone_token",),
    notes=(_MOVES, _UNSEEN, "Most of them are other people's: see owner_login."),
    columns=(*columns("datetime", "starred_at"), *repository("repo")),
    usual=1.5,
)

_GISTS = Resource(
    "gists",
    "/gists",
    doc="The user's gists, without the text of their files.",
    source=f"{_DOCS}/gists/gists#list-gists-for-the-authenticated-user",
    query={"per_page": 100},
    paging=_PAGES,
    params=(Param("since", datetime, note="Only those updated after this time."),),
    fuller={"gist": "secret gists"},
    key=("id",),
    changed="updated_at",
    since="since",
    etag=True,
    notes=("Without the scope gist, secret gists are missing and no error says so.", "id is a text."),
    columns=GISTS,
)

_EVENTS = Resource(
    "events",
    "/users/{login}/events",
    doc="What the user did lately, newest first.",
    source=f"{_DOCS}/activity/events#list-events-for-the-authenticated-user",
    query={"per_page": 100},
    paging=_PAGES,
    parent=Parent(
        "profile", "login", "login", pattern=r"[\w.-]+", usual=1, personal=True, note="Another user's login."
    ),
    fuller={"repo": "events in private repositories"},
    key=("id",),
    changed="created_at",
    newest={},
    additions=True,
    etag=True,
    cap=300,
    notes=(
        "At most 300 events of the last 30 days, and 30 seconds to 6 hours late: not for watching.",
        "Of other users (login=) only what is public.",
        "payload has another shape for each type; id is a text.",
    ),
    columns=EVENTS,
    usual=1.5,
)

connector = Connector(
    "github",
    "https://api.github.com",
    (
        *(_REPOS, _PROFILE, _EMAILS, _ORGS),
        *(_ISSUES, _PULLS, _COMMITS, _LANGUAGES, _TRAFFIC, _CLONES),
        *(_STARRED, _GISTS, _EVENTS),
    ),
    title="GitHub",
    doc="Repositories, what happens in them, and the profiles of GitHub users.",
    source=_DOCS,
    headers={"accept": "application/vnd.github+json"},
    api_version="2022-11-28",
    version_header="x-github-api-version",
    versions=("2026-03-10", "2022-11-28"),
    concurrency=50,  # GitHub takes 100 at once, of all apps together
    manners=Manners(
        rules=RULES,
        message="message",
        trace="x-github-request-id",
        implies=IMPLIES,
        remaining="x-ratelimit-remaining",
        reset="x-ratelimit-reset",
        granted="x-oauth-scopes",
    ),
    budgets=(Budget(5000, 3600), Budget(900, 60)),
    profile=Profile(
        handle="login",
        name="name",
        email="email",
        avatar_url="avatar_url",
        profile_url="html_url",
        created_at="created_at",
    ),
)
