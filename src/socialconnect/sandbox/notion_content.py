"""What the sandbox's Notion workspaces hold: pages, databases with their data sources, rows, blocks and comments.

A healthy account shared two databases and a few pages. `Tasks` (with `Ideas`, which has no rows, in the same database)
and `Everything`, whose rows have every type of property and some lists that are cut off at 25. A large account has more
of it, and an archive of 12,000 rows that search has not found yet: `archive` tells its id. A narrow connection cannot
read comments, an underscoped one nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from socialconnect.sandbox import notion_blocks
from socialconnect.sandbox.notion_values import ARCHIVE, EVERY, TASKS, Values, moment, rich, schema_of, user
from socialconnect.sandbox.world import uuid

if TYPE_CHECKING:
    from socialconnect.sandbox.notion_values import Json
    from socialconnect.sandbox.world import Account, World

ARCHIVED = 12_000
NEWEST, SOURCES = "2026-03-11", "2025-09-03"
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Source:
    """One data source: its title, its schema, how many rows it has and which database it is in."""

    number: int
    title: str
    schema: dict[str, tuple[str, str]]
    rows: int
    database: int
    indexed: bool = True


def archive(world: World, account: Account) -> str:
    """The id of a large account's data source of 12,000 rows."""
    return Content(world, account, "large").id("source", 3)


class Content:
    """One account's workspace."""

    def __init__(self, world: World, account: Account, situation: str) -> None:
        self._seed = world.seed
        self.account = account
        self.large = situation == "large"
        chance = account.number % 5
        tasks, every, pages = (12, 8, 20) if self.large else (3 + chance, 4, 2 + chance % 3)
        self.pages = 0 if situation == "empty" else pages
        self.sources: tuple[Source, ...] = (
            Source(0, "Tasks", TASKS, tasks, 0),
            Source(1, "Everything", EVERY, every, 1),
            Source(2, "Ideas", TASKS, 0, 0),
            Source(3, "Archive", ARCHIVE, ARCHIVED, 2, indexed=False),
        )[: 0 if situation == "empty" else 4 if self.large else 3]
        self.cells = Values(account, world.seed)
        self.mark = account.eac
        self.last_query: tuple[bytes, list[int]] = (b"", [])

    def id(self, kind: str, place: int, source: int = 0) -> str:
        """The id of one thing."""
        return uuid(self._seed, f"notion {kind}", self.account.compact << 24 | source << 20 | place)

    def place(self, kind: str, identity: str, source: int = 0) -> int | None:
        """Which one of a kind an id, with or without its dashes, is of; None where it is of another."""
        digits = identity.replace("-", "").lower()
        if len(digits) != 32 or not set(digits) <= set("0123456789abcdef"):
            return None
        place = int(digits[-12:], 16) & 0xFFFFF
        return place if self.id(kind, place, source).replace("-", "") == digits else None

    def source(self, identity: str) -> Source | None:
        """The data source with that id."""
        place = self.place("source", identity)
        return self.sources[place] if place is not None and place < len(self.sources) else None

    def in_database(self, identity: str) -> list[Source]:
        """The data sources of the database with that id."""
        place = self.place("database", identity)
        return [source for source in self.sources if source.database == place]

    @cached_property
    def indexed(self) -> list[tuple[str, int, int]]:
        """What search finds, the oldest edit first: (kind, place, source)."""
        found = [("page", place, 0) for place in range(self.pages)]
        for source in self.sources:
            if source.indexed:
                found.append(("source", source.number, 0))
                found += [("row", place, source.number) for place in range(source.rows)]
        return found

    def found(self, identity: str) -> tuple[str, int, int] | None:
        """The page or row with that id, of those that there are."""
        place = self.place("page", identity)
        if place is not None and place < self.pages:
            return "page", place, 0
        for source in self.sources:
            place = self.place("row", identity, source.number)
            if place is not None and place < source.rows:
                return "row", place, source.number
        return None

    def title(self, kind: str, place: int, source: int = 0) -> str:
        """The title of a thing."""
        if kind == "source":
            return f"{self.sources[place].title} {self.mark}"
        name = "Page" if kind == "page" else self.sources[source].title
        return f"{name} {place} {self.mark}" if kind == "page" else f"Row {place} {self.mark}"

    def page(self, place: int, version: str) -> Json:
        """A page that is in no data source: the first at the top, the others inside it."""
        parent: Json = (
            {"type": "workspace", "workspace": True}
            if place == 0
            else {"type": "page_id", "page_id": self.id("page", 0)}
        )
        title: Json = {"title": {"id": "title", "type": "title", "title": rich(self.title("page", place))}}
        return self._page(self.id("page", place), place, parent, title, place * _HOUR, version)

    def row(self, source: Source, place: int, version: str, *, trashed: bool = False) -> Json:
        """A row of a data source."""
        database = self.id("database", source.database)
        parent: Json = {"type": "data_source_id", "data_source_id": self.id("source", source.number)}
        parent = {**parent, "database_id": database} if version >= SOURCES else {
            "type": "database_id", "database_id": database}  # fmt: skip
        properties = self.cells.properties(source.schema, place)
        found = self._page(self.id("row", place, source.number), place, parent, properties, place // 7 * 60, version)
        return {**found, "in_trash": trashed}

    def _page(self, identity: str, place: int, parent: Json, properties: object, made: int, version: str) -> Json:
        icons: tuple[Json | None, ...] = (
            {"type": "emoji", "emoji": "🌱"},
            {"type": "external", "external": {"url": "https://img.sandbox.example/icon"}},
            None,
        )
        cover = {"type": "external", "external": {"url": f"https://img.sandbox.example/{self.mark}"}}
        older: Json = {} if version >= NEWEST else {"archived": False}
        newer: Json = {} if version < SOURCES else {"is_archived": False, "is_locked": place % 5 == 1}
        return {
            "object": "page",
            "id": identity,
            "created_time": moment(made),
            "last_edited_time": moment(made + 24 * _HOUR),
            "created_by": user(self.cells.person(1)),
            "last_edited_by": user(self.cells.person(1 + place % 2)),
            "cover": cover if place % 3 == 0 else None,
            "icon": icons[place % 3],
            "parent": parent,
            "in_trash": False,
            **older,
            **newer,
            "properties": properties,
            "url": f"https://www.notion.so/{identity.replace('-', '')}",
            "public_url": None if place % 4 else f"https://sandbox.notion.site/{identity.replace('-', '')}",
        }

    def _table(self, identity: str, title: str, place: int, version: str) -> Json:
        older: Json = {} if version >= NEWEST else {"archived": False}
        return {
            "id": identity,
            "title": rich(title),
            "description": rich(f"Kept by {self.mark}" if place else ""),
            "is_inline": place == 1,
            "in_trash": False,
            **older,
            "created_time": moment(place * _HOUR),
            "last_edited_time": moment((place + 30) * _HOUR),
            "icon": None if place else {"type": "emoji", "emoji": "✅"},
            "cover": None,
            "url": f"https://www.notion.so/{identity.replace('-', '')}",
            "public_url": None,
        }

    def data_source(self, source: Source, version: str) -> Json:
        """A data source, or before there were any the database that it then was."""
        database = self.id("database", source.database)
        within: Json = {"type": "page_id", "page_id": self.id("page", 0)}
        made: Json = {"created_by": user(self.cells.person(1)), "last_edited_by": user(self.cells.person(2))}
        schema: Json = {"properties": schema_of(source.schema, self.id("source", source.number))}
        title = self.title("source", source.number)
        if version < SOURCES:
            return {"object": "database", **self._table(database, title, source.number, version), **made, **schema,
                    "parent": within}  # fmt: skip
        own = self._table(self.id("source", source.number), title, source.number, version)
        parents: Json = {"parent": {"type": "database_id", "database_id": database}, "database_parent": within}
        return {"object": "data_source", **own, **made, **schema, **parents}

    def database(self, sources: list[Source], version: str) -> Json:
        """A database with the names of its data sources, or in an old version with its only one's schema."""
        if version < SOURCES:
            return self.data_source(sources[0], version)
        identity = self.id("database", sources[0].database)
        inside = [{"id": self.id("source", one.number), "name": self.title("source", one.number)} for one in sources]
        own = self._table(identity, self.title("source", sources[0].number), sources[0].number, version)
        parent: Json = {"type": "page_id", "page_id": self.id("page", 0)}
        return {"object": "database", **own, "is_locked": False, "parent": parent, "data_sources": inside}

    def blocks(self, page: int) -> list[notion_blocks.Placed]:
        """What stands on a page of its own, in reading order: everything on the first, a copy on the third of many."""
        tree = (
            notion_blocks.GALLERY
            if page == 0
            else notion_blocks.COPIED
            if page == 2 and self.large
            else notion_blocks.PLAIN
        )
        return _numbered(tree)

    def block(self, page: int, placed: notion_blocks.Placed, version: str) -> Json:
        """One block of a page."""
        parent: Json = {"type": "page_id", "page_id": self.id("page", page)}
        if placed.parent is not None:
            parent = {"type": "block_id", "block_id": self.block_id(page, placed.parent)}
        return notion_blocks.block(placed, self.block_id(page, placed.number), parent, self.mark, version)

    def block_id(self, page: int, number: int) -> str:
        """A block's id, out of which the page and its place there can be read."""
        return self.id("block", page << 8 | number)

    def block_of(self, identity: str) -> tuple[int, notion_blocks.Placed] | None:
        """The page that a block stands on, and its place there."""
        place = self.place("block", identity)
        page, number = divmod(place, 256) if place is not None else (self.pages, 0)
        found = self.blocks(page) if page < self.pages else []
        return (page, found[number]) if number < len(found) else None

    def comments(self, identity: str) -> list[Json]:
        """The comments on a page, or on the first block of the first one."""
        what = self.found(identity)
        parent: Json = {"type": "page_id", "page_id": identity}
        count = what[1] % 3 if what is not None else 0
        if (block := self.block_of(identity)) is not None:
            parent, count = {"type": "block_id", "block_id": identity}, int(block[0] == block[1].number == 0)
        ids = [uuid(self._seed, f"comment {number} on {identity}", self.account.compact) for number in range(count)]
        return [notion_blocks.comment(one, parent, number, self.mark) for number, one in enumerate(ids)]


@lru_cache(maxsize=8)
def _numbered(tree: tuple[notion_blocks.Tree, ...]) -> list[notion_blocks.Placed]:
    return notion_blocks.numbered(tree)
