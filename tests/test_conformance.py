"""What every resource of every connector must do; a new connector has these tests by being there."""

import json
import pickle
import warnings
from itertools import islice

import pandas as pd
import pyarrow.parquet
import pytest
from tests.every import EVERY, pytest_generate_tests
from tests.worlds import opened

import socialconnect as sc
from socialconnect.frames import Table
from socialconnect.reading.extract import Extractor
from socialconnect.sandbox.declared import plant

__all__ = ["EVERY", "pytest_generate_tests"]  # pytest reads them off the module

DTYPES = {
    "Int64": "Int64",
    "Float64": "Float64",
    "boolean": "boolean",
    "datetime": "datetime64[us, UTC]",
    "category": "category",
    "list": "object",
}


def check(frame, columns, lead=("user_id", "external_account_id")):
    """The frame has these columns, in this order, each of its declared dtype."""
    assert frame.columns.tolist() == [*lead, *(column.name for column in columns)]
    for name in lead:
        assert isinstance(frame[name].dtype, pd.StringDtype)
    for column in columns:
        found = frame[column.name].dtype
        if column.dtype in ("string", "json"):
            assert isinstance(found, pd.StringDtype), column.name
        else:
            assert str(found) == DTYPES[column.dtype], column.name


def declared(frame, resource):
    """A frame without the columns whose names users chose, and the columns that it then has."""
    if resource.variants is None:
        return frame, resource.select(None)
    columns = [column for column in resource.select(None) if column.name != resource.variants.at]
    return frame.drop(columns=list(frame.attrs[resource.variants.at])), columns


def empty(resource, names=None, *, raw=False):
    chosen = resource.select(names)
    return Table(Extractor(resource, chosen, raw=raw).columns, raw=raw).frame()


def people(world, connector, **count):
    """So many users of each situation, by its name, who have connected the provider."""
    return [
        world.world.user_id(one.user)
        for situation, most in count.items()
        for one in islice(world.world.having(connector.name, situation), most)
    ]


@pytest.fixture(scope="module")
def frames():
    """The frame of each resource, read once, in virtual time: what a provider allows in a minute takes none."""
    found = {}

    async def get(connector, resource):
        name = f"{connector.name}.{resource.name}"
        if name not in found:
            async with opened(seed=3) as (world, client):
                whom = people(
                    world, connector, healthy=10, large=1, empty=1, narrow=1, stale=1, revoked=1, unverified=1
                )
                found[name] = await client.frame(name, whom, on_error="ignore")
        return found[name]

    return get


async def few(connector, resource, **how):
    """The frame of a few users who can be read."""
    async with opened() as (world, client):
        users = people(world, connector, healthy=3)
        return await client.frame(f"{connector.name}.{resource.name}", users, on_error="ignore", **how)


def test_no_rows_have_all_columns(connector, resource):
    """A frame without rows has every declared column with its exact dtype."""
    del connector
    frame = empty(resource)
    assert len(frame) == 0
    check(frame, resource.select(None))


@pytest.mark.looptime
async def test_rows_have_the_same_columns(connector, resource, frames):
    """Rows change nothing about columns and dtypes."""
    frame = await frames(connector, resource)
    assert len(frame) > 0
    check(*declared(frame, resource))
    assert frame["user_id"].notna().all()
    assert (frame.drop(columns=["user_id", "external_account_id"]).notna().any()).sum() > len(resource.key)


@pytest.mark.looptime
async def test_columns_select_and_keep_their_order(connector, resource):
    """`columns=` gives those columns in that order, those on request among them."""
    names = [column.name for column in resource.columns][::-1][:5]
    frame = await few(connector, resource, columns=names)
    check(frame, [resource.column(name) for name in names])
    check(empty(resource, names), [resource.column(name) for name in names])


@pytest.mark.looptime
async def test_a_frame_survives(connector, resource, frames, tmp_path):
    """A frame can be joined to an empty one, written to Parquet and pickled, with what it says of itself."""
    frame = await frames(connector, resource)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        joined = pd.concat([frame, empty(resource)], ignore_index=True)
    for name in frame.columns:
        if str(frame[name].dtype) != "category":
            assert joined[name].dtype == frame[name].dtype, name
    path = tmp_path / "rows.parquet"
    frame.to_parquet(path)
    again = pd.read_parquet(path)
    assert again.attrs == frame.attrs
    assert again.attrs["resource"] == f"{connector.name}.{resource.name}"
    assert pyarrow.parquet.read_table(path).num_rows == len(frame)
    for column in resource.select(None):
        if column.dtype in ("Int64", "Float64", "boolean", "datetime", "category"):
            assert str(again[column.name].dtype) == str(frame[column.name].dtype), column.name
    copy = pickle.loads(pickle.dumps(frame))
    pd.testing.assert_frame_equal(copy, frame)
    assert copy.attrs == frame.attrs


@pytest.mark.looptime
async def test_raw_has_what_is_not_declared(connector, resource):
    """`raw=True` adds one column of JSON text: the fields that no column declares, never those that are dropped."""
    frame = await few(connector, resource, raw=True)
    assert len(frame) > 0
    assert frame.columns[-1] == "raw"
    assert isinstance(frame["raw"].dtype, pd.StringDtype)
    assert frame["raw"].str.startswith("{").all()
    record = {"id": 1, "surprise": {"a": [1]}}
    for name in resource.drop:
        plant(record, name, "never shown")
    found = record if resource.single else {"a key": record} if resource.entries else [record]
    around = {}
    if resource.records:
        plant(around, resource.records, found)
    body = json.dumps(around or found).encode()
    page = Extractor(resource, resource.select(None), raw=True).page(body)
    assert page.rows == 1
    # an entry is a key and its value, and both are columns
    assert ("{}" if resource.entries else '"surprise":{"a":[1]}') in page.columns[-1][0]
    assert "never shown" not in page.columns[-1][0]


def test_a_resource_is_described(connector, resource):
    """Each resource says what it is and where that stands; its key is there without being asked for."""
    assert resource.doc.endswith(".")
    assert resource.source.startswith("https://")
    assert resource.key
    assert not [name for name in resource.key if resource.column(name).on_request]
    assert all(origin.startswith("https://") for origin in connector.origins)
    assert connector.source.startswith("https://")
    text = getattr(sc.sandbox(users=1)[connector.name], resource.name).__doc__
    assert not [column.name for column in resource.columns if column.name not in text]


@pytest.mark.looptime
async def test_faults_of_its_provider_end_well(connector, resource):
    """Errors that pass cost nothing, and no answer of a provider in trouble ends the whole run."""
    name = f"{connector.name}.{resource.name}"

    async def read(*faults):
        async with opened(faults=faults) as (world, client):
            whom = people(world, connector, healthy=12, large=1, stale=1)
            return await client.read(name, whom, on_error="ignore")

    shaken, calm = (
        await read(f"{connector.name}:server_error@0.04"),
        await read(),
    )  # rarely twice in a row, never five times
    pd.testing.assert_frame_equal(shaken.frame, calm.frame, check_flags=False)
    rate = 0.2 if resource.parent or connector.bound(resource) else 0.5  # what needs earlier calls fails by them too
    broken = await read(f"{connector.name}:malformed@{rate}")
    told = broken.outcomes["reason"].astype("str").fillna("") + broken.outcomes["cut"].fillna("")
    assert told.str.contains("malformed").any() != resource.identity  # which no provider is asked for
    assert broken.outcomes["status"].isin(["ok", "partial", "empty"]).any()  # of many listings some are read


ACME = sc.Connector(
    "acme",
    origin="https://api.acme.example",
    resources=[
        sc.Resource(
            "projects",
            "/v1/projects",
            records="items",
            paging=sc.Cursor("next", "cursor"),
            scopes=("projects:read",),
            key=("id",),
            columns=(
                *sc.columns("string", "id name"),
                *sc.columns("datetime", "created_at"),
                sc.Column("budget", "Float64"),
                sc.Column("owner_id", "Int64", "owner.id"),
            ),
        )
    ],
)


def test_a_connector_of_ones_own_works_as_any():
    """A connector written in a cell is read, completed and documented as a built-in one."""
    client = sc.sandbox(users=60, connectors=[ACME])
    assert "acme" in dir(client)
    assert "projects" in dir(client.acme)
    with pytest.warns(sc.PartialWarning):
        frame = client.acme.projects()
    check(frame, ACME.resource("projects").columns)
    assert len(frame) > 20
    run = client.read("acme.projects", frame["user_id"].iloc[0])
    assert run.complete
    assert {"ok", "failed"} <= set(client.read("acme.projects", on_error="ignore").outcomes["status"])
    assert client.accounts().query("provider == 'acme'").shape[0] > 5


def test_a_strategy_of_clerks_own_kind_is_found():
    """A custom provider, `oauth_custom_…` at Clerk, is read under the connector's own name."""
    custom = sc.Connector("inhouse", "https://api.inhouse.example", ACME.resources, strategy="oauth_custom_inhouse")
    client = sc.sandbox(users=60, connectors=[custom])
    frame = client.frame("inhouse.projects", on_error="ignore")
    assert len(frame) > 20
    user = frame["user_id"].iloc[0]
    assert client.token(user, "inhouse").external_account_id in set(frame["external_account_id"])
