"""`sandbox()`: the same client, on an embedded world."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socialconnect.client import Client
from socialconnect.connectors import Connectors
from socialconnect.sandbox import Fault, Sandbox
from socialconnect.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from socialconnect.reading.declare import Connector

_LIMIT = {"https://api.clerk.com": "1000/10s"}  # the world's Clerk is a production instance; its key does not say so


def sandbox(
    users: int = 200,
    *,
    seed: int = 0,
    faults: Sequence[Fault | str] = (),
    connectors: Iterable[Connector] = (),
    limits: bool = True,
    disabled: Sequence[str] = (),
) -> Client:
    """A client on an embedded world: no account, no network, the same answers for the same seed.

    Parameters: `users`, how many live in it (1 to 100,000); `seed` chooses the world; `faults` what goes wrong, as
    `Fault(…)` or text (`"github:throttled@0.1"`, `"clerk:slow"`); `connectors`, your own, served from their
    declaration; `limits=False` lifts the rate limits; `disabled` names providers that the Clerk instance no longer
    offers. Returns a Client; its `sandbox` has the world and the record of what was asked. Raises a MissingPackage
    where the extra `sandbox` is not installed.

    >>> import socialconnect as sc
    >>> sc.sandbox(users=3).users(columns=["first_name"]).shape
    (3, 2)
    """
    given = tuple(connectors)
    known = Connectors(given)
    served = [known[name] for name in known]
    world = Sandbox(users=users, seed=seed, faults=faults, connectors=served, limits=limits, disabled=disabled)
    client = Client(
        settings=Settings.make(secret_key=world.secret_key, budgets=_LIMIT, base_urls={}),
        connectors=given,
        application=world.app,
    )
    client.sandbox = world
    client.aio._browse = world.browse  # noqa: SLF001 - links lead to pages that a browser on this machine finds
    return client
