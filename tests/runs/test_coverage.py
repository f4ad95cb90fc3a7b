"""Who can be read, from Clerk's list alone or with a look at each token."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.clerk.test_api import Clerk, asking
from tests.worlds import accounts_of, opened, user_of

import socialconnect as sc
from socialconnect.reading.decide import Manners
from socialconnect.reading.declare import Connector, Parent, Resource, columns
from socialconnect.runs.judge import COLUMNS, Row, refusal
from socialconnect.runs.tell import PartialWarning

pytestmark = pytest.mark.looptime
ACCOUNT = {
    "id": "eac_1",
    "provider": "oauth_github",
    "provider_user_id": "7",
    "approved_scopes": "user:email",
    "verification": {"status": "verified"},
}


def row_of(frame, user):
    [row] = frame[frame["user_id"] == user].to_dict("records")
    return row


def clerk_with(*accounts, user="user_a"):
    return Clerk(200, [{"id": user, "external_accounts": list(accounts)}])


def acme(**more):
    resource = Resource("things", "/things", columns=columns("string", "id"), **more)
    manners = Manners(implies={"repo": ("public_repo",)})
    return Connector("github", "https://api.github.com", (resource,), title="Acme", manners=manners)


BARE = Connector("bare", "https://api.bare.example", (Resource("things", "/things", columns=columns("string", "id")),))


async def test_clerks_list_is_all_that_is_asked():
    """Everybody's coverage costs the listing of users and nothing else, however many resources are asked about."""
    async with opened(300) as (world, client):
        await client.coverage(["github.repos", "notion.users", "google.profile"])
        assert dict(world.requests.hosts) == {"api.clerk.com": 1}
        assert {one.path for one in world.requests} == {"/v1/users"}


async def test_everybody_has_a_row_for_each_resource():
    """Also who has not connected the provider; the resources come one after the other, each newest user first."""
    async with opened(60) as (world, client):
        frame = await client.coverage(["google.profile", "github.repos"])
    ids = [world.world.user_id(index) for index in range(60)]
    for name in ("google.profile", "github.repos"):
        mine = frame[frame["resource"] == name]
        assert list(dict.fromkeys(mine["user_id"])) == ids
    assert list(frame["resource"].unique()) == ["google.profile", "github.repos"]


async def test_nothing_named_is_every_provider():
    """Without a resource, everybody has rows for the profile of each provider, or for what comes first there."""
    async with opened(20, connectors=[BARE]) as (world, client):
        frame = await client.coverage()
        some = await client.coverage(users=world.world.user_id(3))
    resources = frame["resource"].astype(str).unique().tolist()
    assert [name.partition(".")[0] for name in resources] == [*client.connectors]
    assert {"github.profile", "notion.me", "bare.things"} <= {*resources}
    assert set(some["user_id"]) == {world.world.user_id(3)}
    assert some["resource"].nunique() == len(resources)


async def test_a_long_listing_comes_once_and_in_order():
    """Of more users than a page, walked in stretches side by side, each stands once and in its place."""
    async with opened(1300) as (world, client):
        frame = await client.coverage("notion.users")
    assert list(dict.fromkeys(frame["user_id"])) == [world.world.user_id(index) for index in range(1300)]
    assert not frame.duplicated(["user_id", "external_account_id"]).any()


async def test_the_chosen_come_in_their_order():
    """Ids, a frame's rows and single accounts are taken as everywhere, in the order in which they are given."""
    async with opened(300) as (world, client):
        ids = [world.world.user_id(index) for index in (250, 3, 120)]
        assert list(dict.fromkeys((await client.coverage("github.repos", ids))["user_id"])) == ids
        [two] = [one for one in range(200) if world.world.situation(one).get("github") == ("healthy", "revoked")]
        accounts = await client.accounts(world.world.user_id(two))
        github = accounts[accounts["provider"] == "github"]
        assert len(await client.coverage("github.repos", github)) == 2
        one = await client.coverage("github.repos", github.tail(1))
        assert list(one["external_account_id"]) == list(github.tail(1)["external_account_id"])


async def test_many_chosen_are_asked_for_by_the_hundred():
    """Given ids are looked up a hundred at a time, and none of them is lost or moved."""
    async with opened(1500) as (world, client):
        ids = [world.world.user_id(index) for index in range(1400)]
        frame = await client.coverage("github.repos", ids)
        assert len(world.requests) == 14
    assert list(dict.fromkeys(frame["user_id"])) == ids


async def test_who_is_not_there_is_told():
    """An id that the instance does not have is a row of its own, with the cure that the error has."""
    async with opened(3) as (_, client):
        frame = await client.coverage("github.repos", ["user_2nobody"])
        with pytest.raises(sc.UserNotFound) as caught:
            await client.user("user_2nobody")
    assert frame["state"].tolist() == ["user_not_found"]
    assert frame["cure"].tolist() == [caught.value.cure]


async def test_the_frame_has_its_types_also_without_users():
    """Every dtype holds at zero rows, which a world of nobody has."""
    async with asking(Clerk(200, [])) as client:
        none = await client.coverage("github.repos")
    async with opened(30) as (_, client):
        full = await client.coverage("github.repos")
    assert len(none) == 0
    assert none.columns.tolist() == full.columns.tolist() == [column.name for column in COLUMNS]
    assert none.dtypes.astype(str).tolist() == full.dtypes.astype(str).tolist()
    assert none.attrs["summary"] == "nobody"


@pytest.mark.parametrize(
    ("scopes", "granted", "state", "missing"),
    [
        (("repo",), "repo", "readable", None),
        (("public_repo",), "repo", "readable", None),  # one scope contains the other
        (("repo",), "public_repo", "missing_scope", "repo"),
        (("repo", "gist"), "user:email", "missing_scope", "repo or gist"),
        (("repo",), "", "readable", None),  # Clerk names none: only a read tells
        ((), "user:email", "readable", None),
    ],
)
async def test_scopes_are_compared_with_all_that_they_contain(scopes, granted, state, missing):
    """A scope that contains the required one will do, and where Clerk names none nothing is said to be missing."""
    application = clerk_with({**ACCOUNT, "approved_scopes": granted})
    async with asking(application, connectors=(acme(scopes=scopes),)) as client:
        [row] = (await client.coverage("github.things")).astype(object).to_dict("records")
    assert row["state"] == state
    assert row["missing"] == missing if missing else pd.isna(row["missing"])
    assert row["granted"] == (granted.split() or None)
    assert row["required"] == list(scopes)


async def test_a_scope_with_two_names_is_one():
    """Google's short names mean the same as the addresses."""
    account = {**ACCOUNT, "provider": "oauth_google", "approved_scopes": "profile"}
    async with asking(clerk_with(account)) as client:
        frame = await client.coverage("google.profile")
    assert frame["state"].tolist() == ["readable"]


async def test_a_childs_parents_must_be_readable_too():
    """Who may not list the parents cannot be read, and is told which scope that needs."""
    parents = Resource("boxes", "/boxes", columns=columns("string", "id"), scopes=("boxes",))
    things = Resource("things", "/{box}", columns=columns("string", "id"), parent=Parent("boxes", "box"), scopes=("a",))
    connector = Connector("github", "https://api.github.com", (parents, things), title="Acme")
    async with asking(clerk_with({**ACCOUNT, "approved_scopes": "a"}), connectors=(connector,)) as client:
        frame = await client.coverage("github.things")
        named = await client.plan("github.things", box="one")
    assert (frame["state"].iloc[0], frame["missing"].iloc[0]) == ("missing_scope", "boxes")
    assert named.accounts == 1


async def test_what_a_narrow_token_does_not_show_is_told():
    """What a further scope would bring is said in the words of the outcomes; what cannot be known, too."""
    connector = acme(fuller={"repo": "private things"}, capability="Read things")
    async with asking(clerk_with(ACCOUNT), connectors=(connector,)) as client:
        frame = await client.coverage("github.things")
    assert frame["narrowed"].tolist() == ["Not shown without a further scope: private things (scope repo)."]
    assert frame["capability"].tolist() == ["Read things"]


async def test_no_token_is_asked_for_unless_wanted():
    """A dead token is readable as far as the list tells; asked for, it is told with its reason and cure."""
    async with opened(200) as (world, client):
        user = user_of(world, "github", "unrefreshable")
        before = row_of(await client.coverage("github.repos"), user)
        assert world.requests.hosts["api.clerk.com"] == 1
        after = row_of(await client.coverage("github.repos", tokens=True), user)
        with pytest.raises(sc.ReconnectNeeded) as caught:
            await client.token(user, "github")
    assert before["state"] == "readable"
    assert (after["state"], after["message"], after["cure"]) == (
        "token_dead",
        caught.value.message,
        caught.value.cure,
    )


async def test_looking_at_tokens_asks_clerk_once_a_user_and_provider():
    """One request for each user with a finished connection, two for what is enabled, none to any provider."""
    async with opened(200) as (world, client):
        await client.coverage(["github.repos", "github.profile", "notion.users"], tokens=True)
        connected = {
            (index, account.provider)
            for index in range(200)
            for account in world.world.accounts(index)
            if account.provider in ("github", "notion") and account.situation != "unverified"
        }
        refused = len(accounts_of(world, "github", "refused")) + len(accounts_of(world, "notion", "refused"))
        # a refused refresh is tried once more; the list of users and of the domains come to it
        assert world.requests.hosts["api.clerk.com"] == len(connected) + refused + 2
        assert set(world.requests.hosts) == {"api.clerk.com", "clerk.sandbox.example"}


async def test_the_tokens_own_scopes_count():
    """What Clerk says of the token is newer than what was approved when the account was connected."""

    async def clerk(scope, receive, send):
        bodies = {
            "/v1/users": [{"id": "user_a", "external_accounts": [{**ACCOUNT, "approved_scopes": "repo"}]}],
            "/v1/domains": [{"frontend_api_url": "https://clerk.acme.example"}],
            "/v1/environment": {"user_settings": {"social": {"oauth_github": {"enabled": True}}}},
        }
        token = {"data": [{"token": "a-token", "external_account_id": "eac_1", "scopes": ["gist"]}]}
        await Clerk(200, bodies.get(scope["path"], token))(scope, receive, send)

    async with asking(clerk, connectors=(acme(scopes=("repo",)),)) as client:
        [told] = (await client.coverage("github.things"))["state"]
        [looked] = (await client.coverage("github.things", tokens=True)).to_dict("records")
    assert (told, looked["state"], looked["granted"]) == ("readable", "missing_scope", ["gist"])


def answering(status, body):
    """A Clerk with one user whose account is connected, and this answer for its tokens."""

    async def clerk(scope, receive, send):
        bodies = {
            "/v1/users": [{"id": "user_a", "external_accounts": [ACCOUNT]}],
            "/v1/domains": [{"frontend_api_url": "https://clerk.acme.example"}],
            "/v1/environment": {"user_settings": {"social": {"oauth_github": {"enabled": True}}}},
        }
        there = scope["path"] in bodies
        await Clerk(200 if there else status, bodies.get(scope["path"], body))(scope, receive, send)

    return clerk


async def test_an_address_to_be_verified_is_an_unfinished_connection():
    """Clerk gives no token before the e-mail address is verified: that is told as a connection that is not finished."""
    refusal = {"errors": [{"code": "external_account_email_address_verification_required", "message": "Verify."}]}
    async with asking(answering(422, refusal)) as client:
        [row] = (await client.coverage("github.profile", tokens=True)).to_dict("records")
    assert (row["state"], row["cure"]) == ("not_verified", "The user must verify the e-mail address.")


async def test_connected_without_a_token_is_dead():
    """A connected account of which Clerk gives no token is told alike by coverage and by the outcome of a read."""
    async with asking(answering(200, {"data": []})) as client:
        [row] = (await client.coverage("github.profile", tokens=True)).to_dict("records")
        run = await (await client.plan("github.profile")).run(on_error="ignore")
    [outcome] = run.ended
    assert row["state"] == "token_dead"
    assert (outcome.status, outcome.reason, outcome.message) == ("failed", "reconnect_needed", row["message"])


async def test_a_disabled_provider_is_told_where_tokens_are_looked_at():
    """Clerk's list does not say that a provider is off; looking does, and asks for none of its tokens."""
    async with opened(60, disabled=("github",)) as (world, client):
        states = set((await client.coverage("github.repos"))["state"])
        world.requests.clear()
        frame = await client.coverage("github.repos", tokens=True)
        assert len(world.requests) == 3
    assert "readable" in states
    assert set(frame["state"]) == {"provider_not_enabled"}
    assert frame["cure"].str.contains("SSO connections").all()


async def test_trouble_at_clerk_is_no_verdict(monkeypatch):
    """Where Clerk fails to give one user's token the row says so, and the account is worth a try."""
    async with opened(30) as (_, client):

        async def fail(*_):
            raise sc.Unavailable("Clerk fails.", cure="Try again.")

        monkeypatch.setattr(client._clerk, "tokens", fail)
        frame = await client.coverage("github.repos", tokens=True)
        plan = await client.plan("github.repos", tokens=True)
    connected = frame[~frame["state"].isin(["not_connected", "not_verified"])]
    assert set(connected["state"]) == {"unchecked"}
    assert set(connected["cure"]) == {"Try again."}
    assert plan.accounts == len(connected)


async def test_what_concerns_everybody_ends_it(monkeypatch):
    """A key that Clerk refuses is an error and not a row."""
    async with opened(30) as (_, client):

        async def refuse(*_):
            raise sc.InvalidKey("no")

        monkeypatch.setattr(client._clerk, "tokens", refuse)
        with pytest.raises(sc.InvalidKey):
            await client.coverage("github.repos", tokens=True)


async def test_records_that_cannot_be_read_are_counted():
    """A user without an id and an odd account are told, in coverage and in accounts; the other accounts are kept."""
    users = [
        {"external_accounts": [ACCOUNT]},
        {"id": "user_b", "external_accounts": [{"provider": "oauth_github"}, "odd", {**ACCOUNT, "username": 7}]},
        {"id": "user_c", "external_accounts": [{**ACCOUNT, "id": "eac_2"}]},
    ]
    async with asking(Clerk(200, users)) as client:
        with pytest.warns(PartialWarning, match="3 users or accounts are left out"):
            frame = await client.coverage("github.repos")
        with pytest.warns(PartialWarning, match="3 users or accounts are left out"):
            accounts = await client.accounts()
    assert frame[["user_id", "external_account_id"]].to_numpy().tolist() == [["user_b", "eac_1"], ["user_c", "eac_2"]]
    assert (frame.attrs["left_out"], frame.attrs["complete"]) == (3, False)
    assert (accounts.attrs["left_out"], accounts.attrs["complete"], len(accounts)) == (3, False, 2)


def test_a_row_becomes_the_error_that_a_read_would_meet():
    """The class, the message, the cure and the scopes are those of the error, for whoever handles errors."""
    row = Row("user_a", "eac_1", "github", "github.repos", "missing_scope", ["repo"], ["gist"], cure="Do it.")
    error = refusal(row)
    assert isinstance(error, sc.MissingScope)
    assert (error.required, error.granted, error.cure, error.user_id) == (("repo",), ("gist",), "Do it.", "user_a")
    assert isinstance(refusal(row._replace(state="token_dead")), sc.ReconnectNeeded)
    assert isinstance(refusal(row._replace(state="not_verified")), sc.NotConnected)
    assert isinstance(refusal(row._replace(state="user_not_found")), sc.UserNotFound)


@pytest.mark.parametrize("wrong", ["github", "github.repo", [], [3]])
async def test_a_resource_that_there_is_not_is_refused_before_anything_is_asked(wrong):
    """What cannot be meant is a UsageError, and nothing is sent."""
    async with opened(3) as (world, client):
        with pytest.raises(sc.UsageError):
            await client.coverage(wrong)
        assert len(world.requests) == 0


async def test_attrs_tell_what_it_is():
    """The frame says what it is about, and counts its states in one line."""
    async with opened(40) as (_, client):
        frame = await client.coverage("github.repos")
    counts = frame["state"].value_counts()
    assert frame.attrs["resource"] == "github.repos"
    assert (frame.attrs["complete"], frame.attrs["tokens"]) == (True, False)
    assert frame.attrs["summary"].startswith(f"{counts['readable']} readable, ")
    assert f"{counts['not_connected']} not_connected" in frame.attrs["summary"]
