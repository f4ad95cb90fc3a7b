"""What holds for every page of the sandbox."""

import re
from base64 import b64encode
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from urllib.parse import urlencode

import pytest
from tests.websites import CONSENT, HOME, PORTAL, Browser, asked, every_page, having, raw, ticket, without

from socialconnect.sandbox import Sandbox
from socialconnect.sandbox.answers import Call
from socialconnect.sandbox.website.targets import allowed

HOSTILE = "\"><script>alert('x')</script><img src=x onerror=alert(1)>"


class Marks(HTMLParser):
    """Every element of a page with its attributes, and the text of scripts."""

    def __init__(self, body):
        super().__init__()
        self.elements, self.scripts, self._script = [], [], False
        self.feed(body.decode())

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._script = tag == "script"

    def handle_data(self, data):
        if self._script:
            self.scripts.append(data)
            self._script = False

    def named(self, *tags):
        """The attributes of the elements of these names."""
        return [given for tag, given in self.elements if tag in tags]


@pytest.fixture(scope="module")
def tour():
    """Every page there is."""
    return every_page()


def test_every_page_keeps_its_visitor_in(tour):
    """No page may be framed, kept or told of elsewhere, and none may fetch anything or send a form abroad."""
    for name, _, found in tour[1]:
        rules = dict(rule.split(" ", 1) for rule in found.headers["content-security-policy"].split("; "))
        assert rules.pop("script-src", "") == "" or name == "ticket"
        forms = rules.pop("form-action").split()
        assert forms[0] == "'self'"
        assert all("sandbox.example" in one or "127.0.0.1" in one or "localhost" in one for one in forms[1:])
        assert rules == {
            "default-src": "'none'",
            "style-src": "'unsafe-inline'",
            "base-uri": "'none'",
            "frame-ancestors": "'none'",
        }
        assert found.headers["referrer-policy"] == "no-referrer"
        assert found.headers["cache-control"] == "no-store"
        assert found.headers["x-content-type-options"] == "nosniff"
        assert found.headers["content-type"] == "text/html; charset=utf-8"


def test_the_one_script_is_named_by_its_digest(tour):
    """The page of a ticket sends its form by one line that its policy names; no other page has a script."""
    for name, _, found in tour[1]:
        scripts = Marks(found.body).scripts
        assert len(scripts) == (name == "ticket")
        for script in scripts:
            digest = b64encode(sha256(script.encode()).digest()).decode()
            assert f"script-src 'sha256-{digest}'" in found.headers["content-security-policy"]


def test_no_page_fetches_anything(tour):
    """There are no pictures, frames, fonts or sheets from anywhere, and no handlers in attributes."""
    for name, _, found in tour[1]:
        marks = Marks(found.body)
        assert not marks.named("img", "iframe", "link", "object", "embed", "base", "video", "audio"), name
        keys = {key for _, given in marks.elements for key in given}
        assert not {key for key in keys if key.startswith("on") or key in ("src", "srcset", "srcdoc", "ping")}, name
        assert b"url(" not in found.body
        assert b"@import" not in found.body
        assert all(given["href"].startswith((f"{PORTAL}/", "#")) for given in marks.named("a")), name


def test_every_page_can_be_read_by_ear(tour):
    """A page has a language, a title, one first heading and one main part; fields have labels, buttons words."""
    for name, page, found in tour[1]:
        marks = Marks(found.body)
        assert marks.named("html") == [{"lang": "en"}]
        assert page.title
        assert page.title != "socialconnect sandbox"
        assert len(marks.named("h1")) == len(marks.named("main")) == 1, name
        ids = Counter(given["id"] for _, given in marks.elements if "id" in given)
        assert set(ids.values()) <= {1}
        labelled = {given["for"] for given in marks.named("label") if "for" in given}
        written = [given for given in marks.named("input") if given["type"] in ("text", "search")]
        assert {given["id"] for given in written} <= labelled
        assert all(page.buttons)
        for given in marks.named("section", "input"):
            assert {given[key] for key in ("aria-labelledby", "aria-describedby") if key in given} <= set(ids)
        assert "This is" not in page.title
        assert b"Everybody here is invented" in found.body


def test_no_page_shows_a_secret(tour):
    """No ticket, state, session, code or key stands on any page, not even in a link or a hidden field."""
    sandbox, seen = tour
    secrets = sandbox.secrets()
    assert {one.partition("-")[2].partition("-")[0] for one in secrets} >= {
        "ticket",
        "state",
        "client",
        "code",
        "secret",
    }
    for name, page, found in seen:
        assert not [one for one in secrets if one in found.body.decode()], name
        assert not [one for one in secrets if one in repr(page)]


def test_names_are_only_text():
    """Whatever people, searches, scopes and addresses hold, no page takes it for HTML."""
    sandbox = Sandbox(users=20)
    plain = sandbox.world.person
    sandbox.world.person = lambda index: replace(
        plain(index), first_name=HOSTILE, username=HOSTILE, email=HOSTILE, slug=HOSTILE
    )
    browser = Browser(sandbox)
    user = without(sandbox, "google")
    browser.open(f"{HOME}?x={HOSTILE}")
    browser.open(f"{PORTAL}/sign-in?redirect_url={HOSTILE}&q={HOSTILE}")
    browser.open(f"{PORTAL}/sign-in?q=nobody{HOSTILE}")
    browser.open(ticket(sandbox, user).link).press("Continue as").press("Connect Google")
    browser.open(f"{PORTAL}/sign-out")
    browser.open(ticket(sandbox, user + 1).link)
    browser.open(asked(sandbox, user, "google", [HOSTILE]).link)
    browser.open(f"{CONSENT}/google/authorize?state={HOSTILE}")
    browser.open(f"{CONSENT}/{HOSTILE}/authorize")
    shown = 0
    for _, found in browser.answers:
        marks = Marks(found.body)
        shown += b"alert(" in found.body
        assert not marks.named("img")
        assert not [script for script in marks.scripts if "alert" in script]
        assert not [given for _, given in marks.elements if "onerror" in given]
    assert shown >= 7


def everything(sandbox):
    """All that a visit could change."""
    instance = sandbox.instance
    sessions = [(one.id, one.status) for client in instance.sessions._clients.values() for one in client.sessions]
    return dict(sandbox.world.changed), dict(instance.tickets._all), dict(instance.consents._all), sessions


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_changes_nothing(method):
    """Whatever looks at links ahead of people uses up no ticket, no consent and no session."""
    sandbox = Sandbox(users=200)
    user = without(sandbox, "notion")
    browser = Browser(sandbox)
    browser.sign_in(sandbox.world.user_id(user))
    consent = asked(sandbox, user, "notion")
    invited = ticket(sandbox, user + 1)
    before = everything(sandbox)
    paths = ("/", "/sign-in", "/sign-in/factor-two", "/user", "/user/connect?provider=notion", "/user/remove")
    urls = [f"{PORTAL}{path}" for path in (*paths, "/sign-out", "/default-redirect", "/sign-up", "/x")]
    for cookie in ("", browser.cookie):
        for url in (*urls, invited.link, consent.link, f"{consent.link}&decision=allow"):
            assert raw(sandbox, url, method, cookie=cookie).status in (200, 303, 404), url
    assert everything(sandbox) == before
    assert Browser(sandbox).open(invited.link).press("Continue as").title == "Your account"


def forged(sandbox):
    """Every form that changes something, as (address, fields)."""
    user = without(sandbox, "notion")
    account = sandbox.world.accounts(user)[0]
    yield f"{PORTAL}/sign-in", {"user": sandbox.world.user_id(0)}
    yield ticket(sandbox, 0).link, {}
    yield f"{PORTAL}/sign-in/factor-two", {"code": "424242"}
    yield f"{PORTAL}/user/connect", {"provider": "notion"}
    yield f"{PORTAL}/user/reconnect", {"account": account.eac}
    yield f"{PORTAL}/user/remove", {"account": account.eac}
    yield f"{PORTAL}/sign-out", {}
    yield asked(sandbox, user, "notion").link, {"decision": "allow"}


def test_a_form_from_elsewhere_is_refused():
    """Without what its own browser's page has in it no form does anything, whatever cookies come along."""
    sandbox = Sandbox(users=200)
    browser = Browser(sandbox)
    browser.sign_in(sandbox.world.user_id(without(sandbox, "notion")))
    foreign = Browser(sandbox).open(f"{PORTAL}/sign-in")._sheet.fields
    token = next(one.value for one in foreign if one.name == "csrf")
    forms = list(forged(sandbox))
    before = everything(sandbox)
    for url, fields in forms:
        for sent in ({}, {"csrf": ""}, {"csrf": token}, {"csrf": "é"}):
            for cookie in ("", browser.cookie, f"sandbox_browser={'x' * 24}"):
                found = raw(sandbox, url, "POST", cookie=cookie, fields={**fields, **sent})
                assert found.status == 403, (url, sent)
                assert b"That did not come from here" in found.body
    assert everything(sandbox) == before


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_pages_are_read_and_forms_are_sent(method):
    """Nothing else is done with a page."""
    sandbox = Sandbox(users=200)
    for url in (HOME, asked(sandbox, 0, "google").link):
        found = raw(sandbox, url, method)
        assert (found.status, found.headers["allow"]) == (405, "GET, HEAD, POST")


@pytest.mark.parametrize(
    ("address", "there"),
    [
        ("https://accounts.sandbox.example/user?a=b#c", "/accounts.sandbox.example/user?a=b#c"),
        ("https://sandbox.example", "/sandbox.example/"),
        ("https://clerk.sandbox.example?x=1", "/clerk.sandbox.example/?x=1"),
        ("http://127.0.0.1:8888/lab/tree/a.ipynb?token=1", "http://127.0.0.1:8888/lab/tree/a.ipynb?token=1"),
        ("http://localhost:3000/", "http://localhost:3000/"),
        ("http://[::1]:3000/", "http://[::1]:3000/"),
    ],
)
def test_a_page_leads_to_the_sandbox_and_this_machine(address, there):
    """An address of the sandbox is given as the visitor reaches it, one of this machine as it is."""
    assert allowed(address, Call("accounts.sandbox.example", "GET", "/", by_path=True)) == there


@pytest.mark.parametrize(
    "address",
    [
        "",
        "/user",
        "//evil.example/",
        "https://evil.example/",
        "https://sandbox.example.evil.example/",
        "https://evil.example/?https://accounts.sandbox.example",
        "https://accounts.sandbox.example@evil.example/",
        "https://user:word@accounts.sandbox.example/",
        "https://evilsandbox.example/",
        "http://accounts.sandbox.example/",
        "https://accounts.sandbox.example:444/",
        "https://accounts.sandbox.example\\@evil.example/",
        "https://evil.example\\.sandbox.example/",
        "https://accounts.sandbox.example/\r\nset-cookie:a=b",
        "https://accounts.sandbox.example/a b",
        "https://accounts.sandbox.example/\r\nset-cookie: a=b",
        "https://accounts.sandbox.exämple/",
        "http://127.0.0.1.evil.example/",
        "http://127.0.0.1@evil.example/",
        "http://[::1",
        "http://localhost:port/",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
    ],
)
def test_a_page_leads_nowhere_else(address):
    """Any other address is left out of account."""
    assert allowed(address, Call("accounts.sandbox.example", "GET", "/")) == ""
    sandbox = Sandbox(users=20)
    browser = Browser(sandbox)
    page = browser.open(f"{PORTAL}/sign-in").press("Search", q="@")
    fields = {one.name: one.value for one in page._sheet.fields if one.name == "csrf"}
    user = {"user": sandbox.world.user_id(3)}
    url = f"{PORTAL}/sign-in?{urlencode({'redirect_url': address})}"
    found = raw(sandbox, url, "POST", cookie=browser.cookie, fields={**fields, **user})
    assert (found.status, found.headers["location"]) == (303, HOME)


def test_a_browser_is_known_by_one_strict_cookie():
    """The cookie is closed to scripts and other sites and stays with its host; who comes again gets no new one."""
    sandbox = Sandbox(users=20)
    kept = raw(sandbox, f"{PORTAL}/sign-in", host="accounts.sandbox.example").headers["set-cookie"]
    assert re.fullmatch(r"sandbox_browser=[\w-]{24}; Path=/; HttpOnly; SameSite=Lax", kept)
    local = raw(sandbox, f"{PORTAL}/sign-in", by_path=True, host="127.0.0.1:49152").headers["set-cookie"]
    assert re.fullmatch(
        r"sandbox_browser_49152=[\w-]{24}; Path=/accounts.sandbox.example; HttpOnly; SameSite=Lax", local
    )
    again = raw(sandbox, f"{PORTAL}/sign-in", cookie=kept.partition(";")[0])
    assert "set-cookie" not in again.headers


def test_pages_lead_on_as_they_are_reached():
    """Behind a server on this machine every link and form stays there."""
    sandbox = Sandbox(users=200)
    first = raw(sandbox, HOME, by_path=True)
    assert first.headers["location"].startswith("/accounts.sandbox.example/sign-in?")
    browser = Browser(sandbox)
    browser.sign_in(sandbox.world.user_id(having(sandbox, "github", "revoked").user))
    found = raw(sandbox, HOME, by_path=True, cookie=browser.cookie)
    actions = [given["action"] for given in Marks(found.body).named("form") if "action" in given]
    assert len(actions) >= 3
    assert all(action.startswith("/accounts.sandbox.example/") for action in actions)
