"""One file of facts per provider; dropping a file in here is all it takes to add one.

Others come from installed packages, by the entry point group `socialconnect.connectors`, or straight from a caller.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType

from socialconnect.errors import SetupError, UsageError
from socialconnect.reading.declare import Connector, unknown
from socialconnect.reference.search import search

GROUP = "socialconnect.connectors"


class Connectors(Mapping[str, Connector]):
    """Every connector by name; a file is imported when its connector is first asked for.

    `versions` chooses for some of them, by name, another version of the provider's API than the newest.
    """

    def __init__(self, given: Iterable[Connector] = (), versions: Mapping[str, str] = MappingProxyType({})) -> None:
        self._found: dict[str, Connector | EntryPoint | str] = {}
        self._added: set[str] = set()
        for point in entry_points(group=GROUP):
            self._found[point.name] = point
        for module in pkgutil.iter_modules(__path__):
            if not module.name.startswith("_"):  # a connector's further file
                self._found[module.name] = f"{__name__}.{module.name}"
        for connector in given:
            if not isinstance(connector, Connector):
                raise UsageError(
                    f"connectors holds a {type(connector).__name__}.", cure="Pass Connector(…) values in a list."
                )
            self._found[connector.name] = connector
        for name, version in versions.items():  # refused here and now rather than at the first read
            self._found[name] = self[name].at(version)

    def __getitem__(self, name: str) -> Connector:
        if name not in self._found:
            raise unknown("provider", name, self._found)
        connector = _loaded(self._found[name])
        self._found[name] = connector
        return connector

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._found))

    def __len__(self) -> int:
        return len(self._found)

    def add(self, connector: Connector) -> None:
        """Have one more, or another in the place of one that was added so; a UsageError where its name is taken."""
        if connector.name in self._found and connector.name not in self._added:
            raise UsageError(f"There is a connector {connector.name!r} already.", cure="Use that one.")
        self._found[connector.name] = connector
        self._added.add(connector.name)

    @property
    def profiles(self) -> list[str]:
        """For each provider the resource that says who somebody is there, or else its first.

        >>> Connectors().profiles[:2]
        ['apple.profile', 'atlassian.profile']
        """
        return [f"{one.name}.{one.profile.resource if one.profile else one.resources[0].name}" for one in self.values()]

    def search(self, words: str) -> list[str]:
        """The resources that have to do with some words, as `google.events`, what fits best first.

        >>> Connectors().search("google calendar")[0]
        'google.calendars'
        """
        return [one.name for one in search(self.values(), words)]

    def resource(self, name: str) -> tuple[Connector, str]:
        """The connector and the resource's name behind `github.repos`."""
        provider, _, resource = name.partition(".")
        connector = self[provider]
        if not resource:
            listed = ", ".join(f"{provider}.{one.name}" for one in connector.resources)
            raise UsageError(f"{name!r} names no resource.", cure=f"There is: {listed}.")
        return connector, connector.resource(resource).name


def _loaded(found: Connector | EntryPoint | str) -> Connector:
    if isinstance(found, Connector):
        return found
    if not isinstance(found, str):  # an EntryPoint, which importlib_metadata replaces by its own where it is installed
        return _installed(found)
    connector = getattr(import_module(found), "connector", None)
    if not isinstance(connector, Connector):
        raise SetupError(f"{found} is no connector.", cure="It must be a Connector, named `connector` in its file.")
    return connector


def _installed(point: EntryPoint) -> Connector:
    """The connector of an installed package; its faults are told as that package's."""
    package = point.dist.name if point.dist else "The package that has it"
    cure = f"Mend or uninstall {package}: its entry point {point.name!r} names {point.value!r}."
    try:
        connector = point.load()
    except (ImportError, AttributeError) as error:
        raise SetupError(f"The connector {point.name!r} cannot be loaded ({error}).", cure=cure) from error
    if not isinstance(connector, Connector) or connector.name != point.name:
        found = f"the connector {connector.name!r}" if isinstance(connector, Connector) else type(connector).__name__
        raise SetupError(f"The connector {point.name!r} is none by that name, but {found}.", cure=cure)
    return connector
