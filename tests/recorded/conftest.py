"""The stage on which recorded exchanges are played, and the client that goes through all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.recorded.server import KEY, Stage

import socialconnect as sc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A server that knows nobody and answers nothing yet."""
    with Stage() as stage:
        yield stage


@pytest.fixture
def connect(stage: Stage) -> Iterator[Callable[..., sc.Client]]:
    """Make a client of that server; it is closed at the end."""
    clients: list[sc.Client] = []

    def make(**settings: object) -> sc.Client:
        chosen = sc.Settings.make(**settings) if settings else None
        clients.append(sc.Client(KEY, base_urls=stage.base_urls, settings=chosen))
        return clients[-1]

    yield make
    for client in clients:
        client.close()
