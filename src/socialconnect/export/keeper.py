"""A sink on a thread of its own, so that reading goes on while it writes."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")


class Keeper:
    """Calls a sink's methods one after another; whoever is cancelled while one lasts does not end it."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="socialconnect-export")
        self._error: BaseException | None = None

    @property
    def broken(self) -> bool:
        """Whether a call failed."""
        return self._error is not None

    async def call(self, method: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the method gives or raises. Once one has failed none is called any more: the error is raised again."""

        def work() -> T:
            if self._error is not None:
                raise self._error
            try:
                return method(*args, **kwargs)
            except BaseException as error:
                self._error = error
                raise

        future = asyncio.get_running_loop().run_in_executor(self._thread, work)
        future.add_done_callback(_noted)  # whoever waits may be gone when it fails
        return await asyncio.shield(future)

    async def close(self, method: Callable[[], None]) -> None:
        """Call the last method, whatever went wrong before, and let the thread end."""
        try:
            await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._thread, method))
        finally:
            self._thread.shutdown(wait=False)


def _noted(future: asyncio.Future[T]) -> None:
    """Where nobody waits for it any more, the next call raises what went wrong."""
    if not future.cancelled():
        future.exception()
