"""Exports to files, on a local disk, in memory and on S3."""

from __future__ import annotations

import pytest

from socialconnect.export.files import FileSink

pytest.register_assert_rewrite("tests.export.contract")
from tests.export.contract import SinkContract  # noqa: E402 - its asserts are to tell what they compared


class TestParquet(SinkContract):
    @pytest.fixture
    def make(self, tmp_path):
        return lambda: FileSink(f"{tmp_path}/out")


class TestCSV(SinkContract):
    @pytest.fixture
    def make(self, tmp_path):
        return lambda: FileSink(f"{tmp_path}/out", "csv")


class TestLines:
    """JSON lines: what is written and read in another way than CSV, the other of the formats of one file."""

    @pytest.fixture
    def make(self, tmp_path):
        return lambda: FileSink(f"{tmp_path}/out", "jsonl")

    test_types_come_back = SinkContract.test_types_come_back
    test_no_rows = SinkContract.test_no_rows
    test_rows_come_in_batches = SinkContract.test_rows_come_in_batches
    test_replace = SinkContract.test_replace
    test_merge = SinkContract.test_merge
    test_append = SinkContract.test_append
    test_a_new_column = SinkContract.test_a_new_column
    test_a_column_less = SinkContract.test_a_column_less


class TestMemory:
    """A filesystem on which nothing can be renamed; the rest is the same code."""

    @pytest.fixture
    def make(self, tmp_path):
        return lambda: FileSink(f"memory:/{tmp_path}/out")

    test_merge = SinkContract.test_merge
    test_resume = SinkContract.test_resume
    test_a_commit_that_fails = SinkContract.test_a_commit_that_fails
    test_staged_rows_outlive_a_run = SinkContract.test_staged_rows_outlive_a_run


class TestS3:
    """An object store: what touches it in another way than a disk."""

    @pytest.fixture
    def make(self, s3, monkeypatch):
        for name, value in s3.environment.items():
            monkeypatch.setenv(name, value)
        return lambda: FileSink(f"{s3.url}out")

    test_merge = SinkContract.test_merge
    test_replace = SinkContract.test_replace
    test_resume = SinkContract.test_resume
    test_the_last_run = SinkContract.test_the_last_run
    test_two_at_once = SinkContract.test_two_at_once
