"""What the three connectors declare, held against the providers' own specifications."""

from __future__ import annotations

import ast
import json
import re
from datetime import datetime
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.recorded.cassettes import shared

import socialconnect.connectors

if TYPE_CHECKING:
    from socialconnect.reading.declare import Connector, Resource

DTYPES = {"integer": {"Int64"}, "number": {"Float64"}, "boolean": {"boolean"}, "array": {"list"}, "object": {"json"}}
TEXTS = {"string", "category"}
NAMES = ("github", "google", "notion")
GITHUB = {
    # the listing's path in the specification, and the schema of its records where there is one
    "repos": ("/user/repos", "repository"),
    "profile": ("/user", "private-user"),
    "emails": ("/user/emails", "email"),
    "orgs": ("/user/orgs", "organization-simple"),
    "issues": ("/repos/{owner}/{repo}/issues", "issue"),
    "pulls": ("/repos/{owner}/{repo}/pulls", "pull-request-simple"),
    "commits": ("/repos/{owner}/{repo}/commits", "commit"),
    "languages": ("/repos/{owner}/{repo}/languages", ""),
    "traffic": ("/repos/{owner}/{repo}/traffic/views", "traffic"),
    "clones": ("/repos/{owner}/{repo}/traffic/clones", "traffic"),
    "starred": ("/user/starred", "starred-repository"),
    "gists": ("/gists", "base-gist"),
    "events": ("/users/{username}/events", "event"),
}
MAY_IMPORT = ("socialconnect.reading.", "socialconnect.connectors._")
FILES = sorted(
    path for path in Path(socialconnect.connectors.__file__).parent.glob("*.py") if not path.name.startswith("_")
)


def connector(name: str) -> Connector:
    found: Connector = import_module(f"socialconnect.connectors.{name}").connector
    return found


def resource(name: str) -> Resource:
    provider, _, rest = name.partition(".")
    return connector(provider).resource(rest)


@cache
def spec(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shared("specs", f"{name}.json").read_text(encoding="utf-8"))
    return found


def dtypes(schema: dict[str, Any]) -> set[str]:
    """The dtypes that can hold what a property's schema describes."""
    branches = [branch for branch in schema.get("oneOf", [schema]) if branch.get("type") != "null"]
    kind = branches[0].get("type", "string")
    if kind == "string":
        return {"datetime"} if schema.get("format") == "date-time" else TEXTS
    return DTYPES[kind]


def declared(name: str) -> dict[str, str]:
    """Every declared path of a resource with its dtype."""
    return {column.path: column.dtype for column in resource(name).columns}


def leaves(schema: dict[str, Any], whole: dict[str, Any], under: str = "") -> dict[str, set[str]]:
    """Every path of an OpenAPI schema that ends in a value, with the dtypes that fit; all alternatives together."""
    if "$ref" in schema:
        return leaves(whole["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], whole, under)
    found: dict[str, set[str]] = {}
    parts = [part for key in ("allOf", "oneOf", "anyOf") for part in schema.get(key, [])]
    nested = [part for part in parts if part.get("type") != "null"]
    for part in nested:
        for path, fitting in leaves(part, whole, under).items():
            found[path] = found.get(path, set()) | fitting
    for name, inner in schema.get("properties", {}).items():
        for path, fitting in leaves(inner, whole, f"{under}.{name}" if under else name).items():
            found[path] = found.get(path, set()) | fitting
    if under and not nested and "properties" not in schema and schema.get("type") != "object":
        found[under] = dtypes(schema)
    return found


def test_repository_is_covered() -> None:
    """Every value that GitHub's schema of a repository describes has a column, or is dropped by name."""
    github, repos = spec("github-subset"), resource("github.repos")
    properties = github["components"]["schemas"]["repository"]["properties"]
    wanted = leaves({"properties": properties}, github)
    whole = {column.path for column in repos.columns if column.dtype == "json"}
    paths = {path for path in wanted if path.split(".")[0] not in whole}
    assert len(properties) == 98
    assert paths | whole == set(declared("github.repos")) | set(repos.drop)


def test_repository_dtypes_agree() -> None:
    """Each column of a repository has a dtype that its schema allows; texts may also hold times and categories."""
    github = spec("github-subset")
    wanted = leaves(github["components"]["schemas"]["repository"], github)
    for path, dtype in declared("github.repos").items():
        if dtype != "json":
            allowed = wanted[path] | ({"datetime"} if path.endswith("_at") else set())
            assert dtype in allowed, path


def test_secret_of_a_repository_is_dropped() -> None:
    """The clone token that GitHub puts into repositories is no column and is named as dropped."""
    repos = resource("github.repos")
    assert repos.drop == ("temp_clone_token",)
    assert "temp_clone_token" not in declared("github.repos")


def test_addresses_come_on_request() -> None:
    """URL templates are left out of a frame unless they are asked for, those a person opens are not."""
    repos = resource("github.repos")
    names = {column.name for column in repos.select(None)}
    assert names >= {"html_url", "clone_url", "owner_html_url", "license_url"}
    assert not names & {"archive_url", "trees_url", "keys_url", "owner_followers_url"}
    assert "trees_url" in {column.name for column in repos.select(None, include=["trees_url"])}


def test_github_profile_is_covered() -> None:
    """The profile has a column of the right dtype for every property of both views of a user."""
    github = spec("github-subset")
    found = declared("github.profile")
    for view in ("private-user", "public-user"):
        properties = github["components"]["schemas"][view]["properties"]
        assert set(properties) <= set(found)
        for name, schema in properties.items():
            assert found[name] in dtypes(schema), name
    assert set(found) == set(github["components"]["schemas"]["private-user"]["properties"])


def test_notion_users_are_covered() -> None:
    """Notion's users have a column for every value of the specification's user; one more is known from recordings."""
    notion = spec("notion-subset")
    wanted = leaves({"$ref": "#/components/schemas/userObjectResponse"}, notion)
    # an owner repeats what it is: its kind is bot.owner.type, and it is a person
    repeated = {"bot.owner.user.object", "bot.owner.user.type"}
    for name in ("notion.users", "notion.me"):
        found = declared(name)
        assert set(found) - set(wanted) == {"person.email_verified"}
        assert set(wanted) - set(found) == repeated
        assert all(found[path] in wanted[path] for path in set(found) & set(wanted))


def test_google_profile_is_covered() -> None:
    """Google's profile has exactly the properties of the discovery document's Userinfo."""
    properties = spec("google-oauth2-v2")["schemas"]["Userinfo"]["properties"]
    found = declared("google.profile")
    assert len(properties) == 11
    assert set(found) == set(properties)
    assert all(found[name] in dtypes(schema) for name, schema in properties.items())


def test_google_profile_asks_for_the_documented_scopes() -> None:
    """Any scope that the discovery document accepts is enough for the profile."""
    method = spec("google-oauth2-v2")["resources"]["userinfo"]["methods"]["get"]
    profile = resource("google.profile")
    assert set(profile.scopes) == set(method["scopes"])
    assert profile.path == f"/{method['path']}"
    assert set(connector("google").scope_aliases.values()) < set(profile.scopes)


def inner(node: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """What a `$ref` means."""
    while "$ref" in node:
        *_, kind, name = node["$ref"].split("/")
        node = whole["components"][kind][name]
    return node


def asked(path: str) -> dict[str, dict[str, Any]]:
    """The parameters of one of GitHub's listings, with their schemas."""
    github = spec("github-subset")
    found = [inner(one, github) for one in github["paths"][path]["get"].get("parameters", [])]
    return {one["name"]: one["schema"] for one in found if one["in"] == "query"}


@pytest.mark.parametrize("name", GITHUB)
def test_parameters_are_the_specification_s(name: str) -> None:
    """The parameters of a resource are those of the specification but for the pages, with the same choices."""
    found, wanted = resource(f"github.{name}"), asked(GITHUB[name][0])
    assert set(wanted) - {"page", "per_page"} == {param.name for param in found.params}
    for param in found.params:
        schema = wanted[param.name]
        assert (schema.get("format") == "date-time") == (param.kind is datetime), param.name
        if param.name == "affiliation":
            assert ",".join(param.choices) == schema["default"]
        else:
            assert set(param.choices) == set(schema.get("enum", ())), param.name
    for key, value in found.query.items():
        assert key in wanted
        assert value in wanted[key].get("enum", [value]), key
    assert found.query.get("per_page", 100) == 100
    assert ("per_page" in found.query) == ("per_page" in wanted)


@pytest.mark.parametrize("name", GITHUB)
def test_columns_are_the_specification_s(name: str) -> None:
    """Each column of GitHub's stands in the specification's schema, with a dtype that fits what is described."""
    if not GITHUB[name][1]:
        return
    github = spec("github-subset")
    wanted = {re.sub(r"\[\]", "", path): kinds for path, kinds in listed(GITHUB[name][1], github).items()}
    for column in resource(f"github.{name}").columns:
        if column.of_parent:
            continue
        path = column.path.replace("[]", "")
        inside = {one for one in wanted if one == path or one.startswith(f"{path}.")}
        assert inside, column.path
        if column.dtype == "datetime":
            assert "datetime" in wanted[path] or path.endswith("_at"), column.path
        elif not column.form and column.dtype not in ("json", "list"):
            assert column.dtype in wanted[path], column.path


def listed(name: str, whole: dict[str, Any]) -> dict[str, set[str]]:
    """The leaves of a schema, those of what its lists hold among them."""

    def walk(node: dict[str, Any], under: str, seen: tuple[str, ...]) -> None:
        if (reference := node.get("$ref", "")) in seen:
            return
        seen = (*seen, reference) if reference else seen
        node = inner(node, whole)
        parts = [part for key in ("allOf", "oneOf", "anyOf") for part in node.get(key, [])]
        for part in parts:
            walk(part, under, seen)
        for key, value in node.get("properties", {}).items():
            walk(value, f"{under}.{key}" if under else key, seen)
        if node.get("type") == "array" and not under.count(".") > 3:
            walk(node.get("items", {}), under, seen)
        kind = node.get("type", "string")
        if under and not parts and kind in (*DTYPES, "string"):
            found.setdefault(under, set()).update(
                {"datetime"} if node.get("format") == "date-time" else DTYPES.get(kind, TEXTS)
            )

    found: dict[str, set[str]] = {}
    walk({"$ref": f"#/components/schemas/{name}"}, "", ())
    return found


def test_starred_are_repositories() -> None:
    """A starred repository has every column that a repository has, and its secret is dropped as well."""
    repos, starred = resource("github.repos"), resource("github.starred")
    assert {column.name: column.dtype for column in starred.columns} == {
        column.name: column.dtype for column in repos.columns
    }
    assert {column.path for column in starred.columns} == {
        "starred_at" if column.path == "starred_at" else f"repo.{column.path}" for column in repos.columns
    }
    assert starred.drop == ("repo.temp_clone_token",)
    assert {column.name for column in starred.columns if column.personal} == {
        column.name for column in repos.columns if column.personal
    }


WANTED = {
    "emails": "email primary verified visibility",
    "orgs": """login id node_id url repos_url events_url hooks_url issues_url members_url public_members_url avatar_url
        description""",
    "issues": """repo id number node_id title state state_reason user_login labels assignees milestone_title locked
        active_lock_reason comments is_pull_request draft created_at updated_at closed_at closed_by_login
        author_association body type_name sub_issues_total reactions_total repository_full_name html_url""",
    "pulls": """repo id number title state draft user_login body labels assignees requested_reviewers requested_teams
        milestone_title head_ref head_sha head_repo_full_name base_ref base_sha auto_merge author_association
        created_at updated_at closed_at merged_at merge_commit_sha""",
    "commits": """repo sha node_id html_url message author_name author_email author_date committer_name committer_email
        committer_date author_login committer_login comment_count verified verify_reason parents""",
    "gists": """id node_id description public files comments comments_enabled owner_login truncated created_at
        updated_at html_url git_pull_url""",
    "events": "login id type actor_login repo_name org_login public created_at payload",
    "languages": "repo language bytes",
    "traffic": "repo timestamp count uniques",
    "clones": "repo timestamp count uniques",
}


@pytest.mark.parametrize("name", WANTED)
def test_every_column_is_there(name: str) -> None:
    """Each of the columns that the reference asks for comes without being asked for."""
    found = [column.name for column in resource(f"github.{name}").select(None)]
    assert not set(WANTED[name].split()) - set(found)
    assert found[0] in ("repo", "login") or resource(f"github.{name}").parent is None


def test_excluding_parameters_are_refused() -> None:
    """`type` and `affiliation` exclude each other here already, not with GitHub's 422."""
    repos = resource("github.repos")
    with pytest.raises(ValueError, match="exclude each other"):
        repos.request("https://api.github.com", {}, {"type": "owner", "affiliation": "owner"})
    query = dict(repos.request("https://api.github.com", {}, {"affiliation": ["owner", "collaborator"]}).query)
    assert query == {"per_page": "100", "sort": "full_name", "affiliation": "owner,collaborator"}


@pytest.mark.parametrize(("given", "status"), [("2026-05-01", True), (1, False), ("soon", False), (True, False)])
def test_times_are_checked_here(given: object, status: bool) -> None:  # noqa: FBT001 - whether it is one
    """A time that is none is refused before GitHub could, and one that is goes out in UTC."""
    issues = resource("github.issues")
    if not status:
        with pytest.raises(ValueError, match="since"):
            issues.given({"since": given})  # type: ignore[dict-item]  # what callers may not pass
        return
    request = issues.request("https://api.github.com", {}, {"since": str(given)}, "ada/engine")
    assert dict(request.query)["since"] == "2026-05-01T00:00:00Z"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("issues", {"repo": "engine"}),
        ("issues", {"repo": "ada/engine/issues"}),
        ("issues", {"repo": "ada/engine?state=all x"}),
        ("issues", {"milestone": "v1"}),
        ("issues", {"state": "merged"}),
        ("issues", {"issue_field_values": "priority"}),
        ("pulls", {"head": "main"}),
        ("traffic", {"per": "month"}),
        ("starred", {"sort": "stars"}),
        ("events", {"login": "../user"}),
    ],
    ids=str,
)
def test_wrong_parameters_are_refused(name: str, arguments: dict[str, str]) -> None:
    """What GitHub would refuse or misunderstand is refused here, with what would be right."""
    with pytest.raises(ValueError, match=next(iter(arguments))):
        resource(f"github.{name}").given(arguments)


def test_a_repository_stands_in_its_path() -> None:
    """Owner and name keep their slash, whatever else is in them is escaped."""
    request = resource("github.commits").request("https://api.github.com", {}, {}, "ada/engine#1?x")
    assert request.url == "https://api.github.com/repos/ada/engine%231%3Fx/commits?per_page=100"
    assert request.template == "/repos/{repo}/commits"


def test_parents_that_cannot_have_it_are_left_out() -> None:
    """Issues are read where they are switched on, traffic where the user may push."""
    where = {one.name: one.parent.where for one in connector("github").resources if one.parent}
    assert {name: where.pop(name) for name in ("issues", "pulls", "traffic", "clones")} == {
        "issues": "has_issues",
        "pulls": "has_pull_requests",
        "traffic": "perm_push",
        "clones": "perm_push",
    }
    assert set(where.values()) == {""}


def test_what_more_scopes_would_bring() -> None:
    """Where a scope brings more rows without an error for want of it, the declaration says so."""
    fuller = {one.name: set(one.fuller) for one in connector("github").resources}
    assert {name for name, scopes in fuller.items() if scopes == {"repo"}} == {
        *("repos", "issues", "pulls", "commits", "languages", "starred", "events")
    }
    assert fuller["gists"] == {"gist"}
    assert fuller["profile"] == {"read:user"}
    needed = {one.name: one.scopes for one in connector("github").resources if one.scopes}
    assert needed == {
        "emails": ("user:email",),
        "orgs": ("read:org", "user"),
        "traffic": ("repo",),
        "clones": ("repo",),
    }


def test_versions_are_pinned() -> None:
    """The version that a connector is written for goes out as the provider's own header."""
    github = connector("github")
    assert github.api_version == "2022-11-28"
    for each in github.resources:
        headers = github.headers_for(each)
        assert headers["x-github-api-version"] == "2022-11-28"
        assert headers["accept"].startswith("application/vnd.github")
    assert github.headers_for(resource("github.starred"))["accept"] == "application/vnd.github.star+json"


def test_another_version_can_be_chosen() -> None:
    """The newest version goes out where it is chosen, with the same columns; one that there is not is refused."""
    newest = connector("github").at("2026-03-10")
    assert newest.headers_for(newest.resource("repos"))["x-github-api-version"] == "2026-03-10"
    assert [one.columns for one in newest.resources] == [one.columns for one in connector("github").resources]
    with pytest.raises(ValueError, match="2022-11-28"):
        connector("github").at("2021-01-01")


def test_notion_s_version_is_pinned() -> None:
    """Notion's newest version goes out by default."""
    notion = connector("notion")
    assert notion.headers_for(notion.resource("users"))["notion-version"] == notion.api_version == "2026-03-11"


@pytest.mark.parametrize("name", NAMES)
def test_everything_is_explained(name: str) -> None:
    """Each connector and resource has one sentence, the vendor's page, a key, notes and its personal columns."""
    found = connector(name)
    assert found.doc
    assert found.source.startswith("https://")
    for each in found.resources:
        assert each.doc.endswith(".")
        assert each.doc.count(". ") == 0
        assert each.source.startswith("https://")
        assert each.key
        assert each.notes
        assert any(column.personal for column in each.columns) or each.name in IMPERSONAL


IMPERSONAL = {"languages", "traffic", "clones"}  # figures of repositories
PERSONAL = ("email", "login", "given_name", "family_name", "avatar_url", "picture", "bio", "location", "company")


@pytest.mark.parametrize("name", NAMES)
def test_personal_columns_say_so(name: str) -> None:
    """Whatever names or shows a person is marked as personal data."""
    for each in connector(name).resources:
        for column in each.columns:
            if any(column.name == word or column.name.endswith(f"_{word}") for word in PERSONAL):
                assert column.personal, column.name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_connectors_are_facts(path: Path) -> None:
    """A connector file can import the declarations alone: no client, no secret, no socket."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert not node.names, f"{path.name} imports {node.names[0].name}"
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            known = node.module in ("__future__", "datetime", "typing", "collections.abc")
            assert known or str(node.module).startswith(MAY_IMPORT), f"{path.name} imports {node.module}"


@pytest.mark.parametrize("name", NAMES)
def test_connectors_are_named_as_their_files(name: str) -> None:
    """Each file's connector has the file's name, and only https origins."""
    found = connector(name)
    assert found.name == name
    assert all(origin.startswith("https://") for origin in found.origins)
