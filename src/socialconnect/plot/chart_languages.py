"""The chart of repositories by language over time: one small row of bars for each language, on one axis of time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from socialconnect.plot.canvas import LINE, MARGIN, SMALL, TEXT, TONES, Chart, width
from socialconnect.plot.people import many
from socialconnect.plot.sources import need

if TYPE_CHECKING:
    from socialconnect.plot.canvas import Axes

_WIDE, _HIGH, _GAP = 8.0, 0.42, 0.12  # inches
_TICKS = 9
_LEAST = 12  # periods that have room: a single one is no wall
_STEPS = {"M": (1, 2, 3, 6, 12), "Q": (1, 2, 4, 8, 16), "Y": (1, 2, 5, 10, 20, 50, 100)}
_MOST = 8  # languages with a row of their own
_NONE = "no language"
_CURE = 'Pass client.github.repos(), or at least its columns=["id", "language", "created_at"].'
TITLE = "Repositories by language"


def counted(frame: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """How many repositories were created in each period (rows), by language (columns); and what a period is.

    A repository that several users can see counts once, by its id.
    """
    once = frame.drop_duplicates("id") if "id" in frame else frame
    dated = once[once["created_at"].notna()]
    moments = pd.to_datetime(dated["created_at"], utc=True).dt.tz_localize(None)
    years = (moments.max() - moments.min()).days / 365 if len(moments) else 0
    code, period = ("Y", "year") if years > 12 else ("Q", "quarter") if years > 3 else ("M", "month")
    periods = moments.dt.to_period(code)
    languages = dated["language"].astype("object")
    languages = languages.where(languages.notna(), _NONE).astype("str")
    common = [name for name in languages.value_counts().index if name != _NONE]
    own = common[:_MOST]
    languages = languages.where(languages.isin([*own, _NONE]), f"{len(common) - len(own)} others")
    table = pd.crosstab(periods, languages)
    rest = [name for name in table.columns if name not in own]
    order = [*own, *sorted(rest, key=lambda name: name == _NONE)]
    if len(moments):
        table = table.reindex(pd.period_range(periods.min(), periods.max(), freq=code), fill_value=0)
    return table[order], period


def draw_languages(frame: pd.DataFrame) -> Chart:
    """The chart; rows share one scale, so that languages can be compared."""
    frame = need(frame, ("language", "created_at"), _CURE)
    table, period = counted(frame)
    total = int(table.to_numpy().sum())
    told = f"{many(total, 'repository').replace('repositorys', 'repositories')} by the {period} (UTC) of created_at"
    if not total:
        chart = Chart(TITLE, told, (_WIDE, 0.5), [])
        chart.write("No repository with a date is in this frame.", (MARGIN, chart.below(0.3)), size=TEXT)
        return chart
    rows = [str(name) for name in table.columns]
    left = MARGIN + 0.2 + max(width(name, TEXT) for name in rows)
    right = MARGIN + 0.75
    high = (_HIGH + _GAP) * len(rows)
    chart = Chart(TITLE, told, (_WIDE, high + 0.5), _notes(frame, total, table.index[-1]))
    most = int(table.to_numpy().max())
    chart.write("in all", (_WIDE - MARGIN, chart.below(0.02)), align="right", size=SMALL)
    for place, name in enumerate(rows):
        axes = chart.place(left, (_HIGH + _GAP) * place + _GAP, _WIDE - left - right, _HIGH)
        _row(axes, table[name], most, last=place == len(rows) - 1)
        middle = chart.below((_HIGH + _GAP) * place + _GAP + _HIGH - 0.04)
        chart.write(name, (MARGIN, middle), size=TEXT)
        chart.write(f"{int(table[name].sum()):,}", (_WIDE - MARGIN, middle), align="right", size=TEXT)
    scale = f"The highest bar is {most:,} in one {period}; all rows have one scale."
    chart.write(scale, (left, chart.below(high + 0.42)))
    return chart


def _row(axes: Axes, counts: pd.Series[int], most: int, *, last: bool) -> None:
    colour = TONES["plain"]
    quiet = counts.name == _NONE or str(counts.name).endswith(" others")
    axes.bar(
        range(len(counts)),
        counts.tolist(),
        0.86,
        facecolor="none" if quiet else f"{colour}b0",
        edgecolor=TONES["idle"] if quiet else colour,
        linewidth=0.5,
        label=str(counts.name),
    )
    axes.set_ylim(0, most)
    axes.set_xlim(-0.6, max(len(counts), _LEAST) - 0.4)
    axes.set_yticks([])
    axes.spines["bottom"].set(visible=True, color=LINE)
    places = _ticks(pd.PeriodIndex(counts.index))
    axes.set_xticks(places, [str(counts.index[place]).replace("Q", " Q") for place in places])
    axes.tick_params(axis="x", labelbottom=last, length=3, color=LINE)


def _ticks(periods: pd.PeriodIndex) -> list[int]:
    """Places of at most nine periods at even steps, counted from the turn of a year, decade or century."""
    code = periods.freqstr[0]
    numbers = periods.year if code == "Y" else periods.quarter - 1 if code == "Q" else periods.month - 1
    each = {"Y": 1, "Q": 4, "M": 12}[code]
    for step in _STEPS[code]:
        if step <= each or code == "Y":
            places = [place for place, number in enumerate(numbers) if number % step == 0]
        else:  # several years
            years = periods.year
            places = [p for p, number in enumerate(numbers) if number == 0 and years[p] % (step // each) == 0]
        if 0 < len(places) <= _TICKS:
            return places
    return [0]


def _notes(frame: pd.DataFrame, total: int, last: pd.Period) -> list[str]:
    once = frame["id"].nunique() if "id" in frame else len(frame)
    notes = []
    if once < len(frame):
        notes.append(f"{len(frame):,} rows; a repository that several users can see counts once.")
    if once > total:
        notes.append(f"{once - total:,} without a date have no bar.")
    read_at = pd.to_datetime(str(frame.attrs.get("read_at")), utc=True, errors="coerce")
    if not pd.isna(read_at) and read_at.tz_localize(None) < last.end_time:
        notes.append(f"{last} was not over when this was read.".replace("Q", " Q"))
    return notes
