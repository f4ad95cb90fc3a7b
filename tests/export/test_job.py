"""What a job may say: its spans, its deadline, how many errors, and what it refuses."""

from __future__ import annotations

import time as clock
from datetime import datetime, time, timedelta

import pytest

from socialconnect.errors import UnknownName, UsageError
from socialconnect.export.job import Job, Wanted
from socialconnect.export.spans import span, told, until

MORNING = datetime(2026, 11, 22, 5, 0).astimezone()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30m", 1800), ("4h", 14400), ("1h30m", 5400), ("7d", 604800), ("1.5h", 5400), ("2h 5m", 7500)],
)
def test_a_span_is_written_as_people_write_it(text, seconds):
    """A number and its unit, or several, are a stretch of time, and come back from `told`."""
    assert span(text) == timedelta(seconds=seconds)
    assert span(told(span(text))) == span(text)


@pytest.mark.parametrize("text", ["", "4", "4x", "h4", "-4h", "1h2h", "four hours"])
def test_what_is_no_span_is_refused_with_an_example(text):
    """A text that is no stretch of time is refused with how to write one."""
    with pytest.raises(UsageError, match="1h30m"):
        span(text)


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ("06:30", timedelta(minutes=90)),
        ("04:59", timedelta(hours=23, minutes=59)),
        ("05:00", timedelta(days=1)),
        (time(5, 1), timedelta(minutes=1)),
        (MORNING + timedelta(minutes=7), timedelta(minutes=7)),
        (MORNING - timedelta(minutes=7), timedelta(0)),
        ("4h", timedelta(hours=4)),
    ],
)
def test_a_deadline_may_be_a_time_of_the_day(given, left):
    """A time of the day is the next such time by the clock on the wall, today or tomorrow."""
    assert until(given, MORNING) == left


@pytest.mark.skipif(not hasattr(clock, "tzset"), reason="the time zone of a process cannot be changed here")
def test_a_deadline_on_the_clock_heeds_that_clocks_change(monkeypatch):
    """Where the clocks go back in the night, it is an hour longer until the morning."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    clock.tzset()
    try:
        assert until("06:00", datetime(2026, 10, 24, 22, 0).astimezone()) == timedelta(hours=9)
        assert until("06:00", datetime(2026, 3, 28, 22, 0).astimezone()) == timedelta(hours=7)
    finally:
        monkeypatch.undo()
        clock.tzset()


def test_a_job_is_made_of_what_people_write():
    """Names, spans, a share of errors: each becomes what the loop works with."""
    job = Job.make(["github.repos", Wanted(name="google.profile", raw=True)], "x/", deadline="4h", max_errors="2.5%")
    assert [one.name for one in job.resources] == ["github.repos", "google.profile"]
    assert (job.deadline, job.max_errors, job.users) == (timedelta(hours=4), "2.5%", None)
    assert Job.make("github.repos", "x/", max_errors="10").max_errors == 10


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"mode": "mrge"}, "mode cannot be 'mrge'. Give merge, replace or append."),
        ({"max_errors": "x"}, "a count such as 10, or a share such as 2%"),
        ({"max_errors": -1}, "max_errors cannot be -1"),
        ({"deadline": "4x"}, "deadline: '4x' is no stretch of time"),
        ({"look_back": "-5m"}, "look_back: '-5m'"),
        ({"concurrency": 0}, "a whole number from 1 on"),
        ({"personal": "hide"}, "keep, drop or hash"),
        ({"incremental": True, "mode": "replace"}, "merge, or append"),
    ],
)
def test_a_wrong_value_is_told_with_what_is_possible(how, said):
    """A value that cannot be is an error with its name and what would do."""
    with pytest.raises(UsageError) as caught:
        Job.make("github.repos", "x/", **how)
    assert said in str(caught.value)


def test_a_wrong_name_is_told_with_the_nearest():
    """A field that there is not is an UnknownName with the nearest that there is, at each level."""
    with pytest.raises(UnknownName, match="Did you mean 'deadline'"):
        Job.make("github.repos", "x/", deadlin="4h")
    with pytest.raises(UnknownName, match="Did you mean 'columns'"):
        Job.make([{"name": "github.repos", "colums": ["id"]}], "x/")


def test_a_resource_is_named_once():
    """Naming a resource twice is refused: its rows would be written twice."""
    with pytest.raises(UsageError, match=r"github\.repos twice"):
        Job.make(["github.repos", "github.repos"], "x/")


def test_the_mark_of_a_job_tells_what_must_be_the_same():
    """What is read, of whom and how makes the mark; how far it may go, and where to, does not."""
    mark = Job.make("github.repos", "x/").asked
    assert Job.make("github.repos", "y/", deadline="1h", max_errors=3, concurrency=2, resume=True).asked == mark
    for how in ({"mode": "append"}, {"incremental": True}, {"personal": "drop"}):
        assert Job.make("github.repos", "x/", **how).asked != mark
    assert Job.make("github.repos", "x/", ["user_1"]).asked != mark


def test_users_found_by_a_filter_may_be_others_when_it_goes_on():
    """With a filter the mark has the filter, not whom it found: somebody may have joined since."""
    one = Job.make("github.repos", "x/", ["user_1"], chosen_by="query=ada")
    two = Job.make("github.repos", "x/", ["user_1", "user_2"], chosen_by="query=ada")
    assert one.asked == two.asked != Job.make("github.repos", "x/", ["user_1"], chosen_by="query=bob").asked
