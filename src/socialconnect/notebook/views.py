"""What a panel shows of plans, runs and frames: plain HTML, escaped, in the theme's colours."""

from __future__ import annotations

from collections import Counter, defaultdict
from html import escape
from typing import TYPE_CHECKING

from socialconnect.notebook.parts import Kind, dim, line, plural, span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from socialconnect.plan import Later as Work
    from socialconnect.progress.count import Count
    from socialconnect.runs.plan import Plan
    from socialconnect.runs.run import Run

    Later = Plan[Work]

_HEAD = 20  # rows of a preview
_LONG = 60  # characters of a value in it
_STATUS: dict[str, Kind] = {"ok": "good", "empty": "good", "partial": "warn", "skipped": "", "failed": "bad"}


def planned(plans: Mapping[str, Later]) -> str:
    """What would be read, what it takes, and who would be skipped, why, with the cure."""
    rows = [
        (name, plan.accounts, plan.requests, plan.rows, span(plan.seconds), len(plan.skipped))
        for name, plan in plans.items()
    ]
    head = ("Resource", "Accounts", "Requests", "Rows, about", "Takes about", "Skipped")
    skipped: Counter[tuple[str, str, str]] = Counter()
    for name, plan in plans.items():
        cured = plan.skipped[["state", "cure"]].astype(object)
        skipped.update((name, _text(state), _text(cure)) for state, cure in cured.itertuples(index=False, name=None))
    reasons = [(name, count, state.replace("_", " "), cure) for (name, state, cure), count in skipped.most_common()]
    parts = [table(head, rows)]
    if reasons:
        parts += ['<p class="sc-gap">Who will be skipped, and what would mend it:</p>']
        parts += [table(("Resource", "Accounts", "Why", "What to do"), reasons)]
    basis = "; ".join(plan.basis for plan in plans.values())
    return "".join([*parts, f'<p class="sc-gap">{dim(f"Figures rest on: {basis}.")}</p>'])


def progressed(count: Count, accounts: int) -> str:
    """How far a read is, in one line: accounts, rows, requests, time, and whom it waits for."""
    left = ""
    if count.accounts and accounts > count.accounts and count.seconds > 2:
        left = f", about {span(count.seconds * (accounts - count.accounts) / count.accounts)} left"
    parts = [
        f"{count.accounts:,} of {plural(accounts, 'account')}",
        plural(count.rows, "row"),
        plural(count.requests, "request"),
        f"{count.seconds:.0f} s{left}",
    ]
    if count.waits:
        first = count.waits[0]
        more = f" and {len(count.waits) - 1:,} more" if len(count.waits) > 1 else ""
        parts.append(f"waiting until {first.clock} for {first.who}{more}")
    return line(" · ".join(parts))


def ended(runs: Mapping[str, Run]) -> str:
    """What came, in a line for each resource."""
    return "".join(
        line(
            f"{name}: {plural(len(run.frame), 'row')} of {plural(len(run.frame.columns), 'column')}, "
            f"{_statuses(run)}, {plural(run.trace.requests, 'request')}",
            "good" if all(one.status in ("ok", "empty", "skipped") for one in run.ended) else "warn",
        )
        for name, run in runs.items()
    )


def outcomes(run: Run) -> str:
    """How it ended for the accounts, counted by reason, with what to do."""
    groups: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for one in run.ended:
        groups[one.status, one.reason or ""][one.cure or ""] += 1
    order = [*_STATUS]
    rows = [
        (status, cures.total(), reason.replace("_", " "), cures.most_common(1)[0][0] or _nothing(status))
        for (status, reason), cures in sorted(
            groups.items(), key=lambda item: (order.index(item[0][0]), -item[1].total())
        )
    ]
    narrowed = Counter(one.narrowed for one in run.ended if one.narrowed)
    notes = [line(f"{plural(count, 'account')}: {text}", "warn") for text, count in narrowed.most_common()]
    drift = [line(run.problems, "warn")] if run.drift else []
    if not rows:
        return line("No account was read: nobody has this connection.", "warn")
    return table(("Status", "Accounts", "Why", "What to do"), rows) + "".join([*notes, *drift])


def _nothing(status: str) -> str:
    return "nothing to do" if status in ("ok", "empty") else ""


def preview(frame: pd.DataFrame) -> str:
    """The first rows."""
    if frame.empty:
        return line("The frame has no rows: see the outcomes for why.", "warn")
    head = frame.head(_HEAD)
    rows = [tuple(map(_value, values)) for values in head.astype(object).itertuples(index=False, name=None)]
    shown = f"The first {len(head)} of {plural(len(frame), 'row')}." if len(frame) > len(head) else ""
    return f"{table([str(name) for name in frame.columns], rows, words=False)}{dim(shown) if shown else ''}"


def coded(text: str) -> str:
    """Code that one click selects."""
    return (
        f'<pre class="sc-code" tabindex="0" aria-label="Code">{escape(text)}</pre>{dim("A click selects all of it.")}'
    )


def table(head: Sequence[str], rows: Sequence[Sequence[object]], *, words: bool = True) -> str:
    """A table that scrolls where it is too wide; figures stand to the right, `words` are broken into lines."""
    kind = "sc-scroll sc-words" if words else "sc-scroll"
    figures = {at for at in range(len(head)) if rows and all(isinstance(row[at], int) for row in rows)}
    top = "".join(f'<th{_class(at in figures)} scope="col">{escape(name)}</th>' for at, name in enumerate(head))
    body = "".join(
        f"<tr>{''.join(f'<td{_class(at in figures)}>{_cell(value)}</td>' for at, value in enumerate(row))}</tr>"
        for row in rows
    )
    return f'<div class="{kind}" tabindex="0"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def _class(figure: bool) -> str:  # noqa: FBT001 - which of two looks
    return ' class="n"' if figure else ""


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else escape(str(value))


def _value(value: object) -> str:
    text = _text(value)
    return text if len(text) <= _LONG else f"{text[: _LONG - 1]}…"


def _text(value: object) -> str:
    missing = value is None or (not isinstance(value, list | dict | str) and value != value)  # noqa: PLR0124 - NaN, NaT
    return "" if missing is True or str(value) == "<NA>" else str(value)


def _statuses(run: Run) -> str:
    counts = Counter[str](one.status for one in run.ended)
    return ", ".join(f"{counts[status]:,} {status}" for status in _STATUS if counts[status]) or "no accounts"
