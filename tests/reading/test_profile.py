"""What the profiles of all providers have in common is held against the columns that are said to hold it."""

import pytest

from socialconnect.connectors import Connectors
from socialconnect.errors import UnknownName, UsageError
from socialconnect.reading.declare import Column, Connector, Profile, Resource, columns
from socialconnect.reading.profile import FIELDS

COLUMNS = (
    *columns("string", "login given family mail"),
    *columns("boolean", "sure"),
    *columns("datetime", "since"),
    *columns("list", "tags"),
)


def acme(**facts):
    resource = Resource("profile", "/me", COLUMNS, single=True)
    return Connector("acme", "https://api.acme.example", (resource,), profile=Profile(**facts))


def test_a_profile_says_which_columns_to_ask_for():
    """Each common field has its columns; all of them are wanted once, in the order of the fields."""
    profile = acme(handle="login", name="given family", email="mail", email_verified="sure", created_at="since").profile
    assert profile.columns("name") == ("given", "family")
    assert profile.columns("locale") == ()
    assert profile.wanted == ("login", "given", "family", "mail", "sure", "since")
    assert FIELDS[0] == "handle"
    assert "resource" not in FIELDS


@pytest.mark.parametrize(
    ("facts", "error", "match"),
    [
        ({"handle": "logn"}, UnknownName, "no column 'logn' of profile. Did you mean 'login'"),
        ({"name": "given famly"}, UnknownName, "'famly'"),
        ({"resource": "profil", "handle": "login"}, UnknownName, "no resource 'profil'"),
        ({"email_verified": "login"}, UsageError, "is string, which email_verified of a profile is not"),
        ({"created_at": "login"}, UsageError, "Name one that is datetime"),
        ({"name": "tags"}, UsageError, "is list, which name"),
        ({"email": "mail login"}, UsageError, "email of a profile has several columns"),
        ({}, UsageError, "says nothing"),
    ],
)
def test_a_profile_that_cannot_be_is_refused(facts, error, match):
    """A column that is not there or cannot be what it is said to be is found as the connector is declared."""
    with pytest.raises(error, match=match):
        acme(**facts)


@pytest.mark.parametrize("name", ["github", "google", "notion"])
def test_a_profile_is_one_row_of_the_account(name):
    """The resource behind a profile is a single record, and every column of it that is named is there."""
    connector = Connectors()[name]
    resource = connector.resource(connector.profile.resource)
    assert resource.single
    assert isinstance(resource.column(connector.profile.wanted[0]), Column)
