"""What callers pass is checked here, before the provider could refuse it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from socialconnect import Param, Resource, UsageError, columns

SINCE = Param("since", datetime)


def resource(*params, **facts):
    return Resource("things", facts.pop("path", "/things"), columns("string", "id"), params=params, **facts)


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("2026-05-01", "2026-05-01T00:00:00Z"),
        ("2026-05-01T12:00:00+02:00", "2026-05-01T10:00:00Z"),
        (date(2026, 5, 1), "2026-05-01T00:00:00Z"),
        (datetime(2026, 5, 1, 12, tzinfo=timezone(timedelta(hours=2))), "2026-05-01T10:00:00Z"),
        (datetime(2026, 5, 1, 12, 0, 0, 250_000, tzinfo=UTC), "2026-05-01T12:00:00.250Z"),
        (datetime(2026, 5, 1, 12), "2026-05-01T12:00:00Z"),  # noqa: DTZ001 - a naive one is taken for UTC
    ],
)
def test_a_moment_is_sent_in_utc(value, sent):
    """However a moment is given, the provider gets RFC 3339 with its zone."""
    assert SINCE.texts(value) == [sent]


@pytest.mark.parametrize("value", ["yesterday", 5, True, ["2026-05-01"], "2026-13-01"])
def test_what_is_no_moment_is_refused(value):
    """A text that is no time says what would be one."""
    with pytest.raises(UsageError, match=r"since=.* is not possible. Pass a datetime, or an ISO 8601 text"):
        SINCE.texts(value)


@pytest.mark.parametrize(
    ("param", "value", "match"),
    [
        (Param("size", int, least=1, most=9), 0, "Pass a whole number, at least 1, at most 9"),
        (Param("size", int, least=1, most=9), 10, "at most 9"),
        (Param("repo", pattern=r"[^/]+/[^/]+", note="owner/name."), "name", r"Pass a text \(owner/name\)"),
        (Param("filter", dict), "x", "Pass a dict as the provider documents it"),
        (Param("draft", bool), "yes", "Pass True or False"),
    ],
)
def test_what_the_api_would_refuse_is_refused_here(param, value, match):
    """Bounds, patterns and kinds are held before anything is sent, and the cure says what is possible."""
    with pytest.raises(UsageError, match=match):
        param.values(value)


def test_an_argument_that_needs_another_says_so():
    """`order` is for those who also pass `single`."""
    made = resource(Param("order", needs=("single",)), Param("single", bool))
    with pytest.raises(UsageError, match="order needs single beside it"):
        made.request("https://a.example", {}, {"order": "start"})
    with pytest.raises(UsageError, match="order needs single"):
        made.request("https://a.example", {}, {"order": "start", "single": False})
    asked = made.request("https://a.example", {}, {"order": "start", "single": True})
    assert asked.query == (("order", "start"), ("single", "true"))


def test_arguments_go_into_the_body():
    """A dotted `to` reaches inside the body, and what the declaration shares stays as it is."""
    declared = {"filter": {"property": "object", "value": "page"}, "page_size": 100}
    made = resource(
        Param("kind", into="body", to="filter.value"),
        Param("sorts", dict, into="body", many=True),
        Param("trash", bool, into="body", to="in_trash"),
        method="POST",
        json=declared,
    )
    sort = {"property": "Name", "direction": "ascending"}
    asked = made.request("https://a.example", {}, {"kind": "data_source", "sorts": [sort], "trash": False})
    assert json.loads(asked.body) == {
        "filter": {"property": "object", "value": "data_source"},
        "page_size": 100,
        "sorts": [sort],
        "in_trash": False,
    }
    assert declared == {"filter": {"property": "object", "value": "page"}, "page_size": 100}
    assert json.loads(made.request("https://a.example", {}, {}).body) == declared


def test_arguments_go_into_the_path_escaped():
    """What stands in the path cannot lead elsewhere; the template without values is what a trace shows."""
    made = resource(Param("place", into="path", safe="/"), path="/things/{place}/parts")
    asked = made.request("https://a.example", {}, {"place": "a/b c?d#e"})
    assert asked.url == "https://a.example/things/a/b%20c%3Fd%23e/parts"
    assert asked.template == "/things/{place}/parts"


@pytest.mark.parametrize("name", ["users", "columns", "raw", "on_error", "watch", "progress", "resource", "name"])
def test_a_parameter_cannot_hide_what_reading_takes(name):
    """A parameter with the name of one of read's own could never be passed."""
    with pytest.raises(UsageError, match=f"A parameter of 'things' cannot be called '{name}'"):
        resource(Param(name))


def test_a_time_may_stand_so_many_days_from_today():
    """A default of days is midnight in UTC, so that two reads of one day ask for the same."""
    begin = Param("begin", datetime, default="-30d").standing
    end = Param("end", datetime, default="+1d").standing
    assert (begin.hour, begin.minute, begin.second, begin.microsecond, begin.utcoffset().seconds) == (0, 0, 0, 0, 0)
    assert (end - begin).days == 31
    assert Param("label", default="-30d").standing == "-30d"


@pytest.mark.parametrize(("form", "text"), [("", "2026-05-01T00:00:00Z"), ("s", "1777593600"), ("ms", "1777593600000")])
def test_a_time_is_sent_as_the_provider_counts(form, text):
    """As ISO 8601, or as seconds or milliseconds since 1970; what is no time has no such form."""
    assert Param("since", datetime, form=form).texts("2026-05-01") == [text]
    with pytest.raises(UsageError, match="is no time"):
        Param("since", form="s")
