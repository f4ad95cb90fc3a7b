"""Records with children: read in reading order, each once, and what is refused is told."""

import asyncio
import json

import pytest

from socialconnect.errors import MalformedResponse, NotFound, PagingLoop
from socialconnect.reading.messages import Request, Response
from socialconnect.reading.paginate import Cursor
from socialconnect.reading.tree import Tree

CURSOR = Cursor("next", "cursor", more="more")
TREE = Tree("/v1/blocks/{id}/children", "has_children", CURSOR, leaves={"type": ("child_page",)}, at_once=3)
FIRST = Request("GET", "https://api.example/v1/blocks/page/children?size=9&cursor=c7", {"version": "1"})


def block(name, *, children=True, kind="text"):
    return {"id": name, "has_children": children, "type": kind}


def page(*blocks, following=None):
    return json.dumps({"results": blocks, "next": following, "more": following is not None}).encode()


class Service:
    """Answers with the children of each block, and remembers who asked for what."""

    def __init__(self, **children):
        self.children = children
        self.asked = []
        self.now = self.most = 0

    async def send(self, request):
        self.asked.append(request)
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        found = self.children[request.url.split("/")[5]]
        if isinstance(found, Exception):
            raise found
        return None if found is None else Response(200, {}, found.pop(0) if isinstance(found, list) else found)


def flat(body):
    return [(one["id"], one.get("depth")) for one in json.loads(body)["results"]]


async def test_children_stand_behind_their_parents():
    """Depth first, in the order of the document, each record with its level."""
    service = Service(a=page(block("b"), block("e", children=False)), b=page(block("c", children=False)))
    service.children["d"] = page(block("f", children=False))
    body = await TREE.complete(FIRST, page(block("a"), block("d"), block("z", children=False)), service.send)
    assert flat(body) == [("a", 0), ("b", 1), ("c", 2), ("e", 1), ("d", 0), ("f", 1), ("z", 0)]
    assert TREE.cut(body) == ""


async def test_children_are_asked_for_as_the_page_was():
    """Address and headers are the page's own, without its cursor; the path says what it is in traces."""
    service = Service(**{"a b": page()})
    service.children["a%2Fb"] = service.children["a b"]
    await TREE.complete(FIRST, page(block("a/b")), service.send)
    [request] = service.asked
    assert request.url == "https://api.example/v1/blocks/a%2Fb/children?size=9"
    assert (request.headers, request.template) == ({"version": "1"}, "/v1/blocks/{id}/children")


async def test_all_pages_of_children_are_read():
    """A long list of children is read to its end."""
    pages = [page(block("b", children=False), following="c2"), page(block("c", children=False))]
    service = Service(a=pages)
    body = await TREE.complete(FIRST, page(block("a")), service.send)
    assert flat(body) == [("a", 0), ("b", 1), ("c", 1)]
    assert service.asked[1].query == (("size", "9"), ("cursor", "c2"))


async def test_some_records_stay_closed():
    """What belongs elsewhere is a record, but nobody asks for what is inside it."""
    service = Service()
    body = await TREE.complete(FIRST, page(block("a", kind="child_page")), service.send)
    assert flat(body) == [("a", 0)]
    assert service.asked == []


async def test_refused_children_are_told():
    """A record whose children are not found stays, and what is missing is counted."""
    service = Service(a=NotFound("Gone.", cure="None."), b=NotFound("Gone.", cure="None."), c=None)
    body = await TREE.complete(FIRST, page(block("a"), block("c")), service.send)
    assert flat(body) == [("a", 0), ("c", 0)]
    assert TREE.cut(body) == "The children of one record were refused or not found."
    body = await TREE.complete(FIRST, page(block("a"), block("b")), service.send)
    assert TREE.cut(body) == "The children of 2 records were refused or not found."


async def test_a_tree_that_leads_back_to_itself_ends():
    """No record comes twice, so a block inside itself is read once."""
    service = Service(a=page(block("b")), b=page(block("a")))
    body = await TREE.complete(FIRST, page(block("a")), service.send)
    assert flat(body) == [("a", 0), ("b", 1)]
    assert len(service.asked) == 2


async def test_children_are_read_side_by_side():
    """Several requests are under way, never more than allowed."""
    service = Service(**{f"n{number}": page(block(f"m{number}")) for number in range(9)})
    service.children |= {f"m{number}": page() for number in range(9)}
    await TREE.complete(FIRST, page(*(block(f"n{number}") for number in range(9))), service.send)
    assert (service.most, len(service.asked)) == (3, 18)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"results": null}', page()])
async def test_a_page_without_records_stays_as_it_is(body):
    """Whatever holds no records is left to whoever cuts it."""
    assert await TREE.complete(FIRST, body, Service().send) == body


@pytest.mark.parametrize("child", [b"<html>", b"{}", b'{"results": 7}'])
async def test_odd_children_are_an_error(child):
    """An answer that is no list of children is not taken for none."""
    with pytest.raises(MalformedResponse, match="children gave no list"):
        await TREE.complete(FIRST, page(block("a")), Service(a=child).send)


async def test_children_that_do_not_end_are_an_error():
    """A cursor that comes again ends the reading."""
    service = Service(a=[page(following="c2"), page(following="c3"), page(following="c2")])
    with pytest.raises(PagingLoop):
        await TREE.complete(FIRST, page(block("a")), service.send)
