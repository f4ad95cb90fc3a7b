"""Every recorded body of Box's, through the resource that reads such a thing, and its errors as documented."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.recorded.cassettes import RECORDED, answer, shared
from tests.recorded.rows import check, check_shape

import socialconnect as sc
from socialconnect.connectors.box import connector

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from tests.recorded.server import Stage

    Connect = Callable[..., sc.Client]

API = "https://api.box.com/2.0"
ITEMS = f"{API}/folders/0/items"


def body(name: str) -> Any:
    return answer(200, shared("recorded", "box", f"{name}.json").read_bytes()).json()


def read(stage: Stage, connect: Connect, resource: str, found: object, status: int = 200, **headers: str) -> Any:
    url = {"profile": f"{API}/users/me", "folder_items": ITEMS}[resource]
    stage.connect("user_1", "box", scopes=["root_readonly"])
    stage.serve(answer(status, found, **headers), url=url)
    return connect(max_wait=0).frame(f"box.{resource}", "user_1")


@pytest.mark.parametrize("name", ["users_me", "users_me_doc"])
def test_the_user(stage: Stage, connect: Connect, name: str) -> None:
    """The recorded account is one row: an empty text says nothing, and sizes may be beyond 32 bits."""
    record = body(name)
    frame = read(stage, connect, "profile", record)
    check_shape(frame, connector.resource("profile"))
    check(frame, [{key: value for key, value in record.items() if value != ""}])
    assert frame["space_amount"].iloc[0] > 2**31
    assert frame[["role", "enterprise_id"]].isna().all(axis=None)
    (seen,) = stage.asked("box")
    asked = set(seen.query["fields"].split(","))
    assert asked >= {column.path.split(".")[0] for column in connector.resource("profile").columns}


def test_folder_items(stage: Stage, connect: Connect) -> None:
    """Files and folders stand side by side, whatever was not recorded of them NA; total_count asks for nothing."""
    found = body("folder_items")
    frame = read(stage, connect, "folder_items", found)
    check_shape(frame, connector.resource("folder_items"))
    check(frame, found["entries"])
    assert frame["type"].value_counts().to_dict() == {"folder": 4, "file": 2}
    (seen,) = stage.asked("box")
    assert seen.query.items() >= {("usemarker", "true"), ("limit", "1000")}
    assert "offset" not in seen.query
    asked = set(seen.query["fields"].split(","))
    assert asked == {column.path.split(".")[0] for column in connector.resource("folder_items").columns}


def test_what_was_asked_for_is_cut_out(stage: Stage, connect: Connect) -> None:
    """Who owns a file, where it stands and what links to it come out of what is nested."""
    entry = {
        "type": "file",
        "id": "7",
        "etag": "1",
        "size": 2**40,
        "owned_by": {"type": "user", "login": "ada@example.com"},
        "parent": {"type": "folder", "id": "3"},
        "shared_link": {"url": "https://app.box.com/s/7"},
        "description": "",
        "extension": "pdf",
        "created_at": "2012-12-12T10:53:43-08:00",
        "path_collection": {"entries": [{"id": "0", "name": "All Files"}, {"id": "3", "name": "Plans"}]},
    }
    row = read(stage, connect, "folder_items", {"entries": [entry]}).iloc[0]
    assert row[["owner", "parent_id", "shared_link", "size", "extension"]].tolist() == [
        "ada@example.com",
        "3",
        "https://app.box.com/s/7",
        2**40,
        "pdf",
    ]
    assert list(row["path"]) == ["All Files", "Plans"]
    assert row[["description"]].isna().all()
    assert str(row["created_at"]) == "2012-12-12 18:53:43+00:00"


@pytest.mark.parametrize("end", ["", None])
def test_pages_follow_the_marker(stage: Stage, connect: Connect, end: str | None) -> None:
    """The marker leads on until it is empty or null, in the folder that the caller names."""
    url = f"{API}/folders/42/items"
    stage.connect("user_1", "box")
    stage.serve(answer(200, {"entries": [{"id": "1"}], "next_marker": "m2"}), url=url)
    stage.serve(answer(200, {"entries": [{"id": "2"}], "next_marker": end}), url=f"{url}?marker=m2")
    frame: pd.DataFrame = connect().box.folder_items("user_1", folder="42")
    assert frame["id"].tolist() == ["1", "2"]
    first, second = stage.asked("box")
    assert {**first.query, "marker": "m2"} == second.query


def error(status: int, code: str) -> dict[str, object]:
    """An error as Box documents it."""
    return {"type": "error", "status": status, "code": code, "message": "No.", "request_id": "abcdef"}


@pytest.mark.parametrize(
    ("status", "found", "headers", "expected", "cure"),
    [
        (403, error(403, "insufficient_scope"), {}, sc.MissingScope, "allow it"),
        (403, b"", {"www_authenticate": 'Bearer realm="Service", error="insufficient_scope"'}, sc.MissingScope, ""),
        (403, error(403, "access_denied_insufficient_permissions"), {}, sc.AccessDenied, "developer console"),
        (404, error(404, "not_found"), {}, sc.NotFound, ""),
        (405, error(405, "method_not_allowed"), {}, sc.RequestRefused, "digits"),
        (401, b"", {}, sc.ReconnectNeeded, ""),
        (429, error(429, "rate_limit_exceeded"), {"retry_after": "100"}, sc.RateLimited, "Come back"),
    ],
)
def test_errors_are_told_apart(
    stage: Stage,
    connect: Connect,
    status: int,
    found: object,
    headers: dict[str, str],
    expected: type[sc.SocialConnectError],
    cure: str,
) -> None:
    """Each is of its kind, with a body and without one."""
    with pytest.raises(expected) as caught:
        read(stage, connect, "folder_items", found, status, **headers)
    assert type(caught.value) is expected
    assert cure in (caught.value.cure or "")


def test_what_is_not_ready_is_asked_for_again(stage: Stage, connect: Connect) -> None:
    """202 is no answer yet: the one behind it counts."""
    stage.connect("user_1", "box")
    stage.serve(answer(202, b"", retry_after="0"), answer(200, body("folder_items")), url=ITEMS)
    assert len(connect().box.folder_items("user_1")) == 6


def test_every_body_is_read() -> None:
    """No recording lies there unread."""
    found = {path.stem for path in RECORDED.joinpath("box").glob("*.json")}
    assert found <= {"users_me", "users_me_doc", "folder_items"}
