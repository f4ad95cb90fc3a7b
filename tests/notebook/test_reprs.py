"""What a cell shows that ends with something of ours: text and HTML, escaped, themed, without script or secret."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

import socialconnect as sc
from socialconnect import markup
from socialconnect.runs.picture import picture

NASTY = "<script>alert('&')</script>"
VOID = {"br", "img", "input", "hr"}


class Page(HTMLParser):
    """Reads HTML strictly: every tag closed, nothing that runs."""

    def __init__(self, text):
        super().__init__()
        self.open, self.words, self.styles = [], [], []
        self.feed(text)
        assert self.open == [], "unclosed"

    def handle_starttag(self, tag, attrs):
        assert tag not in {"script", "style", "iframe", "object", "form"}
        for name, value in attrs:
            assert not name.startswith("on"), name
            assert name not in {"href", "src"} or value.startswith("https://")
            if name == "style":
                self.styles.append(value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(self.words)


@pytest.fixture(scope="module")
def client():
    acme = sc.Connector(
        "acme",
        origin="https://api.acme.example",
        title=NASTY,
        resources=[sc.Resource("projects", "/v1/projects", records="items", columns=[*sc.columns("string", "id")])],
    )
    return sc.sandbox(users=30, seed=3, connectors=[acme], faults=["github:revoked@0.3", "notion:echo_token@0.3"])


@pytest.fixture(scope="module")
def shown(client):
    """Everything that can be displayed, by name."""
    run = client.read("github.repos", on_error="ignore")
    account = client.coverage("google.profile", tokens=True).query("state == 'readable'").iloc[0]
    token = client.token(account["user_id"], "google", account=account["external_account_id"]).token
    return {
        "Client": client,
        "AsyncClient": client.aio,
        "Run": run,
        "Plan": client.plan(["github.repos", "notion.users"]),
        "Outcome": next(one for one in run.ended if one.status == "failed"),
        "error": next(iter(run.errors)),
        "Secret": token,
        "Settings": client.settings,
        "acme": client.read("acme.projects", on_error="ignore"),
    }


NAMES = ("Client", "AsyncClient", "Run", "Plan", "Outcome", "error", "Secret", "Settings", "acme")


def html(value):
    """What a notebook would take."""
    if hasattr(value, "_repr_mimebundle_"):
        return value._repr_mimebundle_()["text/html"]
    return value._repr_html_()


@pytest.mark.parametrize("name", NAMES)
def test_html(shown, name):
    """It is whole, has nothing that runs, and takes its colours from the theme."""
    page = Page(html(shown[name]))
    assert page.text.strip()
    for style in page.styles:
        for colour in re.findall(r"(?:^|; ?)(?:color|background): ([^;]+)", style):
            assert colour.startswith("var(--jp-") or colour == "inherit", style


@pytest.mark.parametrize("name", NAMES)
def test_nothing_secret(shown, name):
    """No token and no key stands in any form of it, though the world's are all alive."""
    value = shown[name]
    for text in (repr(value), str(value), html(value)):
        assert not re.search(r"sandbox\.\w+\.eac_|sandbox-secret-key", text)
        assert shown["Secret"].reveal() not in text
        assert shown["Settings"].key().reveal() not in text


@pytest.mark.parametrize("name", NAMES)
def test_text_is_there_too(shown, name):
    """Where no HTML is shown, one short line says what it is."""
    text = repr(shown[name])
    assert "\n" not in text
    assert not text.startswith("<socialconnect.")


def test_what_others_wrote_is_escaped(shown):
    """A title that is markup is shown letter by letter."""
    text = html(shown["Client"])
    assert "&lt;script&gt;" in text
    assert NASTY in Page(text).text


def test_a_run_says_what_went_wrong_and_what_to_do(shown):
    """A run's table has each reason once, with how many accounts, an example and the cure."""
    run, text = shown["Run"], Page(html(shown["Run"])).text
    failed = [one for one in run.ended if one.status == "failed"]
    for words in ("reconnect_needed", str(len(failed)), failed[0].message, failed[0].cure):
        assert words in text
    assert f"{run.trace.requests:,} requests" in text


def test_an_error_says_cause_cure_and_link(shown):
    """An error shows what happened, what to do and where to read on."""
    error, text = shown["error"], html(shown["error"])
    assert error.message in Page(text).text
    assert error.cure in Page(text).text
    assert error.link.startswith("https://")
    assert f'href="{error.link}"' in text


def test_settings_say_whether_there_is_a_key(shown):
    """Of the key only its being there is shown; everything else as it is."""
    text = Page(html(shown["Settings"])).text
    assert "there is one" in text
    assert "1000/10s" in text


def test_a_client_that_could_not_be_made():
    """Also what failed half-way can be displayed: a debugger does."""
    assert sc.Client.__new__(sc.Client)._repr_html_() is None
    assert sc.AsyncClient.__new__(sc.AsyncClient)._repr_html_() is None


def test_the_picture_of_few_has_each_user():
    """Few users stand one by one, in one order for all resources; a sign and a word for each state."""
    text = picture({"a.x": [("user_1", "ok"), ("user_2", "failed")], "b.y": [("user_2", "readable")]})
    assert re.findall(r'title="(user_[^"]+)"', text) == [
        "user_1: ok",
        "user_2: failed",
        "user_1: not asked",
        "user_2: readable",
    ]
    assert "✗</span> 1 failed" in text


def test_the_picture_of_two_accounts_shows_the_one_that_needs_more():
    """A user whose second account failed is not shown as well."""
    text = picture({"a.x": [("user_1", "ok"), ("user_1", "failed")]})
    assert re.findall(r'title="user_1: ok, failed"[^>]*>(.)<', text) == ["✗"]


def test_the_picture_of_many_has_shares():
    """Many users are shares of a bar with their counts, which stays small."""
    text = picture({"a.x": [(f"user_{at}", "failed" if at % 4 == 0 else "ok") for at in range(10_000)]})
    assert "user_" not in text
    assert "width: 75.00%" in text
    assert "7,500 ok" in text
    assert len(text) < 2000


def test_a_plan_of_many_stays_small():
    """What a cell stores of a plan does not grow with its users."""
    plan = sc.sandbox(users=2000).plan(["github.repos", "notion.users", "google.files"])
    assert len(html(plan)) < 10_000


def test_only_https_is_linked():
    """An address that is no https is shown, not linked."""
    assert "href" not in markup.link("javascript:alert(1)", "click")
    assert 'rel="noopener noreferrer"' in markup.link("https://clerk.com")


def test_secrets_are_taken_out():
    """Whatever gets into HTML goes through the register."""
    secret = sc.Secret("correct-horse-battery")
    assert "correct" not in markup.element("p", f"it is {secret.reveal()}", title=secret.reveal())
