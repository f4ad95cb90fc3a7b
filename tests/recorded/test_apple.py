"""What Apple told as somebody signed in, in Clerk's record of it: no request of Apple's own stands behind a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.recorded.cassettes import RECORDED, answer, shared
from tests.recorded.rows import check, check_shape

from socialconnect.connectors.apple import connector

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.recorded.server import Account, Stage

    import socialconnect as sc

    Connect = Callable[..., sc.Client]


def told(stage: Stage, monkeypatch: pytest.MonkeyPatch, **fields: Any) -> None:
    """One user who signed in with Apple, of whom Clerk's record says this."""
    account = stage.connect("user_1", "apple", scopes=["name", "email"])
    record = {**account.record(), "provider_user_id": "001234.5b3a.0001", **fields}

    def known(self: Account) -> dict[str, Any]:
        del self
        return record

    monkeypatch.setattr(type(account), "record", known)


def test_what_apple_told_at_the_first_consent(stage: Stage, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """Name and address of the recorded form are a row, without a token and without a request to Apple."""
    form = answer(200, shared("recorded", "apple", "form_post_user.json").read_bytes()).json()
    name = {"first_name": form["name"]["firstName"], "last_name": form["name"]["lastName"]}
    told(stage, monkeypatch, email_address=form["email"], email_address_verified=True, **name)
    frame = connect().apple.profile("user_1")
    check_shape(frame, connector.resource("profile"))
    row = {"sub": "001234.5b3a.0001", "email": form["email"], "email_verified": True, **name}
    check(frame, [{**row, "is_private_email": False}])
    assert stage.asked("apple") == []
    assert [one.path for one in stage.asked("clerk") if "oauth_access_tokens" in one.path] == []


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("x7@privaterelay.appleid.com", True),
        ("mia@example.com", False),
        ("private@appleid.apple.com", False),
        ("mia@privaterelay.appleid.com.example", False),
        ("", None),
    ],
)
def test_private_addresses(
    stage: Stage, connect: Connect, monkeypatch: pytest.MonkeyPatch, address: str, *, private: bool | None
) -> None:
    """Addresses of Apple's relay are known by their host, whole; who has no name or address has NA."""
    told(stage, monkeypatch, email_address=address, first_name="", last_name=None)
    frame = connect().apple.profile("user_1")
    row = {"sub": "001234.5b3a.0001", "email": address or None, "is_private_email": private}
    check(frame, [row])


def test_a_profile_like_any(stage: Stage, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """Among the profiles of all providers there is Apple's, its names together."""
    told(stage, monkeypatch, email_address="mia@example.com", first_name="Mia", last_name="K")
    (row,) = connect().profiles().to_dict("records")
    assert (row["provider"], row["name"], row["email"]) == ("apple", "Mia K", "mia@example.com")


def test_every_recording_is_read() -> None:
    """No recorded body of Apple's is left out of these tests."""
    shared("recorded", "apple")
    assert {path.stem for path in RECORDED.joinpath("apple").glob("*.json")} == {"form_post_user"}
