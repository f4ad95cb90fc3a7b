"""Spotify: the user behind the token, their playlists and library, what they hear most and what they heard last."""

from __future__ import annotations

from datetime import datetime

from socialconnect.reading.decide import ErrorRule, Manners
from socialconnect.reading.declare import Column, Connector, Param, Parent, Profile, Resource, columns
from socialconnect.reading.paginate import NextUrl

_DOCS = "https://developer.spotify.com/documentation/web-api"
_REFERENCE = f"{_DOCS}/reference"
_MIGRATION = f"{_DOCS}/tutorials/february-2026-migration-guide"
_PAGING = NextUrl("next")
_SIZE = {"limit": 50}

_RANGE = Param(
    "time_range",
    choices=("short_term", "medium_term", "long_term"),
    note="The last four weeks, six months (the default) or year.",
)
_MARKET = Param("market", pattern="[A-Z]{2}", note="A country's two letters, such as 'SE': what can be played there.")
_DEVELOPMENT = "An app in development mode is not told popularity, nor anybody's followers, since March 2026."
_RANKED = "rank is the place in Spotify's own order, which it gives no figures for."

_RULES = (
    # The wait may be hours: such a one is told, not waited for.
    ErrorRule("throttled", status=(429,), wait=("retry-after", "30"), most=600),
    ErrorRule("scope", status=(401, 403), text="Insufficient client scope|Permissions missing"),
    ErrorRule(
        "denied",
        status=(403,),
        text="User not registered|user may not be registered",
        cure="The Spotify app is in development mode, and its owner has to add this user under User Management.",
    ),
    ErrorRule(
        "denied",
        status=(403,),
        cure="Spotify refuses this to the app or the user: apps in development mode have lost some of it in 2026, and "
        f"work only while their owner has Premium ({_MIGRATION}).",
    ),
)


def _at(place: str, key: str) -> str:
    """Where a key stands in the object at any of several places."""
    return "|".join(f"{one}.{key}" if one else key for one in place.split("|"))


def _track(place: str, *, prefix: bool = True) -> tuple[Column, ...]:
    """A track's columns, out of the object at any of several places; `prefix` where the row is not the track itself."""
    named = {"id": "track_id", "name": "track"} if prefix else {}
    return (
        *(Column(named.get(key, key), "string", _at(place, key)) for key in ("id", "name")),
        Column("artists", "list", _at(place, "artists[].name")),
        Column("artist", "string", _at(place, "artists[0].name")),
        Column("album", "string", _at(place, "album.name")),
        Column("release_date", "string", _at(place, "album.release_date")),
        Column("duration_ms", "Int64", _at(place, "duration_ms")),
        Column("explicit", "boolean", _at(place, "explicit")),
        Column("popularity", "Int64", _at(place, "popularity")),
        Column("track_number", "Int64", _at(place, "track_number")),
        Column("disc_number", "Int64", _at(place, "disc_number")),
        Column("isrc", "string", _at(place, "external_ids.isrc")),
        Column("is_local", "boolean", _at(place, "is_local")),
        Column("uri", "string", _at(place, "uri")),
    )


_TRACKS = "release_date is a day, a month or a year, as Spotify knows it. Local files have no id."

connector = Connector(
    "spotify",
    "https://api.spotify.com",
    (
        Resource(
            "profile",
            "/v1/me",
            doc="The Spotify user behind the token.",
            source=f"{_REFERENCE}/get-current-users-profile",
            single=True,
            scopes=("user-read-private", "user-read-email"),
            fuller={"user-read-email": "the address", "user-read-private": "the country and the subscription"},
            key=("id",),
            columns=(
                *columns("string", "account_id id display_name uri", personal=True),
                Column("url", "string", "external_urls.spotify", personal=True),
                Column("image_url", "string", "images[0].url", personal=True),
                *columns("string", "email", personal=True),
                *columns("category", "country", personal=True),
                *columns("category", "product"),
                Column("followers", "Int64", "followers.total"),
                Column("explicit_filter", "boolean", "explicit_content.filter_enabled"),
            ),
            notes=(
                "account_id, of May 2026, stays the same for good: join on it where it is there.",
                "email, country, product, followers and explicit_filter are told to apps with extended quota alone.",
                "Spotify does not say whether the address is verified.",
            ),
        ),
        Resource(
            "playlists",
            "/v1/me/playlists",
            doc="The playlists that the user made or follows.",
            source=f"{_REFERENCE}/get-a-list-of-current-users-playlists",
            query=_SIZE,
            records="items",
            paging=_PAGING,
            scopes=("playlist-read-private",),
            fuller={"playlist-read-collaborative": "playlists that several people edit"},
            key=("id",),
            columns=(
                *columns("string", "id"),
                *columns("string", "name description", na=("",), personal=True),
                *columns("boolean", "public collaborative"),
                Column("owner_id", "string", "owner.id", personal=True),
                Column("owner", "string", "owner.display_name", personal=True),
                Column("track_count", "Int64", "items.total|tracks.total"),
                *columns("string", "snapshot_id"),
                Column("url", "string", "external_urls.spotify"),
                Column("image_url", "string", "images[0].url"),
            ),
            notes=("snapshot_id is another one whenever the playlist has changed. Addresses of pictures expire.",),
        ),
        Resource(
            "playlist_items",
            "/v1/playlists/{playlist}/items",
            doc="What is in each of the user's playlists, in its order: tracks and episodes.",
            source=f"{_REFERENCE}/get-playlists-items",
            query={**_SIZE, "additional_types": "track,episode"},
            records="items",
            paging=_PAGING,
            parent=Parent("playlists", "playlist", name="playlist_id", carry={"playlist": "name"}, usual=20),
            params=(_MARKET,),
            scopes=("playlist-read-private",),
            key=("playlist_id", "position"),
            changed="added_at",
            columns=(
                Column("position", "Int64", form="place"),
                *columns("datetime", "added_at"),
                Column("added_by", "string", "added_by.id", personal=True),
                Column("type", "category", "item.type|track.type"),
                *_track("item|track"),
            ),
            notes=(
                "Of others' playlists an app in development mode is shown nothing: the outcome is partial then.",
                "What Spotify no longer has stands there without a track. Episodes have no artists.",
                _TRACKS,
            ),
        ),
        Resource(
            "top_tracks",
            "/v1/me/top/tracks",
            doc="The tracks that the user hears most, over some weeks, months or a year.",
            source=f"{_REFERENCE}/get-users-top-artists-and-tracks",
            query=_SIZE,
            records="items",
            paging=_PAGING,
            params=(_RANGE,),
            scopes=("user-top-read",),
            key=("id",),
            columns=(Column("rank", "Int64", form="place"), *_track("", prefix=False)),
            usual=4.0,
            notes=(_RANKED, _DEVELOPMENT, _TRACKS),
        ),
        Resource(
            "top_artists",
            "/v1/me/top/artists",
            doc="The artists that the user hears most, over some weeks, months or a year.",
            source=f"{_REFERENCE}/get-users-top-artists-and-tracks",
            query=_SIZE,
            records="items",
            paging=_PAGING,
            params=(_RANGE,),
            scopes=("user-top-read",),
            key=("id",),
            columns=(
                Column("rank", "Int64", form="place"),
                *columns("string", "id name"),
                *columns("list", "genres"),
                Column("followers", "Int64", "followers.total"),
                *columns("Int64", "popularity"),
                Column("url", "string", "external_urls.spotify"),
                Column("image_url", "string", "images[0].url"),
                *columns("string", "uri"),
            ),
            usual=4.0,
            notes=(_RANKED, _DEVELOPMENT),
        ),
        Resource(
            "recently_played",
            "/v1/me/player/recently-played",
            doc="What the user heard last, the newest first: 50 tracks at most.",
            source=f"{_REFERENCE}/get-recently-played",
            query=_SIZE,
            records="items",
            paging=_PAGING,
            params=(
                Param("after", datetime, form="ms", excludes=("before",), note="Only those heard after this time."),
                Param("before", datetime, form="ms", note="Only those heard before this time."),
            ),
            scopes=("user-read-recently-played",),
            key=("played_at", "track_id"),
            changed="played_at",
            since="after",
            additions=True,
            cap=50,
            columns=(
                *columns("datetime", "played_at"),
                *_track("track"),
                Column("context_type", "category", "context.type"),
                Column("context_uri", "string", "context.uri", personal=True),
            ),
            notes=(
                "Spotify keeps the last 50 for apps: read often to have more. Episodes are not among them.",
                "context is the album, artist or playlist out of which it was played, where there was one.",
            ),
        ),
        Resource(
            "saved_tracks",
            "/v1/me/tracks",
            doc="The tracks in the user's library, those saved last first.",
            source=f"{_REFERENCE}/get-users-saved-tracks",
            query=_SIZE,
            records="items",
            paging=_PAGING,
            params=(_MARKET,),
            scopes=("user-library-read",),
            key=("track_id",),
            changed="added_at",
            newest={},
            additions=True,
            columns=(*columns("datetime", "added_at"), *_track("track")),
            usual=10.0,
            notes=("A library may hold thousands: 20 requests for 1,000.", _DEVELOPMENT, _TRACKS),
        ),
    ),
    title="Spotify",
    doc="Profiles, playlists, saved tracks and listening of Spotify users.",
    source=f"{_DOCS}/concepts/api-calls",
    manners=Manners(
        rules=_RULES,
        message="error.message|error_description|error",
    ),
    profile=Profile(
        handle="id",
        name="display_name",
        email="email",
        avatar_url="image_url",
        profile_url="url",
    ),
)
