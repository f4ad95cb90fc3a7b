"""Xero: the person behind the token, the organisations they connected, and what those have in their books."""

from __future__ import annotations

from datetime import datetime

from socialconnect.reading.decide import ErrorRule, Manners
from socialconnect.reading.declare import Budget, Column, Connector, Param, Parent, Profile, Resource, columns
from socialconnect.reading.paginate import PageNumber

_DOCS = "https://developer.xero.com/documentation/api/accounting"
_IDENTITY = "https://identity.xero.com"
_API = "/api.xro/2.0"
_SETTINGS = ("accounting.settings.read", "accounting.settings")
_INVOICES = ("accounting.invoices.read", "accounting.invoices", "accounting.transactions.read")
_CONTACTS = ("accounting.contacts.read", "accounting.contacts")
_LACKING = (
    "Ask the user to connect Xero again and to allow it; where the scope is there, they must connect the organisation."
)

_TENANT = Parent(
    "connections",
    "tenant",
    "tenant_id",
    name="tenant_id",
    carry={"tenant_name": "tenant_name"},
    where="is_organisation",
    into="header",
    to="xero-tenant-id",
    keep=True,
    usual=1,
    note="A tenant_id of connections.",
)
_SINCE = Param(
    "modified_since", datetime, into="header", to="if-modified-since", note="Only those changed after this time."
)
_WHERE = Param("where", note="A condition as Xero writes it: 'Status==\"PAID\"'.")

_RULES = (
    ErrorRule(
        "throttled",
        status=(429,),
        header="x-rate-limit-problem=day",
        wait=("retry-after",),
        give_up=True,
        cure="This organisation's quota of today is used up: come back tomorrow.",
    ),
    ErrorRule("throttled", status=(429,), wait=("retry-after", "60"), most=300),
    # As users report it: 401 with these words means a scope that is missing, and another token would not help.
    ErrorRule("scope", status=(401,), at="Detail", values=("AuthorizationUnsuccessful",), cure=_LACKING),
    ErrorRule("scope", status=(403,), at="Detail", values=("AuthenticationUnsuccessful",), cure=_LACKING),
)


def _paged(records: str) -> PageNumber:
    """Pages by number: those without a count end with the first that is shorter than 100, Xero's own size."""
    return PageNumber("page", records=records, size=100, pages="pagination.pageCount")


_RESOURCES = (
    Resource(
        "profile",
        f"{_IDENTITY}/connect/userinfo",
        doc="The Xero user behind the token.",
        source="https://developer.xero.com/documentation/guides/oauth2/sign-in/",
        single=True,
        scopes=("openid",),
        fuller={"profile": "the names", "email": "the address"},
        key=("sub",),
        columns=(
            *columns("string", "sub xero_userid name given_name family_name email preferred_username", personal=True),
        ),
        notes=(
            "Which of these Xero sends is not documented in full: a column may stay empty.",
            "Where the scope openid was not granted, client.accounts() has what Clerk knows of the person.",
        ),
    ),
    Resource(
        "connections",
        "/connections",
        doc="The organisations and practices that the user connected, the tenants of all other resources.",
        source="https://developer.xero.com/documentation/guides/oauth2/tenants/",
        key=("tenant_id",),
        changed="updated_at",
        columns=(
            *columns("string", "id tenant_id=tenantId"),
            *columns("string", "tenant_name=tenantName", personal=True),
            *columns("category", "tenant_type=tenantType"),
            Column("is_organisation", "boolean", "tenantType", form="has", take="^ORGANISATION$"),
            *columns("string", "auth_event_id=authEventId"),
            *columns("datetime", "created_at=createdDateUtc updated_at=updatedDateUtc"),
        ),
        notes=("Practices (tenant_type PRACTICE) have no books, and are left out of the other resources.",),
    ),
    Resource(
        "invoices",
        f"{_API}/Invoices",
        doc="Sales invoices (ACCREC) and bills (ACCPAY) of each connected organisation.",
        source=f"{_DOCS}/invoices",
        query={"page": 1, "pageSize": 1000, "order": "UpdatedDateUTC"},
        records="Invoices",
        paging=_paged("Invoices"),
        parent=_TENANT,
        params=(
            _WHERE,
            Param("statuses", many=True, to="Statuses", note="Such as ['AUTHORISED', 'PAID']."),
            _SINCE,
        ),
        scopes=_INVOICES,
        key=("tenant_id", "invoice_id"),
        changed="updated_at",
        since="modified_since",
        columns=(
            *columns("string", "invoice_id=InvoiceID number=InvoiceNumber"),
            *columns("category", "type=Type status=Status"),
            *columns("string", "contact_id=ContactID contact=Name", under="Contact", prefix="", personal=True),
            *columns("string", "reference=Reference", na=("",), personal=True),
            *columns("datetime", "date=Date due_date=DueDate", form="msdate"),
            *columns("category", "currency=CurrencyCode"),
            *columns("Float64", "currency_rate=CurrencyRate sub_total=SubTotal total_tax=TotalTax total=Total"),
            *columns("Float64", "amount_due=AmountDue amount_paid=AmountPaid amount_credited=AmountCredited"),
            *columns("datetime", "fully_paid_on=FullyPaidOnDate", form="msdate"),
            *columns("boolean", "sent_to_contact=SentToContact has_attachments=HasAttachments"),
            *columns("datetime", "updated_at=UpdatedDateUTC", form="msdate"),
        ),
        notes=("Dates are days: midnight UTC here.", "The last changed come last, so nothing moves out of sight."),
    ),
    Resource(
        "contacts",
        f"{_API}/Contacts",
        doc="Customers and suppliers of each connected organisation.",
        source=f"{_DOCS}/contacts",
        query={"page": 1, "pageSize": 1000, "order": "UpdatedDateUTC"},
        records="Contacts",
        paging=_paged("Contacts"),
        parent=_TENANT,
        params=(_WHERE, Param("include_archived", bool, to="includeArchived", note="True adds those."), _SINCE),
        scopes=_CONTACTS,
        key=("tenant_id", "contact_id"),
        changed="updated_at",
        since="modified_since",
        columns=(
            *columns("string", "contact_id=ContactID name=Name first_name=FirstName last_name=LastName", personal=True),
            *columns("string", "email=EmailAddress tax_number=TaxNumber", na=("",), personal=True),
            *columns("string", "account_number=AccountNumber company_number=CompanyNumber", na=("",), personal=True),
            *columns("category", "status=ContactStatus"),
            *columns("boolean", "is_supplier=IsSupplier is_customer=IsCustomer"),
            Column("phone", "string", "Phones[?PhoneType=DEFAULT].PhoneNumber", na=("",), personal=True),
            Column("city", "string", "Addresses[?AddressType=POBOX].City", na=("",), personal=True),
            Column("country", "string", "Addresses[?AddressType=POBOX].Country", na=("",), personal=True),
            Column("receivable", "Float64", "Balances.AccountsReceivable.Outstanding"),
            Column("receivable_overdue", "Float64", "Balances.AccountsReceivable.Overdue"),
            Column("payable", "Float64", "Balances.AccountsPayable.Outstanding"),
            Column("payable_overdue", "Float64", "Balances.AccountsPayable.Overdue"),
            *columns("boolean", "has_attachments=HasAttachments"),
            *columns("datetime", "updated_at=UpdatedDateUTC", form="msdate"),
        ),
        notes=("city and country are those of the postal address (POBOX).",),
    ),
    Resource(
        "accounts",
        f"{_API}/Accounts",
        doc="The chart of accounts of each connected organisation.",
        source=f"{_DOCS}/accounts",
        records="Accounts",
        parent=_TENANT,
        params=(_WHERE, _SINCE),
        scopes=_SETTINGS,
        key=("tenant_id", "account_id"),
        changed="updated_at",
        since="modified_since",
        columns=(
            *columns("string", "account_id=AccountID code=Code name=Name"),
            *columns("category", "type=Type class=Class status=Status tax_type=TaxType"),
            *columns(
                "string", "description=Description bank_account_number=BankAccountNumber", na=("",), personal=True
            ),
            *columns("category", "bank_account_type=BankAccountType currency=CurrencyCode system=SystemAccount"),
            *columns("string", "reporting_code=ReportingCode"),
            *columns("boolean", "enable_payments=EnablePaymentsToAccount show_in_claims=ShowInExpenseClaims"),
            *columns("boolean", "has_attachments=HasAttachments"),
            *columns("datetime", "updated_at=UpdatedDateUTC", form="msdate"),
        ),
        notes=("bank_account_number is there for accounts of type BANK.",),
    ),
    Resource(
        "organisation",
        f"{_API}/Organisation",
        doc="Each connected organisation: its names, currency, country, tax and financial year.",
        source=f"{_DOCS}/organisation",
        records="Organisations",
        parent=_TENANT,
        scopes=_SETTINGS,
        key=("tenant_id", "organisation_id"),
        drop=("APIKey",),
        columns=(
            *columns("string", "organisation_id=OrganisationID"),
            *columns("string", "name=Name legal_name=LegalName", personal=True),
            *columns("string", "short_code=ShortCode"),
            *columns("category", "type=OrganisationType entity_type=OrganisationEntityType status=OrganisationStatus"),
            *columns("category", "version=Version edition=Edition class=Class base_currency=BaseCurrency"),
            *columns("category", "country=CountryCode timezone=Timezone"),
            *columns("string", "tax_number=TaxNumber registration_number=RegistrationNumber", personal=True),
            *columns("boolean", "is_demo=IsDemoCompany pays_tax=PaysTax"),
            *columns("Int64", "year_end_day=FinancialYearEndDay year_end_month=FinancialYearEndMonth"),
            *columns("category", "sales_tax_basis=SalesTaxBasis sales_tax_period=SalesTaxPeriod"),
            *columns("datetime", "period_lock_date=PeriodLockDate created_at=CreatedDateUTC", form="msdate"),
            *columns("datetime", "end_of_year_lock_date=EndOfYearLockDate", form="msdate"),
        ),
        notes=("The old APIKey that Xero sends along is never read.",),
    ),
    Resource(
        "users",
        f"{_API}/Users",
        doc="Who may work in each connected organisation, and in which role.",
        source=f"{_DOCS}/users",
        records="Users",
        parent=_TENANT,
        params=(_WHERE, _SINCE),
        scopes=_SETTINGS,
        key=("tenant_id", "xero_user_id"),
        changed="updated_at",
        since="modified_since",
        columns=(
            *columns("string", "xero_user_id=UserID", personal=True),
            *columns("string", "email=EmailAddress first_name=FirstName last_name=LastName", personal=True),
            *columns("category", "role=OrganisationRole"),
            *columns("boolean", "is_subscriber=IsSubscriber"),
            *columns("datetime", "updated_at=UpdatedDateUTC", form="msdate"),
        ),
    ),
)

connector = Connector(
    "xero",
    "https://api.xero.com",
    _RESOURCES,
    title="Xero",
    doc="Organisations that a Xero user connected, with invoices, contacts, accounts and users.",
    source="https://developer.xero.com/documentation/api/accounting/overview",
    origins=(_IDENTITY,),
    headers={"accept": "application/json"},  # XML comes without it
    manners=Manners(
        rules=_RULES,
        message="Detail|Elements[0].ValidationErrors[0].Message|Message|error_description|error",
        trace="xero-correlation-id",
        implies={name: (f"{name}.read",) for name in ("accounting.settings", "accounting.contacts")},
    ),
    budgets=(Budget(60, 60),),  # of one organisation: with several, Xero bears more
    concurrency=5,
    profile=Profile(handle="preferred_username", name="name", email="email"),
)
