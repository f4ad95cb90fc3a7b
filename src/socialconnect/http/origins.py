"""Where one connector's requests may go. A token goes home only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from socialconnect.errors import ForeignOrigin
from socialconnect.secret import scrub
from socialconnect.settings import check_address, is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_PORTS = {"http": 80, "https": 443}
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")


class Origins:
    """A connector's own origins, each with the address that stands in its place.

    >>> Origins(["https://api.github.com"], {}).resolve("https://api.github.com/user?page=2")
    'https://api.github.com/user?page=2'
    """

    def __init__(self, origins: Iterable[str], base_urls: Mapping[str, str]) -> None:
        self._homes: list[tuple[str, str, str]] = []  # what a URL may begin with, its path, and what replaces both
        for origin in origins:
            base = base_urls.get(origin.rstrip("/"), origin).rstrip("/")
            check_address(base, f"The address of {origin}")
            self._homes.append((*_split(base), base))
            if base != origin:
                self._homes.append((*_split(origin), base))

    def resolve(self, url: str) -> str:
        """The address to call for `url`, built from our own parts; a ForeignOrigin where it is not one of ours."""
        problem = self._problem(url)
        if problem:
            raise ForeignOrigin(
                f"A request to {scrub(url)[:200]!r} was refused: {problem}.",
                cure="Nothing was sent. Report it to the provider; if the address is yours, set it in base_urls.",
            )
        origin, path = _split(url)
        base = next(base for home, prefix, base in self._homes if home == origin and _inside(path, prefix))
        prefix = next(prefix for home, prefix, _ in self._homes if home == origin and _inside(path, prefix))
        query = urlsplit(url).query
        return f"{base}{path[len(prefix) :]}{f'?{query}' if query else ''}"

    def _problem(self, url: str) -> str:
        if _UNSAFE.search(url):
            return "it holds a character that no address has"
        try:
            origin, path = _split(url)
        except ValueError:
            return "it is not an address"
        if "@" in urlsplit(url).netloc:
            return "it holds a user name"
        if any(part in (".", "..") for part in unquote(path).split("/")):
            return "its path climbs"
        if not any(home == origin and _inside(path, prefix) for home, prefix, _ in self._homes):
            return "it leads to a host that is not the provider's"
        scheme, _, host = origin.partition("://")
        if scheme != "https" and not is_loopback(host.rpartition(":")[0].strip("[]")):
            return "it is not encrypted"
        return ""


def _split(url: str) -> tuple[str, str]:
    """(scheme://host:port, path) of an address, both in one spelling."""
    parts = urlsplit(url)
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower().rstrip(".")
    if scheme not in _PORTS or not host:
        raise ValueError("not an http address")
    spelled = f"[{host}]" if ":" in host else host
    return f"{scheme}://{spelled}:{parts.port or _PORTS[scheme]}", parts.path.rstrip(
        "/"
    ) if parts.path == "/" else parts.path


def _inside(path: str, prefix: str) -> bool:
    return not prefix or path == prefix or path.startswith(f"{prefix}/")
