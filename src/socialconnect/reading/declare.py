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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args
from urllib.parse import urlencode, urlsplit

import msgspec

from socialconnect.errors import UnknownName, UsageError
from socialconnect.reading import paths
from socialconnect.reading.decide import Manners
from socialconnect.reading.messages import Request
from socialconnect.reading.paginate import NoPages, Paging

if TYPE_CHECKING:
    from socialconnect.reading.paths import Json

Dtype = Literal["string", "Int64", "Float64", "boolean", "datetime", "category", "list", "json"]
Form = Literal["", "s", "ms", "text"]
Value = str | int | bool | Sequence[str] | None

IDENTITY = ("user_id", "external_account_id")
"""The two columns that every frame begins with."""


@dataclass(frozen=True, slots=True)
class Column:
    """One declared column: its dtype holds at zero rows, and a missing or odd value becomes NA.

    `path` is where the value stands in a record (`reading/paths.py`), the column's own name by default. dtypes:
    `string`, `Int64`, `Float64`, `boolean`, `category`; `datetime` becomes `datetime64[us, UTC]`, read as ISO 8601
    or, with `form="s"` or `"ms"`, as seconds or milliseconds since 1970; `list` a Python list of strings; `json` the
    value's JSON text. `form="text"` reads numbers that the provider sends as strings. `on_request` columns come only
    where they are named; `personal` says that the column is personal data.
    """

    name: str
    dtype: Dtype
    path: str = ""
    form: Form = ""
    on_request: bool = False
    personal: bool = False
    note: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            raise UsageError("A column needs a name.", cure="Give it one.")
        if self.dtype not in get_args(Dtype):
            raise UsageError(
                f"Column {self.name!r} has the dtype {self.dtype!r}.", cure=f"Use one of {', '.join(get_args(Dtype))}."
            )
        if not self.path:
            object.__setattr__(self, "path", self.name)
        _parsed(self.path, f"Column {self.name!r}")


def columns(
    dtype: Dtype,
    names: str,
    *,
    under: str = "",
    prefix: str | None = None,
    form: Form = "",
    on_request: bool = False,
    personal: bool = False,
) -> tuple[Column, ...]:
    """Several columns of one dtype, from a blank-separated list of keys.

    With `under`, the keys stand inside that object and the names are joined by `_`, or begin with `prefix`.

    >>> [column.name for column in columns("string", "login node_id", under="owner")]
    ['owner_login', 'owner_node_id']
    """
    start = f"{under.replace('.', '_')}_" if under and prefix is None else (prefix or "")
    return tuple(
        Column(
            f"{start}{name}",
            dtype,
            f"{under}.{name}" if under else name,
            form=form,
            on_request=on_request,
            personal=personal,
        )
        for name in names.split()
    )


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter that callers may pass: it goes into the query under its own name, or under `to`.

    `many` takes a list too, joined by commas, or with `repeat` sent as one `name=value` each.
    """

    name: str
    kind: type[str | int | bool] = str
    choices: tuple[str, ...] = ()
    many: bool = False
    repeat: bool = False
    excludes: tuple[str, ...] = ()
    to: str = ""
    note: str = ""

    def texts(self, value: Value) -> list[str]:
        """The value as the provider takes it, once or several times; a UsageError where it cannot be so."""
        if not self.many:
            return [self._text(value)]
        items = value.split(",") if isinstance(value, str) else value
        given = items if isinstance(items, Sequence) else [items]
        texts = [self._text(item.strip() if isinstance(item, str) else item) for item in given]
        return texts if self.repeat else [",".join(texts)]

    def _text(self, value: Value) -> str:
        wrong = not isinstance(value, self.kind) or (isinstance(value, bool) and self.kind is not bool)
        if wrong or (self.choices and value not in self.choices):
            allowed = " or ".join(map(repr, self.choices)) if self.choices else f"a {self.kind.__name__}"
            raise UsageError(f"{self.name}={value!r} is not possible.", cure=f"Pass {allowed}.")
        return str(value).lower() if isinstance(value, bool) else str(value)


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of record that a connector offers.

    `path` is the request's path (or a whole URL of one of the connector's origins), `records` where the list stands
    in the body: `""` is the body itself, and with `single` the one record. `scopes` are those of which any one is
    required. `key` names the columns that identify a row.
    """

    name: str
    path: str
    columns: tuple[Column, ...]
    doc: str = ""
    source: str = ""
    method: Literal["GET", "POST"] = "GET"
    query: Mapping[str, str | int] = field(default_factory=dict)
    json: Mapping[str, Json] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    records: str = ""
    single: bool = False
    paging: Paging = field(default_factory=NoPages)
    params: tuple[Param, ...] = ()
    scopes: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple(self.columns))
        _identifier(self.name, "resource")
        if not self.columns:
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
                _parsed(path, f"The resource {self.name!r}")
        for name in self.key:
            if name not in names:
                raise UsageError(f"The key {name!r} of {self.name!r} is not one of its columns.", cure="Declare it.")

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

    def request(self, origin: str, headers: Mapping[str, str], arguments: Mapping[str, Value]) -> Request:
        """The first request, with the caller's arguments checked and put in their places."""
        known = {param.name: param for param in self.params}
        query: dict[str, str | list[str]] = {name: str(value) for name, value in self.query.items()}
        given = {name: value for name, value in arguments.items() if value is not None}
        for name, value in given.items():
            if name not in known:
                raise unknown("parameter", name, known, f"of {self.name}")
            clash = [other for other in known[name].excludes if other in given]
            if clash:
                raise UsageError(f"{name} and {clash[0]} exclude each other.", cure=f"Leave out {name} or {clash[0]}.")
            query[known[name].to or name] = known[name].texts(value)
        url = self.path if "://" in self.path else origin.rstrip("/") + self.path
        return Request(
            self.method,
            f"{url}?{urlencode(query, doseq=True)}" if query else url,
            {**headers, **self.headers, **({"content-type": "application/json"} if self.json is not None else {})},
            None if self.json is None else msgspec.json.encode(self.json),
        )


@dataclass(frozen=True, slots=True)
class Budget:
    """At most `requests` in any `seconds`: for each token, or for everybody who calls the host."""

    requests: int
    seconds: float
    per: Literal["token", "host"] = "token"

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
    one.
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


def _parsed(path: str, where: str) -> None:
    try:
        paths.parse(path)
    except ValueError as error:
        raise UsageError(f"{where}: {error}.", cure="See the forms in reading/paths.py.") from None


def _identifier(name: str, kind: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise UsageError(f"{name!r} cannot name a {kind}.", cure="Use lower case letters, digits and _.")
