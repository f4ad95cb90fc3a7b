"""Profiles that are served from a declaration tell of the person whose account it is."""

import pytest

import socialconnect as sc
from socialconnect.connectors import Connectors
from socialconnect.sandbox.declared import record
from socialconnect.sandbox.likeness import likeness
from socialconnect.sandbox.world import Offered, World

BY_HAND = {"github", "google", "notion"}
SERVED = [
    one for one in Connectors().values() if one.name not in BY_HAND and one.profile and not one.resources[0].identity
]


@pytest.mark.parametrize("connector", SERVED, ids=lambda one: one.name)
def test_a_profile_is_its_person_s(connector):
    """Name, address and handle are those of Clerk's record, with a value missing now and then; the mark stays."""
    world = World(60, providers=[Offered(connector.name, connector.strategy, share=1.0)])
    profile = connector.profile
    resource = connector.resource(profile.resource)
    seen = {"handle": set(), "email": set()}
    for index in range(60):
        person = world.person(index)
        for account in world.accounts(index):
            known = likeness(connector, resource.name, account, world)
            found = record(resource, account, 0, world.seed, (), known)
            assert account.mark in str(found)
            for field, own in (("handle", account.username), ("email", account.email)):
                for name in profile.columns(field):
                    column = resource.column(name)
                    if column.cut and not column.fill and not {".", "["} & set(column.path):
                        told = found.get(column.path)
                        # where none was given, an address that is made out of it holds a mark in its place
                        assert told in (own, None, *column.na, f"{account.mark}-0")
                        seen[field].add(told)
            names = [resource.column(name) for name in profile.columns("name")]
            if len(names) == 1 and names[0].cut and "." not in names[0].path:
                assert found.get(names[0].path) in (person.name, None, *names[0].na)
    for field, values in seen.items():
        assert not values or len(values) > 30, field


def test_nothing_else_is():
    """Records other than the profile, and connectors that say nothing of it, are what they were."""
    linear = Connectors()["linear"]
    world = World(1, providers=[Offered("linear", share=1.0)])
    account = world.accounts(0)[0] if world.accounts(0) else None
    assert account is not None
    assert likeness(linear, "issues", account, world) == {}
    assert set(likeness(linear, "profile", account, world)) >= {"name", "email", "display_name"}


def test_one_table_of_people():
    """Across the providers that are served so, a person has one name."""
    client = sc.sandbox(users=20)
    found = client.profiles(providers=["linear", "slack", "gitlab", "box"], on_error="ignore")
    told = found[(found["source"] == "provider") & found["name"].notna()]
    assert told["provider"].nunique() >= 3
    assert (told.groupby("user_id")["name"].nunique() == 1).all()


def test_whoever_names_no_fields_gets_the_usual_ones():
    """A request of one's own to an address whose fields can be chosen has those that any token may see."""
    client = sc.sandbox(users=60)
    frame = client.microsoft.messages(on_error="ignore")
    user = frame.groupby("user_id")["external_account_id"].nunique().eq(1).idxmax()
    answer = client.get("microsoft", "/v1.0/me/messages", user, **{"$top": 100})
    assert {"id", "subject"} <= set(answer.to_frame().columns)
    chosen = client.get("microsoft", "/v1.0/me/messages", user, **{"$select": "id"})
    assert "subject" not in chosen.to_frame().columns


@pytest.mark.parametrize("name", ["linear.issues", "xero.invoices", "atlassian.projects"])
def test_who_lacks_a_scope_is_known_before_anybody_reads(name):
    """Their tokens have a scope that opens nothing: coverage says what reading then meets."""
    client = sc.sandbox(users=200)
    coverage = client.coverage(name)
    lacking = set(coverage.loc[coverage["state"] == "missing_scope", "user_id"])
    outcomes = client.read(name, sorted(lacking), on_error="ignore").outcomes
    assert len(lacking) >= 3
    assert set(outcomes.loc[outcomes["reason"] == "missing_scope", "user_id"]) == lacking
