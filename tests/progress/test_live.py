"""When progress is shown, where, and what is left of it."""

from __future__ import annotations

import asyncio
import io
import sys

import pytest

import socialconnect as sc
from socialconnect.progress.count import current
from socialconnect.progress.live import shown


class Terminal(io.StringIO):
    """A stderr that is one."""

    def isatty(self):
        """It is."""
        return True


@pytest.fixture
def terminal(monkeypatch):
    """A terminal as stderr, once called: pytest puts its own in place for each phase of a test."""

    def begin(kind=Terminal):
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setattr(sys, "stderr", kind())
        return sys.stderr

    return begin


@pytest.fixture
def waiting_client():
    """A client whose GitHub often says to come back later."""
    return sc.sandbox(users=30, faults=["github:throttled@0.3"])


async def work(seconds):
    """Something that counts and lasts."""
    count = current.get()
    if count is not None:
        count.expect(9)
        count.ended(whole=True)
        count.read(3)
    await asyncio.sleep(seconds)


async def call(name, seconds):
    """A call that shows itself."""
    with shown(name):
        await work(seconds)


@pytest.mark.looptime
async def test_a_short_call_shows_nothing(terminal):
    """What is over within the second leaves the terminal as it was."""
    screen = terminal()
    with shown("github.repos"):
        await work(0.9)
    assert screen.getvalue() == ""


@pytest.mark.looptime
async def test_a_long_call_shows_the_count_and_removes_it(terminal):
    """What lasts shows its count, and clears the line in the end."""
    screen = terminal()
    with shown("github.repos"):
        await work(1.5)
    assert "github.repos: 1 of 9 accounts, 3 rows" in screen.getvalue()
    assert screen.getvalue().endswith("\x1b[2K")
    assert "\x1b[?25h" in screen.getvalue()  # the cursor is back


@pytest.mark.looptime
async def test_an_interrupted_call_leaves_the_terminal_clean(terminal):
    """Also a call that is broken off clears its line, and the next may draw."""
    for _ in range(2):
        screen = terminal()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(call("github.repos", 60), 2)
        assert "1 of 9 accounts" in screen.getvalue()
        assert screen.getvalue().endswith("\x1b[2K")
        assert current.get() is None


@pytest.mark.looptime
@pytest.mark.parametrize(("kind", "progress"), [(Terminal, False), (io.StringIO, None)])
async def test_where_nobody_looks_nothing_is_shown(terminal, kind, progress):
    """Off a terminal, or where it was switched off, nothing is counted or written."""
    screen = terminal(kind)
    with shown("github.repos", progress):
        assert current.get() is None
        await work(5)
    assert screen.getvalue() == ""


@pytest.mark.looptime
async def test_a_log_has_lines(terminal):
    """Asked for where nobody looks, progress is a line every ten seconds, and one at the end."""
    screen = terminal(io.StringIO)
    with shown("github.repos", progress=True):
        await work(12)
    lines = screen.getvalue().splitlines()
    assert len(lines) == 3
    assert lines[0] == lines[1] == "github.repos: 1 of 9 accounts, 3 rows"
    assert lines[2].startswith("github.repos: 1 of 9 accounts, 3 rows; took ")


@pytest.mark.looptime
async def test_two_calls_do_not_draw_over_each_other(terminal):
    """While one call draws, another that began beside it is silent; when it is over, the next may draw."""
    screen = terminal()
    await asyncio.gather(call("first", 3), call("second", 2))
    assert "first" in screen.getvalue()
    assert "second" not in screen.getvalue()


@pytest.mark.looptime
async def test_one_line_for_several_reads(terminal):
    """A call that reads several resources has one count for all of them."""
    terminal()
    with shown("github.repos, google.profile"):
        outer = current.get()
        with shown("github.repos"):
            assert current.get() is outer


@pytest.mark.looptime
async def test_no_secret_in_the_line(terminal):
    """A secret that somehow got into a name is masked, as everywhere."""
    secret = sc.Secret("correct-horse-battery")
    screen = terminal()
    with shown(f"projects of {secret.reveal()}"):
        await asyncio.sleep(2)
    assert "projects of [secret]" in screen.getvalue()


def calls(client, told):
    users = client.users()["user_id"].tolist()
    return [
        lambda: client.read("github.repos", users, on_error="ignore", progress=told),
        lambda: client.frame("github.repos", users, on_error="ignore", progress=told),
        lambda: client.github.repos(users, on_error="ignore", progress=told),
        lambda: client.read_all(["github.repos"], users, on_error="ignore", progress=told),
    ]


@pytest.mark.looptime
async def test_a_read_counts_and_tells_its_waits(waiting_client):
    """Reading tells whoever asked: accounts, rows, requests, and for whom it waits until when."""
    lines = []
    users = await waiting_client.aio.users()
    run = await waiting_client.aio.read(
        "github.repos", users, on_error="ignore", progress=lambda count: lines.append((str(count), count.part))
    )
    assert any("waiting until" in line and "(GitHub for user_" in line for line, _ in lines)
    whole = sum(outcome.status in ("ok", "empty") for outcome in run.ended)
    last, part = lines[-1]
    assert last.startswith(
        f"github.repos: {len(run.ended):,} accounts, {len(run.frame):,} rows, {run.trace.requests:,} "
    )
    assert (f"{len(run.ended) - whole} not read whole" in last) is (whole < len(run.ended))
    assert part == 1
    assert "waiting" not in last


@pytest.mark.parametrize("way", range(4))
def test_every_way_to_read_takes_it(way, monkeypatch):
    """Each way to read a resource takes `progress`, also through the synchronous face."""
    monkeypatch.setattr("socialconnect.progress.live._PATIENCE", 0)
    monkeypatch.setattr("socialconnect.progress.live._Told.every", 0.001)
    told = []
    calls(sc.sandbox(users=20), told.append)[way]()
    assert told[-1].requests > 20
    assert told[-1].accounts >= 20


def test_the_setting_switches_it_off(monkeypatch, terminal):
    """The setting `progress=False` holds for every call of a client."""
    monkeypatch.setattr("socialconnect.progress.live._PATIENCE", 0)
    monkeypatch.setenv("SOCIALCONNECT_PROGRESS", "false")
    client, screen = sc.sandbox(users=20), terminal()
    client.users()
    client.accounts()
    client.coverage("github.repos")
    client.plan("github.repos").run(on_error="ignore")
    client.github.repos(on_error="ignore")
    assert screen.getvalue() == ""


@pytest.mark.looptime
@pytest.mark.parametrize("name", ["users", "accounts", "coverage", "plan", "carried", "retry"])
async def test_what_else_may_last_shows_itself(terminal, name):
    """Listings, coverage, plans and their runs, and tries again show how far they are too."""
    client = sc.sandbox(users=30, faults=["clerk:slow", "github:server_error@0.2"]).aio
    run = await client.read("github.repos", on_error="ignore", progress=False)
    screen = terminal()
    ways = {
        "users": client.users,
        "accounts": client.accounts,
        "coverage": lambda: client.coverage("github.repos", tokens=True),
        "plan": lambda: client.plan("github.repos", tokens=True),
        "carried": lambda: plan.run(on_error="ignore"),
        "retry": lambda: client.retry(run, on_error="ignore"),
    }
    plan = await client.plan("github.repos")
    screen.truncate(0)
    await ways[name]()
    what = name if name in ("users", "accounts", "coverage", "plan") else "github.repos"
    assert f"{what}: " in screen.getvalue()
