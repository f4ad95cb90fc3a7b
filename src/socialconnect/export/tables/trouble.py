"""What a database complains of, as errors of this package: what happened, without rows or passwords, and a cure."""

from __future__ import annotations

import re
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import sqlalchemy as sa

from socialconnect.errors import MissingPackage, SocialConnectError, TargetBusy, TargetError, UsageError
from socialconnect.secret import bare, scrub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from socialconnect.errors import SetupError

P = ParamSpec("P")
R = TypeVar("R")

AGAIN = "What was committed before is safe: mend that, and run again with --resume."
_CURES = (
    # in the order in which they are tried; what databases say: sqlite3, psycopg, libpq, DuckDB, the operating system
    (r"disk is full|no space left|could not extend file|out of disk|disk full|max_temp", f"Make room there. {AGAIN}"),
    (
        r"no password supplied|password authentication failed|access denied for user|role .* does not exist",
        "Look after user and password in the URL.",
    ),
    (
        r"permission denied for (schema|table|sequence|database)|no schema has been|insufficient priv|must be owner",
        "Allow this database user to make and change tables there: GRANT USAGE, CREATE ON SCHEMA.",
    ),
    (
        r"read-?only|permission denied|(unable to|cannot) open|attempt to write|(not|is) a directory|no such file",
        "Choose a file in a folder that is there, and in which this user may write.",
    ),
    (
        r"not a database|malformed|not a valid duckdb|corrupt",
        "Choose another file, or restore this one from a backup.",
    ),
    (r"database .* does not exist|unknown database", "Make the database first."),
    (
        r"server closed|terminat|connection.{0,20}(lost|reset|closed)|broken pipe|gone away|ssl syscall|consuming",
        f"The connection was lost. {AGAIN}",
    ),
    (
        r"could not translate|resolve host|name or service|connection refused|timed? ?out|unreachable|starting up",
        "Look after host and port in the URL, and whether the server runs.",
    ),
)
_BUSY = re.compile(r"database is locked|could not set lock|conflicting lock|different configuration", re.IGNORECASE)


@contextmanager
def told(target: str, *also: type[Exception]) -> Iterator[None]:
    """Make a TargetError of whatever a database or its driver raises here; `also` are the driver's own errors."""
    try:
        yield
    except SocialConnectError:
        raise
    except ModuleNotFoundError as error:
        raise absent(error.name or "", target) from None
    except sa.exc.NoSuchModuleError:
        raise absent(target.partition(":")[0], target) from None
    except sa.exc.ArgumentError:
        raise UsageError("That is no URL of a database.", cure="As in postgresql://user:password@host/name.") from None
    except (sa.exc.SQLAlchemyError, OSError, *also) as error:  # type: ignore[misc]  # mypy knows no unpacked tuple here
        raise as_error(error, target) from None


def alone(method: Callable[P, R]) -> Callable[P, R]:
    """`method`, whose errors come without those of drivers: their frames hold passwords, and they quote rows."""

    @wraps(method)
    def inner(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(*args, **kwargs)
        except SocialConnectError as error:
            lone = error
        raise bare(lone)

    return inner


def as_error(error: Exception, target: str) -> TargetError | TargetBusy:
    """The error that says what a database complained of: its first line, since the next ones quote rows."""
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) and error.orig else error
    said = next((line.strip() for line in str(cause).splitlines() if line.strip()), type(cause).__name__)
    if _BUSY.search(said):
        return TargetBusy(
            f"Another program has hold of {target}: {scrub(said)}", cure="Wait for it, or end it, then run again."
        )
    cure = next((cure for pattern, cure in _CURES if re.search(pattern, str(cause), re.IGNORECASE)), AGAIN)
    return TargetError(f"{target} cannot be written or read: {scrub(said).rstrip('.')}.", cure=cure)


def absent(module: str, target: str) -> SetupError:
    """The error that says which extra to install, or that a driver is wanted which none of them brings."""
    if module.startswith("psycopg"):
        return MissingPackage(f"{target} needs psycopg.", cure="pip install 'socialconnect[postgresql]'")
    if module in ("duckdb", "sqlalchemy", "filelock"):
        return MissingPackage(f"{target} needs {module}.", cure="pip install 'socialconnect[export]'")
    return MissingPackage(
        f"{target} needs a driver that is not installed: {module}.",
        cure="Install it: https://docs.sqlalchemy.org/en/20/dialects/ lists them by database.",
    )
