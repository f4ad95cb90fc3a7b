"""GitHub: the repositories a user can reach, and the user's own profile."""

from __future__ import annotations

from socialconnect.reading.decide import ErrorRule, Manners
from socialconnect.reading.declare import Budget, Column, Connector, Param, Resource, columns
from socialconnect.reading.paginate import LinkHeader

_NOT_A_SCOPE = "This is not a matter of scopes: whoever administers the repository or organisation must give access."

_RULES = (
    # Limits come first: GitHub answers 403 for them too, and they may reach any endpoint.
    ErrorRule(
        "throttled",
        status=(403, 429),
        header="x-ratelimit-remaining=0",
        wait=("retry-after", "epoch:x-ratelimit-reset", "60"),
    ),
    # A secondary limit comes with requests left, and often without Retry-After: then only its words tell.
    ErrorRule("throttled", status=(403, 429), text=r"secondary rate limit|abuse detection", wait=("retry-after", "60")),
    ErrorRule("throttled", status=(403, 429), header="retry-after", wait=("retry-after",)),
    ErrorRule("throttled", status=(403, 429), text=r"rate limit exceeded|login attempts exceeded", wait=("60",)),
    ErrorRule(
        "denied",
        status=(403,),
        header="x-github-sso=required",
        cure="The user must authorise the app for the organisation's single sign-on: github.com/settings/applications.",
    ),
    ErrorRule(
        "denied",
        status=(403,),
        text=r"SAML enforcement",
        cure="The user must authorise the app for the organisation's single sign-on: github.com/settings/applications.",
    ),
    ErrorRule(
        "denied",
        status=(403,),
        text=r"OAuth App access restrictions",
        cure="An owner of the organisation must approve the app under its settings, Third-party access.",
    ),
    ErrorRule(
        "denied",
        status=(403,),
        text=r"not accessible by (integration|personal access token)",
        cure="The token is one of a GitHub App, which has permissions and no scopes: add the permission to the app.",
    ),
    ErrorRule("refused", status=(403,), text=r"administrative rules|User Agent string"),
    ErrorRule("denied", status=(403,), text=r"must have (push|admin) (access|rights)", cure=_NOT_A_SCOPE),
    # GitHub hides what a token may not see: 404 is a missing scope when none of the accepted ones was granted.
    ErrorRule(
        "scope",
        status=(403, 404),
        required="header:x-accepted-oauth-scopes",
        granted="header:x-oauth-scopes",
        disjoint=True,
    ),
    ErrorRule(
        "partial",
        status=(200,),
        header="x-github-sso=partial-results",
        cure="What belongs to organisations with single sign-on is missing: the user must authorise the app for them.",
    ),
    ErrorRule("empty", status=(409,), text=r"repository is empty"),
    ErrorRule("denied", status=(451,), cure="GitHub blocks this repository for legal reasons: leave it out."),
)

_IMPLIES = {
    "repo": ("repo:status", "repo_deployment", "public_repo", "repo:invite", "security_events"),
    "user": ("read:user", "user:email", "user:follow"),
    "admin:org": ("write:org", "manage_runners:org"),
    "write:org": ("read:org",),
    "admin:repo_hook": ("write:repo_hook",),
    "write:repo_hook": ("read:repo_hook",),
    "admin:public_key": ("write:public_key",),
    "write:public_key": ("read:public_key",),
    "admin:gpg_key": ("write:gpg_key",),
    "write:gpg_key": ("read:gpg_key",),
    "write:discussion": ("read:discussion",),
    "write:packages": ("read:packages",),
    "project": ("read:project",),
}

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

_OWNER = (
    *columns("string", "login", under="owner", personal=True),
    *columns("Int64", "id", under="owner", personal=True),
    *columns("category", "type user_view_type", under="owner"),
    *columns("boolean", "site_admin", under="owner"),
    *columns("string", "node_id name email avatar_url gravatar_id html_url url", under="owner", personal=True),
    *columns("datetime", "starred_at", under="owner", on_request=True),
    *columns("string", _USER_LINKS, under="owner", on_request=True, personal=True),
)

_REPOS = Resource(
    "repos",
    "/user/repos",
    doc="The repositories a user owns, collaborates on or reaches through an organisation.",
    source="https://docs.github.com/rest/repos/repos#list-repositories-for-the-authenticated-user",
    query={"per_page": 100, "sort": "full_name"},
    paging=LinkHeader(page="page"),
    params=(
        Param("visibility", choices=("all", "public", "private")),
        Param("affiliation", choices=("owner", "collaborator", "organization_member"), many=True),
        Param("type", choices=("all", "owner", "public", "private", "member"), excludes=("visibility", "affiliation")),
        Param("sort", choices=("created", "updated", "pushed", "full_name")),
        Param("direction", choices=("asc", "desc")),
        Param("since", note="Only those updated after this ISO 8601 time."),
        Param("before", note="Only those updated before this ISO 8601 time."),
    ),
    key=("id",),
    drop=("temp_clone_token",),
    notes=(
        "Without the scope repo, private repositories are missing and no error says so.",
        "Repositories of organisations that restrict OAuth apps or enforce single sign-on may be missing as well.",
        "Those of organisations are included: affiliation='owner' gives the user's own alone.",
        "Pages are cut by position: a listing that changes while it is read may repeat or miss a row.",
        "watchers and watchers_count count stars; homepage may be an empty text.",
        "GitHub's lists leave the settings for merging empty; only single repositories hold them.",
    ),
    columns=(
        *columns("Int64", "id"),
        *columns("string", "name full_name description html_url language"),
        *columns("boolean", "private fork archived disabled"),
        *columns("category", "visibility"),
        *_OWNER,
        *columns("Int64", "stargazers_count watchers_count forks_count open_issues_count size"),
        *columns("datetime", "created_at updated_at pushed_at"),
        *columns("list", "topics"),
        *columns("string", "default_branch homepage"),
        *columns("string", "key name spdx_id url node_id html_url", under="license"),
        *columns("boolean", "admin maintain push triage pull", under="permissions", prefix="perm_"),
        *columns("boolean", f"has_issues has_projects has_wiki has_pages has_downloads {_SETTINGS}"),
        *columns("category", _CHOSEN),
        *columns("Int64", "forks watchers open_issues"),
        *columns("string", "node_id master_branch mirror_url clone_url git_url ssh_url svn_url url"),
        *columns("datetime", "starred_at"),
        *columns("json", "code_search_index_status"),
        *columns("string", _LINKS, on_request=True),
    ),
)

_PROFILE = Resource(
    "profile",
    "/user",
    doc="The GitHub account behind the token, with its private part where the scope user was granted.",
    source="https://docs.github.com/rest/users/users#get-the-authenticated-user",
    single=True,
    key=("id",),
    notes=(
        "Without the scope user, the private columns (from private_gists on) are empty and no error says so.",
        "email is the public address, which many users leave empty.",
    ),
    columns=(
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
    ),
)

connector = Connector(
    "github",
    "https://api.github.com",
    (_REPOS, _PROFILE),
    title="GitHub",
    doc="Repositories and profiles of GitHub users.",
    source="https://docs.github.com/rest",
    headers={"accept": "application/vnd.github+json", "x-github-api-version": "2022-11-28"},
    api_version="2022-11-28",
    concurrency=50,  # GitHub takes 100 at once, of all apps together
    manners=Manners(
        rules=_RULES,
        message="message",
        trace="x-github-request-id",
        implies=_IMPLIES,
        remaining="x-ratelimit-remaining",
        reset="x-ratelimit-reset",
    ),
    budgets=(Budget(5000, 3600), Budget(900, 60)),
)
