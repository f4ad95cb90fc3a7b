"""Every recorded body of Spotify's, through the resource that reads such a thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from tests.recorded.cassettes import RECORDED, answer, shared
from tests.recorded.rows import check, check_shape

import socialconnect as sc
from socialconnect.connectors.spotify import connector
from socialconnect.reading.decide import Fail, Retry, decide

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.recorded.server import Stage

    Connect = Callable[..., sc.Client]

API = "https://api.spotify.com/v1"
PLACES = {
    "playlists": ("me_playlists_items_key", "me/playlists"),
    "top_tracks": ("me_top_tracks", "me/top/tracks"),
    "top_artists": ("me_top_artists", "me/top/artists"),
    "recently_played": ("me_recently_played", "me/player/recently-played"),
    "saved_tracks": ("me_tracks", "me/tracks"),
    "playlist_items": ("playlist_items", "playlists/1Cp6VQCKf2VL4sP09jN9oX/items"),
}
SCOPES = [scope for resource in connector.resources for scope in resource.scopes]


def body(name: str) -> Any:
    return answer(200, shared("recorded", "spotify", f"{name}.json").read_bytes()).json()


def opened(stage: Stage, connect: Connect) -> sc.Client:
    stage.connect("user_1", "spotify", scopes=SCOPES)
    return connect(max_wait=0)


def pictured(record: dict[str, Any]) -> dict[str, Any]:
    """What every kind of record has of an address and a picture."""
    return {
        "url": record["external_urls"]["spotify"],
        "image_url": record["images"][0]["url"] if record["images"] else None,
    }


def track(record: dict[str, Any], *, prefix: bool = True) -> dict[str, Any]:
    """A track under the columns' names."""
    same = ("duration_ms", "explicit", "popularity", "track_number", "disc_number", "is_local", "uri")
    artists = [one["name"] for one in record["artists"]]
    ids = (
        {"track_id": record["id"], "track": record["name"]} if prefix else {"id": record["id"], "name": record["name"]}
    )
    return {
        **{key: record[key] for key in same},
        **ids,
        "artists": artists,
        "artist": artists[0],
        "album": record["album"]["name"],
        "release_date": record["album"]["release_date"],
        "isrc": record["external_ids"]["isrc"],
    }


def spoken(name: str, record: dict[str, Any], place: int) -> dict[str, Any]:
    """A record as the columns of its resource have it."""
    match name:
        case "playlists":
            owner = {"owner_id": record["owner"]["id"], "owner": record["owner"]["display_name"]}
            names = {key: record[key] for key in ("id", "name", "public", "collaborative", "snapshot_id")}
            counted = {"track_count": record["items"]["total"], "description": record["description"] or None}
            return {**names, **owner, **counted, **pictured(record)}
        case "top_tracks":
            return {"rank": place, **track(record, prefix=False)}
        case "top_artists":
            names = {key: record[key] for key in ("id", "name", "genres", "popularity", "uri")}
            return {"rank": place, **names, "followers": record["followers"]["total"], **pictured(record)}
        case "recently_played":
            context = {"context_type": record["context"]["type"], "context_uri": record["context"]["uri"]}
            return {"played_at": record["played_at"], **track(record["track"]), **context}
        case "saved_tracks":
            return {"added_at": record["added_at"], **track(record["track"])}
    added = {"added_at": record["added_at"], "added_by": record["added_by"]["id"], "type": record["item"]["type"]}
    return {"playlist_id": PLACES[name][1].split("/")[1], "position": place, **added, **track(record["item"])}


def test_the_user(stage: Stage, connect: Connect) -> None:
    """The recorded user is one row; what only newer or other apps are told is NA."""
    client = opened(stage, connect)
    found = body("me")
    stage.serve(answer(200, found), url=f"{API}/me")
    frame = client.spotify.profile("user_1")
    check_shape(frame, connector.resource("profile"))
    names = {key: found[key] for key in ("id", "display_name", "uri", "email", "country", "product")}
    check(frame, [{**names, **pictured(found), "followers": found["followers"]["total"]}])
    assert frame[["account_id", "explicit_filter"]].isna().all(axis=None)


@pytest.mark.parametrize("name", PLACES)
def test_listings(stage: Stage, connect: Connect, name: str) -> None:
    """Each recorded record is a row, with its place where there is one; the address of the next page is followed."""
    client = opened(stage, connect)
    recording, path = PLACES[name]
    found = body(recording)
    stage.serve(answer(200, found), url=f"{API}/{path}?limit=50")
    stage.serve(answer(200, {"items": [], "next": None}), url=found["next"] or f"{API}/none")
    named = {"playlist": path.split("/")[1]} if name == "playlist_items" else {}
    frame = client.frame(f"spotify.{name}", "user_1", **named)
    check_shape(frame, connector.resource(name))
    assert len(frame) == len(found["items"]) > 0
    check(frame, [spoken(name, record, place) for place, record in enumerate(found["items"], 1)])
    assert len(stage.asked("spotify")) == (2 if found["next"] else 1)


def test_a_playlist_of_either_name(stage: Stage, connect: Connect) -> None:
    """What is counted and listed as tracks still is read like what is counted and listed as items."""
    client = opened(stage, connect)
    playlist = {"id": "p1", "name": "Old", "tracks": {"total": 7}, "items": None, "images": []}
    newer = {"id": "p2", "name": "New", "items": {"total": 8}, "tracks": None}
    stage.serve(answer(200, {"items": [playlist, newer]}), url=f"{API}/me/playlists")
    entries = body("playlist_items")["items"]
    for entry in entries:
        del entry["item"]
    gone = {"added_at": None, "track": None}
    stage.serve(answer(200, {"items": [*entries, gone]}), url=f"{API}/playlists/p1/items")
    assert client.spotify.playlists("user_1")["track_count"].tolist() == [7, 8]
    frame = client.spotify.playlist_items("user_1", playlist="p1")
    assert frame["track"].tolist() == [entries[0]["track"]["name"], pd.NA]
    assert frame["position"].tolist() == [1, 2]


def test_others_playlists_are_denied_alone(stage: Stage, connect: Connect) -> None:
    """One playlist that is not shown leaves the rows of the others, and the outcome says so."""
    client = opened(stage, connect)
    playlists = [{"id": "mine", "name": "Mine"}, {"id": "theirs", "name": "Theirs"}]
    stage.serve(answer(200, {"items": playlists}), url=f"{API}/me/playlists")
    stage.serve(answer(200, body("playlist_items")), url=f"{API}/playlists/mine/items")
    refusal = {"error": {"status": 403, "message": "Forbidden"}}
    stage.serve(answer(403, refusal), url=f"{API}/playlists/theirs/items")
    run = client.read("spotify.playlist_items", "user_1", on_error="ignore")
    assert run.frame[["playlist_id", "playlist"]].drop_duplicates().to_numpy().tolist() == [["mine", "Mine"]]
    assert run.outcomes["status"].tolist() == ["partial"]


def test_what_a_caller_asks_for(stage: Stage, connect: Connect) -> None:
    """The range of the top lists and the moment before which is asked go into the query; two moments exclude it."""
    client = opened(stage, connect)
    stage.serve(answer(200, {"items": []}), url=f"{API}/me/top/tracks")
    stage.serve(answer(200, {"items": []}), url=f"{API}/me/player/recently-played")
    client.spotify.top_tracks("user_1", time_range="short_term")
    client.spotify.recently_played("user_1", before="2026-02-25T14:06:10.058Z")
    queries = [seen.query for seen in stage.asked("spotify")]
    assert queries == [{"limit": "50", "time_range": "short_term"}, {"limit": "50", "before": "1772028370058"}]
    with pytest.raises(sc.UsageError, match="exclude"):
        client.spotify.recently_played("user_1", before="2026-02-25", after="2026-02-24")


@pytest.mark.parametrize(("recording", "expected"), [("error_404", sc.NotFound), ("error_429", sc.RateLimited)])
def test_recorded_errors(stage: Stage, connect: Connect, recording: str, expected: type[sc.SocialConnectError]) -> None:
    """Each recorded error is what it means, in Spotify's own words."""
    client = opened(stage, connect)
    found = body(recording)["error"]
    stage.serve(answer(found["status"], {"error": found}), url=f"{API}/playlists/p1/items")
    with pytest.raises(expected, match=found["message"]):
        client.frame("spotify.playlist_items", "user_1", playlist="p1")


@pytest.mark.parametrize(("wait", "meant"), [("5", Retry), ("34000", Fail)])
def test_hours_are_not_waited_for(wait: str, meant: type[Retry | Fail]) -> None:
    """A wait of seconds is waited for; one of hours is told at once, with the time to come back."""
    found = answer(429, body("error_429"), retry_after=wait).response()
    decided = decide(found, attempt=1, attempts=5, manners=connector.manners, now=0.0, dice=lambda: 0.0)
    assert isinstance(decided, meant)
    assert (decided.retry_after if isinstance(decided, Fail) else decided.after) == float(wait)


@pytest.mark.parametrize(
    ("status", "message", "expected", "told"),
    [
        (401, "The access token expired", sc.ReconnectNeeded, ""),
        (401, "Permissions missing", sc.MissingScope, ""),
        (403, "Insufficient client scope", sc.MissingScope, ""),
        (403, "User not registered in the Developer Dashboard", sc.AccessDenied, "User Management"),
        (403, "Active premium subscription required for the owner of the app", sc.AccessDenied, "Premium"),
        (400, "Invalid limit", sc.RequestRefused, ""),
    ],
)
def test_errors(
    stage: Stage, connect: Connect, status: int, message: str, expected: type[sc.SocialConnectError], told: str
) -> None:
    """Each further error is what it means, and says what the owner of the app can do."""
    client = opened(stage, connect)
    stage.serve(answer(status, {"error": {"status": status, "message": message}}), url=f"{API}/me")
    with pytest.raises(expected, match=message) as caught:
        client.frame("spotify.profile", "user_1")
    assert told in str(caught.value)


def test_every_recording_is_read() -> None:
    """No recorded body of Spotify's is left out of these tests."""
    shared("recorded", "spotify")
    read = {"me", "error_404", "error_429", *(recording for recording, _ in PLACES.values())}
    assert {path.stem for path in RECORDED.joinpath("spotify").glob("*.json")} == read
