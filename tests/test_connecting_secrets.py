"""What connecting leaves in writing: no ticket, no client token, no state, wherever somebody may look."""

import logging
import pickle
import traceback
from urllib.parse import quote

import pytest
from tests.worlds import opened

import socialconnect as sc

pytestmark = pytest.mark.looptime
FAULTS = ["clerk:second_factor", "clerk:reverification", "clerk:redirect_refused", "clerk:ticket_refused"]


def without(world, provider, number=0):
    """One of the users who have nothing of a provider."""
    found = (
        world.world.user_id(index)
        for index in range(world.world.users)
        if all(one.provider != provider for one in world.world.accounts(index))
    )
    return list(found)[number]


def leaked(world, text):
    """How many of the values that the sandbox gave out stand there."""
    return sum(value in text or quote(value, safe="") in text for value in world.secrets())


async def both_ways(world, client):
    """Two users who connect, one by a ticket and one by a program, and one who gives up."""
    hosted = await client.connect(without(world, "notion"), "notion", ticket=True)
    native = await client.connect(without(world, "notion", 1), "notion", flow="native")
    given_up = await client.connect(without(world, "notion", 2), "notion", flow="native")
    world.visitor().consent(hosted.link, provider="notion")
    world.visitor().consent(native.link)
    given_up.cancel()
    await hosted.finished()
    await native.finished()
    with pytest.raises(sc.NotConnected) as caught:
        await given_up.finished()
    return [hosted, native, given_up], caught.value


async def test_nothing_is_written_that_connects(caplog, tmp_path):
    """Attempts, their errors, a trace and the log at its finest hold nothing that the sandbox gave out; nor a cache."""
    caplog.set_level(logging.DEBUG)
    kept = tmp_path / "answers.db"
    async with opened(60, settings={"cache": str(kept)}) as (world, client):
        with sc.trace() as trace:
            attempts, error = await both_ways(world, client)
        going = await client.connect(without(world, "notion", 2), "notion", flow="native")
        told = [repr(one) + str(one) + repr(vars(one)) for one in (*attempts, going, *(each.link for each in attempts))]
        told += [repr(error), str(error.context), repr(pickle.dumps(error)), "".join(traceback.format_exception(error))]
        told += [str(trace), trace._repr_html_(), trace.frame().to_csv(), repr(pickle.dumps(trace)), caplog.text]
        assert "sign_in_tokens" in caplog.text
        assert world.secrets()
        assert leaked(world, "\n".join(told)) == 0
        assert leaked(world, going.link.reveal()) == 1
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir()).decode("latin-1")
    assert "external_verification" not in held
    assert leaked(world, held) == 0


@pytest.mark.parametrize("fault", FAULTS)
async def test_tracebacks_with_locals_hold_nothing(fault):
    """Where Clerk refuses, the frames of the error hold neither ticket nor client token: some tools print locals."""
    async with opened(60, faults=[fault]) as (world, client):
        with pytest.raises(sc.SocialConnectError) as caught:
            await client.connect(without(world, "notion"), "notion", flow="native")
        shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
        frame, told = caught.value.__traceback__, list(shown.format())
        while frame is not None:
            told += [repr(frame.tb_frame.f_locals)] if "socialconnect" in frame.tb_frame.f_code.co_filename else []
            frame = frame.tb_next
        assert caught.value.__cause__ is None
        assert "ticket" in "".join(told)
        assert leaked(world, "\n".join(told)) == 0


async def test_a_cassette_has_nothing_of_connecting(tmp_path):
    """Connecting in a recording works and is not recorded; what is read around it is, and plays without it."""
    path = tmp_path / "analysis.yaml"
    async with opened(60) as (world, client):
        going = await client.connect(without(world, "notion", 3), "notion", ticket=True)
        with sc.record(path):
            attempts, _ = await both_ways(world, client)
            users = [one.user_id for one in attempts[:2]]
            read = await client.frame("notion.me", users)
        written = path.read_text("utf-8")
        for trace_of_it in ("sign_in_tokens", "/v1/client", "state=", "__clerk_ticket", "external_verification"):
            assert trace_of_it not in written
        assert leaked(world, written) == 0
        with sc.replay(path):
            assert (await client.frame("notion.me", users)).equals(read)
            with pytest.raises(sc.UsageError, match="Nobody can connect in a replay"):
                await client.connect(users[0], "notion", again=True)
            world.visitor().consent(going.link, provider="notion")
            assert (await going.finished()).state == "connected"  # one that goes on asks Clerk, not the cassette
