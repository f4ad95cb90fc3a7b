"""An answer that one of a connector's own error rules will recognise: what its provider would have said."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from socialconnect.reading.paths import look
from socialconnect.sandbox.answers import Answer, answer
from socialconnect.sandbox.declared import plant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from socialconnect.reading.decide import ErrorRule, Kind, Manners

_USUAL = {"token": 401, "scope": 403, "throttled": 429, "unavailable": 503, "not_found": 404, "refused": 400}
_WORDS = {
    "token": "The access token is not valid.",
    "scope": "The access token lacks a scope that this needs.",
    "throttled": "Too many requests.",
    "unavailable": "The service is unavailable.",
    "not_found": "There is nothing here.",
    "refused": "The request is not valid.",
}
_LITERAL = re.compile(r"[\w ,.;:'-]+")


def compose(
    manners: Manners,
    kind: Kind,
    *,
    scopes: tuple[Sequence[str], Sequence[str]] = ((), ()),
    wait: float | None = None,
    now: float = 0.0,
) -> Answer:
    """An error of this kind in the provider's own manner, or in HTTP's where the connector has no rule for it.

    `scopes` are those required and those granted; `wait` is the delay that the answer names, wherever the rule
    looks for one; None names none.
    """
    rule = next((rule for rule in manners.rules if rule.kind == kind and not rule.give_up and _literal(rule)), None)
    status = rule.status[0] if rule is not None and rule.status else _USUAL[kind]
    body: dict[str, object] = {}
    plant(body, manners.message.split("|")[0], _literal(rule) if rule is not None and rule.text else _WORDS[kind])
    headers: dict[str, str] = {}
    if kind == "token":
        headers["www-authenticate"] = 'Bearer error="invalid_token"'
    if rule is not None:
        _show(rule, body, headers)
        _name(rule.required, scopes[0], body, headers)
        _name(rule.granted, scopes[1], body, headers)
    elif kind == "scope":
        headers["www-authenticate"] = f'Bearer error="insufficient_scope", scope="{" ".join(scopes[0])}"'
    if wait is not None:
        _delay(rule, wait, now, body, headers)
    return answer(status, body, headers)


def _literal(rule: ErrorRule) -> str:
    """The text by which a rule is known, where a text can be made out of its pattern; a word where it needs none."""
    found = rule.text.split("|")[0]
    return found if _LITERAL.fullmatch(found) else ("" if rule.text else "error")


def _show(rule: ErrorRule, body: dict[str, object], headers: dict[str, str]) -> None:
    if rule.header:
        name, _, value = rule.header.partition("=")
        headers[name] = value or "1"
    if rule.at and (rule.values or look(body, rule.at) is None):
        plant(body, rule.at.split("|")[0], _spoken(rule.values[0] if rule.values else "error"))


def _spoken(value: str) -> object:
    """A value of a rule as JSON has it: `True` is no text there."""
    return {"True": True, "False": False}.get(value, value)


def _name(source: str, scopes: Sequence[str], body: dict[str, object], headers: dict[str, str]) -> None:
    form, _, name = source.partition(":")
    if form == "header":
        headers[name] = ", ".join(scopes)
    elif form == "challenge":
        headers["www-authenticate"] = f'Bearer error="insufficient_scope", scope="{" ".join(scopes)}"'
    elif form == "body":
        plant(body, name, " ".join(scopes))


def _delay(rule: ErrorRule | None, wait: float, now: float, body: dict[str, object], headers: dict[str, str]) -> None:
    source = next((text for text in rule.wait if not text.isdecimal()), "retry-after") if rule else "retry-after"
    form, _, name = source.partition(":")
    if form == "epoch":
        headers[name] = str(int(now + wait))
    elif form == "epoch_ms":
        headers[name] = str(int((now + wait) * 1000))
    elif form == "iso":
        headers[name] = datetime.fromtimestamp(now + wait, UTC).isoformat()
    elif form in ("seconds", "ms"):
        headers[name] = str(wait * (1000 if form == "ms" else 1))
    elif form == "item":
        header, _, key = name.partition(";")
        headers[header] = f'"api";r=0;{key}={wait:g}'
    elif form == "json":
        header, key, unit = name.split(":")
        headers[header] = msgspec.json.encode({"1": [{key: wait / float(unit)}]}).decode()
    elif form == "body":
        plant(body, name, wait)
    else:
        headers["retry-after"] = str(int(wait))
