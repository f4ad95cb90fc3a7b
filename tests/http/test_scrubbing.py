"""Secrets are found by value and by name, however they are written, and what looks like one is noticed."""

import base64
import json
import random
import time
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialconnect.http.scrubbing import PLACEHOLDER, Scrubber, secrets_in, shape_in

VALUE = "tok/en+with=signs%and:more"
BASIC = base64.b64encode(f"user:{VALUE}".encode()).decode()


@pytest.mark.parametrize(
    "written",
    [
        VALUE,
        quote(VALUE),
        quote(VALUE, safe=""),
        quote_plus(VALUE).lower(),
        json.dumps(VALUE),
        json.dumps(VALUE).replace("/", "\\/"),
        json.dumps(VALUE).replace("+", "\\u002b"),
        f"https://a.example/x?key={quote(VALUE, safe='')}&y=1",
        f"xx{VALUE}yy",
        *(base64.b64encode(b"x" * n + VALUE.encode() + b"yz").decode() for n in range(4)),
        *(base64.urlsafe_b64encode(b"x" * n + VALUE.encode() + b"yz").decode() for n in range(4)),
        json.dumps(BASIC),
        quote(BASIC, safe=""),
    ],
)
def test_a_value_is_found_however_it_is_written(written):
    """Plain, URL-encoded, escaped in JSON or in base64 beside other text: the placeholder stands there instead."""
    scrubber = Scrubber([VALUE])
    clean = scrubber.text(f"before {written} after")
    assert f"{PLACEHOLDER}000001" in clean
    assert clean.startswith("before ")
    assert clean.endswith(" after")
    assert "signs" not in clean
    assert not scrubber.left(clean)
    assert scrubber.left(written) or written not in (VALUE, json.dumps(VALUE))


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_either_alphabet_of_base64_is_known(encode):
    """A value is found in base64 for mail and in base64 for addresses, which write two signs differently."""
    odd = "key???>>>~~~and~more~of~it>>>"
    coded = encode(f"user:{odd}".encode()).decode()
    assert base64.b64encode(odd.encode()) != base64.urlsafe_b64encode(odd.encode())
    clean = Scrubber([odd]).text(coded)
    assert PLACEHOLDER in clean
    assert coded[8:-4] not in clean


def test_each_secret_has_its_own_placeholder():
    """Two secrets are told apart after scrubbing, and one is itself everywhere."""
    scrubber = Scrubber(["first-of-them", "second-of-them"])
    one, two = scrubber.text("second-of-them first-of-them").split()
    assert one != two
    assert scrubber.text("first-of-them") == two
    assert scrubber.text(scrubber.text("first-of-them second-of-them")) == f"{two} {one}"


def test_the_longest_goes_first():
    """Where one secret is the beginning of another, no tail is left over."""
    clean = Scrubber(["prefix-of-it", "prefix-of-it-and-tail"]).text("prefix-of-it-and-tail, prefix-of-it")
    assert "tail" not in clean
    assert len(set(clean.split(", "))) == 2


@given(
    st.lists(st.text(st.sampled_from("ABab01+/=&%_-~. \\\"'é*!$"), min_size=6, max_size=20), min_size=1, max_size=4),
    st.sampled_from([str, quote, quote_plus, lambda v: json.dumps(v)[1:-1]]),
)
def test_no_secret_is_left_in_any_text(values, coding):
    """Whatever the values and however they were written, none comes out of a scrubbed text."""
    scrubber = Scrubber(values)
    clean = scrubber.text("\n".join(f"<{coding(value)}>" for value in values))
    assert all(PLACEHOLDER in line for line in clean.splitlines())
    assert not scrubber.left(clean.replace(PLACEHOLDER, ""))


def test_a_value_encoded_twice_is_noticed():
    """What the patterns do not replace is still found by reading the text as its reader would."""
    scrubber = Scrubber([VALUE])
    twice = quote(quote(VALUE, safe=""), safe="")
    assert scrubber.left(scrubber.text(twice))
    assert not scrubber.left(scrubber.text("nothing of it"))


@pytest.mark.parametrize(
    ("text", "about_tokens", "found"),
    [
        ('{"access_token": "abcdefghijklmno", "scope": "x"}', False, ["abcdefghijklmno"]),
        ('{"refresh_token":"a\\/b\\u0063defghijklmno"}', False, ["a/bcdefghijklmno"]),
        ('[{"token":"abcdef-token","token_secret":"the-other-half"}]', True, ["abcdef-token", "the-other-half"]),
        ('[{"token":"a-mere-token-of-love"}]', False, []),
        ("https://a.example/?client_secret=abcdefghi%2Fjklmno&page=2", False, ["abcdefghi/jklmno"]),
        ("grant_type=x&refresh_token=abcdefghijklmno", False, ["abcdefghijklmno"]),
        ("https://a.example/verify?__clerk_ticket=abcdefghijklmno#x", False, ["abcdefghijklmno"]),
        ('{"next_page_token": "abcdefghijklmno", "nextPageToken": "abcdefghijklmno"}', False, []),
        ('{"access_token": null, "id_token": ""}', True, []),
    ],
)
def test_a_secret_is_told_by_the_name_of_its_field(text, about_tokens, found):
    """What OAuth calls its secrets is one before anybody has used it, and is replaced where it stands."""
    assert list(secrets_in(text, about_tokens=about_tokens)) == found
    scrubber = Scrubber([])
    clean = scrubber.text(text, about_tokens=about_tokens)
    assert scrubber.text(clean, about_tokens=about_tokens) == clean
    assert (clean == text) is not bool(found)
    assert clean.count(PLACEHOLDER) == len(found)


@pytest.mark.parametrize("cut", ['[{"token":"abcdefghijk', '[{"token":"abcdefghijk\\', '[{"token": "ab'])
def test_a_token_that_breaks_off_is_replaced_too(cut):
    """An answer that ends inside a token holds none of it, and its stump is looked for nowhere else."""
    clean = Scrubber([]).text(cut, about_tokens=True)
    assert "ab" not in clean.replace("scrubbed", "")
    assert list(secrets_in(cut, about_tokens=True)) == []


LONG = "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *((f"gh{letter}_{LONG}", "a GitHub token") for letter in "opusr"),
        (f"github_pat_{LONG}_{LONG}", "a GitHub token"),
        (f"ntn_{LONG}", "a Notion token"),
        (f"secret_{LONG}", "a Notion token"),
        (f"ya29.a0{LONG}", "a Google token"),
        (f"sk_live_{LONG}", "a secret key"),
        (f"sk_test_{LONG}", "a secret key"),
        (f"xoxb-{LONG}", "a Slack token"),
        (f"glpat-{LONG}", "a GitLab token"),
        (f"eyJhbGciOiJI.eyJzdWIiOiIx.{LONG}", "a JSON web token"),
        (f"Bearer {LONG}", "a bearer token"),
        (f"authorization=bearer+{LONG}", "a bearer token"),
        ("-----BEGIN RSA PRIVATE KEY-----", "a private key"),
    ],
)
@pytest.mark.parametrize("around", ["{}", '{{"x": "{}"}}', "https://a.example/?q=%20{}", "https://x.example/_{}"])
def test_what_looks_like_a_secret_is_noticed(text, kind, around):
    """Tokens nobody knows of are told by their shape, also where an address or JSON holds them escaped."""
    found = shape_in(around.format(text))
    assert found is not None
    assert found[0] == kind
    assert len(found[1]) == 6
    assert shape_in(around.format(text).replace("_", "\\u005f").replace("-", "%2D")) is not None


@pytest.mark.parametrize(
    "text",
    [
        'Bearer realm="GitHub", error="insufficient_scope"',
        'Bearer resource_metadata="https://a.example/1"',
        f"Bearer {PLACEHOLDER}000001",
        "Bearer authentication is what this page is about, in 2026",
        "sk_test_ and sk_live_ are how keys begin",
        "the high_school_of_2026_and_what_became_of_it",
        "https://img.example/eyJ0eXBlIjoiZGVmYXVsdCIsImlpZCI6Imluc18x",
        "client_secret_expires_at",
        "she laughs_together_with_everybody_else",
        "user_3MQlnhU6sIULlmxx49lTYXUsIwQ eac_3MPjNdiMflOGM9n775kmvTbxtMx",
        "5bec8979-f0d6-4bb0-ab0c-0000000e0000",
        "",
    ],
)
def test_what_only_resembles_one_is_let_through(text):
    """Ids, challenges and talk about tokens are no tokens."""
    assert shape_in(text) is None


def test_many_secrets_cost_no_more_than_few():
    """The time depends on the text: two thousand secrets are looked for about as fast as two."""
    dice = random.Random(1)
    values = ["".join(dice.choices("abcdefgh0123456789", k=40)) for _ in range(2000)]
    text = json.dumps([{"id": number, "name": "".join(dice.choices("xyz", k=30))} for number in range(5000)])

    def spent(scrubber):
        began = time.process_time()
        for _ in range(3):
            assert scrubber.text(f"{text} {values[0]}").endswith(f" {PLACEHOLDER}000001")
        return time.process_time() - began

    assert spent(Scrubber(values)) < 10 * spent(Scrubber(values[:2])) + 0.1
