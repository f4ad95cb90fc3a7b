"""A provider's API version is pinned, newest by default, and a setting chooses an older one."""

from __future__ import annotations

import pytest
from tests.worlds import opened, user_of

import socialconnect as sc
from socialconnect.connectors import Connectors

THINGS = sc.Resource(
    "things",
    "/v2/things",
    columns=sc.columns("string", "id"),
    older={"2025-06-01": {"path": "/v1/things", "records": "items"}, "2024-01-01": {"path": "/v0/things"}},
)
PINNED = sc.Resource("pinned", "/pinned", columns=sc.columns("string", "id"), api_version="2023-01-01")
ACME = sc.Connector(
    "acme",
    "https://api.acme.example",
    (THINGS, PINNED),
    api_version="2026-01-01",
    version_header="acme-version",
    versions=("2026-01-01", "2025-06-01", "2024-01-01"),
)


@pytest.mark.parametrize(
    ("version", "path", "records"),
    [("2026-01-01", "/v2/things", ""), ("2025-06-01", "/v1/things", "items"), ("2024-01-01", "/v0/things", "items")],
)
def test_an_older_version_is_what_the_declaration_says(version, path, records):
    """What differs from a version on downwards holds for it and for all before it."""
    made = Connectors([ACME], {"acme": version})["acme"]
    things = made.resource("things")
    assert (things.path, things.records) == (path, records)
    assert made.headers_for(things) == {"acme-version": version}


def test_a_resource_may_pin_its_own():
    """A resource that says its version keeps it, whatever the setting."""
    made = Connectors([ACME], {"acme": "2025-06-01"})["acme"]
    assert made.headers_for(made.resource("pinned")) == {"acme-version": "2023-01-01"}


@pytest.mark.parametrize(
    ("versions", "match"),
    [
        ({"notion": "2020-01-01"}, "Notion has no version '2020-01-01' that can be read here. There is: 2026-03-11"),
        ({"google": "2"}, "It has no versions to choose"),
        ({"notoin": "2022-06-28"}, "no provider 'notoin'. Did you mean 'notion'"),
    ],
)
def test_a_version_that_cannot_be_read_is_refused_at_once(versions, match):
    """Not at the first read, and with those that there are."""
    with pytest.raises(sc.UsageError, match=match):
        sc.Client("a-key", settings=sc.Settings.make(api_versions=versions))


@pytest.mark.looptime
@pytest.mark.parametrize("version", ["2026-03-11", "2025-09-03", "2022-06-28"])
async def test_the_version_goes_out_and_stands_in_the_frame(version):
    """What was asked for is what the frame says of itself."""
    async with opened(20, settings={"api_versions": {"notion": version}}) as (world, client):
        frame = await client.frame("notion.users", user_of(world, "notion"))
    assert frame.attrs["api_version"] == version
    assert len(frame) > 0
