"""GitHub through the whole client, held against the sandbox's own records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.recorded import github_rows as rows
from tests.recorded.rows import check
from tests.worlds import user_of

import socialconnect as sc
from socialconnect.sandbox.github_own import events, gists, stars
from socialconnect.sandbox.github_records import count, has_issues, has_pulls, is_empty, is_private
from socialconnect.sandbox.github_work import Repo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from socialconnect.runs.run import Run
    from socialconnect.sandbox import Account


@pytest.fixture(scope="module")
def client() -> Iterator[sc.Client]:
    """A client of a world of 200 users."""
    with sc.sandbox() as made:
        yield made


def holder(client: sc.Client, situation: str = "healthy") -> Account:
    """An account that fares so and is its user's only one."""
    assert client.sandbox is not None
    world = client.sandbox.world
    return next(
        account
        for account in world.having("github", situation)
        if world.situation(account.user)["github"] == (situation,) and count(world, account, situation) > 5
    )


def reader(client: sc.Client, account: Account) -> str:
    """The id of the account's user."""
    assert client.sandbox is not None
    return client.sandbox.world.user_id(account.user)


def repos(client: sc.Client, account: Account, wanted: Callable[[Repo], object] = bool) -> list[Repo]:
    """The account's repositories that are so."""
    assert client.sandbox is not None
    world = client.sandbox.world
    every = [Repo(world, account, place) for place in range(count(world, account, account.situation))]
    return sorted((repo for repo in every if wanted(repo)), key=lambda repo: repo.full_name)


def outcome(run: Run) -> dict[str, object]:
    """The one outcome of a run."""
    (found,) = run.outcomes.to_dict("records")
    return {str(name): value for name, value in found.items()}


def test_issues_of_all_repositories(client: sc.Client) -> None:
    """Without a repository named, each of the user's that has issues is read, and each row names its own."""
    account = holder(client)
    frame = client.github.issues(reader(client, account))
    wanted = [
        (repo.full_name, number)
        for repo in repos(client, account, lambda repo: has_issues(repo.chance))
        for number in repo.numbers()
    ]
    assert list(zip(frame["repo"], frame["number"], strict=True)) == wanted
    assert frame["repo"].equals(frame["repository_full_name"])
    assert frame["is_pull_request"].any()
    assert not frame["is_pull_request"].all()
    assert set(frame["state"]) == {"open", "closed"}
    assert frame.columns[2] == "repo"


def test_pulls_and_commits_of_all_repositories(client: sc.Client) -> None:
    """Pull requests are read where they are switched on; a repository without commits has no rows and no error."""
    account = holder(client, "large")
    user = reader(client, account)
    mine = repos(client, account)[:40]
    named = [repo.full_name for repo in mine if has_pulls(repo.chance)]
    pulls = client.github.pulls(user, repo=named)
    wanted = {
        (repo.full_name, number)
        for repo in mine
        if has_pulls(repo.chance)
        for number in repo.numbers()
        if repo.is_pull(number)
    }
    assert set(zip(pulls["repo"], pulls["number"], strict=True)) == wanted
    assert any(is_empty(repo.chance) for repo in mine)
    run = client.read("github.commits", user, repo=[repo.full_name for repo in mine])
    assert outcome(run)["status"] == "ok"
    assert len(run.frame) == sum(repo.commits() for repo in mine)


def sent(record: object) -> dict[str, Any]:
    """A record as it comes over the wire."""
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(record))
    return found


def test_every_cell(client: sc.Client) -> None:
    """Each cell of issues, pull requests, commits, gists and events is what its record holds."""
    account = holder(client, "large")
    assert client.sandbox is not None
    user, world = reader(client, account), client.sandbox.world
    busy = repos(client, account, lambda repo: has_issues(repo.chance) and len(repo.numbers()) > 60)[:2]
    names = [repo.full_name for repo in busy]
    pulls = [(repo, number) for repo in busy for number in repo.numbers() if repo.is_pull(number)]
    check(
        client.github.issues(user, repo=names),
        [rows.issue(sent(repo.issue(number)), repo=repo.full_name) for repo in busy for number in repo.numbers()],
    )
    check(
        client.github.pulls(user, repo=names),
        [rows.pull(sent(repo.pull(number)), repo=repo.full_name) for repo, number in pulls],
    )
    check(
        client.github.commits(user, repo=names),
        [rows.commit(sent(repo.commit(at)), repo=repo.full_name) for repo in busy for at in range(repo.commits())],
    )
    check(client.github.gists(user), map(rows.gist, gists(world, account, "large", secret=False)))
    happened = events(world, account, "large", private=True)
    check(
        client.github.events(user, on_error="ignore"),
        [rows.event(sent(one), login=account.username) for one in happened],
    )


def test_languages_in_long_form(client: sc.Client) -> None:
    """Each language of each repository is a row of its own, as many bytes as GitHub counts."""
    account = holder(client)
    frame = client.github.languages(reader(client, account))
    wanted = [(repo.full_name, *pair) for repo in repos(client, account) for pair in repo.languages().items()]
    assert list(frame[["repo", "language", "bytes"]].itertuples(index=False, name=None)) == wanted
    assert str(frame["bytes"].dtype) == "Int64"


@pytest.mark.parametrize(("name", "kind"), [("traffic", "views"), ("clones", "clones")])
def test_traffic(client: sc.Client, name: str, kind: str) -> None:
    """The days of each repository to which the user may push are rows, with their counts; weeks on request."""
    account = holder(client)
    user, mine = reader(client, account), repos(client, account)
    days = client.frame(f"github.{name}", user)
    wanted = {repo.full_name: repo.traffic(kind, "day") for repo in mine}
    assert days.groupby("repo")["count"].sum().to_dict() == {name: found["count"] for name, found in wanted.items()}
    assert days.groupby("repo")["uniques"].sum().to_dict() == {name: found["uniques"] for name, found in wanted.items()}
    weeks = client.frame(f"github.{name}", user, per="week")
    assert weeks["count"].sum() == days["count"].sum()
    assert set(weeks["timestamp"].dt.day_name()) == {"Monday"}


def test_others_repositories_can_be_named(client: sc.Client) -> None:
    """Anybody's public repository can be read by its name; what cannot be had of it costs the others nothing."""
    account, other = holder(client), holder(client, "large")
    (first, *_), user = repos(client, account), reader(client, account)
    public = repos(client, other, lambda repo: not is_private(repo.chance))[0]
    names = [public.full_name, first.full_name]
    assert set(client.github.commits(user, repo=public.full_name)["repo"]) == {public.full_name}
    run = client.read("github.traffic", [user], on_error="ignore", repo=names)
    assert set(run.frame["repo"]) == {first.full_name}
    found = outcome(run)
    assert (found["status"], found["complete"]) == ("partial", False)
    assert "1 of 2" in str(found["message"])
    assert "push access" in str(found["message"])
    with pytest.raises(sc.AccessDenied, match="push access"):
        client.github.traffic(user, repo=public.full_name)


def test_what_is_not_there_concerns_one_repository(client: sc.Client) -> None:
    """A repository without issues, one that is hidden and one that is not there are told, and the rest is read."""
    account, other = holder(client, "large"), holder(client)
    closed = repos(client, account, lambda repo: not has_issues(repo.chance))[0]
    hidden = repos(client, other, lambda repo: is_private(repo.chance))[0]
    good = repos(client, account, lambda repo: has_issues(repo.chance) and len(repo.numbers()) > 3)[0]
    names = [closed.full_name, hidden.full_name, f"{account.username}/none-9999", good.full_name]
    run = client.read("github.issues", [reader(client, account)], on_error="ignore", repo=names)
    assert set(run.frame["repo"]) == {good.full_name}
    assert "3 of 4" in str(outcome(run)["message"])
    with pytest.raises(sc.NotFound) as caught:
        client.github.issues(reader(client, account), repo=closed.full_name)
    assert "switched off" in caught.value.cure


def test_private_repositories_that_are_hidden(client: sc.Client) -> None:
    """For want of the scope repo only public repositories are read, and the outcome says which scope brings more."""
    account = holder(client, "narrow")
    user = reader(client, account)
    public = {repo.full_name for repo in repos(client, account, lambda repo: not is_private(repo.chance))}
    for name in ("repos", "commits", "languages"):
        run = client.read(f"github.{name}", [user], on_error="ignore")
        column = "full_name" if name == "repos" else "repo"
        assert set(run.frame[column]) <= public
        found = outcome(run)
        assert (found["status"], found["complete"]) == ("ok", False)
        assert "repo" in str(found["narrowed"])
        assert "private" in str(found["narrowed"])
    with pytest.raises(sc.MissingScope) as caught:
        client.github.traffic(user)
    assert caught.value.context["required"] == ("repo",)
    assert set(caught.value.context["granted"]) == {"read:user", "user:email"}


def test_organisations_and_their_scope(client: sc.Client) -> None:
    """Who did not grant read:org is told so, with what was granted; the others' organisations are read."""
    run = client.read("github.orgs", on_error="ignore")
    failed = [error for error in run.errors if isinstance(error, sc.MissingScope)]
    assert len(failed) > 5
    for error in failed:
        assert error.context["required"] == ("read:org", "user")
        assert not {"read:org", "user"} & set(error.context["granted"])
    assert run.frame["login"].is_unique
    assert len(run.frame) > 50


def test_addresses(client: sc.Client) -> None:
    """Each user has one primary address, Clerk's own for the account."""
    account = holder(client)
    frame = client.github.emails(reader(client, account))
    assert frame.loc[frame["primary"], "email"].tolist() == [account.email]
    assert frame["email"].str.endswith("@users.noreply.github.com").any()


def test_stars(client: sc.Client) -> None:
    """Starred repositories come with their time, oldest first, and name their owners."""
    account = holder(client)
    assert client.sandbox is not None
    frame = client.github.starred(reader(client, account))
    wanted = stars(client.sandbox.world, account, "healthy")
    assert list(zip(frame["full_name"], frame["owner_login"], strict=True)) == [
        (repo.full_name, repo.account.username) for _, repo in wanted
    ]
    assert frame["starred_at"].is_monotonic_increasing
    assert frame["starred_at"].notna().all()


def test_events_end_at_three_hundred(client: sc.Client) -> None:
    """At the most that GitHub gives the outcome says so; below it nothing is cut."""
    large, healthy = holder(client, "large"), holder(client)
    run = client.read("github.events", [reader(client, large)], on_error="ignore")
    assert len(run.frame) == 300
    assert (outcome(run)["status"], outcome(run)["reason"]) == ("partial", "cut")
    assert "300" in str(outcome(run)["message"])
    run = client.read("github.events", [reader(client, healthy)])
    assert client.sandbox is not None
    wanted = events(client.sandbox.world, healthy, "healthy", private=True)
    assert run.frame["id"].tolist() == [event["id"] for event in wanted]
    assert set(run.frame["login"]) == set(run.frame["actor_login"]) == {healthy.username}
    assert outcome(run)["status"] == "ok"


def test_events_of_another(client: sc.Client) -> None:
    """Of another user only public events come, under that user's login."""
    large, healthy = holder(client, "large"), holder(client)
    frame = client.github.events(reader(client, healthy), login=large.username, on_error="ignore")
    assert set(frame["login"]) == {large.username}
    assert frame["public"].all()
    assert len(frame) > 100


def test_gists(client: sc.Client) -> None:
    """Gists have the names of their files, and secret ones are told to be missing for want of the scope gist."""
    account = holder(client, "large")
    run = client.read("github.gists", [reader(client, account)], on_error="ignore")
    assert len(run.frame) > 100
    assert run.frame["public"].all()
    assert set(run.frame["owner_login"]) == {account.username}
    assert "secret gists" in str(outcome(run)["narrowed"])


def test_the_newest_version_by_setting() -> None:
    """With the newest version chosen all resources are read, and what it took away is NA in the same columns."""
    gone = {
        "repos": ["has_downloads"],
        "issues": [],
        "pulls": ["merge_commit_sha"],
        "starred": ["has_downloads"],
        "gists": [],
        "profile": [],
    }
    with sc.sandbox(users=20) as old:
        assert old.sandbox is not None
        chosen = sc.Settings.make(
            secret_key=old.sandbox.secret_key,
            base_urls={},
            budgets={"https://api.clerk.com": "1000/10s"},
            api_versions={"github": "2026-03-10"},
        )
        user = user_of(old.sandbox, "github")
        with sc.Client(settings=chosen, application=old.sandbox.app) as new:
            for name, columns in gone.items():
                before, after = (each.frame(f"github.{name}", user) for each in (old, new))
                assert list(before.columns) == list(after.columns)
                assert before.dtypes.equals(after.dtypes) or name == "issues"
                assert len(before) == len(after)
                for column in columns:
                    assert before[column].notna().any()
                    assert after[column].isna().all()
                lost = before.columns[before.notna().any() & after.isna().all()]
                assert sorted(lost) == sorted(columns)


def test_single_sign_on_leaves_out_a_part() -> None:
    """Who must sign on to an organisation first has a partial outcome with the organisations' ids; the rest is read."""
    with sc.sandbox(users=60, faults=["github:sso_partial@0.5"]) as client, sc.sandbox(users=60) as calm:
        run, whole = (each.read("github.languages", on_error="ignore") for each in (client, calm))
        outcomes = run.outcomes.set_index("external_account_id")
        cut = outcomes[outcomes["reason"] == "cut"]
        assert len(cut) > 5
        assert cut["message"].str.contains(r"authorise the app for them: \d+").all()
        assert (outcomes["status"] == "ok").sum() > 5
        well = whole.outcomes.loc[whole.outcomes["status"] == "ok", "external_account_id"]
        names = set(run.frame.loc[run.frame["external_account_id"].isin(well), "repo"])
        assert names < set(whole.frame["repo"])
        name = min(set(whole.frame["repo"]) - names)
        user = whole.frame.loc[whole.frame["repo"] == name, "user_id"].iloc[0]
        with pytest.raises(sc.AccessDenied) as caught:
            client.github.languages(user, repo=name)
        assert "https://github.com/orgs/" in caught.value.cure
