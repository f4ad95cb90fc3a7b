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


class TestLines(SinkContract):
    @pytest.fixture
    def make(self, tmp_path):
        return lambda: FileSink(f"{tmp_path}/out", "jsonl")


class TestMemory(SinkContract):
    @pytest.fixture
    def make(self, tmp_path):
        return lambda: FileSink(f"memory:/{tmp_path}/out")


class TestS3(SinkContract):
    @pytest.fixture
    def make(self, s3, monkeypatch):
        for name, value in s3.environment.items():
            monkeypatch.setenv(name, value)
        return lambda: FileSink(f"{s3.url}out")
