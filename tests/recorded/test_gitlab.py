"""Every recorded body of GitLab's, through the resource that reads such a thing, and its errors as documented."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.recorded.cassettes import RECORDED, answer, shared
from tests.recorded.rows import check, check_shape

import socialconnect as sc
from socialconnect.connectors.gitlab import connector

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from tests.recorded.server import Stage

    Connect = Callable[..., sc.Client]

API = "https://gitlab.com/api/v4"
SCOPE = {"error": "insufficient_scope", "error_description": "Higher privileges."}


def body(name: str) -> Any:
    return answer(200, shared("recorded", "gitlab", f"{name}.json").read_bytes()).json()


def read(
    stage: Stage, connect: Connect, resource: str, found: object, status: int = 200, **headers: str
) -> pd.DataFrame:
    path = {"profile": "user"}.get(resource, resource)
    stage.connect("user_1", "gitlab", scopes=["read_api"])
    stage.serve(answer(status, found, **headers), url=f"{API}/{path}")
    return connect(max_wait=0).frame(f"gitlab.{resource}", "user_1")


def test_the_user(stage: Stage, connect: Connect) -> None:
    """The recorded account is one row; a day is its midnight, and what was not told is NA."""
    record = body("user")
    frame = read(stage, connect, "profile", record)
    check_shape(frame, connector.resource("profile"))
    check(frame, [{**record, "id": str(record["id"]), "last_activity_on": f"{record['last_activity_on']}T00:00Z"}])
    assert frame["is_admin"].isna().all()


def test_projects(stage: Stage, connect: Connect) -> None:
    """The recorded project is one row, with its tags as topics, asked for by the key."""
    (record,) = body("projects")
    record["namespace"]["full_path"] = "tools/diaspora"  # a group in a group, of which path is the last part
    frame = read(stage, connect, "projects", [record])
    check_shape(frame, connector.resource("projects"))
    wanted = {
        **{key: value for key, value in record.items() if key != "namespace"},
        **{key: str(record[key]) for key in ("id", "creator_id")},
        "namespace": record["namespace"]["full_path"],
        "namespace_kind": record["namespace"]["kind"],
        "topics": record["tag_list"],
    }
    check(frame, [wanted])
    (seen,) = stage.asked("gitlab")
    assert seen.query == {
        "membership": "true",
        "pagination": "keyset",
        "order_by": "id",
        "sort": "asc",
        "per_page": "100",
    }


def test_a_project_keeps_its_runners_token_to_itself(stage: Stage, connect: Connect) -> None:
    """What administers runners is not shown, not even raw."""
    (record,) = body("projects")
    stage.connect("user_1", "gitlab")
    stage.serve(answer(200, [{**record, "runners_token": "b8547b1d"}]), url=f"{API}/projects")
    frame = connect().gitlab.projects("user_1", raw=True)
    assert '"ssh_url_to_repo"' in frame["raw"].iloc[0]
    assert "b8547b1d" not in frame.to_csv()


def test_projects_are_followed_by_their_key(stage: Stage, connect: Connect) -> None:
    """The next page is where the Link header says, until an answer has none."""
    following = f"{API}/projects?membership=true&pagination=keyset&order_by=id&sort=asc&per_page=100&id_after=4"
    stage.connect("user_1", "gitlab")
    stage.serve(answer(200, [{"id": 4}], link=f'<{following}>; rel="next"'), url=f"{API}/projects")
    stage.serve(answer(200, [{"id": 7}]), url=following)
    assert connect().gitlab.projects("user_1")["id"].tolist() == ["4", "7"]
    assert stage.asked("gitlab")[1].query["id_after"] == "4"


def test_the_recorded_refusal(stage: Stage, connect: Connect) -> None:
    """A token that GitLab does not take is fetched again, and then means to connect again."""
    with pytest.raises(sc.ReconnectNeeded, match="401 Unauthorized"):
        read(stage, connect, "profile", body("error_unauthorized"), 401)
    assert len(stage.asked("gitlab")) == 2


@pytest.mark.parametrize(("named", "required"), [("api read_api", ("read_api",)), ("api", ("api",))])
def test_a_missing_scope_is_named(stage: Stage, connect: Connect, named: str, required: tuple[str, ...]) -> None:
    """Of the scopes that the body lists the least is asked for, or the one that stands there."""
    with pytest.raises(sc.MissingScope) as caught:
        read(stage, connect, "merge_requests", {**SCOPE, "scope": named}, 403)
    assert caught.value.context["required"] == required


@pytest.mark.parametrize(
    ("found", "status", "expected"),
    [
        (b"Retry later\n", 429, sc.RateLimited),
        ({"message": {"scope": ["does not have a valid value"]}}, 400, sc.RequestRefused),
        ({"message": "403 Forbidden"}, 403, sc.AccessDenied),
        ({"message": "404 Project Not Found"}, 404, sc.NotFound),
    ],
)
def test_other_errors(
    stage: Stage, connect: Connect, found: object, status: int, expected: type[sc.SocialConnectError]
) -> None:
    """Text that is no JSON, and messages by field, are errors of their kind."""
    with pytest.raises(expected) as caught:
        read(stage, connect, "issues", found, status)
    assert type(caught.value) is expected


def test_a_wait_stands_in_the_headers(stage: Stage, connect: Connect) -> None:
    """Retry-After counts before the epoch second of the reset."""
    stage.connect("user_1", "gitlab")
    throttled = answer(429, b"Retry later", retry_after="0", ratelimit_reset="99999999999")
    stage.serve(throttled, answer(200, [{"id": 1}]), url=f"{API}/issues")
    assert len(connect().gitlab.issues("user_1")) == 1


def test_what_is_asked_for_by_default(stage: Stage, connect: Connect) -> None:
    """Merge requests are the user's own, issues those assigned to them, in every state and oldest first."""
    stage.connect("user_1", "gitlab")
    for name in ("merge_requests", "issues"):
        stage.serve(answer(200, []), url=f"{API}/{name}")
    client = connect()
    client.gitlab.merge_requests("user_1")
    client.gitlab.issues("user_1", scope="all", updated_after="2026-05-01")
    own, assigned = (seen.query for seen in stage.asked("gitlab"))
    usual = {"state": "all", "order_by": "created_at", "sort": "asc", "per_page": "100"}
    assert own == {**usual, "scope": "created_by_me"}
    assert assigned == {**usual, "scope": "all", "updated_after": "2026-05-01T00:00:00Z"}


def test_every_body_is_read() -> None:
    """No recording lies there unread."""
    found = {path.stem for path in RECORDED.joinpath("gitlab").glob("*.json")}
    assert found <= {"user", "projects", "error_unauthorized"}
