"""A notebook that nbclient executed, as papermill and nbconvert do: whatever was shown, nothing secret is in it."""

from __future__ import annotations

import json
import re
import sys

import pytest
from typer.testing import CliRunner

from socialconnect.cli import app

pytest.importorskip("ipykernel")
nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
kernelspec = pytest.importorskip("jupyter_client.kernelspec")

pytestmark = pytest.mark.kernel

CELLS = """
import socialconnect as sc
from socialconnect.progress import live
live._PATIENCE = 0
client = sc.sandbox(users=20, faults=["github:echo_token@0.5", "notion:revoked@0.3"])
client

client.aio

client.settings

client.github

row = client.coverage("google.profile", tokens=True).query("state == 'readable'").iloc[0]
token = client.token(row["user_id"], "google", account=row["external_account_id"])
token

print(token, token.token)
token.token

client.plan(["github.repos", "notion.users"])

run = client.read("github.repos", on_error="ignore")
run

print(run.report(requests=True))
run.errors[0]

run.outcomes

run.trace

run.ended[0]

client.github.repos("user_2nobody")

raise RuntimeError(f"a bug beside {token!r}")

{name: value for name, value in vars(client.aio).items()}
""".strip().split("\n\n")
OF_THE_SANDBOX = re.compile(r"sandbox\.\w+\.eac_|sandbox-secret-key")


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The file of a notebook that showed everything that can be shown."""
    home = tmp_path_factory.mktemp("executed")
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    client = nbclient.NotebookClient(
        nbformat.v4.new_notebook(cells=cells),
        timeout=60,
        allow_errors=True,
        resources={"metadata": {"path": str(home)}},
    )
    client.km = client.create_kernel_manager()
    client.km._kernel_spec = kernelspec.KernelSpec(
        argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    )
    path = home / "executed.ipynb"
    nbformat.write(client.execute(), path)
    return path


def outputs(path):
    return [[*cell["outputs"]] for cell in json.loads(path.read_text("utf-8"))["cells"]]


def test_everything_was_shown(executed):
    """Each cell shows something, as text and, where it is ours, as HTML; only the last but three are errors."""
    found = outputs(executed)
    assert all(found)
    kinds = [{kind for output in cell for kind in output.get("data", ())} for cell in found]
    assert all("text/html" in kind for kind in (kinds[0], *kinds[1:3], kinds[6], kinds[7], kinds[8]))
    assert [output.get("ename") for cell in found for output in cell if "ename" in output] == [
        "UserNotFound",
        "RuntimeError",
    ]


def test_progress_leaves_one_line(executed):
    """The line of a call that lasted is one output of its cell, in its last state."""
    lines = [output for output in outputs(executed)[7] if output["output_type"] == "display_data"]
    assert len(lines) == 1
    assert "; took " in "".join(lines[0]["data"]["text/plain"])


def test_nothing_secret_is_in_it(executed):
    """No token and no key of the world is in the file, also where a provider's error repeated it."""
    assert not OF_THE_SANDBOX.search(executed.read_text("utf-8"))


def test_the_scan_agrees(executed):
    """`socialconnect scan` finds nothing in it either, and what is planted then it does."""
    assert CliRunner().invoke(app, ["scan", str(executed)]).exit_code == 0
    planted = executed.with_name("planted.ipynb")
    token = "gho_" + "16C7e42F292c6912E7710c838347Ae178B4a"
    planted.write_text(executed.read_text("utf-8").replace("a bug beside", f"a bug beside {token}", 1))
    result = CliRunner().invoke(app, ["scan", str(planted)])
    assert result.exit_code == 7
    assert "cell 14, " in result.stdout
