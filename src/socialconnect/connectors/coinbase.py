"""Coinbase: the user behind the token, their wallets and fiat accounts, and the transactions of each."""

from __future__ import annotations

from socialconnect.reading.decide import ErrorRule, Manners
from socialconnect.reading.declare import Budget, Column, Connector, Parent, Profile, Resource, columns
from socialconnect.reading.paginate import NextUrl

_DOCS = "https://docs.cdp.coinbase.com/coinbase-app"
_API = f"{_DOCS}/track-apis"
_PAGING = NextUrl("pagination.next_uri")  # relative, null or empty at the end

_ANY = (400, 401, 402, 403)
_ID = "errors[].id|error"
_RULES = (
    ErrorRule("throttled", status=(429,), wait=("retry-after", "60")),
    ErrorRule("token", status=_ANY, at=_ID, values=("expired_token", "revoked_token", "invalid_token")),
    ErrorRule("scope", status=_ANY, at=_ID, values=("invalid_scope", "insufficient_scope")),
    ErrorRule(
        "denied",
        status=_ANY,
        at=_ID,
        values=("two_factor_required",),
        cure="Coinbase wants a second factor from the user for this, which no reading here can give.",
    ),
    ErrorRule(
        "denied",
        status=_ANY,
        at=_ID,
        values=(
            *("personal_details_required", "identity_verification_required", "jumio_verification_required"),
            *("jumio_face_match_verification_required", "unverified_email"),
        ),
        cure="The user has to finish at Coinbase what it asks of them there, such as proving who they are.",
    ),
)


def _money(name: str) -> tuple[Column, ...]:
    """An amount as a number, as Coinbase's own text, and in which currency."""
    return (
        Column(name, "Float64", f"{name}.amount", form="text"),
        Column(f"{name}_text", "string", f"{name}.amount"),
        Column(f"{name}_currency", "category", f"{name}.currency"),
    )


_EXACT = "The columns that end in _text hold amounts as Coinbase sends them: a Float64 loses digits of long ones."

connector = Connector(
    "coinbase",
    "https://api.coinbase.com",
    (
        Resource(
            "profile",
            "/v2/user",
            doc="The Coinbase user behind the token.",
            source=f"{_API}/users",
            records="data",
            single=True,
            fuller={
                "wallet:user:email": "the address",
                "wallet:user:read": "the country, the native currency, the time zone and the time of joining",
            },
            key=("id",),
            columns=(
                *columns("string", "id name username", personal=True),
                *columns("string", "location=profile_location bio=profile_bio", personal=True),
                *columns("string", "email", personal=True),
                Column("country", "category", "country.code", personal=True),
                *columns("category", "native_currency"),
                *columns("category", "time_zone", personal=True),
                *columns("string", "profile_url avatar_url", personal=True),
                *columns("datetime", "created_at"),
                *columns("string", "resource_path", personal=True),
            ),
            notes=(
                "Every token may read the public part.",
                "Which scope brings which further field is not documented in full: a column may stay empty.",
            ),
        ),
        Resource(
            "accounts",
            "/v2/accounts",
            doc="The user's accounts: wallets of one currency each, fiat accounts and vaults, with their balances.",
            source=f"{_API}/accounts",
            query={"limit": 100},
            records="data",
            paging=_PAGING,
            scopes=("wallet:accounts:read",),
            key=("id",),
            changed="updated_at",
            columns=(
                *columns("string", "id name", personal=True),
                *columns("category", "type"),
                *columns("boolean", "primary"),
                Column("currency", "string", fill="{currency.code}|{currency}"),
                Column("currency_name", "string", "currency.name"),
                *_money("balance"),
                *columns("datetime", "created_at updated_at"),
                *columns("string", "resource_path", personal=True),
            ),
            usual=2.0,
            notes=(
                _EXACT,
                "There is an account for every currency that Coinbase knows, most of them with nothing in it.",
                "Some accounts have their currency's code for an id, and no times.",
                "A page may hold fewer than 100. Which wallets are shown depends on what the user chose on connecting.",
            ),
        ),
        Resource(
            "transactions",
            "/v2/accounts/{account}/transactions",
            doc="What went into and out of each account: trades, transfers, deposits, withdrawals and rewards.",
            source=f"{_API}/transactions",
            query={"limit": 100},
            records="data",
            paging=_PAGING,
            parent=Parent(
                "accounts",
                "account",
                name="account_id",
                carry={"account_name": "name"},
                usual=20,
                personal=True,
                note="An id of accounts.",
            ),
            scopes=("wallet:transactions:read",),
            key=("account_id", "id"),
            columns=(
                *columns("string", "id"),
                *columns("category", "type status"),
                *_money("amount"),
                *_money("native_amount"),
                *columns("string", "description", na=("",), personal=True),
                *columns("datetime", "created_at updated_at"),
                Column("network", "category", "network.network_name|network.name"),
                Column("network_status", "category", "network.status"),
                Column("network_hash", "string", "network.hash", personal=True),
                Column("to_type", "category", "to.resource"),
                Column("to_address", "string", "to.address", personal=True),
                Column("from_type", "category", "from.resource"),
                *columns("string", "resource_path", personal=True),
            ),
            notes=(
                _EXACT,
                "An amount below 0 went out. native_amount is the same in the user's own currency, of that moment.",
                "One listing for each account, of which users have many: name those that matter.",
                "A trade is a transaction in each of its two accounts. Newer answers may leave updated_at out.",
            ),
        ),
    ),
    title="Coinbase",
    doc="Profiles, accounts and transactions of Coinbase users.",
    source=f"{_DOCS}/api-architecture/versioning",
    api_version="2022-01-06",  # the one of Coinbase's own examples: without it the app's setting would decide
    version_header="cb-version",
    manners=Manners(
        rules=_RULES,
        message="errors[0].message|error_description|error|message",
        codes=_ID,
    ),
    budgets=(Budget(10_000, 3600),),
    profile=Profile(
        handle="username",
        name="name",
        email="email",
        avatar_url="avatar_url",
        profile_url="profile_url",
        created_at="created_at",
    ),
)
