"""Every recorded body of TikTok's, through the resource that reads such a thing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from tests.recorded.cassettes import RECORDED, answer, shared
from tests.recorded.rows import check, check_shape

import socialconnect as sc
from socialconnect.connectors.tiktok import connector

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.recorded.server import Stage

    Connect = Callable[..., sc.Client]

API = "https://open.tiktokapis.com/v2"
INFO, LIST = f"{API}/user/info/", f"{API}/video/list/"
BASIC = ["user.info.basic", "video.list"]
FINE = {"code": "ok", "message": "", "log_id": "20260501"}


def body(name: str) -> Any:
    return answer(200, shared("recorded", "tiktok", f"{name}.json").read_bytes()).json()


def opened(stage: Stage, connect: Connect, *scopes: str) -> sc.Client:
    stage.connect("user_1", "tiktok", scopes=[*BASIC, *scopes])
    return connect(max_wait=0)


def test_the_user(stage: Stage, connect: Connect) -> None:
    """The recorded user is one row, though the recording lacks the error that TikTok always sends."""
    client = opened(stage, connect)
    found = body("user_info")
    stage.serve(answer(200, found), url=INFO)
    frame = client.tiktok.profile("user_1")
    check_shape(frame, connector.resource("profile"))
    user = found["data"]["user"]
    check(frame, [{**user, "profile_url": user["profile_deep_link"]}])


@pytest.mark.parametrize(
    ("further", "asked"),
    [
        ([], "open_id,union_id,avatar_url,display_name"),
        (["user.info.stats"], "follower_count,following_count,likes_count,video_count"),
        (["user.info.profile"], "bio_description,profile_deep_link,is_verified,username"),
    ],
)
def test_only_what_was_granted_is_asked_for(stage: Stage, connect: Connect, further: list[str], asked: str) -> None:
    """A field whose scope was not granted would fail the call, so it is left out of it."""
    client = opened(stage, connect, *further)
    stage.serve(answer(200, {"data": {"user": {"open_id": "1", "likes_count": 3}}, "error": FINE}), url=INFO)
    frame = client.tiktok.profile("user_1")
    (seen,) = stage.asked("tiktok")
    assert seen.path == "/v2/user/info/"
    basic = "open_id,union_id,avatar_url,display_name"
    assert seen.query["fields"] == (f"{basic},{asked}" if further else basic)
    assert frame["likes"].tolist() == [3]
    lacking = connector.narrowed(connector.resource("profile"), [*BASIC, *further])
    assert {scope for scope in ("user.info.stats", "user.info.profile") if scope in lacking} == {
        *("user.info.stats", "user.info.profile")
    } - {*further}


def test_videos(stage: Stage, connect: Connect) -> None:
    """Videos as TikTok documents them are rows, over as many pages as it says there are."""
    client = opened(stage, connect)
    video = {"id": "12345123451234512345", "title": "Hi", "create_time": 1659000367, "view_count": 7, "duration": 11}
    pages = [
        {"data": {"videos": [video], "cursor": 1658000000000, "has_more": True}, "error": FINE},
        {"data": {"videos": [], "cursor": 1657000000000, "has_more": True}, "error": FINE},
        {"data": {"videos": [{"id": "2"}], "cursor": 1656000000000, "has_more": False}, "error": FINE},
    ]
    stage.serve(*(answer(200, page) for page in pages), url=LIST)
    frame = client.tiktok.videos("user_1")
    check_shape(frame, connector.resource("videos"))
    assert frame["id"].tolist() == ["12345123451234512345", "2"]
    assert frame["created_at"].iloc[0] == pd.Timestamp(1659000367, unit="s", tz="UTC")
    assert frame[["title", "views", "duration"]].iloc[0].tolist() == ["Hi", 7, 11]
    assert len(stage.asked("tiktok")) == 3


def test_the_cursor_goes_into_the_body() -> None:
    """The next page is asked for in the POST's body, whose other keys stay, and with the same fields."""
    resource = connector.resource("videos")
    first = resource.request(connector.origin, {}, {"before": 1643332803000})
    assert first.method == "POST"
    assert json.loads(first.body or b"") == {"max_count": 20, "cursor": 1643332803000}
    found = answer(200, {"data": {"videos": [], "cursor": 1600000000000, "has_more": True}})
    following = resource.paging.next_request(first, found.response())
    assert following is not None
    assert following.url == first.url
    assert json.loads(following.body or b"") == {"max_count": 20, "cursor": 1600000000000}


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (401, "scope_not_authorized", sc.MissingScope),
        (400, "scope_permission_missed", sc.MissingScope),
        (401, "access_token_invalid", sc.ReconnectNeeded),
        (200, "access_token_invalid", sc.ReconnectNeeded),
        (429, "rate_limit_exceeded", sc.RateLimited),
        (400, "invalid_params", sc.RequestRefused),
        (200, "invalid_params", sc.RequestRefused),
        (200, "internal_error", sc.RateLimited),  # which is not waited for here
    ],
)
def test_errors(stage: Stage, connect: Connect, status: int, code: str, expected: type[sc.SocialConnectError]) -> None:
    """Each documented code is what it means, whatever status it comes with."""
    client = opened(stage, connect)
    stage.serve(answer(status, {"error": {"code": code, "message": f"It was {code}.", "log_id": "1"}}), url=INFO)
    with pytest.raises(expected, match=f"It was {code}"):
        client.frame("tiktok.profile", "user_1")


def test_every_recording_is_read() -> None:
    """No recorded body of TikTok's is left out of these tests."""
    shared("recorded", "tiktok")
    assert {path.stem for path in RECORDED.joinpath("tiktok").glob("*.json")} == {"user_info"}
