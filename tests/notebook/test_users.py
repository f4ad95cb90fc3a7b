"""`UserPicker`: searching, choosing, what it sends and what it says."""

import asyncio
import contextlib
import json

import pytest

import socialconnect as sc
from socialconnect import portal
from socialconnect.notebook import search as searching
from socialconnect.notebook import users as room
from socialconnect.notebook.search import Matches, Person
from socialconnect.progress.count import current
from socialconnect.runs.select import Picker


def _type(picker, text):
    picker._text.value = text
    assert picker.wait(20)


def test_a_search_lists_what_clerk_finds(small):
    """Typing lists the users whom Clerk's own query finds."""
    picker = sc.UserPicker(small)
    _type(picker, "ada")
    expected = small.users(query="ada")
    assert picker.found["user_id"].tolist() == expected["user_id"].tolist()
    assert picker.found["email"].tolist() == expected["email"].tolist()
    assert f"{len(expected)} users found" in picker._status.value


def test_the_newest_are_listed_before_anything_is_typed(large):
    """An open picker lists the newest fifty, and says of how many."""
    picker = sc.UserPicker(large)
    picker._repr_mimebundle_()
    assert picker.wait(20)
    assert len(picker._found.options) == 50
    assert picker.total == 10_000
    assert "10,000 users found; the newest 50 are listed, type to narrow" in picker._status.value


def test_a_search_costs_two_requests(large):
    """However many users match, one page of them is read, and their number."""
    before = len(large.sandbox.requests)
    picker = sc.UserPicker(large, query="a")
    assert picker.total > 1000
    assert len(large.sandbox.requests) - before == 2


def test_choices_stay_across_searches(small, press):
    """Who was added stays chosen whatever is searched next, in the order of choosing."""
    picker = sc.UserPicker(small, query="ada")
    picker.wait()
    first = [value for _, value in picker._found.options[:2]]
    picker._found.value = tuple(first)
    press(picker, "Add selected")
    _type(picker, "silva")
    second = next(value for _, value in picker._found.options if value not in first)
    picker._found.value = (second,)
    press(picker, "Add selected")
    assert picker.user_ids == [*first, second]
    assert picker.frame["user_id"].tolist() == picker.user_ids
    assert "3 users chosen" in picker._count.value


def _enter(picker):
    picker._text._handle_custom_msg({"event": "submit"}, [])


def test_enter_adds_the_first_listed(small):
    """Enter in the search adds the first who is not chosen yet, then the next, and says when all are."""
    picker = sc.UserPicker(small, query="lovelace")
    ids = picker.found["user_id"].tolist()
    assert len(ids) > 1
    for _ in ids:
        _enter(picker)
        assert picker.wait(20)
    assert picker.user_ids == ids
    _enter(picker)
    assert picker.wait(20)
    assert picker.user_ids == ids
    assert "All who are listed are chosen already." in picker._status.value


def test_enter_means_what_was_typed_before_it(small):
    """Front ends send Enter before the last letters: it waits for them, and is forgotten where other words follow."""
    picker = sc.UserPicker(small, query="a")
    picker.wait()
    picker._text.value = "sil"
    _enter(picker)
    picker._text.value = "silva"
    assert picker.user_ids == []
    assert picker.wait(20)
    assert picker.user_ids == small.users(query="silva")["user_id"].tolist()[:1]
    _enter(picker)
    picker._text.value = "lovelace"
    assert picker.wait(20)
    assert len(picker.found)
    assert len(picker.user_ids) == 1


def test_a_search_draws_no_progress_of_its_own(small, monkeypatch):
    """Work behind a panel has a count of its own, so that no progress line appears in whichever cell runs then."""
    counts = []

    async def look(client, query):
        counts.append(current.get())
        return await searching.search(client, query)

    monkeypatch.setattr(room, "search", look)
    assert sc.UserPicker(small, query="ada").wait(20)
    assert counts != [None]


def test_the_chosen_are_ticked_in_the_list(small, press):
    """The list says in text who is chosen already."""
    picker = sc.UserPicker(small, query="ada")
    picker.wait()
    picker._found.index = (1,)
    press(picker, "Add selected")
    assert [label.startswith("✓ ") for label, _ in picker._found.options][:3] == [False, True, False]


def test_all_found_are_added_not_only_the_listed(large, press):
    """*Add all found* takes every user that matches, also beyond the fifty."""
    picker = sc.UserPicker(large, query="ada")
    assert picker.wait(20)
    press(picker, "Add all found")
    assert picker.wait(20)
    assert picker.user_ids == large.users(query="ada")["user_id"].tolist()
    assert len(picker._kept.options) == 50
    assert "the first 50 are listed" in picker._count.value


def test_who_was_given_by_id_is_named_once_found(small):
    """A choice by ids shows names as soon as a search lists them, in the order of choosing."""
    people = small.users(query="ada")
    given = [*people["user_id"][:2], small.users(query="lovelace")["user_id"].iloc[0]]
    picker = sc.UserPicker(small, users=given)
    assert [label for label, _ in picker._kept.options] == given
    _type(picker, "ada")
    assert [value for _, value in picker._kept.options] == given
    assert [label == value for label, value in picker._kept.options] == [False, False, True]
    assert picker.frame["email"].tolist()[:2] == people["email"].tolist()[:2]


def test_the_chosen_can_be_let_go(small, press):
    """*Remove selected* takes the selected out of the choice, *Remove all* everybody."""
    ids = small.users()["user_id"].tolist()[:3]
    picker = sc.UserPicker(small, users=ids)
    picker._kept.value = (ids[1],)
    press(picker, "Remove selected")
    assert picker.user_ids == [ids[0], ids[2]]
    press(picker, "Remove all")
    assert picker.user_ids == []
    assert "Nobody chosen yet" in picker._count.value


def test_a_picker_stands_for_its_users(small):
    """A picker is taken wherever users are, and nobody chosen is an empty selection, not everybody."""
    chosen = small.accounts().query("provider == 'google' and connected")["user_id"].unique().tolist()[:5]
    picker = sc.UserPicker(small, users=chosen)
    assert isinstance(picker, Picker)
    read = small.google.profile(picker, on_error="ignore")
    assert read.equals(small.google.profile(chosen, on_error="ignore"))
    assert len(read)
    with pytest.raises(sc.EmptySelection):
        small.google.profile(sc.UserPicker(small))


def test_whoever_watches_learns_of_a_choice(small):
    """Each change of the choice is told to who watches."""
    picker = sc.UserPicker(small)
    seen = []
    picker.watch(lambda: seen.append(len(picker.user_ids)))
    ids = small.users()["user_id"].tolist()[:2]
    picker.add(ids)
    picker.remove(ids[:1])
    picker.clear()
    assert seen == [2, 1, 0]


def test_opening_sends_under_20_kb(large, wire):
    """A picker over ten thousand users opens with less than 20 KB."""
    picker = sc.UserPicker(large)
    picker._repr_mimebundle_()
    assert picker.wait(20)
    assert len(picker._found.options) == 50
    assert 0 < wire.size < 20_000


@pytest.mark.parametrize("text", ["a", "ada", "müller", "nobody at all", "user_"])
def test_a_search_sends_under_3_kb(large, wire, text):
    """Whatever is searched, what comes back is less than 3 KB, though all who are found were chosen before."""
    picker = sc.UserPicker(large, users=large.users(query=text))
    picker.open()
    assert picker.wait(20)
    wire.clear()
    _type(picker, text)
    assert 0 < wire.size < 3_000


def test_long_names_cannot_make_a_search_large(wire, monkeypatch, small):
    """Names of many bytes are cut: fifty of them stay under 3 KB."""

    async def found(*_):
        return Matches("x", 9999, tuple(Person(f"user_{at}", "王" * 200, "x" * 300) for at in range(50)))

    monkeypatch.setattr(room, "search", found)
    picker = sc.UserPicker(small)
    picker.open()
    assert picker.wait(20)
    picker.add([f"user_{at}" for at in range(50)])
    wire.clear()
    _type(picker, "x")
    assert len(picker._found.options) == 50
    assert wire.size < 3_000


def test_a_late_answer_does_not_overwrite_a_newer(small, monkeypatch):
    """The answer to what was typed first is dropped, also where it comes last and cannot be cancelled."""
    asked, ended, let = [], [], asyncio.Event()

    async def slow(_, query):
        asked.append(query)
        if query == "old":
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()  # and deaf to what cancels it
            await let.wait()
        ended.append(query)
        return Matches(query, 1, (Person(f"user_{query}"),))

    async def until(there):
        while not there():  # noqa: ASYNC110 - nothing says when
            await asyncio.sleep(0)

    monkeypatch.setattr(room, "search", slow)
    monkeypatch.setattr(room, "_PAUSE", 0)
    picker = sc.UserPicker(small)
    picker._text.value = "old"
    portal.run(until(lambda: asked))
    picker._text.value = "new"
    assert picker.wait(20)
    portal.loop().call_soon_threadsafe(let.set)
    portal.run(until(lambda: "old" in ended))
    assert ended == ["new", "old"]
    assert picker.found["user_id"].tolist() == ["user_new"]


def test_quick_typing_makes_one_search(small, monkeypatch):
    """Letters that follow each other quickly are searched once, together."""
    asked = []

    async def count(client, query):
        asked.append(query)
        return await searching.search(client, query)

    monkeypatch.setattr(room, "search", count)
    picker = sc.UserPicker(small)
    for text in ("a", "ad", "ada"):
        picker._text.value = text
    assert picker.wait(20)
    assert asked == ["ada"]


def test_a_failed_search_is_said_with_its_cure(monkeypatch, small):
    """What goes wrong behind the panel stands in it, as one line with the cure, and the next search works."""

    async def refuse(*_):
        raise sc.InvalidKey("Clerk refuses <the key>.", cure="Make a new one.")

    with monkeypatch.context() as patch:
        patch.setattr(room, "search", refuse)
        picker = sc.UserPicker(small, query="ada")
        assert picker.wait(20)
        assert "<b>Clerk refuses &lt;the key&gt;.</b> Make a new one." in picker._status.value
        assert 'role="alert"' in picker._status.value
    _type(picker, "silva")
    assert "found" in picker._status.value


def test_a_failing_callback_is_said(small, press, monkeypatch):
    """What a click raises, which front ends drop, stands in the panel."""
    picker = sc.UserPicker(small)
    monkeypatch.setattr(picker, "_add", lambda _: 1 / 0)
    picker._text.value = "ada"
    picker.wait()
    picker._found.index = (0,)
    press(picker, "Add selected")
    assert "ZeroDivisionError" in picker._status.value


def test_nobody_found_is_said(small):
    """An empty list says so, and what to try."""
    picker = sc.UserPicker(small)
    _type(picker, "no such user")
    assert "Nobody matches “no such user”. Try a part" in picker._status.value
    assert picker._all.disabled


def test_a_displayed_picker_leaves_no_name_in_its_text_forms(small):
    """What is saved as text or HTML has counts and no address; `print` shows the names."""
    picker = sc.UserPicker(small, users=small.users(query="ada"))
    bundle = picker._repr_mimebundle_()
    assert bundle["text/plain"] == f"<UserPicker: {len(picker.user_ids)} chosen>"
    assert "Run the cell again" in bundle["text/html"]
    assert "@" not in json.dumps([bundle["text/plain"], bundle["text/html"]])
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == picker.widget.model_id
    assert "ada" in str(picker)
    assert "@example.com" in str(picker)


def test_where_nobody_looks_no_address_is_listed(small, wire, monkeypatch):
    """A kernel that nobody answers is sent names alone, for it saves them; the first touch brings the addresses."""
    monkeypatch.setattr(room, "attended", lambda: False)
    picker = sc.UserPicker(small, query="ada", users=small.users(query="lovelace"))
    assert picker.wait(20)
    assert "Ada" in wire.text
    assert "@example.com" not in wire.text
    picker._kept.value = picker._kept.options[0][1:]
    picker._remove_selected()
    assert "@example.com" not in wire.text
    _type(picker, "ada ")
    assert all("@" in label for label, _ in [*picker._found.options, *picker._kept.options])


def test_nothing_secret_and_no_id_is_sent(small, wire):
    """Neither the key nor user ids are in what front ends get and notebooks keep."""
    picker = sc.UserPicker(small, users=small.users(query="ada"))
    picker.open()
    assert picker.wait(20)
    assert small.sandbox.secret_key not in wire.text
    assert not [user_id for user_id in small.users()["user_id"] if user_id in wire.text]


def test_unknown_users_are_refused(small):
    """What is no choice of users raises where it is passed, as everywhere."""
    with pytest.raises(sc.UsageError):
        sc.UserPicker(small, users=["ada@example.com"])
    with pytest.raises(sc.UsageError):
        sc.UserPicker(small).add(3)
