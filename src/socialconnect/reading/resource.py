"""One kind of record that a connector offers: how it is asked for, whose it is and what its rows hold."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, urlencode

import msgspec

from socialconnect.errors import UsageError
from socialconnect.reading.account import RECORD
from socialconnect.reading.column import Column, Dtype, check_path
from socialconnect.reading.holes import filled, holes
from socialconnect.reading.messages import Request
from socialconnect.reading.names import check_name, unknown
from socialconnect.reading.paginate import NoPages, Paging
from socialconnect.reading.param import Param, Value

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from socialconnect.reading.decide import ErrorRule
    from socialconnect.reading.further import Further
    from socialconnect.reading.paths import Json
    from socialconnect.reading.sync import Sync
    from socialconnect.reading.variants import Variants

_NOTHING: MappingProxyType[str, str] = MappingProxyType({})

IDENTITY = ("user_id", "external_account_id")
"""The two columns that every frame begins with."""


@dataclass(frozen=True, slots=True)
class Parent:
    """Whose records a resource lists: one listing for each parent, which callers name or which are all read first.

    `resource` of the same connector lists the parents (with `arguments`), and `column` of it fills `{param}` of the
    path, escaped but for the characters in `safe`; with `into="query"`, `"body"` or `"header"` it goes there, under
    `to`. With `keep` the parents are listed once for each token, for they hardly change: sites, tenants.

    Callers may name one parent or several by the argument `param`, which must fit `pattern`. Each row carries the value
    as `name` (`param` by default) and, by `carry` (own name: the parent's column), more of the parent; where callers
    name the parents, only the value itself is known. Parents whose boolean column `where` is False are left out. Where
    a named parent is not found, `otherwise` is the resource that lists the parents inside what may have been named.
    With `also` there is one listing more, before the others, without a parent: what belongs to none of them. `usual` is
    how many parents an account has, for plans that know no better.

    >>> Parent("repos", "repo", column="full_name", safe="/").argument.values("ada/engine")
    ['ada/engine']
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
    into: Literal["path", "query", "body", "header"] = "path"
    to: str = ""
    safe: str = ""
    pattern: str = ""
    keep: bool = False
    also: bool = False
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
class Asks:
    """The parameter that lists what is wanted, where some of it may be asked for only with a scope of its own.

    `always` is asked for, `further` only where its scope is known to be granted; `into` says where the list goes.

    >>> Asks("fields", "id name", {"user.stats": "likes"}).text({"user.stats"})
    'id,name,likes'
    """

    param: str
    always: str
    further: Mapping[str, str] = field(default_factory=dict)
    into: Literal["query", "body"] = "query"

    def text(self, granted: Collection[str]) -> str:
        """What to ask for with these scopes."""
        allowed = (names for scope, names in self.further.items() if scope in granted)
        return ",".join(" ".join([self.always, *allowed]).split())


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of record that a connector offers.

    `path` is the request's path (or a whole URL of one of the connector's origins) with `{name}` for parameters that
    stand in it. `{version}` is the connector's; there, in `query`, `json` and `headers` the name of one of its `binds`
    stands for a value of an earlier call. `asks` lists what is wanted, by the scopes that were granted. `scheme` is the
    word before the token. `records` is where the list stands in the body: `""` is the body itself, with `single` the
    one record, and with `entries` an object whose entries are the records, each as `key` and `value`.

    `scopes` are those of which any one is required; `capability` is what the provider has instead of scopes; `fuller`
    says which scopes bring more, and what. `key` names the columns that identify a row, `changed` the one that tells
    when it last changed, `since` the parameter that asks for later ones alone. `newest` are arguments that list those
    first that changed last (`{}` where they come so anyway), so that reading can stop where it has been; with
    `additions`, `changed` is when a row came to be, and what becomes of it later is not seen so. `sync` says how the
    provider tells changes by a token, `etag` that its answers can be asked for by their ETag: an answer that holds the
    whole listing is confirmed (304) as long as nothing of it has changed.

    With `identity` the one record is Clerk's own of the account (`reading/account.py`): no token is asked for, and no
    request made.

    `parent` makes it one listing for each parent; `further` completes each page by further requests before it is cut;
    `variants` makes columns of fields whose names the user chose. `rules` come before the connector's. `cap` is the
    most rows that the provider gives of one listing: reaching it is told. `api_version` pins a version; `older` says
    what is different from a version on downwards. `usual` is how many pages a listing has, for plans.
    """

    name: str
    path: str = ""
    columns: tuple[Column, ...] = ()
    doc: str = ""
    source: str = ""
    method: Literal["GET", "POST"] = "GET"
    query: Mapping[str, str | int | Sequence[str]] = field(default_factory=dict)
    json: Mapping[str, Json] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    scheme: str = "Bearer"
    asks: Asks | None = None
    records: str = ""
    single: bool = False
    entries: bool = False
    paging: Paging = field(default_factory=NoPages)
    params: tuple[Param, ...] = ()
    scopes: tuple[str, ...] = ()
    capability: str = ""
    fuller: Mapping[str, str] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    changed: str = ""
    since: str = ""
    newest: Mapping[str, Value] | None = None
    additions: bool = False
    sync: Sync | None = None
    etag: bool = False
    drop: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    identity: bool = False
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
        check_name(self.name, "resource")
        if not own:
            raise UsageError(f"The resource {self.name!r} has no columns.", cure="Declare at least one.")
        self._check_names()
        for path in (self.records, *self.drop):
            if path not in ("", "."):
                check_path(path, f"The resource {self.name!r}")
        self._check_changes()
        self._check_identity()

    def _check_names(self) -> None:
        names = [column.name for column in self.columns]
        if reserved := set(names) & {*IDENTITY, "raw"}:
            raise UsageError(
                f"A column of {self.name!r} cannot be called {min(reserved)!r}.", cure="Name it and give its `path`."
            )
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise UsageError(f"The resource {self.name!r} declares {', '.join(twice)} twice.", cure="Rename one.")
        for name in self.key:
            if name not in names:
                raise UsageError(f"The key {name!r} of {self.name!r} is not one of its columns.", cure="Declare it.")
        if reserved := {param.name for param in self.arguments} & _TAKEN:
            raise UsageError(
                f"A parameter of {self.name!r} cannot be called {min(reserved)!r}.", cure="Name it and give its `to`."
            )

    def _check_changes(self) -> None:
        """Hold what is said of changes against the columns and the parameters."""
        params = {param.name: param for param in self.arguments}
        for name in (*([self.since] if self.since else []), *(self.sync.excludes if self.sync else ())):
            if name not in params:
                raise unknown("parameter", name, params, f"of {self.name}")
        if self.changed and self.column(self.changed).dtype != "datetime":
            raise UsageError(f"{self.changed!r} of {self.name!r} is no time.", cure="Name a column of times.")
        if self.since and params[self.since].kind is not datetime:
            raise UsageError(f"{self.since!r} of {self.name!r} takes no time.", cure="Give it `kind=datetime`.")
        if not self.changed and (self.since or self.newest is not None or self.additions):
            raise UsageError(f"{self.name!r} does not say when a row changed.", cure="Name the column as `changed`.")
        self.given(self.newest or {})
        if self.sync is not None:
            self._check_sync(self.sync)
        if self.etag and self.method != "GET":
            raise UsageError(f"{self.name!r} is no GET, which alone has an ETag.", cure="Leave out `etag`.")

    def _check_sync(self, sync: Sync) -> None:
        check_path(sync.token, f"The resource {self.name!r}")
        for name in (sync.gone.column, *sync.gone.by) if sync.gone else ():
            self.column(name)
        if bool(sync.path) != (self.method == "POST"):
            raise UsageError(
                f"The sync token of {self.name!r} has no place to go.", cure="Give a POST's token its `path`."
            )

    def _check_identity(self) -> None:
        asked = self.path or self.params or self.parent or self.further or self.scopes
        if not self.identity:
            if not self.path:
                raise UsageError(f"The resource {self.name!r} has no path.", cure="Say where its records are.")
        elif asked:
            raise UsageError(f"{self.name!r} is read from Clerk, so nothing is asked for.", cure="Leave out the rest.")
        else:
            object.__setattr__(self, "single", True)
            for column in self.columns:
                if column.cut and not column.fill and {*column.path.split("|")} - {*RECORD}:
                    raise unknown("field", column.path, RECORD, "of Clerk's record of an account")

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

    def carrying(self, listing: Resource) -> Resource:
        """The resource with those columns marked as personal that carry what is so in its parents' `listing`."""
        marked = copy(self)
        columns = (
            replace(one, personal=one.personal or listing.column(one.of_parent).personal) if one.of_parent else one
            for one in self.columns
        )
        object.__setattr__(marked, "columns", tuple(columns))  # replace() would make those of the parent anew
        return marked

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
        known = {column.name for column in self.columns}
        chosen = [name for name in names if name not in IDENTITY]
        if self.variants:  # a name that no column has may be a field's: only the rows can tell
            chosen = [name if name in known else self.variants.at for name in chosen]
        return tuple(self.column(name) for name in dict.fromkeys(chosen))

    def request(
        self,
        origin: str,
        headers: Mapping[str, str],
        arguments: Mapping[str, Value],
        parent: str = "",
        *,
        bound: Mapping[str, str] = _NOTHING,
        granted: Collection[str] = (),
    ) -> Request:
        """The first request, with the caller's arguments checked and put in their places.

        `parent` is the one's own, `bound` are the values of earlier calls, `granted` the token's scopes.
        """
        given = self.given(arguments)
        query: dict[str, object] = filled(dict(self.query), bound)
        body: dict[str, Json] = filled(dict(self.json or {}), bound)
        sent: dict[str, str] = filled({**headers, **self.headers}, bound)
        places = {name: quote(value, safe="") for name, value in bound.items()}
        if self.asks is not None:
            (query if self.asks.into == "query" else body)[self.asks.param] = self.asks.text(granted)
        for param in self.arguments:
            value: Value = parent if self.parent and param.name == self.parent.param else given.get(param.name)
            value = param.standing if value is None else value
            if value in (None, ""):
                continue
            match param.into:
                case "query":
                    query[param.to or param.name] = param.texts(value)
                case "header":
                    sent[param.to or param.name] = param.texts(value)[0]
                case "body":
                    _plant(body, param.to or param.name, param.body(value) if value is not parent else parent)
                case "path":
                    places[param.name] = quote(param.texts(value)[0], safe=param.safe)
        path = filled(self.path, places)
        url = path if "://" in path else origin.rstrip("/") + path
        written = self.json is not None or bool(body)
        return Request(
            self.method,
            f"{url}?{urlencode(query, doseq=True)}" if query else url,
            {**sent, **({"content-type": "application/json"} if written else {})},
            msgspec.json.encode(body) if written else None,
            template=self.path,
            scheme=self.scheme,
        )

    @property
    def holes(self) -> frozenset[str]:
        """The names in braces, of parameters or not, that stand anywhere in its requests."""
        return holes(self.path) | holes(self.query) | holes(self.json) | holes(self.headers)

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


_TAKEN = {"resource", "name", "users", "columns", "raw", "on_error", "watch", "progress"}
"""What reading takes itself."""


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
