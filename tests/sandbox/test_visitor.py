"""The played visitor: opens links, reads pages, presses buttons, and goes a whole way in one call."""

import time

import httpx
import pytest
from tests.websites import CONSENT, HOME, PORTAL, Browser, asked, having, ticket, without

import socialconnect as sc
from socialconnect.errors import NotConnected, UsageError
from socialconnect.sandbox import Sandbox, Visitor, running
from socialconnect.sandbox.website.reading import Sheet

AUTH = "https://www.googleapis.com/auth/"
CALENDAR, DRIVE = f"{AUTH}calendar.readonly", f"{AUTH}drive.metadata.readonly"


@pytest.fixture
def sandbox():
    """A sandbox of 200 users, which ends with the test."""
    made = Sandbox(users=200)
    yield made
    made.close()


def connected(sandbox, user, provider):
    """Whether a user, by index, has a verified account of a provider."""
    return any(one.provider == provider and one.situation != "unverified" for one in sandbox.world.accounts(user))


def test_a_page_is_what_a_person_reads(sandbox):
    """A page has its title, its text without what surrounds it, its buttons and links as they are read out."""
    page = sandbox.visitor().open(f"{PORTAL}/sign-in?__clerk_ticket=none")
    assert (page.title, page.status, page.buttons) == ("This link cannot be used", 400, ())
    assert page.links == ("Skip to the content", "Sign in without it")
    assert page.text == "This link cannot be used\nIt may have been cut short. Ask for a new one.\nSign in without it"
    assert repr(page) == "Page('This link cannot be used', 400)"
    assert repr(sandbox.visitor()) == "Visitor()"


def test_a_sheet_reads_html():
    """Escaped words, hidden ones, fields and forms are read as a browser would."""
    sheet = Sheet(
        "<title>T &amp; U</title><style>x{}</style><p>a<br>b &lt;</p><span aria-hidden=true>Z<b>Y</b></span>"
        "<form method=POST action=/x><input type=hidden name=h value='1&amp;2'><input type=checkbox name=c value=1>"
        "<input type=radio name=r value=2 checked><button name=n value=v>Go <svg><path d=x></svg>on</button></form>"
        "<form><button>Look</button></form><button>Loose</button><a href=/y>There</a>"
    )
    assert (sheet.title, sheet.text) == ("T & U", "ab <\nGo on\nLook\nLoose\nThere")
    assert [(one.name, one.value, one.on) for one in sheet.fields] == [
        ("h", "1&2", True),
        ("c", "1", False),
        ("r", "2", True),
    ]
    assert [(one.label, one.name, one.form.method, one.form.action) for one in sheet.buttons] == [
        ("Go on", "n", "post", "/x"),
        ("Look", "", "get", None),
    ]
    assert sheet.links == {"There": "/y"}


def test_a_button_is_found_by_what_it_says(sandbox):
    """A label, a value or how one label begins finds a button; more than one or none is refused with what there is."""
    page = sandbox.visitor().open(HOME)
    person = sandbox.world.person(2)
    for label in (f"{person.name} {person.email}", person.user_id, f"{person.name} "):
        assert sandbox.visitor().open(HOME).press(label).title == "Your account"
    with pytest.raises(UsageError, match="no one button 'Sing in'") as caught:
        page.press("Sing in")
    assert "Search" in caught.value.cure
    with pytest.raises(UsageError, match="no one button ''"):
        page.press("")


def test_only_what_is_there_can_be_filled_in(sandbox):
    """A field, a scope or a link that the page does not have is refused, and nothing is sent."""
    consent = asked(sandbox, without(sandbox, "google"), "google", [CALENDAR])
    page = sandbox.visitor().open(consent.link)
    with pytest.raises(UsageError, match="does not ask for"):
        page.press("Allow", scopes=[DRIVE])
    with pytest.raises(UsageError, match="no field 'code'"):
        page.press("Allow", code="1")
    with pytest.raises(UsageError, match="no link 'Home'"):
        page.follow("Home")
    assert sandbox.consents.find(consent.state) == consent


def test_visitors_are_of_their_own(sandbox):
    """One visitor's signing in is not another's."""
    one, other = sandbox.visitor(), sandbox.visitor()
    assert one.sign_in(sandbox.world.user_id(1)).title == "Your account"
    assert one.open(HOME).title == "Your account"
    assert other.open(HOME).title == "Sign in"


def test_signing_in_needs_somebody(sandbox):
    """A user who is not there, or who would have to take another's place, is refused."""
    visitor = sandbox.visitor()
    with pytest.raises(UsageError, match="no one button 'user_nobody'"):
        visitor.sign_in("user_nobody")
    visitor.sign_in(sandbox.world.user_id(1))
    assert sandbox.world.person(1).email in visitor.sign_in(sandbox.world.user_id(1)).text
    with pytest.raises(UsageError, match="Somebody else is signed in"):
        visitor.sign_in(sandbox.world.user_id(2))


def test_a_ticket_is_followed_to_its_end(sandbox):
    """One call opens the ticket, chooses the provider and allows; the account can be read then."""
    user = without(sandbox, "notion")
    page = sandbox.visitor().consent(ticket(sandbox, user).link, provider="notion")
    assert (page.title, "Notion is connected" in page.text) == ("Your account", True)
    assert connected(sandbox, user, "notion")


def test_a_cookie_stays_with_its_host(sandbox):
    """The provider's page does not get the portal's cookie; what is for both hosts is told to both."""
    browser = Browser(sandbox)
    browser.consent(ticket(sandbox, without(sandbox, "notion")).link, provider="notion")
    kept = browser._cookies
    assert sorted(kept) == ["accounts.sandbox.example", "consent.sandbox.example", "sandbox.example"]
    assert kept["accounts.sandbox.example"]["sandbox_browser"] != kept["consent.sandbox.example"]["sandbox_browser"]
    assert list(kept["sandbox.example"]) == ["sandbox_decided"]


def test_the_portal_is_followed_to_its_end(sandbox):
    """One call signs in, chooses the provider and declines."""
    user = without(sandbox, "notion")
    page = sandbox.visitor().consent(HOME, grant=False, user=sandbox.world.user_id(user), provider="notion")
    assert "You declined" in page.text
    assert not connected(sandbox, user, "notion")


def test_a_consent_is_followed_to_its_end(sandbox):
    """One call grants what is named of what a consent page asks for."""
    user = without(sandbox, "google")
    consent = asked(sandbox, user, "google", [CALENDAR, DRIVE])
    page = sandbox.visitor().consent(consent.link, [DRIVE])
    assert page.title == "You can close this tab"
    assert set(sandbox.world.find_account(consent.eac).granted) == {*consent.base, DRIVE}


def test_an_account_that_needs_it_is_connected_anew(sandbox):
    """Where the account is there but dead, or unfinished, the visitor connects that one."""
    for provider, situation in (("github", "revoked"), ("notion", "unverified")):
        account = having(sandbox, provider, situation)
        sandbox.visitor().consent(HOME, user=sandbox.world.user_id(account.user), provider=provider)
        assert sandbox.world.find_account(account.eac).situation == "healthy"


def test_a_second_factor_is_met():
    """The visitor reads the code off the page."""
    sandbox = Sandbox(users=200, faults=["clerk:second_factor"])
    user = without(sandbox, "notion")
    page = sandbox.visitor().consent(ticket(sandbox, user).link, provider="notion")
    assert "Notion is connected" in page.text
    assert sandbox.visitor().sign_in(sandbox.world.user_id(user)).title == "Your account"


def test_a_way_that_ends_early_is_the_page_that_says_so(sandbox):
    """A ticket or a consent that is over, a portal that is off and another site are the last page."""
    used = ticket(sandbox, 1)
    sandbox.instance.tickets.redeem(used.token, sandbox.clock.now())
    visitor = sandbox.visitor()
    assert "used already" in visitor.consent(used.link, provider="notion").text
    assert visitor.consent(f"{CONSENT}/google/authorize?state=x").status == 404
    assert visitor.consent("https://github.com/login").status == 0
    off = Sandbox(users=20, faults=["clerk:portal_disabled"])
    assert "no Account Portal" in off.visitor().consent(HOME, user=off.world.user_id(0), provider="notion").text


def test_a_way_needs_what_the_link_does_not_say(sandbox):
    """Without a user or a provider, or with one that needs nothing, the visitor asks for it."""
    healthy = having(sandbox, "github", "healthy")
    user = sandbox.world.user_id(healthy.user)
    with pytest.raises(UsageError, match="leaves the choice") as caught:
        sandbox.visitor().consent(HOME, provider="github")
    assert "user=" in caught.value.cure
    with pytest.raises(UsageError, match="leaves the choice") as caught:
        sandbox.visitor().consent(HOME, user=user)
    assert "provider=" in caught.value.cure
    with pytest.raises(UsageError, match="does not offer to connect GitHub"):
        sandbox.visitor().consent(HOME, user=user, provider="github")


def test_links_through_a_server_are_the_same_links(sandbox):
    """What `browse` gives is opened as the sandbox's own address, and no request goes through the server."""
    link = sandbox.browse(ticket(sandbox, 5).link)
    assert link.startswith("http://127.0.0.1:")
    browser = Browser(sandbox)
    page = browser.open(link)
    assert page.url.startswith(f"{PORTAL}/sign-in?__clerk_ticket=")
    assert page.press("Continue").title == "Your account"
    assert browser.open("http://127.0.0.1:1/elsewhere").status == 0


def test_what_a_visitor_does_is_on_record(sandbox):
    """The sandbox's record has the visitor's requests too, redirects included."""
    sandbox.visitor().open(HOME)
    assert [(one.host, one.method, one.path, one.status) for one in sandbox.requests] == [
        ("accounts.sandbox.example", "GET", "/user", 303),
        ("accounts.sandbox.example", "GET", "/sign-in", 200),
    ]


def test_a_connection_that_breaks_off_is_a_page_that_says_so():
    """Where the callback is dropped the visitor reads so, though the provider has been answered."""
    sandbox = Sandbox(users=200, faults=["clerk:dropped"])
    page = sandbox.visitor().open(asked(sandbox, without(sandbox, "notion"), "notion").link).press("Allow")
    assert (page.status, page.text) == (0, "The connection broke off.")


def test_a_client_reads_what_a_visitor_connected():
    """The next read after the visitor's consent has the account's rows."""
    client = sc.sandbox(users=200)
    user = client.sandbox.world.user_id(without(client.sandbox, "notion"))
    with pytest.raises(NotConnected):
        client.notion.users(user)
    client.sandbox.visitor().consent(HOME, user=user, provider="notion")
    assert len(client.notion.users(user)) > 0


def test_the_same_way_in_a_browser(sandbox):
    """Over a socket a browser signs in, connects and is back at its page, at the server's own address throughout."""
    user = without(sandbox, "notion")
    with running(sandbox) as base, httpx.Client(follow_redirects=True) as http:

        def send(page, **fields):
            token = page.text.partition('name="csrf" value="')[2].partition('"')[0]
            assert token
            return lambda path="": http.post(f"{base}{path}" if path else page.url, data={"csrf": token, **fields})

        link = ticket(sandbox, user).link.replace("https://", f"{base}/")
        own = send(http.get(link))()
        assert str(own.url) == f"{base}/accounts.sandbox.example/user"
        consent = send(own, provider="notion")("/accounts.sandbox.example/user/connect")
        assert str(consent.url).startswith(f"{base}/consent.sandbox.example/notion/authorize?state=")
        home = send(consent, decision="allow", pages="all", more="yes")()
        assert str(home.url) == f"{base}/accounts.sandbox.example/user"
        assert "Notion is connected" in home.text
        paths = {(cookie.name.rpartition("_")[0], cookie.path) for cookie in http.cookies.jar}
        assert paths == {
            ("sandbox_browser", "/accounts.sandbox.example"),
            ("sandbox_browser", "/consent.sandbox.example"),
            ("sandbox_decided", "/accounts.sandbox.example"),
        }
    assert connected(sandbox, user, "notion")


def test_a_visitor_waits_for_nothing():
    """Slow answers do not make a visitor wait."""
    sandbox = Sandbox(users=20, faults=["clerk:slow"])
    began = time.monotonic()
    assert sandbox.visitor().open("https://clerk.sandbox.example/v1/environment").status == 200
    assert time.monotonic() - began < 1
    assert isinstance(sandbox.visitor(), Visitor)
