"""Every recorded body of Bitbucket's, through the resource that reads such a thing, and what is read by workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.recorded.cassettes import RECORDED, answer, shared
from tests.recorded.rows import check, check_shape

import socialconnect as sc
from socialconnect.connectors.bitbucket import connector

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.recorded.server import Stage

    Connect = Callable[..., sc.Client]

API = "https://api.bitbucket.org/2.0"
SPACES = {"values": [{"administrator": slug == "ada", "workspace": {"slug": slug}} for slug in ("ada", "acme")]}
REPOSITORY = {
    "uuid": "{5f1e0f2a-7a34-4d1c-8a3b-0b6b1c1d2e3f}",
    "full_name": "acme/engine",
    "is_private": True,
    "language": "",
    "mainbranch": {"type": "branch", "name": "main"},
    "parent": None,
    "workspace": {"slug": "acme"},
    "updated_on": "2026-05-01T10:00:00.123456+00:00",
    "links": {"html": {"href": "https://bitbucket.org/acme/engine"}},
}


def body(name: str) -> Any:
    return answer(200, shared("recorded", "bitbucket", f"{name}.json").read_bytes()).json()


def opened(stage: Stage, connect: Connect) -> sc.Client:
    """A client of one user with two workspaces."""
    stage.connect("user_1", "bitbucket", scopes=["account", "repository"])
    stage.serve(answer(200, SPACES), url=f"{API}/user/workspaces")
    return connect(max_wait=0)


def test_the_user(stage: Stage, connect: Connect) -> None:
    """The recorded account is one row; what it lacks since, or did not have then, is NA."""
    record = body("user")
    stage.serve(answer(200, record), url=f"{API}/user")
    frame = opened(stage, connect).bitbucket.profile("user_1")
    check_shape(frame, connector.resource("profile"))
    links = {"avatar": record["links"]["avatar"]["href"], "url": record["links"]["html"]["href"]}
    check(frame, [{**{key: value for key, value in record.items() if key != "links"}, **links}])
    assert frame["nickname"].isna().all()


def test_emails(stage: Stage, connect: Connect) -> None:
    """Each recorded address is a row; neither `size` nor `page` says that there are more."""
    found = body("user_emails")
    stage.serve(answer(200, found), url=f"{API}/user/emails")
    frame = opened(stage, connect).bitbucket.emails("user_1")
    check_shape(frame, connector.resource("emails"))
    check(frame, found["values"])
    assert len(frame) == 2
    assert len(stage.asked("bitbucket")) == 1


def test_repositories_of_each_workspace(stage: Stage, connect: Connect) -> None:
    """Every workspace is asked, page after page, and each row says whose it is."""
    following = f"{API}/repositories/acme?role=member&pagelen=100&page=2"
    client = opened(stage, connect)
    stage.serve(answer(200, {"values": []}), url=f"{API}/repositories/ada")
    stage.serve(answer(200, {"values": [REPOSITORY], "next": following}), url=f"{API}/repositories/acme")
    stage.serve(answer(200, {"values": [{**REPOSITORY, "uuid": "{2}"}], "size": 2}), url=following)
    frame = client.bitbucket.repositories("user_1")
    check_shape(frame, connector.resource("repositories"))
    assert frame["uuid"].tolist() == [REPOSITORY["uuid"], "{2}"]
    assert frame["workspace"].tolist() == ["acme", "acme"]
    assert frame["main_branch"].tolist() == ["main", "main"]
    assert frame[["language", "parent"]].isna().all(axis=None)
    assert {(seen.path, seen.query.get("role")) for seen in stage.asked("bitbucket")[1:]} == {
        ("/2.0/repositories/ada", "member"),
        ("/2.0/repositories/acme", "member"),
    }


def test_pull_requests_by_uuid(stage: Stage, connect: Connect) -> None:
    """The user's own uuid stands in the path, its braces escaped, and every state is asked for."""
    client = opened(stage, connect)
    stage.serve(answer(200, body("user")), url=f"{API}/user")
    path = f"{API}/workspaces/acme/pullrequests/%7Bc788b2da-b7a2-404c-9e26-d3f077557007%7D"
    found = {
        "id": 7,
        "title": "Whirr",
        "state": "MERGED",
        "closed_by": None,
        "summary": {"raw": "Less noise."},
        "source": {"branch": {"name": "quiet"}, "repository": None},
        "destination": {"branch": {"name": "main"}, "repository": {"full_name": "acme/engine"}},
        "created_on": "2026-05-01T10:00:00+00:00",
    }
    stage.serve(answer(200, {"values": [found, {**found, "id": 8, "description": ""}]}), url=path)
    frame = client.bitbucket.pull_requests("user_1", workspace="acme")
    check_shape(frame, connector.resource("pull_requests"))
    row = frame.iloc[0]
    assert row[["repository", "id", "description", "source_branch"]].tolist() == [
        "acme/engine",
        "7",
        "Less noise.",
        "quiet",
    ]
    assert frame["description"].isna().tolist() == [False, True]
    assert frame[["source_repository", "closed_by"]].isna().all(axis=None)
    assert [seen.path for seen in stage.asked("bitbucket")] == ["/2.0/user", path.removeprefix(API[:-4])]


def test_states_are_repeated() -> None:
    """Several states go out as several parameters, the caller's in the place of all."""
    resource = connector.resource("pull_requests")
    usual = resource.request(connector.origin, {}, {}, "acme", bound={"me": "{u}"})
    chosen = resource.request(connector.origin, {}, {"state": ["OPEN", "DECLINED"]}, "acme", bound={"me": "{u}"})
    assert [value for name, value in usual.query if name == "state"] == ["OPEN", "MERGED", "DECLINED", "SUPERSEDED"]
    assert [value for name, value in chosen.query if name == "state"] == ["OPEN", "DECLINED"]


@pytest.mark.parametrize("lacking", ["email", "account:write"])
def test_a_missing_scope_is_named(stage: Stage, connect: Connect, lacking: str) -> None:
    """Bitbucket says which scope lacks, even one that nobody thought of, and which there are."""
    detail = {"required": [lacking], "granted": ["account"]}
    message = "Your credentials lack one or more required privilege scopes."
    error = {"type": "error", "error": {"message": message, "detail": detail}}
    stage.serve(answer(403, error), url=f"{API}/user/emails")
    with pytest.raises(sc.MissingScope) as caught:
        opened(stage, connect).bitbucket.emails("user_1")
    assert (caught.value.required, caught.value.granted) == ((lacking,), ("account",))


@pytest.mark.parametrize(
    ("status", "message", "expected", "cure"),
    [
        (429, "Rate limit for this resource has been exceeded", sc.RateLimited, ""),
        (410, "CHANGE-2770 - Functionality has been deprecated", sc.RequestRefused, "changelog"),
        (410, "This account is gone.", sc.AccessDenied, "support"),
        (403, "Forbidden", sc.AccessDenied, ""),
        (401, "Token is invalid, expired, or not supported for this endpoint.", sc.ReconnectNeeded, ""),
    ],
)
def test_errors_are_told_apart(
    stage: Stage, connect: Connect, status: int, message: str, expected: type[sc.SocialConnectError], cure: str
) -> None:
    """Each is of its kind, in Bitbucket's own words."""
    stage.serve(answer(status, {"type": "error", "error": {"message": message}}), url=f"{API}/user")
    with pytest.raises(expected, match=message.replace(".", r"\.")) as caught:
        opened(stage, connect).bitbucket.profile("user_1")
    assert cure in (caught.value.cure or "")


def test_every_body_is_read() -> None:
    """No recording lies there unread."""
    assert {path.stem for path in RECORDED.joinpath("bitbucket").glob("*.json")} <= {"user", "user_emails"}
