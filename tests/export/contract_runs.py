"""How a sink goes through runs, interrupted ones too: a part of its contract."""

from __future__ import annotations

import pytest
from tests.export.contract_words import (
    LATER,
    NOTES,
    TASKS,
    ended,
    gone,
    ids,
    opened,
    running,
    seen,
    state,
    table,
    tasks,
)

from socialconnect.errors import SocialConnectError
from socialconnect.export.sink import Change
from socialconnect.reading.place import Mark, Place


class Runs:
    """Tests of what a run leaves to the next."""

    # -- a run, interrupted and gone on with

    @pytest.mark.parametrize("mode", ["replace", "append", "merge"])
    @pytest.mark.parametrize("verdict", ["", "kept"])
    def test_resume(self, make, mode, verdict):
        """A run that goes on has what was staged: nothing is lost and nothing doubled."""
        place = Place("https://acme.test/2", rows=2)
        sink = opened(make, mode=mode)
        sink.commit(tasks(1, 2), [Change(state(place=place, again=True), verdict)])
        sink.close()
        sink = make()
        assert sink.open([TASKS], mode) == running(mode=mode)
        sink.begin(running(mode=mode), resume=True)
        assert seen(sink) == []
        assert [one.place for one in sink.states("acme.tasks", "ada")] == [place]
        sink.commit(tasks(2, 3), [ended()])
        sink.finish(running(mode=mode, status="finished", ended_at=1.0), ["acme.tasks"])
        assert [row[2] for row in ids(sink)] == [1, 2, 3]
        sink.close()

    def test_anew(self, make):
        """A run that begins anew has nothing of what another left staged."""
        sink = opened(make)
        sink.commit(tasks(1), [Change(state())])
        sink.commit(tasks(2, user="bob"), [ended("kept", user="bob")])
        sink.close()
        sink = opened(make, run="r2")
        sink.commit(tasks(3), [ended(), ended(user="bob")])
        assert [row[2] for row in ids(sink)] == [3]
        sink.close()

    def test_the_last_run(self, make):
        """Opening tells of the last run, as it was last said to be."""
        sink = make()
        assert sink.open([TASKS], "merge") is None
        sink.begin(running("r1", "merge"), resume=False)
        sink.close()
        sink = make()
        assert sink.open([TASKS], "merge") == running("r1", "merge")
        sink.begin(running("r2", "merge"), resume=False)
        ending = running("r2", "merge", status="troubled", ended_at=1777640400.5)
        sink.finish(ending, [])
        sink.close()
        sink = make()
        assert sink.open([TASKS, NOTES], "replace") == ending
        sink.close()

    # -- the end of a run

    @pytest.mark.parametrize(("mode", "left"), [("replace", [1]), ("append", [1, 2, 3]), ("merge", [1, 2, 3])])
    def test_accounts_that_were_not_come_to(self, make, mode, left):
        """Where a resource was listed, rows of accounts that the run did not come to are gone."""
        sink = opened(make, TASKS, NOTES, mode=mode)
        sink.commit(tasks(1), [ended()])
        sink.commit(tasks(2, user="bob"), [ended(user="bob")])
        sink.commit(tasks(3, account=None), [ended(account="")])
        sink.commit({"acme.notes": table(NOTES, {"text": "x"}, user="cyd")}, [ended(resource="acme.notes", user="cyd")])
        sink.begin(running("r2", mode), resume=False)
        sink.commit({}, [ended("unchanged", run="r2")])
        sink.finish(running("r2", mode, status="finished", ended_at=LATER.timestamp()), ["acme.tasks"])
        assert [row["id"] for row in sorted(seen(sink), key=lambda row: row["id"])] == left
        assert gone(sink) == ({2: LATER, 3: LATER} if mode == "merge" else {})
        assert len(seen(sink, NOTES)) == 1
        sink.close()

    def test_accounts_that_were_not_listed(self, make):
        """Whatever was not listed stays."""
        sink = opened(make)
        sink.commit(tasks(1), [ended()])
        sink.begin(running("r2"), resume=False)
        sink.finish(running("r2", status="finished", ended_at=1.0), [])
        assert ids(sink) == [("ada", "a1", 1)]
        assert len(sink.states("acme.tasks", "ada")) == 1
        sink.close()

    @pytest.mark.parametrize(("mode", "kept"), [("replace", 0), ("merge", 0), ("append", 1)])
    def test_what_was_known_of_gone_accounts_goes(self, make, mode, kept):
        """An account whose rows went, or were marked, is read anew when it comes back: its marks are forgotten."""
        sink = opened(make, mode=mode)
        sink.commit(tasks(1), [ended(digest="d", marks={"": Mark(etag="x")})])
        sink.begin(running("r2", mode), resume=False)
        sink.finish(running("r2", mode, status="finished", ended_at=1.0), ["acme.tasks"])
        assert len(sink.states("acme.tasks", "ada")) == kept
        sink.close()

    def test_staged_rows_outlive_a_run(self, make):
        """What is staged of accounts that another try may mend is there for `--resume` after the run ended."""
        sink = opened(make)
        sink.commit(tasks(1), [ended("kept", again=True)])
        sink.finish(running(status="troubled", ended_at=1.0), ["acme.tasks"])
        assert seen(sink) == []
        sink.close()
        sink = opened(make, resume=True)
        sink.commit(tasks(2), [ended()])
        assert [row[2] for row in ids(sink)] == [1, 2]
        sink.close()

    # -- states

    def test_states(self, make):
        """What is kept of accounts comes back as it was last said, and for whom it was asked alone."""
        full = state(
            status="failed",
            reason="rate_limited",
            again=True,
            rows=7,
            place=Place("https://acme.test/?page=2", '{"a": "ü"}', 7, "p1", ("p0", "p2")),
            marks={"": Mark("2026-05-01T12:00:00Z", "tok", 'W/"e"'), "p0": Mark()},
            digest="abc",
            full_at=1777636800.125,
        )
        others = [state(account=""), state(user="bob"), state(resource="acme.notes")]
        sink = opened(make, TASKS, NOTES)
        sink.commit({}, [Change(state(rows=1)), *map(Change, others)])
        sink.commit({}, [Change(full)])
        for again in range(2):
            assert sorted(sink.states("acme.tasks", "ada"), key=lambda one: one.account) == [others[0], full], again
            assert list(sink.states("acme.tasks", "bob")) == [others[1]]
            assert list(sink.states("acme.notes", "ada")) == [others[2]]
            assert list(sink.states("acme.tasks", "cyd")) == []
            sink.close()
            sink = make()
            sink.open([TASKS, NOTES], "replace")
        sink.close()

    def test_a_commit_that_fails(self, make):
        """A commit is safe as a whole or not at all."""
        sink = opened(make, TASKS, NOTES)
        sink.commit(tasks(1), [ended()])
        wrong = table(NOTES, {"text": "x"}).drop_columns("text")
        with pytest.raises((SocialConnectError, KeyError, ValueError)):
            sink.commit({**tasks(2), "acme.notes": wrong}, [ended(rows=9)])
        sink.close()
        sink = opened(make, TASKS, NOTES, resume=True)
        assert ids(sink) == [("ada", "a1", 1)]
        assert [one.rows for one in sink.states("acme.tasks", "ada")] == [0]
        sink.commit({}, [ended()])
        assert ids(sink) == []
        sink.close()
