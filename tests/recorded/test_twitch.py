"""Every recorded body of Twitch's, through the resource that reads such a thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from tests.recorded.cassettes import RECORDED, answer, shared
from tests.recorded.rows import check, check_shape

import socialconnect as sc
from socialconnect.connectors.twitch import connector

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.recorded.server import Stage

    Connect = Callable[..., sc.Client]

API = "https://api.twitch.tv/helix"
VALIDATE = "https://id.twitch.tv/oauth2/validate"
TOKEN = {
    "client_id": "wbmytr93xzw8zbg0p1izqyzzc5mbiz",
    "login": "dallas",
    "scopes": ["user:read:follows"],
    "user_id": "44322889",
    "expires_in": 5520838,
}


def body(name: str) -> Any:
    return answer(200, shared("recorded", "twitch", f"{name}.json").read_bytes()).json()


def opened(stage: Stage, connect: Connect) -> sc.Client:
    stage.connect("user_1", "twitch", scopes=["user:read:email", "user:read:follows"])
    stage.serve(answer(200, TOKEN), url=VALIDATE)
    return connect(max_wait=0)


def test_the_profile(stage: Stage, connect: Connect) -> None:
    """The recorded user is one row; the moment that the recording lacks is NA."""
    client = opened(stage, connect)
    found = body("users")
    stage.serve(answer(200, found), url=f"{API}/users")
    frame = client.twitch.profile("user_1")
    check_shape(frame, connector.resource("profile"))
    (user,) = found["data"]
    check(frame, [{**user, "channel_url": "https://www.twitch.tv/dallas"}])


def test_nobody(stage: Stage, connect: Connect) -> None:
    """The recorded answer without a user has no row, and no other trouble."""
    client = opened(stage, connect)
    stage.serve(answer(200, body("users_empty")), url=f"{API}/users")
    run = client.read("twitch.profile", "user_1", on_error="ignore")
    check_shape(run.frame, connector.resource("profile"))
    assert run.outcomes["status"].tolist() == ["empty"]


def test_the_token_tells_the_app_and_the_user(stage: Stage, connect: Connect) -> None:
    """The token is asked once, under the word OAuth and without the id of an app; the others send what it told."""
    client = opened(stage, connect)
    stage.serve(answer(200, body("users")), url=f"{API}/users")
    stage.serve(answer(200, {"data": [], "pagination": {}}), url=f"{API}/videos")
    client.twitch.profile("user_1")
    client.twitch.videos("user_1", type="archive", sort="views")
    (told,) = [one for one in stage.seen if one.path == "/oauth2/validate"]
    assert told.headers["authorization"].startswith("OAuth token-of-user_1")
    assert "client-id" not in told.headers
    profile, videos = stage.asked("twitch")
    assert {profile.headers["client-id"], videos.headers["client-id"]} == {TOKEN["client_id"]}
    assert profile.query == {}
    assert videos.query == {"user_id": "44322889", "first": "100", "type": "archive", "sort": "views"}


def test_the_token_itself(stage: Stage, connect: Connect) -> None:
    """What Twitch tells of a token is a resource too."""
    frame = opened(stage, connect).twitch.token("user_1")
    check_shape(frame, connector.resource("token"))
    check(frame, [{**TOKEN, "own_id": TOKEN["user_id"]}])


FOLLOWED = {"broadcaster_id": "11", "broadcaster_login": "ada", "broadcaster_name": "Ada"}
STREAM = {
    "id": "42170724654",
    "user_id": "132954738",
    "user_login": "aws",
    "user_name": "AWS",
    "game_id": "417752",
    "game_name": "Talk Shows & Podcasts",
    "type": "live",
    "title": "Hello",
    "viewer_count": 20,
    "started_at": "2021-03-31T20:57:26Z",
    "language": "en",
    "thumbnail_url": "https://example.com/{width}x{height}.jpg",
    "tags": ["English"],
    "is_mature": False,
}


def test_followed_channels(stage: Stage, connect: Connect) -> None:
    """Pages go on while there is a cursor; an empty object is the end."""
    client = opened(stage, connect)
    rows = [{**FOLLOWED, "followed_at": "2022-05-24T22:22:08Z"}, {**FOLLOWED, "broadcaster_id": "12"}]
    pages = [{"data": rows[:1], "total": 2, "pagination": {"cursor": "eyJ"}}, {"data": rows[1:], "pagination": {}}]
    stage.serve(*(answer(200, page) for page in pages), url=f"{API}/channels/followed")
    frame = client.twitch.followed_channels("user_1")
    check_shape(frame, connector.resource("followed_channels"))
    check(frame, rows)
    asked = stage.asked("twitch")
    assert [one.query.get("after") for one in asked] == [None, "eyJ"]
    assert {one.query["user_id"] for one in asked} == {"44322889"}


def test_followed_streams(stage: Stage, connect: Connect) -> None:
    """A stream as Twitch documents it is a row; whose it is stands under the name that followed channels have."""
    client = opened(stage, connect)
    stage.serve(answer(200, {"data": [STREAM], "pagination": {}}), url=f"{API}/streams/followed")
    frame = client.twitch.followed_streams("user_1")
    check_shape(frame, connector.resource("followed_streams"))
    check(frame, [{name.replace("user_", "broadcaster_"): value for name, value in STREAM.items()}])


@pytest.mark.parametrize(("text", "seconds"), [("3m8s", 188), ("1h0m1s", 3601), ("2d1h", 176400), ("", None)])
def test_videos(stage: Stage, connect: Connect, text: str, seconds: int | None) -> None:
    """How long a video is becomes a number of seconds."""
    client = opened(stage, connect)
    video = {"id": "335921245", "stream_id": None, "title": "Hi", "duration": text, "view_count": 7}
    video |= {"created_at": "2018-11-14T21:30:18Z", "published_at": "2018-11-14T22:04:30Z", "type": "upload"}
    stage.serve(answer(200, {"data": [video], "pagination": {}}), url=f"{API}/videos")
    frame = client.read("twitch.videos", "user_1", on_error="ignore").frame
    check_shape(frame, connector.resource("videos"))
    check(frame, [{**video, "duration": seconds}])


def error(status: int, name: str, message: str) -> dict[str, Any]:
    return {"error": name, "status": status, "message": message}


@pytest.mark.parametrize(
    ("status", "found", "headers", "expected"),
    [
        (401, error(401, "Unauthorized", "Missing scope: user:read:follows"), {}, sc.MissingScope),
        (401, error(401, "Unauthorized", "Invalid OAuth token"), {}, sc.ReconnectNeeded),
        (429, error(429, "Too Many Requests", "Too many."), {"ratelimit_reset": "4070908800"}, sc.RateLimited),
        (400, error(400, "Bad Request", "The ID is wrong."), {}, sc.RequestRefused),
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
    """Each documented error is what it means, in Twitch's own words; where a scope is missing, it is named."""
    client = opened(stage, connect)
    stage.serve(answer(status, found, **headers), url=f"{API}/streams/followed")
    with pytest.raises(expected) as caught:
        client.frame("twitch.followed_streams", "user_1")
    assert found["message"] in str(caught.value)
    if isinstance(caught.value, sc.MissingScope):
        assert caught.value.required == ("user:read:follows",)
        assert len(stage.asked("twitch")) == 1
    if isinstance(caught.value, sc.RateLimited):
        assert (caught.value.retry_after or 0) > 1e9


def test_a_token_that_is_not_accepted_ends_before_anything_else(stage: Stage, connect: Connect) -> None:
    """Where the token is refused as it is asked about, nothing else is asked for."""
    stage.connect("user_1", "twitch")
    stage.serve(answer(401, {"status": 401, "message": "invalid access token"}), url=VALIDATE)
    with pytest.raises(sc.ReconnectNeeded, match="invalid access token"):
        connect(max_wait=0).twitch.videos("user_1")
    assert stage.asked("twitch") == []


def test_discovery_names_the_host_of_the_token(stage: Stage, connect: Connect) -> None:
    """The recorded discovery has the host that the token is asked at, so that it goes nowhere else."""
    del stage, connect
    assert body("discovery")["issuer"].startswith("https://id.twitch.tv/")
    assert set(connector.origins) == {"https://api.twitch.tv", "https://id.twitch.tv"}


def test_followed_at_is_a_moment(stage: Stage, connect: Connect) -> None:
    """The time of a follow is in UTC."""
    client = opened(stage, connect)
    page = {"data": [{**FOLLOWED, "followed_at": "2022-05-24T22:22:08Z"}], "pagination": {}}
    stage.serve(answer(200, page), url=f"{API}/channels/followed")
    assert client.twitch.followed_channels("user_1")["followed_at"].iloc[0] == pd.Timestamp("2022-05-24T22:22:08Z")


def test_every_recording_is_read() -> None:
    """No recorded body of Twitch's is left out of these tests."""
    shared("recorded", "twitch")
    assert {path.stem for path in RECORDED.joinpath("twitch").glob("*.json")} == {"discovery", "users", "users_empty"}
