"""What a cell shows of a run or of coverage: who could be read and who not, at a glance, and what to do about it."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from socialconnect.markup import BAD, EDGE, GOOD, WARN, Html, block, element, faint, folded, joined, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from socialconnect.runs.outcomes import Outcome
    from socialconnect.tracing.trace import Trace

_STRIP = 60  # users that are shown one by one; more are counted
_REASONS = 12
_GREY = "var(--jp-content-font-color3, #888)"
# a sign and a word for each state, never a colour alone
_SIGNS = {
    "ok": ("✓", GOOD),
    "readable": ("✓", GOOD),
    "empty": ("○", GOOD),
    "partial": ("◐", WARN),
    "missing_scope": ("△", WARN),
    "unchecked": ("?", WARN),
    "skipped": ("·", _GREY),
    "not_connected": ("·", _GREY),
    "not_verified": ("…", _GREY),
    "provider_not_enabled": ("⊘", _GREY),
    "failed": ("✗", BAD),
    "token_dead": ("✗", BAD),
    "user_not_found": ("✗", BAD),
}


def picture(cells: Mapping[str, Sequence[tuple[str, str]]]) -> Html:
    """Users by resources: for each resource the state of each of its (user, state), or shares where they are many.

    All rows have the users in one order, so that what stands under each other is one user's.
    """
    users = list(dict.fromkeys(user for row in cells.values() for user, _ in row))
    draw = _strip if len(users) <= _STRIP else _shares
    rows = ((element("b", resource), draw(users, row), _legend(row)) for resource, row in cells.items())
    columns = "grid-template-columns: max-content max-content 1fr"
    style = f"display: grid; {columns}; gap: 2px 10px; align-items: center; margin: 4px 0; overflow-x: auto"
    return element("div", *(cell for row in rows for cell in row), style=style)


def run_html(title: str, told: str, ended: Sequence[Outcome], trace: Trace) -> Html:
    """A run: its title, the picture of its accounts, what went wrong with its cure, and what was sent."""
    cells: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for outcome in ended:
        cells[outcome.resource].append((outcome.user_id or "the listing of users", outcome.status))
    return block(
        element("div", element("b", title), " ", told),
        picture(cells),
        _troubles(ended),
        folded(f"{trace.requests:,} requests, waited {trace.waited:.1f} s", _traffic(trace)),
        faint("frame has the rows, outcomes each account, trace every request; retry() reads again what failed."),
    )


def outcome_html(outcome: Outcome) -> Html:
    """How it ended for one account."""
    facts = [
        (name, value)
        for name in ("user_id", "external_account_id", "reason", "message", "cure", "cut", "narrowed", "first_error")
        if (value := getattr(outcome, name))
    ]
    counts = f"{outcome.rows:,} rows, {outcome.pages:,} pages, {outcome.requests:,} requests"
    waited = f", waited {outcome.waited:.1f} s" if outcome.waited else ""
    return block(
        element("div", _sign(outcome.status), " ", element("b", f"{outcome.resource}: {outcome.status}")),
        table(("", ""), [*facts, ("came", f"{counts}{waited}")]),
    )


def _sign(state: str) -> Html:
    sign, colour = _SIGNS.get(state, ("•", "inherit"))
    return element("span", sign, style=f"color: {colour}; font-weight: bold")


def _strip(users: Sequence[str], row: Sequence[tuple[str, str]]) -> Html:
    states: dict[str, list[str]] = defaultdict(list)
    for user, state in row:
        states[user].append(state)
    letters = "font-family: var(--jp-code-font-family, monospace); letter-spacing: 0.25em"
    style = f"border: 1px solid {EDGE}; border-radius: 3px; padding: 0 4px; {letters}"
    return element("span", *(_cell(user, states[user]) for user in users), style=style)


def _cell(user: str, states: Sequence[str]) -> Html:
    """One user's sign: of several accounts, the one that needs most."""
    worst = max(states, key=_rank, default="")
    sign, colour = _SIGNS.get(worst, ("\N{NO-BREAK SPACE}", "inherit"))
    return element("span", sign, title=f"{user}: {', '.join(states) or 'not asked'}", style=f"color: {colour}")


def _rank(state: str) -> int:
    return [*_SIGNS].index(state) if state in _SIGNS else len(_SIGNS)


def _shares(users: Sequence[str], row: Sequence[tuple[str, str]]) -> Html:
    del users
    counts = Counter(state for _, state in row)
    pieces = [
        element(
            "span",
            title=f"{state}: {counts[state]:,}",
            style=f"display: inline-block; height: 10px; width: {100 * counts[state] / len(row):.2f}%; "
            f"background: {_SIGNS.get(state, ('', EDGE))[1]}",
        )
        for state in _ordered(counts)
    ]
    style = f"display: inline-flex; width: 320px; border: 1px solid {EDGE}; border-radius: 3px; overflow: hidden"
    return element("span", *pieces, style=style)


def _legend(row: Iterable[tuple[str, str]]) -> Html:
    counts = Counter(state for _, state in row)
    style = "margin-right: 8px; white-space: nowrap"
    signs = (element("span", _sign(state), f" {counts[state]:,} {state}", style=style) for state in _ordered(counts))
    return element("span", joined(signs, " "))


def _ordered(counts: Counter[str]) -> list[str]:
    return sorted(counts, key=lambda state: (_rank(state), state))


def _troubles(ended: Iterable[Outcome]) -> Html:
    groups: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for outcome in ended:
        if outcome.status not in ("ok", "empty"):
            groups[outcome.status, outcome.reason or ""].append(outcome)
    if not groups:
        return Html()
    listed = sorted(groups.items(), key=lambda group: -len(group[1]))
    rows = [
        (
            element("span", _sign(status), f" {status}", style="white-space: nowrap"),
            reason,
            f"{len(found):,}",
            found[0].message or "",
            found[0].cure or "",
        )
        for (status, reason), found in listed[:_REASONS]
    ]
    return table(("status", "reason", "accounts", "for example", "what to do"), rows, figures=(2,))


def _traffic(trace: Trace) -> Html:
    hosts: dict[str, list[tuple[int, float, int]]] = defaultdict(list)
    for sent in trace.last:
        hosts[sent.host].append((sent.status, sent.seconds, sent.size))
    rows = []
    for host, each in sorted(hosts.items()):
        answers = Counter(status for status, _, _ in each)
        listed = ", ".join(f"{count:,} x {status or 'no answer'}" for status, count in sorted(answers.items()))
        mean = sum(seconds for _, seconds, _ in each) / len(each)
        rows.append((host, listed, f"{mean * 1000:.0f} ms", f"{sum(size for *_, size in each) / 1e6:,.1f} MB"))
    return table(("host", "answers", "each took", "size"), rows, figures=(2, 3))
