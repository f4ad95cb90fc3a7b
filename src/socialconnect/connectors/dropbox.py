"""Dropbox: the account behind the token, its files and folders, and how much room they take. Every call is a POST."""

from __future__ import annotations

from socialconnect.reading.decide import ErrorRule, Manners
from socialconnect.reading.declare import Column, Connector, Gone, Param, Profile, Resource, Sync, columns
from socialconnect.reading.paginate import BodyCursor

_DOCS = "https://www.dropbox.com/developers/documentation/http/documentation"
_TAG = "error.'.tag'"
_PATH = "error.path.'.tag'"

# 409 is how Dropbox says that a call found something else than it looked for: it is no conflict.
_RULES = (
    ErrorRule("scope", status=(401,), at=_TAG, values=("missing_scope",), required="body:error.required_scope"),
    ErrorRule(
        "denied",
        status=(401,),
        at=_TAG,
        values=("user_suspended", "route_access_denied"),
        cure="Dropbox or the user's team has closed this to the account.",
    ),
    ErrorRule(
        "setup",
        status=(400,),
        text=r"not permitted to access this endpoint",
        cure="Allow the scope to the app under Permissions in Dropbox's App Console; then users must connect again.",
    ),
    ErrorRule(
        "not_found",
        status=(409,),
        at=_PATH,
        values=("not_found", "not_folder"),
        cure="Check the path: it begins with a slash, and the topmost folder is an empty text.",
    ),
    ErrorRule("denied", status=(409,), at=_PATH, values=("restricted_content", "locked")),
    ErrorRule(
        "refused",
        status=(409,),
        at=_TAG,
        values=("reset",),
        cure="The folder changed too much while it was read: read it again.",
    ),
    ErrorRule("throttled", status=(429,), wait=("retry-after", "body:error.retry_after", "1")),
)

connector = Connector(
    "dropbox",
    "https://api.dropboxapi.com",
    (
        Resource(
            "profile",
            "/2/users/get_current_account",
            doc="The Dropbox account behind the token.",
            source=f"{_DOCS}#users-get_current_account",
            method="POST",
            single=True,
            scopes=("account_info.read",),
            key=("account_id",),
            columns=(
                *columns("string", "account_id", personal=True),
                *columns("string", "display_name given_name surname", under="name", prefix="", personal=True),
                *columns("string", "email", personal=True),
                *columns("boolean", "email_verified disabled"),
                *columns("category", "country locale", personal=True),
                Column("account_type", "category", "account_type.'.tag'"),
                *columns("boolean", "is_paired"),
                *columns("string", "profile_photo_url", personal=True),
                *columns("string", "id name", under="team"),
                *columns("string", "team_member_id", personal=True),
                Column("root_namespace_id", "string", "root_info.root_namespace_id"),
            ),
            notes=(
                "It is asked for without a body and a content type: Dropbox is said to refuse an empty object.",
                "is_paired tells whether the user has a personal and a work account.",
            ),
        ),
        Resource(
            "files",
            "/2/files/list_folder",
            doc="The files and folders in one folder: the user's topmost unless another is named.",
            source=f"{_DOCS}#files-list_folder",
            method="POST",
            json={"path": "", "recursive": False, "limit": 2000},
            records="entries",
            paging=BodyCursor("cursor", "cursor", more="has_more", path="/2/files/list_folder/continue", alone=True),
            params=(
                Param(
                    "path",
                    into="body",
                    pattern=r"|/.+|id:.+|ns:\d+(/.*)?",
                    note="A folder such as '/Homework'; an empty text is the topmost.",
                ),
                Param("recursive", bool, into="body", note="True adds what is in the folders below."),
                Param("include_deleted", bool, into="body", note="True adds what was there once."),
                Param("include_mounted_folders", bool, into="body", note="False leaves out shared and team folders."),
                Param("page_size", int, least=1, most=2000, into="body", to="limit", note="2,000 by default."),
            ),
            scopes=("files.metadata.read",),
            key=("id", "path_lower"),
            changed="server_modified",
            sync=Sync(
                "cursor",
                "cursor",
                path="/2/files/list_folder/continue",
                gone=Gone("tag", "deleted", by=("path_lower",), inside=True),
            ),
            columns=(
                Column("tag", "category", "'.tag'"),
                *columns("string", "id"),
                *columns("string", "name path_lower path_display", personal=True),
                *columns("Int64", "size"),
                *columns("datetime", "client_modified server_modified"),
                *columns("string", "rev content_hash"),
                *columns("boolean", "is_downloadable"),
                Column(
                    "shared_folder_id", "string", "sharing_info.parent_shared_folder_id|sharing_info.shared_folder_id"
                ),
            ),
            notes=(
                "tag is file, folder or, with include_deleted, deleted: that has a name and a path alone.",
                "client_modified is what the user's device said; only server_modified tells of changes.",
                "page_size is kept roughly: pages may hold a few more.",
                "Paths begin at the user's own folder: what a team shares beside it is not listed.",
            ),
        ),
        Resource(
            "space",
            "/2/users/get_space_usage",
            doc="How many bytes the account uses and may use.",
            source=f"{_DOCS}#users-get_space_usage",
            method="POST",
            single=True,
            scopes=("account_info.read",),
            key=("account_id",),
            columns=(
                Column("account_id", "string", of_account="provider_user_id", personal=True),
                *columns("Int64", "used"),
                Column("allocated", "Int64", "allocation.allocated"),
                Column("allocation", "category", "allocation.'.tag'"),
                Column("team_used", "Int64", "allocation.used"),
            ),
            notes=(
                "Where allocation is team, allocated and team_used are those of the whole team.",
                "account_id is what Clerk knows the account by: Dropbox tells no id beside these figures.",
            ),
        ),
    ),
    title="Dropbox",
    doc="Profiles of Dropbox users, their files and folders, and the room that they take.",
    source=_DOCS,
    manners=Manners(
        rules=_RULES,
        message="error_summary|user_message.text|error_description|error",
        trace="x-dropbox-request-id",
    ),
    profile=Profile(
        name="display_name",
        email="email",
        email_verified="email_verified",
        avatar_url="profile_photo_url",
        locale="locale",
    ),
)
