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

from socialconnect.errors import MissingPackage

try:
    import dask.dataframe as _dask  # noqa: F401 - asked for here, so that what is missing is told once
    import distributed as _distributed  # noqa: F401 - as above
except ImportError as error:
    raise MissingPackage(
        f"socialconnect.dask needs a package that is not installed: {error.name or error}.",
        cure="pip install 'socialconnect[dask]'",
    ) from None

from socialconnect.dask.exports import export
from socialconnect.dask.reads import Reading, read

__all__ = ["Reading", "export", "read"]
