"""One resource of a job: what of its pages is there, and what is gone."""

import pytest

import socialconnect as sc
from socialconnect.export.job import Job
from socialconnect.export.report import Traffic
from socialconnect.reading.typed import Page


@pytest.fixture
def part():
    """Events, which Google goes on to list when they are cancelled."""
    job = Job.make("google.events", "x")
    [found] = sc.sandbox(users=1).aio._parts(job, Traffic())
    return found


def page(part, *statuses):
    names = [column.name for column in part.dataset.columns]
    values = {"id": [f"event {number}" for number in range(len(statuses))], "status": list(statuses)}
    return Page(tuple(values.get(name, [None] * len(statuses)) for name in names), len(statuses))


def ids(part, page):
    return page.columns[[column.name for column in part.dataset.columns].index("id")]


def test_what_is_gone_is_not_there_in_a_full_listing(part):
    """Of everything that an account has, records that say they are gone are no rows: who lacks is marked."""
    found, gone = part.gone(page(part, "confirmed", "cancelled", "tentative"), all_of_it=True)
    assert ids(part, found) == ["event 0", "event 2"]
    assert found.rows == 2
    assert gone == []


def test_what_is_gone_marks_its_row_among_changes(part):
    """Among what has changed, records that say they are gone come along, to mark the rows with their keys."""
    changed = page(part, "confirmed", "cancelled", "tentative")
    assert part.gone(changed, all_of_it=False) == (changed, [1])


def test_nothing_is_gone_where_no_record_says_so(part):
    """A page of records that are all there is taken as it is."""
    there = page(part, "confirmed", "tentative")
    assert part.gone(there, all_of_it=True) == (there, [])
