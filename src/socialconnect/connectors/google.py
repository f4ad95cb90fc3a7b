"""Google: profile, person, contacts, calendars, files and mail of the Google account that a user connected."""

from __future__ import annotations

from datetime import datetime

from socialconnect.connectors._google_columns import (
    CALENDAR,
    EVENT,
    FILE,
    FILE_FIELDS,
    HEADERS,
    LABEL,
    MESSAGE,
    PERSON,
    PERSON_FIELDS,
)
from socialconnect.connectors._google_manners import (
    ALIASES,
    EMAIL,
    MAIL,
    MANNERS,
    PROFILE,
    READ_MAIL,
    SEARCHED_IN_PART,
    scopes,
)
from socialconnect.reading.declare import Budget, Connector, Gone, Param, Parent, Profile, Resource, Sync, columns
from socialconnect.reading.further import Batch, Detail
from socialconnect.reading.paginate import Cursor

_PEOPLE = "https://people.googleapis.com"
_GMAIL = "https://gmail.googleapis.com"
_PAGES = Cursor("nextPageToken", "pageToken")
_BATCH = Batch(f"{_GMAIL}/batch")

_SOURCES = Param(
    "sources",
    choices=("READ_SOURCE_TYPE_PROFILE", "READ_SOURCE_TYPE_CONTACT", "READ_SOURCE_TYPE_DOMAIN_CONTACT"),
    many=True,
    repeat=True,
    note="Where the values may come from; by default from the profile and the contacts.",
)
_FIELDS = Param(
    "person_fields",
    choices=PERSON_FIELDS,
    many=True,
    to="personFields",
    note="Ask for these fields alone; all of them by default.",
)
_ABSENT = (
    "An empty column has one of three causes: nobody filled it in, its scope was not granted, or person_fields "
    "left it out."
)
_PRIMARY = "Of several values the frame has the primary one: Google's own choice, then the profile's, then the first."

_OWN = dict(
    zip(
        scopes("user.emails.read user.phonenumbers.read user.birthday.read user.gender.read user.addresses.read")
        + scopes("user.organization.read"),
        ("further e-mail addresses", "phones", "the birthday", "the gender", "addresses", "work"),
        strict=True,
    )
)

_RESOURCES = (
    Resource(
        "profile",
        "/oauth2/v2/userinfo",
        doc="The Google account behind the token: who it is, its address and its picture.",
        source="https://developers.google.com/identity/protocols/oauth2/scopes#oauth2",
        single=True,
        scopes=("openid", EMAIL, PROFILE),
        fuller={EMAIL: "the address", PROFILE: "the names"},
        key=("id",),
        columns=(
            *columns("string", "id email", personal=True),
            *columns("boolean", "verified_email", personal=True),
            *columns("string", "name given_name family_name picture", personal=True),
            *columns("string", "hd"),
            *columns("string", "locale", personal=True),
            *columns("string", "link gender", personal=True),
        ),
        notes=(
            "The names need the scope profile, the address needs email; what was not granted is empty.",
            "hd is there for Google Workspace accounts alone; locale, link and gender seldom come any more.",
            "id has 21 digits: a text, never a number.",
        ),
    ),
    Resource(
        "person",
        f"{_PEOPLE}/v1/people/me",
        doc="The user as Google's own address book has them: names, addresses, birthday, work.",
        source="https://developers.google.com/people/api/rest/v1/people/get",
        query={"personFields": ",".join(PERSON_FIELDS)},
        single=True,
        params=(_FIELDS, _SOURCES),
        scopes=(PROFILE, EMAIL, *_OWN),
        fuller={PROFILE: "names and photos", **_OWN},
        key=("resource_name",),
        columns=PERSON,
        notes=(
            _ABSENT,
            _PRIMARY,
            "Names and photos need the scope profile, the account's address email.",
            "Further e-mail addresses, phones, birthday, gender, addresses and work each need a scope of their own.",
            "resource_name is people/ and the id of google.profile.",
            "A birthday without a year has 0 or nothing in birthday_year.",
        ),
    ),
    Resource(
        "contacts",
        f"{_PEOPLE}/v1/people/me/connections",
        doc="The people in the user's contacts, in the columns of person.",
        source="https://developers.google.com/people/api/rest/v1/people.connections/list",
        query={"personFields": ",".join(PERSON_FIELDS), "pageSize": 1000},
        records="connections",
        paging=_PAGES,
        params=(
            _FIELDS,
            _SOURCES,
            Param(
                "sort_order",
                choices=(
                    "LAST_MODIFIED_ASCENDING",
                    "LAST_MODIFIED_DESCENDING",
                    "FIRST_NAME_ASCENDING",
                    "LAST_NAME_ASCENDING",
                ),
                to="sortOrder",
            ),
            Param("page_size", int, least=1, most=1000, to="pageSize", note="How many a page has; 1000 by default."),
        ),
        scopes=scopes("contacts.readonly contacts"),
        key=("resource_name",),
        sync=Sync("nextSyncToken", "syncToken", asks={"requestSyncToken": "true"}, gone=Gone("deleted"), lasts=7),
        columns=PERSON,
        usual=1.1,
        notes=(
            _ABSENT,
            _PRIMARY,
            "Contacts that Google gathered by itself (other contacts) and those of the company are not among them.",
            "The first page has a quota of its own: many accounts at once may have to wait.",
        ),
    ),
    Resource(
        "calendars",
        "/calendar/v3/users/me/calendarList",
        doc="The calendars in the user's list: their own, shared and subscribed ones.",
        source="https://developers.google.com/workspace/calendar/api/v3/reference/calendarList/list",
        query={"maxResults": 250, "showHidden": "true"},
        records="items",
        paging=_PAGES,
        params=(
            Param(
                "min_access_role",
                choices=("freeBusyReader", "reader", "writerWithoutPrivateAccess", "writer", "owner"),
                to="minAccessRole",
                note="Only calendars in which the user may do at least that.",
            ),
            Param("show_hidden", bool, to="showHidden", note="False leaves out those the user hides."),
            Param("show_deleted", bool, to="showDeleted", note="True adds those taken off the list."),
            Param("page_size", int, least=1, most=250, to="maxResults", note="How many a page has; 250 by default."),
        ),
        scopes=scopes("calendar.readonly calendar.calendarlist.readonly calendar.calendarlist calendar"),
        key=("id",),
        sync=Sync(
            "nextSyncToken",
            "syncToken",
            excludes=("min_access_role", "show_hidden", "show_deleted"),
            gone=Gone("deleted"),
        ),
        columns=CALENDAR,
        notes=(
            "Hidden calendars are included, which Google leaves out by default: show_hidden=False does so too.",
            "summary_override is the user's own name for a calendar of somebody else's.",
            "selected is False or empty where the calendar is not shown.",
        ),
    ),
    Resource(
        "events",
        "/calendar/v3/calendars/{calendar}/events",
        doc="The events of the user's calendars, or of those that `calendar` names.",
        source="https://developers.google.com/workspace/calendar/api/v3/reference/events/list",
        query={"maxResults": 2500},
        records="items",
        paging=_PAGES,
        parent=Parent(
            "calendars",
            "calendar",
            carry={"calendar_time_zone": "time_zone"},
            usual=2,
            personal=True,
            note="'primary' is the account's own.",
        ),
        params=(
            Param("time_min", datetime, to="timeMin", note="Only those that end after it."),
            Param("time_max", datetime, to="timeMax", note="Only those that begin before it."),
            Param("updated_min", datetime, to="updatedMin", note="Only those changed since, deleted ones included."),
            Param("single_events", bool, to="singleEvents", note="True gives each date of a series as its own row."),
            Param("order_by", choices=("startTime",), needs=("single_events",), to="orderBy"),
            Param("q", note="Words that stand in the event."),
            Param(
                "event_types",
                choices=("birthday", "default", "focusTime", "fromGmail", "outOfOffice", "workingLocation"),
                many=True,
                repeat=True,
                to="eventTypes",
            ),
            Param("ical_uid", to="iCalUID"),
            Param("show_deleted", bool, to="showDeleted", note="True adds cancelled events."),
            Param("show_hidden_invitations", bool, to="showHiddenInvitations"),
            Param(
                "max_attendees", int, least=1, to="maxAttendees", note="Where there are more, only the user is named."
            ),
            Param("time_zone", to="timeZone", note="The zone in which times are written; the moments stay."),
            Param("page_size", int, least=1, most=2500, to="maxResults", note="How many a page has; 2500 by default."),
        ),
        scopes=scopes(
            "calendar.readonly calendar.events.readonly calendar.events calendar calendar.events.owned.readonly"
        )
        + scopes("calendar.events.owned calendar.events.public.readonly calendar.events.freebusy"),
        key=("calendar", "id"),
        changed="updated",
        since="updated_min",
        sync=Sync(
            "nextSyncToken",
            "syncToken",
            excludes=("ical_uid", "order_by", "q", "time_min", "time_max", "updated_min", "show_deleted"),
            gone=Gone("status", "cancelled"),
        ),
        columns=EVENT,
        notes=(
            "A series is one row with its recurrence, unless single_events=True asks for every date of it.",
            "An event of whole days has start_date and end_date (the day after the last), and start and end are empty.",
            "A date is no moment: it lies in calendar_time_zone, not in UTC.",
            "calendar_time_zone is empty where calendar names the calendars: google.calendars has it.",
            "Cancelled events may have nothing but their id.",
            "attendees is cut short where attendees_omitted is True.",
            "Reading all calendars needs a scope that lists them; without one, name them: calendar='primary'.",
        ),
    ),
    Resource(
        "files",
        "/drive/v3/files",
        doc="The files and folders in the user's Google Drive, and those shared with them.",
        source="https://developers.google.com/workspace/drive/api/reference/rest/v3/files/list",
        query={
            "fields": FILE_FIELDS,
            "pageSize": 1000,
            "supportsAllDrives": "true",
            "includeItemsFromAllDrives": "true",
        },
        records="files",
        paging=_PAGES,
        params=(
            Param("q", note="A search as Google Drive writes it: \"mimeType='application/pdf' and trashed=false\"."),
            Param(
                "modified_after",
                datetime,
                excludes=("q",),
                to="q",
                wrap="modifiedTime > '{}'",
                note="Only those modified after this time.",
            ),
            Param(
                "order_by",
                many=True,
                pattern=r"(createdTime|folder|modifiedByMeTime|modifiedTime|name|name_natural|quotaBytesUsed|recency"
                r"|sharedWithMeTime|starred|viewedByMeTime)( desc)?",
                to="orderBy",
                note="such as ['folder', 'modifiedTime desc'].",
            ),
            Param(
                "corpora", choices=("user", "domain", "drive", "allDrives"), note="Where to search; user by default."
            ),
            Param("drive_id", needs=("corpora",), to="driveId", note="The shared drive, with corpora='drive'."),
            Param("spaces", choices=("drive", "appDataFolder"), many=True),
            Param("shared_drives", bool, to="includeItemsFromAllDrives", note="False leaves out shared drives."),
            Param("page_size", int, least=1, most=1000, to="pageSize", note="How many a page has; 1000 by default."),
        ),
        scopes=scopes("drive.metadata.readonly drive.readonly drive.metadata drive.file drive"),
        fuller=dict.fromkeys(scopes("drive.metadata.readonly"), "files that this app did not make or open"),
        rules=(SEARCHED_IN_PART,),
        key=("id",),
        changed="modified_time",
        since="modified_after",
        columns=FILE,
        usual=1.1,
        notes=(
            "Trashed files are included: q='trashed=false' leaves them out.",
            "Of shared drives there is what the user has opened; corpora='allDrives' searches all of them.",
            "size is empty for folders; owner_email, owned_by_me and shared are empty in shared drives.",
            "Who stars, shares or trashes a file leaves its modified_time.",
            "Google is asked for the declared fields alone: raw has nothing more.",
        ),
    ),
    Resource(
        "labels",
        f"{_GMAIL}/gmail/v1/users/me/labels",
        doc="The user's Gmail labels with their numbers of messages and threads.",
        source="https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.labels/list",
        records="labels",
        further=Detail("/gmail/v1/users/me/labels/{id}", records="labels", batch=_BATCH, listed=("id", "name", "type")),
        scopes=(*scopes("gmail.labels gmail.metadata gmail.readonly gmail.modify"), MAIL),
        key=("id",),
        columns=LABEL,
        notes=(
            "Google's list has no counts: each label is asked for them, fifty in one request.",
            "With columns=['id', 'name', 'type'] nothing but the list is asked for.",
            "color is there for labels that the user made.",
        ),
    ),
    Resource(
        "messages",
        f"{_GMAIL}/gmail/v1/users/me/messages",
        doc="The user's Gmail messages: labels, size, times and headers, without their text.",
        source="https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages/list",
        query={"maxResults": 500},
        records="messages",
        paging=_PAGES,
        further=Detail(
            "/gmail/v1/users/me/messages/{id}",
            records="messages",
            query={"format": "metadata", "metadataHeaders": HEADERS},
            batch=_BATCH,
            listed=("id", "threadId"),
        ),
        params=(
            Param("q", note="A search as Gmail has it: 'from:ada newer_than:7d'. Needs gmail.readonly."),
            Param(
                "received_after",
                datetime,
                excludes=("q",),
                to="q",
                form="s",
                wrap="after:{}",
                scope=READ_MAIL,
                note="Only those that Gmail had after this time. Needs gmail.readonly.",
            ),
            Param("label_ids", many=True, repeat=True, to="labelIds", note="Only those with all of these labels."),
            Param("include_spam_trash", bool, to="includeSpamTrash", note="True adds SPAM and TRASH."),
            Param("page_size", int, least=1, most=500, to="maxResults", note="How many a page has; 500 by default."),
        ),
        scopes=(*scopes("gmail.metadata gmail.readonly gmail.modify"), MAIL),
        key=("id",),
        changed="internal_date",
        since="received_after",
        additions=True,
        columns=MESSAGE,
        usual=1.1,
        notes=(
            "Google lists ids; each message is then asked for, fifty in one request, of which each counts in full.",
            "With columns=['id', 'thread_id'] nothing but the list is asked for.",
            "That makes about 300 messages a minute: narrow large mailboxes by label_ids, or by q with gmail.readonly.",
            "A message that was deleted meanwhile keeps its row, with id and thread_id alone.",
            "Spam and trash are left out unless include_spam_trash=True.",
            "internal_date is when Gmail had the message; date is what its sender wrote.",
            "Of a header that is repeated the first is taken.",
        ),
    ),
)

connector = Connector(
    "google",
    "https://www.googleapis.com",
    _RESOURCES,
    title="Google",
    doc="Profiles, contacts, calendars, files and mail of Google accounts.",
    source="https://developers.google.com/identity/protocols/oauth2",
    origins=(_PEOPLE, _GMAIL, "https://openidconnect.googleapis.com"),
    manners=MANNERS,
    budgets=(
        # 6,000 units a minute for one user, of which a message costs 20 (since 2026-05; older projects have more)
        Budget(300, 60, at=f"{_GMAIL}/"),
        Budget(600, 60, at="https://www.googleapis.com/calendar/"),
        Budget(10_000, 60, "host", at="https://www.googleapis.com/calendar/"),
    ),
    scope_aliases=ALIASES,
    profile=Profile(
        name="name",
        email="email",
        email_verified="verified_email",
        avatar_url="picture",
        profile_url="link",
        locale="locale",
    ),
)
