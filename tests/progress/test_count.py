"""What is counted while a call is under way, and the line that tells it."""

from __future__ import annotations

import re

import pytest

from socialconnect.progress.count import Count, current, waiting


def test_the_line():
    """The line has what is read, accounts of how many, rows, requests and those not read whole."""
    count = Count("github.repos")
    count.expect(1200)
    for whole in (True, False):
        count.ended(whole=whole)
    count.read(3)
    for _ in range(4):
        count.sent()
    assert str(count) == "github.repos: 2 of 1,200 accounts, 3 rows, 4 requests, 1 not read whole"
    assert count.part == pytest.approx(2 / 1200)


def test_nothing_is_made_up():
    """Where nobody knows how many there are, or nothing has come yet, the line says neither."""
    count = Count("users")
    assert str(count) == "users: begun"
    assert count.part is None
    count.sent()
    assert str(count) == "users: 1 request"


def test_more_accounts_than_users():
    """A user may have two accounts, so that more can end than users were named: then no total is told."""
    count = Count("github.repos")
    count.expect(1)
    count.ended(whole=True)
    count.ended(whole=True)
    assert str(count) == "github.repos: 2 accounts, 0 rows"
    assert count.part == 1


def test_who_is_waited_for():
    """A wait says for whom and until when, by the clock; of several, the one that ends first."""
    count = Count("github.repos")
    with count.waiting("Notion for user_b", 500), count.waiting("GitHub for user_a", 100):
        first, second = count.waits
        assert (first.who, second.who) == ("GitHub for user_a", "Notion for user_b")
        assert str(count) == f"github.repos: waiting until {first.clock} (GitHub for user_a and 1 more)"
        assert re.fullmatch(r"\d\d:\d\d:\d\d", first.clock)
    assert count.waits == []


def test_a_short_wait_is_not_told():
    """What is over before it can be read is not told; a wait that fails is over too."""
    count = Count("github.repos")
    with count.waiting("GitHub", 0.9):
        assert count.waits == []
    with pytest.raises(ZeroDivisionError), count.waiting("GitHub", 9):
        1 / 0  # noqa: B018 - it fails
    assert count.waits == []


def test_a_wait_belongs_to_the_call_of_its_context():
    """Whoever waits tells the count of the context, and nothing where there is none."""
    with waiting("GitHub", 9):
        pass
    count = Count("github.repos")
    mark = current.set(count)
    with waiting("GitHub", 9):
        assert [wait.who for wait in count.waits] == ["GitHub"]
    current.reset(mark)


def test_the_last_line():
    """What may stay says how far it came, how long that took, and whether it was broken off; nothing waits any more."""
    count = Count("github.repos")
    count.ended(whole=True)
    with count.waiting("GitHub", 9):
        assert re.fullmatch(r"github.repos: 1 account, 0 rows; took \d\.\d s", count.told(broken=False))
    assert "; broken off after " in count.told(broken=True)
