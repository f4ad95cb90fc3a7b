"""How an attempt to connect stands, out of what Clerk lists before and now."""

from dataclasses import replace

import pytest

from socialconnect.clerk.models import AccessToken, ExternalAccount, User
from socialconnect.clerk.stand import Aim, Held, Known, changed, good, stand

AIM = Aim("user_1", "github", "oauth_github", "GitHub")
SCOPED = replace(AIM, scopes=("repo",), lacking=lambda granted: tuple({"repo"} - set(granted)))
NOTHING = Known({}, {})


def account(name="eac_1", status="verified", error=None, **facts):
    mishap = {"code": error, "message": "short", "long_message": f"Clerk says {error}."} if error else None
    verification = {"status": status, "error": mishap}
    return ExternalAccount.model_validate(
        {"id": name, "provider": "oauth_github", "verification": verification, **facts}
    )


def token(name="eac_1", value="first-token", scopes=("read:user",)):
    return AccessToken.model_validate({"token": value, "external_account_id": name, "scopes": list(scopes)})


def known(*accounts, tokens=()):
    return Known({one.id: one for one in accounts}, {one.external_account_id: Held.of(one) for one in tokens})


BEFORE = known(account(), tokens=[token()])
CASES = [
    ("nothing new", AIM, NOTHING, NOTHING, None),
    ("an attempt has begun", AIM, NOTHING, known(account(status="unverified")), "waiting"),
    ("verified, its token not seen yet", AIM, NOTHING, known(account()), None),
    ("verified with a token", AIM, NOTHING, known(account(), tokens=[token()]), "connected"),
    ("declined", AIM, NOTHING, known(account(status="unverified", error="oauth_access_denied")), "declined"),
    ("claimed", AIM, NOTHING, known(account(status="unverified", error="oauth_identification_claimed")), "failed"),
    ("lapsed", AIM, NOTHING, known(account(status="expired")), "failed"),
    ("failed without a word", AIM, NOTHING, known(account(status="failed")), "failed"),
    ("transferable", AIM, NOTHING, known(account(status="transferable")), "waiting"),
    ("the scopes came", SCOPED, BEFORE, known(account(updated_at=2), tokens=[token(scopes=["repo"])]), "connected"),
    ("the scopes did not come", SCOPED, BEFORE, known(account(updated_at=2), tokens=[token()]), "declined"),
    ("the record has not moved yet", SCOPED, BEFORE, BEFORE, None),
    ("Clerk names no scopes", SCOPED, NOTHING, known(account(), tokens=[token(scopes=[])]), "connected"),
    (
        "declined to allow more",
        SCOPED,
        BEFORE,
        known(account(error="oauth_access_denied"), tokens=[token()]),
        "declined",
    ),
]


@pytest.mark.parametrize(("what", "aim", "before", "now", "state"), CASES)
def test_facts_give_the_state(what, aim, before, now, state):
    """What Clerk lists now, beside what it listed before, says how the attempt stands."""
    assert stand(aim, before, now).state == state, what


def test_an_error_that_was_there_before_is_no_news():
    """An attempt that failed last week does not fail this one; a new error on the same account does."""
    old = account(status="unverified", error="oauth_access_denied")
    again = account(status="unverified", error="oauth_access_denied", updated_at=9)
    other = account(status="unverified", error="oauth_token_exchange_error", updated_at=9)
    assert stand(AIM, known(old), known(again)).state == "waiting"
    found = stand(AIM, known(old), known(other))
    assert (found.state, found.why) == ("failed", "Clerk says oauth_token_exchange_error")


def test_what_was_not_allowed_is_named():
    """A consent without the scopes that were asked for is declined, and says which are lacking."""
    found = stand(SCOPED, BEFORE, known(account(updated_at=2), tokens=[token()]))
    assert (found.lacking, found.account.id) == (("repo",), "eac_1")


def test_again_wants_something_new():
    """Where the token that Clerk has does not do, connected is only what has a newer token or record."""
    again = replace(AIM, again=True)
    assert stand(again, BEFORE, BEFORE).state is None
    assert stand(again, BEFORE, known(account(), tokens=[token(value="second-token")])).state == "connected"
    assert stand(again, BEFORE, known(account(updated_at=2), tokens=[token()])).state == "connected"


def test_only_the_accounts_that_count_are_looked_at():
    """An aim at one account, or at one provider, leaves the user's others out."""
    listed = [account("eac_1"), account("eac_2"), account("eac_3", provider="oauth_notion")]
    user = User(id="user_1", external_accounts=tuple(listed))
    assert set(AIM.accounts(user)) == {"eac_1", "eac_2"}
    assert set(replace(AIM, account="eac_2").accounts(user)) == {"eac_2"}


def test_of_several_accounts_the_good_one_is_found():
    """One that is unfinished, has no token, or lacks a scope is passed over."""
    accounts = (account("eac_1", "unverified"), account("eac_2"), account("eac_3"), account("eac_4"))
    listed = known(*accounts, tokens=[token("eac_3"), token("eac_4", scopes=["repo"])])
    assert good(SCOPED, listed).id == "eac_4"
    assert good(AIM, listed).id == "eac_3"
    assert good(AIM, NOTHING) is None


def test_a_change_is_any_difference():
    """New accounts and changed records are news, the others are not."""
    before = {"eac_1": account("eac_1"), "eac_2": account("eac_2")}
    now = {"eac_1": account("eac_1"), "eac_2": account("eac_2", updated_at=3), "eac_3": account("eac_3")}
    assert set(changed(before, now)) == {"eac_2", "eac_3"}
