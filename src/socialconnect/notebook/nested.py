"""Running a coroutine on a loop that is running already, as the notebook's is while a cell runs.

asyncio forbids it; nest_asyncio, and its maintained successor nest_asyncio2, patch that out for the whole process. Not
every version may do so everywhere: where cells or timeouts would be lost without a word, this refuses.
"""

from __future__ import annotations

import asyncio
import re
import sys
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, TypeVar

from socialconnect.errors import MissingPackage, SetupError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")

_SUCCESSOR, _FIRST = "nest_asyncio2", "nest_asyncio"
_SOUND = (1, 7, 3)  # before it, nest_asyncio2 loses the cells that are queued in ipykernel 7
_SLICE = 0.25  # seconds between two looks whether the caller was cancelled
_GRACE = 0.25  # seconds that a cancelled task has to clean up
_AWAIT = "Leave the engine at 'thread', or await client.aio instead."


def patch(loop: asyncio.AbstractEventLoop) -> None:
    """Let `loop`, which is running, run from within itself. It stays so: neither package can be undone.

    A UsageError where the loop is not asyncio's own (uvloop), a MissingPackage or another SetupError where no package
    is there that does no harm to this process.
    """
    if not isinstance(loop, asyncio.BaseEventLoop):
        raise UsageError(f"A loop of {type(loop).__module__} cannot run from within itself.", cure=_AWAIT)
    import_module(_package()).apply(loop)  # does nothing to a loop that is patched already


def complete(
    coroutine: Coroutine[object, object, T], loop: asyncio.AbstractEventLoop, cancelled: Callable[[], bool]
) -> asyncio.Task[T]:
    """The finished task of `coroutine`, run on the patched `loop` that is running here.

    The loop goes on with everything else meanwhile. An interrupt, or `cancelled`, cancels the task and is raised.
    """
    __tracebackhide__ = True
    task = loop.create_task(coroutine)
    try:
        while not task.done():
            loop.run_until_complete(asyncio.wait((task,), timeout=_SLICE))
            if cancelled():
                raise asyncio.CancelledError  # noqa: TRY301 - goes the way of every interrupt
    except BaseException as interrupt:  # noqa: BLE001 - raised again
        task.cancel()
        loop.run_until_complete(asyncio.wait((task,), timeout=_GRACE))
        raise interrupt.with_traceback(None)  # noqa: B904 - the same one, without the frames of the wait
    return task


@cache
def _package() -> str:
    """Which of the two may patch this process."""
    patched = hasattr(asyncio, "_nest_patched")
    if patched and not hasattr(asyncio, "_nest_asyncio2"):
        return _first(
            "nest_asyncio, which has patched asyncio in this process already,",
            "Restart the kernel, leave it out, and run",
        )
    found = _version(_SUCCESSOR)
    if found and (found >= _SOUND or not _loses_cells()):
        return _SUCCESSOR
    if patched:
        return _refuse(
            "nest_asyncio2 before 1.7.3, which has patched asyncio already,", "Restart the kernel after", "cells"
        )
    return _first("Of nest_asyncio2 1.7.3 or later nothing is installed, and nest_asyncio", "Run")


def _first(what: str, step: str) -> str:
    """nest_asyncio itself, where it does no harm."""
    if not _version(_FIRST):
        raise MissingPackage("Neither nest_asyncio2 nor nest_asyncio is installed.", cure=_install("Run"))
    if sys.version_info >= (3, 14):
        return _refuse(what, step, "timeouts")
    return _refuse(what, step, "cells") if _loses_cells() else _FIRST


def _refuse(what: str, step: str, lost: str) -> str:
    why = {
        "cells": "would lose the cells that are queued behind a call (ipykernel 7)",
        "timeouts": "stops timeouts from ever ending (Python 3.14)",
    }
    raise SetupError(f"{what} {why[lost]}.", cure=f"{_install(step)} Or: {_AWAIT[0].lower()}{_AWAIT[1:]}")


def _install(step: str) -> str:
    return f"{step} pip install 'nest-asyncio2>=1.7.3'."


def _loses_cells() -> bool:
    """Whether this is a kernel that runs all cells in one context, which a loop must not enter twice."""
    return "ipykernel" in sys.modules and _version("ipykernel") >= (7,)


def _version(package: str) -> tuple[int, ...]:
    """The version that is installed, as numbers; empty where none is."""
    try:
        return tuple(map(int, re.findall(r"\d+", version(package.replace("_", "-")))[:3]))
    except PackageNotFoundError:
        return ()
