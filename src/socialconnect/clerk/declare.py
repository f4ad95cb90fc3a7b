"""Clerk's Backend API, declared as any provider is.

https://clerk.com/docs/reference/backend-api and https://clerk.com/docs/guides/how-clerk-works/system-limits
"""

from __future__ import annotations

from socialconnect.reading.decide import ErrorRule, Manners
from socialconnect.reading.declare import Budget, Column, Connector, Param, Resource, columns
from socialconnect.reading.paginate import AfterId

PAGE = 500  # the most that `limit` takes: 501 silently gives 10

_LISTS = "email_address phone_number username web3_wallet external_id user_id organization_id"
_TEXTS = "query email_address_query phone_number_query username_query name_query"
_TIMES = (
    "created_at_before created_at_after last_active_at_before last_active_at_after "
    "last_sign_in_at_before last_sign_in_at_after"
)

users = Resource(
    "users",
    "/v1/users",
    doc="The instance's users, newest first.",
    source="https://clerk.com/docs/reference/backend-api/tag/users/get/users",
    query={"limit": PAGE},
    paging=AfterId("starting_after", size=PAGE),
    key=("id",),
    columns=(
        Column("id", "string"),
        *columns("string", "external_id username first_name last_name", personal=True),
        Column("email", "string", "email_addresses[id=primary_email_address_id].email_address", personal=True),
        Column("phone", "string", "phone_numbers[id=primary_phone_number_id].phone_number", personal=True),
        Column("providers", "list", "external_accounts[].provider", note="verified or not; see accounts()"),
        *columns("datetime", "created_at updated_at last_sign_in_at last_active_at", form="ms"),
        *columns("boolean", "banned locked password_enabled two_factor_enabled totp_enabled backup_code_enabled"),
        *columns("boolean", "has_image delete_self_enabled create_organization_enabled"),
        *columns("string", "locale image_url", personal=True),
        *columns("string", "primary_email_address_id primary_phone_number_id"),
        *columns("json", "public_metadata unsafe_metadata"),
        Column("legal_accepted_at", "datetime", form="ms"),
        *columns("json", "email_addresses phone_numbers external_accounts", on_request=True, personal=True),
        Column("private_metadata", "json", on_request=True, personal=True),
    ),
    params=(
        *(Param(name, many=True, repeat=True) for name in _LISTS.split()),
        *(Param(name) for name in _TEXTS.split()),
        *(Param(name, kind=int) for name in _TIMES.split()),
        Param("banned", kind=bool),
        Param("provider"),
        Param("provider_user_id", many=True, repeat=True),
    ),
)

_manners = Manners(
    message="errors[0].long_message|errors[0].message",
    codes="errors[].code",
    trace="body:clerk_trace_id|x-clerk-trace-id|cf-ray",
    rules=(
        ErrorRule("setup", status=(403,), text=r"error code: 10\d\d", cure="Clerk's edge refused this client's name."),
        # the provider refused a refresh; two at once can race, so one more try is worth it
        ErrorRule("unavailable", status=(400,), at="errors[].code", values=("oauth_token_retrieval_error",), tries=2),
    ),
)


def clerk(*, production: bool, api_version: str) -> Connector:
    """Clerk with the limits of the key's kind: 1000 requests in 10 s for production, 100 for development."""
    return Connector(
        "clerk",
        "https://api.clerk.com",
        (users,),
        title="Clerk",
        headers={"clerk-api-version": api_version},
        manners=_manners,
        budgets=(Budget(1000 if production else 100, 10, per="host"),),
        api_version=api_version,
        concurrency=32,
    )
