"""The cluster that is used: the current one, with a scheduler that lends budgets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import distributed

from socialconnect.dask.lease import NAME, Lender
from socialconnect.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from distributed import Future

    from socialconnect.dask.tasks import Handed
    from socialconnect.dask.terms import Share

_AHEAD = 2  # shares for each thread of a worker, so that none is idle


def ready(dask: distributed.Client | None) -> distributed.Client:
    """The cluster's client, its scheduler made ready; a UsageError where there is none."""
    if dask is None:
        try:
            dask = distributed.get_client()
        except ValueError:
            raise UsageError(
                "There is no Dask cluster here.", cure="Make one first: distributed.Client(distributed.LocalCluster())."
            ) from None
    if dask.asynchronous:
        raise UsageError("This Dask client is asynchronous.", cure="Make it without asynchronous=True.")
    dask.register_plugin(Lender(), name=NAME)
    return dask


def threads(dask: distributed.Client) -> int:
    """How many threads all workers have just now."""
    return sum(dask.nthreads().values())  # type: ignore[no-untyped-call]  # it has no types


class Flow:
    """Tasks that are under way, and what comes of them as they end."""

    def __init__(self, dask: distributed.Client) -> None:
        self._dask = dask
        self._out: dict[Hashable, tuple[Future[Handed], Share]] = {}
        self._ended = distributed.as_completed(loop=dask.loop)  # type: ignore[no-untyped-call]  # as above

    @property
    def room(self) -> bool:
        """Whether one more would leave no worker without work."""
        return len(self._out) < max(_AHEAD, _AHEAD * threads(self._dask))

    def add(self, future: Future[Handed], share: Share) -> None:
        """One more task."""
        self._out[future.key] = future, share
        self._ended.add(future)  # type: ignore[no-untyped-call]  # as above

    def __iter__(self) -> Iterator[tuple[Share, Handed | BaseException]]:
        for future in self._ended:
            _, share = self._out.pop(future.key)
            yield share, _result(future)
            future.release()  # or it would be computed again when the worker that holds it dies

    def cancel(self) -> None:
        """End what is under way."""
        self._dask.cancel([future for future, _ in self._out.values()])  # type: ignore[no-untyped-call]  # as above


def _result(future: Future[Handed]) -> Handed | BaseException:
    if future.status == "finished":
        return future.result()
    error: BaseException | None = None
    if future.status == "error":
        error = future.exception()  # type: ignore[no-untyped-call]  # as above
    return error or RuntimeError(future.status)
