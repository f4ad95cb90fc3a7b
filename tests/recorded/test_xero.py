"""Every recorded body of Xero's, through the resource that reads such a thing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from tests.recorded.cassettes import RECORDED, answer, shared
from tests.recorded.rows import check_shape

import socialconnect as sc
from socialconnect.connectors.xero import connector

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.recorded.server import Stage

    Connect = Callable[..., sc.Client]

API = "https://api.xero.com"
TENANT = "fe79f7dd-b6d4-4a92-ba7b-538af6289c58"
KEYS = {"invoices": "Invoices", "contacts": "Contacts", "accounts": "Accounts", "users": "Users"}
PLACES = {**KEYS, "organisation": "Organisations"}


def body(name: str) -> Any:
    return answer(200, shared("recorded", "xero", f"{name}.json").read_bytes()).json()


def moment(text: str) -> pd.Timestamp:
    """What `/Date(1539993600000+0000)/` means, or a time without a zone."""
    found = re.fullmatch(r"/Date\((\d+)(?:[+-]\d{4})?\)/", text)
    if found:
        return pd.Timestamp(int(found[1]), unit="ms", tz="UTC")
    return pd.Timestamp(text, tz="UTC")


def opened(stage: Stage, connect: Connect, *resources: str) -> sc.Client:
    """A client of one user with the recorded tenant, and the recorded bodies in their places."""
    stage.connect("user_1", "xero")
    stage.serve(answer(200, body("connections")), url=f"{API}/connections")
    for name in resources:
        stage.serve(answer(200, body(name)), url=f"{API}/api.xro/2.0/{KEYS.get(name, 'Organisation')}")
    return connect(max_wait=0)


def test_connections(stage: Stage, connect: Connect) -> None:
    """Times with seven decimals and no zone are UTC."""
    frame = opened(stage, connect).xero.connections("user_1")
    check_shape(frame, connector.resource("connections"))
    (record,) = body("connections")
    row = frame.iloc[0]
    assert row[["id", "tenant_id", "tenant_name", "tenant_type"]].tolist() == [
        record[key] for key in ("id", "tenantId", "tenantName", "tenantType")
    ]
    assert bool(row["is_organisation"])
    assert row["created_at"] == moment(record["createdDateUtc"]).floor("us")
    assert pd.isna(row["auth_event_id"])


@pytest.mark.parametrize("name", PLACES)
def test_what_an_organisation_has(stage: Stage, connect: Connect, name: str) -> None:
    """Each recorded record is a row of its tenant; every column that stands in it has its value."""
    frame = opened(stage, connect, name).frame(f"xero.{name}", "user_1")
    resource = connector.resource(name)
    check_shape(frame, resource)
    records = body(name)[PLACES[name]]
    assert len(frame) == len(records) > 0
    assert (frame["tenant_id"] == TENANT).all()
    assert (frame["tenant_name"] == "Demo Company (NZ)").all()
    seen = 0
    for column in resource.columns:
        if not column.cut or "[" in column.path:
            continue
        for got, record in zip(frame[column.name], records, strict=True):
            wanted: Any = record
            for key in column.path.split("."):
                wanted = wanted.get(key) if isinstance(wanted, dict) else None
            if wanted in (None, ""):
                assert pd.isna(got), column.name
            else:
                assert got == (moment(wanted) if column.dtype == "datetime" else wanted), column.name
                seen += 1
    assert seen > 10
    asked = [one for one in stage.asked("xero") if one.path != "/connections"]
    assert [one.headers["xero-tenant-id"] for one in asked] == [TENANT]
    assert asked[0].headers["accept"] == "application/json"


def test_what_is_inside_a_contact(stage: Stage, connect: Connect) -> None:
    """Of several telephones and addresses there is the default one; an empty text is none."""
    frame = opened(stage, connect, "contacts").xero.contacts("user_1")
    assert frame["phone"].tolist() == ["847-1294", "266-3583"]
    assert frame["city"].tolist() == ["Palo Alto", "Anchorage"]
    assert frame["receivable"].iloc[0] == 760.0


def test_the_key_of_an_organisation_is_never_read(stage: Stage, connect: Connect) -> None:
    """The old API key that comes along is not even in raw."""
    frame = opened(stage, connect, "organisation").xero.organisation("user_1", raw=True)
    assert "PaymentTerms" in frame["raw"].iloc[0]
    assert "APIKey" not in frame["raw"].iloc[0]


def test_tenants_are_listed_once(stage: Stage, connect: Connect) -> None:
    """Two resources of one token ask once for its tenants; who names one asks for none."""
    client = opened(stage, connect, "accounts", "users")
    client.xero.accounts("user_1")
    client.xero.users("user_1")
    assert sum(one.path == "/connections" for one in stage.asked("xero")) == 1
    frame = connect().xero.accounts("user_1", tenant=TENANT)
    assert frame["tenant_name"].isna().all()
    assert sum(one.path == "/connections" for one in stage.asked("xero")) == 1


def test_a_caller_asks_for_what_changed_since(stage: Stage, connect: Connect) -> None:
    """The time goes into the header that Xero wants it in."""
    opened(stage, connect, "invoices").xero.invoices("user_1", modified_since="2026-05-01", statuses=["PAID", "VOIDED"])
    seen = stage.asked("xero")[-1]
    assert seen.headers["if-modified-since"] == "2026-05-01T00:00:00Z"
    assert {"page": "1", "pageSize": "1000", "Statuses": "PAID,VOIDED"}.items() <= seen.query.items()


PRACTICE = {"id": "c2", "tenantId": "t2", "tenantName": "Books & Co", "tenantType": "PRACTICE"}


def test_practices_have_no_books(stage: Stage, connect: Connect) -> None:
    """A tenant that is no organisation is not asked for invoices."""
    stage.connect("user_1", "xero")
    stage.serve(answer(200, [PRACTICE]), url=f"{API}/connections")
    assert len(connect().xero.invoices("user_1")) == 0
    assert len(stage.asked("xero")) == 1


REFUSALS = [
    (429, {}, {"x_rate_limit_problem": "day", "retry_after": "43200"}, sc.RateLimited),
    (429, {}, {"x_rate_limit_problem": "minute", "retry_after": "20"}, sc.RateLimited),
    (401, {"Title": "Unauthorized", "Detail": "TokenExpired: token expired"}, {}, sc.ReconnectNeeded),
    (401, {"Title": "Unauthorized", "Detail": "AuthorizationUnsuccessful"}, {}, sc.MissingScope),
    (403, {"Title": "Forbidden", "Detail": "AuthenticationUnsuccessful"}, {}, sc.MissingScope),
    (400, {"ErrorNumber": 16, "Type": "QueryParseException", "Message": "No property exists"}, {}, sc.RequestRefused),
]


@pytest.mark.parametrize(("status", "found", "headers", "expected"), REFUSALS)
def test_errors(
    stage: Stage,
    connect: Connect,
    status: int,
    found: dict[str, Any],
    headers: dict[str, str],
    expected: type[sc.SocialConnectError],
) -> None:
    """Each documented error is what it means, with Xero's own words; a day's limit says when to come back."""
    client = opened(stage, connect)
    stage.serve(answer(status, found, **headers), url=f"{API}/api.xro/2.0/Users")
    with pytest.raises(expected) as caught:
        client.frame("xero.users", "user_1")
    assert str(found.get("Detail", found.get("Message", ""))) in str(caught.value)
    if "x_rate_limit_problem" in headers and isinstance(caught.value, sc.RateLimited):
        assert caught.value.retry_after >= int(headers["retry_after"])


def test_every_recording_is_read() -> None:
    """No recorded body of Xero's is left out of these tests."""
    shared("recorded", "xero")
    assert {path.stem for path in RECORDED.joinpath("xero").glob("*.json")} == {"connections", *PLACES}
