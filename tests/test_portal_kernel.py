"""Synchronous calls in a real Jupyter kernel, by either engine: cells queued behind a call, interrupts, callbacks."""

import socket
import time

import pytest
from tests.kernels import LONG, Cell, notebook

pytestmark = pytest.mark.kernel

SETUP = """
    import asyncio, threading
    import socialconnect as sc
    from socialconnect import portal

    seen = []

    async def value(it):
        await asyncio.sleep(0)
        return it

    async def long():
        try:
            print("started", flush=True)
            await asyncio.Event().wait()
        except BaseException:  # a cancellation; in the notebook's own thread, the interrupt itself may come first
            seen.append("ended")
            raise

    async def left():
        return [task for task in asyncio.all_tasks() if task.get_coro().__name__ == "long"]

    async def released(port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await reader.readexactly(1)
        writer.close()
        return "released"

    portal.run(value(1))
"""


@pytest.fixture(scope="module", params=["thread", "nested"])
def engine(request):
    return request.param


@pytest.fixture(scope="module", name="notebook")
def _notebook(engine, tmp_path_factory):
    with notebook(tmp_path_factory.mktemp("kernel")) as front:
        assert front.run(SETUP).traceback == ""
        if engine == "nested":
            assert front.run("sc.enable_nested_asyncio()").traceback == ""
        yield front


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
    for _ in range(8):
        request = notebook.send("portal.run(long())")
        notebook.wait_for(request, "started")
        began = time.monotonic()
        notebook.kernel.interrupt_kernel()
        cell = notebook.result(request)
        assert cell.error == "KeyboardInterrupt"
        assert time.monotonic() - began < 2
    after = notebook.run("print(threading.active_count(), *seen, *portal.run(left()), portal.run(value('next')))")
    assert after.printed == [*before, *["ended"] * 8, "next"]


def test_traceback_of_a_cell(notebook):
    """The traceback under a cell shows the cell and the coroutine, not what lies between."""
    cell = notebook.run("""
        async def fail():
            raise LookupError("gone")

        portal.run(fail())
    """)
    assert cell.error == "LookupError"
    assert "portal.run(fail())" in cell.traceback
    for name in ("portal.py", "nested.py", "nest_asyncio", "asyncio/tasks.py"):
        assert name not in cell.traceback


def test_await(notebook):
    """Cells that await the client run in their order too, whatever the engine of the calls."""
    requests = [notebook.send(f"print(await value({number}))") for number in range(3)]
    assert [notebook.result(request).printed for request in requests] == [["0"], ["1"], ["2"]]


def test_what_belongs_to_the_notebook(notebook, engine):
    """A lock that was made and taken in a cell can be awaited by a nested call, and by no other."""
    cell = notebook.run("""
        lock = asyncio.Lock()
        ticks = 0

        async def hold():
            global ticks
            async with lock:
                for ticks in range(1, 6):
                    await asyncio.sleep(0.02)

        async def use():
            async with lock:
                return "mine"

        async def patient():
            try:
                return await asyncio.wait_for(use(), 1)
            except (RuntimeError, TimeoutError):
                return "never"

        holding = asyncio.ensure_future(hold())
        await asyncio.sleep(0)
        print(portal.run(patient()), ticks)
    """)
    assert cell.printed == (["mine", "5"] if engine == "nested" else ["never", "1"])


def test_pasted_script(notebook, engine):
    """`asyncio.run` in a cell works where asyncio may nest, and the next cell still runs."""
    requests = [notebook.send("print(asyncio.run(value('pasted')))"), notebook.send("print('next')")]
    cells = [notebook.result(request) for request in requests]
    assert cells[0].printed == (["pasted"] if engine == "nested" else [])
    assert cells[0].error == ("" if engine == "nested" else "RuntimeError")
    assert cells[1].printed == (["next"] if engine == "nested" else [])


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


def test_awaited_in_a_widget_callback(notebook):
    """A callback cannot await, but the task it begins with the awaited client goes on in the cells that follow."""
    pytest.importorskip("ipywidgets")
    made = notebook.run("""
        import ipywidgets
        client, tasks = sc.sandbox(users=3), []
        button = ipywidgets.Button()
        button.on_click(lambda _: tasks.append(asyncio.ensure_future(client.aio.count())))
        print(button.model_id)
    """)
    notebook.result(notebook.click(*made.printed))
    assert notebook.run("print(await tasks[0], len(tasks), client.count())").printed == ["3", "1", "3"]
