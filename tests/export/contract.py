"""What every place for rows does: a suite that each kind of sink runs, over a target of its own.

A kind is tested by a class of its own in a file of its own:

    from tests.export.contract import SinkContract

    class TestCSV(SinkContract):
        @pytest.fixture
        def make(self, tmp_path):
            return lambda: FileSink(f"{tmp_path}/out")

`make()` gives a new sink, not yet open, on the same target each time.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from tests.export.contract_holding import Holding
from tests.export.contract_runs import Runs
from tests.export.contract_verdicts import Verdicts
from tests.export.contract_words import (
    KINDS,
    NOTES,
    STEPS,
    TASKS,
    ended,
    ids,
    opened,
    running,
    seen,
    state,
    table,
    tasks,
    titles,
)

from socialconnect.export.sink import Change
from socialconnect.reading.place import Place


class SinkContract(Verdicts, Runs, Holding):
    """Tests that hold for every kind of sink; a kind gives the fixture `make`."""

    @pytest.fixture
    def make(self):
        raise NotImplementedError

    # -- rows and their types

    def test_types_come_back(self, make):
        """Every type comes back as it went there: limits, NAs, empty values, old times, any text."""
        full = {
            "id": "1",
            "text": "Zoë 🦊 “x”, 'y'\n\ttab \\ back \\N {braces} \r\n end",
            "state": "open",
            "count": 2**63 - 1,
            "share": 0.1,
            "open": True,
            "at": datetime(1912, 6, 23, 1, 2, 3, 456789, tzinfo=UTC),
            "tags": ["a", "", 'q"u,o', "b\\c", "NULL", "{}", "Zoë"],
            "raw": '{"a": [1, null], "b": "\\u0000"}',
            "select": " blanks ",
            "Größe in %": 7,
            'a"b': "null",
        }
        low = {"count": -(2**63), "share": -1.7976931348623157e308, "open": False, "tags": [], "text": "", "raw": ""}
        low |= {"id": "2", "state": "", "at": datetime(1, 1, 1, tzinfo=UTC), "select": "None", 'a"b': "\\N"}
        fine = {"id": "3", "share": 5e-324, "at": datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), "text": "é"}
        fine |= {"tags": [None, "x"], "count": 0, "text": "long " * 100_000, "Größe in %": -1}
        none = {"id": None}
        rows = table(KINDS, full, low, fine, none)
        sink = opened(make, KINDS)
        sink.commit({"acme.kinds": rows}, [ended(resource="acme.kinds")])
        expected = rows.drop_columns("_seq").to_pylist()
        assert seen(sink, KINDS) == [expected[3], *expected[:3]]
        sink.close()
        again = make()
        again.open([KINDS], "replace")
        assert seen(again, KINDS) == [expected[3], *expected[:3]]
        again.close()

    def test_no_rows(self, make):
        """A dataset without rows can be read: there are none."""
        sink = opened(make)
        assert seen(sink) == []
        sink.commit({}, [ended()])
        sink.finish(running(status="finished"), [])
        assert seen(sink) == []
        sink.close()

    def test_rows_come_in_batches(self, make):
        """Reading holds a part of the rows at a time."""
        sink = opened(make)
        for start in range(0, 120_000, 20_000):
            sink.commit(tasks(*range(start, start + 20_000)), [])
        sink.commit({}, [ended()])
        sizes = [batch.num_rows for batch in sink.rows("acme.tasks")]
        assert sum(sizes) == 120_000
        assert max(sizes) <= 70_000
        sink.close()

    # -- what is staged

    def test_staged_rows_are_not_seen(self, make):
        """While an account is being read, readers see what was there before."""
        sink = opened(make)
        sink.commit(tasks(1), [ended()])
        sink.commit(tasks(2), [Change(state(place=Place("https://acme.test/2")))])
        assert ids(sink) == [("ada", "a1", 1)]
        sink.commit(tasks(3), [ended()])
        assert ids(sink) == [("ada", "a1", 2), ("ada", "a1", 3)]
        sink.close()

    @pytest.mark.parametrize("mode", ["replace", "append", "merge"])
    def test_twins(self, make, mode):
        """Of staged rows with one key the highest sequence counts, in one commit or two."""
        sink = opened(make, mode=mode)
        late = {"id": 1, "title": "late", "_seq": 10_000_000}
        sink.commit({"acme.tasks": table(TASKS, late, {"id": 1, "title": "early"}, {"id": 2, "title": "first"})}, [])
        sink.commit(tasks(2, title="second"), [ended()])
        assert titles(sink) == {1: "late", 2: "second"}
        assert len(seen(sink)) == 2
        sink.close()

    @pytest.mark.parametrize("mode", ["replace", "append", "merge"])
    def test_rows_without_a_key_are_no_twins(self, make, mode):
        """A key that is NA, or a part of it, identifies nothing; nor are rows of a dataset without a key twins."""
        sink = opened(make, STEPS, NOTES, mode=mode)
        steps = [{"list": "x", "n": 1}, {"list": "x", "n": 2}, {"n": 3}, {"n": 4}, {"list": "x", "id": "1", "n": 5}]
        sink.commit(
            {"acme.steps": table(STEPS, *steps), "acme.notes": table(NOTES, {"text": "a"}, {"text": "a"})},
            [ended(resource="acme.steps"), ended(resource="acme.notes")],
        )
        assert [row["n"] for row in seen(sink, STEPS)] == [3, 4, 1, 2, 5]
        assert len(seen(sink, NOTES)) == 2
        sink.close()

    def test_accounts_are_apart(self, make):
        """The same key in another account, of another user or without an id, is another row."""
        sink = opened(make)
        whose = [("ada", "a1"), ("ada", "a2"), ("ada", None), ("bob", "a1"), ("bob", None)]
        for user, account in whose:
            sink.commit(tasks(1, 1, user=user, account=account), [ended("kept", user=user, account=account or "")])
        sink.commit({}, [ended(user=user, account=account or "") for user, account in whose])
        assert ids(sink) == sorted(((*one, 1) for one in whose), key=lambda row: (row[0], row[1] or ""))
        sink.commit(tasks(2, account=None), [ended(account="")])
        assert ids(sink)[:3] == [("ada", None, 2), ("ada", "a1", 1), ("ada", "a2", 1)]
        sink.close()

    def test_many_accounts_in_one_commit(self, make):
        """One commit may end many accounts, each in its own way, and go on with others."""
        sink = opened(make)
        before = [tasks(1, user=user)["acme.tasks"] for user in ("ada", "bob", "cyd", "dan", "eve")]
        sink.commit({"acme.tasks": pa.concat_tables(before)}, [ended(user=u) for u in ("ada", "bob", "cyd", "dan")])
        assert [row[0] for row in ids(sink)] == ["ada", "bob", "cyd", "dan"]
        now = [tasks(2, user=user)["acme.tasks"] for user in ("ada", "bob", "cyd", "dan", "eve")]
        verdicts = {"ada": "whole", "bob": "unchanged", "cyd": "gone", "dan": "kept", "eve": "whole"}
        sink.commit({"acme.tasks": pa.concat_tables(now)}, [ended(v, user=user) for user, v in verdicts.items()])
        expected = [("ada", "a1", 2), ("bob", "a1", 1), ("dan", "a1", 1), ("eve", "a1", 1), ("eve", "a1", 2)]
        assert ids(sink) == expected
        sink.close()
