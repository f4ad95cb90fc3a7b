"""One request until it is answered: wait, try again, fetch the token again, follow, fail."""

import asyncio
import json
from itertools import pairwise

import pytest

from socialconnect import (
    Budget,
    Connector,
    ErrorRule,
    ForeignOrigin,
    Manners,
    NotFound,
    ProtocolError,
    RateLimited,
    ReconnectNeeded,
    Resource,
    Settings,
    Unavailable,
    columns,
)
from socialconnect.http.send import Caller, Sender, Wire
from socialconnect.http.transport import Transport
from socialconnect.reading.messages import Request
from socialconnect.secret import Secret

pytestmark = pytest.mark.looptime
HOME = "https://api.acme.example"
REQUEST = Request("GET", f"{HOME}/things?page=1")
OK = (200, {}, b"[]")


class Script:
    """An application that gives these answers one after another (the last one stays), and keeps what it was sent."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    async def __call__(self, scope, receive, send):
        del receive
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.asked.append((asyncio.get_running_loop().time(), headers["host"], scope["path"], headers))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            raise ConnectionResetError("gone")
        status, more, body = answer
        await send(
            {"type": "http.response.start", "status": status, "headers": [_coded(pair) for pair in more.items()]}
        )
        await send({"type": "http.response.body", "body": body})

    @property
    def gaps(self):
        times = [at for at, *_ in self.asked]
        return [later - first for first, later in pairwise(times)]

    @property
    def tokens(self):
        return [headers.get("authorization", "").removeprefix("Bearer ") for *_, headers in self.asked]


def _coded(pair):
    return tuple(part.encode() for part in pair)


class Tokens:
    """Hands out token-0, and after each refusal the next one."""

    scopes = None

    def __init__(self):
        self.number = 0

    async def get(self):
        return Secret(f"token-{self.number}")

    async def renew(self, refused):
        assert refused.reveal() == f"token-{self.number}"
        self.number += 1
        return await self.get()


class Bench:
    """One sender on a script: `await bench.send()`."""

    def __init__(self, *answers, connector=None, **settings):
        self.script = Script(*answers)
        chosen = Settings.make(**settings)
        thing = Resource("things", "/things", columns=columns("string", "id"))
        self.connector = connector or Connector("acme", HOME, (thing,))
        self.sender = Sender(self.connector, Wire(chosen, Transport(chosen, self.script)))
        self.sent = []

    async def send(self, account="eac_1", request=REQUEST, tokens=None):
        caller = Caller(tokens or Tokens(), user_id="user_1", account=account, resource="acme.things", path="/things")
        return await self.sender.send(request, caller, self.sent.append)


async def test_an_answer_is_given_and_told():
    """A good answer comes back, and one line of the trace says all but secrets."""
    bench = Bench((200, {"x": "y"}, b'[{"id": "a"}]'))
    response = await bench.send()
    assert (response.body, bench.script.tokens) == (b'[{"id": "a"}]', ["token-0"])
    (sent,) = bench.sent
    assert (sent.user_id, sent.host, sent.path, sent.status, sent.then) == (
        "user_1",
        "api.acme.example",
        "/things",
        200,
        "goon",
    )
    assert "token-0" not in repr(sent)


async def test_nothing_is_none():
    """A status that means that there is nothing gives None."""
    assert await Bench((204, {}, b"")).send() is None


@pytest.mark.parametrize("failure", [(500, {}, b""), (502, {}, b"<html>"), (503, {}, b""), None])
async def test_failures_are_tried_again(failure):
    """Each failure of the service or of the connection waits longer, between half and all of 0.5, 1, 2, 4 s."""
    bench = Bench(failure, failure, failure, failure, OK)
    assert (await bench.send()).status == 200
    for gap, most in zip(bench.script.gaps, (0.5, 1, 2, 4), strict=True):
        assert most / 2 - 0.001 <= gap <= most + 0.001
    assert [sent.attempt for sent in bench.sent] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("failure", [(503, {}, b'{"message": "down"}'), None])
async def test_patience_ends(failure):
    """After as many tries as are allowed, the failure is the error."""
    bench = Bench(failure, attempts=3)
    with pytest.raises(Unavailable, match="Acme") as caught:
        await bench.send()
    assert len(bench.script.asked) == 3
    assert (caught.value.user_id, caught.value.provider, caught.value.resource) == ("user_1", "acme", "acme.things")


async def test_a_wait_that_is_asked_for_is_kept():
    """Retry-After is waited for, and a little more."""
    bench = Bench((429, {"retry-after": "30"}, b""), OK)
    await bench.send()
    assert 30 <= bench.script.gaps[0] <= 33.1


async def test_a_longer_wait_than_allowed_is_an_error():
    """A wait beyond max_wait raises at once and says when to come back."""
    bench = Bench((429, {"retry-after": "3600"}, b'{"message": "slow down"}'), max_wait=60)
    with pytest.raises(RateLimited, match="60 min") as caught:
        await bench.send()
    assert len(bench.script.asked) == 1
    assert (caught.value.user_id, caught.value.status) == ("user_1", 429)
    assert caught.value.retry_after >= 3600


async def test_throttling_closes_the_gate_for_the_token_alone():
    """Who shares the token waits with it; another account does not."""
    bench = Bench((429, {"retry-after": "50"}, b""), OK)
    first = asyncio.create_task(bench.send("eac_1"))
    await asyncio.sleep(1)
    same, other = asyncio.create_task(bench.send("eac_1")), asyncio.create_task(bench.send("eac_2"))
    await asyncio.sleep(1)
    assert other.done()
    assert not same.done()
    await asyncio.gather(first, same)
    assert min(at for at, *_ in bench.script.asked[2:]) >= 50


async def test_nothing_left_closes_the_gate_until_the_reset():
    """Headers that say that nothing is left hold the next request until there is more, by the service's own clock."""
    manners = Manners(remaining="x-left", reset="x-reset")
    thing = Resource("things", "/things", columns=columns("string", "id"))
    date = {"date": "Thu, 01 Jan 2026 00:00:00 GMT", "x-left": "0", "x-reset": str(1_767_225_600 + 90)}
    bench = Bench((200, date, b"[]"), OK, connector=Connector("acme", HOME, (thing,), manners=manners))
    await bench.send()
    await bench.send()
    assert bench.script.gaps[0] == pytest.approx(90, abs=0.01)
    assert bench.sent[0].left == 0
    assert bench.sent[1].waited == pytest.approx(90, abs=0.01)


async def test_a_refused_token_is_renewed_once():
    """The first refusal fetches the token again, without costing a try; the second is an error."""
    bench = Bench((401, {}, b""), OK, attempts=1)
    assert (await bench.send()).status == 200
    assert bench.script.tokens == ["token-0", "token-1"]
    bench = Bench((401, {}, b""))
    with pytest.raises(ReconnectNeeded):
        await bench.send()
    assert bench.script.tokens == ["token-0", "token-1"]


async def test_a_redirect_at_home_is_followed():
    """A redirect inside the provider's own origins is followed with the token, relative or not."""
    bench = Bench((301, {"location": "/elsewhere"}, b""), (307, {"location": f"{HOME}/last"}, b""), OK)
    await bench.send()
    assert [path for _, _, path, _ in bench.script.asked] == ["/things", "/elsewhere", "/last"]
    assert set(bench.script.tokens) == {"token-0"}


async def test_a_redirect_abroad_is_refused():
    """A redirect to another host is an error, and that host is never called."""
    bench = Bench((302, {"location": "https://evil.example/things"}, b""), OK)
    with pytest.raises(ForeignOrigin):
        await bench.send()
    assert {host for _, host, *_ in bench.script.asked} == {"api.acme.example"}


async def test_redirects_end():
    """Redirects that lead nowhere end."""
    bench = Bench((302, {"location": "/things"}, b""))
    with pytest.raises(ProtocolError, match="redirects without end"):
        await bench.send()
    assert len(bench.script.asked) == 6


async def test_what_will_not_get_better_is_not_repeated():
    """A missing thing is asked for once."""
    bench = Bench((404, {"x-trace": "t-1"}, b'{"message": "no such thing"}'))
    with pytest.raises(NotFound, match="no such thing"):
        await bench.send()
    assert len(bench.script.asked) == 1


async def test_a_rule_can_end_the_tries():
    """Where a provider says that waiting is useless, nobody waits."""
    rule = ErrorRule("throttled", status=(429,), at="reason", values=("quota",), give_up=True, cure="Come tomorrow.")
    thing = Resource("things", "/things", columns=columns("string", "id"))
    connector = Connector("acme", HOME, (thing,), manners=Manners(rules=(rule,)))
    bench = Bench((429, {}, json.dumps({"reason": "quota"}).encode()), connector=connector)
    with pytest.raises(RateLimited, match=r"Come tomorrow\."):
        await bench.send()
    assert len(bench.script.asked) == 1


async def test_a_budget_of_the_host_is_shared():
    """All accounts together keep to the host's limit, each of them to its own."""
    thing = Resource("things", "/things", columns=columns("string", "id"))
    limits = (Budget(4, 10, per="host"), Budget(1, 2))
    bench = Bench(OK, connector=Connector("acme", HOME, (thing,), budgets=limits))
    await asyncio.gather(*(bench.send(f"eac_{number % 3}") for number in range(12)))
    times = sorted(at for at, *_ in bench.script.asked)
    assert all(later - first > 10 for first, later in zip(times, times[4:], strict=False))


async def test_a_setting_replaces_a_budget():
    """`budgets` puts another limit in the place of the connector's own."""
    bench = Bench(OK, budgets={HOME: "1/min"})
    await asyncio.gather(bench.send("eac_1"), bench.send("eac_2"))
    assert bench.script.gaps[0] > 60


async def test_a_wide_read_keeps_to_the_width():
    """No more requests are under way at one host than the settings allow."""
    under_way, most = 0, 0

    async def application(scope, receive, send):
        nonlocal under_way, most
        del scope, receive
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(1)
        under_way -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"[]"})

    bench = Bench(OK, concurrency=7)
    bench.script.__class__ = type("Slow", (Script,), {"__call__": staticmethod(application)})
    await asyncio.gather(*(bench.send(f"eac_{number}") for number in range(40)))
    assert most == 7


async def test_a_pause_before_another_try_is_a_wait():
    """What a request waited counts the pauses that a service in trouble was given, each with the try behind it."""
    bench = Bench((503, {}, b""), (200, {}, b"{}"))
    began = asyncio.get_running_loop().time()
    await bench.send()
    first, second = bench.sent
    assert first.waited == 0
    assert second.waited == pytest.approx(asyncio.get_running_loop().time() - began, abs=0.01)
    assert second.waited > 0
