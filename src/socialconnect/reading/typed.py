"""The fast way from bytes to columns: straight into structures that hold the declared fields alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated

import msgspec

from socialconnect.reading.coerce import LEAST, MICROSECONDS, MOST, coerce, taken
from socialconnect.reading.fill import filled, ways
from socialconnect.reading.paths import Each, Index, Key, Match, Named, Path, Where, keys_only, parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from socialconnect.errors import SocialConnectError
    from socialconnect.reading.declare import Column, Resource
    from socialconnect.reading.messages import Request
    from socialconnect.reading.place import Mark

Values = list[object]
_Integer = Annotated[int, msgspec.Meta(ge=LEAST, le=MOST)]


@dataclass(frozen=True, slots=True)
class Page:
    """One page's rows as one list per column; `drift` counts the values that were not what is declared.

    `cut` says what the listing that ends with this page left out, `missed` is the error for which another try may
    bring it. Where the page stands: `after` is the request for the one behind it, `last` says that there is none,
    `parent` is the mark of the parent whose listing it is. At the end of a listing, `mark` is how far it was read, and
    `full` says that it was read from its beginning to its end, so that what did not come is not there.
    """

    columns: tuple[Values, ...]
    rows: int
    drift: Mapping[str, int] = field(default_factory=dict)
    cut: str = ""
    missed: SocialConnectError | None = field(default=None, repr=False)
    after: Request | None = field(default=None, repr=False)
    last: bool = False
    parent: str = ""
    mark: Mark | None = None
    full: bool = False


class _Clash(Exception):
    """Two columns want different types of one field, so no one structure fits both."""


@dataclass(slots=True)
class _Node:
    """One field of the structure to be: either a leaf's type or an object's (or a list of objects') fields."""

    children: dict[str, _Node] = field(default_factory=dict)
    leaf: object = None
    many: bool = False

    def place(self, path: Path, leaf: object) -> None:
        """Make room for a value of type `leaf` at `path`."""
        if not path:
            if self.children or self.leaf not in (None, leaf):
                raise _Clash
            self.leaf = leaf
            return
        step = path[0]
        if isinstance(step, Key):
            if self.leaf is not None:
                raise _Clash
            node = self.children.setdefault(step.name, _Node())
            following = path[1] if len(path) > 1 else None
            many = isinstance(following, Each | Index | Where)
            if (node.children or node.leaf is not None) and node.many != many:
                raise _Clash
            node.many = many
            if isinstance(following, Where):
                node.children.setdefault(following.key, _Node(leaf=object))
            node.place(path[2:] if many else path[1:], leaf)
        else:
            raise _Clash

    def type(self) -> object:
        """The type to decode this field into."""
        if self.leaf is not None:
            inner = self.leaf
        else:
            fields = [(attribute(key), node.type(), _field(key, node)) for key, node in self.children.items()]
            inner = msgspec.defstruct("Record", fields, gc=False)
        return list[inner | None] | None if self.many else (inner if inner in (msgspec.Raw, object) else inner | None)  # type: ignore[valid-type,operator]


def _field(key: str, node: _Node) -> object:
    if node.leaf is msgspec.Raw and not node.many:
        return msgspec.field(default_factory=msgspec.Raw, name=key)
    return msgspec.field(default=None, name=key)


@lru_cache(maxsize=8192)
def attribute(key: str) -> str:
    """The attribute that holds the JSON key `key`: any key will do, also one with a dot or an @.

    >>> attribute("@odata.type")
    'k_40_odata_2e_type'
    """
    return "k" + re.sub(r"\W", lambda match: f"_{ord(match[0]):x}_", key, flags=re.ASCII)


_SHAPES: dict[str, object] = {
    "text": str | int | float | bool,
    "msdate": str,
    "zoned": dict[str, str | None],
    "snowflake": str | int,
    "duration": str | int | float,
    "has": str,
    "join": str,
    "present": msgspec.Raw,
    "count": list[msgspec.Raw] | dict[str, msgspec.Raw],
    "keys": dict[str, msgspec.Raw],
    "date": dict[str, int | None],
    "dash": dict[str, str | int | float | None],
    "day": str,
}


def _leaf_type(column: Column) -> object:
    if column.form in _SHAPES:
        return _SHAPES[column.form]
    if column.form in ("s", "ms"):
        within = msgspec.Meta(ge=LEAST // MICROSECONDS[column.form] + 1, le=MOST // MICROSECONDS[column.form])
        return Annotated[int, within] | Annotated[float, within]
    types: dict[str, object] = {
        "string": str,
        "category": str,
        "datetime": str,
        "Int64": _Integer,
        "Float64": float,
        "boolean": bool,
        "list": list[str],
        "json": msgspec.Raw,
    }
    return types[column.dtype]


def typed(resource: Resource, columns: Sequence[Column]) -> list[Typed]:
    """Decoders that together give all columns: mostly one; none where the records cannot be reached by keys alone."""
    prefix = keys_only(parse(resource.records)[0]) if resource.records else ()
    found: list[Typed] = []
    left = list(columns)
    while left and prefix is not None:
        group = left
        later: list[Column] = []
        while True:
            try:
                found.append(Typed.build(resource, group, prefix))
            except _Clash:
                if len(group) == 1:
                    return []
                group, later = group[:-1], [group[-1], *later]
            else:
                break
        left = later
    return found


def joined(pages: Sequence[Page]) -> Page:
    """The columns of several cuts of one page side by side."""
    return Page(tuple(values for page in pages for values in page.columns), pages[0].rows)


@dataclass(frozen=True, slots=True)
class _Place:
    """How a column's value is had: `get` off the object `inside` the record; the record itself where that is empty."""

    get: Callable[[object], object]
    inside: tuple[str, ...] = ()

    @classmethod
    def of(cls, column: Column) -> _Place:
        if column.fill:
            gets = {path: _way(path) for path in _paths(column)}
            return cls(lambda record: filled(column.fill, lambda path: gets[path](record, record)))
        paths = parse(column.path)
        names = keys_only(paths[0]) if len(paths) == 1 else None
        if names is not None:
            return cls(attrgetter(attribute(names[-1])), names[:-1])
        ways = [_way(path) for path in paths]
        if len(ways) == 1:
            return cls(lambda record, way=ways[0]: way(record, record))  # type: ignore[misc]
        return cls(lambda record: next((found for way in ways if (found := way(record, record)) is not None), None))


_Way = Callable[[object, object], object]


def _way(path: Path) -> _Way:
    """A path made into a function of (value, record), once, for it is followed for every row."""
    if not path:
        return lambda value, _: value
    step, follow = path[0], _way(path[1:])
    match step:
        case Key(name):
            get = attrgetter(attribute(name))
            return lambda value, record: None if value is None else follow(get(value), record)
        case Index(position):
            at = slice(position, position + 1 or None)
            return lambda value, record: next((follow(one, record) for one in _listed(value)[at]), None)
        case Where(key, sibling):
            own, wanted = attrgetter(attribute(key)), attrgetter(attribute(sibling))
            return lambda value, record: next(
                (follow(one, record) for one in _listed(value) if one and own(one) == wanted(record) is not None), None
            )
        case Match() | Named():
            raise _Clash  # the keys of its conditions are not in the structure
        case Each():
            return lambda value, record: (
                None
                if value is None
                else [found for one in _listed(value) if (found := follow(one, record)) is not None]
            )


def _listed(value: object) -> Values:
    return value if isinstance(value, list) else []


@dataclass(slots=True)
class Typed:
    """The decoder of one choice of columns, and how each is read off the decoded records."""

    decode: Callable[[bytes], object]
    records: tuple[str, ...]
    single: bool
    columns: tuple[Column, ...]
    places: list[_Place]
    empty: dict[tuple[str, ...], object]

    @classmethod
    def build(cls, resource: Resource, columns: Sequence[Column], prefix: tuple[str, ...]) -> Typed:
        """A _Clash where the columns cannot share one structure."""
        root = _Node()
        for column in columns:
            for path in _paths(column):
                _place(root, path, column)
        kind = root.type()
        if not resource.single:
            kind = list[kind]  # type: ignore[valid-type]
        for name in reversed(prefix):
            kind = msgspec.defstruct(
                "Body",
                [(attribute(name), kind | None, msgspec.field(default=None, name=name))],  # type: ignore[operator]
            )
        decoder = msgspec.json.Decoder(kind | None)  # type: ignore[operator]
        places = [_Place.of(column) for column in columns]
        return cls(decoder.decode, prefix, resource.single, tuple(columns), places, _empties(root))

    def page(self, body: bytes) -> Page:
        """The rows of a body that fits; a msgspec.ValidationError where one does not."""
        found = self.decode(body)
        for name in self.records:
            found = getattr(found, attribute(name), None)
        if self.single:
            found = None if found is None else [found]
        records = found if isinstance(found, list) else []
        if None in records:
            raise msgspec.ValidationError
        parents: dict[tuple[str, ...], Values] = {(): records}
        values = tuple(
            _convert(self._values(place, parents), column)
            for column, place in zip(self.columns, self.places, strict=True)
        )
        return Page(values, len(records))

    def _values(self, place: _Place, parents: dict[tuple[str, ...], Values]) -> Values:
        return list(map(place.get, self._parents(place.inside, parents)))

    def _parents(self, names: tuple[str, ...], parents: dict[tuple[str, ...], Values]) -> Values:
        """The objects that hold a nested field, one per record; an empty one where there is none."""
        if names not in parents:
            get, empty = attrgetter(attribute(names[-1])), self.empty[names]
            parents[names] = [get(parent) or empty for parent in self._parents(names[:-1], parents)]
        return parents[names]


def _paths(column: Column) -> tuple[Path, ...]:
    """Where a column looks: at the alternatives of its path, or at all that its text is filled with."""
    return tuple(path for _, paths in ways(column.fill) for path in paths) if column.fill else parse(column.path)


def _place(root: _Node, path: Path, column: Column) -> None:
    listed = any(isinstance(step, Each) for step in path)
    leaf = str if listed and column.dtype == "list" else _leaf_type(column)
    if listed and column.dtype != "list" and column.form != "join":
        raise _Clash
    root.place(path, leaf)
    for step in path:
        if isinstance(step, Where):
            sibling = root.children.setdefault(step.sibling, _Node(leaf=object))
            if sibling.leaf is None:
                raise _Clash


def _empties(node: _Node, names: tuple[str, ...] = ()) -> dict[tuple[str, ...], object]:
    """For each nested object a record without anything in it."""
    found: dict[tuple[str, ...], object] = {}
    for key, child in node.children.items():
        if child.children and not child.many:
            blank = _Node(children=child.children)
            kind = blank.type()
            structure = next(part for part in getattr(kind, "__args__", (kind,)) if part is not type(None))
            found[*names, key] = structure() if isinstance(structure, type) else None
            found.update(_empties(child, (*names, key)))
    return found


def _convert(values: Values, column: Column) -> Values:
    if column.form == "present":
        return [_raw_text(value) is not None for value in values]
    if column.na:
        values = [None if str(value) in column.na else value for value in values]
    values = _converted(values, column)
    return [taken(value, column) for value in values] if column.take or column.default is not None else values


def _converted(values: Values, column: Column) -> Values:
    if column.dtype == "json":
        return [_raw_text(value) for value in values]
    if column.form in MICROSECONDS:
        scale = MICROSECONDS[column.form]
        return [value if value is None else round(value * scale) for value in values]  # type: ignore[operator]
    if column.form:
        drift: Counter[str] = Counter()
        column = replace(column, take=column.take if column.form == "has" else "", default=None)
        converted = [coerce(value, column, drift) for value in values]
        if drift:
            raise msgspec.ValidationError
        return converted
    return values


def _raw_text(value: object) -> str | None:
    text = bytes(value).decode() if isinstance(value, msgspec.Raw) else ""
    return None if text in ("", "null") else text
