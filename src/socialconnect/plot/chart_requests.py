"""The chart of a run's requests: for each host how many were sent when and what followed, and how many waited."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from socialconnect.errors import UsageError
from socialconnect.plot.canvas import BOLD, INK, LINE, MARGIN, TEXT, TONES, Chart, hatched, whole_numbers, width
from socialconnect.plot.people import many
from socialconnect.runs.run import Run

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from socialconnect.plot.canvas import Axes

_WIDE, _LANE, _GAP = 8.0, 0.85, 0.42  # inches
_LEFT = 0.62
_BINS = 60
_HOSTS = 6
_STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30)
_LONG = (60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)
# what followed an answer: the trace's word, ours, a tone and a hatching
_THEN = (
    ("goon", "went on", "good", ""),
    ("follow", "followed a redirect", "plain", "\\\\\\\\"),
    ("refetch", "fetched the token again", "idle", "||||"),
    ("retry", "tried again", "warn", "////"),
    ("fail", "gave up", "bad", "xxxx"),
)
TITLE = "Requests over the time of a run"


def draw_requests(run: Run) -> Chart:
    """The chart; hosts one under the other on one axis of time, waits below."""
    given: object = run
    if not isinstance(given, Run):
        kind = "DataFrame" if isinstance(given, pd.DataFrame) else type(given).__name__
        raise UsageError(f"This picture is not drawn from a {kind}.", cure="Pass a run: client.read(…).")
    trace = run.trace.frame()
    if trace.empty:
        chart = Chart(TITLE, run.resource, (_WIDE, 0.5), [])
        chart.write("No request was sent.", (MARGIN, chart.below(0.3)), size=TEXT)
        return chart
    start = trace["at"].min() - pd.to_timedelta(float(trace["waited"].iloc[trace["at"].argmin()]), "s")
    sent = ((trace["at"] - start) / pd.Timedelta("1s")).to_numpy(float)
    waited = trace["waited"].fillna(0.0).to_numpy(float)
    end = max(float((sent + trace["seconds"].fillna(0.0).to_numpy(float)).max()), 0.001)
    step = next((one for one in (*_STEPS, *_LONG) if end / one <= _BINS), end / _BINS)
    edges = step * np.arange(int(end / step) + 2, dtype=np.float64)
    hosts = _hosts(trace["host"].astype("str"))
    names = list(dict.fromkeys(hosts))
    told = f"{run.resource}, {many(run.trace.requests, 'request')} from {start:%Y-%m-%d %H:%M:%S} UTC on"
    lanes = len(names) + bool(waited.any())
    high = (_LANE + _GAP) * lanes
    chart = Chart(TITLE, told, (_WIDE, high + 0.8), _notes(run, trace))
    used = set()
    for place, name in enumerate(names):
        own = (hosts == name).to_numpy()
        axes = _lane(chart, place, edges, last=place == lanes - 1)
        used |= _requests(axes, sent[own], trace["then"].astype("str").to_numpy()[own], edges)
        lost = f", waited {_time(float(np.sum(waited[own])))} added up" if waited[own].any() else ""
        _head(chart, place, name, f"{many(int(own.sum()), 'request')}{lost}")
    if waited.any():
        axes = _lane(chart, len(names), edges, last=True)
        most = _waiting(axes, sent, waited, edges)
        _head(chart, len(names), "waiting", f"requests held back by a limit or a retry, at most {most:,} at once")
    _foot(chart, axes, end, high, used, step)
    return chart


def _foot(chart: Chart, axes: Axes, end: float, high: float, used: set[str], step: float) -> None:
    scale, unit = _unit(end)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value / scale:g}")
    chart.write(f"{unit} since the start", (_WIDE - MARGIN, chart.below(high + 0.28)), align="right")
    _legend(chart, used, f"a bar has the requests sent in {_time(step)}", chart.below(high + 0.56))


def _hosts(hosts: pd.Series[str]) -> pd.Series[str]:
    """Each request's host; the busiest by name, all others together."""
    busiest = hosts.value_counts().index[: _HOSTS if hosts.nunique() <= _HOSTS else _HOSTS - 1]
    return hosts.where(hosts.isin(busiest), "other hosts")


def _notes(run: Run, trace: pd.DataFrame) -> list[str]:
    notes = [] if trace["waited"].fillna(0).any() else ["No request waited."]
    if run.trace.requests > len(trace):
        notes.append(f"The last {len(trace):,} of {run.trace.requests:,} requests: older ones are only counted.")
    hosts = trace["host"].nunique()
    if hosts > _HOSTS:
        notes.append(f"{hosts - _HOSTS + 1} hosts with fewer requests are taken together.")
    return notes


def _lane(chart: Chart, place: int, edges: NDArray[np.float64], *, last: bool) -> Axes:
    axes = chart.place(_LEFT, (_LANE + _GAP) * place + _GAP - 0.08, _WIDE - _LEFT - MARGIN, _LANE)
    axes.set_xlim(0, float(edges[-1]))
    axes.spines["bottom"].set(visible=True, color=LINE)
    axes.tick_params(axis="x", labelbottom=last, length=3, color=LINE)
    axes.grid(axis="y", color=LINE, linewidth=0.5)
    axes.set_axisbelow(True)
    return axes


def _head(chart: Chart, place: int, name: str, told: str) -> None:
    top = chart.below((_LANE + _GAP) * place + _GAP - 0.17)
    chart.write(name, (MARGIN, top), size=TEXT, weight=BOLD)
    chart.write(told, (MARGIN + width(name, TEXT, BOLD) + 0.12, top))


def _requests(axes: Axes, sent: NDArray[np.float64], then: NDArray[np.object_], edges: NDArray[np.float64]) -> set[str]:
    below = np.zeros(len(edges) - 1)
    used = set()
    for word, label, tone, hatch in _THEN:
        counts, _ = np.histogram(sent[then == word], edges)
        there = counts > 0  # a bar without height would still have an edge
        if there.any():
            used.add(word)
            drawn = axes.bar(
                edges[:-1][there],
                counts[there],
                np.diff(edges)[there],
                below[there],
                align="edge",
                facecolor=f"{TONES[tone]}{'59' if hatch else 'b0'}",
                edgecolor=TONES[tone],
                linewidth=0.6,
                label=label,
            )
            hatched(axes, drawn, TONES[tone], hatch)
            below += counts
    axes.set_ylim(0, max(1.0, float(np.max(below)) * 1.08))
    whole_numbers(axes, most=3)
    return used


def _at_once(sent: NDArray[np.float64], waited: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many requests waited at the same time, the most in each of the bars' times."""
    began, over = (sent - waited)[waited > 0], sent[waited > 0]
    moments = np.concatenate([began, over])
    change = np.concatenate([np.ones(len(began)), -np.ones(len(over))])
    order = np.lexsort((change, moments))
    moments, level = moments[order], change[order].cumsum()
    found = np.zeros(len(edges) - 1)
    places = np.clip(np.searchsorted(edges, moments, side="right") - 1, 0, len(found) - 1)
    np.maximum.at(found, places, level)
    before = np.searchsorted(moments, edges[:-1], side="left") - 1  # who waits on since an earlier time
    return np.maximum(found, np.where(before >= 0, level[before], 0.0)) if len(level) else found


def _waiting(axes: Axes, sent: NDArray[np.float64], waited: NDArray[np.float64], edges: NDArray[np.float64]) -> int:
    counts = _at_once(sent, waited, edges)
    axes.stairs(counts, edges, fill=True, facecolor=LINE, edgecolor=INK, linewidth=1, label="waiting")
    axes.set_ylim(0, max(1.0, float(np.max(counts)) * 1.08))
    whole_numbers(axes, most=3)
    return int(np.max(counts))


def _legend(chart: Chart, used: set[str], bar: str, top: float) -> None:
    at = MARGIN
    for word, label, tone, hatch in _THEN:
        if word in used:
            axes = chart.place(at, top - chart.below(0) - 0.1, 0.2, 0.12)
            fill = f"{TONES[tone]}{'59' if hatch else 'b0'}"
            hatched(axes, axes.bar(0, 1, 1, facecolor=fill, edgecolor=TONES[tone]), TONES[tone], hatch)
            axes.set(xlim=(-0.55, 0.55), ylim=(-0.08, 1.08))
            axes.set_axis_off()
            chart.write(label, (at + 0.27, top))
            at += 0.45 + width(label)
    chart.write(bar, (_WIDE - MARGIN, top), align="right")


def _unit(end: float) -> tuple[float, str]:
    if end < 2:
        return 0.001, "milliseconds"
    return (1, "seconds") if end < 180 else (60, "minutes") if end < 3 * 3600 else (3600, "hours")


def _time(seconds: float) -> str:
    scale, unit = (0.001, "milliseconds") if seconds < 1 else _unit(max(seconds, 2))
    value = seconds / scale
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit[:-1] if value == 1 else unit}"
