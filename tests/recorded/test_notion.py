"""Notion, as notion-sdk-py recorded it under both of its versions, through the whole client."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.recorded.cassettes import vcr
from tests.recorded.rows import check, check_shape
from tests.recorded.server import page

from socialconnect.connectors.notion import connector

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.recorded.server import Stage

    import socialconnect as sc

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
