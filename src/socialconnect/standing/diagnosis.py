"""What was found on the way from the key to a provider's answer, and the step that mends the first thing that fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from textwrap import wrap
from typing import TYPE_CHECKING, Literal

from socialconnect.errors import AccountError, UsageError
from socialconnect.frames import Table, describe
from socialconnect.markup import BAD, FAINT, GOOD, WARN, Html, block, element, faint, link, table
from socialconnect.reading.declare import columns
from socialconnect.reading.typed import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from socialconnect.clerk.attempt import Attempt
    from socialconnect.errors import SocialConnectError
    from socialconnect.standing.facts import Fact

Check = Literal["instance", "provider", "user", "account", "token", "scopes", "call"]
State = Literal["ok", "partial", "failed", "skipped", "unknown"]

CHECKS: tuple[Check, ...] = ("instance", "provider", "user", "account", "token", "scopes", "call")
_SIGNS: dict[State, tuple[str, str]] = {
    "ok": ("✓", GOOD),
    "partial": ("◐", WARN),
    "failed": ("✗", BAD),
    "skipped": ("·", FAINT),
    "unknown": ("?", WARN),
}
_COLUMNS = (
    *columns("category", "check state"),
    *columns("string", "detail cure external_account_id"),
    *columns("list", "notes"),
)
_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was looked at.

    `state` is ok, partial (it holds, but not for everything), failed, skipped (what comes before it fails) or unknown
    (nobody could say). `detail` says what was found, `cure` what mends it, `facts` why such things happen; `account` is
    the external account it is about, where it is about one, `error` what a read would meet.
    """

    check: Check
    state: State
    detail: str
    cure: str = ""
    account: str = ""
    facts: tuple[Fact, ...] = ()
    error: SocialConnectError | None = field(default=None, compare=False)

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against it."""
        return self.state != "failed" and self.error is None


@dataclass(frozen=True, repr=False, eq=False)
class Diagnosis:
    """Whether one user's connection works, step by step: what holds, what does not, and what mends it.

    `steps` are what was looked at, in order: the instance, its provider, the user, and for each account the account,
    its token, its scopes and one cheap call; `frame` has a row for each. `ok` says whether all of them hold, `first` is
    the first one that does not, `cure` what mends it, and `connect()` leads there where connecting does.

    >>> import socialconnect as sc
    >>> client = sc.sandbox(users=60)
    >>> accounts = client.accounts().query("connected and provider == 'github'")
    >>> found = client.diagnose(accounts["user_id"].iloc[0], "github")
    >>> found.ok, list(found.frame["check"])
    (True, ['instance', 'provider', 'user', 'account', 'token', 'scopes', 'call'])
    """

    user_id: str
    provider: str
    title: str
    steps: tuple[Step, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing fails."""
        return self.first is None

    @property
    def first(self) -> Step | None:
        """The first step that fails, else the first that trouble kept from being answered; None where all hold."""
        failed = (step for step in self.steps if step.state == "failed")
        return next(failed, None) or next((step for step in self.steps if not step.holds), None)

    @property
    def cure(self) -> str:
        """What mends the first thing that does not hold; nothing where all hold."""
        return self.first.cure if self.first else ""

    @property
    def told(self) -> str:
        """The finding in one sentence."""
        first = self.first
        if first is None:
            part = any(step.state == "partial" for step in self.steps)
            return f"{self.title} of {self.user_id} works{', but not for everything' if part else ''}."
        if first.state == "failed":
            return f"{self.title} of {self.user_id} does not work. The first thing that fails: {first.check}."
        return (
            f"Nobody can say whether {self.title} of {self.user_id} works. The first thing in trouble: {first.check}."
        )

    @property
    def frame(self) -> pd.DataFrame:
        """One row per step: check, state, detail, cure, external_account_id, notes (a list of sentences)."""
        rows = [
            (one.check, one.state, one.detail, one.cure or None, one.account or None, [fact.text for fact in one.facts])
            for one in self.steps
        ]
        listing = Table(_COLUMNS, lead=())
        listing.append(Page(tuple([*values] for values in zip(*rows, strict=True)), len(rows)))
        return describe(listing.frame(), {"resource": "diagnosis", "provider": self.provider, "ok": self.ok})

    def connect(self, **how: object) -> Attempt:
        """Mend it: `client.connect` for this user and provider, with what is lacking; `how` goes to it as it is.

        Returns an Attempt, which an AsyncClient's diagnosis gives to await. Raises a UsageError where connecting does
        not mend what was found, or where nothing is wrong.
        """
        error = self.first.error if self.first else None
        if isinstance(error, AccountError) and error.mended_by_connecting:
            return error.connect(**how)
        if self.first is None:
            raise UsageError(f"{self.told} There is nothing to mend.", cure="Further scopes: client.connect(…).")
        raise UsageError(f"Connecting does not mend this: {self.first.detail}", cure=self.first.cure)

    def lines(self, width: int = _WIDTH) -> Iterator[str]:
        """The finding as text that is so wide: a table with the first failing line marked, the cure, and why."""
        yield from _hanging("", self.told, width)
        yield ""
        for step in self.steps:
            yield from _line(step, width, marked=step is self.first)
        notable = self._notable
        if notable is None:
            return
        yield ""
        yield from _hanging(self._leading, notable.cure, width)
        for fact in notable.facts:
            yield from _hanging("  - ", f"{fact.text} {fact.source}", width)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def __repr__(self) -> str:
        return f"<Diagnosis: {self.told}>"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        del include, exclude
        return {"text/plain": str(self), "text/html": str(self._html)}

    @property
    def _notable(self) -> Step | None:
        """The step whose cure is told: what fails first, else what holds in part."""
        return self.first or next((step for step in self.steps if step.state == "partial"), None)

    @property
    def _leading(self) -> str:
        return "To mend it: " if self.first else "For more: "

    @property
    def _html(self) -> Html:
        rows = [_row(step, marked=step is self.first) for step in self.steps]
        shown = table(("", "check", "state", "what was found"), rows)
        step = self._notable
        if step is None:
            return block(element("p", element("b", self.told)), shown)
        why = [element("li", fact.text, " ", faint(link(fact.source))) for fact in step.facts]
        mends = element("p", element("b", self._leading), step.cure)
        return block(element("p", element("b", self.told)), shown, mends, element("ul", *why) if why else Html())


def _row(step: Step, *, marked: bool) -> tuple[Html | str, ...]:
    sign, colour = _SIGNS[step.state]
    state = element("span", f"{sign} {step.state}", style=f"color: {colour}; white-space: nowrap; font-weight: bold")
    detail = element("b", step.detail) if marked else step.detail
    return ("▶" if marked else "", step.check, state, detail)


def _line(step: Step, width: int, *, marked: bool) -> Iterator[str]:
    begin = f"{'>' if marked else ' '} {step.check:<10}{_SIGNS[step.state][0]} {step.state:<9}"
    yield from _hanging(begin, step.detail, width)


def _hanging(begin: str, text: str, width: int) -> Iterator[str]:
    """The text behind `begin`, further lines under its own beginning."""
    room = max(width - len(begin), 30)
    for line in wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]:
        yield f"{begin}{line}".rstrip()
        begin = " " * len(begin)
