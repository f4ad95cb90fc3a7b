"""Discord: the user behind the token, the guilds (servers) they are in, and the accounts that they linked there."""

from __future__ import annotations

from socialconnect.reading.decide import ErrorRule, Manners
from socialconnect.reading.declare import Column, Connector, Profile, Resource, columns
from socialconnect.reading.paginate import AfterId

_DOCS = "https://discord.com/developers/docs"
_USER = f"{_DOCS}/resources/user"
_API = "/api/v10"
_CDN = "https://cdn.discordapp.com"

connector = Connector(
    "discord",
    "https://discord.com",
    (
        Resource(
            "profile",
            f"{_API}/users/@me",
            doc="The Discord user behind the token.",
            source=f"{_USER}#get-current-user",
            single=True,
            scopes=("identify",),
            fuller={"email": "email and verified"},
            key=("id",),
            columns=(
                *columns("string", "id username global_name discriminator", personal=True),
                *columns("string", "avatar", personal=True),
                Column("avatar_url", "string", fill=f"{_CDN}/avatars/{{id}}/{{avatar}}.png", personal=True),
                *columns("string", "email", personal=True),
                *columns("boolean", "verified mfa_enabled"),
                *columns("category", "locale", personal=True),
                *columns("Int64", "premium_type flags public_flags"),
                *columns("string", "banner", personal=True),
                *columns("Int64", "accent_color"),
                Column("created_at", "datetime", "id", form="snowflake"),
            ),
            notes=(
                "username is the handle; global_name is what others see, where the user set it.",
                "discriminator is 0 for users with the names of today; others still have four digits.",
                "avatar and banner are hashes; whoever has no avatar has no avatar_url either.",
                "premium_type may be missing without the scope identify.premium, which Discord gives to few apps.",
                "verified says whether the address is; without an address it says nothing.",
            ),
        ),
        Resource(
            "guilds",
            f"{_API}/users/@me/guilds",
            doc="The guilds (servers) that the user is in, with how many members each has.",
            source=f"{_USER}#get-current-user-guilds",
            query={"with_counts": "true", "limit": 200},
            paging=AfterId("after", size=200),
            scopes=("guilds",),
            key=("id",),
            columns=(
                *columns("string", "id"),
                *columns("string", "name", personal=True),
                *columns("string", "icon"),
                Column("icon_url", "string", fill=f"{_CDN}/icons/{{id}}/{{icon}}.png"),
                *columns("string", "banner"),
                *columns("boolean", "owner"),
                *columns("string", "permissions"),
                *columns("list", "features"),
                *columns("Int64", "member_count=approximate_member_count presence_count=approximate_presence_count"),
                Column("created_at", "datetime", "id", form="snowflake"),
            ),
            notes=(
                "A user can be in 200 guilds at most, so one request nearly always brings all.",
                "permissions is a set of bits as a text, because it is larger than numbers in JSON can be.",
                "The counts are Discord's estimates. Members, channels and messages need a bot's token.",
            ),
        ),
        Resource(
            "connections",
            f"{_API}/users/@me/connections",
            doc="The accounts elsewhere (Steam, GitHub, YouTube, …) that the user linked on Discord.",
            source=f"{_USER}#get-current-user-connections",
            scopes=("connections",),
            key=("type", "id"),
            columns=(
                *columns("string", "id name", personal=True),
                *columns("category", "type"),
                *columns("boolean", "verified revoked"),
                *columns("Int64", "visibility"),
                *columns("boolean", "friend_sync show_activity two_way_link"),
            ),
            notes=("visibility is 0 where only the user sees the account, 1 where everyone does.",),
        ),
    ),
    title="Discord",
    doc="Profiles, guilds and linked accounts of Discord users.",
    source=f"{_DOCS}/reference",
    # Discord wants this form: name, address, version. The address is one that belongs to nobody.
    headers={"user-agent": "DiscordBot (https://socialconnect.example, 1)"},
    manners=Manners(
        rules=(
            # The body has fractions of a second, the header whole ones.
            ErrorRule("throttled", status=(429,), wait=("body:retry_after", "retry-after", "5")),
            ErrorRule("scope", status=(403, 401, 400), at="code", values=("50026",)),
            ErrorRule("token", status=(401, 400, 403), at="code", values=("50025",)),
        ),
        message="message|error_description|error",
        codes="code",
        remaining="x-ratelimit-remaining",
        reset="x-ratelimit-reset",
    ),
    profile=Profile(
        handle="username",
        name="global_name",
        email="email",
        email_verified="verified",
        avatar_url="avatar_url",
        locale="locale",
        created_at="created_at",
    ),
)
