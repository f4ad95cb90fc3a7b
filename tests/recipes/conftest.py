"""A folder with the recipes, as somebody copied them, and a `socialconnect` on its PATH."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

RECIPES = Path(__file__).parents[2] / "notebooks" / "recipes"
REPORT = '{"ending": "finished", "rows": 7, "accounts": {"ok": 2}, "reasons": {}, "hosts": {}}'

_WORLD = """#!/bin/sh
exec '{python}' -P -m socialconnect "$@" --sandbox --world 6
"""
_PLAYED = """#!/bin/sh
echo "$*" >> '{folder}/calls'
read -r code < '{folder}/codes'
sed -i 1d '{folder}/codes'
case "$*" in *--json*) echo '{report}' ;; esac
echo "said with $code" >&2
exit "$code"
"""


@dataclass
class Place:
    """A folder with everything of notebooks/recipes, and what is on its PATH; `env` is all of its environment."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def put(self, name: str, text: str) -> Path:
        """A program on the PATH."""
        path = self.folder / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path

    def world(self) -> Path:
        """From now on `socialconnect` is the command itself, on the embedded world."""
        return self.put("socialconnect", _WORLD.format(python=sys.executable))

    def play(self, *codes: int) -> None:
        """From now on it ends with these codes, one after another, and `calls` tells how it was called."""
        (self.folder / "codes").write_text("".join(f"{code}\n" for code in codes))
        self.put("socialconnect", _PLAYED.format(folder=self.folder, report=REPORT))

    @property
    def calls(self) -> list[str]:
        """How the played command was called."""
        path = self.folder / "calls"
        return path.read_text().splitlines() if path.exists() else []

    @property
    def exported(self) -> set[str]:
        """The resources that have rows in EXPORT_TO."""
        return {path.parts[-3] for path in Path(self.env["EXPORT_TO"]).rglob("*.parquet")}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The recipes in a folder of their own, an environment with what they ask for, and no key."""
    if os.name != "posix":
        pytest.skip("the recipes are for POSIX systems")
    folder = tmp_path / "place"
    shutil.copytree(RECIPES, folder)
    env = {"PATH": f"{folder}/bin:/usr/bin:/bin", "HOME": str(tmp_path), "EXPORT_TO": f"{folder}/data/"}
    for name in [name for name in os.environ if name.startswith(("SOCIALCONNECT_", "CLERK_"))]:
        monkeypatch.delenv(name)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(folder)
    return Place(folder, env)
