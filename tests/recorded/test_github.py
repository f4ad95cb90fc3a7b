"""GitHub, as github3.py recorded it, through the whole client."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.recorded.cassettes import answer, betamax, nock, only, quoted
from tests.recorded.github_rows import commit, gist, issue, starred
from tests.recorded.rows import check, check_shape
from tests.recorded.server import page

import socialconnect as sc
from socialconnect.connectors.github import connector

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.recorded.cassettes import Exchange
    from tests.recorded.server import Stage

    Connect = Callable[..., sc.Client]

REPOS = "https://api.github.com/user/repos"
RENAMED = {"permissions_": "perm_"}


def listing(stage: Stage, exchanges: tuple[Exchange, ...]) -> list[object]:
    """Serve recorded pages as the user's repositories: the first at its documented address, the rest at their own."""
    stage.serve(exchanges[0], url=f"{REPOS}?per_page=100")
    for exchange in exchanges[1:]:
        stage.serve(exchange)
    return [record for exchange in exchanges for record in page(exchange)]


@pytest.mark.parametrize("transport", ["httpx", "pyreqwest"])
def test_three_pages(stage: Stage, connect: Connect, transport: str) -> None:
    """Pages whose links lead to a numeric path, compressed, become one frame with every value of the JSON."""
    stage.connect("user_1", "github")
    records = listing(stage, betamax("GitHub_repositories_by"))
    frame = connect(transport=transport).github.repos("user_1")
    check_shape(frame, connector.resource("repos"))
    check(frame, records, renamed=RENAMED)
    assert frame["user_id"].eq("user_1").all()
    assert sorted(seen.path for seen in stage.asked("github")) == ["/user/145979/repos"] * 2 + ["/user/repos"]


def test_seven_pages(stage: Stage, connect: Connect) -> None:
    """Seven pages are read to the end, each once, in order; the last rows are of another shape, and none is lost."""
    stage.connect("user_1", "github")
    records = listing(stage, betamax("User_starred_repositories")[1:])
    run = connect().read("github.repos", ["user_1"])
    check(run.frame, records, renamed=RENAMED)
    (outcome,) = run.outcomes.to_dict("records")
    assert (outcome["status"], outcome["pages"], outcome["rows"]) == ("ok", 7, len(records))
    assert len(stage.asked("github")) == 7
    assert outcome["requests"] == len(stage.seen)


def test_one_page_of_private_repositories(stage: Stage, connect: Connect) -> None:
    """A listing without a Link header is one page; who asks is told apart by the permissions of each row."""
    stage.connect("user_1", "github")
    records = listing(stage, betamax("GitHub_repositories"))
    frame = connect().github.repos("user_1")
    check(frame, records, renamed=RENAMED)
    assert frame["perm_admin"].notna().all()


def test_listing_that_moves(stage: Stage, connect: Connect) -> None:
    """A row that comes on two pages stays once, and the outcome says that the listing moved."""
    stage.connect("user_1", "github")
    (only_page,) = betamax("GitHub_repositories")
    stage.serve(answer(200, only_page.body, link=f'<{REPOS}?page=2>; rel="next"'), url=REPOS)
    stage.serve(answer(200, only_page.body), url=f"{REPOS}?page=2")
    with pytest.warns(sc.PartialWarning, match="moved"):
        run = connect().read("github.repos", ["user_1"])
    check(run.frame, page(only_page), renamed=RENAMED)
    (outcome,) = run.outcomes.to_dict("records")
    assert (outcome["status"], outcome["reason"], outcome["rows"]) == ("partial", "moved", len(run.frame))


@pytest.mark.parametrize("named", [True, False], ids=["named accounts", "accounts without a name"])
def test_shared_repositories_stay_with_each_user(stage: Stage, connect: Connect, *, named: bool) -> None:
    """Two users who reach the same repositories have their rows each."""
    for user in ("user_1", "user_2"):
        stage.connect(user, "github").named = named
    recorded = betamax("GitHub_repositories_by")
    records = listing(stage, recorded)
    run = connect().read("github.repos", ["user_1", "user_2"])
    assert run.outcomes["status"].tolist() == ["ok", "ok"]
    assert run.outcomes["rows"].tolist() == [len(records)] * 2
    check(run.frame, records * 2, renamed=RENAMED)
    assert run.frame["user_id"].tolist() == ["user_1"] * len(records) + ["user_2"] * len(records)


def test_one_page_that_repeats_a_row(stage: Stage, connect: Connect) -> None:
    """A page that holds a row twice costs nobody anything, beside an account of several pages."""
    stage.connect("user_1", "github", "token-1")
    stage.connect("user_2", "github", "token-2")
    pages = betamax("GitHub_repositories_by")
    stage.serve(pages[0], url=f"{REPOS}?per_page=100", token="token-1")
    for exchange in pages[1:]:
        stage.serve(exchange)
    rows = page(betamax("GitHub_repositories")[0])
    stage.serve(answer(200, [*rows, rows[0]]), url=REPOS, token="token-2")
    run = connect().read("github.repos", ["user_1", "user_2"], on_error="ignore")
    assert run.frame["user_id"].eq("user_1").sum() == sum(len(page(each)) for each in pages)
    assert set(run.frame.loc[run.frame["user_id"] == "user_2", "id"]) == {row["id"] for row in rows}
    assert run.outcomes["rows"].sum() == len(run.frame)


def test_organisations_left_out(stage: Stage, connect: Connect) -> None:
    """What GitHub leaves out for want of single sign-on makes the outcome partial, with the step that mends it."""
    stage.connect("user_1", "github")
    (only_page,) = betamax("GitHub_repositories")
    stage.serve(answer(200, only_page.body, x_github_sso="partial-results; organizations=21955855"), url=REPOS)
    with pytest.warns(sc.PartialWarning, match="1 of 1 accounts"):
        run = connect().read("github.repos", ["user_1"])
    check(run.frame, page(only_page), renamed=RENAMED)
    (outcome,) = run.outcomes.to_dict("records")
    assert outcome["status"] == "partial"
    assert "single sign-on" in outcome["message"]


def test_columns_on_request(stage: Stage, connect: Connect) -> None:
    """A URL template comes where it is named, and nothing else then."""
    stage.connect("user_1", "github")
    records = listing(stage, betamax("GitHub_repositories"))
    frame = connect().github.repos("user_1", columns=["id", "trees_url"])
    assert list(frame.columns) == ["user_id", "external_account_id", "id", "trees_url"]
    check(frame, records)


def test_parameters_go_into_the_query(stage: Stage, connect: Connect) -> None:
    """Parameters reach GitHub as its documentation writes them."""
    stage.connect("user_1", "github")
    listing(stage, betamax("GitHub_repositories"))
    connect().github.repos("user_1", affiliation=["owner", "collaborator"], sort="created", direction="asc")
    (seen,) = stage.asked("github")
    wanted = {"affiliation": "owner,collaborator", "sort": "created", "direction": "asc", "per_page": "100"}
    assert seen.query == wanted


def test_profile(stage: Stage, connect: Connect) -> None:
    """The profile is one row, with NA for what an account of that time did not have."""
    stage.connect("user_1", "github")
    (me,) = betamax("GitHub_me")
    stage.serve(me)
    frame = connect().github.profile("user_1")
    check_shape(frame, connector.resource("profile"))
    record = me.json()
    plan = record.pop("plan", None)
    check(frame.drop(columns="plan"), [record])
    assert frame["plan"].isna().all() == (plan is None)


def test_renamed(stage: Stage, connect: Connect) -> None:
    """A permanent redirect on the same host is followed, and the pages behind it to their end, whatever their rows."""
    stage.connect("user_1", "github")
    recorded = betamax("Repository_stargazers")
    moved, pages = only(recorded, 301), recorded[2:]
    stage.serve(moved, url=REPOS)
    stage.serve(pages[0], url=moved.headers["location"])
    for exchange in pages[1:]:
        stage.serve(exchange)
    frame = connect().github.repos("user_1")
    records = [{"starred_at": star["starred_at"]} for each in pages for star in page(each)]
    check(frame, records)
    assert len({seen.token for seen in stage.asked("github")}) == 1


def test_not_modified(stage: Stage, connect: Connect) -> None:
    """An answer 304 holds no rows: the frame has its columns all the same, and the outcome says what is missing."""
    stage.connect("user_1", "github")
    stage.serve(only(betamax("Branch_latest_sha"), 304), url=REPOS)
    run = connect().read("github.repos", ["user_1"], on_error="ignore")
    check_shape(run.frame, connector.resource("repos"))
    assert run.frame.empty
    assert list(run.outcomes["status"]) == ["partial"]


def test_no_repositories(stage: Stage, connect: Connect) -> None:
    """An empty list is a frame with all columns and their dtypes, and no error."""
    stage.connect("user_1", "github")
    stage.serve(answer(200, []), url=REPOS)
    frame = connect().github.repos("user_1")
    check_shape(frame, connector.resource("repos"))
    assert frame.empty


@pytest.mark.parametrize(
    "headers",
    [
        {"link": '<https://api.github.com.evil.example/user/repos?page=2>; rel="next"'},
        {"link": '<http://api.github.com/user/repos?page=2>; rel="next"'},
    ],
    ids=["host", "scheme"],
)
def test_foreign_links_are_refused(stage: Stage, connect: Connect, headers: dict[str, str]) -> None:
    """A next page on another origin is refused: the token does not go there."""
    stage.connect("user_1", "github")
    (first,) = betamax("GitHub_repositories")
    stage.serve(answer(200, first.body, **headers), url=REPOS)
    with pytest.raises(sc.ForeignOrigin):
        connect().github.repos("user_1")
    assert len(stage.asked("github")) == 1


def test_foreign_redirect_is_refused(stage: Stage, connect: Connect) -> None:
    """A redirect to another host is refused as well."""
    stage.connect("user_1", "github")
    stage.serve(answer(301, {}, location="https://codeload.github.com/x"), url=REPOS)
    with pytest.raises(sc.ForeignOrigin):
        connect().github.repos("user_1")


ISSUES = "octokit-fixture-org/tmp-scenario-paginate-issues-20220719043836917-izyoe"


def test_starred(stage: Stage, connect: Connect) -> None:
    """Seven pages of stars become one frame of repositories with their times, asked for by the media type."""
    stage.connect("user_1", "github")
    recorded = betamax("User_starred_repositories")[1:]
    stage.serve(recorded[0], url="https://api.github.com/user/starred")
    for exchange in recorded[1:]:
        stage.serve(exchange)
    run = connect().read("github.starred", ["user_1"])
    check_shape(run.frame, connector.resource("starred"))
    check(run.frame, [starred(star) for each in recorded for star in page(each)], renamed=RENAMED)
    assert run.outcomes["pages"].tolist() == [7]
    assert {seen.headers["accept"] for seen in stage.asked("github")} == {"application/vnd.github.star+json"}
    assert {seen.headers["x-github-api-version"] for seen in stage.asked("github")} == {"2022-11-28"}


def test_issues_by_number(stage: Stage, connect: Connect) -> None:
    """Pages of issues whose first link names the last are read side by side, on the repository's numeric path."""
    stage.connect("user_1", "github")
    pages = [each for each in nock("paginate-issues") if each.method == "GET"]
    stage.serve(pages[0], url=pages[0].url.partition("?")[0])
    for exchange in pages[1:]:
        stage.serve(exchange)
    frame = connect().github.issues("user_1", repo=ISSUES)
    check_shape(frame, connector.resource("issues"))
    check(frame, [issue(record, repo=ISSUES) for each in pages for record in page(each)])
    first, *others = stage.asked("github")
    assert first.path == f"/repos/{ISSUES}/issues"
    assert {other.path for other in others} == {"/repositories/515435940/issues"}


def test_issues_by_cursor(stage: Stage, connect: Connect) -> None:
    """Where the link names a cursor and no last page, each next link is followed to the letter."""
    stage.connect("user_1", "github")
    pages = [each for each in nock("paginate-issues") if each.method == "GET"]
    following = "https://api.github.com/repositories/515435940/issues?per_page=100&after=Y3Vyc29yOnYy"
    for number, exchange in enumerate(pages):
        url = f"{following}{number}&page={number + 1}" if number else pages[0].url.partition("?")[0]
        link = {"link": f'<{following}{number + 1}&page={number + 2}>; rel="next"'} if number < 4 else {}
        stage.serve(answer(200, exchange.body, **link), url=url)
    frame = connect().github.issues("user_1", repo=[ISSUES])
    check(frame, [issue(record, repo=ISSUES) for each in pages for record in page(each)])
    assert [seen.query.get("after", "")[-1:] for seen in stage.asked("github")] == ["", "1", "2", "3", "4"]


def test_single_issues(stage: Stage, connect: Connect) -> None:
    """Issues as they were opened, found and changed, a pull request among them, are rows as those of a listing."""
    stage.connect("user_1", "github")
    opened = [each.json() for each in nock("paginate-issues") if each.method == "POST" and "/issues" in each.url]
    found = next(each.json()["items"] for each in nock("search-issues") if "/search/issues" in each.url)
    changed = only(betamax("Issue_edit_both_assignee_and_assignees"), 200).json()
    records = [*opened, *found, changed]
    stage.serve(answer(200, records), url="https://api.github.com/repos/acme/engine/issues")
    frame = connect().github.issues("user_1", repo="acme/engine")
    check(frame, [issue(record, repo="acme/engine") for record in records])
    assert len(frame) == len(opened) + 3
    assert {"octokit-fixture-org", "sigmavirus24"} == set(frame["repository_full_name"].str.partition("/")[0])


def test_gists(stage: Stage, connect: Connect) -> None:
    """Gists, those without an owner among them, are one row each, with the names of their files."""
    stage.connect("user_1", "github")
    (listed,) = betamax("GitHub_public_gists")
    stage.serve(answer(200, listed.body), url="https://api.github.com/gists")
    frame = connect().github.gists("user_1")
    check_shape(frame, connector.resource("gists"))
    check(frame, [gist(record) for record in page(listed)])
    assert frame["files"].map(len).max() > 1


def test_organisations(stage: Stage, connect: Connect) -> None:
    """Organisations, as lists and as single records have them, are one row each."""
    stage.connect("user_1", "github")
    (listed,) = betamax("GitHub_all_organizations")
    single = [only(betamax("Organization_publicize_member"), 200).json(), only(nock("get-organization"), 200).json()]
    records = [*page(listed), *single]
    stage.serve(answer(200, records), url="https://api.github.com/user/orgs")
    frame = connect().github.orgs("user_1")
    check_shape(frame, connector.resource("orgs"))
    check(frame, [{key: value for key, value in record.items() if key != "plan"} for record in records])


def test_a_commit(stage: Stage, connect: Connect) -> None:
    """A commit's row has who wrote it by Git and by GitHub, and its parents."""
    stage.connect("user_1", "github")
    record = betamax("Branch_latest_sha")[1].json()["commit"]
    stage.serve(answer(200, [record]), url="https://api.github.com/repos/PyCQA/flake8/commits")
    frame = connect().github.commits("user_1", repo="PyCQA/flake8")
    check_shape(frame, connector.resource("commits"))
    check(frame, [commit(record, repo="PyCQA/flake8")])


def test_single_repositories(stage: Stage, connect: Connect) -> None:
    """Repositories as single records have them fill the columns that lists leave empty."""
    stage.connect("user_1", "github")
    recorded = [
        *betamax("Branch_latest_sha")[:1],
        *(betamax(name)[1] for name in ("Repository_stargazers", "Repository_assignees")),
        *nock("get-repository"),
        *(each for each in nock("rename-repository") if each.status == 200),
    ]
    records = [*(each.json() for each in recorded), *page(betamax("GitHub_iter_all_repos")[0])]
    unlike = {}  # the same repository was recorded twice
    for record in records:
        unlike[record["id"]] = record
    stage.serve(answer(200, list(unlike.values())), url=REPOS)
    frame = connect().github.repos("user_1")
    wanted = [
        {
            key: value
            for key, value in one.items()
            if key not in ("organization", "parent", "source", "template_repository")
        }
        for one in unlike.values()
    ]
    check(frame, wanted, renamed=RENAMED)
    assert frame["allow_squash_merge"].notna().any()


@pytest.mark.parametrize(
    "name", ["GitHubSession_two_factor_authentication", "User_starred_repositories"], ids=["signed in", "another"]
)
def test_public_users_are_profiles(stage: Stage, connect: Connect, name: str) -> None:
    """A user as others see them is a profile whose private columns are NA."""
    stage.connect("user_1", "github")
    found = next(each for each in betamax(name) if each.status == 200)
    stage.serve(answer(200, found.body), url="https://api.github.com/user")
    frame = connect().github.profile("user_1")
    check(frame.drop(columns="plan"), [{key: value for key, value in found.json().items() if key != "plan"}])
    assert frame["private_gists"].isna().all()


ERRORS: dict[str, tuple[Callable[[], Exchange], str, str]] = {
    "401": (lambda: only(betamax("GitHubSession_two_factor_authentication"), 401), "ReconnectNeeded", "two-factor"),
    "403": (lambda: only(betamax("Organization_publicize_member"), 403), "AccessDenied", "Only the user"),
    "404": (lambda: only(betamax("GitHub_non_existent_gitignore_template"), 404), "NotFound", "Not Found"),
    "422": (lambda: only(betamax("Issue_edit_both_assignee_and_assignees"), 422), "RequestRefused", "both"),
    "422 with codes": (lambda: only(nock("errors"), 422), "RequestRefused", "Validation Failed"),
    "secondary limit": (lambda: quoted("github", "github-changelog-generator"), "RateLimited", "secondary"),
}
NAMED = {"repo": "acme/engine", "login": "ada"}


def asked_of(name: str) -> tuple[str, dict[str, str]]:
    """Where a resource is read and with which parent."""
    resource = connector.resource(name)
    arguments = {resource.parent.param: NAMED[resource.parent.param]} if resource.parent else {}
    return f"https://api.github.com{resource.path.format(**arguments)}", arguments


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("name", [resource.name for resource in connector.resources])
def test_every_resource_meets_every_error(stage: Stage, connect: Connect, name: str, error: str) -> None:
    """Each recorded error ends each resource's reading as the same outcome, with the service's own words."""
    exchange, wanted, says = ERRORS[error]
    stage.connect("user_1", "github")
    url, arguments = asked_of(name)
    stage.serve(exchange(), url=url)
    run = connect(max_wait=0).read(f"github.{name}", ["user_1"], on_error="ignore", **arguments)
    (outcome,) = run.outcomes.to_dict("records")
    (found,) = run.errors
    assert type(found).__name__ == wanted
    assert (outcome["status"], outcome["reason"], outcome["rows"]) == ("failed", found.code, 0)
    assert says in outcome["message"]
    assert outcome["cure"]
    check_shape(run.frame, connector.resource(name))


@pytest.mark.parametrize(
    ("name", "required"),
    [("orgs", ("read:org", "user")), ("traffic", ("repo",)), ("issues", ("admin:org", "read:org", "repo", "user"))],
)
def test_recorded_scopes_are_compared(stage: Stage, connect: Connect, name: str, required: tuple[str, ...]) -> None:
    """What is missing is told by the recorded header of accepted scopes, and by what the token has."""
    stage.connect("user_1", "github")
    accepted = only(betamax("Organization_publicize_member"), 200).headers["x-accepted-oauth-scopes"]
    body = only(betamax("GitHub_non_existent_gitignore_template"), 404).body
    url, arguments = asked_of(name)
    stage.serve(answer(404, body, x_accepted_oauth_scopes=accepted, x_oauth_scopes="gist, read:user"), url=url)
    with pytest.raises(sc.MissingScope) as caught:
        connect().read(f"github.{name}", "user_1", on_error="raise", **arguments)
    assert set(required) <= set(caught.value.context["required"]) <= {*required, "write:org"}
    assert caught.value.context["granted"] == ("gist", "read:user")


def test_moved_repositories_are_followed(stage: Stage, connect: Connect) -> None:
    """The issues of a repository that was renamed are read at its new place, and are named as they were asked for."""
    stage.connect("user_1", "github")
    moved = only(nock("rename-repository"), 301)
    pages = [each for each in nock("paginate-issues") if each.method == "GET"]
    stage.serve(moved, url="https://api.github.com/repos/acme/engine/issues")
    stage.serve(answer(200, pages[0].body), url=moved.headers["location"])
    frame = connect().github.issues("user_1", repo="acme/engine")
    check(frame, [issue(record, repo="acme/engine") for record in page(pages[0])])


def test_sign_on_says_where(stage: Stage, connect: Connect) -> None:
    """The address that mends single sign-on comes with the error, and so do the organisations that are left out."""
    stage.connect("user_1", "github")
    url = "https://github.com/orgs/acme/sso?authorization_request=A2"
    message = {"message": "Resource protected by organization SAML enforcement."}
    stage.serve(
        answer(403, message, x_github_sso=f"required; url={url}"), url="https://api.github.com/repos/acme/engine/pulls"
    )
    with pytest.raises(sc.AccessDenied) as caught:
        connect().github.pulls("user_1", repo="acme/engine")
    assert caught.value.cure.endswith(url)
    stage.serve(answer(200, [], x_github_sso="partial-results; organizations=1,2"), url="https://api.github.com/gists")
    run = connect().read("github.gists", ["user_1"], on_error="ignore")
    (outcome,) = run.outcomes.to_dict("records")
    assert outcome["status"] == "partial"
    assert outcome["message"].endswith("authorise the app for them: 1,2")
