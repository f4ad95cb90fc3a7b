"""Box: the account behind the token, and what stands in its folders."""

from __future__ import annotations

from socialconnect.reading.decide import ErrorRule, Manners
from socialconnect.reading.declare import Budget, Column, Connector, Param, Profile, Resource, columns
from socialconnect.reading.paginate import Cursor

_DOCS = "https://developer.box.com"
_API = "/2.0"

# Whoever names fields gets those alone, beside id, type and etag.
_OF_USER = (
    "id,type,name,login,created_at,modified_at,language,timezone,space_amount,space_used,max_upload_size,status,"
    "job_title,phone,avatar_url,role,enterprise"
)
_OF_ITEM = (
    "id,type,name,size,created_at,modified_at,content_created_at,content_modified_at,owned_by,created_by,parent,sha1,"
    "etag,item_status,description,shared_link,extension,path_collection"
)

connector = Connector(
    "box",
    "https://api.box.com",
    (
        Resource(
            "profile",
            f"{_API}/users/me",
            doc="The Box account behind the token.",
            source=f"{_DOCS}/reference/get-users-me/",
            query={"fields": _OF_USER},
            single=True,
            key=("id",),
            changed="modified_at",
            columns=(
                *columns("string", "id name login", personal=True),
                *columns("datetime", "created_at modified_at"),
                *columns("string", "language timezone", personal=True),
                *columns("Int64", "space_amount space_used max_upload_size"),
                *columns("category", "status"),
                *columns("string", "job_title phone", na=("",), personal=True),
                *columns("string", "avatar_url", personal=True),
                *columns("category", "role"),
                *columns("string", "id name", under="enterprise"),
            ),
            notes=(
                "login is the e-mail address.",
                "role and enterprise are empty for accounts outside of an enterprise.",
            ),
        ),
        Resource(
            "folder_items",
            f"{_API}/folders/{{folder}}/items",
            doc="The files, folders and web links in one folder: the user's topmost unless another is named.",
            source=f"{_DOCS}/reference/get-folders-id-items/",
            query={"usemarker": "true", "limit": 1000, "fields": _OF_ITEM},
            records="entries",
            paging=Cursor("next_marker", "marker"),
            params=(Param("folder", into="path", default="0", note="A folder's id; '0', the topmost, by default."),),
            scopes=("root_readonly",),
            key=("type", "id"),
            changed="modified_at",
            columns=(
                *columns("string", "id"),
                *columns("category", "type"),
                *columns("string", "name", personal=True),
                *columns("Int64", "size"),
                *columns("datetime", "created_at modified_at content_created_at content_modified_at"),
                Column("owner", "string", "owned_by.login", personal=True),
                Column("created_by", "string", "created_by.login", personal=True),
                Column("parent_id", "string", "parent.id"),
                *columns("string", "sha1 etag"),
                *columns("category", "item_status"),
                Column("description", "string", na=("",), personal=True),
                Column("shared_link", "string", "shared_link.url", personal=True),
                Column("extension", "string", na=("",)),
                Column("path", "list", "path_collection.entries[].name", personal=True),
            ),
            notes=(
                "What stands in its folders is not listed: ask for those by their ids (type is 'folder').",
                "Files, folders and web links stand side by side: what a kind has not is empty, as sha1 of folders.",
                "path names the folders above, the topmost first; total_count is not read, for it counts no rows.",
            ),
        ),
    ),
    title="Box",
    doc="Profiles of Box users and the content of their folders.",
    source=f"{_DOCS}/reference/",
    manners=Manners(
        rules=(
            ErrorRule("scope", status=(403,), at="code", values=("insufficient_scope",)),
            # Without a body, where the gateway says it.
            ErrorRule("scope", status=(403,), header="www-authenticate=insufficient_scope"),
            # It may be the user who lacks it, or the app: only Box's own pages can tell.
            ErrorRule(
                "denied",
                status=(403,),
                at="code",
                values=("access_denied_insufficient_permissions",),
                cure="Check that the user sees it in Box, and that the app's scopes allow it in its developer console.",
            ),
            ErrorRule(
                "refused", status=(405,), cure="Pass a folder's id: the digits at the end of its address in Box."
            ),
            ErrorRule("throttled", status=(429,), wait=("retry-after", "5")),
            ErrorRule("unavailable", status=(202,), wait=("retry-after", "5")),
        ),
        message="message|error_description|error",
        codes="code",
        trace="box-request-id|body:request_id",
        implies={"root_readwrite": ("root_readonly",)},
    ),
    budgets=(Budget(1000, 60),),
    profile=Profile(
        name="name",
        email="login",
        avatar_url="avatar_url",
        locale="language",
        created_at="created_at",
    ),
)
