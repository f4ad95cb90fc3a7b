"""Requests and responses as plain values."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialconnect.reading.messages import Request, Response

NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6)
VALUES = st.text(st.characters(codec="utf-8"), max_size=6)


def test_the_query_keeps_order_doubles_and_blanks():
    """The query is read in order, with repeated names and empty values."""
    request = Request("GET", "https://a.example/x?state=OPEN&state=MERGED&cursor=&q=a%20b%2Bc")
    assert request.query == (("state", "OPEN"), ("state", "MERGED"), ("cursor", ""), ("q", "a b+c"))


def test_with_query_sets_replaces_and_removes():
    """A parameter is set, replaced (repeats too) or, with None, taken out."""
    request = Request("GET", "https://a.example/x?page=1&page=2&keep=k#part")
    assert request.with_query(page=3).url == "https://a.example/x?keep=k&page=3#part"
    assert request.with_query(page=None).url == "https://a.example/x?keep=k#part"
    assert request.with_query(new="ä&b").query == (("page", "1"), ("page", "2"), ("keep", "k"), ("new", "ä&b"))


def test_with_query_leaves_the_rest_of_the_request():
    """Method, headers and body stay, and the first request is not changed."""
    request = Request("POST", "https://a.example/x", {"accept": "json"}, b"{}")
    changed = request.with_query(a=1)
    assert dataclasses.replace(changed, url=request.url) == request
    assert request.url == "https://a.example/x"


@given(st.lists(st.tuples(NAMES, VALUES), max_size=5), NAMES, VALUES | st.none())
def test_with_query_keeps_every_other_parameter(pairs, name, value):
    """Whatever is set, all other parameters stay as they were and in their order."""
    request = Request("GET", "https://a.example/x")
    for number, (key, text) in enumerate(pairs):
        request = request.with_query(**{f"{key}{number}": text})
    others = tuple(pair for pair in request.query if pair[0] != name)
    assert others == tuple((f"{key}{n}", text) for n, (key, text) in enumerate(pairs) if f"{key}{n}" != name)
    added = () if value is None else ((name, value),)
    assert request.with_query(**{name: value}).query == others + added


def test_with_json_replaces_the_body_alone():
    """Another JSON body goes into the same request."""
    request = Request("POST", "https://a.example/x?y=1", {"content-type": "application/json"}, b'{"a":1}')
    assert request.with_json({"b": [1, None]}) == dataclasses.replace(request, body=b'{"b":[1,null]}')


def test_messages_are_frozen():
    """A request under way cannot be turned to another address."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        Request("GET", "https://a.example").url = "https://b.example"


@pytest.mark.parametrize(
    "body",
    [b"", b"Retry later", b"<html>", b'{"a":', b'"\xff"', b"[" * 200_000 + b"]" * 200_000, b'"\\ud800"'],
    ids=["empty", "text", "html", "cut off", "not utf-8", "too deep", "half a surrogate"],
)
def test_a_body_that_is_not_json_is_none(body):
    """Whatever a proxy or a hostile service sends, reading it as JSON gives None and no error."""
    assert Response(502, {}, body).json() is None


def test_a_body_that_is_json():
    """JSON of any shape is decoded, numbers to the last digit."""
    assert Response(200, {}, b'{"id": 1152921504606846976}').json() == {"id": 2**60}
    assert Response(200, {}, b"[1, null]").json() == [1, None]


@given(st.binary(max_size=40))
def test_any_body_can_be_looked_at(body):
    """No bytes make reading them an error."""
    response = Response(500, {}, body)
    response.json()
    assert len(response.text(limit=8)) <= 8


def test_text_is_cut_before_it_is_decoded():
    """A huge error page costs no more than its beginning, cut inside a sign or not."""
    assert Response(500, {}, "é".encode() * 10_000).text(limit=3) == "é\ufffd"
