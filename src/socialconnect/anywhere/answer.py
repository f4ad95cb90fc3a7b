"""What a provider answered to a request that a caller wrote: its pages, their records, and a frame of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from socialconnect.anywhere.guess import guessed
from socialconnect.errors import MalformedResponse, UsageError
from socialconnect.frames import Table, describe
from socialconnect.http.scrubbing import Scrubber
from socialconnect.reading.messages import Response
from socialconnect.reading.paths import Json, look
from socialconnect.secret import scrub
from socialconnect.tracing.trace import Trace

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

_HARMLESS = re.compile(
    r"content-(type|language|length|disposition)|date|etag|last-modified|link|retry-after|age|cache-control|expires|vary"
    r"|allow|deprecation|sunset|warning|(x-)?(accepted-)?oauth-scopes|x-accepted-oauth-scopes"
    r"|.*rate-?limit.*|.*-?(request|correlation|trace)-?id|.*-version|(x-)?(total|page|per-page|next-page)(-.*)?"
)
_LISTS = ("results", "items", "data", "values", "value", "entries", "records", "elements", "nodes")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of `client.get(…)` or `client.request(…)`.

    `status` and `headers` are the last page's (those headers that hold nothing secret, by lower-case name), `json()`
    gives a page's body, `records` the records of all pages, `to_frame()` a frame of them. `cut` says what the provider
    left out, where it says so. `trace` is that of a Run: every
    request, those to Clerk for the token among them. Tokens that a body holds by such a name, as
    `access_token`, are not in it: a placeholder stands in their place.

    >>> import socialconnect as sc
    >>> client = sc.sandbox(users=20)
    >>> user = client.github.profile(on_error="ignore")["user_id"].iloc[0]
    >>> answer = client.get("github", "/user/repos", user, per_page=2)
    >>> answer.status, len(answer.records)
    (200, 2)
    """

    request: str
    provider: str
    user_id: str
    external_account_id: str | None
    pages: tuple[Response, ...] = field(repr=False)
    at: str | None = field(default=None, repr=False)
    cut: str = field(default="", repr=False)
    trace: Trace = field(default_factory=Trace, repr=False, compare=False)
    api_version: str = field(default="", repr=False)
    read_at: datetime | None = field(default=None, repr=False)

    @property
    def status(self) -> int:
        """The HTTP status of the last page."""
        return self.pages[-1].status

    @property
    def headers(self) -> dict[str, str]:
        """The last page's headers, as far as they hold nothing secret."""
        return dict(self.pages[-1].headers)

    @property
    def content(self) -> bytes:
        """The body of the last page, as it came."""
        return self.pages[-1].body

    @property
    def text(self) -> str:
        """The body of the last page, as text."""
        return self.content.decode("utf-8", "replace")

    def json(self, page: int = 0) -> Json:
        """The body of one page, the first by default; None where it is empty, a MalformedResponse where it is no JSON.

        A UsageError where there is no such page.
        """
        if not -len(self.pages) <= page < len(self.pages):
            raise UsageError(f"There is no page {page}.", cure=f"There are {len(self.pages)}, counted from 0.")
        response = self.pages[page]
        found = response.json()
        if found is None and response.body.strip() not in (b"", b"null"):
            kind = scrub(response.headers.get("content-type", "no content type"))
            raise MalformedResponse(
                f"The answer is not JSON ({kind}).", cure="`text` and `content` have it as it came."
            )
        return found

    @property
    def records(self) -> list[dict[str, Json]]:
        """The records of all pages: where `records=` or the paging says, else where lists usually stand.

        An object without such a list is one record, and so is what is no object, as its `value`. A UsageError where
        further pages came and no list is found.
        """
        at = self.at
        found: list[dict[str, Json]] = []
        for number in range(len(self.pages)):
            body = self.json(number)
            at = _list_in(body, several=len(self.pages) > 1) if at is None else at
            found += _records(look(body, at))
        return found

    def to_frame(self) -> pd.DataFrame:
        """The records as a frame: user_id and external_account_id, then each field with a dtype told by its values.

        Texts are `string`, whole numbers `Int64`, others `Float64`, moments with a zone `datetime64[us, UTC]`, lists of
        texts Python lists; objects and what differs from row to row are JSON text. Without records there are no further
        columns: a dtype that must hold then is one to declare in a `Resource`.
        """
        columns, page = guessed(self.records, self.provider)
        table = Table(columns)
        table.append(page, (self.user_id, self.external_account_id))
        read_at = self.read_at.isoformat(timespec="seconds") if self.read_at else ""
        told = {"resource": self.request, "read_at": read_at, "api_version": self.api_version}
        return describe(table.frame(), {**told, "complete": not self.cut})

    def __repr__(self) -> str:
        size = sum(len(page.body) for page in self.pages)
        several = f"{len(self.pages):,} pages, " if len(self.pages) > 1 else ""
        return f"<Answer {self.status} to {self.provider} {self.request} for {self.user_id}: {several}{size:,} bytes>"


def _records(found: object) -> list[dict[str, Json]]:
    listed: list[Any] = found if isinstance(found, list) else [] if found is None else [found]  # decoded JSON
    return [one if isinstance(one, dict) else {"value": one} for one in listed]


def _list_in(body: Json, *, several: bool) -> str:
    """Where the list of records stands in a body that nobody described; nothing where the body itself is meant."""
    if not isinstance(body, dict):
        return ""
    lists = [name for name, value in body.items() if _listing(value)]
    known = [name for name in _LISTS if name in lists]
    if known:
        return known[0]
    if not several:
        return ""
    if len(lists) == 1:
        return _quoted(lists[0])
    named = ", ".join(map(repr, lists)) or "none at its top"
    raise UsageError(
        f"The pages hold lists of records in several places or nowhere (there is: {named}).",
        cure="Say where they stand: records='…'.",
    )


def _listing(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"\w+", name) else f"'{name}'"


def clean(response: Response) -> Response:
    """A response without headers that may hold something secret, and without tokens: those sent back and handed out."""
    headers = {
        name: Scrubber(()).text(scrub(value)) for name, value in response.headers.items() if _HARMLESS.fullmatch(name)
    }
    text = Scrubber(()).text(scrub(response.body.decode("utf-8", "surrogateescape")))
    return Response(response.status, headers, text.encode("utf-8", "surrogateescape"))
