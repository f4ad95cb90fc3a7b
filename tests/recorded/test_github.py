"""GitHub, as github3.py recorded it, through the whole client."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.recorded.cassettes import answer, betamax, only
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
