"""Many accounts over a Dask cluster: `import socialconnect.dask as scd`.

    from distributed import Client, LocalCluster
    import socialconnect.dask as scd

    with LocalCluster(n_workers=4) as cluster, Client(cluster):
        frame, outcomes = scd.read("github.repos")                    # a Dask DataFrame, read when it is computed
        report = scd.export(["github.repos"], "s3://bucket/exports/")  # or straight to files, by the workers

The users are listed once, by whoever calls, and handed out by the hundred. Each worker asks Clerk for the tokens of its
own users and keeps them to itself: neither they nor the secret key are in any task, result, log or error that travels.
**The secret key comes from each worker's own environment**: set `CLERK_SECRET_KEY` (and `SOCIALCONNECT_HASH_KEY`, where
personal columns are hashed) where the workers are started, as a secret of Kubernetes or of the job scheduler, never by
a plugin or a task, which would carry it through the scheduler. Workers of a `LocalCluster` have the environment of the
process that starts it. socialconnect is installed on the workers, on the scheduler and here, in one version.

All workers share one budget for the Clerk key, and one for each provider whose limit is for everybody who calls: the
scheduler lends out the places. Other programs that use the same key at the same time are not part of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from socialconnect.errors import MissingPackage

if TYPE_CHECKING:
    from socialconnect.dask.exports import export
    from socialconnect.dask.reads import Reading, read

__all__ = ["Reading", "export", "read"]

_HOMES = {"Reading": "reads", "export": "exports", "read": "reads"}


def __getattr__(name: str) -> object:
    """Load a name when it is first used: a worker needs less than a caller."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        found: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    except ModuleNotFoundError as error:
        missing = MissingPackage(
            f"socialconnect.dask needs a package that is not installed: {error.name}.",
            cure="pip install 'socialconnect[dask,export]'",
        )
        raise missing from None
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__
