"""What is shown of an exchange holds nothing that could be used, whatever it is called and wherever it stands."""

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socialconnect.http.listening import Heard
from socialconnect.http.send import Sent
from socialconnect.reading.messages import Request, Response
from socialconnect.secret import Secret, mark
from socialconnect.tracing import hiding
from socialconnect.tracing.exchange import Exchange

PLAIN = "correct horse battery staple"  # a secret that looks like none
LONG = "0a1B2c3D4e5F6071829304a5b6c7"  # one that nobody named
JSON = "application/json"


def body(value, *secrets):
    return hiding.body(json.dumps(value).encode(), JSON, secrets)


def exchange(url="https://api.acme.example/things", *, asked=None, sent=None, token=None, answered=None, came=b"{}"):
    """One exchange as it would be kept."""
    request = Request("POST", url, asked or {}, sent)
    facts = Sent("u", "a", "r", "/things", "acme", "api.acme.example", "POST", 200, 0.0, 0.1, 0.0, 1, 2, None, "goon")
    response = Response(200, {"content-type": JSON, **(answered or {})}, came)
    return Exchange.of(1, facts, Heard(request, url, token, response))


def shown(one):
    return f"{one!r} {one} {one._repr_html_()} {one.request} {one.response}"


@pytest.mark.parametrize(
    "name",
    [
        "token",
        "access_token",
        "refreshToken",
        "id_token",
        "jwt",
        "last_active_token",
        "ticket",
        "client_secret",
        "secret_key",
        "apiKey",
        "password",
        "rotating_token_nonce",
        "cookie",
        "set_cookie",
        "session_tokens",
        "credentials",
        "private_metadata",
        "code_verifier",
        "__session",
    ],
)
@pytest.mark.parametrize("wrap", [lambda it: it, lambda it: [it], lambda it: {"deep": it}, lambda it: [{"x": [it]}]])
def test_a_field_is_hidden_by_its_name(name, wrap):
    """What a field's name calls a secret is a mark, however deep it stands in it."""
    text = body({name: wrap(PLAIN), "beside": "shown"})
    assert PLAIN not in text
    assert mark(PLAIN) in text
    assert "shown" in text


@pytest.mark.parametrize("name", ["token", "secrets"])
def test_a_number_in_a_secret_field_is_hidden(name):
    """A secret may be a number; whether there is one may be told."""
    text = body({name: 123456, "token_expired": True})
    assert "123456" not in text
    assert "true" in text


@pytest.mark.parametrize(
    "name", ["ticket", "__clerk_ticket", "state", "code", "access_token", "__clerk_db_jwt", "rotating_token_nonce"]
)
@pytest.mark.parametrize("place", ["?a=1&{}", "#{}", "?redirect_url={}"])
def test_a_parameter_is_hidden_by_its_name(name, place):
    """In an address, after its #, and in an address inside of it."""
    pair = f"{name}={quote(PLAIN)}"
    inner = quote(f"https://b.example/c?{pair}", safe="") if "redirect" in place else pair
    url = f"https://a.example/b{place.format(inner)}"
    for text in (hiding.address(url), hiding.text(f"see {url} there"), body({"url": url}), shown(exchange(url))):
        assert "staple" not in text
        assert mark(PLAIN) in text


def test_a_form_is_hidden_by_its_names():
    """A ticket in a form is a mark; what else is in it may be read."""
    form = f"strategy=ticket&ticket={quote(PLAIN)}&additional_scope=repo".encode()
    one = exchange(asked={"content-type": "application/x-www-form-urlencoded"}, sent=form)
    assert one.sent.splitlines() == ["strategy=ticket", f"&ticket=[ticket {mark(PLAIN)}]", "&additional_scope=repo"]


@pytest.mark.parametrize(
    "write",
    [
        lambda it: {"message": f"you sent {it}!"},
        lambda it: {f"key {it}": 1},
        lambda it: {"at": f"https://a.example/{quote(it, safe='')}/b"},
        lambda it: {"at": f"https://{quote(it)}:x@a.example/"},
        lambda it: {"at": f"https://a.example/?q={quote(it)}"},
        lambda it: {"inner": json.dumps({"x": it})},
        lambda it: {"coded": base64.b64encode(it.encode()).decode()},
        lambda it: {"coded": base64.urlsafe_b64encode(f"user:{it}".encode()).decode()},
        lambda it: {"cut": "x " * 20 + it},
    ],
)
@pytest.mark.parametrize("value", [PLAIN, LONG, "a/b+c=%&" * 3, "open sesame!"])
def test_a_known_secret_is_hidden_wherever_it_stands(write, value):
    """A secret that is alive is in no body, however it is written there, and the token of the request least of all."""
    secret = Secret(value)
    text = shown(exchange(token=secret, came=json.dumps(write(value)).encode()))
    for form in (value, quote(value), quote(value, safe=""), json.dumps(value)[1:-1]):
        assert form not in text
    coded = base64.b64encode(value.encode()).decode()[4:-4]
    assert coded not in text
    assert secret.mark in text


@pytest.mark.parametrize(
    "value", [LONG, "gh" + "o_" + "16C7e42F292c6912E7710c838347Ae178B4a", "eyJhbGciOiJ.eyJzdWIiOiJ.xYz"]
)
def test_what_looks_like_a_token_is_hidden(value):
    """A value of which nobody knows is hidden by its look, in a body, a header and an address."""
    one = exchange(
        f"https://a.example/{value}?q={value}",
        asked={"accept": value},
        answered={"link": f"<https://a.example/?after={value}>", "etag": value},
        came=json.dumps({"data": [{"x": value}], value: 1}).encode(),
    )
    assert value not in shown(one)


@pytest.mark.parametrize(
    "value",
    [
        "user_3MQlnhU6sIULlmxx49lTYXUsIwQ",
        "eac_3MQmHo5SSfDo07pXrL8wsbNw4rd",
        "5b5b5b31-d0dc-490b-a0b0-000000000000",
        "external_account_missing_refresh_token",
        "octo@example.com",
        "2026-11-22T06:00:00.000Z",
    ],
)
def test_what_is_for_people_is_shown(value):
    """Ids, codes, addresses and times are what an exchange is looked at for."""
    assert value in body({"value": value})
    assert hiding.text(value) == value


@pytest.mark.parametrize("value", [PLAIN, "open sesame!"])
def test_a_secret_of_somebody_else_is_hidden_too(value):
    """What is alive as a secret is a mark, also where it is not this request's own."""
    secret = Secret(value)
    one = exchange(
        f"https://a.example/{quote(value)}?q={quote(value)}",
        answered={"www-authenticate": f"Bearer error_description={value}"},
        came=json.dumps({"message": f"you are not {value}", "to": quote(value)}).encode(),
    )
    assert value not in shown(one)
    assert quote(value) not in shown(one)
    assert f"you are not [secret {secret.mark}]" in one.came
    assert secret.mark in one.url


def test_who_an_address_is_for_is_left_out():
    """A name and a password before the host are not shown."""
    assert hiding.address("https://octo:cat@a.example/b") == "https://a.example/b"


def test_codes_and_states_that_are_words_are_shown():
    """An error's code and an issue's state are words; those of a consent are not."""
    text = body({"errors": [{"code": "resource_not_found"}], "state": "open"})
    assert "resource_not_found" in text
    assert '"open"' in text
    assert hiding.form("state=closed&code=4/0AeanS0a") == f"state=closed&code=[secret {mark('4/0AeanS0a')}]"


def test_headers_that_nobody_named_are_left_out():
    """Only headers that are known to be harmless are shown; of a cookie that it came, of a client's token its mark."""
    one = exchange(
        asked={"x-api-secret": PLAIN, "cookie": PLAIN, "accept": "text/plain", "authorization": PLAIN},
        answered={"set-cookie": PLAIN, "x-secret": PLAIN, "authorization": f"Bearer {PLAIN}", "retry-after": "3"},
    )
    assert PLAIN not in shown(one)
    assert [name for name, _ in one.asked] == ["accept"]
    assert dict(one.answered) == {
        "content-type": JSON,
        "retry-after": "3",
        "authorization": f"[token {mark(PLAIN)}]",
        "set-cookie": "[secret]",
    }


@pytest.mark.parametrize(
    ("content", "kind", "text"),
    [
        (b"<p>open sesame</p>", "text/html; charset=utf-8", "(text/html, 18 bytes)"),
        (b"\x00\xff", "", "(no content-type, 2 bytes)"),
        (b"{broken", JSON, "(application/json, 7 bytes)"),
        (b"[" * 100_000, JSON, "(application/json, 100,000 bytes)"),
        (b"", JSON, ""),
    ],
)
def test_only_json_and_forms_are_shown(content, kind, text):
    """Of any other body its kind and size are told."""
    assert hiding.body(content, kind, ()) == text


def test_a_body_is_short():
    """Of a long list the first, of a large object what tells most, of a long text its beginning, and how much more."""
    text = body({"data": [{f"f{number}": "x" * 500 for number in range(50)}] * 100, "total_count": 100})
    assert '"… 99 more"' in text
    assert '"…": "40 more"' in text
    assert len(text) < 2000
    assert len(body([[[[[[[1] * 5] * 5] * 5] * 5] * 5] * 5]).splitlines()) <= 41
    assert len(body({f"k{number}": [{"a": 1}, {"b": 2}] for number in range(9)}).splitlines()) <= 41


def test_what_cannot_be_read_is_no_trouble():
    """Broken letters, odd addresses and control signs end as text on one line."""
    assert hiding.text("a\x1b[31m\nb\u202ec\ud800") == "a [31m b c?"
    assert hiding.address("https://[broken").startswith("[hidden ")
    assert body({"x": "\ud800"}) == '{\n  "x": "?"\n}'


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda it: st.lists(it) | st.dictionaries(st.text(), it)
    )
)
def test_any_body_can_be_looked_at(value):
    """Whatever JSON comes, an excerpt is made of it, and none that is long."""
    text = hiding.body(json.dumps(value).encode(), JSON, ["open sesame"])
    assert len(text.splitlines()) <= 42
    text.encode()


def test_a_mark_tells_nothing_and_changes_with_the_process():
    """Marks are the same for the same value, differ for others, and cannot be computed from outside."""
    assert Secret("open sesame").mark == mark("open sesame") != mark("open sesamf")
    assert len(mark("x" * 1000)) == 6
