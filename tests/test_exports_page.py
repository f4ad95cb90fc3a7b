"""The page about exports says what they do: its commands, its Python, its SQL and its names are tried as they stand."""

from __future__ import annotations

import os
import re
import shlex
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest
from sqlalchemy.dialects import postgresql, sqlite
from typer.testing import CliRunner

import socialconnect as sc
from socialconnect.cli import app
from socialconnect.errors import MissingPackage
from socialconnect.export.tables.kinds import kind
from socialconnect.export.where import open_sink

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "notebooks" / "exports.md", ROOT / "notebooks" / "recipes" / "README.md"]
PAGE = PAGES[0].read_text("utf-8")
DTYPES = {"string", "Int64", "Float64", "boolean", "datetime", "list"}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty folder, no settings, and a key to hash with."""
    for name in [name for name in os.environ if name.startswith(("SOCIALCONNECT_", "CLERK_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SOCIALCONNECT_HASH_KEY", "an example is all that this key is for")
    monkeypatch.setenv("EXPORT_TO", "data/")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def blocks(language, text=PAGE):
    """The blocks of a page in one language, as somebody copies them."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    return ["\n".join(line.removeprefix(indent) for line in block.splitlines()) for indent, block in found]


def commands(text):
    """The commands of a page: what stands behind `$`, without comments."""
    lines = [line[2:] for block in blocks("console", text) for line in block.splitlines() if line.startswith("$ ")]
    return [shlex.split(line, comments=True) for line in lines]


def carried_out(words):
    """The exit code of a command of ours on the embedded world; `> file` keeps what it prints."""
    words, _, kept = (" ".join(map(shlex.quote, words))).partition(" '>' ")
    given = shlex.split(words)[1:]
    world = [] if "--sandbox" in given else ["--sandbox"]
    world += [] if "--world" in given else ["--world", "8"]
    done = CliRunner().invoke(app, [*given, *world])
    if kept:
        Path(shlex.split(kept)[0]).write_text(done.stdout, "utf-8")
    return done.exit_code


def test_its_commands_run(place, monkeypatch):
    """Each command of the page ends as one does where all is well or accounts need their owners."""
    listed = commands(PAGE)
    for name, _, value in (words[1].partition("=") for words in listed if words[0] == "export"):
        if "$(" not in value:
            monkeypatch.setenv(name, value)
    ours = [words for words in listed if words[0] == "socialconnect"]
    assert len(ours) >= 8
    assert sc.Settings().budgets == {"https://api.clerk.com": "500/10s"}
    assert {carried_out(words) for words in ours} <= {0, 4}
    made = {path.name for path in place.iterdir()}
    assert {"exports", "job.toml", "report.json", "private", "hashed"} <= made


def test_the_recipes_commands_run(place):
    """So does what the recipes say to try before the first night, with their own job."""
    (place / "job.toml").write_bytes((PAGES[1].parent / "job.toml").read_bytes())
    ours = [words for words in commands(PAGES[1].read_text("utf-8")) if words[0] == "socialconnect"]
    user = sc.sandbox(users=8).users()["user_id"].iloc[0]
    found = {carried_out([user if word == "user_2abc" else word for word in words]) for words in ours}
    assert found <= {0, 4}
    assert (place / "data" / "github.repos").is_dir()


@pytest.mark.usefixtures("place")
def test_its_python_and_its_sql_run():
    """What the page shows in Python and SQL can be pasted, and they see the same rows; a hash finds its person."""
    names: dict[str, object] = {}
    first, second = blocks("python")
    exec(compile(first, "exports.md", "exec"), names)
    (sql,) = blocks("sql")
    there = names["there"]
    assert len(there) > 0
    assert duckdb.sql(sql).df()["full_name"].sort_values().tolist() == there["full_name"].sort_values().tolist()
    client = names["client"]
    somebody = client.github.profile(on_error="ignore")["email"].dropna().iloc[0]
    client.export("github.profile", "hashed/", personal="hash")
    exec(compile(second.replace("ada@example.com", somebody), "exports.md", "exec"), names)
    assert len(names["theirs"]) == 1


def test_each_target_is_one():
    """Whatever the table of targets names can be exported to, at the most with another package."""
    rows = re.findall(r"^\| (`.*?) \|", PAGE.split("### Types")[0], re.MULTILINE)
    named = [one for row in rows for one in re.findall(r"`([^`]+)`", row) if "/" in one or "." in one]
    assert len(named) >= 12
    for one in named:
        with suppress(MissingPackage):
            assert open_sink(one)


def test_the_types_of_databases_are_as_told():
    """What the table of types says of databases is what their columns are made of."""
    rows = re.findall(r"^\| `(\w+)`.*\| ([^|]+) \| ([^|]+) \|$", PAGE.split("### Types")[1], re.MULTILINE)
    told = {dtype: (lite.partition(":")[0], large) for dtype, lite, large in rows if dtype in DTYPES}
    assert set(told) == DTYPES
    for dtype, (lite, large) in told.items():
        assert str(kind(dtype).compile(dialect=sqlite.dialect())) == lite
        assert str(kind(dtype).compile(dialect=postgresql.dialect())) == large


def test_the_report_has_the_keys_that_it_tells():
    """Every key of a report stands in the page, and every key that it lists is in a report."""
    report = sc.sandbox(users=8).export("github.repos", "memory://told").document()
    told = PAGE.split("## The report")[1].split("## Looking ahead")[0]
    (first,) = report["resources"]
    known = {*report, *first, *first["troubled"][0]}
    assert {key for key in known if f"`{key}`" not in told} == set()
    listed = {name for row in re.findall(r"^\| (`.*?) \|", told, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert listed <= set(report)


def test_the_words_that_it_looks_for_are_said():
    """What the page says is seen, in slanted letters, is what errors say."""
    source = "".join(path.read_text("utf-8") for path in (ROOT / "src/socialconnect/export").rglob("*.py"))
    seen = re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", PAGE.split("## What to do when")[1].split("## How far")[0])
    said = [part.strip() for text in seen for part in text.split("…") if len(part.strip()) > 4]
    assert len(said) >= 6
    assert [part for part in said if part not in source and part != "No space left"] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.parent.name + "/" + path.name)
def test_its_links_lead_somewhere(path):
    """Links lead to files that are there, and to headings in them."""
    text = path.read_text("utf-8")
    links = re.findall(r"\]\(((?!https?:)[^)#]*)(?:#([^)]+))?\)", text)
    assert len(links) > 5
    for name, anchor in links:
        target = path.parent / name if name else path
        assert target.is_file(), name
        lines = target.read_text("utf-8").splitlines() if anchor else []
        headings = {
            re.sub(r"[^\w -]", "", line.lstrip("# ")).lower().replace(" ", "-") for line in lines if line[:1] == "#"
        }
        assert not anchor or anchor in headings, f"{name}#{anchor}"
