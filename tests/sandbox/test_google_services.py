"""The sandbox's Google beyond userinfo, held against Google's discovery documents."""

import json
from email import message_from_bytes
from urllib.parse import urlencode

import pandas as pd
import pytest

import socialconnect as sc
from socialconnect.connectors.google import connector
from socialconnect.sandbox import Sandbox, running

PEOPLE = "https://people.googleapis.com/v1/people/me"
CALENDARS = "https://www.googleapis.com/calendar/v3/users/me/calendarList"
EVENTS = "https://www.googleapis.com/calendar/v3/calendars/{}/events"
FILES = "https://www.googleapis.com/drive/v3/files"
MAIL = "https://gmail.googleapis.com/gmail/v1/users/me"
BATCH = "https://gmail.googleapis.com/batch"
FIELDS = {"personFields": connector.resource("person").query["personFields"]}
MASK = {"fields": connector.resource("files").query["fields"]}
DRIVES = {"supportsAllDrives": "true", "includeItemsFromAllDrives": "true"}
LISTINGS = {
    "contacts": (f"{PEOPLE}/connections", FIELDS, "connections", "people-v1", "ListConnectionsResponse"),
    "calendars": (CALENDARS, {"showHidden": "true"}, "items", "calendar-v3", "CalendarList"),
    "events": (EVENTS.format("primary"), {"showDeleted": "true"}, "items", "calendar-v3", "Events"),
    "files": (FILES, {**MASK, **DRIVES}, "files", "drive-v3", "FileList"),
    "labels": (f"{MAIL}/labels", {}, "labels", "gmail-v1", "ListLabelsResponse"),
    "messages": (f"{MAIL}/messages", {}, "messages", "gmail-v1", "ListMessagesResponse"),
}
KINDS = {"string": str, "boolean": bool, "integer": int, "number": (int, float)}


def holds(schemas, schema, value, where=""):
    """Fails where a value is not what a discovery document describes: unknown keys and enumerations too."""
    if "$ref" in schema:
        where = where or schema["$ref"]
        schema = schemas[schema["$ref"]]
    kind = schema.get("type", "object")
    if kind == "array":
        assert isinstance(value, list), where
        for one in value:
            holds(schemas, schema["items"], one, f"{where}[]")
    elif kind == "object":
        assert isinstance(value, dict), where
        known = schema.get("properties", {})
        for key, inner in value.items():
            assert key in known, f"{where}.{key}"
            holds(schemas, known[key], inner, f"{where}.{key}")
    else:
        assert isinstance(value, KINDS[kind]), where
        assert "enum" not in schema or value in schema["enum"], where
        if schema.get("format") in ("int64", "uint64"):
            assert value.isdecimal(), where


async def ask(visitor, account, url, **query):
    return await visitor.read(account, f"{url}?{urlencode(query, doseq=True)}" if query else url)


async def pages(visitor, account, name, **more):
    """Every page of a listing."""
    url, query, *_ = LISTINGS[name]
    found, token = [], {}
    while True:
        answer = await ask(visitor, account, url, **{**query, **more, **token})
        assert answer.status_code == 200, answer.text
        found.append(answer.json())
        if "nextPageToken" not in found[-1]:
            return found
        token = {"pageToken": found[-1]["nextPageToken"]}


async def every(visitor, account, name, **more):
    return [row for page in await pages(visitor, account, name, **more) for row in page.get(LISTINGS[name][2], [])]


@pytest.mark.parametrize("name", LISTINGS)
async def test_pages_are_as_specified(visitor, discovery, name):
    """Each page of each listing is of Google's schema, for accounts of every kind."""
    *_, spec, schema = LISTINGS[name]
    schemas = discovery(f"google-{spec}.json")["schemas"]
    accounts = [
        *list(visitor.world.having("google", "healthy"))[:8],
        visitor.first("google", "empty"),
        visitor.first("google", "large"),
    ]
    for account in accounts:
        for page in await pages(visitor, account, name):
            holds(schemas, {"$ref": schema}, page)


@pytest.mark.parametrize("name", [name for name in LISTINGS if name not in ("labels", "calendars")])
async def test_counts_follow_the_situation(visitor, name):
    """Empty accounts have nothing; large ones several pages, one of them empty, and no row twice or lost."""
    assert await every(visitor, visitor.first("google", "empty"), name) == []
    found = await pages(visitor, visitor.first("google", "large"), name)
    rows = [row for page in found for row in page.get(LISTINGS[name][2], [])]
    assert len(found) >= 3
    assert not found[1].get(LISTINGS[name][2])
    assert len({row.get("id") or row["resourceName"] for row in rows}) == len(rows) > 150


@pytest.mark.parametrize("name", LISTINGS)
async def test_the_same_account_tells_the_same(visit, name):
    """Two sandboxes of one seed have the same rows; another account has others."""
    one, two = visit(), visit()
    first, second = list(one.world.having("google", "healthy"))[:2]
    assert await every(one, first, name) == await every(two, first, name)
    if name not in ("labels", "calendars"):
        assert await every(one, first, name) != await every(one, second, name)


@pytest.mark.parametrize("name", ["contacts", "events", "files", "messages"])
async def test_a_token_is_of_one_listing(visitor, name):
    """A page token of another account, or none at all, is refused."""
    url, query, *_ = LISTINGS[name]
    large = list(visitor.world.having("google", "large"))
    token = (await pages(visitor, large[0], name))[0]["nextPageToken"]
    for account, wrong in ((large[1], token), (large[0], "rubbish")):
        answer = await ask(visitor, account, url, **query, pageToken=wrong)
        assert (answer.status_code, answer.json()["error"]["errors"][0]["reason"]) == (400, "invalidPageToken")


@pytest.mark.parametrize("name", [*LISTINGS, "person"])
async def test_scopes_are_asked_for(visitor, name):
    """An underscoped account is refused with the accepted scopes, of which ours are some."""
    url, query = (PEOPLE, FIELDS) if name == "person" else LISTINGS[name][:2]
    answer = await ask(visitor, visitor.first("google", "underscoped"), url, **query)
    assert answer.status_code == 403
    challenge = answer.headers["www-authenticate"]
    assert 'error="insufficient_scope"' in challenge
    assert connector.resource(name).scopes[0] in challenge


async def test_narrow_accounts_ticked_less(visitor):
    """A narrow account shows its mail's headers, without searching, and neither contacts, files nor calendars."""
    account = visitor.first("google", "narrow")
    for name in ("contacts", "calendars", "events", "files"):
        url, query, *_ = LISTINGS[name]
        assert (await ask(visitor, account, url, **query)).status_code == 403
    assert (await ask(visitor, account, f"{MAIL}/messages")).status_code == 200
    refused = await ask(visitor, account, f"{MAIL}/messages", q="from:ada")
    assert refused.status_code == 403
    assert "Metadata scope does not support 'q' parameter" in refused.text


async def test_people_see_what_was_granted(visitor, discovery):
    """The person is of Google's schema; phones and birthdays come with their scopes alone, names with the profile's."""
    schemas = discovery("google-people-v1.json")["schemas"]
    seen = set()
    for account in list(visitor.world.having("google", "healthy"))[:20]:
        found = (await ask(visitor, account, PEOPLE, **FIELDS)).json()
        holds(schemas, {"$ref": "Person"}, found)
        assert found["resourceName"] == f"people/{account.provider_user_id}"
        assert "names" in found
        assert ("birthdays" in found) == ("phoneNumbers" in found)
        seen.add("birthdays" in found)
    assert seen == {True, False}


async def test_a_mask_is_needed_and_counts(visitor):
    """People are refused without a mask and with a wrong one; with one they have its fields alone."""
    account = visitor.first("google", "healthy")
    for query in ({}, {"personFields": "gender"}):
        answer = await ask(visitor, account, PEOPLE, **query)
        assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    found = (await ask(visitor, account, PEOPLE, personFields="names")).json()
    assert set(found) == {"resourceName", "etag", "names"}


async def test_files_have_the_fields_asked_for(visitor):
    """Without a mask a file is its id, name and type; shared drives come with both flags alone."""
    account = visitor.first("google", "large")
    plain = await ask(visitor, account, FILES)
    assert set(plain.json()["files"][0]) == {"kind", "id", "name", "mimeType"}
    without = await every(visitor, account, "files", includeItemsFromAllDrives="false")
    assert not [row for row in without if "driveId" in row]
    assert [row for row in await every(visitor, account, "files") if "driveId" in row]
    assert (await ask(visitor, account, FILES, corpora="allDrives")).status_code == 400
    assert (await ask(visitor, account, FILES, fields="files(id")).status_code == 400
    kept = await every(visitor, account, "files", q="trashed=false and mimeType='application/pdf'")
    assert {(row["trashed"], row["mimeType"]) for row in kept} == {(False, "application/pdf")}


async def test_some_searches_are_incomplete(visitor):
    """A search of all drives says of some accounts that it did not look everywhere."""
    said = set()
    for account in list(visitor.world.having("google", "healthy"))[:25]:
        said.add((await pages(visitor, account, "files", corpora="allDrives"))[0]["incompleteSearch"])
    assert said == {True, False}


async def test_events_are_chosen(visitor):
    """Times, words, kinds and cancelled events are as asked for; the order of beginnings needs single events."""
    account = visitor.first("google", "large")
    rows = await every(visitor, account, "events")
    assert {"cancelled", "confirmed", "tentative"} == {row["status"] for row in rows}
    assert any("date" in row.get("start", {}) for row in rows)
    shown = await every(visitor, account, "events", showDeleted="false")
    assert {row["status"] for row in shown} == {"confirmed", "tentative"}
    single = await every(visitor, account, "events", singleEvents="true", orderBy="startTime", showDeleted="false")
    assert len(single) > len(shown)
    assert not [row for row in single if "recurrence" in row]
    later = await every(visitor, account, "events", timeMin="2026-12-01T00:00:00Z", showDeleted="false")
    assert 0 < len(later) < len(shown)
    url = EVENTS.format("primary")
    for query in ({"orderBy": "startTime"}, {"timeMin": "2026-12-01T00:00:00"}, {"maxResults": "2501"}):
        assert (await ask(visitor, account, url, **query)).status_code == 400
    assert (await ask(visitor, account, EVENTS.format("nobody%40example.com"))).status_code == 404


async def test_messages_are_asked_for_one_by_one(visitor, discovery):
    """A message has the headers asked for; one that is gone is 404; labels have their counts singly alone."""
    schemas = discovery("google-gmail-v1.json")["schemas"]
    account = visitor.first("google", "large")
    rows = await every(visitor, account, "messages")
    statuses = set()
    for row in rows[60:90]:
        answer = await ask(visitor, account, f"{MAIL}/messages/{row['id']}", format="metadata", metadataHeaders=["To"])
        statuses.add(answer.status_code)
        if answer.status_code == 200:
            holds(schemas, {"$ref": "Message"}, answer.json())
            assert {one["name"] for one in answer.json()["payload"]["headers"]} == {"To"}
            assert answer.json()["threadId"] == row["threadId"]
    assert statuses == {200, 404}
    for row in await every(visitor, account, "labels"):
        assert "messagesTotal" not in row
        found = (await ask(visitor, account, f"{MAIL}/labels/{row['id']}")).json()
        holds(schemas, {"$ref": "Label"}, found)
        assert {**found, **row} == found
        assert "messagesTotal" in found


async def test_messages_are_chosen(visitor):
    """Labels choose messages; spam and trash come only where they are asked for."""
    account = visitor.first("google", "large")
    usual = await every(visitor, account, "messages")
    everything = await every(visitor, account, "messages", includeSpamTrash="true")
    spam = await every(visitor, account, "messages", labelIds="SPAM")
    unread = await every(visitor, account, "messages", labelIds=["INBOX", "UNREAD"])
    assert len(usual) < len(everything)
    assert spam
    assert not {row["id"] for row in spam} & {row["id"] for row in usual}
    assert 0 < len(unread) < len(usual)


def batch(*lines, kind="multipart/mixed; boundary=b"):
    parts = "".join(
        f"--b\r\nContent-Type: application/http\r\nContent-ID: <n{place}>\r\n\r\n{line} HTTP/1.1\r\n\r\n"
        for place, line in enumerate(lines)
    )
    return {"content": f"{parts}--b--\r\n".encode(), "headers": {"content-type": kind}}


async def send(visitor, account, url, body):
    headers = {**body["headers"], "authorization": f"Bearer {await visitor.token(account)}"}
    return await visitor.http.post(url, content=body["content"], headers=headers)


def answers(response):
    head = f"Content-Type: {response.headers['content-type']}\r\n\r\n".encode()
    found = []
    for part in message_from_bytes(head + response.content).get_payload():
        first, _, rest = part.get_payload(decode=True).partition(b"\r\n")
        found.append((part["Content-ID"], int(first.split()[1]), rest.partition(b"\r\n\r\n")[2]))
    return found


@pytest.mark.parametrize("url", [BATCH, f"{BATCH}/gmail/v1"])
async def test_bundles_are_answered_part_by_part(visitor, url):
    """Each part of a bundle has its own name, status and body, as if it had been sent alone."""
    account = visitor.first("google", "healthy")
    (first, *_) = await every(visitor, account, "messages")
    path = f"/gmail/v1/users/me/messages/{first['id']}?format=minimal"
    found = answers(
        await send(visitor, account, url, batch(f"GET {path}", "GET /gmail/v1/users/me/messages/0", "GET /v9"))
    )
    assert [(name, status) for name, status, _ in found] == [
        ("<response-n0>", 200),
        ("<response-n1>", 400),
        ("<response-n2>", 404),
    ]
    alone = await ask(visitor, account, f"https://gmail.googleapis.com{path}")
    assert json.loads(found[0][2]) == alone.json()


async def test_bundles_have_their_bounds(visitor):
    """More than a hundred parts, none, or no multipart at all are refused; a dead token is refused in each part."""
    account = visitor.first("google", "healthy")
    line = "GET /gmail/v1/users/me/labels"
    assert (await send(visitor, account, BATCH, batch(*[line] * 100))).status_code == 200
    for body in (batch(*[line] * 101), batch(), batch(line, kind="application/json")):
        assert (await send(visitor, account, BATCH, body)).status_code == 400
    dead = await send(visitor, visitor.first("google", "revoked"), BATCH, batch(line, line))
    assert [status for _, status, _ in answers(dead)] == [401, 401]


async def test_faults_befall_parts(visit):
    """Limits and outages strike the parts of a bundle one by one: as JSON and as a page, in the parts alone or not."""
    visitor = visit(faults=["google:throttled@0.4", "google:server_error@0.1"])
    account = visitor.first("google", "healthy")
    seen = set()
    for _ in range(6):
        answer = await send(
            visitor, account, BATCH, batch(*["GET /gmail/v1/users/me/labels?a=" + "b" * n for n in range(20)])
        )
        if answer.status_code == 200:
            seen |= {(status, body[:1]) for _, status, body in answers(answer)}
    assert seen == {(200, b"{"), (429, b"{"), (429, b"<"), (503, b"{")}


@pytest.mark.parametrize("transport", ["pyreqwest", "httpx"])
def test_bundles_travel_over_a_network(transport):
    """Through a real connection, by either carrier, mail and labels are those that are read in this process."""
    sandbox = Sandbox(users=40)
    inside = sc.sandbox(users=40)
    with running(sandbox) as base:
        settings = sc.Settings.make(base_urls=sandbox.base_urls(base), transport=transport)
        with sc.Client(sandbox.secret_key, settings=settings) as client:
            for name in ("google.messages", "google.labels"):
                found = client.read(name, on_error="ignore").frame
                assert found["user_id"].nunique() > 20
                pd.testing.assert_frame_equal(found, inside.read(name, on_error="ignore").frame, check_flags=False)
    assert any(one.method == "POST" and one.path == "/batch" for one in sandbox.requests.last)
