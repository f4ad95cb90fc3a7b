"""A cache that asks every time: what may be kept, for whom, and what a 304 stands for."""

import asyncio
import gc
import json
import logging
import os
import sqlite3
import subprocess
import sys
import weakref

import pytest

from socialconnect import Connector, MissingPackage, Resource, Settings, columns
from socialconnect.http import kept
from socialconnect.http.cache import may_be_kept
from socialconnect.http.send import Caller, Sender, Wire
from socialconnect.http.transport import Transport
from socialconnect.reading.messages import Request, Response
from socialconnect.secret import Secret

HOME = "https://api.acme.example"
REQUEST = Request("GET", f"{HOME}/things?per_page=100", {"accept": "application/json", "acme-version": "2"})
KEY = "acme-key-of-the-test"


class Service:
    """Answers with `body` and a weak ETag of it, or 304 to who has it; `answers` come first, one for each request."""

    def __init__(self):
        self.body = b'[{"id": "a"}]'
        self.headers = {"cache-control": "private, max-age=60", "link": '<https://x.example>; rel="first"'}
        self.answers = []
        self.conditions = []

    @property
    def etag(self):
        return f'W/"{self.body.hex()[:40]}"'

    async def __call__(self, scope, receive, send):
        del receive
        asked = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.conditions.append(asked.get("if-none-match"))
        if self.answers:
            status, headers, body = self.answers.pop(0)
        elif asked.get("if-none-match") == self.etag:
            status, headers, body = 304, {"etag": self.etag, "x-left": "7"}, b""
        else:
            status, headers, body = 200, {"etag": self.etag, "x-left": "9", **self.headers}, self.body
        pairs = [(name.encode(), text.encode()) for name, text in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": body})


class Tokens:
    """Hands out one token, and after a refusal the next."""

    scopes = None

    def __init__(self, token="token-of-the-test"):
        self.token = token

    async def get(self):
        return Secret(self.token)

    async def renew(self, refused):
        assert refused.reveal() == self.token
        self.token += "-renewed"
        return await self.get()


class Bench:
    """One client of one service: `await bench.send()`."""

    def __init__(self, cache=":memory:", *, service=None, key=KEY):
        self.service = service or Service()
        settings = Settings.make(secret_key=key, cache=cache)
        self.wire = Wire(settings, Transport(settings, self.service))
        thing = Resource("things", "/things", columns=columns("string", "id"))
        self.sender = Sender(Connector("acme", HOME, (thing,)), self.wire)
        self.sent = []

    async def send(self, request=REQUEST, *, account="eac_1", tokens=None):
        caller = Caller(tokens or Tokens(), user_id="user_1", account=account, resource="acme.things", path="/things")
        return await self.sender.send(request, caller, self.sent.append)

    @property
    def told(self):
        return [(sent.status, sent.cached, sent.size) for sent in self.sent]


@pytest.fixture
async def bench():
    made = Bench()
    yield made
    await made.wire.aclose()


@pytest.fixture
def place(tmp_path):
    return tmp_path / "answers.db"


async def test_what_is_confirmed_is_not_sent_again(bench):
    """The second time a 304 comes: the answer is the one that is kept, and the trace shows what passed."""
    first, second = await bench.send(), await bench.send()
    assert (second.status, second.body) == (200, first.body)
    assert bench.told == [(200, False, len(first.body)), (304, True, 0)]


async def test_every_read_asks(bench):
    """Nothing is taken on trust, however long the provider says that it holds."""
    bench.service.headers["cache-control"] = "private, max-age=31536000, immutable"
    await bench.send()
    bench.service.body = b'[{"id": "b"}]'
    assert (await bench.send()).body == b'[{"id": "b"}]'
    assert len(bench.service.conditions) == 2


async def test_headers_are_those_of_now_and_else_those_of_then(bench):
    """What the 304 says counts, as what is left of a limit; what it leaves out, as the links, is what was kept."""
    await bench.send()
    again = await bench.send()
    assert (again.headers["x-left"], again.headers["link"]) == ("7", bench.service.headers["link"])
    assert not [name for name in again.headers if "socialconnect" in name]


async def test_an_old_date_is_not_given_as_todays(bench):
    """A 304 without a date leaves none: by the old one each limit's reset would lie far ahead."""
    bench.service.headers["date"] = "Thu, 01 Jan 2026 00:00:00 GMT"
    assert "date" in (await bench.send()).headers
    assert "date" not in (await bench.send()).headers


async def test_what_changed_takes_the_place_of_what_was(bench):
    """After each change the new answer is kept, and is the one that is asked for by its ETag."""
    bodies = [b'[{"id": "a"}]', b'[{"id": "b"}]', b'[{"id": "c"}]']
    tags = []
    for bench.service.body in bodies:
        tags.append(bench.service.etag)
        assert (await bench.send()).body == bench.service.body
        assert (await bench.send()).body == bench.service.body
    assert bench.service.conditions == [None, tags[0], tags[0], tags[1], tags[1], tags[2]]
    assert [status for status, *_ in bench.told] == [200, 304] * 3


@pytest.mark.parametrize(
    "change",
    [
        {"account": "eac_2"},
        {"tokens": Tokens("another-token-of-the-test")},
        {"request": Request("GET", f"{HOME}/things?per_page=99", REQUEST.headers)},
        {"request": Request("GET", REQUEST.url, {**REQUEST.headers, "accept": "application/xml"})},
        {"request": Request("GET", REQUEST.url, {**REQUEST.headers, "acme-version": "3"})},
    ],
    ids=["account", "token", "address", "accept", "version"],
)
async def test_nobody_sees_what_another_asked(bench, change):
    """What is kept for one account, token, address, form or version is not found for another."""
    await bench.send()
    await bench.send(**change)
    assert bench.service.conditions == [None, None]


async def test_instances_share_nothing(place):
    """Under another secret key nothing is found in the same file."""
    service = Service()
    for key in (KEY, "another-key-of-the-test", KEY):
        bench = Bench(place, service=service, key=key)
        await bench.send()
        await bench.wire.aclose()
    assert service.conditions == [None, None, service.etag]


@pytest.mark.parametrize(
    ("request_", "account", "tokens"),
    [
        (Request("POST", REQUEST.url), "eac_1", Tokens()),
        (Request("GET", REQUEST.url, body=b"{}"), "eac_1", Tokens()),
        (REQUEST, "", Tokens()),
    ],
    ids=["POST", "body", "no account"],
)
async def test_only_an_accounts_questions_are_kept(bench, request_, account, tokens):
    """What changes something, carries a body or is asked for no account, as all of Clerk is, passes by."""
    for _ in range(2):
        await bench.send(request_, account=account, tokens=tokens)
    assert bench.service.conditions == [None, None]


@pytest.mark.parametrize("status", [203, 206, 302, 404, 410, 500])
async def test_only_good_answers_are_kept(bench, status):
    """No other status is kept, whatever its headers allow, nor does it put an end to what is kept."""
    cache = bench.wire.cache
    odd = Response(status, {"etag": '"odd"', "cache-control": "max-age=600", "location": HOME}, b"[]")
    found = await cache.find(REQUEST, REQUEST.url, Secret("token-of-the-test"), "eac_1")
    assert await cache.settle(found, odd) is odd
    await bench.send()
    assert bench.service.conditions == [None]
    found = await cache.find(REQUEST, REQUEST.url, Secret("token-of-the-test"), "eac_1")
    assert await cache.settle(found, odd) is odd
    await bench.send()
    assert bench.told[1][:2] == (304, True)


async def test_a_refused_token_leaves_no_trace(bench):
    """After a 401 the new token's own answer is kept; the old token's is not given to it."""
    await bench.send()
    bench.service.answers = [(401, {"etag": bench.service.etag, "cache-control": "max-age=60"}, b"{}")]
    tokens = Tokens()
    for _ in range(2):
        assert (await bench.send(tokens=tokens)).body == bench.service.body
    etag = bench.service.etag
    assert bench.service.conditions == [None, etag, None, etag]
    assert [status for status, *_ in bench.told] == [200, 401, 200, 304]


@pytest.mark.looptime
async def test_a_failure_is_no_confirmation(bench):
    """A service that fails is asked again; what is kept is not given in its place."""
    await bench.send()
    bench.service.answers = [(503, {}, b"down")]
    assert (await bench.send()).body == bench.service.body
    assert [status for status, *_ in bench.told] == [200, 503, 304]


async def test_a_confirmation_of_something_else_is_none(bench):
    """A 304 for an ETag that was not asked for ends what is kept, and the answer is fetched whole."""
    bench.service.answers = [(200, {"etag": '"one"'}, b'[{"id": "old"}]'), (304, {"etag": '"two"'}, b"")]
    await bench.send()
    assert (await bench.send()).body == bench.service.body
    assert bench.service.conditions == [None, '"one"', None]


async def test_a_304_that_nobody_asked_for_holds_nothing(bench):
    """Without anything kept, a 304 is what it is: nothing came."""
    bench.service.answers = [(304, {"etag": bench.service.etag}, b"")]
    assert await bench.send() is None
    assert bench.told == [(304, False, 0)]


async def test_no_date_is_asked_by(bench):
    """It is the ETag that is asked by, never a date: GitHub says 304 to dates before which much has changed."""
    asked = []
    real = bench.wire.transport.send

    async def send(request, *rest):
        asked.append(dict(request.headers))
        return await real(request, *rest)

    bench.wire.transport.send = send
    bench.service.headers["last-modified"] = "Thu, 01 Jan 2026 00:00:00 GMT"
    await bench.send()
    await bench.send()
    assert asked == [dict(REQUEST.headers), {**REQUEST.headers, "if-none-match": bench.service.etag}]
    bench.service.answers = [(304, {"etag": bench.service.etag, "last-modified": "Fri, 02 Jan 2026 00:00:00 GMT"}, b"")]
    assert (await bench.send()).body == bench.service.body
    assert len(asked) == 3
    only_dated = Response(200, {"last-modified": "Thu, 01 Jan 2026 00:00:00 GMT"}, b"{}")
    assert not may_be_kept(REQUEST, only_dated)


NEXT = {"link": f'<{HOME}/things?page=2>; rel="next"'}


@pytest.mark.parametrize(
    ("rows", "query", "headers", "kept_"),
    [
        (99, "per_page=100", {}, True),
        (100, "per_page=100", {}, False),
        (100, "per_page=100", NEXT, True),
        (30, "sort=name", {}, False),
        (0, "sort=name", {}, True),
        (50, "sort=name&limit=50", {}, False),
    ],
)
def test_a_full_last_page_is_not_kept(rows, query, headers, kept_):
    """A page that is full and has no next one may get one without a change of its ETag, so it is read whole."""
    came = Response(200, {"etag": '"1"', **headers}, json.dumps([{"id": row} for row in range(rows)]).encode())
    assert may_be_kept(Request("GET", f"{HOME}/things?{query}"), came) is kept_


KNOWN = Secret("a secret/of the test")


@pytest.mark.parametrize(
    ("body", "headers", "kept_"),
    [
        ('{"id": 1}', {}, True),
        ('{"said": "a secret/of the test"}', {}, False),
        ('{"said": "a%20secret%2Fof%20the%20test"}', {}, False),
        ('{"id": 1}', {"x-echo": KNOWN.reveal()}, False),
        ('{"access_token": "x"}', {}, False),
        ('{"temp_clone_token" : "x"}', {}, False),
        ('{"temp_clone_token": ""}', {}, True),
        ('{"accessToken": "x"}', {}, False),
        ('{"client_secret": "x"}', {}, False),
        ('{"nextPageToken": "x", "next_page_token": "y", "nextSyncToken": "z"}', {}, True),
    ],
)
def test_what_holds_a_token_is_not_kept(body, headers, kept_):
    """An answer that gives back a known secret, or hands out one by that name, is not kept; a cursor is none."""
    assert may_be_kept(REQUEST, Response(200, {"etag": '"1"', **headers}, body.encode())) is kept_


async def test_what_must_not_be_stored_is_not(bench):
    """no-store is obeyed, and ends what was kept."""
    await bench.send()
    bench.service.headers["cache-control"], bench.service.body = "no-store", b'[{"id": "b"}]'
    for _ in range(2):
        await bench.send()
    assert bench.service.conditions[2] is None


async def test_the_file_holds_no_question(place):
    """Neither cookie nor token, key, account, address nor header of the question stands in the file."""
    bench = Bench(place)
    bench.service.headers["set-cookie"] = "session=a-cookie-of-the-test"
    await bench.send()
    await bench.send()
    assert bench.told[1][1]
    held = b"".join(path.read_bytes() for path in place.parent.iterdir())
    assert bench.service.body in held
    for part in ("token-of-the-test", KEY, "eac_1", "user_1", "acme.example", "a-cookie", "set-cookie", "acme-version"):
        assert part.encode() not in held
    await bench.wire.aclose()


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")
@pytest.mark.parametrize("name", ["answers.db", "new/answers.db", "folder"])
async def test_the_file_is_its_owners_alone(tmp_path, name):
    """A file or a folder is made where it is missing, readable by nobody else, and not for a repository."""
    before = os.umask(0)
    try:
        bench = Bench(tmp_path / name)
        await bench.send()
        files = [path for path in tmp_path.rglob("*.db*") if path.is_file()]
        assert len(files) == 3  # the database, its log and its index
        assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
        if name == "folder":
            assert (tmp_path / name / ".gitignore").read_text() == "*\n"
            assert (tmp_path / name).stat().st_mode & 0o777 == 0o700
        await bench.wire.aclose()
    finally:
        os.umask(before)


def rewritten(place, sql, *values):
    connection = sqlite3.connect(place)
    with connection:
        changed = connection.execute(sql, values).rowcount
    connection.close()
    return changed


async def test_what_somebody_else_wrote_is_not_taken(place):
    """An answer that was changed in the file is not given out."""
    bench = Bench(place)
    await bench.send()
    assert rewritten(place, "UPDATE streams SET chunk_data = ?", b'[{"id": "x"}]') == 1
    assert (await bench.send()).body == bench.service.body
    assert bench.service.conditions == [None, None]
    assert (await bench.send(), bench.told[2][1])[1]
    await bench.wire.aclose()


async def test_an_answer_moved_to_another_question_is_not_taken(place):
    """What was kept for one account and put under another's key, whole and in order, is not given out."""
    bench = Bench(place)
    keys = []
    for account in ("eac_1", "eac_2"):
        bench.service.body = f'[{{"id": "{account}"}}]'.encode()
        keys.append(
            (await bench.wire.cache.find(REQUEST, REQUEST.url, Secret("token-of-the-test"), account)).key.encode()
        )
        await bench.send(account=account)
    assert rewritten(place, "DELETE FROM entries WHERE cache_key = ?", keys[1]) == 1
    connection = sqlite3.connect(place)
    (data,) = connection.execute("SELECT data FROM entries").fetchone()
    connection.close()
    assert data.count(keys[0]) == 1
    assert rewritten(place, "UPDATE entries SET cache_key = ?, data = ?", keys[1], data.replace(*keys)) == 1
    assert b"eac_2" in (await bench.send(account="eac_2")).body
    assert bench.service.conditions == [None, None, None]
    await bench.wire.aclose()


async def test_what_nobody_asks_for_is_dropped(monkeypatch):
    """An answer is kept for as long as it is used within the time for that."""
    monkeypatch.setattr(kept, "IDLE", 0.0)
    bench = Bench()
    for _ in range(2):
        await bench.send()
    assert bench.service.conditions == [None, None]
    await bench.wire.aclose()


async def test_the_file_has_a_bound(monkeypatch, place):
    """Past its bound nothing is added that has no room, and the answers come all the same."""
    monkeypatch.setattr(kept, "LARGEST", 200_000)
    bench = Bench(place)
    for number in range(20):
        bench.service.body = json.dumps([{"id": "x" * 40_000, "n": number}]).encode()
        assert (await bench.send(account=f"eac_{number}")).body == bench.service.body
    await bench.wire.aclose()
    assert place.stat().st_size < 400_000


def trouble(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def spoilt(path):
    path.write_bytes(b"this is no database " * 100)


def other(path):
    rewritten(path, "CREATE TABLE ours (id)")


def locked(path):
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("PRAGMA locking_mode=EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    return holder


@pytest.mark.parametrize(
    ("spoil", "why"),
    [(spoilt, "not a database"), (other, "something else"), (locked, "locked"), (os.mkdir, "directory")],
)
async def test_a_read_goes_on_without_a_cache_that_fails(place, caplog, monkeypatch, spoil, why):
    """A file that is spoilt, locked or somebody else's costs one warning, and no answer."""
    monkeypatch.setattr(kept, "_PATIENCE", 1)
    held = spoil(place)
    if spoil is os.mkdir:  # a folder, in which a folder has the file's name
        (place / "answers.db").mkdir()
    bench = Bench(place)
    for _ in range(3):
        assert (await bench.send()).body == bench.service.body
    assert bench.service.conditions == [None] * 3
    (said,) = trouble(caplog)
    assert why in said
    assert "Reading goes on without it" in said
    await bench.wire.aclose()
    if held:
        held.close()


async def test_a_full_disk_costs_no_answer(place, caplog):
    """Where nothing more can be written, one warning says so and reading goes on."""
    bench = Bench(place)
    await bench.send()
    bench.wire.cache._kept._storage.connection.execute("PRAGMA max_page_count=1")
    bench.service.body = json.dumps([{"id": "x" * 100_000}]).encode()
    for _ in range(3):
        assert (await bench.send()).body == bench.service.body
    (said,) = trouble(caplog)
    assert "full" in said
    await bench.wire.aclose()


async def test_a_file_that_breaks_later_costs_no_answer(place, caplog):
    """A database that is damaged while it is used is left alone from then on."""
    bench = Bench(place)
    await bench.send()
    bench.wire.cache._kept._storage.connection.execute("DROP TABLE streams")
    for _ in range(3):
        assert (await bench.send()).body == bench.service.body
    assert len(trouble(caplog)) == 1
    await bench.wire.aclose()


async def test_closing_is_not_the_end(place):
    """After closing, the file is opened again and holds what it held."""
    bench = Bench(place)
    await bench.send()
    assert len(list(place.parent.iterdir())) > 1
    await bench.wire.aclose()
    assert list(place.parent.iterdir()) == [place]
    await bench.send()
    assert bench.told[1][:2] == (304, True)
    await bench.wire.aclose()


def test_it_serves_one_loop_after_another(place):
    """A client that is used in several event loops, one after another, keeps its cache."""
    bench = Bench(place)
    for _ in range(3):
        asyncio.run(bench.send())
    assert [status for status, *_ in bench.told] == [200, 304, 304]
    asyncio.run(bench.wire.aclose())


async def test_many_ask_at_once(place):
    """Many questions at once, by two clients of one file, each get their own answer."""
    service = Service()
    benches = [Bench(place, service=service), Bench(place, service=service)]
    for _ in range(2):
        asked = [bench.send(account=f"eac_{number % 10}") for number in range(40) for bench in benches]
        assert {answer.body for answer in await asyncio.gather(*asked)} == {service.body}
    assert [cached for _, cached, _ in benches[0].told[40:]] == [True] * 40
    for bench in benches:
        await bench.wire.aclose()


async def test_a_fork_opens_the_file_for_itself(place, monkeypatch):
    """A child process neither uses nor closes what its parent has open."""
    bench = Bench(place)
    await bench.send()
    parents = weakref.ref(bench.wire.cache._kept)
    monkeypatch.setattr(os, "getpid", lambda: -1)
    await bench.send()
    assert bench.told[1][1]
    gc.collect()
    assert parents() not in (None, bench.wire.cache._kept)
    parents().close()
    assert parents()._storage.connection.execute("SELECT 1").fetchone() == (1,)
    await bench.wire.aclose()
    parents()._storage.close()


def test_it_is_off_and_unloaded_by_default():
    """Without the setting nothing of it is loaded, and nothing is kept."""
    code = """
import sys, socialconnect as sc
client = sc.sandbox(users=5)
client.github.profile()
print(client.aio._wire.cache, {"hishel", "sqlite3", "socialconnect.http.cache"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "None set()"


def test_a_missing_package_is_named(monkeypatch):
    """Where hishel is not installed, making the client says what to install."""
    monkeypatch.setitem(sys.modules, "hishel", None)
    for name in ("cache", "kept"):
        monkeypatch.delitem(sys.modules, f"socialconnect.http.{name}", raising=False)
    settings = Settings.make(secret_key=KEY, cache=":memory:")
    with pytest.raises(MissingPackage, match=r"socialconnect\[cache\]"):
        Wire(settings, Transport(settings))
