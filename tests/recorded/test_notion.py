"""Notion, as notion-sdk-py and a client in Go recorded it in two versions, through the whole client."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.recorded.cassettes import RECORDED, Exchange, answer, quoted, shared, vcr
from tests.recorded.rows import assert_cell, check, check_shape
from tests.recorded.server import page

import socialconnect as sc
from socialconnect.connectors.notion import connector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pandas as pd
    from tests.recorded.server import Stage

    Connect = Callable[..., sc.Client]

FOLDER = ("notion", "ramnes-notion-sdk-py")
USERS = "https://api.notion.com/v1/users"
RENAMED = {
    "bot_owner_user_person_": "bot_owner_user_",
    "bot_workspace_limits_max_file_upload_size_in": "bot_max_file_upload",
}
VERSIONS = pytest.mark.parametrize("version", [(), ("v2022-06-28",)], ids=["2025-09-03", "2022-06-28"])


@VERSIONS
def test_users(stage: Stage, connect: Connect, version: tuple[str, ...]) -> None:
    """People and bots of either version stand in one frame of the same shape."""
    stage.connect("user_1", "notion")
    (recorded,) = vcr(*FOLDER, *version, "test_users_list.yaml")
    stage.serve(recorded)
    frame = connect().notion.users("user_1")
    check_shape(frame, connector.resource("users"))
    check(frame, page(recorded), renamed=RENAMED)
    assert list(frame["type"]) == ["person", "bot"]
    assert frame["person_email"].notna().tolist() == [True, False]
    (seen,) = stage.asked("notion")
    assert seen.headers["notion-version"] == "2026-03-11"
    assert seen.query == {"page_size": "100"}


@VERSIONS
def test_me(stage: Stage, connect: Connect, version: tuple[str, ...]) -> None:
    """The bot behind the token is one row of the same columns."""
    stage.connect("user_1", "notion")
    (recorded,) = vcr(*FOLDER, *version, "test_users_me.yaml")
    stage.serve(recorded)
    frame = connect().notion.me("user_1")
    check_shape(frame, connector.resource("me"))
    check(frame, [recorded.json()], renamed=RENAMED)
    assert frame["bot_owner_workspace"].tolist() == [True]


def test_pages_by_cursor(stage: Stage, connect: Connect) -> None:
    """Recorded cursors are passed on unchanged until has_more is false."""
    stage.connect("user_1", "notion")
    pages = [each for each in vcr(*FOLDER, "test_iterate_paginated_api.yaml") if "page_size" in each.url][:3]
    for exchange in pages:
        query = exchange.url.partition("?")[2].replace("page_size=2", "page_size=100")
        stage.serve(exchange, url=f"{USERS}?{query}")
    run = connect().read("notion.users", ["user_1"])
    records = [record for exchange in pages for record in page(exchange)]
    check(run.frame[["user_id", "external_account_id", "id", "object", "type"]], records)
    cursors = [exchange.json()["next_cursor"] for exchange in pages]
    assert [seen.query.get("start_cursor") for seen in stage.asked("notion")] == [None, *cursors[:2]]
    assert run.outcomes["pages"].tolist() == [3]


def test_token_is_fetched_again(stage: Stage, connect: Connect) -> None:
    """After a recorded 401, Clerk is asked for the token once more, and the recorded 200 comes with the new one."""
    stage.connect("user_1", "notion", "token-old", "token-new")
    refused, listed = vcr(*FOLDER, "test_client_request_auth.yaml")
    stage.serve(refused, url=USERS, token="token-old")
    stage.serve(listed, url=USERS, token="token-new")
    run = connect().read("notion.users", ["user_1"])
    check(run.frame, page(listed), renamed=RENAMED)
    assert [seen.token for seen in stage.asked("notion")] == ["token-old", "token-new"]
    assert list(run.outcomes["status"]) == ["ok"]


API = "https://api.notion.com/v1"
PAGE = "96245c8f-1784-44a4-82ad-1941127c3ec3"
NEWER, OLDER = "2025-09-03", "2022-06-28"
BOTH = pytest.mark.parametrize("version", [NEWER, OLDER])


@cache
def recorded(version: str) -> tuple[Exchange, ...]:
    """All that was recorded in a version, by whomever."""
    folder = (*FOLDER, "v2022-06-28") if version == OLDER else FOLDER
    shared("recorded", *folder)
    found = [one for path in sorted(RECORDED.joinpath(*folder).glob("*.yaml")) for one in vcr(*folder, path.name)]
    if version == OLDER:
        in_go = yaml.safe_load(shared("recorded", "notion", "go-api-libs", "2025-02-16.yaml").read_text("utf-8"))
        for item in in_go["interactions"]:
            request, response = item["request"], item["response"]
            found.append(Exchange(request["method"], request["url"], response["code"], {}, response["body"].encode()))
    return tuple(found)


def objects(version: str, kind: str) -> list[dict[str, Any]]:
    """Every recorded object of a kind, alone or in a list, once each."""
    bodies = [one.json() for one in recorded(version) if one.status == 200]
    every = [each for body in bodies for each in (body["results"] if body["object"] == "list" else [body])]
    found = {str(each["id"]): each for each in every if each["object"] == kind}
    assert found, "the recordings hold this kind"
    return list(found.values())


def listed(records: Iterable[dict[str, Any]]) -> Exchange:
    return answer(200, {"object": "list", "results": list(records), "next_cursor": None, "has_more": False})


def plain(texts: list[dict[str, Any]] | None) -> str | None:
    return "".join(one["plain_text"] for one in texts or []) or None


def looks(record: dict[str, Any]) -> dict[str, Any]:
    """What pages, databases and data sources have in common, worked out by hand."""
    icon, cover, parent = record["icon"] or {}, record["cover"] or {}, record["parent"]
    own, behind = icon.get(icon.get("type")), cover.get(cover.get("type"))
    return {
        **record,
        "icon": own["url"] if isinstance(own, dict) else own,
        "icon_type": icon.get("type"),
        "cover_url": behind["url"] if behind else None,
        "created_by": record.get("created_by", {}).get("id"),
        "last_edited_by": record.get("last_edited_by", {}).get("id"),
        "parent_type": parent["type"],
        "parent_id": parent[parent["type"]] if parent["type"] != "workspace" else None,
        "parent_database_id": parent.get("database_id"),
    }


def whole(frame: pd.DataFrame, wanted: list[dict[str, Any]], but: tuple[str, ...] = ()) -> None:
    """Every cell is what was worked out; nothing else is in the frame, and no column is left out of the comparison."""
    assert len(frame) == len(wanted)
    for name in frame.columns.drop(["user_id", "external_account_id", *but]):
        moment = str(frame[name].dtype).startswith("datetime")
        for got, row in zip(frame[name], wanted, strict=True):
            if isinstance(got, list) or isinstance(row.get(name), list):
                assert got == row.get(name), name
            else:
                assert_cell(got, row.get(name), moment=moment, name=name)


def client_of(connect: Connect, version: str) -> sc.Client:
    return connect(api_versions={"notion": version})


@BOTH
def test_all_pages(stage: Stage, connect: Connect, version: str) -> None:
    """Every recorded page, made, read, found or searched, becomes one row that is equal to it."""
    records = objects(version, "page")
    stage.connect("user_1", "notion")
    stage.serve(listed(records), url=f"{API}/search")
    frame = client_of(connect, version).notion.pages("user_1")
    check_shape(frame, connector.at(version).resource("pages"))
    titles = [next(each["title"] for each in one["properties"].values() if each["type"] == "title") for one in records]
    whole(frame, [{**looks(one), "title": plain(title)} for one, title in zip(records, titles, strict=True)])
    (seen,) = stage.asked("notion")
    assert seen.headers["notion-version"] == version


@BOTH
def test_pages_as_rows(stage: Stage, connect: Connect, version: str) -> None:
    """Each recorded page as a row of a data source has its properties as columns, and their ids beside them."""
    records = [one for one in objects(version, "page") if list(one["properties"]) == ["title"]]
    source = records[0]["id"]
    stage.connect("user_1", "notion")
    kind = "databases" if version == OLDER else "data_sources"
    stage.serve(listed(records), url=f"{API}/{kind}/{source}/query")
    frame = client_of(connect, version).notion.rows("user_1", data_source=source)
    titles = [plain(one["properties"]["title"]["title"]) for one in records]
    assert (
        frame["title"].fillna("").tolist()
        == frame["title (title)"].fillna("").tolist()
        == [one or "" for one in titles]
    )
    assert frame.attrs["properties"] == {"title (title)": {"name": "title", "type": "title", "ids": ["title"]}}


def tables(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**looks(one), "title": plain(one["title"]), "description": plain(one["description"])} for one in records]


def test_all_data_sources(stage: Stage, connect: Connect) -> None:
    """Every recorded data source is a row with its place and its schema."""
    records = objects(NEWER, "data_source")
    stage.connect("user_1", "notion")
    stage.serve(listed(records), url=f"{API}/search")
    frame = client_of(connect, NEWER).notion.data_sources("user_1")
    check_shape(frame, connector.resource("data_sources"))
    wanted = tables(records)
    for one, record in zip(wanted, records, strict=True):
        above = record["database_parent"]
        one |= {"database_parent_type": above["type"], "database_parent_id": above.get(above["type"])}
        one |= {"property_count": len(record["properties"])}
    whole(frame, wanted, but=("properties",))
    assert [yaml.safe_load(text) for text in frame["properties"]] == [one["properties"] for one in records]


def test_all_databases_of_the_older_version(stage: Stage, connect: Connect) -> None:
    """There a database is what is now a data source, with a schema of its own."""
    records = objects(OLDER, "database")
    stage.connect("user_1", "notion")
    stage.serve(listed(records), url=f"{API}/search")
    frame = client_of(connect, OLDER).notion.data_sources("user_1")
    wanted = tables(records)
    for one, record in zip(wanted, records, strict=True):
        above = record["parent"]
        one |= {"parent_database_id": record["id"], "property_count": len(record["properties"])}
        one |= {"database_parent_type": above["type"], "database_parent_id": above.get(above["type"])}
    whole(frame, wanted, but=("properties",))


@BOTH
def test_all_databases(stage: Stage, connect: Connect, version: str) -> None:
    """Every recorded database by its id is a row; what is in it are its sources."""
    records = objects(version, "database")
    stage.connect("user_1", "notion")
    for one in records:
        stage.serve(answer(200, one), url=f"{API}/databases/{one['id']}")
    client = client_of(connect, version)
    names = [one["id"] for one in records]
    frame = client.notion.databases("user_1", database=names)
    whole(frame, [{**one, "database": one["id"]} for one in tables(records)], but=("data_sources",))
    inside = [(one["id"], each["id"], each["name"]) for one in records for each in one.get("data_sources", [])]
    sources = client.notion.sources("user_1", database=names)
    assert list(sources[["database", "id", "name"]].itertuples(index=False, name=None)) == inside


def test_a_recorded_database_is_resolved(stage: Stage, connect: Connect) -> None:
    """A database's id leads to the recorded query of its data source."""
    database = objects(NEWER, "database")[-1]
    source = database["data_sources"][0]["id"]
    stage.connect("user_1", "notion")
    stage.serve(answer(404, {"code": "object_not_found"}), url=f"{API}/data_sources/{database['id']}/query")
    stage.serve(answer(200, database), url=f"{API}/databases/{database['id']}")
    stage.serve(listed(objects(NEWER, "page")), url=f"{API}/data_sources/{source}/query")
    frame = client_of(connect, NEWER).notion.rows("user_1", data_source=database["id"])
    assert set(frame["data_source"]) == {source}


def written(record: dict[str, Any]) -> dict[str, Any]:
    """A block's cells, worked out by hand."""
    kind = record["type"]
    own: dict[str, Any] = record[kind]
    icon = own.get("icon") or {}
    shown = icon.get(icon.get("type"))
    target = own.get(own.get("type"), {}) if kind != "link_to_page" else {}
    found = {name: own.get(name) for name in ("language", "checked", "color", "is_toggleable", "expression", "name")}
    return {
        **record,
        **found,
        "parent_type": record["parent"]["type"],
        "parent_id": record["parent"][record["parent"]["type"]],
        "created_by": record["created_by"]["id"],
        "last_edited_by": record["last_edited_by"]["id"],
        "depth": 0,
        "text": plain(own.get("rich_text")),
        "caption": plain(own.get("caption")),
        "title": own.get("title") if kind.startswith("child_") else None,
        "url": own.get("url") or target.get("url"),
        "icon": shown["url"] if isinstance(shown, dict) else shown,
        "synced_from": (own.get("synced_from") or {}).get("block_id"),
        "link_type": own.get("type") if kind == "link_to_page" else None,
        "link_id": own.get(own["type"]) if kind == "link_to_page" else None,
        **{name: own.get(name) for name in ("table_width", "has_column_header", "has_row_header")},
    }


@BOTH
def test_all_blocks(stage: Stage, connect: Connect, version: str) -> None:
    """Every recorded block is a row that is equal to it; those inside were not recorded, which is told."""
    records = objects(version, "block")
    stage.connect("user_1", "notion")
    stage.serve(listed(records), url=f"{API}/blocks/{PAGE}/children")
    run = client_of(connect, version).read("notion.blocks", ["user_1"], page=PAGE, on_error="ignore")
    whole(run.frame, [written(one) for one in records], but=("page", "page_title"))
    closed = ("child_page", "child_database")
    inside = sum(one["has_children"] and one["type"] not in closed for one in records)
    assert len(stage.asked("notion")) == 1 + inside
    assert run.outcomes["status"].tolist() == (["partial"] if inside else ["ok"])
    assert not inside or f"{inside} records" in run.outcomes["message"][0]


def test_recorded_pages_of_blocks(stage: Stage, connect: Connect) -> None:
    """Recorded cursors lead from one page of children to the next."""
    pages = [one for one in recorded(OLDER) if one.url.partition("?")[2].startswith("page_size=10")][-3:]
    first, second = (one for one in pages if "page_size=10&" in f"{one.url}&" and "page_size=100" not in one.url)
    stage.connect("user_1", "notion")
    stage.serve(first, url=f"{API}/blocks/{PAGE}/children")
    cursor = first.json()["next_cursor"]
    stage.serve(listed(second.json()["results"]), url=f"{API}/blocks/{PAGE}/children?start_cursor={cursor}")
    run = client_of(connect, OLDER).read("notion.blocks", ["user_1"], page=PAGE, on_error="ignore")
    records = [*first.json()["results"], *second.json()["results"]]
    assert run.frame["id"].tolist() == [one["id"] for one in records]
    assert second.url.endswith(f"start_cursor={cursor}")


def test_all_comments(stage: Stage, connect: Connect) -> None:
    """Every recorded comment is a row that is equal to it."""
    records = objects(NEWER, "comment")
    stage.connect("user_1", "notion")
    stage.serve(listed(records), url=f"{API}/comments?block_id={PAGE}")
    frame = client_of(connect, NEWER).notion.comments("user_1", page=PAGE)
    wanted = [
        {
            **one,
            "page": PAGE,
            "parent_type": one["parent"]["type"],
            "parent_id": one["parent"][one["parent"]["type"]],
            "created_by": one["created_by"]["id"],
            "text": plain(one["rich_text"]),
            "display_name_type": one["display_name"]["type"],
            "display_name": one["display_name"]["resolved_name"],
        }
        for one in records
    ]
    whole(frame, wanted)


@BOTH
def test_recorded_searches(stage: Stage, connect: Connect, version: str) -> None:
    """Recorded pages of a search follow one another to the last, which may be empty."""
    pages = [one for one in recorded(version) if one.url == f"{API}/search"]
    longest = [one for one in pages if one.json()["has_more"]][:2] + [
        one for one in pages if not one.json()["has_more"]
    ][:1]
    stage.connect("user_1", "notion")
    stage.serve(*longest, url=f"{API}/search")
    run = client_of(connect, version).read("notion.search", ["user_1"])
    wanted = {each["id"]: None for one in longest for each in one.json()["results"]}
    assert run.frame["id"].tolist() == list(wanted)
    assert run.outcomes["pages"].tolist() == [len(longest)]


@BOTH
def test_recorded_queries_without_rows(stage: Stage, connect: Connect, version: str) -> None:
    """An empty answer to a query is an empty frame with the declared columns."""
    (query,) = [one for one in recorded(version) if one.url.endswith("/query")]
    stage.connect("user_1", "notion")
    stage.serve(query, url=query.url)
    run = client_of(connect, version).read("notion.rows", ["user_1"], data_source=query.url.split("/")[-2])
    assert run.outcomes["status"].tolist() == ["empty"]
    declared = [column.name for column in connector.resource("rows").columns if column.name != "properties"]
    assert list(run.frame.columns) == ["user_id", "external_account_id", *declared]


def test_a_recorded_property_makes_a_list_whole(stage: Stage, connect: Connect) -> None:
    """The recorded elements of a property take the place of what the listing had cut off."""
    (item,) = [one for one in recorded(NEWER) if "/properties/" in one.url]
    identity = item.url.split("/")[5]
    record = next(one for one in objects(NEWER, "page") if one["id"] == identity)
    mention = {"type": "mention", "plain_text": "@x"}
    cut_off = {**record, "properties": {"title": {**record["properties"]["title"], "title": [mention] * 25}}}
    stage.connect("user_1", "notion")
    stage.serve(listed([cut_off]), url=f"{API}/data_sources/{PAGE}/query")
    stage.serve(item, url=item.url)
    frame = client_of(connect, NEWER).notion.rows("user_1", data_source=PAGE)
    assert frame["title"].tolist() == [plain(record["properties"]["title"]["title"])]


ERRORS = {
    # every recorded error, where a resource would meet it
    400: "RequestRefused",
    401: "ReconnectNeeded",
    404: "NotFound",
}


@BOTH
@pytest.mark.parametrize("name", ["users", "search", "pages", "data_sources", "rows", "blocks", "comments"])
def test_all_errors(stage: Stage, connect: Connect, version: str, name: str) -> None:
    """Every recorded error becomes its kind of error at each resource, with Notion's own words."""
    urls = {
        "users": f"{API}/users",
        "rows": f"{API}/{'databases' if version == OLDER else 'data_sources'}/{PAGE}/query",
        "blocks": f"{API}/blocks/{PAGE}/children",
        "comments": f"{API}/comments",
    }
    parents: dict[str, dict[str, str]] = {
        "rows": {"data_source": PAGE},
        "blocks": {"page": PAGE},
        "comments": {"page": PAGE},
    }
    errors = [one for one in recorded(version) if one.status != 200]
    assert errors
    for number, error in enumerate(errors):
        user = f"user_{number}"
        stage.connect(user, "notion", f"token-{number}")
        stage.serve(error, url=urls.get(name, f"{API}/search"), token=f"token-{number}")
        run = client_of(connect, version).read(f"notion.{name}", [user], on_error="ignore", **parents.get(name, {}))
        [raised] = run.errors
        assert type(raised).__name__ == ERRORS[error.status]
        assert error.json()["message"][:40] in str(raised)


@pytest.mark.parametrize(
    ("name", "capability"),
    [("users", "Read user information"), ("search", "Read content"), ("comments", "Read comments")],
)
def test_a_recorded_refusal_means_a_capability(stage: Stage, connect: Connect, name: str, capability: str) -> None:
    """Notion's one 403 is understood by what was asked for."""
    stage.connect("user_1", "notion")
    refusal = quoted("notion", "raycast")
    stage.serve(refusal, url=f"{API}/{name}")
    parent = {"page": PAGE} if name == "comments" else {}
    run = connect().read(f"notion.{name}", ["user_1"], on_error="ignore", **parent)
    [error] = run.errors
    assert isinstance(error, sc.MissingScope)
    assert (error.required, error.granted) == ((capability,), ())
