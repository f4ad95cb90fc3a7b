"""Twitch: the user behind the token, whom they follow, who of those is live, and their own videos.

Each request needs the id of the app that the token was made for, and most need the user's: the token itself tells
both (resource `token`), once. So it works with an app of one's own and with Clerk's shared one alike.
"""

from __future__ import annotations

from socialconnect.reading.decide import ErrorRule, Manners
from socialconnect.reading.declare import Budget, Column, Connector, Param, Profile, Resource, columns
from socialconnect.reading.paginate import Cursor

_DOCS = "https://dev.twitch.tv/docs"
_REFERENCE = f"{_DOCS}/api/reference"
_API = "/helix"
_PAGES = Cursor("pagination.cursor", "after")
_FOLLOWS = "user:read:follows"

connector = Connector(
    "twitch",
    "https://api.twitch.tv",
    (
        Resource(
            "profile",
            f"{_API}/users",
            doc="The Twitch user behind the token.",
            source=f"{_REFERENCE}#get-users",
            records="data[0]",
            single=True,
            fuller={"user:read:email": "the address"},
            key=("id",),
            columns=(
                *columns("string", "id login display_name", personal=True),
                *columns("category", "type broadcaster_type"),
                *columns("string", "description", personal=True),
                *columns("string", "profile_image_url offline_image_url", na=("",), personal=True),
                Column("channel_url", "string", fill="https://www.twitch.tv/{login}", personal=True),
                *columns("string", "email", personal=True),
                *columns("datetime", "created_at"),
                *columns("Int64", "view_count"),
            ),
            notes=(
                "type and broadcaster_type are empty texts for most, who are neither staff nor partner or affiliate.",
                "Twitch tells verified addresses alone. view_count is deprecated, and 0 by now.",
            ),
        ),
        Resource(
            "followed_channels",
            f"{_API}/channels/followed",
            doc="The channels that the user follows, and since when.",
            source=f"{_REFERENCE}#get-followed-channels",
            query={"user_id": "{me}", "first": 100},
            records="data",
            paging=_PAGES,
            scopes=(_FOLLOWS,),
            key=("broadcaster_id",),
            changed="followed_at",
            newest={},
            additions=True,
            columns=(
                *columns("string", "broadcaster_id broadcaster_login broadcaster_name", personal=True),
                *columns("datetime", "followed_at"),
            ),
        ),
        Resource(
            "followed_streams",
            f"{_API}/streams/followed",
            doc="The live streams of the channels that the user follows.",
            source=f"{_REFERENCE}#get-followed-streams",
            query={"user_id": "{me}", "first": 100},
            records="data",
            paging=_PAGES,
            scopes=(_FOLLOWS,),
            key=("id",),
            columns=(
                *columns("string", "id"),
                *columns(
                    "string",
                    "broadcaster_id=user_id broadcaster_login=user_login broadcaster_name=user_name",
                    personal=True,
                ),
                *columns("string", "game_id game_name", na=("",)),
                *columns("category", "type"),
                *columns("string", "title", personal=True),
                *columns("Int64", "viewer_count"),
                *columns("datetime", "started_at"),
                *columns("category", "language"),
                *columns("list", "tags"),
                *columns("boolean", "is_mature"),
                *columns("string", "thumbnail_url", personal=True),
            ),
            notes=(
                "Streams move while they are read, for those with the most viewers come first: one may come twice.",
                "thumbnail_url has {width} and {height} in it, for whoever wants the picture to fill in.",
            ),
        ),
        Resource(
            "videos",
            f"{_API}/videos",
            doc="The user's own published videos: past broadcasts, highlights and uploads.",
            source=f"{_REFERENCE}#get-videos",
            query={"user_id": "{me}", "first": 100},
            records="data",
            paging=_PAGES,
            params=(
                Param("type", choices=("all", "archive", "highlight", "upload")),
                Param("period", choices=("all", "day", "month", "week")),
                Param("sort", choices=("time", "trending", "views")),
            ),
            key=("id",),
            changed="created_at",
            newest={"sort": "time"},
            additions=True,
            columns=(
                *columns("string", "id stream_id"),
                *columns("string", "title", personal=True),
                *columns("datetime", "created_at published_at"),
                *columns("string", "url"),
                *columns("Int64", "view_count"),
                *columns("category", "language type"),
                Column("duration", "Int64", form="duration"),
            ),
            notes=("duration is in seconds. Only an archive has the stream_id of its broadcast.",),
        ),
        Resource(
            "token",
            "https://id.twitch.tv/oauth2/validate",
            doc="What Twitch knows of the token: the app that it was made for, its user and its scopes.",
            source=f"{_DOCS}/authentication/validate-tokens/",
            scheme="OAuth",
            single=True,
            key=("own_id",),
            columns=(
                *columns("string", "client_id"),
                *columns("string", "login own_id=user_id", personal=True),
                *columns("list", "scopes"),
                *columns("Int64", "expires_in"),
            ),
            notes=(
                "Every other resource asks for it first, once for each token: its requests need client_id and own_id.",
                "expires_in is in seconds. A token of an app, not of a user, has no login and no own_id.",
            ),
        ),
    ),
    title="Twitch",
    doc="Profiles, followed channels, live streams and videos of Twitch users.",
    source=_DOCS,
    origins=("https://id.twitch.tv",),
    headers={"client-id": "{client_id}"},
    binds={"client_id": "token.client_id", "me": "token.own_id"},
    manners=Manners(
        rules=(
            ErrorRule("throttled", status=(429,), wait=("epoch:ratelimit-reset", "retry-after", "5")),
            # 401 for this too, where another token would not help
            ErrorRule("scope", status=(401, 403), text=r"missing scope"),
        ),
        message="message|error",
        remaining="ratelimit-remaining",
        reset="ratelimit-reset",
    ),
    budgets=(Budget(800, 60, at="https://api.twitch.tv"),),
    profile=Profile(
        handle="login",
        name="display_name",
        email="email",
        avatar_url="profile_image_url",
        profile_url="channel_url",
        created_at="created_at",
    ),
)
