"""Which service answers for which host, and what goes wrong on the way."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from socialconnect.sandbox import clerk, consents, frontend, github, google, notion
from socialconnect.sandbox.answers import Answer, Call, Provider, Service, answer
from socialconnect.sandbox.faults import FOREIGN
from socialconnect.sandbox.refusals import Refused, failure
from socialconnect.sandbox.website import ConsentPages, Portal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from socialconnect.sandbox.faults import Fault
    from socialconnect.sandbox.generic import Generic
    from socialconnect.sandbox.instance import Instance

SLOW = 2.0
WAIT = 3.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a call: its answer, after `delay` seconds, or (`dropped`) none."""

    answer: Answer
    delay: float = 0.0
    dropped: bool = False


class Hosts:
    """All hosts of the sandbox."""

    def __init__(self, instance: Instance, generics: Sequence[Generic], *, limits: bool) -> None:
        tokens = instance.tokens
        self._faults = tokens.faults
        self._hand: dict[str, tuple[str, Provider]] = {
            github.HOST: ("github", github.GitHub(tokens, limits=limits)),
            notion.HOST: ("notion", notion.Notion(tokens, limits=limits)),
            **{host: ("google", google.Google(tokens)) for host in google.HOSTS},
        }
        self._clerk: Mapping[str, Service] = {
            clerk.HOST: clerk.Clerk(instance, limits=limits),
            frontend.HOST: frontend.Frontend(instance, limits=limits),
        }
        self._pages: Mapping[str, Service] = {frontend.PORTAL: Portal(instance), consents.HOST: ConsentPages(instance)}
        self._lock = threading.Lock()
        self._generic: dict[str, list[Generic]] = {}
        for generic in generics:
            for host in generic.hosts:
                self._generic.setdefault(host, []).append(generic)

    @property
    def names(self) -> tuple[str, ...]:
        """Every host that is served."""
        return tuple(dict.fromkeys((*self._clerk, *self._pages, *self._hand, *self._generic)))

    def handle(self, call: Call) -> Outcome:
        """What becomes of one call: one at a time, since a browser's and the client's come on threads of their own."""
        with self._lock:
            return Outcome(self._pages[call.host](call)) if call.host in self._pages else self._handled(call)

    def _handled(self, call: Call) -> Outcome:
        provider = self._provider(call)
        struck = self._faults.on_request(provider)
        call = replace(call, faults=frozenset(struck))
        instead = self._instead(call, provider, struck)
        found = instead if instead is not None else self._service(call)(call)
        if "malformed" in struck:
            found = Answer(found.status, found.body[: len(found.body) // 2] or b"{", found.headers)
        delay = (struck["slow"].seconds or SLOW) if "slow" in struck else 0.0
        return Outcome(found, delay, dropped="dropped" in struck)

    def _provider(self, call: Call) -> str:
        if call.host in self._clerk:
            return "clerk"
        if call.host in self._hand:
            return self._hand[call.host][0]
        return next((generic.name for generic in self._generic.get(call.host, ()) if generic.knows(call)), "")

    def _service(self, call: Call) -> Service:
        if call.host in self._clerk:
            return self._clerk[call.host]
        hand = self._hand.get(call.host)
        if hand is not None and hand[1].knows(call):
            return hand[1]
        generic = next((one for one in self._generic.get(call.host, ()) if one.knows(call)), None)
        if generic is not None:
            return generic
        return hand[1] if hand is not None else _nothing

    def _instead(self, call: Call, provider: str, struck: Mapping[str, Fault]) -> Answer | None:
        """The answer that a fault puts in the place of the service's own."""
        if "foreign_redirect" in struck:
            return Answer(302, b"", {"location": f"{FOREIGN}{call.path}"})
        if "echo_token" in struck:
            text = f"The header 'Authorization: {call.headers.get('authorization', '')}' was not understood."
            return answer(
                400, {"message": text, "errors": [{"code": "bad_request", "message": text, "long_message": text}]}
            )
        if "html_error" in struck:
            page = f"<!DOCTYPE html><title>502</title><h1>Bad gateway</h1><p>{call.host}</p>"
            return Answer(
                502, page.encode(), {"content-type": "text/html; charset=utf-8", "cf-ray": "0a1b2c3d4e5f-AMS"}
            )
        if "server_error" in struck:
            return self._server_error(call, provider)
        if "throttled" in struck:
            return self._throttled(call, provider, struck["throttled"].seconds or WAIT)
        return self._throttled(call, provider, None) if "throttled_silently" in struck else None

    def _server_error(self, call: Call, provider: str) -> Answer:
        match provider:
            case "clerk":
                return failure(Refused(500, "internal_clerk_error", "Oops, an unexpected error occurred."))
            case "github":
                return github.failure(503, "No server is currently available to service your request.")
            case "notion":
                return notion.failure(
                    call, 503, "service_unavailable", "Notion is unavailable, please try again later."
                )
            case "google":
                return google.failure(503, "backendError", "The service is currently unavailable.")
        return self._of(call, provider).unavailable()

    def _throttled(self, call: Call, provider: str, wait: float | None) -> Answer:
        match provider:
            case "clerk":
                return clerk.throttled(wait)
            case "github":
                return github.throttled(wait, call.now)
            case "notion":
                return notion.throttled(call, wait)
            case "google":
                return google.throttled(wait)
        return self._of(call, provider).throttled(wait, call.now)

    def _of(self, call: Call, provider: str) -> Generic:
        return next(generic for generic in self._generic[call.host] if generic.name == provider)


def _nothing(call: Call) -> Answer:
    return answer(404, {"message": f"The sandbox has nothing at {call.host}{call.path}."})
