"""`scan`: finds what is planted, wherever it stands, says which cell, and shows no more of it than how it begins."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

nbformat = pytest.importorskip("nbformat")
v4 = nbformat.v4

GITHUB = "gho_" + "16C7e42F292c6912E7710c838347Ae178B4a"
CLERK = "sk_live_" + "Xq3fV9pLk2mN8rT5wYz1"
NOTION = "ntn_" + "4398204872Abcdefghijklmnop"
ADDRESSES = [f"person{number}@example.com" for number in range(6)]


def state(**traits):
    """Widget state as a notebook keeps it."""
    model = {"model_name": "TextModel", "model_module": "@jupyter-widgets/controls", "state": traits}
    return {"application/vnd.jupyter.widget-state+json": {"version_major": 2, "state": {"abc": model}}}


def html(text):
    """An output of a cell as HTML."""
    return v4.new_output("display_data", {"text/html": text, "text/plain": "<nothing>"})


PLANTED = {
    "a source": ({"source": f"client = Client('{CLERK}')"}, "cell 2, source", "a secret key"),
    "a printed line": (
        {"outputs": [v4.new_output("stream", name="stdout", text=f"one\ntoken: {GITHUB}\n")]},
        "cell 2, output 1 (text), line 2",
        "a GitHub token",
    ),
    "html": ({"outputs": [html(f"<b>{NOTION}</b>")]}, "cell 2, output 1 (text/html)", "a Notion token"),
    "a traceback": (
        {"outputs": [v4.new_output("error", ename="E", evalue="", traceback=["File …", f"\x1b[33m{CLERK}"])]},
        "cell 2, output 1 (traceback)",
        "a secret key",
    ),
    "an address": (
        {"outputs": [html(f"<a href='/x?token={quote(GITHUB)}'>")]},
        "cell 2, output 1 (text/html)",
        "a GitHub token",
    ),
    "json": (
        {"outputs": [v4.new_output("display_data", {"application/json": {"a": [{"access_token": "0a1b2c3d4e5f6g"}]}})]},
        "cell 2, output 1 (application/json)",
        "a field that is a secret by its name",
    ),
    "a ticket": (
        {"outputs": [html("https://app.example/in?__clerk_ticket=abc123def456ghi")]},
        "cell 2, output 1 (text/html)",
        "a field that is a secret by its name",
    ),
    "cell metadata": ({"metadata": {"papermill": {"key": CLERK}}}, "cell 2, metadata", "a secret key"),
}


@pytest.fixture
def notebook(tmp_path):
    """`notebook(cell, metadata)`: a file with a clean cell, the cell given, and another clean one."""

    def write(cell=None, metadata=None):
        given = {"source": "print('hello')", "outputs": [], "metadata": {}, **(cell or {})}
        cells = [v4.new_markdown_cell("# Title"), v4.new_code_cell(**given), v4.new_code_cell("1 + 1")]
        path = tmp_path / "analysis.ipynb"
        nbformat.write(v4.new_notebook(cells=cells, metadata=metadata or {}), path)
        return str(path)

    return write


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_planted_is_found(run, notebook, name):
    """It names the cell, the part of it and what it is, and ends with 7."""
    cell, place, what = PLANTED[name]
    result = run("scan", notebook(cell))
    assert result.exit_code == 7
    assert f"analysis.ipynb: {place}: {what}, begins" in result.stdout
    assert result.stderr.startswith("1 found in 1 files.")


def test_no_secret_is_shown(run, notebook):
    """Its own output does not spread what it found."""
    outputs = [v4.new_output("stream", name="stdout", text=text) for text in (GITHUB, CLERK, NOTION)]
    for arguments in ([], ["--json"]):
        result = run("scan", notebook({"outputs": outputs}), *arguments)
        assert result.exit_code == 7
        for secret in (GITHUB, CLERK, NOTION):
            assert secret[:12] not in result.output


def test_a_clean_notebook(run, notebook):
    """Where there is nothing, it says so and ends with 0; addresses that a cell shows are the reader's to show."""
    frame = "<table>" + "".join(f"<td>{address}</td>" for address in ADDRESSES) + "</table>"
    result = run("scan", notebook({"outputs": [html(frame)]}, {"kernelspec": {"name": "python3", "display_name": ""}}))
    assert (result.exit_code, result.stdout) == (0, "")
    assert "Nothing found in 1 files." in result.stderr


@pytest.mark.parametrize(
    ("kept", "what"), [({"value": CLERK}, "a secret key"), ({"_options_labels": ADDRESSES}, "6 e-mail addresses")]
)
def test_widget_state(run, notebook, kept, what):
    """What a saved notebook keeps of its widgets is looked at, also for lists of people that no cell shows."""
    result = run("scan", notebook(metadata={"widgets": state(**kept)}))
    assert result.exit_code == 7
    assert f"widget state, TextModel: {what}" in result.stdout


@pytest.mark.parametrize("write", [str, quote, lambda key: base64.b64encode(f"x:{key}".encode()).decode()])
def test_this_machines_key(run, notebook, monkeypatch, write):
    """The key of this machine is found however it is written, even where it looks like none."""
    monkeypatch.setenv("CLERK_SECRET_KEY", "an/unusual+key-without-shape")
    result = run("scan", notebook({"source": f"# {write('an/unusual+key-without-shape')}"}))
    assert result.exit_code == 7
    assert "cell 2, source: the secret key of this machine" in result.stdout


def test_placeholders_are_no_secrets(run, notebook):
    """What documentation puts in a token's place is let through."""
    lines = [
        "sc.Client('sk_test_…')",
        '{"access_token": "your-access-token"}',
        "Authorization: Bearer TOKEN",
        "[secret]",
    ]
    assert run("scan", notebook({"source": "\n".join(lines)})).exit_code == 0


def test_a_folder_and_other_files(run, notebook, tmp_path):
    """A folder stands for its notebooks, without checkpoints; a file that is no notebook is read as text."""
    notebook()
    checkpoints = tmp_path / ".ipynb_checkpoints"
    checkpoints.mkdir()
    (checkpoints / "old.ipynb").write_text(json.dumps({"cells": [{"source": CLERK}]}))
    (tmp_path / "page.html").write_text(f"<p>\n{GITHUB}</p>")
    assert json.loads(run("scan", str(tmp_path), "--json").stdout) == {"files": 1, "findings": []}
    result = run("scan", str(tmp_path), str(tmp_path / "page.html"))
    assert "page.html: text, line 2: a GitHub token, begins gho_16" in result.stdout


@pytest.mark.parametrize("text", ["", "{", "[1]", "null"])
def test_what_is_no_notebook(run, tmp_path, text):
    """A file that cannot be read as one is said so, or looked at as text; one that is not there is a usage error."""
    path = tmp_path / "broken.ipynb"
    path.write_text(text)
    assert run("scan", str(path)).exit_code == (0 if text in ("[1]", "null") else 2)
    assert run("scan", str(tmp_path / "nowhere.ipynb")).exit_code == 2


@pytest.mark.parametrize(
    "document",
    [
        {"cells": 1, "metadata": []},
        {"cells": [None, {"outputs": [None, {"data": []}]}], "metadata": {"widgets": [1]}},
        {"cells": [{"source": 3, "outputs": "x"}], "metadata": {"widgets": {"application/x": {"state": {"a": 1}}}}},
    ],
)
def test_odd_notebooks(run, tmp_path, document):
    """A notebook that is odd is still looked through, to the secret at its end."""
    path = tmp_path / "odd.ipynb"
    path.write_text(json.dumps({**document, "further": CLERK}))
    result = run("scan", str(path))
    assert result.exit_code == 7
    assert "metadata: a secret key" in result.stdout
