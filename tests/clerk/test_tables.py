"""Users and accounts as frames."""

import json

import pandas as pd
import pytest
from tests.clerk.test_api import Clerk, asking
from tests.worlds import opened

import socialconnect as sc
from socialconnect.clerk import tables
from socialconnect.reading.typed import Page

pytestmark = pytest.mark.looptime
DTYPES = {
    "created_at": "datetime64[us, UTC]",
    "banned": "boolean",
    "providers": "object",
    "two_factor_enabled": "boolean",
    "last_sign_in_at": "datetime64[us, UTC]",
}


async def test_a_users_frame_has_its_types_also_without_users():
    """Nobody found is a frame with every column and dtype."""
    async with opened(30) as (_, client):
        full = await client.users()
        none = await client.users(query="nobody is called so")
    assert len(none) == 0
    assert len(full) == 30
    assert full.columns.tolist() == none.columns.tolist()
    assert full.dtypes.astype(str).tolist() == none.dtypes.astype(str).tolist()
    assert {name: str(full[name].dtype) for name in DTYPES} == DTYPES


async def test_user_id_comes_first_whatever_is_chosen():
    """Chosen columns keep their order behind user_id, which is never doubled."""
    async with opened(3) as (_, client):
        frame = await client.users(columns=["email", "user_id", "created_at"])
    assert frame.columns.tolist() == ["user_id", "email", "created_at"]


async def test_private_metadata_comes_only_by_name():
    """What is private is not in a frame unless it is asked for, nor in the raw column."""
    user = {"id": "user_a", "private_metadata": {"iban": "DE00"}, "public_metadata": {"plan": "pro"}, "brand_new": 1}
    async with asking(Clerk(200, [user])) as client:
        plain = await client.users()
        named = await client.users(columns=["private_metadata"])
        raw = await client.users(raw=True)
    assert "private_metadata" not in plain.columns
    assert json.loads(named["private_metadata"].iloc[0]) == {"iban": "DE00"}
    assert json.loads(raw["raw"].iloc[0]) == {"brand_new": 1}
    assert json.loads(plain["public_metadata"].iloc[0]) == {"plan": "pro"}


async def test_the_primary_address_is_the_email():
    """Of several addresses the primary one is shown, wherever it stands."""
    addresses = [
        {"id": "idn_1", "email_address": "old@example.com"},
        {"id": "idn_2", "email_address": "new@example.com"},
    ]
    users = [
        {"id": "user_a", "primary_email_address_id": "idn_2", "email_addresses": addresses},
        {"id": "user_b", "primary_email_address_id": None, "email_addresses": addresses},
        {"id": "user_c"},
    ]
    async with asking(Clerk(200, users)) as client:
        frame = await client.users()
    assert frame["email"].isna().tolist() == [False, True, True]
    assert frame["email"].iloc[0] == "new@example.com"


async def test_accounts_tell_what_was_approved_and_finished():
    """One row per user and account: scopes as a list, whether it was finished, times from either unit."""
    account = {
        "id": "idn_1",
        "external_account_id": "eac_1",
        "provider": "oauth_google",
        "approved_scopes": "openid email",
        "created_at": 1_718_000_000_000,
        "updated_at": 1_718_000_000,
        "verification": {"status": "unverified"},
    }
    async with asking(Clerk(200, [{"id": "user_a", "external_accounts": [account]}, {"id": "user_b"}])) as client:
        frame = await client.accounts()
    row = frame.iloc[0]
    assert len(frame) == 1
    assert (row["external_account_id"], row["provider"], row["connected"], row["status"]) == (
        "eac_1",
        "google",
        False,
        "unverified",
    )
    assert row["scopes"] == ["openid", "email"]
    assert row["created_at"] == row["updated_at"]


async def test_accounts_of_the_chosen_alone():
    """Only the accounts of the users chosen are listed."""
    async with opened(40) as (world, client):
        ids = [world.world.user_id(index) for index in (5, 3)]
        frame = await client.accounts(ids)
        everybody = await client.accounts()
    assert set(frame["user_id"]) == set(ids) & set(everybody["user_id"])
    assert frame.dtypes.astype(str).tolist() == everybody.dtypes.astype(str).tolist()


async def test_one_user_is_a_row_of_all():
    """One user's frame is the row that the listing has, and who is not there is an error that says so."""
    async with opened(5) as (_, client):
        users = await client.users(raw=True)
        one = await client.user(users["user_id"].iloc[3], raw=True)
        with pytest.raises(sc.UserNotFound, match="development and production"):
            await client.user("user_2nobody")
    pd.testing.assert_frame_equal(one, users.iloc[[3]].reset_index(drop=True), check_flags=False)


def test_rows_without_an_id_are_all_kept():
    """Only a user who has come is left out: two odd rows without ids are not each other."""
    seen: set[object] = set()
    first = tables._unseen(Page((["a", None, "b"], [1, 2, 3]), 3), seen)
    again = tables._unseen(Page((["b", None, "c"], [4, 5, 6]), 3), seen)
    assert (first.rows, again.rows) == (3, 2)
    assert again.columns == ([None, "c"], [5, 6])
