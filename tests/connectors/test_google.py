"""What Google's connector declares, held against Google's own discovery documents."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from tests.recorded.cassettes import answer, shared

from socialconnect.connectors.google import connector
from socialconnect.errors import UsageError
from socialconnect.reading.decide import Fail, GoOn, decide
from socialconnect.reading.extract import Extractor
from socialconnect.reading.verdict import error_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from socialconnect.reading.declare import Resource, Value

AUTH = "https://www.googleapis.com/auth/"
RECORDS = {  # resource: (discovery document, method, schema of a record)
    "profile": ("oauth2-v2", "oauth2.userinfo.get", "Userinfo"),
    "person": ("people-v1", "people.people.get", "Person"),
    "contacts": ("people-v1", "people.people.connections.list", "Person"),
    "calendars": ("calendar-v3", "calendar.calendarList.list", "CalendarListEntry"),
    "events": ("calendar-v3", "calendar.events.list", "Event"),
    "files": ("drive-v3", "drive.files.list", "File"),
    "labels": ("gmail-v1", "gmail.users.labels.list", "Label"),
    "messages": ("gmail-v1", "gmail.users.messages.list", "Message"),
}
each = pytest.mark.parametrize("name", RECORDS)


@cache
def document(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shared("specs", f"google-{name}.json").read_text(encoding="utf-8"))
    return found


def methods(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from node.get("methods", {}).values()
    for inner in node.get("resources", {}).values():
        yield from methods(inner)


def method(name: str) -> dict[str, Any]:
    """The method that a resource calls."""
    spec, identity, _ = RECORDS[name]
    return next(one for one in methods(document(spec)) if one["id"] == identity)


def resource(name: str) -> Resource:
    return connector.resource(name)


def asked(name: str, **arguments: Value) -> dict[str, list[str]]:
    """The query of a first request, each parameter with all its values."""
    query: dict[str, list[str]] = {}
    found = resource(name)
    for key, value in found.request(connector.origin, connector.headers_for(found), arguments, "c").query:
        query.setdefault(key, []).append(value)
    return query


def rows(name: str, *records: dict[str, Any]) -> list[dict[str, Any]]:
    """The records as rows."""
    found = resource(name)
    body: object = records[0] if found.single else {found.records: list(records)}
    chosen = tuple(column for column in found.columns if not column.of_parent)
    page = Extractor(found, chosen).page(json.dumps(body).encode())
    assert not page.drift
    return [dict(zip([one.name for one in chosen], values, strict=True)) for values in zip(*page.columns, strict=True)]


def leaf(spec: str, schema: str, path: str) -> dict[str, Any]:
    """The property that a column's path leads to."""
    schemas = document(spec)["schemas"]
    node: dict[str, Any] = schemas[schema]
    for key in re.sub(r"\[[^\]]*\]", "", path).split("."):
        node = node.get("items", node)
        node = schemas[node["$ref"]] if "$ref" in node else node
        node = node["properties"][key]
    return node


@each
def test_every_column_is_documented(name: str) -> None:
    """Each column's path stands in the record's schema, and its dtype can hold what stands there."""
    spec, _, schema = RECORDS[name]
    dtypes = {
        "string": {"string", "category", "datetime", "Int64"},
        "integer": {"Int64"},
        "boolean": {"boolean"},
        "array": {"list", "json"},
        None: {"json"},
    }
    for column in resource(name).columns:
        if column.of_parent:
            continue
        found = leaf(spec, schema, column.path)
        allowed = dtypes[found.get("type") if "$ref" not in found else None] | (
            {"list"} if "[]" in column.path else set()
        )
        if column.form in ("present", "count", "date"):
            continue
        assert column.dtype in allowed, column.name
        if column.dtype == "Int64" and found["type"] == "string":
            assert (found["format"], column.form) == ("int64", "text"), column.name
        if "date-time" in found.get("format", "") or found.get("format") == "google-datetime":
            assert column.dtype == "datetime", column.name


@each
def test_paths_and_scopes_are_documented(name: str) -> None:
    """The address is the method's, and each scope is one that it accepts; aliases are canonical."""
    spec, _, _ = RECORDS[name]
    found, wanted = resource(name), method(name)
    first = found.request(connector.origin, {}, {}, "CALENDAR")
    parts = urlsplit(first.url)
    template = f"/{document(spec)['servicePath']}{wanted['path']}"
    pattern = re.sub(r"\\\{\\\+?[^}]*\\\}|\{\+?[^}]*\}", "[^?]+", template)
    assert re.fullmatch(pattern, parts.path)
    assert f"{parts.scheme}://{parts.netloc}/" == document(spec)["rootUrl"]
    assert set(found.scopes) <= set(wanted["scopes"])
    assert set(found.fuller) <= set(wanted["scopes"])
    assert all(connector.canonical(scope) == scope for scope in found.scopes)


@each
def test_parameters_are_documented(name: str) -> None:
    """Each parameter is the method's, of its kind, with its choices, repeated where it may be."""
    known = method(name).get("parameters", {})
    kinds = {"string": {str}, "integer": {int}, "boolean": {bool}}
    for param in resource(name).params:
        found = known[param.to or param.name]
        wanted = (
            {"datetime"} if found.get("format") == "date-time" else {kind.__name__ for kind in kinds[found["type"]]}
        )
        # what is put into words of a search is of any kind
        assert param.wrap or param.kind.__name__ in wanted, param.name
        if "enum" in found:
            assert set(param.choices) <= set(found["enum"]), param.name
        assert param.repeat == bool(found.get("repeated")), param.name
        if param.most:
            documented = re.search(
                r"(?:larger than|maximum allowed value for this field is|between 1 and) (\d+)", found["description"]
            )
            assert param.most == int(found.get("maximum") or (documented[1] if documented else 0)), param.name
    assert set(asked(name)) <= {*known, *document(RECORDS[name][0])["parameters"]}


def test_nothing_is_left_out_that_a_caller_may_want() -> None:
    """Parameters that are not offered are those of paging, of other masks, of syncing and of what is old."""
    own = {
        "pageToken",
        "syncToken",
        "requestSyncToken",
        "requestMask.includeField",
        "resourceName",
        "userId",
        "calendarId",
    }
    old = {"corpus", "includeTeamDriveItems", "supportsTeamDrives", "teamDriveId"}
    fixed = {"supportsAllDrives"}
    unused = {
        "alwaysIncludeEmail",  # deprecated
        "includeLabels",  # for columns that nobody declares
        "includePermissionsForView",
        "privateExtendedProperty",
        "sharedExtendedProperty",
        "showOwnOrganizationOnly",
    }
    for name in RECORDS:
        offered = {param.to or param.name for param in resource(name).params}
        assert set(method(name).get("parameters", {})) - offered <= own | old | fixed | unused, name


def test_person_fields_are_all_that_there_are() -> None:
    """The mask has exactly the documented values, and a column or a mask path for each."""
    text = method("person")["parameters"]["personFields"]["description"]
    legal = set(re.findall(r"\* (\w+)", text))
    for name in ("person", "contacts"):
        mask = asked(name)["personFields"][0].split(",")
        assert set(mask) == legal
        assert {re.split(r"[.\[]", column.path)[0] for column in resource(name).columns} == legal | {
            "resourceName",
            "etag",
        }
        assert asked(name, person_fields=["names", "urls"])["personFields"] == ["names,urls"]
        with pytest.raises(UsageError, match="gender"):
            asked(name, person_fields="gender")


def test_files_are_asked_for_what_their_columns_hold() -> None:
    """The mask of files names each column's field, the next page's token and whether the search was whole."""
    mask = asked("files")["fields"][0]
    assert mask.startswith("nextPageToken,incompleteSearch,files(id,name,mimeType,size,")
    inside = set(mask.partition("(")[2].rstrip(")").split(","))
    assert inside == {re.sub(r"\[\d\]", "", one.path).replace(".", "/") for one in resource("files").columns}
    assert asked("files")["supportsAllDrives"] == asked("files")["includeItemsFromAllDrives"] == ["true"]
    assert asked("files", shared_drives=False)["includeItemsFromAllDrives"] == ["false"]


def test_scopes_contain_what_methods_accept() -> None:
    """Of every scope that contains another, the methods that are called here take it too."""
    reading = [set(method(name)["scopes"]) for name in RECORDS]
    checked = 0
    for wide, contained in connector.manners.implies.items():
        for narrow, accepted in product(contained, reading):
            if narrow in accepted and narrow not in (f"{AUTH}gmail.compose", f"{AUTH}drive.file"):
                assert wide in accepted, (wide, narrow)
                checked += 1
    assert checked >= 20
    assert connector.widened(["https://mail.google.com/"]) >= {f"{AUTH}gmail.metadata", f"{AUTH}gmail.readonly"}
    assert f"{AUTH}drive.metadata.readonly" in connector.widened([f"{AUTH}drive"])
    assert f"{AUTH}calendar.events.readonly" in connector.widened([f"{AUTH}calendar"])
    assert not connector.missing(resource("contacts"), [f"{AUTH}contacts"])
    assert connector.missing(resource("person"), ["openid"])[0] == f"{AUTH}userinfo.profile"
    assert not connector.missing(resource("person"), ["email"])


def test_details_are_documented() -> None:
    """The further requests are those of labels.get and messages.get, and the batch address is the documented one."""
    gmail = document("gmail-v1")
    for name, identity in (("labels", "gmail.users.labels.get"), ("messages", "gmail.users.messages.get")):
        found = next(one for one in methods(gmail) if one["id"] == identity)
        further = resource(name).further
        assert further is not None
        assert further.path == f"/{found['path'].format(userId='me', id='{id}')}"
        assert set(further.query) <= set(found["parameters"])
        assert further.batch.url == gmail["rootUrl"] + gmail["batchPath"]
        assert further.batch.size <= 100


def test_budgets_are_of_their_hosts() -> None:
    """Each limit holds for one service alone, all of them at Google's origins."""
    for budget in connector.budgets:
        assert any(budget.at.startswith(f"{origin}/") for origin in connector.origins)


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("events", {"order_by": "startTime"}, "single_events"),
        ("events", {"order_by": "startTime", "single_events": False}, "single_events"),
        ("events", {"time_min": "yesterday"}, "time_min"),
        ("events", {"page_size": 2501}, "page_size"),
        ("events", {"event_types": "party"}, "event_types"),
        ("files", {"order_by": "size"}, "order_by"),
        ("files", {"order_by": ["folder", "name descending"]}, "order_by"),
        ("files", {"drive_id": "0A"}, "corpora"),
        ("files", {"page_size": 0}, "page_size"),
        ("contacts", {"page_size": 1001}, "page_size"),
        ("contacts", {"sort_order": "NAME"}, "sort_order"),
        ("calendars", {"min_access_role": "guest"}, "min_access_role"),
        ("messages", {"page_size": 501}, "page_size"),
        ("messages", {"include_spam_trash": "yes"}, "include_spam_trash"),
    ],
)
def test_wrong_arguments_are_refused_here(name: str, arguments: dict[str, Value], says: str) -> None:
    """What Google would refuse, or misread, is refused before it is asked."""
    with pytest.raises(UsageError, match=says):
        asked(name, **arguments)


def test_arguments_go_out_as_google_writes_them() -> None:
    """Times in UTC with a zone, lists repeated or joined as each method takes them, flags in lower case."""
    events = asked("events", time_min="2026-05-01", time_max="2026-05-01T12:00:00+02:00", single_events=True)
    assert (events["timeMin"], events["timeMax"]) == (["2026-05-01T00:00:00Z"], ["2026-05-01T10:00:00Z"])
    assert events["singleEvents"] == ["true"]
    assert asked("messages", label_ids=["INBOX", "UNREAD"])["labelIds"] == ["INBOX", "UNREAD"]
    assert asked("files", order_by=["folder", "modifiedTime desc"])["orderBy"] == ["folder,modifiedTime desc"]
    found = resource("events").request(connector.origin, {}, {}, "en.german#holiday@group.v.calendar.google.com")
    assert urlsplit(found.url).path == "/calendar/v3/calendars/en.german%23holiday%40group.v.calendar.google.com/events"


def meta(kind: str, *, primary: bool = False, source_primary: bool = False) -> dict[str, Any]:
    signs = {"primary": True} if primary else {}
    return {"metadata": {**signs, **({"sourcePrimary": True} if source_primary else {}), "source": {"type": kind}}}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([meta("CONTACT"), meta("PROFILE", primary=True)], 1),
        ([meta("PROFILE", source_primary=True), meta("CONTACT", primary=True)], 1),
        ([meta("CONTACT", source_primary=True), meta("PROFILE", source_primary=True)], 1),
        ([meta("CONTACT", source_primary=True), meta("DOMAIN_PROFILE", source_primary=True)], 1),
        ([meta("DOMAIN_PROFILE", source_primary=True), meta("PROFILE", source_primary=True)], 1),
        ([meta("PROFILE"), meta("CONTACT", source_primary=True)], 1),
        ([meta("OTHER_CONTACT", source_primary=True), meta("CONTACT")], 0),
        ([{}, meta("PROFILE")], 0),
    ],
)
def test_the_primary_value_counts(names: list[dict[str, Any]], expected: int) -> None:
    """Google's own choice, then each source's in their order, then the first."""
    listed = [{"displayName": str(number), **one} for number, one in enumerate(names)]
    (row,) = rows("contacts", {"resourceName": "people/c1", "names": listed})
    assert row["display_name"] == str(expected)


def test_a_person_fills_every_column() -> None:
    """A record with everything that the schema describes has no empty column, and each holds the value of its path."""

    def make(schema: str, depth: int = 0) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, prop in document("people-v1")["schemas"][schema].get("properties", {}).items():
            node = prop.get("items", prop)
            if "$ref" in node:
                value: Any = make(node["$ref"], depth + 1) if depth < 5 else {}
            else:
                texts: dict[str, Any] = {"boolean": True, "integer": 7, "string": f"{schema}.{key}"}
                value = "2026-05-01T00:00:00Z" if key == "updateTime" else texts[node["type"]]
                value = "PROFILE" if key == "type" and schema == "Source" else value
            found[key] = [value] if prop.get("type") == "array" else value
        return found

    (row,) = rows("contacts", make("Person"))
    assert not [name for name, value in row.items() if value is None]
    assert row["given_name"] == "Name.givenName"
    assert row["phonetic_family"] == "Name.phoneticFamilyName"
    assert (row["email"], row["emails"]) == ("EmailAddress.value", ["EmailAddress.value"])
    assert (row["birthday_year"], row["org_start_date"]) == (7, "0007-07-07")
    assert row["country_code"] == "Address.countryCode"
    assert row["org_fte_millipercent"] == 7
    assert row["user_types"] == ["ProfileMetadata.userTypes"]
    assert json.loads(row["relations"])[0]["person"] == "Relation.person"


def test_a_person_may_have_nothing() -> None:
    """A token with few scopes gives names alone; whatever is absent is empty, no photo is not a default one."""
    (row,) = rows("person", {"resourceName": "people/1", "etag": "%"})
    given = {name: value for name, value in row.items() if value is not None}
    assert given == {"resource_name": "people/1", "etag": "%", "photo_is_default": False}


def test_whole_days_are_no_moments() -> None:
    """An event of whole days has its dates as texts, a timed one its moments; a cancelled one may have its id alone."""
    timed = {"start": {"dateTime": "2026-05-01T10:00:00+02:00", "timeZone": "Europe/Berlin"}, "id": "a"}
    days = {"start": {"date": "2026-05-01"}, "end": {"date": "2026-05-03"}, "id": "b"}
    first, second, third = rows("events", timed, days, {"id": "c", "status": "cancelled"})
    assert (first["all_day"], first["start"], first["start_date"]) == (False, "2026-05-01T10:00:00+02:00", None)
    assert first["start_time_zone"] == "Europe/Berlin"
    assert (second["all_day"], second["start"], second["end"]) == (True, None, None)
    assert (second["start_date"], second["end_date"]) == ("2026-05-01", "2026-05-03")
    assert (third["status"], third["start"], third["summary"]) == ("cancelled", None, None)
    assert (third["transparency"], third["visibility"], third["attendees_omitted"]) == ("opaque", "default", False)


def test_the_answer_of_an_event_is_one_s_own() -> None:
    """response_status is that of the attendee who is the calendar's owner."""
    people = [{"email": "a@example.com", "responseStatus": "declined"}, {"self": True, "responseStatus": "tentative"}]
    first, second = rows("events", {"id": "a", "attendees": people}, {"id": "b", "attendees": people[:1]})
    assert (first["response_status"], first["n_attendees"]) == ("tentative", 2)
    assert (second["response_status"], second["n_attendees"]) == (None, 1)
    assert json.loads(first["attendees"]) == people


def test_numbers_that_come_as_texts() -> None:
    """int64 values are JSON strings: sizes become numbers, a history id stays a text, epoch milliseconds a moment."""
    (file,) = rows("files", {"id": "1", "size": "9007199254740993", "quotaBytesUsed": "0", "owners": []})
    assert (file["size"], file["quota_bytes_used"], file["owner_email"]) == (9007199254740993, 0, None)
    message = {"id": "1", "internalDate": "1795294800123", "historyId": "18446744073709551615", "sizeEstimate": 7}
    (row,) = rows("messages", message)
    assert row["internal_date"] == 1795294800123000
    assert (row["history_id"], row["size_estimate"]) == ("18446744073709551615", 7)


def test_headers_are_found_in_any_case() -> None:
    """A header counts whatever its case, the first one where it is repeated, and is empty where it is absent."""
    headers = [
        {"name": "SUBJECT", "value": "first"},
        {"name": "Subject", "value": "second"},
        {"name": "message-id", "value": "<1@example.com>"},
        {"name": "X-From", "value": "nobody"},
    ]
    (row,) = rows("messages", {"id": "1", "payload": {"headers": headers}})
    assert (row["subject"], row["message_id"], row["from"], row["cc"]) == ("first", "<1@example.com>", None, None)


def reasons(status: int, reason: str, message: str = "No.", *, info: bool = False, **headers: str) -> Any:
    error: dict[str, Any] = {"code": status, "message": message}
    error |= {"details": [{"reason": reason}]} if info else {"errors": [{"reason": reason}]}
    return answer(status, {"error": error}, **headers).response()


@pytest.mark.parametrize(
    ("response", "kind", "cure"),
    [
        (reasons(410, "fullSyncRequired"), "refused", "read everything again"),
        (reasons(410, "updatedMinTooLongAgo"), "refused", "read everything again"),
        (reasons(400, "EXPIRED_SYNC_TOKEN", info=True), "refused", "read everything again"),
        (reasons(400, "failedPrecondition", "Mail service not enabled"), "denied", "no Gmail mailbox"),
        (reasons(403, "notACalendarUser"), "denied", "no Google Calendar"),
        (reasons(403, "domainPolicy"), "denied", "administrator"),
        (reasons(403, "forbidden", "The user does not have sufficient permissions"), "denied", ""),
        (reasons(404, "notFound", "Calendar not found"), "not_found", ""),
        (reasons(410, "deleted", "Resource has been deleted"), "not_found", ""),
        (reasons(400, "invalidPageToken"), "refused", ""),
        (reasons(403, "SERVICE_DISABLED", info=True), "setup", "Enable the API"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_errors_are_understood(response: Any, kind: str, cure: str) -> None:
    """Google's further reasons lead to the right error, with what can be done about it."""
    found = decide(response, attempt=1, attempts=5, manners=connector.manners, now=0.0, dice=lambda: 0.0)
    assert isinstance(found, Fail)
    assert found.kind == kind
    assert cure in found.cure


@pytest.mark.parametrize(
    ("name", "accepted", "required"),
    [
        ("contacts", "contacts", ("contacts",)),
        ("calendars", "calendar calendar.readonly tasks", ("calendar.readonly", "calendar")),
        ("files", "drive drive.appdata drive.readonly", ("drive.readonly", "drive")),
        ("person", "userinfo.profile plus.login", ("userinfo.profile",)),
        ("messages", "gmail.readonly gmail.modify", ("gmail.readonly", "gmail.modify")),
    ],
)
def test_required_scopes_are_ours_that_google_accepts(name: str, accepted: str, required: tuple[str, ...]) -> None:
    """Of the scopes in the challenge the error names those of the resource, the narrowest first."""
    challenge = f'Bearer realm="https://accounts.google.com/", error="insufficient_scope", scope="{full(accepted)}"'
    response = answer(403, {"error": {"code": 403, "message": "No."}}, www_authenticate=challenge).response()
    found = decide(
        response, attempt=1, attempts=5, manners=connector.manners, now=0.0, dice=lambda: 0.0, scopes=["openid"]
    )
    assert isinstance(found, Fail)
    error = error_for(found, connector, user_id="user_1", resource=f"google.{name}", status=403)
    assert error.context["required"] == tuple(full(" ".join(required)).split())
    assert error.context["granted"] == ("openid",)


def full(text: str) -> str:
    return " ".join(f"{AUTH}{name}" for name in text.split())


def test_a_search_with_q_needs_more_than_metadata() -> None:
    """The refusal of `q` names gmail.readonly, though the scopes suffice for the listing."""
    body = {"error": {"code": 403, "message": "Metadata scope does not support 'q' parameter"}}
    found = decide(
        answer(403, body).response(), attempt=1, attempts=5, manners=connector.manners, now=0.0, dice=lambda: 0.0
    )
    assert isinstance(found, Fail)
    error = error_for(found, connector, resource="google.messages")
    assert (error.code, error.context["required"]) == ("missing_scope", (f"{AUTH}gmail.readonly",))


@pytest.mark.parametrize("incomplete", [True, False, None])
def test_an_incomplete_search_is_partial(*, incomplete: bool | None) -> None:
    """Where Google Drive did not search everything, the listing says so; else it is whole."""
    manners = replace(connector.manners, rules=(*resource("files").rules, *connector.manners.rules))
    body = {"files": []} | ({} if incomplete is None else {"incompleteSearch": incomplete})
    found = decide(answer(200, body).response(), attempt=1, attempts=5, manners=manners, now=0.0, dice=lambda: 0.0)
    assert isinstance(found, GoOn)
    assert ("did not search everything" in found.cut) == bool(incomplete)
