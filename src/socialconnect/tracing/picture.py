"""A trace as a cell shows it: a sequence diagram with three lanes, and a table of the requests. Nothing in it runs.

The diagram is a table whose borders are the lanes: what strips styles from a notebook (GitHub, an untrusted one in
JupyterLab) leaves rows that can still be read, which of a drawing it would not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from socialconnect.markup import BAD, EDGE, FAINT, GOOD, WARN, Html, block, element, faint, folded, joined, table
from socialconnect.tracing.stories import EVERYBODY, stories

if TYPE_CHECKING:
    from collections.abc import Sequence

    from socialconnect.tracing.steps import Step
    from socialconnect.tracing.stories import Story

_LISTED = 50
_LANE = f"1px solid {EDGE}"
_HEAD = "font-weight: bold; padding: 2px 6px; white-space: nowrap"
_TONES = {"goon": GOOD, "follow": GOOD, "retry": WARN, "refetch": WARN, "fail": BAD}
_CODE = "font-family: var(--jp-code-font-family, monospace); font-size: 92%"


def trace_html(title: str, steps: Sequence[Step], *, kept: bool) -> Html:
    """The trace: a diagram for each of the first users, how many others there are, and a table."""
    told, others = stories(steps)
    hint = "trace.exchange(number) shows one exchange as it was sent; " if kept else ""
    return block(
        element("div", element("b", title.strip("<>"))),
        joined(_diagram(story) for story in told),
        *([faint(others)] if others else []),
        folded(f"each request ({len(steps):,})", _table(steps)),
        faint(f"{hint}steps has the records, frame() the table; [token 1f2a3b] marks one token wherever it goes."),
    )


def _diagram(story: Story) -> Html:
    services = list(dict.fromkeys(step.service for step in story.steps if step.kind == "provider"))
    who = "Clerk and the providers for all" if story.user_id == EVERYBODY else story.chain
    rows = [_row(step, far=bool(services)) for step in story.steps]
    style = "border-collapse: collapse; margin: 6px 0; min-width: 60%"
    more = [element("div", faint(f"… {story.more}"))] if story.more else []
    return element(
        "div",
        element("div", element("code", who), " ", faint(story.end), style="margin-top: 8px"),
        element("table", element("thead", _heads(services)), element("tbody", *rows), style=style),
        *more,
    )


def _heads(services: Sequence[str]) -> Html:
    """The names of the lanes, each over its own."""
    style = f"{_HEAD}; text-align: left"
    blank = element("th", "")
    if not services:
        return element("tr", blank, element("th", _ends("you", "Clerk"), style=style))
    last = ", ".join(services) if len(services) < 3 else "providers"
    return element("tr", blank, element("th", "you", style=style), element("th", _ends("Clerk", last), style=style))


def _ends(left: str, right: str) -> Html:
    style = "display: flex; justify-content: space-between; gap: 24px"
    return element("div", element("span", left), element("span", right), style=style)


def _row(step: Step, *, far: bool) -> Html:
    """One exchange: there above, back below; it spans the stretches between the lanes that it passes."""
    number = element("td", str(step.number), style=f"color: {FAINT}; text-align: right; vertical-align: top")
    style = f"text-align: left; vertical-align: top; white-space: normal; padding: 3px 8px; border-left: {_LANE}"
    whole = far and step.kind == "provider"
    cell = element(
        "td",
        _arrow(step.asked, forth=True, colour="inherit"),
        _arrow(step.answered, forth=False, colour=_TONES.get(step.then, GOOD)),
        style=f"{style}; border-right: {_LANE}",
        colspan=2 if whole else None,
    )
    beyond = [element("td", "", style=f"border-right: {_LANE}")] if far and not whole else []
    return element("tr", number, cell, *beyond)


def _arrow(words: str, *, forth: bool, colour: str) -> Html:
    kind = "solid" if forth else "dashed"
    line = element("span", style=f"flex: 1; border-top: 1px {kind} {EDGE}; margin: 0 2px")
    head = element("span", "▶" if forth else "◀", style=f"color: {colour}")
    drawn = [line, head] if forth else [head, line]
    return element(
        "div",
        element("div", words, style=f"{_CODE}; overflow-wrap: anywhere"),
        element("div", *drawn, style="display: flex; align-items: center; line-height: 1; font-size: 80%"),
    )


def _table(steps: Sequence[Step]) -> Html:
    head = ("", "for", "to", "request", "status", "ms", "token", "rows", "then")
    shown = table(head, (_cells(step) for step in steps[:_LISTED]), figures=(0, 4, 5, 7))
    rest = len(steps) - _LISTED
    return joined([shown, *([faint(f"and {rest:,} more: frame() has them all")] if rest > 0 else [])])


def _cells(step: Step) -> tuple[str, ...]:
    tokens = [one.token for one in step.given] or ([step.token] if step.token else [])
    return (
        str(step.number),
        step.user_id,
        step.service,
        f"{step.method} {step.host}{step.path}",
        str(step.status or "none"),
        f"{step.seconds * 1000:.0f}",
        f"{'gave ' if step.given else ''}{', '.join(tokens)}",
        "" if step.rows is None else f"{step.rows:,}",
        " ".join(filter(None, (step.then, step.reason or step.why))),
    )
