"""Every recorded body of Discord's, through the resource that reads such a thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from tests.recorded.cassettes import RECORDED, answer, shared
from tests.recorded.rows import check, check_shape

import socialconnect as sc
from socialconnect.connectors.discord import connector

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.recorded.server import Stage

    Connect = Callable[..., sc.Client]

ME = "https://discord.com/api/v10/users/@me"


def body(name: str) -> Any:
    return answer(200, shared("recorded", "discord", f"{name}.json").read_bytes()).json()


def moment(identity: str) -> str:
    """When a snowflake was made: milliseconds since 2015 stand above its lowest 22 bits."""
    return str(pd.Timestamp((int(identity) >> 22) + 1420070400000, unit="ms", tz="UTC"))


def opened(stage: Stage, connect: Connect) -> sc.Client:
    stage.connect("user_1", "discord", scopes=["identify", "email", "guilds", "connections"])
    return connect(max_wait=0)


@pytest.mark.parametrize("name", ["users_me", "users_me_doc"])
def test_the_profile(stage: Stage, connect: Connect, name: str) -> None:
    """Each recorded user is one row, with the address of the picture and the moment that the id tells."""
    client = opened(stage, connect)
    found = body(name)
    stage.serve(answer(200, found), url=ME)
    frame = client.discord.profile("user_1")
    check_shape(frame, connector.resource("profile"))
    url = f"https://cdn.discordapp.com/avatars/{found['id']}/{found['avatar']}.png"
    check(frame, [{**found, "avatar_url": url, "created_at": moment(found["id"])}])


def test_the_documented_moment(stage: Stage, connect: Connect) -> None:
    """The id that Discord's reference takes apart is the moment that it says."""
    client = opened(stage, connect)
    stage.serve(answer(200, {**body("users_me"), "id": "175928847299117063", "avatar": None}), url=ME)
    row = client.discord.profile("user_1").iloc[0]
    assert row["created_at"] == pd.Timestamp("2016-04-30T11:18:25.796Z")
    assert pd.isna(row["avatar_url"])


def test_guilds(stage: Stage, connect: Connect) -> None:
    """The recorded guild is a row; the counts are asked for, and a short page is the last."""
    client = opened(stage, connect)
    found = body("users_me_guilds")
    stage.serve(answer(200, found), url=f"{ME}/guilds")
    frame = client.discord.guilds("user_1")
    check_shape(frame, connector.resource("guilds"))
    (guild,) = found
    icon = f"https://cdn.discordapp.com/icons/{guild['id']}/{guild['icon']}.png"
    more = {"icon_url": icon, "created_at": moment(guild["id"])}
    more |= {"member_count": guild["approximate_member_count"], "presence_count": guild["approximate_presence_count"]}
    check(frame, [{**guild, **more}])
    (seen,) = stage.asked("discord")
    assert seen.query == {"with_counts": "true", "limit": "200"}
    assert seen.headers["user-agent"].startswith("DiscordBot (https://")


def test_a_full_page_of_guilds_has_a_next(stage: Stage, connect: Connect) -> None:
    """Behind 200 guilds the next are asked for by the last one's id, which stays a text."""
    client = opened(stage, connect)
    (guild,) = body("users_me_guilds")
    first = [{**guild, "id": str(int(guild["id"]) + place)} for place in range(200)]
    stage.serve(answer(200, first), answer(200, []), url=f"{ME}/guilds")
    assert client.discord.guilds("user_1")["id"].tolist() == [one["id"] for one in first]
    assert [seen.query.get("after") for seen in stage.asked("discord")] == [None, first[-1]["id"]]


@pytest.mark.parametrize("resource", ["guilds", "connections"])
def test_null_is_nothing(stage: Stage, connect: Connect, resource: str) -> None:
    """Discord's specification allows null for a list: a frame without rows, with all of its columns."""
    client = opened(stage, connect)
    stage.serve(answer(200, b"null"), url=f"{ME}/{resource}")
    frame = client.frame(f"discord.{resource}", "user_1")
    assert len(frame) == 0
    check_shape(frame, connector.resource(resource))


def test_connections(stage: Stage, connect: Connect) -> None:
    """A connection as Discord documents it is a row; what may be left out is NA."""
    client = opened(stage, connect)
    found = {"id": "7656", "name": "nelly", "type": "steam", "verified": True, "friend_sync": False}
    found |= {"show_activity": True, "two_way_link": False, "visibility": 1}
    stage.serve(answer(200, [found]), url=f"{ME}/connections")
    frame = client.discord.connections("user_1")
    check_shape(frame, connector.resource("connections"))
    check(frame, [found])
    assert frame["revoked"].isna().all()


def test_the_recorded_limit(stage: Stage, connect: Connect) -> None:
    """The wait is the body's, which has fractions, and not the header's."""
    client = opened(stage, connect)
    stage.serve(answer(429, body("error_429"), retry_after="9999"), url=ME)
    with pytest.raises(sc.RateLimited, match="You are being rate limited") as caught:
        client.frame("discord.profile", "user_1")
    assert 64.57 <= (caught.value.retry_after or 0) < 66


@pytest.mark.parametrize(
    ("status", "found", "expected"),
    [
        (401, {"code": 0, "message": "401: Unauthorized"}, sc.ReconnectNeeded),
        (403, {"code": 50026, "message": "Missing required OAuth2 scope"}, sc.MissingScope),
        (400, {"code": 50025, "message": "Invalid OAuth2 access token provided"}, sc.ReconnectNeeded),
        (403, {"code": 40333, "message": "internal network error"}, sc.AccessDenied),
    ],
)
def test_errors(
    stage: Stage, connect: Connect, status: int, found: dict[str, Any], expected: type[sc.SocialConnectError]
) -> None:
    """Each documented error is what its code means, in Discord's own words."""
    client = opened(stage, connect)
    stage.serve(answer(status, found), url=ME)
    with pytest.raises(expected) as caught:
        client.frame("discord.profile", "user_1")
    assert found["message"] in str(caught.value)


def test_every_recording_is_read() -> None:
    """No recorded body of Discord's is left out of these tests."""
    shared("recorded", "discord")
    assert {path.stem for path in RECORDED.joinpath("discord").glob("*.json")} == {
        *("error_429", "users_me", "users_me_doc", "users_me_guilds")
    }
