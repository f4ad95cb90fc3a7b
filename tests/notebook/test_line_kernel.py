"""The progress line in a real kernel: in the cell that began the call, whoever else runs, and what is left of it."""

from __future__ import annotations

import time

import pytest
from tests.kernels import LONG, notebook

pytestmark = pytest.mark.kernel

SETUP = """
    import asyncio
    import socialconnect as sc
    from socialconnect.progress import live

    live._PATIENCE = 0.05
    slow = sc.sandbox(users=5, faults=[sc.Fault("throttled", "github", seconds=120)])
    quick = sc.sandbox(users=5, faults=[sc.Fault("slow", "github", seconds=0.7)])
"""


@pytest.fixture(scope="module", params=["thread", "nested"])
def engine(request):
    return request.param


@pytest.fixture(scope="module", name="notebook")
def _notebook(engine, tmp_path_factory):
    with notebook(tmp_path_factory.mktemp("kernel"), SOCIALCONNECT_ENGINE=engine) as front:
        assert front.run(SETUP).traceback == ""
        yield front


def shown(notebook, request, until=lambda _: False):
    """Every form of the line that a cell's request is shown, as (kind of message, its data), until one will do."""
    lines = []
    for kind, content in notebook.messages(request):
        if kind in ("display_data", "update_display_data"):
            lines.append((kind, content["data"], content["transient"]["display_id"]))
            if until(content["data"]["text/plain"]):
                break
    return lines


def test_the_line_of_a_cell(notebook):
    """One output is replaced as the call goes on, as text and as HTML, and ends as one line; cells queued go on."""
    request = notebook.send("run = quick.read('github.profile', on_error='ignore')")
    after = notebook.send("print(len(run.outcomes))")
    lines = shown(notebook, request)
    assert [kind for kind, *_ in lines] == ["display_data", *["update_display_data"] * (len(lines) - 1)]
    assert len({display for *_, display in lines}) == 1
    last = lines[-1][1]
    assert "; took " in last["text/plain"]
    assert last["text/plain"] in last["text/html"]
    assert "<progress" in lines[0][1]["text/html"]
    assert "<progress" not in last["text/html"]
    assert int(*notebook.result(after).printed) > 0


def test_a_short_call_shows_nothing(notebook):
    """A call that is over soon leaves no output, nor does one for which progress is off."""
    assert shown(notebook, notebook.send("users = slow.users()")) == []
    assert shown(notebook, notebook.send("quick.read('github.profile', on_error='ignore', progress=False)")) == []


def test_it_says_whom_it_waits_for_and_an_interrupt_ends_it(notebook):
    """The line says until when it waits for whom; the stop button ends the wait at once, and the line says so."""
    request = notebook.send("slow.read('github.profile', on_error='ignore')")
    waiting = shown(notebook, request, lambda line: "waiting until" in line)
    assert "(GitHub for user_" in waiting[-1][1]["text/plain"]
    began = time.monotonic()
    notebook.kernel.interrupt_kernel()
    lines, error = [], ""
    for kind, content in notebook.messages(request):
        if kind == "update_display_data":
            lines.append(content["data"]["text/plain"])
        elif kind == "error":
            error = content["ename"]
    assert time.monotonic() - began < 2
    assert error == "KeyboardInterrupt"
    assert "; broken off after " in lines[-1]
    assert notebook.run("print(len(slow.users()))").printed == ["5"]


def test_it_stays_with_its_cell(notebook):
    """The line of a task that goes on while other cells run is updated where it began, not in those."""
    first = notebook.send("""
        task = asyncio.ensure_future(quick.aio.read('github.profile', on_error='ignore'))
        await asyncio.sleep(0)
    """)
    notebook.send("await asyncio.sleep(0.4); print('other')")
    last = notebook.send("run = await task; print('another')")
    homes = set()
    while True:
        message = notebook.client.get_iopub_msg(timeout=LONG)
        home = message["parent_header"].get("msg_id")
        if message["msg_type"].endswith("display_data"):
            homes.add(home)
        if home == last and message["content"].get("execution_state") == "idle":
            break
    assert homes == {first}


def test_a_callback_may_be_told_instead(notebook):
    """Who hands a function gets the count, and the cell shows nothing."""
    request = notebook.send("""
        told = []
        quick.read('github.profile', on_error='ignore', progress=lambda count: told.append(str(count)))
    """)
    assert shown(notebook, request) == []
    assert notebook.run("print(told[-1])").printed[0] == "github.profile:"
