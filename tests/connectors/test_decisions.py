"""What real error answers of the three providers are taken to mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING

import pytest
from tests.recorded.cassettes import Exchange, answer, betamax, nock, only, quoted, vcr

from socialconnect.reading.decide import Decision, Fail, Follow, GoOn, Refetch, Retry, decide

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = 1_700_000_000.0
NOTION = ("notion", "ramnes-notion-sdk-py")
GSPREAD = ("google", "gspread")
AUTH = "https://www.googleapis.com/auth/"
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}
PRIMARY = {"message": "API rate limit exceeded for user ID 1."}
HTML = b"<!doctype html><html><head><style>b{}</style><title>Error</title></head><body>Sorry</body></html>"


@dataclass(frozen=True)
class Case:
    """An answer, and what it must be taken to mean."""

    name: str
    provider: str
    exchange: Callable[[], Exchange]
    means: str
    required: tuple[str, ...] = ()
    granted: tuple[str, ...] = ()
    wait: float | None = None
    says: str = ""
    cure: str = ""
    scopes: tuple[str, ...] | None = field(default=None)


def google_error(status: int, reason: str, **headers: str) -> Exchange:
    """Google's older shape of an error, which Drive, Calendar and Gmail still send."""
    error = {"code": status, "message": reason, "errors": [{"domain": "usageLimits", "reason": reason}]}
    return answer(status, {"error": error}, **headers)


def google_info(status: int, reason: str, **headers: str) -> Exchange:
    """Google's newer shape, with an ErrorInfo."""
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}
    return answer(status, {"error": {"code": status, "message": reason, "details": [info]}}, **headers)


def notion_limit(reason: str, **headers: str) -> Exchange:
    """Notion's 429, with the reason that its documentation gives."""
    data = {"rate_limit_reason": reason, "retry_after": "33"}
    return answer(429, {"object": "error", "code": "rate_limited", "additional_data": data}, **headers)


CASES = [
    Case("bad credentials", "github", lambda: answer(401, {"message": "Bad credentials", "status": "401"}), "token"),
    Case(
        "one-time password wanted",
        "github",
        lambda: only(betamax("GitHubSession_two_factor_authentication"), 401),
        "token",
        says="two-factor",
    ),
    Case("absent", "github", lambda: only(betamax("GitHub_non_existent_gitignore_template"), 404), "not_found"),
    Case(
        "forbidden with every accepted scope",
        "github",
        lambda: only(betamax("Organization_publicize_member"), 403),
        "denied",
        says="Only the user can publicize",
    ),
    Case(
        "both parameters",
        "github",
        lambda: only(betamax("Issue_edit_both_assignee_and_assignees"), 422),
        "refused",
        says="cannot pass both",
    ),
    Case("validation", "github", lambda: only(nock("errors"), 422), "refused", says="Validation Failed"),
    Case("renamed", "github", lambda: only(nock("rename-repository"), 301), "follow"),
    Case("moved for now", "github", lambda: only(nock("rename-repository"), 307), "follow"),
    Case("not modified", "github", lambda: only(betamax("Branch_latest_sha"), 304), "cut"),
    Case(
        "secondary limit without a header",
        "github",
        lambda: quoted("github", "github-changelog-generator"),
        "throttled",
        wait=60.0,
        says="secondary rate limit",
    ),
    Case(
        "secondary limit with requests left",
        "github",
        lambda: answer(403, SECONDARY, **quoted("github", "php-github-api").headers),
        "throttled",
        wait=60.0,
    ),
    Case("secondary limit as 429", "github", lambda: answer(429, SECONDARY, retry_after="7"), "throttled", wait=7.0),
    Case(
        "abuse, as it was called before",
        "github",
        lambda: answer(403, {"message": "You have triggered an abuse detection mechanism."}),
        "throttled",
        wait=60.0,
    ),
    Case(
        "primary limit",
        "github",
        lambda: answer(403, PRIMARY, x_ratelimit_remaining="0", x_ratelimit_reset=str(int(NOW) + 90)),
        "throttled",
        wait=90.0,
    ),
    Case(
        "primary limit at a resource whose scope is missing",
        "github",
        lambda: answer(
            403,
            PRIMARY,
            x_ratelimit_remaining="0",
            x_ratelimit_reset=str(int(NOW) + 90),
            x_accepted_oauth_scopes="repo",
            x_oauth_scopes="",
        ),
        "throttled",
        wait=90.0,
    ),
    Case(
        "missing scope with requests left",
        "github",
        lambda: answer(
            403,
            {"message": "You need at least read:org scope or user scope to list your organizations."},
            x_accepted_oauth_scopes="read:org, user",
            x_oauth_scopes="gist, repo",
            x_ratelimit_remaining="4990",
        ),
        "scope",
        required=("read:org", "user"),
        granted=("gist", "repo"),
    ),
    Case(
        "hidden for want of a scope",
        "github",
        lambda: answer(404, {"message": "Not Found"}, x_accepted_oauth_scopes="repo", x_oauth_scopes="read:user"),
        "scope",
        required=("repo",),
        granted=("read:user",),
    ),
    Case(
        "hidden for want of any scope, whatever Clerk remembers",
        "github",
        lambda: answer(404, {"message": "Not Found"}, x_accepted_oauth_scopes="repo", x_oauth_scopes=""),
        "scope",
        required=("repo",),
        scopes=("repo",),
    ),
    Case(
        "absent though a wider scope was granted",
        "github",
        lambda: answer(404, {"message": "Not Found"}, x_accepted_oauth_scopes="read:org", x_oauth_scopes="admin:org"),
        "not_found",
        granted=("admin:org",),
        scopes=("admin:org",),
    ),
    Case(
        "single sign-on",
        "github",
        lambda: answer(
            403,
            {"message": "Resource protected by organization SAML enforcement."},
            x_github_sso="required; url=https://github.com/orgs/acme/sso?authorization_request=A",
            x_accepted_oauth_scopes="repo",
            x_oauth_scopes="gist",
        ),
        "denied",
        cure="single sign-on (github.com/settings/applications): https://github.com/orgs/acme/sso?authorization_request=A",
    ),
    Case(
        "single sign-on that leads elsewhere",
        "github",
        lambda: answer(403, {"message": "SAML"}, x_github_sso="required; url=https://evil.example/orgs/acme/sso"),
        "denied",
        cure="single sign-on (github.com/settings/applications).",
    ),
    Case(
        "scope that the words name though another is accepted",
        "github",
        lambda: answer(
            403,
            {"message": "You need at least read:org scope or user scope to list your organizations."},
            x_accepted_oauth_scopes="admin:org, read:org, repo, user, write:org",
            x_oauth_scopes="repo",
        ),
        "scope",
        required=("admin:org", "read:org", "repo", "user", "write:org"),
        granted=("repo",),
    ),
    Case(
        "no address without a scope",
        "github",
        lambda: answer(
            404, {"message": "Not Found"}, x_accepted_oauth_scopes="user, user:email", x_oauth_scopes="read:user"
        ),
        "scope",
        required=("user", "user:email"),
        granted=("read:user",),
    ),
    Case(
        "app not approved",
        "github",
        lambda: answer(
            403,
            {
                "message": "Although you appear to have the correct authorization credentials, the `acme` "
                "organization has enabled OAuth App access restrictions"
            },
        ),
        "denied",
        cure="approve the app",
    ),
    Case(
        "no push access",
        "github",
        lambda: answer(403, {"message": "Must have push access to repository"}),
        "denied",
        cure="not a matter of scopes",
    ),
    Case(
        "token of a GitHub App",
        "github",
        lambda: answer(403, {"message": "Resource not accessible by integration"}),
        "denied",
        cure="permission",
    ),
    Case(
        "organisations left out",
        "github",
        lambda: answer(200, [], x_github_sso="partial-results; organizations=21955855,20582480"),
        "cut",
        says="authorise the app for them: 21955855,20582480",
    ),
    Case(
        "issues switched off",
        "github",
        lambda: answer(410, {"message": "Issues are disabled for this repo"}),
        "not_found",
        cure="switched off",
    ),
    Case(
        "unknown version",
        "github",
        lambda: answer(400, {"message": "2000-01-01 is not a supported API version."}),
        "setup",
        cure="api_versions",
    ),
    Case("other bad request", "github", lambda: answer(400, {"message": "Problems parsing JSON"}), "refused"),
    Case(
        "pages of a long listing by number",
        "github",
        lambda: answer(422, {"message": "Pagination with the page parameter is not supported for large datasets"}),
        "refused",
    ),
    Case("everything", "github", lambda: only(betamax("GitHub_repositories"), 200), "go on"),
    Case("empty repository", "github", lambda: answer(409, {"message": "Git Repository is empty."}), "empty"),
    Case("other conflict", "github", lambda: answer(409, {"message": "Conflict"}), "refused"),
    Case("blocked by law", "github", lambda: answer(451, {"message": "Blocked"}), "denied", cure="legal"),
    Case("web page for an outage", "github", lambda: answer(502, HTML, content_type="text/html"), "unavailable"),
    Case(
        "no user agent",
        "github",
        lambda: answer(403, b"Request forbidden by administrative rules.", content_type="text/html"),
        "refused",
        says="administrative rules",
    ),
    Case("invalid token", "notion", lambda: only(vcr(*NOTION, "test_api_response_error.yaml"), 401), "token"),
    Case(
        "invalid token in 2022",
        "notion",
        lambda: only(vcr(*NOTION, "v2022-06-28", "test_api_response_error.yaml"), 401),
        "token",
        says="API token is invalid",
    ),
    Case("no such path", "notion", lambda: only(vcr(*NOTION, "test_api_response_error.yaml"), 400), "refused"),
    Case(
        "not shared",
        "notion",
        lambda: only(vcr(*NOTION, "test_build_request_error_integration.yaml"), 404),
        "not_found",
        cure="share it",
    ),
    Case("old version", "notion", lambda: quoted("notion", "notion-mcp-server"), "refused", says="Invalid request URL"),
    Case("two sources", "notion", lambda: quoted("notion", "dify-official-plugins"), "refused"),
    Case(
        "capability",
        "notion",
        lambda: quoted("notion", "raycast"),
        "scope",
        required=("Read user information",),
        cure="reconnect Notion",
    ),
    Case(
        "plan",
        "notion",
        lambda: answer(403, {"code": "restricted_resource", "additional_data": {"block_limit": "1000"}}),
        "denied",
        cure="plan",
    ),
    Case("limit without a header", "notion", lambda: quoted("notion", "2anki"), "throttled", wait=1.0),
    Case(
        "limit with a header",
        "notion",
        lambda: notion_limit("public_api_space_request_rate_limit", retry_after="72"),
        "throttled",
        wait=72.0,
    ),
    Case(
        "limit with the wait in the body",
        "notion",
        lambda: notion_limit("public_api_endpoint_rate_limit"),
        "throttled",
        wait=33.0,
    ),
    Case("blocked", "notion", lambda: notion_limit("public_api_request_blocked"), "throttled!", cure="blocked"),
    Case(
        "overload",
        "notion",
        lambda: answer(529, {"code": "service_overload"}, retry_after="5"),
        "throttled",
        wait=5.0,
    ),
    Case("conflict", "notion", lambda: answer(409, {"code": "conflict_error"}), "unavailable"),
    Case(
        "the edge",
        "notion",
        lambda: answer(403, HTML, content_type="text/html; charset=UTF-8", cf_ray="8f"),
        "unavailable",
        says="Sorry",
    ),
    Case(
        "Notion itself, in HTML",
        "notion",
        lambda: answer(403, HTML, content_type="text/html", x_notion_request_id="1"),
        "denied",
    ),
    Case("dead token", "google", lambda: quoted("google", "CodenameOne"), "token"),
    Case("dead token with a body", "google", lambda: quoted("google", "GHunt"), "token", says="invalid authentication"),
    Case("no token", "google", lambda: quoted("google", "morelab"), "token"),
    Case(
        "dead token at userinfo",
        "google",
        lambda: quoted("google", "test/strategy.profile.test.js"),
        "token",
        says="Invalid Credentials",
    ),
    Case(
        "dead token at tokeninfo",
        "google",
        lambda: answer(400, {"error": "invalid_token", "error_description": "Invalid Value"}),
        "token",
    ),
    Case("insufficient by its reason", "google", lambda: quoted("google", "GeneralTask"), "scope"),
    Case(
        "insufficient by its challenge",
        "google",
        lambda: quoted("google", "react-google-contacts"),
        "scope",
        required=(f"{AUTH}contacts", "…"),
    ),
    Case(
        "insufficient by its words",
        "google",
        lambda: answer(403, {"error": {"message": "Request had insufficient authentication scopes."}}),
        "scope",
        granted=("openid",),
        scopes=("openid",),
    ),
    Case(
        "insufficient though a scope is there",
        "google",
        lambda: quoted("google", "googleworkspace/cli"),
        "scope",
        required=(f"{AUTH}gmail.readonly",),
    ),
    Case(
        "no permission",
        "google",
        lambda: only(vcr(*GSPREAD, "ClientTest.test_access_private_spreadsheet.json"), 403),
        "denied",
        says="The caller does not have permission",
    ),
    Case(
        "absent file",
        "google",
        lambda: only(vcr(*GSPREAD, "ClientTest.test_access_non_existing_spreadsheet.json"), 404),
        "not_found",
        says="Requested entity was not found",
    ),
    Case(
        "bad argument",
        "google",
        lambda: only(vcr(*GSPREAD, "WorksheetTest.test_add_validation.json"), 400),
        "refused",
        says="Invalid value at",
    ),
    Case("mask missing", "google", lambda: quoted("google", "google-api-nodejs-client"), "refused"),
    Case("user's limit", "google", lambda: google_error(403, "userRateLimitExceeded"), "throttled", wait=1.0),
    Case("limit", "google", lambda: google_error(403, "rateLimitExceeded", retry_after="9"), "throttled", wait=9.0),
    Case("limit as 429", "google", lambda: google_info(429, "RATE_LIMIT_EXCEEDED"), "throttled", wait=1.0),
    Case("limit of the day", "google", lambda: google_error(403, "dailyLimitExceeded"), "throttled!", cure="tomorrow"),
    Case("API off", "google", lambda: google_info(403, "SERVICE_DISABLED"), "setup", cure="Enable the API"),
    Case("API off, older", "google", lambda: google_error(403, "accessNotConfigured"), "setup", cure="Enable the API"),
    Case("limit in HTML", "google", lambda: answer(429, HTML, content_type="text/html"), "throttled", wait=1.0),
    Case("absent in HTML", "google", lambda: answer(404, HTML, content_type="text/html"), "not_found", says="Sorry"),
    Case("outage", "google", lambda: google_error(503, "backendError"), "unavailable"),
    Case(
        "absent though the widest scope was granted",
        "github",
        lambda: answer(404, {"message": "Not Found"}, x_accepted_oauth_scopes="user:email", x_oauth_scopes="user"),
        "not_found",
        granted=("user",),
        scopes=("user",),
    ),
    Case(
        "single sign-on by its header",
        "github",
        lambda: answer(403, {"message": "Forbidden"}, x_github_sso="required; url=https://github.com/orgs/acme/sso"),
        "denied",
        cure="single sign-on",
    ),
    Case(
        "single sign-on by its words",
        "github",
        lambda: answer(403, {"message": "Resource protected by organization SAML enforcement."}),
        "denied",
        cure="single sign-on",
    ),
    Case(
        "refused for a while",
        "github",
        lambda: answer(403, {"message": "Slow down."}, retry_after="11"),
        "throttled",
        wait=11.0,
    ),
    Case(
        "too many bad logins",
        "github",
        lambda: answer(403, {"message": "Maximum number of login attempts exceeded. Please try again later."}),
        "throttled",
        wait=60.0,
    ),
    Case(
        "insufficient by its new reason", "google", lambda: google_info(403, "ACCESS_TOKEN_SCOPE_INSUFFICIENT"), "scope"
    ),
    Case("insufficient by its old reason", "google", lambda: google_error(403, "insufficientPermissions"), "scope"),
    Case(
        "insufficient by its header alone",
        "google",
        lambda: answer(403, b"", www_authenticate=f'Bearer error="insufficient_scope", scope="{AUTH}drive"'),
        "scope",
        required=(f"{AUTH}drive",),
    ),
    Case("limit as 403", "google", lambda: google_info(403, "RATE_LIMIT_EXCEEDED"), "throttled", wait=1.0),
    Case("dead at tokeninfo", "google", lambda: answer(400, {"error_description": "Invalid Value"}), "token"),
    Case("invalid token as 400", "google", lambda: answer(400, {"error": "invalid_token"}), "token"),
]


def meaning(decision: Decision) -> str:
    """One word for a decision; `!` says that waiting is useless."""
    match decision:
        case Retry():
            word = "throttled" if decision.throttled else "unavailable"
        case GoOn():
            word = "cut" if decision.cut else "empty" if decision.empty else "go on"
        case Fail():
            word = f"{decision.kind}!" if decision.kind in ("throttled", "unavailable") else decision.kind
        case _:
            word = {Refetch: "token", Follow: "follow"}[type(decision)]
    return word


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.provider}: {case.name}")
def test_answers_are_understood(case: Case) -> None:
    """Each recorded or documented error leads to the right step, with what is needed to take it."""
    manners = import_module(f"socialconnect.connectors.{case.provider}").connector.manners
    response = case.exchange().response()
    decision = decide(response, attempt=1, attempts=5, manners=manners, now=NOW, dice=lambda: 0.0, scopes=case.scopes)
    assert meaning(decision) == case.means
    assert case.says in (decision.cut if isinstance(decision, GoOn) else getattr(decision, "why", ""))
    if isinstance(decision, Fail):
        assert (decision.required, decision.granted) == (case.required, case.granted)
        assert case.cure in decision.cure
    if case.wait is not None:
        assert isinstance(decision, Retry)
        assert decision.after == pytest.approx(case.wait)


@pytest.mark.parametrize("case", [case for case in CASES if case.means == "token"], ids=lambda case: case.name)
def test_a_fresh_token_is_the_last(case: Case) -> None:
    """Where a token that was just fetched is refused as well, there is nothing more to try."""
    manners = import_module(f"socialconnect.connectors.{case.provider}").connector.manners
    decision = decide(
        case.exchange().response(),
        attempt=2,
        attempts=5,
        manners=manners,
        now=NOW,
        dice=lambda: 0.0,
        fresh_token=True,
    )
    assert isinstance(decision, Fail)
    assert decision.kind == "token"


def test_secondary_limit_waits_longer_each_time() -> None:
    """GitHub's secondary limit is given twice the time after each refusal."""
    manners = import_module("socialconnect.connectors.github").connector.manners
    response = quoted("github", "github-changelog-generator").response()
    waits = [
        decide(response, attempt=attempt, attempts=5, manners=manners, now=NOW, dice=lambda: 0.0)
        for attempt in (1, 2, 3)
    ]
    assert [wait.after for wait in waits if isinstance(wait, Retry)] == [60.0, 120.0, 240.0]
