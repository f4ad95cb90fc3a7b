"""Personal columns on their way out: what remains, what it becomes, and what is refused."""

from __future__ import annotations

import hmac
import pickle
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr
from tests.every import EVERY

from socialconnect.connectors import Connectors
from socialconnect.errors import UsageError
from socialconnect.export import privacy as module
from socialconnect.export.privacy import Privacy, tells_person
from socialconnect.frames import Table
from socialconnect.reading.declare import Column, Param, Parent, Resource, columns
from socialconnect.reading.messages import Request
from socialconnect.reading.paginate import AfterId, Cursor, LinkHeader, NextUrl, NoPages, Offset, PageNumber, Paging
from socialconnect.reading.typed import Page
from socialconnect.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from socialconnect.reading.declare import Connector
    from socialconnect.reading.paths import Json

KEY = b"a key for tests that nobody else has"
FOUND = Connectors()
COLUMNS = (
    Column("id", "Int64", personal=True),
    *columns("string", "kind"),
    *columns("string", "login email", personal=True),
    Column("country", "category", personal=True),
    Column("hireable", "boolean", personal=True),
    Column("emails", "list", personal=True),
    Column("labels", "list"),
    Column("payload", "json", personal=True),
    Column("created_at", "datetime", form="s"),
)
PAGE = Page(
    (
        [7, 8, None],
        ["a", None, "b"],
        ["ada", "7", None],
        ["ada@example.com", "Ada@example.com", None],
        ["NO", "NO", None],
        [True, False, None],
        [["ada@example.com", "ada"], [], None],
        [["ada"], None, []],
        ['{"login": "ada"}', "[]", None],
        [1_700_000_000_000_000, None, 0],
    ),
    3,
    drift={"kind": 1},
    cut="It ended early.",
    after=Request("GET", "https://api.example/2"),
    last=True,
)


def name_of(pair: tuple[Connector, Resource]) -> str:
    return f"{pair[0].name}.{pair[1].name}"


def expected(value: str, key: bytes = KEY) -> str:
    return hmac.digest(key, value.encode("utf-8", "surrogatepass"), "sha256").hex()[:32]


# What a hash is


@pytest.mark.parametrize("length", [32, 63, 64, 65, 200])
@pytest.mark.parametrize("value", ["ada@example.com", "", "Åda 🎈", "\udc80", "x" * 1000])
def test_a_hash_is_one_that_others_can_compute(length: int, value: str) -> None:
    """It is the beginning of HMAC-SHA256, for keys of any length and texts of any kind."""
    key = bytes(range(length))
    assert Privacy(hash_key=key).hashed(value) == expected(value, key)


@pytest.mark.parametrize(
    ("value", "text"), [(583231, "583231"), (-1, "-1"), (True, "true"), (False, "false"), (1.5, "1.5")]
)
def test_what_is_no_text_is_hashed_as_one(value: object, text: str) -> None:
    """A number and the same number as a text are one value, so that an Int64 joins a string."""
    assert Privacy(hash_key=KEY).hashed(value) == expected(text)


def test_a_key_is_the_same_as_a_secret_and_as_bytes() -> None:
    """A key out of the settings gives the hashes that its bytes give; blanks around it are no part of it."""
    set_key = SecretStr(f" {KEY.decode()}\n")
    made = Privacy.make(hashed=True, key=set_key)
    assert {made.hashed("ada"), Privacy(hash_key=Secret(KEY.decode())).hashed("ada")} == {expected("ada")}


def test_another_key_gives_other_hashes() -> None:
    """Nobody without the key can try values out."""
    assert Privacy(hash_key=KEY).hashed("ada") != Privacy(hash_key=KEY[::-1]).hashed("ada")


# What becomes of a page


def test_hashing_keeps_the_columns_and_makes_them_texts() -> None:
    """Hashed columns stay in their places as texts, lists as lists; the others stay what they are."""
    kept = Privacy(hash_key=KEY).columns(COLUMNS)
    assert [column.name for column in kept] == [column.name for column in COLUMNS]
    dtypes = {column.name: column.dtype for column in kept if column.personal}
    assert dtypes == {**dict.fromkeys(dtypes, "string"), "emails": "list"}
    assert len(dtypes) == 7
    assert [one for one in kept if not one.personal] == [one for one in COLUMNS if not one.personal]


def test_hashing_a_page() -> None:
    """Each value, each element of a list and each JSON text has its hash, and nothing is made alike before."""
    made = Privacy(hash_key=KEY).page(PAGE, COLUMNS)
    found = dict(zip((column.name for column in COLUMNS), made.columns, strict=True))
    assert found["id"] == [expected("7"), expected("8"), None]
    assert found["login"] == [expected("ada"), expected("7"), None]
    assert found["email"] == [expected("ada@example.com"), expected("Ada@example.com"), None]
    assert found["country"] == [expected("NO"), expected("NO"), None]
    assert found["hireable"] == [expected("true"), expected("false"), None]
    assert found["emails"] == [[expected("ada@example.com"), expected("ada")], [], None]
    assert found["payload"] == [expected('{"login": "ada"}'), expected("[]"), None]
    for name, before in zip((column.name for column in COLUMNS), PAGE.columns, strict=True):
        if name in ("kind", "labels", "created_at"):
            assert found[name] == before


def test_the_same_value_has_the_same_hash_everywhere() -> None:
    """Joins still work: across columns, dtypes and elements of lists."""
    made = Privacy(hash_key=KEY).page(PAGE, COLUMNS)
    assert made.columns[0][0] == made.columns[2][1]  # 7 and "7"
    assert made.columns[2][0] == made.columns[6][0][1]  # type: ignore[index]  # a list of texts
    assert made.columns[3][0] == made.columns[6][0][0]  # type: ignore[index]  # a list of texts


def test_leaving_out() -> None:
    """Personal columns go with their values; the others stay the very same."""
    privacy = Privacy(drop=True)
    assert [column.name for column in privacy.columns(COLUMNS)] == ["kind", "labels", "created_at"]
    assert privacy.page(PAGE, COLUMNS).columns == (PAGE.columns[1], PAGE.columns[7], PAGE.columns[9])


@pytest.mark.parametrize("privacy", [Privacy(drop=True), Privacy(hash_key=KEY)], ids=["drop", "hash"])
def test_what_else_a_page_tells_stays(privacy: Privacy) -> None:
    """Rows, drift and where the page stands are those of the page that came, which itself is not changed."""
    before = pickle.dumps(PAGE)
    made = privacy.page(PAGE, COLUMNS)
    assert replace(made, columns=PAGE.columns) == PAGE
    assert pickle.dumps(PAGE) == before


def test_doing_nothing() -> None:
    """Without either nothing is touched."""
    assert Privacy().page(PAGE, COLUMNS) is PAGE
    assert Privacy().columns(COLUMNS) == COLUMNS


@pytest.mark.parametrize("pair", EVERY, ids=name_of)
def test_every_resource_can_be_hashed(pair: tuple[Connector, Resource]) -> None:
    """Of every resource the hashed page becomes a table of the types that are said, with nothing plain left."""
    chosen = pair[1].columns
    plain: dict[str, object] = {"Int64": 404404404, "boolean": True, "Float64": 1.25, "list": ["plain-text"]}
    values: dict[str, object] = {**plain, "datetime": None, "json": '{"name": "plain-text"}'}
    page = Page(tuple([values.get(column.dtype, "plain-text"), None] for column in chosen), 2)
    privacy = Privacy(hash_key=KEY)
    table = Table(kept := privacy.columns(chosen))
    table.append(privacy.page(page, chosen), ("user_1", "eac_1"))
    rows = table.arrow().to_pylist()
    for column in kept:
        if column.personal:
            assert rows[0][column.name] not in (None, values.get(column.dtype, "plain-text"), *plain.values())
            assert "plain-text" not in str(rows[0][column.name])
        assert rows[1][column.name] is None


# What is refused


def test_a_key_that_is_too_short() -> None:
    """Fewer bytes than the hash has are refused with the way to make more; so many are enough."""
    for short in (b"k" * 31, Secret("k" * 31), b""):
        with pytest.raises(UsageError, match="shorter than 32 bytes") as caught:
            Privacy(hash_key=short)
        assert "openssl rand -hex 32" in caught.value.cure
        assert "SOCIALCONNECT_HASH_KEY" in caught.value.cure
    assert Privacy(hash_key=b"k" * 32).hashed("ada")
    assert Privacy(hash_key=Secret("å" * 16)).hashed("ada")  # it is bytes that count


def test_both_at_once() -> None:
    """Nothing can be left out and hashed."""
    with pytest.raises(UsageError, match="at once"):
        Privacy(drop=True, hash_key=KEY)
    with pytest.raises(UsageError, match="at once"):
        Privacy.make(drop=True, hashed=True, key=SecretStr("k" * 32))


def test_no_key() -> None:
    """Hashing without a key is refused, where it is asked for and where it would be done."""
    for attempt in (lambda: Privacy.make(hashed=True), lambda: Privacy().hashed("ada")):
        with pytest.raises(UsageError, match="no key") as caught:
            attempt()
        assert "SOCIALCONNECT_HASH_KEY" in caught.value.cure


@pytest.mark.parametrize("how", ["drop", "hashed"])
def test_raw_goes_with_neither(how: str) -> None:
    """Raw records hold anything, so they are refused beside either; without either they are as they are."""
    with pytest.raises(UsageError, match="Raw records") as caught:
        Privacy.make(**{how: True}, key=SecretStr("k" * 32), raw=True)
    assert "Leave out raw" in caught.value.cure
    assert Privacy.make(raw=True) == Privacy()


def test_a_key_that_is_set_but_not_asked_for() -> None:
    """The setting alone hashes nothing."""
    assert Privacy.make(key=SecretStr("k" * 32)) == Privacy()
    assert Privacy.make(drop=True, key=SecretStr("k" * 32)) == Privacy(drop=True)


def test_a_key_of_rows_cannot_be_left_out() -> None:
    """What would leave rows without their key is refused, and told to hash; hashing it is well."""
    with pytest.raises(UsageError, match=r"github\.emails.*its key has email") as caught:
        Privacy(drop=True).allow("github.emails", ("email", "kind"), COLUMNS)
    assert "--hash-personal" in caught.value.cure
    Privacy(drop=True).allow("github.emails", ("kind",), COLUMNS)
    Privacy(hash_key=KEY).allow("github.emails", ("email",), COLUMNS)
    Privacy().allow("github.emails", ("email",), COLUMNS)


# The key stays where it is


@pytest.mark.parametrize("key", [b"hush-hush" * 4, Secret("hush-hush" * 4)], ids=["bytes", "secret"])
def test_the_key_is_not_shown(key: bytes | Secret) -> None:
    """Neither repr nor a pickle shows the key: a pickle is refused."""
    assert "hush" not in repr(Privacy(hash_key=key))
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(Privacy(hash_key=key))
    assert pickle.loads(pickle.dumps(Privacy(drop=True))) == Privacy(drop=True)


@pytest.mark.parametrize(
    "attempt",
    [
        lambda: Privacy(hash_key=b"hush-hush"),
        lambda: Privacy(drop=True, hash_key=b"hush-hush"),
        lambda: Privacy.make(hashed=True, key=SecretStr("hush-hush")),
    ],
)
def test_no_error_shows_the_key(attempt: Callable[[], Privacy]) -> None:
    """Where a key is refused, this file's frames, printed with their locals, do not show it as a text."""
    with pytest.raises(UsageError) as caught:
        attempt()
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    ours = [frame for frame in shown.stack if frame.filename == module.__file__]
    assert ours
    assert "hush-hush" not in f"{caught.value} {caught.value.cure}"
    assert not [frame for frame in ours if "plain" in (frame.locals or {})]


def test_a_sign_tells_ways_apart() -> None:
    """Rows of one key, of another, without personal columns and with them are told apart; the key is not told."""
    signs = [Privacy(), Privacy(drop=True), Privacy(hash_key=KEY), Privacy(hash_key=KEY[::-1])]
    assert len({one.sign for one in signs}) == 4
    assert [one.sign for one in signs[:2]] == ["", "drop"]
    assert signs[2].sign == f"hash:{expected('socialconnect')[:8]}"


# What a resource's requests tell


def plain(
    *,
    path: str = "/v1/things",
    key: tuple[str, ...] = ("id",),
    personal: bool = False,
    paging: Paging | None = None,
    params: tuple[Param, ...] = (),
    query: dict[str, str | int] | None = None,
    json: dict[str, Json] | None = None,
    parent: Parent | None = None,
) -> Resource:
    return Resource(
        "things",
        path,
        columns=columns("string", "id", personal=personal),
        key=key,
        paging=paging or NoPages(),
        params=params,
        query=query or {},
        json=json,
        parent=parent,
    )


CURSOR = Cursor("next", "cursor")


@pytest.mark.parametrize(
    ("resource", "arguments", "tells"),
    [
        (plain(), (), False),
        (plain(path="/v1/{version}/things"), (), False),
        (plain(path="/v1/{me}/things"), (), True),
        (plain(query={"author": "{me}"}), (), True),
        (plain(json={"filter": {"author": "{me}"}}), (), True),
        (plain(path="/v1/{box}", parent=Parent("boxes", "box")), (), False),
        (plain(path="/v1/{box}", parent=Parent("boxes", "box", personal=True)), (), True),
        (plain(path="/v1/{folder}", params=(Param("folder", into="path"),)), (), True),
        (plain(path="/v1/{kind}", params=(Param("kind", into="path", choices=("a", "b")),)), ("kind",), False),
        (plain(params=(Param("q"),)), (), False),
        (plain(params=(Param("q"),)), ("q",), True),
        (plain(params=(Param("filter", dict, into="body"),)), ("filter",), True),
        (plain(params=(Param("size", int), Param("sort", choices=("a",)))), ("size", "sort"), False),
        (plain(paging=CURSOR), (), False),
        (plain(paging=CURSOR, personal=True), (), True),
        (plain(paging=AfterId("after", 9), personal=True), (), True),
        (plain(paging=NextUrl("next"), personal=True), (), True),
        (plain(paging=LinkHeader(), personal=True), (), True),
        (plain(paging=LinkHeader(page="page"), personal=True), (), False),
        (plain(paging=PageNumber("page", "rows", 9), personal=True), (), False),
        (plain(paging=Offset("start", "rows", 9), personal=True), (), False),
        (plain(personal=True), (), False),
    ],
)
def test_whether_requests_tell_of_a_person(resource: Resource, arguments: tuple[str, ...], tells: bool) -> None:  # noqa: FBT001 - what is expected
    """A personal parent, a bound value, a text that callers name and a cursor made of a personal key do."""
    assert tells_person(resource, arguments) is tells


def test_what_of_the_connectors_tells() -> None:
    """Calendars are addresses and repositories bear their owner's name; the plain listings of things tell nothing."""
    telling = {name_of(pair) for pair in EVERY if tells_person(pair[1])}
    assert {"google.events", "github.issues", "github.events", "x.posts", "slack.users", "box.folder_items"} <= telling
    assert not telling & {"github.repos", "google.files", "gitlab.projects", "atlassian.issues", "xero.invoices"}


def test_what_is_carried_of_a_parent_is_marked() -> None:
    """A page's title beside its blocks is as personal as in its own listing; a calendar's time zone is not."""
    for provider, name, carried, personal in (
        ("notion", "blocks", "page_title", True),
        ("spotify", "playlist_items", "playlist", True),
        ("coinbase", "transactions", "account_name", True),
        ("google", "events", "calendar_time_zone", False),
    ):
        resource = FOUND[provider].resource(name)
        found = {column.name: column for column in resource.columns}
        assert found[carried].personal is personal
        assert found[carried].of_parent
        assert [*found] == [column.name for column in resource.columns]
