import json

import pytest

NOTION = "notion-subset.json"
USERS = "https://api.notion.com/v1/users"


async def walk(visitor, token, size=100):
    """All users of a workspace, by cursor."""
    rows, cursor = [], ""
    while True:
        body = (await visitor.get(f"{USERS}?page_size={size}{cursor}", token)).json()
        rows += body["results"]
        if not body["has_more"]:
            assert body["next_cursor"] is None
            return rows
        cursor = f"&start_cursor={body['next_cursor']}"


async def test_users_are_as_specified(visitor, validator):
    """Users validate against Notion's specification and name the account of the token."""
    check = validator(NOTION, "userObjectResponse")
    kinds = set()
    for situation in ("healthy", "large", "narrow"):
        account = visitor.first("notion", situation)
        for row in await walk(visitor, await visitor.token(account)):
            check.validate(row)
            assert account.mark in json.dumps(row)
            kinds.add((row["type"], bool(row.get("person")), bool(row.get("bot")), row["name"] is None))
    assert {("person", True, False, False), ("person", False, False, False), ("person", True, False, True)} <= kinds
    assert {("bot", False, True, False), ("bot", False, False, False)} <= kinds


@pytest.mark.parametrize("size", [7, 30, 100])
async def test_cursors_walk_the_workspace_once(visitor, size):
    """Pages of any size give each user of a large workspace once."""
    token = await visitor.token(visitor.first("notion", "large"))
    rows = await walk(visitor, token, size)
    assert len({row["id"] for row in rows}) == len(rows) >= 130


async def test_a_cursor_is_taken_as_it_was_given(visitor):
    """A cursor with one other digit is refused."""
    token = await visitor.token(visitor.first("notion", "large"))
    cursor = (await visitor.get(USERS, token)).json()["next_cursor"]
    changed = ("0" if cursor[0] != "0" else "1") + cursor[1:]
    assert (await visitor.get(f"{USERS}?start_cursor={cursor}", token)).status_code == 200
    assert (await visitor.get(f"{USERS}?start_cursor={changed}", token)).status_code == 400


async def test_e_mail_addresses_need_a_capability(visitor):
    """A narrow connection sees people without their addresses."""
    rows = await walk(visitor, await visitor.token(visitor.first("notion", "narrow")))
    assert all(row["person"] == {} for row in rows if row["type"] == "person")


async def test_users_need_a_capability(visitor):
    """An underscoped connection may not list users, though it may ask who it is."""
    account = visitor.first("notion", "underscoped")
    refused = await visitor.read(account, USERS)
    assert (refused.status_code, refused.json()["code"]) == (403, "restricted_resource")
    assert refused.headers["x-notion-request-id"] == refused.json()["request_id"]
    assert (await visitor.read(account, f"{USERS}/me")).json()["bot"]["owner"]["type"] == "user"


async def test_an_empty_workspace_has_no_users(visitor):
    """No users are an empty list that ends."""
    body = (await visitor.read(visitor.first("notion", "empty"), USERS)).json()
    assert (body["results"], body["has_more"], body["next_cursor"]) == ([], False, None)


async def test_one_user_is_found_by_its_id(visitor):
    """A user by id is what the listing shows; one of another workspace is not found."""
    account = visitor.first("notion", "healthy")
    token = await visitor.token(account)
    row = (await walk(visitor, token))[1]
    found = (await visitor.get(f"{USERS}/{row['id']}", token)).json()
    assert {key: found[key] for key in row} == row
    other = await walk(visitor, await visitor.token(visitor.first("notion", "large")))
    missing = await visitor.get(f"{USERS}/{other[3]['id']}", token)
    assert (missing.status_code, missing.json()["code"]) == (404, "object_not_found")


@pytest.mark.parametrize(
    ("path", "headers", "status", "code"),
    [
        ("", {"notion_version": ""}, 400, "missing_version"),
        ("", {"notion_version": "1999-01-01"}, 400, "validation_error"),
        ("?page_size=101", {}, 400, "validation_error"),
        ("?start_cursor=nonsense", {}, 400, "validation_error"),
        ("?start_cursor=00000000-0000-4000-a000-000000000001", {}, 400, "validation_error"),
        ("/a/b", {}, 400, "invalid_request_url"),
        ("", {"authorization": "Bearer nobody"}, 401, "unauthorized"),
    ],
)
async def test_wrong_requests_are_refused(visitor, validator, path, headers, status, code):
    """Each wrong request has the status, the code and the shape that Notion gives it."""
    answer = await visitor.read(visitor.first("notion", "healthy"), f"{USERS}{path}", **headers)
    assert (answer.status_code, answer.json()["code"], answer.json()["object"]) == (status, code, "error")
    if code not in ("missing_version", "invalid_request_url"):  # more specific than the specification's 400
        validator(NOTION, f"error_api_{status}").validate(answer.json())


@pytest.mark.looptime
async def test_180_requests_a_minute(visitor, pass_time):
    """Each token has 180 requests in any minute; the next is refused with the time to wait."""
    first, other = visitor.first("notion", "healthy"), visitor.first("notion", "large")
    token = await visitor.token(first)
    for _ in range(180):
        assert (await visitor.get(f"{USERS}/me", token)).status_code == 200
    refused = await visitor.get(f"{USERS}/me", token)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert (await visitor.read(other, f"{USERS}/me")).status_code == 200
    await pass_time(60)
    assert (await visitor.get(f"{USERS}/me", token)).status_code == 200
