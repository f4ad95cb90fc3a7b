"""How the providers' consent pages look: who asks, as whom, for what, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socialconnect.sandbox.website.frame import APPLICATION, Tone, message, page
from socialconnect.sandbox.website.scopes import said, short
from socialconnect.sandbox.website.tags import Html, avatar, hue, icon, joined, mark, tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from socialconnect.sandbox.answers import Answer
    from socialconnect.sandbox.consents import Consent
    from socialconnect.sandbox.website.forms import Form
    from socialconnect.sandbox.website.state import Connected

ALL_OR_NOTHING = {"github"}
"""The providers whose consent cannot be given in parts."""


def ask(form: Form, consent: Consent, account: Connected, person: str) -> Answer:
    """The page that asks."""
    title = account.title
    chosen = _notion(person) if consent.provider == "notion" else _scopes(consent)
    buttons = tag(
        "div",
        tag("button", "Decline", name="decision", value="decline"),
        tag("button", "Allow", name="decision", value="allow", class_="primary"),
        class_="pair",
    )
    again = "again " if consent.renewing else ""
    card = tag(
        "section",
        _brand(consent.provider, title),
        tag("div", avatar(person, "large"), icon("link"), mark("sandbox", APPLICATION, "house large"), class_="meet"),
        tag(
            "header",
            tag("h1", f"{APPLICATION} asks {again}to use your {title} account"),
            tag("p", tag("span", avatar(person, "little"), account.name, class_="who")),
            class_="stack centre",
        ),
        form("", tag("div", chosen, buttons, class_="stack")),
        tag(
            "p",
            f"You can take this back at any time: remove the account from {APPLICATION}.",
            class_="faint small",
        ),
        class_="card branded",
    )
    return page(
        200, f"{title}: allow {APPLICATION}?", card, colour=hue(consent.provider), targets=[consent.redirect_url]
    )


def over(status: int, provider: str, name: str, title: str, words: str, back: str) -> Answer:
    """The page of an attempt about which nothing can be decided any more."""
    on = tag("a", f"Back to {APPLICATION}", href=back, class_="button") if back else ""
    said_so = tag("p", words, class_="faint")
    tone: Tone = "good" if status == 200 else "warn"
    return message(status, tone, title, said_so, on, brand=_brand(provider, name), colour=hue(provider))


def _brand(provider: str, title: str) -> Html:
    return tag("div", mark(provider, title, "little"), title, class_="brand")


def _scopes(consent: Consent) -> Html:
    whole = consent.provider in ALL_OR_NOTHING
    fixed = consent.asked if whole else consent.base
    chosen = () if whole else consent.additional
    return joined(
        (
            _fixed("It will be able to" if fixed else "", _grouped(fixed)),
            _choices("You may leave out" if fixed else "Choose what it may do", chosen),
            "" if fixed or chosen else _fixed("It will be able to", [("Read what this account can read", ())]),
        )
    )


def _grouped(scopes: Iterable[str]) -> list[tuple[str, Sequence[str]]]:
    """Scopes by what they mean: Google has two names for some."""
    groups: dict[str, list[str]] = {}
    for scope in scopes:
        groups.setdefault(said(scope), []).append(short(scope))
    return list(groups.items())


def _fixed(title: str, items: Sequence[tuple[str, Sequence[str]]]) -> Html | str:
    if not items:
        return ""
    rows = (tag("li", icon("check"), _what(words, ", ".join(names)), class_="grant") for words, names in items)
    return tag("div", tag("h2", title), tag("ul", *rows, class_="grants"))


def _choices(title: str, scopes: Sequence[str]) -> Html | str:
    rows = (_choice("checkbox", "scope", scope, said(scope), short(scope), checked=True) for scope in scopes)
    return tag("fieldset", tag("legend", title), *rows) if scopes else ""


def _choice(kind: str, name: str, value: str, words: str, below: str, *, checked: bool) -> Html:
    box = tag("input", type=kind, name=name, value=value, checked=checked)
    return tag("label", box, _what(words, below, code=name == "scope"), class_="grant")


def _what(words: str, below: str, *, code: bool = True) -> Html:
    under = tag("code" if code else "span", below, class_=None if code else "faint small") if below else ""
    return tag("span", tag("span", words), " ", under, class_="what")


def _notion(person: str) -> Html:
    """Notion has no scopes: one chooses pages, and the integration has capabilities."""
    pages = tag(
        "fieldset",
        tag("legend", "Choose pages"),
        _choice(
            "radio",
            "pages",
            "all",
            f"Everything in the workspace of {person}",
            "Pages, databases and rows",
            checked=True,
        ),
        _choice("radio", "pages", "none", "No page for now", "They can be shared later", checked=False),
    )
    capabilities = _fixed(
        "It will be able to", [("Read the pages that you choose", ()), ("See who is in the workspace", ())]
    )
    more = tag(
        "fieldset",
        tag("legend", "You may leave out"),
        _choice(
            "checkbox",
            "more",
            "yes",
            "Comments, and people's e-mail addresses",
            "Without them: names and pages alone",
            checked=True,
        ),
    )
    return joined((pages, capabilities, more))
