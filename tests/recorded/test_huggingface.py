"""The recorded userinfo of Hugging Face, and listings as its own client documents them: none was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.recorded.cassettes import RECORDED, answer, shared
from tests.recorded.rows import check, check_shape

import socialconnect as sc
from socialconnect.connectors.huggingface import connector

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.recorded.server import Stage

    Connect = Callable[..., sc.Client]

API = "https://huggingface.co"
MODEL = {
    "_id": "64f0",
    "id": "username/tiny",
    "author": "username",
    "sha": "0f3",
    "private": True,
    "gated": "auto",
    "downloads": 12,
    "likes": 3,
    "trendingScore": 2,
    "pipeline_tag": "text-generation",
    "library_name": "transformers",
    "tags": ["transformers", "license:mit"],
    "createdAt": "2024-02-03T04:05:06.000Z",
    "lastModified": "2024-05-06T07:08:09.000Z",
}
RENAMED = {"createdAt": "created_at", "lastModified": "last_modified", "trendingScore": "trending_score"}


def userinfo() -> Any:
    return answer(200, shared("recorded", "huggingface", "oauth_userinfo.json").read_bytes()).json()


def opened(stage: Stage, connect: Connect, **further: object) -> sc.Client:
    stage.connect("user_1", "huggingface", scopes=["openid", "profile", "email"])
    stage.serve(answer(200, {"preferred_username": "username", **further}), url=f"{API}/oauth/userinfo")
    return connect(max_wait=0)


def row(record: dict[str, Any], **own: object) -> dict[str, Any]:
    """A record under its columns' names."""
    return {RENAMED.get(name, name): value for name, value in record.items()} | own


def test_the_user(stage: Stage, connect: Connect) -> None:
    """The recorded userinfo is one row; an empty website and what was not told are NA."""
    found = userinfo()
    assert found["website"] == ""
    frame = opened(stage, connect, **found).huggingface.profile("user_1")
    check_shape(frame, connector.resource("profile"))
    check(frame, [{**found, "website": None}])
    assert frame["is_pro"].isna().all()


def test_what_the_user_belongs_to(stage: Stage, connect: Connect) -> None:
    """Organisations are a list of their names, and the plan stands in columns of its own."""
    orgs = [{"sub": "1", "name": "Acme", "preferred_username": "acme", "roleInOrg": "read"}]
    frame = opened(stage, connect, **userinfo(), isPro=False, canPay=True, orgs=orgs).huggingface.profile("user_1")
    assert frame["orgs"].tolist() == [["acme"]]
    assert frame[["is_pro", "can_pay"]].to_numpy().tolist() == [[False, True]]


def test_models(stage: Stage, connect: Connect) -> None:
    """Models are asked for by the user's name, once, and followed by the Link header; what was asked for comes."""
    client = opened(stage, connect)
    following = f"{API}/api/models?author=username&limit=500&cursor=eyJf"
    second = {**MODEL, "id": "username/other", "gated": False, "trendingScore": 0.5}
    stage.serve(answer(200, [MODEL], link=f'<{following}>; rel="next"'), url=f"{API}/api/models")
    stage.serve(answer(200, [second]), url=following)
    frame = client.huggingface.models("user_1")
    check_shape(frame, connector.resource("models"))
    check(frame, [row(MODEL), row(second, gated="false")])
    named, first, _ = stage.asked("huggingface")
    assert named.path == "/oauth/userinfo"
    assert {"author": "username", "limit": "500", "sort": "createdAt"}.items() <= first.query.items()
    assert "full" not in first.query
    stage.serve(answer(200, []), url=f"{API}/api/datasets")
    client.huggingface.datasets("user_1")
    assert sum(one.path == "/oauth/userinfo" for one in stage.asked("huggingface")) == 1


@pytest.mark.parametrize("name", ["datasets", "spaces"])
def test_others(stage: Stage, connect: Connect, name: str) -> None:
    """Datasets and Spaces have the same manners and columns of their own."""
    client = opened(stage, connect)
    runtime = {"stage": "RUNNING", "hardware": {"current": "cpu-basic", "requested": None}}
    record = {**MODEL, "sdk": "gradio", "subdomain": "username-tiny", "runtime": runtime}
    stage.serve(answer(200, [record]), url=f"{API}/api/{name}")
    frame = client.frame(f"huggingface.{name}", "user_1")
    check_shape(frame, connector.resource(name))
    check(frame, [row(record, stage="RUNNING", hardware="cpu-basic")])


def test_of_an_organisation(stage: Stage, connect: Connect) -> None:
    """Another author takes the user's place, tags are sent one by one."""
    client = opened(stage, connect)
    stage.serve(answer(200, []), url=f"{API}/api/models")
    frame = client.huggingface.models("user_1", author="acme", filter=["license:mit"], gated=False, sort="downloads")
    assert len(frame) == 0
    wanted = {"author": "acme", "filter": "license:mit", "gated": "false", "sort": "downloads"}
    assert wanted.items() <= stage.asked("huggingface")[-1].query.items()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"ratelimit": '"api";r=0;t=271', "retry_after": "5"}, 271),
        ({"ratelimit": '"api";r=0;t=1200'}, 1200),
        ({"ratelimit": '"api";r=940;t=271', "retry_after": "7"}, 7),
        ({"ratelimit": '"api";r=940;t=271'}, 60),
    ],
)
def test_how_long_to_wait(stage: Stage, connect: Connect, headers: dict[str, str], seconds: float) -> None:
    """The reset counts where the quota is used up; other limits have a wait of their own."""
    client = opened(stage, connect)
    stage.serve(answer(429, {"error": "We had to rate limit you"}, **headers), url=f"{API}/api/models")
    with pytest.raises(sc.RateLimited, match="We had to rate limit you") as caught:
        client.huggingface.models("user_1")
    assert caught.value.retry_after is not None
    assert seconds <= caught.value.retry_after <= seconds * 1.25 + 1


@pytest.mark.parametrize(
    ("status", "found", "expected"),
    [
        (401, {"error": "Invalid credentials in Authorization header"}, sc.ReconnectNeeded),
        (403, {"error": "Forbidden: your token lacks permissions"}, sc.AccessDenied),
        (400, {"error": "Invalid sort"}, sc.RequestRefused),
    ],
)
def test_errors(
    stage: Stage, connect: Connect, status: int, found: dict[str, str], expected: type[sc.SocialConnectError]
) -> None:
    """Each error is what its status means, in Hugging Face's words, with its id of the request."""
    client = opened(stage, connect)
    stage.serve(answer(status, found, x_request_id="Root=1-66"), url=f"{API}/api/datasets")
    with pytest.raises(expected) as caught:
        client.frame("huggingface.datasets", "user_1")
    assert type(caught.value) is expected
    assert found["error"] in str(caught.value)
    assert caught.value.trace_id == "Root=1-66"


def test_every_recording_is_read() -> None:
    """No recorded body of Hugging Face's is left out of these tests."""
    shared("recorded", "huggingface")
    assert {path.stem for path in RECORDED.joinpath("huggingface").glob("*.json")} == {"oauth_userinfo"}
