"""Slack: the person behind the token in their workspace, that workspace's members and its channels.

Slack says what went wrong in answers with the status 200: `{"ok": false, "error": …}`.
"""

from __future__ import annotations

from socialconnect.reading.decide import ErrorRule, Manners
from socialconnect.reading.declare import Asks, Budget, Column, Connector, Param, Profile, Resource, columns
from socialconnect.reading.paginate import Cursor

_DOCS = "https://docs.slack.dev"
_METHODS = f"{_DOCS}/reference/methods"
_PAGES = Cursor("response_metadata.next_cursor", "cursor")
_SIZE = Param("page_size", int, least=1, most=999, to="limit", note="200 by default, as Slack advises.")
_TEAM = Param("team", to="team_id", note="A workspace, where the token is one of a whole organisation.")
_BESIDE = "Signing in with Slack does not grant this scope by itself, as far as is known: the app must ask for it too."
_ACCOUNT = "'https://slack.com/{}'"
_ANY = (200, 400, 401, 403, 404)

_RULES = (
    ErrorRule("throttled", status=(429,), wait=("retry-after", "30")),
    ErrorRule(
        "throttled", status=(200,), at="error", values=("ratelimited", "rate_limited"), wait=("retry-after", "30")
    ),
    ErrorRule(
        "token",
        status=_ANY,
        at="error",
        values=("invalid_auth", "not_authed", "token_expired", "token_revoked", "account_inactive"),
    ),
    ErrorRule(
        "scope", status=_ANY, at="error", values=("missing_scope",), required="body:needed", granted="body:provided"
    ),
    ErrorRule(
        "denied",
        status=_ANY,
        at="error",
        values=("no_permission", "team_access_not_granted", "access_denied", "not_allowed_token_type"),
        cure="This is up to the workspace, its plan or the kind of token: ask an administrator of it.",
    ),
    ErrorRule(
        "unavailable",
        status=(200,),
        at="error",
        values=("fatal_error", "internal_error", "service_unavailable", "request_timeout"),
    ),
    ErrorRule("refused", status=(200,), at="ok", values=("False",)),
)

connector = Connector(
    "slack",
    "https://slack.com",
    (
        Resource(
            "profile",
            "/api/openid.connect.userInfo",
            doc="The person behind the token, as signing in with Slack tells of them, with their workspace.",
            source=f"{_METHODS}/openid.connect.userInfo",
            single=True,
            scopes=("openid",),
            fuller={"profile": "the names and the picture", "email": "the address"},
            key=("sub",),
            columns=(
                *columns("string", "sub", personal=True),
                Column("slack_user_id", "string", _ACCOUNT.format("user_id"), personal=True),
                *(Column(name, "string", _ACCOUNT.format(name)) for name in ("team_id", "team_name", "team_domain")),
                *columns("string", "name given_name family_name email", personal=True),
                *columns("boolean", "email_verified"),
                *columns("datetime", "email_verified_at=date_email_verified", form="s"),
                *columns("string", "picture", personal=True),
                *columns("category", "locale", personal=True),
            ),
            notes=("Who is in several workspaces connects Slack once for each: a token belongs to one.",),
        ),
        Resource(
            "identity",
            "/api/auth.test",
            doc="Whom the token speaks for, and in which workspace: what needs no scope at all.",
            source=f"{_METHODS}/auth.test",
            single=True,
            key=("team_id", "slack_user_id"),
            columns=(
                *columns("string", "slack_user_id=user_id user", personal=True),
                *columns("string", "team_id team url"),
            ),
        ),
        Resource(
            "users",
            "/api/users.list",
            doc="The members of the workspace, with bots and those who left.",
            source=f"{_METHODS}/users.list",
            query={"limit": 200},
            records="members",
            paging=_PAGES,
            params=(_TEAM, _SIZE),
            scopes=("users:read",),
            fuller={"users:read.email": "the addresses"},
            key=("team_id", "id"),
            changed="updated",
            columns=(
                *columns("string", "id", personal=True),
                *columns("string", "team_id"),
                *columns("string", "name real_name", personal=True),
                *columns("string", "display_name email title", under="profile", prefix="", na=("",), personal=True),
                *columns("category", "tz", personal=True),
                *columns("Int64", "tz_offset", personal=True),
                *columns("boolean", "is_bot is_admin is_owner is_restricted deleted"),
                *columns("datetime", "updated", form="s"),
                Column("avatar", "string", "profile.image_192", personal=True),
            ),
            usual=2.0,
            notes=(
                _BESIDE,
                "Members of a connected workspace are listed too: their team_id is another one.",
                "tz_offset is in seconds. Of members who left, Slack tells little besides the name.",
            ),
        ),
        Resource(
            "channels",
            "/api/conversations.list",
            doc="The workspace's public channels and the user's private ones, those in use.",
            source=f"{_METHODS}/conversations.list",
            query={"limit": 200},
            records="channels",
            paging=_PAGES,
            asks=Asks("types", "public_channel", {"groups:read": "private_channel"}),
            params=(
                Param(
                    "types",
                    choices=("public_channel", "private_channel", "mpim", "im"),
                    many=True,
                    note="Each needs a scope: channels:read, groups:read, mpim:read, im:read. By default two of them.",
                ),
                Param("exclude_archived", bool, default=True, note="False adds those that were archived."),
                _TEAM,
                _SIZE,
            ),
            scopes=("channels:read", "groups:read", "mpim:read", "im:read"),
            fuller={"groups:read": "private channels"},
            key=("id",),
            columns=(
                *columns("string", "id"),
                *columns("string", "name", personal=True),
                *columns("boolean", "is_private is_archived is_general is_member is_shared"),
                *columns("Int64", "num_members"),
                *columns("datetime", "created", form="s"),
                *columns("string", "creator", personal=True),
                *columns("string", "topic=topic.value purpose=purpose.value", na=("",), personal=True),
            ),
            usual=2.0,
            notes=(
                _BESIDE,
                "Slack refuses the call where one type lacks its scope: private ones are asked for only with theirs.",
                "A direct message has no name. Slack may give fewer than page_size of a page, or none, and go on.",
            ),
        ),
    ),
    title="Slack",
    doc="Profiles, workspace members and channels of Slack users.",
    source=f"{_DOCS}/apis/web-api/",
    manners=Manners(
        rules=_RULES,
        message="error",
        codes="error",
        trace="x-slack-req-id",
        granted="x-oauth-scopes",
    ),
    # Of each method, by workspace and app: people of one workspace share what is counted here for each of them.
    budgets=(
        Budget(20, 60, at="https://slack.com/api/users.list"),
        Budget(20, 60, at="https://slack.com/api/conversations.list"),
    ),
    profile=Profile(
        name="name",
        email="email",
        email_verified="email_verified",
        avatar_url="picture",
        locale="locale",
    ),
)
