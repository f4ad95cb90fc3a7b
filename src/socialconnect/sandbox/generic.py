"""Any connector, served from its declaration alone."""

from __future__ import annotations

from urllib.parse import urlsplit

from socialconnect.reading.declare import Resource
from socialconnect.sandbox.answers import Answer, Call, answer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from socialconnect.sandbox.world import World
    from socialconnect.sandbox.tokens import Tokens
    from socialconnect.reading.declare import Connector
    from collections.abc import Sequence


class Generic:
    """Answers for one connector's declared resources."""

    def __init__(self, connector: Connector, world: World, tokens: Tokens, *, limits: bool) -> None:
        self.name = connector.name
        self._connector = connector
        self._world = world
        self._tokens = tokens
        self.hosts: Sequence[str] = tuple(urlsplit(origin).netloc for origin in connector.origins)

    def knows(self, call: Call) -> bool:
        return False

    def __call__(self, call: Call) -> Answer:
        return answer(404, {"message": "Not Found"})

    def unavailable(self) -> Answer:
        return answer(503, {"message": "unavailable"})

    def throttled(self, wait: float | None, now: float) -> Answer:
        return answer(429, {"message": "slow down"})
