"""Every recorded body of Linear's, through the resource that reads such a thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.recorded.cassettes import answer, shared
from tests.recorded.rows import check, check_shape

import socialconnect as sc
from socialconnect.connectors.linear import connector

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.recorded.server import Stage

    Connect = Callable[..., sc.Client]

URL = "https://api.linear.app/graphql"


def body(name: str) -> dict[str, Any]:
    found: dict[str, Any] = answer(200, shared("recorded", "linear", f"{name}.json").read_bytes()).json()
    return found


def snake(record: dict[str, Any]) -> dict[str, Any]:
    """A record under the columns' names: `createdAt` is `created_at`."""
    return {"".join(f"_{one.lower()}" if one.isupper() else one for one in key): value for key, value in record.items()}


def read(stage: Stage, connect: Connect, resource: str, found: dict[str, Any], status: int = 200) -> Any:
    stage.connect("user_1", "linear", scopes=["read"])
    stage.serve(answer(status, found), url=URL)
    return connect(max_wait=0).frame(f"linear.{resource}", "user_1")


def test_the_viewer(stage: Stage, connect: Connect) -> None:
    """The recorded viewer is one row; the organisation that the recording lacks is NA."""
    found = body("viewer")
    frame = read(stage, connect, "profile", found)
    check_shape(frame, connector.resource("profile"))
    check(frame, [snake(found["data"]["viewer"])])
    assert frame["organization"].isna().all()


def test_teams(stage: Stage, connect: Connect) -> None:
    """Each recorded team is a row."""
    found = body("teams")
    frame = read(stage, connect, "teams", found)
    check_shape(frame, connector.resource("teams"))
    check(frame, map(snake, found["data"]["teams"]["nodes"]))


def test_issues(stage: Stage, connect: Connect) -> None:
    """Each recorded issue is a row, with what is inside it in columns."""
    found = body("issues")
    frame = read(stage, connect, "issues", found)
    check_shape(frame, connector.resource("issues"))
    records = [
        {**snake(one), "state": one["state"]["name"], "state_type": one["state"]["type"], "team": one["team"]["key"]}
        for one in found["data"]["issues"]["nodes"]
    ]
    for record in records:
        del record["assignee"]  # the recording has their name, and Linear is asked for the display name
    check(frame, records)


def test_pages_follow_the_cursor(stage: Stage, connect: Connect) -> None:
    """The second page is asked for with the first one's end, and the rest of the query as it was."""
    first = body("teams")
    first["data"]["teams"]["pageInfo"]["hasNextPage"] = True
    stage.connect("user_1", "linear", scopes=["read"])
    stage.serve(answer(200, first), answer(200, {"data": {"teams": {"nodes": [], "pageInfo": {}}}}), url=URL)
    assert len(connect().linear.teams("user_1")) == 1
    assert len(stage.asked("linear")) == 2


def test_the_organization_alone(stage: Stage, connect: Connect) -> None:
    """What the recorded query for the workspace holds is what the profile has of it."""
    one = body("organization")["data"]["organization"]
    viewer = body("viewer")
    viewer["data"]["viewer"]["organization"] = one
    frame = read(stage, connect, "profile", viewer)
    assert frame[["organization_id", "organization", "organization_key"]].iloc[0].tolist() == [
        one["id"],
        one["name"],
        one["urlKey"],
    ]


def test_the_recorded_error(stage: Stage, connect: Connect) -> None:
    """A query that Linear does not understand is refused in its own words."""
    with pytest.raises(sc.RequestRefused, match='Cannot query field "nope"'):
        read(stage, connect, "issues", body("error_400_graphql_validation"), 400)


def error(code: str, kind: str) -> dict[str, Any]:
    """An error as Linear's SDK reads it."""
    return {"errors": [{"message": "No.", "extensions": {"code": code, "type": kind}}]}


@pytest.mark.parametrize(
    ("found", "status", "expected"),
    [
        (error("RATELIMITED", "ratelimited"), 400, sc.RateLimited),
        (error("RATELIMITED", ""), 200, sc.RateLimited),
        (error("", "authentication error"), 200, sc.ReconnectNeeded),
        (error("FORBIDDEN", "forbidden"), 400, sc.MissingScope),
        ({**error("", "invalid input"), "data": None}, 200, sc.RequestRefused),
    ],
)
def test_errors_that_do_not_look_like_one(
    stage: Stage, connect: Connect, found: dict[str, Any], status: int, expected: type[sc.SocialConnectError]
) -> None:
    """Whatever the status, the code or the type says what happened."""
    with pytest.raises(expected):
        read(stage, connect, "issues", found, status)


def test_half_an_answer_is_told(stage: Stage, connect: Connect) -> None:
    """Rows that came beside an error are kept, and the outcome says that others are missing."""
    stage.connect("user_1", "linear", scopes=["read"])
    stage.serve(answer(200, {**body("teams"), **error("", "other")}), url=URL)
    run = connect().read("linear.teams", "user_1", on_error="ignore")
    assert len(run.frame) == 1
    assert run.outcomes["status"].tolist() == ["partial"]
    assert "No." in run.outcomes["cut"].iloc[0]
