"""What the scheduler lends and what workers do with it, in virtual time and without a cluster."""

import asyncio
import random
from bisect import bisect_right

import pytest

from socialconnect.dask.budget import SharedBudgets
from socialconnect.dask.lease import Ledger, lasting
from socialconnect.errors import RateLimited, Unavailable, UsageError
from socialconnect.reading.declare import Budget

CLERK = Budget(1000, 10.0, "host")


def now():
    return asyncio.get_running_loop().time()


class Scheduler:
    """Lends from one ledger for each lane; each way takes `delay` seconds."""

    def __init__(self, delay=0.002):
        self.ledgers = {}
        self.delay = delay
        self.asked = 0

    async def places(self, lane, limits, wanted):
        self.asked += 1
        await asyncio.sleep(self.delay)
        ledger = self.ledgers.setdefault(lane, Ledger(limits))
        answer = ledger.places(wanted, now())
        await asyncio.sleep(self.delay)
        return answer

    def closed(self, lane, seconds):
        self.ledgers[lane].close(now() + seconds)


def budgets(scheduler, *, max_wait=300.0):
    return SharedBudgets(max_wait=max_wait, lending=scheduler)


async def send(own, count, sent, *, at_once=80, budget=CLERK):
    """So many requests of one worker; `sent` gets the moment of each."""
    lane = own.lane("https://api.clerk.com", [budget])
    left = iter(range(count))

    async def one():
        for _ in left:
            await own.spend((lane,), "somebody")
            sent.append(now())
            await asyncio.sleep(0.02)

    await asyncio.gather(*(one() for _ in range(at_once)))


def most(times, seconds=10.0):
    """The most that lie in any stretch of so many seconds."""
    times = sorted(times)
    return max(bisect_right(times, start + seconds - 1e-9) - place for place, start in enumerate(times))


def test_places_used_as_late_as_may_be_stay_within_the_limit():
    """However late lent places are used, and however late that is counted, no ten seconds hold more than the limit."""
    dice, ledger, used, at = random.Random(1), Ledger([(1000, 10.0)]), [], 0.0
    while at < 60:
        waits, _ = ledger.places([1] * dice.randrange(1, 120), at)
        used += [at + wait + dice.choice([0.0, 1.0, dice.random()]) * 2 * lasting(10.0) for wait in waits]
        at += dice.random() / 5
    assert most(used) <= 1000
    assert len(used) >= 5_200  # a window of 11.1 seconds: nine tenths of the limit


def test_a_weight_takes_as_many_places():
    """A request that counts as three takes three places, and waits until three are free together."""
    ledger = Ledger([(4, 10.0)])
    waits, again = ledger.places([3, 3], 0.0)
    assert waits == [0.0]
    assert again > 9
    assert ledger.given == 3


@pytest.mark.looptime
async def test_four_workers_keep_one_budget():
    """Four workers together never send more than the limit, and waste little of it."""
    scheduler, sent = Scheduler(), []
    await asyncio.gather(*(send(budgets(scheduler), 1_000, sent) for _ in range(4)))
    assert most(sent) <= 1000
    assert len(sent) == 4_000
    assert now() < 45  # four windows of 11.1 s
    assert most(sent, 1.0) <= 200  # and evenly


@pytest.mark.looptime
async def test_a_killed_worker_gives_back_what_it_was_lent():
    """A worker that vanishes in the middle costs the others no more than the places it had just been given."""
    scheduler, sent, lost = Scheduler(), [], []
    victim = asyncio.create_task(send(budgets(scheduler), 10_000, lost))
    others = [asyncio.create_task(send(budgets(scheduler), 1_500, sent)) for _ in range(2)]
    await asyncio.sleep(12)
    victim.cancel()
    await asyncio.gather(*others)
    given = scheduler.ledgers.popitem()[1].given
    assert most(sent + lost) <= 1000
    assert given - len(sent) - len(lost) <= 2 * 80
    assert now() < 45


@pytest.mark.looptime
async def test_a_slow_scheduler_is_never_overspent():
    """Where an answer takes longer than a place lasts, the place is not used."""
    scheduler, sent = Scheduler(delay=0.4), []
    worker = asyncio.create_task(send(budgets(scheduler), 5, sent, at_once=5))
    await asyncio.sleep(20)
    assert sent == []
    scheduler.delay = 0.01
    await worker
    assert len(sent) == 5


@pytest.mark.looptime
async def test_all_wait_when_one_is_told_to():
    """What a service tells one worker holds for all of them."""
    scheduler, sent = Scheduler(), []
    one, other = budgets(scheduler), budgets(scheduler)
    await send(one, 1, sent)
    one.lane("https://api.clerk.com", [CLERK]).close(now() + 30)
    began = now()
    await send(other, 1, sent)
    assert now() - began >= 30


@pytest.mark.looptime
async def test_a_wait_beyond_max_wait_raises():
    """Who would have to wait longer than allowed is told when to come back, and so is everybody behind."""
    scheduler = Scheduler()
    own = budgets(scheduler, max_wait=60)
    hourly = Budget(2, 3600.0, "host")
    lane = own.lane("https://api.example.com", [hourly])
    ended = await asyncio.gather(*(own.spend((lane,), "somebody") for _ in range(5)), return_exceptions=True)
    assert [type(one) for one in ended] == [float, float, RateLimited, RateLimited, RateLimited]
    assert ended[-1].retry_after > 3_500


@pytest.mark.looptime
async def test_many_who_wait_are_asked_for_at_once():
    """A hundred requests that wait together cost a few questions, not a hundred."""
    scheduler, sent = Scheduler(), []
    await send(budgets(scheduler), 100, sent, at_once=100)
    assert scheduler.asked <= 3


@pytest.mark.looptime
async def test_who_is_cancelled_holds_nobody_up():
    """A request that is given up while it waits leaves the others their places."""
    scheduler, sent = Scheduler(), []
    own = budgets(scheduler)
    tight = Budget(1, 10.0, "host")
    await send(own, 1, sent, budget=tight, at_once=1)
    waiting = [asyncio.create_task(send(own, 1, sent, budget=tight, at_once=1)) for _ in range(2)]
    await asyncio.sleep(1)
    waiting[0].cancel()
    await asyncio.wait(waiting)
    assert len(sent) == 2
    assert now() < 15


@pytest.mark.looptime
@pytest.mark.parametrize(
    ("error", "kind"), [(OSError("gone with sesame-open"), Unavailable), (UsageError("no"), UsageError)]
)
async def test_a_lost_scheduler_is_told(error, kind):
    """Where nobody lends any more, all who wait hear it, each by an error of its own."""

    class Gone(Scheduler):
        async def places(self, *_):
            await asyncio.sleep(0.1)
            raise error

    own = budgets(Gone())
    lane = own.lane("https://api.clerk.com", [CLERK])
    ended = await asyncio.gather(*(own.spend((lane,), "somebody") for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in ended] == [kind] * 3
    assert len({id(one) for one in ended}) == 3


@pytest.mark.looptime
async def test_a_token_has_a_budget_of_its_own():
    """What holds for one token is kept where it is used, and the scheduler is not asked."""
    scheduler = Scheduler()
    own = budgets(scheduler)
    lane = own.lane("notion eac_1", [Budget(3, 1.0, "token")])
    for _ in range(4):
        await own.spend((lane,), "somebody")
    assert scheduler.asked == 0
    assert now() >= 1.0
