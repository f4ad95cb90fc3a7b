"""One account's token: asked for again when it must be, once, and by itself."""

import asyncio
from time import time

import pytest

import socialconnect as sc
from socialconnect import ReconnectNeeded
from socialconnect.clerk.models import AccessToken, rows
from socialconnect.clerk.tokens import AccountToken


def token(text, *, account="eac_1", person="1", **more):
    return AccessToken.model_validate(
        {"token": text, "external_account_id": account, "provider_user_id": person, **more}
    )


class Clerk:
    """Gives these lists of tokens one after another, and counts."""

    def __init__(self, *lists):
        self.lists = list(lists)
        self.asked = 0

    async def __call__(self):
        self.asked += 1
        await asyncio.sleep(0)
        return self.lists.pop(0) if len(self.lists) > 1 else self.lists[0]


def account(first, clerk):
    return AccountToken(first, clerk, user_id="user_1", provider="Acme")


@pytest.mark.parametrize("scale", [1, 1000])
def test_both_units_of_expiry_are_read(scale):
    """Clerk gives epoch seconds or milliseconds: both are the same moment."""
    assert token("first-token", expires_at=1_800_000_000 * scale).expires_at == 1_800_000_000


@pytest.mark.parametrize("value", [None, "", "soon", True])
def test_an_expiry_that_is_none_is_none(value):
    """An expiry that cannot be read is not known."""
    assert token("first-token", expires_at=value).expires_at is None


@pytest.mark.parametrize(
    ("given", "read"),
    [(["a", "b"], ("a", "b")), ("a b", ("a", "b")), ([], ()), (None, None), ("", ())],
)
def test_scopes_are_a_list_or_a_text(given, read):
    """Scopes come as a list or as one text; not to know them is not to have none."""
    assert token("first-token", scopes=given).scopes == read


async def test_it_is_renewed_once_for_all_who_were_refused():
    """Requests side by side that are refused together ask Clerk once."""
    clerk = Clerk([token("second-token")])
    tokens = account(token("first-token"), clerk)
    refused = await tokens.get()
    renewed = await asyncio.gather(*(tokens.renew(refused) for _ in range(20)))
    assert clerk.asked == 1
    assert {one.reveal() for one in renewed} == {"second-token"}
    assert (await tokens.get()).reveal() == "second-token"


async def test_a_token_that_is_about_to_expire_is_renewed_once(monkeypatch):
    """A token with less than a minute left is asked for again before it is used, once for all who wait."""
    now = time()
    clerk = Clerk([token("second-token", expires_at=now + 7200)])
    tokens = account(token("first-token", expires_at=now + 600), clerk)
    assert (await tokens.get()).reveal() == "first-token"
    monkeypatch.setattr("socialconnect.clerk.tokens.time", lambda: now + 570)
    found = await asyncio.gather(*(tokens.get() for _ in range(10)))
    assert (clerk.asked, {one.reveal() for one in found}) == (1, {"second-token"})


async def test_a_short_life_is_no_reason_to_ask_for_ever(monkeypatch):
    """A token that Clerk gives out with little to live is used as it is."""
    now = time()
    clerk = Clerk([token("next-token", expires_at=now + 5)])
    tokens = account(token("first-token", expires_at=now + 5), clerk)
    for _ in range(3):
        await tokens.get()
    assert clerk.asked == 0
    monkeypatch.setattr("socialconnect.clerk.tokens.time", lambda: now + 100)
    for _ in range(3):
        await tokens.get()
    assert clerk.asked == 1


async def test_another_accounts_token_is_never_taken():
    """Where Clerk's list has lost the account, its neighbour's token does not take its place."""
    clerk = Clerk([token("others-token", account="eac_2", person="2")])
    tokens = account(token("first-token"), clerk)
    with pytest.raises(ReconnectNeeded, match="Acme account of user_1"):
        await tokens.renew(await tokens.get())


async def test_without_ids_of_accounts_the_person_tells():
    """Lists from before accounts were named are matched by the id at the provider."""
    clerk = Clerk([token("others-token", account=None, person="2"), token("second-token", account=None)])
    tokens = account(token("first-token"), clerk)
    assert (await tokens.renew(await tokens.get())).reveal() == "second-token"


def test_an_odd_token_is_left_out_alone():
    """One record that is no token does not cost the others."""
    body = b'[{"token": "first-token"}, {"no": "token"}, 3, null, {"token": 7}]'
    assert [one.token.reveal() for one in rows(body, AccessToken)] == ["first-token"]


async def test_a_token_ends_by_clerks_clock():
    """How long a token lives is told by Clerk's clock: one that is behind this machine's makes no token look dead."""
    clerk = Clerk([token("second-token")])
    tokens = account(token("first-token", expires_at=time() - 9000, ends=time() + 600), clerk)
    tokens._asked -= 100  # it was not given out just now
    assert ((await tokens.get()).reveal(), clerk.asked) == ("first-token", 0)


def test_clerk_says_when_a_token_ends():
    """The sandbox's clock stands elsewhere than this machine's, and its tokens live for up to an hour by either."""
    with sc.sandbox(users=20) as client:
        user = client.accounts().query("provider == 'google' and connected")["user_id"].iloc[0]
        found = client.token(user, "google")
        assert found.ends is not None
        assert -5 < found.ends - time() <= 3600
