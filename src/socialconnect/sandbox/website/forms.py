"""Forms, and the cookie by which a browser is known: a form is taken from the browser alone in which it was shown."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from hashlib import blake2b
from hmac import compare_digest
from typing import TYPE_CHECKING

from socialconnect.sandbox.consents import LIFE
from socialconnect.sandbox.frontend import PORTAL
from socialconnect.sandbox.website.tags import Html, tag
from socialconnect.sandbox.website.targets import DOMAIN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socialconnect.sandbox.answers import Answer, Call

FIELD = "csrf"


@dataclass(frozen=True, slots=True)
class Form:
    """Makes the forms and links of one page; `token` is what its forms must come back with."""

    call: Call
    token: str

    def __call__(self, path: str, *children: object) -> Html:
        """A form that posts to a path of this host, or to the page's own address where it is empty.

        The page's own address may hold a ticket or a state, which so is written nowhere on the page.
        """
        hidden = tag("input", type="hidden", name=FIELD, value=self.token)
        return tag("form", hidden, *children, method="post", action=self.link(path) if path else None)

    def link(self, path: str) -> str:
        """A path of this host, as this visitor reaches it."""
        return self.call.link(self.call.host, path)


class Browsers:
    """Knows browsers by a cookie, and their forms by its digest under a key of this process.

    No other site can read the cookie or know the key, so none can send a form in the visitor's name.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(16)

    def of(self, call: Call) -> str:
        """The value of a browser's cookie, "" where it has none."""
        return call.cookies.get(_name(call), "")

    def form(self, call: Call, browser: str) -> Form:
        """Makes the forms that are shown in this browser."""
        return Form(call, self._token(browser))

    def sent(self, call: Call) -> Mapping[str, list[str]] | None:
        """The fields of a form that was shown in this browser; None where it was not."""
        fields: dict[str, list[str]] = {}
        for name, value in call.form():
            fields.setdefault(name, []).append(value)
        given = "".join(fields.get(FIELD, [])).encode()
        return fields if compare_digest(self._token(self.of(call)).encode(), given) else None

    def known(self, call: Call, found: Answer, browser: str) -> Answer:
        """The answer, with the browser's cookie where it has another one or none."""
        if browser == self.of(call):
            return found
        path = call.link(call.host, "")
        within = path if path.startswith("/") else "/"
        return found.with_headers(set_cookie=f"{_name(call)}={browser}; Path={within}; HttpOnly; SameSite=Lax")

    def _token(self, browser: str) -> str:
        return blake2b(browser.encode(), key=self._key, digest_size=16).hexdigest()


def remember(call: Call, found: Answer, state: str) -> Answer:
    """Tell the Account Portal, in this browser, which consent was decided last: it says so when the person is back."""
    path = call.link(PORTAL, "")
    within = f"Path={path}" if path.startswith("/") else f"Domain={DOMAIN}; Path=/"
    lasting = f"{within}; Max-Age={LIFE}; HttpOnly; SameSite=Lax"
    return found.with_headers(set_cookie=f"{_name(call, 'decided')}={state}; {lasting}")


def remembered(call: Call) -> str:
    """The state of the consent that was decided last in this browser, "" where there is none."""
    return call.cookies.get(_name(call, "decided"), "")


def fresh() -> str:
    """A cookie for a browser that has none, or that has just signed in or out."""
    return secrets.token_urlsafe(18)


def first(fields: Mapping[str, list[str]], name: str) -> str:
    """One value of a field, "" where there is none."""
    return next(iter(fields.get(name, [])), "")


def _name(call: Call, what: str = "browser") -> str:
    """A cookie's name, with its port: cookies ignore ports, and two sandboxes may run on one machine."""
    port = call.headers.get("host", "").rpartition(":")[2]
    return f"sandbox_{what}_{port}" if port.isascii() and port.isdecimal() else f"sandbox_{what}"
