"""Several GET requests in one, as multipart/mixed: how Google bundles calls.

https://developers.google.com/workspace/gmail/api/guides/batch

    POST https://gmail.googleapis.com/batch
    content-type: multipart/mixed; boundary=one_of_several

    --one_of_several
    Content-Type: application/http
    Content-ID: <0>

    GET /gmail/v1/users/me/messages/18c2?format=metadata HTTP/1.1

The answer has one part for each, called `<response-0>`, with a status of its own. No part carries a token: the outer
Authorization counts for all of them.
"""

from __future__ import annotations

import re
from email import message_from_bytes
from email.parser import HeaderParser
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from socialconnect.reading.messages import Request, Response

if TYPE_CHECKING:
    from collections.abc import Sequence

_BOUNDARY = "one_of_several"  # nothing but addresses stands between the boundaries, and those have no line of this kind
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})[^\r\n]*\r?\n")
_BLANK = re.compile(rb"\n\r?\n")
_NUMBER = re.compile(r"<?(?:response-)?(\d+)>?")


def bundle(url: str, requests: Sequence[Request]) -> Request:
    """One request to `url` that holds them all, and counts as so many."""
    parts = [
        f"--{_BOUNDARY}\r\nContent-Type: application/http\r\nContent-ID: <{number}>\r\n\r\n{_line(request)}\r\n\r\n"
        for number, request in enumerate(requests)
    ]
    return Request(
        "POST",
        url,
        {"content-type": f"multipart/mixed; boundary={_BOUNDARY}"},
        f"{''.join(parts)}--{_BOUNDARY}--\r\n".encode("ascii"),
        template=urlsplit(url).path,
        weight=len(requests),
    )


def _line(request: Request) -> str:
    parts = urlsplit(request.url)
    query = f"?{parts.query}" if parts.query else ""
    # an address cannot end its line early: whatever is no letter of an address was escaped when it was made
    return re.sub(r"\s", "", f"{parts.path}{query}").join((f"{request.method} ", " HTTP/1.1"))


def unbundle(response: Response, count: int) -> list[Response | None]:
    """The answer to each of `count` bundled requests, in their order; None where a part is missing or unreadable."""
    kind = response.headers.get("content-type", "")
    found: list[Response | None] = [None] * count
    if not kind.lower().startswith("multipart/"):
        return found
    message = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode("latin-1", "replace") + response.body)
    for place, part in enumerate(message.get_payload() if message.is_multipart() else ()):
        named = _NUMBER.fullmatch(str(part.get("Content-ID", "")).strip())
        number = int(named[1]) if named else place
        content = part.get_payload(decode=True)
        if number < count and isinstance(content, bytes):
            found[number] = _inner(content)
    return found


def _inner(content: bytes) -> Response | None:
    content = content.lstrip()
    status = _STATUS.match(content)
    if status is None:
        return None
    end = _BLANK.search(content, status.end() - 1)
    head = content[status.end() : end.start() if end else None]
    headers = HeaderParser().parsestr(head.decode("latin-1"))
    body = content[end.end() :] if end else b""
    return Response(int(status[1]), {name.lower(): str(value) for name, value in headers.items()}, body)
