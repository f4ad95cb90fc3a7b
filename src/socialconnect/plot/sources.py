"""What pictures are drawn from: a run, several of them, or a frame, checked for the columns that are needed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pandas as pd

from socialconnect.errors import UsageError
from socialconnect.runs.run import Run

if TYPE_CHECKING:
    from collections.abc import Iterable

Source = Run | pd.DataFrame | list[Run] | tuple[Run, ...]


def need(frame: object, columns: Iterable[str], cure: str) -> pd.DataFrame:
    """The frame, if it is one and has these columns."""
    if not isinstance(frame, pd.DataFrame):
        raise UsageError(f"This picture is not drawn from a {type(frame).__name__}.", cure=cure)
    missing = [name for name in columns if name not in frame]
    if missing:
        raise UsageError(f"The frame has no column {' and no '.join(map(repr, missing))}.", cure=cure)
    return frame


def outcomes_of(source: Source) -> pd.DataFrame:
    """The outcomes of a run, of several runs, or as they are given."""
    if isinstance(source, list | tuple):
        return _together(source)
    return source.outcomes if isinstance(source, Run) else source


def _together(runs: list[Run] | tuple[Run, ...]) -> pd.DataFrame:
    """Runs one under the other; a resource that was read more than once is numbered."""
    if not runs or not all(isinstance(run, Run) for run in runs):
        raise UsageError("A list that is drawn holds runs.", cure="Pass client.read(…) for each of them.")
    total, seen = Counter(run.resource for run in runs), Counter[str]()
    frames = []
    for run in runs:
        seen[run.resource] += 1
        many = total[run.resource] > 1
        label = f"{run.resource} ({seen[run.resource]} of {total[run.resource]})" if many else run.resource
        frames.append(run.outcomes.assign(resource=label))
    return pd.concat([frame.astype({"status": "str", "provider": "str"}) for frame in frames], ignore_index=True)
