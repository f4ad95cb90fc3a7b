"""A played person with a browser: for tests, and for notebooks and demonstrations where nobody can click.

    visitor = client.sandbox.visitor()
    page = visitor.open("https://accounts.sandbox.example/user")        # any link: ticket, portal, consent
    page.title, page.buttons                                            # ('Sign in', ('Search', 'Ada Lovelace …', …))
    page = visitor.sign_in("user_2abc").press("Connect Notion").press("Allow")
    visitor.consent(attempt.link)                                       # all of it, from any link to connect
    visitor.consent(attempt.link, ["repo"])                             # these scopes alone; False declines

It keeps cookies and follows redirects, in process: no socket is opened and no time passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlencode, urljoin, urlsplit

from socialconnect.errors import UsageError
from socialconnect.sandbox import consents, frontend
from socialconnect.sandbox.answers import Answer, Call
from socialconnect.sandbox.record import Served
from socialconnect.sandbox.website.portal import CODE, HOME
from socialconnect.sandbox.website.reading import Sheet
from socialconnect.sandbox.website.scopes import short
from socialconnect.sandbox.website.state import title_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from socialconnect.sandbox.hosts import Hosts
    from socialconnect.sandbox.record import Clock, Record
    from socialconnect.sandbox.website.reading import Button, Written
    from socialconnect.sandbox.world import World

_FORM = "application/x-www-form-urlencoded"
_LOOPBACK = {"127.0.0.1", "localhost"}
_FOLLOWED = 20
_STEPS = 10


class Revealing(Protocol):
    """A link that is shown on request alone, as `client.connect` gives it."""

    def reveal(self) -> str:
        """The address."""


@dataclass(frozen=True, repr=False)
class Page:
    """A page as its visitor reads it. One that is not the sandbox's is not opened: its `status` is 0."""

    visitor: Visitor
    url: str
    """Its address, which may hold a ticket or a state."""
    status: int
    _sheet: Sheet

    def __repr__(self) -> str:
        return f"Page({self.title!r}, {self.status})"

    @property
    def title(self) -> str:
        """What the browser's tab says, without the sandbox's name."""
        return self._sheet.title.partition(" · ")[0]

    @property
    def text(self) -> str:
        """What there is to read, a line for each part."""
        return self._sheet.text

    @property
    def buttons(self) -> tuple[str, ...]:
        """The buttons' labels, as they are read out."""
        return tuple(button.label for button in self._sheet.buttons)

    @property
    def links(self) -> tuple[str, ...]:
        """The words of the links."""
        return tuple(self._sheet.links)

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes that can be granted or left out here."""
        return tuple(one.value for one in self._sheet.fields if one.name == "scope")

    def press(self, label: str, *, scopes: Iterable[str] | None = None, **fields: str | bool) -> Page:
        """The page after pressing a button.

        Parameters: `label`, its label, how that begins, or its value; `scopes`, those to tick of the page's `scopes`
        (all as they stand by default); `fields`, what to write, choose or tick, by name: `code="424242"`,
        `pages="none"`, `more=False`. Raises a UsageError where there is no such button, field or scope.
        """
        button = self._button(label)
        sent = [(name, value) for name, value in self._filled(button.form, scopes, fields) if name]
        if button.name:
            sent.append((button.name, button.value))
        action = self.url if button.form.action is None else urljoin(self.url, button.form.action)
        if button.form.method == "post":
            return self.visitor.send("POST", action, urlencode(sent))
        return self.visitor.send("GET", f"{action.partition('?')[0]}?{urlencode(sent)}")

    def follow(self, words: str) -> Page:
        """The page behind a link; a UsageError where there is none of these words."""
        if words not in self._sheet.links:
            raise UsageError(f"{self.title!r} has no link {words!r}.", cure=f"It has: {_listed(self.links)}.")
        return self.visitor.open(urljoin(self.url, self._sheet.links[words]))

    def _button(self, label: str) -> Button:
        buttons = self._sheet.buttons
        for found in (
            [one for one in buttons if one.label == label],
            [one for one in buttons if label and one.value == label],
            [one for one in buttons if label and one.label.startswith(label)],
        ):
            if len(found) == 1:
                return found[0]
        raise UsageError(f"{self.title!r} has no one button {label!r}.", cure=f"It has: {_listed(self.buttons)}.")

    def _filled(
        self, form: Written, scopes: Iterable[str] | None, given: dict[str, str | bool]
    ) -> Sequence[tuple[str, str]]:
        chosen = None if scopes is None else {*scopes}
        for scope in sorted(chosen or ()):
            if scope not in self.scopes and short(scope) not in self.text:
                raise UsageError(f"{self.title!r} does not ask for {scope!r}.", cure=f"It has: {_listed(self.scopes)}.")
        if unknown := {*given} - {one.name for one in form.fields}:
            raise UsageError(f"{self.title!r} has no field {min(unknown)!r}.", cure="Leave it out.")
        sent: list[tuple[str, str]] = []
        for one in form.fields:
            wish = given.get(one.name)
            if one.kind in ("checkbox", "radio"):
                on = one.on if wish is None else wish in (True, one.value)
                if one.name == "scope" and chosen is not None:
                    on = one.value in chosen
                sent += [(one.name, one.value)] if on else []
            else:
                sent.append((one.name, one.value if wish is None else str(wish)))
        return sent


class Visitor:
    """A person with a browser of their own; `Sandbox.visitor` makes one."""

    def __init__(self, world: World, hosts: Hosts, record: Record, clock: Clock) -> None:
        self._world = world
        self._hosts = hosts
        self._record = record
        self._clock = clock
        self._cookies: dict[str, dict[str, str]] = {}

    def __repr__(self) -> str:
        return "Visitor()"

    def open(self, link: str | Revealing) -> Page:
        """The page that a link leads to, as the sandbox names it or as `Sandbox.browse` does."""
        return self.send("GET", link if isinstance(link, str) else link.reveal())

    def sign_in(self, user: str, link: str | Revealing = HOME) -> Page:
        """The page after signing in as a user, by id; it leads to one's own page, or where `link` leads.

        Raises a UsageError where the user cannot be chosen: there is none of that id, or somebody is signed in.
        """
        page = self.open(link)
        if "Search" in page.buttons:
            page = page.press("Search", q=user).press(user)
        if _path(page) == "/sign-in/factor-two":
            page = page.press("Continue", code=CODE)
        if page.url == HOME and user not in page.text:
            raise UsageError("Somebody else is signed in.", cure="Sign out first, or use another visitor.")
        return page

    def consent(
        self,
        link: str | Revealing,
        grant: bool | Iterable[str] = True,  # noqa: FBT001, FBT002 - yes, no or which: one answer
        *,
        user: str = "",
        provider: str = "",
    ) -> Page:
        """Follow a link to connect an account to its end: sign in, choose the provider, allow or decline.

        Parameters: `link`, to the Account Portal, with a ticket or without, or to a consent page; `grant`, True for all
        that is asked, False to decline, or the scopes to grant beyond those that are always asked for; `user`, who
        signs in, by id, where the link does not say; `provider`, whom to connect, where the link does not say.
        Returns the last page. Raises a UsageError where the way does not go on as the link, `user` and `provider` say.
        """
        page = self.open(link)
        for _ in range(_STEPS):
            host, path = urlsplit(page.url).netloc, _path(page)
            if host == consents.HOST and "Allow" in page.buttons:
                return _answered(page, grant)
            if host != frontend.PORTAL or page.status >= 400:
                return page
            if path == "/sign-in" and "Search" not in page.buttons:
                page = page.press("Continue as")
            elif path == "/sign-in/factor-two":
                page = page.press("Continue", code=CODE)
            elif path == "/sign-in":
                page = page.press("Search", q=_named(user, "user", page)).press(user)
            elif path == "/user" and page.buttons:
                page = self._chosen(page, _named(provider, "provider", page))
            else:
                return page
        return page

    def send(self, method: str, url: str, body: str = "") -> Page:
        """The page that comes of a request, after all redirects."""
        for _ in range(_FOLLOWED):
            url = self._own(url)
            parts = urlsplit(url)
            if parts.scheme != "https" or parts.netloc not in self._hosts.names:
                return Page(self, url, 0, Sheet(""))
            found = self._ask(method, parts.netloc, parts.path or "/", parts.query, body)
            if found.status not in (301, 302, 303, 307, 308):
                return Page(self, url, found.status, Sheet(found.body.decode("utf-8", "replace")))
            method, url, body = "GET", urljoin(url, found.headers.get("location", "")), ""
        raise UsageError("The page sends its visitor round in circles.", cure="Look at the sandbox's requests.")

    def _ask(self, method: str, host: str, path: str, query: str, body: str) -> Answer:
        headers = {"host": host, "accept": "text/html", "user-agent": "sandbox-visitor"}
        if body:
            headers["content-type"] = _FORM
        if cookies := {
            name: value for at, kept in self._cookies.items() if _within(host, at) for name, value in kept.items()
        }:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        now = self._clock.now()
        outcome = self._hosts.handle(Call(host, method, path, query, headers, body.encode(), now))
        found = Answer(0, b"The connection broke off.") if outcome.dropped else outcome.answer
        self._record.add(Served(host, method, path, found.status, query, now))
        self._keep(host, found.headers.get("set-cookie", ""))
        return found

    def _keep(self, host: str, told: str) -> None:
        for name, morsel in SimpleCookie(told).items():
            self._cookies.setdefault(morsel["domain"] or host, {})[name] = morsel.value

    def _own(self, url: str) -> str:
        """An address that leads through a server on this machine as the sandbox itself would write it."""
        parts = urlsplit(url)
        host, _, rest = parts.path.lstrip("/").partition("/")
        if parts.hostname in _LOOPBACK and host in self._hosts.names:
            return parts._replace(scheme="https", netloc=host, path=f"/{rest}").geturl()
        return url

    def _chosen(self, page: Page, provider: str) -> Page:
        """The page after pressing what connects a provider, or an account of it that needs it."""
        title = title_of(self._world, provider)
        for label in (f"Connect {title}", f"Try again: {title}, ", f"Reconnect: {title}, "):
            if any(one.startswith(label) for one in page.buttons):
                return page.press(label)
        raise UsageError(f"{page.title!r} does not offer to connect {title}.", cure=f"It has: {_listed(page.buttons)}.")


def _answered(page: Page, grant: bool | Iterable[str]) -> Page:  # noqa: FBT001 - as in `consent`
    if grant is False:
        return page.press("Decline")
    return page.press("Allow", scopes=None if grant is True else grant)


def _named(given: str, what: str, page: Page) -> str:
    if not given:
        raise UsageError(f"{page.title!r} leaves the choice to the visitor.", cure=f"Say which: {what}=….")
    return given


def _path(page: Page) -> str:
    return urlsplit(page.url).path


def _within(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "nothing"
