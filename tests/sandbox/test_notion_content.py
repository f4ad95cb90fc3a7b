"""The sandbox's Notion workspaces, held against Notion's own description, in every version that is read."""

import json

import pytest

from socialconnect.sandbox.notion import archive
from socialconnect.sandbox.notion_content import Content
from socialconnect.sandbox.notion_values import EVERY

NOTION = "notion-subset.json"
API = "https://api.notion.com/v1"
NEWEST, OLD = "2026-03-11", "2022-06-28"
VERSIONS = pytest.mark.parametrize("version", [NEWEST, "2025-09-03", OLD])
UNSPECIFIED = {"verification", "place", "button"}  # in no schema of a data source that Notion describes


class Caller:
    """One account's connection in one version."""

    def __init__(self, visitor, situation, version=NEWEST):
        self.visitor, self.version = visitor, version
        self.account = visitor.first("notion", situation)
        self.content = Content(visitor.world, self.account, situation)

    async def __call__(self, path, *, method="GET", **body):
        token = await self.visitor.token(self.account)
        headers = {"authorization": f"Bearer {token}", "notion-version": self.version}
        sent = {"json": body} if method == "POST" else {"params": body}
        return await self.visitor.http.request(method, f"{API}{path}", headers=headers, **sent)

    async def all(self, path, *, method="GET", **body):
        """Every element of a list."""
        found, cursor = [], {}
        while True:
            page = (await self(path, method=method, **body, **cursor)).json()
            found += page["results"]
            if not page["has_more"]:
                return found
            cursor = {"start_cursor": page["next_cursor"]}


def specified(schema, records):
    for record in records:
        schema.validate(record)


async def test_search_is_as_specified(visitor, validator):
    """Pages and data sources validate against Notion's specification, but for types of properties that it omits."""
    found = await Caller(visitor, "large").all("/search", method="POST")
    specified(validator(NOTION, "pageObjectResponse"), [one for one in found if one["object"] == "page"])
    sources = [one for one in found if one["object"] == "data_source"]
    for source in sources:
        source["properties"] = {
            name: value for name, value in source["properties"].items() if value["type"] not in UNSPECIFIED
        }
    specified(validator(NOTION, "dataSourceObjectResponse"), sources)
    rows = [one for one in found if one["parent"]["type"] == "data_source_id"]
    assert len(sources) == 3
    assert len(rows) == 20


async def test_every_type_of_property_is_as_specified(visitor, validator):
    """A row's values of every type validate, each on its own; the listing shows no more than 25 references."""
    caller = Caller(visitor, "large")
    path = f"/data_sources/{caller.content.id('source', 1)}/query"
    rows = await caller.all(path, method="POST", sorts=[{"timestamp": "created_time", "direction": "ascending"}])
    check = validator(NOTION, "pagePropertyValueWithIdResponse")
    for row in rows:
        assert set(row["properties"]) == set(EVERY)
        for name, value in row["properties"].items():
            if name != "Part":  # incomplete: described for single properties alone
                check.validate({key: inner for key, inner in value.items() if key != "has_more"})
    assert len(rows[0]["properties"]["Related"]["relation"]) == 25
    assert rows[0]["properties"]["Related"]["has_more"] is True
    assert [len(row["properties"]["Team"]["people"]) for row in rows[:4]] == [0, 25, 25, 0]
    assert sum(one["type"] == "mention" for one in rows[3]["properties"]["Text"]["rich_text"]) == 25


async def test_blocks_are_as_specified(visitor, validator):
    """Blocks of every type that the specification knows stand on the first page, four deep."""
    caller = Caller(visitor, "healthy")
    check = validator(NOTION, "blockObjectResponse")
    known = {
        name for part in check.schema["components"]["schemas"]["blockObjectResponse"]["anyOf"] for name in names(part)
    }
    seen, depth = set(), 0
    level = await caller.all(f"/blocks/{caller.content.id('page', 0)}/children")
    while level:
        specified(check, level)
        seen |= {block["type"] for block in level}
        depth += 1
        inside = [block["id"] for block in level if block["has_children"]]
        level = [child for one in inside for child in await caller.all(f"/blocks/{one}/children")]
    assert depth == 4
    assert {f"{kind.replace('_', '')}BlockObjectResponse".lower() for kind in seen} == {name.lower() for name in known}


def names(part):
    return [part["$ref"].rsplit("/", 1)[1]] if "$ref" in part else []


async def test_databases_and_comments_are_as_specified(visitor, validator):
    """A database names its data sources; comments stand on pages and blocks."""
    caller = Caller(visitor, "large")
    database = (await caller(f"/databases/{caller.content.id('database', 0)}")).json()
    validator(NOTION, "databaseObjectResponse").validate(database)
    assert [one["id"] for one in database["data_sources"]] == [caller.content.id("source", at) for at in (0, 2)]
    comments = await caller.all("/comments", block_id=caller.content.id("page", 2))
    comments += await caller.all("/comments", block_id=caller.content.block_id(0, 0))
    specified(validator(NOTION, "commentObjectResponse"), comments)
    assert [one["parent"]["type"] for one in comments] == ["page_id", "page_id", "block_id"]


@pytest.mark.parametrize(
    ("name", "place", "count"), [("Related", 0, 120), ("Team", 2, 40), ("Text", 3, 41), ("Name", 0, 1)]
)
async def test_a_property_comes_whole(visitor, validator, name, place, count):
    """A property by its id is a list of all of its elements, page by page, whose next address nobody needs."""
    caller = Caller(visitor, "healthy")
    identity = EVERY[name][0]
    path = f"/pages/{caller.content.id('row', place, 1)}/properties/{identity}"
    first = (await caller(path)).json()
    validator(NOTION, "propertyItemListResponse").validate(first)
    items = await caller.all(path)
    assert len(items) == count
    assert first["property_item"]["id"] == identity
    assert (first["property_item"]["next_url"] is None) == (count <= 100)


async def test_an_id_that_is_escaped_twice_is_not_found(visitor):
    """Ids of properties come escaped: who escapes them again asks for another one."""
    caller = Caller(visitor, "healthy")
    path = f"/pages/{caller.content.id('row', 3, 1)}/properties/"
    assert (await caller(path + "a%3Ab1")).status_code == 200
    assert (await caller(path + "a%253Ab1")).status_code == 404


@VERSIONS
async def test_versions_differ(visitor, version):
    """Each version has its own words for tables, parents and the trash."""
    caller = Caller(visitor, "healthy", version)
    newer = version > OLD
    found = await caller.all("/search", method="POST")
    assert {one["object"] for one in found} == {"page", "data_source" if newer else "database"}
    row = next(one for one in found if one["parent"]["type"].startswith("data") and one["object"] == "page")
    assert row["parent"]["type"] == ("data_source_id" if newer else "database_id")
    assert all(("archived" in one) == (version < NEWEST) for one in found)
    wrong = "database" if newer else "data_source"
    refused = await caller("/search", method="POST", filter={"property": "object", "value": wrong})
    assert (refused.status_code, refused.json()["code"]) == (400, "validation_error")
    kind, other = ("data_sources", "databases") if newer else ("databases", "data_sources")
    one = caller.content.id("source" if newer else "database", 1)
    assert (await caller(f"/{kind}/{one}/query", method="POST")).status_code == 200
    gone = await caller(f"/{other}/{one}/query", method="POST")
    assert (gone.status_code, gone.json()["code"]) == (400, "invalid_request_url")


async def test_old_versions_refuse_what_they_do_not_know(visitor):
    """Databases of several data sources, and the type of results, are of newer versions."""
    caller = Caller(visitor, "healthy", OLD)
    for path, method in ((f"/databases/{caller.content.id('database', 0)}/query", "POST"),
                         (f"/databases/{caller.content.id('database', 0)}", "GET")):  # fmt: skip
        refused = await caller(path, method=method)
        assert "multiple data sources" in refused.json()["message"]
    path = f"/databases/{caller.content.id('database', 1)}/query"
    assert (await caller(path, method="POST", result_type="page")).status_code == 400


async def test_one_query_gives_ten_thousand_rows(visitor):
    """At the last of them the list ends, and says that it is not whole; a later beginning has the rest."""
    caller = Caller(visitor, "large")
    source = archive(visitor.world, caller.account)
    path, oldest = f"/data_sources/{source}/query", [{"timestamp": "created_time", "direction": "ascending"}]
    cursor = caller.content.id("row", 9_950, 3)
    page = (await caller(path, method="POST", sorts=oldest, start_cursor=cursor)).json()
    assert (len(page["results"]), page["has_more"], page["next_cursor"]) == (50, False, None)
    assert page["request_status"] == {"type": "incomplete", "incomplete_reason": "query_result_limit_reached"}
    last = page["results"][-1]["created_time"]
    begin = {"timestamp": "created_time", "created_time": {"on_or_after": last}}
    rest = await caller.all(path, method="POST", sorts=oldest, filter={"and": [begin]})
    assert [one["id"] for one in rest[-1:]] == [caller.content.id("row", 11_999, 3)]
    assert rest[0]["created_time"] == last
    end = (await caller(path, method="POST", sorts=oldest, filter=begin, start_cursor=rest[-1]["id"])).json()
    assert end["request_status"] == {"type": "complete"}


DONE = {"property": "Done", "checkbox": {"equals": True}}
DEEP = {"or": [{"or": [{"or": [DONE]}]}]}


@pytest.mark.parametrize(
    ("given", "places"),
    [
        ({"filter": DONE}, [2, 0]),
        ({"filter": {"property": "Amount", "number": {"greater_than": 0.3}}}, [2]),
        ({"filter": {"property": "Choice", "select": {"does_not_equal": "Red"}}}, [2, 1]),
        ({"filter": {"property": "Tags", "multi_select": {"is_empty": True}}}, [0]),
        ({"filter": {"or": [DONE, {"and": [DONE]}]}}, [2, 0]),
        ({"filter": {"timestamp": "created_time", "created_time": {"before": "2020-01-01"}}}, []),
        ({"sorts": [{"timestamp": "created_time", "direction": "ascending"}], "filter": DONE}, [0, 2]),
    ],
)
async def test_queries_filter_and_sort(visitor, given, places):
    """Rows are those that the filter wants, in the order that is asked for."""
    caller = Caller(visitor, "healthy")
    rows = await caller.all(f"/data_sources/{caller.content.id('source', 1)}/query", method="POST", **given)
    wanted = [caller.content.id("row", place, 1) for place in places]
    assert [row["id"] for row in rows if caller.content.place("row", row["id"], 1) < 3] == wanted


@pytest.mark.parametrize(
    ("path", "method", "body", "status", "code"),
    [
        ("/data_sources/{source}/query", "POST", {"filter": DEEP}, 400, "validation_error"),
        ("/data_sources/{source}/query", "POST", {"filter": {"checkbox": 1}}, 400, "validation_error"),
        ("/data_sources/{source}/query", "POST", {"page_size": 101}, 400, "validation_error"),
        ("/data_sources/{source}/query", "POST", {"start_cursor": "x"}, 400, "validation_error"),
        ("/data_sources/{database}/query", "POST", {}, 404, "object_not_found"),
        ("/databases/{source}", "GET", {}, 404, "object_not_found"),
        ("/pages/{database}", "GET", {}, 404, "object_not_found"),
        ("/blocks/{source}/children", "GET", {}, 404, "object_not_found"),
        ("/comments", "GET", {}, 404, "object_not_found"),
        ("/pages/{page}/properties/none", "GET", {}, 404, "object_not_found"),
        ("/search/more", "POST", {}, 400, "invalid_request_url"),
        ("/search", "GET", {}, 400, "invalid_request_url"),
    ],
)  # fmt: skip
async def test_wrong_requests_are_refused(visitor, path, method, body, status, code):
    """Each wrong request has the status and the code that Notion gives it."""
    caller = Caller(visitor, "healthy")
    ids = {kind: caller.content.id(kind, 1) for kind in ("source", "database", "page")}
    answer = await caller(path.format(**ids), method=method, **body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(("situation", "path", "status"), [
    ("narrow", "/comments", 403), ("narrow", "/search", 200), ("underscoped", "/search", 403),
    ("underscoped", "/comments", 403), ("empty", "/search", 200),
])  # fmt: skip
async def test_capabilities(visitor, situation, path, status):
    """A narrow connection cannot read comments, an underscoped one nothing; an empty one finds nothing."""
    caller = Caller(visitor, situation)
    body = {"block_id": caller.content.id("page", 0)} if path == "/comments" else {}
    answer = await caller(path, method="GET" if body else "POST", **body)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["code"] == "restricted_resource"
    if situation == "empty":
        assert answer.json()["results"] == []


async def test_single_things_are_what_lists_show(visitor):
    """A page, a data source and a block by id are what search and listings have of them."""
    caller = Caller(visitor, "healthy")
    found = await caller.all("/search", method="POST")
    found += await caller.all(f"/blocks/{caller.content.id('page', 0)}/children")
    for one in found:
        path = {"page": "pages", "data_source": "data_sources", "block": "blocks"}[one["object"]]
        single = (await caller(f"/{path}/{one['id'].replace('-', '')}")).json()
        assert {key: single[key] for key in one} == one
        assert one["object"] == "block" or caller.account.mark in json.dumps(single)
