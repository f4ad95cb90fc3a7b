"""The README says what the code does: its table comes from the declarations, its blocks run, its frame is real."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

import socialconnect as sc
from socialconnect import reference
from socialconnect.connectors import Connectors

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_table_of_providers_is_made_from_the_declarations():
    """A provider or a resource that is added shows in the README, with its page."""
    table = reference.brief(Connectors().values(), "notebooks/reference/")
    assert table in README, f"put this table into README.md:\n{table}"


def test_every_link_leads_somewhere():
    """The README's links into the repository lead to files that are there, and to headings in them."""
    links = re.findall(r"\]\(((?!https?:)[^)#]+)(?:#([^)]+))?\)", README)
    assert len(links) > 10
    for path, anchor in links:
        text = (ROOT / path).read_text("utf-8")
        headings = {
            re.sub(r"[^\w -]", "", line.lstrip("# ")).lower().replace(" ", "-")
            for line in text.splitlines()
            if line[:1] == "#"
        }
        assert not anchor or anchor in headings, f"{path}#{anchor}"


def test_the_readme_can_be_read_in_a_sitting():
    """It has at most 150 lines."""
    assert len(README.splitlines()) <= 150


@pytest.mark.filterwarnings("ignore::socialconnect.PartialWarning")
def test_the_blocks_run_one_after_another(tmp_path, monkeypatch):
    """What the README shows can be pasted, and comes out as it says."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in BLOCKS:
        exec(compile(block, "README.md", "exec"), names)
    assert len(BLOCKS) == 4
    assert isinstance(names["run"], sc.Run)
    assert names["run"].resource == "github.repos"
    assert names["plan"].accounts + len(names["plan"].skipped) == len(names["run"].outcomes)
    report, exported = names["report"], names["exported"]
    assert (report.ending, report.exit_code) == ("finished", 4)
    assert len(exported) == report.resources[0].rows > 0
    recorded, replayed = names["recorded"], names["replayed"]
    assert isinstance(recorded, pd.DataFrame)
    assert isinstance(replayed, pd.DataFrame)
    assert len(recorded) > 0
    pd.testing.assert_frame_equal(recorded, replayed)


def test_the_frame_is_what_comes():
    """The frame that the README prints is the one that its lines give."""
    client = sc.sandbox()
    columns = ["full_name", "stargazers_count", "pushed_at"]
    repos = client.github.repos(client.users()[:3], columns=columns, on_error="ignore")
    with pd.option_context("display.width", 110, "display.max_columns", 20):
        shown = repos.drop(columns="external_account_id").head(2).to_string()
    assert shown in README
