"""Every request that the library sends is one that its service documents: path, method, parameters and their values."""

from __future__ import annotations

import asyncio
import json
import os
import re
from pathlib import Path
from urllib.parse import parse_qsl

import jsonschema
import pytest
import yaml

import socialconnect as sc
from socialconnect.connectors.google import connector as google
from socialconnect.connectors.notion import connector as notion
from socialconnect.reading.messages import Request, Response

SHARED = Path(os.environ.get("SOCIALCONNECT_SHARED") or Path(__file__).parents[2] / "shared") / "specs"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the specifications are not beside the checkout")

# what each service does beyond its own specification, and where that is known from
BEYOND = {
    "paginated": "sent by Clerk's own SDKs for JavaScript and Go",
}
CURSORS = {"after", "before"}  # GitHub's own links name them, its description does not
FOLLOWED = (
    # where GitHub's own links lead, and what that is the numeric form of
    (re.compile(r"^/user/\d+/events$"), "/users/ada/events"),
    (re.compile(r"^/user/\d+/(\w+)$"), r"/user/\1"),
    (re.compile(r"^/repositories/\d+/"), "/repos/ada/engine/"),
)


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


def documented(path: str) -> str:
    """The path as it is documented, where the service's own link led to its numeric form."""
    for pattern, plain in FOLLOWED:
        path = pattern.sub(plain, path)
    return path


GITHUB = {
    # parameters of each resource, so that every one is sent once
    "repos": (
        {"visibility": "public", "affiliation": ["owner"], "sort": "pushed"},
        {"type": "owner", "direction": "desc"},
    ),
    "issues": (
        {"state": "open", "labels": ["bug", "good first issue"], "since": "2026-01-01", "sort": "updated"},
        {"assignee": "*", "creator": "ada", "mentioned": "ada", "milestone": "none", "type": "*", "direction": "desc"},
        {"issue_field_values": ["priority:high"]},
    ),
    "pulls": ({"state": "closed", "head": "ada:dev", "base": "main", "sort": "long-running", "direction": "asc"},),
    "commits": (
        {"sha": "main", "path": "README.md", "author": "ada", "committer": "ada"},
        {"since": "2026-01-01T12:00:00+01:00", "until": "2026-11-01"},
    ),
    "starred": ({"sort": "updated", "direction": "desc"},),
    "gists": ({"since": "2026-01-01"},),
    "traffic": ({"per": "week"},),
    "clones": ({"per": "day"},),
}


@pytest.fixture(scope="module")
def sent() -> list:
    """All requests of a read of everything for a small world, and of the listings."""
    client = sc.sandbox(users=60)
    assert client.sandbox is not None
    client.users(query="a", banned=False)
    client.users(user_id=list(client.users()["user_id"])[:3])
    client.accounts()
    client.count()
    client.instance()
    reader = client.sandbox.world.user_id(next(client.sandbox.world.having("github", "healthy")).user)
    for connector in client.connectors.values():
        for resource in connector.resources:
            # who has hundreds of repositories would wait for the next minute's budget
            whom = reader if connector.name == "github" and resource.parent else None
            client.read(f"{connector.name}.{resource.name}", whom, on_error="ignore")
    for name, given in GITHUB.items():
        for arguments in given:
            client.read(f"github.{name}", reader, on_error="ignore", **arguments)
    client.read("github.repos", reader, since="2026-01-01", before="2026-06-01T00:00:00Z", on_error="ignore")
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
        plain = documented(path)
        found = operation(spec, method, plain.removeprefix(prefix))
        assert found, (method, path)
        known = parameters(spec, found)
        for key, text in parse_qsl(query):
            assert key in known or key in BEYOND or (plain != path and key in CURSORS), (path, key)
            assert key not in known or fits(known[key], text), (path, key, text)


def test_every_parameter_of_github_is_sent(sent):
    """No parameter that a resource of GitHub's declares is left untried."""
    for resource in sc.sandbox(users=1).connectors["github"].resources:
        template = re.sub(r"\{\w+\}", "X", resource.path).replace("/X", "/.+")
        mine = [dict(parse_qsl(one.query)) for one in sent if re.fullmatch(template, documented(one.path))]
        assert mine, resource.name
        assert not {param.name for param in resource.params} - {name for query in mine for name in query}


GOOGLE = {
    "www.googleapis.com": ("google-oauth2-v2.json", "google-calendar-v3.json", "google-drive-v3.json"),
    "people.googleapis.com": ("google-people-v1.json",),
    "gmail.googleapis.com": ("google-gmail-v1.json",),
}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def google_methods(spec: dict, node: dict) -> list[tuple[str, re.Pattern[str], dict]]:
    """Each method of a discovery document: its HTTP method, its path and its parameters."""
    found = [
        (
            one["httpMethod"],
            re.compile("/" + re.sub(r"\{\+?\w+\}", "[^?]+?", spec["servicePath"] + one["path"])),
            {**spec.get("parameters", {}), **one.get("parameters", {})},
        )
        for one in node.get("methods", {}).values()
    ]
    return found + [each for inner in node.get("resources", {}).values() for each in google_methods(spec, inner)]


def google_fits(schema: dict, text: str) -> bool:
    """A parameter's value is of its type, within its bounds and one of its choices."""
    if schema["type"] == "boolean":
        return text in ("true", "false")
    if schema["type"] == "integer":
        stated = re.search(
            r"(?:larger than|allowed value for this field is|between 1 and) (\d+)", schema["description"]
        )
        most = schema.get("maximum") or (stated and stated[1]) or 2**31
        return text.isdecimal() and int(schema.get("minimum", 1)) <= int(text) <= int(most)
    if schema.get("format") == "date-time":
        return MOMENT.fullmatch(text) is not None
    if schema.get("format") == "google-fieldmask":
        return set(text.split(",")) <= set(re.findall(r"\* (\w+)", schema["description"]))
    return text in schema.get("enum", [text])


@pytest.fixture(scope="module")
def google_sent() -> list:
    """All requests of reads with every parameter of Google's resources."""
    client = sc.sandbox(users=40)
    users = client.google.profile(on_error="ignore")["user_id"][:6].tolist()
    for name, arguments in (
        ("person", {"person_fields": ["names", "photos"], "sources": ["READ_SOURCE_TYPE_PROFILE"]}),
        ("contacts", {"sort_order": "LAST_NAME_ASCENDING", "page_size": 30}),
        ("calendars", {"min_access_role": "owner", "show_hidden": False, "show_deleted": True, "page_size": 1}),
        ("events", {"calendar": "primary", "time_min": "2026-05-01", "time_max": "2027-01-01T00:00:00+01:00"}),
        ("events", {"single_events": True, "order_by": "startTime", "q": "a", "event_types": ["default", "birthday"]}),
        ("events", {"updated_min": "2026-11-01", "show_deleted": True, "max_attendees": 5, "time_zone": "UTC"}),
        ("events", {"ical_uid": "a@google.com", "show_hidden_invitations": True, "page_size": 2500}),
        ("files", {"q": "trashed=false", "order_by": ["folder", "modifiedTime desc"], "spaces": ["drive"]}),
        ("files", {"corpora": "allDrives", "shared_drives": True, "page_size": 1000}),
        ("files", {"corpora": "drive", "drive_id": "0A"}),
        ("labels", {}),
        ("messages", {"q": "a", "label_ids": ["INBOX", "UNREAD"], "include_spam_trash": True, "page_size": 50}),
    ):
        client.read(f"google.{name}", users, on_error="ignore", **arguments)
    assert client.sandbox is not None
    return list(client.sandbox.requests.last)


@pytest.mark.parametrize("host", GOOGLE)
def test_google_is_asked_as_documented(sent, google_sent, host):
    """A discovery document has each path and method, and each parameter with such a value; few are refused."""
    specs = [load(name) for name in GOOGLE[host]]
    known = [method for spec in specs for method in google_methods(spec, spec)]
    batches = {f"/{spec['batchPath']}" for spec in specs}
    mine = {(one.method, one.path, one.query) for one in [*sent, *google_sent] if one.host == host}
    assert mine
    for method, path, query in sorted(mine):
        if method == "POST" and path in batches:
            assert not query
            continue
        fitting = [given for verb, pattern, given in known if verb == method and pattern.fullmatch(path)]
        assert fitting, (method, path)
        for key, text in parse_qsl(query, strict_parsing=bool(query)):
            assert any(key in given and google_fits(given[key], text) for given in fitting), (path, key, text)
    assert {one.status for one in google_sent if one.host == host} <= {200, 401, 403, 404}


def test_google_s_bundles_hold_what_is_documented():
    """Each part of a bundle asks for a documented path with documented parameters."""
    spec = load("google-gmail-v1.json")
    known = google_methods(spec, spec)
    listing = Request("GET", "https://gmail.googleapis.com/gmail/v1/users/me/messages")
    for name in ("labels", "messages"):
        asked = []

        async def send(request, asked=asked):
            asked.append(request)

        further = google.resource(name).further
        body = json.dumps({name: [{"id": "a"}, {"id": "b/c"}]}).encode()
        asyncio.run(further.complete(listing, body, send))
        lines = re.findall(r"^(\w+) (/[^?\s]+)\??(\S*) HTTP/1.1\r$", asked[0].body.decode(), re.MULTILINE)
        assert len(lines) == 2
        for method, path, query in lines:
            given = next(given for verb, pattern, given in known if verb == method and pattern.fullmatch(path))
            assert all(google_fits(given[key], text) for key, text in parse_qsl(query))
        assert asked[0].url == spec["rootUrl"] + spec["batchPath"]


PARENT = "1f0c2a3b-4d5e-6f70-8192-a3b4c5d6e7f8"


def notion_requests() -> list[Request]:
    """Every POST that Notion is sent: bare, with each parameter, and for a later page and a later window."""
    found: list[Request] = []
    arguments: dict = {
        "search": {"query": "a", "direction": "descending"},
        "rows": {
            "filter": {"or": [{"property": "Done", "checkbox": {"equals": True}}]},
            "sorts": [{"property": "Name", "direction": "ascending"}],
            "in_trash": True,
        },
    }
    row = {"created_time": "2026-05-01T09:00:00.000Z"}
    later = {"results": [row], "has_more": True, "next_cursor": "c2"}
    short = {"results": [row], "has_more": False, "request_status": {"type": "incomplete"}}
    for one in notion.resources:
        if one.method == "POST":
            given = arguments.get("rows" if one.name == "rows" else "search", {})
            first = one.request(notion.origin, notion.headers_for(one), {}, PARENT)
            found += [first, one.request(notion.origin, {}, given, PARENT)]
            found += [one.request(notion.origin, {}, {name: value}, PARENT) for name, value in given.items()]
            for body in (later, short):
                response = Response(200, {}, json.dumps(body).encode())
                following = one.paging.next_request(first, response)
                assert (following is None) == (body is short and one.name != "rows")
                found += [following] if following else []
    return found


@pytest.mark.parametrize("request_", notion_requests(), ids=lambda one: f"{one.template} {one.body.decode()}")
def test_notion_is_sent_what_it_documents(request_):
    """Each body that goes to Notion is one that its description allows, with nothing else in it."""
    spec = load("notion-subset.json")
    found = operation(spec, request_.method, request_.url.partition("api.notion.com")[2].partition("?")[0])
    assert found
    schema = found["requestBody"]["content"]["application/json"]["schema"]
    body = json.loads(request_.body)
    jsonschema.Draft202012Validator({**schema, "components": spec["components"]}).validate(body)
    assert set(body) <= set(schema["properties"])


def test_another_body_would_not_do():
    """The description does refuse: a cursor of a number, a filter of the wrong era."""
    spec = load("notion-subset.json")
    schema = operation(spec, "POST", "/v1/search")["requestBody"]["content"]["application/json"]["schema"]
    check = jsonschema.Draft202012Validator({**schema, "components": spec["components"]})
    for body in ({"start_cursor": 7}, {"filter": {"property": "object", "value": "database"}}):
        assert not check.is_valid(body)
