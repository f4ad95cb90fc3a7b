"""Limits are kept before anybody has to say no."""

import asyncio
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialconnect import Budget, RateLimited
from socialconnect.http.budget import Budgets, Lane, Window

GAPS = st.lists(st.floats(0, 30, allow_nan=False), min_size=1, max_size=80)


@given(st.integers(1, 12), st.floats(0.1, 60), GAPS)
def test_a_window_never_lets_more_through(requests, seconds, gaps):
    """Whenever requests come, no stretch of the given length holds more than are allowed."""
    window, now, booked = Window(requests, seconds), 0.0, []
    for gap in gaps:
        now += gap
        at = window.book(now)
        assert at >= now
        booked.append(at)
    assert booked == sorted(booked)
    for first, later in zip(booked, booked[requests:], strict=False):
        assert later - first > seconds


@given(st.integers(1, 12), st.floats(0.1, 60), GAPS)
def test_a_window_wastes_nothing(requests, seconds, gaps):
    """A request waits only where it would be one too many in that time."""
    window, now, booked = Window(requests, seconds), 0.0, []
    for gap in gaps:
        now += gap
        at = window.book(now)
        if at > now:
            assert at - booked[-requests] <= seconds * 1.011
        booked.append(at)


@pytest.mark.looptime
@pytest.mark.parametrize("count", [1, 7, 40])
async def test_many_at_once_are_spread(count):
    """Requests that come together go as the limit allows, and no later."""
    budgets, lane, sent = Budgets(max_wait=900), Lane([Budget(5, 10.0)]), []

    async def one():
        waited = await budgets.spend([lane], "Acme")
        sent.append(asyncio.get_running_loop().time())
        return waited

    waits = await asyncio.gather(*(one() for _ in range(count)))
    assert max(waits) == pytest.approx((count - 1) // 5 * 10.1, abs=0.01)
    for first, later in zip(sent, sent[5:], strict=False):
        assert later - first > 10


@pytest.mark.looptime
async def test_two_limits_hold_together():
    """Where two limits apply, both hold; where two lanes do, each counts its own."""
    budgets, clock = Budgets(max_wait=9000), asyncio.get_running_loop().time
    host = Lane([Budget(6, 10.0), Budget(8, 100.0)])
    tokens = [Lane([Budget(1, 3.0)]) for _ in range(4)]
    sent = []
    for turn in range(16):
        await budgets.spend((host, tokens[turn % 4]), "Acme")
        sent.append((clock(), turn % 4))
    times = [at for at, _ in sent]
    assert all(later - first > 10 for first, later in zip(times, times[6:], strict=False))
    assert all(later - first > 100 for first, later in zip(times, times[8:], strict=False))
    for token in range(4):
        own = [at for at, which in sent if which == token]
        assert all(later - first > 3 for first, later in pairwise(own))


@pytest.mark.looptime
async def test_a_closed_lane_holds_who_waits_already():
    """Being told to wait stops also those who had their place."""
    budgets, lane, clock = Budgets(max_wait=900), Lane([Budget(1, 5.0)]), asyncio.get_running_loop().time
    await budgets.spend([lane], "Acme")
    waiting = asyncio.create_task(budgets.spend([lane], "Acme"))
    await asyncio.sleep(1)
    lane.close(clock() + 60)
    lane.close(clock() + 2)  # an earlier end does not open it
    assert await waiting == pytest.approx(61, abs=0.1)


@pytest.mark.looptime
async def test_a_wait_beyond_the_allowed_one_is_refused_at_once():
    """A longer wait than max_wait raises right away, says until when, and takes no place."""
    budgets, lane = Budgets(max_wait=5), Lane([Budget(1, 60.0)])
    await budgets.spend([lane], "Acme for user_a")
    for _ in range(3):
        began = time.time()
        with pytest.raises(RateLimited, match="Acme for user_a asks for a wait of 61 s") as caught:
            await budgets.spend([lane], "Acme for user_a")
        assert caught.value.retry_after == pytest.approx(60.6, abs=0.1)
        assert caught.value.until.timestamp() == pytest.approx(began + 60.6, abs=1)
        assert "max_wait=61" in caught.value.cure


@pytest.mark.parametrize(("seconds", "words"), [(100, "100 s"), (600, "10 min"), (9000, "2.5 h")])
def test_a_wait_is_told_as_people_say_it(seconds, words):
    """A wait reads in seconds, minutes or hours."""
    with pytest.raises(RateLimited, match=f"a wait of {words} \\(so said\\)"):
        Budgets(max_wait=1).allow(seconds, "Acme", "so said")


def test_the_least_used_lane_is_forgotten(monkeypatch):
    """A client of very many tokens keeps the lanes of those that were used last."""
    monkeypatch.setattr("socialconnect.http.budget._KEPT", 2)
    budgets = Budgets(max_wait=1)
    lanes = {name: budgets.lane(name, [Budget(1, 1.0)]) for name in "ab"}
    assert budgets.lane("a", []) is lanes["a"]
    budgets.lane("c", [])
    assert budgets.lane("a", []) is lanes["a"]
    assert budgets.lane("b", []) is not lanes["b"]


@given(st.integers(3, 12), st.floats(0.1, 60), st.lists(st.integers(1, 3), min_size=1, max_size=40))
def test_a_request_may_count_as_several(requests, seconds, weights):
    """A bundle goes only when there is room for all of its parts, and takes their places."""
    window, booked, now = Window(requests, seconds), [], 0.0
    for weight in weights:
        now = window.earliest(now, weight)
        booked += [window.book(now) for _ in range(weight)]
    assert booked == sorted(booked)
    for first, later in zip(booked, booked[requests:], strict=False):
        assert later - first > seconds
