"""Clerk's records: what cannot be read is left out alone, and counted."""

import json

import pytest

from socialconnect.clerk.models import AccessToken, ExternalAccount, User, counted, rows
from socialconnect.clerk.tokens import matched

GOOD = {"id": "eac_1", "provider": "oauth_github", "verification": {"status": "verified"}}


def user_with(*accounts, **more):
    return json.dumps([{"id": "user_a", "external_accounts": list(accounts), **more}]).encode()


@pytest.mark.parametrize(
    ("accounts", "kept", "odd"),
    [
        ([GOOD], ["eac_1"], 0),
        ([GOOD, None, "odd", 7], ["eac_1"], 3),
        ([{"provider": "oauth_github"}, GOOD], ["eac_1"], 1),  # no id at all
        ([{**GOOD, "id": 7}], [], 1),
        ([{**GOOD, "verification": "verified"}], [], 1),  # whether it is finished must be known
        ([{**GOOD, "username": 7, "label": ["x"]}], ["eac_1"], 0),  # the account can be read without
    ],
)
def test_one_odd_account_costs_no_other(accounts, kept, odd):
    """A user keeps the accounts that can be read, without the fields that cannot; the others are counted."""
    [user], left_out = counted(user_with(*accounts), User)
    assert [account.id for account in user.external_accounts] == kept
    assert left_out == odd
    assert all(account.username is None for account in user.external_accounts)


@pytest.mark.parametrize("accounts", [7, "eac_1", {"id": "eac_1"}])
def test_accounts_that_are_no_list_are_counted_as_one(accounts):
    """The user is there all the same."""
    body = json.dumps([{"id": "user_a", "external_accounts": accounts}, {"id": "user_b"}]).encode()
    users, left_out = counted(body, User)
    assert [(user.id, user.external_accounts) for user in users] == [("user_a", ()), ("user_b", ())]
    assert left_out == 1


def test_a_record_without_an_id_is_counted():
    """A user without an id is nobody; nor is what is no record at all."""
    users, left_out = counted(b'[{"id": "user_a"}, {"external_accounts": []}, 7, null]', User)
    assert ([user.id for user in users], left_out) == (["user_a"], 3)
    assert rows(b'[{"id": "user_a"}, 7]', User) == users


def token(**values):
    return AccessToken.model_validate({"token": "a-token", **values})


def test_a_token_finds_its_account_by_id_never_by_place():
    """By the canonical id, else by the id at the provider; one of each belong together; others have none."""
    first = ExternalAccount.model_validate({**GOOD, "provider_user_id": "1"})
    second = ExternalAccount.model_validate({**GOOD, "id": "eac_2", "provider_user_id": "2"})
    by_id, by_identity = token(external_account_id="eac_1"), token(provider_user_id="2")
    assert matched([first, second], [by_identity, by_id]) == [(first, by_id), (second, by_identity)]
    assert matched([first, second], [token()]) == [(first, None), (second, None)]
    bare = token()
    assert matched([first], [bare]) == [(first, bare)]
    assert matched([first], []) == [(first, None)]
