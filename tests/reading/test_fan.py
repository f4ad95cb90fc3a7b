"""One listing for each parent: which, in which order, and what becomes of one that fails."""

from __future__ import annotations

import asyncio
import json

import pytest

from socialconnect import Connector, Cursor, LinkHeader, Param, Parent, Resource, columns
from socialconnect.errors import AccessDenied, MissingScope, NotFound, RateLimited, ReconnectNeeded, UsageError
from socialconnect.reading.extract import Extractor
from socialconnect.reading.fan import Reading, in_turn
from socialconnect.reading.messages import Response
from socialconnect.reading.typed import Page

pytestmark = pytest.mark.looptime

REPOS = Resource(
    "repos",
    "/repos",
    columns=[*columns("string", "name owner"), *columns("boolean", "open")],
    paging=LinkHeader(page="page"),
    params=(Param("kind"),),
)
ISSUES = Resource(
    "issues",
    "/repos/{repo}/issues",
    columns=columns("Int64", "id"),
    parent=Parent("repos", "repo", column="name", carry={"repo_owner": "owner"}, where="open", safe="/"),
    params=(Param("state"),),
    paging=Cursor("next", "cursor"),
    records="rows",
    cap=5,
)
INSIDE = Resource(
    "inside",
    "/groups/{group}",
    columns=columns("string", "name"),
    records="repos",
    params=(Param("group", into="path"),),
)
NAMED = Resource(
    "named",
    "/repos/{repo}/things",
    columns=columns("Int64", "id"),
    parent=Parent("repos", "repo", column="name", otherwise="inside"),
)
ACME = Connector("acme", "https://api.acme.example", (REPOS, ISSUES, INSIDE, NAMED))


class Service:
    """Answers by path; an exception in the place of a body is raised, and `delays` take their time."""

    def __init__(self, bodies, *, delays=None, links=None):
        self.bodies, self.delays, self.links = bodies, delays or {}, links or {}
        self.asked, self.under_way, self.most = [], 0, 0

    def __call__(self, resource):
        async def send(request):
            place = request.url.removeprefix(ACME.origin)
            self.asked.append((resource.name, place))
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            try:
                await asyncio.sleep(self.delays.get(place, 1))
            finally:
                self.under_way -= 1
            body = self.bodies[place]
            if isinstance(body, Exception):
                raise body
            return Response(200, {"link": self.links.get(place, "")}, json.dumps(body).encode())

        return send


def repo(name, *, active=True):
    return {"name": name, "owner": f"{name}'s", "open": active}


def rows(*ids, following=None):
    return {"rows": [{"id": one} for one in ids], "next": following}


def reading(resource=ISSUES, **arguments):
    return Reading(ACME, resource, Extractor(resource, resource.select(None)), arguments)


async def collect(made, service, width=4):
    pages = [one async for one in made.pages(service, width=width)]
    assert [number for number, _ in pages] == list(range(len(pages)))
    return pages


def flat(pages):
    return [row for _, page in pages for row in zip(*page.columns, strict=True)]


def cuts(pages):
    return " ".join(page.cut for _, page in pages if page.cut)


async def test_children_come_in_the_order_of_their_parents():
    """However long each takes, rows stand as their parents do, each with its parent's values."""
    names = ["c", "a", "b", "d"]
    bodies = {"/repos": [repo(name) for name in names]}
    bodies |= {f"/repos/{name}/issues": rows(place * 10, following="2") for place, name in enumerate(names)}
    bodies |= {f"/repos/{name}/issues?cursor=2": rows(place * 10 + 1) for place, name in enumerate(names)}
    service = Service(bodies, delays={"/repos/c/issues": 9, "/repos/a/issues?cursor=2": 20})
    found = flat(await collect(reading(), service))
    assert found == [(name, f"{name}'s", place * 10 + one) for place, name in enumerate(names) for one in (0, 1)]
    assert service.most > 1


@pytest.mark.parametrize("width", [1, 2, 3])
async def test_no_more_are_under_way_than_allowed(width):
    """The width bounds the requests of all parents together."""
    bodies = {"/repos": [repo(str(one)) for one in range(9)]} | {f"/repos/{one}/issues": rows(one) for one in range(9)}
    service = Service(bodies)
    assert len(flat(await collect(reading(), service, width=width))) == 9
    assert service.most == width


async def test_named_parents_are_not_looked_up():
    """Who names parents has them read in that order, each once, and nothing else; what is not known of them is NA."""
    service = Service({"/repos/b/issues?state=open": rows(2)})
    service.bodies |= {"/repos/ada/x/issues?state=open": rows(1)}
    found = flat(await collect(reading(repo=["ada/x", "b", "ada/x"], state="open"), service))
    assert found == [("ada/x", None, 1), ("b", None, 2)]
    assert sorted(place for _, place in service.asked) == [
        "/repos/ada/x/issues?state=open",
        "/repos/b/issues?state=open",
    ]


async def test_a_value_is_escaped_in_the_path():
    """What a parent is called cannot change where the request goes."""
    service = Service({"/repos/..%2F%3Fx%23/things": [{"id": 1}]})
    assert flat(await collect(reading(NAMED, repo="../?x#"), service)) == [("../?x#", 1)]


async def test_parents_that_cannot_have_any_are_left_out():
    """A parent whose `where` is false costs no request; one where it is not known is asked."""
    unknown = {"name": "u"}
    service = Service({"/repos": [repo("a"), repo("b", active=False), unknown]})
    service.bodies |= {"/repos/a/issues": rows(1), "/repos/u/issues": rows(2)}
    assert [row[2] for row in flat(await collect(reading(), service))] == [1, 2]


async def test_one_parent_that_fails_is_told_and_the_others_are_read():
    """A parent that is denied or gone costs its own rows alone, and how many and why is said."""
    service = Service(
        {"/repos": [repo(name) for name in "abc"], "/repos/a/issues": rows(1), "/repos/c/issues": rows(3)}
    )
    service.bodies["/repos/b/issues"] = AccessDenied("Acme denies it.")
    pages = await collect(reading(), service)
    assert [row[2] for row in flat(pages)] == [1, 3]
    assert cuts(pages) == "1 of 3 repos could not be read (1 access_denied, such as b: Acme denies it)."


async def test_when_every_parent_fails_it_is_the_accounts_error():
    """Nothing but failures is no success in parts."""
    service = Service({"/repos": [repo("a"), repo("b")]})
    service.bodies |= {f"/repos/{name}/issues": AccessDenied(f"no {name}") for name in "ab"}
    with pytest.raises(AccessDenied, match="no a"):
        await collect(reading(), service)


@pytest.mark.parametrize("error", [ReconnectNeeded("dead"), RateLimited("later", retry_after=9), KeyError("odd")])
async def test_what_would_meet_every_parent_ends_the_reading(error):
    """A dead token or an exhausted limit is not asked about a hundred times; what came before is kept."""
    names = [f"r{one}" for one in range(50)]
    service = Service({"/repos": [repo(name) for name in names]} | {f"/repos/{name}/issues": rows(1) for name in names})
    service.bodies["/repos/r3/issues"] = error
    found = []

    async def walk():
        async for _, page in reading().pages(service, width=2):
            found.extend(page.columns[0])

    with pytest.raises(type(error)):
        await walk()
    assert found == ["r0", "r1", "r2"]
    assert len(service.asked) < 10
    assert service.under_way == 0


async def test_a_scope_that_is_missing_for_each_is_not_asked_about_for_ever():
    """Where the first parents all want a scope, the others are not asked; after one that was read they are."""
    names = [f"r{one}" for one in range(40)]
    service = Service({"/repos": [repo(name) for name in names]})
    service.bodies |= {f"/repos/{name}/issues": MissingScope("no", required=("read",)) for name in names}
    with pytest.raises(MissingScope):
        await collect(reading(), service)
    assert len(service.asked) < 10
    service.bodies["/repos/r0/issues"] = rows(1)
    pages = await collect(reading(), service)
    assert cuts(pages).startswith("39 of 40 repos could not be read (39 missing_scope")


async def test_parents_whose_listing_breaks_off_are_read_all_the_same():
    """The parents of the pages that came have their children read before the error is raised."""
    service = Service({"/repos": [repo("a")], "/repos?page=2": AccessDenied("no more")})
    service.bodies["/repos/a/issues"] = rows(1)
    service.links["/repos"] = f'<{ACME.origin}/repos?page=2>; rel="next"'
    found = []

    async def walk():
        async for _, page in reading().pages(service, width=4):
            found.extend(page.columns[2])

    with pytest.raises(AccessDenied, match="no more"):
        await walk()
    assert found == [1]


async def test_a_named_parent_may_be_what_holds_parents():
    """Where what was named is not found, the parents inside it are read."""
    service = Service({"/repos/g/things": NotFound("none"), "/groups/g": {"repos": [{"name": "x"}, {"name": "y"}]}})
    service.bodies |= {"/repos/x/things": [{"id": 1}], "/repos/y/things": [{"id": 2}]}
    assert flat(await collect(reading(NAMED, repo="g"), service)) == [("x", 1), ("y", 2)]
    service.bodies["/groups/g"] = NotFound("nor that")
    with pytest.raises(NotFound, match="none"):
        await collect(reading(NAMED, repo="g"), service)


async def test_the_most_that_a_provider_gives_is_told():
    """A listing that reaches the provider's cap says so; one that stays below does not."""
    service = Service({"/repos": [repo("a"), repo("b")], "/repos/a/issues": rows(1, 2, 3, following="2")})
    service.bodies |= {"/repos/a/issues?cursor=2": rows(4, 5), "/repos/b/issues": rows(6, 7, 8, 9)}
    assert cuts(await collect(reading(), service)) == "No more than 5 rows can be had of issues, and that many came."


async def test_no_parents_no_rows():
    """An account without any parent has no rows, and nothing is asked for."""
    service = Service({"/repos": []})
    assert flat(await collect(reading(), service)) == []
    assert service.asked == [("repos", "/repos")]


async def test_who_stops_listening_leaves_no_task():
    """Whoever breaks off after the first page leaves nothing under way."""
    names = [f"r{one}" for one in range(20)]
    service = Service({"/repos": [repo(name) for name in names]} | {f"/repos/{name}/issues": rows(1) for name in names})
    pages = reading().pages(service, width=5)
    async for _ in pages:
        break
    await pages.aclose()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert service.under_way == 0


async def test_an_impossible_argument_is_refused_before_anything_is_sent():
    """Arguments are checked when the reading is made."""
    with pytest.raises(UsageError, match="no parameter 'sate'"):
        reading(sate="open")


async def test_items_are_begun_no_further_ahead_than_the_width():
    """Pages of later items wait for the first, so only so many items are begun."""
    begun = []

    async def start(item):
        begun.append(item)
        await asyncio.sleep(100 if item == 0 else 1)
        yield Page(([item],), 1)

    async def walk():
        return [came.columns[0][0] async for _, came in in_turn(range(10), start, 3)]

    task = asyncio.create_task(walk())
    await asyncio.sleep(50)
    assert begun == [0, 1, 2]
    assert await task == list(range(10))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"path": "/repos/{name}/issues"}, r"Nothing fills \{name\} in the path"),
        ({"columns": columns("string", "repo")}, "declares repo twice"),
    ],
)
def test_a_child_that_contradicts_itself_is_refused(change, match):
    """A path that nothing fills, and a column that the parent has already, are found as they are declared."""
    facts = {
        "path": "/repos/{repo}/issues",
        "columns": columns("Int64", "id"),
        "parent": Parent("repos", "repo", column="name"),
    } | change
    with pytest.raises(UsageError, match=match):
        Connector("acme", "https://api.acme.example", (REPOS, Resource("issues", **facts)))


@pytest.mark.parametrize("parent", [Parent("repo", "repo"), Parent("repos", "repo", column="nam")])
def test_a_parent_that_is_not_there_is_refused(parent):
    """A parent's resource and columns must be the connector's own."""
    child = Resource("issues", "/repos/{repo}/issues", columns("Int64", "id"), parent=parent)
    with pytest.raises(UsageError, match=r"There is no (resource|column)"):
        Connector("acme", ACME.origin, (REPOS, child))
