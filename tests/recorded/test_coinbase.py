"""The recorded body of Coinbase's, through the resource that reads such a thing, and what its documentation shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from tests.recorded.cassettes import RECORDED, answer, shared
from tests.recorded.rows import check, check_shape

import socialconnect as sc
from socialconnect.connectors.coinbase import connector

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.recorded.server import Stage

    Connect = Callable[..., sc.Client]

API = "https://api.coinbase.com"
BTC = {"code": "BTC", "name": "Bitcoin", "color": "#F7931A", "exponent": 8, "type": "crypto"}
WALLET = {
    "id": "2bbf394c-193b-5b2a-9155-3b4732659ede",
    "name": "My Wallet",
    "primary": True,
    "type": "wallet",
    "currency": BTC,
    "balance": {"amount": "39.590000001234567891", "currency": "BTC"},
    "created_at": "2015-01-31T20:49:02Z",
    "updated_at": None,
    "resource_path": "/v2/accounts/2bbf394c-193b-5b2a-9155-3b4732659ede",
}
EURO = {"id": "EUR", "name": "EUR Wallet", "type": "fiat", "currency": "EUR", "balance": {"amount": "0.00"}}


def body(name: str) -> Any:
    return answer(200, shared("recorded", "coinbase", f"{name}.json").read_bytes()).json()


def opened(stage: Stage, connect: Connect) -> sc.Client:
    stage.connect("user_1", "coinbase", scopes=["wallet:accounts:read", "wallet:transactions:read"])
    return connect(max_wait=0)


def test_the_user(stage: Stage, connect: Connect) -> None:
    """The recorded user is one row; what a token without further scopes is not told is NA; the version is pinned."""
    client = opened(stage, connect)
    found = body("user")
    stage.serve(answer(200, found), url=f"{API}/v2/user")
    frame = client.coinbase.profile("user_1")
    check_shape(frame, connector.resource("profile"))
    user = found["data"]
    check(frame, [{**user, "location": user["profile_location"], "bio": user["profile_bio"]}])
    assert frame[["email", "country", "created_at"]].isna().all(axis=None)
    (seen,) = stage.asked("coinbase")
    assert seen.headers["cb-version"] == "2022-01-06"


def test_accounts(stage: Stage, connect: Connect) -> None:
    """A currency is an object or a code; an amount is there as a number and to its last digit; next is relative."""
    client = opened(stage, connect)
    after = f"/v2/accounts?limit=100&starting_after={WALLET['id']}"
    stage.serve(answer(200, {"pagination": {"next_uri": after}, "data": [WALLET]}), url=f"{API}/v2/accounts?limit=100")
    last = {"pagination": {"next_uri": ""}, "data": [EURO]}
    stage.serve(answer(200, last), url=f"{API}/v2/accounts?starting_after={WALLET['id']}")
    frame = client.coinbase.accounts("user_1")
    check_shape(frame, connector.resource("accounts"))
    assert frame["id"].tolist() == [WALLET["id"], "EUR"]
    assert frame["currency"].tolist() == ["BTC", "EUR"]
    assert frame["currency_name"].iloc[0] == "Bitcoin"
    assert frame["balance_text"].tolist() == ["39.590000001234567891", "0.00"]
    assert frame["balance"].tolist() == [39.590000001234567891, 0.0]
    assert frame["balance_currency"].iloc[0] == "BTC"
    assert frame["created_at"].iloc[0] == pd.Timestamp("2015-01-31T20:49:02Z")
    assert len(stage.asked("coinbase")) == 2


def test_transactions(stage: Stage, connect: Connect) -> None:
    """Each account's transactions are rows with the account before them; who names one asks for no list of them."""
    client = opened(stage, connect)
    sent = {
        "id": "57ffb4ae-0c59-5430-bcd3-3f98f797a66c",
        "type": "send",
        "status": "completed",
        "amount": {"amount": "-0.00100000", "currency": "BTC"},
        "native_amount": {"amount": "-0.01", "currency": "USD"},
        "description": "",
        "created_at": "2015-03-11T13:13:35-07:00",
        "network": {"status": "confirmed", "hash": "463397c87b", "network_name": "bitcoin"},
        "to": {"resource": "bitcoin_address", "address": "1AUJ8z5RuHRTqD1eikyfUUetzGmdWLGkpT"},
    }
    stage.serve(answer(200, {"pagination": {"next_uri": None}, "data": [WALLET, EURO]}), url=f"{API}/v2/accounts")
    stage.serve(answer(200, {"data": [sent]}), url=f"{API}/v2/accounts/{WALLET['id']}/transactions")
    stage.serve(answer(200, {"data": []}), url=f"{API}/v2/accounts/EUR/transactions")
    frame = client.coinbase.transactions("user_1")
    check_shape(frame, connector.resource("transactions"))
    row = frame.iloc[0]
    assert row[["account_id", "account_name", "id"]].tolist() == [WALLET["id"], "My Wallet", sent["id"]]
    assert row[["amount", "amount_text", "amount_currency"]].tolist() == [-0.001, "-0.00100000", "BTC"]
    assert row[["native_amount", "native_amount_currency"]].tolist() == [-0.01, "USD"]
    assert row[["network", "network_status", "to_type"]].tolist() == ["bitcoin", "confirmed", "bitcoin_address"]
    assert row["created_at"] == pd.Timestamp("2015-03-11T20:13:35Z")
    assert pd.isna(row["description"])
    assert len(client.coinbase.transactions("user_1", account="EUR")) == 0
    assert [seen.path for seen in stage.asked("coinbase")].count("/v2/accounts") == 1


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (401, "expired_token", sc.ReconnectNeeded),
        (401, "revoked_token", sc.ReconnectNeeded),
        (403, "invalid_scope", sc.MissingScope),
        (402, "two_factor_required", sc.AccessDenied),
        (400, "identity_verification_required", sc.AccessDenied),
        (429, "rate_limit_exceeded", sc.RateLimited),
        (400, "validation_error", sc.RequestRefused),
        (404, "not_found", sc.NotFound),
    ],
)
def test_errors(stage: Stage, connect: Connect, status: int, code: str, expected: type[sc.SocialConnectError]) -> None:
    """Each documented id is what it means, in Coinbase's own words."""
    client = opened(stage, connect)
    stage.serve(answer(status, {"errors": [{"id": code, "message": f"It was {code}."}]}), url=f"{API}/v2/accounts")
    with pytest.raises(expected, match=f"It was {code}"):
        client.frame("coinbase.accounts", "user_1")


def test_every_recording_is_read() -> None:
    """No recorded body of Coinbase's is left out of these tests."""
    shared("recorded", "coinbase")
    assert {path.stem for path in RECORDED.joinpath("coinbase").glob("*.json")} == {"user"}
