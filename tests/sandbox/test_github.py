import re
from urllib.parse import parse_qs, urlsplit

import pytest

GITHUB = "github-subset.json"
REPOS = "https://api.github.com/user/repos"
USER = "https://api.github.com/user"


def links(answer):
    """The addresses of a Link header, by relation."""
    return {relation: url for url, relation in re.findall(r'<([^>]+)>; rel="(\w+)"', answer.headers.get("link", ""))}


async def walk(visitor, token, url):
    """All repositories of a listing, by its next links."""
    rows = []
    while url:
        answer = await visitor.get(url, token)
        assert answer.status_code == 200, answer.text
        rows += answer.json()
        url = links(answer).get("next")
    return rows


async def test_repositories_are_as_specified(visitor, validator):
    """Repositories validate against GitHub's specification and belong to the account of the token."""
    check = validator(GITHUB, "repository")
    seen = []
    for situation in ("healthy", "large", "narrow"):
        account = visitor.first("github", situation)
        for row in await walk(visitor, await visitor.token(account), f"{REPOS}?per_page=100"):
            check.validate(row)
            assert row["owner"]["login"] == account.username
            seen.append(row)
    assert any(row["id"] > 2**31 for row in seen)
    assert any(row["description"] is None for row in seen)
    assert any(row["license"] is None for row in seen)
    assert any(not (row["description"] or "").isascii() for row in seen)


async def test_users_are_as_specified(visitor, validator):
    """The user has its private fields only where the scope allows them."""
    private, public = validator(GITHUB, "private-user"), validator(GITHUB, "public-user")
    for situation, check in (("healthy", private), ("narrow", private), ("underscoped", public)):
        account = visitor.first("github", situation)
        row = (await visitor.read(account, USER)).json()
        check.validate(row)
        assert row["login"] == account.username
        assert ("plan" in row) == (check is private)


@pytest.mark.parametrize("size", [7, 30, 100])
async def test_links_lead_through_every_page_once(visitor, size):
    """The next links, on the numeric path, give each repository once; the last one is named ahead."""
    account = visitor.first("github", "large")
    token = await visitor.token(account)
    first = await visitor.get(f"{REPOS}?per_page={size}", token)
    assert set(links(first)) == {"next", "last"}
    assert urlsplit(links(first)["next"]).path == f"/user/{account.provider_user_id}/repos"
    rows = await walk(visitor, token, f"{REPOS}?per_page={size}")
    assert len({row["id"] for row in rows}) == len(rows) >= 250
    assert parse_qs(urlsplit(links(first)["last"]).query)["page"] == [str(-(-len(rows) // size))]
    second = await visitor.get(links(first)["next"], token)
    assert set(links(second)) == {"prev", "next", "last", "first"}
    assert [row["full_name"] for row in rows] == sorted(row["full_name"] for row in rows)


async def test_the_default_page_has_thirty(visitor):
    """Without per_page a page has thirty rows, and never more than a hundred."""
    account = visitor.first("github", "large")
    assert len((await visitor.read(account, REPOS)).json()) == 30
    assert len((await visitor.read(account, f"{REPOS}?per_page=500")).json()) == 100


async def test_nobody_sees_private_repositories_without_the_scope(visitor):
    """The scope repo shows private repositories; without it they are missing and nothing says so."""
    broad = visitor.first("github", "large")
    rows = (await visitor.read(broad, f"{REPOS}?per_page=100&visibility=private")).json()
    assert rows
    assert all(row["private"] for row in rows)
    hidden = 0
    for account in visitor.world.having("github", "narrow"):
        answer = await visitor.read(account, f"{REPOS}?per_page=100")
        assert answer.status_code == 200
        assert "repo" not in answer.headers["x-oauth-scopes"].split(", ")
        assert not any(row["private"] for row in answer.json())
        user = (await visitor.read(account, USER)).json()
        assert user["public_repos"] == len(answer.json())
        hidden += user["total_private_repos"]
    assert hidden


async def test_a_token_without_scope_is_refused(visitor):
    """An underscoped account's organisations are refused, with the scopes that would do; public repositories come."""
    account = visitor.first("github", "underscoped")
    answer = await visitor.read(account, "https://api.github.com/user/orgs")
    assert answer.status_code == 403
    assert "read:org" in answer.headers["x-accepted-oauth-scopes"]
    assert answer.headers["x-oauth-scopes"] == "user:email"
    listed = await visitor.read(account, REPOS)
    assert listed.status_code == 200
    assert not any(row["private"] for row in listed.json())


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("type=all", 200),
        ("type=all&visibility=all", 422),
        ("type=owner&affiliation=owner", 422),
        ("visibility=secret", 422),
        ("affiliation=owner,collaborator", 200),
        ("affiliation=friend", 422),
        ("sort=stars", 422),
    ],
)
async def test_parameters_are_checked(visitor, query, status):
    """type excludes visibility and affiliation; values that there are not are refused."""
    assert (await visitor.read(visitor.first("github", "healthy"), f"{REPOS}?{query}")).status_code == status


async def test_listings_can_be_sorted_and_cut_by_time(visitor):
    """sort, direction, since and before do what they say."""
    token = await visitor.token(visitor.first("github", "large"))
    rows = await walk(visitor, token, f"{REPOS}?per_page=100&sort=updated")
    times = [row["updated_at"] for row in rows]
    assert times == sorted(times, reverse=True)
    middle = times[100]
    newer = await walk(visitor, token, f"{REPOS}?per_page=100&since={middle}")
    older = await walk(visitor, token, f"{REPOS}?per_page=100&before={middle}")
    assert len(newer) + len(older) == len(rows)
    assert min(row["updated_at"] for row in newer) == middle
    created = await walk(visitor, token, f"{REPOS}?per_page=100&sort=created&direction=asc")
    assert [row["created_at"] for row in created] == sorted(row["created_at"] for row in rows)


async def test_an_empty_account_has_no_repositories(visitor):
    """No repositories are an empty list without links."""
    answer = await visitor.read(visitor.first("github", "empty"), REPOS)
    assert (answer.status_code, answer.json(), "link" in answer.headers) == (200, [], False)


async def test_what_is_known_is_not_sent_again(visitor):
    """If-None-Match with the answer's own ETag gives 304 without a body, free of charge."""
    token = await visitor.token(visitor.first("github", "healthy"))
    first = await visitor.get(REPOS, token)
    again = await visitor.get(REPOS, token, if_none_match=first.headers["etag"])
    third = await visitor.get(REPOS, token)
    assert (again.status_code, again.content) == (304, b"")
    left = [int(answer.headers["x-ratelimit-remaining"]) for answer in (first, third)]
    assert left == [4999, 4998]


@pytest.mark.looptime
async def test_five_thousand_requests_an_hour(visitor, pass_time):
    """The headers count down; the request after the last is refused until the hour is over."""
    account = visitor.first("github", "empty")
    token = await visitor.token(account)
    for left in range(4999, -1, -1):
        answer = await visitor.get(REPOS, token)
        assert answer.headers["x-ratelimit-remaining"] == str(left)
    refused = await visitor.get(REPOS, token)
    assert (refused.status_code, refused.headers["x-ratelimit-remaining"]) == (403, "0")
    assert "API rate limit exceeded" in refused.json()["message"]
    await pass_time(int(refused.headers["x-ratelimit-reset"]) - visitor.sandbox.clock.now())
    assert (await visitor.get(REPOS, token)).status_code == 200


async def test_a_request_must_introduce_itself(visitor):
    """Without User-Agent, token or a version that there is, GitHub says so."""
    token = await visitor.token(visitor.first("github", "healthy"))
    nameless = await visitor.get(USER, token, user_agent="")
    assert (nameless.status_code, "User-Agent" in nameless.text) == (403, True)
    assert (await visitor.http.get(USER)).json()["message"] == "Requires authentication"
    assert (await visitor.get(USER, "sandbox.github.eac_x.1")).json()["message"] == "Bad credentials"
    assert (await visitor.get(USER, token, x_github_api_version="2000-01-01")).status_code == 400
    assert (await visitor.get(f"{USER}/keys", token)).status_code == 404


async def test_a_revoked_token_stays_refused(visitor):
    """The provider refuses each token of a revoked account, though Clerk gives them out."""
    account = visitor.first("github", "revoked")
    for _ in range(3):
        answer = await visitor.read(account, REPOS)
        assert (answer.status_code, answer.json()["message"]) == (401, "Bad credentials")


async def test_a_token_is_good_at_its_own_provider_alone(visitor):
    """GitHub does not take a Notion token, nor Notion GitHub's."""
    assert (await visitor.get(USER, await visitor.token(visitor.first("notion", "healthy")))).status_code == 401
    github = await visitor.token(visitor.first("github", "healthy"))
    assert (await visitor.get("https://api.notion.com/v1/users", github)).status_code == 401
    assert (await visitor.get(USER, github)).status_code == 200
    assert (await visitor.get(USER, github.replace("sandbox.github", "sandbox.notion"))).status_code == 401
