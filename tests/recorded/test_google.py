"""Every recorded body and error of Google's, through the resource that reads such a thing."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.recorded import server
from tests.recorded.cassettes import RECORDED, answer, only, quoted, shared, vcr
from tests.recorded.rows import check, check_shape

import socialconnect as sc
from socialconnect.connectors.google import connector

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.recorded.cassettes import Exchange
    from tests.recorded.server import Stage

    Connect = Callable[..., sc.Client]

USERINFO = "https://www.googleapis.com/oauth2/v2/userinfo"
BODIES = ("userinfo", "userinfo-no-picture", "userinfo-with-profile", "userinfo-with-profile-email")


def body(name: str) -> bytes:
    return shared("recorded", "google", "passport-google-oauth2", f"{name}.json").read_bytes()


@pytest.mark.parametrize("name", BODIES)
def test_profile_in_the_other_shape(stage: Stage, connect: Connect, name: str) -> None:
    """OpenID's names for the same things fill what they share with the declared ones; the rest is NA."""
    stage.connect("user_1", "google", scopes=["openid"])
    recorded = answer(200, body(name))
    stage.serve(recorded, url=USERINFO)
    frame = connect().google.profile("user_1")
    check_shape(frame, connector.resource("profile"))
    check(frame, [recorded.json()])
    assert frame["id"].isna().all()


@pytest.mark.parametrize("name", BODIES)
def test_profile(stage: Stage, connect: Connect, name: str) -> None:
    """The same bodies under the names of version 2 fill every column; 21 digits stay a text."""
    stage.connect("user_1", "google", scopes=["email", "profile"])
    record: dict[str, Any] = answer(200, body(name)).json()
    renamed = {{"sub": "id", "email_verified": "verified_email"}.get(key, key): value for key, value in record.items()}
    stage.serve(answer(200, renamed), url=USERINFO)
    frame = connect().google.profile("user_1")
    check(frame, [renamed])
    assert frame["id"].tolist() == ["1" * 21]


def test_email_alone(stage: Stage, connect: Connect) -> None:
    """A token with the e-mail scope alone gives a row without names."""
    stage.connect("user_1", "google", scopes=["email"])
    recorded = quoted("google", "Roku-GooglePhotos")
    stage.serve(recorded, url=USERINFO)
    frame = connect().google.profile("user_1")
    check(frame, [recorded.json()])
    assert frame["email"].notna().all()
    assert frame["name"].isna().all()


AUTH = "https://www.googleapis.com/auth/"
FILES = "https://www.googleapis.com/drive/v3/files"
PEOPLE = "https://people.googleapis.com/v1/people/me"
GSPREAD = tuple(
    ("google", "gspread", f"{name}.json")
    for name in (
        "ClientTest.test_access_non_existing_spreadsheet",
        "ClientTest.test_access_private_spreadsheet",
        "ClientTest.test_list_spreadsheet_files",
        "WorksheetTest.test_add_validation",
    )
)
RENAMED = {
    "createdTime": "created_time",
    "modifiedTime": "modified_time",
    "mimeType": "mime_type",
    "kind": "not_declared",
    "files": "not_declared",
}


@pytest.fixture(autouse=True)
def everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server stands in for all of Google's origins."""
    monkeypatch.setitem(server.ORIGINS, "people", "https://people.googleapis.com")
    monkeypatch.setitem(server.ORIGINS, "gmail", "https://gmail.googleapis.com")


def test_all_of_gspread_is_here() -> None:
    """No recorded file of gspread's is left out of these tests."""
    shared("recorded", "google", "gspread")
    assert {path.name for path in RECORDED.joinpath("google", "gspread").glob("*.json")} == {one[2] for one in GSPREAD}


def test_a_listing_of_files(stage: Stage, connect: Connect) -> None:
    """Google Drive's recorded list becomes a frame of its files, whose other columns are empty."""
    (recorded,) = [one for one in vcr(*GSPREAD[2]) if one.method == "GET" and one.url.startswith(FILES)]
    stage.connect("user_1", "google", scopes=[f"{AUTH}drive"])
    stage.serve(recorded, url=FILES)
    frame = connect().google.files("user_1", q="mimeType='application/vnd.google-apps.spreadsheet'")
    check_shape(frame, connector.resource("files"))
    records = recorded.json()["files"]
    assert len(records) == 1
    check(frame, records, renamed=RENAMED)
    (seen,) = stage.asked("google")
    assert {"pageSize": "1000", "supportsAllDrives": "true"}.items() <= seen.query.items()


def test_files_that_came_alone(stage: Stage, connect: Connect) -> None:
    """Each recorded file, made or asked for by itself, is a row of a list of them."""
    recorded = [
        one.json()
        for name in GSPREAD
        for one in vcr(*name)
        if one.url.startswith(FILES) and one.method != "DELETE" and "files" not in one.json()
    ]
    assert len(recorded) == 6
    stage.connect("user_1", "google")
    stage.serve(answer(200, {"files": recorded}), url=FILES)
    check(connect().google.files("user_1"), recorded, renamed=RENAMED)


def sendable(exchange: Exchange) -> Exchange:
    """Without the dots by which the one who quoted it cut the scopes short."""
    return replace(exchange, headers={name: text.replace(" …", "") for name, text in exchange.headers.items()})


@dataclass(frozen=True)
class Refusal:
    """A recorded error, where it is served, and what it must become."""

    name: str
    exchange: Callable[[], Exchange]
    resource: str
    url: str
    error: type[sc.SocialConnectError]
    required: tuple[str, ...] = ()
    granted: tuple[str, ...] = ()
    arguments: dict[str, str] = field(default_factory=dict)


REFUSALS = [
    Refusal(
        "scope of events, without a challenge",
        lambda: quoted("google", "GeneralTask"),
        "events",
        "https://www.googleapis.com/calendar/v3/calendars/primary/events",
        sc.MissingScope,
        connector.resource("events").scopes,
        (f"{AUTH}drive",),
        {"calendar": "primary"},
    ),
    Refusal(
        "scope of contacts, with a challenge",
        lambda: sendable(quoted("google", "react-google-contacts")),
        "contacts",
        f"{PEOPLE}/connections",
        sc.MissingScope,
        (f"{AUTH}contacts",),
        ("openid", f"{AUTH}userinfo.email"),
    ),
    Refusal(
        "q with the metadata scope",
        lambda: quoted("google", "googleworkspace/cli"),
        "messages",
        "https://gmail.googleapis.com/gmail/v1/users/me/messages",
        sc.MissingScope,
        (f"{AUTH}gmail.readonly",),
        (f"{AUTH}gmail.metadata",),
        {"q": "from:ada"},
    ),
    Refusal("dead token", lambda: quoted("google", "CodenameOne"), "person", PEOPLE, sc.ReconnectNeeded),
    Refusal("dead token, explained", lambda: quoted("google", "GHunt"), "person", PEOPLE, sc.ReconnectNeeded),
    Refusal("no token", lambda: quoted("google", "morelab"), "files", FILES, sc.ReconnectNeeded),
    Refusal(
        "dead token at userinfo",
        lambda: quoted("google", "strategy.profile.test.js"),
        "profile",
        USERINFO,
        sc.ReconnectNeeded,
    ),
    Refusal("no mask", lambda: quoted("google", "google-api-nodejs-client"), "person", PEOPLE, sc.RequestRefused),
    Refusal("absent", lambda: only(vcr(*GSPREAD[0]), 404), "files", FILES, sc.NotFound),
    Refusal("private", lambda: only(vcr(*GSPREAD[1]), 403), "files", FILES, sc.AccessDenied),
    Refusal("wrong value", lambda: only(vcr(*GSPREAD[3]), 400), "files", FILES, sc.RequestRefused),
]


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case.name)
def test_errors(stage: Stage, connect: Connect, case: Refusal) -> None:
    """Each recorded error is its account's outcome, with what is required and what was granted; others are read."""
    stage.connect("user_1", "google", "token-1", scopes=list(case.granted))
    stage.connect("user_2", "google", "token-2", scopes=list(connector.resource(case.resource).scopes))
    stage.serve(case.exchange(), url=case.url, token="token-1")
    stage.serve(answer(200, {}), url=case.url, token="token-2")
    client = connect(max_wait=0)
    run = client.read(f"google.{case.resource}", ["user_1", "user_2"], on_error="ignore", **case.arguments)
    outcomes = run.outcomes.set_index("user_id")
    assert outcomes["status"].to_dict() == {"user_1": "failed", "user_2": outcomes["status"]["user_2"]}
    assert outcomes["reason"]["user_1"] == case.error.code
    assert outcomes["status"]["user_2"] in {"ok", "empty"}
    with pytest.raises(case.error) as caught:
        client.frame(f"google.{case.resource}", "user_1", **case.arguments)
    assert type(caught.value) is case.error
    assert caught.value.context["status"] == case.exchange().status
    if case.required:
        assert caught.value.context["required"] == case.required
        assert caught.value.context["granted"] == case.granted


def test_every_quoted_answer_is_read() -> None:
    """No answer that somebody quoted is left out of these tests."""
    listed = json.loads(shared("recorded", "google", "issue-transcripts", "errors.json").read_text())
    refused = [case.exchange() for case in REFUSALS]
    assert len(listed) == 9
    for item in listed:
        if item["status"] != 200:
            assert any(one.status == item["status"] and one.url == item.get("request", "") for one in refused), item
