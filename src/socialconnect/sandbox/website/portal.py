"""Clerk's Account Portal: sign in, one's own page with the connected accounts, sign out.

As at Clerk nothing changes by looking at a page: the ticket in a link is used by a POST, which Clerk's page sends by
its script and this one by a line of script or by a press, so that whatever looks at links ahead of people uses up none.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from socialconnect.sandbox import frontend
from socialconnect.sandbox.answers import Answer, Call
from socialconnect.sandbox.refusals import Refused
from socialconnect.sandbox.selection import select
from socialconnect.sandbox.website import portal_pages as pages
from socialconnect.sandbox.website import told
from socialconnect.sandbox.website.forms import Browsers, Form, first, fresh, remembered
from socialconnect.sandbox.website.frame import forged, go, wrong_method
from socialconnect.sandbox.website.state import connected, title_of
from socialconnect.sandbox.website.targets import allowed
from socialconnect.sandbox.website.visits import Visit, Visits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socialconnect.sandbox.instance import Instance
    from socialconnect.sandbox.sessions import Client
    from socialconnect.sandbox.website.told import Told

HOST = frontend.PORTAL
HOME = f"https://{HOST}/user"
LISTED = 8
CODE = "424242"


class Portal:
    """Answers for the Account Portal's host."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._world = instance.world
        self._browsers = Browsers()
        self._visits = Visits()

    def __call__(self, call: Call) -> Answer:
        """The page, or what a form leads to."""
        if self._instance.faults.stands("portal_disabled"):
            return pages.disabled()
        if call.method in ("GET", "HEAD"):
            return self._get(call)
        if call.method != "POST":
            return wrong_method()
        fields = self._browsers.sent(call)
        return forged() if fields is None else self._post(call, fields)

    def _get(self, call: Call) -> Answer:
        browser = self._browsers.of(call) or fresh()
        form = self._browsers.form(call, browser)
        return self._browsers.known(call, self._page(call, form, browser), browser)

    def _page(self, call: Call, form: Form, browser: str) -> Answer:
        user, visit = self._user(browser), self._visits.of(browser)
        match call.path.strip("/"):
            case "" | "sign-up":
                return go(form.link("/user"))
            case "sign-in":
                return self._sign_in(call, form, user)
            case "sign-in/factor-two" if visit.waiting is not None:
                return pages.second_factor(form, CODE, wrong=visit.said[0] == "code")
            case "user" | "sign-in/factor-two":
                return self._own(call, form, user, visit)
            case "sign-out":
                return pages.sign_out(form, None if user is None else self._world.person(user))
            case "default-redirect":
                return pages.last(form, self._told(call, user, visit))
        return pages.nothing(form)

    def _post(self, call: Call, fields: Mapping[str, list[str]]) -> Answer:
        browser = self._browsers.of(call)
        user, visit = self._user(browser), self._visits.of(browser)
        match call.path.strip("/"):
            case "sign-in":
                return self._chosen(call, fields, browser)
            case "sign-in/factor-two" if visit.waiting is not None:
                if first(fields, "code").strip() == CODE:
                    return self._enter(call, visit.waiting, browser)
                self._visits.keep(browser, replace(visit, said=("code", "")))
                return go(call.link(HOST, f"/sign-in/factor-two?{call.query}"))
            case "sign-out":
                self._leave(browser, call.now)
                self._visits.keep(known := fresh(), Visit(said=("left", "")))
                return self._browsers.known(call, go(call.link(HOST, "/sign-out")), known)
            case "user/connect" if user is not None:
                return self._connect(call, user, first(fields, "provider"), None, browser)
            case "user/reconnect" | "user/remove" as path if user is not None:
                eac = first(fields, "account")
                provider = next((one.provider for one in self._world.accounts(user) if one.eac == eac), "")
                if path == "user/remove":
                    return self._remove(call, user, eac, provider, browser)
                return self._connect(call, user, provider, eac, browser)
        return go(call.link(HOST, "/user"))

    def _own(self, call: Call, form: Form, user: int | None, visit: Visit) -> Answer:
        """One's own page; who comes from a consent without being signed in here needs no more than a word."""
        if user is not None:
            return self._profile(call, form, user, visit)
        if remembered(call) and visit.said[0] != "left":
            return pages.last(form, self._told(call, None, visit))
        return go(form.link(f"/sign-in?{urlencode({'redirect_url': HOME})}"))

    def _sign_in(self, call: Call, form: Form, user: int | None) -> Answer:
        token = call.param("__clerk_ticket")
        if token:
            try:
                invited = self._instance.tickets.look(token, call.now).user
            except Refused as refusal:
                return pages.ticket_refused(form, *told.ticket(refusal.code))
            if user != invited:
                other = None if user is None else self._world.person(user)
                return pages.ticket(form, self._world.person(invited), other)
        if user is not None:
            return go(self._onward(call))
        asked = call.param("q").strip()
        found = select(self._world, Call(HOST, "GET", "", urlencode({"query": asked}))) if asked else range(LISTED)
        people = [self._world.person(index) for index in found[:LISTED] if index < self._world.users]
        count = len(found) if asked else self._world.users
        return pages.sign_in(form, people, asked, count, allowed(call.param("redirect_url"), call))

    def _chosen(self, call: Call, fields: Mapping[str, list[str]], browser: str) -> Answer:
        """Somebody is chosen, or comes with a ticket: a second factor may have to follow."""
        if token := call.param("__clerk_ticket"):
            try:
                user: int | None = self._instance.tickets.redeem(token, call.now).user
            except Refused as refusal:
                return pages.ticket_refused(self._browsers.form(call, browser), *told.ticket(refusal.code))
        else:
            user = self._world.find_user(first(fields, "user"))
        if user is None:
            return go(call.link(HOST, f"/sign-in?{call.query}"))
        if not self._instance.faults.strikes("second_factor"):
            return self._enter(call, user, browser)
        self._leave(browser, call.now)
        self._visits.keep(browser, Visit(waiting=user))
        kept = urlencode({"redirect_url": call.param("redirect_url")}) if call.param("redirect_url") else ""
        return go(call.link(HOST, f"/sign-in/factor-two?{kept}"))

    def _enter(self, call: Call, user: int, browser: str) -> Answer:
        """Signed in: the browser is known by a new cookie, so that nobody can have set it beforehand."""
        self._leave(browser, call.now)
        client = self._instance.sessions.open(call.now)
        self._instance.sessions.sign_in(client, user, call.now)
        return self._browsers.known(call, go(self._onward(call)), client.token)

    def _leave(self, browser: str, now: float) -> None:
        self._visits.forget(browser)
        client = self._client(browser)
        if client is not None and client.active is not None:
            self._instance.sessions.end(client, client.active.id, now)

    def _onward(self, call: Call) -> str:
        return allowed(call.param("redirect_url"), call) or call.link(HOST, "/user")

    def _profile(self, call: Call, form: Form, user: int, visit: Visit) -> Answer:
        accounts = [connected(one, self._instance.tokens, call.now) for one in self._world.accounts(user)]
        there = {one.account.provider for one in accounts}
        offers = [one for one in self._world.providers.values() if one.enabled and one.name not in there]
        return pages.profile(form, self._world.person(user), accounts, offers, self._told(call, user, visit))

    def _connect(self, call: Call, user: int, provider: str, eac: str | None, browser: str) -> Answer:
        try:
            consent = self._instance.consents.begin(user, provider, (), eac, HOME, now=call.now)
        except Refused as refusal:
            return self._say(call, browser, refusal.code, provider)
        self._visits.keep(browser, Visit(attempt=consent.state))
        return go(call.reach(consent.link))

    def _remove(self, call: Call, user: int, eac: str, provider: str, browser: str) -> Answer:
        try:
            self._instance.linked.disconnect(user, eac)
        except Refused as refusal:
            return self._say(call, browser, refusal.code, provider)
        return self._say(call, browser, "removed", provider)

    def _say(self, call: Call, browser: str, code: str, provider: str) -> Answer:
        self._visits.keep(browser, Visit(said=(code, provider)))
        return go(call.link(HOST, "/user"))

    def _told(self, call: Call, user: int | None, visit: Visit) -> Told | None:
        """What the last form did, or the last consent, which nobody else who signs in here is told of."""
        code, provider = visit.said
        if code:
            return told.said(code, title_of(self._world, provider))
        consent = self._instance.consents.find(visit.attempt or remembered(call))
        if consent is None or user not in (None, consent.user):
            return None
        return told.outcome(consent, title_of(self._world, consent.provider), call.now)

    def _client(self, browser: str) -> Client | None:
        client = self._instance.sessions.find(browser)
        return None if client is None or client.native else client  # a program's token opens no page

    def _user(self, browser: str) -> int | None:
        client = self._client(browser)
        return client.active.user if client is not None and client.active is not None else None
