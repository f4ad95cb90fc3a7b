"""Lists that a listing cuts off: found by their length or by what the provider says, and read whole."""

import json

import pytest

from socialconnect.errors import MalformedResponse
from socialconnect.reading.messages import Request, Response
from socialconnect.reading.paginate import Cursor
from socialconnect.reading.references import References

WHOLE = References(
    "/v1/pages/{record}/properties/{field}",
    Cursor("next_cursor", "start_cursor", more="has_more"),
    at="properties",
    lists={"people": "", "relation": "", "rich_text": "mention"},
    most=3,
    query={"page_size": "100"},
)
QUERY = Request("POST", "https://api.example/v1/query?x=1", {"version": "1", "content-type": "application/json"}, b"{}")
NAMED = "a%3Ab"


def field(kind, count, *, more=None, of="mention"):
    elements = [{"id": f"{kind}{number}", "type": of} for number in range(count)]
    return {"id": NAMED, "type": kind, kind: elements, **({} if more is None else {"has_more": more})}


def body(**fields):
    return json.dumps({"results": [{"id": "p1", "properties": fields}], "kept": 1}).encode()


class Service:
    """Gives a property's elements, two at a time."""

    def __init__(self, kind, count):
        items = [{"object": "property_item", kind: {"id": f"{kind}{number}"}} for number in range(count)]
        self.pages = [items[start : start + 2] for start in range(0, count, 2)] or [[]]
        self.asked = []

    async def send(self, request):
        self.asked.append(request)
        at = int(dict(request.query).get("start_cursor", 0))
        more = at + 1 < len(self.pages)
        page = {"results": self.pages[at], "has_more": more, "next_cursor": str(at + 1) if more else None}
        page["property_item"] = {"next_url": "https://evil.example/v1/more"}
        return Response(200, {}, json.dumps(page).encode())


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("people", field("people", 3)),
        ("relation", field("relation", 3, more=True)),
        ("relation", field("relation", 1, more=True)),
        ("rich_text", field("rich_text", 3)),
    ],
)
async def test_a_list_that_was_cut_off_is_whole(kind, given):
    """What has as many elements as are shown, or says that there are more, is read to its end."""
    service = Service(kind, 7)
    found = json.loads(await WHOLE.complete(QUERY, body(Team=given, Name={"id": "t", "type": "title"}), service.send))
    team = found["results"][0]["properties"]["Team"]
    assert [one["id"] for one in team[kind]] == [f"{kind}{number}" for number in range(7)]
    assert team["has_more"] is False
    assert found["kept"] == 1


async def test_the_property_is_asked_for_by_its_own_id():
    """The id goes into the path as it came, escaped once; cursors go on at the same address, never at `next_url`."""
    service = Service("people", 3)
    await WHOLE.complete(QUERY, body(Team=field("people", 3)), service.send)
    first, second = service.asked
    assert first.url == "https://api.example/v1/pages/p1/properties/a%3Ab?page_size=100"
    assert second.url == f"{first.url}&start_cursor=1"
    assert (first.method, first.body, first.headers) == ("GET", None, {"version": "1"})
    assert first.template == "/v1/pages/{record}/properties/{field}"


@pytest.mark.parametrize("name", ["a/b", "a?b", "a#b", "../users"])
async def test_an_id_stays_within_its_place(name):
    """An id can lead to no other address than its own."""
    service = Service("people", 1)
    await WHOLE.complete(QUERY, body(Team={**field("people", 3), "id": name}), service.send)
    [asked] = service.asked
    assert asked.url.startswith("https://api.example/v1/pages/p1/properties/")
    assert not set(asked.url.removeprefix("https://api.example/v1/pages/p1/properties/").partition("?page")[0]) & {
        *"/?#"
    }


@pytest.mark.parametrize(
    "given",
    [
        field("people", 2),
        field("relation", 3, more=False),
        field("rich_text", 5, of="text"),
        field("multi_select", 9),
        {"id": 7, "type": "people", "people": [1, 2, 3]},
        {"type": "people"},
    ],
)
async def test_a_whole_list_costs_nothing(given):
    """Lists that are not cut off, and those that cannot be, stay as they are."""
    page, service = body(Team=given), Service("people", 0)
    assert await WHOLE.complete(QUERY, page, service.send) == page
    assert service.asked == []


@pytest.mark.parametrize("page", [b"", b"<html>", b"null", b'{"results": {}}', b'{"results": [1, {"properties": 2}]}'])
async def test_an_odd_page_stays_as_it_is(page):
    """Whatever is no list of records is left to whoever cuts it."""
    assert await WHOLE.complete(QUERY, page, Service("people", 0).send) == page


async def test_an_odd_answer_is_an_error():
    """A list that does not come must not be taken for an empty one."""

    async def send(_):
        return Response(200, {}, b'{"object": "property_item"}')

    with pytest.raises(MalformedResponse):
        await WHOLE.complete(QUERY, body(Team=field("people", 3)), send)
