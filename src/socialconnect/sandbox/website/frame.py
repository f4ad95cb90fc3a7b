"""What all pages share: the document around them, the headers that keep them in, notices and marks of state."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from socialconnect.sandbox.answers import Answer
from socialconnect.sandbox.website.tags import Html, icon, joined, tag

if TYPE_CHECKING:
    from collections.abc import Iterable

APPLICATION = "Sandbox"
Tone = Literal["good", "warn", "bad"]

_ICONS: dict[Tone, str] = {"good": "check", "warn": "alert", "bad": "cross"}
_OWN = ("'self'", "https://*.sandbox.example", "http://127.0.0.1:*", "http://localhost:*")
_SUBMIT = "document.forms[0].requestSubmit()"  # the one script there is, and only where `hurried`


def page(
    status: int,
    title: str,
    *content: object,
    width: str = "",
    colour: int | None = None,
    targets: Iterable[str] = (),
    hurried: bool = False,
) -> Answer:
    """A whole page. `colour` makes it a provider's; forms may lead to the sandbox, this machine and `targets`.

    A `hurried` page sends its first form by itself where the browser runs scripts, as Clerk's does with a ticket:
    nothing is changed by the GET, so a robot that looks at links uses up none.
    """
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{title} · socialconnect sandbox"),
        tag("style", _style()),
    )
    banner = tag(
        "div",
        tag("strong", "Sandbox."),
        " ",
        "Everybody here is invented, and so is everything they own.",
        class_="banner",
        role="note",
    )
    skip = tag("a", "Skip to the content", href="#content", class_="skip")
    main = tag("main", *content, id="content", class_=width or None)
    foot = tag("footer", "A page of socialconnect's sandbox: no account, no password, no network.")
    look = {} if colour is None else {"class_": "consent", "style": f"--hue: {colour}"}
    script = tag("script", Html(_SUBMIT)) if hurried else ""
    body = tag("body", skip, banner, main, foot, script, **look)
    document = joined([Html("<!DOCTYPE html>"), tag("html", head, body, lang="en")])
    return Answer(status, document.encode(), _headers(targets, hurried=hurried))


def go(address: str) -> Answer:
    """Go on to another page, by GET."""
    return Answer(303, b"", {"location": address, "cache-control": "no-store", "referrer-policy": "no-referrer"})


def notice(tone: Tone, *words: object) -> Html:
    """What has happened, where everybody sees and hears it."""
    role = "alert" if tone == "bad" else "status"
    return tag("div", icon(_ICONS[tone]), tag("div", *words, class_="grow"), class_=f"notice {tone}", role=role)


def badge(tone: Tone, words: str) -> Html:
    """A state in a word or two."""
    return tag("span", icon(_ICONS[tone]), words, class_=f"badge {tone}")


def message(
    status: int, tone: Tone, title: str, *words: object, brand: Html | None = None, colour: int | None = None
) -> Answer:
    """A page that says one thing, below a provider's `brand` where it is the provider's."""
    disc = tag("span", icon(_ICONS[tone]), class_=f"disc {tone}")
    look = "card centre branded" if brand else "card centre"
    return page(status, title, tag("section", brand, disc, tag("h1", title), *words, class_=look), colour=colour)


def forged() -> Answer:
    """The answer to a form that was not shown in this browser."""
    words = (
        "The form was not shown in this browser, or the sandbox was started anew since. Reload the page and try again."
    )
    return message(403, "bad", "That did not come from here", tag("p", words, class_="faint"))


def unknown(*on: object) -> Answer:
    """The answer where nothing is; `on` leads on."""
    return message(404, "warn", "There is no such page", *on)


def wrong_method() -> Answer:
    """The answer to what is neither a look at a page nor a form."""
    return message(405, "bad", "Pages can be read, and forms sent").with_headers(allow="GET, HEAD, POST")


def _headers(targets: Iterable[str], *, hurried: bool) -> dict[str, str]:
    origins = filter(None, map(origin_of, targets))
    rules = [
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        f"form-action {' '.join(dict.fromkeys((*_OWN, *origins)))}",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
    if hurried:
        rules.insert(1, f"script-src 'sha256-{b64encode(sha256(_SUBMIT.encode()).digest()).decode()}'")
    return {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": "; ".join(rules),
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "x-robots-tag": "noindex, nofollow",
    }


def origin_of(address: str) -> str:
    """The origin of a web address, "" where it has none that could stand in a header.

    >>> origin_of("http://localhost:8888/lab?x=1"), origin_of("javascript:alert(1)")
    ('http://localhost:8888', '')
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    plain = host.isascii() and host.replace(".", "").replace("-", "").replace(":", "").isalnum()
    if parts.scheme not in ("http", "https") or not plain:
        return ""
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}" + ("" if port is None else f":{port}")


@cache
def _style() -> Html:
    return Html(files(__package__).joinpath("style.css").read_text("utf-8"))
