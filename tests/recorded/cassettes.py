"""Recorded exchanges, read where they lie: four cassette formats become one value."""

from __future__ import annotations

import base64
import gzip
import json
import os
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from socialconnect.reading.messages import Response

SHARED = Path(os.environ.get("SOCIALCONNECT_SHARED") or Path(__file__).parents[3] / "shared")
RECORDED = SHARED / "recorded"


@dataclass(frozen=True)
class Exchange:
    """One request and its answer; `wire` is the body as it was sent, compressed where it was."""

    method: str
    url: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    wire: bytes = b""

    @property
    def body(self) -> bytes:
        return gzip.decompress(self.wire) if self.wire[:2] == b"\x1f\x8b" else self.wire

    def json(self) -> Any:
        return json.loads(self.body)

    def response(self) -> Response:
        return Response(self.status, self.headers, self.body)

    def at(self, url: str) -> Exchange:
        """The same answer to another request."""
        return replace(self, url=url)


def answer(status: int, body: object = b"", **headers: str) -> Exchange:
    """An answer that no cassette holds: `headers` with `_` for `-`."""
    wire = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Exchange("GET", "", status, {name.replace("_", "-"): value for name, value in headers.items()}, wire)


def shared(*parts: str) -> Path:
    """A file beside the repository; the test that needs it is skipped where it is absent."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip("needs the reference material beside the repository")
    return path


@cache
def betamax(name: str) -> tuple[Exchange, ...]:
    """github3.py's cassettes; the later ones hold every header as a list."""
    found = json.loads(shared("recorded", "github", "github3.py", f"{name}.json").read_text())["http_interactions"]
    return tuple(_betamax(item["request"], item["response"]) for item in found)


def _betamax(request: dict[str, Any], response: dict[str, Any]) -> Exchange:
    body, status = response["body"], response.get("status", response.get("status_code"))
    encoded = body.get("base64_string") if isinstance(body, dict) else None
    plain = body.get("string", "") if isinstance(body, dict) else body
    return Exchange(
        request["method"],
        request["uri"],
        status["code"] if isinstance(status, dict) else status,
        _headers(response["headers"]),
        base64.b64decode(encoded) if encoded else plain.encode(),
    )


@cache
def vcr(*parts: str) -> tuple[Exchange, ...]:
    """VCR.py's cassettes, in YAML or JSON; the older ones hold the body and the status elsewhere."""
    found = yaml.safe_load(shared("recorded", *parts).read_text(encoding="utf-8"))["interactions"]
    return tuple(_vcr(item["request"], item["response"]) for item in found)


def _vcr(request: dict[str, Any], response: dict[str, Any]) -> Exchange:
    status = response["status"]["code"] if "status" in response else response["status_code"]
    body = response["body"]["string"] if "body" in response else response["content"]
    wire = body if isinstance(body, bytes) else body.encode()
    return Exchange(request["method"], request["uri"], status, _headers(response["headers"]), wire)


@cache
def nock(name: str) -> tuple[Exchange, ...]:
    """Octokit's fixtures, as captured."""
    found = json.loads(shared("recorded", "github", "octokit-fixtures", name, "raw-fixture.json").read_text())
    return tuple(
        Exchange(
            item["method"].upper(),
            f"https://api.github.com{item['path']}",
            item["status"],
            _headers(dict(zip(item["rawHeaders"][::2], item["rawHeaders"][1::2], strict=True))),
            json.dumps(item["response"]).encode() if item["response"] != "" else b"",
        )
        for item in found
    )


def quoted(provider: str, source: str) -> Exchange:
    """An answer as somebody quoted it in a public issue; headers are what was quoted of them."""
    found = json.loads(shared("recorded", provider, "issue-transcripts", "errors.json").read_text())
    (item,) = [item for item in found if source in item["source"]]
    body = item.get("body") or ({"error": item["error_partial"]} if "error_partial" in item else {})
    return Exchange(
        "GET",
        item.get("request", ""),
        item["status"],
        _headers(item.get("headers") or item.get("headers_partial") or {}),
        json.dumps(body).encode(),
    )


def only(exchanges: tuple[Exchange, ...], status: int) -> Exchange:
    """The first exchange of a cassette that ended with `status`."""
    return next(exchange for exchange in exchanges if exchange.status == status)


def _headers(recorded: dict[str, Any]) -> dict[str, str]:
    return {name.lower(): value[0] if isinstance(value, list) else value for name, value in recorded.items()}
