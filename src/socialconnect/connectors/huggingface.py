"""Hugging Face: the account behind the token, and the models, datasets and Spaces under its name."""

from __future__ import annotations

from socialconnect.reading.decide import ErrorRule, Manners
from socialconnect.reading.declare import Budget, Column, Connector, Param, Profile, Resource, columns
from socialconnect.reading.paginate import LinkHeader

_DOCS = "https://huggingface.co/docs"
_FIELDS = "author createdAt lastModified likes private sha tags trendingScore"
_COLUMNS = (
    *columns("string", "id author", personal=True),
    *columns("string", "sha"),
    *columns("boolean", "private"),
    *columns("Int64", "likes"),
    *columns("Float64", "trending_score=trendingScore"),
    *columns("list", "tags"),
    *columns("datetime", "created_at=createdAt last_modified=lastModified"),
)
_USED = (*columns("string", "gated", form="text"), *columns("Int64", "downloads"))
_SORTS = ("createdAt", "lastModified", "likes", "trendingScore")
_GATED = Param("gated", bool, note="True gives those alone that ask for an agreement, False the others.")
_NOTES = (
    "Those of organisations are under their names: pass one of the profile's orgs as author.",
    "The newest come first, so that what is added meanwhile moves nothing.",
    "created_at of what is older than March 2022 is 2022-03-02, when Hugging Face began to note it.",
)
_USE = (
    "gated is auto or manual where somebody must agree to terms first, else false.",
    "downloads are those of the last 30 days.",
)


def _listing(
    name: str,
    doc: str,
    further: str,
    own: tuple[Column, ...],
    *,
    params: tuple[Param, ...] = (),
    notes: tuple[str, ...] = (),
    sorts: tuple[str, ...] = _SORTS,
) -> Resource:
    """One kind of repository. Only the fields in `expand` come; without it not even author and times would.

    Hugging Face's own JavaScript client asks for 500 at once; how many there may be is not documented.
    """
    fields = tuple(f"{_FIELDS} {further}".split())
    return Resource(
        name,
        f"/api/{name}",
        doc=doc,
        source=f"{_DOCS}/huggingface_hub/package_reference/hf_api#huggingface_hub.HfApi.list_{name}",
        query={"author": "{me}", "limit": 500, "sort": "createdAt", "expand": fields},
        paging=LinkHeader(),
        params=(
            Param(
                "author", note="An organisation or somebody else instead of the user: what the token sees of theirs."
            ),
            Param("search", note="Words in the name."),
            Param("filter", many=True, repeat=True, note="Tags that all must have, such as ['license:mit']."),
            *params,
            Param("sort", choices=sorts, note="The highest first; by default the newest."),
        ),
        fuller={"read-repos": "private ones"},
        key=("id",),
        changed="last_modified",
        newest={"sort": "lastModified"},
        columns=(*_COLUMNS, *own),
        notes=(*_NOTES, *notes),
    )


connector = Connector(
    "huggingface",
    "https://huggingface.co",
    (
        Resource(
            "profile",
            "/oauth/userinfo",
            doc="The Hugging Face account behind the token.",
            source=f"{_DOCS}/hub/oauth",
            single=True,
            scopes=("profile",),
            fuller={"email": "the address", "read-billing": "can_pay", "read-memberships": "the organisations"},
            key=("sub",),
            columns=(
                *columns("string", "sub preferred_username name email", personal=True),
                *columns("boolean", "email_verified"),
                *columns("string", "picture profile", personal=True),
                *columns("string", "website", na=("",), personal=True),
                *columns("boolean", "is_pro=isPro can_pay=canPay"),
                Column("orgs", "list", "orgs[].preferred_username", personal=True),
            ),
            notes=(
                "sub stays when somebody takes another name, preferred_username does not.",
                "orgs are those that the user let the app see.",
            ),
        ),
        _listing(
            "models",
            "The models under the user's name.",
            "downloads gated library_name pipeline_tag",
            (*_USED, *columns("category", "pipeline_tag library_name")),
            params=(Param("pipeline_tag", note="What they are for, such as 'text-generation'."), _GATED),
            notes=_USE,
            sorts=(*_SORTS, "downloads"),
        ),
        _listing(
            "datasets",
            "The datasets under the user's name.",
            "downloads gated",
            _USED,
            params=(_GATED,),
            notes=_USE,
            sorts=(*_SORTS, "downloads"),
        ),
        _listing(
            "spaces",
            "The Spaces, which are small apps, under the user's name.",
            "runtime sdk subdomain",
            (
                *columns("category", "sdk"),
                *columns("string", "subdomain", personal=True),
                *columns("category", "stage=stage hardware=hardware.current", under="runtime", prefix=""),
            ),
        ),
    ),
    title="Hugging Face",
    doc="Profiles, models, datasets and Spaces of Hugging Face users.",
    source=f"{_DOCS}/hub/rate-limits",
    manners=Manners(
        rules=(
            # Every answer has this header: it tells the wait only where the quota of five minutes is used up.
            ErrorRule("throttled", status=(429,), header="ratelimit=r=0", wait=("item:ratelimit;t", "60"), most=310),
            ErrorRule("throttled", status=(429,), wait=("retry-after", "60"), most=310),
        ),
        message="error|message|error_description",
        trace="x-request-id|x-amzn-trace-id",
        implies={"manage-repos": ("write-repos",), "write-repos": ("read-repos",)},
    ),
    budgets=(Budget(1000, 300),),  # of a free account; paid ones may call more often
    binds={"me": "profile.preferred_username"},
    profile=Profile(
        handle="preferred_username",
        name="name",
        email="email",
        email_verified="email_verified",
        avatar_url="picture",
        profile_url="profile",
    ),
)
