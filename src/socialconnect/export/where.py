"""Where an export goes, told by a path or a URL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote

from socialconnect.errors import MissingPackage, UsageError
from socialconnect.export.telling import shown
from socialconnect.secret import SHORTEST, Secret

if TYPE_CHECKING:
    from socialconnect.export.files.kinds import Format
    from socialconnect.export.sink import Sink

FORMATS = ("parquet", "csv", "jsonl")
_DATABASES = {"db": "sqlite", "sqlite": "sqlite", "sqlite3": "sqlite", "duckdb": "duckdb"}
_DIALECTS = frozenset(
    {"cockroachdb", "duckdb", "mariadb", "mssql", "mysql", "oracle", "postgresql", "redshift", "sqlite"}
)
_STORES = {
    # fsspec's own names, and what it wants for them
    "s3": "socialconnect[s3]",
    "s3a": "socialconnect[s3]",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
    "az": "adlfs",
    "sftp": "paramiko",
    "ssh": "paramiko",
    "smb": "smbprotocol",
}


def open_sink(to: str, *, format: str = "") -> Sink:  # noqa: A002 - the word of the command and of job files
    """The sink that `to` names; nothing is touched before its `open`.

    Parameters: `to`, a folder or any URL of fsspec's (`exports/`, `s3://bucket/exports`) for a file or a folder per
    resource, one file for one resource (`repos.csv`, `repos.jsonl`, `repos.parquet`), a database file (`x.db`,
    `x.sqlite`, `x.duckdb`) or any URL of SQLAlchemy's (`postgresql://…`); `format`, that of files: `parquet` (a
    partitioned dataset), `csv` or `jsonl`.

    What a store needs besides (keys, endpoints) comes from where its own library looks for it, as `AWS_PROFILE` or
    `AWS_ENDPOINT_URL`, or from fsspec's settings, as `FSSPEC_S3_KEY`; never from the URL.

    Raises a UsageError for what is none of these, a MissingPackage where what it takes is not installed.

    >>> open_sink("exports/")
    FileSink('exports/', 'parquet')
    >>> open_sink("repos.csv")
    FileSink('repos.csv', 'csv')
    """
    if not to.strip():
        raise UsageError("An export must go somewhere.", cure="Give a folder, a file or a URL.")
    if format and format not in FORMATS:
        raise UsageError(f"There is no format {format!r}.", cure=f"Use one of {', '.join(FORMATS)}.")
    scheme = _scheme(to)
    if scheme.partition("+")[0] in _DIALECTS:
        return _tables(to, format)
    if not scheme and (ending := _ending(to)) in _DATABASES:
        return _tables(f"{_DATABASES[ending]}:///{to}", format)
    return _files(to, scheme, format)


def _scheme(to: str) -> str:
    found = re.match(r"([A-Za-z][\w+.-]+)://", to)  # one letter is a drive
    return found[1].lower() if found else ""


def _ending(to: str) -> str:
    name = to.rpartition("/")[2]
    return name.rpartition(".")[2].lower() if "." in name.strip(".") else ""


def _tables(url: str, kind: str) -> Sink:
    if kind:
        raise UsageError(f"A database has no format {kind!r}.", cure="Leave it out, or export to a folder.")
    try:
        from socialconnect.export.tables.sink import TableSink  # noqa: PLC0415 - heavy, and an extra
    except ImportError as error:
        raise _missing(error, "socialconnect[export]") from None
    return TableSink(url)


def _files(to: str, scheme: str, kind: str) -> Sink:
    try:
        from fsspec.registry import get_filesystem_class, known_implementations  # noqa: PLC0415 - an extra

        from socialconnect.export.files import FileSink  # noqa: PLC0415 - heavy
    except ImportError as error:
        raise _missing(error, "socialconnect[export]") from None
    if scheme and scheme not in known_implementations:
        raise UsageError(
            f"Nothing is known of {scheme}:// in {shown(to)!r}.",
            cure=f"Use a folder, s3://, gs://, abfs://, sftp:// or another of fsspec's, "
            f"or a database: {'://, '.join(sorted(_DIALECTS))}://.",
        )
    try:
        get_filesystem_class(scheme or "file")
    except ImportError as error:
        raise _missing(error, _STORES.get(scheme, f"what fsspec needs for {scheme}")) from None
    folder, single = _parted(to, scheme)
    chosen = kind or (_ending(single) if single else "parquet")
    if single and chosen != _ending(single):
        raise UsageError(
            f"{single!r} is no file of the format {kind!r}.", cure=f"Leave the format out, or name it *.{kind}."
        )
    return FileSink(folder, cast("Format", chosen), single=single, name=shown(to), secret=_password(to))


def _parted(to: str, scheme: str) -> tuple[str, str]:
    """The folder, and the file where it is one."""
    folder, slash, name = to.rpartition("/")
    ending = _ending(to)
    if ending in FORMATS:
        return (f"{folder}{slash}" or "."), name
    if not scheme and ending:
        raise UsageError(
            f"What {name!r} is to be cannot be told by its ending.",
            cure=f"Use one of .{', .'.join((*FORMATS, *_DATABASES))}, or end a folder's name with /.",
        )
    return to, ""


def _missing(error: ImportError, package: str) -> MissingPackage:
    what = error.name or str(error)
    return MissingPackage(
        f"Exporting there needs a package that is not installed: {what}.", cure=f"pip install '{package}'"
    )


def _password(to: str) -> Secret | None:
    found = re.match(r"[\w+.-]+://[^/@]*?:(.+)@", to)
    return Secret(unquote(found[1])) if found and len(found[1]) >= SHORTEST else None
