"""What a connector says: facts only, checked as they are declared.

acme = Connector(
    "acme",
    origin="https://api.acme.example",
    resources=[Resource("projects", "/v1/projects", columns=columns("string", "id name"))],
)
"""

from __future__ import annotations

import difflib
import keyword
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from socialconnect.errors import UnknownName, UsageError
from socialconnect.reading.column import Column, Dtype, Form, check_path, columns
from socialconnect.reading.decide import ErrorRule, Manners
from socialconnect.reading.messages import Request
from socialconnect.reading.paginate import NoPages, Paging
from socialconnect.reading.param import Param, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from socialconnect.reading.further import Further
    from socialconnect.reading.paths import Json
    from socialconnect.reading.variants import Variants

__all__ = [
    "IDENTITY",
    "Budget",
    "Column",
    "Connector",
    "Dtype",
    "Form",
    "Param",
    "Parent",
    "Resource",
    "Value",
    "columns",
    "unknown",
]

IDENTITY = ("user_id", "external_account_id")
"""The two columns that every frame begins with."""


@dataclass(frozen=True, slots=True)
class Parent:
    """Whose records a resource lists: one listing for each parent, which callers name or which are all read first.

    `resource` of the same connector lists the parents (with `arguments`), and `column` of it fills `{param}` of the
    path, escaped but for the characters in `safe`; with `into="query"` or `"body"` it goes there, under `to`. Callers
    may name one parent or several by the argument `param`, which must fit `pattern`. Each row carries the value as
    `name` (`param` by default) and, by `carry` (own name: the parent's column), more of the parent; where callers name
    the parents, only the value itself is known. Parents whose boolean column `where` is False are left out. Where a
    named parent is not found, `otherwise` is the resource that lists the parents inside what may have been named.
    `usual` is how many parents an account has, for plans that know no better.
    """

    resource: str
    param: str
    column: str = "id"
    name: str = ""
    dtype: Dtype = "string"
    carry: Mapping[str, str] = field(default_factory=dict)
    where: str = ""
    otherwise: str = ""
    arguments: Mapping[str, Value] = field(default_factory=dict)
    into: Literal["path", "query", "body"] = "path"
    to: str = ""
    safe: str = ""
    pattern: str = ""
    usual: int = 10
    personal: bool = False
    note: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.name or self.param)

    @property
    def argument(self) -> Param:
        """The parameter by which callers name parents."""
        return Param(
            self.param, pattern=self.pattern, into=self.into, to=self.to, safe=self.safe, many=True, note=self.note
        )


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of record that a connector offers.

    `path` is the request's path (or a whole URL of one of the connector's origins) with `{name}` for parameters that
    stand in it, `records` where the list stands in the body: `""` is the body itself, with `single` the one record, and
    with `entries` an object whose entries are the records, each as `key` and `value`.
    `scopes` are those of which any one is required; `capability` is what the provider has instead of scopes; `fuller`
    says which scopes bring more, and what. `key` names the columns that identify a row.

    `parent` makes it one listing for each parent; `further` completes each page by further requests before it is cut;
    `variants` makes columns of fields whose names the user chose. `rules` come before the connector's. `cap` is the
    most rows that the provider gives of one listing: reaching it is told. `api_version` pins a version; `older` says
    what is different from a version on downwards. `usual` is how many pages a listing has, for plans.
    """

    name: str
    path: str
    columns: tuple[Column, ...]
    doc: str = ""
    source: str = ""
    method: Literal["GET", "POST"] = "GET"
    query: Mapping[str, str | int | Sequence[str]] = field(default_factory=dict)
    json: Mapping[str, Json] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    records: str = ""
    single: bool = False
    entries: bool = False
    paging: Paging = field(default_factory=NoPages)
    params: tuple[Param, ...] = ()
    scopes: tuple[str, ...] = ()
    capability: str = ""
    fuller: Mapping[str, str] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    parent: Parent | None = None
    further: Further | None = None
    variants: Variants | None = None
    rules: tuple[ErrorRule, ...] = ()
    cap: int = 0
    api_version: str = ""
    older: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    usual: float = 1.0

    def __post_init__(self) -> None:
        lead = _of_parent(self.parent)
        own = tuple(column for column in self.columns if not column.of_parent)
        object.__setattr__(self, "columns", (*lead, *own))
        _identifier(self.name, "resource")
        if not own:
            raise UsageError(f"The resource {self.name!r} has no columns.", cure="Declare at least one.")
        names = [column.name for column in self.columns]
        if reserved := set(names) & {*IDENTITY, "raw"}:
            raise UsageError(
                f"A column of {self.name!r} cannot be called {min(reserved)!r}.", cure="Name it and give its `path`."
            )
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise UsageError(f"The resource {self.name!r} declares {', '.join(twice)} twice.", cure="Rename one.")
        for path in (self.records, *self.drop):
            if path not in ("", "."):
                check_path(path, f"The resource {self.name!r}")
        for name in self.key:
            if name not in names:
                raise UsageError(f"The key {name!r} of {self.name!r} is not one of its columns.", cure="Declare it.")
        if missing := set(_HOLES.findall(self.path)) - {one.name for one in self.arguments if one.into == "path"}:
            raise UsageError(
                f"Nothing fills {{{min(missing)}}} in the path of {self.name!r}.", cure="Declare a parent or a Param."
            )

    @property
    def arguments(self) -> tuple[Param, ...]:
        """What callers may pass: the parent first, where there is one, then the parameters."""
        return (self.parent.argument, *self.params) if self.parent else self.params

    def at(self, version: str) -> Resource:
        """The resource as that version of the provider's API has it."""
        changes: dict[str, object] = {}
        for edge in sorted(self.older, reverse=True):  # the oldest that applies speaks last
            if version <= edge:
                changes |= self.older[edge]
        return replace(self, **changes) if changes else self  # type: ignore[arg-type]  # a declaration's own fields

    def column(self, name: str) -> Column:
        """One column by name."""
        found = {column.name: column for column in self.columns}
        if name not in found:
            raise unknown("column", name, found, f"of {self.name}")
        return found[name]

    def select(self, names: Sequence[str] | None, *, include: Sequence[str] = ()) -> tuple[Column, ...]:
        """The columns of a frame: those named, or by default all but the ones that come only on request."""
        if names is None:
            return tuple(column for column in self.columns if not column.on_request or column.name in include)
        if isinstance(names, str):
            raise UsageError(f"columns={names!r} is one text.", cure=f"Pass a list: columns=[{names!r}].")
        return tuple(self.column(name) for name in dict.fromkeys(names) if name not in IDENTITY)

    def request(
        self, origin: str, headers: Mapping[str, str], arguments: Mapping[str, Value], parent: str = ""
    ) -> Request:
        """The first request, with the caller's arguments checked and put in their places; `parent` is the one's own."""
        given = self.given(arguments)
        query: dict[str, object] = dict(self.query)
        body: dict[str, Json] = dict(self.json or {})
        holes: dict[str, str] = {}
        for param in self.arguments:
            value: Value = parent if self.parent and param.name == self.parent.param else given.get(param.name)
            if value in (None, ""):
                continue
            match param.into:
                case "query":
                    query[param.to or param.name] = param.texts(value)
                case "body":
                    _plant(body, param.to or param.name, param.body(value) if value is not parent else parent)
                case "path":
                    holes[param.name] = quote(param.texts(value)[0], safe=param.safe)
        path = _HOLES.sub(lambda hole: holes.get(hole[1], hole[0]), self.path)
        url = path if "://" in path else origin.rstrip("/") + path
        sent = self.json is not None or bool(body)
        return Request(
            self.method,
            f"{url}?{urlencode(query, doseq=True)}" if query else url,
            {**headers, **self.headers, **({"content-type": "application/json"} if sent else {})},
            msgspec.json.encode(body) if sent else None,
            template=self.path,
        )

    def given(self, arguments: Mapping[str, Value]) -> dict[str, Value]:
        """The arguments that were passed, each known, possible and at one with the others; else a UsageError."""
        known = {param.name: param for param in self.arguments}
        given: dict[str, Value] = {name: value for name, value in arguments.items() if value is not None}
        for name, value in given.items():
            if name not in known:
                raise unknown("parameter", name, known, f"of {self.name}")
            clash = [other for other in known[name].excludes if other in given]
            if clash:
                raise UsageError(f"{name} and {clash[0]} exclude each other.", cure=f"Leave out {name} or {clash[0]}.")
            lacking = [other for other in known[name].needs if not given.get(other)]
            if lacking:
                raise UsageError(f"{name} needs {lacking[0]} beside it.", cure=f"Pass {lacking[0]} too.")
            known[name].values(value)
        return given


_HOLES = re.compile(r"\{(\w+)\}")


def _of_parent(parent: Parent | None) -> tuple[Column, ...]:
    if parent is None:
        return ()
    carried = (Column(name, "string", of_parent=column) for name, column in parent.carry.items())
    return (Column(parent.name, parent.dtype, of_parent=parent.column, personal=parent.personal), *carried)


def _plant(body: dict[str, Json], path: str, value: Json) -> None:
    """Put a value at a dotted path, leaving what the declaration shares untouched."""
    name, _, rest = path.partition(".")
    if not rest:
        body[name] = value
        return
    inner = body.get(name)
    body[name] = copied = dict(inner) if isinstance(inner, dict) else {}
    _plant(copied, rest, value)


@dataclass(frozen=True, slots=True)
class Budget:
    """At most `requests` in any `seconds`: for each token, or for everybody who calls the host.

    `at` is the beginning of the addresses that it holds for, all of the connector's by default.
    """

    requests: int
    seconds: float
    per: Literal["token", "host"] = "token"
    at: str = ""

    def __post_init__(self) -> None:
        if self.requests < 1 or self.seconds <= 0:
            raise UsageError("A budget allows at least one request in a positive time.", cure="Mend its figures.")

    @classmethod
    def parse(cls, text: str, per: Literal["token", "host"] = "host") -> Budget:
        """A budget as people write it: `1000/10s`, `60/min`, `5000/h`.

        >>> Budget.parse("1000/10s")
        Budget(requests=1000, seconds=10.0, per='host')
        """
        match = re.fullmatch(r"\s*(\d+)\s*/\s*(\d*(?:\.\d+)?)\s*(s|min|h)\s*", text)
        if match is None:
            raise UsageError(f"The budget {text!r} cannot be read.", cure="Write it as 1000/10s, 60/min or 5000/h.")
        count, length, unit = match.groups()
        return cls(int(count), float(length or 1) * {"s": 1, "min": 60, "h": 3600}[unit], per)


@dataclass(frozen=True, slots=True)
class Connector:
    """One provider's facts: where it is, how it answers and what it offers.

    `strategy` is Clerk's name for it, `oauth_NAME` by default. A token goes to `origin` and the further `origins`
    only. `concurrency` is how many requests one token may have under way; `scope_aliases` give scopes with two names
    one. `api_version` goes out as the header `version_header`; `versions` are those that a setting may choose instead.
    """

    name: str
    origin: str
    resources: tuple[Resource, ...]
    title: str = ""
    doc: str = ""
    source: str = ""
    strategy: str = ""
    origins: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    manners: Manners = field(default_factory=Manners)
    budgets: tuple[Budget, ...] = ()
    concurrency: int = 8
    api_version: str = ""
    version_header: str = ""
    versions: tuple[str, ...] = ()
    scope_aliases: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _identifier(self.name, "connector")
        object.__setattr__(self, "resources", tuple(self.resources))
        object.__setattr__(self, "title", self.title or self.name.replace("_", " ").title())
        object.__setattr__(self, "strategy", self.strategy or f"oauth_{self.name}")
        object.__setattr__(self, "origin", self.origin.rstrip("/"))
        origins = (self.origin, *(origin.rstrip("/") for origin in self.origins))
        object.__setattr__(self, "origins", tuple(dict.fromkeys(origins)))
        names = [resource.name for resource in self.resources]
        if len(set(names)) < len(names):
            raise UsageError(f"The connector {self.name!r} declares a resource twice.", cure="Rename one.")
        for origin in self.origins:
            parts = urlsplit(origin)
            beyond = parts.path or parts.query or parts.fragment
            if parts.scheme not in ("http", "https") or not parts.netloc or beyond or "@" in origin:
                raise UsageError(
                    f"{origin!r} is not an origin.", cure="Give scheme and host alone, as https://api.example.com."
                )

        for resource in self.resources:
            self._check_parent(resource)

    def _check_parent(self, resource: Resource) -> None:
        parent = resource.parent
        if parent is None:
            return
        listing = self.resource(parent.resource)
        for name in (parent.column, *parent.carry.values(), *([parent.where] if parent.where else [])):
            listing.column(name)
        listing.given(parent.arguments)

    def at(self, version: str) -> Connector:
        """The connector for another version of the provider's API; a UsageError where it is not one of `versions`."""
        if version not in self.versions:
            raise UsageError(
                f"{self.title} has no version {version!r} that can be read here.",
                cure=f"There is: {', '.join(self.versions)}." if self.versions else "It has no versions to choose.",
            )
        return replace(self, api_version=version, resources=tuple(one.at(version) for one in self.resources))

    def headers_for(self, resource: Resource) -> dict[str, str]:
        """The headers of a resource's requests, its API version among them."""
        version = resource.api_version or self.api_version
        pinned = {self.version_header: version} if self.version_header and version else {}
        return {**self.headers, **pinned, **resource.headers}

    def missing(self, resource: Resource, granted: Iterable[str]) -> tuple[str, ...]:
        """The scopes of which one would have to be granted too; nothing where what is granted suffices."""
        has = self.widened(granted)
        enough = not resource.scopes or any(self.canonical(scope) in has for scope in resource.scopes)
        return () if enough else resource.scopes

    def narrowed(self, resource: Resource, granted: Iterable[str] | None) -> str:
        """What a token with these scopes does not show, though no error says so; nothing where that is not known."""
        if granted is None:
            return ""
        has = self.widened(granted)
        lacking = [
            f"{what} (scope {scope})" for scope, what in resource.fuller.items() if self.canonical(scope) not in has
        ]
        return f"Not shown without a further scope: {', '.join(lacking)}." if lacking else ""

    def needs(self, resource: Resource) -> tuple[tuple[str, ...], ...]:
        """Groups of scopes, of each of which any one is required: the resource's own, and those of its parents."""
        parents = (self.resource(resource.parent.resource),) if resource.parent else ()
        return tuple(one.scopes for one in (resource, *parents) if one.scopes)

    def widened(self, granted: Iterable[str]) -> frozenset[str]:
        """What is granted, each scope under its one name, with all that it contains."""
        return self.manners.widen([self.canonical(scope) for scope in granted])

    def canonical(self, scope: str) -> str:
        """The one name of a scope that has two."""
        return self.scope_aliases.get(scope, scope)

    def resource(self, name: str) -> Resource:
        """One resource by name; an UnknownName with the nearest where there is none."""
        found = {resource.name: resource for resource in self.resources}
        if name not in found:
            raise unknown("resource", name, found, f"of {self.name}")
        return found[name]


def unknown(kind: str, name: str, known: Iterable[str], where: str = "") -> UnknownName:
    """The error for a name that nothing has, with the nearest that something has."""
    names = sorted(known)
    near = difflib.get_close_matches(str(name), names, n=1, cutoff=0.5)
    listed = ", ".join(names[:30]) + (", …" if len(names) > 30 else "")
    cure = f"Did you mean {near[0]!r}?" if near else (f"There is: {listed}." if names else "There is none.")
    return UnknownName(f"There is no {kind} {name!r}{f' {where}' if where else ''}.", cure=cure, near=near)


def _identifier(name: str, kind: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise UsageError(f"{name!r} cannot name a {kind}.", cure="Use lower case letters, digits and _.")
