"""What the three connectors declare, held against the providers' own specifications."""

from __future__ import annotations

import ast
import json
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
MAY_IMPORT = {f"socialconnect.reading.{name}" for name in ("declare", "paginate", "decide")}
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


def test_parameters_are_the_specification_s() -> None:
    """The parameters of repos are those of the specification but for the pages, with the same choices."""
    github = spec("github-subset")
    wanted: dict[str, set[str]] = {}
    for parameter in github["paths"]["/user/repos"]["get"]["parameters"]:
        if "$ref" in parameter:
            parameter = github["components"]["parameters"][parameter["$ref"].rsplit("/", 1)[1]]  # noqa: PLW2901 - the same one, resolved
        wanted[parameter["name"]] = set(parameter["schema"].get("enum", ()))
    many = "affiliation"
    default = github["paths"]["/user/repos"]["get"]["parameters"][1]["schema"]["default"]
    wanted[many] = set(default.split(","))
    found = {param.name: set(param.choices) for param in resource("github.repos").params}
    assert found == {name: choices for name, choices in wanted.items() if name not in ("page", "per_page")}
    assert resource("github.repos").query["sort"] in found["sort"]


def test_excluding_parameters_are_refused() -> None:
    """`type` and `affiliation` exclude each other here already, not with GitHub's 422."""
    repos = resource("github.repos")
    with pytest.raises(ValueError, match="exclude each other"):
        repos.request("https://api.github.com", {}, {"type": "owner", "affiliation": "owner"})
    query = dict(repos.request("https://api.github.com", {}, {"affiliation": ["owner", "collaborator"]}).query)
    assert query == {"per_page": "100", "sort": "full_name", "affiliation": "owner,collaborator"}


def test_versions_are_pinned() -> None:
    """The version that a connector is written for goes out as the provider's own header."""
    assert connector("github").headers["x-github-api-version"] == connector("github").api_version == "2022-11-28"
    assert connector("notion").headers["notion-version"] == connector("notion").api_version == "2026-03-11"


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
        assert any(column.personal for column in each.columns)


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
            assert node.module == "__future__" or node.module in MAY_IMPORT, f"{path.name} imports {node.module}"


@pytest.mark.parametrize("name", NAMES)
def test_connectors_are_named_as_their_files(name: str) -> None:
    """Each file's connector has the file's name, and only https origins."""
    found = connector(name)
    assert found.name == name
    assert all(origin.startswith("https://") for origin in found.origins)
