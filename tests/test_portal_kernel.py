"""The background loop in a real Jupyter kernel: cells queued behind a call, interrupts, widget callbacks.

A front end that sends one cell at a time cannot see a broken queue, so the cells of a Run All are sent at once.
"""

import os
import socket
import sys
import time
from textwrap import dedent
from typing import NamedTuple

import pytest

pytest.importorskip("ipykernel")
manager = pytest.importorskip("jupyter_client.manager")
kernelspec = pytest.importorskip("jupyter_client.kernelspec")

pytestmark = pytest.mark.kernel

LONG = 20  # seconds after which a message will not come any more

SETUP = """
    import asyncio, threading
    from socialconnect import portal

    seen = []

    async def value(it):
        await asyncio.sleep(0)
        return it

    async def long():
        print("started", flush=True)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    async def others():
        return asyncio.all_tasks() - {asyncio.current_task()}

    async def released(port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await reader.readexactly(1)
        writer.close()
        return "released"

    portal.run(value(1))
"""


class Cell(NamedTuple):
    printed: list[str]
    error: str
    traceback: str


class Notebook:
    """A front end: sends cells and clicks, and reads what comes back."""

    def __init__(self, kernel):
        self.kernel = kernel
        self.client = kernel.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=LONG)

    def send(self, code):
        return self.client.execute(dedent(code))

    def click(self, model_id):
        content = {"comm_id": model_id, "data": {"method": "custom", "content": {"event": "click"}}}
        message = self.client.session.msg("comm_msg", content)
        self.client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def messages(self, request):
        """What the kernel publishes about one request, until it is done with it."""
        while True:
            message = self.client.get_iopub_msg(timeout=LONG)
            if message["parent_header"].get("msg_id") != request:
                continue
            yield message["msg_type"], message["content"]
            if message["content"].get("execution_state") == "idle":
                return

    def result(self, request):
        printed, error, traceback = "", "", ""
        for kind, content in self.messages(request):
            if kind == "stream" and content["name"] == "stdout":
                printed += content["text"]
            elif kind == "error":
                error, traceback = content["ename"], "\n".join(content["traceback"])
        return Cell(printed.split(), error, traceback)

    def run(self, code):
        return self.result(self.send(code))

    def wait_for(self, request, word):
        for kind, content in self.messages(request):
            if kind == "stream" and word in content["text"]:
                return
        raise AssertionError(f"the cell ended before it printed {word}")


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    home = str(tmp_path_factory.mktemp("kernel"))
    kernel = manager.KernelManager()
    # this interpreter, whatever kernels the machine has
    kernel._kernel_spec = kernelspec.KernelSpec(
        argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"], interrupt_mode="signal"
    )
    private = dict.fromkeys(("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR"), home)
    kernel.start_kernel(env={**os.environ, **private, "PYDEVD_DISABLE_FILE_VALIDATION": "1"})
    front = Notebook(kernel)
    try:
        assert front.run(SETUP).traceback == ""
        yield front
    finally:
        front.client.stop_channels()
        kernel.shutdown_kernel(now=True)
        kernel.cleanup_resources()


def test_call_in_a_cell(notebook):
    """A call works inside a cell, also in one that awaits."""
    assert notebook.run("print(portal.run(value('plain')))").printed == ["plain"]
    assert notebook.run("await asyncio.sleep(0)\nprint(portal.run(value('awaiting')))").printed == ["awaiting"]


def test_run_all(notebook):
    """Cells queued behind a call that blocks all run, in their order."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(LONG)
        port = server.getsockname()[1]
        assert notebook.run("order = []") == Cell([], "", "")
        calls = [f"released({port})", *(f"value({number})" for number in range(4))]
        requests = [notebook.send(f"order.append(portal.run({call}))\nprint(*order)") for call in calls]
        with server.accept()[0] as call:  # the first cell's, which is under way
            call.sendall(b"!")
        printed = [notebook.result(request).printed for request in requests]
    order = ["released", "0", "1", "2", "3"]
    assert printed == [order[: length + 1] for length in range(5)]


def test_interrupt(notebook):
    """The stop button ends a long call soon: the coroutine is cancelled, no thread is left, the next cell works."""
    before = notebook.run("seen.clear(); print(threading.active_count())").printed
    for _ in range(3):
        request = notebook.send("portal.run(long())")
        notebook.wait_for(request, "started")
        began = time.monotonic()
        notebook.kernel.interrupt_kernel()
        cell = notebook.result(request)
        assert cell.error == "KeyboardInterrupt"
        assert time.monotonic() - began < 5
    after = notebook.run("print(threading.active_count(), *seen, *portal.run(others()), portal.run(value('next')))")
    assert after.printed == [*before, "cancelled", "cancelled", "cancelled", "next"]


def test_traceback_of_a_cell(notebook):
    """The traceback under a cell shows the cell and the coroutine, not what lies between."""
    cell = notebook.run("""
        async def fail():
            raise LookupError("gone")

        portal.run(fail())
    """)
    assert cell.error == "LookupError"
    assert "portal.run(fail())" in cell.traceback
    assert "portal.py" not in cell.traceback


def test_widget_callback(notebook):
    """A call works in a widget's callback, also when the click comes while a cell blocks."""
    pytest.importorskip("ipywidgets")
    made = notebook.run("""
        import ipywidgets
        clicks = []
        button = ipywidgets.Button()
        button.on_click(lambda _: clicks.append(portal.run(value("clicked"))))
        print(button.model_id)
    """)
    [model_id] = made.printed
    notebook.result(notebook.click(model_id))
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(LONG)
        requests = [notebook.send(f"print(portal.run(released({server.getsockname()[1]})))")]
        requests += [notebook.click(model_id), notebook.send("print(*clicks)")]
        with server.accept()[0] as call:
            call.sendall(b"!")
        assert [notebook.result(request).printed for request in requests] == [["released"], [], ["clicked", "clicked"]]
