"""The People API: https://developers.google.com/people. What a token may see of its owner depends on its scopes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socialconnect.sandbox import dice, edits, words
from socialconnect.sandbox.answers import Call, iso
from socialconnect.sandbox.google_answers import AUTH, changed_since, flag, invalid, listing, size_of, sync_token
from socialconnect.sandbox.world import EPOCH

if TYPE_CHECKING:
    from socialconnect.sandbox.world import Account, World

Fields = dict[str, object]

LEGAL = frozenset(
    [
        "addresses",
        "ageRanges",
        "biographies",
        "birthdays",
        "calendarUrls",
        "clientData",
        "coverPhotos",
        "emailAddresses",
        "events",
        "externalIds",
        "genders",
        "imClients",
        "interests",
        "locales",
        "locations",
        "memberships",
        "metadata",
        "miscKeywords",
        "names",
        "nicknames",
        "occupations",
        "organizations",
        "phoneNumbers",
        "photos",
        "relations",
        "sipAddresses",
        "skills",
        "urls",
        "userDefined",
    ]
)
PERSON_SCOPES = tuple(
    f"{AUTH}{name}"
    for name in [
        "contacts",
        "contacts.readonly",
        "user.addresses.read",
        "user.birthday.read",
        "user.emails.read",
        "user.gender.read",
        "user.organization.read",
        "user.phonenumbers.read",
        "userinfo.email",
        "userinfo.profile",
    ]
)
CONTACT_SCOPES = (f"{AUTH}contacts", f"{AUTH}contacts.readonly")
_OWN = {
    "emailAddresses": ("userinfo.email", "user.emails.read"),
    "birthdays": ("user.birthday.read",),
    "phoneNumbers": ("user.phonenumbers.read",),
    "genders": ("user.gender.read",),
    "addresses": ("user.addresses.read",),
    "organizations": ("user.organization.read",),
}
_SHORT = {"email": f"{AUTH}userinfo.email", "profile": f"{AUTH}userinfo.profile"}


def me(world: World, account: Account, call: Call, granted: set[str]) -> Fields:
    """The account's owner, as far as the fields are asked for and the scopes allow."""
    asked = _asked(call)
    has = {_SHORT.get(scope, scope) for scope in granted}
    person = world.person(account.user)
    chance = dice.number(world.seed, "google person", account.number)
    own = {"metadata": _meta("PROFILE", account.provider_user_id)}
    name = {"displayName": person.name, **_present(givenName=person.first_name, familyName=person.last_name)}
    # what the user wrote into their own contacts stands first: the first is not the primary one
    nick = {"displayName": f"{person.name} (me)", "metadata": _meta("CONTACT", f"{chance % 10**9:x}", primary=False)}
    full: Fields = {
        "names": [*([nick] if chance % 3 == 0 else []), {**name, **own}],
        "photos": [{"url": f"https://img.sandbox.example/{account.provider_user_id}", **own}],
        "locales": [{"value": "de" if chance % 11 == 0 else "en", **own}],
        "emailAddresses": [
            {"value": account.email, "metadata": {**_meta("ACCOUNT", account.provider_user_id), "verified": True}}
        ],
        "birthdays": [{"date": _birthday(chance), **own}],
        "phoneNumbers": [
            {"value": f"0{chance % 10**9}", "canonicalForm": f"+49{chance % 10**9}", "type": "home", **own}
        ],
        "genders": [{"value": "unspecified", "formattedValue": "Unspecified", **own}],
        "addresses": [{"formattedValue": "1 Sandbox Row", "country": "Germany", "countryCode": "DE", **own}],
        "organizations": [
            {"name": words.THINGS[chance % len(words.THINGS)], "title": "Engineer", "current": True, **own}
        ],
        "metadata": {
            "objectType": "PERSON",
            "sources": [_source("PROFILE", account.provider_user_id), {"type": "CONTACT", "id": f"{chance % 10**9:x}"}],
        },
    }
    seen = {
        field: value
        for field, value in full.items()
        if field in asked and has & {f"{AUTH}{one}" for one in _OWN.get(field, ("userinfo.profile",))}
    }
    return {"resourceName": f"people/{account.provider_user_id}", "etag": f"%{chance:x}", **seen}


def connections(world: World, account: Account, call: Call, situation: str) -> Fields:
    """One page of the contacts."""
    asked = _asked(call)
    wanted = flag(call, "requestSyncToken")
    owner = f"contacts-{account.compact:x}"
    since = changed_since(call, world, owner)
    kept = edits.places(world, account, "google.contacts", count_contacts(world, account, situation))
    rows = kept if since is None else edits.since(world, account, "google.contacts", since)
    found = listing(
        call,
        account,
        rows[::-1] if call.param("sortOrder").endswith("DESCENDING") else rows,
        lambda position: (
            edits.patched(world, account, "google.contacts", position, _contact(world, account, position, asked))
            if position in kept
            else {"resourceName": _resource_name(account, position), "metadata": {"deleted": True}}
        ),
        "connections",
        size_of(call, "pageSize", 1000),
        sync_token(world, owner, edits.last(world, account, "google.contacts")) if wanted else "",
    )
    return {**found, "totalPeople": len(kept), "totalItems": len(kept)}


def _resource_name(account: Account, position: int) -> str:
    return f"people/c{account.compact:x}{position:05x}"


def _contact(world: World, account: Account, position: int, asked: frozenset[str]) -> Fields:
    chance = dice.number(world.seed, "google contact", account.number, position)
    given, given_slug = words.GIVEN[chance % len(words.GIVEN)]
    family, family_slug = words.FAMILY[(chance >> 8) % len(words.FAMILY)]
    number = f"{account.compact:x}{position:05x}"
    own = {"metadata": _meta("CONTACT", number)}
    second = {"metadata": _meta("PROFILE", f"{chance:d}"[:21], primary=False)}
    full: Fields = {
        "names": [{"displayName": f"{given} {family}", "givenName": given, "familyName": family, **own}],
        "emailAddresses": [
            {"value": f"{given_slug}@profile.example", **second},
            {"value": f"{family_slug}.{account.mark}@example.com", "type": "work", "formattedType": "Work", **own},
        ],
        "metadata": {
            "objectType": "PERSON",
            "sources": [{"type": "CONTACT", "id": number, "updateTime": _time(chance)}],
        },
        "memberships": [{"contactGroupMembership": {"contactGroupId": "myContacts"}, **own}],
    }
    if chance % 3 == 0:
        full["birthdays"] = [{"date": {**_birthday(chance), "year": 0}, **own}]
    if chance % 4 == 0:
        full["organizations"] = [
            {"name": "Sandbox", "startDate": {"year": 2010 + chance % 9, "month": 1 + chance % 12}, **own}
        ]
        full["userDefined"] = [{"key": "met", "value": "in the sandbox", **own}]
    if chance % 5:
        full["phoneNumbers"] = [{"value": f"0{chance % 10**8}", "type": "mobile", **own}]
        full["nicknames"] = [{"value": given_slug, **own}]
        full["photos"] = [{"url": f"https://img.sandbox.example/{number}", "default": chance % 2 == 0, **own}]
        full["urls"] = [{"value": f"https://{family_slug}.example", "type": "homePage", **own}]
    seen = {field: value for field, value in full.items() if field in asked}
    return {"resourceName": _resource_name(account, position), "etag": f"%{chance:x}", **seen}


def _asked(call: Call) -> frozenset[str]:
    fields = frozenset(filter(None, call.param("personFields").split(",")))
    if not fields:
        raise invalid("personFields mask is required. Please specify one or more valid paths.")
    if not fields <= LEGAL:
        raise invalid(f"Invalid personFields mask path: {min(fields - LEGAL)!r}.")
    return fields


def count_contacts(world: World, account: Account, situation: str) -> int:
    """How many contacts an account had at first."""
    chance = dice.number(world.seed, "google contacts", account.number)
    return {"empty": 0, "large": 210 + chance % 90}.get(situation, 1 + chance % 30)


def _meta(kind: str, identity: str, *, primary: bool = True) -> Fields:
    signs = {"primary": True, "sourcePrimary": True} if primary else {}
    return {**signs, "source": {"type": kind, "id": identity}}


def _source(kind: str, identity: str) -> Fields:
    profile = {"objectType": "PERSON", "userTypes": ["GOOGLE_USER"]}
    return {"type": kind, "id": identity, "profileMetadata": profile, "updateTime": _time(int(identity))}


def _birthday(chance: int) -> Fields:
    return {"year": 1950 + chance % 60, "month": 1 + chance % 12, "day": 1 + (chance >> 8) % 28}


def _time(chance: int) -> str:
    return iso(EPOCH - chance % 50_000_000).replace("Z", ".123456Z")


def _present(**values: str | None) -> Fields:
    return {key: value for key, value in values.items() if value is not None}
