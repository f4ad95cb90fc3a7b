"""What workers hand over, as files: chains of steps, whoever wrote them."""

import pyarrow as pa
import pytest

from socialconnect.dask.handing import Handing, Taking
from socialconnect.errors import TargetError
from socialconnect.export.schema import staged
from socialconnect.export.sink import AccountState, Change, Dataset
from socialconnect.reading.declare import Column

DATASET = Dataset("acme.tasks", (Column("id", "Int64"),), ("id",))


class Target:
    """A sink that remembers what was committed."""

    def __init__(self):
        self.ids, self.ended = [], []

    def commit(self, rows, changes):
        self.ids += [one for table in rows.values() for one in table["id"].to_pylist()]
        self.ended += [change.state.user_id for change in changes]


def attempt(folder, known=()):
    one = Handing(str(folder), "handed/000000", known)
    one.open([DATASET], "merge")
    return one


def step(handing, user, *ids):
    rows = [{"user_id": user, "id": one, "_seq": one} for one in ids]
    state = AccountState(DATASET.resource, user, "eac", "run", status="ok", rows=len(ids))
    handing.commit({DATASET.resource: pa.Table.from_pylist(rows, staged(DATASET))}, [Change(state, "whole")])


def taken(folder, chain):
    target = Target()
    Taking(str(folder), "handed", [DATASET], target).take(chain)
    return target.ids, target.ended


def test_another_try_goes_on_where_the_first_was_killed(tmp_path):
    """Who comes after a killed worker knows what is done, and hands over both together, each once."""
    first = attempt(tmp_path)
    step(first, "ada", 1, 2)
    step(first, "bob", 3)
    second = attempt(tmp_path)
    assert [one.status for user in ("ada", "bob", "eve") for one in second.states(DATASET.resource, user)] == ["ok"] * 2
    step(second, "eve", 4)
    assert taken(tmp_path, second.chain) == ([1, 2, 3, 4], ["ada", "bob", "eve"])


def test_who_was_taken_for_dead_writes_for_nobody(tmp_path):
    """A worker that goes on after another took its place disturbs nobody: what it writes is in no chain but its own."""
    first = attempt(tmp_path)
    step(first, "ada", 1)
    second = attempt(tmp_path)
    step(first, "bob", 2)
    step(second, "bob", 3)
    step(second, "eve", 4)
    step(first, "eve", 5)
    assert taken(tmp_path, second.chain) == ([1, 3, 4], ["ada", "bob", "eve"])
    third = attempt(tmp_path)
    assert third.chain in (first.chain, second.chain)
    assert [one.user_id for one in third.states(DATASET.resource, "eve")] == ["eve"]


def test_a_step_is_whole_or_not_there(tmp_path, monkeypatch):
    """Rows without their slip, as a kill between the two leaves them, are nobody's."""
    first = attempt(tmp_path)
    step(first, "ada", 1)
    monkeypatch.setattr(first._store, "put", lambda *_: (_ for _ in ()).throw(OSError("killed")))
    with pytest.raises(TargetError):
        step(first, "bob", 2)
    second = attempt(tmp_path)
    assert list(second.states(DATASET.resource, "bob")) == []
    assert taken(tmp_path, second.chain) == ([1], ["ada"])


def test_what_the_target_keeps_is_known(tmp_path):
    """What came of earlier runs travels with a share, and what its own steps say counts more."""
    old = AccountState(DATASET.resource, "ada", "eac", "before", status="failed")
    one = attempt(tmp_path, [old])
    assert list(one.states(DATASET.resource, "ada")) == [old]
    step(one, "ada", 1)
    assert [state.status for state in attempt(tmp_path, [old]).states(DATASET.resource, "ada")] == ["ok"]
