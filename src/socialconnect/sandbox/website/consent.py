"""The providers' consent pages: `consent.sandbox.example/{provider}/authorize?state=…`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socialconnect.sandbox.consents import CLAIMED
from socialconnect.sandbox.refusals import Refused
from socialconnect.sandbox.website import consent_pages as pages
from socialconnect.sandbox.website.forms import Browsers, first, fresh, remember
from socialconnect.sandbox.website.frame import forged, go, unknown, wrong_method
from socialconnect.sandbox.website.state import connected, title_of
from socialconnect.sandbox.website.targets import allowed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socialconnect.sandbox.answers import Answer, Call
    from socialconnect.sandbox.consents import Consent
    from socialconnect.sandbox.instance import Instance

_UNKNOWN = "It may have been cut short on its way. Ask for a new one where you got it."
_GONE = "The account that it was for is not there any more. Ask for a new link."
_EXPIRED = "It was good for ten minutes. Nothing was connected; ask for a new one."


class ConsentPages:
    """Answers for the host of all providers' consent pages."""

    def __init__(self, instance: Instance) -> None:
        self._tokens = instance.tokens
        self._consents = instance.consents
        self._browsers = Browsers()

    def __call__(self, call: Call) -> Answer:
        """The page, or what the decision leads to."""
        provider, _, rest = call.path.strip("/").partition("/")
        if provider not in self._tokens.world.providers:
            return unknown()
        consent = self._consents.find(call.param("state"))
        if rest != "authorize" or consent is None or consent.provider != provider:
            return self._closed(404, provider, "This link is not known", _UNKNOWN)
        if call.method == "POST":
            return self._decided(call, consent)
        if call.method not in ("GET", "HEAD"):
            return wrong_method()
        return self._over(call, consent) or self._ask(call, consent)

    def _ask(self, call: Call, consent: Consent) -> Answer:
        world = self._tokens.world
        account = world.find_account(consent.eac)
        if account is None:
            return self._closed(410, consent.provider, "This link is over", _GONE)
        browser = self._browsers.of(call) or fresh()
        form = self._browsers.form(call, browser)
        name = world.person(consent.user).name
        found = pages.ask(form, consent, connected(account, self._tokens, call.now), name)
        return self._browsers.known(call, found, browser)

    def _decided(self, call: Call, consent: Consent) -> Answer:
        fields = self._browsers.sent(call)
        if fields is None:
            return forged()
        try:
            address = self._decide(call, consent, fields)
        except Refused:
            return self._over(call, consent) or self._closed(410, consent.provider, "This link is over", _GONE)
        return remember(call, go(allowed(address, call)), consent.state)

    def _decide(self, call: Call, consent: Consent, fields: Mapping[str, list[str]]) -> str:
        if first(fields, "decision") != "allow":
            return self._consents.decline(consent.state, now=call.now)
        if consent.provider == "notion":
            return self._consents.grant(consent.state, now=call.now, situation=_shared(fields))
        whole = consent.provider in pages.ALL_OR_NOTHING
        return self._consents.grant(consent.state, None if whole else fields.get("scope", []), now=call.now)

    def _over(self, call: Call, consent: Consent) -> Answer | None:
        """The page that says why nothing can be decided any more, None while it can."""
        provider, back = consent.provider, allowed(consent.redirect_url, call)
        title = title_of(self._tokens.world, provider)
        if consent.expired(call.now):
            return self._closed(410, provider, "This link has expired", _EXPIRED, back)
        match consent.outcome:
            case "granted":
                words = f"{title} was connected with this link. It works once."
                return self._closed(200, provider, "You have allowed this already", words, back)
            case "declined":
                words = "Nothing was connected. If you have changed your mind, ask for a new link."
                return self._closed(410, provider, "You have declined this", words, back)
            case "failed" if consent.error == CLAIMED:
                words = f"Sign in at {title} with another account, or have it removed from the other user first."
                name = f"This {title} account is already connected to another user"
                return self._closed(409, provider, name, words, back)
            case "failed":
                return self._closed(410, provider, "This did not work", "Ask for a new link.", back)
        return None

    def _closed(self, status: int, provider: str, title: str, words: str, back: str = "") -> Answer:
        return pages.over(status, provider, title_of(self._tokens.world, provider), title, words, back)


def _shared(fields: Mapping[str, list[str]]) -> str:
    """How a Notion account fares by what was chosen: as ever, without some capabilities, or without pages."""
    if first(fields, "pages") == "none":
        return "empty"
    return "" if fields.get("more") else "narrow"
