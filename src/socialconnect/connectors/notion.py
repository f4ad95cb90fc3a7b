"""Notion: the people and bots of a workspace, and the bot that the token stands for."""

from __future__ import annotations

from socialconnect.reading.decide import ErrorRule, Manners
from socialconnect.reading.declare import Budget, Column, Connector, Resource, columns
from socialconnect.reading.paginate import Cursor

_WAIT = ("retry-after", "body:additional_data.retry_after", "1")

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
    ErrorRule(
        "denied",
        status=(403,),
        text=r'"block_limit"',
        cure="The workspace's plan sets this limit: its owner must change the plan or delete blocks.",
    ),
    ErrorRule(
        "scope",
        status=(403,),
        at="code",
        values=("restricted_resource",),
        required="=Read user information",
        cure="Notion has capabilities, not scopes: turn on “Read user information” in the connection's settings at "
        "notion.so/my-integrations, then have the user reconnect Notion.",
    ),
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

_USER = (
    *columns("string", "id", personal=True),
    *columns("category", "object type"),
    *columns("string", "name avatar_url", personal=True),
    *columns("string", "email", under="person", personal=True),
    *columns("boolean", "email_verified", under="person", personal=True),
    *columns("category", "type", under="bot.owner"),
    *columns("boolean", "workspace", under="bot.owner"),
    *columns("string", "id name avatar_url", under="bot.owner.user", personal=True),
    Column("bot_owner_user_email", "string", "bot.owner.user.person.email", personal=True),
    *columns("string", "workspace_id workspace_name", under="bot"),
    Column("bot_max_file_upload_bytes", "Int64", "bot.workspace_limits.max_file_upload_size_in_bytes"),
)

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
            paging=Cursor("next_cursor", "start_cursor", more="has_more"),
            key=("id",),
            columns=_USER,
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
            columns=_USER,
            notes=("Without the capability “Read user information”, its owner is an id alone.",),
        ),
    ),
    title="Notion",
    doc="Users of Notion workspaces.",
    source="https://developers.notion.com/reference",
    headers={"notion-version": "2026-03-11"},
    api_version="2026-03-11",
    manners=Manners(rules=_RULES, message="message", trace="x-notion-request-id"),
    budgets=(Budget(180, 60),),
)
