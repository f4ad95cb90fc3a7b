"""Every recorded body of Slack's, through the resource that reads such a thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from tests.recorded.cassettes import RECORDED, answer, shared
from tests.recorded.rows import check, check_shape

import socialconnect as sc
from socialconnect.connectors.slack import connector

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.recorded.server import Stage

    Connect = Callable[..., sc.Client]

API = "https://slack.com/api"
SCOPES = ["openid", "profile", "email", "users:read", "users:read.email", "channels:read", "groups:read"]
METHODS = {
    "profile": "openid.connect.userInfo",
    "identity": "auth.test",
    "users": "users.list",
    "channels": "conversations.list",
}


def body(name: str) -> Any:
    return answer(200, shared("recorded", "slack", f"{name}.json").read_bytes()).json()


def last(found: dict[str, Any]) -> dict[str, Any]:
    """A recorded page, made the last of its listing as Slack does it."""
    return {**found, "response_metadata": {"next_cursor": ""}}


def moment(seconds: int) -> str:
    return str(pd.Timestamp(seconds, unit="s", tz="UTC"))


def opened(stage: Stage, connect: Connect, *scopes: str) -> sc.Client:
    stage.connect("user_1", "slack", scopes=scopes or SCOPES)
    return connect(max_wait=0)


def read(stage: Stage, connect: Connect, resource: str, *found: Any, **arguments: Any) -> pd.DataFrame:
    """The frame of a resource that is answered so, page after page."""
    client = opened(stage, connect)
    stage.serve(*(answer(200, one) for one in found), url=f"{API}/{METHODS[resource]}")
    frame = client.frame(f"slack.{resource}", "user_1", **arguments)
    check_shape(frame, connector.resource(resource))
    return frame


def test_the_profile(stage: Stage, connect: Connect) -> None:
    """The recorded claims are one row; those whose names are addresses are found under short ones."""
    found = body("openid_connect_userinfo")
    named = {name.removeprefix("https://slack.com/"): value for name, value in found.items()}
    named |= {"slack_user_id": named.pop("user_id"), "email_verified_at": moment(found["date_email_verified"])}
    check(read(stage, connect, "profile", found), [named])


def test_the_identity(stage: Stage, connect: Connect) -> None:
    """Whom the token speaks for is told without any scope."""
    stage.connect("user_1", "slack", scopes=[])
    found = body("auth_test")
    stage.serve(answer(200, found), url=f"{API}/auth.test")
    frame = connect().slack.identity("user_1")
    check_shape(frame, connector.resource("identity"))
    check(frame, [{**found, "slack_user_id": found["user_id"]}])


def member(found: dict[str, Any]) -> dict[str, Any]:
    """A member under the columns' names; empty texts of the profile say nothing."""
    inside = {name: found["profile"].get(name) or None for name in ("display_name", "email", "title")}
    return {**found, **inside, "avatar": found["profile"].get("image_192"), "updated": moment(found["updated"])}


def test_users(stage: Stage, connect: Connect) -> None:
    """Each recorded member is a row, with what stands in the profile."""
    found = body("users_list")
    found["members"][1]["profile"]["display_name"] = ""  # as Slack writes that there is none
    check(read(stage, connect, "users", last(found)), map(member, found["members"]))


def test_a_single_member_is_the_same_row(stage: Stage, connect: Connect) -> None:
    """The member that Slack tells alone has the same shape as in the list."""
    one = body("users_info")["user"]
    check(read(stage, connect, "users", last({"ok": True, "members": [one]})), [member(one)])


def test_channels(stage: Stage, connect: Connect) -> None:
    """Each recorded channel is a row; by default those of the granted types are asked for that are in use."""
    found = body("conversations_list")
    rows = [
        {**one, "created": moment(one["created"]), "topic": one["topic"]["value"], "purpose": one["purpose"]["value"]}
        for one in found["channels"]
    ]
    check(read(stage, connect, "channels", last(found)), rows)
    (seen,) = stage.asked("slack")
    assert seen.query == {"limit": "200", "types": "public_channel,private_channel", "exclude_archived": "true"}


def test_private_channels_are_asked_for_with_their_scope_alone(stage: Stage, connect: Connect) -> None:
    """Without it Slack would refuse the public ones too; whoever names types gets those, archived ones too."""
    client = opened(stage, connect, "channels:read")
    stage.serve(answer(200, last({"ok": True, "channels": []})), url=f"{API}/conversations.list")
    client.slack.channels("user_1")
    client.slack.channels("user_1", types=["im", "mpim"], exclude_archived=False, page_size=999)
    plain, chosen = stage.asked("slack")
    assert plain.query["types"] == "public_channel"
    assert chosen.query == {"limit": "999", "types": "im,mpim", "exclude_archived": "false"}


def test_recorded_pages(stage: Stage, connect: Connect) -> None:
    """The three recorded pages are one listing, which ends where there is no cursor."""
    frame = read(stage, connect, "channels", *(body(f"conversations_list_page{number}") for number in (1, 2, 3)))
    assert frame["id"].tolist() == ["C1", "C2", "C3"]
    assert [seen.query.get("cursor") for seen in stage.asked("slack")] == [None, "has_page2", "has_page3"]


def test_an_empty_page_is_not_the_end(stage: Stage, connect: Connect) -> None:
    """Slack may give a page without rows and go on behind it."""
    pages = [{**body("conversations_list_page1"), "channels": []}, body("conversations_list_page3")]
    assert read(stage, connect, "channels", *pages)["id"].tolist() == ["C3"]


def refused(stage: Stage, connect: Connect, found: Any, status: int = 200, **headers: str) -> sc.SocialConnectError:
    """The error that an answer to a listing of users ends in."""
    client = opened(stage, connect)
    stage.serve(answer(status, found, **headers), url=f"{API}/users.list")
    with pytest.raises(sc.SocialConnectError) as caught:
        client.frame("slack.users", "user_1")
    assert found["error"] in str(caught.value)
    return caught.value


def test_the_recorded_missing_scope(stage: Stage, connect: Connect) -> None:
    """The answer names what is needed and what was granted, and no other token is fetched for it."""
    found = refused(stage, connect, body("error_missing_scope"))
    assert isinstance(found, sc.MissingScope)
    assert found.required == ("users.profile:write",)
    assert found.granted == ("users:read",)
    assert len(stage.asked("slack")) == 1


def test_the_recorded_dead_token(stage: Stage, connect: Connect) -> None:
    """A token that is not accepted is fetched once more, though the status is 200."""
    assert isinstance(refused(stage, connect, body("error_auth_test")), sc.ReconnectNeeded)
    assert len(stage.asked("slack")) == 2


def test_the_recorded_limit(stage: Stage, connect: Connect) -> None:
    """The recorded 429 says how long to wait."""
    found = refused(stage, connect, body("error_ratelimited_429"), 429, retry_after="30")
    assert isinstance(found, sc.RateLimited)
    assert 30 <= (found.retry_after or 0) < 32


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("invalid_cursor", sc.RequestRefused),
        ("something_new", sc.RequestRefused),
        ("account_inactive", sc.ReconnectNeeded),
        ("team_access_not_granted", sc.AccessDenied),
        ("ratelimited", sc.RateLimited),
    ],
)
def test_errors_with_the_status_of_a_success(
    stage: Stage, connect: Connect, code: str, expected: type[sc.SocialConnectError]
) -> None:
    """Whatever stands beside `ok: false` is an error, in Slack's own word, and never rows."""
    assert isinstance(refused(stage, connect, {**body("error_users_list"), "error": code}), expected)


@pytest.mark.parametrize("name", ["users_identity", "team_info", "conversations_members"])
def test_what_no_resource_reads(stage: Stage, connect: Connect, name: str) -> None:
    """Recorded answers of methods that no resource calls come as they are to whoever calls them."""
    client = opened(stage, connect)
    found = body(name)
    stage.serve(answer(200, found), url=f"{API}/{name.replace('_', '.')}")
    assert client.get("slack", f"/api/{name.replace('_', '.')}", "user_1").json() == found


def test_every_recording_is_read() -> None:
    """No recorded body of Slack's is left out of these tests."""
    shared("recorded", "slack")
    assert {path.stem for path in RECORDED.joinpath("slack").glob("*.json")} == {
        *("auth_test", "openid_connect_userinfo", "users_list", "users_info", "conversations_list"),
        *(f"conversations_list_page{number}" for number in (1, 2, 3)),
        *("users_identity", "team_info", "conversations_members"),
        *(f"error_{name}" for name in ("auth_test", "missing_scope", "ratelimited_429", "users_list")),
    }
