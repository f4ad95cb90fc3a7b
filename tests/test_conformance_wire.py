"""What goes over the wire, for every resource of every connector: pages, odd values, refusals, foreign addresses."""

import json

import pytest
from tests.every import BY_HAND, EVERY, name_of, pytest_generate_tests
from tests.worlds import opened

from socialconnect.reading.decide import decide
from socialconnect.reading.extract import Extractor
from socialconnect.reading.messages import Response
from socialconnect.reading.paginate import LinkHeader, NextUrl
from socialconnect.sandbox.declared import plant
from socialconnect.sandbox.generic import Generic
from socialconnect.sandbox.pages import size_of
from socialconnect.sandbox.rules import compose

__all__ = ["EVERY", "pytest_generate_tests"]  # pytest reads them off the module

KINDS = ("token", "scope", "throttled", "unavailable", "not_found", "refused")
NOW = 1_800_000_000.0


def body_of(resource, record):
    """A body that holds one record where the resource looks for it."""
    found = record if resource.single else {"a key": record} if resource.entries else [record]
    if resource.records in ("", "."):
        return json.dumps(found).encode()
    whole: dict[str, object] = {}
    plant(whole, resource.records, found)
    return json.dumps(whole).encode()


def test_nothing_at_all_in_a_record(connector, resource):
    """A record of nulls, and one of nothing, is a row of NA: no column is promised."""
    del connector
    columns = resource.select(None)
    nulls: dict[str, object] = {}
    for column in columns:
        if column.cut and not column.fill:
            plant(nulls, column.path, None)
    for record in ({}, nulls):
        page = Extractor(resource, columns).page(body_of(resource, record))
        assert page.rows == 1
        if resource.entries:  # an entry is a key and a value: an object is none
            continue
        assert not page.drift
        if record == {}:
            assert {values[0] for values, one in zip(page.columns, columns, strict=True) if one.cut} <= {
                None,
                False,
                *(one.default for one in columns),
            }


def test_something_new_in_a_record(connector, resource):
    """A value that no column expects costs that value: a word that is new stays, a thing of another kind is NA."""
    del connector
    columns = [one for one in resource.select(None) if one.cut and not one.fill and one.form != "present"]
    record: dict[str, object] = {}
    for column in columns:
        plant(record, column.path, "what is new" if column.dtype in ("category", "string") else {"what": "is new"})
    page = Extractor(resource, columns).page(body_of(resource, record))
    assert page.rows == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_refusal_is_understood(connector, kind):
    """What the sandbox says in the provider's own manner is what the rules make of it; a wait is waited as told."""
    if connector.name in BY_HAND:
        pytest.skip("its answers are written by hand")
    said = compose(connector.manners, kind, scopes=(("needed",), ("had",)), wait=7.0, now=NOW)
    found = decide(
        Response(said.status, {name.lower(): text for name, text in said.headers.items()}, said.body),
        attempt=1,
        attempts=5,
        manners=connector.manners,
        now=NOW,
        dice=lambda: 0.0,
        fresh_token=True,
        scopes=("had",),
    )
    if kind in ("throttled", "unavailable"):
        assert type(found).__name__ == "Retry"
        assert found.throttled == (kind == "throttled")
        assert kind == "unavailable" or 6 <= found.after <= 8
    elif kind == "scope" and type(found).__name__ == "Fail":
        assert found.kind in ("scope", "denied")  # where nothing tells them apart
    else:
        assert (type(found).__name__, found.kind) == ("Fail", kind)


@pytest.mark.looptime
async def test_pages_end_in_order_without_loss(pair, monkeypatch):
    """No row, one, a full page, one more and many: each comes once, in its order."""
    connector, resource = pair
    size = size_of(resource)
    several = sorted({0, 1, size, size + 1, 2 * size + 3})
    wanted = [0]
    own = Generic.count

    def count(self, one, account, parent=""):
        if self.name != connector.name or one.single:
            return own(self, one, account, parent)
        if one.name != resource.name:
            return 1
        return wanted[0] if parent or one.parent is None else 0  # nothing belongs to no parent

    monkeypatch.setattr(Generic, "count", count)
    async with opened(200, limits=False) as (world, client):
        account = next(world.world.having(connector.name, "healthy"))
        user = world.world.user_id(account.user)
        for rows in several:
            wanted[0] = rows
            run = await client.read(name_of(pair), user, on_error="ignore")
            mine = run.frame[run.frame["external_account_id"] == account.eac]
            assert len(mine) == rows, run.outcomes[["status", "message"]].to_dict()
            if resource.key and rows:
                assert not mine.duplicated([*resource.key]).any()
                places = [int(str(one).rpartition("-")[2]) for one in mine[resource.key[-1]]]
                if resource.newest == {}:  # such a listing is in the order of time
                    assert mine[resource.changed].dropna().is_monotonic_decreasing
                else:
                    assert places == sorted(places)


@pytest.mark.looptime
async def test_a_foreign_next_address_is_refused(pair, monkeypatch):
    """Where a page names its next one's address, another host gets no token and no request."""
    connector, resource = pair
    if not isinstance(resource.paging, NextUrl | LinkHeader):
        pytest.skip("its pages name no addresses")
    own = Generic.count

    def count(self, one, account, parent=""):
        two_pages = self.name == connector.name and one.name == resource.name
        return size_of(resource) + 1 if two_pages else own(self, one, account, parent)

    monkeypatch.setattr(Generic, "count", count)
    async with opened(200, faults=[f"{connector.name}:foreign_next"], limits=False) as (world, client):
        account = next(world.world.having(connector.name, "large"))
        run = await client.read(name_of(pair), world.world.user_id(account.user), on_error="ignore")
    if resource.parent is None:
        assert "foreign_origin" in set(run.outcomes["reason"].dropna())
    assert not [one for one in world.requests if "foreign" in one.host]
