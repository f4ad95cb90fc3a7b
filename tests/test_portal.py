"""The background loop: any thread may call, interrupts cancel, errors arrive as they are, nothing is left behind."""

import asyncio
import contextvars
import ctypes
import gc
import inspect
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from textwrap import dedent

import pytest

from socialconnect import portal
from socialconnect.errors import UsageError

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals to a thread and fork are of POSIX")


class AsyncClient:
    def __init__(self):
        self.prefix = "user_"

    async def users(self, *ids: int, limit: int = 10) -> list[str]:
        """List users."""
        await asyncio.sleep(0)
        return [f"{self.prefix}{one}" for one in ids[:limit]]

    def started(self, value: int) -> "asyncio.Future[int]":
        """Return a future, not a coroutine."""
        return Ready(value)


class Ready:
    def __init__(self, value):
        self.value = value

    def __await__(self):
        yield from asyncio.sleep(0).__await__()
        return self.value


class Client:
    def __init__(self):
        self.aio = AsyncClient()

    users = portal.blocking(AsyncClient.users)
    started = portal.blocking(AsyncClient.started)


def script(code, *options, **environment):
    """Run `code` in an interpreter of its own; what it printed, where it must have complained of nothing."""
    done = subprocess.run(
        [sys.executable, *options, "-c", dedent(code)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout.split()


async def value(it):
    await asyncio.sleep(0)
    return it


async def others():
    """The tasks of the portal beside this one."""
    return asyncio.all_tasks() - {asyncio.current_task()}


def frames(error):
    return [frame.name for frame in traceback.extract_tb(error.__traceback__)]


# --- one loop, one thread, one process


def test_import_starts_nothing():
    """Importing makes neither a thread nor a loop."""
    out = script("""
        import asyncio, threading
        made = []
        asyncio.SelectorEventLoop.__init__ = lambda loop: made.append(loop)
        from socialconnect import portal
        print(threading.active_count(), len(made))
    """)
    assert out == ["1", "0"]


def test_threads_share_one_loop(monkeypatch):
    """Calls from several threads at once run on one loop in one daemon thread."""
    monkeypatch.setattr(portal, "_portal", None)
    together = threading.Barrier(8)

    async def where():
        return asyncio.get_running_loop(), threading.current_thread()

    def call(_):
        together.wait(10)
        return portal.run(where())

    with ThreadPoolExecutor(8) as pool:
        places = set(pool.map(call, range(8)))
    [(loop, thread)] = places
    assert loop is portal.loop()
    assert thread.daemon
    portal._leave()
    assert not thread.is_alive()
    assert loop.is_closed()


@posix
def test_fork_makes_a_new_loop():
    """A forked child gets a loop of its own, even if a thread held the lock, and the parent's goes on."""
    out = script(
        """
        import asyncio, os, threading
        from socialconnect import portal

        async def value(it):
            await asyncio.sleep(0)
            return it

        assert portal.run(value(1)) == 1
        before = portal.loop()
        portal._lock.acquire()
        child = os.fork()
        if child:
            portal._lock.release()
        else:
            assert portal.run(value(2)) == 2
            assert portal.loop() is not before
            raise SystemExit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        assert portal.run(value(3)) == 3
        print(portal.loop() is before)
        """,
        "-Wignore::DeprecationWarning",  # from Python 3.12 on, for any fork beside a thread
    )
    assert out == ["True"]


def test_no_thread_can_start(monkeypatch):
    """Where Python cannot start a thread, a call says so and how else to do it."""
    monkeypatch.setattr(portal, "_portal", None)

    loops = []

    class Loop(asyncio.SelectorEventLoop):
        def __init__(self):
            super().__init__()
            loops.append(self)

    def start(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(asyncio, "SelectorEventLoop", Loop)

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(UsageError, match=r"can't start new thread.*client\.aio"):
        portal.run(value(1))
    assert [made.is_closed() for made in loops] == [True]


def test_context_variables_travel():
    """The coroutine sees the caller's context variables; what it sets stays with it."""
    word = contextvars.ContextVar("word", default="unset")
    word.set("caller")

    async def seen():
        before = word.get()
        word.set("inner")
        return before

    assert portal.run(seen()) == "caller"
    assert word.get() == "caller"


# --- beside other loops


async def test_under_a_running_loop():
    """A call works in an async function whose own loop is running."""
    assert Client().users(1) == ["user_1"]


async def test_in_a_callback_of_a_running_loop():
    """A call works in a callback, where no task runs."""
    home, done = asyncio.get_running_loop(), asyncio.Event()
    got = []

    def callback():
        try:
            got.append(Client().users(1))
        finally:
            done.set()

    home.call_soon(callback)
    await done.wait()
    assert got == [["user_1"]]


def test_under_anyio():
    """A call works under anyio.run."""
    anyio = pytest.importorskip("anyio")

    async def main():
        return Client().users(1)

    assert anyio.run(main) == ["user_1"]


def test_under_uvloop():
    """A call works on a loop that cannot be patched."""
    uvloop = pytest.importorskip("uvloop")

    async def main():
        return Client().users(1)

    assert uvloop.run(main()) == ["user_1"]


NESTED = """
    import asyncio
    from socialconnect import portal

    async def work():
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            tasks = [group.create_task(asyncio.sleep(0, n)) for n in range(3)]
        try:
            await asyncio.wait_for(asyncio.Event().wait(), 0.001)
        except TimeoutError:
            return sum(task.result() for task in tasks)

    async def main():
        return portal.run(work())

    if {before}:
        portal.run(work())
    import {package}
    home = asyncio.new_event_loop()
    asyncio.set_event_loop(home)
    {package}.apply(home)
    if {native}:
        portal.loop().call_soon_threadsafe(portal.loop().set_task_factory, portal._native_task)
        async def kind():
            return type(asyncio.current_task()).__module__
        print(portal.run(kind()))
    print(portal.run(work()), asyncio.run(main()))
    home.close()  # or the collector finds it in pieces
"""


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("package", ["nest_asyncio", "nest_asyncio2"])
def test_beside_nest_asyncio(package, before):
    """Calls work after somebody nested asyncio, whether the portal ran before or not; the timeouts in them end."""
    pytest.importorskip(package)
    assert script(NESTED.format(package=package, before=before, native=False)) == ["3", "3"]


def test_native_tasks_beside_nest_asyncio():
    """The task factory of Python 3.14 keeps the tasks of C that nest_asyncio took out of asyncio."""
    pytest.importorskip("nest_asyncio")
    assert script(NESTED.format(package="nest_asyncio", before=True, native=True)) == ["_asyncio", "3", "3"]


# --- interrupts


@posix
def test_interrupt_cancels_the_work():
    """Ctrl-C ends the coroutine before it reaches the caller; the loop is clean and goes on."""
    seen = []

    async def long():
        try:
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    with pytest.raises(KeyboardInterrupt) as caught:
        portal.run(long())
    assert seen == ["cancelled"]
    assert frames(caught.value)[1:] == ["run", "wait"]
    assert portal.run(others()) == set()
    assert portal.run(value(1)) == 1


@posix
def test_interrupt_does_not_wait_for_the_stubborn(monkeypatch):
    """A coroutine that ignores its cancellation holds the interrupt up for less than 0.3 s."""
    assert portal._GRACE < 0.3
    monkeypatch.setattr(portal, "_GRACE", 0.01)
    release = asyncio.Event()
    ended = threading.Event()

    async def stubborn():
        try:
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await release.wait()
            ended.set()

    with pytest.raises(KeyboardInterrupt):
        portal.run(stubborn())
    assert not ended.is_set()
    portal.loop().call_soon_threadsafe(release.set)
    assert ended.wait(10)


@posix
def test_error_while_being_cancelled_is_silent(caplog):
    """What a cancelled coroutine raises while it cleans up is not reported as lost."""

    async def clumsy():
        try:
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            await asyncio.Event().wait()
        finally:
            raise ValueError("while cleaning up")

    with pytest.raises(KeyboardInterrupt):
        portal.run(clumsy())
    portal.run(value(1))
    assert caplog.records == []


def test_interrupt_before_the_hand_over(monkeypatch):
    """An interrupt that comes before the coroutine was handed over closes it."""

    def interrupted():
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr(contextvars, "copy_context", interrupted)
    coroutine = value(1)
    with pytest.raises(KeyboardInterrupt):
        portal.run(coroutine)
    assert inspect.getcoroutinestate(coroutine) == inspect.CORO_CLOSED


def test_wait_is_sliced(monkeypatch):
    """The wait returns to Python again and again, for systems that interrupt only there."""
    assert portal._SLICE <= 1
    monkeypatch.setattr(portal, "_SLICE", 0.001)
    raised = []

    def call():
        try:
            portal.run(waiting())
        except KeyboardInterrupt as error:
            raised.append(error)

    async def waiting():
        # an exception set in this way is raised at the next byte code of that thread, and wakes nothing up
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(KeyboardInterrupt))
        await asyncio.Event().wait()

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(10)
    assert len(raised) == 1


@posix
def test_interrupt_of_asyncio_run(monkeypatch):
    """One Ctrl-C ends a call under asyncio.run, which only cancels its task."""
    monkeypatch.setattr(portal, "_SLICE", 0.001)
    seen = []

    async def long():
        try:
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    async def main():
        portal.run(long())

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(main())
    assert seen == ["cancelled"]


def test_call_while_a_cancelled_task_cleans_up(monkeypatch):
    """A cancellation that came before the call does not end it."""
    monkeypatch.setattr(portal, "_SLICE", 0.001)

    async def main():
        asyncio.current_task().cancel()
        try:
            await asyncio.sleep(0)
        finally:
            got.append(portal.run(asyncio.sleep(0.02, "done")))

    got = []
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(main())
    assert got == ["done"]


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
def test_exit_inside_the_coroutine(kind):
    """A coroutine that exits takes its caller with it, not the loop."""

    async def leave():
        raise kind

    with pytest.raises(kind):
        portal.run(leave())
    assert portal.run(value(1)) == 1


def test_stopped_loop_goes_on():
    """Somebody who stops the loop does not end it."""
    portal.loop().call_soon_threadsafe(portal.loop().stop)
    assert portal.run(value(1)) == 1


# --- errors


def test_call_on_its_own_loop():
    """A synchronous call on the portal's own thread says what to await, rather than wait for itself."""
    coroutines = []

    async def users():
        coroutines.append(inner())
        portal.run(coroutines[0])

    async def inner():
        pass

    with pytest.raises(UsageError, match=r"await client\.aio\.inner\(…\)"):
        portal.run(users())
    assert inspect.getcoroutinestate(coroutines[0]) == inspect.CORO_CLOSED


def test_not_a_coroutine():
    """What cannot be run is an error, not a wait without end."""
    with pytest.raises(TypeError, match="coroutine"):
        portal.run(Ready(1))


def test_single_error_leaves_its_groups():
    """An error alone in a group, or in a group in a group, is raised itself."""

    async def fail():
        raise LookupError("gone")

    async def work():
        async with asyncio.TaskGroup() as outer:
            outer.create_task(inner())

    async def inner():
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())

    with pytest.raises(LookupError, match="gone") as caught:
        portal.run(work())
    assert caught.value.__context__ is None
    assert frames(caught.value)[-1] == "fail"


def test_several_errors_stay_a_group():
    """A group of several errors stays one."""

    async def work():
        raise ExceptionGroup("both", [ValueError(1), ExceptionGroup("one", [KeyError(2)])])

    with pytest.raises(ExceptionGroup) as caught:
        portal.run(work())
    assert [type(error) for error in caught.value.exceptions] == [ValueError, ExceptionGroup]


def test_internal_frames_are_hidden():
    """Between the caller's frame and the coroutine's, each asks tools to hide it."""

    class AsyncFailing:
        async def users(self):
            raise ValueError("no users")

        def later(self):
            return Wrong()

    class Wrong:
        def __await__(self):
            raise ValueError("not ready")

    class Failing:
        aio = AsyncFailing()
        users = portal.blocking(AsyncFailing.users)
        later = portal.blocking(AsyncFailing.later)

    for method, origin in ((Failing().users, "users"), (Failing().later, "__await__")):
        with pytest.raises(ValueError, match=r"no users|not ready") as caught:
            method()
        _, *inner, last = traceback.walk_tb(caught.value.__traceback__)
        assert [frame.f_code.co_name for frame, _ in inner] == ["call", "run"]
        assert all(frame.f_locals["__tracebackhide__"] for frame, _ in inner)
        assert last[0].f_code.co_name == origin


def test_repeated_raise_does_not_grow():
    """A kept error that is raised by call after call keeps a traceback of the same length."""
    kept = ValueError("kept")

    async def fail():
        raise kept

    lengths = []
    for _ in range(4):
        with pytest.raises(ValueError, match="kept") as caught:
            portal.run(fail())
        lengths.append(len(frames(caught.value)))
    assert len(set(lengths)) == 1
    assert frames(kept)[-1] == "fail"


def test_error_is_freed_at_once():
    """An error and the frames of its traceback do not wait for the garbage collector."""

    class Large(Exception):
        pass

    async def fail():
        raise Large

    gc.disable()
    try:
        try:
            portal.run(fail())
        except Large as error:
            left = weakref.ref(error)
        portal.run(value(1))  # the loop has let go of the task
        assert left() is None
    finally:
        gc.enable()


def test_call_within_a_call_keeps_its_traceback():
    """An error that passes two calls, one made by the other, shows the frames of both."""

    async def inner():
        raise ValueError("deep")

    def worker():
        portal.run(inner())

    async def outer():
        await asyncio.to_thread(worker)

    with pytest.raises(ValueError, match="deep") as caught:
        portal.run(outer())
    names = frames(caught.value)
    assert [name for name in names if name in {"outer", "worker", "inner"}] == ["outer", "worker", "inner"]


# --- the end of the interpreter

ENDINGS = {
    "a task that waits": """
        async def forever():
            await asyncio.Event().wait()
        portal.run(start(forever()))
    """,
    "a task that cleans up and fails": """
        async def clumsy():
            try:
                await asyncio.Event().wait()
            finally:
                print("cleaned")
                raise ValueError
        portal.run(start(clumsy()))
    """,
    "a task that ignores its cancellation": """
        async def stubborn():
            while True:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    pass
        portal.run(start(stubborn()))
    """,
    "a loop that is blocked": """
        portal.loop().call_soon_threadsafe(threading.Event().wait)
    """,
    "an open asynchronous generator": """
        async def numbers():
            try:
                yield 1
            finally:
                print("cleaned")
        async def half():
            kept.append(numbers())
            await anext(kept[0])
        portal.run(half())
    """,
    "a call that a daemon thread waits for": """
        began = threading.Event()
        async def forever():
            began.set()
            await asyncio.Event().wait()
        threading.Thread(target=lambda: portal.run(forever()), daemon=True).start()
        began.wait()
    """,
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_interpreter_ends_in_silence(ending):
    """Whatever runs, the interpreter ends soon, prints nothing, and lets tasks clean up."""
    head = dedent("""
        import asyncio, threading
        from socialconnect import portal
        kept = []
        async def start(coroutine):
            kept.append(asyncio.create_task(coroutine))
            await asyncio.sleep(0)
    """)
    code = head + dedent(ENDINGS[ending])
    began = time.monotonic()
    out = script(code, "-Xdev", "-Werror")
    assert time.monotonic() - began < 15
    assert out == (["cleaned"] if "cleaned" in code else [])


def test_end_does_not_wake_waiting_threads(monkeypatch):
    """A daemon thread that waits at the end goes on waiting: woken, it would print that its call was cancelled."""
    monkeypatch.setattr(portal, "_portal", None)
    calls, began = [], threading.Event()

    class Call(portal._Call):
        def _start(self):
            super()._start()
            calls.append(self)

    async def forever():
        began.set()
        await asyncio.Event().wait()

    def wait():
        with suppress(asyncio.CancelledError):
            portal.run(forever())

    monkeypatch.setattr(portal, "_Call", Call)
    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    assert began.wait(10)
    portal._leave()
    [call] = calls
    assert isinstance(call.error, asyncio.CancelledError)
    assert not call._done.is_set()
    call._done.set()
    thread.join(10)


def test_call_after_the_end():
    """A call made while the interpreter ends works or says why it cannot, and does not hang."""
    out = script("""
        import asyncio, atexit
        from socialconnect.errors import UsageError

        def last():
            try:
                print(portal.run(asyncio.sleep(0, "ran")))
            except UsageError:
                print("refused")

        atexit.register(last)
        from socialconnect import portal
        portal.loop()
    """)
    assert out in (["ran"], ["refused"])


# --- the decorator


def test_blocking_calls_the_async_method():
    """The synchronous method runs the async one on the object's async counterpart, with its arguments."""
    assert Client().users(1, 2, 3, limit=2) == ["user_1", "user_2"]


def test_blocking_takes_any_awaitable():
    """A method that returns an awaitable, and is not a coroutine function, works too."""
    assert Client().started(5) == 5


def test_blocking_describes_itself():
    """Name, documentation and signature are the async method's; it is a plain function of the synchronous class."""
    assert Client.users.__name__ == "users"
    assert Client.users.__qualname__ == "Client.users"
    assert Client.users.__doc__ == "List users."
    assert str(inspect.signature(Client().users)) == "(*ids: int, limit: int = 10) -> list[str]"
    assert not inspect.iscoroutinefunction(Client.users)


TYPED = """
from typing import assert_type
from socialconnect.portal import blocking, run

class AsyncClient:
    async def users(self, limit: int = 1, *, name: str = "") -> list[str]:
        return []

class Client:
    aio = AsyncClient()
    users = blocking(AsyncClient.users)

class Stranger:
    aio = "nothing of the kind"
    users = blocking(AsyncClient.users)

assert_type(Client().users(3, name="x"), list[str])
assert_type(run(AsyncClient().users()), list[str])
Client().users("3")
Stranger().users()
"""


def test_blocking_is_typed(tmp_path):
    """A strict type checker knows the result and refuses a wrong argument and an object without that counterpart."""
    pytest.importorskip("mypy")
    source = tmp_path / "typed.py"
    source.write_text(TYPED)
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-pretty", str(source)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    codes = [(int(line.split(":")[1]), line.rsplit(" ", 1)[1]) for line in checked.stdout.splitlines()[:-1]]
    last = TYPED.count("\n")
    assert codes == [(last - 1, "[arg-type]"), (last, "[misc]")], checked.stdout
