"""Google Calendar and Drive: https://developers.google.com/workspace."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote

from socialconnect.sandbox import dice, edits, words
from socialconnect.sandbox.answers import Answer, Call, iso
from socialconnect.sandbox.google_answers import (
    AUTH,
    changed_since,
    failure,
    flag,
    invalid,
    listing,
    size_of,
    sync_token,
)
from socialconnect.sandbox.world import EPOCH

if TYPE_CHECKING:
    from socialconnect.sandbox.world import Account, World

Fields = dict[str, object]

CALENDAR_SCOPES = tuple(
    f"{AUTH}calendar{part}" for part in ("", ".calendarlist", ".calendarlist.readonly", ".readonly")
)
EVENT_SCOPES = tuple(
    f"{AUTH}calendar{part}"
    for part in (
        "",
        ".events",
        ".events.freebusy",
        ".events.owned",
        ".events.owned.readonly",
        ".events.public.readonly",
        ".events.readonly",
        ".readonly",
    )
)
DRIVE_SCOPES = tuple(f"{AUTH}drive{part}" for part in ("", ".file", ".metadata", ".metadata.readonly", ".readonly"))
_ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland")
_NOT_WITH_TOKEN = ("iCalUID", "orderBy", "q", "timeMin", "timeMax", "updatedMin")
_HOLIDAYS = "en.german#holiday@group.v.calendar.google.com"
_TYPES = (
    "application/pdf",
    "application/vnd.google-apps.folder",
    "application/vnd.google-apps.document",
    "image/png",
)


def calendars(world: World, account: Account, call: Call, situation: str) -> Fields:
    """One page of the calendar list."""
    found = _calendars(world, account, situation)
    role = call.param("minAccessRole")
    owner = f"calendars-{account.compact:x}"
    since = changed_since(call, world, owner, ("minAccessRole",))
    kept = edits.places(world, account, "google.calendars", len(found))
    changes = edits.since(world, account, "google.calendars", since)
    rows = [
        number
        for number, one in enumerate(found)
        if (number in changes if since is not None else number in kept)
        and (flag(call, "showHidden") or not one.get("hidden"))
        and (role != "owner" or one["accessRole"] == "owner")
    ]
    page = listing(
        call,
        account,
        rows,
        lambda number: (
            edits.patched(world, account, "google.calendars", number, found[number])
            if number in kept
            else {"id": found[number]["id"], "deleted": True}
        ),
        "items",
        size_of(call, "maxResults", 250),
        sync_token(world, owner, edits.last(world, account, "google.calendars")),
    )
    return {"kind": "calendar#calendarList", "etag": '"p0"', "items": [], **page}


def _calendars(world: World, account: Account, situation: str) -> list[Fields]:
    chance = dice.number(world.seed, "google calendars", account.number)
    own: Fields = {
        "id": account.email,
        "summary": account.email,
        "timeZone": _ZONES[chance % len(_ZONES)],
        "accessRole": "owner",
        "primary": True,
        "selected": True,
        "description": f"of {account.mark}",
    }
    found = [own]
    if situation != "empty":
        public = {"id": _HOLIDAYS, "summary": "Holidays", "timeZone": "Europe/Berlin", "accessRole": "reader"}
        found.append({**public, "hidden": True} if chance % 4 == 0 else {**public, "summaryOverride": "Free days"})
    if chance % 5 == 0:
        team = f"c_{account.compact:x}@group.calendar.google.com"
        found.append(
            {"id": team, "summary": "Team", "timeZone": "UTC", "accessRole": "writer", "dataOwner": "t@example.com"}
        )
    if chance % 53 == 7:  # shared with the user, and deleted since
        found.append({"id": "gone@group.calendar.google.com", "summary": "Gone", "accessRole": "freeBusyReader"})
    colours = {"colorId": str(1 + chance % 24), "backgroundColor": "#9fe1e7", "foregroundColor": "#000000"}
    return [{"kind": "calendar#calendarListEntry", "etag": f'"{chance % 10**8}"', **one, **colours} for one in found]


def events(world: World, account: Account, call: Call, situation: str) -> Fields | Answer:
    """One page of a calendar's events."""
    name = unquote(call.path.split("/")[4])
    listed = {str(one["id"]): one for one in _calendars(world, account, situation)}
    chosen = listed.get(account.email if name == "primary" else name)
    if chosen is None or name.startswith("gone@"):
        return failure(404, "notFound", "Not Found")
    single = flag(call, "singleEvents")
    if call.param("orderBy") == "startTime" and not single:
        raise invalid("The requested ordering is not available for the particular query.")
    after, before, updated = (_moment(call, one) for one in ("timeMin", "timeMax", "updatedMin"))
    calendar = str(chosen["id"])
    owner = f"events-{account.compact:x}-{dice.number(0, calendar) % 10**6}"
    since = changed_since(call, world, owner, _NOT_WITH_TOKEN)
    found = _found_events(
        world, account, chosen, count_events(world, account, situation, calendar), since, single=single
    )
    kinds = set(call.every("eventTypes"))
    rows = [
        number
        for number, one in enumerate(found)
        if (one["status"] != "cancelled" or flag(call, "showDeleted") or updated or since is not None)
        and (not kinds or one.get("eventType") in kinds)
        and (not after or _at(one, "end") > after)
        and (not before or _at(one, "start") < before)
        and (not updated or str(one.get("updated", "9")) > iso(updated.timestamp()))
        and call.param("q").casefold() in str(one.get("summary", "")).casefold()
    ]
    if call.param("orderBy") == "startTime":
        rows.sort(key=lambda number: _at(found[number], "start"))
    given = any(call.param(name) for name in _NOT_WITH_TOKEN)
    page = listing(
        call,
        account,
        rows,
        lambda number: found[number],
        "items",
        size_of(call, "maxResults", 2500),
        "" if given else sync_token(world, owner, edits.last(world, account, "google.events", calendar)),
    )
    head = {"kind": "calendar#events", "etag": '"p1"', "summary": chosen["summary"], "items": []}
    return {**head, "timeZone": chosen.get("timeZone", "UTC"), "accessRole": chosen["accessRole"], **page}


def _found_events(
    world: World, account: Account, calendar: Fields, total: int, since: int | None, *, single: bool
) -> list[Fields]:
    """A calendar's events as they are by now, those that were deleted as nothing but that.

    With `since` they are those alone that were changed after the change of that number.
    """
    name = str(calendar["id"])
    kept = set(edits.places(world, account, "google.events", total, name))
    touched = edits.since(world, account, "google.events", since or 0, name)
    found: list[Fields] = []
    for position in touched if since is not None else sorted({*kept, *touched}):
        for one in _event(world, account, calendar, position, single=single):
            if position in kept:
                found.append(edits.patched(world, account, "google.events", position, one, name))
            else:
                found.append({"kind": "calendar#event", "id": one["id"], "status": "cancelled"})
    return found


def count_events(world: World, account: Account, situation: str, calendar: str) -> int:
    """How many events a calendar had at first."""
    if calendar != account.email:
        return 3
    chance = dice.number(world.seed, "google events", account.number)
    return {"empty": 0, "large": 220 + chance % 60}.get(situation, 2 + chance % 25)


def _event(world: World, account: Account, calendar: Fields, position: int, *, single: bool) -> list[Fields]:
    """One event, or with `single` each date of a series."""
    chance = dice.number(world.seed, "google event", account.number, str(calendar["id"]), position)
    identity = f"ev{account.compact:x}{position:04x}"
    if chance % 13 == 3:
        return [{"kind": "calendar#event", "etag": '"0"', "id": identity, "status": "cancelled"}]
    start = datetime.fromtimestamp(EPOCH + (chance % 200 - 100) * 86_400 + chance % 86_400 // 900 * 900, UTC)
    found: Fields = {
        "kind": "calendar#event",
        "etag": f'"{chance % 10**12}"',
        "id": identity,
        "status": "tentative" if chance % 11 == 0 else "confirmed",
        "htmlLink": f"https://calendar.sandbox.example/event?eid={identity}",
        "created": iso(EPOCH - 9_000_000 - chance % 10**6).replace("Z", ".000Z"),
        "updated": iso(EPOCH - chance % 9_000_000).replace("Z", ".123Z"),
        "summary": f"{words.THINGS[chance % len(words.THINGS)]} {account.mark}",
        "creator": {"email": account.email, "self": True},
        "organizer": {"email": account.email, "self": True} if chance % 3 else {"email": "boss@example.com"},
        "iCalUID": f"{identity}@google.com",
        "sequence": chance % 4,
        "eventType": "outOfOffice" if chance % 19 == 0 else "default",
    }
    if chance % 3 == 0:
        mine = {"email": account.email, "self": True, "responseStatus": "accepted" if chance % 2 else "needsAction"}
        found["attendees"] = [{"email": "boss@example.com", "organizer": True, "responseStatus": "accepted"}, mine]
    if chance % 7 == 0:
        found |= {"transparency": "transparent", "visibility": "private"}
    if chance % 5 == 0:
        days: Fields = {
            "start": {"date": f"{start:%Y-%m-%d}"},
            "end": {"date": f"{start + timedelta(days=2):%Y-%m-%d}"},
        }
        return [found | days]
    zone = str(calendar.get("timeZone", "UTC"))
    found |= {"start": _timed(start, zone), "end": _timed(start + timedelta(hours=1), zone)}
    if chance % 6:
        return [found]
    if not single:
        return [found | {"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=3"]}]
    dates = [start + timedelta(weeks=week) for week in range(3)]
    return [
        found
        | {
            "id": f"{identity}_{date:%Y%m%dT%H%M%SZ}",
            "recurringEventId": identity,
            "start": _timed(date, zone),
            "end": _timed(date + timedelta(hours=1), zone),
            "originalStartTime": _timed(date, zone),
        }
        for date in dates
    ]


def _timed(moment: datetime, zone: str) -> Fields:
    # with an offset, as Google writes it: the same moment
    return {"dateTime": (moment + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S+01:00"), "timeZone": zone}


def _at(event: Fields, end: str) -> datetime:
    place = event.get(end)
    text = str(place.get("dateTime") or f"{place['date']}T00:00:00+00:00") if isinstance(place, dict) else iso(EPOCH)
    return datetime.fromisoformat(text)


def _moment(call: Call, name: str) -> datetime | None:
    text = call.param(name)
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise invalid("Bad Request") from None
    if found.tzinfo is None:
        raise invalid("Bad Request")
    return found


def files(world: World, account: Account, call: Call, situation: str) -> Fields:
    """One page of files, with the fields that were asked for; some searches of all shared drives are incomplete."""
    corpora = call.param("corpora", "user")
    both = flag(call, "supportsAllDrives") and flag(call, "includeItemsFromAllDrives")
    if corpora in ("drive", "allDrives") and not both:
        raise invalid("The includeItemsFromAllDrives parameter must be set to true.", "invalid")
    if (corpora == "drive") != bool(call.param("driveId")):
        raise invalid("The driveId parameter must be specified if and only if corpora is set to drive.", "invalid")
    total = count_files(world, account, situation)
    made = [
        edits.patched(world, account, "google.files", position, _file(world, account, position))
        for position in edits.places(world, account, "google.files", total)
    ]
    rows = [
        number
        for number, one in enumerate(made)
        if (both or "driveId" not in one) and _found(one, call.param("q")) and corpora != "domain"
    ]
    names, inside = _mask(call.param("fields"))
    page = listing(
        call,
        account,
        rows,
        lambda number: {key: value for key, value in made[number].items() if key in inside},
        "files",
        size_of(call, "pageSize", 1000),
    )
    searched = corpora != "allDrives" or dice.number(world.seed, "google drives", account.number) % 5 > 0
    body: Fields = {"kind": "drive#fileList", "incompleteSearch": not searched, "files": [], **page}
    return {key: value for key, value in body.items() if not names or key in names}


def _mask(text: str) -> tuple[set[str], set[str]]:
    """The names asked for outside the files, and those inside; without a mask what Google sends by itself."""
    if not text:
        return set(), {"kind", "id", "name", "mimeType"}
    match = re.fullmatch(r"(?:([\w,]+),)?files\(([\w,/()]+)\)", text)
    if match is None:
        raise invalid(f"Invalid field selection {text}", "invalidParameter")
    inside = {re.split(r"[/(]", one)[0] for one in match[2].split(",")}
    return {*filter(None, (match[1] or "").split(",")), "files"}, inside


def _found(one: Fields, query: str) -> bool:
    for clause in filter(None, (part.strip() for part in query.split(" and "))):
        match = re.fullmatch(r"(trashed|mimeType|name|modifiedTime)\s*(=|contains|>)\s*'?([^']*)'?", clause)
        if match is None or (match[1] == "modifiedTime") != (match[2] == ">"):
            raise invalid("Invalid Value", "invalid")
        if match[2] == ">":
            if datetime.fromisoformat(str(one[match[1]])) <= datetime.fromisoformat(match[3]):
                return False
            continue
        value = str(one[match[1]]).lower()
        if not (match[3].lower() in value if match[2] == "contains" else match[3].lower() == value):
            return False
    return True


def count_files(world: World, account: Account, situation: str) -> int:
    """How many files an account had at first."""
    chance = dice.number(world.seed, "google files", account.number)
    return {"empty": 0, "large": 220 + chance % 80}.get(situation, 1 + chance % 35)


def _file(world: World, account: Account, position: int) -> Fields:
    chance = dice.number(world.seed, "google file", account.number, position)
    kind = _TYPES[chance % len(_TYPES)]
    shared = chance % 10 == 0
    found: Fields = {
        "kind": "drive#file",
        "id": f"1{account.mark}-{position:05d}",
        "name": f"{words.THINGS[chance % len(words.THINGS)]} {position}",
        "mimeType": kind,
        "createdTime": iso(EPOCH - 20_000_000 - chance % 10**7).replace("Z", ".000Z"),
        "modifiedTime": iso(EPOCH - chance % 20_000_000).replace("Z", ".123Z"),
        "starred": chance % 9 == 0,
        "trashed": chance % 12 == 0,
        "parents": [f"0A{account.compact:x}"],
        "webViewLink": f"https://drive.sandbox.example/d/{account.compact:x}/{position}",
        "quotaBytesUsed": str(chance % 2**40 if kind in ("application/pdf", "image/png") else 0),
    }
    if chance % 3:
        found["viewedByMeTime"] = iso(EPOCH - chance % 10**6)
        found["lastModifyingUser"] = {"kind": "drive#user", "displayName": "Ada", "emailAddress": "ada@example.com"}
    if "google-apps" not in kind:
        found |= {"size": found["quotaBytesUsed"], "md5Checksum": dice.digest(chance, size=16).hex()}
    if shared:
        return found | {"driveId": f"0D{account.compact:x}"}
    mine = chance % 4 != 1
    owner = account.email if mine else "somebody@example.com"
    if not mine:
        found["sharedWithMeTime"] = iso(EPOCH - chance % 10**7)
    return found | {
        "ownedByMe": mine,
        "shared": not mine,
        "owners": [{"kind": "drive#user", "displayName": "Owner", "emailAddress": owner, "me": mine}],
    }
