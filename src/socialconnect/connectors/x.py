"""X (Twitter): the user behind the token, their posts, bookmarks and likes, and who follows whom.

X asks for `tweet.fields` and answers in the names of tweets, while its own newest library speaks of posts: requests use
the documented names, and answers are read in both.
"""

from __future__ import annotations

from datetime import datetime

from socialconnect.reading.decide import ErrorRule, Manners
from socialconnect.reading.declare import Asks, Budget, Column, Connector, Param, Profile, Resource, columns
from socialconnect.reading.paginate import Cursor

_DOCS = "https://docs.x.com/x-api"
_ORIGIN = "https://api.x.com"
_PAGING = Cursor("meta.next_token", "pagination_token")

_USER = (
    "created_at description location name pinned_tweet_id profile_image_url protected public_metrics url username "
    "verified verified_type"
)
_POST = (
    "author_id,conversation_id,created_at,edit_history_tweet_ids,entities,in_reply_to_user_id,lang,note_tweet,"
    "possibly_sensitive,public_metrics,referenced_tweets,reply_settings"
)

_USER_COLUMNS = (
    *columns("string", "id username name description location url", personal=True),
    *columns("datetime", "created_at"),
    *columns("boolean", "verified"),
    *columns("category", "verified_type"),
    *columns("boolean", "protected"),
    Column("followers", "Int64", "public_metrics.followers_count"),
    Column("following", "Int64", "public_metrics.following_count"),
    Column("posts", "Int64", "public_metrics.tweet_count|public_metrics.post_count"),
    Column("listed", "Int64", "public_metrics.listed_count"),
    Column("likes", "Int64", "public_metrics.like_count"),
    *columns("string", "profile_image_url", personal=True),
    Column("pinned_post_id", "string", "pinned_tweet_id|pinned_post_id"),
)
_POST_COLUMNS = (
    *columns("string", "id"),
    Column("text", "string", "note_tweet.text|note_post.text|text", personal=True),
    *columns("datetime", "created_at"),
    *columns("string", "author_id", personal=True),
    *columns("string", "conversation_id"),
    *columns("category", "lang reply_settings"),
    Column("likes", "Int64", "public_metrics.like_count"),
    Column("reposts", "Int64", "public_metrics.retweet_count|public_metrics.repost_count"),
    Column("replies", "Int64", "public_metrics.reply_count"),
    Column("quotes", "Int64", "public_metrics.quote_count"),
    Column("bookmarks", "Int64", "public_metrics.bookmark_count"),
    Column("impressions", "Int64", "public_metrics.impression_count"),
    *columns("string", "in_reply_to_user_id", personal=True),
    Column("ref_type", "category", "referenced_tweets[0].type|referenced_posts[0].type"),
    Column("ref_id", "string", "referenced_tweets[0].id|referenced_posts[0].id"),
    *columns("boolean", "possibly_sensitive"),
    Column("hashtags", "list", "entities.hashtags[].tag", personal=True),
    Column("mentions", "list", "entities.mentions[].username", personal=True),
    Column("links", "list", "entities.urls[].expanded_url", personal=True),
    Column("edit_ids", "list", "edit_history_tweet_ids|edit_history_post_ids"),
)

_CAPS = {"posts": 3200}
_COST = "X charges the app for every post and every user that it reads: ask for no more than you need."
_TEXT = "text is the whole of a long post too. Of several posts that one refers to, ref_type and ref_id are the first."
_GONE = "Posts that are gone or protected are left out, and the outcome says so."
_POST_NOTES = (_COST, _TEXT, "A repost's text is cut short; what was reposted is ref_id.", _GONE)

_RULES = (
    ErrorRule(
        "throttled",
        status=(402, 403, 429),
        text="/problems/usage-capped",
        give_up=True,
        cure="The app has read as many posts as it may in its billing cycle: wait for the next, or raise it at X.",
    ),
    ErrorRule("throttled", status=(429,), wait=("epoch:x-rate-limit-reset", "60")),
    ErrorRule(
        "setup",
        status=(402,),
        cure="X wants to be paid for what is read: see the app's credits in X's Developer Console.",
    ),
    ErrorRule(
        "setup",
        status=(403,),
        text="/problems/client-forbidden|client-not-enrolled",
        cure="The app behind the connection has no access to this: see its access level in X's Developer Console.",
    ),
    ErrorRule(
        "denied",
        status=(403,),
        cure="X refuses this to the app or the user: see that the scopes were granted, and which access the app has.",
    ),
    # A 200 may hold errors alone, or beside what there is of the data.
    ErrorRule("not_found", status=(200,), at="errors", without="data", text="/problems/resource-not-found"),
    ErrorRule("denied", status=(200,), at="errors", without="data", text="/problems/not-authorized-for-resource"),
    ErrorRule("refused", status=(200,), at="errors", without="data"),
    ErrorRule("partial", status=(200,), at="errors"),
)


def _posts(
    name: str, path: str, doc: str, source: str, scope: str, *, params: tuple[Param, ...] = (), notes: str = ""
) -> Resource:
    """One listing of posts, the newest first; an empty one has no data at all."""
    dated = any(one.name == "start_time" for one in params)
    return Resource(
        name,
        f"/2/users/{{me}}/{path}",
        doc=doc,
        source=f"{_DOCS}/{source}",
        query={"max_results": 100, "tweet.fields": _POST},
        records="data",
        paging=_PAGING,
        params=params,
        scopes=(scope,),
        key=("id",),
        changed="created_at" if dated else "",
        since="start_time" if dated else "",
        additions=dated,
        cap=_CAPS.get(name, 0),
        columns=_POST_COLUMNS,
        usual=2.0,
        notes=(*((notes,) if notes else ()), *_POST_NOTES),
    )


def _users(name: str, doc: str) -> Resource:
    """One listing of users."""
    return Resource(
        name,
        f"/2/users/{{me}}/{name}",
        doc=doc,
        source=f"{_DOCS}/users/follows/introduction",
        query={"max_results": 1000, "user.fields": _USER.replace(" ", ",")},
        records="data",
        paging=_PAGING,
        scopes=("follows.read",),
        key=("id",),
        columns=_USER_COLUMNS,
        notes=(_COST, "X may refuse this to apps below some level of access."),
    )


connector = Connector(
    "x",
    _ORIGIN,
    (
        Resource(
            "profile",
            "/2/users/me",
            doc="The X user behind the token.",
            source=f"{_DOCS}/users/lookup/introduction",
            asks=Asks("user.fields", _USER, {"users.email": "confirmed_email"}),
            records="data",
            single=True,
            scopes=("users.read",),
            fuller={"users.email": "the confirmed address"},
            key=("id",),
            columns=(*_USER_COLUMNS, *columns("string", "confirmed_email", personal=True)),
            notes=(
                "X wants the scope tweet.read too, for this and for all else.",
                "A token lives for two hours; Clerk renews it where the scope offline.access was granted.",
                "Clerk's older connection to Twitter (OAuth 1.0a) has no token that this could use.",
            ),
        ),
        _posts(
            "posts",
            "tweets",
            "The user's own posts, with replies and reposts, the newest first.",
            "posts/timelines/introduction",
            "tweet.read",
            params=(
                Param("exclude", choices=("replies", "retweets"), many=True, note="Leaves those out."),
                Param("start_time", datetime, note="Only those made at or after this time."),
                Param("end_time", datetime, note="Only those made before this time."),
                Param("since_id", note="Only those after the post with this id."),
                Param("until_id", note="Only those before the post with this id."),
            ),
            notes="X gives the last 3,200 or so, with exclude='replies' the last 800 alone.",
        ),
        _posts(
            "bookmarks",
            "bookmarks",
            "The posts that the user has bookmarked, those bookmarked last first.",
            "posts/bookmarks/introduction",
            "bookmark.read",
        ),
        _posts(
            "likes",
            "liked_tweets",
            "The posts that the user likes, those liked last first.",
            "posts/likes/introduction",
            "like.read",
        ),
        _users("followers", "Who follows the user."),
        _users("following", "Whom the user follows."),
    ),
    title="X",
    doc="Profiles, posts, bookmarks, likes and follows of X (Twitter) users.",
    source=f"{_DOCS}/introduction",
    manners=Manners(
        rules=_RULES,
        message="errors[0].detail|errors[0].message|detail|title|error_description|error",
        codes="type|errors[].type|errors[].code",
        remaining="x-rate-limit-remaining",
        reset="x-rate-limit-reset",
    ),
    # Each address has a limit of its own, from 75 to 900 in a quarter of an hour; the headers tell it.
    budgets=(Budget(75, 900, at=f"{_ORIGIN}/2/users/me"),),
    binds={"me": "profile.id"},
    profile=Profile(
        handle="username",
        name="name",
        email="confirmed_email",
        avatar_url="profile_image_url",
        created_at="created_at",
    ),
)
