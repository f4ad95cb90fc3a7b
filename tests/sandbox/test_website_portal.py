"""The Account Portal: signing in, one's own page, connecting, renewing and removing accounts, signing out."""

import asyncio

import pytest
from tests.websites import HOME, PORTAL, Browser, asked, having, raw, ticket, without

from socialconnect.sandbox import Sandbox
from socialconnect.sandbox.consents import LIFE


@pytest.fixture
def sandbox():
    """A sandbox of 200 users."""
    return Sandbox(users=200)


def signed_in(sandbox, user):
    """The own page of a user, by index, in a browser of theirs."""
    return Browser(sandbox).sign_in(sandbox.world.user_id(user))


def account_of(sandbox, user, provider):
    """A user's account of a provider as it is now, None where there is none."""
    return next((one for one in sandbox.world.accounts(user) if one.provider == provider), None)


def test_one_signs_in_as_anybody(sandbox):
    """The first page has a short list of people; the search finds everybody by name, e-mail and id."""
    person = sandbox.world.person(150)
    page = sandbox.visitor().open(HOME)
    assert page.title == "Sign in"
    assert len(page.buttons) == 9
    assert "8 of 200 people" in page.text
    for words in (person.email, person.user_id, person.email.upper(), f" {person.slug} "):
        assert page.press("Search", q=words).buttons == ("Search", f"{person.name} {person.email}")
    own = page.press("Search", q=person.email).press(person.user_id)
    assert (own.title, own.url) == ("Your account", HOME)
    assert person.user_id in own.text


def test_a_search_may_find_nobody(sandbox):
    """Who is not there is named, and nothing can be pressed but the search."""
    page = sandbox.visitor().open(f"{PORTAL}/sign-in?q=zzzz")
    assert "Nobody here is called zzzz." in page.text
    assert page.buttons == ("Search",)


def test_a_choice_that_is_none_signs_nobody_in(sandbox):
    """A form with an id of nobody leads back to the choice."""
    browser = Browser(sandbox)
    page = browser.open(HOME)
    token = next(one.value for one in page._sheet.fields if one.name == "csrf")
    found = raw(sandbox, f"{PORTAL}/sign-in", "POST", cookie=browser.cookie, fields={"csrf": token, "user": "user_x"})
    assert (found.status, found.headers["location"]) == (303, f"{PORTAL}/sign-in?")
    assert browser.open(HOME).title == "Sign in"


def test_signing_in_leads_to_where_one_came_from(sandbox):
    """The address to come back to outlives the search and the choice."""
    link = f"{PORTAL}/sign-in?redirect_url=http%3A%2F%2Flocalhost%3A8888%2Flab%3Fa%3Db"
    page = sandbox.visitor().open(link).press("Search", q="ruth").press("Ruth Kim ruth.kim.6")
    assert (page.url, page.status) == ("http://localhost:8888/lab?a=b", 0)


def test_signing_in_changes_the_cookie(sandbox):
    """The cookie of before is worth nothing to whoever set it; signing out ends the session and the new one."""
    browser = Browser(sandbox)
    page = browser.open(HOME)
    before = browser.cookie
    page.press(sandbox.world.user_id(3))
    after = browser.cookie
    assert before != after
    assert raw(sandbox, HOME, cookie=before).status == 303
    assert raw(sandbox, HOME, cookie=after).status == 200
    token = after.partition("=")[2]
    client = sandbox.instance.sessions.find(token)
    assert (client.active.user, client.native, token in sandbox.secrets()) == (3, False, True)
    assert browser.open(f"{PORTAL}/sign-out").press("Sign out").title == "You are signed out"
    assert client.active is None
    assert raw(sandbox, HOME, cookie=after).status == 303
    assert browser.open(HOME).title == "Sign in"


def test_a_programs_token_opens_no_page(sandbox):
    """A native client's token as a cookie signs nobody in."""
    sessions = sandbox.instance.sessions
    client = sessions.open(sandbox.clock.now(), native=True)
    sessions.sign_in(client, 3, sandbox.clock.now())
    assert raw(sandbox, HOME, cookie=f"sandbox_browser={client.token}").status == 303


def test_a_ticket_signs_in_once(sandbox):
    """A ticket says whom it signs in, does so and leads on; the second time it says that it was used."""
    person = sandbox.world.person(7)
    link = f"{ticket(sandbox, 7).link}&redirect_url={HOME}"
    page = sandbox.visitor().open(link)
    assert (page.title, page.buttons) == ("Signing in", (f"Continue as {person.name}",))
    assert person.email in page.text
    own = page.press("Continue")
    assert (own.url, own.text.partition("\n")[0]) == (HOME, person.name)
    again = sandbox.visitor().open(link)
    assert (again.status, "This link was used already" in again.text) == (400, True)
    assert again.follow("Sign in without it").title == "Sign in"


def test_a_ticket_that_was_opened_twice_is_used_once(sandbox):
    """Of two tabs that show the same ticket the second is told that it was used."""
    link = ticket(sandbox, 7).link
    first, second = sandbox.visitor().open(link), sandbox.visitor().open(link)
    assert first.press("Continue").title == "Your account"
    assert "This link was used already" in second.press("Continue").text


def test_a_ticket_that_is_no_good_says_why():
    """Expired, revoked, unknown and refused tickets each say so, and sign nobody in."""
    sandbox = Sandbox(users=20)
    expired, revoked = ticket(sandbox, 1, 0), ticket(sandbox, 1)
    sandbox.instance.tickets.revoke(revoked.id, sandbox.clock.now())
    refusing = Sandbox(users=20, faults=["clerk:ticket_refused"])
    for world, link, words in (
        (sandbox, expired.link, "This link has expired"),
        (sandbox, revoked.link, "This link was taken back"),
        (sandbox, f"{PORTAL}/sign-in?__clerk_ticket=x", "This link cannot be used"),
        (refusing, ticket(refusing, 1).link, "This link cannot be used"),
    ):
        page = world.visitor().open(link)
        assert (page.status, words in page.text, page.buttons) == (400, True, ())


def test_a_ticket_for_somebody_else_says_who_is_signed_in(sandbox):
    """Nobody is signed out unasked; who is signed in already by name of the ticket goes on at once."""
    browser = Browser(sandbox)
    browser.sign_in(sandbox.world.user_id(3))
    client = sandbox.instance.sessions.find(browser.cookie.partition("=")[2])
    own = ticket(sandbox, 3)
    assert browser.open(own.link).title == "Your account"
    assert sandbox.instance.tickets.look(own.token, sandbox.clock.now()).status == "pending"
    page = browser.open(ticket(sandbox, 4).link)
    assert f"You are signed in as {sandbox.world.person(3).name}." in page.text
    assert b"<script" not in browser.last.body
    assert client.active is not None
    assert page.press("Continue").text.startswith(sandbox.world.person(4).name)
    assert client.active is None


def test_a_second_factor_comes_before_the_session():
    """Under that fault a code is asked for; a wrong one signs nobody in, the right one does and leads on."""
    sandbox = Sandbox(users=20, faults=["clerk:second_factor"])
    browser = Browser(sandbox)
    page = browser.open(f"{ticket(sandbox, 2).link}&redirect_url=http://localhost:1/x").press("Continue")
    assert page.title == "Two-step verification"
    assert browser.open(HOME).title == "Sign in"
    wrong = page.press("Continue", code="123456")
    assert (wrong.status, "That is not the code." in wrong.text) == (401, True)
    assert browser.open(HOME).title == "Sign in"
    right = page.press("Continue", code="424242")
    assert right.url == "http://localhost:1/x"
    assert browser.open(HOME).title == "Your account"
    assert browser.open(f"{PORTAL}/sign-in/factor-two").title == "Your account"


def test_a_second_factor_is_one_browsers():
    """The code is worth nothing where nobody was chosen before."""
    sandbox = Sandbox(users=20, faults=["clerk:second_factor"])
    browser = Browser(sandbox)
    token = next(one.value for one in browser.open(HOME)._sheet.fields if one.name == "csrf")
    fields = {"csrf": token, "code": "424242"}
    found = raw(sandbox, f"{PORTAL}/sign-in/factor-two", "POST", cookie=browser.cookie, fields=fields)
    assert "set-cookie" not in found.headers
    assert browser.open(HOME).title == "Sign in"


def test_a_portal_may_be_switched_off():
    """Under that fault no page of the portal is there, for a form no more than for a look."""
    sandbox = Sandbox(users=20, faults=["clerk:portal_disabled"])
    for method in ("GET", "POST"):
        for path in ("/sign-in", "/user", "/sign-out"):
            found = raw(sandbox, f"{PORTAL}{path}", method)
            assert (found.status, b"There is no Account Portal here" in found.body) == (404, True)


@pytest.mark.parametrize(
    ("provider", "situation", "state", "button"),
    [
        ("github", "healthy", "Connected", ""),
        ("notion", "narrow", "Connected", ""),
        ("google", "stale", "Connected", ""),
        ("github", "unverified", "Not finished", "Try again: GitHub, "),
        ("github", "revoked", "Needs reconnecting", "Reconnect: GitHub, "),
        ("google", "unrefreshable", "Needs reconnecting", "Reconnect: Google, "),
        ("google", "unconsented", "Needs reconnecting", "Reconnect: Google, "),
        ("notion", "refused", "Needs reconnecting", "Reconnect: Notion, "),
        ("notion", "untokened", "Needs reconnecting", "Reconnect: Notion, "),
    ],
)
def test_an_account_says_how_it_stands(sandbox, provider, situation, state, button):
    """Each account has its state in words, and what mends it where it needs that."""
    account = having(sandbox, provider, situation)
    page = signed_in(sandbox, account.user)
    title = sandbox.world.providers[provider].title
    lines = page.text.split("\n")
    assert lines[lines.index(title) + 2] == state
    mends = [one for one in page.buttons if one.startswith(("Try again", "Reconnect")) and title in one]
    assert [one.startswith(button) for one in mends] == ([True] if button else [])
    assert any(one.startswith(f"Remove it: {title}, ") for one in page.buttons)
    assert f"Connect {title}" not in page.buttons


def test_connecting_anew_makes_a_revoked_account_whole(sandbox):
    """After reconnecting the account is the same one, says that it is connected and asks for nothing more."""
    account = having(sandbox, "github", "revoked")
    page = signed_in(sandbox, account.user).press("Reconnect: GitHub").press("Allow")
    assert "GitHub is connected again." in page.text
    assert not [one for one in page.buttons if one.startswith("Reconnect: GitHub")]
    now = account_of(sandbox, account.user, "github")
    assert (now.eac, now.situation) == (account.eac, "healthy")


def test_connecting_and_declining_are_told(sandbox):
    """Back from the provider the page says what became of it, and offers another try where nothing did."""
    user = without(sandbox, "notion")
    page = signed_in(sandbox, user).press("Connect Notion").press("Decline")
    assert "You declined: Sandbox got no access to Notion." in page.text
    assert "You did not allow it." in page.text
    assert "Connect Notion" not in page.buttons
    page = page.press("Try again: Notion").press("Allow")
    assert "Notion is connected" in page.text
    assert account_of(sandbox, user, "notion").situation == "healthy"


def test_what_was_told_is_not_told_to_others(sandbox):
    """Who signs in after somebody else in the same browser hears nothing of what that one did."""
    user = without(sandbox, "notion")
    browser = Browser(sandbox)
    page = browser.sign_in(sandbox.world.user_id(user)).press("Connect Notion").press("Allow")
    assert "Notion is connected" in page.text
    browser.open(f"{PORTAL}/sign-out").press("Sign out")
    assert browser.open(HOME).title == "Sign in"
    assert "Notion is connected" not in browser.sign_in(sandbox.world.user_id(user + 1)).text


def test_an_account_is_removed(sandbox):
    """A removed account is gone and offered anew; another user's cannot be touched."""
    account = having(sandbox, "github", "healthy")
    page = signed_in(sandbox, account.user)
    after = page.press("Remove it: GitHub")
    assert "GitHub is removed." in after.text
    assert "Connect GitHub" in after.buttons
    assert account_of(sandbox, account.user, "github") is None
    assert "That account is not there any more." in page.press("Remove it: GitHub").text


def test_nobody_removes_or_renews_anothers_account(sandbox):
    """A form with another user's account is refused."""
    browser = Browser(sandbox)
    page = browser.sign_in(sandbox.world.user_id(0))
    other = having(sandbox, "github", "revoked")
    token = next(one.value for one in page._sheet.fields if one.name == "csrf")
    for path in ("remove", "reconnect"):
        fields = {"csrf": token, "account": other.eac}
        raw(sandbox, f"{PORTAL}/user/{path}", "POST", cookie=browser.cookie, fields=fields)
        assert account_of(sandbox, other.user, "github") == other
        assert sandbox.world.user_id(0) in browser.open(HOME).text


def test_the_last_way_in_stays(sandbox):
    """Who signs in with one account alone cannot remove it, and is told why."""
    world = sandbox.world
    user = next(
        number
        for number in range(7, 200, 10)
        if all(one.situation != "unverified" for one in world.accounts(number)) and len(world.accounts(number)) > 1
    )
    page = signed_in(sandbox, user)
    for _ in world.accounts(user):
        assert "without it nobody could" not in page.text
        page = page.press(next(one for one in page.buttons if one.startswith("Remove it")))
    assert len(world.accounts(user)) == 1
    assert "without it nobody could" in page.text


def test_only_what_the_instance_offers_can_be_connected():
    """A provider that was disabled is not offered, its accounts cannot be renewed, and a form for it is refused."""
    sandbox = Sandbox(users=200, disabled=["github"])
    revoked = having(sandbox, "github", "revoked")
    page = signed_in(sandbox, revoked.user)
    assert not [one for one in page.buttons if one.startswith("Reconnect: GitHub")]
    browser = Browser(sandbox)
    user = without(sandbox, "github")
    page = browser.sign_in(sandbox.world.user_id(user))
    assert "Connect GitHub" not in page.buttons
    token = next(one.value for one in page._sheet.fields if one.name == "csrf")
    for provider in ("github", "nonsense", ""):
        fields = {"csrf": token, "provider": provider}
        raw(sandbox, f"{PORTAL}/user/connect", "POST", cookie=browser.cookie, fields=fields)
        assert "is not offered here any more." in browser.open(HOME).text
    assert account_of(sandbox, user, "github") is None


def test_a_provider_is_connected_once(sandbox):
    """A page that was left open offers what is connected meanwhile: the form says that it is."""
    user = without(sandbox, "notion")
    page = signed_in(sandbox, user)
    sandbox.visitor().consent(HOME, user=sandbox.world.user_id(user), provider="notion")
    assert "You have connected a Notion account already." in page.press("Connect Notion").text


def test_coming_back_without_being_signed_in_needs_no_sign_in(sandbox):
    """Who consented for a program's sake may close the tab, and reads there what became of it."""
    user = without(sandbox, "notion")
    page = sandbox.visitor().open(asked(sandbox, user, "notion").link).press("Allow")
    assert (page.title, page.url) == ("You can close this tab", HOME)
    assert "Notion is connected" in page.text
    assert page.follow("To your account").title == "Sign in"
    page = sandbox.visitor().open(asked(sandbox, user, "notion").link).press("Decline")
    assert "You declined" in page.text
    assert sandbox.visitor().open(f"{PORTAL}/default-redirect").title == "You can close this tab"


@pytest.mark.looptime
async def test_an_attempt_that_ran_out_is_told(sandbox):
    """Who comes back after ten minutes reads that the time was up, and may try again."""
    user = without(sandbox, "notion")
    browser = Browser(sandbox)
    browser.sign_in(sandbox.world.user_id(user)).press("Connect Notion")
    await asyncio.sleep(LIFE)
    page = browser.open(HOME)
    assert "The time to allow Notion is up. Nothing was connected." in page.text
    assert "The time to allow it ran out." in page.text
    assert "Notion is connected" in page.press("Try again: Notion").press("Allow").text
