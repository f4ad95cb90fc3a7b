"""A frame of coverage whose rows know the way that mends them: `frame.iloc[0].connect()`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

import pandas as pd

from socialconnect.errors import AccountError, UsageError
from socialconnect.runs.judge import COLUMNS, READ, Row, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from socialconnect.clerk.attempt import Attempt

_NEEDED = ("user_id", "provider", "resource", "state")


class Covered(pd.DataFrame):
    """A DataFrame like any other, but that each of its rows has `connect()`, also after `query`, `iloc`, `head`.

    Out of a pickle it has no client any more, since that holds a key; as Parquet it is a plain frame.
    """

    _metadata: ClassVar[list[str]] = ["_way"]
    _way: Callable[..., object] | None = None

    @property
    def _constructor(self) -> type[Covered]:
        return Covered

    @property
    def _constructor_sliced(self) -> Callable[..., pd.Series[Any]]:
        return _sliced

    def __getstate__(self) -> dict[str, Any]:
        return {**cast("dict[str, Any]", super().__getstate__()), "_way": None}


class CoveredRow(pd.Series):
    """One row of coverage: a Series with `connect()`."""

    _metadata: ClassVar[list[str]] = ["_name", "_way"]
    _way: Callable[..., object] | None = None

    @property
    def _constructor(self) -> Callable[..., pd.Series[Any]]:
        return _sliced

    @property
    def _constructor_expanddim(self) -> type[Covered]:
        return Covered

    def __getstate__(self) -> dict[str, Any]:
        return {**cast("dict[str, Any]", super().__getstate__()), "_way": None}

    def connect(self, **how: object) -> Attempt:
        """Help the user of this row to mend it: `client.connect` with what the row lacks.

        Parameters: `how`, those of `client.connect`, in the place of what the row says. Returns an Attempt, which that
        of an AsyncClient's frame gives to await. Raises a UsageError where connecting mends nothing, or the frame has
        no client any more.

        >>> import socialconnect as sc
        >>> client = sc.sandbox(users=20)
        >>> row = client.coverage("notion.users").query("state == 'not_connected'").iloc[0]
        >>> attempt = row.connect()
        >>> attempt.state
        'offered'
        >>> attempt.cancel()
        """
        row = _row(self)
        if row.state in READ:
            raise UsageError(
                f"{row.user_id}'s account can be read: there is nothing to mend.",
                cure="For more than that, call client.connect(user, provider, scopes=…).",
            )
        error = refusal(row)
        if not isinstance(error, AccountError):
            raise UsageError(f"Connecting does not mend this: {error.message}", cure=error.cure)
        if self._way is None:
            raise UsageError("This row has no client any more.", cure="Call client.connect(user, provider).")
        error.bind(self._way, row.external_account_id)
        return error.connect(**how)


def covered(frame: pd.DataFrame, way: Callable[..., object]) -> pd.DataFrame:
    """The frame with rows that connect by that way: a client's `connect`."""
    found = Covered(frame, copy=False)
    found.attrs = frame.attrs
    found._way = way  # noqa: SLF001 - it is ours
    return found


def _sliced(*args: Any, **kwargs: Any) -> pd.Series[Any]:  # as pandas calls a constructor
    """What pandas takes out of the frame: a row has the names of the columns for its index."""
    series: pd.Series[Any] = pd.Series(*args, **kwargs)
    names = series.index
    if pd.api.types.is_numeric_dtype(names.dtype) or not all(name in names for name in _NEEDED):
        return series
    return CoveredRow(series)


def _row(series: pd.Series[Any]) -> Row:
    given = {
        column.name: value
        for column in COLUMNS
        if (value := series.get(column.name)) is not None and not (pd.api.types.is_scalar(value) and pd.isna(value))
    }
    return Row(**cast("Any", {"external_account_id": None, "required": [], **given}))
