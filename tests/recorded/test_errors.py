"""Recorded errors: one user meets the error itself, many get an outcome each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from tests.recorded.cassettes import answer, betamax, only, quoted, vcr
from tests.recorded.rows import check
from tests.recorded.server import KEY, page

import socialconnect as sc

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.recorded.cassettes import Exchange
    from tests.recorded.server import Stage

    Connect = Callable[..., sc.Client]

NOTION = ("notion", "ramnes-notion-sdk-py")
GSPREAD = ("google", "gspread")
URLS = {
    "github.repos": "https://api.github.com/user/repos",
    "notion.users": "https://api.notion.com/v1/users",
    "google.profile": "https://www.googleapis.com/oauth2/v2/userinfo",
}


@dataclass(frozen=True)
class Case:
    """A recorded error, served where a resource is read, and the error that it must become."""

    name: str
    resource: str
    exchange: Callable[[], Exchange]
    error: str
    required: tuple[str, ...] = ()

    @property
    def provider(self) -> str:
        return self.resource.partition(".")[0]


CASES = [
    Case(
        "401", "github.repos", lambda: only(betamax("GitHubSession_two_factor_authentication"), 401), "ReconnectNeeded"
    ),
    Case("403", "github.repos", lambda: only(betamax("Organization_publicize_member"), 403), "AccessDenied"),
    Case("404", "github.repos", lambda: only(betamax("GitHub_non_existent_gitignore_template"), 404), "NotFound"),
    Case("422", "github.repos", lambda: only(betamax("Issue_edit_both_assignee_and_assignees"), 422), "RequestRefused"),
    Case("secondary limit", "github.repos", lambda: quoted("github", "github-changelog-generator"), "RateLimited"),
    Case("401", "notion.users", lambda: only(vcr(*NOTION, "test_api_response_error.yaml"), 401), "ReconnectNeeded"),
    Case("400", "notion.users", lambda: only(vcr(*NOTION, "test_api_response_error.yaml"), 400), "RequestRefused"),
    Case(
        "404", "notion.users", lambda: only(vcr(*NOTION, "test_build_request_error_integration.yaml"), 404), "NotFound"
    ),
    Case("403", "notion.users", lambda: quoted("notion", "raycast"), "MissingScope", ("Read user information",)),
    Case("429", "notion.users", lambda: quoted("notion", "2anki"), "RateLimited"),
    Case("401", "google.profile", lambda: quoted("google", "GHunt"), "ReconnectNeeded"),
    Case("403 scope", "google.profile", lambda: quoted("google", "GeneralTask"), "MissingScope"),
    Case(
        "403",
        "google.profile",
        lambda: only(vcr(*GSPREAD, "ClientTest.test_access_private_spreadsheet.json"), 403),
        "AccessDenied",
    ),
    Case(
        "404",
        "google.profile",
        lambda: only(vcr(*GSPREAD, "ClientTest.test_access_non_existing_spreadsheet.json"), 404),
        "NotFound",
    ),
    Case(
        "400",
        "google.profile",
        lambda: only(vcr(*GSPREAD, "WorksheetTest.test_add_validation.json"), 400),
        "RequestRefused",
    ),
]
EACH = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.resource} {case.name}")


def error_class(name: str) -> type[sc.SocialConnectError]:
    """An error by its public name."""
    found: type[sc.SocialConnectError] = getattr(sc, name)
    return found


@EACH
def test_one_user_meets_the_error(stage: Stage, connect: Connect, case: Case) -> None:
    """The error says who, where and with which status, and what to do about it."""
    stage.connect("user_1", case.provider)
    stage.serve(case.exchange(), url=URLS[case.resource])
    provider, resource = case.resource.split(".")
    with pytest.raises(error_class(case.error)) as caught:
        getattr(getattr(connect(max_wait=0), provider), resource)("user_1")
    error = caught.value
    assert type(error).__name__ == case.error
    assert (error.user_id, error.provider, error.resource) == ("user_1", case.provider, case.resource)
    assert error.status == case.exchange().status
    assert error.cure
    assert "token-of-user_1" not in f"{error!r} {error.context}"
    if case.required:
        assert isinstance(error, error_class("MissingScope"))
        assert error.context["required"] == case.required


@EACH
def test_many_users_get_outcomes(stage: Stage, connect: Connect, case: Case) -> None:
    """One account's error is its outcome, with its code, and costs the others nothing."""
    stage.connect("user_1", case.provider, "token-1")
    stage.connect("user_2", case.provider, "token-2")
    good = {
        "github": only(betamax("GitHub_repositories"), 200),
        "notion": only(vcr(*NOTION, "test_users_list.yaml"), 200),
        "google": answer(200, {"id": "1" * 21, "email": "a@example.com"}),
    }[case.provider]
    stage.serve(case.exchange(), url=URLS[case.resource], token="token-1")
    stage.serve(good, url=URLS[case.resource], token="token-2")
    run = connect(max_wait=0).read(case.resource, ["user_1", "user_2"], on_error="ignore")
    outcomes = run.outcomes.set_index("user_id")
    assert outcomes["reason"].get("user_1") == error_class(case.error).code
    assert outcomes["status"].get("user_1") in {"failed", "skipped"}
    assert outcomes["status"].get("user_2") == "ok"
    assert outcomes["rows"].to_dict() == {"user_1": 0, "user_2": len(run.frame)}
    assert outcomes["message"].get("user_1")
    assert set(run.frame["user_id"]) == {"user_2"}
    assert "token-1" not in run.outcomes.to_json()


def test_a_dead_token_is_fetched_again_once(stage: Stage, connect: Connect) -> None:
    """A token that is refused twice is not fetched a third time."""
    stage.connect("user_1", "notion")
    stage.serve(only(vcr(*NOTION, "test_api_response_error.yaml"), 401), url=URLS["notion.users"])
    with pytest.raises(error_class("ReconnectNeeded")):
        connect().notion.users("user_1")
    assert len(stage.asked("notion")) == 2
    assert len([seen for seen in stage.asked("clerk") if "oauth_access_tokens" in seen.path]) == 2


def test_waits_end_with_the_page(stage: Stage, connect: Connect) -> None:
    """A limit that asks for no time and an outage that passes are tried again; the outcome counts them."""
    stage.connect("user_1", "notion")
    listed = only(vcr(*NOTION, "test_users_list.yaml"), 200)
    limited = quoted("notion", "2anki")
    stage.serve(
        answer(429, limited.body, retry_after="0"),
        answer(503, b"<html>Down</html>", retry_after="0", content_type="text/html"),
        listed,
        url=URLS["notion.users"],
    )
    run = connect().read("notion.users", ["user_1"])
    assert len(run.frame) == len(page(listed))
    (outcome,) = run.outcomes.to_dict("records")
    assert (outcome["status"], outcome["retries"]) == ("ok", 2)
    assert outcome["requests"] == len(stage.seen) == 4  # one of them Clerk's


def test_outcomes_are_a_typed_frame(stage: Stage, connect: Connect) -> None:
    """Outcomes have the documented columns and dtypes, and the trace one row per request without any token."""
    stage.connect("user_1", "github")
    stage.serve(only(betamax("GitHub_repositories"), 200), url=URLS["github.repos"])
    run = connect().read("github.repos", ["user_1"])
    assert {name: str(dtype) for name, dtype in run.outcomes.dtypes.items()} == {
        "user_id": "string",
        "provider": "category",
        "resource": "category",
        "external_account_id": "string",
        "status": "category",
        "reason": "category",
        "message": "string",
        "cure": "string",
        "rows": "Int64",
        "pages": "Int64",
        "requests": "Int64",
        "retries": "Int64",
        "waited": "Float64",
        "complete": "boolean",
        "cut": "string",
        "narrowed": "string",
        "first_error": "string",
    }
    assert len(run.trace) == len(stage.seen) == 2
    assert run.trace.frame()["status"].tolist() == [200, 200]
    shown = f"{run!r} {run.trace.frame().to_csv()} {run.outcomes.to_csv()} {run.frame.to_csv()} {run.frame.attrs}"
    assert "token-of-user_1" not in shown
    assert KEY not in shown


def test_every_account_has_its_outcome(stage: Stage, connect: Connect) -> None:
    """Who has not connected the provider is skipped with that reason, and nobody is left out."""
    stage.connect("user_1", "github")
    stage.connect("user_2", "notion")
    recorded = only(betamax("GitHub_repositories"), 200)
    stage.serve(recorded, url=URLS["github.repos"])
    with pytest.warns(sc.PartialWarning, match=r"2 of 3 accounts .* not_connected \(user_2\)"):
        run = connect().read("github.repos", ["user_1", "user_2", "user_3"])
    outcomes = run.outcomes.set_index("user_id")
    assert outcomes["status"].to_dict() == {"user_1": "ok", "user_2": "skipped", "user_3": "skipped"}
    assert outcomes["reason"].drop("user_1").to_dict() == {"user_2": "not_connected", "user_3": "user_not_found"}
    check(run.frame, page(recorded), renamed={"permissions_": "perm_"})


@pytest.mark.parametrize("wrapped", [False, True], ids=["list", "object"])
def test_both_shapes_of_tokens(stage: Stage, connect: Connect, *, wrapped: bool) -> None:
    """Clerk's tokens are taken from a bare list and from an object with data."""
    stage.wrapped = wrapped
    stage.connect("user_1", "notion")
    listed = only(vcr(*NOTION, "test_users_list.yaml"), 200)
    stage.serve(listed)
    frame = connect().notion.users("user_1")
    assert len(frame) == len(page(listed))
    assert frame["external_account_id"].tolist() == ["eac_user_1_notion"] * len(frame)


def test_tokens_go_home_only(stage: Stage, connect: Connect) -> None:
    """Clerk sees the secret key alone, each provider only the token of the user it is read for."""
    for provider, resource in (("github", "repos"), ("notion", "users")):
        for user in ("user_1", "user_2"):
            stage.connect(user, provider, f"token-{provider}-{user}")
        good = {"github": betamax("GitHub_repositories")[0], "notion": vcr(*NOTION, "test_users_list.yaml")[0]}[
            provider
        ]
        stage.serve(good, url=URLS[f"{provider}.{resource}"])
        connect().read(f"{provider}.{resource}", ["user_1", "user_2"])
    assert {seen.token for seen in stage.asked("clerk")} == {KEY}
    for provider in ("github", "notion"):
        tokens = {seen.token for seen in stage.asked(provider)}
        assert tokens == {f"token-{provider}-user_1", f"token-{provider}-user_2"}
    assert not [seen for seen in stage.seen if "token-" in f"{seen.path}{seen.query}"]
