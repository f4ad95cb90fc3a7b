"""Tests that run for every resource: those of the built-in connectors, or those that a module names as its `EVERY`."""

from __future__ import annotations

from socialconnect.connectors import Connectors

EVERY = [(connector, one) for connector in Connectors().values() for one in connector.resources]
BY_HAND = {"github", "google", "notion"}  # whose answers the sandbox has by hand, and whom nearly everybody connected


def listed(pairs):
    """The resources whose pages the sandbox makes from the declaration."""
    served = [(connector, one) for connector, one in pairs if connector.name not in BY_HAND and not one.identity]
    return [(connector, one) for connector, one in served if not one.single and one.paging.kind != "none"]


def name_of(pair):
    return f"{pair[0].name}.{pair[1].name}"


def pytest_generate_tests(metafunc):
    """A test takes a `connector` and its `resource`, a `connector` alone, or a `pair` whose records come in pages."""
    pairs = metafunc.module.EVERY
    names = metafunc.fixturenames
    if "resource" in names:
        metafunc.parametrize(("connector", "resource"), pairs, ids=map(name_of, pairs))
    elif "connector" in names:
        each = {connector.name: connector for connector, _ in pairs}
        metafunc.parametrize("connector", each.values(), ids=each)
    elif "pair" in names:
        metafunc.parametrize("pair", listed(pairs), ids=name_of)
