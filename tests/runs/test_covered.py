"""Rows of coverage that connect: a frame like any other, whose rows know the client they came from."""

import copy
import pickle

import pandas as pd
import pytest

import socialconnect as sc
from socialconnect.runs.covered import Covered, CoveredRow

RESOURCES = ["notion.users", "google.contacts"]


@pytest.fixture(scope="module")
def client():
    return sc.sandbox(users=40)


@pytest.fixture(scope="module")
def frame(client):
    return client.coverage(RESOURCES, tokens=True)


@pytest.fixture
def asked(monkeypatch, client):
    """What `connect` was asked, in the place of asking it."""
    calls = []
    monkeypatch.setattr(client.aio, "_connected", lambda *args, **how: calls.append((*args, how)))
    return calls


WAYS = {
    "query": lambda frame: frame.query("state == 'not_connected'"),
    "mask": lambda frame: frame[frame["state"] == "not_connected"],
    "head": lambda frame: frame.query("state == 'not_connected'").head(1),
    "copy": lambda frame: frame.query("state == 'not_connected'").copy(),
    "deepcopy": lambda frame: copy.deepcopy(frame.query("state == 'not_connected'")),
    "sorted": lambda frame: frame.query("state == 'not_connected'").sort_values("user_id"),
    "reset": lambda frame: frame.query("state == 'not_connected'").reset_index(drop=True),
    "fewer columns": lambda frame: frame.query("state == 'not_connected'").drop(columns=["cure", "granted"]),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_row_connects_however_it_was_chosen(frame, asked, way):
    """A row of what was filtered, sorted or copied connects its user and provider, by the frame's own client."""
    row = WAYS[way](frame).iloc[0]
    row.connect(ticket=True)
    assert asked == [(row["user_id"], row["provider"], {"ticket": True})]


def test_each_state_asks_for_what_it_lacks(frame, asked):
    """A missing scope is asked for, of that account; a dead token is renewed; an unfinished attempt starts afresh."""
    found = {row["state"]: row for _, row in frame.iterrows()}
    for state in ("missing_scope", "token_dead", "not_verified"):
        found[state].connect()
    scopes, dead, begun = (how for *_, how in asked)
    assert scopes == {
        "account": found["missing_scope"]["external_account_id"],
        "scopes": tuple(found["missing_scope"]["required"][:1]),
    }
    assert dead == {"account": found["token_dead"]["external_account_id"], "again": True}
    assert begun == {}


def test_loc_and_iterrows_give_such_rows(frame):
    """`loc` by label, `iloc` by place and `iterrows` give rows that connect; a column is a plain Series."""
    rows = [frame.loc[3], frame.iloc[3], next(frame.iterrows())[1]]
    assert [type(row) for row in rows] == [CoveredRow] * 3
    assert type(frame["state"]) is pd.Series
    assert type(frame.set_index("user_id").iloc[0]) is pd.Series


def test_what_connecting_does_not_mend_is_refused(client, frame):
    """A readable account, a user who is unknown and a provider that is not enabled are refused with what to do."""
    with pytest.raises(sc.UsageError, match="can be read"):
        frame.query("state == 'readable'").iloc[0].connect()
    with pytest.raises(sc.UsageError, match="Connecting does not mend this"):
        client.coverage("notion.users", "user_2nobody").iloc[0].connect()
    other = sc.sandbox(users=20, disabled=["notion"])
    with pytest.raises(sc.UsageError, match="Connecting does not mend this"):
        other.coverage("notion.users", tokens=True).iloc[0].connect()


def test_it_equals_a_plain_frame(frame):
    """Values, dtypes and columns are those of a plain DataFrame, column by column."""
    plain = pd.DataFrame(frame)
    assert type(plain) is pd.DataFrame
    pd.testing.assert_frame_equal(frame, plain)
    assert frame.equals(plain)


def test_a_pickle_has_no_client(frame):
    """Neither the frame nor a row takes a client along; what comes back says so, and is otherwise the same."""
    data = pickle.dumps(frame)
    again = pickle.loads(data)
    assert type(again) is Covered
    assert b"AsyncClient" not in data
    pd.testing.assert_frame_equal(again, frame)
    assert again.attrs == frame.attrs
    row = frame.query("state == 'not_connected'").iloc[0]
    for one in (again.query("state == 'not_connected'").iloc[0], pickle.loads(pickle.dumps(row))):
        with pytest.raises(sc.UsageError, match="no client any more"):
            one.connect()


def test_parquet_keeps_it(frame, tmp_path):
    """It is written as Parquet and read as a plain frame with the same values and attributes."""
    frame.to_parquet(tmp_path / "coverage.parquet")
    again = pd.read_parquet(tmp_path / "coverage.parquet")
    assert type(again) is pd.DataFrame
    assert again["state"].tolist() == frame["state"].tolist()
    assert again.attrs == frame.attrs


async def test_an_async_clients_row_is_awaited():
    """The row of an AsyncClient's frame gives what is to be awaited."""
    aio = sc.sandbox(users=20).aio
    aio._blocks = False
    frame = await aio.coverage("notion.users")
    attempt = await frame.query("state == 'not_connected'").iloc[0].connect()
    assert attempt.state == "offered"
    attempt.cancel()


def test_what_a_plan_skips_connects(client, asked):
    """The rows of `plan.skipped`, and the errors of the run that it becomes, connect too."""
    plan = client.plan("google.contacts")
    plan.skipped.iloc[0].connect()
    run = plan.run(on_error="ignore")
    error = next(one.error for one in run.ended if one.status == "skipped")
    error.connect()
    assert asked[0][0] == plan.skipped.iloc[0]["user_id"]
    assert asked[1][:2] == (error.user_id, "google")
