"""Gmail: https://developers.google.com/workspace/gmail/api. A list has ids alone; each message is asked for."""

from __future__ import annotations

import re
from email.utils import formatdate
from typing import TYPE_CHECKING

from socialconnect.sandbox import dice, words
from socialconnect.sandbox.answers import Answer, Call, answer
from socialconnect.sandbox.google_answers import AUTH, failure, flag, invalid, listing, size_of
from socialconnect.sandbox.world import EPOCH

if TYPE_CHECKING:
    from socialconnect.sandbox.world import Account, World

Fields = dict[str, object]

MAIL_SCOPES = (
    "https://mail.google.com/",
    *(f"{AUTH}gmail.{name}" for name in ("metadata", "modify", "readonly")),
)
LABEL_SCOPES = (*MAIL_SCOPES, f"{AUTH}gmail.labels")
_SYSTEM = ("INBOX", "SENT", "DRAFT", "IMPORTANT", "STARRED", "SPAM", "TRASH", "UNREAD")
_GONE = 77  # the message at this position is listed, but deleted before anybody can ask for it


def labels(world: World, account: Account, situation: str) -> Fields:
    """All labels, without their counts."""
    return {"labels": [_label(world, account, name) for name in _labels(world, account, situation)]}


def label(world: World, account: Account, situation: str, identity: str) -> Answer:
    """One label with its counts."""
    if identity not in _labels(world, account, situation):
        return _gone()
    chance = dice.number(world.seed, "google label", account.number, identity)
    total = 0 if situation == "empty" else chance % 500
    counts = {
        "messagesTotal": total,
        "messagesUnread": total // 3,
        "threadsTotal": total // 2,
        "threadsUnread": total // 4,
    }
    return answer(200, {**_label(world, account, identity), **counts})


def messages(world: World, account: Account, call: Call, situation: str, granted: set[str]) -> Fields | Answer:
    """One page of ids."""
    query = call.param("q").casefold()
    if query and granted & set(MAIL_SCOPES) <= {f"{AUTH}gmail.metadata"}:
        return failure(403, "forbidden", "Metadata scope does not support 'q' parameter")
    wanted = set(call.every("labelIds"))
    hidden = set() if flag(call, "includeSpamTrash") or wanted & {"SPAM", "TRASH"} else {"SPAM", "TRASH"}
    rows = [
        position
        for position in range(_count(world, account, situation))
        if wanted <= (has := set(_of_message(world, account, position))) and not has & hidden
    ]
    after = re.fullmatch(r"(?:(.*) )?after:(\d+)", query)
    if after:
        query, rows = after[1] or "", [one for one in rows if _received(world, account, one) > int(after[2])]
    if query:
        rows = [one for one in rows if query in _subject(world, account, one).casefold()]
    found = listing(
        call,
        account,
        rows,
        lambda position: {"id": _identity(account, position), "threadId": _identity(account, position - position % 3)},
        "messages",
        size_of(call, "maxResults", 500),
    )
    return {**found, "resultSizeEstimate": min(201, len(rows))}


def message(world: World, account: Account, call: Call, situation: str, identity: str) -> Answer:
    """One message: ids and labels, and with format=metadata the headers that were asked for."""
    form = call.param("format", "full")
    if form not in ("minimal", "metadata"):
        raise invalid("The sandbox has no bodies of messages.")
    position = int(identity[8:], 16) if len(identity) == 16 and set(identity) <= set("0123456789abcdef") else -1
    known = 0 <= position < _count(world, account, situation) and identity == _identity(account, position)
    if not known or position == _GONE:
        return _gone()
    chance = dice.number(world.seed, "google message", account.number, position)
    moment = _received(world, account, position)
    found: Fields = {
        "id": identity,
        "threadId": _identity(account, position - position % 3),
        "labelIds": _of_message(world, account, position),
        "snippet": f"{_subject(world, account, position)} &amp; more",
        "sizeEstimate": 1000 + chance % 90_000,
        "historyId": str(chance),
        "internalDate": str(moment * 1000 + chance % 1000),
    }
    if form == "metadata":
        wanted = {name.casefold() for name in call.every("metadataHeaders")}
        headers = _headers(world, account, position, moment)
        shown = [one for one in headers if not wanted or one["name"].casefold() in wanted]
        found["payload"] = {"mimeType": "multipart/alternative", "headers": shown}
    return answer(200, found)


def _received(world: World, account: Account, position: int) -> int:
    """When the message at a position came: each before the one above it."""
    return EPOCH - position * 5000 - dice.number(world.seed, "google message", account.number, position) % 5000


def _gone() -> Answer:
    return failure(404, "notFound", "Requested entity was not found.")


def _identity(account: Account, position: int) -> str:
    return f"{account.compact:08x}{position:08x}"


def _count(world: World, account: Account, situation: str) -> int:
    chance = dice.number(world.seed, "google messages", account.number)
    return {"empty": 0, "large": 201 + chance % 30}.get(situation, 1 + chance % 40)


def _labels(world: World, account: Account, situation: str) -> list[str]:
    count = 0 if situation == "empty" else dice.number(world.seed, "google labels", account.number) % 5
    return [*_SYSTEM, *(f"Label_{number}" for number in range(1, count + 1))]


def _label(world: World, account: Account, identity: str) -> Fields:
    if identity in _SYSTEM:
        return {"id": identity, "name": identity, "type": "system"}
    chance = dice.number(world.seed, "google label", account.number, identity)
    return {
        "id": identity,
        "name": f"{words.THINGS[chance % len(words.THINGS)]} {account.mark}",
        "type": "user",
        "messageListVisibility": "show" if chance % 2 else "hide",
        "labelListVisibility": "labelShowIfUnread",
        **({"color": {"textColor": "#000000", "backgroundColor": "#ffffff"}} if chance % 3 else {}),
    }


def _of_message(world: World, account: Account, position: int) -> list[str]:
    chance = dice.number(world.seed, "google message labels", account.number, position)
    place = "SPAM" if chance % 17 == 0 else "TRASH" if chance % 19 == 0 else "SENT" if chance % 5 == 0 else "INBOX"
    return [place, *(["UNREAD"] if chance % 3 == 0 else [])]


def _subject(world: World, account: Account, position: int) -> str:
    chance = dice.number(world.seed, "google subject", account.number, position)
    return f"{words.THINGS[chance % len(words.THINGS)]} {account.mark}"


def _headers(world: World, account: Account, position: int, moment: int) -> list[dict[str, str]]:
    """As they came: in any case, now and then repeated or without a subject."""
    chance = dice.number(world.seed, "google headers", account.number, position)
    given, slug = words.GIVEN[chance % len(words.GIVEN)]
    found = {
        "Delivered-To": account.email,
        "From" if chance % 2 else "FROM": f"{given} <{slug}@example.com>",
        "To": account.email,
        **({"Cc": f"team@example.com, {slug}@example.com"} if chance % 4 == 0 else {}),
        **({"subject" if chance % 5 == 0 else "Subject": _subject(world, account, position)} if chance % 13 else {}),
        "Date": formatdate(moment),
        "Message-Id" if chance % 3 else "Message-ID": f"<{_identity(account, position)}@mail.example.com>",
    }
    listed = [{"name": name, "value": value} for name, value in found.items()]
    return [*listed, {"name": "To", "value": "second@example.com"}] if chance % 7 == 0 else listed
