"""How it ended, as a record, as a frame and in words."""

import pytest
from tests.worlds import sent

from socialconnect import NotConnected, Outcome, Unavailable
from socialconnect.reading.typed import Page
from socialconnect.runs.outcomes import outcomes_frame, summary


def outcome(user="user_a", **more):
    return Outcome(user, "acme", "acme.things", **more)


def page(rows, **drift):
    return Page(([None] * rows,), rows, drift)


@pytest.mark.parametrize(("rows", "status"), [(0, "empty"), (3, "ok")])
def test_a_good_end_tells_whether_there_were_rows(rows, status):
    """Without trouble an account is ok, or empty."""
    one = outcome()
    one.take(page(rows))
    one.close()
    assert (one.status, one.reason, one.rows, one.pages) == (status, None, rows, 1)


@pytest.mark.parametrize(("rows", "status"), [(0, "failed"), (3, "partial")])
def test_an_error_keeps_what_was_read(rows, status):
    """An error after rows leaves a part, before them a failure; it names reason, message and cure."""
    one = outcome()
    one.take(page(rows))
    error = Unavailable("It is down.", cure="Wait.")
    one.fail(error)
    assert (one.status, one.reason, one.message, one.cure, one.error) == (
        status,
        "unavailable",
        "It is down.",
        "Wait.",
        error,
    )


def test_an_error_is_kept_without_its_frames():
    """What is kept of an error is not what was on the stack when it was raised."""
    one = outcome()
    error = Unavailable("It is down.")
    error.__cause__ = KeyError("inner")
    with pytest.raises(Unavailable) as caught:
        raise error
    assert caught.value.__traceback__ is not None
    one.fail(error)
    assert one.error.__traceback__ is one.error.__context__ is one.error.__cause__ is None


def test_drift_makes_a_part():
    """Values that could not be read are named and counted."""
    one = outcome()
    one.take(page(2, size=1))
    one.take(page(1, size=1, made=3))
    one.close()
    assert (one.status, one.reason) == ("partial", "drift")
    assert "made (3), size (2)" in one.message


def test_what_a_provider_left_out_makes_a_part():
    """A success that left something out says so."""
    one = outcome()
    one.count(sent(cut="Two organisations were left out."))
    one.count(sent(attempt=2))
    one.take(page(1))
    one.close()
    assert (one.status, one.reason, one.message) == ("partial", "cut", "Two organisations were left out.")
    assert (one.requests, one.retries, one.waited) == (2, 1, 3.0)


def test_an_error_stays_the_reason():
    """What is found afterwards does not take an error's place."""
    one = outcome()
    one.fail(NotConnected("No."), "skipped")
    one.partial("moved", "Rows came twice.")
    assert (one.status, one.reason) == ("skipped", "not_connected")


def test_the_frame_of_outcomes_has_its_types_at_any_length():
    """Outcomes are a typed frame, also when there are none."""
    full, none = outcomes_frame([outcome(), outcome(user=None)]), outcomes_frame([])
    assert full.dtypes.astype(str).tolist() == none.dtypes.astype(str).tolist()
    assert full["user_id"].isna().tolist() == [False, True]
    assert full.columns.tolist()[:5] == ["user_id", "provider", "resource", "external_account_id", "status"]
    assert full.columns.tolist()[5:8] == ["reason", "message", "cure"]
    assert full.columns.tolist()[8:13] == ["rows", "pages", "requests", "retries", "waited"]
    assert full.columns.tolist()[13:] == ["complete", "cut", "narrowed", "first_error"]


def test_the_summary_counts_reasons():
    """The most frequent reason comes first, with two of its users."""
    ended = [outcome(f"user_{number}") for number in range(5)]
    for one in ended[:3]:
        one.fail(Unavailable("Down."))
    ended[3].fail(NotConnected("No."), "skipped")
    assert summary(ended) == "3 unavailable (user_0, user_1, …), 1 not_connected (user_3)"
    assert summary([]) == ""
    lost = outcome(user=None)
    lost.fail(Unavailable("Down."))
    assert summary([lost]) == "1 unavailable (the listing of users)"
