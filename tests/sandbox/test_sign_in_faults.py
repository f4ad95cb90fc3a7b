import pytest

from socialconnect.errors import UsageError
from socialconnect.sandbox import Fault, Sandbox

FRONTEND = "https://clerk.sandbox.example/v1"


async def signed_in(program):
    """The program, signed in as a user without a Notion account."""
    world = program.visitor.world
    await program.sign_in(next(index for index in range(world.users) if "notion" not in world.situation(index)))
    return program


def code_of(answer):
    """The status and the code of an error."""
    return answer.status_code, answer.json()["errors"][0]["code"]


async def test_programs_can_be_shut_out(visit, acting):
    """With the Native API off the environment says so, every call of a program is refused, and a browser's is not."""
    visitor = visit(faults=["clerk:native_disabled"])
    program = acting(visitor)
    assert code_of(await program.sign_in(1)) == (400, "native_api_disabled")
    assert code_of(await program.send("GET", "/client")) == (400, "native_api_disabled")
    told = (await visitor.http.get(f"{FRONTEND}/environment")).json()
    assert told["auth_config"]["native_settings"]["api_enabled"] is False
    assert (await visitor.http.get(f"{FRONTEND}/client")).status_code == 200


async def test_a_second_factor_can_be_asked_for(visit, validator, acting):
    """Signing in stops at a second factor: there is no session, and the environment says that one is needed."""
    visitor = visit(faults=["clerk:second_factor"])
    program = acting(visitor)
    told = (await program.sign_in(1)).json()
    validator("clerk-fapi-2026-05-12.yml", "Client.ClientWrappedSignIn").validate(told)
    assert (told["response"]["status"], told["response"]["created_session_id"]) == ("needs_second_factor", None)
    assert told["client"]["sign_in"] == told["response"]
    assert code_of(await program.send("GET", "/me")) == (401, "authentication_invalid")
    environment = (await visitor.http.get(f"{FRONTEND}/environment")).json()
    assert environment["user_settings"]["sign_in"]["second_factor"]["required"] is True


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [("reverification", 403, "session_reverification_required"), ("redirect_refused", 400, "resource_missmatch")],
)
async def test_connecting_can_be_refused(visit, fault, status, code, acting):
    """A fresh session, or an allowed address, is refused as often as the fault says."""
    visitor = visit(faults=[f"clerk:{fault} x1"])
    program = await signed_in(acting(visitor))
    assert code_of(await program.create("oauth_notion")) == (status, code)
    assert (await program.create("oauth_notion")).status_code == 200


async def test_a_ticket_can_be_refused(visit, acting):
    """A good ticket is not taken under its fault, and is not used up by that."""
    visitor = visit(faults=["clerk:ticket_refused x1"])
    ticket = visitor.sandbox.instance.tickets.create(1, 60, visitor.sandbox.clock.now())
    assert code_of(await acting(visitor).redeem(ticket)) == (400, "ticket_invalid_code")
    assert (await acting(visitor).redeem(ticket)).status_code == 200


async def test_the_portal_can_be_off(visit):
    """An instance without hosted pages says so."""
    visitor = visit(faults=["clerk:portal_disabled"])
    assert (await visitor.http.get(f"{FRONTEND}/account_portal")).json()["enabled"] is False


@pytest.mark.parametrize(
    "fault", ["github:native_disabled", "clerk:declined", "clerk:claimed", "notion:portal_disabled"]
)
def test_a_fault_stands_where_it_belongs(fault):
    """Signing in is Clerk's affair and consent the providers': a fault elsewhere could not show itself."""
    with pytest.raises(UsageError, match="could not show itself"):
        Sandbox(faults=[fault])


def test_a_fault_falls_on_its_share():
    """A fault of half the occasions befalls about half of them, and the same ones for the same seed."""
    runs = []
    for _ in range(2):
        faults = Sandbox(faults=[Fault("declined", "github", 0.5)]).instance.faults
        runs.append([faults.strikes("declined", "github") for _ in range(200)])
        assert not faults.strikes("declined", "notion")
    assert runs[0] == runs[1]
    assert 60 < sum(runs[0]) < 140


def test_asking_whether_a_fault_stands_uses_none_up():
    """Only an occasion takes one of a fault's times."""
    faults = Sandbox(faults=["clerk:second_factor x1"]).instance.faults
    assert [faults.stands("second_factor"), faults.stands("second_factor"), faults.strikes("second_factor")] == [
        True
    ] * 3
    assert not faults.stands("second_factor")
    assert not faults.strikes("second_factor")
