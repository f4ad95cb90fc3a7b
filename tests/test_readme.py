"""The README says what the code does: its table comes from the declarations, its blocks run, its frame is real."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

import socialconnect as sc
from socialconnect.connectors import Connectors

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def table() -> str:
    lines = ["| provider | resource | what it holds | columns | scope, any of |", "|---|---|---|---|---|"]
    for name, connector in Connectors().items():
        for one in connector.resources:
            scopes = ", ".join(f"`{scope.rpartition('/')[2]}`" for scope in one.scopes) or "none"
            count = (
                f"{len(one.columns)}"
                if len(one.select(None)) == len(one.columns)
                else (f"{len(one.select(None))}, {len(one.columns)} on request")
            )
            lines.append(
                f"| {connector.title} | [`{name}.{one.name}`]({one.source}) | {one.doc} | {count} | {scopes} |"
            )
    return "\n".join(lines)


def test_the_table_of_providers_is_made_from_the_declarations():
    """A provider that is added, or a resource that changes, shows in the README."""
    assert table() in README


def test_the_readme_can_be_read_in_a_sitting():
    """It has at most 150 lines."""
    assert len(README.splitlines()) <= 150


@pytest.mark.filterwarnings("ignore::socialconnect.PartialWarning")
def test_the_blocks_run_one_after_another():
    """What the README shows can be pasted."""
    names: dict[str, object] = {}
    for block in BLOCKS:
        exec(compile(block, "README.md", "exec"), names)
    assert len(BLOCKS) == 2
    assert isinstance(names["run"], sc.Run)


def test_the_frame_is_what_comes():
    """The frame that the README prints is the one that its lines give."""
    client = sc.sandbox()
    columns = ["full_name", "stargazers_count", "pushed_at"]
    repos = client.github.repos(client.users()[:3], columns=columns, on_error="ignore")
    with pd.option_context("display.width", 110, "display.max_columns", 20):
        shown = repos.drop(columns="external_account_id").head(4).to_string()
    assert shown in README
