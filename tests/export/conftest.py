"""Targets that exports are written to, each empty and a test's own; their servers run once for all tests."""

from __future__ import annotations

import pytest
from tests import servers

# what the suite for all sinks asserts is told in full, whoever imports it first
pytest.register_assert_rewrite(
    "tests.export.contract", *(f"tests.export.contract_{part}" for part in ("holding", "runs", "verdicts", "words"))
)


@pytest.fixture(scope="session")
def postgresql_server():
    """The cluster of this session: `.database()` and `.url(name)` for tests that need more than one database."""
    programs = servers.programs()
    if programs is None:
        pytest.skip(servers.ABSENT)
    with servers.postgresql(programs) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def s3_server():
    """The S3 server of this session: `.bucket()` for tests that need more than one."""
    with servers.s3() as server:
        yield server


@pytest.fixture
def postgresql(postgresql_server):
    """SQLAlchemy's URL of an empty database: `sqlalchemy.create_engine(postgresql)`."""
    with postgresql_server.database() as url:
        yield url


@pytest.fixture
def s3(s3_server, monkeypatch, tmp_path):
    """An empty bucket: `fsspec.url_to_fs(s3.url, **s3.options)`; `s3.environment` tells another process the same."""
    for file in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):  # whoever runs the tests may have their own
        monkeypatch.setenv(file, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # who forgets the options does not get to Amazon
    return s3_server.bucket()
