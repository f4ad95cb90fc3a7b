"""A front end without a browser: a real Jupyter kernel that takes cells, clicks and interrupts.

A front end that sends one cell at a time cannot see a broken queue, so the cells of a Run All are sent at once.
"""

import os
import sys
from contextlib import contextmanager
from textwrap import dedent
from typing import NamedTuple

import pytest

pytest.importorskip("ipykernel")
manager = pytest.importorskip("jupyter_client.manager")
kernelspec = pytest.importorskip("jupyter_client.kernelspec")

LONG = 20  # seconds after which a message will not come any more


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


@contextmanager
def notebook(home, **variables):
    """A kernel of this interpreter, whatever kernels the machine has, with nothing of this machine's settings."""
    kernel = manager.KernelManager()
    kernel._kernel_spec = kernelspec.KernelSpec(
        argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"], interrupt_mode="signal"
    )
    private = dict.fromkeys(("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR"), str(home))
    kernel.start_kernel(env={**os.environ, **private, "PYDEVD_DISABLE_FILE_VALIDATION": "1", **variables}, cwd=home)
    front = Notebook(kernel)
    try:
        yield front
    finally:
        front.client.stop_channels()
        kernel.shutdown_kernel(now=True)
        kernel.cleanup_resources()
