"""What a connector's declaration says of the provider itself, in words."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from socialconnect.reference.words import Fact, cures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from socialconnect.reading.declare import Budget, Connector
    from socialconnect.reference.pen import Plain

_UNITS = {1: "second", 60: "minute", 3600: "hour", 86400: "day"}


def provider_facts(connector: Connector, pen: Plain) -> list[Fact]:
    """All about a provider but its resources."""
    call, pull = f"client.{connector.name}.RESOURCE(users)", f"socialconnect pull {connector.name}.RESOURCE"
    told = [
        Fact("Read by", (f"{pen.code(call)}, {pen.code(pull)}",)),
        Fact("Clerk's name for it", (pen.code(connector.strategy),)),
        Fact("Version of the API", tuple(_versions(connector, pen))),
        Fact("Tokens go to", (f"{pen.codes(_hosts(connector))}, and nowhere else",)),
        Fact("Limits kept", tuple(_limits(connector, pen))),
        Fact("Scopes", tuple(_overview(connector, pen)), listed=True),
        Fact("When it fails", tuple(cures(connector.manners.rules, pen)), listed=True),
        Fact("Vendor's pages", (connector.source,) if connector.source else ()),
    ]
    return [fact for fact in told if fact.items]


def budget(limit: Budget, pen: Plain) -> str:
    """A limit as people say it.

    >>> from socialconnect.reading.declare import Budget
    >>> from socialconnect.reference.pen import Plain
    >>> budget(Budget(5000, 3600), Plain())
    '5,000 requests an hour for each token'
    """
    unit = _UNITS.get(int(limit.seconds)) if limit.seconds == int(limit.seconds) else None
    span = f"{'an' if unit == 'hour' else 'a'} {unit}" if unit else f"in {limit.seconds:g} seconds"
    whose = "for each token" if limit.per == "token" else "for all tokens together"
    return f"{limit.requests:,} requests {span} {whose}{f' at {pen.code(limit.at)}' if limit.at else ''}"


def _hosts(connector: Connector) -> list[str]:
    return [origin.removeprefix("https://") for origin in connector.origins]


def _versions(connector: Connector, pen: Plain) -> Iterator[str]:
    if not connector.api_version:
        return
    header = f", sent as {pen.code(connector.version_header)}" if connector.version_header else ""
    yield f"{pen.code(connector.api_version)}{header}"
    others = [version for version in connector.versions if version != connector.api_version]
    if others:
        setting = pen.code(f'Settings(api_versions={{"{connector.name}": "{others[0]}"}})')
        yield f"{pen.codes(others)} can be chosen by {setting}"


def _limits(connector: Connector, pen: Plain) -> Iterator[str]:
    yield from (budget(limit, pen) for limit in connector.budgets)
    yield f"at most {connector.concurrency} at once for each token"
    manners = connector.manners
    if manners.remaining:
        yield f"fewer where {pen.code(manners.remaining)} says that fewer are left"


def needs(connector: Connector, pen: Plain) -> dict[str, list[str]]:
    """The names of the resources by what they need: one of its scopes, a capability, or nothing."""
    found: dict[str, list[str]] = {}
    for one in connector.resources:
        need = f"the capability {pen.text(one.capability)}" if one.capability else "none"
        if one.scopes:
            first = one.scopes[0].rstrip("/").rpartition("/")[2]
            need = f"{pen.code(first)}{' or another' if len(one.scopes) > 1 else ''}"
        found.setdefault(need, []).append(one.name)
    return found


def _overview(connector: Connector, pen: Plain) -> Iterator[str]:
    """Which resources need what; what a scope contains, and which go by two names."""
    begin = prefix(connector)
    found: dict[str, list[str]] = {}
    for one in connector.resources:
        capability = f"the capability {pen.text(one.capability)}" if one.capability else ""
        listed = " or ".join(pen.code(scope.removeprefix(begin)) for scope in one.scopes)
        found.setdefault(" and ".join(filter(None, [listed, capability])) or "none", []).append(one.name)
    yield from (f"{need}: {pen.codes(names)}" for need, names in found.items())
    spoken = {connector.canonical(scope) for one in connector.resources for scope in (*one.scopes, *one.fuller)}
    for wide in connector.manners.implies:
        within = sorted(one.removeprefix(begin) for one in connector.widened([wide]) & spoken - {wide})
        if within:
            yield f"{pen.code(wide.removeprefix(begin))} contains {pen.codes(within)}"
    for short, long in connector.scope_aliases.items():
        yield f"{pen.code(short)} is another name of {pen.code(long.removeprefix(begin))}"
    if begin:
        whole = sorted(one for one in {*spoken, *connector.scope_aliases} if not one.startswith(begin))
        yield f"before each of these stands {pen.code(begin)}{f', but not before {pen.codes(whole)}' if whole else ''}"


def prefix(connector: Connector) -> str:
    """The address with which most scopes begin, where several do."""
    scopes = {scope for one in connector.resources for scope in one.scopes if "://" in scope}
    begins = Counter(f"{scope.rpartition('/')[0]}/" for scope in scopes if not scope.endswith("/"))
    (begin, count) = begins.most_common(1)[0] if begins else ("", 0)
    return begin if count > 1 else ""
