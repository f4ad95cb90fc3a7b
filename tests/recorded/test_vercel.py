"""Every recorded body of Vercel's, through the resource that reads such a thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from tests.recorded.cassettes import RECORDED, answer, shared
from tests.recorded.rows import check, check_shape

import socialconnect as sc
from socialconnect.connectors.vercel import connector

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.recorded.server import Stage

    Connect = Callable[..., sc.Client]

API = "https://api.vercel.com"
PATHS = {
    "profile": "/login/oauth/userinfo",
    "user": "/v2/user",
    "projects": "/v10/projects",
    "deployments": "/v6/deployments",
    "teams": "/v2/teams",
}


def body(name: str) -> Any:
    return answer(200, shared("recorded", "vercel", f"{name}.json").read_bytes()).json()


def snake(record: dict[str, Any]) -> dict[str, Any]:
    """A record under the columns' names, its milliseconds as texts: `createdAt` is `created_at`."""
    found = {
        "".join(f"_{one.lower()}" if one.isupper() else one for one in key): value for key, value in record.items()
    }
    moments = {name: found[name] for name in ("created_at", "updated_at") if name in found}
    return found | {name: moment(value) for name, value in moments.items()}


def moment(milliseconds: int) -> str:
    return str(pd.Timestamp(milliseconds, unit="ms", tz="UTC"))


def opened(stage: Stage, connect: Connect) -> sc.Client:
    stage.connect("user_1", "vercel", scopes=["openid", "email", "profile"])
    return connect(max_wait=0)


def read(stage: Stage, connect: Connect, resource: str, *found: Any, **arguments: Any) -> pd.DataFrame:
    """The frame of a resource that is answered so, page after page; the user has no teams."""
    client = opened(stage, connect)
    if resource != "teams":
        stage.serve(answer(200, body("teams")), url=f"{API}/v2/teams")
    stage.serve(*(answer(200, one) for one in found), url=f"{API}{PATHS[resource]}")
    frame = client.frame(f"vercel.{resource}", "user_1", **arguments)
    check_shape(frame.drop(columns="raw", errors="ignore"), connector.resource(resource))
    return frame


def asked(stage: Stage, resource: str) -> list[dict[str, str]]:
    """The queries of the requests for a resource."""
    return [one.query for one in stage.asked("vercel") if one.path == PATHS[resource]]


def test_the_profile(stage: Stage, connect: Connect) -> None:
    """The recorded claims are one row; a name that is null is NA."""
    found = body("userinfo")
    check(read(stage, connect, "profile", found), [found])


def test_the_user(stage: Stage, connect: Connect) -> None:
    """The recorded account is one row, its milliseconds a moment."""
    found = body("user")
    check(read(stage, connect, "user", found), [snake(found["user"])])


def test_projects(stage: Stage, connect: Connect) -> None:
    """Recorded projects are rows; the next page begins where the first one says, and null is the end."""
    first = body("projects")
    assert first["pagination"]["next"] == 1795296862261
    link = {"type": "github", "repo": "site", "productionBranch": "main"}
    other = {**first["projects"][0], "id": "prj_2", "link": link}
    frame = read(stage, connect, "projects", first, {"projects": [other], "pagination": {"next": None}}, team="t1")
    more = {"repo": "site", "repo_type": "github", "production_branch": "main"}
    check(frame, [{**snake(one), "team_id": "t1"} for one in (first["projects"][0], {**other, **more})])
    seen = asked(stage, "projects")
    assert [one.get("from") for one in seen] == [None, "1795296862261"]
    assert {one["teamId"] for one in seen} == {"t1"}
    assert asked(stage, "teams") == []


def test_a_cursor_may_be_a_text_and_zero_is_the_end(stage: Stage, connect: Connect) -> None:
    """Vercel's continuation is a number or a text; 0 is nothing to go on with."""
    (project,) = body("projects")["projects"]
    pages = [
        {"projects": [{**project, "id": f"prj_{following}"}], "pagination": {"next": following}}
        for following in ("token_2", 0)
    ]
    assert len(read(stage, connect, "projects", *pages)) == 2
    assert [one.get("from") for one in asked(stage, "projects")] == [None, "token_2"]


def test_secrets_of_a_project_are_never_read(stage: Stage, connect: Connect) -> None:
    """Neither environment variables nor what bypasses protection is in raw, where everything else is."""
    found = body("projects")
    found["pagination"]["next"] = None
    found["projects"][0] |= {"env": [{"key": "K", "value": "hidden-1"}], "protectionBypass": {"hidden-2": {}}}
    (raw,) = read(stage, connect, "projects", found, raw=True)["raw"]
    assert "tier" in raw
    assert "hidden" not in raw


def test_deployments(stage: Stage, connect: Connect) -> None:
    """The recorded deployment is a row; what the newer answer calls otherwise is found under either name."""
    found = body("deployments")
    (old,) = found["deployments"]
    new = {key: value for key, value in old.items() if key not in ("created", "state")}
    new |= {"uid": "dpl_2", "createdAt": old["created"] + 1, "ready": old["created"] + 2}
    new |= {"meta": {"githubCommitRef": "main", "githubCommitSha": "af8f6b1"}}
    found["deployments"] = [old, new]
    frame = read(stage, connect, "deployments", found, state=["READY", "ERROR"], project="alpha")
    same = {key: old[key] for key in ("name", "url", "target", "state")}
    same |= {"creator": old["creator"]["username"], "project_id": old["projectId"]}
    check(
        frame,
        [
            {**same, "uid": old["uid"], "created_at": moment(old["created"])},
            {
                **same,
                "uid": "dpl_2",
                "created_at": moment(old["created"] + 1),
                "ready_at": moment(old["created"] + 2),
                "branch": "main",
                "commit": "af8f6b1",
            },
        ],
    )
    assert asked(stage, "deployments") == [{"limit": "100", "state": "READY,ERROR", "projectId": "alpha"}]


def test_times_are_asked_for_in_milliseconds(stage: Stage, connect: Connect) -> None:
    """A caller's times become the numbers that Vercel wants."""
    read(stage, connect, "deployments", body("deployments"), since="2026-05-01", before="2026-05-01T00:00:01Z")
    assert asked(stage, "deployments") == [{"limit": "100", "since": "1777593600000", "until": "1777593601000"}]


def test_every_team_is_read(stage: Stage, connect: Connect) -> None:
    """What belongs to no team comes first, then each team's own under its id and name; two reads list them once."""
    client = opened(stage, connect)
    teams = [{"id": team, "slug": f"slug-of-{team}"} for team in ("t1", "t2")]
    stage.serve(answer(200, {**body("teams"), "teams": teams}), url=f"{API}/v2/teams")
    (project,) = body("projects")["projects"]
    stage.serve(answer(200, {"projects": [{**project, "id": "own"}]}), url=f"{API}/v10/projects")
    for team in ("t1", "t2"):
        page = {"projects": [{**project, "id": f"of-{team}"}, {**project, "id": "own"}]}
        stage.serve(answer(200, page), url=f"{API}/v10/projects?teamId={team}")
    frame = client.vercel.projects("user_1")
    assert frame["id"].tolist() == ["own", "of-t1", "own", "of-t2", "own"]
    assert frame["team_id"].fillna("none").tolist() == ["none", "t1", "t1", "t2", "t2"]
    assert frame["team"].fillna("none").tolist() == ["none", *["slug-of-t1"] * 2, *["slug-of-t2"] * 2]
    assert "teamId" not in asked(stage, "projects")[0]


def test_no_teams(stage: Stage, connect: Connect) -> None:
    """The recorded list is empty: a frame without rows, with all of its columns."""
    assert len(read(stage, connect, "teams", body("teams"))) == 0


def test_teams(stage: Stage, connect: Connect) -> None:
    """A team as Vercel documents it is a row, without its invitation code."""
    team = {"id": "team_1", "slug": "acme", "name": "Acme", "createdAt": 1795296862245, "membership": {"role": "OWNER"}}
    frame = read(stage, connect, "teams", {**body("teams"), "teams": [{**team, "inviteCode": "hidden"}]}, raw=True)
    check(frame.drop(columns="raw"), [{**snake(team), "role": "OWNER"}])
    assert "hidden" not in frame["raw"].iloc[0]


def error(code: str, **more: object) -> dict[str, Any]:
    return {"error": {"code": code, "message": f"It is {code}.", **more}}


@pytest.mark.parametrize(
    ("status", "found", "headers", "expected"),
    [
        (403, error("forbidden"), {}, sc.AccessDenied),
        (403, error("forbidden", invalidToken=True), {}, sc.ReconnectNeeded),
        (429, error("rate_limited"), {"x_ratelimit_reset": "4070908800"}, sc.RateLimited),
        (404, error("not_found"), {}, sc.NotFound),
        (400, error("bad_request"), {}, sc.RequestRefused),
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
    """Each documented error is what it means, in Vercel's own words; a reset that is far away is told."""
    client = opened(stage, connect)
    stage.serve(answer(200, body("teams")), url=f"{API}/v2/teams")
    stage.serve(answer(status, found, **headers), url=f"{API}/v10/projects")
    with pytest.raises(expected) as caught:
        client.frame("vercel.projects", "user_1")
    assert found["error"]["message"] in str(caught.value)
    if isinstance(caught.value, sc.RateLimited):
        assert (caught.value.retry_after or 0) > 1e9
    if expected is sc.AccessDenied:
        assert "Permissions page" in str(caught.value)


def test_who_may_not_list_teams_has_their_own(stage: Stage, connect: Connect) -> None:
    """Where teams are refused, what belongs to none is read all the same, and the outcome says what is missing."""
    client = opened(stage, connect)
    stage.serve(answer(403, error("forbidden")), url=f"{API}/v2/teams")
    stage.serve(answer(200, {"projects": body("projects")["projects"]}), url=f"{API}/v10/projects")
    run = client.read("vercel.projects", "user_1", on_error="ignore")
    assert len(run.frame) == 1
    assert run.outcomes["reason"].tolist() == ["access_denied"]


def test_the_recorded_error(stage: Stage, connect: Connect) -> None:
    """The recorded 401 means a token that is not accepted: it is fetched once more, then the user must connect."""
    client = opened(stage, connect)
    found = body("error_401")
    stage.serve(answer(401, found), url=f"{API}/v2/user")
    with pytest.raises(sc.ReconnectNeeded, match=found["error"]["message"]):
        client.frame("vercel.user", "user_1")
    assert len(stage.asked("vercel")) == 2


def test_every_recording_is_read() -> None:
    """No recorded body of Vercel's is left out of these tests."""
    shared("recorded", "vercel")
    assert {path.stem for path in RECORDED.joinpath("vercel").glob("*.json")} == {
        *("deployments", "error_401", "projects", "teams", "user", "userinfo")
    }
