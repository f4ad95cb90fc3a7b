"""Notion: people, pages, data sources with their rows, blocks and comments, as far as the user shared them."""

from __future__ import annotations

from datetime import datetime

from socialconnect.connectors._notion_columns import (
    BLOCK,
    COMMENT,
    DATABASE,
    FOUND,
    PAGE,
    PROPERTIES,
    USER,
    source,
)
from socialconnect.reading.decide import ErrorRule, Manners
from socialconnect.reading.declare import Budget, Column, Connector, Param, Parent, Profile, Resource, columns
from socialconnect.reading.paginate import BodyCursor, Cursor, Windowed
from socialconnect.reading.references import References
from socialconnect.reading.tree import Tree

_NEWEST, _SOURCES, _DATABASES = "2026-03-11", "2025-09-03", "2022-06-28"
"""Versions of the API: since the second, rows belong to data sources, before to databases."""

_USERS, _CONTENT, _COMMENTS = "Read user information", "Read content", "Read comments"
_WAIT = ("retry-after", "body:additional_data.retry_after", "1")


def _lacks(capability: str) -> tuple[ErrorRule, ...]:
    """What Notion's 403 means where a resource needs a capability."""
    limited = ErrorRule(
        "denied",
        status=(403,),
        text=r'"block_limit"',
        cure="The workspace's plan sets this limit: its owner must change the plan or delete blocks.",
    )
    lacking = ErrorRule(
        "scope",
        status=(403,),
        at="code",
        values=("restricted_resource",),
        required=f"={capability}",
        cure=f"Notion has capabilities, not scopes: turn on “{capability}” in the connection's settings at "
        "notion.so/my-integrations, then have the user reconnect Notion.",
    )
    return limited, lacking


_RULES = (
    ErrorRule(
        "throttled",
        status=(429,),
        at="additional_data.rate_limit_reason",
        values=("public_api_request_blocked",),
        give_up=True,
        cure="Notion has blocked this connection's requests, and repeating them does not help: ask Notion's support.",
    ),
    ErrorRule("throttled", status=(429, 529), wait=_WAIT),
    ErrorRule("unavailable", status=(409,)),
    *_lacks(_USERS),
    # The network in front of Notion refuses in HTML; Notion itself always names the request.
    ErrorRule("unavailable", status=(403,), header="content-type=text/html", lacks="x-notion-request-id"),
    ErrorRule(
        "not_found",
        status=(404,),
        at="code",
        values=("object_not_found",),
        cure="The user must share it with the connection in Notion, or reconnect and tick it.",
    ),
)

_CURSOR = Cursor("next_cursor", "start_cursor", more="has_more")
_BODY_CURSOR = BodyCursor("next_cursor", "start_cursor", more="has_more")
_ID = r"[0-9a-fA-F]{8}(-?)(?:[0-9a-fA-F]{4}\1){3}[0-9a-fA-F]{12}"
_ID_NOTE = "An id, as 1f0c2a3b-4d5e-6f70-8192-a3b4c5d6e7f8 or without its dashes"

_SEARCH = (
    Param("query", into="body", note="Words of the title; contents are not searched"),
    Param(
        "direction", choices=("ascending", "descending"), into="body", to="sort.direction", note="By last_edited_time"
    ),
)
_LAST_EDITED = {"direction": "descending"}
_INDEX_NOTE = "Notion's search is an index: new things come into it late, and it promises only what was shared itself."
_ABSENT_NOTE = "archived is gone since 2026-03-11, in favour of in_trash."

# Listings begin with the oldest: what is edited or added meanwhile comes at their end, and nothing moves out of sight.
connector = Connector(
    "notion",
    "https://api.notion.com",
    (
        Resource(
            "users",
            "/v1/users",
            doc="The members and bots of the workspace that the user connected.",
            source="https://developers.notion.com/reference/get-users",
            query={"page_size": 100},
            records="results",
            paging=_CURSOR,
            capability=_USERS,
            key=("id",),
            columns=USER,
            notes=(
                "The connection needs the capability “Read user information”, with e-mail addresses for person_email.",
                "Guests are not in this listing, though their ids stand in pages and comments.",
                "Bots have no person; of other connections' bots, Notion tells no more than name and picture.",
                "A personal access token cannot list users.",
            ),
        ),
        Resource(
            "me",
            "/v1/users/me",
            doc="The bot that the token stands for, with its workspace and the user who connected it.",
            source="https://developers.notion.com/reference/get-self",
            single=True,
            key=("id",),
            columns=USER,
            notes=("Without the capability “Read user information”, its owner is an id alone.",),
        ),
        Resource(
            "search",
            "/v1/search",
            doc="The pages and data sources that the user shared, by their titles.",
            source="https://developers.notion.com/reference/post-search",
            method="POST",
            json={"page_size": 100, "sort": {"timestamp": "last_edited_time", "direction": "ascending"}},
            records="results",
            paging=Windowed(_BODY_CURSOR, "request_status"),
            params=_SEARCH,
            capability=_CONTENT,
            rules=_lacks(_CONTENT),
            key=("id",),
            changed="last_edited_time",
            newest=_LAST_EDITED,
            columns=FOUND,
            notes=(
                _INDEX_NOTE,
                "object is page or data_source (database in version 2022-06-28); pages and data_sources list one kind.",
                _ABSENT_NOTE,
            ),
        ),
        Resource(
            "pages",
            "/v1/search",
            doc="The pages that the user shared, those that are rows of a data source among them.",
            source="https://developers.notion.com/reference/post-search",
            method="POST",
            json={
                "page_size": 100,
                "sort": {"timestamp": "last_edited_time", "direction": "ascending"},
                "filter": {"property": "object", "value": "page"},
            },
            records="results",
            paging=Windowed(_BODY_CURSOR, "request_status"),
            params=_SEARCH,
            capability=_CONTENT,
            rules=_lacks(_CONTENT),
            key=("id",),
            changed="last_edited_time",
            newest=_LAST_EDITED,
            columns=(*PAGE, Column("properties", "json", on_request=True, personal=True)),
            notes=(_INDEX_NOTE, "What stands on a page is in blocks, its properties as columns in rows.", _ABSENT_NOTE),
        ),
        Resource(
            "data_sources",
            "/v1/search",
            doc="The data sources that the user shared: tables of pages, with their schemas.",
            source="https://developers.notion.com/reference/post-search",
            method="POST",
            json={
                "page_size": 100,
                "sort": {"timestamp": "last_edited_time", "direction": "ascending"},
                "filter": {"property": "object", "value": "data_source"},
            },
            records="results",
            paging=Windowed(_BODY_CURSOR, "request_status"),
            params=_SEARCH,
            capability=_CONTENT,
            rules=_lacks(_CONTENT),
            key=("id",),
            changed="last_edited_time",
            newest=_LAST_EDITED,
            columns=source("database_parent", "parent.database_id"),
            older={
                _DATABASES: {
                    "json": {
                        "page_size": 100,
                        "sort": {"timestamp": "last_edited_time", "direction": "ascending"},
                        "filter": {"property": "object", "value": "database"},
                    },
                    "columns": source("parent", "id"),
                }
            },
            notes=(
                _INDEX_NOTE,
                "A database's id is not a data source's; in version 2022-06-28 databases are listed here.",
                "Views of other data sources (linked ones) are never listed.",
            ),
        ),
        Resource(
            "databases",
            "/v1/databases/{database}",
            doc="The databases that hold the data sources.",
            source="https://developers.notion.com/reference/retrieve-database",
            single=True,
            parent=Parent("data_sources", "database", "parent_database_id", pattern=_ID, note=_ID_NOTE),
            capability=_CONTENT,
            rules=_lacks(_CONTENT),
            key=("id",),
            columns=DATABASE,
            notes=("Since 2025-09-03 the properties belong to the data sources.",),
        ),
        Resource(
            "sources",
            "/v1/databases/{database}",
            doc="The data sources inside each database, by id and name.",
            source="https://developers.notion.com/reference/retrieve-database",
            records="data_sources",
            parent=Parent("data_sources", "database", "parent_database_id", pattern=_ID, note=_ID_NOTE),
            capability=_CONTENT,
            rules=_lacks(_CONTENT),
            key=("id",),
            columns=(*columns("string", "id"), *columns("string", "name", personal=True)),
            notes=("There are none in version 2022-06-28, where a database is a table itself.",),
        ),
        Resource(
            "rows",
            "/v1/data_sources/{data_source}/query",
            doc="The rows of each data source, one column for each property.",
            source="https://developers.notion.com/reference/query-a-data-source",
            method="POST",
            json={
                "page_size": 100,
                "sorts": [{"timestamp": "created_time", "direction": "ascending"}],
                "result_type": "page",
            },
            records="results",
            paging=Windowed(_BODY_CURSOR, "request_status", by="created_time"),
            parent=Parent(
                "data_sources",
                "data_source",
                carry={"data_source_title": "title"},
                otherwise="sources",
                pattern=_ID,
                usual=3,
                note=f"{_ID_NOTE}; a database's stands for its data sources",
            ),
            params=(
                Param("filter", dict, into="body", note="As Notion's filter objects, of at most two levels"),
                Param(
                    "edited_after",
                    datetime,
                    excludes=("filter",),
                    into="body",
                    to="filter",
                    wrap='{"timestamp": "last_edited_time", "last_edited_time": {"on_or_after": "{}"}}',
                    note="Only those edited at or after this time",
                ),
                Param("sorts", dict, many=True, into="body", note="As Notion's sort objects"),
                Param("in_trash", bool, into="body", note="True: what is in the trash instead"),
            ),
            further=References(
                "/v1/pages/{record}/properties/{field}",
                _CURSOR,
                at="properties",
                lists={"people": "", "relation": "", "title": "mention", "rich_text": "mention"},
                query={"page_size": "100"},
            ),
            variants=PROPERTIES,
            capability=_CONTENT,
            rules=_lacks(_CONTENT),
            key=("id",),
            changed="last_edited_time",
            since="edited_after",
            columns=(*PAGE, Column("properties", "json", personal=True, note="becomes one column for each property")),
            older={
                _DATABASES: {
                    "path": "/v1/databases/{data_source}/query",
                    "json": {"page_size": 100, "sorts": [{"timestamp": "created_time", "direction": "ascending"}]},
                    "parent": Parent(
                        "data_sources",
                        "data_source",
                        carry={"data_source_title": "title"},
                        pattern=_ID,
                        usual=3,
                        note=f"{_ID_NOTE}: a database's, in this version",
                    ),
                }
            },
            notes=(
                "Users change the names of properties, and so of columns: their ids last, in df.attrs['properties'].",
                "Properties of one name but different dtypes have the type behind it: `Due (date)`; so if it is taken.",
                "A data source without rows shows the fixed columns alone: its schema is in data_sources.",
                "Notion cuts lists of people, relations and mentions off at 25: each costs a further request, or more.",
                "Rollups and formulas over relations of more than 25 may count 25: Notion's listing says no more.",
                "One query gives 10,000 rows: more are read by windows of created_time, unless sorts says otherwise.",
                "The addresses in files end after an hour, and belong to another origin: fetch them without the token.",
                "A date without a time is midnight UTC, and its _is_date is True.",
            ),
            usual=2.0,
        ),
        Resource(
            "blocks",
            "/v1/blocks/{page}/children",
            doc="What stands on each page: its blocks, those inside them too, in reading order.",
            source="https://developers.notion.com/reference/get-block-children",
            query={"page_size": 100},
            records="results",
            paging=_CURSOR,
            parent=Parent("pages", "page", carry={"page_title": "title"}, pattern=_ID, usual=20, note=_ID_NOTE),
            further=Tree(
                "/v1/blocks/{id}/children",
                "has_children",
                _CURSOR,
                leaves={"type": ("child_page", "child_database")},
            ),
            capability=_CONTENT,
            rules=_lacks(_CONTENT),
            key=("page", "id"),
            columns=BLOCK,
            notes=(
                "Pages and databases inside a page are one block here: they are pages and data sources of their own.",
                "Each block that has others inside costs one request; a block's own id may be named as page too.",
                "Kinds of blocks that the API does not show are of the type unsupported.",
            ),
        ),
        Resource(
            "comments",
            "/v1/comments",
            doc="The open comments on each page.",
            source="https://developers.notion.com/reference/list-comments",
            query={"page_size": 100},
            records="results",
            paging=_CURSOR,
            parent=Parent(
                "pages",
                "page",
                carry={"page_title": "title"},
                into="query",
                to="block_id",
                pattern=_ID,
                usual=20,
                note=f"{_ID_NOTE}; a block's too, for the comments on it",
            ),
            capability=_COMMENTS,
            rules=_lacks(_COMMENTS),
            key=("id",),
            columns=COMMENT,
            notes=(
                "The connection needs the capability “Read comments”, which is off unless its developer turns it on.",
                "Resolved comments are not shown, nor those on single blocks unless a block is named as page.",
                "Who wrote one is an id; names are in users, but for guests.",
            ),
        ),
    ),
    title="Notion",
    doc="Users, pages, data sources, blocks and comments of Notion workspaces.",
    source="https://developers.notion.com/reference",
    api_version=_NEWEST,
    version_header="notion-version",
    versions=(_NEWEST, _SOURCES, _DATABASES),
    manners=Manners(rules=_RULES, message="message", trace="x-notion-request-id"),
    budgets=(Budget(180, 60),),
    profile=Profile(
        resource="me",  # a bot: the person is who owns it
        name="bot_owner_user_name",
        email="bot_owner_user_email",
        avatar_url="bot_owner_user_avatar_url",
    ),
)
