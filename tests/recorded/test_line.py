"""The recorded body of LINE's, through the resource that reads such a thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.recorded.cassettes import RECORDED, answer, shared
from tests.recorded.rows import check, check_shape

import socialconnect as sc
from socialconnect.connectors.line import connector

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.recorded.server import Account, Stage

    Connect = Callable[..., sc.Client]

URL = "https://api.line.me/v2/profile"


def body(name: str) -> Any:
    return answer(200, shared("recorded", "line", f"{name}.json").read_bytes()).json()


def row(found: dict[str, Any], email: str | None = None) -> dict[str, Any]:
    """A profile under the columns' names."""
    return {
        "line_user_id": found["userId"],
        "display_name": found["displayName"],
        "picture_url": found["pictureUrl"],
        "status_message": found.get("statusMessage"),
        "email": email,
    }


def test_the_profile(stage: Stage, connect: Connect) -> None:
    """The recorded profile is one row; the status message that it lacks, and an address nobody knows, are NA."""
    stage.connect("user_1", "line", scopes=["profile"])
    found = body("profile")
    stage.serve(answer(200, found), url=URL)
    frame = connect().line.profile("user_1")
    check_shape(frame, connector.resource("profile"))
    check(frame, [row(found)])


def test_the_address_is_clerks(stage: Stage, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """The address that LINE does not tell is the one of Clerk's record."""
    account = stage.connect("user_1", "line", scopes=["profile"])
    plain = account.record()

    def record(self: Account) -> dict[str, object]:
        del self
        return {**plain, "email_address": "sang@example.com"}

    monkeypatch.setattr(type(account), "record", record)
    found = {**body("profile"), "statusMessage": "hi"}
    stage.serve(answer(200, found), url=URL)
    check(connect().line.profile("user_1"), [row(found, "sang@example.com")])


@pytest.mark.parametrize(
    ("status", "found", "expected"),
    [
        (401, {"message": "The access token expired"}, sc.ReconnectNeeded),
        (403, {"error": "insufficient_scope", "error_description": "lacks permission"}, sc.AccessDenied),
        (429, {"message": "The API rate limit has been exceeded."}, sc.RateLimited),
        (400, {"error": "invalid_request", "error_description": "access token required"}, sc.RequestRefused),
    ],
)
def test_errors(
    stage: Stage, connect: Connect, status: int, found: dict[str, str], expected: type[sc.SocialConnectError]
) -> None:
    """Each error is what its status means, in LINE's own words: of either of the two shapes that it has."""
    stage.connect("user_1", "line", scopes=["profile"])
    stage.serve(answer(status, found), url=URL)
    with pytest.raises(expected) as caught:
        connect(max_wait=0).frame("line.profile", "user_1")
    assert found.get("message", found.get("error_description", "")) in str(caught.value)


def test_every_recording_is_read() -> None:
    """No recorded body of LINE's is left out of these tests."""
    shared("recorded", "line")
    assert {path.stem for path in RECORDED.joinpath("line").glob("*.json")} == {"profile"}
