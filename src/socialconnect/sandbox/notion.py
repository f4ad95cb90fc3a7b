"""Notion's API as far as it is read: https://developers.notion.com/reference, in all of its versions.

A narrow account's connection lacks the capability to read e-mail addresses and comments, an underscoped one's those to
read users and content.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from itertools import islice
from typing import TYPE_CHECKING, overload
from urllib.parse import unquote

import msgspec

from socialconnect.sandbox import dice, words
from socialconnect.sandbox.limits import Window
from socialconnect.sandbox.notion_answers import failure, invalid, listed, not_found, restricted, success, throttled
from socialconnect.sandbox.notion_content import NEWEST, SOURCES, Content, Source, archive
from socialconnect.sandbox.notion_query import MOST, WrongFilter, filtered, ordered
from socialconnect.sandbox.world import Account, World, uuid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from socialconnect.sandbox.answers import Answer, Call
    from socialconnect.sandbox.notion_values import Json
    from socialconnect.sandbox.tokens import Tokens

__all__ = ["HOST", "VERSIONS", "Notion", "archive", "bot", "count", "failure", "member", "throttled"]

HOST = "api.notion.com"
VERSIONS = ("2021-05-13", "2021-08-16", "2022-02-22", "2022-06-28", SOURCES, NEWEST)
_MISSING = "Notion-Version header failed validation: Notion-Version header should be defined, instead was `undefined`."
_FOUND_AT_ONCE = 30  # fewer than asked for, as Notion may
_IDS = {"users": "user", "pages": "page", "databases": "database", "data_sources": "data_source", "blocks": "block"}


class Notion:
    """Answers for `api.notion.com`."""

    def __init__(self, tokens: Tokens, *, limits: bool) -> None:
        self._world = tokens.world
        self._tokens = tokens
        self._member = lru_cache(maxsize=2048)(partial(member, tokens.world))
        self._content = lru_cache(maxsize=256)(partial(Content, tokens.world))
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
        return call.path.startswith("/v1/")

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
        situation = self._tokens.situation(account)
        parts = call.path.strip("/").split("/")[1:]
        if parts == ["users", "me"] and call.method == "GET":
            return success(call, bot(self._world, account))
        if parts[:1] == ["users"] and len(parts) <= 2 and call.method == "GET":
            return restricted(call) if situation == "underscoped" else self._users(call, account, situation, parts)
        workspace = _Workspace(call, self._content(account, situation), self._world)
        answer_of = workspace.answers(parts)
        if answer_of is None:
            return failure(call, 400, "invalid_request_url", "Invalid request URL.")
        lacking = situation == "underscoped" or (situation == "narrow" and parts == ["comments"])
        return restricted(call) if lacking else answer_of()

    def _users(self, call: Call, account: Account, situation: str, parts: list[str]) -> Answer:
        members = range(count(self._world, account, situation))
        email = situation != "narrow"
        ids = [uuid(self._world.seed, "person", _value(account, place)) for place in members]
        if len(parts) == 1:
            raw = partial(self._member, account, email=email)
            return listed(call, "user", ids, lambda place: msgspec.Raw(raw(place)), sent=dict(call.params))
        if parts[1] not in ids:
            return failure(call, 404, "object_not_found", f"Could not find user with ID: {parts[1]}.")
        return success(call, msgspec.json.decode(self._member(account, ids.index(parts[1]), email=email)))


class _Rows(Sequence[str]):
    """The ids of some rows, each made when it is asked for."""

    def __init__(self, content: Content, source: Source, places: Sequence[int]) -> None:
        self._content = content
        self._source = source.number
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, at: int) -> str: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...

    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        if isinstance(at, slice):
            return [self[number] for number in range(*at.indices(len(self)))]
        return self._content.id("row", self._places[at], self._source)

    def index(self, value: str, start: int = 0, stop: int | None = None) -> int:
        """Where an id stands; a ValueError where it does not."""
        place = self._content.place("row", value, self._source)
        if place is None:
            raise ValueError
        return self._places.index(place, start, len(self) if stop is None else stop)


class _Workspace:
    """One call about what an account's workspace holds."""

    def __init__(self, call: Call, content: Content, world: World) -> None:
        self._call = call
        self._content = content
        self._world = world
        self._version = call.headers["notion-version"]

    def answers(self, parts: list[str]) -> Callable[[], Answer] | None:
        """What answers at that path; None where there is nothing in this version."""
        newer = self._version >= SOURCES
        match self._call.method, parts:
            case "POST", ["search"]:
                return self._search
            case "POST", ["data_sources" | "databases" as kind, identity, "query"] if (kind == "data_sources") == newer:
                return partial(self._query_source if newer else self._query_database, identity)
            case "GET", ["comments"]:
                return self._comments
            case "GET", ["pages", identity, "properties", name]:
                return partial(self._property, identity, name)
            case "GET", ["blocks", identity, "children"]:
                return partial(self._children, identity)
            case "GET", ["pages" | "databases" | "blocks" | "data_sources" as kind, identity] if (
                newer or kind != "data_sources"
            ):
                return partial(self._one, kind, identity)
        return None

    def _search(self) -> Answer:
        sent = self._call.json()
        wanted = sent.get("filter")
        table = "data_source" if self._version >= SOURCES else "database"
        value = wanted.get("value") if isinstance(wanted, dict) else None
        if value not in (None, "page", table):
            return invalid(self._call, f"body.filter.value should be `page` or `{table}`, instead was `{value}`.")
        words_ = str(sent.get("query") or "").casefold()
        kinds = {"page": ("page", "row"), table: ("source",)}.get(str(value), ("page", "row", "source"))
        content = self._content
        found = [one for one in content.indexed if one[0] in kinds and words_ in content.title(*one).casefold()]
        sort = sent.get("sort")
        if not isinstance(sort, dict) or sort.get("direction") != "ascending":
            found.reverse()
        if table == "database":  # one database for all of its data sources
            found = [one for one in found if one[0] != "source" or content.sources[one[1]].number != 2]
        kind = f"page_or_{table}"
        ids = [content.id(*one) for one in found]
        return listed(self._call, kind, ids, lambda at: self._object(*found[at]), sent=sent, most=_FOUND_AT_ONCE)

    def _object(self, kind: str, place: int, source: int) -> Json:
        content = self._content
        match kind:
            case "page":
                return content.page(place, self._version)
            case "row":
                return content.row(content.sources[source], place, self._version)
        return content.data_source(content.sources[place], self._version)

    def _one(self, kind: str, identity: str) -> Answer:
        content, version = self._content, self._version
        body: Json | None = None
        if kind == "pages" and (found := content.found(identity)):
            body = self._object(*found)
        elif kind == "data_sources" and (source := content.source(identity)):
            body = content.data_source(source, version)
        elif kind == "databases" and (sources := content.in_database(identity)):
            if len(sources) > 1 and version < SOURCES:
                return self._several()
            body = content.database(sources, version)
        elif kind == "blocks" and (placed := content.block_of(identity)):
            body = content.block(*placed, version)
        return success(self._call, body) if body else not_found(self._call, _IDS[kind], identity)

    def _several(self) -> Answer:
        return invalid(self._call, "Databases with multiple data sources are not supported in this API version.")

    def _query_source(self, identity: str) -> Answer:
        return self._query(self._content.source(identity), identity, "data_source")

    def _query_database(self, identity: str) -> Answer:
        sources = self._content.in_database(identity)
        return self._several() if len(sources) > 1 else self._query(next(iter(sources), None), identity, "database")

    def _query(self, source: Source | None, identity: str, what: str) -> Answer:
        if source is None:
            return not_found(self._call, what, identity)
        sent = self._call.json()
        if "result_type" in sent and self._version < SOURCES:
            return invalid(self._call, "body failed validation: body.result_type should be not present.")
        content, trashed = self._content, sent.get("in_trash") is True
        try:
            found = self._matching(source, sent, min(source.rows, 1) if trashed else source.rows)
        except WrongFilter:
            return invalid(self._call, "body failed validation: body.filter should be a filter of at most two levels.")
        short = len(found) > MOST
        status = {"type": "incomplete", "incomplete_reason": "query_result_limit_reached"}
        ids = _Rows(content, source, found[:MOST])
        kind = "page_or_data_source" if self._version >= SOURCES else "page_or_database"
        beside = {"request_status": status if short else {"type": "complete"}}
        return listed(
            self._call,
            kind,
            ids,
            lambda at: content.row(source, found[at], self._version, trashed=trashed),
            sent=sent,
            beside=beside,
        )

    def _matching(self, source: Source, sent: Mapping[str, object], rows: int) -> list[int]:
        """The places of the rows that a query is about; those of the last one are kept for its next page."""
        content = self._content
        asked = msgspec.json.encode((source.number, rows, sent.get("filter"), sent.get("sorts")))

        def field(place: int, name: str) -> Json:
            kind = source.schema[name][1] if name in source.schema else ""
            return {kind: content.cells.value(kind, place)} if kind else {}

        if content.last_query[0] != asked:
            test = filtered(sent.get("filter"), content.cells.time, field)
            content.last_query = asked, list(islice(filter(test, ordered(sent, rows)), MOST + 1))
        return content.last_query[1]

    def _property(self, identity: str, name: str) -> Answer:
        content = self._content
        kind, place, number = content.found(identity) or ("", 0, 0)
        if kind != "row":
            return not_found(self._call, "page", identity)
        schema = content.sources[number].schema
        own = next(((own, of) for own, of in schema.values() if unquote(own) == name), None)
        if own is None:
            return not_found(self._call, "property", name)
        outer, value = own[1].partition(".")[0], content.cells.value(own[1], place)
        if outer not in ("title", "rich_text", "people", "relation") or not isinstance(value, list):
            item: Json = {"object": "property_item", "type": outer, "id": own[0], outer: value}
            return success(self._call, item)
        items: list[Json] = [{"object": "property_item", "type": outer, "id": own[0], outer: one} for one in value]
        ids = [uuid(self._world.seed, f"{identity} {name}", at) for at in range(len(items))]
        last = items[100:]
        url = (
            f"https://api.notion.com/v1/pages/{identity}/properties/{own[0]}?start_cursor={ids[100]}" if last else None
        )
        of: Json = {"property_item": {"type": outer, outer: {}, "id": own[0], "next_url": url}}
        sent = dict(self._call.params)
        return listed(self._call, "property_item", ids, lambda at: items[at], sent=sent, beside=of)

    def _children(self, identity: str) -> Answer:
        content = self._content
        inside: tuple[int, tuple[int, ...]] | None = None
        if (found := content.found(identity)) is not None:
            of_page = content.blocks(found[1]) if found[0] == "page" else []
            inside = found[1], tuple(one.number for one in of_page if one.parent is None)
        elif (placed := content.block_of(identity)) is not None and placed[1].kind != "synced_copy":
            inside = placed[0], placed[1].children
        if inside is None:
            return not_found(self._call, "block", identity)
        page, numbers = inside
        ids = [content.block_id(page, number) for number in numbers]
        blocks = content.blocks(page) if numbers else []
        return listed(
            self._call,
            "block",
            ids,
            lambda at: content.block(page, blocks[numbers[at]], self._version),
            sent=dict(self._call.params),
        )

    def _comments(self) -> Answer:
        content, identity = self._content, self._call.param("block_id")
        if content.found(identity) is None and content.block_of(identity) is None:
            return not_found(self._call, "block", identity)
        found = content.comments(identity)
        ids = [str(one["id"]) for one in found]
        return listed(self._call, "comment", ids, lambda at: found[at], sent=dict(self._call.params))


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


def _value(account: Account, position: int) -> int:
    return account.compact << 12 | position
