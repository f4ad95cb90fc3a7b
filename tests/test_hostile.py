"""Whatever a service answers, no token and no secret key leaves: not in text, not to another host."""

import gc
import json
import logging
import pickle
import re
import traceback

import pytest
from tests.loopback import serving
from tests.worlds import LIMIT, RESOURCES, accounts_of, client_of, opened

import socialconnect as sc
from socialconnect import Fault, secret
from socialconnect.sandbox import Sandbox, running

KINDS = (
    "foreign_next",
    "foreign_redirect",
    "echo_token",
    "cursor_loop",
    "malformed",
    "html_error",
    "dropped",
    "slow",
    "revoked",
    "underscoped",
    "expired",
    "unrefreshable",
    "throttled",
    "server_error",
)
CLERKS = ("foreign_redirect", "echo_token", "cursor_loop", "malformed", "html_error", "dropped", "slow", "throttled")
ENDS = {
    "foreign_next": "foreign_origin",
    "foreign_redirect": "foreign_origin",
    "echo_token": "request_refused",
    "malformed": "malformed_response",
    "html_error": "unavailable",
    "dropped": "unavailable",
    "revoked": "reconnect_needed",
    "underscoped": "missing_scope",
    "unrefreshable": "reconnect_needed",
    "throttled": "rate_limited",
    "server_error": "unavailable",
}
KEY, BAD_KEY = "sandbox-secret-key-7", "sandbox-secret-key 7"  # not locals of the tests: tracebacks show those
SHOWS = re.compile(r"sandbox\.[a-z]+\.eac_|sandbox-secret-key")


def chain(error):
    """An error with all that led to it, also what is not shown."""
    found, waiting = [], [error]
    while waiting:
        one = waiting.pop()
        if one is not None and all(one is not other for other in found):
            found.append(one)
            waiting += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]
    return found


def shown(error):
    """Every way in which an error can be shown or sent on."""
    for one in chain(error):
        yield from (str(one), repr(one), repr(one.args), repr(vars(one)))
        yield "".join(traceback.TracebackException.from_exception(one, capture_locals=True).format())
        if isinstance(one, sc.SocialConnectError):
            yield pickle.dumps(one).decode("latin-1")


def texts(run):
    """All that a run shows."""
    yield from (repr(run), run.problems, repr(run.frame.attrs), repr(run.ended), repr(vars(run)))
    for frame in (run.frame, run.outcomes, run.trace.frame()):
        yield from (frame.to_csv(), frame.to_json(date_format="iso"), repr(frame))
    for error in run.errors:
        yield from shown(error)


def held(*values):
    """No text of these has a token or the key in it."""
    for text in values:
        found = SHOWS.search(text)
        assert found is None, text[max(0, found.start() - 300) : found.end() + 20]


class Guard:
    """An application that fails a test as soon as a host is asked that is not one of the services'."""

    def __init__(self, world):
        self.world = world
        self.foreign = []
        self._homes = {base.removeprefix("https://") for base in world.base_urls("https://x")}

    async def __call__(self, scope, receive, send):
        host = dict(scope["headers"])[b"host"].decode()
        if host not in self._homes:
            self.foreign.append(host)
        await self.world.app(scope, receive, send)


def possible(kind, provider):
    """Whether a fault can show itself there."""
    try:
        Sandbox(users=1, faults=[Fault(kind, provider)])
    except sc.UsageError:
        return False
    return True


CASES = [
    pytest.param(kind, name, id=f"{kind}-{name}")
    for kind in KINDS
    # with any scope GitHub lists the repositories that are public
    for name in ("github.orgs" if kind == "underscoped" and one == "github.repos" else one for one in RESOURCES)
    if possible(kind, name.partition(".")[0])
]


@pytest.mark.looptime
@pytest.mark.parametrize(("kind", "name"), CASES)
async def test_nothing_shows_in_process(caplog, kind, name):
    """A provider that misbehaves gets no secret into any text, and none is sent to another host."""
    caplog.set_level(logging.DEBUG)
    fault = Fault(kind, name.partition(".")[0], seconds=900.0 if kind in ("slow", "throttled") else 0)
    world = Sandbox(users=40, faults=[fault])
    guard = Guard(world)
    async with client_of(world, application=guard) as client:
        run = await client.read(name, on_error="ignore")
        held(*texts(run), repr(client), repr(client.settings), caplog.text)
    assert guard.foreign == []
    if kind in ENDS and kind != "foreign_next":
        assert ENDS[kind] in {error.code for error in run.errors}


@pytest.mark.looptime
@pytest.mark.parametrize("kind", CLERKS)
async def test_clerk_shows_nothing(caplog, kind):
    """When Clerk misbehaves, the secret key is in no text either."""
    caplog.set_level(logging.DEBUG)
    world = Sandbox(users=1200, faults=[Fault(kind, "clerk")])
    guard = Guard(world)
    async with client_of(world, application=guard) as client:
        run = await client.read("google.profile", on_error="ignore")
        held(*texts(run), caplog.text)
        user = world.world.user_id(0)
        for call in (client.users, client.accounts, client.instance, client.count, lambda: client.token(user, "x")):
            try:
                await call()
            except sc.SocialConnectError as error:
                held(*shown(error))
        held(caplog.text)
    assert guard.foreign == []
    if kind in ENDS and kind != "throttled":
        assert [error.code for error in run.errors] == [ENDS[kind]]


@pytest.mark.looptime
@pytest.mark.parametrize("name", RESOURCES)
async def test_one_user_raises_what_shows_nothing(name):
    """The error of one user carries no secret in its traceback, whose frames are those that sent it."""
    async with opened(40, faults=["echo_token"]) as (world, client):
        with pytest.raises(sc.RequestRefused) as caught:
            await client.frame(name, world.world.user_id(1))
    held(*shown(caught.value))


async def _ends_at_another_host(transport, reply, calls):
    """What comes of `calls` where GitHub is a server that answers as `reply` says, and what another host was asked."""
    world = Sandbox(users=20)
    with (
        running(world) as base,
        serving(lambda *_: (200, {}, b"[]")) as (foreign, asked),
        serving(lambda path, headers: reply(foreign, path, headers)) as (evil, _),
    ):
        urls = {**world.base_urls(base), "https://api.github.com": evil}
        settings = sc.Settings.make(
            secret_key=world.secret_key, base_urls=urls, transport=transport, budgets=LIMIT, attempts=1
        )
        async with sc.AsyncClient(settings=settings) as client:
            run = await calls(client)
    return run, asked


@pytest.mark.parametrize("transport", ["httpx", "pyreqwest"])
@pytest.mark.parametrize("way", ["redirect", "link"])
async def test_no_socket_opens_to_another_host(caplog, transport, way):
    """A redirect or a next link to another port of this machine is refused before anything is sent there."""
    caplog.set_level(logging.DEBUG)

    def reply(foreign, path, headers):
        del path, headers
        if way == "redirect":
            return 302, {"location": f"{foreign}/user/repos"}, b""
        return 200, {"link": f'<{foreign}/user/repos?page=2>; rel="next"'}, b'[{"id": 1}]'

    run, asked = await _ends_at_another_host(
        transport, reply, lambda client: client.read("github.repos", on_error="ignore")
    )
    assert asked == []
    assert "foreign_origin" in {error.code for error in run.errors}
    held(*texts(run), caplog.text)


def _answered(way, sent):
    match way:
        case "text":
            return 200, f"You sent {sent} and more".encode()
        case "cut":
            return 400, json.dumps({"message": "x" * 280 + sent}).encode()
        case "page":
            return 400, b"<p>" + b"x" * 180 + sent.encode()
        case "codes":
            return 403, json.dumps({"message": "no", "error": {"code": sent}}).encode()
        case "rows":
            return 200, json.dumps([{"id": [sent]}, {"id": 1, "topics": sent}]).encode() + b"}"
    return 200, json.dumps({"rows": sent}).encode()


@pytest.mark.parametrize("way", ["text", "cut", "page", "codes", "rows", "object"])
async def test_an_echo_shows_nothing_wherever_it_stands(caplog, way):
    """A token that comes back is not shown, in whatever kind of body and wherever a message is cut."""
    caplog.set_level(logging.DEBUG)

    def reply(foreign, path, headers):
        del foreign, path
        status, body = _answered(way, headers["authorization"].removeprefix("Bearer "))
        return status, {"x-github-request-id": headers["authorization"]}, body

    run, _ = await _ends_at_another_host(
        "pyreqwest", reply, lambda client: client.read("github.repos", on_error="ignore")
    )
    assert {error.code for error in run.errors} & {"malformed_response", "request_refused", "access_denied"}
    held(*texts(run), caplog.text)
    assert "sandbox.git" not in "".join(run.outcomes["message"].dropna())


@pytest.mark.looptime
@pytest.mark.parametrize("kind", ["malformed", "echo_token", "html_error"])
async def test_a_bad_answer_with_tokens_shows_none(kind):
    """Clerk's list of tokens that breaks off is an error without the tokens that were in it."""
    async with opened(40, faults=[f"clerk:{kind}"]) as (world, client):
        for account in accounts_of(world, "github")[:3]:
            with pytest.raises(sc.SocialConnectError) as caught:
                await client.token(world.world.user_id(account.user), "github")
            held(*shown(caught.value))


@pytest.mark.parametrize("transport", ["httpx", "pyreqwest"])
async def test_a_cookie_does_not_come_back(transport):
    """What one account's answer sets is not sent with another account's request."""
    seen = []

    def reply(foreign, path, headers):
        del foreign, path
        seen.append(headers.get("cookie"))
        return 200, {"set-cookie": "session=mine; Path=/"}, b"[]"

    await _ends_at_another_host(transport, reply, lambda client: client.read("github.repos", on_error="ignore"))
    assert len(seen) > 3
    assert set(seen) == {None}


@pytest.mark.parametrize("transport", ["httpx", "pyreqwest"])
@pytest.mark.parametrize("kind", ["echo_token", "foreign_redirect", "malformed", "html_error", "dropped", "slow"])
async def test_nothing_shows_over_sockets(caplog, transport, kind):
    """Over real connections too, nothing that goes wrong shows a secret."""
    caplog.set_level(logging.DEBUG)
    world = Sandbox(users=12, faults=[Fault(kind, "github", seconds=0.5 if kind == "slow" else 0)])
    with running(world) as base:
        settings = sc.Settings.make(
            secret_key=world.secret_key,
            base_urls=world.base_urls(base),
            transport=transport,
            attempts=1,
            timeout=0.25,
            budgets=LIMIT,
        )
        async with sc.AsyncClient(settings=settings) as client:
            run = await client.read("github.repos", on_error="ignore")
            held(*texts(run), repr(client), repr(settings), caplog.text)
    assert {**ENDS, "slow": "unavailable"}[kind] in {error.code for error in run.errors}


def test_a_wrong_call_does_not_show_the_key():
    """A client that cannot be made keeps its key out of the frames of its own code."""
    for wrong in ({"connectors": [3]}, {"base_urls": {"https://api.github.com": "http://example.com"}}):
        for kind in (sc.Client, sc.AsyncClient):
            with pytest.raises(sc.UsageError) as caught:
                kind(KEY, **wrong)
            held(*shown(caught.value))


def test_a_key_that_cannot_be_one_is_not_shown():
    """A key with a blank in it is refused without being repeated."""
    with pytest.raises(sc.InvalidKey) as caught:
        sc.Client(BAD_KEY)
    held(*shown(caught.value))


@pytest.mark.parametrize("make", [lambda c: c, lambda c: c.aio, lambda c: c.settings, lambda c: c.github.repos])
def test_a_client_does_not_travel(make):
    """Neither a client nor what holds its key can be pickled."""
    with pytest.raises(TypeError):
        pickle.dumps(make(sc.sandbox(users=2)))


@pytest.mark.looptime
async def test_a_run_that_is_kept_keeps_no_token():
    """Once an account is read its token is gone, though the run is still there, and can be pickled."""
    async with opened(60, seed=77) as (_, client):  # a world of its own: others may be under way
        run = await client.read("github.repos", on_error="ignore")
    del client
    gc.collect()
    accounts = set(run.outcomes["external_account_id"].dropna())
    tokens = [one for one in secret._alive if one.reveal().startswith("sandbox.github.")]
    assert accounts
    assert not [one for one in tokens if one.reveal().split(".")[2] in accounts]
    again = pickle.loads(pickle.dumps(run))
    held(*texts(again))
    assert again.frame.equals(run.frame)
