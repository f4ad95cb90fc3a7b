"""HubSpot's resources with bodies as its specification has them; what was recorded of a token is never asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from tests.recorded.cassettes import RECORDED, answer, shared
from tests.recorded.rows import check, check_shape

import socialconnect as sc
from socialconnect.connectors.hubspot import connector

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.recorded.server import Stage

    Connect = Callable[..., sc.Client]

API = "https://api.hubapi.com"
OBJECTS = f"{API}/crm/objects/2026-09"
SCOPES = [f"crm.objects.{name}.read" for name in ("owners", "contacts", "companies", "deals")]
ACCOUNT = {
    "portalId": 123456,
    "accountType": "STANDARD",
    "timeZone": "US/Eastern",
    "companyCurrency": "USD",
    "additionalCurrencies": ["EUR", "NOK"],
    "uiDomain": "app-eu1.hubspot.com",
    "dataHostingLocation": "eu1",
    "utcOffset": "-05:00",
    "utcOffsetMilliseconds": -18000000,
}
TIMES = {"createdAt": "2019-10-30T03:30:17.883Z", "updatedAt": "2019-12-07T16:50:06.678Z", "archived": False}


def opened(stage: Stage, connect: Connect) -> sc.Client:
    stage.connect("user_1", "hubspot", scopes=SCOPES)
    return connect(max_wait=0)


def listed(stage: Stage, connect: Connect, name: str, *records: dict[str, Any], **arguments: Any) -> pd.Series:
    """The first row of a listing of these records."""
    client = opened(stage, connect)
    stage.serve(answer(200, {"results": [{"id": "512", **TIMES, **one} for one in records]}), url=f"{OBJECTS}/{name}")
    frame = client.frame(f"hubspot.{name}", "user_1", **arguments)
    if not arguments:
        check_shape(frame, connector.resource(name))
    assert len(frame) == len(records)
    return frame.iloc[0]


def test_the_account(stage: Stage, connect: Connect) -> None:
    """The account as HubSpot documents it is one row, beside what Clerk knows of the person."""
    client = opened(stage, connect)
    stage.serve(answer(200, ACCOUNT), url=f"{API}/account-info/2026-09/details")
    frame = client.hubspot.profile("user_1")
    check_shape(frame, connector.resource("profile"))
    names = {"".join(f"_{one.lower()}" if one.isupper() else one for one in key): key for key in ACCOUNT}
    names["utc_offset_ms"] = "utcOffsetMilliseconds"
    wanted = {name: ACCOUNT[key] for name, key in names.items()} | {"portal_id": "123456", "own_id": "1"}
    check(frame, [wanted])


def test_another_version_is_another_path(stage: Stage, connect: Connect) -> None:
    """The version before stands in the path where a setting chooses it."""
    stage.connect("user_1", "hubspot", scopes=SCOPES)
    stage.serve(answer(200, ACCOUNT), url=f"{API}/account-info/2026-03/details")
    client = connect(max_wait=0, api_versions={"hubspot": "2026-03"})
    assert client.hubspot.profile("user_1")["portal_id"].tolist() == ["123456"]


def test_contacts(stage: Stage, connect: Connect) -> None:
    """Properties are columns, an empty one is none; they must be asked for by name."""
    found = {"email": "mia@example.com", "firstname": "Mia", "lastname": "", "lifecyclestage": "lead", "country": None}
    row = listed(stage, connect, "contacts", {"properties": found})
    assert row[["id", "email", "firstname", "lifecyclestage"]].tolist() == ["512", "mia@example.com", "Mia", "lead"]
    assert row[["lastname", "country", "phone", "archived_at"]].isna().all()
    assert row["updated_at"] == pd.Timestamp("2019-12-07T16:50:06.678Z")
    (seen,) = stage.asked("hubspot")
    assert seen.query["limit"] == "100"
    assert {"email", "hs_lead_status", "hubspot_owner_id"} <= {*seen.query["properties"].split(",")}


def test_an_accounts_own_properties(stage: Stage, connect: Connect) -> None:
    """Whoever names other properties gets these alone, and finds them in a column of JSON."""
    found = {"properties": {"shoe_size": "42"}}
    row = listed(stage, connect, "contacts", found, properties=["shoe_size", "hat"], columns=["id", "properties"])
    assert json.loads(row["properties"]) == {"shoe_size": "42"}
    assert stage.asked("hubspot")[0].query["properties"] == "shoe_size,hat"


def test_companies(stage: Stage, connect: Connect) -> None:
    """Numbers that HubSpot sends as texts are numbers."""
    found = {"name": "Acme", "domain": "acme.com", "numberofemployees": "250", "annualrevenue": "1500000.5"}
    row = listed(stage, connect, "companies", {"properties": found})
    assert row[["name", "domain"]].tolist() == ["Acme", "acme.com"]
    assert row[["numberofemployees", "annualrevenue"]].tolist() == [250.0, 1500000.5]


def test_deals(stage: Stage, connect: Connect) -> None:
    """An amount is a number, a closing date a time, won or not a truth, though each comes as a text."""
    found = {"dealname": "Big", "amount": "1500.75", "closedate": "2026-05-01T12:30:00Z", "hs_is_closed_won": "true"}
    row = listed(
        stage, connect, "deals", {"properties": found}, {"properties": {"amount": "", "hs_is_closed_won": "false"}}
    )
    assert row[["dealname", "amount"]].tolist() == ["Big", 1500.75]
    assert row["closedate"] == pd.Timestamp("2026-05-01T12:30:00Z")
    assert bool(row["hs_is_closed_won"])


def test_owners(stage: Stage, connect: Connect) -> None:
    """Owners come page after page, until there is no paging; the primary team is named."""
    client = opened(stage, connect)
    teams = [{"id": "1", "name": "North", "primary": False}, {"id": "2", "name": "South", "primary": True}]
    first = {"id": "41", "email": "mia@example.com", "firstName": "Mia", "userId": 7, "type": "PERSON", "teams": teams}
    pages = [
        {"results": [{**first, **TIMES}], "paging": {"next": {"after": "NTI1", "link": "?after=NTI1"}}},
        {"results": [{"id": "42", "type": "QUEUE", **TIMES}]},
    ]
    stage.serve(*(answer(200, page) for page in pages), url=f"{API}/crm/owners/2026-09")
    frame = client.hubspot.owners("user_1")
    check_shape(frame, connector.resource("owners"))
    assert frame["id"].tolist() == ["41", "42"]
    assert frame.iloc[0][["own_id", "first_name", "type", "team"]].tolist() == ["7", "Mia", "PERSON", "South"]
    assert [seen.query.get("after") for seen in stage.asked("hubspot")] == [None, "NTI1"]


LACKING = {
    "message": "This app hasn't been granted all required scopes to make this call.",
    "category": "MISSING_SCOPES",
    "errors": [{"message": "One is required.", "context": {"requiredGranularScopes": ["crm.objects.deals.sensitive"]}}],
}


def limited(policy: str) -> dict[str, str]:
    return {"message": f"You have reached your {policy} limit.", "errorType": "RATE_LIMIT", "policyName": policy}


@pytest.mark.parametrize(
    ("status", "found", "headers", "expected"),
    [
        (403, LACKING, {}, sc.MissingScope),
        (403, {"message": "No.", "category": "BANNED"}, {}, sc.AccessDenied),
        (401, {"message": "The token expired.", "category": "EXPIRED_AUTHENTICATION"}, {}, sc.ReconnectNeeded),
        (429, limited("DAILY"), {}, sc.RateLimited),
        (429, limited("TEN_SECONDLY_ROLLING"), {"x_hubspot_ratelimit_interval_milliseconds": "10000"}, sc.RateLimited),
        (477, {"message": "Migration in progress."}, {"retry_after": "7200"}, sc.Unavailable),
        (400, {"message": "Invalid input.", "category": "VALIDATION_ERROR"}, {}, sc.RequestRefused),
    ],
)
def test_errors(
    stage: Stage,
    connect: Connect,
    status: int,
    found: dict[str, Any],
    headers: dict[str, str],
    expected: type[sc.SocialConnectError],
) -> None:
    """Each documented error is what it means, in HubSpot's own words, with the scope or the wait that it names."""
    client = opened(stage, connect)
    stage.serve(answer(status, found, **headers), url=f"{OBJECTS}/deals")
    with pytest.raises(expected) as caught:
        client.frame("hubspot.deals", "user_1")
    error = caught.value
    assert found["message"] in str(error)
    if isinstance(error, sc.MissingScope):
        assert "crm.objects.deals.sensitive" in str(error)
    if headers and isinstance(error, sc.RateLimited):
        assert 10 <= (error.retry_after or 0) < 12
    if found.get("policyName") == "DAILY":
        assert "tomorrow" in str(error)


def test_every_recording_is_accounted_for() -> None:
    """What HubSpot said of a token stood at an address with the token in it: no resource asks there."""
    shared("recorded", "hubspot")
    assert {path.stem for path in RECORDED.joinpath("hubspot").glob("*.json")} == {"access_token_info"}
    assert not [one.path for one in connector.resources if "oauth" in one.path or "token" in one.path]
