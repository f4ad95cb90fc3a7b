"""Everything that names users names them once, in order."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialconnect import EmptySelection, UsageError
from socialconnect.runs.select import Chosen, choose, kept

A, B = "user_a", "user_b"


class Picker:
    """What a widget offers."""

    user_ids = (B, A)


@pytest.mark.parametrize(
    ("users", "ids"),
    [
        (A, [A]),
        ([B, A, B], [B, A]),
        ((A,), [A]),
        (iter([A, B]), [A, B]),
        (dict.fromkeys([B, A]).keys(), [B, A]),
        (pd.Series([B, A]), [B, A]),
        (pd.DataFrame({"user_id": [B, A, B], "email": ["b", "a", "b"]}), [B, A]),
        (pd.DataFrame({"user_id": pd.array([A], dtype="string")}), [A]),
        (Picker(), [B, A]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_form_gives_ids_in_order(users, ids):
    """Whatever form the choice has, each user is there once, in the order of first mention."""
    assert choose(users) == [Chosen(one) for one in ids]


def test_nothing_is_everybody():
    """No choice is everybody, which is not the same as an empty one."""
    assert choose(None) is None
    with pytest.raises(EmptySelection):
        choose([])


@pytest.mark.parametrize("nothing", [None, float("nan"), pd.NA])
def test_rows_of_accounts_name_accounts(nothing):
    """Rows with an account name it; all of a user's rows together name several; without one, all are meant."""
    frame = pd.DataFrame({"user_id": [A, B, A], "external_account_id": ["eac_1", nothing, "eac_2"]}, dtype=object)
    assert choose(frame) == [Chosen(A, frozenset({"eac_1", "eac_2"})), Chosen(B)]


@pytest.mark.parametrize("users", [3, 1.5, True, b"user_a", {"user_id": A}, object(), [b"user_a"], [[A]], [None]])
def test_what_is_no_choice_is_refused(users):
    """Anything else is refused by its kind, with what to pass instead."""
    with pytest.raises(UsageError, match="'user_2abc'"):
        choose(users)


@given(st.text(max_size=12))
def test_only_what_looks_like_an_id_gets_into_a_path(text):
    """No text with a slash, a dot, a blank or a sign in it is taken for a user."""
    try:
        (one,) = choose(text)
    except UsageError:
        return
    assert one.user_id == text
    assert text.startswith("user_")
    assert text.removeprefix("user_").isalnum()
    assert text.isascii()


def test_an_iterator_is_kept():
    """What can be gone through once is made a list; everything else stays what it is."""
    assert kept(iter([A, B])) == [A, B]
    frame = pd.DataFrame({"user_id": [A]})
    assert kept(frame) is frame
    assert kept(A) == A
