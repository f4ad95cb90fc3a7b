"""One profile across all providers: a row for each account, whoever it is with, and from whom the row is."""

from __future__ import annotations

import json
import warnings

import pandas as pd
import pytest
from tests.test_hostile import held
from tests.worlds import client_of, opened, user_of

import socialconnect as sc
from socialconnect.sandbox import Sandbox

FIELDS = ["handle", "name", "email", "email_verified", "avatar_url", "profile_url", "locale", "created_at"]
NAMES = ["user_id", "external_account_id", "provider", *FIELDS, "source", "reason"]
INHOUSE = sc.Connector(
    "inhouse",
    "https://api.inhouse.example",
    [sc.Resource("things", "/things", columns=sc.columns("string", "id"), key=("id",))],
    strategy="oauth_custom_inhouse",
)


@pytest.fixture(scope="module")
def client():
    return sc.sandbox(users=60, seed=1)


@pytest.fixture(scope="module")
def people(client):
    return client.profiles(on_error="ignore")


def check(frame):
    """The frame has the columns that every profile has, each of its dtype."""
    assert frame.columns[: len(NAMES)].tolist() == NAMES
    texts = [*NAMES[:2], "handle", "name", "email", "avatar_url", "profile_url", "locale"]
    assert all(isinstance(frame[name].dtype, pd.StringDtype) for name in texts)
    assert all(isinstance(frame[name].dtype, pd.CategoricalDtype) for name in ("provider", "source", "reason"))
    assert str(frame["email_verified"].dtype) == "boolean"
    assert str(frame["created_at"].dtype) == "datetime64[us, UTC]"


def test_every_connected_account_has_one_row(client, people):
    """One row per finished account, in the order of accounts(), whatever the provider and however it fared."""
    check(people)
    accounts = client.accounts().query("connected")
    assert people["external_account_id"].tolist() == accounts["external_account_id"].tolist()
    assert people["user_id"].tolist() == accounts["user_id"].tolist()
    assert people["provider"].astype("str").tolist() == accounts["provider"].astype("str").tolist()
    assert {"provider", "clerk"} == set(people["source"])


def test_a_row_is_what_the_provider_tells(client, people):
    """Each field is the column that the connector's declaration names, for that very account."""
    rows = people.query("source == 'provider'").set_index("external_account_id")
    for name, connector in client.connectors.items():
        profile = connector.profile
        if profile is None or connector.resource(profile.resource).identity:
            continue
        own = client.frame(f"{name}.{profile.resource}", on_error="ignore").set_index("external_account_id")
        mine = rows[rows["provider"] == name]
        assert set(mine.index) == set(own.index)
        assert len(mine) > 5
        for field in FIELDS:
            for account, value in mine[field].items():
                parts = [own.loc[account, column] for column in profile.columns(field)]
                told = [part for part in parts if not pd.isna(part) and part != ""]
                wanted = " ".join(map(str, told)) if len(parts) > 1 else (told[0] if told else None)
                assert (pd.isna(value) and not told) or value == wanted, (name, field)


def test_a_row_of_clerks_says_why_it_is_one(client, people):
    """Where the provider could not be asked, the row is Clerk's, with the reason that its outcome has."""
    rows = people.query("source == 'clerk' and provider == 'github'").set_index("external_account_id")
    outcomes = client.read("github.profile", on_error="ignore").outcomes.set_index("external_account_id")
    assert len(rows) > 1
    assert rows["reason"].astype("str").to_dict() == outcomes.loc[rows.index, "reason"].astype("str").to_dict()
    assert rows["email"].str.contains("@").all()
    assert rows["handle"].notna().all()
    assert people.query("source == 'provider'")["reason"].isna().all()


def test_providers_and_users_choose(client, people):
    """`providers` and `users` leave what they name, in the order of the users."""
    users = people["user_id"].unique()[:5][::-1].tolist()
    frame = client.profiles(users, providers=["google", "github"], on_error="ignore")
    check(frame)
    assert set(frame["provider"]) <= {"google", "github"}
    assert list(dict.fromkeys(frame["user_id"])) == [one for one in users if one in set(frame["user_id"])]
    one = people.query("provider == 'notion'").head(1)[["user_id", "external_account_id"]]
    assert client.profiles(one)["external_account_id"].tolist() == one["external_account_id"].tolist()


def test_nobody_has_all_columns(client):
    """A frame without rows has the same columns and dtypes."""
    having = set(client.accounts().query("provider == 'github'")["user_id"])
    without = next(one for one in client.users()["user_id"] if one not in having)
    frame = client.profiles(without, providers="github")
    assert len(frame) == 0
    check(frame)
    assert frame.attrs["summary"] == "nobody"


def test_what_cannot_be_meant_is_refused(client):
    """A provider that there is not, none at all, or an odd way with errors."""
    with pytest.raises(sc.UnknownName, match="github"):
        client.profiles(providers=["githb"])
    for how in ({"providers": []}, {"on_error": "shout"}):
        with pytest.raises(sc.UsageError):
            client.profiles(**how)


def test_trouble_is_told_once(client, people):
    """One warning counts the reasons; `raise` gives the errors; `watch` has each outcome."""
    with pytest.warns(sc.PartialWarning, match=r"profiles: .*reconnect_needed") as told:
        frame = client.profiles(providers="github")
    assert len(told) == 1
    troubled = (frame["source"] == "clerk").sum()
    with pytest.raises(ExceptionGroup) as caught:
        client.profiles(providers="github", on_error="raise")
    assert len(caught.value.exceptions) == troubled > 0
    seen = []
    client.profiles(providers="github", on_error="ignore", watch=seen.append)
    assert len(seen) == len(frame)
    assert not frame.attrs["complete"]
    well = people.query("provider == 'github' and source == 'provider'")["user_id"].iloc[0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert client.profiles(well, providers="github").attrs["complete"]


def test_a_user_who_is_not_there_is_told(client, people):
    """Somebody whom the instance does not have is a warning beside the rows of the others."""
    user = people["user_id"].iloc[0]
    with pytest.warns(sc.PartialWarning, match="user_not_found"):
        frame = client.profiles(["user_nobody", user], providers="github")
    assert set(frame["user_id"]) <= {user}


def test_raw_has_all_that_was_told(client, people):
    """`raw` holds the provider's own fields, declared or not, and nothing of our two columns."""
    user = people.query("provider == 'github' and source == 'provider'")["user_id"].iloc[0]
    frame = client.profiles(user, providers="github", raw=True)
    record = json.loads(frame["raw"].iloc[0])
    own = client.github.profile(user)
    assert record["login"] == frame["handle"].iloc[0]
    assert record["public_repos"] == own["public_repos"].iloc[0]
    assert not {"user_id", "external_account_id", "raw"} & set(record)
    other = people.query("provider == 'github' and source == 'clerk'")["user_id"].iloc[0]
    noted = client.profiles(other, providers="github", raw=True, on_error="ignore")
    assert json.loads(noted.query("source == 'clerk'")["raw"].iloc[0])["username"] == noted["handle"].iloc[0]


def test_a_provider_without_a_connector_or_a_profile_is_clerks():
    """Accounts of a custom provider that nobody declared, or that declares no profile, are told from Clerk's record."""
    client = sc.sandbox(users=60, connectors=[INHOUSE])
    own = client.profiles(providers="inhouse")
    assert len(own) > 10
    assert set(own["source"]) == {"clerk"}
    assert set(own["provider"]) == {"inhouse"}
    assert own["reason"].isna().all()
    world = Sandbox(users=60, connectors=[INHOUSE])
    bare = sc.Client(settings=client_of(world).settings, application=world.app)
    rows = bare.profiles(on_error="ignore")
    assert (rows["provider"] == "custom_inhouse").sum() == len(own)


@pytest.mark.looptime
async def test_one_listing_serves_all_providers():
    """Clerk's users are listed once, not once for each provider."""
    async with opened(60) as (world, client):
        await client.profiles(on_error="ignore")
        assert len([one for one in world.requests if one.path == "/v1/users"]) == 1


@pytest.mark.looptime
async def test_a_provider_that_is_not_enabled_is_one_reason():
    """What concerns one provider alone leaves the others be; a wrong key ends it at once."""
    async with opened(60, disabled=["google"]) as (_, client):
        frame = await client.profiles(on_error="ignore")
    assert set(frame.query("provider == 'google'")["reason"]) == {"provider_not_enabled"}
    assert "provider" in set(frame.query("provider == 'github'")["source"])
    async with opened(10, settings={"secret_key": "another-key-altogether"}) as (_, client):
        with pytest.raises(sc.InvalidKey):
            await client.profiles()


@pytest.mark.looptime
@pytest.mark.parametrize("kind", ["echo_token", "foreign_redirect", "malformed", "dropped"])
async def test_a_provider_that_misbehaves_gets_no_secret_out(caplog, kind):
    """Its accounts are told from Clerk's record, and no text has a token in it."""
    caplog.set_level("DEBUG")
    async with opened(40, faults=[f"github:{kind}"]) as (_, client):
        with pytest.warns(sc.PartialWarning) as told:
            frame = await client.profiles(providers="github", raw=True)
    assert set(frame["source"]) == {"clerk"}
    assert frame["reason"].notna().all()
    held(frame.to_csv(), caplog.text, str(told[0].message), repr(frame.attrs))


def test_a_frame_survives(people, tmp_path):
    """It can be written to Parquet and read again with what it says of itself."""
    people.to_parquet(tmp_path / "people.parquet")
    again = pd.read_parquet(tmp_path / "people.parquet")
    assert again.attrs == people.attrs
    assert again.attrs["summary"].endswith("clerk")
    pd.testing.assert_frame_equal(again[FIELDS], people[FIELDS])


def test_one_user_is_found_by_all_their_accounts(client, people):
    """The accounts of one user stand together, so that a person is one group."""
    user = user_of(client.sandbox, "github")
    mine = client.profiles(user, on_error="ignore")
    assert (
        mine["provider"].astype("str").tolist() == people.query("user_id == @user")["provider"].astype("str").tolist()
    )
