"""What a sink holds, and who has hold of it: a part of its contract."""

from __future__ import annotations

import pytest
from tests.export.contract_words import (
    KINDS,
    NOON,
    NOTES,
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

from socialconnect.errors import SchemaChanged, TargetBusy, UsageError
from socialconnect.export.sink import Change, Dataset
from socialconnect.reading.declare import Column


class Holding:
    """Tests of datasets that change, and of two runs at once."""

    # -- what the target holds

    def test_datasets(self, make):
        """The target tells what it holds as it was declared, of every run."""
        opened(make, KINDS, TASKS).close()
        sink = opened(make, NOTES)
        assert sorted(sink.datasets(), key=lambda one: one.resource) == [KINDS, NOTES, TASKS]
        sink.close()

    def test_another_job(self, make):
        """What a run does not write stays as another has left it, staged rows and states too."""
        sink = opened(make, TASKS)
        sink.commit(tasks(1), [ended()])
        sink.commit(tasks(2, user="bob"), [Change(state(user="bob"))])
        sink.close()
        sink = opened(make, NOTES, run="r2")
        sink.finish(running("r2", status="finished", ended_at=1.0), ["acme.notes"])
        sink.close()
        sink = opened(make, TASKS, resume=True)
        assert ids(sink) == [("ada", "a1", 1)]
        sink.commit({}, [ended(user="bob")])
        assert ids(sink) == [("ada", "a1", 1), ("bob", "a1", 2)]
        assert len(sink.states("acme.tasks", "ada")) == 1
        sink.close()

    def test_a_new_column(self, make):
        """A new column is added: NA in the rows that are there."""
        opened_once = opened(make)
        opened_once.commit(tasks(1), [ended()])
        opened_once.commit(tasks(2, user="bob"), [Change(state(user="bob"))])
        opened_once.close()
        wider = Dataset("acme.tasks", (Column("tags", "list"), *TASKS.columns, Column("due", "datetime")), ("id",))
        sink = opened(make, wider, resume=True)
        rows = table(wider, {"id": 3, "title": "x", "due": NOON, "tags": ["t"]}, user="bob")
        sink.commit({"acme.tasks": rows}, [ended(user="bob")])
        assert [(row["id"], row["title"], row["due"], row["tags"]) for row in seen(sink, wider)] == [
            (1, "task 1", None, None),
            (2, "task 2", None, None),
            (3, "x", NOON, ["t"]),
        ]
        assert list(sink.datasets()) == [wider]
        sink.close()

    def test_a_column_less(self, make):
        """A column that is no longer declared is NA in new rows; what it was stays known to old ones."""
        first = opened(make)
        first.commit(tasks(1), [ended()])
        first.close()
        slim = Dataset("acme.tasks", (Column("id", "Int64"),), key=("id",))
        sink = opened(make, slim)
        sink.commit({"acme.tasks": table(slim, {"id": 2}, user="bob")}, [ended(user="bob")])
        assert ids(sink, slim) == [("ada", "a1", 1), ("bob", "a1", 2)]
        sink.close()
        sink = opened(make)
        assert titles(sink) == {1: "task 1", 2: None}
        sink.close()

    def test_another_type(self, make):
        """A column of another type is refused by name, with both types, and the data stay."""
        first = opened(make)
        first.commit(tasks(1), [ended()])
        first.close()
        columns = (Column("id", "string"), Column("title", "string"), Column("new", "Int64"))
        with pytest.raises(SchemaChanged, match=r"id.*Int64.*string"):
            make().open([Dataset("acme.tasks", columns, ("id",))], "replace")
        sink = opened(make)
        assert titles(sink) == {1: "task 1"}
        assert list(sink.datasets()) == [TASKS]
        sink.close()

    def test_a_column_is_back_as_another_type(self, make):
        """A column that was left out for a while is still of its type."""
        opened(make).close()
        opened(make, Dataset("acme.tasks", (Column("id", "Int64"),), key=("id",))).close()
        columns = (Column("id", "Int64"), Column("title", "list"))
        with pytest.raises(SchemaChanged, match=r"title.*string.*list"):
            make().open([Dataset("acme.tasks", columns, ("id",))], "replace")

    def test_another_text(self, make):
        """Texts, categories and JSON are the same to a target."""
        opened(make).close()
        columns = (Column("id", "Int64"), Column("title", "category"))
        sink = opened(make, Dataset("acme.tasks", columns, ("id",)))
        assert [column.dtype for column in sink.datasets()[0].columns] == ["Int64", "category"]
        sink.close()

    def test_another_key(self, make):
        """Appending to rows that were told apart by another key is refused."""
        opened(make, mode="append").close()
        other = Dataset("acme.tasks", TASKS.columns, ("title",))
        with pytest.raises(UsageError, match="key"):
            make().open([other], "append")
        opened(make, other, mode="replace").close()

    # -- hold of the target

    def test_two_at_once(self, make):
        """A second run on the same target is refused, and told who has hold of it; afterwards it may."""
        sink = opened(make)
        second = make()
        with pytest.raises(TargetBusy, match=r"\d"):
            second.open([TASKS], "replace")
        second.close()
        sink.commit(tasks(1), [ended()])
        sink.close()
        sink = opened(make)
        assert ids(sink) == [("ada", "a1", 1)]
        sink.close()

    def test_closing_twice(self, make):
        """Closing a sink that is closed, or that never was open, does nothing."""
        make().close()
        sink = opened(make)
        sink.close()
        sink.close()
        opened(make).close()
