"""The Arrow types of exported rows: what every target makes its own types of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from socialconnect.export.sink import SEQUENCE
from socialconnect.frames import arrow_type

if TYPE_CHECKING:
    from socialconnect.export.sink import Dataset


def schema(dataset: Dataset) -> pa.Schema:
    """The schema of a dataset's rows: texts and JSON as string, times in UTC to the microsecond, lists of strings.

    >>> from socialconnect.reading.declare import Column
    >>> from socialconnect.export.sink import Dataset
    >>> schema(Dataset("acme.tasks", (Column("id", "Int64"),))).names
    ['user_id', 'external_account_id', 'id', '_run_id', '_read_at', '_deleted_at']
    """
    return pa.schema([pa.field(column.name, arrow_type(column.dtype)) for column in dataset.fields])


def staged(dataset: Dataset) -> pa.Schema:
    """The schema of rows in a commit: those of the dataset, and their sequence."""
    return schema(dataset).append(pa.field(SEQUENCE, pa.int64()))
