"""Secrets cannot leave by accident."""

import copy
import gc
import json
import logging
import pickle
import re
import threading
import traceback
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialconnect import secret as module
from socialconnect.secret import Secret, scrub

VALUE = "tok/en+with=signs%and:more"


@pytest.fixture
def secret():
    return Secret(VALUE)


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        ascii,
        format,
        lambda s: f"{s}",
        lambda s: f"{s!r:>40}",
        lambda s: f"{s:s}",
        lambda s: "%s %r" % (s, s),  # noqa: UP031 - that way of formatting is what is tried
        lambda s: "{} {!r}".format(s, s),  # noqa: UP032 - likewise
        lambda s: repr([s, {"key": s}]),
        lambda s: str(dir(s)),
        lambda s: logging.LogRecord("n", 10, "p", 1, "key %s", (s,), None).getMessage(),
        lambda s: json.dumps({"key": s}, default=str),
    ],
)
def test_no_way_of_showing_shows_it(secret, show):
    """However a secret is turned into text, its value is not in it."""
    shown = show(secret)
    assert isinstance(shown, str)
    assert VALUE not in shown


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_cannot_be_pickled(secret, protocol):
    """A secret does not leave its process in a pickle, alone or inside something else."""
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps({"deep": [secret]}, protocol)


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, json.dumps, vars])
def test_what_would_take_it_out_fails(secret, way):
    """Copying, JSON and vars() fail instead of carrying the value on, and the error does not show it."""
    with pytest.raises(TypeError) as caught:
        way(secret)
    assert VALUE not in str(caught.value)


def test_a_traceback_with_locals_does_not_show_it(secret):
    """Tools that print the locals of each frame find only the mask."""

    def fail(key):
        inner = [key]
        raise RuntimeError(len(inner))

    try:
        fail(secret)
    except RuntimeError as error:
        shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "key = Secret([secret])" in shown
    assert VALUE not in shown


def test_only_reveal_gives_it(secret):
    """Whoever is meant to have the value asks for it by name."""
    assert secret.reveal() == VALUE
    assert secret != VALUE


WRITTEN = [
    VALUE,
    f"https://a.example/?access_token={VALUE}&x=1",
    quote(VALUE),
    quote(VALUE, safe=""),
    quote(VALUE, safe="/=:"),
    quote(VALUE, safe="").lower(),
    quote_plus(VALUE),
    urlencode({"token": VALUE}),
    json.dumps({"token": VALUE}),
    json.dumps({"token": VALUE}).replace("/", "\\/"),
    json.dumps({"token": VALUE}).replace("+", "\\u002B"),
]


@pytest.mark.parametrize("text", WRITTEN)
def test_it_is_scrubbed_however_it_is_written(secret, text):
    """In plain text, in an address or in JSON: what a service sends back holds the mask instead."""
    clean = scrub(f"before {text} after {text} end")
    assert clean.count("[secret]") == 2
    assert "signs" not in clean
    assert clean.startswith("before ")
    assert clean.endswith(" end")
    assert secret.reveal() == VALUE


def test_a_quote_or_backslash_in_it_is_scrubbed_out_of_json():
    """Signs that JSON must escape do not hide a secret."""
    odd = Secret('pass"wo\\rd 9')
    assert scrub(json.dumps([odd.reveal()])) == '["[secret]"]'
    assert scrub(urlencode({"p": odd.reveal()})) == "p=[secret]"


def test_other_text_is_left_alone(secret):
    """Nothing but the value goes."""
    assert scrub("token with signs and more") == "token with signs and more"
    assert scrub("") == ""
    assert scrub(VALUE[:-1]) == VALUE[:-1]
    assert secret.reveal() == VALUE


def test_a_short_value_does_not_mask_words():
    """A value of a few letters would blank out ordinary text."""
    short = Secret("abc")
    assert scrub("abcdef") == "abcdef"
    assert short.reveal() == "abc"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_longest_goes_first(order):
    """Where one secret begins another, no tail of the longer one is left over."""
    values = ["prefix-of-it", "prefix-of-it-and-tail"]
    kept = [Secret(values[number]) for number in order]
    assert scrub("x prefix-of-it-and-tail y prefix-of-it z") == "x [secret] y [secret] z"
    assert len(kept) == 2


def test_a_dead_secret_is_forgotten():
    """A secret that nobody holds any more is not kept by the register either."""
    one = Secret("gone-with-the-wind")
    assert scrub("gone-with-the-wind") == "[secret]"
    del one
    gc.collect()
    assert scrub("gone-with-the-wind") == "gone-with-the-wind"


def test_a_twin_keeps_the_value_known():
    """Of two secrets of one value, the one that is left is still scrubbed."""
    one, two = Secret("twin-value"), Secret("twin-value")
    del one
    gc.collect()
    assert scrub("a twin-value") == "a [secret]"
    assert two.reveal() == "twin-value"


def test_scrubbing_inside_the_register_does_not_hang(monkeypatch):
    """A finaliser that logs while the register is held scrubs like anybody else."""
    lock = type(module._lock)()
    monkeypatch.setattr(module, "_lock", lock)
    kept, found = Secret("inside-job"), []

    def finalise():
        with lock:
            found.append(scrub("inside-job"))

    thread = threading.Thread(target=finalise, daemon=True)
    thread.start()
    thread.join(5)
    assert found == ["[secret]"]
    assert kept.reveal() == "inside-job"


def test_threads_may_make_and_scrub_at_once():
    """Secrets come and go in one thread while another scrubs."""
    errors = []

    def work(number):
        try:
            for turn in range(200):
                mine = Secret(f"value-{number}-{turn}")
                if mine.reveal() in scrub(f"a {mine.reveal()} b"):
                    errors.append(mine.reveal())
        except RuntimeError as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


SIGNS = st.text(st.sampled_from("ABCXYZ019+/=&%_-~. \\\"'é*!$"), min_size=6, max_size=20)
CODINGS = st.sampled_from(
    [
        str,
        quote,
        quote_plus,
        lambda v: quote(v, safe="!*'()"),
        lambda v: re.sub("%..", lambda code: code[0].lower(), quote(v, safe="")),
        lambda v: json.dumps(v)[1:-1],
        lambda v: json.dumps(v, ensure_ascii=False)[1:-1],
    ]
)


@given(SIGNS, CODINGS, st.text(st.sampled_from("mnop:\n"), max_size=8))
def test_no_secret_is_left_in_any_text(value, coding, around):
    """Whatever the value and however it was written, it does not come out of a scrubbed text."""
    one = Secret(value)
    written = coding(value)
    clean = scrub(f"{around}<{written}>{around}")
    assert clean == f"{around}<[secret]>{around}"
    assert one.reveal() == value
