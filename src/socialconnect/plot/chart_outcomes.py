"""The chart of outcomes by provider and resource: a bar of accounts, hatched by status, and under it the words."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from socialconnect.plot.canvas import BOLD, LINE, MARGIN, TEXT, TONES, Chart, hatched, whole_numbers, width
from socialconnect.plot.people import many
from socialconnect.plot.signs import in_order, sign
from socialconnect.plot.sources import Source, need, outcomes_of

if TYPE_CHECKING:
    from socialconnect.plot.canvas import Axes

_WIDE, _STEP = 8.0, 0.72  # inches
_MOST = 20  # resources
_CURE = "Pass a run, a list of runs, or run.outcomes."
TITLE = "How reading ended, by provider"


class Bar(NamedTuple):
    """One resource: how many accounts ended in which status, and the reasons of those that did not end well."""

    name: str
    statuses: Counter[str]
    reasons: dict[str, Counter[str]]


def bars(source: Source) -> list[Bar]:
    """One for each resource, in the order of the frame."""
    frame = need(outcomes_of(source), ("provider", "resource", "status"), _CURE)
    resources, statuses = frame["resource"].astype("str"), frame["status"].astype("str")
    reasons = frame["reason"].astype("object") if "reason" in frame else pd.Series(None, frame.index, dtype="object")
    found: dict[str, Bar] = {}
    for resource, status, reason in zip(resources, statuses, reasons, strict=True):
        bar = found.setdefault(resource, Bar(resource, Counter(), {}))
        bar.statuses[status] += 1
        if not pd.isna(reason):
            bar.reasons.setdefault(status, Counter())[str(reason)] += 1
    # what is of one provider stands together, providers in the order in which they came
    order = {provider: place for place, provider in enumerate(dict.fromkeys(name.partition(".")[0] for name in found))}
    return sorted(found.values(), key=lambda bar: order[bar.name.partition(".")[0]])


def draw_outcomes(source: Source) -> Chart:
    """The chart; bars share one scale, the words under each have every count."""
    found = bars(source)
    accounts = sum(bar.statuses.total() for bar in found)
    told = f"{many(accounts, 'account')}, {many(len(found), 'resource')}"
    if not found:
        chart = Chart(TITLE, told, (_WIDE, 0.5), [])
        chart.write("No account was read.", (MARGIN, chart.below(0.3)), size=TEXT)
        return chart
    notes = _notes(outcomes_of(source), len(found))
    shown = found[:_MOST]
    chart = Chart(TITLE, told, (_WIDE, _STEP * len(shown) + 0.36), notes)
    axes = chart.place(MARGIN, 0, _WIDE - 2 * MARGIN, _STEP * len(shown))
    axes.set_xlim(0, max(bar.statuses.total() for bar in shown))
    axes.set_ylim(_STEP * len(shown), 0)
    for place, bar in enumerate(shown):
        _bar(chart, axes, bar, place * _STEP)
    axes.set_yticks([])
    whole_numbers(axes, across=True)
    axes.tick_params(axis="x", length=3, color=LINE)
    axes.spines["bottom"].set(visible=True, color=LINE)
    chart.write("accounts", (_WIDE - MARGIN, chart.below(_STEP * len(shown) + 0.33)), align="right")
    return chart


def _notes(frame: pd.DataFrame, resources: int) -> list[str]:
    notes = [f"The first {_MOST} of {resources:,} resources."] if resources > _MOST else []
    narrowed = int(frame["narrowed"].notna().sum()) if "narrowed" in frame else 0
    if narrowed:
        accounts = many(narrowed, "account")
        notes.append(f"{accounts} gave only what the token's scopes show: see the column narrowed of the outcomes.")
    return notes


def _bar(chart: Chart, axes: Axes, bar: Bar, top: float) -> None:
    chart.write(bar.name, (MARGIN, chart.below(top + 0.16)), size=TEXT, weight=BOLD)
    total = many(bar.statuses.total(), "account")
    chart.write(total, (MARGIN + width(bar.name, TEXT, BOLD) + 0.12, chart.below(top + 0.16)))
    at, words = 0, MARGIN
    for status in in_order(bar.statuses):
        count, shape = bar.statuses[status], sign(status)
        colour = TONES[shape.tone]
        drawn = axes.barh(
            top + 0.31,
            count,
            0.17,
            at,
            facecolor=f"{colour}{'59' if shape.hatch else 'b0'}",
            edgecolor=colour,
            linewidth=0.7,
            label=f"{bar.name} {status}",
        )
        hatched(axes, drawn, colour, shape.hatch)
        at += count
        caption = f"{count:,} {status}{_why(bar.reasons.get(status))}"
        chart.write(shape.mark, (words, chart.below(top + 0.55)), size=TEXT, weight=BOLD, colour=colour)
        chart.write(caption, (words + 0.17, chart.below(top + 0.55)))
        words += 0.34 + width(caption)


def _why(reasons: Counter[str] | None) -> str:
    if not reasons:
        return ""
    if len(reasons) == 1:
        return f" ({next(iter(reasons))})"
    listed = [f"{count:,} {reason}" for reason, count in reasons.most_common(3)]
    return f" ({', '.join(listed)}{', …' if len(reasons) > 3 else ''})"
