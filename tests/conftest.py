"""What every test shares."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import pytest

import socialconnect as sc
from socialconnect import settings
from socialconnect.http.transport import Transport

CASSETTES = Path(__file__).parents[1] / "cassettes"
WORLD = {"users": 4, "seed": 2}  # what is recorded where no live instance is

# looptime asks for a loop around every test, and asyncio would make one that nobody closes
asyncio.set_event_loop(None)


def pytest_addoption(parser):
    parser.addoption(
        "--record-cassettes",
        action="store_true",
        help="record cassettes/ again: with SOCIALCONNECT_LIVE=1, against the instance of CLERK_SECRET_KEY, whose "
        "users should be test users; else against the sandbox",
    )


@pytest.fixture
def no_key(monkeypatch, tmp_path):
    """A machine without any secret key: none in the environment, no `.env`, nothing in a keyring."""
    monkeypatch.delenv(settings.KEY, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(settings, "_from_keyring", lambda: None)


@pytest.fixture
def no_network(monkeypatch):
    """Call it, and from then on nothing can be reached: no socket connects, no carrier is opened."""

    def refuse(*_, **__):
        raise AssertionError("something wanted to reach a network")

    def block():
        for name in ("connect", "connect_ex", "sendto"):
            monkeypatch.setattr(socket.socket, name, refuse)
        for name in ("create_connection", "getaddrinfo"):
            monkeypatch.setattr(socket, name, refuse)
        monkeypatch.setattr(Transport, "_open", refuse)  # pyreqwest's sockets are not Python's

    return block


@pytest.fixture
def cassette(request, monkeypatch, no_network):
    """`cassette("name", analysis)`: what `analysis(client)` gives, played from cassettes/, recorded first if asked."""

    def play(name, analysis):
        path = CASSETTES / f"{name}.yaml"
        if request.config.getoption("--record-cassettes", default=False):
            live = os.environ.get("SOCIALCONNECT_LIVE") == "1"
            with sc.Client() if live else sc.sandbox(**WORLD) as client, sc.record(path):
                analysis(client)
        monkeypatch.delenv(settings.KEY, raising=False)
        no_network()
        with sc.replay(path) as playing:
            found = analysis(sc.Client())
            assert playing.unplayed == 0, "the cassette holds what nobody asks for: record it again"
        return found

    return play
