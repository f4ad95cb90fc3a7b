"""The one background event loop behind the synchronous face.

A synchronous call has no loop to run on: a notebook's is busy with the cell, a script has none. So each process has a
portal, one daemon thread with one loop: a call hands its coroutine over and waits. The portal is made on first use,
and again after a fork. `blocking` derives a synchronous method from an async one.

On request a call runs on the caller's own loop instead, from within it (`notebook/nested.py`): only so can it await
what belongs to that loop.
"""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import functools
import itertools
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Concatenate, Generic, Literal, ParamSpec, Protocol, TypeVar

from socialconnect.errors import UsageError

if TYPE_CHECKING:
    from types import FrameType, TracebackType

A = TypeVar("A")
A_co = TypeVar("A_co", covariant=True)
P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

Engine = Literal["thread", "nested"]
"""Where synchronous calls run: on the background loop, or on the caller's own where one is running."""

_SLICE = 0.25  # seconds: Windows delivers an interrupt only between two waits
_GRACE = 0.25  # seconds that an interrupted call, or the end of the interpreter, gives a cancelled task to clean up


class Face(Protocol[A_co]):
    """Where a `blocking` method lives: an object whose `aio` is its async counterpart."""

    @property
    def aio(self) -> A_co:
        """The object whose methods are awaited."""


def run(coroutine: Coroutine[object, object, T], engine: Engine = "thread") -> T:
    """Run `coroutine` on the portal, with the caller's context variables, and wait for what it returns.

    With the engine `nested`, or after `enable_nested_asyncio()`, it runs on the loop that is running in the caller's
    thread, where there is one; that loop goes on with its other tasks meanwhile.

    Any thread may call, also one whose own loop is running. An error of the coroutine is raised as it is, out of any
    exception group that holds nothing else. An interrupt of the waiting thread cancels the coroutine and is raised
    again. A call on the portal's own thread, which would wait for itself, raises a UsageError.
    """
    __tracebackhide__ = True
    try:
        call = _call(coroutine, engine)
    except BaseException:
        coroutine.close()  # or Python reports it as never awaited
        raise
    call.wait()
    if call.error is None:
        return call.value
    serial, error = call.serial, call.error
    error.__traceback__ = _below(error.__traceback__, serial)
    try:
        raise error
    finally:
        del call, error  # the error's traceback holds this frame: together they would wait for the garbage collector


def blocks(home: asyncio.AbstractEventLoop, engine: Engine = "thread") -> bool:
    """Whether a synchronous call, where this is asked, would keep that loop from going on."""
    return _running() is home and not (_nests or engine == "nested")


def loop() -> asyncio.AbstractEventLoop:
    """The portal's loop, started on first use; a UsageError where Python cannot start a thread, as in a browser."""
    return _current().loop


def blocking(method: Callable[Concatenate[A, P], Awaitable[R]]) -> Callable[Concatenate[Face[A], P], R]:
    """The synchronous counterpart of an async `method`, with its name, documentation and signature.

    After `users = blocking(AsyncClient.users)` in the body of `class Client`, the call `client.users(…)` runs
    `AsyncClient.users(client.aio, …)` on the portal, and returns or raises what that does. Where the object has an
    `engine`, that says where.
    """

    @functools.wraps(method)
    def call(self: Face[A], /, *args: P.args, **kwargs: P.kwargs) -> R:
        __tracebackhide__ = True
        awaitable = method(self.aio, *args, **kwargs)
        coroutine: Coroutine[object, object, R] = awaitable if isinstance(awaitable, Coroutine) else _awaited(awaitable)
        engine: Engine = getattr(self, "engine", "thread")
        return run(coroutine, engine)

    call.__qualname__ = method.__qualname__.replace("Async", "", 1)
    return call


async def _awaited(awaitable: Awaitable[R]) -> R:
    __tracebackhide__ = True
    return await awaitable


def enable_nested_asyncio() -> None:
    """Let asyncio run from within itself: for scripts with `asyncio.run(…)` in a cell, and for callbacks of yours.

    From then on every synchronous call in a thread whose loop is running is carried out on that loop, so that it can
    await what belongs to the notebook: a lock, a session, a queue that was made in a cell. The setting
    `engine="nested"` does the same for the calls of one client. Without need, leave it: it patches asyncio for the
    whole process, and nothing undoes that. In a script, where no loop is running, there is nothing to patch yet.

    It takes nest_asyncio2 1.7.3 or later, which the extra `notebook` brings. Raises a MissingPackage where it is not
    there, another SetupError where what is there would corrupt this kernel (nest_asyncio 1.6.0 loses queued cells
    under ipykernel 7 and timeouts under Python 3.14), a UsageError where the running loop is uvloop's.

    Source: https://github.com/Chaoses-Ib/nest-asyncio2
    """
    global _nests  # noqa: PLW0603 - there is one asyncio per process
    here = _running()
    if here is not None:
        from socialconnect.notebook import nested  # noqa: PLC0415 - only who asks for it has what it needs

        nested.patch(here)
    _nests = True


class _Call(Generic[T]):
    """One coroutine on its way through the portal, and the thread that waits for it."""

    value: T
    error: BaseException | None = None
    _task: asyncio.Task[T] | None = None
    _serials = itertools.count()

    def __init__(self, portal: _Portal, coroutine: Coroutine[object, object, T]) -> None:
        self.serial = next(self._serials)
        self._portal = portal
        self._coroutine = coroutine
        self._done = threading.Event()

    def wait(self) -> None:
        __tracebackhide__ = True
        schedule = self._portal.loop.call_soon_threadsafe
        before = _cancellations()
        try:
            schedule(self._start, context=contextvars.copy_context())
            while not self._done.wait(_SLICE):
                if _cancellations() > before:  # Ctrl-C under asyncio.run, which raises nothing here
                    raise asyncio.CancelledError  # noqa: TRY301 - goes the way of every interrupt
        except BaseException as interrupt:  # noqa: BLE001 - raised again below
            schedule(self._cancel)
            self._done.wait(_GRACE)
            raise interrupt.with_traceback(None)  # noqa: B904 - the same one, without the frames of the wait

    def _start(self) -> None:
        try:
            self._task = self._portal.loop.create_task(self._coroutine)
        except Exception as error:  # noqa: BLE001 - whatever it is, somebody waits for it
            self.error = error
            self._done.set()
        else:
            self._task.add_done_callback(self._finish)

    def _finish(self, task: asyncio.Task[T]) -> None:
        self._take(task)
        if not self._portal.closing:  # who still waits then is a daemon thread, which would print the cancellation
            self._done.set()

    def _take(self, task: asyncio.Task[T]) -> None:
        try:
            error = task.exception()
        except asyncio.CancelledError as cancelled:
            error = cancelled
        if error is None:
            self.value = task.result()
        else:
            self.error = _only(error)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
        else:  # the interrupt came before the coroutine was handed over
            self._coroutine.close()
            self._done.set()


class _Nested(_Call[T]):
    """One coroutine that runs on the caller's own loop, from within it."""

    def __init__(self, home: asyncio.AbstractEventLoop, coroutine: Coroutine[object, object, T]) -> None:
        from socialconnect.notebook import nested  # noqa: PLC0415 - only who asks for it has what it needs

        nested.patch(home)
        self.serial = next(self._serials)
        self._coroutine = coroutine
        self._home = home
        self._complete = nested.complete

    def wait(self) -> None:
        __tracebackhide__ = True
        before = _cancellations()
        self._take(self._complete(self._coroutine, self._home, lambda: _cancellations() > before))


class _Portal:
    """A loop and the daemon thread that serves it."""

    def __init__(self) -> None:
        # by name: the policy may be somebody else's, and Windows' default would take the main thread's signals
        self.loop = asyncio.SelectorEventLoop()
        if sys.version_info >= (3, 14):
            self.loop.set_task_factory(_native_task)
        self.closing = False
        self._left: set[asyncio.Task[Any]] = set()
        self.thread = threading.Thread(target=self._serve, name="socialconnect", daemon=True)
        try:
            self.thread.start()
        except RuntimeError as error:
            self.loop.close()
            raise UsageError(
                f"The background loop of synchronous calls cannot start: {error}.", cure="Await client.aio instead."
            ) from error

    def _serve(self) -> None:
        while not self.closing:
            with suppress(KeyboardInterrupt, SystemExit):  # a task's own, which also goes to who waits for it
                self.loop.run_forever()
        self.loop.close()

    def close(self) -> None:
        """Cancel what runs and end the thread; a task that does not let go is left to die with the process."""
        self.closing = True
        self.loop.call_soon_threadsafe(lambda: self.loop.create_task(self._end()))
        self.thread.join(2 * _GRACE)

    async def _end(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        done, pending = await asyncio.wait(tasks, timeout=_GRACE) if tasks else (tasks, tasks)
        for task in done:
            task.cancelled() or task.exception()  # looked at, or asyncio reports it as lost
        self._left = pending  # held by the thread's frame, since asyncio reports a task that is collected
        if not pending:
            await self.loop.shutdown_asyncgens()
            self.loop.stop()


_lock = threading.Lock()
_portal: _Portal | None = None
_nests = False  # whether every call goes to the caller's own loop


def _current() -> _Portal:
    global _portal  # noqa: PLW0603 - there is one per process, and it is made when it is needed
    with _lock:
        if _portal is None:
            _portal = _Portal()
        return _portal


def _call(coroutine: Coroutine[object, object, T], engine: Engine) -> _Call[T]:
    here = _running() if _nests or engine == "nested" else None
    if here is not None and not (_portal and here is _portal.loop):
        return _Nested(here, coroutine)
    return _Call(_enter(coroutine), coroutine)


def _running() -> asyncio.AbstractEventLoop | None:
    """The loop that runs in the calling thread, if any."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _enter(coroutine: Coroutine[object, object, object]) -> _Portal:
    portal = _current()
    if threading.get_ident() == portal.thread.ident:
        name = getattr(coroutine, "__name__", "method")
        raise UsageError(
            f"A synchronous call of {name} on the client's own event loop would wait for itself.",
            cure=f"There, write: await client.aio.{name}(…).",
        )
    return portal


def _after_fork() -> None:
    """Forget the parent's portal: its thread is not here, and to close its loop would deafen the parent (epoll)."""
    global _lock, _portal  # noqa: PLW0603 - as above
    _lock = threading.Lock()  # another thread may have held it
    _portal = None


@atexit.register
def _leave() -> None:
    global _portal
    portal, _portal = _portal, None
    if portal is not None:
        portal.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


_Task: type[asyncio.Task[Any]] = getattr(sys.modules.get("_asyncio"), "Task", asyncio.Task)


def _native_task(home: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, T], **options: Any) -> asyncio.Task[T]:
    """A task of C: nest_asyncio 1.6.0 puts a Python one in asyncio.Task, whose timeouts never end on Python 3.14."""
    return _Task(coroutine, loop=home, **options)


def _cancellations() -> int:
    """How often the task of the calling thread, if it runs one, was asked to end."""
    try:
        task = asyncio.current_task()
    except RuntimeError:  # no loop runs here
        return 0
    return task.cancelling() if task is not None else 0


def _only(error: BaseException) -> BaseException:
    """The error itself, out of exception groups that hold nothing else."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _below(traceback: TracebackType | None, serial: int) -> TracebackType | None:
    """What lies below the portal; of an error that an earlier call raised too, only where that was.

    Python adds the frames of each `raise` to those before: a kept error would grow, and hold all of them.
    """
    here = traceback
    while here is not None:
        frame = here.tb_frame
        here = here.tb_next
        if frame.f_code is run.__code__ and frame.f_locals.get("serial", serial) < serial:
            traceback = here
    while traceback is not None and _between(traceback.tb_frame):
        traceback = traceback.tb_next
    return traceback


def _between(frame: FrameType) -> bool:
    """Whether it is a frame of the way there: ours, or a task's own step, which is Python where asyncio is patched."""
    return frame.f_code is _awaited.__code__ or frame.f_globals.get("__name__") == "asyncio.tasks"
