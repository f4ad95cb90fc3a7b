"""Every recorded body of Dropbox's, through the resource that reads such a thing, and its errors as specified."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.recorded.cassettes import RECORDED, answer, shared
from tests.recorded.rows import check, check_shape

import socialconnect as sc
from socialconnect.connectors.dropbox import connector

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.recorded.server import Stage

    Connect = Callable[..., sc.Client]

API = "https://api.dropboxapi.com/2"
URLS = {
    "profile": f"{API}/users/get_current_account",
    "files": f"{API}/files/list_folder",
    "space": f"{API}/users/get_space_usage",
}


def body(name: str) -> Any:
    return answer(200, shared("recorded", "dropbox", f"{name}.json").read_bytes()).json()


def read(stage: Stage, connect: Connect, resource: str, found: object, status: int = 200, **headers: str) -> Any:
    stage.connect("user_1", "dropbox", scopes=["account_info.read", "files.metadata.read"])
    stage.serve(answer(status, found, **headers), url=URLS[resource])
    return connect(max_wait=0).frame(f"dropbox.{resource}", "user_1")


def test_the_account(stage: Stage, connect: Connect) -> None:
    """The recorded account is one row; it is asked for by a POST without a body and without a content type."""
    record = body("get_current_account")
    frame = read(stage, connect, "profile", record)
    check_shape(frame, connector.resource("profile"))
    names = {key: record["name"][key] for key in ("display_name", "given_name", "surname")}
    tags = {"account_type": record["account_type"][".tag"], "root_namespace_id": "3235641"}
    check(frame, [{**{key: value for key, value in record.items() if key not in ("name", *tags)}, **names, **tags}])
    assert frame[["team_id", "team_name", "team_member_id"]].isna().all(axis=None)
    (seen,) = stage.asked("dropbox")
    assert "content-type" not in seen.headers
    assert seen.headers.get("content-length", "0") == "0"


def test_files(stage: Stage, connect: Connect) -> None:
    """Files and folders stand side by side; a folder has no size."""
    found = body("list_folder")
    frame = read(stage, connect, "files", found)
    check_shape(frame, connector.resource("files"))
    check(frame, [{**record, "tag": record[".tag"]} for record in found["entries"]])
    assert frame["tag"].tolist() == ["file", "folder"]
    assert frame["size"].isna().tolist() == [False, True]


def test_a_shared_folder_is_found_in_two_places(stage: Stage, connect: Connect) -> None:
    """A file names the folder it is in, a mounted folder itself."""
    inside = {"name": "a", "sharing_info": {"parent_shared_folder_id": "84528192421"}}
    mounted = {"name": "b", "sharing_info": {"shared_folder_id": "7"}}
    frame = read(stage, connect, "files", {"entries": [inside, mounted], "cursor": "c", "has_more": False})
    assert frame["shared_folder_id"].tolist() == ["84528192421", "7"]


def test_pages_go_on_at_another_path_with_the_cursor_alone(stage: Stage, connect: Connect) -> None:
    """Only has_more says that there is more, for the last page has a cursor too."""
    found = body("list_folder")
    stage.connect("user_1", "dropbox")
    stage.serve(answer(200, {**found, "has_more": True}), url=URLS["files"])
    stage.serve(answer(200, {"entries": [], "cursor": "AAH4", "has_more": False}), url=f"{URLS['files']}/continue")
    assert len(connect().dropbox.files("user_1")) == 2
    first, second = stage.asked("dropbox")
    assert (first.path, second.path) == ("/2/files/list_folder", "/2/files/list_folder/continue")
    assert second.headers["content-length"] == str(len(json.dumps({"cursor": found["cursor"]}, separators=(",", ":"))))


def test_what_is_asked_for() -> None:
    """The topmost folder is an empty text, and the caller's arguments take their places in the body."""
    resource = connector.resource("files")
    usual = resource.request(connector.origin, {}, {})
    chosen = resource.request(connector.origin, {}, {"path": "/Homework", "recursive": True, "page_size": 10})
    assert json.loads(usual.body or b"") == {"path": "", "recursive": False, "limit": 2000}
    assert json.loads(chosen.body or b"") == {"path": "/Homework", "recursive": True, "limit": 10}
    assert resource.request(connector.origin, {}, {"path": ""}).body == usual.body
    with pytest.raises(sc.UsageError, match="path='/'"):
        resource.request(connector.origin, {}, {"path": "/"})


@pytest.mark.parametrize(
    ("allocation", "team_used"),
    [
        ({".tag": "individual", "allocated": 10_000_000_000}, None),
        ({".tag": "team", "allocated": 10_000_000_000, "used": 27_182_818_284}, 27_182_818_284),
    ],
)
def test_space(stage: Stage, connect: Connect, allocation: dict[str, object], team_used: int | None) -> None:
    """The figures stand beside the id that Clerk knows, whoever they were allotted to."""
    frame = read(stage, connect, "space", {"used": 314_159_265, "allocation": allocation})
    check_shape(frame, connector.resource("space"))
    wanted = {"account_id": "1", "used": 314_159_265, "allocated": 10_000_000_000, "team_used": team_used}
    check(frame, [{**wanted, "allocation": allocation[".tag"]}])


def error(tag: str, **more: object) -> dict[str, object]:
    """An error as Dropbox's specification has it."""
    return {"error_summary": f"{tag}/..", "error": {".tag": tag, **more}}


LACKING = (
    'Error in call to API function "files/list_folder": Your app (ID: 1) is not permitted to access this endpoint '
    "because it does not have the required scope 'files.metadata.read'."
)


@pytest.mark.parametrize(
    ("status", "found", "expected", "said"),
    [
        (401, error("missing_scope", required_scope="sharing.read"), sc.MissingScope, "sharing.read"),
        (401, error("expired_access_token"), sc.ReconnectNeeded, "expired_access_token"),
        (401, error("invalid_access_token"), sc.ReconnectNeeded, "invalid_access_token"),
        (401, error("user_suspended"), sc.AccessDenied, "user_suspended"),
        (400, LACKING.encode(), sc.SetupError, "required scope"),
        (400, b'Error in call to API function "files/list_folder": bad', sc.RequestRefused, "Error in call"),
        (409, error("path", path={".tag": "not_found"}), sc.NotFound, "path"),
        (409, error("path", path={".tag": "malformed_path"}), sc.RequestRefused, "path"),
        (409, error("reset"), sc.RequestRefused, "reset"),
        (403, error("invalid_account_type"), sc.AccessDenied, "invalid_account_type"),
        (429, error("", retry_after=300, reason={".tag": "too_many_requests"}), sc.RateLimited, "429"),
    ],
)
def test_errors_are_told_apart(
    stage: Stage, connect: Connect, status: int, found: object, expected: type[sc.SocialConnectError], said: str
) -> None:
    """Each is of its kind, by the tag in the body rather than by the status; plain text is told too."""
    with pytest.raises(expected, match=said) as caught:
        read(stage, connect, "files", found, status)
    assert type(caught.value) is expected
    if isinstance(caught.value, sc.MissingScope):
        assert caught.value.required == ("sharing.read",)
    if isinstance(caught.value, sc.RateLimited):
        assert caught.value.retry_after is not None
        assert 300 <= caught.value.retry_after < 302


def test_every_body_is_read() -> None:
    """No recording lies there unread."""
    assert {path.stem for path in RECORDED.joinpath("dropbox").glob("*.json")} <= {"get_current_account", "list_folder"}
