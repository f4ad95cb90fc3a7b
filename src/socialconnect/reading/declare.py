"""What a connector says: facts only, checked as they are declared.

acme = Connector(
    "acme",
    origin="https://api.acme.example",
    resources=[Resource("projects", "/v1/projects", columns=columns("string", "id name"))],
)
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from socialconnect.errors import UsageError
from socialconnect.reading.column import Column, Dtype, Form, columns
from socialconnect.reading.decide import Manners
from socialconnect.reading.holes import VERSION, holes
from socialconnect.reading.names import check_name, unknown
from socialconnect.reading.param import Param, Value
from socialconnect.reading.profile import Profile
from socialconnect.reading.resource import IDENTITY, Asks, Parent, Resource
from socialconnect.reading.sync import Gone, Sync

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "IDENTITY",
    "Asks",
    "Budget",
    "Column",
    "Connector",
    "Dtype",
    "Form",
    "Gone",
    "Param",
    "Parent",
    "Profile",
    "Resource",
    "Sync",
    "Value",
    "columns",
    "unknown",
]


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
        Budget(requests=1000, seconds=10.0, per='host', at='')
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
    one. `api_version` goes out as the header `version_header`, or in `{version}` of a path; `versions` are those that a
    setting may choose instead. `binds` gives names to values that requests need of an earlier call: `{"me":
    "token.own_id"}` puts, wherever a resource or `headers` has `{me}`, what the first row of the resource `token` has
    in its column `own_id`; each is asked for once for each token.
    `profile` says which columns hold what all providers' profiles have in common.
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
    binds: Mapping[str, str] = field(default_factory=dict)
    profile: Profile | None = None

    def __post_init__(self) -> None:
        check_name(self.name, "connector")
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
            self._check_holes(resource)
        object.__setattr__(self, "resources", tuple(map(self._carrying, self.resources)))
        for name in self.binds:
            self.bind(name)
        if self.profile is not None:
            self.profile.check(self.resource(self.profile.resource))

    def _check_parent(self, resource: Resource) -> None:
        parent = resource.parent
        if parent is None:
            return
        listing = self.resource(parent.resource)
        for name in (parent.column, *parent.carry.values(), *([parent.where] if parent.where else [])):
            listing.column(name)
        listing.given(parent.arguments)

    def _carrying(self, resource: Resource) -> Resource:
        parent = resource.parent
        return resource if parent is None else resource.carrying(self._carrying(self.resource(parent.resource)))

    def _check_holes(self, resource: Resource) -> None:
        known = {one.name for one in resource.arguments if one.into == "path"} | {VERSION, *self.binds}
        missing = sorted(holes(resource.path) - known)
        if missing:
            raise UsageError(
                f"Nothing fills {{{missing[0]}}} in the path of {resource.name!r}.",
                cure="Declare a parent, a Param, or one of the connector's binds.",
            )

    def bind(self, name: str) -> tuple[Resource, Column]:
        """Where a bound value comes from; an error where that is not there, or would need a bound value itself."""
        source, _, column = self.binds[name].partition(".")
        resource = self.resource(source)
        if resource.parent or resource.holes & set(self.binds):
            raise UsageError(f"{{{name}}} comes from {source!r}, which needs more itself.", cure="Bind a simple call.")
        return resource, resource.column(column)

    def bound_of(self, source: Resource) -> tuple[Column, ...]:
        """All columns of a resource that are bound, so that one call tells every one of them."""
        names = (text.partition(".") for text in self.binds.values())
        return tuple(dict.fromkeys(source.column(column) for name, _, column in names if name == source.name))

    @property
    def _sources(self) -> frozenset[str]:
        return frozenset(text.partition(".")[0] for text in self.binds.values())

    def bound(self, resource: Resource) -> tuple[str, ...]:
        """The names of the bound values that a resource's requests need."""
        used = resource.holes | holes(self.headers_for(resource))
        return tuple(name for name in self.binds if name in used)

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
        own = self.headers
        if resource.name in self._sources:  # which is asked for what fills the others
            own = {name: text for name, text in own.items() if not holes(text) & set(self.binds)}
        return {**own, **pinned, **resource.headers}

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
        sources = (self.bind(name)[0] for name in self.bound(resource))
        return tuple(dict.fromkeys(one.scopes for one in (resource, *parents, *sources) if one.scopes))

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
