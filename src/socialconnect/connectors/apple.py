"""Apple: who signed in, as Clerk has it; there is no interface that a token of Sign in with Apple could ask."""

from __future__ import annotations

from socialconnect.reading.declare import Column, Connector, Profile, Resource

_DOCS = "https://developer.apple.com/documentation/signinwithapple"
_RELAY = r"@privaterelay\.appleid\.com$"

connector = Connector(
    "apple",
    "https://appleid.apple.com",
    (
        Resource(
            "profile",
            identity=True,
            doc="The Apple account that somebody signed in with, out of Clerk's own record of it: nobody is asked.",
            source=f"{_DOCS}/authenticating-users-with-sign-in-with-apple",
            key=("sub",),
            columns=(
                Column("sub", "string", "provider_user_id", personal=True),
                Column("email", "string", "email_address", personal=True),
                Column("email_verified", "boolean", "email_address_verified"),
                Column("is_private_email", "boolean", "email_address", form="has", take=_RELAY),
                Column("first_name", "string", personal=True),
                Column("last_name", "string", personal=True),
            ),
            notes=(
                "Apple has no REST interface for these tokens: there is nothing else to read.",
                "sub is the person's id in your team of developers: another team's apps see another one.",
                "Apple tells the name once, as the person first agrees: whoever signed in before has none.",
                "Addresses at privaterelay.appleid.com are ordinary: Apple passes on what is sent to them.",
                "The claims of Apple's id_token are not read: email_verified is Clerk's word, NA where it has none.",
                "is_private_email is told by the address.",
            ),
        ),
    ),
    title="Apple",
    doc="Who signed in with Apple.",
    source="https://developer.apple.com/sign-in-with-apple/get-started/",
    profile=Profile(name="first_name last_name", email="email", email_verified="email_verified"),
)
