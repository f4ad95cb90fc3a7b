"""Every recorded body of Facebook's, through the resource that reads such a thing, and its errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from tests.recorded.cassettes import RECORDED, answer, shared
from tests.recorded.rows import check, check_shape

import socialconnect as sc
from socialconnect.connectors.facebook import connector
from socialconnect.reading.decide import Fail, Retry, decide

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.recorded.server import Stage

    Connect = Callable[..., sc.Client]

API = "https://graph.facebook.com/v25.0/me"
BUSY = '{"10153": [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 19}]}'
IDLE = '{"10153": [{"type": "pages", "call_count": 12, "estimated_time_to_regain_access": 0}]}'


def body(name: str) -> Any:
    return answer(200, shared("recorded", "facebook", f"{name}.json").read_bytes()).json()


def opened(stage: Stage, connect: Connect, **settings: object) -> sc.Client:
    stage.connect("user_1", "facebook", scopes=["public_profile", "email", "pages_show_list", "user_posts"])
    return connect(max_wait=0, **settings)


@pytest.mark.parametrize("name", ["me", "me_default_fields"])
def test_the_user(stage: Stage, connect: Connect, name: str) -> None:
    """Each recorded person is a row of what is there: fields that were not sent are NA."""
    found = body(name)
    client = opened(stage, connect)
    stage.serve(answer(200, found), url=API)
    frame = client.facebook.profile("user_1")
    check_shape(frame, connector.resource("profile"))
    picture = found.get("picture", {}).get("data", {})
    check(frame, [{**found, "picture_url": picture.get("url"), "is_silhouette": picture.get("is_silhouette")}])
    assert frame["name"].notna().all()
    (seen,) = stage.asked("facebook")
    assert "picture.width(200)" in seen.query["fields"].split(",")
    assert "access_token" not in seen.query


def test_pages(stage: Stage, connect: Connect) -> None:
    """Both recorded pages come by their cursor; no token of a Page, and none in an address, is shown or sent."""
    client = opened(stage, connect)
    first, second = body("me_accounts_page1"), body("me_accounts_page2")
    stage.serve(answer(200, first), url=f"{API}/accounts")
    stage.serve(answer(200, second), url=f"{API}/accounts?after=after")
    run = client.read("facebook.pages", "user_1", raw=True)
    frame = run.frame.drop(columns="raw")
    check_shape(frame, connector.resource("pages"))
    check(frame, [*first["data"], *second["data"]])
    assert len(frame) == first["summary"]["total_count"]
    assert "category_list" in run.frame["raw"].iloc[0]
    assert "REDACTED" not in run.frame.to_csv()
    asked = [one.query for one in stage.asked("facebook")]
    assert [one.get("after") for one in asked] == [None, "after"]
    assert all("access_token" not in one["fields"] and "access_token" not in one for one in asked)


def test_posts(stage: Stage, connect: Connect) -> None:
    """Posts follow the next address, over an empty page too, but not with the token that stands in it."""
    client = opened(stage, connect)
    post = {"id": "1_2", "message": "hi", "created_time": "2026-05-01T09:00:00+0000", "status_type": "mobile_status"}
    following = f"{API}/posts?fields=id&limit=100&until=1714554000&__paging_token=enc_A"
    stage.serve(answer(200, {"data": [post], "paging": {"next": f"{following}&access_token=u1"}}), url=f"{API}/posts")
    stage.serve(answer(200, {"data": [], "paging": {"next": f"{API}/posts?until=7"}}), url=following)
    stage.serve(answer(200, {"data": [{"id": "1_1", "story": "Ada moved"}]}), url=f"{API}/posts?until=7")
    frame = client.facebook.posts("user_1", since="2026-01-01")
    check_shape(frame, connector.resource("posts"))
    check(frame, [post, {"id": "1_1", "story": "Ada moved"}])
    assert frame["created_time"].iloc[0] == pd.Timestamp("2026-05-01T09:00Z")
    asked = [one.query for one in stage.asked("facebook")]
    assert asked[0]["since"] == "1767225600"
    assert asked[1]["__paging_token"] == "enc_A"
    assert not [one for one in asked if "access_token" in one]


def test_another_version(stage: Stage, connect: Connect) -> None:
    """The version in the path is the pinned one, or what the setting says."""
    client = opened(stage, connect, api_versions={"facebook": "v26.0"})
    stage.serve(answer(200, {"id": "4"}), url="https://graph.facebook.com/v26.0/me")
    assert client.facebook.profile("user_1")["id"].tolist() == ["4"]


@pytest.mark.parametrize(
    ("name", "words"), [("error_100", "Pages Public Content Access"), ("error_191", "redirect_uri isn't an absolute")]
)
def test_recorded_refusals(stage: Stage, connect: Connect, name: str, words: str) -> None:
    """A wrong request is refused with Facebook's words, its code and its id of the request."""
    client = opened(stage, connect)
    found = body(name)
    stage.serve(answer(400, found), url=API)
    with pytest.raises(sc.RequestRefused, match=words) as caught:
        client.facebook.profile("user_1")
    assert caught.value.context["codes"] == (str(found["error"]["code"]),)
    assert caught.value.trace_id == found["error"]["fbtrace_id"]


def error(code: int, subcode: int | None = None, message: str = "What happened.") -> dict[str, Any]:
    return {"error": {"message": message, "type": "OAuthException", "code": code, "error_subcode": subcode}}


@pytest.mark.parametrize(
    ("status", "found", "expected", "words"),
    [
        (400, error(190, 463), sc.ReconnectNeeded, "does not accept the token"),
        (401, error(102), sc.ReconnectNeeded, "does not accept the token"),
        (400, error(190, 459), sc.ReconnectNeeded, "log in there"),
        (400, error(10), sc.MissingScope, "needs user_posts"),
        (403, error(200), sc.MissingScope, "needs user_posts"),
        (403, error(299), sc.MissingScope, "approved your app"),
        (400, error(368), sc.AccessDenied, "for a while"),
        (403, error(3), sc.AccessDenied, "denies"),
        (
            400,
            error(100, None, "API calls from the server require an appsecret_proof argument"),
            sc.SetupError,
            "App S",
        ),
    ],
)
def test_errors(
    stage: Stage,
    connect: Connect,
    status: int,
    found: dict[str, Any],
    expected: type[sc.SocialConnectError],
    words: str,
) -> None:
    """Each documented code is what it means, whatever the status."""
    client = opened(stage, connect)
    stage.serve(answer(status, found), url=f"{API}/posts")
    with pytest.raises(expected, match=words) as caught:
        client.frame("facebook.posts", "user_1")
    assert type(caught.value) is expected


@pytest.mark.parametrize("code", [1, 2])
def test_what_passes(code: int) -> None:
    """A failure of Facebook's own is tried three times in all, although its status is that of a wrong request."""

    def decided(attempt: int) -> object:
        response = answer(400, error(code)).response()
        return decide(response, attempt=attempt, attempts=6, manners=connector.manners, now=0.0, dice=lambda: 0.0)

    assert [type(decided(attempt)) for attempt in (1, 2, 3)] == [Retry, Retry, Fail]


@pytest.mark.parametrize("code", [4, 17, 32, 341, 613])
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x_business_use_case_usage": BUSY}, 19 * 60),
        ({"x_business_use_case_usage": IDLE, "retry_after": "40"}, 40),
        ({"x_app_usage": '{"call_count": 100}'}, 300),
    ],
)
def test_throttling(stage: Stage, connect: Connect, code: int, headers: dict[str, str], seconds: float) -> None:
    """Too many calls come with other statuses than 429; the wait stands in minutes in a header, or nowhere."""
    client = opened(stage, connect)
    stage.serve(answer(403 if code == 4 else 400, error(code), **headers), url=f"{API}/accounts")
    with pytest.raises(sc.RateLimited) as caught:
        client.facebook.pages("user_1")
    assert caught.value.retry_after is not None
    assert seconds <= caught.value.retry_after <= seconds * 1.25 + 1


def test_every_recording_is_read() -> None:
    """No recorded body of Facebook's is left out of these tests."""
    shared("recorded", "facebook")
    assert {path.stem for path in RECORDED.joinpath("facebook").glob("*.json")} == {
        *("me", "me_default_fields", "me_accounts_page1", "me_accounts_page2", "error_100", "error_191")
    }
