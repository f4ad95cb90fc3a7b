"""Every documented or recorded body of Microsoft Graph's, through the resource that reads such a thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from tests.recorded.cassettes import RECORDED, answer, shared
from tests.recorded.rows import check, check_shape

import socialconnect as sc
from socialconnect.connectors.microsoft import connector

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.recorded.server import Stage

    Connect = Callable[..., sc.Client]

API = "https://graph.microsoft.com/v1.0/me"
SCOPES = ["User.Read", "Mail.ReadBasic", "Calendars.Read", "Files.Read"]
RENAMED = {
    "displayName": "display_name",
    "givenName": "given_name",
    "jobTitle": "job_title",
    "officeLocation": "office_location",
    "mobilePhone": "mobile_phone",
    "businessPhones": "business_phones",
    "preferredLanguage": "preferred_language",
    "userPrincipalName": "user_principal_name",
}


def body(name: str) -> Any:
    return answer(200, shared("recorded", "microsoft", f"{name}.json").read_bytes()).json()


def opened(stage: Stage, connect: Connect, *scopes: str) -> sc.Client:
    stage.connect("user_1", "microsoft", scopes=scopes or SCOPES)
    return connect(max_wait=0)


def test_the_user(stage: Stage, connect: Connect) -> None:
    """The recorded account is one row, of which only the columns' fields are asked for."""
    found = body("me")
    client = opened(stage, connect)
    stage.serve(answer(200, found), url=API)
    frame = client.microsoft.profile("user_1")
    check_shape(frame, connector.resource("profile"))
    check(frame, [{RENAMED.get(name, name): value for name, value in found.items()}])
    (seen,) = stage.asked("microsoft")
    assert {*seen.query["$select"].split(",")} == {"id", "surname", "mail", *RENAMED}


def test_messages(stage: Stage, connect: Connect) -> None:
    """The documented message is a row of what it tells; the next address is followed even from an empty page."""
    client = opened(stage, connect)
    found = body("messages")
    following = f"{API}/messages?%24skip=14&%24top=100"
    stage.serve(answer(200, {"value": [], "@odata.nextLink": following}), url=f"{API}/messages")
    stage.serve(answer(200, found), url=following)
    frame = client.microsoft.messages("user_1")
    check_shape(frame, connector.resource("messages"))
    (record,) = found["value"]
    sender = {f"sender_{key}": value for key, value in record["sender"]["emailAddress"].items()}
    check(frame, [{"id": record["id"], "subject": record["subject"], **sender}])
    assert stage.asked("microsoft")[1].query == {"$skip": "14", "$top": "100"}


@pytest.mark.parametrize(
    ("scope", "asked"),
    [("Mail.ReadBasic", False), ("Mail.Read", True), ("https://graph.microsoft.com/Mail.ReadWrite", True)],
)
def test_what_a_scope_lets_be_asked_for(stage: Stage, connect: Connect, scope: str, *, asked: bool) -> None:
    """The beginning of the text is asked for only where a scope lets it be read, under whichever name it comes."""
    client = opened(stage, connect, scope)
    message = {
        "id": "AAMk",
        "subject": "",
        "bodyPreview": "Hello",
        "from": {"emailAddress": {"name": "Ada", "address": "ada@example.com"}},
        "toRecipients": [{"emailAddress": {"address": "b@example.com"}}, {"emailAddress": {"name": "no address"}}],
        "receivedDateTime": "2026-05-01T09:00:00Z",
        "sentDateTime": "0001-01-01T00:00:00Z",
    }
    stage.serve(answer(200, {"value": [message]}), url=f"{API}/messages")
    run = client.read("microsoft.messages", "user_1", page_size=500, filter="isRead eq false")
    seen = stage.asked("microsoft")[0].query
    assert ("bodyPreview" in seen["$select"].split(",")) is asked
    assert {"$top": "500", "$filter": "isRead eq false"}.items() <= seen.items()
    row = run.frame.iloc[0]
    assert row["from_address"] == "ada@example.com"
    assert row["to"] == ["b@example.com"]
    assert pd.isna(row["subject"])
    assert pd.isna(row["sent_at"])
    assert row["received_at"] == pd.Timestamp("2026-05-01T09:00Z")
    assert not run.drift


def test_drive_items(stage: Stage, connect: Connect) -> None:
    """Files and folders are told apart by what stands there; the documented next address is followed."""
    client = opened(stage, connect)
    found = body("drive_root_children")
    stage.serve(answer(200, found), url=f"{API}/drive/root/children")
    stage.serve(answer(200, {"value": []}), url=found["@odata.nextLink"])
    frame = client.microsoft.drive_items("user_1")
    check_shape(frame, connector.resource("drive_items"))
    check(
        frame,
        [
            {
                "name": record["name"],
                "size": record.get("size"),
                "is_folder": "folder" in record,
                "child_count": record.get("folder", {}).get("childCount"),
            }
            for record in found["value"]
        ],
    )
    assert stage.asked("microsoft")[-1].query["$skiptoken"] == "abc"


@pytest.mark.parametrize(
    ("folder", "path"),
    [
        ("items/01ABC", "/v1.0/me/drive/items/01ABC/children"),
        ("root:/My notes/2026:", "/v1.0/me/drive/root:/My%20notes/2026:/children"),
    ],
)
def test_another_folder(stage: Stage, connect: Connect, folder: str, path: str) -> None:
    """A folder is named by its id or its path; what downloads a file without a token is never shown."""
    client = opened(stage, connect)
    file = {"id": "1", "name": "a.txt", "@microsoft.graph.downloadUrl": "https://files.example/once", "eTag": "e"}
    stage.serve(answer(200, {"value": [file]}), url=f"https://graph.microsoft.com{path}")
    frame = client.microsoft.drive_items("user_1", folder=folder, raw=True)
    assert frame["name"].tolist() == ["a.txt"]
    assert '"eTag":"e"' in frame["raw"].iloc[0]
    assert "files.example" not in frame["raw"].iloc[0]
    with pytest.raises(sc.UsageError, match="folder="):
        client.microsoft.drive_items("user_1", folder="../messages")


def test_events(stage: Stage, connect: Connect) -> None:
    """The documented event is a row; its times, which name no offset, are in the zone that they say."""
    client = opened(stage, connect)
    found = body("events")
    (event,) = found["value"]
    times = {name: {**event[name], "timeZone": "UTC"} for name in ("start", "end")}
    stage.serve(answer(200, {**found, "value": [event | times]}), url=f"{API}/calendarView")
    frame = client.microsoft.events("user_1", start="2017-04-01", end="2017-05-01")
    check_shape(frame, connector.resource("events"))
    addresses = [one["emailAddress"]["address"] for one in event["attendees"]]
    row = {
        "id": event["id"],
        "subject": event["subject"],
        "start": "2017-04-21T10:00:00Z",
        "end": "2017-04-21T12:00:00Z",
        "organizer": event["organizer"]["emailAddress"]["address"],
        "location": event["location"]["displayName"],
        "attendees": addresses,
        "attendee_count": len(addresses),
    }
    check(frame, [row])
    seen = stage.asked("microsoft")[0]
    assert seen.headers["prefer"] == 'outlook.timezone="UTC"'
    window = {"startDateTime": "2017-04-01T00:00:00Z", "endDateTime": "2017-05-01T00:00:00Z"}
    assert window.items() <= seen.query.items()


def test_an_event_in_a_zone_that_only_windows_knows(stage: Stage, connect: Connect) -> None:
    """The documented example has a zone that was not asked for: its times are odd, not wrong, and that is told."""
    client = opened(stage, connect)
    stage.serve(answer(200, body("events")), url=f"{API}/calendarView")
    run = client.read("microsoft.events", "user_1", on_error="ignore")
    assert run.frame["start"].isna().all()
    assert run.frame["subject"].notna().all()
    assert run.outcomes["reason"].tolist() == ["drift"]
    assert "end (1), start (1)" in run.outcomes["message"].iloc[0]


def test_pages_of_events_keep_the_zone(stage: Stage, connect: Connect) -> None:
    """The header that asks for UTC goes along to every page: the next address does not say it."""
    client = opened(stage, connect)
    following = f"{API}/calendarView?%24skip=1"
    stage.serve(answer(200, {"value": [{"id": "a"}], "@odata.nextLink": following}), url=f"{API}/calendarView")
    stage.serve(answer(200, {"value": [{"id": "b"}]}), url=following)
    assert client.microsoft.events("user_1")["id"].tolist() == ["a", "b"]
    assert [one.headers["prefer"] for one in stage.asked("microsoft")] == ['outlook.timezone="UTC"'] * 2
    first = stage.asked("microsoft")[0].query
    assert pd.Timestamp(first["endDateTime"]) - pd.Timestamp(first["startDateTime"]) == pd.Timedelta(days=120)


def error(code: str, message: str = "What happened.", **inner: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "innerError": {"request-id": "r-1", **inner}}}


@pytest.mark.parametrize(
    ("status", "found", "headers", "expected"),
    [
        (429, error("TooManyRequests"), {"retry_after": "12"}, sc.RateLimited),
        (509, error("activityLimitReached"), {}, sc.RateLimited),
        (401, error("InvalidAuthenticationToken"), {}, sc.ReconnectNeeded),
        (403, error("ErrorAccessDenied"), {}, sc.MissingScope),
        (404, error("MailboxNotEnabledForRESTAPI"), {}, sc.AccessDenied),
        (404, error("ErrorItemNotFound"), {}, sc.NotFound),
        (400, error("InefficientFilter"), {}, sc.RequestRefused),
    ],
)
def test_errors(
    stage: Stage,
    connect: Connect,
    status: int,
    found: dict[str, Any],
    headers: dict[str, str],
    expected: type[sc.SocialConnectError],
) -> None:
    """Each documented error is what it means, in Microsoft's words; a 403 is a scope where the token has none."""
    client = opened(stage, connect, "User.Read")
    stage.serve(answer(status, found, **headers), url=f"{API}/messages")
    with pytest.raises(expected) as caught:
        client.frame("microsoft.messages", "user_1")
    assert type(caught.value) is expected
    assert found["error"]["message"] in str(caught.value)


def test_what_is_denied_although_the_scope_is_there(stage: Stage, connect: Connect) -> None:
    """Where the token has the scope a 403 is no missing one; a policy of the organisation's says what to do."""
    client = opened(stage, connect, "Mail.Read")
    stage.serve(answer(403, error("ErrorAccessDenied")), url=f"{API}/messages")
    with pytest.raises(sc.AccessDenied) as denied:
        client.microsoft.messages("user_1")
    assert type(denied.value) is sc.AccessDenied
    stage.routes.clear()
    challenge = 'Bearer error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4i"'
    stage.serve(answer(403, error("Forbidden"), www_authenticate=challenge), url=f"{API}/messages")
    with pytest.raises(sc.AccessDenied, match="sign in again"):
        client.microsoft.messages("user_1")


def test_the_documented_error(stage: Stage, connect: Connect) -> None:
    """The documented body is a refusal with Microsoft's words and its id of the request."""
    client = opened(stage, connect)
    stage.serve(answer(416, body("error")), url=API)
    with pytest.raises(sc.RequestRefused, match="Uploaded fragment overlaps with existing data") as caught:
        client.microsoft.profile("user_1")
    assert caught.value.trace_id == "request-id"
    assert caught.value.context["codes"] == ("invalidRange",)


def test_every_recording_is_read() -> None:
    """No recorded body of Microsoft's is left out of these tests."""
    shared("recorded", "microsoft")
    assert {path.stem for path in RECORDED.joinpath("microsoft").glob("*.json")} == {
        *("me", "messages", "events", "drive_root_children", "error")
    }
