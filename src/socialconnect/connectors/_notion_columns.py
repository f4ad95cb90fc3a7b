"""What Notion's objects hold: the columns of each kind, and what becomes of each type of property."""

from __future__ import annotations

from socialconnect.reading.declare import Column, columns
from socialconnect.reading.variants import Variants

USER = (
    *columns("string", "id", personal=True),
    *columns("category", "object type"),
    *columns("string", "name avatar_url", personal=True),
    *columns("string", "email", under="person", personal=True),
    *columns("boolean", "email_verified", under="person"),
    *columns("category", "type", under="bot.owner"),
    *columns("boolean", "workspace", under="bot.owner"),
    *columns("string", "id name avatar_url", under="bot.owner.user", personal=True),
    Column("bot_owner_user_email", "string", "bot.owner.user.person.email", personal=True),
    *columns("string", "workspace_id", under="bot"),
    *columns("string", "workspace_name", under="bot", personal=True),
    Column("bot_max_file_upload_bytes", "Int64", "bot.workspace_limits.max_file_upload_size_in_bytes"),
)


def _joined(name: str, path: str) -> Column:
    """Rich text as plain text; none where there is no letter of it."""
    return Column(name, "string", path, form="join", take=r"(?s)(.+)", personal=True)


_ANY_PARENT = "parent.data_source_id|parent.page_id|parent.block_id|parent.database_id"
_MADE = (
    *columns("datetime", "created_time last_edited_time"),
    Column("created_by", "string", "created_by.id", personal=True),
    Column("last_edited_by", "string", "last_edited_by.id", personal=True),
    *columns("boolean", "in_trash archived"),
)
_PARENT = (
    Column("parent_type", "category", "parent.type"),
    Column("parent_id", "string", _ANY_PARENT, note="None where the workspace itself is the parent"),
)
_LOOKS = (
    *columns("string", "url public_url", personal=True),
    Column("icon_type", "category", "icon.type"),
    Column("icon", "string", "icon.emoji|icon.external.url|icon.file.url|icon.custom_emoji.url", personal=True),
    Column("cover_url", "string", "cover.external.url|cover.file.url", personal=True),
)
PAGE = (
    *columns("string", "id"),
    *columns("category", "object"),
    _joined("title", "properties[?type=title].title[].plain_text"),
    *_MADE,
    *columns("boolean", "is_archived is_locked"),
    *_PARENT,
    Column("parent_database_id", "string", "parent.database_id"),
    *_LOOKS,
)
_SCHEMA = (
    Column("property_count", "Int64", "properties", form="count"),
    Column("properties", "json", personal=True, note="the schema: each property's id, type and settings by its name"),
)


def source(database_parent: str, under: str) -> tuple[Column, ...]:
    """A data source; before there were any, a database stood for it, whose own parent is the database's."""
    return (
        *columns("string", "id"),
        *columns("category", "object"),
        _joined("title", "title[].plain_text"),
        _joined("description", "description[].plain_text"),
        Column("parent_database_id", "string", under),
        Column("database_parent_type", "category", f"{database_parent}.type"),
        Column("database_parent_id", "string", _ANY_PARENT.replace("parent.", f"{database_parent}.")),
        *columns("boolean", "is_inline"),
        *_MADE,
        *_LOOKS,
        *_SCHEMA,
    )


FOUND = (
    *PAGE[:2],
    _joined("title", "title[].plain_text|properties[?type=title].title[].plain_text"),
    _joined("description", "description[].plain_text"),
    *PAGE[3:],
    Column("database_parent_type", "category", "database_parent.type"),
    Column("database_parent_id", "string", _ANY_PARENT.replace("parent.", "database_parent.")),
    *columns("boolean", "is_inline"),
    _SCHEMA[0],
    Column("properties", "json", on_request=True, personal=True),
)
DATABASE = (
    *columns("string", "id"),
    *columns("category", "object"),
    _joined("title", "title[].plain_text"),
    _joined("description", "description[].plain_text"),
    *_PARENT,
    *columns("boolean", "is_inline is_locked"),
    *_MADE,
    *_LOOKS,
    Column("data_sources", "json", personal=True, note="`[{id, name}]`; as rows, they are the resource sources"),
)
BLOCK = (
    *columns("string", "id"),
    *columns("category", "type"),
    *_PARENT,
    *columns("boolean", "has_children"),
    Column("depth", "Int64", note="0 for what stands on the page itself, 1 for what is inside that"),
    *_MADE,
    _joined("text", "<type>.rich_text[].plain_text|<type>.title[].plain_text"),
    _joined("caption", "<type>.caption[].plain_text"),
    Column("title", "string", "child_page.title|child_database.title", personal=True),
    Column("url", "string", "<type>.url|<type>.external.url|<type>.file.url", personal=True),
    Column("name", "string", "<type>.name", personal=True),
    Column("language", "category", "<type>.language"),
    Column("checked", "boolean", "<type>.checked"),
    Column("color", "category", "<type>.color"),
    Column("is_toggleable", "boolean", "<type>.is_toggleable"),
    Column("list_start_index", "Int64", "<type>.list_start_index"),
    Column("list_format", "category", "<type>.list_format"),
    Column("icon", "string", "<type>.icon.emoji|<type>.icon.external.url|<type>.icon.file.url", personal=True),
    Column("expression", "string", "<type>.expression", personal=True),
    Column("synced_from", "string", "synced_block.synced_from.block_id"),
    Column("link_type", "category", "link_to_page.type"),
    Column("link_id", "string", "link_to_page.page_id|link_to_page.database_id|link_to_page.comment_id"),
    Column("table_width", "Int64", "table.table_width"),
    *columns("boolean", "has_column_header has_row_header", under="table", prefix=""),
    Column("cells", "json", "table_row.cells", personal=True, note="the rich texts of each cell of a table's row"),
    Column("width_ratio", "Float64", "column.width_ratio"),
    Column("meeting_notes", "json", "meeting_notes|transcription", personal=True),
    Column("unsupported_type", "category", "unsupported.block_type"),
)
COMMENT = (
    *columns("string", "id discussion_id"),
    *_PARENT,
    *_MADE[:3],
    _joined("text", "rich_text[].plain_text"),
    Column("display_name_type", "category", "display_name.type"),
    Column("display_name", "string", "display_name.resolved_name", personal=True),
    Column("attachments", "list", "attachments[].file.url", personal=True),
)


def _date(path: str) -> tuple[Column, ...]:
    """A date of a property: its beginning and end, the time zone that was chosen, and whether it has no time."""
    return (
        Column("value", "datetime", f"{path}.start"),
        Column("end", "datetime", f"{path}.end"),
        Column("time_zone", "string", f"{path}.time_zone"),
        Column("is_date", "boolean", f"{path}.start", form="day"),
    )


PROPERTIES = Variants(
    "properties",
    "type",
    {
        "title": (Column("value", "string", "title[].plain_text", form="join"),),
        "rich_text": (Column("value", "string", "rich_text[].plain_text", form="join"),),
        "number": (Column("value", "Float64", "number"),),
        "select": (Column("value", "category", "select.name"),),
        "status": (Column("value", "category", "status.name"),),
        "multi_select": (Column("value", "list", "multi_select[].name"),),
        "date": _date("date"),
        "people": (Column("value", "list", "people[].id"),),
        "files": (Column("value", "list", "files[].<type>.url"),),
        "checkbox": (Column("value", "boolean", "checkbox"),),
        **{name: (Column("value", "string", name),) for name in ("url", "email", "phone_number")},
        "relation": (Column("value", "list", "relation[].id"),),
        **{name: (Column("value", "datetime", name),) for name in ("created_time", "last_edited_time")},
        **{name: (Column("value", "string", f"{name}.id"),) for name in ("created_by", "last_edited_by")},
        "formula.string": (Column("value", "string", "formula.string"),),
        "formula.number": (Column("value", "Float64", "formula.number"),),
        "formula.boolean": (Column("value", "boolean", "formula.boolean"),),
        "formula.date": _date("formula.date"),
        "rollup.number": (Column("value", "Float64", "rollup.number"),),
        "rollup.date": _date("rollup.date"),
        "unique_id": (Column("value", "string", "unique_id", form="dash"),),
        "verification": (
            Column("value", "category", "verification.state"),
            Column("start", "datetime", "verification.date.start"),
            Column("end", "datetime", "verification.date.end"),
            Column("verified_by", "string", "verification.verified_by.id"),
        ),
        "place": (
            Column("value", "string", "place.name"),
            *columns("Float64", "lat lon", under="place", prefix=""),
            Column("address", "string", "place.address"),
        ),
        "button": (),
    },
    finer={"formula": "formula.type", "rollup": "rollup.type"},
    lists={"rollup.array": "rollup.array"},
    unknown=("formula.unsupported", "rollup.unsupported", "rollup.incomplete"),
    zones={"date": "date.time_zone", "formula.date": "formula.date.time_zone", "rollup.date": "rollup.date.time_zone"},
    id="id",
)
