"""A visitor who calls a sandbox in process, and the vendors' specifications to hold its answers against."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import httpx
import jsonschema
import pytest
import yaml

from socialconnect.sandbox import Sandbox

SHARED = Path(os.environ.get("SOCIALCONNECT_SHARED") or Path(__file__).parents[3] / "shared")


class Visitor:
    """Calls a sandbox as a client would, at the services' real addresses."""

    def __init__(self, **settings) -> None:
        self.sandbox = Sandbox(**settings)
        self.world = self.sandbox.world
        transport = httpx.ASGITransport(self.sandbox.app)
        self.http = httpx.AsyncClient(transport=transport, headers={"user-agent": "visitor/1"})

    async def clerk(self, path, *, key=None, **params):
        headers = {"authorization": f"Bearer {self.sandbox.secret_key if key is None else key}"}
        return await self.http.get(f"https://api.clerk.com/v1{path}", params=params, headers=headers)

    async def tokens(self, account, **params):
        user = self.world.user_id(account.user)
        return await self.clerk(f"/users/{user}/oauth_access_tokens/oauth_{account.provider}", **params)

    async def token(self, account):
        answer = await self.tokens(account)
        assert answer.status_code == 200, answer.text
        return next(item["token"] for item in answer.json() if item["external_account_id"] == account.eac)

    async def get(self, url, token, **headers):
        sent = {"authorization": f"Bearer {token}", "notion-version": "2022-06-28"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.get(url, headers=sent)

    async def read(self, account, url, **headers):
        return await self.get(url, await self.token(account), **headers)

    def first(self, provider, situation):
        return next(self.world.having(provider, situation))


class Native:
    """A program that acts as a user over the Frontend API, with the newest client token that it was given."""

    def __init__(self, visitor):
        self.visitor = visitor
        self.token = ""
        self.session = ""

    async def send(self, method, path, form=None, headers=None, **query):
        sent = {"authorization": self.token} if self.token else {}
        if path.startswith("/me"):
            query.setdefault("_clerk_session_id", self.session)
        answer = await self.visitor.http.request(
            method,
            f"https://clerk.sandbox.example/v1{path}",
            params={"_is_native": "1", **query},
            data=form,
            headers={**sent, **(headers or {})},
        )
        self.token = answer.headers.get("authorization", self.token)
        return answer

    async def sign_in(self, user, seconds=60):
        sandbox = self.visitor.sandbox
        ticket = sandbox.instance.tickets.create(user, seconds, sandbox.clock.now())
        answer = await self.redeem(ticket)
        if answer.status_code == 200:
            self.session = answer.json()["response"]["created_session_id"] or ""
        return answer

    async def redeem(self, ticket):
        return await self.send("POST", "/client/sign_ins", {"strategy": "ticket", "ticket": ticket.token})

    async def create(self, strategy, url="https://accounts.sandbox.example/user", **form):
        return await self.send("POST", "/me/external_accounts", {"strategy": strategy, "redirect_url": url, **form})

    async def reauthorize(self, eac, url="https://accounts.sandbox.example/user", **form):
        path = f"/me/external_accounts/{eac}/reauthorize"
        return await self.send("PATCH", path, {"redirect_url": url, **form})


@pytest.fixture
def acting():
    """Makes a program that acts as a user of a visitor's sandbox."""
    return Native


@pytest.fixture
def visit():
    """Makes a visitor of a new sandbox."""
    return Visitor


@pytest.fixture
def visitor():
    """A visitor of a sandbox of 200 users."""
    return Visitor()


def _plain(node):
    """OpenAPI's `nullable` said as JSON Schema says it."""
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    found = {key: _plain(value) for key, value in node.items() if key not in ("nullable", "discriminator")}
    return {"anyOf": [found, {"type": "null"}]} if node.get("nullable") is True else found


def _open(node):
    """Notion closes objects that it goes on to extend by allOf, which no record could satisfy."""
    if isinstance(node, list):
        return [_open(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {key: _open(value) for key, value in node.items() if key != "additionalProperties"}


@pytest.fixture(scope="session")
def validator():
    """Gives the validator of one schema of one specification: `validator("github-subset.json", "repository")`."""
    documents = {}

    def make(name, schema):
        path = SHARED / "specs" / name
        if not path.exists():
            pytest.skip(f"{name} is not here")
        if name not in documents:
            # Clerk's pattern of a strategy forgets one of Clerk's own: oauth_linkedin_oidc
            text = path.read_text("utf-8").replace("[a-z]+$", "[a-z_]+$")
            loaded = yaml.safe_load(text) if name.endswith("yml") else json.loads(text)
            plain = _plain(loaded["components"])
            documents[name] = _open(plain) if "notion" in name else plain
        root = {"$ref": f"#/components/schemas/{schema}", "components": documents[name]}
        return jsonschema.Draft202012Validator(root)

    return make


@pytest.fixture(scope="session")
def discovery():
    """Gives a Google discovery document."""

    def load(name):
        path = SHARED / "specs" / name
        if not path.exists():
            pytest.skip(f"{name} is not here")
        return json.loads(path.read_text("utf-8"))

    return load


@pytest.fixture
def pass_time():
    """Lets virtual time pass."""
    return asyncio.sleep
