"""Pictures of who can be read, of how reading ended, of what a run did, and of what a frame is good for.

    run = client.read("github.repos", on_error="ignore")
    sc.plot.coverage(client.coverage(["github.repos", "notion.users"]))
    sc.plot.outcomes(run)
    sc.plot.requests(run)
    sc.plot.languages(run.frame)

Each returns a matplotlib figure that a cell shows by itself: static, readable on light and dark themes, with a sign or
a hatching for whatever has a colour. `sc.plot.coverage_map` shows the first as text and HTML and needs no library.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from socialconnect.errors import MissingPackage
from socialconnect.plot.overview import CoverageMap
from socialconnect.plot.people import people

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from socialconnect.plot.canvas import Chart
    from socialconnect.plot.sources import Source
    from socialconnect.runs.run import Run

__all__ = ["coverage", "coverage_map", "languages", "outcomes", "requests"]


def coverage(source: Source) -> Chart:
    """Draw users x resources: who can be read, or how reading ended for each.

    Parameters: `source`, what `client.coverage(…)` gives, a run, a list of runs, or `run.outcomes`. Up to 24 users have
    a row each; more are grouped, all who are alike in one row with a bar for how many they are.

    Returns a matplotlib figure. Raises a UsageError for a frame without these columns and a MissingPackage where the
    extra `plot` is not installed.

    >>> import socialconnect as sc
    >>> client = sc.sandbox(users=60)
    >>> sc.plot.coverage(client.coverage(["github.repos", "notion.users"]))  # doctest: +ELLIPSIS
    <Chart: Who can be read, 60 users, 2 resources, as of ... UTC>
    """
    with _library():
        from socialconnect.plot.chart_map import draw_map  # noqa: PLC0415 - needs the extra

        return draw_map(people(source))


def coverage_map(source: Source) -> CoverageMap:
    """Show users x resources as text and as HTML: the same as `coverage`, without a chart library.

    Parameters: `source` as for `coverage`. Returns a CoverageMap: a cell shows it as a table, `print` as text, its
    `frame` has the state of each user. Raises a UsageError for a frame without these columns.

    >>> import socialconnect as sc
    >>> client = sc.sandbox(users=60)
    >>> sc.plot.coverage_map(client.coverage(["github.repos", "notion.users"]))  # doctest: +ELLIPSIS
    <CoverageMap: 60 users, 2 resources, as of ... UTC>
    """
    return CoverageMap(people(source))


def outcomes(source: Source) -> Chart:
    """Draw how reading ended by provider and resource: accounts by status, with the reasons in words.

    Parameters: `source`, a run, a list of runs, or `run.outcomes`; a resource that was read twice has a bar for each
    run. Returns a matplotlib figure. Raises a UsageError for anything else and a MissingPackage where the extra `plot`
    is not installed.

    >>> import socialconnect as sc
    >>> client = sc.sandbox(users=60)
    >>> runs = [client.read(name, on_error="ignore") for name in ("github.repos", "google.profile")]
    >>> sc.plot.outcomes(runs)  # doctest: +ELLIPSIS
    <Chart: How reading ended, by provider, ... accounts, 2 resources>
    """
    with _library():
        from socialconnect.plot.chart_outcomes import draw_outcomes  # noqa: PLC0415 - needs the extra

        return draw_outcomes(source)


def requests(run: Run) -> Chart:
    """Draw a run's requests over its time: for each host how many, what followed, and how many had to wait.

    Parameters: `run`, what `client.read(…)` gives; its last 100,000 requests are drawn. Returns a matplotlib figure.
    Raises a UsageError for anything else and a MissingPackage where the extra `plot` is not installed.

    >>> import socialconnect as sc
    >>> run = sc.sandbox(users=60).read("github.repos", on_error="ignore")
    >>> sc.plot.requests(run)  # doctest: +ELLIPSIS
    <Chart: Requests over the time of a run, github.repos, ... requests from ... UTC on>
    """
    with _library():
        from socialconnect.plot.chart_requests import draw_requests  # noqa: PLC0415 - needs the extra

        return draw_requests(run)


def languages(frame: pd.DataFrame) -> Chart:
    """Draw how many repositories were created when, by language: an example of what a frame is good for.

    Parameters: `frame`, what `client.github.repos()` gives, or any frame with `language` and `created_at`; with `id`,
    a repository that several users can see counts once. The eight most frequent languages have a row each, a period is
    a month, a quarter or a year as the time that is covered asks for. Returns a matplotlib figure. Raises a UsageError
    for a frame without these columns and a MissingPackage where the extra `plot` is not installed.

    Source: https://docs.github.com/en/rest/repos/repos

    >>> import socialconnect as sc
    >>> sc.plot.languages(sc.sandbox(users=20).github.repos(on_error="ignore"))  # doctest: +ELLIPSIS
    <Chart: Repositories by language, ... repositories by the ... (UTC) of created_at>
    """
    with _library():
        from socialconnect.plot.chart_languages import draw_languages  # noqa: PLC0415 - needs the extra

        return draw_languages(frame)


@contextmanager
def _library() -> Iterator[None]:
    try:
        from socialconnect.plot.canvas import plain_style  # noqa: PLC0415 - needs the extra
    except ImportError:
        raise MissingPackage(
            "The charts need matplotlib, which is not installed.", cure="pip install 'socialconnect[plot]'"
        ) from None
    with plain_style():
        yield
