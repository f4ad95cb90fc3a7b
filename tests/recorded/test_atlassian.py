"""Every recorded body of Atlassian's, through the resource that reads such a thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from tests.recorded.cassettes import RECORDED, answer, shared
from tests.recorded.rows import check, check_shape

import socialconnect as sc
from socialconnect.connectors.atlassian import connector

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.recorded.server import Stage

    Connect = Callable[..., sc.Client]

API = "https://api.atlassian.com"
JIRA = f"{API}/ex/jira/FAKED_CLOUD_ID/rest/api/3"


def body(name: str) -> Any:
    return answer(200, shared("recorded", "atlassian", f"{name}.json").read_bytes()).json()


def opened(stage: Stage, connect: Connect) -> sc.Client:
    stage.connect("user_1", "atlassian", scopes=["read:me", "read:jira-work"])
    stage.serve(answer(200, body("accessible_resources")), url=f"{API}/oauth/token/accessible-resources")
    return connect(max_wait=0)


def test_the_account(stage: Stage, connect: Connect) -> None:
    """The recorded account is one row, its extended profile in columns of its own."""
    client = opened(stage, connect)
    found = body("me")
    stage.serve(answer(200, found), url=f"{API}/me")
    frame = client.atlassian.profile("user_1")
    check_shape(frame, connector.resource("profile"))
    check(frame, [{**found, **found.pop("extended_profile")}])


def test_sites(stage: Stage, connect: Connect) -> None:
    """The recorded site is a row; the address that it lacks is NA."""
    frame = opened(stage, connect).atlassian.sites("user_1")
    check_shape(frame, connector.resource("sites"))
    (record,) = body("accessible_resources")
    check(frame, [{"cloud_id": record["id"], "avatar_url": record["avatarUrl"], **record}])
    assert frame["url"].isna().all()


def test_projects(stage: Stage, connect: Connect) -> None:
    """Recorded projects are rows of their site; the next page is asked for by position, never at the site's host."""
    client = opened(stage, connect)
    first, last = body("jira_project_search"), {"isLast": True, "values": []}
    stage.serve(answer(200, first), answer(200, last), url=f"{JIRA}/project/search")
    frame = client.atlassian.projects("user_1")
    check_shape(frame, connector.resource("projects"))
    assert frame["key"].tolist() == [one["key"] for one in first["values"]]
    assert frame["total_issues"].tolist() == [one["insight"]["totalIssueCount"] for one in first["values"]]
    assert frame["last_issue_update"].tolist() == [
        pd.Timestamp(one["insight"]["lastIssueUpdateTime"]) for one in first["values"]
    ]
    assert frame["category"].tolist() == [one["projectCategory"]["name"] for one in first["values"]]
    assert frame["cloud_id"].unique().tolist() == ["FAKED_CLOUD_ID"]
    assert frame["site"].unique().tolist() == ["bachmanity.com"]
    assert frame["lead"].isna().all()
    asked = [one for one in stage.asked("atlassian") if one.path.endswith("/project/search")]
    assert [one.query.get("startAt") for one in asked] == [None, "2"]


def test_issues(stage: Stage, connect: Connect) -> None:
    """The recorded issue is a row: what its fields hold is there, what was not asked is NA; one odd time is told."""
    client = opened(stage, connect)
    found = body("jira_search_jql")
    stage.serve(answer(200, found), url=f"{JIRA}/search/jql")
    run = client.read("atlassian.issues", "user_1", on_error="ignore")
    frame = run.frame
    check_shape(frame, connector.resource("issues"))
    assert run.outcomes["reason"].tolist() == ["drift"]  # the documented example has a number for a time
    assert frame["updated"].isna().all()
    (issue,) = found["issues"]
    row = frame.iloc[0]
    assert row[["id", "key", "project"]].tolist() == [issue["id"], issue["key"], issue["fields"]["project"]["key"]]
    assert "summary" not in issue["fields"]
    assert pd.isna(row["summary"])
    seen = stage.asked("atlassian")[-1]
    assert seen.query["jql"].startswith("updated >= -365d")
    assert "summary" in seen.query["fields"]


def test_issues_of_a_person(stage: Stage, connect: Connect) -> None:
    """The fields that Jira documents are in their columns; the next page has its token, and a site may be named."""
    client = opened(stage, connect)
    person = body("jira_myself_spec")
    fields = {"summary": "Broken", "reporter": person, "assignee": body("jira_myself"), "duedate": "2026-05-01"}
    fields |= {"created": "2026-04-30T10:00:00.000+0200", "labels": ["a"], "status": {"name": "Open"}}
    pages = [{"issues": [{"id": "1", "key": "EX-1", "fields": fields}], "nextPageToken": "t2"}, {"issues": []}]
    stage.serve(*(answer(200, page) for page in pages), url=f"{JIRA}/search/jql")
    row = client.atlassian.issues("user_1", site="FAKED_CLOUD_ID", jql="project = EX").iloc[0]
    assert row[["summary", "reporter", "assignee"]].tolist() == ["Broken", "Mia Krystof", "Erlich Bachman"]
    assert row["created"] == pd.Timestamp("2026-04-30T08:00Z")
    assert row["due"] == pd.Timestamp("2026-05-01", tz="UTC")
    assert row["labels"] == ["a"]
    assert [one.query.get("nextPageToken") for one in stage.asked("atlassian")] == [None, "t2"]
    assert {one.query["jql"] for one in stage.asked("atlassian")} == {"project = EX"}


def test_nobody_without_a_site(stage: Stage, connect: Connect) -> None:
    """With a scope that reaches no site there are no projects, and that is no error."""
    stage.connect("user_1", "atlassian", scopes=["read:me", "read:jira-work"])
    stage.serve(answer(200, []), url=f"{API}/oauth/token/accessible-resources")
    assert len(connect().atlassian.projects("user_1")) == 0


@pytest.mark.parametrize(
    ("status", "found", "headers", "expected"),
    [
        (429, {}, {"retry_after": "30", "ratelimit_reason": "jira-burst-based"}, sc.RateLimited),
        (429, {}, {"x_ratelimit_reset": "2099-01-01T00:00Z"}, sc.RateLimited),
        (401, {"code": 401, "message": "Unauthorized"}, {}, sc.ReconnectNeeded),
        (401, {"code": 401, "message": "Unauthorized; scope does not match"}, {}, sc.MissingScope),
        (400, {"errorMessages": ["Unbounded JQL queries are not allowed here."]}, {}, sc.RequestRefused),
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
    """Each documented error is what it means, in Atlassian's own words; far resets are not waited for."""
    client = opened(stage, connect)
    stage.serve(answer(status, found, **headers), url=f"{JIRA}/search/jql")
    with pytest.raises(expected) as caught:
        client.frame("atlassian.issues", "user_1")
    for words in (found.get("message"), *found.get("errorMessages", [])):
        assert not words or words in str(caught.value)


def test_every_recording_is_read() -> None:
    """No recorded body of Atlassian's is left out of these tests."""
    shared("recorded", "atlassian")
    assert {path.stem for path in RECORDED.joinpath("atlassian").glob("*.json")} == {
        *("accessible_resources", "jira_myself", "jira_myself_spec", "jira_project_search", "jira_search_jql", "me")
    }
