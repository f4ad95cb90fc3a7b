import asyncio
import sys
import threading

import httpx
import pytest

from socialconnect.errors import MissingPackage
from socialconnect.sandbox import EPOCH, Sandbox
from socialconnect.sandbox.answers import Answer, Call

ENVIRONMENT = "https://clerk.sandbox.example/v1/environment"


@pytest.fixture
def sandbox():
    """A sandbox that ends with the test."""
    made = Sandbox(users=20)
    yield made
    made.close()


def threads():
    """The threads that serve a sandbox."""
    return [one for one in threading.enumerate() if one.name == "socialconnect-sandbox"]


def test_a_browser_reaches_the_sandbox(sandbox):
    """A page of the sandbox is at a loopback port once somebody has asked for it, and at the same one ever after."""
    before = len(threads())
    assert sandbox.browse("https://clerk.com/docs") == "https://clerk.com/docs"
    assert len(threads()) == before
    address = sandbox.browse(f"{ENVIRONMENT}?_method=GET#top")
    assert address.startswith("http://127.0.0.1:")
    assert address.endswith("/clerk.sandbox.example/v1/environment?_method=GET#top")
    assert httpx.get(address).json()["display_config"]["application_name"] == "Sandbox"
    assert sandbox.browse(ENVIRONMENT) == address.partition("?")[0]
    assert len(threads()) == before + 1
    assert threads()[-1].daemon


def test_browsing_ends(sandbox):
    """After closing nobody serves any more; asking again serves again."""
    address = sandbox.browse(ENVIRONMENT)
    sandbox.close()
    with pytest.raises(httpx.ConnectError):
        httpx.get(address)
    sandbox.close()
    assert httpx.get(sandbox.browse(ENVIRONMENT)).status_code == 200


@pytest.mark.parametrize(
    "url",
    ["http://clerk.sandbox.example/v1/environment", "https://clerk.sandbox.example:444/", "https://example.com/", ""],
)
def test_other_addresses_are_left_alone(sandbox, url):
    """What is not the sandbox's own is not turned into it."""
    assert sandbox.browse(url) == url


def test_browsing_needs_the_extra(sandbox, monkeypatch):
    """Without the package that serves, the error says what to install."""
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(MissingPackage, match=r"socialconnect\[sandbox\]"):
        sandbox.browse(ENVIRONMENT)


def test_the_way_back_is_the_way_there(sandbox):
    """A browser that came by a loopback port is sent back to it, one that came by name is sent to the name."""
    user = next(index for index in range(20) if "notion" not in sandbox.world.situation(index))
    page = "https://accounts.sandbox.example/user?a=b"
    consent = sandbox.consents.begin(user, "notion", redirect_url=page, now=float(EPOCH))
    onwards = sandbox.consents.grant(consent.state, now=float(EPOCH))
    here = httpx.get(sandbox.browse(onwards))
    assert (here.status_code, here.headers["location"]) == (303, "/accounts.sandbox.example/user?a=b")

    async def by_name():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(sandbox.app)) as http:
            return (await http.get(onwards)).headers["location"]

    assert asyncio.run(by_name()) == page


def test_a_call_says_what_was_sent():
    """Fields of a form come in order and repeated, cookies by name; a body of another kind has no fields."""
    form = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    call = Call("a.example", "POST", "/", headers={**form, "cookie": "a=1; b=x=y;c"}, body=b"s=1&s=2&t=%C3%A9&u=")
    assert call.form() == (("s", "1"), ("s", "2"), ("t", "é"), ("u", ""))
    assert call.cookies == {"a": "1", "b": "x=y", "c": ""}
    assert Call("a.example", "POST", "/", body=b"s=1").form() == ()
    assert Call("a.example", "POST", "/", headers=form, body=b"\xff\xfe").form() == ()


def test_links_go_the_way_the_call_came():
    """An address within the sandbox is a path where the host was one, and whole otherwise; others stay."""
    by_path, by_name = Call("a", "GET", "/", by_path=True), Call("a", "GET", "/")
    for call, start in ((by_path, "/accounts.sandbox.example"), (by_name, "https://accounts.sandbox.example")):
        assert call.link("accounts.sandbox.example", "/user") == f"{start}/user"
        assert call.reach("https://accounts.sandbox.example/user?x=1#y") == f"{start}/user?x=1#y"
        assert call.reach("http://127.0.0.1:1/lab") == "http://127.0.0.1:1/lab"
        assert call.reach("https://accounts.sandbox.example.evil.example/") == (
            "https://accounts.sandbox.example.evil.example/"
        )


def test_time_needs_no_loop():
    """Without an event loop the sandbox's time is the machine's, and goes on where a loop left it."""
    clock = Sandbox(users=1).clock
    first = clock.now()

    async def within():
        return clock.now()

    second = asyncio.run(within())
    assert EPOCH <= first <= second <= clock.now() < first + 60


def test_two_threads_are_served_one_at_a_time(sandbox):
    """A browser's calls and the client's own do not come between each other: no request is lost from the record."""
    address = sandbox.browse("https://api.github.com/user")

    async def own():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(sandbox.app)) as http:
            for _ in range(100):
                await http.get("https://api.github.com/user")

    thread = threading.Thread(target=asyncio.run, args=(own(),))
    thread.start()
    with httpx.Client() as http:
        for _ in range(100):
            http.get(address)
    thread.join()
    assert sandbox.requests.hosts["api.github.com"] == 200


def test_one_call_at_a_time(sandbox, monkeypatch):
    """While one thread is answered another waits, so that no service has to reckon with two at once."""
    inside, peaks = [], []

    def page(call):
        inside.append(call)
        sum(range(2000))
        peaks.append(len(inside))
        inside.remove(call)
        return Answer(200)

    hosts = sandbox._hosts
    monkeypatch.setattr(hosts, "_pages", {"page.example": page})
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        calls = [lambda: [hosts.handle(Call("page.example", "GET", f"/{n}")) for n in range(200)] for _ in range(3)]
        workers = [threading.Thread(target=call) for call in calls]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    finally:
        sys.setswitchinterval(before)
    assert (len(peaks), max(peaks)) == (600, 1)
