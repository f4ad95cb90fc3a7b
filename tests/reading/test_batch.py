"""Several requests in one, as multipart/mixed."""

import re
from email import message_from_bytes

import pytest

from socialconnect.reading.batch import bundle, unbundle
from socialconnect.reading.messages import Request, Response

URL = "https://gmail.googleapis.com/batch"
ASKED = [
    Request("GET", f"https://gmail.googleapis.com/gmail/v1/users/me/messages/{number}?format=metadata&x=a%0D%0Ab")
    for number in range(3)
]


def part(number, status, body, *, name="Content-ID: <response-{}>", headers="Content-Type: application/json\r\n"):
    named = f"{name.format(number)}\r\n" if name else ""
    return (
        f"--edge\r\nContent-Type: application/http\r\n{named}\r\nHTTP/1.1 {status} Whatever\r\n{headers}\r\n".encode()
        + body
        + b"\r\n"
    )


def answer(*parts, kind='multipart/mixed; boundary="edge"'):
    return Response(200, {"content-type": kind}, b"".join(parts) + b"--edge--\r\n")


def test_a_bundle_holds_each_request():
    """Each part is one request line with path and query alone, numbered; the whole counts as so many."""
    found = bundle(URL, ASKED)
    assert (found.method, found.url, found.weight, found.template) == ("POST", URL, 3, "/batch")
    kind = found.headers["content-type"]
    message = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + found.body)
    parts = message.get_payload()
    assert [part["Content-ID"] for part in parts] == ["<0>", "<1>", "<2>"]
    assert {part.get_content_type() for part in parts} == {"application/http"}
    lines = [part.get_payload(decode=True).decode().strip() for part in parts]
    assert lines[1] == "GET /gmail/v1/users/me/messages/1?format=metadata&x=a%0D%0Ab HTTP/1.1"


def test_a_bundle_holds_no_token():
    """The token goes with the outer request, never into a part."""
    asked = [Request("GET", one.url, {"authorization": "Bearer secret"}) for one in ASKED]
    found = bundle(URL, asked)
    assert b"secret" not in found.body
    assert b"uthorization" not in found.body
    assert "authorization" not in {name.lower() for name in found.headers}


def test_no_address_ends_its_line():
    """An address with a line break in it cannot add a header or a part."""
    evil = Request("GET", "https://gmail.googleapis.com/a b\r\n--one_of_several\r\nX-Evil: 1?q=\n\n")
    message = bundle(URL, [evil]).body.decode()
    assert not re.search(r"^X-Evil", message, re.MULTILINE)
    assert message.count("\r\n--one_of_several") == 1  # the last one
    assert "GET /ab--one_of_severalX-Evil:1?q= HTTP/1.1\r\n" in message


def test_the_same_requests_make_the_same_bundle():
    """Nothing in a bundle is left to chance, so that a cassette can find it again."""
    assert bundle(URL, ASKED) == bundle(URL, ASKED)
    assert bundle(URL, ASKED).body == bundle(URL, ASKED).body


def test_answers_find_their_requests():
    """Parts are matched by their numbers, whatever their order; each has its own status, headers and bytes."""
    body = '{"snippet": "Grüße, 王"}'.encode()
    found = unbundle(answer(part(2, 404, b"{}"), part(0, 200, body), part(1, 429, b"<html>")), 3)
    assert [one.status for one in found] == [200, 429, 404]
    assert found[0].json() == {"snippet": "Grüße, 王"}
    assert found[0].headers == {"content-type": "application/json"}
    assert found[1].json() is None


def test_answers_without_numbers_stand_in_order():
    """Where parts are not numbered, their place counts."""
    found = unbundle(answer(part(9, 200, b'{"a": 1}', name=""), part(9, 200, b'{"a": 2}', name="")), 2)
    assert [one.json() for one in found] == [{"a": 1}, {"a": 2}]


def test_line_ends_are_kept_in_bodies():
    """A pretty-printed body and one without headers come through byte by byte."""
    pretty = b'{\r\n  "a": "x",\r\n\r\n  "b": 2\r\n}'
    found = unbundle(answer(part(0, 200, pretty), part(1, 200, b'{"a": 1}', headers="")), 2)
    assert found[0].body.rstrip() == pretty
    assert found[1].json() == {"a": 1}
    assert found[1].headers == {}


@pytest.mark.parametrize(
    "response",
    [
        Response(200, {"content-type": "application/json"}, b'{"error": "no"}'),
        Response(200, {"content-type": "multipart/mixed"}, b"--edge\r\n"),
        Response(200, {"content-type": "multipart/mixed; boundary=edge"}, b""),
        Response(200, {}, b"\x00\xff"),
        answer(b"--edge\r\nContent-Type: application/http\r\nContent-ID: <response-0>\r\n\r\nnonsense\r\n"),
        answer(part(7, 200, b"{}")),
    ],
    ids=["json", "no boundary", "empty", "bytes", "no status line", "a part nobody asked for"],
)
def test_what_cannot_be_read_is_missing(response):
    """An answer that holds no readable part for a request says nothing about it."""
    assert unbundle(response, 2) == [None, None]


def test_a_bundle_that_breaks_off_keeps_what_came():
    """Of an answer cut in the middle the whole parts count."""
    whole = answer(part(0, 200, b'{"a": 1}'), part(1, 200, b'{"a": 2}'))
    cut = Response(200, whole.headers, whole.body[: whole.body.index(b'"a": 2') - 30])
    found = unbundle(cut, 2)
    assert found[0].json() == {"a": 1}
    assert found[1] is None or found[1].json() is None
