"""How the Account Portal's pages look: sign in, the profile with its connected accounts, sign out, the last page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from socialconnect.sandbox.website.frame import APPLICATION, badge, message, notice, page, unknown
from socialconnect.sandbox.website.scopes import said, short
from socialconnect.sandbox.website.tags import Html, avatar, icon, joined, mark, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from socialconnect.sandbox.answers import Answer
    from socialconnect.sandbox.website.forms import Form
    from socialconnect.sandbox.website.state import Connected
    from socialconnect.sandbox.website.told import Told
    from socialconnect.sandbox.world import Offered, Person


def sign_in(form: Form, people: Sequence[Person], asked: str, count: int, onward: str) -> Answer:
    """Sign in as anybody; `count` is how many there are to choose from, `onward` where they go then."""
    kept = tag("input", type="hidden", name="redirect_url", value=onward) if onward else None
    search = tag(
        "form",
        tag("label", "Search people", for_="q", class_="hidden"),
        tag(
            "input", type="search", id="q", name="q", value=asked, placeholder="Name, e-mail or id", autocomplete="off"
        ),
        kept,
        tag("button", "Search"),
        method="get",
        class_="search",
        role="search",
    )
    noun = "person" if count == 1 else "people"
    found = f"{len(people)} of {count:,} {noun}" if len(people) < count else f"{count:,} {noun}"
    listed = form("", tag("ul", *(tag("li", _choice(person)) for person in people), class_="people"))
    nobody = tag("p", "Nobody here is called ", tag("strong", asked), ".", class_="faint")
    card = tag(
        "section",
        _heading("Sign in", f"to go on to {APPLICATION}"),
        tag("p", "There are no passwords in the sandbox: choose who you are.", class_="faint small"),
        search,
        listed if people else nobody,
        tag("p", found, class_="faint small", role="status") if people else None,
        class_="card",
    )
    return page(200, "Sign in", card)


def ticket(form: Form, person: Person, other: Person | None) -> Answer:
    """Sign in by a ticket: at once where scripts run, by one press elsewhere or where somebody else is signed in."""
    warning = f"You are signed in as {other.name}. To continue signs you out." if other else ""
    card = tag(
        "section",
        avatar(person.name, "large"),
        tag("div", tag("h1", f"Signing in as {person.name}"), tag("p", person.email, class_="faint")),
        notice("warn", warning) if warning else None,
        form("", tag("button", f"Continue as {person.name}", class_="primary full", autofocus=True)),
        tag("p", "This link works once, and only for a short time.", class_="faint small"),
        class_="card centre",
    )
    return page(200, "Signing in", card, hurried=other is None)


def ticket_refused(form: Form, title: str, words: str) -> Answer:
    """A ticket that signs nobody in."""
    return message(
        400, "warn", title, tag("p", words, class_="faint"), _button("Sign in without it", form.link("/sign-in"))
    )


def disabled() -> Answer:
    """An instance without an Account Portal."""
    words = "The owner of this Clerk instance has switched its hosted pages off."
    return message(404, "warn", "There is no Account Portal here", tag("p", words, class_="faint"))


def nothing(form: Form) -> Answer:
    """A path where nothing is."""
    return unknown(_button("To your account", form.link("/user")))


def second_factor(form: Form, code: str, *, wrong: bool) -> Answer:
    """The code of a second factor."""
    field = tag(
        "input",
        type="text",
        id="code",
        name="code",
        inputmode="numeric",
        autocomplete="one-time-code",
        maxlength=6,
        required=True,
        autofocus=True,
        aria_describedby="hint",
    )
    fields = tag("div", tag("label", "Verification code", for_="code"), field, class_="stack tight")
    card = tag(
        "section",
        _heading("Two-step verification", f"to go on to {APPLICATION}"),
        notice("bad", "That is not the code.") if wrong else None,
        form("", tag("div", fields, tag("button", "Continue", class_="primary full"), class_="stack")),
        tag(
            "p", "The sandbox sends no messages: its code is ", tag("code", code), ".", id="hint", class_="faint small"
        ),
        class_="card",
    )
    return page(401 if wrong else 200, "Two-step verification", card)


def profile(
    form: Form, person: Person, accounts: Sequence[Connected], offers: Sequence[Offered], told: Told | None
) -> Answer:
    """The page of a user's own: who they are and what they connected."""
    top = tag(
        "header",
        tag(
            "div",
            avatar(person.name, "large"),
            tag("div", tag("h1", person.name), tag("p", person.email, class_="faint"), class_="grow"),
            form("/sign-out", tag("button", "Sign out", class_="quiet")),
            class_="row top",
        ),
    )
    since = datetime.fromtimestamp(person.created_at / 1000, UTC)
    facts = {
        "Name": " ".join(part for part in (person.first_name, person.last_name) if part) or "Not given",
        "User name": person.username or "Not given",
        "E-mail": person.email,
        "User id": tag("code", person.user_id),
        "Member since": tag("time", f"{since.day} {since:%B %Y}", datetime=f"{since:%Y-%m-%d}"),
    }
    listed = joined(part for name, value in facts.items() for part in (tag("dt", name), tag("dd", value)))
    return page(
        200,
        "Your account",
        tag(
            "div",
            top,
            notice(*told) if told else None,
            _section("connected", "Connected accounts", _connected(form, accounts), _offers(form, offers)),
            _section("profile", "Profile", tag("dl", listed, class_="facts")),
            class_="cards",
        ),
        width="wide",
    )


def sign_out(form: Form, person: Person | None) -> Answer:
    """Ask whether to sign out, since a mere visit changes nothing."""
    if person is None:
        return message(200, "good", "You are signed out", _button("Sign in", form.link("/sign-in")))
    card = tag(
        "section",
        avatar(person.name, "large"),
        tag("h1", "Sign out?"),
        tag("p", f"You are signed in as {person.name}.", class_="faint"),
        form("", tag("button", "Sign out", class_="primary full")),
        class_="card centre",
    )
    return page(200, "Sign out", card)


def last(form: Form, told: Told | None) -> Answer:
    """Where those end who are not led back anywhere, or to a page that is for the signed-in alone."""
    tone, words = told or ("good", "What you came for is done.")
    on = tag("a", "To your account", href=form.link("/sign-in"), class_="small")
    return message(200, tone, "You can close this tab", tag("p", words, class_="faint"), on)


def _button(words: str, address: str) -> Html:
    return tag("a", words, href=address, class_="button")


def _heading(title: str, below: str) -> Html:
    words = tag("div", tag("h1", title), tag("p", below, class_="faint"))
    return tag("header", mark("sandbox", APPLICATION, "house"), words, class_="row")


def _choice(person: Person) -> Html:
    words = tag(
        "span",
        tag("span", person.name, class_="name"),
        " ",
        tag("span", person.email, class_="faint small"),
        class_="grow",
    )
    return tag("button", avatar(person.name), words, name="user", value=person.user_id, class_="person")


def _section(name: str, title: str, *content: object) -> Html:
    heading = tag("h2", title, id=name)
    return tag("section", heading, *content, class_="card", aria_labelledby=name)


def _connected(form: Form, accounts: Sequence[Connected]) -> Html:
    if not accounts:
        return tag("p", "Nothing is connected yet.", class_="faint")
    return tag("ul", *(_account(form, one) for one in accounts))


def _account(form: Form, one: Connected) -> Html:
    tone, words = one.state
    head = tag(
        "div",
        mark(one.account.provider, one.title),
        tag("div", tag("h3", one.title), tag("p", one.name, class_="faint small"), class_="grow"),
        badge(tone, words),
        class_="head",
    )
    unfinished = tone == "warn"
    why = tag("p", one.why, class_="small") if one.why else None
    foot = tag("div", why if unfinished else _scopes(one), _actions(form, one), class_="foot")
    return tag("li", head, None if unfinished else why, foot, class_="account")


def _scopes(one: Connected) -> Html:
    if not one.scopes:
        return tag("p", one.capability or f"{one.title} names no scopes.", class_="faint small")
    count = f"{len(one.scopes)} {'scope' if len(one.scopes) == 1 else 'scopes'}"
    items = (tag("li", tag("code", short(scope), title=said(scope))) for scope in one.scopes)
    return tag("details", tag("summary", count), tag("ul", *items, class_="scopes"), class_="fold")


def _actions(form: Form, one: Connected) -> Html:
    name = f"{one.title}, {one.name}"
    unsaid = tag("span", f": {name}", class_="hidden")
    again = form(
        "/user/reconnect",
        tag(
            "button",
            "Try again" if one.state[0] == "warn" else "Reconnect",
            unsaid,
            name="account",
            value=one.account.eac,
            class_="quiet primary",
        ),
    )
    really = form(
        "/user/remove",
        tag("button", "Remove it", unsaid, name="account", value=one.account.eac, class_="quiet danger"),
    )
    remove = tag(
        "details",
        tag("summary", "Remove", unsaid, class_="button quiet"),
        tag("div", tag("p", f"{APPLICATION} will no longer read from it.", class_="small"), really, class_="row"),
        class_="sure",
    )
    return tag("div", again if one.again else None, remove, class_="actions")


def _offers(form: Form, offers: Sequence[Offered]) -> Html | None:
    if not offers:
        return None
    items = (tag("li", _offer(one)) for one in offers)
    heading = tag("h3", "Connect account")
    return tag(
        "div",
        tag("div", class_="rule"),
        heading,
        form("/user/connect", tag("ul", *items, class_="offers")),
        class_="stack",
    )


def _offer(offered: Offered) -> Html:
    title = offered.title or offered.name.title()
    words = tag("span", title, class_="grow")
    hidden = tag("span", "Connect ", class_="hidden")
    return tag(
        "button", mark(offered.name, title, "little"), hidden, words, icon("plus"), name="provider", value=offered.name
    )
