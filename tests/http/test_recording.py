"""What passes the transport is kept without its secrets, and played again as it was."""

import asyncio
import base64
import gzip
import json
import sys
import threading
import traceback
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import pytest
import vcr
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.loopback import serving
from vcr.persisters.filesystem import FilesystemPersister
from vcr.serializers import yamlserializer

import socialconnect as sc
from socialconnect import errors
from socialconnect.http import cassette
from socialconnect.http.cassette import Exchange
from socialconnect.http.tape import tape
from socialconnect.http.transport import Transport
from socialconnect.reading.messages import Request, Response
from socialconnect.secret import Secret

BOTH = pytest.mark.parametrize("kind", ["httpx", "pyreqwest"])
ORIGIN = "https://api.example.com"
TOKENS = f"{ORIGIN}/v1/users/user_1/oauth_access_tokens/oauth_x"
FIRST, SECOND = "the-first+token/of=all", "the-second-token-of-all"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "some.yaml"


@pytest.fixture(autouse=True)
def closed():
    """No test leaves a cassette open."""
    yield
    assert tape() is None


def answering(reply):
    """A transport whose application answers as `reply(method, path, query, headers, body)` says."""

    async def application(scope, receive, send):
        body = (await receive()).get("body", b"")
        headers = {name.decode(): text.decode() for name, text in scope["headers"]}
        query = scope["query_string"].decode()
        status, more, answer = reply(scope["method"], scope["path"], query, headers, body)
        listed = [(name.encode(), text.encode()) for name, text in more.items()]
        await send({"type": "http.response.start", "status": status, "headers": listed})
        await send({"type": "http.response.body", "body": answer})

    return Transport(sc.Settings.make(), application)


def always(answer, status=200, **headers):
    """A transport that always answers the same."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return answering(lambda *_: (status, named, answer if isinstance(answer, bytes) else json.dumps(answer).encode()))


async def ask(transport, url=f"{ORIGIN}/x", account="eac_1", token=None, **request):
    method, headers, body = request.get("method", "GET"), request.get("headers", {}), request.get("body")
    return await transport.send(Request(method, url, headers, body), url, Secret(token) if token else None, account)


def nowhere():
    """A transport that reaches nothing."""

    def reply(*_):
        raise AssertionError("something was sent")

    return answering(reply)


@BOTH
async def test_what_was_answered_is_played_again(path, kind):
    """Either carrier's exchange is recorded; with the server gone, status, headers and body are the same."""

    def reply(*_):
        body = gzip.compress("é".encode() * 99)
        return 201, {"X-Some": "Thing", "content-encoding": "gzip", "set-cookie": "a=secret"}, body

    with serving(reply) as (base, asked):
        transport = Transport(sc.Settings.make(transport=kind, base_urls={ORIGIN: base}))
        request = Request("POST", f"{ORIGIN}/a?b=%20c", {"X-Own": "1"}, b'{"a": 1}')
        with sc.record(path) as recording:
            recorded = await transport.send(request, f"{base}/a?b=%20c", Secret(FIRST), "eac_1")
        await transport.aclose()
    with sc.replay(path) as playing:
        played = await Transport(sc.Settings.make()).send(request, request.url, None, "eac_1")
    assert (played.status, played.body) == (recorded.status, recorded.body) == (201, "é".encode() * 99)
    assert played.headers["x-some"] == "Thing"
    assert (len(asked), len(recording), len(playing), playing.unplayed) == (1, 1, 1, 0)
    text = path.read_text("utf-8")
    for gone in ("set-cookie", "content-encoding", "authorization", "x-own", base, FIRST):
        assert gone not in text


async def test_two_accounts_are_told_apart(path):
    """The same address for two accounts is two exchanges, though no token is written."""
    with sc.record(path):
        for account, token in (("eac_1", FIRST), ("eac_2", SECOND)):
            await ask(always({"whose": account}), account=account, token=token)
    with sc.replay(path):
        for account in ("eac_2", "eac_1"):
            assert (await ask(nowhere(), account=account)).json() == {"whose": account}
        with pytest.raises(errors.NotRecorded, match=r"for eac_3 is not .* what was recorded has the account eac_"):
            await ask(nowhere(), account="eac_3")


async def test_method_body_and_version_tell_requests_apart(path):
    """What a service answers by is part of what a request is known by."""
    asked = [
        {"method": "GET"},
        {"method": "POST", "body": b'{"cursor": 1}'},
        {"method": "POST", "body": b'{"cursor": 2}'},
        {"headers": {"Notion-Version": "2022-06-28"}},
        {"headers": {"Notion-Version": "2026-03-01"}},
        {"headers": {"accept": "application/vnd.github.star+json"}},
    ]
    with sc.record(path):
        for number, request in enumerate(asked):
            await ask(always(number), **request)
    with sc.replay(path):
        for number, request in [*enumerate(asked)][::-1]:
            assert (await ask(nowhere(), **request)).json() == number
        with pytest.raises(errors.NotRecorded, match=r"; what was recorded has no accept\."):
            await ask(nowhere(), headers={"accept": "application/vnd.github.v4+json"})


async def test_the_same_question_has_its_answers_in_order(path):
    """A throttled answer and the good one come as they came; asked once more, the last stands."""
    answers = iter([(429, {"retry-after": "7"}, b""), (200, {}, b"1"), (200, {}, b"2")])
    transport = answering(lambda *_: next(answers))
    with sc.record(path):
        for _ in range(3):
            await ask(transport)
    with sc.replay(path) as playing:
        seen = [await ask(nowhere()) for _ in range(4)]
        assert [one.status for one in seen] == [429, 200, 200, 200]
        assert [one.body for one in seen[1:]] == [b"1", b"2", b"2"]
        assert seen[0].headers["retry-after"] == "7"
        assert playing.unplayed == 0
    with playing:
        assert playing.unplayed == 3
        assert (await ask(nowhere())).status == 429  # a new block begins anew


async def test_what_broke_off_breaks_off_again(path):
    """A connection that failed fails in the replay too, with the same words."""

    def reply(*_):
        raise ConnectionResetError("gone, and the key is the-first+token/of=all")

    with sc.record(path), pytest.raises(errors.Unavailable) as recorded:
        await ask(answering(reply), token=FIRST)
    with sc.replay(path), pytest.raises(errors.Unavailable) as played:
        await ask(nowhere())
    assert str(played.value) == str(recorded.value)
    assert "the-first" not in path.read_text()


async def test_a_cancelled_request_is_not_on_the_cassette(path):
    """What nobody waited for until it was answered is left out."""
    began = asyncio.Event()

    async def application(*_):
        began.set()
        await asyncio.Event().wait()

    with sc.record(path) as recording:
        task = asyncio.create_task(ask(Transport(sc.Settings.make(), application)))
        await began.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(recording) == 0
        await ask(always(1), f"{ORIGIN}/y")
    assert len(recording) == 1


async def test_what_was_not_recorded_is_named(path):
    """The error names method, address and account, what differs, and the cure; no secret is in it."""
    with sc.record(path):
        await ask(always([]), f"{ORIGIN}/repos?since=2026-01-01&page=1")
    kept = Secret("a-token-in-an-address")
    with sc.replay(path):
        with pytest.raises(errors.NotRecorded) as caught:
            await ask(nowhere(), f"{ORIGIN}/repos?since=2027-01-01&page=1&t={kept.reveal()}")
        with pytest.raises(errors.NotRecorded, match=r"/other for eac_1 is not in the cassette .*some.yaml\. Record"):
            await ask(nowhere(), f"{ORIGIN}/other")
    assert isinstance(caught.value, errors.SetupError)
    text = str(caught.value)
    assert f"GET {ORIGIN}/repos?since=2027" in text
    assert "what was recorded has since=2026-01-01, no t" in text
    assert "socialconnect.record('some.yaml')" in text
    assert kept.reveal() not in text


def everywhere(value):
    """A value as services echo it: in a header, plain, escaped, in an address and in base64."""
    coded = base64.b64encode(f"x:{value}".encode()).decode()
    body = {"plain": value, "url": f"https://a.example/?t={quote(value, safe='')}", "basic": coded, value: 1}
    return 400, {"x-echo": f"Bearer {value}", "link": f"<{ORIGIN}/x?k={quote(value)}>"}, json.dumps(body).encode()


@pytest.mark.parametrize("value", [FIRST, SECOND])
async def test_a_token_that_is_echoed_is_not_written(path, value):
    """In no header, body or address, and in no coding, does the token stand in the file."""
    with sc.record(path):
        recorded = await ask(answering(lambda *_: everywhere(value)), token=value)
    assert value in recorded.body.decode()  # who asks gets what was answered
    text = yaml.safe_dump(yaml.safe_load(path.read_text()), width=10**9)
    for coded in (value, quote(value, safe=""), base64.b64encode(f"x:{value}".encode()).decode()[4:-4]):
        assert coded not in text
    assert text.count("scrubbed-000001") >= 6
    with sc.replay(path):
        assert (await ask(nowhere())).status == 400


async def test_a_token_that_is_sent_on_is_not_written(path):
    """A body that holds a secret is written without it, and is found again by what stands in its place."""
    with sc.record(path):
        await ask(always(1), method="POST", body=json.dumps({"revoke": FIRST}).encode(), token=FIRST)
    assert "the-first" not in path.read_text()
    with sc.replay(path):
        assert (await ask(nowhere(), method="POST", body=b'{"revoke": "scrubbed-000001"}')).json() == 1


async def test_an_address_with_a_secret_is_found_again(path):
    """A next page whose address holds the token is asked for by what stands in its place."""

    def reply(_method, _where, query, *_):
        more = {"link": f'<{ORIGIN}/x?cursor={quote(FIRST, safe="")}>; rel="next"'} if not query else {}
        return 200, more, b"[1]"

    def following(response):
        return response.headers["link"][1:].partition(">")[0]

    with sc.record(path):
        first = await ask(answering(reply), token=FIRST)
        await ask(answering(reply), following(first), token=FIRST)
    with sc.replay(path):
        again = await ask(nowhere())
        assert "scrubbed-" in following(again)
        assert (await ask(nowhere(), following(again))).body == b"[1]"


@pytest.mark.parametrize("shape", [lambda rows: rows, lambda rows: {"data": rows, "total_count": 2}])
async def test_what_clerk_hands_out_is_scrubbed_before_it_is_used(path, shape):
    """Tokens and their second halves are replaced where Clerk tells them, each by its own."""
    rows = [
        {"external_account_id": "eac_1", "token": FIRST, "token_secret": "half-of-it", "label": FIRST},
        {"external_account_id": "eac_2", "token": SECOND, "token_secret": "", "scopes": ["a"]},
        {"external_account_id": "eac_3", "token": "short", "token_secret": None},
    ]
    with sc.record(path):
        await ask(always(shape(rows)), TOKENS, "")
        await ask(always({"echo": SECOND, "word": "short"}))
    with sc.replay(path):
        found = (await ask(nowhere(), TOKENS, "")).json()
        echoed = (await ask(nowhere())).json()
    listed = found["data"] if isinstance(found, dict) else found
    told = [row["token"] for row in listed]
    assert len({*told, listed[0]["token_secret"]}) == 4
    assert all(one.startswith("scrubbed-") for one in told)
    assert listed[0]["label"] == told[0]
    assert echoed == {"echo": told[1], "word": "short"}
    assert (listed[1]["token_secret"], listed[2]["token_secret"], listed[1]["scopes"]) == ("", None, ["a"])


async def test_a_token_is_a_token_only_where_tokens_are(path):
    """Data of a provider or of a user may have a field of that name: it stays what it is."""
    users = [{"id": "user_1", "public_metadata": {"token": "of love and friendship"}}]
    with sc.record(path):
        await ask(always(users), f"{ORIGIN}/v1/users?limit=500", "")
        await ask(always({"token": "of love and friendship"}), f"{ORIGIN}/tokens")
    with sc.replay(path):
        assert (await ask(nowhere(), f"{ORIGIN}/v1/users?limit=500", "")).json() == users
        assert (await ask(nowhere(), f"{ORIGIN}/tokens")).json() == {"token": "of love and friendship"}


async def test_whatever_is_known_as_a_secret_is_not_written(path):
    """A secret of somebody else's that was alive while a request was made is scrubbed too, and what `hide` names."""
    stranger, late = Secret("a-stranger-to-all-this"), "a-word-told-too-early"
    with sc.record(path, hide=["my-own-word", Secret("my-other-word")]):
        await ask(always({"a": stranger.reveal(), "b": "my-own-word", "c": "my-other-word", "d": late}))
        del stranger
        kept = Secret(late)
    with sc.replay(path):
        found = (await ask(nowhere())).json()
    assert kept.reveal() not in path.read_text()
    assert len({*found.values()}) == 4
    assert all(value.startswith("scrubbed-") for value in found.values())


SHAPED = f"gh{'o'}_{'a1B2' * 9}"


async def test_what_looks_like_a_secret_is_refused(path):
    """Nothing is written where something token-shaped is left; named, it is replaced and the rest is saved."""
    with pytest.raises(sc.UsageError, match=r"GET https://api\.example\.com/x .* GitHub token") as caught:  # noqa: SIM117
        with sc.record(path) as recording:
            await ask(always({"note": SHAPED}))
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert SHAPED not in shown.replace(f"SHAPED = '{SHAPED}'", "")
    assert list(path.parent.iterdir()) == []
    recording.save(hide=[SHAPED])
    assert SHAPED not in path.read_text()
    with sc.replay(path):
        assert (await ask(nowhere())).json() == {"note": "scrubbed-000001"}
    with pytest.raises(sc.UsageError, match="saved already"):
        recording.save()


async def test_a_secret_that_is_encoded_twice_is_refused(path):
    """What cannot be replaced but can still be read is not written."""
    twice = quote(quote(FIRST, safe=""), safe="")
    with pytest.raises(sc.UsageError, match="still hold a secret"), sc.record(path):
        await ask(always({"url": twice}), token=FIRST)
    with pytest.raises(sc.UsageError, match="still hold a secret"), sc.record(path):
        await ask(always(1), account=SECOND, token=SECOND)  # by an account a request is known again
    assert not path.exists()


async def test_after_a_replay_one_can_record(path, tmp_path):
    """Placeholders that a replay has left in memory are no secrets."""
    with sc.record(path):
        await ask(always([{"token": FIRST}]), TOKENS, "")
    with sc.replay(path):
        kept = Secret((await ask(nowhere(), TOKENS, "")).json()[0]["token"])
    other = tmp_path / "other.yaml"
    with sc.record(other):
        await ask(always({"quoted": kept.reveal()}))
    with sc.replay(other):
        assert (await ask(nowhere())).json() == {"quoted": kept.reveal()}


async def test_a_placeholder_is_never_sent(path):
    """A token out of a cassette goes nowhere once the replay has ended, nor into a recording."""
    with sc.record(path):
        await ask(always([{"token": FIRST}]), TOKENS, "")
    with sc.replay(path):
        token = (await ask(nowhere(), TOKENS, "")).json()[0]["token"]
    with pytest.raises(sc.UsageError, match="inside a replay, which has ended"):
        await ask(nowhere(), token=token)
    with pytest.raises(sc.UsageError, match="inside a replay"), sc.record(path):
        await ask(nowhere(), token=token)


async def test_a_condition_is_not_recorded(path):
    """A request that asks only for what has changed is made without that: the answer stands alone."""
    seen = []

    def reply(_method, _where, _query, headers, _body):
        seen.append(headers)
        return (304, {}, b"") if "if-none-match" in headers else (200, {"etag": '"1"'}, b"[1]")

    conditional = {"If-None-Match": '"1"', "If-Modified-Since": "x", "accept": "a/b"}
    with sc.record(path):
        assert (await ask(answering(reply), headers=conditional)).body == b"[1]"
    assert "if-none-match" not in seen[0]
    assert seen[0]["accept"] == "a/b"
    with sc.replay(path):
        assert (await ask(nowhere(), headers={"accept": "a/b"})).body == b"[1]"


async def test_other_addresses_are_not_needed_again(path):
    """What was recorded at another address is played for the service's own, next links included."""
    base = "http://127.0.0.1:9/api"

    def reply(*_):
        return (
            200,
            {"link": f'<{base}/x?page=2>; rel="next", <{base}2/x>; rel="last"'},
            b'{"url": "%s"}' % base.encode(),
        )

    transport = answering(reply)
    transport._settings = sc.Settings.make(base_urls={ORIGIN: base})
    with sc.record(path):
        for url in (f"{ORIGIN}/x", f"{base}/x?page=2"):
            await transport.send(Request("GET", url), f"{base}/x", None, "eac_1")
    with sc.replay(path):
        first = await ask(nowhere())
        assert first.headers["link"] == f'<{ORIGIN}/x?page=2>; rel="next", <{base}2/x>; rel="last"'
        assert first.json() == {"url": base}  # data is left alone
        assert (await ask(nowhere(), f"{ORIGIN}/x?page=2")).status == 200
        again = Transport(sc.Settings.make(base_urls={ORIGIN: base}))
        assert (await again.send(Request("GET", f"{base}/x?page=2"), base, None, "eac_1")).status == 200


@pytest.mark.parametrize(
    ("transport", "url", "said"),
    [
        (always(1), ORIGIN, "sandbox"),
        (Transport(sc.Settings.make(timeout=1)), "http://127.0.0.1:9/", "this machine"),
    ],
)
async def test_the_file_says_where_it_is_from(path, transport, url, said):
    """By whom, when and against what it was recorded stands in the file, for people and for programs."""
    with sc.record(path), suppress(errors.Unavailable):
        await ask(transport, url)
    text = path.read_text()
    about = yaml.safe_load(text)["metadata"]
    assert about["recorded_from"] == said
    assert about["complete"] is True
    assert about["recorded_by"] == f"socialconnect {sc.__version__}"
    assert text.startswith("# A cassette of socialconnect (")
    assert f"recorded_from: {said}" in text.splitlines()[0]


def test_an_address_out_there_is_live():
    """What is neither in this process nor on this machine is live."""
    assert Transport(sc.Settings.make())._source("https://api.github.com/user") == "live"
    assert Transport(sc.Settings.make())._source("http://[::1]:1/user") == "this machine"


async def test_plain_vcrpy_reads_the_file(path):
    """The format is VCR's: vcrpy itself loads the requests and answers, and plays them to httpx."""
    with sc.record(path):
        await ask(always([1], x_some="thing"), account="")
    requests, responses, *_ = FilesystemPersister.load_cassette(path, yamlserializer)
    assert [(one.method, one.uri) for one in requests] == [("GET", f"{ORIGIN}/x")]
    assert responses[0]["body"]["string"] == b"[1]"
    with vcr.use_cassette(str(path), record_mode="none"):
        transport = Transport(sc.Settings.make())
        played = await ask(transport)
        await transport.aclose()
    assert (played.status, played.body, played.headers["x-some"]) == (200, b"[1]", "thing")


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode), st.binary(max_size=20) | st.none())
def test_any_body_comes_back_as_it_was(tmp_path_factory, body, asked):
    """Whatever bytes were sent and answered, the file gives them back."""
    path = tmp_path_factory.mktemp("bodies") / "x.yaml"
    one = Exchange(Request("POST", ORIGIN, {}, asked), "eac_1", Response(200, {"x": "y"}, body))
    cassette.save(path, [one], {"complete": True})
    (back,), about = cassette.load(path)
    assert (back.request.body or b"", back.response.body) == (asked or b"", body)
    assert (back.account, back.response.headers, about["complete"]) == ("eac_1", {"x": "y"}, True)


def good(path):
    """A cassette that is there already."""
    with sc.record(path):
        asyncio.run(ask(always("old")))
    return path.read_bytes()


def _fail(recording, error, *words):
    with recording:
        for word in words:
            asyncio.run(ask(always(word)))
        raise error


def test_a_block_that_fails_leaves_what_was_there(path):
    """An exception in the block goes on; the older cassette stays, and the new one can be saved on purpose."""
    before = good(path)
    recording = sc.record(path)
    with pytest.raises(ZeroDivisionError) as caught:
        _fail(recording, ZeroDivisionError, "new")
    assert path.read_bytes() == before
    assert "left as it was" in caught.value.__notes__[0]
    recording.save()
    assert "complete: false" in path.read_text()


def test_a_block_that_fails_is_kept_where_nothing_was(path):
    """What was asked until then is saved, marked as incomplete, and a replay says so."""
    with pytest.raises(KeyboardInterrupt):
        _fail(sc.record(path), KeyboardInterrupt, "new")
    with sc.replay(path):
        assert asyncio.run(ask(nowhere())).json() == "new"
        with pytest.raises(errors.NotRecorded, match="broke off before its end"):
            asyncio.run(ask(nowhere(), f"{ORIGIN}/later"))


def test_a_block_that_fails_at_once_leaves_nothing(path):
    """Where nothing was asked for yet, there is nothing to save and nothing to say."""
    with pytest.raises(ZeroDivisionError) as caught:
        _fail(sc.record(path), ZeroDivisionError)
    assert not hasattr(caught.value, "__notes__")
    assert not path.exists()


def test_a_block_that_fails_and_cannot_be_saved_says_both(path):
    """The block's own error stays the one that is raised; that a secret is in the way stands in its notes."""
    recording = sc.record(path)
    with pytest.raises(ZeroDivisionError) as caught:
        _fail(recording, ZeroDivisionError, SHAPED)
    assert "looks like a GitHub token" in caught.value.__notes__[0]
    assert not path.exists()


def test_a_cassette_is_replaced(path):
    """Recording again replaces the older cassette, and leaves no other file behind."""
    good(path)
    with sc.record(path):
        asyncio.run(ask(always("new")))
    with sc.replay(path):
        assert asyncio.run(ask(nowhere())).json() == "new"
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_nothing_asked_for_is_an_error(path):
    """An empty recording is a mistake, and replaces nothing."""
    before = good(path)
    with pytest.raises(sc.UsageError, match="Nothing was asked for"), sc.record(path):
        pass
    assert path.read_bytes() == before


def test_writing_is_all_or_nothing(path, tmp_path, monkeypatch):
    """Where the disk fails, the older cassette is whole, no piece is left, and the recording can be saved elsewhere."""
    before = good(path)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", _full)
        with pytest.raises(sc.UsageError, match=r"could not be written .* No space left"), sc.record(path) as recording:
            asyncio.run(ask(always("new")))
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    recording.save(tmp_path / "new" / "other.yaml")
    with sc.replay(tmp_path / "new" / "other.yaml"):
        assert asyncio.run(ask(nowhere())).json() == "new"


def _full(*_):
    raise OSError(28, "No space left on device")


def test_only_cassettes_are_replaced(tmp_path):
    """A file that is something else is not overwritten, and that is said before anything is asked."""
    notebook = tmp_path / "analysis.ipynb"
    notebook.write_text("{}")
    for place in (notebook, tmp_path, notebook / "below.yaml"):
        with pytest.raises(sc.UsageError), sc.record(place):
            pytest.fail("the block was entered")
    assert notebook.read_text() == "{}"


@pytest.mark.parametrize("open_", [sc.record, sc.replay])
@pytest.mark.parametrize("bad", [None, 7, b"x", ["x.yaml"]])
def test_a_path_is_a_path(open_, bad):
    """What cannot be a path is refused when it is given."""
    with pytest.raises(sc.UsageError, match="not the path of a cassette"):
        open_(bad)


@pytest.mark.parametrize("bad", ["short", [1], [None], ["long enough", "no"]])
def test_what_cannot_be_hidden_is_refused(path, bad):
    """A value to hide is text, and long enough not to blank out words."""
    with pytest.raises(sc.UsageError, match="must be text"):
        sc.record(path, hide=bad)


BROKEN = {
    "empty": ("", "not recorded by socialconnect"),
    "corrupt": ("interactions: [", "damaged"),
    "tabs": ("a:\n\t- b: {", "damaged"),
    "text": ("hello", "not recorded by socialconnect"),
    "list": ("- 1", "not recorded by socialconnect"),
    "foreign": ("version: 1\ninteractions: []", "not recorded by socialconnect"),
    "newer": ("version: 1\ninteractions: []\nmetadata: {format: 99}", "newer version"),
    "no exchanges": ("version: 1\nmetadata: {format: 1}", "damaged"),
    "odd exchanges": ("version: 1\ninteractions: [1]\nmetadata: {format: 1}", "damaged"),
    "half an exchange": (
        "version: 1\nmetadata: {format: 1}\ninteractions: [{request: {method: GET, uri: x, body: , headers: {}}}]",
        "damaged",
    ),
    "dangerous": ("metadata: !!python/object/apply:os.system ['true']", "could not determine a constructor"),
    "binary": (b"\xff\xfe\x00", "not text"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_cassette_is_said_so(path, name):
    """A damaged or foreign file is an error of ours that says what it is and what to do."""
    text, said = BROKEN[name]
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(sc.UsageError, match=said) as caught, sc.replay(path):
        pytest.fail("the block was entered")
    assert caught.value.cure.startswith("Record it")
    assert "\n" not in str(caught.value)


def test_a_missing_cassette_is_said_so(path):
    """A file that is not there is an error of ours, and so is a folder."""
    with pytest.raises(sc.UsageError, match="There is no cassette at"), sc.replay(path):
        pytest.fail("the block was entered")
    with pytest.raises(sc.UsageError, match="cannot be read"), sc.replay(path.parent):
        pytest.fail("the block was entered")


@pytest.mark.parametrize("inner", [sc.record, sc.replay])
@pytest.mark.parametrize("outer", [sc.record, sc.replay])
def test_one_is_open_at_a_time(path, tmp_path, outer, inner):
    """A block inside a block is refused, in another thread too, and the outer one goes on."""
    other = tmp_path / "other.yaml"
    good(path)
    good(other)
    caught = []

    def enter():
        try:
            with inner(other):
                caught.append(None)
        except sc.UsageError as error:
            caught.append(error)

    with outer(path):
        enter()
        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
        assert asyncio.run(ask(always("old"))).json() == "old"
    assert len(caught) == 2
    assert all("only one is open at a time" in str(error) for error in caught)
    with inner(other):
        asyncio.run(ask(always("old")))


def test_a_recording_can_be_used_again(path):
    """The same object opens anew: a cell that is run twice records what it asked the second time."""
    recording = sc.record(path)
    for word in ("first", "second"):
        with recording:
            asyncio.run(ask(always(word)))
    with sc.replay(path) as playing:
        assert len(playing) == 1
        assert asyncio.run(ask(nowhere())).json() == "second"


def test_other_threads_and_loops_are_under_it(path):
    """A thread that was started inside, with a loop of its own, is recorded and played: nothing gets past."""

    def threads(transport):
        found = {}

        def work(number):
            found[number] = asyncio.run(ask(transport, f"{ORIGIN}/{number}")).json()

        started = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in started:
            thread.start()
        for thread in started:
            thread.join()
        return found

    with sc.record(path) as recording:
        recorded = threads(answering(lambda _method, where, *_: (200, {}, where[1:].encode())))
    assert len(recording) == 8
    with sc.replay(path):
        assert threads(nowhere()) == recorded == {number: number for number in range(8)}


async def test_another_process_is_told(path, monkeypatch):
    """A child of a fork would record into the void: it is told so."""
    with sc.record(path) as recording:
        await ask(always(1))
        with monkeypatch.context() as patch:
            patch.setattr(recording, "_process", -1)
            with pytest.raises(sc.UsageError, match="another process"):
                await ask(nowhere())


@pytest.mark.parametrize("open_", [sc.record, sc.replay])
def test_without_vcrpy_it_is_said_what_to_install(path, monkeypatch, open_):
    """Where the extra is missing, the error names it before anything is asked."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "vcr"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "vcr", None)
    with pytest.raises(sc.MissingPackage, match=r"pip install 'socialconnect\[record\]'"), open_(path):
        pytest.fail("the block was entered")


def test_reprs_hold_no_secret(path):
    """What a cell shows of a recording or a replay is one line without what it holds."""
    with sc.record(path, hide=["not-to-be-shown"]) as recording:
        asyncio.run(ask(always(FIRST), token=FIRST))
        assert repr(recording) == f"<Recording {path}: 1 exchanges>"
        assert FIRST not in repr(recording._taken)
    with sc.replay(path) as playing:
        assert repr(playing) == f"<Replay {path}: 1 exchanges, 1 not asked for>"
