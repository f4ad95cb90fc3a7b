import pytest

from socialconnect import UsageError
from socialconnect.sandbox import Sandbox

CLERK = "clerk-bapi-subset.yml"


async def walk(visitor, **params):
    """All user ids of a listing, by cursor."""
    found, after = [], {}
    while True:
        rows = (await visitor.clerk("/users", **params, **after)).json()
        found += [row["id"] for row in rows]
        if len(rows) < params["limit"]:
            return found
        after = {"starting_after": found[-1]}


@pytest.mark.parametrize("limit", [7, 50, 100, 500])
async def test_cursors_walk_the_world_once(visit, limit):
    """Every user comes exactly once, newest first, with pages of any size."""
    visitor = visit(users=350)
    assert await walk(visitor, limit=limit) == [visitor.world.user_id(index) for index in range(350)]


async def test_the_oldest_can_come_first(visit):
    """order_by=+created_at turns the listing, and its cursors, round."""
    visitor = visit(users=120)
    expected = [visitor.world.user_id(index) for index in reversed(range(120))]
    assert await walk(visitor, limit=50, order_by="+created_at") == expected
    assert await walk(visitor, limit=50, order_by="created_at") == expected


async def test_offset_skips(visitor):
    """An offset begins the page behind that many users."""
    rows = (await visitor.clerk("/users", limit=3, offset=198)).json()
    assert [row["id"] for row in rows] == [visitor.world.user_id(198), visitor.world.user_id(199)]


@pytest.mark.parametrize(("limit", "came"), [(None, 10), (1, 1), (200, 200), (500, 200), (501, 10), (100_000, 10)])
async def test_a_limit_over_500_gives_ten(visitor, limit, came):
    """The default is ten, the most is 500, and more than that silently gives ten again."""
    params = {} if limit is None else {"limit": limit}
    assert len((await visitor.clerk("/users", **params)).json()) == came


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"limit": 0}, 422),
        ({"limit": -4}, 422),
        ({"order_by": "-shoe_size"}, 422),
        ({"created_at_after": "yesterday"}, 422),
        ({"provider": "oauth_github"}, 422),
        ({"user_id": ["user_x"] * 101}, 422),
    ],
)
async def test_a_wrong_parameter_is_refused(visitor, params, status):
    """A parameter that the listing does not take ends with its error."""
    assert (await visitor.clerk("/users", **params)).status_code == status


async def test_a_cursor_goes_with_the_order_of_creation_alone(visitor):
    """starting_after with another order or with an offset is refused, and so is one of nobody."""
    after = visitor.world.user_id(3)
    assert (await visitor.clerk("/users", starting_after=after, order_by="-updated_at")).status_code == 422
    assert (await visitor.clerk("/users", starting_after=after, offset=2)).status_code == 422
    assert (await visitor.clerk("/users", starting_after="user_nobody")).status_code == 404


@pytest.mark.parametrize(
    ("field", "read"),
    [
        ("last_sign_in_at", lambda row: row["last_sign_in_at"] or 0),
        ("updated_at", lambda row: row["updated_at"]),
        ("first_name", lambda row: row["first_name"] or ""),
        ("email_address", lambda row: row["email_addresses"][-1]["email_address"]),
    ],
)
async def test_other_orders_sort(visitor, field, read):
    """Users can be listed in the order of other fields, either way round."""
    rows = (await visitor.clerk("/users", limit=200, order_by=f"+{field}")).json()
    keys = [read(row) for row in rows]
    assert len(set(keys)) > 10
    assert keys == sorted(keys)
    falling = (await visitor.clerk("/users", limit=200, order_by=f"-{field}")).json()
    assert [read(row) for row in falling] == keys[::-1]


async def test_windows_of_time_share_out_the_users(visitor):
    """Listings by time of registration meet without gap or overlap."""
    middle = visitor.world.created_at(80)
    newer = await walk(visitor, limit=500, created_at_after=middle)
    older = await walk(visitor, limit=500, created_at_before=middle - 1)
    assert newer == [visitor.world.user_id(index) for index in range(81)]
    assert older == [visitor.world.user_id(index) for index in range(81, 200)]


async def test_a_cursor_goes_on_within_a_window(visit):
    """A window of time is walked by cursor as the whole is."""
    visitor = visit(users=300)
    before, after = visitor.world.created_at(50), visitor.world.created_at(260)
    found = await walk(visitor, limit=40, created_at_before=before, created_at_after=after)
    assert found == [visitor.world.user_id(index) for index in range(50, 261)]


async def test_users_are_found_by_what_they_have(visitor):
    """Each filter gives the users that it names and no others; count agrees."""
    person = next(one for one in map(visitor.world.person, range(1, 200)) if one.username and one.index % 5)
    github = next(visitor.world.having("github", "healthy"))
    filters = [
        ({"user_id": [person.user_id, visitor.world.user_id(5), "user_unknown"]}, {person.index, 5}),
        ({"user_id": [f"+{person.user_id}", visitor.world.user_id(5), f"-{person.user_id}"]}, {5}),
        ({"user_id": f"-{person.user_id}"}, set(range(200)) - {person.index}),
        ({"email_address": person.email}, {person.index}),
        ({"username": person.username}, {person.index}),
        ({"external_id": f"crm-{person.index}"}, {person.index}),
        ({"query": person.email.upper()}, {person.index}),
        ({"email_address_query": f".{person.index}@"}, {person.index}),
        ({"provider": "oauth_github", "provider_user_id": github.provider_user_id}, {github.user}),
        ({"email_address": "nobody@example.com"}, set()),
    ]
    for params, expected in filters:
        rows = (await visitor.clerk("/users", limit=500, **params)).json()
        assert {visitor.world.find_user(row["id"]) for row in rows} == expected, params
        assert (await visitor.clerk("/users/count", **params)).json()["total_count"] == len(expected), params


async def test_users_are_as_specified(visitor, validator):
    """Every user of the world validates against Clerk's specification."""
    check = validator(CLERK, "User")
    rows = (await visitor.clerk("/users", limit=500)).json()
    assert len(rows) == 200
    for row in rows:
        check.validate(row)
        assert row["private_metadata"]
        primary = [mail for mail in row["email_addresses"] if mail["id"] == row["primary_email_address_id"]]
        assert [mail["email_address"] for mail in primary] == [
            visitor.world.person(visitor.world.find_user(row["id"])).email
        ]
    assert any(len(row["email_addresses"]) > 1 for row in rows)
    assert any(not name.isascii() for row in rows if (name := row["first_name"]))


async def test_one_user_is_the_same_as_in_the_listing(visitor):
    """A user by id is what the listing shows; an unknown one is 404 with a trace id."""
    row = (await visitor.clerk("/users", limit=1, offset=5)).json()[0]
    assert (await visitor.clerk(f"/users/{row['id']}")).json() == row
    missing = await visitor.clerk("/users/user_unknown")
    assert missing.status_code == 404
    assert missing.json()["errors"][0]["code"] == "resource_not_found"
    assert missing.json()["clerk_trace_id"] == missing.headers["x-clerk-trace-id"]
    assert "cf-ray" in missing.headers


async def test_google_accounts_have_two_ids(visitor):
    """A Google account is listed by its identification and names its eac_ id beside it; GitHub's is plain."""
    rows = (await visitor.clerk("/users", limit=500)).json()
    accounts = [account for row in rows for account in row["external_accounts"]]
    google = [account for account in accounts if account["provider"] == "oauth_google"]
    github = [account for account in accounts if account["provider"] == "oauth_github"]
    assert google
    assert github
    assert all(one["object"] == "google_account" for one in google)
    assert all(one["id"].startswith("idn_") and one["external_account_id"].startswith("eac_") for one in google)
    assert all(one["id"].startswith("eac_") and "external_account_id" not in one for one in github)


async def test_an_unfinished_attempt_is_listed_but_has_no_token(visitor):
    """An unverified account is in the user, and the token endpoint knows nothing of it."""
    account = next(
        account
        for account in visitor.world.having("notion", "unverified")
        if len(visitor.world.situation(account.user)["notion"]) == 1
    )
    row = (await visitor.clerk(f"/users/{visitor.world.user_id(account.user)}")).json()
    listed = next(one for one in row["external_accounts"] if one["provider"] == "oauth_notion")
    assert listed["verification"]["status"] == "unverified"
    assert listed["approved_scopes"] == ""
    assert (await visitor.tokens(account)).json() == []


async def test_tokens_come_in_both_shapes(visitor, validator):
    """paginated=true wraps the list; the prefix of the provider may be left out."""
    account = visitor.first("google", "healthy")
    plain = (await visitor.tokens(account)).json()
    validator(CLERK, "OAuthAccessToken").validate(plain)
    assert (await visitor.tokens(account, paginated="true")).json() == {"data": plain, "total_count": len(plain)}
    user = visitor.world.user_id(account.user)
    assert (await visitor.clerk(f"/users/{user}/oauth_access_tokens/google")).json() == plain


async def test_a_user_may_have_two_accounts_of_one_provider(visitor):
    """Each account has a token of its own, which names the account."""
    user = next(index for index in range(200) if visitor.world.situation(index).get("github") == ("healthy", "healthy"))
    accounts = [account for account in visitor.world.accounts(user) if account.provider == "github"]
    items = (await visitor.tokens(accounts[0])).json()
    assert [item["external_account_id"] for item in items] == [account.eac for account in accounts]
    assert [item["label"] for item in items] == [None, "second"]
    for account, item in zip(accounts, items, strict=True):
        assert (await visitor.get("https://api.github.com/user", item["token"])).json()["login"] == account.username


async def test_expiry_is_said_in_three_ways(visitor):
    """expires_at is null, seconds or milliseconds, as the account has it."""
    units = set()
    for provider in ("github", "notion", "google"):
        for account in visitor.world.having(provider, "healthy"):
            expires = next(
                item["expires_at"]
                for item in (await visitor.tokens(account)).json()
                if item["external_account_id"] == account.eac
            )
            assert (expires is None, (expires or 0) > 10**11) == (account.expiry == "", account.expiry == "ms")
            units.add((provider, account.expiry))
    assert {("github", ""), ("google", "s"), ("google", "ms"), ("notion", ""), ("notion", "ms")} <= units


@pytest.mark.parametrize(
    ("situation", "status", "code"),
    [
        ("unrefreshable", 422, "oauth_missing_refresh_token"),
        ("untokened", 422, "oauth_missing_access_token"),
        ("unconsented", 400, "external_account_missing_refresh_token"),
        ("refused", 400, "oauth_token_retrieval_error"),
    ],
)
async def test_clerk_says_why_there_is_no_token(visitor, validator, situation, status, code):
    """Each dead end of the token endpoint has its status and code; a refused refresh quotes the provider."""
    answer = await visitor.tokens(visitor.first("google", situation))
    validator(CLERK, "ClerkErrors").validate(answer.json())
    error = answer.json()["errors"][0]
    assert (answer.status_code, error["code"]) == (status, code)
    assert ("invalid_grant" in str(error.get("meta"))) == (situation == "refused")


async def test_not_connected_is_an_empty_list(visitor):
    """A user without an account at an enabled provider has no tokens; a provider that is off is an error."""
    user = next(index for index in range(200) if "notion" not in visitor.world.situation(index))
    path = f"/users/{visitor.world.user_id(user)}/oauth_access_tokens"
    assert (await visitor.clerk(f"{path}/oauth_notion")).json() == []
    off = await visitor.clerk(f"{path}/oauth_dropbox_like")
    assert (off.status_code, off.json()["errors"][0]["code"]) == (404, "oauth_token_provider_not_enabled")


async def test_a_stale_token_is_fresh_at_the_second_asking(visitor):
    """The provider refuses a stale account's first token and takes the next."""
    for provider, url in (("github", "https://api.github.com/user"), ("notion", "https://api.notion.com/v1/users")):
        account = visitor.first(provider, "stale")
        first, second = await visitor.token(account), await visitor.token(account)
        assert (await visitor.get(url, first)).status_code == 401
        assert (await visitor.get(url, second)).status_code == 200


@pytest.mark.looptime
async def test_tokens_end_within_the_hour_and_are_renewed(visitor, pass_time):
    """An expiring token is refused after its hour; Clerk then has another."""
    account = visitor.first("google", "healthy")
    url = "https://www.googleapis.com/oauth2/v2/userinfo"
    first = await visitor.token(account)
    assert (await visitor.get(url, first)).status_code == 200
    await pass_time(3601)
    assert (await visitor.get(url, first)).status_code == 401
    assert (await visitor.read(account, url)).json()["id"] == account.provider_user_id


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 401, "authentication_invalid"),
        ({"authorization": "Basic abc"}, 401, "authorization_header_format_invalid"),
        ({"authorization": "Bearer something-else"}, 401, "clerk_key_invalid"),
    ],
)
async def test_a_wrong_key_is_refused(visitor, headers, status, code):
    """Without the sandbox's key nothing is told."""
    answer = await visitor.http.get("https://api.clerk.com/v1/users", headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)


@pytest.mark.parametrize("agent", ["", "Python-urllib/3.12"])
async def test_a_nameless_client_meets_the_edge(visitor, agent):
    """The edge refuses some clients in plain text, before Clerk is asked."""
    answer = await visitor.http.get("https://api.clerk.com/v1/users", headers={"user-agent": agent})
    assert (answer.status_code, answer.text) == (403, "error code: 1010")


async def test_the_version_is_echoed_or_refused(visitor):
    """A version that Clerk has comes back in the headers; another one, or two at once, is refused."""
    url, key = "https://api.clerk.com/v1/instance", {"authorization": f"Bearer {visitor.sandbox.secret_key}"}
    fine = await visitor.http.get(url, headers={**key, "clerk-api-version": "2026-05-12"})
    assert (fine.status_code, fine.headers["clerk-api-version"]) == (200, "2026-05-12")
    assert fine.json()["environment_type"] == "production"
    assert (await visitor.http.get(url, headers={**key, "clerk-api-version": "1999-01-01"})).status_code == 400
    twice = {**key, "clerk-api-version": "2026-05-12"}
    both = await visitor.http.get(url, headers=twice, params={"__clerk_api_version": "2026-05-12"})
    assert both.json()["errors"][0]["code"] == "api_version_invalid"


@pytest.mark.looptime
async def test_a_thousand_requests_in_ten_seconds(visitor, pass_time):
    """The next request is refused with the time to wait, after which there is room again."""
    for _ in range(1000):
        assert (await visitor.clerk("/users/count")).status_code == 200
    refused = await visitor.clerk("/users/count")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "10")
    assert refused.json()["errors"][0]["code"] == "too_many_requests"
    assert visitor.sandbox.requests.throttled["api.clerk.com"] == 1
    await pass_time(10)
    assert (await visitor.clerk("/users/count")).status_code == 200


@pytest.mark.looptime
async def test_limits_can_be_off(visit):
    """Without limits any number of requests is served."""
    visitor = visit(users=5, limits=False)
    assert {(await visitor.clerk("/users/count")).status_code for _ in range(1200)} == {200}


async def test_the_domain_leads_to_the_environment(visitor):
    """The Frontend API's host is found by the domain, and says which providers are enabled."""
    domain = (await visitor.clerk("/domains")).json()["data"][0]
    environment = (await visitor.http.get(f"{domain['frontend_api_url']}/v1/environment")).json()
    social = environment["user_settings"]["social"]
    enabled = {name for name, one in social.items() if one["enabled"]}
    assert {"oauth_github", "oauth_notion", "oauth_google"} <= enabled
    assert enabled < set(social)
    assert f"{domain['frontend_api_url']}" in visitor.sandbox.base_urls("http://127.0.0.1:1")


async def test_nothing_else_is_there(visitor):
    """An address that Clerk does not have is 404, and so is a method that it does not take."""
    assert (await visitor.clerk("/sessions")).status_code == 404
    key = {"authorization": f"Bearer {visitor.sandbox.secret_key}"}
    assert (await visitor.http.post("https://api.clerk.com/v1/users", headers=key)).status_code == 404


async def test_a_disabled_provider_keeps_its_accounts(visit):
    """What the instance no longer offers is still on the users, but has no tokens and is listed as off."""
    visitor = visit(users=20, disabled=("github",))
    account = next(visitor.world.having("github", "healthy"))
    user = visitor.world.user_id(account.user)
    row = (await visitor.clerk(f"/users/{user}")).json()
    assert "oauth_github" in [one["provider"] for one in row["external_accounts"]]
    answer = await visitor.clerk(f"/users/{user}/oauth_access_tokens/oauth_github")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "oauth_token_provider_not_enabled")
    social = (await visitor.http.get("https://clerk.sandbox.example/v1/environment")).json()["user_settings"]["social"]
    assert [social[name]["enabled"] for name in ("oauth_github", "oauth_google")] == [False, True]


def test_only_what_there_is_can_be_disabled():
    """A provider that the world does not have is a usage error that names it."""
    with pytest.raises(UsageError, match="gitub"):
        Sandbox(users=1, disabled=("gitub",))
