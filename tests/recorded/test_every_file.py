"""No recording beside the repository is left out: whatever is put there must go through a resource, or say why not."""

from __future__ import annotations

import ast
import csv
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.recorded.cassettes import RECORDED, betamax, shared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.recorded.server import Stage

    import socialconnect as sc

    Connect = Callable[..., sc.Client]

TESTS = Path(__file__).parents[1]
FEW = 6  # letters that a text put together must have, so that it does not fit every name
WHOLE_FOLDERS = {
    "notion/ramnes-notion-sdk-py": "test_notion.py",
    "notion/ramnes-notion-sdk-py/v2022-06-28": "test_notion.py",
}
FILES = (
    [path for path in sorted(RECORDED.rglob("*")) if path.is_file() and not path.name.startswith("SOURCE")]
    if RECORDED.exists()
    else []
)


@cache
def spoken(folder: str) -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    """The words in the texts of the tests that name a provider, and patterns of those that are put together."""
    words: set[str] = set()
    patterns: list[re.Pattern[str]] = []
    for path in (*TESTS.glob("recorded/*.py"), *TESTS.glob("connectors/*.py")):
        source = path.read_text("utf-8")
        if path == Path(__file__) or folder not in source:
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words.update((node.value, *node.value.split()))
            elif isinstance(node, ast.JoinedStr):
                patterns.extend(_pattern(node))
    return frozenset(words), tuple(patterns)


def _pattern(node: ast.JoinedStr) -> Iterator[re.Pattern[str]]:
    texts = [str(one.value) if isinstance(one, ast.Constant) else "" for one in node.values]
    if len(re.findall(r"\w", "".join(texts).removesuffix(".json"))) >= FEW:
        yield re.compile("".join(re.escape(text) if text else r"\w+" for text in texts))


def is_read(path: Path) -> bool:
    """Whether a test names this file, or goes through the whole folder that it lies in."""
    place = path.relative_to(RECORDED)
    inside = place.parent.as_posix()
    if inside in WHOLE_FOLDERS:
        return "RECORDED.joinpath(*folder).glob" in (TESTS / "recorded" / WHOLE_FOLDERS[inside]).read_text("utf-8")
    if path.name == "normalized-fixture.json":  # the same exchanges once more, with other dates and numbers
        return path.with_name("raw-fixture.json").exists()
    words, patterns = spoken(place.parts[0])
    names = {path.name, path.stem, place.parts[-2]} if path.name == "raw-fixture.json" else {path.name, path.stem}
    return bool(names & words) or any(one.fullmatch(name) for one in patterns for name in names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(RECORDED).as_posix())
def test_a_recording_is_read(path: Path) -> None:
    """Each recorded file is named by a test of its provider's."""
    if path.stem in ("GitHub_rate_limit", "GitHubIterator_catch_etags"):
        return  # below
    assert is_read(path)


def test_what_is_not_there_is_not_read() -> None:
    """The search does not find whatever one asks for."""
    shared("recorded")
    for place in ("slack/never_recorded.json", "oidc/users_me.json", "github/github3.py/Nobody.json"):
        assert not is_read(RECORDED / place)


def test_each_listed_source_is_there() -> None:
    """The list of sources names files that are there, and each of theirs."""
    with shared("recorded", "SOURCES.tsv").open(encoding="utf-8") as lines:
        listed = {row["file"] for row in csv.DictReader(lines, delimiter="\t")}
    folders = {place.partition("/")[0] for place in listed}
    found = {path.relative_to(RECORDED).as_posix() for path in FILES}
    assert listed <= found
    assert {place for place in found if place.partition("/")[0] in folders} == listed


@pytest.mark.parametrize("name", ["GitHub_rate_limit", "GitHubIterator_catch_etags"])
def test_what_no_resource_of_github_reads(stage: Stage, connect: Connect, name: str) -> None:
    """Recorded answers of addresses that no resource has come as they are to whoever asks for them."""
    stage.connect("user_1", "github")
    exchange = betamax(name)[0]
    stage.serve(exchange)
    path, _, query = exchange.url.removeprefix("https://api.github.com").partition("?")
    got = connect().get("github", path, "user_1", **dict(part.split("=") for part in query.split("&") if part))
    assert got.json() == exchange.json()
