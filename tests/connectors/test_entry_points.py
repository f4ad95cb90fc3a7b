"""Connectors of installed packages: found by their entry points, and their faults told as theirs."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

import pytest

import socialconnect as sc
from socialconnect.connectors import Connectors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Install = Callable[..., None]

CONNECTOR = """
import socialconnect as sc

connector = sc.Connector(
    "acme_shared",
    "https://api.acme.example",
    (sc.Resource("profile", "/me", columns=sc.columns("string", "id name"), single=True, key=("id",)),),
)
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Put a package with an entry point among those that are installed, for as long as a test lasts."""

    def put(point: str, source: str = CONNECTOR) -> None:
        info = tmp_path / "acme_package-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-package\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[socialconnect.connectors]\n{point}\n")
        (tmp_path / "acme_package.py").write_text(source)
        monkeypatch.syspath_prepend(str(tmp_path))
        importlib.invalidate_caches()

    yield put
    sys.modules.pop("acme_package", None)


def test_an_installed_connector_is_there(install: Install) -> None:
    """Whoever installs the package has its connector by name, in the sandbox too."""
    install("acme_shared = acme_package:connector")
    assert "acme_shared" in Connectors()
    client = sc.sandbox(users=60)
    assert len(client.frame("acme_shared.profile", on_error="ignore")) > 5
    assert "acme_shared.profile" in Connectors().profiles


@pytest.mark.parametrize(
    ("point", "said"),
    [
        ("acme_shared = acme_package:nothing", "cannot be loaded"),
        ("acme_shared = acme_missing:connector", "cannot be loaded"),
        ("acme_shared = acme_package:sc", "is none by that name, but _Package"),
        ("other = acme_package:connector", "but the connector 'acme_shared'"),
    ],
)
def test_a_package_with_a_fault_is_named(install: Install, point: str, said: str) -> None:
    """The error names the package and what to do about it, and other providers are read all the same."""
    install(point)
    connectors = Connectors()
    with pytest.raises(sc.SetupError, match=said) as caught:
        connectors[point.partition(" ")[0]]
    assert "acme-package" in caught.value.cure
    assert connectors["linear"].title == "Linear"


def test_a_built_in_connector_cannot_be_replaced_so(install: Install) -> None:
    """A package that calls its connector as a built-in one does not get that provider's tokens."""
    install("github = acme_package:connector", CONNECTOR.replace("acme_shared", "github"))
    assert Connectors()["github"].origin == "https://api.github.com"


def test_the_backport_of_metadata_finds_it_too(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where importlib_metadata is installed, it takes over from the standard library, with entry points of its own."""
    backport = pytest.importorskip("importlib_metadata", reason="no backport here: nothing installed needs it")
    install("acme_shared = acme_package:connector")
    monkeypatch.setattr("socialconnect.connectors.entry_points", backport.entry_points)
    assert Connectors()["acme_shared"].name == "acme_shared"
