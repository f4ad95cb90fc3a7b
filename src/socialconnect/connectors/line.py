"""LINE: the profile behind the token, which is all that LINE Login lets anybody read."""

from __future__ import annotations

from socialconnect.reading.decide import Manners
from socialconnect.reading.declare import Column, Connector, Profile, Resource, columns

_DOCS = "https://developers.line.biz/en"

connector = Connector(
    "line",
    "https://api.line.me",
    (
        Resource(
            "profile",
            "/v2/profile",
            doc="The LINE user behind the token, with the address that Clerk knows of.",
            source=f"{_DOCS}/reference/line-login/#get-user-profile",
            single=True,
            scopes=("profile",),
            key=("line_user_id",),
            columns=(
                *columns("string", "line_user_id=userId display_name=displayName", personal=True),
                *columns("string", "picture_url=pictureUrl status_message=statusMessage", personal=True),
                Column("email", "string", of_account="email_address", personal=True),
            ),
            notes=(
                "line_user_id differs between LINE providers (groups of channels): compare it within one of them.",
                "LINE tells the address in the id_token alone, where the channel may ask for it: email is Clerk's.",
                "Users change their name, picture and status message at any time: only line_user_id identifies them.",
                "Without a picture or a status message those are NA.",
            ),
        ),
    ),
    title="LINE",
    doc="Profiles of LINE users.",
    source=f"{_DOCS}/docs/line-login/managing-users/",
    # LINE tells neither its limits nor how long to wait: the usual growing delays apply.
    manners=Manners(message="message|error_description|error", trace="x-line-request-id"),
    profile=Profile(name="display_name", email="email", avatar_url="picture_url"),
)
