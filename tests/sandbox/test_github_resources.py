"""What happens in the sandbox's repositories and what is an account's own: as GitHub describes it, and shows it."""

import re
from urllib.parse import parse_qs, urlsplit

import jsonschema
import pytest
from tests.sandbox.test_github import GITHUB, REPOS, links, walk

from socialconnect.sandbox import Sandbox, tokens
from socialconnect.sandbox.github_records import has_issues, has_pulls, is_empty, is_private
from socialconnect.sandbox.github_work import Repo

API = "https://api.github.com"
STAR = {"accept": "application/vnd.github.star+json"}
LISTINGS = ("/user/emails", "/user/orgs", "/user/starred", "/gists", "/users/{login}/events")


def repos_of(visitor, account, wanted):
    """The account's repositories that are so."""
    repos = [Repo(visitor.world, account, position) for position in range(250)]
    return [repo for repo in repos if wanted(repo)]


@pytest.fixture
def large(visitor):
    """An account with repositories of every kind."""
    return visitor.first("github", "large")


def busy(repo):
    """Whether it has issues of some pages."""
    return has_issues(repo.chance) and len(repo.numbers()) > 120


async def rows_of(visitor, account, path, **headers):
    """All rows of a listing."""
    rows, url, token = [], f"{API}{path}", await visitor.token(account)
    while url:
        answer = await visitor.get(url, token, **headers)
        assert answer.status_code == 200, answer.text
        rows += answer.json()
        url = links(answer).get("next")
    return rows


def anyof(node):
    """A schema whose alternatives may overlap: GitHub's own description of an event lets every payload be two."""
    if isinstance(node, list):
        return [anyof(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {("anyOf" if key == "oneOf" else key): anyof(value) for key, value in node.items()}


@pytest.mark.parametrize(
    ("path", "schema"),
    [("issues", "issue"), ("pulls", "pull-request-simple"), ("commits", "commit")],
)
async def test_records_of_repositories_are_as_specified(visitor, validator, large, path, schema):
    """Each record of a repository validates against GitHub's specification and names its repository."""
    check = validator(GITHUB, schema)
    seen = []
    for repo in repos_of(visitor, large, lambda repo: busy(repo) and not is_empty(repo.chance))[:3]:
        for row in await rows_of(visitor, large, f"/repos/{repo.full_name}/{path}?per_page=100&state=all"):
            if path == "pulls":  # a fork that is gone is null, of which the specification does not speak
                row["head"]["repo"] = row["head"]["repo"] or row["base"]["repo"]
            check.validate(row)
            assert repo.full_name in row["html_url"]
            seen.append(row)
    assert len({row.get("id", row.get("sha")) for row in seen}) == len(seen) > 20


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("/user/emails", "email"),
        ("/user/orgs", "organization-simple"),
        ("/user/starred", "repository"),
        ("/gists", "base-gist"),
        ("/users/{login}/events", "event"),
    ],
)
async def test_records_of_accounts_are_as_specified(visitor, validator, path, schema):
    """Each record of an account validates against GitHub's specification."""
    check = validator(GITHUB, schema)
    check = jsonschema.Draft202012Validator(anyof(check.schema))
    seen = 0
    for situation in ("healthy", "large", "narrow", "stale"):
        for account in list(visitor.world.having("github", situation))[:4]:
            token = [await visitor.token(account) for _ in range(2)][-1]
            answer = await visitor.get(f"{API}{path.format(login=account.username)}?per_page=100", token)
            for row in answer.json() if answer.status_code == 200 else []:
                check.validate(row)
                seen += 1
    assert seen > 10


async def test_stars_have_their_time_where_it_is_asked_for(visitor, validator, large):
    """The media type of stars wraps each repository and says when; most repositories are other people's."""
    check = validator(GITHUB, "starred-repository")
    rows = await rows_of(visitor, large, "/user/starred?per_page=100", **STAR)
    for row in rows:
        check.validate(row)
    assert len({row["repo"]["id"] for row in rows}) == len(rows) > 100
    times = [row["starred_at"] for row in rows]
    assert times == sorted(times, reverse=True)
    assert times[::-1] == [
        row["starred_at"] for row in await rows_of(visitor, large, "/user/starred?direction=asc", **STAR)
    ]
    moved = [row["pushed_at"] or "" for row in await rows_of(visitor, large, "/user/starred?sort=updated&per_page=100")]
    assert moved == sorted(moved, reverse=True) != sorted(moved)
    foreign = [row["repo"] for row in rows if row["repo"]["owner"]["login"] != large.username]
    assert len(foreign) > len(rows) / 2
    assert not any(repo["private"] or repo["permissions"]["push"] for repo in foreign)


async def test_languages_and_traffic_are_as_specified(visitor, validator, large):
    """Languages are a map of bytes; traffic has its sums, whole weeks on Mondays, and no more visitors than visits."""
    languages, views, clones = (validator(GITHUB, name) for name in ("language", "view-traffic", "clone-traffic"))
    token, found = await visitor.token(large), 0
    for repo in repos_of(visitor, large, lambda repo: repo.position < 20):
        url = f"{API}/repos/{repo.full_name}"
        spoken = (await visitor.get(f"{url}/languages", token)).json()
        languages.validate(spoken)
        assert list(spoken.values()) == sorted(spoken.values(), reverse=True)
        found += len(spoken)
        for kind, check in (("views", views), ("clones", clones)):
            days, weeks = [
                (await visitor.get(f"{url}/traffic/{kind}?per={per}", token)).json() for per in ("day", "week")
            ]
            check.validate(days)
            check.validate(weeks)
            assert days["count"] == weeks["count"] == sum(day["count"] for day in days[kind])
            assert len(weeks[kind]) <= 3 < len(days[kind]) <= 14
            assert all(day["uniques"] <= day["count"] for day in days[kind])
    assert found > 20
    assert (await visitor.get(f"{url}/traffic/views?per=month", token)).status_code == 422


async def test_open_issues_are_as_many_as_the_repository_says(visitor, large):
    """What a repository counts as open is what its listings hold; some issues are pull requests."""
    token = await visitor.token(large)
    counted = 0
    for row in (await walk(visitor, token, f"{REPOS}?per_page=100"))[:30]:
        if not row["has_issues"]:
            continue
        path = f"/repos/{row['full_name']}"
        still = await rows_of(visitor, large, f"{path}/issues?per_page=100")
        every = await rows_of(visitor, large, f"{path}/issues?per_page=100&state=all")
        closed = await rows_of(visitor, large, f"{path}/issues?per_page=100&state=closed")
        assert row["open_issues_count"] == len(still)
        assert {one["id"] for one in still} | {one["id"] for one in closed} == {one["id"] for one in every}
        pulls = [one["number"] for one in every if "pull_request" in one]
        if row["has_pull_requests"]:
            listed = await rows_of(visitor, large, f"{path}/pulls?per_page=100&state=all")
            assert sorted(pulls) == sorted(one["number"] for one in listed)
            assert not {one["id"] for one in listed} & {one["id"] for one in every}
        counted += len(pulls)
    assert counted


async def test_issues_have_cursors_and_no_last_page(visitor, large):
    """A link of issues names a cursor on the numeric path, and leads through every issue once."""
    repo = repos_of(visitor, large, busy)[0]
    token = await visitor.token(large)
    url = f"{API}/repos/{repo.full_name}/issues?per_page=30&state=all&direction=asc"
    first = await visitor.get(url, token)
    assert set(links(first)) == {"next"}
    assert urlsplit(links(first)["next"]).path == f"/repositories/{repo.number}/issues"
    assert {"after", "page"} < set(parse_qs(urlsplit(links(first)["next"]).query))
    rows = await walk(visitor, token, url)
    assert [row["number"] for row in rows] == list(repo.numbers())
    assert [row["created_at"] for row in rows] == sorted(row["created_at"] for row in rows)
    assert (await visitor.get(f"{API}/repositories/{repo.number}/issues?after=nonsense", token)).status_code == 422
    small = repos_of(visitor, large, lambda repo: has_issues(repo.chance) and 1 < len(repo.numbers()) < 30)[0]
    url, full = f"{API}/repos/{small.full_name}/issues?state=all&per_page=", len(small.numbers())
    assert not links(await visitor.get(f"{url}{full}", token))
    assert links(await visitor.get(f"{url}{full - 1}", token))


async def test_issues_can_be_chosen(visitor, large):
    """Labels, assignee, creator, milestone, since and sort do what they say."""
    path = f"/repos/{repos_of(visitor, large, busy)[0].full_name}/issues?per_page=100&state=all"
    every = await rows_of(visitor, large, path)
    middle = sorted(row["updated_at"] for row in every)[len(every) // 2]
    chosen = {
        "labels=bug,question": lambda row: {"bug", "question"} <= {one["name"] for one in row["labels"]},
        "assignee=none": lambda row: not row["assignees"],
        "assignee=*": lambda row: bool(row["assignees"]),
        f"creator={large.username}": lambda row: (row["user"] or {}).get("login") == large.username,
        "milestone=1": lambda row: row["milestone"] is not None,
        "milestone=none": lambda row: row["milestone"] is None,
        "type=none": lambda row: row["type"] is None,
        "type=*": lambda row: row["type"] is not None,
        f"since={middle}": lambda row: row["updated_at"] >= middle,
    }
    for query, wanted in chosen.items():
        found = await rows_of(visitor, large, f"{path}&{query}")
        assert {row["id"] for row in found} == {row["id"] for row in every if wanted(row)}, query
    busiest = await rows_of(visitor, large, f"{path}&sort=comments")
    assert [row["comments"] for row in busiest] == sorted((row["comments"] for row in every), reverse=True)


async def test_commits_can_be_chosen(visitor, large):
    """sha, since, until, author and path choose commits; each has the one below it as its parent."""
    repo = repos_of(visitor, large, lambda repo: repo.commits() > 120)[0]
    path = f"/repos/{repo.full_name}/commits?per_page=100"
    every = await rows_of(visitor, large, path)
    dates = [row["commit"]["author"]["date"] for row in every]
    assert dates == sorted(dates, reverse=True)
    assert [row["parents"][0]["sha"] for row in every[:-1]] == [row["sha"] for row in every[1:]]
    assert not [one for one in every[-1]["parents"] if one["sha"] in {row["sha"] for row in every}]
    shas = [row["sha"] for row in every]
    chosen = {
        f"sha={shas[7]}": shas[7:],
        f"since={dates[9]}": shas[:10],
        f"until={dates[9]}": shas[10:],
        f"author={large.email}": shas,
        f"author={large.username}": [row["sha"] for row in every if (row["author"] or {}).get("login")],
        "author=nobody": [],
    }
    for query, wanted in chosen.items():
        assert [row["sha"] for row in await rows_of(visitor, large, f"{path}&{query}")] == wanted, query
    touched = await rows_of(visitor, large, f"{path}&path=README.md")
    assert 0 < len(touched) < len(every)
    assert (await visitor.read(large, f"{API}/repos/{repo.full_name}/commits?sha=none")).status_code == 404


async def test_pulls_can_be_chosen(visitor, large):
    """state, head and base choose pull requests; a merged one is closed, and a fork may be gone."""
    repo = repos_of(visitor, large, lambda repo: has_pulls(repo.chance) and len(repo.numbers()) > 120)[0]
    path = f"/repos/{repo.full_name}/pulls?per_page=100&state=all"
    every = await rows_of(visitor, large, path)
    assert all(row["state"] == "closed" for row in every if row["merged_at"])
    assert {None} < {row["head"]["repo"] and row["head"]["repo"]["full_name"] for row in every}
    label = every[0]["head"]["label"]
    named = await rows_of(visitor, large, f"{path}&head={label}&base=main")
    assert [row["id"] for row in named] == [row["id"] for row in every if row["head"]["label"] == label]
    assert not await rows_of(visitor, large, f"{path}&base=none")
    still = await rows_of(visitor, large, path.replace("all", "open"))
    assert {row["state"] for row in still} == {"open"}


async def test_what_a_repository_cannot_have(visitor, large):
    """Empty repositories answer 409, those without issues 410, those without pull requests and unknown ones 404."""
    token = await visitor.token(large)

    async def ask(name, what):
        answer = await visitor.get(f"{API}/repos/{name}/{what}", token)
        return answer.status_code, answer.json()["message"]

    empty = repos_of(visitor, large, lambda repo: is_empty(repo.chance))[0]
    assert await ask(empty.full_name, "commits") == (409, "Git Repository is empty.")
    assert (await visitor.get(f"{API}/repos/{empty.full_name}/languages", token)).json() == {}
    closed = repos_of(visitor, large, lambda repo: not has_issues(repo.chance))[0]
    assert (await ask(closed.full_name, "issues"))[0] == 410
    still = repos_of(visitor, large, lambda repo: not has_pulls(repo.chance))[0]
    assert (await ask(still.full_name, "pulls"))[0] == 404
    for name in (f"{large.username}/none", f"{large.username}/{'x'}-3", "nobody/none-1"):
        assert await ask(name, "issues") == (404, "Not Found")
    assert (await ask(empty.full_name, "secrets"))[0] == 404
    assert (await visitor.get(f"{API}/repositories/7/issues", token)).status_code == 404


async def test_others_repositories(visitor, large):
    """Anybody reads public repositories, nobody another's private ones, and only who may push their traffic."""
    reader = visitor.first("github", "healthy")
    token = await visitor.token(reader)
    public = repos_of(visitor, large, lambda repo: not is_private(repo.chance) and has_issues(repo.chance))[0]
    private = repos_of(visitor, large, lambda repo: is_private(repo.chance))[0]
    assert (await visitor.get(f"{API}/repos/{public.full_name}/issues", token)).status_code == 200
    assert (await visitor.get(f"{API}/repositories/{public.number}/languages", token)).status_code == 200
    hidden = await visitor.get(f"{API}/repos/{private.full_name}/issues", token)
    assert (hidden.status_code, hidden.headers["x-accepted-oauth-scopes"]) == (404, "repo")
    refused = await visitor.get(f"{API}/repos/{public.full_name}/traffic/views", token)
    assert (refused.status_code, refused.json()["message"]) == (403, "Must have push access to repository")


async def test_numeric_paths_are_one_s_own(visitor, large):
    """A listing's numeric path is the account's own: another's is not there."""
    token = await visitor.token(visitor.first("github", "healthy"))
    for what in ("repos", "starred", "orgs"):
        assert (await visitor.get(f"{API}/user/{large.provider_user_id}/{what}", token)).status_code == 404
        assert (await visitor.read(large, f"{API}/user/{large.provider_user_id}/{what}")).status_code in (200, 403)


async def test_private_things_need_their_scope(visitor):
    """A narrow account sees no private repository of its own, no such star or event, no secret gist, no traffic."""
    hidden = 0
    for account in visitor.world.having("github", "narrow"):
        token = await visitor.token(account)
        mine = [Repo(visitor.world, account, place) for place in range(14)]
        closed = [repo for repo in mine if is_private(repo.chance)][:2]
        for repo in closed:
            for what in ("issues", "commits", "traffic/views"):
                assert (await visitor.get(f"{API}/repos/{repo.full_name}/{what}", token)).status_code == 404
            hidden += 1
        answer = await visitor.get(f"{API}/repos/{mine[0].full_name}/traffic/views", token)
        assert (answer.status_code, answer.headers["x-accepted-oauth-scopes"]) == (404, "repo")
        events = (await visitor.get(f"{API}/users/{account.username}/events?per_page=100", token)).json()
        assert all(event["public"] for event in events)
        assert not [row for row in (await visitor.get(f"{API}/user/starred", token)).json() if row["private"]]
        gists = (await visitor.get(f"{API}/gists", token)).json()
        assert len(gists) == (await visitor.get(f"{API}/user", token)).json()["public_gists"]
        assert all(gist["public"] for gist in gists)
    assert hidden


async def test_organisations_need_a_scope(visitor):
    """Without read:org or user the organisations are refused in words, though the header accepts repo as well."""
    seen = set()
    for account in list(visitor.world.having("github", "healthy"))[:20]:
        answer = await visitor.read(account, f"{API}/user/orgs")
        granted = answer.headers["x-oauth-scopes"].split(", ")
        assert (answer.status_code == 200) == ("read:org" in granted)
        if answer.status_code == 403:
            assert "You need at least read:org scope or user scope" in answer.json()["message"]
            assert "repo" in answer.headers["x-accepted-oauth-scopes"].split(", ")
        seen.add(answer.status_code)
    assert seen == {200, 403}


async def test_addresses_need_a_scope(visitor, monkeypatch):
    """Without user:email GitHub says that there are no addresses, and which scopes would show them."""
    account = visitor.first("github", "healthy")
    rows = (await visitor.read(account, f"{API}/user/emails")).json()
    assert [row["email"] for row in rows if row["primary"]] == [account.email]
    monkeypatch.setattr(tokens, "_GITHUB", ("read:user",))
    answer = await visitor.read(account, f"{API}/user/emails")
    assert (answer.status_code, answer.headers["x-accepted-oauth-scopes"]) == (404, "user, user:email")


async def test_events_are_three_hundred_at_most(visitor, large):
    """Events are the last ones, newest first, 300 at most, each in a repository that there is."""
    rows = await rows_of(visitor, large, f"/users/{large.username}/events?per_page=100")
    assert len(rows) == 300
    assert [row["created_at"] for row in rows] == sorted((row["created_at"] for row in rows), reverse=True)
    names = {row["full_name"] for row in await walk(visitor, await visitor.token(large), f"{REPOS}?per_page=100")}
    assert {row["repo"]["name"] for row in rows} <= names
    assert not all(row["public"] for row in rows)
    answer = await visitor.read(visitor.first("github", "healthy"), f"{API}/users/{large.username}/events?per_page=100")
    assert answer.json()
    assert all(row["public"] for row in answer.json())
    assert answer.headers["x-poll-interval"] == "60"
    assert (await visitor.read(large, f"{API}/users/nobody-at-all/events")).status_code == 404


@pytest.mark.parametrize("path", LISTINGS)
async def test_an_empty_account_has_nothing(visitor, path):
    """An empty account has its addresses, and no rows of anything else."""
    account = visitor.first("github", "empty")
    answer = await visitor.read(account, f"{API}{path.format(login=account.username)}")
    if path == "/user/orgs" and answer.status_code == 403:
        return
    assert (answer.status_code, bool(answer.json())) == (200, path == "/user/emails")


async def test_the_newer_version_takes_away(visitor, large):
    """Version 2026-03-10 has neither the old fields of repositories nor those of issues, pull requests and gists."""
    gone = {"has_downloads", "assignee", "merge_commit_sha", "use_squash_pr_title_as_default", "master_branch"}
    repo = repos_of(visitor, large, busy)[0]
    seen = set()
    for path in ("/user/repos", f"/repos/{repo.full_name}/issues", f"/repos/{repo.full_name}/pulls", "/gists"):
        token = await visitor.token(large)
        old = (await visitor.get(f"{API}{path}?state=all", token)).json()
        answer = await visitor.get(f"{API}{path}?state=all", token, x_github_api_version="2026-03-10")
        assert answer.headers["x-github-api-version-selected"] == "2026-03-10"
        lost = set(old[0]) - set(answer.json()[0])
        assert lost <= gone | {"history", "forks", "user"}
        assert not re.search("has_downloads|merge_commit_sha", answer.text)
        assert [row["id"] for row in old] == [row["id"] for row in answer.json()]
        seen |= lost
    assert {"has_downloads", "assignee", "merge_commit_sha", "history", "forks", "user"} <= seen


async def test_single_sign_on_hides_a_part(visit):
    """Under the fault, listings name the organisations that hide something, whose repositories are refused by name."""
    visitor, calm = visit(faults=["github:sso_partial@0.5"]), visit()
    struck = 0
    for account in list(visitor.world.having("github", "healthy"))[:12]:
        answer = await visitor.read(account, f"{REPOS}?per_page=100")
        whole = (await calm.read(account, f"{REPOS}?per_page=100")).json()
        told = answer.headers.get("x-github-sso", "")
        if not told:
            assert answer.json() == whole
            continue
        struck += 1
        assert re.fullmatch(r"partial-results; organizations=\d+(,\d+)*", told)
        seen = {row["full_name"] for row in answer.json()}
        missing = [row["full_name"] for row in whole if row["full_name"] not in seen]
        for name in missing:
            refused = await visitor.read(account, f"{API}/repos/{name}/languages")
            assert refused.status_code == 403
            assert "SAML enforcement" in refused.json()["message"]
            url = refused.headers["x-github-sso"].removeprefix("required; url=")
            assert re.fullmatch(r"https://github\.com/orgs/[\w-]+/sso\?authorization_request=\w+", url)
    assert 0 < struck < 12


@pytest.mark.parametrize("fault", ["notion:sso_partial", "clerk:sso_partial"])
def test_single_sign_on_is_github_s(fault):
    """The fault is refused where nobody knows of it."""
    with pytest.raises(ValueError, match="could not show itself"):
        Sandbox(faults=[fault])


async def test_the_same_world_whatever_is_asked_first(visit):
    """Two sandboxes of one seed answer alike, in whatever order they are asked."""
    first, second = visit(seed=5), visit(seed=5)
    account = first.first("github", "large")
    paths = ["/user/starred", "/gists", "/user/emails", f"/users/{account.username}/events"]
    one = {path: (await first.read(account, f"{API}{path}")).json() for path in paths}
    other = {path: (await second.read(account, f"{API}{path}")).json() for path in reversed(paths)}
    assert one == other


@pytest.mark.parametrize("fault", ["cursor_loop", "foreign_next"])
async def test_faults_reach_both_kinds_of_pages(visit, fault):
    """A listing by number and one by cursor both lead in a circle, or away, where that is wanted."""
    visitor = visit(faults=[f"github:{fault}"])
    account = visitor.first("github", "large")
    repo = repos_of(visitor, account, busy)[0]
    for path in ("/gists?per_page=100", f"/repos/{repo.full_name}/issues?per_page=100"):
        answer = await visitor.read(account, f"{API}{path}")
        following = links(answer)["next"]
        if fault == "foreign_next":
            assert following.startswith("https://evil.example/")
        else:
            again = await visitor.get(following, await visitor.token(account))
            assert again.json() == answer.json()
