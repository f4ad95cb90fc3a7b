"""Where a request goes that a caller wrote: the path with its values filled in, held against the provider's origins."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlencode, urlsplit

from socialconnect.errors import ForeignOrigin, UsageError
from socialconnect.http.origins import Origins

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socialconnect.reading.declare import Connector

Scalar = str | int | float | bool | date | None
Given = Scalar | Sequence[Scalar]
"""What a value of a path or a query may be; a list is sent as one `name=value` each, None not at all."""

_HOLES = re.compile(r"\{(\w+)\}")
_WHOLE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")  # an address with a host, not a path
_ODD = re.compile(r"[\x00-\x20\x7f\\#]")
_DEPTH = 4  # how often an address may have been encoded


def address(connector: Connector, path: str, values: Mapping[str, Given], base_urls: Mapping[str, str]) -> str:
    """The address of a request, where `values` fill `{name}` in the path and else go to the query.

    A ForeignOrigin where a token would leave the provider's own hosts, a UsageError where it is no address at all.
    """
    check(path)
    written = re.sub(r"[^\x00-\x7f]+", lambda match: quote(match[0]), path)
    names = set(_HOLES.findall(written))
    filled = _HOLES.sub(lambda hole: _part(hole[1], values), written)
    if not _WHOLE.match(filled):
        filled = f"{connector.origin}{filled}"
    elif filled.startswith("//"):
        filled = f"https:{filled}"
    query = urlencode([pair for name, value in values.items() if name not in names for pair in _pairs(name, value)])
    url = f"{filled}{'&' if '?' in filled else '?'}{query}" if query else filled
    _hold(connector, url, base_urls)
    return url


def check(path: object) -> None:
    """A UsageError where it is neither a path nor an address."""
    if not isinstance(path, str) or _ODD.search(path):
        raise UsageError(
            f"{path!r} is not a path.", cure="Write it as '/v1/pages/{id}', and pass its values by their names."
        )
    if not path.startswith("/") and not _WHOLE.match(path):
        raise UsageError(f"The path {path!r} does not begin at the root.", cure=f"Write it as '/{path}'.")


def _hold(connector: Connector, url: str, base_urls: Mapping[str, str]) -> None:
    """Refuse what leads elsewhere before anybody is asked for a token."""
    if _climbs(url):
        raise UsageError("The path climbs.", cure="Leave out '.' and '..', and pass values that have neither.")
    try:
        Origins(connector.origins, base_urls).resolve(url)
    except ForeignOrigin as error:
        refused = error.message
    else:
        return
    raise ForeignOrigin(
        refused,
        cure=f"Nothing was sent: a {connector.title} token goes to {', '.join(connector.origins)} and nowhere else.",
        provider=connector.name,
    )


def _climbs(url: str) -> bool:
    """Whether any reading of the path, however often it is decoded, leads out of where it seems to be."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return False  # it is no address, which the origins will say
    for _ in range(_DEPTH):
        if {".", ".."} & set(re.split(r"[/\\]", path)):
            return True
        path = unquote(path)
    return False


def _part(name: str, values: Mapping[str, Given]) -> str:
    """One value as a part of a path: it cannot become two parts."""
    value = values.get(name)
    if value in (None, "") or isinstance(value, (list, tuple)):
        raise UsageError(f"Nothing fills {{{name}}} in the path.", cure=f"Pass {name}=… as one text or number.")
    return quote(_text(name, value), safe="")


def _pairs(name: str, value: Given) -> list[tuple[str, str]]:
    each = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    return [(name, _text(name, one)) for one in each if one is not None]


def _text(name: str, value: object) -> str:
    """A value as providers take it: a moment in UTC, a boolean in lower case."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str | int | float):
        return str(value)
    raise UsageError(
        f"{name}={value!r} cannot stand in an address.", cure="Pass a text, a number, a moment or a list of these."
    )
