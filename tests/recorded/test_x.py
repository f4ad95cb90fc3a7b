"""Every recorded body of X's, through the resource that reads such a thing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.recorded.cassettes import RECORDED, answer, shared
from tests.recorded.rows import check, check_shape

import socialconnect as sc
from socialconnect.connectors.x import connector

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.recorded.server import Stage

    Connect = Callable[..., sc.Client]

API = "https://api.x.com/2"
ME = "1301152652357595137"
PLACES = {
    "posts": ("users_id_tweets", "tweets"),
    "bookmarks": ("bookmarks", "bookmarks"),
    "likes": ("liked_tweets", "liked_tweets"),
    "following": ("following", "following"),
}
SCOPES = ["users.read", "tweet.read", "bookmark.read", "like.read", "follows.read"]


def body(name: str) -> Any:
    return answer(200, shared("recorded", "x", f"{name}.json").read_bytes()).json()


def opened(stage: Stage, connect: Connect, *scopes: str) -> sc.Client:
    stage.connect("user_1", "x", scopes=[*SCOPES, *scopes])
    stage.serve(answer(200, body("users_me")), url=f"{API}/users/me")
    return connect(max_wait=0)


def spoken(record: dict[str, Any]) -> dict[str, Any]:
    """A record under the columns' names."""
    metrics = record.get("public_metrics", {})
    names = {"likes": "like_count", "reposts": "retweet_count", "replies": "reply_count", "quotes": "quote_count"}
    counted = {name: metrics[key] for name, key in names.items() if key in metrics}
    return {**record, **counted, "pinned_post_id": record.get("pinned_tweet_id")}


def test_the_user(stage: Stage, connect: Connect) -> None:
    """The recorded user is one row; the address is not asked for where its scope is missing."""
    frame = opened(stage, connect).x.profile("user_1")
    check_shape(frame, connector.resource("profile"))
    check(frame, [spoken(body("users_me")["data"])])
    (seen,) = stage.asked("x")
    assert "public_metrics" in seen.query["user.fields"]
    assert "confirmed_email" not in seen.query["user.fields"]


def test_the_address_needs_its_scope(stage: Stage, connect: Connect) -> None:
    """With users.email granted, the confirmed address is asked for and read."""
    client = opened(stage, connect, "users.email")
    counts = {"followers_count": 6, "following_count": 9, "tweet_count": 4, "listed_count": 0, "like_count": 2}
    more = {"confirmed_email": "mia@example.com", "public_metrics": counts}
    stage.routes.clear()
    stage.serve(answer(200, {"data": {**body("users_me")["data"], **more}}), url=f"{API}/users/me")
    row = client.x.profile("user_1").iloc[0]
    assert row["confirmed_email"] == "mia@example.com"
    assert row[["followers", "following", "posts", "listed", "likes"]].tolist() == [6, 9, 4, 0, 2]
    assert stage.asked("x")[0].query["user.fields"].endswith(",confirmed_email")


@pytest.mark.parametrize("name", PLACES)
def test_listings(stage: Stage, connect: Connect, name: str) -> None:
    """Each recorded record is a row; the user's id is in the path; the page after is asked for, and has no data."""
    client = opened(stage, connect)
    recording, path = PLACES[name]
    found = body(recording)
    stage.serve(answer(200, found), answer(200, {"meta": {"result_count": 0}}), url=f"{API}/users/{ME}/{path}")
    frame = client.frame(f"x.{name}", "user_1")
    check_shape(frame, connector.resource(name))
    check(frame, map(spoken, found["data"]))
    assert len(frame) == 5
    asked = [seen for seen in stage.asked("x") if seen.path != "/2/users/me"]
    assert [seen.query.get("pagination_token") for seen in asked] == [None, found["meta"]["next_token"]]
    assert {seen.query["max_results"] for seen in asked} == {"1000" if name == "following" else "100"}


@pytest.mark.parametrize(
    ("own", "count", "note"),
    [("tweet", "retweet_count", "note_tweet"), ("post", "repost_count", "note_post")],
)
def test_both_names_are_read(stage: Stage, connect: Connect, own: str, count: str, note: str) -> None:
    """Whether X speaks of tweets or of posts, the columns are the same."""
    client = opened(stage, connect)
    long = "long " * 100
    post = {
        "id": "1",
        "text": "long long…",
        note: {"text": long},
        "public_metrics": {count: 3, "like_count": 4, "impression_count": 5, "bookmark_count": 6},
        f"referenced_{own}s": [{"type": "quoted", "id": "7"}, {"type": "replied_to", "id": "8"}],
        f"edit_history_{own}_ids": ["1"],
        "entities": {
            "hashtags": [{"tag": "data"}, {"tag": "python"}],
            "mentions": [{"username": "mia", "id": "9"}],
            "urls": [{"url": "https://t.co/a", "expanded_url": "https://example.com/a"}],
        },
    }
    stage.serve(answer(200, {"data": [post]}), url=f"{API}/users/{ME}/tweets")
    row = client.x.posts("user_1", exclude=["replies", "retweets"], start_time="2026-05-01").iloc[0]
    assert row[["text", "reposts", "likes", "impressions", "bookmarks"]].tolist() == [long, 3, 4, 5, 6]
    assert row[["ref_type", "ref_id", "edit_ids"]].tolist() == ["quoted", "7", ["1"]]
    assert row[["hashtags", "mentions", "links"]].tolist() == [["data", "python"], ["mia"], ["https://example.com/a"]]
    seen = stage.asked("x")[-1]
    assert {"exclude": "replies,retweets", "start_time": "2026-05-01T00:00:00Z"}.items() <= seen.query.items()


GONE = {"title": "Not Found Error", "detail": "Could not find it.", "type": f"{API}/problems/resource-not-found"}
SECRET = {
    "title": "Authorization Error",
    "detail": "You may not.",
    "type": f"{API}/problems/not-authorized-for-resource",
}


def test_what_is_missing_is_told(stage: Stage, connect: Connect) -> None:
    """Errors beside data keep the rows, and the outcome says in X's words that something is missing."""
    client = opened(stage, connect)
    found = {"data": body("bookmarks")["data"], "errors": [GONE]}
    stage.serve(answer(200, found), url=f"{API}/users/{ME}/bookmarks")
    run = client.read("x.bookmarks", "user_1", on_error="ignore")
    assert len(run.frame) == 5
    assert run.outcomes["status"].tolist() == ["partial"]
    assert "Could not find it." in run.outcomes["cut"].iloc[0]


@pytest.mark.parametrize(
    ("status", "found", "expected"),
    [
        (200, {"errors": [GONE]}, sc.NotFound),
        (200, {"errors": [SECRET]}, sc.AccessDenied),
        (200, {"errors": [{"title": "Odd", "detail": "Something else."}]}, sc.RequestRefused),
        (
            401,
            {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"},
            sc.ReconnectNeeded,
        ),
        (403, {"title": "Forbidden", "type": "about:blank", "status": 403, "detail": "Forbidden"}, sc.AccessDenied),
        (403, {"detail": "Not enrolled.", "type": f"{API}/problems/client-forbidden"}, sc.SetupError),
        (402, {"detail": "No credits."}, sc.SetupError),
        (429, {"detail": "Usage cap exceeded.", "type": f"{API}/problems/usage-capped"}, sc.RateLimited),
        (400, {"errors": [{"message": "Invalid max_results."}], "title": "Invalid Request"}, sc.RequestRefused),
    ],
)
def test_errors(
    stage: Stage, connect: Connect, status: int, found: dict[str, Any], expected: type[sc.SocialConnectError]
) -> None:
    """Each documented error is what it means, in X's own words, whatever status it comes with."""
    client = opened(stage, connect)
    stage.serve(answer(status, found), url=f"{API}/users/{ME}/liked_tweets")
    with pytest.raises(expected) as caught:
        client.frame("x.likes", "user_1")
    told = found.get("errors", [found])[0]
    assert told.get("detail", told.get("message")) in str(caught.value)


def test_the_limit_says_when_it_ends(stage: Stage, connect: Connect) -> None:
    """There is no Retry-After: the wait is until the epoch second of X's own header."""
    client = opened(stage, connect)
    found = {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}
    then = str(int(time.time()) + 500)
    stage.serve(answer(429, found, x_rate_limit_reset=then), url=f"{API}/users/{ME}/followers")
    with pytest.raises(sc.RateLimited, match="Rate limit exceeded") as caught:
        client.frame("x.followers", "user_1")
    assert 480 < (caught.value.retry_after or 0) < 510


def test_every_recording_is_read() -> None:
    """No recorded body of X's is left out of these tests."""
    shared("recorded", "x")
    read = {"users_me", *(recording for recording, _ in PLACES.values())}
    assert {path.stem for path in RECORDED.joinpath("x").glob("*.json")} == read
