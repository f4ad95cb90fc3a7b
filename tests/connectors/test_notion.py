"""Notion through the whole client and the sandbox: rows of every type, what is cut off, long or nested."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from tests.worlds import opened, user_of

import socialconnect as sc
from socialconnect.connectors.notion import connector
from socialconnect.sandbox.notion import archive
from socialconnect.sandbox.notion_content import NEWEST, Content
from socialconnect.sandbox.notion_values import EVERY, MANY, TASKS

if TYPE_CHECKING:
    from socialconnect import AsyncClient
    from socialconnect.runs.run import Run
    from socialconnect.sandbox import Sandbox

LARGE = 60  # users of whom one has a large workspace


def holder(world: Sandbox, situation: str) -> tuple[str, Content]:
    """A user whose only Notion account fares so, and what is in its workspace."""
    user = user_of(world, "notion", situation)
    [account] = [one for one in world.world.accounts(world.world.find_user(user) or 0) if one.provider == "notion"]
    return user, Content(world.world, account, situation)


def paths(world: Sandbox) -> Counter[str]:
    """How often each path of Notion's was asked for."""
    return Counter(served.path for served in world.requests if served.host == "api.notion.com")


def of_property(content: Content, number: int, kind: str, place: int) -> list[str]:
    """All the ids that a property of a row refers to."""
    assert number < len(content.sources)
    return [one["id"] for one in content.cells.value(kind, place)]  # type: ignore[attr-defined]  # a list of objects


async def read(client: AsyncClient, name: str, user: str, **arguments: object) -> Run:
    """What one user has of a resource."""
    run: Run = await client.read(f"notion.{name}", [user], on_error="ignore", **arguments)  # type: ignore[arg-type]  # any of them
    return run


async def test_a_row_has_a_column_for_every_type_of_property() -> None:
    """Each type of the table becomes columns of its dtype, with the values that the row has; buttons are dropped."""
    async with opened(25) as (world, client):
        user, content = holder(world, "healthy")
        run = await read(client, "rows", user, data_source=content.id("source", 1))
    frame = run.frame.set_index("id").loc[[content.id("row", place, 1) for place in range(4)]]
    assert run.outcomes["status"].tolist() == ["ok"]
    assert {"data_source", "title", "created_time", "parent_database_id"} <= set(frame.columns)
    mark = content.mark
    wanted: dict[str, tuple[str, object]] = {
        "Name": ("string", f"Row 1 {mark}"),
        "Text": ("string", f"birch {mark}"),
        "Amount": ("Float64", 0.25),
        "Choice": ("category", "Green"),
        "State": ("category", "Blue"),
        "Tags": ("object", ["Red"]),
        "Due": ("datetime64[us, UTC]", pd.Timestamp("2025-10-18T07:30Z")),
        "Due_end": ("datetime64[us, UTC]", pd.Timestamp("2025-10-18T08:00Z")),
        "Due_time_zone": ("string", None),
        "Due_is_date": ("boolean", False),
        "Files": (
            "object",
            [f"https://files.sandbox.example/{mark}/1", f"https://img.sandbox.example/{mark}"],
        ),
        "Done": ("boolean", False),
        "url (url)": ("string", f"https://sandbox.example/{mark}/1"),
        "Mail": ("string", f"row.1.{mark}@example.com"),
        "Phone": ("string", "+49 30 0000001"),
        "Made": ("datetime64[us, UTC]", frame["created_time"].iloc[1]),
        "Edited": ("datetime64[us, UTC]", frame["last_edited_time"].iloc[1]),
        "Maker": ("string", content.cells.person(1)),
        "Editor": ("string", content.cells.person(2)),
        "Sentence": ("string", f"1 of {mark}"),
        "Double": ("Float64", 2.0),
        "Late": ("boolean", False),
        "Next": ("datetime64[us, UTC]", pd.Timestamp("2025-10-18T07:30Z")),
        "Sum": ("Float64", 2.0),
        "Latest": ("datetime64[us, UTC]", pd.Timestamp("2025-10-18T07:30Z")),
        "All": ("object", ["1.0", f"part 1 {mark}"]),
        "Part": ("string", None),
        "ID": ("string", "ROW-2"),
        "Checked": ("category", "unverified"),
        "Checked_verified_by": ("string", None),
        "Where": ("string", f"Place 1 {mark}"),
        "Where_lat": ("Float64", 47.625),
        "Where_lon": ("Float64", -3.25),
        "Where_address": ("string", "1 Harbour Road"),
    }
    for name, (dtype, value) in wanted.items():
        assert str(frame[name].dtype) == dtype, name
        found = frame[name].iloc[1]
        assert (found is None or pd.isna(found)) if value is None else found == value, name
    assert frame["ID"].iloc[0] == "1"
    assert frame["Due"].iloc[2] == pd.Timestamp("2025-10-19T09:30", tz="America/New_York")
    assert frame["Due_is_date"].tolist() == [True, False, False, True]
    assert "Push" not in frame
    ids = {name: facts["ids"] for name, facts in frame.attrs["properties"].items() if facts["name"] == name}
    known = {name: [identity] for name, (identity, _) in EVERY.items() if name not in ("Push", "url")}
    assert ids == known


async def test_lists_that_were_cut_off_come_whole() -> None:
    """People, relations and mentions beyond 25 are read to their end, by the properties' own ids, and no others are."""
    async with opened(25) as (world, client):
        user, content = holder(world, "healthy")
        run = await read(client, "rows", user, data_source=content.id("source", 1))
        asked = paths(world)
    frame = run.frame.set_index("id").loc[[content.id("row", place, 1) for place in range(4)]]
    assert [len(people) for people in frame["Team"]] == [0, 25, MANY, 0]
    assert frame["Team"].iloc[2] == of_property(content, 1, "people", 2)
    assert frame["Related"].iloc[0] == of_property(content, 1, "relation", 0)
    assert len(frame["Related"].iloc[0]) == MANY * 3
    assert frame["Text"].iloc[3] == "".join(f"@{number} " for number in range(MANY)) + f"delta {content.mark}"
    properties = Counter(path.partition("/properties/")[2] for path in asked.elements() if "/properties/" in path)
    # 25 people may be all of them: only asking tells; the relation says so itself
    assert properties == {"pE@p": 2, "rE|l": 2, "a:b1": 1}
    assert run.outcomes["status"].tolist() == ["ok"]


@pytest.mark.looptime
async def test_twelve_thousand_rows_are_read_by_windows() -> None:
    """A data source beyond the 10,000 rows of one query is read whole, each row once, within the budget."""
    async with opened(LARGE) as (world, client):
        user, content = holder(world, "large")
        source = archive(world.world, content.account)
        run = await read(client, "rows", user, data_source=source)
        throttled = world.requests.throttled.total()
        asked = paths(world)
    frame = run.frame
    assert len(frame) == frame["id"].nunique() == 12_000
    assert frame["id"].tolist() == [content.id("row", place, 3) for place in range(12_000)]
    assert frame["created_time"].is_monotonic_increasing
    assert str(frame["Amount"].dtype) == "Float64"
    assert frame["Amount"].notna().sum() == sum(place % 7 != 6 for place in range(12_000))
    [outcome] = run.outcomes.to_dict("records")
    assert (outcome["status"], outcome["rows"]) == ("ok", 12_000)
    assert asked[f"/v1/data_sources/{source}/query"] == 121  # 100 and 21 pages: the windows share a minute
    assert throttled == 0


@pytest.mark.looptime
async def test_rows_at_the_edge_of_a_window_come_once_whatever_is_chosen() -> None:
    """Without their ids in the frame, too, rows that two windows share are one."""
    async with opened(LARGE) as (world, client):
        user, content = holder(world, "large")
        run = await read(client, "rows", user, data_source=archive(world.world, content.account), columns=["Done"])
    assert run.frame.columns.tolist() == ["user_id", "external_account_id", "Done"]
    assert len(run.frame) == 12_000
    assert run.outcomes["rows"].tolist() == [12_000]


@pytest.mark.looptime
async def test_the_budget_is_kept() -> None:
    """More than 180 requests take more than a minute, and none of them is refused."""
    async with opened(LARGE) as (world, client):
        user, content = holder(world, "large")
        source = archive(world.world, content.account)
        loop = asyncio.get_running_loop()
        began = loop.time()
        await read(client, "rows", user, data_source=source)
        assert loop.time() - began < 60
        run = await read(client, "rows", user, data_source=source)
        assert 60 <= loop.time() - began < 120
        assert world.requests.throttled.total() == 0
    assert len(run.frame) == 12_000


@pytest.mark.looptime
async def test_a_long_listing_in_another_order_is_partial() -> None:
    """Who sorts otherwise gets what one query gives, and is told that it is not all."""
    newest = [{"timestamp": "created_time", "direction": "descending"}]
    async with opened(LARGE) as (world, client):
        user, content = holder(world, "large")
        run = await read(client, "rows", user, data_source=archive(world.world, content.account), sorts=newest)
    assert len(run.frame) == 10_000
    assert run.frame["id"].iloc[0] == content.id("row", 11_999, 3)
    [outcome] = run.outcomes.to_dict("records")
    assert outcome["status"] == "partial"
    assert "query_result_limit_reached" in outcome["message"]
    assert "without sorts" in outcome["message"]


@pytest.mark.looptime
async def test_windows_keep_the_filter() -> None:
    """A filter holds in every window."""
    done = {"property": "Done", "checkbox": {"equals": True}}
    since = {"timestamp": "created_time", "created_time": {"on_or_after": "2025-10-17T21:05:00.000Z"}}
    async with opened(LARGE) as (world, client):
        user, content = holder(world, "large")
        source = archive(world.world, content.account)
        run = await read(client, "rows", user, data_source=source, filter=done)
        assert run.frame["Done"].all()
        assert len(run.frame) == 6_000
        run = await read(client, "rows", user, data_source=source, filter=since)
    assert len(run.frame) == 12_000 - 35
    assert run.frame["created_time"].min() == pd.Timestamp("2025-10-17T21:05Z")


async def test_all_data_sources_are_read_unless_some_are_named() -> None:
    """Rows say which data source they are of, with its title; one without rows is asked too."""
    async with opened(25) as (world, client):
        user, content = holder(world, "healthy")
        run = await read(client, "rows", user)
        asked = paths(world)
        one = await read(client, "rows", user, data_source=[content.id("source", 1).replace("-", "")])
    counts = run.frame.groupby("data_source_title").size().to_dict()
    assert counts == {f"Tasks {content.mark}": content.sources[0].rows, f"Everything {content.mark}": 4}
    queries = {content.id("source", number) for number in range(3)}
    assert {path.split("/")[3] for path in asked if path.endswith("/query")} == queries
    assert len(one.frame) == 4
    assert one.frame["data_source_title"].isna().all()


async def test_a_database_stands_for_its_data_sources() -> None:
    """A database's id is not a data source's: it is looked up, and each data source in it is read."""
    async with opened(25) as (world, client):
        user, content = holder(world, "healthy")
        run = await read(client, "rows", user, data_source=content.id("database", 0))
        asked = paths(world)
        missing = await read(client, "rows", user, data_source=content.id("database", 9))
    assert run.frame["data_source"].unique().tolist() == [content.id("source", 0)]
    assert len(run.frame) == content.sources[0].rows
    assert run.outcomes["status"].tolist() == ["ok"]
    assert asked[f"/v1/databases/{content.id('database', 0)}"] == 1
    assert asked[f"/v1/data_sources/{content.id('source', 2)}/query"] == 1
    assert missing.outcomes["reason"].tolist() == ["not_found"]


async def test_properties_can_be_chosen_by_name() -> None:
    """`columns` may name properties beside declared columns; what nothing has is refused with what there is."""
    async with opened(25) as (world, client):
        user, content = holder(world, "healthy")
        run = await read(client, "rows", user, columns=["Amount", "id", "Name"], data_source=content.id("source", 0))
        assert run.frame.columns.tolist() == ["user_id", "external_account_id", "Amount", "id", "Name"]
        with pytest.raises(sc.UnknownName, match="Did you mean 'Amount'"):
            await read(client, "rows", user, columns=["Amont"], data_source=content.id("source", 0))
        empty = await read(client, "rows", user, columns=["Amount", "id"], data_source=content.id("source", 2))
    assert empty.frame.columns.tolist() == ["user_id", "external_account_id", "Amount", "id"]
    assert empty.outcomes["status"].tolist() == ["empty"]


async def test_what_is_in_the_trash_comes_when_asked_for() -> None:
    """The trash is another listing of the same data source."""
    async with opened(25) as (world, client):
        user, content = holder(world, "healthy")
        run = await read(client, "rows", user, data_source=content.id("source", 0), in_trash=True)
    assert run.frame["in_trash"].tolist() == [True]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"data_source": "Tasks"}, "An id"),
        ({"filter": "Done"}, "a dict as the provider documents it"),
        ({"sorts": ["Name"]}, "a dict as the provider documents it"),
        ({"in_trash": "yes"}, "True or False"),
        ({"page_size": 10}, "no parameter 'page_size'"),
    ],
)
def test_wrong_arguments_are_refused_here(arguments: dict[str, object], said: str) -> None:
    """What Notion would refuse with a 400 is refused before anything is sent."""
    rows = connector.resource("rows")
    with pytest.raises(sc.UsageError) as refused:
        rows.request(connector.origin, {}, arguments)  # type: ignore[arg-type]  # that they do not fit is the point
    assert said in str(refused.value)


async def test_blocks_come_in_reading_order() -> None:
    """All blocks of a page, four deep, each behind what it is inside of, with what each type says."""
    async with opened(25) as (world, client):
        user, content = holder(world, "healthy")
        run = await read(client, "blocks", user, page=content.id("page", 0))
        asked = paths(world)
    placed = content.blocks(0)
    frame = run.frame
    assert frame["id"].tolist() == [content.block_id(0, one.number) for one in placed]
    assert frame["depth"].max() == 3
    assert frame["depth"].tolist()[:5] == [0, 1, 2, 3, 1]
    inside = [one for one in placed if one.children]
    assert asked.total() == 1 + len(inside)  # nothing asks inside pages, databases and leaves
    by_kind = {one.kind: row for one, (_, row) in zip(placed, frame.iterrows(), strict=True)}
    assert by_kind["code"]["language"] == "python"
    assert by_kind["code"]["caption"] == by_kind["code"]["text"] == f"code {_number(content, 'code')} {content.mark}"
    assert by_kind["to_do"]["checked"] is True
    assert by_kind["child_page"]["title"].startswith("child_page")
    assert by_kind["equation"]["expression"].startswith("e = mc^2")
    assert by_kind["unsupported"]["unsupported_type"] == "ai_block"
    assert by_kind["file"]["url"].startswith("https://files.")
    assert by_kind["bookmark"]["url"].startswith("https://sandbox.example/")
    assert by_kind["table"]["table_width"] == 2
    assert '"second"' in by_kind["table_row"]["cells"]
    assert by_kind["meeting_notes"]["text"].startswith("meeting_notes")
    assert by_kind["link_to_page"]["link_type"] == "page_id"
    assert pd.isna(by_kind["divider"]["text"])


def _number(content: Content, kind: str) -> int:
    return next(one.number for one in content.blocks(0) if one.kind == kind)


async def test_a_copy_of_what_is_not_shared_costs_no_page() -> None:
    """Where the children of one block are not found, the rest of the page is there, and the gap is told."""
    async with opened(LARGE) as (world, client):
        user, content = holder(world, "large")
        run = await read(client, "blocks", user, page=content.id("page", 2))
    assert run.frame["type"].tolist() == ["paragraph", "synced_block"]
    [outcome] = run.outcomes.to_dict("records")
    assert (outcome["status"], outcome["rows"]) == ("partial", 2)
    assert "The children of one record" in outcome["message"]


async def test_one_missing_page_costs_the_others_nothing() -> None:
    """A page that is not found concerns that page alone."""
    async with opened(25) as (world, client):
        user, content = holder(world, "healthy")
        run = await read(client, "blocks", user, page=[content.id("page", 0), content.id("page", 99)])
    assert len(run.frame) == len(content.blocks(0))
    [outcome] = run.outcomes.to_dict("records")
    assert outcome["status"] == "partial"
    assert content.id("page", 99) in outcome["message"]


async def test_comments_of_pages_and_blocks() -> None:
    """Open comments come with their page; those on a block when it is named."""
    async with opened(25) as (world, client):
        user, content = holder(world, "healthy")
        run = await read(client, "comments", user)
        block = await read(client, "comments", user, page=content.block_id(0, 0))
    pages = [content.id(*one) for one in content.indexed if one[0] != "source"]
    wanted = [str(one["id"]) for page in pages for one in content.comments(page)]
    assert sorted(run.frame["id"]) == sorted(wanted)
    assert run.frame["text"].str.startswith("Comment").all()
    assert run.frame["attachments"].map(len, na_action="ignore").max() == 1
    assert block.frame["parent_type"].tolist() == ["block_id"]


@pytest.mark.parametrize(
    ("situation", "name", "capability"),
    [
        ("narrow", "comments", "Read comments"),
        ("underscoped", "search", "Read content"),
        ("underscoped", "rows", "Read content"),
        ("underscoped", "blocks", "Read content"),
        ("underscoped", "comments", "Read content"),
        ("underscoped", "users", "Read user information"),
    ],
)
async def test_a_refusal_names_the_capability(situation: str, name: str, capability: str) -> None:
    """Notion's one 403 means what the resource needs, and the cure says where to turn it on."""
    async with opened(LARGE) as (world, client):
        user, _ = holder(world, situation)
        run = await read(client, name, user)
    [error] = run.errors
    assert isinstance(error, sc.MissingScope)
    assert error.required == (capability,)
    assert f"“{capability}”" in (error.cure or "")


async def test_search_finds_pages_and_data_sources() -> None:
    """One listing has both kinds with all of their columns; `pages` and `data_sources` have one each."""
    async with opened(LARGE) as (world, client):
        user, content = holder(world, "large")
        found = (await read(client, "search", user)).frame
        pages = (await read(client, "pages", user)).frame
        sources = (await read(client, "data_sources", user)).frame
        asked = paths(world)["/v1/search"]
        some = (await read(client, "search", user, query="everything", direction="descending")).frame
    assert asked > 3  # Notion gives fewer at a time than it is asked for
    assert found["object"].value_counts().to_dict() == {"page": len(pages), "data_source": len(sources)}
    assert sorted(found["id"]) == sorted([*pages["id"], *sources["id"]])
    assert found["id"].tolist() == [content.id(*one) for one in content.indexed]
    assert found["title"].tolist() == [content.title(*one) for one in content.indexed]
    assert some["title"].tolist() == [f"Everything {content.mark}"]
    assert sources["property_count"].tolist() == [len(TASKS), len(EVERY), len(TASKS)]
    assert '"Amount"' in sources["properties"].iloc[0]
    workspace = pages[pages["parent_type"] == "workspace"]
    assert workspace["parent_id"].isna().all()
    assert len(workspace) == 1


async def test_databases_are_read_once_each() -> None:
    """Two data sources of one database make one row of it, and two of its sources."""
    async with opened(25) as (world, client):
        user, content = holder(world, "healthy")
        databases = (await read(client, "databases", user)).frame
        sources = (await read(client, "sources", user)).frame
        asked = paths(world)
    assert databases["id"].tolist() == [content.id("database", 0), content.id("database", 1)]
    assert sources["id"].tolist() == [content.id("source", number) for number in (0, 2, 1)]
    assert asked[f"/v1/databases/{content.id('database', 0)}"] == 2


@pytest.mark.parametrize("version", ["2026-03-11", "2025-09-03", "2022-06-28"])
async def test_every_version_reads_what_it_has(version: str) -> None:
    """A version by setting goes out with each request, and its rows fill the same columns."""
    async with opened(25, settings={"api_versions": {"notion": version}}) as (world, client):
        user, content = holder(world, "healthy")
        named = content.id("source" if version >= "2025-09-03" else "database", 1)
        run = await read(client, "rows", user, data_source=named)
        listed = (await read(client, "data_sources", user)).frame
        asked = paths(world)
        blocks = (await read(client, "blocks", user, page=content.id("page", 0))).frame
    newer = version >= "2025-09-03"
    assert run.outcomes["status"].tolist() == ["ok"]
    assert len(run.frame) == 4
    assert run.frame.attrs["api_version"] == version
    assert f"/v1/{'data_sources' if newer else 'databases'}/{named}/query" in asked
    assert set(run.frame["parent_type"]) == {"data_source_id" if newer else "database_id"}
    assert run.frame["parent_database_id"].unique().tolist() == [content.id("database", 1)]
    assert set(listed["object"]) == {"data_source" if newer else "database"}
    assert listed["parent_database_id"].tolist()[-1] == content.id("database", 1 if not newer else 0)
    assert listed["database_parent_type"].tolist() == ["page_id"] * len(listed)
    assert run.frame["archived"].isna().all() == (version == NEWEST)
    assert ("meeting_notes" in set(blocks["type"])) == (version == NEWEST)
    assert blocks["text"].str.startswith("meeting_notes").sum() == 1


async def test_an_old_version_cannot_read_a_database_of_several_sources() -> None:
    """What only newer versions can say is one database's refusal, with Notion's own words."""
    async with opened(25, settings={"api_versions": {"notion": "2022-06-28"}}) as (world, client):
        user, content = holder(world, "healthy")
        run = await read(client, "rows", user)
    [outcome] = run.outcomes.to_dict("records")
    assert outcome["status"] == "partial"
    assert "multiple data sources are not supported" in outcome["message"]
    assert run.frame["data_source"].unique().tolist() == [content.id("database", 1)]
