"""One exchange as it may be shown: nothing secret is kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from socialconnect.markup import EDGE, block, element, faint, joined
from socialconnect.tracing import hiding

if TYPE_CHECKING:
    from socialconnect.http.listening import Heard
    from socialconnect.http.send import Sent

_CODE = (
    f"border: 1px solid {EDGE}; border-radius: 3px; padding: 6px 10px; margin: 4px 0; white-space: pre-wrap; "
    "overflow-wrap: anywhere; text-align: left; font-family: var(--jp-code-font-family, monospace)"
)


@dataclass(frozen=True, slots=True, repr=False)
class Exchange:
    """One HTTP exchange: what was asked and what was answered, short, and with marks in the place of secrets.

    `status` 0 says that no answer came, `shape` what the answer is, `records` how many are in it.
    """

    number: int
    method: str
    url: str
    asked: tuple[tuple[str, str], ...]
    sent: str
    status: int
    answered: tuple[tuple[str, str], ...]
    came: str
    shape: str
    records: int | None = None
    note: str = ""

    @classmethod
    def of(cls, number: int, sent: Sent, heard: Heard) -> Exchange:
        """What may be shown of one that was heard."""
        request, response = heard.request, heard.response
        headers = {name.lower(): value for name, value in request.headers.items()}
        shown = hiding.asked({"accept": "application/json", **headers})
        if heard.token is not None:
            kind = "secret key" if sent.provider == "clerk" else "token"
            shown.append(("authorization", f"Bearer [{kind} {heard.token.mark}]"))
        secrets = {*([heard.token.reveal()] if heard.token else ())}
        body = hiding.body(request.body or b"", headers.get("content-type", ""), secrets)
        facts = (number, request.method, hiding.address(heard.url), tuple(shown), body, sent.status)
        if response is None:
            return cls(*facts, (), "", "no answer", note=hiding.text(heard.failure))
        shape, records = hiding.shape(response.body)
        came = hiding.body(response.body, response.headers.get("content-type", ""), secrets)
        note = "The provider confirmed what is kept here." if sent.cached else ""
        return cls(*facts, tuple(hiding.answered(response.headers)), came, shape, records, note)

    @property
    def request(self) -> str:
        """What was asked: the line, the headers, the body."""
        return _message(f"{self.method} {self.url}", self.asked, self.sent)

    @property
    def response(self) -> str:
        """What was answered: the status, the headers, an excerpt of the body."""
        return _message(_status(self.status), self.answered, self.came)

    def __str__(self) -> str:
        note = f"\n\n({self.note})" if self.note else ""
        return f"{self.request}\n\n{self.response}{note}"

    def _repr_html_(self) -> str:
        """What a cell shows that ends with it."""
        note = [faint(self.note)] if self.note else []
        parts = [element("pre", one, style=_CODE) for one in (self.request, self.response)]
        return block(element("b", f"Exchange {self.number}"), joined(parts), *note)

    def __repr__(self) -> str:
        return f"<Exchange {self.number}: {self.method} {self.url[:80]}: {self.status or 'no answer'}, {self.shape}>"


def _message(first: str, headers: tuple[tuple[str, str], ...], body: str) -> str:
    lines = [first, *(f"{name}: {value}" for name, value in headers)]
    return "\n".join([*lines, "", body] if body else lines)


def _status(status: int) -> str:
    if not status:
        return "no answer"
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
