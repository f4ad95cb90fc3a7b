"""Every resource's rows come back from every kind of target as they went there: one schema, whatever holds it."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import pyarrow as pa
import pytest
from tests.export.contract_words import ended, opened, running, table

import socialconnect as sc
from socialconnect.connectors import Connectors
from socialconnect.export.sink import Dataset
from socialconnect.export.where import open_sink
from socialconnect.frames import Table

DATASETS = [
    Dataset(f"{connector.name}.{resource.name}", resource.columns, resource.key)
    for connector in Connectors().values()
    for resource in connector.resources
]
HIGH = {
    "string": "Zoë 🦊 “x”, 'y'\n\ttab \\ back {braces} \r\n end",
    "category": "open, or not",
    "json": '{"a": [1, null], "b": "\\u0000"}',
    "Int64": 2**63 - 1,
    "Float64": 1.7976931348623157e308,
    "boolean": True,
    "datetime": datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    "list": ["a", "", 'q"u,o', "b\\c", "NULL", None, "Zoë"],
}
LOW = {
    "string": "",
    "category": "NULL",
    "json": "",
    "Int64": -(2**63),
    "Float64": 5e-324,
    "boolean": False,
    "datetime": datetime(1, 1, 1, tzinfo=UTC),
    "list": [],
}


@pytest.fixture(params=["sqlite", "duckdb", "postgresql", "parquet", "csv", "jsonl"])
def target(request, tmp_path):
    """An empty target, and the format of its files where it has any."""
    match request.param:
        case "postgresql":
            return request.getfixturevalue("postgresql"), ""
        case "sqlite" | "duckdb":
            return f"{request.param}:///{tmp_path}/x", ""
        case form:
            return f"{tmp_path}/{form}/", form


def rows(dataset):
    """A row without any value, and one for each end of what each type can hold."""
    none: dict[str, object] = {}
    return table(dataset, none, *({one.name: values[one.dtype] for one in dataset.columns} for values in (HIGH, LOW)))


def frame(dataset, written):
    """The frame that reading would have made of the rows."""
    made = Table(dataset.fields, lead=())
    for batch in written.drop_columns("_seq").to_batches():
        made.add(batch)
    return ordered(made.frame())


def ordered(found):
    order = pd.util.hash_pandas_object(found.astype(str), index=False).argsort()
    return found.iloc[order].reset_index(drop=True)


def test_every_resource_comes_back(target):
    """One row of NAs and two of edge values of each resource: the same values with the same dtypes."""
    to, form = target
    written = {dataset.resource: rows(dataset) for dataset in DATASETS}
    assert len(written) > 100
    sink = opened(lambda: open_sink(to, format=form), *DATASETS)
    sink.commit(written, [ended(resource=name) for name in written])
    sink.finish(running(status="finished", ended_at=1.0), [])
    sink.close()
    reader = open_sink(to, format=form)
    for dataset in DATASETS:
        found = Table(dataset.fields, lead=())
        for batch in reader.rows(dataset.resource):
            found.add(batch)
        pd.testing.assert_frame_equal(ordered(found.frame()), frame(dataset, written[dataset.resource]))
    reader.close()
    filled = next(one for one in DATASETS if any(column.fill for column in one.columns))
    read = sc.read_export(to, filled.resource, format=form)
    pd.testing.assert_frame_equal(ordered(read), frame(filled, written[filled.resource]))


def test_every_dtype_is_among_them():
    """What is tried here are all types that a column can have."""
    dtypes = {column.dtype for dataset in DATASETS for column in dataset.columns}
    assert dtypes == HIGH.keys() == LOW.keys()
    assert pa.types.is_timestamp(rows(DATASETS[0]).schema.field("_read_at").type)
