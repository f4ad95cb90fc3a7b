"""How each provider is asked for what has changed, held to what the providers document."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from socialconnect.connectors import Connectors
from socialconnect.reading.increment import asking, scopes_mark, wanting
from socialconnect.reading.paths import look
from socialconnect.reading.place import Mark
from socialconnect.reference.pen import Plain
from socialconnect.reference.words import facts

SHARED = Path(os.environ.get("SOCIALCONNECT_SHARED") or Path(__file__).parents[3] / "shared") / "specs"
specified = pytest.mark.skipif(not SHARED.is_dir(), reason="the specifications are not beside the checkout")

CONNECTORS = Connectors(())
T, S = "2026-05-01T12:00:00Z", 1_777_636_800
MARK = Mark(time="2026-05-01T12:10:00Z")
PARENTS = {"repo": "ada/engine", "data_source": "1f0c2a3b-4d5e-6f70-8192-a3b4c5d6e7f8", "login": "ada"}
DESCENDING = {"sort": {"timestamp": "last_edited_time", "direction": "descending"}}

# by a time or by an order: what the request has that the first reading's has not
TIMES = {
    "bitbucket.repositories": {"q": f"updated_on > {T}"},
    "bitbucket.pull_requests": {"q": f"updated_on > {T}"},
    "facebook.posts": {"since": str(S)},
    "github.repos": {"since": T},
    "github.issues": {"since": T},
    "github.commits": {"since": T},
    "github.gists": {"since": T},
    "gitlab.projects": {"last_activity_after": T},
    "gitlab.merge_requests": {"updated_after": T},
    "gitlab.issues": {"updated_after": T},
    "google.events": {"updatedMin": T},
    "google.files": {"q": f"modifiedTime > '{T}'"},
    "google.messages": {"q": f"after:{S}"},
    "linear.issues": {"variables": {"first": 100, "filter": {"updatedAt": {"gte": T}}}},
    "linear.teams": {"variables": {"first": 100, "filter": {"updatedAt": {"gte": T}}}},
    "linear.projects": {"variables": {"first": 50, "filter": {"updatedAt": {"gte": T}}}},
    "microsoft.messages": {"$filter": f"lastModifiedDateTime ge {T}"},
    "notion.rows": {"filter": {"timestamp": "last_edited_time", "last_edited_time": {"on_or_after": T}}},
    "spotify.recently_played": {"after": f"{S}000"},
    "vercel.deployments": {"since": f"{S}000"},
    "x.posts": {"start_time": T},
    "xero.accounts": {"if-modified-since": T},
    "xero.contacts": {"if-modified-since": T},
    "xero.invoices": {"if-modified-since": T},
    "xero.users": {"if-modified-since": T},
}
ORDERS = {
    "atlassian.issues": {"jql": "updated >= -365d ORDER BY updated DESC"},
    "github.pulls": {"sort": "updated", "direction": "desc"},
    "github.starred": {"direction": "desc"},
    "github.events": {},
    "gitlab.events": {"sort": "desc"},
    "huggingface.models": {"sort": "lastModified"},
    "huggingface.datasets": {"sort": "lastModified"},
    "huggingface.spaces": {"sort": "lastModified"},
    "notion.search": DESCENDING,
    "notion.pages": DESCENDING,
    "notion.data_sources": DESCENDING,
    "spotify.saved_tracks": {},
    "tiktok.videos": {},
    "twitch.followed_channels": {},
    "twitch.videos": {"sort": "time"},
}
TOKENS = {
    "dropbox.files": {"cursor": "t9"},
    "google.calendars": {"syncToken": "t9"},
    "google.contacts": {"syncToken": "t9", "requestSyncToken": "true"},
    "google.events": {"syncToken": "t9"},
}
NEW_ALONE = {  # what becomes of a row later is not seen
    "facebook.posts",
    "github.commits",
    "github.events",
    "github.starred",
    "gitlab.events",
    "google.messages",
    "spotify.recently_played",
    "spotify.saved_tracks",
    "tiktok.videos",
    "twitch.followed_channels",
    "twitch.videos",
    "vercel.deployments",
    "x.posts",
}


def named(name):
    """A connector and its resource."""
    connector, resource = CONNECTORS.resource(name)
    return connector, connector.resource(resource)


def requests(name, mark):
    """The first request of a listing, that for its changes, and in which way it asks."""
    connector, resource = named(name)
    parent = PARENTS.get(resource.parent.param, "p") if resource.parent else ""
    bound = {"version": "1", "me": "me", "client_id": "c"}

    def ask(arguments):
        return resource.request(connector.origin, connector.headers_for(resource), arguments, parent, bound=bound)

    scopes = {param.scope for param in resource.params} - {""}
    mark = msgspec.structs.replace(mark, granted=scopes_mark(scopes))
    asked = asking(ask, resource, {}, mark, timedelta(minutes=10), scopes)
    return ask({}), asked


def said(request):
    """Everything that a request says beside its address."""
    return {**request.headers, **dict(request.query), **json.loads(request.body or b"{}")}


@pytest.mark.parametrize("name", [*TIMES, *ORDERS])
def test_changes_are_asked_for_as_the_provider_has_it(name):
    """By a time ten minutes before the latest change, or from the newest on; all else stays as it was."""
    first, asked = requests(name, MARK)
    assert asked.way == ("since" if name in TIMES else "newest")
    before = said(first)
    further = {key: value for key, value in said(asked.request).items() if before.get(key) != value}
    assert further == (TIMES | ORDERS)[name]
    assert {*said(asked.request)} >= {*before}
    assert asked.request.url.partition("?")[0] == first.url.partition("?")[0]


@pytest.mark.parametrize("name", TOKENS)
def test_changes_are_asked_for_by_the_providers_token(name):
    """Beside everything that the first reading asked with; Dropbox's goes alone, to an address of its own."""
    first, asked = requests(name, Mark(token="t9"))
    assert asked.way == "token"
    if name == "dropbox.files":
        assert asked.request.url.endswith("/2/files/list_folder/continue")
        assert json.loads(asked.request.body) == TOKENS[name]
        return
    assert said(asked.request) == {**said(wanting(first, named(name)[1], {})), **TOKENS[name]}


def test_no_way_is_left_out_here():
    """Whatever is declared stands in the tables of this file."""
    every = {f"{name}.{one.name}": one for name, connector in CONNECTORS.items() for one in connector.resources}
    assert {name for name, one in every.items() if one.since} == {*TIMES}
    assert {name for name, one in every.items() if one.newest is not None} == {*ORDERS}
    assert {name for name, one in every.items() if one.sync} == {*TOKENS}
    assert {name for name, one in every.items() if one.etag} == {name for name in every if name.startswith("github.")}
    assert {name for name, one in every.items() if one.additions} == NEW_ALONE


def _discovery(service, *path):
    """One method of a Google service, with its parameters, and the schemas beside it."""
    document = json.loads((SHARED / f"google-{service}.json").read_text("utf-8"))
    *resources, method = path
    place = document
    for one in resources:
        place = place["resources"][one]
    return place["methods"][method], document["schemas"]


@specified
@pytest.mark.parametrize(
    ("name", "service", "path"),
    [
        ("google.events", "calendar-v3", ("events", "list")),
        ("google.calendars", "calendar-v3", ("calendarList", "list")),
        ("google.contacts", "people-v1", ("people", "connections", "list")),
    ],
)
def test_googles_tokens_are_as_its_discovery_documents_have_them(name, service, path):
    """The token's place and parameter, what is asked for it, and what may not stand beside it."""
    method, schemas = _discovery(service, *path)
    _, resource = named(name)
    sync = resource.sync
    assert {sync.param, *sync.asks} <= {*method["parameters"]}
    assert sync.token in schemas[method["response"]["$ref"]]["properties"]
    told = method["parameters"]["syncToken"]["description"] if service == "calendar-v3" else ""
    ours = {param.to or param.name for param in resource.params}
    forbidden = {word for word in told.replace("\n", " ").replace(",", " ").split() if word in ours}
    excluded = {param.to or param.name for param in resource.params if param.name in sync.excludes}
    assert forbidden - {"showDeleted", "showHidden"} <= excluded


@specified
def test_google_lists_by_a_time_as_its_discovery_documents_have_it():
    """updatedMin is Calendar's; Drive's and Gmail's searches stand in q."""
    assert "updatedMin" in _discovery("calendar-v3", "events", "list")[0]["parameters"]
    assert "q" in _discovery("drive-v3", "files", "list")[0]["parameters"]
    assert "q" in _discovery("gmail-v1", "users", "messages", "list")[0]["parameters"]
    assert "status" in look(json.loads((SHARED / "google-calendar-v3.json").read_text()), "schemas.Event.properties")


@specified
@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("github.repos", "/user/repos"),
        ("github.issues", "/repos/{owner}/{repo}/issues"),
        ("github.commits", "/repos/{owner}/{repo}/commits"),
        ("github.gists", "/gists"),
        ("github.pulls", "/repos/{owner}/{repo}/pulls"),
        ("github.starred", "/user/starred"),
    ],
)
def test_githubs_parameters_are_as_its_description_has_them(name, path):
    """A time is one there, and so are the orders that put the newest first."""
    document = json.loads((SHARED / "github-subset.json").read_text("utf-8"))
    listed = document["paths"][path]["get"]["parameters"]
    named_there = {}
    for one in listed:
        found = document["components"]["parameters"][one["$ref"].rpartition("/")[2]] if "$ref" in one else one
        named_there[found["name"]] = found["schema"]
    _, resource = named(name)
    if resource.since:
        assert named_there[resource.since]["format"] == "date-time"
    for param, value in (resource.newest or {}).items():
        assert value in named_there[param]["enum"]


@specified
def test_github_says_304_where_it_describes_it():
    """Of the addresses that are read, these may answer that nothing is new; of others its prose says so."""
    document = json.loads((SHARED / "github-subset.json").read_text("utf-8"))
    able = {path for path, methods in document["paths"].items() if "304" in methods["get"]["responses"]}
    own = {f"/{path}" for path in ("user", "user/repos", "user/emails", "user/orgs", "user/starred", "gists")}
    assert own <= able


@specified
def test_notions_filter_and_order_are_as_its_description_has_them():
    """Rows by a time on or after, the search by the time of the last edit, descending."""
    text = (SHARED / "notion-subset.json").read_text("utf-8")
    assert all(f'"{word}"' in text for word in ("on_or_after", "last_edited_time", "descending", "timestamp"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("github.repos", "by the ETag, where one answer held everything: 304 says that nothing is new, else by since"),
        ("google.contacts", "by a token of the provider's (syncToken) for 7 days, which tells what is gone too"),
        ("google.messages", "by received_after, with the scope https://www.googleapis.com/auth/gmail.readonly"),
        ("notion.pages", "from the newest on (direction='descending'), as far as they are not known"),
        ("tiktok.videos", "rows that were read before are not asked for again, whatever became of them"),
        ("hubspot.contacts", "what has changed since an earlier reading cannot be asked for: all is read again"),
    ],
)
def test_the_reference_says_how_changes_are_had(name, said):
    """In a line of each resource's page: each way, the surest first, and what it does not see."""
    [changed] = [fact for fact in facts(*named(name), Plain()) if fact.label == "Changed"]
    assert said in "; ".join(changed.items)
