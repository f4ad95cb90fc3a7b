"""Panels in a real kernel: what is sent, that nothing holds the kernel up, and what an executed notebook keeps."""

import asyncio
import gc
import json
import sys
import warnings

import pytest
from tests.kernels import LONG, kernelspec, manager, notebook
from typer.testing import CliRunner

import socialconnect as sc
from socialconnect.cli import app

pytest.importorskip("ipywidgets")
nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")

pytestmark = pytest.mark.kernel

SETUP = """
    import socialconnect as sc
    client = sc.sandbox(users=10_000, seed=1)
    panel = client.explore(resources=["github.repos"])
"""


CELLS = (
    "import json\nimport socialconnect as sc\nclient = sc.sandbox(users=60, seed=1)",
    "panel = client.explore(resources=['github.repos', 'google.profile'])\npanel.read()\nassert panel.wait(30)\npanel",
    "picker = sc.UserPicker(client, query='a')\nassert picker.wait(30)\npicker",
    "sc.ProviderPicker(client, picker)",
    "sc.ResourcePicker(client)",
    "read = [set(run.frame['user_id']) for run in panel.runs.values()]\nprint(json.dumps(min(read[0] & read[1])))",
)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    with notebook(str(tmp_path_factory.mktemp("kernel"))) as front:
        assert front.run(SETUP).traceback == ""
        yield front


def _content(message):
    return json.dumps(message["content"]["data"], ensure_ascii=False)


def _until(kernel, seen):
    """The messages that come until one holds what is waited for, of whatever request."""
    came = []
    while not came or not seen(came[-1]):
        message = kernel.client.get_iopub_msg(timeout=LONG)
        if message["msg_type"] in ("comm_msg", "comm_open"):
            came.append(message)
    return came


def test_a_click_does_not_hold_up_the_kernel(kernel):
    """Reading ten thousand users goes on behind the cells that run meanwhile, tells its progress, and is stopped."""
    ids = kernel.run("print(panel._read_button.model_id, panel._stop_button.model_id)").printed
    kernel.result(kernel.click(ids[0]))
    assert kernel.run("print(panel._doing, 6 * 7)").printed == ["reading", "42"]
    _until(kernel, lambda message: " accounts · " in _content(message))
    kernel.result(kernel.click(ids[1]))
    assert kernel.run("print(panel._doing or 'idle', panel.wait(20), panel.run)").printed == ["idle", "True", "None"]


def test_opening_a_picker_sends_under_20_kb(kernel):
    """Over ten thousand users, all comm messages of opening a picker hold less than 20 KB."""
    kernel.send("picker = sc.UserPicker(client)\npicker")
    came = _until(kernel, lambda message: "10,000 users found" in _content(message))
    assert 5_000 < sum(len(_content(message).encode()) for message in came) < 20_000


def test_an_executed_notebook_keeps_no_secret(tmp_path, monkeypatch):
    """What nbclient writes, widget state and all, has neither key nor token nor list of addresses, as text none."""
    for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    kernel = manager.AsyncKernelManager()
    kernel._kernel_spec = kernelspec.KernelSpec(
        argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"], interrupt_mode="signal"
    )
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # nbclient leaves its own sockets to the collector
        asyncio.run(nbclient.NotebookClient(made, timeout=60, km=kernel).async_execute())
        gc.collect()
    kept = nbformat.writes(made)
    (tmp_path / "kept.ipynb").write_text(kept, "utf-8")
    scanned = CliRunner().invoke(app, ["scan", str(tmp_path / "kept.ipynb")])
    assert (scanned.exit_code, scanned.stdout) == (0, "")
    assert len(made.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]) > 50
    world = sc.sandbox(users=60, seed=1)
    user = json.loads(made.cells[-1].outputs[0]["text"])
    secrets = [world.sandbox.secret_key, *(world.token(user, name).token.reveal() for name in ("github", "google"))]
    assert [secret for secret in secrets if secret in kept] == []
    shown = [output for cell in made.cells for output in cell.outputs if output["output_type"] != "stream"]
    assert len(shown) == 4
    for output in shown:
        assert output["data"]["text/plain"].startswith("<")
        assert "Run the cell again" in output["data"]["text/html"]
        assert "@" not in output["data"]["text/plain"] + output["data"]["text/html"]
