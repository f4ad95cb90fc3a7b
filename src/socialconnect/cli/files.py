"""Frames into files, whole or not at all: a reader never sees half of one."""

import json
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from socialconnect.cli import show
from socialconnect.errors import SetupError, UsageError

if TYPE_CHECKING:
    import pandas as pd

Format = Literal["csv", "jsonl"]
_ENDINGS: dict[str, Format] = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
STDOUT = "-"


class Destination:
    """Where a frame goes, checked before anything is read: a file, or stdout for `-`.

    A UsageError where the folder is missing, it is a folder itself or its ending is no format's.
    """

    def __init__(self, name: str, form: Format | None = None) -> None:
        self.name = name
        self.path = None if name == STDOUT else Path(name).expanduser().resolve()
        ending = self.path.suffix.lower() if self.path else ".csv"
        if form is None and ending not in _ENDINGS:
            raise UsageError(f"{name} does not tell its format.", cure=f"End it in {' or '.join(_ENDINGS)}.")
        self.form: Format = form or _ENDINGS[ending]
        if self.path is not None and (self.path.is_dir() or not self.path.parent.is_dir()):
            what = "is a folder" if self.path.is_dir() else "is in a folder that does not exist"
            raise UsageError(f"{name} {what}.", cure="Name a file in a folder that exists.")

    def write(self, frame: "pd.DataFrame") -> None:
        """Put the frame there; a SetupError where that is not possible, and then the old file is as it was."""
        data = encoded(frame, self.form)
        if self.path is None:
            show.octets(data)
            return
        try:
            replaced(self.path, data)
        except OSError as error:
            raise SetupError(
                f"{self.name} cannot be written: {error.strerror or error}.", cure="Name another."
            ) from None


def encoded(frame: "pd.DataFrame", form: Format) -> bytes:
    """A frame as CSV or as JSON lines, in UTF-8: moments in ISO 8601, lists as JSON, nothing or null for NA."""
    if form == "jsonl":
        text = frame.to_json(orient="records", lines=True, date_format="iso", date_unit="us", force_ascii=False)
        # pandas escapes every slash, so what follows a backslash here is always its own
        return text.replace("\\/", "/").lstrip("\n").encode("utf-8", "replace")
    flat = frame.assign(
        **{
            str(name): frame[name].map(lambda value: json.dumps(value, ensure_ascii=False), na_action="ignore")
            for name in frame.columns
            if frame[name].dtype == object  # only lists are
        }
    )
    return flat.to_csv(index=False, date_format="%Y-%m-%dT%H:%M:%S.%fZ", lineterminator="\n").encode("utf-8", "replace")


def replaced(path: Path, data: bytes) -> None:
    """Put the data in the place of the file, whole or not at all; an OSError where that is not possible."""
    if path.exists() and not path.is_file():  # a device or a pipe cannot be replaced
        path.write_bytes(data)
        return
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as handle:
            if path.exists():
                part.chmod(path.stat().st_mode & 0o777)
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
