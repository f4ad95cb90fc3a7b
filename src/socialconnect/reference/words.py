"""What a resource's declaration says, in words: one fact after another, in the order in which a reader asks."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING

from socialconnect.reading.further import Detail
from socialconnect.reading.paginate import AfterId, LinkHeader, Offset, PageNumber

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from socialconnect.reading.decide import ErrorRule
    from socialconnect.reading.declare import Connector, Param, Parent, Resource
    from socialconnect.reading.further import Further
    from socialconnect.reference.pen import Plain

_PAGES = {
    "cursor": "by a cursor",
    "next_url": "by the address that each gives",
    "link_header": "by the Link header",
    "body_cursor": "by a cursor in the body",
    "graphql": "by GraphQL's pageInfo",
    "page": "by number",
    "offset": "by position",
    "after_id": "by the last row's id",
    "windowed": "by a cursor in the body, and past its end by time",
}
_FURTHER = {
    "detail": "one further request for each record",
    "tree": "further requests for what is inside a record",
    "references": "further requests for what a record holds too much of",
    "mended": "each body is put in order before rows are cut from it",
}
_KINDS = {
    "throttled": "too many requests",
    "unavailable": "unavailable for now",
    "token": "token not accepted",
    "scope": "permission missing",
    "denied": "access denied",
    "setup": "app not set up",
    "not_found": "not found",
    "refused": "request refused",
    "partial": "not everything came",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing to know: what it is about, and what there is to say, in one line or, `listed`, in several items."""

    label: str
    items: tuple[str, ...]
    listed: bool = False

    def lines(self, pen: Plain) -> list[str]:
        """The fact as an item of a list, with its own items below it."""
        label = pen.label(self.label)
        if not self.listed:
            return pen.paragraph(f"{label}: {'; '.join(self.items)}", first="- ", then="  ")
        below = (line for item in self.items for line in pen.paragraph(item, first="  - ", then="    "))
        return [f"- {label}:", *below]


def facts(connector: Connector, resource: Resource, pen: Plain) -> list[Fact]:
    """All about a resource but its columns."""
    fuller = (f"{pen.code(scope)}: {pen.text(what)}" for scope, what in resource.fuller.items())
    told = [
        Fact("Request", (_request(resource, pen),)),
        Fact("Asked for first", tuple(_bound(connector, resource, pen)), listed=True),
        Fact("Parameters", tuple(_argument(connector, resource, one, pen) for one in resource.arguments), listed=True),
        *([_parents(connector, resource.parent, pen)] if resource.parent else []),
        Fact("Scopes", tuple(_scopes(connector, resource, pen))),
        Fact("Capability", (pen.text(resource.capability),) if resource.capability else ()),
        Fact("Further scopes show", tuple(fuller), listed=True),
        Fact("Pages", tuple(_pages(resource, pen))),
        Fact("Version", tuple(_versions(connector, resource, pen))),
        Fact("Key", (pen.codes(resource.key),) if resource.key else ()),
        Fact("Changed", tuple(_changed(resource, pen))),
        Fact("Never read", (pen.codes(resource.drop),) if resource.drop else ()),
        Fact("When it fails", tuple(cures(resource.rules, pen)), listed=True),
        Fact("Good to know", tuple(map(pen.text, resource.notes)), listed=True),
    ]
    return [fact for fact in told if fact.items]


def scopes(connector: Connector, required: Iterable[str], pen: Plain) -> str:
    """Scopes of which any one is required, with those that contain them."""
    listed = list(required)
    if not listed:
        return "none"
    ours = {connector.canonical(scope) for scope in listed}
    wider = [one for one in connector.manners.implies if one not in listed and connector.widened([one]) & ours]
    contained = f", or one that contains {'one of them' if len(listed) > 1 else 'it'} ({pen.codes(wider)})"
    return " or ".join(map(pen.code, listed)) + (contained if wider else "")


def cures(rules: Iterable[ErrorRule], pen: Plain) -> Iterator[str]:
    """What to do about the errors that the provider's answers are known to mean."""
    seen = set()
    for rule in rules:
        if rule.cure and (rule.kind, rule.cure) not in seen:
            seen.add((rule.kind, rule.cure))
            yield f"{_KINDS.get(rule.kind, rule.kind)}: {pen.text(rule.cure)}"


def _request(resource: Resource, pen: Plain) -> str:
    if resource.identity:
        return "none: this is what Clerk's own record of the account says, and no token is needed"
    return pen.code(f"{resource.method} {resource.path}")


def _bound(connector: Connector, resource: Resource, pen: Plain) -> Iterator[str]:
    """What an earlier call must tell, and which."""
    for name in connector.bound(resource):
        source, column = connector.bind(name)
        told = pen.code(f"{connector.name}.{source.name}")
        yield f"{pen.code(f'{{{name}}}')}: {pen.code(column.name)} of {told}, once for each token"


def _changed(resource: Resource, pen: Plain) -> Iterator[str]:
    if resource.changed:
        when = "came to be" if resource.additions else "last changed"
        yield f"{pen.code(resource.changed)} tells when a row {when}"
    if resource.identity:
        return
    ways = tuple(_ways(resource, pen))
    again = "what has changed since an earlier reading"
    yield f"{again} is had {', else '.join(ways)}" if ways else f"{again} cannot be asked for: all is read again"
    if ways and resource.additions:
        yield "rows that were read before are not asked for again, whatever became of them"


def _ways(resource: Resource, pen: Plain) -> Iterator[str]:
    """How changes alone can be asked for, the surest way first."""
    if resource.etag:
        yield "by the ETag, where one answer held everything: 304 says that nothing is new"
    if resource.sync is not None:
        gone = ", which tells what is gone too" if resource.sync.gone else ""
        lasts = f" for {resource.sync.lasts} days" if resource.sync.lasts else ""
        yield f"by a token of the provider's ({pen.code(resource.sync.param)}){lasts}{gone}"
    if resource.since:
        param = next(one for one in resource.arguments if one.name == resource.since)
        needs = f", with the scope {pen.code(param.scope)}" if param.scope else ""
        yield f"by {pen.code(resource.since)}{needs}"
    if resource.newest is not None:
        order = ", ".join(f"{name}={value!r}" for name, value in resource.newest.items())
        yield f"from the newest on{f' ({pen.code(order)})' if order else ''}, as far as they are not known"


def _argument(connector: Connector, resource: Resource, param: Param, pen: Plain) -> str:
    parent = resource.parent
    if parent and param.name == parent.param:
        other = connector.resource(parent.otherwise).parent if parent.otherwise else None
        places = [one for one in (parent, other) if one]
        listed = (f"{pen.code(one.column)} of {pen.code(f'{connector.name}.{one.resource}')}" for one in places)
        told = f"one or several {', or '.join(listed)}"
    elif param.choices:
        told = f"{'one or several' if param.many else 'one'} of {pen.codes(param.choices)}"
    else:
        told = f"{pen.text(param.allowed)}{', or several' if param.many else ''}"
    bounds = [
        f"in the form {pen.code(param.pattern)}" if param.pattern and not param.note else "",  # else the note tells it
        f"not with {' or '.join(map(pen.code, param.excludes))}" if param.excludes else "",
        f"only with {' and '.join(map(pen.code, param.needs))}" if param.needs else "",
        f"{pen.code(str(param.default))} unless told" if param.default is not None else "",
    ]
    note = f". {pen.text(param.note)}" if param.note else ""
    return f"{pen.code(param.name)}: {', '.join([told, *filter(None, bounds)])}{note}"


def _scopes(connector: Connector, resource: Resource, pen: Plain) -> Iterator[str]:
    yield scopes(connector, resource.scopes, pen)
    if resource.parent:
        listing = connector.resource(resource.parent.resource)
        if listing.scopes and listing.scopes != resource.scopes:
            name = pen.code(f"{connector.name}.{listing.name}")
            yield f"where {name} is read first, it needs {scopes(connector, listing.scopes, pen)}"


def _parents(connector: Connector, parent: Parent, pen: Plain) -> Fact:
    given = ", ".join(f"{name}={value!r}" for name, value in parent.arguments.items())
    call = pen.code(f"{connector.name}.{parent.resource}{f'({given})' if given else ''}")
    told = [f"{call} is read first, then one listing for each of its rows, at least one request each"]
    if parent.where:
        told.append(f"rows whose {pen.code(parent.where)} is False are left out")
    return Fact(f"Without {pen.code(parent.param)}", tuple(told))


def _pages(resource: Resource, pen: Plain) -> Iterator[str]:
    paging = resource.paging
    if paging.kind == "none":
        yield "one answer is one row" if resource.single else "one answer holds all"
    elif isinstance(paging, LinkHeader) and paging.page:
        yield "by the Link header, side by side where it tells the last one, else one after another"
    else:
        way = _PAGES.get(paging.kind) or pen.text(_sentence(paging))
        size = f", {paging.size:,} rows each" if isinstance(paging, AfterId | Offset | PageNumber) else ""
        yield f"one after another, {way}{size}"
    if resource.further is not None:
        yield _further(resource.further, pen)
    if resource.cap:
        yield f"at most {resource.cap:,} rows of one listing: the outcome of a longer one is {pen.code('partial')}"


def _further(further: Further, pen: Plain) -> str:
    batch = further.batch if isinstance(further, Detail) else None
    bundled = f", {batch.size} of them bundled in one" if batch else ""
    return _FURTHER.get(further.kind, f"further requests: {pen.text(_sentence(further))}") + bundled


def _versions(connector: Connector, resource: Resource, pen: Plain) -> Iterator[str]:
    if resource.api_version and resource.api_version != connector.api_version:
        yield pen.code(resource.api_version)
    for edge in sorted(resource.older, reverse=True):
        older = resource.at(edge)
        now, then = ({column.name for column in one.columns} for one in (resource, older))
        changed = [
            f"it reads {pen.code(older.path)}" if older.path != resource.path else "",
            f"there is no {pen.codes(sorted(now - then))}" if now - then else "",
            f"there is {pen.codes(sorted(then - now))} too" if then - now else "",
        ]
        told = ", ".join(filter(None, changed)) or "the request differs"
        yield f"in version {pen.code(edge)} and older, {told}"


def _sentence(kind: object) -> str:
    """The first sentence of a kind's own words."""
    return (inspect.getdoc(type(kind)) or type(kind).__name__).partition("\n")[0].rstrip(".:")
