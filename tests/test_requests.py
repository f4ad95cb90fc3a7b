"""Every request that the library sends is one that its service documents: path, method, parameters and their values."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from urllib.parse import parse_qsl

import jsonschema
import pytest
import yaml

import socialconnect as sc

SHARED = Path(os.environ.get("SOCIALCONNECT_SHARED") or Path(__file__).parents[2] / "shared") / "specs"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the specifications are not beside the checkout")

# what each service does beyond its own specification, and where that is known from
BEYOND = {
    "paginated": "sent by Clerk's own SDKs for JavaScript and Go",
}
FOLLOWED = re.compile(r"^/user/\d+/repos$")  # GitHub's own links leave the documented path


def load(name: str) -> dict:
    text = (SHARED / name).read_text("utf-8")
    return json.loads(text) if name.endswith(".json") else yaml.safe_load(text)


def resolved(spec: dict, node: dict) -> dict:
    while "$ref" in node:
        found: dict = spec
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/")]
        node = found
    return node


def operation(spec: dict, method: str, path: str) -> dict | None:
    for template, item in spec["paths"].items():
        if re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", template), path):
            return {**item.get(method.lower(), {}), "shared": item.get("parameters", [])}
    return None


def parameters(spec: dict, found: dict) -> dict[str, dict]:
    listed = [resolved(spec, one) for one in [*found.get("parameters", []), *found["shared"]]]
    return {one["name"].removesuffix("[]"): resolved(spec, one["schema"]) for one in listed if one["in"] == "query"}


def fits(schema: dict, text: str) -> bool:
    kinds = schema.get("type", "string")
    value: object = int(text) if kinds in ("integer", "number") and text.lstrip("-").isdigit() else text
    value = {"true": True, "false": False}.get(text, value) if "boolean" in kinds else value
    if "array" in kinds:
        value = text.split(",")
    plain = {key: rule for key, rule in schema.items() if key in ("type", "enum", "minimum", "maximum", "format")}
    return jsonschema.Draft202012Validator(plain).is_valid(value)


@pytest.fixture(scope="module")
def sent() -> list:
    """All requests of a read of everything for a small world, and of the listings."""
    client = sc.sandbox(users=60)
    client.users(query="a", banned=False)
    client.users(user_id=list(client.users()["user_id"])[:3])
    client.accounts()
    client.count()
    client.instance()
    for connector in client.connectors.values():
        for resource in connector.resources:
            client.read(f"{connector.name}.{resource.name}", on_error="ignore")
    client.read("github.repos", visibility="public", affiliation=["owner"], sort="pushed", on_error="ignore")
    client.read("github.repos", type="owner", direction="desc", since="2026-01-01T00:00:00Z", on_error="ignore")
    assert client.sandbox is not None
    return list(client.sandbox.requests.last)


@pytest.mark.parametrize(
    ("host", "name", "prefix"),
    [
        ("api.clerk.com", "clerk-bapi-subset.yml", "/v1"),
        ("api.github.com", "github-subset.json", ""),
        ("api.notion.com", "notion-subset.json", ""),
    ],
)
def test_requests_are_as_documented(sent, host, name, prefix):
    """Path, method and each parameter with its value stand in the service's own description."""
    spec = load(name)
    mine = {(one.method, one.path, one.query) for one in sent if one.host == host}
    assert mine
    for method, path, query in sorted(mine):
        if FOLLOWED.match(path):
            continue
        found = operation(spec, method, path.removeprefix(prefix))
        assert found, (method, path)
        known = parameters(spec, found)
        for key, text in parse_qsl(query):
            assert key in known or key in BEYOND, (path, key)
            assert key not in known or fits(known[key], text), (path, key, text)


def test_google_is_asked_as_documented(sent):
    """Google's discovery document has the path, and no parameter is sent that it has not."""
    methods = load("google-oauth2-v2.json")["resources"]["userinfo"]["methods"]
    mine = {(one.method, one.path, one.query) for one in sent if one.host == "www.googleapis.com"}
    assert mine == {(methods["get"]["httpMethod"], f"/{methods['get']['path']}", "")}
