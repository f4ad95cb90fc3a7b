"""What runs teach: sums that add up, and nothing of whose they were."""

from __future__ import annotations

import pytest
from tests.worlds import opened

from socialconnect.reading.declare import Budget
from socialconnect.runs.estimate import least
from socialconnect.runs.learned import Learned, Lessons, learn

pytestmark = pytest.mark.looptime


async def test_a_run_teaches_what_was_counted():
    """Requests by host without the listing, accounts that were tried, rows: as the sandbox and the outcomes have it."""
    async with opened(100) as (world, client):
        run = await client.read("github.repos", on_error="ignore")
        counted = world.requests.hosts
    learned = learn(run)
    tried = run.outcomes[run.outcomes["status"] != "skipped"]
    assert dict(learned.requests) == {"api.github.com": counted["api.github.com"]}
    assert learned.clerk == counted["api.clerk.com"] - 1
    assert (learned.accounts, learned.users) == (len(tried), tried["user_id"].nunique())
    assert learned.rows == len(run.frame)
    assert learned.most == 3
    assert learned.most_rows == tried["rows"].max()
    assert learned.widths["name"][0] == len(run.frame)


async def test_what_two_runs_teach_adds_up():
    """Two halves teach what the whole does, but for what is greatest."""
    async with opened(80) as (world, client):
        ids = [world.world.user_id(index) for index in range(80)]
        first = await client.read("google.profile", ids[:40], on_error="ignore")
        second = await client.read("google.profile", ids[40:], on_error="ignore")
    both = learn(first) + learn(second)
    assert both.accounts == learn(first).accounts + learn(second).accounts
    assert both.rows == len(first.frame) + len(second.frame)
    assert both.most == max(learn(first).most, learn(second).most)
    assert both.travel["google"][0] == sum(both.requests.values())


async def test_nothing_says_whose_accounts_they_were():
    """What is kept holds no id of any user or account."""
    async with opened(30) as (_, client):
        run = await client.read("google.profile", on_error="ignore")
    text = repr(learn(run))
    assert "user_2" not in text
    assert "user_3" not in text
    assert "eac_" not in text


async def test_nobody_tried_teaches_nothing():
    """A run of skipped accounts leaves plans to the declarations."""
    async with opened(30) as (world, client):
        nobody = next(index for index in range(30) if "github" not in world.world.situation(index))
        run = await client.read("github.repos", world.world.user_id(nobody), on_error="ignore")
    lessons = Lessons()
    lessons.take(run)
    assert learn(run).accounts == 0
    assert lessons.of("github.repos", {}) is None
    assert lessons.travel("github") is None


def test_nothing_and_something_is_something():
    """Nothing learned is the neutral element."""
    some = Learned(2, 1, 3, {"a": 4}, 2, 5, 6, {"id": (6, 60.0)}, {"github": (4, 1.5)})
    assert Learned() + some == some + Learned()
    assert (some + some).requests == {"a": 8}
    assert (some + some).widths == {"id": (12, 120.0)}


@pytest.mark.parametrize(
    ("requests", "seconds"), [(0, 0), (1, 0), (100, 0), (101, 10.1), (200, 10.1), (201, 20.2), (100.4, 0)]
)
def test_a_limit_lets_so_many_through_and_then_waits(requests, seconds):
    """The first hundred go at once; each further hundred waits for the one before."""
    assert least(requests, Budget(100, 10)) == pytest.approx(seconds)
