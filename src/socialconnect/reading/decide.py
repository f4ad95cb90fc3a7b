"""What a response means: a value that says go on, wait, get the token again, follow, or fail.

Pure: the clock and the dice are arguments, so nothing here waits. `ErrorRule` is how a connector says what its
provider's answers mean; what no rule speaks of follows HTTP's own meaning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from socialconnect.reading.paths import Json, look
from socialconnect.reading.waits import delay_of, moment
from socialconnect.secret import scrub

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from socialconnect.reading.messages import Response

Kind = Literal[
    "throttled",  # too many requests: wait
    "unavailable",  # failed for now: try again
    "token",  # the token is not accepted: fetch it again, once
    "scope",  # the token lacks a permission
    "denied",  # refused, whatever the scopes
    "setup",  # the app behind the token must be configured
    "not_found",
    "refused",  # the request itself is wrong
    "empty",  # an error status that means "no rows"
    "partial",  # a success that left something out
]


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """What one kind of answer means at one provider. Everything given must hold; the first rule that does wins.

    `status` any of them, 200 too; `header` a name that must be present, or `name=value`; `lacks` a header that must be
    absent; `at` the paths of the body where one of `values` must stand, or anything `but` those, or with neither
    anything at all; `without` a path of the body where nothing may stand; `text` a pattern anywhere in the body.
    A rule for a status from 200 to 299 sees the body only by `at`, `without` and `text`.
    `wait` names where the delay stands, first found first: a form of `reading/waits.py`, such as `retry-after`,
    `epoch:NAME` for a header or `body:PATH`, or a plain `60` for a first delay that doubles. `give_up` says that
    waiting is useless, `most` that longer waits than so many seconds are, `tries` that more tries than so many are.
    `required` names where the missing scopes stand: `header:NAME`, `challenge` (the `scope=` of
    WWW-Authenticate), `body:PATH`, or `=words` for a fixed text; `granted` likewise. `disjoint` makes the rule hold
    only if none of the granted ones (widened by the connector's `implies`) is among the required ones.
    `quoted` is a pattern whose group, found in the value of `header`, ends the cure: an address to open, or names.
    """

    kind: Kind
    status: tuple[int, ...] = ()
    header: str = ""
    lacks: str = ""
    at: str = ""
    values: tuple[str, ...] = ()
    but: tuple[str, ...] = ()
    without: str = ""
    text: str = ""
    wait: tuple[str, ...] = ()
    give_up: bool = False
    most: float = 0.0
    tries: int = 0
    required: str = ""
    granted: str = ""
    disjoint: bool = False
    cure: str = ""
    quoted: str = ""


@dataclass(frozen=True, slots=True)
class Manners:
    """All that one provider's answers need to be understood."""

    rules: tuple[ErrorRule, ...] = ()
    message: str = "message|error.message|error_description|error|errors[0].message"
    codes: str = ""
    """Where the body holds codes that tell errors of one status apart."""
    trace: str = ""
    """Where the provider's own id of the request stands: header names or `body:PATH`, first found, apart by `|`."""
    implies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Scopes that each scope contains."""
    remaining: str = ""
    """The header that says how many requests are left,"""
    reset: str = ""
    """and the one that says at which epoch second there will be more."""
    granted: str = ""
    """The header of every answer that lists the token's scopes."""

    def widen(self, scopes: Sequence[str]) -> frozenset[str]:
        """`scopes` with all that they contain.

        >>> sorted(Manners(implies={"repo": ("public_repo",)}).widen(["repo"]))
        ['public_repo', 'repo']
        """
        found: set[str] = set()
        waiting = list(scopes)
        while waiting:
            scope = waiting.pop()
            if scope not in found:
                found.add(scope)
                waiting.extend(self.implies.get(scope, ()))
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class GoOn:
    """The response holds what was asked for; `empty` when its status means that there is nothing.

    `cut` says what the provider left out, where it says so.
    """

    empty: bool = False
    cut: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """Send it again after `after` seconds; `throttled` closes the gate for all who share the budget."""

    after: float
    why: str
    throttled: bool = False


@dataclass(frozen=True, slots=True)
class Refetch:
    """Ask Clerk for the token again, then send it again."""

    why: str


@dataclass(frozen=True, slots=True)
class Follow:
    """The same thing stands at another address."""

    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Fail:
    """It will not get better by repeating."""

    kind: Kind
    why: str
    cure: str = ""
    required: tuple[str, ...] = ()
    granted: tuple[str, ...] = ()
    retry_after: float | None = None
    codes: tuple[str, ...] = ()


Decision = GoOn | Retry | Refetch | Follow | Fail

_TOO_MANY = 429
_DEFAULT_RULES = (
    ErrorRule("token", status=(401,)),
    ErrorRule("throttled", status=(_TOO_MANY,), wait=("retry-after", "1")),
    ErrorRule(
        "unavailable", status=(408, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529), wait=("retry-after",)
    ),
    ErrorRule("denied", status=(402, 403, 451)),
    ErrorRule("not_found", status=(404, 410)),
)
_REDIRECTS = (301, 302, 303, 307, 308)


def decide(
    response: Response,
    *,
    attempt: int,
    attempts: int,
    manners: Manners,
    now: float,
    dice: Callable[[], float],
    fresh_token: bool = False,
    scopes: Sequence[str] | None = None,
) -> Decision:
    """What to do about `response`, the answer to try number `attempt` of at most `attempts`.

    `now` is the epoch second, `dice` gives jitter in [0, 1), `fresh_token` says that the token was fetched again
    for this try, `scopes` are those that Clerk knows of.
    """
    success = 200 <= response.status < 300
    looked = any(response.status in rule.status and (rule.at or rule.without) for rule in manners.rules)
    body = None if success and not looked else response.json()
    rule = _matching(response, body, manners, scopes)
    if rule is None:
        if success or response.status == 304:
            cut = "The provider says that nothing is new (304), and sent no rows." if response.status == 304 else ""
            return GoOn(empty=response.status in (204, 205, 304), cut=cut)
        if response.status in _REDIRECTS and "location" in response.headers:
            return Follow(response.headers["location"])
        rule = ErrorRule("refused")
    why = _explain(response, body, manners)
    codes = tuple(_values(body, manners.codes)) if manners.codes else ()
    if rule.kind == "empty":
        return GoOn(empty=True)
    cure = _cure(rule, response)
    if rule.kind == "partial":  # without `at` the body is rows, and none of them is quoted
        return GoOn(cut=cure or (why if rule.at else "The provider says that it left something out."))
    if rule.kind == "token" and not fresh_token:
        return Refetch(why)
    if rule.kind in ("throttled", "unavailable"):
        after = _delay(rule, response, body, attempt=attempt, now=now, dice=dice)
        if rule.give_up or 0 < rule.most < after or attempt >= min(rule.tries or attempts, attempts):
            return Fail(rule.kind, why, cure, retry_after=after, codes=codes)
        return Retry(after, why, throttled=rule.kind == "throttled")
    return Fail(
        rule.kind,
        why,
        cure,
        required=_words(rule.required, response, body),
        granted=_granted(rule, response, body, scopes),
        codes=codes,
    )


def backoff(attempt: int, dice: Callable[[], float], *, first: float = 0.5, most: float = 64.0) -> float:
    """Seconds before the next try: doubling, spread by half, never over `most`."""
    return float(min(first * 2 ** min(attempt - 1, 32), most) * (0.5 + dice() / 2))


def budget_left(response: Response, manners: Manners) -> tuple[int, float] | None:
    """(requests left, epoch second of the reset), where the provider's headers say so."""
    remaining, reset = response.headers.get(manners.remaining, ""), response.headers.get(manners.reset, "")
    until = moment(reset)
    return (int(remaining), until) if remaining.isdecimal() and until is not None else None


def granted(response: Response, manners: Manners) -> tuple[str, ...] | None:
    """The scopes that the answer says the token has; None where it says nothing."""
    known = bool(manners.granted) and manners.granted in response.headers
    return _words(f"header:{manners.granted}", response, None) if known else None


def trace_id(response: Response, manners: Manners) -> str:
    """The provider's own id of the request, or nothing."""
    for source in manners.trace.split("|"):
        form, _, path = source.partition(":")
        found = look(response.json(), path) if form == "body" else response.headers.get(source)
        if isinstance(found, str) and found:
            return found
    return ""


def _matching(response: Response, body: Json, manners: Manners, scopes: Sequence[str] | None) -> ErrorRule | None:
    for rule in (*manners.rules, *_DEFAULT_RULES):
        if _holds(rule, response, body):
            if rule.disjoint:
                required = set(_words(rule.required, response, body))
                granted = manners.widen(_granted(rule, response, body, scopes))
                if not required or required & granted:
                    continue
            return rule
    return None


def _holds(rule: ErrorRule, response: Response, body: Json) -> bool:
    if rule.status and response.status not in rule.status:
        return False
    name, _, value = rule.header.partition("=")
    if rule.header and name not in response.headers:
        return False
    # a whole word: `remaining=0` must not hold for 4990, and `text/html` must for `text/html; charset=utf-8`
    if value and not re.search(rf"(?<!\w){re.escape(value)}(?!\w)", response.headers[name]):
        return False
    if rule.lacks and rule.lacks in response.headers:
        return False
    if rule.at:
        found = set(_values(body, rule.at))
        if not (found & set(rule.values) if rule.values else found - set(rule.but)):
            return False
    if rule.without and look(body, rule.without) is not None:
        return False
    return not rule.text or re.search(rule.text, response.text(), re.IGNORECASE) is not None


def _values(body: Json, path: str) -> list[str]:
    """What stands at any of the alternatives of `path`."""
    found: list[str] = []
    for part in path.split("|"):
        value = look(body, part)
        found.extend(str(item) for item in _flat(value) if item is not None)
    return found


def _flat(value: object) -> list[object]:
    """The elements of a list, those of lists in it too; of anything else the thing itself."""
    return [inner for one in value for inner in _flat(one)] if isinstance(value, list) else [value]


def _delay(
    rule: ErrorRule, response: Response, body: Json, *, attempt: int, now: float, dice: Callable[[], float]
) -> float:
    for source in rule.wait:
        found = delay_of(source, response, body, now)
        if found is not None:
            return found + dice() * min(1.0, found * 0.1)
        if source.isdecimal():
            # at least so long: GitHub counts calls during its minute against whoever makes them
            return float(min(float(source) * 2 ** (attempt - 1), 900.0) * (1 + dice() / 4))
    return backoff(attempt, dice)


_CHALLENGED = re.compile(r'scope="?([^",]*)"?', re.IGNORECASE)


def _words(source: str, response: Response, body: Json) -> tuple[str, ...]:
    form, _, name = source.partition(":")
    if source.startswith("="):
        return (source[1:],)
    if form == "header":
        text = response.headers.get(name, "")
    elif form == "challenge":
        match = _CHALLENGED.search(response.headers.get("www-authenticate", ""))
        text = match.group(1) if match else ""
    elif form == "body":
        text = " ".join(_values(body, name))
    else:
        return ()
    return tuple(word for word in re.split(r"[,\s]+", text) if word)


def _granted(rule: ErrorRule, response: Response, body: Json, scopes: Sequence[str] | None) -> tuple[str, ...]:
    """What the provider says was granted, even where that is nothing; else what Clerk knows of."""
    form, _, name = rule.granted.partition(":")
    told = form == "header" and name in response.headers
    return _words(rule.granted, response, body) or (() if told else tuple(scopes or ()))


_QUOTED = 300  # characters of a header in a cure


def _cure(rule: ErrorRule, response: Response) -> str:
    """The rule's cure, with what it quotes of its header."""
    name = rule.header.partition("=")[0]
    match = re.search(rule.quoted, response.headers.get(name, ""), re.ASCII) if rule.quoted else None
    if match is None:
        return rule.cure
    said = scrub(match[1]).strip()  # before it is cut: half a token could not be found
    return f"{rule.cure.rstrip('.')}: {said if len(said) <= _QUOTED else f'{said[:_QUOTED]}…'}"


def _explain(response: Response, body: Json, manners: Manners) -> str:
    """The status and the provider's own words, scrubbed before they are cut: half a token could not be found."""
    said = look(body, manners.message)
    if isinstance(said, str) and said:
        return f"{response.status}: {scrub(said)[:300]}"
    if body is None and response.body:
        plain = " ".join(re.sub(r"<(style|script)[\s\S]*?</\1>|<[^>]*>", " ", response.text()).split())
        return f"{response.status}: {scrub(plain)[:200]}" if plain else f"{response.status}"
    return f"{response.status}"
