"""What a sink makes of an account that ended: a part of its contract."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.export.contract_words import (
    LATER,
    NOTES,
    STEPS,
    TASKS,
    ended,
    gone,
    ids,
    opened,
    seen,
    table,
    tasks,
    titles,
)


class Verdicts:
    """Tests of each verdict in each mode."""

    # -- verdicts

    def test_replace(self, make):
        """What came whole takes the place of the account's rows, also where nothing came; others keep theirs."""
        sink = opened(make)
        sink.commit(tasks(1, 2), [ended()])
        sink.commit(tasks(1, user="bob"), [ended(user="bob")])
        sink.commit(tasks(2, 3, title="new"), [ended()])
        assert titles(sink) == {1: "task 1", 2: "new", 3: "new"}
        assert ids(sink) == [("ada", "a1", 2), ("ada", "a1", 3), ("bob", "a1", 1)]
        sink.commit({}, [ended()])
        assert ids(sink) == [("bob", "a1", 1)]
        sink.close()

    def test_merge(self, make):
        """Rows with a known key are put in their place, new ones added, those that did not come are marked."""
        sink = opened(make, mode="merge")
        sink.commit(tasks(1, 2), [ended()])
        sink.commit(tasks(1, user="bob"), [ended(user="bob")])
        sink.commit(tasks(2, 3, title="new", run="r2"), [ended(at=LATER)])
        assert ids(sink) == [("ada", "a1", 1), ("ada", "a1", 2), ("ada", "a1", 3), ("bob", "a1", 1)]
        assert {row["title"] for row in seen(sink) if row["user_id"] == "ada"} == {"task 1", "new"}
        assert [row["_run_id"] for row in seen(sink)] == ["r1", "r2", "r2", "r1"]
        assert gone(sink) == {1: LATER}
        sink.close()

    def test_a_mark_stays_until_the_row_is_back(self, make):
        """A row that is marked keeps the first moment; when it comes again the mark goes."""
        sink = opened(make, mode="merge")
        sink.commit(tasks(1, 2), [ended()])
        sink.commit(tasks(2), [ended(at=LATER)])
        sink.commit(tasks(2), [ended(at=LATER + timedelta(days=1))])
        assert gone(sink) == {1: LATER}
        sink.commit(tasks(1), [ended("changes")])
        assert gone(sink) == {}
        assert len(seen(sink)) == 2
        sink.close()

    def test_merge_without_identity(self, make):
        """Rows that nothing identifies are told apart by their account alone: what came whole takes their place."""
        sink = opened(make, STEPS, NOTES, mode="merge")
        both = [ended(resource="acme.steps"), ended(resource="acme.notes")]
        for text in ("old", "new"):
            steps = table(STEPS, {"list": text, "n": 1}, {"list": "x", "id": text, "n": 2})
            sink.commit({"acme.steps": steps, "acme.notes": table(NOTES, {"text": text}, {"text": text})}, both)
        assert [(r["list"], r["id"], bool(r["_deleted_at"])) for r in seen(sink, STEPS)] == [
            ("new", None, False),
            ("x", "new", False),
            ("x", "old", True),
        ]
        assert [row["text"] for row in seen(sink, NOTES)] == ["new", "new"]
        more = {"acme.notes": table(NOTES, {"text": "more"})}
        sink.commit(more, [ended("changes", resource="acme.notes")])
        assert [row["text"] for row in seen(sink, NOTES)] == ["more", "new", "new"]
        sink.close()

    @pytest.mark.parametrize("verdict", ["changes", "part"])
    def test_merge_of_a_part(self, make, verdict):
        """Where not everything came, nothing is proved to be gone."""
        sink = opened(make, mode="merge")
        sink.commit(tasks(1, 2), [ended()])
        sink.commit(tasks(2, 3, title="new"), [ended(verdict)])
        assert titles(sink) == {1: "task 1", 2: "new", 3: "new"}
        assert gone(sink) == {}
        sink.close()

    @pytest.mark.parametrize("verdict", ["whole", "changes", "part"])
    def test_a_row_that_says_it_is_gone(self, make, verdict):
        """A staged row with `_deleted_at` marks the row with its key and changes nothing else; none is added."""
        sink = opened(make, mode="merge")
        sink.commit(tasks(1, 2), [ended()])
        marks = table(TASKS, {"id": 1, "_deleted_at": LATER}, {"id": 9, "_deleted_at": LATER}, {"id": 2}, run="r2")
        sink.commit({"acme.tasks": marks}, [ended(verdict)])
        assert titles(sink) == {1: "task 1", 2: None}
        assert gone(sink) == {1: LATER}
        assert [row["_run_id"] for row in seen(sink)] == ["r1", "r2"]
        again = table(TASKS, {"id": 1, "_deleted_at": LATER + timedelta(days=1)})
        sink.commit({"acme.tasks": again}, [ended("changes")])
        assert gone(sink) == {1: LATER}
        sink.close()

    @pytest.mark.parametrize("verdict", ["whole", "changes", "part"])
    def test_append(self, make, verdict):
        """Appending adds rows and touches none."""
        sink = opened(make, mode="append")
        sink.commit(tasks(1, 2), [ended()])
        sink.commit(tasks(2), [ended(verdict)])
        assert [row[2] for row in ids(sink)] == [1, 2, 2]
        assert gone(sink) == {}
        sink.close()

    def test_a_part_replaces_nothing(self, make):
        """With `replace`, a part is taken only where the account has no rows yet."""
        sink = opened(make)
        sink.commit(tasks(1), [ended("part")])
        assert ids(sink) == [("ada", "a1", 1)]
        sink.commit(tasks(2), [ended("part")])
        sink.commit(tasks(3, account=None), [ended("part", account="")])
        assert ids(sink) == [("ada", None, 3), ("ada", "a1", 1)]
        sink.commit({}, [ended()])
        assert ids(sink) == [("ada", None, 3)]  # what the part brought is not staged any more
        sink.close()

    @pytest.mark.parametrize("mode", ["replace", "append", "merge"])
    def test_unchanged(self, make, mode):
        """What is unchanged stays as it is, and what was staged goes."""
        sink = opened(make, mode=mode)
        sink.commit(tasks(1), [ended()])
        sink.commit(tasks(1, title="other"), [ended("unchanged")])
        sink.commit({}, [ended("changes" if mode == "merge" else "part")])
        assert titles(sink) == {1: "task 1"}
        assert len(seen(sink)) == 1
        sink.close()

    @pytest.mark.parametrize(("mode", "left"), [("replace", []), ("append", [1]), ("merge", [1])])
    def test_gone(self, make, mode, left):
        """An account that is no longer there: its rows go, stay, or are marked; what was staged goes."""
        sink = opened(make, mode=mode)
        sink.commit(tasks(1), [ended()])
        sink.commit(tasks(5, user="bob"), [ended(user="bob")])
        sink.commit(tasks(2), [ended("gone", at=LATER)])
        assert [row[2] for row in ids(sink) if row[0] == "ada"] == left
        assert gone(sink) == ({1: LATER} if mode == "merge" else {})
        sink.commit({}, [ended("part")])
        assert [row[2] for row in ids(sink) if row[0] == "ada"] == left
        sink.close()
