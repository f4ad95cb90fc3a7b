"""The providers' consent pages: what they ask for, what is granted, and what a link says once it is over."""

import asyncio

import pytest
from tests.websites import CONSENT, HOME, Browser, asked, having, raw, without

from socialconnect.sandbox import Sandbox
from socialconnect.sandbox.consents import LIFE

AUTH = "https://www.googleapis.com/auth/"
CALENDAR, DRIVE = f"{AUTH}calendar.readonly", f"{AUTH}drive.metadata.readonly"


@pytest.fixture
def sandbox():
    """A sandbox of 200 users."""
    return Sandbox(users=200)


def granted(sandbox, consent):
    """The scopes that an account's token has now."""
    return set(sandbox.instance.tokens.scopes(sandbox.world.find_account(consent.eac)))


def test_the_page_says_who_asks_for_what_of_whom(sandbox):
    """The provider, the application, the account and each scope stand there, in words and by name."""
    user = without(sandbox, "google")
    page = sandbox.visitor().open(asked(sandbox, user, "google", [CALENDAR]).link)
    assert page.title == "Google: allow Sandbox?"
    assert "Sandbox asks to use your Google account" in page.text
    assert sandbox.world.person(user).email in page.text
    for words in ("See your e-mail address email, userinfo.email", "Know which account is yours openid"):
        assert words in page.text
    assert "See your calendars and what is in them calendar.readonly" in page.text
    assert page.text.count("calendar.readonly") == 1
    assert page.scopes == (CALENDAR,)
    assert page.buttons == ("Decline", "Allow")


def test_google_lets_each_scope_be_left_out(sandbox):
    """What is unticked is not granted, what the instance asks of everybody always is."""
    consent = asked(sandbox, without(sandbox, "google"), "google", [CALENDAR, DRIVE])
    page = sandbox.visitor().open(consent.link)
    assert page.press("Allow", scopes=[DRIVE]).status == 200
    assert granted(sandbox, consent) == {*consent.base, DRIVE}


def test_a_form_grants_only_what_is_asked_for(sandbox):
    """A form that was tampered with gains no scope, and loses none of those that are always asked for."""
    consent = asked(sandbox, without(sandbox, "google"), "google", [CALENDAR])
    browser = Browser(sandbox)
    page = browser.open(consent.link)
    token = next(one.value for one in page._sheet.fields if one.name == "csrf")
    cookie = "; ".join(f"{name}={value}" for name, value in browser._cookies["consent.sandbox.example"].items())
    fields = {"csrf": token, "decision": "allow", "scope": [DRIVE, "openid"]}
    assert raw(sandbox, consent.link, "POST", cookie=cookie, fields=fields).status == 303
    assert granted(sandbox, consent) == {*consent.base}


def test_github_is_all_or_nothing(sandbox):
    """GitHub's scopes cannot be left out: all of them are listed, none has a box, and allowing grants them all."""
    account = having(sandbox, "github", "narrow")
    consent = asked(sandbox, account.user, "github", ["repo", "read:org"])
    page = sandbox.visitor().open(consent.link)
    assert "Sandbox asks again to use your GitHub account" in page.text
    assert "See and change all your repositories, the private ones too repo" in page.text
    assert page.scopes == ()
    page.press("Allow", scopes=[])
    assert granted(sandbox, consent) >= {"repo", "read:org", *consent.base}


@pytest.mark.parametrize(
    ("choice", "situation"),
    [
        ({}, "healthy"),
        ({"more": False}, "narrow"),
        ({"pages": "none"}, "empty"),
        ({"pages": "none", "more": False}, "empty"),
    ],
)
def test_notion_is_given_pages_and_capabilities(sandbox, choice, situation):
    """What is chosen of pages and capabilities is what the account shows from then on."""
    consent = asked(sandbox, without(sandbox, "notion"), "notion")
    page = sandbox.visitor().open(consent.link)
    assert "Choose pages" in page.text
    page.press("Allow", **choice)
    assert sandbox.world.find_account(consent.eac).situation == situation


def test_a_decision_is_made_once(sandbox):
    """The link says afterwards what was decided, leads back, and takes no other decision."""
    for label, status, words in (
        ("Allow", 200, "You have allowed this already"),
        ("Decline", 410, "You have declined this"),
    ):
        consent = asked(sandbox, without(sandbox, "google"), "google", redirect_url=f"{HOME}?a=b")
        page = sandbox.visitor().open(consent.link)
        assert page.press(label).url == f"{HOME}?a=b"
        decided = sandbox.consents.find(consent.state)
        again = sandbox.visitor().open(consent.link)
        assert (again.status, words in again.text, again.buttons) == (status, True, ())
        assert again.follow("Back to Sandbox").url.startswith("https://accounts.sandbox.example/")
        late = page.press("Decline" if label == "Allow" else "Allow")
        assert words in late.text
        assert sandbox.consents.find(consent.state) == decided
        sandbox.linked.remove(consent.eac)


@pytest.mark.looptime
async def test_a_link_expires(sandbox):
    """After ten minutes the link says so, a page that was left open too, and nothing is connected."""
    consent = asked(sandbox, without(sandbox, "google"), "google")
    page = sandbox.visitor().open(consent.link)
    await asyncio.sleep(LIFE)
    for late in (sandbox.visitor().open(consent.link), page.press("Allow")):
        assert (late.status, "This link has expired" in late.text) == (410, True)
    assert sandbox.world.find_account(consent.eac).situation == "unverified"


def test_a_link_outlives_its_account_as_a_word(sandbox):
    """Where the attempt was removed meanwhile the link says that it is over."""
    consent = asked(sandbox, without(sandbox, "google"), "google")
    page = sandbox.visitor().open(consent.link)
    sandbox.linked.remove(consent.eac)
    for late in (sandbox.visitor().open(consent.link), page.press("Allow")):
        assert (late.status, "This link is over" in late.text) == (410, True)


@pytest.mark.parametrize("path", ["/github/authorize?state={state}", "/google?state={state}", "/google/authorize", "/"])
def test_a_link_is_good_as_a_whole(sandbox, path):
    """Another provider, another path or no state is no consent."""
    consent = asked(sandbox, without(sandbox, "google"), "google")
    page = sandbox.visitor().open(f"{CONSENT}{path.format(state=consent.state)}")
    assert (page.status, page.buttons) == (404, ())


def test_an_account_may_be_somebody_elses():
    """Under that fault the page after says that the account is another user's, and so does the link."""
    sandbox = Sandbox(users=200, faults=["google:claimed"])
    user = without(sandbox, "google")
    visitor = sandbox.visitor()
    page = visitor.sign_in(sandbox.world.user_id(user)).press("Connect Google").press("Allow")
    assert page.text.count("This Google account is already connected to another user.") == 2
    consent = asked(sandbox, user, "google")
    visitor.open(consent.link).press("Allow")
    again = visitor.open(consent.link)
    assert (again.status, "is already connected to another user" in again.text) == (409, True)


def test_a_person_may_decline_whatever_is_clicked():
    """Under that fault allowing declines."""
    sandbox = Sandbox(users=200, faults=["notion:declined"])
    page = sandbox.visitor().open(asked(sandbox, without(sandbox, "notion"), "notion").link).press("Allow")
    assert "You declined: Sandbox got no access to Notion." in page.text


def test_a_consent_may_have_expired_before_it_is_seen():
    """Under that fault the page is over when it is opened."""
    sandbox = Sandbox(users=200, faults=["notion:consent_expired"])
    page = sandbox.visitor().sign_in(sandbox.world.user_id(without(sandbox, "notion"))).press("Connect Notion")
    assert (page.status, "This link has expired" in page.text) == (410, True)


def test_a_provider_may_refuse(sandbox):
    """What failed for the provider's own reasons says no more than that, on the link and back at home."""
    user = without(sandbox, "notion")
    visitor = sandbox.visitor()
    page = visitor.sign_in(sandbox.world.user_id(user)).press("Connect Notion")
    sandbox.consents.fail(page.url.rpartition("=")[2], "oauth_token_exchange_error", now=sandbox.clock.now())
    assert "This did not work" in visitor.open(page.url).text
    home = visitor.open(HOME)
    assert "Notion could not be connected (oauth_token_exchange_error)." in home.text
    assert "Try again: Notion" in " ".join(home.buttons)


def test_consent_leads_where_it_began(sandbox):
    """A program's address on this machine is where the browser ends, and forms may lead there."""
    consent = asked(sandbox, without(sandbox, "google"), "google", redirect_url="http://127.0.0.1:3000/done")
    browser = Browser(sandbox)
    page = browser.open(consent.link)
    assert " http://127.0.0.1:*" in browser.last.headers["content-security-policy"]
    assert page.press("Allow").url == "http://127.0.0.1:3000/done"
