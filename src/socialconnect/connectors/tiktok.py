"""TikTok: the user behind the token, and their public videos."""

from __future__ import annotations

from socialconnect.reading.decide import ErrorRule, Manners
from socialconnect.reading.declare import Asks, Budget, Connector, Param, Profile, Resource, columns
from socialconnect.reading.paginate import BodyCursor

_DOCS = "https://developers.tiktok.com/doc"
_ORIGIN = "https://open.tiktokapis.com"
_PROFILE, _STATS = "user.info.profile", "user.info.stats"

_VIDEO = (
    "id create_time cover_image_url share_url video_description duration height width title embed_link "
    "like_count comment_count share_count view_count"
)

# Every answer has an error, `ok` where there is none; the code decides, whatever status it comes with.
_ANY = (200, 400, 401, 403)
_WAIT = ("retry-after", "60")  # the window is a minute; no header is documented
_RULES = (
    ErrorRule(
        "scope",
        status=_ANY,
        at="error.code",
        values=("scope_not_authorized", "scope_permission_missed"),
        cure="Ask the user to connect TikTok again and to allow it; people may untick each permission there.",
    ),
    ErrorRule("token", status=_ANY, at="error.code", values=("access_token_invalid",)),
    ErrorRule("throttled", status=(200, 429), at="error.code", values=("rate_limit_exceeded",), wait=_WAIT),
    ErrorRule("throttled", status=(429,), wait=_WAIT),
    ErrorRule("unavailable", status=(200,), at="error.code", values=("internal_error",)),
    ErrorRule("refused", status=(200,), at="error.code", but=("ok",)),
)

connector = Connector(
    "tiktok",
    _ORIGIN,
    (
        Resource(
            "profile",
            "/v2/user/info/",
            doc="The TikTok user behind the token.",
            source=f"{_DOCS}/tiktok-api-v2-get-user-info",
            asks=Asks(
                "fields",
                "open_id union_id avatar_url display_name",
                {
                    _PROFILE: "bio_description profile_deep_link is_verified username",
                    _STATS: "follower_count following_count likes_count video_count",
                },
            ),
            records="data.user",
            single=True,
            scopes=("user.info.basic",),
            fuller={
                _PROFILE: "the username, the biography, the link and whether it is verified",
                _STATS: "the counts of followers, likes and videos",
            },
            key=("open_id",),
            columns=(
                *columns("string", "open_id union_id", personal=True),
                *columns("string", "display_name avatar_url username", personal=True),
                *columns("string", "bio=bio_description profile_url=profile_deep_link", personal=True),
                *columns("boolean", "is_verified"),
                *columns("Int64", "followers=follower_count following=following_count"),
                *columns("Int64", "likes=likes_count videos=video_count"),
            ),
            notes=(
                "open_id is another one in each app; union_id is the same in all apps of one developer.",
                "TikTok tells nobody's e-mail address.",
                "A field without its scope would fail the whole call, so only those that were granted are asked for.",
                "Whether every TikTok connection has user.info.basic is for the app to see to.",
            ),
        ),
        Resource(
            "videos",
            "/v2/video/list/",
            doc="The user's public videos, the newest first, with how often they were seen and liked.",
            source=f"{_DOCS}/tiktok-api-v2-video-list",
            method="POST",
            query={"fields": _VIDEO.replace(" ", ",")},
            json={"max_count": 20},
            records="data.videos",
            paging=BodyCursor("data.cursor", "cursor", more="data.has_more"),
            params=(
                Param(
                    "before",
                    int,
                    least=1,
                    into="body",
                    to="cursor",
                    note="Only those posted before this moment, in milliseconds since 1970.",
                ),
            ),
            scopes=("video.list",),
            key=("id",),
            changed="created_at",
            newest={},
            additions=True,
            columns=(
                *columns("string", "id"),
                *columns("string", "title description=video_description", personal=True),
                *columns("datetime", "created_at=create_time", form="s"),
                *columns("Int64", "duration width height"),
                *columns("Int64", "views=view_count likes=like_count comments=comment_count shares=share_count"),
                *columns("string", "share_url", personal=True),
                *columns("string", "embed_link"),
                *columns("string", "cover_url=cover_image_url", personal=True),
            ),
            usual=2.0,
            notes=(
                "A page holds 20 videos at most: 50 requests for 1,000.",
                "duration is in seconds. cover_url holds for some hours only: fetch the picture soon.",
                "Counts move all the time, and a video whose owner made it private is no longer there.",
            ),
        ),
    ),
    title="TikTok",
    doc="Profiles and videos of TikTok users.",
    source=f"{_DOCS}/display-api-overview",
    manners=Manners(
        rules=_RULES,
        message="error.message|error.code|error_description|error",
        codes="error.code",
        trace="body:error.log_id",
    ),
    # 600 in a sliding minute for each endpoint
    budgets=tuple(Budget(600, 60, "host", f"{_ORIGIN}/v2/{at}/") for at in ("user/info", "video/list")),
    profile=Profile(handle="username", name="display_name", avatar_url="avatar_url", profile_url="profile_url"),
)
