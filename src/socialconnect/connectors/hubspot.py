"""HubSpot: the account behind the token and who connected it, and its contacts, companies, deals and owners."""

from __future__ import annotations

from socialconnect.reading.decide import ErrorRule, Manners
from socialconnect.reading.declare import Budget, Column, Connector, Param, Profile, Resource, columns
from socialconnect.reading.paginate import Cursor

_DOCS = "https://developers.hubspot.com/docs"
_PAGING = Cursor("paging.next.after", "after")
_ARCHIVED = Param("archived", bool, note="True lists those alone that were deleted, which HubSpot keeps for a while.")
_SCOPES = "errors[].context.requiredGranularScopes|errors[].context.missingScopes|context.missingScopes"

_RULES = (
    ErrorRule(
        "throttled",
        status=(429,),
        at="policyName",
        values=("DAILY",),
        give_up=True,
        cure="This HubSpot account's requests of today are used up: come back tomorrow.",
    ),
    # Retry-After is not promised; the window of ten seconds is told in milliseconds.
    ErrorRule("throttled", status=(429,), wait=("retry-after", "ms:x-hubspot-ratelimit-interval-milliseconds", "10")),
    ErrorRule("scope", status=(403,), at="category", values=("MISSING_SCOPES",), required=f"body:{_SCOPES}"),
    ErrorRule("unavailable", status=(502, 503, 504), wait=("retry-after", "5")),
    ErrorRule("unavailable", status=(423,), wait=("retry-after", "2")),  # locked by another change
    ErrorRule("unavailable", status=(477,), wait=("retry-after", "60"), most=600),  # it moves to another region
)


_LIFE = (
    *columns("datetime", "created_at=createdAt updated_at=updatedAt"),
    *columns("boolean", "archived"),
    *columns("datetime", "archived_at=archivedAt"),
    Column("properties", "json", on_request=True, personal=True),
)
_NOTES = (
    "Other properties, such as an account's own: pass their names as properties, and take the column properties.",
    "A listing cannot be asked for changes alone; 100 records a page are what HubSpot is known to bear.",
)


def _property(names: str, *, personal: bool = False) -> tuple[Column, ...]:
    """Columns that hold properties as the texts that they are; an empty one is none."""
    return columns("string", names, under="properties", prefix="", na=("",), personal=personal)


def _word(names: str, *, personal: bool = False) -> tuple[Column, ...]:
    """The same for texts of which there are few."""
    return columns("category", names, under="properties", prefix="", na=("",), personal=personal)


def _objects(name: str, doc: str, properties: str, own: tuple[Column, ...], *, people: bool = False) -> Resource:
    """One kind of CRM record. Only the properties that are asked for come."""
    return Resource(
        name,
        f"/crm/objects/{{version}}/{name}",
        doc=doc,
        source=f"{_DOCS}/api-reference/latest/crm/objects/{name}/get-{name}",
        query={"limit": 100, "properties": properties.replace(" ", ",")},
        records="results",
        paging=_PAGING,
        params=(
            Param("properties", many=True, note="Names of properties, instead of those that have columns."),
            _ARCHIVED,
        ),
        scopes=(f"crm.objects.{name}.read",),
        key=("id",),
        changed="updated_at",
        columns=(*columns("string", "id", personal=people), *own, *_LIFE),
        usual=3.0,
        notes=_NOTES,
    )


connector = Connector(
    "hubspot",
    "https://api.hubapi.com",
    (
        Resource(
            "profile",
            "/account-info/{version}/details",
            doc="The HubSpot account (portal) behind the token, and what Clerk knows of who connected it.",
            source=f"{_DOCS}/api-reference/latest/account/account-information/get-account-details",
            single=True,
            key=("portal_id", "own_id"),
            columns=(
                Column("portal_id", "string", "portalId", form="text"),
                Column("own_id", "string", of_account="provider_user_id", personal=True),
                Column("email", "string", of_account="email_address", personal=True),
                Column("first_name", "string", of_account="first_name", personal=True),
                Column("last_name", "string", of_account="last_name", personal=True),
                *columns("category", "account_type=accountType time_zone=timeZone company_currency=companyCurrency"),
                *columns("list", "additional_currencies=additionalCurrencies"),
                *columns("category", "ui_domain=uiDomain data_hosting_location=dataHostingLocation"),
                *columns("string", "utc_offset=utcOffset"),
                *columns("Int64", "utc_offset_ms=utcOffsetMilliseconds"),
            ),
            notes=(
                "HubSpot tells of the account alone: own_id, email and the names are what Clerk knows.",
                "It wants the scope oauth, which every connection has, listed or not.",
                "What HubSpot says of a token itself is never asked for: that address would hold the token.",
            ),
        ),
        _objects(
            "contacts",
            "The people in the account's CRM.",
            "email firstname lastname phone company website lifecyclestage hs_lead_status hubspot_owner_id "
            "city country",
            (
                *_property("email firstname lastname phone company website", personal=True),
                *_word("lifecyclestage hs_lead_status"),
                *_property("hubspot_owner_id", personal=True),
                *_property("city", personal=True),
                *_word("country", personal=True),
            ),
            people=True,
        ),
        _objects(
            "companies",
            "The companies in the account's CRM.",
            "name domain website industry phone city country lifecyclestage hubspot_owner_id numberofemployees "
            "annualrevenue",
            (
                *_property("name domain website"),
                *_word("industry"),
                *_property("phone city"),
                *_word("country lifecyclestage"),
                *_property("hubspot_owner_id", personal=True),
                *columns(
                    "Float64", "numberofemployees annualrevenue", under="properties", prefix="", form="text", na=("",)
                ),
            ),
        ),
        _objects(
            "deals",
            "The deals in the account's CRM, with their amounts and stages.",
            "dealname amount deal_currency_code dealstage pipeline closedate hs_is_closed_won hubspot_owner_id",
            (
                *_property("dealname", personal=True),
                *columns("Float64", "amount", under="properties", prefix="", form="text", na=("",)),
                *_word("deal_currency_code dealstage pipeline"),
                Column("closedate", "datetime", "properties.closedate", na=("",)),
                Column("hs_is_closed_won", "boolean", "properties.hs_is_closed_won", form="text", na=("",)),
                *_property("hubspot_owner_id", personal=True),
            ),
        ),
        Resource(
            "owners",
            "/crm/owners/{version}",
            doc="The people to whom records are assigned: hubspot_owner_id elsewhere is the id here.",
            source=f"{_DOCS}/api-reference/latest/crm/owners/get-owners",
            query={"limit": 100},
            records="results",
            paging=_PAGING,
            params=(Param("email", note="Only the owner with this address."), _ARCHIVED),
            scopes=("crm.objects.owners.read",),
            key=("id",),
            changed="updated_at",
            columns=(
                *columns("string", "id email first_name=firstName last_name=lastName", personal=True),
                Column("own_id", "string", "userId", form="text", personal=True),
                *columns("category", "type"),
                *columns("boolean", "archived"),
                *columns("datetime", "created_at=createdAt updated_at=updatedAt"),
                Column("team", "string", "teams[?primary].name"),
                *columns("json", "teams"),
            ),
            notes=(
                "own_id is the user of HubSpot behind the owner. type is PERSON or QUEUE.",
                "team is the primary one of teams.",
            ),
        ),
    ),
    title="HubSpot",
    doc="Accounts, contacts, companies, deals and owners of HubSpot's CRM.",
    source=f"{_DOCS}/developer-tooling/platform/usage-guidelines",
    api_version="2026-09",
    versions=("2026-09", "2026-03"),
    manners=Manners(
        rules=_RULES,
        message="message|error_description|error",
        codes="category|errorType|policyName",
        trace="body:correlationId",
    ),
    budgets=(Budget(110, 10),),  # of each HubSpot account that connected the app
    profile=Profile(name="first_name last_name", email="email"),
)
