"""An executed notebook that shows attempts to connect: a usable text with a link in it, and nothing secret."""

import asyncio
import gc
import json
import sys
import warnings

import pytest
from tests.kernels import kernelspec, manager

pytest.importorskip("ipywidgets")
nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")

pytestmark = pytest.mark.kernel

CELLS = """
import logging, pathlib
import socialconnect as sc
logging.basicConfig(level=logging.DEBUG, filename="kernel.log", force=True)
client = sc.sandbox(users=60)
run = client.plan("notion.users").run(on_error="ignore")
who = next(one.user_id for one in run.errors if isinstance(one, sc.NotConnected))

plain = client.connect(who, "notion")
plain

secret = client.connect(who, "notion", ticket=True)
secret

program = client.connect(who, "notion", flow="native")
program

run.connect()

try:
    client.connect(who, "notion", ticket=True).wait(0.1)
except sc.TryAgainLater as error:
    print(error)

coverage = client.coverage("notion.users")
attempt = coverage.query("user_id == @who").iloc[0].connect()
client.sandbox.visitor().consent(attempt.link, user=who, provider="notion")
attempt.wait()

print(client.read("notion.users", who).trace)
pathlib.Path("secrets").write_text("\\n".join(client.sandbox.secrets()))
""".strip().split("\n\n")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Where the notebook ran: its file, with the state of its widgets, the kernel's log, the world's secrets."""
    home = tmp_path_factory.mktemp("connecting")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR"):
            patch.setenv(name, str(home))
        patch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
        kernel = manager.AsyncKernelManager()
        kernel._kernel_spec = kernelspec.KernelSpec(
            argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"], interrupt_mode="signal"
        )
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
        resources = {"metadata": {"path": str(home)}}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # nbclient leaves its own sockets to the collector
            asyncio.run(nbclient.NotebookClient(made, timeout=60, km=kernel, resources=resources).async_execute())
            gc.collect()
    nbformat.write(made, home / "executed.ipynb")
    return home


def shown(home):
    """What each cell shows: its bundle of forms, and what it printed."""
    cells = json.loads((home / "executed.ipynb").read_text("utf-8"))["cells"]
    return [
        [output.get("data", {"text": "".join(output.get("text", ""))}) for output in cell["outputs"]] for cell in cells
    ]


def test_nothing_secret_is_kept(home):
    """No ticket, client, consent, token or key is in the notebook, its widgets' state or the kernel's log."""
    secrets = (home / "secrets").read_text("utf-8").splitlines()
    assert len(secrets) > 5
    assert any("ticket" in one for one in secrets)
    for name in ("executed.ipynb", "kernel.log"):
        text = (home / name).read_text("utf-8")
        assert len(text) > 1000
        assert [one for one in secrets if one in text] == []
    state = json.loads((home / "executed.ipynb").read_text("utf-8"))["metadata"]["widgets"]
    assert len(state["application/vnd.jupyter.widget-state+json"]["state"]) > 30


def test_each_has_a_text_and_a_form_without_widgets(home):
    """As text and HTML an attempt says what to do; a plain link stands there, for a secret one how to get it."""
    plain, ticket, program = (outputs[0] for outputs in shown(home)[1:4])
    for bundle in (plain, ticket, program):
        text, html = "".join(bundle["text/plain"]), "".join(bundle["text/html"])
        assert "Have user_" in text
        assert "Box(" not in text
        assert "<script" not in html
        assert "Connect Notion" in html
    assert 'target="_blank" rel="noopener noreferrer"' in "".join(plain["text/html"])
    assert "/accounts.sandbox.example/user" in "".join(plain["text/plain"])
    for bundle in (ticket, program):
        assert "href" not in "".join(bundle["text/html"])
        assert "link.reveal() gives it" in "".join(bundle["text/plain"])


def test_the_owners_are_counted(home):
    """`run.connect()` keeps a count as text, and nobody's name."""
    (bundle,) = shown(home)[4]
    assert "accounts need their owners" in "".join(bundle["text/plain"])
    assert "user_" not in "".join(bundle["text/plain"]) + "".join(bundle["text/html"])


def test_a_cell_that_waits_shows_what_for(home):
    """Where a cell waits for an attempt that nothing shows, it shows it, and then goes on with what came of it."""
    attempt, words = shown(home)[5]
    assert "application/vnd.jupyter.widget-view+json" in attempt
    assert "waits to be opened" in words["text"]
    after = shown(home)[6][-1]
    assert "✓ Connected as" in "".join(after["text/html"])
