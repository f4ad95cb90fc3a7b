"""Accounts that are read from Clerk's own record: whose they are, and that nobody else is asked."""

import pytest

import socialconnect as sc

ACME = sc.Connector(
    "acme",
    "https://api.acme.example",
    (
        sc.Resource(
            "profile",
            identity=True,
            key=("sub",),
            columns=(
                sc.Column("sub", "string", "provider_user_id"),
                sc.Column("email", "string", "email_address"),
                sc.Column("created_at", "datetime", "created_at", form="s"),
            ),
        ),
        sc.Resource(
            "things",
            "/things",
            key=("id",),
            columns=(sc.Column("id", "string"), sc.Column("email", "string", of_account="email_address")),
        ),
    ),
)


@pytest.fixture
def client():
    client = sc.sandbox(users=60, connectors=[ACME])
    yield client
    client.close()


def test_everybodys_identity(client):
    """Each finished account is one row of what Clerk says of it, dead tokens or not, and no token is asked for."""
    run = client.read("acme.profile", on_error="ignore")
    accounts = client.accounts().query("provider == 'acme'")
    finished = accounts[accounts["verified"]] if "verified" in accounts else accounts
    assert len(run.frame) > 10
    assert set(run.frame["external_account_id"]) <= set(finished["external_account_id"])
    assert run.frame["email"].notna().all()
    assert run.frame["sub"].is_unique
    assert set(run.outcomes["status"]) == {"ok", "skipped"}
    assert not [request for request in client.sandbox.requests if "oauth_access_tokens" in request.path]


def test_one_users_identity(client):
    """Of users who are named, Clerk is asked for their records; who has no such account is told."""
    some = client.read("acme.profile", on_error="ignore").frame["user_id"].iloc[0]
    accounts = client.accounts().query("provider == 'acme'")
    none = next(one for one in client.users()["user_id"] if one not in set(accounts["user_id"]))
    run = client.read("acme.profile", [some, none], on_error="ignore")
    outcomes = run.outcomes.drop_duplicates("user_id").set_index("user_id")
    assert outcomes["status"].to_dict() == {some: "ok", none: "skipped"}
    assert outcomes["reason"][none] == "not_connected"
    assert run.outcomes.groupby("user_id")["requests"].sum().to_dict() == {some: 1, none: 1}
    with pytest.raises(sc.UserNotFound):
        client.frame("acme.profile", "user_2aaaaaaaaaaaaaaaaaaaaaaaaaa")


def test_one_account_of_two(client):
    """Where an account is named, another of the same user is left alone."""
    accounts = client.accounts().query("provider == 'acme'")
    several = accounts[accounts.duplicated("user_id", keep=False)]
    for row in (several.head(1), several.tail(1)):
        run = client.read("acme.profile", row, on_error="ignore")
        assert run.outcomes["external_account_id"].tolist() == row["external_account_id"].tolist()


def test_clerks_record_beside_the_providers(client):
    """A column of Clerk's record stands on every row that the provider gives, for everybody and for one alone."""
    frame = client.frame("acme.things", on_error="ignore")
    known = client.frame("acme.profile", on_error="ignore").set_index("external_account_id")["email"]
    assert frame["email"].tolist() == known[frame["external_account_id"]].tolist()
    user = frame["user_id"].iloc[0]
    alone = client.frame("acme.things", user)
    assert set(alone["email"]) <= set(known)
    assert client.frame("acme.things", user, columns=["id"]).columns.tolist()[-1] == "id"


def test_what_is_known_of_identities_before_they_are_read(client):
    """Coverage calls every finished account readable, though its token be dead; a plan asks nobody but Clerk."""
    rows = client.coverage("acme.profile", tokens=True)
    accounts = rows[rows["external_account_id"].notna()]
    assert set(accounts["state"]) == {"readable", "not_verified"}
    both = client.coverage(["acme.profile", "acme.things"], tokens=True)
    dead = both[both["state"] == "token_dead"]
    assert set(dead["resource"]) == {"acme.things"}
    plan = client.plan("acme.profile")
    assert [call.provider for call in plan.hosts] == ["clerk"]
    run = plan.run(on_error="ignore")
    assert len(run.frame) == (accounts["state"] == "readable").sum()
