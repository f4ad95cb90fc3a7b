"""Notion's API as far as its users: https://developers.notion.com/reference/get-users.

A narrow account's connection lacks the capability to read e-mail addresses, an underscoped one's that to read users.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING

import msgspec

from socialconnect.sandbox import dice, words
from socialconnect.sandbox.answers import JSON, Answer, Call, answer, whole
from socialconnect.sandbox.limits import Window
from socialconnect.sandbox.world import Account, World, uuid

if TYPE_CHECKING:
    from socialconnect.sandbox.tokens import Tokens

HOST = "api.notion.com"
VERSIONS = ("2021-05-13", "2021-08-16", "2022-02-22", "2022-06-28", "2025-09-03", "2026-03-11")
_MISSING = "Notion-Version header failed validation: Notion-Version header should be defined, instead was `undefined`."


class Notion:
    """Answers for `api.notion.com`."""

    def __init__(self, tokens: Tokens, *, limits: bool) -> None:
        self._world = tokens.world
        self._tokens = tokens
        self._member = lru_cache(maxsize=2048)(partial(member, tokens.world))
        self._window = Window(180, 60.0) if limits else None

    def __call__(self, call: Call) -> Answer:
        """The answer to one call, with Notion's request id in header and body."""
        refusal = self.gate(call)
        if refusal is not None:
            return refusal
        account = self._tokens.holder(call.bearer, "notion", call.now)
        if account is None:
            return failure(call, 401, "unauthorized", "API token is invalid.")
        wait = self._window.wait(account.eac, call.now) if self._window else 0
        if wait:
            return throttled(call, wait)
        return self._route(call, account)

    def knows(self, call: Call) -> bool:
        """Whether the path is one of those written here."""
        return call.path.startswith("/v1/users")

    def gate(self, call: Call) -> Answer | None:
        """What is refused before anybody looks whose token it is."""
        if not call.bearer:
            return failure(call, 401, "unauthorized", "API token is invalid.")
        version = call.headers.get("notion-version", "")
        if not version:
            return failure(call, 400, "missing_version", _MISSING)
        if version not in VERSIONS:
            message = f"Notion-Version header failed validation: no such version as `{version}`."
            return failure(call, 400, "validation_error", message)
        return None

    def _route(self, call: Call, account: Account) -> Answer:
        parts = call.path.strip("/").split("/")
        if parts[:2] != ["v1", "users"] or call.method != "GET" or len(parts) > 3:
            return failure(call, 400, "invalid_request_url", "Invalid request URL.")
        situation = self._tokens.situation(account)
        if parts[2:] == ["me"]:
            return _success(call, {**bot(self._world, account), "request_id": _request_id(call)})
        if situation == "underscoped":
            return failure(call, 403, "restricted_resource", "Insufficient permissions for this endpoint.")
        members = range(count(self._world, account, situation))
        if len(parts) == 2:
            return self._list(call, account, members, email=situation != "narrow")
        positions = [place for place in members if uuid(self._world.seed, "person", _value(account, place)) == parts[2]]
        if not positions:
            message = f"Could not find user with ID: {parts[2]}."
            return failure(call, 404, "object_not_found", message)
        found = self._member(account, positions[0], email=situation != "narrow")
        return _success(call, {**msgspec.json.decode(found), "request_id": _request_id(call)})

    def _list(self, call: Call, account: Account, members: range, *, email: bool) -> Answer:
        size, cursor = whole(call.param("page_size"), 100), call.param("start_cursor")
        if not 1 <= size <= 100:
            message = f"query failed validation: query.page_size should be from 1 to 100, instead was `{size}`."
            return failure(call, 400, "validation_error", message)
        start = 0
        if cursor:
            value = int(cursor[-12:], 16) if set(cursor[-12:]) <= set("0123456789abcdef") else -1
            start = value - (account.compact << 12)
            if start not in members or uuid(self._world.seed, "person", value) != cursor:
                message = f"The start_cursor provided is invalid: {cursor}"
                return failure(call, 400, "validation_error", message)
        if "cursor_loop" in call.faults:
            start, following = 0, 0
        else:
            following = start + size
        more = following in members
        page = [self._member(account, place, email=email) for place in members[start : start + size]]
        return _success(
            call,
            {
                "object": "list",
                "results": [msgspec.Raw(body) for body in page],
                "next_cursor": uuid(self._world.seed, "person", _value(account, following)) if more else None,
                "has_more": more,
                "type": "user",
                "user": {},
                "request_id": _request_id(call),
            },
        )


def count(world: World, account: Account, situation: str) -> int:
    """How many users the account's workspace has, its own bot among them; an empty one's bot sees nobody."""
    chance = dice.number(world.seed, "members", account.number)
    return {"empty": 0, "large": 130 + chance % 120}.get(situation, 2 + chance % 25)


def member(world: World, account: Account, position: int, *, email: bool) -> bytes:
    """One user of the account's workspace, as JSON: the first is the bot of this connection."""
    if position == 0:
        return msgspec.json.encode(bot(world, account))
    value = _value(account, position)
    chance = dice.number(world.seed, "member", value)
    given, slug = words.GIVEN[chance % len(words.GIVEN)]
    family, family_slug = words.FAMILY[(chance >> 8) % len(words.FAMILY)]
    common = {
        "object": "user",
        "id": uuid(world.seed, "person", value),
        "name": f"{given} {family} ({account.eac})",
        "avatar_url": None if chance % 3 else f"https://img.sandbox.example/{value}",
    }
    if chance % 17 == 5:
        return msgspec.json.encode({**common, "type": "bot", "bot": {}})
    address = f"{slug}.{family_slug}.{position}.{account.eac}@example.com"
    if email and chance % 23 == 7:
        common["name"] = None
    return msgspec.json.encode({**common, "type": "person", "person": {"email": address} if email else {}})


def bot(world: World, account: Account) -> dict[str, object]:
    """The bot that stands for this connection."""
    person = world.person(account.user)
    owner = {
        "object": "user",
        "id": account.provider_user_id,
        "name": person.name,
        "avatar_url": None,
        "type": "person",
        "person": {"email": account.email},
    }
    return {
        "object": "user",
        "id": uuid(world.seed, "bot", _value(account, 0)),
        "name": f"socialconnect ({account.eac})",
        "avatar_url": None,
        "type": "bot",
        "bot": {
            "owner": {"type": "user", "user": owner},
            "workspace_id": uuid(world.seed, "workspace", account.compact),
            "workspace_name": f"{person.name}'s workspace",
            "workspace_limits": {"max_file_upload_size_in_bytes": 5_242_880},
        },
    }


def failure(call: Call, status: int, code: str, message: str, extra: dict[str, str] | None = None) -> Answer:
    """An error as Notion writes it."""
    number = _request_id(call)
    body = {"object": "error", "status": status, "code": code, "message": message, "request_id": number}
    if extra:
        body["additional_data"] = extra
    return answer(status, body, {"x-notion-request-id": number})


def throttled(call: Call, wait: float | None) -> Answer:
    """Notion's 429, with Retry-After unless `wait` is None."""
    message = "You have been rate limited. Please try again in a few minutes."
    extra = {"rate_limit_reason": "public_api_request_rate_limit"}
    if wait is None:
        return failure(call, 429, "rate_limited", message, extra)
    found = failure(call, 429, "rate_limited", message, {**extra, "retry_after": str(int(wait))})
    return found.with_headers(retry_after=str(int(wait)))


def _value(account: Account, position: int) -> int:
    return account.compact << 12 | position


def _request_id(call: Call) -> str:
    return uuid(0, f"{call.path}?{call.query} {call.bearer}", int(call.now * 1000) % 2**48)


def _success(call: Call, content: object) -> Answer:
    return Answer(200, msgspec.json.encode(content), {**JSON, "x-notion-request-id": _request_id(call)})
