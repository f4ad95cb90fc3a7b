"""Facebook: the person behind the token, the Pages that they manage and what they posted.

Which fields there are depends on the version of the Graph API, which the setting `api_versions` may choose.
"""

from __future__ import annotations

from datetime import datetime

from socialconnect.reading.decide import ErrorRule, Manners
from socialconnect.reading.declare import Budget, Connector, Param, Profile, Resource, columns
from socialconnect.reading.paginate import Cursor, NextUrl

_DOCS = "https://developers.facebook.com/docs/graph-api"
_AT = "error.code"
_ERRORS = (400, 401, 403)
_HELD = "Facebook wants the user to log in there and to settle something first; then they connect again."

_RULES = (
    ErrorRule("token", status=_ERRORS, at="error.error_subcode", values=("459", "464"), cure=_HELD),
    ErrorRule("token", status=_ERRORS, at=_AT, values=("190", "102")),
    ErrorRule(
        "throttled",
        status=(*_ERRORS, 429),
        at=_AT,
        # of the app, the user, a page of results, this kind of call, and of Pages
        values=("4", "17", "32", "613", "341", "80001"),
        wait=("json:x-business-use-case-usage:estimated_time_to_regain_access:60", "retry-after", "300"),
    ),
    ErrorRule(
        "scope",
        status=_ERRORS,
        at=_AT,
        values=("10", *map(str, range(200, 300))),
        cure="Ask the user to connect Facebook again and to allow it; Facebook must have approved your app for it too.",
    ),
    ErrorRule("unavailable", status=_ERRORS, at=_AT, values=("1", "2"), tries=3),
    ErrorRule("denied", status=_ERRORS, at=_AT, values=("368",), cure="Facebook's policies block this for a while."),
    ErrorRule(
        "setup",
        status=_ERRORS,
        text=r"appsecret_proof",
        cure="Turn off 'Require App Secret' among the advanced settings of your app at developers.facebook.com.",
    ),
)

connector = Connector(
    "facebook",
    "https://graph.facebook.com",
    (
        Resource(
            "profile",
            "/{version}/me",
            doc="The Facebook user behind the token.",
            source=f"{_DOCS}/reference/user/",
            query={"fields": "id,name,first_name,middle_name,last_name,short_name,email,picture.width(200)"},
            single=True,
            scopes=("public_profile",),
            fuller={"email": "the address"},
            key=("id",),
            columns=(
                *columns("string", "id name first_name middle_name last_name short_name email", personal=True),
                *columns("string", "url", under="picture.data", prefix="picture_", personal=True),
                *columns("boolean", "is_silhouette", under="picture.data", prefix=""),
            ),
            notes=(
                "id is the user's for your app alone: another app sees another one.",
                "email is empty where the user has none, did not confirm it or did not allow it.",
                "Where is_silhouette is True the picture is nobody's. The address of a picture ends after some time.",
            ),
        ),
        Resource(
            "pages",
            "/{version}/me/accounts",
            doc="The Facebook Pages on which the user has a task.",
            source=f"{_DOCS}/reference/user/accounts/",
            query={"fields": "id,name,category,tasks,fan_count,followers_count,link,username", "limit": 100},
            records="data",
            paging=Cursor("paging.cursors.after", "after", more="paging.next"),
            scopes=("pages_show_list",),
            key=("id",),
            drop=("access_token",),  # each Page's own
            columns=(
                *columns("string", "id"),
                *columns("string", "name", personal=True),
                *columns("category", "category"),
                *columns("list", "tasks"),
                *columns("Int64", "fan_count followers_count"),
                *columns("string", "link username", personal=True),
            ),
            notes=(
                "Only the named fields are asked for: by default Facebook would send a token of each Page.",
                "A field that the token may not see is left out without a word.",
                "A page of them may be short, or empty, with more behind it.",
            ),
        ),
        Resource(
            "posts",
            "/{version}/me/posts",
            doc="What the user posted.",
            source=f"{_DOCS}/reference/user/feed/",
            query={"fields": "id,message,story,created_time,permalink_url,status_type", "limit": 100},
            records="data",
            # Posts are cut by time or by cursors, and only the address says which; the token in it is taken out.
            paging=NextUrl("paging.next"),
            params=(
                Param("since", datetime, form="s", note="Only those from this time on."),
                Param("until", datetime, form="s", note="Only those up to this time."),
            ),
            scopes=("user_posts",),
            key=("id",),
            changed="created_time",
            since="since",
            additions=True,
            columns=(
                *columns("string", "id"),
                *columns("string", "message story", personal=True),
                *columns("datetime", "created_time"),
                *columns("string", "permalink_url", personal=True),
                *columns("category", "status_type"),
            ),
            notes=(
                "Facebook grants user_posts only to apps that it has reviewed.",
                "Facebook recommends no more than six months between since and until.",
                "message is what the user wrote, story what Facebook says about the post.",
            ),
        ),
    ),
    title="Facebook",
    doc="Profiles, Pages and posts of Facebook users.",
    source=f"{_DOCS}/overview/rate-limiting/",
    manners=Manners(
        rules=_RULES,
        message="error.message|error_description|error",
        codes=_AT,
        trace="body:error.fbtrace_id|x-fb-trace-id",
    ),
    api_version="v25.0",
    versions=("v26.0", "v25.0"),
    budgets=(Budget(200, 3600),),  # an app may make so many for each of its users in an hour
    profile=Profile(name="name", email="email", avatar_url="picture_url"),
)
