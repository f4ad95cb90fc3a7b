"""Microsoft: the account behind the token, its mail, its calendar and its files, out of Microsoft Graph."""

from __future__ import annotations

from datetime import datetime

from socialconnect.connectors._microsoft_columns import DRIVE_ITEM, EVENT, MESSAGE, PROFILE, fields
from socialconnect.connectors._microsoft_manners import CALENDARS, FILES, GRAPH, MAIL, MANNERS, USER, lacking
from socialconnect.reading.declare import Asks, Budget, Column, Connector, Param, Profile, Resource
from socialconnect.reading.paginate import NextUrl

_DOCS = "https://learn.microsoft.com/en-us/graph"
_PAGES = NextUrl("'@odata.nextLink'")
_MOVES = "Pages are cut by position: a listing that changes while it is read may repeat or miss one."


def _select(table: tuple[Column, ...]) -> str:
    return fields(table).replace(" ", ",")


_RESOURCES = (
    Resource(
        "profile",
        "/v1.0/me",
        doc="The Microsoft account behind the token.",
        source=f"{_DOCS}/api/user-get",
        query={"$select": _select(PROFILE)},
        single=True,
        scopes=USER,
        rules=lacking("User.Read"),
        key=("id",),
        columns=PROFILE,
        notes=(
            "mail is empty for many personal accounts; user_principal_name looks like an address but may be none.",
            "A guest's user_principal_name is a name of the organisation that invited them.",
        ),
    ),
    Resource(
        "messages",
        "/v1.0/me/messages",
        doc="The messages in the mailbox, of all folders, deleted ones included.",
        source=f"{_DOCS}/api/user-list-messages",
        query={"$top": 100},
        asks=Asks("$select", fields(MESSAGE, "bodyPreview"), {"Mail.Read": "bodyPreview"}),
        records="value",
        paging=_PAGES,
        params=(
            Param("filter", to="$filter", note="A condition: 'receivedDateTime ge 2026-05-01T00:00:00Z'."),
            Param(
                "modified_after",
                datetime,
                excludes=("filter", "search", "order"),
                to="$filter",
                wrap="lastModifiedDateTime ge {}",
                note="Only those changed at or after this time.",
            ),
            Param("search", to="$search", excludes=("filter", "order"), note="Words in quotes: '\"from:ada\"'."),
            Param("order", to="$orderby", note="'receivedDateTime desc'; what it names must begin the filter too."),
            Param("page_size", int, least=1, most=1000, to="$top", note="100 by default; large ones may time out."),
        ),
        scopes=MAIL,
        rules=lacking("Mail.ReadBasic"),
        fuller={"Mail.Read": "body_preview"},
        key=("id",),
        changed="modified_at",
        since="modified_after",
        columns=MESSAGE,
        usual=10.0,
        notes=(_MOVES, "id changes when a message is moved to another folder.", "Chats of Teams may be among them."),
    ),
    Resource(
        "drive_items",
        "/v1.0/me/drive/{folder}/children",
        doc="The files and folders in one folder of the user's OneDrive: those at its top, or in another one.",
        source=f"{_DOCS}/api/driveitem-list-children",
        query={"$top": 200, "$select": _select(DRIVE_ITEM)},
        records="value",
        paging=_PAGES,
        params=(
            Param(
                "folder",
                into="path",
                default="root",
                safe="/:",
                pattern=r"root|root:/[^:]+:|items/[^/]+",
                note="'root:/Documents/2026:' or 'items/' and an id; by default the top.",
            ),
            Param("order", to="$orderby", note="'name' or 'lastModifiedDateTime desc'."),
        ),
        scopes=FILES,
        rules=lacking("Files.Read"),
        key=("id",),
        changed="modified_at",
        drop=("'@microsoft.graph.downloadUrl'",),  # whoever has it needs no token
        columns=DRIVE_ITEM,
        notes=("What is in those folders is not listed with them.", "quick_xor_hash is Microsoft's own, no SHA."),
    ),
    Resource(
        "events",
        "/v1.0/me/calendarView",
        doc="The events of the user's own calendar, each of a series by itself: by default from a month back on.",
        source=f"{_DOCS}/api/user-list-calendarview",
        query={"$top": 100, "$select": _select(EVENT), "$orderby": "start/dateTime"},
        headers={"prefer": 'outlook.timezone="UTC"'},
        records="value",
        paging=_PAGES,
        params=(
            Param("start", datetime, to="startDateTime", default="-30d", note="30 days ago by default."),
            Param("end", datetime, to="endDateTime", default="+90d", note="In 90 days by default."),
            Param("filter", to="$filter", note="A condition: 'isCancelled eq false'."),
            Param("page_size", int, least=1, most=1000, to="$top", note="100 by default."),
        ),
        scopes=CALENDARS,
        rules=lacking("Calendars.ReadBasic"),
        key=("id",),
        columns=EVENT,
        notes=(
            _MOVES,
            "Events that last all day begin and end at midnight UTC here; time_zone is where they were made.",
            "When an event was last changed is not told, because that cannot be selected.",
        ),
    ),
)

connector = Connector(
    "microsoft",
    GRAPH,
    _RESOURCES,
    title="Microsoft",
    doc="Profiles, mail, calendars and OneDrive files of Microsoft users.",
    source=f"{_DOCS}/throttling-limits",
    manners=MANNERS,
    concurrency=4,
    budgets=(
        Budget(2000, 1, "host"),
        Budget(10_000, 600, at=f"{GRAPH}/v1.0/me/messages"),
        Budget(10_000, 600, at=f"{GRAPH}/v1.0/me/calendarView"),
    ),
    profile=Profile(handle="user_principal_name", name="display_name", email="mail", locale="preferred_language"),
)
