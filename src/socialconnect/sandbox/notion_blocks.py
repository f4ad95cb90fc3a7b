"""What stands on the sandbox's Notion pages: a tree of blocks of every type, four deep, and the comments on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from socialconnect.sandbox.notion_values import moment, rich, user

if TYPE_CHECKING:
    from collections.abc import Callable

    from socialconnect.sandbox.notion_values import Json

Tree = tuple[str, tuple["Tree", ...]]


def _leaves(names: str) -> tuple[Tree, ...]:
    return tuple((name, ()) for name in names.split())


GALLERY: tuple[Tree, ...] = (
    ("toggle", (("bulleted_list_item", (("to_do", _leaves("paragraph")),)), *_leaves("quote"))),
    ("column_list", (("column", _leaves("callout")), ("column", _leaves("image")))),
    ("table", _leaves("table_row table_row")),
    ("synced_block", _leaves("paragraph")),
    *_leaves("heading_1 heading_2 heading_3 numbered_list_item template child_page child_database equation code"),
    *_leaves("divider breadcrumb table_of_contents link_to_page meeting_notes embed bookmark video pdf file audio"),
    *_leaves("link_preview unsupported"),
)
PLAIN: tuple[Tree, ...] = (*_leaves("heading_2 paragraph"), ("toggle", _leaves("paragraph")))
COPIED: tuple[Tree, ...] = (*_leaves("paragraph synced_copy"),)
"""A page with a copy of a block that was not shared: it says that it has children, and they are not found."""


@dataclass(frozen=True, slots=True)
class Placed:
    """One block of a tree: its number in reading order, what it is inside of, and what is inside it."""

    number: int
    kind: str
    parent: int | None
    children: tuple[int, ...]


def numbered(trees: tuple[Tree, ...]) -> list[Placed]:
    """The blocks of a tree in reading order, each by its number."""
    found: list[Placed] = []

    def place(tree: Tree, parent: int | None) -> int:
        number = len(found)
        found.append(Placed(number, tree[0], parent, ()))
        children = tuple(place(child, number) for child in tree[1])
        found[number] = Placed(number, tree[0], parent, children)
        return number

    for tree in trees:
        place(tree, None)
    return found


def block(placed: Placed, identity: str, parent: Json, mark: str, version: str) -> Json:
    """A block as the API shows it in that version."""
    kind = {"synced_copy": "synced_block"}.get(placed.kind, placed.kind)
    if kind == "meeting_notes" and version < "2026-03-11":
        kind = "transcription"
    text = f"{placed.kind} {placed.number} {mark}"
    older = {} if version >= "2026-03-11" else {"archived": False}
    return {
        "object": "block",
        "id": identity,
        "parent": parent,
        "created_time": moment(placed.number * 60),
        "last_edited_time": moment(placed.number * 60 + 3600),
        "created_by": user(identity),
        "last_edited_by": user(identity),
        "has_children": bool(placed.children) or placed.kind in ("synced_copy", "child_page", "child_database"),
        "in_trash": False,
        **older,
        "type": kind,
        kind: _CONTENTS[placed.kind](text),
    }


def _written(**more: object) -> Callable[[str], Json]:
    return lambda text: {"rich_text": rich(text), "color": "default", **more}


def _media(**more: object) -> Callable[[str], Json]:
    return lambda text: {
        "type": "external",
        "external": {"url": f"https://img.sandbox.example/{text.replace(' ', '/')}"},
        "caption": rich(text),
        **more,
    }


def _linked(text: str) -> Json:
    return {"url": f"https://sandbox.example/{text.replace(' ', '/')}", "caption": rich(text)}


def _nothing(text: str) -> Json:
    del text
    return {}


def _stored(text: str) -> Json:
    url = f"https://files.sandbox.example/{text.replace(' ', '/')}"
    return {"type": "file", "file": {"url": url, "expiry_time": moment(3600)}, "caption": [], "name": "plan.pdf"}


def _meeting(text: str) -> Json:
    return {"title": rich(text), "status": "notes_ready", "children": {}, "recording": {"start_time": moment(0)}}


_CONTENTS: dict[str, Callable[[str], Json]] = {
    "paragraph": _written(),
    "heading_1": _written(is_toggleable=False),
    "heading_2": _written(is_toggleable=False),
    "heading_3": _written(is_toggleable=True),
    "bulleted_list_item": _written(),
    "numbered_list_item": _written(list_start_index=3, list_format="roman"),
    "quote": _written(),
    "to_do": _written(checked=True),
    "toggle": _written(),
    "template": lambda text: {"rich_text": rich(text)},
    "synced_block": lambda _: {"synced_from": None},
    "synced_copy": lambda text: {"synced_from": {"type": "block_id", "block_id": text}},
    "child_page": lambda text: {"title": text},
    "child_database": lambda text: {"title": text},
    "equation": lambda text: {"expression": f"e = mc^2 {text}"},
    "code": lambda text: {"rich_text": rich(text), "caption": rich(text), "language": "python"},
    "callout": _written(icon={"type": "emoji", "emoji": "💡"}),
    "divider": _nothing,
    "breadcrumb": _nothing,
    "table_of_contents": lambda _: {"color": "gray"},
    "column_list": _nothing,
    "column": lambda _: {"width_ratio": 0.5},
    "link_to_page": lambda text: {"type": "page_id", "page_id": text},
    "table": lambda _: {"table_width": 2, "has_column_header": True, "has_row_header": False},
    "table_row": lambda text: {"cells": [rich(text), rich("second")]},
    "meeting_notes": _meeting,
    "embed": _linked,
    "bookmark": _linked,
    "image": _media(),
    "video": _media(),
    "pdf": _media(),
    "file": _stored,
    "audio": _media(),
    "link_preview": lambda text: {"url": f"https://sandbox.example/{text.replace(' ', '/')}"},
    "unsupported": lambda _: {"block_type": "ai_block"},
}


def comment(identity: str, parent: Json, number: int, mark: str) -> Json:
    """A comment; the second of each page has files."""
    kind = ("user", "integration", "custom")[number % 3]
    files = [{"category": "pdf", "file": {"url": f"https://files.sandbox.example/{mark}", "expiry_time": moment(3600)}}]
    return {
        "object": "comment",
        "id": identity,
        "parent": parent,
        "discussion_id": identity[::-1][:12][::-1].rjust(36, "0"),
        "created_time": moment(number * 60),
        "last_edited_time": moment(number * 60),
        "created_by": user(identity),
        "rich_text": rich(f"Comment {number} {mark}"),
        "display_name": {"type": kind, "resolved_name": f"{kind} {mark}"},
        **({"attachments": files} if number % 2 else {}),
    }
