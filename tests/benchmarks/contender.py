"""socialconnect as a contender of the measuring server: the public client, with everything on.

Loaded by the server's driver as `ours:tests/benchmarks/contender.py`; it must end in the same columns as all others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pandas as pd

import socialconnect as sc
from socialconnect.clerk.models import AccessToken

if TYPE_CHECKING:
    from collections.abc import Callable

_REPOS = [
    "id",
    "node_id",
    "name",
    "full_name",
    "private",
    "owner_login",
    "owner_id",
    "owner_type",
    "html_url",
    "description",
    "fork",
    "url",
    "created_at",
    "updated_at",
    "pushed_at",
    "homepage",
    "size",
    "stargazers_count",
    "watchers_count",
    "language",
    "has_issues",
    "has_wiki",
    "forks_count",
    "archived",
    "disabled",
    "open_issues_count",
    "license_spdx_id",
    "visibility",
    "default_branch",
    "topics",
    "perm_admin",
]
_USERS = [
    "external_id",
    "username",
    "first_name",
    "last_name",
    "primary_email_address_id",
    "email",
    "image_url",
    "has_image",
    "password_enabled",
    "two_factor_enabled",
    "totp_enabled",
    "backup_code_enabled",
    "banned",
    "locked",
    "created_at",
    "updated_at",
    "last_sign_in_at",
    "last_active_at",
    "providers",
    "public_metadata",
    "external_accounts",
]
_NOTION = ["id", "name", "avatar_url", "type", "person_email", "bot_workspace_name"]
_RATE = {"F": "100/1s"}  # what the server allows; elsewhere it has no limit


def get(base: str, workload: str) -> Callable[[str, dict[str, object]], pd.DataFrame]:
    """The job of one workload: (workload, parameters) to the finished frame."""
    origins = ("https://api.clerk.com", "https://api.github.com", "https://api.notion.com")
    rate = _RATE.get(workload, "1000000/1s")
    settings = sc.Settings.make(
        secret_key="sk_test_bench",
        base_urls=dict.fromkeys(origins, base),
        budgets=dict.fromkeys(origins, rate),
    )
    _warm(settings)
    jobs = {"C": _users, "D": _notion, "A": _one, "E": _one}

    def job(name: str, params: dict[str, object]) -> pd.DataFrame:
        return jobs.get(name, _many)(settings, params)

    return job


def _warm(settings: sc.Settings) -> None:
    """Load what is loaded on first use: imports are not measured."""
    client = sc.sandbox(users=3)
    client.users()
    for resource in ("github.repos", "notion.users"):
        client.read(resource, columns=["id"], on_error="ignore")
    with sc.Client(settings=settings) as real:
        real.connectors["github"]


def _many(settings: sc.Settings, params: dict[str, object]) -> pd.DataFrame:
    ids = params["ids"]
    assert isinstance(ids, list)
    run = sc.Client(settings=settings).read("github.repos", ids, columns=_REPOS, on_error="raise")
    return _renamed(run.frame)


def _one(settings: sc.Settings, params: dict[str, object]) -> pd.DataFrame:
    return _renamed(_with_token(settings, str(params["token"])).github.repos("user_0", columns=_REPOS))


def _notion(settings: sc.Settings, params: dict[str, object]) -> pd.DataFrame:
    frame = _with_token(settings, str(params["token"])).notion.users("user_0", columns=_NOTION)
    return frame.rename(columns={"person_email": "email", "bot_workspace_name": "workspace_name"}).astype(
        {"type": "string"}
    )


def _users(settings: sc.Settings, params: dict[str, object]) -> pd.DataFrame:
    del params
    frame = sc.Client(settings=settings).users(columns=_USERS).rename(columns={"user_id": "id"})
    accounts = msgspec.json.Decoder(list[_Account])
    github = [
        next((one.provider_user_id for one in accounts.decode(text) if one.provider == "oauth_github"), None)
        for text in frame.pop("external_accounts")
    ]
    plans = msgspec.json.Decoder(_Metadata)
    return frame.assign(
        github_user_id=pd.array(github, "string"),
        plan=pd.array([plans.decode(text).plan for text in frame.pop("public_metadata")], "string"),
    )


class _Account(msgspec.Struct):
    provider: str
    provider_user_id: str


class _Metadata(msgspec.Struct):
    plan: str | None = None


def _with_token(settings: sc.Settings, token: str) -> sc.Client:
    """A client whose Clerk is not asked: these workloads measure one provider and one token."""
    client = sc.Client(settings=settings)

    async def tokens(*_: object) -> list[AccessToken]:
        return [AccessToken(token=sc.Secret(token), external_account_id="eac_0")]

    client.aio._clerk.tokens = tokens
    return client


def _renamed(frame: pd.DataFrame) -> pd.DataFrame:
    names = {"license_spdx_id": "license_spdx", "perm_admin": "permissions_admin", "user_id": "clerk_user_id"}
    return frame.rename(columns=names).astype({"owner_type": "string", "visibility": "string"})
