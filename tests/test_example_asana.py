"""The guide's example: one file of facts and one body are all that a further provider takes."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import pytest
from tests import test_conformance, test_conformance_wire
from tests.every import pytest_generate_tests
from tests.recorded.cassettes import answer
from tests.recorded.rows import check, check_shape
from tests.recorded.server import KEY, ORIGINS, Stage

import socialconnect as sc
from socialconnect import connectors
from socialconnect.connectors import Connectors

__all__ = ["pytest_generate_tests"]

EXAMPLES = Path(__file__).parent / "examples"
BODY = json.loads((EXAMPLES / "asana_body.json").read_bytes())
FOLDERS = [*connectors.__path__, str(EXAMPLES)]  # as if the file lay among the built-in ones
TASKS = "https://app.asana.com/api/1.0/tasks"

with pytest.MonkeyPatch.context() as patch:
    patch.setattr(connectors, "__path__", FOLDERS)
    ASANA = Connectors()["asana"]
EVERY = [(ASANA, resource) for resource in ASANA.resources]

frames = test_conformance.frames
for module in (test_conformance, test_conformance_wire):  # what every built-in resource must do, it must
    for name, value in vars(module).items():
        if name.startswith("test_") and {"connector", "resource", "pair"} & {*inspect.signature(value).parameters}:
            globals()[name] = value


@pytest.fixture(autouse=True)
def _among_the_connectors(monkeypatch):
    """The folder of examples is one more place in which connectors lie."""
    monkeypatch.setattr(connectors, "__path__", FOLDERS)


@pytest.fixture
def stage(monkeypatch):
    """A server that answers as Asana."""
    monkeypatch.setitem(ORIGINS, "asana", ASANA.origin)
    with Stage() as stage:
        stage.connect("user_1", "custom_asana", scopes=["tasks:read"])
        yield stage


def test_the_body(stage):
    """The documented body goes through its resource to the values that it holds, and on to the page that it names."""
    following = BODY["next_page"]["offset"]
    stage.serve(answer(200, BODY), url=TASKS)
    stage.serve(answer(200, {"data": [], "next_page": None}), url=f"{TASKS}?offset={following}")
    with sc.Client(KEY, base_urls=stage.base_urls) as client:
        frame = client.asana.tasks("user_1", workspace="1208000000000001")
    check_shape(frame, ASANA.resource("tasks"))
    wanted = [
        {
            **record,
            "workspace": "1208000000000001",
            "start_on": record["start_on"] and f"{record['start_on']}T00:00Z",
            "due_on": record["due_on"] and f"{record['due_on']}T00:00Z",
            "projects": [one["name"] for one in record["projects"]],
            "tags": [one["name"] for one in record["tags"]],
        }
        for record in BODY["data"]
    ]
    check(frame, wanted)
    seen, second = stage.asked("asana")
    assert second.query == {**seen.query, "offset": following}
    assert seen.query["assignee"] == "me"
    assert seen.query["workspace"] == "1208000000000001"
    assert {name.partition(".")[0] for name in seen.query["opt_fields"].split(",")} == {*BODY["data"][0]}


def test_it_is_there_as_any_other():
    """The client, the search and the command's list have it without anything else being touched."""
    client = sc.sandbox(users=5)
    assert "asana" in dir(client)
    assert "asana.tasks" in client.connectors.search("asana tasks")
    assert "asana.profile" in set(client.coverage()["resource"].astype(str))
