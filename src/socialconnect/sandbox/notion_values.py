"""What stands in the columns of a Notion data source: a schema, and a value of each type for each row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from socialconnect.sandbox import words
from socialconnect.sandbox.world import EPOCH, uuid

if TYPE_CHECKING:
    from collections.abc import Callable

    from socialconnect.sandbox.world import Account

BEGIN = datetime.fromtimestamp(EPOCH, UTC) - timedelta(days=400)
_PLAIN = {"bold": False, "italic": False, "strikethrough": False, "underline": False, "code": False, "color": "default"}
_CHOICES = ("red", "green", "blue")
MANY = 40
CUT = 25
"""How many references a listing shows of one property."""

Json = dict[str, object]
EVERY: dict[str, tuple[str, str]] = {
    # each type of property: the name, its id and its type; rows of the data source `Everything` have all of them
    "Name": ("title", "title"),
    "Text": ("a%3Ab1", "rich_text"),
    "Amount": ("%5Cq%3E", "number"),
    "Choice": ("cHo1", "select"),
    "State": ("sTa1", "status"),
    "Tags": ("tAg1", "multi_select"),
    "Due": ("dUe1", "date"),
    "Team": ("pE%40p", "people"),
    "Files": ("fIl1", "files"),
    "Done": ("dOn1", "checkbox"),
    "url": ("uRl1", "url"),
    "Mail": ("mAi1", "email"),
    "Phone": ("pHo1", "phone_number"),
    "Related": ("rE%7Cl", "relation"),
    "Made": ("mAd1", "created_time"),
    "Edited": ("eDi1", "last_edited_time"),
    "Maker": ("mAk1", "created_by"),
    "Editor": ("eDt1", "last_edited_by"),
    "Sentence": ("fSt1", "formula.string"),
    "Double": ("fNu1", "formula.number"),
    "Late": ("fBo1", "formula.boolean"),
    "Next": ("fDa1", "formula.date"),
    "Sum": ("rNu1", "rollup.number"),
    "Latest": ("rDa1", "rollup.date"),
    "All": ("rAr1", "rollup.array"),
    "Part": ("rIn1", "rollup.incomplete"),
    "ID": ("uId1", "unique_id"),
    "Checked": ("vEr1", "verification"),
    "Where": ("pLa1", "place"),
    "Push": ("bUt1", "button"),
}
TASKS = {name: EVERY[name] for name in ("Name", "State", "Due", "Done", "Amount", "Team")}
ARCHIVE = {name: EVERY[name] for name in ("Name", "Text", "Amount", "Choice", "Made", "Done")}


def moment(seconds: int) -> str:
    """A time so long after the workspace began, to the minute, as Notion gives it."""
    return (BEGIN + timedelta(seconds=seconds // 60 * 60)).strftime("%Y-%m-%dT%H:%M:00.000Z")


def rich(text: str) -> list[Json]:
    """A text as Notion's rich text: none of it for no letters."""
    content = {"type": "text", "text": {"content": text, "link": None}}
    return [{**content, "annotations": _PLAIN, "plain_text": text, "href": None}] if text else []


def mention(text: str, page: str) -> Json:
    """A page named in a text."""
    named = {"type": "mention", "mention": {"type": "page", "page": {"id": page}}}
    return {**named, "annotations": _PLAIN, "plain_text": text, "href": f"https://www.notion.so/{page}"}


def user(identity: str) -> Json:
    """A user of whom no more than the id is told."""
    return {"object": "user", "id": identity}


class Values:
    """The values of one account's rows, each a function of its place."""

    def __init__(self, account: Account, seed: int) -> None:
        self.account = account
        self._seed = seed

    def person(self, place: int) -> str:
        """One of the workspace's people."""
        return uuid(self._seed, "person", self.account.compact << 12 | place)

    def page(self, place: int) -> str:
        """One of the pages that rows refer to."""
        return uuid(self._seed, "referred", self.account.compact << 20 | place)

    def time(self, name: str, place: int) -> str:
        """When a row was made or last edited."""
        return moment(place // 7 * 60 + (86_400 if name == "last_edited_time" else 0))

    def properties(self, schema: dict[str, tuple[str, str]], place: int) -> dict[str, Json]:
        """A row's properties as a listing shows them: no more than 25 references of each."""
        found: dict[str, Json] = {}
        for name, (identity, kind) in schema.items():
            outer = kind.partition(".")[0]
            value = self.value(kind, place)
            found[name] = {"id": identity, "type": outer, outer: value}
            if isinstance(value, list) and outer in ("people", "relation", "rich_text"):
                found[name][outer] = value[:CUT]
            if outer == "relation" and isinstance(value, list):
                found[name]["has_more"] = len(value) > CUT
        return found

    def value(self, kind: str, place: int) -> object:
        """What a property of that type holds, whole; every seventh row has it empty."""
        empty = place % 7 == 6
        outer, _, inner = kind.partition(".")
        if outer in ("formula", "rollup"):
            told: Json = {} if outer == "formula" else {"function": _FUNCTIONS[inner]}
            return {"type": inner, inner: _inner(self, inner, place, empty=empty), **told}
        make = _MAKERS[kind]
        return make(self, place) if not empty or kind in _NEVER_EMPTY else _EMPTY.get(kind)


_NEVER_EMPTY = {"title", "checkbox", "created_time", "last_edited_time", "created_by", "last_edited_by", "button"}
_EMPTY: dict[str, object] = {
    **{name: [] for name in ("rich_text", "multi_select", "people", "files", "relation")},
    "unique_id": {"prefix": None, "number": None},
}
_FUNCTIONS = {"number": "sum", "date": "latest_date", "array": "show_original", "incomplete": "sum"}


def _inner(values: Values, kind: str, place: int, *, empty: bool) -> object:
    if kind == "incomplete":
        return {}
    if kind == "array":
        texts = {"type": "rich_text", "rich_text": rich(f"part {place} {values.account.eac}")}
        return [] if empty else [{"type": "number", "number": place}, texts]
    if empty:
        return None
    found: dict[str, object] = {
        "string": f"{place} of {values.account.eac}",
        "number": place * 2,
        "boolean": place % 2 == 0,
        "date": _date(values, place),
    }
    return found[kind]


def _option(place: int) -> Json:
    color = _CHOICES[place % 3]
    return {"id": f"o{place % 3}", "name": color.title(), "color": color}


def _date(_: Values, place: int) -> Json:
    """Days, times, times in a zone without an offset, and spans of them."""
    day = (BEGIN + timedelta(days=place)).date()
    match place % 4:
        case 0:
            return {"start": day.isoformat(), "end": None, "time_zone": None}
        case 1:
            return {"start": f"{day}T09:30:00.000+02:00", "end": f"{day}T10:00:00.000+02:00", "time_zone": None}
        case 2:
            return {"start": f"{day}T09:30:00", "end": None, "time_zone": "America/New_York"}
    return {"start": day.isoformat(), "end": (day + timedelta(days=2)).isoformat(), "time_zone": None}


def _people(values: Values, place: int) -> list[Json]:
    """Some, and in rows 1 and 2 as many as are shown, and more."""
    count = {1: CUT, 2: MANY}.get(place, place % 3)
    return [user(values.person(number + 1)) for number in range(count)]


def _relation(values: Values, place: int) -> list[Json]:
    count = {0: MANY * 3, 1: CUT}.get(place, place % 3)
    return [{"id": values.page(number)} for number in range(count)]


def _text(values: Values, place: int) -> list[Json]:
    """A sentence; in row 3 one with many pages named in it."""
    begin = rich(f"{words.THINGS[place % len(words.THINGS)]} {values.account.eac}")
    if place != 3:
        return begin
    return [mention(f"@{number} ", values.page(number)) for number in range(MANY)] + begin


def _files(values: Values, place: int) -> list[Json]:
    own = {"url": f"https://files.sandbox.example/{values.account.eac}/{place}", "expiry_time": moment(3600)}
    linked = {"url": f"https://img.sandbox.example/{values.account.eac}"}
    return [
        {"name": "plan.pdf", "type": "file", "file": own},
        {"name": "photo", "type": "external", "external": linked},
    ]


def _verification(values: Values, place: int) -> Json:
    if place % 2:
        return {"state": "unverified", "date": None, "verified_by": None}
    date = {"start": moment(place * 86_400), "end": None, "time_zone": None}
    return {"state": "verified", "date": date, "verified_by": user(values.person(1))}


def _place(values: Values, place: int) -> Json:
    named = {"name": f"Place {place} {values.account.eac}", "address": "1 Harbour Road" if place % 2 else None}
    return {"lat": 47.5 + place / 8, "lon": -3.25, **named, "aws_place_id": None, "google_place_id": None}


_MAKERS: dict[str, Callable[[Values, int], object]] = {
    "title": lambda values, place: rich(f"Row {place} {values.account.eac}"),
    "rich_text": _text,
    "number": lambda _, place: place / 4,
    "select": lambda _, place: _option(place),
    "status": lambda _, place: _option(place + 1),
    "multi_select": lambda _, place: [_option(number) for number in range(place % 3)],
    "date": _date,
    "people": _people,
    "files": _files,
    "checkbox": lambda _, place: place % 2 == 0,
    "url": lambda values, place: f"https://sandbox.example/{values.account.eac}/{place}",
    "email": lambda values, place: f"row.{place}.{values.account.eac}@example.com",
    "phone_number": lambda _, place: f"+49 30 {place:07d}",
    "relation": _relation,
    "created_time": lambda values, place: values.time("created_time", place),
    "last_edited_time": lambda values, place: values.time("last_edited_time", place),
    "created_by": lambda values, _: user(values.person(1)),
    "last_edited_by": lambda values, place: user(values.person(1 + place % 2)),
    "unique_id": lambda _, place: {"prefix": "ROW" if place % 2 else None, "number": place + 1},
    "verification": _verification,
    "place": _place,
    "button": lambda *_: {},
}


def schema_of(schema: dict[str, tuple[str, str]], source: str) -> dict[str, Json]:
    """A schema as the data source shows it: each property's settings by its name."""
    options: Json = {"options": [{**_option(number), "description": None} for number in range(3)]}
    settings: dict[str, Json] = {
        "number": {"format": "number"},
        "select": options,
        "multi_select": options,
        "status": {**options, "groups": [{"id": "g1", "name": "All", "color": "gray", "option_ids": ["o0", "o1"]}]},
        "relation": {"data_source_id": source, "database_id": source, "type": "single_property", "single_property": {}},
        "formula": {"expression": "1"},
        "unique_id": {"prefix": "ROW"},
    }
    related = {"relation_property_name": "Related", "relation_property_id": EVERY["Related"][0]}
    found: dict[str, Json] = {}
    for name, (identity, kind) in schema.items():
        outer, _, inner = kind.partition(".")
        told = settings.get(outer, {})
        if outer == "rollup":
            rolled = {"rollup_property_name": "Amount", "rollup_property_id": EVERY["Amount"][0]}
            told = {"function": _FUNCTIONS[inner], **related, **rolled}
        found[name] = {"id": identity, "name": name, "description": None, "type": outer, outer: told}
    return found
