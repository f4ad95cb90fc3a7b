"""What workers are told, so that they read as the caller does. Nothing of it is secret, and nothing secret may get in.

A secret key is never sent: each worker finds its own, and has to find one of the same Clerk instance.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from socialconnect.connectors import Connectors
from socialconnect.errors import UsageError
from socialconnect.runs.tell import PartialWarning
from socialconnect.settings import KEY, places

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from socialconnect.client import Client
    from socialconnect.reading.declare import Connector
    from socialconnect.runs.select import Chosen
    from socialconnect.settings import Settings

# secrets, and what is of the machine that it is set on
_OWN = frozenset({"secret_key", "hash_key", "cache", "engine", "progress", "redirect_url"})
_LEAST = 8  # requests under way for each thread, however many there are
_SHARED = ("environment", "dotenv", "keyring", "colab")
GIVE = f"Set {KEY} in the environment of each worker, where it is started: it is never sent to them."


@dataclass(frozen=True, slots=True)
class Terms:
    """The instance that is read, the settings that its reader was given, and connectors that not everybody has."""

    instance: str
    settings: tuple[tuple[str, object], ...]
    connectors: tuple[Connector, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """Users for one task. Those that were `listed` have the connection; of the others only Clerk knows."""

    number: int
    users: tuple[Chosen, ...]
    listed: bool

    @property
    def ids(self) -> list[str]:
        """The users' Clerk ids."""
        return [one.user_id for one in self.users]


def shares(users: Sequence[Chosen], size: int, *, listed: bool) -> Iterator[Share]:
    """The users in shares of a size, one without users where there are none."""
    for number, at in enumerate(range(0, max(1, len(users)), size)):
        yield Share(number, tuple(users[at : at + size]), listed)


def told(settings: Settings, threads: int = 1) -> tuple[tuple[str, object], ...]:
    """What was set, but for secrets and for what each machine has to itself.

    The requests under way at one host are shared out to so many threads: more at a time would only wait there longer,
    and come to be counted by the host when nobody can tell.
    """
    given = {name: getattr(settings, name) for name in settings.model_fields_set - _OWN}
    given["concurrency"] = max(_LEAST, settings.concurrency // max(1, threads))
    return tuple(sorted(given.items()))


def further(client: Client, names: Iterable[str]) -> tuple[Connector, ...]:
    """The connectors of those resources that a worker would not have by itself."""
    ready = Connectors((), client.settings.api_versions)
    wanted = dict.fromkeys(name.partition(".")[0] for name in names)
    return tuple(
        client.connectors[name] for name in wanted if name not in ready or ready[name] != client.connectors[name]
    )


def check(client: Client) -> None:
    """Refuse a client that workers cannot be like: a UsageError says why."""
    if client.sandbox is not None:
        raise UsageError(
            "The embedded world is in this process alone, where no worker finds it.",
            cure="Serve it by `socialconnect sandbox`, and start the workers with the variables that it prints.",
        )
    mine = client.settings.secret_key
    if not any(key == mine for place, key in places() if place in _SHARED):
        raise UsageError("This client has a secret key of its own, and no key is ever sent to workers.", cure=GIVE)


def tell_left_out(count: int) -> None:
    """Warn where Clerk listed records that could not be read."""
    if count:
        message = f"{count} users or accounts that Clerk listed could not be read and are left out."
        warnings.warn_explicit(message, PartialWarning, "socialconnect", 0)
