"""`providers` and `disconnect`: what there is to connect, and what is taken away."""

import pandas as pd
import pytest
from tests.worlds import accounts_of, opened, user_of

import socialconnect as sc
from socialconnect.clerk.frontend import Environment
from socialconnect.clerk.models import Social, User
from socialconnect.standing.offered import offered

pytestmark = pytest.mark.looptime
USER = "user_2abc"


# providers ------------------------------------------------------------------------------------------------------------


async def test_providers_are_a_frame_of_what_is_enabled():
    """One row per enabled provider, with its dtypes: what can be read first."""
    async with opened(20, disabled=["notion"]) as (_, client):
        frame = await client.providers()
        assert list(frame.columns) == ["provider", "title", "strategy", "enabled", "sign_in", "connector", "resources"]
        assert "notion" not in set(frame["provider"])
        assert frame["enabled"].all()
        row = frame.set_index("provider").loc["github"]
        assert (row["title"], row["strategy"], row["connector"]) == ("GitHub", "oauth_github", True)
        assert row["resources"] == len(client.connectors["github"].resources)
        assert (frame["resources"].dtype, frame["enabled"].dtype) == (pd.Int64Dtype(), pd.BooleanDtype())


async def test_providers_of_a_user_say_what_can_still_be_connected():
    """A user's accounts are counted; what they have is a row also where it is no longer offered."""
    async with opened(200, disabled=["notion"]) as (world, client):
        both = next(one for one in accounts_of(world, "github") if one.ordinal)
        frame = (await client.providers(world.world.user_id(both.user))).set_index("provider")
        assert (frame.loc["github", "connected"], frame.loc["github", "can_connect"]) == (2, False)
        unfinished = (await client.providers(user_of(world, "github", "unverified"))).set_index("provider")
        assert tuple(unfinished.loc["github", ["connected", "unfinished", "can_connect"]]) == (0, 1, True)
        had = (await client.providers(user_of(world, "notion"))).set_index("provider")
        assert tuple(had.loc["notion", ["enabled", "connected", "can_connect"]]) == (False, 1, False)
        with pytest.raises(sc.UserNotFound):
            await client.providers(USER)


def test_what_clerk_leaves_out_of_pickers_is_left_out():
    """Deprecated and hidden providers are rows only for who has them; those without a connector come last."""
    social = {
        "acme": Social(enabled=True, name="Acme", strategy="oauth_acme"),
        "github": Social(enabled=True, authenticatable=True, name="Git Hub", strategy="oauth_github"),
        "linkedin": Social(enabled=True, deprecated=True, name="LinkedIn", strategy="oauth_linkedin"),
        "mock": Social(enabled=True, not_selectable=True, strategy="oauth_mock"),
        "off": Social(enabled=False, strategy="oauth_off"),
    }
    environment = Environment(providers=social)
    known = {"github": sc.Connector("github", "https://x.example", (sc.Resource("a", "/", sc.columns("string", "b")),))}
    frame = offered(environment, known)
    assert frame["provider"].tolist() == ["github", "acme"]
    rows = frame[["title", "sign_in", "connector", "resources"]].itertuples(index=False, name=None)
    assert list(rows) == [("Github", True, True, 1), ("Acme", False, False, 0)]
    has = User.model_validate(
        {
            "id": USER,
            "external_accounts": [
                {"id": "eac_1", "provider": "oauth_linkedin"},
                {"id": "eac_2", "provider": "oauth_gone"},
                {"id": "eac_3", "provider": "oauth_mock", "verification": {"status": "unverified"}},
            ],
        }
    )
    mine = offered(environment, known, has).set_index("provider")
    assert set(mine.index) == {"github", "acme", "linkedin", "gone"}
    assert tuple(mine.loc["gone", ["strategy", "enabled", "can_connect"]]) == ("oauth_gone", False, False)
    assert mine.loc["acme", "can_connect"]


# disconnect -----------------------------------------------------------------------------------------------------------


async def test_nothing_is_removed_unless_that_is_confirmed():
    """Without confirm=True the error says what would be taken and how to confirm; only True confirms."""
    async with opened(60) as (world, client):
        user = user_of(world, "github")
        account = next(one for one in accounts_of(world, "github") if world.world.user_id(one.user) == user)
        for unsure in (False, None, 1, "yes"):
            with pytest.raises(
                sc.UsageError, match=f"{account.username} .{account.eac}.*Nothing was removed"
            ) as caught:
                await client.disconnect(user, "github", confirm=unsure)
        assert "confirm=True" in caught.value.cure
        assert account.eac in set((await client.accounts([user]))["external_account_id"])


async def test_an_account_is_taken_by_its_canonical_id():
    """Clerk shows Google's accounts by another id than it deletes them by: the canonical one goes out."""
    async with opened(60) as (world, client):
        user = user_of(world, "google")
        account = next(one for one in accounts_of(world, "google") if world.world.user_id(one.user) == user)
        gone = await client.disconnect(user, "google", confirm=True)
        assert gone.account.id == account.eac
        removed = next(one for one in world.requests if one.method == "DELETE")
        assert (removed.path, removed.status) == (f"/v1/users/{user}/external_accounts/{account.eac}", 200)
        left = await client.accounts([user])
        assert account.eac not in set(left["external_account_id"])
        assert len(gone.remaining) == left["connected"].sum()
        assert "Google" not in {title for title, _ in gone.remaining}
        assert "not documented" in gone.note
        assert gone.told in str(gone)
        assert gone.told in repr(gone)
        with pytest.raises(sc.NotConnected):
            await client.disconnect(user, "google", confirm=True)


async def test_an_identification_is_explained():
    """An idn_ id is refused with the ids that do, before Clerk would answer that there is none."""
    async with opened(60) as (world, client):
        user = user_of(world, "google")
        with pytest.raises(sc.UsageError, match=r"identification.*eac_") as caught:
            await client.disconnect(user, "google", account="idn_1", confirm=True)
        assert "There is: eac_" in caught.value.message
        with pytest.raises(sc.UsageError, match="has no Google account eac_nobody"):
            await client.disconnect(user, "google", account="eac_nobody", confirm=True)
        assert not [one for one in world.requests if one.method == "DELETE"]


async def test_of_several_the_one_that_is_named_goes():
    """Two accounts must be told apart; an unfinished attempt is meant only where it is all there is."""
    async with opened(200) as (world, client):
        two = next(one for one in accounts_of(world, "github") if one.ordinal)
        user = world.world.user_id(two.user)
        with pytest.raises(sc.UsageError, match="2 GitHub accounts"):
            await client.disconnect(user, "github", confirm=True)
        gone = await client.disconnect(user, "github", account=two.eac, confirm=True)
        assert gone.account.id == two.eac
        rest = await client.disconnect(user, "github", confirm=True)
        assert rest.account.id != two.eac
        unfinished = await client.disconnect(user_of(world, "github", "unverified"), "github", confirm=True)
        assert unfinished.told.startswith("The unfinished attempt to connect GitHub")


async def test_an_account_is_meant_before_an_attempt_that_was_never_finished():
    """Beside a connected account, an unfinished attempt is not what disconnecting means."""
    async with opened(200) as (world, client):
        account = next(
            one
            for one in accounts_of(world, "github")
            if sorted(world.world.situation(one.user)["github"]) == ["healthy", "unverified"]
        )
        gone = await client.disconnect(world.world.user_id(account.user), "github", confirm=True)
        assert gone.account.id == account.eac


async def test_the_last_way_to_sign_in_is_kept_and_explained():
    """Clerk's refusal to take the last identification says what the user needs first."""
    async with opened(200) as (world, client):
        # every tenth user of the sandbox has no password
        account = next(one for one in accounts_of(world, "github") if one.user % 10 == 7 and not one.ordinal)
        world.world.changed[account.user] = (account,)
        user = world.world.user_id(account.user)
        with pytest.raises(sc.AccessDenied, match="last way in which") as caught:
            await client.disconnect(user, "github", confirm=True)
        assert "password" in caught.value.cure
        assert caught.value.context["external_account_id"] == account.eac


async def test_what_somebody_else_removed_meanwhile_is_told(monkeypatch):
    """An account that is gone when Clerk is asked to take it is a NotFound that says so."""
    async with opened(60) as (world, client):
        user = user_of(world, "github")
        remove = client._clerk.remove

        async def late(user_id, account, observe):
            world.linked.remove(account)
            await remove(user_id, account, observe)

        monkeypatch.setattr(client._clerk, "remove", late)
        with pytest.raises(sc.NotFound, match="not there any more"):
            await client.disconnect(user, "github", confirm=True)
