"""`check`: what is in place, and the first thing that is not."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from socialconnect.cli import check
from socialconnect.connectors import Connectors

WORLD = ["--sandbox", "--users", "7"]


def checks(result):
    """What was looked at, by name."""
    return {one["name"]: one for one in json.loads(result.stdout)["checks"]}


def test_a_sound_setup_is_said_to_be_one(run):
    """Everything holds: the instance, how many users, the providers that can be read, the limit, the versions."""
    result = run("check", *WORLD)
    assert result.exit_code == 0
    assert result.stdout.endswith("Everything is in place.\n")
    found = checks(run("check", *WORLD, "--json"))
    assert all(one["ok"] for one in found.values())
    assert found["users"]["found"] == "7"
    assert found["instance"]["found"].endswith("production")
    assert found["providers"]["found"] == ", ".join(Connectors())
    assert "1000/10s" in found["limit"]["found"]
    assert json.loads(run("check", *WORLD, "--json").stdout)["versions"]["pandas"]


def test_a_missing_key_is_the_first_thing_to_mend(run):
    """Without a key nothing else is tried; the step that mends it is the last line, and the code is 3."""
    result = run("check")
    assert result.exit_code == 3
    assert result.stdout.splitlines()[-1].startswith("To mend key: Set CLERK_SECRET_KEY")
    found = checks(run("check", "--json"))
    assert found["key"]["ok"] is False
    assert {name for name, one in found.items() if one["ok"] is None} == set(found) - {"key"}


@pytest.mark.parametrize(("fault", "code"), [("clerk:server_error", 5), ("clerk:malformed", 6)])
def test_a_failing_clerk_has_its_own_code(run, fault, code):
    """A key that is there and a Clerk in trouble are told apart."""
    result = run("check", *WORLD, "--fault", fault, "--json")
    found = checks(result)
    assert result.exit_code == code
    assert json.loads(result.stdout)["exit_code"] == code
    assert (found["key"]["ok"], found["instance"]["ok"], found["users"]["ok"]) == (True, False, None)


def test_the_limit_is_that_of_the_kind_of_key(run, monkeypatch):
    """A key that is not of a production instance has the lower limit; no part of it is shown."""
    monkeypatch.setenv("CLERK_SECRET_KEY", "some-development-key")
    monkeypatch.setenv("SOCIALCONNECT_BASE_URLS", '{"https://api.clerk.com": "http://127.0.0.1:9"}')
    result = run("check", "--json")
    assert checks(result)["limit"]["found"].startswith("100 requests in 10 s")
    assert "some-development-key" not in result.output
    assert result.exit_code == 5


def test_the_extras_of_exports_are_told(run, monkeypatch):
    """Each extra that an export may need is there or not by its own packages, and an extra is as good as its last."""
    there = {"fsspec", "sqlalchemy", "duckdb", "s3fs", "distributed", "opentelemetry-api"}
    monkeypatch.setattr(check, "_version", lambda name: "1" if name in there else None)
    found = json.loads(run("check", *WORLD, "--json").stdout)["extras"]
    told = {name: found[name] for name in ("export", "s3", "postgresql", "dask", "telemetry")}
    assert told == {"export": False, "s3": True, "postgresql": False, "dask": False, "telemetry": True}
    there |= {"filelock", "psycopg", "dask"}
    assert json.loads(run("check", *WORLD, "--json").stdout)["extras"].items() >= dict.fromkeys(told, True).items()


def test_the_extras_are_those_of_the_package():
    """Every package that is looked for is one that its extra brings."""
    declared = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    for extra, packages in check._EXTRAS.items():
        brought = {re.split(r"[^\w-]", one)[0] for one in declared["optional-dependencies"][extra]}
        assert set(packages) <= brought, extra
