"""Where a page may send its visitor: the sandbox's own pages and this machine, nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from socialconnect.sandbox.answers import Call

DOMAIN = "sandbox.example"
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def allowed(address: str, call: Call) -> str:
    """The address to send a visitor to, as this call's sender reaches it; "" where it is not one of those.

    As at Clerk a `redirect_url` to anywhere else is left out of account, or the page would lend its good name to any
    link.
    """
    if not address.isascii() or not address.isprintable() or "\\" in address or " " in address:
        return ""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if parts.username is not None or parts.password is not None:
        return ""
    if parts.scheme in ("http", "https") and host in _LOOPBACK:
        return address
    if parts.scheme == "https" and port is None and (host == DOMAIN or host.endswith(f".{DOMAIN}")):
        rest = address.partition("://")[2][len(parts.netloc) :]
        return call.link(host, rest if rest.startswith("/") else f"/{rest}")
    return ""
